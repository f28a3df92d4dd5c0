"""Words for a check that failed: the call, what it did, and the place; of a hidden test, its kind and no more."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from autograder.run.job import CheckResult
from autograder.run.judge.errors import StudentFault
from autograder.run.limits import Limits
from autograder.run.wire.ends import Call, Stop, TimeUp

MOST = 4000  # characters of a message
# Of a hidden test. A word more, even the size of a value, could be made of what it passed.
_FIXED = {
    "expectation": "A hidden test found a wrong result.",
    "student_error": "In a hidden test, the call raised an error.",
    "not_implemented": "A hidden test needs something that is not implemented yet.",
    "unusable": "In a hidden test, the result was nothing that the test can use.",
    "missing": "A hidden test needs a name that is not defined.",
    "limit": "In a hidden test, the time limit was reached. Is there a loop that does not end?",
}
_MISSING = "Is its cell still there, does it define that name, and did it run without an error?"


def fill_in(
    result: CheckResult, error: BaseException, filename: str, source: str, last: Call, limit: str, limits: Limits
) -> None:
    """Fill in kind, message, hidden and traceback of a check that ended with this error."""
    from autograder.lab.markers import is_hidden

    line = line_of(error.__traceback__, filename)
    result.hidden = is_hidden(source.splitlines(), line)
    fault = getattr(error, "student_fault", None)
    if isinstance(error, Stop):
        result.kind, result.message = "dead", str(error)
    elif type(error).__name__ == "NoAnswer" and fault is None:
        result.kind, result.message = "not_implemented", str(error)
    elif isinstance(error, TimeUp):
        result.kind, result.message = "limit", _late(last, limit)
    elif type(error).__name__ == "ExpectationError" and fault is None:
        result.kind, result.message = "expectation", getattr(error, "facts", "") or str(error)
        result.hint, result.wants_error = getattr(error, "hint", ""), getattr(error, "error", False)
    elif isinstance(fault, StudentFault):
        _student(result, error, fault, _call(error, filename) or fault.label, limits)
    elif isinstance(error, AssertionError):
        result.kind, result.message = "expectation", _assertion(error, source, line)
    else:
        result.kind, result.message = "unusable", _unusable(error, last)
        if last.label and last.done and last.value is None:
            result.hint = "A `return` is missing."
    result.message = result.message[:MOST]


def in_fixed_words(result: CheckResult, ours: Sequence[str]) -> None:
    """Leave of a verdict what may be told where hidden inputs were passed: its kind, and the author's own hint.

    A hint stands as it is in `ours`, the check and the given cells: one that is made when the check runs could be made
    of what came back.
    """
    result.message = _FIXED.get(result.kind, "")  # of a process that ended, the server tells
    trees = [ast.parse(source) for source in ours if parses(source)]
    written = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    result.hint = result.hint if result.kind == "expectation" and result.hint in written else ""
    result.hidden, result.traceback = True, ""


def _student(result: CheckResult, error: BaseException, fault: StudentFault, call: str, limits: Limits) -> None:
    name = fault.label.partition("(")[0]
    if fault.missing:
        result.kind = "missing"
        result.message = f"{name} is not defined. {_MISSING}"
    elif isinstance(error, NotImplementedError):
        result.kind = "not_implemented"
        result.message = fault.message or f"{name} is not implemented yet{fault.place}."
    elif fault.type == "NotPlain":
        result.kind, result.message = "unusable", _got(call, fault.message, "a value that a check can use")
    else:
        result.kind = "student_error"
        text = f": {fault.message}" if fault.message else ""
        expected = "a result without an error"
        if isinstance(error, NameError):
            expected = "an answer in which every name is defined"
        elif isinstance(error, ImportError):
            expected = "an answer that imports only what is installed here"
        result.message = _got(call, f"it raised {fault.type}{fault.place}{text}", expected)
        if fault.limit:
            result.hint = f"The limit of {limits.in_words(fault.limit)} was reached."
    result.traceback = fault.traceback()


def _got(call: str, got: str, expected: str) -> str:
    """In the same lines as a message of `expect`."""
    return f"{call}\n  got:       {got}\n  expected:  {expected}"


def _call(error: BaseException, filename: str) -> str:
    """The student's call that failed, in the check's own words."""
    from executing import Source

    own = None
    trace = error.__traceback__
    while trace is not None:
        own = trace if trace.tb_frame.f_code.co_filename == filename else own
        trace = trace.tb_next
    node = Source.executing(own).node if own is not None else None
    text = ast.unparse(node) if isinstance(node, ast.Call) else ""
    return text if len(text) <= 160 else text[:159] + "…"


def _late(last: Call, limit: str) -> str:
    where = f"{last.label} was still running" if last.label and not last.done else "it was not finished"
    return f"The time limit of {limit} was reached: {where}. Is there a loop that does not end?"


def _assertion(error: AssertionError, source: str, line: int) -> str:
    text = source.splitlines()[line - 1].strip() if 0 < line <= len(source.splitlines()) else ""
    return str(error) or f"This does not hold: {text}"


def _unusable(error: BaseException, last: Call) -> str:
    what = f"{type(error).__name__}: {error}"
    if not last.label:
        return f"The check itself raised {what}."
    if not last.done:
        return _got(last.label, what, "a call that works")
    if last.value is None:
        return _got(last.label, "None", "a value")
    return _got(last.label, f"{_kind(last.value)}; with it the check raised {what}", "a value that it can use")


def _kind(value: Any) -> str:
    import torch

    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"an object of type {value._type if type(value).__name__ == 'Proxy' else type(value).__name__}"


def line_of(trace: TracebackType | None, filename: str) -> int:
    """The line of the check itself that was running, not of a helper that it defines further up."""
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == filename]
    return lines[0] if lines else 0


def parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
