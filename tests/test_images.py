"""Scenes, digits, MNIST's files, and the plots of pictures: what their datasheets and docstrings say of them holds."""

from __future__ import annotations

import functools
import gzip
import hashlib
import random
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib import font_manager
from torch import Tensor

from autograder.lab import digits, plots, scenes


@pytest.fixture(scope="module")
def some_scenes() -> scenes.Scenes:
    return scenes.make(1500, seed=3)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_scenes_have_the_promised_shapes_and_types(some_scenes: scenes.Scenes) -> None:
    assert some_scenes.images.shape == (1500, 3, 32, 32) and some_scenes.images.dtype == torch.float32
    assert some_scenes.labels.shape == (1500, 5) and some_scenes.labels.dtype == torch.bool
    assert some_scenes.masks.shape == (1500, 5, 32, 32) and some_scenes.masks.dtype == torch.bool
    assert some_scenes.images.min() >= 0 and some_scenes.images.max() <= 1
    assert tuple(scenes.LABELS) == ("desert", "mountains", "sea", "sunset", "trees")


def test_a_region_is_there_exactly_where_its_label_is(some_scenes: scenes.Scenes) -> None:
    assert torch.equal(some_scenes.masks.any(dim=3).any(dim=2), some_scenes.labels)


def test_no_pixel_is_in_two_regions_and_a_region_can_be_seen(some_scenes: scenes.Scenes) -> None:
    assert some_scenes.masks.sum(dim=1).max() == 1
    assert some_scenes.masks.sum(dim=(2, 3))[some_scenes.labels].min() >= 20


def test_a_random_place_is_in_a_region_one_time_in_four(some_scenes: scenes.Scenes) -> None:
    shares = some_scenes.masks.float().mean(dim=(2, 3))
    assert 0.22 < shares[some_scenes.labels].mean() < 0.28
    for i, label in enumerate(scenes.LABELS):
        assert 0.17 < shares[:, i][some_scenes.labels[:, i]].mean() < 0.32, label


def test_half_of_the_scenes_have_one_label_and_none_has_more_than_three(some_scenes: scenes.Scenes) -> None:
    shares = some_scenes.labels.sum(dim=1).bincount(minlength=6) / 1500
    assert shares.tolist() == pytest.approx([0, *scenes.COUNTS, 0, 0], abs=0.06)
    assert some_scenes.labels.float().mean(dim=0).tolist() == pytest.approx([0.33] * 5, abs=0.06)


def test_every_pixel_of_a_picture_can_change_with_the_seed_and_none_without() -> None:
    first, again, other = scenes.make(7, 1), scenes.make(7, 1), scenes.make(7, 2)
    for name in ("images", "labels", "masks"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert not torch.equal(first.images, other.images)
    assert torch.equal(digits.make(7, 1).images, digits.make(7, 1).images)
    assert not torch.equal(digits.make(7, 1).images, digits.make(7, 2).images)


@pytest.mark.parametrize("maker", [scenes, digits])
def test_the_global_random_state_stays_as_it_was(maker: object) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    maker.make(5, seed=4)  # type: ignore[attr-defined]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1] and random.getstate() == before[2]


@pytest.mark.parametrize("n", [0, 1, scenes.CHUNK, scenes.CHUNK + 1])
def test_any_number_can_be_made(n: int) -> None:
    assert len(scenes.make(n).images) == len(digits.make(n).images) == n
    assert not scenes.make(n).images.isnan().any()


@pytest.mark.parametrize("maker", [scenes, digits])
def test_a_negative_number_is_an_error_that_says_so(maker: object) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        maker.make(-1)  # type: ignore[attr-defined]


def _exact_match_of_a_linear_classifier(x: Tensor, y: Tensor, train: int) -> float:
    """Ridge regression in closed form, read as a classifier."""
    x = torch.cat([x.flatten(1), torch.ones(len(x), 1)], dim=1).double()
    y = y.double() * 2 - 1
    a = x[:train]
    weights = torch.linalg.solve(a.T @ a + 100 * torch.eye(a.shape[1]), a.T @ y[:train])
    said = x[train:] @ weights
    return ((said > 0) == (y[train:] > 0)).all(dim=1).double().mean().item()


def test_mean_colour_and_single_pixels_do_not_decide(some_scenes: scenes.Scenes) -> None:
    small = torch.nn.functional.avg_pool2d(some_scenes.images, 2)
    assert _exact_match_of_a_linear_classifier(small, some_scenes.labels, 1200) < 0.5
    assert _exact_match_of_a_linear_classifier(some_scenes.images.mean(dim=(2, 3)), some_scenes.labels, 1200) < 0.3


def test_a_cluttered_digit_is_in_its_box_and_anywhere_in_the_picture() -> None:
    made = digits.cluttered(300, seed=4)
    assert made.images.shape == (300, 40, 40) and made.images.dtype == torch.float32
    assert float(made.images.min()) >= 0 and float(made.images.max()) <= 1
    assert made.labels.shape == (300,) and made.labels.dtype == torch.int64
    left, top, width, height = made.boxes.T
    assert made.boxes.dtype == torch.int64 and set(width.tolist()) == set(height.tolist()) == {16}
    for corner in (left, top):
        assert int(corner.min()) == 0 and int(corner.max()) == 24
    ink = torch.stack(
        [image[t : t + 16, x : x + 16].mean() for image, x, t in zip(made.images, left, top, strict=True)]
    )
    assert float((ink > made.images.mean(dim=(1, 2))).float().mean()) > 0.99
    again = digits.cluttered(300, seed=4)
    assert torch.equal(made.images, again.images) and torch.equal(made.boxes, again.boxes)
    assert not torch.equal(made.images, digits.cluttered(300, seed=5).images)
    assert digits.cluttered(0).images.shape == (0, 40, 40) and digits.cluttered(0).boxes.shape == (0, 4)
    with pytest.raises(ValueError, match="-1"):
        digits.cluttered(-1)


def test_digits_have_the_promised_shapes_and_types() -> None:
    made = digits.make(1000, seed=1)
    assert made.images.shape == (1000, 28, 28) and made.images.dtype == torch.float32
    assert made.labels.shape == (1000,) and made.labels.dtype == torch.int64
    assert made.images.min() >= 0 and made.images.max() <= 1
    assert set(made.labels.tolist()) == set(range(10))
    assert (made.images.amax(dim=(1, 2)) > 0.5).all(), "a digit without ink"


def test_a_digit_is_inside_of_its_picture() -> None:
    ink = (digits.make(500).images > 0.6).float()
    edge = torch.cat([ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]], dim=1)
    assert edge.sum(dim=1).gt(4).float().mean() < 0.03


def test_only_fonts_of_matplotlib_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    ours = matplotlib.ft2font.FT2Font

    def opens(path: str) -> object:
        opened.append(Path(path))
        return ours(path)

    def searches(*_: object, **__: object) -> None:
        raise AssertionError("a font was searched for")

    monkeypatch.setattr("matplotlib.ft2font.FT2Font", opens)
    monkeypatch.setattr(font_manager, "findfont", searches)
    digits._glyphs.cache_clear()
    digits._glyphs()
    assert len(opened) == len(digits.FONTS) == len(set(opened))
    assert {path.parent for path in opened} == {Path(matplotlib.get_data_path()) / "fonts" / "ttf"}


# MNIST: small files of the same format. The sums are patched to theirs.


def _idx(values: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.astype(np.uint8).tobytes()


SMALL = {
    "train-images-idx3-ubyte.gz": _idx(np.arange(3 * 28 * 28).reshape(3, 28, 28) % 256),
    "train-labels-idx1-ubyte.gz": _idx(np.array([5, 0, 9])),
    "t10k-images-idx3-ubyte.gz": _idx(np.full((2, 28, 28), 255)),
    "t10k-labels-idx1-ubyte.gz": _idx(np.array([7, 2])),
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the four small files; the sums are theirs."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in SMALL.items():
        _put(folder / name, gzip.compress(content), monkeypatch)
    return folder


def _put(path: Path, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(packed)
    monkeypatch.setitem(digits.SUMS, path.name, hashlib.sha256(packed).hexdigest())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(source: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same folder behind a server on this computer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(source))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setattr(digits, "MIRROR", f"http://127.0.0.1:{server.server_port}/")
        yield source
        server.shutdown()
        thread.join()


def _assert_is_small(train: digits.Digits, test: digits.Digits) -> None:
    assert train.images.shape == (3, 28, 28) and train.images.dtype == torch.float32
    assert train.labels.tolist() == [5, 0, 9] and test.labels.tolist() == [7, 2]
    assert train.images[0, 0, :3].tolist() == pytest.approx([0, 1 / 255, 2 / 255])
    assert (test.images == 1).all() and test.labels.dtype == torch.int64


def test_mnist_is_read_from_packed_files(source: Path) -> None:
    _assert_is_small(*digits.mnist(source))


def test_mnist_is_read_from_unpacked_files(tmp_path: Path) -> None:
    for name, content in SMALL.items():
        (tmp_path / name.removesuffix(".gz")).write_bytes(content)
    _assert_is_small(*digits.mnist(str(tmp_path), download=True))


def test_missing_files_are_fetched_once(mirror: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    _assert_is_small(*digits.mnist(folder, download=True))
    assert sorted(path.name for path in folder.iterdir()) == sorted(SMALL)
    for path in mirror.iterdir():
        path.unlink()
    _assert_is_small(*digits.mnist(folder, download=True))


def test_the_default_folder_is_in_the_home_of_the_user(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path.home() in digits.FOLDER.parents
    monkeypatch.setattr(digits, "FOLDER", source)
    _assert_is_small(*digits.mnist())


def test_a_missing_file_is_named_with_the_way_to_get_it(source: Path) -> None:
    (source / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"source.t10k-labels-idx1-ubyte\.gz is missing: .*download=True"):
        digits.mnist(source)


def test_no_network_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "MIRROR", "http://127.0.0.1:9/")
    with pytest.raises(ConnectionError, match=r"cannot be fetched .*check the network, or put the file into"):
        digits.mnist(tmp_path, download=True)
    assert not list(tmp_path.iterdir())


def test_a_file_that_the_mirror_lacks_is_an_error(mirror: Path, tmp_path: Path) -> None:
    (mirror / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(ConnectionError, match=r"train-images.*404"):
        digits.mnist(tmp_path / "new", download=True)


def test_a_wrong_file_from_the_mirror_is_not_kept(mirror: Path, tmp_path: Path) -> None:
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(ValueError, match=r"train-images.* has the SHA-256 .* instead of"):
        digits.mnist(tmp_path / "new", download=True)
    assert not list((tmp_path / "new").iterdir())


def test_a_damaged_packed_file_is_an_error(source: Path) -> None:
    path = source / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"train-images.* does not have the SHA-256 .*: delete it and"):
        digits.mnist(source)


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: b"\x00" + packed])
def test_what_cannot_be_unpacked_is_an_error(source: Path, monkeypatch: pytest.MonkeyPatch, damage: object) -> None:
    path = source / "train-images-idx3-ubyte.gz"
    _put(path, damage(path.read_bytes()), monkeypatch)  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"train-images.* cannot be unpacked: delete it and"):
        digits.mnist(source)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"<html>no</html>", "is not an IDX file of bytes with 3 sizes"),
        (b"", "is not an IDX file"),
        (SMALL["train-labels-idx1-ubyte.gz"], "is not an IDX file"),
        (SMALL["train-images-idx3-ubyte.gz"][:9], "has 9 bytes instead of"),
        (SMALL["train-images-idx3-ubyte.gz"][:-1], "has 2367 bytes instead of 2368"),
        (SMALL["train-images-idx3-ubyte.gz"] + b"1", "has 2369 bytes instead of 2368"),
        (SMALL["t10k-images-idx3-ubyte.gz"], "has 2 pictures but 3 labels"),
    ],
)
def test_an_unpacked_file_that_is_not_right_is_an_error(tmp_path: Path, content: bytes, fact: str) -> None:
    for name, right in SMALL.items():
        (tmp_path / name.removesuffix(".gz")).write_bytes(right)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=fact) as caught:
        digits.mnist(tmp_path)
    assert str(tmp_path) in str(caught.value) and "delete it" in str(caught.value)


# Plots: what is drawn is what was given.


def test_a_grid_shows_every_picture_with_its_title() -> None:
    pictures = torch.rand(5, 3, 4, 6)
    axes = plots.images(pictures, titles=list("abcde"), columns=2)
    assert [ax.get_title() for ax in axes] == list("abcde")
    for ax, picture in zip(axes, pictures, strict=True):
        assert np.allclose(ax.images[0].get_array(), picture.permute(1, 2, 0))


def test_grey_pictures_keep_their_brightness_and_filters_are_stretched() -> None:
    (ax,) = plots.images(torch.full((1, 3, 3), 0.25))
    assert ax.images[0].get_array().max() == 0.25 and ax.images[0].get_clim() == (0, 1)
    shown = plots.images(torch.tensor([-1.0, 1.0]).view(2, 1, 1).expand(2, 3, 3))
    assert [float(ax.images[0].get_array().max()) for ax in shown] == [0, 1]


def test_the_cross_stands_at_the_maximum_of_the_map() -> None:
    values = torch.zeros(4, 4)
    values[1, 3] = 1
    mask = torch.zeros(32, 32, dtype=torch.bool)
    mask[3:9, 4:20] = True
    ax = plots.map_over_image(torch.rand(3, 32, 32), values, mask=mask, title="where")
    assert ax.lines[0].get_xydata().tolist() == [[27.5, 11.5]]  # the middle of the cell of 8 by 8 pixels
    alpha = ax.images[1].get_array()[..., 3]  # where the map is small, nothing hides the picture
    assert alpha.shape == (4, 4) and alpha[1, 3] == alpha.max() > 0.5 and (alpha > 0).sum() == 1
    flat = plots.map_over_image(torch.rand(8, 8), torch.ones(2, 2), cross=False).images[1].get_array()[..., 3]
    assert 0 < flat.min() == flat.max() < 0.5
    assert ax.get_title(matplotlib.rcParams["axes.titlelocation"]) == "where"  # the course's style has it on the left
    assert len(ax.collections) == 1


def test_glimpses_are_rectangles_around_whole_pixels() -> None:
    ax = plots.glimpses(torch.rand(28, 28), [(2, 3, 8, 9), (0, 0, 28, 28)])
    assert [patch.get_bbox().bounds for patch in ax.patches] == [(1.5, 2.5, 8, 9), (-0.5, -0.5, 28, 28)]
    assert [text.get_text() for text in ax.texts] == ["1", "2"]


@pytest.mark.parametrize(
    ("draw", "fact"),
    [
        (lambda: plots.images(torch.rand(4, 5)), r"images: .*\(4, 5\)"),
        (lambda: plots.images(torch.rand(2, 4, 5, 5)), r"images: .*\(2, 4, 5, 5\)"),
        (lambda: plots.images(torch.rand(0, 5, 5)), r"images: .*\(0, 5, 5\)"),
        (lambda: plots.images(torch.rand(2, 5, 5), titles=["a"]), "2 pictures, but 1 titles"),
        (lambda: plots.map_over_image(torch.rand(5), torch.rand(2, 2)), r"map_over_image: .*\(5,\)"),
        (lambda: plots.map_over_image(torch.rand(5, 5), torch.rand(4)), r"map_over_image: .*\(4,\)"),
        (lambda: plots.map_over_image(torch.rand(5, 5), torch.rand(2, 2), mask=torch.ones(2, 2)), "the mask has shape"),
        (lambda: plots.glimpses(torch.rand(2, 5, 5), []), r"glimpses: .*\(2, 5, 5\)"),
        (lambda: plots.glimpses(torch.rand(5, 5), [(1, 2, 3)]), "four numbers"),
    ],
)
def test_a_wrong_shape_is_an_error_that_names_it(draw: object, fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        draw()  # type: ignore[operator]
