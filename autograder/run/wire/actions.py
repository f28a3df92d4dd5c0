"""What one side may ask the other to do with an object: a fixed list."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any


def _next(iterator: Any) -> tuple[bool, Any]:
    for item in iterator:
        return True, item
    return False, None


def _exit(manager: Any) -> None:
    manager.__exit__(None, None, None)


ACTIONS: dict[str, Callable[..., Any]] = {
    "call": lambda f, /, *args, **kwargs: f(*args, **kwargs),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "iter": iter,
    "next": _next,
    "len": len,
    "bool": bool,
    "int": int,
    "float": float,
    "index": operator.index,
    "str": str,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "enter": lambda manager: manager.__enter__(),
    "exit": _exit,
}
