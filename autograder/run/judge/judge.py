"""The judge's process for one submission: it runs the checks, and has the student's cells run in the sandbox.

It is forked from the warm server, so nothing of one submission reaches the next.

Two passes. The first has all cells and the visible parts of the checks: every word that a student reads comes from it,
and nothing hidden has reached the student's process yet. The second goes on with each check that has a hidden part and
has passed so far: it gives verdicts, in fixed words. After it nothing of the student's runs or is read.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import linecache
import os
import signal
import socket
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

from autograder.lab import quiz, trials
from autograder.lab.markers import BEGIN_HIDDEN, END_HIDDEN, only_hidden, without_hidden
from autograder.run.job import CellResult, CheckResult, Job, JobCell
from autograder.run.judge import errors, messages, policy
from autograder.run.judge.outputs import clean_count, clean_outputs, size_of
from autograder.run.judge.record import read
from autograder.run.limits import LIMITS_REACHED, MB
from autograder.run.wire import settings
from autograder.run.wire.ends import Stop, TimeUp
from autograder.run.wire.frames import Bounds
from autograder.run.wire.log import Log
from autograder.run.wire.peer import Peer, Shared
from autograder.run.wire.proxy import Proxy
from autograder.run.wire.randomness import State, seed, tell_of_seeds
from autograder.run.wire.settings import Settings

GIVEN = "__main__"  # where the given cells' names live
RECORDED = ("expectation", "student_error", "unusable", "limit")  # failures that can have a cause of their own
Code = dict[tuple[str, str, str], types.CodeType]  # by file name, source of the cell, and part of it


def compile_ahead(job: Job, code: Code) -> None:
    """Compile a job's own cells in the warm process: those of the next submission are the same.

    The judges that are forked from it also find the words of a check there, which its first failure needs.
    """
    from executing import Source

    if len(code) > 1000:
        code.clear()
    known = len(code)
    for cell in job.cells:
        filename = f"<{cell.kind} {cell.id}>"
        for part in {"check": ("visible", "hidden"), "given": ("whole",)}.get(cell.kind, ()):
            if (filename, cell.source, part) not in code:
                _put_lines(filename, cell.source)
                Source.for_filename(filename)
                with contextlib.suppress(SyntaxError, ValueError):  # the judge will tell
                    code[filename, cell.source, part] = _compiled(filename, cell.source, part)
    if len(code) > known:
        gc.freeze()  # a judge looks for garbage among its own objects


def _compiled(filename: str, source: str, part: str) -> types.CodeType:
    cut = {"whole": _without_magics, "visible": without_hidden, "hidden": only_hidden}[part]
    return compile(cut(source), filename, "exec", dont_inherit=True)


def run(job: Job, code: Code, sock: socket.socket, emit: Callable[[dict[str, Any]], None]) -> None:
    """Run all cells in order and emit each result as soon as it is known."""
    Run(job, code, sock, emit).all()


@dataclass
class _Waiting:
    """A check whose visible part has passed, and all with which the hidden part goes on."""

    cell: JobCell
    place: int
    names: dict[str, Any]
    cells: int  # how many had run
    log: Log
    seconds: float
    shared: Shared
    random: State
    settings: Settings


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
        tell_of_seeds(self.peer.seeded)
        self.peer.allow = partial(policy.check, self.peer, GIVEN)
        self.proxies = {name: Proxy(self.peer, None, name, "", name) for name in job.names}
        self.names.update(self.proxies)
        quiz.submitted_as = job.student
        self.where = ""
        self.check_until: float | None = None
        self.output_left = int(job.limits.all_output_mb * MB)
        self.cells = 0  # how many have run
        signal.signal(signal.SIGALRM, self._alarm)

    def all(self) -> None:
        seed(self.job.seed)
        waiting, place = list[_Waiting](), 0
        for cell in self.job.cells:
            self.where = f'the {"check" if cell.kind == "check" else "cell"} "{cell.id}"'
            if cell.kind == "check":
                result, waits = self.check(cell, place)
                self.emit({"check": result, "waits": waits is not None})
                if waits is not None and self._ask("keep", waits):
                    waiting.append(waits)
                place += 1
            else:
                self.emit({"cell": self.cell(cell)})
                self.cells += 1
                if cell.kind == "given":
                    self.given(cell)
        self.second(waiting)
        self.emit({"end": True})

    def second(self, waiting: list[_Waiting]) -> None:
        """The second pass. Each check finds all as its visible part has left it."""
        if not waiting or self.peer.broken:
            return
        self.emit({"hidden": True})
        for check in waiting:
            self.where = f'the check "{check.cell.id}"'
            if not self._ask("back", check):
                return
            self.peer.go_on(check.shared)
            settings.put(list(check.settings))
            self.peer.randomness.set(check.random, self.peer.randomness.get())
            result, _ = self.check(check.cell, check.place, check)
            self.emit({"check": result, "place": check.place})
            if self.peer.broken:
                return  # the others have no verdict

    def _ask(self, what: str, check: _Waiting) -> bool:
        """Have the student's process keep its names and what the check shares with it, or go back to them."""
        self.peer.until = time.monotonic() + 5
        try:
            self.peer.exchange({"do": what, "cells": check.cells, "check": check.place}, [])
        except (Stop, TimeUp):
            self._broke(False)
            return False
        return True

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
            most = min(int(self.job.limits.output_mb * MB), self.output_left)
            request = {"do": "exec", "id": cell.id, "source": cell.source, "output": most}
            self.peer.tell_settings(request)
            reply, _ = self.peer.exchange(request, [])
            self.peer.take_settings(reply, f'the cell "{cell.id}"')
            result.outputs = clean_outputs(reply.get("outputs"), most)
            self.output_left = max(0, self.output_left - size_of(result.outputs))
            result.seconds = float(reply.get("seconds", 0.0))
            result.error = str(reply.get("error", ""))[:2000]
            result.stopped_with = self._stopped_with(reply, len(cell.source.splitlines()))
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

    def _stopped_with(self, reply: dict[str, Any], lines: int) -> str:
        """The error with which a cell ended: its type, line and what it misses."""
        own, line, misses = (reply.get(key) for key in ("type", "line", "misses"))
        if type(own) is not str or not own.isidentifier() or len(own) > 60:
            return ""
        place = f" in line {line}" if type(line) is int and 0 < line <= lines else ""
        named = type(misses) is str and len(misses) <= 60 and all(map(str.isidentifier, misses.split(".")))
        return f"{own}{place}" + (f" ({misses})" if named else "")

    def _time(self, most: float, what: str, spent: float = 0) -> tuple[float, str]:
        """How many seconds it may still take, and which limit that is."""
        left = max(self.end - time.monotonic(), 0.01)
        if left < most - spent:
            return left, f"the whole submission ({self.job.limits.total_seconds:g} s)"
        return max(most - spent, 0.01), f"{what} ({most:g} s)"

    def _broke(self, before: bool) -> None:
        if not before:
            self.emit({"broken": {"where": self.where, "why": self.peer.broken}})

    def given(self, cell: JobCell) -> None:
        filename = f"<given {cell.id}>"
        self.names.update(self.proxies)
        try:
            exec(self._compile(filename, cell.source, "whole"), self.names)
        except Exception as error:
            self.emit({"error": f'The given cell "{cell.id}" failed in the judge: {type(error).__name__}: {error}'})
            raise SystemExit from None

    def _compile(self, filename: str, source: str, part: str) -> types.CodeType:
        _put_lines(filename, source)
        return self.code.get((filename, source, part)) or _compiled(filename, source, part)

    # Checks

    def check(self, cell: JobCell, place: int, first: _Waiting | None = None) -> tuple[CheckResult, _Waiting | None]:
        """Run a check here: its visible part, or the hidden one after the `first`. It passes if it comes to its end.

        Returns the verdict, or with what the hidden part is to go on.
        """
        result, hidden_left = CheckResult(cell.id), False
        filename = f"<check {cell.id}>"
        broken = bool(self.peer.broken)
        names, log, spent = (first.names, first.log, first.seconds) if first else (self._names(), Log(), 0.0)
        seconds, limit = self._time(self.job.limits.check_seconds, "this check", spent)
        if first is None:
            seed(seed_of(cell.id, self.job.seed))
            self.peer.random = None
        trials.standing = (first.cells if first else self.cells), place
        self.peer.last.label = ""
        self.peer.log = log
        started = time.monotonic()
        self.peer.until = self.check_until = started + seconds
        signal.setitimer(signal.ITIMER_REAL, seconds + 0.05, 0.25)
        error: BaseException | None = None
        try:
            try:
                hidden_left = self._execute(cell, filename, names, first is None)
            except BaseException as wrong:
                error = wrong
            self.check_until = None
        except TimeUp as late:  # the alarm rang just after the end
            self.check_until, error = None, error or late
        signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.monotonic() - started
        result.seconds = spent + took
        self.peer.log = None
        if error is None and self.peer.broken:  # something swallowed the news
            error = Stop(self.peer.broken)
        if error is None and took > seconds + self.peer.grace:
            error = TimeUp()
        if error is not None:
            messages.fill_in(result, error, filename, cell.source, self.peer.last, limit, self.job.limits)
            if self.peer.left_set and result.kind in RECORDED:
                result.message += f"\n  still set: {self.peer.left_set}"
            if result.kind in RECORDED:
                result.record = {"line": messages.line_of(error.__traceback__, filename), **read(log)}
            if first:
                messages.in_fixed_words(result, [c.source for c in self.job.cells if c.kind == "given" or c is cell])
            error.__traceback__ = None
        elif hidden_left:
            random = self.peer.randomness.get()
            shared = self._forget()
            return result, _Waiting(cell, place, names, self.cells, log, took, shared, random, settings.get())
        else:
            result.passed, result.kind = True, "passed"
        if type(answer := names.get("quiz_answer")) is quiz.QuizAnswer:
            self._quiz(result, answer)
        del error
        names.clear()
        if self.peer.broken:
            self._broke(broken)
        else:
            self._forget()
            self.peer.forget_first = True  # there, too
        return result, None

    def _names(self) -> dict[str, Any]:
        return {**self.names, **self.proxies}

    def _execute(self, cell: JobCell, filename: str, names: dict[str, Any], first: bool) -> bool:
        """Run the visible part, or in the second pass the hidden one; says whether that is left.

        The hidden part of a quiz needs nothing of the student's process, since the answer is here: it is run at once.
        """
        if first:
            exec(self._compile(filename, cell.source, "visible"), names)
            if BEGIN_HIDDEN not in cell.source and END_HIDDEN not in cell.source:
                return False
            if type(names.get("quiz_answer")) is not quiz.QuizAnswer:
                return True
            for name in self.proxies:
                names.pop(name, None)
        exec(self._compile(filename, cell.source, "hidden"), names)
        return False

    def _quiz(self, result: CheckResult, answer: quiz.QuizAnswer) -> None:
        """What a class's report counts, what a right answer hears, and partial credit."""
        result.answer, result.claimed, result.record = answer.text, answer.claimed, {}
        if result.passed or result.kind == "expectation":
            result.options, result.share, result.message = answer.chosen, answer.share, answer.said or result.message
            result.hint = "" if answer.said else result.hint

    def _forget(self) -> Shared:
        """What a check shared with the student's process ends with it."""
        self.peer.last.value = None
        return self.peer.forget()


def _put_lines(filename: str, source: str) -> None:
    """With the lines in linecache, `expect` finds the words of a call, and the markers of the hidden part."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


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
