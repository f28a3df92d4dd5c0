"""A gradebook in PostgreSQL: a real server says the same as a file, also when it is stopped in between."""

from __future__ import annotations

import contextlib
import csv
import http.cookiejar
import json
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import create_engine, text

from autograder.cli.commands import main
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.gradebook import book, database
from autograder.gradebook.book import Book
from autograder.gradebook.copy import copy
from autograder.gradebook.database import Database, give_extra
from autograder.gradebook.results import Marks
from autograder.gradebook.tables import AutomaticExtra
from autograder.grading.grade import grade

from .conftest import edit, run
from .test_browser import lab
from .test_extra import BAD, CHOICE, END, GOOD
from .test_extra import hand_in as hand_in_extra
from .test_formgrader import asked
from .test_marks import RIGHT, WRONG, hand_in, nbgrader

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
NEEDS_POSTGRES = pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed: apt-get install postgresql")
pytestmark = [pytest.mark.usefixtures("one_worker"), NEEDS_POSTGRES]
PASSWORD = "p@ss%40 wört/1:#?"


class Server:
    """A PostgreSQL of our own on 127.0.0.1, of an ordinary user, as the programs refuse to be started by root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process = folder, None
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        words = ["-U", "grader", f"--pwfile={folder / 'password'}", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        self.do("initdb", "-D", str(folder / "data"), "--locale=C.UTF-8", *words)

    def do(self, program: str, *words: str) -> str:
        command = [str(PROGRAMS[-1] / program), *words]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, **self.who)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = str(self.folder / "log")
        self.do("pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self.do("pg_ctl", "-w", "-D", str(self.folder / "data"), "-m", mode, "stop")

    def url(self, name: str, user: str = "grader", password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name}"

    def new(self) -> str:
        """The url of a new, empty database."""
        name = f"course_{time.monotonic_ns()}"
        self.ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def ask(self, words: str, name: str = "postgres") -> None:
        engine = create_engine(self.url(name), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(words))
        engine.dispose()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    own = Server(folder)
    own.start()
    own.ask("CREATE ROLE weak LOGIN PASSWORD 'weak'")
    try:
        yield own
    finally:
        own.stop()
        shutil.rmtree(folder)


@pytest.fixture
def empty(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The url of an empty database, which is the gradebook of this test."""
    url = server.new()
    monkeypatch.setenv("PGPASSWORD", "")
    monkeypatch.setenv("AUTOGRADER_DB", url)
    return url


@pytest.fixture
def extra(mini: Stage) -> Stage:
    """With an exercise at the students' choice, which gives extra credit."""
    edit(mini, END, CHOICE + END)
    return mini


def marks_of(stage: Stage) -> dict[str, Marks]:
    with Database(stage.course) as data:
        return data.marks(stage.slug)


def in_file(stage: Stage) -> Stage:
    """The same stage, with a folder and a file of its own for the marks."""
    return Stage(Course(stage.course.root, ".course/file"), stage.slug)


def everything(url: str) -> dict[str, list[Any]]:
    """All that a teacher could see: without the ids, which are drawn at random."""
    with Gradebook(url, "sequence-models") as book:
        found = {
            f"{s.name} {s.student_id}": [
                (s.score, s.max_score, s.needs_manual_grade, s.late_submission_penalty, s.duedate, s.extension),
                sorted((g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade) for g in n.grades),
                sorted((c.name, c.auto_comment, c.manual_comment) for c in n.comments),
            ]
            for a in book.assignments
            for s in a.submissions
            for n in s.notebooks
        }
        found["students"] = sorted((s.id, s.first_name, s.last_name, s.email, s.score) for s in book.students)
        found["cells"] = sorted(
            (c.name, c.source) for a in book.assignments for n in a.notebooks for c in n.source_cells
        )
        found["extra"] = sorted(row.points for row in book.db.query(AutomaticExtra))
    return found


def give(stage: Stage, student: str, check: str, **fields: float | None) -> None:
    """As formgrader writes what a teacher typed."""
    with Database(stage.course) as data, data.open() as gradebook:
        grade = gradebook.find_grade(check, stage.slug, stage.slug, student)
        for name, value in fields.items():
            setattr(grade, name, value)


def teach(stage: Stage) -> None:
    """What a teacher does in formgrader: marks, comments, a name, a date, an extension."""
    give(stage, "李雷", "differences-values", manual_score=1.5, extra_credit=0.25)
    with Database(stage.course) as data, data.open() as gradebook:
        gradebook.update_or_create_assignment(stage.slug, duedate="2026-12-01 12:00 UTC")
        submission = gradebook.find_submission(stage.slug, "jürgen_groß")
        comment = gradebook.find_comment("differences", stage.slug, stage.slug, "jürgen_groß")
        comment.manual_comment = "Schön! 很好 — “sehr” gut"
        submission.notebooks[0].late_submission_penalty = 0.5
        submission.extension = timedelta(days=2, hours=1)
        submission.student.last_name, submission.student.first_name = "Groß", "Jürgen"


def test_everything_is_as_in_a_file_and_comes_through_a_copy_there_and_back(
    extra: Stage, empty: str, tmp_path: Path, server: Server
) -> None:
    folder = hand_in_extra(extra, 李雷=(WRONG, GOOD), jürgen_groß=(RIGHT, GOOD), ana=(RIGHT, BAD))
    (folder / "torn.ipynb").write_text("{", encoding="utf-8")
    (folder / f"{'n' * 150}.ipynb").write_bytes((folder / "ana.ipynb").read_bytes())  # nbgrader keeps 128 letters
    stages, results = (extra, in_file(extra)), []
    for stage in stages:
        grade(stage, folder)
        teach(stage)
        again = grade(stage, folder).as_json()  # what was given by hand stays
        assert again["students"]["李雷"]["score"] == 1.5 + 0.25 + 4
        results.append((again, marks_of(stage)))
    assert results[0] == results[1]
    assert not extra.course.gradebook.exists()
    there, file = everything(empty), f"sqlite:///{stages[1].course.gradebook}"
    assert there == everything(file) and len(there["students"]) == 5

    counts = copy(empty, str(tmp_path / "back.db"))
    assert (counts["student"], counts["grade"], counts["automatic_extra"]) == (5, 10, 2)
    assert everything(f"sqlite:///{tmp_path / 'back.db'}") == there
    steps: list[tuple[int, int]] = []
    second = server.new()
    assert copy(str(tmp_path / "back.db"), second, lambda done, total: steps.append((done, total))) == counts
    assert everything(second) == there and steps[-1] == (sum(counts.values()),) * 2
    with pytest.raises(CourseError, match="is not empty"):
        copy(str(stages[1].course.gradebook), second)
    assert everything(second) == there

    data = Database(extra.course)
    data.remove("李雷")
    assert "李雷" not in data.students() and "ana" in data.students()
    data.close()


def test_report_and_export_say_the_same_as_with_a_file(
    mini: Stage, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hand_in(mini, 李雷=WRONG, jürgen_groß=RIGHT)
    said = {}
    for kind in ("server", "file"):
        if kind == "file":
            monkeypatch.delenv("AUTOGRADER_DB")
        told = call(mini, "grade", "12", "--from", str(folder))
        assert (PASSWORD not in told.output) and "gradebook   " in told.output
        give(mini, "李雷", "differences-values", manual_score=1.25)
        call(mini, "report", "12")
        call(mini, "export", "--to", "csv", "--out", "marks.csv")
        table = (mini.course.work / "report" / f"{mini.slug}.csv").read_text(encoding="utf-8-sig")
        rows = [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in csv.DictReader(table.splitlines())
        ]
        said[kind] = rows, (mini.course.root / "marks.csv").read_bytes()
        assert Database(mini.course).is_there
    assert said["server"] == said["file"]
    assert "1.25" in said["file"][1].decode("utf-8-sig")


def call(stage: Stage, *words: str, code: int = 0) -> Any:
    """The command, in this process and the course's folder."""
    with contextlib.chdir(stage.course.root):
        done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_a_url_in_nbgraders_configuration_counts_for_all_and_shows_no_password(
    mini: Stage, empty: str, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.delenv("AUTOGRADER_DB")
    path = mini.course.root / "nbgrader_config.py"
    text = path.read_text(encoding="utf-8")
    before = text.replace("configure(c,", f'c.CourseDirectory.db_url = "{empty}"\nconfigure(c,')
    for written in (before, text + f'c.CourseDirectory.db_url = "{empty}"\n'):
        path.write_text(written, encoding="utf-8")
        grade(mini, hand_in(mini, ana=RIGHT))
        told = call(mini, "gradebook", "show", "--json").output
        assert (
            json.loads(told)["gradebook"]
            == f"postgresql+psycopg://grader@127.0.0.1:{server.port}/{empty.rpartition('/')[2]}"
        )
        assert json.loads(told)["students"] == 1
    path.write_text(before, encoding="utf-8")
    monkeypatch.setenv("AUTOGRADER_DB", server.new())  # the environment counts before it
    assert json.loads(call(mini, "gradebook", "show", "--json").output)["students"] == 0
    demo = Database(Course(mini.course.root, ".course/demo"))
    assert demo.place == os.path.join(".course", "demo", "gradebook.db")  # and the demo touches neither


@pytest.mark.parametrize(("url", "said"), [
    ("postgres://grader@127.0.0.1/x", "postgres:// is neither.*postgresql[+]psycopg://"),
    ("mysql+pymysql://grader@127.0.0.1/x", "is neither SQLite nor PostgreSQL"),
    ("postgresql+psycopg://grader:secret_1@secret_2@127.0.0.1/x", "more than one @.*%40"),
    ("gradebook.db", "is no url.*postgresql[+]psycopg://"),
    ("postgresql+psycopg://grader@127.0.0.1:port/x", "is no url"),
    ("postgresql+psycopg://grader:secret_1@127.0.0.1:1/x", "cannot be reached.*Is the server running"),
    ("postgresql+psycopg://grader:secret_1@127.0.0.1:PORT/postgres", "cannot be reached.*authentication failed"),
    ("postgresql+psycopg://grader:GOOD@127.0.0.1:PORT/nowhere", '"nowhere" does not exist'),
    ("postgresql+psycopg://weak:weak@127.0.0.1:PORT/postgres", "permission denied.*ALTER DATABASE postgres OWNER"),
    ("postgresql+psycopg://grader:GOOD@127.0.0.1:PORT/postgres?nonsense=1", "nonsense"),
])  # fmt: skip
def test_a_wrong_url_is_a_clear_error_and_tells_no_password(
    mini: Stage, server: Server, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    monkeypatch.setenv("AUTOGRADER_DB", url.replace("PORT", str(server.port)).replace("GOOD", quote(PASSWORD, safe="")))
    told = call(mini, "gradebook", "show", code=1).output.replace("\n", " ")
    assert re.search(said, told), told
    assert "secret" not in told and "p%40ss" not in told and PASSWORD not in told
    assert not mini.course.gradebook.exists()


def test_an_empty_database_is_made_once_by_whoever_comes_first(
    mini: Stage, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("server", "file"):
        if kind == "file":
            monkeypatch.delenv("AUTOGRADER_DB")
            mini.course.work.mkdir(exist_ok=True)
        start = threading.Barrier(4)

        def opened(number: int, start: threading.Barrier = start) -> list[str]:
            with Database(mini.course) as data:
                start.wait()
                with data.open() as gradebook:
                    return gradebook.db.execute(text("SELECT version_num FROM alembic_version")).scalars().all()

        with ThreadPoolExecutor(4) as threads:
            assert [len(found) for found in threads.map(opened, range(4))] == [1, 1, 1, 1]


def test_tables_that_nbgrader_left_without_a_version_get_one(mini: Stage, empty: str, server: Server) -> None:
    call(mini, "gradebook", "show")
    server.ask("DROP TABLE alembic_version", empty.rpartition("/")[2])
    grade(mini, hand_in(mini, ana=RIGHT))
    server.ask("UPDATE alembic_version SET version_num = '724cde206c17'", empty.rpartition("/")[2])
    with pytest.raises(CourseError, match=r"tables of another version \(724cde206c17.*nbgrader db upgrade"):
        copy(empty, str(mini.course.root / "old.db"))
    assert not (mini.course.root / "old.db").exists()


def test_who_writes_the_same_student_first_costs_a_second_try_and_no_mark(
    mini: Stage, empty: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """nbgrader asks whether there is such a student, and then adds it: here another program does so in between."""
    add, others = Gradebook.add_student, []

    def add_late(self: Gradebook, student: str, **fields: Any) -> Any:
        if student not in others:
            others.append(student)
            with Gradebook(empty, "sequence-models") as other:
                add(other, student)
                other.add_submission(mini.slug, student)
        return add(self, student, **fields)

    monkeypatch.setattr(Gradebook, "add_student", add_late)
    result = grade(mini, hand_in(mini, ana=RIGHT, bob=WRONG))
    assert {name: r.score for name, r in result.students.items()} == {"ana": 2, "bob": 0}
    assert sorted(others) == ["ana", "bob"]
    found = everything(empty)
    assert [student[0] for student in found["students"]] == ["ana", "bob"]
    assert [found[f"{mini.slug} {name}"][0][0] for name in ("ana", "bob")] == [2, 0]
    assert "Traceback" not in capfd.readouterr().err


def test_what_is_typed_while_a_student_is_written_stays(
    extra: Stage, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("server", "file"):
        if kind == "file":
            monkeypatch.delenv("AUTOGRADER_DB")
        grade(extra, hand_in_extra(extra, ana=(RIGHT, GOOD)))
        typing = list[threading.Thread]()
        teacher = Database(extra.course)
        teacher.counts()  # it is open, and writes at once

        def by_hand(gradebook: Gradebook) -> None:
            own = gradebook.find_grade("twice-value", extra.slug, extra.slug, "ana")
            own.extra_credit, own.manual_score = 3.0, 1.0

        def typed(gradebook: Gradebook, own: Any, *earned: Any, teacher: Any = teacher, typing: Any = typing) -> None:
            """The grader has read the marks and decided, and has not written yet."""
            extra_check = own.name == "twice-value"  # to ask it later would write what is to be written
            give_extra(gradebook, own, *earned)
            if extra_check:
                typing.append(threading.Thread(target=teacher.run, args=(by_hand,)))
                typing[-1].start()
                typing[-1].join(2)  # it comes before, or has to wait

        with monkeypatch.context() as during:
            during.setattr(book, "give_extra", typed)
            grade(extra, hand_in_extra(extra, ana=(RIGHT, BAD)))
        assert len(typing) == 1
        typing[0].join(30)
        teacher.close()
        marks = marks_of(extra)["ana"]
        assert marks.by_hand == {"twice-value": (1.0, 3.0)} and marks.score == 2 + 1 + 3
        with Database(extra.course) as data:
            data.remove("ana")


def test_a_server_that_is_stopped_and_started_in_the_middle_costs_only_time(
    mini: Stage, empty: str, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = hand_in(mini, **{f"student_{number}": (RIGHT, WRONG)[number % 2] for number in range(6)})
    told: list[str] = []
    starting = threading.Timer(3, server.start)

    def stop(student: str, result: Any) -> None:
        told.append(student)
        if len(told) == 2:
            server.stop()
            starting.start()

    result = grade(mini, folder, told=stop)
    starting.join()
    said = capfd.readouterr().err
    assert f"{Database(mini.course).place} does not answer. Waiting for it, up to 5 minutes." in said
    assert f"{Database(mini.course).place} is back." in said and "Traceback" not in said
    undisturbed = in_file(mini)
    assert grade(undisturbed, folder).as_json() == result.as_json()
    assert everything(empty) == everything(f"sqlite:///{undisturbed.course.gradebook}")
    assert len(told) == len(set(told)) == 6


def test_where_the_server_does_not_come_back_the_same_command_goes_on_later(
    mini: Stage, empty: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hand_in(mini, **{f"student_{number}": f"{RIGHT}  # {number}" for number in range(4)})
    saved, saves = Book.save, list[str]()

    def save(self: Book, attempt: Any) -> Any:
        marks = saved(self, attempt)
        saves.append(attempt.submission.student)
        if len(saves) == 2:
            server.stop()
        return marks

    monkeypatch.setattr(database, "PATIENCE", 2.0)
    with monkeypatch.context() as during:
        during.setattr(Book, "save", save)
        told = call(mini, "grade", "12", "--from", str(folder), code=1)
    assert "cannot be reached" in told.output and "run the same command again: nothing is lost" in told.output
    kept = {path: path.stat().st_mtime_ns for path in mini.course.verdicts.glob("??/*.json")}
    server.start()
    call(mini, "grade", "12", "--from", str(folder))
    now = {path: path.stat().st_mtime_ns for path in mini.course.verdicts.glob("??/*.json")}
    assert kept.items() <= now.items(), "nothing is run twice"
    assert [student[4] for student in everything(empty)["students"]] == [2, 2, 2, 2]


def test_a_copy_that_fails_leaves_nothing_behind(mini: Stage, empty: str, tmp_path: Path, server: Server) -> None:
    grade(in_file(mini), hand_in(mini, ana=RIGHT))
    file = in_file(mini).course.gradebook
    for source, target, said in (
        (tmp_path / "none.db", empty, "is not there"),
        (mini.course.root / "course.py", empty, "cannot be"),
        (file, file, "is the source, too"),
        (empty, tmp_path / "new.db", "is no gradebook"),
        (file, tmp_path / "no" / "new.db", "unable to open"),
    ):
        with pytest.raises(CourseError, match=said):
            copy(str(source), str(target))
    assert not (tmp_path / "new.db").exists() and not (tmp_path / "none.db").exists()
    other = tmp_path / "other.db"
    shutil.copy(file, other)
    with sqlite3.connect(other) as rows:  # SQLite does not look whether a row belongs to something
        rows.execute("DELETE FROM submitted_notebook")
    with pytest.raises(CourseError, match=r"rows in \w+ that belong to nothing.*foreign_key_check"):
        copy(str(other), empty)
    with pytest.raises(KeyboardInterrupt):
        copy(str(file), empty, interrupt)
    told = call(mini, "gradebook", "copy", str(file), empty).output
    assert "grade " in told and PASSWORD not in told
    assert everything(empty) == everything(f"sqlite:///{file}")


def interrupt(done: int, total: int) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_two_graders_and_a_teacher_at_once_end_as_one_after_the_other(
    extra: Stage, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes with the same folder and server, three times, while marks are typed."""
    root = extra.course.root
    names = [f"student_{number:02}" for number in range(10)]
    answers = {name: ((RIGHT, WRONG)[n % 2], (GOOD, BAD)[n % 3 == 0]) for n, name in enumerate(names)}
    folder = hand_in_extra(extra, **answers)
    words = [sys.executable, "-m", "autograder.cli", "grade", "12", "--from", "class", "--jobs", "1"]
    wanted = dict.fromkeys(names, 0.0)
    ended = threading.Event()

    def teach_all() -> None:
        count = 0
        while not ended.is_set():
            count += 1
            for name in names[:5]:
                with contextlib.suppress(MissingEntry):  # not graded yet
                    give(extra, name, "differences-values", manual_score=float(count % 7), needs_manual_grade=False)
                    wanted[name] = float(count % 7)

    teacher = threading.Thread(target=teach_all)
    teacher.start()
    try:
        for _ in range(3):
            both = [subprocess.Popen(words, cwd=root, stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
            for process in both:
                said = process.communicate(timeout=150)
                assert process.returncode == 0, said
                assert b"Traceback" not in said[1], said
    finally:
        ended.set()
        teacher.join()
    found = everything(empty)
    assert [student[0] for student in found["students"]] == names
    undisturbed = in_file(extra)
    grade(undisturbed, folder)
    for name in names[:5]:
        give(undisturbed, name, "differences-values", manual_score=wanted[name])
    marks, alone = (marks_of(stage) for stage in (extra, undisturbed))
    assert marks == alone


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_is_finished_by_the_same_command(extra: Stage, empty: str) -> None:
    root = extra.course.root
    folder = hand_in_extra(extra, **{f"s{n}": (f"{RIGHT}  # {n}", (GOOD, BAD)[n % 2]) for n in range(12)})
    words = [sys.executable, "-m", "autograder.cli", "grade", "12", "--from", "class", "--jobs", "1"]
    for students in (1, 3, 6, 9):  # killed as soon as so many are told
        process = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        told = 0
        while told < students and process.stderr.readline():
            told += 1
        process.kill()
        process.communicate()
    run(*words[3:], cwd=root)
    undisturbed = in_file(extra)
    grade(undisturbed, folder)
    assert everything(empty) == everything(f"sqlite:///{undisturbed.course.gradebook}")
    assert len(list((extra.course.work / "feedback").glob("*/*/*.html"))) == 12


@pytest.mark.slow
def test_nbgraders_commands_and_formgrader_work_on_the_server_and_write_no_password(
    mini: Stage, empty: str, tmp_path: Path, server: Server
) -> None:
    folder = hand_in(mini, ana=WRONG, bob=RIGHT)
    run("grade", "12", "--from", "class", cwd=mini.course.root)
    said = nbgrader_says(mini, "db", "upgrade") + nbgrader_says(mini, "export", "--to", "grades.csv")
    assert "p%40ss" not in said and PASSWORD not in said
    assert (mini.course.root / "grades.csv").read_text(encoding="utf-8").count(mini.slug) == 2
    shutil.copy(folder / "bob.ipynb", mini.course.work / "submitted" / "ana" / mini.slug / f"{mini.slug}.ipynb")
    nbgrader(mini, "autograde", mini.slug, "--student", "ana", "--force")
    nbgrader(mini, "generate_feedback", mini.slug, "--force")
    assert {s[0]: s[4] for s in everything(empty)["students"]} == {"ana": 2, "bob": 2}
    with lab(mini.course.root, tmp_path, "--instructor") as address:
        name = asked(address, f"/formgrader/api/submitted_notebooks/{mini.slug}/{mini.slug}")[0]["id"]
        typed(address, name, 1.5)
        assert sorted(s[4] for s in everything(empty)["students"]) == [1.5, 2]
        page = urllib.request.urlopen(f"{address}/formgrader/manage_assignments?token=test", timeout=30).read().decode()
        assert "p%40ss" not in page and PASSWORD not in page
        server.ask("SELECT 1 / (SELECT count(*) = 0 FROM pg_stat_activity WHERE state LIKE 'idle in%')::int")
        server.stop()
        server.start()
        with contextlib.suppress(urllib.error.HTTPError):  # of a connection that is not there any more
            asked(address, f"/formgrader/api/grades?submission_id={name}")
        typed(address, name, 0.5)
        assert sorted(s[4] for s in everything(empty)["students"]) == [0.5, 2]
    for log in mini.course.root.glob("*.log"):
        assert "p%40ss" not in log.read_text() and PASSWORD not in log.read_text()


def nbgrader_says(stage: Stage, *words: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(
        command, cwd=stage.course.root, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def typed(address: str, notebook: str, manual: float) -> None:
    """A mark by hand, as formgrader's page sends it."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := http.cookiejar.CookieJar()))
    opener.open(f"{address}/formgrader/?token=test", timeout=30).close()
    token = next(cookie.value for cookie in jar if cookie.name == "_xsrf")
    grades = asked(address, f"/formgrader/api/grades?submission_id={notebook}")
    body = json.dumps({"manual_score": manual, "extra_credit": None}).encode()
    put = urllib.request.Request(f"{address}/formgrader/api/grade/{grades[0]['id']}", body, method="PUT")
    put.add_header("X-XSRFToken", str(token))
    put.add_header("Content-Type", "application/json")
    opener.open(put, timeout=30).close()
