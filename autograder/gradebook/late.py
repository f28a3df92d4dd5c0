"""What handing in late costs: nbgrader's seam for it, the course's plugin there, and one place that calls it.

The due date and a student's extension are nbgrader's, in UTC. `nbgrader autograde` and `autograder grade` ask the same
plugin: the one that nbgrader_config.py names, or else `LateDays`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from nbgrader import api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from traitlets import Any as AnyTrait
from traitlets import TraitError

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage
from autograder.gradebook.settings import nbgrader_app
from autograder.intake.roster import path_of, read_roster
from autograder.stage.settings import read_settings

DAY = timedelta(days=1).total_seconds()


class LateDays(LateSubmissionPlugin):
    """Free days, then a share of the maximum for each started day; `late_…` in settings.toml."""

    course = AnyTrait(help="whose settings and roster count").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off, or None. `parent` is nbgrader's step: it knows the assignment and the gradebook."""
        if self.penalty_method != "none":  # nbgrader's own way was chosen
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        stage = Stage(self.course, self.parent.assignment_id)
        settings = read_settings(stage)
        over = max(0, days_late(total_seconds_late) - free_days(stage, student_id))
        most = self.parent.gradebook.find_assignment(stage.slug).max_score
        return most * min(over * settings.late_penalty, settings.late_most) or None


def days_late(seconds: float) -> int:
    """Each day that has begun counts."""
    return math.ceil(seconds / DAY)


def free_days(stage: Stage, student: str) -> int:
    """How many late days of a stage cost this student nothing: everybody's, and those in students.csv."""
    path = path_of(stage.course)
    extra = _extra_days(stage.course, path.stat().st_mtime_ns) if path.is_file() else {}
    return read_settings(stage).late_days + extra.get(student, 0)


@lru_cache(4)
def _extra_days(course: Course, changed: int) -> dict[str, int]:
    roster = read_roster(course)
    return {person.id: int(person.extra_days or 0) for person in roster.people} if roster else {}


class Penalties:
    """Asks the plugin as nbgrader's own step does, on a gradebook that is open already."""

    def __init__(self, course: Course) -> None:
        self.course = course

    @cached_property
    def step(self) -> AssignLatePenalties:
        """Made for the first one who is late: nbgrader_config.py is run for it."""
        try:
            step = AssignLatePenalties(parent=nbgrader_app(self.course))
            step.init_plugin()
        except (TraitError, ImportError) as error:
            raise _fault(f"cannot be used: {error}") from error
        return step

    def penalty(
        self, gradebook: Gradebook, slug: str, student: str, score: float, handed_in: datetime | None
    ) -> float | None:
        """The points to take off from `score`, or None; `handed_in` is in UTC, None where nobody knows when."""
        due = due_date(gradebook, slug, student)
        late = (handed_in - due).total_seconds() if handed_in and due else 0.0
        if late <= 0:
            return None
        self.step.assignment_id, self.step.student_id, self.step.gradebook = slug, student, gradebook
        try:
            penalty = self.step.plugin_inst.late_submission_penalty(student, score, late)
        except CourseError:
            raise
        except Exception as error:  # an instructor's own
            raise _fault(f"stopped with {type(error).__name__}: {error}") from error
        return None if penalty is None else float(min(max(0, penalty), score))


def _fault(fact: str) -> CourseError:
    place = "AssignLatePenalties.plugin_class in nbgrader_config.py"
    return CourseError(Fault(place, f"{fact.rstrip('.')}.", "Mend it, and run the same command again."))


def lateness(gradebook: Gradebook, stage: Stage, student: str | None = None) -> dict[str, tuple[int, int]]:
    """Of submissions that came late, or of one student's: started days after the due date, and how many are free."""
    own, assignment = api.SubmittedAssignment, api.Assignment
    query = select(own.student_id, own.timestamp, own.extension, assignment.duedate)
    query = query.join(assignment, assignment.id == own.assignment_id).where(assignment.name == stage.slug)
    query = query.where(own.timestamp.is_not(None), assignment.duedate.is_not(None))
    found = {}
    for who, when, extension, due in gradebook.db.execute(
        query if student is None else query.where(own.student_id == student)
    ):
        late = when - due - (extension or timedelta())
        if late > timedelta():
            found[who] = days_late(late.total_seconds()), free_days(stage, who)
    return found


def due_date(gradebook: Gradebook, slug: str, student: str) -> datetime | None:
    """When this student's work is due, in UTC, or None where nbgrader was told no date."""
    try:
        return gradebook.find_submission(slug, student).duedate
    except TypeError:  # an extension, and no date
        return None
    except MissingEntry:  # nothing was handed in yet
        try:
            return gradebook.find_assignment(slug).duedate
        except MissingEntry:
            return None
