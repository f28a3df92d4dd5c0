"""Wrong answers made by machine: the solutions with one mechanical change each, and those that no check catches.

mutmut and cosmic-ray were looked at: both drive a whole test suite from outside and know nothing of tensors, and a
mutation library's work here is small. So the changes are a table of our own: `RULES`, each one a function from a node
of the syntax tree to what may stand in its place. Only the lines between BEGIN and END SOLUTION are changed.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograder.lab.markers import BEGIN_SOLUTION, END_SOLUTION
from autograder.proof.mutant_tensors import COMPOUND, Scope, in_place, masks, operand
from autograder.stage.model import Cell

MOST = 250  # of one exercise; of more a sample is taken, always the same one
HELPERS = "autograder.proof.helpers"


@dataclass(frozen=True)
class Mutant:
    """A solution with one change."""

    exercise: str
    source: str
    line: int  # in the stage's text
    before: str
    after: str  # the changed line, without spaces around it


# Making mutants


def mutants_of(cell: Cell) -> list[Mutant]:
    """All mutants of an exercise, or a sample of `MOST`."""
    tree = ast.parse(cell.source)
    lines = cell.source.split("\n")
    inside = _inside(lines)
    seen, found = {ast.dump(tree)}, []
    for edit in _edits(tree, inside):
        source, line = _apply(cell.source, edit)
        try:
            dump = ast.dump(ast.parse(source))
            compile(source, "mutant", "exec")
        except (SyntaxError, ValueError):
            continue
        if dump in seen:
            continue
        seen.add(dump)
        before = lines[line - 1].strip() if edit.end > edit.start else ""
        found.append(Mutant(cell.id, source, cell.line + line, before, source.split("\n")[line - 1].strip()))
    if len(found) > MOST:
        chosen = set(random.Random(cell.id).sample(range(len(found)), MOST))
        found = [mutant for i, mutant in enumerate(found) if i in chosen]
    return [Mutant(m.exercise, f"from {HELPERS} import *\n{m.source}", m.line, m.before, m.after) for m in found]


@dataclass(frozen=True)
class _Edit:
    """Put `text` in place of the bytes from `start` to `end`, both (line, column in bytes)."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def _apply(source: str, edit: _Edit) -> tuple[str, int]:
    """The changed source, and the number of the first line that differs."""
    lines = source.encode().split(b"\n")
    first, last = edit.start[0] - 1, edit.end[0] - 1
    new = lines[first][: edit.start[1]] + edit.text.encode() + lines[last][edit.end[1] :]
    changed = b"\n".join([*lines[:first], new, *lines[last + 1 :]]).decode()
    old, now = source.split("\n"), changed.split("\n")
    return changed, next((n for n, (a, b) in enumerate(zip(old, now, strict=False), 1) if a != b), edit.start[0])


def _inside(lines: list[str]) -> set[int]:
    """The lines between the markers of solutions."""
    inside, solution = set(), False
    for number, line in enumerate(lines, 1):
        if line.strip() == END_SOLUTION:
            solution = False
        if solution:
            inside.add(number)
        if line.strip() == BEGIN_SOLUTION:
            solution = True
    return inside


def _edits(tree: ast.AST, inside: set[int]) -> Iterator[_Edit]:
    yield from _decorated(tree, inside)
    for node, scope in _walk(tree, ()):
        if not isinstance(node, ast.expr | ast.stmt) or not set(range(node.lineno, _end(node)[0] + 1)) <= inside:
            continue
        for rule in RULES:
            for text in rule(node, scope):
                yield _Edit((node.lineno, node.col_offset), _end(node), _wrapped(text, node))


def _walk(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node with those above it; but for the words of errors, and texts whose parts have no place."""
    yield node, above
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.arguments):
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, (*above, node))


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _wrapped(text: str, old: ast.AST) -> str:
    """In parentheses where it would bind in another way than what it replaces."""
    if isinstance(old, ast.stmt):
        return text
    new = ast.parse(text, mode="eval").body
    same = type(new) is type(old) and not isinstance(new, ast.BoolOp)
    return f"({text})" if isinstance(new, COMPOUND) and not same else text


def _decorated(tree: ast.AST, inside: set[int]) -> Iterator[_Edit]:
    """The right result, but an argument is spoiled before it comes back, or no gradient flows through it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not any(statement.lineno in inside for statement in node.body):
            continue
        if node.name == "__init__":
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        words = [f'@spoils("{node.name}", "{argument.arg}")' for argument in arguments if argument.arg != "self"]
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for word in [*words, f'@detaches("{node.name}")']:
            yield _Edit((first, 0), (first, 0), f"{' ' * node.col_offset}{word}\n")


# The rules: each gives what may stand in place of a node.

Rule = Callable[[Any, Scope], Iterator[str]]


COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}


OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "//",
    ast.Pow: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}


# One name for another: what is confused, and what would make a result of the same form.
RELATED = {
    "max": "min",
    "min": "max",
    "any": "all",
    "all": "any",
    "mean": "sum",
    "sum": "mean",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "argmax": "argmin",
    "argmin": "argmax",
    "tanh": "sigmoid",
    "sigmoid": "tanh",
    "softmax": "log_softmax",
    "log_softmax": "softmax",
    "exp": "expm1",
    "log": "log1p",
    "sin": "cos",
    "cos": "sin",
    "triu": "tril",
    "tril": "triu",
    "ljust": "rjust",
    "rjust": "ljust",
    "append": "extend",
    "floor": "ceil",
    "ceil": "floor",
    "amax": "amin",
    "amin": "amax",
    "float": "double",
}


LIBRARIES = {"torch", "F", "nn", "math"}


def _constants(node: Any, scope: Scope) -> Iterator[str]:
    """Off by one, another number, another truth, no text."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        if isinstance(node.operand.value, int):
            yield from (str(-node.operand.value + 1), str(-node.operand.value - 1))
        return
    if scope and isinstance(scope[-1], ast.UnaryOp):
        return
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield from (str(value + 1), str(value - 1))
    elif isinstance(value, float):
        yield from (repr(value * 10), repr(-value))
    elif isinstance(value, str) and value:
        yield '""'


def _compare(node: Any, scope: Scope) -> Iterator[str]:
    """`<` and `<=`, `==` and `!=`, `in` and `not in`."""
    if isinstance(node, ast.Compare):
        parts = [ast.unparse(node.left)]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts += [ast.unparse(ast.Compare(ast.Name("a"), [operator], [ast.Name("b")])).split(" ", 1)[1][:-2]]
            parts += [ast.unparse(right)]
        for i, operator in enumerate(node.ops):
            yield " ".join([*parts[: 2 * i + 1], COMPARISONS[type(operator)], *parts[2 * i + 2 :]])


def _operators(node: Any, scope: Scope) -> Iterator[str]:
    """Another operator, one side alone, the sides swapped."""
    if isinstance(node, ast.BinOp):
        left, right = operand(node.left), operand(node.right)
        if type(node.op) in OPERATORS:
            yield f"{left} {OPERATORS[type(node.op)]} {right}"
        yield from (left, right)
        for kind, sign in ((ast.MatMult, "@"), (ast.Sub, "-"), (ast.Div, "/")):
            if isinstance(node.op, kind):
                yield f"{right} {sign} {left}"
    elif isinstance(node, ast.AugAssign):
        target, value = ast.unparse(node.target), ast.unparse(node.value)
        yield f"{target} = {value}"
        if type(node.op) in OPERATORS:
            yield f"{target} {OPERATORS[type(node.op)]}= {value}"


def _logic(node: Any, scope: Scope) -> Iterator[str]:
    """The other case."""
    if isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield word.join(operand(value) for value in node.values)
        yield from (ast.unparse(value) for value in node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert | ast.USub):
        yield operand(node.operand)
    elif isinstance(node, ast.IfExp):
        yield from (operand(node.body), operand(node.orelse))
    elif scope and isinstance(node, ast.expr) and isinstance(scope[-1], ast.If | ast.While | ast.IfExp):
        if scope[-1].test is node and not isinstance(node, ast.Compare | ast.UnaryOp):
            yield f"not {operand(node)}"
    elif isinstance(node, ast.Break):
        yield "continue"
    elif isinstance(node, ast.Continue):
        yield "break"
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        for i, part in enumerate(node.generators):
            if part.ifs:
                generators = list(node.generators)
                generators[i] = ast.comprehension(part.target, part.iter, [], part.is_async)
                yield ast.unparse(type(node)(node.elt, generators))


def _calls(node: Any, scope: Scope) -> Iterator[str]:
    """No call, a related function, two arguments swapped, one left out."""
    if not isinstance(node, ast.Call):
        return
    function, arguments = node.func, node.args
    if isinstance(function, ast.Attribute):
        library = isinstance(function.value, ast.Name) and function.value.id in LIBRARIES
        if not library:
            yield operand(function.value)  # drop .transpose(…), .masked_fill(…), .unsqueeze(…), .float(), …
        elif len(arguments) >= 1 and not isinstance(arguments[0], ast.Starred):
            yield operand(arguments[0])  # drop torch.tanh(…), F.softmax(…, dim)
        if function.attr in RELATED:
            yield ast.unparse(ast.Call(ast.Attribute(function.value, RELATED[function.attr]), arguments, node.keywords))
    elif isinstance(function, ast.Name):
        if function.id in RELATED and function.id not in ("float",):
            yield ast.unparse(ast.Call(ast.Name(RELATED[function.id]), arguments, node.keywords))
        if len(arguments) == 1 and function.id in ("sorted", "reversed", "abs", "set", "list", "tuple"):
            yield operand(arguments[0])
        if function.id == "range" and not isinstance(arguments[-1], ast.Constant):
            last = arguments[-1]
            for text in (f"{operand(last)} - 1", f"{operand(last)} + 1"):
                yield ast.unparse(ast.Call(function, [*arguments[:-1], ast.parse(text, mode="eval").body], []))
    for i in range(len(arguments) - 1):
        swapped = [*arguments[:i], arguments[i + 1], arguments[i], *arguments[i + 2 :]]
        yield ast.unparse(ast.Call(function, swapped, node.keywords))
    for i in range(len(node.keywords)):
        yield ast.unparse(ast.Call(function, arguments, [*node.keywords[:i], *node.keywords[i + 1 :]]))
    if len(arguments) > 1:
        yield ast.unparse(ast.Call(function, arguments[:-1], node.keywords))


def _subscripts(node: Any, scope: Scope) -> Iterator[str]:
    """No index or mask; slices one longer or shorter, or open."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield operand(node.value)
    if not isinstance(node, ast.Subscript):
        return
    if isinstance(node.ctx, ast.Load):
        yield operand(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for i, part in enumerate(parts):
        if not isinstance(part, ast.Slice):
            continue
        low = "" if part.lower is None else ast.unparse(part.lower)
        high = "" if part.upper is None else ast.unparse(part.upper)
        others = [f"{low}:" if high else "", f":{high}" if low else "", "1:" if not low and not high else ""]
        if high and not _is_number(part.upper):
            others += [f"{low}:{high} + 1", f"{low}:{high} - 1"]
        if low and not _is_number(part.lower):
            others += [f"{low} + 1:{high}"]
        for other in filter(None, others):
            texts = [other if j == i else ast.unparse(p) for j, p in enumerate(parts)]
            yield f"{operand(node.value)}[{', '.join(texts)}]"
    if len(parts) == 2 and not any(isinstance(part, ast.Slice) for part in parts):
        yield f"{operand(node.value)}[{ast.unparse(parts[1])}, {ast.unparse(parts[0])}]"


def _statements(node: Any, scope: Scope) -> Iterator[str]:
    """No such statement."""
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.If | ast.Delete):
        first = ast.unparse(node).split("\n")[0]
        yield f"pass  # {first}"
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
        targets = node.targets[0].elts
        values = node.value.elts if isinstance(node.value, ast.Tuple) else []
        if len(targets) > 1 and len({ast.dump(value) for value in values}) != 1:
            yield ast.unparse(ast.Assign([ast.Tuple([targets[1], targets[0], *targets[2:]])], node.value, lineno=1))
    if isinstance(node, ast.With):
        items = ", ".join(ast.unparse(item.context_expr) for item in node.items)
        if items == "torch.no_grad()":
            yield f"if True:  # with {items}:\n{_block(node)}"
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield f"raise RuntimeError({', '.join(map(ast.unparse, node.exc.args))})"
        yield f"raise {ast.unparse(node.exc.func)}()"


def _block(node: ast.With) -> str:
    indent = " " * node.body[0].col_offset
    return "\n".join(indent + line for statement in node.body for line in ast.unparse(statement).split("\n"))


def _results(node: Any, scope: Scope) -> Iterator[str]:
    """Nothing but zeros, the parts of a tuple swapped."""
    if isinstance(node, ast.Return) and node.value is not None:
        value = ast.unparse(node.value)
        yield f"return zeros({value})"
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            first, second, *rest = node.value.elts
            yield f"return {', '.join(map(ast.unparse, [second, first, *rest]))}"


def _is_number(node: ast.expr | None) -> bool:
    try:
        return node is not None and isinstance(ast.literal_eval(node), int)
    except ValueError:
        return False


RULES: list[Rule] = [
    _constants,
    _compare,
    _operators,
    _logic,
    _calls,
    _subscripts,
    _statements,
    _results,
    masks,
    in_place,
]
