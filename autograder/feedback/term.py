"""The course as a whole: each student in each stage, who falls behind, what cost the class most. A page and a table."""

from __future__ import annotations

import base64
import io
import json
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.files import as_number, write_whole
from autograder.course.layout import Stage
from autograder.feedback.export import Term, as_csv, plain
from autograder.feedback.render import render
from autograder.feedback.statistics import DARK, LIGHT, Mistake, mistakes, points
from autograder.gradebook.results import ClassResult
from autograder.intake.roster import Person
from autograder.stage.read import read_stage

NAME = "term"  # of the page and the table
LAST = 2  # so many of the stages, the last ones that were graded, say who falls behind
HALF = 0.5  # of their points
FELL = 0.25  # of the points less than in the stages before
MOST_COSTS, MOST_MISTAKES = 12, 15
# What a student is told to fall behind by; the page says the rule in words.
NOTHING, LITTLE, WORSE = "nothing_handed_in", "less_than_half", "fell"


@dataclass
class Student:
    """One student. `marks` has None where there is none, `shares` are of the stage's points."""

    person: Person
    marks: list[float | None]
    shares: list[float | None]
    sum: float
    share: float  # of the points of all stages; of those that are ungraded it is not known, so they are left out
    behind: list[str] = field(default_factory=list)

    def light(self, share: float) -> int:
        return round(LIGHT + (DARK - LIGHT) * min(share, 1))


@dataclass
class Cost:
    """An exercise: the points that the class lost in it, and their share of all that could be had."""

    stage: str
    exercise: str
    lost: float
    share: float
    students: int


@dataclass
class Whole:
    """What the page shows."""

    term: Term
    students: list[Student]
    costs: list[Cost]  # the dearest first
    mistakes: list[tuple[str, Mistake]]  # with their stages, the commonest first

    def ungraded(self, stage: Stage) -> list[str]:
        return [student for slug, student in self.term.ungraded if slug == stage.slug]

    def missing(self, stage: Stage) -> list[str]:
        """Who handed in nothing."""
        there = self.term.marks[stage.slug].keys() | set(self.ungraded(stage))
        return [one.person.id for one in self.students if one.person.id not in there]

    def late(self, stage: Stage) -> dict[str, float]:
        """Who lost how many points for it."""
        of = self.term.classes[stage.slug].students
        return {name: told.late_penalty for name, told in of.items() if told.late_penalty}

    def shares(self, stage: Stage) -> list[float]:
        """Of those who have a mark."""
        most = self.term.most[stage.slug]
        return [mark / most for mark in self.term.marks[stage.slug].values()] if most else []

    def as_json(self) -> dict[str, Any]:
        stages = []
        for stage in self.term.stages:
            shares = self.shares(stage)
            told: dict[str, Any] = {"stage": stage.slug, "max": as_number(self.term.most[stage.slug])}
            told |= {"marks": len(shares), "mean_share": round(statistics.fmean(shares), 4) if shares else None}
            told |= {"missing": self.missing(stage), "ungraded": self.ungraded(stage)}
            stages.append(told | {"late_penalty": {n: as_number(off) for n, off in self.late(stage).items()}})
        students = {}
        for one in self.students:
            marks = dict(zip((stage.slug for stage in self.term.stages), one.marks, strict=True))
            students[one.person.id] = {
                "name": one.person.shown,
                "marks": {slug: None if mark is None else as_number(mark) for slug, mark in marks.items()},
                "sum": as_number(one.sum),
                "share": round(one.share, 4),
                "behind": one.behind,
            }
        costs = [vars(cost) | {"lost": as_number(cost.lost), "share": round(cost.share, 4)} for cost in self.costs]
        known = [
            {"stage": slug, "exercise": m.exercise, "mistake": m.name, "says": m.says, "students": m.students}
            for slug, m in self.mistakes
        ]
        return {"stages": stages, "students": students, "exercises": costs, "misconceptions": known}


def whole(term: Term) -> Whole:
    """All that the marks of a term mean.

    Raises:
        CourseError: where the text of a stage has faults.
    """
    students = [_student(term, person) for person in term.students]
    costs, known = list[Cost](), list[tuple[str, Mistake]]()
    for stage in term.stages:
        content, result = read_stage(stage), term.classes[stage.slug]
        counted = [exercise for exercise in content.exercises if exercise not in content.extras]
        costs += filter(None, (_cost(result, exercise) for exercise in counted))
        known += [(stage.slug, mistake) for mistake in mistakes(content, result)[0]]
    costs.sort(key=lambda cost: (-cost.lost, cost.stage, cost.exercise))
    known.sort(key=lambda pair: (-len(pair[1].students), pair[0], pair[1].exercise))
    return Whole(term, students, costs, known)


def _student(term: Term, person: Person) -> Student:
    most = [term.most[stage.slug] for stage in term.stages]
    marks = [term.marks[stage.slug].get(person.id) for stage in term.stages]
    shares = [mark / top if mark is not None and top else None for mark, top in zip(marks, most, strict=True)]
    unknown = [(stage.slug, person.id) in term.ungraded for stage in term.stages]
    known = [(mark, top) for mark, top, no in zip(marks, most, unknown, strict=True) if not no]
    total, share = sum(mark or 0 for mark, _ in known), _share(known)
    behind, (before, last) = [], (known[:-LAST], known[-LAST:])
    if last and all(mark is None for mark, _ in last):
        behind.append(NOTHING)
    elif last and _share(last) < HALF:
        behind.append(LITTLE)
    if before and last and _share(before) - _share(last) > FELL:
        behind.append(WORSE)
    return Student(person, marks, shares, total, share, behind)


def _share(known: Sequence[tuple[float | None, float]]) -> float:
    """Of the points of some stages; where nothing was handed in, there are none."""
    most = sum(top for _, top in known)
    return sum(mark or 0 for mark, _ in known) / most if most else 0.0


def _cost(result: ClassResult, exercise: str) -> Cost | None:
    """Over the submissions that have marks, as the report of a stage counts."""
    own = [points(told, exercise) for told in result.students.values() if told.has_marks]
    lost, most = sum(max(0.0, top - reached) for reached, top in own), sum(top for _, top in own)
    return Cost(result.stage, exercise, lost, lost / most, len(own)) if most else None


def write(told: Whole, folder: Path) -> tuple[Path, Path]:
    """Write the page and the table beside it; returns where they are."""
    page, table = folder / f"{NAME}.html", folder / f"{NAME}.csv"
    write_whole(page, render_page(told))
    write_whole(table, as_csv(as_table(told), "\ufeff"))
    return page, table


def write_json(told: Whole, path: Path) -> None:
    write_whole(path, json.dumps(told.as_json(), indent=1, ensure_ascii=False) + "\n")


def as_table(told: Whole) -> list[list[str]]:
    """The marks of the term as they are exported; then the shares, and how somebody falls behind."""
    heads, *rows = plain(told.term)
    heads = [*heads, *(f"{stage.slug}_share" for stage in told.term.stages), "share", "behind"]
    table = [heads]
    for row, one in zip(rows, told.students, strict=True):
        shares = ["" if share is None else f"{share:.3f}" for share in one.shares]
        table.append([*row, *shares, f"{one.share:.3f}", "; ".join(one.behind)])
    return table


def render_page(told: Whole) -> str:
    term = told.term
    numbers = [stage.slug.partition("_")[0] for stage in term.stages]
    most = sum(term.most.values())
    return render(
        "term.html.j2",
        told=told,
        stages=term.stages,
        max_score=most,
        mean=statistics.fmean(one.share for one in told.students) if told.students else 0,
        behind=[one for one in told.students if one.behind],
        ranked=sorted(told.students, key=lambda one: (-one.share, one.person.id)),
        costs=told.costs[:MOST_COSTS],
        mistakes=told.mistakes[:MOST_MISTAKES],
        last=min(LAST, len(term.stages)),
        half=HALF,
        fell=FELL,
        words={
            NOTHING: "handed in nothing",
            LITTLE: "less than half of the points",
            WORSE: "fell",
        },
        pictures={
            "stages": [_stages(numbers, [told.shares(stage) for stage in term.stages], dark) for dark in (False, True)],
            "costs": [_costs(told.costs[:MOST_COSTS], dark) for dark in (False, True)],
        },
        when=f"{datetime.now():%Y-%m-%d %H:%M}",
    )


# Pictures: as wide as the page, once for light pages and once for dark ones


def _stages(names: list[str], shares: list[list[float]], dark: bool) -> str:
    """How the shares of the points are spread in each stage: each student a dot, the quarters a box."""
    figure, axes, color = _figure(3.2, dark)
    for x, own in enumerate(shares):
        if not own:
            continue
        beside = random.Random(x)  # so that equal ones are seen side by side
        places = [x + beside.uniform(-0.22, 0.22) for _ in own]
        axes.plot(places, [100 * value for value in own], "o", ms=3.5, alpha=0.5, color=color, mew=0)
        box = axes.boxplot(
            [[100 * value for value in own]], positions=[x], widths=0.55, showfliers=False, whis=(0, 100)
        )
        for part in box["boxes"] + box["whiskers"] + box["caps"]:
            part.set_color(axes.xaxis.label.get_color())
        for part in box["medians"]:
            part.set(color="#d55e00", linewidth=2.5)
    axes.set_xticks(range(len(names)), names)
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(-4, None), xlabel="stage", ylabel="percent of the points")
    axes.grid(axis="y", alpha=0.3)
    return _as_address(figure)


def _costs(costs: list[Cost], dark: bool) -> str:
    """The exercises that cost the class most."""
    figure, axes, color = _figure(0.7 + 0.28 * max(len(costs), 1), dark)
    names = [f"{cost.stage.partition('_')[0]}  {cost.exercise}" for cost in costs]
    bars = axes.barh(range(len(costs)), [cost.lost for cost in costs], color=color)
    axes.bar_label(bars, [f"{cost.lost:.4g}, {100 * cost.share:.0f} %" for cost in costs], padding=4)
    axes.set_yticks(range(len(costs)), names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xlabel("points lost by the class, and their share of all that could be had")
    return _as_address(figure)


def _figure(height: float, dark: bool) -> tuple[Any, Any, str]:
    """A figure without pyplot's windows and settings, its axes, and the colour of what it shows."""
    from matplotlib.figure import Figure

    ink, paper, color = ("#e6edf3", "#0d1117", "#56b4e9") if dark else ("#1b1f24", "#ffffff", "#0072b2")
    figure = Figure(figsize=(8.4, height), dpi=180, layout="constrained", facecolor=paper)
    axes = figure.add_subplot(facecolor=paper)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink)
    axes.tick_params(colors=ink)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(ink)
    return figure, axes, color


def _as_address(figure: Any) -> str:
    for axes in figure.axes:
        for text in axes.texts:
            text.set_color(axes.xaxis.label.get_color())
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
