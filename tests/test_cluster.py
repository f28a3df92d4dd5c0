"""Grading on a Dask cluster: the same marks, whatever becomes of workers, scheduler and command."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.grading.grade import grade
from autograder.proof.sample import make_class
from autograder.run.job import CheckResult, Job, JobCell, Result, machine_fault
from autograder.run.limits import Limits
from autograder.run.sandbox.bwrap import available
from autograder.run.store import PACKAGE
from autograder.run.worker import cluster, pool
from autograder.run.worker.cluster import Cluster

from .conftest import ROOT, run
from .test_faults import hand_in
from .test_postgres import NEEDS_POSTGRES

SANDBOX = "bwrap" if available()[0] else "none"
WORK = Job([JobCell("student", "f", "def f(): return 1"), JobCell("check", "f-one", "assert f() == 1")], ["f"])
RIGHT = Result(checks=[CheckResult("f-one", True, kind="passed")])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a minute in earnest takes a second."""
    for name, seconds in {"LOOK": 0.05, "CONNECT": 1.0}.items():
        monkeypatch.setattr(cluster, f"_{name}_SECONDS", seconds)
    for name in ("_PATIENCE", "_MARGIN"):
        monkeypatch.setattr(cluster, name, 1.0)


@pytest.fixture
def three(quick: None) -> Iterator[Any]:
    """A scheduler with three workers, all of them threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
    ) as made:
        yield made


def here() -> str:
    """In a job: on which worker it runs."""
    from distributed import get_worker

    return str(get_worker().address)


def judged(monkeypatch: pytest.MonkeyPatch, judge: Callable[[Job], Any]) -> list[str]:
    """Let this judge jobs; where each was judged."""
    tried: list[str] = []

    class Judge:
        def __init__(self, sandbox: str) -> None:
            pass

        def run(self, job: Job) -> Any:
            tried.append(here())
            return judge(job)

    monkeypatch.setattr(cluster, "Worker", Judge)
    monkeypatch.setattr(cluster, "_warm", {})
    return tried


def settled(workers: Cluster, count: int = 3) -> None:
    """Wait until so many are at work."""
    end = time.monotonic() + 100
    while workers.at_work != count:
        assert time.monotonic() < end, {a: (m.fits, m.why) for a, m in workers.members.items()}
        time.sleep(0.02)


# ---- faults of single workers, with judges that play them


def test_what_one_worker_cannot_do_another_one_does(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = set[str]()

    def judge(job: Job) -> Result:
        bad.add(here())
        if len(bad) < 3:
            raise MemoryError("no room for it")
        return RIGHT

    tried = judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none") as workers:
        settled(workers)
        assert workers.run(WORK).passed == ["f-one"]
    assert len(tried) == len(set(tried)) == 3


def test_what_no_worker_can_do_is_a_fault_of_the_machine(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(job: Job) -> Result:
        raise MemoryError("no room for it")

    tried = judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none") as workers:
        settled(workers)
        result = workers.run(WORK)
    assert result.machine_failed and "MemoryError: no room for it" in result.checks[0].message
    assert len(tried) == 4 and len(set(tried)) == 3  # Dask's allowed-failures is 3


def test_what_was_sent_is_not_kept(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, lambda job: RIGHT)
    with Cluster(three.scheduler_address, "none") as workers:
        settled(workers)
        assert [workers.run(WORK).passed for _ in range(5)] == [["f-one"]] * 5
        assert not workers.client.scheduler_comm.recent_message_log


def test_a_worker_that_hangs_gets_no_more_work(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hung, free, told = set[str](), threading.Event(), list[str]()

    def judge(job: Job) -> Result:
        if not hung:
            hung.add(here())
        if here() in hung:
            free.wait(30)
        return RIGHT

    judged(monkeypatch, judge)
    work = Job(WORK.cells, WORK.exercises, Limits(total_seconds=0.5))
    with Cluster(three.scheduler_address, "none", told.append) as workers:
        settled(workers)
        assert [workers.run(work).passed for _ in range(4)] == [["f-one"]] * 4
        assert workers.at_work == 2
        free.set()
    assert len(told) == 1 and told[0].startswith(f"{hung.pop()} gets no work. It gave no answer in ")


def test_a_worker_whose_machine_fails_again_and_again_swallows_no_class(
    three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, told = set[str](), list[str]()

    def judge(job: Job) -> Result:
        if not broken:
            broken.add(here())
        return machine_fault(job, "The disk is full.") if here() in broken else RIGHT

    tried = judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none", told.append) as workers:
        settled(workers)
        results = list(workers.each(lambda number: workers.run(WORK), range(60)))
        assert workers.at_work == 2
    assert len(results) == 60 and not any(result.machine_failed for result in results)
    assert sum(address in broken for address in tried) == 3
    assert "failed 3 times in a row, at last so: The disk is full." in told[0]


def test_a_limit_reached_in_a_crowd_is_tried_again_alone_on_its_host(
    three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, list[int]()
    lock, alone = threading.Lock(), threading.Event()

    def judge(job: Job) -> Result:
        nonlocal running
        with lock:
            running += 1
            most.append(running)
        time.sleep(0.1)
        with lock:
            running -= 1
            crowd = running
        if job.student == "slow" and not alone.is_set():
            alone.set()
            return Result(checks=[CheckResult("f-one", kind="limit")], seconds=1, waited=1)
        return Result(checks=[CheckResult("f-one", True, kind="passed", message=f"{crowd} beside")])

    judged(monkeypatch, judge)
    slow = Job(WORK.cells, WORK.exercises, student="slow")
    with Cluster(three.scheduler_address, "none") as workers:
        settled(workers)
        jobs = [slow, *[WORK] * 12]
        results = list(workers.each(lambda job: (job.student, workers.run(job)), jobs))
    told = dict(results)["slow"]
    assert told.passed == ["f-one"] and told.checks[0].message == "0 beside"
    assert max(most) == 3, "and the others have the workers for themselves as before"


def test_whoever_waits_long_disturbs_nobody_who_gets_a_result(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of several threads for their results must not be one, which the impatience of one of them ends."""
    rng, told = random.Random(0), list[str]()

    def judge(job: Job) -> Result:
        time.sleep(rng.uniform(0, 0.02))
        return Result(checks=[CheckResult("f-one", True, "x" * 2_000_000, kind="passed")])

    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.01)
    tried = judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none", told.append) as workers:
        settled(workers)
        assert all(result.passed for result in workers.each(lambda number: workers.run(WORK), range(120)))
    assert told == [] and len(tried) == 120


def test_a_worker_that_leaves_costs_a_retry(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    began = threading.Event()

    def judge(job: Job) -> Result:
        if not began.is_set():
            began.set()
            time.sleep(3)
        return RIGHT

    tried = judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none") as workers, ThreadPoolExecutor(1) as thread:
        settled(workers)
        waiting = thread.submit(workers.run, WORK)
        assert began.wait(10)
        workers.client.retire_workers([tried[0]], close_workers=True)
        assert waiting.result().passed == ["f-one"]
    assert len(set(tried)) == 2


def test_a_scheduler_that_ends_is_a_clear_error(three: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    began, end = threading.Event(), threading.Event()

    def judge(job: Job) -> Result:
        began.set()
        end.wait(10)
        return RIGHT

    judged(monkeypatch, judge)
    with Cluster(three.scheduler_address, "none") as workers, ThreadPoolExecutor(1) as thread:
        settled(workers)
        waiting = thread.submit(workers.run, WORK)
        assert began.wait(10)
        end.set()
        three.close()
        with pytest.raises(CourseError, match=r"scheduler has gone.*run the same command again"):
            while True:  # it may have been done before
                waiting.result()
                waiting = thread.submit(workers.run, WORK)


def test_nobody_who_can_grade_is_a_clear_error(quick: None) -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as none,
        Cluster(none.scheduler_address, "none") as workers,
        pytest.raises(CourseError, match=r"has no worker that can grade.*dask worker ADDRESS"),
    ):
        workers.run(WORK)


@pytest.mark.parametrize(
    ("where", "fact"),
    [
        ("nonsense", "is no Dask scheduler"),
        ("local:0", "is no Dask scheduler"),
        ("local:", "is no Dask scheduler"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
        ("tcp://", "is no Dask scheduler"),
        ("gopher://127.0.0.1:9", "no Dask scheduler answers"),
        ("tls://127.0.0.1:9", "wants a certificate"),
    ],
)
def test_a_wrong_address_is_a_clear_error(quick: None, where: str, fact: str) -> None:
    with pytest.raises(CourseError, match=fact):
        Cluster(where, "none")


def test_without_dask_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r"needs Dask.*\[classroom\]"):
        Cluster("local:1", "none")


def test_a_cluster_has_as_many_workers_as_were_started(mini: Stage) -> None:
    words = ["grade", "12", "--from", ".", "--cluster", "local:1", "--jobs", "2"]
    assert "--jobs is for" in run(*words, cwd=mini.course.root, ok=False).stderr


# ---- few on their way


@pytest.mark.parametrize("count", [0, 1, 500])
def test_few_submissions_are_on_their_way_however_many_there_are(count: int) -> None:
    began, taken, most = 0, 0, 0
    lock = threading.Lock()

    def one(number: int) -> int:
        nonlocal began, most
        with lock:
            began += 1
            most = max(most, began - taken)
        return number

    seen = []
    with ThreadPoolExecutor(8) as threads:
        for number in pool.in_turn(threads, lambda: 5, one, range(count)):
            seen.append(number)
            with lock:
                taken += 1
    assert sorted(seen) == list(range(count)) and most <= 6  # and the one that is just taken


def test_workers_that_come_later_get_work_at_once() -> None:
    window, together = [1], threading.Barrier(2)

    def one(number: int) -> int:
        window[0] = 2  # while the first one waits for company
        return together.wait(20)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(pool.in_turn(threads, lambda: window[0], one, range(2))) == [0, 1]


# ---- the real judge


@pytest.mark.usefixtures("one_worker")
def test_a_class_gets_the_same_marks_and_words_on_a_cluster(mini: Stage) -> None:
    root = mini.course.root
    make_class(mini, 12, 0, root / "class")
    hand_in(mini, "ana", "import signal\nsignal.raise_signal(signal.SIGINT)\ndef differences(x):\n    return x")
    words = ["grade", "12", "--from", "class", "--sandbox", SANDBOX, "--json", "marks.json", "--cluster", "local:1"]
    done = run(*words, cwd=root)
    assert "student_12" in done.stdout and "distributed" not in done.stderr
    marks = json.loads((root / "marks.json").read_text(encoding="utf-8"))
    shutil.rmtree(mini.course.work)
    assert grade(mini, root / "class", SANDBOX).as_json() == marks


def dask(folder: Path, *words: str, package: Path = ROOT) -> subprocess.Popen[bytes]:
    """A scheduler, or workers, as docs/cluster.md starts them; the package is that of this folder."""
    environment = {**os.environ, "PYTHONPATH": str(package), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s"}
    local = [
        "--scheduler-file",
        str(folder / "scheduler.json"),
        "--host",
        "127.0.0.1",
        "--dashboard-address",
        "127.0.0.1:0",
    ]
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words, *local], env=environment, cwd=folder, stdout=log, stderr=log
        )


def test_a_worker_of_another_version_is_refused_before_it_grades(
    mini: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 2.0)
    other = tmp_path / "other"
    shutil.copytree(PACKAGE, other / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "datasets", other / "datasets")
    with open(other / "autograder" / "run" / "judge" / "judge.py", "a") as file:
        file.write("# another word\n")
    folder, told = hand_in(mini, "ana", "def differences(x):\n    return x[:, 1:] - x[:, :-1]"), list[str]()
    processes = [dask(tmp_path, "scheduler", "--port", "0")]
    try:
        processes.append(dask(tmp_path, "worker", "--nthreads", "1", "--no-nanny", package=other))
        while not (tmp_path / "scheduler.json").is_file():
            time.sleep(0.05)
        address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
        refused = r"out of date: it has another version of the course's code.*start it again"
        with (
            pytest.raises(CourseError, match=rf"(?s)no worker that can grade.*{refused}"),
            Cluster(address, SANDBOX) as workers,
        ):
            while True:  # until the worker is there, nobody is
                try:
                    grade(mini, folder, workers=workers)
                except CourseError as error:
                    if "another version" in str(error):
                        raise
                    workers.fault, workers.last_fit = None, time.monotonic()
        processes.append(dask(tmp_path, "worker", "--nthreads", "1", "--no-nanny"))
        monkeypatch.setattr(cluster, "_PATIENCE", 60.0)
        with Cluster(address, SANDBOX, told.append) as workers:
            assert grade(mini, folder, workers=workers).students["ana"].score == 2
            assert workers.at_work == 1
        assert len(told) == 1 and "another version of the course's code" in told[0]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def test_another_torch_python_or_data_set_is_named() -> None:
    own = cluster.versions()
    assert cluster.unfit(own, "none") == ""
    assert f"torch {own['torch']} and not 1.0" in cluster.unfit(own | {"torch": "1.0"}, "none")
    assert "Python 3." in cluster.unfit(own | {"Python": "2.7"}, "none")
    assert "another version of data sets and of the course's code" in cluster.unfit(
        own | {"data sets": "", "the course's code": ""}, "none"
    )
    result = cluster.judge(WORK, own | {"torch": "1.0"}, "none")
    assert isinstance(result, str) and "out of date" in result


def test_a_worker_without_a_sandbox_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    own = cluster.versions()
    sandboxed = cluster._no_sandbox.__wrapped__  # asks each time
    monkeypatch.setattr(cluster, "_no_sandbox", sandboxed)
    monkeypatch.setattr(cluster.bwrap, "available", lambda: (False, "bubblewrap is not installed."))
    assert cluster.unfit(own, "bwrap") == "bubblewrap is not installed." and cluster.unfit(own, "none") == ""
    monkeypatch.setattr(cluster.bwrap, "available", lambda: (True, ""))
    assert cluster.unfit(own, "bwrap") == ""
    monkeypatch.setattr(pool, "within_reach", lambda folder: folder.parent)
    assert "submissions can read that. Move the course" in cluster.unfit(own, "bwrap")


# ---- killed at random


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_cluster", ROOT / "benchmarks" / "cluster.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("postgres", [False, pytest.param(True, marks=NEEDS_POSTGRES)])
def test_kills_of_workers_command_and_gradebook_change_no_mark(tmp_path: Path, postgres: bool) -> None:
    module = benchmark()
    found = (module.on_postgres if postgres else module.disturbed)(tmp_path, 60, 6, 2, SANDBOX)
    assert found["gradebook_equal"] and found["verdicts_equal"] and found["students_with_marks"] == 60
    assert found["rows_per_student"] == 1 and found["verdicts_written_twice"] == 0
    assert sum(found["kills"].values()) == 6 + 3 * postgres and found["processes_left"] == 0
    assert found["marks_by_hand_equal"] and (found["marks_by_hand"] > 10) == postgres


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_local_cluster_ends_with_the_command(mini: Stage, ending: signal.Signals) -> None:
    hand_in(mini, "ana", "import time\ntime.sleep(600)\ndef differences(x):\n    return x")
    words = [sys.executable, "-m", "autograder.cli", "grade", "12", "--from", "class", "--cluster", "local:2"]
    process = subprocess.Popen(
        [*words, "--sandbox", SANDBOX],
        cwd=mini.course.root,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    parent, words_of = psutil.Process(process.pid), benchmark().words  # of one that has just ended: none
    while not any("forkserver" in " ".join(words_of(p)) for p in parent.children(recursive=True)):
        assert process.poll() is None
        time.sleep(0.2)
    time.sleep(6)  # the submission sleeps by now
    below = parent.children(recursive=True)
    # Ctrl-C in a terminal reaches all of them.
    os.killpg(process.pid, ending) if ending == signal.SIGINT else process.send_signal(ending)
    _, said = process.communicate(timeout=60)  # long before the submission would end
    assert "Traceback" not in said
    _, left = psutil.wait_procs(below, timeout=20)
    assert left == []
