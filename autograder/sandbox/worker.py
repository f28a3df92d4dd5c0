"""The caller's side: a warm worker that runs one submission after the other."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from autograder.sandbox import bwrap
from autograder.sandbox.zygote import THREADS

if TYPE_CHECKING:
    from autograder.judge.job import Job, Result

_CODE = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; from autograder.judge.server import main; main()"
)
_START_SECONDS = 180.0


class SandboxMissing(RuntimeError):
    """Student code cannot be confined here; the text says why and what helps."""


class Worker:
    """One trusted process and one sandbox, started once (about 3 s) and kept warm.

    >>> with Worker() as worker:
    ...     result = worker.run(job)

    `run` survives whatever a submission does. It may be called from any thread, one call at a time.
    `sandbox="none"` runs student code unconfined: only for code that is trusted.
    """

    def __init__(self, sandbox: str = "bwrap", scratch_mb: int = 256) -> None:
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
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the processes and wait until they are warm."""
        if self._process is not None:
            return
        self._sock, theirs = socket.socketpair()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= {"PYTHONHASHSEED": "0", "MPLBACKEND": "agg"} | dict.fromkeys(THREADS, "1")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-s", "-c", _CODE.format(root=str(bwrap.PACKAGE.parent))),
                *(str(theirs.fileno()), self.sandbox, str(self.scratch_mb)),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        if self._ask(None, _START_SECONDS) is None:
            self.close()
            raise RuntimeError("The grading worker did not start; its error stands above.")

    def run(self, job: Job) -> Result:
        """Run a submission. Whatever it does, the result names every cell and every check, and the next run works."""
        from autograder.judge.job import CellResult, CheckResult, Result, result_from_json

        with self._lock:
            self.start()
            answer = self._ask(job, 2 * job.limits.total_seconds + 60)
            if answer is not None:
                return result_from_json(answer)
            self.close()
        reason = "The grading worker ended in the middle of this submission. Run it again, and report it if it recurs."
        cells = [CellResult(c.id, error=reason) for c in job.cells if c.kind != "check"]
        checks = [CheckResult(c.id, message=reason, kind="internal") for c in job.cells if c.kind == "check"]
        return Result(cells, checks, reason)

    def _ask(self, message: Job | None, seconds: float) -> Any:
        from autograder.judge.server import receive, send

        assert self._sock is not None
        self._sock.settimeout(seconds)
        try:
            if message is not None:
                send(self._sock, message)
            return receive(self._sock)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """End the processes. A later `run` starts them again."""
        process, self._process = self._process, None
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        if process is not None:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.wait()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
