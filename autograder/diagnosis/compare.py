"""Which known mistake is it? The calls of the checks that failed, compared with those of the catalogue's wrong answers.

The wrong answers run as a student's would, in the same judge, once per version of a stage; the store keeps what their
calls gave (`run.judge.record`). To diagnose a submission is then to compare records: where a wrong answer gave the same
in every check, its sentence is what the student reads. Nothing of this reaches the student's process.

Each check that fails in both has to agree: the same failure at the same line, after the same answers. Numbers may
differ by a thousandth of their row's length, since the same mistake in other words is computed in another order.
Where several wrong answers agree, the more specific one is meant: it agrees in more of the checks that failed, and
then it is the nearer one, which also agrees in the details (`run.judge.record`) and in the last digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.run.job import CheckResult
from autograder.stage.model import Answer

NEAR = 1e-3  # numbers agree: their difference, in lengths of the row
SAME = 1e-5  # and here they are the same, but for rounding
_NOISE = 2e-7  # what float32 leaves of a zero
_DETAIL = 0.1  # a detail of an answer differs: a dtype, the text of an error
_UNCHECKED = 1.0  # a call that had to be refused, and ended by accident with the same error elsewhere
_DRAWN = 100.0  # other numbers were drawn at random, so only the failure itself can be compared


@dataclass(frozen=True)
class Misconception:
    """A wrong answer of the catalogue, and the checks in which a submission gave the same."""

    answer: Answer
    checks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.answer.name

    @property
    def says(self) -> str:
        return self.answer.says


Checks = dict[str, CheckResult]  # by id
Known = list[tuple[Answer, Checks]]  # the wrong answers of one exercise, and what came out for them


def recognize(checks: Checks, known: Known) -> list[Misconception]:
    """The wrong answer that gave the same in all checks of an exercise.

    Where there is none, the code may have two mistakes: then those whose own failures are all there, as far as they
    explain different checks.
    """
    failed = {check for check, result in checks.items() if not result.passed}
    fits = sorted(_fits(checks, failed, known), key=lambda fit: fit[:3])
    misconceptions: list[Misconception] = []
    for i, (part, count, far, answer, own) in enumerate(fits):
        if not own <= failed:
            continue  # another one explains these checks already
        # By the failure alone nothing is told apart from what fails in the same way.
        if far >= _DRAWN and any(
            rival[:2] == (part, count) and rival[4] & own for rival in fits if rival is not fits[i]
        ):
            continue
        misconceptions.append(Misconception(answer, tuple(check for check in checks if check in own)))
        failed = failed - own
    return misconceptions


def _fits(checks: Checks, failed: set[str], known: Known) -> Iterator[tuple[bool, int, float, Answer, set[str]]]:
    """Of each wrong answer that agrees: only in part?, minus in how many checks, how far, which one, which checks."""
    for answer, others in known:
        own = {check for check, result in others.items() if not result.passed}
        if own and own <= failed:
            far = [distance(checks[check], others[check]) for check in own]
            if all(d is not None for d in far):
                yield own != failed, -len(own), sum(d for d in far if d is not None), answer, own


def same_mistake(one: Checks, other: Checks) -> bool:
    """Did two submissions go wrong in the same way: the same checks of an exercise failed, and gave the same?"""
    failed = {check for check, result in one.items() if not result.passed}
    if not failed or failed != {check for check, result in other.items() if not result.passed}:
        return False
    far = [distance(one[check], other[check]) for check in failed]
    return all(d is not None and d < _DRAWN for d in far)


def distance(one: CheckResult, other: CheckResult) -> float | None:
    """How far two failures of the same check are from each other; None where they are not the same mistake."""
    a, b = one.record, other.record
    if not a or not b or one.kind != other.kind or a["line"] != b["line"]:
        return None
    alike = (_general(one.message), _general(one.hint)) == (_general(other.message), _general(other.hint))
    nothing = not (a["steps"] or b["steps"])  # was asked of either in this check: a project trained in an earlier one
    if not alike and (nothing or (a["cut"] and b["cut"])):  # then what is said is all that is known to the end
        return None
    far = _steps(a, b, one.wants_error)
    back = _steps({"steps": a["back"], "cut": a["cut"]}, {"steps": b["back"], "cut": b["cut"]})
    if far is not None and back is None and alike:  # the objects of the check were used in another way
        back = _DETAIL
    if far is None or back is None:
        return _DRAWN if alike and a["random"] and b["random"] else None
    return far + back


def _steps(a: dict[str, Any], b: dict[str, Any], refusal: bool = False) -> float | None:
    """The sum over all answers, or None where two do not agree."""
    total = 0.0
    if len(a["steps"]) != len(b["steps"]) and not (a["cut"] and b["cut"]):
        return None
    pairs = list(zip(a["steps"], b["steps"], strict=False))
    for i, (x, y) in enumerate(pairs):
        far = _step(x, y)
        if far is None and refusal and i == len(pairs) - 1 and _accident(x) and _accident(x) == _accident(y):
            far = _UNCHECKED
        if far is None:
            return None
        total += far
    return total


def _accident(step: list[Any]) -> str:
    """The type of an error that no `raise` of the student's own gave, or nothing."""
    what, *kind = str(step[0]).split(" ")
    return kind[0] if what == "error" else ""


def _step(a: list[Any], b: list[Any]) -> float | None:
    if a[0] != b[0] or len(a[1]) != len(b[1]):
        return None
    total = 0.0 if a[2] == b[2] else _DETAIL
    for x, y in zip(a[1], b[1], strict=True):
        far = _numbers(x, y) if x[0] == "n" else _row(x, y)
        if far is None:
            return None
        total += far
    return total


def _numbers(a: list[Any], b: list[Any]) -> float | None:
    """Python's own numbers: whole ones must be the same."""
    if len(a) != len(b) or a[0] != b[0]:
        return None
    worst = 0.0
    for x, y in zip(a[1:], b[1:], strict=True):
        if x != y and isinstance(x, int) and isinstance(y, int):
            return None
        worst = max(worst, _relative(abs(x - y), max(abs(x), abs(y)), 1))
    return worst if worst < NEAR else None


def _row(a: list[Any], b: list[Any]) -> float | None:
    if len(a) != len(b) or a[0] != b[0]:
        return None
    if len(a) == a[0] + 1:
        off, length = math.dist(a[1:], b[1:]), max(math.hypot(*a[1:]), math.hypot(*b[1:]))
    else:
        off, length = max(abs(x - y) for x, y in zip(a[1:], b[1:], strict=True)), max(a[1], b[1])
    far = _relative(off, length, a[0])
    return far if far < NEAR else None


def _relative(off: float, length: float, count: int) -> float:
    far = off / length if off > _NOISE * math.sqrt(count) else 0.0
    return far if far > SAME else 0.0


def _general(message: str) -> str:
    """A message without places in the student's code, and its numbers to three digits."""
    message = re.sub(r" \((line \d+ of|in) the cell \"[^\"]*\"\)", "", message)
    return re.sub(r"-?\d+\.\d+(e[+-]?\d+)?", lambda number: f"{float(number[0]):.3g}", message)
