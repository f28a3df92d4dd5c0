"""The warm trusted process: it owns the sandbox, and forks a judge for each submission.

A `Worker` starts it and speaks to it over one socket. It runs no code of a
submission; the judge that it forks runs checks only.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from typing import Any

from autograder.judge.job import CellResult, CheckResult, Job, Result, from_json, to_json
from autograder.sandbox import bwrap
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.confine import seccomp_file
from autograder.sandbox.zygote import THREADS

_SIZE = struct.Struct("<I")
_START_SECONDS = 120.0
_JUDGE_BYTES = 4 << 30  # what a judge may map beyond the warm process
_CODE = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; from autograder.sandbox.zygote import main; main()"
)


def send(sock: socket.socket, data: Any) -> None:
    text = to_json(data).encode()
    sock.sendall(_SIZE.pack(len(text)) + text)


def receive(sock: socket.socket) -> Any:
    """The next message, or None when the other side has gone."""
    size = _exactly(sock, _SIZE.size)
    text = _exactly(sock, _SIZE.unpack(size)[0]) if size is not None else None
    return None if text is None else json.loads(text)


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            more = sock.recv(min(size - len(data), 1 << 20))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return bytes(data)


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


class Server:
    """Runs one job after the other."""

    def __init__(self, caller: socket.socket, sandbox: str, scratch_mb: int) -> None:
        self.caller, self.sandbox, self.scratch_mb = caller, sandbox, scratch_mb
        self.zygote = ZygoteProcess(sandbox, scratch_mb)  # it warms up while this process does
        from autograder.sandbox import zygote

        zygote.warm_up()
        from autograder.judge.rehearse import rehearse

        rehearse("judge")
        zygote.assert_one_thread()
        gc.collect()
        gc.freeze()
        self.zygote.wait_ready()
        send(caller, {"ready": True})

    def loop(self) -> None:
        while (message := receive(self.caller)) is not None:
            result = self.run(from_json(message))
            with contextlib.suppress(OSError):  # the caller has gone
                send(self.caller, result)
        self.zygote.close()

    def run(self, job: Job) -> Result:
        started = time.monotonic()
        collected = Collected(job)
        try:
            self.zygote.wait_ready()
            self._run(job, collected)
            if late := collected.cells_after_a_check():
                self._run_unseeing(job, late, collected)
        except (OSError, RuntimeError) as error:
            collected.error = collected.error or f"The sandbox failed: {error}"
            self._restart()
        result = collected.result()
        result.seconds = time.monotonic() - started
        return result

    def _run(self, job: Job, collected: Collected) -> None:
        ours, theirs = socket.socketpair()
        self.zygote.cgroup.limit(job.limits.memory_mb)
        from autograder.judge.run import compile_ahead

        compile_ahead(job)
        self.zygote.say({"do": "start", "limits": job.limits, "seed": job.seed}, (theirs.fileno(),))
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
            if "started" not in self.zygote.answer(20):
                raise RuntimeError("no process could be started in it")
            self._collect(read, collected, time.monotonic() + job.limits.total_seconds + 10)
        finally:
            os.close(read)
            self.zygote.say({"do": "stop", "wait": 0.5 if collected.broken else 0})
            with contextlib.suppress(ProcessLookupError):
                os.kill(judge, signal.SIGKILL)
            os.waitpid(judge, 0)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            end = self.zygote.answer(15)
        collected.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + float(end.get("cpu", 0.0))
        out_of_memory = self.zygote.cgroup.killed()
        collected.ended = end_in_words(end, job, out_of_memory)
        collected.not_theirs = not end and not out_of_memory
        if not end or end["dirty"]:
            self._restart()

    def _run_unseeing(self, job: Job, late: list[int], collected: Collected) -> None:
        """Take the outputs of cells below a check from a run without checks: else they could tell of hidden tests."""
        alone = Job([cell for cell in job.cells if cell.kind != "check"], [], job.limits, job.seed)
        again = Collected(alone)
        self.zygote.wait_ready()
        self._run(alone, again)
        cells = dict(zip(collected.places["cell"], again.result().cells, strict=True))
        for i in late:
            ours = collected.cells[i].error if collected.cells[i].error_is_ours else ""
            collected.cells[i] = cells[i]
            cells[i].error = ours or cells[i].error
        collected.cpu += again.cpu

    def _become_judge(self, job: Job, sock: socket.socket, write: int) -> None:
        try:
            from autograder.judge.run import quiet, run

            self.caller.close()
            self.zygote.control.close()
            quiet()

            def emit(data: dict[str, Any]) -> None:
                view = memoryview(to_json(data).encode() + b"\n")
                while view:
                    view = view[os.write(write, view) :]

            try:
                run(job, sock, emit)
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
                self.zygote.close()
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
            if collected.complete:
                return  # nobody needs to wait until the judge has ended

    def _restart(self) -> None:
        if said := self.zygote.said():  # only the zygote itself writes there
            print(said, file=sys.stderr, flush=True)
        self.zygote.close()
        self.zygote = ZygoteProcess(self.sandbox, self.scratch_mb)


class Collected:
    """What the judge said so far; it becomes a result in which every cell and check occurs once."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cells: dict[int, CellResult] = {}
        self.checks: dict[int, CheckResult] = {}
        self.places = {
            "cell": [i for i, c in enumerate(job.cells) if c.kind != "check"],
            "check": [i for i, c in enumerate(job.cells) if c.kind == "check"],
        }
        self.error = self.ended = ""
        self.broken: dict[str, str] = {}
        self.complete = False
        self.not_theirs = False  # it was the sandbox that broke down
        self.cpu = 0.0

    def add(self, line: dict[str, Any]) -> None:
        if "cell" in line:
            self.cells[self.places["cell"][len(self.cells)]] = CellResult(**_unicode(line["cell"]))
        elif "check" in line:
            self.checks[self.places["check"][len(self.checks)]] = CheckResult(**_unicode(line["check"]))
        elif "broken" in line:
            self.broken = line["broken"]
        elif "error" in line:
            self.error = line["error"]
        else:
            self.complete = True

    def cells_after_a_check(self) -> list[int]:
        """The cells below the first check that showed something, where they ran at all."""
        first = min(self.places["check"], default=len(self.job.cells))
        return [i for i, cell in self.cells.items() if i > first and (cell.outputs or cell.error)]

    def result(self) -> Result:
        reason = self._reason()
        for i in self.places["cell"]:
            cell = self.cells.setdefault(i, CellResult(self.job.cells[i].id, error=reason))
            if self.broken and cell.error == self.broken["why"]:
                cell.error = reason
        for i in self.places["check"]:
            check = self.checks.setdefault(i, CheckResult(self.job.cells[i].id, message=reason))
            if check.kind == "dead":
                check.message = reason
                if self.not_theirs or (self.error and not self.broken):
                    check.kind = "internal"
        early = "" if self.complete and not self.broken and not self.error else reason
        cells = [self.cells[i] for i in self.places["cell"]]
        checks = [self.checks[i] for i in self.places["check"]]
        return Result(cells, checks, early, cpu_seconds=self.cpu)

    def _reason(self) -> str:
        if self.broken:
            why = self.ended or self.broken["why"]
            return f"The program stopped at {self.broken['where']}: {why}. Nothing after that could be run."
        return self.error or (f"The judge ended early. {self.ended}".strip() if not self.complete else "")


def limit_memory() -> None:
    """What a submission sends must not fill the machine either."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _JUDGE_BYTES, mapped + _JUDGE_BYTES))


def _unicode(data: Any) -> Any:
    """The same with each half of a surrogate pair replaced: no file can hold one."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, list):
        return [_unicode(item) for item in data]
    if isinstance(data, dict):
        return {_unicode(key): _unicode(value) for key, value in data.items()}
    return data


def end_in_words(end: dict[str, Any], job: Job, out_of_memory: bool) -> str:
    """How the student's process ended, where it ended before it was told to."""
    limits, status = job.limits, end.get("status")
    if not end or end.get("for") == "memory" or out_of_memory:
        return (
            f"it used more than {limits.memory_mb} MB of memory" if end or out_of_memory else "its sandbox broke down"
        )
    if status is None:
        return ""
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 77:  # it was the judge who hung up
        return ""
    if os.WIFEXITED(status):
        return f"it ended itself (exit code {os.WEXITSTATUS(status)})"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and end.get("cpu", 0) >= limits.cpu_seconds):
        return f"it used more than {limits.cpu_seconds} s of processor time"
    return f"it was ended by {signal.Signals(number).name}"


def main() -> None:
    """Descriptor of the caller's socket, sandbox mode and size of the scratch folder, as arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who closes the socket
    Server(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])).loop()
