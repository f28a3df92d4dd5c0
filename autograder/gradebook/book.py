"""nbgrader's gradebook and folders, written by one writer, in one transaction a submission."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import api
from nbgrader.api import Base, Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError, SAWarning
from traitlets.config import Config

from autograder.build.release import release
from autograder.course.faults import CourseError, Fault
from autograder.course.files import cannot_write, write_whole
from autograder.gradebook.results import Attempt, Marks
from autograder.gradebook.settings import folders
from autograder.intake.blueprint import Blueprint
from autograder.intake.read import MOST_MB

NO_RESPONSE = "No response."  # nbgrader's own comment on what was not started


class Book:
    """The gradebook of one stage, and the folders `submitted`, `autograded` and `feedback` beside it."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint, self.stage = blueprint, blueprint.stage
        config = Config()
        folders(config, self.stage.course)
        self.coursedir = CourseDirectory(config=config)
        self._gradebook: Gradebook | None = None

    def close(self) -> None:
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    @property
    def is_there(self) -> bool:
        return self.stage.course.gradebook.is_file()

    def register(self) -> None:
        """Tell the gradebook about the stage's checks.

        Raises:
            CourseError: when the gradebook has marks for other checks, or cannot be written.
        """
        slug, place = self.stage.slug, self.stage.place(self.stage.course.gradebook)
        try:
            if self.is_there and self._is_registered():
                return
            self.stage.course.work.mkdir(parents=True, exist_ok=True)
            with self._open() as gradebook:
                gradebook.update_or_create_assignment(slug)
                told = {"nbgrader": {"assignment": slug, "notebook": slug}}
                released = release(self.blueprint.source, _SaveCells(gradebook), told)
            path = Path(self.coursedir.root, self.coursedir.release_directory, slug, f"{slug}.ipynb")
            write_whole(path, nbformat.writes(released) + "\n")
        except RuntimeError as e:  # nbgrader's own, where there are submissions and other cells
            command = f".venv/bin/nbgrader db assignment remove {slug} --force"
            fix = f"Keep a copy of it if you need the old marks, then run: {command}"
            raise CourseError(Fault(place, "has marks for other checks of this stage.", fix)) from e
        except DBAPIError as e:
            raise _locked(place, str(e.orig)) from e
        except OSError as e:
            raise cannot_write(str(e.filename or self.coursedir.root), e) from e

    def _is_registered(self) -> bool:
        """Does the gradebook know the stage exactly as its source is now?"""
        told = {name: c.metadata.nbgrader for name, c in self.blueprint.cells.items()}
        blank = self.blueprint.blank
        sources = {n: (blank.get(n, self.blueprint.cells[n].source), bool(m.locked)) for n, m in told.items()}
        points = {name: float(m.points) for name, m in told.items() if m.grade}
        try:
            with self._open() as gradebook:
                notebook = gradebook.find_notebook(self.stage.slug, self.stage.slug)
                known = {c.name: (c.source, bool(c.locked)) for c in notebook.source_cells}
                return known == sources and points == {c.name: c.max_score for c in notebook.grade_cells}
        except MissingEntry:
            return False

    def save(self, attempt: Attempt) -> Marks:
        """Write a submission's marks, or none where it failed, and the notebooks that belong to them.

        What stands there already is not written again. Returns what the gradebook says of it now.

        Raises:
            CourseError: when the gradebook or a file cannot be written. Marks of others stay as they are.
        """
        student, slug = attempt.submission.student, self.stage.slug
        credit = {check.id: check.credit for check in attempt.result.checks} if attempt.result else {}
        try:
            with self._open() as gradebook:
                self._files(attempt)
                if not self._stands(gradebook, student, credit, attempt.blank):
                    gradebook.update_or_create_student(student)
                    submission = gradebook.update_or_create_submission(slug, student)
                    for grade in submission.notebooks[0].grades:
                        grade.auto_score = grade.cell.max_score * credit.get(grade.name, 0)
                        grade.needs_manual_grade = grade.manual_score is not None
                    for comment in submission.notebooks[0].comments:
                        comment.auto_comment = NO_RESPONSE if comment.name in attempt.blank else None
                return self._marks(gradebook, student)
        except OperationalError as e:
            raise _locked(self.stage.place(self.stage.course.gradebook), str(e.orig)) from e
        except OSError as e:
            raise cannot_write(str(e.filename or self.coursedir.root), e) from e

    def _rows(self, gradebook: Gradebook, student: str) -> list[Any]:
        """Of each check: name, automatic mark, mark by hand, needs a look, mark, maximum, penalty of the submission."""
        cell, penalty = api.GradeCell, api.SubmittedNotebook.late_submission_penalty
        grade = api.Grade
        columns = cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade, grade.score, cell.max_score
        query = select(*columns, penalty).select_from(grade).join(cell, cell.id == grade.cell_id)
        return list(gradebook.db.execute(self._own(query, grade, student)).all())

    def _comments(self, gradebook: Gradebook, student: str) -> list[Any]:
        """Of each exercise: name, automatic comment, comment by hand."""
        cell, comment = api.BaseCell, api.Comment
        query = select(cell.name, comment.auto_comment, comment.manual_comment).select_from(comment)
        query = query.join(cell, cell.id == comment.cell_id)
        return list(gradebook.db.execute(self._own(query, comment, student)).all())

    def _own(self, query: Any, part: Any, student: str) -> Any:
        """Of this stage's submission of this student."""
        notebook, submission = api.SubmittedNotebook, api.SubmittedAssignment
        query = query.join(notebook, notebook.id == part.notebook_id)
        query = query.join(submission, submission.id == notebook.assignment_id)
        query = query.join(api.Assignment, api.Assignment.id == submission.assignment_id)
        return query.where(submission.student_id == student, api.Assignment.name == self.stage.slug)

    def _stands(self, gradebook: Gradebook, student: str, credit: dict[str, float], blank: set[str]) -> bool:
        """Does all that would be written stand there already?"""
        rows = self._rows(gradebook, student)
        marks = {name: (auto, needs) for name, auto, _, needs, *_ in rows}
        points = {name: c.metadata.nbgrader.get("points", 0) for name, c in self.blueprint.cells.items()}
        wanted = {name: (points[name] * credit.get(name, 0), by_hand is not None) for name, _, by_hand, *_ in rows}
        if not rows or marks != wanted:
            return False
        comments = {name: auto for name, auto, _ in self._comments(gradebook, student)}
        return comments == {name: NO_RESPONSE if name in blank else None for name in comments}

    def _marks(self, gradebook: Gradebook, student: str) -> Marks:
        found = Marks(student)
        for name, _, _, _, score, most, penalty in self._rows(gradebook, student):
            found.scores[name] = float(score or 0), float(most or 0)
            found.late_penalty = float(penalty or 0)
        found.score = sum(score for score, _ in found.scores.values()) - found.late_penalty
        found.max_score = sum(most for _, most in found.scores.values())
        for name, auto, by_hand in self._comments(gradebook, student):
            found.comments[name] = (by_hand if by_hand is not None else auto) or ""
        return found

    def changed(self, marks: dict[str, dict[str, float]]) -> dict[str, tuple[float | None, float]]:
        """By student, each score that the points of these checks would change: before and after. Writes nothing.

        What a teacher gave by hand stays as it is.
        """
        if not self.is_there:
            return {student: (None, sum(points.values())) for student, points in marks.items()}
        changed: dict[str, tuple[float | None, float]] = {}
        with self._open() as gradebook:
            for student, points in marks.items():
                rows = self._rows(gradebook, student)
                if not rows:
                    changed[student] = None, sum(points.values())
                    continue
                now = sum(score or 0 for _, _, _, _, score, *_ in rows)
                by_hand = {name for name, _, manual, *_ in rows if manual is not None}
                automatic = sum(auto or 0 for name, auto, *_ in rows if name not in by_hand)
                more = sum(score for name, score in points.items() if name not in by_hand) - automatic
                if abs(more) > 1e-9:
                    changed[student] = now, now + more
        return changed

    def page(self, student: str) -> Path:
        """Where a submission's feedback page belongs: where nbgrader's own command puts it."""
        return Path(self.coursedir.root, "feedback", student, self.stage.slug, f"{self.stage.slug}.html")

    def _files(self, attempt: Attempt) -> None:
        slug, student = self.stage.slug, attempt.submission.student
        submitted, autograded, feedback = (
            Path(self.coursedir.root, step, student, slug) for step in ("submitted", "autograded", "feedback")
        )
        path = attempt.submission.path
        if path is not None and path.is_file() and path.stat().st_size <= MOST_MB << 20:
            write_whole(submitted / f"{slug}.ipynb", path.read_bytes())  # as it was handed in, also where it failed
        for folder in (autograded, feedback):  # nothing of an earlier hand-in stays
            shutil.rmtree(folder, ignore_errors=True)
        if attempt.notebook is not None:
            write_whole(
                autograded / f"{slug}.ipynb", nbformat.v4.writes(attempt.notebook, indent=None)
            )  # ten times faster

    @contextmanager
    def _open(self) -> Iterator[Gradebook]:
        """The gradebook, kept open. The block is one transaction: nbgrader's own commands only flush."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
            if self._gradebook is None:
                _make_tables(self.coursedir.db_url)
                self._gradebook = Gradebook(self.coursedir.db_url, self.coursedir.course_id)
            session = self._gradebook.db()
            commit, session.commit = session.commit, session.flush
            try:
                yield self._gradebook
                commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.commit = commit


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


def _make_tables(url: str) -> None:
    """A new database as nbgrader would make it, but in this process: nbgrader asks another program for the version."""
    engine = create_engine(url)
    try:
        if inspect(engine).get_table_names():
            return
        import nbgrader
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            MigrationContext.configure(connection).stamp(scripts, "head")
    finally:
        engine.dispose()


def _locked(place: str, said: str = "database is locked") -> CourseError:
    what = "Close what else uses it (formgrader, another grading run)" if "locked" in said else "Mend that"
    fix = f"{what} and run the same command again: nothing is lost."
    return CourseError(Fault(place, f"cannot be written: {said}.", fix))
