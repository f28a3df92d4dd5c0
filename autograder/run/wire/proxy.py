"""Stand-ins for objects of the other side. Whatever is done to a proxy is done there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograder.run.wire.link import Link


class Proxy:
    """An object that lives on the other side: a function, a class, a module, an iterator, a figure …

    Equality is identity of the object there, and there is neither order nor arithmetic: nothing
    that it says about itself is believed.
    """

    __slots__ = ("__weakref__", "_count", "_id", "_label", "_name", "_peer", "_type")

    def __init__(self, peer: Link, handle: int | None, name: str, kind: str, label: str) -> None:
        for key, value in (
            ("peer", peer),
            ("id", handle),
            ("name", name),
            ("type", kind),
            ("label", label),
            ("count", 1),
        ):
            object.__setattr__(self, "_" + key, value)

    def __del__(self) -> None:
        if self._id is not None:
            self._peer.freed.append([self._id, self._count])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request("call", self, *args, _label=self._label + "(…)", **kwargs)

    def __getattr__(self, name: str) -> Any:
        # Tools that look at any object (repr of containers, copy, IPython) must not run the student's code.
        if name.startswith("__") and name not in _ASKED:
            raise AttributeError(name)
        return self._peer.request("getattr", self, name, _label=f"{self._label}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.request("setattr", self, name, value, _label=f"{self._label}.{name}")

    def __delattr__(self, name: str) -> None:
        self._peer.request("delattr", self, name, _label=f"{self._label}.{name}")

    def __iter__(self) -> Iterator[Any]:
        iterator = self._peer.request("iter", self, _label=self._label)
        if not isinstance(iterator, Proxy):
            raise TypeError(f"{self._label} is not iterable")
        while True:
            try:
                item = next(iterator)
            except StopIteration:
                return
            yield item

    def __next__(self) -> Any:
        # A fresh marker per call would need a second object; two values say the same.
        more, value = self._peer.request("next", self, _label=self._label)
        if more is not True:
            raise StopIteration
        return value

    def __enter__(self) -> Any:
        return self._peer.request("enter", self, _label=self._label)

    def __exit__(self, *error: object) -> None:
        self._peer.request("exit", self, _label=self._label)

    def __copy__(self) -> Any:
        return self._peer.request("copy", self, _label=self._label)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._peer.request("deepcopy", self, _label=self._label)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"{self._label} lives in the student's program and cannot be pickled")

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Proxy) and self._id is not None and self._id == other._id)

    def __hash__(self) -> int:
        return hash((id(self._peer), self._id, self._name))

    def __repr__(self) -> str:
        return f"<{self._name or self._type} of the student's program>"

    def __bool__(self) -> bool:
        return self._peer.request("bool", self, _label=self._label) is True

    def __len__(self) -> int:
        return _exactly(int, self._peer.request("len", self, _label=self._label))

    def __int__(self) -> int:
        return _exactly(int, self._peer.request("int", self, _label=self._label))

    def __index__(self) -> int:
        return _exactly(int, self._peer.request("index", self, _label=self._label))

    def __float__(self) -> float:
        return _exactly(float, self._peer.request("float", self, _label=self._label))

    def __str__(self) -> str:
        return _exactly(str, self._peer.request("str", self, _label=self._label))


# What tools may ask of a proxy by an attribute with two underscores.
_ASKED = {"__name__", "__doc__", "__qualname__", "__wrapped__"}


def _exactly(kind: Any, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"got {type(value).__name__} where {kind.__name__} was expected")
    return value


def _forward(what: str) -> Any:
    def method(self: Proxy, *args: Any) -> Any:
        return self._peer.request(what, self, *args, _label=self._label)

    return method


# No ordering and no arithmetic: an object could say that it is greater than anything, and a difference to it could say
# that it is small, or take the expected value home.
for _what in ("getitem", "setitem", "delitem"):
    setattr(Proxy, f"__{_what}__", _forward(_what))
