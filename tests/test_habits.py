"""What students write, and JupyterLab runs: the judge comes to the verdict of a real kernel."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from autograder.run.job import Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker

from .conftest import ROOT

SETUP = "import torch\nfrom torch import nn\nfrom autograder.lab import expect\n"
ADD = "def f(x):\n    return x + 1\n"
ADDS = "expect(f(torch.ones(3))).equal(torch.full((3,), 2.0))"
TRAINS = "w = torch.ones(3, requires_grad=True)\nf(w).sum().backward()\nexpect(w.grad).equal(torch.ones(3))"
LOOP = "import asyncio\nasync def one():\n    await asyncio.sleep(0)\n    return 1\n"
OFF = "f(torch.ones(3))\nexpect((torch.ones(3, requires_grad=True) * 2).requires_grad).equal(True)"

# A cell, and a check of `f`. These leave nothing behind: one kernel runs them all.
TOGETHER = {
    "two threads": ("torch.set_num_threads(2)\n" + ADD, ADDS),
    "more threads than a submission may have": (
        "torch.set_num_threads(100)\ndef f(x):\n    return x @ x",
        "expect(f(torch.eye(600))).equal(torch.eye(600))",
    ),
    "threads between operations": ("torch.set_num_threads(4)\ntorch.set_num_interop_threads(2)\n" + ADD, ADDS),
    "activation checkpointing": (
        "from torch.utils.checkpoint import checkpoint\n"
        "def f(x):\n    return checkpoint(torch.sin, x, use_reentrant=False)",
        "x = torch.zeros(3, requires_grad=True)\nf(x).sum().backward()\nexpect(x.grad).equal(torch.ones(3))",
    ),
    "the compiler by name": ("import torch._dynamo\n@torch._dynamo.disable\n" + ADD, ADDS),
    "the compiler with a backend": ("@torch.compile(backend='eager', fullgraph=True)\n" + ADD, ADDS),
    "a compiled model": (
        "class f(nn.Linear):\n    pass\nf = torch.compile(f(3, 2), backend='eager')",
        "expect(f(torch.ones(4, 3))).shape(4, 2)",
    ),
    "a gradient as a function": (
        "def f(x):\n    return torch.func.grad(lambda y: (y**2).sum())(x)",
        ADDS,
    ),
    "workers with large tensors": (
        "from torch.utils.data import DataLoader\nimages = torch.ones(64, 3, 128, 256)\n"
        "def f(x):\n    return sum(len(batch) for batch in DataLoader(images, 16, num_workers=2))",
        "expect(f(0)).equal(64)",
    ),
    "the last output": ("_, __, ___\n" + ADD, ADDS),
    "inputs and outputs": ("assert In[-1] and len(Out) >= 0 and _ih is not None\n_i, _ii, _oh, _dh\n" + ADD, ADDS),
    "the descriptor of a stream": ("import sys\nsys.stdout.fileno(), sys.stderr.fileno()\n" + ADD, ADDS),
    "a program that writes there": (
        "import subprocess, sys\nsubprocess.run(['echo', 'x'], stdout=sys.stdout, check=True)\n" + ADD,
        ADDS,
    ),
    "faulthandler": ("import faulthandler\nfaulthandler.enable()\n" + ADD, ADDS),
    "a loop of one's own in a cell": (LOOP + "asyncio.run(one())\n" + ADD, ADDS),
    "a loop of one's own in a function": (LOOP + "def f(x):\n    return x + asyncio.run(one())", ADDS),
    "a loop in a thread": (
        LOOP + "import threading\nt = threading.Thread(target=lambda: asyncio.run(one()))\nt.start()\nt.join()\n" + ADD,
        ADDS,
    ),
    "await in a cell": (LOOP + "n = await one()\ndef f(x):\n    return x + n", ADDS),
    "a task": (LOOP + "t = asyncio.create_task(one())\nn = await t\ndef f(x):\n    return x + n", ADDS),
    "the running loop": (LOOP + "assert asyncio.get_running_loop() is asyncio.get_event_loop()\n" + ADD, ADDS),
    "view of a turned argument": ("def f(x):\n    return x.view(-1)", "f(torch.ones(2, 3).T)"),
    "view of every second column": ("def f(x):\n    return x.view(-1)", "f(torch.ones(2, 6)[:, ::2])"),
    "view of a turned result": ("def f(x):\n    return x.T", "f(torch.ones(2, 3)).view(-1)"),
    "view of a turned result with a graph": (
        "def f(x):\n    return (2 * x).T",
        "f(torch.ones(2, 3, requires_grad=True)).view(-1)",
    ),
    "reshape of a turned argument": (
        "def f(x):\n    return x.reshape(-1)",
        "expect(f(torch.arange(6).view(2, 3).T)).equal(torch.tensor([0, 3, 1, 4, 2, 5]))",
    ),
    "an expanded argument, changed in place": ("def f(x):\n    return x.add_(1)", "f(torch.ones(3, 1).expand(3, 4))"),
    "an expanded argument that the check changes": (
        "def f(x):\n    return x + 1",
        "base = torch.ones(3, 1)\nx = base.expand(3, 4)\nf(x)\nbase.add_(1)\n"
        "expect(f(x)).equal(torch.full((3, 4), 3.0))",
    ),
    "the mode of each module of the check's model": (
        "def f(model):\n"
        "    modes = [(m, m.training) for m in model.modules()]\n"
        "    model.eval()\n"
        "    for m, mode in modes:\n        m.training = mode\n"
        "    return [name for name, _ in model.to('cpu').named_modules()], len(list(model.buffers()))",
        "model = nn.Sequential(nn.Linear(2, 3), nn.Dropout())\nmodel[1].eval()\n"
        "expect(f(model)).equal((['', '0', '1'], 0))\n"
        "expect([m.training for m in model.modules()]).equal([True, True, False])",
    ),
    "gradients off within a call": ("@torch.no_grad()\ndef f(x):\n    return x + 1", OFF),
}
# These change a process for good.
ALONE = {
    "float64 by default": ("torch.set_default_dtype(torch.float64)\nf = nn.Linear(3, 2)", "f(torch.randn(5, 3))"),
    "float64, and float32 is asked": (
        "torch.set_default_dtype(torch.float64)\ndef f(x):\n    return torch.ones(3)",
        "expect(f(0)).dtype(torch.float32)",
    ),
    "gradients left off by a cell": ("torch.set_grad_enabled(False)\n" + ADD, TRAINS),
    "gradients left off by a function": ("def f(x):\n    torch.set_grad_enabled(False)\n    return x + 1", OFF),
    "deterministic": ("torch.use_deterministic_algorithms(True)\n" + ADD, ADDS),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("bwrap" if available()[0] else "none") as worker:
        yield worker


class Kernel:
    """A real one."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}  # it looks
        self.manager, self.client = start_new_kernel(cwd=str(ROOT), env=environment)

    def run(self, source: str) -> str:
        """The name of the error, or nothing."""
        reply: dict[str, Any] = self.client.execute_interactive(
            source, timeout=60, output_hook=lambda _: None, allow_stdin=False
        )
        return str(reply["content"].get("ename", ""))

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def shared() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run(SETUP)
    yield kernel
    kernel.close()


@pytest.fixture
def own() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run(SETUP)
    yield kernel
    kernel.close()


def judged(worker: Worker, cell: str, check: str, limits: Limits | None = None) -> Result:
    cells = [JobCell("given", "setup", SETUP), JobCell("student", "f", cell), JobCell("check", "f-values", check)]
    return worker.run(Job(cells, ["f"], limits or Limits()))


def compare(worker: Worker, kernel: Kernel, cell: str, check: str) -> None:
    kernel.run("f = None")
    stopped, wrong = kernel.run(cell), kernel.run(check)
    result = judged(worker, cell, check)
    assert result.cells[1].error.partition(":")[0] == stopped, result.cells[1].error
    assert result.checks[0].passed == (not wrong), result.checks[0].words


@pytest.mark.parametrize("name", TOGETHER)
def test_a_habit_gets_the_verdict_of_a_kernel(worker: Worker, shared: Kernel, name: str) -> None:
    compare(worker, shared, *TOGETHER[name])


@pytest.mark.parametrize("name", ALONE)
def test_a_setting_gets_the_verdict_of_a_kernel(worker: Worker, own: Kernel, name: str) -> None:
    compare(worker, own, *ALONE[name])


def test_threads_that_wait_burn_no_processor(worker: Worker) -> None:
    """Else two of them on a busy machine take ten times as long as one, up to the time limit."""
    cell = """
        import time
        torch.set_num_threads(2)
        def f(x):
            x.relu()
            before = time.process_time() - time.thread_time()
            for _ in range(100):
                x.relu()
                time.sleep(0.005)
            return time.process_time() - time.thread_time() - before
    """
    result = judged(worker, textwrap.dedent(cell), "expect(f(torch.ones(400, 400))).at_most(0.1)")
    assert result.checks[0].passed, result.checks[0].words


def test_compiling_costs_a_check_no_time(worker: Worker) -> None:
    """A compiler of C++ would need more than a check has; what is traced is run as it is."""
    result = judged(worker, "@torch.compile\n" + ADD, ADDS, Limits(check_seconds=8))
    assert result.checks[0].passed, result.checks[0].words


@pytest.mark.parametrize(
    ("cell", "check", "says"),
    [
        ("torch.set_grad_enabled(False)\n" + ADD, TRAINS, 'torch.set_grad_enabled(False), by the cell "f"'),
        ("def f(x):\n    torch.set_grad_enabled(False)\n    return x + 1", OFF, "set_grad_enabled(False), by f(…)"),
        (
            "torch.set_default_dtype(torch.float16)\ndef f(x):\n    return torch.ones(3)",
            "expect(f(0)).dtype(torch.float32)",
            'torch.set_default_dtype(torch.float16), by the cell "f"',
        ),
        (
            "torch.set_default_device('meta')\ndef f(x):\n    return torch.ones(3)",
            ADDS,
            "set_default_device('meta'), by",
        ),
    ],
)
def test_a_setting_that_is_left_is_named_where_a_check_fails(worker: Worker, cell: str, check: str, says: str) -> None:
    result = judged(worker, cell, check)
    assert not result.checks[0].passed and says in result.checks[0].message, result.checks[0].words


@pytest.mark.parametrize("line", ["import os; os.kill(os.getpid(), 9)", "import os; os._exit(0)"])
def test_a_cell_that_restarts_the_kernel_is_named_with_what_to_do(worker: Worker, line: str) -> None:
    """A kernel would stop there, too."""
    result = judged(worker, f"{line}\n{ADD}", ADDS)
    assert 'stopped at the cell "f"' in result.checks[0].message and not result.checks[0].passed
    assert "Take out the line that ends it" in result.checks[0].message


@pytest.mark.parametrize(
    ("cell", "limit"),
    [
        (
            "def f(x):\n    return torch.zeros(80 << 20, dtype=torch.int8).share_memory_().sum()",
            "size of a file (64 MB)",
        ),
        ("def f(x):\n    x = [torch.zeros(12 << 20).share_memory_() for _ in range(8)]", "files together (256 MB)"),
    ],
)
@pytest.mark.skipif(not available()[0], reason="without a sandbox there is no such limit")
def test_the_limit_of_shared_memory_is_named(worker: Worker, cell: str, limit: str) -> None:
    result = judged(worker, cell, "f(0)")
    assert limit in result.checks[0].hint, result.checks[0].words


def test_what_a_program_writes_is_the_output_of_its_cell(worker: Worker) -> None:
    cell = "import subprocess, sys\nsubprocess.run(['echo', 'hello'], stdout=sys.stdout, check=True)\n" + ADD
    assert judged(worker, cell, ADDS).cells[1].outputs[0]["text"] == "hello\n"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("x = 1\ndef f(x)\n    return", "SyntaxError in line 2"),
        ("def f(x):\n    y = 1\n   return 2", "IndentationError in line 3"),
        ("x = 1\nfrom google.colab import drive\n" + ADD, "ModuleNotFoundError in line 2 (google)"),
        ("def f(x: Dict) -> int: return 1", "NameError in line 1 (Dict)"),
        ("def g():\n    return 1 / 0\ng()\n" + ADD, "ZeroDivisionError in line 2"),
    ],
)
def test_a_cell_that_stops_says_where_and_what_it_misses(worker: Worker, cell: str, says: str) -> None:
    told = judged(worker, cell, ADDS).checks[0]
    assert (told.kind, told.stopped_with) == ("missing", says)
    assert told.message == f"f is not defined: its cell stopped with {says}."


def test_a_name_that_is_not_there_is_not_the_error_that_was_asked_for(worker: Worker) -> None:
    check = "expect(lambda: f(torch.ones(3))).raises(ValueError, hint='Look at the lengths.')"
    told = judged(worker, "g = 1", check).checks[0]
    assert told.kind == "missing" and not told.hint, told.words
    told = judged(worker, "def f(x):\n    return x + y", check).checks[0]
    assert "every name is defined" in told.message and not told.hint, told.words
    told = judged(worker, "def f(x):\n    import google.colab", check).checks[0]
    assert "what is installed here" in told.message and not told.hint, told.words


def test_a_default_of_fewer_digits_stays_with_the_student(worker: Worker) -> None:
    """In the judge's own numbers such a difference would be none."""
    cell = "torch.set_default_dtype(torch.bfloat16)\ndef f(x):\n    return x + 1.001"
    assert not judged(worker, cell, "expect(f(torch.ones(3))).close(torch.full((3,), 2.0))").checks[0].passed
