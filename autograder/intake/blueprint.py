"""A stage as grading sees it."""

from __future__ import annotations

import math

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.build.release import release, source_notebook
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.lab.quiz import STUDENT
from autograder.run.limits import Limits
from autograder.stage.model import Content


class Blueprint:
    """A stage as grading sees it, made from its text: the source notebook with checksums, and the limits."""

    def __init__(self, content: Content) -> None:
        self.content, self.stage = content, content.stage
        self.plain: NotebookNode = source_notebook(content)  # as nbgrader starts from it
        self.source: NotebookNode = nbformat.from_dict(self.plain)  # with types and checksums
        self.released: NotebookNode = release(self.source)
        released = {c.id: c for c in self.released.cells}
        for cell in self.source.cells:
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader["cell_type"] = cell.cell_type
                # An exercise's checksum tells whether it is still blank.
                own = released[cell.id] if cell.metadata.nbgrader.solution else cell
                cell.metadata.nbgrader["checksum"] = compute_checksum(own)
        self.cells = {c.metadata.nbgrader.grade_id: c for c in self.source.cells if "nbgrader" in c.metadata}
        self.blank = {name: released[c.id].source for name, c in self.cells.items() if c.metadata.nbgrader.solution}
        self.demos = {c.source for c in self.source.cells if c.cell_type == "code" and "nbgrader" not in c.metadata}
        self.exercises = list(self.blank)
        # By which name a notebook says whose it is, where a question has numbers of each student's own.
        self.who = STUDENT if any(quiz.draw for quiz in content.quizzes) else ""
        self.limits = read_limits(self.stage)


def read_limits(stage: Stage) -> Limits:
    """The stage's own limits, from `limits.toml` beside its text; what is not named there keeps its default.

    Raises:
        CourseError: for a name or a value that is none.
    """
    import tomllib

    path = stage.folder / "limits.toml"
    if not path.is_file():
        return Limits()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CourseError(Fault(stage.place(path), f"is no valid TOML: {e}.", "Mend the line.")) from e
    known = vars(Limits())
    faults = [
        Fault(stage.place(path), f"{name} = {value!r} is no limit.", _what_it_may_be(name, known))
        for name, value in given.items()
        if name not in known or not _is_limit(value, whole=type(known[name]) is int)
    ]
    if faults:
        raise CourseError(*faults)
    return Limits(**{name: type(known[name])(value) for name, value in given.items()})


def _is_limit(value: object, whole: bool) -> bool:
    if type(value) is float:
        return math.isfinite(value) and value > 0 and (not whole or value.is_integer())
    return type(value) is int and value > 0


def _what_it_may_be(name: str, known: dict[str, object]) -> str:
    if name not in known:
        return f"Limits are: {', '.join(known)}."
    return f"Write a {'whole ' if type(known[name]) is int else ''}number above 0."
