"""What a class result means: difficulty, discrimination, common mistakes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from autograder.gradebook.results import ClassResult, StudentResult
from autograder.stage.model import Content

FEW = 30  # with fewer students a correlation is rough


@dataclass
class Item:
    """How one exercise or question did."""

    name: str
    max: float
    share: float  # of the points, on average: its difficulty
    full: float  # share of the students with all points
    blank: float
    discrimination: float | None  # correlation with the points of all other exercises

    @property
    def remark(self) -> str:
        if self.discrimination is None:
            return "all have the same points, here or elsewhere"
        if self.discrimination < 0:
            return "who is good elsewhere loses points here: look at its checks"
        if self.share < 0.2:
            return "hardly anyone has it: look at its text and hints"
        return "says little about the rest" if self.discrimination < 0.2 else ""


@dataclass
class Mistake:
    """A known wrong answer, and who gave it."""

    exercise: str
    name: str
    says: str
    students: list[str] = field(default_factory=list)


# What it means.


def points(result: StudentResult, exercise: str) -> tuple[float, float]:
    """Reached and possible points of an exercise."""
    own = [check for name, check in result.checks.items() if name.partition("-")[0] == exercise]
    return sum(c.score for c in own), sum(c.max for c in own)


def items(result: ClassResult, exercises: list[str]) -> list[Item]:
    """Difficulty and discrimination of each exercise, over the submissions that could be graded."""
    graded = [r for r in result.students.values() if r.has_marks]
    found = []
    for exercise in exercises if graded else []:
        own, most = [points(r, exercise)[0] for r in graded], points(graded[0], exercise)[1]
        rest = [r.score - score for r, score in zip(graded, own, strict=True)]
        n = len(graded)
        full, blank = sum(score >= most for score in own) / n, sum(exercise in r.blank for r in graded) / n
        share = statistics.fmean(own) / most if most else 0.0
        found.append(Item(exercise, most, share, full, blank, correlation(own, rest)))
    return found


def correlation(xs: list[float], ys: list[float]) -> float | None:
    """Pearson's; None where one of the two is the same for everyone."""
    if len(xs) < 3 or len(set(xs)) == 1 or len(set(ys)) == 1:
        return None
    return statistics.correlation(xs, ys)


def mistakes(content: Content, result: ClassResult) -> tuple[list[Mistake], list[tuple[str, str]]]:
    """The known mistakes, the commonest first; and (exercise, student) of wrong answers that nobody knows yet."""
    from autograder.gradebook.results import broken_below, stopped_with

    known: dict[tuple[str, str], Mistake] = {}
    unknown = []
    for student, told in result.students.items():
        wrong = {name.partition("-")[0] for name, check in told.checks.items() if check.lost} - told.blank
        for exercise in content.written if told.has_marks else ():
            if name := told.misconceptions.get(exercise):
                mistake = Mistake(exercise, name, told.says.get(exercise, ""))
                known.setdefault((exercise, name), mistake).students.append(student)
            elif exercise in wrong and not broken_below(content, told, exercise) and not stopped_with(told, exercise):
                unknown.append((exercise, student))
    return sorted(known.values(), key=lambda m: (-len(m.students), m.exercise, m.name)), unknown
