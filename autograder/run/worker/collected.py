"""What a judge said so far, and what becomes of it where it stopped early."""

from __future__ import annotations

import os
import signal
from typing import Any

from autograder.run.job import CellResult, CheckResult, Job, Result

_NO_END = "Take out the line that ends it: nothing has to be restarted here"


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
        self.waiting = set[int]()  # checks whose hidden part is still to be run
        self.stopped_at = 0  # the cell at which the program stopped in the first pass
        self.again: Result | None = None  # of the cells above it
        self.hidden = False  # did hidden tests begin? From there on no word of the student's process is told
        self.not_theirs = False  # it was the sandbox that broke down
        self.cpu = self.seconds = self.waited = 0.0

    def add(self, line: dict[str, Any]) -> None:
        if "cell" in line:
            self.cells[self.places["cell"][len(self.cells)]] = CellResult(**_unicode(line["cell"]))
        elif "check" in line:
            place = self.places["check"][line.get("place", len(self.checks))]
            self.checks[place] = CheckResult(**_unicode(line["check"]))
            (self.waiting.add if line.get("waits") else self.waiting.discard)(place)
        elif "hidden" in line:
            self.hidden = True
        elif "broken" in line:
            self.broken, self.stopped_at = line["broken"], self.done
        elif "error" in line:
            self.error = line["error"]
        else:
            self.complete = True

    @property
    def done(self) -> int:
        """How many of the job's cells have been run; of a check, its visible part."""
        return len(self.cells) + len(self.checks)

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
        if self.again is not None:
            self.checks |= {i: self.again.checks[self.places["check"].index(i)] for i in self.waiting}
        stopped = {cell.id: cell.stopped_with for cell in self.cells.values() if cell.stopped_with}
        for check in self.checks.values():
            name = check.id.partition("-")[0]
            if check.kind == "missing" and name in stopped:
                check.stopped_with = stopped[name]
                check.message = f"{name} is not defined: its cell stopped with {check.stopped_with}."
        early = "" if self.complete and not self.broken and not self.error else reason
        cells = [self.cells[i] for i in self.places["cell"]]
        checks = [self.checks[i] for i in self.places["check"]]
        return Result(cells, checks, early, self.seconds, self.cpu, self.waited)

    def passes(self) -> Result:
        """The same of a run that nobody sees: which checks passed, and no word."""
        result = self.result()
        result.cells = [CellResult(cell.id) for cell in result.cells]
        result.checks = [c if c.kind == "internal" else CheckResult(c.id, c.passed, kind=c.kind) for c in result.checks]
        return result

    def _reason(self) -> str:
        if self.broken and self.hidden:
            return f"The program stopped in a hidden test of {self.broken['where']}. Nothing after that could be run."
        if self.broken:
            why = self.ended or self.broken["why"]
            return f"The program stopped at {self.broken['where']}: {why}. Nothing after that could be run."
        ended = "" if self.hidden else self.ended
        return self.error or (f"The judge ended early. {ended}".strip() if not self.complete else "")


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
        return f"it ended itself (exit code {os.WEXITSTATUS(status)}). {_NO_END}"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and end.get("cpu", 0) >= limits.cpu_seconds):
        return f"it used more than {limits.cpu_seconds} s of processor time"
    if number == signal.SIGKILL:
        return f"it was ended by SIGKILL, as os.kill(os.getpid(), 9) does. {_NO_END}"
    return f"it was ended by {signal.Signals(number).name}"
