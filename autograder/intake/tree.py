"""A folder or a zip that was handed in, as a tree of files with safe names. No notebook is read here."""

from __future__ import annotations

import lzma
import re
import shutil
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.course.files import cannot_write
from autograder.intake.names import encoding_of, safe, stem
from autograder.intake.read import AGAIN, MOST_MB

NO_DAY = (1980, 1, 1)  # the first that a zip can tell: where none is known
TIMESTAMP = "timestamp.txt"  # nbgrader writes into it when a notebook was handed in
NOTEBOOK = re.compile(r"(.+)\.ipynb(\.(json|txt|gz))?", re.IGNORECASE)  # some browsers add an ending
MOST_CLASS_MB, MOST_ONES_MB = 2048, 2 * MOST_MB  # of a zip unpacked: of a class, of one student
MOST_TIMES = 200  # as large as the zip: no class of notebooks is
MOST_FILES = 50_000
DEEPEST = 20
# What systems leave behind, and what `sample-class` writes.
IGNORED = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini", "class.json"}
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError,
           struct.error)  # fmt: skip


@dataclass
class Node:
    """A file, or a folder. `problem`: why there are no bytes of it."""

    name: str
    path: Path | None = None
    inside: list[Node] | None = None  # of a folder
    problem: str = ""
    link: bool = False
    outside: bool = False  # a zip puts it outside of itself: it is not unpacked
    time: datetime | None = None  # of the file, by the clock of where it was written
    stamped: bool = False  # nbgrader's folder of one hand-in: the time that it tells is believed

    def __post_init__(self) -> None:
        self.name = safe(self.name)
        if self.link:
            self.problem = "A link was handed in, not a notebook."

    @property
    def label(self) -> str:
        return stem(self.name)

    @property
    def handed_in(self) -> None:
        """Of a file nobody knows; `find` reads what nbgrader wrote beside it."""

    @property
    def changed(self) -> datetime | None:
        """Of a folder the time of its last file."""
        times = [self.time] if self.inside is None else [node.time for node in self.files()]
        return max((time for time in times if time is not None), default=None)

    @property
    def is_notebook(self) -> bool:
        return self.inside is None and not self.outside and NOTEBOOK.fullmatch(self.name) is not None

    @property
    def is_zip(self) -> bool:
        return self.inside is None and not self.outside and self.name.lower().endswith(".zip")

    @property
    def may_be_graded(self) -> bool:
        """A notebook, or what one may be in; any other file is told of, and no more."""
        return self.is_notebook or self.is_zip or self.inside is not None

    def files(self) -> list[Node]:
        """All files in a folder, those of outer folders first."""
        inside = self.inside or []
        below = [file for node in inside if node.inside is not None for file in node.files()]
        return [node for node in inside if node.inside is None] + below


class UnreadableZipError(Exception):
    """Why a zip cannot be unpacked, as one sentence."""


def of_folder(folder: Path, depth: int = 0) -> list[Node]:
    """Follows no link."""
    found = []
    for path in sorted(folder.iterdir()):
        if _ignored(path.name):
            continue
        if path.is_symlink():
            found.append(Node(path.name, link=True))
        elif path.is_dir():
            found.append(Node(path.name, inside=_below(path, depth)))
        else:
            found.append(Node(path.name, path, time=_time_of(path)))
    return found


def _time_of(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        return None


def _below(folder: Path, depth: int) -> list[Node]:
    try:
        return of_folder(folder, depth + 1) if depth < DEEPEST else []
    except OSError:  # no leave to look into it: as if it were empty
        return []


def of_zip(path: Path, into: Path, most_mb: int) -> list[Node]:
    """Unpack a zip's notebooks, zips and times into numbered files of `into`; a fault of one of them is that one's.

    Raises:
        UnreadableZipError: where it is no zip, or would be too large.
        CourseError: where they cannot be written.
    """
    top: list[Node] = []
    try:
        with _open(path) as archive:
            files = _places(archive, top)
            _not_too_large(files, path.stat().st_size, most_mb)
            for number, (node, item) in enumerate(files):
                _unpack(archive, item, node, into / str(number), most_mb if node.is_zip else MOST_MB)
    except DAMAGED as error:
        raise UnreadableZipError(f"cannot be unpacked: {str(error).rstrip('.') or type(error).__name__}.") from error
    return top


def _open(path: Path) -> zipfile.ZipFile:
    """Names that are not marked as UTF-8 are in the encoding of whichever computer the zip was made on."""
    with zipfile.ZipFile(path) as archive:
        unmarked = [item.orig_filename for item in archive.infolist() if not item.flag_bits & 0x800]
    encoding = encoding_of([name.encode("cp437") for name in unmarked])
    return zipfile.ZipFile(path, metadata_encoding=encoding)


def _places(archive: zipfile.ZipFile, top: list[Node]) -> list[tuple[Node, zipfile.ZipInfo]]:
    """Give each member its place in the tree; the notebooks and zips among them.

    What points outside stands at the top, with the reason why it is not unpacked.
    """
    if len(archive.infolist()) > MOST_FILES:
        raise UnreadableZipError(f"holds more than {MOST_FILES} files.")
    files: list[tuple[Node, zipfile.ZipInfo]] = []
    folders: dict[tuple[str, ...], list[Node]] = {(): top}
    for item in archive.infolist():
        name = item.filename.replace("\\", "/")  # older Windows tools
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if not parts or any(_ignored(part) for part in parts if part != ".."):
            continue
        if ".." in parts or name.startswith("/"):
            if not name.endswith("/"):
                problem = f"The zip puts this file outside of itself ({safe(name)}), so it was not unpacked."
                top.append(Node("_".join(parts), problem=problem, outside=True))
            continue
        parts = parts[:DEEPEST] + parts[DEEPEST:][-1:]
        is_folder = name.endswith("/")
        place: tuple[str, ...] = ()
        for part in parts if is_folder else parts[:-1]:  # an empty folder, too: its student is told
            above, place = folders[place], (*place, part)
            if place not in folders:
                folders[place] = []
                above.append(Node(part, inside=folders[place]))
        if not is_folder:
            node = Node(parts[-1], link=stat.S_ISLNK(item.external_attr >> 16), time=_time_in(item))
            folders[place].append(node)
            if (node.is_notebook or node.is_zip or node.name == TIMESTAMP) and not node.link:
                files.append((node, item))
    return files


def _time_in(item: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*item.date_time) if item.date_time[:3] != NO_DAY else None
    except ValueError:
        return None


def _not_too_large(files: list[tuple[Node, zipfile.ZipInfo]], packed: int, most_mb: int) -> None:
    total = sum(item.file_size for node, item in files if node.is_zip or item.file_size <= MOST_MB << 20)
    if total > most_mb << 20 or total > max(MOST_TIMES * packed, MOST_MB << 20):
        largest = max(files, key=lambda file: file[1].file_size)[1].filename
        most = f"more than {most_mb} MB, or {MOST_TIMES} times its own size"
        raise UnreadableZipError(
            f"would unpack to {total >> 20} MB ({most}); the largest file in it is {safe(largest)}."
        )


def _unpack(archive: zipfile.ZipFile, item: zipfile.ZipInfo, node: Node, place: Path, most_mb: int) -> None:
    if item.file_size > most_mb << 20:
        fix = "Clear its outputs, save it, and hand it in again."
        node.problem = f"The file {node.name} is larger than {most_mb} MB. {fix}"
    elif item.flag_bits & 1:
        node.problem = f"The file {node.name} is encrypted. Hand it in without a password."
    else:
        try:
            with archive.open(item) as packed, open(place, "wb") as file:
                shutil.copyfileobj(packed, file)
            node.path = place
        except (*DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # of this computer: its disk is full
                raise cannot_write(str(place.parent), error) from error
            node.problem = f"The file {node.name} is damaged: it cannot be unpacked. {AGAIN}"


def _ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED
