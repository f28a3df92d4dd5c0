"""How a conversation ends, and the last call of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Stop(BaseException):
    """Nothing more can be asked of the other side. No check can catch it as an `Exception`."""


class TimeUp(BaseException):
    """The time of this cell or check is over."""


@dataclass
class Call:
    """The last call, for messages: in words, its value, and whether it came to an end."""

    label: str = ""
    value: Any = None
    done: bool = True
