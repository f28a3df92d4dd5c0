"""Make `datasets/seq2seq_runs.json`: 20 runs of each way to build the antonym machine. About three minutes.

    python solutions/03_seq2seq/measure.py

The model, the loss, the typos and the decoding are those of `notebook.py`; one thread, fixed seeds, so that a
second run gives the same file. `runs` holds the answers to two mistyped words, to the six words and to 300 random
typos; `kinds` holds the share of right answers to every possible mistake, by its kind and place.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from autograder.stage.read import code_cells

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

KINDS = ["replace", "swap", "drop", "double", "insert"]
PLACES = ["first", "middle", "last"]

Run = dict[str, float]
Answer = Callable[[list[str]], list[str]]  # the words of a batch -> what the machine says


def load_stage() -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    for name, source in [*given.items(), *exercises.items()]:
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def one_seed(stage: dict[str, Any], seed: int) -> dict[str, Answer]:
    """Every way, trained once with this seed: name -> how it answers a list of words."""
    torch.set_num_threads(1)
    pairs = stage["PAIRS"]
    copied = stage["train_copied"](stage["make_batch"](pairs), seed)
    ways: dict[str, Answer] = {
        "copied, one pass": lambda words: stage["decode_in_one_pass"](copied, padded(stage, words)),
        "copied, own letters": lambda words: own_letters(stage, copied, words),
    }
    for name, settings in list(SETTINGS.items())[2:]:
        if name == "train":
            model = stage["train"](pairs, seed)
        else:
            model = train_variant(stage, seed, settings["typos"], settings["orthogonal"])
        ways[name] = lambda words, model=model: stage["greedy_decode"](model, words, 12)
    return ways


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


def ask(stage: dict[str, Any], answer: Answer) -> Run:
    """Both mistyped words, the six words (1 if right), and the share right of 50 typos of each word."""
    pairs, rng = stage["PAIRS"], random.Random(999)
    typos = [(stage["typo"](source, rng), target) for source, target in pairs for _ in range(50)]
    run: Run = {word: int(answer([word]) == [target]) for word, target in MISTYPED.items()}
    run["words"] = int(answer([source for source, _ in pairs]) == [target for _, target in pairs])
    said = answer([word for word, _ in typos])
    run["typos"] = round(sum(a == target for a, (_, target) in zip(said, typos, strict=True)) / len(typos), 3)
    return run


def every_mistake(stage: dict[str, Any], word: str) -> Iterator[tuple[str, str]]:
    """All single mistakes in the word, as ("kind place", mistyped word).

    The four kinds of `typo`, and "insert": a letter that is none of its two neighbours. The place of a swap is that
    of the pair of neighbours, the place of an insertion that of the gap; a word of two letters has one pair: "first".
    """

    def place(i: int, last: int) -> str:
        return "first" if i == 0 else "last" if i == last else "middle"

    n = len(word)
    for i in range(n):
        for letter in stage["LETTERS"]:
            if letter != word[i]:
                yield f"replace {place(i, n - 1)}", word[:i] + letter + word[i + 1 :]
        yield f"drop {place(i, n - 1)}", word[:i] + word[i + 1 :]
        yield f"double {place(i, n - 1)}", word[: i + 1] + word[i:]
    for i in range(n - 1):
        if word[i] != word[i + 1]:
            yield f"swap {place(i, n - 2)}", word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in range(n + 1):
        for letter in stage["LETTERS"]:
            if letter not in word[max(i - 1, 0) : i + 1]:
                yield f"insert {place(i, n)}", word[:i] + letter + word[i:]


def ask_kinds(stage: dict[str, Any], answer: Answer) -> Run:
    """The share of right answers to all single mistakes of each kind and place."""
    asked = [(kind, word, target) for source, target in stage["PAIRS"] for kind, word in every_mistake(stage, source)]
    right: dict[str, list[bool]] = {f"{kind} {place}": [] for kind in KINDS for place in PLACES}
    said = answer([word for _, word, _ in asked])
    for (kind, _, target), answered in zip(asked, said, strict=True):
        right[kind].append(answered == target)
    return {kind: round(sum(answers) / len(answers), 3) for kind, answers in right.items()}


def collect(seeds: Any, step: Any = lambda seed: None) -> dict[str, Any]:
    """What the file holds: for every way and question, and for every way, kind and place, one number per seed."""
    stage = load_stage()
    runs: dict[str, dict[str, list[float]]] = {name: {} for name in SETTINGS}
    kinds: dict[str, dict[str, list[float]]] = {name: {} for name in SETTINGS}
    for seed in seeds:
        for name, answer in one_seed(stage, seed).items():
            for kept, asked in ((runs, ask(stage, answer)), (kinds, ask_kinds(stage, answer))):
                for question, value in asked.items():
                    kept[name].setdefault(question, []).append(value)
        step(seed)
    made = {"seeds": list(seeds), "threads": 1, "torch": torch.__version__, "settings": SETTINGS}
    return {**made, "runs": runs, "kinds": kinds}


def main() -> None:
    result = collect(SEEDS, lambda seed: print(f"\rseed {seed + 1} of {len(SEEDS)}", end="", flush=True))
    text = json.dumps(result, indent=1).replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]")
    STORED.write_text(text + "\n", encoding="utf-8")
    print(f"\nwrote {STORED.name}")
    for name, run in result["runs"].items():
        both = sum(a and b for a, b in zip(run["highh"], run["kingh"], strict=True))
        print(f"{name:22} highh {sum(run['highh']):2}  kingh {sum(run['kingh']):2}  both {both:2}  "
              f"six words {sum(run['words']):2}  typos {min(run['typos']):.3f}–{max(run['typos']):.3f}")  # fmt: skip
    print(f"{'':22}", *(f"{kind:>8}{place:>7}" for kind in KINDS for place in PLACES))
    for name, kinds in result["kinds"].items():
        print(f"{name:22}", *(f"{sum(values) / len(values):15.2f}" for values in kinds.values()))


if __name__ == "__main__":
    main()
