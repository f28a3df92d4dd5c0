"""course.py, the first call: what it installs and what it keeps."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ..conftest import ROOT
from .conftest import call, copy, fake_venv, load, pip_calls, posix, wait_for

# ---- the pins -----------------------------------------------------------------------------------


def project() -> dict[str, object]:
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def pins() -> list[str]:
    data = project()
    extras = data["optional-dependencies"]
    return [*data["dependencies"], *extras["classroom"], *extras["site"], *extras["test"]]  # type: ignore[misc,index]


def test_conda_has_the_same_pins_in_the_same_order() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert conda[-1]["pip"] == [*pins(), "-e .[classroom,site,test]"]
    assert conda[0] == f"python{project()['requires-python']}"


def test_every_pin_is_exact_and_torch_is_first() -> None:
    names = [pin.split(";")[0] for pin in pins()]  # what follows says where a package is needed
    assert all(name.count("==") == 1 and "*" not in name for name in names)
    assert pins()[0].startswith("torch==")
    assert load(ROOT).installing.torch_pin() == pins()[0]


def test_the_python_range_is_said_once() -> None:
    course = load(ROOT)
    low, high = course.OLDEST, course.NEWEST
    assert project()["requires-python"] == f">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"


@pytest.mark.parametrize("path", [ROOT / "course.py", *sorted((ROOT / "bootstrap").glob("*.py"))], ids=lambda p: p.name)
def test_old_pythons_read_it_and_it_needs_nothing_installed(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "bootstrap"}


# ---- the install --------------------------------------------------------------------------------


def test_help_needs_no_install(folder: Path) -> None:
    for arguments in ([], ["--help"]):
        answer = call(folder, *arguments)
        assert answer.returncode == 0 and "python3 course.py demo" in answer.stdout
    assert not (folder / ".venv").exists()


@posix
def test_torch_comes_first_then_the_package(course: ModuleType, folder: Path) -> None:
    assert course.main(["build"]) == 0
    assert pip_calls(folder) == [f"install {pins()[0]}", "install -e .[classroom,site,test]"]
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
@pytest.mark.parametrize("command", ["lab", "check", "progress"])
def test_a_student_installs_no_tools_of_authors_and_another_command_adds_them(
    course: ModuleType, folder: Path, command: str
) -> None:
    assert course.main([command]) == 0
    assert pip_calls(folder) == [f"install {pins()[0]}", "install -e ."]
    for again in ("progress", "check", "lab", "--help"):
        assert course.main([again]) == 0
    assert len(pip_calls(folder)) == 2
    (folder / ".venv" / "mine").touch()
    assert course.main(["test"]) == 0
    assert pip_calls(folder)[2:] == [f"install {pins()[0]}", "install -e .[classroom,site,test]"]
    for later in ("test", "grade", command):  # the larger install is enough for all
        assert course.main([later]) == 0
    assert len(pip_calls(folder)) == 4 and (folder / ".venv" / "mine").exists()


@posix
def test_after_a_failed_addition_the_students_install_is_not_taken_for_whole(course: ModuleType, folder: Path) -> None:
    course.main(["lab"])
    (folder / "pip-act.py").write_text("sys.exit(1)", encoding="utf-8")
    assert course.main(["grade"]) == 1
    assert not course.ready("") and not course.ready()


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
@pytest.mark.parametrize("change_pins", [False, True])
def test_another_autograder_is_taken_out_first(course: ModuleType, folder: Path, change_pins: bool) -> None:
    """A stranger's, installed by hand, or the course under a former name: it is not left beside the course's."""
    course.main(["build"])
    [site] = (folder / ".venv" / "lib").glob("python*/site-packages")
    (site / "autograder-0.1.0.dist-info").mkdir()
    if change_pins:
        with open(folder / "pyproject.toml", "a", encoding="utf-8") as file:
            file.write("\n# changed\n")
    act = f"if 'uninstall' in sys.argv: os.rmdir({str(site / 'autograder-0.1.0.dist-info')!r})"
    (folder / "pip-act.py").write_text(act, encoding="utf-8")
    assert not course.ready()
    assert course.main(["build"]) == 0 and course.ready()
    again = [f"install {pins()[0]}", "install -e .[classroom,site,test]"]
    assert pip_calls(folder)[2:] == ["uninstall -y autograder", *again]


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
    assert not course.ready() and not course.installing.venv_works()
    monkeypatch.setattr(course, "hand_over", lambda arguments: 0)
    real = course.installing.run_step
    monkeypatch.setattr(
        course.installing, "run_step", lambda *step: fake_venv(moved) if "venv" in step[1] else real(*step)
    )
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


# ---- for real -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_install(tmp_path: Path) -> None:
    folder = tmp_path / "空 格 course"
    folder.mkdir()
    copy(folder, "course.py", "bootstrap", "autograder", "pyproject.toml", "LICENSE", "LICENSE-prose")
    first = call(folder, "build", "--help", cwd=tmp_path, timeout=1800)
    assert first.returncode == 0, first.stderr
    assert "[2/3] torch " in first.stderr and "build" in first.stdout
    second = call(folder, "--help", cwd=tmp_path)
    assert second.returncode == 0 and second.stderr == ""
    autograder = load(folder).scripts("autograder")
    direct = subprocess.run([autograder, "--help"], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert second.stdout == direct.stdout and "verify" in direct.stdout

    stranger = tmp_path / "stranger"
    (stranger / "autograder").mkdir(parents=True)
    (stranger / "autograder" / "__init__.py").touch()
    (stranger / "pyproject.toml").write_text(
        '[project]\nname = "autograder"\nversion = "9"\n[project.scripts]\nautograder = "autograder:none"\n',
        encoding="utf-8",
    )
    python = load(folder).scripts("python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(stranger)], cwd=tmp_path, check=True, timeout=600)
    third = call(folder, "build", "--help", cwd=tmp_path, timeout=1800)
    assert third.returncode == 0, third.stderr
    assert third.stdout == first.stdout and "without the package autograder" in third.stderr
    assert call(folder, "--help", cwd=tmp_path).stderr == ""
