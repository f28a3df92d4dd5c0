"""A conversation with oneself before the first submission: what it loads and makes once, no fork has to make again.

The fork server does it as the judge, and each zygote as the student, with a fork as the other side. Nothing is kept.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Literal

import matplotlib

from autograder.run.job import Job, JobCell
from autograder.run.limits import Limits

GIVEN = """
import random
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from autograder.lab import expect, plots
plots.use_style()
"""


STUDENT = """
class Model(nn.Module):
    def __init__(self, H):
        super().__init__()
        self.rnn, self.linear = nn.GRU(3, H, batch_first=True), nn.Linear(H, 2)
    def forward(self, x):
        return self.linear(self.rnn(x)[0])
def words(texts, table=None):
    return [[len(text)] for text in texts], {text: i for i, text in enumerate(sorted(texts))}
def total(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes differ")
    return (x * y).sum(-1), x @ y.T
"""


CHECKS = {
    "Model": """
torch.manual_seed(1)
model = Model(5)
x = torch.randn(4, 3, 3, requires_grad=True)
out = model(x)
expect(out).shape(4, 3, 2).dtype(torch.float32).finite()
F.cross_entropy(out.reshape(12, 2), torch.arange(12) % 2).backward()
expect(x.grad).close(x.grad, atol=1e-6)
expect([p.grad is not None for p in model.parameters()]).equal([True] * 6)
""",
    "words": """
expect(words(["ab", "c"])).equal(([[2], [1]], {"ab": 0, "c": 1}))
expect(len(words(["ab"])[0])).at_least(1)
""",
    "total": """
a = torch.arange(6.0).reshape(2, 3)
pair = total(a, a)
expect(pair[0]).close(torch.tensor([5.0, 50.0]), atol=1e-5)
expect(lambda: total(a, a[0])).raises(ValueError, mention="shapes")
expect(np.asarray(pair[1])).shape(2, 2)
### BEGIN HIDDEN TESTS
expect(total(a, a)[0]).equal(torch.zeros(2), hint="It cannot be.")
### END HIDDEN TESTS
""",
}


def rehearse(role: Literal["judge", "student"]) -> None:
    """Run a small submission twice: this process plays `role`, a fork of it the other side."""
    ours, theirs = socket.socketpair()
    other = os.fork()
    if other == 0:
        try:
            ours.close()
            _play("student" if role == "judge" else "judge", theirs)
        finally:
            os._exit(0)
    theirs.close()
    with matplotlib.rc_context():
        _play(role, ours)
    ours.close()
    os.waitpid(other, 0)


def _play(role: str, sock: socket.socket) -> None:
    if role == "judge":
        from autograder.run.judge.judge import Run

        cells = [JobCell("given", "setup", GIVEN), JobCell("student", "cell", STUDENT)]
        cells += [JobCell("check", f"{name}-rehearsal", source) for name, source in CHECKS.items()]
        Run(Job(cells, list(CHECKS)), {}, sock, lambda told: None).all()
    else:
        from autograder.run.sandbox.child import serve
        from autograder.run.sandbox.shell import make_shell

        serve(sock, make_shell(), Limits())
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
