"""What generated wrong answers call (`proof.mutant_rules`)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["detaches", "spoils", "zeros"]


class Inapplicable(BaseException):
    """This change means nothing here, so it is no wrong answer."""


def zeros(value: Any) -> Any:
    """Something of the same form that says nothing."""
    if isinstance(value, Tensor):
        return torch.zeros_like(value)
    if type(value) is tuple:
        return tuple(map(zeros, value))
    if isinstance(value, str | list | dict | set | int | float):
        return type(value)()
    raise Inapplicable


def detaches(function: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the same numbers, through which no gradient flows."""

    def decorate(right: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(right)
        def detaching(*args: Any, **kwargs: Any) -> Any:
            result = right(*args, **kwargs)
            if not _floats([args, kwargs]) or not _floats(result):
                raise Inapplicable
            return detached(result)

        return detaching

    return decorate


def _floats(value: Any) -> bool:
    """Is there something that a gradient could belong to?"""
    if isinstance(value, dict):
        return any(map(_floats, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_floats, value))
    return isinstance(value, torch.nn.Module) or (isinstance(value, Tensor) and value.is_floating_point())


def detached(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, dict):
        return {key: detached(item) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(detached, value))
    return value


def spoils(function: str, argument: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the result is right, but this argument is not what it was."""

    def decorate(right: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(right)

        @functools.wraps(right)
        def spoiling(*args: Any, **kwargs: Any) -> Any:
            passed = signature.bind(*args, **kwargs)
            passed.apply_defaults()
            value = passed.arguments[argument]
            if value is not None and not mutable(value):
                raise Inapplicable
            result = right(*args, **kwargs)
            spoil(value)
            return result

        return spoiling

    return decorate


def mutable(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(mutable, value))
    return isinstance(value, Tensor | list | dict | set)


def spoil(value: Any) -> None:
    """Change it as deep inside as possible."""
    if isinstance(value, Tensor):
        data = value.data  # autograd does not see it
        if data.any():
            data.zero_()
        else:
            data.fill_(1)
    elif isinstance(value, dict | set):
        value.clear()
    elif isinstance(value, list | tuple):
        inner = [item for item in value if mutable(item) and not (isinstance(item, list) and not item)]
        for item in inner:
            spoil(item)
        if not inner and isinstance(value, list):
            value.clear()
