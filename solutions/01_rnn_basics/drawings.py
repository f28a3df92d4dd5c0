"""The drawings of stage 01. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from math import exp

from autograder.build.draw import Sheet

FAINT, BLUE = "#8a8a8a", "#3d86c6"


def cell():
    """1.1: two products and a bias, one sum, one tanh."""
    sheet = Sheet()
    for y, source, shape, weights, form in (
        (1.5, "$x_t$", "$[B, I]$", "$W_{ih}$", "$[H, I]$"),
        (-1.5, "$h_{t-1}$", "$[B, H]$", "$W_{hh}$", "$[H, H]$"),
    ):
        sheet.box((0.7, y), source, kind="values", w=1.4)
        sheet.arrow((1.4, y), (3.5, y), shape)
        sheet.box((4.4, y), weights, w=1.8)
        sheet.text((4.4, y + (0.65 if y > 0 else -0.8)), form, size=9.5)
        sheet.line((5.3, y), (7.6, y), (7.6, y / 5))
        sheet.text((6.45, y + 0.24), "$[B, H]$", size=9.5)
    sheet.box((4.4, 0), "$b$", w=1.8, h=0.8)
    sheet.arrow((5.3, 0), (7.3, 0), "$[H]$")
    sheet.ring((7.6, 0), "+")
    sheet.arrow((7.9, 0), (9.8, 0), "$[B, H]$")
    sheet.box((10.7, 0), "tanh", kind="fixed", w=1.8)
    sheet.arrow((11.6, 0), (13.7, 0), "$[B, H]$")
    sheet.box((14.4, 0), "$h_t$", kind="values", w=1.4)
    return sheet


def unrolled():
    """1.2: one cell, called once a step; one set of weights for all steps."""
    sheet = Sheet()
    steps = ((3.0, "1", "0"), (6.4, "2", "1"), (11.4, "T", "-1"))
    sheet.box((0.3, 0), "$h_0$", kind="values", w=1.0, h=0.8)
    for x, t, place in steps:
        sheet.box((x, 0), "cell", w=1.7)
        sheet.box((x, -1.9), f"$x_{t}$", kind="values", w=1.0, h=0.7)
        sheet.text((x - 0.1, -2.55), f"x[:, {place}]", size=9.5)
        sheet.arrow((x, -1.55), (x, -0.45), "$[B, I]$")
        sheet.arrow((x, 0.45), (x, 1.45))
        sheet.box((x, 1.8), f"$h_{t}$", kind="values", w=1.0, h=0.7)
        sheet.text((x - 0.75, 1.8), f"hs[:, {place}]", size=9.5, align="right")
        sheet.line((x + 0.68, 2.75), (x + 0.68, 0.45), dashed=True, color=FAINT)
    sheet.arrow((0.8, 0), (2.15, 0), "$[B, H]$")
    sheet.arrow((3.85, 0), (5.55, 0), "$h_1$")
    sheet.arrow((7.25, 0), (8.55, 0), "$h_2$")
    sheet.text((8.9, 0), "…")
    sheet.arrow((9.25, 0), (10.55, 0), "$h_{T-1}$")
    sheet.arrow((12.25, 0), (13.6, 0), "$[B, H]$")
    sheet.box((14.2, 0), "hT", kind="values", w=1.0, h=0.8)
    sheet.text((8.9, -1.9), "…")
    sheet.text((8.9, 1.8), "…")
    sheet.line((3.68, 2.75), (12.08, 2.75), arrow=False, dashed=True, color=FAINT)
    sheet.line((8.9, 2.9), (8.9, 2.75), arrow=False, dashed=True, color=FAINT)
    sheet.box((8.9, 3.3), r"$W_{ih},\ W_{hh},\ b$: the same at every step", w=6.6, h=0.8)
    return sheet


def update():
    """1.2: the numbers of the example by hand, step by step."""
    sheet = Sheet()
    states = ("0", "0.762", "0.363", "0.180")
    for i, state in enumerate(states):
        x = 0.5 + 4.6 * i
        sheet.box((x, 0), state, kind="values", w=1.2, h=0.8)
        sheet.text((x, 0.75), f"$h_{i}$")
        if i == 3:
            break
        read = "1" if i == 0 else "0"
        sheet.arrow((x + 0.6, 0), (x + 1.5, 0), "· 0.5", offset=0.25)
        sheet.ring((x + 1.8, 0), "+")
        sheet.box((x + 1.8, -1.9), read, kind="values", w=0.9, h=0.7)
        sheet.text((x + 1.15, -1.9), f"$x_{i + 1}$", align="right")
        sheet.arrow((x + 1.8, -1.55), (x + 1.8, -0.3), "· 1")
        sheet.line((x + 2.1, 0), (x + 2.5, 0), arrow=False)
        sheet.box((x + 2.95, 0), "tanh", kind="fixed", w=0.95, h=0.7)
        sheet.text((x + 2.3, 0.75), f"tanh({('1', '0.381', '0.182')[i]})", size=9.5)
        sheet.arrow((x + 3.43, 0), (x + 4.0, 0))
    return sheet


def four_shapes():
    """1.3: what the cell reads, and what is returned, for three steps."""
    sheet = Sheet()
    panels = (
        ((0, 0), "many_to_many", ("$x_1$", "$x_2$", "$x_3$"), (1, 2, 3)),
        ((8.3, 0), "many_to_one", ("$x_1$", "$x_2$", "$x_3$"), (3,)),
        ((0, -4.7), "one_to_many_once", ("$x_1$", "0", "0"), (1, 2, 3)),
        ((8.3, -4.7), "one_to_many_every", ("$x_1$", "again", "again"), (1, 2, 3)),
    )
    for (left, y), mode, reads, returned in panels:
        sheet.text((left, y + 2.15), mode, size=12, align="left")
        for i, read in enumerate(reads):
            x = left + 1.2 + 2.0 * i
            if read == "again":
                sheet.line((x, y - 1.35), (x, y - 0.4))
            else:
                sheet.box((x, y - 1.35), read, kind="fixed" if read == "0" else "values", w=0.9, h=0.7)
                sheet.line((x, y - 1.0), (x, y - 0.4))
            sheet.box((x, y), "cell", w=1.2, h=0.8)
            sheet.line((x - 1.2 if i == 0 else x - 1.4, y), (x - 0.6, y))
            if i + 1 in returned:
                sheet.line((x, y + 0.4), (x, y + 1.0))
                sheet.box((x, y + 1.35), f"$h_{i + 1}$", kind="values", w=0.9, h=0.7)
        if "again" in reads:
            sheet.line((left + 1.65, y - 1.35), (left + 5.2, y - 1.35), arrow=False)
        sheet.text((left - 0.15, y - 0.05), "0", align="right")
        sheet.text((left + 6.0, y + 1.35), "$[B, H]$" if len(returned) == 1 else "$[B, T, H]$", size=10, align="left")
    return sheet


def writer():
    """1.7: the letter that was drawn is the next input."""
    sheet = Sheet()
    sheet.box((0.7, 0), "letter", kind="values", w=1.6)
    sheet.arrow((1.5, 0), (3.7, 0), "one-hot: $[B, V]$")
    sheet.box((4.5, 0), "cell", w=1.6)
    sheet.line((4.1, 0.45), (4.1, 1.1), (4.9, 1.1), (4.9, 0.45))
    sheet.text((4.5, 1.4), "$h$, into the next step", size=9.5)
    sheet.arrow((5.3, 0), (6.7, 0), "$h$")
    sheet.box((7.5, 0), "linear", w=1.6)
    sheet.arrow((8.3, 0), (9.9, 0), "$z$: $[B, V]$")
    sheet.box((11.2, 0), r"softmax$(z / \tau)$", kind="fixed", w=2.6)
    sheet.arrow((12.5, 0), (13.7, 0), "$p$")
    sheet.box((14.4, 0), "draw", kind="choice", w=1.4)
    sheet.line((14.4, -0.45), (14.4, -1.4), (0.7, -1.4), (0.7, -0.45))
    sheet.text((7.7, -1.15), "what was drawn is read next", size=10)
    return sheet


def play_temperature():
    """1.7: the same six logits at three temperatures. In JupyterLab and on the site the temperature can be moved."""
    sheet = Sheet()
    letters = {"e": 2.0, "a": 1.2, "i": 0.9, "o": 0.4, "u": -0.5, "r": -1.2}
    for row, (letter, logit) in enumerate(letters.items()):
        y = -0.6 * row
        sheet.text((0, y), letter, size=12)
        sheet.text((1.5, y), f"{logit:.1f}".replace("-", "−"), size=10, align="right")
    sheet.text((1.3, 0.75), "$z$")
    for column, tau in enumerate((0.5, 1, 2)):
        x = 2.2 + 4.7 * column
        sheet.text((x, 0.75), rf"$\tau = {tau}$", align="left")
        powers = [exp(logit / tau) for logit in letters.values()]
        for row, power in enumerate(powers):
            p, y = power / sum(powers), -0.6 * row
            sheet.frame((x, y + 0.2), 3.2 * p, 0.4, fill=BLUE, color=BLUE, lw=0.3)
            sheet.text((x + 3.2 * p + 0.15, y - 0.05), f"{p:.2f}", size=9.5, align="left")
    return sheet
