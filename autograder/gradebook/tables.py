"""The gradebook's tables: nbgrader's and our own, made once; and the lock under which one writer at a time writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.api import Base
from sqlalchemy import Column, Connection, Float, String, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from autograder.course.faults import CourseError, Fault
from autograder.gradebook.connection import shown
from autograder.gradebook.settings import COURSE_ID

NBGRADERS = "default_course"  # by which some of nbgrader's steps open a gradebook: they add it where it is missing
PATIENCE = "60s"  # with whoever else writes the same


class AutomaticExtra(Base):
    """A table beside nbgrader's own: the extra credit that grading gave last. Any other is by hand.

    A value alone does not tell: a teacher may type just the number that the check can give.
    """

    __tablename__ = "automatic_extra"
    grade_id = Column(String(32), primary_key=True)
    points = Column(Float(), nullable=False)


def hold(transaction: Connection | Session, name: str) -> None:
    """From here to the end of the transaction, nobody else holds this name. It has to be the first statement.

    SQLite knows one lock: there nobody else writes anything.
    """
    engine = transaction.get_bind() if isinstance(transaction, Session) else transaction.engine
    if engine.dialect.name == "sqlite":
        transaction.execute(text("BEGIN IMMEDIATE"))
    else:
        transaction.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        transaction.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"autograder {name}", 0))))


def make_tables(connection: Connection) -> None:
    """Make what is missing of the tables, and commit; one process at a time.

    As nbgrader would make them, but it asks another program for their version, and two that open an empty database at
    once make them twice.

    Raises:
        CourseError: where they are another nbgrader's.
    """
    if _complete(connection):
        return
    connection.rollback()
    hold(connection, "tables")
    add_tables(connection)
    connection.commit()


def add_tables(connection: Connection) -> None:
    """The same within a transaction, for who holds `tables`."""
    names = inspect(connection).get_table_names()
    if names:
        check_version(connection)
    Base.metadata.create_all(connection)
    if "alembic_version" not in names:
        from alembic.migration import MigrationContext

        MigrationContext.configure(connection).stamp(_scripts(), "head")
    for name in {COURSE_ID, NBGRADERS} - set(connection.scalars(select(api.Course.id))):
        connection.execute(insert(api.Course).values(id=name))


def check_version(connection: Connection) -> None:
    """Are the tables those of this nbgrader?

    Raises:
        CourseError: where they are not.
    """
    from alembic.migration import MigrationContext

    version, ours = MigrationContext.configure(connection).get_current_revision(), _scripts().get_current_head()
    if version == ours or (version is None and _has_columns(connection)):  # nbgrader stopped before it wrote a version
        return
    url = connection.engine.url
    fact = f"has tables of another version ({version or 'without a number'}; this nbgrader's is {ours})."
    fix = f"Bring them up to date: .venv/bin/nbgrader db upgrade --db {url.set(query={}).render_as_string()}"
    raise CourseError(Fault(shown(url), fact, f"{fix} (it makes a copy of a file first)"))


def _complete(connection: Connection) -> bool:
    names = {"alembic_version", *(table.name for table in Base.metadata.sorted_tables)}
    if not names <= set(inspect(connection).get_table_names()):
        return False
    return connection.scalar(select(api.Course.id).where(api.Course.id == COURSE_ID)) is not None


def _has_columns(connection: Connection) -> bool:
    """Has each table that is there all the columns that it needs?"""
    found = inspect(connection)
    tables = [table for table in Base.metadata.sorted_tables if found.has_table(table.name)]
    return all({c.name for c in t.columns} <= {c["name"] for c in found.get_columns(t.name)} for t in tables)


def _scripts() -> Any:
    import nbgrader
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
