"""The drawings of stage 02. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from math import tanh

from autograder.build.draw import Sheet


def lstm_cell():
    """2.2: four boxes with weights below, the memory straight through above."""
    sheet = Sheet()
    sheet.box((0.6, 3.6), "$c$", kind="values", w=1.2, h=0.8)
    sheet.arrow((1.2, 3.6), (3.1, 3.6), "$[B, H]$")
    sheet.ring((3.4, 3.6), "×")
    sheet.arrow((3.7, 3.6), (6.3, 3.6), r"$f \odot c$")
    sheet.ring((6.6, 3.6), "+")
    sheet.arrow((6.9, 3.6), (14.6, 3.6), "$[B, H]$")
    sheet.box((15.2, 3.6), "$c'$", kind="values", w=1.2, h=0.8)

    gates = ((3.4, r"$\sigma(a_f)$"), (6.6, r"$\sigma(a_i)$"), (9.1, r"$\tanh(a_g)$"), (11.6, r"$\sigma(a_o)$"))
    for x, text in gates:
        sheet.box((x, 0.9), text, w=1.8)
        sheet.line((x, -0.7), (x, 0.45))
    sheet.arrow((3.4, 1.35), (3.4, 3.3), "$f$")
    sheet.arrow((6.6, 1.35), (6.6, 2.05), "$i$")
    sheet.ring((6.6, 2.35), "×")
    sheet.line((9.1, 1.35), (9.1, 2.35), (6.9, 2.35))
    sheet.text((9.25, 1.85), "$g$", size=9.5, align="left")
    sheet.arrow((6.6, 2.65), (6.6, 3.3), r"$i \odot g$")
    sheet.arrow((12.5, 0.9), (13.3, 0.9), "$o$")
    sheet.ring((13.6, 0.9), "×")
    sheet.box((13.6, 2.35), "tanh", kind="fixed", w=1.3, h=0.8)
    sheet.line((13.6, 3.6), (13.6, 2.75))
    sheet.line((13.6, 1.95), (13.6, 1.2))
    sheet.line((13.9, 0.9), (14.6, 0.9))
    sheet.box((15.2, 0.9), "$h'$", kind="values", w=1.2, h=0.8)

    sheet.box((0.6, -0.7), "$h$", kind="values", w=1.2, h=0.8)
    sheet.line((1.2, -0.7), (11.6, -0.7), arrow=False)
    sheet.text((1.75, -0.46), "$[B, H]$", size=9.5)
    sheet.box((0.6, -2.0), "$x$", kind="values", w=1.2, h=0.8)
    sheet.line((1.2, -2.0), (2.4, -2.0), (2.4, -0.7), arrow=False)
    sheet.text((1.75, -1.76), "$[B, I]$", size=9.5)
    sheet.text((2.85, -0.46), "$x, h$", size=9.5)
    sheet.text((3.4, -1.3), "$a_k = W_{ik} x + b_{ik} + W_{hk} h + b_{hk}$", size=11, align="left")
    sheet.text((8.8, -1.3), "four boxes, each with weights of its own", size=10, align="left")
    return sheet


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def memory_steps():
    """2.2: forget, add, look, with the numbers of three units."""
    sheet = Sheet()
    f, c, i, g, o = (0.5, 0.9, 0.1), (2, -1, 3), (0.5, 0.2, 0.9), (0, 0.5, -0.9), (0.5, 0.9, 0.1)
    kept = [a * b for a, b in zip(f, c, strict=True)]
    new = [k + a * b for k, a, b in zip(kept, i, g, strict=True)]
    seen = [tanh(value) for value in new]
    shown = [a * b for a, b in zip(o, seen, strict=True)]

    def column(x, head, numbers, kind):
        sheet.text((x, 1.65), head, size=12)
        for row, value in enumerate(numbers):
            sheet.box((x, 0.8 - 0.8 * row), _number(value), kind=kind, w=1.05, h=0.7)

    column(0.5, "$f$", f, "learned")
    column(2.1, "$c$", c, "values")
    column(3.7, r"$f \odot c$", kept, "fixed")
    column(5.6, "$i$", i, "learned")
    column(7.2, "$g$", g, "learned")
    column(8.8, "$c'$", new, "values")
    column(11.3, "$o$", o, "learned")
    column(12.9, r"$\tanh(c')$", seen, "fixed")
    column(14.5, "$h'$", shown, "values")
    for x, sign in (
        (1.3, r"$\odot$"),
        (2.9, "="),
        (4.65, "+"),
        (6.4, r"$\odot$"),
        (8.0, "="),
        (12.1, r"$\odot$"),
        (13.7, "="),
    ):
        sheet.text((x - 0.07, -0.05), sign, size=12)
    sheet.line((8.8, -1.15), (8.8, -1.75), (12.9, -1.75), (12.9, -1.15))
    sheet.text((10.0, -1.5), "tanh", size=10)
    for x, text in ((2.1, "forget"), (7.2, "add"), (12.9, "look")):
        sheet.text((x, 2.5), text, size=13)
    return sheet


def gru_cell():
    """2.3: as torch does it: z keeps the old state, and r acts behind W_hn."""
    sheet = Sheet()
    sheet.box((0.6, 4.4), "$h$", kind="values", w=1.2, h=0.8)
    sheet.arrow((1.2, 4.4), (5.9, 4.4), "$[B, H]$")
    sheet.ring((6.2, 4.4), "×")
    sheet.arrow((6.5, 4.4), (12.9, 4.4), r"$z \odot h$")
    sheet.ring((13.2, 4.4), "+")
    sheet.arrow((13.5, 4.4), (14.6, 4.4))
    sheet.box((15.2, 4.4), "$h'$", kind="values", w=1.2, h=0.8)

    sheet.box((3.2, 2.7), r"$\sigma$", w=1.3)
    sheet.arrow((1.4, 2.7), (2.55, 2.7))
    sheet.text((1.25, 2.65), "$x, h$", align="right")
    sheet.line((3.85, 2.7), (6.2, 2.7), (6.2, 4.1))
    sheet.text((5.0, 2.95), "$z$", size=11)
    sheet.line((6.2, 2.7), (8.5, 2.7))
    sheet.box((9.3, 2.7), "$1 - z$", kind="fixed", w=1.6)
    sheet.arrow((10.1, 2.7), (12.9, 2.7), "$[B, H]$")
    sheet.ring((13.2, 2.7), "×")
    sheet.line((13.2, 3.0), (13.2, 4.1))
    sheet.text((13.4, 3.5), r"$(1 - z) \odot n$", size=9.5, align="left")
    sheet.text((6.4, 3.55), "z_keeps_old=True", size=10, align="left")
    sheet.text((6.4, 1.3), "reset_after=True", size=10, align="left")

    sheet.box((3.2, 0.7), r"$\sigma$", w=1.3)
    sheet.arrow((1.4, 0.7), (2.55, 0.7))
    sheet.text((1.25, 0.65), "$x, h$", align="right")
    sheet.arrow((3.85, 0.7), (5.9, 0.7), "$r$")
    sheet.ring((6.2, 0.7), "×")
    sheet.arrow((6.5, 0.7), (9.0, 0.7))
    sheet.ring((9.3, 0.7), "+")
    sheet.line((9.6, 0.7), (10.4, 0.7))
    sheet.box((11.1, 0.7), "tanh", kind="fixed", w=1.4)
    sheet.line((11.8, 0.7), (13.2, 0.7), (13.2, 2.4))
    sheet.text((13.35, 1.5), "$n$: $[B, H]$", size=9.5, align="left")
    for x, text, source in ((6.2, "$W_{hn} h + b_{hn}$", "$h$"), (9.3, "$W_{in} x + b_{in}$", "$x$")):
        sheet.box((x, -1.0), text, w=2.7)
        sheet.line((x, -0.55), (x, 0.4))
        sheet.line((x, -2.1), (x, -1.45))
        sheet.text((x, -2.4), source)
    return sheet


def both_ends():
    """2.5: one row of the batch, three letters and two pads."""
    sheet = Sheet()
    letters = ("a", "b", "c", "P", "P")
    places = [1.9 + 2.1 * t for t in range(5)]
    for t, (x, letter) in enumerate(zip(places, letters, strict=True)):
        real = letter != "P"
        sheet.box((x, 0), letter, kind="values" if real else "fixed", w=1.1, h=0.7)
        for sign, half in ((1, "right"), (-1, "left")):
            if real:
                sheet.line((x, sign * 0.35), (x, sign * 1.05))
                sheet.box((x, sign * 1.5), "cell_f" if sign > 0 else "cell_b", w=1.3)
                sheet.line((x, sign * 1.95), (x, sign * 2.65))
                sheet.box((x, sign * 3.0), rf"$\over{half}arrow{{h}}_{t}$", kind="values", w=1.1, h=0.7)
            else:
                sheet.box((x, sign * 3.0), "0", kind="fixed", w=1.1, h=0.7)
    for a, b in ((0, 1), (1, 2)):
        sheet.line((places[a] + 0.65, 1.5), (places[b] - 0.65, 1.5))
        sheet.line((places[b] - 0.65, -1.5), (places[a] + 0.65, -1.5))
    sheet.arrow((0.3, 1.5), (1.25, 1.5))
    sheet.text((0.15, 1.45), "0", align="right")
    sheet.arrow((7.6, -1.5), (6.75, -1.5))
    sheet.text((7.8, -1.3), "0: the backward half starts here,", size=10, align="left")
    sheet.text((7.8, -1.7), "at position length − 1", size=10, align="left")
    sheet.text((9.25, 1.45), "at the pads: 0", size=10)
    sheet.text((1.05, 0.15), "length 3", size=10, align="right")
    sheet.text((1.05, -0.25), "$T = 5$", size=10, align="right")
    for sign in (1, -1):
        sheet.line((1.35, sign * 3.35), (1.35, sign * 3.6), (13.8, sign * 3.6), (13.8, sign * 0.45))
        sheet.line((10.85, sign * 3.35), (10.85, sign * 3.6), arrow=False)
        sheet.text((12.4, sign * 3.6 + 0.22), "$[B, T, H]$", size=9.5)
    sheet.box((13.8, 0), r"$y_t = [\overrightarrow{h}_t ; \overleftarrow{h}_t]$", kind="values", w=2.7)
    sheet.text((13.95, 0.75), "$y_t$: $[B, 2H]$", size=9.5, align="left")
    sheet.text((13.95, -0.75), "all $t$: $[B, T, 2H]$", size=9.5, align="left")
    return sheet


def road():
    """2.6: from memory to memory: the gradient meets f at each step, and nothing else."""
    sheet = Sheet()
    sheet.box((0.6, 0), "$c_t$", kind="values", w=1.2, h=0.8)
    start = 1.2
    for x, step in ((2.7, "t + 1"), (6.3, "t + 2"), (11.1, "t + k")):
        sheet.line((start, 0), (x - 0.3, 0))
        sheet.ring((x, 0), "×")
        sheet.line((x, -1.15), (x, -0.3))
        sheet.text((x, -1.45), f"$f_{{{step}}}$")
        sheet.line((x + 0.3, 0), (x + 1.2, 0))
        sheet.ring((x + 1.5, 0), "+")
        sheet.line((x + 1.5, -1.15), (x + 1.5, -0.3))
        sheet.text((x + 1.55, -1.45), r"$i \odot g$")
        start = x + 1.8
        if step == "t + 2":
            sheet.line((start, 0), (8.9, 0))
            sheet.text((9.25, 0), "…")
            start = 9.6
    sheet.line((start, 0), (14.4, 0))
    sheet.box((15.0, 0), "$c_{t+k}$", kind="values", w=1.2, h=0.8)
    sheet.line((15.0, 0.4), (15.0, 1.0), (0.6, 1.0), (0.6, 0.4), dashed=True)
    sheet.text((7.8, 1.25), "the gradient goes back: times $f$ at each ×, unchanged at each +", size=10)
    return sheet


def play_memory():
    """2.2: ten steps with the same gates. In JupyterLab and on the site the gates can be moved."""
    sheet = Sheet()
    f, i, g, o, c = 0.8, 0.5, 0.6, 0.5, 2.0
    unit, blue, orange, faint = 1.6, "#3d86c6", "#d0731f", "#8a8a8a"
    sheet.text((-0.2, 4.1), f"$f = {f}$, $i = {i}$, $g = {g}$, $o = {o}$, at each step", align="left")
    for level in (0, 1, 2):
        sheet.line((0, unit * level), (14.4, unit * level), arrow=False, color=faint, lw=0.6)
        sheet.text((-0.35, unit * level), str(level), size=9.5)
    for t in range(11):
        x = 0.3 + 1.3 * t
        kept, added = (f * c, i * g) if t else (c, 0.0)
        c = kept + added
        sheet.frame((x, unit * kept), 0.42, unit * kept, fill=blue, color=blue, lw=0.3)
        if t:
            sheet.frame((x + 0.42, unit * c), 0.42, unit * added, fill=orange, color=orange, lw=0.3)
        sheet.line((x, unit * c), (x + 0.84, unit * c), arrow=False, lw=2)
        if t:
            sheet.ring((x + 0.63, unit * o * tanh(c)), "", r=0.11)
        sheet.text((x + 0.42, -0.35), str(t), size=9.5)
    for x, color, text in ((0.1, blue, r"kept: $f \odot c$"), (4.0, orange, r"added: $i \odot g$")):
        sheet.frame((x, -0.85), 0.3, 0.3, fill=color, color=color)
        sheet.text((x + 0.5, -1.05), text, size=10, align="left")
    sheet.line((8.0, -1.0), (8.4, -1.0), arrow=False, lw=2)
    sheet.text((8.6, -1.05), "$c'$, their sum", size=10, align="left")
    sheet.ring((11.4, -1.0), "", r=0.11)
    sheet.text((11.7, -1.05), r"$h' = o \odot \tanh(c')$", size=10, align="left")
    return sheet
