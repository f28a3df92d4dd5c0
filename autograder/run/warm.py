"""What torch would do late or in vain: in a process that is forked it would be done again in each fork."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any


def compiler_on_demand() -> None:
    """Put off `torch._dynamo`. Optimisers import it (1 s, 70 MB a process) only to say what must not be compiled."""
    import torch

    name = "torch._dynamo"
    if name in sys.modules:
        return

    class Placeholder(types.ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            if attribute.startswith("__") and attribute != "__path__":  # somebody only looks at all modules
                raise AttributeError(attribute)
            if sys.modules.get(name) is self:
                del sys.modules[name]
                torch._dynamo = importlib.import_module(name)
            return getattr(sys.modules[name], attribute)

    placeholder = Placeholder(name)
    placeholder.graph_break = lambda: None  # type: ignore[attr-defined]
    placeholder.disable = lambda fn, *_, **__: fn  # type: ignore[attr-defined]
    sys.modules[name] = torch._dynamo = placeholder


def forget_devices() -> None:
    """Seed no device but this processor: torch notes down the whole stack for each one that is not there, 0.5 ms."""
    import torch

    for device in (torch.cuda, torch.xpu, torch.mtia):
        device.manual_seed_all = lambda seed: None  # type: ignore[attr-defined]
