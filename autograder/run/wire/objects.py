"""How objects that are no plain values cross: by handle, by name, as a tracked tensor, or as an output with a graph."""

from __future__ import annotations

import importlib
import random
import sys
import types
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import TensorWeakRef

from autograder.run.wire.decode import Decoder
from autograder.run.wire.encode import Encoder, as_dict, generator_state
from autograder.run.wire.frames import WireError
from autograder.run.wire.link import Link
from autograder.run.wire.plain import is_plain_tensor, tensor_bytes
from autograder.run.wire.proxy import Proxy
from autograder.run.wire.randomness import random_bytes
from autograder.run.wire.tracked import grad_data, memory_of, read_tensor, set_state

# Public functions and classes of these are the same on both sides, and go to the student's side by name.
_SHARED = (
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.optim",
    "torch.linalg",
    "math",
    "numpy",
    "operator",
    "random",
)


class PeerEncoder(Encoder):
    """Encodes the arguments of a request (`result=False`) or the value of a reply."""

    def __init__(self, peer: Link, result: bool, refs: list[Any] | None = None) -> None:
        super().__init__(peer.outgoing, refs)
        self.peer, self.result = peer, result
        self.graphs: list[list[Any]] = []
        self.inputs: list[tuple[int, Tensor]] = []
        self.memory: set[int] | None = None  # of the check's modules, once it is asked for

    def tensor(self, x: Tensor, depth: int) -> Any:
        if not is_plain_tensor(x):
            return self.other(x)
        tracked = self.peer.tracked
        entry = tracked.find(x)
        self.remember(x)
        if entry is not None and not entry.mine:
            return ["k", entry.key]
        if self.result and x.requires_grad and not x.is_leaf:
            graph = self.peer.keep_graph(x)
            self.graphs.append([graph, *self.tensor_data(x)])
            return ["G", len(self.graphs) - 1]
        node = [*self.tensor_data(x), x.requires_grad, type(x) is not Tensor]
        plain = self.result and not x.requires_grad and type(x) is Tensor and entry is None
        part = plain and self.in_a_module(x)
        if plain and not part:
            return ["T", *node, None, None, True]  # a plain result: by value and no more
        if entry is None:
            entry = tracked.add(x, data=self.parts[-1])
            entry.fixed = part
        else:
            entry.see(x, self.parts[-1])
        if x.requires_grad and not self.result:
            self.inputs.append((entry.key, x))
        return ["T", *node, entry.key, grad_data(self, x), x.is_leaf]

    def in_a_module(self, x: Tensor) -> bool:
        """Is it part of a module of the check's that was passed, so that what is written into it changes the module?"""
        if self.peer.names is not None or not x.numel():
            return False
        if self.memory is None:
            passed = [held for held, _ in self.peer.handles.values() if isinstance(held, torch.nn.Module)]
            self.memory = memory_of(passed)
        return x.untyped_storage().data_ptr() in self.memory

    def other(self, x: Any, depth: int = 0) -> Any:
        if type(x) is Proxy and x._peer is self.peer:
            return ["Y", x._id] if x._id is not None else ["N", x._name]
        if self.peer.names is not None and isinstance(x, dict):
            return as_dict(self, x, depth)
        if self.peer.names is None:  # the trusted side
            if (name := self.peer.given_name(x)) is not None:
                return ["N", name]
            if (place := _public_place(x)) is not None:
                return ["Q", *place]
        return ["H", self.peer.export(x), type(x).__name__]


def _public_place(x: Any) -> tuple[str, str] | None:
    if not isinstance(x, type | types.FunctionType | types.BuiltinFunctionType | np.ufunc):
        return None
    name = getattr(x, "__name__", None)
    if type(name) is not str:
        return None
    for place in _SHARED:
        module = sys.modules.get(place)
        if module is not None and getattr(module, name, None) is x:
            return place, name
    return None


class PeerDecoder(Decoder):
    """Decodes values, and makes proxies, twins and graph outputs."""

    def __init__(
        self, peer: Link, body: memoryview, refs: list[Any] | None = None, label: str = "", weak: bool = True
    ) -> None:
        super().__init__(body, peer.incoming, refs)
        self.peer, self.label, self.weak = peer, label, weak
        self.outputs: list[Tensor] = []

    def graphs(self, nodes: list[Any], inputs: list[tuple[int, Tensor]]) -> None:
        """The outputs that have a graph on the other side come before the values that mention them."""
        if nodes:
            from autograder.run.wire.grad import attach

            ids = [int(node[0]) for node in nodes]
            data = [self.tensor_data(node[1:]) for node in nodes]
            self.outputs = attach(self.peer, ids, data, inputs)

    def tensor(self, node: list[Any]) -> Tensor:
        *sent, requires_grad, parameter, key, grad, is_leaf = node[1:]
        data = self.tensor_data(sent)
        if key is None:
            return self.remember(data)
        if type(key) is not int:
            raise WireError("not a key")
        tracked = self.peer.tracked
        entry = tracked.by_key.get(key)
        twin = entry.tensor() if entry is not None else None
        if entry is not None and entry.mine:
            raise WireError("a twin of our own tensor")
        if entry is not None and twin is not None:
            set_state(entry, twin, data, read_tensor(self, grad), requires_grad is True)
            return self.remember(twin)
        tracked.drop(key)
        if parameter is True:
            data = torch.nn.Parameter(data, requires_grad is True)
        elif requires_grad is True:
            data.requires_grad_()
        leaf = None
        if requires_grad is True and is_leaf is not True:
            leaf = data
            old = None if entry is None else entry.leaf()
            if old is not None and (old.shape, old.dtype) == (data.shape, data.dtype):
                leaf, old.data = old, data.data  # the graph of an earlier call leads there
            # Not a leaf over there, so it may be changed in place: give it a history here too.
            with torch.enable_grad():
                data = leaf.clone()
        elif grad is not None:
            data.grad = read_tensor(self, grad)
        entry = tracked.add(data, key, weak=self.weak, data=bytes(self.part(*sent[-2:])))
        if leaf is not None:
            entry.leaf = TensorWeakRef(leaf)
        return self.remember(data)

    def other(self, node: list[Any]) -> Any:
        tag = node[0]
        if tag == "G":
            return self.remember(self.outputs[node[1]])
        if tag == "k":
            entry = self.peer.tracked.by_key[node[1]]
            tensor = entry.tensor()
            if tensor is None or not entry.mine:
                raise WireError("no such tensor")
            return self.remember(tensor)
        if tag == "H":
            if type(node[1]) is not int or type(node[2]) is not str:
                raise WireError("not a handle")
            return self.peer.proxy(node[1], node[2][:80], self.label)
        if tag == "Y":
            return self.peer.handles[node[1]][0]
        if tag == "N":
            return self.peer.named(node[1])
        if self.peer.names is None:  # only the student's side looks things up by name
            raise WireError("a name")
        return getattr(importlib.import_module(node[1]), node[2])


# Containers and generators that were passed are compared after the call, and sent back when they changed.


def snapshot(x: Any) -> Any:
    kind = type(x)
    if kind in (list, set) or kind.__name__ == "deque":
        return list(x)
    if isinstance(x, dict):
        return list(x.items())
    if kind is np.ndarray:
        return x.tobytes()
    if kind is bytearray:
        return bytes(x)
    if kind is torch.Generator:
        return tensor_bytes(x.get_state())
    if kind is random.Random:
        return random_bytes(x)
    if kind is np.random.Generator:
        return repr(x.bit_generator.state)
    return None


def changed(x: Any, before: Any) -> bool:
    after = snapshot(x)
    if type(x) is set:
        return set(after) != set(before)
    if isinstance(x, dict):
        return len(after) != len(before) or any(
            k is not m or v is not w for (k, v), (m, w) in zip(after, before, strict=True)
        )
    if type(after) is list:
        return len(after) != len(before) or any(a is not b for a, b in zip(after, before, strict=True))
    return bool(after != before)


def contents(enc: PeerEncoder, x: Any) -> Any:
    """What a changed object holds now."""
    if type(x) in (torch.Generator, random.Random, np.random.Generator):
        return ["state", generator_state(enc, x)]
    if isinstance(x, dict):
        return ["dict", enc.value(dict(x))]
    if type(x) is np.ndarray:
        return ["array", enc.value(x.copy())]
    if type(x) is bytearray:
        return ["bytes", enc.value(bytes(x))]
    return ["list", enc.value(list(x))]


def restore(dec: PeerDecoder, x: Any, node: Any) -> None:
    """Give the object that was passed the contents that it has on the other side."""
    what, payload = node
    if what == "state":
        if type(x) not in (torch.Generator, random.Random, np.random.Generator):
            raise WireError("not a generator")
        dec.state(x, payload)
        return
    new = dec.value(payload)
    if type(x) is np.ndarray and type(new) is np.ndarray:
        if x.shape == new.shape and x.dtype == new.dtype:
            x[...] = new
        return
    if type(x) is bytearray and type(new) is bytes:
        x[:] = new
    elif isinstance(x, dict) and type(new) is dict:
        x.clear()
        x.update(new)
    elif type(x) is list and type(new) is list:
        x[:] = new
    elif type(x).__name__ in ("set", "deque") and type(new) is list:
        x.clear()
        (x.update if type(x) is set else x.extend)(new)
    else:
        raise WireError("contents of another type")
