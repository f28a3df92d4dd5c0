"""nbgrader's database of one course: opened, read, and closed."""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.api import Base, Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Column, Float, String, create_engine, delete, inspect, select
from sqlalchemy.exc import DBAPIError, SAWarning
from traitlets.config import Config

from autograder.course.faults import CourseError, Fault
from autograder.course.files import cannot_write
from autograder.course.layout import Course, Stage
from autograder.gradebook.late import due_date, lateness
from autograder.gradebook.results import Marks
from autograder.gradebook.settings import folders

STEPS = ("submitted", "autograded", "feedback")  # nbgrader's folders that have one of each student's


class AutomaticExtra(Base):
    """A table beside nbgrader's own: the extra credit that grading gave last. Any other is by hand.

    A value alone does not tell: a teacher may type just the number that the check can give.
    """

    __tablename__ = "automatic_extra"
    grade_id = Column(String(32), primary_key=True)
    points = Column(Float(), nullable=False)


def give_extra(gradebook: Gradebook, grade: Any, earned: float) -> None:
    """Write the extra credit that a check has earned into its grade.

    What a person wrote there stays: whatever differs from what was written here last, an emptied field and 0 included.
    Whoever wants the automatic one back, types the number that it was.
    """
    if not earned and grade.extra_credit is None:
        return
    ours = gradebook.db.get(AutomaticExtra, grade.id)
    if grade.extra_credit != (ours.points if ours else None):
        return
    grade.extra_credit = earned or None
    if earned:
        gradebook.db.merge(AutomaticExtra(grade_id=grade.id, points=earned))
    elif ours:
        gradebook.db.delete(ours)


class Database:
    """The gradebook of a course. It is opened when it is first needed."""

    def __init__(self, course: Course) -> None:
        self.course = course
        config = Config()
        folders(config, course)
        self.coursedir = CourseDirectory(config=config)
        self._gradebook: Gradebook | None = None

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    @property
    def is_there(self) -> bool:
        return self.course.gradebook.is_file()

    @contextmanager
    def open(self) -> Iterator[Gradebook]:
        """The gradebook, kept open. The block is one transaction: nbgrader's own commands only flush.

        Raises:
            CourseError: when it cannot be read or written.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
            try:
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
            except DBAPIError as e:
                said = str(e.orig)
                what = "Close what else uses it (formgrader, another grading run)" if "locked" in said else "Mend that"
                fix = f"{what} and run the same command again: nothing is lost."
                place = self.course.place(self.course.gradebook)
                raise CourseError(Fault(place, f"cannot be written: {said}.", fix)) from e

    def marks(self, slug: str, student: str | None = None) -> dict[str, Marks]:
        """What it says of each submission of a stage, or of one student's. It counts everywhere."""
        if not self.is_there:
            return {}
        found: dict[str, Marks] = {}
        with self.open() as gradebook:
            for who, name, _, manual, extra, _, score, most, penalty, ours in self.rows(gradebook, slug, student):
                marks = found.setdefault(who, Marks(who))
                marks.scores[name] = float(score or 0), float(most or 0)
                if manual is not None or extra != ours:
                    marks.by_hand[name] = manual, float(extra or 0) if extra != ours else None
                if ours:
                    marks.auto_extra[name] = ours
                marks.late_penalty = float(penalty or 0)
            for who, name, auto, by_hand in self.comments(gradebook, slug, student):
                found.setdefault(who, Marks(who)).comments[name] = (by_hand if by_hand is not None else auto) or ""
            for who, days in lateness(gradebook, Stage(self.course, slug), student).items():
                found.setdefault(who, Marks(who)).days_late, found[who].free_days = days
            if student in found:  # asked only for a page
                found[student].due = due_date(gradebook, slug, student)
        for marks in found.values():
            marks.score = max(0.0, sum(score for score, _ in marks.scores.values()) - marks.late_penalty)
            marks.max_score = sum(most for _, most in marks.scores.values())
        return found

    def students(self) -> set[str]:
        """Who has marks, a hand-in or a page, in whatever stage."""
        known = {folder.name for step in STEPS for folder in Path(self.coursedir.root, step).glob("*")}
        if self.is_there:
            with self.open() as gradebook:
                known |= {student.id for student in gradebook.students}
        return known

    def remove(self, student: str) -> None:
        """Remove one of `students`, with all that there is of theirs in every stage.

        Raises:
            CourseError: when the gradebook or a folder cannot be written.
        """
        if self.is_there:
            with self.open() as gradebook, contextlib.suppress(MissingEntry):
                gradebook.remove_student(student)
                theirs = delete(AutomaticExtra).where(AutomaticExtra.grade_id.not_in(select(api.Grade.id)))
                gradebook.db.execute(theirs)
        try:
            for step in STEPS:
                for folder in Path(self.coursedir.root, step).glob("*"):
                    if folder.name == student:
                        shutil.rmtree(folder)
        except OSError as e:
            raise cannot_write(str(e.filename), e) from e

    @staticmethod
    def rows(gradebook: Gradebook, slug: str, student: str | None = None) -> list[Any]:
        """Of each check: student, name, the fields of its mark, maximum, penalty of the submission, automatic extra."""
        grade, cell, penalty = api.Grade, api.GradeCell, api.SubmittedNotebook.late_submission_penalty
        marks = grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade, grade.score
        columns = api.SubmittedAssignment.student_id, cell.name, *marks, cell.max_score, penalty, AutomaticExtra.points
        query = select(*columns).select_from(grade).join(cell, cell.id == grade.cell_id)
        query = query.outerjoin(AutomaticExtra, AutomaticExtra.grade_id == grade.id)
        return list(gradebook.db.execute(_of(query, grade, slug, student)).all())

    @staticmethod
    def comments(gradebook: Gradebook, slug: str, student: str | None = None) -> list[Any]:
        """Of each exercise: student, name, automatic comment, comment by hand."""
        cell, comment = api.BaseCell, api.Comment
        columns = api.SubmittedAssignment.student_id, cell.name, comment.auto_comment, comment.manual_comment
        query = select(*columns).select_from(comment).join(cell, cell.id == comment.cell_id)
        return list(gradebook.db.execute(_of(query, comment, slug, student)).all())


def _of(query: Any, part: Any, slug: str, student: str | None) -> Any:
    """Of this stage's submissions, or of one student's."""
    notebook, submission = api.SubmittedNotebook, api.SubmittedAssignment
    query = query.join(notebook, notebook.id == part.notebook_id)
    query = query.join(submission, submission.id == notebook.assignment_id)
    query = query.join(api.Assignment, api.Assignment.id == submission.assignment_id)
    query = query.where(api.Assignment.name == slug)
    return query if student is None else query.where(submission.student_id == student)


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
