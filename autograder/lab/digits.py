"""Pictures of digits: drawn ones, made from a seed, and MNIST for those who have it.

`make(n, seed)` draws digits with the fonts that come with matplotlib, `cluttered(n, seed)` hides each one in a larger
picture. `mnist()` reads the four original files of MNIST.
The datasheet is `datasets/digits.md`.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import tempfile
import zlib
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["FOLDER", "FONTS", "MIRROR", "SIZE", "SUMS", "Cluttered", "Digits", "cluttered", "make", "mnist"]

SIZE = 28  # pixels, both ways

# All of them are files of matplotlib itself, so every computer draws the same digits.
FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmss10", "cmtt10", "cmb10", "cmti10",
)  # fmt: skip

# MNIST: LeCun, Bottou, Bengio and Haffner 1998. The SHA-256 of each original file, packed.
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FOLDER = Path.home() / ".cache" / "sequence-course" / "mnist"
SUMS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


@dataclass(frozen=True)
class Digits:
    """Grey pictures of digits: 0 is paper, 1 is ink."""

    images: Tensor  # [n, 28, 28], float32 from 0 to 1
    labels: Tensor  # [n], int64 from 0 to 9


def make(n: int, seed: int = 0) -> Digits:
    """`n` drawn digits. The same `n` and `seed` give the same pictures.

    Raises:
        ValueError: when `n` is negative.
    """
    if n < 0:
        raise ValueError(f"digits.make: n = {n}, but a number of pictures cannot be negative. Ask for 0 or more.")
    generator = torch.Generator()
    generator.manual_seed(seed)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator)

    labels = torch.randint(0, 10, (n,), generator=generator)
    if n == 0:  # affine_grid has no empty batch
        return Digits(torch.empty(0, SIZE, SIZE), labels)
    fonts = torch.randint(0, len(FONTS), (n,), generator=generator)
    glyphs = _soft_glyphs()[fonts, labels].unsqueeze(1)  # [n, 1, 56, 56]
    angle, shear = uniform(-0.3, 0.3), uniform(-0.35, 0.35)
    across, down = uniform(1.05, 1.65), uniform(0.98, 1.3)  # above 1 the digit becomes smaller
    cos, sin = torch.cos(angle), torch.sin(angle)
    affine = torch.stack(
        [
            torch.stack([across * cos, across * (shear * cos - sin), uniform(-0.17, 0.17)], dim=1),
            torch.stack([down * sin, down * (shear * sin + cos), uniform(-0.17, 0.17)], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(affine, [n, 1, SIZE, SIZE], align_corners=False)
    ink = F.grid_sample(glyphs, grid, align_corners=False).squeeze(1)
    # A blurred glyph is high ground with slopes. Where it is cut decides how thick the stroke is.
    ink = ((ink - uniform(0.15, 0.4, 1, 1)) * uniform(4, 8, 1, 1) + 0.5).clamp(0, 1)
    noise = torch.randn(n, SIZE, SIZE, generator=generator) * uniform(0.02, 0.15, 1, 1)
    return Digits((ink * uniform(0.7, 1, 1, 1) + noise).clamp(0, 1), labels)


@dataclass(frozen=True)
class Cluttered:
    """Pictures of one digit each, somewhere among pieces of others."""

    images: Tensor  # [n, 40, 40], float32 from 0 to 1
    labels: Tensor  # [n], int64 from 0 to 9
    boxes: Tensor  # [n, 4], int64: left, top, width and height of the digit's square, in pixels


def cluttered(n: int, seed: int = 0) -> Cluttered:
    """`n` pictures of 40 × 40 pixels: a digit of 16 × 16, and six pieces of other digits, of 5 × 5.

    After Mnih et al. 2014, section 4.1, who hide digits of MNIST. The same `n` and `seed` give the same pictures.

    Raises:
        ValueError: when `n` is negative.
    """
    canvas, side, piece, pieces, border = 40, 16, 5, 6, 3
    generator = torch.Generator()
    generator.manual_seed(seed)
    made = make(n, int(torch.randint(1 << 31, (), generator=generator)))
    if n == 0:  # interpolate has no empty batch
        return Cluttered(torch.empty(0, canvas, canvas), made.labels, torch.empty(0, 4, dtype=torch.int64))
    grain = 0.02 + 0.13 * torch.rand(n, 1, 1, generator=generator)  # as around the digits themselves
    images = (torch.randn(n, canvas, canvas, generator=generator) * grain).clamp(0, 1)
    row = torch.arange(n)[:, None, None]
    ink = made.images[:, None, border:-border, border:-border]
    ink = F.interpolate(ink, (side, side), mode="bilinear", antialias=True).squeeze(1)

    def square(within: int, size: int) -> tuple[Tensor, Tensor]:
        """Rows [n, size, 1] and columns [n, 1, size] of a square, at a drawn place for each picture."""
        top, left = torch.randint(within - size + 1, (2, n, 1), generator=generator) + torch.arange(size)
        return top.unsqueeze(2), left.unsqueeze(1)

    def put(what: Tensor, top: Tensor, left: Tensor) -> None:
        images[row, top, left] = torch.maximum(images[row, top, left], what)

    for k in range(1, pieces + 1):
        put(ink[(row + k) % n, *square(side, piece)], *square(canvas, piece))
    top, left = square(canvas, side)
    put(ink, top, left)
    corner = torch.stack([left[:, 0, 0], top[:, 0, 0]], dim=1)
    return Cluttered(images, made.labels, torch.cat([corner, torch.full((n, 2), side)], dim=1))


@cache
def _glyphs() -> Tensor:
    """Every digit in every font, in the middle of a square, all of the same height: [fonts, 10, 56, 56]."""
    import matplotlib
    import numpy as np
    from matplotlib.ft2font import FT2Font

    folder, side, height = Path(matplotlib.get_data_path()) / "fonts" / "ttf", 2 * SIZE, 40
    glyphs = torch.zeros(len(FONTS), 10, side, side)
    for i, name in enumerate(FONTS):
        font = FT2Font(str(folder / f"{name}.ttf"))
        for digit in range(10):
            font.set_size(64, 72)
            font.set_text(str(digit), 0.0)
            font.draw_glyphs_to_bitmap(antialiased=True)
            ink = torch.from_numpy(np.asarray(font.get_image(), dtype=np.float32) / 255)
            ink = ink[ink.amax(dim=1) > 0][:, ink.amax(dim=0) > 0]
            width = min(side, max(1, round(ink.shape[1] * height / ink.shape[0])))
            ink = F.interpolate(ink[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]
            top, left = (side - height) // 2, (side - width) // 2
            glyphs[i, digit, top : top + height, left : left + width] = ink
    return glyphs


@cache
def _soft_glyphs() -> Tensor:
    """The glyphs with soft borders: high where a stroke is, falling on both sides of it."""
    kernel = torch.exp(-(torch.arange(-6, 7) ** 2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    images = _glyphs().flatten(0, 1).unsqueeze(1)
    images = F.conv2d(
        F.conv2d(images, kernel.view(1, 1, 1, -1), padding="same"), kernel.view(1, 1, -1, 1), padding="same"
    )
    return images.view(_glyphs().shape)


def mnist(folder: str | Path | None = None, download: bool = False) -> tuple[Digits, Digits]:
    """MNIST: 60,000 digits for training and 10,000 for testing, from its four files, packed (.gz) or unpacked.

    `folder` is where they are, by default `FOLDER`. With `download` the missing ones are fetched from `MIRROR`.

    Raises:
        FileNotFoundError: when a file is missing and `download` is False.
        ConnectionError: when a file cannot be fetched.
        ValueError: when a file is not the one that it should be.
    """
    place = FOLDER if folder is None else Path(folder)
    if download:
        for name in SUMS:
            if not (place / name).is_file() and not (place / name).with_suffix("").is_file():
                _fetch(place, name)
    images_train, labels_train, images_test, labels_test = (_read(place, name) for name in SUMS)
    return _digits(place, images_train, labels_train), _digits(place, images_test, labels_test)


def _fetch(place: Path, name: str) -> None:
    """Fetch one file under another name; only a whole and right one gets its own."""
    place.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=name, suffix=".part", dir=place)
    try:
        with open(handle, "wb") as file:
            try:
                with urlopen(MIRROR + name, timeout=30) as answer:
                    while block := answer.read(1 << 20):
                        file.write(block)
            except (OSError, HTTPException) as error:
                raise ConnectionError(
                    f"{MIRROR}{name} cannot be fetched ({error}): check the network, or put the file into {place}."
                ) from None
        found = hashlib.sha256(Path(unfinished).read_bytes()).hexdigest()
        if found != SUMS[name]:
            raise ValueError(
                f"{MIRROR}{name} has the SHA-256 {found[:8]}… instead of {SUMS[name][:8]}…: try again later, "
                f"or put the file into {place} from another source."
            )
        os.replace(unfinished, place / name)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _read(place: Path, name: str) -> Tensor:
    """The numbers of one IDX file: two zero bytes, 8 for bytes, the number of sizes, the sizes, the bytes."""
    path = place / name
    if path.is_file():
        packed = path.read_bytes()
        if hashlib.sha256(packed).hexdigest() != SUMS[name]:
            raise ValueError(f"{path} does not have the SHA-256 of MNIST's file: {_AGAIN}.")
        try:
            content = gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            raise ValueError(f"{path} cannot be unpacked: {_AGAIN}.") from None
    elif (path := path.with_suffix("")).is_file():
        content = path.read_bytes()
    else:
        raise FileNotFoundError(
            f"{place / name} is missing: call mnist with download=True, or put MNIST's files there."
        )
    sizes = 3 if "images" in name else 1
    if content[:4] != bytes([0, 0, 8, sizes]):
        raise ValueError(f"{path} is not an IDX file of bytes with {sizes} size{'s'[: sizes - 1]}: {_AGAIN}.")
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, 4 + 4 * sizes, 4)]
    start = 4 + 4 * sizes
    if len(content) != start + math.prod(shape):
        raise ValueError(f"{path} has {len(content)} bytes instead of {start + math.prod(shape)}: {_AGAIN}.")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)[start:].view(shape)


def _digits(place: Path, images: Tensor, labels: Tensor) -> Digits:
    if len(images) != len(labels):
        raise ValueError(f"{place} has {len(images)} pictures but {len(labels)} labels of one set: {_AGAIN}.")
    return Digits(images.float() / 255, labels.long())


_AGAIN = "delete it and call mnist with download=True"
