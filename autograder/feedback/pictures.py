"""The report's pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.feedback.statistics import points
from autograder.gradebook.results import ClassResult, StudentResult
from autograder.stage.model import Content

MOST_ROWS = 40  # of the picture of all students


def pictures(content: Content, result: ClassResult, graded: dict[str, StudentResult]) -> dict[str, str]:
    """Each as the address of an `img`."""
    if not graded:
        return {}
    import matplotlib

    matplotlib.use("agg")

    from autograder.lab import plots

    plots.use_style()
    names = sorted(graded, key=lambda n: (-graded[n].score, n))
    shares = [[_percent(graded[name], exercise) for exercise in content.exercises] for name in names]
    drawn: dict[str, str] = {}
    with _drawn(drawn, "scores") as plt:
        top = max(int(result.max_score), 1)
        bins = [i - 0.5 for i in range(0, top + 2, max(1, round(top / 24)))]
        bins += [top + 0.5] if bins[-1] < top + 0.5 else []
        ax = plt.subplots(figsize=(plots.WIDTH, 2.6))[1]
        ax.hist([graded[n].score for n in names], bins=bins, color=plots.COLORS[0], edgecolor="white")
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set(title="How the points are spread", xlabel=f"points, of {result.max_score:g}", ylabel="students")
    with _drawn(drawn, "exercises") as plt:
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
        with _drawn(drawn, "students") as plt:
            labels = [f"{_short(n)}  {graded[n].score:.4g}" for n in names]
            ax = plt.subplots(figsize=(plots.WIDTH, 1.4 + 0.26 * len(names)))[1]
            plots.heatmap(shares, labels, content.exercises, numbers=True, ax=ax)
            ax.set_title("Each student: points reached, in percent")
            ax.set_xticklabels(content.exercises, rotation=30, ha="right")
    return drawn


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
    plt.gcf().savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close("all")
    pictures[name] = "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _short(name: str) -> str:
    """A student's name as a label: not too long, and no formula."""
    return (name if len(name) <= 24 else name[:23] + "…").replace("$", r"\$")
