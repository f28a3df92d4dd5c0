"""Prove a stage: blank scores 0, the solution full marks, right answers are accepted, wrong ones are caught.

How they are run, stands in `proof.trials`; what runs at the same time, in `proof.beside`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.course.faults import CourseError
from autograder.course.files import as_number
from autograder.course.layout import Stage
from autograder.proof.beside import Beside, Read
from autograder.proof.diagnosed import SHARE, unclear
from autograder.proof.quizzes import QuizProof
from autograder.proof.recall import Kept
from autograder.proof.tasks import Outcomes, Recall, Task, Trial
from autograder.proof.trials import World, run_all
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_answers, read_stage

LEAST_RIGHT, LEAST_WRONG = 2, 6  # answers of an exercise, so that it counts as proven


@dataclass
class Proof:
    """What `verify` found out about a stage."""

    slug: str
    exercises: int
    max_score: float
    blank_score: float = 0
    solution_score: float = 0
    max_extra: float = 0  # beyond max_score; `blank_score` has both
    solution_extra: float = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0
    caught: int = 0
    caught_by_visible: int = 0
    diagnosed: int = 0
    quizzes: int = 0
    quiz_answers: int = 0  # tried beside the keys
    redundant_checks: list[str] = field(default_factory=list)
    few: list[str] = field(default_factory=list)  # exercises with fewer answers than the rule asks for
    alike: list[str] = field(default_factory=list)  # wrong answers that cannot be told by name
    problems: list[str] = field(default_factory=list)
    broken: bool = False  # its own cells do not run, so nothing else is known

    def as_json(self) -> dict[str, Any]:
        """What other programs may rely on. The words are printed."""
        extra = {"solution_extra": as_number(self.solution_extra), "max_extra": as_number(self.max_extra)}
        return {
            "exercises": self.exercises,
            "blank_score": as_number(self.blank_score),
            "solution_score": as_number(self.solution_score),
            "max_score": as_number(self.max_score),
            **(extra if self.max_extra else {}),
            "right": {"total": self.right, "accepted": self.accepted},
            "wrong": {
                "total": self.wrong,
                "caught": self.caught,
                "caught_by_visible": self.caught_by_visible,
                "diagnosed": self.diagnosed,
            },
            "redundant_checks": self.redundant_checks,
            "too_few_answers": self.few,
        }


def read_texts(stage: Stage) -> Read:
    """A stage and its answer catalogue.

    Raises:
        CourseError: with every fault of one of the two.
    """
    content = read_stage(stage)
    return content, read_answers(stage, content)


def prove(
    stage: Stage,
    seeds: int = 2,
    jobs: int = 2,
    step: Callable[[int, int], None] = lambda done, total: None,
    only: Collection[str] = (),
    recall: Recall | None = None,
) -> Proof:
    """Prove one stage, or only some of its exercises; see `prove_all`."""
    return prove_all([stage], seeds, jobs, step, only, recall)[0]


def prove_all(
    stages: Sequence[Stage],
    seeds: int = 2,
    jobs: int = 2,
    step: Callable[[int, int], None] = lambda done, total: None,
    only: Collection[str] = (),
    recall: Recall | None = None,
    read: Sequence[Read] | None = None,
) -> list[Proof]:
    """Run the blank, the solution on `seeds` seeds, and every answer of the catalogue; look whether all agrees.

    A stage whose cells do not run does not stop the others.

    Args:
        step: is told how many tasks are done, of how many.
        only: these exercises, without what concerns a stage as a whole, and without asking the judge for a diagnosis.
        recall: outcomes that are known from an earlier call; those of this one are added. Without it, those that the
            course keeps of earlier proofs.
        read: the texts of these stages, where they are read already.

    Raises:
        CourseError: when a text cannot be read.
    """
    texts = [read_texts(stage) for stage in stages] if read is None else read
    kept = {} if recall is not None else {stage.slug: Kept(stage.course, stage.slug) for stage in stages}
    worlds, proofs = dict[str, World](), dict[str, Proof]()
    with Beside(texts, only) as beside:
        for content, _ in texts:
            try:
                slug = content.stage.slug
                worlds[slug] = World(content, kept[slug].read() if recall is None else recall)
            except CourseError as error:
                proofs[content.stage.slug] = _broken(content, error)
        work = [
            part
            for content, known in texts
            if content.stage.slug in worlds
            for part in _work(content, known, seeds, only)
        ]
        asks = _Asks(work)
        trials: dict[int, Trial] = {}
        try:
            for index, trial in run_all(work, jobs, worlds=worlds):
                trials[index] = trial
                if (names := asks.take(index, trial)) and not only:
                    beside.ask(*asks.keys[index], names)
                step(len(trials), len(work))
        finally:  # also of a proof that was interrupted
            for slug in kept.keys() & worlds.keys():
                kept[slug].write(worlds[slug].recall)
        found = beside.found()
    for content, _ in texts:
        slug = content.stage.slug
        if slug in worlds:
            results = [(task, trials[i]) for i, (owner, task) in enumerate(work) if owner is content]
            proof = proofs[slug] = _proof(content, results, seeds)
            parts = [found.diagnosed[slug, name] for name in content.written if (slug, name) in found.diagnosed]
            proof.alike = [fact for _, facts in parts for fact in facts]
            proof.diagnosed = proof.caught - asks.counts[slug] + sum(count for count, _ in parts)
            if proof.diagnosed < SHARE * proof.wrong:
                proof.problems += proof.alike
            quizzes, problems = found.agreements[slug]
            _add_quizzes(proof, quizzes)
            proof.problems += problems
    return [proofs[stage.slug] for stage in stages]


def _work(content: Content, answers: list[Answer], seeds: int, only: Collection[str]) -> list[tuple[Content, Task]]:
    """All that there is to run of a stage."""
    exercises = [name for name in content.written if not only or name in only]
    tasks = [Task("blank", exercise) for exercise in exercises]
    tasks += [Task("solution", exercise, None, seed) for seed in range(seeds) for exercise in exercises]
    tasks += [Task("answer", answer.exercise, answer) for answer in answers if answer.exercise in exercises]
    return [(content, task) for task in tasks]


class _Asks:
    """Which wrong answers the judge has to be asked about: known as soon as all of an exercise were tried."""

    def __init__(self, work: Sequence[tuple[Content, Task]]) -> None:
        self.keys = [(content.stage.slug, task.exercise) for content, task in work]
        self.wrong = {i: task.answer.name for i, (_, task) in enumerate(work) if task.answer and not task.answer.right}
        self.left = Counter(self.keys[i] for i in self.wrong)
        self.tried: dict[tuple[str, str], list[tuple[str, Trial]]] = {key: [] for key in self.left}
        self.counts = Counter[str]()  # of each stage, so far

    def take(self, index: int, trial: Trial) -> list[str]:
        """Their names, with the last wrong answer of an exercise."""
        if index not in self.wrong:
            return []
        key = self.keys[index]
        self.tried[key].append((self.wrong[index], trial))
        self.left[key] -= 1
        names = [] if self.left[key] else unclear(self.tried[key])
        self.counts[key[0]] += len(names)
        return names


def _broken(content: Content, error: CourseError) -> Proof:
    faults, points, extra = list(map(str, error.faults)), content.max_score, content.extra
    return Proof(content.stage.slug, len(content.written), points, max_extra=extra, problems=faults, broken=True)


def _proof(content: Content, results: list[tuple[Task, Trial]], seeds: int) -> Proof:
    stage, exercises = content.stage, {task.exercise for task, _ in results}
    cells = [cell for cell in content.of_kind("check") if cell.exercise in exercises]
    points, extra = {cell.id: cell.points for cell in cells}, {cell.id: cell.extra for cell in cells}
    proof = Proof(stage.slug, len(exercises), sum(points.values()), max_extra=sum(extra.values()))
    scores, extras = dict.fromkeys(range(seeds), 0.0), dict.fromkeys(range(seeds), 0.0)
    caught_by: dict[str, set[str]] = {check: set() for check in points}  # check -> the wrong answers that fail it
    for task, trial in results:
        score, more = (
            sum(worth[check] for check, o in trial.outcomes.items() if o.passed) for worth in (points, extra)
        )
        failed = {check: o for check, o in trial.outcomes.items() if not o.passed}
        if task.what == "blank":
            proof.blank_score += score + more
            proof.problems += _blank_problems(stage.place(stage.text), task.exercise, trial.outcomes)
        elif task.what == "solution":
            scores[task.seed] += score
            extras[task.seed] += more
            proof.problems += [
                f'{stage.place(stage.text)}: the solution fails "{check}" with seed {task.seed}: {o.message}\n'
                "  Mend the check or the solution."
                for check, o in failed.items()
            ]
        elif task.answer is not None:
            answer, place = task.answer, f"{stage.place(stage.answers)}:{task.answer.line}"
            if answer.right:
                proof.right += 1
                proof.accepted += trial.defines and not failed
                if trial.ran and not trial.defines:
                    fact = f'the right answer "{answer.name}" does not define "{answer.exercise}".'
                    proof.problems.append(f"{place}: {fact} Define that name in it, as a student's cell has to.")
                    continue
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
            proof.problems += _problems_elsewhere(place, answer, trial.elsewhere)
    proof.solution_score, proof.solution_extra = (min(s.values(), default=0) for s in (scores, extras))
    proof.redundant_checks = _redundant(content, caught_by)
    kinds = Counter((task.exercise, task.answer.right) for task, _ in results if task.answer is not None)
    proof.few = [e for e in sorted(exercises) if kinds[e, True] < LEAST_RIGHT or kinds[e, False] < LEAST_WRONG]
    return proof


def _add_quizzes(proof: Proof, quizzes: QuizProof) -> None:
    proof.quizzes, proof.quiz_answers = quizzes.quizzes, quizzes.answers
    proof.max_score += quizzes.max_score
    proof.blank_score += quizzes.blank_score
    proof.solution_score += quizzes.score
    proof.problems += quizzes.problems


def _problems_elsewhere(place: str, answer: Answer, outcomes: Outcomes) -> list[str]:
    """An answer loses points on its own exercise, and on others only where these declare it."""
    return [
        f'{place}: the answer "{answer.name}" of "{answer.exercise}" also fails "{check}" ({outcome.message}), though '
        f"that exercise does not build on it. Make the check independent of it, or the answer change no other name."
        for check, outcome in outcomes.items()
        if not outcome.passed
    ]


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
    for exercise in content.written:
        checks = [cell for cell in content.checks(exercise) if cell.id in caught_by]
        for cell in checks:
            others = {name for other in checks if other is not cell for name in caught_by[other.id]}
            if not caught_by[cell.id] - others:
                redundant.append(cell.id)
    return redundant
