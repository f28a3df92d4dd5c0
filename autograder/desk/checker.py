"""The one warm worker of a Jupyter server, in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from autograder.course.faults import CourseError, Fault
from autograder.run.job import Job, Result
from autograder.run.sandbox.bwrap import available
from autograder.run.store import Store, run_cached
from autograder.run.worker.forkserver import ForkServer
from autograder.run.worker.worker import SandboxMissing, Worker


class Stopped(Exception):
    """Somebody pressed Stop, or the server ends."""


@dataclass
class Progress:
    """How far a check is. `doing` is `waiting`, `starting` (the worker), `checking` or `naming` (known mistakes)."""

    doing: str = "waiting"
    at: str = ""  # the id of the cell that runs
    done: int = 0
    total: int = 0
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False


class Checker:
    """Runs one job after the other. `warm` starts the worker; `close` ends it for good."""

    def __init__(self, verdicts: Path) -> None:
        self._verdicts = verdicts
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._forkserver: ForkServer | None = None
        self._worker: Worker | None = None
        self._now: Progress | None = None
        self._sandbox = ""
        self._closed = False

    @property
    def sandbox(self) -> str:
        """One's own code may run without one, where there is none."""
        self._sandbox = self._sandbox or ("bwrap" if available()[0] else "none")
        return self._sandbox

    @property
    def pid(self) -> int:
        """Of the process that all others here are forked from; 0 where there is none."""
        return self._forkserver.pid if self._forkserver is not None else 0

    def warm(self) -> None:
        """Start the worker, if there is none; returns at once. Why it does not start, the first check tells."""

        def start() -> None:
            with contextlib.suppress(CourseError):
                self._started()

        if self._worker is None:
            self.submit(start)

    def submit(self, task: Callable[[], None]) -> None:
        """Do this when what was submitted before is done."""
        if self._thread is None:  # one that lives as long as the server: what it starts ends with it
            self._thread = threading.Thread(target=self._loop, name="check", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def run(self, job: Job, progress: Progress) -> Result:
        """Run a job. Only for tasks.

        Raises:
            Stopped: when it was stopped.
            CourseError: where no worker can be started.
        """
        self._now = progress
        try:
            if self._worker is None:
                progress.doing = "starting"
            worker = self._started()
            progress.doing = "naming" if progress.doing == "naming" else "checking"

            def tell(done: int) -> None:
                progress.done, progress.total = done, len(job.cells)
                progress.at = job.cells[done].id if done < len(job.cells) else ""

            tell(0)
            self._stop_here(progress)
            result = worker.run(job, tell)
            self._stop_here(progress)
            return result
        finally:
            self._now = None

    def run_cached(self, job: Job, progress: Progress) -> Result:
        """The same; or at once, where the result is stored."""
        return run_cached(job, Store(self._verdicts, self.sandbox), _Runs(self, progress))

    def stop(self, progress: Progress) -> None:
        """End a check. The next one has a new worker, forked from the same warm process."""
        progress.stopped = True
        if progress is self._now and self._worker is not None:
            self._worker.hang_up()

    def close(self) -> None:
        """End all processes, and wait until they have ended."""
        self._closed = True
        if self._now is not None:
            self.stop(self._now)
        self._tasks.put(None)
        if self._thread is not None:
            self._thread.join(30)

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            if not self._closed:
                task()
        if self._worker is not None:
            self._worker.close()
        if self._forkserver is not None:
            self._forkserver.close()

    def _started(self) -> Worker:
        if self._worker is None:
            try:
                self._forkserver = self._forkserver or ForkServer(self.sandbox)
                worker = Worker(self.sandbox, forkserver=self._forkserver)
                worker.start()
            except (SandboxMissing, OSError, RuntimeError) as error:
                raise CourseError(Fault("check", f"{error}", "Or run the check cells in the notebook.")) from error
            self._worker = worker
        return self._worker

    def _stop_here(self, progress: Progress) -> None:
        if progress.stopped or self._closed:
            if self._worker is not None:  # it may have been told to end
                self._worker.close()
                self._worker = None
            raise Stopped


class _Runs:
    """A checker as the store sees it."""

    def __init__(self, checker: Checker, progress: Progress) -> None:
        self.checker, self.progress = checker, progress

    def run(self, work: Job, /) -> Result:
        return self.checker.run(work, self.progress)
