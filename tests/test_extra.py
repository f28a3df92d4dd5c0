"""Extra credit: points at the student's choice, beyond the maximum, from the stage's text to every page."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.build.agree import inconsistencies
from autograder.build.write import build, build_source
from autograder.cli.teachers import _what_to_know
from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.feedback.last_result import as_in_gradebook
from autograder.feedback.report import as_csv, render_page
from autograder.feedback.statistics import items, mistakes
from autograder.gradebook.database import AutomaticExtra, Database
from autograder.gradebook.results import ClassResult, StudentResult
from autograder.grading.grade import grade
from autograder.own.check import examine
from autograder.own.findings import Report
from autograder.own.paper import Desk
from autograder.own.show import table
from autograder.own.state import certificate, overview
from autograder.proof.verify import prove
from autograder.run.worker.worker import Worker
from autograder.stage.read import read_answers, read_stage

from .conftest import edit, generate_feedback, run
from .test_marks import RIGHT, WRONG, by_hand, nbgrader

GOOD, BAD = "def twice(x):\n    return 2 * x", "def twice(x):\n    return x"
HALF = "def twice(x):\n    return x * x * 2 / 3"  # right for 3, which is the visible check
BLANK = ""
END = "# %% [markdown]\n# ## What you can now do\n"
CHOICE = '''\
# %% [markdown]
# ## 12.2 At your choice
#
# <details><summary>Hint 1</summary>
# One product.</details>

# %% exercise="twice"
def twice(x):
    """Two of it."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="twice-value" extra=4
expect(twice(3)).equal(6)
### BEGIN HIDDEN TESTS
expect(twice(5)).equal(10)
### END HIDDEN TESTS

'''
MIXED = '# %% check="twice-one" points=1\nexpect(twice(3)).equal(6)\n\n# %% check="twice-value" extra=4\n'
LINES = {"x": "returns x", "3 * x": "thrice", "x**3": "cube", "-2 * x": "sign", "2": "two", "None": "nothing"}
ANSWERS = '\n# %% right="twice" name="sum"\ndef twice(x):\n    return x + x\n'
ANSWERS += '\n# %% right="twice" name="other order"\ndef twice(x):\n    return x * 2\n'
for line, name in LINES.items():
    ANSWERS += f'\n# %% wrong="twice" name="{name}" says="Not {name}."\ndef twice(x):\n    return {line}\n'


@pytest.fixture
def stage(mini: Stage) -> Stage:
    """One exercise of 2 points, and one of 4 extra points."""
    edit(mini, END, CHOICE + END)
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + ANSWERS, encoding="utf-8")
    return mini


def fill_in(stage: Stage, path: Path, **sources: str) -> None:
    notebook = nbformat.read(stage.released, as_version=4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.id) or cell.source
    nbformat.write(notebook, path)


def hand_in(stage: Stage, **sources: tuple[str, str]) -> Path:
    """A class; of each student the two exercises, and which of them is left blank."""
    build(stage)
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    for student, (differences, twice) in sources.items():
        fill_in(stage, folder / f"{student}.ipynb", differences=differences, twice=twice)
    return folder


def extra_of(stage: Stage, student: str) -> tuple[float, float | None]:
    """What nbgrader's own interface says: the sum, and the extra credit of the check."""
    with Gradebook(f"sqlite:///{stage.course.gradebook}") as gradebook:
        submission = gradebook.find_submission(stage.slug, student)
        assert submission.max_score == 2
        told = gradebook.find_grade("twice-value", stage.slug, stage.slug, student)
        assert (told.auto_score, told.max_score, told.needs_manual_grade) == (0, 0, told.manual_score is not None)
        return submission.score, told.extra_credit


def type_extra(stage: Stage, student: str, value: float | None) -> None:
    def change(notebook: Any) -> None:
        next(g for g in notebook.grades if g.name == "twice-value").extra_credit = value

    by_hand(stage, student, change)


def in_report(stage: Stage, result: ClassResult) -> ClassResult:
    return as_in_gradebook(stage, result)[0]


# The text and the notebook


@pytest.mark.parametrize(
    ("new", "fact"),
    [
        ('"twice-value" points=1 extra=4', 'check "twice-value" has points and extra at once. Keep one of them'),
        ('"twice-value"', 'check "twice-value" has no points and no extra ones. Give it points=1 or more; or extra=1'),
        ('"twice-value" extra=0', 'check "twice-value" has extra=0. Give it extra=1 or more.'),
        ('"twice-value" extra="four"', "check \"twice-value\" has extra='four'. Give it extra=1 or more."),
    ],
)
def test_a_check_has_points_or_extra_ones(stage: Stage, new: str, fact: str) -> None:
    edit(stage, '"twice-value" extra=4', new)
    with pytest.raises(CourseError) as caught:
        read_stage(stage)
    (fault,) = caught.value.faults
    assert fact in str(fault)


def test_the_maximum_is_without_extra_and_the_notebook_has_a_grade_cell_of_no_points(stage: Stage) -> None:
    content = read_stage(stage)
    assert (content.max_score, content.extra, content.extras) == (2, 4, {"twice"})
    build(stage)
    cell = next(c for c in nbformat.read(stage.released, as_version=4).cells if c.id == "twice-value")
    told = cell.metadata["nbgrader"]
    assert (told["points"], told["grade"], told["schema_version"]) == (0, True, 3) and "extra" not in told
    assert inconsistencies(content, read_answers(stage, content)) == []


def test_it_is_proven_like_any_other_check(stage: Stage) -> None:
    path = stage.course.root / "proof.json"
    said = run("verify", "--seeds", "1", "--json", str(path), cwd=stage.course.root).stdout
    assert "2 of 2, extra 4 of 4" in said
    proof = json.loads(path.read_text(encoding="utf-8"))["stages"][stage.slug]
    told = ("blank_score", "solution_score", "max_score", "solution_extra", "max_extra")
    assert [proof[name] for name in told] == [0, 2, 2, 4, 4]
    assert proof["right"] == {"total": 4, "accepted": 4} and proof["wrong"]["caught"] == 12
    edit(stage, "return 2 * x\n", "return x + 3\n")
    broken = prove(stage, seeds=1, only=["twice"])
    assert (broken.solution_extra, broken.max_extra, broken.solution_score, broken.max_score) == (0, 4, 0, 0)
    assert any('the solution fails "twice-value"' in problem for problem in broken.problems)


# The class


def test_what_a_class_earns_is_the_same_everywhere_and_by_nobodys_hand(stage: Stage, one_worker: None) -> None:
    folder = hand_in(stage, ana=(RIGHT, GOOD), bob=(RIGHT, BLANK), eve=(WRONG, BAD), li=(RIGHT, HALF))
    (folder / "torn.ipynb").write_text("{", encoding="utf-8")
    result, content = grade(stage, folder), read_stage(stage)
    scores = {"ana": 6, "bob": 2, "eve": 0, "li": 2, "torn": 0}
    assert {name: told.score for name, told in result.students.items()} == scores and result.max_score == 2
    assert [extra_of(stage, name) for name in scores] == [(6, 4), (2, None), (0, None), (2, None), (0, None)]
    marks = Database(stage.course).marks(stage.slug)
    assert {name: told.score for name, told in marks.items()} == scores
    assert not any(told.by_hand for told in (*marks.values(), *result.students.values()))

    told = result.as_json()["students"]["ana"]
    assert (told["score"], told["extra"]) == (6, 4)
    mark = told["checks"]["twice-value"]
    assert {k: v for k, v in mark.items() if isinstance(v, int)} == {"score": 4, "max": 0, "max_extra": 4}
    assert "extra" not in result.as_json()["students"]["bob"]
    words = {name: _what_to_know(content, student) for name, student in result.students.items()}
    assert words["ana"] == "4 extra" and words["bob"] == "" and words["li"] == ""
    assert words["eve"] == "differences: sign swapped\ntwice, extra: returns x"

    result = in_report(stage, result)
    assert {name: told.score for name, told in result.students.items()} == scores
    assert [item.name for item in items(result, ["differences"])] == ["differences"]
    page = unescape(render_page(content, result))
    assert "4 points of 1 student are extra" in page and "by hand" not in page
    assert '<td class="name">twice</td>' not in page, "no difficulty"
    assert "2.5 of 2</strong> points on average" in page and " 6 points: 1." in page
    shares = re.findall(r'class="share"[^>]*>([^<]*)<', page)
    assert shares == ["100", "+4", "100", "", "100", "", "0", ""], "ana, bob, li, eve"
    known, unknown = mistakes(content, result)
    assert {(m.exercise, *m.students) for m in known} == {("differences", "eve"), ("twice", "eve")}
    assert unknown == [("twice", "li")], "a blank one is no mistake"
    rows = {row["student"]: row for row in csv.DictReader(as_csv(content, result).splitlines())}
    assert [rows["ana"][name] for name in ("score", "max", "differences", "twice")] == ["6", "2", "2", "4"]
    nbgrader(stage, "export")
    with open(stage.course.root / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: (float(row["score"]), float(row["max_score"])) for name, row in rows.items()} == {
        name: (score, 2) for name, score in scores.items()
    }


def test_a_feedback_page_says_what_is_extra_and_takes_nothing_off_for_it(stage: Stage, one_worker: None) -> None:
    grade(stage, hand_in(stage, ana=(RIGHT, GOOD), bob=(RIGHT, BLANK), eve=(WRONG, BAD), li=(RIGHT, HALF)))

    def told(name: str) -> str:
        path = stage.course.work / "feedback" / name / stage.slug / f"{stage.slug}.html"
        text = path.read_text(encoding="utf-8")
        generate_feedback(stage, name)
        assert path.read_text(encoding="utf-8") == text, "nbgrader's own command makes the same"
        return unescape(text)

    ana, bob, eve, li = map(told, ("ana", "bob", "eve", "li"))
    assert "<strong>6 of 2 points</strong>, 4 of them extra" in ana and ">4 of 4 extra</td>" in ana
    assert ana.count('class="full">✓ done') == 2
    assert "<strong>2 of 2 points</strong>" in bob and '0 of 4 extra</td><td class="blank">not started' in bob
    assert "good place to start" not in bob
    assert 'start: <a href="#differences">' in eve and "Not returns x." in eve
    assert 'start: <a href="#twice">' in li, "all else is done"
    assert "Check “value”: 0 of 4 extra" in li


def test_an_error_carried_forward_earns_extra_as_it_earns_points(stage: Stage, one_worker: None) -> None:
    edit(stage, 'exercise="twice"', 'exercise="twice" builds_on="differences"')
    edit(stage, "return 2 * x\n", "return x + differences(torch.tensor([[0.0, 1.0 * x]]))[0, 0].item()\n")
    own = "def twice(x):\n    return x + differences(torch.tensor([[0.0, 1.0 * x]]))[0, 0].item()"
    (stage.folder / "settings.toml").write_text('error_carried_forward = "half"\n')
    told = grade(stage, hand_in(stage, ana=(WRONG, own))).students["ana"]
    assert (told.score, told.carried, told.earned_extra) == (2, 2, 2)
    assert extra_of(stage, "ana") == (2, 2)


def test_points_and_extra_in_one_exercise(stage: Stage, one_worker: None) -> None:
    """Who leaves the extra part out, has done the exercise."""
    edit(stage, '# %% check="twice-value" extra=4\n', MIXED)
    content = read_stage(stage)
    result = grade(stage, hand_in(stage, ana=(RIGHT, GOOD), li=(RIGHT, HALF)))
    assert {name: told.score for name, told in result.students.items()} == {"ana": 7, "li": 3}
    assert _what_to_know(content, result.students["li"]) == ""
    assert [item.share for item in items(result, content.exercises)] == [1, 1]
    page = (stage.course.work / "feedback" / "li" / stage.slug / f"{stage.slug}.html").read_text(encoding="utf-8")
    assert '1 of 1 + 4 extra</td><td class="full">' in page and "0 of 4 extra</h3>" in page


# A teacher's hand


def test_what_a_teacher_typed_stays_and_what_grading_wrote_does_not(stage: Stage, one_worker: None) -> None:
    names = ("ana", "bob", "eve", "li", "tom")
    folder = hand_in(stage, **dict.fromkeys(names, (RIGHT, GOOD)))
    hand_in(stage, li=(RIGHT, BAD))
    grade(stage, folder)
    type_extra(stage, "bob", 1.5)
    type_extra(stage, "eve", 0)
    type_extra(stage, "li", 4)  # just what the check can give
    type_extra(stage, "tom", None)
    wanted = {"bob": (3.5, 1.5), "eve": (2, 0), "li": (6, 4), "tom": (2, None)}
    for answer, ana in ((GOOD, (6, 4)), (BAD, (2, None)), (GOOD, (6, 4)), (GOOD, (6, 4))):
        hand_in(stage, **dict.fromkeys(names, (RIGHT, answer)))
        for result in (grade(stage, folder), grade(stage, folder, students=["ana", *wanted])):
            assert {name: extra_of(stage, name) for name in names} == {"ana": ana, **wanted}
            for told in (result, in_report(stage, result)):
                assert {name: s.score for name, s in told.students.items()} == {
                    name: score for name, (score, _) in {"ana": ana, **wanted}.items()
                }
                assert [name for name, s in told.students.items() if s.by_hand] == ["bob", "eve", "li", "tom"]
            assert grade(stage, folder, dry_run=True).changed == {}
    mark = result.as_json()["students"]["bob"]["checks"]["twice-value"]
    assert (mark["score"], mark["auto_score"], mark["extra_credit"]) == (1.5, 4, 1.5)
    type_extra(stage, "bob", 4)  # what grading wrote last: it may go on
    hand_in(stage, bob=(RIGHT, BAD))
    assert grade(stage, folder, dry_run=True).changed == {"bob": (6, 2)}
    grade(stage, folder)
    assert extra_of(stage, "bob") == (2, None)


def test_a_mark_and_extra_credit_by_hand_go_together(stage: Stage, one_worker: None) -> None:
    folder = hand_in(stage, ana=(WRONG, GOOD))
    grade(stage, folder)

    def change(notebook: Any) -> None:
        for mark in notebook.grades:
            mark.manual_score = 1.0  # on both; the extra credit is as it was

    by_hand(stage, "ana", change)
    result = grade(stage, folder)
    assert extra_of(stage, "ana") == (6, 4) and result.students["ana"].score == 6
    assert in_report(stage, result).students["ana"].score == 6
    hand_in(stage, ana=(WRONG, BAD))
    assert grade(stage, folder).students["ana"].score == 2 and extra_of(stage, "ana") == (2, None)


def test_nbgraders_own_commands_keep_to_it_too(stage: Stage, one_worker: None) -> None:
    folder = hand_in(stage, ana=(RIGHT, BAD), bob=(RIGHT, BAD))
    result = grade(stage, folder)
    type_extra(stage, "bob", 4)
    build_source(stage)
    for answer, ana in ((GOOD, (6, 4)), (BAD, (2, None))):
        hand_in(stage, ana=(RIGHT, answer), bob=(RIGHT, answer))
        for name in ("ana", "bob"):
            submitted = stage.course.work / "submitted" / name / stage.slug / f"{stage.slug}.ipynb"
            shutil.copy(folder / f"{name}.ipynb", submitted)
        nbgrader(stage, "autograde", stage.slug, "--force")
        assert (extra_of(stage, "ana"), extra_of(stage, "bob")) == (ana, (6, 4))
        told = in_report(stage, result).students
        assert (told["ana"].score, told["ana"].by_hand, told["bob"].by_hand) == (ana[0], [], ["twice-value"])


def test_nothing_is_kept_of_who_is_gone_and_a_check_may_become_one_with_points(stage: Stage, one_worker: None) -> None:
    folder = hand_in(stage, ana=(RIGHT, GOOD), bob=(RIGHT, GOOD))
    grade(stage, folder)
    with Database(stage.course) as data:
        data.remove("bob")
        with data.open() as gradebook:
            assert gradebook.db.query(AutomaticExtra).count() == 1
    (folder / "bob.ipynb").unlink()
    edit(stage, "extra=4", "points=4")
    hand_in(stage, ana=(RIGHT, GOOD))
    result = grade(stage, folder)
    marks = Database(stage.course).marks(stage.slug)["ana"]
    assert (marks.score, marks.max_score, marks.by_hand, result.students["ana"].score) == (6, 6, {}, 6)


# One's own notebook


def test_a_self_learner_misses_nothing_and_may_have_more(stage: Stage, warm: Callable[[str], Worker]) -> None:
    build(stage)

    def own(differences: str, twice: str) -> tuple[Report, str]:
        fill_in(stage, stage.released, differences=differences, twice=twice)
        report = examine(Desk(stage, stage.released).read(), warm("none").run, {})
        console = Console(record=True, width=120, file=io.StringIO())
        console.print(table(report))
        return report, " ".join(console.export_text().split())

    def at_a_glance() -> tuple[list[object], str]:
        return overview(stage.course)[0][1:5], certificate(stage.course, "Ana")

    report, said = own(RIGHT, BLANK)
    assert report.passes and "2 of 2 points, 1 of 1 exercises" in said and "extra, not started" in said
    row, page = at_a_glance()
    assert row == [1, 0, 1, "2 of 2"] and "2 of 2 points</strong>" in page and "1 of 1</td>" in page
    report, said = own(RIGHT, BAD)
    assert not report.passes and "2 of 2 points, 1 of 1 exercises" in said and "0 of 4 extra" in said
    assert "Hint 1 of 1: One product." in said
    report, said = own(RIGHT, GOOD)
    assert report.passes and "2 of 2 points +4 extra, 1 of 1 exercises" in said and "4 of 4 extra" in said
    assert {k: v for k, v in report.as_json().items() if k != "exercises"} == {
        "hidden": True, "score": 2, "max_score": 2, "extra": 4,
    }  # fmt: skip
    row, page = at_a_glance()
    assert row == [1, 0, 1, "2 of 2 +4"] and "2 of 2 points +4</strong>" in page and "1 of 1</td>" in page
    assert page.count("2 of 2 +4") == 1

    shutil.rmtree(stage.course.root / "solutions")
    report, said = own(RIGHT, "def twice(x):\n    raise NotImplementedError")
    assert "visible 1 of 1 checks" in said
    report, said = own(RIGHT, GOOD)
    assert report.passes and [f.state for f in report.findings] == ["done", "done"]
    assert at_a_glance()[0] == [1, 0, 1, "visible 1 of 1 checks"]


def test_whoever_leaves_out_the_extra_part_of_an_exercise_has_done_it(
    stage: Stage, warm: Callable[[str], Worker]
) -> None:
    edit(stage, '# %% check="twice-value" extra=4\n', MIXED)
    build(stage)
    fill_in(stage, stage.released, differences=RIGHT, twice=HALF)
    report = examine(Desk(stage, stage.released).read(), warm("none").run, {})
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(table(report))
    said = " ".join(console.export_text().split())
    assert report.passes and "3 of 3 points, 2 of 2 exercises" in said
    assert "1 of 1 + 0 of 4 extra" in said and "Extra: " in said


def test_a_class_without_extra_has_no_word_of_it(mini: Stage) -> None:
    content = read_stage(mini)
    told = StudentResult("graded", "", {})
    assert "extra" not in render_page(content, ClassResult(mini.slug, 2, {"ana": told}))
