"""What is kept between two checks: the hints shown so far, and the course at a glance."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.files import write_whole
from autograder.course.layout import Course, Stage
from autograder.intake.read import read_notebook
from autograder.own.findings import Finding, Known
from autograder.own.paper import Paper, digest

# What is kept between two calls: the hints shown so far, and the course at a glance.


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
    """Choose each failing exercise's hint: the first one, and the next when another try fails in the same way."""
    before = read_state(paper.stage).get("exercises", {})
    sources = {cell.id: digest(cell.source) for cell in paper.cells if cell.kind == "student"}
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
        told = {"state": finding.state, "score": finding.score, "max": finding.max, "hint": finding.hint}
        told |= {"passed": finding.passed, "checks": finding.checks}
        kept[finding.exercise] = told | {"failure": failure, "source": sources.get(finding.exercise, "")}
    when = datetime.now().isoformat(timespec="seconds")
    state = {"when": when, "hidden": paper.content is not None, "exercises": kept}
    write_whole(state_file(paper.stage), json.dumps(state, indent=1) + "\n")


def overview(course: Course) -> list[list[object]]:
    """A row for each stage, from the notebook and from what the last check of it found. Nothing is run."""
    rows: list[list[object]] = []
    for stage in course.stages(released=True):
        state, (points, sources) = read_state(stage), _read_quickly(stage.released)
        told = {name: e for name, e in state.get("exercises", {}).items() if name in sources}
        states = [e.get("state") for e in told.values()]
        score = f"{sum(e.get('score', 0) for e in told.values()):.4g} of {points:g}"
        if not state.get("hidden", True):
            passed, checks = (sum(e.get(key, 0) for e in told.values()) for key in ("passed", "checks"))
            score = f"visible {passed} of {checks} checks"
        when = str(state.get("when", "never")).replace("T", " ")[:16]
        if any(e.get("source") != sources[name] for name, e in told.items()):
            when += ", changed since"
        rows.append([stage.slug, states.count("done"), states.count("started"), len(sources), score, when])
    return rows


def _read_quickly(path: Path) -> tuple[float, dict[str, str]]:
    """The points of a notebook, and of each exercise a digest of its source."""
    notebook, sources, points = read_notebook(path, own=True)[0], dict[str, str](), 0.0
    for cell in notebook.cells if notebook is not None else ():
        told = cell.metadata.get("nbgrader", {})
        points += told.get("points", 0) if told.get("grade") else 0
        if told.get("solution"):
            sources[told["grade_id"]] = digest(cell.source)
    return points, sources
