"""What counts as a plain value, and tensors as bytes."""

from __future__ import annotations

import builtins
import re
import struct
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.run.wire.frames import WireError

ATOMS = frozenset({type(None), bool, str, float})
INT_BITS = 8192
DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if isinstance(v, torch.dtype)}


ELEMENTS = {
    name: DTYPES[name]
    for name in (
        *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    )
}


ELEMENT_NAMES = {dtype: name for name, dtype in ELEMENTS.items()}
_QUICK = {torch.float32, torch.int64, torch.bool, torch.float64, torch.uint8}  # numpy has them, and none is complex
NUMPY_DTYPE = re.compile(r"[<|](b1|[iuf][1248]|c8|c16|[SU][0-9]{1,6})")
TYPES = {n: v for n, v in vars(builtins).items() if isinstance(v, type) and not n.startswith("_")}
FACTORIES = {f.__name__: f for f in (int, float, list, dict, set, str)}


def tensor_bytes(tensor: Tensor) -> bytes:
    """The elements, in order."""
    if tensor.dtype in _QUICK:
        return tensor.detach().resolve_neg().numpy().tobytes()
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().view(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def span(shape: Sequence[int], strides: Sequence[int]) -> int:
    """How many elements the memory of such a tensor has, or 0 where it cannot be made: two places share an element.

    What was made by `expand` can: along a stride of 0 all is one element.
    """
    most = 1
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size > 1 and stride:
            if stride < most:
                return 0
            most += (size - 1) * stride
    return most


def lay_out(tensor: Tensor, strides: Sequence[int]) -> Tensor:
    """The same elements with these strides: code that needs them side by side (`view`) fails as it does elsewhere."""
    shape = [n if stride else min(n, 1) for n, stride in zip(tensor.shape, strides, strict=True)]
    laid = torch.empty_strided(shape, strides, dtype=tensor.dtype)
    return laid.copy_(tensor[tuple(slice(n) for n in shape)]).expand(tensor.shape)


def make_tensor(dtype: str, shape: Any, data: memoryview) -> Tensor:
    """A contiguous tensor of its own memory; the size must fit exactly."""
    kind = ELEMENTS[dtype]
    shape = sizes(shape)
    count = 1
    for size in shape:
        count *= size
    if count * kind.itemsize != len(data):
        raise WireError(f"a tensor of shape {shape} with {len(data)} bytes")
    if not count:
        return torch.empty(shape, dtype=kind)
    if kind is torch.bool:  # any byte but 0 and 1 would be a truth value that equals neither
        return torch.frombuffer(bytearray(data), dtype=torch.uint8).ne(0).view(shape)
    return torch.frombuffer(bytearray(data), dtype=kind).view(shape)


def sizes(shape: Any) -> tuple[int, ...]:
    if type(shape) is not list or len(shape) > 32 or any(type(n) is not int or not 0 <= n < 1 << 40 for n in shape):
        raise WireError("not a shape")
    return tuple(shape)


def is_plain_tensor(x: Any) -> bool:
    """Exactly a tensor or a parameter, dense, on the CPU: a subclass could lie about its elements."""
    return (type(x) is Tensor or type(x) is torch.nn.Parameter) and (
        x.layout is torch.strided and x.device.type == "cpu" and x.dtype in ELEMENT_NAMES
    )


def torch_state(data: memoryview | bytes) -> Tensor:
    """The state of a generator of torch, which itself would read beyond its 624 words if two counters lied."""
    if len(data) < 24:
        raise WireError("not a state")
    left, seeded, following = struct.unpack("<iiQ", data[8:24])
    if not (1 <= left <= 624 and seeded in (0, 1) and following + left - 1 <= 624):
        raise WireError("not a state")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
