"""What a fork finds done already: here it costs once, in a fork it would cost thousands of times."""

from __future__ import annotations

import ctypes
import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

LARGE = 2 << 20  # bytes of a large page
MADV_COLLAPSE = 25  # Linux 6.1; before, the call is refused and nothing changes


def import_what_forks_need() -> None:
    """Import what torch would import later, in each fork anew."""
    import torch
    import torch._dynamo  # the first optimiser, 1 s
    import torch._subclasses.schema_check_mode

    torch.set_num_threads(1)


def forget_devices() -> None:
    """Seed no device but this processor: torch notes down the whole stack for each one that is not there, 0.5 ms."""
    import torch

    for device in (torch.cuda, torch.xpu, torch.mtia):
        device.manual_seed_all = lambda seed: None  # type: ignore[attr-defined]


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


def fork(target: Callable[..., None], *arguments: Any) -> ForkProcess:
    """Start a fork of this process that does this and no more."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has threads; none of them works now
        process.start()
    return process
