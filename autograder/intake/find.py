"""Find submissions: a folder or a zip of `STUDENT.ipynb`, `STUDENT.zip` or `STUDENT/NN_slug.ipynb`, or one notebook.

Also nbgrader's own `submitted`: in it stand `STUDENT/NN_slug/` of all stages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.utils import parse_utc

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.intake.attempts import NAMED, counts_last, last, undecided
from autograder.intake.lms import LATE, Handed, hand_ins, name_in
from autograder.intake.names import stem
from autograder.intake.read import MOST_MB, read_notebook
from autograder.intake.tree import (
    DEEPEST,
    MOST_CLASS_MB,
    MOST_ONES_MB,
    NOTEBOOK,
    TIMESTAMP,
    Node,
    UnreadableZipError,
    of_folder,
    of_zip,
)
from autograder.stage.read import read_stage

KINDS = {  # what is handed in instead of a notebook, by its ending
    "py": "a Python script", "html": "a web page", "htm": "a web page", "pdf": "a PDF file", "zip": "a zip file",
    "7z": "an archive", "rar": "an archive", "tar": "an archive", "gz": "an archive", "tgz": "an archive",
    "docx": "a Word document", "doc": "a Word document", "txt": "a text file", "md": "a text file",
    "png": "a picture", "jpg": "a picture", "jpeg": "a picture", "gdoc": "a shortcut of Google Drive",
}  # fmt: skip


@dataclass
class Submission:
    """A notebook as it was handed in; `note` says what is odd about it, `problem` why it cannot be graded."""

    student: str
    path: Path | None
    note: str = ""
    problem: str = ""
    number: str = ""  # of the person, in the learning system
    name: str = ""  # and what it calls them
    nobody: str = ""  # why there is no verdict: it is not known whose this is, or which of several counts
    handed_in: datetime | None = None  # in UTC; None where nobody knows when
    changed: datetime | None = None  # the time of the file, where it is not that of a download

    @property
    def label(self) -> str:
        return self.student


@contextmanager
def submissions(stage: Stage, path: Path, may_be_empty: bool = False) -> Iterator[list[Submission]]:
    """The submissions in a folder, a zip, or one notebook. Every entry that is not hidden is one, or part of one.

    Raises:
        CourseError: when there is none, unless it `may_be_empty`.
    """
    with TemporaryDirectory() as unpacked:
        found = _Search(stage, Path(unpacked)).find(path)
        if not found and not may_be_empty:
            fix = f"It should hold STUDENT.ipynb, or STUDENT/{stage.slug}.ipynb."
            raise CourseError(Fault(str(path), "holds no submission.", fix))
        yield found


class _Search:
    def __init__(self, stage: Stage, unpacked: Path) -> None:
        self.stage, self.slug, self.unpacked = stage, stage.slug, unpacked
        self.outside: list[Node] = []

    def find(self, path: Path) -> list[Submission]:
        top = Node(stem(path.name) if path.is_file() else path.resolve().name, inside=self._top(path))
        entries = self._of_this_stage(self._within(top))
        if self._is_nbgraders(path, entries):
            top.stamped, entries = True, [top]
            top = Node(path.resolve().parent.name)
        if len(entries) == 1 and path.is_file() and not NOTEBOOK.fullmatch(path.name) and self._is_ours(entries[0]):
            entries[0].name = f"{top.name}.ipynb"  # ana.zip of ana's notebook alone
        while len(entries) == 1 and not hand_ins(entries)[0] and (inner := self._class(entries[0])):
            top, entries = inner, self._of_this_stage(self._within(inner))  # a zip of a folder, or of a zip
        found = [one for classes in self._classes(top, entries) for one in self._in_class(*classes)]
        return found + [Submission(one.label, None, nobody=one.problem) for one in self.outside]

    def _within(self, top: Node) -> list[Node]:
        """What is in a class, but for what its zip puts outside of itself, which is told of apart."""
        self.outside += [node for node in top.inside or [] if node.outside]
        return [node for node in top.inside or [] if not node.outside]

    def _classes(self, top: Node, entries: list[Node]) -> list[tuple[Node, list[Node]]]:
        """The zips of several sections, each of them a learning system's, or else the one class that this is."""
        if len(entries) > 1 and all(node.is_zip for node in entries) and not hand_ins(entries)[0]:
            sections = []
            for entry in entries:
                inner = self._class(entry)
                if inner is None or len(hand_ins(inner.inside or [])[0]) < 2:  # names in one's own zip decide nothing
                    break
                sections.append(inner)
            else:
                return [(section, self._within(section)) for section in sections]
        return [(top, entries)]

    def _in_class(self, top: Node, entries: list[Node]) -> list[Submission]:
        handed, entries = hand_ins(entries)
        students: dict[str, list[Node]] = {}
        for entry in entries:
            name = stem(entry.name) if entry.inside is None else entry.name
            name = top.name if entry.inside is not None and name == self.slug else name
            students.setdefault(name, []).append(entry)
        found = [self._of_lms(one) for one in handed]
        for name in sorted(students):
            found.append(self._submission(name, students[name]))
            found[-1].name = name_in(name, self.slug)
        return found

    def _of_this_stage(self, entries: list[Node]) -> list[Node]:
        """Of nbgrader's `STUDENT/NN_slug/` this stage's; who handed in others has handed in nothing here."""
        if entries and all(map(self._is_stage, entries)):
            return [Node(self.slug, inside=node.inside, stamped=True) for node in entries if node.name == self.slug]
        found = []
        for entry in entries:
            inside = entry.inside or []
            if not inside or not all(map(self._is_stage, inside)):
                found.append(entry)
                continue
            own = [node for node in inside if node.name == self.slug]
            found += [Node(entry.name, inside=node.inside, stamped=True) for node in own]
        return found

    def _is_nbgraders(self, path: Path, entries: list[Node]) -> bool:
        """Is it the folder STUDENT/NN_slug of nbgrader's, and not a learner's own notebook?"""
        place = path.resolve()
        handed_in = place.parent.parent.name == "submitted" or any(node.name == TIMESTAMP for node in entries)
        return path.is_dir() and place.name == self.slug and handed_in and any(map(self._is_ours, entries))

    def _is_stage(self, node: Node) -> bool:
        return node.inside is not None and node.name in self._stages

    @cached_property
    def _stages(self) -> set[str]:
        return {stage.slug for stage in self.stage.course.stages()}

    def _top(self, path: Path) -> list[Node]:
        """What `--from` names."""
        try:
            if path.is_dir():
                return of_folder(path)
            if path.is_file() and NOTEBOOK.fullmatch(path.name):
                return [Node(path.name, path)]
            if path.is_file():
                return self._unzip(path, MOST_CLASS_MB)
        except UnreadableZipError as error:
            raise CourseError(Fault(str(path), str(error), "Give a folder, or a zip file that opens.")) from error
        except OSError as error:
            raise CourseError(Fault(str(path), f"cannot be read: {error.strerror}.", "Give another folder.")) from error
        raise CourseError(Fault(str(path), "is not there.", "Give a folder, a zip file or a notebook with --from."))

    def _unzip(self, path: Path, most_mb: int) -> list[Node]:
        into = self.unpacked / str(sum(1 for _ in self.unpacked.iterdir()))
        into.mkdir()
        return of_zip(path, into, most_mb)

    def _class(self, node: Node, depth: int = 0) -> Node | None:
        """The class in a folder or a zip that is all there is; None where it is one student's."""
        if not node.is_zip:
            return node if self._holds_a_class(node) or hand_ins(node.inside or [])[0] else None
        if node.path is None or depth > DEEPEST:
            return None
        try:
            inside = self._unzip(node.path, MOST_CLASS_MB)
        except UnreadableZipError:  # told of where it is looked at as a student's
            return None
        folder = Node(stem(node.name), inside=inside)
        within = [node for node in inside if not node.outside]
        if len(within) == 1 and not hand_ins(within)[0]:
            inner = self._class(within[0], depth + 1)
            if inner is not None:
                inner.inside = [*(inner.inside or []), *(node for node in inside if node.outside)]
            return inner
        return folder if self._holds_a_class(folder) or hand_ins(inside)[0] else None

    def _holds_a_class(self, folder: Node) -> bool:
        """Is this folder a class, and not one student's? Then there is more than one submission in it."""
        inside = folder.inside or []
        notebooks = [node for node in inside if node.is_notebook]
        if any(node.name.startswith(self.slug) for node in notebooks):
            return False
        if len(notebooks) > 1:
            notebooks = self._of_the_stage(notebooks) or notebooks
        flat = len(notebooks) + sum(node.is_zip for node in inside)
        folders = [node for node in inside if node.inside is not None and node.name != self.slug]
        return flat + sum(any(map(_is_handed_in, node.files())) for node in folders) > 1

    def _submission(self, student: str, entries: list[Node]) -> Submission:
        """A notebook, a folder or a zip counts; other files of the same name are told of where there is none."""
        counts = [node for node in entries if node.may_be_graded]
        if len(counts) > 1:
            return self._last_of(student, counts, last(counts))
        entry = counts[0] if counts else entries[0]
        if entry.problem:
            return Submission(student, None, problem=entry.problem, changed=entry.changed)
        if entry.inside is not None:
            found = self._in_folder(student, entry, "folder")
            found.changed = entry.changed
            return self._with_time(found, entry) if entry.stamped else found
        if entry.is_notebook:
            beside = [node.name for node in entries if node is not entry]
            note = f"Not looked at: {', '.join(beside)}." if beside else ""
            return Submission(student, entry.path, note, changed=entry.changed)
        if entry.is_zip:
            found = self._in_zip(student, entry)
            found.changed = entry.changed
            return found
        return Submission(student, None, problem=f"{_told(entry)} was handed in. Hand in {self.slug}.ipynb.")

    def _last_of(self, student: str, attempts: list[Node], chosen: tuple[Node, str] | None) -> Submission:
        """That which counts, with the others told; or, where nothing says which it is, why there is no verdict."""
        shown = {id(node): node.name + ("/" if node.inside is not None else "") for node in attempts}
        if chosen is None:
            return Submission(student, None, nobody=undecided(student, list(shown.values())))
        found = self._submission(student, [chosen[0]])
        others = [name for key, name in shown.items() if key != id(chosen[0])]
        found.note = f"{found.note} {counts_last(shown[id(chosen[0])], chosen[1], others)}".strip()
        return found

    def _with_time(self, found: Submission, folder: Node) -> Submission:
        """With the time that nbgrader wrote beside it, when it was submitted."""
        stamps = [node.path for node in folder.files() if node.name == TIMESTAMP and node.path is not None]
        if len(stamps) == 1:
            found.handed_in, found.changed = read_timestamp(stamps[0]), None
            unread = f"{TIMESTAMP} holds no time: nobody knows when this was handed in."
            found.note = found.note if found.handed_in else f"{found.note} {unread}".strip()
        return found

    def _of_lms(self, handed: Handed) -> Submission:
        """Of several attempts the last one counts; the others are told of."""
        counts = [node for node in handed.nodes if node.may_be_graded]
        chosen = [node for node in counts if node.name.startswith(self.slug)] or counts
        if len(chosen) > 1:
            chosen = self._of_the_stage([node for node in chosen if node.is_notebook]) or chosen
        if not handed.nodes:
            what = " and ".join(handed.typed or ["nothing"])
            problem = f"{what[0].upper()}{what[1:]} was handed in, not a notebook. Hand in {self.slug}.ipynb."
            found = Submission(handed.student, None, problem=problem)
        elif len(chosen) > 1 and not handed.ordered:
            exact = [(node, "it is called as it should be") for node in chosen if self._is_ours(node)]
            by_name = last(chosen, by_files=False) or (exact[0] if len(exact) == 1 else None)
            found = self._last_of(handed.student, chosen, by_name)
        else:
            found = self._submission(handed.student, chosen[-1:] or handed.nodes)
        others = [node.name for node in handed.nodes if node is not chosen[-1]] if chosen and handed.ordered else []
        if others and not found.problem:
            found.note = f"{found.note} The last file counts; not looked at: {', '.join(others[-NAMED:])}.".strip()
        found.note = f"{LATE} {found.note}".strip() if handed.late else found.note
        if handed.typed and handed.nodes:
            found.note = f"{found.note} Not looked at: {', '.join(handed.typed)}.".strip()
        found.number, found.name = handed.number, handed.name
        found.handed_in = found.changed = None  # what the student wrote into a folder is no proof
        return found

    def _in_zip(self, student: str, entry: Node) -> Submission:
        try:
            if entry.path is None or not entry.path.is_file():
                raise UnreadableZipError("is no file.")
            if entry.path.stat().st_size > MOST_MB << 20:
                raise UnreadableZipError(f"is larger than {MOST_MB} MB.")
            found = self._in_folder(student, Node(student, inside=self._unzip(entry.path, MOST_ONES_MB)), "zip")
        except (UnreadableZipError, OSError) as error:
            fact = str(error) if isinstance(error, UnreadableZipError) else f"cannot be read: {error.strerror}."
            return Submission(student, None, problem=f"The zip {entry.name} {fact} Hand in {self.slug}.ipynb itself.")
        if found.path is not None:
            found.note = " ".join(filter(None, [f"The notebook was taken out of {entry.name}.", found.note]))
        return found

    def _in_folder(self, student: str, folder: Node, kind: str) -> Submission:
        """The student's notebook: by its name, the only one, the only one named alike, or the one with its cells."""
        files = folder.files()
        notebooks = [node for node in files if node.is_notebook and not node.link]
        outside = [node.problem for node in files if node.outside]
        zips = [node for node in files if node.is_zip]
        if not notebooks and len(zips) == 1 and kind == "folder" and not zips[0].problem:
            return self._in_zip(student, zips[0])
        alike = [node for node in notebooks if node.name.lower().startswith(self.slug.lower())]
        exact = [node for node in alike if node.name == f"{self.slug}.ipynb"]
        exact = [node for node in exact if node in (folder.inside or [])] or exact
        chosen = next((one for one in (exact, notebooks, alike) if len(one) == 1), None)
        how = ""
        if chosen is None:
            mine = exact if len(exact) > 1 else self._of_the_stage(notebooks)
            if len(mine) > 1 and (counts := last(mine, by_files=False)):
                mine, how = [counts[0]], f": {counts[1]}"
            if len(mine) == 1:
                chosen = mine
            elif mine:
                return Submission(student, None, nobody=undecided(student, [node.name for node in mine]))
        if chosen is None:
            names = ", ".join(node.name for node in notebooks[:NAMED])
            others = ", ".join(_told(node) for node in files[:NAMED] if not node.is_notebook)
            holds = (
                f"{len(notebooks)} notebooks: {names}"
                if notebooks
                else "no notebook" + f", but {others}" * bool(others)
            )
            return Submission(student, None, problem=f"The {kind} holds {holds}. Hand in one {self.slug}.ipynb.")
        if chosen[0].problem:
            return Submission(student, None, problem=chosen[0].problem)
        note = "" if exact else f"The file was called {chosen[0].name}."
        if len(notebooks) > 1:
            note = f"Of {len(notebooks)} notebooks in the {kind} {chosen[0].name} was graded{how}."
        return Submission(student, chosen[0].path, " ".join(filter(None, [note, *outside])))

    def _is_ours(self, node: Node) -> bool:
        return node.inside is None and node.name == f"{self.slug}.ipynb"

    def _of_the_stage(self, notebooks: list[Node]) -> list[Node]:
        """Those that have cells of this stage: a label, or where these are lost, an exercise's function."""
        return [node for node in notebooks[:NAMED] if node.path is not None and self._has_cells(node.path)]

    def _has_cells(self, path: Path) -> bool:
        notebook, ids = read_notebook(path)[0], self._ids
        cells = notebook.cells if notebook is not None else []
        if any(cell.metadata.get("nbgrader", {}).get("grade_id") in ids for cell in cells):
            return True
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        return any(name in ids for name in re.findall(r"(?m)^(?:def|class)[ \t]+(\w+)", text))

    @cached_property
    def _ids(self) -> set[str]:
        """What only this stage has: its exercises and checks."""
        return {cell.id for cell in read_stage(self.stage).of_kind("exercise", "check")}


def read_timestamp(path: Path) -> datetime | None:
    """The time in nbgrader's file, in UTC; None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(200).strip()
        return parse_utc(text) if text else None
    except (OSError, ValueError, OverflowError, TypeError):
        return None


def _is_handed_in(node: Node) -> bool:
    """Is it what students hand in, and not their data?"""
    return node.is_notebook or node.name.lower().rpartition(".")[2] in ("zip", "html", "pdf", "py", "docx", "7z", "rar")


def _told(node: Node) -> str:
    kind = "outside of the zip" if node.outside else KINDS.get(node.name.lower().rpartition(".")[2], "no notebook")
    return f"{node.name} ({kind})"
