"""A mark is the same wherever it is read, whoever gave it; who is gone, is gone."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build.write import build, build_source
from autograder.course.layout import Stage
from autograder.gradebook.database import Database
from autograder.grading.grade import grade

from .conftest import edit, generate_feedback, run

pytestmark = pytest.mark.usefixtures("one_worker")
RIGHT = "def differences(x):\n    return x[..., 1:] - x[..., :-1]"
WRONG = "def differences(x):\n    return x[..., :-1] - x[..., 1:]"


def hand_in(stage: Stage, **sources: str) -> Path:
    """A class; each student by name, with the exercise's cell or with a file that is no notebook."""
    build(stage)
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    for student, source in sources.items():
        text = source
        if source.startswith("def "):
            notebook = nbformat.read(stage.released, as_version=4)
            next(c for c in notebook.cells if c.id == "differences").source = source
            text = nbformat.writes(notebook)
        (folder / f"{student}.ipynb").write_text(text, encoding="utf-8")
    return folder


def by_hand(stage: Stage, student: str, change: Callable[[Any], None]) -> None:
    """What a teacher does in formgrader."""
    with Database(stage.course) as data, data.open() as gradebook:
        change(gradebook.find_submission(stage.slug, student).notebooks[0])


def mark(manual: float | None = None, extra: float | None = None) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        notebook.grades[0].manual_score, notebook.grades[0].extra_credit = manual, extra

    return change


def nbgrader(stage: Stage, *words: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *words]
    subprocess.run(command, cwd=stage.course.root, env={**os.environ, "PATH": path}, capture_output=True, check=True)


def report(stage: Stage) -> dict[str, dict[str, str]]:
    """The report's table, written anew; by student."""
    run("report", "12", cwd=stage.course.root)
    text = (stage.course.work / "report" / f"{stage.slug}.csv").read_text(encoding="utf-8-sig")
    return {row["student"]: row for row in csv.DictReader(text.splitlines())}


def test_a_mark_by_hand_is_the_same_in_table_json_report_feedback_and_export(mini: Stage) -> None:
    root = mini.course.root
    hand_in(mini, ana=WRONG, bob=WRONG, eve=RIGHT, late=RIGHT, torn="{")
    run("grade", "12", "--from", "class", cwd=root)
    by_hand(mini, "ana", mark(manual=1.5))
    by_hand(mini, "bob", mark(extra=0.5))
    by_hand(mini, "late", lambda notebook: setattr(notebook, "late_submission_penalty", 0.25))
    by_hand(mini, "torn", mark(manual=1))
    wanted = {"ana": 1.5, "bob": 0.5, "eve": 2, "late": 1.75, "torn": 1}
    rows = report(mini)  # as soon as it is given
    assert {name: float(row["score"]) for name, row in rows.items()} == wanted
    assert [float(rows[name]["differences"]) for name in ("ana", "bob", "eve")] == [1.5, 0.5, 2]
    page = (mini.course.work / "report" / f"{mini.slug}.html").read_text(encoding="utf-8")
    assert "Marks or extra credit by hand: ana, bob, torn." in page
    assert "1.35 of 2</strong> points on average" in page

    said = run("grade", "12", "--from", "class", "--json", "marks.json", cwd=root).stdout
    told = json.loads((root / "marks.json").read_text(encoding="utf-8"))["students"]
    assert {name: student["score"] for name, student in told.items()} == wanted
    check = {name: student["checks"]["differences-values"] for name, student in told.items()}
    assert {k: v for k, v in check["ana"].items() if "score" in k} == {
        "score": 1.5,
        "auto_score": 0,
        "manual_score": 1.5,
    }
    assert check["bob"]["extra_credit"] == 0.5 and "auto_score" not in check["eve"]
    assert (told["late"]["late_penalty"], told["torn"]["status"]) == (0.25, "failed")
    assert said.count("marked by hand: differences-values") == 3
    assert re.search(r"ana +│ 1\.5 +│ graded", said)
    assert {name: float(row["score"]) for name, row in report(mini).items()} == wanted
    nbgrader(mini, "export")
    with open(root / "grades.csv", encoding="utf-8") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == wanted
    feedback = mini.course.work / "feedback" / "late" / mini.slug / f"{mini.slug}.html"
    ours = feedback.read_text(encoding="utf-8")
    assert "<strong>1.75 of 2 points</strong> (0.25 points off for handing in late)" in ours
    generate_feedback(mini, "late")
    assert feedback.read_text(encoding="utf-8") == ours


def test_what_was_carried_forward_counts_no_more_once_a_teacher_gave_the_mark(mini: Stage) -> None:
    folder = hand_in(mini, ana=RIGHT)
    result = grade(mini, folder).students["ana"]
    check = result.checks["differences-values"]
    check.auto_carried = 1
    assert (result.score, result.carried) == (2, 1)
    check.manual_score, check.extra_credit = 0.5, 0.25
    assert (result.score, result.carried) == (0.75, 0)


def test_a_mark_by_nbgraders_own_command_is_in_the_report(mini: Stage) -> None:
    grade(mini, hand_in(mini, ana=WRONG))
    run("grade", "12", "--from", "class", cwd=mini.course.root)
    assert report(mini)["ana"]["score"] == "0"
    submitted = mini.course.work / "submitted" / "ana" / mini.slug / f"{mini.slug}.ipynb"
    submitted.write_bytes((hand_in(mini, ana=RIGHT) / "ana.ipynb").read_bytes())
    build_source(mini)
    nbgrader(mini, "autograde", mini.slug, "--force")
    assert report(mini)["ana"]["score"] == "2"


TWICE = (
    '# %% exercise="twice"\ndef twice(x):\n    """Two of it."""\n    ### BEGIN SOLUTION\n    return 2 * x\n'
    '    ### END SOLUTION\n\n# %% check="twice-value" points=1\nexpect(twice(3)).equal(6)\n\n'
)


def test_a_dry_run_that_would_change_nothing_says_so(mini: Stage) -> None:
    hand_in(mini, ana=WRONG, torn="{")
    run("grade", "12", "--from", "class", cwd=mini.course.root)
    said = run("grade", "12", "--from", "class", "--dry-run", cwd=mini.course.root).stdout
    assert said == "12_my_stage: no mark would change; 2 submissions looked at.\n"
    hand_in(mini, ana=RIGHT)
    said = run("grade", "12", "--from", "class", "--dry-run", cwd=mini.course.root).stdout
    assert re.search(r"ana +│ 0 +│ 2", said) and "no mark" not in said


def test_one_student_is_run_again_and_nobody_else(mini: Stage) -> None:
    folder = hand_in(mini, ana=WRONG, bob=WRONG)
    grade(mini, folder)
    hand_in(mini, ana=RIGHT, bob=RIGHT)
    result = grade(mini, folder, students=["ana"])
    assert list(result.students) == ["ana"]
    assert {name: marks.score for name, marks in Database(mini.course).marks(mini.slug).items()} == {"ana": 2, "bob": 0}
    said = run("grade", "12", "--from", "class", "--student", "anna", cwd=mini.course.root, ok=False).stderr
    assert said == "anna: has no submission in class. There are: ana, bob.\n"


def test_what_is_graded_again_is_run_again(mini: Stage) -> None:
    """A stored verdict is no answer to somebody who doubts it."""
    folder = hand_in(mini, ana=RIGHT)
    grade(mini, folder)
    for path in mini.course.verdicts.rglob("*.json"):
        path.write_text(path.read_text(encoding="utf-8").replace('"passed": true', '"passed": false'), encoding="utf-8")
    assert grade(mini, folder).students["ana"].score == 0
    assert grade(mini, folder, students=["ana"]).students["ana"].score == 2
    assert grade(mini, folder).students["ana"].score == 2


def test_one_exercise_is_marked_again_and_all_else_stays(mini: Stage) -> None:
    edit(mini, "# %% [markdown]\n# ## What you can now do\n", TWICE + "# %% [markdown]\n# ## What you can now do\n")
    root = mini.course.root

    def class_of(**sources: tuple[str, str]) -> None:
        build(mini)
        (root / "class").mkdir(exist_ok=True)
        for student, (differences, twice) in sources.items():
            notebook = nbformat.read(mini.released, as_version=4)
            for cell in notebook.cells:
                cell.source = {"differences": differences, "twice": twice}.get(cell.id, cell.source)
            nbformat.write(notebook, root / "class" / f"{student}.ipynb")

    def told() -> dict[str, tuple[float, float]]:
        run("report", "12", cwd=root)
        return {name: (float(row["differences"]), float(row["twice"])) for name, row in report(mini).items()}

    good, bad = "def twice(x):\n    return 2 * x", "def twice(x):\n    return x"
    class_of(ana=(RIGHT, bad), bob=(WRONG, good))
    run("grade", "12", "--from", "class", cwd=root)
    assert told() == {"ana": (2, 0), "bob": (0, 1)}
    by_hand(mini, "bob", mark(extra=0.5))
    class_of(ana=(WRONG, good), bob=(RIGHT, bad), eve=(RIGHT, good))
    words = ("grade", "12", "--from", "class", "--exercise", "twice")
    said = run(*words, "--dry-run", cwd=root).stdout
    assert [re.split(r" *│ *", line)[1:-1] for line in said.splitlines() if "│" in line] == [
        ["ana", "2", "3"], ["bob", "1.5", "0.5"], ["eve", "–", "3"],
    ]  # fmt: skip
    said = run(*words, cwd=root).stdout
    assert "differences: sign swapped" in said, "bob's mistake of the first time"
    assert told() == {"ana": (2, 1), "bob": (0.5, 0), "eve": (2, 1)}, "who had no marks yet gets them all"
    marks = Database(mini.course).marks(mini.slug)
    assert {name: m.score for name, m in marks.items()} == {"ana": 3, "bob": 0.5, "eve": 3}
    page = (mini.course.work / "feedback" / "bob" / mini.slug / f"{mini.slug}.html").read_text(encoding="utf-8")
    assert "It is later minus earlier" in page, "the page says what belongs to the marks on it"
    said = run("grade", "12", "--from", "class", "--exercise", "thrice", cwd=root, ok=False).stderr
    assert said == "thrice: is no exercise of 12_my_stage. Choose one of: differences, twice.\n"


def test_who_is_gone_is_nowhere_any_more(mini: Stage) -> None:
    root = mini.course.root
    hand_in(mini, ana=RIGHT, bob=WRONG, eve=RIGHT)
    run("grade", "12", "--from", "class", cwd=root)
    nbgrader(mini, "db", "student", "remove", "eve", "--force")
    assert set(report(mini)) == {"ana", "bob"}, "by nbgrader's own command"
    said = run("remove", "bop", cwd=root, ok=False).stderr
    assert said == "bop: is no student of this course. There are: ana, bob, eve.\n"
    run("remove", "bob", cwd=root, ok=False)  # nobody says yes
    assert set(report(mini)) == {"ana", "bob"}
    run("remove", "bob", "eve", "--yes", cwd=root)
    assert set(report(mini)) == {"ana"} == set(Database(mini.course).marks(mini.slug))
    told = {path: path.read_bytes() for path in mini.course.work.rglob("*") if path.is_file()}
    assert not [path for path, data in told.items() if b"bob" in data and path.suffix != ".db"]
    assert not [path for path in mini.course.work.rglob("*") if path.name in ("bob", "eve")]
    assert (root / "class" / "bob.ipynb").is_file()
    run("remove", "ana", "--yes", cwd=root)
    assert "has not been graded yet" in run("report", "12", cwd=root, ok=False).stderr
    run("grade", "12", "--from", "class", cwd=root)
    assert set(report(mini)) == {"ana", "bob", "eve"}


def test_who_handed_in_what_cannot_be_graded_reads_why(mini: Stage) -> None:
    folder = hand_in(mini, torn="{", eve=RIGHT)
    (folder / "<b>bob.pdf").write_bytes(b"%PDF")
    grade(mini, folder)
    by_hand(mini, "torn", lambda notebook: setattr(notebook.comments[0], "manual_comment", "Come & see me."))
    by_hand(mini, "torn", mark(manual=1))
    result = grade(mini, folder)
    assert result.complete
    pages = {name: mini.course.work / "feedback" / name / mini.slug / f"{mini.slug}.html" for name in result.students}
    told = {name: unescape(path.read_text(encoding="utf-8")) for name, path in pages.items()}
    assert len(told) == 3
    for name in ("torn", "<b>bob"):
        assert f"could not be graded.</strong> {result.students[name].reason}" in told[name]
    assert "1 of 2 points" in told["torn"] and "From your teacher:</strong> Come & see me." in told["torn"]
    assert "could not be graded" not in told["eve"]
    assert "<b>" not in pages["<b>bob"].read_text(encoding="utf-8")


def test_a_slip_of_the_hand_in_formgrader_is_shown_as_the_number_that_it_is(mini: Stage) -> None:
    hand_in(mini, ana=WRONG, bob=RIGHT)
    words = ("grade", "12", "--from", "class", "--json", "marks.json")
    run(*words, cwd=mini.course.root)
    by_hand(mini, "ana", mark(manual=1e76))
    assert report(mini)["ana"]["score"] == "1e+76"
    assert re.search(r"ana +│ 1e\+76 +│", run(*words, cwd=mini.course.root).stdout)
    told = json.loads((mini.course.root / "marks.json").read_text(encoding="utf-8"))
    assert told["students"]["ana"]["score"] == 1e76 and "0000" not in json.dumps(told)
    for folder in ("report", "feedback/ana/" + mini.slug):
        assert "1e+76" in (mini.course.work / folder / f"{mini.slug}.html").read_text(encoding="utf-8")
