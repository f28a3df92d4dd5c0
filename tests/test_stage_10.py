"""Stage 10: the stored runs are those that `measure.py` makes, and the page says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from .conftest import ROOT, load_measure

STORED = ROOT / "datasets" / "visual_runs.json"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return load_measure("10_visual_attention")


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


@pytest.fixture
def stage(measure: ModuleType) -> Iterator[dict[str, Any]]:
    """The names of the page. Its setup cell sets the style of all plots."""
    import matplotlib

    with matplotlib.rc_context():
        yield measure.load_stage()


def mean(shares: list[float]) -> float:
    return sum(shares) / len(shares)


def test_the_stored_runs_are_the_tasks_of_measure(measure: ModuleType, stored: dict[str, Any]) -> None:
    for place, runs in measure.tasks(None).items():
        inner = stored
        for key in place:
            inner = inner[key]
        assert len(inner) == len(runs), place
    assert list(stored["finder"]) == [place[1] for place in measure.tasks(None) if place[0] == "finder"]


@pytest.mark.parametrize("kind", ["linear", "additive"])
def test_the_quick_reader_gives_the_numbers_and_gradients_of_the_page_s(
    measure: ModuleType, stage: dict[str, Any], kind: str
) -> None:
    import torch

    torch.manual_seed(3)
    model = stage["reader"](stage["AttentionSeq2Seq"](5, 3, 7, 10, 10, 1, kind))
    x = torch.randn(4, 5, 3)
    slow = model(x)
    slow.square().sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    fast = measure.quick(model)(x)
    fast.square().sum().backward()
    assert fast is not slow and torch.allclose(fast, slow, atol=1e-5)
    assert {name for name, p in model.named_parameters() if p.grad is not None} == set(gradients)
    for name, p in model.named_parameters():
        if name in gradients:
            assert torch.allclose(p.grad, gradients[name], atol=1e-4), name


@pytest.mark.slow
@pytest.mark.usefixtures("stage")
def test_a_stored_run_can_be_made_again(measure: ModuleType, stored: dict[str, Any]) -> None:
    """On another computer numbers may differ a little, so the shares need only be near."""
    assert measure.rows("drawn", "linear", None, 0) == pytest.approx(stored["rows"]["drawn"]["linear"][0], abs=0.02)
    again, old = measure.found("two drawn looks", 0), stored["finder"]["two drawn looks"][0]
    assert again["right"] == pytest.approx(old["right"], abs=0.1)
    assert again["multiplications"] == old["multiplications"]
    again, old = measure.captioned("soft attention", 0), stored["captions"]["soft attention"][0]
    for key in ("exact", "adjective", "noun"):
        assert again[key] == pytest.approx(old[key], abs=0.12), key


def test_the_page_quotes_the_stored_runs(stored: dict[str, Any]) -> None:
    rows = {recipe: {kind: round(mean(runs), 4) for kind, runs in of.items()} for recipe, of in stored["rows"].items()}
    assert rows == {
        "mnist": {"simple": 0.9789, "one way": 0.9814, "mean": 0.9814, "linear": 0.9854, "additive": 0.9845},
        "drawn": {"simple": 0.8907, "one way": 0.9748, "mean": 0.9847, "linear": 0.9908, "additive": 0.9905},
        "one-cycle": {"simple": 0.9838, "additive": 0.9907},
    }, "The prose of section 10.5 states these shares: change both."
    assert [min(stored["rows"]["drawn"]["simple"]), max(stored["rows"]["drawn"]["simple"])] == [0.7755, 0.962]
    finder = {name: round(mean([run["right"] for run in runs]), 2) for name, runs in stored["finder"].items()}
    assert finder == {
        "two drawn looks": 0.79,
        "two drawn looks, no baseline": 0.77,
        "one drawn look": 0.74,
        "three drawn looks": 0.81,
        "two random looks": 0.15,
        "one look, at the most ink": 0.73,
        "soft, a mean of 100 glimpses": 0.86,
        "one hidden layer (10.1)": 0.2,
        "a small convolution, everywhere": 0.8,
        "a larger convolution": 0.92,
    }, "The prose of section 10.12 states these shares: change both."
    # Five times as good as random looks, and twice as good as a network without convolutions that costs the same.
    both, random, dense = (
        mean([run["right"] for run in stored["finder"][name]])
        for name in ("two drawn looks", "two random looks", "one hidden layer (10.1)")
    )
    assert both > 5 * random and both > 2 * dense
    costs = {name: runs[0]["multiplications"] for name, runs in stored["finder"].items()}
    assert costs["one hidden layer (10.1)"] > costs["two drawn looks"]
    assert round(costs["soft, a mean of 100 glimpses"] / costs["two drawn looks"]) == 13
    soft = stored["finder"]["soft, a mean of 100 glimpses"]
    assert [round(mean([run[way] for run in soft]), 2) for way in ("largest", "draw")] == [0.77, 0.64]
    late = stored["scatter"]["after 10 epochs"]
    assert round(mean([run["no baseline"] for run in late]) / mean([run["baseline"] for run in late])) == 3
    captions = {
        name: [round(mean([run[key] for run in runs]), 2) for key in ("exact", "adjective", "noun")]
        for name, runs in stored["captions"].items()
    }
    assert captions == {
        "soft attention": [0.83, 0.77, 0.46],
        "words swapped": [0.83, 0.45, 0.76],
        "hard attention": [0.34, 0.59, 0.54],
        "mean of the places": [0.74, 0.04, 0.04],
    }, "The prose of section 10.15 states these shares: change both."
