"""Stage 09: the stored runs are those that `measure.py` makes, and the page says what they are."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import stdev
from types import ModuleType
from typing import Any

import pytest

from .conftest import ROOT, load_measure

STORED = ROOT / "datasets" / "image_runs.json"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return load_measure("09_images")


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def mean(shares: list[float]) -> float:
    return sum(shares) / len(shares)


def test_the_stored_runs_say_how_they_were_made(measure: ModuleType, stored: dict[str, Any]) -> None:
    for of_depth in stored["depth"].values():
        assert list(of_depth) == [str(depth) for depth in measure.DEPTHS]
        assert all(len(runs[of]) == len(measure.DEPTH_SEEDS) for runs in of_depth.values() for of in ("new", "own"))
    for of_number in stored["transfer"].values():
        assert list(of_number) == [str(number) for number in measure.NUMBERS]
        assert all(len(shares) == len(measure.TRANSFER_SEEDS) for shares in of_number.values())
    assert all(len(runs) == len(measure.MAP_SEEDS) for runs in stored["maps"].values())
    assert all(len(runs) == len(measure.LOSS_SEEDS) for runs in stored["losses"].values())
    assert all(len(kind["exact"]) == len(measure.SECOND_SEEDS) for kind in stored["second"].values())
    assert all(len(runs) == len(measure.GATE_SEEDS) for runs in stored["gate"].values())
    assert [name for name in stored if name not in ("threads", "torch")] == list(measure.PARTS)


def test_a_part_alone_leaves_the_others_as_they_are_stored(
    measure: ModuleType, stored: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "runs.json"
    here.write_text(json.dumps({name: of for name, of in stored.items() if name != "gate"}), encoding="utf-8")
    monkeypatch.setattr(measure, "STORED", here)
    monkeypatch.setattr(measure, "load_stage", dict)
    monkeypatch.setitem(measure.PARTS, "second", lambda stage, step, few: {"made": "again"})
    monkeypatch.setattr(measure.sys, "argv", ["measure.py", "second"])
    measure.main()
    again = json.loads(here.read_text(encoding="utf-8"))
    assert again.pop("second") == {"made": "again"}
    assert again == {name: of for name, of in stored.items() if name not in ("second", "gate")}


@pytest.mark.slow
def test_a_stored_run_can_be_made_again(measure: ModuleType, stored: dict[str, Any]) -> None:
    """On another computer numbers may differ a little, so the shares need only be near."""
    stage = measure.load_stage()
    again = measure.pointed(stage, "label attention", 0)
    assert again["exact"] == pytest.approx(stored["maps"]["label attention"][0]["exact"], abs=0.06)
    assert again["pointing"] == pytest.approx(stored["maps"]["label attention"][0]["pointing"], abs=0.08)
    old = measure.old_backbone(stage, 0)
    found = measure.transferred(stage, "frozen", old, 20, 0)
    assert found == pytest.approx(stored["transfer"]["frozen"]["20"][0], abs=0.08)
    block = measure.seconded(stage, "inception", 0)
    assert block["convolutions"] == stored["second"]["inception"]["convolutions"]
    assert block["exact"] == pytest.approx(stored["second"]["inception"]["exact"][0], abs=0.06)
    maximum = measure.pointed(stage, "maximum", 0)
    assert maximum["pointing"] == pytest.approx(stored["maps"]["maximum"][0]["pointing"], abs=0.08)
    gates = measure.gated(stage, "maximum", True, 0)
    assert gates["exact"] == pytest.approx(stored["gate"]["maximum, gate"][0]["exact"], abs=0.06)


def test_without_norm_no_batch_norm_is_left_and_the_convolutions_stay(measure: ModuleType) -> None:
    import torch
    from torch import nn

    block = nn.Sequential(nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU()))
    bare = measure.without_norm(block)
    assert [type(module).__name__ for module in bare.modules() if not list(module.children())] == [
        "Conv2d",
        "Identity",
        "Identity",
        "ReLU",
    ]
    assert bare(torch.ones(1, 2, 5, 5)).shape == (1, 2, 3, 3)


def test_the_page_quotes_the_stored_runs(stored: dict[str, Any]) -> None:
    depth = {name: [round(mean(runs["new"]), 2) for runs in of.values()] for name, of in stored["depth"].items()}
    assert depth == {
        "plain, batch norm": [0.64, 0.27, 0.25],
        "plain, no batch norm": [0.22, 0.04, 0.0],
        "residual, batch norm": [0.66, 0.81, 0.75],
        "residual, no batch norm": [0.31, 0.42, 0.36],
    }, "The prose of section 9.6 states these shares: change both."
    few = {way: (round(mean(of["20"]), 2), round(mean(of["1000"]), 2)) for way, of in stored["transfer"].items()}
    assert few == {
        "from scratch": (0.2, 0.76),
        "frozen": (0.32, 0.71),
        "fine-tuned": (0.42, 0.81),
        "random, frozen": (0.12, 0.31),
    }, "The prose of section 9.12 states these shares: change both."
    from_scratch, fine_tuned = (stored["transfer"][way]["1000"] for way in ("from scratch", "fine-tuned"))
    assert max(from_scratch) > min(fine_tuned), "at 1,000 the runs overlap"
    numbers = stored["transfer"]["frozen"]
    best = [max(stored["transfer"], key=lambda way: mean(stored["transfer"][way][n])) for n in numbers]
    assert best == ["fine-tuned"] * 6
    maps = {
        name: [round(mean([run[key] for run in runs]), 2) for key in ("exact", "pointing")]
        for name, runs in stored["maps"].items()
    }
    assert maps == {
        "label attention": [0.81, 0.86],
        "class activation": [0.64, 0.86],
        "spatial gate": [0.65, 0.19],
        "maximum": [0.83, 0.91],
    }, "The prose of section 9.16 states these shares: change both."
    assert [run["by_label"][1] for run in stored["maps"]["label attention"]] == [0.223, 0.943, 0.732]
    assert min(run["darkest"] for run in stored["maps"]["spatial gate"]) > 0.94
    runs = {
        (name, key): (round(min(run[key] for run in of), 2), round(max(run[key] for run in of), 2))
        for name, of in stored["maps"].items()
        for key in ("pointing", "before_sigmoid", "exactly_one")
        if key in of[0]
    }
    assert runs == {
        ("label attention", "pointing"): (0.80, 0.93),
        ("class activation", "pointing"): (0.84, 0.88),
        ("spatial gate", "pointing"): (0.15, 0.21),
        ("spatial gate", "before_sigmoid"): (0.49, 0.53),
        ("spatial gate", "exactly_one"): (0.35, 0.48),
        ("maximum", "pointing"): (0.87, 0.96),
    }, "The prose of section 9.16 states these runs: change both."
    by_label = {
        name: [round(mean(list(shares)), 2) for shares in zip(*(run["by_label"] for run in of), strict=True)]
        for name, of in stored["maps"].items()
    }
    assert [by_label[name][:2] for name in ("label attention", "class activation")] == [[0.99, 0.63], [0.81, 0.85]]
    assert by_label["spatial gate"][2:4] == [0.01, 0.54]
    losses = {name: [run for run in runs] for name, runs in stored["losses"].items()}
    assert [min(r["half"] for r in losses["sigmoid"]), max(r["half"] for r in losses["sigmoid"])] == [0.826, 0.85]
    assert [min(r["tuned"] for r in losses["softmax"]), max(r["tuned"] for r in losses["softmax"])] == [0.688, 0.718]
    second = {name: round(mean(kind["exact"]), 2) for name, kind in stored["second"].items()}
    assert second == {"3 × 3": 0.83, "5 × 5": 0.86, "inception": 0.79, "1 × 1, then 3 × 3": 0.78}, (
        "The prose of section 9.3 states these shares: change both."
    )
    spread = max(max(kind["exact"]) - min(kind["exact"]) for kind in stored["second"].values())
    assert round(spread, 2) == 0.1
    uncertain = [stdev(kind["exact"]) / len(kind["exact"]) ** 0.5 for kind in stored["second"].values()]
    assert max(uncertain) < 0.011, "a mean of ten runs is uncertain by about 0.01"
    weights = {
        name: sum(n_in * n_out * side**2 for n_in, n_out, side in kind["convolutions"])
        for name, kind in stored["second"].items()
    }  # all on maps of one size, so multiplications are in the same relation
    assert round(weights["3 × 3"] / weights["inception"], 1) == 2.3
    assert round(weights["5 × 5"] / weights["inception"], 1) == 6.5
    assert 0.9 < weights["1 × 1, then 3 × 3"] / weights["inception"] < 1.1
    gate = {
        name: {key: round(mean([run[key] for run in runs]), 2) for key in keys if key in runs[0]}
        for keys in [("exact", "constant", "swapped", "over_pictures", "over_channels")]
        for name, runs in stored["gate"].items()
    }
    assert gate == {
        "maximum": {"exact": 0.83},
        "maximum, gate": {
            "exact": 0.83,
            "constant": 0.83,
            "swapped": 0.82,
            "over_pictures": 0.04,
            "over_channels": 0.31,
        },
        "mean": {"exact": 0.62},
        "mean, gate": {"exact": 0.61, "constant": 0.59, "swapped": 0.55, "over_pictures": 0.1, "over_channels": 0.27},
    }, "The prose of section 9.14 states these numbers: change both."
    assert [run["exact"] for run in stored["maps"]["maximum"]] == stored["second"]["3 × 3"]["exact"][:3]
    assert stored["gate"]["maximum"] == [{"exact": share} for share in stored["second"]["3 × 3"]["exact"]]
    shares = [[run["exact"] for run in runs] for runs in stored["gate"].values()]
    assert max(stdev(of) / len(of) ** 0.5 for of in shares) < 0.01
    for way, most in (("constant", 0.05), ("swapped", 0.13)):
        worse = [round(run["exact"] - run[way], 3) for run in stored["gate"]["mean, gate"]]
        assert (round(min(worse), 2), round(max(worse), 2)) == (0.01, most), "in all ten runs it is worse"
    first = stored["gate"]["maximum, gate"][0]
    assert sum(high < 0.05 for high in first["high"]) == 3, "almost closed in nearly all pictures"
