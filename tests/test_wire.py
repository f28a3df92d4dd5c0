"""The wire alone: values survive it, lies are refused, and no bytes do more than fail."""

from __future__ import annotations

import contextlib
import json
import math
import random
import socket
import struct
import sys
import time
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.run.wire import randomness
from autograder.run.wire import settings as torch_settings
from autograder.run.wire.decode import Decoder
from autograder.run.wire.encode import Encoder
from autograder.run.wire.frames import Bounds, Closed, Late, WireError, receive_frame
from autograder.run.wire.plain import tensor_bytes, torch_state

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
KEYS = st.integers() | st.text() | st.booleans() | st.none()
ARRAYS = hnp.arrays(
    st.sampled_from(["f4", "f8", "i2", "i8", "u1", "?", "c8", "U3"]),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=3),
)
TENSORS = hnp.arrays(
    st.sampled_from(["f4", "f8", "i8", "u1", "?", "c8"]), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)
).map(lambda a: torch.from_numpy(a.copy()))
VALUES = st.recursive(
    ATOMS | ARRAYS | TENSORS,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner) | st.sets(KEYS) | st.frozensets(KEYS)
    ),
    max_leaves=12,
)


def roundtrip(value: Any) -> Any:
    enc = Encoder()
    text = json.dumps(enc.value(value))
    return Decoder(memoryview(b"".join(enc.parts))).value(json.loads(text))


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return repr(a) == repr(b) if isinstance(a, float | complex) else bool(a == b)


@settings(deadline=None)
@given(VALUES)
def test_any_plain_value_survives_the_wire(value: Any) -> None:
    assert same(roundtrip(value), value)


@settings(deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.data())
def test_strides_survive_the_wire(shape: list[int], data: st.DataObject) -> None:
    tensor = torch.arange(math.prod(2 * n for n in shape)).view([2 * n for n in shape])
    tensor = tensor[tuple(slice(0, 2 * n, data.draw(st.integers(1, 2))) for n in shape)]
    tensor = tensor.permute(data.draw(st.permutations(range(tensor.dim())))).unsqueeze(0)
    tensor = tensor.expand(data.draw(st.integers(1, 3)), *tensor.shape[1:])
    back = roundtrip(tensor)
    assert torch.equal(back, tensor) and back.is_contiguous() == tensor.is_contiguous()
    assert tensor.is_contiguous() or back.stride() == tensor.stride()


def test_a_window_over_shared_elements_arrives_as_a_copy() -> None:
    windows = torch.arange(5.0).unfold(0, 3, 1)
    assert same(roundtrip(windows), windows.contiguous())


@pytest.mark.parametrize("strides", [[1], [1, 1], [2, 1, 1], [-3, 1], [1 << 39, 1], ["1", 1], [1.0, 3], {}, 3])
def test_lying_strides_are_refused(strides: Any) -> None:
    """One that is not the tensor's, lets two places share an element, or asks for a huge memory."""
    with pytest.raises(WireError):
        Decoder(memoryview(bytes(6))).value(["T", "uint8", [2, 3], strides, 0, 6, False, False])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)
TAGS = st.sampled_from(
    [
        "m",
        "c",
        "b",
        "ba",
        "l",
        "t",
        "s",
        "fs",
        "d",
        "od",
        "ct",
        "dd",
        "dq",
        "sl",
        "r",
        "e",
        "bt",
        "T",
        "sz",
        "dt",
        "dv",
        "a",
        "ma",
        "ns",
        "nt",
        "x",
        "g",
        "H",
        "Y",
        "N",
        "Q",
        "k",
        "G",
        "zz",
    ]
)
WORDS = st.sampled_from(
    ["float32", "<f4", "<U3", "torch", "random", "numpy", "cpu", "cuda", "int", "a", "__class__", "os", "system"]
)
NODES = st.recursive(
    JSON | WORDS,
    lambda inner: (
        st.builds(lambda tag, rest: [tag, *rest], TAGS, st.lists(inner, max_size=6)) | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=500)
@given(NODES, st.binary(max_size=64))
def test_no_node_does_more_than_fail(node: Any, body: bytes) -> None:
    with contextlib.suppress(WireError):
        Decoder(memoryview(body), Bounds(depth=20, items=1000)).value(node)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_are_no_frame(data: bytes, framed: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((struct.pack("<II", len(data), 0) if framed else b"") + data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            message, _ = receive_frame(ours, Bounds(header=1 << 16, body=1 << 16), time.monotonic() + 5)
            assert type(message) is dict
        except (WireError, Closed):
            pass


def test_lying_bytes_are_made_honest_or_refused() -> None:
    body = memoryview(b"\x02\x00" + b"\xff" * 8)
    dec = Decoder(body)
    assert dec.value(["T", "bool", [2], None, 0, 2, False, False]).view(torch.uint8).tolist() == [1, 0]
    assert dec.value(["a", "|b1", [2], 0, 2]).view("u1").tolist() == [1, 0]
    with pytest.raises(WireError):
        dec.value(["a", "<U1", [2], 2, 8])
    state = bytearray(tensor_bytes(torch.Generator().get_state()))
    torch_state(state)
    state[8:12], state[16:24] = struct.pack("<i", 600), struct.pack("<Q", 600)
    with pytest.raises(WireError):
        torch_state(state)


@pytest.mark.parametrize("in_memory", [True, False])
@settings(deadline=None)
@given(st.integers(), st.integers(0, 700), st.booleans())
def test_a_generator_of_python_arrives_in_its_state(in_memory: bool, seed: int, draws: int, normal: bool) -> None:
    sent, arrived = random.Random(seed), random.Random(0)
    for _ in range(draws):
        sent.getrandbits(32)
    if normal:
        sent.gauss(0, 1)  # makes two numbers, and keeps the second
    with mock.patch.object(randomness, "_IN_MEMORY", in_memory):
        data = randomness.random_bytes(sent)
        randomness.set_random(arrived, data)
    assert arrived.getstate() == sent.getstate()
    assert data == randomness.random_bytes(sent)  # both ways make the same bytes


def test_where_cpython_keeps_a_generators_words_is_still_true() -> None:
    assert randomness._IN_MEMORY or sys.implementation.name != "cpython"


@pytest.mark.parametrize("in_memory", [True, False])
def test_no_state_reaches_beyond_the_words(in_memory: bool) -> None:
    generator = random.Random(1)
    data, before = randomness.random_bytes(generator), generator.getstate()
    with mock.patch.object(randomness, "_IN_MEMORY", in_memory):
        for lie in (struct.pack("<I", 625) + data[4:], b"\xff" * len(data), data + b"\0", data[:-1], b""):
            with pytest.raises((WireError, struct.error)):
                randomness.set_random(generator, lie)
    assert generator.getstate() == before


def test_no_generator_takes_the_state_of_another_kind() -> None:
    state = randomness.random_bytes(random.Random(1))
    for generator in (torch.Generator(), np.random.default_rng(), object(), type("R", (random.Random,), {})()):
        with pytest.raises(WireError):
            Decoder(memoryview(state)).state(generator, ["random", 0, len(state)])


def test_a_slow_drip_does_not_prolong_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<II", 100, 0) + b"{")
        with pytest.raises(Late):
            receive_frame(ours, Bounds(), time.monotonic() + 0.05)


@pytest.mark.parametrize(
    "told",
    [None, {}, [], [False], [0, 0, 0], ["x", "bfloat16", "meta"], [True, "__class__", ""], [True, ["float64"], {}]],
)
def test_settings_that_are_none_change_nothing(told: Any) -> None:
    """Fewer digits or no numbers at all would make a difference vanish in the judge."""
    before = torch_settings.get()
    torch_settings.put(told)
    assert torch_settings.get() == before == torch_settings.DEFAULT
    both = "torch.set_default_dtype(torch.bfloat16) and torch.set_default_device('meta')"
    assert torch_settings.in_words(told) in ("", both)
