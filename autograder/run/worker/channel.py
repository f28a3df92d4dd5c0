"""Messages between a worker's caller, its server and the fork server, in JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from autograder.run.job import to_json

_SIZE = struct.Struct("<I")


def send(sock: socket.socket, data: Any) -> None:
    """A message of any length; its length comes first."""
    text = to_json(data).encode()
    sock.sendall(_SIZE.pack(len(text)) + text)


def receive(sock: socket.socket) -> Any:
    """The next message, or None when the other side has gone."""
    size = _exactly(sock, _SIZE.size)
    text = _exactly(sock, _SIZE.unpack(size)[0]) if size is not None else None
    return None if text is None else json.loads(text)


def ask(forkserver: socket.socket, message: dict[str, Any], *descriptors: int) -> dict[str, Any]:
    """The fork server's answer to a short message; an empty one where it has ended. It gets these descriptors, too."""
    try:
        socket.send_fds(forkserver, [json.dumps(message).encode()], list(descriptors))
        return json.loads(forkserver.recv(1 << 16) or "{}")
    except (OSError, ValueError):
        return {}


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            more = sock.recv(min(size - len(data), 1 << 20))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return bytes(data)
