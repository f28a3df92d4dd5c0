"""What a check says to the student, and how a notebook carries it: as outputs, and as data in the cell's metadata."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import runs
from autograder.run.job import CheckResult, Result

CHECK_FAILED = "CheckFailed"
FIELDS = ("kind", "message", "hint", "says", "stopped_with", "answer")  # of a verdict, in the metadata of its cell


def write_back(notebook: NotebookNode, blueprint: Blueprint, result: Result, sandbox: str) -> None:
    """Put outputs and verdicts into a prepared notebook. A check that has no verdict has failed."""
    outputs, verdicts = iter(result.cells), {check.id: check for check in result.checks}
    for cell in notebook.cells:
        if not runs(cell, blueprint):
            continue
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            nothing = CheckResult(told["grade_id"], message="This check was not run.")
            verdict = verdicts.get(told["grade_id"], nothing)
            cell.outputs = verdict_outputs(verdict.words, verdict.passed, told["points"] * verdict.credit)
            told = {name: getattr(verdict, name) for name in FIELDS} | {"carried_from": verdict.carried_from}
            if verdict.id in blueprint.extra:
                told["extra"] = blueprint.extra[verdict.id] * verdict.credit
            cell.metadata["autograder"] = nbformat.from_dict(told)
        else:
            ran = next(outputs)
            cell.outputs = [nbformat.from_dict(output) for output in ran.outputs]
            cell.execution_count = ran.execution_count
            shown = any(output.get("output_type") == "error" for output in ran.outputs)
            if ran.error and not shown:
                cell.outputs.append(
                    nbformat.v4.new_output("error", ename="Stopped", evalue=ran.error, traceback=[ran.error])
                )
    notebook.metadata["autograder"] = {"sandbox": sandbox}


def verdict_of(cell: NotebookNode) -> dict[str, Any]:
    """A check's verdict from the metadata of its cell in a graded notebook."""
    told = cell.metadata.get("autograder", {})
    return {name: str(told.get(name, "")) for name in FIELDS} | {"carried_from": list(told.get("carried_from", []))}


def verdict_outputs(message: str, passed: bool, points: float) -> list[NotebookNode]:
    """The outputs of a check cell. nbgrader takes an error for no points, and a single number for that many."""
    if passed:
        return [_text("✓ " + message)] if message else []
    if points > 0:
        number = nbformat.v4.new_output("execute_result", data={"text/plain": repr(points)}, execution_count=None)
        return [_text("✗ " + message), number]
    return [nbformat.v4.new_output("error", ename=CHECK_FAILED, evalue=message, traceback=["✗ " + message])]


def _text(words: str) -> NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=words + "\n")
