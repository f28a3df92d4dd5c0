"""What torch would do late or in vain: in a process that is forked it would be done again in each fork."""

from __future__ import annotations

import functools
from typing import Any


def trace_only() -> None:
    """Let `torch.compile` run what it traced as it is: C++ of it takes longer than a check may, and is only quicker."""
    import torch

    original = torch.compile

    @functools.wraps(original)
    def compile(*args: Any, backend: Any = "inductor", mode: Any = None, options: Any = None, **more: Any) -> Any:
        if backend == "inductor":
            return original(*args, backend="eager", **more)
        return original(*args, backend=backend, mode=mode, options=options, **more)

    torch.compile = compile


def forget_devices() -> None:
    """Seed no device but this processor: torch notes down the whole stack for each one that is not there, 0.5 ms."""
    import torch

    for device in (torch.cuda, torch.xpu, torch.mtia):
        device.manual_seed_all = lambda seed: None  # type: ignore[attr-defined]
