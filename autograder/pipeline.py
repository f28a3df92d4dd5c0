"""How nbgrader is set up for this course: its folders, and the lists of its steps."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from nbformat import NotebookNode
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

from autograder.build import PREPROCESSORS
from autograder.course import Course, Stage, find_course
from autograder.diagnosis import Catalogue
from autograder.execute import (
    Blueprint,
    choose_sandbox,
    job,
    prepare,
    run_cached,
    scripts_first,
    shared_worker,
    wanted_sandbox,
    write_back,
)
from autograder.feedback import FeedbackExporter, Texts, page
from autograder.stage import read_stage
from autograder.store import Store


def configure(c: Any, course: Course) -> None:
    """Write the course's settings into nbgrader's configuration `c`."""
    scripts_first()
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = "sequence-models"
    c.GenerateAssignment.preprocessors = PREPROCESSORS
    c.Autograde.sanitize_preprocessors = SANITIZE
    c.Autograde.autograde_preprocessors = AUTOGRADE
    c.GenerateFeedback.preprocessors = FEEDBACK
    c.GenerateFeedback.exporter_class = FeedbackExporter
    c.HTMLExporter.sanitize_html = True  # a student's output is shown to others: no scripts
    c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}  # NamedStub fills in the name
    c.FormgradeApp.url_prefix = course.work.relative_to(course.root).as_posix()


class Prepare(NbGraderPreprocessor):
    """The submission repaired, with checks and provided cells as in the source."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        prepare(nb, _blueprint(resources))
        return nb, resources


class Execute(NbGraderPreprocessor):
    """In place of nbgrader's own: student cells run in the sandbox, checks in the judge."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        blueprint, sandbox = _blueprint(resources), choose_sandbox(wanted_sandbox())
        prepare(nb, blueprint)
        store = Store(blueprint.stage.course.verdicts, sandbox)
        work = job(nb, blueprint, resources["nbgrader"].get("student", ""))
        result = run_cached(work, store, shared_worker(sandbox))
        _catalogue(blueprint, store).explain(result.checks)
        write_back(nb, blueprint, result, sandbox)
        return nb, resources


class StudentPage(NbGraderPreprocessor):
    """Collects what the feedback page shows; `FeedbackExporter` writes it."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, Any]:
        resources["page"] = page(nb, resources["nbgrader"], _texts(_blueprint(resources)))
        return nb, resources


def _blueprint(resources: dict[str, Any]) -> Blueprint:
    """The blueprint of the assignment at hand; one for all submissions, until the source changes."""
    stage = find_course().stages((resources["nbgrader"]["assignment"],))[0]
    changed = stage.source.stat().st_mtime_ns if stage.source.is_file() else 0
    if (stage, changed) not in _blueprints:
        _blueprints[stage, changed] = Blueprint(stage)
    return _blueprints[stage, changed]


@lru_cache(maxsize=8)
def _texts(blueprint: Blueprint) -> Texts:
    """What the stage says to every student; read once, until the source changes."""
    return Texts(blueprint)


def _catalogue(blueprint: Blueprint, store: Store) -> Catalogue:
    """The wrong answers of the assignment at hand; read once, until the source changes."""
    known = _catalogues.get(blueprint.stage)
    if known is None or known[0] is not blueprint:
        content, worker = read_stage(blueprint.stage), shared_worker(store.sandbox)
        made = Catalogue(content, blueprint.limits, lambda work: run_cached(work, store, worker))
        known = _catalogues[blueprint.stage] = (blueprint, made)
    return known[1]


_blueprints: dict[tuple[Stage, int], Blueprint] = {}
_catalogues: dict[Stage, tuple[Blueprint, Catalogue]] = {}


# Prepare comes first, so that nbgrader's own steps find every cell; OverwriteCells then takes points and checks from
# the gradebook once more.
SANITIZE = [Prepare, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]

# nbgrader's own order, with our Execute in place of its own; all else that nbgrader lists and enables is kept.
AUTOGRADE = [Execute, IgnorePattern, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]

# GetGrades puts marks and comments into the notebook, so the page comes after it.
FEEDBACK = [GetGrades, StudentPage]
