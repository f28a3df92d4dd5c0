"""Make `datasets/luong_runs.json`: translators with several kinds of attention, and two tasks with letters.

    python solutions/06_luong_attention/measure.py
    python solutions/06_luong_attention/measure.py clock    # only `clock`; the rest of the file stays

About 20 minutes. Models, training and measures are those of `notebook.py` (Bahdanau's decoder is that of stage 05); one
thread, fixed seeds. A run that the file holds already is not made again: to make it anew, take its line out of the file.
`runs` holds for each kind and seed (from 0 on) the share of exact translations of the test, the alignment error rate
there with one link for each word, and the CPU seconds of the training. `letters` holds the share of exact words of each
of `lengths`. `clock` holds the median milliseconds of one step of each decoder of 6.8, for each number of source words.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import torch
from autograder.lab import grammar
from autograder.stage.read import code_cells
from torch import nn

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "luong_runs.json"
SEEDS, LOCAL_SEEDS, LETTER_SEEDS = 10, 5, 3
STEPS = 600
LENGTHS = [4, 8, 12]
CLOCK_LENGTHS, CLOCK_TIMES, CLOCK_ROUNDS = [5, 10, 20, 40, 80, 160, 320, 640], 40, 5
METHODS: dict[str, dict[str, Any]] = {
    "dot": {"method": "dot"},
    "general": {"method": "general"},
    "concat": {"method": "concat"},
    "dot, input feeding": {"method": "dot", "input_feeding": True},
}
KINDS = ["Bahdanau", *METHODS]
LOCAL = {f"local {method}, D = {half}": (method, half) for half in (2, 4) for method in ("dot", "general")}
LETTERS = {
    "long": {"D": 128, "steps": 1000, "rate": 0.004},
    "short": {"D": 64, "steps": 500, "rate": 0.008},
}


def load_stage(name: str, wanted: set[str]) -> dict[str, Any]:
    """What these cells of a stage define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE.parent / name / "notebook.py"
    cells = {**code_cells(text, "given"), **code_cells(text, "exercise")}
    given = [key for key in code_cells(text, "given") if key in wanted]
    for key in dict.fromkeys([*given[:1], *(k for k in cells if k in wanted)]):  # `setup` first
        exec(compile(cells[key], f"<{key}>", "exec"), stage)
    return stage


class Adapter(nn.Module):
    """Bahdanau's decoder of stage 05, with a pair as its state."""

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.decoder = decoder

    def step(self, y: Any, state: Any, memory: Any, mask: Any) -> Any:
        logits, s, alpha = self.decoder.step(y, state[0], memory, mask)
        return logits, (s, state[1]), alpha


def make_decoder(here: Any, before: Any, kind: str) -> Any:
    """An untrained decoder of this kind."""
    n = len(grammar.CHINESE)
    if kind == "Bahdanau":
        return Adapter(before["BahdanauDecoder"](n, 32, 64, 64, 32))
    if kind in LOCAL:
        method, half = LOCAL[kind]
        decoder = here["LuongDecoder"](n, 32, 64, method)
        return here["LocalDecoder"](decoder, here["luong_score"], here["local_p_window"], half)
    return here["LuongDecoder"](n, 32, 64, **METHODS[kind])


def error_rate(model: Any, pairs: Any) -> float:
    """The alignment error rate over all links of all sentences, with the right words as inputs."""
    source, y_in, _ = grammar.batch(pairs)
    hits = total = 0
    for alpha, pair in zip(model(source, y_in)[1].detach(), pairs, strict=True):
        best = alpha[: len(pair.target), : len(pair.source)].argmax(dim=1).tolist()
        links = set(enumerate(best))
        hits += len(links & pair.sure) + len(links & pair.possible)
        total += len(links) + len(pair.sure)
    return 1 - hits / total


def translate(here: Any, before: Any, kind: str, seed: int) -> tuple[dict[str, float], int]:
    """Train one translator. Returns its measures and its number of parameters."""
    begin = time.process_time()
    torch.manual_seed(seed)
    model = here["Translator"](make_decoder(here, before, kind), len(grammar.ENGLISH), 32, 64)
    here["train"](model, here["make_batches"](here["corpus"].train, STEPS, random.Random(seed)), STEPS)
    seconds = round(time.process_time() - begin, 1)
    test = here["corpus"].test
    found = {
        "exact": round(here["exact"](model, test), 4),
        "aer": round(error_rate(model, test), 4),
        "seconds": seconds,
    }
    return found, sum(p.numel() for p in model.parameters())


def spell(here: Any, task: str, attend: bool, seed: int, D: int, steps: int, rate: float) -> list[float]:
    """The share of exact words of each of LENGTHS, 256 new words each."""
    torch.manual_seed(seed)
    model = here["Translator"](here["LuongDecoder"](29, 32, D, "general"), 29, 32, D, attend)
    generator = torch.Generator().manual_seed(seed)
    here["train"](model, here["letter_batches"](task, steps, generator), steps, rate)
    shares = []
    for length in LENGTHS:
        [(source, _, y_out)] = here["letter_batches"](task, 1, generator, (length, length), 256)
        said = model.write(source, length + 3)
        shares.append(sum(a == b[:-1] for a, b in zip(said, y_out.tolist(), strict=True)) / len(said))
    return [round(share, 3) for share in shares]


def clock(here: Any) -> dict[str, Any]:
    """The median of all rounds; in each round every decoder has its turn, so that a busy minute is shared by all."""
    torch.manual_seed(0)
    n_words = len(grammar.CHINESE)
    decoders = {"none": here["PlainDecoder"](n_words, 32, 64)}
    decoders |= {method: here["LuongDecoder"](n_words, 32, 64, method) for method in ("dot", "general", "concat")}
    found: dict[str, list[list[float]]] = {kind: [[] for _ in CLOCK_LENGTHS] for kind in decoders}
    for _ in range(CLOCK_ROUNDS):
        for i, n in enumerate(CLOCK_LENGTHS):
            for kind, decoder in decoders.items():
                found[kind][i].append(1000 * here["median_seconds"](decoder, n, CLOCK_TIMES))
    middle = {kind: [round(sorted(times)[CLOCK_ROUNDS // 2], 4) for times in rows] for kind, rows in found.items()}
    return {"lengths": CLOCK_LENGTHS, "times": CLOCK_TIMES, "rounds": CLOCK_ROUNDS, "batch": 32, "milliseconds": middle}


def dumps(result: dict[str, Any]) -> str:
    """JSON with one run on a line."""
    groups = {kind: result[kind] for kind in ("runs", "letters")}
    lines = [f' "{key}": {json.dumps(value)},' for key, value in result.items() if key not in groups]
    for kind, ways in groups.items():
        lines.append(f' "{kind}": {{')
        for name, of_way in ways.items():
            rows = ",\n".join("   " + json.dumps(run) for run in of_way)
            lines.append(f'  "{name}": [\n{rows}\n  ]' + ("," if name != list(ways)[-1] else ""))
        lines.append(" }" + ("," if kind == "runs" else ""))
    return "{\n" + "\n".join(lines) + "\n}\n"


def main() -> None:
    torch.set_num_threads(1)
    here = load_stage(
        "06_luong_attention",
        {
            "setup",
            "attend",
            "luong_score",
            "LuongDecoder",
            "translator",
            "training",
            "local_p_window",
            "local",
            "letters",
            "clock",
        },
    )
    before = load_stage(
        "05_bahdanau_attention", {"setup", "start", "additive_score", "masked_softmax", "context", "BahdanauDecoder"}
    )
    old = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {"runs": {}, "letters": {}}
    if sys.argv[1:] == ["clock"]:
        STORED.write_text(dumps({**old, "clock": clock(here)}), encoding="utf-8")
        return
    result: dict[str, Any] = {
        "steps": STEPS,
        "lengths": LENGTHS,
        "letter_settings": LETTERS,
        "threads": 1,
        "torch": torch.__version__,
        "parameters": old.get("parameters", {}),
        "clock": old.get("clock") or clock(here),
        "runs": {kind: old["runs"].get(kind, []) for kind in (*KINDS, *LOCAL)},
        "letters": {
            f"{task}, {eyes}, {setting}": old["letters"].get(f"{task}, {eyes}, {setting}", [])
            for setting in LETTERS
            for task in ("reverse", "sort")
            for eyes in ("attention", "none")
        },
    }

    def save(name: str, found: list[Any]) -> None:
        print(name, len(found) - 1, found[-1], flush=True)
        STORED.write_text(dumps(result), encoding="utf-8")

    def run(kind: str, seed: int) -> None:
        if seed == len(result["runs"][kind]):
            found, result["parameters"][kind] = translate(here, before, kind, seed)
            result["runs"][kind].append(found)
            save(kind, result["runs"][kind])

    for seed in range(LOCAL_SEEDS):
        for kind in (*KINDS, *LOCAL):
            run(kind, seed)
    for seed in range(LETTER_SEEDS):
        for name, found in result["letters"].items():
            if seed == len(found):
                task, eyes, setting = name.split(", ")
                found.append(spell(here, task, eyes == "attention", seed, **LETTERS[setting]))
                save(name, found)
    for seed in range(LOCAL_SEEDS, SEEDS):
        for kind in KINDS:
            run(kind, seed)


if __name__ == "__main__":
    main()
