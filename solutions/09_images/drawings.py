"""The drawings of stage 09. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import Sheet

MIDDLE, WARM, GREEN, ZEROS = "#7fb2d9", "#fdd0a2", "#c7e9c0", "#e6e6e6"


def convolution():
    """One window at one place: nine numbers become one, and the window moves on."""
    sheet = Sheet()
    cell = 0.4
    ring = [(i, j) for i in range(9) for j in range(9) if i in (0, 8) or j in (0, 8)]
    window = [(i, j) for i in (2, 3, 4) for j in (3, 4, 5)]
    sheet.grid((0, 0), (9, 9), cell, fills=dict.fromkeys(ring, ZEROS) | dict.fromkeys(window, MIDDLE))
    for i, j in ring:
        sheet.text(((j + 0.5) * cell - 0.1, (8.5 - i) * cell - 0.1), "0", size=8)
    sheet.text((1.8, -0.4), "7 × 7 pixels of one channel, zeros outside", size=10)
    sheet.grid((5.1, 1.3), (3, 3), cell, fills={(i, j): WARM for i in range(3) for j in range(3)})
    sheet.text((5.7, 0.9), "window: 9 weights", size=10)
    sheet.text((4.35, 1.9), "×", size=14)
    sheet.arrow((6.8, 1.9), (8.6, 1.9), "sum")
    sheet.grid((9.0, 0.4), (7, 7), cell, fills={(2, 3): MIDDLE})
    sheet.text((10.4, -0.4), "feature map: one number for each place", size=10)
    sheet.text((12.1, 2.1), "7 × 7 again, thanks to", size=10, align="left")
    sheet.text((12.1, 1.7), "the zeros outside", size=10, align="left")
    return sheet


def channels():
    """9.2: a window goes through all channels; one window for each map that comes out."""
    sheet = Sheet()
    cell = 0.3
    for top, k, name in ((3.2, 3, "$k = 3$"), (-0.6, 1, "$k = 1$")):
        for c in (2, 1, 0):
            x, y = 0.2 + 0.3 * c, top + 0.3 * c
            sheet.frame((x, y), 5 * cell, 5 * cell, fill="#ffffff", lw=0.8)
            low = y - 5 * cell
            rows = range(1, 1 + k) if k == 3 else (2,)
            sheet.grid((x, low), (5, 5), cell, fills={(i, j): MIDDLE for i in rows for j in rows})
        sheet.text((1.3, top - 1.95), "$C_{in} = 3$ channels", size=9.5)
        sheet.text((3.6, top - 0.4), "×", size=14)
        for w in (0, 1):
            for c in (2, 1, 0):
                x, y = 4.6 + 2.4 * w + 0.22 * c, top + 0.1 + 0.22 * c - (3 - k) * 0.15
                sheet.frame((x, y), k * cell, k * cell, fill=(WARM, GREEN)[w], lw=0.8)
                sheet.grid(
                    (x, y - k * cell),
                    (k, k),
                    cell,
                    fills={(i, j): (WARM, GREEN)[w] for i in range(k) for j in range(k)},
                )
            sheet.text((5.2 + 2.4 * w, top - 1.25), f"window {w + 1}", size=9.5)
        sheet.text((6.4, top - 1.95), name + f": $C_{{in}} k^2$ = {3 * k * k} weights each", size=9.5)
        sheet.arrow((9.3, top - 0.4), (10.6, top - 0.4), "sums")
        for w in (1, 0):
            side = 5 - k + 1
            x, y = 11.2 + (0.75 if k == 3 else 1.25) * w, top + 0.45 * w
            sheet.frame((x, y), side * cell, side * cell, fill="#ffffff", lw=0.8)
            middle = (1, 1) if k == 3 else (2, 2)
            sheet.grid((x, y - side * cell), (side, side), cell, fills={middle: (WARM, GREEN)[w]})
        sheet.text((12.0, top - 1.95), "$C_{out} = 2$ maps", size=9.5)
        if k == 3:
            sheet.text((12.0, top - 2.3), "(no zeros outside, so 5 becomes 3)", size=9.5)
    return sheet


def inception_block():
    """9.3: four branches, side by side, their channels one after the other."""
    sheet = Sheet()
    sheet.box((6.8, 0), "$x$", kind="values", w=1.6, h=0.7)
    sheet.text((7.8, -0.02), "$[B, C, H, W]$", size=9.5, align="left")
    sheet.text((0.2, 5.75), "each convolution: with bias, then ReLU", size=9.5, align="left")
    branches = (
        (1.2, ("1 × 1",), "c1"),
        (4.9, ("1 × 1", "3 × 3"), "c3[1]"),
        (8.6, ("1 × 1", "5 × 5"), "c5[1]"),
        (12.3, ("maximum 3 × 3", "1 × 1"), "pool"),
    )
    for x, layers, channels in branches:
        sheet.line((6.8, 0.35), (6.8, 0.75), (x, 0.75), (x, 1.15))
        for i, name in enumerate(layers):
            y = 1.55 + 1.5 * i
            kind = "fixed" if name.startswith("max") else "learned"
            sheet.box((x, y), name, kind=kind, w=2.6 if kind == "fixed" else 1.9, h=0.8)
            between = {4.9: "c3[0] channels", 8.6: "c5[0] channels"}.get(x, "")
            if i + 1 < len(layers):
                sheet.arrow((x, y + 0.4), (x, y + 1.1), between)
        top = 1.95 + 1.5 * (len(layers) - 1)
        sheet.arrow((x, top), (x, 4.55))
        sheet.text((x + 0.15, 4.0), channels, size=9.5, align="left")
    sheet.box((6.8, 4.95), "concatenate the channels", kind="fixed", w=13.0, h=0.8)
    sheet.arrow((6.8, 5.35), (6.8, 6.0))
    sheet.text((6.8, 6.25), "$[B,$ c1 + c3[1] + c5[1] + pool$, H, W]$", size=9.5)
    return sheet


def blocks():
    """9.4 and 9.5: the plain block, and the same one with a way around it."""
    sheet = Sheet()
    names = ("convolution 3 × 3", "batch norm", "ReLU", "convolution 3 × 3", "batch norm")
    for x, title in ((1.5, "plain block"), (6.3, "residual block"), (12.0, "residual block that changes the shape")):
        residual = x > 2
        sheet.text((x, 10.3), title, size=11)
        sheet.text((x, -0.7), "$x$")
        sheet.line((x, -0.4), (x, 0.35))
        for i, name in enumerate(names):
            stride = x > 10 and i == 0
            sheet.box((x, 0.7 + 1.25 * i), name + (", stride 2" if stride else ""),
                      kind="fixed" if name == "ReLU" else "learned", w=3.7 if stride else 2.9, h=0.7)  # fmt: skip
            if i:
                sheet.line((x, 1.25 * i - 0.2), (x, 0.35 + 1.25 * i))
        y = 0.7 + 1.25 * 5
        if residual:
            sheet.ring((x, y), "+", r=0.27)
            sheet.line((x, y - 0.9), (x, y - 0.27))
            sheet.line((x, y + 0.27), (x, y + 0.85))
            side = x + (1.9 if x < 10 else 2.9)
            sheet.line((x, -0.15), (side, -0.15), (side, y), (x + 0.27, y))
            sheet.text((x + 0.15, y - 0.5), "$F(x)$", size=9.5, align="left")
            if x > 10:
                sheet.box((side, 3.2), "$N(C_{1×1}(x))$", w=2.1, h=0.8)
                sheet.text((side + 0.15, 2.5), "stride 2", size=9.5, align="left")
                sheet.text((side - 0.05, y + 0.3), "projection", size=9.5)
            else:
                sheet.text((side - 0.6, y + 0.3), "$x$", size=9.5)
            y += 1.2
        sheet.box((x, y), "ReLU", kind="fixed", w=1.6, h=0.7)
        if not residual:
            sheet.line((x, y - 0.9), (x, y - 0.35))
        sheet.line((x, y + 0.35), (x, y + 0.95))
        sheet.text((x, y + 1.2), "$y$")
    return sheet


def label_attention():
    """9.15: a query for each label, scores at all places, a map, a context."""
    sheet = Sheet()
    cell = 0.4
    for k in (2, 1, 0):
        x, y = 0.2 + 0.3 * k, 1.4 + 0.3 * k
        sheet.frame((x, y + 4 * cell), 5 * cell, 4 * cell, fill="#ffffff", lw=0.8)
        sheet.grid((x, y), (4, 5), cell, fills={(1, 3): MIDDLE})
    sheet.text((1.5, 0.9), "maps: $[B, C, H, W]$", size=10)
    sheet.text((1.5, 0.45), "at each place $p$ a vector $x_p$", size=10)
    sheet.box((4.7, -0.9), "$q_l$", w=1.1, h=0.7)
    sheet.text((4.0, -0.87), "the label's query", size=10, align="right")
    sheet.box((6.0, 2.2), r"$q_l \cdot x_p / \sqrt{C}$", kind="fixed", w=2.6)
    sheet.arrow((3.2, 2.2), (4.7, 2.2), "all $x_p$")
    sheet.line((5.25, -0.9), (6.0, -0.9), (6.0, 1.75))
    sheet.box((9.3, 2.2), "softmax over all places", kind="fixed", w=3.0)
    sheet.arrow((7.3, 2.2), (7.8, 2.2))
    weights = {(1, 3): "#08519c", (1, 2): "#9ecae1", (2, 3): "#9ecae1", (0, 3): "#c6dbef", (1, 4): "#c6dbef"}
    sheet.arrow((10.8, 2.2), (11.7, 2.2))
    sheet.grid((12.0, 1.4), (4, 5), cell, fills=weights)
    sheet.text((13.0, 3.3), r"the map $\alpha_l$, sum 1", size=10)
    sheet.box((13.0, -0.9), r"$c_l = \sum_p \alpha_{lp} x_p$", kind="fixed", w=2.9)
    sheet.arrow((13.0, 1.4), (13.0, -0.45), "$[B, L, H, W]$")
    sheet.line((3.9, 2.2), (3.9, 0.0), (11.0, 0.0), (11.0, -0.9), (11.55, -0.9))
    sheet.arrow((13.0, -1.35), (13.0, -2.0), "$[B, L, C]$")
    return sheet


def place_gate():
    """9.13: mean and maximum over the channels decide how far each place is open."""
    sheet = Sheet()
    sheet.line((2.1, 0), (2.6, 0), (2.6, 0.5), (3.1, 0.5))
    sheet.line((2.6, 0), (2.6, -0.5), (3.1, -0.5))
    sheet.box((4.65, 0.5), "mean of channels", kind="fixed", w=3.1, h=0.75)
    sheet.box((4.65, -0.5), "maximum of channels", kind="fixed", w=3.1, h=0.75)
    sheet.line((6.2, 0.5), (6.6, 0.15), (7.2, 0.15))
    sheet.line((6.2, -0.5), (6.6, -0.15), (7.2, -0.15))
    sheet.box((8.2, 0), "conv", w=2.0)
    sheet.arrow((9.2, 0), (10.5, 0))
    _gate(sheet, "a gate for each place", "[B, 1, H, W]")
    return sheet


def channel_gate():
    """9.14: the mean over the places decides how far each channel is open."""
    sheet = Sheet()
    sheet.arrow((2.1, 0), (3.2, 0))
    sheet.box((4.4, 0), "mean of places", kind="fixed", w=2.4)
    sheet.arrow((5.6, 0), (6.5, 0), "$z$")
    sheet.box((8.0, 0), "$W_2$ ReLU$(W_1 z)$", w=3.0)
    sheet.arrow((9.5, 0), (10.5, 0))
    _gate(sheet, "a gate for each channel", "[B, C]")
    return sheet


def _gate(sheet, text, shape):
    """The sigmoid, and the maps times the gate."""
    sheet.box((1.3, 0), "maps", kind="values", w=1.6)
    sheet.text((1.3, -0.75), "$[B, C, H, W]$", size=9.5)
    sheet.ring((10.9, 0), r"$\sigma$", r=0.4)
    sheet.arrow((11.3, 0), (13.4, 0), f"${shape}$")
    sheet.ring((13.75, 0), "×", r=0.35)
    sheet.line((1.3, 0.45), (1.3, 1.25), (13.75, 1.25), (13.75, 0.35))
    sheet.arrow((14.1, 0), (14.8, 0))
    sheet.text((15.2, 0), "out")
    sheet.text((12.0, -0.75), text, size=9.5)
