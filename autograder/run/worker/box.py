"""The sandbox with its warm process, as seen from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any

from autograder.run.job import to_json
from autograder.run.limits import THREADS
from autograder.run.sandbox import bwrap
from autograder.run.sandbox.cgroup import Cgroup
from autograder.run.sandbox.confine import seccomp_file

_START_SECONDS = 120.0
_CODE = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; "
    "from autograder.run.sandbox.zygote import main; from autograder.run.worker.rehearse import rehearse; "
    "main(rehearse)"
)


class ZygoteProcess:
    """The sandbox with the zygote in it, as seen from outside."""

    def __init__(self, sandbox: str, scratch_mb: int) -> None:
        self.sandbox, self.scratch_mb = sandbox, scratch_mb
        self.control, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        self.scratch = ""
        self.cgroup = Cgroup()
        pass_fds = [theirs.fileno()]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONHASHSEED": "0"}
        environment |= dict.fromkeys(THREADS, "1")
        seccomp: int | None = None
        if sandbox == "bwrap":
            # A user of its own for this worker's children, so that their number is counted apart.
            uid = 60_000 + os.getpid() % 5_000 if os.geteuid() == 0 else -1
            seccomp = seccomp_file()
            pass_fds += [seccomp] if seccomp is not None else []
            words = bwrap.command(theirs.fileno(), uid, scratch_mb, seccomp, _CODE.format(root=bwrap.INSIDE))
        else:
            self.scratch = tempfile.mkdtemp(prefix="autograder-")
            code = _CODE.format(root=str(bwrap.PACKAGE.parent))
            words = [sys.executable, "-s", "-c", code, str(theirs.fileno()), self.scratch, "-1", "none"]
        self.process = subprocess.Popen(
            words,
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env=environment,
            start_new_session=True,
            preexec_fn=self.cgroup.enter if self.cgroup.path else None,
        )
        theirs.close()
        if seccomp is not None:
            os.close(seccomp)
        self.ready = False

    def wait_ready(self) -> None:
        if not self.ready:
            if "ready" not in self.answer(_START_SECONDS):
                raise RuntimeError(f"The sandbox did not start.\n{self.said()}")
            self.ready = True
            self.cgroup.base()

    def say(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """Send a message. Where nobody reads it, no answer will come."""
        with contextlib.suppress(OSError):
            socket.send_fds(self.control, [to_json(message).encode()], list(fds))

    def answer(self, seconds: float) -> dict[str, Any]:
        """The answer to the last message, or an empty one where none comes."""
        try:
            self.control.settimeout(seconds)
            data = b""
            while not data.endswith(b"\n"):
                more = self.control.recv(1 << 16)
                if not more:
                    return {}
                data += more
            return json.loads(data)
        except (OSError, ValueError):
            return {}

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()[-2000:].decode("utf-8", "replace")

    def close(self) -> None:
        self.control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.cgroup.remove()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
