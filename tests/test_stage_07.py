"""Stage 07: the stored runs are those that `measure.py` makes, and the page says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from .conftest import ROOT, load_measure

STORED = ROOT / "datasets" / "transformer_runs.json"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return load_measure("07_self_attention")


@pytest.fixture(scope="module")
def stage(measure: ModuleType) -> Iterator[dict[str, Any]]:
    import matplotlib
    import torch

    threads, style = torch.get_num_threads(), matplotlib.rcParams.copy()
    try:
        yield measure.load_stage()
    finally:
        torch.set_num_threads(threads)
        matplotlib.rcParams.update(style)


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def mean(runs: list[dict[str, Any]], key: str) -> float:
    return sum(run[key] for run in runs) / len(runs)


def test_the_stored_runs_say_how_they_were_made(measure: ModuleType, stored: dict[str, Any]) -> None:
    assert stored["seeds"] == list(measure.SEEDS) and stored["steps"] == measure.STEPS
    assert list(stored["translators"]) == list(measure.STEPS)
    for part in measure.PARTS:
        assert all(len(runs) == len(measure.SEEDS) for runs in stored[part].values()), part
    assert STORED.read_text(encoding="utf-8") == measure.dumps(stored)


def test_the_text_is_that_of_stage_01(measure: ModuleType, stage: dict[str, Any]) -> None:
    there = measure.load_writer()
    assert (stage["TEXT"], stage["SYMBOLS"]) == (there["TEXT"], there["SYMBOLS"])


def test_no_word_of_the_target_looks_ahead_and_pads_change_nothing(stage: dict[str, Any]) -> None:
    import torch

    from autograder.lab import grammar

    torch.manual_seed(0)
    model = stage["Transformer"]()
    pairs = [grammar.corpus().test[0], grammar.corpus().by_length[10][5]]
    source, y_in, _ = grammar.batch(pairs)
    logits, weights = model(source, y_in)
    later = y_in.clone()
    later[:, 3:] = 5
    assert torch.allclose(model(source, later)[0][:, :3], logits[:, :3], atol=1e-5)
    alone, _, _ = grammar.batch(pairs[:1])
    length = alone.shape[1]
    assert torch.allclose(model(alone, y_in[:1])[0], logits[:1], atol=1e-5)
    assert weights.shape == (2, y_in.shape[1], source.shape[1]) and not weights[0, :, length:].any()
    written = model.write(source, 7)
    assert [len(row) <= 7 for row in written] == [True, True]


def test_the_page_quotes_the_stored_runs(stored: dict[str, Any]) -> None:
    of = stored["translators"]
    found = {kind: [round(mean(runs, key), 2) for key in ("exact", "aer")] for kind, runs in of.items()}
    assert found == {"transformer": [0.93, 0.18], "additive": [0.99, 0.17], "dot": [0.96, 0.14]}, "7.10 says so, too."
    short, long = (
        {kind: round(sum(sum(run["by_length"][part]) for run in runs) / len(runs) / n, 2) for kind, runs in of.items()}
        for part, n in ((slice(0, 10), 10), (slice(13, 20), 7))
    )
    assert (short["transformer"], short["additive"]) == (0.99, 0.99), "7.10 says so, too."
    assert long == {"transformer": 0.81, "additive": 0.99, "dot": 0.93}, "7.10 says so, too."
    seconds = {kind: mean(of["transformer"], "seconds") / mean(runs, "seconds") for kind, runs in of.items()}
    assert (round(seconds["additive"], 2), round(seconds["dot"], 1)) == (0.91, 1.4), "7.10 says so, too."
    places = "letters 1 to 5", "letters 11 to 40"
    losses = {kind: tuple(mean(runs, place) for place in places) for kind, runs in stored["writers"].items()}
    assert losses["transformer"] == pytest.approx((0.77, 0.008), rel=0.08), "7.11 says so, too."
    assert losses["rnn"] == pytest.approx((1.08, 0.04), rel=0.12), "7.11 says so, too."


@pytest.mark.slow
def test_a_stored_run_can_be_made_again(measure: ModuleType, stage: dict[str, Any], stored: dict[str, Any]) -> None:
    """On another computer numbers may differ a little."""
    again = measure.written(stage, measure.load_writer(), "transformer", 0)
    old = stored["writers"]["transformer"][0]
    assert again["parameters"] == old["parameters"]
    assert again["letters 1 to 5"] == pytest.approx(old["letters 1 to 5"], abs=0.1)
    assert again["letters 11 to 40"] == pytest.approx(old["letters 11 to 40"], abs=0.03)
    others = measure.load_others()
    few = measure.translated(stage, others, "transformer", 0, steps=2)
    assert few["parameters"] == stored["translators"]["transformer"][0]["parameters"]
    assert few["exact"] == 0 and len(few["by_length"]) == len(stored["lengths"])
