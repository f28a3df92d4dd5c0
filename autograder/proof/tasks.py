"""What there is to run for a proof, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autograder.stage.model import Answer, Content


def message_of(error: str, text: str, hidden: bool) -> str:
    """The message for an exception of this name and text.

    `expect` and blank exercises raise messages that are meant for students. The text of any other error may quote
    the inputs of a hidden test, so it is shown for visible checks only.
    """
    if error in ("ExpectationError", "AssertionError", "NotImplementedError", "NoAnswer") and text:
        return text
    return f"raised {error}" + ("" if hidden or not text else f": {text}")


TIMES = 3.0  # as long as a submission's check may take; a course's own answers seldom need more than a second
MEMORY = 4 << 30  # for one answer, beyond what the warm process has


@dataclass(frozen=True)
class Outcome:
    """What one check said about one answer."""

    passed: bool
    message: str = ""
    error: str = ""  # the name of the exception
    hidden: bool = False  # it failed in the hidden part


Outcomes = dict[str, Outcome]
Calls = dict[tuple[str, bytes], bytes]  # (function, its arguments) -> what it gave, pickled


class Task(NamedTuple):
    """Something to run: `blank`, `solution` or `answer`, for one exercise."""

    what: str
    exercise: str
    answer: Answer | None = None
    seed: int = 0


@dataclass
class Trial:
    """What came of one task: by its own exercise's checks, and by those of exercises that do not build on it."""

    outcomes: Outcomes = field(default_factory=Outcomes)
    elsewhere: Outcomes = field(default_factory=Outcomes)
    ran: bool = True  # the cell itself, to its end
    defines: bool = True  # and it gave the exercise's name a meaning
    learned: Calls = field(default_factory=dict, repr=False)


@dataclass
class Seen:
    """What is known of a task from before. What a check said counts as long as its text is the same."""

    ran: bool
    defines: bool
    elsewhere: list[str]  # these exercises use what the answer changed
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by the hash of the check


Step = Callable[[int, int], None]
Recall = dict[str, Seen]  # by the hash of all else that a task depends on


class _Queue:
    """The tasks that wait, those of long exercises first."""

    def __init__(self, work: Sequence[tuple[Content, Task]]) -> None:
        self.keys = [(content.stage.slug, task.exercise) for content, task in work]
        self.waiting = set(range(len(work)))
        self.cost: dict[tuple[str, str], float] = {}
        depth = {
            (content.stage.slug, cell.id): len(cell.builds_on)
            for content in {c.stage.slug: c for c, _ in work}.values()
            for cell in content.of_kind("exercise")
        }
        first: dict[tuple[str, str], int] = {}
        for index in sorted(range(len(work)), key=lambda i: work[i][1].what != "solution"):
            first.setdefault(self.keys[index], index)
        self.scouts = sorted(first.values(), key=lambda i: -depth[self.keys[i]])

    def take(self) -> int:
        if self.scouts:
            index = self.scouts.pop(0)
        else:
            index = max(self.waiting, key=lambda i: (self.cost.get(self.keys[i], math.inf), -i))
        self.waiting.remove(index)
        return index

    def learn(self, index: int, seconds: float) -> None:
        self.cost.setdefault(self.keys[index], seconds)
