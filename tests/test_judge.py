"""The judge: a check cell behaves with a proxy as in JupyterLab, and cannot be fooled by what is behind the proxy.

Most tests run without the sandbox, which changes nothing for the judge; `test_sandbox.py` is about the sandbox.
"""

from __future__ import annotations

import base64
import os
import struct
import textwrap
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.run.job import CheckResult, Job, JobCell, Result
from autograder.run.judge.outputs import clean_outputs
from autograder.run.limits import Limits
from autograder.run.worker.worker import Worker

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading forks processes")

SETUP = "import torch\nimport numpy as np\nfrom torch import nn\nfrom autograder.lab import expect\n"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(sandbox="none") as worker:
        yield worker


def run(
    worker: Worker, student: str, *checks: str, limits: Limits | None = None, given: str = "", names: str = "f"
) -> Result:
    cells = [
        JobCell("given", "setup", SETUP + textwrap.dedent(given)),
        JobCell("student", "f", textwrap.dedent(student)),
    ]
    cells += [JobCell("check", f"f-{i}", textwrap.dedent(check)) for i, check in enumerate(checks)]
    return worker.run(Job(cells, names.split(), limits or Limits()))


def check(worker: Worker, student: str, check: str, **more: str) -> CheckResult:
    result = run(worker, student, check, **more)
    assert not result.error and not result.cells[0].error, result
    return result.checks[0]


def passes(worker: Worker, student: str, source: str, **more: str) -> None:
    got = check(worker, student, source, **more)
    assert got.passed, (got.message, got.traceback)


def fails(worker: Worker, student: str, source: str, **more: str) -> CheckResult:
    got = check(worker, student, source, **more)
    assert not got.passed
    return got


# Values


def test_plain_values_keep_their_types_both_ways(worker: Worker) -> None:
    passes(
        worker,
        "def f(x):\n    return x",
        """
        from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
        values = [None, True, 3, -2**70, 1.5, float("inf"), 2 + 3j, "ü\\n", b"\\x00", [1, [2]], (1,), {"a": (1, 2)}]
        values += [{1, 2}, frozenset("ab"), slice(1, None, 2), range(3, 9, 2), ..., OrderedDict(a=1), Counter("aab")]
        values += [deque([1], maxlen=3), torch.Size([2, 3]), torch.float64, torch.device("cpu"), np.float32(1.5)]
        values += [np.int64(3), np.str_("x"), int, ValueError]
        for value in values:
            got = f(value)
            assert type(got) is type(value) and got == value, (got, value)
        assert f(float("nan")) != f(float("nan"))
        for dtype in (torch.float32, torch.bfloat16, torch.int8, torch.bool, torch.complex64):
            x = torch.ones(2, 0 + 3).to(dtype)
            assert torch.equal(f(x), x) and f(x).dtype == dtype
        assert f(torch.empty(0, 3)).shape == (0, 3)
        a = np.arange(6, dtype="int16").reshape(2, 3)
        assert (f(a.T) == a.T).all() and f(a).dtype == a.dtype
        point = namedtuple("point", "x y")(1, torch.ones(2))
        assert f(point).x == 1 and type(f(point)).__name__ == "point"
        d = f(defaultdict(list, a=[1]))
        assert d["b"] == []
        assert str(f(ValueError("no"))) == "no"
        loop = []
        loop.append(loop)
        assert f(loop) is loop
        """,
    )


def test_a_masked_array_of_a_plot_is_a_value(worker: Worker) -> None:
    passes(
        worker,
        """
        import matplotlib.pyplot as plt
        def f(matrix):
            fig, ax = plt.subplots()
            ax.imshow(matrix)
            ax.set_title("weights")
            return ax
        """,
        """
        ax = f(np.eye(3))
        assert ax.get_title() == "weights"
        assert np.asarray(ax.images[0].get_array()).sum() == 3
        assert len(ax.images) == 1
        """,
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            "type('I', (int,), {'__eq__': lambda s, o: True, '__hash__': None})(3)", id="int subclass that equals all"
        ),
        pytest.param("type('T', (), {'__eq__': lambda s, o: True})()", id="object that equals all"),
        pytest.param("torch.zeros(2).as_subclass(type('T', (torch.Tensor,), {}))", id="tensor subclass"),
        pytest.param("type('F', (float,), {})(7.0)", id="float subclass"),
        pytest.param("type('L', (list,), {'__len__': lambda s: 1, '__eq__': lambda s, o: True})()", id="lying list"),
        pytest.param("type('D', (dict,), {'__getitem__': lambda s, k: 7})()", id="lying dict"),
        pytest.param(
            "type('O', (), {f'__{n}__': lambda s, *o: 0.0 for n in 'sub rsub abs neg mul rmul'.split()})()",
            id="object that is near to all",
        ),
        pytest.param("f", id="the function itself"),
        pytest.param("float('nan')", id="nan"),
        pytest.param("float('inf')", id="inf"),
        pytest.param("np.array([6.0])", id="an array for a number"),
        pytest.param("[7]", id="a list for a number"),
        pytest.param("{}", id="a dict for a number"),
    ],
)
def test_no_lying_value_passes(worker: Worker, value: str) -> None:
    student = f"import torch, numpy as np\ndef f(x=None):\n    return {value}"
    checks = [
        "expect(f(1)).equal(7)",
        "expect(f(1)).close(7.0)",
        "expect(f(1)).equal(torch.full((2,), 7.))",
        "expect(f(1)).equal([7, 7])",
        "expect(f(1)).equal({'a': 7})",
        "assert f(1) == 7",
        "assert abs(f(1) - 7) < 1e-5",
        "assert abs(7.0 - f(1)) < 1e-5",
        "assert torch.equal(f(1), torch.full((2,), 7.))",
    ]
    result = run(worker, student, *checks)
    assert result.passed == [], value


@pytest.mark.parametrize("source", ["assert f() >= 7", "assert 7 <= f()", "assert f() > 7", "expect(f()).at_least(7)"])
def test_no_object_is_greater_than_all(worker: Worker, source: str) -> None:
    fails(worker, "class f:\n    __ge__ = __gt__ = __le__ = __lt__ = lambda s, o: True", source)


def test_patches_in_the_students_process_do_not_reach_the_judge(worker: Worker) -> None:
    student = """
    import torch, numpy, builtins, sys
    import autograder.lab.expectations as e
    torch.allclose = torch.equal = numpy.allclose = lambda *a, **k: True
    torch.Tensor.__eq__ = lambda s, o: torch.ones((), dtype=torch.bool)
    e.Expectation._compare = lambda *a, **k: None
    builtins.isinstance = lambda *a: True
    sys.displayhook("full marks")
    def f(x):
        return x
    """
    result = run(
        worker,
        student,
        "expect(f(torch.ones(2))).equal(torch.zeros(2))",
        "assert torch.allclose(f(torch.ones(2)), torch.zeros(2))",
    )
    assert result.passed == []


# Arguments come back


def test_changed_arguments_are_changed_for_the_check(worker: Worker) -> None:
    passes(
        worker,
        """
        def f(items, table, seen, x, a, raw):
            items.append(4); items[0] = "new"
            table["k"] = items
            del table["gone"]
            seen.add(9)
            x.mul_(2)
            x.numpy()[0] = -1
            a[1] = 7
            raw += b"!"
        """,
        """
        items, table, seen, x, a, raw = [1, 2], {"gone": 1}, {1}, torch.ones(3), np.zeros(2), bytearray(b"a")
        same = x
        assert f(items, table, seen, x, a, raw) is None
        assert items == ["new", 2, 4] and table == {"k": ["new", 2, 4]} and table["k"] is items and seen == {1, 9}
        assert same.tolist() == [-1, 2, 2] and a.tolist() == [0, 7] and raw == b"a!"
        """,
    )


def test_a_check_that_inputs_are_unchanged_bites(worker: Worker) -> None:
    source = "x = torch.ones(2)\nf(x)\nexpect(x).equal(torch.ones(2), hint='Work on a copy.')"
    assert "Work on a copy" in fails(worker, "def f(x):\n    x.zero_()", source).hint
    passes(worker, "def f(x):\n    return x * 0", source)


@pytest.mark.parametrize("change", ["unsqueeze_(1)", "t_()", "squeeze_(0)", "resize_(3)", "resize_(0)"])
def test_a_shape_that_is_changed_in_place_is_changed_for_the_check(worker: Worker, change: str) -> None:
    source = """
    x = torch.tensor([[1, 2, 3]])
    f(x)
    expect(x).equal(torch.tensor([[1, 2, 3]]), hint="Work on a copy.")
    """
    assert "Work on a copy" in fails(worker, f"def f(x):\n    x.{change}", source).hint
    passes(worker, f"def f(x):\n    x = x.view(1, 3)\n    x.{change}", source)


def test_a_dict_of_a_kind_of_its_own_is_a_dict(worker: Worker) -> None:
    passes(
        worker,
        """
        class Table(dict):
            pass

        def f(words):
            table = Table((word, i) for i, word in enumerate(words))
            table["itself"] = table
            return table, table
        """,
        """
        first, second = f(["a", "b"])
        assert type(first) is dict and first is second and first.pop("itself") is first
        expect(first).type(dict).equal({"a": 0, "b": 1})
        """,
    )


def test_identity_of_arguments_is_kept(worker: Worker) -> None:
    passes(
        worker,
        "def f(a, b):\n    return [a is b, a, {'b': b}]",
        """
        x, l = torch.ones(2), [1]
        same, a, d = f(x, x)
        assert same is True and a is x and d["b"] is x
        assert f(l, [1])[0] is False
        assert f(l, l)[1] is l
        """,
    )


def test_clip_grad_works_in_place(worker: Worker) -> None:
    passes(
        worker,
        """
        import torch
        def f(parameters, most):
            for p in parameters:
                if p.grad is not None:
                    p.grad.mul_(most / p.grad.norm())
        """,
        """
        p, q = nn.Parameter(torch.ones(4)), torch.zeros(2, requires_grad=True)
        p.grad = torch.full((4,), 3.0)
        f([p, q], 1.0)
        expect(p.grad).close(torch.full((4,), 0.5))
        assert q.grad is None and p.tolist() == [1, 1, 1, 1]
        """,
    )


def test_a_tensor_that_was_kept_stays_the_same_tensor(worker: Worker) -> None:
    # An optimizer written by the student: it keeps the parameters, and changes them later.
    passes(
        worker,
        """
        import torch
        class f:
            def __init__(self, parameters, lr):
                self.parameters, self.lr = list(parameters), lr
            def step(self):
                with torch.no_grad():
                    for p in self.parameters:
                        p -= self.lr * p.grad
            def zero_grad(self):
                for p in self.parameters:
                    p.grad = None
        """,
        """
        p, twin = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        mine, theirs = f([p], 0.1), torch.optim.SGD([twin], 0.1)
        for _ in range(3):
            for w in (p, twin):
                (w ** 2).sum().backward()
            mine.step(); theirs.step()
            mine.zero_grad(); theirs.zero_grad()
            assert p.grad is None
        expect(p.detach()).close(twin.detach())
        assert p[0] < 0.6
        """,
    )


# Random state


def test_seeds_of_the_check_govern_the_students_function(worker: Worker) -> None:
    passes(
        worker,
        "import torch, random, numpy\ndef f():\n    return torch.rand(3), random.random(), numpy.random.rand()",
        """
        import random
        torch.manual_seed(1); random.seed(2); np.random.seed(3)
        a = f(), f()  # the second call goes on where the first one stopped
        own = torch.rand(3), random.random(), np.random.rand()
        torch.manual_seed(1); random.seed(2); np.random.seed(3)
        b = [(torch.rand(3), random.random(), np.random.rand()) for _ in range(2)]
        assert repr(a) == repr(tuple(b))
        assert repr(own) == repr(b[0])  # the check's own numbers are no choice of the student's
        """,
    )


def test_a_check_may_seed_again_with_the_same_number(worker: Worker) -> None:
    """Nothing of the check's own has drawn in between, so its generators look as if they had not been seeded."""
    passes(
        worker,
        "import torch, random, numpy\ndef f():\n    return torch.rand(3), random.random(), numpy.random.rand()",
        """
        import random
        def seeded():
            torch.manual_seed(1); random.seed(2); np.random.seed(3)
            return repr(f())
        first = seeded()
        assert seeded() == first and repr(f()) != first
        torch.manual_seed(1)
        x, y, z = f()  # the two others go on
        assert repr(x) in first and repr(y) not in first and repr(z) not in first
        """,
    )


def test_a_normal_number_that_numpy_keeps_for_later_counts_as_state(worker: Worker) -> None:
    passes(
        worker,
        "import numpy, random\ndef f():\n    return numpy.random.randn(), random.gauss(0, 1)",
        """
        import random
        np.random.seed(1); random.seed(1)
        a = [f(), f(), f(), f()]
        np.random.seed(1); random.seed(1)
        assert a == [(np.random.randn(), random.gauss(0, 1)) for _ in range(4)]
        """,
    )


def test_generators_come_back_advanced(worker: Worker) -> None:
    passes(
        worker,
        "import torch\ndef f(g, r, n):\n    return torch.rand(2, generator=g), r.random(), n.random()",
        """
        import random
        g, r, n = torch.Generator().manual_seed(5), random.Random(5), np.random.default_rng(5)
        first = f(g, r, n)
        second = f(g, r, n)
        g2, r2, n2 = torch.Generator().manual_seed(5), random.Random(5), np.random.default_rng(5)
        for x, y, z in (first, second):
            assert torch.equal(x, torch.rand(2, generator=g2)) and y == r2.random() and z == n2.random()
        """,
    )


def test_each_check_starts_from_its_own_seed(worker: Worker) -> None:
    student = "import torch\ndef f():\n    return torch.rand(1).item()"
    show = "raise AssertionError(str(f()))"
    first = run(worker, student, show, show)
    again = run(worker, student + "\ntorch.rand(7)", show, show)
    messages = [c.message for c in first.checks]
    assert messages == [c.message for c in again.checks] and messages[0] != messages[1]


# Gradients


def test_gradients_of_inputs_and_of_a_remote_model(worker: Worker) -> None:
    passes(
        worker,
        """
        import torch
        from torch import nn
        class f(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.inner = nn.Linear(size, 4)
            def forward(self, x, scale=1.0):
                h = torch.tanh(self.inner(x)) * scale
                return {"out": h.sum(-1), "hidden": h}
        """,
        """
        model, twin = f(3), nn.Linear(3, 4)
        with torch.no_grad():
            model.inner.weight.copy_(twin.weight)
        model.inner.bias.data.copy_(twin.bias.data)
        x = torch.randn(5, 3, requires_grad=True)
        y = x.detach().clone().requires_grad_()
        out = model(x, scale=2.0)
        assert out["out"].requires_grad and out["hidden"].grad_fn is not None
        (out["out"].pow(2).sum() + out["hidden"].sum()).backward()
        h = torch.tanh(twin(y)) * 2.0
        (h.sum(-1).pow(2).sum() + h.sum()).backward()
        expect(x.grad).close(y.grad)
        expect(model.inner.weight.grad).close(twin.weight.grad)
        grads = [p.grad for p in model.parameters()]
        expect(grads[1]).close(twin.bias.grad)
        names = {name: p.shape for name, p in model.named_parameters()}
        assert names["inner.weight"] == (4, 3)
        model.zero_grad()
        assert all(p.grad is None for p in model.parameters())
        """,
    )


def test_outputs_have_a_gradient_though_no_input_has(worker: Worker) -> None:
    passes(
        worker,
        "from torch import nn\ndef f():\n    return nn.Linear(2, 1)",
        """
        model = f()
        loss = model(torch.ones(3, 2)).mean()
        loss.backward()
        p = list(model.parameters())[0]
        expect(p.grad).close(torch.ones(1, 2))
        p.grad.zero_()
        expect(model.weight.grad).equal(torch.zeros(1, 2))
        with torch.no_grad():
            assert not model(torch.ones(3, 2)).requires_grad
        expect(model.parameters()).gradient if False else None
        """,
    )


def test_a_training_loop_in_the_check_trains_the_remote_model(worker: Worker) -> None:
    passes(
        worker,
        "from torch import nn\ndef f():\n    return nn.Linear(3, 1)",
        """
        torch.manual_seed(0)
        model, twin = f(), nn.Linear(3, 1)
        twin.load_state_dict(model.state_dict())
        x, y = torch.randn(20, 3), torch.randn(20, 1)
        for m in (model, twin):
            opt = torch.optim.SGD(m.parameters(), lr=0.1)
            for _ in range(20):
                opt.zero_grad()
                loss = (m(x) - y).pow(2).mean()
                loss.backward()
                opt.step()
        expect(model.weight.detach()).close(twin.weight.detach())
        fresh = f()
        fresh.load_state_dict(twin.state_dict())
        expect(fresh(x)).close(twin(x))
        """,
    )


def test_gradients_flow_through_two_remote_functions(worker: Worker) -> None:
    passes(
        worker,
        "def f(x):\n    return x * x\ndef g(x, h):\n    return (x * h).sum()",
        """
        x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        h = f(x)
        g(x, h).backward()
        expect(x.grad).close(3 * x.detach() ** 2)
        """,
        names="f g",
    )


def test_gradients_flow_back_to_a_state_that_was_used_and_let_go(worker: Worker) -> None:
    """`cat` keeps only the sizes of what it joins, so nobody holds the state that came back as an argument."""
    passes(
        worker,
        """
        import torch
        from torch import nn
        class f(nn.Module):
            def __init__(self):
                super().__init__()
                self.W = nn.Parameter(torch.full((2, 2), 0.5))
            def step(self, x, h):
                return torch.cat([x, h], dim=1), torch.tanh(x @ self.W)
            def again(self, h):
                return torch.cat([2 * h], dim=1)
        """,
        """
        model, W = f(), torch.full((2, 2), 0.5, requires_grad=True)
        x = torch.tensor([[1.0, 2.0]])
        _, h = model.step(x, torch.zeros(1, 2))
        first, _ = model.step(x, h)
        other = model.again(h)  # the same state once more, before the first gradient goes back
        (first.square().sum() + other.sum()).backward()
        state = torch.tanh(x @ W)
        (state.square().sum() + 2 * state.sum()).backward()
        expect(model.W.grad).close(W.grad)
        """,
    )


def test_torch_func_grad_works_over_a_function_of_the_check(worker: Worker) -> None:
    passes(
        worker,
        """
        def f(model, x, y):
            def loss(x):
                first, more = model(2 * x, {"y": [y]})
                assert more["count"] == 3
                return (first * x).sum() + more["second"].sum(), more["second"]

            (slope, second), (value, _) = torch.func.grad(loss, has_aux=True)(x), loss(x)
            again, (value_again, _) = torch.func.grad_and_value(loss, has_aux=True)(x)
            _, back = torch.func.vjp(lambda x: model(x, {"y": [y]})[0], x)
            return slope, second, value, again, value_again, back(torch.ones(3))[0]
        """,
        """
        weight = nn.Parameter(torch.tensor(3.0, dtype=torch.double))

        def model(x, more):
            (y,) = more["y"]
            return weight * x**2, {"second": x * y, "count": len(x)}

        x, y = torch.randn(2, 3, dtype=torch.double)
        slope, second, value, again, value_again, back = f(model, x, y)
        expect(slope).close(36 * x**2 + 2 * y, tol=1e-9)
        expect(again).close(36 * x**2 + 2 * y, tol=1e-9)
        expect(back).close(6 * x, tol=1e-9)
        expect(value).close((12 * x**3 + 2 * x * y).sum(), tol=1e-9)
        expect(value_again).close((12 * x**3 + 2 * x * y).sum(), tol=1e-9)
        expect(second).close(2 * x * y, tol=1e-9)
        """,
    )


@pytest.mark.parametrize(
    "twice",
    ["torch.func.grad(lambda x: torch.func.grad(g)(x).sum())", "torch.func.jacrev(g)", "torch.func.hessian(g)"],
)
def test_a_derivative_that_is_not_taken_over_there_is_an_error_and_not_zero(worker: Worker, twice: str) -> None:
    got = fails(worker, f"def f(g, x):\n    return {twice}(x)", "f(lambda x: (x**3).sum(), torch.ones(3))")
    assert "torch.func" in got.message


def test_student_may_call_backward_itself(worker: Worker) -> None:
    passes(
        worker,
        "def f(model, x):\n    model(x).sum().backward()\n    return x.grad",
        """
        x = torch.ones(2, 3, requires_grad=True)
        model = nn.Linear(3, 1)
        expect(f(model, x)).close(model.weight.detach().expand(2, 3))
        assert x.grad is not None
        expect(model.bias.grad).close(torch.tensor([2.0]))
        """,
    )


# Callbacks


def test_the_students_function_can_call_a_function_or_a_model_of_the_check(worker: Worker) -> None:
    passes(
        worker,
        """
        import torch
        def f(model, step, x):
            model.eval()
            total = sum(p.sum() for p in model.parameters())
            assert model.eval() is model
            return model(x) + step(x, scale=2), total
        """,
        """
        calls = []
        def step(x, scale):
            calls.append(x)
            return x * scale
        model = nn.Linear(2, 2)
        out, total = f(model, step, torch.ones(2))
        expect(out).close(model(torch.ones(2)) + 2)
        expect(total).close(sum(p.sum() for p in model.parameters()))
        assert len(calls) == 1 and not model.training
        """,
    )


def test_the_students_training_loop_trains_a_model_of_the_check(worker: Worker) -> None:
    passes(
        worker,
        """
        import torch
        def f(model, x, y):
            opt = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(5):
                opt.zero_grad()
                (model(x) - y).pow(2).mean().backward()
                opt.step()
        """,
        """
        model, twin = nn.Linear(2, 1), nn.Linear(2, 1)
        twin.load_state_dict(model.state_dict())
        x, y = torch.randn(7, 2), torch.randn(7, 1)
        f(model, x, y)
        opt = torch.optim.SGD(twin.parameters(), lr=0.1)
        for _ in range(5):
            opt.zero_grad()
            (twin(x) - y).pow(2).mean().backward()
            opt.step()
        expect(model.weight.detach()).close(twin.weight.detach())
        """,
    )


def test_parameters_of_a_model_of_the_check_come_back_as_the_same_objects(worker: Worker) -> None:
    # Nobody in the student's process holds them when the call has ended.
    passes(
        worker,
        """
        def f(model):
            return [{"params": [p for p in model.parameters() if p.requires_grad], "lr": 0.5}]
        """,
        """
        model = nn.Linear(2, 3)
        for _ in range(2):
            groups = f(model)
            assert [p is q for p, q in zip(groups[0]["params"], model.parameters(), strict=True)] == [True, True]
        before = model.bias.detach().clone()
        model(torch.ones(1, 2)).sum().backward()
        torch.optim.SGD(groups).step()
        expect(model.bias.detach()).close(before - 0.5)
        model.weight.requires_grad_(False)
        assert [p is model.bias for p in f(model)[0]["params"]] == [True]
        """,
    )


def test_what_is_written_into_the_state_of_a_model_of_the_check_is_in_the_model(worker: Worker) -> None:
    passes(
        worker,
        """
        import torch
        def f(model):
            model.state_dict()["weight"].copy_(torch.full((3,), 2.0))
            for name, buffer in model.named_buffers():
                buffer.fill_(7)
            model.running_var[1:] = 0
            seen = dict(model.named_parameters())["weight"].tolist()
            missing, _ = said = model.load_state_dict({"bias": torch.ones(3), "x": torch.ones(1)}, strict=False)
            return seen, missing, said.unexpected_keys
        """,
        """
        model = nn.BatchNorm1d(3)
        held = list(model.buffers())
        seen, missing, unexpected = f(model)
        expect(seen).equal([2.0, 2.0, 2.0])
        expect(missing).equal(["weight", "running_mean", "running_var"])  # torch adds the number of batches
        expect(unexpected).equal(["x"])
        expect(model.weight.detach()).equal(torch.full((3,), 2.0))
        expect(model.bias.detach()).equal(torch.ones(3))
        expect(model.running_mean).equal(torch.full((3,), 7.0))
        expect(model.running_var).equal(torch.tensor([7.0, 0.0, 0.0]))
        expect(model.num_batches_tracked).equal(torch.tensor(7))
        assert all(a is b for a, b in zip(held, model.buffers(), strict=True))
        """,
    )


@pytest.mark.parametrize("new", ["torch.ones(1)", "torch.ones(3).double()"])
def test_a_buffer_of_a_model_of_the_check_keeps_its_shape_and_dtype(worker: Worker, new: str) -> None:
    passes(
        worker,
        f"import torch\ndef f(model):\n    model.running_mean.data = {new}",
        """
        model = nn.BatchNorm1d(3)
        expect(lambda: f(model)).raises(ValueError, "another shape or dtype")
        expect(model.running_mean).dtype(torch.float32).equal(torch.zeros(3))
        """,
    )


def test_a_parameter_of_a_model_of_the_check_can_be_replaced_and_nothing_else(worker: Worker) -> None:
    passes(
        worker,
        """
        from torch import nn
        def f(model):
            model.bias = nn.Parameter(model.bias.detach() + 1)
            refused = 0
            for name, value in [("bias", model), ("forward", len), ("new", nn.Parameter(model.bias)), ("training", 0)]:
                try:
                    setattr(model, name, value)
                except TypeError:
                    refused += 1
            return refused
        """,
        """
        model = nn.Linear(2, 3)
        held, before = model.bias, model.bias.detach().clone()
        expect(f(model)).equal(4)
        expect(model.bias.detach()).close(before + 1)
        expect(held.detach()).equal(before)
        assert list(model._parameters) == ["weight", "bias"] and model.training is True
        """,
    )


@pytest.mark.parametrize(
    "damage",
    ["layer.weight_ih_l0.data = torch.ones(1)", "layer.weight_ih_l0 = nn.Parameter(torch.ones(1))",
     "next(iter(layer.parameters())).data = torch.ones(1)", "layer.bias_hh_l0.data = torch.ones(256).double()"],
)  # fmt: skip
def test_a_parameter_of_a_model_of_the_check_keeps_its_shape(worker: Worker, damage: str) -> None:
    """torch's LSTM does not look at the sizes of its weights, and would write beyond them."""
    trains = "layer = nn.LSTM(64, 64)\nf(layer)\nlayer(torch.randn(5, 2, 64))[0].sum().backward()"
    result = run(worker, f"import torch\nfrom torch import nn\ndef f(layer):\n    {damage}\n", trains, "assert True")
    assert [c.kind for c in result.checks] == ["student_error", "passed"], result.checks[0].message
    assert "another shape" in result.checks[0].message or "setattr" in result.checks[0].message


def test_objects_of_given_classes_can_be_passed_and_read(worker: Worker) -> None:
    passes(
        worker,
        "def f(words, kind):\n    return words.index['b'], len(words), words['a'], kind('xy').index['y']",
        "assert f(Vocabulary('ab'), Vocabulary) == (1, 2, 0, 1)",
        given="""
        class Vocabulary:
            def __init__(self, letters):
                self.index = {c: i for i, c in enumerate(letters)}
            def __len__(self):
                return len(self.index)
            def __getitem__(self, c):
                return self.index[c]
        """,
    )


@pytest.mark.parametrize(
    "reach",
    [
        "step.__globals__",
        "step.__code__",
        "step.__closure__",
        "step.__self__",
        "model.forward.__func__",
        "model.__class__.__init__",
        "model.__dict__",
        "obj.__init__",
        "obj._secret",
    ],
)
def test_nothing_of_the_check_can_be_reached_from_what_it_passed(worker: Worker, reach: str) -> None:
    got = fails(
        worker,
        f"def f(model, step, obj):\n    return type({reach}).__name__ and {reach}.__getitem__('answer')",
        "answer = 42\ndef step(x):\n    return answer\nassert f(nn.Linear(1, 1), step, Thing()) == 43",
        given="class Thing:\n    _secret = 1\n",
    )
    assert "42" not in got.message


def test_an_error_of_a_callback_crosses(worker: Worker) -> None:
    passes(
        worker,
        "def f(step):\n    try:\n        step(1)\n    except KeyError as e:\n        return 'caught ' + str(e.args[0])",
        "def step(x):\n    raise KeyError('k')\nassert f(step).startswith('caught')",
    )


# Iterators, classes, operators


def test_generators_are_lazy_and_objects_keep_their_identity(worker: Worker) -> None:
    passes(
        worker,
        """
        class f:
            made = 0
            def __init__(self):
                f.made += 1
                self.items = [1, 2]
                self.me = self
            def __len__(self): return 2
            def __contains__(self, x): return x in self.items
            def __getitem__(self, i): return self.items[i]
            def __call__(self, x): return x + 1
            def numbers(self):
                n = 0
                while True:
                    yield n
                    n += 1
        """,
        """
        obj = f()
        assert obj.me is obj and obj == obj.me and obj != f() and f.made == 2
        assert len(obj) == 2 and 2 in obj and obj[1] == 2 and obj(4) == 5 and list(obj) == [1, 2]
        numbers = obj.numbers()
        assert [next(numbers) for _ in range(3)] == [0, 1, 2]
        for n in obj.numbers():
            if n == 5: break
        obj.items = [7]
        assert obj[0] == 7 and not hasattr(obj, "nothing") and callable(obj.numbers)
        assert len({obj, obj.me}) == 1
        from itertools import islice
        assert list(islice(obj.numbers(), 2)) == [0, 1]
        """,
    )


def test_a_remote_model_can_be_copied_and_used_in_with(worker: Worker) -> None:
    passes(
        worker,
        """
        from torch import nn
        class f(nn.Linear):
            def __enter__(self): self.eval(); return self
            def __exit__(self, *error): self.train()
        """,
        """
        import copy
        model = f(2, 1)
        twin = copy.deepcopy(model)
        with torch.no_grad():
            twin.weight.zero_()
        assert twin.weight.abs().sum() == 0 and model.weight.abs().sum() > 0 and twin != model
        with model as inner:
            assert inner is model and not model.training
        assert model.training
        """,
    )


def test_classes_of_torch_are_passed_by_name(worker: Worker) -> None:
    passes(
        worker,
        "def f(cell, act):\n    return cell(2, 3), act",
        "m, act = f(nn.LSTM, torch.tanh)\nout, (h, c) = m(torch.ones(4, 1, 2))\n"
        "assert out.shape == (4, 1, 3) and h.shape == (1, 1, 3)\n"
        "assert act(torch.zeros(1)) == 0",
    )


# Errors and messages


def test_errors_keep_their_type(worker: Worker) -> None:
    passes(
        worker,
        """
        class Own(ValueError): pass
        def f(kind):
            if kind == "key": raise KeyError("k")
            if kind == "own": raise Own("o")
            if kind == "torch":
                import torch
                torch.ones(2) @ torch.ones(3)
            if kind == "unicode": b"\\xff".decode()
            if kind == "stop": raise StopIteration
            if kind == "exit": raise SystemExit
            raise ValueError("empty list")
        """,
        """
        expect(lambda: f("")).raises(ValueError, mention="empty")
        expect(lambda: f("own")).raises(ValueError, mention="o")
        expect(lambda: f("key")).raises(KeyError, mention="k")
        expect(lambda: f("torch")).raises(RuntimeError)
        expect(lambda: f("unicode")).raises(ValueError)
        expect(lambda: f("stop")).raises(Exception)  # as itself it would end a loop of the check
        expect(lambda: f("exit")).raises(Exception)
        """,
    )


def test_an_error_of_the_student_is_told_with_its_place(worker: Worker) -> None:
    student = "def g(x):\n    return {}[x]\n\ndef f(x):\n    return g(x)\n"
    visible = fails(worker, student, "f('secret')")
    told = "it raised KeyError (line 2 of the cell \"f\"): 'secret'"
    assert visible.message == f"f('secret')\n  got:       {told}\n  expected:  a result without an error"
    assert 'cell "f", line 5, in f' in visible.traceback and visible.kind == "student_error"
    hidden = fails(worker, student, "x = 1\n### BEGIN HIDDEN TESTS\nf('secret')\n### END HIDDEN TESTS")
    assert hidden.hidden and hidden.message == "In a hidden test, the call raised an error."
    assert not hidden.traceback and hidden.kind == "student_error"


def test_what_a_hidden_test_passed_is_told_nowhere(worker: Worker) -> None:
    student = """
    seen = []
    def f(x):
        seen.append(x)
        open("seen", "w").write(str(x))
        if "s" in x:
            kind = {"s": type(x, (Exception,), {}), "si": NotImplementedError, "sk": KeyError}[x.split("-")[0]]
            raise kind(x)
        return 1
    """
    hidden = "f('')\n### BEGIN HIDDEN TESTS\nf('{}-ecret')\n### END HIDDEN TESTS"
    checks = [JobCell("check", f"f-{i}", hidden.format(kind)) for i, kind in enumerate(("s", "si", "sk"))]
    later = "import os\nprint(seen, os.path.exists('seen'))\nif seen: raise ValueError(str(seen))\nseen"
    cells = [JobCell("student", "f", textwrap.dedent(student)), *checks, JobCell("student", "later", later)]
    result = worker.run(Job(cells, ["f"]))
    assert result.passed == [] and all(c.hidden for c in result.checks)
    assert "ecret" not in str(result), result
    assert result.cells[1].outputs[0]["text"] == "['', '', ''] True\n"  # of the visible parts, as in a notebook


WAYS_OUT = {  # of a number that only the hidden test passes
    "a shape": "return torch.empty(0, x)",
    "a value": "return float(x)",
    "a length": "return [0] * x",
    "a name": "import collections\n    return collections.namedtuple('T', f'n{x}')(1)",
    "a dict's key": "return {f'n{x}': 1}",
    "a dtype": "return torch.zeros(3, dtype=torch.float64 if x % 2 else torch.int64)",
    "an error": "raise ValueError(x)",
    "an error's own type": "raise type(f'E{x}', (ValueError,), {})",
    "an error's place": "exec('\\n' * x + '1/0')",
    "no such name": "raise NameError(f'name {x!r} is not defined')",
    "not implemented": "raise NotImplementedError(str(x))",
    "an exit code": "import os; os._exit(x % 200)",
    "a signal": "import os, time; os.kill(os.getpid(), 9 if x % 2 else 15); time.sleep(9)",
    "a broken frame": "import os; os.write(9, b'\\0\\0\\0' + bytes([x % 200]) + b'{}')",
    "kept for a later check": "kept.append(x)",
    "printed": "print(x)",
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_of_a_hidden_test_only_the_verdict_comes_back(worker: Worker, way: str) -> None:
    """Whatever is done with what it passed, every word is the same."""
    source = f"import torch\nkept = []\ndef f(x):\n    if x < 9:\n        return 1\n    {WAYS_OUT[way]}\n    return 2\n"
    later = "def g():\n    if kept: raise ValueError(str(kept))\n    return 1\n"
    told = []
    for secret in (4172, 5081):
        hidden = f"expect(f(1)).equal(1)\n### BEGIN HIDDEN TESTS\nexpect(f({secret})).equal(1)\n### END HIDDEN TESTS"
        cells = [
            JobCell("given", "setup", "from autograder.lab import expect"),
            JobCell("student", "f", source),
            JobCell("check", "f-1", hidden),
            JobCell("student", "g", later),
            JobCell("check", "g-1", "expect(g()).equal(1)"),
            JobCell("student", "last", "print(kept)"),
        ]
        result = worker.run(Job(cells, ["f", "g"]))
        first, second = result.checks
        assert not first.passed and second.passed and [c.outputs[0]["text"] for c in result.cells[3:]] == ["[]\n"]
        told.append([(c.kind, c.message, c.hint, c.traceback, c.stopped_with) for c in result.checks] + [result.error])
    assert told[0] == told[1] and "4172" not in str(told)


def test_the_second_pass_finds_the_names_of_the_first(worker: Worker) -> None:
    """As in a notebook, a check is about what stands above it, and not about what is defined again below."""
    hidden = "expect(f(1)).equal(2)\n### BEGIN HIDDEN TESTS\nexpect(f(2)).equal(3)\n### END HIDDEN TESTS"
    cells = [
        JobCell("given", "setup", "from autograder.lab import expect"),
        JobCell("student", "f", "def step():\n    return 1\ndef f(x):\n    return x + step()"),
        JobCell("check", "f-1", hidden),
        JobCell("student", "own", "def step():\n    return 100\ndef f(x):\n    return step()"),
        JobCell("check", "f-2", hidden.replace("equal(2)", "equal(100)")),
    ]
    assert worker.run(Job(cells, ["f"])).passed == ["f-1"]


def test_the_hidden_part_goes_on_from_the_visible_one(worker: Worker) -> None:
    """Each part runs once: with the names, the student's objects, the shared tensors and the random numbers."""
    source = """
    import random, torch, torch.nn.functional as F
    calls = []
    def train(x):
        calls.append(x)
        return torch.nn.Linear(2, 1)
    def count():
        return len(calls)
    def add(x):
        x.add_(1)
        return x
    """
    check = """
    import random, torch
    def output(x):
        return model(x)
    model = train(1)
    x = torch.zeros(2)
    mine = add(x)
    y = output(x)
    torch.manual_seed(3)
    random.seed(3)
    ### BEGIN HIDDEN TESTS
    expect(count()).equal(1)
    expect(output(x)).close(y)
    expect(add(x)).equal(torch.full((2,), 2.0))
    expect(mine).equal(x)
    y.sum().backward()
    expect(model.weight.grad).equal(torch.ones(1, 2))
    numbers = float(torch.rand(1)), random.random()
    torch.manual_seed(3)
    random.seed(3)
    expect(numbers).equal((float(torch.rand(1)), random.random()))
    ### END HIDDEN TESTS
    """
    other = (
        "import torch\ntorch.rand(7)\nexpect(count()).equal(1)\n### BEGIN HIDDEN TESTS\ntrain(2)\n### END HIDDEN TESTS"
    )
    result = run(worker, source, check, other, names="train count add")
    assert [c.message for c in result.checks] == ["", ""] and len(result.passed) == 2


def test_both_parts_of_a_check_share_its_time(worker: Worker) -> None:
    check = "expect(f()).equal(1)\n### BEGIN HIDDEN TESTS\nexpect(f()).equal(1)\n### END HIDDEN TESTS"
    source = "import time\ndef f():\n    time.sleep(0.6)\n    return 1"
    result = run(worker, source, check, limits=Limits(check_seconds=1))
    assert [(c.kind, c.hidden) for c in result.checks] == [("limit", True)]
    assert run(worker, source, check, limits=Limits(check_seconds=4)).passed == ["f-0"]


def test_blank_missing_and_unusable(worker: Worker) -> None:
    blank = fails(worker, "def f(x):\n    raise NotImplementedError('f: add the numbers')", "expect(f(1)).equal(1)")
    assert blank.kind == "not_implemented" and blank.message == "f: add the numbers"
    missing = fails(worker, "def g(x):\n    pass", "expect(f(1)).equal(1)")
    assert missing.kind == "missing" and missing.message.startswith("f is not defined")
    none = fails(worker, "def f(x):\n    pass", "a, b = f(1)")
    assert none.kind == "unusable" and none.message.startswith("f(…)\n  got:       None\n  expected:  a value")
    number = fails(worker, "def f(x):\n    return 3", "### BEGIN HIDDEN TESTS\na, b = f(1)\n### END HIDDEN TESTS")
    assert number.hidden and number.message == "In a hidden test, the result was nothing that the test can use."
    plain = fails(
        worker,
        "def f(x):\n    return 3",
        "### BEGIN HIDDEN TESTS\nassert f(1) == 4, 'should be 4'\n### END HIDDEN TESTS",
    )
    assert plain.message == "A hidden test found a wrong result."


def test_a_failing_cell_does_not_stop_the_others(worker: Worker) -> None:
    result = run(worker, "def f(x):\n    return x\n1/0", "expect(f(1)).equal(1)")
    assert "ZeroDivisionError" in result.cells[1].error and result.passed == ["f-0"] and not result.error


# Limits


def test_an_endless_loop_costs_only_its_own_check(worker: Worker) -> None:
    limits = Limits(check_seconds=0.3)
    result = run(
        worker, "def f(x):\n    while x: pass\n    return 1", "f(True)", "expect(f(False)).equal(1)", limits=limits
    )
    assert [c.kind for c in result.checks] == ["limit", "passed"] and "0.3 s" in result.checks[0].message
    assert "f(…) was still running" in result.checks[0].message


def test_an_endless_cell_is_interrupted(worker: Worker) -> None:
    result = run(
        worker, "def f():\n    return 1\nwhile True: pass", "expect(f()).equal(1)", limits=Limits(cell_seconds=0.3)
    )
    assert "time limit of a cell (0.3 s)" in result.cells[1].error and '"f"' in result.cells[1].error
    assert result.passed == ["f-0"]


def test_who_ignores_the_end_of_time_is_ended(worker: Worker) -> None:
    student = """
    import signal
    def f(x):
        if x: signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while x: pass
        return 1
    """
    result = run(
        worker, student, "expect(f(0)).equal(1)", "f(1)", "expect(f(0)).equal(1)", limits=Limits(check_seconds=0.3)
    )
    assert [c.passed for c in result.checks] == [True, False, False]
    assert "did not stop" in result.checks[1].message and "did not stop" in result.checks[2].message


def test_an_endless_iterator_ends_with_the_check(worker: Worker) -> None:
    student = "def f():\n    while True: yield 1\n"
    result = run(worker, student, "list(f())", "expect(next(f())).equal(1)", limits=Limits(check_seconds=0.3))
    assert [c.kind for c in result.checks] == ["limit", "passed"]


def test_results_of_enormous_size_and_too_many_calls(worker: Worker) -> None:
    student = "import torch\ndef f(n):\n    return torch.zeros(n)\n"
    result = run(worker, student, "f(2_000_000)", "expect(f(2)).equal(torch.zeros(2))", limits=Limits(value_mb=4))
    assert "larger than 4 MB" in result.checks[0].message and result.checks[1].passed
    deep = "def f():\n    x = []\n    for _ in range(500): x = [x]\n    return x"
    assert "nested too deeply" in fails(worker, deep, "f()").message
    many = run(worker, "def f():\n    return 1", "for _ in range(99): f()", "f()", limits=Limits(calls=20))
    assert many.passed == [] and "more than 20 calls" in many.checks[0].message


def test_calls_inside_calls_are_bounded(worker: Worker) -> None:
    result = run(worker, "def f(g):\n    return g(g)", "def g(h):\n    return f(h)\nf(g)")
    assert result.passed == []


@pytest.mark.parametrize(
    "frame",
    [
        "os.urandom(64)",
        "struct.pack('<II', 2**31, 2**31)",
        "struct.pack('<II', 2, 0) + b'[]'",
        "struct.pack('<II', 16, 0) + b'{\"value\": [\"x\"]}'",
        'struct.pack(\'<II\', 60, 0) + b\'{"value": ["T", "float32", [9999999999], null, 0, 4]}\'.ljust(60)',
        'struct.pack(\'<II\', 40, 0) + b\'{"value": ["N", "answer"]}\'.ljust(40)',
        'struct.pack(\'<II\', 40, 0) + b\'{"value": ["Q", "os", "system"]}\'.ljust(40)',
        "struct.pack('<II', 40, 0) + b'{\"value\": 7, \"sync\": [[0]]}'.ljust(40)",
        'struct.pack(\'<II\', 90, 0) + b\'{"do": "call", "args": [["bt", "type"], 1]}\'.ljust(90)',
        "struct.pack('<II', 90000, 0) + b'[' * 90000",
        "b''",
    ],
)
def test_forged_frames_never_pass(worker: Worker, frame: str) -> None:
    student = f"""
    import os, struct, socket, stat, time
    def f(x):
        for fd in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    os.write(fd, {frame})
            except OSError:
                pass
        time.sleep(0.1)  # so that the frame is read alone
        return x
    """
    result = run(worker, student, "expect(f(1)).equal(2)", "expect(f(2)).equal(3)", limits=Limits(check_seconds=0.5))
    assert result.passed == [] and all(c.message for c in result.checks)


@pytest.mark.parametrize("generator", ["torch.Generator()", "np.random.default_rng(0)"])
def test_a_state_for_a_generator_of_another_kind_reaches_no_memory(worker: Worker, generator: str) -> None:
    student = """
    import json, os, stat, struct, time
    def f(g):
        changed = [[0, ["state", ["random", 0, 2509]]]]
        header = json.dumps({"value": 1, "graphs": [], "changed": changed}).encode()
        frame = struct.pack("<II", len(header), 2509) + header + bytes([1, 0, 0, 0]) + bytes([1]) * 2505
        for fd in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    os.write(fd, frame)
            except OSError:
                pass
        time.sleep(60)  # so that the frame is read alone
    """
    result = run(worker, student, f"expect(f({generator})).equal(1)")
    assert result.checks[0].kind == "dead" and "not a generator of Python" in result.checks[0].message


def test_a_death_keeps_what_was_earned(worker: Worker) -> None:
    student = "import os\ndef f(x):\n    if x: os._exit(3)\n    return 1"
    result = run(
        worker, student, "expect(f(0)).equal(1)", "expect(lambda: f(1)).raises(Exception)", "expect(f(0)).equal(1)"
    )
    assert result.passed == ["f-0"] and [c.kind for c in result.checks] == ["passed", "dead", "dead"]
    assert "exit code 3" in result.checks[1].message and 'the check "f-1"' in result.checks[1].message
    assert run(worker, student, "expect(f(0)).equal(1)").passed == ["f-0"]


def test_a_pass_needs_the_end_of_the_check(worker: Worker) -> None:
    # What the student prints, returns as a display or raises is never a verdict.
    student = (
        "class f(Exception):\n    def __init__(self, x): print('passed')\n    def _repr_html_(self): return 'passed'"
    )
    assert run(worker, student, "raise SystemExit", "import sys; sys.exit(0)", "f(1)\nassert False").passed == []


def test_given_cells_run_on_both_sides(worker: Worker) -> None:
    passes(
        worker,
        "def f():\n    return LETTERS",
        "assert f() == LETTERS == 'ab'",
        given="%matplotlib inline\nLETTERS = 'ab'",
    )


def test_outputs_are_those_of_a_notebook(worker: Worker) -> None:
    source = """
    import asyncio, warnings
    import matplotlib.pyplot as plt
    from IPython.display import HTML, display
    print("hello")
    warnings.warn("careful")
    display(HTML("<b>x</b>"))
    await asyncio.sleep(0)
    plt.plot([1, 2]); plt.show()
    %time 1
    !echo from the shell
    6 * 7
    """
    cell = run(worker, source).cells[1]
    assert not cell.error
    kinds = [o["output_type"] for o in cell.outputs]
    text = "".join(o.get("text", "") for o in cell.outputs)
    assert "hello\n" in text and "careful" in text and "from the shell" in text
    assert any("image/png" in o.get("data", {}) for o in cell.outputs)
    result = next(o for o in cell.outputs if o["output_type"] == "execute_result")
    assert result["data"]["text/plain"] == "42" and kinds.count("error") == 0
    import nbformat

    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(o) for o in cell.outputs])]
    )
    nbformat.validate(node)


def test_only_text_and_pictures_are_kept_of_what_is_displayed() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def shown(data: Any, **more: Any) -> Any:
        return [
            {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": "1' onload=x"}}, **more}
        ]

    def picture(*middle: bytes, head: bytes = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0), end: bytes = b"") -> str:
        image = [chunk(b"IHDR", head), *middle, chunk(b"IDAT", zlib.compress(bytes(7))), chunk(b"IEND", b"")]
        return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(image) + end).decode()

    plain = picture()
    kept = {"text/plain": "x", "image/png": plain}
    more = {name: "<script>" for name in ("text/html", "image/svg+xml", "text/markdown", "text/latex", "image/jpeg")}
    assert clean_outputs(shown(kept | more), 9999) == [{"output_type": "display_data", "data": kept, "metadata": {}}]
    said = picture(chunk(b"tEXt", b"Comment\0<script>"), chunk(b"eXIf", b"<script>"), end=b"<script>")
    assert clean_outputs(shown({"image/png": said}), 9999)[0]["data"] == {"image/png": plain}
    wrong = [
        "AAAA' onerror=x", "\"><script>", 5, None, ["x"], plain[:40], plain[:60] + "AAAA" + plain[64:],
        picture(head=struct.pack(">IIBBBBB", 9999, 9999, 8, 2, 0, 0, 0)), picture(head=b"short"),
        picture(head=struct.pack(">IIBBBBB", 2, 1, 7, 2, 0, 0, 0)), picture(chunk(b"IHDR", bytes(13)))[:-20],
        base64.b64encode(b"GIF89a" + bytes(50)).decode(), base64.b64encode(b"<svg onload=x>").decode(),
    ]  # fmt: skip
    for data in wrong:
        assert clean_outputs(shown({"image/png": data}), 9999) == []
    assert clean_outputs(shown(more), 9999) == []
    for none in (None, [], "x"):
        with pytest.raises(ValueError):
            clean_outputs(shown(none), 9999)


def test_a_traceback_points_into_the_cell_and_output_is_bounded(worker: Worker) -> None:
    cell = run(worker, "x = 1\nx.nothing").cells[1]
    assert cell.outputs[-1]["output_type"] == "error" and "line 2" in "".join(cell.outputs[-1]["traceback"])
    loud = run(
        worker, "print('x' * 10_000_000)\nimport os\nos.system('yes | head -c 3000000')", limits=Limits(output_mb=0.1)
    ).cells[1]
    assert sum(len(o["text"]) for o in loud.outputs) < 110_000 and "cut" in loud.outputs[-1]["text"]
