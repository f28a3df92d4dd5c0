"""Make `datasets/decoding_runs.json`: 20 trainings of each kind of machine. About an hour on one core.

    python solutions/04_decoding/measure.py

`Machine`, `fit`, `answer` and all pieces are those of `notebook.py`; one thread, fixed seeds, so that a second run gives
the same file. `accuracy` and `edits` hold, for each kind and each length of the word, one number per seed: the share of
200 new words that are answered exactly right, and the mean edit distance to the right answer. `beam` holds, for the
machine "reverse, H = 64" and each length, the accuracy of greedy decoding and of a beam of 8 on 40 words, and how often the
machine finds the right answer more probable than the one that greedy decoding found, among the greedy mistakes of 200 words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from autograder.stage.read import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "decoding_runs.json"
SEEDS = range(20)
LENGTHS = [2, 4, 6, 8, 10, 12]
BEAM_LENGTHS = [4, 6, 8]
TRAINING = {
    "pairs": 10_000,
    "lengths": [1, 12],
    "steps": 800,
    "batch": 64,
    "D": 32,
    "learning rate": "one cycle, 0.004",
}
KINDS: dict[str, dict[str, Any]] = {
    "reverse, H = 32": {"task": "reverse", "H": 32},
    "reverse, H = 64": {"task": "reverse", "H": 64},
    "reverse, H = 128": {"task": "reverse", "H": 128},
    "sort, H = 128": {"task": "sort", "H": 128},
    "projected_last": {"task": "reverse", "H": 64, "how": "projected_last"},
    "projected_all": {"task": "reverse", "H": 64, "how": "projected_all"},
    "every step": {"task": "reverse", "H": 64, "decoder": "DecoderEvery"},
    "scheduled": {"task": "reverse", "H": 64, "p": 0.5},
    "reverse, H = 256": {"task": "reverse", "H": 256},
    "reverse, H = 64, 1600 steps": {"task": "reverse", "H": 64, "steps": 1600},
}

Table = dict[str, dict[str, list[float]]]  # kind -> length -> one number per seed


def load_stage() -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    for name, source in [*given.items(), *exercises.items()]:
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def train(stage: dict[str, Any], kind: str, seed: int) -> Any:
    """One machine of this kind, trained with this seed."""
    settings = KINDS[kind]
    torch.manual_seed(seed)
    decoder = stage[settings.get("decoder", "DecoderInit")](stage["V"], TRAINING["D"], settings["H"])
    machine = stage["Machine"](stage["encode"], stage["context"], decoder, settings.get("how", "last"))
    inputs: Callable[..., Any] | None = None
    if "p" in settings:
        generator = torch.Generator().manual_seed(seed)

        def inputs(gold: Any, predicted: Any, progress: float) -> Any:
            return stage["scheduled_inputs"](gold, predicted, settings["p"] * progress, generator)

    pairs = stage["make_pairs"](settings["task"], TRAINING["pairs"], *TRAINING["lengths"], seed=1)
    return stage["fit"](machine, pairs, settings.get("steps", TRAINING["steps"]), seed, inputs)


def ask(stage: dict[str, Any], machine: Any, task: str) -> tuple[dict[str, float], dict[str, float]]:
    """By length: the share of exactly right answers to 200 new words, and the mean edit distance."""
    accuracy, edits = {}, {}
    for n in LENGTHS:
        pairs = stage["make_pairs"](task, 200, n, n, seed=100 + n)
        said, targets = stage["answer"](machine, [word for word, _ in pairs]), [target for _, target in pairs]
        accuracy[str(n)] = stage["accuracy_by_length"](said, targets)[n]
        distances = [stage["edit_distance"](a, target) for a, target in zip(said, targets, strict=True)]
        edits[str(n)] = round(sum(distances) / len(distances), 3)
    return accuracy, edits


def log_p(stage: dict[str, Any], machine: Any, words: list[str], answers: list[str]) -> torch.Tensor:
    """log p of each answer with its E: float [B]."""
    _, y_in, y_out = stage["make_batch"](list(zip(words, answers, strict=True)))
    x, _, _ = stage["make_batch"]([(word, "") for word in words])
    each = machine(x, y_in).log_softmax(dim=-1).gather(-1, y_out.unsqueeze(-1)).squeeze(-1)
    return each.masked_fill(y_out == stage["P"], 0.0).sum(dim=1)


@torch.no_grad()
def ask_beam(stage: dict[str, Any], machine: Any) -> dict[str, dict[str, float]]:
    """By length: accuracy of greedy decoding and of a beam of 8, and the greedy mistakes that are search errors."""
    result: dict[str, dict[str, float]] = {"greedy": {}, "beam 8": {}, "search errors": {}}
    for n in BEAM_LENGTHS:
        pairs = stage["make_pairs"]("reverse", 200, n, n, seed=300 + n)
        words, targets = [word for word, _ in pairs], [target for _, target in pairs]
        said = stage["answer"](machine, words)
        better = log_p(stage, machine, words, targets) > log_p(stage, machine, words, said)
        mistakes = [i for i in range(200) if said[i] != targets[i]]
        result["search errors"][str(n)] = round(sum(bool(better[i]) for i in mistakes) / max(len(mistakes), 1), 3)
        right = 0
        for word, target in pairs[:40]:
            c = machine.read(stage["make_batch"]([(word, "")])[0])

            def step_fn(prefixes: torch.Tensor, c: torch.Tensor = c) -> torch.Tensor:
                return machine.decoder(prefixes, c.expand(len(prefixes), -1))[:, -1].log_softmax(dim=-1)

            tokens, _ = stage["beam_search"](step_fn, 8, n + 2, 1.0)[0]
            right += stage["to_text"](tokens).split("E")[0] == target
        result["greedy"][str(n)] = sum(a == t for a, t in zip(said[:40], targets, strict=False)) / 40
        result["beam 8"][str(n)] = right / 40
    return result


def collect(seeds: Any, kinds: list[str], step: Callable[[str], None] = lambda done: None) -> dict[str, Any]:
    """What the file holds."""
    torch.set_num_threads(1)
    stage = load_stage()
    accuracy: Table = {kind: {} for kind in kinds}
    edits: Table = {kind: {} for kind in kinds}
    beam: Table = {}
    for kind in kinds:
        for seed in seeds:
            machine = train(stage, kind, seed)
            for table, asked in zip((accuracy, edits), ask(stage, machine, KINDS[kind]["task"]), strict=True):
                for length, value in asked.items():
                    table[kind].setdefault(length, []).append(value)
            if kind == "reverse, H = 64":
                for name, by_length in ask_beam(stage, machine).items():
                    for length, value in by_length.items():
                        beam.setdefault(name, {}).setdefault(length, []).append(value)
            step(f"{kind}, seed {seed}: {accuracy[kind]['8'][-1]:.2f} at 8 letters")
    made = {"seeds": list(seeds), "threads": 1, "torch": torch.__version__, "training": TRAINING, "kinds": KINDS}
    return {**made, "accuracy": accuracy, "edits": edits, "beam": beam}


def main() -> None:
    result = collect(SEEDS, list(KINDS), lambda done: print(done, flush=True))
    text = json.dumps(result, indent=1).replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]")
    STORED.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {STORED.name}")
    for name in ("accuracy", "edits", "beam"):
        for kind, by_length in result[name].items():
            print(f"{name:9}{kind:18}", *(f"{n}: {sum(v) / len(v):.3f}" for n, v in by_length.items()))


if __name__ == "__main__":
    main()
