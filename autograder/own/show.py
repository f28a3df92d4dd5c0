"""A checked notebook as a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from autograder.run.job import Job, Result, in_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
from autograder.own.check import name_misconceptions
from autograder.own.findings import Finding, Report

MARKS = {"done": "✓", "started": "✗", "blank": "·"}
LATER = "hidden checks run when you submit"


def table(report: Report, only: list[str] | None = None) -> Table:
    """One row an exercise; `only` these."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title(report), title_justify="left", title_style="bold", show_lines=True)
    for heading in ("exercise", "", "points" if report.hidden else "checks", "what to know"):
        shown.add_column(heading, overflow="fold")
    for f in report.findings:
        if only is None or f.exercise in only:
            style = {"done": "green", "started": "red", "blank": "dim"}[f.state]
            mark = _points(f) if report.hidden else f"visible {f.passed} of {f.checks}"
            mark = ("extra, " if f.optional else "") + "not started" if f.state == "blank" else mark
            shown.add_row(f.exercise, Text(MARKS[f.state], style), Text(mark), _what_to_know(f, report.hidden))
    return shown


def _points(finding: Finding) -> str:
    points = f"{finding.score:.3g} of {finding.max:g}" if not finding.optional else ""
    extra = f"{finding.extra:.3g} of {finding.extra_max:g} extra" if finding.extra_max else ""
    return " + ".join(filter(None, [points, extra]))


def title(report: Report) -> str:
    """The whole notebook in one line. An exercise that is extra as a whole is missing nowhere."""
    found, slug = [f for f in report.findings if not f.optional], report.paper.stage.slug
    done = f"{sum(f.state == 'done' for f in found)} of {len(found)} exercises"
    if report.hidden:
        extra = f" +{report.extra:.4g} extra" if report.extra else ""
        return f"{slug}: {sum(f.score for f in found):.4g} of {sum(f.max for f in found):g} points{extra}, {done}"
    passed, checks = sum(f.passed for f in found), sum(f.checks for f in found)
    return f"{slug}: visible {passed} of {checks} checks; {LATER}"


def _what_to_know(finding: Finding, hidden: bool) -> Text:
    """The message, and under it what helps."""
    from rich.text import Text

    text = Text()
    if finding.state == "done" and not hidden:
        text.append("answered; graded when you submit" if finding.quiz else LATER)
    if finding.solution_shown:
        text.append("its solution was shown: no points")
    if finding.state != "started" and not finding.message:
        return text
    if finding.state == "done":  # as far as there are points
        text.append("\nExtra: " if text else "Extra: ", "bold")
    text.append("\n" if finding.solution_shown and finding.state == "started" else "")
    # Where the mistake is known, nobody has to guess.
    text.append(in_words(finding.message, "" if finding.misconception else finding.likely_cause, ""))
    if finding.more:
        text.append(f"\n{'also fails' if len(finding.more) == 1 else 'also fail'}: {', '.join(finding.more)}", "dim")
    lines = [("Mend first", f"{', '.join(finding.below)}, which this exercise uses." if finding.below else "")]
    if finding.carried_forward:
        words = f"{finding.carried_forward:g} of its points are yours: with the reference below it, these checks pass."
        lines.append(("Carried forward", words))
    lines.append(("Probably", finding.misconception))
    if finding.hint:
        lines.append((f"Hint {finding.hint} of {len(finding.hints)}", finding.hints[finding.hint - 1]))
    lines.append(("Read again", f"{finding.section}" if finding.section else ""))
    for name, words in lines:
        if words:
            text.append(f"\n{name}: ", "bold")
            text.append(words)
    return text


def show_again(report: Report, console: Console, run: Callable[[Job], Result]) -> None:
    """After a save: the verdicts that are new; then, as that takes longer, which known mistakes they are."""
    shown = [f.exercise for f in report.findings if f.exercise in report.ran and f.state != "blank"]
    clock = f"{datetime.now():%H:%M:%S}, {report.seconds:.1f} s"
    if not shown:
        console.print(f"{clock}: nothing of what is checked has changed.", highlight=False)
        return
    console.print(table(report, shown))
    console.print(clock, style="dim", highlight=False)
    if name_misconceptions(report, run):
        for finding in report.findings:
            if finding.exercise in shown and finding.misconception:
                console.print(f"{finding.exercise}: probably: {finding.misconception}", markup=False, highlight=False)
