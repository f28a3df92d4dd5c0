"""course.py, the first call: what it installs, what it keeps, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent

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
    spec = importlib.util.spec_from_file_location("course_under_test", folder / "course.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with only what course.py reads, in a path with a space and Chinese characters."""
    folder = tmp_path / "课程 copy"
    folder.mkdir()
    for name in ("course.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def course(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """course.py of that checkout; its step "make .venv" makes the stand-in."""
    course = load(folder)
    real = course.run_step

    def run_step(what: str, command: list[str], lock: object) -> None:
        if "venv" in command:
            fake_venv(folder)
        else:
            real(what, command, lock)

    monkeypatch.setattr(course, "run_step", run_step)
    monkeypatch.setattr(course, "hand_over", lambda arguments: 0)
    monkeypatch.setattr(course, "SYSTEM", {})
    monkeypatch.setattr(course, "full_disk", lambda: [])
    return course


def pip_calls(folder: Path) -> list[str]:
    path = folder / "pip-calls.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def call(folder: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "course.py"), *arguments],
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} did not appear")


# ---- the pins -----------------------------------------------------------------------------------


def project() -> dict[str, object]:
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def pins() -> list[str]:
    data = project()
    return [*data["dependencies"], *data["optional-dependencies"]["test"]]  # type: ignore[misc,index]


def test_conda_has_the_same_pins_in_the_same_order() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert conda[-1]["pip"] == [*pins(), "-e .[test]"]
    assert conda[0] == f"python{project()['requires-python']}"


def test_every_pin_is_exact_and_torch_is_first() -> None:
    names = [pin.split(";")[0] for pin in pins()]  # what follows says where a package is needed
    assert all(name.count("==") == 1 and "*" not in name for name in names)
    assert pins()[0].startswith("torch==")
    assert load(ROOT).torch_pin() == pins()[0]


def test_the_python_range_is_said_once() -> None:
    course = load(ROOT)
    low, high = course.OLDEST, course.NEWEST
    assert project()["requires-python"] == f">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"


# ---- the install --------------------------------------------------------------------------------


def test_help_needs_no_install(folder: Path) -> None:
    for arguments in ([], ["--help"]):
        answer = call(folder, *arguments)
        assert answer.returncode == 0 and "python3 course.py demo" in answer.stdout
    assert not (folder / ".venv").exists()


@posix
def test_torch_comes_first_then_the_package(course: ModuleType, folder: Path) -> None:
    assert course.main(["build"]) == 0
    assert pip_calls(folder) == [f"install {pins()[0]}", "install -e .[test]"]
    assert course.ready()


@posix
def test_second_call_runs_no_pip_and_keeps_folder_arguments_and_exit_code(
    course: ModuleType, folder: Path, tmp_path: Path
) -> None:
    course.main(["build"])
    before = pip_calls(folder)
    answer = call(folder, "build", "a b", "--x", cwd=tmp_path)
    assert answer.returncode == 7
    assert answer.stdout == f"ran in {tmp_path}: build a b --x\n"
    assert answer.stderr == ""
    assert pip_calls(folder) == before


@posix
def test_changed_pins_only_run_pip(course: ModuleType, folder: Path) -> None:
    course.main(["build"])
    mine = folder / ".venv" / "mine"
    mine.touch()
    with open(folder / "pyproject.toml", "a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert not course.ready()
    assert course.main(["build"]) == 0
    assert mine.exists() and len(pip_calls(folder)) == 4


@posix
def test_failed_change_of_pins_is_not_forgotten(course: ModuleType, folder: Path) -> None:
    """Old pins come back (git checkout) after an install of new ones failed: .venv may hold either."""
    course.main(["build"])
    old = (folder / "pyproject.toml").read_bytes()
    (folder / "pyproject.toml").write_bytes(old + b"\n# changed\n")
    (folder / "pip-act.py").write_text("sys.exit(1)", encoding="utf-8")
    assert course.main(["build"]) == 1
    (folder / "pyproject.toml").write_bytes(old)
    assert not course.ready()


@posix
def test_moved_checkout_is_made_anew(course: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course.main(["build"])
    (folder / ".venv" / "mine").touch()
    moved = folder.with_name("搬 moved")
    folder.rename(moved)
    course = load(moved)
    assert not course.ready() and not course.venv_works()
    monkeypatch.setattr(course, "hand_over", lambda arguments: 0)
    real = course.run_step
    monkeypatch.setattr(course, "run_step", lambda *step: fake_venv(moved) if "venv" in step[1] else real(*step))
    assert course.main(["build"]) == 0
    assert course.ready() and not (moved / ".venv" / "mine").exists()


@posix
def test_python_that_is_gone_is_made_anew(course: ModuleType, folder: Path) -> None:
    course.main(["build"])
    (folder / ".venv" / "bin" / "python").unlink()
    assert not course.ready()
    assert course.main(["build"]) == 0 and course.ready()


@posix
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_install_is_redone(
    course: ModuleType, folder: Path, stop: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_venv(folder)
    (folder / "pip-act.py").write_text("import time\nopen('busy', 'w').close()\ntime.sleep(3)", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(folder / "course.py"), "build"], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        wait_for(folder / "busy")
        process.send_signal(stop)
        process.wait(30)
        assert process.stderr
        if stop == signal.SIGINT:
            assert process.returncode == 130
            assert "stopped. The same command goes on" in process.stderr.read()
    assert not course.ready()

    # A pip that outlives a killed course.py keeps the lock: wait for it, then start from nothing.
    (folder / ".venv" / "half").touch()
    (folder / "pip-act.py").unlink()
    assert course.main(["build"]) == 0
    assert course.ready() and not (folder / ".venv" / "half").exists()
    assert ("waiting for it to end" in capsys.readouterr().err) == (stop == signal.SIGKILL)
    assert sorted(path.name for path in folder.glob(".venv*")) == [".venv", ".venv.lock"]


@posix
def test_two_calls_at_once_install_once(folder: Path) -> None:
    fake_venv(folder)
    (folder / "pip-act.py").write_text(
        "import time\nopen('busy', 'w').close()\n"
        "for _ in range(600):\n    if os.path.exists('go'): break\n    time.sleep(0.05)",
        encoding="utf-8",
    )
    command = [sys.executable, str(folder / "course.py"), "build"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        wait_for(folder / "busy")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as second:
            assert second.stderr and "waiting for it to end" in second.stderr.readline()
            (folder / "go").touch()
            assert second.wait(60) == 7
        assert first.wait(60) == 7
    assert len(pip_calls(folder)) == 2


@posix
def test_what_bends_python_or_pip_is_dropped(course: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"PYTHONPATH": "/x", "PYTHONHOME": "/x", "PYTHONOPTIMIZE": "2", "PIP_TARGET": "/x", "PIP_NO_DEPS": "1"}
    for name, value in {**bad, "PIP_PROXY": "kept", "PIP_USER": "1"}.items():
        monkeypatch.setenv(name, value)
    (folder / "pip-act.py").write_text("import json\njson.dump(dict(os.environ), open('env', 'w'))", encoding="utf-8")
    assert course.main(["build"]) == 0
    env = (folder / "env").read_text(encoding="utf-8")
    assert not any(f'"{name}"' in env for name in bad)
    assert '"PIP_PROXY": "kept"' in env and '"PIP_USER": "0"' in env


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
    monkeypatch.setattr(course, "has_venv_module", lambda: False)
    monkeypatch.setattr(course, "is_root", lambda: False)
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
    assert cause in course.diagnose("\n".join(course.last_lines(log.splitlines(), 15)))[0]


def test_last_lines_name_no_address(course: ModuleType) -> None:
    log = "2026-01-02T03:04:05,678 ERROR: from https://me:secret@secret.example/simple failed\n" + NO_NETWORK
    said = "\n".join(course.last_lines(log.splitlines()))
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
    def install() -> None:
        raise PermissionError(13, "Permission denied", "some file")

    monkeypatch.setattr(course, "install", install)
    assert course.main(["build"]) == 1
    assert "a file may not be written (some file)" in capsys.readouterr().err


# ---- programs outside Python --------------------------------------------------------------------


@pytest.fixture
def bare(course: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """A Debian without chromium and bubblewrap whose apt-get fails; gives the packages asked for."""
    asked: list[list[str]] = []
    (folder / ".venv").mkdir()
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(course, "is_root", lambda: True)
    monkeypatch.setattr(course, "apt_install", asked.append)
    yield asked


def test_failed_apt_is_tried_once(
    course: ModuleType, bare: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = load(ROOT).SYSTEM["test"]
    course.ensure_system(wanted)
    assert "apt-get install chromium bubblewrap" in capsys.readouterr().err
    course.ensure_system(wanted)
    assert bare == [["chromium", "bubblewrap"]]
    assert capsys.readouterr().err == ""


def test_without_root_the_command_is_said_once(
    course: ModuleType, bare: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(course, "is_root", lambda: False)
    wanted = load(ROOT).SYSTEM["grade"]
    course.ensure_system(wanted)
    assert "run: sudo apt-get install bubblewrap" in capsys.readouterr().err
    course.ensure_system(wanted)
    assert capsys.readouterr().err == "" and bare == []


# ---- for real -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_install(tmp_path: Path) -> None:
    folder = tmp_path / "空 格 course"
    folder.mkdir()
    for name in ("course.py", "pyproject.toml", "LICENSE", "LICENSE-prose"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "autograder", folder / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    first = subprocess.run(
        [sys.executable, str(folder / "course.py"), "build", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1800,
    )
    assert first.returncode == 0, first.stderr
    assert "[2/3] torch " in first.stderr and "build" in first.stdout
    second = call(folder, "--help", cwd=tmp_path)
    assert second.returncode == 0 and second.stderr == ""
    autograder = load(folder).scripts("autograder")
    direct = subprocess.run([autograder, "--help"], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert second.stdout == direct.stdout and "verify" in direct.stdout
