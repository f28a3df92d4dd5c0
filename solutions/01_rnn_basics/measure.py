"""Make `datasets/rnn_runs.json`: 20 runs of first-token recall, by start and by clipping. About five minutes.

    python solutions/01_rnn_basics/measure.py

The RNN, the training and the clipping are those of `notebook.py`; one thread, fixed seeds, so that a second run gives
the same file. `recall` holds the share of right answers for each way to draw W_hh and each lag (Adam), `clipping` for
each learning rate of plain gradient descent, with and without clipping.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from autograder.stage.read import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "rnn_runs.json"
SEEDS = range(20)
STARTS = {"torch's start": None, "orthogonal": 1.0, "orthogonal × 2": 2.0}
LAGS = [5, 10, 20, 40]
RATES = [0.03, 0.1, 0.3, 1.0]
LAG = 20  # of the runs with clipping


def load_stage() -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    for name, source in [*code_cells(text, "given").items(), *code_cells(text, "exercise").items()]:
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def collect(seeds: Any, step: Any = lambda seed: None) -> dict[str, Any]:
    """What the file holds: for every way one number per seed."""
    torch.set_num_threads(1)
    stage = load_stage()
    train, run = stage["train_recall"], stage["run_mode"]
    clips = {"no clipping": None, "clipped to 1": lambda weights: stage["clip_grad"](weights, 1.0)}
    recall: dict[str, dict[str, list[float]]] = {name: {str(lag): [] for lag in LAGS} for name in STARTS}
    clipping: dict[str, dict[str, list[float]]] = {name: {str(rate): [] for rate in RATES} for name in clips}
    for seed in seeds:
        for name, gain in STARTS.items():
            for lag in LAGS:
                recall[name][str(lag)].append(round(train(run, lag, seed, gain)[0], 3))
        for name, clip in clips.items():
            for rate in RATES:
                accuracy = train(run, LAG, seed, 1.0, "SGD", lr=rate, clip=clip)[0]
                clipping[name][str(rate)].append(round(accuracy, 3))
        step(seed)
    return {
        "seeds": list(seeds),
        "threads": 1,
        "torch": torch.__version__,
        "recall": {"lags": LAGS, "gains": STARTS, "optimizer": "Adam", "learning_rate": 0.003, "accuracy": recall},
        "clipping": {"lag": LAG, "gain": 1.0, "optimizer": "SGD", "learning_rates": RATES, "accuracy": clipping},
    }


def main() -> None:
    result = collect(SEEDS, lambda seed: print(f"\rseed {seed + 1} of {len(SEEDS)}", end="", flush=True))
    text = json.dumps(result, indent=1, ensure_ascii=False)
    text = re.sub(
        r"\[[^][]*\]", lambda numbers: " ".join(numbers[0].split()).replace("[ ", "[").replace(" ]", "]"), text
    )
    STORED.write_text(text + "\n", encoding="utf-8")
    print(f"\nwrote {STORED.name}")
    for part in ("recall", "clipping"):
        for name, accuracies in result[part]["accuracy"].items():
            print(
                f"{name:16}",
                *(f"{at}: {sum(v) / len(v):.2f} ({min(v):.2f}–{max(v):.2f})" for at, v in accuracies.items()),
            )


if __name__ == "__main__":
    main()
