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
    if error in ("ExpectationError", "AssertionError", "NotImplementedError") and text:
        return text
    return f"raised {error}" + ("" if hidden or not text else f": {text}")


def failed_output(message: str) -> NotebookNode:
    """The only output of a check cell that failed."""
    return nbformat.v4.new_output("error", ename=CHECK_FAILED, evalue=message, traceback=["✗ " + message])


def failure(cell: NotebookNode) -> str | None:
    """The message of a check cell of a graded notebook, or None where it passed."""
    for output in cell.outputs:
        if output.output_type == "error":
            return str(output.evalue)
    return None
