"""What a submission can reach of the machine: files in the folders of programs, pages of output, the other's time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.run.job import CheckResult, Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.pool import Workers, workers_for
from autograder.run.worker.worker import Worker

from .conftest import run

boxed = pytest.mark.skipif(not available()[0], reason=available()[1])


@boxed
@pytest.mark.parametrize("place", [sys.prefix, "/usr/src", "/usr/local"])
def test_a_course_beside_programs_is_not_readable(place: str) -> None:
    """A virtual environment in the course's own folder, and where images of containers put applications."""
    if not os.access(place, os.W_OK):
        pytest.skip(f"{place} cannot be written")
    course = Path(place) / "a-course-of-a-test"
    course.mkdir()
    try:
        (course / "notebook.py").write_text("SECRET")
        with Worker() as worker:
            source = f"import os\nprint(os.path.exists({place!r}), os.path.exists({str(course)!r}))"
            result = worker.run(Job([JobCell("student", "a", source)], []))
        assert result.cells[0].outputs[0]["text"].split()[1] == "False", result
    finally:
        shutil.rmtree(course)


@boxed
def test_a_course_within_reach_is_refused(mini: Stage) -> None:
    course = Path(sys.prefix) / "share" / "a-course-of-a-test"
    shutil.copytree(mini.course.root, course)
    try:
        with pytest.raises(CourseError, match="Move the course to a folder of its own"):
            workers_for(Stage(Course(course), mini.slug), "bwrap", 1)
    finally:
        shutil.rmtree(course)


def test_all_outputs_together_are_bounded() -> None:
    cells = [JobCell("student", f"c{i}", "print('\U0001f600' * 900_000)") for i in range(6)]
    with Worker("none") as worker:
        result = worker.run(Job(cells, [], Limits(all_output_mb=2)))
    sizes = [sum(len(o["text"]) for o in cell.outputs) for cell in result.cells]
    assert sizes[:2] == [900_001] * 2 and sum(sizes) < 2.2 * (1 << 20), sizes
    assert "was cut" in result.cells[-1].outputs[-1]["text"]


CROWD = """
import os
for _ in range(8):
    if os.fork() == 0:
        while True: pass
while True: pass
"""


def test_how_long_a_submission_waited_for_a_processor_is_known() -> None:
    alone = Job([JobCell("student", "f", "import time\ntime.sleep(60)")], ["f"], Limits(cell_seconds=2))
    crowd = Job([JobCell("student", "f", CROWD)], ["f"], Limits(cell_seconds=2))
    with Worker("none") as worker:
        result = worker.run(alone)
        assert result.cells[0].error and not result.crowded
        result = worker.run(crowd)
        assert result.cells[0].error and (result.crowded or sys.platform != "linux")


def test_what_ran_out_of_time_in_a_crowd_is_run_again_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the second verdict counts; nothing else runs meanwhile."""
    slow = Job([JobCell("student", "slow", ""), JobCell("check", "f-1", "")], [])
    late = Result(checks=[CheckResult("f-1", kind="limit")], seconds=5, waited=4)
    right = Result(checks=[CheckResult("f-1", passed=True, kind="passed")])
    running, together, runs = set[int](), list[int](), list[str]()

    def answer(worker: Worker, job: Job) -> Result:
        running.add(id(worker))
        again = job is slow and "slow" in runs
        runs.append(job.cells[0].id)
        time.sleep(0.3)
        if again:
            together.append(len(running))
        running.discard(id(worker))
        return late if job is slow and not again else right

    monkeypatch.setattr(Worker, "run", answer)
    monkeypatch.setattr(Worker, "start", lambda worker: None)
    with Workers(2, "none") as workers:
        jobs = [slow, *(Job([JobCell("student", f"other-{i}", "")], []) for i in range(4))]
        assert all(result is right for result in workers.each(workers.run, jobs))
    assert sorted(runs) == sorted(["slow", "slow", *(f"other-{i}" for i in range(4))]) and together == [1]


def test_without_a_sandbox_check_runs_nobody_elses_notebook_unasked(mini: Stage, tmp_path: Path) -> None:
    root = mini.course.root
    run("build", "12", cwd=root)
    own = root / "notebooks" / mini.slug / f"{mini.slug}.ipynb"
    other = tmp_path / f"{mini.slug}.ipynb"
    shutil.copy(own, other)
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent)}

    def check(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "autograder.cli", "check", *words]
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    refused = check(str(other))
    assert refused.returncode == 1 and "with all your rights" in refused.stderr and "--sandbox none" in refused.stderr
    for words in ([str(other), "--sandbox", "none"], [str(own)]):
        assert "with all your rights" not in check(*words).stderr
