"""Answers that stand where Python does not look: in a text cell, between fences, with invisible characters."""

from __future__ import annotations

import re
from collections.abc import Callable

from nbformat import NotebookNode

from autograder.intake.python import parses

INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
FENCE = re.compile(r"[ \t]*(```+|~~~+)")
CODE = re.compile(r"\s*(?:def|class|async|@|import|from|#)\b|\s*@")


def without_invisible(cell: NotebookNode) -> bool:
    """Take characters out of a code cell that nobody sees and Python refuses; says whether there were any."""
    if cell.cell_type != "code" or not INVISIBLE.search(cell.source) or parses(cell.source):
        return False  # in a text they may be meant
    cell.source = INVISIBLE.sub("", cell.source)
    return True


def unfenced(cell: NotebookNode) -> bool:
    """Take the fences (```python) off a code cell, or off a text cell with a label; says whether there were any."""
    inside, outside = _fenced(cell.source)
    if not inside or (cell.cell_type == "code" and (outside or parses(cell.source))):
        return False
    cell.source = inside
    return True


def code_of(cell: NotebookNode, place: Callable[[str], int]) -> str:
    """The code in a text cell that defines the exercise, or nothing. `place`: where it is defined, or -1."""
    if cell.cell_type == "code" or place(cell.source) < 0:
        return ""
    inside, _ = _fenced(cell.source)
    if inside:
        return inside if place(inside) >= 0 else ""
    return cell.source if cell.cell_type == "raw" or parses(cell.source) or CODE.match(cell.source) else ""


def _fenced(text: str) -> tuple[str, str]:
    """What stands between fences, and what stands outside of them."""
    inside, outside, fence = list[str](), list[str](), ""
    for line in text.split("\n"):
        if not fence and (begin := FENCE.match(line)):
            fence = begin[1]
        elif fence and line.strip() == fence:
            fence = ""
        else:
            (inside if fence else outside).append(line)
    return "\n".join(inside).strip("\n"), "\n".join(outside).strip()
