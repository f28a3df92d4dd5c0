"""Gradients across the two processes: a node of the graph here whose backward runs there."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

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
