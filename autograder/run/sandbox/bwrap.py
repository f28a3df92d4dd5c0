"""bubblewrap: can it be used here, and how is the zygote started in it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.run.limits import THREADS

PACKAGE = Path(__file__).resolve().parents[2]
INSIDE = "/course"  # where the package and the data sets are in the sandbox
SCRATCH = "/scratch"  # not /tmp itself, where the Python that runs this may stand
_ISOLATION = ["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]


# As root the children get a user of their own, so the zygote needs these; as a user it needs none.
_ROOT_CAPABILITIES = ["CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_OVERRIDE"]


@functools.cache
def available() -> tuple[bool, str]:
    """Can student code be run in bubblewrap here? If not, why, and what helps."""
    if sys.platform != "linux":
        return False, f"bubblewrap needs Linux, and this is {sys.platform}. Use WSL 2, a Linux machine or a container."
    if shutil.which("bwrap") is None:
        return False, "bubblewrap is not installed. Install it: `apt install bubblewrap` or `dnf install bubblewrap`."
    try:
        tried = subprocess.run(
            [*_namespaces(), *_system(), "--proc", "/proc", "--dev", "/dev", "true"],
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, f"bubblewrap cannot be started: {error}."
    if tried.returncode == 0:
        return True, "as root" if os.geteuid() == 0 else "as an ordinary user"
    said = tried.stderr.strip().splitlines()[-1:] or ["no reason given"]
    fix = (
        "User namespaces are forbidden here. As root: `sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu); in Docker start the container with "
        "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`."
    )
    return False, f"bubblewrap does not work here ({said[0]}). {fix}"


def _namespaces() -> list[str]:
    bwrap = shutil.which("bwrap") or "bwrap"
    if os.geteuid() == 0:
        # No user namespace: in one, only a single user would exist.
        spaces = [f"--unshare-{name}" for name in ("ipc", "pid", "net", "uts", "cgroup-try")]
        return [bwrap, *spaces, *_ISOLATION, *(word for name in _ROOT_CAPABILITIES for word in ("--cap-add", name))]
    return [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", *_ISOLATION]


def _system() -> list[str]:
    """The system's programs and libraries, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for file in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        words += ["--ro-bind-try", file, file]
    return words


def _python() -> list[str]:
    words: list[str] = []
    bound: list[str] = ["/usr"]
    prefixes = (sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix)
    for prefix in (*prefixes, *map(os.path.realpath, prefixes)):
        if not any(prefix == b or prefix.startswith(b + "/") for b in bound):
            words += ["--ro-bind", prefix, prefix]
            bound.append(prefix)
    words += ["--ro-bind", str(PACKAGE), f"{INSIDE}/autograder"]
    words += ["--ro-bind-try", str(PACKAGE.parent / "datasets"), f"{INSIDE}/datasets"]
    if not any(path.startswith("/tmp/") for path in bound):
        words += ["--symlink", SCRATCH, "/tmp"]
    return _parents([*bound[1:], f"{INSIDE}/autograder", "/etc/fonts"]) + words


def _parents(paths: list[str]) -> list[str]:
    """The folders above these, empty but for what is bound; bubblewrap alone would make them for root only."""
    folders = {str(parent): None for path in paths for parent in reversed(Path(path).parents) if str(parent) != "/"}
    return [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]


def command(control: int, uid: int, scratch_mb: int, seccomp: int | None, code: str) -> list[str]:
    """The whole command line. `control` and `seccomp` are open descriptors that it inherits."""
    words = [*_namespaces(), *_python(), *_system()]
    words += ["--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue"]
    words += ["--perms", "1777", "--size", str(16 << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    words += ["--perms", "1777", "--size", str(scratch_mb << 20), "--tmpfs", SCRATCH, "--remount-ro", "/"]
    words += ["--chdir", SCRATCH, "--hostname", "sandbox", "--clearenv"]
    environment = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **{name: SCRATCH for name in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR")},
        **{name: "student" for name in ("USER", "LOGNAME")},
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(THREADS, "1"),
    }
    for name, value in environment.items():
        words += ["--setenv", name, value]
    if seccomp is not None:
        words += ["--seccomp", str(seccomp)]
    return [*words, sys.executable, "-s", "-c", code, str(control), SCRATCH, str(uid), "bwrap"]
