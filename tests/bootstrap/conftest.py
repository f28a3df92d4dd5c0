"""A checkout in a folder of its own, with stand-ins for .venv and pip."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from ..conftest import ROOT

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in for .venv is made of links and shell scripts")

# Stands in for pip: notes its arguments, then does what the test wants (pip-act.py, run in this process).
FAKE_PIP = """\
import os, sys
with open("pip-calls.txt", "a", encoding="utf-8") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if os.path.exists("pip-act.py"):
    exec(open("pip-act.py", encoding="utf-8").read())
if "-e" in sys.argv:
    script = os.path.join(sys.prefix, "bin", "autograder")
    with open(script, "w") as file:
        file.write('#!/bin/sh\\necho "ran in $PWD:" "$@"\\nexit 7\\n')
    os.chmod(script, 0o755)
"""


def load(folder: Path) -> ModuleType:
    """course.py of that checkout, with a `bootstrap` of its own: `course.installing`, `course.system`."""
    spec = importlib.util.spec_from_file_location("course_under_test", folder / "course.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = path
        for name in [name for name in sys.modules if name.split(".")[0] == "bootstrap"]:
            del sys.modules[name]
    return module


def fake_venv(folder: Path) -> None:
    """A .venv that starts at once: a real Python, and a stand-in for pip."""
    venv = folder / ".venv"
    site = venv / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    for name in ("pip", "../../../bin"):
        (site / name).mkdir(parents=True, exist_ok=True)
    (site / "pip" / "__init__.py").touch()
    (site / "pip" / "__main__.py").write_text(FAKE_PIP, encoding="utf-8")
    base = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
    (venv / "bin" / "python").symlink_to(base)
    (venv / "pyvenv.cfg").write_text(
        f"home = {base.parent}\nversion = {sys.version.split()[0]}\ncommand = {base} -m venv {venv}\n",
        encoding="utf-8",
    )


def copy(folder: Path, *names: str) -> None:
    """Copy these files and folders of the course."""
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with only what course.py reads, in a path with a space and Chinese characters."""
    folder = tmp_path / "课程 copy"
    folder.mkdir()
    copy(folder, "course.py", "bootstrap", "pyproject.toml")
    return folder


@pytest.fixture
def course(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """course.py of that checkout; its step "make .venv" makes the stand-in."""
    course = load(folder)
    real = course.installing.run_step

    def run_step(what: str, command: list[str], lock: object) -> None:
        if "venv" in command:
            fake_venv(folder)
        else:
            real(what, command, lock)

    monkeypatch.setattr(course.installing, "run_step", run_step)
    monkeypatch.setattr(course, "hand_over", lambda arguments: 0)
    monkeypatch.setattr(course.system, "SYSTEM", {})
    monkeypatch.setattr(course.installing, "full_disk", lambda: [])
    return course


def pip_calls(folder: Path) -> list[str]:
    path = folder / "pip-calls.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def call(folder: Path, *arguments: str, cwd: Path | None = None, timeout: int = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "course.py"), *arguments],
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
    )


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} did not appear")
