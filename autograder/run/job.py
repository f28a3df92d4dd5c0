"""What a worker is given and what it gives back: plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.run.limits import Limits


@dataclass(frozen=True)
class JobCell:
    """One cell of a submission, in notebook order.

    `given` is provided code and runs on both sides, `student` runs in the sandbox, `check` runs in the judge alone.
    """

    kind: Literal["given", "student", "check"]
    id: str
    source: str


@dataclass(frozen=True)
class Job:
    """A submission to run. `exercises` are the names that the student defines and the checks use.

    `student` is who handed it in, where a check needs to know: a quiz has numbers of each student's own. `who` is then
    the name by which the notebook says whose it is. `unseen`: it runs in a sandbox of its own, and only passes come
    back.
    """

    cells: list[JobCell]
    exercises: list[str]
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    student: str = ""
    who: str = ""
    unseen: bool = False

    @property
    def names(self) -> list[str]:
        """What of the student's the checks may use."""
        return [*self.exercises, *filter(None, [self.who])]


@dataclass
class CellResult:
    """A given or student cell after its run: nbformat outputs, and in words what went wrong with it."""

    id: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""
    execution_count: int | None = None
    error_is_ours: bool = False  # a limit, or the end of the process: no words of the student's
    stopped_with: str = ""  # the type of its error, the line, and the name or module that was not there


@dataclass
class CheckResult:
    """A verdict. `passed` only where the check cell ran to its end in the judge.

    `hidden` says that the failure stood in the hidden part. `kind` is one of `passed`, `expectation`,
    `not_implemented`, `student_error`, `unusable`, `missing`, `limit`, `dead` and `internal`. `traceback` points into
    the student's cell, and is empty where it could tell of a hidden test. `record` says for a check that failed what
    its calls gave (`run.judge.record`): nobody reads it but `diagnosis`. Of a quiz, `answer` is a short text,
    `options` are those that it chose, `share` is its part of the points where it did not pass, and `claimed` is whose
    numbers it was given, as the notebook says, where it was handed in under another name.

    What the student reads is made of `message` (the facts), `hint` (the likely cause, as the check names it) and `says`
    (the sentence of the catalogue, where the mistake is a known one). `stopped_with` is that of the exercise's cell,
    where it ended before it defined the name. `wants_error`: what was expected is that the call raises one.

    `carried` is the part of the points that a check earns which passes with the reference in place of the exercises in
    `carried_from` (error carried forward).
    """

    id: str
    passed: bool = False
    message: str = ""
    hidden: bool = False
    seconds: float = 0.0
    kind: str = "dead"
    traceback: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    options: list[str] = field(default_factory=list)
    share: float = 0.0
    claimed: str = ""
    hint: str = ""
    says: str = ""
    stopped_with: str = ""
    wants_error: bool = False
    carried: float = 0.0
    carried_from: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """For the student: the catalogue's sentence first; where there is none, the check's guess last."""
        return in_words(self.message, self.hint, self.says)

    @property
    def credit(self) -> float:
        """The part of the points, from 0 to 1."""
        return 1.0 if self.passed else max(self.share, self.carried)


@dataclass
class Result:
    """All cells and checks of a job, each exactly once. `error` says why, where the run ended early.

    `waited`: for how many seconds the student's process was ready to run, and others had the processors.
    """

    cells: list[CellResult] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    waited: float = 0.0

    @property
    def crowded(self) -> bool:
        """Was a limit reached that might not be where nothing else runs?"""
        limit = any(check.kind == "limit" for check in self.checks) or any(cell.error_is_ours for cell in self.cells)
        return (limit or bool(self.error)) and self.waited > max(0.5, self.seconds / 10)

    @property
    def machine_failed(self) -> bool:
        """Is there a check without a verdict, through no fault of the submission?"""
        return any(check.kind == "internal" for check in self.checks)

    @property
    def passed(self) -> list[str]:
        """The ids of the checks that passed."""
        return [check.id for check in self.checks if check.passed]


def in_words(message: str, hint: str, says: str) -> str:
    """The parts of a verdict as one text."""
    guess = f"  likely cause: {hint}" if hint and not says else ""
    return "\n".join(filter(None, [says, message, guess]))


def machine_fault(job: Job, reason: str) -> Result:
    """No verdict on anything: it was the machine that failed, and not the submission."""
    cells = [CellResult(c.id, error=reason, error_is_ours=True) for c in job.cells if c.kind != "check"]
    checks = [CheckResult(c.id, message=reason, kind="internal") for c in job.cells if c.kind == "check"]
    return Result(cells, checks, reason)


def to_json(data: Any) -> str:
    """A job or a result, or plain data with such in it."""
    return json.dumps(data, default=vars)  # `dataclasses.asdict` would copy every output first


def from_json(data: dict[str, Any]) -> Job:
    cells = [JobCell(**c) for c in data["cells"]]
    return Job(**{**data, "cells": cells, "limits": Limits(**data["limits"])})


def result_from_json(data: dict[str, Any]) -> Result:
    cells = [CellResult(**c) for c in data.pop("cells")]
    return Result(cells, [CheckResult(**c) for c in data.pop("checks")], **data)
