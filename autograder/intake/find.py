"""Find and read submissions: a folder or a zip of `STUDENT.ipynb` or `STUDENT/NN_slug.ipynb`."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.intake.read import MOST_MB

NOTEBOOK = re.compile(r"(.+)\.ipynb(\.(json|txt))?", re.IGNORECASE)  # some browsers add an ending


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
