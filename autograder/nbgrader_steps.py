"""How nbgrader is set up for this course, and the lists of its steps, with the reason for their order."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from functools import wraps
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.exchange.default import Exchange
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Any as AnyTrait

from autograder.build.release import PREPROCESSORS
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage
from autograder.diagnosis.carried import carry_forward
from autograder.diagnosis.catalogue import Catalogue
from autograder.feedback.page import Texts, page
from autograder.feedback.render import SUBMISSION, render
from autograder.gradebook.database import give_extra
from autograder.gradebook.exchange_rules import Collect, ReleaseFeedback
from autograder.gradebook.late import LateDays, due_date, lateness
from autograder.gradebook.notebook import write_back
from autograder.gradebook.results import Marks
from autograder.gradebook.settings import folders, scripts_first
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job, prepare
from autograder.intake.text import safe_html
from autograder.run.job import Job, Result
from autograder.run.store import Store, run_cached
from autograder.run.worker.worker import Worker, choose_sandbox
from autograder.stage.read import read_stage


def configure(c: Any, course: Course) -> None:
    """Write the course's settings into nbgrader's configuration `c`."""
    scripts_first()
    with contextlib.suppress(OSError):  # `nbgrader db assignment add` does not make it
        course.work.mkdir(parents=True, exist_ok=True)
    folders(c, course)
    _end_each_request()
    c.ExchangeFactory.collect, c.ExchangeFactory.release_feedback = Collect, ReleaseFeedback
    c.GenerateAssignment.preprocessors = PREPROCESSORS
    c.Autograde.sanitize_preprocessors = SANITIZE
    c.Autograde.autograde_preprocessors = AUTOGRADE
    c.AssignLatePenalties.plugin_class = LateDays
    c.LateDays.course = course
    c.GenerateFeedback.preprocessors = FEEDBACK
    c.GenerateFeedback.exporter_class = FeedbackExporter
    # formgrader shows a student's notebook in the teacher's name: no scripts
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {"markdown2html": safe_html}
    c.HTMLExporter.template_file = str(SUBMISSION)
    c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}  # NamedStub fills in the name
    c.FormgradeApp.url_prefix = course.work.relative_to(course.root).as_posix()
    c.Prepare.session = c.Execute.session = c.StudentPage.session = Session(course)


def _end_each_request() -> None:
    """formgrader keeps one transaction open as long as it runs, and stays broken once its database was away.

    Here each request has a transaction of its own. Where this is not formgrader, its module was not imported.
    """
    formgrader = sys.modules.get("nbgrader.server_extensions.formgrader.base")

    def on_finish(handler: Any) -> None:
        gradebook = handler.settings.get("nbgrader_gradebook")
        if gradebook is not None:
            gradebook.db.remove()

    if formgrader is not None:
        formgrader.BaseHandler.on_finish = on_finish
        if not hasattr(formgrader.BaseHandler.render, "__wrapped__"):
            formgrader.BaseHandler.render = _without_an_exchange(formgrader.BaseHandler.render)


def _without_an_exchange(render: Any) -> Any:
    """formgrader's pages do not warn of an exchange that is missing where nobody has set one up."""

    @wraps(render)
    def rendered(handler: Any, name: str, **told: Any) -> Any:
        if told.get("exchange") == Exchange.root.default_value:
            told["exchange_missing"] = False
        return render(handler, name, **told)

    return rendered


class Session:
    """What nbgrader's commands have to keep from one submission to the next, since they know nothing of workers."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.blueprints: dict[tuple[str, int], Blueprint] = {}
        self.texts: dict[Blueprint, Texts] = {}
        self.catalogues: dict[tuple[Blueprint, str], Catalogue] = {}
        self.workers: dict[str, Worker] = {}

    def __deepcopy__(self, memo: Any) -> Session:
        return self  # traitlets copies what a configuration holds

    def blueprint(self, resources: dict[str, Any]) -> Blueprint:
        """Of the assignment at hand; one for all submissions, until its text changes."""
        stage = self.course.stages((resources["nbgrader"]["assignment"],))[0]
        if not stage.source.is_file():
            fix = f"Run: python3 course.py build {stage.slug}"
            raise CourseError(Fault(stage.place(stage.source), "is not there.", fix))
        key = stage.slug, stage.text.stat().st_mtime_ns
        if key not in self.blueprints:
            self.blueprints[key] = Blueprint(read_stage(stage))
        return self.blueprints[key]

    def page_texts(self, blueprint: Blueprint) -> Texts:
        if blueprint not in self.texts:
            self.texts[blueprint] = Texts(blueprint)
        return self.texts[blueprint]

    def catalogue(self, blueprint: Blueprint, store: Store) -> Catalogue:
        """The wrong answers of the assignment at hand; read once, until its text changes."""
        key = blueprint, store.sandbox
        if key not in self.catalogues:
            worker = self.worker(store.sandbox)
            run = lambda work: run_cached(work, store, worker)  # noqa: E731
            self.catalogues[key] = Catalogue(blueprint.content, blueprint.limits, run)
        return self.catalogues[key]

    def worker(self, sandbox: str) -> Worker:
        if sandbox not in self.workers:
            self.workers[sandbox] = Worker(sandbox)
            atexit.register(self.workers[sandbox].close)
        return self.workers[sandbox]


class _Step(NbGraderPreprocessor):
    session = AnyTrait(help="what is kept from one submission to the next").tag(config=True)


class Prepare(_Step):
    """The submission repaired, with checks and provided cells as in the source."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        prepare(nb, self.session.blueprint(resources))
        return nb, resources


class Execute(_Step):
    """In place of nbgrader's own: student cells run in the sandbox, checks in the judge."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        blueprint = self.session.blueprint(resources)
        sandbox = choose_sandbox(os.environ.get("AUTOGRADER_SANDBOX", "bwrap"))
        prepare(nb, blueprint)
        store = Store(blueprint.stage.course.verdicts, sandbox)
        work = job(nb, blueprint, resources["nbgrader"].get("student", ""))

        def judge(work: Job) -> Result:
            result = run_cached(work, store, self.session.worker(sandbox))
            if result.machine_failed:  # nbgrader tells the error, and keeps the old mark
                why = next(check.message for check in result.checks if check.kind == "internal")
                raise RuntimeError(f"{why} It was tried twice; an earlier mark stays. Run the same command again.")
            return result

        result = judge(work)
        self.session.catalogue(blueprint, store).name_mistakes(result.checks)
        carry_forward(work, result.checks, blueprint.content, judge, blueprint.settings.carried_share)
        write_back(nb, blueprint, result, sandbox)
        return nb, resources


class SaveExtra(NbGraderPreprocessor):
    """The extra credit that checks have earned, of which nbgrader's own step knows nothing."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        told = resources["nbgrader"]
        cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nb.cells}
        with Gradebook(told["db_url"]) as gradebook:
            own = gradebook.find_submission_notebook(told["notebook"], told["assignment"], told["student"])
            for grade in own.grades:
                if grade.name in cells:
                    give_extra(gradebook, grade, cells[grade.name].metadata.get("autograder", {}).get("extra", 0))
            gradebook.db.commit()
        return nb, resources


class StudentPage(_Step):
    """Collects what the feedback page shows; `FeedbackExporter` writes it."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, Any]:
        told = resources["nbgrader"]
        penalty = float(told.get("late_penalty") or 0)
        score = max(0.0, float(told["score"]))
        marks = Marks(told.get("student", ""), score, float(told["max_score"]), penalty)
        for cell in nb.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade"):
                marks.scores[mark.grade_id] = float(mark.get("score") or 0), float(mark.get("points") or 0)
            elif mark.get("solution"):
                marks.comments[mark.grade_id] = mark.get("comment") or ""
        with Gradebook(told["db_url"]) as gradebook:
            marks.due = due_date(gradebook, told["assignment"], marks.student)
            stage = Stage(self.session.course, told["assignment"])
            days = lateness(gradebook, stage, marks.student)
            marks.days_late, marks.free_days = days.get(marks.student, (0, 0))
        texts = self.session.page_texts(self.session.blueprint(resources))
        resources["page"] = page(nb, marks, texts)
        return nb, resources


class FeedbackExporter(Exporter):
    """In place of nbgrader's HTML: the page that a preprocessor has put into `resources`."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> Any:
        nb, resources = super().from_notebook_node(nb, resources, **kw)  # runs the preprocessors
        return render("feedback.html.j2", page=resources["page"]), resources


# Prepare comes first, so that nbgrader's own steps find every cell; OverwriteCells then takes points and checks from
# the gradebook once more.
SANITIZE = [Prepare, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]

# nbgrader's own order, with our Execute in place of its own; all else that nbgrader lists and enables is kept.
# SaveExtra follows SaveAutoGrades: a late penalty may depend on the sum of both.
AUTOGRADE = [Execute, IgnorePattern, LimitOutput, SaveAutoGrades, SaveExtra, AssignLatePenalties, CheckCellMetadata]

# GetGrades puts marks and comments into the notebook, so the page comes after it.
FEEDBACK = [GetGrades, StudentPage]
