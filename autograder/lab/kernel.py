"""What importing `autograder.lab` adds to a notebook's kernel: what each cell gave is kept, some errors are short, and
a picture with heatmaps comes with what their cells hold.

In the grader there is no kernel, and nothing is added.
"""

from __future__ import annotations

import ast
import hashlib
import linecache
import re
import symtable
import sys
from collections.abc import Iterator
from contextlib import suppress
from traceback import walk_tb
from types import FrameType, ModuleType, TracebackType
from typing import Any

from autograder.lab.failures import NoAnswer
from autograder.lab.markers import visible

# By a cell's digest, how it ended: "passed", "failed", or the name of what it needs and is not written yet.
given: dict[str, str] = {}
# By a name that is not defined, or not finished, since its cell stopped: the exercise that is not written yet.
waiting: dict[str, str] = {}

# What a heatmap's cells hold, beside its PNG; the course's JupyterLab and its site tell it, others show the PNG.
HEATMAPS = "application/vnd.sequence-course.heatmap+json"

ASKS_LETTERS = "# In place of None: write (one letter|all the right letters) of "  # an answer's cell begins so


def listen() -> None:
    """Begin to keep what cells give, where this process is a notebook's kernel."""
    if "ipykernel" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return
    shell.events.register("post_run_cell", _keep)
    shell.set_custom_exc((Exception,), _show)
    show_heatmaps(shell.display_formatter)


def show_heatmaps(display: Any) -> None:
    """Let this `DisplayFormatter` of IPython's give the data of heatmaps where it gives a figure as PNG."""
    from IPython.core.formatters import JSONFormatter

    class Heatmaps(JSONFormatter):
        """It looks at the figure itself: who sets the format of figures takes their functions from all formatters."""

        def __call__(self, obj: Any) -> Any:
            drawn_by = sys.modules.get("matplotlib.figure")
            if drawn_by is None or not isinstance(obj, drawn_by.Figure):
                return None
            try:
                display.formatters["image/png"].lookup(obj)
            except KeyError:
                return None
            from autograder.lab import plots

            return plots.heatmaps(obj)

    # The last one: it is asked after the PNG was drawn.
    display.formatters.pop(HEATMAPS, None)
    display.formatters[HEATMAPS] = Heatmaps(parent=display, format_type=HEATMAPS, print_method="_repr_heatmaps_")


def digest(source: str) -> str:
    """What a cell is found by: editors keep its text, and few of them say its id to the kernel."""
    lines = [line.rstrip() for line in visible(source).strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:10]


def _keep(result: Any) -> None:
    if result is None or result.info is None:
        return
    error, cell = result.error_before_exec or result.error_in_exec, digest(result.info.raw_cell)
    if isinstance(error, KeyboardInterrupt):  # somebody stopped it: nothing is known
        given.pop(cell, None)
        return
    exercise = _unwritten(error) if error else ""
    given[cell] = "passed" if error is None else exercise or "failed"
    for name in _defined(result.info.raw_cell):
        waiting.pop(name, None)
        if exercise:
            waiting[name] = exercise


def _defined(source: str) -> set[str]:
    """The names that a cell gives a value to; none where it is not plain Python."""
    try:
        symbols = symtable.symtable(source, "<cell>", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return set()
    return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_namespace()}


def _unwritten(error: BaseException) -> str:
    """The name of the exercise that is still as it was handed out, or `an answer`; empty for any other error."""
    if isinstance(error, NoAnswer):
        return "an answer"
    if isinstance(error, NameError):
        return waiting.get(error.name or "", "")
    frame = _innermost(error.__traceback__)
    if isinstance(error, NotImplementedError) and frame and _in_notebook(frame):  # a library may raise it, too
        return frame.f_code.co_qualname.partition(".")[0]
    if hasattr(type(error), "_render_traceback_"):  # a check, which says itself what is wrong
        return ""
    return next((waiting[name] for name in _used(error) if name in waiting), "")


def _used(error: BaseException) -> Iterator[str]:
    """The names with values of the notebook's own that the cell reads in which an error came up."""
    steps = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code.co_name == "<module>"]
    frame = next(filter(_in_notebook, steps), None)
    if frame is None:
        return
    with suppress(SyntaxError, ValueError):
        tree = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and not isinstance(frame.f_globals.get(node.id), ModuleType):
                yield node.id


def _innermost(traceback: TracebackType | None) -> FrameType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback and traceback.tb_frame


def _in_notebook(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "__main__"


def _show(shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None) -> None:
    """One line in place of a traceback, where that says all."""
    if not hasattr(error, "_render_traceback_"):
        exercise = _unwritten(error)
        if exercise:
            itself = isinstance(error, NotImplementedError) and str(error).startswith(f"{exercise}:")
            line = str(error) if itself else f"This needs {exercise}, which is not written yet."
        else:
            line = _without_answer(error) if isinstance(error, NameError) else ""
        if line:
            error._render_traceback_ = lambda: [f"\x1b[33m…\x1b[0m {line}"]  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def _without_answer(error: NameError) -> str:
    """What to do about the letters of an answer without quotes, `which_state = B, D`, and about its check."""
    frame = _innermost(error.__traceback__)
    if frame is None or frame.f_code.co_name != "<module>":
        return ""
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    if f'quiz.read("{error.name}", {error.name}, ' in source:
        return f"{error.name}: no answer yet. Run the cell above first."
    try:
        lines = ast.parse(source).body
    except SyntaxError:  # with a magic of IPython's in it
        return ""
    if not re.search(ASKS_LETTERS, source) and not (len(lines) == 1 and re.fullmatch("[A-J]", error.name or "")):
        return ""
    for node in lines:
        if isinstance(node, ast.Assign) and node.lineno <= frame.f_lineno <= (node.end_lineno or 0):
            parts = node.value.elts if isinstance(node.value, ast.Tuple | ast.List | ast.Set) else [node.value]
            letters = [part.id.upper() for part in parts if isinstance(part, ast.Name)]
            if len(letters) == len(parts):
                return f'Put the letters in quotes: {ast.unparse(node.targets[0])} = "{"".join(letters)}"'
    return ""
