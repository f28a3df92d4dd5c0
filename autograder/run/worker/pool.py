"""Some warm workers."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TypeVar

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.run.job import Job, Result, machine_fault
from autograder.run.limits import Limits, read_limits
from autograder.run.sandbox.bwrap import within_reach
from autograder.run.worker.forkserver import ForkServer
from autograder.run.worker.worker import Worker, choose_sandbox

T = TypeVar("T")
R = TypeVar("R")
_LOOK_SECONDS = 1.0
CGROUP = Path("/sys/fs/cgroup")


class Workers:
    """Up to `count` warm workers, all of one fork server; a job goes to one that is free.

    Another one starts when a job would have to wait.
    """

    def __init__(self, count: int, sandbox: str, scratch_mb: int = Limits.scratch_mb) -> None:
        self.sandbox = sandbox
        self.forkserver = ForkServer(sandbox)
        self.all = [Worker(sandbox, scratch_mb, self.forkserver) for _ in range(max(count, 1))]
        self.cold = list(reversed(self.all))
        self.free: list[Worker] = []
        self.changed = threading.Condition()
        self.closed = False
        self.starting = self.waiting = 0  # workers, and jobs that wait for one
        self.busy = 0
        self.alone = False  # one job has the machine for itself
        self.threads = ThreadPoolExecutor(2 * len(self.all))  # while one job runs, the next is prepared

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # Ctrl-C or an error: nobody waits for what is still running
            self.threads.shutdown(wait=False, cancel_futures=True)
        self.hang_up()
        for worker in self.all:
            worker.close()
        self.threads.shutdown()
        self.forkserver.close()

    def hang_up(self) -> None:
        """Nothing more will be run. Returns at once; the processes end while other things are done."""
        with self.changed:
            self.cold.clear()
            self.closed = True
            self.changed.notify_all()
        for worker in self.all:
            worker.hang_up()

    @property
    def at_work(self) -> int:
        """How many workers have started."""
        return len(self.all) - len(self.cold)

    def start(self) -> None:
        """Let another one warm up, in a thread of its own."""
        with self.changed:
            worker = self.cold.pop() if self.cold else None
            self.starting += worker is not None
        if worker is not None:
            threading.Thread(target=self._warm_up, args=(worker,), daemon=True).start()

    def _warm_up(self, worker: Worker) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # its first job tells what is wrong
            worker.start()
        self._give_back(worker, started=1)

    def _give_back(self, worker: Worker, started: int = 0) -> None:
        with self.changed:
            self.starting -= started
            self.busy -= not started
            self.free.append(worker)
            self.changed.notify_all()

    def run(self, work: Job) -> Result:
        """Run a job on a free worker; again, and alone, where it reached a limit while others had the processors."""
        result = self._run(work)
        if not result.crowded or len(self.all) == 1:
            return result
        with self.changed:
            while self.alone and not self.closed:
                self.changed.wait()
            self.alone = True
            while self.busy and not self.closed:
                self.changed.wait()
        try:
            return self._run(work, alone=True)
        finally:
            with self.changed:
                self.alone = False
                self.changed.notify_all()

    def _run(self, work: Job, alone: bool = False) -> Result:
        with self.changed:
            self.waiting += 1
            if self.waiting > len(self.free) + self.starting:
                self.start()
            while (not self.free or self.alone is not alone) and not self.closed:
                self.changed.wait()
            self.waiting -= 1
            if not self.free:
                return machine_fault(work, "The grading workers were closed.")
            worker = self.free.pop()
            self.busy += 1
        try:
            return worker.run(work)
        finally:
            self._give_back(worker)

    def each(self, function: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
        """The results, as soon as each is there."""
        return in_turn(self.threads, lambda: 4 * len(self.all), function, things)


def in_turn(
    threads: ThreadPoolExecutor, window: Callable[[], int], function: Callable[[T], R], things: Sequence[T]
) -> Iterator[R]:
    """The results, as soon as each is there. No more than `window()` are on their way, or wait to be taken."""
    left = iter(things)
    waiting = set[Future[R]]()
    while True:
        waiting |= {threads.submit(function, thing) for thing in islice(left, max(window() - len(waiting), 0))}
        if not waiting:
            return
        done, _ = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED)  # none: the window may have grown
        if done:
            first = done.pop()
            waiting.remove(first)
            yield first.result()


def workers_for(stage: Stage, sandbox: str, jobs: int) -> Workers:
    """Up to `jobs` workers for a stage's submissions. One warms up at once, unless all may be known from before.

    Raises:
        CourseError: where there is no such sandbox, or the stage's limits cannot be read.
    """
    sandbox = choose_sandbox(sandbox)
    if sandbox == "bwrap":
        out_of_reach(stage.course.root)
    workers = Workers(jobs, sandbox, read_limits(stage).scratch_mb)
    if not stage.course.verdicts.is_dir():
        workers.start()
    return workers


def out_of_reach(root: Path) -> None:
    """Raises:
    CourseError: where a submission in the sandbox could read the course in this folder.
    """
    if (reach := within_reach(root)) is not None:
        fact = f"the course lies in {reach}, where Python or the system has its programs: submissions can read that."
        raise CourseError(Fault(str(root), fact, "Move the course to a folder of its own."))


def processors() -> int:
    """How many this program may use: its affinity and a container's quota count, and not only what the machine has."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([count, *_quotas()]))


def _quotas() -> Iterator[int]:
    """The processors that control groups allow, in whole ones (version 2, then version 1)."""
    root = CGROUP
    with contextlib.suppress(OSError, ValueError):
        quota, period = (root / "cpu.max").read_text().split()
        yield math.ceil(int(quota) / int(period))
    with contextlib.suppress(OSError, ValueError):
        quota = (root / "cpu/cpu.cfs_quota_us").read_text()
        if int(quota) > 0:
            yield math.ceil(int(quota) / int((root / "cpu/cpu.cfs_period_us").read_text()))
