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
    sheet.line((14.0, -0.15), (14.0, -0.75), (11.2, -0.75), (11.2, -0.15))
    sheet.text((12.6, -1.05), "state: anything", size=10)
    sheet.text((12.6, -1.5), "told at each step: the word before", size=10)
    sheet.text((3.6, 4.7), "readers", size=11)
    sheet.text((12.6, 4.7), "writers: one word a step", size=11)
    return sheet


def pointer():
    """11.4: row 0 of the example by hand. A word is written from the vocabulary, or copied from its places."""
    sheet = Sheet()
    words, weights = ("Kimo", "knows", "that", "Kimo", "sings"), (".5", ".1", "0", ".3", ".1")
    for i, (word, weight) in enumerate(zip(words, weights, strict=True)):
        x = 0.8 + 1.5 * i
        sheet.box((x, 0.0), word, kind="values", w=1.3, h=0.7)
        sheet.text((x, 0.65), weight, size=10)
    sheet.text((-0.1, 0.65), r"$\alpha$", align="right")
    ids = ("P", "knows", "that", "sings", "Kimo")
    for left, name, numbers, share in (
        (0.8, "sum by word", ("0", ".1", "0", ".1", ".8"), "$1 - p$ = .6"),
        (9.9, "vocabulary", ("0", ".5", ".25", ".25", ""), "$p$ = .4"),
    ):
        for i, (word, number) in enumerate(zip(ids, numbers, strict=True)):
            sheet.box((left + 1.2 * i, 2.6), number, kind="values" if number else "fixed", w=1.2, h=0.7)
            if left > 5:
                sheet.text((left + 1.2 * i, 2.0), word, size=9.5)
            else:
                sheet.text((left + 1.2 * i, 3.2), word, size=9.5)
        sheet.ring((left + 2.4, 4.2), r"$\times$")
        sheet.line((left + 2.4, 3.5 if left < 5 else 2.95), (left + 2.4, 3.9))
        sheet.text((left + 1.85, 4.2), share, align="right", size=10)
        sheet.text((left + 5.6, 2.6), name, size=9.5, align="left")
    for i, target in ((0, 4), (1, 1), (2, 2), (3, 4), (4, 3)):
        sheet.line((0.8 + 1.5 * i, 0.9), (0.8 + 1.2 * target, 2.25))
    sheet.box((12.3, 0.0), "decoder", w=3.0)
    sheet.arrow((12.3, 0.45), (12.3, 1.75), "softmax")
    sheet.ring((7.7, 5.3), "$+$")
    sheet.line((3.2, 4.5), (3.2, 5.3), (7.4, 5.3))
    sheet.line((12.3, 4.5), (12.3, 5.3), (8.0, 5.3))
    sheet.line((7.7, 5.6), (7.7, 6.1))
    sheet.text((7.7, 6.4), "$q$: 0, .26, .1, .16, and .48 for Kimo", size=10.5)
    return sheet
