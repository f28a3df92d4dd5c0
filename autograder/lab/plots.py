"""Pictures in one style: colour-blind safe, readable at notebook width, Chinese glyphs without system fonts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

# Okabe and Ito's palette: told apart with every common colour vision.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
WIDTH, HEIGHT = 7.0, 3.4  # inches; 770 pixels wide, as wide as a notebook's text


def use_style() -> None:
    """Set the course's style for every later plot of this process."""
    _add_chinese_font()
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, HEIGHT),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.family": ["DejaVu Sans", "Noto Sans SC"],  # the second one for what the first lacks
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(color=COLORS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "image.cmap": "cividis",
            "lines.linewidth": 2,
        }
    )


@cache
def _add_chinese_font() -> None:
    spec = find_spec("zhplot")  # only its font file: importing the package would set a style of its own
    if spec is not None and spec.origin is not None:
        font_manager.fontManager.addfont(Path(spec.origin).parent / "fonts" / "NotoSansSC-Regular.ttf")


def heatmap(
    matrix: Any,
    rows: Sequence[object],
    columns: Sequence[object],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    numbers: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Show a matrix [len(rows), len(columns)], row 0 at the top. `numbers` writes each value into its cell.

    Raises:
        ValueError: when the labels do not fit the matrix.
    """
    import numpy as np

    values = np.asarray(matrix.detach() if hasattr(matrix, "detach") else matrix, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"heatmap: the matrix has shape {values.shape}, the labels {(len(rows), len(columns))}")
    ax = ax or plt.subplots(figsize=(WIDTH, min(6.0, max(1.6, 0.9 + 0.32 * len(rows)))))[1]
    image = ax.imshow(values, aspect="auto", cmap="cividis")
    ax.grid(False)
    ax.set_xticks(range(len(columns)), [str(c) for c in columns])
    ax.set_yticks(range(len(rows)), [str(r) for r in rows])
    if numbers:
        middle = (values.min() + values.max()) / 2
        for i, j in np.ndindex(values.shape):
            color = "white" if values[i, j] <= middle else "black"
            ax.text(j, i, f"{values[i, j]:.3g}", ha="center", va="center", color=color, fontsize=9)
    else:
        ax.figure.colorbar(image, ax=ax)
    return _label(ax, title, xlabel, ylabel)


def lines(
    series: Mapping[str, Sequence[float]],
    x: Sequence[float] | None = None,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """One curve per name, all over the same `x` (default 0, 1, 2, …)."""
    ax = ax or plt.subplots()[1]
    styles = ["-", "--", "-.", ":"]
    for i, (name, values) in enumerate(series.items()):
        ax.plot(x if x is not None else range(len(values)), values, styles[i % 4], label=name)
    if len(series) > 1:
        ax.legend(frameon=False)
    return _label(ax, title, xlabel, ylabel)


def bars(
    values: Mapping[str, float], *, title: str = "", xlabel: str = "", ylabel: str = "", ax: Axes | None = None
) -> Axes:
    """One horizontal bar per name, in the given order, each with its value."""
    ax = ax or plt.subplots(figsize=(WIDTH, max(1.6, 0.8 + 0.42 * len(values))))[1]
    drawn = ax.barh(list(values), list(values.values()), color=[COLORS[i % len(COLORS)] for i in range(len(values))])
    ax.bar_label(drawn, fmt="%.3g", padding=4)
    ax.invert_yaxis()  # the first name on top, as in the text
    ax.grid(axis="y", visible=False)
    ax.margins(x=0.12)
    return _label(ax, title, xlabel, ylabel)


def points(
    xy: Any,
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Labelled points [N, 2]; points of the same group share a colour and a marker."""
    ax = ax or plt.subplots(figsize=(WIDTH, 4.4))[1]
    groups = list(groups) if groups is not None else [""] * len(labels)
    names = list(dict.fromkeys(groups))
    for i, name in enumerate(names):
        chosen = [k for k, group in enumerate(groups) if group == name]
        ax.scatter([float(xy[k][0]) for k in chosen], [float(xy[k][1]) for k in chosen], s=40,
                   color=COLORS[i % len(COLORS)], marker="osD^vPX"[i % 7], label=name, zorder=3)  # fmt: skip
    for k, label in enumerate(labels):
        ax.annotate(label, (float(xy[k][0]), float(xy[k][1])), xytext=(5, 4), textcoords="offset points", fontsize=8.5)
    if len(names) > 1:
        ax.legend(frameon=False)
    return _label(ax, title, xlabel, ylabel)


STAGES = [
    ("00_start_here", "Start here", "words become tensors"),
    ("01_rnn_basics", "RNN", "a state that remembers"),
    ("02_lstm_gru", "LSTM, GRU", "gates keep the memory"),
    ("03_seq2seq", "Seq2seq", "one word in, another out"),
    ("04_decoding", "Decoding", "the bottleneck"),
    ("05_bahdanau_attention", "Attention", "look back at the source"),
    ("06_luong_attention", "Luong", "other scores, other costs"),
    ("07_self_attention", "Self-attention", "no recurrence at all"),
    ("08_pretraining", "Pre-training", "learn from plain text"),
    ("09_images", "Images", "several labels, one picture"),
    ("10_visual_attention", "Visual attention", "look where it matters"),
    ("11_applications", "Applications", "your own model"),
    ("12_quizzes", "Quizzes", "and a bug clinic"),
]


def course_map(here: str = "") -> Axes:
    """The stages in order, from the plain RNN to self-attention; `here` is the one to point at."""
    ax = plt.subplots(figsize=(WIDTH, 4.3))[1]
    places = [(i % 4, -(i // 4)) for i in range(len(STAGES))]
    arrow = {"arrowstyle": "->", "color": "#777777"}
    for (x, y), (nx, ny) in pairwise(places):
        if y == ny:
            ax.annotate("", (nx - 0.45, ny), (x + 0.45, y), arrowprops=arrow)
        else:  # from the end of a row to the start of the next one
            ax.plot([x, x, nx, nx], [y - 0.29, y - 0.5, y - 0.5, ny + 0.45], color="#777777", linewidth=1)
            ax.annotate("", (nx, ny + 0.28), (nx, ny + 0.5), arrowprops=arrow)
    for (x, y), (slug, title, idea) in zip(places, STAGES, strict=True):
        current = slug == here
        face, color = (COLORS[0], "white") if current else ("#f2f2f2", "black")
        ax.add_patch(FancyBboxPatch((x - 0.42, y - 0.25), 0.84, 0.5, "round,pad=0.02", fc=face, ec="#777777"))
        ax.text(x, y + 0.1, f"{slug[:2]} · {title}", ha="center", va="center", fontsize=9.5, color=color)
        ax.text(x, y - 0.12, idea, ha="center", va="center", fontsize=7.5, color=color)
    ax.set_xlim(-0.5, 3.5)
    ax.set_ylim(-3.4, 0.4)
    ax.axis("off")
    ax.set_title("The course: follow the arrows" + ("; you are at the blue box" if here else ""))
    return ax


def _label(ax: Axes, title: str, xlabel: str, ylabel: str) -> Axes:
    ax.set_title(title)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax
