"""What the zygote does between two submissions, so that nothing of one reaches the next."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import time

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Dirty(Exception):
    """Something is left that cannot be removed: the whole sandbox has to go."""


def kill_all(deadline: float, proc: str | None) -> None:
    """End every other process of the sandbox, whose process 1 this is, and collect them.

    `proc`: where all of them are seen; without a sandbox it is None, and all processes below this one end.
    """
    while True:
        for pid in [-1] if proc is not None else descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            if proc is None or not other_processes(proc):
                return
        if time.monotonic() > deadline:
            raise Dirty("processes that do not end")
        time.sleep(0.001)


def other_processes(proc: str) -> list[int]:
    own = os.getpid()
    return [int(name) for name in os.listdir(proc) if name.isdigit() and int(name) != own]


def descendants(pid: int | None = None) -> list[int]:
    """Where there is no sandbox: the processes below this one (Linux only)."""
    found: list[int] = []
    with contextlib.suppress(OSError), open(f"/proc/{pid or 'self'}/task/{pid or os.getpid()}/children") as file:
        for child in map(int, file.read().split()):
            found += [child, *descendants(child)]
    return found


def wipe(folder: str, deadline: float) -> None:
    """Empty a folder without recursion: whatever is nested is first moved up, so that depth costs nothing."""
    top = os.open(folder, _DIR)
    try:
        count = 0
        while names := os.listdir(top):
            for name in names:
                if time.monotonic() > deadline:
                    raise Dirty("a scratch folder that takes too long to empty")
                if not _unlink(top, name):
                    count = _hoist(top, name, count)
    finally:
        os.close(top)


def _unlink(at: int, name: str) -> bool:
    """Remove a file or an empty folder; False for a folder that has something in it."""
    try:
        os.unlink(name, dir_fd=at)
        return True
    except (IsADirectoryError, PermissionError):
        pass
    except FileNotFoundError:
        return True
    try:
        os.rmdir(name, dir_fd=at)
        return True
    except OSError:
        return False


def _hoist(top: int, name: str, count: int) -> int:
    with contextlib.suppress(OSError):
        os.chmod(name, stat.S_IRWXU, dir_fd=top)
    inner = os.open(name, _DIR, dir_fd=top)
    try:
        for entry in os.listdir(inner):
            if not _unlink(inner, entry):
                with contextlib.suppress(OSError):
                    os.chmod(entry, stat.S_IRWXU, dir_fd=inner)
                count += 1
                os.rename(entry, f".wipe-{count}-{os.getpid()}", src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    return count


def leftovers() -> str:
    """Memory segments, semaphores and queues that outlived their processes."""
    for kind in ("shm", "sem", "msg"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/sysvipc/{kind}") as file:
            if len(file.readlines()) > 1:
                return f"a System V object ({kind})"
    with contextlib.suppress(FileNotFoundError):
        if os.listdir("/dev/mqueue"):
            return "a message queue"
    return ""


def own_state() -> tuple[object, ...]:
    """What another process of the same user could change: limits, priority and processors."""
    limits = [resource.getrlimit(what) for what in range(resource.RLIMIT_MSGQUEUE + 1)]
    return limits, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), os.sched_getaffinity(0)


def memory_used(pids: list[int], proc: str) -> int:
    """Bytes that these processes hold and no file backs. Shared pages count once for each: never too little."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"{proc}/{pid}/status") as file:
            for line in file:
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
    return total
