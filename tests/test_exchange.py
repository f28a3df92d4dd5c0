"""Hand-ins through nbgrader's exchange: submitted, collected and graded by nbgrader's own commands and by ours."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.cli.teachers import _collected
from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.gradebook.database import Database
from autograder.gradebook.exchange import collect
from autograder.gradebook.exchange_rules import Collect
from autograder.grading.grade import grade
from autograder.intake.find import submissions
from autograder.intake.roster import Person, Roster, write_roster

from .conftest import run
from .honest.stage import solved, source

N = "12_my_stage.ipynb"


@pytest.fixture
def exchange(mini: Stage, tmp_path: Path) -> Path:
    """Where hand-ins go in an exchange that the course's configuration names."""
    root = tmp_path / "the exchange"
    inbound = root / "sequence-models" / "inbound"
    inbound.mkdir(parents=True)
    root.chmod(0o777)
    configure(mini, f"c.Exchange.root = {str(root)!r}", "c.ExchangeCollect.check_owner = False")
    return inbound


def configure(stage: Stage, *lines: str) -> None:
    """What an instructor adds to nbgrader_config.py."""
    with open(stage.course.root / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write("\n".join(["", "c = get_config()  # noqa: F821", *lines, ""]))


def hand_in(inbound: Path, student: str, when: str, data: bytes, slug: str = "12_my_stage", name: str = N) -> Path:
    """As `nbgrader submit` leaves it."""
    folder = inbound / f"{student}+{slug}+{when} UTC+QUJDREVGR0hJ"
    folder.mkdir()
    (folder / name).write_bytes(data)
    (folder / "timestamp.txt").write_text(f"{when} UTC")
    (folder / "submission_secret.txt").write_text("ab" * 64)
    return folder


def notebook(stage: Stage) -> bytes:
    return nbformat.writes(solved(source(stage))).encode()


def handed(stage: Stage, path: Path) -> dict[str, str]:
    with submissions(stage, path) as found:
        return {one.student: one.problem for one in found}


def test_the_last_hand_in_of_each_student_is_collected_and_graded(mini: Stage, exchange: Path) -> None:
    root = mini.course.root
    hand_in(exchange, "ana", "2026-11-01 10:00:00.000000", b"{}")
    hand_in(exchange, "ana", "2026-11-03 10:00:00.000000", notebook(mini))
    hand_in(exchange, "ana", "2026-11-02 10:00:00.000000", b"{}")
    hand_in(exchange, "李伟", "2026-11-02 10:00:00.000000", b"torn")
    hand_in(exchange, "eve", "2026-11-02 10:00:00.000000", notebook(mini), "11_another")
    done = run("grade", "12", "--from", "exchange", "--json", "marks.json", "--sandbox", "none", cwd=root)
    students = json.loads((root / "marks.json").read_text(encoding="utf-8"))["students"]
    assert {name: told["status"] for name, told in students.items()} == {"ana": "graded", "李伟": "failed"}
    assert "nbgrader's exchange, collected into .course/submitted" in done.stdout
    submitted = mini.course.work / "submitted"
    assert (submitted / "ana" / mini.slug / "timestamp.txt").read_text() == "2026-11-03 10:00:00.000000 UTC"
    hand_in(exchange, "李伟", "2026-11-04 10:00:00.000000", notebook(mini))
    collect(mini)
    assert (submitted / "李伟" / mini.slug / "timestamp.txt").read_text() == "2026-11-04 10:00:00.000000 UTC"


def test_it_collects_what_nbgrader_itself_submitted(mini: Stage, exchange: Path, tmp_path: Path) -> None:
    release = exchange.parent / "outbound" / mini.slug
    release.mkdir(parents=True)
    (release / N).write_bytes(b"{}")
    home = tmp_path / "home"
    (home / mini.slug).mkdir(parents=True)
    (home / mini.slug / N).write_bytes(notebook(mini))
    told = [f"--Exchange.root={exchange.parent.parent}", "--course=sequence-models", "--student=ana"]
    command = [sys.executable, "-m", "nbgrader", "submit", mini.slug, *told, f"--Exchange.cache={tmp_path / 'cache'}"]
    subprocess.run(command, cwd=home, check=True, capture_output=True, env={**os.environ, "HOME": str(home)})
    found = collect(mini)
    assert handed(mini, found.folder) == {"ana": ""} and not found.lost and not found.warnings


def test_a_folder_called_exchange_goes_before(mini: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    with contextlib.chdir(tmp_path):
        assert _collected(mini, Path("exchange")) == (Path("exchange"), {})
    assert "the folder exchange/ here" in capsys.readouterr().out


def test_without_an_exchange_it_is_said_where_to_name_one(mini: Stage, tmp_path: Path) -> None:
    configure(mini, f"c.Exchange.root = {str(tmp_path / 'nowhere')!r}")
    with pytest.raises(CourseError, match=r"nowhere: is not there.*c\.Exchange\.root"):
        collect(mini)


def test_faults_of_the_exchange_are_told(mini: Stage, exchange: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CourseError, match="no hand-in of 12_my_stage"):
        collect(mini)
    shutil.rmtree(exchange)
    with pytest.raises(CourseError, match="Course not found"):
        collect(mini)
    exchange.mkdir()
    monkeypatch.setattr("nbgrader.exchange.default.collect.check_mode", lambda *_, **__: False)
    with pytest.raises(CourseError, match="nbgrader cannot collect: You don't have read permissions"):
        collect(mini)


@pytest.mark.parametrize("line", ["1 / 0", "c.Exchange.root = 7", "raise SystemExit(3)"])
def test_a_configuration_that_cannot_be_used_is_told(mini: Stage, line: str) -> None:
    configure(mini, line)
    with pytest.raises(CourseError, match="cannot be used"):
        collect(mini)


def test_whoever_hands_in_a_link_gets_nothing_of_the_instructor(mini: Stage, exchange: Path, tmp_path: Path) -> None:
    secret = tmp_path / "solution"
    secret.mkdir()
    (secret / N).write_bytes(notebook(mini))
    eve = hand_in(exchange, "eve", "2026-11-02 10:00:00.000000", b"", name="other.txt")
    (eve / N).symlink_to(secret / N)
    (eve / "all").symlink_to(secret)
    (exchange / f"bob+{mini.slug}+2026-11-02 10:00:00 UTC+x").symlink_to(secret)
    hand_in(exchange, "ana", "2026-11-02 10:00:00.000000", notebook(mini))
    found = collect(mini)
    assert found.lost.keys() == {"bob"} and "is a link" in found.lost["bob"]
    assert found.warnings == [f"eve: links are not collected: {N}, all"]
    told = handed(mini, found.folder)
    assert told.keys() == {"ana", "eve"} and "holds no notebook" in told["eve"] and not told["ana"]


def test_one_that_cannot_be_copied_is_ungraded_and_stops_nobody(mini: Stage, exchange: Path, one_worker: None) -> None:
    for student in ("ana", "bob"):
        hand_in(exchange, student, "2026-11-02 10:00:00.000000", notebook(mini))
    grade(mini, collect(mini).folder)
    with open(hand_in(exchange, "bob", "2026-11-03 10:00:00.000000", b"") / "big", "wb") as file:
        file.truncate(200 << 20)  # more than CourseDirectory.max_dir_size
    found = collect(mini)
    assert found.lost.keys() == {"bob"} and not (found.folder / "bob").exists()
    for people in None, Roster([Person("b1", names="bob"), Person("ana")]):
        if people:
            write_roster(mini.course, people)
        result = grade(mini, found.folder, lost=found.lost)
        told = result.students["b1" if people else "bob"]
        assert told.status == "ungraded" and "could not be copied" in told.reason and not result.complete
        assert result.students["ana"].status == "graded"
    with Database(mini.course) as data:
        assert data.marks(mini.slug)["bob"].score == 2  # the earlier mark stays


def test_a_hand_in_that_breaks_off_leaves_no_folder(
    mini: Stage, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(exchange, "ana", "2026-11-02 10:00:00.000000", notebook(mini))
    copy = Collect.do_copy

    def full(self: Collect, *words: Any) -> None:
        copy(self, *words)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Collect, "do_copy", full)
    found = collect(mini)
    assert "No space left" in found.lost["ana"] and not list(found.folder.iterdir())


def test_collecting_that_is_stopped_goes_on_where_it_was(
    mini: Stage, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(exchange, "ana", "2026-11-02 10:00:00.000000", notebook(mini))
    copy = Collect.do_copy

    def stopped(self: Collect, src: str, dest: str, *words: Any) -> None:
        copy(self, src, dest, *words)
        Path(dest, N).unlink()  # the time is there, and the notebook is not
        raise KeyboardInterrupt

    monkeypatch.setattr(Collect, "do_copy", stopped)
    with pytest.raises(KeyboardInterrupt):
        collect(mini)
    monkeypatch.undo()
    assert handed(mini, collect(mini).folder) == {"ana": ""}
    assert [path.name for path in (mini.course.work / "submitted" / "ana").iterdir()] == [mini.slug]


def test_a_read_only_hand_in_can_be_replaced(mini: Stage, exchange: Path) -> None:
    first = hand_in(exchange, "ana", "2026-11-02 10:00:00.000000", b"{}")
    (first / "data").mkdir()
    (first / "data" / "a.csv").write_text("1")
    for folder in (first / "data", first):
        folder.chmod(0o555)
    folder = collect(mini).folder / "ana" / mini.slug
    assert folder.stat().st_mode & 0o700 == (folder / "data").stat().st_mode & 0o700 == 0o700


@pytest.mark.parametrize("path", [".", "ana", "ana/12_my_stage"])
def test_nbgraders_own_folder_may_be_given(mini: Stage, tmp_path: Path, path: str) -> None:
    (mini.folder.with_name("11_another")).mkdir()
    (mini.folder.with_name("11_another") / "notebook.py").write_text("")
    for student, slug in ("ana", "12_my_stage"), ("ana", "11_another"), ("eve", "11_another"):
        folder = tmp_path / "submitted" / student / slug
        folder.mkdir(parents=True)
        (folder / f"{slug}.ipynb").write_bytes(b"{}")
        (folder / "timestamp.txt").write_text("2026-11-02 10:00:00.000000 UTC")
    with submissions(mini, tmp_path / "submitted" / path) as found:
        assert [(one.student, one.note, one.problem) for one in found] == [("ana", "", "")]
