"""Make `.venv` and install the pinned packages into it."""

import os
import sys

from bootstrap.base import NEWEST, OLDEST, ROOT, VENV, Problem, clean_environment, dotted, log_path, say, scripts
from bootstrap.causes import diagnose, full_disk, last_lines
from bootstrap.lock import Locked
from bootstrap.stamp import ALL, has_other_autograder, ready, remove_stamp, write_stamp
from bootstrap.system import apt_install, can_apt, sudo


def install(extras=ALL):
    """Make or mend .venv, with these extras of pyproject.toml.

    The stamp comes last, so a cut-off install is never taken for a whole one.
    """
    with Locked() as lock:
        if ready(extras):  # another call has just made it
            return
        torch = torch_pin()
        if lock.unfinished():
            say("the last install was cut off: making .venv anew (finished downloads are kept by pip)")
            remove_venv()
        elif os.path.lexists(VENV) and not venv_works():
            say(".venv does not work here (half-made, moved, or its Python is gone): making it anew")
            remove_venv()
        fresh = not os.path.lexists(VENV)
        if fresh:
            check_venv_module()
        remove_stamp()
        lock.mark(unfinished=True)
        os.makedirs(VENV, exist_ok=True)
        with open(log_path(), "w", encoding="utf-8"):
            pass
        try:
            if fresh:
                say(f"[1/3] .venv with Python {dotted(sys.version_info)} ...")
                run_step("making .venv", [sys.executable, "-I", "-m", "venv", VENV], lock)
            else:
                say("[1/3] .venv is there already")
                if has_other_autograder():  # before the install: it may have written the same files
                    say("      without the package autograder: the course's own is called sequence-course")
                    run_step("uninstalling autograder", pip("uninstall", "-y", "autograder"), lock)
            say(f"[2/3] {torch.replace('==', ' ')} ...")
            run_step("installing torch", pip("install", torch), lock)
            say("[3/3] the course's packages ...")
            run_step("installing the course's packages", pip("install", "-e", f".[{extras}]" if extras else "."), lock)
            write_stamp(extras)
        except Problem as problem:
            lock.mark(unfinished=problem.half_written)
            raise
        lock.mark(unfinished=False)
        say("ready.")


def pip(what, *words):
    """The command; on a terminal pip shows its progress and so must log by itself."""
    command = [scripts("python"), "-I", "-m", "pip", what]
    if sys.stderr.isatty():
        command += ["--log", log_path()]
    return command + list(words)


def run_step(what, command, lock):
    """Run one step of the install, in ROOT; a failure becomes a Problem with the log's last lines."""
    import subprocess

    by_pip = "pip" in command
    show = by_pip and sys.stderr.isatty()
    with open(log_path(), "ab") as log:
        start = log.tell()
        more = {}
        if os.name != "nt":  # a pip that outlives a killed course.py keeps the lock
            more["pass_fds"] = (lock.file.fileno(),)
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment(),
            stdin=None if show else subprocess.DEVNULL,
            stdout=2 if show else log,
            stderr=2 if show else log,
            **more,
        )
        try:
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code == 0:
        return
    with open(log_path(), "rb") as log:
        log.seek(start)
        lines = log.read().decode("utf-8", "replace").splitlines()
    for line in last_lines(lines):
        say("    | " + line)
    cause, fix = diagnose("\n".join(last_lines(lines, 15) + full_disk()))
    if code == -9:
        cause, fix = "it was killed (out of memory?)", "close other programs, then run the same command again"
    # pip writes packages only after it has fetched all of them, and then says so.
    half_written = not by_pip or code < 0 or any("Installing collected packages" in line for line in lines)
    raise Problem(f"{what} failed: {cause}", fix + "\n  full log: .venv/install.log", half_written)


def torch_pin():
    """The line for torch in pyproject.toml, such as torch==1.2.3."""
    import tomllib

    try:
        with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
            pins = tomllib.load(file)["project"]["dependencies"]
        return next(pin for pin in pins if pin.startswith("torch=="))
    except (OSError, ValueError, KeyError, StopIteration):
        raise Problem(
            "pyproject.toml is missing, broken, or does not pin torch",
            "restore it (git checkout pyproject.toml), then run the same command again",
        ) from None


def check_venv_module():
    """Have `venv` and `ensurepip`, which Debian and Ubuntu ship in a package of their own."""
    if has_venv_module():
        return
    package = "python3-venv"
    if os.path.realpath("/usr/bin/python3") != os.path.realpath(sys.executable):
        package = f"python{dotted(sys.version_info)}-venv"
    if can_apt():
        say("Python's venv module is missing: apt-get install " + package)
        if apt_install([package]) and has_venv_module():
            return
    raise Problem(
        "this Python has no venv module (or no ensurepip)",
        f"on Debian and Ubuntu run: {sudo()}apt-get install {package} - then the same command again",
    )


def has_venv_module():
    import importlib
    import importlib.util

    importlib.invalidate_caches()
    specs = [importlib.util.find_spec(name) for name in ("venv", "ensurepip")]
    return all(spec and spec.loader for spec in specs)  # an empty folder has no loader


def venv_works():
    """Does .venv hold a fitting Python with pip, made for this place?"""
    import subprocess

    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
            made_here = any(line.startswith("command = ") and line.rstrip().endswith(" " + VENV) for line in file)
    except (OSError, ValueError):
        return False
    test = f"import pip, sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        code = subprocess.call(
            [scripts("python"), "-I", "-c", test],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return made_here and code == 0


def remove_venv():
    """Put .venv aside first: half-removed, it must not look like a whole one."""
    import glob
    import shutil

    if os.path.islink(VENV) or os.path.isfile(VENV):
        os.unlink(VENV)
    elif os.path.isdir(VENV):
        os.rename(VENV, f"{VENV}.old{os.getpid()}")
    for old in glob.glob(glob.escape(VENV) + ".old*"):
        shutil.rmtree(old, ignore_errors=True)
