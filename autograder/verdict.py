"""What a check that failed says to the student, and how a notebook carries it."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from autograder.stage import Cell

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
    """The message of a check cell that a kernel has run, or None where it passed.

    Only an error is a failure: a warning on stderr is none.
    """
    for output in cell.outputs:
        if output.output_type != "error":
            continue
        if output.ename == CHECK_FAILED:
            return str(output.evalue)
        if output.ename == "CellTimeoutError":
            return "This check took too long and was stopped. Is there a loop that never ends?"
        # IPython's first frame is the check cell: "Cell In[7], line 12".
        text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
        frame = re.search(r"Cell In\s*\[\d+\], line (\d+)", text)
        line = int(frame.group(1)) if frame else 10**9
        hidden = line in Cell("check", "", cell.source, 0).hidden_lines or frame is None
        return explain(output.ename, str(output.evalue), hidden)
    return None
