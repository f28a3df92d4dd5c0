"""What a class result means: how the points are spread, difficulty, discrimination, common mistakes."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from autograder.gradebook.results import ClassResult, StudentResult
from autograder.stage.model import Content

FEW = 30  # with fewer students a correlation is rough
MOST_ROWS = 40  # of the table of all students
KINDS = ("full", "part", "none", "blank")  # how much of an exercise a student has
LIGHT, DARK = 98, 61  # in percent: a cell for no points and one for all; black is read well on both


@dataclass
class Column:
    """Of the histogram: the students who have these points, to the nearest whole one."""

    low: int
    high: int
    count: int
    height: float  # in percent of the highest column

    @property
    def points(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"


@dataclass
class Item:
    """How one exercise or question did."""

    name: str
    max: float
    share: float  # of the points, on average: its difficulty
    kinds: dict[str, float]  # share of the students, by KINDS
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
class Row:
    """One student; for each exercise the percent of its points, extra ones as +4, and how light its cell is."""

    name: str
    score: float
    cells: list[tuple[str, int]]


@dataclass
class Mistake:
    """A known wrong answer, and who gave it."""

    exercise: str
    name: str
    says: str
    students: list[str] = field(default_factory=list)


# What it means.


def points(result: StudentResult, exercise: str) -> tuple[float, float]:
    """Reached and possible points of an exercise, without its extra checks."""
    own = [check for name, check in result.checks.items() if name.partition("-")[0] == exercise and not check.extra]
    return sum(c.score for c in own), sum(c.max for c in own)


def extra(result: StudentResult, exercise: str) -> tuple[float, float]:
    """Reached and possible points of its extra checks."""
    own = [check for name, check in result.checks.items() if name.partition("-")[0] == exercise and check.extra]
    return sum(c.score for c in own), sum(c.extra for c in own)


def histogram(scores: list[float], most: float) -> list[Column]:
    """A column for each point, or for some points where there are many."""
    top = max(int(most), 1)
    step = max(1, round(top / 24))
    lows = range(0, top + 1, step)
    counts = Counter(min(int((score + 0.5) // step), len(lows) - 1) for score in scores)
    highest = max(counts.values(), default=1)
    return [
        Column(low, min(low + step - 1, top), counts[i], round(100 * counts[i] / highest, 1))
        for i, low in enumerate(lows)
    ]


def table(graded: dict[str, StudentResult], exercises: list[str]) -> list[Row]:
    """A row for each student, who has the most points first; none for a large class."""
    rows = []
    for name in sorted(graded, key=lambda n: (-graded[n].score, n)) if len(graded) <= MOST_ROWS else ():
        rows.append(Row(name, graded[name].score, [_cell(graded[name], exercise) for exercise in exercises]))
    return rows


def _cell(result: StudentResult, exercise: str) -> tuple[str, int]:
    (reached, most), (more, most_more) = points(result, exercise), extra(result, exercise)
    share = reached / most if most else more / most_more if most_more else 0.0
    percent = f"{100 * share:.0f}" if most or not most_more else ""
    return percent + (f"+{more:g}" if more else ""), round(LIGHT + (DARK - LIGHT) * min(share, 1))


def items(result: ClassResult, exercises: list[str]) -> list[Item]:
    """Difficulty and discrimination of each exercise, over the submissions that could be graded. Extra is left out."""
    graded = [r for r in result.students.values() if r.has_marks]
    found = []
    for exercise in exercises if graded else []:
        own, most = [points(r, exercise)[0] for r in graded], points(graded[0], exercise)[1]
        rest = [r.score - r.earned_extra - score for r, score in zip(graded, own, strict=True)]
        counts = Counter(_kind(score, most, exercise in r.blank) for r, score in zip(graded, own, strict=True))
        kinds = {kind: counts[kind] / len(graded) for kind in KINDS}
        share = statistics.fmean(own) / most if most else 0.0
        found.append(Item(exercise, most, share, kinds, correlation(own, rest)))
    return found


def _kind(reached: float, most: float, blank: bool) -> str:
    if reached >= most:
        return "full"
    return "blank" if blank else "part" if reached else "none"


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
        wrong = {name.partition("-")[0] for name, check in told.checks.items() if not check.full} - told.blank
        for exercise in content.written if told.ran else ():
            if name := told.misconceptions.get(exercise):
                mistake = Mistake(exercise, name, told.says.get(exercise, ""))
                known.setdefault((exercise, name), mistake).students.append(student)
            elif exercise in wrong and not broken_below(content, told, exercise) and not stopped_with(told, exercise):
                unknown.append((exercise, student))
    return sorted(known.values(), key=lambda m: (-len(m.students), m.exercise, m.name)), unknown
