"""The drawings of stage 10. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import Sheet

STEPS = ((1.0, 1), (3.1, 2), (6.1, "T"))  # x and number of the encoder's steps
WRITES = ((9.6, 1), (11.7, 2), (14.7, "{T'}"))


def _reader(sheet, both):
    """The encoder: its boxes in a row, the rows of the picture below."""
    for x, name in STEPS:
        sheet.box((x, 0), "2 LSTMs" if both else "LSTM", w=1.4)
        sheet.text((x, -1.65), f"$x_{name}$")
        sheet.arrow((x, -1.35), (x, -0.45), "$[B, I]$" if name == 1 else "")
    lift = 0.15 if both else 0
    for a, b in ((1.7, 2.4), (3.8, 4.35), (4.85, 5.4)):
        sheet.line((a, lift), (b, lift))
        if both:
            sheet.line((b, -lift), (a, -lift))
    sheet.text((4.6, 0), "…")
    sheet.text((4.6, -1.65), "…")


def simple_seq2seq():
    sheet = Sheet()
    _reader(sheet, both=False)
    sheet.text((3.5, 1.2), "encoder", size=12)
    sheet.text((12.2, 2.5), "decoder", size=12)
    for x, name in WRITES:
        sheet.box((x, 0), "LSTM", w=1.4)
        sheet.arrow((x, 0.45), (x, 1.3), "$[B, O]$" if name == 1 else "")
        sheet.text((x, 1.6), f"$y_{name}$")
    for a, b in ((10.3, 11.0), (12.4, 12.95), (13.45, 14.0)):
        sheet.line((a, 0), (b, 0))
    sheet.text((13.2, 0), "…")
    sheet.line((6.8, 0), (7.7, 0), (7.7, -1.1), (14.7, -1.1), (14.7, -0.45))
    for x, _ in WRITES[:2]:
        sheet.line((x, -1.1), (x, -0.45))
    sheet.text((7.8, -1.4), "only $h_T$, the last row's output: $[B, H]$", size=9.5, align="left")
    return sheet


def attention_seq2seq():
    sheet = Sheet()
    _reader(sheet, both=True)
    for x, name in STEPS:
        sheet.ring((x, 1.15), "+", r=0.25)
        sheet.line((x - 0.25, 0.45), (x - 0.12, 0.92))
        sheet.line((x + 0.25, 0.45), (x + 0.12, 0.92))
        sheet.line((x, 1.4), (x, 2.05))
        sheet.box((x, 2.4), f"$k_{name}$", kind="values", w=0.8, h=0.7)
    sheet.text((4.6, 2.4), "…")
    sheet.text((0.6, 3.3), "the keys of all rows: $[B, T, H]$", size=9.5, align="left")
    sheet.box((10.6, 2.4), "score", w=1.7)
    sheet.line((0.6, 2.75), (0.6, 2.95), (6.8, 2.95), (6.8, 2.4), arrow=False)
    sheet.arrow((6.8, 2.4), (9.75, 2.4), "$k_1, …, k_T$")
    sheet.arrow((11.45, 2.4), (12.7, 2.4), "$[B, T]$")
    sheet.box((13.6, 2.4), "softmax", kind="fixed", w=1.8)
    sheet.box((13.6, 0.7), r"$\sum_j \alpha_j k_j$", kind="fixed", w=1.8)
    sheet.arrow((13.6, 1.95), (13.6, 1.15), r"$\alpha$: $[B, T]$")
    sheet.line((8.2, 2.4), (8.2, 0.7), (12.7, 0.7))
    sheet.box((13.6, -1.2), "LSTM", w=1.8)
    sheet.arrow((13.6, 0.25), (13.6, -0.75), "context: $[B, H]$")
    sheet.line((12.7, -1.2), (10.6, -1.2), (10.6, 1.95))
    sheet.text((10.75, -0.35), "$q$, its $h$", size=9.5, align="left")
    sheet.text((10.75, -0.75), "before the step", size=9.5, align="left")
    sheet.line((14.5, -1.0), (15.3, -1.0), (15.3, -1.45), (14.5, -1.45))
    sheet.text((15.4, -1.05), "$(h, c)$ into", size=9.5, align="left")
    sheet.text((15.4, -1.45), "the next step", size=9.5, align="left")
    sheet.box((13.6, -2.9), "$W h + b$", w=1.8)
    sheet.arrow((13.6, -1.65), (13.6, -2.45), "$h$: $[B, H]$")
    sheet.arrow((14.5, -2.9), (15.4, -2.9))
    sheet.text((15.65, -2.9), "$y$")
    sheet.text((12.2, 3.3), "one step of the decoder, $T'$ times", size=12)
    return sheet


def glimpse():
    """A picture with three squares around one point, and what is left of them."""
    sheet = Sheet()
    cell, top = 0.25, 4.0
    sheet.grid((0, 0), (16, 16), cell)
    cx, cy = 9 * cell, top - 7 * cell  # the centre, between four pixels
    sheet.frame((cx - 4 * cell, cy + 4 * cell), 4 * cell, 4 * cell, fill="#bfe6d8", color="#009E73", lw=1)
    for size, color in ((4, "#0072B2"), (8, "#D55E00"), (16, "#009E73")):
        half = size / 2 * cell
        sheet.frame((cx - half, cy + half), 2 * half, 2 * half, color=color, lw=2)
    sheet.ring((cx, cy), "", r=0.06, kind="learned")
    sheet.text((2.0, -1.15), "outside: 0", size=10)
    sheet.text((2.0, -0.75), "the picture, 16 × 16 pixels", size=10)
    for i, (size, color, y) in enumerate(((4, "#0072B2", 3.5), (8, "#D55E00", 1.5), (16, "#009E73", -0.5))):
        side = size * 0.1
        sheet.frame((7.5 - side / 2, y + side / 2), side, side, color=color, lw=2)
        sheet.text((9.0, y), f"$k = {i}$: {size} × {size} pixels,", size=10, align="left")
        mean = "as they are" if i == 0 else f"means of {2**i} × {2**i}"
        sheet.text((9.0, y - 0.42), mean, size=10, align="left")
        sheet.arrow((12.2, y - 0.2), (13.2, y - 0.2))
        sheet.grid((13.4, y - 0.7), (4, 4), cell, fills={(1, 1): color} if i == 2 else {})
    sheet.text((13.9, 4.6), "$[K, size, size]$", size=10)
    sheet.text((7.5, 4.6), "$K = 3$, $size = 4$", size=10)
    return sheet


def finder():
    """10.12: what computes a look, and which parts hear which teacher."""
    sheet = Sheet()
    sheet.box((1.2, 3.2), "picture", kind="values", w=1.9)
    sheet.text((1.2, 4.0), "$40 × 40$", size=9.5)
    sheet.box((4.3, 3.2), "blur: means", kind="fixed", w=2.2)
    sheet.arrow((2.15, 3.2), (3.2, 3.2))
    sheet.box((7.7, 3.2), "convolution", kind="choice", w=2.3)
    sheet.arrow((5.4, 3.2), (6.55, 3.2), "$10 × 10$")
    sheet.box((11.4, 3.2), "score", kind="choice", w=1.9)
    sheet.arrow((8.85, 3.2), (10.45, 3.2), "100 keys")
    sheet.box((14.4, 3.2), "softmax", kind="fixed", w=1.9)
    sheet.arrow((12.35, 3.2), (13.45, 3.2))
    sheet.box((14.4, 1.1), "draw one cell", kind="fixed", w=2.5)
    sheet.arrow((14.4, 2.75), (14.4, 1.55), "the policy")
    sheet.box((14.4, -1.0), "glimpse", kind="fixed", w=2.5)
    sheet.arrow((14.4, 0.65), (14.4, -0.55), "its point")
    sheet.line((1.2, 2.75), (1.2, -1.9), (14.4, -1.9), (14.4, -1.45))
    sheet.text((1.4, -2.2), "the sharp picture, read only around the point", size=9.5, align="left")
    sheet.box((10.8, -1.0), "linear, ReLU", w=2.3)
    sheet.arrow((13.15, -1.0), (11.95, -1.0), "$16 × 16$")
    sheet.box((7.4, -1.0), "GRU cell", w=2.0)
    sheet.arrow((9.65, -1.0), (8.4, -1.0))
    sheet.line((6.9, -0.55), (6.9, 0.15), (7.9, 0.15), (7.9, -0.55))
    sheet.text((6.7, 0.15), "its state", size=9.5, align="right")
    sheet.line((7.9, 0.15), (11.4, 0.15), (11.4, 2.75))
    sheet.text((9.4, 0.45), "the state asks", size=9.5)
    sheet.box((3.7, -1.0), "linear", w=1.5)
    sheet.arrow((6.4, -1.0), (4.45, -1.0), "after two looks")
    sheet.arrow((2.95, -1.0), (2.35, -1.0))
    sheet.text((1.85, -0.97), "digit")
    sheet.key((0.4, -2.9), "learned", "learns from the right digit (and, through look 2, from the bit)")
    sheet.key((9.2, -2.9), "choice", "learns from one bit: right or wrong")
    return sheet


def caption_step():
    """10.13: look with the old state, then move."""
    sheet = Sheet()
    sheet.box((1.3, 2.6), "$f_1, …, f_P$", kind="values", w=2.4)
    sheet.text((1.3, 3.4), "features: $[B, P, D]$", size=9.5)
    sheet.box((5.9, 2.6), r"$v \cdot \tanh(W s + U f_p)$", w=4.2)
    sheet.arrow((2.5, 2.6), (3.8, 2.6))
    sheet.box((10.6, 2.6), "softmax", kind="fixed", w=1.9)
    sheet.arrow((8.0, 2.6), (9.65, 2.6), "$e$: $[B, P]$")
    sheet.box((14.2, 2.6), r"$\sum_p \alpha_p f_p$", kind="fixed", w=2.1)
    sheet.arrow((11.55, 2.6), (13.15, 2.6), r"$\alpha$: $[B, P]$")
    sheet.line((1.3, 3.75), (1.3, 4.15), (14.2, 4.15), (14.2, 3.05))
    sheet.text((1.3, 0.2), "$s$: $[B, H]$")
    sheet.line((2.3, 0.2), (5.9, 0.2), (5.9, 2.15))
    sheet.box((10.0, 0.2), "GRU cell", w=2.2)
    sheet.line((5.9, 0.2), (8.9, 0.2))
    sheet.line((14.2, 2.15), (14.2, 1.25), (10.5, 1.25), (10.5, 0.65))
    sheet.text((13.0, 1.5), "$c$: $[B, D]$", size=9.5)
    sheet.line((9.5, 1.25), (9.5, 0.65))
    sheet.text((9.3, 1.45), "$emb(w)$", size=9.5, align="right")
    sheet.arrow((11.1, 0.2), (12.9, 0.2), "$s'$: $[B, H]$")
    sheet.box((14.2, 0.2), r"$W_{out} [s'; c] + b_{out}$", w=2.6, h=0.9)
    sheet.line((14.2, 1.25), (14.2, 0.65))
    sheet.arrow((14.2, -0.25), (14.2, -1.0))
    sheet.text((14.2, -1.3), "logits of the next word: $[B, V]$", size=9.5)
    sheet.line((12.0, 0.2), (12.0, -0.55))
    sheet.text((12.0, -0.8), "into the next step", size=9.5)
    return sheet


def two_teachers():
    """10.11: what goes forward, and which gradient goes back where."""
    sheet = Sheet()
    names = (("scores", "choice"), ("softmax", "fixed"), ("draw", "fixed"), ("glimpse", "fixed"), ("answer", "learned"))
    places = [1.1 + 3.0 * i for i in range(5)]
    for place, (name, kind) in zip(places, names, strict=True):
        sheet.box((place, 0), name, kind=kind, w=1.7)
    for left in places[:4]:
        sheet.arrow((left + 0.85, 0.15), (left + 2.15, 0.15))
    sheet.box((13.1, 2.2), "CE", kind="fixed", w=1.7)
    sheet.arrow((13.3, 0.45), (13.3, 1.75))
    sheet.line((12.9, 1.75), (12.9, 0.45), dashed=True)  # back: into the answer
    sheet.line((12.25, -0.15), (10.95, -0.15), dashed=True)
    sheet.line((9.25, -0.15), (8.5, -0.15), dashed=True)
    for slope in (1, -1):
        sheet.line((8.15, -0.15 - 0.22 * slope), (8.45, -0.15 + 0.22 * slope), arrow=False)
    sheet.text((8.3, -0.75), "stops: a place is a whole number", size=9.5)
    sheet.text((12.75, 1.15), "gradient", size=9.5, align="right")
    sheet.box((5.6, 2.2), r"($r -$ baseline) · log of its probability", kind="choice", w=5.2)
    sheet.line((4.4, 0.45), (4.4, 1.4), (5.0, 1.4), (5.0, 1.75))
    sheet.line((7.1, 0.45), (7.1, 1.4), (6.2, 1.4), (6.2, 1.75))
    sheet.text((7.25, 1.0), "which place", size=9.5, align="left")
    sheet.line((3.5, 1.75), (3.5, 0.45), dashed=True)
    sheet.text((3.35, 1.3), "gradient", size=9.5, align="right")
    sheet.line((3.25, -0.15), (1.95, -0.15), dashed=True)
    sheet.line((14.0, 0.45), (14.3, 0.45), (14.3, 3.2), (5.6, 3.2), (5.6, 2.65), color="#8a8a8a")
    sheet.text((9.9, 3.45), "$r$: right? 1 or 0, no gradient", size=9.5)
    sheet.box((10.2, 2.2), "label", kind="values", w=1.5, h=0.7)
    sheet.arrow((10.95, 2.2), (12.25, 2.2))
    sheet.key((0.3, -1.6), "choice", "learns from right or wrong")
    sheet.key((6.4, -1.6), "learned", "learns from the label")
    return sheet
