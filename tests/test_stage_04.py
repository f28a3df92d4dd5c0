"""Stage 04: the stored runs of `datasets/decoding_runs.json` are what `measure.py` makes."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from autograder.lab import grammar

from .conftest import ROOT, load_measure

STORED = ROOT / "datasets" / "decoding_runs.json"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return load_measure("04_decoding")


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_the_stored_runs_say_how_they_were_made(measure: ModuleType, stored: dict[str, Any]) -> None:
    assert stored["seeds"] == list(measure.SEEDS)
    assert (stored["training"], stored["kinds"]) == (measure.TRAINING, measure.KINDS)
    for table in (stored["accuracy"], stored["edits"]):
        assert list(table) == list(measure.KINDS)
        for by_length in table.values():
            assert list(by_length) == [str(n) for n in measure.LENGTHS]
            assert all(len(values) == len(stored["seeds"]) for values in by_length.values())
    assert all(list(by_length) == [str(n) for n in measure.BEAM_LENGTHS] for by_length in stored["beam"].values())
    assert measure.dumps(stored) == STORED.read_text(encoding="utf-8")


def test_the_stored_translator_says_how_it_was_made(measure: ModuleType, stored: dict[str, Any]) -> None:
    found = stored["translator"]
    assert found["settings"] == measure.TRANSLATOR
    assert found["seeds"] == {steps: list(seeds) for steps, seeds in measure.TRANSLATOR_SEEDS.items()}
    corpus = grammar.corpus()
    assert found["settings"]["sentences"] == len(corpus.train)
    pairs = [corpus.test[0], corpus.by_length[10][5], corpus.by_length[22][3]]
    assert found["sentences"] == [" ".join(pair.source) for pair in pairs]
    assert found["right"] == [" ".join(pair.target) for pair in pairs]
    for steps, run in found["runs"].items():
        assert len(run["exact"]) == len(found["seeds"][steps]) and len(run["says"]) == len(pairs)
        assert list(run["by_length"]) == [str(length) for length in grammar.LENGTHS]
        assert all(len(values) == len(run["exact"]) for values in run["by_length"].values())


def test_a_training_of_the_translator_is_made_from_the_page(measure: ModuleType, stored: dict[str, Any]) -> None:
    found = measure.collect_translator({"2": range(1)})
    assert found["parameters"] == stored["translator"]["parameters"]
    assert set(found) == set(stored["translator"]) and set(found["runs"]["2"]) == set(
        stored["translator"]["runs"]["800"]
    )


def test_the_page_quotes_the_stored_translator(stored: dict[str, Any]) -> None:
    runs = stored["translator"]["runs"]
    message = "The prose of section 4.12 states these numbers: change both."
    assert [round(share, 2) for share in runs["800"]["exact"]] == [0.04, 0.08, 0.1], message
    assert round(runs["3200"]["exact"][0], 2) == 0.35, message
    by_length = {int(length): round(mean(values), 2) for length, values in runs["800"]["by_length"].items()}
    assert [by_length[length] for length in (3, 4, 6)] == [0.58, 0.27, 0.1], message
    assert all(by_length[length] == 0 for length in range(11, 23)), message
    longer = {int(length): mean(values) for length, values in runs["3200"]["by_length"].items()}
    assert [longer[length] for length in (3, 5, 10)] == [1.0, 0.95, 0.3], message
    assert all(longer[length] <= 0.05 for length in range(14, 23)), message
    assert runs["800"]["says"][:2] == ["我 爱 中国", "汤姆 不 爱 北京"], message
