"""What torch is set to for a whole process, and what an answer leaves set for all that runs after it.

As in one process: with each call, and with its answer, they are the same on both sides.
"""

from __future__ import annotations

from typing import Any

import torch

Settings = tuple[bool, str, str]  # are gradients on, the default dtype, and the default device
DEFAULT: Settings = (True, "float32", "cpu")
# A check that computed with fewer digits would find no difference any more.
_PRECISE = {"float32": torch.float32, "float64": torch.float64}
_NAMED = {
    1: {name: f"torch.set_default_dtype(torch.{name})" for name in ("float64", "float16", "bfloat16")},
    2: {name: f"torch.set_default_device({name!r})" for name in ("cuda", "cuda:0", "mps", "xpu", "meta")},
}


def get() -> Settings:
    dtype = torch.get_default_dtype()
    name = "float32" if dtype is torch.float32 else str(dtype).removeprefix("torch.")
    # A default device is a mode of torch's functions, and without any mode it is the processor. Called with each frame.
    device = str(torch.get_default_device()) if torch._C._len_torch_function_stack() else "cpu"
    return torch.is_grad_enabled(), name, device


def put(told: Any) -> None:
    """Take over what the other side has set. Nonsense, a dtype of fewer digits and a device change nothing."""
    if type(told) is not list or len(told) != len(DEFAULT):
        return
    if type(told[0]) is bool and told[0] != torch.is_grad_enabled():
        torch.set_grad_enabled(told[0])
    dtype = _PRECISE.get(told[1]) if type(told[1]) is str else None
    if dtype is not None and dtype != torch.get_default_dtype():
        torch.set_default_dtype(dtype)


def in_words(told: Any) -> str:
    """What is not as it is at the start, for a message."""
    if type(told) is not list or len(told) != len(DEFAULT):
        return ""
    said = ["torch.set_grad_enabled(False)"] if told[0] is False else []
    said += [words[told[i]] for i, words in _NAMED.items() if type(told[i]) is str and told[i] in words]
    return " and ".join(said)
