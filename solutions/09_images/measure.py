"""Make `datasets/image_runs.json`: the stored runs of stage 09. About twenty minutes of a free core.

    python solutions/09_images/measure.py               all parts
    python solutions/09_images/measure.py second gate   these parts; the others stay as they are stored

Networks, training and measures are those of `notebook.py`; one thread, fixed seeds, so that a second run on the same
computer gives the same file. Another computer rounds in other places: the network of 9.1 is in three parts, `losses`,
`second` and `gate`, and the first of them, made elsewhere, differs from the others by up to 0.024. In `maps`, `maximum`
and what the gate is at its edge (from `exactly_one` on) were made where `second` and `gate` were; the gate's other
numbers differ there by up to 0.05. `exact` is the share
of the 500 test pictures in which all labels are right, `pointing` the share of the labels there whose map is brightest
in their region. What the other numbers are is said where they are computed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from autograder.stage.read import code_cells
from torch import nn

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "image_runs.json"
DEPTHS, WIDTH, DEPTH_SEEDS = (4, 12, 24), 12, range(3)
NUMBERS, TRANSFER_SEEDS = (20, 50, 100, 200, 500, 1000), range(3)
MAP_SEEDS = LOSS_SEEDS = range(3)
SECOND_SEEDS = GATE_SEEDS = range(10)  # the ways lie close together: three runs of each could not tell them apart
KINDS = ("label attention", "class activation", "spatial gate", "maximum")
SQUEEZED = 4  # R of `channel_attention`

Stage = dict[str, Any]


def load_stage() -> Stage:
    """The names that the provided cells and the solved exercises of the notebook define."""
    stage: Stage = {"__name__": "stage"}
    text = HERE / "notebook.py"
    given, exercises = code_cells(text, "given"), code_cells(text, "exercise")
    for name in ["setup", *exercises, *(name for name in given if name != "setup")]:
        exec(compile({**given, **exercises}[name], f"<{name}>", "exec"), stage)
    torch.set_num_threads(1)
    return stage


def exact(stage: Stage, model: nn.Module, part: str = "test") -> float:
    photos, of = stage["photos"], stage[part]
    with torch.no_grad():
        predicted = stage["predict_labels"](model(photos.images[of]))
    return round(float(stage["exact_match"](predicted, photos.labels[of])), 3)


def head(backbone: nn.Module, width: int = 48, pool: type[nn.Module] = nn.AdaptiveMaxPool2d) -> nn.Module:
    return nn.Sequential(backbone, pool(1), nn.Flatten(), nn.Linear(width, 5))


def without_norm(block: nn.Module) -> nn.Module:
    """The same block with nothing in the place of each batch norm."""
    for name, child in block.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(block, name, nn.Identity())
        else:
            without_norm(child)
    return block


def deep(stage: Stage, kind: str, norm: bool, depth: int, seed: int) -> dict[str, float]:
    """A first convolution with stride 2, then blocks of two convolutions each; right on new pictures and its own."""
    torch.manual_seed(seed)
    blocks = [stage[kind](WIDTH, WIDTH) for _ in range(depth // 2)]
    if not norm:
        blocks = [without_norm(block) for block in blocks]
    stem = [nn.Conv2d(3, WIDTH, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()]
    model = head(nn.Sequential(*stem, *blocks), WIDTH, nn.AdaptiveAvgPool2d)
    learn(stage, model, seed, lr=0.01)
    return {"new": exact(stage, model), "own": exact(stage, model, "learn")}


def learn(stage: Stage, model: nn.Module, seed: int, loss: str = "multilabel_loss", **options: Any) -> nn.Module:
    photos, part = stage["photos"], stage["learn"]
    targets = photos.labels[part].float()
    return stage["train"](model, photos.images[part], targets, stage[loss], seed, **options)


def transferred(stage: Stage, way: str, old: nn.Module, number: int, seed: int) -> float:
    """What `number` labelled pictures give, with a backbone that learned another task or none."""
    photos, test = stage["photos"], stage["test"]
    chosen = torch.randperm(2000, generator=torch.Generator().manual_seed(seed))[:number]
    images, targets = photos.images[chosen], photos.labels[chosen].float()
    frozen = way in ("frozen", "random, frozen")
    size = min(50, number)
    options = {"batch_size": size, "epochs": (800 if frozen else 200) * size // number}
    torch.manual_seed(seed)
    backbone = stage["small_backbone"]()
    if way in ("frozen", "fine-tuned"):
        backbone.load_state_dict(old.state_dict())
    model = head(backbone)
    if frozen:
        body = model[:3].eval()
        features = stage["extract_features"](body, torch.cat([images, photos.images[test]]))
        features = (features - features[:number].mean(dim=0)) / (features[:number].std(dim=0) + 1e-3)
        linear = stage["train"](
            model[3], features[:number], targets, stage["multilabel_loss"], seed, lr=0.05, **options
        )
        with torch.no_grad():
            predicted = stage["predict_labels"](linear(features[number:]))
        return round(float(stage["exact_match"](predicted, photos.labels[test])), 3)
    stage["train"](model, images, targets, stage["multilabel_loss"], seed, lr=0.01, **options)
    return exact(stage, model)


def old_backbone(stage: Stage, seed: int) -> nn.Module:
    """Learned to name desert, mountains and sea in 3,000 pictures of their own."""
    other = stage["scenes"].make(3000, seed=100 + seed)
    torch.manual_seed(seed)
    backbone = stage["small_backbone"]()
    model = nn.Sequential(backbone, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(48, 3))
    stage["train"](model, other.images, other.labels[:, :3].float(), stage["multilabel_loss"], seed)
    return backbone


class Gated(nn.Module):
    """The small backbone with `spatial_attention` behind it, or nothing; the mean or the maximum over the places.

    Without a gate the linear layer's weights, used at each place, give a map for each label. `before` keeps what the
    gate's last convolution gave, before the sigmoid.
    """

    def __init__(self, stage: Stage, gate: bool, maximum: bool = False) -> None:
        super().__init__()
        self.backbone, self.linear = stage["small_backbone"](), nn.Linear(48, 5)
        self.maximum, self.before = maximum, torch.empty(0)
        self.attend = stage["spatial_attention"] if gate else None
        self.conv = nn.Conv2d(2, 1, 7, padding=3) if gate else None
        if self.conv is not None:
            self.conv.register_forward_hook(lambda module, given, out: setattr(self, "before", out.detach()))

    def look(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.backbone(images)
        if self.attend is not None:
            maps, gate = self.attend(maps, self.conv)
            return self.linear(maps.mean(dim=(2, 3))), gate.expand(-1, 5, -1, -1)
        activation = torch.einsum("lc,bchw->blhw", self.linear.weight, maps)
        pooled = F.adaptive_max_pool2d(maps, 1).flatten(1) if self.maximum else maps.mean(dim=(2, 3))
        return self.linear(pooled), activation

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.look(images)[0]


def large(maps: torch.Tensor) -> torch.Tensor:
    return F.interpolate(maps, size=(32, 32), mode="bilinear", align_corners=False)


def looking(stage: Stage, kind: str, seed: int) -> Any:
    """A trained network that has a map for each label: `look(images)` gives logits and maps [B, 5, 16, 16]."""
    torch.manual_seed(seed)
    if kind == "label attention":
        model = stage["LabelNet"](stage["label_attention"])
    else:
        model = Gated(stage, "gate" in kind, kind == "maximum")
    return learn(stage, model, seed)


def pointed(stage: Stage, kind: str, seed: int) -> dict[str, Any]:
    photos, test = stage["photos"], stage["test"]
    model = looking(stage, kind, seed)
    with torch.no_grad():
        maps = large(model.look(photos.images[test])[1])
    masks, labels = photos.masks[test], photos.labels[test]
    play = stage["pointing_accuracy"]

    def by_label(maps: torch.Tensor) -> list[float]:
        return [play(maps[:, i : i + 1], masks[:, i : i + 1], labels[:, i : i + 1]) for i in range(5)]

    lit = maps.clamp(min=0) * labels[:, :, None, None]
    mass = float((lit * masks).sum() / lit.sum())
    found = {
        "exact": exact(stage, model),
        "pointing": round(play(maps, masks, labels), 3),
        "by_label": [round(share, 3) for share in by_label(maps)],
        "mass": round(mass, 3),
        "brightest": round(float(maps.amax(dim=(2, 3))[labels].mean()), 3),
        "darkest": round(float(maps.amin(dim=(2, 3))[labels].mean()), 3),
    }
    if "gate" in kind:
        # In float32 a sigmoid is exactly 1 for all large numbers, and then the first of them is the "brightest".
        with torch.no_grad():
            small = model.look(photos.images[test])[1][:, 0].flatten(1)
        before = large(model.before.expand(-1, 5, -1, -1))
        found["exactly_one"] = round(float((small == 1).float().mean()), 3)  # share of the places
        found["tied"] = round(float(((small == 1).sum(dim=1) > 1).float().mean()), 3)  # share of the pictures
        found["before_sigmoid"] = round(play(before, masks, labels), 3)
        found["before_by_label"] = [round(share, 3) for share in by_label(before)]
    return found


def softmax_loss(logits: torch.Tensor, multi_hot: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits, multi_hot / multi_hot.sum(dim=1, keepdim=True))


def compared(stage: Stage, loss: str, seed: int) -> dict[str, float]:
    """One network, learned with the sigmoid or with the softmax; the best threshold is chosen on the pictures of the learning."""
    photos, part, test = stage["photos"], stage["learn"], stage["test"]
    stage["softmax_loss"] = softmax_loss
    torch.manual_seed(seed)
    model = learn(
        stage, head(stage["small_backbone"]()), seed, "multilabel_loss" if loss == "sigmoid" else "softmax_loss"
    )
    if loss == "sigmoid":
        return {"half": exact(stage, model)}
    with torch.no_grad():
        known, new = (torch.softmax(model(photos.images[which]), dim=1) for which in (part, test))
    shares = [
        (stage["exact_match"](known >= t, photos.labels[part]), t) for t in torch.linspace(0.02, 0.5, 25).tolist()
    ]
    ways = {"half": new >= 0.5, "largest": new == new.amax(dim=1, keepdim=True), "tuned": new >= max(shares)[1]}
    return {way: round(float(stage["exact_match"](found, photos.labels[test])), 3) for way, found in ways.items()}


def second_layer(stage: Stage, kind: str) -> nn.Module:
    """From 24 to 48 channels: what stands in the small backbone in the place of its second convolution."""
    if kind == "inception":
        return stage["inception_block"](24, 12, (8, 16), (8, 12), 8)
    if kind == "1 × 1, then 3 × 3":
        return nn.Sequential(nn.Conv2d(24, 10, 1), nn.ReLU(), nn.Conv2d(10, 48, 3, padding=1, bias=False))
    side = int(kind[0])
    return nn.Conv2d(24, 48, side, padding=side // 2, bias=False)


def seconded(stage: Stage, kind: str, seed: int) -> dict[str, Any]:
    """Its convolutions (channels in, channels out, side of the window), and what the network then gets right."""
    torch.manual_seed(seed)
    backbone = stage["small_backbone"]()
    if kind != "3 × 3":  # which is there already
        backbone[3] = second_layer(stage, kind)
    model = learn(stage, head(backbone), seed)
    convolutions = [m for m in model[0][3].modules() if isinstance(m, nn.Conv2d)]
    return {
        "convolutions": [[conv.in_channels, conv.out_channels, conv.kernel_size[0]] for conv in convolutions],
        "exact": exact(stage, model),
    }


class ChannelGated(nn.Module):
    """The small backbone, `channel_attention` behind it or nothing, the maximum or the mean over the places, a layer."""

    def __init__(self, stage: Stage, pool: str, gate: bool) -> None:
        super().__init__()
        self.backbone, self.linear = stage["small_backbone"](), nn.Linear(48, 5)
        self.pool = nn.AdaptiveMaxPool2d(1) if pool == "maximum" else nn.AdaptiveAvgPool2d(1)
        self.attend = stage["channel_attention"]
        self.W1 = nn.Parameter(torch.randn(SQUEEZED, 48) / 48**0.5) if gate else None
        self.W2 = nn.Parameter(torch.randn(48, SQUEEZED) / SQUEEZED**0.5) if gate else None

    def gates(self, images: torch.Tensor) -> torch.Tensor:
        return self.attend(self.backbone(images), self.W1, self.W2)[1]

    def with_gates(self, images: torch.Tensor, gates: torch.Tensor) -> torch.Tensor:
        """The logits, with these gates [B, 48] or [48] in the place of its own."""
        return self.linear(self.pool(self.backbone(images)).flatten(1) * gates)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.backbone(images)
        if self.W1 is not None:
            maps = self.attend(maps, self.W1, self.W2)[0]
        return self.linear(self.pool(maps).flatten(1))


def gated(stage: Stage, pool: str, gate: bool, seed: int) -> dict[str, Any]:
    """What is right; what the gates are in the test pictures; what is right when each is replaced by its mean, or swapped."""
    photos, part, test = stage["photos"], stage["learn"], stage["test"]
    torch.manual_seed(seed)
    model = ChannelGated(stage, pool, gate)
    learn(stage, model, seed)
    found: dict[str, Any] = {"exact": exact(stage, model)}
    if not gate:
        return found
    images, labels = photos.images[test], photos.labels[test]
    with torch.no_grad():
        known, gates = model.gates(photos.images[part]), model.gates(images)  # [B, 48]
        for way, others in (("constant", known.mean(dim=0)), ("swapped", gates.roll(1, dims=0))):
            predicted = stage["predict_labels"](model.with_gates(images, others))
            found[way] = round(float(stage["exact_match"](predicted, labels)), 3)
    found["mean"] = round(float(gates.mean()), 3)
    found["over_pictures"] = round(float(gates.std(dim=0).mean()), 3)  # of a channel, the mean over the channels
    found["over_channels"] = round(float(gates.mean(dim=0).std()), 3)
    if seed == GATE_SEEDS[0]:
        order = gates.median(dim=0).values.argsort()
        for name, share in (("low", 0.05), ("middle", 0.5), ("high", 0.95)):  # of each channel, over the pictures
            found[name] = [round(x, 3) for x in gates.quantile(share, dim=0)[order].tolist()]
    return found


Step = Callable[..., None]


def losses(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for loss in ("sigmoid", "softmax"):
        for seed in LOSS_SEEDS[:few]:
            found.setdefault(loss, []).append(compared(stage, loss, seed))
            step("losses", loss, seed, found[loss][-1])
    return found


def maps(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in KINDS:
        for seed in MAP_SEEDS[:few]:
            found.setdefault(kind, []).append(pointed(stage, kind, seed))
            step("maps", kind, seed, found[kind][-1])
    return found


def as_rows(weights: torch.Tensor) -> list[str]:
    return [" ".join(f"{w:.5f}" for w in row) for row in weights.tolist()]


def misses(stage: Stage, step: Step, few: int | None) -> list[dict[str, Any]]:
    """For each label its first picture in which the cross lies outside of its region: one run of label attention.

    cross and inside are the largest numbers of the map of 32 × 32, and the largest inside the region.
    """
    photos, test = stage["photos"], stage["test"]
    model = looking(stage, "label attention", 1)
    with torch.no_grad():
        small = model.look(photos.images[test])[1]
    maps, masks = large(small), photos.masks[test]
    hit = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)
    missed: dict[int, int] = {}
    for n, label in (photos.labels[test] & ~hit).nonzero().tolist():
        if n not in missed.values():
            missed.setdefault(label, n)
    found = []
    for label, n in sorted(missed.items())[:few]:
        of, inside = maps[n, label], masks[n, label]
        numbers = {"cross": of.max(), "inside": of[inside].max(), "share": of[inside].sum() / of.sum()}
        found.append(
            {"picture": n, "label": label, "weights": as_rows(small[n, label])}
            | {name: round(float(number), 4) for name, number in numbers.items()}
        )
        step("misses", n, label, numbers)
    return found


def looks(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    """The maps of two labels of one picture, by one run of each network."""
    photos, test = stage["photos"], stage["test"]
    n = next(n for n, row in enumerate(photos.labels[test].tolist()) if row == [False, True, True, False, True])
    found: dict[str, Any] = {"picture": n, "labels": [1, 4], "maps": {}}
    for kind in KINDS[:few]:
        model = looking(stage, kind, 1)
        with torch.no_grad():
            maps = model.look(photos.images[test][n : n + 1])[1][0]
        found["maps"][kind] = [as_rows(maps[label]) for label in found["labels"]]
        step("looks", kind)
    return found


def transfer(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for seed in TRANSFER_SEEDS[:few]:
        old = old_backbone(stage, seed)
        for way in ("from scratch", "frozen", "fine-tuned", "random, frozen"):
            for number in NUMBERS[:few]:
                shares = found.setdefault(way, {}).setdefault(str(number), [])
                shares.append(transferred(stage, way, old, number, seed))
            step("transfer", way, seed, found[way])
    return found


def depth(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, word in (("plain_block", "plain"), ("residual_block", "residual")):
        for norm in (True, False):
            name = f"{word}, {'batch norm' if norm else 'no batch norm'}"
            for layers in DEPTHS[:few]:
                runs = [deep(stage, kind, norm, layers, seed) for seed in DEPTH_SEEDS[:few]]
                found.setdefault(name, {})[str(layers)] = {of: [run[of] for run in runs] for of in ("new", "own")}
                step("depth", name, layers, runs)
    return found


def second(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("3 × 3", "5 × 5", "inception", "1 × 1, then 3 × 3"):
        for seed in SECOND_SEEDS[:few]:
            run = seconded(stage, kind, seed)
            of_kind = found.setdefault(kind, {"convolutions": run["convolutions"], "exact": []})
            of_kind["exact"].append(run["exact"])
        step("second", kind, of_kind)
    return found


def gate(stage: Stage, step: Step, few: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pool in ("maximum", "mean"):
        for with_gate in (False, True):
            name = f"{pool}, gate" if with_gate else pool
            for seed in GATE_SEEDS[:few]:
                found.setdefault(name, []).append(gated(stage, pool, with_gate, seed))
                step("gate", name, seed, found[name][-1])
    return found


PARTS = {part.__name__: part for part in (losses, maps, misses, looks, transfer, depth, second, gate)}


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
