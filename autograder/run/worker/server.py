"""The warm trusted process of a worker: it owns a sandbox, and forks a judge for each submission.

A `Worker` speaks to it over one socket. It runs no code of a
submission; the judge that it forks runs checks only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import select
import signal
import socket
import sys
import time
import types
from dataclasses import replace
from typing import Any

from autograder.run.job import Job, Result, from_json, to_json
from autograder.run.worker.box import Box
from autograder.run.worker.channel import ask, receive, send
from autograder.run.worker.collected import Collected, end_in_words

# What imports torch's compiler when it is used first. Most stages do without, and are 1 s earlier.
_COMPILER = re.compile(r"optim|compile|checkpoint|dynamo|functorch|\bfunc\b")
_JUDGE_BYTES = 4 << 30  # what a judge may map beyond the warm process


class Server:
    """Runs one job after the other."""

    def __init__(self, caller: socket.socket, forkserver: socket.socket, sandbox: str, scratch_mb: int) -> None:
        self.caller, self.forkserver, self.sandbox, self.scratch_mb = caller, forkserver, sandbox, scratch_mb
        self.code: dict[tuple[str, str, str], types.CodeType] = {}  # checks and given cells, compiled
        self.box = Box(forkserver, sandbox, scratch_mb)
        self.other: Box | None = None  # for what nobody sees: nothing that it leaves can reach a student's words
        self.box.wait_ready()
        with contextlib.suppress(OSError):  # the caller has gone
            send(caller, {"ready": True})

    def loop(self) -> None:
        while (message := receive(self.caller)) is not None:
            result = self.run(from_json(message))
            with contextlib.suppress(OSError):  # the caller has gone
                send(self.caller, result)
        self._close()

    def _close(self) -> None:
        for box in filter(None, (self.box, self.other)):
            box.close()

    def run(self, job: Job) -> Result:
        if not job.unseen:
            return self._judge(job).result()
        if self.other is None:
            self.other = Box(self.forkserver, self.sandbox, self.scratch_mb)
        self.box, self.other = self.other, self.box
        try:
            return self._judge(job).passes()
        finally:
            self.box, self.other = self.other, self.box

    def _judge(self, job: Job) -> Collected:
        if "torch._dynamo" not in sys.modules and any(_COMPILER.search(cell.source) for cell in job.cells):
            self._load_compiler()
        started = time.monotonic()
        collected = Collected(job)
        try:
            self.scratch_mb = job.limits.scratch_mb
            if self.box.scratch_mb != self.scratch_mb:  # its size is fixed when a sandbox is made
                self._restart()
            self.box.wait_ready()
            self._run(job, collected)
            if collected.waiting and collected.broken and not collected.hidden:
                self._run_above(job, collected, started)
        except (OSError, RuntimeError) as error:
            collected.error = collected.error or f"The sandbox failed: {error}"
            self._restart()
        collected.seconds = time.monotonic() - started
        return collected

    def _load_compiler(self) -> None:
        """From here on this process and its sandboxes have it."""
        from autograder.run.sandbox import zygote

        ask(self.forkserver, {"do": "compiler"})
        self._restart()
        zygote.load_compiler()
        if self.other is not None:
            self.other.close()
            self.other = None

    def _run(self, job: Job, collected: Collected) -> None:
        ours, theirs = socket.socketpair()
        self.box.cgroup.limit(job.limits.memory_mb)
        from autograder.run.judge.judge import compile_ahead

        compile_ahead(job, self.code)
        self.box.say({"do": "start", "limits": job.limits, "seed": job.seed}, (theirs.fileno(),))
        theirs.close()
        read, write = os.pipe()  # the judge and the student's process start at the same time
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        judge = os.fork()
        if judge == 0:
            os.close(read)
            if sys.platform == "linux":
                limit_memory()
            self._become_judge(job, ours, write)
        os.close(write)
        ours.close()
        try:
            if "started" not in self.box.answer(20):
                raise RuntimeError("no process could be started in it")
            self._collect(read, collected, time.monotonic() + job.limits.total_seconds + 10)
        finally:
            os.close(read)
            self.box.say({"do": "stop", "wait": 0.5 if collected.broken else 0})
            gone, status = os.waitpid(judge, os.WNOHANG)
            if not gone:
                os.kill(judge, signal.SIGKILL)
                os.waitpid(judge, 0)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            end = self.box.answer(15)
        collected.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + float(end.get("cpu", 0.0))
        collected.waited = float(end.get("waited", 0.0))
        out_of_memory = self.box.cgroup.killed()
        collected.ended = end_in_words(end, job, out_of_memory)
        killed = gone and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL  # and not by this process
        collected.not_theirs = bool(killed) or (not end and not out_of_memory)
        if not end or end["dirty"]:
            self._restart()

    def _run_above(self, job: Job, collected: Collected, started: float) -> None:
        """The program stopped before hidden tests were run: run what stands above that once more, for its verdicts."""
        left = max(job.limits.total_seconds - (time.monotonic() - started), 1)
        above = replace(job, cells=job.cells[: collected.stopped_at], limits=replace(job.limits, total_seconds=left))
        again = Collected(above)
        self.box.wait_ready()
        self._run(above, again)
        collected.again = again.result()
        collected.cpu += again.cpu

    def _become_judge(self, job: Job, sock: socket.socket, write: int) -> None:
        try:
            from autograder.run.judge.judge import quiet, run

            for own in (self.caller, self.forkserver):
                own.close()
            for box in filter(None, (self.box, self.other)):
                box.control.close()
                box.log.close()
            quiet()

            def emit(data: dict[str, Any]) -> None:
                view = memoryview(to_json(data).encode() + b"\n")
                while view:
                    view = view[os.write(write, view) :]

            try:
                run(job, self.code, sock, emit)
            except Exception as error:  # a mistake of ours must not look like one of the student's
                emit({"error": f"The judge failed: {type(error).__name__}: {error}"})
        finally:
            os._exit(0)

    def _collect(self, read: int, collected: Collected, deadline: float) -> None:
        buffer = b""
        while True:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([read, self.caller.fileno()], [], [], max(left, 0))
            if self.caller.fileno() in ready:  # the caller says nothing while a job runs: it has gone
                self._close()
                os._exit(0)
            if not ready:
                collected.error = "The time limit of the whole submission was reached."
                return
            data = os.read(read, 1 << 20)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                collected.add(json.loads(line))
            if lines and not collected.job.unseen:
                with contextlib.suppress(OSError):  # the caller has gone: seen above
                    send(self.caller, {"done": collected.done})
            if collected.complete:
                return  # nobody needs to wait until the judge has ended

    def _restart(self) -> None:
        if said := self.box.said():  # only the zygote itself writes there
            print(said, file=sys.stderr, flush=True)
        self.box.close()
        self.box = Box(self.forkserver, self.sandbox, self.scratch_mb)


def limit_memory() -> None:
    """What a submission sends must not fill the machine either."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _JUDGE_BYTES, mapped + _JUDGE_BYTES))
