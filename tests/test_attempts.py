"""Several hand-ins of one person: the last one counts, the others are told, and what cannot be told is no 0."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course.layout import Stage
from autograder.gradebook.database import Database
from autograder.gradebook.exchange import collect
from autograder.grading.grade import grade
from autograder.intake.find import Submission, submissions
from autograder.intake.roster import Person, Roster, assign, read_names, write_roster

from .test_exchange import exchange, hand_in, notebook
from .test_roster import N, zipped

__all__ = ["exchange"]  # a fixture

ZOE = Person("zobrien", "O'Brien", "Zoë", lms_user_id="70020")
PEOPLE = Roster([ZOE, Person("ana", names="anna_login"), Person("eve", "CMD", "Eve", lms_user_id="70021")])


def handed(stage: Stage, path: Path, people: Roster | None = PEOPLE) -> dict[str, Submission]:
    """As they will be graded; the bytes of each stand in its problem, since a zip's are gone afterwards."""
    with submissions(stage, path) as found:
        told = {one.student: one for one in assign(found, people)}
        for one in told.values():
            one.problem = one.problem or (one.path.read_text() if one.path else "")
        return told


def folder(path: Path, files: dict[str, tuple[str, int]]) -> Path:
    """Files with a text and a time in minutes."""
    path.mkdir()
    for name, (text, minutes) in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
        os.utime(path / name, (1_700_000_000 + 60 * minutes,) * 2)
    return path


def test_a_number_in_the_name_says_which_file_of_google_drive_is_the_last(mini: Stage, tmp_path: Path) -> None:
    names = [f"Zoë O'Brien - 12_my_stage{number}.ipynb" for number in ("", " (2)", " (10)")]
    path = folder(tmp_path / "drive", {name: (name, -n) for n, name in enumerate(names)})
    one = handed(mini, path)["zobrien"]
    assert one.problem == names[2] and not one.nobody
    assert "the last by the number in its name (10)" in one.note
    assert "Not looked at: Zoë O'Brien - 12_my_stage, Zoë O'Brien - 12_my_stage (2)." in one.note


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_else_the_later_time_of_the_file_counts(mini: Stage, tmp_path: Path, form: str) -> None:
    files = {f"Zoë O'Brien - {N}": ("old", 0), f"Copy of Zoë O'Brien - {N}": ("new", 90)}
    path = folder(tmp_path / "drive", files)
    if form == "zip":
        path = tmp_path / "drive.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, (text, minutes) in files.items():
                archive.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 10 + minutes // 60, minutes % 60, 0)), text)
    one = handed(mini, path)["zobrien"]
    assert one.problem == "new" and "the last by the times of the files (20" in one.note


def test_files_that_were_copied_one_after_the_other_tell_nothing(mini: Stage, tmp_path: Path) -> None:
    files = {f"Zoë O'Brien - {N}": ("one", 0), f"Copy of Zoë O'Brien - {N}": ("other", 0)}
    one = handed(mini, folder(tmp_path / "drive", files))["zobrien"]
    assert "nothing says which is the last" in one.nobody and "Copy of Zoë O'Brien" in one.nobody


def test_the_same_file_twice_is_graded(mini: Stage, tmp_path: Path) -> None:
    files = {f"Zoë O'Brien - {N}": ("one", 0), f"Copy of Zoë O'Brien - {N}": ("one", 0)}
    one = handed(mini, folder(tmp_path / "drive", files))["zobrien"]
    assert one.problem == "one" and not one.nobody and "all of them are the same" in one.note


def test_what_is_no_notebook_hides_none(mini: Stage, tmp_path: Path) -> None:
    files = {f"Zoë O'Brien - {N}": ("mine", 0), "Zoë O'Brien - report.pdf": ("%PDF", 90)}
    one = handed(mini, folder(tmp_path / "drive", files))["zobrien"]
    assert one.problem == "mine" and "report.pdf (a PDF file)" in one.note


def test_a_file_and_a_folder_of_one_name_go_by_time(mini: Stage, tmp_path: Path) -> None:
    path = folder(tmp_path / "class", {"ana.ipynb": ("old", 0), f"ana/{N}": ("new", 5), "eve.ipynb": ("", 0)})
    assert handed(mini, path)["ana"].problem == "new"
    assert handed(mini, path, None)["ana"].problem == "new"  # without a roster, too
    os.utime(path / "ana.ipynb", (1_700_000_300, 1_700_000_300))
    assert "more than one submission of ana" in handed(mini, path)["ana"].nobody


@pytest.mark.usefixtures("one_worker")
def test_an_earlier_mark_stays_where_nothing_tells(mini: Stage, tmp_path: Path) -> None:
    write_roster(mini.course, PEOPLE)
    path = folder(tmp_path / "class", {"ana.ipynb": (notebook(mini).decode(), 0)})
    grade(mini, path)
    (path / "anna_login.ipynb").write_text("torn")
    os.utime(path / "anna_login.ipynb", (1_700_000_001,) * 2)
    told = grade(mini, path)
    assert told.students["ana"].status == "ungraded" and not told.complete and "ana" not in told.missing
    assert "any earlier mark stays" in told.students["ana"].reason
    with Database(mini.course) as data:
        assert data.marks(mini.slug)["ana"].score == 2


def test_two_logins_of_one_person_in_the_exchange_go_by_nbgraders_time(mini: Stage, exchange: Path) -> None:
    hand_in(exchange, "ana", "2026-11-03 10:00:00.000000", b"new")
    hand_in(exchange, "anna_login", "2026-11-02 10:00:00.000000", b"old")
    path = collect(mini).folder
    os.utime(path / "anna_login" / mini.slug / N, (2_000_000_000,) * 2)  # when it was copied says nothing
    one = handed(mini, path)["ana"]
    assert (one.problem, one.handed_in) == ("new", datetime(2026, 11, 3, 10, tzinfo=UTC).replace(tzinfo=None))
    assert "the last by the times of nbgrader" in one.note and "anna_login" in one.note


MOODLE = "Zoë O'Brien_70020_assignsubmission_file_"


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (("12_my_stage (1).ipynb", "12_my_stage.ipynb"), "12_my_stage (1).ipynb"),
        (("12_my_stage-final.ipynb", "12_my_stage.ipynb"), "12_my_stage.ipynb"),
        (("12_my_stage-b.ipynb", "12_my_stage-a.ipynb"), ""),
    ],
)
@pytest.mark.parametrize("form", ["flat", "folder"])
def test_files_of_one_hand_in_of_moodle_have_no_order(
    mini: Stage, tmp_path: Path, names: tuple[str, ...], counts: str, form: str
) -> None:
    data = notebook(mini).decode()
    files = {MOODLE + ("/" if form == "folder" else "") + name: f"{data}\n{name}".encode() for name in names}
    if form == "folder" and counts == "12_my_stage (1).ipynb":
        counts = "12_my_stage.ipynb"  # in one's own folder the name that was asked for
    files = {name: data.encode() + b" " * n for n, name in enumerate(files)}
    one = handed(mini, zipped(tmp_path / "m.zip", files))["zobrien"]
    if counts:
        assert not one.nobody and len(one.problem) == len(data) + names.index(counts), one.note
    else:
        assert "nothing says which is the last" in one.nobody


# What is no notebook of anybody


@pytest.mark.parametrize(("kind", "what"), [("text", "A text that was typed"), ("link", "A link was handed in")])
def test_canvass_texts_and_links_are_their_students(mini: Stage, tmp_path: Path, kind: str, what: str) -> None:
    files = {f"evecmd_70021_{kind}.html": b"<p>", f"obrienzo_LATE_70020_9001_{N}": b"{}"}
    told = handed(mini, zipped(tmp_path / "c.zip", files))
    assert told.keys() == {"eve", "zobrien"} and not told["eve"].nobody
    assert told["eve"].problem.startswith(what) and "not a notebook" in told["eve"].problem
    alone = handed(mini, zipped(tmp_path / "d.zip", {f"evecmd_LATE_70021_{kind}.html": b"<p>"}))
    assert alone["eve"].problem.startswith(what) and "late" in alone["eve"].note
    both = handed(mini, zipped(tmp_path / "e.zip", files | {f"evecmd_70021_9002_my_{kind}.html": b"<p>"}))
    assert f"my_{kind}.html (a web page)" in both["eve"].problem  # a file of that name is a file


@pytest.mark.parametrize(
    "name", [f"../{N}", f"/etc/{N}", f"ana/../../{N}", "..\\ana.ipynb", "../zobrien_70020_9_x.ipynb"]
)
def test_what_a_zip_puts_outside_of_itself_is_told(mini: Stage, tmp_path: Path, name: str) -> None:
    for inside in ({"ana.ipynb": b"1", "eve.ipynb": b"2"}, {f"evecmd_70021_9001_{N}": b"1", f"a_5_9_{N}": b"2"}):
        path = zipped(tmp_path / "z.zip", inside | {name: b"{}", "__MACOSX/../._x": b""})
        told = handed(mini, path, None)
        assert len(told) == 3 and sorted(one.problem for one in told.values()) == ["", "1", "2"]
        (odd,) = [one for one in told.values() if one.nobody]
        assert "outside of itself" in odd.nobody and name.replace("\\", "/") in odd.nobody
        wrapped = handed(mini, zipped(tmp_path / "w.zip", {"z.zip": path.read_bytes()}), None)
        assert wrapped.keys() == told.keys()


def test_in_ones_own_zip_it_stops_nothing_and_is_told(mini: Stage, tmp_path: Path) -> None:
    own = zipped(tmp_path / "own.zip", {N: b"mine", f"../{N}": b"{}"}).read_bytes()
    none = zipped(tmp_path / "none.zip", {f"../{N}": b"{}"}).read_bytes()
    told = handed(mini, zipped(tmp_path / "class.zip", {"ana.zip": own, "eve.zip": none}))
    assert told["ana"].problem == "mine" and "outside of itself" in told["ana"].note
    assert "outside of" in told["eve"].problem


def test_the_zips_of_two_sections_in_one(mini: Stage, tmp_path: Path) -> None:
    a = zipped(tmp_path / "a.zip", {f"evecmd_70021_9001_{N}": b"eve", f"x_1_9002_{N}": b"x"}).read_bytes()
    b = zipped(tmp_path / "b.zip", {f"{MOODLE}/{N}": b"zoe", f"Y Y_2_assignsubmission_file_/{N}": b"y"}).read_bytes()
    both = zipped(tmp_path / "both.zip", {"Section A.zip": a, "Section B.zip": b, "__MACOSX/._x": b""})
    told = handed(mini, both)
    assert {name: one.problem for name, one in told.items()} == {
        "eve": "eve",
        "x_1": "x",
        "zobrien": "zoe",
        "Y Y_2": "y",
    }
    again = zipped(tmp_path / "again.zip", {"A.zip": a, "B.zip": a.replace(b"eve", b"Eve")})
    assert len(handed(mini, again)) == 2  # the same people in both: told once
    mixed = handed(
        mini, zipped(tmp_path / "mixed.zip", {"A.zip": a, "ana.zip": zipped(tmp_path / "o", {N: b"o"}).read_bytes()})
    )
    assert mixed.keys() == {"A", "ana"}  # names in what somebody packed decide about nobody else


def test_a_table_of_names_in_any_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp1252", "utf-16"):
        (tmp_path / "names.csv").write_bytes("file,student\na.ipynb,Zoë Übelhör\n".encode(encoding))
        assert read_names(tmp_path / "names.csv") == {"a": "Zoë Übelhör"}
