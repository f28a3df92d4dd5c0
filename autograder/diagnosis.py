"""Which known mistake is it? The calls of the checks that failed, compared with those of the catalogue's wrong answers.

The wrong answers run as a student's would, in the same judge, once per version of a stage; the store keeps what their
calls gave (`judge.record`). To diagnose a submission is then to compare records: where a wrong answer gave the same in
every check, its sentence is what the student reads. Nothing of this reaches the student's process.

Each check that fails in both has to agree: the same failure at the same line, after the same answers. Numbers may
differ by a thousandth of their row's length, since the same mistake in other words is computed in another order.
Where several wrong answers agree, the more specific one is meant: it agrees in more of the checks that failed, and
then it is the nearer one, which also agrees in the details (`judge.record`) and in the last digits.
"""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.judge.job import Cell, CheckResult, Job, Result
from autograder.sandbox.limits import Limits
from autograder.stage import Answer, Content, read_answers
from autograder.store import Store

NEAR = 1e-3  # numbers agree: their difference, in lengths of the row
SHARE = 0.95  # of a stage's wrong answers have to be diagnosed as themselves
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


class Catalogue:
    """What came out for the wrong answers of a stage. They run when they are first asked for."""

    def __init__(self, content: Content, limits: Limits, run: Callable[[Job], Result]) -> None:
        """`run` runs a job, or takes its result from a store.

        Raises:
            CourseError: with every fault of the stage's answers.
        """
        self.content, self.limits, self.run = content, limits, run
        there = content.stage.answers.is_file()
        self.wrong = [a for a in read_answers(content.stage, content, complete=False) if not a.right] if there else []
        self._known: dict[str, Known] = {}
        self._locks = {exercise: threading.Lock() for exercise in content.exercises}

    def known(self, exercise: str) -> Known:
        with self._locks[exercise]:
            if exercise not in self._known:
                self._known[exercise] = self._run(exercise, [a for a in self.wrong if a.exercise == exercise])
            return self._known[exercise]

    def find(self, results: list[CheckResult]) -> dict[str, list[Misconception]]:
        """The misconceptions of each exercise that has some, the one that explains most first.

        An exercise that builds on one which lost points is left out: the mistake may be there.
        """
        checks = {check.id: check for check in results}
        failing = {check.id.partition("-")[0] for check in results if not check.passed}
        found = {}
        for cell in self.content.of_kind("exercise"):
            own = {c.id: checks[c.id] for c in self.content.checks(cell.id) if c.id in checks}
            if any(check.record for check in own.values()) and not failing & set(cell.builds_on):
                found[cell.id] = recognize(own, self.known(cell.id))
        return {exercise: misconceptions for exercise, misconceptions in found.items() if misconceptions}

    def explain(self, results: list[CheckResult]) -> dict[str, list[Misconception]]:
        """The same; and from now on the messages of the checks begin with the sentences of the wrong answers."""
        found = self.find(results)
        says = {check: m.says for misconceptions in found.values() for m in misconceptions for check in m.checks}
        for check in results:
            if check.id in says:
                check.message = _with_sentence(check.message, says[check.id])
        return found

    def _run(self, exercise: str, answers: list[Answer]) -> Known:
        """All answers in one process, one after the other; those of which the process died once more, alone."""
        if not answers:
            return []
        checks = [cell.id for cell in self.content.checks(exercise)]
        results = iter(self.run(self._job(exercise, answers)).checks)
        known = [(answer, {check: next(results) for check in checks}) for answer in answers]
        if len(answers) == 1:
            return known
        return [
            self._run(exercise, [answer])[0]
            if any(c.kind in ("dead", "internal") for c in own.values())
            else (answer, own)
            for answer, own in known
        ]

    def _job(self, exercise: str, answers: list[Answer]) -> Job:
        """The provided cells, the solutions of the other exercises, then each answer with its checks below it."""
        cells = []
        for cell in self.content.of_kind("given", "exercise"):
            if cell.id != exercise:
                cells.append(Cell("given" if cell.kind == "given" else "student", cell.id, cell.source))
        for answer in answers:
            cells.append(Cell("student", "none", f"if {exercise!r} in globals():\n    del {exercise}"))
            cells.append(Cell("student", exercise, answer.source))
            cells += [Cell("check", check.id, check.source) for check in self.content.checks(exercise)]
        many, limits = len(answers), self.limits
        limits = replace(
            limits,
            total_seconds=limits.total_seconds * many,
            cpu_seconds=limits.cpu_seconds * many,
            calls=limits.calls * many,
        )
        return Job(cells, self.content.exercises, limits)


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


def distance(one: CheckResult, other: CheckResult) -> float | None:
    """How far two failures of the same check are from each other; None where they are not the same mistake."""
    a, b = one.record, other.record
    if not a or not b or one.kind != other.kind or a["line"] != b["line"]:
        return None
    alike = _words(one.message) == _words(other.message)
    far = _steps(a, b, _refusal(one.message))
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


def _refusal(message: str) -> bool:
    """Was this an expectation that a call raises an error?"""
    return re.search(r"^  expected:  [A-Z]\w*(Error|Exception|Iteration)\b", message, re.MULTILINE) is not None


def _words(message: str) -> str:
    """A message without places in the student's code, and its numbers to three digits."""
    message = re.sub(r" \((line \d+ of|in) the cell \"[^\"]*\"\)", "", message)
    return re.sub(r"-?\d+\.\d+(e[+-]?\d+)?", lambda number: f"{float(number[0]):.3g}", message)


def _with_sentence(message: str, says: str) -> str:
    """The sentence first, in place of the guess at a likely cause."""
    return "\n".join([says, *(line for line in message.split("\n") if not line.startswith("  likely cause:"))])


Unclear = Mapping[tuple[str, str], Collection[str]]  # (slug, exercise) -> names of wrong answers


def prove(contents: Sequence[Content], jobs: int, unclear: Unclear) -> list[tuple[int, list[str]]]:
    """Of each stage: how many of these wrong answers are diagnosed as themselves, and which cannot be, in words.

    Those whose failures already read like no other's need not be asked about.
    """
    from autograder.execute import read_limits, run_cached
    from autograder.grade import Workers

    if not unclear:
        return [(0, []) for _ in contents]
    with Workers(min(jobs, len(unclear)), "none") as workers:  # the course's own answers
        pending = []
        for content in contents:
            store = Store(content.stage.course.verdicts, "none")
            run = functools.partial(run_cached, store=store, worker=workers)
            made = Catalogue(content, read_limits(content.stage), run)
            slug = content.stage.slug
            made.wrong = [a for a in made.wrong if a.name in unclear.get((slug, a.exercise), ())]
            exercises = dict.fromkeys(answer.exercise for answer in made.wrong)
            pending.append([(exercise, workers.threads.submit(made.known, exercise)) for exercise in exercises])
        told = [
            [_recognized(content, exercise, future.result()) for exercise, future in parts]
            for content, parts in zip(contents, pending, strict=True)
        ]
    return [(sum(count for count, _ in parts), [fact for _, facts in parts for fact in facts]) for parts in told]


def _recognized(content: Content, exercise: str, known: Known) -> tuple[int, list[str]]:
    """Of one exercise: how many wrong answers are diagnosed as themselves, and in words which ones cannot be."""
    count, facts = 0, []
    for answer, checks in known:
        place = f"{content.stage.place(content.stage.answers)}:{answer.line}"
        failed = {check for check, result in checks.items() if not result.passed}
        same = [
            a for part, _, far, a, _ in _fits(checks, failed, known) if not part and far <= SAME and a is not answer
        ]
        found = recognize(checks, known)
        count += bool(found) and found[0].answer is answer and not same
        for other in same:
            if answer.line < other.line:
                fact = (
                    f'the wrong answers "{answer.name}" and "{other.name}" of "{exercise}" give the same in every check'
                )
                fix = "Add a check that tells them apart, or make one answer of the two."
                facts.append(f"{place}: {fact}, as far as the first failure of each. {fix}")
        if failed and not found:
            kinds = ", ".join(sorted({checks[check].kind for check in failed}))
            fact = (
                f'the wrong answer "{answer.name}" of "{exercise}" cannot be recognized: its checks end with {kinds}.'
            )
            facts.append(f"{place}: {fact} Let it come to an expectation.")
    return count, facts
