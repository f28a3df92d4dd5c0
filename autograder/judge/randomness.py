"""The global random generators of torch, random and numpy, as bytes. Read with every call, so it has to be quick."""

from __future__ import annotations

import contextlib
import ctypes
import random
import struct
from typing import Any, cast

import numpy as np
import torch

from autograder.judge.frames import WireError
from autograder.judge.plain import tensor_bytes, torch_state

_KEY = 624 * 4 + 4  # numpy's Mersenne Twister: its words and its position
State = tuple[bytes, bytes, bytes]


class Randomness:
    """Reads and sets the state. Packing and numpy's `get_state` are slow, so they happen only where something moved."""

    def __init__(self) -> None:
        self._words: Any = None
        self._packed = b""
        self._memory: bytes | None = None
        self._gauss = True
        self._numpy = b""

    def get(self) -> State:
        words = random.getstate()
        if words != self._words:
            self._words, self._packed = words, pack_random(words)
        return tensor_bytes(torch.random.get_rng_state()), self._packed, self._get_numpy()

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
            random.setstate(unpack_random(state[1]))
        if state[2] != old[2] and state[2]:
            position, has, kept = struct.unpack("<Iid", state[2][-16:])
            if not 0 <= position <= 624:
                raise WireError("not a state")
            with contextlib.suppress(AttributeError):
                words = np.frombuffer(state[2][:-16], np.uint32)
                np.random.set_state(("MT19937", words, position, has, kept))


def pack_random(state: Any) -> bytes:
    _, words, gauss = state
    return struct.pack("<625I?d", *words, gauss is not None, gauss or 0.0)


def unpack_random(data: bytes | memoryview) -> Any:
    *words, has, gauss = struct.unpack("<625I?d", data)
    if words[-1] > 624:
        raise WireError("not a state")
    return 3, tuple(words), gauss if has else None
