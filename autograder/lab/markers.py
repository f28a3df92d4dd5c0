"""The lines that hide: where a solution begins and ends, and where a hidden test does."""

from __future__ import annotations

from collections.abc import Sequence

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def visible(source: str) -> str:
    """A check cell as students get it: without its hidden test."""
    lines, keep = [], True
    for line in source.split("\n"):
        if BEGIN_HIDDEN in line:
            keep = False
        elif END_HIDDEN in line:
            keep = True
        elif keep:
            lines.append(line)
    return "\n".join(lines)


def without_hidden(source: str) -> str:
    """The visible part of a check, each line where it was."""
    return _only(source, hidden=False)


def only_hidden(source: str) -> str:
    """The hidden part of a check, each line where it was."""
    return _only(source, hidden=True)


def _only(source: str, hidden: bool) -> str:
    lines, inside = [], False
    for line in source.split("\n"):
        inside = inside or BEGIN_HIDDEN in line
        lines.append(line if inside is hidden else "")
        inside = inside and END_HIDDEN not in line
    return "\n".join(lines)


def is_hidden(lines: Sequence[str], number: int) -> bool:
    """Does this line, counted from 1, stand below the begin of a hidden test? One that is not known (0) may."""
    if number < 1:
        return any(BEGIN_HIDDEN in line for line in lines)
    hidden = False
    for line in lines[: number - 1]:
        hidden = BEGIN_HIDDEN in line or (hidden and END_HIDDEN not in line)
    return hidden
