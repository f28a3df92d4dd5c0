"""What a fork finds done already: here it costs once, in a fork it would cost thousands of times."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any


def import_what_forks_need() -> None:
    """Import what torch would import later, in each fork anew."""
    import torch
    import torch._dynamo  # the first optimiser, 1 s
    import torch._subclasses.schema_check_mode

    torch.set_num_threads(1)


def forget_devices() -> None:
    """Seed no device but this processor: torch notes down the whole stack for each one that is not there, 0.5 ms."""
    import torch

    for device in (torch.cuda, torch.xpu, torch.mtia):
        device.manual_seed_all = lambda seed: None  # type: ignore[attr-defined]


def fork(target: Callable[..., None], *arguments: Any) -> ForkProcess:
    """Start a fork of this process that does this and no more."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has threads; none of them works now
        process.start()
    return process
