"""The lines that hide: where a solution begins and ends, and where a hidden test does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def visible(source: str) -> str:
    """A check cell as students get it: without its hidden test."""
    return "\n".join(line for line, hidden in _parts(source) if not hidden)


def without_hidden(source: str) -> str:
    """The visible part of a check, each line where it was."""
    return "\n".join("" if hidden else line for line, hidden in _parts(source))


def only_hidden(source: str) -> str:
    """The hidden part of a check, each line where it was."""
    return "\n".join(line if hidden else "" for line, hidden in _parts(source))


def _parts(source: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is hidden; the markers are."""
    inside = False
    for line in source.split("\n"):
        begins, ends = BEGIN_HIDDEN in line, END_HIDDEN in line
        yield line, inside or begins or ends
        inside = begins or (inside and not ends)


def is_hidden(lines: Sequence[str], number: int) -> bool:
    """Does this line, counted from 1, stand below the begin of a hidden test? One that is not known (0) may."""
    if number < 1:
        return any(BEGIN_HIDDEN in line for line in lines)
    hidden = False
    for line in lines[: number - 1]:
        hidden = BEGIN_HIDDEN in line or (hidden and END_HIDDEN not in line)
    return hidden
