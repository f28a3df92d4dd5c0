"""The student's process: runs cells, and does what the judge asks with what they defined.

All here is for the honest student's sake: code of a submission can change any of it, and gains nothing, since the judge
believes only plain values.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import linecache
import os
import signal
import socket
import time
from types import FrameType
from typing import Any

from autograder.run.limits import MB, Limits
from autograder.run.sandbox.shell import OUTPUTS, Shell
from autograder.run.wire.frames import Bounds, Closed, MissingName, receive_frame
from autograder.run.wire.peer import Peer, Shared

_REACHED = {
    errno.EAGAIN: "processes",
    errno.EMFILE: "open_files",
    errno.EFBIG: "file_mb",
    errno.ENOSPC: "scratch_mb",
    errno.ENOMEM: "memory_mb",
}
HUNG_UP = 77  # the exit code that says that the judge needs nothing more


class TimeLimit(BaseException):
    """The time of this cell or check is over."""


class _Alarm:
    """Interrupts the student's code when its time is over, and again if that was ignored."""

    def __init__(self) -> None:
        self.on = False
        self.peer: Peer | None = None

    def ring(self, number: int, frame: FrameType | None) -> None:
        if self.on and self.peer is not None and not self.peer.in_io:
            raise TimeLimit("the time limit was reached")

    def timed(self, message: dict[str, Any]) -> contextlib.AbstractContextManager[Any]:
        if self.on or "seconds" not in message:
            return contextlib.nullcontext()
        signal.setitimer(signal.ITIMER_REAL, float(message["seconds"]), 0.25)
        return self

    def __enter__(self) -> None:
        self.on = True

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be silent, unless this is the end of a call inside a call."""
        if self.peer is None or self.peer.serving <= 1:
            self.on = False
            signal.setitimer(signal.ITIMER_REAL, 0)


def serve(sock: socket.socket, shell: Shell, limits: Limits) -> None:
    """Answer the judge until it hangs up."""
    alarm = _Alarm()
    signal.signal(signal.SIGALRM, alarm.ring)
    bounds = Bounds(body=limits.value_mb * MB)

    kept = dict[int, dict[str, Any]]()  # the names after so many cells
    shared = dict[int, Shared]()  # by check

    def other(message: dict[str, Any]) -> dict[str, Any]:
        if message["do"] == "keep":
            if message["cells"] not in kept:
                kept[message["cells"]] = dict(shell.user_ns)
            shared[message["check"]] = peer.forget()
            _close_figures()
            return {}
        if message["do"] == "back":
            shell.user_ns.clear()
            shell.user_ns.update(kept[message["cells"]])
            peer.go_on(shared.pop(message["check"]))
            return {}
        started = time.perf_counter()
        outputs: list[dict[str, Any]] = []
        error: BaseException | None = None
        number = None
        try:
            peer.in_io = False
            with alarm.timed(message):
                outputs, error, number = shell.run(message["id"], message["source"], message["output"])
        except TimeLimit as late:  # it came after the cell itself
            outputs, error = OUTPUTS.finish(), late
        peer.in_io = True
        alarm.stop()
        told = describe(error, shell.compile.cells) if error is not None else {}
        shown = f"{told['type']}: {told['message']}"[:2000] if told else ""
        late_by = isinstance(error, TimeLimit)
        return {
            "outputs": outputs,
            "error": shown,
            "type": told.get("type", ""),
            "kinds": told.get("kinds", []),
            "limit": told.get("limit", ""),
            "line": next((f[2] for f in reversed(told.get("frames", [])) if f[:2] == [True, message["id"]]), 0)
            or getattr(error, "lineno", 0),  # of an error that IPython finds before it compiles
            "misses": error.name if isinstance(error, ImportError | NameError) else "",
            "late": late_by,
            "number": number,
            "seconds": time.perf_counter() - started,
        }

    peer = Peer(
        sock,
        names=shell.user_ns,
        error=lambda error: describe(error, shell.compile.cells),
        raise_error=_raise,
        timed=alarm.timed,
        disarm=alarm.stop,
        serve_other=other,
        incoming=bounds,
        outgoing=bounds,
    )
    alarm.peer = peer
    with shell.in_a_loop():
        _answer(sock, peer, bounds)


def _answer(sock: socket.socket, peer: Peer, bounds: Bounds) -> None:
    peer.in_io = True  # but for the time of a call or a cell, no alarm may interrupt
    while True:
        try:
            message, body = receive_frame(sock, bounds, None)
        except Closed:
            return
        if message.pop("forget", False):
            peer.forget()
            _close_figures()
        OUTPUTS.start(0)  # what a checked function prints is nobody's output
        try:
            peer.serve(message, body)
        except Closed:  # the judge hung up before it had the answer
            return


def _raise(error: dict[str, Any], label: str) -> None:
    """An error of one of the judge's objects, as the student's code sees it."""
    if error.get("type") == "TimeUp":
        raise TimeLimit("the time limit was reached")
    kind = getattr(builtins, str(error.get("type")), RuntimeError)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = RuntimeError
    raise kind(error.get("message", ""))


def _close_figures() -> None:
    with contextlib.suppress(Exception):
        from matplotlib import pyplot

        pyplot.close("all")


def describe(error: BaseException, cells: dict[str, str]) -> dict[str, Any]:
    """An error as plain data: its type and the types it descends from, its text, and where in the cells it happened."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if vars(builtins).get(kind.__name__) is kind]
    try:
        message = str(error)
    except Exception:
        message = ""
    plain = [a for a in error.args if type(a) in (str, int, float, bool, type(None))]
    return {
        "type": type(error).__name__,
        "kinds": kinds,
        "message": message[:2000],
        "args": [a[:2000] if type(a) is str else a for a in plain[:3]] if len(plain) == len(error.args) else None,
        "frames": _frames(error, cells),
        "missing": isinstance(error, MissingName),
        "limit": limit_of(error, message),
    }


def limit_of(error: BaseException, message: str) -> str:
    """The name of the limit that an error tells of, or nothing. Where it has no number, only others' words tell."""
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in message:  # torch's own words
        return "memory_mb"
    if isinstance(error, RuntimeError) and message == "can't start new thread":  # Python's own
        return "processes"
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, RuntimeError):  # torch's own, of its shared memory
        number = next((n for n in _REACHED if f"{os.strerror(n)} ({n})" in message), None)
    return _REACHED.get(number, "") if number is not None else ""


def _frames(error: BaseException, cells: dict[str, str]) -> list[list[Any]]:
    """The way from the student's first line to the error: cell (or file), line, function, text."""
    if isinstance(error, SyntaxError) and error.filename in cells:
        return [[True, cells[error.filename], error.lineno or 0, "<module>", (error.text or "").strip()[:200]]]
    found: list[list[Any]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        cell = cells.get(code.co_filename)
        if found or cell is not None:
            place = cell if cell is not None else os.path.basename(code.co_filename)
            text = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            found.append([cell is not None, place, trace.tb_lineno, code.co_name, text[:200]])
        trace = trace.tb_next
    return found[:5] + found[5:][-10:]
