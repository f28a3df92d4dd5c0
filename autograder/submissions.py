"""Find and read submissions: a folder or a zip of `STUDENT.ipynb` or `STUDENT/NN_slug.ipynb`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

from autograder.course import CourseError, Fault, Stage

MOST_MB = 100  # of a notebook, pictures and all


@dataclass
class Submission:
    """A notebook as it was handed in; `note` says what is odd about it, `problem` why it cannot be graded."""

    student: str
    path: Path | None
    note: str = ""
    problem: str = ""


@contextmanager
def submissions(stage: Stage, path: Path) -> Iterator[list[Submission]]:
    """The submissions in a folder of `STUDENT.ipynb` or `STUDENT/NN_slug.ipynb`, or in a zip of either.

    Raises:
        CourseError: when there is none.
    """
    with TemporaryDirectory() as unpacked:
        folder = path
        if path.is_file():
            folder = Path(unpacked)
            _unzip(path, folder)
        elif not path.is_dir():
            raise CourseError(Fault(str(path), "is not there.", "Give a folder or a zip file with --from."))
        found = _find(stage, folder)
        if not found:
            fix = f"It should hold STUDENT.ipynb, or STUDENT/{stage.slug}.ipynb."
            raise CourseError(Fault(str(path), "holds no submission.", fix))
        yield found


def read_notebook(path: Path) -> tuple[NotebookNode | None, str, str]:
    """A submission's notebook or None; what was repaired; why it cannot be read."""
    again = "Open it in JupyterLab, save it, and hand it in again."
    try:
        if path.stat().st_size > MOST_MB << 20:
            return None, "", f"The file is larger than {MOST_MB} MB. Clear its outputs, save it, and hand it in again."
        data = path.read_bytes()
        notebook = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
        for cell in notebook.cells:  # what is graded is their text; outputs are made anew
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.validate(notebook)
    except UnicodeDecodeError:
        return None, "", "The file is not text. Save the notebook in JupyterLab and hand in the .ipynb file."
    except NotJSONError:
        return None, "", f"The file is damaged: it ends too early, or it is no notebook at all. {again}"
    except OSError as e:
        return None, "", f"The file cannot be read: {e.strerror}."
    except Exception:  # whatever else nbformat finds wrong
        return None, "", f"The file is no valid notebook. {again}"
    return notebook, "A byte order mark was removed." if data.startswith(b"\xef\xbb\xbf") else "", ""


def _find(stage: Stage, folder: Path) -> list[Submission]:
    found: dict[str, Submission] = {}
    entries = _entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and _holds_a_class(stage, entries[0]):
        entries = _entries(entries[0])  # a zip of a folder
    for entry in entries:
        if entry.is_symlink():
            found[entry.stem] = Submission(entry.stem, None, problem="A link was handed in, not a notebook.")
        elif entry.suffix == ".ipynb":
            found[entry.stem] = Submission(entry.stem, entry)
        elif entry.is_dir():
            found[entry.name] = _in_folder(stage, entry)
    return [found[name] for name in sorted(found)]


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "__")))


def _holds_a_class(stage: Stage, folder: Path) -> bool:
    """Is this folder a class, and not one student's?"""
    inside = _entries(folder)
    notebooks = [p.name for p in inside if p.suffix == ".ipynb"]
    return f"{stage.slug}.ipynb" not in notebooks and (len(notebooks) > 1 or any(p.is_dir() for p in inside))


def _in_folder(stage: Stage, folder: Path) -> Submission:
    right = folder / f"{stage.slug}.ipynb"
    notebooks = sorted(p for p in folder.glob("*.ipynb") if not p.is_symlink())
    if right in notebooks:
        return Submission(folder.name, right)
    if len(notebooks) == 1:
        return Submission(folder.name, notebooks[0], note=f"The file was called {notebooks[0].name}.")
    what = "no notebook" if not notebooks else f"{len(notebooks)} notebooks, none of them called {right.name}"
    return Submission(folder.name, None, problem=f"The folder holds {what}. Hand in {right.name}.")


def _unzip(path: Path, folder: Path) -> None:
    """Unpack a zip's notebooks; nothing in it can land outside `folder`, and links stay plain files."""
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                name = PurePosixPath(item.filename)
                if name.suffix == ".ipynb" and ".." not in name.parts and not name.is_absolute():
                    archive.extract(item, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as e:
        raise CourseError(
            Fault(str(path), f"cannot be unpacked: {e}.", "Give a folder, or a zip file that opens.")
        ) from e
