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
        sheet.box((13.0, 3.3 - 1.5 * i), name, w=3.6, kind="choice" if i == 2 else "learned")
    left, right, top, bottom = 10.7, 15.3, 4.2, -1.1  # one frame around the three: each is called in the same way
    sheet.line((left, bottom), (left, top), (right, top), (right, bottom), (left, bottom), arrow=False)
    sheet.line((9.5, 1.8), (left, 1.8))
    sheet.line((right, 1.8), (16.1, 1.8))
    sheet.text((16.25, 2.1), "logits $[B, V]$", size=10, align="left")
    sheet.text((16.25, 1.5), "alpha $[B, S]$", size=10, align="left")
    sheet.line((14.6, bottom), (14.6, -1.8), (13.2, -1.8), (13.2, bottom))
    sheet.text((13.9, -2.15), "state: anything", size=10)
    sheet.line((11.6, -1.8), (11.6, bottom))
    sheet.text((11.6, -2.15), "the word before: START, then $y$ or its own", size=10, align="right")
    sheet.line((0.6, 0.95), (0.6, -0.8), (left, -0.8))
    sheet.text((7.9, -0.55), "the mask; to start also $x$", size=10)
    sheet.text((3.6, 4.7), "readers", size=11)
    sheet.text((13.0, 4.7), "writers: one word a step", size=11)
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
        (9.9, "vocabulary", ("0", ".5", ".25", ".25", "0"), "$p$ = .4"),
    ):
        for i, (word, number) in enumerate(zip(ids, numbers, strict=True)):
            new = left > 5 and i == 4  # no place in the vocabulary
            sheet.box((left + 1.2 * i, 2.6), number, kind="fixed" if new else "values", w=1.2, h=0.7)
            if left > 5:
                sheet.text((left + 1.2 * i, 2.0), word, size=9.5)
            else:
                sheet.text((left + 1.2 * i, 3.2), word, size=9.5)
        sheet.ring((left + 2.4, 4.2), r"$\times$")
        above = 3.5 if left < 5 else 3.15
        sheet.line((left - 0.6, above), (left + 5.4, above), arrow=False)  # the whole row
        sheet.line((left + 2.4, above), (left + 2.4, 3.9))
        sheet.text((left + 1.85, 4.2), share, align="right", size=10)
        sheet.text((left + 5.6, 2.6), name, size=9.5, align="left")
    for i, target in ((0, 4), (1, 1), (2, 2), (3, 4), (4, 3)):
        sheet.line((0.8 + 1.5 * i, 0.9), (0.8 + 1.2 * target, 2.25))
    sheet.box((12.3, 0.0), "decoder", w=3.0)
    sheet.arrow((12.3, 0.45), (12.3, 1.75), "softmax")
    sheet.line((13.8, 0.0), (16.9, 0.0), (16.9, 4.2), (12.6, 4.2))
    sheet.text((16.8, 4.5), "sigmoid: $p$", size=10, align="right")
    sheet.ring((7.7, 5.3), "$+$")
    sheet.line((3.2, 4.5), (3.2, 5.3), (7.4, 5.3))
    sheet.line((12.3, 4.5), (12.3, 5.3), (8.0, 5.3))
    sheet.line((7.7, 5.6), (7.7, 6.1))
    sheet.text((7.7, 6.4), "$q$: 0, .26, .1, .16, and .48 for Kimo", size=10.5)
    return sheet
