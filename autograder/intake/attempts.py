"""Several hand-ins of one person: the last one counts. Which that is, and how it is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from filecmp import cmp
from pathlib import Path
from typing import Protocol, TypeVar

NUMBER = re.compile(r"\s*\((\d+)\)$")  # browsers and Google Drive put it behind the name of a later file
NAMED = 9  # files in a sentence
APART = timedelta(minutes=1)  # files that are copied get times of their own, one right after the other


class Attempt(Protocol):
    @property
    def label(self) -> str: ...  # the file's name, without its ending
    @property
    def path(self) -> Path | None: ...
    @property
    def handed_in(self) -> datetime | None: ...  # as nbgrader says
    @property
    def changed(self) -> datetime | None: ...  # as the file or the zip says


A = TypeVar("A", bound=Attempt)


def last(attempts: Sequence[A], by_files: bool = True) -> tuple[A, str] | None:
    """The one that counts, and why; None where nothing tells. `by_files`: do the times of files say anything?"""
    paths = [one.path for one in attempts if one.path is not None and one.path.is_file()]
    if len(paths) == len(attempts) and all(cmp(paths[0], path, shallow=False) for path in paths[1:]):
        return attempts[0], "all of them are the same"
    times = [(one.handed_in, one) for one in attempts if one.handed_in is not None]
    if found := _latest(times, len(attempts), timedelta(microseconds=1)):
        return found[1], f"the last by the times of nbgrader ({found[0]:%F %T} UTC)"
    if times:
        return None  # a file's time says nothing about when a hand-in came that is said to have come
    counted = [int(told[1]) if (told := NUMBER.search(one.label)) else 0 for one in attempts]
    if len({NUMBER.sub("", one.label) for one in attempts}) == 1 and len(set(counted)) == len(attempts):
        return attempts[counted.index(max(counted))], f"the last by the number in its name ({max(counted)})"
    changed = [(one.changed, one) for one in attempts if by_files and one.changed is not None]
    if found := _latest(changed, len(attempts), APART):
        return found[1], f"the last by the times of the files ({found[0]:%F %R})"
    return None


def _latest(times: list[tuple[datetime, A]], of: int, apart: timedelta) -> tuple[datetime, A] | None:
    """Where all have a time, and one is later than the others."""
    times.sort(key=lambda pair: pair[0])
    return times[-1] if len(times) == of and times[-1][0] - times[-2][0] >= apart else None


def counts_last(chosen: str, how: str, others: Sequence[str]) -> str:
    return f"Of {len(others) + 1} hand-ins {chosen} counts: {how}. Not looked at: {', '.join(others[-NAMED:])}."


def undecided(student: str, names: Sequence[str]) -> str:
    fact = f"There is more than one submission of {student}, and nothing says which is the last: "
    return f"{fact}{', '.join(names[:NAMED])}. Leave one of them and grade again; any earlier mark stays."
