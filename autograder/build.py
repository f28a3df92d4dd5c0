"""Build a stage: text → nbgrader's source notebook → nbgrader's own preprocessors → what students get."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
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

from autograder import quiz
from autograder.course import CourseError, Fault, Stage
from autograder.stage import Cell, Content, read_stage
from autograder.store import write_whole

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class NamedStub(ClearSolutions):
    """A blank exercise raises an error that names it."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        stub = quiz.blank(cell.source, name) or (
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
        cells.append(node)
    # The kernel is named, or JupyterLab asks the student to choose one.
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def release(source: NotebookNode) -> NotebookNode:
    """What students get: nbgrader's preprocessors, but for the one that writes to the gradebook."""
    notebook, resources = nbformat.from_dict(source), dict[str, Any]()
    for preprocessor in PREPROCESSORS:
        if preprocessor is not SaveCells:
            notebook, resources = preprocessor().preprocess(notebook, resources)
    return notebook


def build_source(stage: Stage) -> NotebookNode:
    """Write the source notebook, which grading needs. What students have stays as it is."""
    source = source_notebook(read_stage(stage))
    _write(stage.source, source)
    return source


def build(stage: Stage) -> tuple[bool, Path | None]:
    """Write the source notebook and the released one.

    Somebody may have worked in the released notebook; then it is kept elsewhere first.

    Returns whether the released notebook changed, and where the work was kept.
    """
    notebook = release(build_source(stage))
    kept = _keep_work(stage, notebook)
    return _write(stage.released, notebook), kept


def _keep_work(stage: Stage, new: NotebookNode) -> Path | None:
    """Copy a released notebook in which an exercise is filled in; where to, or None."""
    if not stage.released.is_file() or stage.released.read_bytes() == as_bytes(new):
        return None
    try:
        cells = nbformat.read(stage.released, as_version=4).cells
        exercises = [c for c in cells if c.metadata.get("nbgrader", {}).get("solution")]
        if all(_is_blank(cell) for cell in exercises):
            return None
    except Exception:  # damaged, and all the more somebody's
        pass
    number = 1
    while (path := stage.course.work / "kept" / f"{stage.slug}-{number}.ipynb").exists():
        number += 1
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(stage.released, path)
    return path


def _is_blank(cell: NotebookNode) -> bool:
    """Is this exercise as it was handed out, now or in an earlier version?"""
    name = re.escape(str(cell.metadata.nbgrader.get("grade_id", "")))
    open_question = re.search(rf"^{name} = None\s*\Z", cell.source, re.MULTILINE)
    return "not written yet. Replace this line" in cell.source or open_question is not None


def check(stage: Stage) -> list[Fault]:
    """Is what is committed what `solutions/` says? One fault for each file that is not."""
    source = source_notebook(read_stage(stage))
    faults = []
    again = f"Run: python3 course.py build {stage.slug}"
    if not stage.released.is_file() or stage.released.read_bytes() != as_bytes(release(source)):
        faults.append(Fault(stage.place(stage.released), f"is not what {stage.place(stage.text)} says.", again))
    if not stage.solved.is_file() or _sources(nbformat.read(stage.solved, as_version=4)) != _sources(source):
        faults.append(
            Fault(stage.place(stage.solved), f"is not what {stage.place(stage.text)} says.", again + " --execute")
        )
    return faults


def execute(stage: Stage, step: Callable[[int, int], None] = lambda done, total: None) -> float:
    """Run the solved stage in a fresh kernel and save it with its plots; returns the seconds it took.

    Raises:
        CourseError: when a cell fails.
    """
    import subprocess
    import time

    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = source_notebook(read_stage(stage))
    total = len([cell for cell in notebook.cells if cell.cell_type == "code"])
    done = 0

    def count(**_: Any) -> None:
        nonlocal done
        done += 1
        step(done, total)

    stage.folder.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=300,
        record_timing=False,
        on_cell_executed=count,
        resources={"metadata": {"path": str(stage.folder)}},
    )
    client.extra_arguments = ["--IPKernelApp.log_level=40"]  # no warning about the kernel's local connection
    start = time.perf_counter()
    try:
        client.execute(stderr=subprocess.DEVNULL)  # what a kernel says of its own end; cells' errors are outputs
    except CellExecutionError as e:
        raise CourseError(Fault(stage.place(stage.text), f"the solved stage fails.\n{e}\n", "Mend the cell.")) from e
    notebook.metadata["language_info"] = {"name": "python"}  # without the version of this machine's Python
    _write(stage.solved, notebook)
    return time.perf_counter() - start


def _cell_id(cell: Cell, seen: dict[str, int]) -> str:
    """Stable: the exercise's or check's own id; for other cells a hash of what they say."""
    name = cell.id or hashlib.sha256(cell.source.encode()).hexdigest()[:10]
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"


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


def _write(path: Path, notebook: NotebookNode) -> bool:
    data = as_bytes(notebook)
    if path.is_file() and path.read_bytes() == data:
        return False
    write_whole(path, data)
    return True


def _sources(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]
