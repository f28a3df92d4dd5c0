"""nbgrader's exchange, in which every student may write: what of it is taken, and whose pages go back."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course.layout import Stage
from autograder.gradebook.exchange import collect
from autograder.gradebook.exchange_rules import MOST_FILES, SECRET, Collect
from autograder.grading.grade import grade
from autograder.intake.names import safe
from autograder.intake.roster import Person, Roster, write_roster
from autograder.intake.tree import TIMESTAMP

from .conftest import run
from .test_exchange import N, configure, exchange, hand_in, notebook

__all__ = ["exchange"]  # a fixture

WHEN = "2026-11-02 10:00:00.000000"
SECRET_TEXT = b"what only the instructor may read"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def test_nobody_hands_in_in_anothers_name(mini: Stage, exchange: Path) -> None:
    """Who the owner of the folder is, the machine says, and no name that a student writes."""
    configure(mini, "c.ExchangeCollect.check_owner = True")
    own = pwd.getpwuid(os.getuid()).pw_name
    hand_in(exchange, own, now(), b"mine")
    forged = hand_in(exchange, "ana", now(), b"not hers")
    found = collect(mini)
    assert [path.name for path in found.folder.iterdir()] == [own]
    assert found.warnings == [f"{forged.name} is left in the exchange: it claims to be ana's, and is owned by {own}."]


@pytest.mark.usefixtures("one_worker")
def test_each_refused_hand_in_is_in_the_table(mini: Stage, exchange: Path) -> None:
    """As after an exchange was restored by root: the owner of all is one account."""
    configure(mini, "c.ExchangeCollect.check_owner = True")
    own = pwd.getpwuid(os.getuid()).pw_name
    for student in ("ana", "bo"):
        hand_in(exchange, student, now(), notebook(mini))
    for name in ("eve+{0}+no time at all+x", "+{0}+2026-11-02+x"):
        (exchange / name.format(mini.slug)).mkdir()
    write_roster(mini.course, Roster([Person("ana"), Person("b1", names="bo"), Person(own), Person("cy")]))
    for good in (False, True):
        if good:
            hand_in(exchange, own, now(), notebook(mini))
        found = collect(mini)
        told = grade(mini, found.folder, "none", lost=found.lost)
        status = {name: one.status for name, one in told.students.items()}
        nameless = safe(f"+{mini.slug}+2026-11-02+x")
        assert status == dict.fromkeys(("ana", "b1", "eve", nameless), "ungraded") | ({own: "graded"} if good else {})
        assert f"it claims to be ana's, and is owned by {own}" in told.students["ana"].reason
        assert "its name has no time" in told.students["eve"].reason and not told.complete
        assert told.missing == (["cy"] if good else ["cy", own])


def test_the_command_shows_them_and_ends_with_1(mini: Stage, exchange: Path) -> None:
    configure(mini, "c.ExchangeCollect.check_owner = True")
    hand_in(exchange, "ana", now(), notebook(mini))
    words = ("grade", "12", "--from", "exchange", "--sandbox", "none", "--json", "marks.json")
    run(*words, cwd=mini.course.root, ok=False)
    (told,) = json.loads((mini.course.root / "marks.json").read_text(encoding="utf-8"))["students"].values()
    assert told["status"] == "ungraded" and "it claims to be ana's" in told["reason"]


@pytest.mark.usefixtures("one_worker")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_a_refused_one_hides_no_real_one_and_is_told_where_it_is_later(mini: Stage, exchange: Path) -> None:
    configure(mini, "c.ExchangeCollect.check_owner = True")
    own = pwd.getpwuid(os.getuid()).pw_name
    os.chown(hand_in(exchange, own, WHEN, b"older"), 65534, 65534)
    hand_in(exchange, own, now(), notebook(mini))
    assert collect(mini).lost == {}  # a later one was taken
    os.chown(hand_in(exchange, own, "2036-11-02 10:00:00.000000", b"blank"), 65534, 65534)
    hand_in(exchange, "login2", now(), b"")  # refused, and by the roster the same person's
    write_roster(mini.course, Roster([Person("me", names=f"{own};login2")]))
    found = collect(mini)
    told = grade(mini, found.folder, "none", lost=found.lost).students
    assert told.keys() == {"me"} and told["me"].score == 2 and told["me"].status == "repaired"
    assert "2036-11-02" in told["me"].reason and "login2" in told["me"].reason


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_a_later_one_of_somebody_else_does_not_hide_the_real_one(mini: Stage, exchange: Path) -> None:
    configure(mini, "c.ExchangeCollect.check_owner = True")
    own = pwd.getpwuid(os.getuid()).pw_name
    hand_in(exchange, own, now(), b"mine")
    os.chown(hand_in(exchange, own, "2036-11-02 10:00:00.000000", b"blank"), 65534, 65534)
    assert (collect(mini).folder / own / mini.slug / N).read_bytes() == b"mine"


def test_a_time_that_was_set_back_is_told(mini: Stage, exchange: Path) -> None:
    configure(mini, "c.ExchangeCollect.check_owner = True")
    own = pwd.getpwuid(os.getuid()).pw_name
    late = hand_in(exchange, own, WHEN, notebook(mini))
    os.utime(late, (0, 0))
    (warning,) = collect(mini).warnings
    assert f"{own} says that it was handed in at 2026-11-02 10:00:00; its folder was changed last at" in warning


@pytest.mark.parametrize("name", ["eve+{0}+no time at all+x", "+{0}+2026-11-02+x"])
def test_what_is_no_hand_in_stops_nobody(mini: Stage, exchange: Path, name: str) -> None:
    odd = exchange / name.format(mini.slug)
    odd.mkdir()
    (odd / N).write_bytes(b"{}")
    hand_in(exchange, "ana", WHEN, notebook(mini))
    found = collect(mini)
    assert [path.name for path in found.folder.iterdir()] == ["ana"]
    assert len(found.warnings) == 1 and f"{odd.name} is left in the exchange" in found.warnings[0]


def test_a_spoiled_time_inside_changes_nothing(mini: Stage, exchange: Path) -> None:
    """The name of the folder is what counts; nbgrader reads the file when it collects again."""
    (hand_in(exchange, "ana", WHEN, b"1") / TIMESTAMP).write_bytes(b"\xff no time")
    folder = collect(mini).folder / "ana" / mini.slug
    assert (folder / TIMESTAMP).read_text() == f"{WHEN} UTC"
    hand_in(exchange, "ana", "2026-11-03 10:00:00.000000", b"2")
    collect(mini)
    assert (folder / N).read_bytes() == b"2"


def test_odd_files_are_left_and_too_many_are_refused(mini: Stage, exchange: Path) -> None:
    os.mkfifo(hand_in(exchange, "ana", WHEN, b"{}") / "pipe")
    deep = hand_in(exchange, "bob", WHEN, b"{}")
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    many = hand_in(exchange, "eve", WHEN, b"{}")
    for number in range(MOST_FILES):
        (many / str(number)).touch()
    found = collect(mini)
    assert found.lost.keys() == {"eve"} and f"{MOST_FILES} files" in found.lost["eve"]
    assert not (found.folder / "ana" / mini.slug / "pipe").exists()
    assert len(list((found.folder / "bob").rglob("d"))) == 20


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_that_becomes_a_link_meanwhile_shows_nothing(mini: Stage, tmp_path: Path, kind: str) -> None:
    """A student who changes it all the time, while the instructor's process copies."""
    secret, theirs = tmp_path / "secret", tmp_path / f"eve+{mini.slug}+{WHEN} UTC+x"
    (secret / "a").mkdir(parents=True)
    (secret / "a" / N).write_bytes(SECRET_TEXT)
    (theirs / "a").mkdir(parents=True)
    (theirs / "a" / N).write_bytes(b"{}")
    place = theirs / "a" if kind == "folder" else theirs / "a" / N
    aside, link = tmp_path / "aside", tmp_path / "link"
    link.symlink_to(secret / place.relative_to(theirs))
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            place.rename(aside)
            link.rename(place)
            place.rename(link)
            aside.rename(place)

    coursedir = CourseDirectory(config=Config(), root=str(mini.course.work), assignment_id=mini.slug)
    collecting, copied = Collect(coursedir=coursedir), 0
    collecting.log.disabled = True
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(400):
            dest = tmp_path / "submitted" / str(number)
            try:
                collecting.do_copy(str(theirs), str(dest))
            except OSError:
                continue
            copied += (dest / "a" / N).is_file()
            assert not [path for path in dest.rglob("*") if path.is_file() and path.read_bytes() == SECRET_TEXT]
    finally:
        ended.set()
        thread.join()
        collecting.log.disabled = False
    assert copied  # it was there at times


@pytest.mark.usefixtures("one_worker")
def test_the_page_of_a_hand_in_goes_back_and_others_stop_nobody(mini: Stage, exchange: Path, tmp_path: Path) -> None:
    root = mini.course.root
    hand_in(exchange, "ana", WHEN, notebook(mini))
    (hand_in(exchange, "bob", WHEN, b"torn") / SECRET).write_bytes(b"\xff\xfe")
    (hand_in(exchange, "eve", WHEN, b"torn") / SECRET).write_bytes(b"")
    grade(mini, collect(mini).folder, "none")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "wei.ipynb").write_bytes(notebook(mini))
    grade(mini, tmp_path / "mail", "none")
    pages = {name: mini.course.work / "feedback" / name / mini.slug for name in ("ana", "wei")}
    assert sorted(path.name for path in pages["ana"].iterdir()) == sorted([f"{mini.slug}.html", SECRET, TIMESTAMP])
    assert [path.name for path in pages["wei"].iterdir()] == [f"{mini.slug}.html"]
    command = [sys.executable, "-m", "nbgrader", "release_feedback", mini.slug]
    said = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stderr
    assert all(f"{name}: the page is not released" in said for name in ("bob", "eve", "wei"))
    (released,) = (exchange.parent / "feedback").iterdir()
    assert released.read_bytes() == (pages["ana"] / f"{mini.slug}.html").read_bytes()
