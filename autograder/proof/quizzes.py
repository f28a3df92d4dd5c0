"""Prove the quizzes of a stage: the key scores full, every other answer does not and hears its own sentences, blank 0.

The answers are made here from the source form, so that a quiz needs none in the catalogue.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.build.release import blank_source
from autograder.lab.quiz import STUDENT
from autograder.stage.model import Cell, Content
from autograder.stage.question import SOLVER, Quiz

STUDENTS = (SOLVER, "ana", "李雷")  # of a question with drawn numbers each is asked
MOST_SUBSETS = 256


NO_ANSWERS: tuple[Any, ...] = (
    3.5j,
    object(),
    "?",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    [],
    {},
    float("nan"),
    {"A": "?"},
    True,
)


@dataclass(frozen=True)
class Reply:
    """What a quiz's check does with one answer."""

    share: float
    message: str = ""
    error: str = ""  # the name of the exception


@dataclass
class QuizProof:
    """`answers` were tried beside the keys: wrong ones, blank ones and ones that are no answers."""

    quizzes: int = 0
    answers: int = 0
    blank_score: float = 0
    score: float = 0
    max_score: float = 0
    problems: list[str] = field(default_factory=list)


def prove_quizzes(content: Content, only: Collection[str] = ()) -> QuizProof:
    """Ask every question (or those in `only`) with all answers that matter."""
    proof = QuizProof()
    cells = {cell.id: cell for cell in content.cells if cell.id}
    for quiz in content.quizzes:
        if only and quiz.id not in only:
            continue
        proof.quizzes += 1
        proof.max_score += quiz.points
        place = f'{content.stage.place(content.stage.text)}:{quiz.line}: quiz "{quiz.id}"'
        for student in STUDENTS if quiz.draw else (SOLVER,):
            problems = list(_problems(quiz, cells[quiz.check], student, proof))
            proof.problems += [f"{place}: {problem}" for problem in problems]
        given: dict[str, Any] = {}
        exec(cells[quiz.id].source, given)  # the answer cell itself, as in the solved notebook
        solved = ask(cells[quiz.check], given[quiz.id], SOLVER)
        proof.score += quiz.points * solved.share
        if solved.share != 1:
            proof.problems.append(f"{place}: the solved notebook's answer is not right: {solved.message}")
        exec(blank_source(cells[quiz.id].source, quiz.id), given)
        proof.blank_score += quiz.points * ask(cells[quiz.check], given[quiz.id], SOLVER).share
    return proof


def _problems(quiz: Quiz, check: Cell, student: str, proof: QuizProof) -> Iterator[str]:
    from autograder.lab.quiz import fill

    right = quiz.value(student)
    told = ask(check, right, student)
    if told.share != 1 or told.error:
        yield f"the key {right!r} does not score full: {told.message} Mend the question."
    for answer, share, sentences in wrong_answers(quiz, student):
        proof.answers += 1
        told = ask(check, answer, student)
        if told.share >= 1 or not told.error:
            yield f"the wrong answer {answer!r} scores full. Mend the question."
        elif abs(told.share - share) > 1e-9:
            yield f"the answer {answer!r} gets {told.share:.0%} of the points, not {share:.0%}."
        for sentence in sentences:
            if fill(sentence, quiz.drawn(student)) not in told.message:
                yield f"the answer {answer!r} does not hear {sentence!r}, but: {told.message}"
    proof.answers += 1
    told = ask(check, None, student)
    if told.error != "NoAnswer" or not told.message.startswith(f"{quiz.id}: no answer yet"):
        yield f"a blank answer is not told so: {told.message}"
    for answer in NO_ANSWERS:
        if quiz.kind == "shape" and answer == []:
            continue  # the shape of one number
        proof.answers += 1
        told = ask(check, answer, student)
        if told.error != "ExpectationError" or told.share or "cannot be graded" not in told.message:
            yield f"{answer!r} is no answer, and the message is: {told.message or 'none'}"


def wrong_answers(quiz: Quiz, student: str = SOLVER) -> Iterator[tuple[Any, float, list[str]]]:
    """(answer, its share of the points, the sentences that it should hear), for every way to be wrong that matters."""
    says, key = quiz.says(), quiz.key
    if quiz.kind == "one":
        yield from ((letter, 0.0, [says[letter]]) for letter in quiz.letters if letter != key)
    elif quiz.kind == "several":
        sizes = range(1, len(quiz.letters) + 1)
        subsets = (set(s) for size in sizes for s in itertools.combinations(quiz.letters, size))
        for chosen in itertools.islice((s for s in subsets if s != set(key)), MOST_SUBSETS):
            wrong = chosen - set(key)
            share = max(0.0, (len(chosen & set(key)) - len(wrong)) / len(key))
            yield "".join(sorted(chosen)), share, [says[letter] for letter in sorted(wrong)]
    elif quiz.kind == "match":
        for one, other in itertools.combinations(quiz.letters, 2):
            if key[one] != key[other]:
                yield {**key, one: key[other], other: key[one]}, 0.0, [says[one], says[other]]
        for letter, number in itertools.product(quiz.letters, map(int, quiz.numbers.split())):
            if number != key[letter]:
                yield {**key, letter: number}, 0.0, [says[letter]]
        turned = dict(zip(key, [*list(key.values())[1:], key["A"]], strict=True))
        if turned != key:
            yield turned, 0.0, [says[letter] for letter in key if turned[letter] != key[letter]]
    else:
        yield from _wrong_values(quiz, student)


def _wrong_values(quiz: Quiz, student: str) -> Iterator[tuple[Any, float, list[str]]]:
    """The value of each wrong expression, and some that are none of them."""
    from autograder.lab.quiz import equal, evaluate

    known = {o.label: evaluate(o.label, quiz.drawn(student)) for o in quiz.options if o.label != "else"}
    says, right = quiz.says(), known[quiz.key]
    yield from ((value, 0.0, [says[label]]) for label, value in known.items() if label != quiz.key)
    if quiz.kind == "shape":
        others: list[Any] = [(), (*right, 1), (1, *right), right[::-1], right[1:], tuple(n + 1 for n in right)]
    else:
        others = [0, -right, right + 1, 2 * right + 7, right * 1.5, 10**400]
    for value in others:
        if not any(equal(value, other, quiz.tolerance) for other in known.values()):
            yield value, 0.0, [says["else"]]


def ask(check: Cell, answer: Any, student: str) -> Reply:
    """Run a quiz's check on this answer."""
    from autograder.lab.quiz import QuizAnswer

    names: dict[str, Any] = {check.exercise: answer, STUDENT: student, "__name__": "__main__"}
    error = message = ""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(check.source, f"<{check.id}>", "exec"), names)
        except Exception as wrong:
            error, message = type(wrong).__name__, str(wrong)
    given = names.get("quiz_answer")
    return Reply(given.share if isinstance(given, QuizAnswer) else 0.0, message, error)
