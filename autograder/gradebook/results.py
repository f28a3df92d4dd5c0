"""What grading found: of a check, a student, a class. Plain data, from the judge to the pages."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.course.files import as_number, write_whole
from autograder.diagnosis.compare import Misconception
from autograder.intake.find import Submission
from autograder.run.job import CheckResult, Result, in_words
from autograder.stage.model import Content


@dataclass
class Mark:
    """The points of one check, in nbgrader's words, and its verdict (`run.job.CheckResult` explains the fields)."""

    auto_score: float
    max: float
    message: str = ""
    answer: str = ""
    options: list[str] = field(default_factory=list)
    claimed: str = ""
    kind: str = ""
    hint: str = ""
    says: str = ""
    stopped_with: str = ""
    auto_carried: float = 0.0  # points of the automatic score that are an error carried forward
    manual_score: float | None = None  # by a teacher's hand, in place of the automatic one
    extra_credit: float | None = None  # by a teacher's hand, in place of the automatic one
    extra: float = 0.0  # points that it can give beyond `max`
    auto_extra: float = 0.0  # those that it gave

    @property
    def score(self) -> float:
        return (self.auto_score if self.manual_score is None else self.manual_score) + self.given_extra

    @property
    def given_extra(self) -> float:
        return self.auto_extra if self.extra_credit is None else self.extra_credit

    @property
    def carried(self) -> float:
        by_hand = self.extra_credit if self.extra else self.manual_score
        return self.auto_carried if by_hand is None else 0.0

    @property
    def by_hand(self) -> bool:
        return self.manual_score is not None or self.extra_credit is not None

    @property
    def lost(self) -> bool:
        """Of the maximum. What is extra, nobody loses."""
        return self.score < self.max

    @property
    def full(self) -> bool:
        """Has it given all that it can?"""
        return self.score >= self.max + self.extra

    @property
    def words(self) -> str:
        return in_words(self.message, self.hint, self.says)

    @staticmethod
    def of(check: CheckResult, points: float, extra: float = 0.0) -> Mark:
        message = "" if check.passed else check.message
        told = check.answer, check.options, check.claimed, check.kind, check.hint, check.says, check.stopped_with
        carried = (points + extra) * check.carried if check.credit > (1.0 if check.passed else check.share) else 0.0
        earned = extra * check.credit
        return Mark(points * check.credit, points, message, *told, carried, extra=extra, auto_extra=earned)


@dataclass
class StudentResult:
    """One submission's verdict.

    `graded`, `repaired` (with what was repaired) or `failed` (with the reason); `ungraded` where the machine
    failed: then nobody knows, and an earlier mark stays. `no_page` says why a feedback page is missing.
    """

    status: str
    reason: str = ""
    checks: dict[str, Mark] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)  # by exercise: the wrong answer's name
    says: dict[str, str] = field(default_factory=dict)  # and its sentence
    blank: set[str] = field(default_factory=set)  # exercises that are as they were handed out
    seconds: float = 0.0  # that it ran, now or when its result was stored
    no_page: str = ""
    sandbox: str = "bwrap"
    late_penalty: float = 0.0  # points, as nbgrader takes them off
    days_late: int = 0  # started days after the due date
    free_days: int = 0  # of them, or more: those that cost this student nothing
    number: str = ""  # of the student in the learning system that the hand-in came from, for this assignment

    @property
    def ran(self) -> bool:
        """Could it be run? Of others there are no answers to count."""
        return self.status in ("graded", "repaired")

    @property
    def has_marks(self) -> bool:
        """Are there points to count? Also where it could not be run, and a teacher gave some."""
        return self.ran or bool(self.by_hand)

    @property
    def by_hand(self) -> list[str]:
        """The checks with a mark or extra credit by a teacher."""
        return [name for name, check in self.checks.items() if check.by_hand]

    @property
    def claimed(self) -> list[str]:
        """Who the notebook says it is of, where that decides on numbers and is another name than the student's here."""
        return list(dict.fromkeys(check.claimed for check in self.checks.values() if check.claimed))

    @property
    def score(self) -> float:
        return max(0.0, sum(check.score for check in self.checks.values()) - self.late_penalty)

    @property
    def carried(self) -> float:
        return sum(check.carried for check in self.checks.values())

    @property
    def earned_extra(self) -> float:
        """The points of the score that are of extra checks."""
        return sum(check.score for check in self.checks.values() if check.extra)

    def take(self, marks: Marks, automatic: bool = False) -> None:
        """From now on counts what a teacher gave in the gradebook, and what is taken off there.

        With `automatic` its automatic marks do so, too: nbgrader's own commands may have changed them.
        """
        self.late_penalty, self.days_late, self.free_days = marks.late_penalty, marks.days_late, marks.free_days
        for name, check in self.checks.items():
            check.manual_score, check.extra_credit = marks.by_hand.get(name, (None, None))
            if automatic and name in marks.scores:
                check.auto_extra = marks.auto_extra.get(name, 0.0)
                if check.manual_score is None:
                    check.auto_score = marks.scores[name][0] - check.given_extra

    def leave(self, before: StudentResult, only: Collection[str]) -> None:
        """What is not of these exercises stays as it was."""
        self.checks = {n: c if _exercise(n) in only else before.checks.get(n, c) for n, c in self.checks.items()}
        for now, then in (self.misconceptions, before.misconceptions), (self.says, before.says):
            ours = {exercise: words for exercise, words in now.items() if exercise in only}
            theirs = {exercise: words for exercise, words in then.items() if exercise not in only}
            now.clear()
            now.update(theirs | ours)

    def as_json(self) -> dict[str, Any]:
        return {
            "score": None if self.status == "ungraded" else as_number(self.score),
            "carried_forward": as_number(self.carried),
            **({"extra": as_number(self.earned_extra)} if self.earned_extra else {}),
            "status": self.status,
            "reason": self.reason,
            "checks": {
                name: {"score": as_number(c.score), "max": as_number(c.max), "message": c.words}
                | {"kind": c.kind, "hint": c.hint, "says": c.says, "stopped_with": c.stopped_with}
                | ({"max_extra": as_number(c.extra)} if c.extra else {})
                | ({"carried_forward": as_number(c.carried)} if c.carried else {})
                | ({"auto_score": as_number(c.auto_score + c.auto_extra)} if c.by_hand else {})
                | ({"manual_score": as_number(c.manual_score)} if c.manual_score is not None else {})
                | ({"extra_credit": as_number(c.extra_credit)} if c.extra_credit is not None else {})
                | ({"answer": c.answer, "options": c.options} if c.answer else {})
                for name, c in self.checks.items()
            },
            "misconceptions": self.misconceptions,
            "says": self.says,
            **({"claimed": self.claimed} if self.claimed else {}),
            **({"late_penalty": as_number(self.late_penalty)} if self.late_penalty else {}),
            **({"days_late": self.days_late, "free_days": self.free_days} if self.days_late else {}),
        }


@dataclass
class ClassResult:
    """A graded class. `changed` is of a dry run: each mark that would change, before and after."""

    stage: str
    max_score: float
    students: dict[str, StudentResult]
    sandbox: str = "bwrap"
    changed: dict[str, tuple[float | None, float]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # who stands in students.csv, and handed in nothing

    @property
    def complete(self) -> bool:
        """Has every submission a verdict, and a page where there should be one?"""
        return not any(r.status == "ungraded" or r.no_page for r in self.students.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "max_score": as_number(self.max_score),
            "sandbox": self.sandbox,
            "students": {name: result.as_json() for name, result in sorted(self.students.items())},
            **({"missing": self.missing} if self.missing else {}),
        }

    def write_json(self, path: Path) -> None:
        write_whole(path, json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n")


@dataclass
class Attempt:
    """A submission that was run, or one that could not be.

    Then `submission.problem` says why; or `machine_fault`, where it was not the submission's.
    """

    submission: Submission
    notebook: NotebookNode | None = None
    result: Result | None = None
    blank: set[str] = field(default_factory=set)  # exercises that are as they were handed out
    misconceptions: dict[str, list[Misconception]] = field(default_factory=dict)  # by exercise
    machine_fault: str = ""
    only: set[str] = field(default_factory=set)  # exercises to be marked, where the marks of all others stay

    def marks(self, check: str) -> bool:
        """Is this check to be marked?"""
        return not self.only or _exercise(check) in self.only


@dataclass
class Marks:
    """What the gradebook says of one submission, marks and comments by hand included."""

    student: str
    score: float = 0.0
    max_score: float = 0.0
    late_penalty: float = 0.0
    days_late: int = 0
    free_days: int = 0
    scores: dict[str, tuple[float, float]] = field(default_factory=dict)  # by check: reached and possible
    by_hand: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)  # by check: mark, extra credit
    auto_extra: dict[str, float] = field(default_factory=dict)  # by check: extra credit that grading gave last
    comments: dict[str, str] = field(default_factory=dict)  # by exercise
    due: datetime | None = None  # this student's due date, in UTC as nbgrader keeps it


def late_in_words(told: Marks | StudentResult) -> str:
    """`2 days late, 1 free: 3 points off`; nothing where it came in time."""
    off = f"{told.late_penalty:g} point{'' if told.late_penalty == 1 else 's'} off"
    if not told.days_late:  # by hand, or nbgrader's own commands know more
        return f"{off} for handing in late" if told.late_penalty else ""
    days = f"{told.days_late} day{'' if told.days_late == 1 else 's'} late"
    return days + f", {told.free_days} free" * bool(told.free_days) + f": {off}" * bool(told.late_penalty)


def _exercise(check: str) -> str:
    return check.partition("-")[0]


def broken_below(content: Content, result: StudentResult, exercise: str) -> list[str]:
    """The exercises that this one builds on and that lost points, or that are extra and not done."""
    below = next(cell.builds_on for cell in content.of_kind("exercise") if cell.id == exercise)
    marks = result.checks  # of an earlier version of the stage a check may be missing
    own, extras = {name: [marks[c.id] for c in content.checks(name) if c.id in marks] for name in below}, content.extras
    return [name for name in below if any(mark.lost or (name in extras and not mark.full) for mark in own[name])]


def stopped_with(result: StudentResult, exercise: str) -> str:
    """The error with which the cell of this exercise stopped before it defined the name; nothing where it did not."""
    own = (check.stopped_with for name, check in result.checks.items() if _exercise(name) == exercise)
    return next(filter(None, own), "")
