"""Make `datasets/lstm_runs.json`: gradients and recall of seven recurrent layers, 20 seeds each. About ten minutes.

    python solutions/02_lstm_gru/measure.py

The layers, the task and the training are those of `notebook.py`; one thread, fixed seeds, so that a second run gives
the same file. `gradient` holds the gradient at lag 90 before training, `recall` the share of right answers by lag after
200 steps. The rest is at lag 40: `longer` after 400 steps, `faster` with a learning rate of 0.01, and `eight` after 400 steps
with a readout that has eight outputs, of which four are never right.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from autograder.stage.read import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "lstm_runs.json"
SEEDS = range(20)
LAGS = [5, 10, 20, 40, 80]
LAYERS: dict[str, tuple[str, float | None]] = {  # kind, and the bias of the gate that keeps
    "RNN": ("RNN", None),
    "GRU": ("GRU", None),
    "GRU, update bias 3": ("GRU", 3.0),
    "LSTM": ("LSTM", None),
    "LSTM, forget bias 1": ("LSTM", 1.0),
    "LSTM, forget bias 3": ("LSTM", 3.0),
    "LSTM, 3 in both biases": ("LSTM", 6.0),
}
SETTINGS: dict[str, Any] = {
    "I": 8, "H": 32, "steps": 200, "learning_rate": 0.002, "longer": 400, "faster": 0.01, "lag": 40
}  # fmt: skip


def load_stage(old: str = "", new: str = "") -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define; one thing of the recipe changed."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    if old:
        assert exercises["recall_accuracy"].count(old) == 1, old
        exercises["recall_accuracy"] = exercises["recall_accuracy"].replace(old, new)
    for name, source in [*given.items(), *exercises.items()]:
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def make_layer(stage: dict[str, Any], name: str, seed: int) -> Any:
    """The layer as the notebook makes it: drawn with this seed, then its forget bias set."""
    kind, value = LAYERS[name]
    torch.manual_seed(seed)
    layer = stage[kind](SETTINGS["I"], SETTINGS["H"])
    if value is not None:
        stage["set_forget_bias"](layer, value)
    return layer


def collect(seeds: Any, step: Any = lambda seed: None) -> dict[str, Any]:
    """What the file holds: for every layer one number per seed."""
    torch.set_num_threads(1)
    stage, faster = load_stage(), load_stage("lr=0.002", f"lr={SETTINGS['faster']}")
    eight = load_stage("nn.Linear(cell.hidden_size, WORDS)", "nn.Linear(cell.hidden_size, SYMBOLS)")
    result: dict[str, Any] = {"gradient": {}, "recall": {}, "longer": {}, "faster": {}, "eight": {}}
    for seed in seeds:
        for name in LAYERS:
            felt = stage["gradient_by_lag"](make_layer(stage, name, seed), 100, seed)[90]
            result["gradient"].setdefault(name, []).append(float(f"{felt:.3g}"))
            for lag in LAGS:
                right = stage["recall_accuracy"](make_layer(stage, name, seed), lag, SETTINGS["steps"])
                result["recall"].setdefault(name, {}).setdefault(str(lag), []).append(round(right, 3))
            lag = SETTINGS["lag"]
            right = stage["recall_accuracy"](make_layer(stage, name, seed), lag, SETTINGS["longer"])
            result["longer"].setdefault(name, []).append(round(right, 3))
            right = faster["recall_accuracy"](make_layer(faster, name, seed), lag, SETTINGS["steps"])
            result["faster"].setdefault(name, []).append(round(right, 3))
            right = eight["recall_accuracy"](make_layer(eight, name, seed), lag, SETTINGS["longer"])
            result["eight"].setdefault(name, []).append(round(right, 3))
        step(seed)
    made = {"seeds": list(seeds), "threads": 1, "torch": torch.__version__, "settings": SETTINGS}
    return {**made, **result}


def main() -> None:
    result = collect(SEEDS, lambda seed: print(f"seed {seed + 1} of {len(SEEDS)}", flush=True))
    text = json.dumps(result, indent=1)
    text = re.sub(r"\[[^\[\]]*\]", lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    STORED.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {STORED.name}")
    for name in LAYERS:
        felt = sorted(result["gradient"][name])
        print(f"{name:22} lag 90: {felt[0]:.0e} {felt[len(felt) // 2]:.0e} {felt[-1]:.0e}  learned (>= 0.95):", end=" ")
        columns = {f"lag {lag}": values for lag, values in result["recall"][name].items()}
        columns |= {"longer": result["longer"][name], "faster": result["faster"][name], "eight": result["eight"][name]}
        for column, values in columns.items():
            print(f"{column} {sum(v >= 0.95 for v in values)} (mean {sum(values) / len(values):.2f})", end="  ")
        print()


if __name__ == "__main__":
    main()
