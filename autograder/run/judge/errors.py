"""Errors of a student's program, as the judge raises them in the check."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Any

from autograder.run.limits import LIMITS_REACHED
from autograder.run.wire.ends import TimeUp
from autograder.run.wire.frames import WireError

Lines = dict[str, int]  # the cells of the submission and how many lines each has


class StudentError(Exception):
    """An error of a type that only the student's program has."""


@dataclass
class StudentFault:
    """Where and what: the call in words, the error's own name and text, and the way to it through the cells."""

    label: str
    type: str
    message: str
    missing: bool = False
    frames: list[tuple[bool, str, int, str, str]] = field(default_factory=list)
    limit: str = ""  # the one that was reached, by its name in `Limits`

    @property
    def place(self) -> str:
        """The last line of the student's own that was running."""
        for is_cell, cell, line, _, _ in reversed(self.frames):
            if is_cell:
                return f' (line {line} of the cell "{cell}")'
        return ""

    def traceback(self) -> str:
        lines = []
        for is_cell, place, line, function, text in self.frames:
            lines.append(f'  {"cell" if is_cell else "file"} "{place}", line {line}, in {function}')
            lines += [f"    {text}"] if text else []
        return "\n".join([*lines, f"{self.type}: {self.message}"])


def throw(lines: Lines, error: Any, label: str) -> None:
    """Raise what the student's process reported: the same builtin type, or the nearest one that it descends from.

    A place in a cell that `lines` does not know is not believed.
    """
    fault, kinds, args = _read(lines, error, label)
    if fault.type == "TimeLimit":
        raise TimeUp
    raised: Exception | None = None
    for name in kinds:
        kind = vars(builtins).get(name)
        if name in ("StopIteration", "StopAsyncIteration"):
            continue  # it would end a loop of the check in silence
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            try:
                raised = kind(*args)
                break
            except Exception:  # a type that wants other arguments: take the next one
                continue
    if raised is None:
        raised = StudentError(fault.message)
    raised.student_fault = fault  # type: ignore[attr-defined]
    raise raised from None


def _read(lines: Lines, error: Any, label: str) -> tuple[StudentFault, list[str], list[Any]]:
    try:
        kinds = [str(k)[:100] for k in error.get("kinds", [])][:20]
        frames = [
            (
                f[0] is True and 0 < int(f[2]) <= lines.get(str(f[1]), 0),
                str(f[1])[:100],
                int(f[2]),
                str(f[3])[:100],
                str(f[4])[:200],
            )
            for f in error.get("frames", [])
        ][:20]
        message = str(error["message"])[:2000]
        args = error.get("args")
        if (
            type(args) is not list
            or len(args) > 3
            or any(type(a) not in (str, int, float, bool, type(None)) for a in args)
        ):
            args = [message]
        limit = error.get("limit")
        limit = limit if type(limit) is str and limit in LIMITS_REACHED else ""
        fault = StudentFault(label, str(error["type"])[:100], message, error.get("missing") is True, frames, limit)
        return fault, kinds, args
    except Exception as wrong:
        raise WireError("an error that is none") from wrong
