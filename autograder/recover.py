"""Repair what editors and honest accidents do to a notebook: by id first, then by content."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from autograder.stage import visible


def recover(notebook: NotebookNode, source: NotebookNode) -> list[str]:
    """Give each cell of the stage its place and its metadata again, in place; returns what was repaired, in words.

    Args:
        notebook: the submission.
        source: the stage's source notebook, with the ids as they should be.
    """
    notes: list[str] = []
    stage_cells = [cell for cell in source.cells if _id(cell)]
    found = {_id(cell): _locate(cell, notebook, {_id(c) for c in stage_cells}) for cell in stage_cells}
    for cell in notebook.cells:  # what claims an id and is not that cell is the student's own
        name = _id(cell)
        if name and found.get(name) is not cell:
            del cell.metadata["nbgrader"]
            if name in found and found[name] is not None:
                notes.append(f"{name} was there more than once; the last one that defines it counts.")
    for cell in stage_cells:
        own = found[_id(cell)]
        if own is None:
            found[_id(cell)] = own = _restored(cell)
            _insert(notebook, own, cell, stage_cells, found)
            what = "The deleted cell" if not cell.metadata.nbgrader.solution else "The exercise"
            notes.append(f"{what} {_id(cell)} was put back{'' if not cell.metadata.nbgrader.solution else ' blank'}.")
        elif own.metadata.get("nbgrader") != cell.metadata.nbgrader and _id(own) != _id(cell):
            notes.append(f"The cell {_id(cell)} had lost its id.")
        _same_type(own, cell)
        own.metadata["nbgrader"] = {**own.metadata.get("nbgrader", {}), **cell.metadata.nbgrader}
    for cell in stage_cells:
        if cell.metadata.nbgrader.grade and _move_behind(notebook, found[_id(cell)], found[_id(cell).split("-")[0]]):
            notes.append(f"The check {_id(cell)} stood before its exercise.")
    return notes


def _id(cell: NotebookNode) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return name if isinstance(name, str) else ""


def _locate(cell: NotebookNode, notebook: NotebookNode, ids: set[str]) -> NotebookNode | None:
    """The student's cell for this cell of the stage."""
    name = _id(cell)
    if cell.metadata.nbgrader.solution:
        # A copy of an exercise keeps its id: the last one that defines it is the one that Python used.
        defines = re.compile(rf"^(async\s+def|def|class)\s+{re.escape(name)}\b", re.MULTILINE)
        same = [c for c in notebook.cells if _id(c) == name and c.cell_type == "code"]
        by_content = [c for c in notebook.cells if c.cell_type == "code" and _id(c) not in ids - {name}]
        for candidates in (same, by_content):
            if defining := [c for c in candidates if defines.search(c.source)]:
                return defining[-1]
        return same[-1] if same else None
    for c in notebook.cells:
        if _id(c) == name:
            return c
    wanted = visible(cell.source).strip()
    return next((c for c in notebook.cells if not _id(c) and c.source.strip() == wanted), None)


def _restored(cell: NotebookNode) -> NotebookNode:
    """A cell of the stage that is missing. An exercise comes back blank."""
    from autograder.build import blank_source

    source = blank_source(cell.source, _id(cell)) if cell.metadata.nbgrader.solution else cell.source
    return nbformat.v4.new_code_cell(source, id=cell.id, metadata={"nbgrader": dict(cell.metadata.nbgrader)})


def _insert(
    notebook: NotebookNode,
    new: NotebookNode,
    cell: NotebookNode,
    stage_cells: list[NotebookNode],
    found: dict[str, NotebookNode | None],
) -> None:
    """Behind the nearest cell of the stage that comes before it."""
    position = 0
    for earlier in stage_cells[: stage_cells.index(cell)]:
        own = found[_id(earlier)]
        position = max(position, _index(notebook, own) + 1) if own is not None else position
    notebook.cells.insert(position, new)


def _same_type(own: NotebookNode, cell: NotebookNode) -> None:
    """A code cell that was turned into text is code again."""
    if own.cell_type != cell.cell_type:
        own.cell_type = cell.cell_type
        own.outputs, own.execution_count = [], None
        own.pop("attachments", None)


def _move_behind(notebook: NotebookNode, check: NotebookNode | None, exercise: NotebookNode | None) -> bool:
    if check is None or exercise is None or _index(notebook, check) > _index(notebook, exercise):
        return False
    del notebook.cells[_index(notebook, check)]
    notebook.cells.insert(_index(notebook, exercise) + 1, check)
    return True


def _index(notebook: NotebookNode, cell: NotebookNode) -> int:
    return next(i for i, c in enumerate(notebook.cells) if c is cell)
