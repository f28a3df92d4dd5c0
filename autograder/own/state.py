"""What is kept between two checks: the hints shown so far, and the course at a glance."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Course, Stage
from autograder.feedback.render import render
from autograder.intake.read import read_notebook
from autograder.own.findings import Finding, Known
from autograder.own.paper import Paper, digest
from autograder.stage.guide import headings

_WRITING = threading.Lock()  # the panel asks for a hint while a check runs


def state_file(stage: Stage) -> Path:
    return stage.course.work / "check" / f"{stage.slug}.json"


def read_state(stage: Stage) -> dict[str, Any]:
    """What the last check of this stage found; empty where there was none."""
    try:
        state = json.loads(state_file(stage).read_text(encoding="utf-8"))
        return state if isinstance(state, dict) and isinstance(state.get("exercises"), dict) else {}
    except (OSError, ValueError):
        return {}


def remember(paper: Paper, findings: list[Finding], known: Known, wanted: int | None) -> None:
    """Choose each failing exercise's hint: the first one, and the next when another try fails in the same way.

    An exercise whose solution was shown gives no points.
    """
    with _WRITING:
        _remember(paper, findings, known, wanted)


def _remember(paper: Paper, findings: list[Finding], known: Known, wanted: int | None) -> None:
    before = read_state(paper.stage).get("exercises", {})
    sources = paper.sources
    kept = {}
    for finding in findings:
        old = before.get(finding.exercise, {})
        failure = digest(
            json.dumps([(c.id, c.message, c.hint) for c in known[finding.exercise].checks if not c.passed])
        )
        finding.hint = int(old.get("hint", 0))
        if finding.state == "started":
            again = failure == old.get("failure") and sources.get(finding.exercise) != old.get("source")
            finding.hint = min(wanted or max(finding.hint, 1) + (again and finding.hint > 0), len(finding.hints))
        finding.solution_shown = bool(old.get("solution_shown"))
        if finding.solution_shown:
            finding.score = finding.extra = finding.carried_forward = 0.0
        told: dict[str, Any] = {
            "state": finding.state,
            "score": finding.score,
            "max": finding.max,
            "hint": finding.hint,
        }
        told |= {"passed": finding.passed, "checks": finding.checks, "extra": finding.extra}
        told |= {"solution_shown": True} if finding.solution_shown else {}
        kept[finding.exercise] = told | {"failure": failure, "source": sources.get(finding.exercise, "")}
    when = datetime.now().isoformat(timespec="seconds")
    state = {"when": when, "hidden": paper.content is not None, "exercises": kept}
    _write(paper.stage, state)


def _write(stage: Stage, state: dict[str, Any]) -> None:
    write_whole(state_file(stage), json.dumps(state, indent=1) + "\n")


def next_hint(stage: Stage, exercise: str, hints: int) -> int:
    """Show one hint more of an exercise that fails; how many are shown then.

    Raises:
        CourseError: where no check of it has failed.
    """
    with _WRITING:
        state, told = _tried(stage, exercise)
        told["hint"] = min(int(told.get("hint", 0)) + 1, hints)
        _write(stage, state)
    return int(told["hint"])


def give_up(stage: Stage, exercise: str) -> None:
    """Note that the solution of an exercise is shown, so that it gives no points from now on.

    Raises:
        CourseError: where no check of it has failed: it has to be tried first.
    """
    with _WRITING:
        state, told = _tried(stage, exercise)
        told |= {"solution_shown": True, "score": 0.0, "extra": 0.0}
        _write(stage, state)


def _tried(stage: Stage, exercise: str) -> tuple[dict[str, Any], dict[str, Any]]:
    state = read_state(stage)
    told = state.get("exercises", {}).get(exercise, {})
    if told.get("state") != "started" and not told.get("solution_shown"):
        raise CourseError(Fault(exercise, "has no check that failed yet.", "Write something into its cell and check."))
    return state, told


@dataclass
class Glance:
    """What is known of one stage, from its notebook and from what its last check found. Nothing is run.

    Exercises that are extra as a whole are in `extra` alone.
    """

    stage: str
    done: int
    started: int
    exercises: int
    score: float  # points, where the hidden tests ran
    points: float
    hidden: bool  # did the hidden tests run? Without them a score says little, so it is not shown
    passed: int  # of the checks that ran
    checks: int
    when: str  # of the last check, "" if there was none
    changed: bool  # since then
    extra: float = 0.0  # points beyond these
    title: str = ""  # as the notebook's first line says


def glance(course: Course) -> list[Glance]:
    """A line for each stage."""
    found = []
    for stage in course.stages(released=True):
        state, (title, points, sources, optional) = read_state(stage), _read_quickly(stage.released)
        told = {name: e for name, e in state.get("exercises", {}).items() if name in sources}
        extra = sum(e.get("extra", 0) for e in told.values())
        needed = [e for name, e in told.items() if name not in optional]
        states = [e.get("state") for e in needed]
        score, passed, checks = (sum(e.get(key, 0) for e in needed) for key in ("score", "passed", "checks"))
        changed = any(e.get("source") != sources[name] for name, e in told.items())
        when = str(state.get("when", "")).replace("T", " ")[:16]
        done, begun, hidden = states.count("done"), states.count("started"), bool(state.get("hidden", True))
        exercises = len(sources.keys() - optional)
        told_points = score, points, hidden, passed, checks
        found.append(Glance(stage.slug, done, begun, exercises, *told_points, when, changed, extra, title))
    return found


def overview(course: Course) -> list[list[object]]:
    """A row for each stage, for a table."""
    rows: list[list[object]] = []
    for it in glance(course):
        extra = f" +{it.extra:.4g}" if it.extra else ""
        score = f"{it.score:.4g} of {it.points:g}{extra}" if it.hidden else f"visible {it.passed} of {it.checks} checks"
        when = (it.when or "never") + (", changed since" if it.changed else "")
        rows.append([it.stage, it.done, it.started, it.exercises, score, when])
    return rows


def certificate(course: Course, name: str) -> str:
    """A page for oneself, as HTML: what passed on this machine, and what that proves and does not prove."""
    stages = [it for it in glance(course) if it.when]
    if not stages:
        raise CourseError(Fault("progress", "nothing has been checked yet.", "Run: python3 course.py check"))
    counted = [it for it in stages if it.hidden and not it.changed]
    sums = {what: sum(getattr(it, what) for it in counted) for what in ("score", "points", "extra")}
    today = datetime.now().date().isoformat()
    return render("certificate.html.j2", name=name, stages=stages, today=today, **sums)


def _read_quickly(path: Path) -> tuple[str, float, dict[str, str], set[str]]:
    """A notebook's title and points, of each exercise a digest of its source, and the exercises that are extra."""
    notebook, sources, points = read_notebook(path, own=True)[0], dict[str, str](), dict[str, float]()
    cells = notebook.cells if notebook is not None else []
    title = next(iter(headings(cell.source for cell in cells[:1])), path.stem)
    for cell in cells:
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            exercise = told["grade_id"].partition("-")[0]
            points[exercise] = points.get(exercise, 0) + told.get("points", 0)
        if told.get("solution"):
            sources[told["grade_id"]] = digest(cell.source)
    return title, sum(points.values()), sources, {exercise for exercise, most in points.items() if not most}
