"""The judge comes to the verdict that the same check comes to in one process, as in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.build.release import blank_source
from autograder.course.layout import Course, Stage
from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.compare import recognize
from autograder.lab.quiz import STUDENT
from autograder.proof.diagnosed import SHARE
from autograder.proof.recall import Kept
from autograder.proof.tasks import Recall, Task
from autograder.proof.trials import run_tasks
from autograder.run.job import Job, JobCell
from autograder.run.limits import read_limits
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_answers, read_stage

from .conftest import ROOT

SANDBOX = "bwrap" if available()[0] else "none"
STAGES = Course(ROOT).stages()
SLOW = ("05", "06", "09", "10", "11", "12")  # it takes ten seconds and more


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(SANDBOX) as worker:
        yield worker


def in_the_judge(worker: Worker, content: Content, exercise: str, source: str) -> dict[str, bool]:
    """This answer to one exercise, solutions to the others, and the exercise's checks."""
    cells = []
    for cell in content.of_kind("given", "exercise", "check"):
        if cell.kind == "check":
            if cell.exercise == exercise:
                cells.append(JobCell("check", cell.id, cell.source))
        else:
            kind = "given" if cell.kind == "given" else "student"
            cells.append(JobCell(kind, cell.id, source if cell.id == exercise else cell.source))
    who = STUDENT if any(quiz.draw for quiz in content.quizzes) else ""
    job = Job(cells, content.exercises, read_limits(content.stage), who=who)
    return {check.id: check.passed for check in worker.run(job).checks}


def known_of(stage: Stage) -> Recall:
    """What the last proof of the course found out."""
    return Kept(stage.course, stage.slug).read()


def compare(worker: Worker, stage: Stage, answers: list[Answer]) -> None:
    content = read_stage(stage)
    tasks = [Task("answer", answer.exercise, answer) for answer in answers]
    for task, outcomes in run_tasks(content, tasks, jobs=2, recall=known_of(stage)):
        assert task.answer is not None
        expected = {check: outcome.passed for check, outcome in outcomes.items()}
        assert in_the_judge(worker, content, task.exercise, task.answer.source) == expected, task.answer.name


@pytest.mark.parametrize(
    "stage", [pytest.param(s, marks=pytest.mark.slow if s.slug[:2] in SLOW else [], id=s.slug) for s in STAGES]
)
def test_solution_and_blank_get_the_same_verdict(worker: Worker, stage: Stage) -> None:
    """Every check passes for the solution; every check fails for a blank exercise."""
    content = read_stage(stage)
    for cell in content.of_kind("exercise"):
        assert set(in_the_judge(worker, content, cell.id, cell.source).values()) == {True}, cell.id
        assert set(in_the_judge(worker, content, cell.id, blank_source(cell.source, cell.id)).values()) == {False}


@pytest.mark.parametrize("stage", [s for s in STAGES if s.slug[:2] not in SLOW], ids=lambda stage: stage.slug)
def test_some_answers_get_the_same_verdict(worker: Worker, stage: Stage) -> None:
    """Of each exercise the first right answer and the first wrong ones. The next test takes all, of all stages."""
    answers = read_answers(stage, read_stage(stage))
    chosen = []
    for exercise in read_stage(stage).exercises:
        own = [a for a in answers if a.exercise == exercise]
        chosen += [a for a in own if a.right][:1] + [a for a in own if not a.right][:2]
    compare(worker, stage, chosen)


# Each answer trains a network: of these every third wrong one is taken, and the first right one.
PROJECTS = tuple(f"{nth}_project" for nth in ("first", "second", "third", "fourth", "fifth"))
TRAINS = ("recall_accuracy", "train", "train_translator", *PROJECTS)


def some_of_what_trains(answers: list[Answer]) -> list[Answer]:
    groups: dict[tuple[str, bool], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.exercise, answer.right), []).append(answer)
    return [
        answer
        for (exercise, right), own in groups.items()
        for answer in (own if exercise not in TRAINS else own[:1] if right else own[::3])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.slug)
def test_every_answer_of_the_catalogue_gets_the_same_verdict_and_its_own_sentence(worker: Worker, stage: Stage) -> None:
    """The wrong answers of an exercise run in one process, as for the diagnosis; the right ones as a student's."""
    content = read_stage(stage)
    catalogue = Catalogue(content, read_limits(stage), worker.run)
    catalogue.wrong = some_of_what_trains(catalogue.wrong)
    known = {(a.exercise, a.name): checks for name in content.exercises for a, checks in catalogue.known(name)}
    tasks = [Task("answer", answer.exercise, answer) for answer in some_of_what_trains(read_answers(stage, content))]
    for task, outcomes in run_tasks(content, tasks, jobs=1, recall=known_of(stage)):
        answer = task.answer
        assert answer is not None
        if answer.right:
            judged = in_the_judge(worker, content, answer.exercise, answer.source)
        else:
            judged = {check: result.passed for check, result in known[answer.exercise, answer.name].items()}
        assert judged == {check: outcome.passed for check, outcome in outcomes.items()}, answer.name
    missed = []
    for answer in catalogue.wrong:
        found = recognize(known[answer.exercise, answer.name], catalogue.known(answer.exercise))
        if not found or found[0].name != answer.name:
            missed.append((answer.exercise, answer.name, [m.name for m in found]))
    assert len(missed) <= (1 - SHARE) * len(catalogue.wrong), missed
