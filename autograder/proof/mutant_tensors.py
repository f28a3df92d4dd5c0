"""Rules of `mutant_rules` about tensors: masks by arithmetic, and changes in place of what the caller passed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

Scope = tuple[ast.AST, ...]

COMPOUND = (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.UnaryOp, ast.Lambda)
FILL = "-10000.0"  # smaller than most scores, not than all


def operand(node: ast.expr) -> str:
    """The text of a node where it stands beside an operator."""
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, COMPOUND) else text


def masks(node: Any, scope: Scope) -> Iterator[str]:
    """A product where a value should be chosen, which keeps NaN; a number that is not small enough for a mask."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.keywords:
        return
    name, arguments = node.func.attr, node.args
    if name == "masked_fill" and len(arguments) == 2:
        mask = operand(arguments[0])
        kept = mask[2:-1] if mask.startswith("(~") else f"~{mask}"
        yield f"{operand(node.func.value)} * {kept}"
        if not isinstance(arguments[1], ast.Constant):
            yield f"{operand(node.func.value)}.masked_fill({ast.unparse(arguments[0])}, {FILL})"
    elif name == "where" and len(arguments) == 3:
        mask, chosen, other = map(operand, arguments)
        rest = "" if ast.unparse(arguments[2]) in ("0", "0.0") else f" + ~{mask} * {other}"
        yield f"{mask} * {chosen}{rest}"


def in_place(node: Any, scope: Scope) -> Iterator[str]:
    """The same result, but a function of torch or an operator writes it into an argument."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if _is_argument(node.func.value, scope) and node.func.attr in IN_PLACE:
            call = ast.unparse(node)
            start = len(ast.unparse(node.func))
            yield f"{call[:start]}_{call[start:]}"
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.BinOp):
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name) and _is_argument(target, scope) and ast.unparse(value.left) == target.id:
            yield ast.unparse(ast.AugAssign(target, value.op, value.right))


IN_PLACE = {"clamp", "exp", "masked_fill", "mul", "add", "squeeze", "tanh", "transpose", "tril", "triu", "unsqueeze"}


def _is_argument(node: ast.AST, scope: Scope) -> bool:
    functions = [above for above in scope if isinstance(above, ast.FunctionDef)]
    arguments = [*functions[-1].args.posonlyargs, *functions[-1].args.args] if functions else []
    return isinstance(node, ast.Name) and node.id in {argument.arg for argument in arguments}
