"""What a stage's text offers for each exercise: its section, and its hints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbformat import NotebookNode


def headings(texts: Iterable[str]) -> list[str]:
    """The headings of prose: their whole texts."""
    return [h.strip() for text in texts for h in re.findall(r"(?m)^#{1,6}\s+(.+?)\s*$", text)]


def has_heading(read: str, known: list[str]) -> bool:
    """Does one of the headings have this number, as in `4.1`, or this title?"""
    return any(h == read or re.match(rf"{re.escape(read)}(?![\w.])[ .:·]?", h) or h.endswith(f" {read}") for h in known)


HINT = re.compile(r"<details>\s*<summary>\s*Hint \d+\s*</summary>(.*?)</details>", re.DOTALL)
SECTION = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Guide:
    """Where to read again, such as `3.4 A loss that does not look at pads`, and hints, from a nudge to nearly code."""

    section: str = ""
    hints: tuple[str, ...] = ()


def guides(cells: Iterable[NotebookNode]) -> dict[str, Guide]:
    """For each exercise of a stage's notebook: the heading above it, and the hints since the exercise before."""
    found: dict[str, Guide] = {}
    section, hints = "", list[str]()
    for cell in cells:
        if cell.cell_type == "markdown":
            text = FENCE.sub("", cell.source)
            section = (SECTION.findall(text) or [section])[-1]
            hints += [flow(hint) for hint in HINT.findall(text)]
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            found[cell.metadata.nbgrader.grade_id] = Guide(section, tuple(hints))
            hints = []
    return found


def flow(markdown: str) -> str:
    """Paragraphs without line breaks of their own; items of a list keep their lines."""
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", markdown.strip())
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
