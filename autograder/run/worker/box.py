"""The sandbox with its zygote, as its server sees it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
from typing import Any

from autograder.run.job import to_json
from autograder.run.sandbox import bwrap
from autograder.run.sandbox.cgroup import Cgroup
from autograder.run.worker.channel import ask

_START_SECONDS = 120.0


class Box:
    """A sandbox with a zygote in it, which the fork server has made."""

    def __init__(self, forkserver: socket.socket, sandbox: str, scratch_mb: int) -> None:
        self.forkserver, self.scratch_mb, self.pid = forkserver, scratch_mb, 0
        self.control, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        self.cgroup = Cgroup()
        self.scratch = "" if sandbox == "bwrap" else tempfile.mkdtemp(prefix="autograder-")
        # A user of its own for this worker's children, so that their number is counted apart.
        uid = 60_000 + os.getpid() % 5_000 if sandbox == "bwrap" and os.geteuid() == 0 else -1
        wanted = {
            "do": "zygote",
            "sandbox": sandbox,
            "scratch": self.scratch or bwrap.SCRATCH,
            "scratch_mb": scratch_mb,
            "uid": uid,
            "cgroup": str(self.cgroup.path or ""),
        }
        told = ask(forkserver, wanted, theirs.fileno(), self.log.fileno())
        theirs.close()
        if not told:  # the fork server has gone, as it does when all is to end
            self.close()
            os._exit(0)
        self.pid, self.error = told.get("pid", 0), told.get("error", "")
        self.ready = False

    def wait_ready(self) -> None:
        if not self.ready:
            if "ready" not in self.answer(_START_SECONDS):
                raise RuntimeError(f"The sandbox did not start.\n{self.error or self.said()}")
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
        if self.pid:
            ask(self.forkserver, {"do": "end", "pid": self.pid, "kill": True})
        self.log.close()
        self.cgroup.remove()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
