"""What a fork finds done already: here it costs once, in a fork it would cost thousands of times."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any

from autograder.run.warm import compiler_on_demand


def import_what_forks_need() -> None:
    """Import what torch would import later, in each fork anew."""
    import numpy.random  # noqa: F401
    import torch

    compiler_on_demand()
    import torch._subclasses.schema_check_mode

    torch.set_num_threads(1)


def fork(target: Callable[..., None], *arguments: Any) -> ForkProcess:
    """Start a fork of this process that does this and no more."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has threads; none of them works now
        process.start()
    return process
