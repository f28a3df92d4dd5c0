"""The drawings of stage 06. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from math import exp

from autograder.build.draw import FAINT, FILLS, Sheet

SCORES = (2.9, 0.5, 1.2, 0.6, 1.5, 1.9, 0.8, 2.2, 0.4)


def scores():
    """6.1: three ways from a query and a key to one number."""
    sheet = Sheet()
    for x, name in ((1.9, "dot"), (7.3, "general"), (12.7, "concat")):
        sheet.text((x - 0.1, 3.9), name, size=12)
        sheet.box((x - 1.2, -1.4), "$h$", kind="values", w=1.4, h=0.8)
        sheet.box((x + 1.2, -1.4), "$k_s$", kind="values", w=1.4, h=0.8)
        sheet.line((x, 2.2), (x, 2.9))
        sheet.text((x - 0.1, 3.2), "$e_s$")
        sheet.text((x + 0.4, 3.2), "$[B, S]$", size=9.5, align="left")
    for x, product in ((1.9, r"$h^\top k_s$"), (7.3, r"$h^\top W \cdot k_s$")):
        sheet.box((x, 1.8), product, kind="fixed", w=3.6, h=0.8)
        sheet.line((x + 1.2, -1.0), (x + 1.2, 1.4))
    sheet.line((0.7, -1.0), (0.7, 1.4))
    sheet.box((6.1, 0.2), r"$h^\top W$", w=1.6, h=0.8)
    sheet.line((6.1, -1.0), (6.1, -0.2))
    sheet.line((6.1, 0.6), (6.1, 1.4))
    sheet.box((12.7, 0.2), r"$\tanh(W [h; k_s])$", w=3.8, h=0.8)
    sheet.line((11.5, -1.0), (11.5, -0.2))
    sheet.line((13.9, -1.0), (13.9, -0.2))
    sheet.box((12.7, 1.8), r"$v^\top$", w=1.6, h=0.8)
    sheet.arrow((12.7, 0.6), (12.7, 1.4), "$[B, S, A]$")
    sheet.text((0.6, -2.2), "$[B, D]$", size=9.5)
    sheet.text((3.0, -2.2), "$[B, S, D]$", size=9.5)
    return sheet


def decoder_step():
    """6.2: the GRU moves, the new state asks; input feeding is dashed."""
    sheet = Sheet()
    sheet.box((3.3, 4), "$K$: all $k_s$", kind="values", w=2.0)
    sheet.text((3.2, 3.15), "$[B, S, D]$", size=9.5)
    sheet.box((7.3, 4), "score", w=1.8)
    sheet.arrow((4.3, 4), (6.4, 4))
    sheet.box((10.3, 4), "softmax", kind="fixed", w=1.9)
    sheet.arrow((8.2, 4), (9.35, 4), "$[B, S]$")
    sheet.text((10.2, 5.2), "mask: $[B, S]$", size=9.5)
    sheet.arrow((10.3, 5.0), (10.3, 4.45))
    sheet.box((13.9, 4), r"$\sum_s \alpha_{ts} k_s$", kind="fixed", w=2.2)
    sheet.arrow((11.25, 4), (12.8, 4), r"$\alpha_t$: $[B, S]$")
    sheet.line((3.3, 4.45), (3.3, 5.8), (13.9, 5.8), (13.9, 4.45))
    sheet.box((0.9, 1.2), "$h_{t-1}$", kind="values", w=1.4)
    sheet.text((0.8, 0.35), "$[B, D]$", size=9.5)
    sheet.box((5.0, 1.2), "GRU", w=1.8)
    sheet.line((1.6, 1.2), (4.1, 1.2))
    sheet.line((5.9, 1.2), (10.2, 1.2))
    sheet.text((7.55, 1.45), "$h_t$: $[B, D]$", size=9.5, align="left")
    sheet.line((7.3, 1.2), (7.3, 3.55))
    sheet.text((7.45, 2.6), "asks", align="left")
    sheet.box((11.8, 1.2), r"$\tanh(W_c [c_t; h_t])$", w=3.2)
    sheet.line((13.9, 3.55), (13.9, 2.5), (11.8, 2.5), (11.8, 1.65))
    sheet.text((12.8, 2.75), "$c_t$: $[B, D]$", size=9.5)
    sheet.line((13.4, 1.2), (14.2, 1.2), (14.2, -1.35))
    sheet.text((14.35, 0.6), r"$\tilde h_t$: $[B, D]$", size=9.5, align="left")
    sheet.box((13.6, -1.8), r"$W_{out} \tilde h_t + b_{out}$", w=3.0)
    sheet.line((12.1, -1.8), (11.2, -1.8))
    sheet.text((9.9, -1.8), r"$\text{logits}_t$: $[B, V]$")
    sheet.box((10.2, -0.2), r"next step: $(h_t, \tilde h_t)$", kind="values", w=3.4, h=0.8)
    sheet.line((9.6, 1.2), (9.6, 0.2))
    sheet.line((14.2, -0.2), (11.9, -0.2))
    sheet.box((4.6, -1.8), r"$\text{emb}(y_{t-1})$", kind="fixed", w=2.6)
    for y in (-1.35, -2.25):  # what input feeding adds
        sheet.line((5.9, y), (7.7, y), arrow=False, dashed=True)
    sheet.line((7.7, -1.35), (7.7, -2.25), arrow=False, dashed=True)
    sheet.text((6.7, -1.8), r"$;\ \tilde h_{t-1}$")
    sheet.line((5.0, -1.35), (5.0, 0.75))
    for y, words in ((0.2, "$x_t$: $[B, n_{in}]$,"), (-0.25, "with input feeding"), (-0.7, "$[B, n_{in} + D]$")):
        sheet.text((5.15, y), words, size=9.5, align="left")
    sheet.text((0.35, -1.8), "$y_{t-1}$")
    sheet.box((2.2, -1.8), "emb", w=1.2, h=0.8)
    sheet.line((0.8, -1.8), (1.6, -1.8))
    sheet.line((2.8, -1.8), (3.3, -1.8))
    sheet.box((0.9, -3.2), r"$\tilde h_{t-1}$", kind="values", w=1.4)
    sheet.line((1.6, -3.2), (6.7, -3.2), (6.7, -2.25), dashed=True)
    sheet.text((3.3, -2.95), "$[B, D]$", size=9.5)
    return sheet


def window():
    """6.7: scores, their softmax in the window, and this times the bell."""
    sheet = Sheet()
    p, half, step, up = 4.4, 2, 0.46, 2.6
    places = range(len(SCORES))
    raised = [exp(e) if abs(s - p) <= half else 0 for s, e in zip(places, SCORES, strict=True)]
    soft = [part / sum(raised) for part in raised]
    bell = [exp(-((s - p) ** 2) / (2 * (half / 2) ** 2)) for s in places]
    last = [weight * factor for weight, factor in zip(soft, bell, strict=True)]
    panels = (
        (0.2, [e / 3 for e in SCORES], "scores $e_s$", ""),
        (5.7, [1.6 * weight for weight in soft], "softmax in the window", "sum 1"),
        (11.2, [1.6 * weight for weight in last], "times the bell: $a_s$", "sum < 1"),
    )
    for x0, heights, name, total in panels:
        middle = x0 + (p + 0.5) * step
        sheet.frame((middle - half * step, up + 0.2), 2 * half * step, up + 0.2, fill="#eeeeee", color="#eeeeee")
        for s, height in zip(places, heights, strict=True):
            left = x0 + s * step
            if height:
                sheet.frame((left + 0.07, height * up), step - 0.14, height * up, fill=FILLS["values"], lw=0.8)
            sheet.text((left + step / 2 - 0.13, -0.35), str(s), size=9, color=FAINT)
        sheet.line((x0, 0), (x0 + len(SCORES) * step, 0), arrow=False)
        sheet.line((middle, -1.15), (middle, -0.55))
        sheet.text((middle - 0.1, -1.4), "$p$")
        sheet.text((x0 + 2.0, 3.3), name, size=11)
        sheet.text((x0 + 3.2, 2.2), total, size=9.5, align="left")
        if x0 > 10:
            curve = [
                (middle + d / 10 * step, up * exp(-((d / 10) ** 2) / (2 * (half / 2) ** 2))) for d in range(-20, 21, 2)
            ]
            sheet.line(*curve, arrow=False, color="#c0392b")
    for x0 in (4.55, 10.05):
        sheet.line((x0, 1.2), (x0 + 0.9, 1.2))
    left = 0.2 + (p + 0.5 - half) * step
    sheet.text((left - 0.1, -0.85), "$p - w$", size=9.5)
    sheet.text((left + 2 * half * step - 0.1, -0.85), "$p + w$", size=9.5)
    return sheet


def local_step():
    """6.7: the new state asks, and it also says where to look."""
    sheet = Sheet()
    sheet.box((1.3, 2.4), "memory", kind="values", w=2.0)
    sheet.box((5.0, 2.4), "score", w=1.8)
    sheet.line((2.3, 2.4), (4.1, 2.4))
    sheet.box((11.6, 2.4), "window around $p_t$", kind="fixed", w=3.6)
    sheet.arrow((5.9, 2.4), (9.8, 2.4), "$[B, S]$")
    sheet.arrow((13.4, 2.4), (14.3, 2.4))
    sheet.text((14.45, 2.4), r"$\alpha$: $[B, S]$", align="left")
    sheet.box((1.3, 0), "$h_t$", kind="values", w=2.0)
    sheet.line((5.0, 0), (5.0, 1.95))
    sheet.text((5.15, 1.0), "asks", align="left")
    sheet.box((7.6, 0), r"$\tanh(W_p h_t)$", w=2.8)
    sheet.line((2.3, 0), (6.2, 0))
    sheet.box((11.6, 0), r"$S \cdot \text{sigmoid}(v_p^\top …)$", w=3.6)
    sheet.arrow((9.0, 0), (9.8, 0))
    sheet.arrow((11.6, 0.45), (11.6, 1.95), "$p_t$: $[B]$")
    return sheet
