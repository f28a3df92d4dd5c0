"""How nbgrader is set up for this course: its folders, and the lists of its steps."""

from __future__ import annotations

import html
from typing import Any

import nbformat
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
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
from autograder.stage import BEGIN_HIDDEN, visible
from autograder.store import Store
from autograder.verdict import failure

NO_SANDBOX = "**Graded without a sandbox:** the submission could have forged these marks."


def configure(c: Any, course: Course) -> None:
    """Write the course's settings into nbgrader's configuration `c`."""
    scripts_first()
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = "sequence-models"
    c.GenerateAssignment.preprocessors = PREPROCESSORS
    c.Autograde.sanitize_preprocessors = SANITIZE
    c.Autograde.autograde_preprocessors = AUTOGRADE
    c.GenerateFeedback.preprocessors = FEEDBACK
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
        result = run_cached(job(nb, blueprint), store, shared_worker(sandbox))
        write_back(nb, blueprint, result, sandbox)
        return nb, resources


class StudentPage(NbGraderPreprocessor):
    """What a feedback page shows: a summary, the student's own cells, and each check's visible part and message."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, Any]:
        demos = _blueprint(resources).demos
        lines = ["| check | points | what to know |", "|---|---|---|"]
        own = []
        for cell in nb.cells:
            told = cell.metadata.get("nbgrader", {})
            if told.get("grade"):
                said = html.escape(" ".join((failure(cell) or "passed").split("\n")))
                said = said.replace("\\", "\\\\").replace("|", "\\|")
                lines.append(f"| `{told['grade_id']}` | {told['score']:g} of {told['points']:g} | {said} |")
                if BEGIN_HIDDEN in cell.source:
                    cell.source = visible(cell.source).rstrip() + "\n# … and hidden checks of the same kind."
            of_the_stage = not told and (not cell.source.strip() or cell.source in demos)
            if (cell.cell_type == "code" and not of_the_stage and not told.get("locked", False)) or told.get("grade"):
                own.append(cell)
        if nb.metadata.get("autograder", {}).get("sandbox") != "bwrap":
            lines = [NO_SANDBOX, "", *lines]
        nb.cells = [nbformat.v4.new_markdown_cell("\n".join(lines)), *own]
        return nb, resources


def _blueprint(resources: dict[str, Any]) -> Blueprint:
    """The blueprint of the assignment at hand; one for all submissions, until the source changes."""
    stage = find_course().stages((resources["nbgrader"]["assignment"],))[0]
    changed = stage.source.stat().st_mtime_ns if stage.source.is_file() else 0
    if (stage, changed) not in _blueprints:
        _blueprints[stage, changed] = Blueprint(stage)
    return _blueprints[stage, changed]


_blueprints: dict[tuple[Stage, int], Blueprint] = {}


# Prepare comes first, so that nbgrader's own steps find every cell; OverwriteCells then takes points and checks from
# the gradebook once more.
SANITIZE = [Prepare, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]

# nbgrader's own order, with our Execute in place of its own; all else that nbgrader lists and enables is kept.
AUTOGRADE = [Execute, IgnorePattern, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]

# GetGrades puts marks and comments into the notebook, so the rest comes after it.
FEEDBACK = [GetGrades, StudentPage, CSSHTMLHeaderPreprocessor]
