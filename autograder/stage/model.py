"""What a stage's text holds: cells, and the answers of its catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.course.layout import Stage
from autograder.stage.question import Quiz

KINDS = ("exercise", "check", "given")
FOLD = "hide-input"  # the tag of a cell whose code is folded, as JupyterLab, Jupyter Book and MyST know it
ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CHECK_ID = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)-[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Cell:
    """One cell: prose, given (provided code), exercise, check, or demo (a plain code cell)."""

    kind: str
    id: str  # empty for prose and demo
    source: str
    line: int  # of its `# %%` marker
    points: float = 0
    builds_on: tuple[str, ...] = ()
    extra: float = 0  # of a check, in place of points: beyond the maximum
    folded: bool = False  # its code is about the look of a picture: JupyterLab shows it when asked to

    @property
    def exercise(self) -> str:
        """The exercise that a check belongs to."""
        return self.id.split("-")[0]


@dataclass(frozen=True)
class Content:
    """What a stage's text holds."""

    stage: Stage
    cells: tuple[Cell, ...]
    quizzes: tuple[Quiz, ...] = ()  # each is three of the cells: its text, its answer (an exercise), its check

    def of_kind(self, *kinds: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind in kinds]

    @property
    def exercises(self) -> list[str]:
        return [cell.id for cell in self.of_kind("exercise")]

    @property
    def written(self) -> list[str]:
        """The exercises but for quizzes: those that the answer catalogue is about."""
        return [name for name in self.exercises if name not in {quiz.id for quiz in self.quizzes}]

    @property
    def max_score(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def extra(self) -> float:
        """What can be had beyond the maximum."""
        return sum(cell.extra for cell in self.cells)

    @property
    def extras(self) -> set[str]:
        """The exercises that give extra points and no others: whoever leaves them out loses nothing."""
        return set(self.exercises) - {check.exercise for check in self.of_kind("check") if check.points}

    def checks(self, exercise: str) -> list[Cell]:
        return [cell for cell in self.of_kind("check") if cell.exercise == exercise]


@dataclass(frozen=True)
class Answer:
    """One answer of the catalogue: an exercise cell written anew."""

    right: bool
    exercise: str
    name: str
    source: str
    says: str = ""
    line: int = 0
