"""The warm process inside the sandbox. What notebooks import is there, and it forks a child for each submission.

It is process 1 in the sandbox, so no signal from inside reaches it, and it runs no code of a submission.
Its only way out is one socket, on which the trusted side says `start` (with the child's own socket) and `stop`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any, Literal

from autograder.run.sandbox.enter import Walls
from autograder.run.warm import forget_devices, trace_only
from autograder.run.wire.randomness import seed

TICK = 0.03  # seconds between two looks at the memory


def warm_up() -> None:
    """Import what submissions import, and draw once, so that a fork has it all. One thread, or forks would hang."""
    import matplotlib

    matplotlib.use("agg")
    import numpy  # noqa: F401
    import torch
    import torch.testing
    from matplotlib import pyplot

    forget_devices()
    trace_only()
    torch.set_num_threads(1)
    figure = pyplot.figure()
    figure.gca().plot([0, 1], label="x")
    figure.legend()
    figure.canvas.draw()
    pyplot.close("all")
    with contextlib.suppress(ImportError):  # the course's own helpers
        import autograder.lab
        import autograder.lab.data
        import autograder.lab.plots  # noqa: F401


def load_compiler() -> None:
    """Import torch's compiler, which optimizers, checkpoints and torch.func ask for; 1 s that is not the student's."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # it makes one when it is imported
        import torch._dynamo  # noqa: F401

        del os.environ["TORCHINDUCTOR_CACHE_DIR"]
    assert_one_thread()
    gc.collect()
    gc.freeze()


def assert_one_thread() -> None:
    if sys.platform == "linux" and (count := len(os.listdir("/proc/self/task"))) != 1:
        raise RuntimeError(f"{count} threads in a process that is going to fork")


class Zygote:
    """One child at a time."""

    def __init__(
        self,
        control: socket.socket,
        scratch: str,
        walls: Walls | None,
        rehearse: Callable[[Literal["judge", "student"]], None],
    ) -> None:
        """In a process that is warm, and in its sandbox, if there is one."""
        from autograder.run.sandbox import confine
        from autograder.run.sandbox.shell import make_shell

        if walls is not None:
            confine.hide()
        elif sys.platform == "linux":
            confine.adopt_orphans()
        rehearse("student")
        self.shell = make_shell()
        self._draw_inline()
        assert_one_thread()
        self.control, self.scratch, self.walls = control, scratch, walls
        self.child = 0
        self.status: int | None = None
        self.cpu = self.waited = 0.0
        self.killed_for = ""
        self.memory = 0
        os.chdir(scratch)
        from autograder.run.sandbox import clean

        self.empty_scratch(time.monotonic() + 10)  # caches of fonts and the like
        gc.collect()
        gc.freeze()
        if walls is not None:
            self.before = clean.own_state()
            self.base = clean.memory_used([os.getpid()], walls.proc)
        self.send({"ready": os.getpid()})

    def _draw_inline(self) -> None:
        """The first picture that a shell shows costs most."""
        from autograder.run.sandbox.shell import OUTPUTS

        OUTPUTS.start(1 << 20)
        self.shell.run("warm", "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show(); 1", 1 << 20)
        self.shell.run("warm", "raise ValueError('warm')", 1 << 20)
        self.shell.reset(new_session=True)
        self.shell.displayhook.flush()  # `_` and the like are there from the start
        self.shell.execution_count = 1
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def send(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def loop(self) -> None:
        while True:
            ready, _, _ = select.select([self.control], [], [], TICK if self.child else None)
            if self.child:
                self.look()
            if not ready:
                continue
            data, fds, _, _ = socket.recv_fds(self.control, 1 << 16, 4)
            if not data:
                os._exit(0)
            message = json.loads(data)  # one line, sent at once
            if message["do"] == "start":
                self.start(message, fds)
            else:
                self.stop(float(message.get("wait", 0)))

    def start(self, message: dict[str, Any], fds: list[int]) -> None:
        self.status, self.cpu, self.waited, self.killed_for = None, 0.0, 0.0, ""
        self.memory = message["limits"]["memory_mb"] << 20
        pid = os.fork()
        if pid == 0:
            try:
                self.become_child(message, fds[0])
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(70)
        os.close(fds[0])
        self.child = pid
        self.send({"started": pid})

    def become_child(self, message: dict[str, Any], fd: int) -> None:
        from autograder.run.limits import Limits
        from autograder.run.sandbox import confine
        from autograder.run.sandbox.child import HUNG_UP, serve

        limits = Limits(**message["limits"])
        os.setsid()
        if self.walls is not None:
            self.walls.close_in()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(fd, 9)
        os.dup2(null, 0)
        for descriptor in (1, 2):
            path = os.path.join(self.scratch, f".output-{descriptor}")
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), descriptor)
            os.unlink(path)
        sock = socket.socket(fileno=9)
        os.closerange(3, 9)
        os.closerange(10, 4096)
        os.set_inheritable(9, False)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR"):
            os.environ[name] = self.scratch
        sys.path.insert(0, self.scratch)  # as in JupyterLab, a module beside the notebook can be imported
        if sys.platform == "linux":
            confine.limit_process(limits)
        seed(message["seed"])
        serve(sock, self.shell, limits)
        os._exit(HUNG_UP)

    def look(self) -> None:
        """Has the child ended, or do all processes together use too much?"""
        if self.status is None:
            with contextlib.suppress(OSError, ValueError), open(f"{self.proc}/{self.child}/schedstat") as told:
                self.waited = int(told.read().split()[1]) / 1e9
            pid, status, usage = os.wait4(self.child, os.WNOHANG)
            if pid:
                self.status, self.cpu = status, usage.ru_utime + usage.ru_stime
                self.end_all()  # whoever is left would keep the socket open
        if self.walls is not None and self.status is None:
            from autograder.run.sandbox import clean

            if clean.memory_used(clean.other_processes(self.walls.proc), self.walls.proc) > self.base + self.memory:
                self.killed_for = "memory"
                self.end_all()

    @property
    def proc(self) -> str:
        return self.walls.proc if self.walls is not None else "/proc"

    def empty_scratch(self, deadline: float) -> None:
        from autograder.run.sandbox import clean

        if self.walls is not None:
            self.walls.renew(deadline)
        else:
            clean.wipe(self.scratch, deadline)

    def end_all(self) -> None:
        from autograder.run.sandbox import clean

        for pid in [-1] if self.walls else [self.child, *clean.descendants()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, wait: float) -> None:
        """End whatever runs, empty the scratch folders, and say how the child ended and whether all is clean.

        `wait`: seconds in which it may end by itself, where it has hung up already.
        """
        from autograder.run.sandbox import clean

        deadline = time.monotonic() + 10
        why = ""
        try:
            self.look()
            patience = time.monotonic() + wait  # its socket closes a moment before it has ended
            while self.status is None and time.monotonic() < patience:
                time.sleep(0.001)
                self.look()
            self.end_all()
            if self.status is None:
                _, self.status, usage = os.wait4(self.child, 0)
                self.cpu = usage.ru_utime + usage.ru_stime
                ended_itself = False
            else:
                ended_itself = True
            clean.kill_all(deadline, self.walls.proc if self.walls else None)
            self.empty_scratch(deadline)
            if self.walls is not None:
                why = clean.leftovers()
                if clean.own_state() != self.before:
                    why = why or "changed limits"
        except (clean.Dirty, OSError) as error:
            why, ended_itself = str(error) or "something", True
        self.child = 0
        self.send(
            {
                "stopped": True,
                "status": self.status if ended_itself else None,
                "dirty": why,
                "for": self.killed_for,
                "cpu": self.cpu,
                "waited": self.waited,
            }
        )
