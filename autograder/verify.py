"""Prove a stage: blank scores 0, the solution full marks, right answers are accepted, wrong ones are caught.

The answers are the course's own, so they run here in forks of one warm process, without a sandbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import linecache
import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from autograder.build import blank_source
from autograder.course import Stage
from autograder.stage import Answer, Cell, Content, read_answers, read_stage
from autograder.store import fingerprint, write_whole
from autograder.verdict import explain

SECONDS = 60  # for all checks of one answer


@dataclass(frozen=True)
class Outcome:
    """What one check said about one answer."""

    passed: bool
    message: str = ""
    error: str = ""  # the name of the exception
    hidden: bool = False  # it failed in the hidden part


@dataclass
class Proof:
    """What `verify` found out about a stage."""

    slug: str
    exercises: int
    max_score: float
    blank_score: float = 0
    solution_score: float = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0
    caught: int = 0
    caught_by_visible: int = 0
    diagnosed: int = 0
    redundant_checks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "exercises": self.exercises,
            "blank_score": self.blank_score,
            "solution_score": self.solution_score,
            "max_score": self.max_score,
            "right": {"total": self.right, "accepted": self.accepted},
            "wrong": {
                "total": self.wrong,
                "caught": self.caught,
                "caught_by_visible": self.caught_by_visible,
                "diagnosed": self.diagnosed,
            },
            "redundant_checks": self.redundant_checks,
            "problems": self.problems,
        }


Outcomes = dict[str, Outcome]


class Task(NamedTuple):
    """Something to run: `blank`, `solution` or `answer`, for one exercise."""

    what: str
    exercise: str
    answer: Answer | None = None
    seed: int = 0


def prove(
    stage: Stage, seeds: int = 3, jobs: int = 2, step: Callable[[int, int], None] = lambda done, total: None
) -> Proof:
    """Run the blank, the solution on `seeds` seeds, and every answer of the catalogue. `step`: how many are done."""
    content = read_stage(stage)
    answers = read_answers(stage, content)
    tasks = [Task("blank", exercise) for exercise in content.exercises]
    tasks += [Task("solution", exercise, None, seed) for seed in range(seeds) for exercise in content.exercises]
    tasks += [Task("answer", answer.exercise, answer) for answer in answers]
    results = list(run_tasks(content, tasks, jobs, step))

    proof = Proof(stage.slug, len(content.exercises), content.max_score)
    points = {cell.id: cell.points for cell in content.of_kind("check")}
    scores = dict.fromkeys(range(seeds), 0.0)
    caught_by: dict[str, set[str]] = {check: set() for check in points}  # check -> the wrong answers that fail it
    for task, outcomes in results:
        score = sum(points[check] for check, o in outcomes.items() if o.passed)
        failed = {check: o for check, o in outcomes.items() if not o.passed}
        if task.what == "blank":
            proof.blank_score += score
            proof.problems += _blank_problems(stage.place(stage.text), task.exercise, outcomes)
        elif task.what == "solution":
            scores[task.seed] += score
            proof.problems += [
                f'{stage.place(stage.text)}: the solution fails "{check}" with seed {task.seed}: {o.message}\n'
                "  Mend the check or the solution."
                for check, o in failed.items()
            ]
        elif task.answer is not None:
            answer, place = task.answer, f"{stage.place(stage.answers)}:{task.answer.line}"
            if answer.right:
                proof.right += 1
                proof.accepted += not failed
                proof.problems += [
                    f'{place}: the right answer "{answer.name}" fails "{check}": {o.message}\n'
                    "  Mend the check, or move the answer to the wrong ones."
                    for check, o in failed.items()
                ]
            else:
                proof.wrong += 1
                proof.caught += bool(failed)
                proof.caught_by_visible += any(not o.hidden for o in failed.values())
                for check in failed:
                    caught_by[check].add(answer.name)
                if not failed:
                    fact = f'the wrong answer "{answer.name}" of "{answer.exercise}" passes every check.'
                    proof.problems.append(f"{place}: {fact} Add a check that it fails.")
    proof.solution_score = min(scores.values(), default=0)
    proof.redundant_checks = _redundant(content, caught_by)
    proof.diagnosed = _count_distinct(results)
    return proof


def _blank_problems(place: str, exercise: str, outcomes: Outcomes) -> list[str]:
    """A blank exercise fails each of its checks with its own NotImplementedError, and with nothing else."""
    problems = []
    for check, outcome in outcomes.items():
        if outcome.error != "NotImplementedError" or not outcome.message.startswith(exercise + ":"):
            said = "passes" if outcome.passed else f"fails with {outcome.error}: {outcome.message}"
            fix = f"Let the check call {exercise} first."
            problems.append(f'{place}: a blank "{exercise}" {said} in the check "{check}". {fix}')
    return problems


def _redundant(content: Content, caught_by: dict[str, set[str]]) -> list[str]:
    """Checks that catch no wrong answer which the exercise's other checks let through."""
    redundant = []
    for exercise in content.exercises:
        checks = content.checks(exercise)
        for cell in checks:
            others = {name for other in checks if other is not cell for name in caught_by[other.id]}
            if not caught_by[cell.id] - others:
                redundant.append(cell.id)
    return redundant


def catalogue(
    stage: Stage, content: Content, exercises: list[str], jobs: int = 2
) -> dict[str, list[tuple[Answer, Outcomes]]]:
    """What the checks say about each wrong answer of these exercises. It is kept until stage or answers change."""
    wrong = [a for a in read_answers(stage, content) if not a.right]
    digest = hashlib.sha256(stage.text.read_bytes() + stage.answers.read_bytes() + fingerprint().encode()).hexdigest()
    path = stage.course.verdicts / f"catalogue-{digest}.json"
    known: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    tasks = [Task("answer", a.exercise, a) for a in wrong if a.exercise in exercises and a.exercise not in known]
    for task, outcomes in run_tasks(content, tasks, jobs) if tasks else ():
        assert task.answer is not None
        told = {check: asdict(outcome) for check, outcome in outcomes.items()}
        known.setdefault(task.exercise, {})[task.answer.name] = told
    if tasks:
        write_whole(path, json.dumps(known))
    return {
        exercise: [
            (a, {check: Outcome(**o) for check, o in known[exercise][a.name].items()})
            for a in wrong
            if a.exercise == exercise
        ]
        for exercise in exercises
    }


def signature(outcomes: Outcomes) -> str:
    """What tells one wrong answer from another: which checks fail, and with which message."""
    return json.dumps({check: o.message for check, o in outcomes.items() if not o.passed}, sort_keys=True)


def _count_distinct(results: list[tuple[Task, Outcomes]]) -> int:
    """Wrong answers that no other wrong answer of the exercise looks like: these can be told by name."""
    wrong = [(t.exercise, signature(o)) for t, o in results if t.answer is not None and not t.answer.right]
    return sum(1 for key in wrong if wrong.count(key) == 1 and key[1] != signature({}))


# Running: one warm process defines the stage, and forks where an exercise begins.


_stage_state: dict[str, Any] = {}


def run_tasks(
    content: Content, tasks: list[Task], jobs: int, step: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[tuple[Task, Outcomes]]:
    import matplotlib
    import torch
    import torch._dynamo  # the first optimiser would import it in each fork, 1 s each time

    torch.set_num_threads(1)
    matplotlib.use("agg")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in content.of_kind("given", "exercise"):
            _execute(cell.source, cell.id, namespace)
    _stage_state.update(content=content, namespace=namespace)
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        for index, outcomes in pool.imap(_run_one, list(enumerate(tasks))):
            step(index + 1, len(tasks))
            yield tasks[index], outcomes


def _run_one(numbered: tuple[int, Task]) -> tuple[int, Outcomes]:
    index, (what, exercise, answer, seed) = numbered
    content, namespace = _stage_state["content"], _stage_state["namespace"]
    _seed_everything(seed)
    cell = next(c for c in content.of_kind("exercise") if c.id == exercise)
    source = answer.source if answer else blank_source(cell.source, exercise) if what == "blank" else cell.source
    signal.signal(signal.SIGALRM, _too_long)
    outcomes: Outcomes = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            _execute(source, exercise, namespace)
            broken = None
        except Exception as error:
            broken = Outcome(False, f"{type(error).__name__}: {error}", type(error).__name__)
        for check in content.checks(exercise):
            signal.alarm(SECONDS)
            outcomes[check.id] = broken or run_check(check, dict(namespace))
            signal.alarm(0)
    return index, outcomes


def run_check(check: Cell, namespace: dict[str, Any]) -> Outcome:
    """Run one check cell in this namespace."""
    try:
        _execute(check.source, check.id, namespace)
    except Exception as error:
        line = next(
            (f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == _file(check.id)), 0
        )
        hidden = line in check.hidden_lines
        return Outcome(False, explain(type(error).__name__, str(error), hidden), type(error).__name__, hidden)
    return Outcome(True)


def _file(name: str) -> str:
    return f"<{name}>"


def _execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    linecache.cache[_file(name)] = (len(source), None, source.splitlines(keepends=True), _file(name))
    exec(compile(source, _file(name), "exec"), namespace)


def _seed_everything(seed: int) -> None:
    """Start the random state afresh; seed 1, 2, … shift every later `torch.manual_seed` as well."""
    import random

    import numpy
    import torch

    original = torch.manual_seed
    if seed:
        torch.manual_seed = lambda value: original(int(value) + 7919 * seed)  # type: ignore[assignment]
    original(seed)
    random.seed(seed)
    numpy.random.seed(seed)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"took longer than {SECONDS} s")
