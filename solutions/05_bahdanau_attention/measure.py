"""Make `datasets/attention_runs.json`: runs of the translator in three ways. About ten minutes of a free core.

    python solutions/05_bahdanau_attention/measure.py
    python solutions/05_bahdanau_attention/measure.py said    # only `said`; the rest of the file stays

The model, the training and the measures are those of `notebook.py`; one thread, fixed seeds, so that a second run on
the same computer gives the same file. `runs` holds for every seed the share of exact translations of the test, the
alignment error rate there, and the shares by length. `longer` holds what four times as many steps give. `said` holds
what the three models of seed 0 write for the three sentences that travel through stages 04 to 07.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from autograder.stage.read import code_cells

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "attention_runs.json"
SEEDS = {"additive": range(20), "static": range(5), "none": range(5)}
LONGER_SEEDS = {"static": range(2), "none": range(2)}
SETTINGS: dict[str, dict[str, Any]] = {
    "additive": {"score": "additive_score", "attend": True, "steps": 800},
    "static": {"score": "linear_score", "attend": True, "steps": 800},
    "none": {"score": "additive_score", "attend": False, "steps": 800},
}
LONGER = {name: {**SETTINGS[name], "steps": 3200} for name in ("static", "none")}

Run = dict[str, Any]


def load_stage() -> dict[str, Any]:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: dict[str, Any] = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    order = ["setup", *exercises, *given]  # a provided class is only used when an exercise runs
    for name in dict.fromkeys(order):
        source = {**given, **exercises}[name]
        exec(compile(source, f"<{name}>", "exec"), stage)
    return stage


def train(stage: dict[str, Any], settings: dict[str, Any], seed: int) -> Any:
    torch.set_num_threads(1)
    options = {**settings, "score": stage[settings["score"]]}
    return stage["train_translator"](stage["corpus"].train, seed, **options)


def ask(stage: dict[str, Any], model: Any) -> Run:
    """Exact translations and alignment errors, on the test and by length."""
    corpus = stage["corpus"]
    by_length = [stage["exact"](model, pairs) for pairs in corpus.by_length.values()]
    long = [pair for length, pairs in corpus.by_length.items() if length >= 16 for pair in pairs]
    return {
        "exact": round(stage["exact"](model, corpus.test), 4),
        "aer": round(stage["alignment_error_rate"](model, corpus.test), 4),
        "exact_16": round(stage["exact"](model, long), 4),
        "aer_16": round(stage["alignment_error_rate"](model, long), 4),
        "by_length": [round(share, 2) for share in by_length],
    }


def say(stage: dict[str, Any]) -> dict[str, list[str]]:
    """The three travelling sentences, translated by the models of seed 0."""
    corpus = stage["corpus"]
    pairs = [corpus.test[0], corpus.by_length[10][5], corpus.by_length[22][3]]
    said = {"sentences": [" ".join(pair.source) for pair in pairs]}
    for name, settings in SETTINGS.items():
        written = train(stage, settings, 0).translate([pair.source for pair in pairs])
        said[name] = [" ".join(words) for words in written]
    return said


def collect(seeds: Any, longer_seeds: Any, step: Any = lambda *what: None) -> dict[str, Any]:
    """What the file holds."""
    stage = load_stage()
    found: dict[str, dict[str, list[Run]]] = {"runs": {}, "longer": {}}
    parameters = {}
    for kind, settings, chosen in (("runs", SETTINGS, seeds), ("longer", LONGER, longer_seeds)):
        for name in chosen:
            for seed in chosen[name]:
                model = train(stage, settings[name], seed)
                parameters[name] = sum(p.numel() for p in model.parameters())
                found[kind].setdefault(name, []).append(ask(stage, model))
                step(kind, seed, name, found[kind][name][-1])
    return {
        "seeds": {name: list(chosen) for name, chosen in seeds.items()},
        "longer_seeds": {name: list(chosen) for name, chosen in longer_seeds.items()},
        "threads": 1,
        "torch": torch.__version__,
        "settings": SETTINGS,
        "longer_settings": LONGER,
        "parameters": parameters,
        "lengths": list(stage["corpus"].by_length),
        "said": say(stage),
        **found,
    }


def dumps(result: dict[str, Any]) -> str:
    """JSON with one run on a line."""
    runs = {kind: result.pop(kind) for kind in ("runs", "longer")}
    lines = [f' "{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in result.items()]
    for kind, ways in runs.items():
        lines.append(f' "{kind}": {{')
        for name, of_way in ways.items():
            rows = ",\n".join("   " + json.dumps(run) for run in of_way)
            lines.append(f'  "{name}": [\n{rows}\n  ]' + ("," if name != list(ways)[-1] else ""))
        lines.append(" }" + ("," if kind == "runs" else ""))
    return "{\n" + "\n".join(lines) + "\n}\n"


def main() -> None:
    if sys.argv[1:] == ["said"]:
        old = json.loads(STORED.read_text(encoding="utf-8"))
        runs = {kind: old.pop(kind) for kind in ("runs", "longer")}
        STORED.write_text(dumps({**old, "said": say(load_stage()), **runs}), encoding="utf-8")
        return
    result = collect(SEEDS, LONGER_SEEDS, lambda *what: print(*what, flush=True))
    STORED.write_text(dumps(result), encoding="utf-8")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
