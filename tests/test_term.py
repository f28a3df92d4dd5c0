"""The report on a term: each student in each stage, who falls behind, what cost the class most."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from autograder.build.write import build
from autograder.cli.commands import main
from autograder.course.layout import Course, Stage
from autograder.feedback import term
from autograder.feedback.export import Term, read_term
from autograder.feedback.last_result import graded_stages, keep
from autograder.feedback.term import LITTLE, NOTHING, WORSE, Whole
from autograder.gradebook.database import Database
from autograder.gradebook.results import ClassResult, StudentResult
from autograder.grading.grade import grade
from autograder.intake.roster import Person, Roster, write_roster
from autograder.run.sandbox.bwrap import available
from autograder.stage.new import make_stage

from .test_report import SCRIPT, Elements, is_harmless

SANDBOX = "bwrap" if available()[0] else "none"
PEOPLE = ("ana", "bo", "eva", "gil", "hal")
RIGHT = "def differences(x):\n    return x[:, 1:] - x[:, :-1]"
SWAPPED = "def differences(x):\n    return x[:, :-1] - x[:, 1:]"
BLANK, BROKEN = "blank", "{"
CLASSES = {
    "12_my_stage": {"ana": RIGHT, "bo": SWAPPED, "eva": SWAPPED, "hal": BROKEN},
    "13_another_stage": {"ana": RIGHT, "bo": RIGHT, "eva": SWAPPED, "hal": BLANK},
}


def a_term(*stages: dict[str, float | None]) -> Term:
    """A term of stages of 10 points; None is an ungraded hand-in."""
    slugs = [f"{number:02}_stage" for number in range(len(stages))]
    told = Term([Stage(Course(Path("/nowhere")), slug) for slug in slugs], dict.fromkeys(slugs, 10.0), {})
    for slug, marks in zip(slugs, stages, strict=True):
        told.marks[slug] = {name: mark for name, mark in marks.items() if mark is not None}
        told.ungraded += [(slug, name) for name, mark in marks.items() if mark is None]
    return told


def student(*marks: float | str | None) -> term.Student:
    """One with these marks, of 10 each; `-` is nothing handed in."""
    told = a_term(*({} if isinstance(mark, str) else {"ana": mark} for mark in marks))
    return term._student(told, Person("ana"))


def test_the_rule_of_who_falls_behind() -> None:
    def behind(*marks: float | str | None) -> list[str]:
        return student(*marks).behind

    assert behind(10, 10, 10) == behind(7, 5, 5) == behind(0, 0, 10, 10) == []
    assert behind("-", "-") == [NOTHING]
    assert behind(10, "-", "-") == [NOTHING, WORSE]
    assert behind(10, "-", 10) == [WORSE]
    assert behind("-", 9) == [LITTLE]
    assert behind(4, 5.9) == [LITTLE]
    assert behind(9, 9, 6, 6) == [WORSE]
    assert behind(8.5, 6, 6) == []  # just a quarter
    assert behind(10, 10, 10, None) == behind(None, None) == behind(None) == [], "what is ungraded does not count"
    assert behind("-") == [NOTHING]
    assert behind(3) == [LITTLE]
    assert behind() == []


@given(st.lists(st.sampled_from(["-", None, 0.0, 3.0, 5.0, 10.0, 12.0]), max_size=6))
def test_a_share_is_of_what_is_known(marks: list[Any]) -> None:
    told, known = student(*marks), [mark for mark in marks if mark is not None]
    reached = sum(mark for mark in known if mark != "-")
    assert told.sum == reached
    assert told.share == pytest.approx(reached / (10 * len(known)) if known else 0)
    assert [mark is None for mark in told.marks] == [mark in ("-", None) for mark in marks]


@pytest.fixture
def course(mini: Stage, one_worker: None, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Two graded stages of a class of five: gil handed in nothing."""
    monkeypatch.chdir(mini.course.root)
    make_stage(mini.course, "13_another_stage")
    write_roster(mini.course, Roster([Person(name, SCRIPT, name.title()) for name in PEOPLE]))
    for stage in mini.course.stages(tuple(CLASSES)):
        build(stage)
        folder = mini.course.root / stage.slug
        folder.mkdir()
        for name, answer in CLASSES[stage.slug].items():
            notebook = nbformat.read(stage.released, as_version=4)
            exercise = next(cell for cell in notebook.cells if cell.id == "differences")
            exercise.source = exercise.source if answer == BLANK else answer
            text = answer if answer == BROKEN else nbformat.writes(notebook)
            (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        keep(stage, grade(stage, folder, SANDBOX))
    return mini.course


def read(course: Course) -> Whole:
    return term.whole(read_term(course, graded_stages(course)))


def test_the_term_as_a_whole(course: Course) -> None:
    root = course.root
    said = CliRunner().invoke(main, ["report", "--all", "--json", "term.json"], catch_exceptions=False)
    told = json.loads((root / "term.json").read_text(encoding="utf-8"))
    shares = {name: (one["sum"], one["share"], one["behind"]) for name, one in told["students"].items()}
    assert shares == {
        "ana": (4, 1.0, []), "bo": (2, 0.5, []), "eva": (0, 0.0, [LITTLE]), "gil": (0, 0.0, [NOTHING]),
        "hal": (0, 0.0, [LITTLE]),
    }  # fmt: skip
    assert told["students"]["gil"]["marks"] == {"12_my_stage": None, "13_another_stage": None}
    assert [(s["stage"], s["marks"], s["missing"], s["ungraded"]) for s in told["stages"]] == [
        ("12_my_stage", 4, ["gil"], []), ("13_another_stage", 4, ["gil"], [])
    ]  # fmt: skip
    # A file that could not be run tells nothing about an exercise; what was not started is lost.
    assert told["exercises"] == [
        {"stage": "12_my_stage", "exercise": "differences", "lost": 4, "share": 0.6667, "students": 3},
        {"stage": "13_another_stage", "exercise": "differences", "lost": 4, "share": 0.5, "students": 4},
    ]
    assert [(m["stage"], m["mistake"], m["students"]) for m in told["misconceptions"]] == [
        ("12_my_stage", "sign swapped", ["bo", "eva"]), ("13_another_stage", "sign swapped", ["eva"])
    ]  # fmt: skip
    assert f"3 of 5 students fall behind: Eva {SCRIPT}, " in said.stdout
    with open(course.work / "report" / "term.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["bo"]["12_my_stage"] == "0" and rows["bo"]["13_another_stage_share"] == "1.000"
    assert (rows["bo"]["sum"], rows["bo"]["max"], rows["bo"]["share"], rows["bo"]["behind"]) == ("2", "4", "0.500", "")
    assert rows["gil"]["12_my_stage"] == rows["gil"]["12_my_stage_share"] == "" and rows["gil"]["behind"] == NOTHING


def test_the_page_is_harmless_and_has_its_pictures_for_light_and_dark(course: Course) -> None:
    text = term.render_page(read(course))
    assert is_harmless(text)
    assert "attack_4471" in text and SCRIPT not in text
    elements = Elements(text).found
    pictures = [attributes["src"] for tag, attributes in elements if tag == "img"]
    dark = [attributes["srcset"] for tag, attributes in elements if tag == "source"]
    assert len({*pictures, *dark}) == 4 and all(attributes["media"] for tag, attributes in elements if tag == "source")
    assert "handed in nothing" in text and "less than half of the points" in text
    assert "<strong>sign swapped</strong>" in text


def test_marks_and_penalties_are_those_of_the_gradebook(course: Course) -> None:
    """What a teacher gives by hand, and what is taken off for lateness, counts in the term."""
    with Database(course).open() as gradebook:
        submission = gradebook.find_submission("13_another_stage", "ana")
        submission.notebooks[0].late_submission_penalty = 0.5
        grade_ = gradebook.find_grade("differences-values", "13_another_stage", "13_another_stage", "eva")
        grade_.manual_score = 1.5
    told = read(course)
    sums = {one.person.id: one.sum for one in told.students}
    assert sums == {"ana": 3.5, "bo": 2, "eva": 1.5, "gil": 0, "hal": 0}
    stage = told.term.stages[1]
    assert told.late(stage) == {"ana": 0.5} and told.late(told.term.stages[0]) == {}
    assert next(cost.lost for cost in told.costs if cost.stage == stage.slug) == 2.5
    assert "ana 0.5" in term.render_page(told)


def test_what_is_ungraded_is_told_and_is_no_zero(course: Course) -> None:
    stage = course.stages(("13",))[0]
    keep(stage, ClassResult(stage.slug, 2, {"gil": StudentResult("ungraded", "The machine failed.")}))
    told = read(course)
    assert told.ungraded(stage) == ["gil"] and told.missing(stage) == []
    gil = next(one for one in told.students if one.person.id == "gil")
    assert gil.behind == [NOTHING]  # in the only stage that is known
    assert "gil" in term.render_page(told)


def test_without_a_roster_whoever_has_marks_is_a_student(course: Course) -> None:
    (course.root / "students.csv").unlink()
    told = read(course)
    assert [one.person.id for one in told.students] == ["ana", "bo", "eva", "hal"]
    assert told.missing(told.term.stages[0]) == []


def test_what_cannot_be_reported_is_told(mini: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mini.course.root)
    for words, fault in {
        ("report",): "is on one stage or on all of them",
        ("report", "12", "--all"): "is on one stage or on all of them",
        ("report", "--all"): "has no graded stage",
        ("report", "12", "--json", "x.json"): "goes with --all",
        ("report", "--all", "--json", "no/such/x.json"): "cannot be written",
    }.items():
        said = CliRunner().invoke(main, words)
        assert said.exit_code == 1 and fault in said.stderr
    assert not (mini.course.work / "report").exists()
