"""Some warm workers."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from autograder.run.job import Job, Result, machine_fault
from autograder.run.limits import Limits
from autograder.run.worker.worker import Worker

T = TypeVar("T")
R = TypeVar("R")
CGROUP = Path("/sys/fs/cgroup")
WORTH = 2.0  # another worker has to save so many times what its start costs


class Workers:
    """Up to `count` warm workers; a job goes to one that is free.

    To start one takes as long as many a submission, so the others are started when enough is left to do.
    """

    def __init__(self, count: int, sandbox: str, scratch_mb: int = Limits.scratch_mb) -> None:
        self.all = [Worker(sandbox, scratch_mb) for _ in range(max(count, 1))]
        self.cold = list(reversed(self.all))
        self.warm: list[Worker] = []  # and free
        self.changed = threading.Condition()
        self.starting = 0
        self.closed = False
        self.waiting = 0  # things to do of which nothing is known yet
        self.start_seconds = self.spent = 0.0
        self.done = 0

    def __enter__(self) -> Workers:
        self.threads = ThreadPoolExecutor(2 * len(self.all))
        return self

    def start(self) -> None:
        """Let the first one warm up now, and not only when there is something to run."""
        self._start_one(first=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # Ctrl-C or an error: nobody waits for what is still running
            self.threads.shutdown(wait=False, cancel_futures=True)
        with self.changed:
            self.cold.clear()
            self.closed = True
            self.changed.notify_all()
        for worker in self.all:
            worker.hang_up()
        for worker in self.all:
            worker.close()
        self.threads.shutdown()

    def _start_one(self, first: bool = False) -> None:
        """Start another worker, in a thread of its own; `first`: only where none is."""
        with self.changed:
            if not self.cold or (first and len(self.cold) < len(self.all)):
                return
            worker = self.cold.pop()
            self.starting += 1

        def start() -> None:
            begin = time.monotonic()
            with contextlib.suppress(OSError, RuntimeError):  # its first job tells what is wrong
                worker.start()
            with self.changed:
                self.start_seconds = time.monotonic() - begin
                self.starting -= 1
                self.warm.append(worker)
                self.changed.notify_all()

        threading.Thread(target=start, daemon=True).start()

    def _another_pays(self) -> bool:
        """Is so much left that one more worker is worth its start?"""
        if not self.cold or self.starting or not self.done:
            return False
        left = self.waiting * self.spent / self.done
        return left / max(len(self.all) - len(self.cold), 1) > WORTH * self.start_seconds

    def run(self, work: Job) -> Result:
        self._start_one(first=True)
        with self.changed:
            while not self.warm:
                if self.closed:
                    return machine_fault(work, "The grading workers were closed.")
                self.changed.wait()
            worker = self.warm.pop()
        begin = time.monotonic()
        try:
            return worker.run(work)
        finally:
            with self.changed:
                self.spent += time.monotonic() - begin
                self.done += 1
                self.warm.append(worker)
                self.changed.notify()
                more = self._another_pays()
            if more:
                self._start_one()

    def each(self, function: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
        """The results, as soon as each is there."""
        self.waiting += len(things)
        waiting = {self.threads.submit(function, thing) for thing in things}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            self.waiting -= len(done)
            yield from (future.result() for future in done)


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
