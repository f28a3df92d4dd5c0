"""The drawings of stage 08. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import Sheet

SHADE = "#e0e0e0"


def _row(sheet, words, y=0.0, x=0.9, step=1.35):
    """The words of both sentences in one row, with segment and mask below."""
    places = [x + step * i for i in range(len(words))]
    for i, (place, word) in enumerate(zip(places, words, strict=True)):
        sheet.box((place, y), word, kind="choice" if i in (0, 7, 8) else "values", w=1.2, h=0.7)
    return places


def reader():
    """8.2 and 8.3: two sentences in one row, some words hidden, and what is asked."""
    sheet = Sheet()
    places = _row(sheet, ("MASK", "helps", "Jerry", "at", "home", "E", "Tom", "river", "Jerry", "E"))
    sheet.text((0.0, -0.75), "segment", size=9.5, align="right")
    for i, place in enumerate(places):
        sheet.text((place - 0.1, -0.75), "0" if i < 6 else "1", size=9.5)
        sheet.text((place - 0.1, -1.2), str(i if i < 6 else i - 6), size=9.5)
    sheet.text((0.0, -1.2), "position", size=9.5, align="right")
    sheet.box((7.0, 1.6), "encoder: words, positions, segments; two blocks", w=13.4)
    for place in places:
        sheet.line((place, 0.35), (place, 1.15))
    for i, place in enumerate(places):
        asked = i in (0, 7, 8)
        sheet.line((place, 2.05), (place, 2.75 if asked else 2.45))
        if asked:
            sheet.box((place, 3.1), "head", w=1.2, h=0.7)
            sheet.line((place, 3.45), (place, 4.1))
            sheet.text((place, 4.35), {0: "Tom?", 7: "helps?", 8: "Jerry?"}[i], size=10)
    sheet.text((7.0, 2.75), "a state for each place", size=9.5)
    sheet.key((0.9, -1.85), "choice", "chosen: hidden, replaced by a random word, or left as it was")
    sheet.text((5.6, 4.35), "only at the chosen places: $-\\log$ softmax$(z)$", size=9.5)
    return sheet


def classifier():
    """8.6 to 8.9: what is loaded, what is new, what may be frozen."""
    sheet = Sheet()
    sheet.text((1.6, 3.5), "the reader, stored", size=11)
    sheet.box((1.6, 0.6), "encoder", w=2.6)
    sheet.box((1.6, 2.6), "head: words", w=2.6)
    sheet.arrow((1.6, 1.05), (1.6, 2.15), "$[B, T, D]$")
    sheet.text((8.3, 5.3), "the classifier", size=11)
    sheet.box((8.3, 0.6), "encoder", w=2.6)
    sheet.box((8.3, 2.2), "one vector for two sentences", kind="fixed", w=4.8)
    sheet.arrow((8.3, 1.05), (8.3, 1.75), "$[B, T, D]$")
    sheet.box((8.3, 3.8), "head: said or not", kind="choice", w=3.2)
    sheet.arrow((8.3, 2.65), (8.3, 3.35), "$[B, 4 D]$")
    sheet.arrow((8.3, 4.25), (8.3, 4.9), "$[B, 2]$")
    sheet.arrow((2.9, 0.6), (7.0, 0.6), "load what fits (8.6)")
    sheet.text((9.8, 0.75), "frozen (8.8)", size=9.5, align="left")
    sheet.text((9.8, 0.35), "or with a small rate (8.9)", size=9.5, align="left")
    sheet.text((10.1, 3.8), "new: starts from random numbers", size=9.5, align="left")
    sheet.text((10.9, 2.2), "means (8.7) or word by word (8.11)", size=9.5, align="left")
    sheet.text((3.05, 2.6), "stays behind", size=9.5, align="left")
    return sheet


def word_by_word():
    """8.11: attend, compare, aggregate."""
    sheet = Sheet()
    words = (("Tom", 1.0), ("helps", 2.4), ("Jerry", 3.8), ("at", 5.2), ("home", 6.6), ("E", 8.0))
    for word, x in words:
        sheet.box((x, 3.2), word, kind="values", w=1.2, h=0.7)
    sheet.text((-0.1, 3.2), "$p_i$", align="right")
    for j, (word, x) in enumerate((("Tom", 1.7), ("helps", 3.6), ("Jerry", 5.5), ("E", 7.4))):
        sheet.box((x, 0.6), word, kind="values", w=1.2, h=0.7)
        for i, (_, above) in enumerate(words):
            most = i == (0, 1, 2, 5)[j]
            sheet.line((x, 0.95), (above, 2.85), arrow=most, color="#222222" if most else "#bbbbbb")
    sheet.text((-0.1, 0.6), "$h_j$", align="right")
    sheet.text((0.15, 1.9), r"$\alpha_{ji}$", align="right")
    sheet.text((8.3, 1.9), r"attend: $\alpha_{ji}$, a softmax over $i$", size=10, align="left")
    sheet.box((12.7, 0.6), r"$c_j = \sum_i \alpha_{ji} p_i$", kind="fixed", w=3.2)
    sheet.line((0.4, 3.65), (0.4, 3.85), (15.0, 3.85), (15.0, 0.6), (14.3, 0.6))
    sheet.line((8.6, 3.65), (8.6, 3.85), arrow=False)
    sheet.text((11.8, 4.1), "all $p_i$", size=10)
    sheet.line((1.1, 0.15), (1.1, -0.05), (8.0, -0.05), (8.0, 0.15), arrow=False)
    sheet.line((4.55, -0.05), (4.55, -1.1), (10.1, -1.1))
    sheet.text((7.0, -0.85), "each $h_j$", size=10)
    sheet.line((7.9, 1.65), (9.3, 1.65), (9.3, 0.6), (11.1, 0.6))
    sheet.box((12.7, -1.1), "$v_j = [h_j; c_j; |h_j - c_j|; h_j \\odot c_j]$", kind="fixed", w=5.2)
    sheet.arrow((12.7, 0.15), (12.7, -0.65), "compare")
    sheet.box((12.7, -2.8), "mean over the words $j$", kind="fixed", w=3.8)
    sheet.arrow((12.7, -1.55), (12.7, -2.35), "aggregate")
    sheet.line((10.8, -2.8), (8.0, -2.8))
    sheet.text((9.4, -2.55), "$[B, 4 D]$", size=10)
    sheet.box((7.2, -2.8), "head", kind="choice", w=1.6)

    return sheet
