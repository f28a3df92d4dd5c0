"""One's own notebook, as far as it can be checked here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.build.release import is_as_built
from autograder.build.write import build_source
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job, prepare, untouched
from autograder.intake.read import read_notebook
from autograder.intake.rescue import TORN
from autograder.lab.quiz import STUDENT
from autograder.run.job import JobCell
from autograder.run.limits import Limits
from autograder.stage.guide import Guide, guides
from autograder.stage.model import Content
from autograder.stage.question import draws_numbers
from autograder.stage.read import read_stage


@dataclass
class Paper:
    """One's own notebook, ready to run."""

    stage: Stage
    path: Path
    cells: list[JobCell]
    points: dict[str, float]  # by check
    blank: set[str]
    guides: dict[str, Guide]
    limits: Limits
    content: Content | None  # where `solutions/` is
    who: str = ""  # by which name the notebook says whose it is, where a question needs that
    # Points beyond the maximum, by check; only `solutions/` knows them.
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def exercises(self) -> list[str]:
        return list(self.guides)

    @property
    def sources(self) -> dict[str, str]:
        """Of each cell that the student wrote, a digest."""
        return {cell.id: digest(cell.source) for cell in self.cells if cell.kind == "student"}

    @property
    def quizzes(self) -> set[str]:
        return {c.id.partition("-")[0] for c in self.cells if c.kind == "check" and "quiz.read(" in c.source}

    def checks(self, exercise: str) -> list[JobCell]:
        return [cell for cell in self.cells if cell.kind == "check" and cell.id.partition("-")[0] == exercise]


def find(course: Course, words: tuple[str, ...]) -> list[tuple[Stage, Path]]:
    """The notebooks that are meant: stages or paths of notebooks; without any, all in `notebooks/`.

    Raises:
        CourseError: for one that is not there, or is of no stage.
    """
    found = []
    for word in words:
        path = Path(word)
        if path.suffix == ".ipynb":
            if not path.is_file():
                raise CourseError(Fault(word, "is not there.", "Give a stage such as 03, or the path of a notebook."))
            fits = [s for s in course.stages(released=True) if path.resolve() == s.released.resolve()]
            fits = fits or [s for s in course.stages(released=True) if path.stem.lower().startswith(s.slug.lower())]
            if not fits:
                fix = "Let its name begin with the stage's, as in 03_seq2seq.ipynb."
                raise CourseError(Fault(word, "does not say which stage it is of.", fix))
            found.append((fits[-1], path))
        else:
            stage = course.stages((word,), released=True)[0]
            found.append((stage, stage.released))
    return found or [(stage, stage.released) for stage in course.stages(released=True)]


def started(path: Path) -> bool:
    """Has somebody worked in this notebook? It tells by itself: nbgrader's checksums are in it."""
    notebook = read_notebook(path, own=True)[0]
    if notebook is None:  # damaged: the check will say how
        return True
    exercises = _exercises(notebook)  # none where the labels are lost: the check will say so
    return not exercises or bool(exercises - untouched(notebook))


def _exercises(notebook: NotebookNode) -> set[str]:
    return {c.metadata.nbgrader.grade_id for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")}


class Desk:
    """Reads the notebook of one stage as often as it changes; what does not change is read once."""

    def __init__(self, stage: Stage, path: Path) -> None:
        self.stage, self.path = stage, path
        self.content: Content | None = None
        if stage.text.is_file():
            self.content = read_stage(stage)
            self.blueprint = Blueprint(self.content)
            build_source(stage, self.blueprint.plain)

    def read(self) -> Paper:
        """The notebook as it is now.

        Raises:
            CourseError: when it cannot be read.
        """
        notebook, note, problem = read_notebook(self.path, own=self.content is None)
        if notebook is None or TORN in note:
            raise CourseError(Fault(self.stage.place(self.path), problem or note, ""))
        if self.content is None:
            return self._visible(notebook)
        prepare(notebook, self.blueprint)
        work = job(notebook, self.blueprint)
        points = {cell.id: cell.points for cell in self.content.of_kind("check")}
        known = guides(self.blueprint.source.cells)
        blank = untouched(notebook)
        told = work.cells, points, blank, known, work.limits, self.content, work.who
        return Paper(self.stage, self.path, *told, extra=self.blueprint.extra)

    def _visible(self, notebook: NotebookNode) -> Paper:
        """Without `solutions/` the notebook itself says what there is to run."""
        cells, points = [], dict[str, float]()
        for number, cell in enumerate(notebook.cells, 1):
            told = cell.metadata.get("nbgrader", {})
            if told.get("solution") or told.get("grade"):
                cell.cell_type = "code"  # as it was before somebody made text of it
            as_handed_out = not told and is_as_built(cell)
            if cell.cell_type != "code" or not cell.source.strip() or as_handed_out:
                continue
            kind = "check" if told.get("grade") else "given" if told.get("locked") else "student"
            cells.append(JobCell(kind, told.get("grade_id") or f"cell {number}", cell.source))  # type: ignore[arg-type]
            if kind == "check":
                points[told["grade_id"]] = told.get("points", 0)
        known = guides(notebook.cells)
        for check in points:  # an exercise whose cell is gone is not done
            known.setdefault(check.partition("-")[0], Guide())
        if not points:
            fact = "has lost its grading labels, so nothing can be checked."
            raise CourseError(Fault(self.stage.place(self.path), fact, "Copy your code into a fresh copy of it."))
        who = STUDENT if any(draws_numbers(cell.source) for cell in cells if cell.kind == "check") else ""
        return Paper(self.stage, self.path, cells, points, untouched(notebook), known, Limits(), None, who)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
