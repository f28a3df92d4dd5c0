"""What a submission may do with the objects of the judge that a check passed to it: call them, and little else.

Everything is refused that could lead from such an object to the check's own names.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import torch

from autograder.run.wire.peer import Peer
from autograder.run.wire.tracked import same_layout

_MODULE_METHODS = frozenset(
    [
        "eval",
        "train",
        "training",
        "parameters",
        "named_parameters",
        "state_dict",
        "load_state_dict",
        "zero_grad",
        "forward",
        "requires_grad_",
        "children",
        "named_children",
        "modules",
        "named_modules",
        "buffers",
        "named_buffers",
        "to",
        "cpu",
        "float",
        "double",
    ]
)


_CONTAINER_ACTIONS = {"getitem", "len", "iter", "bool"}


def check(peer: Peer, given: str, what: str, args: list[Any]) -> None:
    """Raise unless this may be done. `given` is the name of the module that the given cells are."""
    if what == "backward":
        return
    target = args[0]
    if peer.handles.get(peer.handle_of.get(id(target), -1), [None])[0] is not target:
        raise TypeError("only what was passed can be used")
    if what == "call" and callable(target):
        return
    if what == "getattr" and len(args) == 2 and type(args[1]) is str:
        if _readable(target, args[1], given):
            return
        raise AttributeError(f"{type(target).__name__!r} object of the check has no usable attribute {args[1]!r}")
    if what == "setattr" and len(args) == 3 and _writable(target, args[1], args[2]):
        return
    if what in ("iter", "next") and isinstance(target, Iterator):
        return
    if what in _CONTAINER_ACTIONS and type(target).__module__ == given:
        return
    raise TypeError(f"{what} is not possible with an object of the check")


def _writable(target: Any, name: Any, value: Any) -> bool:
    """The mode; and another parameter in place of one: the student may also write into the one that is there."""
    if not isinstance(target, torch.nn.Module):
        return False
    if name == "training" and type(name) is str:
        return type(value) is bool
    return (
        type(name) is str
        and name in target._parameters
        and type(value) is torch.nn.Parameter
        and ((old := target._parameters[name]) is None or same_layout(old, value))
    )


def _readable(target: Any, name: str, given: str) -> bool:
    if name.startswith("_") or isinstance(target, type | types.FunctionType | types.MethodType | types.ModuleType):
        return False
    if isinstance(target, torch.nn.Module):
        registered = (target._parameters, target._buffers, target._modules)
        if name in _MODULE_METHODS or any(name in names for names in registered):
            return True
    # An object of a given cell's class: the student has the class too, and may read what it shows.
    return type(target).__module__ == given
