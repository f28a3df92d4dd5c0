"""How a class answered the questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.gradebook.results import StudentResult
from autograder.stage.model import Content


@dataclass
class Counts:
    """What a class answered to one question. `options`: of every option, by how many students it was chosen."""

    options: dict[str, int] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)  # the answers themselves, as short texts
    answered: int = 0
    blank: int = 0
    malformed: int = 0  # in a form that cannot be graded, or its cell did not run


def option_counts(content: Content, students: Mapping[str, StudentResult]) -> dict[str, Counts]:
    """For each question of a stage, how many students chose each option. Failed submissions are not counted.

    The options are named as in the source: letters; expressions and `else`; of `match`, letter and number as in `A2`.
    Options that nobody chose are there with 0.
    """
    found: dict[str, Counts] = {}
    for quiz in content.quizzes:
        labels = [o.label for o in quiz.options]
        if quiz.kind == "match":
            labels = [f"{label}{number}" for label in labels for number in quiz.numbers.split()]
        counts = found[quiz.id] = Counts(dict.fromkeys(labels, 0))
        for result in students.values():
            if not result.ran or quiz.check not in result.checks:
                continue
            told = result.checks[quiz.check]
            if told.answer:
                counts.answered += 1
                counts.answers[told.answer] += 1
                for option in told.options:
                    counts.options[option] = counts.options.get(option, 0) + 1
            elif quiz.id in result.blank or told.kind == "not_implemented":
                counts.blank += 1
            else:
                counts.malformed += 1
    return found
