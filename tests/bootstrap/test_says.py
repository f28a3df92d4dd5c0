"""course.py: what it says when it cannot install, and how it gets programs outside Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ..conftest import ROOT
from .conftest import load, posix

# ---- what it says -------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "word"), [((3, 8, 18), "old"), ((3, 10), "old"), ((3, 14, 0), "new")])
def test_python_out_of_range(
    course: ModuleType,
    folder: Path,
    version: tuple[int, ...],
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(course.Problem, match=f"too {word}: it is 3.{version[1]}, the course needs 3.11 to 3.13"):
        course.check_python(version)
    monkeypatch.setattr(course.sys, "version_info", version)
    assert course.main(["demo"]) == 1
    assert f"too {word}" in capsys.readouterr().err
    assert not (folder / ".venv").exists()


def test_python_in_range(course: ModuleType) -> None:
    for minor in (11, 12, 13):
        course.check_python((3, minor, 1))


def test_missing_venv_module(
    course: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(course.installing, "has_venv_module", lambda: False)
    monkeypatch.setattr(course.system, "is_root", lambda: False)
    assert course.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert "sudo apt-get install python3" in said and "-venv" in said
    assert not (folder / ".venv").exists()


NO_NETWORK = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(\
"HTTPSConnection(host='user-secret.example', port=443): Failed to establish a new connection: \
[Errno -3] Temporary failure in name resolution")': /simple/torch/
ERROR: Could not find a version that satisfies the requirement torch (from versions: none)
ERROR: No matching distribution found for torch
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (NO_NETWORK, "no network"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 122] Disk quota exceeded", "disk is full"),
        ("ERROR: HTTPSConnectionPool: Read timed out.", "no network"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "not trusted"),
        ("ERROR: Could not install packages: [Errno 13] Permission denied: 'x'", "may not be written"),
        ("ERROR: No matching distribution found for torch", "not to be had for this system"),
        ("ERROR: something new", "see the lines above"),
    ],
)
def test_causes(course: ModuleType, log: str, cause: str) -> None:
    assert cause in course.diagnose("\n".join(course.installing.last_lines(log.splitlines(), 15)))[0]


def test_last_lines_name_no_address(course: ModuleType) -> None:
    log = "2026-01-02T03:04:05,678 ERROR: from https://me:secret@secret.example/simple failed\n" + NO_NETWORK
    said = "\n".join(course.installing.last_lines(log.splitlines()))
    assert "secret" not in said
    assert said.startswith("ERROR: from <address> failed\n")


@posix
@pytest.mark.parametrize("half_written", [False, True])
def test_failed_pip(course: ModuleType, folder: Path, half_written: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """After a failed download pip goes on from what is there; after a failed write all is made anew."""
    log = ("Installing collected packages: torch\n" if half_written else "") + NO_NETWORK
    (folder / "pip-act.py").write_text(f"print({log!r})\nsys.exit(1)", encoding="utf-8")
    assert course.main(["build"]) == 1
    said = capsys.readouterr().err
    assert "installing torch failed: no network" in said and "check the connection" in said
    assert "    | ERROR: No matching distribution found" in said and "secret" not in said
    assert "Temporary failure" in (folder / ".venv" / "install.log").read_text(encoding="utf-8")

    (folder / ".venv" / "mine").touch()
    (folder / "pip-act.py").unlink()
    assert course.main(["build"]) == 0
    assert (folder / ".venv" / "mine").exists() is not half_written


def test_broken_pyproject(course: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text("[project", encoding="utf-8")
    assert course.main(["build"]) == 1
    assert "pyproject.toml is missing, broken" in capsys.readouterr().err


def test_system_error_names_the_file(
    course: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(extras: str) -> None:
        raise PermissionError(13, "Permission denied", "some file")

    monkeypatch.setattr(course.installing, "install", install)
    assert course.main(["build"]) == 1
    assert "a file may not be written (some file)" in capsys.readouterr().err


# ---- programs outside Python --------------------------------------------------------------------


@pytest.fixture
def bare(course: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """A Debian without chromium, bubblewrap, PostgreSQL and npm whose apt-get fails; gives the packages asked for."""
    asked: list[list[str]] = []
    (folder / ".venv").mkdir()
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(course.system, "is_root", lambda: True)
    monkeypatch.setattr(course.system, "apt_install", asked.append)
    yield asked


def test_failed_apt_is_tried_once(
    course: ModuleType, bare: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = load(ROOT).system.SYSTEM["test"]
    course.system.ensure_system(wanted)
    assert "apt-get install chromium bubblewrap postgresql npm" in capsys.readouterr().err
    course.system.ensure_system(wanted)
    assert bare == [["chromium", "bubblewrap", "postgresql", "npm"]]
    assert capsys.readouterr().err == ""


def test_without_root_the_command_is_said_once(
    course: ModuleType, bare: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(course.system, "is_root", lambda: False)
    wanted = load(ROOT).system.SYSTEM["grade"]
    course.system.ensure_system(wanted)
    assert "run: sudo apt-get install bubblewrap" in capsys.readouterr().err
    course.system.ensure_system(wanted)
    assert capsys.readouterr().err == "" and bare == []
