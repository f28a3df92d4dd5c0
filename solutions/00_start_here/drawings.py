"""The drawings of stage 00. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import FAINT, Sheet


def what_you_build():
    """0.1: the six functions of this page, and what goes from one to the next."""
    sheet = Sheet()
    parts = (
        ((4.2, 2.3), "build_vocabulary", "0.4", 3.2),
        ((4.2, 0), "encode", "0.5", 1.7),
        ((4.2, -2.6), "decode", "0.6", 1.7),
        ((8.7, 0), "pad_batch", "0.8", 1.9),
        ((12.9, 0), "one_hot", "0.9", 1.8),
        ((8.7, -2.6), "padding_mask", "0.10", 2.5),
    )
    for (x, y), name, section, w in parts:
        sheet.box((x, y), name, kind="fixed", w=w)
        sheet.text((x + w / 2 - 0.1, y + 0.62), section, size=9.5, align="right", color=FAINT)
    sheet.box((0.9, 0), '"man", "up"', kind="values", w=2.0)
    sheet.line((0.9, 0.45), (0.9, 2.3), (2.6, 2.3))
    sheet.arrow((4.2, 1.85), (4.2, 0.45), "char_to_id")
    sheet.arrow((1.9, 0), (3.35, 0))
    sheet.arrow((5.05, 0), (7.75, 0), "[4, 3, 5]")
    sheet.text((6.4, -0.32), "[7, 6]", size=9.5)
    sheet.line((6.4, -0.6), (6.4, -2.6), (5.05, -2.6), color=FAINT)
    sheet.line((3.35, -2.6), (0.9, -2.6), (0.9, -0.45), color=FAINT)
    sheet.arrow((9.65, 0), (12.0, 0), "ids, shape [2, 3]")
    sheet.arrow((13.8, 0), (16.1, 0), "shape [2, 3, V]")
    sheet.box((17.0, 0), "model", w=1.8)
    sheet.arrow((8.7, -0.45), (8.7, -2.15), "lengths 3, 2")
    sheet.arrow((9.95, -2.6), (15.7, -2.6), "mask, shape [2, 3]")
    sheet.arrow((17.0, -0.45), (17.0, -2.15))
    sheet.box((17.0, -2.6), "answer", kind="values", w=2.6)
    return sheet
