"""A whole gradebook from one database into another, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.api import Base
from sqlalchemy import URL, Connection, Table, create_engine, delete, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from autograder.course.faults import CourseError, Fault
from autograder.gradebook.connection import database_url, patient, shown, what_to_do
from autograder.gradebook.tables import add_tables, check_version, hold

ROWS = 1000  # at a time


def copy(source: str, target: str, step: Callable[[int, int], None] = lambda done, total: None) -> dict[str, int]:
    """Every row of nbgrader's tables and ours; how many of each table. All of it is there at the end, or nothing.

    Args:
        source, target: paths of SQLite's files, or urls.
        step: is told how many rows are done, of how many.

    Raises:
        CourseError: where one cannot be reached, the target has rows already, or it has not the same number at the end.
    """
    here, there = (_url(name, place) for name, place in ((source, "SOURCE"), (target, "TARGET")))
    if shown(here) == shown(there):
        raise CourseError(Fault(shown(there), "is the source, too.", "Name another target."))
    file = Path(str(here.database))
    if here.get_backend_name() == "sqlite" and not file.is_file():
        raise CourseError(Fault(str(file), "is not there.", "Name a gradebook, such as .course/gradebook.db."))
    with _undone_if_it_fails(there), _transaction(here, "REPEATABLE READ") as read, _transaction(there) as write:
        with _told(here):
            names = set(inspect(read).get_table_names())
            if api.Grade.__tablename__ not in names:
                raise CourseError(Fault(shown(here), "is no gradebook.", "Name one, such as .course/gradebook.db."))
            check_version(read)
            tables = [table for table in Base.metadata.sorted_tables if table.name in names]
            counts = {table.name: _count(read, table) for table in tables}
        with _told(there):
            hold(write, "tables")
            add_tables(write)
            _must_be_empty(write, there)
            write.execute(delete(api.Course))  # those that any gradebook has
            done, total = 0, sum(counts.values())
            for table in tables:
                for rows in _rows(read, table, here):
                    _put(write, table, rows, here)
                    done += len(rows)
                    step(done, total)
            for table in tables:
                if (found := _count(write, table)) != counts[table.name]:
                    fact = f"would have {found} rows in {table.name} for {counts[table.name]}. Nothing was copied."
                    raise CourseError(Fault(shown(there), fact, "Let nobody else write to it, and run it again."))
            write.commit()
    return counts


def _url(name: str, place: str) -> URL:
    return database_url(name if "://" in name else f"sqlite:///{Path(name).resolve()}", place)


@contextmanager
def _transaction(url: URL, isolation: str | None = None) -> Iterator[Connection]:
    """A connection. What is read with `isolation` is all of one moment."""
    server = url.get_backend_name() != "sqlite"
    engine = create_engine(patient(url), **({"isolation_level": isolation} if isolation and server else {}))
    try:
        with _told(url):
            connection = engine.connect()
            if isolation and not server:
                connection.execute(text("BEGIN"))
        with connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _told(url: URL) -> Iterator[None]:
    try:
        yield
    except DBAPIError as e:
        raise CourseError(Fault(shown(url), *what_to_do(e, url))) from e


@contextmanager
def _undone_if_it_fails(target: URL) -> Iterator[None]:
    """No empty file stays where there was none."""
    file = Path(str(target.database))
    new = target.get_backend_name() == "sqlite" and not file.exists()
    try:
        yield
    except BaseException:
        if new:
            file.unlink(missing_ok=True)
        raise


def _must_be_empty(target: Connection, url: URL) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != api.Course.__tablename__ and (count := _count(target, table)):
            fact = f"is not empty (rows in {table.name}: {count}), and nothing in it is written over."
            raise CourseError(Fault(shown(url), fact, "Name an empty database, or a file that is not there yet."))


def _rows(source: Connection, table: Table, url: URL) -> Iterator[list[dict[str, Any]]]:
    with _told(url):
        found = source.execute(select(table), execution_options={"yield_per": ROWS})
        yield from ([dict(row) for row in some] for some in found.mappings().partitions())


def _put(target: Connection, table: Table, rows: list[dict[str, Any]], source: URL) -> None:
    try:
        target.execute(insert(table), rows)
    except IntegrityError as e:  # SQLite does not look
        said = str(e.orig).splitlines()[0]
        fix = 'Look which: sqlite3 FILE "PRAGMA foreign_key_check", and delete them from a copy of it.'
        fact = f"has rows in {table.name} that belong to nothing: {said}. Nothing was copied."
        raise CourseError(Fault(shown(source), fact, fix)) from e


def _count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)
