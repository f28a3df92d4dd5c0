"""Drawings of models: boxes, arrows and letters, by schemdraw, as SVG that looks the same everywhere."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import schemdraw
from schemdraw import elements, flow
from schemdraw.backends import svg

FILLS = {
    "values": "#ddebf7",  # numbers that come in, go out or are kept
    "learned": "#fde3cd",  # has parameters
    "fixed": "#ffffff",  # computes, has no parameters
    "choice": "#f3d9ea",  # drawn by chance, or learned from right and wrong only
}
INK, FAINT = "#222222", "#8a8a8a"

Point = tuple[float, float]
Align = Literal["left", "center", "right"]


def read_drawings(path: Path) -> dict[str, Sheet]:
    """The drawings that a stage's drawings.py makes: each of its functions is one, by its name."""
    made = runpy.run_path(str(path))
    own = {name: it for name, it in made.items() if callable(it) and getattr(it, "__module__", "") == "<run_path>"}
    return {name: draw() for name, draw in own.items() if not name.startswith("_")}


class Sheet:
    """One drawing. Places and sizes are in units of half an inch, x to the right and y upwards, from a box's middle.

    Letters between dollar signs are formulas, as in the page's text. A page shows some 15 units side by side.
    """

    def __init__(self) -> None:
        schemdraw.use("svg")
        svg.precision = 2
        self.texts: list[str] = []
        self._drawing = schemdraw.Drawing(
            show=False, inches_per_unit=0.5, fontsize=11, lw=1.1, color=INK, bgcolor="#ffffff", margin=0.25
        )

    def box(self, at: Point, text: str, kind: str = "learned", w: float = 2.6, h: float = 0.9) -> Any:
        """A box with its middle at `at`; the result has the places N, E, S, W where arrows begin and end."""
        self.texts.append(text)
        box = flow.Box(w=w, h=h)
        return self._drawing.add(box.anchor("center").at(at).theta(0).fill(FILLS[kind]).label(text))

    def ring(self, at: Point, text: str, kind: str = "fixed", r: float = 0.3) -> Any:
        """A small circle for an operation, such as + or ×."""
        self.texts.append(text)
        return self._drawing.add(flow.Circle(r=r).anchor("center").at(at).theta(0).fill(FILLS[kind]).label(text))

    def text(self, at: Point, text: str, size: float = 11, align: Align = "center", color: str = INK) -> None:
        self.texts.append(text)
        label = elements.Label().at(at).theta(0).color(color)
        self._drawing.add(label.label(text, loc="center", halign=align, valign="center", fontsize=size, ofst=0))

    def line(self, *points: Point, arrow: bool = True, dashed: bool = False, color: str = INK, lw: float = 1.1) -> None:
        """A line through all points, with a head at the last one."""
        for i, (a, b) in enumerate(pairwise(points)):
            last = arrow and i == len(points) - 2
            part = elements.Line(arrow="->" if last else None).at(a).to(b).color(color).linewidth(lw)
            self._drawing.add(part.linestyle("--" if dashed else "-"))

    def arrow(self, a: Point, b: Point, text: str = "", dashed: bool = False, offset: float = 0.22) -> None:
        """A straight arrow, with its text above it, or to the right of one that goes up or down."""
        self.line(a, b, dashed=dashed)
        (ax, ay), (bx, by) = a, b
        if text and abs(bx - ax) >= abs(by - ay):
            self.text(((ax + bx) / 2, (ay + by) / 2 + offset), text, size=9.5)
        elif text:
            self.text(((ax + bx) / 2 + offset * 0.6, (ay + by) / 2), text, size=9.5, align="left")

    def grid(self, at: Point, shape: tuple[int, int], cell: float = 0.2, fills: dict[Point, str] | None = None) -> None:
        """Rows and columns of small squares, their lower left corner at `at`; `fills` colours some (row, column)."""
        x, y = at
        rows, columns = shape
        for (row, column), color in (fills or {}).items():
            corner = (x + column * cell, y + (rows - row) * cell)
            self.frame(corner, cell, cell, fill=color, lw=0.3)
        for i in range(rows + 1):
            self._thin((x, y + i * cell), (x + columns * cell, y + i * cell))
        for j in range(columns + 1):
            self._thin((x + j * cell, y), (x + j * cell, y + rows * cell))

    def frame(
        self,
        at: Point,
        w: float,
        h: float,
        fill: str | None = None,
        color: str = INK,
        lw: float = 1.1,
        dashed: bool = False,
    ) -> None:
        """A rectangle, its upper left corner at `at`."""
        box = flow.Box(w=w, h=h).anchor("NW").at(at).theta(0).color(color).linewidth(lw)
        self._drawing.add(box.fill(fill) if fill else box)

    def _thin(self, a: Point, b: Point) -> None:
        self._drawing.add(elements.Line().at(a).to(b).linewidth(0.4).color(FAINT))

    def key(self, at: Point, kind: str, text: str) -> None:
        """What a colour means."""
        x, y = at
        self.frame((x, y + 0.16), 0.45, 0.32, fill=FILLS[kind], color=FAINT, lw=0.6)
        self.text((x + 0.6, y - 0.1), text, size=9.5, align="left")

    def letters(self) -> set[str]:
        """The formulas' letters, to compare them with those of the text."""
        formulas = " ".join(formula for text in self.texts for formula in re.findall(r"\$(.+?)\$", text))
        return set(re.findall(r"\\?[A-Za-z]+", formulas))

    def image(self) -> bytes:
        """The drawing as SVG: each letter's outline once (schemdraw repeats them), places to 1/100 point."""
        text = self._drawing.get_imagedata("svg").decode()
        seen: set[str] = set()

        def once(found: re.Match[str]) -> str:
            new = found[1] not in seen
            seen.add(found[1])
            return found[0] if new else ""

        text = re.sub(r'<symbol id="([^"]+)"[^>]*?(?:/>|>.*?</symbol>)', once, text, flags=re.DOTALL)
        text = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text)
        return (text + "\n").encode()
