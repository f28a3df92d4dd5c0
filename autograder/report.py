"""A picture of a graded class."""

from __future__ import annotations

from pathlib import Path

from autograder.grade import ClassResult


def plot_class(result: ClassResult, exercises: list[str], path: Path) -> None:
    """Save a heatmap, students by exercises, of the share of points reached."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from autograder.lab import plots

    plots.use_style()
    names = sorted(result.students, key=lambda n: (-result.students[n].score, n))
    shares = []
    for name in names:
        checks = result.students[name].checks
        row = []
        for exercise in exercises:
            own = [c for check, c in checks.items() if check.split("-")[0] == exercise]
            row.append(100 * sum(c.score for c in own) / sum(c.max for c in own))
        shares.append(row)
    what = result.stage if result.sandbox == "bwrap" else f"{result.stage} (no sandbox)"
    labels = [f"{_short(n)}  {result.students[n].score:g}" for n in names]
    if len(names) > 40:  # the picture stays readable: the class as a whole, not each student
        means = {e: sum(row[i] for row in shares) / len(shares) for i, e in enumerate(exercises)}
        ax = plots.bars(means, title=f"{what}: {len(names)} students", xlabel="points reached, in percent")
    else:
        ax = plots.heatmap(shares, labels, exercises, title=f"{what}: points reached, in percent", numbers=True)
        ax.set_xticklabels(exercises, rotation=20, ha="right")
    path.parent.mkdir(parents=True, exist_ok=True)
    plt.savefig(path)
    plt.close()


def _short(name: str) -> str:
    """A student's name as a label: not too long, and no formula."""
    return (name if len(name) <= 24 else name[:23] + "…").replace("$", r"\$")
