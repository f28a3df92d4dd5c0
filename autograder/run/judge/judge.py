"""The judge's process for one submission: it runs the checks, and has the student's cells run in the sandbox.

It is forked from the warm server, so nothing of one submission reaches the next.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import linecache
import os
import signal
import socket
import sys
import time
import types
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from autograder.lab import quiz
from autograder.run.job import CellResult, CheckResult, Job, JobCell
from autograder.run.judge import errors, messages, policy
from autograder.run.judge.outputs import clean_count, clean_outputs
from autograder.run.judge.record import read
from autograder.run.limits import LIMITS_REACHED, MB
from autograder.run.wire.ends import Stop, TimeUp
from autograder.run.wire.frames import Bounds
from autograder.run.wire.log import Log
from autograder.run.wire.peer import Peer
from autograder.run.wire.proxy import Proxy
from autograder.run.wire.randomness import seed

GIVEN = "__main__"  # where the given cells' names live
RECORDED = ("expectation", "student_error", "unusable", "limit")  # failures that can have a cause of their own
Code = dict[tuple[str, str], types.CodeType]  # by source and file name


def compile_ahead(job: Job, code: Code) -> None:
    """Compile a job's own cells in the warm process: those of the next submission are the same."""
    if len(code) > 1000:
        code.clear()
    for cell in job.cells:
        key = (_without_magics(cell.source) if cell.kind == "given" else cell.source, f"<{cell.kind} {cell.id}>")
        if cell.kind != "student" and key not in code:
            with contextlib.suppress(SyntaxError, ValueError):  # the judge will tell
                code[key] = compile(*key, "exec", dont_inherit=True)


def run(job: Job, code: Code, sock: socket.socket, emit: Callable[[dict[str, Any]], None]) -> None:
    """Run all cells in order and emit each result as soon as it is known."""
    Run(job, code, sock, emit).all()


class Run:
    """One submission. `code` are the cells that are compiled already."""

    def __init__(self, job: Job, code: Code, sock: socket.socket, emit: Callable[[dict[str, Any]], None]) -> None:
        self.job, self.code, self.emit = job, code, emit
        self.end = time.monotonic() + job.limits.total_seconds
        module = types.ModuleType(GIVEN)
        sys.modules[GIVEN] = module
        self.names = module.__dict__
        lines = {c.id: len(c.source.splitlines()) for c in job.cells if c.kind != "check"}
        bounds = Bounds(body=job.limits.value_mb * MB)
        self.peer = Peer(
            sock,
            given_name=self.given_name,
            raise_error=partial(errors.throw, lines),
            incoming=bounds,
            outgoing=bounds,
            max_calls=job.limits.calls,
            max_handles=job.limits.handles,
        )
        self.peer.allow = partial(policy.check, self.peer, GIVEN)
        self.proxies = {name: Proxy(self.peer, None, name, "", name) for name in job.names}
        self.names.update(self.proxies)
        quiz.submitted_as = job.student
        self.where = ""
        self.stopped: dict[str, str] = {}  # student cells that ended with an error, and its type
        self.check_until: float | None = None
        self.checked = False  # has a check run?
        signal.signal(signal.SIGALRM, self._alarm)

    def all(self) -> None:
        seed(self.job.seed)
        for cell in self.job.cells:
            self.where = f'the {"check" if cell.kind == "check" else "cell"} "{cell.id}"'
            if cell.kind == "check":
                self.emit({"check": self.check(cell)})
                self.checked = True
            else:
                self.emit({"cell": self.cell(cell)})
                if cell.kind == "given":
                    self.given(cell)
        self.emit({"end": True})

    def given_name(self, x: Any) -> str | None:
        """Classes of given cells exist on both sides, and are passed by name."""
        if not isinstance(x, type) or x.__module__ != GIVEN:
            return None
        name: str = x.__name__
        return name if self.names.get(name) is x else None

    def _alarm(self, number: int, frame: FrameType | None) -> None:
        if self.check_until is not None and time.monotonic() >= self.check_until and not self.peer.in_io:
            raise TimeUp

    # Cells

    def cell(self, cell: JobCell) -> CellResult:
        """Have a cell run in the sandbox."""
        result = CellResult(cell.id)
        seconds, limit = self._time(self.job.limits.cell_seconds, "a cell")
        self.peer.until = time.monotonic() + seconds
        self.peer.random = None  # the cell draws numbers of which the judge knows nothing
        broken = bool(self.peer.broken)
        try:
            reply, _ = self.peer.exchange({"do": "exec", "id": cell.id, "source": cell.source}, [])
            result.outputs = clean_outputs(reply.get("outputs"), int(self.job.limits.output_mb * MB))
            result.seconds = float(reply.get("seconds", 0.0))
            result.error = str(reply.get("error", ""))[:2000]
            if kind := self._error_type(reply):
                self.stopped[cell.id] = kind
            result.execution_count = clean_count(reply.get("number"))
            if (reached := reply.get("limit")) in LIMITS_REACHED:
                text = f'The limit of {self.job.limits.in_words(str(reached))} was reached in the cell "{cell.id}".\n'
                result.outputs.append({"output_type": "stream", "name": "stderr", "text": text})
            if reply.get("late") is True:
                result.error_is_ours = True
                result.error = f'The time limit of {limit} was reached in the cell "{cell.id}".'
        except Stop as stop:
            self._broke(broken)
            result.error, result.error_is_ours = str(stop), True
        except (TypeError, ValueError, OverflowError, RecursionError):
            self._broke(broken)
            result.error, result.error_is_ours = str(self.peer._break("it sent outputs that are none")), True
        return result

    def _error_type(self, reply: dict[str, Any]) -> str:
        """The type of the error with which a cell ended: its own name, while nothing of a hidden test was passed.

        After that the name could be made of it, and the nearest built-in type has to do.
        """
        kinds, own = reply.get("kinds"), reply.get("type")
        if type(kinds) is not list or not kinds or type(own) is not str:
            return ""
        if not self.checked and own.isidentifier() and len(own) <= 60:
            return own
        return next((k for k in kinds if type(k) is str and vars(builtins).get(k) is not None), "")

    def _time(self, most: float, what: str) -> tuple[float, str]:
        """How many seconds it may take, and which limit that is."""
        left = max(self.end - time.monotonic(), 0.01)
        if left < most:
            return left, f"the whole submission ({self.job.limits.total_seconds:g} s)"
        return most, f"{what} ({most:g} s)"

    def _broke(self, before: bool) -> None:
        if not before:
            self.emit({"broken": {"where": self.where, "why": self.peer.broken}})

    def given(self, cell: JobCell) -> None:
        filename = f"<given {cell.id}>"
        self.names.update(self.proxies)
        try:
            exec(self._compile(_without_magics(cell.source), filename), self.names)
        except Exception as error:
            self.emit({"error": f'The given cell "{cell.id}" failed in the judge: {type(error).__name__}: {error}'})
            raise SystemExit from None

    def _compile(self, source: str, filename: str) -> types.CodeType:
        # With its lines in linecache, `expect` finds the words of a call, and the markers of the hidden part.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        return self.code.get((source, filename)) or compile(source, filename, "exec", dont_inherit=True)

    # Checks

    def check(self, cell: JobCell) -> CheckResult:
        """Run a check here. It passes if it comes to its end, and in no other way."""
        result = CheckResult(cell.id)
        filename = f"<check {cell.id}>"
        broken = bool(self.peer.broken)
        seconds, limit = self._time(self.job.limits.check_seconds, "this check")
        seed(seed_of(cell.id, self.job.seed))
        self.peer.random = None
        self.peer.last.label = ""
        self.peer.log = log = Log()
        started = time.monotonic()
        self.peer.until = self.check_until = started + seconds
        signal.setitimer(signal.ITIMER_REAL, seconds + 0.05, 0.25)
        names = {**self.names, **self.proxies}
        error: BaseException | None = None
        try:
            try:
                exec(self._compile(cell.source, filename), names)
            except BaseException as wrong:
                error = wrong
            self.check_until = None
        except TimeUp as late:  # the alarm rang just after the end
            self.check_until, error = None, error or late
        signal.setitimer(signal.ITIMER_REAL, 0)
        result.seconds = time.monotonic() - started
        self.peer.log = None
        if error is None and self.peer.broken:  # something swallowed the news
            error = Stop(self.peer.broken)
        if error is None and result.seconds > seconds + self.peer.grace:
            error = TimeUp()
        if error is None:
            result.passed, result.kind = True, "passed"
        else:
            messages.fill_in(result, error, filename, cell.source, self.peer.last, limit, self.job.limits)
            if result.kind in RECORDED:
                result.record = {"line": messages.line_of(error.__traceback__, filename), **read(log)}
            name = cell.id.partition("-")[0]
            if result.kind == "missing" and name in self.stopped:
                result.stopped_with = self.stopped[name]
                result.message = f"{name} is not defined: its cell stopped with {result.stopped_with}."
            error.__traceback__ = None
        if type(answer := names.get("quiz_answer")) is quiz.QuizAnswer:
            self._quiz(result, answer)
        del error
        names.clear()
        if self.peer.broken:
            self._broke(broken)
        else:
            self._forget()
        return result

    def _quiz(self, result: CheckResult, answer: quiz.QuizAnswer) -> None:
        """What a class's report counts, what a right answer hears, and partial credit."""
        result.answer, result.record = answer.text, {}
        if result.passed or result.kind == "expectation":
            result.options, result.share, result.message = answer.chosen, answer.share, answer.said or result.message
            result.hint = "" if answer.said else result.hint

    def _forget(self) -> None:
        """What a check shared with the student's process ends with it."""
        self.peer.last.value = None
        self.peer.forget()
        self.peer.forget_first = True


def seed_of(check_id: str, seed: int) -> int:
    """A check's own seed: the same wherever and after whatever it runs."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{check_id}".encode()).digest()[:4], "little")


def _without_magics(source: str) -> str:
    """Lines of IPython's own (`%matplotlib inline`, `!ls`) mean nothing here; the numbering of lines stays."""
    if messages.parses(source):
        return source
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())


def quiet() -> None:
    """What checks and given cells print is for nobody."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdout = sys.stderr = os.fdopen(os.dup(null), "w")
