"""nbgrader's gradebook and folders, written by one writer, in one transaction a submission."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells

from autograder.build.release import release
from autograder.course.faults import CourseError, Fault
from autograder.course.files import cannot_write, write_whole
from autograder.gradebook.database import STEPS, Database, give_extra
from autograder.gradebook.exchange_rules import SECRET
from autograder.gradebook.late import Penalties
from autograder.gradebook.results import Attempt, Marks
from autograder.intake.blueprint import Blueprint
from autograder.intake.find import read_timestamp
from autograder.intake.read import MOST_MB
from autograder.intake.tree import TIMESTAMP

NO_RESPONSE = "No response."  # nbgrader's own comment on what was not started


class Book:
    """The gradebook of one stage, and the folders `submitted`, `autograded` and `feedback` beside it."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint, self.stage = blueprint, blueprint.stage
        self.data = Database(blueprint.stage.course)
        self.coursedir = self.data.coursedir
        self.penalties = Penalties(blueprint.stage.course)

    def register(self) -> None:
        """Tell the gradebook about the stage's checks.

        Raises:
            CourseError: when the gradebook has marks for other checks, or cannot be written.
        """
        slug = self.stage.slug
        try:
            if self.data.is_there and self.data.run(self._is_registered):
                return
            self.stage.course.work.mkdir(parents=True, exist_ok=True)
            if released := self.data.run(self._register):
                path = Path(self.coursedir.root, self.coursedir.release_directory, slug, f"{slug}.ipynb")
                write_whole(path, nbformat.writes(released) + "\n")
        except RuntimeError as e:  # nbgrader's own, where there are submissions and other cells
            command = f".venv/bin/nbgrader db assignment remove {slug} --force"
            fix = f"Keep a copy of it if you need the old marks, then run: {command}"
            raise CourseError(Fault(self.data.place, "has marks for other checks of this stage.", fix)) from e
        except OSError as e:
            raise cannot_write(str(e.filename or self.coursedir.root), e) from e

    def _register(self, gradebook: Gradebook) -> NotebookNode | None:
        slug = self.stage.slug
        self.data.hold(gradebook, slug)
        if self._is_registered(gradebook):  # by now, by somebody else
            return None
        gradebook.update_or_create_assignment(slug)
        told = {"nbgrader": {"assignment": slug, "notebook": slug}}
        return release(self.blueprint.source, _SaveCells(gradebook), told)

    def _is_registered(self, gradebook: Gradebook) -> bool:
        """Does the gradebook know the stage exactly as its source is now?"""
        told = {name: c.metadata.nbgrader for name, c in self.blueprint.cells.items()}
        blank = self.blueprint.blank
        sources = {n: (blank.get(n, self.blueprint.cells[n].source), bool(m.locked)) for n, m in told.items()}
        points = {name: float(m.points) for name, m in told.items() if m.grade}
        try:
            notebook = gradebook.find_notebook(self.stage.slug, self.stage.slug)
        except MissingEntry:
            return False
        known = {c.name: (c.source, bool(c.locked)) for c in notebook.source_cells}
        return known == sources and points == {c.name: c.max_score for c in notebook.grade_cells}

    def save(self, attempt: Attempt) -> Marks:
        """Write a submission's marks, or none where it failed, and the notebooks that belong to them.

        What stands there already is not written again. Returns what the gradebook says of it now.

        Raises:
            CourseError: when the gradebook or a file cannot be written. Marks of others stay as they are.
        """
        student, slug = attempt.submission.student, self.stage.slug
        try:
            self.data.run(partial(self._save, attempt))
        except OSError as e:
            raise cannot_write(str(e.filename or self.coursedir.root), e) from e
        return self.data.marks(slug, student).get(student, Marks(student))

    def _save(self, attempt: Attempt, gradebook: Gradebook) -> None:
        student, slug = attempt.submission.student, self.stage.slug
        credit = {check.id: check.credit for check in attempt.result.checks} if attempt.result else {}
        self.data.hold(gradebook, slug, student)
        self._files(attempt)
        if not self._stands(gradebook, attempt, credit):
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission(slug, student)
            for grade in filter(lambda grade: attempt.marks(grade.name), submission.notebooks[0].grades):
                share = credit.get(grade.name, 0)
                grade.auto_score = grade.cell.max_score * share
                grade.needs_manual_grade = grade.manual_score is not None
                give_extra(gradebook, grade, self.blueprint.extra.get(grade.name, 0) * share)
            for comment in submission.notebooks[0].comments:
                comment.auto_comment = NO_RESPONSE if comment.name in attempt.blank else None
        self._be_late(gradebook, attempt)

    def _be_late(self, gradebook: Gradebook, attempt: Attempt) -> None:
        """Write when it was handed in, and what that costs; where nobody knows when, a penalty by hand stays."""
        student, handed_in = attempt.submission.student, attempt.submission.handed_in
        submission = gradebook.find_submission(self.stage.slug, student)
        if handed_in is None and submission.timestamp is None:
            return
        submission.timestamp = handed_in
        gradebook.db.flush()
        score = sum(row[6] or 0 for row in self.data.rows(gradebook, self.stage.slug, student))
        penalty = self.penalties.penalty(gradebook, self.stage.slug, student, score, handed_in)
        submission.notebooks[0].late_submission_penalty = penalty

    def would_be_late(self, student: str, score: float, handed_in: datetime | None) -> float:
        """The penalty that `save` would write."""
        slug = self.stage.slug
        return self.data.run(
            lambda gradebook: self.penalties.penalty(gradebook, slug, student, score, handed_in) or 0.0
        )

    def leave(self, notebook: NotebookNode, student: str, exercises: Collection[str]) -> bool:
        """Put the earlier verdicts on all other exercises into a graded notebook; False where there are none."""
        try:
            path = Path(self.coursedir.root, "autograded", student, self.stage.slug, f"{self.stage.slug}.ipynb")
            before = nbformat.read(path, as_version=4)
        except (OSError, ValueError):
            return False
        if student not in self.data.marks(self.stage.slug, student):
            return False
        earlier = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in before.cells}
        for cell in notebook.cells:
            told = cell.metadata.get("nbgrader", {})
            name = told.get("grade_id", "")
            if told.get("grade") and name.partition("-")[0] not in exercises and name in earlier:
                cell.outputs, cell.metadata["autograder"] = earlier[name].outputs, earlier[name].metadata["autograder"]
        return True

    def _stands(self, gradebook: Gradebook, attempt: Attempt, credit: dict[str, float]) -> bool:
        """Does all that would be written stand there already?"""
        blank = attempt.blank
        rows = self.data.rows(gradebook, self.stage.slug, attempt.submission.student)
        marks = {name: (auto, needs, ours) for _, name, auto, _, _, needs, *_, ours in rows if attempt.marks(name)}
        points = {name: c.metadata.nbgrader.get("points", 0) for name, c in self.blueprint.cells.items()}
        extra = {name: most * credit.get(name, 0) or None for name, most in self.blueprint.extra.items()}
        by_hand = {name: manual is not None for _, name, _, manual, *_ in rows}
        given = {name: ours for _, name, *_, typed, _, _, _, _, ours in rows if typed != ours}  # by hand: that stays
        wanted = {
            name: (points[name] * credit.get(name, 0), by_hand[name], given.get(name, extra.get(name)))
            for name in marks
        }
        if not rows or marks != wanted:
            return False
        comments = {
            name: auto
            for _, name, auto, _ in self.data.comments(gradebook, self.stage.slug, attempt.submission.student)
        }
        return comments == {name: NO_RESPONSE if name in blank else None for name in comments}

    def page(self, student: str) -> Path:
        """Where a submission's feedback page belongs: where nbgrader's own command puts it."""
        return Path(self.coursedir.root, "feedback", student, self.stage.slug, f"{self.stage.slug}.html")

    def _files(self, attempt: Attempt) -> None:
        slug, student = self.stage.slug, attempt.submission.student
        submitted, autograded, feedback = (Path(self.coursedir.root, step, student, slug) for step in STEPS)
        path = attempt.submission.path
        if path is not None and path.is_file() and path.stat().st_size <= MOST_MB << 20:
            write_whole(submitted / f"{slug}.ipynb", path.read_bytes())  # as it was handed in, also where it failed
        handed_in, stamp = attempt.submission.handed_in, submitted / TIMESTAMP
        if handed_in is None:
            stamp.unlink(missing_ok=True)  # an earlier hand-in's
        elif read_timestamp(stamp) != handed_in:
            write_whole(stamp, f"{handed_in:%Y-%m-%d %H:%M:%S.%f} UTC")  # for nbgrader's own commands
        for folder in (autograded, feedback):  # nothing of an earlier hand-in stays
            shutil.rmtree(folder, ignore_errors=True)
        if attempt.notebook is not None:
            write_whole(
                autograded / f"{slug}.ipynb", nbformat.v4.writes(attempt.notebook, indent=None)
            )  # ten times faster
        if path is None or path.resolve().is_relative_to(submitted.resolve()):  # it came by nbgrader's exchange
            for name in (TIMESTAMP, SECRET):  # with its page, `nbgrader release_feedback` finds the student by them
                if (submitted / name).is_file():
                    for folder in (autograded, feedback):
                        write_whole(folder / name, (submitted / name).read_bytes())


class _SaveCells(SaveCells):
    """nbgrader's own, on a gradebook that is open already."""

    def __init__(self, gradebook: Gradebook) -> None:
        super().__init__()
        self.open = gradebook

    def preprocess(self, nb: Any, resources: Any) -> Any:
        self.gradebook = self.open
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        for kind in ("grade", "solution", "task", "source"):
            setattr(self, f"new_{kind}_cells", {})
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, resources, index)
        self._create_notebook(nb)
        return nb, resources
