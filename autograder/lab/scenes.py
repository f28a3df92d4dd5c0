"""Generated pictures of landscapes, each with one to three labels, and the region of every label.

`make(n, seed)` gives `Scenes`. Everything is made from the seed: nothing is stored, nothing is downloaded, and the
global random state stays as it is. The datasheet is `datasets/scenes.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["LABELS", "SIZE", "Scenes", "make"]

LABELS = ("desert", "mountains", "sea", "sunset", "trees")
SIZE = 32  # pixels, both ways
COUNTS = (0.5, 0.35, 0.15)  # how many pictures have one, two and three labels
CHUNK = 250  # pictures painted at a time: small enough for the cache of a processor

_DESERT, _MOUNTAINS, _SEA, _SUNSET, _TREES = range(len(LABELS))
_NONE = len(LABELS)  # the owner of a pixel that is in no region

# Colours from 0 to 1. Each list is drawn from evenly, then varied.
_DAY_SKIES = [
    (0.35, 0.6, 0.9),
    (0.5, 0.7, 0.95),
    (0.62, 0.68, 0.74),
    (0.4, 0.45, 0.6),
    (0.8, 0.7, 0.62),
    (0.5, 0.4, 0.5),
]
_DAY_LOW_SKIES = [(0.75, 0.87, 0.96), (0.85, 0.86, 0.88), (0.92, 0.84, 0.74), (0.72, 0.78, 0.86)]
_SUNSET_SKIES = [(0.3, 0.25, 0.5), (0.5, 0.3, 0.45), (0.35, 0.4, 0.6), (0.7, 0.4, 0.35), (0.62, 0.52, 0.56)]
_SUNSET_LOW_SKIES = [(0.95, 0.55, 0.25), (0.9, 0.4, 0.3), (0.95, 0.7, 0.4), (0.9, 0.5, 0.5)]
_SUNS = [(1.0, 0.95, 0.6), (1.0, 0.75, 0.3), (1.0, 0.45, 0.2), (1.0, 0.98, 0.85)]
_GLOWS = [(1.0, 0.75, 0.35), (1.0, 0.6, 0.3), (1.0, 0.65, 0.5)]
_PLAINS = [(0.45, 0.6, 0.3), (0.7, 0.6, 0.42), (0.55, 0.55, 0.52), (0.42, 0.52, 0.6), (0.8, 0.8, 0.8), (0.55, 0.4, 0.3),
           (0.22, 0.38, 0.52), (0.86, 0.7, 0.45), (0.22, 0.4, 0.22)]  # fmt: skip
_SANDS = [(0.9, 0.75, 0.45), (0.85, 0.6, 0.35), (0.85, 0.7, 0.58), (0.8, 0.7, 0.52), (0.8, 0.5, 0.32)]
_WATERS = [(0.15, 0.4, 0.65), (0.1, 0.3, 0.5), (0.2, 0.55, 0.6), (0.4, 0.5, 0.58), (0.3, 0.5, 0.45)]
_ROCKS = [(0.45, 0.45, 0.5), (0.5, 0.4, 0.33), (0.4, 0.42, 0.6), (0.38, 0.45, 0.38), (0.62, 0.5, 0.45)]
_CROWNS = [(0.2, 0.5, 0.2), (0.35, 0.58, 0.2), (0.12, 0.35, 0.22), (0.3, 0.42, 0.18), (0.75, 0.42, 0.15)]
_WALLS = [(0.9, 0.88, 0.8), (0.7, 0.3, 0.25), (0.85, 0.7, 0.35), (0.4, 0.55, 0.7), (0.45, 0.6, 0.4)]


@dataclass(frozen=True)
class Scenes:
    """Pictures with their labels. In the masks, True stands in the region of a label that is in the picture."""

    images: Tensor  # [n, 3, 32, 32], float32 from 0 to 1: red, green, blue
    labels: Tensor  # [n, 5], bool, in the order of `LABELS`
    masks: Tensor  # [n, 5, 32, 32], bool


def make(n: int, seed: int = 0) -> Scenes:
    """`n` pictures. The same `n` and `seed` give the same pictures.

    Raises:
        ValueError: when `n` is negative.
    """
    if n < 0:
        raise ValueError(f"scenes.make: n = {n}, but a number of pictures cannot be negative. Ask for 0 or more.")
    draw = _Draw(torch.Generator().manual_seed(seed))
    labels = _labels(n, draw)
    images, owner = torch.empty(n, 3, SIZE, SIZE), torch.empty(n, SIZE, SIZE, dtype=torch.uint8)
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        images[part], owner[part] = _chunk(labels[part], draw)
    return Scenes(images, labels, owner.unsqueeze(1) == torch.arange(len(LABELS), dtype=torch.uint8)[:, None, None])


class _Draw:
    """Random numbers from one generator. `like` is a number of pictures, or a shape."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator)

    def sign(self, *shape: int) -> Tensor:
        return torch.randint(0, 2, shape, generator=self.generator) * 2.0 - 1

    def some(self, n: int, share: float) -> Tensor:
        """The numbers of some of `n` pictures, this share of them on average."""
        return (torch.rand(n, generator=self.generator) < share).nonzero().squeeze(1)

    def color(self, palette: Sequence[Sequence[float]], n: int, spread: float = 0.06) -> Tensor:
        """A colour of the palette for each picture, varied: [n, 3, 1, 1]."""
        chosen = torch.tensor(palette)[torch.randint(0, len(palette), (n,), generator=self.generator)]
        return (chosen + spread * self.normal(n, 3))[:, :, None, None]


def _labels(n: int, draw: _Draw) -> Tensor:
    """One to three labels for each picture, every set of the same size as likely as another."""
    chance = draw.uniform(0, 1, n, 1)
    count = 1 + (chance > COUNTS[0]).long() + (chance > COUNTS[0] + COUNTS[1]).long()
    return draw.uniform(0, 1, n, len(LABELS)).argsort(dim=1).argsort(dim=1) < count


# Across and down, in pixels from the top left corner. Everything below has the shape [pictures, rows, columns].
_X = (torch.arange(SIZE) + 0.5)[None, None, :]
_Y = (torch.arange(SIZE) + 0.5)[None, :, None]


@dataclass(frozen=True)
class _Canvas:
    """Pictures that are painted from back to front, and the label that owns each pixel."""

    images: Tensor  # [pictures, 3, rows, columns]
    owner: Tensor  # [pictures, rows, columns]

    @contextmanager
    def only(self, rows: Tensor) -> Iterator[_Canvas]:
        """These pictures as a canvas of their own; what is painted there is put back."""
        part = _Canvas(self.images[rows], self.owner[rows])
        yield part
        self.images[rows], self.owner[rows] = part.images, part.owner

    def paint(self, inside: Tensor, color: Tensor, owner: int | None) -> None:
        """Paint where `inside`, a distance in pixels, is positive. With None the owner stays as it is."""
        self.images.lerp_(color.expand_as(self.images), (inside + 0.5).clamp_(0, 1).unsqueeze(1))
        if owner is not None:
            self.owner.masked_fill_(inside > 0, owner)


def _chunk(labels: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """The pictures with these labels, and the owner of each pixel."""
    n = len(labels)
    canvas = _Canvas(torch.zeros(n, 3, SIZE, SIZE), torch.full((n, SIZE, SIZE), _NONE, dtype=torch.uint8))
    there = [labels[:, label].nonzero().squeeze(1) for label in range(len(LABELS))]
    horizon = draw.uniform(10, 22, n, 1, 1)
    side = draw.sign(n, 1, 1)  # the sun stands on this side, mountains and trees mostly on the other one
    sun_x = _sky(canvas, there[_SUNSET], horizon, side, draw)
    with canvas.only(rows := there[_MOUNTAINS]) as part:
        _mountains(part, horizon[rows], side[rows], _middle(labels[rows], side[rows], draw), draw)
    _plain(canvas, horizon, draw)
    border = _border(labels, horizon, draw)
    with canvas.only(rows := there[_DESERT]) as part:
        _desert(part, torch.minimum(_Y - horizon, -border)[rows], draw)
    with canvas.only(rows := there[_SEA]) as part:
        _sea(part, torch.minimum(_Y - horizon, border)[rows], horizon[rows], sun_x[rows], draw)
    with canvas.only(rows := draw.some(n, 0.35)) as part:
        _house(part, horizon[rows], draw)
    with canvas.only(rows := there[_TREES]) as part:
        _trees(part, labels[rows], horizon[rows], side[rows], draw)
    return _light(canvas.images, draw), canvas.owner


def _middle(labels: Tensor, side: Tensor, draw: _Draw) -> Tensor:
    """Where mountains or trees stand: mostly not on this side, and never there when the low sun is."""
    n = len(labels)
    off = torch.where(labels[:, _SUNSET, None, None], draw.uniform(5, 10, n, 1, 1), draw.uniform(-2, 10, n, 1, 1))
    return SIZE / 2 - side * off


def _wave(draw: _Draw, n: int, low: float, high: float, along: Tensor = _X) -> Tensor:
    """A slow wave from -1 to 1 along `along`, between `low` and `high` turns over the picture."""
    turns, start = draw.uniform(low, high, n, 1, 1), draw.uniform(0, 2 * math.pi, n, 1, 1)
    return torch.sin(along * turns * (2 * math.pi / SIZE) + start)


def _sky(canvas: _Canvas, sunset: Tensor, horizon: Tensor, side: Tensor, draw: _Draw) -> Tensor:
    """The sky, its clouds, and a disc: low and in a glow in the pictures of `sunset`, high and pale in some others.

    Returns where the low sun stands, in pixels from the left (far outside where there is none).
    """
    n = len(horizon)
    top, low = draw.color(_DAY_SKIES, n), draw.color(_DAY_LOW_SKIES, n)
    top[sunset], low[sunset] = draw.color(_SUNSET_SKIES, len(sunset)), draw.color(_SUNSET_LOW_SKIES, len(sunset))
    canvas.images.copy_(top.lerp(low, ((_Y / horizon).clamp(0, 1) ** 1.5).unsqueeze(1)).expand_as(canvas.images))
    is_day = torch.ones(n, dtype=torch.bool).index_fill_(0, sunset, False)

    sun_x = torch.full((n, 1, 1), -99.0)
    with canvas.only(sunset) as part:
        m = len(sunset)
        sun_x[sunset] = SIZE / 2 + side[sunset] * draw.uniform(5, 13, m, 1, 1)
        away = torch.hypot(_X - sun_x[sunset], _Y - horizon[sunset] + draw.uniform(0.5, 5.5, m, 1, 1))
        glow = draw.uniform(11, 17, m, 1, 1)
        strength = 0.75 * (1 - away / glow).clamp(min=0)
        part.images.lerp_(draw.color(_GLOWS, m).expand_as(part.images), strength.unsqueeze(1))
        part.owner.masked_fill_(away < glow, _SUNSET)
        disc, disc_color = draw.uniform(2.2, 3.6, m, 1, 1) - away, draw.color(_SUNS, m, 0.03)

    with canvas.only(rows := draw.some(n, 0.6)) as part:
        m = len(rows)
        tone = part.images.mean(dim=(2, 3), keepdim=True).lerp(torch.ones(()), 0.55)
        for _ in range(2):
            x, y = draw.uniform(0, SIZE, m, 1, 1), draw.uniform(0.1, 0.75, m, 1, 1) * horizon[rows]
            wide, high = draw.uniform(5, 9, m, 1, 1), draw.uniform(0.8, 2, m, 1, 1)
            part.paint(high * (1 - torch.hypot((_X - x) / wide, (_Y - y) / high)), tone, None)

    rows = draw.some(n, 0.35)
    with canvas.only(rows := rows[is_day[rows]]) as part:
        m = len(rows)
        away_high = torch.hypot(_X - draw.uniform(3, 29, m, 1, 1), _Y - draw.uniform(2, 6, m, 1, 1))
        part.paint(draw.uniform(2.2, 3.6, m, 1, 1) - away_high, draw.color(_SUNS, m), None)
    with canvas.only(sunset) as part:
        part.paint(disc, disc_color, None)
    return sun_x


def _mountains(canvas: _Canvas, horizon: Tensor, side: Tensor, center: Tensor, draw: _Draw) -> None:
    """Two to three peaks with a light and a dark flank, most of them with snow."""
    n = len(canvas.owner)
    jags = draw.normal(n, 1, SIZE) * 0.5
    snow = draw.uniform(0.2, 0.45, n, 1, 1) * (draw.uniform(0, 1, n, 1, 1) < 0.8)
    rock = draw.color(_ROCKS, n)
    for i in range(3):
        x = center + (i - 1) * draw.uniform(5, 8, n, 1, 1) * side
        height = draw.uniform(12, 19, n, 1, 1) * (1 if i == 1 else 0.85)
        height = torch.minimum(height, horizon - 1)
        slope = height / draw.uniform(9.5, 13.5, n, 1, 1)
        ridge = height - slope * (_X - x).abs() + jags  # above the horizon
        above = horizon - _Y
        bend = 0.8 * _wave(draw, n, 3, 6, _Y)
        lit = ((x - _X + bend) * side).unsqueeze(1).clamp(-1, 1) * 0.11
        color = rock - lit
        white = ((above - height * (1 - snow) + jags * 1.5) > 0) & (snow > 0)
        color = torch.where(white.unsqueeze(1), 0.9 - lit, color)
        canvas.paint(torch.minimum(ridge - above, above + 1.5), color, _MOUNTAINS)


def _plain(canvas: _Canvas, horizon: Tensor, draw: _Draw) -> None:
    """Flat ground with specks: meadow, earth, gravel or snow. It has the colours of sand, water and leaves, too."""
    n = len(canvas.owner)
    specks = 0.05 * draw.normal(n, 1, SIZE, SIZE)
    far = 0.1 * ((_Y - horizon) / (SIZE - horizon)).unsqueeze(1)
    canvas.paint((_Y - horizon).expand(n, SIZE, SIZE), draw.color(_PLAINS, n) + specks - far, _NONE)


def _border(labels: Tensor, horizon: Tensor, draw: _Draw) -> Tensor:
    """The distance to a winding line through the ground: positive on the sea's side, negative on the desert's."""
    n = len(labels)
    angle = draw.uniform(0, 2 * math.pi, n, 1, 1)
    middle = (horizon + SIZE) / 2
    line = (_X - SIZE / 2) * torch.cos(angle) + (_Y - middle) * torch.sin(angle) + 1.2 * _wave(draw, n, 0.5, 2)
    both = labels[:, _SEA] & labels[:, _DESERT]
    alone = labels[:, _SEA].float() - labels[:, _DESERT].float()  # alone, a region may take more than its half
    more = alone[:, None, None] * (draw.uniform(-3, 6, n, 1, 1) * torch.sin(angle).abs().lt(0.7).float() + 1)
    return line + torch.where(both[:, None, None], torch.zeros(()), more)


def _desert(canvas: _Canvas, inside: Tensor, draw: _Draw) -> None:
    """Dunes: long bent crests, light on one flank and dark on the other."""
    n = len(canvas.owner)
    period = draw.uniform(5, 8, n, 1, 1)
    crest = draw.uniform(1.5, 3.5, n, 1, 1) * _wave(draw, n, 0.7, 1.6) + draw.uniform(-0.4, 0.4, n, 1, 1) * _X
    flank = torch.frac((_Y + crest + 64) / period)
    shade = torch.where(flank < 0.3, -0.22 + 0.3 * flank, 0.14 - 0.18 * flank).unsqueeze(1)
    canvas.paint(inside, draw.color(_SANDS, n, 0.04) + shade, _DESERT)


def _sea(canvas: _Canvas, inside: Tensor, horizon: Tensor, sun_x: Tensor, draw: _Draw) -> None:
    """Flat waves that grow toward the viewer, white crests, and the path of a low sun."""
    n = len(canvas.owner)
    depth = (_Y - horizon).clamp(min=0)
    phase = 9 * torch.sqrt(depth + 1) * draw.uniform(0.8, 1.1, n, 1, 1) + 0.7 * _wave(draw, n, 1, 3)
    waves = torch.sin(phase + draw.uniform(0, 6, n, 1, 1))
    color = draw.color(_WATERS, n) + 0.09 * waves.unsqueeze(1)
    dashes = _wave(draw, n, 2, 4, _X + 5 * torch.floor(_Y / 2) ** 1.5)
    white = ((waves > 0.55) & (dashes > 0.45)).unsqueeze(1)
    color = torch.where(white, draw.uniform(0.75, 0.95, n, 1, 1, 1), color)
    path = ((_X - sun_x).abs() < 1.5 + 0.15 * depth) & (waves > -0.2)
    color = torch.where(path.unsqueeze(1), torch.tensor([1.0, 0.75, 0.45])[:, None, None], color)
    canvas.paint(inside, color, _SEA)


def _house(canvas: _Canvas, horizon: Tensor, draw: _Draw) -> None:
    """A house of any colour. It belongs to no label."""
    n = len(canvas.owner)
    x, y = draw.uniform(3, 29, n, 1, 1), horizon + draw.uniform(1, 8, n, 1, 1)
    half, high = draw.uniform(1.8, 3, n, 1, 1), draw.uniform(2.5, 4, n, 1, 1)
    wall = torch.minimum(half - (_X - x).abs(), torch.minimum(y - _Y, _Y - y + high))
    canvas.paint(wall, draw.color(_WALLS, n), _NONE)
    roof = torch.minimum(_Y - (y - high - half), y - high - _Y)
    roof = torch.minimum(roof, half + 0.7 - (_X - x).abs() - (y - high - _Y) * 0.9)
    canvas.paint(roof, draw.color(_WALLS, n) * 0.7, _NONE)


def _trees(canvas: _Canvas, labels: Tensor, horizon: Tensor, side: Tensor, draw: _Draw) -> None:
    """Two to four trees, all round or all pointed, with a trunk."""
    n = len(canvas.owner)
    sunset, mountains = labels[:, _SUNSET, None, None], labels[:, _MOUNTAINS, None, None]
    center = _middle(labels, torch.where(mountains & ~sunset, -side, side), draw)  # beside the mountains
    base = horizon + draw.uniform(4, 10, n, 1, 1) + 3 * mountains
    pointed = draw.uniform(0, 1, n, 1, 1) < 0.45
    leaves, trunk = draw.color(_CROWNS, n), draw.color([(0.35, 0.24, 0.15), (0.28, 0.2, 0.16)], n, 0.03)
    specks = 0.09 * draw.normal(n, 1, SIZE, SIZE)
    count = (2 + draw.uniform(0, 3, n, 1, 1).floor()).clamp(max=4 - sunset.float())
    for i in range(4):
        x = center + side * (i - 1.5) * draw.uniform(5.5, 8, n, 1, 1)
        foot = base + draw.uniform(-2, 2, n, 1, 1)
        tall, half = draw.uniform(13, 19, n, 1, 1), draw.uniform(4.5, 6.8, n, 1, 1)
        absent = torch.where(i < count, 0.0, -99.0)
        stem = torch.minimum(0.9 - (_X - x).abs(), torch.minimum(foot - _Y, _Y - foot + tall / 2))
        canvas.paint(stem + absent, trunk, _TREES)
        from_top = _Y - (foot - tall)
        cone_end = tall * 0.8
        teeth = 1 + 0.35 * (torch.frac(from_top.clamp(min=0) / (tall * 0.27)) - 0.5)
        cone = torch.minimum(half * 1.1 * from_top / cone_end * teeth - (_X - x).abs(), cone_end - from_top)
        oval = half * (1 - torch.hypot((_X - x) / half, (from_top - tall * 0.36) / (tall * 0.36)))
        lit = 0.1 * ((_X - x) * side / half).clamp(-1, 1).unsqueeze(1)
        canvas.paint(torch.where(pointed, cone, oval) + absent, leaves + specks + lit, _TREES)


def _light(images: Tensor, draw: _Draw) -> Tensor:
    """One light over the whole picture: brightness, contrast, a tint, and noise."""
    n = len(images)
    tint = draw.uniform(0.88, 1.12, n, 3, 1, 1) * draw.uniform(0.65, 1.1, n, 1, 1, 1)
    contrast = draw.uniform(0.75, 1.1, n, 1, 1, 1)
    noise = draw.normal(n, 3, SIZE, SIZE).mul_(draw.uniform(0.01, 0.04, n, 1, 1, 1))
    return noise.add_((images - 0.5).mul_(contrast).add_(0.5).mul_(tint)).clamp_(0, 1)
