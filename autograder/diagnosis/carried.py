"""Error carried forward: one mistake costs once.

Where an exercise fails and others build on it, these are judged once more with the reference in its place. Of that run,
in the sandbox whose words and pictures nobody sees, only passes come back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from autograder.run.job import CheckResult, Job, JobCell, Result
from autograder.stage.model import Content
from autograder.stage.names import reached

_BLANK = ("not_implemented", "missing")  # there is nothing to judge


def carry_forward(
    work: Job,
    checks: list[CheckResult],
    content: Content,
    run: Callable[[Job], Result],
    share: float,
    failing: Collection[str] = (),
) -> None:
    """Give the checks that pass with the reference below them their share of the points, in place.

    Args:
        work: the job of which these checks are the verdicts.
        run: runs a job, or takes its result from a store.
        share: of the points, from 0 to 1.
        failing: exercises that are known to fail, and not by these checks.
    """
    if not share:
        return
    lost: dict[str, list[CheckResult]] = {}
    for check in checks:
        if not check.passed:
            lost.setdefault(check.id.partition("-")[0], []).append(check)
    broken = set(content.written) & {*lost, *failing}
    groups: dict[frozenset[str], list[CheckResult]] = {}
    for exercise in content.written:
        below = frozenset(built_on(exercise, content) & broken)
        again = [check for check in lost.get(exercise, []) if check.kind not in _BLANK]
        if below and again:
            groups.setdefault(below, []).extend(again)
    for below, again in groups.items():
        passed = run(_with_references(work, below, {check.id for check in again}, content)).passed
        for check in again:
            if check.id in passed:
                check.carried, check.carried_from = share, [n for n in content.exercises if n in below]


def built_on(exercise: str, content: Content) -> set[str]:
    """The exercises on which this one builds, and those on which these build."""
    return reached(exercise, {cell.id: cell.builds_on for cell in content.of_kind("exercise")}) - {exercise}


def _with_references(work: Job, below: Collection[str], checks: Collection[str], content: Content) -> Job:
    """The submission with the reference in place of these exercises, and these checks alone."""
    references = {cell.id: cell.source for cell in content.of_kind("exercise") if cell.id in below}
    last = max(i for i, cell in enumerate(work.cells) if cell.id in checks)
    cells: list[JobCell] = []
    for cell in work.cells[: last + 1]:
        if cell.kind == "student" and cell.id in references:
            cells.append(replace(cell, source=references[cell.id]))
        elif cell.kind != "check" or cell.id in checks:
            cells.append(cell)
    return replace(work, cells=cells, unseen=True)
