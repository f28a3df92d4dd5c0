"""Make `datasets/quiz_heatmaps.json`: the pictures of section 12.4. About half a minute of a free core.

    python solutions/12_quizzes/measure.py

The translators are those of stage 05, trained with its own code; one thread, fixed seeds. The file holds numbers and
words only. Which picture is which, say `FIRST` and `SECOND` here, and the key of the quiz.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "datasets" / "quiz_heatmaps.json"
STAGE_05 = HERE.parent / "05_bahdanau_attention" / "measure.py"
FIRST = ("static", "hard", "additive", "window", "mean")  # pictures 1 to 5
SECOND = ("leak", "no positions", "pads", "causal", "not scaled")
WORDS = 8  # of the sentence that reads itself


def stage_05() -> dict[str, Any]:
    """The names of stage 05, solved."""
    spec = importlib.util.spec_from_file_location("measure_05", STAGE_05)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names: dict[str, Any] = module.load_stage()
    return names


def translation() -> tuple[list[str], list[str], dict[str, Tensor]]:
    """Chinese words, English words, and five weights [T, S] for one sentence that is not monotone."""
    stage = stage_05()
    grammar, corpus = stage["grammar"], stage["corpus"]
    pair = next(p for p in corpus.test if len(p.source) == 9 and len(p.target) == 9 and not grammar.is_monotone(p))
    source, y_in, _ = grammar.batch([pair])
    T, S = len(pair.target), len(pair.source)

    def weights(steps: int, score: str) -> Tensor:
        model = stage["train_translator"](corpus.train, 0, steps=steps, score=stage[score])
        with torch.no_grad():
            return model(source, y_in)[1][0]  # [T + 1, S + 1], with E

    additive, static = weights(800, "additive_score"), weights(200, "linear_score")
    generator = torch.Generator().manual_seed(1)
    # A sample of softer weights, so that it is not simply the largest one of each row.
    chosen = torch.multinomial((additive + 0.02).pow(0.5), 1, generator=generator).squeeze(1)
    t, s = torch.meshgrid(torch.arange(T + 1.0), torch.arange(S + 1.0), indexing="ij")
    window = torch.exp(-((s - t * S / T) ** 2) / 2) * ((s - t * S / T).abs() <= 2)
    maps = {
        "additive": additive,
        "static": static,
        "mean": torch.full((T + 1, S + 1), 1 / (S + 1)),
        "window": window / window.sum(dim=1, keepdim=True),
        "hard": torch.nn.functional.one_hot(chosen, S + 1).float(),
    }
    return [*pair.target, "E"], [*pair.source, "E"], maps


def self_attention() -> dict[str, Tensor]:
    """Five weights [8, 8] of a sentence that reads itself; its words 1, 4 and 7 are the same word."""
    generator = torch.Generator().manual_seed(3)
    word = [0, 1, 2, 0, 3, 4, 0, 5]
    table = torch.randn(6, 256, generator=generator)
    plain = table[word]  # [8, 256]
    placed = plain + torch.randn(WORDS, 256, generator=generator)
    W_q, W_k = (torch.randn(256, 16, generator=generator) / 16 for _ in range(2))
    wide_q, wide_k = (torch.randn(256, 256, generator=generator) / 16 for _ in range(2))
    t, s = torch.meshgrid(torch.arange(WORDS), torch.arange(WORDS), indexing="ij")
    everything = torch.ones(WORDS, WORDS, dtype=torch.bool)

    def weights(x: Tensor, q: Tensor, k: Tensor, mask: Tensor, scale: float) -> Tensor:
        return ((x @ q) @ (x @ k).T / scale).masked_fill(~mask, -torch.inf).softmax(dim=1)

    return {
        "causal": weights(placed, W_q, W_k, s <= t, 8.0),
        "leak": weights(placed, W_q, W_k, s <= t + 1, 8.0),
        "pads": weights(placed, W_q, W_k, s < 5, 8.0),
        "not scaled": weights(placed, wide_q, wide_k, everything, 1.0),
        "no positions": weights(plain, W_q, W_k, everything, 4.0),
    }


def main() -> None:
    torch.set_num_threads(1)
    rows, columns, first = translation()
    second = self_attention()

    def numbers(maps: dict[str, Tensor], order: tuple[str, ...]) -> list[list[list[float]]]:
        return [[[round(x, 4) for x in row] for row in maps[name].tolist()] for name in order]

    made = {
        "translation": {"rows": rows, "columns": columns, "maps": numbers(first, FIRST)},
        "self-attention": {"maps": numbers(second, SECOND)},
    }
    STORED.write_text(json.dumps(made, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
