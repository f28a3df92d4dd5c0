"""What a fork finds done already: here it costs once, in a fork it would cost thousands of times."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
import types
import warnings
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any


def import_what_forks_need() -> None:
    """Import what torch would import later, in each fork anew."""
    import numpy.random  # noqa: F401
    import torch

    _compiler_on_demand()
    import torch._subclasses.schema_check_mode

    torch.set_num_threads(1)


def _compiler_on_demand() -> None:
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
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])  # half of it would never be whole again
                try:
                    torch._dynamo = importlib.import_module(name)
                finally:
                    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
            return getattr(sys.modules[name], attribute)

    placeholder = Placeholder(name)
    placeholder.graph_break = lambda: None  # type: ignore[attr-defined]
    placeholder.disable = lambda fn, *_, **__: fn  # type: ignore[attr-defined]
    sys.modules[name] = torch._dynamo = placeholder


def fork(target: Callable[..., None], *arguments: Any) -> ForkProcess:
    """Start a fork of this process that does this and no more."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has threads; none of them works now
        process.start()
    return process
