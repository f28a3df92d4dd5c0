"""What the last grading of a stage found, kept for the report. What the marks are, the gradebook says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Course, Stage
from autograder.gradebook.database import Database
from autograder.gradebook.results import ClassResult, Mark, StudentResult
from autograder.intake.roster import read_roster


def stored(stage: Stage) -> Path:
    return stage.course.work / "report" / f"{stage.slug}.json"


def keep(stage: Stage, result: ClassResult) -> ClassResult:
    """Store what grading found. Students who were graded before stay; returns all of them.

    So does the earlier result of a submission that is ungraded now. Whoever was graded without a sandbox stays marked.
    """
    students = {name: replace(told, sandbox=result.sandbox) for name, told in result.students.items()}
    known = read_roster(stage.course)
    try:
        before = load(stage).students
        if known is not None:  # a name that nobody had may be somebody's by now
            ids = {person.id for person in known.people}
            before = {name: told for name, told in before.items() if told.status != "ungraded" or name in ids}
        for name in students.keys() & before.keys():  # what comes without a number tells nothing against it
            students[name].number = students[name].number or before[name].number
        both = (*before.values(), *students.values())
        checks = [{n: (c.max, c.extra) for n, c in s.checks.items()} for s in both if s.checks]
        if all(c == checks[-1] for c in checks):
            stay = {name: told for name, told in students.items() if told.status == "ungraded" and name in before}
            students = before | {name: told for name, told in students.items() if name not in stay}
    except CourseError:  # the first time
        pass
    sandbox = "none" if any(told.sandbox == "none" for told in students.values()) else "bwrap"
    whole = ClassResult(result.stage, result.max_score, dict(sorted(students.items())), sandbox)
    store(stage, whole)
    return whole


def store(stage: Stage, whole: ClassResult) -> None:
    data = whole.as_json()
    for name, student in whole.students.items():
        data["students"][name] |= {
            "checks": {check: vars(mark) for check, mark in student.checks.items()},
            "blank": sorted(student.blank),
            "seconds": round(student.seconds, 2),
            "sandbox": student.sandbox,
            "number": student.number,
        }
    data["graded"] = datetime.now().isoformat(timespec="seconds")
    write_whole(stored(stage), json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def as_in_gradebook(stage: Stage, result: ClassResult) -> tuple[ClassResult, list[str]]:
    """The class with the marks that the gradebook has now, and without students who are not in it any more.

    And who is in the gradebook, and not in what was stored.
    """
    with Database(stage.course) as data:
        marks = data.marks(stage.slug)
    students = {name: r for name, r in result.students.items() if name in marks or r.status == "ungraded"}
    for name in students.keys() & marks.keys():
        students[name].take(marks[name], automatic=True)
    return replace(result, students=students), sorted(marks.keys() - students.keys())


def load(stage: Stage) -> ClassResult:
    """What was stored.

    Raises:
        CourseError: when there is nothing, or nothing that can be read.
    """
    fix = f"Grade a class first: python3 course.py grade {stage.slug} --from submissions/"
    try:
        data = json.loads(stored(stage).read_text(encoding="utf-8"))
        students = {name: _student(told) for name, told in data["students"].items()}
        return ClassResult(stage.slug, data["max_score"], dict(sorted(students.items())), data["sandbox"])
    except FileNotFoundError as e:
        raise CourseError(Fault(stage.slug, "has not been graded yet.", fix)) from e
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise CourseError(Fault(stage.place(stored(stage)), "cannot be read.", fix)) from e


def graded_stages(course: Course) -> list[Stage]:
    """The stages that were graded, in order.

    Raises:
        CourseError: where there is none.
    """
    found = [stage for stage in course.stages() if stored(stage).is_file()]
    if not found:
        raise CourseError(Fault("the course", "has no graded stage.", "Grade one: python3 course.py grade 03 --from …"))
    return found


def stored_students(stage: Stage) -> dict[str, StudentResult]:
    """Of what was stored, the submissions that ran; nothing where nothing can be read."""
    try:
        return {name: told for name, told in load(stage).students.items() if told.ran}
    except CourseError:
        return {}


def _student(told: dict[str, Any]) -> StudentResult:
    result = StudentResult(told["status"], told["reason"], {n: Mark(**c) for n, c in told["checks"].items()})
    result.misconceptions, result.says = told["misconceptions"], told.get("says", {})
    result.blank, result.seconds = set(told["blank"]), float(told["seconds"])
    result.sandbox, result.number = told.get("sandbox", "bwrap"), told.get("number", "")
    return result
