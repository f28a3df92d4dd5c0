"""What stand-ins, graphs and coders need of the end of the conversation that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from autograder.run.wire.frames import Bounds

if TYPE_CHECKING:
    from torch import Tensor


class Link(Protocol):
    """One end: `run.wire.peer.Peer`."""

    names: dict[str, Any] | None
    incoming: Bounds
    outgoing: Bounds
    handles: dict[int, list[Any]]
    freed: list[list[int]]
    freed_graphs: list[int]
    tracked: Any

    @property
    def given_name(self) -> Callable[[Any], str | None]: ...

    def request(self, what: str, *args: Any, _label: str = "", **kwargs: Any) -> Any: ...

    def export(self, x: Any) -> int: ...

    def proxy(self, handle: int, kind: str, label: str) -> Any: ...

    def keep_graph(self, tensor: Tensor) -> int: ...

    def named(self, name: Any) -> Any: ...
