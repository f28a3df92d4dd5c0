"""Grade a class: run each submission, or take its result from the store, and collect marks and messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from autograder.build import build_source
from autograder.course import CourseError, Stage
from autograder.diagnosis import Catalogue
from autograder.execute import Blueprint, choose_sandbox, job, prepare, run_cached, untouched, write_back
from autograder.gradebook import Attempt, Book
from autograder.judge.job import STOPPED, Job, Result
from autograder.recover import FOREIGN
from autograder.sandbox import Worker
from autograder.stage import Content, read_stage
from autograder.store import Store, write_whole
from autograder.submissions import Submission, read_notebook, submissions


@dataclass
class CheckResult:
    """The points of one check. Of a quiz also the answer, as a short text, and the options that it chose."""

    score: float
    max: float
    message: str = ""
    answer: str = ""
    options: list[str] = field(default_factory=list)

    @property
    def lost(self) -> bool:
        return self.score < self.max


@dataclass
class StudentResult:
    """One submission's verdict: `graded`, `repaired` (with what was repaired) or `failed` (with the reason)."""

    status: str
    reason: str = ""
    checks: dict[str, CheckResult] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)  # by exercise: the wrong answer's name
    says: dict[str, str] = field(default_factory=dict)  # and its sentence
    blank: set[str] = field(default_factory=set)  # exercises that are as they were handed out
    seconds: float = 0.0  # that it ran, now or when its result was stored

    @property
    def score(self) -> float:
        return sum(check.score for check in self.checks.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "score": _number(self.score),
            "status": self.status,
            "reason": self.reason,
            "checks": {
                name: {"score": _number(c.score), "max": _number(c.max), "message": c.message}
                | ({"answer": c.answer, "options": c.options} if c.answer else {})
                for name, c in self.checks.items()
            },
            "misconceptions": self.misconceptions,
            "says": self.says,
        }


@dataclass
class ClassResult:
    """A graded class. `changed` is of a dry run: each mark that would change, before and after."""

    stage: str
    max_score: float
    students: dict[str, StudentResult]
    sandbox: str = "bwrap"
    changed: dict[str, tuple[float | None, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "max_score": _number(self.max_score),
            "sandbox": self.sandbox,
            "students": {name: result.as_json() for name, result in sorted(self.students.items())},
        }

    def write_json(self, path: Path) -> None:
        write_whole(path, json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n")


def grade(
    stage: Stage,
    path: Path,
    sandbox: str = "bwrap",
    jobs: int = 1,
    step: Callable[[int, int], None] = lambda done, total: None,
    dry_run: bool = False,
) -> ClassResult:
    """Grade every submission in `path`; `step` is told how many are done, of how many.

    Whatever stops this in the middle, the same call goes on where it was. With `dry_run` the gradebook stays as it is.

    Raises:
        CourseError: where nothing can be graded, or a mark cannot be written.
    """
    content = read_stage(stage)
    build_source(stage)
    sandbox = choose_sandbox(sandbox)
    blueprint = Blueprint(stage)
    book = Book(stage)
    book.register()
    results: dict[str, StudentResult] = {}
    with submissions(stage, path) as found, Workers(min(jobs, len(found)), sandbox) as workers:
        store = Store(stage.course.verdicts, sandbox)
        catalogue = Catalogue(content, blueprint.limits, lambda work: run_cached(work, store, workers))
        step(0, len(found))
        for attempt in workers.each(lambda s: _attempt(s, blueprint, store, workers, catalogue), found):
            if not dry_run:
                book.save(attempt)
            results[attempt.submission.student] = _verdict(attempt, content)
            step(len(results), len(found))
    result = ClassResult(stage.slug, content.max_score, dict(sorted(results.items())), sandbox)
    if dry_run:
        marks = {name: {i: c.score for i, c in r.checks.items()} for name, r in result.students.items()}
        result.changed = book.changed(marks)
    book.close()
    return result


def _attempt(
    submission: Submission, blueprint: Blueprint, store: Store, workers: Workers, catalogue: Catalogue
) -> Attempt:
    """Read, repair, run and diagnose one submission. What is wrong with it is told, not raised."""
    try:
        return _run(submission, blueprint, store, workers, catalogue)
    except CourseError:
        raise
    except Exception as error:  # a mistake of ours: one submission must not stop the class
        submission.problem = f"The grader stumbled over this notebook ({type(error).__name__}). Please report it."
        return Attempt(submission)


def _run(submission: Submission, blueprint: Blueprint, store: Store, workers: Workers, catalogue: Catalogue) -> Attempt:
    if submission.path is None or submission.problem:
        return Attempt(submission)
    notebook, note, submission.problem = read_notebook(submission.path)
    if notebook is None:
        return Attempt(submission)
    notes = prepare(notebook, blueprint)
    if FOREIGN in notes:
        slug = blueprint.stage.slug
        submission.problem = f"This is not the notebook of {slug}: it has none of its cells. Hand in {slug}.ipynb."
        return Attempt(submission)
    submission.note = " ".join(filter(None, [submission.note, note, *notes]))
    result = run_cached(job(notebook, blueprint, submission.student), store, workers)
    misconceptions = catalogue.explain(result.checks)
    write_back(notebook, blueprint, result, store.sandbox)
    return Attempt(submission, notebook, result, untouched(notebook), misconceptions)


def _verdict(attempt: Attempt, content: Content) -> StudentResult:
    submission, checks = attempt.submission, content.of_kind("check")
    if attempt.result is None:
        return StudentResult("failed", submission.problem, {c.id: CheckResult(0, c.points) for c in checks})
    told = {check.id: check for check in attempt.result.checks}
    marks = {}
    for cell in checks:
        check = told[cell.id]
        message = "" if check.passed else check.message
        marks[cell.id] = CheckResult(cell.points * check.credit, cell.points, message, check.answer, check.options)
    first = {exercise: found[0] for exercise, found in attempt.misconceptions.items()}
    return StudentResult(
        "repaired" if submission.note else "graded",
        submission.note,
        marks,
        {exercise: misconception.name for exercise, misconception in first.items()},
        {exercise: misconception.says for exercise, misconception in first.items()},
        attempt.blank,
        attempt.result.seconds,
    )


class Workers:
    """Some warm workers; a job goes to one that is free."""

    def __init__(self, count: int, sandbox: str) -> None:
        self.all = [Worker(sandbox) for _ in range(max(count, 1))]
        self.free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.all:
            self.free.put(worker)

    def __enter__(self) -> Workers:
        self.threads = ThreadPoolExecutor(len(self.all))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # Ctrl-C or an error: nobody waits for what is still running
            self.threads.shutdown(wait=False, cancel_futures=True)
        for worker in self.all:
            worker.close()
        self.threads.shutdown()

    def run(self, work: Job) -> Result:
        worker = self.free.get()
        try:
            return worker.run(work)
        finally:
            self.free.put(worker)

    def each(self, function: Callable[[Submission], Attempt], found: list[Submission]) -> Iterator[Attempt]:
        """The results, as soon as each is there."""
        waiting = {self.threads.submit(function, submission) for submission in found}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)


def broken_below(content: Content, result: StudentResult, exercise: str) -> list[str]:
    """The exercises that this one builds on and that lost points."""
    below = next(cell.builds_on for cell in content.of_kind("exercise") if cell.id == exercise)
    return [name for name in below if any(result.checks[c.id].lost for c in content.checks(name))]


def stopped_with(result: StudentResult, exercise: str) -> str:
    """The error with which the cell of this exercise stopped before it defined the name; nothing where it did not."""
    words = f"{exercise} {STOPPED} "
    messages = (check.message for check in result.checks.values())
    return next((m.removeprefix(words).rstrip(".") for m in messages if m.startswith(words)), "")


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
