"""What a proof needs beside the trials: does each stage agree with itself, and what does the judge recognize?"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Collection, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from autograder.build.agree import inconsistencies
from autograder.proof.diagnosed import Diagnosed, Recognition
from autograder.proof.quizzes import QuizProof, prove_quizzes
from autograder.proof.warm import fork
from autograder.stage.model import Answer, Content

Read = tuple[Content, list[Answer]]
MANY = 50  # answers: then the judge will surely be asked
Agreement = tuple[QuizProof, list[str]]  # and the problems


class Found(NamedTuple):
    """What the process beside found out."""

    agreements: dict[str, Agreement]  # by stage
    diagnosed: dict[tuple[str, str], Diagnosed]  # by stage and exercise


class Beside:
    """One process, which works while the trials run in others.

    >>> with Beside(texts, only) as beside:
    ...     beside.ask("03_seq2seq", "train", ["no typos"])
    ...     found = beside.found()
    """

    def __init__(self, texts: Sequence[Read], only: Collection[str]) -> None:
        self.texts, self.only = texts, only

    def __enter__(self) -> Beside:
        self.connection, theirs = multiprocessing.Pipe()
        self.process = fork(_work, theirs, self.connection, self.texts, self.only)
        theirs.close()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()  # the judge's processes end with it
        self.process.join()
        self.connection.close()

    def ask(self, slug: str, exercise: str, names: Collection[str]) -> None:
        """Are these wrong answers recognized as themselves? Once for each exercise."""
        self.connection.send((slug, exercise, names))

    def found(self) -> Found:
        """Wait for all that was asked.

        Raises:
            CourseError: where the results of the judge cannot be written.
        """
        self.connection.send(None)
        try:
            told = pickle.loads(self.connection.recv_bytes())
        except EOFError as error:
            raise RuntimeError("The process beside the trials ended without a word.") from error
        if isinstance(told, BaseException):
            raise told
        return Found(*told)


def _work(connection: Connection, other_end: Connection, texts: Sequence[Read], only: Collection[str]) -> None:
    other_end.close()  # or nobody here would hear that the parent has ended
    try:
        try:
            told: Any = _found(connection, texts, only)
        except Exception as error:
            told = error
        connection.send_bytes(pickle.dumps(told))
    finally:
        os._exit(0)  # without the parent's clean-up


def _found(connection: Connection, texts: Sequence[Read], only: Collection[str]) -> Any:
    many = not only and sum(len(answers) for _, answers in texts) >= MANY
    diagnosed = {}
    with Recognition([content for content, _ in texts], at_once=many) as recognition:
        agreements = {content.stage.slug: _agreement(content, answers, only) for content, answers in texts}
        while (asked := connection.recv()) is not None:
            slug, exercise, names = asked
            diagnosed[slug, exercise] = recognition.of(slug, exercise, names)
    return agreements, diagnosed


def _agreement(content: Content, answers: list[Answer], only: Collection[str]) -> Agreement:
    """The quizzes of a stage, and what does not agree in it."""
    quizzes, problems = QuizProof(), list[str]()
    try:
        quizzes = prove_quizzes(content, only)
        if not only:
            problems = inconsistencies(content, answers)
    except Exception as error:  # a notebook that is none, a quiz whose numbers cannot be drawn
        place = content.stage.place(content.stage.folder)
        problems = [f"{place}: could not be proven to the end: {type(error).__name__}: {error}"]
    return quizzes, problems
