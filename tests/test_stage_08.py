"""Stage 08: the stored runs are those that `measure.py` makes, and the page says what they are."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from autograder.lab import entailment

from .conftest import ROOT, load_measure

STORED = ROOT / "datasets" / "pretraining_runs.json"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return load_measure("08_pretraining")


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_the_stored_runs_say_how_they_were_made(measure: ModuleType, stored: dict[str, Any]) -> None:
    assert list(stored["labels"]) == list(measure.WAYS)
    for of_number in stored["labels"].values():
        assert list(of_number) == [str(number) for number in measure.NUMBERS]
        assert all(len(runs[of]) == len(measure.LABEL_SEEDS) for runs in of_number.values() for of in ("new", "own"))
    assert list(stored["words"]) == list(measure.WORD_WAYS)
    for of_number in stored["words"].values():
        assert list(of_number) == [str(number) for number in measure.WORD_NUMBERS]
        assert all(len(runs["new"]) == len(measure.READ_SEEDS) for runs in of_number.values())
    assert all(len(runs) == len(measure.READ_SEEDS) for of in stored["read"].values() for runs in of.values())
    assert [name for name in stored if name not in ("threads", "torch")] == list(measure.PARTS)


def test_the_stored_weights_are_small_and_fit() -> None:
    assert entailment.PRETRAINED.stat().st_size < 500_000
    weights = torch.load(entailment.PRETRAINED, weights_only=True)
    assert weights["encoder.words.weight"].shape == (len(entailment.WORDS), 64)
    assert sum(weight.numel() for weight in weights.values()) == 81514


def test_the_page_quotes_the_stored_runs(stored: dict[str, Any]) -> None:
    labels = {way: [round(mean(runs["new"]), 2) for runs in of.values()] for way, of in stored["labels"].items()}
    assert labels == {
        "from scratch": [0.56, 0.58, 0.65, 0.71, 0.65],
        "from scratch, four times the steps": [0.55, 0.59, 0.64, 0.75, 0.89],
        "from scratch, slower encoder": [0.57, 0.6, 0.62, 0.61, 0.6],
        "frozen": [0.6, 0.64, 0.64, 0.67, 0.69],
        "fine-tuned, one rate": [0.57, 0.62, 0.67, 0.78, 0.9],
        "fine-tuned, slower encoder": [0.6, 0.66, 0.72, 0.79, 0.87],
    }, "The prose of section 8.10 states these shares: change both."
    read = {name: [round(mean(runs), 2) for runs in of.values()] for name, of in stored["read"].items()}
    assert read == {
        "restated pairs": [0.68, 0.92, 0.93],
        "unrelated pairs": [0.66, 0.84, 0.91],
        "single sentences": [0.63, 0.69, 0.85],
    }, "The prose of section 8.10 states these shares: change both."
    words = {way: [round(mean(runs["new"]), 2) for runs in of.values()] for way, of in stored["words"].items()}
    assert words == {
        "from scratch": [0.67, 0.78, 0.96],
        "frozen": [0.73, 0.77, 0.81],
        "fine-tuned, one rate": [0.65, 0.77, 0.93],
        "fine-tuned, slower encoder": [0.69, 0.79, 0.91],
    }, "The prose of section 8.11 states these shares: change both."
    pointing = [mean(runs["pointing"]) for runs in stored["words"]["frozen"].values()]
    assert all(round(share, 2) == 0.99 for share in pointing)
    score = stored["score"]["threshold"]
    assert [score["50"][of] for of in ("new", "words")] == [0.933, 0.919]
    assert all(0.95 <= round(score[str(number)]["new"], 2) <= 0.96 for number in (100, 200, 500, 2000))
    few = [of[number] for of in stored["words"].values() for number in ("50", "200")]
    assert [round(f(mean(runs["order"]) for runs in few), 2) for f in (min, max)] == [0.75, 0.91]
    assert [round(f(mean(runs["words"]) for runs in few), 2) for f in (min, max)] == [0.56, 0.67]
    without = {way: [run["scored without MASK"] for run in runs] for way, runs in stored["masks"].items()}
    assert max(without["MASK only"]) < min(without["80/10/10"])


@pytest.mark.slow
def test_a_stored_run_can_be_made_again(measure: ModuleType, stored: dict[str, Any], tmp_path: Path) -> None:
    """On another computer numbers may differ a little, so the shares need only be near."""
    stage = measure.load_stage()
    fours = entailment.quadruples(500, seed=2)
    learn, test = measure.labelled(entailment.quadruples(500, seed=1)), measure.labelled(fours)
    reader = measure.pretrain(stage, measure.corpora()["restated pairs"], 0)
    path = tmp_path / "reader.pt"
    measure.save(reader, path)
    scores = measure.own_words(stage, reader, fours[:100])
    assert measure.without_labels(scores) > 0.93
    for weights in (path, measure.WEIGHTS):  # those made just now are as good as the stored ones
        tuned = measure.classify(stage, weights, 3e-4, measure.few(learn, 200), 0)
        old = stored["labels"]["fine-tuned, slower encoder"]["200"]["new"][0]
        assert measure.right(tuned, test) == pytest.approx(old, abs=0.06)
    frozen = measure.classify(stage, measure.WEIGHTS, 0.0, measure.few(learn, 50), 0, features=measure.by_words(stage))
    assert measure.right(frozen, test) == pytest.approx(stored["words"]["frozen"]["50"]["new"][0], abs=0.05)
    assert measure.pointing(stage, frozen, fours)["pointing"] == pytest.approx(0.987, abs=0.02)
