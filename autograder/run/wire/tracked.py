"""Tensors that live on both sides: whatever one side changes in place, the other sees with the next message.

The side that sent a tensor first holds it, the other side has a twin. Each message carries the twins that changed since
the last one: elements, shape, `.grad` and `requires_grad`. Elements are compared byte by byte, because `.data` and
`.numpy()` go around the version counter of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import TensorWeakRef

from autograder.run.wire.decode import Decoder
from autograder.run.wire.encode import Encoder
from autograder.run.wire.frames import WireError
from autograder.run.wire.plain import is_plain_tensor, tensor_bytes


class Entry:
    """One tensor, and what the other side knows of it."""

    __slots__ = ("data", "fixed", "grad", "id", "key", "leaf", "mine", "requires_grad", "shape", "tensor")

    def __init__(self, key: int, tensor: Callable[[], Tensor | None], mine: bool) -> None:
        self.key, self.tensor, self.mine = key, tensor, mine
        self.fixed = False  # part of a module: shape and dtype stay
        self.id = id(tensor())
        # Where gradients gather, when the twin itself is no leaf. A graph can need it when nobody holds the twin.
        self.leaf: Callable[[], Tensor | None] = lambda: None
        self.data, self.shape, self.requires_grad = b"", torch.Size(), False
        self.grad: bytes | None = None

    def see(self, tensor: Tensor, data: bytes | None = None) -> None:
        """The other side knows the tensor as it is now; `data` are its elements, where they are at hand."""
        self.data, self.shape = tensor_bytes(tensor) if data is None else data, tensor.shape
        self.grad, self.requires_grad = grad_bytes(tensor), tensor.requires_grad


class Tracked:
    """All shared tensors of one side, by key and by identity."""

    def __init__(self, first: int, limit: int = 20_000) -> None:
        self.next, self.limit = first, limit  # the judge counts even keys, the other side odd ones
        self.trusted, self.refused = first == 0, False
        self.by_key: dict[int, Entry] = {}
        self.by_id: dict[int, Entry] = {}
        # While a call runs its twins live: what it changed last is told with its reply, though nobody keeps them.
        self.held: list[Tensor | None] | None = None

    def hold(self) -> None:
        if self.held is None:
            self.held = [entry.tensor() for entry in self.by_key.values()]

    def release(self) -> None:
        self.held = None

    def find(self, tensor: Tensor) -> Entry | None:
        entry = self.by_id.get(id(tensor))
        return entry if entry is not None and entry.tensor() is tensor else None

    def add(self, tensor: Tensor, key: int | None = None, weak: bool = False, data: bytes | None = None) -> Entry:
        """Track a tensor: one of ours, or with a key the twin of one of theirs."""
        if len(self.by_key) >= self.limit:
            raise WireError(f"more than {self.limit} shared tensors")
        mine = key is None
        if key is None:
            key, self.next = self.next, self.next + 2
        entry = Entry(key, TensorWeakRef(tensor) if weak else lambda: tensor, mine)
        self.by_key[key] = self.by_id[id(tensor)] = entry
        entry.see(tensor, data)
        if weak and self.held is not None:
            self.held.append(tensor)
        return entry

    def drop(self, key: int) -> None:
        entry = self.by_key.pop(key, None)
        if entry is not None and self.by_id.get(entry.id) is entry:
            del self.by_id[entry.id]

    def fresh(self) -> Tracked:
        """No tensors, and no key that was given before."""
        new = Tracked(self.next, self.limit)
        new.trusted = self.trusted
        return new

    def sweep(self) -> list[int]:
        """The keys of twins that nobody on this side holds any more, and no graph either."""
        dead = [key for key, entry in self.by_key.items() if entry.tensor() is None and entry.leaf() is None]
        for key in dead:
            self.drop(key)
        return dead

    def changes(self, enc: Encoder) -> Iterator[list[Any]]:
        """What changed here since the last message."""
        for entry in list(self.by_key.values()):
            tensor = entry.tensor()
            if tensor is None or not is_plain_tensor(tensor):
                continue
            data, grad = tensor_bytes(tensor), grad_bytes(tensor)
            same = data == entry.data and tensor.shape == entry.shape
            if same and grad == entry.grad and tensor.requires_grad == entry.requires_grad:
                continue
            node: list[Any] = [entry.key, None, False, tensor.requires_grad]
            if not same:
                node[1] = enc.tensor_data(tensor)
            if grad != entry.grad:
                node[2] = grad_data(enc, tensor)
            entry.data, entry.shape, entry.grad, entry.requires_grad = data, tensor.shape, grad, tensor.requires_grad
            yield node

    def apply(self, dec: Decoder, nodes: list[Any]) -> None:
        """Make the changes of the other side ours."""
        for key, data, grad, requires_grad in nodes:
            entry = self.by_key.get(key)
            tensor = entry.tensor() if entry is not None else None
            if entry is None or tensor is None:
                continue
            new = read_tensor(dec, data)
            part = entry.fixed or type(tensor) is torch.nn.Parameter
            if self.trusted and entry.mine and part and new is not None and not _alike(tensor, new):
                self.refused = True
                continue
            set_state(entry, tensor, new, grad if grad is False else read_tensor(dec, grad), requires_grad)


def same_layout(tensor: Tensor, new: Tensor) -> bool:
    """May this take the tensor's place? torch's LSTM writes beyond a weight that is smaller than it should be."""
    return type(tensor) is not torch.nn.Parameter or _alike(tensor, new)


def _alike(tensor: Tensor, new: Tensor) -> bool:
    return (tensor.shape, tensor.dtype) == (new.shape, new.dtype)


def memory_of(modules: Iterable[torch.nn.Module]) -> set[int]:
    """Where the parameters and buffers of these modules lie. What `state_dict` gives lies there, too."""
    seen = {id(part): part for module in modules for part in module.modules()}.values()
    tensors = [tensor for part in seen for group in (part._parameters, part._buffers) for tensor in group.values()]
    return {tensor.untyped_storage().data_ptr() for tensor in tensors if tensor is not None and is_plain_tensor(tensor)}


def set_state(entry: Entry, tensor: Tensor, data: Tensor | None, grad: Any, requires_grad: bool) -> None:
    if data is not None:
        if data.shape == tensor.shape and data.dtype == tensor.dtype and 0 not in tensor.stride():
            tensor.data.copy_(data)
        else:
            tensor.data = data
    if tensor.is_leaf:
        if requires_grad != tensor.requires_grad:
            tensor.requires_grad_(requires_grad)
        if grad is not False:
            tensor.grad = grad
    entry.see(tensor)


def read_tensor(dec: Decoder, node: Any) -> Tensor | None:
    return None if node is None else dec.tensor_data(node)


def grad_of(tensor: Tensor) -> Tensor | None:
    return tensor.grad if tensor.is_leaf and tensor.grad is not None and is_plain_tensor(tensor.grad) else None


def grad_bytes(tensor: Tensor) -> bytes | None:
    grad = grad_of(tensor)
    return None if grad is None else tensor_bytes(grad)


def grad_data(enc: Encoder, tensor: Tensor) -> Any:
    grad = grad_of(tensor)
    return None if grad is None else enc.tensor_data(grad)


def backward(tracked: Tracked, outputs: list[Tensor], gradients: list[Tensor], keys: list[int]) -> list[Tensor | None]:
    """Run backward here; the gradients of the inputs are returned, those of parameters gather in their `.grad`."""
    leaves: list[Tensor | None] = []
    for key in keys:
        entry = tracked.by_key.get(key)
        leaf = None if entry is None else entry.leaf()
        leaves.append(leaf if entry is None or leaf is not None else entry.tensor())
    saved = [(leaf, leaf.grad) for leaf in leaves if leaf is not None]
    for leaf, _ in saved:
        leaf.grad = None
    try:
        # The same as `torch.autograd.backward(outputs, gradients)`, which would import sympy first (40 MB, 0.4 s).
        with torch.enable_grad():
            sums = [(y * g).sum() for y, g in zip(outputs, gradients, strict=True)]
        torch.autograd.backward(sums, retain_graph=True)
        return [None if leaf is None else leaf.grad for leaf in leaves]
    finally:
        for leaf, grad in saved:
            leaf.grad = grad
