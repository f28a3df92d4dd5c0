"""Make `datasets/decoding_runs.json`: 20 trainings of each kind of machine. About an hour on one core.

    python solutions/04_decoding/measure.py
    python solutions/04_decoding/measure.py translator    # only `translator`, some minutes; the rest of the file stays

`Machine`, `fit`, `answer` and all pieces are those of `notebook.py`; one thread, fixed seeds, so that a second run gives
the same file. `accuracy` and `edits` hold, for each kind and each length of the word, one number per seed: the share of
200 new words that are answered exactly right, and the mean edit distance to the right answer. `beam` holds, for the
machine "reverse, H = 64" and each length, the accuracy of greedy decoding and of a beam of 8 on 40 words, and how often the
machine finds the right answer more probable than the one that greedy decoding found, among the greedy mistakes of 200 words.
`translator` holds the same machine with English words in and Chinese words out: for each number of steps and each seed the
share of exact translations, of the test and by length, and what seed 0 writes for three sentences. Batches, learning rates
and sizes are those of `train_translator` in stage 05.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from autograder.lab import grammar
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
TRANSLATOR = {
    "decoder": "DecoderEvery",
    "how": "last",
    "sentences": 4000,
    "batch": 32,
    "D": 32,
    "H": 64,
    "learning rate": "as in stage 05",
}
TRANSLATOR_SEEDS = {"800": range(3), "3200": range(1)}  # steps -> seeds

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


def travelling() -> list[grammar.Pair]:
    """The three sentences that stages 04 to 07 translate."""
    corpus = grammar.corpus()
    return [corpus.test[0], corpus.by_length[10][5], corpus.by_length[22][3]]


def train_translator(stage: dict[str, Any], seed: int, steps: int) -> Any:
    """The machine of this stage with the words of the grammar, trained as stage 05 trains its translator."""
    sizes = TRANSLATOR["D"], TRANSLATOR["H"]
    torch.manual_seed(seed)
    decoder = stage[TRANSLATOR["decoder"]](len(grammar.CHINESE), *sizes)
    model = stage["Machine"](stage["encode"], stage["context"], decoder, TRANSLATOR["how"])
    model.embed = torch.nn.Embedding(len(grammar.ENGLISH), TRANSLATOR["D"])
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    pairs = grammar.corpus().train
    for i, (source, y_in, y_out) in enumerate(stage["make_batches"](pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits = model(source, y_in)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=grammar.P)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


@torch.no_grad()
def translate(model: Any, pairs: list[grammar.Pair], max_len: int = 40) -> list[tuple[str, ...]]:
    """Greedy decoding: the Chinese words for the English sentence of each pair."""
    c = model.read(grammar.batch(pairs).source)
    y_in = torch.full((len(pairs), 1), grammar.S)
    for _ in range(max_len):
        said = model.decoder(y_in, c)[:, -1].argmax(dim=-1)
        y_in = torch.cat([y_in, said.unsqueeze(1)], dim=1)
    rows = [row[: row.index(grammar.E)] if grammar.E in row else row for row in y_in[:, 1:].tolist()]
    return [tuple(grammar.CHINESE[i] for i in row) for row in rows]


def exact(model: Any, pairs: list[grammar.Pair]) -> float:
    """The share of these sentences that are translated without any mistake."""
    return sum(said == pair.target for said, pair in zip(translate(model, pairs), pairs, strict=True)) / len(pairs)


def collect_translator(seeds: dict[str, Any], step: Callable[[str], None] = lambda done: None) -> dict[str, Any]:
    """What `translator` holds."""
    torch.set_num_threads(1)
    stage, corpus = load_stage(), grammar.corpus()
    text = HERE.parent / "05_bahdanau_attention" / "notebook.py"
    batches: dict[str, Any] = {"__name__": "stage 05"}
    for name in ("setup", "translator"):
        exec(compile(code_cells(text, "given")[name], f"<{name}>", "exec"), batches)
    stage["make_batches"] = batches["make_batches"]
    runs: dict[str, dict[str, Any]] = {}
    for steps, chosen in seeds.items():
        run: dict[str, Any] = {"exact": [], "by_length": {str(length): [] for length in corpus.by_length}}
        for seed in chosen:
            model = train_translator(stage, seed, int(steps))
            run["exact"].append(round(exact(model, corpus.test), 4))
            for length, pairs in corpus.by_length.items():
                run["by_length"][str(length)].append(exact(model, pairs))
            if seed == 0:
                run["says"] = [" ".join(said) for said in translate(model, travelling())]
            step(f"translator, {steps} steps, seed {seed}: {run['exact'][-1]:.3f} of the test exact")
        runs[steps] = run
    return {
        "settings": TRANSLATOR,
        "seeds": {steps: list(chosen) for steps, chosen in seeds.items()},
        "parameters": sum(p.numel() for p in model.parameters()),
        "sentences": [" ".join(pair.source) for pair in travelling()],
        "right": [" ".join(pair.target) for pair in travelling()],
        "runs": runs,
    }


def dumps(result: dict[str, Any]) -> str:
    """JSON with the numbers of all seeds on a line; in `translator`, one length or one sentence on a line."""
    before = {name: value for name, value in result.items() if name != "translator"}
    text = json.dumps(before, indent=1).replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]")
    text = text.removesuffix("\n}") + ',\n "translator": '
    told = json.dumps(result["translator"], indent=1, ensure_ascii=False)
    told = re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda found: "[" + " ".join(found[1].split()) + "]", told)
    return text + told.replace("\n", "\n ") + "\n}\n"


def main() -> None:
    def step(done: str) -> None:
        print(done, flush=True)

    only = sys.argv[1:] == ["translator"]
    result = json.loads(STORED.read_text(encoding="utf-8")) if only else collect(SEEDS, list(KINDS), step)
    result["translator"] = collect_translator(TRANSLATOR_SEEDS, step)
    STORED.write_text(dumps(result), encoding="utf-8")
    print(f"wrote {STORED.name}")
    for name in ("accuracy", "edits", "beam"):
        for kind, by_length in result[name].items():
            print(f"{name:9}{kind:18}", *(f"{n}: {sum(v) / len(v):.3f}" for n, v in by_length.items()))


if __name__ == "__main__":
    main()
