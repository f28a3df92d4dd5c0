"""A run that is killed at any moment is finished by the same command, and nothing is graded twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course.layout import Course, Stage
from autograder.intake.find import submissions
from autograder.run.sandbox.bwrap import available

from .conftest import run

SANDBOX = "bwrap" if available()[0] else "none"


def marks(stage: Stage) -> dict[str, dict[str, float]]:
    with Gradebook(f"sqlite:///{stage.course.gradebook}") as gradebook:
        found = gradebook.find_assignment(stage.slug).submissions
        return {s.student_id: {g.name: g.auto_score for g in s.notebooks[0].grades} for s in found}


def verdicts(stage: Stage) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in stage.course.verdicts.glob("??/*.json")}


@pytest.mark.slow
def test_a_run_killed_at_twenty_random_moments_ends_as_if_undisturbed(mini: Stage) -> None:
    root = mini.course.root
    run("sample-class", "12", "--students", "50", "--out", "class", cwd=root)
    for number, path in enumerate(sorted((root / "class").glob("*.ipynb"))):  # fifty different submissions
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("def differences(x):\\n", f"number = {number}\\ndef differences(x):\\n"), "utf-8")
    with submissions(mini, root / "class") as found:
        assert len(found) == 50
    words = [
        sys.executable,
        "-m",
        "autograder.cli",
        "grade",
        "12",
        "--from",
        "class",
        "--sandbox",
        SANDBOX,
        "--jobs",
        "2",
    ]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    rng = random.Random(4)
    seen: dict[Path, int] = {}
    for _ in range(20):
        process = subprocess.Popen(words, cwd=root, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(1, 8))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = verdicts(mini)
        assert seen.items() <= now.items()  # what was there is there, and was not written again
        seen = now
    run(*words[3:], cwd=root)
    assert seen.items() <= verdicts(mini).items()
    killed = marks(mini)
    assert len(killed) == 50

    undisturbed = Stage(Course(root, ".course/undisturbed"), mini.slug)
    from autograder.grading.grade import grade

    grade(undisturbed, root / "class", SANDBOX, 2)
    assert marks(undisturbed) == killed
