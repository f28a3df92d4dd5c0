"""A mini course, made as `autograder new` makes one, and a way to run the command line."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograder.course.layout import Course, Stage
from autograder.run.worker import pool
from autograder.run.worker.forkserver import ForkServer
from autograder.run.worker.worker import Worker
from autograder.stage.new import make_stage

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def mini(tmp_path: Path) -> Stage:
    """A course with the one stage `12_my_stage`, in a folder with a space and Chinese characters in its name."""
    root = tmp_path / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    return make_stage(Course(root), "12_my_stage")


@pytest.fixture(scope="session")
def warm() -> Iterator[Callable[[str], Worker]]:
    """A warm worker of each kind of sandbox, for all tests that only need one."""
    workers: dict[str, Worker] = {}

    def of_kind(sandbox: str) -> Worker:
        if sandbox not in workers:
            workers[sandbox] = Worker(sandbox)
            workers[sandbox].start()
        return workers[sandbox]

    yield of_kind
    for worker in workers.values():
        worker.close()


@pytest.fixture
def one_worker(warm: Callable[[str], Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    """All gradings of a test share one warm worker with the other tests."""

    def worker(sandbox: str, scratch_mb: int, forkserver: ForkServer) -> Worker:
        shared = warm(sandbox)
        for end in ("close", "hang_up"):
            monkeypatch.setattr(shared, end, lambda: None, raising=False)
        return shared

    monkeypatch.setattr(pool, "Worker", worker)


def run(*words: str, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `autograder …` as a user would; `ok` says whether it should succeed."""
    # The tools of the environment come first, as when course.py starts the command.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "autograder.cli", *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert (done.returncode == 0) == ok, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def generate_feedback(stage: Stage, student: str = "ana") -> None:
    """Make a page with nbgrader's own command."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    from autograder.nbgrader_steps import configure

    config = Config()
    configure(config, stage.course)
    coursedir = CourseDirectory(config=config, assignment_id=stage.slug, student_id=student)
    GenerateFeedback(coursedir=coursedir, config=config, force=True).start()


def edit(stage: Stage, old: str, new: str) -> None:
    """Change the stage's text."""
    text = stage.text.read_text(encoding="utf-8")
    assert old in text
    stage.text.write_text(text.replace(old, new), encoding="utf-8")


def wait(what: Callable[[], Any], seconds: float = 100) -> Any:
    """What this gives, as soon as it is something."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)
    return found


def pytest_configure() -> None:
    """No test writes into a real gradebook.

    Ctrl-C counts also where a shell that started this in the background has it ignored: some tests send it.
    """
    os.environ.pop("AUTOGRADER_DB", None)
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that lacks a tool is skipped with its reason; CI has every tool, so there a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("CI allows no skipped test.", red=True)


def load_measure(slug: str) -> ModuleType:
    """The program that makes the stored runs of a stage."""
    spec = importlib.util.spec_from_file_location(f"measure_{slug}", ROOT / "solutions" / slug / "measure.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
