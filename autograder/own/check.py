"""Check one's own notebook: marks, messages, the next hint, and what to read again.

Where `solutions/` is, the hidden tests run too. Elsewhere only what stands in the notebook itself is run, and the
verdict says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from autograder.course.faults import CourseError
from autograder.diagnosis.carried import carry_forward
from autograder.own.findings import Known, Report, Verdict, finding_of
from autograder.own.paper import Desk, Paper, digest
from autograder.own.state import remember
from autograder.run.job import Job, JobCell, Result
from autograder.stage.names import names
from autograder.stage.settings import read_settings

SURE = ("passed", "expectation", "not_implemented", "student_error", "unusable")  # of this exercise and no other


def examine(
    paper: Paper, run: Callable[[Job], Result], known: Known, hint: int | None = None, own_first: bool = False
) -> Report:
    """Run the checks of each exercise on which something changed, and say what came out for all of them.

    `known` is what earlier runs found; it is brought up to date. With an empty one everything is run. With `own_first`
    an exercise that only uses a changed one waits for the next call.
    """
    start = time.perf_counter()
    needs = {exercise: _needs(paper, exercise) for exercise in paper.exercises}
    now = {exercise: digest("\0".join(c.source for c in needs[exercise])) for exercise in paper.exercises}
    own = paper.sources
    changed = [e for e in paper.exercises if e not in known or known[e].all != now[e]]
    total = len(changed)
    if own_first and known:
        changed = [e for e in changed if known[e].own != own.get(e)] or changed
    if changed:
        work = _job(paper, changed, needs, everything=not known)
        result = run(work)
        if paper.content is not None:
            lost = {e for e, verdict in known.items() if any(not check.passed for check in verdict.checks)}
            share = read_settings(paper.stage).carried_share
            carry_forward(work, result.checks, paper.content, run, share, lost - set(changed))
        stopped = {cell.id: cell.error for cell in result.cells if cell.error}
        for exercise in changed:
            ids = {cell.id for cell in paper.checks(exercise)}
            checks = [check for check in result.checks if check.id in ids]
            for check in checks:
                if check.kind == "missing" and exercise in stopped:
                    check.message += f"\n{stopped[exercise]}"
            sure = all(check.kind in SURE for check in checks)
            known[exercise] = Verdict(own.get(exercise, ""), now[exercise] if sure else "", checks)
    findings = [finding_of(paper, exercise, known[exercise].checks) for exercise in paper.exercises]
    failing = {finding.exercise for finding in findings if finding.state != "done"}
    for finding in findings:
        used = {cell.id for cell in needs[finding.exercise]} - {finding.exercise}
        finding.below = [e for e in paper.exercises if e in used & failing and finding.state == "started"]
    remember(paper, findings, known, hint)
    checks = [check for verdict in known.values() for check in verdict.checks]
    return Report(paper, findings, checks, changed, len(changed) < total, time.perf_counter() - start)


def _needs(paper: Paper, exercise: str) -> list[JobCell]:
    """The cells on which an exercise's verdict depends: its own, its checks, and those that define what these use."""
    checks = paper.checks(exercise)
    wanted, own = {exercise}, list[JobCell]()
    for check in checks:
        wanted |= names(check.source)[1]
    told = {id(c): _names(c) for c in paper.cells if c.kind == "student"}
    while more := [c for c in paper.cells if c not in own and id(c) in told and told[id(c)][0] & wanted]:
        own += more
        wanted = wanted.union(*(told[id(c)][1] for c in more))
    unclear = [c for c in paper.cells if id(c) in told and c.id not in paper.guides and not any(told[id(c)])]
    keep = {id(c) for c in [*own, *unclear, *checks]}
    return [c for c in paper.cells if c.kind == "given" or id(c) in keep]


def _names(cell: JobCell) -> tuple[set[str], set[str]]:
    """What a cell defines and uses. A cell that is not plain Python defines at least what it is called."""
    try:
        defined, used = names(cell.source)
    except (SyntaxError, ValueError):
        return ({cell.id} if cell.id.isidentifier() else set()), set()
    return defined, used


def _job(paper: Paper, exercises: list[str], needs: dict[str, list[JobCell]], everything: bool) -> Job:
    """All cells; or, where only some exercises changed, what these need."""
    cells = paper.cells
    if not everything:
        keep = {id(c) for exercise in exercises for c in needs[exercise]}
        checks = {id(c) for exercise in exercises for c in paper.checks(exercise)}
        cells = [c for c in cells if id(c) in (checks if c.kind == "check" else keep)]
    return Job(cells, paper.exercises, paper.limits, who=paper.who)


def name_misconceptions(report: Report, run: Callable[[Job], Result]) -> bool:
    """Ask the catalogue which known wrong answers these are; did it know any? `run` runs it, or knows its results."""
    from autograder.diagnosis.catalogue import Catalogue

    content, paper = report.paper.content, report.paper
    failing = [f for f in report.findings if f.state == "started" and f.exercise in report.ran]
    if content is None or not failing:
        return False
    try:
        found = Catalogue(content, paper.limits, run).find(report.checks)
    except CourseError:  # an author is working on it
        return False
    for finding in failing:
        finding.misconception = " ".join(m.says for m in found.get(finding.exercise, []))
    return any(finding.misconception for finding in failing)


def once_more(desk: Desk, run: Callable[[Job], Result], known: Known, hint: int | None) -> Report | None:
    """Check what changed since the last time; None where the file is not whole, which is told once it stays so."""
    for patience in (0.3, 1.0, 0.0):
        try:
            return examine(desk.read(), run, known, hint, own_first=True)
        except CourseError as error:  # in the middle of a save
            if not patience:
                for fault in error.faults:
                    print(f"{fault}".rstrip())
            time.sleep(patience)
    return None
