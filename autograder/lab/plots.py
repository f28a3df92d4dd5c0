"""Pictures in one style: colour-blind safe, readable at notebook width, Chinese glyphs without system fonts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise, product
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import FancyBboxPatch, Rectangle

# Okabe and Ito's palette: told apart with every common colour vision.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
WIDTH, HEIGHT = 7.0, 3.4  # inches; 770 pixels wide, as wide as a notebook's text

MOST_BYTES = 20_000  # of what a figure's heatmaps tell: a notebook is to stay small
_labels: WeakKeyDictionary[AxesImage, tuple[list[str], list[str]]] = WeakKeyDictionary()  # of rows, of columns
# Left, top, width, height of a heatmap where it was drawn last, in parts of the picture's size.
_places: WeakKeyDictionary[AxesImage, list[float]] = WeakKeyDictionary()


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
        short = [f"{value:.3g}" for value in values.flat]
        largest = max(abs(values.min()), abs(values.max()))
        digits = max((len(text.partition(".")[2]) for text in short if "e" not in text), default=0)
        digits = min(digits, max(0, 2 - math.floor(math.log10(largest)))) if largest else 0
        for i, j in np.ndindex(values.shape):
            color = "white" if values[i, j] <= middle else "black"
            ax.text(j, i, f"{values[i, j]:.{digits}f}", ha="center", va="center", color=color, fontsize=9)
    else:
        ax.figure.colorbar(image, ax=ax)
    _labels[image] = [_plain(r) for r in rows], [_plain(c) for c in columns]
    ax.figure.canvas.mpl_connect("draw_event", _keep_places)  # once a figure, however often it is said
    return _label(ax, title, xlabel, ylabel)


def heatmaps(figure: Figure) -> dict[str, Any] | None:
    """What the heatmaps of a figure show cell by cell, as data for a display that tells it at the pointer.

    The places are those in the picture that was drawn last, whatever was cut off at its edges. None where there is no
    heatmap, or where the data would be larger than MOST_BYTES.
    """
    maps: list[dict[str, Any]] = []
    for image in _of(figure):
        ax, place, (rows, columns), values = image.axes, _places.get(image), _labels[image], _array(image.get_array())
        if place and values.shape == (len(rows), len(columns)):  # it is seen, and not changed since
            title = next(filter(None, (ax.get_title(loc) for loc in ("left", "center", "right"))), "")
            texts = {"title": title, "row": ax.get_ylabel(), "column": ax.get_xlabel()}
            texts = {name: _plain(text) for name, text in texts.items()}
            # A row is one string: in the notebook's file each item of a list has a line of its own.
            maps.append({"place": place, **texts, "rows": rows, "columns": columns, "values": _rounded(values)})
    for told, name in product(maps, ("row", "column")):  # it may stand at one of two maps, for both
        labels = f"{name}s"
        told[name] = told[name] or next((it[name] for it in maps if it[name] and it[labels] == told[labels]), "")
    if not maps or len(json.dumps(maps, ensure_ascii=False, indent=1).encode()) > MOST_BYTES:
        return None
    return {"maps": maps}


def _of(figure: Figure) -> list[AxesImage]:
    return [image for ax in figure.axes for image in ax.images if image in _labels]


def _keep_places(event: Any) -> None:
    """Where the heatmaps are: asked while the picture is drawn, since afterwards its edges are where they were."""
    for image in _of(event.canvas.figure):
        _places.pop(image, None)
        ax, (left, right, bottom, top) = image.axes, image.get_extent()
        whole = sorted(ax.get_xlim()) == [left, right] and sorted(ax.get_ylim()) == sorted((bottom, top))
        seen = ax.get_visible() and image.get_visible() and isinstance(event.renderer, RendererAgg)  # it has pixels
        if whole and seen:
            width, height = int(event.renderer.width), int(event.renderer.height)
            (x0, y0), (x1, y1) = ax.transData.transform([(left, top), (right, bottom)])
            place = x0 / width, 1 - y0 / height, (x1 - x0) / width, (y0 - y1) / height
            _places[image] = [round(float(part), 4) for part in place]


def _rounded(values: Any) -> list[str]:
    """The numbers of each row, with three decimals: more where all are small, none where all are whole."""
    import numpy as np

    finite = values[np.isfinite(values)]
    largest = float(abs(finite).max(initial=0))
    digits = 0 if (finite == finite.round()).all() else min(12, max(3, 2 - math.floor(math.log10(largest))))
    return [" ".join(f"{round(value, digits) + 0.0:.{digits}f}" for value in row) for row in values.tolist()]


def _plain(label: object) -> str:
    """A label in one line that a file can hold; a blank is to be seen."""
    text = str(label).encode("utf-8", "replace").decode()
    return " ".join(text.split()) or ("␣" if text else "")


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


def images(pictures: Any, titles: Sequence[object] | None = None, *, columns: int = 8, title: str = "") -> list[Axes]:
    """A grid of pictures, grey [n, H, W] or colour [n, 3, H, W], from 0 to 1 (others are stretched to that).

    Also the feature maps [C, H, W] of one picture, and the filters [out, 3, k, k] of a first layer.

    Raises:
        ValueError: when the pictures have another shape, or the titles another number.
    """
    values = _array(pictures)
    if not (values.ndim == 3 or (values.ndim == 4 and values.shape[1] in (1, 3))) or 0 in values.shape or columns < 1:
        raise ValueError(f"images: [n, H, W] or [n, 3, H, W] is needed, with n > 0, and not {values.shape}")
    if titles is not None and len(titles) != len(values):
        raise ValueError(f"images: there are {len(values)} pictures, but {len(titles)} titles")
    low, high = min(0.0, values.min()), max(1.0, values.max())
    values = (values - low) / (high - low)
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    side = WIDTH / columns
    size = (WIDTH, rows * (side * values.shape[-2] / values.shape[-1] + (0.25 if titles is not None else 0.05)))
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False)
    figure.suptitle(title)
    for k, ax in enumerate(grid.flat):
        ax.axis("off")
        if k < len(values):
            _show(ax, values[k])
            ax.set_title("" if titles is None else str(titles[k]), fontsize=8.5, loc="center")
    return list(grid.flat)[: len(values)]


def map_over_image(
    image: Any, map: Any, *, mask: Any = None, cross: bool = True, title: str = "", ax: Axes | None = None
) -> Axes:
    """A map [h, w] over a picture [H, W] or [3, H, W], stretched to it, with a cross at its maximum.

    The picture is dark and grey, the map yellow: the more, the larger its number (nothing at its smallest one).
    `mask`, bool [H, W], is drawn as a closed outline.

    Raises:
        ValueError: when a shape does not fit.
    """
    import numpy as np

    picture, values = _array(image), _array(map)
    _check_picture("map_over_image", picture)
    height, width = picture.shape[-2:]
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"map_over_image: the map needs the shape [h, w], and not {values.shape}")
    ax = ax or plt.subplots(figsize=(HEIGHT, HEIGHT))[1]
    grey = picture if picture.ndim == 2 else picture.mean(axis=0)
    ax.imshow(0.1 + 0.6 * grey, cmap="gray", vmin=0, vmax=1)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    spread = float(values.max() - values.min())
    share = (values - values.min()) / spread if spread else values * 0 + 0.3
    color = np.broadcast_to((1.0, 0.85, 0.0), (*values.shape, 3))
    ax.imshow(np.dstack([color, 0.85 * share]), extent=extent, interpolation="bilinear")
    if mask is not None:
        region = _array(mask)
        if region.shape != (height, width):
            raise ValueError(f"map_over_image: the mask has shape {region.shape}, the picture {(height, width)}")
        if 0 < region.sum() < region.size:
            closed = np.pad(region, 1)  # at the edge of the picture the line goes on along the edge
            ax.contour(np.arange(-1, width + 1), np.arange(-1, height + 1), closed, [0.5], colors="white", linewidths=1)
            ax.set(xlim=extent[:2], ylim=extent[2:])
    if cross:
        row, column = np.unravel_index(values.argmax(), values.shape)
        x, y = (column + 0.5) * width / values.shape[1] - 0.5, (row + 0.5) * height / values.shape[0] - 0.5
        ax.plot(x, y, "x", color=COLORS[1], markersize=11, markeredgewidth=1.2)
    ax.axis("off")
    return _label(ax, title, "", "")


def glimpses(
    image: Any, boxes: Sequence[Sequence[float]], *, first: int = 1, title: str = "", ax: Axes | None = None
) -> Axes:
    """Rectangles (left, top, width, height), in pixels, over a picture [H, W] or [3, H, W], numbered from `first`.

    Raises:
        ValueError: when a shape does not fit.
    """
    picture = _array(image)
    _check_picture("glimpses", picture)
    if any(len(box) != 4 for box in boxes):
        raise ValueError("glimpses: each box needs four numbers: left, top, width, height")
    ax = ax or plt.subplots(figsize=(HEIGHT, HEIGHT))[1]
    _show(ax, picture)
    for i, (left, top, width, height) in enumerate(boxes):
        color = COLORS[i % len(COLORS)]
        corner = (float(left) - 0.5, float(top) - 0.5)
        ax.add_patch(Rectangle(corner, float(width), float(height), fill=False, ec=color, lw=2))
        ax.text(*corner, str(first + i), color="white", fontsize=8.5, ha="left", va="top", clip_on=True,
                bbox={"fc": color, "ec": "none", "pad": 1})  # fmt: skip
    ax.axis("off")
    return _label(ax, title, "", "")


def _array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, dtype=float)


def _check_picture(caller: str, picture: Any) -> None:
    if not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[0] in (1, 3))):
        raise ValueError(f"{caller}: the picture needs the shape [H, W] or [3, H, W], and not {picture.shape}")


def _show(ax: Axes, picture: Any) -> None:
    """One picture, its first row at the top, 0 black and 1 white."""
    shown = picture if picture.ndim == 2 else picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0).clip(0, 1)
    ax.imshow(shown, cmap="gray", vmin=0, vmax=1)
    ax.grid(False)


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
