"""A stage as grading sees it."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder.build.release import release, source_notebook
from autograder.lab.quiz import STUDENT
from autograder.run.limits import read_limits
from autograder.stage.model import Content
from autograder.stage.settings import read_settings


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
        self.prose = {c.source for c in self.source.cells if c.cell_type == "markdown"}
        self.exercises = list(self.blank)
        self.extra = {cell.id: cell.extra for cell in content.of_kind("check") if cell.extra}
        # By which name a notebook says whose it is, where a question has numbers of each student's own.
        self.who = STUDENT if any(quiz.draw for quiz in content.quizzes) else ""
        self.limits = read_limits(self.stage)
        self.settings = read_settings(self.stage)
