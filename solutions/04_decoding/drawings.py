"""The drawings of stage 04. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import FAINT, FILLS, INK, Sheet

STEPS = (4.9, 9.1, 13.3)  # x of the decoder's first three steps


def encoder():
    """4.2: a GRU over three symbols and two pads, where its state waits."""
    sheet = Sheet()
    sheet.box((0.6, 0), "0", kind="values", w=0.9, h=0.7)
    sheet.text((0.6, -0.65), "$h_{-1}$", size=9.5)
    left = 1.05
    for s, x in enumerate((3.0, 5.4, 7.8)):
        sheet.arrow((left, 0), (x - 0.75, 0))
        left = x + 0.75
        sheet.box((x, 0), "GRU", w=1.5)
        sheet.text((x, -1.9), f"$e_{s}$")
        sheet.arrow((x, -1.6), (x, -0.45), "$[B, D]$" if s == 0 else "")
        sheet.arrow((x, 0.45), (x, 1.35), "$[B, H]$" if s == 0 else "")
        sheet.box((x, 1.7), f"$h_{s}$", kind="values", w=1.5, h=0.7)
    for x in (10.2, 12.6):
        sheet.text((x, -1.9), "pad", color=FAINT)
        sheet.box((x, 1.7), "0", kind="values", w=1.5, h=0.7)
    sheet.line((left, 0), (13.7, 0))
    sheet.text((11.4, 0.28), "at a pad the state waits", size=9.5)
    sheet.text((2.0, 1.7), "memory", align="right")
    sheet.text((13.55, 1.7), "$[B, S, H]$", size=9.5, align="left")
    sheet.text((13.9, 0.02), "state", align="left")
    sheet.text((13.9, -0.45), "$[B, H]$", size=9.5, align="left")
    sheet.text((13.9, -1.9), "$N = 3$", size=9.5, align="left")
    return sheet


def contexts():
    """4.3: three ways from many states to one vector."""
    sheet = Sheet()
    for x, name in ((0.9, "0"), (2.5, "1"), (5.3, "{N-1}")):
        sheet.box((x, 0), f"$h_{name}$", kind="values", w=1.1, h=0.7)
        sheet.arrow((x, -0.35), (x, -1.3))
    sheet.text((3.9, 0), "…")
    sheet.text((0.35, 0.65), "memory: $[B, S, H]$", size=9.5, align="left")
    for x in (6.6, 7.8):
        sheet.frame((x - 0.5, 0.35), 1.0, 0.7, color=FAINT)
        sheet.text((x - 0.12, -0.07), "pad", color=FAINT)
    sheet.box((3.1, -1.75), r"$\frac{1}{N} \sum_s h_s$", kind="fixed", w=5.5)
    sheet.arrow((3.1, -2.2), (3.1, -3.15), "$[B, H]$")
    sheet.line((5.3, 0.35), (5.3, 1.05), (14.0, 1.05), (14.0, -4.7))
    sheet.line((9.4, 1.05), (9.4, -3.15))
    for x, shape in ((9.4, "$[B, H]$"), (14.0, "$[B, H]$")):
        sheet.text((x + 0.15, -1.75), shape, size=9.5, align="left")
    for x, name, size in ((3.1, "projected_all", "K"), (9.4, "projected_last", "K"), (14.0, "last", "H")):
        if size == "K":
            sheet.box((x, -3.6), "times $W$, then tanh", w=3.6)
            sheet.arrow((x, -4.05), (x, -4.7))
        sheet.text((x, -5.0), f"$c$: $[B, {size}]$")
        sheet.text((x, -5.6), name, size=12)
    return sheet


def decoder_init():
    """4.4: the context is the first state, and nothing more."""
    sheet = Sheet()
    sheet.box((0.8, 0), "$c$", kind="values", w=1.2)
    sheet.arrow((1.4, 0), (STEPS[0] - 0.9, 0), "$d_{-1} = c$")
    sheet.text((2.75, -0.28), "$[B, H]$", size=9.5)
    _decoder(sheet)
    for t, x in enumerate(STEPS):
        sheet.arrow((x, -1.25), (x, -0.45), "$[B, D]$" if t == 0 else "")
        sheet.text((x, -1.55), f"$y_{t}$")
    return sheet


def decoder_every():
    """4.4: the first state is zero, and C stands next to each input."""
    sheet = Sheet()
    sheet.box((0.8, 0), "$0$", kind="values", w=1.2)
    sheet.arrow((1.4, 0), (STEPS[0] - 0.9, 0), "$d_{-1} = 0$")
    _decoder(sheet)
    sheet.box((0.8, -3.1), "$h_{N-1}$", kind="values", w=1.2)
    sheet.box((3.4, -3.1), r"$\tanh(W_c h_{N-1})$", w=2.4)
    sheet.arrow((1.4, -3.1), (2.2, -3.1))
    sheet.line((4.6, -3.1), (STEPS[2], -3.1), (STEPS[2], -2.0))
    sheet.text((6.2, -3.38), "$C$: $[B, H]$, the same at each step", size=9.5, align="left")
    for t, x in enumerate(STEPS):
        if t < 2:
            sheet.line((x, -3.1), (x, -2.0))
        sheet.box((x, -1.6), f"$[y_{t}; C]$", kind="fixed", w=1.8, h=0.8)
        sheet.text((x - 2.0, -1.6), f"$y_{t}$")
        sheet.line((x - 1.7, -1.6), (x - 0.9, -1.6))
        sheet.arrow((x, -1.2), (x, -0.45), "$[B, D + H]$" if t == 0 else "")
    return sheet


def _decoder(sheet):
    """What both decoders have: GRU, output layer, logits, at three steps."""
    for t, x in enumerate(STEPS):
        sheet.box((x, 0), "GRU", w=1.8)
        sheet.arrow((x, 0.45), (x, 1.2), f"$d_{t}$")
        sheet.box((x, 1.6), f"$W_{{out}} d_{t} + b_{{out}}$", w=2.7, h=0.8)
        sheet.arrow((x, 2.0), (x, 2.7), "$[B, V]$" if t == 0 else "")
        sheet.text((x, 2.95), rf"$\text{{logits}}_{t}$")
        right = STEPS[t + 1] - 0.9 if t < 2 else x + 1.6
        sheet.arrow((x + 0.9, 0), (right, 0), "$[B, H]$" if t == 0 else "")
    sheet.text((15.1, 0), "…")


def beam():
    """4.10: two steps with k = 2, the example of the text."""
    sheet = Sheet()
    sheet.box((0.8, 0), "S", kind="values", w=1.2, h=0.7)
    second = {
        "a": (("x", "0.4", "0.24", 2.6), ("y", "0.3", "0.18", 1.6), ("z", "0.3", "0.18", 0.6)),
        "b": (("x", "0.9", "0.36", -1.1), ("y", "0.1", "0.04", -2.1)),
    }
    for one, p, y in (("a", "0.6", 1.6), ("b", "0.4", -1.6)):
        sheet.box((5.0, y), one, kind="values", w=1.2, h=0.7)
        sheet.line((1.4, 0), (4.4, y))
        sheet.text((2.8, 1.15 if y > 0 else -1.15), p, size=10)
        for two, q, product, end in second[one]:
            kept = product in ("0.24", "0.36")
            color = INK if kept else FAINT
            sheet.line((5.6, y), (9.0, end), color=color)
            sheet.text((8.0, y + (end - y) * 0.7 + 0.22), q, size=10, color=color)
            sheet.frame((9.0, end + 0.35), 1.2, 0.7, fill=FILLS["values"] if kept else None, color=color)
            sheet.text((9.47, end - 0.05), one + two, color=color)
            sheet.text((10.5, end), f"{p} · {q} = {product}", align="left", color=color)
    sheet.text((13.0, 2.6), "greedy finds this", align="left")
    sheet.text((13.0, -1.1), "the best one", align="left")
    for x, name in ((4.9, "step 1"), (9.5, "step 2")):
        sheet.text((x, 3.5), name, size=12)
    sheet.key((0.3, -2.1), "values", "kept: the $k = 2$ best")
    return sheet


def beam_finished():
    """4.10: three rounds with k = 2, where E is finished in the first one and stays."""
    sheet = Sheet()
    sheet.box((0.8, 0), "S", kind="values", w=1.2, h=0.7)
    sheet.line((1.4, 0), (3.2, 1.2))
    sheet.line((1.4, 0), (3.2, -1.2))
    sheet.text((2.1, 0.95), "0.55", size=10)
    sheet.text((2.1, -0.95), "0.45", size=10)
    rounds = (("a", "0.45", "aE", "0.045"), ("aa", "0.405", "aaE", "0.04"), ("aaa", "0.36", "", ""))
    for i, (open_one, p, lost, p_lost) in enumerate(rounds):
        x = 3.8 + 4.8 * i
        sheet.text((x - 0.1, 2.2), f"round {i + 1}", size=12)
        sheet.box((x, 1.2), "E", kind="values", w=1.2, h=0.7)
        sheet.box((x, -1.2), open_one, kind="values", w=1.2, h=0.7)
        sheet.text((x - 0.1, 0.6), "0.55", size=10)
        sheet.text((x - 0.1, -1.8), p, size=10)
        if lost:
            sheet.arrow((x + 0.6, 1.2), (x + 4.2, 1.2), "as it is")
            sheet.arrow((x + 0.6, -1.2), (x + 4.2, -1.2), "0.9")
            sheet.line((x + 0.6, -1.35), (x + 4.2, -2.7), color=FAINT)
            sheet.text((x + 2.2, -2.4), "0.1", size=10, color=FAINT)
            sheet.frame((x + 4.2, -2.35), 1.2, 0.7, color=FAINT)
            sheet.text((x + 4.67, -2.75), lost, color=FAINT)
            sheet.text((x + 4.67, -3.3), p_lost, size=10, color=FAINT)
    return sheet
