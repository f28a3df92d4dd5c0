"""The way into a sandbox that bubblewrap has built, for a process that is warm already.

bubblewrap starts a program in name spaces of its own. A warm process cannot be started there, but it can join them.
The name space of processes is a new one, in which its fork is process 1, so that no signal from inside reaches it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Sequence

from autograder.run.sandbox.confine import no_new_privileges, prctl

# From <linux/sched.h>, in the order in which they are joined: who may enter the others, then those, then the files.
_NEW_USER, _NEW_PID = 0x1000_0000, 0x2000_0000
_JOINED = {"net": 0x4000_0000, "ipc": 0x0800_0000, "uts": 0x0400_0000, "cgroup": 0x0200_0000, "mnt": 0x0002_0000}
_NS_GET_PARENT = 0xB702  # <linux/nsfs.h>
_NOSUID_NODEV_NOEXEC = 2 | 4 | 8  # <sys/mount.h>
_READ_ONLY, _REMOUNT, _BIND = 1, 32, 4096
_PR_CAPBSET_DROP = 24
_CAP_VERSION_3 = 0x2008_0522
_CAPABILITIES = {"CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}
_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> int | None:
    """Join the name spaces of a process; the next fork is process 1 of a new one.

    Returns:
        The inner user name space, where bubblewrap has made one in another (that fork has still to join it).

    Raises:
        OSError: where the kernel refuses.
    """
    spaces = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("user", *_JOINED)}
    inner = None
    if os.readlink("/proc/self/ns/user") != os.readlink(f"/proc/{pid}/ns/user"):
        outer = fcntl.ioctl(spaces["user"], _NS_GET_PARENT)
        if os.readlink("/proc/self/ns/user") == os.readlink(f"/proc/self/fd/{outer}"):
            _call("setns", spaces["user"], _NEW_USER)
        else:
            inner = spaces["user"]
            _call("setns", outer, _NEW_USER)
        os.close(outer)
    for name, kind in _JOINED.items():
        _call("setns", spaces[name], kind)
    _call("unshare", _NEW_PID)
    for space in spaces.values():
        if space != inner:
            os.close(space)
    return inner


def settle(inner: int | None, scratch: str, capabilities: Sequence[str]) -> int:
    """What that fork does: show its own processes in /proc, and give up all rights but these, for ever.

    Shared memory is in the scratch folder: one limit, and one place to empty.

    Returns:
        A descriptor of a /proc in which one can write. The one that is seen is only for reading, so that a submission
        cannot take back what was written there.
    """
    _call("mount", scratch.encode(), b"/dev/shm", None, _BIND, None)
    _call("mount", b"proc", b"/proc", b"proc", _NOSUID_NODEV_NOEXEC, None)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    _call("mount", b"proc", b"/proc", b"proc", _NOSUID_NODEV_NOEXEC, None)
    _call("mount", None, b"/proc", None, _BIND | _REMOUNT | _READ_ONLY | _NOSUID_NODEV_NOEXEC, None)
    if inner is not None:
        _call("setns", inner, _NEW_USER)
        os.close(inner)
    os.setsid()
    no_new_privileges()
    kept = sum(1 << _CAPABILITIES[name] for name in capabilities)
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for number in range(last + 1):
        if not kept >> number & 1:
            prctl(_PR_CAPBSET_DROP, number)
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)(kept, kept))  # effective, permitted; inherited: none
    return proc


def forget_environment() -> None:
    """The variables with which the process was started stand on its stack, and in /proc/self/environ."""
    os.environ.clear()
    with open("/proc/self/stat") as file:
        start, end = map(int, file.read().rsplit(")", 1)[1].split()[47:49])  # env_start, env_end
    ctypes.memset(start, 0, end - start)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
