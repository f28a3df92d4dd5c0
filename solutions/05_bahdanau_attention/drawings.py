"""The drawings of stage 05. Each function is one drawing, drawings/<its name>.svg beside the notebook."""

from autograder.build.draw import Sheet


def additive_score():
    """5.2: query and key are brought to one size, added, bent by tanh, and made one number."""
    sheet = Sheet()
    sheet.box((0.8, 1.3), "$q$", kind="values", w=1.2)
    sheet.text((0.7, 2.05), "$[B, Dq]$", size=9.5)
    sheet.box((3.6, 1.3), "$W$", w=1.8)
    sheet.arrow((1.4, 1.3), (2.7, 1.3))
    sheet.box((0.8, -1.3), "$k_j$", kind="values", w=1.2)
    sheet.text((0.95, -2.2), "all: $[B, S, Dk]$", size=9.5)
    sheet.box((3.6, -1.3), "$U$", w=1.8)
    sheet.arrow((1.4, -1.3), (2.7, -1.3))
    sheet.ring((6.9, 0), "+", r=0.35)
    sheet.line((4.5, 1.3), (6.9, 1.3), (6.9, 0.35))
    sheet.line((4.5, -1.3), (6.9, -1.3), (6.9, -0.35))
    sheet.text((5.1, 1.6), "$W q$", size=10)
    sheet.text((6.3, 1.6), "$[B, 1, A]$", size=9.5)
    sheet.text((5.1, -1.7), "$U k_j$", size=10)
    sheet.text((6.3, -1.7), "$[B, S, A]$", size=9.5)
    sheet.box((9.7, 0), "tanh", kind="fixed", w=1.8)
    sheet.arrow((7.25, 0), (8.8, 0))
    sheet.box((13.0, 0), r"$v^\top$", w=1.4)
    sheet.arrow((10.6, 0), (12.3, 0), "$[B, S, A]$")
    sheet.arrow((13.7, 0), (14.7, 0))
    sheet.text((15.0, 0), "$e_j$")
    sheet.text((15.0, -0.6), "$[B, S]$", size=9.5)
    return sheet


def decoder_step():
    """5.6: the old state asks, then the GRU moves."""
    sheet = Sheet()
    sheet.box((1.6, 4), "$h_1, …, h_S$", kind="values", w=2.6)
    sheet.text((1.5, 3.1), "memory: $[B, S, Dk]$", size=9.5)
    sheet.box((5.4, 4), "score", w=1.9)
    sheet.arrow((2.9, 4), (4.45, 4))
    sheet.box((9.1, 4), "softmax", kind="fixed", w=2.0)
    sheet.arrow((6.35, 4), (8.1, 4), "$[B, S]$")
    sheet.text((9.1, 5.2), "mask: $[B, S]$", size=9.5)
    sheet.arrow((9.1, 5.0), (9.1, 4.45))
    sheet.box((13.6, 4), r"$\sum_j \alpha_{tj} h_j$", kind="fixed", w=2.4)
    sheet.arrow((10.1, 4), (12.4, 4), r"$\alpha_t$: $[B, S]$")
    sheet.line((1.6, 4.45), (1.6, 5.8), (13.6, 5.8), (13.6, 4.45))
    sheet.box((1.6, 0), "$s_{t-1}$", kind="values", w=1.6)
    sheet.text((1.5, -0.85), "$[B, H]$", size=9.5)
    sheet.line((2.4, 0), (8.5, 0))
    sheet.line((5.4, 0), (5.4, 3.55))
    sheet.text((5.55, 1.1), "asks", align="left")
    sheet.box((9.6, 0), "GRU", w=2.2)
    sheet.box((9.6, 1.9), r"$[\text{emb}(y_{t-1}); c_t]$", kind="fixed", w=3.2)
    sheet.arrow((9.6, 1.45), (9.6, 0.45), "$[B, D + Dk]$")
    sheet.box((6.85, 1.9), "emb", w=1.2, h=0.8)
    sheet.arrow((7.45, 1.9), (8.0, 1.9))
    sheet.text((6.75, 3.1), "$y_{t-1}$")
    sheet.arrow((6.85, 2.8), (6.85, 2.3))
    sheet.line((13.6, 3.55), (13.6, -1.55))
    sheet.line((13.6, 1.9), (11.2, 1.9))
    sheet.text((13.75, 2.9), "$c_t$: $[B, Dk]$", size=9.5, align="left")
    sheet.line((10.7, 0), (12.9, 0))
    sheet.line((11.7, 0), (11.7, -1.55))
    sheet.text((11.6, 0.28), "$s_t$: $[B, H]$", size=9.5)
    sheet.text((12.6, -0.4), "next step", size=9.5)
    sheet.box((11.6, -2), r"$W_{out} [s_t; c_t; \text{emb}(y_{t-1})] + b_{out}$", w=5.6)
    sheet.text((6.9, -2), r"$\text{emb}(y_{t-1})$")
    sheet.arrow((7.9, -2), (8.8, -2))
    sheet.arrow((11.6, -2.45), (11.6, -3.15))
    sheet.text((11.5, -3.45), r"$\text{logits}_t$: $[B, V]$")
    return sheet


def translator():
    """5.8: a GRU in both directions reads, the decoder writes step by step."""
    sheet = Sheet()
    words, steps = (4.2, 7.2, 10.2, 13.2), (5.0, 9.0, 13.0)
    for j, x in enumerate(words, 1):
        sheet.box((x, -1.9), "embedding", w=2.0, h=0.7)
        sheet.arrow((x, -2.85), (x, -2.25))
        sheet.text((x - 0.1, -3.2), ("I", "love", "China", "end")[j - 1])
        sheet.arrow((x, -1.55), (x, -0.45), "$[B, D]$" if j == 1 else "")
        sheet.box((x, 0), "2 GRUs", w=1.6)
        sheet.arrow((x, 0.45), (x, 1.25), "$[B, H]$" if j == 1 else "")
        sheet.box((x, 1.6), f"$h_{j}$", kind="values", w=1.2, h=0.7)
        sheet.line((x, 1.95), (x, 2.7), arrow=False)
        if j < 4:
            sheet.line((x + 0.8, 0.15), (x + 2.2, 0.15))
            sheet.line((x + 2.2, -0.15), (x + 0.8, -0.15))
    sheet.line((words[0], 2.7), (words[-1], 2.7), arrow=False)
    sheet.text((11.0, 2.95), "memory: $[B, S, H]$", size=9.5)
    sheet.line((3.4, -0.15), (1.2, -0.15), (1.2, 1.65))
    sheet.text((1.4, -0.45), "backward", size=9.5, align="left")
    sheet.text((1.35, 0.7), r"$[B, H / 2]$", size=9.5, align="left")
    sheet.box((1.2, 2.1), "bridge, tanh", w=2.2)
    sheet.line((1.2, 2.55), (1.2, 4.4), (steps[0] - 0.9, 4.4))
    sheet.text((2.6, 4.65), "$[B, H]$", size=9.5)
    for t, x in enumerate(steps):
        sheet.box((x, 4.4), "step", w=1.8)
        sheet.line((x, 2.7), (x, 3.95))
        sheet.arrow((x - 0.5, 5.6), (x - 0.5, 4.85))
        sheet.text((x - 0.65, 5.85), ("start", "$y_1$", "$y_2$")[t])
        sheet.arrow((x + 0.5, 4.85), (x + 0.5, 5.6))
        sheet.text((x + 0.6, 5.85), "logits")
        right = steps[t + 1] - 0.9 if t < 2 else x + 1.6
        sheet.arrow((x + 0.9, 4.4), (right, 4.4), "state" if t == 0 else "")
    sheet.text((14.9, 4.4), "…")
    return sheet


def play_attention():
    """5.4: the weights of one word. In JupyterLab and on the site one can go from word to word."""
    sheet = Sheet()
    source, target = ("Tom", "helps", "Jerry", "every", "day", "E"), ("Tom", "every day")
    alpha = (0.0258, 0.119, 0.0128, 0.7874, 0.0549, 0.0001)
    x_source, x_target = [0.9 + 2.5 * j for j in range(6)], [1.4 + 3.0 * t for t in range(2)]
    for j, (word, weight) in enumerate(zip(source, alpha, strict=True)):
        if weight >= 0.005:
            ends = (x_target[1], -2.0), (x_source[j], 0.25)
            sheet.line(*ends, arrow=False, color="#3d86c6", lw=1 + 9 * weight)
        sheet.text((x_source[j], 0.55), word, size=12)
        sheet.text((x_source[j], 1.15), f"$\\alpha_{j + 1} = {weight:.2f}$", size=9.5)
    for t, (x, word) in enumerate(zip(x_target, target, strict=True), 1):
        sheet.text((x, -2.35), f"word {t}", size=12)
        sheet.text((x, -2.85), f"({word})", size=9.5)
    terms = " + ".join(f"{weight:.2f} v_{j}" for j, weight in enumerate(alpha, 1) if weight >= 0.005)
    sheet.text((x_target[1] + 1.6, -2.35), f"$c = {terms}$", align="left")
    return sheet
