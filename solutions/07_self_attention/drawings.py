"""The drawings of stage 07. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from math import exp, sqrt

from autograder.build.draw import FILLS, Sheet

HEADS = ("#9ecae1", "#c7e9c0")  # the features of head 0 and of head 1


def _matrix(sheet, at, rows, w=0.62, fills=None, size=10):
    """A matrix of numbers, the middle of its left side at `at`; `fills` has a colour for each number."""
    x, y = at
    h = 0.62
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            left, top = x + j * w, y + (len(rows) / 2 - i) * h
            sheet.frame((left, top), w, h, fill=fills[i][j] if fills else FILLS["values"], lw=0.6)
            sheet.text((left + w / 2 - 0.12, top - h / 2 - 0.05), str(number), size=size)


def four_steps():
    """7.1: the two words of the text, with their numbers."""
    sheet = Sheet()
    sheet.text((-0.05, 0.26), "Thinking", size=10, align="right")
    sheet.text((-0.05, -0.36), "Machines", size=10, align="right")
    _matrix(sheet, (0.2, 0), ((1, 0), (1, 1)))
    sheet.text((0.7, 0.95), "$X$")
    rows = (
        ("Q", 2.4, ((1, 0, 1, 0), (1, 1, 1, 1))),
        ("K", 0.0, ((1, 1, 0, 0), (2, 0, 2, 0))),
        ("V", -2.4, ((1, 0), (2, 3))),
    )
    for name, y, numbers in rows:
        sheet.box((2.65, y), f"$W^{name}$", w=1.1, h=0.8)
        sheet.line((1.44, 0), (1.75, 0), (1.75, y), (2.1, y))
        sheet.line((3.2, y), (3.6, y))
        _matrix(sheet, (3.6, y), numbers)
        sheet.text((3.5 + 0.31 * len(numbers[0]), y + 0.95), f"${name}$")
    sheet.box((7.2, 1.2), "$Q K^T$", kind="fixed", w=1.4, h=0.8)
    sheet.line((6.08, 2.4), (7.2, 2.4), (7.2, 1.6))
    sheet.line((6.08, 0), (7.2, 0), (7.2, 0.8))
    sheet.line((7.9, 1.2), (8.35, 1.2))
    _matrix(sheet, (8.35, 1.2), ((1, 4), (2, 4)))
    sheet.text((8.85, 2.15), "scores", size=10)
    sheet.box((11.5, 1.2), r"softmax of scores$ / \sqrt{d}$", kind="fixed", w=2.9, h=0.8)
    sheet.line((9.59, 1.2), (10.05, 1.2))
    sheet.line((11.5, 0.8), (11.5, 0.32))
    _matrix(sheet, (10.65, -0.3), ((0.182, 0.818), (0.269, 0.731)), w=0.85, size=9.5)
    sheet.text((12.5, -0.35), "weights", size=10, align="left")
    sheet.box((11.5, -2.4), "times $V$", kind="fixed", w=1.7, h=0.8)
    sheet.line((11.5, -0.92), (11.5, -2.0))
    sheet.line((4.84, -2.4), (10.65, -2.4))
    sheet.line((12.35, -2.4), (12.7, -2.4))
    _matrix(sheet, (12.7, -2.4), ((1.818, 2.453), (1.731, 2.193)), w=0.8, size=9.5)
    sheet.text((13.5, -1.5), "outputs", size=10)
    for at, number in (((2.55, 3.6), 1), ((7.1, 3.6), 2), ((11.4, 3.6), 3), ((11.4, -3.3), 4)):
        sheet.text(at, f"step {number}", size=12)
    return sheet


def heads():
    """7.5: the words of the text, cut into two heads, put together again, and cut in the wrong way."""
    sheet = Sheet()
    words, colors = ((1, 2, 3, 4), (5, 6, 7, 8)), (HEADS[0], HEADS[0], HEADS[1], HEADS[1])
    _matrix(sheet, (0.2, 0), words, fills=(colors, colors))
    sheet.text((1.35, 0.95), "$[B, T, D]$", size=10)
    for y, name in ((0.95, 0), (-0.95, 1)):
        numbers = tuple(row[2 * name : 2 * name + 2] for row in words)
        sheet.line((2.68, 0), (3.4, 0), (3.4, y), (6.6, y))
        _matrix(sheet, (6.6, y), numbers, fills=((HEADS[name],) * 2,) * 2)
        sheet.text((7.1, 2 * y), f"head {name}", size=10)
        sheet.line((7.84, y), (11.2, y), (11.2, 0), (12.0, 0))
    sheet.text((4.9, 1.2), "split_heads", size=10)
    sheet.text((9.4, 1.2), "merge_heads", size=10)
    sheet.text((7.1, 2.5), "$[B, N, T, d]$", size=10)
    _matrix(sheet, (12.0, 0), words, fills=(colors, colors))
    sheet.text((13.15, 0.95), "$[B, T, D]$", size=10)
    _matrix(sheet, (0.2, -3.9), words, fills=(colors, colors))
    sheet.arrow((2.68, -3.9), (5.1, -3.9), "view alone")
    for x, row in ((5.2, 0), (7.2, 1)):
        _matrix(sheet, (x, -3.9), (words[row][:2], words[row][2:]), fills=((HEADS[0],) * 2, (HEADS[1],) * 2))
        sheet.text((x + 0.5, -4.85), f"head {row}", size=10)
    sheet.text((9.0, -3.9), "wrong: one word became two rows", align="left", color="#c0392b")
    return sheet


def many_heads():
    """7.5: the layer: project, split, attend, merge, project."""
    sheet = Sheet()
    sheet.box((0.8, 2.2), "$x_q$", kind="values", w=1.3)
    sheet.text((0.7, 1.35), "$[B, T, D]$", size=9.5)
    sheet.box((0.8, -1.1), "$x_{kv}$", kind="values", w=1.3)
    sheet.text((0.7, -1.95), "$[B, S, D]$", size=9.5)
    for name, size, y in (("Q", "T", 2.2), ("K", "S", 0.0), ("V", "S", -2.2)):
        if name == "Q":
            sheet.line((1.45, y), (2.4, y))
        else:
            sheet.line((1.45, -1.1), (1.9, -1.1), (1.9, y), (2.4, y))
        sheet.box((3.3, y), f"{name.lower()}_proj", w=1.8)
        sheet.box((5.8, y), "split", kind="fixed", w=1.4)
        sheet.line((4.2, y), (5.1, y))
        sheet.arrow((6.5, y), (8.8, y), f"${name}$: $[B, N, {size}, d]$")
    for i in (2, 1, 0):
        sheet.frame((8.8 + 0.18 * i, 2.9 + 0.18 * i), 2.0, 5.8, fill="#ffffff")
    sheet.text((9.7, 0.3), "Attention")
    sheet.text((9.7, -0.3), "$N$ heads", size=10)
    sheet.text((10.1, 4.2), "mask")
    sheet.arrow((10.2, 4.0), (10.2, 3.26))
    sheet.line((10.2, -2.9), (10.2, -3.6))
    sheet.text((10.1, -3.9), "weights: $[B, N, T, S]$")
    sheet.box((13.8, 0), "merge", kind="fixed", w=1.6)
    sheet.arrow((11.16, 0), (13.0, 0), "$[B, N, T, d]$")
    sheet.box((13.8, -2.2), "out_proj", w=1.8)
    sheet.arrow((13.8, -0.45), (13.8, -1.75), "$[B, T, D]$")
    sheet.arrow((13.8, -2.65), (13.8, -3.6))
    sheet.text((12.6, -2.2), "$W^O$, $b^O$", size=10, align="right")
    sheet.text((13.7, -3.9), "out: $[B, T, D]$")
    return sheet


def blocks():
    """7.7: what stands on the straight way, and what beside it."""
    sheet = Sheet()
    for x, name in ((1.0, "pre-norm"), (9.4, "post-norm")):
        pre, side = name == "pre-norm", x + 3.7
        sheet.text((x, -0.6), "$x$: $[B, T, D]$")
        sheet.text((side, -0.6), name, size=12)
        y = -0.3
        for part, norm, w in (("attention", "norm1", 2.6), ("feed: linear1, ReLU, linear2", "norm2", 4.6)):
            box, plus = (y + 2.7, y + 3.6) if pre else (y + 1.6, y + 2.5)
            sheet.line((x, y), (x, plus - 0.28))
            sheet.line((x, y + 0.6), (side, y + 0.6), (side, y + 1.1 if pre else box - 0.4))
            if pre:
                sheet.box((side, y + 1.5), norm, w=2.6, h=0.8)
                sheet.line((side, y + 1.9), (side, box - 0.4))
            sheet.box((side, box), part, w=w, h=0.8)
            sheet.line((side, box + 0.4), (side, plus), (x + 0.28, plus))
            sheet.ring((x, plus), "+", r=0.28)
            y = plus + 0.28
            if not pre:
                sheet.box((x, y + 0.75), norm, w=1.9, h=0.7)
                sheet.line((x, y), (x, y + 0.4))
                y += 1.1
        sheet.arrow((x, y), (x, y + 0.8), "$[B, T, D]$")
    return sheet


def encoder_decoder():
    """7.10: the Transformer that translates; both sides are stacks of the same parts."""
    sheet = Sheet()
    left, right = 3.0, 10.6
    inputs = ("English words: $[B, S]$", "Chinese words, from the start word on: $[B, T]$")
    for x, name, words in ((left, "encoder", inputs[0]), (right, "decoder", inputs[1])):
        sheet.text((x, -1.65), name, size=12)
        sheet.text((x, -0.75), words)
        sheet.arrow((x, -0.45), (x, 0.0))
        sheet.box((x, 0.45), "embedding", w=2.8)
        sheet.arrow((x, 0.9), (x, 1.72))
        sheet.ring((x, 2.0), "+", r=0.28)
        sheet.text((x - 1.6, 1.95), "positions", size=10, align="right")
        sheet.line((x - 1.35, 2.0), (x - 0.28, 2.0))
    # the encoder
    sheet.frame((left - 2.5, 6.75), 5.0, 3.65, fill="#f7f7f7", dashed=True)
    sheet.text((left - 2.4, 7.0), "2 blocks", size=10, align="left")
    sheet.arrow((left, 2.28), (left, 3.45))
    sheet.box((left, 3.9), "self-attention", w=4.2)
    sheet.arrow((left, 4.35), (left, 5.35))
    sheet.box((left, 5.8), "feed", w=4.2)
    sheet.arrow((left, 6.25), (left, 7.75))
    sheet.box((left, 8.2), "norm", w=2.8)
    sheet.line((left, 8.65), (left, 9.2))
    sheet.text((left, 9.5), "memory: $[B, S, D]$")
    # the decoder
    sheet.frame((right - 2.5, 8.65), 5.0, 5.55, fill="#f7f7f7", dashed=True)
    sheet.text((right - 2.4, 8.9), "2 blocks", size=10, align="left")
    sheet.arrow((right, 2.28), (right, 3.45))
    sheet.box((right, 3.9), "causal self-attention", w=4.2)
    sheet.arrow((right, 4.35), (right, 5.35))
    sheet.box((right, 5.8), "cross-attention", w=4.2)
    sheet.arrow((right, 6.25), (right, 7.25))
    sheet.box((right, 7.7), "feed", w=4.2)
    sheet.arrow((right, 8.15), (right, 9.25))
    sheet.box((right, 9.7), "norm, out", w=2.8)
    sheet.arrow((right, 10.15), (right, 10.75))
    sheet.text((right, 11.05), "logits: $[B, T, M]$")
    # the memory is asked
    sheet.line((left + 1.4, 8.2), (6.75, 8.2), (6.75, 5.8), (right - 2.1, 5.8))
    sheet.text((6.55, 7.1), "keys, values", size=9.5, align="right")
    sheet.text((right + 0.2, 4.85), "queries", size=9.5, align="left")
    return sheet


def play_root():
    """7.3: one query and six keys at three sizes. In JupyterLab and on the site d can be moved."""
    sheet = Sheet()
    # The scores by the first d numbers: those of seed 2 in labextension/src/play/numbers.ts.
    drawn = {
        1: (1, 1.07, -0.29, -0.95, 0.11, 0.58),
        64: (12.82, 6.36, -21.69, -16.82, 3.22, -7.32),
        512: (8.82, 11.92, -21.05, -28.21, 4.08, -44.16),
    }
    blue, names = "#3d86c6", (r"softmax of scores", r"softmax of scores$ / \sqrt{d}$")
    for column, (d, scores) in enumerate(drawn.items()):
        x = 3.4 + 4.2 * column
        sheet.text((x + 1.5, 2.3), f"$d = {d}$", size=12)
        for row, divisor in enumerate((1, sqrt(d))):
            y = -2.9 * row
            powers = [exp(score / divisor) for score in scores]
            sheet.line((x, y), (x + 3.1, y), arrow=False, color="#8a8a8a", lw=0.6)
            for key, power in enumerate(powers):
                height = max(0.02, 1.7 * power / sum(powers))
                sheet.frame((x + 0.08 + 0.5 * key, y + height), 0.4, height, fill=blue, color=blue, lw=0.3)
            sheet.text((x + 1.5, y - 0.35), f"largest weight {max(powers) / sum(powers):.2f}", size=9.5)
    for row, name in enumerate(names):
        sheet.text((3.0, 0.8 - 2.9 * row), name, size=10, align="right")
    return sheet
