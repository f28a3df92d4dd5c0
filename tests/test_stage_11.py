"""Stage 11: the bars have a margin for a sound model, and the page says what the stored runs say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from autograder.lab import projects, trials

from .conftest import ROOT

STAGE = ROOT / "solutions" / "11_applications"
RUNS: dict[str, Any] = json.loads((ROOT / "datasets" / "application_runs.json").read_text(encoding="utf-8"))
PAGE = (STAGE / "notebook.py").read_text(encoding="utf-8")


def exact(runs: list[dict[str, float]]) -> float:
    return mean(run["exact"] for run in runs)


@pytest.mark.parametrize("name", projects.PROJECTS)
def test_the_projects_of_the_solution_pass_the_bars_with_a_margin_on_twenty_seeds(name: str) -> None:
    runs = RUNS["seeds"][name]
    assert len(runs) == 20
    assert min(run["exact"] for run in runs) >= trials.UPPER[name] + 0.05
    assert all(run["chance"] < run["pointing"] for run in runs)


def test_each_idea_that_is_left_out_is_missed() -> None:
    for name, (what, runs) in ((name, *runs.items()) for name, runs in RUNS["without"].items()):
        assert exact(runs) < trials.UPPER[name] - 0.1, (name, what)


def test_the_table_of_the_page_says_what_was_measured() -> None:
    for name in projects.PROJECTS:
        runs = RUNS["seeds"][name]
        row = next(line for line in PAGE.splitlines() if line.startswith(f"# | `{name}` | ") and "to" in line)
        cells = [cell.strip() for cell in row.strip("# |").split("|")]
        assert float(cells[2]) == trials.LOWER[name]
        assert float(cells[3]) == trials.UPPER[name]
        low, high = (round(f(run["exact"] for run in runs), 2) for f in (min, max))
        assert cells[4] == f"{low:.2f} to {high:.2f}", name
        assert cells[5] == f"{runs[0]['parameters']:,}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gist", "hear"])
def test_a_stored_run_can_be_made_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(STAGE))
    sys.modules.pop("measure", None)
    import measure  # type: ignore[import-not-found]

    stage = measure.load_stage()
    one = trials.trial(stage[f"{measure.PROJECT_OF[name]}_project"], 0)
    stored = RUNS["seeds"][name][0]
    assert abs(one.score.exact - stored["exact"]) < 0.08
    assert one.parameters == stored["parameters"]
    sys.modules.pop("measure")
    assert Path(measure.STORED).name == "application_runs.json"
