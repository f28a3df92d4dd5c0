"""Where things are, which Pythons fit, and how an error is told."""

import os
import sys

OLDEST, NEWEST = (3, 11), (3, 13)

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, ".venv.lock")


class Problem(Exception):
    """An error for the reader: what happened, what to do, and if .venv may be half-written."""

    def __init__(self, what, fix, half_written=False):
        super().__init__(what)
        self.what, self.fix, self.half_written = what, fix, half_written


def say(text):
    print(text, file=sys.stderr, flush=True)


def dotted(version):
    return f"{version[0]}.{version[1]}"


def scripts(name=""):
    """The path of a program in .venv."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", name + ".exe" if name else "")
    return os.path.join(VENV, "bin", name)


def log_path():
    return os.path.join(VENV, "install.log")


def clean_environment():
    """The caller's environment without what would bend Python or pip.

    Of PIP_... only what says where packages come from is kept.
    """
    keep = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "PROXY", "CERT")
    keep += ("CLIENT_CERT", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "CACHE_DIR", "NO_CACHE_DIR")
    keep += ("CONFIG_FILE", "KEYRING_PROVIDER")
    env = {}
    for name, value in os.environ.items():
        # PYTHONOPTIMIZE would drop the assert statements that grade an answer.
        if name in ("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__"):
            continue
        if name.startswith("PIP_") and name[4:] not in keep:
            continue
        env[name] = value
    env["PIP_USER"] = "0"  # a pip.conf may say "user = true", which a venv refuses
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env
