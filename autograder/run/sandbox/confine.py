"""What the kernel is asked to forbid: limits of a process, and the calls that no exercise needs."""

from __future__ import annotations

import ctypes
import importlib.util
import resource
import tempfile
from typing import Any

from autograder.run.limits import MB, Limits

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 4, 36, 38
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_libc = ctypes.CDLL(None, use_errno=True)


# Memory and messages that outlive a process or are counted nowhere, keys, debuggers, name spaces, priorities.
_FORBIDDEN = [
    "memfd_create",
    "memfd_secret",
    "shmget",
    "shmat",
    "shmctl",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "semget",
    "semop",
    "semctl",
    "semtimedop",
    "mq_open",
    "mq_unlink",
    "mq_notify",
    "add_key",
    "keyctl",
    "request_key",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "process_madvise",
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "name_to_handle_at",
    "open_by_handle_at",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "syslog",
    "acct",
    "quotactl",
    "setpriority",
    "sched_setscheduler",
    "sched_setattr",
    "sched_setparam",
    "ioprio_set",
    "fanotify_init",
    "lookup_dcookie",
    "personality",
    "vhangup",
]


class _Program(ctypes.Structure):
    """struct sock_fprog: how many instructions of 8 bytes, and where."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def prctl(option: int, value: int, more: Any = 0) -> None:
    if _libc.prctl(option, value, more, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def hide(hidden: bool = True) -> None:
    """Nobody but root reads or traces this process, not even one of the same user."""
    prctl(_PR_SET_DUMPABLE, 0 if hidden else 1)


def adopt_orphans() -> None:
    """Processes whose parent ends become children of this one, and can be found."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def no_new_privileges() -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def limit_process(limits: Limits) -> None:
    """Limits of this process and its descendants. Each is for one process; the zygote watches the sum."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    sizes = {
        resource.RLIMIT_AS: mapped + limits.memory_mb * MB,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_mb * MB,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for what, most in sizes.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # A little more for the hard limit on time: the soft one says which limit it was.
        resource.setrlimit(
            what, (most, most + 2 if what == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else most)
        )


def call_filter() -> bytes | None:
    """A filter of system calls for `load_filter`, or None where libseccomp or its Python binding is missing.

    Without it these remain possible inside the sandbox: memory in memfd and System V segments (the memory watch and the
    clean-up see them), keyrings, new user name spaces where root runs the worker, vsock, and netlink sockets in the
    sandbox's own network, which has no device.
    """
    if importlib.util.find_spec("pyseccomp") is None:
        return None
    try:
        import pyseccomp as seccomp  # type: ignore[import-untyped]
    except (ImportError, RuntimeError, OSError):
        return None
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    refuse = seccomp.ERRNO(1)  # EPERM
    for name in _FORBIDDEN:
        try:
            rules.add_rule(refuse, name)
        except (ValueError, OSError):
            continue  # a call that this kernel or library does not know
    # Sockets: local ones only. Ports and counters of an IP network, though it is the sandbox's own and leads nowhere,
    # would tell the next submission of this one.
    unknown = seccomp.ERRNO(97)  # EAFNOSUPPORT, as where there is no network
    rules.add_rule(unknown, "socket", seccomp.Arg(0, seccomp.GT, 1))
    # Another process's limits and processors are not one's own to change.
    rules.add_rule(refuse, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    rules.add_rule(refuse, "sched_setaffinity", seccomp.Arg(0, seccomp.EQ, 1))
    new_user_namespace = 0x10000000
    rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, new_user_namespace, new_user_namespace))
    rules.add_rule(seccomp.ERRNO(38), "clone3")  # its flags are out of a filter's sight; libc falls back to clone
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def load_filter(calls: bytes) -> None:
    """From now on, for this process and all that it starts."""
    program = ctypes.create_string_buffer(calls, len(calls))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program(len(calls) // 8, ctypes.addressof(program))))
