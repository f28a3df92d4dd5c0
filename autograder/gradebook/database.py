"""nbgrader's database of one course: opened, read, and closed."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import random
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from nbgrader import api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import URL, create_engine, delete, select
from sqlalchemy.exc import SAWarning
from tornado.log import app_log

from autograder.course.faults import CourseError, Fault
from autograder.course.files import cannot_write
from autograder.course.layout import Course, Stage
from autograder.gradebook.connection import (
    DATABASE_ERRORS,
    VARIABLE,
    database_url,
    first_cause,
    is_away,
    is_conflict,
    patient,
    shown,
    what_to_do,
)
from autograder.gradebook.late import due_date, lateness
from autograder.gradebook.results import Marks
from autograder.gradebook.settings import CONFIG, configured
from autograder.gradebook.tables import AutomaticExtra, hold, make_tables

STEPS = ("submitted", "autograded", "feedback")  # nbgrader's folders that have one of each student's
PATIENCE = 300.0  # seconds that a server which has answered before may be away
CONFLICTS = 10  # times that another program may have written the same
T = TypeVar("T")


def give_extra(gradebook: Gradebook, grade: Any, earned: float) -> None:
    """Write the extra credit that a check has earned into its grade.

    What a person wrote there stays: whatever differs from what was written here last, an emptied field and 0 included.
    Whoever wants the automatic one back, types the number that it was.
    """
    if not earned and grade.extra_credit is None:
        return
    gradebook.db.flush()
    gradebook.db.refresh(grade, with_for_update=True)  # nobody types another one before this one is written
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

    answered: ClassVar[set[URL]] = set()  # which servers were there: for these it waits when they go away

    def __init__(self, course: Course) -> None:
        self.course = course
        self.coursedir = CourseDirectory(config=configured(course))
        self.url = database_url(self.coursedir.db_url, VARIABLE if os.environ.get(VARIABLE) else CONFIG)
        self._gradebook: Gradebook | None = None
        self._opening = threading.Lock()
        app_log.addFilter(_not_told_here)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    @property
    def place(self) -> str:
        """Where it is, as messages show it: a path, or a url without password."""
        return shown(self.url, self.course)

    @property
    def is_there(self) -> bool:
        """A server is asked only when something is read."""
        return self.url.get_backend_name() != "sqlite" or Path(str(self.url.database)).is_file()

    def run(self, work: Callable[[Gradebook], T]) -> T:
        """What `work` gives, as one transaction: all of it is done, or nothing.

        It is done again where another program wrote the same at the same time, and where a server that was there goes
        away and comes back. So it has to be such that twice is the same as once.

        Raises:
            CourseError: when the gradebook cannot be read or written.
        """
        again, until = 0, 0.0
        while True:
            try:
                with self.open() as gradebook:
                    done = work(gradebook)
            except CourseError as error:
                cause = error.__cause__
                if is_conflict(cause) and again < CONFLICTS:
                    again += 1
                    time.sleep(random.uniform(0, 0.1 * again))
                elif is_away(cause) and self.url in self.answered and (not until or time.monotonic() < until):
                    if not until:
                        until = time.monotonic() + PATIENCE
                        _say(f"{self.place} does not answer. Waiting for it, up to {PATIENCE / 60:g} minutes.")
                    time.sleep(1)
                else:
                    raise
            else:
                if until:
                    _say(f"{self.place} is back.")
                return done

    @contextmanager
    def open(self) -> Iterator[Gradebook]:
        """The gradebook, kept open. The block is one transaction: nbgrader's own commands only flush.

        Raises:
            CourseError: when it cannot be read or written.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
            try:
                gradebook = self._opened()
                session = gradebook.db()
                commit, session.commit = session.commit, session.flush
                try:
                    yield gradebook
                    commit()
                except BaseException:
                    session.rollback()
                    raise
                finally:
                    session.commit = commit
            except DATABASE_ERRORS as e:
                cause = first_cause(e)
                raise CourseError(Fault(self.place, *what_to_do(cause, self.url))) from cause

    def _opened(self) -> Gradebook:
        with self._opening:
            if self._gradebook is None:
                url = patient(self.url)
                engine = create_engine(url)
                try:
                    with engine.connect() as connection:
                        make_tables(connection)
                finally:
                    engine.dispose()
                self._gradebook = Gradebook(url, self.coursedir.course_id)
                if self.url.get_backend_name() != "sqlite":
                    self.answered.add(self.url)
            return self._gradebook

    def marks(self, slug: str, student: str | None = None) -> dict[str, Marks]:
        """What it says of each submission of a stage, or of one student's. It counts everywhere."""
        if not self.is_there:
            return {}

        def read(gradebook: Gradebook) -> dict[str, Marks]:
            found: dict[str, Marks] = {}
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
            return found

        found = self.run(read)
        for marks in found.values():  # a server gives the rows in any order: the sum does not depend on it
            marks.score = max(0.0, math.fsum(score for score, _ in marks.scores.values()) - marks.late_penalty)
            marks.max_score = math.fsum(most for _, most in marks.scores.values())
        return found

    def counts(self) -> dict[str, int]:
        """How much is in it."""
        kinds = {"assignments": api.Assignment, "students": api.Student, "submissions": api.SubmittedAssignment}
        kinds |= {"marks": api.Grade}
        if not self.is_there:
            return dict.fromkeys(kinds, 0)
        return self.run(lambda gradebook: {name: gradebook.db.query(kind).count() for name, kind in kinds.items()})

    def students(self) -> set[str]:
        """Who has marks, a hand-in or a page, in whatever stage."""
        known = {folder.name for step in STEPS for folder in Path(self.coursedir.root, step).glob("*")}
        if self.is_there:
            known |= self.run(lambda gradebook: {student.id for student in gradebook.students})
        return known

    def remove(self, student: str) -> None:
        """Remove one of `students`, with all that there is of theirs in every stage.

        Raises:
            CourseError: when the gradebook or a folder cannot be written.
        """

        def forget(gradebook: Gradebook) -> None:
            with contextlib.suppress(MissingEntry):
                gradebook.remove_student(student)
                theirs = delete(AutomaticExtra).where(AutomaticExtra.grade_id.not_in(select(api.Grade.id)))
                gradebook.db.execute(theirs)

        if self.is_there:
            self.run(forget)
        try:
            for step in STEPS:
                for folder in Path(self.coursedir.root, step).glob("*"):
                    if folder.name == student:
                        shutil.rmtree(folder)
        except OSError as e:
            raise cannot_write(str(e.filename), e) from e

    def hold(self, gradebook: Gradebook, slug: str, student: str = "") -> None:
        """First in a transaction: until it ends, nobody else writes what it writes of this student, by hand neither."""
        hold(gradebook.db(), f"{self.coursedir.course_id} {slug} {student}")
        if student:
            query = select(api.Grade.id).select_from(api.Grade)
            gradebook.db.execute(_of(query, api.Grade, slug, student).with_for_update(of=api.Grade)).all()

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


def _not_told_here(record: logging.LogRecord) -> bool:
    """nbgrader logs each error of the database, with a traceback. Here it is tried again, or told."""
    return not record.getMessage().startswith("Rolling back session")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
