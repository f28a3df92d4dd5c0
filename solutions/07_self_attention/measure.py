"""Make `datasets/transformer_runs.json`: a Transformer beside the translators of stages 05 and 06, and two writers.

    python solutions/07_self_attention/measure.py
    python solutions/07_self_attention/measure.py writers    # only this part; the rest of the file stays

About six minutes of a free core. Models, training and measures are those of the three notebooks (the writer's RNN is
that of stage 01); one thread, fixed seeds. For each seed the three translators are trained one after the other, so that
their CPU seconds can be compared. `translators` holds for each of them and for each seed the share of exact
translations of the test, the alignment error rate there with one link for each word, the shares by length, the
seconds, and three translations. `writers` holds the mean loss at the letters 1 to 5 and 11 to 40 of all pieces of the
text of stage 01, and the seconds.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from autograder.course.layout import Course
from autograder.course.layout import Stage as CourseStage
from autograder.lab import grammar
from autograder.stage.read import code_cells, read_stage
from torch import nn

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "transformer_runs.json"
SEEDS = range(3)
STEPS = {"transformer": 800, "additive": 800, "dot": 600}  # those of the three pages
MODELS = ("class Transformer(", "def make_batches", "TEXT =")  # how the cells with the two Transformers begin
Stage = dict[str, Any]


def load_stage() -> Stage:
    """What the notebook's `setup`, its solved exercises, and the cells with the two Transformers define."""
    stage: Stage = {"__name__": "stage"}
    for cell in read_stage(CourseStage(Course(HERE.parents[1]), HERE.name)).cells:
        if cell.kind == "exercise" or cell.id == "setup" or (cell.kind == "demo" and cell.source.startswith(MODELS)):
            exec(compile(cell.source, f"<{cell.id or 'demo'}>", "exec"), stage)
    return stage


def other(slug: str) -> Any:
    """The measure.py of another stage."""
    spec = importlib.util.spec_from_file_location(f"measure_{slug}", HERE.parent / slug / "measure.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_others() -> dict[str, Stage]:
    """Stages 05 and 06, as far as their translators need it."""
    names = {"setup", "attend", "luong_score", "LuongDecoder", "translator", "training"}
    return {
        "additive": other("05_bahdanau_attention").load_stage(),
        "dot": other("06_luong_attention").load_stage("06_luong_attention", names),
    }


def train(stage: Stage, others: dict[str, Stage], kind: str, seed: int, steps: int) -> Any:
    """One translator, trained as on its page."""
    torch.set_num_threads(1)
    pairs = grammar.corpus().train
    if kind == "transformer":
        return stage["train_transformer"](pairs, seed, steps)
    there = others[kind]
    if kind == "additive":
        return there["train_translator"](pairs, seed, steps)
    torch.manual_seed(seed)
    decoder = there["LuongDecoder"](len(grammar.CHINESE), 32, 64, "dot")
    model = there["Translator"](decoder, len(grammar.ENGLISH), 32, 64)
    return there["train"](model, there["make_batches"](pairs, steps, random.Random(seed)), steps)


def said(model: Any, pairs: list[grammar.Pair]) -> list[tuple[str, ...]]:
    if hasattr(model, "translate"):  # stage 05
        return [tuple(words) for words in model.translate([pair.source for pair in pairs])]
    rows = model.write(grammar.batch(pairs).source, 40)
    return [tuple(grammar.CHINESE[i] for i in row) for row in rows]


def exact(model: Any, pairs: list[grammar.Pair]) -> float:
    return sum(words == pair.target for words, pair in zip(said(model, pairs), pairs, strict=True)) / len(pairs)


def error_rate(model: Any, pairs: list[grammar.Pair]) -> float:
    """The alignment error rate over all links of all sentences, with the right words as inputs: stages 05 and 06."""
    source, y_in, _ = grammar.batch(pairs)
    hits = total = 0
    for alpha, pair in zip(model(source, y_in)[1].detach(), pairs, strict=True):
        links = set(enumerate(alpha[: len(pair.target), : len(pair.source)].argmax(dim=1).tolist()))
        hits += len(links & pair.sure) + len(links & pair.possible)
        total += len(links) + len(pair.sure)
    return 1 - hits / total


def translated(stage: Stage, others: dict[str, Stage], kind: str, seed: int, steps: int) -> dict[str, Any]:
    """Train one translator, and ask it."""
    begin = time.process_time()
    model = train(stage, others, kind, seed, steps)
    seconds = time.process_time() - begin
    corpus = grammar.corpus()
    travelling = [corpus.test[0], corpus.by_length[10][5], corpus.by_length[22][3]]
    return {
        "exact": round(exact(model, corpus.test), 4),
        "aer": round(error_rate(model, corpus.test), 4),
        "by_length": [round(exact(model, pairs), 2) for pairs in corpus.by_length.values()],
        "seconds": round(seconds, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "says": [" ".join(words) for words in said(model, travelling)],
    }


def translators(stage: Stage) -> Iterator[dict[str, Any]]:
    others = load_others()
    for seed in SEEDS:
        yield {kind: translated(stage, others, kind, seed, steps) for kind, steps in STEPS.items()}


class RnnWriter(nn.Module):
    """The writer of stage 01: an RNN of 64 units reads letters as one-hot vectors."""

    def __init__(self, there: Stage, n: int, seed: int) -> None:
        super().__init__()
        self.there, self.n = there, n
        self.cell = nn.ParameterList(there["new_cell"](n, 64, seed))
        torch.manual_seed(seed)
        self.out = nn.Linear(64, n)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = nn.functional.one_hot(ids, self.n).float()
        return self.out(self.there["rnn_forward"](x, torch.zeros(len(ids), 64), *self.cell)[0])


def written(stage: Stage, there: Stage, kind: str, seed: int) -> dict[str, float]:
    """Train one writer, with the recipe of stage 01."""
    torch.set_num_threads(1)
    begin = time.process_time()
    torch.manual_seed(seed)
    model = stage["Writer"]() if kind == "transformer" else RnnWriter(there, len(stage["SYMBOLS"]), seed)
    stage["train_writer"](model)
    seconds = time.process_time() - begin
    by_place = stage["loss_by_place"](model)
    return {
        "letters 1 to 5": round(by_place[:5].mean().item(), 3),
        "letters 11 to 40": round(by_place[10:].mean().item(), 4),
        "seconds": round(seconds, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def load_writer() -> Stage:
    """What the RNN of stage 01 needs."""
    there: Stage = {"__name__": "stage"}
    path = HERE.parent / "01_rnn_basics" / "notebook.py"
    cells = {**code_cells(path, "given"), **code_cells(path, "exercise")}
    for name in ("setup", "rnn_cell", "rnn_forward", "text"):
        exec(compile(cells[name], f"<{name}>", "exec"), there)
    return there


def writers(stage: Stage) -> Iterator[dict[str, Any]]:
    there = load_writer()
    for seed in SEEDS:
        yield {kind: written(stage, there, kind, seed) for kind in ("transformer", "rnn")}


PARTS = {part.__name__: part for part in (translators, writers)}


def dumps(result: dict[str, Any]) -> str:
    """JSON with one run on a line."""
    lines = [f' "{key}": {json.dumps(value)},' for key, value in result.items() if key not in PARTS]
    parts = []
    for name in PARTS:
        kinds = [
            f'  "{kind}": [\n' + ",\n".join("   " + json.dumps(run, ensure_ascii=False) for run in runs) + "\n  ]"
            for kind, runs in result[name].items()
        ]
        parts.append(f' "{name}": {{\n' + ",\n".join(kinds) + "\n }")
    return "{\n" + "\n".join(lines) + "\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        raise SystemExit(f"measure.py: no such part: {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}")
    result: dict[str, Any] = {
        "seeds": list(SEEDS),
        "steps": STEPS,
        "threads": 1,
        "torch": torch.__version__,
        "lengths": list(grammar.LENGTHS),
    }
    kept = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    result |= {name: kept.get(name, {}) for name in PARTS}
    stage = load_stage()
    for name in names:
        result[name] = {}
        for seed, runs in zip(SEEDS, PARTS[name](stage), strict=True):
            for kind, run in runs.items():
                result[name].setdefault(kind, []).append(run)
                print(kind, seed, run, flush=True)
            STORED.write_text(dumps(result), encoding="utf-8")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
