"""One end of the conversation between the judge and the student's process: requests, replies, and what both share.

Both ends are alike: the judge calls the student's functions, and a function of the judge that was passed as an argument
is called back. What the judge lets be done to its own objects is decided by its `allow`.

Every message carries, besides its value, what changed since the last one: shared tensors, random state,
torch's settings.
"""

from __future__ import annotations

import socket
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from torch import Tensor

from autograder.run.wire import settings
from autograder.run.wire.actions import ACTIONS
from autograder.run.wire.ends import Call, Stop, TimeUp
from autograder.run.wire.frames import Bounds, Closed, Late, MissingName, NotPlain, WireError, receive_frame, send_frame
from autograder.run.wire.grad import is_transformed, request_transformed
from autograder.run.wire.log import Log
from autograder.run.wire.objects import PeerDecoder, PeerEncoder, changed, contents, restore, snapshot
from autograder.run.wire.proxy import Proxy
from autograder.run.wire.randomness import Randomness, State
from autograder.run.wire.tracked import Tracked, backward

DEPTH = 20  # calls inside calls


class Shared(NamedTuple):
    """All that one check and the student's process share."""

    tracked: Tracked
    handles: dict[int, list[Any]]
    handle_of: dict[int, int]
    graphs: dict[int, Tensor]


@dataclass
class Peer:
    """One end. `names` are the student's global names on the student's side, and None on the judge's."""

    sock: socket.socket
    names: dict[str, Any] | None = None
    allow: Callable[[str, list[Any]], None] = lambda what, args: None
    given_name: Callable[[Any], str | None] = lambda x: None
    error: Callable[[BaseException], dict[str, Any]] = lambda e: {"type": type(e).__name__, "message": str(e)}
    raise_error: Callable[[dict[str, Any], str], None] = lambda error, label: None
    timed: Callable[[dict[str, Any]], AbstractContextManager[Any]] = lambda message: nullcontext()
    disarm: Callable[[], None] = lambda: None
    serve_other: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    incoming: Bounds = field(default_factory=Bounds)
    outgoing: Bounds = field(default_factory=Bounds)
    max_calls: int = 100_000
    max_handles: int = 50_000

    def __post_init__(self) -> None:
        self.go_on(Shared(Tracked(first=0 if self.names is None else 1), {}, {}, {}))
        self.proxies: weakref.WeakValueDictionary[int, Proxy] = weakref.WeakValueDictionary()
        self.freed: list[list[int]] = []
        self.freed_graphs: list[int] = []
        self.next_handle = self.calls = self.depth = self.serving = 0
        self.randomness = Randomness()
        self.settings = settings.DEFAULT  # what the other side knows of them
        self.left_set = ""  # in words, what the other side has set, and where
        self.until: float | None = None  # soft: the other side is asked to stop by then
        self.grace = 1.5
        self.broken = ""
        self.forget_first = False  # the other side, too, lets go of what the last check shared
        self.in_io = False
        self.last = Call()
        self.log: Log | None = None  # of the check that runs

    # Tables

    def export(self, x: Any) -> int:
        """The handle of one of our objects. How often it was sent is counted, so that a late release frees nothing."""
        handle = self.handle_of.get(id(x))
        if handle is None:
            if len(self.handles) >= self.max_handles:
                raise NotPlain(f"there are more than {self.max_handles} objects")
            handle = self.next_handle = self.next_handle + 1
            self.handles[handle] = [x, 0]
            self.handle_of[id(x)] = handle
        self.handles[handle][1] += 1
        return handle

    def proxy(self, handle: int, kind: str, label: str) -> Proxy:
        proxy = self.proxies.get(handle)
        if proxy is None:
            if len(self.proxies) >= self.max_handles:
                raise WireError(f"more than {self.max_handles} objects")
            proxy = self.proxies[handle] = Proxy(self, handle, "", kind, label)
        else:
            object.__setattr__(proxy, "_count", proxy._count + 1)
        return proxy

    def keep_graph(self, tensor: Tensor) -> int:
        self.next_handle += 1
        self.graphs[self.next_handle] = tensor
        return self.next_handle

    def named(self, name: Any) -> Any:
        if self.names is None or type(name) is not str:
            raise WireError("a name")
        if name not in self.names:
            raise MissingName(f"name '{name}' is not defined")
        return self.names[name]

    def forget(self) -> Shared:
        """Let go of everything that the last check shared. Whoever keeps it can `go_on` with it later."""
        last = Shared(self.tracked, self.handles, self.handle_of, self.graphs)
        self.go_on(Shared(self.tracked.fresh(), {}, {}, {}))
        self.freed.clear()
        self.freed_graphs.clear()
        return last

    def go_on(self, shared: Shared) -> None:
        self.tracked, self.handles, self.handle_of, self.graphs = shared
        self.random: State | None = None  # what the other side knows of it

    def seeded(self, which: int) -> None:
        """One of our generators was seeded, perhaps with the number that it had: theirs may have moved since then."""
        if self.random is not None:
            self.random = cast(State, tuple(b"" if i == which else known for i, known in enumerate(self.random)))

    # What every message carries

    def _attach(self, enc: PeerEncoder, message: dict[str, Any]) -> None:
        if changes := list(self.tracked.changes(enc)):
            message["sync"] = changes
        if dead := self.tracked.sweep():
            message["dead"] = dead
        if self.freed:
            message["freed"], self.freed = self.freed, []
        if self.freed_graphs:
            message["graphs_freed"], self.freed_graphs = self.freed_graphs, []
        state = self.randomness.get()
        if state != self.random:
            known = self.random or (None, None, None)
            message["random"] = [enc.part(new) if new != old else None for new, old in zip(state, known, strict=True)]
            self.random = state
        message["graphs"] = enc.graphs
        self.tell_settings(message)

    def _take(self, dec: PeerDecoder, message: dict[str, Any]) -> None:
        try:
            self.tracked.apply(dec, message.get("sync", ()))
            for handle, count in message.get("freed", ()):
                self._free(handle, count)
            for graph in message.get("graphs_freed", ()):
                self.graphs.pop(graph, None)
            # The judge keeps a stream of its own: what comes back could be numbers of the student's choice.
            if (parts := message.get("random")) is not None and self.names is not None:
                old = self.randomness.get()
                new = tuple(bytes(dec.part(*p)) if p is not None else o for p, o in zip(parts, old, strict=True))
                self.randomness.set(new, old)
                self.random = new  # type: ignore[assignment]
        except WireError:
            raise
        except Exception as error:
            raise WireError(f"not a message: {type(error).__name__}") from error

    def _let_go(self, message: dict[str, Any]) -> None:
        """The other side holds these twins no longer. A reply may name them a last time, so it is read before."""
        try:
            for key in message.get("dead", ()):
                self.tracked.drop(key)
        except Exception as error:
            raise WireError(f"not a message: {type(error).__name__}") from error

    def tell_settings(self, message: dict[str, Any]) -> None:
        if (now := settings.get()) != self.settings:
            message["settings"] = list(now)
            self.settings = now

    def take_settings(self, message: dict[str, Any], by: str) -> None:
        if "settings" in message:
            settings.put(message["settings"])
            self.settings = settings.get()
            words = settings.in_words(message["settings"])
            self.left_set = f"{words}, by {by}" if words else ""

    def _free(self, handle: int, count: int) -> None:
        held = self.handles.get(handle)
        if held is not None:
            held[1] -= count
            if held[1] <= 0:
                del self.handles[handle]
                self.handle_of.pop(id(held[0]), None)

    # Asking

    def request(self, what: str, *args: Any, _label: str = "", **kwargs: Any) -> Any:
        """Do something over there and return what it gave."""
        if is_transformed():
            return request_transformed(self, what, args, _label, kwargs)
        last = self.last = Call(_label, None, False)
        enc = PeerEncoder(self, result=False)
        message = {"do": what, "args": [enc.value(a) for a in args]}
        if kwargs:
            message["kwargs"] = [[k, enc.value(v)] for k, v in kwargs.items()]
        self._attach(enc, message)
        reply, body = self.exchange(message, enc.parts)
        self.take_settings(reply, _label or "a call")
        try:
            dec = PeerDecoder(self, body, enc.refs, _label, weak=self.names is not None)
            self._take(dec, reply)
            dec.graphs(reply.get("graphs", []), enc.inputs)
            # In the order in which the other side numbered them: first the value, then what changed.
            value = dec.value(reply.get("value"))
            for index, node in reply.get("changed", ()):
                restore(dec, enc.refs[index], node)
            self._let_go(reply)
            error = reply.get("error")
        except Exception as wrong:
            raise self._break(f"it sent no valid answer ({wrong})") from None
        if self.tracked.refused:
            self.tracked.refused = False
            text = "a parameter or buffer of the check's model was given another shape or dtype"
            error = error or {"type": "ValueError", "kinds": ["ValueError"], "message": text}
        if error is not None:
            self.raise_error(error, _label)
        last.value, last.done = value, True
        return value

    def exchange(self, message: dict[str, Any], parts: list[bytes]) -> tuple[dict[str, Any], memoryview]:
        """Send a request and wait for its reply; meanwhile the other side may call us back."""
        if self.broken:
            raise Stop(self.broken)
        self.calls += 1
        if self.calls > self.max_calls:
            raise self._break(f"more than {self.max_calls:,} calls were made")
        if self.until is not None:
            # A check that calls without end is stopped here: an alarm would mostly ring in the middle of a frame.
            if (left := self.until - time.monotonic()) <= 0:
                raise TimeUp
            message["seconds"] = round(max(left, 0.001), 3)
        if self.forget_first:
            message["forget"], self.forget_first = True, False
        self.depth += 1
        self.in_io = True  # an alarm in the middle of a frame would garble the conversation: the deadline does its work
        try:
            self._send(message, parts)
            while True:
                reply, body = self._receive()
                if "do" not in reply:
                    return reply, body
                if self.depth > DEPTH:
                    raise self._break(f"there were more than {DEPTH} calls inside each other")
                self.serve(reply, body)
        except WireError as error:
            raise self._break(f"it sent {error}") from None
        except Closed:
            raise self._break("it ended") from None
        except Late:
            raise self._break("it did not stop when its time was over") from None
        finally:
            self.depth -= 1
            self.in_io = False

    def _break(self, reason: str) -> Stop:
        self.broken = self.broken or reason
        return Stop(self.broken)

    def _send(self, message: dict[str, Any], parts: list[bytes]) -> None:
        send_frame(self.sock, message, parts, self._deadline())
        if self.log is not None:
            self.log.add(True, message, parts, sum(map(len, parts)))

    def _receive(self) -> tuple[dict[str, Any], memoryview]:
        message, body = receive_frame(self.sock, self.incoming, self._deadline())
        if self.log is not None:
            self.log.add(False, message, [bytes(body)], len(body.obj))  # type: ignore[arg-type]
        return message, body

    def _deadline(self) -> float | None:
        return None if self.until is None else self.until + self.grace

    # Answering

    def serve(self, message: dict[str, Any], body: memoryview) -> None:
        """Do what the other side asks, and reply."""
        if self.serve_other is not None and message["do"] not in ACTIONS and message["do"] != "backward":
            self.take_settings(message, "")
            reply = self.serve_other(message)
            self.tell_settings(reply)
            self._send(reply, [])
            return
        self.calls += 1
        if self.calls > self.max_calls:
            raise self._break(f"more than {self.max_calls:,} calls were made")
        was, self.in_io = self.in_io, False
        self.tracked.hold()
        self.serving += 1
        reply, parts = self._answer(message, body)
        self.serving -= 1
        self.in_io = was
        if not self.serving:
            self.tracked.release()
        # Only now, with nothing of the call alive, is it known which twins somebody kept.
        if dead := self.tracked.sweep():
            reply["dead"] = reply.get("dead", []) + dead
        self._send(reply, parts)

    def _answer(self, message: dict[str, Any], body: memoryview) -> tuple[dict[str, Any], list[bytes]]:
        dec = PeerDecoder(self, body)
        self._take(dec, message)
        self._let_go(message)
        self.take_settings(message, "")
        reply: dict[str, Any] = {}
        error = value = None
        before: list[tuple[int, Any]] = []
        try:
            what = message["do"]
            args = [dec.value(a) for a in message["args"]]
            kwargs = {str(k): dec.value(v) for k, v in message.get("kwargs", ())}
            before = [(i, snap) for i, x in enumerate(dec.refs) if (snap := snapshot(x)) is not None]
            self.allow(what, args)
            with self.timed(message):
                if what == "backward":
                    outputs = [self.graphs[g] for g in args[0]]
                    value = backward(self.tracked, outputs, args[1], args[2])
                else:
                    value = ACTIONS[what](*args, **kwargs)
            self.disarm()
        except BaseException as wrong:  # the student's errors, whatever they are, are reported and not ours
            self.disarm()  # the alarm may have rung on the way out of `timed`
            if isinstance(wrong, Stop | WireError) and self.names is None:
                raise
            error = self.error(wrong)
            wrong.__traceback__ = None  # else its frames would keep the arguments
        for _ in range(2):
            enc = PeerEncoder(self, result=True, refs=dec.refs)
            try:
                reply = {"value": enc.value(value)}
                if moved := [[i, contents(enc, dec.refs[i])] for i, snap in before if changed(dec.refs[i], snap)]:
                    reply["changed"] = moved
                if error is not None:
                    reply["error"] = error
                self._attach(enc, reply)
                return reply, enc.parts
            except Exception as wrong:  # too large, too deep, or no memory: the other side waits for an answer
                value, before = None, []
                error = {"type": "NotPlain", "message": f"what it returned cannot be used: {wrong}"}
        raise WireError("a reply that cannot be sent")
