"""Memory of a process that is going to be forked."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LARGE = 2 << 20  # bytes of a large page
MADV_COLLAPSE = 25  # Linux 6.1; before, the call is refused and nothing changes


def use_large_pages() -> None:
    """Put this process's memory into pages of 2 MB where the system can: a fork copies the table of pages."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for start, end in list(_own_memory()):
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def _own_memory() -> Iterator[tuple[int, int]]:
    """From where to where: the whole large pages of each area that is no file's."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        area, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and (not name or name[0] == "[heap]"):
            start, end = (int(address, 16) for address in area.split("-"))
            start, end = -(-start // LARGE) * LARGE, end // LARGE * LARGE
            if start < end:
                yield start, end
