"""What a worker is given and what it gives back: plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from autograder.sandbox.limits import Limits


@dataclass(frozen=True)
class Cell:
    """One cell of a submission, in notebook order.

    `given` is provided code and runs on both sides, `student` runs in the sandbox, `check` runs in the judge alone.
    """

    kind: Literal["given", "student", "check"]
    id: str
    source: str


@dataclass(frozen=True)
class Job:
    """A submission to run. `exercises` are the names that the student defines and the checks use."""

    cells: list[Cell]
    exercises: list[str]
    limits: Limits = field(default_factory=Limits)
    seed: int = 0


@dataclass
class CellResult:
    """A given or student cell after its run: nbformat outputs, and in words what went wrong with it."""

    id: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""
    execution_count: int | None = None
    error_is_ours: bool = False  # a limit, or the end of the process: no words of the student's


@dataclass
class CheckResult:
    """A verdict. `passed` only where the check cell ran to its end in the judge.

    `hidden` says that the failure stood in the hidden part. `kind` is one of `passed`, `expectation`,
    `not_implemented`, `student_error`, `unusable`, `missing`, `limit`, `dead` and `internal`. `traceback` points into
    the student's cell, and is empty where it could tell of a hidden test.
    """

    id: str
    passed: bool = False
    message: str = ""
    hidden: bool = False
    seconds: float = 0.0
    kind: str = "dead"
    traceback: str = ""


@dataclass
class Result:
    """All cells and checks of a job, each exactly once. `error` says why, where the run ended early."""

    cells: list[CellResult] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def passed(self) -> list[str]:
        """The ids of the checks that passed."""
        return [check.id for check in self.checks if check.passed]


def to_json(job: Job) -> dict[str, Any]:
    return asdict(job)


def from_json(data: dict[str, Any]) -> Job:
    return Job([Cell(**c) for c in data["cells"]], data["exercises"], Limits(**data["limits"]), data["seed"])


def result_from_json(data: dict[str, Any]) -> Result:
    cells = [CellResult(**c) for c in data.pop("cells")]
    return Result(cells, [CheckResult(**c) for c in data.pop("checks")], **data)
