"""Words for a check that failed: the call, what it did, and the place, but nothing of a hidden test."""

from __future__ import annotations

import ast
import traceback
from types import TracebackType
from typing import Any

from autograder.judge.faults import Fault
from autograder.judge.job import CheckResult
from autograder.judge.peer import Call, Stop, TimeUp

MOST = 4000  # characters of a message
_MISSING = "Is its cell still there, does it define that name, and did it run without an error?"


def explain(result: CheckResult, error: BaseException, filename: str, source: str, last: Call, seconds: float) -> None:
    """Fill in kind, message, hidden and traceback of a check that ended with this error."""
    line = _line_of(error.__traceback__, filename)
    result.hidden = is_hidden(source, line)
    fault = getattr(error, "student_fault", None)
    if isinstance(error, Stop):
        result.kind, result.message = "dead", str(error)
    elif isinstance(error, TimeUp):
        result.kind, result.message = "limit", _late(last, seconds)
    elif type(error).__name__ == "ExpectationError" and fault is None:
        result.kind, result.message = "expectation", str(error)
    elif isinstance(fault, Fault):
        _student(result, error, fault)
    elif isinstance(error, AssertionError):
        result.kind, result.message = "expectation", _assertion(error, source, line, result.hidden)
    else:
        result.kind, result.message = "unusable", _unusable(error, last, result.hidden)
    result.message = result.message[:MOST]


def _student(result: CheckResult, error: BaseException, fault: Fault) -> None:
    name = fault.label.partition("(")[0]
    if fault.missing:
        result.kind = "missing"
        result.message = f"{name} is not defined. {_MISSING}"
    elif isinstance(error, NotImplementedError):
        text = fault.message if not result.hidden else ""
        result.kind, result.message = (
            "not_implemented",
            text or f"{name} is not implemented yet{fault.place(result.hidden)}.",
        )
    elif fault.type == "NotPlain":
        text = "it gave something that is no plain value" if result.hidden else fault.message
        result.kind, result.message = "unusable", f"{fault.label}: {text}."
    else:
        result.kind = "student_error"
        # Even the name of a type could be made of what a hidden test passed.
        kind = (
            fault.type
            if not result.hidden
            else type(error).__name__
            if type(error).__module__ == "builtins"
            else "an error"
        )
        result.message = f"{fault.label} raised {kind}{fault.place(result.hidden)}"
        if not result.hidden and fault.message:
            result.message += f": {fault.message}"
    if not result.hidden:  # its text could repeat what a hidden test passed
        result.traceback = fault.traceback()


def _late(last: Call, seconds: float) -> str:
    where = f"{last.label} was still running" if last.label and not last.done else "it was not finished"
    return f"The time limit of this check ({seconds:g} s) was reached: {where}. Is there a loop that does not end?"


def _assertion(error: AssertionError, source: str, line: int, hidden: bool) -> str:
    if hidden:
        return "A hidden test found a wrong result."
    text = source.splitlines()[line - 1].strip() if 0 < line <= len(source.splitlines()) else ""
    return str(error) or f"This does not hold: {text}"


def _unusable(error: BaseException, last: Call, hidden: bool) -> str:
    what = type(error).__name__ if hidden else f"{type(error).__name__}: {error}"
    if not last.label:
        return f"The check itself raised {what}."
    if not last.done:
        return f"The check could not use {last.label}: {what}."
    if last.value is None:
        return f"{last.label} returned None, and the check needs a value. Is a `return` missing?"
    return f"The check could not use what {last.label} returned ({_kind(last.value, hidden)}): {what}."


def _kind(value: Any, hidden: bool) -> str:
    import torch

    if hidden:  # a shape or the name of a type could carry what a hidden test passed
        return "a tensor" if isinstance(value, torch.Tensor) else "an object"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"of type {type(value).__name__}" if type(value).__name__ != "Proxy" else f"of type {value._type}"


def _line_of(trace: TracebackType | None, filename: str) -> int:
    """The line of the check itself that was running, not of a helper that it defines further up."""
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == filename]
    return lines[0] if lines else 0


def is_hidden(source: str, line: int) -> bool:
    """Does this line stand in the hidden part? Where the line is not known, a check that has a hidden part says so."""
    from autograder.lab.expect import BEGIN_HIDDEN, END_HIDDEN

    lines = source.splitlines()
    if line < 1:
        return any(BEGIN_HIDDEN in text for text in lines)
    hidden = False
    for text in lines[: line - 1]:
        hidden = BEGIN_HIDDEN in text or (hidden and END_HIDDEN not in text)
    return hidden


def parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
