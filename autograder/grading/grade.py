"""Grade a class: run each submission, or take its result from the store, and collect marks and messages."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from autograder.build.write import build_source
from autograder.course.faults import CourseError, Fault
from autograder.course.files import cannot_write, write_whole
from autograder.course.layout import Course, Stage
from autograder.diagnosis.carried import carry_forward
from autograder.diagnosis.catalogue import Catalogue
from autograder.feedback.last_result import stored_students
from autograder.feedback.page import Texts, failed_page, page
from autograder.feedback.render import render
from autograder.gradebook.book import Book
from autograder.gradebook.notebook import write_back
from autograder.gradebook.results import Attempt, ClassResult, Mark, StudentResult
from autograder.intake.attempts import NAMED
from autograder.intake.blueprint import Blueprint
from autograder.intake.find import Submission, submissions
from autograder.intake.names import safe
from autograder.intake.prepare import job, prepare, untouched
from autograder.intake.read import read_notebook
from autograder.intake.roster import Roster, assign, own_number, read_names, read_roster
from autograder.run.job import Job, Result
from autograder.run.store import Store, run_cached
from autograder.run.worker.cluster import Cluster
from autograder.run.worker.pool import Workers, workers_for
from autograder.stage.model import Content
from autograder.stage.read import read_stage

Told = Callable[[str, StudentResult], None]


def grade(
    stage: Stage,
    path: Path,
    sandbox: str = "bwrap",
    jobs: int = 1,
    step: Callable[[int, int], None] = lambda done, total: None,
    dry_run: bool = False,
    content: Content | None = None,
    workers: Workers | Cluster | None = None,
    told: Told = lambda student, result: None,
    students: Collection[str] = (),
    exercises: Collection[str] = (),
    lost: Mapping[str, str] = MappingProxyType({}),
    names: Path | None = None,
) -> ClassResult:
    """Grade every submission in `path`, and write the marks and the feedback pages.

    Whatever stops this in the middle, the same call goes on where it was. With `dry_run` no mark or page is written.

    Args:
        step: is told how many are done, of how many.
        content: of the stage, where it is read already.
        workers: where they warm up already; whoever made them ends them.
        told: is told each verdict as soon as it is there.
        students: grade only these, and run them again.
        exercises: run again, and give marks for these only. Who has no marks yet, gets them all.
        names: a table of files and the students whose they are, where their names do not say it.
        lost: students whose last hand-in could not be had, with the reason: they are `ungraded`, but for those of whom
            another one is in `path`; there it is noted.

    Raises:
        CourseError: where nothing can be graded, or a mark cannot be written.
    """
    own = contextlib.nullcontext(workers) if workers is not None else workers_for(stage, sandbox, jobs)
    with submissions(stage, path, bool(lost)) as found, own as workers:
        _add_lost(found, lost)
        roster = read_roster(stage.course)
        found = _chosen(assign(found, roster, read_names(names) if names else {}), students, path)
        again = bool(students or exercises)
        run = _Grading(content or read_stage(stage), workers, dry_run, exercises, again, roster or Roster())
        try:
            step(0, len(found))
            for attempt in workers.each(run.attempt, found):
                student = attempt.submission.student
                run.results[student] = run.keep(attempt)
                told(student, run.results[student])
                step(len(run.results), len(found))
            result = run.result()
            if roster is not None and not students:
                result.missing = [person.id for person in roster.people if person.id not in result.students]
            return result
        finally:
            run.book.data.close()


def _add_lost(found: list[Submission], lost: Mapping[str, str]) -> None:
    there = {one.student: one for one in found}
    for student, reason in lost.items():
        if one := there.get(safe(student)):
            one.note = f"{one.note} Not looked at: a later one. {reason}".strip()
        else:
            found.append(Submission(safe(student), None, nobody=reason))


def _chosen(found: list[Submission], students: Collection[str], path: Path) -> list[Submission]:
    names = [submission.student for submission in found]
    for student in students:
        if safe(student) not in names:
            known = ", ".join(names[:NAMED]) + ", …" * (len(names) > NAMED)
            raise CourseError(Fault(student, f"has no submission in {path}.", f"There are: {known}."))
    return [one for one in found if not students or one.student in map(safe, students)]


class _MachineFailed(Exception):
    """It was the machine that failed, and not the submission. The text says how."""


class _Grading:
    """What one run of `grade` needs."""

    def __init__(
        self,
        content: Content,
        workers: Workers | Cluster,
        dry_run: bool,
        exercises: Collection[str],
        again: bool,
        roster: Roster,
    ) -> None:
        self.roster = roster
        self.content, self.stage, self.dry_run, self.again = content, content.stage, dry_run, again
        for name in exercises:
            if name not in content.exercises:
                known = f"Choose one of: {', '.join(content.exercises)}."
                raise CourseError(Fault(name, f"is no exercise of {self.stage.slug}.", known))
        self.exercises = exercises
        self.before = stored_students(self.stage) if exercises else {}
        self.blueprint = Blueprint(content)
        self.store = Store(self.stage.course.verdicts, workers.sandbox)
        self.workers = workers
        self.catalogue = Catalogue(content, self.blueprint.limits, self.run)
        self.book = Book(self.blueprint)
        self.texts = Texts(self.blueprint)
        self.results: dict[str, StudentResult] = {}
        self.handed_in: dict[str, datetime | None] = {}
        if not dry_run:
            build_source(self.stage, self.blueprint.plain)
            self.book.register()

    def run(self, work: Job, again: bool = False) -> Result:
        return run_cached(work, self.store, self.workers, again)

    def judge(self, work: Job) -> Result:
        """A result in which each check has a verdict.

        Raises:
            _MachineFailed: where one has none.
        """
        result = self.run(work, self.again)
        if result.machine_failed:
            raise _MachineFailed(next(check.message for check in result.checks if check.kind == "internal"))
        return result

    def attempt(self, submission: Submission) -> Attempt:
        """Read, repair, run and diagnose one submission. What is wrong with it is told, not raised."""
        try:
            return self._run(submission)
        except CourseError:
            raise
        except _MachineFailed as error:
            fault = f"{error} It was tried more than once. Any earlier mark stays; run the same command again."
            return Attempt(submission, machine_fault=fault)
        except Exception as error:  # a mistake of ours: one submission must not stop the class
            place = keep_traceback(self.stage.course, f"grade {self.stage.slug}: {submission.student}")
            fault = f"The grader stumbled over this notebook ({type(error).__name__}); the traceback is in {place}."
            return Attempt(submission, machine_fault=f"{fault} Please report it.")

    def _run(self, submission: Submission) -> Attempt:
        if submission.nobody:
            return Attempt(submission, machine_fault=submission.nobody)
        if submission.path is None or submission.problem:
            return Attempt(submission)
        notebook, note, submission.problem = read_notebook(submission.path)
        if notebook is None:
            return Attempt(submission)
        repairs = prepare(notebook, self.blueprint)
        if repairs.foreign:
            slug = self.stage.slug
            none = f"This is not the notebook of {slug}: it has none of its exercises and checks."
            if note:  # it is damaged, or no notebook at all: perhaps it was that of this stage
                none = f"{note} No exercise and no check of {slug} could be read in it."
            submission.problem = f"{none} Hand in {slug}.ipynb."
            return Attempt(submission)
        submission.note = " ".join(filter(None, [submission.note, note, *repairs.notes]))
        work = job(notebook, self.blueprint, submission.student)
        result = self.judge(work)
        for check in result.checks:
            if check.claimed and [person.id for person in self.roster.find(check.claimed)] == [submission.student]:
                check.claimed = ""  # another name of the same person
        misconceptions = self.catalogue.name_mistakes(result.checks)
        carry_forward(work, result.checks, self.content, self.judge, self.blueprint.settings.carried_share)
        write_back(notebook, self.blueprint, result, self.store.sandbox)
        attempt = Attempt(submission, notebook, result, untouched(notebook), misconceptions)
        if submission.student in self.before and self.book.leave(notebook, submission.student, self.exercises):
            attempt.only = set(self.exercises)
        return attempt

    def keep(self, attempt: Attempt) -> StudentResult:
        """Write the mark and the page of one submission; what there is to say of it."""
        result = _verdict(attempt, self.content)
        result.number = own_number(attempt.submission, self.roster)
        if attempt.only:
            result.leave(self.before[attempt.submission.student], attempt.only)
        self.handed_in[attempt.submission.student] = attempt.submission.handed_in
        if self.dry_run or result.status == "ungraded":
            return result
        marks = self.book.save(attempt)
        result.take(marks)
        try:
            if attempt.notebook is None:
                shown = failed_page(result.reason, marks, self.texts)
            else:
                shown = page(attempt.notebook, marks, self.texts)
            write_whole(self.book.page(attempt.submission.student), render("feedback.html.j2", page=shown))
        except OSError as error:
            raise cannot_write(str(error.filename or self.stage.course.work), error) from error
        except Exception as error:
            place = keep_traceback(self.stage.course, f"page of {self.stage.slug}: {attempt.submission.student}")
            result.no_page = f"no feedback page: {type(error).__name__}; the traceback is in {place}."
        return result

    def result(self) -> ClassResult:
        students = dict(sorted(self.results.items()))
        result = ClassResult(self.stage.slug, self.content.max_score, students, self.store.sandbox)
        if self.dry_run:
            marks = self.book.data.marks(self.stage.slug)
            for name, told in students.items():
                now = None
                if name in marks:
                    told.take(marks[name])
                    now = marks[name].score
                if self.book.data.is_there and (self.handed_in[name] or told.days_late):
                    score = sum(check.score for check in told.checks.values())
                    told.late_penalty = self.book.would_be_late(name, score, self.handed_in[name])
                if told.status != "ungraded" and (now is None or abs(told.score - now) > 1e-9):
                    result.changed[name] = now, told.score
        return result


def _verdict(attempt: Attempt, content: Content) -> StudentResult:
    submission, checks = attempt.submission, content.of_kind("check")
    if attempt.machine_fault:
        return StudentResult("ungraded", attempt.machine_fault)
    if attempt.result is None:
        return StudentResult("failed", submission.problem, {c.id: Mark(0, c.points, extra=c.extra) for c in checks})
    told = {check.id: check for check in attempt.result.checks}
    first = {exercise: found[0] for exercise, found in attempt.misconceptions.items()}
    return StudentResult(
        "repaired" if submission.note else "graded",
        submission.note,
        {cell.id: Mark.of(told[cell.id], cell.points, cell.extra) for cell in checks},
        {exercise: misconception.name for exercise, misconception in first.items()},
        {exercise: misconception.says for exercise, misconception in first.items()},
        attempt.blank,
        attempt.result.seconds,
    )


def keep_traceback(course: Course, what: str) -> str:
    """Add the traceback of the error at hand to the course's log; where that is."""
    path = course.work / "errors.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{datetime.now().isoformat(timespec='seconds')}  {what}\n{traceback.format_exc()}\n")
    return str(path)
