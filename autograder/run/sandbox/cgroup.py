"""A memory cgroup around a sandbox, where one can be made: the kernel itself holds the sum of all its processes.

Version 1 needs a writable memory hierarchy, version 2 a delegated group. Without either, the zygote watches the sum.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count()


class Cgroup:
    """Nothing at all where no cgroup can be made."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.used = 0
        self.kills = 0
        for parent, limit, used, events in _candidates():
            path = parent / f"autograder-{os.getpid()}-{next(_numbers)}"
            with contextlib.suppress(OSError):
                _remove_stale(parent)
                path.mkdir()
                if os.access(path / limit, os.W_OK):
                    self.path, self.limit_file, self.used_file, self.events_file = path, limit, used, events
                    return
                path.rmdir()

    def enter(self) -> None:
        """Put the calling process in. Between fork and exec: only what cannot block or fail loudly."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def base(self) -> None:
        """What the warm process itself uses."""
        if self.path is not None:
            self.used = int((self.path / self.used_file).read_text())

    def limit(self, memory_mb: int) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                (self.path / self.limit_file).write_text(str(self.used + (memory_mb << 20)))

    def killed(self) -> bool:
        """Did the kernel end a process for memory since the last question?"""
        if self.path is None:
            return False
        before = self.kills
        with contextlib.suppress(OSError, ValueError):
            for line in (self.path / self.events_file).read_text().splitlines():
                name, value = line.split()
                if name == "oom_kill":
                    self.kills = int(value)
        return self.kills > before

    def remove(self) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.rmdir()


def _remove_stale(parent: Path) -> None:
    """Empty groups of workers that were killed."""
    for path in parent.glob("autograder-*-*"):
        if not Path("/proc", path.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                path.rmdir()


def _candidates() -> list[tuple[Path, str, str, str]]:
    """Own group in the memory hierarchy of version 1, and of version 2 where memory is delegated to it."""
    found: list[tuple[Path, str, str, str]] = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                parent = ROOT / "memory" / path.lstrip("/")
                found.append((parent, "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control"))
            elif controllers == "":
                # The processes of a version 2 group may not sit beside its children, so ours goes beside our own group.
                parent = (ROOT / path.lstrip("/")).parent
                found.append((parent, "memory.max", "memory.current", "memory.events"))
    return found
