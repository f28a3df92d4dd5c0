"""What the calls of a check gave, so that two submissions can be compared (`autograder.diagnosis`).

While a check runs, the frames are kept as they cross, which costs next to nothing. Only where the check failed are they
read once more, into a record: for each answer of the student's program a `form` (types, shapes, whole numbers, texts,
as a hash), its `numbers`, which another way to compute the same changes in the last digits, and what is `fine`: details
in which the same mistake, written in other words, may differ. A check is deterministic, so equal answers lead to equal
next calls, and the calls themselves need not be kept.

A long row of numbers is kept as its length and its products with three fixed random vectors. A difference shows in
these as large as it is (Johnson and Lindenstrauss, 1984), and unlike a hash of rounded numbers they have no edges.
"""

from __future__ import annotations

import functools
import hashlib
import math
import random
import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.run.wire.decode import Decoder
from autograder.run.wire.log import Log

_STEPS = 400  # answers in a record
_WHOLE = 8  # a row of up to so many numbers is kept as it is
_PYTHON = 64  # so many numbers of Python as they are
_PERIOD = 4099
Step = tuple[str, list[list[Any]], str]  # form, numbers, fine


def read(log: Log) -> dict[str, Any]:
    """The record, as plain data of bounded size. Whatever a submission sent, this raises nothing."""
    reader = _Reader()
    try:
        for frame in log.frames:
            if len(reader.steps) >= _STEPS:
                log.cut = True
                break
            reader.frame(*frame)
    except Exception:  # it was sent by a submission, and may be anything
        log.cut = True
    return {"steps": reader.steps, "back": reader.back[:_STEPS], "random": reader.random, "cut": log.cut}


class _Object:
    """In place of what stays in the student's process: nothing is known of it."""


class _Decoder(Decoder):
    """Decodes values of a frame once more, without proxies; `shared` are the tensors that live on both sides."""

    def __init__(self, body: memoryview, shared: dict[int, Tensor], refs: list[Any] | None = None) -> None:
        super().__init__(body, None, refs)
        self.shared = shared
        self.outputs: list[Tensor] = []

    def data(self, node: Any) -> Tensor:
        return self.tensor_data(node).contiguous()

    def tensor(self, node: list[Any]) -> Tensor:
        tensor = self.data(node[1:6])
        requires_grad, _, key, grad, _ = node[6:]
        if requires_grad is True:
            tensor.requires_grad_()
        if key is not None:
            self.shared[key] = tensor
            tensor.grad = None if grad is None else self.data(grad)
        return self.remember(tensor)

    def other(self, node: list[Any]) -> Any:
        if node[0] == "G":
            return self.remember(self.outputs[node[1]])
        if node[0] == "k":
            return self.remember(self.shared[node[1]])
        return _Object()

    def sync(self, nodes: Any) -> list[int]:
        """Make the changes of shared tensors; their keys."""
        changed: list[int] = []
        for key, data, grad, requires_grad in nodes:
            if key not in self.shared:
                continue
            old = self.shared[key]
            tensor = self.shared[key] = old.detach() if data is None else self.data(data)
            if requires_grad is True:
                tensor.requires_grad_()
            tensor.grad = old.grad if grad is False else None if grad is None else self.data(grad)
            changed.append(key)
        return changed


class _Reader:
    """Reads frames in the order in which they crossed."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.back: list[Step] = []  # calls of the student's program into objects of the check
        self.random = False  # the student's program drew random numbers
        self.shared: dict[int, Tensor] = {}
        self.moved: dict[int, None] = {}  # the shared tensors that the call under way changed
        self.open: list[list[Any]] = []  # what was passed in the calls that are under way

    def frame(self, ours: bool, message: dict[str, Any], parts: list[bytes]) -> None:
        body = memoryview(b"".join(parts))
        if "do" in message:
            dec = _Decoder(body, self.shared)
            moved = dec.sync(message.get("sync", ()))
            if not ours:
                self.moved.update(dict.fromkeys(moved))
            args = [dec.value(node) for node in message.get("args", ())]
            more = [(str(name), dec.value(node)) for name, node in message.get("kwargs", ())]
            self.open.append(dec.refs)
            if not ours and len(self.back) < _STEPS:
                self.back.append(_step(message["do"], [args, more]))
            return
        dec = _Decoder(body, self.shared, self.open.pop())
        moved = dec.sync(message.get("sync", ()))
        for node in message.get("graphs", ()):
            dec.outputs.append(dec.data(node[1:]).requires_grad_())
        value = dec.value(message.get("value"))
        if ours:
            return
        self.random = self.random or any(part is not None for part in message.get("random") or ())
        keys, self.moved = self.moved | dict.fromkeys(moved), {}
        synced = [x for key in keys for x in (self.shared[key].detach(), self.shared[key].grad)]
        changed = []
        for index, (what, node) in message.get("changed", ()):
            self.random = self.random or what == "state"
            changed.append([index, what, None if what == "state" else dec.value(node)])
        error = message.get("error")
        self.steps.append(_step("", [value, changed, synced]) if error is None else _error(error))


def _error(error: dict[str, Any]) -> Step:
    """An error: one that the student's own `raise` gave is known by its type, any other by its text too."""
    kind, text = _hash(str(error["type"])), str(error["message"])[:2000]
    cells = [frame for frame in error.get("frames", ()) if frame[0] is True]
    own = bool(cells) and cells[-1] is error["frames"][-1] and str(cells[-1][4]).startswith(("raise", "assert"))
    if own:
        return f"raise {kind}", [], _hash(text)
    # Names in a student's code and addresses are not what the mistake is.
    general = re.sub(r"'[^']*'|0x[0-9a-f]+", "·", text)
    return f"error {kind} {_hash(general)}", [], _hash(text)


def _step(what: str, value: Any) -> Step:
    walk = _Walk()
    walk.value(value)
    rows = walk.rows + walk.python()
    return _hash(" ".join([what, *walk.form])), rows, _hash(" ".join(walk.fine))


class _Walk:
    """Takes a value apart."""

    def __init__(self) -> None:
        self.form: list[str] = []
        self.fine: list[str] = []
        self.rows: list[list[Any]] = []
        self.numbers: list[int | float] = []
        self.inside: set[int] = set()

    def value(self, x: Any) -> None:
        kind = type(x)
        if kind in (int, float):
            self.number(x)
        elif isinstance(x, Tensor):
            self.fine.append(f"{x.dtype} {x.requires_grad}")
            self.tensor(x.detach())
        elif isinstance(x, np.ndarray | np.generic):
            self.array(np.asarray(x), "a")
        elif isinstance(x, list | tuple | dict) or kind in (set, frozenset) or kind.__name__ == "deque":
            self.container(x, kind)
        elif kind is _Object:
            self.form.append("object")
        elif isinstance(x, random.Random | torch.Generator | np.random.Generator):
            self.form.append("generator")
        else:
            self.form.append(f"{kind.__name__} {_hash(repr(x)) if not isinstance(x, bytes | bytearray) else _hash(x)}")

    def container(self, x: Any, kind: type) -> None:
        if id(x) in self.inside:
            self.form.append("itself")
            return
        self.inside.add(id(x))
        self.form.append(f"{kind.__name__}({len(x)}")
        if isinstance(x, dict):
            for key in sorted(x, key=repr):
                self.value(key)
                self.value(x[key])
        else:
            for item in sorted(x, key=repr) if isinstance(x, set | frozenset) else x:
                self.value(item)
        self.form.append(")")
        self.inside.remove(id(x))

    def number(self, x: int | float) -> None:
        if isinstance(x, float) and not math.isfinite(x):
            self.form.append(str(x))
        elif abs(x) < 1 << 53:
            self.form.append("n")
            self.numbers.append(x)
        else:
            self.form.append(f"{x:.3e}" if isinstance(x, float) else str(x))

    def tensor(self, x: Tensor) -> None:
        if x.is_complex():
            self.array(torch.view_as_real(x.resolve_conj()).double().numpy(), "complex")
        elif x.is_floating_point():
            self.array(x.double().numpy(), "tensor")
        else:
            self.array((x if x.dtype == torch.bool else x.long()).numpy(), "tensor")

    def array(self, x: np.ndarray, name: str) -> None:
        kind = "f" if x.dtype.kind == "c" else x.dtype.kind
        self.form.append(f"{name} {kind} {x.shape}")
        if kind == "f":
            self.rows.append(self.row(x))
        else:
            self.form.append(_hash(np.ascontiguousarray(x).tobytes()))

    def row(self, x: np.ndarray) -> list[Any]:
        """The length of a row of numbers, then the row itself, or its size and three products."""
        flat = np.ascontiguousarray(x).reshape(-1)
        flat = (flat.view(flat.real.dtype) if np.iscomplexobj(flat) else flat).astype(np.float64)
        finite = np.isfinite(flat)
        if not finite.all():
            self.form.append(_hash(np.sign(np.where(finite, 0, np.nan_to_num(flat, nan=0))).tobytes()))
            self.form.append(_hash(finite.tobytes()))
            flat = np.where(finite, flat, 0)
        if len(flat) <= _WHOLE:
            return [len(flat), *map(_short, flat)]
        with np.errstate(over="ignore", invalid="ignore"):
            return [len(flat), *map(_short, (math.sqrt(float(flat @ flat)), *_products(flat)))]

    def python(self) -> list[list[Any]]:
        """Python's own numbers: whole ones count exactly."""
        if not self.numbers:
            return []
        if len(self.numbers) <= _PYTHON:
            return [["n", *(x if type(x) is int else _short(x) for x in self.numbers)]]
        self.form.append(_hash(" ".join(str(x) if type(x) is int else "" for x in self.numbers)))
        return [self.row(np.array([x for x in self.numbers if type(x) is float]))]


@functools.cache
def _vectors() -> np.ndarray:
    return np.random.RandomState(0).standard_normal((3, _PERIOD))  # the old generator: its numbers never change


def _products(flat: np.ndarray) -> np.ndarray:
    products = np.zeros(3)
    for start in range(0, len(flat), _PERIOD):
        part = flat[start : start + _PERIOD]
        # Another factor for each stretch, so that two of them cannot be swapped unseen.
        products += (1 + start // _PERIOD % 7) * (_vectors()[:, : len(part)] @ part)
    return products


def _short(x: float) -> float:
    return float(f"{x:.9g}") if math.isfinite(x) else 0.0


def _hash(data: str | bytes | bytearray) -> str:
    return hashlib.sha256(data.encode("utf-8", "replace") if isinstance(data, str) else data).hexdigest()[:16]
