"""Values to JSON and bytes. Only exact plain types are values here; `objects` says how others cross.

A mutable value gets the next number of its message on both sides, so that a second mention, or an argument that comes
back, is the same object again.
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.module import _IncompatibleKeys

from autograder.run.wire.frames import Bounds, NotPlain
from autograder.run.wire.plain import (
    ATOMS,
    ELEMENT_NAMES,
    FACTORIES,
    INT_BITS,
    NUMPY_DTYPE,
    TYPES,
    is_plain_tensor,
    span,
    tensor_bytes,
)
from autograder.run.wire.randomness import random_bytes


class Encoder:
    """Turns one message's values into JSON and body parts."""

    def __init__(self, bounds: Bounds | None = None, refs: list[Any] | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.refs = list(refs or [])  # kept alive, so that an id stays one object's
        self.memo = {id(x): i for i, x in enumerate(self.refs)}
        self.parts: list[bytes] = []
        self.size = self.spread = 0
        self.items = 0

    def value(self, x: Any, depth: int = 0) -> Any:
        kind = type(x)
        if kind in ATOMS:
            return x
        self.items += 1
        if depth > self.bounds.depth or self.items > self.bounds.items:
            raise NotPlain("it is nested too deeply" if depth > self.bounds.depth else "it has too many elements")
        if (index := self.memo.get(id(x))) is not None:
            return ["m", index]
        encode = _ENCODERS.get(kind)
        if encode is not None:
            return encode(self, x, depth + 1)
        if issubclass(kind, np.generic) and x.dtype.type is kind and NUMPY_DTYPE.fullmatch(x.dtype.str):
            return ["ns", x.dtype.str, *self.part(x.tobytes())]
        if kind is _IncompatibleKeys:  # what load_state_dict returns: a named tuple with a repr of its own
            kind = kind.__bases__[0]
        if kind.__bases__ == (tuple,) and _is_named_tuple(kind):
            return ["nt", kind.__name__, list(kind._fields), [self.value(v, depth + 1) for v in tuple.__iter__(x)]]
        return self.other(x, depth + 1)

    def part(self, data: bytes) -> tuple[int, int]:
        self.size += len(data)
        if self.size > self.bounds.body:
            raise NotPlain(f"it is larger than {self.bounds.body >> 20} MB")
        self.parts.append(data)
        return self.size - len(data), len(data)

    def remember(self, x: Any) -> None:
        self.memo[id(x)] = len(self.refs)
        self.refs.append(x)

    def tensor(self, x: Tensor, depth: int) -> Any:
        if not is_plain_tensor(x):
            return self.other(x)
        self.remember(x)
        return ["T", *self.tensor_data(x), x.requires_grad, type(x) is not Tensor]

    def tensor_data(self, x: Tensor) -> list[Any]:
        return [ELEMENT_NAMES[x.dtype], list(x.shape), self.strides(x), *self.part(tensor_bytes(x))]

    def strides(self, x: Tensor) -> list[int] | None:
        """Where the elements do not stand side by side: how far apart, as long as it is no large memory."""
        if x.is_contiguous() or not (count := span(x.shape, x.stride())):
            return None
        if self.spread + count * x.itemsize > self.bounds.body:
            return None
        self.spread += count * x.itemsize
        return list(x.stride())

    def other(self, x: Any, depth: int = 0) -> Any:
        raise NotPlain(f"a {type(x).__name__} is no plain value")


def _is_named_tuple(kind: type) -> bool:
    fields = kind.__dict__.get("_fields")
    return type(fields) is tuple and all(type(f) is str and f.isidentifier() for f in fields)


def _int(enc: Encoder, x: int, depth: int) -> Any:
    if x.bit_length() > INT_BITS:
        raise NotPlain("it is too large a number")
    return x


def _many(tag: str) -> Callable[[Encoder, Any, int], Any]:
    def encode(enc: Encoder, x: Any, depth: int) -> Any:
        enc.remember(x)
        return [tag, [enc.value(v, depth) for v in x]]

    return encode


def _pairs(tag: str) -> Callable[[Encoder, Any, int], Any]:
    def encode(enc: Encoder, x: Any, depth: int) -> Any:
        enc.remember(x)
        head: list[Any] = [tag, [[enc.value(k, depth), enc.value(v, depth)] for k, v in x.items()]]
        if tag == "dd":
            factory = x.default_factory
            head.append(factory.__name__ if factory in FACTORIES.values() else None)
        return head

    return encode


as_dict = _pairs("d")


def _array(enc: Encoder, x: np.ndarray, depth: int) -> Any:
    if not NUMPY_DTYPE.fullmatch(x.dtype.str):
        return enc.other(x)
    enc.remember(x)
    return ["a", *array_data(enc, x)]


def array_data(enc: Encoder, x: np.ndarray) -> list[Any]:
    return [x.dtype.str, list(x.shape), *enc.part(x.tobytes())]


def _masked(enc: Encoder, x: Any, depth: int) -> Any:
    enc.remember(x)
    return ["ma", enc.value(np.asarray(x.data), depth), enc.value(np.asarray(x.mask), depth)]


def _bytearray(enc: Encoder, x: bytearray, depth: int) -> Any:
    enc.remember(x)
    return ["ba", *enc.part(bytes(x))]


def _exception(enc: Encoder, x: BaseException, depth: int) -> Any:
    return ["x", type(x).__name__, str(x)]


def _generator(enc: Encoder, x: Any, depth: int) -> Any:
    enc.remember(x)
    return ["g", *generator_state(enc, x)]


def generator_state(enc: Encoder, x: Any) -> list[Any]:
    """The state of a random generator, by value."""
    if type(x) is torch.Generator:
        return ["torch", *enc.part(tensor_bytes(x.get_state()))]
    if type(x) is random.Random:
        return ["random", *enc.part(random_bytes(x))]
    state = x.bit_generator.state
    return ["numpy", str(state["state"]["state"]), str(state["state"]["inc"]), state["has_uint32"], state["uinteger"]]


def _numpy_generator(enc: Encoder, x: Any, depth: int) -> Any:
    return _generator(enc, x, depth) if type(x.bit_generator) is np.random.PCG64 else enc.other(x)


def _type(enc: Encoder, x: type, depth: int) -> Any:
    return ["bt", x.__name__] if TYPES.get(x.__name__) is x else enc.other(x)


_ENCODERS: dict[type, Callable[[Any, Any, int], Any]] = {
    int: _int,
    complex: lambda enc, x, d: ["c", x.real, x.imag],
    bytes: lambda enc, x, d: ["b", *enc.part(x)],
    bytearray: _bytearray,
    list: _many("l"),
    tuple: lambda enc, x, d: ["t", [enc.value(v, d) for v in x]],
    set: _many("s"),
    frozenset: lambda enc, x, d: ["fs", [enc.value(v, d) for v in x]],
    dict: as_dict,
    collections.OrderedDict: _pairs("od"),
    collections.Counter: _pairs("ct"),
    collections.defaultdict: _pairs("dd"),
    collections.deque: lambda enc, x, d: [*_many("dq")(enc, x, d), x.maxlen],
    slice: lambda enc, x, d: ["sl", enc.value(x.start, d), enc.value(x.stop, d), enc.value(x.step, d)],
    range: lambda enc, x, d: ["r", x.start, x.stop, x.step],
    type(...): lambda enc, x, d: ["e"],
    type: _type,
    Tensor: lambda enc, x, d: enc.tensor(x, d),
    torch.nn.Parameter: lambda enc, x, d: enc.tensor(x, d),
    torch.Size: lambda enc, x, d: ["sz", list(x)],
    torch.dtype: lambda enc, x, d: ["dt", str(x).removeprefix("torch.")],
    torch.device: lambda enc, x, d: ["dv", str(x)],
    np.ndarray: _array,
    np.ma.MaskedArray: _masked,
    torch.Generator: _generator,
    random.Random: _generator,
    np.random.Generator: _numpy_generator,
} | {t: _exception for t in TYPES.values() if issubclass(t, Exception)}
