"""Find and read submissions: a folder or a zip of `STUDENT.ipynb` or `STUDENT/NN_slug.ipynb`."""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import CourseError, Fault, Stage

MOST_MB = 100  # of a notebook, pictures and all
MOST_CELLS, MOST_CODE_MB = 2000, 2
NOTEBOOK = re.compile(r"(.+)\.ipynb(\.(json|txt))?", re.IGNORECASE)  # some browsers add an ending
AGAIN = "Open your notebook in JupyterLab, save it, and hand in the .ipynb file again."
STARTS = {  # what people hand in by mistake, by its first bytes
    b"PK\x03\x04": "a zip file",
    b"%PDF": "a PDF file",
    b"<": "a web page (HTML)",  # saved from the browser
    b"version https://git-lfs": "a pointer of Git LFS",
}


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
    """A submission's notebook or None; what was repaired; why it cannot be read.

    Only the cells are taken, and of a cell its type, text, id and metadata: outputs and all else are made anew.
    """
    try:
        if not path.is_file():  # a folder, or a pipe that never ends
            return None, "", "This is no file. Hand in the .ipynb file itself."
        if path.stat().st_size > MOST_MB << 20:
            return None, "", f"The file is larger than {MOST_MB} MB. Clear its outputs, save it, and hand it in again."
        data = path.read_bytes()
    except OSError as e:
        return None, "", f"The file cannot be read: {e.strerror}."
    text, note = _decode(data)
    try:
        cells = _cells(json.loads(text))
    except (ValueError, RecursionError):
        return None, "", f"{_what(data, text)} {AGAIN}"
    if cells is None:
        return None, "", f"The file is no valid notebook: it has no list of cells. {AGAIN}"
    if not cells:
        return None, "", f"The notebook is empty: it has no cells. {AGAIN}"
    if len(cells) > MOST_CELLS or sum(len(c["source"]) for c in cells if c["cell_type"] == "code") > MOST_CODE_MB << 20:
        most = f"more than {MOST_CELLS} cells or {MOST_CODE_MB} MB of code"
        return None, "", f"The notebook has {most}. Take out what is no answer, save it, and hand it in again."
    return nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), note, ""


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig", "replace"), "A byte order mark was removed."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "The file was saved as UTF-16 and not as UTF-8; it was read as such."
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "The file was not saved as UTF-8; letters with accents may have changed."


def _what(data: bytes, text: str) -> str:
    """Why this is no JSON, in words."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.search(r"^<<<<<<< ", text, re.MULTILINE):
        return "The file is damaged: it has the marks of a merge conflict (<<<<<<<)."
    for begin, kind in STARTS.items():
        if start.startswith(begin):
            return f"The file is {kind}, not a notebook."
    if not start:
        return "The file is empty."
    if start.startswith((b"{", b"[")):
        return "The file is damaged: it ends too early, or something in it was changed."
    return "The file is damaged, or it is no notebook at all (perhaps a Python script)."


def _cells(notebook: Any) -> list[dict[str, Any]] | None:
    """The cells of any version of the format."""
    if not isinstance(notebook, dict):
        return None
    found = notebook.get("cells")
    if found is None and isinstance(sheets := notebook.get("worksheets"), list):  # before version 4
        found = [c for sheet in sheets if isinstance(sheet, dict) for c in sheet.get("cells") or []]
    return [_cell(c) for c in found if isinstance(c, dict)] if isinstance(found, list) else None


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", cell.get("input", ""))
    source = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else source
    text = source if isinstance(source, str) else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()  # no half characters
    kind = {"code": "code", "raw": "raw"}.get(str(cell.get("cell_type")), "markdown")
    told = cell.get("metadata")
    nbgrader = told.get("nbgrader") if isinstance(told, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    clean: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text}
    if isinstance(name, str):
        clean["metadata"] = {"nbgrader": {"grade_id": name}}
    if isinstance(cell.get("id"), str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]):
        clean["id"] = cell["id"]
    return {**clean, "outputs": [], "execution_count": None} if kind == "code" else clean


def _find(stage: Stage, folder: Path) -> list[Submission]:
    found: dict[str, Submission] = {}
    entries = _entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and _holds_a_class(stage, entries[0]):
        entries = _entries(entries[0])  # a zip of a folder
    for entry in entries:
        name = NOTEBOOK.fullmatch(entry.name)
        if entry.is_symlink():
            new = Submission(entry.stem, None, problem="A link was handed in, not a notebook.")
        elif entry.is_dir():
            new = _in_folder(stage, entry)
        elif name:
            new = Submission(name[1], entry)
        else:
            continue
        if new.student in found:  # ana/ and ana.ipynb
            problem = f"There is more than one submission of {new.student}. Hand in one notebook."
            new = Submission(new.student, None, problem=problem)
        found[new.student] = new
    return [found[name] for name in sorted(found)]


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "__")))


def _holds_a_class(stage: Stage, folder: Path) -> bool:
    """Is this folder a class, and not one student's?"""
    inside = _entries(folder)
    notebooks = [p.name for p in inside if NOTEBOOK.fullmatch(p.name)]
    ours = any(name.startswith(stage.slug) for name in notebooks)
    return not folder.is_symlink() and not ours and (len(notebooks) > 1 or any(p.is_dir() for p in inside))


def _in_folder(stage: Stage, folder: Path) -> Submission:
    """The student's notebook: by its name, else the only one, else the only one whose name begins with the stage's."""
    notebooks: list[Path] = []
    for place, folders, files in os.walk(folder):  # follows no link
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        inside = [Path(place, name) for name in sorted(files) if not name.startswith(".") and NOTEBOOK.fullmatch(name)]
        notebooks += [path for path in inside if not path.is_symlink()]
    names = [path.name for path in notebooks]
    alike = [path for path in notebooks if path.name.lower().startswith(stage.slug.lower())]
    exact = [path for path in alike if path.name == f"{stage.slug}.ipynb"]
    exact = [path for path in exact if path.parent == folder] or exact
    chosen = next((one for one in (exact, notebooks, alike) if len(one) == 1), None)
    if chosen is None:
        problem = f"{len(notebooks)} notebooks: {', '.join(names[:9])}" if notebooks else "no notebook"
        return Submission(folder.name, None, problem=f"The folder holds {problem}. Hand in one {stage.slug}.ipynb.")
    note = "" if exact else f"The file was called {chosen[0].name}."
    if len(notebooks) > 1:
        note = f"Of {len(notebooks)} notebooks in the folder {chosen[0].name} was graded."
    return Submission(folder.name, chosen[0], note)


def _unzip(path: Path, folder: Path) -> None:
    """Unpack a zip's notebooks; nothing in it can land outside `folder`, and links stay plain files."""
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                name = PurePosixPath(item.filename)
                if ".." in name.parts or name.is_absolute() or not name.parts:
                    continue
                place = folder / name if item.is_dir() else (folder / name).parent
                place.mkdir(parents=True, exist_ok=True)  # a student without a notebook is told so
                if item.is_dir() or not NOTEBOOK.fullmatch(name.name):
                    continue
                if item.file_size > MOST_MB << 20:
                    with open(folder / name, "wb") as file:
                        file.truncate((MOST_MB << 20) + 1)  # is told that it is too large
                else:
                    try:
                        archive.extract(item, folder)
                    except (zipfile.BadZipFile, zlib.error, EOFError):
                        (folder / name).write_text("{", encoding="utf-8")  # this one is damaged; the others go on
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as e:
        raise CourseError(
            Fault(str(path), f"cannot be unpacked: {e}.", "Give a folder, or a zip file that opens.")
        ) from e
