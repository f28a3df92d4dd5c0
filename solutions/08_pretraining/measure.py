"""The runs of stage 08: `datasets/pretraining_runs.json`, and the weights `datasets/pretrained_encoder.pt`.

    .venv/bin/python solutions/08_pretraining/measure.py              # all parts, some 20 minutes
    .venv/bin/python solutions/08_pretraining/measure.py labels read  # these parts; the others stay

The models and the functions are those of the notebook, with the solutions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autograder.lab import entailment
from autograder.lab.entailment import Sentences
from autograder.stage.read import code_cells

Step = Callable[..., None]
HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "pretraining_runs.json"
WEIGHTS = HERE.parents[1] / "datasets" / "pretrained_encoder.pt"
READ, STEPS, LR, SHARE = 12000, 1200, 0.004, 0.2  # pairs to read, steps of 64 pairs, rate, share of words to hide
NUMBERS = (50, 100, 200, 500, 2000)  # labelled pairs
LABEL_SEEDS, READ_SEEDS = range(5), range(3)
WAYS = {  # (pre-trained weights?, the rate of the encoder: 0 is frozen, steps)
    "from scratch": (False, 1e-3, 600),
    "from scratch, four times the steps": (False, 1e-3, 2400),
    "from scratch, slower encoder": (False, 3e-4, 600),
    "frozen": (True, 0.0, 600),
    "fine-tuned, one rate": (True, 1e-3, 600),
    "fine-tuned, slower encoder": (True, 3e-4, 600),
}
CHANGES = ("words", "order")
WORD_NUMBERS = (50, 200, 2000)
WORD_WAYS = ("from scratch", "frozen", "fine-tuned, one rate", "fine-tuned, slower encoder")

Stage = dict[str, Any]
Labelled = tuple[entailment.Batch, torch.Tensor]


def load_stage() -> Stage:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: Stage = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    for name in [*given, *exercises]:
        exec(compile({**given, **exercises}[name], f"<{name}>", "exec"), stage)
    torch.set_num_threads(1)
    return stage


def labelled(quadruples: Sequence[entailment.Quadruple]) -> Labelled:
    pairs, labels = entailment.examples(quadruples)
    return entailment.batch(pairs), torch.tensor(labels)


def few(pairs: Labelled, number: int) -> Labelled:
    batch, labels = pairs
    return entailment.Batch(*(x[:number] for x in batch)), labels[:number]


def corpora(number: int = READ) -> dict[str, list[Sentences]]:
    """Three ways to read the same sentences."""
    restated = entailment.restated(number)
    single = [Sentences(s, (), ()) for pair in restated for s in (pair.premise, pair.hypothesis)]
    turned = [*restated[1:], restated[0]]
    unrelated = [Sentences(a.premise, b.hypothesis, ()) for a, b in zip(restated, turned, strict=True)]
    return {"restated pairs": restated, "unrelated pairs": unrelated, "single sentences": single}


def pretrain(stage: Stage, pairs: list[Sentences], seed: int, steps: int = STEPS, only_mask: bool = False) -> nn.Module:
    """A reader of 64 pairs a step, or of 128 single sentences: each has read as many."""
    torch.manual_seed(seed)
    model = stage["MaskedWordModel"]()
    generator = torch.Generator().manual_seed(seed)

    def loss(chosen: torch.Tensor) -> torch.Tensor:
        ids, segment, mask = entailment.batch([pairs[n] for n in chosen.tolist()])
        x, hidden = stage["mask_tokens"](ids, SHARE, generator)
        if only_mask:
            x = torch.where(hidden, entailment.MASK, ids)
        return stage["masked_lm_loss"](model(x, segment, mask), ids, hidden)

    rows = 64 if pairs[0].hypothesis else 128
    stage["train"](model, loss, len(pairs), seed, steps, LR, batch_size=rows)
    return model.eval()


def classify(
    stage: Stage,
    weights: Path | None,
    encoder_lr: float,
    learn: Labelled,
    seed: int,
    steps: int = 600,
    features: Any = None,
) -> nn.Module:
    """A classifier that has learned from these pairs."""
    torch.manual_seed(seed)
    model = stage["PairClassifier"](features or stage["pair_features"])
    if weights is not None:
        stage["load_pretrained"](model, weights)
    pairs, labels = learn
    if encoder_lr == 0:
        stage["freeze"](model, ["encoder"])
        with torch.no_grad():
            vectors = model.features(model.encoder(*pairs), pairs.segment, pairs.mask)

    def loss(chosen: torch.Tensor) -> torch.Tensor:
        if encoder_lr == 0:  # the features never change: they are computed once
            return nn.functional.cross_entropy(model.head(vectors[chosen]), labels[chosen])
        return nn.functional.cross_entropy(model(*(x[chosen] for x in pairs)), labels[chosen])

    groups = stage["parameter_groups"](model, 1e-3, encoder_lr)
    stage["train"](model, loss, len(labels), seed, steps, groups=groups)
    return model.eval()


def by_words(stage: Stage) -> Any:
    def features(states: torch.Tensor, segment: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found, _ = stage["attention_entailment"](states, states, mask & (segment == 0), mask & (segment == 1))
        return found

    return features


def right(model: nn.Module, test: Labelled) -> float:
    with torch.no_grad():
        return round(float((model(*test[0]).argmax(dim=1) == test[1]).float().mean()), 3)


def save(model: nn.Module, path: Path) -> None:
    torch.save(model.state_dict(), path)


def own_words(
    stage: Stage, model: nn.Module, quadruples: Sequence[entailment.Quadruple], hide: bool = True
) -> torch.Tensor:
    """own_word_score of the four pairs of each quadruple, [number, 4]; without hiding if `hide` is False."""
    pairs, _ = entailment.examples(quadruples)
    scores = []
    for pair in pairs:
        ids, segment, mask = entailment.batch([pair])
        p, h = ids[0, : len(pair.premise)], ids[0, len(pair.premise) + 1 : -1]
        if hide:
            scores.append(stage["own_word_score"](model, p, h))
            continue
        with torch.no_grad():
            said = model(ids, segment, mask)[0, len(p) + 1 : -1].log_softmax(dim=1)
        scores.append(said[torch.arange(len(h)), h].mean().item())
    return torch.tensor(scores).view(-1, 4)


def best_threshold(scores: torch.Tensor, labels: torch.Tensor) -> float:
    """The score that divides these pairs best."""
    return max(scores.tolist(), key=lambda t: float(((scores >= t) == labels.bool()).float().mean()))


def without_labels(scores: torch.Tensor) -> float:
    """How often the true hypothesis of a premise has the larger score than the false one."""
    return round(float(torch.cat([scores[:, 0] > scores[:, 2], scores[:, 1] > scores[:, 3]]).float().mean()), 3)


def weights(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    """The stored reader."""
    model = pretrain(stage, entailment.restated(READ), 0, 20 if quick else STEPS)
    save(model, WEIGHTS)
    return {"parameters": sum(parameter.numel() for parameter in model.parameters())}


def score(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    """What the stored reader says of true and false pairs: without labels, and with a threshold from some labels."""
    model = stage["MaskedWordModel"]()
    stage["load_pretrained"](model, WEIGHTS)
    model.eval()
    learn, test = (entailment.quadruples(20 if quick else 500, seed=seed) for seed in (1, 2))
    known, new = own_words(stage, model, learn), own_words(stage, model, test)
    labels = torch.tensor([1, 1, 0, 0])
    found: dict[str, Any] = {"no labels": {}, "threshold": {}}
    for change in CHANGES:
        found["no labels"][change] = without_labels(new[[q.change == change for q in test]])
    for number in NUMBERS[:quick]:
        pairs = known.flatten()[:number]
        limit = best_threshold(pairs, labels.repeat(len(known))[: len(pairs)])
        right = ((new >= limit) == labels.bool()).float()
        shares = {change: right[[q.change == change for q in test]].mean() for change in CHANGES} | {
            "new": right.mean()
        }
        found["threshold"][str(number)] = {name: round(float(share), 3) for name, share in shares.items()}
    step("score", found)
    return found


def labels(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    learn, test = labelled(entailment.quadruples(500, seed=1)), labelled(entailment.quadruples(500, seed=2))
    found: dict[str, Any] = {}
    for way, (old, rate, steps) in WAYS.items():
        for number in NUMBERS[:quick]:
            runs = []
            for seed in LABEL_SEEDS[:quick]:
                model = classify(stage, WEIGHTS if old else None, rate, few(learn, number), seed, steps)
                runs.append({"new": right(model, test), "own": right(model, few(learn, number))})
            found.setdefault(way, {})[str(number)] = {of: [run[of] for run in runs] for of in ("new", "own")}
            step("labels", way, number, runs)
    return found


def read(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    """What was read, and what can then be learned from 200 and 2,000 labels; with 2,000 also in four times the steps."""
    learn, test = labelled(entailment.quadruples(500, seed=1)), labelled(entailment.quadruples(500, seed=2))
    found: dict[str, Any] = {}
    for name, pairs in corpora().items():
        for seed in READ_SEEDS[:quick]:
            path = HERE / f"{seed}.pt.tmp"
            save(pretrain(stage, pairs, seed, 20 if quick else STEPS), path)
            for label, number, steps in (("200", 200, 600), ("2000", 2000, 600), ("2000, four times", 2000, 2400))[
                :quick
            ]:
                model = classify(stage, path, 1e-3, few(learn, number), seed, steps)
                found.setdefault(name, {}).setdefault(label, []).append(right(model, test))
            path.unlink()
        step("read", name, found[name])
    return found


def masks(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    """80/10/10 beside MASK in all chosen places."""
    learn, test = labelled(entailment.quadruples(500, seed=1)), entailment.quadruples(500, seed=2)
    pairs = entailment.restated(READ)
    found: dict[str, Any] = {}
    for name, only_mask in (("80/10/10", False), ("MASK only", True)):
        for seed in READ_SEEDS[:quick]:
            path = HERE / f"{seed}.pt.tmp"
            model = pretrain(stage, pairs, seed, 20 if quick else STEPS, only_mask)
            save(model, path)
            some = test[: 20 if quick else 200]
            run = {
                "scored with MASK": without_labels(own_words(stage, model, some)),
                "scored without MASK": without_labels(own_words(stage, model, some, hide=False)),
            }
            for number in (200, 2000)[:quick]:
                tuned = classify(stage, path, 1e-3, few(learn, number), seed)
                run[f"fine-tuned, {number}"] = right(tuned, labelled(test))
            path.unlink()
            found.setdefault(name, []).append(run)
            step("masks", name, run)
    return found


def pointing(stage: Stage, model: nn.Module, quadruples: Sequence[entailment.Quadruple]) -> dict[str, float]:
    """Of true pairs: how often the largest weight of a word of h is at the same word of p; and for chance, 1 / words."""
    pairs = [pair for q in quadruples for pair in (q.first, q.second)]
    batch = entailment.batch(pairs)
    with torch.no_grad():
        states = model.encoder(*batch)
        p, h = batch.mask & (batch.segment == 0), batch.mask & (batch.segment == 1)
        _, weights = stage["attention_entailment"](states, states, p, h)
    hits, chance, first = [], [], []
    for n, pair in enumerate(pairs):
        start = len(pair.premise) + 1
        for place, link in enumerate(pair.links):
            hits.append(weights[n, start + place].argmax().item() == link)
            first.append(link == place)
            chance.append(1 / start)
    return {"pointing": mean(hits), "same place": mean(first), "chance": mean(chance)}


def mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3)


def words(stage: Stage, step: Step, quick: int | None) -> dict[str, Any]:
    """Word by word in place of the two means: the share right, and where the weights point."""
    learn, test = labelled(entailment.quadruples(500, seed=1)), entailment.quadruples(500, seed=2)
    found: dict[str, Any] = {}
    for way in WORD_WAYS:
        old, rate, steps = WAYS[way]
        for number in WORD_NUMBERS[:quick]:
            runs = []
            for seed in READ_SEEDS[:quick]:
                weights = WEIGHTS if old else None
                model = classify(stage, weights, rate, few(learn, number), seed, steps, by_words(stage))
                of = {change: labelled([q for q in test if q.change == change]) for change in CHANGES}
                shares = {"new": right(model, labelled(test))} | {
                    name: right(model, pairs) for name, pairs in of.items()
                }
                runs.append(shares | pointing(stage, model, test))
            found.setdefault(way, {})[str(number)] = {of: [run[of] for run in runs] for of in runs[0]}
            step("words", way, number, runs)
    return found


PARTS = {part.__name__: part for part in (weights, score, labels, read, masks, words)}


def collect(names: Any = PARTS, step: Step = lambda *what: None, quick: bool = False) -> dict[str, Any]:
    """These parts of what the file holds. `quick`: one seed and the smallest sizes."""
    stage = load_stage()
    return {name: PARTS[name](stage, step, 1 if quick else None) for name in PARTS if name in names}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        raise SystemExit(f"measure.py: no such part: {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}")
    kept = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    made = collect(names, lambda *what: print(*what, flush=True))
    parts = {name: made.get(name, kept.get(name)) for name in PARTS if name in made or name in kept}
    result = {"threads": 1, "torch": torch.__version__, **parts}
    STORED.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
