"""The drawings of stage 03. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import FILLS, Sheet

FAINT = "#a0a0a0"


def bridge():
    """3.3: the state after E goes over; what the encoder makes of the pads is left behind."""
    sheet = Sheet()
    for s, letter in enumerate("upEPPP"):
        x = 1.1 + 1.3 * s
        pad = letter == "P"
        if pad:
            for y, text, kind, w, h in ((-1.6, letter, "fixed", 0.8, 0.7), (0, "RNN", "learned", 0.95, 0.8)):
                sheet.frame((x - w / 2, y + h / 2), w, h, fill=FILLS[kind], color=FAINT)
                sheet.text((x - 0.08, y - 0.05), text, color=FAINT)
        else:
            sheet.box((x, -1.6), letter, kind="values", w=0.8, h=0.7)
            sheet.box((x, 0), "RNN", w=0.95, h=0.8)
        color = FAINT if pad else "#222222"
        sheet.line((x, -1.25), (x, -0.4), color=color)
        sheet.line((x - (0.83 if s else 0.9), 0), (x - 0.475, 0), color=color)
    sheet.text((0.1, -0.05), "0", align="right")
    sheet.line((3.7, 0.4), (3.7, 1.4), (8.9, 1.4), (8.9, 0), (9.3, 0))
    sheet.text((6.2, 1.65), "$c$, the state after E: $[B, H]$", size=10)
    for t, (read, says) in enumerate(zip("Sdown", "downE", strict=True)):
        x = 9.8 + 1.3 * t
        sheet.box((x, -1.6), read, kind="values", w=0.8, h=0.7)
        sheet.line((x, -1.25), (x, -0.4))
        sheet.box((x, 0), "RNN", w=0.95, h=0.8)
        if t:
            sheet.line((x - 0.83, 0), (x - 0.475, 0))
        sheet.line((x, 0.4), (x, 1.05))
        sheet.box((x, 1.4), "out", w=0.95, h=0.7)
        sheet.line((x, 1.75), (x, 2.35))
        sheet.text((x - 0.05, 2.6), says, size=12)
    sheet.text((9.3, 2.6), "should say", size=10, align="right")
    sheet.text((9.5, 2.02), "logits: $[B, T, V]$", size=9.5, align="right")
    sheet.text((4.3, -2.4), "encoder: $x$, one-hot $[B, S, V]$", size=11)
    sheet.text((12.4, -2.4), "decoder: $y^{in}$, one-hot $[B, T, V]$", size=11)
    return sheet


def two_ways():
    """3.5: what the decoder reads, in training and in use; its second letter is wrong in both."""
    sheet = Sheet()
    places = (3.0, 6.4, 9.8, 13.2)
    for y, title, reads, writes in (
        (4.5, "with a teacher", "Slow", "liwE"),
        (0.0, "without a teacher", "Sli?", "li??"),
    ):
        taught = y > 0
        sheet.text((-0.6, y + 2.65), title, size=13, align="left")
        sheet.text((0.7, y - 0.05), "$c$ of high", align="right")
        for t, (x, read, said) in enumerate(zip(places, reads, writes, strict=True)):
            sheet.box((x, y), "RNN, out", w=2.2, h=0.8)
            sheet.line((x - 2.05 if t == 0 else x - 2.3, y), (x - 1.1, y))
            sheet.box((x - 0.65, y + 1.5), read, kind="values", w=0.8, h=0.7)
            sheet.line((x - 0.65, y + 1.15), (x - 0.65, y + 0.4))
            sheet.line((x + 0.65, y + 0.4), (x + 0.65, y + 1.15))
            sheet.box((x + 0.65, y + 1.5), said, kind="fixed", w=0.8, h=0.7)
            if said == "i":
                sheet.text((x + 0.6, y + 2.05), "wrong", size=9.5)
            if taught:
                sheet.line((x - 0.65, y + 2.45), (x - 0.65, y + 1.85))
            elif t < 3:
                sheet.line((x + 1.05, y + 1.5), (x + 2.35, y + 1.5))
        sheet.text((1.75, y + 1.45), "reads", size=9.5, align="right")
        if taught:
            sheet.text((4.2, y + 1.45), "says", size=9.5, align="left")
        else:
            sheet.text((3.6, y + 2.05), "says", size=9.5)
    sheet.line((2.35, 6.95), (12.55, 6.95), arrow=False)
    sheet.text((7.45, 7.2), "y_in, from the data", size=10)
    return sheet
