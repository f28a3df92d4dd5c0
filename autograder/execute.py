"""Run a submission: its cells in the sandbox, its checks in the judge. The one place that knows how that is done."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.build import release
from autograder.course import CourseError, Fault, Stage
from autograder.judge.job import Cell, Job, Result
from autograder.quiz import draws_numbers
from autograder.recover import recover
from autograder.sandbox.limits import Limits
from autograder.store import Store
from autograder.verdict import verdict_outputs


class Blueprint:
    """A stage as grading sees it: the source notebook, with nbgrader's checksums, and the limits."""

    def __init__(self, stage: Stage) -> None:
        if not stage.source.is_file():
            raise CourseError(
                Fault(stage.place(stage.source), "is not there.", f"Run: python3 course.py build {stage.slug}")
            )
        self.stage = stage
        self.source: NotebookNode = nbformat.read(stage.source, as_version=4)
        released = {c.id: c for c in release(self.source).cells}
        for cell in self.source.cells:
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader["cell_type"] = cell.cell_type
                own = released[cell.id] if cell.metadata.nbgrader.solution else cell
                cell.metadata.nbgrader["checksum"] = compute_checksum(
                    own
                )  # an exercise's tells whether it is still blank
        self.cells = {c.metadata.nbgrader.grade_id: c for c in self.source.cells if "nbgrader" in c.metadata}
        self.demos = {c.source for c in self.source.cells if c.cell_type == "code" and "nbgrader" not in c.metadata}
        self.exercises = [name for name, c in self.cells.items() if c.metadata.nbgrader.solution]
        self.limits = read_limits(stage)


def read_limits(stage: Stage) -> Limits:
    """The stage's own limits, from `limits.toml` beside its text; what is not named there keeps its default.

    Raises:
        CourseError: for a name or a value that is none.
    """
    import tomllib

    path = stage.folder / "limits.toml"
    if not path.is_file():
        return Limits()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CourseError(Fault(stage.place(path), f"is no valid TOML: {e}.", "Mend the line.")) from e
    known = vars(Limits())
    faults = [
        Fault(
            stage.place(path), f"{name} = {value!r} is no limit.", f"A positive number for one of: {', '.join(known)}."
        )
        for name, value in given.items()
        if name not in known or type(value) not in (int, float) or value <= 0
    ]
    if faults:
        raise CourseError(*faults)
    return Limits(**{name: type(known[name])(value) for name, value in given.items()})


def prepare(notebook: NotebookNode, blueprint: Blueprint) -> list[str]:
    """Make a submission ready to run, in place: repaired, checks and provided cells as in the source, no outputs.

    Returns what was repaired, in words.
    """
    notes = recover(notebook, blueprint.source)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        metadata: dict[str, Any] = {}
        if name in blueprint.cells:
            source = blueprint.cells[name]
            metadata["nbgrader"] = dict(source.metadata.nbgrader)
            if source.metadata.nbgrader.locked:
                cell.source = source.source
        cell.metadata = nbformat.from_dict(metadata)  # tags and the like mean nothing here
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.pop("attachments", None)
    notebook.metadata = nbformat.from_dict(dict(blueprint.source.metadata))
    return notes


def _runs(cell: NotebookNode, blueprint: Blueprint) -> bool:
    """Demonstrations that the student did not change are skipped: no check needs them, and they take long."""
    if cell.cell_type != "code" or not cell.source.strip():
        return False
    return "nbgrader" in cell.metadata or cell.source not in blueprint.demos


def job(notebook: NotebookNode, blueprint: Blueprint, student: str = "") -> Job:
    """What there is to run in a prepared notebook. `student` is who handed it in, where that is known."""
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        if not _runs(cell, blueprint):
            continue
        told = cell.metadata.get("nbgrader", {})
        kind = "check" if told.get("grade") else "given" if told.get("locked") else "student"
        cells.append(Cell(kind, told.get("grade_id") or f"cell {number}", cell.source))  # type: ignore[arg-type]
    if student == blueprint.stage.slug or not any(draws_numbers(cell.source) for cell in cells):
        student = ""  # one's own notebook under its own name; and elsewhere no verdict depends on who it is
    return Job(cells, blueprint.exercises, blueprint.limits, student=student)


def write_back(notebook: NotebookNode, blueprint: Blueprint, result: Result, sandbox: str) -> None:
    """Put outputs and verdicts into a prepared notebook. A check that has no verdict has failed."""
    outputs, verdicts = iter(result.cells), {check.id: check for check in result.checks}
    for cell in notebook.cells:
        if not _runs(cell, blueprint):
            continue
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            verdict = verdicts.get(told["grade_id"])
            passed = verdict is not None and verdict.passed
            message = verdict.message if verdict is not None else "This check was not run."
            points = told["points"] * verdict.credit if verdict is not None else 0
            cell.outputs = verdict_outputs(message, passed, points)
        else:
            ran = next(outputs)
            cell.outputs = [nbformat.from_dict(output) for output in ran.outputs]
            cell.execution_count = ran.execution_count
            shown = any(output.get("output_type") == "error" for output in ran.outputs)
            if ran.error and not shown:
                cell.outputs.append(
                    nbformat.v4.new_output("error", ename="Stopped", evalue=ran.error, traceback=[ran.error])
                )
    notebook.metadata["autograder"] = {"sandbox": sandbox}


def untouched(notebook: NotebookNode) -> set[str]:
    """The exercises of a prepared notebook that are as they were handed out."""
    told = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    return {t["grade_id"] for cell, t in told if t.get("solution") and t["checksum"] == compute_checksum(cell)}


def choose_sandbox(wanted: str) -> str:
    """`bwrap`, or `none` where that was asked for.

    Raises:
        CourseError: where bubblewrap is wanted and does not work here.
    """
    if not hasattr(os, "fork"):
        fix = "On Windows use WSL 2: `wsl --install`, and then the same commands in its terminal."
        raise CourseError(Fault("sandbox", "grading forks processes, and this system cannot.", fix))
    if wanted == "none":
        return "none"
    from autograder.sandbox import available

    works, reason = available()
    if not works:
        fix = "Submissions of people you trust can be graded without it: --sandbox none (or AUTOGRADER_SANDBOX=none)."
        raise CourseError(Fault("sandbox", reason, fix))
    return "bwrap"


def run_cached(work: Job, store: Store, worker: Any) -> Result:
    """The stored result, or a new one. What the machine and not the submission did wrong is not kept."""
    found = store.get(work)
    if found is None:
        found = worker.run(work)
        if not any(check.kind == "internal" for check in found.checks):
            store.put(work, found)
    return found


_shared: dict[str, Any] = {}


def shared_worker(sandbox: str) -> Any:
    """One warm worker for nbgrader's own commands, which know nothing of workers."""
    if sandbox not in _shared:
        import atexit

        from autograder.sandbox import Worker

        _shared[sandbox] = Worker(sandbox)
        atexit.register(_shared[sandbox].close)
    return _shared[sandbox]


def wanted_sandbox() -> str:
    """What the environment asks for: the way for nbgrader's own commands."""
    return os.environ.get("AUTOGRADER_SANDBOX", "bwrap")


def scripts_first() -> None:
    """Programs of this environment come first: nbgrader calls `alembic` for a new gradebook."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
