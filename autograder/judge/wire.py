"""How values cross between the judge and the student's process. Nothing here unpickles or evaluates anything.

`frames` moves bytes, `plain` says what a plain value is, `encode` and `decode` turn values into JSON and back.
"""

from autograder.judge.decode import Decoder
from autograder.judge.encode import Encoder, generator_state
from autograder.judge.frames import (
    Bounds,
    Closed,
    Late,
    MissingName,
    NotPlain,
    WireError,
    receive_frame,
    send_frame,
)
from autograder.judge.plain import is_plain_tensor, make_tensor, sizes, tensor_bytes, torch_state

__all__ = [
    "Bounds",
    "Closed",
    "Decoder",
    "Encoder",
    "Late",
    "MissingName",
    "NotPlain",
    "WireError",
    "generator_state",
    "is_plain_tensor",
    "make_tensor",
    "receive_frame",
    "send_frame",
    "sizes",
    "tensor_bytes",
    "torch_state",
]
