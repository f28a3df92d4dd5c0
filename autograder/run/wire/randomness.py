"""The global random generators of torch, random and numpy, as bytes. Read with every call, so it has to be quick."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import random
import struct
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch

from autograder.run.wire.frames import WireError
from autograder.run.wire.plain import torch_state


def seed(number: int) -> None:
    """The three global generators, from one number."""
    import random

    import numpy as np
    import torch

    random.seed(number)
    np.random.seed(number % (1 << 32))
    torch.default_generator.manual_seed(number)


def tell_of_seeds(seeded: Callable[[int], None]) -> None:
    """From here on, call `seeded` with 0, 1 or 2 whenever the global generator of torch, random or numpy is seeded.

    A second seed with the same number leaves no trace in a generator that was not used in between.
    """
    for which, (module, name) in enumerate(((torch, "manual_seed"), (random, "seed"), (np.random, "seed"))):
        setattr(module, name, _told(getattr(module, name), which, seeded))


def _told(seed: Callable[..., Any], which: int, seeded: Callable[[int], None]) -> Callable[..., Any]:
    @functools.wraps(seed)
    def seed_and_tell(*args: Any, **kwargs: Any) -> Any:
        seeded(which)
        return seed(*args, **kwargs)

    return seed_and_tell


_KEY = _MERSENNE = 624 * 4 + 4  # a Mersenne Twister: 624 words and its position (first in Python's, last in numpy's)
_HEAD = object.__basicsize__
State = tuple[bytes, bytes, bytes]


class Randomness:
    """Reads and sets the state. Packing and numpy's `get_state` are slow, so they happen only where something moved."""

    def __init__(self) -> None:
        self._memory: bytes | None = None
        self._gauss = True
        self._numpy = b""

    def get(self) -> State:
        state = torch.default_generator.get_state()
        return ctypes.string_at(state.data_ptr(), state.numel()), random_bytes(_GLOBAL), self._get_numpy()

    def _get_numpy(self) -> bytes:
        generator = np.random.mtrand._rand._bit_generator
        if type(generator) is not np.random.MT19937:
            return b""  # the student chose another one, which the check does not use
        memory = ctypes.string_at(generator.ctypes.state_address, _KEY)
        # A normal number that is kept for the next call changes nothing in the generator's memory when it is used.
        if memory != self._memory or self._gauss:
            state = cast(tuple[str, Any, int, int, float], np.random.get_state())
            _, keys, position, has, kept = state
            self._memory, self._gauss = memory, bool(has)
            self._numpy = keys.tobytes() + struct.pack("<Iid", position, has, kept)
        return self._numpy

    def set(self, state: tuple[bytes, ...], old: State) -> None:
        """Make this the state; what is as before is left alone. Nonsense raises an error and changes nothing unsafe."""
        if state[0] != old[0]:
            torch.random.set_rng_state(torch_state(state[0]))
        if state[1] != old[1]:
            set_random(_GLOBAL, state[1])
        if state[2] != old[2] and state[2]:
            position, has, kept = struct.unpack("<Iid", state[2][-16:])
            if not 0 <= position <= 624:
                raise WireError("not a state")
            with contextlib.suppress(AttributeError):
                words = np.frombuffer(state[2][:-16], np.uint32)
                np.random.set_state(("MT19937", words, position, has, kept))


def random_bytes(generator: random.Random) -> bytes:
    """Position, 624 words, and the normal number that is kept for the next call."""
    _exactly_random(generator)
    kept = generator.gauss_next  # type: ignore[attr-defined]
    normal = struct.pack("<?d", type(kept) is float, kept if type(kept) is float else 0.0)
    if _IN_MEMORY:
        return ctypes.string_at(id(generator) + _HEAD, _MERSENNE) + normal
    return _packed(generator) + normal


def set_random(generator: random.Random, data: bytes | memoryview) -> None:
    """Make this its state. Whoever made the bytes: nothing beyond the words is read or written."""
    _exactly_random(generator)
    has, kept = struct.unpack("<?d", data[_MERSENNE:])
    words = bytes(data[:_MERSENNE])
    if int.from_bytes(words[:4], "little") > 624:
        raise WireError("not a state")
    if _IN_MEMORY:
        ctypes.memmove(id(generator) + _HEAD, words, _MERSENNE)
        generator.gauss_next = kept if has else None  # type: ignore[attr-defined]
    else:
        position, *rest = struct.unpack("<625I", words)
        generator.setstate((3, (*rest, position), kept if has else None))


def _exactly_random(generator: Any) -> None:
    """A frame can call any object a generator of Python; another one's memory must not be written over."""
    if type(generator) is not random.Random:
        raise WireError("not a generator of Python")


def _packed(generator: random.Random) -> bytes:
    *words, position = generator.getstate()[1]
    return struct.pack("<625I", position, *words)


# CPython keeps a generator's position and words right behind the head of the object (`Modules/_randommodule.c`).
# `getstate` makes 625 numbers of them, which with 4,000 calls of a function with an `rng` costs a second.
_GLOBAL: random.Random = random.getstate.__self__  # type: ignore[attr-defined]


_IN_MEMORY = random.Random.__basicsize__ >= _HEAD + _MERSENNE and (
    ctypes.string_at(id(_GLOBAL) + _HEAD, _MERSENNE) == _packed(_GLOBAL)
)
