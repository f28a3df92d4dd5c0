"""What a check that failed says to the student, and how a notebook carries it."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

CHECK_FAILED = "CheckFailed"


def explain(error: str, text: str, hidden: bool) -> str:
    """The message for an exception of this name and text.

    `expect` and blank exercises raise messages that are meant for students. The text of any other error may quote
    the inputs of a hidden test, so it is shown for visible checks only.
    """
    if error in ("ExpectationError", "AssertionError", "NotImplementedError", "NoAnswer") and text:
        return text
    return f"raised {error}" + ("" if hidden or not text else f": {text}")


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


def said(cell: NotebookNode) -> str:
    """What a check cell of a graded notebook says to its student."""
    for output in cell.outputs:
        if output.output_type == "error":
            return str(output.evalue)
        if output.output_type == "stream":
            return str(output.text).strip().removeprefix("✗ ")
    return "passed"
