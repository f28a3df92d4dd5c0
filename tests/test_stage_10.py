"""Stage 10: the stored runs are those that `measure.py` makes, and the page says what they are."""

from __future__ import annotations

import json
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
def test_the_quick_reader_gives_the_numbers_and_gradients_of_the_page_s(measure: ModuleType, kind: str) -> None:
    import torch

    stage = measure.load_stage()
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
def test_a_stored_run_can_be_made_again(measure: ModuleType, stored: dict[str, Any]) -> None:
    """On another computer numbers may differ a little, so the shares need only be near."""
    assert measure.rows("drawn", "linear", None, 0) == pytest.approx(stored["rows"]["drawn"]["linear"][0], abs=0.02)
    again, old = measure.found("two drawn looks", 0), stored["finder"]["two drawn looks"][0]
    assert again["right"] == pytest.approx(old["right"], abs=0.1)
    assert again["multiplications"] == old["multiplications"]
    again, old = measure.captioned("soft attention", 0), stored["captions"]["soft attention"][0]
    for key in ("exact", "adjective", "noun"):
        assert again[key] == pytest.approx(old[key], abs=0.12), key
