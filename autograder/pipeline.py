"""How nbgrader is set up for this course: its folders, its preprocessors, and the three that are ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
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
from nbgrader.preprocessors import Execute as StockExecute

from autograder.build import PREPROCESSORS
from autograder.course import Course, find_course
from autograder.recover import Recover
from autograder.stage import BEGIN_HIDDEN, visible
from autograder.verdict import failed_output, failure

SECONDS = 60  # for one cell


def configure(c: Any, course: Course) -> None:
    """Write the course's settings into nbgrader's configuration `c`."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # several threads on a loaded machine are up to ten times slower than one
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):  # nbgrader calls `alembic` for a new gradebook
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = "sequence-models"
    c.GenerateAssignment.preprocessors = PREPROCESSORS
    c.Autograde.sanitize_preprocessors = SANITIZE
    c.Autograde.autograde_preprocessors = AUTOGRADE
    c.GenerateFeedback.preprocessors = FEEDBACK
    c.HTMLExporter.sanitize_html = True  # a student's output is shown to others: no scripts
    c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}  # NamedStub fills in the name
    c.Execute.timeout = SECONDS
    c.Execute.extra_arguments = ["--IPKernelApp.log_level=40"]  # no warning about local TCP for each student
    c.FormgradeApp.url_prefix = course.work.relative_to(course.root).as_posix()


class Execute(StockExecute):
    """Run a submission in a Jupyter kernel, and leave in each check cell nothing but its verdict.

    Demonstrations that the student did not change are skipped: no check needs them, and they take long.
    """

    # nbclient would skip cells with a tag that the student can set.
    skip_cells_with_tag = ""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        self._demos = _demonstrations(resources["nbgrader"]["assignment"])
        self._lost = ""
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources: dict[str, Any], index: int) -> tuple[NotebookNode, Any]:
        if cell.cell_type != "code":
            return cell, resources
        graded = cell.metadata.get("nbgrader", {}).get("grade", False)
        if not graded and cell.source in self._demos:
            return cell, resources
        if not self._lost:
            try:
                cell, resources = super().preprocess_cell(cell, resources, index)
            except DeadKernelError:
                name = cell.metadata.get("nbgrader", {}).get("grade_id", f"number {index + 1}")
                self._lost = f"Python stopped while the cell {name!r} ran, so this check could not run."
        if graded:
            message = self._lost or failure(cell)
            cell.outputs = [failed_output(message)] if message is not None else []
        return cell, resources


class StudentPage(NbGraderPreprocessor):
    """What a feedback page shows: a summary, the student's own cells, and each check's visible part and message."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, Any]:
        demos = _demonstrations(resources["nbgrader"]["assignment"])
        lines = ["| check | points | what to know |", "|---|---|---|"]
        own = []
        for cell in nb.cells:
            told = cell.metadata.get("nbgrader", {})
            if told.get("grade"):
                said = " ".join((failure(cell) or "passed").replace("|", "\\|").split("\n"))
                lines.append(f"| `{told['grade_id']}` | {told['score']:g} of {told['points']:g} | {said} |")
                if BEGIN_HIDDEN in cell.source:
                    cell.source = visible(cell.source).rstrip() + "\n# … and hidden checks of the same kind."
            of_the_stage = not told and (not cell.source.strip() or cell.source in demos)
            if (cell.cell_type == "code" and not of_the_stage and not told.get("locked", False)) or told.get("grade"):
                own.append(cell)
        nb.cells = [nbformat.v4.new_markdown_cell("\n".join(lines)), *own]
        return nb, resources


def _demonstrations(slug: str) -> set[str]:
    """The sources of the plain code cells of a stage."""
    source = find_course().stages((slug,))[0].source
    if not source.is_file():
        return set()
    notebook = nbformat.read(source, as_version=4)
    return {cell.source for cell in notebook.cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata}


# Recover comes first, so that nbgrader's own steps find every cell; OverwriteCells then takes points and checks from
# the gradebook, whatever the submission says.
SANITIZE = [Recover, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]

# nbgrader's own order, with our Execute in place of its own; all else that nbgrader lists and enables is kept.
AUTOGRADE = [Execute, IgnorePattern, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]

# GetGrades puts marks and comments into the notebook, so the rest comes after it.
FEEDBACK = [GetGrades, StudentPage, CSSHTMLHeaderPreprocessor]
