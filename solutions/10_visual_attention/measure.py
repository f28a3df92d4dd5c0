"""Make `datasets/visual_runs.json`: the stored runs of stage 10. About an hour and a half of two free cores.

    python solutions/10_visual_attention/measure.py MNIST_FOLDER

Networks, training and measures are those of `notebook.py`; one thread, fixed seeds, so that a second run on the same
computer gives the same file. MNIST_FOLDER has the four files of MNIST; without it they are looked for where
`digits.mnist` keeps them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from autograder.stage.read import code_cells
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "visual_runs.json"
READERS = ("simple", "one way", "mean", "linear", "additive")
ROW_SEEDS, SEEDS = range(5), range(3)

Stage = dict[str, Any]
Run = dict[str, float]


@cache
def load_stage() -> Stage:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: Stage = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    first = ["setup", "one_bias"]
    for name in [*first, *exercises, *(name for name in given if name not in first)]:
        exec(compile({**given, **exercises}[name], f"<{name}>", "exec"), stage)
    torch.set_num_threads(1)
    return stage


# Digits, row by row


def quick(model: nn.Module) -> nn.Module:
    """The same reader, a third faster: W [q; k] = W_q q + W_k k, and the keys' part is made once for all steps."""
    if getattr(model[0], "score", None) is not None:
        model[0].forward = partial(_quick_forward, model[0])
    return model


def _quick_forward(model: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    keys = model.encoder(x)[0].unflatten(2, (2, -1)).sum(dim=2)  # [B, T, H]
    additive = isinstance(model.score, nn.Sequential)
    first = model.score[0] if additive else model.score
    of_query, of_key = first.weight.split(keys.shape[2], dim=1)
    mapped = keys @ of_key.T + first.bias
    zeros = keys.new_zeros(1, len(x), keys.shape[2])
    state, outputs, maps = (zeros, zeros), [], []
    for _ in range(model.output_length):
        scores = mapped + (state[0][-1] @ of_query.T).unsqueeze(1)
        if additive:
            scores = model.score[2](torch.tanh(scores))
        weights = torch.softmax(scores.squeeze(2), dim=1)
        out, state = model.decoder(weights.unsqueeze(1) @ keys, state)
        outputs.append(model.linear(out[:, 0]))
        maps.append(weights)
    return torch.stack(outputs, dim=1), torch.stack(maps, dim=1)


def published(model: nn.Module, pictures: torch.Tensor, labels: torch.Tensor, seed: int, epochs: int = 25) -> None:
    """Batches of 128, RMSprop with the values that Keras has by default."""
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.RMSprop(learning, lr=1e-3, alpha=0.9, eps=1e-7)
    generator, n = torch.Generator().manual_seed(seed), len(pictures) // 128 * 128
    for _ in range(epochs):
        for chosen in torch.randperm(len(pictures), generator=generator)[:n].split(128):
            optimizer.zero_grad()
            F.cross_entropy(model(pictures[chosen]), labels[chosen]).backward()
            optimizer.step()


def rows(recipe: str, kind: str, folder: str | None, seed: int) -> float:
    """The share of test digits that a reader names: MNIST as published or with one cycle, or the drawn digits."""
    stage = load_stage()
    torch.manual_seed(seed)
    sizes = (28, 28, 32, 10, 10)
    if kind == "simple":
        inner = stage["SimpleSeq2Seq"](*sizes, (1, 2))
    else:
        inner = stage["AttentionSeq2Seq"](*sizes, 1, "mean" if kind == "one way" else kind)
    if kind == "one way":
        for name, p in inner.encoder.named_parameters():
            if name.endswith("_reverse"):  # with weights of 0 its states are 0, and add nothing to the others
                p.requires_grad_(False).zero_()
    model = quick(stage["reader"](inner))
    if recipe == "drawn":
        made = stage["digits"].make(10000, seed=10)
        learn, test = (made.images[:8000], made.labels[:8000]), (made.images[8000:], made.labels[8000:])
    else:
        learn, test = ((part.images, part.labels) for part in stage["digits"].mnist(folder))
    if recipe == "mnist":
        published(model, *learn, seed)
    else:
        epochs = 8 if recipe == "drawn" else 10
        stage["train_plain"](model, *learn, seed, epochs=epochs, lr=0.012, batch_size=128)
    return round(stage["share_right"](model, *test), 4)


# A digit among clutter


class WithChannel(nn.Module):
    """[B, 40, 40] -> [B, 1, 40, 40]"""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.unsqueeze(1)


def dense() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(1600, 80), nn.ReLU(), nn.Linear(80, 10))


def convolution() -> nn.Module:
    """Windows that see 11 × 11 pixels, at 13 × 13 places, and their maximum."""
    return nn.Sequential(
        WithChannel(), nn.Conv2d(1, 8, 5, stride=3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip


def large_convolution() -> nn.Module:
    return nn.Sequential(
        WithChannel(), nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


def row_weights(kind: str) -> list[str]:
    """The weights of the rows of one drawn digit, [10 steps, 28 rows], by a reader after five epochs."""
    stage = load_stage()
    made = stage["digits"].make(10000, seed=10)
    torch.manual_seed(0)
    model = stage["reader"](stage["AttentionSeq2Seq"](28, 28, 32, 10, 10, attention=kind))
    stage["train_plain"](model, made.images[:8000], made.labels[:8000], 0, epochs=5, lr=0.012, batch_size=128)
    with torch.no_grad():
        weights = model[0](made.images[8001:8002])[1][0]
    return [" ".join(f"{w:.7f}" for w in row) for row in weights.tolist()]


def multiplications(model: nn.Module, *words: Any) -> int:
    """Of the layers and products with weights, for one picture."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 40, 40), *words)
    return counter.get_total_flops() // 2  # it counts each multiplication with an addition


def tools(stage: Stage) -> tuple[Any, ...]:
    return tuple(stage[name] for name in ("glimpse", "place_to_loc", "hard_attention"))


def found(name: str, seed: int) -> Run:
    """One run of a way of 10.12: the share of new pictures that is right, and what it costs.

    Of a model with a policy also the shares when the cell is drawn from it, and when the likeliest one is taken.
    """
    stage, learn, test = load_stage(), slice(0, 16000), slice(16000, 17000)
    made = stage["digits"].cluttered(17000, seed=1)
    pictures, labels = made.images[learn], made.labels[learn]
    words: tuple[Any, ...] = ()
    torch.manual_seed(seed)
    begin = time.process_time()
    if name in PLAIN:
        make, lr = PLAIN[name]
        model = make()
        stage["train_plain"](model, pictures, labels, seed, lr=lr)
    else:
        looks, how, options = FINDERS[name]
        model, words = stage["Finder"](tools(stage), looks), (torch.Generator().manual_seed(seed), how)
        stage["train_finder"](model, stage["hybrid_loss"], pictures, labels, seed, how, **options)
    run = {"seconds": round(time.process_time() - begin, 1), "multiplications": multiplications(model, *words)}

    def right(*words: Any) -> float:
        with torch.no_grad():
            told = model(made.images[test], *words)
        return share(told[0] if words else told, made.labels[test])

    run["right"] = right(*words)
    if words and words[1] not in ("random", "ink"):  # they do not use the policy, and it has learned nothing
        run |= {way: right(words[0], way) for way in ("draw", "largest")}
    return run


# How many looks, how the cell is chosen, options of the training.
FINDERS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "two drawn looks": (2, "draw", {}),
    "two drawn looks, no baseline": (2, "draw", {"with_baseline": False}),
    "one drawn look": (1, "draw", {}),
    "three drawn looks": (3, "draw", {}),
    "two random looks": (2, "random", {}),
    "one look, at the most ink": (1, "ink", {}),
    "soft, a mean of 100 glimpses": (1, "soft", {}),
}
PLAIN: dict[str, tuple[Callable[[], nn.Module], float]] = {
    "one hidden layer (10.1)": (dense, 0.003),
    "a small convolution, everywhere": (convolution, 0.01),
    "a larger convolution": (large_convolution, 0.01),
}


def scattered(epochs: int, seed: int) -> Run:
    """How far the gradients of the policy scatter after so many epochs: 60 draws for the same 100 pictures.

    Without a baseline and with one: the mean squared distance of a gradient from the mean gradient. `right` is the share
    of right answers, and the baseline.
    """
    stage = load_stage()
    made = stage["digits"].cluttered(17000, seed=1)
    torch.manual_seed(seed)
    model = stage["Finder"](tools(stage))
    stage["train_finder"](model, stage["hybrid_loss"], made.images[:16000], made.labels[:16000], seed, epochs=epochs)
    policy = [*model.conv.parameters(), *model.W.parameters(), *model.U.parameters(), *model.v.parameters()]
    test, generator = slice(16000, 16100), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        usual = share(model(made.images[16000:], generator)[0], made.labels[16000:])
    gradients: dict[str, list[torch.Tensor]] = {"no baseline": [], "baseline": []}
    for _ in range(60):
        logits, log_probs, _, _ = model(made.images[test], generator)
        reward = (logits.argmax(dim=1) == made.labels[test]).float()
        for name, drawn in gradients.items():
            aim = ((reward - (usual if name == "baseline" else 0.0)) * log_probs.sum(dim=1)).mean()
            drawn.append(torch.cat([g.flatten() for g in torch.autograd.grad(aim, policy, retain_graph=True)]))
    run = {"right": usual}
    for name, drawn in gradients.items():
        every = torch.stack(drawn)
        run[name] = round((every - every.mean(dim=0)).square().sum(dim=1).mean().item(), 4)
    return run


def learning(seed: int) -> Run:
    """How the finder learns to look: after each epoch the share right, and of first looks in the box of the digit.

    `policies`: after 0, 2 and 10 epochs the first look's weights of the first test picture, 10 rows of 10.
    """
    stage = load_stage()
    made = stage["digits"].cluttered(17000, seed=1)
    test, boxes = slice(16000, 17000), made.boxes[16000:17000, :2]
    torch.manual_seed(seed)
    model = stage["Finder"](tools(stage))
    run: Run = {"right": [], "in the box": [], "policies": {}}

    def look() -> None:
        with torch.no_grad():
            logits, _, places, weights = model(made.images[test], torch.Generator().manual_seed(1))
        corner = torch.stack([places[:, 0] % 10, places[:, 0] // 10], dim=1) * 4 + 2 - boxes
        run["right"].append(share(logits, made.labels[test]))
        run["in the box"].append(round(((corner >= 0) & (corner < 16)).all(dim=1).float().mean().item(), 3))
        if (epoch := len(run["right"]) - 1) in (0, 2, 10):
            rows = weights[0, 0].view(10, 10).tolist()
            run["policies"][str(epoch)] = [" ".join(f"{w:.4f}" for w in row) for row in rows]

    steps = 0

    def watched(*words: Any) -> torch.Tensor:
        nonlocal steps
        if steps % 160 == 0:  # an epoch is 160 batches of 100
            look()
        steps += 1
        return stage["hybrid_loss"](*words)

    stage["train_finder"](model, watched, made.images[:16000], made.labels[:16000], seed)
    look()
    return run


def share(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return round((logits.argmax(dim=1) == labels).float().mean().item(), 3)


# Captions


def captioned(name: str, seed: int) -> Run:
    """One run of 10.15: captions that are right in every word, and how often both kinds of words point."""
    stage = load_stage()
    photos = stage["scenes"].make(2500, seed=9)
    captions = stage["describe"](photos.labels, swap=name == "words swapped")
    torch.manual_seed(seed)
    if name == "hard attention":
        decoder = hard_decoder(stage, seed)
    else:
        decoder = stage["CaptionDecoder"](len(stage["WORDS"]), 48, 16, 48)
    model = stage["Captioner"](decoder)
    if name == "mean of the places":
        model.decoder.v.weight.requires_grad_(False).zero_()  # all scores are 0
    begin = time.process_time()
    if name == "hard attention":
        train_hard(stage, model, photos.images[:2000], captions[:2000], seed)
    else:
        stage["train_captioner"](model, photos.images[:2000], captions[:2000], seed, epochs=10, lr=0.02, batch_size=64)
    seconds = time.process_time() - begin
    words, maps = stage["write"](model, photos.images[2000:])
    exact = (words[:, : captions.shape[1]] == captions[2000:]).all(dim=1).float().mean().item()
    run: Run = {"exact": round(exact, 3), "seconds": round(seconds, 1)}
    for whose, looked in (("", maps), (", map of another picture", stage["others"](maps, words))):
        points = stage["pointing_by_word"](looked, words, photos.masks[2000:], stage["NAMES"])
        for kind, which in (("adjective", 0), ("noun", 1)):
            ids = [stage["IDS"][phrase.split()[which]] for phrase in stage["PHRASES"]]
            hits = sum(points[i][0] * points[i][1] for i in ids if i in points)
            run[kind + whose] = round(hits / sum(points[i][1] for i in ids if i in points), 3)
    return run


def hard_decoder(stage: Stage, seed: int) -> Any:
    """A decoder that reads one drawn place for each word, and keeps the log-probabilities of the draws."""

    class HardDecoder(stage["CaptionDecoder"]):  # type: ignore[misc]
        def __init__(self, *sizes: int) -> None:
            super().__init__(*sizes)
            self.generator, self.drawn = torch.Generator().manual_seed(seed), list[torch.Tensor]()

        def step(self, word: torch.Tensor, state: torch.Tensor, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
            scores = self.v(torch.tanh(self.W(state).unsqueeze(1) + self.U(features))).squeeze(2)
            alpha = torch.softmax(scores, dim=1)
            place, log_prob = stage["hard_attention"](alpha, self.generator)
            self.drawn.append(log_prob)
            context = features[torch.arange(len(word)), place]
            state = self.cell(torch.cat([self.embedding(word), context], dim=1), state)
            return self.out(torch.cat([state, context], dim=1)), state, alpha

    return HardDecoder(len(stage["WORDS"]), 48, 16, 48)


def train_hard(stage: Stage, model: nn.Module, images: torch.Tensor, captions: torch.Tensor, seed: int) -> None:
    """The reward of a drawn place: the log-probabilities of its word and of those that follow."""
    there = stage["counted"](captions)

    def loss(i: torch.Tensor) -> torch.Tensor:
        model.decoder.drawn.clear()
        logits, _ = model(images[i], captions[i])
        each, counts = F.cross_entropy(logits.transpose(1, 2), captions[i], reduction="none"), there[i]
        reward = -(each.detach() * counts).flip(1).cumsum(dim=1).flip(1)
        baseline = (reward * counts).sum(dim=0) / counts.sum(dim=0).clamp(min=1)
        chosen = (reward - baseline) * torch.stack(model.decoder.drawn, dim=1)
        return ((each - 0.3 * chosen) * counts).sum() / counts.sum()

    stage["train"](model, loss, len(images), seed, epochs=10, lr=0.02, batch_size=64)


CAPTIONERS = ("soft attention", "words swapped", "hard attention", "mean of the places")


def tasks(folder: str | None) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Where a list of runs stands in the file: for each run the function and its arguments."""
    every: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for recipe, kinds, seeds in (
        ("mnist", READERS, ROW_SEEDS),
        ("drawn", READERS, ROW_SEEDS),
        ("one-cycle", ("simple", "additive"), SEEDS),
    ):
        for kind in kinds:
            every["rows", recipe, kind] = [(rows, recipe, kind, folder, seed) for seed in seeds]
    for kind in ("linear", "additive"):
        every["row weights", kind] = [(row_weights, kind)]
    for name in (*FINDERS, *PLAIN):
        every["finder", name] = [(found, name, seed) for seed in SEEDS]
    every["learning", "two drawn looks"] = [(learning, 0)]
    for epochs in (2, 10):
        every["scatter", f"after {epochs} epochs"] = [(scattered, epochs, seed) for seed in SEEDS]
    for name in CAPTIONERS:
        every["captions", name] = [(captioned, name, seed) for seed in SEEDS]
    return every


def main() -> None:
    result: dict[str, Any] = {"threads": 1, "torch": torch.__version__}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        every = tasks(sys.argv[1] if len(sys.argv) > 1 else None)
        waiting = {place: [pool.submit(*run) for run in runs] for place, runs in every.items()}
        for place, runs in waiting.items():
            inner = result
            for key in place[:-1]:
                inner = inner.setdefault(key, {})
            inner[place[-1]] = [run.result() for run in runs]
            print(*place, inner[place[-1]], flush=True)
    STORED.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
