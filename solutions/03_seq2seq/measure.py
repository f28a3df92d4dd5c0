"""Make `datasets/seq2seq_runs.json`: 20 runs of each way to build the antonym machine. About two minutes.

    python solutions/03_seq2seq/measure.py

The model, the loss, the typos and the decoding are those of `notebook.py`; one thread, fixed seeds, so that a
second run gives the same file.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from autograder.stage import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "seq2seq_runs.json"
SEEDS = range(20)
MISTYPED = {"highh": "low", "kingh": "queen"}
CLEAN = {"steps": 150, "H": 64, "learning_rate": "0.005, linear to 0", "optimizer": "Adam"}
SETTINGS: dict[str, dict[str, Any]] = {
    "copied, one pass": {"steps": 2000, "H": 128, "learning_rate": 0.001, "optimizer": "Adam", "typos": 0},
    "copied, own letters": {"same weights as": "copied, one pass"},
    "clean, torch's start": {**CLEAN, "typos": 0, "orthogonal": False},
    "clean, orthogonal": {**CLEAN, "typos": 0, "orthogonal": True},
    "typos, torch's start": {**CLEAN, "typos": 8, "orthogonal": False},
    "train": {**CLEAN, "typos": 8, "orthogonal": True},
}

Run = dict[str, float]


def load_stage() -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    for name, source in [*given.items(), *exercises.items()]:
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def one_seed(stage: dict[str, Any], seed: int) -> dict[str, Run]:
    """Every way once with this seed: name -> {highh, kingh, words: 1 if right, typos: share of right answers}."""
    torch.set_num_threads(1)
    pairs = stage["PAIRS"]
    copied = stage["train_copied"](stage["make_batch"](pairs), seed)
    runs = {
        "copied, one pass": ask(stage, lambda words: stage["decode_in_one_pass"](copied, padded(stage, words))),
        "copied, own letters": ask(stage, lambda words: own_letters(stage, copied, words)),
    }
    for name, settings in list(SETTINGS.items())[2:]:
        if name == "train":
            model = stage["train"](pairs, seed)
        else:
            model = train_variant(stage, seed, settings["typos"], settings["orthogonal"])
        runs[name] = ask(stage, lambda words, model=model: stage["greedy_decode"](model, words, 12))
    return runs


def train_variant(stage: dict[str, Any], seed: int, typos: int, orthogonal: bool) -> Any:
    """The notebook's `train` with one or two things left out; with both of them left in it is `train`."""
    solved = dict(stage)
    if not typos:
        solved["make_batch"] = lambda batch, seq_len: stage["make_batch"](batch[: len(stage["PAIRS"])], seq_len)
    if not orthogonal:
        solved["Seq2Seq"] = lambda V, H: torch_start(stage["Seq2Seq"](V, H))
    exec(compile(code_cells(HERE / "notebook.py", "exercise")["train"], "<train>", "exec"), solved)
    return solved["train"](stage["PAIRS"], seed)


def torch_start(model: Any) -> Any:
    """The same model, both RNNs as torch starts them."""
    model.encoder.reset_parameters()
    model.decoder.reset_parameters()
    return model


def padded(stage: dict[str, Any], words: list[str]) -> torch.Tensor:
    return stage["make_batch"]([(word, "") for word in words])[0]  # [B, 8], as in the copied training


def own_letters(stage: dict[str, Any], model: Any, words: list[str]) -> list[str]:
    """Greedy decoding for a model that must read rows padded to 8."""
    return stage["greedy_decode"](lambda _, y_in: model(padded(stage, words), y_in), words, 8)


def ask(stage: dict[str, Any], answer: Any) -> Run:
    """Both mistyped words, the six words, and 50 typos of each word that fit into seq_len 8."""
    pairs, rng = stage["PAIRS"], random.Random(999)
    typos = [(stage["typo"](source, rng), target) for source, target in pairs for _ in range(50)]
    run: Run = {word: int(answer([word]) == [target]) for word, target in MISTYPED.items()}
    run["words"] = int(answer([source for source, _ in pairs]) == [target for _, target in pairs])
    said = answer([word for word, _ in typos])
    run["typos"] = round(sum(a == target for a, (_, target) in zip(said, typos, strict=True)) / len(typos), 3)
    return run


def collect(seeds: Any, step: Any = lambda seed: None) -> dict[str, Any]:
    """What the file holds: for every way and question, one number per seed."""
    stage = load_stage()
    runs: dict[str, dict[str, list[float]]] = {name: {} for name in SETTINGS}
    for seed in seeds:
        for name, run in one_seed(stage, seed).items():
            for question, value in run.items():
                runs[name].setdefault(question, []).append(value)
        step(seed)
    return {"seeds": list(seeds), "threads": 1, "torch": torch.__version__, "settings": SETTINGS, "runs": runs}


def main() -> None:
    result = collect(SEEDS, lambda seed: print(f"\rseed {seed + 1} of {len(SEEDS)}", end="", flush=True))
    text = json.dumps(result, indent=1).replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]")
    STORED.write_text(text + "\n", encoding="utf-8")
    print(f"\nwrote {STORED.name}")
    for name, run in result["runs"].items():
        both = sum(a and b for a, b in zip(run["highh"], run["kingh"], strict=True))
        print(f"{name:22} highh {sum(run['highh']):2}  kingh {sum(run['kingh']):2}  both {both:2}  "
              f"six words {sum(run['words']):2}  typos {min(run['typos']):.3f}–{max(run['typos']):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
