"""bubblewrap: can it be used here, and the room that it builds for the zygote."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.run.limits import COMPUTING

PACKAGE = Path(__file__).resolve().parents[2]
SCRATCH = "/scratch"  # not /tmp itself, where the Python that runs this may stand
_ISOLATION = ["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]


@functools.cache
def available() -> tuple[bool, str]:
    """Can student code be run in bubblewrap here? If not, why, and what helps."""
    if sys.platform != "linux":
        return False, f"bubblewrap needs Linux, and this is {sys.platform}. Use WSL 2, a Linux machine or a container."
    if shutil.which("bwrap") is None:
        return False, "bubblewrap is not installed. Install it: `apt install bubblewrap` or `dnf install bubblewrap`."
    try:
        tried = subprocess.run(
            [*_namespaces(), *_files(), "--proc", "/proc", "--dev", "/dev", "true"],
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
        return [bwrap, *spaces, *_ISOLATION]
    return [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", *_ISOLATION]


_PARTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share", "include", "pyvenv.cfg")


def _parts(prefix: str) -> list[Path]:
    """What programs need of a prefix. All else in it may be somebody's own, even a course (/usr/src/app)."""
    folders = [prefix, "/usr/local"] if prefix == "/usr" else [prefix]
    return [path for folder in folders for name in _PARTS if (path := Path(folder, name)).exists()]


def readable() -> list[Path]:
    """What of the host's files a submission can read, but for a few in /etc."""
    prefixes = ("/usr", sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix)
    wanted = [path for prefix in (*prefixes, *map(os.path.realpath, prefixes)) for path in _parts(prefix)]
    wanted += [Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64") if Path("/", name).exists()]
    # Where the zygote, which was warm before, looks for them.
    wanted += [path for path in (PACKAGE, PACKAGE.parent / "datasets") if path.is_dir()]
    bound = list[Path]()
    for path in wanted:
        if not any(path.is_relative_to(b) for b in bound):
            bound.append(path)
    return bound


def within_reach(folder: Path) -> Path | None:
    """What a submission can read that this folder lies in, or nothing."""
    return next((path for path in readable() if folder.resolve().is_relative_to(path.resolve())), None)


def _files() -> list[str]:
    """Programs and libraries, Python and this package, read-only."""
    paths = readable()
    words = _parents([*map(str, paths), "/etc/fonts"])
    for path in paths:
        words += ["--symlink", os.readlink(path), str(path)] if path.is_symlink() else ["--ro-bind", *[str(path)] * 2]
    for file in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        words += ["--ro-bind-try", file, file]
    if not any(path.is_relative_to("/tmp") for path in paths):
        words += ["--symlink", SCRATCH, "/tmp"]
    return words


def _parents(paths: list[str]) -> list[str]:
    """The folders above these, empty but for what is bound; bubblewrap alone would make them for root only."""
    folders = {str(parent): None for path in paths for parent in reversed(Path(path).parents) if str(parent) != "/"}
    return [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]


ENVIRONMENT = {
    "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    **{name: "student" for name in ("USER", "LOGNAME")},
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    **COMPUTING,
}  # in the sandbox; and the scratch folder, which is home there


@contextlib.contextmanager
def room(scratch_mb: int) -> Iterator[int]:
    """Build a sandbox; in the block it is held open by a process of this number, whose name spaces can be joined.

    Raises:
        OSError: where it cannot be built.
    """
    read, write = os.pipe()
    words = [*_namespaces(), *_files()]
    words += ["--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue"]
    words += ["--remount-ro", "/dev"]
    words += ["--perms", "1777", "--size", str(scratch_mb << 20), "--tmpfs", SCRATCH, "--remount-ro", "/"]
    words += ["--hostname", "sandbox", "--clearenv", "--info-fd", str(write), "/usr/bin/cat"]
    pipe = subprocess.PIPE
    builder = subprocess.Popen(words, pass_fds=[write], stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        os.close(write)
        with open(read, "rb") as told:
            info = told.read()
        assert builder.stdin is not None and builder.stdout is not None and builder.stderr is not None
        with contextlib.suppress(BrokenPipeError):
            builder.stdin.write(b"\n")
            builder.stdin.flush()
        if not builder.stdout.readline():  # all is built when the program in it answers
            raise OSError(f"bubblewrap: {builder.stderr.read().decode(errors='replace').strip()}")
        yield int(json.loads(info)["child-pid"])
    finally:
        builder.kill()
        builder.communicate()
