"""The frames of a check's calls, kept until it is known whether it failed."""

from __future__ import annotations

from typing import Any

MOST_FRAMES, MOST_BYTES = 4000, 16 << 20  # of one check; what comes after is not recorded


class Log:
    """The frames of one check, in order: whether we sent it, its header, its bytes."""

    def __init__(self) -> None:
        self.frames: list[tuple[bool, dict[str, Any], list[bytes]]] = []
        self.left = MOST_BYTES
        self.cut = False

    def add(self, ours: bool, message: dict[str, Any], parts: list[bytes], size: int) -> None:
        """Keep a frame of this size. What it holds must not be changed afterwards."""
        self.left -= size
        if self.left < 0 or len(self.frames) >= MOST_FRAMES:
            self.cut = True
        if not self.cut:
            self.frames.append((ours, message, parts))
