"""Make a submission ready to run, and say what there is to run in it."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.intake.blueprint import Blueprint
from autograder.intake.recover import Repairs, recover
from autograder.intake.text import plain_text, safe_text
from autograder.run.job import Job, JobCell

MOST_TEXT = 100_000  # characters of a notebook's own text cells


def prepare(notebook: NotebookNode, blueprint: Blueprint) -> Repairs:
    """Make a submission ready to run, in place: repaired, checks and provided cells as in the source, no outputs.

    Text of the student's own is harmless in every page that shows it. Returns what was repaired.
    """
    repairs = recover(notebook, blueprint.source)
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
    _make_text_safe(notebook, blueprint)
    notebook.metadata = nbformat.from_dict(dict(blueprint.source.metadata))
    return repairs


def _make_text_safe(notebook: NotebookNode, blueprint: Blueprint) -> None:
    room = MOST_TEXT
    for cell in notebook.cells:
        if cell.cell_type != "code" and cell.source not in blueprint.prose:
            text = cell.source[:room]
            room -= len(text)
            cell.source = plain_text(text) if cell.cell_type == "raw" else safe_text(text)
            cell.cell_type = "markdown"


def runs(cell: NotebookNode, blueprint: Blueprint) -> bool:
    """Demonstrations that the student did not change are skipped: no check needs them, and they take long."""
    if cell.cell_type != "code" or not cell.source.strip():
        return False
    return "nbgrader" in cell.metadata or cell.source not in blueprint.demos


def job(notebook: NotebookNode, blueprint: Blueprint, student: str = "") -> Job:
    """What there is to run in a prepared notebook. `student` is who handed it in, where that is known."""
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        if not runs(cell, blueprint):
            continue
        told = cell.metadata.get("nbgrader", {})
        kind = "check" if told.get("grade") else "given" if told.get("locked") else "student"
        cells.append(JobCell(kind, told.get("grade_id") or f"cell {number}", cell.source))  # type: ignore[arg-type]
    if student == blueprint.stage.slug or not blueprint.who:
        student = ""  # one's own notebook under its own name; and elsewhere no verdict depends on who it is
    return Job(cells, blueprint.exercises, blueprint.limits, student=student, who=blueprint.who)


def untouched(notebook: NotebookNode) -> set[str]:
    """The exercises of a prepared notebook that are as they were handed out."""
    told = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    return {t["grade_id"] for cell, t in told if t.get("solution") and t.get("checksum") == compute_checksum(cell)}
