# %% [markdown]
# # 04 · Decoding: how much fits into one vector?
#
# The antonym machine of stage 03 knew six words. Now we ask for more. You type `apple`, and the machine
# turns the word around: `elppa`. It has never seen the word, so it cannot answer by heart. And all that the decoder
# hears of the word is **one vector**.
#
# Which vector? Here is the simplest one, a *bag of letters*: 26 numbers, how often each letter occurs. Run the next two
# cells. In the second one, a writer sees only the bag, and has to write the word backwards.

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
from functools import lru_cache  # a check uses it
from itertools import product  # a check uses it

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)  # the models are small: a second thread costs more than it helps
plots.use_style()

P, S, E = 0, 1, 2  # the ids of pad, start and end
LETTERS = "abcdefghijklmnopqrstuvwxyz"
id_to_char = [*"PSE", *LETTERS]
char_to_id = {char: i for i, char in enumerate(id_to_char)}
V = len(id_to_char)  # 29


def to_ids(text):
    """The ids of a text of symbols: to_ids("lowE") is [14, 17, 25, 2]."""
    return [char_to_id[char] for char in text]


def to_text(ids):
    """The symbols of a list of ids: to_text([14, 17, 25, 2]) is "lowE"."""
    return "".join(id_to_char[i] for i in ids)


def make_pairs(task, n, shortest, longest, seed):
    """n pairs (word, answer). The words are random letters; each length from shortest to longest is equally likely.

    task: "reverse" or "sort".
    """
    if task not in ("reverse", "sort"):
        raise ValueError(f"task must be reverse or sort, not {task!r}")
    rng = random.Random(seed)
    words = ["".join(rng.choices(LETTERS, k=rng.randint(shortest, longest))) for _ in range(n)]
    return [(word, word[::-1] if task == "reverse" else "".join(sorted(word))) for word in words]


def make_batch(pairs):
    """As in stage 03: (x, y_in, y_out), each torch.long [B, longest word + 1]."""
    longest = max(len(word) for pair in pairs for word in pair) + 1
    x = [to_ids((source + "E").ljust(longest, "P")) for source, _ in pairs]
    y_in = [to_ids(("S" + target).ljust(longest, "P")) for _, target in pairs]
    y_out = [to_ids((target + "E").ljust(longest, "P")) for _, target in pairs]
    return torch.tensor(x), torch.tensor(y_in), torch.tensor(y_out)


# %%
def demo_from_bag(bag, rng):
    """The letters of a bag [26], in some order: the bag says nothing about the order."""
    letters = [letter for letter, times in zip(LETTERS, bag, strict=True) for _ in range(times)]
    return "".join(rng.sample(letters, len(letters)))


demo_rng = random.Random(0)
for word in ("an", "tea", "listen", "silent", "understanding"):
    bag = [word.count(letter) for letter in LETTERS]  # all that is handed over
    tries = [demo_from_bag(bag, demo_rng) for _ in range(1000)]
    print(f"{word:>13} → {tries[0]:<14} right: {word[::-1]:<14} {tries.count(word[::-1]):>3} of 1000 tries")

# %% [markdown]
# *What to see:* the writer has every letter and still fails, the more often the longer the word. `listen` and `silent`
# have the same bag: what is missing is the order. (To *sort* the letters, this bag would be enough.)
#
# So we let a network learn its own vector. Which words survive the way through it?
#
# **After this page you can**
#
# - write an encoder that no pad can disturb, and choose what it hands over;
# - hand it over in two ways: once, or at every step;
# - measure answers: how wrong is a wrong one, and how does the accuracy fall with the length?
# - measure how much each input letter influences each output letter;
# - train a decoder with some of its own letters as inputs;
# - search for better answers with several candidates at once, and say when this helps and when not.
#
# **Points and time.** 40 points in two halves. Half one (4.1 to 4.7): 24 points, about two hours. Half two (4.8 to
# 4.13): 16 points, five of them in the quiz, about two hours. Between them is a clean place to stop. (It is one
# notebook, because half two looks into the machines that you train in half one.)
#
# **Letters of this page.** In a shape such as `[B, S, D]`: B is the batch size, S the source length, T the
# target length, D the width of an embedding, H the hidden size, K the size of a projected context, V the number
# of symbols. In code, `P`, `S` and `E` are the ids of pad, start and end, as in stage 03. In a formula, $N$ is the
# number of real symbols of a source, its `E` included; $h$ is a state of the encoder, $d$ one of the decoder.

# %%
ax = plots.course_map(here="04_decoding")

# %% [markdown]
# ## Half one · Encode, hand over, measure
#
# **The question:** can one learned vector hold a word and the order of its letters, and up to which length?
#
# **Points and time:** 24 points, about two hours, sections 4.1 to 4.7.
#
# **What you need from before:** a batch with `S`, `E` and pads, a loss that leaves out the pads, and greedy decoding
# (stage 03); the GRU and its weights (stage 02).

# %% [markdown]
# ## 4.1 Two tasks without end
#
# Six pairs can be learned by heart. To see what a model really *does* with a word, we need tasks with more words
# than anybody can learn by heart. We make two of them ourselves:
#
# - **reverse:** `apple` → `elppa`. Which letters there are, *and* where each one stands, must reach the decoder.
# - **sort:** `apple` → `aelpp`. Where a letter stands plays no role. It is enough to know how often each
#   letter occurs.
#
# Each task gets 10,000 words of random letters, from 1 to 12 letters long. A word of 8 letters is one of
# $26^8 \approx 2 \cdot 10^{11}$, so nobody has met a test word of 8 letters before. Only the shortest come again.
#
# The encoder must put the whole word into one vector of H numbers. What do you expect?

# %%
guess.ask(
    "half",
    "Reversing, with H = 128 and 800 steps of training: up to which length is at least half of the words right?",
    A="3 to 5 letters",
    B="6 to 8",
    C="9 or 10",
    D="11 or 12",
    mine="",
)

# %%
for task in ("reverse", "sort"):
    demo_pairs = make_pairs(task, 10_000, 1, 12, seed=1)
    print(f"{task:>8}:", ", ".join(f"{word} → {target}" for word, target in demo_pairs[:5]))
demo_x, demo_y_in, demo_y_out = make_batch([("apple", "aelpp"), ("cab", "abc")])
for name, ids in (("x", demo_x), ("y_in", demo_y_in), ("y_out", demo_y_out)):
    print(f"{name:>8}:", [to_text(row) for row in ids.tolist()])
demo_known = {word for word, _ in demo_pairs}  # the words of the training; both tasks have the same
print("how many of 200 test words are in the training, too:")
for n in (1, 2, 3, 4, 8):
    print(f"{n} letters:", sum(word in demo_known for word, _ in make_pairs("sort", 200, n, n, seed=100 + n)))

# %% [markdown]
# *What to see:* the same three rows as in stage 03, as long as the longest word of the batch needs. From 4 letters on,
# all test words are new.

# %% [markdown]
# ## 4.2 An encoder that no pad can disturb
#
# In stage 03, letters were one-hot vectors. Now each symbol has a row of D numbers, which are learned: its
# **embedding** $e$. (`nn.Embedding` is a table with one row per symbol. Looking up a row is the same as
# multiplying a one-hot vector with the table, and much faster.)
#
# The encoder is a GRU, as in stage 02. We want two things from it:
#
# - the **state** after the last real symbol, as in stage 03;
# - the **memory**: the states after *every* symbol. We use it in 4.3, and stage 05 is built on it.
#
# For a source with $N$ real symbols, at the positions $0, \dots, N-1$:
#
# $$h_s = \begin{cases} \text{GRU}(e_s,\ h_{s-1}) & \text{where } s < N \\ h_{s-1} & \text{at a pad} \end{cases} \qquad
# \text{memory}_s = \begin{cases} h_s & \text{where } s < N \\ 0 & \text{at a pad} \end{cases}$$
#
# with $h_{-1} = 0$. So at a pad the state *waits*. After the last column, each row still has the state after
# its own last symbol.
#
# ![Three symbols go through the GRU; at the two pads the state goes on unchanged and the memory is 0](drawings/encoder.svg)
#
# **By hand.** Two sources with `lengths = [3, 1]`, S = 3. Write $h$ for the states of the first and $g$ for
# those of the second source:
#
# | column | 0 | 1 | 2 | `state` |
# |---|---|---|---|---|
# | `memory[0]` | $h_0$ | $h_1$ | $h_2$ | $h_2$ |
# | `memory[1]` | $g_0$ | 0 | 0 | $g_0$ |
#
# The weights of the GRU come in as an argument: a list of four tensors, in torch's order. The provided function
# `gru_step(e, h, weights)` makes one step for the whole batch.
#
# **Careful:** the length S of this section is `emb.shape[1]`. In code, `S` is the id of the start symbol: `lengths > S`
# would run, and it would compare with 1.
#
# <details><summary>Hint 1</summary>
#
# Go through the columns. At each one, make the new state for *all* rows. Then decide row by row: take it, or keep
# the old one.
# </details>
# <details><summary>Hint 2</summary>
#
# Which rows are real at column s? `s < lengths` is a bool tensor `[B]`. `torch.where(condition, a, b)` takes
# from a where the condition is True and from b elsewhere. The condition must fit `[B, H]`: give it
# a second dimension of size 1.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise a `ValueError` if a length is below 1 or above the number of columns. Start with zeros `[B, H]`; H is
# the second size of `W_hh`. In each column: one step; append "new or zeros" to a list; set the state to "new or old".
# At the end `torch.stack` the list along dimension 1.
# </details>


# %% given="gru_step"
def gru_step(e, h, weights):
    """One step of a GRU for a whole batch, as in stage 02.

    Args:
        e: the inputs of this step, float [B, D].
        h: the old states, float [B, H].
        weights: [W_ih [3H, D], W_hh [3H, H], b_ih [3H], b_hh [3H]], as list(nn.GRU(D, H).parameters()) gives them.

    Returns:
        The new states, float [B, H].

    Raises:
        RuntimeError: if h is not H wide.
    """
    H = weights[1].shape[1]
    if h.shape[-1] != H:
        raise RuntimeError(f"h has states of {h.shape[-1]} numbers. The weights want H = {H}, the second size of W_hh")
    return torch.gru_cell(e, h, *weights)


# %% exercise="encode"
def encode(emb, lengths, weights):
    """Read a batch of embedded sources with a GRU that starts from zeros. Pads change nothing.

    Args:
        emb: float [B, S, D], the embedded symbols. What stands at the pads is arbitrary and may be NaN; then only the
            values are checked, not gradients. It is not changed.
        lengths: torch.long [B], how many symbols of each row are real, from 1 to emb.shape[1]. The real ones come first.
        weights: the four tensors of the GRU, as in gru_step.

    Returns:
        A tuple (memory, state):
        memory: float [B, S, H], the state after each real symbol, and zeros at the pads.
        state: float [B, H], the state after the last real symbol of each row.

    Raises:
        ValueError: with the word "lengths", if a length is below 1 or above emb.shape[1].
    """
    ### BEGIN SOLUTION
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}, not {lengths.tolist()}")
    h = torch.zeros(len(emb), weights[1].shape[1])  # [B, H]
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)  # [B, 1]
        new = gru_step(emb[:, s], h, weights)  # [B, H]
        memory.append(torch.where(real, new, 0.0))
        h = torch.where(real, new, h)  # at a pad the state waits
    return torch.stack(memory, dim=1), h  # [B, S, H], [B, H]
    ### END SOLUTION


# %% check="encode-values" points=2
torch.manual_seed(0)
gru = nn.GRU(3, 5, batch_first=True)
weights = [w.detach() for w in gru.parameters()]
emb, lengths = torch.randn(4, 6, 3), torch.tensor([6, 2, 1, 4])
alone = [gru(emb[b : b + 1, : lengths[b]])[0][0].detach() for b in range(4)]  # each row without its pads
memory, state = encode(emb, lengths, weights)
expect(memory).shape(4, 6, 5, hint="memory has one state for every column: [B, S, H].")
expect(state).shape(4, 5, hint="state is [B, H], one row per source.")
for b in range(4):
    expect(memory[b, : lengths[b]]).close(
        alone[b], tol=1e-4, hint="The states at the real symbols: a GRU from zeros, symbol after symbol."
    )
    expect(state[b]).close(
        alone[b][-1], tol=1e-4, hint="state must be the state after the row's own last real symbol, not after a pad."
    )
expect(memory[1, 2:]).equal(torch.zeros(4, 5), hint="memory holds zeros at the pads.")
### BEGIN HIDDEN TESTS
for seed, (B, n, D, H) in enumerate([(3, 7, 5, 2), (5, 2, 11, 7), (7, 13, 3, 5)]):
    torch.manual_seed(seed)
    gru = nn.GRU(D, H, batch_first=True)
    emb, lengths = torch.randn(B, n, D), torch.randint(1, n + 1, (B,))
    lengths[seed] = n
    packed = nn.utils.rnn.pack_padded_sequence(emb, lengths, batch_first=True, enforce_sorted=False)
    with torch.no_grad():
        packed_states, last = gru(packed)
        expected = nn.utils.rnn.pad_packed_sequence(packed_states, batch_first=True, total_length=n)[0]
    memory, state = encode(emb, lengths, [w.detach() for w in gru.parameters()])
    expect(memory).close(
        expected,
        tol=1e-4,
        hint="memory: the states of a GRU from zeros, in the order of the rows, and zeros at the pads.",
    )
    expect(state).close(
        last[0], tol=1e-4, hint="state must be the state after the row's own last real symbol, not after a pad."
    )
### END HIDDEN TESTS

# %% check="encode-padding" points=1
torch.manual_seed(1)
weights = [w.detach() for w in nn.GRU(2, 3).parameters()]
emb, lengths = torch.randn(3, 4, 2), torch.tensor([4, 1, 3])
memory, state = encode(emb, lengths, weights)
longer_memory, longer_state = encode(torch.cat([emb, torch.randn(3, 5, 2)], dim=1), lengths, weights)
expect(longer_memory).shape(3, 9, 3, hint="memory has S columns, also where no source is so long.")
expect(longer_memory[:, :4]).close(memory.detach(), hint="Five more columns of pads changed the memory.")
expect(longer_state).close(state.detach(), hint="Five more columns of pads changed the state.")
### BEGIN HIDDEN TESTS
torch.manual_seed(2)
gru = nn.GRU(5, 7, batch_first=True)
weights = [w.detach() for w in gru.parameters()]
emb, lengths = torch.randn(5, 11, 5), torch.tensor([3, 1, 2, 3, 1])
memory, state = encode(emb, lengths, weights)
expect(memory[:, 3:]).equal(torch.zeros(5, 8, 7), hint="Where only pads stand, memory holds zeros.")
for garbage in (float("nan"), float("inf")):
    spoiled = torch.where((torch.arange(11) < lengths.unsqueeze(1)).unsqueeze(2), emb, garbage)
    for got, right in zip(encode(spoiled, lengths, weights), (memory, state), strict=True):
        expect(got).close(
            right.detach(),
            hint="What stands at a pad must not matter, also where it is infinite or NaN. A product does not hide it: 0 · NaN is NaN.",
        )
for b in range(5):
    alone_memory, alone_state = encode(emb[b : b + 1, : lengths[b]], lengths[b : b + 1], weights)
    expect(alone_memory).shape(1, int(lengths[b]), 7, hint="A batch of one row is a batch.")
    expect(alone_state).shape(1, 7, hint="A batch of one row is a batch.").close(
        state[b : b + 1].detach(), tol=1e-4, hint="A row alone must get the state that it gets in a batch."
    )
    expect(alone_memory[0]).close(memory[b, : lengths[b]].detach(), tol=1e-4, hint="A row alone, the same memory.")
### END HIDDEN TESTS

# %% check="encode-gradient" points=1
torch.manual_seed(3)
weights = list(nn.GRU(3, 2).parameters())
emb, lengths = torch.randn(3, 5, 3, requires_grad=True), torch.tensor([5, 2, 3])
_, state = encode(emb, lengths, weights)
expect(state.requires_grad).equal(True, hint="The state has no history: no detach, no no_grad.")
state.square().sum().backward()
expect(weights).gradient(hint="The gradient must reach the weights: no detach, no no_grad.")
expect(emb.grad[1, 2:]).equal(torch.zeros(3, 3), hint="The gradient at a pad is 0: the state does not depend on it.")
### BEGIN HIDDEN TESTS
expect(emb.grad[1, :2].abs().sum(-1).min()).at_least(1e-9, hint="The gradient must reach every real symbol.")
expect(emb.grad[0].abs().sum(-1).min()).at_least(1e-9, hint="The gradient must reach every real symbol.")
torch.manual_seed(4)
weights = list(nn.GRU(5, 7).parameters())
emb, lengths = torch.randn(4, 3, 5), torch.tensor([1, 3, 2, 1])
kept = [emb.clone(), lengths.clone(), *(w.detach().clone() for w in weights)]
memory, _ = encode(emb, lengths, weights)
expect(memory.requires_grad).equal(True, hint="memory has no history: no detach, no no_grad.")
memory.square().sum().backward()
expect(weights).gradient(hint="The gradient must also flow back from memory.")
expect(emb).equal(kept[0], hint="emb was changed: work with new tensors.")
expect(lengths).equal(kept[1], hint="lengths was changed: work with new tensors.")
for i in range(4):
    expect(weights[i].detach()).equal(kept[2 + i], hint="The weights were changed: work with new tensors.")
### END HIDDEN TESTS

# %% check="encode-errors" points=1
emb = torch.zeros(3, 4, 2)
weights = [torch.zeros(9, 2), torch.zeros(9, 3), torch.zeros(9), torch.zeros(9)]
expect(lambda: encode(emb, torch.tensor([4, 0, 2]), weights)).raises(
    ValueError,
    mention="lengths",
    hint="A source of length 0 has no last symbol: raise a ValueError with the word lengths.",
)
expect(lambda: encode(emb, torch.tensor([5, 1, 2]), weights)).raises(
    ValueError,
    mention="lengths",
    hint="A length above emb.shape[1] cannot be right: raise a ValueError with the word lengths.",
)
expect(encode(emb, torch.tensor([2, 1, 3]), weights)[1]).shape(3, 3, hint="Lengths from 1 to emb.shape[1] are fine.")
expect(encode(emb, torch.tensor([4, 1, 2]), weights)[1]).shape(3, 3, hint="A row without pads is fine.")
### BEGIN HIDDEN TESTS
for wrong in ([1, 2, -1], [4, 4, 5], [0, 1, 1], [11, 4, 4]):
    expect(lambda wrong=wrong: encode(emb, torch.tensor(wrong), weights)).raises(
        ValueError, mention="lengths", hint="Every length of the batch must be from 1 to emb.shape[1]."
    )
### END HIDDEN TESTS

# %% [markdown]
# Suppose that we forget the mask and take the state after the last column. A GRU with random weights reads `apple` and
# then more and more pads. We look at how far its state moves, and how far it is from the state of another word, `robot`,
# with as many pads.

# %%
guess.ask(
    "pads",
    "After ten pads, how far apart are the wrong states of apple and robot?",
    A="about as far as without pads",
    B="farther",
    C="less than a fifth as far",
    mine="",
)

# %%
torch.manual_seed(3)
demo_table, demo_gru = nn.Embedding(V, 32), nn.GRU(32, 64)
demo_moved = {"last column: apple moves by": [], "last column: from apple to robot": [], "encode: apple moves by": []}
with torch.no_grad():
    for pads in range(11):
        ids = torch.tensor([to_ids("appleE" + pads * "P")])  # [1, 6 + pads]
        memory, state = encode(demo_table(ids), torch.tensor([6]), list(demo_gru.parameters()))
        other = torch.tensor([to_ids("robotE" + pads * "P")])
        # these two read the pads as well
        apple, robot = (demo_gru(demo_table(i).transpose(0, 1))[1][0] for i in (ids, other))
        if pads == 0:
            first = state
        for name, gap in zip(demo_moved, (apple - first, apple - robot, state - first), strict=True):
            demo_moved[name].append(gap.norm().item())
ax = plots.lines(
    demo_moved, title="What pads do to the state of a word", xlabel="pads after the word", ylabel="distance"
)
demo_apart = demo_moved["last column: from apple to robot"]
guess.compare("pads", "C" if demo_apart[10] < demo_apart[0] / 5 else "B" if demo_apart[10] > demo_apart[0] else "A")

# %% [markdown]
# *What to see:* each pad moves the wrong state (blue), until it comes to rest at a place that has to do with pads, and
# not with the word: without pads, `apple` and `robot` are 1.24 apart (orange), with five pads 0.12, and with ten 0.03.
# Your state (green) stays where it was.

# %% [markdown]
# ## 4.3 One vector out of many states
#
# The decoder of this stage gets **one** vector, the context $c$. The encoder has $N$ states. How do we make one
# out of many? Three ways are in use:
#
# | `how` | context | idea |
# |---|---|---|
# | `last` | $c = h_{N-1}$ | the last state has read everything |
# | `projected_last` | $c = \tanh(W\, h_{N-1})$ | let the network choose what the decoder gets |
# | `projected_all` | $c = \tanh\!\big(W\, \frac{1}{N} \sum_{s=0}^{N-1} h_s\big)$ | let every state have a say |
#
# $W$ has the shape `[K, H]`, so it takes a state of H numbers to a context of K numbers.
#
# Look at the mean in the last row. It divides by $N$, the number of *real* symbols. Some texts put all states side
# by side instead, one long vector. That needs sources of one fixed length; the mean does not.
#
# ![The last state as it is; the last state, W and tanh; the mean of the real states, W and tanh](drawings/contexts.svg)
#
# **By hand.** H = 1, K = 1, $W = 1$, states $0.6,\ 0.4,\ 0.2$ and then two pads. `last` gives $0.2$,
# `projected_last` gives $\tanh 0.2 \approx 0.197$, `projected_all` gives $\tanh 0.4 \approx 0.380$.
#
# *Predict first:* which one will be best for reversing words? (The measurement comes in 4.11.)
#
# <details><summary>Hint 1</summary>
#
# Two of the three start with the same thing: the state at position `lengths - 1` of each row. In stage 03 you
# picked such states with two index tensors.
# </details>
# <details><summary>Hint 2</summary>
#
# For the mean: `torch.arange(S) < lengths.unsqueeze(1)` is the mask `[B, S]`. Put zeros where nothing is
# real, with `torch.where` (a product will not do: 0 · NaN is NaN), sum over the positions, divide by the lengths. Do not
# trust that the pads are zeros already.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: raise for an unknown `how`. Make `[B, H]`: the mean for projected_all, else the last state. For `last`
# return it as it is. Otherwise multiply with the transposed W and take the tanh.
# </details>


# %% exercise="context"
def context(memory, lengths, how, W=None):
    """One vector per source, made of the encoder's states.

    Args:
        memory: float [B, S, H], the states. What stands at the pads is arbitrary, NaN as well. It is not changed.
        lengths: torch.long [B], the number of real symbols of each row, from 1 to S.
        how: "last", "projected_last" or "projected_all", as in the table above.
        W: float [K, H]. Not used for "last".

    Returns:
        float [B, H] for "last", and [B, K] for the other two.

    Raises:
        ValueError: if `how` is none of the three. The message contains it.
    """
    ### BEGIN SOLUTION
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"how must be last, projected_last or projected_all, not {how!r}")
    if how == "projected_all":
        real = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)  # [B, S]
        c = torch.where(real.unsqueeze(2), memory, 0.0).sum(dim=1) / lengths.unsqueeze(1)  # [B, H]
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]  # [B, H]
    return c if how == "last" else torch.tanh(c @ W.T)  # [B, H] or [B, K]
    ### END SOLUTION


# %% check="context-last" points=1
torch.manual_seed(0)
memory, lengths = torch.randn(3, 5, 2), torch.tensor([2, 5, 1])
c = context(memory, lengths, "last")
expect(c).shape(3, 2, hint="One vector of H numbers per source: [B, H].")
expect(c).equal(
    torch.stack([memory[0, 1], memory[1, 4], memory[2, 0]]),
    hint="The state at position lengths - 1 of each row, unchanged.",
)
### BEGIN HIDDEN TESTS
for seed, (B, n, H) in enumerate([(3, 7, 5), (5, 2, 11), (7, 3, 2)]):
    torch.manual_seed(seed)
    memory, lengths = torch.randn(B, n, H), torch.randint(1, n + 1, (B,))
    memory[torch.arange(n) >= lengths.unsqueeze(1)] = (1.0, float("nan"), float("inf"))[seed]
    expected = torch.stack([memory[b, int(lengths[b]) - 1] for b in range(B)])
    expect(context(memory, lengths, "last")).equal(
        expected,
        hint="The state at position lengths - 1 of each row, unchanged. Pick it: a product with 0 does not hide NaN.",
    )
    expect(context(memory, lengths, "last", torch.randn(3, H))).equal(
        expected, hint="For last, W is not used, also where there is one: `how` says what to do."
    )
expect(context(torch.ones(1, 1, 3), torch.tensor([1]), "".join(("la", "st")))).equal(
    torch.ones(1, 3), hint="One source with one symbol is a batch as well."
)
### END HIDDEN TESTS

# %% check="context-projected" points=2
memory = torch.tensor([[[0.6], [0.4], [0.2], [5.0], [7.0]]])  # two pads at the end
lengths, W = torch.tensor([3]), torch.tensor([[1.0]])
expect(context(memory, lengths, "projected_last", W)).close(
    torch.tensor([[0.197375]]), tol=1e-4, hint="The worked example: tanh(0.2)."
)
expect(context(memory, lengths, "projected_all", W)).close(
    torch.tensor([[0.379949]]),
    tol=1e-4,
    hint="The worked example: tanh(0.4), the tanh of the projected mean over the three real states.",
)
### BEGIN HIDDEN TESTS
for seed, (B, n, H, K) in enumerate([(3, 7, 5, 2), (5, 2, 3, 7), (7, 5, 11, 11)]):
    torch.manual_seed(seed)
    memory, lengths, W = torch.randn(B, n, H), torch.randint(1, n + 1, (B,)), torch.randn(K, H)
    memory[torch.arange(n) >= lengths.unsqueeze(1)] = (1.0, float("nan"), float("inf"))[seed]
    last, mean = [], []
    for b in range(B):
        states = memory[b, : int(lengths[b])].double()
        last.append((W.double() @ states[-1]).tanh())
        mean.append((W.double() @ states.mean(dim=0)).tanh())
    expect(context(memory, lengths, "projected_last", W)).close(
        torch.stack(last).float(), tol=1e-4, hint="tanh(W h) of the last real state, for each row."
    )
    expect(context(memory, lengths, "projected_all", W)).close(
        torch.stack(mean).float(),
        tol=1e-4,
        hint="The mean over the real states of each row, then W, then tanh. Pads do not count, also where they are NaN: 0 · NaN is NaN.",
    )
long = torch.full((1, 300, 1), 0.3)
long[0, 260:] = 5.0
expect(context(long, torch.tensor([260]), "projected_all", torch.ones(1, 1))).close(
    torch.tensor([[0.291313]]),
    tol=1e-4,
    hint="A source may have 300 positions. uint8 counts to 255 only: leave torch.arange its own type.",
)
for part, expected in (("last", last), ("all", mean)):
    expect(context(memory, lengths, f"projected_{part}", W)).close(
        torch.stack(expected).float(), tol=1e-4, hint="Compare texts with ==. `is` asks for the same object."
    )
### END HIDDEN TESTS

# %% check="context-gradient" points=1
torch.manual_seed(1)
lengths = torch.tensor([3, 1, 2])
memory, W = torch.randn(3, 4, 2, requires_grad=True), torch.randn(5, 2, requires_grad=True)
context(memory, lengths, "projected_all", W).sum().backward()
expect([memory, W]).gradient(hint="The gradient must reach memory and W.")
expect(memory.grad[1, 1:]).equal(torch.zeros(3, 2), hint="Nothing may depend on a pad.")
### BEGIN HIDDEN TESTS
expect(memory.grad[0, :3].abs().sum(-1).min()).at_least(1e-9, hint="In projected_all, every real state has a say.")
for how in ("last", "projected_last"):
    memory, W = torch.randn(3, 4, 2, requires_grad=True), torch.randn(5, 2, requires_grad=True)
    context(memory, lengths, how, W).sum().backward()
    expect(memory).gradient(hint="The gradient must reach memory.")
    expect(memory.grad[0, :2]).equal(torch.zeros(2, 2), hint="Only the last real state counts here.")
memory, W = torch.randn(3, 4, 2), torch.randn(5, 2)
kept = memory.clone(), lengths.clone(), W.clone()
for how in ("last", "projected_last", "projected_all"):
    context(memory, lengths, how, W)
expect(memory).equal(kept[0], hint="memory was changed: work with new tensors.")
expect(lengths).equal(kept[1], hint="lengths was changed: work with new tensors.")
expect(W).equal(kept[2], hint="W was changed: work with new tensors.")
### END HIDDEN TESTS

# %% check="context-errors" points=1
expect(lambda: context(torch.zeros(3, 2, 2), torch.tensor([1, 2, 2]), "mean", torch.zeros(2, 2))).raises(
    ValueError, mention="mean", hint="An unknown `how` gets a ValueError that contains it."
)
### BEGIN HIDDEN TESTS
for how in ("first", "projected", "Last", "last ", "all", "last projected_last"):
    expect(lambda how=how: context(torch.zeros(3, 2, 2), torch.tensor([1, 2, 2]), how, torch.zeros(2, 2))).raises(
        ValueError,
        mention=how,
        hint="Only the three names of the table are allowed; the message contains the wrong one.",
    )
### END HIDDEN TESTS

# %% [markdown]
# What the first and the last letter leave behind in the three contexts. We change one letter of `appletree` and look
# at how far the context moves. *Predict first:* which context moves least when the *first* letter changes?

# %%
torch.manual_seed(0)
demo_W = nn.Linear(64, 64, bias=False).weight
demo_moves = {}
with torch.no_grad():

    def demo_contexts(word):
        """The three contexts of a word, from a GRU with random weights."""
        ids = torch.tensor([to_ids(word + "E")])
        lengths = torch.tensor([len(word) + 1])
        memory, _ = encode(demo_table(ids), lengths, list(demo_gru.parameters()))
        return {how: context(memory, lengths, how, demo_W) for how in ("last", "projected_last", "projected_all")}

    demo_word = "appletree"
    demo_clean = demo_contexts(demo_word)
    for how, clean in demo_clean.items():
        demo_moves[how] = []
        for s in range(len(demo_word)):
            moved = demo_contexts(demo_word[:s] + "z" + demo_word[s + 1 :])[how]
            demo_moves[how].append(((moved - clean).norm() / clean.norm()).item())
ax = plots.lines(
    demo_moves,
    title="An untrained encoder: one letter of appletree becomes z",
    xlabel="the letter that is changed",
    ylabel="the context moves by (relative)",
)
_ = ax.set_xticks(range(len(demo_word)), list(demo_word))

# %% [markdown]
# *What to see:* before any training, an early letter hardly moves the last state and its projection. The mean over all
# states is fairer. But it does not say which state came first. Training must find a way out in both cases; 4.11 measures
# how well it does.

# %% [markdown]
# ## 4.4 Two ways to hand it over
#
# We have the context $c$. How does the decoder get it?
#
# **Once** (Sutskever et al. 2014). The context is the decoder's first state. With $y_t$ for the embedding of
# its input at step $t$:
#
# $$d_{-1} = c \qquad d_t = \text{GRU}(y_t,\ d_{t-1}) \qquad \text{logits}_t = W_{out}\, d_t + b_{out}$$
#
# ![The context c is the first state of the GRU; it enters nowhere else](drawings/decoder_init.svg)
#
# From then on, the decoder must keep in its own state what it still needs. A first state has H numbers, so here $c$
# must have H numbers as well. (`last` always does; the projected contexts do where K = H.)
#
# **At every step** (Cho et al. 2014). The decoder itself projects the last state $h_{N-1}$ of the encoder,
# $C = \tanh(W_c h_{N-1})$, and $C$ is put next to the input at every single step. (`h_N` in the code: the paper's name;
# it counts from 1.) So this decoder belongs with `how="last"`: the projection is its own.
#
# $$d_{-1} = 0 \qquad d_t = \text{GRU}([y_t;\ C],\ d_{t-1}) \qquad \text{logits}_t = W_{out}\, d_t + b_{out}$$
#
# ![The first state is 0; C = tanh of W_c times h_{N-1} is put next to the input of every step](drawings/decoder_every.svg)
#
# $[a;\ b]$ means: the numbers of $a$ and then the numbers of $b$. Now the decoder can look at $C$ again at each
# step and need not remember it. (Cho's paper *also* starts the state from $C$, and it gives $C$ to the output
# layer as well. We leave both out, so that the two ways stay apart. The matrix that we write $W_c$ is called V in the
# paper; here V is the number of symbols. In code, $W_c$ is the weight of `project`, with the shape `[H, H]`.)
#
# **By hand.** D = 2, H = 3. The GRU of `DecoderInit` has 2 inputs. That of `DecoderEvery` has 2 + 3 = 5.
#
# Both will be trained for 800 steps, with H = 64. (Section 4.11 has the result.)

# %%
guess.ask(
    "handover",
    "Which decoder will have more reversed words of 6 letters right?",
    A="the one that gets the context once",
    B="the one that gets the context at every step",
    C="no difference: less than 0.05",
    mine="",
)

# %% [markdown]
# ### First: once
#
# <details><summary>Hint 1</summary>
#
# This is the decoder half of stage 03, with an embedding instead of the one-hot vectors, and a GRU.
# </details>
# <details><summary>Hint 2</summary>
#
# `nn.GRU(…, batch_first=True)` returns two things: all states `[B, T, H]`, and the last one. As a second argument it
# takes a first state of shape `[1, B, H]`.
# </details>


# %% exercise="DecoderInit"
class DecoderInit(nn.Module):
    """A decoder that gets the context once, as its first state.

    Attributes:
        embed: nn.Embedding, V symbols, D numbers each.
        rnn: nn.GRU from D inputs to H states, batch_first=True.
        out: nn.Linear from H to V.

    Source: Sutskever et al. 2014, section 2, with a GRU where they use a deep LSTM.
    """

    def __init__(self, V, D, H):
        """V: the number of symbols, D: the width of an embedding, H: the number of hidden units."""
        ### BEGIN SOLUTION
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)
        ### END SOLUTION

    def forward(self, y_in, c):
        """Logits for every step.

        Args:
            y_in: torch.long [B, T], what the decoder reads.
            c: float [B, H], the context, as wide as a state. It is not changed.

        Returns:
            logits, float [B, T, V].
        """
        ### BEGIN SOLUTION
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))  # [B, T, H]
        return self.out(states)  # [B, T, V]
        ### END SOLUTION


# %% check="DecoderInit-formula" points=2
torch.manual_seed(0)
decoder = DecoderInit(13, 3, 5)
y_in, c = torch.randint(0, 13, (4, 6)), torch.randn(4, 5)
logits = decoder(y_in, c)
expect(logits).shape(4, 6, 13, hint="One row of V logits for every source and every step: [B, T, V].").finite()
expect(decoder(y_in, c + 1)).differs_from(
    logits.detach(), hint="Another context gives the same logits: start the GRU from it."
)
future = y_in.clone()
future[:, -1] = (future[:, -1] + 1) % 13
expect(decoder(future, c)[:, :-1]).close(
    logits[:, :-1].detach(), hint="A later input changed an earlier output: the decoder reads forward only."
)
other = c.clone()
other[0] += 1
expect(decoder(y_in, other)[1:]).close(
    logits[1:].detach(), hint="Another context for the first source changed the others. Is batch_first=True set?"
)
expect(logits.detach().sum(dim=-1)).differs_from(
    torch.ones(4, 6),
    tol=1e-3,
    hint="The V numbers sum to 1: these are probabilities. Return logits, without a softmax.",
)
expect(logits.detach().logsumexp(dim=-1)).differs_from(
    torch.zeros(4, 6),
    tol=1e-3,
    hint="The V numbers are logarithms of probabilities. Return logits, without a log_softmax.",
)
decoder = DecoderInit(2, 1, 2)
y_in = torch.tensor([[0, 1, 1], [1, 0, 1]])
with torch.no_grad():  # the same numbers for everybody: each weight goes evenly from -1 to 1
    for weight in decoder.parameters():
        weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
expect(decoder(y_in, torch.tensor([[2.0, -1.0], [0.0, 1.0]]))).close(
    torch.tensor(
        [
            [[-1.6149, 0.8660], [-1.8456, 1.3794], [-1.9624, 1.6724]],
            [[-1.8915, 2.1796], [-1.5592, 1.8884], [-1.9480, 2.0675]],
        ]
    ),
    tol=1e-3,
    hint="The shapes are right, the numbers are not: the first state is c as it is, the GRU reads the embeddings and nothing else, and `out` reads every state.",
)
### BEGIN HIDDEN TESTS
for seed, (B, T, size, D, H) in enumerate([(3, 5, 11, 2, 7), (5, 7, 29, 7, 3), (7, 2, 13, 5, 5)]):
    torch.manual_seed(seed)
    decoder = DecoderInit(size, D, H)
    y_in, c = torch.randint(0, size, (B, T)), torch.randn(B, H)
    W_ih, W_hh = decoder.rnn.weight_ih_l0.detach(), decoder.rnn.weight_hh_l0.detach()
    b_ih, b_hh = decoder.rnn.bias_ih_l0.detach(), decoder.rnn.bias_hh_l0.detach()
    table, W_out, b_out = decoder.embed.weight.detach(), decoder.out.weight.detach(), decoder.out.bias.detach()
    expect(decoder.rnn.batch_first).equal(True, hint="The docstring promises a GRU with batch_first=True.")
    expect(W_ih).shape(3 * H, D, hint="The GRU reads embeddings of D numbers and has H states.")
    expect(table).shape(size, D, hint="embed has V rows of D numbers.")
    h, expected = c, []
    for t in range(T):
        ri, zi, ni = (table[y_in[:, t]] @ W_ih.T + b_ih).chunk(3, dim=1)
        rh, zh, nh = (h @ W_hh.T + b_hh).chunk(3, dim=1)
        z, n = (zi + zh).sigmoid(), (ni + (ri + rh).sigmoid() * nh).tanh()
        h = (1 - z) * n + z * h
        expected.append(h @ W_out.T + b_out)
    expect(decoder(y_in, c)).close(
        torch.stack(expected, dim=1),
        tol=1e-4,
        hint="The numbers differ from the formula: embed, GRU from c, `out` of every state, and no softmax.",
    )
### END HIDDEN TESTS

# %% check="DecoderInit-gradient" points=1
torch.manual_seed(1)
decoder = DecoderInit(7, 3, 5)
y_in, c = torch.randint(0, 7, (3, 4)), torch.randn(3, 5, requires_grad=True)
decoder(y_in, c)[:, -1].square().sum().backward()  # only the last step asks
expect(c).gradient(hint="No gradient reaches the context: use it as it is, without detach.")
expect([decoder.embed.weight, decoder.rnn.weight_ih_l0, decoder.rnn.weight_hh_l0, decoder.out.weight]).gradient(
    hint="The gradient must reach all weights."
)
### BEGIN HIDDEN TESTS
expect(c.grad.abs().sum(-1).min()).at_least(1e-9, hint="The gradient must reach the context of every source.")
expect([decoder.rnn.bias_ih_l0, decoder.rnn.bias_hh_l0, decoder.out.bias]).gradient(
    hint="The gradient must reach the biases."
)
expect(decoder.embed.weight.grad[y_in.flatten()].abs().sum(-1).min()).at_least(
    1e-9, hint="The gradient must reach the embedding of every input."
)
### END HIDDEN TESTS

# %% check="DecoderInit-batch" points=1
torch.manual_seed(2)
decoder = DecoderInit(11, 2, 3)
y_in, c = torch.randint(0, 11, (5, 4)), torch.randn(5, 3)
logits = decoder(y_in, c).detach()
expect(decoder(y_in[:1], c[:1])).shape(1, 4, 11, hint="A batch of one source is a batch: [1, T, V].")
expect(decoder(y_in[:, :1], c)).shape(5, 1, 11, hint="One step is enough: [B, 1, V].")
### BEGIN HIDDEN TESTS
kept_ids, kept = y_in.clone(), c.clone()
for b in range(5):
    expect(decoder(y_in[b : b + 1], c[b : b + 1])[0]).close(
        logits[b], tol=1e-4, hint="A source alone must get the logits that it gets in a batch."
    )
expect(decoder(y_in, c)).close(logits, hint="The same call must give the same logits the second time.")
expect(c).equal(kept, hint="The context of the caller was changed.")
expect(y_in).equal(kept_ids, hint="The ids of the caller were changed.")
### END HIDDEN TESTS

# %% [markdown]
# ### Then: at every step
#
# <details><summary>Hint 1</summary>
#
# `[y; C]` at every step means: the embeddings are `[B, T, D]`, so C `[B, H]` must become `[B, T, H]`, T times
# the same.
# </details>
# <details><summary>Hint 2</summary>
#
# `C.unsqueeze(1).expand(-1, T, -1)` repeats without copying. `torch.cat([…], dim=-1)` puts side by side;
# the embedding comes first.
# </details>
# <details><summary>Hint 3</summary>
#
# A GRU that gets no first state starts from zeros. `project` is an `nn.Linear` without bias.
# </details>


# %% exercise="DecoderEvery"
class DecoderEvery(nn.Module):
    """A decoder that gets C = tanh(W_c h_N) as an input at every step.

    Attributes:
        embed: nn.Embedding, V symbols, D numbers each.
        project: nn.Linear from H to H without bias; its weight is the matrix W_c.
        rnn: nn.GRU from D + H inputs to H states, batch_first=True. Each input is the embedding, then C.
        out: nn.Linear from H to V.

    Source: Cho et al. 2014, section 2.2 and appendix A.1; here C is not used for the first state and the output.
    """

    def __init__(self, V, D, H):
        """V: the number of symbols, D: the width of an embedding, H: the number of hidden units."""
        ### BEGIN SOLUTION
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)
        ### END SOLUTION

    def forward(self, y_in, h_N):
        """Logits for every step.

        Args:
            y_in: torch.long [B, T], what the decoder reads.
            h_N: float [B, H], the encoder's last state: the context "last". It is not changed.

        Returns:
            logits, float [B, T, V]. The GRU starts from zeros.
        """
        ### BEGIN SOLUTION
        C = torch.tanh(self.project(h_N))  # [B, H]
        C = C.unsqueeze(1).expand(-1, y_in.shape[1], -1)  # [B, T, H], the same at every step
        states, _ = self.rnn(torch.cat([self.embed(y_in), C], dim=-1))  # [B, T, H]
        return self.out(states)  # [B, T, V]
        ### END SOLUTION


# %% check="DecoderEvery-every-step" points=1
torch.manual_seed(0)
decoder = DecoderEvery(11, 3, 7)
y_in, h_N = torch.randint(0, 11, (4, 5)), torch.randn(4, 7)
with torch.no_grad():  # cut the memory of the GRU: each state is new, and nothing of the old one enters it
    decoder.rnn.weight_hh_l0.zero_()
    decoder.rnn.bias_ih_l0[7:14] = -30.0
logits = decoder(y_in, h_N).detach()
expect(logits).shape(4, 5, 11, hint="One row of V logits for every source and every step: [B, T, V].")
for t in range(5):
    expect(decoder(y_in, h_N + 1)[:, t]).differs_from(
        logits[:, t],
        tol=1e-5,
        hint="This GRU has no memory, and yet every step must know the source: C is an input at each of them.",
    )
### BEGIN HIDDEN TESTS
for t in range(5):
    state = h_N.clone().requires_grad_()
    decoder(y_in, state)[:, t].square().sum().backward()
    expect(state).gradient(hint="No gradient comes back to h_N: use it as it is, without detach.")
    expect(state.grad.abs().sum(-1).min()).at_least(
        1e-6, hint="The gradient must come back from every single step to h_N."
    )
### END HIDDEN TESTS

# %% check="DecoderEvery-formula" points=2
torch.manual_seed(1)
decoder = DecoderEvery(11, 2, 3)
expect(decoder.rnn.weight_ih_l0).shape(9, 5, hint="The GRU reads D + H numbers: the embedding and C.")
expect(decoder.rnn.batch_first).equal(True, hint="The docstring promises a GRU with batch_first=True.")
expect(decoder.project.weight).shape(3, 3, hint="project goes from H to H.")
expect(decoder.project.bias).equal(None, hint="project has no bias.")
logits = decoder(torch.randint(0, 11, (4, 5)), torch.randn(4, 3))
expect(logits).shape(4, 5, 11, hint="Logits are [B, T, V].").finite()
expect(logits.detach().sum(dim=-1)).differs_from(
    torch.ones(4, 5),
    tol=1e-3,
    hint="The V numbers sum to 1: these are probabilities. Return logits, without a softmax.",
)
expect(logits.detach().logsumexp(dim=-1)).differs_from(
    torch.zeros(4, 5),
    tol=1e-3,
    hint="The V numbers are logarithms of probabilities. Return logits, without a log_softmax.",
)
decoder = DecoderEvery(2, 1, 2)
y_in = torch.tensor([[0, 1, 1], [1, 0, 1]])
with torch.no_grad():  # the same numbers for everybody: each weight goes evenly from -1 to 1
    for weight in decoder.parameters():
        weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
expect(decoder(y_in, torch.tensor([[2.0, -1.0], [0.0, 1.0]]))).close(
    torch.tensor(
        [
            [[-0.8446, 0.7901], [-1.2579, 1.2777], [-1.4454, 1.5292]],
            [[-1.6956, 1.5361], [-1.7326, 1.6906], [-2.0003, 1.9110]],
        ]
    ),
    tol=1e-3,
    hint="The shapes are right, the numbers are not: C = tanh(project(h_N)); each input is first the embedding and then C; the GRU starts from zeros, not from C.",
)
### BEGIN HIDDEN TESTS
for seed, (B, T, size, D, H) in enumerate([(3, 5, 11, 2, 7), (5, 7, 29, 7, 3), (7, 2, 13, 5, 5)]):
    torch.manual_seed(seed)
    decoder = DecoderEvery(size, D, H)
    y_in, h_N = torch.randint(0, size, (B, T)), torch.randn(B, H)
    W_ih, W_hh = decoder.rnn.weight_ih_l0.detach(), decoder.rnn.weight_hh_l0.detach()
    b_ih, b_hh = decoder.rnn.bias_ih_l0.detach(), decoder.rnn.bias_hh_l0.detach()
    table, W_out, b_out = decoder.embed.weight.detach(), decoder.out.weight.detach(), decoder.out.bias.detach()
    C = (h_N @ decoder.project.weight.detach().T).tanh()
    h, expected = torch.zeros(B, H), []
    for t in range(T):
        ri, zi, ni = (table[y_in[:, t]] @ W_ih[:, :D].T + C @ W_ih[:, D:].T + b_ih).chunk(3, dim=1)
        rh, zh, nh = (h @ W_hh.T + b_hh).chunk(3, dim=1)
        z, n = (zi + zh).sigmoid(), (ni + (ri + rh).sigmoid() * nh).tanh()
        h = (1 - z) * n + z * h
        expected.append(h @ W_out.T + b_out)
    expect(decoder(y_in, h_N)).close(
        torch.stack(expected, dim=1),
        tol=1e-4,
        hint="The numbers differ from the formula: C = tanh(project(h_N)); each input is the embedding, then C; the GRU starts from zeros; `out` of every state; no softmax.",
    )
### END HIDDEN TESTS

# %% check="DecoderEvery-batch" points=1
torch.manual_seed(2)
decoder = DecoderEvery(13, 5, 3)
y_in, h_N = torch.randint(0, 13, (5, 4)), torch.randn(5, 3)
logits = decoder(y_in, h_N)
expect(decoder(y_in[:1], h_N[:1])).shape(1, 4, 13, hint="A batch of one source is a batch: [1, T, V].")
expect(decoder(y_in[:, :1], h_N)).shape(5, 1, 13, hint="One step is enough: [B, 1, V].")
logits.square().sum().backward()
expect([decoder.embed.weight, decoder.project.weight, decoder.rnn.weight_ih_l0, decoder.out.weight]).gradient(
    hint="The gradient must reach all weights."
)
### BEGIN HIDDEN TESTS
kept_ids, kept = y_in.clone(), h_N.clone()
for b in range(5):
    expect(decoder(y_in[b : b + 1], h_N[b : b + 1])[0]).close(
        logits[b].detach(), tol=1e-4, hint="A source alone must get the logits that it gets in a batch."
    )
expect(decoder(y_in, h_N)).close(logits.detach(), hint="The same call must give the same logits the second time.")
expect(decoder(y_in, 1000 * h_N)).finite(hint="Large states: torch.tanh gives 1 or -1 there, not NaN.")
expect(h_N).equal(kept, hint="The state of the caller was changed.")
expect(y_in).equal(kept_ids, hint="The ids of the caller were changed.")
### END HIDDEN TESTS

# %% [markdown]
# Both decoders have the same embedding and output sizes. How much does "at every step" cost in weights?

# %%
for name, decoder in (("DecoderInit", DecoderInit(V, 32, 128)), ("DecoderEvery", DecoderEvery(V, 32, 128))):
    print(f"{name:>12}: {sum(p.numel() for p in decoder.parameters()):,} parameters")

# %% [markdown]
# *What to see:* reading H more numbers at each step costs $3 H^2$ weights in the GRU, and `project` costs $H^2$:
# with H = 128, the second decoder has about twice as many as the first. Remember this when we compare them in 4.11.
#
# ### Deeper, and mixed
#
# **Several layers.** On this page each half has one layer; Sutskever's model has four. As in 3.8, each layer of the
# decoder starts from the last state of *its* layer in the encoder.
#
# **Two kinds.** The encoder may be an LSTM, or a network that reads a picture; the decoder may still be a GRU. If the
# widths differ, a matrix $W$ makes $c$ as wide as the decoder's state.

# %%
demo_emb, demo_read = torch.randn(5, 7, 32), torch.randn(5, 4, 32)  # 5 sources of 7 symbols, 4 steps of writing
demo_states, demo_last = nn.GRU(32, 64, num_layers=2, batch_first=True)(demo_emb)
print("two layers: memory", list(demo_states.shape), "(the top layer), last states", list(demo_last.shape))
demo_deep, _ = nn.GRU(32, 64, num_layers=2, batch_first=True)(demo_read, demo_last)
print("a decoder of two layers starts from both of them:", list(demo_deep.shape))
_, (demo_h, _) = nn.LSTM(32, 100, batch_first=True)(demo_emb)
demo_mixed, _ = nn.GRU(32, 64, batch_first=True)(demo_read, nn.Linear(100, 64)(demo_h))
print("an LSTM of 100 units, W [64, 100], a GRU of 64 units:", list(demo_mixed.shape))

# %% [markdown]
# ## 4.5 The machine
#
# The next cell is provided. It puts your pieces together; there is nothing new in it:
#
# - `Machine` holds an embedding for the source, the weights of the encoder's GRU and W. It calls your `encode`,
#   your `context` and your decoder.
# - `fit` trains it: Adam, 64 pairs a step, the masked loss of stage 03. The learning rate first rises to
#   0.004 and then falls to 0 (*one cycle*). The gradient is clipped to the norm 1 (stage 01).
# - `answer` is greedy decoding (stage 03) for a list of words.


# %% given="machine"
class Machine(nn.Module):
    """Letters → embeddings → encode → context → decoder → logits."""

    def __init__(self, encode, context, decoder, how="last"):
        """encode, context: your functions. decoder: one of your decoders. how: which context."""
        super().__init__()
        D, H = decoder.embed.embedding_dim, decoder.rnn.hidden_size
        self.encode, self.context, self.how = encode, context, how
        self.embed = nn.Embedding(V, D)
        self.gru = nn.GRU(D, H)  # only its four weights are used
        self.W = nn.Linear(H, H, bias=False).weight  # [H, H], for the projected contexts
        self.decoder = decoder

    def summarise(self, emb, lengths):
        """The context of embedded sources: emb [B, S, D], lengths [B] → [B, H]."""
        memory, _ = self.encode(emb, lengths, list(self.gru.parameters()))
        return self.context(memory, lengths, self.how, self.W)

    def read(self, x):
        """The context of sources: x torch.long [B, S] → [B, H]."""
        return self.summarise(self.embed(x), (x != P).sum(dim=1))

    def forward(self, x, y_in):
        """x: torch.long [B, S], y_in: torch.long [B, T]. Returns logits [B, T, V]."""
        return self.decoder(y_in, self.read(x))


def fit(machine, pairs, steps, seed, inputs=None):
    """Train the machine and return it.

    inputs: None (the decoder reads what is right), or a function that makes the decoder's inputs:
        inputs(gold [B, T], predicted [B, T], done) -> [B, T], where done goes from 0 to 1 during the training.
        Scheduled sampling trains in this way; 4.9 shows how.
    """
    rng = random.Random(seed)
    optimizer = torch.optim.Adam(machine.parameters(), lr=0.004)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, total_steps=steps)
    for step in range(steps):
        x, y_in, y_out = make_batch(rng.sample(pairs, 64))
        if inputs is not None:
            with torch.no_grad():
                predicted = machine(x, y_in).argmax(dim=-1)  # [B, T]
            y_in = inputs(y_in, predicted, step / steps)
        logits = machine(x, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(machine.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return machine


def answer(machine, words):
    """Greedy answers, one string per word; an answer may be two letters longer than the longest word."""
    x, _, _ = make_batch([(word, "") for word in words])
    y_in = torch.full((len(words), 1), S)
    with torch.no_grad():
        c = machine.read(x)  # [B, H], once for the whole answer
        for _ in range(x.shape[1] + 1):
            said = machine.decoder(y_in, c)[:, -1].argmax(dim=-1)
            y_in = torch.cat([y_in, said.unsqueeze(1)], dim=1)
    return [to_text(ids).split("E")[0] for ids in y_in[:, 1:].tolist()]


# %% [markdown]
# Two trainings, one for each task, with H = 128. **This cell takes half a minute to a minute and a
# half.** *Predict first:* both machines see words of 1 to 12 letters, equally many of each length. On which of the two
# tasks will `understanding` fail?

# %%
demo_machines = {}
for task in ("reverse", "sort"):
    demo_start = time.process_time()
    torch.manual_seed(0)
    demo_machines[task] = fit(
        Machine(encode, context, DecoderInit(V, 32, 128)), make_pairs(task, 10_000, 1, 12, seed=1), steps=800, seed=0
    )
    print(f"{task}: trained in {time.process_time() - demo_start:.0f} CPU seconds")
demo_words = ["an", "tea", "apple", "letter", "sentence", "translate", "understanding"]
print("in the training:", [word for word in demo_words if word in demo_known])
for task, machine in demo_machines.items():
    print()
    for word, said in zip(demo_words, answer(machine, demo_words), strict=True):
        target = word[::-1] if task == "reverse" else "".join(sorted(word))
        print(f"{task:>8}  {word:>13} → {said:<14}", "" if said == target else f"   (right: {target})")

# %% [markdown]
# *What to see:* short words are right in both tasks. `apple` becomes `aelpp`, though the machine has never seen
# `apple`: of these seven words, only `an` is in the training. In our run, reversing goes wrong from `sentence` on, and
# sorting only at `understanding`. (That word has 13 letters, one more than any word in training.) But even in wrong
# answers many letters are right. We need a better ruler.

# %% [markdown]
# ## 4.6 How wrong is a wrong answer?
#
# The **edit distance** between two sequences is the smallest number of edits that make one out of the other. One
# edit inserts one symbol, deletes one, or replaces one by another.
#
# For example, `elppa` and `elpa` have the distance 1: insert a `p`. Counting the positions that differ would be too
# strict: when one letter is missing, all later letters stand at another position.
#
# The method fills a table. $d_{i,j}$ is the distance between the first $i$ symbols of $a$ and the first $j$
# symbols of $b$:
#
# $$d_{i,0} = i \qquad d_{0,j} = j \qquad d_{i,j} = \min \begin{cases} d_{i-1,j} + 1 & \text{delete } a_i \\
# d_{i,j-1} + 1 & \text{insert } b_j \\ d_{i-1,j-1} + [a_i \ne b_j] & \text{keep or replace} \end{cases}$$
#
# $[a_i \ne b_j]$ is 1 where the two symbols differ and 0 where they are the same.
#
# **By hand.** From `cab` to `ab`; the rows are what was read of `cab`, the columns what was read of `ab`:
#
# | | (nothing) | `a` | `ab` |
# |---|---|---|---|
# | (nothing) | 0 | 1 | 2 |
# | `c` | 1 | 1 | 2 |
# | `ca` | 2 | 1 | 2 |
# | `cab` | 3 | 2 | **1** |
#
# The answer stands at the bottom right: 1, delete the `c`.
#
# *Predict first:* what is the distance between `ab` and `ba`?
#
# <details><summary>Answer</summary>
#
# 2: no edit swaps, so two replacements, or one deletion and one insertion.
# </details>
#
# <details><summary>Hint 1</summary>
#
# Make the table with one row more than a has symbols, and one column more than b has. Fill the first row and the
# first column, then the rest from the top left to the bottom right.
# </details>
# <details><summary>Hint 2</summary>
#
# Each row needs only the row above it. So two lists are enough: the old row, and the new one that begins with i.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: the old row is 0, 1, …, len(b). For each i from 1 and its symbol of a: the new row starts as `[i]`; for
# each j and its symbol of b, append the smallest of "above + 1", "left + 1" and "diagonal + (1 if the symbols
# differ)". Then the new row becomes the old one. At the end, return its last number.
# </details>


# %% exercise="edit_distance"
def edit_distance(a, b):
    """The smallest number of insertions, deletions and replacements that make b out of a.

    Args:
        a, b: two strings, or two lists of ids. They may be empty. They are not changed.

    Returns:
        An int, from 0 (equal) to the length of the longer one.

    Source: Levenshtein 1966; the table: Wagner and Fischer 1974.
    """
    ### BEGIN SOLUTION
    above = list(range(len(b) + 1))
    for i, left_symbol in enumerate(a, 1):
        row = [i]
        for j, top_symbol in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left_symbol != top_symbol)))
        above = row
    return above[-1]
    ### END SOLUTION


# %% check="edit_distance-words" points=2
expect(edit_distance("elpa", "elppa")).type(int, hint="One whole number.").equal(
    1, hint="One insertion makes elppa out of elpa."
)
expect(edit_distance("cab", "ab")).equal(1, hint="The worked example: delete the c.")
expect(edit_distance("kitten", "sitting")).equal(3, hint="Replace k by s, replace e by i, insert g.")
expect(edit_distance("ab", "ba")).equal(2, hint="There is no edit that swaps: two replacements are needed.")
expect(edit_distance("apple", "apple")).equal(0, hint="Equal words need no edit.")
### BEGIN HIDDEN TESTS
rng = random.Random(5)
for _ in range(40):
    first = "".join(rng.choice("abc") for _ in range(rng.randint(1, 7)))
    second = "".join(rng.choice("abc") for _ in range(rng.randint(1, 7)))

    @lru_cache(None)
    def fewest(i, j, first=first, second=second):
        if i == len(first) or j == len(second):
            return len(first) - i + len(second) - j
        if first[i] == second[j]:
            return fewest(i + 1, j + 1)
        return 1 + min(fewest(i + 1, j), fewest(i, j + 1), fewest(i + 1, j + 1))

    expect(edit_distance(first, second)).equal(
        fewest(0, 0), hint="Each cell of the table is the smallest of three: above + 1, left + 1, diagonal + [differ]."
    )
### END HIDDEN TESTS

# %% check="edit_distance-edges" points=1
expect(edit_distance("", "abc")).equal(3, hint="From nothing to abc: three insertions.")
expect(edit_distance("abc", "")).equal(3, hint="From abc to nothing: three deletions.")
expect(edit_distance("", "")).equal(0, hint="Two empty words are equal.")
expect(edit_distance([3, 17, 4], [17, 4])).equal(1, hint="Lists have a distance as well: compare item by item.")
### BEGIN HIDDEN TESTS
first, second = [7, 11, 1, 2, 25], [7, 1, 12, 2, 5, 11]
expect(edit_distance(first, second)).equal(4, hint="Compare the items of the lists, not their digits.")
expect(edit_distance([1, 12], [11, 2])).equal(2, hint="Compare the items of the lists, not their digits.")
expect([first, second]).equal([[7, 11, 1, 2, 25], [7, 1, 12, 2, 5, 11]], hint="The lists were changed: only read them.")
expect(edit_distance([], [5, 5])).equal(2, hint="An empty list is allowed.")
first, second = [300 + i for i in range(5)], [300 + i for i in range(1, 6)]
expect(edit_distance(first, second)).equal(
    2, hint="Compare with ==. `is` asks for the same object, and two equal ids above 256 are two objects."
)
expect(edit_distance("Apple pie", "apple pi e")).equal(2, hint="A capital letter and a space are symbols like others.")
### END HIDDEN TESTS

# %% [markdown]
# How wrong were the long words above? *Predict first:* if the machine wrote random letters, `understanding` would
# need about 12 or 13 edits. How many does its answer need?

# %%
for task, machine in demo_machines.items():
    for word, said in zip(demo_words, answer(machine, demo_words), strict=True):
        target = word[::-1] if task == "reverse" else "".join(sorted(word))
        print(f"{task:>8}  {said:>14}  {edit_distance(said, target)} edits from {target}")

# %% [markdown]
# *What to see:* in our run, `sentence` and `translate` miss their reversed forms by 2 edits each, and the sorted
# `understanding` misses by 3 (on another computer by 2). The reversed `understanding` misses by 9, but its beginning is
# right: the letters that were read last.

# %% [markdown]
# ## 4.7 The longer the word, the worse
#
# One average over all test words hides what we want to see. So we sort the answers by length first: for each length,
# the share of answers that are **exactly** right.
#
# **By hand.** Answers `ba`, `cb`, `fed` for the targets `ba`, `bc`, `fed`. Length 2: one of two, 0.5. Length 3: one
# of one, 1.0. So the result is `{2: 0.5, 3: 1.0}`.
#
# The length that counts is the length of the *target*. A wrong answer may have any length.
#
# <details><summary>Hint 1</summary>
#
# First collect, for each length, a list of True and False.
# </details>
# <details><summary>Hint 2</summary>
#
# `zip(answers, targets)` stops silently at the end of the shorter list. Look at both lengths before the loop, and
# raise.
# </details>


# %% exercise="accuracy_by_length"
def accuracy_by_length(answers, targets):
    """The share of right answers for each length.

    Args:
        answers: a list of strings, what a model said.
        targets: a list of as many strings, what is right.

    Returns:
        A dict: length of a target → the share of its answers that are equal to their target, a float from 0 to 1.
        The lengths stand in it in rising order. Lengths that no target has are not in it.

    Raises:
        ValueError: with both counts in the message, if there are not as many answers as targets.
    """
    ### BEGIN SOLUTION
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers for {len(targets)} targets")
    right = {}
    for said, target in zip(answers, targets, strict=True):
        right.setdefault(len(target), []).append(said == target)
    return {length: sum(right[length]) / len(right[length]) for length in sorted(right)}
    ### END SOLUTION


# %% check="accuracy_by_length-shares" points=2
shares = accuracy_by_length(["fed", "", "ba", "cb", "x", "dig"], ["fed", "k", "ba", "bc", "ih", "dog"])
expect(shares).type(dict, hint="A dict: length → share.").close(
    {1: 0.0, 2: 1 / 3, 3: 0.5},
    hint="Of the targets of length 2, one of three answers is right: 1/3, not rounded. A wrong answer counts at the length of its target.",
)
expect(list(shares)).equal([1, 2, 3], hint="The lengths stand in rising order, whatever came first.")
### BEGIN HIDDEN TESTS
rng = random.Random(9)
targets = ["".join(rng.choice("ab") for _ in range(rng.choice([2, 3, 5, 7, 11, 13]))) for _ in range(200)]
answers = [
    t if rng.random() < 0.6 else rng.choice([t[::-1], t[:-1], t + "a", "", t[:1] + "z" + t[2:]]) for t in targets
]
kept = list(answers), list(targets)
lengths = sorted({len(t) for t in targets})
expected = {}
for n in lengths:
    chosen = [i for i, t in enumerate(targets) if len(t) == n]
    expected[n] = len([i for i in chosen if answers[i] == targets[i]]) / len(chosen)
shares = accuracy_by_length(answers, targets)
expect(shares).close(
    expected, hint="For each length of a target: right answers of that length / all answers of that length."
)
expect(list(shares)).equal(lengths, hint="The lengths stand in rising order.")
expect(accuracy_by_length(["", "Ab", "ab ", "a b", "".join(["a", "b"])], ["", "ab", "ab", "ab", "ab"])).close(
    {0: 1.0, 2: 0.25}, hint="Right is what equals its target, with == and letter by letter. A target may be empty."
)
expect((answers, targets)).equal(kept, hint="The caller's lists were changed.")
### END HIDDEN TESTS

# %% check="accuracy_by_length-counts" points=1
expect(lambda: accuracy_by_length(["a", "b"], ["a", "b", "c"])).raises(
    ValueError, mention="3", hint="Two answers for three targets: raise a ValueError that says both counts."
)
expect(accuracy_by_length([], [])).equal({}, hint="No answers, no lengths: an empty dict.")
### BEGIN HIDDEN TESTS
expect(lambda: accuracy_by_length(["a"] * 13, ["a"] * 7)).raises(
    ValueError, mention="13", hint="Too many answers are wrong as well. The message says both counts."
)
expect(lambda: accuracy_by_length(["a"] * 13, ["a"] * 17)).raises(
    ValueError, mention="17", hint="The message says both counts."
)
expect(lambda: accuracy_by_length([], ["a"] * 11)).raises(ValueError, mention="11", hint="No answers for some targets.")
### END HIDDEN TESTS

# %% [markdown]
# Now the picture that this stage is about: 200 test words of each length, both tasks. *Predict first:* draw both
# curves.

# %%
demo_shares, demo_edits = {}, {}
for task, machine in demo_machines.items():
    demo_pairs = [pair for n in range(1, 15) for pair in make_pairs(task, 200, n, n, seed=100 + n)]
    said = answer(machine, [word for word, _ in demo_pairs])
    demo_shares[task] = accuracy_by_length(said, [target for _, target in demo_pairs])
    edits = [edit_distance(a, target) for a, (_, target) in zip(said, demo_pairs, strict=True)]
    demo_edits[task] = [sum(edits[200 * i : 200 * (i + 1)]) / 200 for i in range(14)]
demo_half = {task: min([n for n in shares if shares[n] < 0.5], default=15) for task, shares in demo_shares.items()}
print("below one half from this length on:", demo_half)
demo_last = demo_half["reverse"] - 1  # the last length with at least half of the words right
guess.compare("half", "A" if demo_last < 6 else "B" if demo_last < 9 else "C" if demo_last < 11 else "D")

# %% tags=["hide-input"]
figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 3.2))
for ax, values, title, ylabel in (
    (
        axes[0],
        {task: list(shares.values()) for task, shares in demo_shares.items()},
        "Exactly right",
        "share of answers",
    ),
    (axes[1], demo_edits, "Edits to the right answer", "edits, on average"),
):
    plots.lines(values, range(1, 15), title=title, xlabel="letters in the word", ylabel=ylabel, ax=ax)
    ax.axvline(12.5, color="#777777", linewidth=1)
    ax.set_xticks(range(2, 15, 2))
axes[0].set_ylim(-0.03, 1.08)
for ax in axes:
    ax.text(12.3, ax.get_ylim()[1], "longest in\ntraining", ha="right", va="top", fontsize=8)

# %% [markdown]
# *What to see:*
#
# - **Left:** both curves fall with the length, and reversing falls much earlier. Only the task differs: for sorting, the
#   vector need not hold where each letter stands. And the sorting decoder has an easier job: after `e`, no letter before
#   `e` can come.
# - **Right:** the number of edits rises smoothly. One letter after the other gets lost.
#
# ### Half one is done
#
# The first demo of this page again. On the left the bag, on the right your machine: both hand over one vector.

# %%
demo_again = ["an", "tea", "listen", "silent", "understanding"]
for word, said in zip(demo_again, answer(demo_machines["reverse"], demo_again), strict=True):
    from_bag = demo_from_bag([word.count(letter) for letter in LETTERS], demo_rng)
    told = "right" if said == word[::-1] else f"{edit_distance(said, word[::-1])} edits away"
    print(f"{word:>13}   from the bag: {from_bag:<14} from the learned vector: {said:<14} {told}")

# %% [markdown]
# *What to see:* the learned vector tells `listen` from `silent`, and it has seen neither of them. And the question has
# half an answer: after 800 steps, up to about 7 letters most words get through; this one of 13 does not.
#
# **What you have now**
#
# - 24 points, if your checks are green: an encoder, a context, two decoders, two rulers;
# - two trained machines, and the curve of what gets through one vector after 800 steps.
#
# **Stop here, if you like.** Save the notebook. **To start again**, click on the heading of half two and choose *Run →
# Run All Above Selected Cell*. That takes one to two minutes, most of it for the training in 4.5. Half two needs these
# cells, if you run them one by one: the setup, the pairs of 4.1, `gru_step`, your answers of 4.2 to 4.4, both cells of
# 4.5, and your answers of 4.6 and 4.7. Their checks need not be run again.

# %% [markdown]
# ## Half two · Look inside, step back, search
#
# **The question:** your machine writes the long words wrong. Who is to blame: what the decoder hears of the letters, how
# it was taught, how it searches, or the one vector? We suspect them one after the other.
#
# **Points and time:** 16 points, five of them in the quiz; about two hours, sections 4.8 to 4.13.
#
# **What you need from before:** the two machines of 4.5 and your functions of half one (the list of cells is just
# above); gradients of an input (stage 01); teacher forcing (stage 03).

# %%
for word in ("sentence", "translate", "understanding"):
    said = answer(demo_machines["reverse"], [word])[0]
    print(f"{word:>13} → {said:<14} right: {word[::-1]:<14} {edit_distance(said, word[::-1])} edits")

# %% [markdown]
# ## 4.8 Do all letters weigh the same?
#
# You can read this sentence in many texts: *"Without attention, the decoder gets the same context at every step, so
# all input words have the same influence on every output word."* The first half is true of `DecoderEvery`: it reads
# the same C at every step. `DecoderInit` gets one constant vector as well, but only once. Does the second half follow?
# We measure it in both decoders.
#
# **How.** Take one output step $t$, and the largest of its logits, $\ell_t$: the score of the symbol that the machine
# says. How much does it move when the embedding $e_s$ of input $s$ moves a little? That is the gradient. Its length,
# as a share of all:
#
# $$\text{influence}_s = \frac{\lVert \partial \ell_t / \partial e_s \rVert}{\sum_{s'} \lVert \partial \ell_t / \partial e_{s'} \rVert}$$
#
# The shares of one step sum to 1. If all inputs weighed the same, each would be $1/S$. (Here we look at one source
# alone, so there are no pads, and S = N.)
#
# **By hand.** Suppose $\ell_t = 3\, e_{0,0} + 4\, e_{0,1} - 5\, e_{1,0}$, with two inputs of D = 2 numbers. (The first
# index says which input, the second says which of its D numbers.) The gradients are $(3, 4)$ and $(-5, 0)$. Both have
# the length 5, so the shares are 0.5 and 0.5.
#
# `model` here is any function from `x [S, D]` to logits `[T, V]`, where x is one embedded source.
# `torch.autograd.grad(y, x)` gives the gradient of the number y with respect to x (in a tuple with one item). It
# leaves every `.grad` alone. `y.backward()` would add to the `.grad` of the model's weights, and a training step that
# comes later could take it for its own. Measuring must change nothing.
#
# <details><summary>Hint 1</summary>
#
# You need an x that asks for gradients. Make a copy that does; the caller's x must stay as it is.
# </details>
# <details><summary>Hint 2</summary>
#
# `x.detach().clone().requires_grad_()` is such a copy. `logits[step].max()` is one number with a history.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: the gradient is `[S, D]`; take the norm over the D numbers of each input; divide by the sum. Where the
# sum is 0, return the zeros and do not divide.
# </details>


# %% exercise="input_influence" builds_on="DecoderInit"
def input_influence(model, x, step):
    """The share of each input in the gradient of what the model says at one step.

    Args:
        model: a function that takes x and gives logits, float [T, V]. It is only called. If it has weights, their
            .grad stays as it is.
        x: float [S, D], an embedded source. It is not changed, and it gets no gradient.
        step: which output step, an int from 0 to T - 1.

    Returns:
        float [S], without a history: for each input, the length of the gradient of the largest logit of this step,
        divided by the sum of these lengths. Zeros, if every gradient is zero.

    Source: Simonyan et al. 2013, section 3, who do this with the pixels of a picture.
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()  # the score of the symbol that the model says
    (gradient,) = torch.autograd.grad(said, x)  # [S, D]
    size = gradient.norm(dim=1)  # [S]
    return size / size.sum() if size.sum() > 0 else size
    ### END SOLUTION


# %% check="input_influence-shares" points=2
mix = torch.tensor([[[3.0, 4.0], [-5.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])  # [T, S, D]
x = torch.tensor([[0.1, 0.2], [-0.1, 0.3]])


def two_steps(x):
    """Logits [2, 3]: the middle one is the largest."""
    scores = (mix * x).sum(dim=(1, 2))
    return torch.stack([2 * x[0, 0] + x[1, 1] - 3 + 0 * scores, scores, x[0, 1] - 4 + 0 * scores], dim=1)


expect(input_influence(two_steps, x, 0)).shape(2, hint="One share per input: [S].").close(
    torch.tensor([0.5, 0.5]),
    hint="The worked example: the gradients (3, 4) and (-5, 0) both have the length 5. Only the largest logit counts, as it is: no sum of logits, and no softmax.",
)
expect(input_influence(two_steps, x, 1)).close(
    torch.tensor([0.0, 1.0]), hint="The second step depends on the second input only: use `step`."
)
expect(x.requires_grad).equal(False, hint="The caller's x now asks for gradients: work with a copy.")
### BEGIN HIDDEN TESTS
for seed, (n, D, T, size) in enumerate([(5, 3, 2, 7), (7, 2, 3, 5), (3, 11, 5, 2)]):
    torch.manual_seed(10 + seed)
    first, second, x = torch.randn(13, n * D), torch.randn(T * size, 13), torch.randn(n, D)

    def network(x, first=first, second=second, T=T, size=size):
        return (second @ (first @ x.reshape(-1)).tanh()).view(T, size)

    hidden = (first @ x.reshape(-1)).tanh()
    for step in range(T):
        best = int(network(x)[step].argmax())
        lengths = ((second[step * size + best] * (1 - hidden**2)) @ first).view(n, D).square().sum(dim=1).sqrt()
        expect(input_influence(network, x.clone(), step)).close(
            lengths / lengths.sum(),
            tol=1e-4,
            hint="For each input: the length (root of the sum of squares over D) of the gradient of the largest logit at this step, divided by the sum.",
        )
### END HIDDEN TESTS

# %% check="input_influence-safe" points=1
x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
shares = input_influence(lambda x: torch.stack([x.sum(dim=1), x.prod(dim=1)]), x, 1)
expect(x.requires_grad).equal(False, hint="The caller's x now asks for gradients: work with a copy.")
expect(x.grad).equal(None, hint="The caller's x has got a gradient: work with a copy.")
expect(shares.requires_grad).equal(False, hint="The shares are plain numbers, without a history.")
expect(input_influence(lambda x: 0 * x @ torch.ones(2, 5), x, 2)).equal(
    torch.zeros(3), hint="A model that ignores its input: the sum of the lengths is 0. Return zeros, not NaN."
)
layer = DecoderInit(5, 3, 2).out  # a part of your decoder, as a model with weights: 5 logits of 2 numbers
input_influence(layer, x, 1)
expect(layer.weight.grad).equal(None, hint="The weights of the model have got a .grad: use torch.autograd.grad.")
### BEGIN HIDDEN TESTS
layer.weight.grad = torch.ones(5, 2)
expect(input_influence(layer, x, 2)).close(torch.tensor([0.0, 0.0, 1.0]), hint="Only row 2 of x counts at step 2.")
expect(layer.weight.grad).equal(torch.ones(5, 2), hint="The .grad that the model's weights had was changed.")
for small in (1e-3, 1e-9):
    expect(input_influence(lambda x, small=small: small * x, torch.tensor([[3.0, 1.0], [2.0, 5.0]]), 0)).close(
        torch.tensor([1.0, 0.0]), hint="Small gradients have shares as well: only a sum of exactly 0 is not divided by."
    )
expect(input_influence(lambda x: -x, torch.tensor([[3.0, 1.0, 2.0]]), 0)).close(
    torch.tensor([1.0]), hint="One input is a source as well. Its share is 1: [S], also for S = 1."
)
torch.manual_seed(20)
asked = torch.randn(5, 3, requires_grad=True)
asked.grad = torch.ones(5, 3)
kept = asked.detach().clone()
shares = input_influence(lambda x: (x * x).cumsum(dim=0), asked, 2)
expect(shares).shape(5).close(
    torch.cat([kept[:3, kept[:3].square().sum(dim=0).argmax()].abs(), torch.zeros(2)])
    / kept[:3, kept[:3].square().sum(dim=0).argmax()].abs().sum(),
    tol=1e-4,
    hint="Also where x itself asks for gradients.",
)
expect(asked.grad).equal(torch.ones(5, 3), hint="The gradient that the caller's x had was changed.")
expect(asked.detach()).equal(kept, hint="The caller's x was changed.")
expect(shares.requires_grad).equal(False, hint="The shares are plain numbers, without a history.")
### END HIDDEN TESTS

# %% [markdown]
# First the two machines of 4.5, which get the context once. Each row is one output step, the mean over 40 words of
# 8 letters; its shares sum to 100 %. The decoder reads the right letters, as in training.

# %%
guess.ask(
    "influence",
    "A word of 8 letters is reversed. Which input has the most influence on the first letter that is written?",
    A="letter 1, which was read first",
    B="one of the letters 2 to 7",
    C="none: all have nearly the same",
    D="letter 8",
    E="the end symbol E, which was read last",
    mine="",
)


# %%
def demo_influence(machine, pairs):
    """[T, S]: the mean influence of each input (column) on each output step (row), and the smallest and largest one."""
    rows, low, high = [], 1.0, 0.0
    for pair in pairs:
        x, y_in, _ = make_batch([pair])
        shares = torch.stack(
            [
                input_influence(
                    lambda e, y_in=y_in: machine.decoder(
                        y_in, machine.summarise(e.unsqueeze(0), torch.tensor([len(e)]))
                    )[0],
                    machine.embed(x)[0],
                    step,
                )
                for step in range(y_in.shape[1])
            ]
        )
        rows.append(shares)
        low, high = min(low, shares.min().item()), max(high, shares.max().item())
    return torch.stack(rows).mean(dim=0), low, high


def draw_influence(machine, task, ax):
    """A table of the mean shares in per cent; prints the smallest and the largest share in a single word."""
    mean, low, high = demo_influence(machine, make_pairs(task, 40, 8, 8, seed=7))
    names = [*(str(i) for i in range(1, 9)), "E"]
    percent = (100 * mean).round()
    title = f"{task}: influence in %"
    plots.heatmap(percent, names, names, numbers=True, title=title, xlabel="input letter", ax=ax)
    ax.images[0].set_clim(0, 40)  # the same colours in all pictures
    for text, value in zip(ax.texts, percent.flatten(), strict=True):
        text.set_color("white" if value < 20 else "black")
    print(f"{task}: single words, from {low:.1%} to {high:.1%}; equal shares would be {1 / 9:.1%}")
    return mean


figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 3.6))
demo_means = {task: draw_influence(demo_machines[task], task, ax) for task, ax in zip(demo_machines, axes, strict=True)}
axes[0].set_ylabel("output letter")
figure.colorbar(axes[0].images[0], ax=axes, shrink=0.8, label="share in %")
demo_first = demo_means["reverse"][0]  # [S], the influences on the first letter that is written
demo_strongest = "ABBBBBBDE"[int(demo_first.argmax())]
guess.compare("influence", "C" if demo_first.max() < 1.2 * demo_first.min() else demo_strongest)

# %% [markdown]
# *What to see:*
#
# - **reverse:** the rows differ, though the context is the same. The first letter that is written depends most on the
#   last letter that was read, with about a third of all influence. In the first three rows, the strongest cell is the
#   very letter that must be written, on the line from the top right to the bottom left: a person would look there as
#   well.
# - **sort:** order plays no role, and the means are nearly even.
# - **Single words** are not even, in both tasks: the printed lines show shares from 2 to 46 % (reverse) and from 3 to
#   38 % (sort).
#
# Now the decoder that the sentence is about: it reads the same C at every step. **The next cell trains it for reversing;
# that takes 20 to 60 seconds.** *Predict first:* will its rows be more alike than those of `DecoderInit`?

# %%
torch.manual_seed(0)
demo_every = fit(
    Machine(encode, context, DecoderEvery(V, 32, 128)),
    make_pairs("reverse", 10_000, 1, 12, seed=1),
    steps=800,
    seed=0,
)
figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 3.6))
for ax, machine, name in zip(axes, (demo_machines["reverse"], demo_every), ("once", "at every step"), strict=True):
    draw_influence(machine, "reverse", ax)
    ax.set_title(f"context {name}: influence in %")
axes[0].set_ylabel("output letter")
_ = figure.colorbar(axes[0].images[0], ax=axes, shrink=0.8, label="share in %")

# %% [markdown]
# *What to see:* the rows on the right are more alike, but they are not equal.
#
# - The letter that was read last, number 8, is the strongest in 7 of the 9 rows; on the left the strongest cell moves.
# - But letter 8 has 25 % of the first row and 12 % of the last one, and the letter that must be written is stronger than
#   its neighbours in rows 1 to 8.
# - In single words the shares go from 2 to 33 %. With 1/9 for each letter, every cell would be 11.
#
# So the sentence above is half true. **The context is constant; the influences are not.** Why? By the chain rule,
# $\partial \ell_t/\partial e_s = (\partial c/\partial e_s)^\top\, \partial \ell_t/\partial c$. The first factor is the
# same at every step. The second is not: $c$ is many numbers, and at each step the decoder listens to different ones. What
# neither decoder can do is look at an input *again*.

# %% [markdown]
# ## 4.9 A teacher who steps back
#
# In training the decoder reads the right letters (teacher forcing). When it answers, it reads its own. If it makes
# a mistake at the third letter, it reads something that it never read in training. **Scheduled sampling** (Bengio
# et al. 2015) trains it for that: in training, some of the inputs are its own symbols already.
#
# For **each single input** a coin is thrown. With probability $p$ the decoder reads what it said itself, otherwise
# what is right. $p$ starts at 0 and rises during the training. (The paper writes $\epsilon_i$ for the probability
# of the *right* symbol: $\epsilon_i = 1 - p$.)
#
# **One pass.** The paper goes step by step, so that an own symbol follows from the own symbols before it. Our `fit` is
# simpler and faster: it gets all own symbols from one pass with the right inputs. We call this form *scheduled sampling,
# one pass*.
#
# **Look at the positions.** `predicted[:, t]` is what the model said at step t. That is what it would read at step
# **t + 1**. And the first input is always `S`: nothing was said before it.
#
# | step | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | `gold`: the right inputs | `S` | `l` | `o` | `w` |
# | `predicted`: said at this step | `c` | `a` | `t` | `E` |
# | result with p = 1 | `S` | `c` | `a` | `t` |
# | result where the coins say: right, own, right, own | `S` | `c` | `o` | `t` |
#
# *Predict first:* somebody throws one coin for the whole batch. What does the decoder learn that is different?
#
# <details><summary>Hint 1</summary>
#
# First make the row for p = 1. Then a coin decides at each place between this row and `gold`.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.rand(shape, generator=generator)` gives numbers between 0 and 1, each one on its own. Compare them with p.
# </details>
# <details><summary>Hint 3</summary>
#
# In words: own = the first column of gold, and then all columns of predicted but the last. coins = random numbers of
# gold's shape, smaller than p. `torch.where(coins, own, gold)`.
# </details>


# %% exercise="scheduled_inputs"
def scheduled_inputs(gold, predicted, p, generator):
    """The decoder's inputs, some of them its own symbols. One coin for each input.

    Args:
        gold: torch.long [B, T], the right inputs; the first column is S. It is not changed.
        predicted: torch.long [B, T], what the model said at each step. It is not changed.
        p: the probability of an own symbol, a number from 0 to 1.
        generator: a torch.Generator. All randomness comes from it.

    Returns:
        torch.long [B, T]. The first column is that of gold. Every other input is, with probability p and independently
        of all others, what the model said one step before, and otherwise gold.

    Raises:
        ValueError: with the words "p must be", if p is below 0 or above 1.

    Source: Bengio et al. 2015, section 2.4.
    """
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError(f"p must be from 0 to 1, not {p}")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)  # [B, T], said one step before
    coins = torch.rand(gold.shape, generator=generator) < p  # [B, T]
    return torch.where(coins, own, gold)
    ### END SOLUTION


# %% check="scheduled_inputs-extremes" points=1
gold, predicted = torch.tensor([to_ids("Slow"), to_ids("Skid"), to_ids("Sbay")]), torch.tensor([to_ids("catE")] * 3)
expect(scheduled_inputs(gold, predicted, 0.0, torch.Generator().manual_seed(0))).equal(
    torch.tensor([to_ids("Slow"), to_ids("Skid"), to_ids("Sbay")]), hint="With p = 0 every input is the right one."
)
expect(scheduled_inputs(gold, predicted, 1.0, torch.Generator().manual_seed(0))).equal(
    torch.tensor([to_ids("Scat")] * 3),
    hint="With p = 1 every input is what was said one step before: the columns move by one, and S stays in front.",
)
expect(lambda: scheduled_inputs(gold, predicted, 1.5, torch.Generator())).raises(
    ValueError, mention="p must be", hint="p is a probability: raise a ValueError with the words: p must be."
)
### BEGIN HIDDEN TESTS
for seed, (B, T) in enumerate([(3, 7), (5, 2), (7, 1)]):
    torch.manual_seed(seed)
    gold, predicted = torch.randint(3, 29, (B, T)), torch.randint(3, 29, (B, T))
    gold[:, 0] = S
    for p, expected in ((0.0, gold.clone()), (1.0, torch.cat([gold[:, :1], predicted[:, : T - 1]], dim=1))):
        expect(scheduled_inputs(gold, predicted, p, torch.Generator().manual_seed(seed))).equal(
            expected, hint="p = 0: gold. p = 1: S, then what was said one step before."
        )
expect(lambda: scheduled_inputs(gold, predicted, -0.1, torch.Generator())).raises(
    ValueError, mention="p must be", hint="p is a probability, from 0 to 1."
)
### END HIDDEN TESTS

# %% check="scheduled_inputs-coins" points=2
gold, predicted = torch.full((40, 51), 5), torch.full((40, 51), 7)  # so that one can see where each input is from
own = (scheduled_inputs(gold, predicted, 0.3, torch.Generator().manual_seed(1)) == 7)[:, 1:].float()  # [40, 50]
expect(own.mean()).at_least(0.25, hint="With p = 0.3, about 30 % of the inputs are the model's own: too few here.")
expect(own.mean()).at_most(0.35, hint="With p = 0.3, about 30 % of the inputs are the model's own: too many here.")
expect(own.mean(dim=1).std()).at_most(
    0.15, hint="Some rows are nearly all own, others nearly all right: throw a coin for each input, not one for a row."
)
expect(own.mean(dim=0).std()).at_most(
    0.15, hint="Some steps are own in all rows, others in none: throw a coin for each input, not one for a step."
)
expect(own.mean(dim=1).std()).at_least(
    0.03, hint="All rows have nearly the same share of own symbols. Coins do not share out so evenly: throw them."
)
### BEGIN HIDDEN TESTS
generator, counts = torch.Generator().manual_seed(3), []
for _ in range(60):
    made = scheduled_inputs(torch.full((1, 3), 3), torch.full((1, 3), 11), 0.5, generator)
    counts.append(int((made == 11).sum()))
for own in range(3):  # about 15, 30 and 15 times; less than 3 times in one of 200,000 trials
    expect(counts.count(own)).at_least(
        3, hint="Two coins, thrown often: no own symbol, one and two must all occur. No fixed share, no second try."
    )
for seed, p in enumerate((0.1, 0.5, 0.8)):
    gold, predicted = torch.full((37, 60), 3), torch.full((37, 60), 11)
    made = scheduled_inputs(gold, predicted, p, torch.Generator().manual_seed(40 + seed))
    expect(made).shape(37, 60, hint="As many inputs as gold has.").dtype(torch.long, hint="Ids are whole numbers.")
    own = (made == 11)[:, 1:].float()
    expect((own.mean() - p).abs()).at_most(0.06, hint="p is the probability of the model's own symbol.")
    expect(own.mean(dim=1).std()).at_most(0.15, hint="One coin for each input, not one for a row.")
    expect(own.mean(dim=0).std()).at_most(0.15, hint="One coin for each input, not one for a step.")
    expect(own[:, 1:].mul(own[:, :-1]).mean() - own.mean() ** 2).at_most(
        0.06, hint="The coins must not depend on each other."
    )
    expect(made[:, 0]).equal(torch.full((37,), 3), hint="The first input is always that of gold.")
### END HIDDEN TESTS

# %% check="scheduled_inputs-generator" points=1
gold, predicted = torch.full((5, 11), 3), torch.full((5, 11), 4)
first = scheduled_inputs(gold, predicted, 0.5, torch.Generator().manual_seed(7)).clone()
torch.manual_seed(99)
expect(scheduled_inputs(gold, predicted, 0.5, torch.Generator().manual_seed(7))).equal(
    first, hint="The same generator must give the same coins: all randomness comes from `generator`."
)
expect(gold).equal(torch.full((5, 11), 3), hint="gold was changed: make a new tensor.")
### BEGIN HIDDEN TESTS
generator = torch.Generator().manual_seed(7)
again = scheduled_inputs(gold, predicted, 0.5, generator).clone()
expect(again).equal(first, hint="The same generator must give the same coins.")
expect(scheduled_inputs(gold, predicted, 0.5, generator)).differs_from(
    first, hint="A second call with the same generator must throw new coins."
)
expect(scheduled_inputs(gold, predicted, 0.5, torch.Generator().manual_seed(8))).differs_from(
    first, hint="Another generator must give other coins."
)
expect(predicted).equal(torch.full((5, 11), 4), hint="predicted was changed: make a new tensor.")
expect(gold).equal(torch.full((5, 11), 3), hint="gold was changed: make a new tensor.")
### END HIDDEN TESTS

# %% [markdown]
# What the decoder reads in the course of a training: p rises from 0 to 0.5.

# %%
demo_generator = torch.Generator().manual_seed(0)
demo_gold, demo_said = torch.zeros(16, 13, dtype=torch.long), torch.ones(16, 13, dtype=torch.long)
figure, axes = plots.plt.subplots(1, 4, figsize=(plots.WIDTH, 2.8), sharey=True)
for ax, p in zip(axes, (0.0, 0.17, 0.33, 0.5), strict=True):
    ax.imshow(
        scheduled_inputs(demo_gold, demo_said, p, demo_generator),
        cmap=plots.plt.matplotlib.colors.ListedColormap([plots.COLORS[0], plots.COLORS[4]]),
        vmin=0,
        vmax=1,
        aspect="auto",
    )
    ax.set(title=f"p = {p}", xlabel="step")
    ax.grid(False)
axes[0].set(ylabel="word of the batch", yticks=range(0, 16, 5))
demo_squares = [plots.plt.matplotlib.patches.Patch(color=plots.COLORS[i]) for i in (0, 4)]
_ = figure.legend(
    demo_squares, ["the right symbol", "its own symbol"], frameon=False, loc="outside lower center", ncols=2
)

# %% [markdown]
# *What to see:* a fine mixture in each row and in each column; the first column is always `S`, from gold. With one
# coin for the whole batch, each picture would be of one colour: the decoder would then hardly ever practise the way back
# after *one* mistake.
#
# Does it help? Section 4.11 measures it. If you want to train such a machine yourself (10 to 30 CPU seconds), give `fit`
# a function of three arguments as `inputs`:
#
# ```python
# generator = torch.Generator().manual_seed(0)
# machine = Machine(encode, context, DecoderInit(V, 32, 64))
# fit(machine, make_pairs("reverse", 10_000, 1, 12, seed=1), 800, 0,
#     inputs=lambda gold, predicted, done: scheduled_inputs(gold, predicted, 0.5 * done, generator))
# answer(machine, ["tea", "apple", "letter"])
# ```

# %% [markdown]
# ## 4.10 More than one candidate
#
# **What this section uses.** `beam_search` calls none of your functions: it gets the model as a function `step_fn`. It
# needs lists, tuples and `sorted`, and the ids `S` and `E`. The demo at the end brings the machine of 4.5 into that form.
#
# Greedy decoding takes the best symbol at each step. Is the answer then the most probable one? Not always. Here is a
# model with two possible first symbols:
#
# | first | then | probability of the whole answer |
# |---|---|---|
# | `a` (0.6) | `x` (0.4), `y` (0.3), `z` (0.3) | `ax`: 0.24 |
# | `b` (0.4) | `x` (0.9), `y` (0.1) | **`bx`: 0.36** |
#
# Greedy takes `a` and gets 0.24. `bx` is better, but `b` was gone after the first step.
#
# **Beam search** keeps the k best beginnings (*hypotheses*, together the *beam*) instead of one:
#
# 1. Start with one hypothesis: nothing written, $\log p = 0$.
# 2. The candidates are all unfinished hypotheses, each continued by each of the V symbols, **and** the finished ones
#    (those that end with `E`), as they are.
# 3. Keep the k candidates with the best score (defined below; with $\alpha = 0$ it is $\log p$).
# 4. Back to 2, until all kept hypotheses are finished, or `max_len` symbols are written.
#
# ![A tree of two steps: both first symbols are kept, then the two best of the five answers](drawings/beam.svg)
#
# With $k = 2$ both first symbols stay (blue), so `bx` is found. What is grey is thrown away.
#
# **A finished hypothesis, round by round.** A model says `E` at once with 0.55, or `a` with 0.45; after each `a` it says
# `a` again with 0.9, or `E`. With $k = 2$ and $\alpha = 0$ two are kept (blue):
#
# ![Three rounds: E stays as it is with 0.55, beside a, aa and aaa; aE and aaE are thrown away](drawings/beam_finished.svg)
#
# There is only one list. In each round a finished hypothesis goes into the candidates unchanged, takes one of the k
# places if its score is good enough, and is lost for good if it is not. `E` is never sent to `step_fn` again.
# The search ends at `max_len`, for `aaa…` never finishes.
#
# A probability of a long answer is a product of many small numbers: it soon becomes too small for a computer, and
# then it is 0. So we *add logarithms*:
#
# $$\log p(y_1 \dots y_n) = \sum_{t=1}^{n} \log p(y_t \mid y_1 \dots y_{t-1}) \qquad
# \text{score}(y_1 \dots y_n) = \frac{\log p(y_1 \dots y_n)}{n^{\alpha}}$$
#
# $n$ counts the symbols, `E` included. Every further symbol makes $\log p$ smaller, so with $\alpha = 0$ short
# answers have an advantage. With $\alpha = 1$ the score is the mean log-probability of a symbol.
#
# **By hand.** Two finished hypotheses: `a E` with $\log p = -2.0$ and `b c d E` with $\log p = -3.2$. With $\alpha
# = 0$ the scores are $-2.0$ and $-3.2$: the short one wins. With $\alpha = 1$ they are $-1.0$ and $-0.8$: the long
# one wins.
#
# The model comes in as a function: `step_fn(prefixes)`. A prefix is `S` and what was written since; all prefixes of
# a call have the same length t. So m prefixes are `torch.long [m, t]`, and the result is `[m, V]`: for each prefix
# the log-probabilities of the V symbols that may come next. A log-probability may be $-\infty$: the symbol is
# impossible there. It needs no special case. Such a candidate has the lowest score of all, so it is kept only where
# there are fewer than k others.
#
# **The pieces, one by one.** The next cell is the table above as a `step_fn`. Run it, change the prefixes, and see what
# comes back. The second half shows how a beam of two is cut out of a list of candidates.

# %%
demo_table_of = torch.zeros(2, V, V)  # [step, last symbol, next symbol]: probabilities
for last, following in (
    ("S", {"a": 0.6, "b": 0.4}),
    ("a", {"x": 0.4, "y": 0.3, "z": 0.3}),
    ("b", {"x": 0.9, "y": 0.1}),
):
    for symbol, probability in following.items():
        demo_table_of[0 if last == "S" else 1, char_to_id[last], char_to_id[symbol]] = probability


def demo_tiny(prefixes):
    """step_fn of the example: torch.long [m, t] → log-probabilities [m, V]."""
    return demo_table_of[prefixes.shape[1] - 1, prefixes[:, -1]].log()


for prefixes in (["S"], ["Sa", "Sb"]):
    log_p = demo_tiny(torch.tensor([to_ids(prefix) for prefix in prefixes]))
    print(f"step_fn of {prefixes}: shape {list(log_p.shape)}")
    for prefix, row in zip(prefixes, log_p.tolist(), strict=True):
        print(f"  after {prefix}:", {id_to_char[i]: round(value, 2) for i, value in enumerate(row) if value > -99})
demo_candidates = [("ax", -1.43), ("ay", -1.71), ("az", -1.71), ("bx", -1.02), ("by", -3.22)]  # sums, rounded at the end
print("best two:", sorted(demo_candidates, key=lambda candidate: candidate[1], reverse=True)[:2])

# %% [markdown]
# *What to see:* one row of V numbers for each prefix. What is not printed is $-\infty$. $-0.51$ is $\log 0.6$.
# The sum of $-0.51$ and $-0.92$ is $-1.43$, which is $\log 0.24$: sums of logarithms are products of probabilities.
#
# *Predict first:* what is beam search with k = 1? And with a k so large that nothing is ever thrown away?
#
# <details><summary>Hint 1</summary>
#
# A hypothesis is a tuple `(tokens, log_prob)`: a list without `S`, and a float. The beam is a list of such tuples.
# With which one does the search start?
# </details>
# <details><summary>Hint 2</summary>
#
# All unfinished hypotheses of one round have the same length, because finished ones are no longer continued. So all
# unfinished ones fit into one tensor, each with `S` in front: one call of `step_fn` per round.
# </details>
# <details><summary>Hint 3</summary>
#
# In words, one round: split the beam into finished and open. (At the start tokens is empty and `tokens[-1]` would be
# an error; `tokens[-1:] == [E]` asks safely.) If none is open, stop. Ask `step_fn` about the open ones. The candidates
# are the finished ones, and for each open one and each symbol i: the tokens plus i (a new list), the log-probability
# plus that of i. Sort by score, best first (`sorted` with `key` and `reverse`), and keep k.
# </details>


# %% exercise="beam_search"
def beam_search(step_fn, k, max_len, alpha):
    """The k best answers that a beam of k hypotheses finds.

    Args:
        step_fn: a function from prefixes, torch.long [m, t], each row beginning with S, to the log-probabilities of the
            next symbol, float [m, V]. They may be -inf; such candidates are treated like all others.
        k: how many hypotheses are kept after each step, an int from 1.
        max_len: the largest number of symbols of an answer, E included, an int from 1.
        alpha: the power of the length in the score, a number from 0. Hypotheses are always compared by
            log_prob / n ** alpha, where n is their number of symbols, E included.

    Returns:
        A list of at most k tuples (tokens, log_prob), the best score first.
        tokens: a list of ids, without S. It ends with its only E, or it has max_len symbols.
        log_prob: a float, the sum of the log-probabilities of its symbols (not the score).

    Raises:
        ValueError: with the words "k must be", if k is below 1.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    beam = [([], 0.0)]
    for _ in range(max_len):
        finished = [(tokens, log_prob) for tokens, log_prob in beam if tokens[-1:] == [E]]
        unfinished = [(tokens, log_prob) for tokens, log_prob in beam if tokens[-1:] != [E]]
        if not unfinished:
            break
        log_p = step_fn(torch.tensor([[S, *tokens] for tokens, _ in unfinished]))  # [m, V]
        candidates = finished
        for (tokens, log_prob), row in zip(unfinished, log_p.tolist(), strict=True):
            candidates += [([*tokens, i], log_prob + more) for i, more in enumerate(row)]
        beam = sorted(candidates, key=lambda c: c[1] / len(c[0]) ** alpha, reverse=True)[:k]
    return beam
    ### END SOLUTION


# %% check="beam_search-greedy" points=1
def after_last(log_p):
    """A model in which the next symbol depends on the last one only: log_p [V, V], row = last symbol."""

    def step_fn(prefixes):
        if prefixes.shape[1] == 0:
            raise ValueError("step_fn got a prefix without symbols. Each prefix begins with S")
        return log_p[prefixes[:, -1]]

    return step_fn


torch.manual_seed(0)
chain = torch.full((7, 7), -5.0)
chain[S, 4] = chain[4, 6] = chain[6, 3] = chain[3, E] = -0.04  # S 4 6 3 E, each step far more probable than the others
found = beam_search(after_last(chain), 1, 8, 0.0)
expect(len(found)).equal(1, hint="k hypotheses, here one.")
expect(found[0][0]).equal([4, 6, 3, E], hint="The tokens: without S, with the E at the end, and nothing after it.")
expect(found[0][1]).close(-0.16, tol=1e-4, hint="The sum of the four log-probabilities.")
expect(beam_search(after_last(chain), 1, 2, 0.0)[0][0]).equal(
    [4, 6], hint="After max_len symbols the search ends; an answer without E is returned as it is."
)
expect(lambda: beam_search(after_last(chain), 0, 5, 0.0)).raises(
    ValueError,
    mention="k must be",
    hint="No hypothesis at all is no search: raise a ValueError with the words: k must be.",
)
### BEGIN HIDDEN TESTS
for seed in range(5):
    torch.manual_seed(50 + seed)
    table = (2 * torch.randn(9, 11)).log_softmax(dim=1)

    def whole_prefix(prefixes, table=table):
        """Depends on all symbols of the prefix and on their order."""
        weights = torch.arange(1, prefixes.shape[1] + 1)
        return table[(prefixes * weights).sum(dim=1) % 9]

    tokens, total = [], 0.0
    while len(tokens) < 12 and E not in tokens:
        row = whole_prefix(torch.tensor([[S, *tokens]]))[0]
        total += float(row.max())
        tokens.append(int(row.argmax()))
    found = beam_search(whole_prefix, 1, 12, 0.0)
    expect(len(found)).equal(1, hint="With k = 1 one hypothesis is returned.")
    expect(found[0][0]).equal(tokens, hint="A beam of 1 is greedy decoding. Give step_fn the whole prefix, S first.")
    expect(found[0][1]).close(total, tol=1e-4, hint="The sum of the log-probabilities of its symbols.")
for k in (-1, -7):
    expect(lambda k=k: beam_search(after_last(chain), k, 5, 0.0)).raises(
        ValueError, mention="k must be", hint="Every k below 1 is an error."
    )
torch.manual_seed(60)
wide = (0.01 * torch.randn(60, 60)).log_softmax(dim=1)
wide[:, E] = -20.0
found = beam_search(after_last(wide), 1, 200, 0.0)
last, total = S, 0.0
for _ in range(200):
    total, last = total + float(wide[last].max()), int(wide[last].argmax())
expect(found[0][1]).close(
    total, tol=1e-4, hint="A long answer: add logarithms. A product of 200 small probabilities is 0 for a computer."
)
### END HIDDEN TESTS


# %% check="beam_search-wide" points=1
def by_position(log_p):
    """A model in which the next symbol depends on the step and on the last symbol: log_p [steps, V, V]."""
    return lambda prefixes: log_p[min(prefixes.shape[1], len(log_p)) - 1, prefixes[:, -1]]


# Symbols 3 = a, 4 = b, 5 = x, 6 = y, 7 = z: the example of the text.
probs = torch.full((2, 8, 8), 1e-6)
probs[0, S, 3], probs[0, S, 4] = 0.6, 0.4
probs[1, 3, 5], probs[1, 3, 6], probs[1, 3, 7] = 0.4, 0.3, 0.3
probs[1, 4, 5], probs[1, 4, 6] = 0.9, 0.1
expect(beam_search(by_position(probs.log()), 1, 2, 0.0)[0][0]).equal([3, 5], hint="With k = 1, greedy finds a x.")
expect(beam_search(by_position(probs.log()), 2, 2, 0.0)[0][0]).equal([4, 5], hint="With k = 2, b stays, and b x wins.")
### BEGIN HIDDEN TESTS
for seed, (size, max_len) in enumerate([(4, 4), (5, 3), (6, 2)]):
    torch.manual_seed(20 + seed)
    log_p = (1.5 * torch.randn(max_len, size, size)).log_softmax(dim=2)
    everything = []
    for n in range(1, max_len + 1):
        for tokens in product(range(size), repeat=n):
            if E in tokens[:-1] or (n < max_len and tokens[-1] != E):
                continue
            total = sum(
                float(log_p[t, last, now]) for t, (last, now) in enumerate(zip((S, *tokens), tokens, strict=False))
            )
            everything.append((list(tokens), total))
    everything.sort(key=lambda c: -c[1])
    found = beam_search(by_position(log_p), 1000, max_len, 0.0)
    expect(len(found)).equal(
        len(everything),
        hint="So wide a beam throws nothing away: every possible answer comes back, the finished ones too.",
    )
    expect([list(tokens) for tokens, _ in found]).equal(
        [tokens for tokens, _ in everything],
        hint="As many answers as there should be, but others, or in another order. All possible ones come back, the best score first.",
    )
    expect([log_prob for _, log_prob in found]).close(
        [total for _, total in everything],
        tol=1e-4,
        hint="log_prob is the sum of the log-probabilities, not the score.",
    )
### END HIDDEN TESTS

# %% check="beam_search-finished" points=1
# S → E at once with 0.55, or S → a with 0.45 and then a forever, each time with 0.9.
probs = torch.full((5, 5), 1e-6)
probs[S, E], probs[S, 3], probs[3, 3] = 0.55, 0.45, 0.9
found = beam_search(lambda prefixes: probs.log()[prefixes[:, -1]], 2, 4, 0.0)
expect([list(tokens) for tokens, _ in found]).equal(
    [[E], [3, 3, 3, 3]],
    hint="The finished hypothesis stays in the beam while the other one goes on, and it is not continued after its E.",
)
expect(found[0][1]).close(-0.597837, tol=1e-4, hint="A finished hypothesis keeps its log-probability.")
# S → a with 0.7 or S → E with 0.2; then b with 0.5 or c with 0.4: a b has 0.35, a c has 0.28, and the lone E only 0.2.
probs = torch.full((6, 6), 1e-6)
probs[S, 3], probs[S, E], probs[3, 4], probs[3, 5] = 0.7, 0.2, 0.5, 0.4
found = beam_search(lambda prefixes: probs.log()[prefixes[:, -1]], 2, 2, 0.0)
expect([list(tokens) for tokens, _ in found]).equal(
    [[3, 4], [3, 5]], hint="A finished hypothesis has no fixed place: two better ones push it out of a beam of 2."
)
expect(type(found[0][0]) is list and type(found[0][1]) is float).equal(
    True, hint="Tokens are a list, log_prob is a float."
)
### BEGIN HIDDEN TESTS
inf = float("inf")
never = torch.full((5, 5), -inf)  # only E, or 3 and then E
never[S, E], never[S, 3], never[3, E] = -0.5, -1.2, 0.0
for alpha in (0.0, 1.0):
    found = beam_search(lambda prefixes: never[prefixes[:, -1]], 4, 2, alpha)
    expect([log_prob for _, log_prob in found]).close(
        [-0.5, -1.2, -inf, -inf],
        hint="A candidate of -inf is a candidate: it has its place in a beam that is wide enough.",
    )
for seed in range(6):
    torch.manual_seed(70 + seed)
    size, k, alpha = (5, 7, 6)[seed % 3], (2, 3, 5)[seed % 3], (0.0, 1.0)[seed % 2]
    log_p = (1.5 * torch.randn(7, size, size)).log_softmax(dim=2)
    log_p[:, :, E] += 1.0  # answers of many lengths
    beam = {(): 0.0}
    for t in range(7):
        grown = {}
        for tokens, total in beam.items():
            if tokens and tokens[-1] == E:
                grown[tokens] = total
            else:
                last = tokens[-1] if tokens else S
                grown.update({(*tokens, i): total + float(log_p[t, last, i]) for i in range(size)})
        beam = dict(sorted(grown.items(), key=lambda c: -c[1] / len(c[0]) ** alpha)[:k])
    found = beam_search(
        lambda prefixes, log_p=log_p: log_p[min(prefixes.shape[1], 7) - 1, prefixes[:, -1]], k, 7, alpha
    )
    expect([list(tokens) for tokens, _ in found]).equal(
        [list(tokens) for tokens in beam],
        hint="Other answers were kept, or their order is another one. In each round the finished hypotheses and the continued ones compete for the k places, by log_prob / n ** alpha.",
    )
    expect([log_prob for _, log_prob in found]).close(
        list(beam.values()), tol=1e-4, hint="log_prob is the sum of the log-probabilities, not the score."
    )
### END HIDDEN TESTS

# %% check="beam_search-length" points=1
# Three answers: E alone with log p = -2.5, a E with log p = -2.0, and b c d E with log p = -3.2.
table = torch.full((7, 7), -40.0)
table[S, E] = -2.5
table[S, 3], table[3, E] = -1.6, -0.4
table[S, 4], table[4, 5], table[5, 6], table[6, E] = -0.8, -0.8, -0.8, -0.8
for alpha, best in ((0.0, [3, E]), (1.0, [4, 5, 6, E])):
    found = beam_search(lambda prefixes: table[prefixes[:, -1]], 3, 6, alpha)
    expect(found[0][0]).equal(best, hint="The worked example: compare by log_prob / n ** alpha; n counts E as well.")
# Three answers: E alone with log p = -1.2, b E with -1.0, and b c d E with -1.4. After two symbols b c has -1.3.
race = torch.full((7, 7), -40.0)
race[S, E] = -1.2
race[S, 4], race[4, E], race[4, 5], race[5, 6], race[6, E] = -0.4, -0.6, -0.9, -0.05, -0.05
found = beam_search(lambda prefixes: race[prefixes[:, -1]], 2, 6, 1.0)
expect(found[0][0]).equal(
    [4, 5, 6, E],
    hint="Compare by log_prob / n ** alpha in every round, not only at the end: by log_prob alone, b c is thrown away too early.",
)
### BEGIN HIDDEN TESTS
found = beam_search(lambda prefixes: table[prefixes[:, -1]], 3, 6, 1.0)
expect([log_prob for _, log_prob in found]).close(
    [-3.2, -2.0, -2.5], tol=1e-4, hint="log_prob is the sum, not the score."
)
for alpha, best in ((0.5, [3, E]), (0.65, [3, E]), (0.8, [4, 5, 6, E]), (0.7, [4, 5, 6, E]), (2.0, [4, 5, 6, E])):
    found = beam_search(lambda prefixes: table[prefixes[:, -1]], 3, 6, alpha)
    expect(found[0][0]).equal(
        best, hint="score = log_prob / n ** alpha, where n is the number of symbols, E included and S not."
    )
### END HIDDEN TESTS

# %% [markdown]
# First the tiny example, then the trained machine. It reverses 60 words of 9 letters, with beams of several widths, all
# with alpha = 1. For each answer we ask the machine how probable it finds it, and how probable it finds the *right*
# answer. (The picture shows this log p itself, not the score.) This takes about ten seconds.

# %%
guess.ask(
    "beam",
    "Greedy decoding has about 20 of the 60 words right. What does a beam of 8 add?",
    A="10 words or more",
    B="3 to 9 words",
    C="less than 3 words",
    mine="",
)


# %%
def demo_step(machine, word):
    """step_fn for one word: log-probabilities of the next symbol."""
    c = machine.read(make_batch([(word, "")])[0])  # [1, H]
    return lambda prefixes: machine.decoder(prefixes, c.expand(len(prefixes), -1))[:, -1].log_softmax(dim=-1)


for k in (1, 2):
    print(
        f"tiny, k = {k}:", [(to_text(tokens), round(log_p, 2)) for tokens, log_p in beam_search(demo_tiny, k, 2, 0.0)]
    )
demo_pairs = make_pairs("reverse", 60, 9, 9, seed=3)
demo_right, demo_found = {}, {}
with torch.no_grad():
    for k in (1, 2, 4, 8):
        best = [beam_search(demo_step(demo_machines["reverse"], word), k, 12, 1.0)[0] for word, _ in demo_pairs]
        said = [to_text(tokens).split("E")[0] for tokens, _ in best]
        demo_right[k] = sum(a == target for a, (_, target) in zip(said, demo_pairs, strict=True))
        demo_found[k] = sum(log_prob for _, log_prob in best) / 60
    demo_beam_gold = 0.0  # the mean log p of the right answers
    for word, target in demo_pairs:
        _, y_in, y_out = make_batch([(word, target)])
        log_p = demo_machines["reverse"](make_batch([(word, "")])[0], y_in).log_softmax(dim=-1)
        demo_beam_gold += log_p.gather(-1, y_out.unsqueeze(-1)).sum().item() / 60
print("right of 60 words:", ", ".join(f"k = {k}: {count}" for k, count in demo_right.items()))
print("log p, the mean:  ", ", ".join(f"k = {k}: {value:.2f}" for k, value in demo_found.items()), end="")
print(f", the right answers: {demo_beam_gold:.2f}")
demo_more = demo_right[8] - demo_right[1]
guess.compare("beam", "A" if demo_more >= 10 else "B" if demo_more >= 3 else "C")

# %% tags=["hide-input"]
figure, axes = plots.plt.subplots(1, 2, figsize=(plots.WIDTH, 2.9))
for ax, values, title, ylabel in (
    (axes[0], [count / 60 for count in demo_right.values()], "Exactly right", "share of 60 words"),
    (axes[1], list(demo_found.values()), "log p of the answer", "mean of 60 words"),
):
    ax.plot(range(4), values, "o-")
    ax.set(title=title, xlabel="beam width k", ylabel=ylabel, xticks=range(4))
    ax.set_xticklabels([str(k) for k in demo_right])
axes[0].set_ylim(0, 0.6)
axes[1].axhline(demo_beam_gold, color=plots.COLORS[1], linestyle="--", linewidth=1.5)
demo_label = {"xytext": (0, 4), "textcoords": "offset points", "ha": "center", "fontsize": 9, "color": plots.COLORS[1]}
_ = axes[1].annotate("the right answers", (1.5, demo_beam_gold), **demo_label)

# %% [markdown]
# *What to see:*
#
# - **The tiny example:** k = 1 finds `ax`, k = 2 finds `bx`.
# - **Left:** in our run greedy decoding (k = 1) has 20 of the 60 words right, and each wider beam 21: one word more.
# - **Right:** the wider beams do what they promise. They find answers that the machine finds more probable. But even the
#   greedy answers are, on average, more probable for the machine than the *right* ones (dashed line). It mostly believes
#   in its wrong answers, and there a better search cannot help. (4.11 counts how often.)
#
# The other predictions: with k = 1, beam search is greedy decoding. With a k so large that nothing is ever thrown away,
# it is an exact search, which surely finds the best score. But with 29 symbols and `max_len` = 12 there are about
# $2.4 \cdot 10^{17}$ answers to compare. So in practice k is small, and the search may miss the best.

# %% [markdown]
# ## 4.11 Measured: where is the bottleneck?
#
# The file `datasets/decoding_runs.json` holds 20 trainings of each kind of machine, made with the code of this page
# (seeds 0 to 19, one thread). All machines had the same 10,000 words of 1 to 12 letters and the same 800 steps, unless
# something else is said. Each number is the share of 200 test words that came out exactly right.
#
# **The length.** *Predict first:* reversing, with H = 32, 64, 128 and 256. How far to the right does the curve move
# when H doubles?

# %%
runs = data.load("decoding_runs")


def demo_mean(values):
    """The mean over the seeds."""
    return sum(values) / len(values)


for kind in ("reverse, H = 32", "reverse, H = 64", "reverse, H = 128", "reverse, H = 256", "sort, H = 128"):
    print(f"{kind:>17}:", *(f"{n}: {demo_mean(v):.2f}  " for n, v in runs["accuracy"][kind].items()))

# %% tags=["hide-input"]
ax = plots.plt.subplots()[1]
demo_styles = {"reverse, H = 32": ":", "reverse, H = 64": "-.", "reverse, H = 128": "--", "reverse, H = 256": "-"}
demo_styles["sort, H = 128"] = "o-"
for (kind, style), color in zip(demo_styles.items(), plots.COLORS, strict=False):
    values = list(runs["accuracy"][kind].values())
    x = [int(n) for n in runs["accuracy"][kind]]
    ax.plot(x, [demo_mean(v) for v in values], style, color=color, label=kind)
    ax.fill_between(x, [min(v) for v in values], [max(v) for v in values], color=color, alpha=0.15, linewidth=0)
ax.set(
    title="The longer the word, the worse (20 trainings: mean, lowest and highest)",
    xlabel="letters in the word",
    ylabel="share exactly right",
)
_ = ax.figure.legend(frameon=False, loc="outside right center")

# %% [markdown]
# *What to see:*
#
# - **Doubling H moves the curve by about two letters** (after 800 steps; how far more steps move it, see below). With
#   H = 32, half of the words come out right at 4 letters (0.52), with H = 64 at 6 letters (0.51), with H = 128 at 8
#   letters (0.52). The last doubling gives less: about one and a third letters (H = 256: 0.78 at 8
#   letters, 0.39 at 10).
# - **And each time it falls again:** at 12 letters, even H = 256 is down to 0.07.
# - **No accident:** at 8 letters, the bands of the four reversing curves do not touch.
# - **The task matters:** sorting with H = 128 still has 0.51 at 12 letters, reversing has 0.01.
#
# **The hand-over and the training.** H = 64, reversing. Four changes to the plain machine (last state, once, 800
# steps):

# %%
guess.ask(
    "change",
    "Which change helps most with words of 6 letters?",
    A="another context: projected_last or projected_all",
    B="the context at every step",
    C="scheduled sampling, one pass, p from 0 to 0.5",
    D="1600 steps",
    E="none of them is better than the plain machine",
    mine="",
)

# %%
demo_names = {
    "reverse, H = 64": "last state, once",
    "projected_last": "projected_last, once",
    "projected_all": "projected_all, once",
    "every step": "C at every step",
    "scheduled": "scheduled sampling, one pass",
    "reverse, H = 64, 1600 steps": "last state, 1600 steps",
}
print("parameters of the two decoders, H = 64:")
for name, decoder in (("once", DecoderInit(V, 32, 64)), ("at every step", DecoderEvery(V, 32, 64))):
    print(f"{name:>15}: {sum(p.numel() for p in decoder.parameters()):,}")
print("mean edit distance to the right answer:")
for kind in ("reverse, H = 64", "scheduled"):
    print(f"{demo_names[kind]:>28}:", *(f"{n}: {demo_mean(v):.2f}  " for n, v in runs["edits"][kind].items()))
demo_six = [demo_mean(runs["accuracy"][kind]["6"]) for kind in demo_names]  # in the order of demo_names
guess.compare("change", "EAABCD"[demo_six.index(max(demo_six))])
demo_gap = demo_six[0] - demo_six[3]  # once, less at every step
guess.compare("handover", "C" if abs(demo_gap) < 0.05 else "A" if demo_gap > 0 else "B")

# %% tags=["hide-input"]
ax = plots.heatmap(
    [[demo_mean(v) for v in runs["accuracy"][kind].values()] for kind in demo_names],
    list(demo_names.values()),
    list(runs["accuracy"]["every step"]),
    numbers=True,
    title="Reversing with H = 64: share exactly right, mean of 20 trainings",
    xlabel="letters in the word",
    ylabel="",
)
for text in ax.texts:
    text.set_text(f"{float(text.get_text()):.2f}")

# %% [markdown]
# *What to see:* only more training helps here. Look at the words with 6 letters.
#
# - **The plain machine** has 0.51. **Twice as many steps** lift it to 0.84, nearly as much as twice as many units (0.87,
#   in the picture above).
# - **Another context:** with a projection it is 0.37, with the mean of all states 0.18.
# - **C at every step:** 0.26, although that decoder has three quarters more parameters. Compare it with the 0.37 as
#   well: there, too, the last state goes through a projection with a tanh, but it is handed over once.
# - **Scheduled sampling, one pass:** 0.08. Its answers are not nearer to the right ones either: at 8 letters they need
#   4.06 edits on average, instead of 2.99.
#
# **Are the others bad ideas?** Not everywhere: the paper on scheduled sampling reports gains for picture captions, for
# parsing and for speech, with models and trainings much larger than ours. Two possible reasons for our result (we have
# measured neither):
#
# - Ours is the one-pass form (4.9), not the paper's.
# - Our words are random. The letters that were written say nothing about the next one, but the last right letter can
#   tell the decoder which part of the vector it has just used. A wrong letter points to a wrong part.
#
# What helps in one place need not help in another: measure it where you use it.
#
# **The search.** Is the right answer in the machine, and greedy decoding only misses it? We ask in two ways, with the
# plain machine, H = 64. Greedy and a beam of 8 (alpha = 1), both on the same 40 other words of each length; so greedy is
# not quite the row of the picture above. And for each wrong greedy answer (to 200 words): does the machine itself give the *right* answer a higher probability? Only then did the search make the
# mistake.

# %%
for name, by_length in runs["beam"].items():
    label = {"search errors": "mistakes of the search, of all greedy mistakes"}.get(name, f"exactly right, {name}")
    print(f"{label:>48}:", *(f"{n} letters: {demo_mean(v):.2f}  " for n, v in by_length.items()))

# %% [markdown]
# *What to see:*
#
# - **The beam helps a little:** at 6 letters from 0.51 to 0.58, at 8 letters from 0.12 to 0.18.
# - **Few mistakes are mistakes of the search:** one in four (0.25), and at 8 letters one in six (0.16). In all others,
#   even a perfect search for the most probable answer would not find the right one.
#
# So most of the trouble lies before the search.
#
# ### Is the vector too small?
#
# Let us count. A random letter is one of 26: that is $\log_2 26 \approx 4.7$ bits.

# %%
print(f"a word of 12 random letters: {12 * torch.tensor(26.0).log2():.0f} bits")
print(f"64 numbers of 32 bits:       {64 * 32} bits")

# %% [markdown]
# So the vector is not simply too small. But the encoder must *learn* to pack every letter together with its place into
# it, step by step, over all letters that follow. And the decoder must learn to unpack it again. That becomes harder
# with each letter: more units or more steps move the fall to longer words, and there it comes again.

# %% [markdown]
# ## 4.12 The translator, first version
#
# Letters were practice. Give the same machine words, and it is a translator. From here on, **one translator grows through
# the course**: with one vector (here), with attention (05), with other scores (06), without recurrence (07). The same
# three sentences travel with it.
#
# The sentences come from a small grammar that makes English–Chinese pairs: 4,000 for training, others for the test. The
# machine is built of your pieces; only its lists of symbols are new. It was trained beforehand, and the answers below are
# those of the first training. We take `DecoderEvery`, though `DecoderInit` did better in 4.11, so that the decoder's
# GRU reads
# a context at every step, as it will in stage 05.

# %%
demo_corpus = grammar.corpus()
demo_translator = Machine(encode, context, DecoderEvery(len(grammar.CHINESE), 32, 64))  # one vector, at every step
demo_translator.embed = nn.Embedding(len(grammar.ENGLISH), 32)  # words instead of letters
demo_travel = [demo_corpus.test[0], demo_corpus.by_length[10][5], demo_corpus.by_length[22][3]]
print(len(grammar.ENGLISH), "English symbols,", len(grammar.CHINESE), "Chinese ones,", end=" ")
print(f"{sum(p.numel() for p in demo_translator.parameters()):,} parameters")
for pair in demo_travel:
    print(f"{len(pair.source):>2} words: {' '.join(pair.source)}")
guess.ask(
    "translator",
    "After 800 steps: which of the three sentences does it translate without a mistake?",
    A="none",
    B="the first",
    C="the first two",
    D="all three",
    mine="",
)

# %% [markdown]
# (4,096 of the printed parameters are the `W` of `Machine`, which `last` never uses.)
#
# The training is that of stage 05: 800 steps, 32 sentences a step. Three trainings are stored beside the other runs, and
# one with four times as many steps. You need no Chinese: below each Chinese sentence stands what its words mean, one by
# one (– is a small word that has no English one of its own).

# %%
demo_linked = {}  # Chinese word → the English words that it stands for in the training pairs
for pair in demo_corpus.train:
    for t, position in pair.sure:
        demo_linked.setdefault(pair.target[t], []).append(pair.source[position])
demo_meaning = {word: max(sorted(set(words)), key=words.count) for word, words in demo_linked.items()}


def demo_say(name, sentence):
    """Prints a Chinese sentence, and below it the English word for each of its words."""
    print(f"  {name:>7}: {sentence}\n{'':>10} {' '.join(demo_meaning.get(word, '–') for word in sentence.split())}")


demo_stored = runs["translator"]
demo_says = demo_stored["runs"]["800"]["says"]
for english, right, said in zip(demo_stored["sentences"], demo_stored["right"], demo_says, strict=True):
    print(english)
    demo_say("right", right)
    demo_say("written", said)
demo_exact = [said == right for said, right in zip(demo_says, demo_stored["right"], strict=True)]
guess.compare("translator", "ABCD"[sum(demo_exact)])  # the shorter ones come first

# %%
demo_lengths = [int(n) for n in demo_stored["runs"]["800"]["by_length"]]
demo_three = list(demo_stored["runs"]["800"]["by_length"].values())  # of each length, the shares of three trainings
ax = plots.lines(
    {
        "800 steps, 3 trainings: mean, lowest and highest": [demo_mean(values) for values in demo_three],
        "3200 steps, 1 training": [values[0] for values in demo_stored["runs"]["3200"]["by_length"].values()],
    },
    demo_lengths,
    title="The translator, first version: one vector for the whole sentence",
    xlabel="English words in the sentence (20 sentences of each length)",
    ylabel="share exactly right",
)
band = [min(values) for values in demo_three], [max(values) for values in demo_three]
ax.fill_between(demo_lengths, *band, color=plots.COLORS[0], alpha=0.15, linewidth=0)
ax.set(ylim=(-0.03, 1.05), xticks=range(3, 23, 2))
for steps, run in demo_stored["runs"].items():
    print(f"{steps} steps, exact in the test:", *(f"{share:.2f}" for share in run["exact"]))

# %% [markdown]
# *What to see:*
#
# - **Three words get through more often than not:** 我 爱 中国, "I love China". Of the sentences with three words, 0.58 are
#   right (the mean of three trainings), of those with four 0.27, with six 0.10, and from 11 words on none.
# - **Ten words:** "they do not love a girl who the teacher knows" became 汤姆 不 爱 北京, "Tom does not love Beijing". The
#   verb and the "not" came through; who loves whom is made up.
# - **Twenty-two words:** the frame is right (*tomorrow, will not, in the park*). Most of the people and animals are not,
#   and the main verb is wrong, too: 帮助 (help) for 认识 (know). The decoder has learned to write Chinese. What it lacks
#   is the source.
# - **Four times as many steps** help and do not cure: 0.35 of the test instead of 0.04 to 0.10, and nearly all
#   sentences of up to five words. With ten words it is 0.30, and from 14 words on at most one sentence in 20 of each
#   length.
#
# ### The question that is left
#
# Everything about the source must pass through one vector of a fixed size: this is the **bottleneck**. All the while
# the encoder *has* a state for each symbol. `encode` returns it as `memory`, and our decoders use one row of it, or one
# mean. What if the decoder could look into `memory` at every step, and each time somewhere else? That is attention.
# **Stage 05 adds it.**
#
# With it come an encoder that reads in both directions, a first state made from it, and an output layer that sees the
# context and the last word as well. Data, steps and width stay. Its controls *none* and *static* keep all that is new
# and change only the attention: so there you see what attention itself is worth.
#
# ### Half two is done
#
# **What you have now**
#
# - An answer, with numbers: a wider search and a teacher who steps back (our one-pass form of scheduled sampling) do not
#   save the long words. What is left is the way through the one vector. More units and more steps move the fall to
#   longer words; nothing that we tried removes it. Whether the vector is to blame, stage 05 tests: it gives the decoder a
#   way around it.
# - `input_influence`, `scheduled_inputs` and `beam_search`, 11 points; the quiz has the last five.
# - The first version of the translator, with its number: exact by length.

# %% [markdown]
# ## 4.13 Quiz

# %% [markdown] quiz="which_state" kind="one" points=1 read="4.2"
# A batch holds `up` and `extraordinary`. Which state of `up` goes to the decoder (`last`)?
#
# - [x] A. The state after its own last real symbol, its `E`.
#   > Yes: it is the last state that has read all of its real symbols, and nothing else.
# - [ ] B. The state that the GRU reaches in the last column of the batch.
#   > That column is a pad for `up`. The state would depend on how long the *other* word is.
# - [ ] C. The mean of its states in all the columns.
#   > No. A mean can be a context, but only over the real symbols. Over all columns it depends on the number of pads.
# - [ ] D. The state after its last letter, the `p`, before `E` is read.
#   > That one has read no pad either. But `E` is a real symbol of the source and counts in its length: `last` has read it too.

# %% [markdown] quiz="every_inputs" kind="number" points=1 read="4.4" draw="D=16,24,32 H=40,64,96" tolerance="0"
# A `DecoderEvery` has embeddings of {D} numbers and {H} hidden units. How many numbers does its GRU read at each step
# as its **input** (not counting its old state)?
#
# - [x] D + H
#   > Yes: {D} of the embedding, and {H} of C, which stand side by side.
# - [ ] D
#   > That is the decoder that gets the context once. Here C stands next to each embedding.
# - [ ] H
#   > That is C alone. The decoder must also read the symbol before.
# - [ ] D + 2 * H
#   > You counted the old state as well. It is not part of the input.
# - [ ] else
#   > Write down what [y_t; C] means: which two lists stand side by side, and how long is each?

# %% [markdown] quiz="equal_influence" kind="one" points=1 read="4.8"
# "Without attention, all input letters have the same influence on every output letter." What did you measure?
#
# - [ ] A. It is true: the context vector is the same at every step, so nothing can differ.
#   > The first half is true, the second does not follow. The same vector is used in another way at each step.
# - [x] B. It is false: the context is one vector, but the shares differ by the step.
#   > Yes. For the first letter of a reversed word, one input alone had about a third of all influence; in single words of *reverse* the shares went from 2 to 46 %.
# - [ ] C. It is false: only the letter that was read last has any influence.
#   > It often has the most, but all others have some: you saw no zeros.
# - [ ] D. It is true for sorting, as the even means show, and false for reversing only.
#   > The means of *sort* are nearly even. In single words they are not: there, too, shares went from 3 to more than 35 %.

# %% [markdown] quiz="beam_facts" kind="several" points=1 read="4.10"
# What is true of beam search as you built it?
#
# - [x] A. With k = 1 it is greedy decoding.
#   > Yes: one hypothesis is kept, and it is the one with the best next symbol.
# - [ ] B. The wider the beam, the more answers are right: with k large enough, nearly all of them.
#   > No. It looks for answers that the *model* finds more probable. Where the model is wrong, these are wrong answers.
# - [x] C. A finished hypothesis stays among the candidates until k others have better scores.
#   > Yes. Otherwise a short answer would be lost as soon as a longer one is continued.
# - [ ] D. With alpha = 0, long answers have an advantage.
#   > The other way round: each further symbol makes log p smaller, so short answers have the advantage.

# %% [markdown] quiz="hypothesis_score" kind="number" points=1 read="4.10" draw="a=1,2,3 b=4,5,6 n=4,5,8" tolerance="0.001"
# A finished hypothesis has {n} symbols, its `E` included. Their log-probabilities add up to −({a} + {b}). What is its
# score for alpha = 1?
#
# - [x] -(a + b) / n
#   > Yes: log p divided by n to the power 1, the mean of a symbol.
# - [ ] -(a + b)
#   > That is the score for alpha = 0.
# - [ ] -(a + b) / (n - 1)
#   > You left out the E. It is a symbol that the model had to choose, so it counts.
# - [ ] -(a + b) / (n + 1)
#   > You counted S as well. It was not written by the model.
# - [ ] else
#   > score = log p / n^alpha. Put in the three numbers.

# %% [markdown]
# ## What you can now do
#
# - encode a padded batch so that no pad changes any state, and return all states as a memory;
# - make one context of many states in three ways, and hand it over once or at every step;
# - measure with exact answers by length, and with the edit distance;
# - measure the influence of each input on each output, and correct a sentence that is often repeated;
# - mix right and own symbols with one coin for each input;
# - search with a beam: add logarithms, keep the finished hypotheses, divide by a power of the length;
# - tell a mistake of the search from a mistake of the model, and say what the bottleneck is.
#
# ## How often were you right?
#
# A wrong guess is worth more than a right one, if you can say what you believed.

# %%
guess.summary()

# %% [markdown]
# ## Go further
#
# Without points. Each task ends with something to measure.
#
# - ★ **Backwards.** Train a machine that *copies* the word (make the pairs yourself). Then give it the source backwards,
#   as Sutskever et al. did (their section 3.3), and lay both curves of accuracy by length beside that of reversing.
# - ★★ **Deeper.** Give `Machine` and `DecoderInit` two layers, and choose H so that they have as many parameters as one
#   layer with H = 128. Which one has more words of 8 letters right?
# - ★★★ **As in the paper.** Write a `fit` for scheduled sampling that goes step by step, so that an own symbol follows
#   from the own symbols before it. Does it do better at 6 letters than the 0.08 of 4.11? Does it reach the plain 0.51?
#
# ## Papers
#
# - I. Sutskever, O. Vinyals, Q. Le, *Sequence to Sequence Learning with Neural Networks*, 2014,
#   [arXiv 1409.3215](https://arxiv.org/abs/1409.3215): section 2, the context as the first state; section 3.2, a beam;
#   section 3.3, the source is read backwards, so that its beginning is near the beginning of the answer.
# - K. Cho et al., *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation*,
#   2014, [arXiv 1406.1078](https://arxiv.org/abs/1406.1078): section 2.2; appendix A.1 has $c = \tanh(V h)$ and the
#   decoder that reads $c$ at every step.
# - K. Cho et al., *On the Properties of Neural Machine Translation: Encoder–Decoder Approaches*, 2014,
#   [arXiv 1409.1259](https://arxiv.org/abs/1409.1259): translations become worse as sentences become longer.
# - S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, *Scheduled Sampling for Sequence Prediction with Recurrent Neural
#   Networks*, 2015, [arXiv 1506.03099](https://arxiv.org/abs/1506.03099): section 2.4, one coin for each token.
# - F. Huszár, *How (not) to Train your Generative Model: Scheduled Sampling, Likelihood, Adversary?*, 2015,
#   [arXiv 1511.05101](https://arxiv.org/abs/1511.05101): why scheduled sampling need not find the right model.
# - Y. Wu et al., *Google's Neural Machine Translation System*, 2016,
#   [arXiv 1609.08144](https://arxiv.org/abs/1609.08144): section 7, another form of length normalisation.
# - F. Stahlberg, B. Byrne, *On NMT Search Errors and Model Errors: Cat Got Your Tongue?*, 2019,
#   [arXiv 1908.10090](https://arxiv.org/abs/1908.10090): with an exact search, many translations are empty.
# - K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, 2013,
#   [arXiv 1312.6034](https://arxiv.org/abs/1312.6034): section 3, the gradient as a measure of influence.
# - V. Levenshtein, *Binary codes capable of correcting deletions, insertions, and reversals*, Soviet Physics Doklady
#   10(8), 1966: the edit distance of 4.6. ("Reversal" there means that a 0 becomes a 1, or a 1 a 0.)
# - R. Wagner, M. Fischer, *The String-to-String Correction Problem*, Journal of the ACM 21(1), 1974: the table of
#   4.6.
