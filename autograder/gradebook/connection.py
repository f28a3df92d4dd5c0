"""How a gradebook's database is reached: its url, and what is to be done where it fails."""

from __future__ import annotations

import os
from pathlib import Path

from nbgrader.api import InvalidEntry
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import FlushError, ObjectDeletedError, StaleDataError

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course

VARIABLE = "AUTOGRADER_DB"
DATABASE_ERRORS = DBAPIError, InvalidEntry, StaleDataError, ObjectDeletedError, FlushError
# A server that is gone without a word is noticed after 40 seconds, and not after the two hours of the system.
ALIVE = {"connect_timeout": "10", "keepalives_idle": "20", "keepalives_interval": "5", "keepalives_count": "4"}
# PostgreSQL's codes (https://www.postgresql.org/docs/current/errcodes-appendix.html)
OUR_TURN = ("40001", "40P01")  # serialization failure, deadlock: it works the next time
NO_RIGHT, LOCKED = "42501", "55P03"
GONE = ("08", "57P", "53300")  # connection exceptions, a server that stops or starts, no connection left


def database_url(text: str, place: str) -> URL:
    """The url of a gradebook.

    Raises:
        CourseError: where it is neither SQLite nor PostgreSQL, or cannot be read. `place` says where it was written.
    """
    form = "postgresql+psycopg://USER@HOST:5432/DATABASE (docs/postgresql.md)."
    try:
        url = make_url(text)
        kind, driver = url.drivername.partition("+")[::2]
    except (ArgumentError, ValueError) as e:
        raise CourseError(Fault(place, "is no url of a database.", f"Write it as {form}")) from e
    if kind == "sqlite" and url.database:
        return url
    if kind != "postgresql" or driver not in ("", "psycopg"):
        fact = f"{url.drivername}:// is neither SQLite nor PostgreSQL with the driver psycopg."
        raise CourseError(Fault(place, fact, f"Write it as {form}"))
    if "@" in (url.host or ""):
        fix = "Write %40 for @ and %25 for % in a password, or leave it out of the url and write it into ~/.pgpass."
        raise CourseError(Fault(place, "has more than one @ before the host.", fix))
    try:
        import psycopg  # noqa: F401
    except ImportError as e:
        fix = 'Install it: .venv/bin/pip install -e ".[classroom]"'
        raise CourseError(Fault(place, "PostgreSQL needs the package psycopg.", fix)) from e
    return url


def shown(url: URL, course: Course | None = None) -> str:
    """A gradebook's place as messages show it: a path, or the url without its password."""
    if url.get_backend_name() == "sqlite":
        return course.place(Path(str(url.database))) if course else str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


def without_password(text: str) -> str:
    """The url without its password, which goes into PGPASSWORD: there the database's own library looks for it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return text  # who opens it, says what is wrong with it
    password = url.password or url.query.get("password")
    if url.get_backend_name() != "postgresql" or not password or "@" in (url.host or ""):
        return text
    os.environ["PGPASSWORD"] = str(password)
    query = {name: value for name, value in url.query.items() if name != "password"}
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)
    return bare.render_as_string(hide_password=False)


def patient(url: URL) -> URL:
    """With limits on how long a server may be silent; what the url says itself counts."""
    if url.get_backend_name() == "sqlite":
        return url
    return url.update_query_dict({name: value for name, value in ALIVE.items() if name not in url.query})


def first_cause(error: BaseException) -> BaseException:
    """nbgrader puts an error of its own in the place of the database's."""
    return error.__context__ or error if isinstance(error, InvalidEntry) else error


def is_conflict(error: BaseException | None) -> bool:
    """Has somebody else written the same at the same time? Then it works the next time."""
    return (
        isinstance(error, IntegrityError | StaleDataError | ObjectDeletedError | FlushError) or _code(error) in OUR_TURN
    )


def is_away(error: BaseException | None) -> bool:
    """Does the server not answer, stop or start, or has it no connection left?"""
    if not isinstance(error, OperationalError) or not type(error.orig).__module__.startswith("psycopg"):
        return False
    code = _code(error)
    return error.connection_invalidated or code is None or code.startswith(GONE)


def what_to_do(error: BaseException, url: URL) -> tuple[str, str]:
    """The fact and the fix."""
    orig = getattr(error, "orig", error)
    said = (str(orig).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    fact, again = f"cannot be written: {said}.", "run the same command again: nothing is lost."
    if is_away(error):
        right = "Is the server running, and are host, port, database, user and password right (docs/postgresql.md)?"
        return f"cannot be reached: {said}.", f"{right} Then {again}"
    if _code(error) == NO_RIGHT:
        return fact, f"Let its user own it: ALTER DATABASE {url.database} OWNER TO {url.username}; Then {again}"
    if _code(error) == LOCKED or getattr(orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return fact, f"Close what else uses it (formgrader, another grading run) and {again}"
    return fact, f"Mend that and {again}"


def _code(error: BaseException | None) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)
