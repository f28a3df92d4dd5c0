"""Make `datasets/seq2seq_runs.json`: 20 runs of each way to build the antonym machine. About ten minutes.

    python solutions/03_seq2seq/measure.py
    python solutions/03_seq2seq/measure.py recipes    # only `recipes`; the rest of the file stays

The model, the loss, the typos and the decoding are those of `notebook.py`; one thread, fixed seeds, so that a
second run gives the same file. `runs` holds the answers to two mistyped words, to the six words and to 300 random
typos; `kinds` holds the share of right answers to every possible mistake, by its kind and place. `recipes` holds, for
the copied recipe with other settings, the answers to the two mistyped words and to the six words, decoded in both ways.
"""

from __future__ import annotations

import json
import random
import sys
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
# The copied recipe with other settings; "end" is where the target has its E. In rows of 5 with 5,000 steps it stands in
# github.com/graykode/nlp-tutorial, 4-1.Seq2Seq.
RECIPES: dict[str, dict[str, Any]] = {
    "E, rows of 8, 500": {"E in the source": True, "end": "after the word", "row": 8, "steps": 500},
    "E, rows of 8, 2000": {"E in the source": True, "end": "after the word", "row": 8, "steps": 2000},
    "E, rows of 8, 3000": {"E in the source": True, "end": "after the word", "row": 8, "steps": 3000},
    "no E, rows of 8, 500": {"E in the source": False, "end": "after the word", "row": 8, "steps": 500},
    "no E, rows of 8, 2000": {"E in the source": False, "end": "after the word", "row": 8, "steps": 2000},
    "published, rows of 5, 5000": {"E in the source": False, "end": "after the pads", "row": 5, "steps": 5000},
    "published, rows of 8, 5000": {"E in the source": False, "end": "after the pads", "row": 8, "steps": 5000},
}
WAYS = ["in one pass", "own letters"]  # to decode

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


def recipe_batch(stage: dict[str, Any], pairs: list[tuple[str, str]], settings: dict[str, Any]) -> list[torch.Tensor]:
    """x, y_in and y_out as this recipe has them."""
    row, late = settings["row"], settings["end"] == "after the pads"
    width = row + 1 if late else row  # of y_in and y_out
    rows: list[list[list[int]]] = [[], [], []]
    for source, target in pairs:
        said = target.ljust(row, "P") + "E" if late else (target + "E").ljust(row, "P")
        read = source + "E" if settings["E in the source"] else source
        for kept, text in zip(rows, (read.ljust(row, "P"), ("S" + target).ljust(width, "P"), said), strict=True):
            kept.append(stage["to_ids"](text))
    return [torch.tensor(ids) for ids in rows]


@torch.no_grad()
def ask_recipe(stage: dict[str, Any], model: Any, settings: dict[str, Any]) -> Run:
    """Both ways to decode: 1 for each mistyped word that is answered right, and 1 if all six words are."""
    asked = {**MISTYPED, **dict(stage["PAIRS"])}
    x, y_in, _ = recipe_batch(stage, [(word, "") for word in asked], settings)
    own = y_in[:, :1]
    for _ in range(y_in.shape[1]):
        own = torch.cat([own, model(x, own)[:, -1:].argmax(-1)], dim=1)
    result: Run = {}
    for way, ids in zip(WAYS, (model(x, y_in).argmax(-1), own[:, 1:]), strict=True):
        said = [stage["to_text"](row).split("E")[0] for row in ids.tolist()]
        if settings["end"] == "after the pads":
            said = [text.replace("P", "") for text in said]
        right = [int(text == target) for text, target in zip(said, asked.values(), strict=True)]
        result |= {f"{way}, highh": right[0], f"{way}, kingh": right[1], f"{way}, words": min(right[2:])}
    return result


def collect_recipes(
    seeds: Any, step: Any = lambda seed: None, names: Any = tuple(RECIPES)
) -> dict[str, dict[str, list[float]]]:
    """For every recipe, way to decode and question, one number per seed."""
    torch.set_num_threads(1)
    stage = load_stage()
    found: dict[str, dict[str, list[float]]] = {name: {} for name in names}
    for seed in seeds:
        for name in names:
            settings = RECIPES[name]
            batch = recipe_batch(stage, stage["PAIRS"], settings)
            model = stage["train_copied"](batch, seed, steps=settings["steps"])
            for question, value in ask_recipe(stage, model, settings).items():
                found[name].setdefault(question, []).append(value)
        step(seed)
    return found


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
    def step(seed: int) -> None:
        print(f"\rseed {seed + 1} of {len(SEEDS)}", end="", flush=True)

    result = json.loads(STORED.read_text(encoding="utf-8")) if sys.argv[1:] == ["recipes"] else collect(SEEDS, step)
    result["recipe_settings"] = RECIPES
    result["recipes"] = collect_recipes(SEEDS, step)
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
    for name, questions in result["recipes"].items():
        print(f"{name:28}", *(f"{question} {sum(values):2}  " for question, values in questions.items()))


if __name__ == "__main__":
    main()
