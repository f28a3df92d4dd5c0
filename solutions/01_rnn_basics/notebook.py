# %% [markdown]
# # 01 · RNN: a state that remembers
#
# Can a machine write? Here is one that looks back by a single letter: it looks at the letter that it wrote last, and draws
# one of those that follow it in a text about a fisherman. Run the next four cells; in the third, write your guess first.

# %% given="setup"
try:
    from autograder.lab import data, expect, guess, plots
except ModuleNotFoundError:
    raise ImportError(
        "The course's package, sequence-course, is not in this kernel: in JupyterLab and VS Code choose the kernel of "
        "the course's .venv (`python3 course.py lab` makes it); in Colab and Kaggle upload the course's folder, copy "
        "it to /content or /kaggle/working, run `%pip install --no-deps -e FOLDER executing zhplot`, and restart the "
        "session (`pip install autograder` is another program)."
    ) from None

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

torch.set_num_threads(1)  # the models are tiny: a second thread costs more than it helps
plots.use_style()


class Cell(NamedTuple):
    """The three weights of an RNN. `W_ih, W_hh, b = cell` unpacks them, and `f(x, *cell)` hands all three over."""

    W_ih: Tensor  # [H, I], from the input
    W_hh: Tensor  # [H, H], from the old state
    b: Tensor  # [H], the bias


def new_cell(n_in, H, seed, gain=None, dtype=torch.float32):
    """A cell with fresh weights, for n_in inputs and H units.

    All are drawn as torch does it, evenly between -1/√H and 1/√H. With a `gain`, W_hh is instead `gain` times an
    orthogonal matrix: a matrix that changes the length of no vector. (Section 1.5 says why one would want it.)
    """
    generator = torch.Generator().manual_seed(seed)
    shapes = ((H, n_in), (H, H), (H,))
    W_ih, W_hh, b = ((torch.rand(*s, generator=generator, dtype=dtype) * 2 - 1) / math.sqrt(H) for s in shapes)
    if gain is not None:
        W_hh = gain * torch.linalg.qr(torch.randn(H, H, generator=generator, dtype=dtype))[0]
    return Cell(W_ih, W_hh, b)


# %% given="text"
TEXT = """\
the sea is grey and the sea is wide. a small boat goes out with the tide.
the wind is cold and the wind is strong. the old man sings a fishing song.
he sings of the sun and he sings of the rain. he sings of the boat that came home again.
the net goes down and the net comes up. the old man drinks from a wooden cup.
the moon is white and the moon is round. the waves go by with a quiet sound.
the boat turns back and the stars come out. the harbour is near and the children shout.
the net is full and the boat is slow. the lamp in the window is warm and low.
the old man sleeps and the sea is still. the wind goes over the quiet hill.
"""
SYMBOLS = sorted(set(TEXT))  # the letters of the text, the space, the full stop and the end of a line
V = len(SYMBOLS)
text_ids = torch.tensor([SYMBOLS.index(char) for char in TEXT])

# %%
guess.ask(
    "one_back",
    "It writes 2000 letters. How many of its words stand in the text?",
    A="nearly none, less than 5 %",
    B="5 to 25 %",
    C="25 to 60 %",
    D="more than 60 %",
    mine="",
)

# %%
from itertools import pairwise

demo_follow = {symbol: [] for symbol in SYMBOLS}
for symbol, after in pairwise(TEXT):
    demo_follow[symbol].append(after)

generator = torch.Generator().manual_seed(1)
demo_written = "t"
while len(demo_written) < 2000:
    choices = demo_follow[demo_written[-1]]
    demo_written += choices[torch.randint(len(choices), (1,), generator=generator)]
demo_words = set(TEXT.replace(".", " ").split())


def demo_known(written):
    """The share of the written words that stand in the text."""
    words = written.replace(".", " ").split()
    return sum(word in demo_words for word in words) / len(words)


print(demo_written[:250])
print(f"\nwords that stand in the text: {demo_known(demo_written):.0%}")
guess.compare("one_back", "ABCD"[sum(demo_known(demo_written) >= limit for limit in (0.05, 0.25, 0.6))])

# %% [markdown]
# *What to see:* each pair of neighbours is right, but only about one word in seven is, mostly short ones. After `th` this writer knows only that there was an
# `h`. It needs a **memory** of what came before.
#
# You read a sentence word by word, and at each word you keep something of what came before. A *recurrent neural
# network* (RNN) does the same: it has a **state**, and every input changes it a little. At the end of this page, in 1.7, an
# RNN of yours writes about the fisherman.
#
# **What you know:** how words become padded ids, one-hot vectors and batches (stage 00), that a linear layer
# computes $W x + b$, and how a network is trained in PyTorch: a loss (cross-entropy, measured in *nats*, that is with
# the natural logarithm), `backward()`, an optimizer such as SGD or Adam.
#
# **What you will be able to do after this page**
#
# - write one step of an RNN, and run it over a sequence of any length;
# - use the same cell in four ways: many inputs or one, many outputs or one;
# - follow how it is trained to answer a question about a whole sequence;
# - measure how far back its gradient reaches, and say what decides this;
# - tame gradients that are too large;
# - let it write text, letter by letter.
#
# **Points and time.** This page has 29 points, five of them in the quiz. Plan about three hours; after 1.4 is a good
# moment for a pause.
#
# **Letters of this page**
#
# | letter | meaning |
# |---|---|
# | B, T | sizes: batch (how many sequences), time (how many steps) |
# | I, H | sizes: inputs per step, hidden units (numbers in the state) |
# | V | vocabulary size: how many different symbols |
# | `x`, `h` | input and state; $x_t$ and $h_t$ are those at step $t$ |
# | `W_ih`, `W_hh`, `b` | weights from the input, weights from the old state, bias |
#
# Tensors are batch first, as in stage 00: a batch of sequences is `[B, T, I]`.

# %%
ax = plots.course_map(here="01_rnn_basics")

# %% [markdown]
# ## 1.1 One step
#
# Stage 00 began with a bag of words. A bag of letters has the same fault: the next cell adds up the one-hot vectors of
# the letters of `tea`, `eat` and `ate`.

# %%
for word in ("tea", "eat", "ate"):
    letters = torch.tensor(["aet".index(char) for char in word])
    print(word, " sum of the one-hot vectors of its letters:", F.one_hot(letters, 3).sum(dim=0).tolist())

# %% [markdown]
# *What to see:* three words, one sum. It counts letters, and forgets their **order**.
#
# An RNN reads one input after the other. After each one it makes a new state $h_t$ from two things: the input
# $x_t$ and the old state $h_{t-1}$.
#
# $$h_t = \tanh(W_{ih}\, x_t + W_{hh}\, h_{t-1} + b)$$
#
# ![The input and the old state go through a matrix each; with b they make one sum, and its tanh is the new state](drawings/cell.svg)
#
# Orange is what is learned, blue is what goes in and comes out. Look at the plus: three things meet there.
#
# $W_{ih}$ has shape `[H, I]`, $W_{hh}$ has shape `[H, H]`, and $b$ has shape `[H]`. The state is H numbers, and
# $\tanh$ keeps each of them between −1 and 1.
#
# **Another notation.** Many texts put the input and the state on top of each other and use one big matrix:
#
# $$h_t = \tanh(W\,[h_{t-1};\, x_t] + b) \qquad W = [\,W_{hh}\;\; W_{ih}\,] \text{ of shape } [H,\, H + I]$$
#
# It is the same computation. A row of $W$ times the long vector is a sum of H + I products; the first
# formula only writes the two parts of the sum apart.
#
# **Two biases?** torch's `nn.RNNCell` keeps two, `bias_ih` and `bias_hh`. Only their sum matters. We keep
# one, `b`, and add it once.
#
# **By hand.** I = 2 and H = 1. Let `W_ih = [[0.5, -1]]`, `W_hh = [[2]]`, `b = [-0.7]`. With $x = (1,\ 0.5)$ and
# $h = 0.1$: $0.5 \cdot 1 - 1 \cdot 0.5 + 2 \cdot 0.1 - 0.7 = -0.5$, and $\tanh(-0.5) \approx -0.462$.
#
# In code the vectors of a batch are **rows**: `x` is `[B, I]`, and `W_ih` is `[H, I]`. What must be turned
# (*transposed*: rows become columns) so that a product gives `[B, H]`?
#
# **Your turn: `rnn_cell`**, one step for a whole batch. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# Write the shapes down. `[B, I]` times *what* gives `[B, H]`? `@` is the matrix product, and `.T` swaps the two
# dimensions of a matrix.
# </details>
# <details><summary>Hint 2</summary>
#
# Both weight matrices are transposed, also `W_hh`. It is square, so torch does not complain if you forget it.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: x times W_ih transposed, plus h times W_hh transposed, plus b. Then `torch.tanh` of the whole sum. Make a new
# tensor; write nothing into `h`.
# </details>


# %% exercise="rnn_cell"
def rnn_cell(x, h, W_ih, W_hh, b):
    """One step of an RNN: h' = tanh(W_ih x + W_hh h + b), for each sequence of the batch.

    Args:
        x: float [B, I], the inputs of this step.
        h: float [B, H], the states before it.
        W_ih: float [H, I].
        W_hh: float [H, H].
        b: float [H].
        None of them is changed.

    Returns:
        The new states, a tensor [B, H] of the dtype of x (float32 or float64) that gradients can flow through.
        They are right for all finite numbers, also large ones.

    Source: torch.nn.RNNCell, with one bias instead of two; Elman 1990, with logistic units where tanh stands here.
    """
    ### BEGIN SOLUTION
    return torch.tanh(x @ W_ih.T + h @ W_hh.T + b)  # [B, I] @ [I, H] + [B, H] @ [H, H] + [H]
    ### END SOLUTION


# %% check="rnn_cell-values" points=2
x, h = torch.tensor([[1.0, 0.5]]), torch.tensor([[0.1]])
expect(rnn_cell(x, h, torch.tensor([[0.5, -1.0]]), torch.tensor([[2.0]]), torch.tensor([-0.7]))).shape(
    1, 1, hint="One row per sequence and one column per hidden unit: [B, H]."
).close(torch.tensor([[-0.462117]]), tol=1e-4, hint="The example by hand: tanh(0.5 - 0.5 + 0.2 - 0.7).")
torch.manual_seed(0)
twin = nn.RNNCell(2, 3)
weights = (twin.weight_ih.detach().clone(), twin.weight_hh.detach().clone(), (twin.bias_ih + twin.bias_hh).detach())
x, h = torch.randn(5, 2), torch.randn(5, 3)
new = rnn_cell(x, h, *weights)
expect(new).shape(5, 3, hint="One row per sequence and one column per hidden unit: [B, H].").close(
    twin(x, h).detach(),
    hint="torch.nn.RNNCell gives other numbers. All three parts, x with W_ih, h with W_hh and b, are there once; both matrices are transposed; tanh comes last.",
)
### BEGIN HIDDEN TESTS
for seed, (B, n_in, H) in enumerate([(3, 5, 7), (7, 3, 2), (5, 11, 11), (1, 1, 3)]):
    torch.manual_seed(seed)
    W = torch.randn(H, H + n_in) / 2
    b, x, h = torch.randn(H), torch.randn(B, n_in), torch.randn(B, H)
    expected = torch.tanh(torch.cat([h, x], dim=1).double() @ W.double().T + b.double())
    expect(rnn_cell(x, h, W[:, H:].clone(), W[:, :H].clone(), b)).shape(
        B, H, hint="New states have shape [B, H]."
    ).close(
        expected.float(),
        tol=1e-4,
        hint="The form with one matrix, W[h; x] + b, gives other numbers. Look at each of the three parts of the sum, and at tanh.",
    )
    W, b, x, h = W.double(), b.double(), x.double(), h.double()
    for scale in (1.0, 1000.0):
        W = W * scale
        expect(rnn_cell(x, h, W[:, H:].clone(), W[:, :H].clone(), b)).dtype(
            torch.float64, hint="Float64 in, float64 out."
        ).close(
            torch.tanh(torch.cat([h, x], dim=1) @ W.T + b),
            tol=1e-9,
            hint="In float64, or for large sums, the numbers are others. torch.tanh is exact there; a formula with exp overflows.",
        )
### END HIDDEN TESTS

# %% check="rnn_cell-safe" points=1
torch.manual_seed(1)
x, h = torch.randn(3, 2), torch.randn(3, 5)
weights = (torch.randn(5, 2), torch.randn(5, 5), torch.randn(5))
before = [tensor.clone() for tensor in (x, h, *weights)]
rnn_cell(x, h, *weights)
expect([x, h, *weights]).equal(before, hint="Your step wrote into one of its arguments. Make a new tensor.")
leaves = [tensor.clone().requires_grad_() for tensor in before]
rnn_cell(*leaves).square().sum().backward()
expect(leaves).gradient(hint="The gradient must reach x, h and all weights: no detach, no no_grad, no .data.")
### BEGIN HIDDEN TESTS
torch.manual_seed(2)
x, h = torch.randn(7, 3), torch.randn(7, 5)
weights = (torch.randn(5, 3), torch.randn(5, 5) / 3, torch.randn(5))
together = rnn_cell(x.clone(), h.clone(), *weights)
for i in (0, 3, 6):
    alone = rnn_cell(x[i : i + 1].clone(), h[i : i + 1].clone(), *weights)
    expect(alone).close(
        together[i : i + 1], tol=1e-4, hint="Each sequence of a batch gets the state it would get alone."
    )
leaves = [tensor.clone().requires_grad_() for tensor in (x, h, *weights)]
rnn_cell(*leaves).square().sum().backward()
expect(leaves).gradient(hint="The gradient must reach x, h and all weights.")
### END HIDDEN TESTS

# %% [markdown]
# The smallest RNN has one input and one unit. It gets a single 1, and then zeros. We watch its state for four values
# of the one number in $W_{hh}$: 0.5, 0.95, −0.8 and 1.5. *Predict first:* sketch the four curves.

# %%
guess.ask(
    "above_one",
    "With W_hh = 1.5, what does the state do in 15 steps?",
    A="it grows and grows",
    B="it fades to zero",
    C="it settles between 0 and 1",
    mine="",
)

# %%
demo_memory = {}
for w in (0.5, 0.95, -0.8, 1.5):
    h, demo_states = torch.zeros(1, 1), []
    for t in range(16):
        x = torch.tensor([[1.0 if t == 0 else 0.0]])
        h = rnn_cell(x, h, torch.ones(1, 1), torch.tensor([[w]]), torch.zeros(1))
        demo_states.append(h.item())
    demo_memory[f"W_hh = {w}"] = demo_states
ax = plots.lines(demo_memory, range(1, 17), title="A single 1 at step 1, then zeros", xlabel="step", ylabel="state")
_ = ax.set_ylim(-0.75, 1.15)
demo_last = demo_memory["W_hh = 1.5"][-1]
guess.compare("above_one", "A" if demo_last > 1 else "B" if demo_last < 0.1 else "C")

# %% [markdown]
# *What to see:* with 0.5 almost nothing is left after eight steps. With 0.95 it fades slowly. With −0.8 it changes its
# sign at each step. With 1.5 it stays forever: $\tanh$ stops it from growing. So $W_{hh}$ decides how long
# this RNN remembers. Section 1.5 returns to this, with more than one unit.

# %% [markdown]
# ## 1.2 Many steps: unrolling
#
# One cell, called once per step, with **the same weights** each time. Drawn side by side, this is called the
# *unrolled* network:
#
# ![A row of cells: each reads its input and the state before it; all of them have the same weights](drawings/unrolled.svg)
#
# Look at the dashed lines: all cells get their weights from one place.
#
# It has no new weights. A sequence of 3 steps and a sequence of 300 steps use the same $H\,(I + H + 1)$ numbers.
#
# The text counts steps from 1, Python from 0: $x_1$ is `x[:, 0]`, and $h_1$ becomes `hs[:, 0]`. The start $h_0$
# is an argument. Often it is all zeros, but not always: in stage 03 it carries a whole word.
#
# **By hand.** I = H = 1, all three weights: `W_ih = 1`, `W_hh = 0.5`, `b = 0`, and $h_0 = 0$. The input is
# 1, 0, 0. Follow the state from left to right:
#
# ![The state starts at 0; the input 1 makes it 0.762, and each 0 after it makes it smaller: 0.363, then 0.180](drawings/update.svg)
#
# So `hs` holds 0.762, 0.363 and 0.180, and `hT` is 0.180. After the first two steps only, `hT` is 0.363.
#
# *Predict first:* you run the cell over 10 steps, and you change the input of step 6. Which of the ten states change?
#
# <details><summary>The answer</summary>
#
# The states 6 to 10. A state depends on the inputs up to its own step, and on no later one. So the states of a
# *prefix* (the beginning of a sequence) are the same with and without what follows.
# </details>
#
# **Your turn: `rnn_forward`**, all steps. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# A loop over the steps. What does one round need from the round before?
# </details>
# <details><summary>Hint 2</summary>
#
# `x[:, t]` is the input of step t for the whole batch, of shape `[B, I]`. (`x[t]` would be a whole sequence.) Collect
# the states in a list.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: h is h0 at first. For every t, replace h by what `rnn_cell` makes of `x[:, t]` and h, and append it to
# the list. After the loop, `torch.stack` puts the list together along a new dimension; time is dimension 1. The last
# h is hT.
# </details>


# %% exercise="rnn_forward" builds_on="rnn_cell"
def rnn_forward(x, h0, W_ih, W_hh, b):
    """An RNN over whole sequences.

    Args:
        x: float [B, T, I], T >= 1.
        h0: float [B, H], the states before the first step.
        W_ih, W_hh, b: float [H, I], [H, H] and [H], the same at every step.
        None of them is changed.

    Returns:
        A tuple (hs, hT):
        hs: float [B, T, H]; hs[:, t] is the state after the input x[:, t].
        hT: float [B, H], the state after the last input.
        Both of the dtype of x. Gradients can flow through both.

    Source: torch.nn.RNN with batch_first=True.
    """
    ### BEGIN SOLUTION
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)  # [B, H]
        states.append(h)
    return torch.stack(states, dim=1), h  # [B, T, H] and [B, H]
    ### END SOLUTION


# %% check="rnn_forward-values" points=2
one, half, zero = torch.ones(1, 1), torch.full((1, 1), 0.5), torch.zeros(1)
hs, hT = rnn_forward(torch.tensor([[[1.0], [0.0]]]), torch.zeros(1, 1), one, half, zero)
expect(hs).shape(1, 2, 1, hint="hs holds one state per step: [B, T, H].").close(
    torch.tensor([[[0.761594], [0.363399]]]), tol=1e-4, hint="The example by hand: 0.762, then tanh(0.5 · 0.762)."
)
expect(hT).shape(1, 1, hint="hT has shape [B, H].").close(
    torch.tensor([[0.363399]]), tol=1e-4, hint="hT is the state after the last input."
)
torch.manual_seed(0)
twin = nn.RNN(2, 3, batch_first=True)
weights = (twin.weight_ih_l0.detach(), twin.weight_hh_l0.detach(), (twin.bias_ih_l0 + twin.bias_hh_l0).detach())
x = torch.randn(5, 7, 2)
hs, hT = rnn_forward(x, torch.zeros(5, 3), *weights)
expected = twin(x)[0].detach()
expect(hs).shape(5, 7, 3, hint="hs has shape [B, T, H]: time is dimension 1.").close(
    expected,
    hint="torch.nn.RNN gives other states. Step t reads x[:, t] and the state of the step before; hs[:, t] is the state after it.",
)
expect(hT).shape(5, 3, hint="hT has shape [B, H].").close(expected[:, -1], hint="hT is the state after the last input.")
### BEGIN HIDDEN TESTS
for seed, (B, T, n_in, H) in enumerate([(3, 5, 7, 2), (7, 3, 2, 5), (5, 11, 3, 13)]):
    torch.manual_seed(seed)
    twin = nn.RNN(n_in, H, batch_first=True)
    weights = (twin.weight_ih_l0.detach(), twin.weight_hh_l0.detach(), (twin.bias_ih_l0 + twin.bias_hh_l0).detach())
    x = torch.randn(B, T, n_in)
    expected = twin(x)[0].detach()
    hs, hT = rnn_forward(x, torch.zeros(B, H), *weights)
    expect(hs).shape(B, T, H, hint="hs has shape [B, T, H].").close(
        expected, tol=1e-4, hint="Step t reads x[:, t] and the state of the step before."
    )
    expect(hT).shape(B, H, hint="hT has shape [B, H].").close(
        expected[:, -1], tol=1e-4, hint="hT is the state after the last input."
    )
    for n in range(1, T):
        first, middle = rnn_forward(x[:, :n].clone(), torch.zeros(B, H), *weights)
        expect(first).close(expected[:, :n], tol=1e-4, hint="The states of a beginning do not depend on what follows.")
        expect(middle).close(expected[:, n - 1], tol=1e-4, hint="hT is the state after the last input.")
    twin = twin.double()
    hs, hT = rnn_forward(x.double(), torch.zeros(B, H).double(), *(weight.double() for weight in weights))
    expect(hs).dtype(torch.float64, hint="hs has the dtype of x: torch.zeros alone makes float32.").close(
        twin(x.double())[0].detach(), tol=1e-6, hint="In float64 the states are as exact as float64."
    )
    expect(hT).dtype(torch.float64, hint="hT has the dtype of x.")
### END HIDDEN TESTS

# %% check="rnn_forward-start" points=1
torch.manual_seed(1)
weights = (torch.randn(3, 2), torch.randn(3, 3), torch.randn(3))
x, h0 = torch.randn(5, 4, 2), torch.rand(5, 3)
step = torch.tanh(x[:, 0] @ weights[0].T + h0 @ weights[1].T + weights[2])
hs, hT = rnn_forward(x[:, :1], h0, *weights)
expect(hs).shape(5, 1, 3, hint="One step is a sequence of length 1: keep its dimension.").close(
    step.unsqueeze(1), tol=1e-4, hint="The first step starts from h0, which need not be zero."
)
expect(hT).shape(5, 3, hint="hT has shape [B, H], also for one step.").close(
    step, tol=1e-4, hint="hT is the last state."
)
### BEGIN HIDDEN TESTS
for seed, (B, n_in, H) in enumerate([(3, 5, 2), (5, 3, 7), (1, 1, 1)]):
    torch.manual_seed(seed)
    twin = nn.RNN(n_in, H, batch_first=True)
    weights = (twin.weight_ih_l0.detach(), twin.weight_hh_l0.detach(), (twin.bias_ih_l0 + twin.bias_hh_l0).detach())
    x, h0 = torch.randn(B, 1, n_in), torch.randn(B, H)
    expected = twin(x, h0.unsqueeze(0))[0].detach()
    hs, hT = rnn_forward(x, h0, *weights)
    expect(hs).shape(B, 1, H, hint="One step is a sequence of length 1: keep its dimension.").close(
        expected, tol=1e-4, hint="The first step starts from h0, which need not be zero."
    )
    expect(hT).shape(B, H, hint="hT has shape [B, H].").close(expected[:, 0], tol=1e-4, hint="hT is the last state.")
### END HIDDEN TESTS

# %% check="rnn_forward-safe" points=1
torch.manual_seed(2)
x, h0 = torch.randn(3, 5, 2), torch.randn(3, 7)
weights = (torch.randn(7, 2), torch.randn(7, 7) / 3, torch.randn(7))
before = [tensor.clone() for tensor in (x, h0, *weights)]
rnn_forward(x, h0, *weights)
expect([x, h0, *weights]).equal(before, hint="Your function wrote into one of its arguments.")
leaves = [tensor.clone().requires_grad_() for tensor in before]
rnn_forward(*leaves)[1].square().sum().backward()
expect(leaves).gradient(hint="The gradient of the last state must reach x, h0 and all weights.")
expect(leaves[0].grad.abs().sum(dim=-1).min()).at_least(
    1e-9, hint="The gradient of the last state must reach the input of every step. Is a state detached on the way?"
)
### BEGIN HIDDEN TESTS
for seed, (B, T, n_in, H) in enumerate([(3, 5, 7, 2), (5, 3, 2, 7)]):
    torch.manual_seed(seed)
    tensors = [torch.randn(*size) / 2 for size in ((B, T, n_in), (B, H), (H, n_in), (H, H), (H,))]
    for which in (0, 1):
        leaves = [tensor.clone().requires_grad_() for tensor in tensors]
        out = rnn_forward(*leaves)[which]
        (out[:, -1] if which == 0 else out).square().sum().backward()  # only the last state
        expect(leaves).gradient(hint="The gradient must reach x, h0 and all weights, from hs and from hT.")
        expect(leaves[0].grad.abs().sum(dim=-1).min()).at_least(
            1e-9, hint="The gradient of the last state must reach the input of every step."
        )
cell = new_cell(2, 5, seed=3, gain=1.0, dtype=torch.float64)
leaf = (torch.randn(3, 61, 2, dtype=torch.float64) / 10).requires_grad_()
rnn_forward(leaf, torch.zeros(3, 5, dtype=torch.float64), *cell)[1].sum().backward()
expect(leaf.grad.abs().sum(dim=-1).min()).at_least(
    1e-12, hint="Over 61 steps, too, the gradient of the last state must reach the input of every step."
)
### END HIDDEN TESTS

# %% [markdown]
# From here on we keep the three weights together, in a `Cell`: `cell.W_hh` is one of them, `rnn_forward(x, h0, *cell)`
# hands over all three. `new_cell(I, H, seed)` makes one with fresh weights.
#
# Now the three words that had the same sum. An untrained RNN with 12 units reads each of them. *Predict first:* will
# the three last states be equal?

# %%
demo_cell = new_cell(3, 12, seed=0)
figure, axes = plots.plt.subplots(1, 3, figsize=(plots.WIDTH, 3.4), sharey=True)
for ax, word in zip(axes, ("tea", "eat", "ate"), strict=True):
    letters = torch.tensor([["aet".index(char) for char in word]])
    hs, _ = rnn_forward(F.one_hot(letters, 3).float(), torch.zeros(1, 12), *demo_cell)
    image = ax.imshow(hs[0].T, vmin=-0.5, vmax=0.5, cmap="PuOr", aspect="auto")
    ax.set(title=word, xlabel="letter that was read", xticks=range(3), xticklabels=list(word), yticks=range(12))
    ax.grid(False)
axes[0].set_ylabel("unit of the state")
_ = figure.colorbar(image, ax=axes, label="state")

# %% [markdown]
# *What to see:* each column is a state: twelve numbers, orange below zero and violet above. The last columns of the
# three pictures differ. The RNN sees the **order**. No training was needed for that; training decides what
# the state is *good* for. We call such a picture a **hidden-state heatmap**.
#
# In the second column of `tea` the RNN reads `e`, and in the first column of `eat` too. The two columns differ:
# a state tells not only what was read now, but also what came before.

# %% [markdown]
# ## 1.3 One cell, four shapes
#
# What you feed in and what you take out is your choice. Four ways are common:
#
# | mode | in | out | for example |
# |---|---|---|---|
# | `many_to_many` | an input at every step | a state at every step | name the next letter, at each letter |
# | `many_to_one` | an input at every step | the last state | is this review friendly? |
# | `one_to_many_once` | one input at the first step, then zeros | a state at every step | a picture in, a sentence out |
# | `one_to_many_every` | the same input at every step | a state at every step | the same, but the input cannot be forgotten |
#
# ![Four rows of three cells: they differ in what goes in below and in what is returned above](drawings/four_shapes.svg)
#
# Look at the row below the cells and at the row above them: the cells and the path of the state never change.
#
# (An output that is a letter or a class needs one more linear layer on top of the state. We add it in 1.4.)
#
# **Both kinds of one-to-many** take their one input from the first step: `x[:, 0]`. The T of `x` still says
# how many steps to make; what stands in `x` after the first step is ignored. In `once`, the later steps read a
# vector of **zeros**. They are still steps: $W_{hh} h + b$ goes through tanh as always.
#
# **By hand**, with the cell of 1.2 (`W_ih = 1`, `W_hh = 0.5`, `b = 0`), from a state of zero:
#
# | mode | `x` | what the cell reads | out |
# |---|---|---|---|
# | `one_to_many_once` | 1, 7 | 1, 0 | 0.762, 0.363 |
# | `one_to_many_every` | 1, 7 | 1, 1 | 0.762, tanh(1 + 0.381) ≈ 0.881 |
# | `many_to_one` | 1, 0 | 1, 0 | 0.363 |
#
# *Predict first:* in which modes does the last state depend on `x[:, 1]`?
#
# **Your turn: `run_mode`**, the four modes of the table. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# The four modes differ in two things only: what the cell reads, and what is returned. Build what it reads first, as
# a tensor `[B, T, I]`; then `rnn_forward` does all the rest.
# </details>
# <details><summary>Hint 2</summary>
#
# For `once`: a new tensor of zeros like `x`, with only the first step filled in. (Do not write zeros into `x`
# itself: it belongs to the caller.) For `every`: the first step, `x[:, :1]`, repeated T times along dimension 1;
# look up `expand` or `repeat`.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise a `ValueError` with the mode in its message if it is none of the four. Choose the inputs by the
# mode. Start from zeros `[B, H]` of the dtype of x (`x.new_zeros`), where H is the number of rows of `cell.W_hh`. Run `rnn_forward` with `*cell` as
# the last three arguments. Return hT for `many_to_one`, and hs in all other cases.
# </details>


# %% exercise="run_mode" builds_on="rnn_cell,rnn_forward"
def run_mode(cell, x, mode):
    """An RNN in one of four shapes, from a first state of zeros.

    Args:
        cell: a Cell (W_ih, W_hh, b).
        x: float [B, T, I], T >= 1. It is not changed.
            In the two one-to-many modes only x[:, 0] is read, and T says how many steps to make: behind x[:, 0]
            may stand anything, also NaN.
        mode: a string:
            "many_to_many": step t reads x[:, t].
            "many_to_one": the same, but only the last state is returned.
            "one_to_many_once": the first step reads x[:, 0], every later step reads zeros.
            "one_to_many_every": every step reads x[:, 0].

    Returns:
        [B, H] for "many_to_one": the state after the last step;
        [B, T, H] for the others: the states after each step.
        Of the dtype of x (float32 or float64). Gradients can flow through it.

    Raises:
        ValueError: for any other mode. The message contains it.
    """
    ### BEGIN SOLUTION
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)  # [B, T, I]
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)  # [B, T, I]
    else:
        raise ValueError(f"unknown mode {mode!r}")
    h0 = x.new_zeros(len(x), len(cell.W_hh))  # [B, H]
    hs, hT = rnn_forward(inputs, h0, *cell)
    return hT if mode == "many_to_one" else hs
    ### END SOLUTION


# %% check="run_mode-many" points=1
by_hand = Cell(torch.ones(1, 1), torch.full((1, 1), 0.5), torch.zeros(1))
x = torch.tensor([[[1.0], [0.0]]])
expect(run_mode(by_hand, x, "many_to_many")).shape(1, 2, 1, hint="A state at every step: [B, T, H].").close(
    torch.tensor([[[0.761594], [0.363399]]]), tol=1e-4, hint="The example by hand of section 1.2."
)
expect(run_mode(by_hand, x, "many_to_one")).shape(1, 1, hint="Only the last state: [B, H].").close(
    torch.tensor([[0.363399]]), tol=1e-4, hint="many_to_one gives the state after the last step."
)
in_double = Cell(*(weight.double() for weight in by_hand))
expect(run_mode(in_double, x.double(), "many_to_one")).dtype(
    torch.float64,
    hint="All of it in the dtype of x: torch.zeros alone makes float32, x.new_zeros makes zeros like those of x.",
)
### BEGIN HIDDEN TESTS
for seed, (B, T, n_in, H) in enumerate([(3, 5, 7, 2), (5, 3, 2, 7), (7, 1, 3, 5)]):
    torch.manual_seed(seed)
    twin = nn.RNN(n_in, H, batch_first=True)
    cell = Cell(twin.weight_ih_l0.detach(), twin.weight_hh_l0.detach(), (twin.bias_ih_l0 + twin.bias_hh_l0).detach())
    x = torch.randn(B, T, n_in)
    expected = twin(x)[0].detach()
    expect(run_mode(cell, x, "many_to_many")).shape(B, T, H, hint="A state at every step: [B, T, H].").close(
        expected, tol=1e-4, hint="Every step reads its own input, from a first state of zeros."
    )
    expect(run_mode(cell, x, "many_to_one")).shape(B, H, hint="Only the last state: [B, H].").close(
        expected[:, -1], tol=1e-4, hint="many_to_one gives the state after the last step, and nothing else."
    )
    in_double = Cell(*(weight.double() for weight in cell))
    for words in (["many", "to", "many"], ["many", "to", "one"]):
        result = run_mode(in_double, x.double(), "_".join(words))  # an equal string that is another object
        expect(result).dtype(torch.float64, hint="All of it in the dtype of x.")
        expect(result.reshape(B, -1)[:, -H:]).close(
            expected[:, -1].double(), tol=1e-4, hint="Another result in float64. Is the mode compared with ==?"
        )
### END HIDDEN TESTS

# %% check="run_mode-one" points=2
by_hand = Cell(torch.ones(1, 1), torch.full((1, 1), 0.5), torch.zeros(1))
x = torch.tensor([[[1.0], [7.0], [-7.0]], [[2.0], [-7.0], [7.0]]])
once, every = run_mode(by_hand, x, "one_to_many_once"), run_mode(by_hand, x, "one_to_many_every")
expect(once).shape(2, 3, 1, hint="A state at each of the T steps.")
expect(every).shape(2, 3, 1, hint="A state at each of the T steps.")
expect({"once": once, "every": every}).close(
    {
        "once": torch.tensor([[[0.761594], [0.363399], [0.179726]], [[0.964028], [0.447855], [0.220258]]]),
        "every": torch.tensor([[[0.761594], [0.881130], [0.893811]], [[0.964028], [0.986127], [0.986429]]]),
    },
    tol=1e-4,
    hint="The first sequence reads 1, 0, 0 in `once` and 1, 1, 1 in `every`; the second 2, 0, 0 and 2, 2, 2. The 7 and the -7 are ignored.",
)
### BEGIN HIDDEN TESTS
for seed, (B, T, n_in, H) in enumerate([(3, 5, 7, 2), (5, 3, 2, 7), (7, 1, 3, 5)]):
    torch.manual_seed(seed)
    cell = Cell(torch.randn(H, n_in), torch.randn(H, H) / 2, torch.randn(H))
    x = torch.randn(B, T, n_in)
    for mode, share in (("one_to_many_once", 0.0), ("one_to_many_every", 1.0)):
        h, states = torch.zeros(B, H), []
        for t in range(T):
            h = torch.tanh(F.linear(x[:, 0] * (1.0 if t == 0 else share), cell.W_ih) + F.linear(h, cell.W_hh, cell.b))
            states.append(h)
        expect(run_mode(cell, x.clone(), mode)).shape(B, T, H, hint="A state at each of the T steps: [B, T, H].").close(
            torch.stack(states, dim=1),
            tol=1e-4,
            hint="`once` reads x[:, 0] and then zeros, `every` reads x[:, 0] at each step. A step that reads zeros is a full step, with W_hh, b and tanh.",
        )
        unread = x.clone()
        unread[:, 1:] = torch.nan
        expect(run_mode(cell, unread, mode)).close(
            torch.stack(states, dim=1),
            tol=1e-4,
            hint="Only x[:, 0] is read: behind it may stand anything, also NaN, and NaN times 0 is NaN.",
        )
        expect(run_mode(Cell(*(w.double() for w in cell)), x.double(), mode)).dtype(
            torch.float64, hint="All of it in the dtype of x: torch.zeros alone makes float32."
        ).close(torch.stack(states, dim=1).double(), tol=1e-4, hint="In float64 the states are the same.")
### END HIDDEN TESTS

# %% check="run_mode-routes" points=1
torch.manual_seed(3)
cell = Cell(torch.randn(5, 3), torch.randn(5, 5) / 2, torch.randn(5))
x = torch.randn(7, 4, 3)
for mode in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
    given = x.clone()
    run_mode(cell, given, mode)
    expect(given).equal(x, hint="x belongs to the caller: do not write zeros, or anything else, into it.")
for mode, routes in (("many_to_one", [True] * 4), ("one_to_many_once", [True, False, False, False])):
    leaf = x.clone().requires_grad_()
    out = run_mode(cell, leaf, mode)
    out.reshape(7, -1)[:, -5:].sum().backward()  # only the last state
    expect((leaf.grad.abs().sum(dim=(0, 2)) > 0).tolist()).equal(
        routes,
        hint="Which inputs does the gradient of the last state reach? In many_to_one all; in `once` only the first.",
    )
### BEGIN HIDDEN TESTS
for mode in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
    tensors = [torch.randn(3, 5, 2) / 2, torch.randn(7, 2) / 2, torch.randn(7, 7) / 3, torch.randn(7) / 2]
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    out = run_mode(Cell(*leaves[1:]), leaves[0], mode)
    out.reshape(3, -1)[:, -7:].square().sum().backward()  # only the last state
    expect(leaves).gradient(hint="The gradient must reach x and all weights.")
    expect((leaves[0].grad.abs().sum(dim=(0, 2)) > 0).tolist()).equal(
        [True] * 5 if mode.startswith("many") else [True] + [False] * 4,
        hint="Which inputs does the gradient of the last state reach? In the many modes all, in the others only the first.",
    )
### END HIDDEN TESTS

# %% check="run_mode-unknown" points=1
cell = Cell(torch.ones(2, 3), torch.ones(2, 2), torch.ones(2))
expect(lambda: run_mode(cell, torch.ones(5, 7, 3), "one_to_one")).raises(
    ValueError, mention="one_to_one", hint="A mode that is none of the four gets a ValueError that names it."
)
### BEGIN HIDDEN TESTS
unknown = ("one_to_many", "Many_to_one", "many", "many_to_many_every", "one_to_many_twice", "many_to_one_once")
for mode in (*unknown, "many-to-one", " many_to_one", "", "many_to_many many_to_one"):
    expect(lambda mode=mode: run_mode(cell, torch.ones(5, 7, 3), mode)).raises(
        ValueError,
        mention=mode,
        hint="Compare the whole string: a mode that only begins like one of the four is unknown.",
    )
### END HIDDEN TESTS

# %% [markdown]
# Which input reaches which output? We ask autograd: row t, column s holds the size of the gradient of state t (of the
# sum of its numbers) with respect to input s, in a sequence of 8 steps.
#
# *Predict first:* sketch the four pictures. Where is the gradient exactly zero?

# %%
demo_cell = new_cell(4, 16, seed=1, gain=1.0)
demo_routes = {}
for mode in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
    x = torch.randn(1, 8, 4, generator=torch.Generator().manual_seed(0)) / 2
    x.requires_grad_()
    out = run_mode(demo_cell, x, mode)
    outputs = out.unsqueeze(1) if mode == "many_to_one" else out  # [1, 1 or T, H]
    demo_sizes = [torch.autograd.grad(o.sum(), x, retain_graph=True)[0][0].norm(dim=-1) for o in outputs[0]]
    demo_routes[mode] = torch.full((8, 8), math.nan)  # nan: there is no such output
    demo_routes[mode][-len(demo_sizes) :] = torch.stack(demo_sizes)

# %% tags=["hide-input"]
figure, axes = plots.plt.subplots(2, 2, figsize=(plots.WIDTH, 5.6), sharex=True, sharey=True)
demo_colors = plots.plt.get_cmap("viridis").with_extremes(under="#dddddd")
for ax, (mode, routes) in zip(axes.flat, demo_routes.items(), strict=True):
    top = max(routes.nan_to_num().max().item() for routes in demo_routes.values())
    image = ax.imshow(routes, cmap=demo_colors, vmin=1e-6, vmax=top, aspect="auto", extent=(0.5, 8.5, 8.5, 0.5))
    ax.set(title=mode, xticks=range(1, 9), yticks=range(1, 9))
    ax.grid(False)
for ax in axes[1]:
    ax.set_xlabel("input s")
for ax in axes[:, 0]:
    ax.set_ylabel("state t")
_ = figure.colorbar(image, ax=axes, label="size of the gradient", shrink=0.8)

# %% [markdown]
# *What to see:* all four panels have one scale. Light grey is exactly zero; white means that there is no such output.
#
# - `many_to_many` is a triangle: no state depends on a later input. `many_to_one` is its last row. Column 2 of the last
#   rows answers the question at the table: the last state depends on `x[:, 1]` in the first two modes only.
# - In `once`, every route starts at step 1. The later the state, the longer the route. (How the size changes along it is
#   the subject of 1.5.)
# - In `every`, the same input enters again at each step, so short routes are added to the long ones.

# %% [markdown]
# ## 1.4 Train it: a question about a sequence
#
# Now the cell learns. **Many to one:** a row of 15 bits; are there more ones than zeros? The answer is one class
# for the whole sequence. We need one linear layer on top of the last state, with two logits:
#
# $$y = \text{softmax}(W_{out}\, h_T + b_{out}) \qquad L = -\log y_{\text{right class}}$$
#
# What goes into the softmax are the **logits**; `F.cross_entropy` takes them as they are. Many texts write
# $y = \text{softmax}(V h + c)$: their $V$ is our $W_{out}$, of shape `[classes, H]`, and their $c$ is our $b_{out}$.
#
# **By hand.** H = 2, three classes, $h = (0.5,\ -1)$, `W_out = [[2, 0], [0, 1], [2, 2]]`, `b_out = [0, 1, 1]`. The logits
# are $(1,\ 0,\ 0)$, their exponentials $(2.718,\ 1,\ 1)$ with the sum 4.718, and so $y \approx (0.58,\ 0.21,\ 0.21)$.
# If the first class is right, the loss is $-\ln 0.576 \approx 0.55$.
#
# `loss.backward()` sends the gradient back through the 15 steps. This is called *backpropagation through time*. It is
# nothing new: autograd on the unrolled network. The weights are used at every step, so their gradient is
# a sum over the steps.
#
# *Predict first:* which numbers must the state hold after 7 bits, so that the answer can be given after 15?

# %%
torch.manual_seed(0)
demo_bits_cell = [weight.requires_grad_() for weight in new_cell(1, 6, seed=2)]
demo_out = nn.Linear(6, 2)
demo_optimizer = torch.optim.Adam([*demo_bits_cell, *demo_out.parameters()], lr=0.01)
demo_losses = []
for _ in range(400):
    bits = torch.randint(0, 2, (64, 15))
    more_ones = (bits.sum(dim=1) > 7).long()  # [B]
    last = run_mode(Cell(*demo_bits_cell), (2.0 * bits - 1).unsqueeze(-1), "many_to_one")  # bits as -1 and 1
    loss = F.cross_entropy(demo_out(last), more_ones)
    demo_optimizer.zero_grad()
    loss.backward()
    demo_optimizer.step()
    demo_losses.append(loss.item())

bits = torch.randint(0, 2, (2000, 15))
with torch.no_grad():
    last = run_mode(Cell(*demo_bits_cell), (2.0 * bits - 1).unsqueeze(-1), "many_to_one")
right = (demo_out(last).argmax(dim=1) == (bits.sum(dim=1) > 7)).float().mean().item()
ax = plots.lines({"loss": demo_losses}, title="More ones than zeros?", xlabel="training step", ylabel="loss in nats")
ax.axhline(math.log(2), color="#777777", linewidth=1, linestyle="--")
ax.text(len(demo_losses), math.log(2) + 0.01, "a blind guess: ln 2", ha="right", va="bottom", color="#555555")
ax.set_ylim(0, 0.8)
print(f"right answers on 2000 new rows of bits: {right:.3f}")

# %% [markdown]
# What is in the state? One number would be enough: how many more ones than zeros there were **so far**. Is it there?
# Two looks. The picture shows the six units while they read a row of bits. And a linear layer, fitted to the states of
# the 2000 rows by least squares, tries to read the count from the state.

# %%
demo_counts = (2.0 * bits - 1).cumsum(dim=1)  # [B, T], ones minus zeros so far
for name, cell in (("before training", new_cell(1, 6, seed=2)), ("after training", Cell(*demo_bits_cell))):
    with torch.no_grad():
        states = run_mode(cell, (2.0 * bits - 1).unsqueeze(-1), "many_to_many")  # [B, T, H]
    demo_with_one = torch.cat([states, torch.ones(2000, 15, 1)], dim=2).flatten(0, 1)  # [B · T, H + 1]
    demo_fit = torch.linalg.lstsq(demo_with_one, demo_counts.flatten().unsqueeze(1)).solution
    demo_error = (demo_with_one @ demo_fit).squeeze(1) - demo_counts.flatten()
    demo_explained = 1 - demo_error.square().mean() / demo_counts.var()
    print(f"{name}: {demo_explained:.0%} of the variance of the count explained by a linear layer")

bits = torch.tensor([[1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]])
with torch.no_grad():
    states = run_mode(Cell(*demo_bits_cell), (2.0 * bits - 1).unsqueeze(-1), "many_to_many")[0]  # [T, H]
figure, axes = plots.plt.subplots(2, 1, figsize=(plots.WIDTH, 4.6), sharex=True, height_ratios=[1.6, 1])
image = axes[0].imshow(states.T, vmin=-1, vmax=1, cmap="PuOr", aspect="auto")
axes[0].set(title="The state while it counts", ylabel="unit", yticks=range(6))
axes[0].grid(False)
figure.colorbar(image, ax=axes[0], label="state")
axes[1].bar(range(15), (2 * bits[0] - 1).cumsum(dim=0), color="#bbbbbb", label="counted")
axes[1].plot(range(15), torch.cat([states, torch.ones(15, 1)], dim=1) @ demo_fit, "o", label="read from the state")
axes[1].axhline(0, color="#777777", linewidth=1)
axes[1].set(ylabel="ones − zeros", xlabel="bit that was read", xticks=range(15), xticklabels=bits[0].tolist())
_ = axes[1].legend(frameon=False, fontsize=9)

# %% [markdown]
# *What to see:* most units rise or fall with the count. None of them is the count alone, but together they hold it: the
# dots follow the bars, and a linear layer explains 97 % of the count's variance. From the states before training it is only
# 39 %. Nobody told the network to count. It was asked one question at the end of each row, and the
# gradient made the state carry what the answer needs.
#
# **Many to many:** the *echo*. At each step the network gets a bit, and must say the bit of **three steps before**.
# Now every step has an answer, and the loss is the mean over the steps. (The first three steps have no answer yet, so
# they do not count.)

# %%
torch.manual_seed(0)
demo_delay = 3
demo_echo_cell = [weight.requires_grad_() for weight in new_cell(1, 16, seed=0)]
demo_out = nn.Linear(16, 1)
demo_optimizer = torch.optim.Adam([*demo_echo_cell, *demo_out.parameters()], lr=0.01)
for _ in range(300):
    bits = torch.randint(0, 2, (32, 20)).float()
    hs = run_mode(Cell(*demo_echo_cell), (2 * bits - 1).unsqueeze(-1), "many_to_many")
    logits = demo_out(hs).squeeze(-1)  # [B, T]
    loss = F.binary_cross_entropy_with_logits(logits[:, demo_delay:], bits[:, :-demo_delay])
    demo_optimizer.zero_grad()
    loss.backward()
    demo_optimizer.step()
bits = torch.randint(0, 2, (1, 20)).float()
with torch.no_grad():
    said = demo_out(run_mode(Cell(*demo_echo_cell), (2 * bits - 1).unsqueeze(-1), "many_to_many"))[0, :, 0].sigmoid()
ax = plots.heatmap(
    torch.stack([bits[0], said]),
    ["bit that goes in", "P(1) that comes out"],
    range(1, 21),
    title=f"The echo, {demo_delay} steps later (new bits)",
    xlabel="step",
)

# %% [markdown]
# *What to see:* the lower row is the upper row, moved three steps to the right. (Its first three fields have no
# meaning.) To do this, the state must hold four bits at all times: the one that it has just read and the three before
# it. At each step it passes them on by one place and drops the oldest.

# %% [markdown]
# ## 1.5 How far back does the gradient reach?
#
# The echo looked three steps back. What about 50? The network can only learn to use an input if the gradient of the
# loss **reaches** that input. A gradient is an arrow, and on its way back each step turns it and makes it longer or
# shorter. So look at the **length before and after one step**.
#
# With two units we can see it. Take all arrows of length 1: their tips make a circle. One step back multiplies them by
# $W_{hh}$ (transposed; we leave out the slopes of tanh for a moment). *Predict first:* what becomes of the circle, after
# one step and after three?

# %%
demo_circle = torch.stack([torch.linspace(0, 2 * math.pi, 200).cos(), torch.linspace(0, 2 * math.pi, 200).sin()], dim=1)
demo_after = {}
for name, gain in (("torch's start", None), ("orthogonal", 1.0), ("orthogonal × 2", 2.0)):
    arrows = [demo_circle]  # [200, 2], each row an arrow
    for _ in range(3):
        arrows.append(arrows[-1] @ new_cell(1, 2, seed=1, gain=gain).W_hh)
    demo_after[name] = arrows
    print(f"{name:15} mean length after 0, 1, 2, 3 steps:", *(f"{tips.norm(dim=1).mean():.2f}" for tips in arrows))

# %% tags=["hide-input"]
figure, axes = plots.plt.subplots(1, 3, figsize=(plots.WIDTH, 2.9))
for ax, (name, arrows) in zip(axes, demo_after.items(), strict=True):
    for step, tips in enumerate(arrows):
        color = plots.COLORS[step - 1] if step else "#777777"
        ax.plot(*tips.T, color=color, linewidth=8 - 2 * step if name == "orthogonal" else 2, label=step)
        head = {"arrowstyle": "->", "color": color, "lw": 1.5, "mutation_scale": 10 if tips[0].norm() > 0.3 else 6}
        head |= {"shrinkA": 0, "shrinkB": 0}
        ax.annotate("", tips[0].tolist(), (0, 0), arrowprops=head, zorder=4)
        if name == "torch's start" and step:  # its arrows are small: each gets its number
            place = (14 * tips[0] / tips[0].norm()).tolist()
            ax.annotate(
                step, tips[0].tolist(), place, textcoords="offset points", color=color, ha="center", va="center"
            )
    reach = 1.1 * max(tips.abs().max().item() for tips in arrows)
    ax.set(title=name, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
handles, labels = axes[0].get_legend_handles_labels()
_ = figure.legend(handles, labels, title="steps", frameon=False, loc="outside right center")

# %% [markdown]
# *What to see:* grey is the circle before. One of the arrows is drawn at each step. (Mind the numbers on the axes.)
#
# - **Torch's start** presses the circle flat, and makes it smaller at each step.
# - An **orthogonal** matrix turns or mirrors the arrows, and changes the length of none. All circles lie on one another.
#   (This one mirrors, so every second step leads back: arrow 0 lies under arrow 2, and arrow 1 under arrow 3.)
# - **Twice** an orthogonal matrix doubles every length at every step: 2, 4, 8.
#
# A length that is multiplied by the factor $q$ at each step is $q^k$ after $k$ steps: it shrinks or grows *exponentially*.
# Only $q = 1$ keeps it. Now we measure it in a whole RNN.
#
# A gradient belongs to *one* number, and a state has H of them. So let $s = \sum_j h_{T,j}$ be the sum of the last state.
# At **lag** $k$ stands the input $k$ steps before the last one: lag 0 is the last input, $x_T$. We want the length of the
# gradient there:
#
# $$g_k = \left\lVert \frac{\partial s}{\partial x_{T-k}} \right\rVert \qquad k = 0, 1, \dots, T - 1$$
#
# The chain rule gives a product with one factor per step. Let $D_t$ be the diagonal matrix of the slopes of tanh at
# step $t$; the slope is $1 - h_t^2$, a number between 0 and 1.
#
# $$\frac{\partial h_T}{\partial h_{T-k}} = D_T\, W_{hh}\; D_{T-1}\, W_{hh} \cdots D_{T-k+1}\, W_{hh}$$
#
# From the state $h_{T-k}$ to its input it is one step more, $D_{T-k}\, W_{ih}$. This happens once, so it does not change how
# fast the gradient shrinks. You need not write this product: autograd does.
#
# **By hand.** I = H = 1, `W_ih = 1`, `W_hh = 0.5`, `b = 0`, and inputs that are all 0. Then all states are 0, and all
# slopes of tanh are one. The gradient is 1 at lag 0, then 0.5 at lag 1 and 0.25 at lag 2. For T = 3 the result is
# `[1, 0.5, 0.25]`. (Your function draws its own inputs. The check takes a tiny `W_ih` of 0.0001 instead: then all slopes
# are nearly one, too. It multiplies your result by 10,000.)
#
# **Your turn: `grad_vs_lag`**, a ruler for the gradient's way back. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# `x.requires_grad_()` before the forward pass tells autograd that you will ask for its gradient.
# </details>
# <details><summary>Hint 2</summary>
#
# Prefer `torch.autograd.grad(s, x)` to `s.backward()`: it returns a tuple with the gradient, and it does not fill the
# `.grad` of the cell's weights. The gradient has the shape of x, `[1, T, I]`.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: make x as the docstring says (I is the number of columns of `cell.W_ih`), and ask for its gradient. Take the
# last state of the RNN from zeros, sum it up, and get the gradient with respect to x, `[1, T, I]`. Take its row 0 first,
# `[T, I]`; the norm over the last dimension is `[T]`, one number per step. Steps count from the start, lags from the
# end: only now `flip(0)` turns the order around.
# </details>


# %% exercise="grad_vs_lag" builds_on="rnn_cell,rnn_forward"
def grad_vs_lag(cell, T, seed):
    """How large the gradient of the last state is at each earlier input.

    The inputs are random, the same for the same seed:
        torch.randn(1, T, I, generator=torch.Generator().manual_seed(seed), dtype=cell.W_hh.dtype)
    The RNN starts from zeros. The gradient is that of the sum of its last state.

    Args:
        cell: a Cell (W_ih, W_hh, b), which is not changed; nor are .grad and .requires_grad of its weights.
        T: the number of steps, an int >= 1.
        seed: an int.

    Returns:
        A tensor [T] without a gradient, of the dtype of the weights. Element k is the Euclidean norm of the gradient
        with respect to the input k steps before the last one: element 0 belongs to the last input.

    Source: Pascanu et al. 2013, section "The mechanics".
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    _, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)  # [1, T, I]
    return gradient[0].norm(dim=-1).flip(0)  # [T], from step to lag
    ### END SOLUTION


# %% check="grad_vs_lag-values" points=2
cell = Cell(torch.tensor([[1e-4]]), torch.tensor([[0.5]]), torch.zeros(1))  # inputs this small: all slopes are 1
expect(grad_vs_lag(cell, 3, 0)).shape(3, hint="One number per lag: [T].")
expect(grad_vs_lag(cell, 3, 0) * 1e4).close(
    torch.tensor([1.0, 0.5, 0.25]), tol=1e-4, hint="The example by hand. Element 0 belongs to the last input, lag 0."
)
torch.manual_seed(0)
twin = nn.RNN(2, 3, batch_first=True)
cell = Cell(twin.weight_ih_l0.detach(), twin.weight_hh_l0.detach(), (twin.bias_ih_l0 + twin.bias_hh_l0).detach())
x = torch.randn(1, 5, 2, generator=torch.Generator().manual_seed(7)).requires_grad_()
twin(x)[0][0, -1].sum().backward()
expect(grad_vs_lag(cell, 5, 7) / x.grad[0].norm(dim=-1).flip(0)).close(
    torch.ones(5),
    tol=1e-4,
    hint="Your number divided by autograd's for torch.nn.RNN should be 1 at every lag. Is it the norm of the gradient of the summed last state, with the inputs of the docstring?",
)
### BEGIN HIDDEN TESTS
for seed, (T, n_in, H) in enumerate([(7, 3, 5), (1, 2, 3), (11, 5, 2), (5, 1, 7)]):
    torch.manual_seed(seed)
    cell = Cell(torch.randn(H, n_in) / 2, torch.randn(H, H) / math.sqrt(H), torch.randn(H) / 2)
    x = torch.randn(1, T, n_in, generator=torch.Generator().manual_seed(seed + 31))
    h, slopes = torch.zeros(H), []
    for t in range(T):
        h = torch.tanh(cell.W_ih @ x[0, t] + cell.W_hh @ h + cell.b)
        slopes.append(1 - h.square())
    v, expected = torch.ones(H), []
    for slope in reversed(slopes):
        expected.append((cell.W_ih.T @ (slope * v)).norm())
        v = cell.W_hh.T @ (slope * v)
    result = grad_vs_lag(cell, T, seed + 31)
    expect(result).shape(T, hint="One number per lag: [T].")
    expect(result / torch.stack(expected)).close(
        torch.ones(T), tol=1e-3, hint="The chain rule, written out, gives other numbers for these inputs."
    )
### END HIDDEN TESTS

# %% check="grad_vs_lag-far" points=1
cell = new_cell(3, 5, seed=1, gain=0.5, dtype=torch.float64)
far = grad_vs_lag(cell, 41, 0)
expect(far).dtype(torch.float64, hint="Inputs and result have the dtype of the cell's weights.").finite()
expect(-math.log10(max(far[40].item(), 1e-300))).at_least(
    12, hint="At lag 40 this gradient is below 1e-12. Rounding errors are larger than that: is this an exact gradient?"
)
### BEGIN HIDDEN TESTS
for seed, gain in enumerate((0.3, 1.5, 3.0)):
    cell = new_cell(3, 7, seed=seed, gain=gain, dtype=torch.float64)
    x = torch.randn(1, 61, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    h, slopes = torch.zeros(7, dtype=torch.float64), []
    for t in range(61):
        h = torch.tanh(cell.W_ih @ x[0, t] + cell.W_hh @ h + cell.b)
        slopes.append(1 - h.square())
    v, expected = torch.ones(7, dtype=torch.float64), []
    for slope in reversed(slopes):
        expected.append((cell.W_ih.T @ (slope * v)).norm())
        v = cell.W_hh.T @ (slope * v)
    far, exact = grad_vs_lag(cell, 61, seed), torch.stack(expected)
    expect((far[21:] / far[20:-1]) / (exact[21:] / exact[20:-1])).close(
        torch.ones(40, dtype=torch.float64),
        tol=1e-4,
        hint="Far back, the numbers do not shrink or grow from lag to lag as the chain rule says. An exact gradient is right to many digits, however small it is.",
    )
### END HIDDEN TESTS

# %% check="grad_vs_lag-safe" points=1
cell = Cell(*(weight.requires_grad_() for weight in new_cell(2, 3, seed=2)))
result = grad_vs_lag(cell, 5, 0)
expect(result.requires_grad).equal(False, hint="The result is a measurement: return it without a gradient of its own.")
expect([weight.grad is None for weight in cell]).equal(
    [True] * 3, hint="backward() also filled the .grad of the cell's weights. torch.autograd.grad leaves them alone."
)
### BEGIN HIDDEN TESTS
before = [weight.detach().clone() for weight in cell]
for weight in cell:
    weight.grad = torch.ones_like(weight)
first = grad_vs_lag(cell, 7, 1)
expect([weight.grad.sum().item() for weight in cell]).equal(
    [6.0, 9.0, 3.0], hint="The .grad of the cell's weights belongs to the caller: neither add to it nor clear it."
)
expect([weight.detach() for weight in cell]).equal(before, hint="The cell's weights must stay as they were.")
expect([weight.requires_grad for weight in cell]).equal(
    [True] * 3, hint="The cell's weights must still require a gradient after the call."
)
expect(grad_vs_lag(cell, 7, 1)).equal(first, hint="The same seed must give the same result.")
expect(grad_vs_lag(cell, 7, 2)).differs_from(first, hint="Another seed means other inputs, and so other gradients.")
### END HIDDEN TESTS

# %% [markdown]
# ### A claim to test
#
# You will read this sentence in many places: *"RNNs forget because the sigmoid's slope is at most 0.25: after
# $k$ steps the gradient is at most $0.25^k$."* Let us see. 64 units, 8 inputs, and four ways to draw $W_{hh}$: as torch
# draws it, and orthogonal times 1, 2 and 0.5.
#
# *Predict first:* which ones vanish, which ones explode?

# %%
guess.ask(
    "torch_start",
    "From torch's own start: how large is the gradient at lag 50?",
    A="about 1e-30, as the sentence says",
    B="about 1e-12",
    C="about 1e-3",
    mine="",
)

# %%
DEMO_STARTS = {"torch's start": None, "orthogonal": 1.0, "orthogonal × 2": 2.0, "orthogonal × 0.5": 0.5}
demo_curves = {}
for name, gain in DEMO_STARTS.items():
    demo_five = [grad_vs_lag(new_cell(8, 64, seed, gain, torch.float64), 100, 50 + seed) for seed in range(5)]
    demo_curves[name] = torch.stack(demo_five).median(dim=0).values  # of five cells the one in the middle
ax = plots.lines(
    {name: curve.tolist() for name, curve in demo_curves.items()} | {"0.25^lag": [0.25**k for k in range(100)]},
    title="How large is the gradient of the last state, k steps back?",
    xlabel="lag k",
    ylabel="norm of the gradient",
)
ax.set_yscale("log")
ax.set_ylim(1e-32, 1e8)
_ = ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
for name, curve in demo_curves.items():
    print(f"{name:18}", *(f"lag {k}: {curve[k]:.0e}  " for k in (10, 50, 90)))
demo_size = math.log10(demo_curves["torch's start"][50])
guess.compare("torch_start", "A" if demo_size < -21 else "B" if demo_size < -7.5 else "C")

# %% [markdown]
# *What to see:* the axis is logarithmic, so a straight line means: the same factor at each step. Torch's own start loses a factor of about
# $2 \cdot 10^9$ every 40 steps. Twice an orthogonal matrix explodes. All four use the same tanh. And the yellow line,
# $0.25^k$, which should lie *above* the curves if the sentence were true, is far below them all. (The plain orthogonal
# start vanishes too, but slowly: by a factor of 0.88 at each step.)
#
# What is wrong with the sentence?
#
# 1. The plain RNN uses **tanh** (torch's and ours; Elman's had logistic units), and the slope of tanh goes up to 1.
# 2. Each factor of the product is a slope **times** $W_{hh}$. A large $W_{hh}$ makes up for a small slope.
#
# Even with a sigmoid it is no law. Because $\sigma(2z) = \frac{1}{2}(1 + \tanh z)$, a sigmoid RNN with $4\, W_{hh}$ and
# $2\, W_{ih}$ (and a suitable bias) *is* a tanh RNN with $W_{hh}$ and $W_{ih}$. Its states are $\frac{1}{2}(1 + h)$, so
# its gradients are exactly half as large ($\sigma$ is the sigmoid here):

# %%
cell = new_cell(8, 64, seed=0, gain=1.0, dtype=torch.float64)
x = torch.randn(1, 100, 8, generator=torch.Generator().manual_seed(50), dtype=torch.float64).requires_grad_()
h = torch.full((1, 64), 0.5, dtype=torch.float64)  # ½ (1 + 0)
for t in range(100):
    h = torch.sigmoid(x[:, t] @ (2 * cell.W_ih).T + h @ (4 * cell.W_hh).T + 2 * cell.b - 2 * cell.W_hh.sum(dim=1))
demo_sigmoid = torch.autograd.grad(h.sum(), x)[0][0].norm(dim=-1).flip(0)
demo_tanh = grad_vs_lag(cell, 100, seed=50)
for k in (10, 50, 90):
    print(f"lag {k}:  sigmoid RNN {demo_sigmoid[k]:.2e}   half of the tanh RNN {demo_tanh[k] / 2:.2e}")
    print(f"          0.25^lag    {0.25**k:.2e}")

# %% [markdown]
# ### What decides, then?
#
# The length before and after one step. In two dimensions you saw it; with 64 units we measure it on 1000 random
# arrows. The table has, for each start:
#
# - **longest**: how much longer $W_{hh}$ makes the one arrow that grows most. (This number is called the *largest singular
#   value* of $W_{hh}$);
# - **typical**: how much longer it makes an arrow of random direction, on average;
# - **slopes**: what the slopes of tanh leave of an arrow;
# - **together**: one whole step back, $W_{hh}$ and slopes;
# - **in the long run**: the largest *eigenvalue* of $W_{hh}$, in size (explained below);
# - **measured**: the factor per step from lag 10 to lag 90, by your function.
#
# *Predict first:* which column will come nearest to *measured*: longest, typical or together?

# %%
print("                    longest   typical   slopes   together   in the long run   measured")
for name, gain in [*DEMO_STARTS.items(), ("orthogonal × 4", 4.0), ("a shift", 0.0)]:
    demo_rows = []
    for seed in range(5):
        cell = new_cell(8, 64, seed, gain, torch.float64)
        if name == "a shift":  # unit j hands its number to unit j + 1; the last one is lost
            cell = cell._replace(W_hh=torch.eye(64, dtype=torch.float64).roll(1, 0).tril())
        generator = torch.Generator().manual_seed(50 + seed)
        x = torch.randn(1, 100, 8, generator=generator, dtype=torch.float64)
        slopes = 1 - rnn_forward(x, x.new_zeros(1, 64), *cell)[0][0].square()  # [T, H]
        arrows = torch.randn(1000, 1, 64, generator=generator, dtype=torch.float64)
        arrows = arrows / arrows.norm(dim=-1, keepdim=True)  # of length 1; [1000, 1, H] * [T, H] pairs all with all
        typical = (arrows @ cell.W_hh).norm(dim=-1).mean()
        kept = (arrows * slopes).norm(dim=-1).mean()
        together = ((arrows * slopes) @ cell.W_hh).norm(dim=-1).mean()
        lags = grad_vs_lag(cell, 100, 50 + seed)
        longest = torch.linalg.matrix_norm(cell.W_hh, 2)
        long_run = torch.linalg.eigvals(cell.W_hh).abs().max()
        demo_rows.append([longest, typical, kept, together, long_run, (lags[90] / lags[10]) ** (1 / 80)])
    demo_means = torch.tensor(demo_rows).mean(dim=0).tolist()
    print(f"{name:18}" + "{:9.2f} {:9.2f} {:8.2f} {:10.2f} {:17.2f} {:10.2f}".format(*demo_means))

# %% [markdown]
# *What to see:* *together* and *measured* agree within a tenth for all weights that were *drawn*. With torch's start
# $0.58^{10} \approx 0.004$ is left after ten steps. Five things more:
#
# - **In the long run.** The same matrix comes at every step. In the long run its largest *eigenvalue* (in size) then
#   counts: the factor for a direction that it only stretches and turns within itself. For a large drawn matrix it is about
#   as large as *typical*. For the shift it is 0, and so is *measured*. Times *slopes*, it fits all six rows.
# - **The longest alone does not decide.** With torch's start it is 1.15, above 1, and the gradient vanishes. What
#   *is* certain: if the longest times the largest slope is below 1, the gradient vanishes.
# - **The slope does play a part.** With "orthogonal × 4" the states are pressed against ±1, where tanh is flat. The
#   slopes keep only 0.38. They slow the explosion, but do not stop it.
# - **A typical arrow is no law.** "A shift" keeps the length of nearly every arrow, yet after 64 steps everything has been pushed
#   out at the end. A matrix with a pattern can behave quite differently from a drawn one. A *trained* one has a pattern.
# - **To keep a state is not to keep a gradient.** In 1.1, `W_hh` = 1.5 held 0.86 forever. The slope there is
#   $1 - 0.86^2 = 0.26$, so a step back leaves $0.26 \cdot 1.5 = 0.39$: of a small change of the state at step 1, about
#   three millionths are left 14 steps later. (The first slopes are a little larger.)
#
# <details><summary>Optional: singular values, and where the <em>typical</em> 0.58 comes from</summary>
#
# In two dimensions a matrix makes an ellipse of the circle. Half the length of each axis is one of the two **singular values** σ:
# what the longest and the shortest arrow become. With H units there are H axes and H singular values. An orthogonal matrix
# has all of them equal to 1.
#
# For an arrow of random direction the **root mean square** (rms) of the σ is typical: square them, take the mean, take the
# root. For the slopes it is the same. So the column *together* is about
#
# $$\text{factor per step} \approx \text{rms}(\sigma) \cdot \text{rms}(1 - h^2)$$
#
# The squares of the σ add up to the sum of the squares of all numbers in the matrix. Torch draws each number evenly between
# $-1/\sqrt{H}$ and $1/\sqrt{H}$; the mean square of such a number is $1/(3H)$. There are $H^2$ of them, so the squares add
# up to $H/3$, and $\text{rms}(\sigma) = 1/\sqrt{3} \approx 0.58$.
#
# </details>
#
# ### Does it matter for learning?
#
# The test is called **first-token recall**: read `lag + 1` random symbols, then name the *first* one. The provided cell
# below trains an RNN with 32 units for it; it calls your `run_mode` with `many_to_one`. There are four symbols, so a
# blind guess is right in 0.25 of all cases.


# %% given="train_recall"
def recall_batch(B, lag, generator):
    """Returns x [B, lag + 1, 4], one-hot vectors of random symbols, and y [B], the first symbol of each row."""
    ids = torch.randint(4, (B, lag + 1), generator=generator)
    return F.one_hot(ids, 4).float(), ids[:, 0]


def train_recall(run, lag, seed, gain=None, optimizer="Adam", lr=0.003, clip=None, steps=300):
    """Train an RNN with 32 units to name the first of lag + 1 symbols.

    Args:
        run: called as run(cell, x, "many_to_one"); gives the last states [B, 32].
        gain: None for torch's start, or the factor of an orthogonal W_hh.
        clip: called with the list of all weights before each step of the optimizer; None does nothing.

    Returns:
        A tuple: the accuracy on 1000 new sequences, and the list of the losses.
    """
    generator = torch.Generator().manual_seed(1000 + seed)  # another stream than that of the cell's weights
    cell = Cell(*(weight.requires_grad_() for weight in new_cell(4, 32, seed, gain)))
    W_out = ((torch.rand(4, 32, generator=generator) * 2 - 1) / math.sqrt(32)).requires_grad_()
    weights = [*cell, W_out]
    step_down = getattr(torch.optim, optimizer)(weights, lr=lr)
    losses = []
    for _ in range(steps):
        x, y = recall_batch(64, lag, generator)
        loss = F.cross_entropy(run(cell, x, "many_to_one") @ W_out.T, y)
        step_down.zero_grad()
        loss.backward()
        if clip is not None:
            clip(weights)
        step_down.step()
        losses.append(loss.item())
    x, y = recall_batch(1000, lag, generator)
    with torch.no_grad():
        right = (run(cell, x, "many_to_one") @ W_out.T).argmax(dim=1) == y
    return right.float().mean().item(), losses


# %% [markdown]
# Look at lag 20 in the plot above. From torch's start the gradient has shrunk to about 0.00001, from
# the orthogonal start to about 0.1. (That was a cell with 64 units; with the 32 units of this task it is much the same.)

# %%
guess.ask(
    "recall",
    "Which of the two RNNs will learn lag 20 in 300 steps?",
    A="only the one with the orthogonal start",
    B="both: Adam makes up for small gradients",
    C="none of them",
    mine="",
)

# %%
demo_learned = []
demo_recall = {}
for name, gain in (("torch's start", None), ("orthogonal", 1.0)):
    accuracy, demo_recall[name] = train_recall(run_mode, lag=20, seed=0, gain=gain)
    print(f"{name:14} right answers at lag 20: {accuracy:.2f}")
    demo_learned += [name] if accuracy >= 0.95 else []
ax = plots.lines(demo_recall, title="Recall at lag 20", xlabel="training step", ylabel="loss in nats")
ax.axhline(math.log(4), color="#777777", linewidth=1, linestyle=":")
ax.text(300, math.log(4) + 0.03, "a blind guess: ln 4", ha="right", va="bottom", color="#555555")
_ = ax.set_ylim(0, 1.8)
guess.compare("recall", "A" if demo_learned == ["orthogonal"] else "CBB"[len(demo_learned)])

# %% [markdown]
# One run proves nothing. The file `datasets/rnn_runs.json` holds 20 runs of each (seeds 0 to 19), made with the code of
# this page.

# %% tags=["hide-input"]
demo_runs = data.load("rnn_runs")
demo_recall_lags = demo_runs["recall"]["lags"]
ax = plots.plt.subplots()[1]
for j in range(len(demo_recall_lags)):  # a pale band for each lag
    ax.axvspan(j - 0.42, j + 0.42, color="#f0f0f0", linewidth=0, zorder=0)
for i, (name, accuracies) in enumerate(demo_runs["recall"]["accuracy"].items()):
    demo_means = [sum(accuracies[str(lag)]) / len(accuracies[str(lag)]) for lag in demo_recall_lags]
    demo_places = [j + 0.26 * (i - 1) for j in range(len(demo_recall_lags))]
    ax.plot(demo_places, demo_means, "os^"[i] + "-", color=plots.COLORS[i], label=name)
    for j, lag in enumerate(demo_recall_lags):  # every run is a small dot, moved a little to be seen
        places = [demo_places[j] + 0.006 * (k - 10) for k in range(len(accuracies[str(lag)]))]
        ax.plot(places, accuracies[str(lag)], ".", color=plots.COLORS[i], alpha=0.4, markersize=7)
        count = sum(right >= 0.95 for right in accuracies[str(lag)])
        ax.text(demo_places[j], 1.04, count, ha="center", color=plots.COLORS[i])
ax.axhline(0.25, color="#777777", linewidth=1, linestyle=":")
ax.text(-0.2, 0.26, "a blind guess", va="bottom", color="#555555")
ax.set_xticks(range(len(demo_recall_lags)), demo_recall_lags)
ax.set(title="First-token recall after 300 steps (at the top: learned, of 20 runs)")
ax.set(xlabel="lag", ylabel="share of right answers", ylim=(0.1, 1.12))
_ = ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))

# %% [markdown]
# *What to see:* in each grey band the three starts are drawn side by side; small dots are single runs. At lag 5 all of them learn it.
# ("Learned" means here: at least 0.95 right.)
#
# | start | lag 10 | lag 20 | lag 40 |
# |---|---|---|---|
# | torch's | 18 of 20 runs | 4 of 20 | none: it only guesses |
# | orthogonal | all 20 | all 20 | 18 of 20 |
# | orthogonal × 2, with a gradient that explodes | all 20 | all 20 | 5 of 20 (0.84 right on average) |
#
# Why does Adam not make up for it? It rescales the *whole* gradient of a weight, which is a sum over all steps. The part from 20
# steps back is about 0.00001 of the part from the last step, before and after rescaling, and drowns in the noise of the inputs
# that do not matter. Four of 20 runs found it all the same.
#
# The cell is the same each time. What differs is how $W_{hh}$ **begins**.
#
# Stage 02 changes the cell itself. Whether the start still matters then is measured there.

# %% [markdown]
# ## 1.6 Too large: clipping
#
# A gradient can also be far too large. What harm does it do? A float32 holds numbers up to about $3.4 \cdot 10^{38}$.
# Take "orthogonal × 2", whose gradient grows by a factor of about 1.16 at each step, and sequences of 50, 500 and 2000 steps.

# %%
guess.ask(
    "overflow",
    "The largest number in the gradient of W_hh, after 2000 steps in float32, is …",
    A="moderate: tanh keeps every state below 1",
    B="huge, but a number",
    C="zero",
    D="no number any more (inf or nan)",
    mine="",
)

# %%
demo_cell = Cell(*(weight.requires_grad_() for weight in new_cell(8, 64, seed=0, gain=2.0)))
x = torch.randn(1, 2000, 8, generator=torch.Generator().manual_seed(0))
for steps in (50, 500, 2000):
    _, hT = rnn_forward(x[:, :steps], torch.zeros(1, 64), *demo_cell)
    (gradient,) = torch.autograd.grad(hT.sum(), demo_cell.W_hh)
    print(
        f"{steps:4} steps: largest state {hT.abs().max():.2f}, largest number in the gradient {gradient.abs().max():.1e}"
    )

demo_stepped = demo_cell._replace(W_hh=demo_cell.W_hh - 0.001 * gradient)  # one careful step of SGD
print("weights that are nan after it:", demo_stepped.W_hh.isnan().sum().item(), "of", demo_stepped.W_hh.numel())
print("the next state:", rnn_forward(x[:, :1], torch.zeros(1, 64), *demo_stepped)[1][0, :3].tolist(), "…")
guess.compare(
    "overflow",
    "D" if not gradient.isfinite().all() else "B" if gradient.abs().max() > 1e6 else "C" if not gradient.any() else "A",
)

# %% [markdown]
# *What to see:* no state is above 1; the gradient has no such limit. Past the largest float it becomes `inf`, and `inf` times 0
# or `inf` minus `inf` is `nan`, *not a number*. All that is calculated with a `nan` is `nan`. After **one** step the weights
# are lost, and no later step brings them back.
#
# Harm can come long before that. In one unlucky batch a gradient can be a hundred times as large as usual; one step can
# then throw the
# weights far away, and what was learned is lost. The remedy is simple: **clip** the gradient. Take the gradients of
# *all* parameters together as one long list
# of numbers, and measure its length, the **total norm**:
#
# $$n = \sqrt{\sum_{p}\, \sum_{i}\, g_{p,i}^2}$$
#
# If $n$ is larger than `max_norm`, multiply *every* gradient by $\text{max\_norm} / n$. If not, do nothing at all.
#
# **By hand.** Two parameters with the gradients (1, 2) and (2, 4). Then $n = \sqrt{1 + 4 + 4 + 16} = 5$.
#
# | `max_norm` | the gradients become | returned |
# |---|---|---|
# | 2 | (0.4, 0.8) and (0.8, 1.6) | 5 |
# | 10 | (1, 2) and (2, 4), as before | 5 |
#
# *Predict first:* somebody clips each parameter on its own to a norm of 2. The two norms are 2.24 and 4.47. What do
# the two gradients become? What is lost?
#
# <details><summary>The answer</summary>
#
# Both become (0.89, 1.79). The second one was twice as large as the first; now they are equal. So the step goes in
# another **direction**. With one factor for all, it goes in the same direction, and is only shorter.
# </details>
#
# Most functions of this course leave their arguments alone. This one changes them on purpose. It scales the gradients *in
# place*, as torch's own does (a new tensor in `p.grad` serves as well), and returns the total norm as it was **before**.
#
# **Your turn: `clip_grad`**, one factor for all gradients. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# A parameter that took no part in the loss has `p.grad` of None. Leave it out, from the start.
# </details>
# <details><summary>Hint 2</summary>
#
# The squares of all norms, added up, and then one square root. (The sum of the norms is something else: 2.24 + 4.47 =
# 6.71.)
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise if max_norm is not positive. Make a list of the gradients that are not None. The total norm is the
# square root of the sum of their squared norms, as a Python float. If it is larger than max_norm, go through the list
# and multiply each one in place with `mul_`. Return the norm.
# </details>


# %% exercise="clip_grad"
def clip_grad(params, max_norm):
    """Scale all gradients by one common factor, so that their total norm is at most max_norm.

    Args:
        params: float tensors of any shape, also [], with a .grad, in a list or any other iterable (an iterator can be run
            through only once).
            A .grad of None is skipped. Afterwards each .grad is the scaled gradient: the same tensor, changed in place, or
            a new one. The parameters themselves stay as they are.
        max_norm: a positive number. If the total norm is not above it, no gradient changes.

    Returns:
        The total norm before the scaling, a float: the root of the sum of the squares of all numbers in all
        gradients. 0.0 where there is no gradient.

    Raises:
        ValueError: if max_norm is zero or negative. The message contains "max_norm".

    Source: Pascanu et al. 2013, algorithm 1; torch.nn.utils.clip_grad_norm_.
    """
    ### BEGIN SOLUTION
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm
    ### END SOLUTION


# %% check="clip_grad-scaled" points=2
params = [torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)]
params[0].grad, params[1].grad = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
clip_grad(params, 2.0)
expect([p.grad for p in params]).close(
    [torch.tensor([0.4, 0.8]), torch.tensor([0.8, 1.6])],
    tol=1e-4,
    hint="The example by hand: the total norm is 5, so both gradients are multiplied by 2/5.",
)
expect([p.detach() for p in params]).equal(
    [torch.zeros(2), torch.zeros(2)], hint="Scale the gradients, p.grad, and not the parameters."
)
### BEGIN HIDDEN TESTS
for seed, (sizes, max_norm) in enumerate([([(3, 5), (7,), (2, 3, 5)], 0.5), ([(11,), (5, 2)], 2.0), ([(7, 3)], 0.01)]):
    torch.manual_seed(seed)
    params = [torch.randn(size).requires_grad_() for size in sizes]
    gradients = [torch.randn(size) * 3 for size in sizes]
    before = [p.detach().clone() for p in params]
    twins = [torch.zeros(size, requires_grad=True) for size in sizes]
    for p, twin, gradient in zip(params, twins, gradients, strict=True):
        p.grad, twin.grad = gradient.clone(), gradient.clone()
    nn.utils.clip_grad_norm_(twins, max_norm)
    clip_grad(params, max_norm)
    for p, twin, value in zip(params, twins, before, strict=True):
        expect(p.grad / twin.grad).close(
            torch.ones_like(value), tol=1e-3, hint="One factor for all gradients: max_norm divided by the total norm."
        )
        expect(p.detach()).equal(value, hint="Scale the gradients, and not the parameters.")
### END HIDDEN TESTS

# %% check="clip_grad-small" points=1
params = [torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)]
params[0].grad, params[1].grad = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
clip_grad(params, 10.0)
expect([p.grad for p in params]).equal(
    [torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])],
    hint="The total norm, 5, is below max_norm: the gradients stay exactly as they are. Do not scale up.",
)
### BEGIN HIDDEN TESTS
for seed, scale in enumerate((1e-3, 0.1, 0.9)):
    torch.manual_seed(seed)
    gradients = [torch.randn(5, 3), torch.randn(7)]
    total = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    params = [torch.zeros(5, 3, requires_grad=True), torch.zeros(7, requires_grad=True)]
    for p, gradient in zip(params, gradients, strict=True):
        p.grad = gradient * (scale / total)
    before = [p.grad.clone() for p in params]
    clip_grad(params, 1.0)
    expect([p.grad for p in params]).equal(before, hint="A total norm below max_norm changes nothing.")
### END HIDDEN TESTS

# %% check="clip_grad-norm" points=1
params = [torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)]
params[0].grad, params[1].grad = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
norm = clip_grad(params, 1.0)  # the third one has no gradient
expect(norm).type(float, hint="Return a Python float; `.item()` makes one of a tensor.").close(
    5.0, tol=1e-4, hint="Return the total norm as it was before the scaling: the root of 1 + 4 + 4 + 16."
)
expect(clip_grad([torch.zeros(3, requires_grad=True)], 1.0)).close(
    0.0, hint="Without any gradient the total norm is 0.0."
)
expect(lambda: clip_grad(params, 0.0)).raises(
    ValueError, mention="max_norm", hint="A max_norm that is not positive gets a ValueError that names it."
)
### BEGIN HIDDEN TESTS
for seed, max_norm in enumerate((0.5, 30.0, 3.0)):
    torch.manual_seed(seed)
    gradients = [torch.randn(5, 3), torch.randn(7), torch.randn(2, 3, 2)]
    total = torch.cat([gradient.flatten() for gradient in gradients]).norm().item()
    params = [torch.zeros_like(gradient).requires_grad_() for gradient in gradients]
    params.insert(seed, torch.zeros(4, requires_grad=True))  # no gradient
    for p, gradient in zip([q for q in params if q.numel() != 4], gradients, strict=True):
        p.grad = gradient.clone()
    expect(clip_grad(params, max_norm)).type(float, hint="Return a Python float.").close(
        total, tol=1e-4, hint="The total norm before the scaling, over all parameters that have a gradient."
    )
params = [torch.zeros(3, requires_grad=True), torch.zeros(2, requires_grad=True)]
params[0].grad, params[1].grad = torch.tensor([2.0, 0.0, 4.0]), torch.tensor([4.0, 8.0])
expect(clip_grad(iter(params), 1.0)).close(
    10.0, tol=1e-4, hint="params may be an iterator, as model.parameters() is: it can be run through only once."
)
expect(params[1].grad).close(
    torch.tensor([0.4, 0.8]),
    tol=1e-4,
    hint="params may be an iterator, as model.parameters() is: it can be run through only once.",
)
expect(lambda: clip_grad(params, -1.0)).raises(
    ValueError, mention="max_norm", hint="A negative max_norm would turn every gradient around."
)
params = [torch.tensor(2.0, dtype=torch.float64, requires_grad=True), torch.zeros(2, 1, dtype=torch.float64)]
params[0].grad, params[1].grad = torch.tensor(3.0).double(), torch.tensor([[0.0], [4.0]]).double()
expect(clip_grad(params, 0.5)).close(5.0, tol=1e-4, hint="A parameter may be a single number, of shape [].")
expect([p.grad for p in params]).close(
    [torch.tensor(0.3).double(), torch.tensor([[0.0], [0.4]]).double()],
    tol=1e-4,
    hint="Every gradient is scaled in place, whatever its shape and dtype: .float() of float64 is a copy.",
)
### END HIDDEN TESTS

# %% [markdown]
# Recall at lag 20 again, from the orthogonal start, but with plain gradient descent (SGD) and a bold learning rate of
# 0.3. *Predict first:* the gradients are of moderate size most of the time. Is clipping needed?

# %%
demo_norms = {"no clipping": [], "clipped to 1": []}
demo_clip_losses = {}
for name, max_norm in (("no clipping", 1e9), ("clipped to 1", 1.0)):

    def demo_clip(weights, norms=demo_norms[name], max_norm=max_norm):  # the defaults keep this round's values
        norms.append(clip_grad(weights, max_norm))

    accuracy, demo_clip_losses[name] = train_recall(run_mode, 20, 1, 1.0, "SGD", lr=0.3, clip=demo_clip)
    print(f"{name:13} right answers: {accuracy:.2f}   largest norm: {max(demo_norms[name]):.1f}")
figure, axes = plots.plt.subplots(2, 1, figsize=(plots.WIDTH, 4.8), sharex=True)
plots.lines(demo_clip_losses, title="Recall at lag 20, SGD with learning rate 0.3", ylabel="loss in nats", ax=axes[0])
axes[0].axhline(math.log(4), color="#777777", linewidth=1, linestyle=":")
plots.lines(demo_norms, xlabel="training step", ylabel="norm before clipping", ax=axes[1])
axes[1].set_yscale("log")
axes[1].axhline(1.0, color="#777777", linewidth=1)
axes[1].get_legend().remove()

# %% [markdown]
# *What to see:* the first steps of the two runs are the same. At 7 on the axis (the eighth step) the norm passes 1 for the first time.
#
# - **Without clipping**, steps of 0.3 times a norm of 5 and more throw the weights about. The loss jumps far above a blind
#   guess (the dotted line) and comes down again, but from about step 65 it stays near 1, with half of the answers right.
# - **With clipping**, the norms are just as large *before* they are clipped, for about 100 steps. But no step is too long,
#   and the loss goes down.
#
# Would a smaller learning rate do as well? The stored file has 20 runs for four learning rates, with and without
# clipping.

# %%
guess.ask(
    "rates",
    "Without clipping: which learning rates work (0.9 right or more, on average)?",
    A="0.03, 0.1 and 0.3",
    B="0.03 and 0.1",
    C="only 0.03",
    D="none",
    mine="",
)

# %%
demo_rates = demo_runs["clipping"]["learning_rates"]
demo_series = {
    name: [sum(accuracies[str(rate)]) / len(accuracies[str(rate)]) for rate in demo_rates]
    for name, accuracies in demo_runs["clipping"]["accuracy"].items()
}
ax = plots.lines(
    demo_series,
    title="Recall at lag 20 after 300 steps of SGD, mean of 20 runs",
    xlabel="learning rate",
    ylabel="share of right answers",
)
for line in ax.lines:
    line.set_marker("o")
ax.set_xticks(range(len(demo_rates)), demo_rates)
_ = ax.set_ylim(0, 1.08)
demo_works = [rate for rate, right in zip(demo_rates, demo_series["no clipping"], strict=True) if right >= 0.9]
guess.compare("rates", "DCBA"[len(demo_works)])

# %% [markdown]
# *What to see:* yes. With 0.03 it works without clipping too, and even a little better (1.00 against 0.97):
# clipping makes some steps shorter, and then 300 are not always enough. Clipping does not make the best run better. It
# makes the choice of the learning rate less delicate. With it,
# 0.03, 0.1 and 0.3 all work (0.97 and more). Without it, only 0.03 does. A learning rate of 1 is too large for both.
#
# Clipping helps against gradients that are too large. It does nothing for those that vanish: a small gradient stays as it
# is. And it comes too late for an overflow: `max_norm / inf` is 0, and 0 times `inf` is `nan`. Already above about $10^{19}$
# the square of a float32 is `inf`: the norm is then `inf`, and a finite gradient becomes 0. In both cases one leaves the
# whole step out.

# %% [markdown]
# ## 1.7 A model that writes
#
# **The task.** Read a text letter by letter; at each one, name the next letter. That is `many_to_many`, and the target
# is the text itself, one step later:
#
# | | | | | | | | |
# |---|---|---|---|---|---|---|---|
# | reads | t | h | e | ␣ | s | e | a |
# | should say | h | e | ␣ | s | e | a | ␣ |
#
# **To write**, turn it around: let the model say a letter, and give it this letter as its next input. Which letter? Its
# logits give a probability for each one. If we always take the most likely one, it writes the same text every time. So
# we **draw** a letter, and a **temperature** $\tau$ says how boldly:
#
# $$p_v = \frac{\exp(z_v / \tau)}{\sum_u \exp(z_u / \tau)}$$
#
# Here $z_v$ is the logit of letter $v$.
#
# ![Letter, cell, linear layer, softmax with temperature, draw; a long way leads back from the draw to the next letter](drawings/writer.svg)
#
# Pink is the only place where chance enters.
#
# **By hand.** Two letters with the logits $0$ and $\ln 3 \approx 1.099$:
#
# | τ | $e^{z/\tau}$ | probabilities |
# |---|---|---|
# | 1 | 1, 3 | 0.25, 0.75 |
# | 0.5 | 1, 9 | 0.1, 0.9 |
# | 2 | 1, 1.73 | 0.37, 0.63 |
# | → 0 | 1, huge | 0, 1 |
#
# A small τ is careful, a large one is wild. τ = 0 cannot be put into the formula, but its limit is clear: the letter
# with the largest logit (*argmax*). Your function takes 0 in this sense.
#
# ![Six letters with their logits z at τ = 0.5, 1 and 2: the share of e falls, and the six shares come closer](drawings/play_temperature.svg)
#
# Six letters, three temperatures. In JupyterLab and on the site you can move τ.
#
# All randomness comes from `generator`, a `torch.Generator`: whoever starts it with the same seed gets the same text.
#
# **Your turn: `sample`**, the draw with a temperature. Read its docstring below, then write it. The hints are here if you
# need them.
#
# <details><summary>Hint 1</summary>
#
# τ = 0 is a case of its own. Treat it first, and you never divide by zero. A negative τ is an error.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.multinomial(p, 1, generator=…)` draws for each row of p one id by its probabilities. It gives `[B, 1]`. What do
# you want?
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise if the temperature is negative. If it is 0, return the argmax over the last dimension. Otherwise
# subtract the largest logit of the row first, then divide by the temperature (making new tensors). The softmax stays the
# same, and a tiny temperature makes no `inf`. Take it over the last dimension, draw with `torch.multinomial` and the
# generator, and remove the dimension of size 1.
# </details>


# %% exercise="sample"
def sample(logits, temperature, generator):
    """Draw one id for each row, from softmax(logits / temperature).

    Args:
        logits: float [B, V], any finite numbers, also large ones. They are not changed.
        temperature: a number >= 0. At 0, the id with the largest logit is taken, with no randomness.
        generator: a torch.Generator. All randomness comes from it; each row is a draw of its own.

    Returns:
        torch.long [B].

    Raises:
        ValueError: if the temperature is negative. The message contains "temperature".
    """
    ### BEGIN SOLUTION
    if temperature < 0:
        raise ValueError(f"the temperature must not be negative, and it is {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)  # [B, V]
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)  # [B]
    ### END SOLUTION


# %% check="sample-frequencies" points=2
logits = torch.tensor([[0.0, math.log(3.0)]]).repeat(5000, 1)
ids = sample(logits, 1.0, torch.Generator().manual_seed(0))
expect(ids).shape(5000, hint="One id for each row: [B], not [B, 1].").dtype(torch.long, hint="Ids are torch.long.")
expect(ids.float().mean()).close(
    0.75, tol=0.02, hint="The example by hand: at temperature 1, id 1 comes in 0.75 of all draws."
)
expect(sample(logits, 0.5, torch.Generator().manual_seed(1)).float().mean()).close(
    0.9, tol=0.02, hint="At temperature 0.5, id 1 comes in 0.9 of all draws: a small temperature makes it more likely."
)
expect(sample(torch.zeros(1, 3), 1.0, torch.Generator().manual_seed(2))).shape(
    1, hint="A batch of one row stays a batch: squeeze() would remove this dimension, too; squeeze(-1) does not."
)
### BEGIN HIDDEN TESTS
for seed, (n, temperature) in enumerate([(3, 1.0), (7, 0.5), (5, 2.5)]):
    torch.manual_seed(seed)
    rows = torch.randn(3, n) * 1.5
    z = rows.double() / temperature
    expected = z.exp() / z.exp().sum(dim=1, keepdim=True)
    ids = sample(rows.repeat(20000, 1), temperature, torch.Generator().manual_seed(seed + 5))
    expect(ids).shape(60000, hint="One id for each row: [B].")
    expect(ids.min()).at_least(0, hint="Ids are 0 to V - 1.")
    expect(ids.max()).at_most(n - 1, hint="Ids are 0 to V - 1.")
    counts = torch.stack([torch.bincount(ids[i::3], minlength=n) for i in range(3)])
    expect(counts / 20000).close(
        expected.float(), tol=0.02, hint="The share of each id must be softmax(logits / temperature), row by row."
    )
ids = sample(torch.zeros(5800, 29), 1.0, torch.Generator().manual_seed(8))
expect(torch.bincount(ids, minlength=29).min()).at_least(
    100, hint="Every id can come: do not leave the rarer ones out."
)
logits = torch.tensor([[0.0, math.log(3.0)]]).repeat(5000, 1)
expect(sample(logits * 1e-4, 1e-4, torch.Generator().manual_seed(9)).float().mean()).close(
    0.75, tol=0.02, hint="A small temperature is not 0: only at exactly 0 is there no chance."
)
### END HIDDEN TESTS

# %% check="sample-cold" points=1
logits = torch.tensor([[0.1, 0.3, 0.2], [2.0, -1.0, 1.9], [-5.0, -4.0, -3.0]])
given = logits.clone()
expect(sample(given, 0, torch.Generator().manual_seed(0))).equal(
    torch.tensor([1, 0, 2]), hint="At temperature 0, take the id with the largest logit of each row."
)
expect(sample(given, 0.01, torch.Generator().manual_seed(0))).equal(
    torch.tensor([1, 0, 2]), hint="Near 0, almost every draw is the id with the largest logit."
)
expect(given).equal(logits, hint="The logits belong to the caller: divide into a new tensor.")
expect(lambda: sample(given, -1.0, torch.Generator())).raises(
    ValueError, mention="temperature", hint="A negative temperature gets a ValueError that names it."
)
### BEGIN HIDDEN TESTS
for seed, (B, n) in enumerate([(5, 7), (11, 3), (1, 13)]):
    torch.manual_seed(seed)
    logits = torch.stack([torch.randperm(n) for _ in range(B)]).float() * 100 + 500
    largest = torch.tensor([row.index(max(row)) for row in logits.tolist()])
    for temperature in (0, 0.0, 0.1, 1.0):
        expect(sample(logits.clone(), temperature, torch.Generator().manual_seed(seed))).equal(
            largest, hint="Large logits, far apart: only the largest one can come. Does exp overflow?"
        )
close = torch.stack([torch.randperm(5) for _ in range(50)]).float() / 1000
largest = torch.tensor([row.index(max(row)) for row in close.tolist()])
expect(sample(close, 0, torch.Generator().manual_seed(1))).equal(
    largest, hint="At temperature 0 the largest logit wins without any chance, also where the others are close."
)
shuffled = torch.stack([torch.randperm(13) for _ in range(2000)])
expect(sample(shuffled * 40.0, 1.0, torch.Generator().manual_seed(2))).equal(
    shuffled.argmax(dim=1),
    hint="At a distance of 40 the others come in 1 of 10^17 draws: give no id a share of its own.",
)
for far in (500 + shuffled[:50] / 100, shuffled[:50] * 1e37):
    expect(sample(far, 0, torch.Generator().manual_seed(3))).equal(
        shuffled[:50].argmax(dim=1),
        hint="At temperature 0 compare the logits as they are: rounding or scaling spoils them.",
    )
expect(lambda: sample(logits, -0.001, torch.Generator())).raises(
    ValueError, mention="temperature", hint="A negative temperature gets a ValueError that names it."
)
### END HIDDEN TESTS

# %% check="sample-chance" points=1
logits = torch.zeros(50, 11)
first = sample(logits, 1.0, torch.Generator().manual_seed(3))
expect(sample(logits, 1.0, torch.Generator().manual_seed(3))).equal(
    first, hint="A generator with the same seed must give the same ids: pass it to what draws."
)
expect(sample(logits, 1.0, torch.Generator().manual_seed(4))).differs_from(
    first, hint="Another seed, other ids: all randomness comes from `generator`."
)
expect(len(set(first.tolist()))).at_least(
    6, hint="Each row is a draw of its own; 50 equal rows give many different ids."
)
### BEGIN HIDDEN TESTS
generator = torch.Generator().manual_seed(5)
first = sample(logits, 1.0, generator)
second = sample(logits, 1.0, generator)
expect(second).differs_from(
    first, hint="The next draw from the same generator must be another one: do not seed it anew."
)
torch.manual_seed(1)
once = sample(logits, 0.7, torch.Generator().manual_seed(6))
torch.manual_seed(2)
expect(sample(logits, 0.7, torch.Generator().manual_seed(6))).equal(
    once, hint="The ids must not depend on torch's global seed."
)
pairs = sample(torch.zeros(20000, 2), 1.0, torch.Generator().manual_seed(7)).view(-1, 2)
expect((pairs[:, 0] == pairs[:, 1]).float().mean()).close(
    0.5, tol=0.02, hint="Two rows agree by chance only: each one is a draw of its own."
)
generator = torch.Generator().manual_seed(8)
batches = torch.stack([sample(torch.zeros(2, 2), 1.0, generator) for _ in range(200)])
expect((batches[:, 0] == batches[:, 1]).float().mean()).close(
    0.5, tol=0.12, hint="Two rows may well agree: do not draw again where they do."
)
batches = torch.stack([sample(torch.zeros(100, 2), 1.0, generator) for _ in range(60)])
expect(batches.float().sum(dim=1).std()).at_least(
    2.5, hint="How often an id comes among 100 rows is left to chance as well: the rows do not share out the ids."
)
### END HIDDEN TESTS

# %% [markdown]
# Now the writer. It learns from the text of the opening. The RNN has 64 units, and reads pieces of 40 letters,
# 16 at a time. Four of your functions are at work: `rnn_forward` and `clip_grad` train it, `rnn_cell`
# and `sample` write. Five times while it learns, it writes 60 symbols, at temperature 0.7. ␣ is a space, ⏎ a new line.

# %%
demo_writer_cell = Cell(*(weight.requires_grad_() for weight in new_cell(V, 64, seed=0)))
torch.manual_seed(0)
demo_writer_out = nn.Linear(64, V)


def demo_write(temperature, seed, n):
    """n letters, written by the model: each one is drawn, and then becomes the next input."""
    generator = torch.Generator().manual_seed(seed)
    ids, h = torch.tensor([SYMBOLS.index("\n")]), torch.zeros(1, 64)
    written = ""
    with torch.no_grad():
        for _ in range(n):
            h = rnn_cell(F.one_hot(ids, V).float(), h, *demo_writer_cell)
            ids = sample(demo_writer_out(h), temperature, generator)
            written += SYMBOLS[ids.item()]
    return written


# %%
demo_weights = [*demo_writer_cell, *demo_writer_out.parameters()]
demo_optimizer = torch.optim.Adam(demo_weights, lr=0.01)
demo_writer_losses = []
for step in range(400):
    demo_optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / 400)
    starts = torch.randint(len(TEXT) - 40, (16, 1))
    pieces = text_ids[starts + torch.arange(41)]  # [B, 41]
    hs, _ = rnn_forward(F.one_hot(pieces[:, :-1], V).float(), torch.zeros(16, 64), *demo_writer_cell)
    loss = F.cross_entropy(demo_writer_out(hs).flatten(0, 1), pieces[:, 1:].flatten())  # the next letter, at each letter
    demo_optimizer.zero_grad()
    loss.backward()
    clip_grad(demo_weights, 1.0)
    demo_optimizer.step()
    demo_writer_losses.append(loss.item())
    if step in (0, 10, 40, 100, 399):
        written = demo_write(0.7, seed=1, n=60).replace(" ", "␣").replace("\n", "⏎")
        print(f"step {step:3d}   loss {loss.item():.2f}   {written}")

# %%
demo_by_place = F.cross_entropy(demo_writer_out(hs).transpose(1, 2), pieces[:, 1:], reduction="none").mean(dim=0)  # [T]
print("last batch, loss at the letters 1 to 5:", *(f"{value:.2f}" for value in demo_by_place[:5].tolist()))
print(f"and on average at the letters 11 to 40: {demo_by_place[10:].mean():.2f}")
demo_share = torch.bincount(text_ids) / len(text_ids)
ax = plots.lines({"loss": demo_writer_losses}, title="Name the next letter", xlabel="training step", ylabel="loss in nats")
for value, label in (
    (math.log(V), f"all {V} symbols equally likely"),
    (-(demo_share * demo_share.log()).sum().item(), "only how frequent each symbol is"),
):
    ax.axhline(value, color="#777777", linewidth=1, linestyle=":")
    ax.text(400, value + 0.03, f"{label}: {value:.2f}", ha="right", va="bottom", color="#555555")
_ = ax.set_ylim(0, 3.6)

# %% [markdown]
# *What to see:* after a few steps the model has passed the line "only how frequent each symbol is", and then it learns what
# follows what. What is left at the end is mostly the loss at the first letters of a piece, where it cannot know yet at
# which place of the text it is. From there on it nearly knows the text by heart.
#
# *Predict first:* what does it write at temperature 0, 0.5, 1 and 2?

# %%
guess.ask(
    "warm",
    "At temperature 1, how many of the written words stand in the text?",
    A="less than 30 %",
    B="30 to 60 %",
    C="60 to 90 %",
    D="more than 90 %",
    mine="",
)


# %%
demo_shares = {"the opening: one letter back": demo_known(demo_written)}
for temperature in (0, 0.5, 1, 2):
    written = demo_write(temperature, seed=1, n=2000)
    demo_shares[f"temperature {temperature}"] = demo_known(written)
    print(f"--- temperature {temperature}\n{written[:150].strip()}\n")
ax = plots.bars(
    demo_shares,
    title="How many of the written words stand in the text?",
    xlabel="share of the words in 2000 written letters",
)
for i, bar in enumerate(ax.patches):
    bar.set_color("#999999" if i == 0 else plots.COLORS[0])
_ = ax.set_xlim(0, 1.15)
guess.compare("warm", "ABCD"[sum(demo_shares["temperature 1"] > limit for limit in (0.3, 0.6, 0.9))])

# %% [markdown]
# *What to see:* the grey bar is the writer that looks back by one letter. It draws with its plain frequencies, so
# compare it with
# temperature 1: 0.15 there, 0.77 here. At 0 and 0.5 the RNN nearly recites our text: nearly
# 99 of 100 words stand in it. At 1 it invents words, some of them nearly English; at 2 it is noise with spaces. A draw that goes
# wrong has consequences: the wrong letter becomes the next input, and the state leaves the paths that it knows.
#
# Does this model know English? No. It knows the 635 letters of one text nearly by heart. The text is in its
# 7514 weights, about twelve for each letter. The 64 numbers of the state only tell it *where in the text* it is; the writer of
# the opening had nothing that could tell it that.
#
# What does the model expect at each letter? The picture shows the probabilities of the next symbol (temperature 1)
# while it reads the beginning of a line.

# %%
demo_line = "\nthe wind is cold and "
with torch.no_grad():
    ids = torch.tensor([[SYMBOLS.index(char) for char in demo_line]])
    hs, _ = rnn_forward(F.one_hot(ids, V).float(), torch.zeros(1, 64), *demo_writer_cell)
    p = demo_writer_out(hs)[0].softmax(dim=-1)  # [T, V]
demo_shown = [v for v in range(V) if p[:, v].max() > 0.1]
demo_names = {"\n": "⏎", " ": "␣"}
ax = plots.heatmap(
    p[:, demo_shown].T,
    [demo_names.get(SYMBOLS[v], SYMBOLS[v]) for v in demo_shown],
    [demo_names.get(char, char) for char in demo_line],
    title="Probability of the next symbol",
    xlabel="symbol that was read",
    ylabel="next symbol",
)

# %% [markdown]
# *What to see:* most columns have one bright field: inside a word there is no choice. After `the␣` many
# words may come, and several fields share the probability. After `is␣` it hesitates between `c` and `s`: the wind is `cold`, and
# it is `strong`. After `wi` it thinks of `wind` first, and a little of `with` and `wide`.

# %% [markdown]
# ## 1.8 Quiz
#
# Five questions, one point each. Write your answer in place of `None`, and run both cells. You learn whether it is
# right, and why, when your notebook is graded.

# %% [markdown] quiz="states_shape" kind="shape" points=1 read="1.2" draw="B=3,5,7 T=11,13,17 I=2,4,6 H=19,23,29"
# A batch of {B} sequences of {T} steps, each step with {I} numbers, goes through an RNN with {H} hidden units. What is
# the shape of `hs`, all its states?
#
# - [x] (B, T, H)
#   > Yes: for each sequence and each step one state of H numbers.
# - [ ] (T, B, H)
#   > Time first is what torch does without batch_first. In this course the batch comes first.
# - [ ] (B, H)
#   > That is one state for each sequence, as hT. hs has one for each step.
# - [ ] (B, T, I)
#   > That is the shape of the input. A state has H numbers, however many the input has.
# - [ ] (B, T + 1, H)
#   > h0 is no state after an input, so it is not in hs.
# - [ ] else
#   > There is one state of H numbers for each of the T steps of each of the B sequences.

# %% [markdown] quiz="rnn_count" kind="number" points=1 read="1.4" draw="I=8,16,24 H=32,48,64 C=3,5,10 T=20,50,100" tolerance="0"
# An RNN as on this page, with one bias, has {I} inputs and {H} hidden units. It reads a sequence of {T} steps, and from
# its last state comes $y = \text{softmax}(V h + c)$, over {C} classes. How many parameters does the whole model have?
#
# - [x] H * (I + H + 1) + C * (H + 1)
#   > W_ih has H · I, W_hh has H · H, b has H; V has C · H, and c has C. The number of steps plays no part.
# - [ ] H * (I + H + 1)
#   > That is the RNN. The layer on top of its last state has parameters, too.
# - [ ] H * (I + H + 1) + C * H
#   > You forgot c, the bias of the last layer.
# - [ ] H * (I + H) + C * H
#   > You forgot the two biases, b and c.
# - [ ] H * (I + H + 2) + C * (H + 1)
#   > You counted two biases in the RNN, as torch keeps them. On this page there is one.
# - [ ] T * H * (I + H + 1) + C * (H + 1)
#   > The same weights are used at every step; they are not there T times.
# - [ ] else
#   > Count the elements of W_ih [H, I], W_hh [H, H] and b [H], then those of V [C, H] and c [C].

# %% [markdown] quiz="what_vanishes" kind="one" points=1 read="1.5"
# With torch's start, the gradient of an RNN with tanh is about $10^{-12}$ at lag 50. Why?
#
# - [ ] A. The slope of tanh is at most 0.25, and a product of 50 such slopes is nearly nothing.
#   > The slope of tanh goes up to 1; 0.25 is the sigmoid's. And 0.25 to the power of 50 is about 1e-30, far from what you measured.
# - [ ] B. The largest singular value of $W_{hh}$ is below 1, so that every vector becomes shorter.
#   > That would be enough, but it is not so here: it is about 1.15. The typical one, about 0.58, decides.
# - [x] C. A step multiplies it by slopes and by $W_{hh}$, and this typically leaves about 0.58 of it.
#   > Yes: 0.58 to the power of 50 is about 1e-12. Most of it comes from the singular values of W_hh.
# - [ ] D. The input of 50 steps ago is multiplied by the small numbers of $W_{ih}$ in all 50 steps.
#   > W_ih multiplies an input once, in the step that reads it. From then on the way leads through W_hh.

# %% [markdown] quiz="one_to_many" kind="several" points=1 read="1.3"
# What is true of the two one-to-many modes?
#
# - [x] A. In `once`, the last state depends on `x[:, 0]` only through the states in between.
#   > Yes: the input enters once, and the state has to carry it.
# - [ ] B. In `every`, the last state depends on all of `x`.
#   > Only x[:, 0] is read, again and again.
# - [x] C. In `every`, the gradient of the last state with respect to `x[:, 0]` is a sum over all steps.
#   > Yes: the input enters at each step, and each entry adds its part.
# - [ ] D. In `once`, the state does not change after the first step, since nothing but zeros is read there.
#   > The later steps read zeros, but they are full steps: W_hh, b and tanh change the state.

# %% [markdown] quiz="clipped" kind="number" points=1 read="1.6" draw="a=6,12,18 k=2,4,5" tolerance="0.01"
# Two parameters have one number each. Their gradients are {a} and {a} · 4/3. You clip to a `max_norm` of {k}. What does
# the gradient of the *first* one become?
#
# - [x] 0.6 * k
#   > The total norm is a · 5/3, so the factor is k divided by it: a · k / (a · 5/3) = 0.6 k.
# - [ ] k
#   > You clipped the first gradient on its own. There is one factor for both.
# - [ ] 3 * k / 7
#   > You divided by the sum of the two norms. The total norm is the root of the sum of the squares.
# - [ ] a
#   > You changed nothing, but the total norm is larger than max_norm.
# - [ ] else
#   > First the total norm, the root of the sum of the two squares; then the factor, max_norm divided by it.

# %% [markdown]
# ## What you can now do
#
# - write one step of an RNN, and run it over sequences of any length, in four ways;
# - follow how it is trained to answer one question about a sequence, or one at each step;
# - measure how far back a gradient reaches, and say why neither the tanh alone nor the longest arrow alone decides it;
# - clip gradients by one common factor, and say against what this does not help;
# - let a model write, from careful to wild.

# %% [markdown]
# ## How often were you right?
#
# Of the guesses that did not come out, which one surprised you most?

# %%
guess.summary()

# %% [markdown]
# ## Go further
#
# Not graded.
#
# - ★ Let the writer of the opening look back by two letters, then by three. What share of its words stands in the text,
#   and how
#   many rows does its table have? What would happen to the table with ten?
# - ★★ In the echo of 1.4, make the delay 6, 9 and 12. Up to which one does torch's start learn it in 300 steps? Then try
#   `gain=1.0`.
# - ★★★ Cut the gradient on purpose: in 1.7, let each piece go on from the last state of the piece before, with
#   `.detach()` (*truncated backpropagation through time*), on pieces of 10 letters. Does it lose less at the first letters
#   of a piece than pieces of 10 that start from zeros?

# %% [markdown]
# ## What next
#
# Two things stay open. Can another cell keep something for longer, and does it, too, need a start that was chosen for it?
# Stage 02 measures both. And how can an answer have another length than the question? That is stage 03.
#
# ## Papers
#
# - J. Elman, *Finding Structure in Time*, Cognitive Science 14(2), 1990: the network of this page, with logistic
#   units, and letters in sequence.
# - Y. Bengio, P. Simard, P. Frasconi, *Learning Long-Term Dependencies with Gradient Descent is Difficult*, IEEE
#   Transactions on Neural Networks 5(2), 1994: why gradients vanish in a network whose memory resists noise.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, 2013, [arXiv
#   1211.5063](https://arxiv.org/abs/1211.5063): the section "The mechanics" has the product of 1.5 and says what the
#   largest singular value can prove, with a bound on the slope of 1 for tanh and 1/4 for the sigmoid; algorithm 1 is
#   `clip_grad`.
# - A. Saxe, J. McClelland, S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural
#   networks*, ICLR 2014, [arXiv 1312.6120](https://arxiv.org/abs/1312.6120): the orthogonal start.
# - Q. Le, N. Jaitly, G. Hinton, *A Simple Way to Initialize Recurrent Networks of Rectified Linear Units*, 2015,
#   [arXiv 1504.00941](https://arxiv.org/abs/1504.00941): a start with the identity matrix, for the same reason as our
#   orthogonal one.
# - A. Graves, *Generating Sequences With Recurrent Neural Networks*, 2013, [arXiv
#   1308.0850](https://arxiv.org/abs/1308.0850): networks that write, letter by letter.
