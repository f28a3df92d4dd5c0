"""Text → source notebook → nbgrader's own preprocessors → what students get."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from nbgrader.utils import compute_checksum

from autograder.build.additions import last_cells, points_line
from autograder.lab.markers import visible
from autograder.stage import question
from autograder.stage.guide import guides
from autograder.stage.model import FOLD, Cell, Content

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
GO_ON = "raises-exception"  # the tag of a cell after whose error JupyterLab and VS Code run the next one


class NamedStub(ClearSolutions):
    """A blank exercise raises an error that names it."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        stub = question.blank(cell.source, name) or (
            f'# YOUR CODE HERE\nraise NotImplementedError("{name}: not written yet. Replace this line with your code.")'
        )
        self.code_stub = {"python": stub}
        return super().preprocess_cell(cell, resources, index)


def blank_source(source: str, name: str) -> str:
    """An exercise's source as students get it."""
    cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": {"solution": True, "grade_id": name}})
    return str(NamedStub().preprocess_cell(cell, {"language": "python"}, 0)[0].source)


# nbgrader's own order. Hidden tests go after SaveCells, which keeps them in the gradebook for grading, and
# the checksums are computed again, because the released cells differ from the saved ones.
PREPROCESSORS = [
    LockCells,
    NamedStub,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]


def source_notebook(content: Content) -> NotebookNode:
    """The notebook that nbgrader starts from, with solutions and hidden tests."""
    cells, seen = [], dict[str, int]()
    above = None  # the text that stands directly above
    for cell in content.cells:
        if cell.kind == "exercise" and cell.id in content.written:
            line = points_line(content, cell.id)
            if above is None:
                cells.append(_node(Cell("prose", "", line, cell.line), seen))
            else:
                cells[-1] = _node(replace(above, source=f"{above.source}\n\n{line}"), seen)
        cells.append(_node(cell, seen))
        above = cell if cell.kind == "prose" else None
    cells += [_node(cell, seen) for cell in last_cells(content, guides(cells))]
    # The kernel is named, or JupyterLab asks the student to choose one.
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def _node(cell: Cell, seen: dict[str, int]) -> NotebookNode:
    new = nbformat.v4.new_markdown_cell if cell.kind == "prose" else nbformat.v4.new_code_cell
    node = new(cell.source, id=_cell_id(cell, seen))
    if nbgrader := _metadata(cell):
        node.metadata["nbgrader"] = nbgrader
    if cell.kind not in ("prose", "given"):
        node.metadata["tags"] = [GO_ON]
    if cell.folded:
        node.metadata["tags"] = [FOLD, *node.metadata.get("tags", [])]
    if cell.folded or (cell.kind == "check" and "hint=" in visible(cell.source)):  # a hint is for who has failed
        node.metadata["jupyter"] = {"source_hidden": True}
    return node


def release(
    source: NotebookNode, save: SaveCells | None = None, resources: dict[str, Any] | None = None
) -> NotebookNode:
    """What students get. `save` takes the place of the step that writes to the gradebook, which is left out else."""
    notebook, resources = nbformat.from_dict(source), resources or {}
    for preprocessor in PREPROCESSORS:
        step = save if preprocessor is SaveCells else preprocessor()
        if step is not None:
            notebook, resources = step.preprocess(notebook, resources)
    return notebook


def _cell_id(cell: Cell, seen: dict[str, int]) -> str:
    """Stable: the exercise's or check's own id; for other cells a hash of what they say."""
    name = cell.id or _digest(cell.source)
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"


def is_as_built(cell: NotebookNode) -> bool:
    """Is this cell as it was handed out, by this version of the stage or an earlier one? It tells by itself."""
    told = cell.metadata.get("nbgrader")
    if told is not None:
        return told.get("checksum") == compute_checksum(cell)
    return cell.get("id", "").split("-")[0] == _digest(cell.source)


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:10]


def _metadata(cell: Cell) -> dict[str, Any]:
    """nbgrader's cell metadata, schema 3."""
    if cell.kind in ("prose", "demo"):
        return {}
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": cell.id,
        "grade": cell.kind == "check",
        "solution": cell.kind == "exercise",
        "locked": cell.kind != "exercise",
        "task": False,
    }
    if cell.kind == "check":
        metadata["points"] = int(cell.points) if cell.points == int(cell.points) else cell.points
    return metadata


def as_bytes(notebook: NotebookNode) -> bytes:
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, version=4).rstrip("\n") + "\n").encode()
