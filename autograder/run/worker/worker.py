"""The caller's side: a warm worker that runs one submission after the other."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.run.job import Job, Result, machine_fault, result_from_json
from autograder.run.limits import Limits
from autograder.run.sandbox import bwrap
from autograder.run.worker.channel import receive, send
from autograder.run.worker.forkserver import ForkServer

_START_SECONDS = 120.0
_END_SECONDS = 10.0


class SandboxMissing(RuntimeError):
    """Student code cannot be confined here; the text says why and what helps."""


class Worker:
    """One trusted process and one sandbox, made once and kept warm.

    Both are forks of a fork server, which takes about 3 s to start; workers can share one.

    >>> with Worker() as worker:
    ...     result = worker.run(job)

    `run` survives whatever a submission does. It may be called from any thread, one call at a time.
    `sandbox="none"` runs student code unconfined: only for code that is trusted.
    """

    def __init__(
        self, sandbox: str = "bwrap", scratch_mb: int = Limits.scratch_mb, forkserver: ForkServer | None = None
    ) -> None:
        if sandbox not in ("bwrap", "none"):
            raise ValueError(f"sandbox={sandbox!r}: choose 'bwrap' or 'none'")
        if not hasattr(os, "fork"):
            raise SandboxMissing("Grading forks processes, and this system cannot. On Windows use WSL 2.")
        if sandbox == "bwrap":
            works, reason = bwrap.available()
            if not works:
                raise SandboxMissing(reason)
        self.sandbox, self.scratch_mb = sandbox, scratch_mb
        self._lock = threading.Lock()
        self.forkserver, self._own = forkserver or ForkServer(sandbox), forkserver is None
        self.pid = 0  # of the server
        self._sock: socket.socket | None = None
        self._given_up = False

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the processes and wait until they are warm."""
        if self.pid:
            return
        if self._given_up:
            raise RuntimeError("The grading worker was closed.")
        self.forkserver.start()
        self._sock, theirs = socket.socketpair()
        wanted = {"do": "server", "sandbox": self.sandbox, "scratch_mb": self.scratch_mb}
        self.pid = self.forkserver.ask(wanted, theirs.fileno()).get("pid", 0)
        theirs.close()
        if self._ask(None, _START_SECONDS) is None:
            self.close()
            raise RuntimeError("The grading worker did not start; its error stands above.")

    def run(self, job: Job, tell: Callable[[int], None] | None = None) -> Result:
        """Run a submission. Whatever it does, the result names every cell and every check, and the next run works.

        `tell` hears how many of the job's cells have been run, each time that there are more. Where the worker itself
        fails, the submission is run once more on a fresh one. Then the checks are `internal`: nobody knows whether they
        pass.
        """
        with self._lock:
            result = self._run(job, tell)
            return self._run(job, tell) if result.machine_failed and not self._given_up else result

    def _run(self, job: Job, tell: Callable[[int], None] | None) -> Result:
        try:
            self.start()
        except (OSError, RuntimeError) as error:
            return machine_fault(job, str(error))
        answer = self._ask(job, 2 * job.limits.total_seconds + 60, tell)
        if answer is not None:
            return result_from_json(answer)
        self.close()
        return machine_fault(job, "The grading worker ended in the middle of this submission.")

    def _ask(self, message: Job | None, seconds: float, tell: Callable[[int], None] | None = None) -> Any:
        sock = self._sock
        if sock is None:  # closed by another thread
            return None
        try:
            sock.settimeout(seconds)
            if message is not None:
                send(sock, message)
            while (answer := receive(sock)) is not None and "done" in answer:
                if tell is not None:
                    tell(answer["done"])
            return answer
        except (OSError, ValueError):
            return None

    def hang_up(self) -> None:
        """Tell the processes to end, and whoever waits for their answer that none will come. Returns at once.

        Nothing is started again after that.
        """
        self._given_up = True
        self._shut_down()

    def _shut_down(self) -> None:
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the processes. A later `run` starts them again."""
        self._shut_down()
        pid, self.pid = self.pid, 0
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        if pid:
            patience = time.monotonic() + _END_SECONDS
            while "running" in self.forkserver.ask({"do": "end", "pid": pid, "kill": time.monotonic() > patience}):
                time.sleep(0.002)
        if self._own:
            self.forkserver.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def choose_sandbox(wanted: str) -> str:
    """`bwrap`, or `none` where that was asked for.

    Raises:
        CourseError: where bubblewrap is wanted and does not work here.
    """
    if not hasattr(os, "fork"):
        fix = "On Windows use WSL 2: `wsl --install`, and then the same commands in its terminal."
        raise CourseError(Fault("sandbox", "grading forks processes, and this system cannot.", fix))
    if wanted == "none":
        return "none"
    works, reason = bwrap.available()
    if not works:
        fix = "Submissions of people you trust can be graded without it: --sandbox none (or AUTOGRADER_SANDBOX=none)."
        raise CourseError(Fault("sandbox", reason, fix))
    return "bwrap"
