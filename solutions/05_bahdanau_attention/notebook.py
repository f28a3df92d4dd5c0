# %% [markdown]
# # 05 · Attention: look back at the source
#
# You read an English sentence once. Then somebody takes it away, and you write it in Chinese, from memory. A
# translator with one vector works like this (stages 03 and 04). How far does it get? Run the next two cells.

# %% given="setup"
try:
    from autograder.lab import data, expect, grammar, guess, plots
except ModuleNotFoundError:
    raise ImportError(
        "The course's package, sequence-course, is not in this kernel: in JupyterLab and VS Code choose the kernel of "
        "the course's .venv (`python3 course.py lab` makes it); in Colab and Kaggle upload the course's folder, copy "
        "it to /content or /kaggle/working, run `%pip install --no-deps -e FOLDER executing zhplot`, and restart the "
        "session (`pip install autograder` is another program)."
    ) from None

import random
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)  # the models are small: a second thread costs more than it helps
plots.use_style()

P, S, E = 0, 1, 2  # the ids of pad, start and end, in both languages
ENGLISH, CHINESE = grammar.ENGLISH, grammar.CHINESE  # the words of both languages; a word's id is its place
corpus = grammar.corpus()

# %%
demo_three = [corpus.test[0], corpus.by_length[10][5], corpus.by_length[22][3]]  # none of them is in the training
demo_said = data.load("attention_runs")["said"]  # what stored models wrote


def show_said(pair, answers):
    """A sentence, its translation, and what models wrote: Chinese, and below it word by word in English."""
    print(f"\n{len(pair.source)} words:", *pair.source)
    for name, words in {"right": pair.target, **answers}.items():
        mark = "" if name == "right" else "   ✓" if tuple(words) == pair.target else "   ✗"
        print(f"  {name:>12}: {' '.join(words)}{mark}\n{'':16}{' '.join(grammar.GLOSS[word] for word in words)}")


for pair, said in zip(demo_three, demo_said["none"], strict=True):
    show_said(pair, {"one vector": said.split()})

# %% [markdown]
# *What to see:* you need no Chinese, the English words below it are enough. The model has the same training as yours will
# have, and each sentence that it writes is a proper one. But only the first one is nearly right: *I love cat*. The ten-word
# sentence became another one, and of the long one not even the animals are left. With this training, one
# vector was not enough to keep them. (It is a small one, of 32 numbers. Four times the training helps a little: 5.9.)
#
# On this page, the English sentence stays on the table. For each Chinese word you look at the English words that you
# need *now*. This looking is called **attention**. You know it. In an exam you read the question, and then you go back to the
# two lines of the text that answer it. In a class photograph you search for one face. In front of a large painting your eye
# rests on some places and passes over the others.
#
# In 2014 attention was proposed for translation, and everything after it in this course is built on it. (The idea is older. In
# 2013, Graves's network made handwriting with a window that moved over the text. In June 2014, a network of Mnih and others
# looked at parts of pictures.) Near the end of this page, *your* translator gets the same three sentences.
#
# **What you know:** an encoder that no pad disturbs, and a decoder that writes word by word (stages 03 and 04).
# The GRU, forwards and in both directions (stage 02). And the question that stage 04 left open: why should *one*
# vector hold the whole sentence?
#
# **What you will be able to do after this page**
#
# - write additive attention, the first form of attention, piece by piece: score, softmax with a mask, context;
# - say why its formula needs the tanh, and prove it;
# - put it into a decoder and train a translator, in 10 to 60 seconds, depending on the computer;
# - draw where the translator looks, lay it beside the gold alignment, and *measure* the picture;
# - say what such a picture proves and what it does not.
#
# **Points and time.** This page has 33 points, five of them for the quiz. Plan about four hours; after 5.5 is a
# good moment for a pause. The longest cell takes 10 to 60 seconds, depending on the computer.
#
# **Letters of this page.**
#
# | letter | meaning |
# |---|---|
# | B, S, T | sizes: the batch, the source (English) and the target (Chinese). Both lengths count the end symbol |
# | H, D, A | sizes: a state of the decoder, an embedding, the hidden layer inside the score |
# | $s_{t-1}$ | the decoder's state *before* it writes word $t$; in code `s_prev`, `[B, H]` |
# | q, Dq | **query**: the vector that asks, and its size. Here it is $s_{t-1}$ |
# | $k_j$, K, Dk | **keys**: one vector for each source word $j$, the matrix of all of them, and their size |
# | V, Dv | **values**: what is taken from each source word, and the size of one; here Dv = Dk. (For `BahdanauDecoder`, the number of Chinese words) |
# | $h_j$ | the encoder's state at source word j; all of them are the memory |
# | $e_j$, $\alpha_j$, c | score of source word j, its weight, and the context: the weighted sum of the values |
# | `P`, `S`, `E` | in code only: the ids of pad, start and end. (The size S has no name of its own in code) |
#
# On this page keys and values are the same thing: the encoder's states, together called the **memory**. In stage 07
# they will differ.

# %% tags=["hide-input"]
ax = plots.course_map(here="05_bahdanau_attention")

# %% [markdown]
# ## 5.1 A sentence and its translation
#
# Our sentences come from a small grammar. It makes an English and a Chinese sentence side by side, so it knows
# for each Chinese word which English word it stands for. This is called the **alignment**. No human had to draw
# it. It is *gold*: what we compare with. Gold does not mean that nobody could draw it otherwise. For 了, 的 and measure
# words the links are decisions of the grammar. (`datasets/grammar.md` describes the data, and also what they are not.)
#
# You need no Chinese. Look at the lines only. In which order will the English words be needed? Write your guess into
# the cell, and run it.

# %%
guess.ask(
    "order",
    "In how many of the 4000 sentences does no line cross another, so that one can translate from left to right?",
    A="in nearly all of them",
    B="in about half of them",
    C="in fewer than a third",
    D="in none",
    mine="",
)


# %% tags=["hide-input"]
def draw_links(pair, ax):
    """English above, Chinese below; a thick line for a sure link, a dotted one for a possible link."""
    width = max(len(pair.source), len(pair.target)) - 1
    x_source = [width * (i + 0.5) / len(pair.source) for i in range(len(pair.source))]
    x_target = [width * (i + 0.5) / len(pair.target) for i in range(len(pair.target))]
    for t, s in pair.possible:
        sure = (t, s) in pair.sure
        color = plots.COLORS[0] if sure else "#888888"
        ax.plot([x_source[s], x_target[t]], [0.86, 0.14], "-" if sure else ":", color=color, linewidth=1.6)
    for xs, y, words in ((x_source, 0.93, pair.source), (x_target, 0.05, pair.target)):
        for x, word in zip(xs, words, strict=True):
            ax.text(x, y, word, ha="center", va="center", fontsize=9.5)
    ax.set(xlim=(-0.4, width + 0.4), ylim=(-0.05, 1.03))
    ax.axis("off")


# %%
demo_meanings = [
    grammar.Meaning(grammar.Noun("I"), "love", grammar.Noun("China")),
    grammar.Meaning(grammar.Noun("Tom"), "chase", grammar.Noun("Jerry"), "past", time="yesterday", place="in the park"),
    grammar.Meaning(
        grammar.Noun("dog", "the", "old", grammar.Relative("love", grammar.Noun("I"), noun_is_subject=False)),
        "chase",
        grammar.Noun("cat", "two"),
        time="every day",
    ),
]
figure, axes = plots.plt.subplots(3, 1, figsize=(plots.WIDTH, 4.6))
for ax, meaning in zip(axes, demo_meanings, strict=True):
    draw_links(grammar.render(meaning), ax)
axes[0].set_title("The same meaning in two languages (dotted: a possible link)")
demo_order = sum(map(grammar.is_monotone, corpus.train)) / len(corpus.train)
print(f"{len(corpus.train)} sentences to learn from, {demo_order:.0%} of them without a crossing")
guess.compare("order", "A" if demo_order > 0.8 else "B" if demo_order > 1 / 3 else "C" if demo_order > 0 else "D")

# %% [markdown]
# *What to see:* only *I love China* goes from left to right. In the second sentence, time and place move before
# the verb. In the third, what stands behind *dog* in English stands before 狗 (dog) in Chinese. *the* has
# no partner, and this 的 only a possible one.
#
# **Two words for one.** *Tom helps Jerry every day* becomes 汤姆 每天 帮助 杰瑞. Let $h_j$ be a vector for English word j. What is
# taken from the source for Chinese word t will be called $c_t$:
#
# | | *Tom* $h_1$ | *helps* $h_2$ | *Jerry* $h_3$ | *every* $h_4$ | *day* $h_5$ | |
# |---|---|---|---|---|---|---|
# | 汤姆 | 1 | 0 | 0 | 0 | 0 | $c_1 = h_1$ |
# | 每天 | 0 | 0 | 0 | 0.5 | 0.5 | $c_2 = 0.5\, h_4 + 0.5\, h_5$ |
# | 帮助 | 0 | 1 | 0 | 0 | 0 | $c_3 = h_2$ |
# | 杰瑞 | 0 | 0 | 1 | 0 | 0 | $c_4 = h_3$ |
#
# $c_2$ needs $h_4$ *and* $h_5$. The other way round, and character by character, it is the same: 我 爱 中 国 ($h_1$ to
# $h_4$) becomes *I love China*, and *China* needs $c_3 = 0.5\, h_3 + 0.5\, h_4$. So the decoder should not pick one word, but give each one a **weight**.

# %% [markdown]
# ## 5.2 A score: how well does this word fit?
#
# We have one query q (what the decoder is doing now) and S keys (what the encoder knows about each source word).
# We want one number for each source word: high if the word is needed now. This is the **score**.
#
# The idea of Bahdanau, Cho and Bengio: *learn* the score, with a small network that reads both vectors and has
# one hidden layer.
#
# $$e_j = v^\top \tanh(W q + U k_j)$$
#
# ![W q and U k_j are added, then tanh, then v](drawings/additive_score.svg)
#
# Read it from the inside. `W` brings the query to size A, and `U` does the same with the key. They are
# **added**; hence the name *additive* attention. Then comes tanh. Last, `v` makes one number out of A.
#
# Shapes: `q [B, Dq]`, `K [B, S, Dk]`, `W [A, Dq]`, `U [A, Dk]`, `v [A]` → scores `[B, S]`.
#
# **By hand.** A = 2, Dq = Dk = 1: q = 0.5, the S = 3 keys are 0, 1 and 2; W and U are columns `[2, 1]`, W = (1, −1)ᵀ and
# U = (1, 1)ᵀ; v = (1, 2).
#
# | key | W q + U k | tanh of it | score |
# |---|---|---|---|
# | 0 | (0.5, −0.5) | (0.462, −0.462) | 0.462 − 0.924 = −0.462 |
# | 1 | (1.5, 0.5) | (0.905, 0.462) | 0.905 + 0.924 = 1.829 |
# | 2 | (2.5, 1.5) | (0.987, 0.905) | 0.987 + 1.810 = 2.797 |
#
# One more thing. `W`, `U` and `v` are arguments of the function: you get them. In `W` and `U`, rows are outputs: $Wq$ in
# code is `W @ q` for one query, and `q @ W.T` for a batch of them.
#
# **Your turn: `additive_score`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# The query belongs to all S keys of its row. Which shape must $Wq$ have, so that it can be added to $UK$, of shape
# `[B, S, A]`?
# </details>
# <details><summary>Hint 2</summary>
#
# A dimension of size 1 in the place of S lets torch repeat the query: `unsqueeze`. A matrix `[B, S, A]` times a
# vector `[A]` gives `[B, S]`.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: the query times W transposed, with a new dimension in the middle, plus the keys times U transposed;
# tanh of the sum; times v.
# </details>


# %% exercise="additive_score"
def additive_score(q, K, W, U, v):
    """How well each key fits the query: e_j = v · tanh(W q + U k_j).

    Args:
        q: float [B, Dq], one query for each row of the batch.
        K: float [B, S, Dk], S keys for each row.
        W: float [A, Dq].
        U: float [A, Dk].
        v: float [A].

    Returns:
        scores, float [B, S]: any numbers, before a softmax. Gradients flow to all five arguments.

    Source: Bahdanau et al. 2014, appendix A.1.2.
    """
    ### BEGIN SOLUTION
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T  # [B, 1, A] + [B, S, A] gives [B, S, A]
    return torch.tanh(hidden) @ v  # [B, S]
    ### END SOLUTION


# %% check="additive_score-value" points=2
q, K = torch.tensor([[0.5]]), torch.tensor([[[0.0], [1.0], [2.0]]])
W, U, v = torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0], [1.0]]), torch.tensor([1.0, 2.0])
scores = additive_score(q, K, W, U, v)
expect(scores).shape(1, 3, hint="One score for each of the three keys: [B, S]. v sums over the A hidden numbers.")
expect(scores).close(
    torch.tensor([[-0.4621, 1.8294, 2.7969]]), tol=1e-3, hint="The example by hand: add W q and U k, then tanh, then v."
)
away = additive_score(torch.tensor([[-2.0]]), K, W, U, v)
expect(away[:, 1] - away[:, 0]).differs_from(
    scores[:, 1] - scores[:, 0],
    tol=1e-3,
    hint="Another query shifts both scores by the same amount: then it can never prefer another word. Add first, then tanh.",
)
### BEGIN HIDDEN TESTS
for seed, (B, n, Dq, Dk, A) in enumerate(
    [(3, 5, 7, 2, 11), (5, 7, 3, 11, 2), (7, 7, 5, 5, 3), (5, 3, 5, 5, 5), (3, 1, 2, 5, 7)]
):
    torch.manual_seed(seed)
    q, K = torch.randn(B, Dq), torch.randn(B, n, Dk)
    W, U, v = torch.randn(A, Dq), torch.randn(A, Dk), torch.randn(A)
    expected = torch.zeros(B, n)
    for b in range(B):
        for j in range(n):
            for a in range(A):
                inside = sum(W[a, i] * q[b, i] for i in range(Dq)) + sum(U[a, i] * K[b, j, i] for i in range(Dk))
                expected[b, j] += v[a] * torch.tanh(inside)
    scores = additive_score(q, K, W, U, v)
    expect(scores).shape(B, n, hint="One score for each row of the batch and each key: [B, S].")
    expect(scores).close(
        expected, tol=1e-4, hint="Each score needs its own query, its own key, W with q, U with K, and the tanh."
    )
expect(additive_score(1000 * q, K, W, U, v)).finite(hint="A large query: torch.tanh gives 1 or -1 there, not NaN.")
### END HIDDEN TESTS

# %% check="additive_score-gradient" points=1
torch.manual_seed(5)
q, K, W, U, v = (torch.randn(*shape, requires_grad=True) for shape in ((3, 2), (3, 5, 7), (11, 2), (11, 7), (11,)))
additive_score(q, K, W, U, v).square().sum().backward()
expect([K, q]).gradient(hint="The gradient must reach the keys and the query: no detach, no .data, no no_grad.")
### BEGIN HIDDEN TESTS
expect([W, U, v]).gradient(hint="The gradient must reach W, U and v: they are what is learned.")
expected = torch.autograd.grad(
    torch.einsum(
        "bsa,a->bs", torch.tanh(torch.einsum("ad,bd->ba", W, q)[:, None] + torch.einsum("ad,bsd->bsa", U, K)), v
    )
    .square()
    .sum(),
    [q, K, W, U, v],
)
for tensor, right in zip((q, K, W, U, v), expected, strict=True):
    expect(tensor.grad).close(right, tol=1e-3, hint="A gradient is cut somewhere between the scores and the arguments.")
### END HIDDEN TESTS

# %% check="additive_score-unchanged" points=1
torch.manual_seed(6)
q, K, W, U, v = (torch.randn(*shape) for shape in ((3, 7), (3, 2, 7), (7, 7), (7, 7), (7,)))
before = [tensor.clone() for tensor in (q, K, W, U, v)]
additive_score(q, K, W, U, v)
expect([q, K]).equal(before[:2], hint="additive_score changed its arguments: += and functions with _ write into them.")
### BEGIN HIDDEN TESTS
expect([W, U, v]).equal(before[2:], hint="additive_score changed its arguments.")
first = additive_score(q, K, W, U, v)
expect(additive_score(q, K, W, U, v)).equal(first, hint="The same call must give the same scores.")
### END HIDDEN TESTS

# %% [markdown]
# What does the tanh do? We take A = 1, so that a score is one curve over the key. *Predict first:* how do the
# three curves, for three queries, differ with and without tanh?

# %%
demo_k = torch.linspace(-3, 3, 61)
figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 2.9), sharey=True)
for ax, name in zip(axes, ("without tanh: v (W q + U k)", "with tanh: v tanh(W q + U k)"), strict=True):
    for i, query in enumerate((-1.5, 0.0, 1.5)):
        scores = query + demo_k  # W = U = v = 1
        if name.startswith("with tanh"):
            one = torch.ones(1, 1)
            scores = additive_score(torch.tensor([[query]]), demo_k.view(1, -1, 1), one, one, one[0])[0]
        ax.plot(demo_k, scores, ["-", "--", ":"][i], label=f"q = {query:g}")
    ax.set(title=name, xlabel="key k")
axes[0].set_ylabel("score")
_ = axes[0].legend(frameon=False)

# %% [markdown]
# *What to see:* without tanh, the three lines have the same slope. A query only lifts the line. With tanh, the
# query decides *where* the curve is steep: for q = −1.5 the score tells the keys around 1.5 apart, for q = 1.5 the keys
# around −1.5. Keep the left picture in mind. Section 5.5 shows what follows from it.

# %% [markdown]
# ## 5.3 Weights: a softmax that sees no pads
#
# Scores are any numbers. The decoder needs **weights**: positive, with the sum 1. The softmax makes them:
#
# $$\alpha_j = \frac{m_j \exp(e_j)}{\sum_i m_i \exp(e_i)}$$
#
# **A limited resource.** The weights of a row sum to 1: what one word gets, the others lose. This is why attention is
# often described as the *allocation of a limited resource*. The decoder has one whole look, and shares it out anew for each word
# that it writes.
#
# $m_j$ is 1 for a real word and 0 for a pad. In code a mask is **bool**, and True means "is there". This is so
# everywhere in this course. (Not everywhere in the world: `nn.MultiheadAttention` marks with True what is to be
# left *out*. Read the page of every function that takes a mask.)
#
# The mask works **before** the softmax. After it, it is too late: the pads have taken their share of the sum
# already.
#
# **By hand.** Scores (1, 2, 3), the middle one is a pad.
#
# | how | weights | sum |
# |---|---|---|
# | mask first, then softmax: $e^1 / (e^1 + e^3)$, 0, $e^3 / (e^1 + e^3)$ | (0.119, 0, 0.881) | 1 |
# | softmax, then times the mask | (0.090, 0, 0.665) | 0.755 |
# | scores times the mask, then softmax of (1, 0, 3) | (0.114, 0.042, 0.844) | 1, but the pad has 0.042 |
#
# **Three traps.** A row may be masked *completely*: nothing to look at. Then the formula says 0 / 0. We decide:
# all weights are 0, and never NaN. (One NaN in one row, and after one step every weight of your model is NaN.) Second,
# what stands at a masked position must not matter, even if it is infinite. Third, the caller's scores stay as they are.
#
# `dim` says along which dimension the weights sum to 1. And a size of 1 in the mask is repeated, as usual in
# torch: a mask `[B, 1, S]` fits scores `[B, T, S]`.
#
# **Your turn: `masked_softmax`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# Which score gets the weight 0 in a softmax? `masked_fill` makes a *new* tensor with one value at all positions
# where a mask is True. So here you need the inverted mask: `~mask`.
# </details>
# <details><summary>Hint 2</summary>
#
# With `-inf` in the masked positions, a fully masked row becomes NaN. With the smallest finite number,
# `torch.finfo(scores.dtype).min`, it becomes equal weights. Neither is right yet: one more step is needed.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise if the mask is not bool. Fill the masked positions with the smallest finite number, take the softmax
# along dim, then fill the masked positions of the *weights* with 0. In a row with real words, this last step
# changes nothing; in a row without any, it makes zeros.
# </details>


# %% exercise="masked_softmax"
def masked_softmax(scores, mask, dim=-1):
    """The softmax over the positions where the mask is True; weight 0 at all others.

    Args:
        scores: float, any shape, for example [B, S]: finite numbers, large ones as well. What stands at a masked position
            may be anything, NaN as well.
        mask: bool, of the same shape, or with a size of 1 that is repeated. True means "is there".
        dim: along this dimension the weights sum to 1.

    Returns:
        weights, float, of the shape of scores. Where a whole row along dim is masked, all its weights are 0.
        No weight and no gradient is ever NaN. The arguments stay as they are.

    Raises:
        ValueError: if the mask is not of dtype torch.bool. The message contains the word "bool".
    """
    ### BEGIN SOLUTION
    if mask.dtype != torch.bool:
        raise ValueError(f"masked_softmax: the mask must be bool (True: is there), not {mask.dtype}")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)  # a new tensor
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)
    ### END SOLUTION


# %% check="masked_softmax-value" points=2
weights = masked_softmax(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[True, False, True]]), -1)
expect(weights).shape(1, 3, hint="Weights have the shape of the scores.")
expect(weights).close(
    torch.tensor([[0.1192, 0.0, 0.8808]]), tol=1e-3, hint="The example by hand: mask first, then softmax."
)
weights = masked_softmax(torch.zeros(1, 2, 3), torch.ones(1, 2, 3, dtype=torch.bool), 1)
expect(weights).close(
    torch.full((1, 2, 3), 0.5), hint="With dim=1 of [1, 2, 3], the weights of two positions sum to 1."
)
weights = masked_softmax(torch.tensor([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), torch.tensor([[True] * 2] * 3), 0)
expect(weights[:, 1]).close(torch.full((3,), 1 / 3), hint="With dim=0, each column sums to 1.")
### BEGIN HIDDEN TESTS
for seed, (shape, dim) in enumerate([((3, 5), -1), ((5, 7), 1), ((3, 7, 5), 1), ((5, 3, 2), 2), ((2, 3, 5, 7), -2)]):
    torch.manual_seed(seed)
    scores, mask = 3 * torch.randn(shape), torch.rand(shape) < 0.6
    mask.movedim(dim, 0)[0] = True  # every row has a real position
    expected = torch.zeros(shape)
    rows = [tensor.movedim(dim, -1).reshape(-1, shape[dim]) for tensor in (scores, mask)]
    flat = torch.zeros_like(rows[0])
    for i, (row, real) in enumerate(zip(*rows, strict=True)):
        flat[i, real] = row[real].exp() / row[real].exp().sum()
    expected = flat.reshape(scores.movedim(dim, -1).shape).movedim(-1, dim)
    expect(masked_softmax(scores, mask, dim)).close(
        expected, tol=1e-4, hint="Along `dim`, the real positions share a sum of 1, and masked ones have exactly 0."
    )
torch.manual_seed(9)
scores, mask = torch.randn(3, 2, 5), torch.tensor([[[True, False, True, True, False]]] * 3)
expect(masked_softmax(scores, mask, -1)[:, :, mask[0, 0]]).close(
    torch.softmax(scores[:, :, mask[0, 0]], dim=-1), tol=1e-4, hint="A mask [B, 1, S] must fit scores [B, T, S]."
)
expect(masked_softmax(scores, mask)).shape(3, 2, 5, hint="Without `dim`, the last dimension is meant.")
### END HIDDEN TESTS

# %% check="masked_softmax-empty" points=1
weights = masked_softmax(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[False, False], [True, True]]), -1)
expect(weights[0]).equal(
    torch.zeros(2), hint="A row without any real position has weights 0: not NaN, and not equal weights."
)
expect(weights[1]).close(torch.tensor([0.2689, 0.7311]), tol=1e-3, hint="A masked row must not disturb the others.")
### BEGIN HIDDEN TESTS
torch.manual_seed(0)
scores = torch.randn(5, 3, requires_grad=True)
mask = torch.tensor([[True, True, False], [False] * 3, [True] * 3, [False] * 3, [False, False, True]])
weights = masked_softmax(scores, mask, 1)
expect(weights.detach().sum(dim=1)).close(
    torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0]), hint="Rows sum to 1, and rows without a real position to 0."
)
(weights * torch.arange(15.0).view(5, 3)).sum().backward()
expect(scores.grad).finite(
    hint="The weights are fine, but their gradient is NaN: it comes from a 0 / 0 or an inf in the middle."
)
expect(scores.grad[[1, 3]]).equal(torch.zeros(2, 3), hint="No gradient reaches a masked position.")
expect(scores.grad[[0, 2]].abs().sum(dim=1).min()).at_least(1e-3, hint="A gradient must reach the real positions.")
column = masked_softmax(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[False, True], [False, False]]), 0)
expect(column).equal(
    torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
    hint="With dim=0 a row is a column: ask along dim whether it has a real position.",
)
### END HIDDEN TESTS

# %% check="masked_softmax-extreme" points=1
scores = torch.tensor([[1000.0, 1000.0, 999.0], [-1000.0, 5e6, -1000.0]])
mask = torch.tensor([[True, True, True], [True, False, True]])
weights = masked_softmax(scores, mask, -1)
expect(weights[0]).close(
    torch.tensor([0.4223, 0.4223, 0.1554]), tol=1e-3, hint="exp(1000) is infinite. torch.softmax knows a way round it."
)
expect(weights[1]).close(
    torch.tensor([0.5, 0.0, 0.5]),
    hint="A large score at a masked position must not matter: fill it, do not subtract from it.",
)
### BEGIN HIDDEN TESTS
for garbage in (0.0, float("nan")):
    scores = torch.tensor([[-30000.0, garbage, -30001.0], [30000.0, 30001.0, garbage]])
    mask = torch.tensor([[True, False, True], [True, True, False]])
    expect(masked_softmax(scores, mask, -1)).close(
        torch.tensor([[0.7311, 0.0, 0.2689], [0.2689, 0.7311, 0.0]]),
        tol=1e-3,
        hint="Real scores may be below -10000. Then a masked position that was filled with -10000 wins: fill with a smaller number.",
    )
scores = torch.tensor([[-3e9, 0.0, -3e9]])
expect(masked_softmax(scores, torch.tensor([[True, False, True]]), -1)).close(
    torch.tensor([[0.5, 0.0, 0.5]]),
    hint="Real scores may be below -1e9, too. The number that is smaller than all others has a name: torch.finfo(dtype).min.",
)
for garbage in (float("inf"), float("-inf"), float("nan"), 3e38, -3e38):
    scores = torch.tensor([[0.3, garbage, -0.2, garbage], [garbage, garbage, garbage, 7.0], [garbage] * 4])
    mask = torch.tensor([[True, False, True, False], [False, False, False, True], [False] * 4])
    expect(masked_softmax(scores, mask, -1)).close(
        torch.tensor([[0.6225, 0.0, 0.3775, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0] * 4]),
        tol=1e-3,
        hint="What stands at a masked position must not matter, also where it is infinite or NaN.",
    )
### END HIDDEN TESTS

# %% check="masked_softmax-unchanged" points=1
scores, mask = (
    torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    torch.tensor([[True, False, True], [True, True, False]]),
)
masked_softmax(scores, mask, -1)
expect(scores).equal(
    torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    hint="The caller's scores were changed. masked_fill_ and scores[~mask] = … write into them; masked_fill makes a new tensor.",
)
expect(lambda: masked_softmax(torch.randn(2, 3), torch.tensor([[1, 0, 1], [1, 1, 0]]), -1)).raises(
    ValueError, mention="bool", hint="A mask of 0 and 1 is not bool: say so with a ValueError."
)
### BEGIN HIDDEN TESTS
expect(mask).equal(torch.tensor([[True, False, True], [True, True, False]]), hint="The caller's mask was changed.")
expect(lambda: masked_softmax(torch.randn(3, 2), torch.ones(3, 2), 0)).raises(
    ValueError, mention="bool", hint="A float mask is not bool: raise a ValueError."
)
### END HIDDEN TESTS

# %% [markdown]
# The three ways of the table above, with the scores of a sentence (four words and the end symbol) and three pads. The
# numbers in the cells are rounded.

# %%
demo_scores = torch.tensor([1.2, 0.3, 2.0, -0.5, 0.8, 0.4, 0.4, 0.4])
demo_mask = torch.arange(8) < 5
demo_rows = torch.stack(
    [
        masked_softmax(demo_scores, demo_mask, -1),
        torch.softmax(demo_scores, -1) * demo_mask,
        torch.softmax(demo_scores * demo_mask, -1),
    ]
)
ax = plots.heatmap(
    (demo_rows * 100).round() / 100,
    ["mask,\nthen softmax", "softmax,\nthen mask", "scores × mask,\nthen softmax"],
    ["Tom", "chases", "two", "cats", "end", "pad", "pad", "pad"],
    numbers=True,
    title="Weights, three ways (rounded)",
    ax=plots.plt.subplots(figsize=(plots.WIDTH, 2.3))[1],
)
for i, row in enumerate(demo_rows):
    ax.text(7.7, i, f"Σ = {row.sum():.2f}, on pads {row[5:].sum():.2f}", va="center", fontsize=9)

# %% [markdown]
# *What to see:* only the first row has the sum 1 and nothing on the pads. The third one looks at pads: their score became 0,
# and 0 is a score like any other.

# %% [markdown]
# ## 5.4 The context: a weighted sum
#
# Now the weights collect what is needed, from one value for each source word:
#
# $$c = \sum_j \alpha_j\, v_j$$
#
# (Here $v_j$ is a value, row j of `V`; it has nothing to do with the $v$ of the score.) With weights (0, 1, 0) the
# context is the second value. With equal weights it is the mean of all. In between, it is a mixture.
#
# **By hand.** Weights (0.25, 0.75), values (4, 0) and (0, 8): c = 0.25 · (4, 0) + 0.75 · (0, 8) = (1, 6).
#
# **By hand, with words.** The source is *Tom chases Jerry*, and the decoder has written 汤姆 追逐 (Tom, chase). For the next
# word it weighs Tom .3, chases .2, Jerry .5. With the values (1, 0), (0, 1) and (1, 2), the context is
# 0.3 · (1, 0) + 0.2 · (0, 1) + 0.5 · (1, 2) = (0.8, 1.2). Most of it comes from *Jerry*, and the others are in it, too.
#
# ![For the second word, every day, nearly all weight is on every; day has little](drawings/play_attention.svg)
#
# The weights of a translator as you train it in 5.8, for the sentence of 5.1; E is the end symbol. In JupyterLab and on the
# site you can go from word to word.
#
# **Soft and hard.** A mixture of all values is called **soft** attention. A small change of the weights changes the context a
# little, so there is a gradient, and the looking can be *learned* like everything else. **Hard** attention takes the value of
# *one* place, which is drawn at random: Tom in 3 of 10 cases, Jerry in 5. It needs only one value instead of all, but through a
# draw no gradient flows. Stage 10 trains one all the same, in another way.
#
# **Your turn: `context`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# Multiply each value by its weight, then sum over the words. Which dimension is missing in `alpha [B, S]`, so that
# it can be multiplied with `V [B, S, Dv]`?
# </details>
# <details><summary>Hint 2</summary>
#
# In words: put a dimension of size 1 at the end of alpha, multiply, and sum over dimension 1. Or let
# `torch.einsum` do both.
# </details>


# %% exercise="context"
def context(alpha, V):
    """The weighted sum of the values: c = Σ_j alpha_j v_j.

    Args:
        alpha: float [B, S], the weights. They need not sum to 1: a row of zeros gives a context of zeros.
        V: float [B, S, Dv], one value for each source word.

    Returns:
        float [B, Dv]. Gradients flow to both arguments, which stay as they are.

    Source: Bahdanau et al. 2014, equation (5).
    """
    ### BEGIN SOLUTION
    return (alpha.unsqueeze(-1) * V).sum(dim=1)  # [B, S, 1] * [B, S, Dv], summed over S
    ### END SOLUTION


# %% check="context-value" points=1
c = context(torch.tensor([[0.25, 0.75]]), torch.tensor([[[4.0, 0.0], [0.0, 8.0]]]))
expect(c).shape(1, 2, hint="One vector of size D for each row: [B, D], also for a batch of one.")
expect(c).close(
    torch.tensor([[1.0, 6.0]]), hint="The example by hand: each value times its weight, summed over the words."
)
### BEGIN HIDDEN TESTS
for seed, (B, n, D) in enumerate([(3, 5, 7), (5, 5, 5), (7, 2, 3), (3, 1, 2), (3, 7, 1)]):
    torch.manual_seed(seed)
    alpha, values = torch.softmax(2 * torch.randn(B, n), dim=1), torch.randn(B, n, D)
    alpha[0] = 0.0
    expected = torch.zeros(B, D)
    for b in range(B):
        for j in range(n):
            expected[b] += alpha[b, j] * values[b, j]
    c = context(alpha, values)
    expect(c).shape(B, D, hint="The sum goes over the words: [B, D].")
    expect(c).close(expected, tol=1e-4, hint="Each row has its own weights and values; a row of zeros gives zeros.")
### END HIDDEN TESTS

# %% check="context-gradient" points=1
torch.manual_seed(1)
alpha, values = torch.rand(3, 5), torch.randn(3, 5, 2)
before = alpha.clone(), values.clone()
context(alpha, values)
expect(alpha).equal(before[0], hint="context changed its arguments.")
expect(values).equal(before[1], hint="context changed its arguments: V *= … and mul_ write into V.")
alpha.requires_grad_()
values.requires_grad_()
context(alpha, values).sum().backward()
expect([alpha]).gradient(hint="No gradient reaches the weights: then nothing can learn where to look.")
### BEGIN HIDDEN TESTS
expect(alpha.grad).close(before[1].sum(dim=2), tol=1e-4, hint="The gradient of a weight is what its value holds.")
expect([values]).gradient(hint="No gradient reaches the values: then the encoder learns nothing from the attention.")
expect(values.grad).close(
    before[0].unsqueeze(-1).expand(3, 5, 2).contiguous(), tol=1e-4, hint="The gradient of a value is its weight."
)
### END HIDDEN TESTS

# %% [markdown]
# Four values in a plane, and contexts for several weights. *Predict first:* can a context lie outside the four
# points?

# %%
demo_values = torch.tensor([[0.0, 0.0], [4.0, 0.5], [3.0, 3.0], [0.5, 2.5]])
demo_weights = {
    "equal weights": [0.25] * 4,
    "most on 狗": [0.05, 0.05, 0.85, 0.05],
    "half 猫, half 狗": [0, 0.5, 0.5, 0],
    "": [1, 0, 0, 0],  # its point lies on that of 我
}
demo_contexts = context(torch.tensor(list(demo_weights.values())), demo_values.expand(4, 4, 2))
ax = plots.points(
    torch.cat([demo_values, demo_contexts]),
    ["我 (I)", "猫 (cat)", "狗 (dog)", "鸟 (bird)", *demo_weights],
    ["value"] * 4 + ["context"] * 4,
    title="A context lies between the values",
    xlabel="first number",
    ylabel="second number",
    ax=plots.plt.subplots(figsize=(plots.WIDTH, 3.4))[1],
)
ax.annotate("context: all on 我", (0, 0), xytext=(5, -14), textcoords="offset points", fontsize=8.5)
_ = ax.set(xlim=(-0.3, 4.9), ylim=(-0.55, 3.3))

# %% [markdown]
# *What to see:* no, it cannot: weights that are positive with the sum 1 give a point between the values. With all
# the weight on one word, the context *is* that word's value.

# %% [markdown]
# ## 5.5 Why the tanh?
#
# The tanh looks like a detail. Published code forgets it now and then (three cases stand under *Papers*), and the loss
# still falls. So what is it for?
# Here is the score without it. All five arguments are there, the query as well.


# %% given="linear_score"
def linear_score(q, K, W, U, v):
    """additive_score without tanh: e_j = v · (W q + U k_j). The same arguments, and as many parameters."""
    return ((q @ W.T).unsqueeze(1) + K @ U.T) @ v  # [B, S]


# %% [markdown]
# Take three queries that have nothing in common, and the same five keys.

# %%
guess.ask(
    "rows",
    "Without tanh: how different are the three rows of weights?",
    A="the same in each row, up to rounding",
    B="the same key has the largest weight in each row, but with other numbers",
    C="as different as with tanh: another key leads",
    mine="",
)

# %%
torch.manual_seed(3)
demo_q, demo_K = 3 * torch.randn(3, 7), torch.randn(1, 5, 7).expand(3, 5, 7)
demo_W, demo_U, demo_v = torch.randn(11, 7), torch.randn(11, 7) / 2, torch.randn(11) / 2
figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 2.3), sharey=True)
for ax, score in zip(axes, (additive_score, linear_score), strict=True):
    demo_alpha = torch.softmax(score(demo_q, demo_K, demo_W, demo_U, demo_v), dim=1)
    plots.heatmap(
        (100 * demo_alpha).round() / 100,
        ["query 1", "query 2", "query 3"],
        [f"key {i}" for i in range(1, 6)],
        numbers=True,
        title="with tanh" if score is additive_score else "without tanh",
        ax=ax,
    )
demo_spread = (demo_alpha - demo_alpha[0]).abs().max()  # of the last ones: without tanh
demo_leads = len(set(demo_alpha.argmax(dim=1).tolist()))
guess.compare("rows", "A" if demo_spread < 1e-4 else "B" if demo_leads == 1 else "C")

# %% [markdown]
# *What to see:* without tanh, the three rows are **the same**: in the formula exactly, on the computer up to rounding. The
# query is in the formula, and it has no effect. Here is the proof. A sum goes through v:
#
# $$e_j = v^\top (W q + U k_j) = \underbrace{v^\top W q}_{\text{the same for every } j} + v^\top U k_j$$
#
# And the softmax does not see what all scores have in common, because the factor cancels:
#
# $$\alpha_j = \frac{\exp(a + b_j)}{\sum_i \exp(a + b_i)} = \frac{e^a \exp(b_j)}{e^a \sum_i \exp(b_i)} = \frac{\exp(b_j)}{\sum_i \exp(b_i)}$$
#
# Any bend instead of the tanh would do, a ReLU as well. What must not happen is that the sum goes straight through v.
#
# Without it, the weights depend on the keys only. We call this **static attention**: in every step of a sentence, the
# decoder looks at the same place, in the same mixture. Section 5.9 measures what it costs.
#
# **Saliency and focus.** Static attention is not nothing. A red dot on a grey painting draws every eye, whatever
# the eye came for. This is **saliency**: some places are found important without a question. Max pooling works like
# this, too.
# **Focused** attention begins with a question, as in the exam. Here, the question is the query, and the tanh lets it speak.
#
# Now you can write its weights *without any query*.
#
# **By hand.** Dk = 1, and K has two keys, 0 and 1; U = (1, 1)ᵀ is a column and v = (1, 2), as in 5.2. Then $v^\top U k$ is 0 and 3,
# and the weights are (0.047, 0.953), whatever the query is.
#
# **Your turn: `static_attention`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# Which part of the sum is left, when what all scores have in common is dropped?
# </details>
# <details><summary>Hint 2</summary>
#
# In words: the keys times U transposed, times v; then your masked softmax over the words.
# </details>


# %% exercise="static_attention" builds_on="masked_softmax"
def static_attention(K, mask, U, v):
    """The weights that linear_score gives, for every query: the query cancels.

    Args:
        K: float [B, S, Dk], the keys.
        mask: bool [B, S], True where there is a word. A pad gets the weight 0, also if its key is NaN.
        U: float [A, Dk].
        v: float [A].

    Returns:
        weights, float [B, S], zeros in a row without any word. They are those of a masked softmax over
        linear_score(q, K, W, U, v), whatever q and W are. No weight is ever NaN. Gradients flow to K, U and v; for finite K
        none is NaN. No argument is changed.
    """
    ### BEGIN SOLUTION
    return masked_softmax(K @ U.T @ v, mask, dim=1)
    ### END SOLUTION


# %% check="static_attention-value" points=1
K, U, v = torch.tensor([[[0.0], [1.0]]]), torch.tensor([[1.0], [1.0]]), torch.tensor([1.0, 2.0])
weights = static_attention(K, torch.tensor([[True, True]]), U, v)
expect(weights).close(torch.tensor([[0.0474, 0.9526]]), tol=1e-3, hint="The example by hand: the softmax of 0 and 3.")
### BEGIN HIDDEN TESTS
for seed, (B, n, Dq, Dk, A) in enumerate([(3, 5, 2, 7, 11), (5, 7, 3, 2, 5), (7, 3, 5, 5, 5)]):
    torch.manual_seed(seed)
    K, U, v = torch.randn(B, n, Dk), torch.randn(A, Dk), torch.randn(A) / 2
    mask = torch.arange(n) < torch.randint(1, n + 1, (B, 1))
    weights = static_attention(K.clone(), mask.clone(), U.clone(), v.clone())
    for _ in range(3):
        q, W = torch.randn(B, Dq), torch.randn(A, Dq)
        scores = torch.einsum("a,bsa->bs", v, torch.einsum("ad,bd->ba", W, q)[:, None] + K @ U.T)
        expected = torch.zeros(B, n)
        for b in range(B):
            real = scores[b, mask[b]]
            expected[b, mask[b]] = (real - real.max()).exp() / (real - real.max()).exp().sum()
        expect(weights).close(
            expected, tol=1e-3, hint="The weights of linear_score, which has no tanh, over the real words only."
        )
inf, nan = float("inf"), float("nan")
for a, b, garbage in ((300.0, 299.0, 0.0), (1.0, 0.0, nan), (1.0, 0.0, inf), (-30000.0, -30001.0, 0.0)):
    weights = static_attention(
        torch.tensor([[[a], [garbage], [b]]]), torch.tensor([[True, False, True]]), torch.ones(1, 1), torch.ones(1)
    )
    expect(weights).close(
        torch.tensor([[0.7311, 0.0, 0.2689]]),
        tol=1e-3,
        hint="Large scores, and anything at the pads. masked_softmax can do this: a product, or filling with -10000, cannot.",
    )
### END HIDDEN TESTS

# %% check="static_attention-mask" points=1
torch.manual_seed(2)
K, U, v = torch.randn(2, 3, 5), torch.randn(7, 5), torch.randn(7)
weights = static_attention(K, torch.tensor([[True, True, False], [True, False, False]]), U, v)
expect(weights[:, 2]).equal(torch.zeros(2), hint="A pad has the weight 0.")
expect(weights.sum(dim=1)).close(torch.ones(2), hint="The real words share a sum of 1.")
### BEGIN HIDDEN TESTS
weights = static_attention(
    torch.randn(3, 5, 2), torch.tensor([[True] * 5, [False] * 5, [False, True] + [False] * 3]), U[:, :2], v
)
expect(weights).finite(hint="A row without any word must not become NaN.")
expect(weights.sum(dim=1)).close(torch.tensor([1.0, 0.0, 1.0]), hint="A row without any word has weights 0.")
### END HIDDEN TESTS

# %% check="static_attention-gradient" points=1
torch.manual_seed(3)
K, U, v, mask = torch.randn(3, 5, 2), torch.randn(7, 2), torch.randn(7), torch.arange(5) < torch.tensor([[5], [3], [1]])
before = [tensor.clone() for tensor in (K, mask, U, v)]
static_attention(K, mask, U, v)
expect([K, mask, U, v]).equal(before, hint="static_attention changed its arguments: functions with _ write into them.")
K.requires_grad_()
static_attention(K, mask, U, v)[:, 0].sum().backward()
expect([K]).gradient(hint="No gradient reaches the keys: then the encoder learns nothing from the attention.")
### BEGIN HIDDEN TESTS
U.requires_grad_()
v.requires_grad_()
static_attention(K, mask, U, v)[:, 0].sum().backward()
expect([U, v]).gradient(hint="The gradient must reach U and v: they are what is learned.")
### END HIDDEN TESTS

# %% [markdown]
# ## 5.6 One step of the decoder
#
# All pieces are there. One step of Bahdanau's decoder, for word t:
#
# $$\alpha_t = \text{softmax}(\text{score}(s_{t-1}, \text{memory})) \qquad c_t = \sum_j \alpha_{tj}\, h_j$$
#
# $$s_t = \text{GRU}([\text{emb}(y_{t-1}); c_t],\ s_{t-1}) \qquad \text{logits}_t = W_{out} [s_t; c_t; \text{emb}(y_{t-1})] + b_{out}$$
#
# ![One step: the old state asks the memory; context and last word go into the GRU; state, context and word give the logits](drawings/decoder_step.svg)
#
# $h_j$ is the encoder's state at source word j, a row of the memory. $y_{t-1}$ is the word that was written before, and
# $[a; b]$ puts vectors one after the other.
#
# **The order matters.** It is $s_{t-1}$ that asks: first look, then move. If you ask with $s_t$, you have the model of stage 06.
#
# **By hand, with shapes.** D = 3, memory of width Dk = 4, H = 5. The GRU reads vectors of size D + Dk = 7. The last
# layer reads H + Dk + D = 12 numbers. For a batch of B = 2 sentences with S = 6: `y [2]`, `s_prev [2, 5]`, `memory
# [2, 6, 4]`, `mask [2, 6]` → `logits [2, V]`, `s [2, 5]`, `alpha [2, 6]`.
#
# The class takes the score as an argument. So the same decoder can use `additive_score`, `linear_score`, or the
# scores of stage 06.
#
# `start(A, H)` below gives you a learned matrix, of random numbers that are not too large.


# %% given="start"
def start(*shape):
    """A parameter of this shape, with random numbers of variance 1 / (the last size)."""
    return nn.Parameter(torch.randn(*shape) / shape[-1] ** 0.5)


# %% [markdown]
# **Your turn: `BahdanauDecoder`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# `step` has five lines: weights, context, embedding of y, new state, logits. You wrote the first two as
# functions.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.cat([...], dim=1)` puts vectors one after the other. `nn.GRUCell(inputs, states)` is called as `cell(x,
# s_prev)`. Keep the order of the formulas: first the embedding, then the context, for the GRU; state, context,
# embedding for `out`.
# </details>
# <details><summary>Hint 3</summary>
#
# In words. `__init__`: call `super().__init__()`, keep the score, then make embedding, W, U, v, cell and out with the
# sizes of the docstring. `step`: the score of s_prev and the memory with W, U and v; masked softmax of it over the
# words; context of these weights and the memory; embed y; cell of embedding and context, from s_prev; out of the new
# state, the context and the embedding. Return logits, new state and weights.
# </details>


# %% exercise="BahdanauDecoder" builds_on="additive_score,masked_softmax,context"
class BahdanauDecoder(nn.Module):
    """A decoder that looks at the source before each word.

    Attributes:
        embedding: nn.Embedding(V, D), of the words that it writes.
        W [A, H], U [A, Dk], v [A]: learned parameters of the score, made with start(…).
        cell: nn.GRUCell from D + Dk inputs (embedding, context) to H states.
        out: nn.Linear from H + Dk + D (state, context, embedding) to V.

    Source: Bahdanau et al. 2014, sections 3.1 and A.2.2; their output layer is deeper.
    """

    def __init__(self, V, D, Dk, H, A, score=additive_score):
        """V: number of words; D, Dk, H, A: sizes as above; score: a function with the arguments of additive_score."""
        ### BEGIN SOLUTION
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)
        ### END SOLUTION

    def step(self, y, s_prev, memory, mask):
        """Look, move on, and say what the next word could be.

        Args:
            y: torch.long [B], the words written last.
            s_prev: float [B, H], the state before this step. It asks.
            memory: float [B, S, Dk], the encoder's states: keys and values.
            mask: bool [B, S], True where there is a source word.
            None of them is changed.

        Returns:
            A tuple (logits [B, V], s [B, H], alpha [B, S]): before a softmax, the new state, the weights.
        """
        ### BEGIN SOLUTION
        scores = self.score(s_prev, memory, self.W, self.U, self.v)  # [B, S]
        alpha = masked_softmax(scores, mask, dim=1)  # [B, S]
        c = context(alpha, memory)  # [B, Dk]
        embedded = self.embedding(y)  # [B, D]
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)  # [B, H]
        logits = self.out(torch.cat([s, c, embedded], dim=1))  # [B, V]
        return logits, s, alpha
        ### END SOLUTION


# %% check="BahdanauDecoder-formula" points=2
torch.manual_seed(0)
decoder = BahdanauDecoder(V=13, D=3, Dk=5, H=7, A=11)
y, s_prev, memory = torch.tensor([4, 9, 12]), torch.randn(3, 7), torch.randn(3, 2, 5)
mask = torch.ones(3, 2, dtype=torch.bool)
logits, s, alpha = decoder.step(y, s_prev, memory, mask)
expect(logits).shape(3, 13, hint="One row of V logits for every sentence.")
expect(s).shape(3, 7, hint="The new state is [B, H].")
expect(alpha).shape(3, 2, hint="One weight for every source word.")
expect(s).differs_from(s_prev, tol=1e-4, hint="The state that comes back must be the new one.")
expect(logits.detach().sum(dim=1)).differs_from(
    torch.ones(3), tol=1e-3, hint="The V numbers sum to 1: these are probabilities. Return logits, without a softmax."
)
expect(alpha.sum(dim=1)).close(torch.ones(3), hint="The weights of a sentence sum to 1, over its source words.")
expect(decoder.step(y, s_prev + 1, memory, mask)[2]).differs_from(
    alpha.detach(), tol=1e-5, hint="Another state, the same weights: it is s_prev that asks."
)
expect(decoder.step(y, s_prev, memory + torch.arange(2.0).view(2, 1), mask)[0]).differs_from(
    logits.detach(), hint="Another memory, the same logits: the context must reach the state and the output."
)
expect(decoder.step((y + 1) % 13, s_prev, memory, mask)[2]).close(
    alpha.detach(), hint="The weights of this step must not depend on y: s_prev asks, not the new state."
)
### BEGIN HIDDEN TESTS
for seed, (B, n, V, D, Dk, H, A) in enumerate([(3, 5, 7, 2, 11, 5, 3), (5, 3, 11, 7, 2, 3, 5), (3, 2, 5, 3, 3, 3, 3)]):
    torch.manual_seed(seed)
    decoder = BahdanauDecoder(V, D, Dk, H, A)
    y, s_prev, memory = torch.randint(0, V, (B,)), torch.randn(B, H), torch.randn(B, n, Dk)
    W, U, v = decoder.W.detach(), decoder.U.detach(), decoder.v.detach()
    cell, table = decoder.cell, decoder.embedding.weight.detach()
    W_ih, W_hh, b_ih, b_hh = (p.detach() for p in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))
    W_out, b_out = decoder.out.weight.detach(), decoder.out.bias.detach()
    logits, s, alpha = decoder.step(y, s_prev.clone(), memory.clone(), torch.ones(B, n, dtype=torch.bool))
    for b in range(B):
        scores = torch.stack([v @ torch.tanh(W @ s_prev[b] + U @ key) for key in memory[b]])
        weights = scores.exp() / scores.exp().sum()
        c = sum(w * value for w, value in zip(weights, memory[b], strict=True))
        x, h = torch.cat([table[y[b]], c]), s_prev[b]
        gates, old = W_ih @ x + b_ih, W_hh @ h + b_hh
        r, z = torch.sigmoid(gates[: 2 * H] + old[: 2 * H]).chunk(2)
        new = (1 - z) * torch.tanh(gates[2 * H :] + r * old[2 * H :]) + z * h
        expect(alpha[b]).close(
            weights, tol=1e-4, hint="alpha differs: the score of s_prev with each row of the memory, then softmax."
        )
        expect(s[b]).close(new, tol=1e-4, hint="s differs: the GRU reads [embedding; context] and starts from s_prev.")
        expect(logits[b]).close(
            W_out @ torch.cat([new, c, table[y[b]]]) + b_out,
            tol=1e-4,
            hint="logits differ: out reads [new state; context; embedding], and no softmax comes after it.",
        )
### END HIDDEN TESTS

# %% check="BahdanauDecoder-padding" points=1
torch.manual_seed(1)
decoder = BahdanauDecoder(11, 2, 3, 5, 7)
y, s_prev, memory = torch.tensor([1, 5, 8]), torch.randn(3, 5), torch.randn(3, 4, 3)
mask = torch.tensor([[True, True, False, False], [True] * 4, [True, False, False, False]])
logits, s, alpha = decoder.step(y, s_prev, memory, mask)
expect(alpha[~mask]).equal(torch.zeros(5), hint="The mask must reach the softmax: no weight on pads.")
expect(decoder.step(y[:1], s_prev[:1], memory[:1, :2], mask[:1, :2])[0]).close(
    logits[:1].detach(), hint="A sentence alone and without its pads must give the same logits as in the batch."
)
### BEGIN HIDDEN TESTS
other = memory.clone()
other[~mask] = 100.0
before = [tensor.clone() for tensor in (y, s_prev, other, mask)]
for got, right in zip(decoder.step(y, s_prev, other, mask), (logits, s, alpha), strict=True):
    expect(got).close(right.detach(), hint="What stands in the memory at a pad must not matter.")
expect([y, s_prev, other, mask]).equal(before, hint="step changed its arguments: functions with _ write into them.")
nothing = decoder.step(y, s_prev, memory, torch.zeros(3, 4, dtype=torch.bool))
expect(nothing[2]).equal(torch.zeros(3, 4), hint="Nothing to look at: all weights are 0.")
expect(nothing[0]).finite(hint="Nothing to look at: the context is 0, and the logits are numbers.")
nothing[0].square().sum().backward()
for parameter in decoder.parameters():
    if parameter.grad is not None:
        expect(parameter.grad).finite(
            hint="Nothing to look at: a gradient is NaN. It comes from a 0 / 0 in the middle."
        )
### END HIDDEN TESTS

# %% check="BahdanauDecoder-learns" points=1
torch.manual_seed(2)
decoder = BahdanauDecoder(13, 5, 3, 7, 2)
expect(sorted(name for name, _ in decoder.named_parameters())).equal(
    [
        "U",
        "W",
        "cell.bias_hh",
        "cell.bias_ih",
        "cell.weight_hh",
        "cell.weight_ih",
        "embedding.weight",
        "out.bias",
        "out.weight",
        "v",
    ],
    hint="These are the parameters that an optimizer must find. Is each of them an nn.Parameter or in a module, with its name?",
)
memory = torch.randn(3, 5, 3, requires_grad=True)
logits, s, _ = decoder.step(torch.tensor([3, 4, 5]), torch.randn(3, 7), memory, torch.ones(3, 5, dtype=torch.bool))
logits, s, _ = decoder.step(torch.tensor([6, 7, 8]), s, memory, torch.ones(3, 5, dtype=torch.bool))
logits.square().sum().backward()
expect([decoder.W, decoder.U, decoder.v]).gradient(
    hint="No gradient reaches the score: then nothing learns where to look."
)
### BEGIN HIDDEN TESTS
expect([memory]).gradient(hint="No gradient reaches the memory: then the encoder learns nothing from the attention.")
expect(list(decoder.parameters())).gradient(hint="The gradient must reach every parameter.")
state = torch.randn(3, 7, requires_grad=True)
logits, s, alpha = decoder.step(torch.tensor([3, 4, 5]), state, memory.detach(), torch.ones(3, 5, dtype=torch.bool))
(alpha[:, 0] ** 2).sum().backward()
expect([state]).gradient(hint="The weights must have a gradient to the state that asked.")
### END HIDDEN TESTS

# %% check="BahdanauDecoder-score" points=1
torch.manual_seed(3)
decoder = BahdanauDecoder(7, 2, 5, 3, 11, score=linear_score)
memory, mask = torch.randn(3, 5, 5), torch.ones(3, 5, dtype=torch.bool)
alpha = decoder.step(torch.tensor([1, 2, 3]), torch.randn(3, 3), memory, mask)[2]
expect(decoder.step(torch.tensor([1, 2, 3]), torch.randn(3, 3), memory, mask)[2]).close(
    alpha.detach(), hint="With score=linear_score the weights cannot depend on the state: use the score that was given."
)
### BEGIN HIDDEN TESTS
U, v = decoder.U.detach(), decoder.v.detach()
expect(alpha).close(
    torch.softmax(memory @ U.T @ v, dim=1), tol=1e-4, hint="The weights of linear_score, with W, U and v."
)
decoder.W.data.fill_(1.0)
decoder.v.data.fill_(1.0)
mask[:, 1:3] = False
expected = torch.softmax((memory @ U.T).sum(dim=2).masked_fill(~mask, -1e30), dim=1)
for size in (1000.0, -1000.0):  # the state adds ± 33000 to all scores, so it changes no weight
    expect(decoder.step(torch.tensor([1, 2, 3]), torch.full((3, 3), size), memory, mask)[2]).close(
        expected, tol=0.05, hint="Scores may be large: masked_softmax can do this, and filling with -10000 cannot."
    )
expect(
    BahdanauDecoder(7, 2, 5, 3, 11, score=lambda q, K, W, U, v: K[:, :, 0]).step(
        torch.tensor([1, 2, 3]), torch.randn(3, 3), memory, mask
    )[2]
).close(
    torch.softmax(memory[:, :, 0].masked_fill(~mask, -1e30), dim=1),
    tol=1e-4,
    hint="Any function with these arguments can be the score: use the one that was given.",
)
### END HIDDEN TESTS

# %% [markdown]
# An untrained decoder, five steps. *Predict first:* where does it look?

# %%
torch.manual_seed(4)
demo_decoder = BahdanauDecoder(len(CHINESE), 32, 64, 64, 32)
demo_s, demo_memory, demo_alpha = torch.zeros(1, 64), torch.randn(1, 5, 64) / 2, []
with torch.no_grad():
    for word in ["S", "汤姆", "追逐", "两", "只"]:
        y = torch.tensor([CHINESE.index(word)])
        _, demo_s, alpha = demo_decoder.step(y, demo_s, demo_memory, torch.ones(1, 5, dtype=torch.bool))
        demo_alpha.append(alpha[0])
ax = plots.heatmap(
    (100 * torch.stack(demo_alpha)).round() / 100,
    ["after start", *(f"after {word} {grammar.GLOSS[word]}" for word in ("汤姆", "追逐", "两", "只"))],
    ["Tom", "chases", "two", "cats", "end"],
    numbers=True,
    title="Weights of an untrained decoder",
    xlabel="source",
)

# %% [markdown]
# *What to see:* it looks at all words, by chance at some a little more, and hardly changes from step to step.

# %% [markdown]
# ## 5.7 A picture of where it looks
#
# The weights of a whole sentence are a matrix `[T, S]`: one row for each Chinese word, one column for each
# English word. Its picture is easy to draw wrongly: transposed, with the words on the wrong axis, or in colours that make
# every picture look convincing. So we agree:
#
# | what | how |
# |---|---|
# | the image | `ax.imshow(…)` of the weights as they are: not rounded, not normalised |
# | rows | the target, from top to bottom, its words as labels of the y axis |
# | columns | the source, from left to right, its words as labels of the x axis |
# | colours | the scale goes from 0 to 1 (`vmin`, `vmax`), so that pictures can be compared |
# | axes | drawn into `ax`, if one is given, so that two pictures can stand side by side |
#
# **Why 0 to 1?** Without `vmin` and `vmax`, matplotlib takes the smallest and the largest number of *this* picture.
# The pictures of 5.3, 5.5 and 5.6 were drawn like that. At the end of 5.6, yellow means 0.25, so the untrained model
# looks as sure as a trained one.
#
# **By hand.** `我 爱 中国` from `I love China`: a matrix `[3, 3]`. The weight at row 2, column 0 says how much
# the decoder looked at `I` when it wrote 中国.
#
# The check reads the *data* of your picture: the image's array, the labels, the direction of the axes.
#
# **Your turn: `plot_alignment`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# A new `ax` comes from `plots.plt.subplots()[1]`. A tensor with a gradient cannot be drawn: `detach()` it first.
# `imshow` has row 0 at the top by itself.
# </details>
# <details><summary>Hint 2</summary>
#
# `ax.set_xticks(range(n), words)` sets places and labels at once; long words need `rotation`. The style of this
# course draws grid lines through the middle of the cells: `ax.grid(False)`. Compare the shape of
# alpha with the numbers of words before you draw: that is the error that the docstring asks for.
# </details>


# %% exercise="plot_alignment"
def plot_alignment(alpha, source, target, ax=None, title=""):
    """Draw the weights of one sentence, rows for the target and columns for the source.

    Args:
        alpha: float tensor [T, S], weights from 0 to 1; it may have a gradient, and is not changed.
        source: a list or tuple of S words.
        target: a list or tuple of T words.
        ax: the matplotlib Axes to draw into; None makes a new figure.
        title: the title of the Axes.

    Returns:
        The Axes. Its one image, `ax.images[0]`, made by `imshow`, holds alpha, with row 0 at the top and column 0
        at the left; the colours go from 0 to 1; every row and every column has its word as a tick label.
        Leave interpolation and axis limits as `imshow` sets them.

    Raises:
        ValueError: if alpha is not [number of target words, number of source words]. An error of matplotlib's own will do.
    """
    ### BEGIN SOLUTION
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError(
            f"plot_alignment: alpha has shape {tuple(alpha.shape)}, the words {(len(target), len(source))}"
        )
    if ax is None:
        ax = plots.plt.subplots(figsize=(plots.WIDTH, 1.2 + 0.28 * len(target)))[1]
    ax.imshow(alpha.detach(), aspect="auto", cmap="cividis", vmin=0, vmax=1)
    ax.set_xticks(range(len(source)), source, rotation=45 if len(source) > 6 else 0)
    ax.set_yticks(range(len(target)), target)
    ax.grid(False)
    ax.set_title(title)
    return ax
    ### END SOLUTION


# %% check="plot_alignment-image" points=2
alpha = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]])
ax = plot_alignment(alpha, ["cats", "love", "Tom"], ["猫", "爱"])
expect(torch.tensor(ax.images[0].get_array().tolist())).close(
    alpha, tol=1e-4, hint="The image holds alpha as it is: row t for target word t, column s for source word s."
)
bottom, top = ax.get_ylim()
expect(bool(bottom > top)).equal(
    True, hint="Row 0 must be at the top. imshow does so by itself, unless origin is 'lower'."
)
left, right = ax.get_xlim()
expect(bool(left < right)).equal(True, hint="Column 0 must be at the left.")
expect([label.get_text() for label in ax.get_xticklabels()]).equal(
    ["cats", "love", "Tom"], hint="The source words stand on the x axis, one for each column."
)
expect([label.get_text() for label in ax.get_yticklabels()]).equal(
    ["猫", "爱"], hint="The target words stand on the y axis, one for each row."
)
### BEGIN HIDDEN TESTS
for seed, (T, n) in enumerate([(5, 3), (2, 7), (3, 3)]):
    torch.manual_seed(seed)
    alpha = torch.softmax(torch.randn(T, n), dim=1).requires_grad_()
    source, target = tuple(f"word{j}" for j in range(n)), tuple("我你他她们"[:T])
    ax = plot_alignment(alpha, source, target)
    expect(len(ax.images)).equal(
        1, hint="One image for one sentence. ax=None must make a NEW figure, and not draw into the one that is there."
    )
    expect(torch.tensor(ax.images[0].get_array().tolist())).close(
        alpha.detach(), tol=1e-6, hint="The image holds alpha as it is: not rounded, not turned, not scaled."
    )
    for ticks, labels, words in (
        (ax.get_xticks(), ax.get_xticklabels(), source),
        (ax.get_yticks(), ax.get_yticklabels(), target),
    ):
        expect([round(float(place), 3) for place in ticks]).equal(
            [float(i) for i in range(len(words))], hint="Tick i belongs in the middle of row or column i: at i."
        )
        expect([label.get_text() for label in labels]).equal(
            list(words), hint="Each tick has the word of its row or column."
        )
    bottom, top = ax.get_ylim()
    expect(bool(bottom > top)).equal(True, hint="Row 0 must be at the top.")
alpha = torch.tensor([[0.1, 0.8, 0.4, 0.1], [0.8, 0.4, 0.1, 0.4], [0.4, 0.1, 0.8, 0.8]])
ax = plot_alignment(alpha, ["a", "b", "c", "d"], ["x", "y", "z"])
canvas = ax.figure.canvas
canvas.draw()
width, height = canvas.get_width_height(physical=True)
pixels = torch.frombuffer(bytearray(canvas.tostring_argb()), dtype=torch.uint8).view(height, width, 4)
colors = {0.1: set(), 0.4: set(), 0.8: set()}
for t in range(3):
    for s, corner in ((s, corner) for s in range(4) for corner in (-0.4, 0.4)):  # a number may stand in the middle
        x, y = ax.transData.transform([s + corner, t + corner]).tolist()
        row, column = min(max(int(height - y), 0), height - 1), min(max(int(x), 0), width - 1)
        colors[round(alpha[t, s].item(), 1)].add(tuple(pixels[row, column].tolist()))
expect([len(found) for found in colors.values()]).equal(
    [1, 1, 1],
    hint="The picture was drawn, and equal weights do not look equal. Around (s, t) must stand the rectangle of row t and column s, of one colour, whole and with nothing in front of it.",
)
expect(len(set.union(*colors.values()))).equal(
    3, hint="The picture was drawn, and different weights look alike. Is the image to be seen?"
)
plots.plt.close("all")
### END HIDDEN TESTS

# %% check="plot_alignment-scale" points=1
ax = plot_alignment(
    torch.tensor([[0.4, 0.3, 0.3], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]]),
    ["a", "b", "c"],
    ["x", "y", "z"],
    title="An untrained model",
)
expect([label.get_text() for label in ax.get_xticklabels()]).equal(
    ["a", "b", "c"], hint="The source words stand on the x axis, also where there are as many target words."
)
expect([float(limit) for limit in ax.images[0].get_clim()]).equal(
    [0.0, 1.0], hint="The colours must go from 0 to 1 in every picture: vmin and vmax."
)
expect(ax.get_title(loc="left") + ax.get_title(loc="center") + ax.get_title(loc="right")).equal(
    "An untrained model", hint="The title of the Axes is the argument `title`."
)
### BEGIN HIDDEN TESTS
again = plot_alignment(torch.eye(2), ["a", "b"], ["x", "y"], ax=ax, title="A second one")
expect(ax.get_title(loc="left") + ax.get_title(loc="center") + ax.get_title(loc="right")).equal(
    "A second one", hint="Draw into the Axes that was given."
)
expect(again.get_title(loc="left") + again.get_title(loc="center") + again.get_title(loc="right")).equal(
    "A second one", hint="Return the Axes that was drawn into."
)
plots.plt.close("all")
### END HIDDEN TESTS

# %% check="plot_alignment-shape" points=1
expect(lambda: plot_alignment(torch.rand(1, 2), ["a", "b"], ["x", "y", "z"])).raises(
    ValueError, hint="Two target words have no row here: raise a ValueError."
)
expect(lambda: plot_alignment(torch.rand(2, 3), ["a", "b"], ["x", "y", "z"])).raises(
    ValueError, hint="alpha is transposed here: raise a ValueError."
)
### BEGIN HIDDEN TESTS
expect(lambda: plot_alignment(torch.rand(3, 5), ["a", "b", "c", "d"], ["x", "y", "z"])).raises(
    ValueError, hint="One column too many: a row of weights that includes E needs a word for it."
)
expect(lambda: plot_alignment(torch.rand(4, 2), ["a", "b"], ["x", "y", "z"])).raises(
    ValueError, hint="One row too many: raise a ValueError."
)
expect(lambda: plot_alignment(torch.rand(1, 3, 2), ["a", "b"], ["x", "y", "z"])).raises(
    Exception, hint="One sentence at a time: alpha has two dimensions."
)
plots.plt.close("all")
### END HIDDEN TESTS

# %% [markdown]
# The gold alignment of a sentence of the tests, drawn with your function: 1 for a sure link, 0.5 for a possible one.
# *Predict first:* what would the picture of a language with the same order as English look like? (Beside each Chinese word
# stands an English one. In brackets: what has no English word, such as 了 (done) and 的 (that).)

# %%
demo_pair = corpus.by_length[11][5]


def gold_matrix(pair):
    """[T, S]: 1 at sure links, 0.5 at links that are only possible."""
    matrix = torch.zeros(len(pair.target), len(pair.source))
    for t, s in pair.possible:
        matrix[t, s] = 1.0 if (t, s) in pair.sure else 0.5
    return matrix


def glossed(words):
    """Chinese words as labels, each with an English word beside it."""
    return [f"{word} {grammar.GLOSS[word]}" for word in words]


ax = plot_alignment(
    gold_matrix(demo_pair), demo_pair.source, glossed(demo_pair.target), title="Gold: who stands for whom"
)
ax.grid(False)
_ = ax.set(xlabel="source", ylabel="target")

# %% [markdown]
# *What to see:* a language with the same order would give a diagonal from the top left to the bottom right. Here
# there are pieces of diagonals, and the pieces have changed places.

# %% [markdown]
# ## 5.8 Training the translator
#
# The encoder is given: a bidirectional GRU over the English words, with pads left out (stage 02). Its state at word
# $j$ is $h_j = [\overrightarrow{h}_j; \overleftarrow{h}_j]$: what was read up to here from the left, and from the
# right. All of them together are the memory. The decoder's first state comes from the backward state at the first word,
# as in the paper. This one has read the whole sentence, from its end to its beginning.
#
# ![The encoder reads in both directions; all its states are the memory of each step; the bridge makes the first state](drawings/translator.svg)
#
# The sentence has two ways to the decoder: once through the bridge at the left, and through the memory at every step.
#
# Read `Translator` once, above all `forward`. It calls your `step`, once for each target word, and gives each
# step the state of the step before.


# %% given="translator"
class Translator(nn.Module):
    """A bidirectional GRU reads English, a decoder with attention writes Chinese.

    Args:
        decoder: a BahdanauDecoder with Dk = H.
        D, H: sizes of an embedding and of a state; H is even.
        attend: False hides the source: the decoder gets a mask without any True, and so a context of zeros.

    Source: Bahdanau et al. 2014, sections 3.1 and 3.2.
    """

    def __init__(self, decoder, D, H, attend=True):
        super().__init__()
        self.embedding = nn.Embedding(len(ENGLISH), D)
        self.encoder = nn.GRU(D, H // 2, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(H // 2, H)
        self.decoder = decoder
        self.attend = attend

    def encode(self, source):
        """source: torch.long [B, S]. Returns memory [B, S, H], the first state [B, H] and the mask [B, S]."""
        mask = source != P  # [B, S]
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(source), mask.sum(dim=1), batch_first=True, enforce_sorted=False
        )
        states, last = self.encoder(packed)  # last [2, B, H / 2]: forwards at the last word, backwards at the first
        memory, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)  # [B, S, H]
        return memory, torch.tanh(self.bridge(last[1])), mask if self.attend else torch.zeros_like(mask)

    def forward(self, source, y_in):
        """With the right words as inputs. Returns logits [B, T, V] and the weights [B, T, S]."""
        memory, s, mask = self.encode(source)
        logits, weights = [], []
        for y in y_in.T:  # [B], the words of one step
            logits_t, s, alpha = self.decoder.step(y, s, memory, mask)
            logits.append(logits_t)
            weights.append(alpha)
        return torch.stack(logits, dim=1), torch.stack(weights, dim=1)

    @torch.no_grad()
    def translate(self, sentences, max_len=40):
        """Greedy decoding, as in stage 03. sentences: a list of lists of English words. Returns lists of Chinese words."""
        rows = [torch.tensor([ENGLISH.index(word) for word in words] + [E]) for words in sentences]
        memory, s, mask = self.encode(nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=P))
        y, said = torch.full((len(rows),), S), []
        for _ in range(max_len):
            logits, s, _ = self.decoder.step(y, s, memory, mask)
            y = logits.argmax(dim=1)  # [B]
            said.append(y)
        rows = torch.stack(said, dim=1).tolist()
        return [[CHINESE[i] for i in (row[: row.index(E)] if E in row else row)] for row in rows]


def make_batches(pairs, steps, rng, size=32):
    """`steps` batches (source, y_in, y_out), each of `size` sentences of about the same length, so with few pads.

    pairs: a list of sentence pairs, as in `corpus.train`; it is not changed. rng: a random.Random.
    """
    batches = []
    for _ in range(steps):
        if not batches:  # every sentence once, in a new order
            order = rng.sample(pairs, len(pairs))
            for i in range(0, len(order), 16 * size):
                block = sorted(order[i : i + 16 * size], key=lambda pair: len(pair.source))
                batches += [block[k : k + size] for k in range(0, len(block), size)]
            rng.shuffle(batches)
        yield grammar.batch(batches.pop())


def easy_sentences(n, seed):
    """n different short sentences of few words, 3 to 6 English ones, for quick trials; there are 360 of them."""
    nouns = [grammar.Noun("I"), grammar.Noun("you"), grammar.Noun("Tom"), grammar.Noun("Jerry")]
    nouns += [grammar.Noun("cat", "the"), grammar.Noun("dog", "two")]
    times = {"": "present", "yesterday": "past", "tomorrow": "future"}
    pairs = [
        grammar.render(grammar.Meaning(subject, verb, thing, tense, time=time))
        for subject in nouns
        for thing in nouns
        for verb in ("love", "see", "help", "chase")
        for time, tense in times.items()
        if subject != thing
    ]
    return random.Random(seed).sample(pairs, n)


# %% [markdown]
# How good is a translator? We count **exact**: the share of sentences that are right from the first word to the end. One
# wrong word, and the sentence does not count. (The picture gets a number of its own, after the training.)


# %% given="measures"
def exact(model, pairs):
    """The share of these sentences that the model translates without any mistake."""
    said = model.translate([pair.source for pair in pairs])
    return sum(tuple(words) == pair.target for words, pair in zip(said, pairs, strict=True)) / len(pairs)


# %% [markdown]
# **The training** is that of stage 03, with three additions. The learning rate *rises* first, because Adam knows the
# size of the gradients only after some batches. The second beta is 0.98 and not 0.999, so that Adam's mean of squared
# gradients covers about the last 50 batches, and not 1000: we only have 800. And the gradient is clipped, so that one
# batch with a very large gradient does no harm.
#
# | what | value |
# |---|---|
# | model | `Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)` |
# | batches | `make_batches(pairs, steps, rng)` |
# | loss | cross-entropy of the logits against `y_out`: the mean over all words of the batch, pads left out |
# | optimizer | Adam with `betas=(0.9, 0.98)` |
# | learning rate of step i = 0, 1, … of n | 0.008 · min(1, (i + 1) / (0.1 n)) · (1 − i / n): it rises during the first tenth, then falls to 0 |
# | gradient | clipped to a norm of 1, between `backward` and the optimizer's step (stage 01) |
#
# **By hand.** n = 200: the learning rate of step 0 is 0.008 · 1/20 · 1 = 0.0004, of step 19 it is 0.008 · 1 · 0.905 ≈
# 0.0072, of step 199 it is 0.00004.
#
# As in stage 03, the same seed must give the same model, whatever ran before. Two things are random: the first
# weights and the batches.
#
# Try it with the easy sentences first: the cell below your function trains on 300 of them, with `steps=200`, and asks
# `exact` about the other sixty. This takes two to eight seconds, depending on the computer. With seed 0, our loss is
# about 4.22 at step 0, 0.29 at step 50 and 0.01 at step 199.
#
# To see yours, put `if i % 50 == 0 or i == steps - 1: print(i, round(loss.item(), 2))` at the end of your loop while
# you try, and take it out again. If the one at step 50 is much too high, look at the learning rate. If the first one is
# not near ln 71 = 4.26 (there are 71 Chinese words), look at `flatten` and `ignore_index`.
#
# **Your turn: `train_translator`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# One loop over the batches; in it, seven lines. Which of them did you write in stage 03 already?
# </details>
# <details><summary>Hint 2</summary>
#
# `F.cross_entropy` wants `[positions, V]` and `[positions]`: flatten the first two dimensions. `ignore_index` leaves
# the pads out. `nn.utils.clip_grad_norm_(model.parameters(), 1.0)` clips. The learning rate goes into
# `optimizer.param_groups[0]["lr"]`.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: seed torch, make a `random.Random(seed)`, make the model and the optimizer. For each batch, with its number
# i: set the learning rate; logits of the model for source and y_in (it also returns the weights); loss against y_out;
# zero_grad; backward; clip; step. Return the model.
# </details>


# %% exercise="train_translator" builds_on="additive_score,masked_softmax,context,BahdanauDecoder"
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    """A translator that has learned from these pairs, with the recipe above.

    Args:
        pairs: a list of sentence pairs, as in `corpus.train`. It is not changed.
        seed: an int. The same arguments give the same model, whatever ran before; other seeds give others.
        steps: the number of optimizer steps; 0 gives the untrained model of this seed.
        score: the score function of the decoder.
        attend: goes to Translator; False hides the source from the decoder.

    Returns:
        A Translator. On 300 easy sentences and 200 steps, it translates nine of ten new easy sentences exactly.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)  # [B, T, V]
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model
    ### END SOLUTION


# %%
demo_easy = easy_sentences(360, seed=0)
demo_quick = train_translator(demo_easy[:300], seed=0, steps=200)
print(f"exact on 60 new easy sentences: {exact(demo_quick, demo_easy[300:]):.2f}")

# %% check="train_translator-steps" points=1
pairs = easy_sentences(70, seed=4)
model = train_translator(pairs, 7, steps=0)
untrained = {name: p.detach().clone() for name, p in model.named_parameters()}
moved = train_translator(pairs, 7, steps=1)
moves = {name: (p.detach() - untrained[name]).abs().max() for name, p in moved.named_parameters()}
for name in ("embedding.weight", "encoder.weight_hh_l0", "bridge.weight", "decoder.W", "decoder.U", "decoder.v"):
    expect(moves[name]).at_least(
        0.004, hint=f"{name} hardly moves in a step. All parameters must learn: give the optimizer model.parameters()."
    )
expect(max(moves.values())).close(
    0.008,
    tol=0.02,
    hint="Adam's first step moves a weight by the learning rate. For steps=1 that is 0.008: min(1, 10) is 1, and 1 - 0/1 is 1.",
)
### BEGIN HIDDEN TESTS
expect(sorted(moves)).equal(sorted(untrained), hint="Return a Translator, whatever the number of steps is.")
for name in sorted(moves):
    expect(moves[name]).at_least(0.004, hint="All parameters must learn.")
expect(train_translator(pairs[35:], 7, steps=0).embedding.weight.detach()).equal(
    untrained["embedding.weight"], hint="With steps=0 no step is made, so other pairs make no difference."
)


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.cell = nn.Embedding(len(CHINESE), 32), nn.GRUCell(96, 64)
        self.W, self.U, self.v, self.out = start(32, 64), start(32, 64), start(32), nn.Linear(160, len(CHINESE))

    def step(self, y, s_prev, memory, mask):
        inside = torch.einsum("ah,bh->ba", self.W, s_prev)[:, None] + torch.einsum("ad,bsd->bsa", self.U, memory)
        scores = torch.einsum("a,bsa->bs", self.v, torch.tanh(inside))
        alpha = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=1)
        c, x = torch.einsum("bs,bsd->bd", alpha, memory), self.embedding(y)
        s = self.cell(torch.cat([x, c], dim=1), s_prev)
        return self.out(torch.cat([s, c, x], dim=1)), s, alpha


twin = Translator(Twin(), 32, 64)
expect({name: tuple(p.shape) for name, p in untrained.items()}).equal(
    {name: tuple(p.shape) for name, p in twin.named_parameters()}, hint="The sizes are those of the table."
)
twin.load_state_dict(untrained)
few = [
    grammar.Pair(source, target[::-1], frozenset(), frozenset())
    for source, target, _, _ in easy_sentences(60, seed=6)
    if len(target) <= 5
][:30]
source, y_in, y_out = grammar.batch(few)  # at most 32 sentences: every batch holds all of them
optimizer, n = torch.optim.Adam(twin.parameters(), betas=(0.9, 0.98)), 12
for i in range(n):
    optimizer.zero_grad()
    log_p = torch.log_softmax(twin(source, y_in)[0], dim=-1)
    loss = -log_p[y_out != P].gather(1, y_out[y_out != P][:, None]).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
    optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * n)) * (1 - i / n)
    optimizer.step()
trained = dict(train_translator(few, 7, steps=n).named_parameters())
away = sum(float((trained[name].detach() - p.detach()).square().sum()) for name, p in twin.named_parameters()) ** 0.5
path = sum(float((untrained[name] - p.detach()).square().sum()) for name, p in twin.named_parameters()) ** 0.5
expect(away / path).at_most(
    0.001,
    hint="The number is the distance of your weights from those of the recipe, as a share of the way that the recipe "
    "went: from the same untrained weights, yours leads somewhere else. Go through its table line by line: "
    "inputs, loss, betas, learning rate, clipping; and does each step begin with new gradients?",
)
### END HIDDEN TESTS

# %% check="train_translator-seed" points=1
pairs = easy_sentences(70, seed=3)
before = list(pairs)
source, y_in, _ = grammar.batch(pairs[:5])
torch.manual_seed(11)
random.seed(11)
logits = train_translator(pairs, 5, steps=2)(source, y_in)[0].detach()
torch.manual_seed(12)
random.seed(12)
expect(train_translator(pairs, 5, steps=2)(source, y_in)[0]).close(
    logits,
    tol=1e-5,
    hint="Seed both the first weights (torch.manual_seed) and the batches (random.Random) from `seed`.",
)
expect(pairs).equal(before, hint="The caller's list of pairs was changed, or sorted, or shuffled.")
### BEGIN HIDDEN TESTS
expect(train_translator(pairs, 6, steps=2)(source, y_in)[0]).differs_from(
    logits, tol=1e-3, hint="Another seed must give another model: use the argument."
)
### END HIDDEN TESTS

# %% check="train_translator-options" points=1
pairs = easy_sentences(40, seed=5)
source, y_in, _ = grammar.batch(pairs[:5])
weights = train_translator(pairs, 1, steps=0, attend=False)(source, y_in)[1]
expect(weights).equal(
    torch.zeros(*y_in.shape, source.shape[1]),
    hint="With attend=False nothing is looked at: give `attend` to the Translator.",
)
### BEGIN HIDDEN TESTS
weights = train_translator(pairs, 1, steps=0, score=linear_score)(source, y_in)[1].detach()
expect(weights[:, 1:]).close(
    weights[:, :-1],
    tol=1e-4,
    hint="With score=linear_score, every step has the same weights: give `score` to the decoder.",
)
expect(train_translator(pairs, 1, steps=2, attend=False)(source, y_in)[1]).equal(
    torch.zeros(*y_in.shape, source.shape[1]), hint="With attend=False nothing is looked at, also after training."
)
### END HIDDEN TESTS

# %% check="train_translator-learns" points=2
pairs = [pair for pair in easy_sentences(360, seed=1) if len(pair.target) <= 5]
model = train_translator(pairs[:130], 0, steps=50)
source, y_in, y_out = grammar.batch(pairs[130:])
loss = F.cross_entropy(model(source, y_in)[0].detach().flatten(0, 1), y_out.flatten(), ignore_index=P)
expect(loss).at_most(
    0.85,
    hint="The loss on new sentences is too large. Does the model read y_in, is it compared with y_out, and is every batch a new one?",
)

# %% [markdown]
# How wrong is the picture? The number for it is **AER**, the *alignment error rate*. Each Chinese word gets *one* link, to
# the English word with the largest weight. Count which of these links are sure and which are possible in the gold
# alignment. (All sure links are possible, too.)
#
# $$\text{AER} = 1 - \frac{|\text{links} \cap \text{sure}| + |\text{links} \cap \text{possible}|}{|\text{links}| + |\text{sure}|}$$
#
# **By hand.** 我 爱 中国 has three sure links. A model links 我–*I*, 爱–*China*, 中国–*China*: two of its three links are sure,
# and so also possible. AER = 1 − (2 + 2) / (3 + 3) ≈ 0.33.
#
# 0 is a perfect picture. In our data, links by chance have an AER of 0.91. And 0.04 is the best that is possible with
# one link for each word. There are two reasons. Many 的 stand for nothing, so their link is always wrong. And 每天 (every
# day) and 上周 (last week) have two sure links each, so one link must miss one. Stage 06 looks at this measure closely;
# here you use it.


# %% given="alignment_rate"
def links_of(alpha, pair):
    """One link (t, s) for each target word: to the source word with the largest weight. alpha: [T, S] or larger."""
    best = alpha[: len(pair.target), : len(pair.source)].argmax(dim=1)
    return {(t, int(s)) for t, s in enumerate(best)}


def alignment_error_rate(model, pairs):
    """The AER of the model's weights, over all links of all sentences, with the right words as inputs."""
    source, y_in, _ = grammar.batch(pairs)
    weights = model(source, y_in)[1].detach()
    hits = total = 0
    for alpha, pair in zip(weights, pairs, strict=True):
        links = links_of(alpha, pair)
        hits += len(links & pair.sure) + len(links & pair.possible)
        total += len(links) + len(pair.sure)
    return 1 - hits / total


# %% [markdown]
# Now the whole language. **The second cell takes 10 to 60 seconds, depending on the computer.**

# %%
guess.ask(
    "exact",
    "The 300 sentences of the test are new. How many will be right from the first to the last word?",
    A="fewer than 100",
    B="100 to 199",
    C="200 to 269",
    D="270 or more",
    mine="",
)

# %%
demo_start = time.process_time()
demo_model = train_translator(corpus.train, seed=0)
print(f"trained in {time.process_time() - demo_start:.0f} CPU seconds,", end=" ")
print(sum(p.numel() for p in demo_model.parameters()), "parameters")
demo_exact = exact(demo_model, corpus.test)
print(f"exact: {demo_exact:.3f}, AER: {alignment_error_rate(demo_model, corpus.test):.3f}")
for words in ("I love China", "Tom chases Jerry", " ".join(demo_pair.source)):
    print(f"{words} → {' '.join(demo_model.translate([words.split()])[0])}")
demo_right = round(300 * demo_exact)
guess.compare("exact", "A" if demo_right < 100 else "B" if demo_right < 200 else "C" if demo_right < 270 else "D")

# %% [markdown]
# `I love China` and `Tom chases Jerry` are both from the test: the model has never seen them. And now the picture,
# learned and gold, side by side, with its AER in the title. The last column is the end symbol E, which the model can look
# at, too. `links_of` gives it no link.
#
# If your `__init__` makes its layers in the order of the docstring, your model starts with the same numbers as ours, and
# you see a lucky one: we trained 20 such models, and seed 0 has the best picture of all: its AER was 0.152 (on another
# computer it may be 0.149). Section
# 5.10 shows the others.


# %% tags=["hide-input"]
def draw_beside_gold(model, pair, name):
    """The model's weights on the left, the gold alignment on the right."""
    source, y_in, _ = grammar.batch([pair])
    alpha = model(source, y_in)[1][0].detach()  # [T, S], both with the end symbol
    wrong = grammar.error_rate(links_of(alpha, pair), pair)
    figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 1.5 + 0.29 * len(pair.target)), sharey=True)
    english, chinese = [*pair.source, "E"], glossed(pair.target)
    plot_alignment(alpha[: len(pair.target)], english, chinese, ax=axes[0], title=f"{name}: AER {wrong:.2f}")
    gold = F.pad(gold_matrix(pair), (0, 1))  # nothing stands for E
    plot_alignment(gold, english, chinese, ax=axes[1], title="gold (0.5: only possible)")
    for ax in axes:
        ax.set_aspect("auto")
        ax.grid(False)
        ax.set_xticks(range(len(english)), english, rotation=90 if len(english) > 6 else 0)
        ax.tick_params(axis="x", labelsize=8 if len(english) > 12 else 10)
    figure.colorbar(axes[1].images[0], ax=axes, shrink=0.6, label="weight")
    axes[0].set(xlabel="source", ylabel="target")
    axes[1].set_xlabel("source")


# %%
demo_long = corpus.by_length[18][0]
for pair in (corpus.test[0], demo_long):
    draw_beside_gold(demo_model, pair, "learned")

# %% [markdown]
# *What to see:* nobody told the model which word stands for which. Still, nearly every noun and verb looks at its own English word, and the pieces change places as in the gold.
# This is what made attention famous.
#
# But look, for example, at the rows of 的 (that), 在 (at) and 后面 (behind) in the second picture. There the weights are blurred, or at a
# wrong word. Section 5.10 asks why.

# %% [markdown]
# ## 5.9 Measured: what is one tanh worth?
#
# We train the same translator in three ways, with the same seeds, data and steps, and nominally the same number of parameters:
#
# | name | what the decoder sees of the source |
# |---|---|
# | none | only the first state, as `DecoderInit` of stage 04 (`attend=False`) |
# | static | the context of `linear_score`: no tanh, the same weights at every step |
# | additive | the context of `additive_score` |
#
# One run of *static* is made here, with a quarter of the steps. That is enough to see its weights.

# %%
guess.ask(
    "stripes",
    "What does the picture of static look like, for the sentence above?",
    A="like the gold, but pale",
    B="stripes from top to bottom: some columns are brighter than others",
    C="one grey: all squares are equal",
    D="stripes from left to right: some rows are brighter than others",
    mine="",
)

# %%
demo_static = train_translator(corpus.train, seed=0, steps=200, score=linear_score)
draw_beside_gold(demo_static, demo_long, "without tanh")
with torch.no_grad():
    demo_tanh_alpha = demo_static(*grammar.batch([demo_long])[:2])[1][0]  # [T, S]
demo_rows, demo_columns = ((demo_tanh_alpha - demo_tanh_alpha.mean(dim=dim, keepdim=True)).abs().max() for dim in (0, 1))
demo_letter = ("C" if demo_columns < 0.01 else "B") if demo_rows < 0.01 else ("D" if demo_columns < 0.01 else "A")
guess.compare("stripes", demo_letter)

# %% tags=["hide-input"]
ax = plot_alignment(
    demo_tanh_alpha[: len(demo_long.target)],
    [*demo_long.source, "E"],
    glossed(demo_long.target),
    title="the same, colours from 0 to 0.2",
)
ax.images[0].set_clim(0, 0.2)
ax.grid(False)
ax.tick_params(axis="x", rotation=90, labelsize=8)
ax.set(xlabel="source", ylabel="target")
_ = ax.figure.colorbar(ax.images[0], ax=ax, shrink=0.6, label="weight")

# %% [markdown]
# *What to see:* stripes. On the scale of 0 to 1 they are pale, for the highest weight is about 0.15; the second picture
# stretches the colours. Every row is the same, as the proof in 5.5 says.
# The model looks more at some words than at
# others, but it cannot look at *this* word *now*.
#
# One picture proves nothing. The file `datasets/attention_runs.json` holds 20 runs of *additive* and 5 of each of the
# others, made with the code of this page (seeds from 0 on, one thread, 800 steps). Each was asked about two sets of
# new sentences: the 300 of the test, and a second set with 20 sentences of every length from 3 to 22. The curves and
# "from 16 words on" come from the second set, all other numbers from the test.

# %%
guess.ask(
    "gap",
    "For which sentences is additive farthest ahead of static?",
    A="for short ones, of 3 to 5 words",
    B="for those of middle length, 8 to 11 words",
    C="for long ones, of 16 to 22 words",
    mine="",
)

# %%
runs = data.load("attention_runs")
demo_lengths = runs["lengths"]
demo_curves = {name: torch.tensor([run["by_length"] for run in of_kind]) for name, of_kind in runs["runs"].items()}
for name in ("additive", "static", "none"):
    found = torch.tensor([[run["exact"], run["aer"], run["exact_16"]] for run in runs["runs"][name]])
    means, worst = found.mean(dim=0), (found[:, 0].min(), found[:, 1].max(), found[:, 2].min())
    print(f"{name:>8}: exact {means[0]:.2f} (worst {worst[0]:.2f})   AER {means[1]:.2f} (worst {worst[1]:.2f})", end="")
    print(f"   exact from 16 words on {means[2]:.2f} (worst {worst[2]:.2f})")
print("four times as many steps:", end="")
for name in ("static", "none"):
    longer = [run["exact"] for run in runs["longer"][name]]
    print(f"   {name} {sum(longer) / len(longer):.2f}", end="")
demo_gap = demo_curves["additive"].mean(dim=0) - demo_curves["static"].mean(dim=0)  # [lengths], from 3 words on
demo_gaps = {"A": demo_gap[0:3].mean(), "B": demo_gap[5:9].mean(), "C": demo_gap[13:20].mean()}
print()
guess.compare("gap", max(demo_gaps, key=demo_gaps.get))

# %% tags=["hide-input"]
ax = plots.plt.subplots(figsize=(plots.WIDTH, 3.4))[1]
for i, name in enumerate(("additive", "static", "none")):
    by_length = demo_curves[name]  # [runs, lengths]
    ax.plot(demo_lengths, by_length.mean(dim=0), ["-", "--", ":"][i], color=plots.COLORS[i], label=name)
    ax.fill_between(
        demo_lengths, by_length.amin(dim=0), by_length.amax(dim=0), color=plots.COLORS[i], alpha=0.15, linewidth=0
    )
ax.set(
    title="Translated without a mistake, by length (mean of the runs, worst to best)",
    xlabel="English words in the sentence",
    ylabel="exact",
    xticks=range(3, 23, 2),
    ylim=(-0.03, 1.05),
)
_ = ax.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.62))

# %% [markdown]
# *What to see:* *additive* has 0.99 of the test right, *static* 0.39 and *none* 0.00. So the tanh is worth 0.60 of the test, and
# from 16 words on it is worth everything. (All three have nominally 67,079 parameters. In *static*, the 2,048 of W have no effect.
# In *none*, 27,296 have none: W, U, v, the forward half of the encoder, and all weights that read the context. Its one vector
# has 32 numbers. So the fair comparison for the tanh is *additive* with *static*; *none* is also a smaller model.)
#
# **By length.** At three words, *static* is as good as *additive*: each has all sentences right, in every run. Then
# *static* falls, to 0.80 at seven words and 0.30 at eleven. From 16 words on, it has not one sentence right in any of
# its runs, and *additive* stays above 0.95 on average. It looks like the bottleneck of stage 04 again: one fixed mixture is
# enough for three words, and not for sixteen.
#
# **Is *static* only slower?** With four times as many steps, it reaches 0.49, and *none* 0.17. More training helps, and
# does not close the gap: from 16 words on, *static* then has 0.01 and 0.04 in its two runs.
#
# **The picture.** The AER of *additive* is 0.18, that of *static* 0.89. Links by chance have 0.91. (*none* has no
# weights to draw: all are 0, and `links_of` then takes the first word. So its 0.91 says nothing.)

# %% [markdown]
# ## 5.10 Does the picture explain the translator?
#
# A picture of weights is often shown as the *reason* for an answer: "it wrote 狗 because it looked at *dog*". With gold
# alignments we can ask how far this is true. Two questions.
#
# **First:** 20 translators, all of them good. Are their pictures equally good? And do the best translators have the best
# pictures?

# %%
guess.ask(
    "pictures",
    "Compare the five translators with the most right sentences and the five with the fewest. Whose pictures are better?",
    A="the pictures of the five best translators: a lower AER on average, by more than 0.02",
    B="about equally good",
    C="the pictures of the five weakest ones, by more than 0.02",
    mine="",
)

# %%
demo_found = torch.tensor([[run["exact"], run["aer"]] for run in runs["runs"]["additive"]])
ax = plots.plt.subplots(figsize=(plots.WIDTH, 3.0))[1]
demo_aside = 0.0004 * (torch.arange(len(demo_found)) % 3 - 1)  # so that no dot hides another
ax.plot(demo_found[:, 0] + demo_aside, demo_found[:, 1], "o", color=plots.COLORS[0], markersize=7, alpha=0.6)
ax.axhline(0.04, color="#888888", linestyle=":")
ax.text(0.9735, 0.05, "best that is possible with one link a word", fontsize=9, color="#555555")
ax.set(
    title="Twenty additive translators: right answers and right pictures",
    xlabel="exact on the test (dots moved a little sideways)",
    ylabel="alignment error rate",
    xlim=(0.973, 1.0005),
    ylim=(0, 0.27),
)
print(f"exact from {demo_found[:, 0].min():.3f} to {demo_found[:, 0].max():.3f},", end=" ")
print(f"AER from {demo_found[:, 1].min():.3f} to {demo_found[:, 1].max():.3f}")
demo_sorted = demo_found[
    demo_found[:, 0].argsort(stable=True), 1
]  # the AERs, from the fewest right sentences to the most
demo_ahead = demo_sorted[:5].mean() - demo_sorted[-5:].mean()
print(
    f"mean AER: the five best translators {demo_sorted[-5:].mean():.3f}, the five weakest {demo_sorted[:5].mean():.3f}"
)
guess.compare("pictures", "A" if demo_ahead > 0.02 else "C" if demo_ahead < -0.02 else "B")

# %% [markdown]
# *What to see:* the two groups of five are about equally good (the best 0.185, the weakest 0.170). But single pictures are not:
# all 20 have between 0.977 and 0.997 of the sentences right, and the AER runs from 0.15 to 0.22. No run comes near 0.04.
#
# The best picture (0.152) belongs to a run with 0.987, the worst one
# (0.218) to a run with 0.990. (In 20 runs that differ by at most 6 of 300 sentences, a weak connection would stay hidden.) Accuracy
# does not certify the picture.
#
# **Second:** which rows are wrong, and does it harm? We take the translator of 5.8. (If it starts with our numbers, it
# has the best picture of the 20.) For every word of the test sentences, we ask three things:
#
# - *looks right*: does its largest weight lie on a sure or possible link?
# - *right word*: does the model write the right word, with the right words before it as inputs?
# - *right word, eyes closed*: the same, but for this one step the mask is False everywhere. It has the state and the
#   word before, and a context of zeros.
#
# Be careful with the last one. A context of zeros never occurred in training. A word that comes out right needed no
# looking in this step. But a wrong word can have two causes: the model needed what it would have seen, or the strange
# input confused it.

# %%
guess.ask(
    "eyes",
    "Which of these words come out right most often with closed eyes?",
    A="nouns and names",
    B="verbs",
    C="measure words, such as 个 and 只 (piece)",
    D="的 (that)",
    mine="",
)

# %%
source, y_in, y_out = grammar.batch(corpus.test)
demo_moved_alpha, demo_open, demo_closed = [], [], []
with torch.no_grad():
    memory, s, mask = demo_model.encode(source)
    for y in y_in.T:
        blind, _, _ = demo_model.decoder.step(y, s, memory, torch.zeros_like(mask))
        seeing, s, alpha = demo_model.decoder.step(y, s, memory, mask)
        demo_closed.append(blind.argmax(dim=1))
        demo_open.append(seeing.argmax(dim=1))
        demo_moved_alpha.append(alpha)
demo_moved_alpha = torch.stack(demo_moved_alpha, dim=1)
demo_open, demo_closed = (torch.stack(said, dim=1) == y_out for said in (demo_open, demo_closed))

demo_kinds = {"nouns and names": {word[1] for word in grammar.NOUNS.values()} | {w for w, _ in grammar.NAMES.values()}}
demo_kinds["verbs"] = {word[2] for word in grammar.VERBS.values()}
demo_kinds |= {"measure words": {"个", "只", "本", "封"}, "的 (that)": {"的"}}
demo_kinds |= {"里 inside, 边 by, 下 under,\n后面 behind": {"里", "边", "下", "后面"}, "河 (river)": {"河"}}
demo_asked = {kind: [] for kind in demo_kinds}
for b, pair in enumerate(corpus.test):
    linked = {t for t, _ in pair.possible}
    for t, j in links_of(demo_moved_alpha[b], pair):
        looks = float((t, j) in pair.possible) if t in linked else float("nan")  # no gold link: nothing to compare with
        for kind, words in demo_kinds.items():
            if pair.target[t] in words:
                demo_asked[kind].append([looks, float(demo_open[b, t]), float(demo_closed[b, t])])
demo_shares = torch.stack([torch.tensor(asked).nanmean(dim=0) for asked in demo_asked.values()])  # without the NaN
demo_free = sum(looks != looks for looks, _, _ in demo_asked["的 (that)"])
print(f"的 without any link in the gold: {demo_free} of {len(demo_asked['的 (that)'])}. 'looks right' leaves them out")

# %% tags=["hide-input"]
ax = plots.plt.subplots(figsize=(plots.WIDTH, 4.0))[1]
for k, name in enumerate(("looks right", "right word", "right word, eyes closed")):
    drawn = ax.barh([i + 0.26 * (k - 1) for i in range(len(demo_kinds))], demo_shares[:, k], height=0.24, label=name)
    ax.bar_label(drawn, fmt="%.2f", padding=3, fontsize=9)
ax.set_yticks(range(len(demo_kinds)), [f"{kind}\n({len(demo_asked[kind])} words)" for kind in demo_kinds], fontsize=9)
ax.invert_yaxis()
ax.grid(axis="y", visible=False)
ax.set(title="Where the model looks, and whether it must", xlabel="share of the words of the test", xlim=(0, 1.12))
_ = ax.figure.legend(frameon=False, loc="outside lower center", ncols=3)

# %%
guess.compare("eyes", "ABCD"[int(demo_shares[:4, 2].argmax())])

# %%
demo_river, demo_next = [], []  # where 河 looks; and of each word that ends a place: does it look at the next word?
for pair, alpha in zip(corpus.test, demo_moved_alpha, strict=True):
    for t, j in links_of(alpha, pair):
        if pair.target[t] == "河":
            demo_river.append(pair.source[j])
        elif pair.target[t] in {"里", "边", "下", "后面"}:
            demo_next.append((t + 1, j) in pair.possible)
print("河 (river) looks at:", {word: demo_river.count(word) for word in sorted(set(demo_river))})
print(
    f"里, 边, 下, 后面: {sum(demo_next)} of {len(demo_next)} look at the English word for the Chinese word that comes next"
)

# %% [markdown]
# *What to see, from top to bottom:*
#
# - **Nouns, names, verbs:** they nearly always look at the right word, and with closed eyes most of them come out wrong.
#   Here the picture probably shows what the model uses.
# - **Measure words:** they mostly look right, and half of them come out right with closed eyes, too. Looking and knowing
#   do not exclude each other.
# - **的:** 161 of the 365 have no link at all in the gold (the first bar leaves them out). For the others the picture is
#   mostly wrong, and it does no harm: with closed eyes the model writes nearly all of them.
# - **The words that end a place** (里, 边, 下, 后面) look wrong, too, and are written with closed eyes: after 在 公园 (at,
#   park) the model knows that 里 (inside) comes. Their weights already look at the word that comes *next*, in our run
#   125 of 126 times: in the picture of 5.8, the row of 后面 (behind) looks at *buy*.
# - **河 (river):** the strangest row. It looks at the wrong word every time, in our run 29 times of 29 at *by*. And yet
#   it seems to need this look: with closed eyes, only a third of the 河 comes out right (0.34 in our run). How can that
#   be? Probably like this: the memory does not hold words. It holds *states* of an encoder that reads in both
#   directions, and the state at *by* has read *the river* already, from the right.
#
# So three things make a picture differ from the gold: a word that needs no looking; looking ahead; and a state that
# knows its neighbours. The picture is good evidence. It is not an explanation.

# %% [markdown]
# ## 5.11 The three sentences again
#
# The page began with a translator that had to remember everything. Here are its three sentences once more: one vector, *static*
# (the model without tanh, after 800 steps), and *yours*, from 5.8.

# %%
demo_yours = demo_model.translate([pair.source for pair in demo_three])
for i, pair in enumerate(demo_three):
    show_said(
        pair,
        {
            "one vector": demo_said["none"][i].split(),
            "static": demo_said["static"][i].split(),
            "yours": demo_yours[i],
        },
    )

# %% [markdown]
# *What to see:* with one vector, the two longer sentences are lost. With *static* attention, the short one is right; in
# the others many of the words are there, but not in their places: in the second sentence, *love* and *know* are
# exchanged. Your translator can look at other words at each step. In our run it has all three right, the one of 22
# words as well.
#
# **Try it** (without points): which other words need no looking? In 5.10, put this line before `demo_asked = …`, guess the
# share with closed eyes for each kind, and run the cells up to the picture again:
#
# `demo_kinds |= {"了 (done)": {"了"}, "在 (at)": {"在"}, "big, small, …": {*"大小老旧", "年轻", "快乐", "美丽"}}`
#
# <details><summary>What came out in our run</summary>
#
# 了 1.00 (of 91 words), 在 0.77 (of 155), the adjectives 0.01 (of 365). What is already written, and the state, are enough
# for 了 and mostly for 在. Which adjective comes, only the English sentence says.
# </details>

# %% [markdown]
# ## 5.12 How often were you right?
#
# Seven guesses stand on this page.

# %%
guess.summary()

# %% [markdown]
# ## 5.13 Quiz

# %% [markdown] quiz="who_asks" kind="one" points=1 read="5.6"
# Which vector is the query when Bahdanau's decoder writes word t?
#
# - [ ] A. The state that the GRU returns in this step, for word t.
#   > That is the new state, s at t. It is made *from* the context of this step, so it cannot ask for it. Stage 06 has a decoder that moves first, then looks.
# - [ ] B. The embedding of word t, which will be written.
#   > Word t is not known yet: it is what will be written.
# - [ ] C. The encoder's state at word t of the source.
#   > The encoder's states are the keys. And word t of the translation need not belong to word t of the source.
# - [x] D. The state that the GRU returned for word t − 1.
#   > Yes, s at t − 1: first look, then move.

# %% [markdown] quiz="no_tanh" kind="several" points=1 read="5.5"
# Somebody leaves out the tanh in the additive score. Which of these are true?
#
# - [x] A. For one sentence, all steps have the same weights.
#   > Yes. The query adds the same number to every score, and the softmax cancels it.
# - [ ] B. All words of the source have the same weight in a row.
#   > No. The keys still make a difference: static does not mean equal.
# - [x] C. The gradient of W is zero (up to rounding).
#   > Yes. W only serves the query, and the query has no effect on the weights. So W never learns.
# - [ ] D. The loss does not fall any more.
#   > It falls: a fixed mixture of the words helps too. This is why the mistake is so easy to overlook.

# %% [markdown] quiz="score_parameters" kind="number" points=1 read="5.2" draw="H=48,64,96 Dk=40,56,80 A=24,32,50" tolerance="0"
# A decoder has states of size {H}, a memory of width {Dk} and an additive score with a hidden layer of size {A}. How
# many parameters do W, U and v have together?
#
# - [x] A * (H + Dk + 1)
#   > Yes: W is [A, H], U is [A, Dk], v is [A], and there are no biases.
# - [ ] A * (H + Dk)
#   > v is missing: it makes one number of the A.
# - [ ] A * (H + Dk + 3)
#   > The score of this page has no biases; each of W, U and v is counted once.
# - [ ] A * H * Dk
#   > The query and the key each have a matrix of their own. Their sizes are added, not multiplied.
# - [ ] else
#   > Write down the three shapes first: W makes A numbers of a state, U makes A numbers of a row of the memory, v makes one of A.

# %% [markdown] quiz="shape_scores" kind="shape" points=1 read="5.2" draw="B=16,24,32 S=9,13,17 A=20,28,36"
# A batch of {B} queries, {S} keys each, a hidden layer of size {A}. What is the shape of the tensor that goes through
# the tanh?
#
# - [x] (B, S, A)
#   > Yes: for each sentence and each word of it, A numbers. Then v makes one of them.
# - [ ] (B, S)
#   > That is the shape after v: the scores.
# - [ ] (B, A)
#   > That is the query's part alone. Each key adds its own part to it.
# - [ ] (B, A, S)
#   > All three sizes are there. But the words are the second dimension on this page, and v must meet the last one.
# - [ ] else
#   > One hidden layer for each pair of a query and a key: how many pairs are there, and how wide is the layer?

# %% [markdown] quiz="what_it_shows" kind="several" points=1 read="5.10"
# A translator gets 100 % of the test right. Which of these sentences about the picture of its weights are true?
#
# - [ ] A. It is the gold alignment.
#   > No. In the 20 runs nearly every sentence was right, and a good part of the links was wrong.
# - [x] B. How good it is must be measured, for example with the AER.
#   > Yes. Right answers do not certify the picture.
# - [x] C. At words that the state can guess, it may be wrong without any harm.
#   > Yes: with closed eyes the model still wrote most of these words.
# - [ ] D. It says why each word was written, and not another one in its place.
#   > Not for every word. Where the word comes out the same with closed eyes, the looking was not the reason.

# %% [markdown]
# ## What you can now do
#
# - write additive attention from its formula, and build a decoder that looks at the source before each word;
# - prove that a linear score makes the attention static, and know its picture: stripes;
# - draw an alignment so that two pictures can be compared, and measure it with the alignment error rate;
# - test whether a weight was *needed*, by closing the model's eyes.
#
# What comes next: stage 06 asks for other scores, simpler and faster ones, and what attention costs. Stage 07 drops the
# GRU altogether.
#
# ## Go further
#
# Without points. Each has something to measure.
#
# - ★ **Sharper eyes.** Multiply the scores of your trained translator by 2, or by 0.5, without any new training. What happens
#   to *exact*, and what to the AER?
# - ★★ **One direction.** Train with an encoder that reads forwards only (states of the same size). Does the row of 河 (river) in
#   5.10 still look at *by*? And how many sentences are right?
# - ★★★ **The other way.** Translate from Chinese to English: swap source and target in the pairs and in their links. Which words have no word to
#   look at now, and where do they look?
#
# ## Papers
#
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, 2014,
#   [arXiv 1409.0473](https://arxiv.org/abs/1409.0473): section 3.1 is the decoder, equations (4) to (6) are those of 5.3, 5.4 and
#   5.6; section 3.2 is the bidirectional encoder; the alignment model is in appendix A.1.2. Their figure 3 shows four pictures like
#   ours, for English and French, and figure 2 shows quality against length.
# - A. Graves, *Generating Sequences With Recurrent Neural Networks*, 2013, [arXiv 1308.0850](https://arxiv.org/abs/1308.0850):
#   section 5, a soft window that moves over the text to be written. V. Mnih, N. Heess, A. Graves, K. Kavukcuoglu, *Recurrent Models of
#   Visual Attention*, June 2014, [arXiv 1406.6247](https://arxiv.org/abs/1406.6247). Both are earlier than Bahdanau's paper.
# - Code without the tanh (5.5): the attention decoder of the Keras library [farizrahman4u/seq2seq](https://github.com/farizrahman4u/seq2seq)
#   (`cells.py`: one linear layer, then the softmax); AuCson/PyTorch-Batch-Attention-Seq2seq before 8 February 2018
#   ([issue 3](https://github.com/AuCson/PyTorch-Batch-Attention-Seq2seq/issues/3): the weights stick to one word); `concat` in
#   spro/practical-pytorch ([issue 82](https://github.com/spro/practical-pytorch/issues/82) shows the lines).
# - F. Och, H. Ney, *A Systematic Comparison of Various Statistical Alignment Models*, Computational Linguistics 29(1), 2003:
#   sure and possible links, and the alignment error rate.
# - S. Jain, B. Wallace, *Attention is not Explanation*, 2019, [arXiv 1902.10186](https://arxiv.org/abs/1902.10186), and
#   S. Wiegreffe, Y. Pinter, *Attention is not not Explanation*, 2019, [arXiv 1908.04626](https://arxiv.org/abs/1908.04626): the debate behind 5.10.
