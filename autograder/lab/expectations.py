"""Expectations for check cells: a failure says the call, what it gave, what was expected and a likely cause.

The same check runs in JupyterLab (the student sees the message in place of a traceback) and in the grader.
A failure below `### BEGIN HIDDEN TESTS` never shows the arguments of the call.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import math
import re
import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from types import TracebackType
from typing import Any, NoReturn

import torch
from executing import Source
from torch import Tensor

from autograder.lab.failures import ExpectationError, number_text
from autograder.lab.markers import is_hidden

WIDTH = 400  # characters of a value that a message shows


def expect(value: Any, hint: str = "") -> Expectation:
    """Start an expectation about `value`, for example `expect(f(x)).shape(3, 5)`.

    Args:
        value: what the student's code gave. For `.raises`, a function of no arguments that makes the call.
        hint: the likely cause of a failure, in one sentence. Each method takes its own as well.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    # Where this call stands, as a traceback holds it: words are made of it only if the expectation fails.
    place = TracebackType(None, caller, caller.f_lasti, caller.f_lineno) if caller else None
    return Expectation(value, place, hint)


class Expectation:
    """What a check says about one value. Every method returns the same object, so that they chain."""

    def __init__(self, value: Any, place: TracebackType | None, hint: str) -> None:
        self._value, self._place, self._hint = value, place, hint

    @cached_property
    def _hidden(self) -> bool:
        """Does it stand in a hidden test?"""
        place = self._place
        return place is not None and is_hidden(linecache.getlines(place.tb_frame.f_code.co_filename), place.tb_lineno)

    def shape(self, *expected: int, hint: str = "") -> Expectation:
        """The value is a tensor with exactly this shape."""
        got = tuple(self._tensor(hint).shape)
        shown = got if got == expected or not self._hidden else _sizes(got)
        return self._require(got == expected, f"shape {shown}", f"shape {expected}", hint)

    def dtype(self, expected: torch.dtype, hint: str = "") -> Expectation:
        """The value is a tensor of this dtype, for example `torch.long`."""
        got = self._tensor(hint).dtype
        return self._require(got == expected, f"dtype {got}", f"dtype {expected}", hint)

    def type(self, expected: builtins.type, hint: str = "") -> Expectation:
        """The value is an instance of `expected` (a Python type such as `str`, `list` or `dict`)."""
        got = type(self._value)
        ok = isinstance(self._value, expected) and not (got is bool and expected is not bool)
        shown = "" if ok else f"{self._show(self._value)} of type {got.__name__}"
        return self._require(ok, shown, f"type {expected.__name__}", hint)

    def equal(self, expected: Any, hint: str = "") -> Expectation:
        """The value equals `expected` exactly: tensors in shape and elements, containers item by item.

        An integer tensor and a float tensor are not equal. NaN equals nothing.
        """
        return self._compare(expected, 0.0, hint)

    def close(self, expected: Any, tol: float = 1e-5, hint: str = "") -> Expectation:
        """As `equal`, but numbers may differ by `tol`, absolutely and relatively to `expected`."""
        return self._compare(expected, tol, hint)

    def differs_from(self, other: Any, tol: float = 1e-6, hint: str = "") -> Expectation:
        """The value is *not* equal to `other` within `tol`; for dependence ("another input, another output")."""
        same = _difference(self._value, other, tol, _show) is None
        return self._require(not same, "the same result as before", "a different result", hint)

    def at_least(self, bound: float, hint: str = "") -> Expectation:
        """The value is one number, and `value >= bound`."""
        got = self._number(hint)
        return self._require(got >= bound, number_text(got, 4), f"at least {number_text(bound)}", hint)

    def at_most(self, bound: float, hint: str = "") -> Expectation:
        """The value is one number, and `value <= bound`."""
        got = self._number(hint)
        return self._require(got <= bound, number_text(got, 4), f"at most {number_text(bound)}", hint)

    def finite(self, hint: str = "") -> Expectation:
        """The value is a tensor without NaN and without infinities."""
        bad = int((~torch.isfinite(self._tensor(hint))).sum())
        return self._require(bad == 0, f"{bad} elements that are NaN or infinite", "finite numbers", hint)

    def gradient(self, hint: str = "") -> Expectation:
        """The value is a tensor, or an iterable of tensors; each one has a gradient that is not all zero."""
        tensors = [self._value] if isinstance(self._value, Tensor) else list(self._value)
        self._require(len(tensors) > 0, "no tensors", "at least one tensor", hint)
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                self._fail(self._show(tensor), "a tensor", hint)
            where = "" if len(tensors) == 1 else f" at position {i}"
            self._require(tensor.grad is not None, f"no gradient{where}", "a gradient", hint)
            self._require(
                tensor.grad is not None and bool(tensor.grad.any()),
                f"a gradient of zeros{where}",
                "a gradient that is not zero",
                hint,
            )
        return self

    def raises(self, error: builtins.type[Exception], mention: str = "", hint: str = "") -> Expectation:
        """Calling the value raises `error`, and its message contains `mention` (case does not matter).

        An answer or a name that is not there is an error of its own, and nothing that was asked for.
        """
        expected = f"{error.__name__}" + (f" with a message that mentions {mention!r}" if mention else "")
        try:
            got = self._value()
        except (NotImplementedError, NameError, ImportError):
            raise
        except Exception as e:
            ok = isinstance(e, error) and mention.lower() in str(e).lower()
            text = type(e).__name__ if ok or self._hidden else f"{type(e).__name__}: {e}"
            return self._require(ok, text, expected, hint, error=True)
        return self._require(False, f"no error, but {self._show(got)}", expected, hint, error=True)

    def _ipython_display_(self) -> None:
        """The last expression of a cell: there is nothing to show."""

    # How the methods above fail.

    def _require(
        self, ok: bool, got: str, expected: str, hint: str, detail: str = "", error: bool = False
    ) -> Expectation:
        if ok:
            _passed.append(True)
            return self
        self._fail(got, expected, hint, detail, error)

    def _fail(self, got: str, expected: str, hint: str, detail: str = "", error: bool = False) -> NoReturn:
        call = _describe(self._place, self._hidden) if self._place is not None else "the result"
        lines = [call, f"  got:       {got}", f"  expected:  {expected}"]
        if detail:
            lines.append(f"  {detail}")
        raise ExpectationError("\n".join(lines), hint or self._hint, error)

    def _tensor(self, hint: str) -> Tensor:
        if not isinstance(self._value, Tensor):
            self._fail(f"{self._show(self._value)} of type {type(self._value).__name__}", "a tensor", hint)
        return self._value

    def _number(self, hint: str) -> float:
        value = self._value
        single = isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex()
        if not single and not (isinstance(value, int | float) and not isinstance(value, bool)):
            self._fail(f"{self._show(value)} of type {type(value).__name__}", "one number", hint)
        return value if isinstance(value, int) else float(value)

    def _compare(self, expected: Any, tol: float, hint: str) -> Expectation:
        difference = _difference(self._value, expected, tol, self._show)
        if difference is None:
            return self._require(True, "", "", hint)
        got, wanted = self._show(self._value), self._show(expected)
        if difference == f"first difference: got {got}, expected {wanted}":
            return self._require(False, got, wanted, hint)  # one number or word: nothing to add
        return self._require(False, got, wanted, hint, difference)

    def _show(self, value: Any) -> str:
        return _outline(value) if self._hidden else _show(value)


Show = Callable[[Any], str]


def _difference(got: Any, expected: Any, tol: float, show: Show, where: str = "") -> str | None:
    """The first difference in words, or None where `got` is `expected` within `tol`."""
    at = f" at {where}" if where else ""
    if isinstance(expected, Tensor):
        return _tensor_difference(got, expected, tol, at)
    if isinstance(got, Tensor) and got.numel() == 1 and isinstance(expected, int | float):
        got = got.item()

    def differ() -> str:
        return f"first difference{at}: got {show(got)}, expected {show(expected)}"

    if isinstance(expected, bool) or isinstance(got, bool) or expected is None:
        return None if type(got) is type(expected) and got == expected else differ()
    if isinstance(expected, int | float):
        if not isinstance(got, int | float):
            return differ()
        return None if got == expected or _near(got, expected, tol) else differ()
    # A named tuple is a tuple, and an OrderedDict is a dict.
    alike = any(isinstance(got, kind) and isinstance(expected, kind) for kind in (tuple, dict))
    if type(got) is not type(expected) and not alike:
        return f"types differ{at}: got {type(got).__name__}, expected {type(expected).__name__}"
    if isinstance(expected, dict):
        if missing := [k for k in expected if k not in got]:
            return f"missing{at}: {show(missing[0])}"
        if extra := [k for k in got if k not in expected]:
            return f"not expected{at}: {show(extra[0])}"
        pairs: Iterable[tuple[Any, Any, Any]] = ((f"[{show(k)}]", got[k], expected[k]) for k in expected)
    elif isinstance(expected, list | tuple):
        if len(got) != len(expected):
            return f"lengths differ{at}: got {len(got)}, expected {len(expected)}"
        pairs = ((f"[{i}]", g, e) for i, (g, e) in enumerate(zip(got, expected, strict=True)))
    else:
        return None if got == expected else differ()
    for key, g, e in pairs:
        if (difference := _difference(g, e, tol, show, where + key)) is not None:
            return difference
    return None


def _tensor_difference(got: Any, expected: Tensor, tol: float, at: str) -> str | None:
    if not isinstance(got, Tensor):
        return f"types differ{at}: got {type(got).__name__}, expected a tensor"
    if got.shape != expected.shape:
        return f"shapes differ{at}: got {_sizes(tuple(got.shape))}, expected {tuple(expected.shape)}"
    if _kind(got) != _kind(expected):
        return f"dtypes differ{at}: got {got.dtype}, expected {expected.dtype}"
    a, b = got.detach(), expected.detach()
    if a.dtype.is_floating_point:
        a, b = a.double(), b.double()
        same = (a == b) | (b.isfinite() & ((a - b).abs() <= tol * (1 + b.abs())))
    else:
        same = a == b
    if bool(same.all()):
        return None
    wrong = (~same).nonzero()
    index = wrong[0].tolist()
    place = f" at {index}" if index else ""
    g, e = a[tuple(index)].item(), b[tuple(index)].item()
    how_many = f"({len(wrong)} of {same.numel()} differ)"
    return f"first difference{at}{place}: got {_show(g)}, expected {_show(e)} {how_many}"


def _near(got: float, expected: float, tol: float) -> bool:
    try:
        return math.isfinite(expected) and abs(got - expected) <= tol * (1 + abs(expected))
    except OverflowError:  # a whole number that is larger than any float
        return False


def _kind(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "bool"
    return "float" if tensor.is_floating_point() else "complex" if tensor.is_complex() else "int"


def _show(value: Any) -> str:
    """A value on one line, cut where it is long."""
    if type(value) in (int, float):
        return number_text(value)
    if isinstance(value, Tensor) and value.numel() > 24:
        return f"a tensor of shape {tuple(value.shape)}, {value.dtype}"
    try:
        text = re.sub(r"\s*\n\s*", " ", repr(value))
    except ValueError:  # a whole number of thousands of digits
        return f"a {type(value).__name__} with a very large number"
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _outline(value: Any) -> str:
    """A value in a hidden test: what kind it is, not what it holds. A function could return what it was given."""
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int | float):
        return f"{value:.6g}" if abs(value) < 1e300 else number_text(value)
    if isinstance(value, Tensor):
        return f"a tensor of shape {_sizes(tuple(value.shape))}, {value.dtype}"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if type(value) in (list, tuple, dict, set):
        return f"a {type(value).__name__} of {len(value)} items"
    return "an object"


def _sizes(shape: tuple[int, ...]) -> str:
    """A shape, but for sizes that no check asks for: they could carry a message."""
    shown = [str(size) if size < 10_000 else "many" for size in shape[:8]] + ["…"] * (len(shape) > 8)
    return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"


# Where the words for a call come from: the source of the check cell itself.


def _describe(place: TracebackType, hidden: bool) -> str:
    """The call that an `expect(...)` at this place is about, in words."""
    executing = Source.executing(place)
    node = executing.node
    if not isinstance(node, ast.Call) or not node.args:
        return "the result"
    subject = node.args[0]
    if isinstance(subject, ast.Lambda):
        subject = subject.body
    text = _words(subject, hidden)
    tree = executing.source.tree if executing.source is not None else None
    for name in (n.id for n in ast.walk(subject) if isinstance(n, ast.Name)):
        call = _assigned_from(tree, name, place.tb_lineno)
        if call is None or _root_name(call.func) in ("torch", "F", "nn", "random"):
            continue
        if isinstance(subject, ast.Call):
            return f"{text}\n  where {name} is from {_words(call, hidden)}"
        return f"{text}, from {_words(call, hidden)}"
    return text


def _words(node: ast.expr, hidden: bool) -> str:
    """An expression as text; in a hidden test only the names of what is called, never its arguments."""
    if hidden:
        calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
        if calls:
            return ast.unparse(_root_call(calls).func) + "(…)"
        return _root_name(node) or "the result"
    text = ast.unparse(node)
    return text if len(text) <= 160 else text[:159] + "…"


def _root_call(calls: list[ast.Call]) -> ast.Call:
    """Of nested calls the innermost one with a plain name, which is the student's function as a rule."""
    named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id not in _HELPERS]
    return named[0] if named else calls[0]


_HELPERS = {"len", "list", "tuple", "set", "sorted", "float", "int", "str", "sum", "max", "min", "type", "dict"}


def _root_name(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _assigned_from(tree: ast.AST | None, name: str, before: int) -> ast.Call | None:
    """The last call above line `before` whose result was given this name."""
    found = None
    for node in ast.walk(tree) if tree is not None else []:
        if isinstance(node, ast.Assign) and node.lineno < before and isinstance(node.value, ast.Call):
            names = {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            if name in names and (found is None or node.lineno > found.lineno):
                found = node.value
    return found


# In JupyterLab a check cell that passes says so.

_passed: list[bool] = []


def _announce(result: Any) -> None:
    if _passed and result.success:
        print(f"✓ passed ({len(_passed)} expectation{'s' if len(_passed) > 1 else ''})")
    _passed.clear()


def _register(announce: Callable[[Any], None]) -> None:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.events.register("post_run_cell", announce)


_register(_announce)
