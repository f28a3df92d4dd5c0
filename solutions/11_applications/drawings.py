"""The drawings of stage 11. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import Sheet


def interface():
    """11.2 and 11.3: four readers, one memory, three writers."""
    sheet = Sheet()
    readers = ("convolution", "gru", "bigru", "transformer")
    for i, name in enumerate(readers):
        y = 3.6 - 1.2 * i
        sheet.box((3.6, y), name, w=2.8)
        sheet.line((1.2, 1.8), (1.7, 1.8), (1.7, y), (2.2, y))
        sheet.line((5.0, y), (5.7, y), (5.7, 1.8), (6.3, 1.8))
    sheet.text((1.05, 1.8), "$x$, mask", align="right")
    sheet.text((1.05, 1.3), "[B, S, …]", size=10, align="right")
    sheet.box((7.9, 1.8), "memory", kind="values", w=3.2)
    sheet.text((7.9, 1.05), "$[B, S, D]$", size=10)
    for i, name in enumerate(("GRU with attention", "Transformer", "your own")):
        y = 3.3 - 1.5 * i
        sheet.box((12.6, y), name, w=3.6, kind="choice" if i == 2 else "learned")
        sheet.line((9.5, 1.8), (10.1, 1.8), (10.1, y), (10.8, y))
        sheet.line((14.4, y), (15.1, y), (15.1, 1.8), (15.8, 1.8))
    sheet.text((15.95, 2.1), "logits $[B, V]$", size=10, align="left")
    sheet.text((15.95, 1.5), "alpha $[B, S]$", size=10, align="left")
    sheet.text((3.6, 4.7), "readers", size=11)
    sheet.text((12.6, 4.7), "writers: one word a step", size=11)
    return sheet


def pointer():
    """11.4: a word is written from the vocabulary or copied from a place."""
    sheet = Sheet()
    words = ("Zorb", "saw", "Zorb", "near", "it")
    for i, word in enumerate(words):
        sheet.box((1.2 + 1.5 * i, 0.0), word, kind="values", w=1.3, h=0.7)
        sheet.line((1.2 + 1.5 * i, 0.35), (1.2 + 1.5 * i, 1.05))
    sheet.text((0.3, 1.4), r"$\alpha$", align="right")
    for i, weight in enumerate((".5", ".1", ".3", ".1", ".0")):
        sheet.text((1.2 + 1.5 * i, 1.4), weight, size=10)
    sheet.line((1.2, 1.7), (1.2, 2.4), (2.7, 2.4), arrow=False)
    sheet.line((4.2, 1.7), (4.2, 2.4), (2.7, 2.4), arrow=False)
    sheet.line((2.7, 2.4), (2.7, 3.0))
    sheet.text((2.9, 2.7), "places of one word add up: .8", size=10, align="left")
    sheet.box((11.3, 0.0), "decoder", w=3.0)
    sheet.arrow((11.3, 0.45), (11.3, 1.15), "softmax")
    sheet.box((11.3, 1.6), "vocabulary", kind="values", w=3.0)
    sheet.text((13.0, 1.6), "$[B, V]$", size=10, align="left")
    sheet.line((11.3, 2.05), (11.3, 3.0))
    sheet.ring((2.7, 3.5), r"$\times$")
    sheet.ring((11.3, 3.5), r"$\times$")
    sheet.line((2.7, 3.8), (2.7, 4.6), (6.7, 4.6))
    sheet.line((11.3, 3.8), (11.3, 4.6), (7.3, 4.6))
    sheet.text((2.2, 3.5), "$1 - p$", align="right")
    sheet.text((11.8, 3.5), "$p$", align="left")
    sheet.ring((7.0, 4.6), "$+$")
    sheet.line((7.0, 4.9), (7.0, 5.5))
    sheet.text((7.0, 5.8), "$P$: a number for each id, known or not", size=11)
    return sheet
