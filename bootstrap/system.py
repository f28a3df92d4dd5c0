"""Programs outside Python: what a command needs, and how to get it."""

import os
import sys

from bootstrap.base import VENV, log_path, say
from bootstrap.lock import Locked

# Programs outside Python, by command: names of the program, Debian's package, what it is for.
CHROMIUM = (("chromium", "chromium-browser", "google-chrome"), "chromium", "the test in a browser")
POSTGRES = (("pg_createcluster", "postgres"), "postgresql", "the tests with a database server")
BUBBLEWRAP = (("bwrap",), "bubblewrap", "the sandbox that runs submitted code")
NODE = (("npm",), "npm", "the proxy of JupyterHub")  # with node
SYSTEM = {
    "test": (CHROMIUM, BUBBLEWRAP, POSTGRES, NODE),
    "demo": (BUBBLEWRAP,),
    "grade": (BUBBLEWRAP,),
    "hub": (BUBBLEWRAP, NODE),
    "verify": (BUBBLEWRAP,),
}


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def sudo():
    return "" if is_root() else "sudo "


def can_apt():
    import shutil

    return is_root() and shutil.which("apt-get") is not None


def apt_install(packages):
    """Install Debian packages; True if that went well."""
    import subprocess

    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quick = ["apt-get", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    quick += ["-o", "Acquire::https::Timeout=20", "-o", "DPkg::Lock::Timeout=120"]
    try:
        with open(log_path() if os.path.isdir(VENV) else os.devnull, "ab") as log:
            for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
                code = subprocess.call(quick + step, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return code == 0
    except OSError:
        return False


def ensure_system(packages):
    """Have the programs outside Python, or say once how to get them. Never fails the command."""
    import shutil

    missing = []
    for programs, package, use in packages:
        if not any(shutil.which(program) for program in programs) and not os.path.exists(asked(package)):
            missing.append((package, use))
    if not missing or not sys.platform.startswith("linux"):
        return
    names = [package for package, _ in missing]
    line = " ".join(names)
    try:
        if can_apt():
            say(f"installing {line} (apt-get) ...")
            with Locked():
                if apt_install(names):
                    return
        for package in names:
            with open(asked(package), "w"):
                pass
    except OSError:
        pass
    for package, use in missing:
        say(f"note: {package} is missing; it is for {use}")
    if shutil.which("apt-get"):
        say(f"  to get it, run: {sudo()}apt-get install {line}")
    else:
        say(f"  to get it, install with your system's package manager: {line}")


def asked(package):
    """The file that remembers that a package was not to be had, so that we ask only once."""
    return os.path.join(VENV, "course-asked-" + package)
