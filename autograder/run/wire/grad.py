"""Gradients across the two processes: a node of the graph here whose backward runs there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_flatten, tree_unflatten

from autograder.run.wire.link import Link


class Remote:
    """The outputs of one call: their elements, and where their graphs are."""

    def __init__(self, peer: Link, graphs: list[int], data: list[Tensor], inputs: list[int]) -> None:
        self.peer, self.graphs, self.data, self.inputs = peer, graphs, data, inputs

    def __del__(self) -> None:
        self.peer.freed_graphs.extend(self.graphs)


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, remote: Remote, needs_grad: Tensor, *inputs: Tensor) -> Any:
        ctx.remote = remote
        ctx.set_materialize_grads(False)
        data, remote.data = remote.data, []  # else node, remote and outputs would hold each other for ever
        return tuple(data)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        remote = ctx.remote
        chosen = [(graph, g) for graph, g in zip(remote.graphs, gradients, strict=True) if g is not None]
        if not chosen:
            return (None,) * (2 + len(remote.inputs))
        got = remote.peer.request(
            "backward", [c[0] for c in chosen], [c[1].detach() for c in chosen], remote.inputs, _label="backward"
        )
        if type(got) is not list or len(got) != len(remote.inputs):
            raise RuntimeError("backward gave no list of gradients")
        return (None, None, *got)


def attach(peer: Link, graphs: list[int], data: list[Tensor], inputs: list[tuple[int, Tensor]]) -> list[Tensor]:
    """The outputs of a call as tensors with a history; `inputs` are the tensors that went in and want a gradient."""
    # An output can need a gradient though no input does: the parameters are on the other side.
    needs_grad = torch.empty(0, requires_grad=True)
    remote = Remote(peer, graphs, data, [key for key, _ in inputs])
    return list(_Node.apply(remote, needs_grad, *[tensor for _, tensor in inputs]))


def is_transformed() -> bool:
    """Does the calling code run inside `torch.func.grad` or another transform? Its tensors have no elements to send."""
    return torch._C._functorch.peek_interpreter_stack() is not None


class _Transformed(torch.autograd.Function):
    """A request as one step of `torch.func.grad`: tensors as usual inside of it, and their graph for its backward."""

    @staticmethod
    def forward(request: Callable[[list[Tensor]], list[Tensor]], seen: _Seen, *tensors: Tensor) -> Any:
        seen.inputs = [x.detach().requires_grad_(x.is_floating_point()) for x in tensors]
        with torch.enable_grad():
            seen.outputs = request(seen.inputs)
        return tuple(x.detach().clone() for x in seen.outputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.seen = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        functorch, seen = torch._C._functorch, ctx.seen
        if any(g is not None and functorch.is_batchedtensor(g) for g in gradients):
            raise RuntimeError(_ONLY_GRAD)
        given = [(y, g) for y, g in zip(seen.outputs, gradients, strict=True) if y.requires_grad and g is not None]
        chosen = [(y, functorch.get_unwrapped(g) if _is_wrapped(g) else g) for y, g in given]
        wanted = [x for x in seen.inputs if x.requires_grad]
        with temporarily_clear_interpreter_stack():
            ys, gs = zip(*chosen, strict=True) if chosen else ((), ())
            found = iter(torch.autograd.grad(ys, wanted, gs, allow_unused=True) if chosen else [None] * len(wanted))
        return (None, None, *[next(found) if x.requires_grad else None for x in seen.inputs])


_ONLY_GRAD = "torch.func: only grad, grad_and_value and vjp work over a function of the check, one at a time"


class _Seen:
    """What went through a request: tensors with a graph."""

    inputs: list[Tensor]
    outputs: list[Tensor]


def _is_wrapped(x: Any) -> bool:
    return isinstance(x, Tensor) and torch._C._functorch.is_functorch_wrapped_tensor(x)


def request_transformed(peer: Link, what: str, args: Any, label: str, kwargs: Any) -> Any:
    """A request whose arguments may hold tensors of a transform."""
    values, form = tree_flatten((args, kwargs))
    places = [i for i, x in enumerate(values) if _is_wrapped(x)]
    inner = [torch._C._functorch.get_unwrapped(values[i]) for i in places]
    if any(map(_is_wrapped, inner)) or any(torch._C._functorch.is_batchedtensor(values[i]) for i in places):
        raise RuntimeError(_ONLY_GRAD)
    result: list[Any] = []

    def request(tensors: list[Tensor]) -> list[Tensor]:
        for i, tensor in zip(places, tensors, strict=True):
            values[i] = tensor
        plain_args, plain_kwargs = tree_unflatten(values, form)
        result[:] = tree_flatten(peer.request(what, *plain_args, _label=label, **plain_kwargs))
        return [x for x in result[0] if isinstance(x, Tensor)]

    if not places:
        with temporarily_clear_interpreter_stack():
            return peer.request(what, *args, _label=label, **kwargs)
    outputs = iter(_Transformed.apply(request, _Seen(), *[values[i] for i in places]))
    return tree_unflatten([next(outputs) if isinstance(x, Tensor) else x for x in result[0]], result[1])
