"""nbgrader's gradebook and folders, written by one writer, in one transaction a submission."""

from __future__ import annotations

import logging
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError, SAWarning
from traitlets.config import Config

from autograder.course import CourseError, Fault, Stage
from autograder.diagnosis import Misconception
from autograder.feedback import NO_RESPONSE
from autograder.judge.job import Result
from autograder.pipeline import configure
from autograder.store import cannot_write, write_whole
from autograder.submissions import MOST_MB, Submission


@dataclass
class Attempt:
    """A submission that was run, or one that could not be: then `submission.problem` says why."""

    submission: Submission
    notebook: NotebookNode | None = None
    result: Result | None = None
    blank: set[str] = field(default_factory=set)  # exercises that are as they were handed out
    misconceptions: dict[str, list[Misconception]] = field(default_factory=dict)  # by exercise


class Book:
    """The gradebook of one stage, and the folders `submitted`, `autograded` and `feedback` beside it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.config = Config()
        configure(self.config, stage.course)
        self.coursedir = CourseDirectory(config=self.config)
        self.coursedir.assignment_id = stage.slug
        self.log: list[str] = []
        self._gradebook: Gradebook | None = None

    def close(self) -> None:
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    def register(self) -> None:
        """Tell the gradebook about the stage's checks.

        Raises:
            CourseError: when the gradebook has marks for other checks, or cannot be written.
        """
        if self.stage.course.gradebook.is_file() and self._is_registered():
            return
        problem = self._convert(GenerateAssignment, student=".")
        place = self.stage.place(self.stage.course.gradebook)
        if "there are submissions associated" in problem:
            command = f".venv/bin/nbgrader db assignment remove {self.stage.slug} --force"
            fix = f"Keep a copy of it if you need the old marks, then run: {command}"
            raise CourseError(Fault(place, "has marks for other checks of this stage.", fix))
        if "database is locked" in problem:
            raise _locked(place)
        if problem:
            raise CourseError(
                Fault(place, f"could not take the stage {self.stage.slug}: {problem}", "Mend that first.")
            )

    def _is_registered(self) -> bool:
        """Does the gradebook know the stage exactly as its source is now?"""
        told = {
            c.metadata.nbgrader.grade_id: c
            for c in nbformat.read(self.stage.source, as_version=4).cells
            if "nbgrader" in c.metadata
        }
        points = {name: c.metadata.nbgrader.points for name, c in told.items() if c.metadata.nbgrader.grade}
        try:
            with self._open() as gradebook:
                notebook = gradebook.find_notebook(self.stage.slug, self.stage.slug)
                known = {c.name: (c.source, c.locked) for c in notebook.source_cells}
                return known == {
                    name: (c.source, c.metadata.nbgrader.locked) for name, c in told.items()
                } and points == {c.name: c.max_score for c in notebook.grade_cells}
        except (MissingEntry, OperationalError):
            return False

    def save(self, attempt: Attempt) -> None:
        """Write a submission's marks, or none where it failed, and the notebooks that belong to them.

        Raises:
            CourseError: when the gradebook or a file cannot be written. Marks of others stay as they are.
        """
        student, slug = attempt.submission.student, self.stage.slug
        try:
            self._files(attempt)
            with self._open() as gradebook:
                gradebook.update_or_create_student(student)
                submission = gradebook.update_or_create_submission(slug, student)
                credit = {check.id: check.credit for check in attempt.result.checks} if attempt.result else {}
                for grade in submission.notebooks[0].grades:
                    grade.auto_score = grade.cell.max_score * credit.get(grade.name, 0)
                    grade.needs_manual_grade = grade.manual_score is not None
                for comment in submission.notebooks[0].comments:
                    comment.auto_comment = NO_RESPONSE if comment.name in attempt.blank else None
        except OperationalError as e:
            raise _locked(self.stage.place(self.stage.course.gradebook), str(e.orig)) from e
        except OSError as e:
            raise cannot_write(str(e.filename or self.coursedir.root), e) from e

    def changed(self, marks: dict[str, dict[str, float]]) -> dict[str, tuple[float | None, float]]:
        """By student, each score that the points of these checks would change: before and after.

        What a teacher gave by hand stays as it is.
        """
        changed: dict[str, tuple[float | None, float]] = {}
        with self._open() as gradebook:
            for student, points in marks.items():
                try:
                    submission = gradebook.find_submission(self.stage.slug, student)
                except MissingEntry:
                    changed[student] = None, sum(points.values())
                    continue
                automatic = [g for g in submission.notebooks[0].grades if g.manual_score is None]
                more = sum(points.get(g.name, 0) - (g.auto_score or 0) for g in automatic)
                if abs(more) > 1e-9:
                    changed[student] = submission.score, submission.score + more
        return changed

    def feedback(self, student: str) -> str:
        """Make the feedback page of a graded submission; what went wrong, or nothing."""
        return self._convert(_Feedback, student)

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
            write_whole(autograded / f"{slug}.ipynb", nbformat.writes(attempt.notebook))

    @contextmanager
    def _open(self) -> Iterator[Gradebook]:
        """The gradebook, kept open. The block is one transaction: nbgrader's own commits only flush."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
            if self._gradebook is None:
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

    def _convert(self, converter: type[BaseConverter], student: str) -> str:
        """Run one of nbgrader's converters; the error that stopped it, or nothing."""
        self.coursedir.student_id = student
        self.log.clear()
        logger = logging.Logger(converter.__name__)
        logger.addHandler(_Keep(self.log))
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Object of type", SAWarning)
                converter(coursedir=self.coursedir, config=self.config, force=True, log=logger).start()
        except (Exception, SystemExit) as e:  # nbgrader raises many kinds
            told = [text for text in self.log if "Traceback" in text] or self.log or [f"{type(e).__name__}: {e}"]
            lines = [line for line in told[0].strip().split("\n") if "Background on this error" not in line]
            errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
            return (errors or lines)[-1]
        return ""


def _locked(place: str, said: str = "database is locked") -> CourseError:
    what = "Close what else uses it (formgrader, another grading run)" if "locked" in said else "Mend that"
    fix = f"{what} and run the same command again: nothing is lost."
    return CourseError(Fault(place, f"cannot be written: {said}.", fix))


class _Feedback(GenerateFeedback):
    """nbgrader's own, but for its search, which takes a name such as `a[1]` for a pattern."""

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.notebooks: list[str] = []
        self.assignments = {folder: [f"{folder}/{self.coursedir.assignment_id}.ipynb"]}


class _Keep(logging.Handler):
    """Keeps what nbgrader says about errors."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
