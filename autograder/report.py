"""The class report: how the points are spread, which exercises are hard, which mistakes are common, what failed."""

from __future__ import annotations

import base64
import csv
import io
import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import CourseError, Fault, Stage
from autograder.grade import CheckResult, ClassResult, StudentResult
from autograder.stage import Content
from autograder.store import write_whole

MOST_ROWS = 40  # of the picture of all students
MOST_MISTAKES, MOST_EXAMPLES = 15, 3
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


# What the last grading found.


def stored(stage: Stage) -> Path:
    return stage.course.work / "report" / f"{stage.slug}.json"


def keep(stage: Stage, result: ClassResult) -> ClassResult:
    """Store what grading found. Students who were graded before stay, as in the gradebook; returns all of them."""
    whole = result
    try:
        before = load(stage)
        checks = [{name: c.max for name, c in s.checks.items()} for r in (before, result) for s in r.students.values()]
        if all(c == checks[-1] for c in checks):
            whole = ClassResult(result.stage, result.max_score, before.students | result.students, result.sandbox)
            whole.sandbox = "none" if before.sandbox == "none" else result.sandbox
    except CourseError:  # the first time
        pass
    data = whole.as_json()
    for name, student in whole.students.items():
        data["students"][name] |= {"blank": sorted(student.blank), "seconds": round(student.seconds, 2)}
    data["graded"] = datetime.now().isoformat(timespec="seconds")
    write_whole(stored(stage), json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    return whole


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


def _student(told: dict[str, Any]) -> StudentResult:
    result = StudentResult(told["status"], told["reason"], {n: CheckResult(**c) for n, c in told["checks"].items()})
    result.misconceptions, result.says = told["misconceptions"], told.get("says", {})
    result.blank, result.seconds = set(told["blank"]), float(told["seconds"])
    return result


# What it means.


def points(result: StudentResult, exercise: str) -> tuple[float, float]:
    """Reached and possible points of an exercise."""
    own = [check for name, check in result.checks.items() if name.partition("-")[0] == exercise]
    return sum(c.score for c in own), sum(c.max for c in own)


def items(result: ClassResult, exercises: list[str]) -> list[Item]:
    """Difficulty and discrimination of each exercise, over the submissions that could be graded."""
    graded = [r for r in result.students.values() if r.status != "failed"]
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
    from autograder.grade import broken_below, stopped_with

    known: dict[tuple[str, str], Mistake] = {}
    unknown = []
    for student, told in result.students.items():
        wrong = {name.partition("-")[0] for name, check in told.checks.items() if check.lost} - told.blank
        for exercise in content.written if told.status != "failed" else ():
            if name := told.misconceptions.get(exercise):
                mistake = Mistake(exercise, name, told.says.get(exercise, ""))
                known.setdefault((exercise, name), mistake).students.append(student)
            elif exercise in wrong and not broken_below(content, told, exercise) and not stopped_with(told, exercise):
                unknown.append((exercise, student))
    return sorted(known.values(), key=lambda m: (-len(m.students), m.exercise, m.name)), unknown


# Files.


def write(stage: Stage, content: Content, result: ClassResult, folder: Path) -> tuple[Path, Path]:
    """Write the page and the table beside it; returns where they are."""
    page, table = folder / f"{stage.slug}.html", folder / f"{stage.slug}.csv"
    write_whole(page, render_page(content, result))
    write_whole(table, "\ufeff" + as_csv(content, result))  # with the mark by which spreadsheets know UTF-8
    return page, table


def as_csv(content: Content, result: ClassResult) -> str:
    """One line a student: status, score, points of each exercise, misconceptions, seconds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["student", "status", "score", "max", *content.exercises, "misconceptions", "seconds", "reason", "sandbox"]
    writer.writerow(heads)
    for name, r in result.students.items():
        own = [_number(points(r, exercise)[0]) for exercise in content.exercises]
        known = "; ".join(f"{exercise}: {mistake}" for exercise, mistake in r.misconceptions.items())
        row = [name, r.status, _number(r.score), _number(result.max_score), *own, known, f"{r.seconds:.2f}", r.reason]
        row.append(result.sandbox)
        writer.writerow([_harmless(value) for value in row])
    return text.getvalue()


def _number(value: float) -> str:
    return f"{value:.10g}"


def _harmless(value: str) -> str:
    """A spreadsheet would take a name such as `=cmd()` for a formula."""
    return "'" + value if value[:1] in tuple("=+-@\t\r") and value[:1] else value


def render_page(content: Content, result: ClassResult) -> str:
    """The whole page, pictures and all."""
    from autograder.feedback import render
    from autograder.quiz import option_counts

    graded = {name: r for name, r in result.students.items() if r.status != "failed"}
    scores, seconds = [r.score for r in graded.values()], sorted(r.seconds for r in graded.values())
    known, unknown = mistakes(content, result)
    counts = option_counts(content, result.students)
    return render(
        "report.html.j2",
        result=result,
        graded=graded,
        failed={name: r for name, r in result.students.items() if r.status == "failed"},
        repaired={name: r for name, r in graded.items() if r.status == "repaired"},
        mean=statistics.fmean(scores) if scores else 0,
        median=statistics.median(scores) if scores else 0,
        spread=statistics.pstdev(scores) if scores else 0,
        items=items(result, content.exercises),
        few=FEW,
        mistakes=known,
        most=MOST_MISTAKES,
        examples=MOST_EXAMPLES,
        unknown=unknown,
        quizzes=[(quiz, counts[quiz.id]) for quiz in content.quizzes],
        seconds=seconds,
        slowest=sorted(graded.items(), key=lambda pair: -pair[1].seconds)[:MOST_EXAMPLES],
        pictures=_pictures(content, result, graded),
        when=f"{datetime.now():%Y-%m-%d %H:%M}",
    )


def _pictures(content: Content, result: ClassResult, graded: dict[str, StudentResult]) -> dict[str, str]:
    """Each as the address of an `img`."""
    if not graded:
        return {}
    import matplotlib

    matplotlib.use("agg")

    from autograder.lab import plots

    plots.use_style()
    names = sorted(graded, key=lambda n: (-graded[n].score, n))
    shares = [[_percent(graded[name], exercise) for exercise in content.exercises] for name in names]
    pictures: dict[str, str] = {}
    with _drawn(pictures, "scores") as plt:
        top = max(int(result.max_score), 1)
        bins = [i - 0.5 for i in range(0, top + 2, max(1, round(top / 24)))]
        bins += [top + 0.5] if bins[-1] < top + 0.5 else []
        ax = plt.subplots(figsize=(plots.WIDTH, 2.6))[1]
        ax.hist([graded[n].score for n in names], bins=bins, color=plots.COLORS[0], edgecolor="white")
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set(title="How the points are spread", xlabel=f"points, of {result.max_score:g}", ylabel="students")
    with _drawn(pictures, "exercises") as plt:
        ax = plt.subplots(figsize=(plots.WIDTH, 1.2 + 0.3 * len(content.exercises)))[1]
        left = [0.0] * len(content.exercises)
        kinds = ("all points", "part", "none", "not started")
        colors, hatches = ("#0072B2", "#56B4E9", "#D55E00", "#D0D7DE"), ("", "//", "", "")
        for kind, color, hatch in zip(kinds, colors, hatches, strict=True):
            width = [
                100 * sum(_kind(r, exercise) == kind for r in graded.values()) / len(graded)
                for exercise in content.exercises
            ]
            ax.barh(content.exercises, width, left=left, color=color, hatch=hatch, edgecolor="white", label=kind)
            left = [a + b for a, b in zip(left, width, strict=True)]
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
        ax.set(title="Each exercise", xlabel="students, in percent", xlim=(0, 100))
        ax.figure.legend(ncols=4, frameon=False, loc="outside lower center", fontsize=9)
    if len(names) <= MOST_ROWS:
        with _drawn(pictures, "students") as plt:
            labels = [f"{_short(n)}  {graded[n].score:.4g}" for n in names]
            ax = plt.subplots(figsize=(plots.WIDTH, 1.4 + 0.26 * len(names)))[1]
            plots.heatmap(shares, labels, content.exercises, numbers=True, ax=ax)
            ax.set_title("Each student: points reached, in percent")
            ax.set_xticklabels(content.exercises, rotation=30, ha="right")
    return pictures


def _percent(result: StudentResult, exercise: str) -> float:
    reached, most = points(result, exercise)
    return 100 * reached / most if most else 0.0


def _kind(result: StudentResult, exercise: str) -> str:
    reached, most = points(result, exercise)
    if reached >= most:
        return "all points"
    return "not started" if exercise in result.blank else "part" if reached else "none"


@contextmanager
def _drawn(pictures: dict[str, str], name: str) -> Iterator[Any]:
    """Draw in the block; the picture is then in `pictures`. Its letters are shapes, so that no font is needed."""
    import matplotlib.pyplot as plt

    yield plt
    file = io.BytesIO()
    plt.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close("all")
    pictures[name] = "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _short(name: str) -> str:
    """A student's name as a label: not too long, and no formula."""
    return (name if len(name) <= 24 else name[:23] + "…").replace("$", r"\$")
