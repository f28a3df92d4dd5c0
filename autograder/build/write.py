"""Build a stage: text → nbgrader's source notebook → nbgrader's own preprocessors → what students get."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.build.release import as_bytes, is_as_built, release, source_notebook
from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Stage
from autograder.lab.references import FILE, packed
from autograder.stage.read import read_stage
from autograder.stage.settings import read_settings


def build_source(stage: Stage, source: NotebookNode | None = None) -> NotebookNode:
    """Write the source notebook, for nbgrader's own commands. What students have stays as it is."""
    source = source_notebook(read_stage(stage)) if source is None else source
    _write(stage.source, as_bytes(source))
    for path, image in _images(stage, stage.source).items():
        _write(path, image)
    _write_references(stage.source.parent / FILE, _references(stage))  # nbgrader releases what stands beside it
    return source


def build(stage: Stage) -> tuple[bool, Path | None]:
    """Write the source notebook and the released one.

    Somebody may have worked in the released notebook; then it is kept beside it first.

    Returns whether the released notebook changed, and where the work was kept.
    """
    notebook = release(build_source(stage))
    kept = _keep_work(stage, notebook)
    images = _images(stage, stage.released, stage.solved)
    changed = [_write(path, image) for path, image in images.items()]
    for path in _stray(stage, images):
        path.unlink()
    changed.append(_write_references(stage.released.parent / FILE, _references(stage)))
    return any([_write(stage.released, as_bytes(notebook)), *changed]), kept


def _write_references(path: Path, references: bytes | None) -> bool:
    if references is None:
        path.unlink(missing_ok=True)
        return False
    return _write(path, references)


def _references(stage: Stage) -> bytes | None:
    """The file of a stage's solutions, with what they build on and what builds on them. None: not handed out."""
    if not read_settings(stage).references:
        return None
    content = read_stage(stage)
    cells = [cell for cell in content.of_kind("exercise") if cell.id in content.written]
    known = {
        cell.id: {
            "source": packed(cell.source),
            "builds_on": cell.builds_on,
            "needed_by": [other.id for other in cells if cell.id in other.builds_on],
        }
        for cell in cells
    }
    return (json.dumps(known, indent=1) + "\n").encode()


def _keep_work(stage: Stage, new: NotebookNode) -> Path | None:
    """Copy a released notebook in which a person changed something; where to, or None."""
    if not stage.released.is_file() or stage.released.read_bytes() == as_bytes(new):
        return None
    try:
        if all(map(is_as_built, nbformat.read(stage.released, as_version=4).cells)):
            return None
    except Exception:  # damaged, and all the more somebody's
        pass
    number = 1
    while (path := stage.kept(number)).exists():
        number += 1
    shutil.copyfile(stage.released, path)
    return path


def _images(stage: Stage, *notebooks: Path) -> dict[Path, bytes]:
    """The stage's drawings as files beside these notebooks, where their text refers to them: drawings/NAME.svg."""
    if not stage.drawings.is_file():
        return {}
    from autograder.build.draw import read_drawings

    images = {name: sheet.image() for name, sheet in read_drawings(stage.drawings).items()}
    folders = [notebook.parent / "drawings" for notebook in notebooks]
    return {folder / f"{name}.svg": image for folder in folders for name, image in images.items()}


def _stray(stage: Stage, images: dict[Path, bytes]) -> list[Path]:
    """Drawings on the disk that no function makes any more."""
    folders = (stage.released.parent / "drawings", stage.folder / "drawings")
    return [path for folder in folders for path in sorted(folder.glob("*.svg")) if path not in images]


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
    images = _images(stage, stage.released, stage.solved)
    for path in [path for path, image in images.items() if not path.is_file() or path.read_bytes() != image]:
        faults.append(Fault(stage.place(path), f"is not what {stage.place(stage.drawings)} says.", again))
    path, references = stage.released.parent / FILE, _references(stage)
    if (path.read_bytes() if path.is_file() else None) != references:
        faults.append(Fault(stage.place(path), "is not what the settings and the solutions say.", again))
    for path in _stray(stage, images):
        faults.append(Fault(stage.place(path), f"is no drawing of {stage.place(stage.drawings)}.", again))
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
        force_raise_errors=True,  # in spite of the tags by which a student's run goes on
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
    _write(stage.solved, as_bytes(notebook))
    return time.perf_counter() - start


def _write(path: Path, data: bytes) -> bool:
    if path.is_file() and path.read_bytes() == data:
        return False
    write_whole(path, data)
    return True


def _sources(notebook: NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]
