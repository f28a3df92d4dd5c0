"""nbgrader's exchange, in which everybody may write: which hand-ins are taken, and whose pages are handed out."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback

from autograder.intake.tree import TIMESTAMP

SECRET = "submission_secret.txt"  # nbgrader's own, beside a hand-in and its page
MOST_FILES, DEEPEST = 2000, 20
DELAY = timedelta(minutes=10)  # between the time that a hand-in tells and the last change of its folder


class Collect(ExchangeCollect):
    """Takes no hand-in in another's name, follows no link, and is not stopped by a folder that is none.

    A link would be read with the instructor's rights: the solutions are a student's hand-in then.
    """

    src_records: list[dict[str, Any]]
    refused: dict[str, tuple[datetime, str]]  # by student: when the last one is said to have come, and why not

    def __init__(self, **words: Any) -> None:
        self.refused = {}
        super().__init__(**words)

    def _path_to_record(self, path: str) -> dict[str, Any]:
        try:
            record: dict[str, Any] = super()._path_to_record(path)
            fault = self._fault(path, record)
        except (ValueError, OverflowError):
            name = os.path.basename(path)
            record = {"filename": name, "timestamp": datetime.min, "username": name.rsplit("+", 3)[0]}
            fault = "its name has no time"
        if fault:
            fact = f"{record['filename']} is left in the exchange: {fault}."
            self.log.warning("%s", fact)
            who = record["username"] or record["filename"]
            self.refused[who] = max(self.refused.get(who, (datetime.min, "")), (record["timestamp"], fact))
            record["username"] = ""
        return record

    def _fault(self, path: str, record: dict[str, Any]) -> str:
        student, told = record["username"], os.lstat(path)
        if not student:
            return "its name has no student"
        if not self.check_owner:
            return ""
        import pwd  # not there on Windows, where nbgrader has no exchange

        try:
            owner = pwd.getpwuid(told.st_uid).pw_name
        except KeyError:
            owner = f"account {told.st_uid}"
        if owner != student:
            return f"it claims to be {student}'s, and is owned by {owner}"
        changed = datetime.fromtimestamp(told.st_ctime, UTC).replace(tzinfo=None)  # nobody can set this back
        if changed > record["timestamp"] + DELAY:
            fact = "%s says that it was handed in at %s; its folder was changed last at %s (UTC)."
            self.log.warning(fact, student, f"{record['timestamp']:%F %T}", f"{changed:%F %T}")
        return ""

    def init_src(self) -> None:
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]
        for record in self.src_records:
            if self.refused.get(record["username"], (datetime.max, ""))[0] < record["timestamp"]:
                del self.refused[record["username"]]  # a later one was taken

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """In place of nbgrader's: plain files and folders only, and no moment in which one could become a link.

        Raises:
            OSError: when it cannot be read, or is no folder.
            RuntimeError: when it is larger than nbgrader's limit.
        """
        if not stat.S_ISDIR(os.lstat(src).st_mode):
            raise RuntimeError("it is a link, or a file, and no folder")
        ignored, most = self.coursedir.ignore, int(1000 * self.coursedir.max_dir_size)
        links, count = list[str](), 0
        for at, folders, files, here in os.fwalk(src, onerror=_stop, follow_symlinks=False):
            into = Path(dest, os.path.relpath(at, src))
            into.mkdir(parents=True)
            depth = len(into.parts) - len(Path(dest).parts)
            links += [name for name in (*folders, *files) if _is(stat.S_ISLNK, name, here)]
            folders[:] = [name for name in folders if depth < DEEPEST and not _matches(name, ignored)]
            for name in files:
                if _matches(name, ignored) or not _is(stat.S_ISREG, name, here):
                    continue
                with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here), "rb") as file:
                    data = file.read(most + 1)
                (into / name).write_bytes(data)
                most, count = most - len(data), count + 1
                if most < 0 or count > MOST_FILES:
                    raise RuntimeError(f"it is larger than {self.coursedir.max_dir_size} kB or {MOST_FILES} files")
        (Path(dest) / TIMESTAMP).write_text(
            Path(src).name.rsplit("+", 3)[2], encoding="utf-8"
        )  # that a student could spoil
        if self.coursedir.groupshared:
            self.set_perms(dest, 0o660, 0o2770)
        if links:
            self.log.warning("%s: links are not collected: %s", Path(dest).parent.name, ", ".join(sorted(links)))


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Hands out the pages of hand-ins that came through the exchange. Any other stops nobody."""

    src_path: str

    def copy_files(self) -> None:
        for folder in sorted(glob.glob(self.src_path)):
            student = Path(folder).parent.name
            try:
                told = [Path(folder, name).read_text(encoding="utf-8") for name in (TIMESTAMP, SECRET)]
            except (OSError, UnicodeDecodeError):
                told = [""]
            if not all(told):
                self.log.warning("%s: the page is not released: the hand-in did not come by the exchange.", student)
                continue
            self.src_path = glob.escape(folder)
            super().copy_files()


def _is(kind: Callable[[int], bool], name: str, folder: int) -> bool:
    return kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _stop(error: OSError) -> None:
    raise error
