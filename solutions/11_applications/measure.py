"""The runs of stage 11: `datasets/application_runs.json`.

    .venv/bin/python solutions/11_applications/measure.py             # all parts, some 40 minutes
    .venv/bin/python solutions/11_applications/measure.py grid seeds  # these parts; the others stay

The models and the functions are those of the notebook, with the solutions.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from autograder.lab import projects, trials
from autograder.stage.read import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "application_runs.json"
KINDS = ("convolution", "gru", "bigru", "transformer")
RATES = {"convolution": 0.01, "gru": 0.01, "bigru": 0.01, "transformer": 0.004}
SEEDS, GRID_SEEDS, STEPS = range(20), range(3), 300
PROJECT_OF = {"translate": "first", "hear": "third", "gist": "second", "caption": "fourth", "answer": "fifth"}

Stage = dict[str, Any]


def load_stage() -> Stage:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: Stage = {"__name__": "stage"}
    text = HERE / "notebook.py"
    for name, source in (code_cells(text, "given") | code_cells(text, "exercise")).items():
        exec(compile(source, f"<{name}>", "exec"), stage)
    torch.set_num_threads(1)
    return stage


def counted(score: projects.Score, seconds: float, parameters: int) -> dict[str, Any]:
    shares = {"exact": round(score.exact, 4), "pointing": round(score.pointing, 4), "chance": round(score.chance, 4)}
    return shares | {"seconds": round(seconds, 1), "parameters": parameters}


def run(stage: Stage, name: str, make: Callable[[projects.Task], Any], seed: int, lr: float) -> dict[str, Any]:
    """A pair that cannot copy: all unknown names are one word to it."""
    learn, test = projects.make(name, trials.LEARN, trials.TEST, seed, shuffled=True)
    if name == "gist":
        learn = learn._replace(y=learn.y.clamp(max=learn.outputs))
    torch.manual_seed(seed)
    model = make(learn)
    start = time.process_time()
    stage["fit"](model, learn, seed, STEPS, lr).eval()
    seconds = time.process_time() - start
    ids, maps = model.generate(test.x, test.mask, test.y.shape[1] + 3)
    return counted(projects.score(test, ids, maps), seconds, sum(p.numel() for p in model.parameters()))


def pair(stage: Stage, kind: str, task: projects.Task) -> Any:
    """One of the four readers with 64 numbers in a state, and a GRU with attention. It has one word for unknown names."""
    reader = stage["make_encoder"](kind, 32 if task.source else task.inputs, 64)
    if task.source:
        reader = stage["Words"](task.inputs, 32, reader)
    return stage["EncoderDecoder"](reader, stage["AttentionWriter"](task.outputs + 1, 32, 64, 64))


def grid(stage: Stage) -> dict[str, Any]:
    """Every reader with the same writer, for every job."""
    found: dict[str, Any] = {}
    for name in projects.PROJECTS:
        found[name] = {}
        for kind in KINDS:
            runs = [
                run(stage, name, lambda task, k=kind: pair(stage, k, task), seed, RATES[kind]) for seed in GRID_SEEDS
            ]
            found[name][kind] = runs
            print(name, kind, [one["exact"] for one in runs], flush=True)
    return found


def seeds(stage: Stage) -> dict[str, Any]:
    """The projects of the solution on twenty seeds: the bars need a margin."""
    found: dict[str, Any] = {}
    for name, word in PROJECT_OF.items():
        made = [trials.trial(stage[f"{word}_project"], seed) for seed in SEEDS]
        found[name] = [counted(one.score, one.seconds, one.parameters) for one in made]
        print(name, sorted(one["exact"] for one in found[name])[:3], flush=True)
    return found


def without(stage: Stage) -> dict[str, Any]:
    """Each idea left out: no copying, no bit for a repeated word, patches read as a row."""
    words, encoder = stage["Words"], stage["make_encoder"]
    models = {
        "gist": ("no copying", lambda task: pair(stage, "bigru", task)),
        "answer": (
            "no bit",
            lambda task: stage["EncoderDecoder"](
                words(task.inputs, 32, encoder("bigru", 32, 64)), stage["PointerWriter"](16, 64, 48)
            ),
        ),
        "caption": (
            "a row",
            lambda task: stage["EncoderDecoder"](
                encoder("convolution", task.inputs, 32), stage["AttentionWriter"](task.outputs, 16, 32, 32)
            ),
        ),
    }
    return {
        name: {what: [run(stage, name, make, seed, 0.01) for seed in GRID_SEEDS]}
        for name, (what, make) in models.items()
    }


PARTS: dict[str, Callable[[Stage], dict[str, Any]]] = {"grid": grid, "seeds": seeds, "without": without}


def main() -> None:
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    stage = load_stage()
    for part in sys.argv[1:] or PARTS:
        stored[part] = PARTS[part](stage)
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
