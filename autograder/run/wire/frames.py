"""Frames between the judge and the student's process: two lengths, a JSON header, and a body of raw bytes.

Everything is bounded: the size of both parts, and the time for the whole frame.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

_LENGTHS = struct.Struct("<II")
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode  # `json.dumps` would make one each time


class WireError(Exception):
    """The other side sent something that is no frame or no value."""


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """The other side did not answer in time."""


class NotPlain(ValueError):
    """A value is too large or too deep to cross."""


class MissingName(NameError):
    """The student's cells define no such name."""


@dataclass(frozen=True)
class Bounds:
    """What a side accepts in one frame."""

    header: int = 16 << 20
    body: int = 64 << 20
    depth: int = 60
    items: int = 1_000_000


def send_frame(sock: socket.socket, message: dict[str, Any], parts: list[bytes], deadline: float | None) -> None:
    header = _to_json(message).encode()
    head = _LENGTHS.pack(len(header), sum(map(len, parts))) + header
    small = sum(map(len, parts)) < 1 << 18 or len(parts) > 100
    try:
        for data in [b"".join((head, *parts))] if small else [head, *parts]:
            view = memoryview(data)
            while view:
                sock.settimeout(_left(deadline))
                view = view[sock.send(view) :]
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Closed from None


def receive_frame(sock: socket.socket, bounds: Bounds, deadline: float | None) -> tuple[dict[str, Any], memoryview]:
    # The deadline is for the whole frame: a byte now and then does not prolong it.
    data, done = bytearray(1 << 14), 0
    while done < _LENGTHS.size:
        done += _receive(sock, memoryview(data)[done:], deadline)
    header_size, body_size = _LENGTHS.unpack_from(data)
    if header_size > bounds.header or body_size > bounds.body:
        raise WireError(f"a frame of {header_size} + {body_size} bytes")
    size = _LENGTHS.size + header_size + body_size
    if done > size:
        raise WireError("more than it was asked for")
    del data[size:]
    data += bytes(size - len(data))
    while done < size:
        done += _receive(sock, memoryview(data)[done:], deadline)
    content = memoryview(data)[_LENGTHS.size :]
    try:
        message = json.loads(str(content[:header_size], "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError("a frame whose header is not JSON") from error
    if type(message) is not dict:
        raise WireError("a frame that is no message")
    return message, content[header_size:]


def _receive(sock: socket.socket, place: memoryview, deadline: float | None) -> int:
    try:
        sock.settimeout(_left(deadline))
        got = sock.recv_into(place)
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Closed from None
    if not got:
        raise Closed
    return got


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
