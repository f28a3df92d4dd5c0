"""The way into a sandbox that bubblewrap has built, for a process that is warm already.

bubblewrap starts a program in name spaces of its own. A warm process cannot be started there, but it can join them.
The name space of processes is a new one, in which its fork is process 1, so that no signal from inside reaches it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import time
from collections.abc import Iterable

from autograder.run.sandbox.confine import hide, load_filter, no_new_privileges, prctl

# From <linux/sched.h>, in the order in which they are joined: who may enter the others, then those, then the files.
_NEW_USER, _NEW_PID = 0x1000_0000, 0x2000_0000
_JOINED = {"net": 0x4000_0000, "ipc": 0x0800_0000, "uts": 0x0400_0000, "cgroup": 0x0200_0000, "mnt": 0x0002_0000}
_NS_GET_PARENT = 0xB702  # <linux/nsfs.h>
_NOSUID_NODEV, _NOSUID_NODEV_NOEXEC = 2 | 4, 2 | 4 | 8  # <sys/mount.h>
_READ_ONLY, _REMOUNT, _BIND = 1, 32, 4096
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_CAP_VERSION_3 = 0x2008_0522
_CAPABILITIES = {"CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SYS_ADMIN": 21}
_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> int | None:
    """Join the name spaces of a process; the next fork is process 1 of a new one.

    Returns:
        The inner user name space, where bubblewrap has made one in another: submissions join it.

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


class Walls:
    """A zygote's hold on its sandbox: all is new for each submission, whose own process has no rights at all."""

    def __init__(self, inner: int | None, scratch: str, scratch_mb: int, uid: int, calls: bytes | None) -> None:
        """In the process that has joined: show its own processes in /proc, and give up all rights but a few.

        A submission runs as the user `uid` (-1: as this one), with this filter of system calls. `inner`: see `join`.
        """
        self.inner, self.scratch, self.scratch_mb, self.uid, self.calls = inner, scratch, scratch_mb, uid, calls
        _call("mount", b"proc", b"/proc", b"proc", _NOSUID_NODEV_NOEXEC, None)
        # A /proc that a submission never sees, where one can write and all processes are.
        self.proc = f"/proc/self/fd/{os.open('/proc', os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}"
        # In the one that it sees nobody writes, and others' processes are not: what they used would tell of the last.
        _call("mount", b"proc", b"/proc", b"proc", _NOSUID_NODEV_NOEXEC, b"hidepid=2")
        _call("mount", None, b"/proc", None, _BIND | _REMOUNT | _READ_ONLY | _NOSUID_NODEV_NOEXEC, None)
        _call("mount", scratch.encode(), b"/dev/shm", None, _BIND, None)
        os.setsid()
        no_new_privileges()
        _keep_capabilities(_CAPABILITIES if uid >= 0 else ("CAP_SYS_ADMIN",))

    def renew(self, deadline: float) -> None:
        """Empty the scratch folder, with shared memory in it, and start the numbers of files and processes again.

        Raises:
            OSError: where somebody still uses the folder at the deadline (of time.monotonic).
        """
        os.chdir("/")
        for folder in ("/dev/shm", self.scratch):
            while _libc.umount2(folder.encode(), 0) != 0:
                if (number := ctypes.get_errno()) != errno.EBUSY or time.monotonic() > deadline:
                    raise OSError(number, f"umount of {folder}: {os.strerror(number)}")
                time.sleep(0.001)
        size = f"size={self.scratch_mb}m,mode=1777".encode()
        _call("mount", b"tmpfs", self.scratch.encode(), b"tmpfs", _NOSUID_NODEV, size)
        _call("mount", self.scratch.encode(), b"/dev/shm", None, _BIND, None)
        os.chdir(self.scratch)
        with contextlib.suppress(FileNotFoundError), open(f"{self.proc}/sys/kernel/ns_last_pid", "w") as file:
            file.write("1")  # a kernel without CONFIG_CHECKPOINT_RESTORE goes on counting

    def close_in(self) -> None:
        """In the process of a submission: give up all rights, for ever, and be the first to go when memory runs out."""
        hide(False)  # a process that is hidden may not change its own score
        with open(f"{self.proc}/self/oom_score_adj", "w") as file:
            file.write("1000")
        if self.uid >= 0:
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
        elif self.inner is not None:
            _call("setns", self.inner, _NEW_USER)  # where all rights come anew
        _keep_capabilities(())
        hide(False)  # a new user hid it again; the student's programs may look at themselves
        no_new_privileges()
        if self.calls is not None:
            load_filter(self.calls)


def _keep_capabilities(names: Iterable[str]) -> None:
    """All others go, and no program that is started gets any."""
    kept = sum(1 << _CAPABILITIES[name] for name in names)
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for number in range(last + 1):
        if _libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) == 1:  # who has given up all may not drop one again
            prctl(_PR_CAPBSET_DROP, number)
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)(kept, kept))  # effective, permitted; inherited: none


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
