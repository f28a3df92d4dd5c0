"""Text → source notebook → nbgrader's own preprocessors → what students get."""

from __future__ import annotations

import hashlib
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

from autograder.stage import question
from autograder.stage.model import FOLD, Cell, Content

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


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
    for cell in content.cells:
        new = nbformat.v4.new_markdown_cell if cell.kind == "prose" else nbformat.v4.new_code_cell
        node = new(cell.source, id=_cell_id(cell, seen))
        if nbgrader := _metadata(cell):
            node.metadata["nbgrader"] = nbgrader
        if cell.folded:
            node.metadata |= {"tags": [FOLD], "jupyter": {"source_hidden": True}}
        cells.append(node)
    # The kernel is named, or JupyterLab asks the student to choose one.
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


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
