"""Make `datasets/luong_runs.json`: translators with three kinds of attention, and two tasks with letters. About 10 minutes.

    python solutions/06_luong_attention/measure.py [runs] [letters]

Models, training and measures are those of `notebook.py` (Bahdanau's decoder is that of stage 05); one thread, fixed seeds.
`runs` holds for each kind and seed the share of exact translations of the test, the alignment error rate there with one link
for each word, and the CPU seconds of the training. `letters` holds the share of exact words of each length.
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
from autograder.stage import code_cells
from torch import nn

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "luong_runs.json"
SEEDS = range(5)
LETTER_SEEDS = range(3)
STEPS, LETTER_STEPS = 600, 500
LENGTHS = [4, 8, 12]
METHODS = {
    "dot": {"method": "dot"},
    "general": {"method": "general"},
    "dot, input feeding": {"method": "dot", "input_feeding": True},
}

Run = dict[str, Any]


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


def translator(here: Any, before: Any, kind: str, seed: int) -> Any:
    n = len(grammar.CHINESE)
    torch.manual_seed(seed)
    if kind == "Bahdanau":
        decoder: Any = Adapter(before["BahdanauDecoder"](n, 32, 64, 64, 32))
    else:
        decoder = here["LuongDecoder"](n, 32, 64, **METHODS[kind])
    model = here["Translator"](decoder, len(grammar.ENGLISH), 32, 64)
    pairs = here["corpus"].train
    return here["train"](model, here["make_batches"](pairs, STEPS, random.Random(seed)), STEPS)


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


def letters(here: Any, task: str, attend: bool, seed: int) -> list[float]:
    """The share of exact words of each of LENGTHS, 256 new words each."""
    torch.manual_seed(seed)
    model = here["Translator"](here["LuongDecoder"](29, 32, 64, "general"), 29, 32, 64, attend)
    generator = torch.Generator().manual_seed(seed)
    here["train"](model, here["letter_batches"](task, LETTER_STEPS, generator), LETTER_STEPS)
    shares = []
    for length in LENGTHS:
        [(source, _, y_out)] = here["letter_batches"](task, 1, generator, (length, length), 256)
        said = model.write(source, length + 3)
        shares.append(sum(a == b[:-1] for a, b in zip(said, y_out.tolist(), strict=True)) / len(said))
    return [round(share, 3) for share in shares]


def collect_runs(here: Any) -> dict[str, Any]:
    """The translators."""
    before = load_stage(
        "05_bahdanau_attention", {"setup", "start", "additive_score", "masked_softmax", "context", "BahdanauDecoder"}
    )
    runs: dict[str, list[Run]] = {}
    parameters: dict[str, int] = {}
    for seed in SEEDS:
        for kind in ("Bahdanau", *METHODS):
            begin = time.process_time()
            model = translator(here, before, kind, seed)
            seconds = round(time.process_time() - begin, 1)
            test = here["corpus"].test
            run = {"exact": round(here["exact"](model, test), 4), "aer": round(error_rate(model, test), 4)}
            runs.setdefault(kind, []).append({**run, "seconds": seconds})
            parameters[kind] = sum(p.numel() for p in model.parameters())
            print(kind, seed, runs[kind][-1], flush=True)
    return {"seeds": list(SEEDS), "steps": STEPS, "parameters": parameters, "runs": runs}


def collect_letters(here: Any) -> dict[str, Any]:
    """The two tasks with letters."""
    found: dict[str, list[list[float]]] = {}
    for seed in LETTER_SEEDS:
        for task in ("sort", "reverse"):
            for attend in (False, True):
                key = f"{task}, {'attention' if attend else 'none'}"
                found.setdefault(key, []).append(letters(here, task, attend, seed))
                print(key, seed, found[key][-1], flush=True)
    return {"letter_seeds": list(LETTER_SEEDS), "letter_steps": LETTER_STEPS, "lengths": LENGTHS, "letters": found}


def dumps(result: dict[str, Any]) -> str:
    """JSON with one run on a line."""
    groups = {kind: result.pop(kind, {}) for kind in ("runs", "letters")}
    lines = [f' "{key}": {json.dumps(value)},' for key, value in result.items()]
    for kind, ways in groups.items():
        lines.append(f' "{kind}": {{')
        for name, of_way in ways.items():
            rows = ",\n".join("   " + json.dumps(run) for run in of_way)
            lines.append(f'  "{name}": [\n{rows}\n  ]' + ("," if name != list(ways)[-1] else ""))
        lines.append(" }" + ("," if kind == "runs" else ""))
    return "{\n" + "\n".join(lines) + "\n}\n"


def main() -> None:
    torch.set_num_threads(1)
    here = load_stage("06_luong_attention", {"setup", "attend", "luong_score", "LuongDecoder", "translator", "letters"})
    halves = {"runs": collect_runs, "letters": collect_letters}
    result = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}
    for half in sys.argv[1:] or halves:
        result |= halves[half](here)
    STORED.write_text(dumps({**result, "threads": 1, "torch": torch.__version__}), encoding="utf-8")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
