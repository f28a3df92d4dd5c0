# %% [markdown]
# # 12 · Quizzes and a bug clinic
#
# The last page. You have built everything from the plain RNN to networks that look at pictures. Here you find out how
# well you know it, and you learn the one thing that no page has asked of you yet: **to write the test yourself**.
#
# **What you know:** the stages 00 to 11. (You can also come here after stage 07, and leave the parts on the stages 08 to 11 for
# later.)
#
# **What you will be able to do after this page**
#
# - answer the questions that everybody asks about attention, and say which of the usual answers are contested;
# - look at a heatmap and say what kind of model made it;
# - test a sentence from a paper or a blog with a number of your own;
# - write a check that accepts every right version of a function and refuses every wrong one.
#
# **Points and time.** This page has 113 points. Plan five to six hours, in five sittings: 12.2 and 12.3, then 12.4, then the claims 1 to 12
# of 12.5, then its other claims, then 12.6.
#
# **Letters of this page.** B batch (of sentences, pairs or pictures), T target length, S source length, H hidden units, I inputs, V vocabulary, D model width, N
# heads, d the width of one query or key. For pictures, H and W are height and width, and L is the number of labels. Masks are True where something *is there* or *may be seen*.

# %% given="setup"
try:
    from autograder.lab import data, expect, grammar, plots
except ModuleNotFoundError:
    raise ImportError(
        "The course's package, sequence-course, is not in this kernel: in JupyterLab and VS Code choose the kernel of "
        "the course's .venv (`python3 course.py lab` makes it); in Colab and Kaggle upload the course's folder, copy "
        "it to /content or /kaggle/working, run `%pip install --no-deps -e FOLDER executing zhplot`, and restart the "
        "session (`pip install autograder` is another program)."
    ) from None

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
plots.use_style()


def plain(version):
    """The same function, but its arguments must be tensors, numbers, texts, None, or lists and tuples of these.

    The versions that your tests get on this page are wrapped in it: a version is called with values, and with nothing else.
    Where it cannot take them, the error is the same for all versions.
    """

    def is_plain(value):
        if type(value) in (list, tuple):
            return all(is_plain(item) for item in value)
        return value is None or type(value) in (torch.Tensor, nn.Parameter, int, float, bool, str)

    def checked(*arguments):
        if not all(is_plain(value) for value in arguments):
            raise TypeError("a version takes tensors, numbers, texts, None, and lists and tuples of these")
        with torch.random.fork_rng(devices=[]):
            try:
                return version(*arguments)
            except Exception:
                raise ValueError("a version cannot take these arguments: see its docstring") from None

    return checked


def decided(verdict):
    """What a test on this page decided: True or False, or a tensor with one of them. Anything else is a failure."""
    if isinstance(verdict, torch.Tensor) and verdict.numel() == 1:
        verdict = verdict.item()
    your_test_returns = "True or False" if type(verdict) is bool else "something else"
    expect(your_test_returns).equal("True or False", hint="A test says True or False, and returns nothing else.")
    return verdict


# %% [markdown]
# **Two functions, one test.** Both functions below should give the cosine of the angle between two vectors. The test calls them
# with two vectors and compares with a value that was computed by hand. Run the cell.


# %%
def demo_one(a, b):
    return (a * b).sum()


def demo_two(a, b):
    return (a * b).sum() / (a.norm() * b.norm())


def demo_test(version):
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.6, 0.8])
    return bool((version(a, b) - 0.6).abs() < 1e-6)


print("one:", demo_test(demo_one), "  two:", demo_test(demo_two))

# %% [markdown]
# Both pass, and one of them is wrong. A test that cannot see this is worse than none: it says that all is well. *Predict:* which
# vectors would tell the two apart? In 12.6 you write ten tests; after the last of them you come back to this one.

# %%
ax = plots.course_map(here="12_quizzes")

# %% [markdown]
# ## 12.1 How this page works
#
# **Questions.** Write your answer in place of `None` and run the check below it. It says whether the answer has the right form.
# Whether it *is* right, you learn when the page is graded, with a sentence for the option that you chose. Where a question draws numbers for
# you, write your id into `student` once, in the first such question.
#
# **Exercises.** In 12.5 and 12.6 you write functions again, with checks as on the other pages.
#
# A good way to work: answer first, without looking. Then run a cell of the earlier stage, and see whether you were right. A wrong
# answer that you found yourself is worth more than a right one that you looked up.

# %% [markdown]
# ## 12.2 Five classic questions
#
# You find these five questions, in one form or another, in many lectures. Three have a clear answer. Two are **contested**: good
# people give different answers, and the usual key is only the *best* one. After each of these two comes a question that asks
# for the reason.

# %% [markdown] quiz="why_attention" kind="one" points=1 read="5.1"
# Why did sequence models get attention? Choose the **main** reason.
#
# - [x] A. So that a limited computation is spent on the part of the input that matters now.
#   > Yes, this is the usual key, and it is contested. Against it: *soft* attention looks at everything and only weighs it, so it adds work, about 2 · S · D multiply-adds for each word (6.8). What is limited is the vector that the next step gets. For it: in 5.9 a decoder that gets one fixed mixture at every step has 0.39 of the test right, and one that can choose anew at every step 0.99.
# - [ ] B. So that a model needs fewer parameters, because all steps look with the same weight matrices.
#   > No. The steps shared their matrices before, too. Additive attention adds three weights, W, U and v; dot adds none. Nothing becomes smaller by it.
# - [ ] C. So that gradients do not vanish on their way back through many steps.
#   > Partly true, so this is where the key is contested. For it: with attention an output has a short way to each input, and in 7.9 a block with self-attention is right at every lag up to 160, where the plain RNN has lost the word by lag 20. Against it: *static* attention has short ways too, and it has 0.39 of the test right in 5.9, where *additive* has 0.99. And Bahdanau et al. 2014 give the one vector as their reason, not the gradient.
# - [ ] D. So that gradients do not explode on their way back through many steps.
#   > No. Against large gradients there is clipping (1.6). Attention does not bound a gradient.

# %% [markdown] quiz="why_attention_reason" kind="one" points=1 read="6.8"
# The question above is contested. Somebody defends C, "against vanishing gradients". Which objection is the strongest?
#
# - [ ] A. Attention has nothing to do with gradients: it only weighs states on the way forward.
#   > Too strong. The weighted sum does give each encoder state a direct way to the loss.
# - [ ] B. LSTMs had solved vanishing gradients already, so that nothing was left to do.
#   > Stage 02 measured the opposite for torch's start: at lag 90, the default LSTM's gradient is practically zero. What speaks for B: with a forget bias of 3 it is about 0.1.
# - [ ] C. The gradients of attention always explode, so that one evil only replaces another.
#   > Nothing of the kind was measured, and the weights of a softmax lie between 0 and 1.
# - [x] D. The static attention of 5.5 gives gradients the same short ways, and it gains far less.
#   > Yes. In 5.9 *static* has 0.39 of the test right and *additive* 0.99; from 16 words on *static* has none. The ways are equally short. What differs is that each step can look somewhere else. What speaks for the other side: *none* has 0.00, so something is gained without choosing, and the short ways may be a part of it.

# %% [markdown] quiz="score_forms" kind="several" points=1 read="6.1"
# Which of these are forms of the score that are used for attention?
#
# - [x] A. The dot product of query and key.
#   > Yes: Luong's `dot`, and with the scale 1/√d that of stage 07.
# - [x] B. A dot product with a learned matrix in between.
#   > Yes: Luong's `general`, h · W k.
# - [x] C. The additive score: a small network with one hidden layer and tanh.
#   > Yes: Bahdanau's score, and Luong's `concat`.
# - [ ] D. The derivative of the loss with respect to the key.
#   > No. A score is computed on the way forward, also when there is no loss at all. Gradients are used to *study* influence (4.8), not as scores.

# %% [markdown] quiz="why_translation" kind="one" points=1 read="4.11"
# Why does attention help in translation? Choose the **main** reason.
#
# - [ ] A. It captures dependencies between words that stand far apart from each other in a long sentence.
#   > Defensible, so this key is contested. For it: with attention, long sentences gain the most (5.9). Against it: in 6.9, words of 12 letters have the same distances in both tasks, and yet reversing gains everything (from 0.03 to 1.00, after the long training) and sorting next to nothing (from 0.95 to 0.98). What counts is whether each step needs another place. A far word is one case of this.
# - [x] B. For each word that is written, it can look at the inputs that matter for this word.
#   > Yes. Behind it is the bottleneck of stage 04: without attention, a sentence of any length must pass through one vector of a fixed size. In 5.9 a decoder without this choice has 0.39 of the test right (*static*), and with it 0.99. It is contested, because long sentences gain the most, which speaks for A: at three words *static* is as good as *additive*.
# - [ ] C. It needs fewer parameters than the encoder-decoder without it.
#   > No. In 5.9 all three models have nominally the same number (in *none* and *static* a part has no effect). What attention adds is not fewer parameters.
# - [ ] D. It makes training faster, since each of its steps takes less time.
#   > A step takes longer with attention (6.8). It may need fewer steps, as in the short training of 6.9, but this is not what a step costs.

# %% [markdown] quiz="why_translation_reason" kind="one" points=1 read="4.11"
# Which measurement speaks most directly for the bottleneck as the reason?
#
# - [ ] A. A larger vocabulary makes translation harder, with attention and without it.
#   > That says nothing about the vector between encoder and decoder.
# - [ ] B. The translator with attention has a lower alignment error rate than chance.
#   > True, but it says where the model looks, not what was missing before.
# - [x] C. Without attention, long inputs go wrong first; with a larger state, only still longer ones do.
#   > Yes: in 4.11, half of the reversed words are right at 4 letters with H = 32, at 6 with H = 64 and at 8 with H = 128. More room moves the limit, and attention takes it away (6.9: 1.00 at 12 letters). One thing speaks against "too small": counted in bits, the vector has room enough (4.11). What is hard is to learn to pack it.
# - [ ] D. Bidirectional encoders are better than forward ones, because each state has read both sides of its word.
#   > That is a gain of its own. It leaves the bottleneck as it is: one vector at the end.

# %% [markdown] quiz="self_attention_solves" kind="one" points=1 read="7.9"
# Which problem of recurrent networks does self-attention solve?
#
# - [ ] A. Vanishing gradients on the way down through a deep stack of layers.
#   > No. A deep stack of Transformer blocks needs residual connections and norms for this (7.7). What speaks for A: over *time* the way of a gradient does become short. That is C.
# - [ ] B. Exploding gradients where the weights of a layer are large.
#   > No. Transformers are trained with clipping and warm-up too.
# - [x] C. Dependencies over a long distance: any two positions are one step apart.
#   > Yes: the way from the first word to the last has one step, where an RNN needs T. In 7.9 a block is right at every lag up to 160; the plain RNN has lost the word by lag 20. It has its price: memory and work grow like T².
# - [ ] D. Slow convergence: it needs fewer steps of training than an RNN.
#   > No. The positions of one layer can be computed at once, which makes a *step* fast where many processors work. (On one core the block of 7.9 took longer than the RNN and the LSTM at every lag.) How many steps are needed is another question.

# %% [markdown] quiz="self_attention_core" kind="one" points=1 read="7.2"
# What is the core of self-attention?
#
# - [x] A. The weights come from the queries and the keys, and are applied to the values.
#   > Yes: softmax(Q Kᵀ / √d) V.
# - [ ] B. The weights come from the keys and the values, and are applied to the queries.
#   > No. The values are what is *read*. They play no part in where to look.
# - [ ] C. The weights come from comparing the queries with each other, and are applied to the values.
#   > No. Then "A looks at B" and "B looks at A" would always have the same score. Two different maps, Q and K, make the score lopsided.
# - [ ] D. The weights come from comparing the values with each other, and are applied to the values.
#   > No. What a word *says* (its value) and what it *can be found by* (its key) are two things, made with two matrices.

# %% [markdown]
# ## 12.3 The final quiz
#
# Forty-six questions over the stages 00 to 11. Many of the wrong options are mistakes that were published, or that we made ourselves.
#
# ### Stage 00: words become tensors

# %% [markdown] quiz="mask_shape" kind="shape" points=1 read="0.10" draw="B=3,5,6 T=11,13,17 H=20,24,32"
# `states` has the shape [{B}, {T}, {H}] and `mask` the shape [{B}, {T}]. To set the states at pads to 0 you multiply `states` by a
# tensor made from `mask`. Which shape must that tensor have, so that broadcasting does the rest and no element is stored twice?
#
# - [x] (B, T, 1)
#   > Yes, `mask.unsqueeze(-1)`: sizes are compared from the right, and the 1 is stretched over the H numbers of a state.
# - [ ] (B, T)
#   > Broadcasting starts from the right: it would compare T with H, and stop with an error, or do worse where the two are equal.
# - [ ] (B, 1, T)
#   > From the right, T would meet H, and 1 would meet T. This is the form for *scores* of shape [B, T, S].
# - [ ] (B, T, H)
#   > It gives the same result, but every element of the mask is stored H times.
# - [ ] else
#   > Write the two shapes below each other, right-aligned. Which size must be added, and where?

# %% [markdown] quiz="unknown_letter" kind="one" points=1 read="0.4"
# A vocabulary as on page 00 was built from the training words. In the test there is a character that it does not hold. What is the best thing that its `encode` can do?
#
# - [x] A. Raise an error that names the character.
#   > Yes, as on page 00: an error at the place where it happens costs a minute. What speaks for D in another form: large models keep a symbol "unknown" for this. But they have met it in training; this vocabulary has none.
# - [ ] B. Leave the character out, so that the rest of the word can still be read.
#   > Then `naïve` and `nave` become the same word, and nobody notices.
# - [ ] C. Use the id of the pad, since every mask knows what to do with it.
#   > Pads are masked everywhere: the character disappears in silence, and in the middle of a word a mask has a hole.
# - [ ] D. Give it a new id, V, behind all the others.
#   > The embedding and the output layer have V rows. The first look-up stops with an index error far away from the cause.

# %% [markdown] quiz="pad_effect" kind="several" points=1 read="0.10"
# Where can pads do harm, if nobody thinks of them?
#
# - [x] A. In the loss: many easy positions make the mean small.
#   > Yes: 3.4.
# - [ ] B. In the forward states of an RNN at the real positions before the pads.
#   > No. These states were computed before the first pad was read.
# - [x] C. In the state that an encoder hands over.
#   > Yes: an RNN that reads on through pads changes its state (3.3, 4.2).
# - [x] D. In the backward half of a bidirectional layer.
#   > Yes: it reads the pads *first* (2.5).
# - [x] E. In the softmax over source positions.
#   > Yes: without a mask, the pads get a share of the weights (5.3).

# %% [markdown]
# ### Stage 01: the plain RNN

# %% [markdown] quiz="concat_form" kind="shape" points=1 read="1.1" draw="I=3,5,6 H=11,13,17"
# You write the step of an RNN with **one** matrix: $h' = \tanh(W\,[x; h] + b)$, with {I} inputs and {H} hidden units. What is the shape of W?
#
# - [x] (H, I + H)
#   > Yes: it makes H numbers out of the I + H that stand below each other. It is W_ih and W_hh side by side.
# - [ ] (I + H, H)
#   > This is W transposed. In torch a weight has its outputs first, [out, in].
# - [ ] (H, I * H)
#   > The two vectors are joined, not multiplied: their lengths add up.
# - [ ] (2 * H, I)
#   > That would put the two matrices below each other, but they read different vectors.
# - [ ] (H, H)
#   > This is W_hh alone. The input needs columns too.
# - [ ] else
#   > How many numbers go in, how many come out? torch's order is [out, in].

# %% [markdown] quiz="gain_lag" kind="number" points=1 read="1.5" draw="g=0.6,0.7,0.8 k=5,10,15" tolerance="2%"
# A *linear* RNN has $W_{hh}$ = {g} times an orthogonal matrix. By which factor does the length of a gradient change on its way back over {k} steps?
#
# - [x] g ** k
#   > Yes: each step multiplies the length by g, and an orthogonal matrix changes no length.
# - [ ] g * k
#   > The factors of the steps are multiplied, not added.
# - [ ] (0.25 * g) ** k
#   > There is no sigmoid here: the RNN is linear, its slope is 1.
# - [ ] k ** -g
#   > This falls far too slowly: vanishing is exponential in the number of steps.
# - [ ] g ** (2 * k)
#   > You squared the factor. This would be the *square* of the length.
# - [ ] else
#   > What does one step do to the length? And how many steps follow each other?

# %% [markdown] quiz="temperature" kind="several" points=1 read="1.7"
# A character model writes with temperature $\tau$: it samples from softmax(logits / $\tau$). What is true?
#
# - [ ] A. A temperature changes which character is the most probable one.
#   > No. Dividing by a positive number keeps the order.
# - [ ] B. $\tau = 0$ means that the model chooses freely.
#   > The other way round: towards 0 there is no choice left. And exactly 0 divides by zero.
# - [x] C. For a very small $\tau$ it always takes the most probable character.
#   > Yes: the differences of the logits become huge.
# - [x] D. For a very large $\tau$ all characters become about equally probable.
#   > Yes: the differences shrink to nothing.

# %% [markdown]
# ### Stage 02: LSTM and GRU

# %% [markdown] quiz="bias_halves" kind="number" points=1 read="2.6" draw="b=1,2,3 n=20,30,40" tolerance="1%"
# An LSTM has weights 0, and all its biases are 0 except those of the forget gate: `b_ih` is {b} there, and somebody sets `b_hh` to {b} too. Which part of
# the memory c is left after {n} steps?
#
# - [x] (1 / (1 + math.exp(-2 * b))) ** n
#   > Yes: torch adds the two biases, so the gate is σ(2b). Then it is multiplied n times. Whoever wants σ(b) sets one of the two to 0.
# - [ ] (1 / (1 + math.exp(-b))) ** n
#   > torch keeps two biases and adds them: the gate is not σ(b).
# - [ ] 1 / (1 + math.exp(-2 * b))
#   > This is one step. The gate acts at each step.
# - [ ] 1 - (1 / (1 + math.exp(-2 * b))) ** n
#   > This is the part that is lost.
# - [ ] else
#   > Which number goes into the sigmoid of the forget gate? And what happens to c at each of the n steps?

# %% [markdown] quiz="gate_rows" kind="one" points=1 read="2.2"
# You load LSTM weights from another library into torch. All shapes fit, nothing raises, and the model writes nonsense. What is the first thing to look at?
#
# - [ ] A. Whether the weights have been trained for long enough.
#   > Loaded weights need no training to behave as they did before.
# - [ ] B. Whether H is a power of two, as in the other library.
#   > H may be any number. This changes the speed at most.
# - [ ] C. Whether both have the same learning rate.
#   > Nothing is being learned here.
# - [x] D. Whether the 4H rows have the gates in the same order.
#   > Yes: torch has i, f, g, o; the ONNX format has i, o, f, g. Every order has the same shape.

# %% [markdown] quiz="gru_same" kind="one" points=1 read="2.3"
# Two GRUs differ in one of their conventions. For which one can you find other weights, so that both compute the same function?
#
# - [ ] A. For the place of the reset, before or after the linear map: change all signs of $r$.
#   > No. W (r ⊙ h) and r ⊙ (W h) are different functions; no choice of the same matrices makes them equal in general.
# - [x] B. For what $z$ keeps, the old or the new state: change all signs of $z$.
#   > Yes: σ(−a) = 1 − σ(a), so the two gates change their roles. (The signs of its weights *and* of its biases.)
# - [ ] C. For both: a gate can always be turned by changing all of its signs.
#   > The place of the reset is a real difference. A turned $r$ does not move it.
# - [ ] D. For neither: another convention is another function.
#   > Think of σ(−a): what is it?

# %% [markdown] quiz="bi_shape" kind="shape" points=1 read="2.5" draw="B=3,5,7 T=11,13 I=4,6,9 H=16,20,24"
# A bidirectional LSTM with {H} units in each direction reads a batch [{B}, {T}, {I}], `batch_first=True`. What is the shape of the first thing that it returns?
#
# - [x] (B, T, 2 * H)
#   > Yes: at every position the two states stand side by side.
# - [ ] (B, T, H)
#   > That is one direction, or the two added up. torch puts them side by side.
# - [ ] (2, B, H)
#   > That is h_n, the last state of each direction.
# - [ ] (B, 2 * T, H)
#   > The two directions read the same T positions. Their states stand side by side, not one after the other.
# - [ ] (B, T, 4 * H)
#   > The 4 belongs to the gates, and these are inside the cell.
# - [ ] else
#   > For each sentence and each position there is one state of each direction. How long are the two together?

# %% [markdown]
# ### Stage 03: seq2seq

# %% [markdown] quiz="shifted" kind="one" points=1 read="3.2"
# In a copy of the antonym machine, `y_in` and `y_out` are the same rows. Training reaches a loss of almost 0 very soon. What has the model learned?
#
# - [ ] A. To translate: the loss says so.
#   > The loss only says that the model names the right symbol. Here it reads this symbol at the same step.
# - [ ] B. Nothing: a loss of 0 gives no gradient.
#   > It got to 0 by learning: it learned the wrong thing.
# - [x] C. To copy its input: at each step it reads the symbol that it has to name.
#   > Yes. With its own letters as inputs it has nothing to copy, and writes nonsense. A loss that is too good is a symptom.
# - [ ] D. The same as before, but without the start symbol: the first letter of each word will be missing.
#   > The missing shift is not about S. At every position, the answer stands in the input.

# %% [markdown] quiz="masked_mean" kind="number" points=1 read="3.4" draw="n=5,6,7 m=2,3,4 L=13,16,17" tolerance="0.001"
# A batch of two words. With their E they have {n} and {m} symbols, in rows of length 10. The losses of the {n} symbols sum to {L}, those of the {m} symbols to 6.
# At the pads the model has loss 0.1 each. What is the **masked** loss of the batch, the mean over all symbols that count?
#
# - [x] (L + 6) / (n + m)
#   > Yes: the sum over the symbols, divided by their number.
# - [ ] (L + 6) / 20
#   > You divided by all positions. The pads add nothing here, but they are still counted.
# - [ ] (L + 6 + 0.1 * (20 - n - m)) / 20
#   > This is the plain mean, with the pads: it is too small, and falls further with every pad.
# - [ ] (L / n + 6 / m) / 2
#   > This is the mean of the two words' means. A symbol of a short word would count for more than one of a long word.
# - [ ] (L + 6) / 2
#   > This is the sum for each word, not the mean for each symbol.
# - [ ] else
#   > Which positions count, what is their sum, and how many are they?

# %% [markdown] quiz="exposure" kind="several" points=1 read="3.5"
# A model is trained with teacher forcing and decodes with its own letters. What is true?
#
# - [ ] A. Teacher forcing is a mistake, and should never be used.
#   > It is how nearly all sequence models are trained: fast, stable, and all positions at once where the model allows it.
# - [x] B. In training, it never reads a letter that it wrote itself.
#   > Yes: the inputs come from the data.
# - [ ] C. The loss on the training data tells how often whole words are right.
#   > It is measured with the right prefixes. Whole words must be decoded to be counted.
# - [x] D. One wrong letter can spoil the letters after it.
#   > Yes: from there on it reads prefixes that training never showed.

# %% [markdown]
# ### Stage 04: decoding

# %% [markdown] quiz="beam_log" kind="number" points=1 read="4.10" draw="p=0.5,0.8 q=0.2,0.4 r=0.9,0.6" tolerance="0.01"
# A hypothesis has three symbols with the probabilities {p}, {q} and {r}. What is its log-probability (natural logarithm)?
#
# - [x] math.log(p * q * r)
#   > Yes: the sum of the three logarithms, or the logarithm of the product.
# - [ ] math.log(p) * math.log(q) * math.log(r)
#   > Logarithms are added. Their *product* stands in some published beam searches; there it ranks the wrong hypothesis first.
# - [ ] p * q * r
#   > This is the probability. Its logarithm is asked for.
# - [ ] math.log(p + q + r)
#   > The probabilities are multiplied: all three symbols must come, one after the other.
# - [ ] math.log10(p * q * r)
#   > This is the logarithm to base 10; torch's `log_softmax` has the natural one.
# - [ ] else
#   > Multiply the three probabilities, then take the logarithm.

# %% [markdown] quiz="beam_wider" kind="one" points=1 read="4.11"
# You make the beam wider, from 1 to 50. The log-probability of the best hypothesis rises. The number of right answers falls. What do you conclude?
#
# - [ ] A. The beam search has a bug: if one number rises, the other must rise too.
#   > It need not. The search maximises what the *model* thinks, and the model is wrong in places.
# - [ ] B. The model is overfitted: on the training data both numbers would rise.
#   > That may be or not: nothing here compares training and test.
# - [ ] C. The probabilities of a step do not sum to 1, so that long answers win.
#   > They do, after a softmax. They are only placed on the wrong answers. And a longer answer has a smaller log-probability.
# - [x] D. The search works; the model finds a wrong answer more probable.
#   > Yes: a mistake of the model, which the poor search had covered up. Often the wrong answer is a short one. Length normalisation, or a better model, is the remedy.

# %% [markdown] quiz="edits" kind="number" points=1 read="4.6" tolerance="0"
# What is the edit distance between `aelpp` and `apple`?
#
# - [x] 4
#   > Yes: keep `a`, then for example replace four letters. You can also keep `l` or `p` and delete and insert; nothing is cheaper than 4.
# - [ ] 2
#   > You exchanged letters. An edit inserts, deletes or replaces *one* letter.
# - [ ] 3
#   > Fill the table row by row: no way through it costs only 3.
# - [ ] 5
#   > The first letter is right and costs nothing.
# - [ ] 0
#   > The letters are the same, but their order counts.
# - [ ] else
#   > Make the table: one row for each letter of the first word, one column for each letter of the second.

# %% [markdown]
# ### Stage 05: Bahdanau's attention

# %% [markdown] quiz="mask_late" kind="number" points=1 read="5.3" draw="n=4,5,8 m=1,2,3" tolerance="0.001"
# A sentence has {n} real words and is padded with {m} pads. All scores are equal. Somebody applies the mask *after* the softmax, by multiplication. What do the
# weights of the sentence sum to?
#
# - [x] n / (n + m)
#   > Yes: the softmax shares out 1 over all n + m positions, and the pads' part is thrown away. The context becomes shorter with every pad.
# - [ ] 1
#   > They would sum to 1 if the mask came *before* the softmax.
# - [ ] m / (n + m)
#   > This is the part of the pads, the one that is lost.
# - [ ] 1 / n
#   > This is the right weight of one word, and not the sum.
# - [ ] n
#   > Weights of a softmax never sum to more than 1.
# - [ ] else
#   > How large is each weight before the mask? How many of them are left after it?

# %% [markdown] quiz="context_shape" kind="shape" points=1 read="5.4" draw="B=3,5,7 n=11,13 H=16,20,24"
# The memory of a bidirectional encoder with {H} units in each direction, for {B} sentences of {n} words, and one step of the decoder. What is the shape of the context?
#
# - [x] (B, 2 * H)
#   > Yes: one weighted mean of the rows of the memory for each sentence, as wide as a row.
# - [ ] (B, n, 2 * H)
#   > This is the memory. The weighted sum goes over the n words, and they disappear.
# - [ ] (B, n)
#   > These are the weights.
# - [ ] (B, H)
#   > The memory has both directions side by side.
# - [ ] (B, 1, n)
#   > This is how weights look inside a batched product. The context holds values.
# - [ ] else
#   > A weighted sum over the words: which size disappears, which one stays?

# %% [markdown] quiz="empty_row" kind="one" points=1 read="5.3"
# A row of the mask is False everywhere: nothing may be seen. What should the weights of this row be in this course, and why?
#
# - [ ] A. NaN, so that everybody notices.
#   > Nobody notices: one NaN travels through the whole batch and into every gradient, far from its cause.
# - [ ] B. Equal, since no score is better than another.
#   > Then the row looks at words that the mask forbids.
# - [x] C. All 0, as is its context.
#   > Yes: nothing is seen, so the context is 0. It is the only answer that obeys the mask and stays finite, also in the gradient.
# - [ ] D. 1 at the first position, since weights sum to 1.
#   > The mask forbids this position like all others.

# %% [markdown]
# ### Stage 06: Luong's attention

# %% [markdown] quiz="general_parameters" kind="number" points=1 read="6.1" draw="D=32,48,64 A=16,24,40" tolerance="0"
# States, keys and queries have {D} numbers; an additive score has a hidden layer of {A}. How many **more** parameters does the additive score (W, U, v, no biases) have than `general`?
#
# - [x] 2 * A * D + A - D * D
#   > Yes: A · D for each of W and U, and A for v, against one matrix D · D. Where A is small, "more" is a negative number.
# - [ ] 2 * A * D - D * D
#   > You forgot v.
# - [ ] A * D + A - D * D
#   > Query and key each have a matrix of their own: W and U.
# - [ ] 2 * A * D + A
#   > This is the additive score alone; `general` has a matrix too.
# - [ ] D * D - 2 * A * D - A
#   > This is the difference the other way round.
# - [ ] else
#   > Count both scores on their own first: W, U and v; then the one matrix of `general`.

# %% [markdown] quiz="aer_swapped" kind="one" points=1 read="6.5"
# Somebody's AER is the bare formula, without the check that yours has. The sure links S and the possible links P are
# exchanged in it. What happens?
#
# - [ ] A. Nothing: both sets are used in the same way.
#   > Only in the numerator. In the denominator stands the size of S alone.
# - [ ] B. It becomes larger than 1, so that one sees the mistake at once.
#   > It does not: the numerator cannot be larger than the denominator.
# - [x] C. The number still looks fine, but the size of the wrong set stands in the denominator.
#   > Yes: P is the larger set, so links that nobody demands are counted as missing. Nothing looks broken, and the number stays between 0 and 1; only a small example by hand shows it.
# - [ ] D. It raises an error, because S is a subset of P, and P is no subset of S where the two sets differ.
#   > Yours of 6.5 would, because you check it. The formula alone does not: sets in the wrong roles are still sets.

# %% [markdown] quiz="attention_pays" kind="several" points=1 read="6.9"
# You train each model as in the *long* training of 6.9. For which tasks would you expect clearly more right answers
# with attention than with one vector?
#
# - [x] A. Reversing words of twelve letters.
#   > Yes: at every step another letter is needed exactly. In 6.9 it is 0.03 without and 1.00 with attention.
# - [ ] B. Sorting the letters of a word, where the alphabet has eight letters.
#   > Eight counts are enough, and a vector holds them: 0.95 without and 0.98 with attention for 12 letters, after the long training of 6.9. What speaks for B: after the *short* training it is 0.07 and 0.89. There attention makes the task easier to learn; it does not make it possible.
# - [ ] C. Deciding whether the first token of a sequence was a 1.
#   > One bit must be kept. That is a question of memory over time, and it fits into any vector.
# - [x] D. Translating long sentences whose word order changes.
#   > Yes: each word needs another place of the source. In 5.9 *none* has 0.17 of the test right even with four times the steps, and *additive* 0.99 without them.

# %% [markdown]
# ### Stage 07: self-attention

# %% [markdown] quiz="causal_count" kind="number" points=1 read="7.4" draw="T=6,7,9,10" tolerance="0"
# How many entries of `causal_mask` for T = {T} are True?
#
# - [x] T * (T + 1) // 2
#   > Yes: row t (from 0) sees t + 1 positions, itself included.
# - [ ] T * (T - 1) // 2
#   > You left out the diagonal. Every position may see itself: it has read its own symbol, and must name the next one.
# - [ ] T * T
#   > Then nothing is masked.
# - [ ] T * (T + 1) // 2 + T - 1
#   > You let each position see one position too many: the symbol that it must name.
# - [ ] else
#   > Draw the square. Row t may see the positions 0 to t. Count row by row.

# %% [markdown] quiz="split_shape" kind="shape" points=1 read="7.5" draw="B=3,5 T=11,13 N=2,4 d=6,8,10"
# `x` has the shape [{B}, {T}, D] with D = {N} · {d}. What is the shape of `split_heads(x, {N})`?
#
# - [x] (B, N, T, d)
#   > Yes: the heads come before the positions, so that each head multiplies its own table.
# - [ ] (B, T, N, d)
#   > The cut is right, the transpose is missing: now the heads of *one position* would attend to each other.
# - [ ] (B, N, d, T)
#   > Positions and features have changed places. This form appears in Q Kᵀ only.
# - [ ] (N, B, T, d)
#   > All sizes are there; in this course the batch comes first.
# - [ ] (B * N, T, d)
#   > Some libraries merge batch and heads like this. Here they stay apart.
# - [ ] else
#   > First cut D into N pieces of d numbers. Then ask which two dimensions a head must have last.

# %% [markdown] quiz="no_positions" kind="one" points=1 read="7.6"
# A Transformer encoder without positions reads "dog bites man" and "man bites dog". What can it not tell apart?
#
# - [ ] A. Nothing: the words stand in different places, and it reads them in order.
#   > It does not read in order. All positions are computed in the same way, at once.
# - [ ] B. The words `dog` and `man`: both stand beside `bites`.
#   > These have different embeddings, so different outputs.
# - [ ] C. Only words that occur twice in one of the sentences.
#   > That is one consequence, but the whole order is lost.
# - [x] D. The two sentences: each word gets the same output in both.
#   > Yes: self-attention sees a set of words. `dog` has the same vector in both sentences.

# %% [markdown] quiz="noise_floor" kind="number" points=1 read="7.4" draw="V=8,12,16,32" tolerance="1%"
# A language model with a **right** causal mask is trained on random symbols, {V} of them, all equally probable. What is the smallest loss (in nats, for one symbol)
# that it can reach on *new* random symbols?
#
# - [x] math.log(V)
#   > Yes: the best guess is 1/V for each symbol, whatever came before. A loss below this is a leak.
# - [ ] 0
#   > A loss of 0 needs to know the next symbol. Nobody can know it, unless it is leaked.
# - [ ] 1 / V
#   > This is the probability of the right symbol, not the loss.
# - [ ] math.log2(V)
#   > This is in bits. torch's losses have the natural logarithm: nats.
# - [ ] 1 - 1 / V
#   > This is the share of wrong guesses.
# - [ ] else
#   > What is the probability of the right symbol at best? The loss is minus its natural logarithm.

# %% [markdown]
# ### Stage 08: pre-training

# %% [markdown] quiz="asked_unmasked" kind="number" points=1 read="8.2" draw="p=0.15,0.3,0.5" tolerance="2%"
# A long text went through `mask_tokens` with $p$ = {p}: 80 % of the chosen words became MASK, 10 % a random word, 10 % stayed. You point at a random place where a word
# stands, and no MASK. What is the probability that the network is asked about this place?
#
# - [x] 0.2 * p / (1 - 0.8 * p)
#   > Yes: of all words, 0.2 p were chosen and do not show MASK, and 1 − 0.8 p do not show MASK. It is small, but it is not 0: so the network has to watch every word.
# - [ ] 0.2 * p
#   > This is the share of *all* words. You only point at places without MASK, and these are fewer.
# - [ ] p
#   > This holds for a random word of the text before you see what stands there now. Most of the chosen ones show MASK.
# - [ ] 0.2
#   > This is the other way round: of the *chosen* places, a fifth shows no MASK.
# - [ ] 0.1 * p / (1 - 0.8 * p)
#   > You count one kind only. A chosen word may be a random one, or the one that stood there.
# - [ ] else
#   > Take 1,000 words. How many show no MASK? How many of these were chosen?

# %% [markdown] quiz="score_rows" kind="shape" points=1 read="8.4" draw="P=5,7,9 Q=3,4,6"
# A premise has {P} words, a hypothesis {Q} words. `own_word_score` sends all its rows through the network as one batch. What is the shape of the `ids` of this batch?
#
# - [x] (Q, P + Q + 2)
#   > Yes: a row for each word of the hypothesis that is hidden, and in each row both sentences with an E behind each.
# - [ ] (1, P + Q + 2)
#   > One row would hide all words of the hypothesis at once, or one of them only.
# - [ ] (P + Q, P + Q + 2)
#   > Only words of the hypothesis are hidden. The premise is what explains them.
# - [ ] (Q, P + Q)
#   > Behind each sentence stands an E. It is never hidden, but it is there.
# - [ ] (P, P + Q + 2)
#   > Of which sentence are words hidden, one at a time?
# - [ ] else
#   > How many words are hidden, one at a time? And what stands in a row besides the words of both sentences?

# %% [markdown] quiz="head_place" kind="one" points=1 read="8.5"
# From a hidden verb, a head looks at the subject in 98 of 100 sentences. All of them are like "the dog [MASK] the cat". What do you do before you write that it looks for subjects?
#
# - [ ] A. Measure more sentences of the same kind, until the second digit is sure.
#   > Then you know the share better. In all these sentences the subject is also the place just before the verb, so nothing is decided.
# - [x] B. Take sentences in which the subject is not just before the verb.
#   > Yes: only there the two explanations say different things. In 8.5 this head fell from 0.98 to 0.00.
# - [ ] C. Compare it with chance: 0.98 against about one in seven.
#   > A head that looks at the place just before beats chance by as much.
# - [ ] D. Train the same network from another start, and look for such a head again.
#   > A head that looks at the place before may well come again. A second one tells no more than the first.

# %% [markdown] quiz="load_names" kind="one" points=1 read="8.6"
# `load_pretrained` gives back two lists. `unused` has all names of the file, such as `bert.words.weight`; `new` has all names of the model, such as `encoder.words.weight`. No error was raised. What
# happens in the training that follows?
#
# - [x] A. It runs, but from random numbers: the reading is lost, and only the lists tell.
#   > Yes: no name fitted, because the prefix differs. Everything runs as from scratch.
# - [ ] B. It runs from the stored weights: the lists name what was copied, and to where.
#   > The lists name what was *not* copied. If everything fits, both are empty.
# - [ ] C. It stops in the first forward pass, since the encoder has no weights.
#   > A new module has weights from the start. They are random numbers.
# - [ ] D. It runs from the stored weights where the shapes agree: torch matches them by shape.
#   > A tensor is loaded if its *name* is in the model, and then the shape must agree too.

# %% [markdown] quiz="two_needs" kind="several" points=1 read="8.10"
# The mean classifier, from scratch with 600 steps, from scratch with 2,400 steps, and fine-tuned (slower encoder) with 600 steps: 0.65, 0.64 and 0.72 with 200 labels; 0.65, 0.89 and 0.87 with 2,000 labels. What follows?
#
# - [x] A. With 2,000 labels, the reading saved steps.
#   > Yes: with more patience, the encoder that has read nothing gets there too.
# - [x] B. With 200 labels, it gave something that more steps do not give.
#   > Yes: 0.72 against 0.64 with four times the steps. By then each network that started from scratch knew all of its 200 pairs by heart.
# - [ ] C. With 200 labels, from scratch was stopped too early.
#   > Four times the steps gave 0.64 instead of 0.65. It was not patience that was missing.
# - [x] D. Without the runs of 2,400 steps, few labels and few steps look alike.
#   > Yes: both would show as a gap between 0.65 and more. The control tells them apart.

# %% [markdown]
# ### Stage 09: images

# %% [markdown] quiz="seen_pixels" kind="number" points=1 read="9.1" draw="k=5,7,9 s=2,3,4" tolerance="0"
# The first convolution of a network has a window of {k} × {k} pixels that moves in steps of {s} pixels. The second one has a 3 × 3 window that moves in steps of one place. How many pixels *wide* is the part of the picture that one
# place behind the second convolution has seen?
#
# - [x] k + 2 * s
#   > Yes: three windows side by side, the second and the third each s pixels further on.
# - [ ] k + 2
#   > This is right for steps of one pixel. A step in the first map is s pixels of the picture.
# - [ ] 3 * k
#   > The three windows overlap, or have gaps: each starts s pixels after the one before, not k.
# - [ ] k + 3 * s
#   > Three windows have two steps between them.
# - [ ] k * s + 2
#   > The step moves the window. It does not stretch it.
# - [ ] else
#   > Draw a row of pixels and the three windows of the first layer that one window of the second layer reads.

# %% [markdown] quiz="projection_shape" kind="shape" points=1 read="9.5" draw="B=3,5 C=8,12 N=16,20 H=7,9,11 W=14,18"
# `residual_block({C}, {N}, stride=2)` reads maps of the shape [{B}, {C}, {H}, {W}]. What is the shape of x after the *projection* on its path around the two convolutions?
#
# - [x] (B, N, (H + 1) // 2, W // 2)
#   > Yes: the shape of F(x), or the two could not be added. A 1 × 1 window with stride 2 stands on the pixels 0, 2, 4 and so on.
# - [ ] (B, C, H, W)
#   > This is x itself. It cannot be added to what the two convolutions give.
# - [ ] (B, N, H, W)
#   > The channels fit now, but the first convolution moves in steps of two, so the path around it must do so as well.
# - [ ] (B, N, H // 2, W // 2)
#   > Nearly: of an odd number of pixels, every second one, from the first to the last, is half of them, rounded up.
# - [ ] (B, C, (H + 1) // 2, W // 2)
#   > The path must change the number of channels too.
# - [ ] else
#   > It must fit F(x): which channels come out of the second convolution, and on how many pixels does a window with stride 2 stand?

# %% [markdown] quiz="why_sum" kind="several" points=1 read="9.5"
# Which sentences about a residual block, $y = \mathrm{ReLU}(F(x) + x)$, are true?
#
# - [ ] A. It always has more parameters than the plain block.
#   > Where the shape stays, x is added as it is: the sum costs no parameter.
# - [x] B. With F = 0 it passes on an x without negative numbers.
#   > Yes: ReLU(x) = x there. A plain block has to learn this.
# - [ ] C. Before the sum, F(x) should go through a ReLU of its own.
#   > Then F could only add. Without it, F can also make a number smaller.
# - [x] D. Where F(x) + x is positive, a part of the gradient reaches x past F.
#   > Yes: the derivative of F(x) + x has a part that is 1, however small the weights in F are. What comes through F is added to it.
# - [x] E. With stride 2, x needs a projection even if the channels stay.
#   > Yes: F(x) has half the height and half the width, so x does not fit.

# %% [markdown] quiz="point_control" kind="one" points=1 read="9.16"
# A network has a map for each label. Its brightest place is right in 0.60 of the cases. The regions cover 24 % of a picture on average. With what do you compare the 0.60, to learn whether the maps depend on the *picture*?
#
# - [ ] A. With a random place, 0.24: the maps are right more than twice as often as that.
#   > The sky is always above and the sea below. A map can beat a random place without seeing anything.
# - [x] B. With one fixed place for each label, chosen on the training pictures.
#   > Yes: it knows the label as the map does, and never sees the picture. In 9.16 it is right in 0.63, so 0.60 would prove nothing.
# - [ ] C. With one fixed place for all labels, chosen on the training pictures.
#   > This is the fair rival of a gate, which has one map for all. Your maps know which label they are for, so they need a rival that knows it too.
# - [ ] D. With the share of pictures in which all labels are right.
#   > Names and places are two questions. In 9.16, class activation names in 0.64 and label attention in 0.81, and both point right in 0.86.

# %% [markdown] quiz="bce_gradient" kind="one" points=1 read="9.7"
# Somebody trains with `F.binary_cross_entropy(torch.sigmoid(z), t)` in float32. For a label that is not there, the logit is z = 40. What is bad about this?
#
# - [ ] A. The loss is 100 where 40 would be right, so this one mistake gets too large a step.
#   > The number is too large, but no step comes from it at all. What is the slope where a curve was cut off?
# - [ ] B. The loss is infinite, and after one step all weights of the network are NaN.
#   > This is the logarithm written by hand. torch's function cuts it at −100.
# - [x] C. Its gradient is 0, so the network learns nothing from its worst mistake.
#   > Yes: σ(40) is exactly 1 in float32, the logarithm is cut at −100, and there is no slope.
# - [ ] D. Nothing: z = 40 is so sure that the label is hardly ever in doubt.
#   > It is sure and wrong: the label is not there.

# %% [markdown]
# ### Stage 10: visual attention

# %% [markdown] quiz="reinforce_entry" kind="number" points=1 read="10.9" draw="A=4,8,10 r=5,7 b=1,2" tolerance="0.005"
# A policy has {A} actions with equal logits. One of them is drawn and gets the reward {r}; the baseline is {b}. What is the entry of REINFORCE's estimate $g$ (it points uphill) for the **drawn** action?
#
# - [x] (r - b) * (1 - 1 / A)
#   > Yes: (r − b) times onehot − p, and the drawn action has 1 − 1/A there. The others share the opposite of it.
# - [ ] r - b
#   > You forgot − p. Then the entries would not sum to 0: every draw would only push up.
# - [ ] r * (1 - 1 / A)
#   > This is without the baseline.
# - [ ] (b - r) * (1 - 1 / A)
#   > This is the gradient of a loss. g points to where the reward grows.
# - [ ] -(r - b) / A
#   > This is the entry of each action that was *not* drawn.
# - [ ] (r - b) / A
#   > You multiplied with p instead of onehot − p.
# - [ ] else
#   > Write down p, then onehot − p. Multiply with the reward that is left after the baseline.

# %% [markdown] quiz="caption_features" kind="shape" points=1 read="10.13" draw="B=3,5 D=24,32,48 H=6,8 W=10,12"
# A backbone gives feature maps [{B}, {D}, {H}, {W}]: {D} channels, {H} × {W} places. A caption decoder as in 10.13 looks at places. Which shape must `features` have?
#
# - [x] (B, H * W, D)
#   > Yes: a list of places, and each has a vector with one number from every channel. That is `flatten(2)`, and then a transpose.
# - [ ] (B, D, H * W)
#   > This is `flatten(2)` alone. The decoder would take channels for places.
# - [ ] (B, H * W * D)
#   > One long vector has no places among which a softmax could choose.
# - [ ] (B, D)
#   > This is the mean over the places. There is nothing left to look at.
# - [ ] (B, H, D)
#   > A place is a row *and* a column of the maps.
# - [ ] else
#   > How many places are there, and how many numbers does each have?

# %% [markdown] quiz="fair_baseline" kind="several" points=1 read="10.11"
# The loss of 10.11 for drawn places needs a baseline. With which of these does the **mean** gradient of the places stay exactly as it is without a baseline?
#
# - [x] A. The constant 0.5.
#   > Yes: it does not depend on the draw, and the mean of onehot − p is 0.
# - [x] B. The mean reward of earlier batches.
#   > Yes: it does not depend on what is drawn now. It is a good choice.
# - [ ] C. The reward of this picture itself.
#   > Then r − baseline is always 0, and the places learn nothing.
# - [ ] D. The mean reward of this batch.
#   > It contains this picture's own reward with the share 1 / B, so the mean gradient becomes smaller by the factor 1 − 1 / B.
# - [x] E. A guess from the picture, made before anything is drawn.
#   > Yes: it may differ from picture to picture, as long as it does not know the draw or what came of it.

# %% [markdown] quiz="argmax_only" kind="one" points=1 read="10.8"
# A policy is a softmax over one score for each of three places, and it learns with REINFORCE. Somebody replaces the draw by the place with the *largest* weight, and keeps the rest. Rewards are 0 or 1, there is no baseline. What happens?
#
# - [ ] A. The same, only with less noise: on average, a draw is the place with the largest weight.
#   > A place with the weight 0.1 is drawn in one of ten cases, and then its reward is seen. The largest weight never shows it.
# - [ ] B. It stops with an error, since no gradient flows through an argmax.
#   > None flows through a draw either. The log-probability of the chosen place has one in both cases.
# - [ ] C. It learns faster, since the best place is used from the first step on.
#   > It uses the place that it *holds* for the best. At first this is chance.
# - [x] D. It stays with the place that it takes first, whatever pays more.
#   > Yes: this place becomes more likely or stays as it is, and no other is ever tried. In 10.8, the argmax looked 200 times at the place that pays least.

# %% [markdown] quiz="other_map" kind="one" points=1 read="10.15"
# A caption model's maps for the word "sun" hit its region in half of the cases. Then each "sun" gets the map of *another* picture with "sun", and this hits nearly as often. What have you learned?
#
# - [x] A. Most of the pointing needs no picture: the maps have a favourite.
#   > Yes: for example the sky. What a map knows about *its* picture is only what it has above this control.
# - [ ] B. Pointing at "sun" is easy, so that the map must have learned it well.
#   > A finger that never moves would do as well here.
# - [ ] C. The maps are random: half is what chance gives for two answers.
#   > Chance is a random place, and it hits as often as the region is large: far less than half.
# - [ ] D. The model writes "sun" without having looked at the picture at all.
#   > The control is about the brightest place of a map. The word also has the state and the whole context.

# %% [markdown]
# ### Stage 11: applications

# %% [markdown] quiz="copy_number" kind="number" points=1 read="11.4" draw="g=0.6,0.7,0.9 v=0.1,0.2 a=0.3,0.4 b=0.15,0.25" tolerance="0.001"
# A decoder may copy. In this step its p_gen is {g}. Its vocabulary gives *river* the probability {v}. In the source, *river* stands in two places, with the weights {a} and {b}. What is P(*river*)?
#
# - [x] g * v + (1 - g) * (a + b)
#   > Yes: a share g comes from the vocabulary, the rest from all places where the word stands.
# - [ ] (1 - g) * v + g * (a + b)
#   > The two shares are exchanged. p_gen is the share of the *vocabulary*.
# - [ ] g * v + (1 - g) * a
#   > The word stands in two places.
# - [ ] g * v + (1 - g) * (a + b) / 2
#   > A mean over the places loses probability: then P does not sum to 1 over all words.
# - [ ] g * v
#   > This is the part of the vocabulary alone. The word can also be copied.
# - [ ] v + a + b
#   > Vocabulary and weights have the sum 1 each. Without their shares, P would sum to 2.
# - [ ] else
#   > Two ways lead to this word. How probable is each way, and how probable is the word on it?

# %% [markdown] quiz="copy_true" kind="several" points=1 read="11.4"
# A decoder may copy: $P(w) = p_{gen} \cdot \mathrm{vocabulary}[w] + (1 - p_{gen}) \sum_{s:\, x_s = w} \alpha_s$. What is true?
#
# - [x] A. With p_gen = 0, only words of the source can be written.
#   > Yes: then P is nothing but the weights, added up by word.
# - [ ] B. An unknown word of the source can be written only where p_gen is 0.
#   > It has the probability (1 − p_gen) · α. That is above 0 as soon as p_gen is below 1.
# - [x] C. P sums to 1 over all ids, if vocabulary and weights do.
#   > Yes: p_gen · 1 + (1 − p_gen) · 1.
# - [ ] D. A word that is in vocabulary *and* source counts twice, so P must be divided by its sum.
#   > Both parts are added, and that is right: the word can be written in two ways. Their shares are p_gen and 1 − p_gen, so the sum over all words stays 1.
# - [x] E. The loss at a copied name has a gradient that reaches its weight α directly.
#   > Yes: α stands in P itself, and not only in the context.

# %% [markdown] quiz="two_pointers" kind="one" points=1 read="11.6"
# For each word of a text, a model gives the probability that the answer *starts* there, and the probability that it *ends* there. The most probable start is word 7, the most probable end word 4. Which answer should it give?
#
# - [ ] A. Words 4 to 7: its two pointers are in the wrong order.
#   > Word 4 was never taken for a good start, nor word 7 for a good end.
# - [ ] B. Word 7 alone: the start is chosen, and the end must follow it.
#   > The end counts as much as the start. Perhaps another start is nearly as probable, with a much better end.
# - [x] C. The pair with the largest product, where the start is not behind the end.
#   > Yes: two softmaxes that do not know each other can contradict each other. The product is largest over the pairs that can be an answer.
# - [ ] D. None: if its two pointers contradict each other, it has not understood the question.
#   > Each pointer is a softmax of its own, so this happens to good models, too. A pair in the right order may be nearly as probable.

# %% [markdown] quiz="new_encoder" kind="one" points=1 read="11.2"
# A translator has a bidirectional GRU as its encoder. You put a Transformer in its place; the decoder stays. The memory has the same shape, and nothing raises. After training, it writes the right words, but confuses who chases whom. What do you look at
# first?
#
# - [x] A. Whether the new encoder adds positions to its embeddings.
#   > Yes. A GRU knows the order by itself, an encoder without a causal mask only through positions (7.6). Without them, "Tom chases Jerry" and "Jerry chases Tom" give each word the same state.
# - [ ] B. Whether its decoder can read what a Transformer has written.
#   > It reads a memory [B, S, D], and it does not matter who made it. It has learned to write the right words from this one.
# - [ ] C. Whether the mask of its sources is False at all the pads.
#   > With a wrong mask it would look at pads. These cannot exchange two words of the source.
# - [ ] D. Whether its states must be larger to hold the sentence.
#   > Each word has a state of its own. And a lack of room would cost words, not only their roles.

# %% [markdown] quiz="best_of_forty" kind="one" points=1 read="11.7"
# You train 40 versions of a translator, ask each of them the same 200 test sentences, and keep the best one: 0.92. On a hidden test of the same kind it has 0.87. There is no mistake in the code. Which explanation comes first?
#
# - [ ] A. It was trained too long, and knows its training sentences by heart.
#   > That would lower both numbers: neither test is in the training.
# - [ ] B. The hidden sentences are harder, so that all versions fall by 0.05.
#   > The sentences are of the same kind. And the other 39 did not stand out in the first place.
# - [ ] C. It has learned the 200 sentences, for it has been asked them often.
#   > Nothing was learned from them: asking changes no weights. *You* have chosen by them.
# - [x] D. The largest of 40 shares is one that was lucky on the 200 sentences.
#   > Yes. A share near 0.87 of 200 sentences scatters by √(0.87 · 0.13 / 200) ≈ 0.024, and the largest of 40 lies about twice as far above the mean. A test set can be used up without training on it. That is why one is hidden.

# %% [markdown]
# ## 12.4 Which model made this picture?
#
# Run the cell. The first figure shows weights [T, S] for **one** sentence and its translation; each picture comes from
# another kind of model. The second figure shows weights [8, 8] of a sentence that attends to *itself*.

# %%
quiz_maps = data.load("quiz_heatmaps")
for part, names in quiz_maps.items():
    figure, axes = plots.plt.subplots(2, 3, figsize=(plots.WIDTH * 1.25, 6.2))
    rows, columns = names.get("rows", range(1, 9)), names.get("columns", range(1, 9))
    first = "" if part == "translation" else "1"
    if part == "translation":
        rows = [f"{word} {grammar.GLOSS.get(word, '')}".strip() for word in rows]
    for i, matrix in enumerate(names["maps"]):
        ax = axes.flat[i]
        plots.heatmap(matrix, rows, columns, title=f"{part}: picture {i + 1}", ax=ax)
        ax.images[0].set_clim(0, 1)
        ax.tick_params(axis="x", labelrotation=0 if first else 90)
        ax.set_ylabel("position that looks" if first else "written word")
        ax.set_xlabel("position that is seen" if first else "")
    axes.flat[-1].axis("off")

# %% [markdown] quiz="maps_translation" kind="match" points=1 read="5.10"
# The pictures of the **translation** have the numbers **1**, **2**, **3**, **4** and **5** in their titles. Look at three things: do the *rows* differ from each other? How *soft* is a
# row? Does the bright part follow the words, or the position? Which model made which?
#
# - [3] A. Additive attention, trained.
#   > Its rows differ, they are soft in places, and they jump: two Chinese words stand early and belong to the end of the English sentence.
# - [1] B. The same, but without the tanh in its score.
#   > The query cancels in the softmax, so every row is the same. But its words need not weigh the same.
# - [5] C. No attention: the context is the mean of all encoder states.
#   > Every word has the same weight in every row: the whole picture is one colour.
# - [4] D. A Gaussian window that moves on by one word for each word that is written.
#   > The bright band is straight: it knows the position, and nothing about the words.
# - [2] E. One word is drawn for each row, with the weights as probabilities.
#   > Each row has a single 1, and the rest is exactly 0. Nothing is soft.

# %% [markdown] quiz="maps_self" kind="match" points=1 read="7.4"
# The pictures of **self-attention** have the numbers **1**, **2**, **3**, **4** and **5** in their titles. Which model made which?
#
# - [4] A. A decoder block with a right causal mask.
#   > Row t may see the positions 1 to t: everything above the diagonal is exactly 0, the diagonal is not.
# - [1] B. A decoder block whose causal mask is off by one.
#   > Look at the first row: may the first position see the second one?
# - [3] C. An encoder that reads a sentence of five words in a batch padded to eight.
#   > Whole *columns* are dark: nobody looks at a pad, whatever the row.
# - [5] D. An encoder with d = 256 that does not divide its scores by √d.
#   > Large scores make the softmax nearly hard: one bright square in each row, and no mask in sight.
# - [2] E. An encoder without positions; its words 1, 4 and 7 are the same word.
#   > The same word gives the same query and the same key: compare the rows and the columns 1, 4 and 7.

# %% [markdown]
# ## 12.5 The claim audit
#
# Here are twenty sentences. You find each of them, nearly like this, in papers, lectures or blogs. For each one: **compute a number, then judge.**
#
# - **true**: the number agrees, and you know of no exception.
# - **false**: the number contradicts. Where a claim allows no exception (*always*, *never* and the like), one clear case is enough.
# - **a convention**: it is true in one text and false in another, and both are right, because they *name* things differently.
# - **it depends**: it is true for some models or some settings and false for others, and you can say which.
#
# Do not expect each verdict equally often. For six of the claims you write a small function. For the others you read stored runs of earlier stages, or count
# by hand.
#
# ### Claims 1 to 3: memory
#
# **Claim 1.** *"Once a sequence model is trained with teacher forcing, it does not matter if you decode with pads as inputs."* Stage 03 stored 20 runs: `copied, one pass` decodes with pads, `copied, own letters` uses the same weights
# with the model's own letters. In the lists `highh` and `kingh`, 1 means that this run got this word right.

# %%
runs_03 = data.load("seq2seq_runs")["runs"]
print("what is stored for each way:", list(runs_03["copied, one pass"]))
print("highh, decoded with pads:", runs_03["copied, one pass"]["highh"])
print("runs with own letters that got kingh right:", sum(runs_03["copied, own letters"]["kingh"]), "of 20")

# %% [markdown] quiz="pads_number" kind="number" points=1 read="3.9" tolerance="0"
# In how many of the 20 runs of `copied, one pass` are **both** `highh` and `kingh` right? Write the line of code that counts it.
#
# - [x] 14
#   > Yes: with the same weights and own letters it is 20.
# - [ ] 18
#   > This is `highh` alone.
# - [ ] 16
#   > This is `kingh` alone (and, by chance, also the runs that got all six training words).
# - [ ] 20
#   > This is "at least one of the two", or the runs with own letters.
# - [ ] else
#   > Go through both lists at the same time, for example with zip, and count the runs where both are 1.

# %% [markdown] quiz="pads_verdict" kind="one" points=1 read="3.9"
# *"Once a sequence model is trained with teacher forcing, it does not matter if you decode with pads as inputs."*
#
# - [ ] A. True.
#   > The same weights get more words right with their own letters. So it does matter.
# - [x] B. False.
#   > Yes: 14 of 20 runs against 20 of 20, with the same weights. It often works, which is why the recipe is copied so often.
# - [ ] C. A convention.
#   > Nothing is named differently here: the same weights are *used* in two ways.
# - [ ] D. It depends.
#   > What speaks for it: in 14 of the 20 runs these two words came out right all the same. But "it does not matter" allows no exception, and six runs are one. In no stored run was the way with pads better.

# %% [markdown]
# **Claim 2.** *"RNNs have vanishing gradients because the slope of the sigmoid is at most 0.25: after $k$ steps, at most $0.25^k$ of a gradient is left."* On its way back over one step, a gradient is multiplied by
# $\operatorname{diag}(\text{slopes}_t)\, W_{hh}$. The slopes are those of the activation at step t: up to 0.25 for a sigmoid, up to 1 for tanh. The
# **gain** of T steps is the largest factor by which the product of all steps can stretch a vector: its largest singular value.
#
# $$J = \operatorname{diag}(\text{slopes}_T)\, W_{hh} \cdots \operatorname{diag}(\text{slopes}_2)\, W_{hh}\, \operatorname{diag}(\text{slopes}_1)\, W_{hh}$$
#
# **By hand.** $W_{hh} = [[2]]$ and slopes 0.25 and 0.5: $J = 0.5 \cdot 2 \cdot 0.25 \cdot 2 = 0.5$.
#
# <details><summary>Hint 1</summary>
#
# A diagonal matrix times W multiplies the *rows* of W. Start with the identity matrix, and let each step multiply from the left.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.linalg.matrix_norm(J, ord=2)` is the largest singular value. `float(…)` makes a number of it.
# </details>


# %% exercise="backward_gain"
def backward_gain(W_hh, slopes):
    """The largest factor by which T steps can stretch a gradient.

    Args:
        W_hh: float [H, H], the weights from state to state.
        slopes: float [T, H], the slopes of the activation at the steps 1 to T, for each hidden unit. T may be 0.

    Returns:
        A float: the largest singular value of diag(slopes[T-1]) W_hh … diag(slopes[0]) W_hh; 1.0 for T = 0.
    """
    ### BEGIN SOLUTION
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh) @ J  # [H, H]
    return float(torch.linalg.matrix_norm(J, ord=2))
    ### END SOLUTION


# %% check="backward_gain-value" points=1
gain = backward_gain(torch.tensor([[2.0]]), torch.tensor([[0.25], [0.5]]))
expect(gain).close(0.5, hint="The example by hand: 0.5 · 2 · 0.25 · 2.")
turned = torch.tensor([[0.0, -3.0], [3.0, 0.0]])
gain = backward_gain(turned, torch.ones(4, 2))
expect(gain).close(
    81.0, hint="3 times a rotation stretches every vector by 3 at each step, also where the entries cancel."
)
### BEGIN HIDDEN TESTS
for seed, (T_, H_) in enumerate([(3, 5), (1, 3), (7, 2), (5, 11)]):
    torch.manual_seed(seed)
    W = torch.randn(H_, H_) / H_**0.5
    slopes = torch.rand(T_, H_) + 0.1
    product = torch.eye(H_, dtype=torch.float64)
    for t in range(T_):
        product = torch.diag(slopes[t].double()) @ W.double() @ product
    expected = float(torch.linalg.svdvals(product)[0])
    gain = backward_gain(W.clone(), slopes.clone())
    expect(gain).close(
        expected,
        1e-4,
        hint="Each step multiplies from the left, its slopes scale the rows of W_hh, and the gain is the largest singular value of the product.",
    )
### END HIDDEN TESTS

# %% check="backward_gain-edge" points=1
none = backward_gain(torch.eye(3) * 5, torch.ones(0, 3))
expect(none).close(1.0, hint="No step changes nothing: the empty product is the identity.")
expect(none).type(float, hint="Return a Python float, not a tensor.")
### BEGIN HIDDEN TESTS
W = torch.tensor([[0.5, 2.0], [0.0, 0.5]])
slopes = torch.tensor([[1.0, 0.5], [0.25, 1.0]])
before = W.clone(), slopes.clone()
gain = backward_gain(W, slopes)
expect(W).equal(before[0], hint="W_hh was changed.")
expect(slopes).equal(before[1], hint="slopes was changed.")
expect(gain).type(float, hint="Return a Python float.")
gain = backward_gain(3 * torch.eye(2), torch.ones(1, 2))
expect(gain).at_least(2.0, hint="One step with W_hh = 3 times the identity stretches: the gain is not always 1.")
### END HIDDEN TESTS

# %%
lags = [1, 2, 5, 10, 20, 40]
torch.manual_seed(0)
turn = nn.init.orthogonal_(torch.empty(16, 16))
ax = plots.lines(
    {
        "sigmoid at its steepest (0.25), W = orthogonal": [
            backward_gain(turn, torch.full((T, 16), 0.25)) for T in lags
        ],
        "sigmoid at its steepest (0.25), W = 4.4 × orthogonal": [
            backward_gain(4.4 * turn, torch.full((T, 16), 0.25)) for T in lags
        ],
        "tanh at its steepest (1), W = 0.6 × orthogonal": [backward_gain(0.6 * turn, torch.ones(T, 16)) for T in lags],
        "tanh at its steepest (1), W = orthogonal": [backward_gain(turn, torch.ones(T, 16)) for T in lags],
    },
    lags,
    title="How far T steps can stretch a gradient",
    xlabel="steps T",
    ylabel="largest singular value",
)
ax.set_yscale("log")
_ = ax.legend(frameon=False, fontsize=8)

# %% [markdown]
# *What to see:* a straight line means the same factor in each step. In two of them the activation has the slope 0.25,
# in two it has the slope 1. Which lines fall, and what do these have in common?

# %% [markdown] quiz="slope_verdict" kind="one" points=1 read="1.5"
# *"RNNs have vanishing gradients because the slope of the sigmoid is at most 0.25: after $k$ steps, at most $0.25^k$ of a gradient is left."*
#
# - [ ] A. True.
#   > With slope 0.25 a large W_hh makes a gradient grow: 4.4 times an orthogonal matrix gives 1.1 for each step. And torch's RNN has tanh, with slopes up to 1: by 1.5 it keeps about 0.58 a step.
# - [x] B. False.
#   > Yes: what counts is the product of slopes and W_hh. With logistic units (Elman 1990 had them) the bound breaks as soon as W_hh is large enough, and torch's RNN, with tanh, has no slope of a sigmoid in it. Its gradient shrinks to about 0.58 of its length in each step (1.5), because torch starts with a small W_hh.
# - [ ] C. A convention.
#   > "Vanishing" is measured with a number here; no name decides it.
# - [ ] D. It depends.
#   > What speaks for it: with sigmoids and a W_hh that stretches nothing, the bound holds. But "at most" allows no exception, and your function gives one: slope 0.25 and 4.4 times an orthogonal matrix.

# %% [markdown]
# **Claim 3.** *"The LSTM solves the problem of vanishing gradients."* Stage 02 stored, for 20 seeds, the size of the gradient at lag 90, for several cells.

# %%
gradients_02 = data.load("lstm_runs")["gradient"]
print("cells:", list(gradients_02))
print("LSTM, seeds 0 to 4:", gradients_02["LSTM"][:5])

# %% [markdown] quiz="lstm_number" kind="number" points=1 read="2.6" tolerance="0.6"
# Take the **median** over the 20 seeds for `LSTM`, as torch starts it. What is its logarithm to base 10? (Two digits are enough.)
#
# - [x] -18.85
#   > Yes: about 1e-19. A single-precision number next to 1 does not even notice it.
# - [ ] -25.53
#   > This is the plain RNN. The LSTM is better than that, by more than six powers of ten, and still far from usable.
# - [ ] -7.71
#   > This is with a forget bias of 1.
# - [ ] -1.01
#   > This is with a forget bias of 3.
# - [ ] -43.39
#   > This is the natural logarithm.
# - [ ] else
#   > `statistics.median`, then `math.log10`. Did you take the list called LSTM?

# %% [markdown] quiz="lstm_verdict" kind="one" points=1 read="2.6"
# *"The LSTM solves the problem of vanishing gradients."*
#
# - [ ] A. True.
#   > As torch starts it, its gradient at lag 90 is about 10⁻¹⁹. What speaks for A: the cell has a way on which nothing vanishes, as long as the forget gates are open.
# - [ ] B. False.
#   > With a forget bias of 3 it is about 0.1, and such an LSTM learns to recall over long lags. So the claim is not simply false.
# - [ ] C. A convention.
#   > All texts mean the same LSTM. What differs is how it starts.
# - [x] D. It depends.
#   > Yes: on the forget gates. At torch's start they are about a half, so that memory and gradient shrink by half at each step (10⁻¹⁹ at lag 90, 2.6); with a forget bias of 3 they stay (about 0.1).

# %% [markdown]
# ### Claims 4 to 6: gates and attention
#
# **Claim 4.** *"In a GRU, $z \to 1$ takes the new state."* You get a GRU as a black box: a function `gru_step(x, h, z_bias)` makes one step, and `z_bias` is added to what goes into
# the sigmoid of $z$. Measure how far the state moves when $z$ is 1.
#
# **By hand.** A cell that returns h when $z = 1$ gives 0, whatever x and h are. A cell that returns the proposal n gives the largest $|n - h|$.
#
# <details><summary>Hint 1</summary>
#
# How do you make $z$ equal to 1, when all you can do is add a number inside its sigmoid?
# </details>
# <details><summary>Hint 2</summary>
#
# σ(3) is only 0.95. σ(50) is 1 to the last digit of a float. Compare the new state with h, element by element.
# </details>


# %% exercise="change_at_z_one"
def change_at_z_one(gru_step, x, h):
    """How far one step of a GRU moves the state when its update gate is 1.

    Args:
        gru_step: a function (x, h, z_bias) -> new state [B, H]. It takes its three arguments without their names.
        x: float [B, I], the input. h: float [B, H], the old state.

    Returns:
        A float: the largest absolute difference between new and old state, for z = 1 (to four digits).
    """
    ### BEGIN SOLUTION
    new = gru_step(x, h, 50.0)  # [B, H]
    return float((new - h).abs().max())
    ### END SOLUTION


# %% check="change_at_z_one-torch" points=1
def torch_step(x, h, z_bias):
    """torch's own GRU cell, with z_bias added to the bias of z."""
    torch.manual_seed(0)
    cell = nn.GRUCell(x.shape[1], h.shape[1])
    H = h.shape[1]
    with torch.no_grad():
        cell.bias_ih[H : 2 * H] += z_bias
        return cell(x, h)


x, h = torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[0.9, -0.4, 0.2, -0.8]])
change = change_at_z_one(plain(torch_step), x, h)
expect(change).close(
    0.0, 1e-4, hint="torch's GRU keeps the old state at z = 1. Is your z really 1, and do you compare with h?"
)
expect(change).type(float, hint="Return a Python float.")
### BEGIN HIDDEN TESTS
for seed, (B_, I_, H_) in enumerate([(3, 2, 5), (5, 7, 3)]):
    torch.manual_seed(seed + 7)
    x, h = torch.randn(B_, I_), 2 * torch.randn(B_, H_)
    before = x.clone(), h.clone()
    change = change_at_z_one(plain(torch_step), x, h)
    expect((x, h)).equal(before, hint="x or h was changed.")
    expect(change).close(0.0, 1e-4, hint="At z = 1 torch's cell gives back the old state, for every batch.")
    change = change_at_z_one(plain(lambda x, h, z_bias: 0.5 * torch_step(x, h, z_bias)), x, h)
    expect(change).at_least(0.01, hint="This cell loses a part of its state at z = 1 too: call what you get.")
### END HIDDEN TESTS


# %% check="change_at_z_one-others" points=1
def other_step(x, h, z_bias):
    """Another cell with z; its proposal is tanh of the sum of the inputs."""
    z = torch.sigmoid(torch.tensor(0.3 + z_bias))
    return (1 - z) * h + z * torch.tanh(x.sum(dim=1, keepdim=True)).expand_as(h)


x, h = torch.tensor([[1.0, -1.0], [0.5, 0.5]]), torch.tensor([[0.9, -0.4], [0.2, -0.8]])
expected = float((torch.tanh(torch.tensor([[0.0], [1.0]])) - h).abs().max())
change = change_at_z_one(plain(other_step), x, h)
expect(change).close(
    expected,
    1e-4,
    hint="This cell takes its proposal at z = 1. Use the largest absolute difference over batch and units.",
)
### BEGIN HIDDEN TESTS
for seed, (B_, I_, H_) in enumerate([(3, 2, 5), (7, 3, 2), (1, 5, 11)]):
    torch.manual_seed(seed)
    x, h, W, U = torch.randn(B_, I_), torch.randn(B_, H_), torch.randn(I_, H_), torch.randn(H_, H_)

    def chung(x, h, z_bias, W=W, U=U):
        z = torch.sigmoid(x @ W.flip(0) - h @ U.T + z_bias)
        return (1 - z) * h + z * torch.tanh(x @ W + h @ U)

    def half(x, h, z_bias, W=W, U=U):
        z = torch.sigmoid(torch.tensor(float(z_bias)))
        return h + z * 0.5 * torch.tanh(x @ W)

    expected = float((torch.tanh(x @ W + h @ U) - h).abs().max())
    change = change_at_z_one(plain(chung), x, h)
    expect(change).close(
        expected, 1e-3, hint="At z = 1 the new state is the proposal. Is z 1 for every unit and every row?"
    )
    expected = float((0.5 * torch.tanh(x @ W)).abs().max())
    change = change_at_z_one(plain(half), x, h)
    expect(change).close(
        expected, 1e-3, hint="The largest absolute difference between the new state and h, over all rows and units."
    )
### END HIDDEN TESTS

# %% [markdown] quiz="z_verdict" kind="one" points=1 read="2.3"
# *"In a GRU, $z \to 1$ takes the new state."*
#
# - [ ] A. True.
#   > Not for torch's cell: your function gives 0 for it.
# - [ ] B. False.
#   > Not for the cells of Chung et al. and of Bahdanau et al.: there the new state is taken.
# - [x] C. A convention.
#   > Yes: both formulas describe the same family of functions, with z and 1 − z exchanged. Say whose GRU you mean.
# - [ ] D. It depends.
#   > It does not depend on data, sizes or training. It is a choice of names, so "a convention" says it better.

# %% [markdown]
# **Claim 5.** *"Without attention there is one context vector for all steps. It follows that all inputs have the same influence on the output."* Stage 04 measured it with trained models. Here is
# the smallest model for which you can do it by hand: $h_t = a\, h_{t-1} + x_t$, and the context is $h_T$. The influence of $x_t$ is $\partial h_T / \partial x_t = a^{T-t}$. The *share* of an
# input is its influence, divided by the sum of all influences.

# %% [markdown] quiz="share_number" kind="number" points=1 read="4.8" draw="a=0.5,0.6,0.8 T=4,5,6" tolerance="1%"
# For $a$ = {a} and T = {T}: what share of the influence does the **first** input, $x_1$, have?
#
# - [x] a ** (T - 1) * (1 - a) / (1 - a ** T)
#   > Yes: and the last input has the share 1 / (1 + a + …), which is much more. One context, very different influences.
# - [ ] 1 / T
#   > This would be its share if all were equal, as the claim says.
# - [ ] a ** (T - 1)
#   > This is its influence. Divide it by the sum of all.
# - [ ] (1 - a) / (1 - a ** T)
#   > This is the share of the *last* input.
# - [ ] a ** T * (1 - a) / (1 - a ** T)
#   > From step 1 to step T there are T − 1 multiplications.
# - [ ] else
#   > Write down the T influences: the last one is 1, the one before it is a, and so on. Then divide.

# %% [markdown] quiz="influence_verdict" kind="one" points=1 read="4.8"
# *"Without attention there is one context vector for all steps. It follows that all inputs have the same influence on the output."*
#
# - [ ] A. True.
#   > One context does not mean equal parts in it: your share of the first input is far from 1/T.
# - [x] B. False.
#   > Yes: the first sentence is right, the second does not follow from it. The context is constant, the influences are not. In 4.8 single inputs had from 2 % to 46 %.
# - [ ] C. A convention.
#   > Influence is a derivative here, and the same one for everybody.
# - [ ] D. It depends.
#   > What speaks for it: there are models with equal influences, such as a = 1 in the small one. But the claim says that it *follows* from the one context. Your share is a case with one context and unequal influences, so it does not follow.

# %% [markdown]
# **Claim 6.** *"Dot attention has no parameters, but its work grows with the product of the two lengths."* Count the multiply-adds as in 6.8: a score costs D, and adding a value with its weight costs D.

# %% [markdown] quiz="cost_number" kind="number" points=1 read="6.8" draw="S=20,30,40 T=10,15,25 D=64,128" tolerance="0"
# How many multiply-adds do the scores and the contexts of `dot` take for one sentence with {S} source words, {T} target words and states of {D} numbers?
#
# - [x] 2 * S * T * D
#   > Yes: for each pair of words D for the score and D for the weighted sum. On top of it, S · D numbers must be kept in memory.
# - [ ] S * T * D
#   > These are the scores alone. The contexts cost the same once more.
# - [ ] 2 * (S + T) * D
#   > Every target word meets *every* source word: the lengths are multiplied.
# - [ ] 2 * S * T * D * D
#   > A dot product of two vectors of D numbers costs D, not D².
# - [ ] 0
#   > No parameters means that nothing is *learned*. The products must be computed all the same.
# - [ ] else
#   > How many pairs of words are there? What does one pair cost in the score, and what in the context?

# %% [markdown] quiz="cost_verdict" kind="one" points=1 read="6.8"
# *"Dot attention has no parameters, but its work grows with the product of the two lengths."*
#
# - [x] A. True.
#   > Yes: S · T pairs, and each pair costs 2 D. On top of it all encoder states stay in memory. Parameters are one price, time and memory are others.
# - [ ] B. False.
#   > Double both lengths in your formula: the work is four times as large. And there is no W, U or v in it.
# - [ ] C. A convention.
#   > A clock measures it, whatever one calls it.
# - [ ] D. It depends.
#   > For short sentences the work is *little*. It grows with S · T all the same.

# %% [markdown]
# ### Claims 7 to 9: what a score is
#
# **Claim 7.** *"Attention weights say how similar a query and a key are."* If this were so, another query would give other weights. Measure it: you get a score as a black box, one query at a time,
# and look how much the weights differ between queries.
#
# <details><summary>Hint 1</summary>
#
# Weights are the softmax of the scores. Compute them for every query and put them below each other: [N, S].
# </details>
# <details><summary>Hint 2</summary>
#
# The largest difference between *any* two queries, for one key, is its largest weight minus its smallest one.
# </details>


# %% exercise="query_effect"
def query_effect(score, Q, K):
    """How much the weights differ between queries, at most.

    Args:
        score: a function (q [Dq], K [S, Dk]) -> scores [S]. It takes its two arguments without their names.
        Q: float [N, Dq], N ≥ 1 queries. K: float [S, Dk], the keys.

    Returns:
        A float: over all pairs of queries and all keys, the largest absolute difference of the softmax weights.
    """
    ### BEGIN SOLUTION
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])  # [N, S]
    return float((weights.amax(dim=0) - weights.amin(dim=0)).max())
    ### END SOLUTION


# %% check="query_effect-linear" points=1
def linear(q, K):
    """A score without tanh: a part of the query and a part of the key, added."""
    return 3 * q.sum() + K.sum(dim=1)


Q, K = torch.tensor([[1.0, 2.0], [-3.0, 0.5], [0.0, 4.0]]), torch.tensor([[0.5, 0.0], [1.0, -1.0], [0.2, 0.1]])
effect = query_effect(plain(linear), Q, K)
expect(effect).close(
    0.0, 1e-5, hint="A linear score adds the same number to every key: after the softmax nothing of the query is left."
)
expect(effect).type(float, hint="Return a Python float.")
### BEGIN HIDDEN TESTS
torch.manual_seed(3)
Q, K, w, u = torch.randn(5, 3), torch.randn(7, 2), torch.randn(3), torch.randn(2)
effect = query_effect(plain(lambda q, K: q @ w + K @ u), 4 * Q, K)
expect(effect).close(0.0, 1e-5, hint="Compare weights, after the softmax over the keys, and not scores.")
effect = query_effect(plain(lambda q, K: K @ K[0] * q.sum()), Q[:1], K)
expect(effect).close(0.0, 1e-6, hint="With one query there is nothing to compare: the effect is 0.")
effect = query_effect(plain(lambda q, K: K @ K[0] * q.sum()), Q, K)
expect(effect).at_least(0.01, hint="This score is not linear: its query multiplies, and the weights differ.")
### END HIDDEN TESTS


# %% check="query_effect-value" points=1
def dot(q, K):
    return K @ q


Q, K = torch.tensor([[0.0], [math.log(3.0)], [-math.log(3.0)]]), torch.tensor([[1.0], [0.0]])
effect = query_effect(plain(dot), Q, K)
expect(effect).close(
    0.5, hint="By hand: the weights of the first key are 0.5, 0.75 and 0.25, so the largest difference is 0.5."
)
### BEGIN HIDDEN TESTS
for seed, (N_, S_, D_) in enumerate([(2, 3, 5), (5, 7, 2), (3, 11, 3)]):
    torch.manual_seed(seed)
    Q, K = torch.randn(N_, D_), torch.randn(S_, D_)
    weights = (Q @ K.T).softmax(dim=1)
    expected = max(float((weights[i] - weights[j]).abs().max()) for i in range(N_) for j in range(N_))
    before = Q.clone(), K.clone()
    effect = query_effect(plain(dot), Q, K)
    expect((Q, K)).equal(before, hint="Q or K was changed.")
    expect(effect).close(expected, 1e-4, hint="The largest difference over all pairs of queries and over all keys.")
### END HIDDEN TESTS

# %%
torch.manual_seed(1)
demo_Q, demo_K = torch.randn(6, 8), F.normalize(torch.randn(5, 8), dim=1)
demo_W, demo_U, demo_v = torch.randn(16, 8), torch.randn(16, 8), torch.randn(16)
demo_scores = {
    "dot": lambda q, K: K @ q,
    "additive": lambda q, K: torch.tanh(demo_W @ q + K @ demo_U.T) @ demo_v,
    "additive without tanh": lambda q, K: (demo_W @ q + K @ demo_U.T) @ demo_v,
}
for name, score in demo_scores.items():
    top = torch.stack([score(q, demo_K).argmax() for q in demo_Q])
    nearest = (demo_Q @ demo_K.T).argmax(dim=1)  # the keys have length 1: the largest cosine
    agree = int((top == nearest).sum())
    print(f"{name:>22}: effect of the query {query_effect(score, demo_Q, demo_K):.3f},", end=" ")
    print(f"highest score at the most similar key for {agree} of {len(demo_Q)} queries")

# %% [markdown] quiz="similarity_verdict" kind="one" points=1 read="5.5"
# *"Attention weights say how similar a query and a key are."*
#
# - [ ] A. True.
#   > Not for the additive score: its highest score is not at the most similar key. And without tanh the query does not even count.
# - [ ] B. False.
#   > For dot with keys of one length it is just so.
# - [ ] C. A convention.
#   > The scores are different functions, not different names for one.
# - [x] D. It depends.
#   > Yes, on the score. Dot measures similarity, weighted by the length of the key; general measures it after a learned map; additive learns what *fits*, which need not be similar; a linear score ignores the query.

# %% [markdown]
# **Claim 8.** *"The general score is better than the dot score, since it has a learned matrix."* Stage 06 stored translators for both, ten seeds each, in the same order.

# %%
runs_06 = data.load("luong_runs")["runs"]
print("kinds:", list(runs_06))
print("the first seed of dot:", runs_06["dot"][0])

# %% [markdown] quiz="general_number" kind="number" points=1 read="6.6" tolerance="0"
# In how many of the ten seeds has `general` a **smaller** alignment error rate (`aer`) than `dot` with the same seed?
#
# - [x] 2
#   > Yes: in two of ten.
# - [ ] 8
#   > These are the seeds in which dot has the smaller one.
# - [ ] 0
#   > Compare seed by seed, and not the best of all.
# - [ ] 10
#   > This would be a clear win, but it is not there.
# - [ ] else
#   > Go through both lists at the same time, and count where the aer of general is smaller.

# %% [markdown] quiz="general_verdict" kind="one" points=1 read="6.6"
# *"The general score is better than the dot score, since it has a learned matrix."*
#
# - [ ] A. True.
#   > Not in our runs: dot has the better mean. And not for global attention in the paper.
# - [ ] B. False.
#   > In Luong's paper, general is better than dot for *local* attention. A claim about all cases fails, and so does its opposite.
# - [ ] C. A convention.
#   > Everybody means the same two formulas.
# - [x] D. It depends.
#   > Yes: on the task and on the rest of the model. In the paper, dot is better for global and general for local attention; in our runs dot has the better mean, but the runs of both overlap. "More parameters, so better" is not a reason.

# %% [markdown]
# **Claim 9.** *"For queries and keys of random numbers with variance 1, dividing by $\sqrt d$ normalises the scores."* Measure what the scores of a query sum to, after the division and
# after the softmax. The cell below the checks adds how far the scores are spread.
#
# **By hand.** d = 4, one query (2, 0, 0, 0), keys (3, 0, 0, 0) and (1, 0, 0, 0). Scores 6 and 2, divided by 2: 3 and 1. Their sum is 4. After the softmax: 0.881 and 0.119, with sum 1.
#
# <details><summary>Hint 1</summary>
#
# The scores of all queries and keys are one matrix product, [T, S]. d is the last size of Q.
# </details>
# <details><summary>Hint 2</summary>
#
# A row belongs to a query. Sum over the keys, which are the columns.
# </details>


# %% exercise="row_sums"
def row_sums(Q, K):
    """What the scores of each query sum to, after the division and after the softmax.

    Args:
        Q: float [T, d], the queries. K: float [S, d], the keys.

    Returns:
        A tuple (divided, weights) of two tensors [T]: the sum over the keys of Q Kᵀ / √d, and of its softmax.
    """
    ### BEGIN SOLUTION
    scores = Q @ K.T / Q.shape[1] ** 0.5  # [T, S]
    return scores.sum(dim=1), scores.softmax(dim=1).sum(dim=1)
    ### END SOLUTION


# %% check="row_sums-divided" points=1
divided, weights = row_sums(
    torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[3.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
)
expect(divided).close(
    torch.tensor([4.0]), hint="The example by hand: 3 + 1. Divide by the root of d, and sum over the keys."
)
### BEGIN HIDDEN TESTS
for seed, (T_, S_, d_) in enumerate([(3, 5, 7), (2, 11, 16), (7, 2, 3)]):
    torch.manual_seed(seed)
    Q, K = torch.randn(T_, d_), torch.randn(S_, d_)
    expected = torch.tensor([sum(float(q @ k) for k in K) / math.sqrt(d_) for q in Q])
    before = Q.clone(), K.clone()
    divided, weights = row_sums(Q, K)
    expect((Q, K)).equal(before, hint="Q or K was changed.")
    expect(divided).shape(T_, hint="One sum for each query.")
    expect(divided).close(
        expected, 1e-4, hint="Sum Q Kᵀ / √d over the keys. Is it the root of d, the width of a query?"
    )
### END HIDDEN TESTS

# %% check="row_sums-weights" points=1
divided, weights = row_sums(torch.eye(3), torch.tensor([[1.0, 2.0, 3.0], [0.0, 5.0, 1.0]]))
expect(weights).close(torch.ones(3), hint="The softmax goes over the keys: then every query's weights sum to 1.")
### BEGIN HIDDEN TESTS
for seed, (T_, S_, d_) in enumerate([(3, 5, 7), (11, 2, 5), (2, 13, 3)]):
    torch.manual_seed(seed)
    divided, weights = row_sums(5 * torch.randn(T_, d_), torch.randn(S_, d_))
    expect(weights).close(
        torch.ones(T_),
        1e-5,
        hint="For each query, the weights over all keys sum to 1, and there is one sum for each query.",
    )
    expect(divided).shape(T_, hint="The first result has one number for each query too.")
Q, K = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0, 4.0], [2.0, -1.0], [1.0, 1.0]])
divided, weights = row_sums(Q, K)
expect(divided / divided[0]).close(
    torch.tensor([1.0, 3.0, 2.0]),
    hint="Before the softmax, a query that is three times as long has a sum three times as large.",
)
### END HIDDEN TESTS

# %%
print("    d   spread of the scores   divided by √d   sums of the rows, divided   and after the softmax")
for d in (4, 64, 1024):
    torch.manual_seed(d)
    demo_Q, demo_K = torch.randn(50, d), torch.randn(50, d)
    raw = demo_Q @ demo_K.T
    demo_divided, demo_weights = row_sums(demo_Q, demo_K)
    print(f"{d:>5} {raw.std():>22.1f} {(raw / d**0.5).std():>15.2f}", end="")
    print(f"        from {demo_divided.min():>6.1f} to {demo_divided.max():>4.1f} {demo_weights.mean():>22.2f}")

# %% [markdown]
# *What to see:* the spread is the standard deviation of all scores. Read each column from d = 4 to d = 1024: which numbers does the division make alike, and which the softmax? Then ask what *normalised*
# means in a text that you know.

# %% [markdown] quiz="scale_verdict" kind="one" points=1 read="7.3"
# *"For queries and keys of random numbers with variance 1, dividing by $\sqrt d$ normalises the scores."*
#
# - [ ] A. True.
#   > It is, in texts that call it *normalising* to bring a spread to 1, as batch norm and layer norm do. In texts where normalised numbers have the sum 1, it is not: the divided scores sum to anything.
# - [ ] B. False.
#   > It is, in texts where normalised numbers have the sum 1: only the softmax gives that. But a batch norm *normalises* too, and gives a spread of 1. The division does this here: about 1 for d = 4, 64 and 1024.
# - [x] C. A convention.
#   > Yes: the numbers are the same for everybody, a spread of about 1 and sums of anything. Whether this is "normalised" is a matter of the word: a spread of 1, as in batch norm, or a sum of 1, as in probabilities. 7.3 says *scaling* and avoids the word. Say which one you mean.
# - [ ] D. It depends.
#   > The spread would depend on the queries and keys: trained ones may have any variance. But the claim names its numbers. With these, nothing is left but the question what the word means.

# %% [markdown]
# ### Claims 10 to 12: choosing and explaining
#
# **Claim 10.** *"In Xu et al. 2015, hard attention takes the input with the largest weight."* Two rules could be meant: *take* the place with the largest weight, or *draw* a place, with the weights as
# probabilities. One sentence of the paper decides it: the context of its soft attention is the *expected value* of the context of its hard attention, with the same weights. The first rule is an `argmax`.
# Write the second one, and see which of the two fits the sentence.
#
# **By hand.** Weights (0.25, 0.75), values 8 and 4. One draw gives 8 (every fourth time) or 4. The mean over many draws goes to 0.25 · 8 + 0.75 · 4 = 5. The largest weight
# gives 4 every time.
#
# <details><summary>Hint 1</summary>
#
# `torch.multinomial(weights, n, replacement=True, generator=generator)` draws n positions.
# </details>
# <details><summary>Hint 2</summary>
#
# Index the values with the positions that were drawn: [n, D]. Then take the mean over the draws.
# </details>


# %% exercise="hard_glimpse"
def hard_glimpse(alpha, values, n, generator):
    """The mean of the values at n drawn positions.

    Args:
        alpha: float [S], weights that sum to 1. values: float [S, D].
        n: int, how often a position is drawn, each time anew from all positions.
        generator: a torch.Generator; all randomness comes from it.

    Returns:
        Float [D]: the mean of the n values that were drawn. For n = 1 it is a row of `values`.
    """
    ### BEGIN SOLUTION
    chosen = torch.multinomial(alpha, n, replacement=True, generator=generator)  # [n]
    return values[chosen].mean(dim=0)  # [D]
    ### END SOLUTION


# %% check="hard_glimpse-mean" points=1
alpha, values = torch.tensor([0.25, 0.75]), torch.tensor([[8.0], [4.0]])
mean = hard_glimpse(alpha, values, 8000, torch.Generator().manual_seed(0))
expect(mean).shape(1, hint="The mean over the draws has the shape of one value: [D].")
expect(mean).close(
    torch.tensor([5.0]),
    0.02,
    hint="The mean of many draws goes to 0.25 · 8 + 0.75 · 4 = 5. Draw with the weights as probabilities.",
)
### BEGIN HIDDEN TESTS
for seed in range(3):
    torch.manual_seed(seed)
    alpha, values = torch.randn(5).softmax(dim=0), torch.randn(5, 3)
    expected = alpha @ values
    mean = hard_glimpse(alpha, values, 20000, torch.Generator().manual_seed(seed))
    expect(mean).close(
        expected,
        0.03,
        hint="With many draws the mean goes to the weighted sum. Is each draw made anew, with these weights?",
    )
mean = hard_glimpse(torch.tensor([0.26, 0.33, 0.41]), torch.eye(3), 10, torch.Generator().manual_seed(0))
expect(10 * mean).close(
    (10 * mean).round(), 1e-4, hint="Ten draws of the values 0 and 1: each mean is a whole number of tenths."
)
### END HIDDEN TESTS

# %% check="hard_glimpse-draws" points=1
rows = [[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]
draw = hard_glimpse(torch.tensor([0.5, 0.2, 0.3]), torch.tensor(rows), 1, torch.Generator().manual_seed(0))
expect([draw.tolist() == row for row in rows].count(True)).equal(
    1, hint="One draw is one row of the values, and no mixture."
)
### BEGIN HIDDEN TESTS
torch.manual_seed(5)
alpha, values = torch.tensor([0.4, 0.35, 0.25]), torch.randn(3, 2)
rows = values.tolist()
draws = [hard_glimpse(alpha, values, 1, torch.Generator().manual_seed(seed)).tolist() for seed in range(30)]
expect(all(draw in rows for draw in draws)).equal(True, hint="With n = 1 the result is exactly one of the values.")
expect(len({tuple(draw) for draw in draws})).equal(
    3, hint="In 30 draws each of the three values comes up: draw, do not take the largest."
)
generator = torch.Generator().manual_seed(9)
pair = [hard_glimpse(alpha, values, 3, generator).tolist() for _ in range(12)]
expect(len({tuple(mean) for mean in pair}) > 3).equal(
    True, hint="A second call with the same generator goes on with other draws."
)
torch.manual_seed(1)
first = hard_glimpse(alpha, values, 7, torch.Generator().manual_seed(2)).tolist()
torch.manual_seed(2)
second = hard_glimpse(alpha, values, 7, torch.Generator().manual_seed(2)).tolist()
expect(second).equal(first, hint="All randomness comes from the generator that was passed.")
### END HIDDEN TESTS

# %%
demo_alpha, demo_values = torch.tensor([0.2, 0.45, 0.35]), torch.tensor([[0.0], [1.0], [3.0]])
demo_counts = [1, 3, 10, 30, 100, 300, 1000, 3000]
demo_generator = torch.Generator().manual_seed(0)
demo_means = [float(hard_glimpse(demo_alpha, demo_values, n, demo_generator)) for n in demo_counts]
ax = plots.lines(
    {
        "mean of n draws": demo_means,
        "soft attention": [float(demo_alpha @ demo_values)] * len(demo_counts),
        "largest weight": [float(demo_values[demo_alpha.argmax()])] * len(demo_counts),
    },
    demo_counts,
    title="Two rules, and soft attention",
    xlabel="draws n",
    ylabel="context",
)
ax.set_xscale("log")

# %% [markdown]
# *What to see:* the expected value of a rule is the number that its mean comes near to after many uses. Find it for both rules, and compare it with the line of soft attention.

# %% [markdown] quiz="hard_verdict" kind="one" points=1 read="12.5"
# *"In Xu et al. 2015, hard attention takes the input with the largest weight."*
#
# - [ ] A. True.
#   > Then its expected value would be the value with the largest weight, and not the context of soft attention, as the paper says.
# - [x] B. False.
#   > Yes: it draws, with the weights as probabilities. On average it is soft attention (10.8); this is why its gradient can be estimated from rewards. Taking the largest has no useful gradient at all.
# - [ ] C. A convention.
#   > What speaks for it: some later texts do call the largest weight *hard*. But the claim names its paper, and there a place is drawn.
# - [ ] D. It depends.
#   > Only if one weight is 1 do both rules agree. Then there is nothing to choose.

# %% [markdown]
# **Claim 11.** *"If an example can have several labels at once, a softmax with the rule 'predict what is above a half' is the wrong output: it never predicts two of them."* Count it.
#
# **By hand.** Logits (2, 2, −3): the softmax gives 0.498, 0.498, 0.003, so no label is above a half. Sigmoids give 0.88, 0.88, 0.05: two labels are.
#
# <details><summary>Hint 1</summary>
#
# A comparison gives a tensor of bools, and the sum of bools counts the True ones.
# </details>
# <details><summary>Hint 2</summary>
#
# The softmax goes over the labels of one example. The sigmoid looks at each logit on its own. Exactly a half is not *above* a half.
# </details>


# %% exercise="labels_over_half"
def labels_over_half(logits):
    """How many labels get a probability above a half, with a softmax and with sigmoids.

    Args:
        logits: float [B, C], one row for each example, one column for each label.

    Returns:
        A tuple (softmax, sigmoid) of two tensors torch.long [B].
    """
    ### BEGIN SOLUTION
    one_of_all = logits.softmax(dim=1) > 0.5  # [B, C]
    each_alone = torch.sigmoid(logits) > 0.5  # [B, C]
    return one_of_all.sum(dim=1), each_alone.sum(dim=1)
    ### END SOLUTION


# %% check="labels_over_half-softmax" points=1
logits = torch.tensor([[2.0, 2.0, -3.0], [4.0, 0.0, 1.0]])
softmax, sigmoid = labels_over_half(logits)
expect(softmax).equal(
    torch.tensor([0, 1]),
    hint="A softmax over the labels: in the first row two labels share nearly everything, and none is above a half.",
)
### BEGIN HIDDEN TESTS
for seed, (B_, C_) in enumerate([(3, 5), (7, 2), (2, 7)]):
    torch.manual_seed(seed)
    logits = 3 * torch.randn(B_, C_)
    e = logits.double().exp()
    expected = torch.tensor([sum(float(e[b, c] / e[b].sum()) > 0.5 for c in range(C_)) for b in range(B_)])
    softmax, sigmoid = labels_over_half(logits)
    expect(softmax).equal(
        expected, hint="The softmax goes over the labels of one example, dim=1; then count what is above a half."
    )
softmax, sigmoid = labels_over_half(torch.zeros(3, 2))
expect(softmax).equal(torch.tensor([0, 0, 0]), hint="Exactly a half is not above a half.")
### END HIDDEN TESTS

# %% check="labels_over_half-sigmoid" points=1
logits = torch.tensor([[2.0, 2.0, -3.0], [4.0, 0.0, 1.0]])
softmax, sigmoid = labels_over_half(logits)
expect(sigmoid).equal(
    torch.tensor([2, 2]), hint="Each label on its own: its sigmoid is above a half where its logit is above 0."
)
expect(sigmoid).dtype(torch.long, hint="Counts are whole numbers.")
### BEGIN HIDDEN TESTS
for seed, (B_, C_) in enumerate([(3, 5), (7, 2), (2, 11)]):
    torch.manual_seed(seed + 20)
    logits = torch.randn(B_, C_)
    expected = torch.tensor([sum(x > 0 for x in row) for row in logits.tolist()])
    before = logits.clone()
    softmax, sigmoid = labels_over_half(logits)
    expect(logits).equal(before, hint="The logits were changed.")
    expect(sigmoid).equal(expected, hint="Sigmoid of each logit, then count for each example.")
softmax, sigmoid = labels_over_half(torch.zeros(2, 3))
expect(sigmoid).equal(torch.tensor([0, 0]), hint="Exactly a half is not above a half.")
### END HIDDEN TESTS

# %%
torch.manual_seed(0)
demo_logits = 4 * torch.randn(10_000, 5)
demo_softmax, demo_sigmoid = labels_over_half(demo_logits)
print("10,000 random examples with 5 labels: how many have 0, 1, 2, … labels above a half?")
print("softmax: ", torch.bincount(demo_softmax, minlength=6).tolist())
print("sigmoids:", torch.bincount(demo_sigmoid, minlength=6).tolist())

# %% [markdown] quiz="labels_verdict" kind="one" points=1 read="12.5"
# *"If an example can have several labels at once, a softmax with the rule 'predict what is above a half' is the wrong output: it never predicts two of them."*
#
# - [x] A. True.
#   > Yes: the probabilities of a softmax sum to 1, so two of them cannot both be above a half. What speaks for a softmax all the same: with a threshold of its own it gets 0.69 to 0.72 of the pictures in 9.10 (sigmoids: 0.83 to 0.85), and Mahajan et al. 2018 found it better for pre-training. But the claim names its rule.
# - [ ] B. False.
#   > Show two labels above a half: together they would be above 1, and a softmax sums to 1.
# - [ ] C. A convention.
#   > That two numbers above a half sum to more than 1 holds in every notation.
# - [ ] D. It depends.
#   > On what? With this rule it holds for all logits. With a lower threshold a softmax can predict two labels (9.10: 0.69 to 0.72 of the pictures right, sigmoids 0.83 to 0.85). That would be another rule.

# %% [markdown]
# **Claim 12.** *"That a translator is nearly always right does not mean that its attention weights show the right alignment."* Stage 05 stored 20 additive translators: the share of exact translations (`exact`) and the alignment error rate (`aer`; 0 is perfect).

# %%
runs_05 = data.load("attention_runs")["runs"]
print("kinds:", list(runs_05))
print("the first additive run:", {key: runs_05["additive"][0][key] for key in ("exact", "aer")})

# %% [markdown] quiz="explain_number" kind="number" points=1 read="5.10" tolerance="0.002"
# Take the `additive` runs whose `exact` is at least 0.99. What is the **largest** `aer` among them?
#
# - [x] 0.2179
#   > Yes: 99 of 100 translations are right, and the alignment error rate is above a fifth.
# - [ ] 0.1712
#   > This is the *smallest* one among them.
# - [ ] 0.1519
#   > This is the smallest one of all 20 runs.
# - [ ] 0.1903
#   > This is the largest one among the runs with the very best `exact`; others reach 0.99 too.
# - [ ] else
#   > Keep the runs with exact >= 0.99, take their aer, and then the largest.

# %% [markdown] quiz="explain_verdict" kind="one" points=1 read="5.10"
# *"That a translator is nearly always right does not mean that its attention weights show the right alignment."*
#
# - [x] A. True.
#   > Yes: nearly every translation is right in these runs, and still the alignment error rate lies between 0.15 and 0.22. The picture has to be measured on its own.
# - [ ] B. False.
#   > Then every good translator would have an alignment error rate near 0. Your number is above a fifth.
# - [ ] C. A convention.
#   > The gold alignment is fixed here, and the number comes from it.
# - [ ] D. It depends.
#   > In none of the 20 good translators is the alignment right. Some are less wrong than others, but right answers alone do not tell which.

# %% [markdown]
# ### Claims 13 to 15: pre-training
#
# **Claim 13.** *"Pre-training always helps."* Stage 08 stored how many of 2,000 new pairs are right, for 50, 200 and 2,000 labels. The first lines have the classifier that compares word by word. The last two have the classifier of two means, with
# 2,000 labels: an encoder that read single sentences first, and one that read nothing.

# %%
runs_08 = data.load("pretraining_runs")


def demo_mean(numbers):
    return sum(numbers) / len(numbers)


print("word by word                50     200    2,000 labels")
for name, of_number in runs_08["words"].items():
    print(f"{name:27}", *(f"{demo_mean(runs['new']):.2f}  " for runs in of_number.values()))
print("two means, 2,000 labels")
print(f"read single sentences first {demo_mean(runs_08['read']['single sentences']['2000']):.2f}")
print(f"from scratch                {demo_mean(runs_08['labels']['from scratch']['2000']['new']):.2f}")

# %% [markdown] quiz="pretraining_verdict" kind="one" points=1 read="8.11"
# *"Pre-training always helps."*
#
# - [ ] A. True.
#   > Look at 2,000 labels, word by word: from scratch 0.96, with the encoder that has read 0.81 to 0.93.
# - [x] B. False.
#   > Yes: one clear case is enough against "always". With 50 labels the reading was worth something (0.73 against 0.67), with 2,000 it was in the way. And single sentences, which do not have what the task needs, gave 0.69 where no reading gave 0.65.
# - [ ] C. A convention.
#   > Everybody means the same: first read without labels, then learn from labels.
# - [ ] D. It depends.
#   > *Whether* it helps depends: on the text, on the number of labels, on the head. But the claim says "always", and the last column contradicts it.

# %% [markdown]
# **Claim 14.** *"An encoder that is fine-tuned beats the same encoder frozen."* The same runs, word by word. The table shows each pair of runs: fine-tuned minus frozen.

# %%
for number in ("50", "200", "2000"):
    frozen_08, tuned_08 = (runs_08["words"][way][number]["new"] for way in ("frozen", "fine-tuned, slower encoder"))
    differences = [tuned - frozen for tuned, frozen in zip(tuned_08, frozen_08, strict=True)]
    print(
        f"{int(number):>5,} labels: frozen {demo_mean(frozen_08):.2f}, fine-tuned {demo_mean(tuned_08):.2f}", end=",  "
    )
    print("run by run", *(f"{difference:+.2f}" for difference in differences))

# %% [markdown] quiz="frozen_verdict" kind="one" points=1 read="8.11"
# *"An encoder that is fine-tuned beats the same encoder frozen."*
#
# - [ ] A. True.
#   > With 200 and with 2,000 labels, yes. With 50 it is 0.04 to 0.05 behind, in all three runs.
# - [ ] B. False.
#   > With 2,000 labels fine-tuning is ahead by about 0.10, in all three runs.
# - [ ] C. A convention.
#   > Frozen means in every text that the encoder's weights stay as they are.
# - [x] D. It depends.
#   > Yes, on the number of labels: 0.69 against 0.73 with 50, 0.79 against 0.77 with 200, 0.91 against 0.81 with 2,000. With few labels it is good to change little of what was learned before.

# %% [markdown]
# **Claim 15.** *"BERT's 80/10/10 is essential: an encoder that was only asked at [MASK] is of no use on text without it."* Stage 08 trained three encoders with the rule and three with MASK at all chosen words. The first two lines ask them without any label
# which of two hypotheses is said. In the second line nothing is hidden. The last two lines come after fine-tuning with 200 and 2,000 labels, on text without MASK.

# %%
for key in runs_08["masks"]["MASK only"][0]:
    of_ways = [f"{way} {demo_mean([run[key] for run in runs]):.2f}" for way, runs in runs_08["masks"].items()]
    print(f"{key:20}", "   ".join(of_ways))

# %% [markdown] quiz="masking_verdict" kind="one" points=1 read="8.10"
# *"BERT's 80/10/10 is essential: an encoder that was only asked at [MASK] is of no use on text without it."*
#
# - [ ] A. True.
#   > "Of no use" would be a guess, 0.5. Without any hidden word it is right in 0.95, and after fine-tuning it is not behind at all.
# - [x] B. False.
#   > Yes: the rule is worth 0.04 where nothing is hidden (0.99 against 0.95). After fine-tuning nothing of that is left, 0.92 and 0.93. Devlin et al. report little effect after fine-tuning, too.
# - [ ] C. A convention.
#   > Whether a word is replaced or stays changes the data, and not a name.
# - [ ] D. It depends.
#   > What speaks for it: the *size* of the gain does depend. It is 0.04 without masks and nothing after fine-tuning, and with frozen features Devlin et al. found MASK only worse (8.10). In none of these cases is the encoder of no use.

# %% [markdown]
# ### Claims 16 to 18: images
#
# **Claim 16.** *"Deeper is better."* Stage 09 stored the share of new pictures with all labels right for four kinds of network with 4, 12 and 24 convolutions, three runs each. ("Residual" means that each block adds its input.)

# %%
depth_09 = data.load("image_runs")["depth"]
depths = [int(depth) for depth in next(iter(depth_09.values()))]
ax = plots.lines(
    {name: [demo_mean(runs["new"]) for runs in of_depth.values()] for name, of_depth in depth_09.items()},
    depths,
    title="Means of three runs",
    xlabel="convolutions in the blocks",
    ylabel="all labels right",
)
_ = ax.set(ylim=(0, 1.35), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1], xticks=depths)
_ = ax.legend(frameon=False, ncols=2, loc="upper center")
for name, of_depth in depth_09.items():
    print(f"{name:24}", *(f"{demo_mean(runs['new']):.2f}" for runs in of_depth.values()))

# %% [markdown] quiz="deeper_verdict" kind="one" points=1 read="9.6"
# *"Deeper is better."*
#
# - [ ] A. True.
#   > The plain networks fall with every block: with batch norm from 0.64 to 0.25, without it to 0.00.
# - [ ] B. False.
#   > With the sum and batch norm, 12 convolutions are clearly better than 4: 0.81 against 0.66.
# - [ ] C. A convention.
#   > The number of convolutions is counted in the same way everywhere.
# - [x] D. It depends.
#   > Yes: on the sum, and on how deep. With the sum, depth paid up to 12 convolutions, with batch norm (0.66 to 0.81) and without it (0.31 to 0.42); beyond that it did no good. Without the sum it did harm.

# %% [markdown]
# **Claim 17.** *"A label that is nowhere, neither there nor predicted, has the F1 0."* The formula is 2 TP / (2 TP + FP + FN), and here it says 0 / 0. The cell takes the four labels of the example in 9.10 and computes the mean F1 in three ways.

# %%
there = torch.tensor(
    [[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
).bool()  # a row for each label
said = torch.tensor([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]]).bool()
f1 = 2 * (there & said).sum(dim=1) / (there.sum(dim=1) + said.sum(dim=1))
print("F1 of the four labels:", [round(x, 2) for x in f1.tolist()])
print(f"their mean, if 0 / 0 counts as 0: {f1.nan_to_num(0.0).mean():.3f}")
print(f"their mean, if 0 / 0 counts as 1: {f1.nan_to_num(1.0).mean():.3f}")
print(f"their mean, if it is left out:    {f1.nanmean():.3f}")

# %% [markdown] quiz="nowhere_verdict" kind="one" points=1 read="9.10"
# *"A label that is nowhere, neither there nor predicted, has the F1 0."*
#
# - [ ] A. True.
#   > In this course, yes, because we decided so. The formula itself gives 0 / 0.
# - [ ] B. False.
#   > Nothing contradicts it either: no number is wrong before somebody has said what 0 / 0 shall be.
# - [x] C. A convention.
#   > Yes: 0, 1, or left out, all three are used. The same predictions have the mean F1 0.325, 0.575 or 0.433, so a paper has to say which one it means.
# - [ ] D. It depends.
#   > It does not depend on the data or on the model. Somebody has to choose, so "a convention" says it better.

# %% [markdown]
# **Claim 18.** *"An attention map shows where the model looks: its brightest place lies on the thing that the answer names."* Stages 09 and 10 measured it with the pointing game. The second number of the first two lines is the smallest value of a map, on average; the largest one
# of the gate is 1.00. The captions come with their control, the map of another picture with the same word.

# %%
for name in ("label attention", "spatial gate"):
    runs = data.load("image_runs")["maps"][name]
    print(f"{name:16} points right in {demo_mean([run['pointing'] for run in runs]):.2f}", end=", ")
    print(f"its darkest place has {demo_mean([run['darkest'] for run in runs]):.2f}")
print("(a random place 0.24, one fixed place for each label, without the picture, 0.63)")
runs = data.load("visual_runs")["captions"]["soft attention"]
for kind, place in (("adjective", "first word of a phrase"), ("noun", "second word")):
    control = demo_mean([run[f"{kind}, map of another picture"] for run in runs])
    print(f"{place:22} points right in {demo_mean([run[kind] for run in runs]):.2f}, control {control:.2f}")

# %% [markdown] quiz="map_verdict" kind="one" points=1 read="9.16"
# *"An attention map shows where the model looks: its brightest place lies on the thing that the answer names."*
#
# - [ ] A. True.
#   > Not for the gate: 0.19, less than a random place. Nor for the second words of a phrase: 0.46 against a control of 0.33.
# - [ ] B. False.
#   > A softmax over the places, with a query for each label, points right in 0.86. A finger that never sees the picture gets 0.63.
# - [ ] C. A convention.
#   > The regions are painted by a program, and the brightest place is what it is. Nothing is left to naming.
# - [x] D. It depends.
#   > Yes. In a softmax the places compete, and here it points in 0.86. A gate of sigmoids need not hide anything: hardly a place is dark, and ties decide its 0.19. And the map of a second word, which can be guessed from the first one, is only 0.13 above its control; that of a first word is 0.34 above.

# %% [markdown]
# ### Claims 19 and 20: looking at one place
#
# **Claim 19.** *"Soft attention beats hard attention."* Stage 10 stored both, for the hidden digit and for captions, three runs each.

# %%
runs_10 = data.load("visual_runs")
for name in ("one drawn look", "three drawn looks", "soft, a mean of 100 glimpses"):
    runs = runs_10["finder"][name]
    right = demo_mean([run["right"] for run in runs])
    print(f"digit, {name:30} {right:.2f} right, {runs[0]['multiplications']:>9,} multiplications")
for name in ("hard attention", "soft attention"):
    print(f"captions, {name:27} {demo_mean([run['exact'] for run in runs_10['captions'][name]]):.2f} right")

# %% [markdown] quiz="soft_verdict" kind="one" points=1 read="10.12"
# *"Soft attention beats hard attention."*
#
# - [ ] A. True.
#   > In right answers, in both of our tasks. But for the digit it pays 20 times the multiplications of one drawn look, and in Xu et al. hard attention was about as good.
# - [ ] B. False.
#   > With one look each it is 0.86 against 0.74, and for the captions 0.83 against 0.34.
# - [ ] C. A convention.
#   > "Beats" leaves open in what. But a mean of all places and one drawn place are two computations, not two names.
# - [x] D. It depends.
#   > Yes, on what counts and on the task. In right answers soft was ahead here. If the work counts, three drawn looks get 0.81 at a tenth of its price. With up to nine choices for a caption, hard attention learned badly in our small model, and well in that of Xu et al.

# %% [markdown]
# **Claim 20.** People say: "a baseline makes REINFORCE learn better, because its gradients scatter less." These are two statements in one. Here is a more careful sentence: *"That a baseline makes the gradients scatter less does not show that the network ends up better."* Stage 10 stored both, three
# runs each.

# %%
for key in ("no baseline", "baseline"):
    print(f"{key:12} variance of the gradients", *(f"{run[key]:.3f}" for run in runs_10["scatter"]["after 10 epochs"]))
for name in ("two drawn looks, no baseline", "two drawn looks"):
    rights = [run["right"] for run in runs_10["finder"][name]]
    print(f"{name:29} right {demo_mean(rights):.2f}  (", *(f"{x:.2f}" for x in sorted(rights)), ")")

# %% [markdown] quiz="baseline_verdict" kind="one" points=1 read="10.12"
# *"That a baseline makes the gradients scatter less does not show that the network ends up better."*
#
# - [x] A. True.
#   > Yes: the variance falls to a third, from 0.12 to 0.04. The answers are right in 0.79 and 0.77, and the runs of the two overlap. Whether it learns better has to be measured by itself, with more runs.
# - [ ] B. False.
#   > Then a third of the variance would have to show in the answers. 0.79 and 0.77 cannot be told apart with these runs.
# - [ ] C. A convention.
#   > Variance and the share of right answers are two quantities, whatever one calls them.
# - [ ] D. It depends.
#   > On what? A second quantity is never shown by the first one alone. Elsewhere a baseline may well make a better network; then the answers show it, not the variance.

# %% [markdown]
# ## 12.6 The bug clinic: write the test
#
# On all pages so far, somebody else wrote the checks. Here you write them. Ten bugs, each of a kind that stands in real code, wait for ten tests.
#
# **The contract.** A test is a function of one argument, the `candidate`:
#
# - the candidate is a version of a function that you know. You can **call** it, with its arguments in the order that is given and without their names. You cannot look inside.
# - Your test returns `True` if the candidate is right and `False` if it is wrong, and nothing else. It does not raise. The verdict is read
#   at once: what you change later does not count.
# - A version never raises when its arguments are valid. Where it cannot take its arguments, the error is the same for all versions. Right versions keep every promise of the docstring. A wrong version may return anything, also a wrong shape.
#
# **How it is graded.** Your test gets several right versions, which may be written in very different ways, and several wrong ones: the bug of the text, and others that belong
# to the same family. It gets its points only if it accepts **all** right ones and refuses **all** wrong ones. A test that always says True gets nothing, and so does one that
# always says False.
#
# **How to write a good test.** Four ideas, in the order in which they usually pay:
#
# 1. *Compare with something independent*: torch's own module, a slow loop from the formula, or a small case by hand.
# 2. *Choose inputs that hurt*: sizes that all differ, at least three sentences of different lengths, numbers that are not 0, not 1 and not all alike.
# 3. *Allow rounding*: `torch.allclose(got, expected, atol=1e-5)`, since a right version may add in another order. But not more: a large tolerance lets bugs through.
# 4. *Compare the shapes first.* `torch.allclose` stretches shapes that fit, and raises where they do not.
#
# **An example.** A version of `mean(x)`, over the last dimension of a matrix, could have the bug that it takes the first dimension. With `torch.ones(3, 3)` nobody sees it.
#
#     def test_mean(candidate):
#         x = torch.tensor([[1.0, 2.0, 6.0], [0.0, 4.0, 2.0]])   # 2 rows, 3 columns
#         got = candidate(x)
#         return got.shape == (2,) and torch.allclose(got, torch.tensor([3.0, 2.0]), atol=1e-6)

# %% [markdown]
# ### Bug 1: the tanh that is not there
#
# The additive score is $v \cdot \tanh(W q + U k)$ (5.2). In some published versions the tanh is missing (*Papers*, at the end). It trains, the loss falls, and every step of the decoder looks at the same words. Others put the tanh in
# the wrong place, or forget who asks.
#
# <details><summary>Hint 1</summary>
#
# The formula with two loops, one over sentences and one over words, is slow and easy to get right. That is what you want in a test.
# </details>
# <details><summary>Hint 2</summary>
#
# Which numbers must be random and not small, so that tanh is not nearly the identity? Which sizes must differ?
# </details>


# %% exercise="test_additive_score"
def test_additive_score(candidate):
    """Is this a right additive score?

    Args:
        candidate: a function (q [B, Dq], K [B, S, Dk], W [A, Dq], U [A, Dk], v [A]) -> scores [B, S].
            A right one returns v · tanh(W q + U k) for each sentence and each of its keys, all in float32.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    B, S, Dq, Dk, A = 3, 4, 5, 2, 7
    sizes = [(B, Dq), (B, S, Dk), (A, Dq), (A, Dk), (A,)]
    q, K, W, U, v = (torch.randn(size, generator=generator) for size in sizes)
    expected = torch.stack([torch.stack([v @ torch.tanh(W @ q[b] + U @ k) for k in K[b]]) for b in range(B)])  # [B, S]
    got = candidate(q, K, W, U, v)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)
    ### END SOLUTION


# %% check="test_additive_score-versions" points=2
def additive(q, K, W, U, v):
    return torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T) @ v


def without_tanh(q, K, W, U, v):
    return ((q @ W.T).unsqueeze(1) + K @ U.T) @ v


expect(decided(test_additive_score(plain(additive)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_additive_score(plain(without_tanh)))).equal(
    False, hint="The tanh is missing here, and your test does not notice."
)


### BEGIN HIDDEN TESTS
def loops(q, K, W, U, v):
    rows = [[float(v @ torch.tanh(W @ q[b] + U @ K[b, s])) for s in range(K.shape[1])] for b in range(len(q))]
    return torch.tensor(rows)


def joined(q, K, W, U, v):
    pairs = torch.cat([q.unsqueeze(1).expand(-1, K.shape[1], -1), K], dim=2)
    return torch.einsum("bsa,a->bs", torch.tanh(pairs @ torch.cat([W, U], dim=1).T), v)


def by_sigmoid(q, K, W, U, v):
    x = ((W @ q.T).T.unsqueeze(1) + K @ U.T).double()
    return ((2 * torch.sigmoid(2 * x) - 1) @ v.double()).float()


def tanh_outside(q, K, W, U, v):
    return torch.tanh(((q @ W.T).unsqueeze(1) + K @ U.T) @ v)


def sigmoid(q, K, W, U, v):
    return torch.sigmoid((q @ W.T).unsqueeze(1) + K @ U.T) @ v


def no_query(q, K, W, U, v):
    return torch.tanh(K @ U.T) @ v


def one_query(q, K, W, U, v):
    return torch.tanh((q[:1] @ W.T).unsqueeze(1) + K @ U.T) @ v


def tanh_each(q, K, W, U, v):
    return (torch.tanh(q @ W.T).unsqueeze(1) + torch.tanh(K @ U.T)) @ v


def no_v(q, K, W, U, v):
    return torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T).sum(dim=2)


def kept_dimension(q, K, W, U, v):
    return torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T) @ v.unsqueeze(1)


def cut(q, K, W, U, v):
    return ((q @ W.T).unsqueeze(1) + K @ U.T).clamp(-1, 1) @ v


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding, or do you ask for more than the docstring promises?"
versions = [
    (tanh_outside, False, "A wrong version passes your test: its tanh stands at the wrong place."),
    (loops, True, refused),
    (one_query, False, "A wrong version passes your test: it uses the first sentence's query for all sentences."),
    (no_query, False, "A wrong version passes your test: it ignores the query."),
    (joined, True, refused),
    (sigmoid, False, "A wrong version passes your test: it has another activation."),
    (
        kept_dimension,
        False,
        "A wrong version passes your test: its result has one dimension too many. Compare shapes first.",
    ),
    (by_sigmoid, True, refused),
    (tanh_each, False, "A wrong version passes your test: it takes the tanh of query and key apart."),
    (no_v, False, "A wrong version passes your test: it does not use v."),
    (cut, False, "A wrong version passes your test: its activation is only nearly tanh. Is your tolerance too large?"),
]
verdicts = [decided(test_additive_score(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 2: the mask that comes too late
#
# Weights are a softmax over the positions that may be seen (5.3). In a common version the softmax comes first and the mask after it: the weights of a padded sentence do not sum to 1. The family is large: masks that are inverted, scores
# that are multiplied by the mask, NaN for a row in which nothing may be seen, and functions that write into the caller's scores.
#
# <details><summary>Hint 1</summary>
#
# Write down, for one row of four scores with one False in its mask, what the weights must be. `torch.softmax` of the three real scores is your independent answer.
# </details>
# <details><summary>Hint 2</summary>
#
# Go through the promises of the docstring one by one. For each of them you need one input at which a function that breaks it shows it: a row that is masked altogether, large scores, a copy of the scores from before the call.
# </details>
# <details><summary>Hint 3</summary>
#
# NaN equals nothing, so `allclose` with a NaN is False: good for you. To overflow `exp` in float32, a score above 89 is enough.
# </details>


# %% exercise="test_masked_softmax"
def test_masked_softmax(candidate):
    """Is this a right masked softmax?

    Args:
        candidate: a function (scores [B, S], mask bool [B, S]) -> weights [B, S]. For a right one:
            the weights of a row are the softmax over its positions where mask is True, and 0 elsewhere;
            a row of the mask without any True gives a row of zeros; scores may be any finite numbers, also
            hundreds; the caller's tensors are not changed.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [200.0, 199.0, 0.0, 250.0], [-1.0, 0.0, 2.0, 1.0]])
    mask = torch.tensor([[True, True, False, True], [True, True, True, False], [False] * 4])
    expected = torch.zeros(3, 4)
    for b in (0, 1):
        expected[b, mask[b]] = scores[b, mask[b]].softmax(dim=0)
    given, seen = scores.clone(), mask.clone()
    got = candidate(given, seen)
    if not (torch.equal(given, scores) and torch.equal(seen, mask)):
        return False
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)
    ### END SOLUTION


# %% check="test_masked_softmax-versions" points=2
def masked_first(scores, mask):
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)


def masked_late(scores, mask):
    return scores.softmax(dim=1) * mask


expect(decided(test_masked_softmax(plain(masked_first)))).equal(
    True, hint="This version is right, and your test refuses it."
)
expect(decided(test_masked_softmax(plain(masked_late)))).equal(
    False, hint="The mask comes after the softmax here: the weights of a padded row do not sum to 1."
)


### BEGIN HIDDEN TESTS
def smallest(scores, mask):
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=1) * mask


def by_hand(scores, mask):
    top = scores.masked_fill(~mask, -torch.inf).amax(dim=1, keepdim=True).nan_to_num(neginf=0.0)
    e = (scores - top).clamp(max=0).exp() * mask
    return e / e.sum(dim=1, keepdim=True).clamp(min=1e-30)


def row_by_row(scores, mask):
    weights = torch.zeros_like(scores)
    for b in range(len(scores)):
        if mask[b].any():
            weights[b, mask[b]] = scores[b, mask[b]].double().softmax(dim=0).float()
    return weights


def turned_round(scores, mask):
    return scores.masked_fill(mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)


def times_mask(scores, mask):
    return (scores * mask).softmax(dim=1) * mask.any(dim=1, keepdim=True)


def not_a_number(scores, mask):
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=1)


def equal_when_empty(scores, mask):
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=1)


def wrong_axis(scores, mask):
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=0).nan_to_num(0.0)


def in_place(scores, mask):
    return scores.masked_fill_(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)


def changes_mask(scores, mask):
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    mask.logical_not_()
    return weights


def overflows(scores, mask):
    e = scores.exp() * mask
    return e / e.sum(dim=1, keepdim=True).clamp(min=1e-30)


def not_divided(scores, mask):
    top = scores.masked_fill(~mask, -torch.inf).amax(dim=1, keepdim=True).nan_to_num(neginf=0.0)
    return (scores - top).clamp(max=0).exp() * mask


refused = "A right version, written in another way, is refused. Is your tolerance too small, or do you ask for more than the docstring promises?"
versions = [
    (smallest, True, refused),
    (turned_round, False, "A wrong version passes your test: it looks where the mask is False."),
    (not_a_number, False, "A wrong version passes your test: it gives NaN where a row of the mask has no True."),
    (
        times_mask,
        False,
        "A wrong version passes your test: it multiplies the scores by the mask, so that a masked position has score 0 and still gets a weight.",
    ),
    (by_hand, True, refused),
    (
        in_place,
        False,
        "A wrong version passes your test: it changes the caller's scores. Keep a copy from before the call.",
    ),
    (
        changes_mask,
        False,
        "A wrong version passes your test: it turns the caller's mask round. Keep a copy of the mask too.",
    ),
    (wrong_axis, False, "A wrong version passes your test: its softmax goes over the batch."),
    (equal_when_empty, False, "A wrong version passes your test: a row without any True gets equal weights."),
    (overflows, False, "A wrong version passes your test: it breaks for large scores."),
    (row_by_row, True, refused),
    (not_divided, False, "A wrong version passes your test: its weights do not sum to 1."),
]
verdicts = [decided(test_masked_softmax(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 3: the heads that are cut across
#
# `split_heads` cuts the features of each position into N pieces (7.5): head n of position t holds the features n · d to
# n · d + d − 1 of that position. In many home-made Transformers you find `x.view(B, N, T, d)`. The shape is right, no
# error is raised, and the model even learns something. But a head now holds pieces of several positions.
#
# <details><summary>Hint 1</summary>
#
# Give every number of `x` a value of its own, with `torch.arange`. Then each number in the result tells you where it came from.
# </details>
# <details><summary>Hint 2</summary>
#
# For each n, head n must be `x[:, :, n * d : (n + 1) * d]`. With T = 1 or N = 1 the bug is invisible.
# </details>


# %% exercise="test_split_heads"
def test_split_heads(candidate):
    """Is this a right split_heads?

    Args:
        candidate: a function (x [B, T, D], N int) -> heads [B, N, T, D // N]; N divides D.
            In a right one, head n of a position holds features n · d to n · d + d − 1 of that position, d = D // N.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    B, T, N, d = 3, 5, 2, 4
    x = torch.arange(B * T * N * d, dtype=torch.float32).reshape(B, T, N * d)
    expected = torch.stack([x[:, :, n * d : (n + 1) * d] for n in range(N)], dim=1)  # [B, N, T, d]
    got = candidate(x, N)
    return got.shape == expected.shape and torch.equal(got, expected)
    ### END SOLUTION


# %% check="test_split_heads-versions" points=2
def cut_and_transpose(x, N):
    B, T, D = x.shape
    return x.view(B, T, N, D // N).transpose(1, 2)


def view_only(x, N):
    B, T, D = x.shape
    return x.view(B, N, T, D // N)


expect(decided(test_split_heads(plain(cut_and_transpose)))).equal(
    True, hint="This version is right, and your test refuses it."
)
expect(decided(test_split_heads(plain(view_only)))).equal(
    False,
    hint="This head holds pieces of several positions. Compare contents, and not only the shape; take T and N larger than 1.",
)


### BEGIN HIDDEN TESTS
def slices(x, N):
    d = x.shape[2] // N
    return torch.stack([x[:, :, n * d : (n + 1) * d] for n in range(N)], dim=1)


def einsum(x, N):
    return torch.einsum("btnd->bntd", x.unflatten(2, (N, -1))).contiguous()


def turned(x, N):
    B, T, D = x.shape
    return x.transpose(1, 2).reshape(B, N, D // N, T).transpose(2, 3)


def every_nth(x, N):
    B, T, D = x.shape
    return x.view(B, T, D // N, N).permute(0, 3, 1, 2)


def not_transposed(x, N):
    B, T, D = x.shape
    return x.view(B, T, N, D // N)


def other_order(x, N):
    B, T, D = x.shape
    return x.view(B, T, N, D // N).transpose(1, 2).flip(1)


def backwards(x, N):
    B, T, D = x.shape
    return x.view(B, T, N, D // N).transpose(1, 2).flip(2)


def one_sentence(x, N):
    B, T, D = x.shape
    return x[:1].view(1, T, N, D // N).transpose(1, 2).expand(B, -1, -1, -1)


def batch_in_heads(x, N):
    B, T, D = x.shape
    return x.view(B * T, N, D // N).transpose(0, 1).reshape(B, N, T, D // N)


def features_last_but_one(x, N):
    B, T, D = x.shape
    return x.view(B, T, N, D // N).permute(0, 2, 3, 1)


refused = "A right version, written in another way, is refused. Do you ask for more than the docstring promises?"
versions = [
    (
        every_nth,
        False,
        "A wrong version passes your test: its heads take every N-th feature, and not a piece of d that stand side by side.",
    ),
    (one_sentence, False, "A wrong version passes your test: every sentence gets the heads of the first one."),
    (slices, True, refused),
    (
        not_transposed,
        False,
        "A wrong version passes your test: positions and heads have changed places. Compare the shape, with sizes that all differ.",
    ),
    (einsum, True, refused),
    (batch_in_heads, False, "A wrong version passes your test: it mixes the sentences of the batch."),
    (other_order, False, "A wrong version passes your test: its heads stand in another order."),
    (turned, True, refused),
    (features_last_but_one, False, "A wrong version passes your test: positions and features have changed places."),
    (backwards, False, "A wrong version passes your test: its positions run backwards."),
]
verdicts = [decided(test_split_heads(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 4: the state of a pad
#
# The decoder starts from the state after the last *real* symbol (3.3, 4.2). `states[:, -1]` is the state after the last column, and for all but the longest word this is a pad. It works for batches of one, which is how most people try their code.
#
# <details><summary>Hint 1</summary>
#
# At least three lengths, one of them 1, one of them in the middle, not sorted. And T larger than the longest of them. Then once more with a batch of one.
# </details>
# <details><summary>Hint 2</summary>
#
# Random numbers everywhere, at the pads too. A version that looks for zeros must not get away with it.
# </details>


# %% exercise="test_last_state"
def test_last_state(candidate):
    """Does this pick the right states?

    Args:
        candidate: a function (states [B, T, H], lengths long [B]) -> [B, H], B ≥ 1 and 1 ≤ length ≤ T.
            A right one returns for each row the state at position length − 1. At the pads after it, states holds
            any finite numbers.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    states = torch.randn(4, 7, 3, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([3, 1, 6, 4])
    expected = torch.stack([states[b, n - 1] for b, n in enumerate(lengths.tolist())])  # [B, H]
    for B in (4, 1):
        got = candidate(states[:B], lengths[:B])
        if got.shape != expected[:B].shape or not torch.allclose(got, expected[:B], atol=1e-6):
            return False
    return True
    ### END SOLUTION


# %% check="test_last_state-versions" points=2
def index(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


def last_column(states, lengths):
    return states[:, -1]


expect(decided(test_last_state(plain(index)))).equal(True, hint="This version is right, and your test refuses it.")
expect(decided(test_last_state(plain(last_column)))).equal(
    False, hint="This is the state after a pad, for every row that is shorter than T."
)


### BEGIN HIDDEN TESTS
def gather(states, lengths):
    places = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.shape[2])
    return states.gather(1, places).squeeze(1)


def picked(states, lengths):
    one = F.one_hot(lengths - 1, states.shape[1]).to(states)
    return (one.unsqueeze(2) * states).sum(dim=1)


def loop(states, lengths):
    return torch.stack([row[:n][-1] for row, n in zip(states, lengths.tolist(), strict=True)])


def one_too_far(states, lengths):
    return states[torch.arange(len(states)), lengths.clamp(max=states.shape[1] - 1)]


def one_too_early(states, lengths):
    return states[torch.arange(len(states)), (lengths - 2).clamp(min=0)]


def sorted_rows(states, lengths):
    order = lengths.argsort(descending=True)
    return states[order, lengths[order] - 1]


def longest(states, lengths):
    return states[:, int(lengths.max()) - 1]


def mean(states, lengths):
    real = torch.arange(states.shape[1]) < lengths.unsqueeze(1)
    return (states * real.unsqueeze(2)).sum(dim=1) / lengths.unsqueeze(1)


def last_not_zero(states, lengths):
    there = states.abs().sum(dim=2) > 0
    places = (there * torch.arange(states.shape[1])).argmax(dim=1)
    return states[torch.arange(len(states)), places]


def first_length(states, lengths):
    return states[:, int(lengths[0]) - 1]


def first_state(states, lengths):
    return states[:, 0]


def squeezed(states, lengths):
    return states[torch.arange(len(states)), lengths - 1].squeeze()


def extra_dimension(states, lengths):
    return states[torch.arange(len(states)), lengths - 1].unsqueeze(0)


refused = "A right version, written in another way, is refused. Do you ask for more than the docstring promises?"
versions = [
    (gather, True, refused),
    (
        one_too_early,
        False,
        "A wrong version passes your test: it takes the state one position too early, but for rows of length 1 it has no other choice than the right one.",
    ),
    (
        one_too_far,
        False,
        "A wrong version passes your test: it takes the state one position too late. Is there a row that is shorter than T?",
    ),
    (picked, True, refused),
    (
        sorted_rows,
        False,
        "A wrong version passes your test: its rows come out sorted by length. Are your lengths sorted already?",
    ),
    (longest, False, "A wrong version passes your test: it uses the longest length for all rows."),
    (first_length, False, "A wrong version passes your test: it uses the first length for all rows."),
    (loop, True, refused),
    (
        last_not_zero,
        False,
        "A wrong version passes your test: it takes the last state that is not zero. Put numbers at the pads.",
    ),
    (mean, False, "A wrong version passes your test: it returns a mean over the real positions."),
    (first_state, False, "A wrong version passes your test: it returns the first state. Is every length 1?"),
    (
        extra_dimension,
        False,
        "A wrong version passes your test: its result has one dimension too many. Compare shapes first.",
    ),
    (squeezed, False, "A wrong version passes your test: for a batch of one word its result has lost a dimension."),
]
verdicts = [decided(test_last_state(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 5: the loss that counts pads
#
# The masked loss is the mean over all symbols that are no pads (3.4). A popular version sets the losses at pads to 0 and then calls `.mean()`: it divides by the number of *all* positions, so that the loss falls when somebody adds pads. Its relatives ignore the id 0 instead of `pad`, take a mean of means, or put a softmax before a loss that
# has its own.
#
# <details><summary>Hint 1</summary>
#
# Independent: for each real position, minus the logarithm of the softmax at the right symbol; the mean of these numbers. A loop is fine.
# </details>
# <details><summary>Hint 2</summary>
#
# Take a pad id that is not 0, and let 0 be an ordinary symbol that occurs. Let the rows have different numbers of real symbols, and include the id 2 as well. Then ask once more,
# with pad = 0.
# </details>


# %% exercise="test_masked_loss"
def test_masked_loss(candidate):
    """Is this a right masked loss?

    Args:
        candidate: a function (logits [B, T, V], y long [B, T], pad int) -> one number, a tensor of shape [].
            A right one returns the mean cross-entropy (natural logarithm) over all positions with y != pad. `pad` may be any id from 0 to V − 1.
            There is at least one position that counts.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    logits = 2 * torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([[0, 4, 2, 3, 3], [1, 2, 3, 3, 3], [5, 0, 1, 4, 2]])
    for pad in (3, 0):
        losses = []
        for b in range(3):
            for t in range(5):
                if y[b, t] != pad:
                    losses.append(-torch.log_softmax(logits[b, t], dim=0)[y[b, t]])
        expected = torch.stack(losses).mean()
        got = candidate(logits, y, pad)
        if got.shape != expected.shape or not torch.allclose(got, expected, atol=1e-5):
            return False
    return True
    ### END SOLUTION


# %% check="test_masked_loss-versions" points=2
def ignoring(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=pad)


def mean_over_all(logits, y, pad):
    losses = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
    return (losses * (y.flatten() != pad)).mean()


expect(decided(test_masked_loss(plain(ignoring)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_masked_loss(plain(mean_over_all)))).equal(
    False, hint="The pads count in the mean here. Is there a pad in your y at all?"
)


### BEGIN HIDDEN TESTS
def gathered(logits, y, pad):
    log_p = logits.log_softmax(dim=2).gather(2, y.unsqueeze(2)).squeeze(2)
    real = y != pad
    return -(log_p * real).sum() / real.sum()


def selected(logits, y, pad):
    real = y != pad
    return F.cross_entropy(logits[real], y[real])


def in_double(logits, y, pad):
    x = logits.double()
    losses = x.logsumexp(dim=2) - x.gather(2, y.unsqueeze(2)).squeeze(2)
    return losses[y != pad].mean().float()


def by_probabilities(logits, y, pad):
    e = (logits - logits.amax(dim=2, keepdim=True)).exp()
    p = (e / e.sum(dim=2, keepdim=True)).gather(2, y.unsqueeze(2)).squeeze(2)
    weights = (y != pad) / (y != pad).sum()
    return -(weights * p.log()).sum()


def plain_mean(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten())


def always_zero(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=0)


def mean_of_means(logits, y, pad):
    rows = [F.cross_entropy(row[t != pad], t[t != pad]) for row, t in zip(logits, y, strict=True) if (t != pad).any()]
    return torch.stack(rows).mean()


def summed(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=pad, reduction="sum")


def softmax_twice(logits, y, pad):
    return F.cross_entropy(logits.softmax(dim=2).flatten(0, 1), y.flatten(), ignore_index=pad)


def without_end(logits, y, pad):
    real = (y != pad) & (y != 2)
    return F.cross_entropy(logits[real], y[real]) if real.any() else logits.sum() * 0


def by_batch(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=pad, reduction="sum") / len(y)


def never_zero(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=pad or -100)


def in_bits(logits, y, pad):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=pad) / math.log(2)


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding?"
versions = [
    (always_zero, False, "A wrong version passes your test: it always ignores the id 0, whatever pad is."),
    (plain_mean, False, "A wrong version passes your test: it does not mask at all."),
    (gathered, True, refused),
    (softmax_twice, False, "A wrong version passes your test: it takes a softmax before a loss that has its own."),
    (
        mean_of_means,
        False,
        "A wrong version passes your test: it takes the mean of the rows' means. Do your rows have different numbers of real symbols?",
    ),
    (selected, True, refused),
    (summed, False, "A wrong version passes your test: it returns the sum."),
    (without_end, False, "A wrong version passes your test: it leaves out the end symbol, id 2, as well."),
    (in_double, True, refused),
    (by_probabilities, True, refused),
    (by_batch, False, "A wrong version passes your test: it divides by the number of rows."),
    (in_bits, False, "A wrong version passes your test: it uses the logarithm to base 2."),
    (never_zero, False, "A wrong version passes your test: it masks nothing if pad is 0. Try more than one pad."),
]
verdicts = [decided(test_masked_loss(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 6: the product of logarithms
#
# Beam search adds log-probabilities (4.10). A beam search that has been copied many times *multiplies* them: it ranks by $(-\log p_1) \cdot (-\log p_2) \cdots$. One probability of 1 makes this product 0, which is the best rank there is, whatever the other probabilities are.
#
# Here the model is a table, so that nothing must be trained: `first[i]` is the probability that the sequence begins
# with token i, and `table[t, i, j]` the probability that token j comes after token i at position t (from 0).
#
# **By hand.** first = (0.6, 0.4), table = [[[0.55, 0.45], [0.1, 0.9]]], so two tokens. Greedy (k = 1) starts with 0 and gets 0.6 · 0.55 = 0.33. With k = 2 the beam also keeps 1, and finds (1, 1) with 0.36.
#
# <details><summary>Hint 1</summary>
#
# Write your own small beam search in the test: a list of (log-probability, tokens), extended, sorted, cut to k.
# </details>
# <details><summary>Hint 2</summary>
#
# Use probabilities without ties, and ask for several k: 1 (is it greedy?), one in the middle (what was cut off must not come back), and k larger than the number of tokens. Compare order, tokens and log-probabilities.
# </details>
# <details><summary>Hint 3</summary>
#
# Three or four tokens and three or four steps are enough. Rows of a random matrix after a softmax are good tables.
# </details>


# %% exercise="test_beam_search"
def test_beam_search(candidate):
    """Is this a right beam search?

    Args:
        candidate: a function (first [V], table [n - 1, V, V], k int) -> a list of pairs (tokens, log_prob), best first; n ≥ 2.
            first and table hold probabilities > 0; tokens is a list of n ints, log_prob a float, the natural logarithm of the
            probability of all n tokens. A right one keeps, after each token, the k most probable prefixes of all
            that extend a kept one (all of them where there are fewer than k), and returns what is kept after n.
            Nothing is promised where two prefixes are equally probable.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(3)
    for k, n in [(1, 3), (2, 4), (3, 3), (6, 2)] * 3:
        first = (2 * torch.randn(4, generator=generator)).softmax(dim=0)
        table = (2 * torch.randn(n - 1, 4, 4, generator=generator)).softmax(dim=2)
        beam = sorted(((math.log(p), [i]) for i, p in enumerate(first.tolist())), reverse=True)[:k]
        for step in table:
            longer = [(s + math.log(step[t[-1], j]), [*t, j]) for s, t in beam for j in range(4)]
            beam = sorted(longer, reverse=True)[:k]
        got = candidate(first, table, k)
        if [list(tokens) for tokens, _ in got] != [tokens for _, tokens in beam]:
            return False
        if any(abs(score - s) > 1e-4 for (_, score), (s, _) in zip(got, beam, strict=True)):
            return False
    return True
    ### END SOLUTION


# %% check="test_beam_search-versions" points=2
def adds_logs(first, table, k):
    beam = sorted(([math.log(p), [i]] for i, p in enumerate(first.tolist())), reverse=True)[:k]
    for step in table:
        beam = [[s + math.log(p), [*t, j]] for s, t in beam for j, p in enumerate(step[t[-1]].tolist())]
        beam = sorted(beam, reverse=True)[:k]
    return [(t, s) for s, t in beam]


def multiplies_logs(first, table, k):
    beam = sorted((-math.log(p), math.log(p), [i]) for i, p in enumerate(first.tolist()))[:k]
    for step in table:
        beam = [
            (rank * -math.log(p), s + math.log(p), [*t, j])
            for rank, s, t in beam
            for j, p in enumerate(step[t[-1]].tolist())
        ]
        beam = sorted(beam)[:k]
    return [(t, s) for _, s, t in beam]


expect(decided(test_beam_search(plain(adds_logs)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_beam_search(plain(multiplies_logs)))).equal(
    False, hint="This one ranks by the product of the logarithms. Its log-probabilities are right, its choice is not."
)


### BEGIN HIDDEN TESTS
def adding(first, table, keep, log=True):
    """All prefixes with their probabilities; `keep` cuts them down."""
    beam = [(p, [i]) for i, p in enumerate(first.tolist())]
    beam = keep(beam)
    for step in table:
        beam = keep([(p * q, [*t, j]) for p, t in beam for j, q in enumerate(step[t[-1]].tolist())])
    return [(t, math.log(p) if log else p) for p, t in beam]


def best(k):
    return lambda beam: sorted(beam, reverse=True)[:k]


def probabilities(first, table, k):
    return adding(first, table, best(k))


def with_topk(first, table, k):
    V = len(first)
    scores, index = first.log().topk(min(k, V))
    tokens = [[i] for i in index.tolist()]
    for step in table:
        rows = scores.unsqueeze(1) + step[torch.tensor([t[-1] for t in tokens])].log()
        scores, index = rows.flatten().topk(min(k, rows.numel()))
        tokens = [[*tokens[i // V], i % V] for i in index.tolist()]
    return list(zip(tokens, scores.tolist(), strict=True))


def in_double(first, table, k):
    return adding(first.double(), table.double(), lambda beam: sorted(beam, key=lambda x: -x[0])[:k])


def greedy(first, table, k):
    return adding(first, table, best(1))


def no_log(first, table, k):
    return adding(first, table, best(k), log=False)


def worst_first(first, table, k):
    return adding(first, table, best(k))[::-1]


def everything(first, table, k):
    return sorted(adding(first, table, list), key=lambda pair: -pair[1])[:k]


def table_turned(first, table, k):
    return adding(first, table.mT, best(k))


def one_child_each(first, table, k):
    def keep(beam):
        kept = {}
        for p, t in sorted(beam, reverse=True):
            kept.setdefault(tuple(t[:-1]) if len(t) > 1 else t[0], (p, t))
        return sorted(kept.values(), reverse=True)[:k]

    return adding(first, table, keep)


def sums(first, table, k):
    beam = sorted(([p, math.log(p), [i]] for i, p in enumerate(first.tolist())), reverse=True)[:k]
    for step in table:
        beam = [[r + p, s + math.log(p), [*t, j]] for r, s, t in beam for j, p in enumerate(step[t[-1]].tolist())]
        beam = sorted(beam, reverse=True)[:k]
    return [(t, s) for _, s, t in beam]


def no_first(first, table, k):
    return [(t, s - math.log(first[t[0]])) for t, s in adding(first, table, best(k))]


def first_twice(first, table, k):
    return [(t, s + math.log(first[t[0]])) for t, s in adding(first, table, best(k))]


def same_score(first, table, k):
    found = adding(first, table, best(k))
    return [(t, found[0][1]) for t, _ in found]


def by_mean(first, table, k):
    return [(t, s / len(t)) for t, s in adding(first, table, best(k))]


def not_wider(first, table, k):
    return adding(first, table, best(min(k, len(first))))


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding, are there ties, or do you ask for more than the docstring promises?"
versions = [
    (greedy, False, "A wrong version passes your test: it keeps one prefix, whatever k is."),
    (probabilities, True, refused),
    (no_log, False, "A wrong version passes your test: it returns probabilities instead of their logarithms."),
    (
        one_child_each,
        False,
        "A wrong version passes your test: it keeps the best child of each prefix, and not the k best of all.",
    ),
    (with_topk, True, refused),
    (
        everything,
        False,
        "A wrong version passes your test: it looks at all sequences, so that it finds what a beam of this width has lost. Try k = 1 where greedy is not the best.",
    ),
    (worst_first, False, "A wrong version passes your test: its list is the wrong way round."),
    (sums, False, "A wrong version passes your test: it ranks by the sum of the probabilities."),
    (in_double, True, refused),
    (table_turned, False, "A wrong version passes your test: it reads the table the other way round."),
    (no_first, False, "A wrong version passes your test: its log-probability leaves out the first token."),
    (
        first_twice,
        False,
        "A wrong version passes your test: its log-probability counts the first token twice, so it is too small.",
    ),
    (
        same_score,
        False,
        "A wrong version passes your test: all its hypotheses have the log-probability of the best one.",
    ),
    (by_mean, False, "A wrong version passes your test: its log-probability is divided by the length."),
    (not_wider, False, "A wrong version passes your test: it never keeps more prefixes than there are tokens."),
]
verdicts = [decided(test_beam_search(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 7: gates in another order
#
# In torch's LSTM the 4H rows of the weights stand in the order i, f, g, o (2.2). Other libraries have other orders, and every order has the same shape. A relative of this bug forgets one of the two biases, or the tanh of the new memory.
#
# <details><summary>Hint 1</summary>
#
# You have an independent oracle: `nn.LSTMCell`. Copy weights into it, or take the weights out of it.
# </details>
# <details><summary>Hint 2</summary>
#
# Take all six tensors random. With zeros for c, for h or for the biases, some versions look right. B = 3, and I and H different.
# </details>


# %% exercise="test_lstm_step"
def test_lstm_step(candidate):
    """Is this a right LSTM step, in torch's layout?

    Args:
        candidate: a function (x [B, I], h [B, H], c [B, H], W_ih [4H, I], W_hh [4H, H], b_ih [4H], b_hh [4H])
            -> (new h [B, H], new c [B, H]). A right one computes what nn.LSTMCell computes with these weights.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    B, n, H = 3, 2, 5
    cell = nn.LSTMCell(n, H)
    with torch.no_grad():
        for weight in cell.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
        x, h, c = (torch.randn(B, size, generator=generator) for size in (n, H, H))
        expected = cell(x, (h, c))
        weights = [w.detach().clone() for w in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)]
        got = candidate(x, h, c, *weights)
    return all(g.shape == e.shape and torch.allclose(g, e, atol=1e-5) for g, e in zip(got, expected, strict=True))
    ### END SOLUTION


# %% check="test_lstm_step-versions" points=2
def in_torchs_order(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = (x @ W_ih.T + h @ W_hh.T + b_ih + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def in_another_order(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, o, g = (x @ W_ih.T + h @ W_hh.T + b_ih + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


expect(decided(test_lstm_step(plain(in_torchs_order)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_lstm_step(plain(in_another_order)))).equal(
    False, hint="This version takes its gates in the order i, f, o, g."
)


### BEGIN HIDDEN TESTS
def step(x, h, c, W_ih, W_hh, b_ih, b_hh, order="ifgo"):
    pieces = dict(zip(order, (x @ W_ih.T + h @ W_hh.T + b_ih + b_hh).chunk(4, dim=1), strict=True))
    gates = {name: torch.tanh(piece) if name == "g" else torch.sigmoid(piece) for name, piece in pieces.items()}
    return gates["i"], gates["f"], gates["g"], gates["o"]


def joined(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = torch.cat([x, h], dim=1) @ torch.cat([W_ih, W_hh], dim=1).T + (b_ih + b_hh)
    H = h.shape[1]
    i, f, o = (0.5 + 0.5 * torch.tanh(a[:, n * H : (n + 1) * H] / 2) for n in (0, 1, 3))
    new = f * c + i * torch.tanh(a[:, 2 * H : 3 * H])
    return o * torch.tanh(new), new


def torchs_own(x, h, c, W_ih, W_hh, b_ih, b_hh):
    cell = nn.LSTMCell(x.shape[1], h.shape[1])
    with torch.no_grad():
        for weight, value in zip(cell.parameters(), (W_ih, W_hh, b_ih, b_hh), strict=True):
            weight.copy_(value)
        return tuple(cell(x, (h, c)))


def in_double(*arguments):
    i, f, g, o = step(*(a.double() for a in arguments))
    c = f * arguments[2].double() + i * g
    return (o * torch.tanh(c)).float(), c.float()


def swapped(x, h, c, *weights):
    i, f, g, o = step(x, h, c, *weights, order="figo")
    c = f * c + i * g
    return o * torch.tanh(c), c


def no_output_gate(x, h, c, *weights):
    i, f, g, _ = step(x, h, c, *weights)
    c = f * c + i * g
    return torch.tanh(c), c


def no_tanh(x, h, c, *weights):
    i, f, g, o = step(x, h, c, *weights)
    c = f * c + i * g
    return o * c, c


def one_bias(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = step(x, h, c, W_ih, W_hh, b_ih, 0 * b_hh)
    c = f * c + i * g
    return o * torch.tanh(c), c


def no_forgetting(x, h, c, *weights):
    i, _, g, o = step(x, h, c, *weights)
    c = c + i * g
    return o * torch.tanh(c), c


def old_memory(x, h, c, *weights):
    i, f, g, o = step(x, h, c, *weights)
    return o * torch.tanh(c), f * c + i * g


def other_way_round(x, h, c, *weights):
    i, f, g, o = step(x, h, c, *weights)
    c = f * c + i * g
    return c, o * torch.tanh(c)


def no_state(x, h, c, *weights):
    i, f, g, o = step(x, 0 * h, c, *weights)
    c = f * c + i * g
    return o * torch.tanh(c), c


def memory_not_updated(x, h, c, *weights):
    i, f, g, o = step(x, h, c, *weights)
    return o * torch.tanh(f * c + i * g), c


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding?"
versions = [
    (joined, True, refused),
    (swapped, False, "A wrong version passes your test: its input gate and its forget gate are exchanged."),
    (one_bias, False, "A wrong version passes your test: it uses one bias only. Are your biases different from 0?"),
    (torchs_own, True, refused),
    (no_output_gate, False, "A wrong version passes your test: it has no output gate."),
    (no_tanh, False, "A wrong version passes your test: it has no tanh around the new memory."),
    (no_state, False, "A wrong version passes your test: it does not read h. Is your h different from 0?"),
    (in_double, True, refused),
    (other_way_round, False, "A wrong version passes your test: it returns c and h in the wrong order."),
    (old_memory, False, "A wrong version passes your test: its new h comes from the old memory."),
    (no_forgetting, False, "A wrong version passes your test: it never forgets. Is your c different from 0?"),
    (
        memory_not_updated,
        False,
        "A wrong version passes your test: it gives back the old memory. Compare both results.",
    ),
]
verdicts = [decided(test_lstm_step(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 8: the mask that is off by one
#
# In causal self-attention, position t sees the positions 0 to t (7.4). `torch.triu(…, diagonal=1)` or `diagonal=0`, `<` or `<=`: one small slip and a position sees the symbol that it has to name, or cannot see itself. The first bug makes the loss wonderfully small. The
# second one makes the first row NaN, or zeros.
#
# You can test this in two ways: compare with an oracle, or test the *property*: change position 3 of the input, and see which outputs change. A property finds leaks in any model, also where there is no oracle. Alone it does not find everything.
#
# <details><summary>Hint 1</summary>
#
# A loop is a fine oracle: for each t, ordinary scaled dot-product attention of one query over the first t + 1 keys.
# </details>
# <details><summary>Hint 2</summary>
#
# Take T larger than you first thought: some versions have a mask for the first few positions only. D must not be 1, or the scale does not show.
# </details>


# %% exercise="test_causal_attention"
def test_causal_attention(candidate):
    """Is this a right causal self-attention?

    Args:
        candidate: a function (Q [B, T, D], K [B, T, D], V [B, T, D]) -> [B, T, D].
            In a right one, output t is the scaled dot-product attention (scores divided by √D) of query t over
            the keys and values 0 to t of its sentence. T may be any number from 1 to 100.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    for B, T, D in [(3, 5, 7), (2, 20, 4)]:
        Q, K, V = (torch.randn(B, T, D, generator=generator) for _ in range(3))
        expected = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
        got = candidate(Q, K, V)
        if got.shape != expected.shape or not torch.allclose(got, expected, atol=1e-5):
            return False
    return True
    ### END SOLUTION


# %% check="test_causal_attention-versions" points=2
def sees_itself(Q, K, V):
    hidden = torch.ones(Q.shape[1], Q.shape[1], dtype=torch.bool).triu(diagonal=1)
    return (Q @ K.mT / Q.shape[2] ** 0.5).masked_fill(hidden, -torch.inf).softmax(dim=2) @ V


def sees_the_next(Q, K, V):
    hidden = torch.ones(Q.shape[1], Q.shape[1], dtype=torch.bool).triu(diagonal=2)
    return (Q @ K.mT / Q.shape[2] ** 0.5).masked_fill(hidden, -torch.inf).softmax(dim=2) @ V


expect(decided(test_causal_attention(plain(sees_itself)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_causal_attention(plain(sees_the_next)))).equal(
    False, hint="Every position sees one position of the future here."
)


### BEGIN HIDDEN TESTS
def masked(Q, K, V, seen, scale=None, dim=2):
    scores = Q @ K.mT / (scale or Q.shape[2] ** 0.5)
    return scores.masked_fill(~seen, -torch.inf).softmax(dim=dim).nan_to_num(0.0) @ V


def up_to(T, diagonal=0):
    return torch.ones(T, T, dtype=torch.bool).tril(diagonal)


def torchs_own(Q, K, V):
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=up_to(Q.shape[1]))


def one_by_one(Q, K, V):
    rows = []
    for t in range(Q.shape[1]):
        scores = torch.einsum("bd,bsd->bs", Q[:, t], K[:, : t + 1]) / math.sqrt(Q.shape[2])
        rows.append(torch.einsum("bs,bsd->bd", scores.softmax(dim=1), V[:, : t + 1]))
    return torch.stack(rows, dim=1)


def in_double(Q, K, V):
    return masked(Q.double(), K.double(), V.double(), up_to(Q.shape[1])).float()


def not_itself(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1], -1))


def masked_afterwards(Q, K, V):
    return ((Q @ K.mT / Q.shape[2] ** 0.5).softmax(dim=2) * up_to(Q.shape[1])) @ V


def no_mask(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1]) | True)


def the_future(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1]).mT)


def no_scale(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1]), 1.0)


def scale_d(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1]), float(Q.shape[2]))


def short_mask(Q, K, V):
    seen = torch.ones(Q.shape[1], Q.shape[1], dtype=torch.bool)
    seen[:8, :8] = up_to(len(seen[:8]))
    seen[:8, 8:] = False
    return masked(Q, K, V, seen)


def over_queries(Q, K, V):
    return masked(Q, K, V, up_to(Q.shape[1]), dim=1)


def equal_weights(Q, K, V):
    return V.cumsum(dim=1) / torch.arange(1.0, Q.shape[1] + 1).view(1, -1, 1)


def one_sentence(Q, K, V):
    return masked(Q, K[:1], V, up_to(Q.shape[1]))


def keys_as_values(Q, K, V):
    return masked(Q, K, K, up_to(Q.shape[1]))


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding?"
versions = [
    (
        masked_afterwards,
        False,
        "A wrong version passes your test: its mask comes after the softmax. No position sees the future's values, but the future has taken part of the weight.",
    ),
    (one_by_one, True, refused),
    (not_itself, False, "A wrong version passes your test: a position cannot see itself."),
    (
        short_mask,
        False,
        "A wrong version passes your test: only its first eight rows are masked. Try a longer sequence.",
    ),
    (torchs_own, True, refused),
    (no_scale, False, "A wrong version passes your test: it does not divide by the root of D."),
    (no_mask, False, "A wrong version passes your test: it has no mask."),
    (the_future, False, "A wrong version passes your test: it sees the future and not the past."),
    (over_queries, False, "A wrong version passes your test: its softmax goes over the queries."),
    (in_double, True, refused),
    (scale_d, False, "A wrong version passes your test: it divides by D, not by its root."),
    (equal_weights, False, "A wrong version passes your test: it returns the mean of the past, whatever the query is."),
    (one_sentence, False, "A wrong version passes your test: all sentences use the keys of the first one."),
    (keys_as_values, False, "A wrong version passes your test: it returns keys instead of values."),
]
verdicts = [decided(test_causal_attention(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 9: the pad that is a word
#
# `pair_features` makes one vector of two sentences that stand in one row: the mean of each, how far the means are
# apart, and their product (8.7). The pads at the end have the segment 1, like the words of the hypothesis. In one
# version `mask` is not used, so pads are counted as words of the hypothesis. Others use it as a factor, and then 0 · ∞
# is NaN.
#
# <details><summary>Hint 1</summary>
#
# Two loops, or one loop and two slices, give the right vector: for each pair you know where its premise ends and where its hypothesis does. Choose these places yourself, others in each row.
# </details>
# <details><summary>Hint 2</summary>
#
# "Whatever its state holds": put infinite numbers at the pads. Keep copies of all three arguments from before the call. (`torch.equal` finds two infinite numbers equal, but not two NaN.)
# </details>


# %% exercise="test_pair_features"
def test_pair_features(candidate):
    """Is this a right pair_features?

    Args:
        candidate: a function (states float32 [B, T, D], segment int64 [B, T], mask bool [B, T]) -> float32 [B, 4 D].
            A right one returns for each pair [mean p; mean h; |mean p - mean h|; mean p · mean h]: mean p is the mean
            of the states where mask is True and segment is 0, mean h that where mask is True and segment is 1. Pads
            have mask False and segment 1; they do not count, whatever their states hold, also if it is infinite. All
            words and ends count, and each sentence has one at least. The caller's tensors are not changed.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    states = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0))
    first, both = [2, 4, 3], [5, 7, 4]  # where the premises end, and where the hypotheses do
    expected = []
    for b in range(3):
        p, h = states[b, : first[b]].mean(dim=0), states[b, first[b] : both[b]].mean(dim=0)
        expected.append(torch.cat([p, h, (p - h).abs(), p * h]))
    expected = torch.stack(expected)  # [B, 4 D]
    segment = (torch.arange(7) >= torch.tensor(first).unsqueeze(1)).long()
    mask = torch.arange(7) < torch.tensor(both).unsqueeze(1)
    states[~mask] = torch.inf
    given = [states.clone(), segment.clone(), mask.clone()]
    got = candidate(*given)
    if not all(torch.equal(a, b) for a, b in zip(given, (states, segment, mask), strict=True)):
        return False
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)
    ### END SOLUTION


# %% check="test_pair_features-versions" points=2
def chosen_states(states, segment, mask):
    means = []
    for which in (0, 1):
        here = (mask & (segment == which)).unsqueeze(2)
        means.append(states.masked_fill(~here, 0.0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


def pads_as_words(states, segment, mask):
    p, h = (states * (segment == which).unsqueeze(2) for which in (0, 1))
    p, h = p.sum(dim=1) / (segment == 0).sum(dim=1, keepdim=True), h.sum(dim=1) / segment.sum(dim=1, keepdim=True)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


expect(decided(test_pair_features(plain(chosen_states)))).equal(
    True, hint="This version is right, and your test refuses it. Did you allow for rounding?"
)
expect(decided(test_pair_features(plain(pads_as_words)))).equal(
    False, hint="This version counts the pads as words of the hypothesis. Has a row of yours pads?"
)


### BEGIN HIDDEN TESTS
def row_after_row(states, segment, mask):
    rows = []
    for row, which, here in zip(states, segment, mask, strict=True):
        p, h = row[here & (which == 0)].mean(dim=0), row[here & (which == 1)].mean(dim=0)
        rows.append(torch.cat([p, h, (p - h).abs(), p * h]))
    return torch.stack(rows)


def by_product(states, segment, mask):
    real = torch.where(mask.unsqueeze(2), states, torch.zeros_like(states)).double()
    share = torch.stack([mask & (segment == 0), mask & (segment == 1)], dim=1).double()  # [B, 2, T]
    p, h = ((share / share.sum(dim=2, keepdim=True)) @ real).unbind(dim=1)
    return torch.cat([p, h, torch.maximum(p - h, h - p), p * h], dim=-1).float()


def added_up(states, segment, mask):
    B, D = len(states), states.shape[2]
    where = segment + 2 * torch.arange(B).unsqueeze(1)
    total = torch.zeros(2 * B, D).index_add(0, where[mask], states[mask])
    mean = (total / torch.bincount(where[mask], minlength=2 * B).unsqueeze(1)).view(B, 2 * D)
    p, h = mean[:, :D], mean[:, D:]
    return torch.hstack([mean, torch.sqrt((p - h) ** 2), p * h])


def two_means(states, segment, mask):
    here = [(mask & (segment == which)).unsqueeze(2) for which in (0, 1)]
    return [states.masked_fill(~real, 0.0).sum(dim=1) / real.sum(dim=1) for real in here]


def mask_as_factor(states, segment, mask):
    here = [(mask & (segment == which)).unsqueeze(2).float() for which in (0, 1)]
    p, h = ((states * real).sum(dim=1) / real.sum(dim=1) for real in here)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


def over_all_places(states, segment, mask):
    p, h = (states.masked_fill(~(mask & (segment == which)).unsqueeze(2), 0.0).mean(dim=1) for which in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


def counts_of_the_first(states, segment, mask):
    here = [(mask & (segment == which)).unsqueeze(2) for which in (0, 1)]
    p, h = (states.masked_fill(~real, 0.0).sum(dim=1) / real[:1].sum(dim=1) for real in here)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


def places_of_the_first(states, segment, mask):
    return chosen_states(states, segment[:1].expand_as(segment), mask)


def exchanged(states, segment, mask):
    p, h = two_means(states, segment, mask)
    return torch.cat([h, p, (p - h).abs(), p * h], dim=1)


def with_signs(states, segment, mask):
    p, h = two_means(states, segment, mask)
    return torch.cat([p, h, p - h, p * h], dim=1)


def absolute_too_early(states, segment, mask):
    p, h = two_means(states, segment, mask)
    return torch.cat([p, h, p.abs() - h.abs(), p * h], dim=1)


def dot_product(states, segment, mask):
    p, h = two_means(states, segment, mask)
    return torch.cat([p, h, (p - h).abs(), (p * h).sum(dim=1, keepdim=True)], dim=1)


def interleaved(states, segment, mask):
    p, h = two_means(states, segment, mask)
    return torch.stack([p, h, (p - h).abs(), p * h], dim=2).flatten(1)


def without_last_end(states, segment, mask):
    real = mask.clone()
    last = mask.sum(dim=1) - 1
    long = last > (segment == 0).sum(dim=1)  # of a hypothesis of one place nothing would be left
    real[torch.arange(len(mask))[long], last[long]] = False
    return chosen_states(states, segment, real)


def largest(states, segment, mask):
    p, h = (states.masked_fill(~(mask & (segment == which)).unsqueeze(2), -torch.inf).amax(dim=1) for which in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


def writes_zeros(states, segment, mask):
    states[~mask] = 0.0
    return chosen_states(states, segment, mask)


def marks_pads(states, segment, mask):
    segment.masked_fill_(~mask, 2)
    return chosen_states(states, segment, mask)


def uses_up_the_mask(states, segment, mask):
    features = chosen_states(states, segment, mask)
    mask.logical_and_(segment == 1)
    return features


refused = "A right version, written in another way, is refused. Is your tolerance too small for rounding, or do you ask for more than the docstring promises?"
versions = [
    (
        exchanged,
        False,
        "A wrong version passes your test: the mean of the hypothesis stands before that of the premise.",
    ),
    (row_after_row, True, refused),
    (mask_as_factor, False, "A wrong version passes your test: it multiplies by the mask. What may a pad hold?"),
    (over_all_places, False, "A wrong version passes your test: it divides by the number of all places."),
    (writes_zeros, False, "A wrong version passes your test: it writes zeros into the caller's states."),
    (by_product, True, refused),
    (
        counts_of_the_first,
        False,
        "A wrong version passes your test: it divides by the lengths of the first pair. Do your rows have other lengths?",
    ),
    (places_of_the_first, False, "A wrong version passes your test: it splits every row where the first one is split."),
    (with_signs, False, "A wrong version passes your test: its difference keeps its sign."),
    (marks_pads, False, "A wrong version passes your test: it changes the caller's segment. Keep a copy of it too."),
    (
        absolute_too_early,
        False,
        "A wrong version passes your test: it takes the absolute values before the difference.",
    ),
    (
        uses_up_the_mask,
        False,
        "A wrong version passes your test: it changes the caller's mask. Keep a copy of all three.",
    ),
    (dot_product, False, "A wrong version passes your test: its product is one number. Compare shapes first."),
    (added_up, True, refused),
    (interleaved, False, "A wrong version passes your test: its four parts are mixed, number by number."),
    (without_last_end, False, "A wrong version passes your test: it leaves out the last place of the hypothesis."),
    (largest, False, "A wrong version passes your test: it takes the largest state and not the mean."),
]
verdicts = [decided(test_pair_features(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ### Bug 10: the finger that is counted where nothing is
#
# `pointing_accuracy` is the share of the labels *that are there* whose brightest place lies in their region (9.16). In one version, labels that are not there count as misses, so a picture with few labels looks like a bad map. Other versions of the family treat ties as they like, average in another order, or
# give NaN where no label is there at all. A measure with a bug is worse than a model with one: everything that you conclude from it is wrong.
#
# <details><summary>Hint 1</summary>
#
# Python lists make a good oracle: `values.index(max(values))` is the first of the largest. Go through all pictures and labels, count the labels that are there, and count the hits.
# </details>
# <details><summary>Hint 2</summary>
#
# Small whole numbers, below 0 too, make many ties in a random map. Play many small games, each with a few pictures, and compare each share: in the one share of a large game two mistakes can cancel. Some label that is there should have an empty region.
# </details>
# <details><summary>Hint 3</summary>
#
# What if no label is there at all? And copies of the arguments tell you whether the candidate writes into them.
# </details>


# %% exercise="test_pointing_accuracy"
def test_pointing_accuracy(candidate):
    """Is this a right pointing_accuracy?

    Args:
        candidate: a function (maps [B, L, H, W], masks bool [B, L, H, W], labels bool [B, L]) -> a float.
            A right one returns the share of hits among the labels that are there (labels is True), all pictures
            counted together. A hit: the largest value of the label's map lies where the label's mask is True. Of
            several largest values the first one counts, row by row. Maps hold any finite numbers, also negative ones.
            A label that is there with a mask without any True is a miss. If no label is there, the result is 0.0.
            The caller's tensors are not changed.

    Returns:
        True if the candidate is right, False if it is wrong.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4), generator=generator).float()  # whole numbers: many ties
        masks = torch.rand(maps.shape, generator=generator) < 0.4
        labels = torch.rand(3, 2, generator=generator) < (0.6 if game else 0.0)  # in the first game no label is there
        masks[0, 0] = False
        hits = []
        for b, n in labels.nonzero().tolist():
            values = maps[b, n].flatten().tolist()
            hits.append(masks[b, n].flatten().tolist()[values.index(max(values))])
        given = [maps.clone(), masks.clone(), labels.clone()]
        got = candidate(*given)
        if not all(torch.equal(x, y) for x, y in zip(given, (maps, masks, labels), strict=True)):
            return False
        if not abs(float(got) - sum(hits) / max(len(hits), 1)) < 1e-5:  # also where it is NaN
            return False
    return True
    ### END SOLUTION


# %% check="test_pointing_accuracy-versions" points=2
def first_brightest(maps, masks, labels):
    places = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, places).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


def absent_labels_miss(maps, masks, labels):
    places = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, places).squeeze(2) & labels
    return hits.float().mean().item()


expect(decided(test_pointing_accuracy(plain(first_brightest)))).equal(
    True, hint="This version is right, and your test refuses it."
)
expect(decided(test_pointing_accuracy(plain(absent_labels_miss)))).equal(
    False, hint="This version counts labels that are not there as misses. Is a label of yours not there?"
)


### BEGIN HIDDEN TESTS
def lists(maps, masks, labels):
    hits = total = 0
    for b, row in enumerate(labels.tolist()):
        for n, there in enumerate(row):
            values = [x for line in maps[b, n].tolist() for x in line]
            place = divmod(values.index(max(values)), maps.shape[3])
            total += there
            hits += there and bool(masks[b, n][place])
    return hits / max(total, 1)


def only_the_first(maps, masks, labels):
    flat = maps[labels].flatten(1)
    top = flat == flat.amax(dim=1, keepdim=True)
    first = top & (top.cumsum(dim=1) == 1)
    hits = (first & masks[labels].flatten(1)).any(dim=1)
    return float(hits.double().sum() / max(len(hits), 1))


def row_then_column(maps, masks, labels):
    rows = maps.amax(dim=3).argmax(dim=2)  # the first row that has the largest value
    line = maps.gather(2, rows[..., None, None].expand(-1, -1, 1, maps.shape[3])).squeeze(2)
    b, n = labels.nonzero(as_tuple=True)
    hits = masks[b, n, rows[b, n], line.argmax(dim=2)[b, n]]
    return hits.sum().item() / len(b) if len(b) else 0.0


def shares(hits, labels):
    return hits[labels].float().mean().item() if labels.any() else 0.0


def at(maps, masks, places):
    return masks.flatten(2).gather(2, places.unsqueeze(2)).squeeze(2)


def last_brightest(maps, masks, labels):
    turned = maps.flatten(2).flip(2).argmax(dim=2)
    return shares(at(maps, masks.flip(2, 3), turned), labels)


def any_brightest(maps, masks, labels):
    top = maps == maps.amax(dim=(2, 3), keepdim=True)
    return shares((top & masks).flatten(2).any(dim=2), labels)


def all_brightest(maps, masks, labels):
    top = maps == maps.amax(dim=(2, 3), keepdim=True)
    return shares((~top | masks).flatten(2).all(dim=2), labels)


def column_by_column(maps, masks, labels):
    return shares(at(maps, masks.mT, maps.mT.flatten(2).argmax(dim=2)), labels)


def places_turned(maps, masks, labels):
    return shares(at(maps, masks.mT, maps.flatten(2).argmax(dim=2)), labels)


def mean_of_pictures(maps, masks, labels):
    hits = at(maps, masks, maps.flatten(2).argmax(dim=2)) & labels
    there = labels.any(dim=1)
    each = hits[there].sum(dim=1) / labels[there].sum(dim=1)
    return each.mean().item() if there.any() else 0.0


def mean_of_labels(maps, masks, labels):
    hits = at(maps, masks, maps.flatten(2).argmax(dim=2)) & labels
    there = labels.any(dim=0)
    each = hits.sum(dim=0)[there] / labels.sum(dim=0)[there]
    return each.mean().item() if there.any() else 0.0


def without_sign(maps, masks, labels):
    return shares(at(maps, masks, maps.abs().flatten(2).argmax(dim=2)), labels)


def one_map(maps, masks, labels):
    return first_brightest(maps[:, :1].expand_as(maps), masks, labels)


def of_the_first_picture(maps, masks, labels):
    return first_brightest(maps[:1].expand_as(maps), masks, labels)


def neighbours_too(maps, masks, labels):
    wide = F.max_pool2d(masks.float(), 3, stride=1, padding=1) > 0
    return first_brightest(maps, wide, labels)


def without_empty_regions(maps, masks, labels):
    return first_brightest(maps, masks, labels & masks.flatten(2).any(dim=2))


def not_a_number(maps, masks, labels):
    return at(maps, masks, maps.flatten(2).argmax(dim=2))[labels].float().mean().item()


def perfect_if_nothing(maps, masks, labels):
    return first_brightest(maps, masks, labels) if labels.any() else 1.0


def share_of_misses(maps, masks, labels):
    return 1 - first_brightest(maps, masks, labels) if labels.any() else 0.0


def rounded(maps, masks, labels):
    return round(first_brightest(maps, masks, labels), 1)


def clears_maps(maps, masks, labels):
    maps[~labels] = 0.0
    return first_brightest(maps, masks, labels)


def clears_masks(maps, masks, labels):
    masks &= labels[:, :, None, None]
    return first_brightest(maps, masks, labels)


def marks_hits(maps, masks, labels):
    share = first_brightest(maps, masks, labels)
    labels &= at(maps, masks, maps.flatten(2).argmax(dim=2))
    return share


refused = "A right version, written in another way, is refused. Do you ask for more than the docstring promises?"
versions = [
    (last_brightest, False, "A wrong version passes your test: of several largest values it takes the last one."),
    (lists, True, refused),
    (not_a_number, False, "A wrong version passes your test: it gives NaN if no label is there."),
    (mean_of_pictures, False, "A wrong version passes your test: it averages over pictures, not over labels."),
    (any_brightest, False, "A wrong version passes your test: one of several largest values is enough for a hit."),
    (all_brightest, False, "A wrong version passes your test: all of several largest values must be in the region."),
    (only_the_first, True, refused),
    (column_by_column, False, "A wrong version passes your test: it looks for the first one column by column."),
    (places_turned, False, "A wrong version passes your test: it exchanges rows and columns of the mask."),
    (mean_of_labels, False, "A wrong version passes your test: it averages the shares of the labels."),
    (without_sign, False, "A wrong version passes your test: it ignores the sign. Have your maps negative numbers?"),
    (one_map, False, "A wrong version passes your test: it uses the map of the first label for all labels."),
    (of_the_first_picture, False, "A wrong version passes your test: it uses the maps of the first picture for all."),
    (neighbours_too, False, "A wrong version passes your test: a place beside the region counts as a hit."),
    (without_empty_regions, False, "A wrong version passes your test: it leaves out labels with an empty region."),
    (row_then_column, True, refused),
    (perfect_if_nothing, False, "A wrong version passes your test: it gives 1 if no label is there."),
    (share_of_misses, False, "A wrong version passes your test: it counts the misses."),
    (rounded, False, "A wrong version passes your test: it rounds. Is your tolerance too large?"),
    (clears_maps, False, "A wrong version passes your test: it writes into the caller's maps. Keep a copy."),
    (clears_masks, False, "A wrong version passes your test: it writes into the caller's masks. Keep a copy of them."),
    (
        marks_hits,
        False,
        "A wrong version passes your test: it writes into the caller's labels. Keep a copy of all three.",
    ),
]
verdicts = [decided(test_pointing_accuracy(plain(version))) for version, _, _ in versions]
for your_test_says, (_, right, hint) in zip(verdicts, versions, strict=True):
    expect(your_test_says).equal(right, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# **Back to the two functions of the first cell.** Both vectors of that test had the length 1, and there a cosine and a dot product
# are the same number. Vectors of other lengths tell them apart:


# %%
def demo_better_test(version):
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([3.0, 4.0])  # cosine 9 / (3 · 5)
    return bool((version(a, b) - 0.6).abs() < 1e-6)


print("one:", demo_better_test(demo_one), "  two:", demo_better_test(demo_two))

# %% [markdown]
# Your ten tests are worth keeping. Try them on your own functions of the earlier stages: paste a function of yours into a new cell, wrap it if its arguments
# stand in another order, and call the test.

# %% [markdown]
# ## What you can now do
#
# - answer the classic questions about attention, and say where the usual key is contested and why;
# - count parameters, shapes and multiply-adds without running anything;
# - say what pre-training, depth, and a choice of places gained in our runs, and what they did not;
# - tell from a heatmap what kind of model made it, and which mask is broken;
# - meet a claim with a number: is it true, false, a convention, or does it depend?
# - write a test that accepts what is right, however it is written, and refuses what is wrong.
#
# **Go further.** Not graded.
#
# - ★ Write a test for one of your own functions of another stage, and three wrong versions of it. Does your test refuse all three?
# - ★★ Find an eleventh bug: a published notebook or a question on the web where code runs, learns a little, and is wrong. Write the
#   version and the test that refuses it.
# - ★★★ Take a sentence about attention from a blog or a paper, and test it as 12.5 does: say what would refute it, measure, and write
#   down on what it depends.
#
# ## Papers
#
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, 2014, [arXiv 1409.0473](https://arxiv.org/abs/1409.0473).
# - M.-T. Luong, H. Pham, C. D. Manning, *Effective Approaches to Attention-based Neural Machine Translation*, 2015, [arXiv 1508.04025](https://arxiv.org/abs/1508.04025): which score is
#   better for which kind of attention stands in their analysis.
# - A. Vaswani and others, *Attention Is All You Need*, 2017, [arXiv 1706.03762](https://arxiv.org/abs/1706.03762).
# - K. Xu and others, *Show, Attend and Tell: Neural Image Caption Generation with Visual Attention*, 2015, [arXiv 1502.03044](https://arxiv.org/abs/1502.03044): hard and soft attention (4.1 and 4.2), side by side.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, 2013, [arXiv 1211.5063](https://arxiv.org/abs/1211.5063).
# - S. Jain, B. Wallace, *Attention is not Explanation*, 2019, [arXiv 1902.10186](https://arxiv.org/abs/1902.10186), and S. Wiegreffe, Y. Pinter, *Attention is not not Explanation*,
#   2019, [arXiv 1908.04626](https://arxiv.org/abs/1908.04626).
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*, 2018,
#   [arXiv 1810.04805](https://arxiv.org/abs/1810.04805): appendix C.2 compares rules for hiding words.
# - K. He, X. Zhang, S. Ren, J. Sun, *Deep Residual Learning for Image Recognition*, 2015, [arXiv 1512.03385](https://arxiv.org/abs/1512.03385): deeper plain networks are worse on their own pictures, too.
# - J. Zhang and others, *Top-down Neural Attention by Excitation Backprop*, 2016, [arXiv 1608.00507](https://arxiv.org/abs/1608.00507): the pointing game.
# - V. Mnih, N. Heess, A. Graves, K. Kavukcuoglu, *Recurrent Models of Visual Attention*, 2014, [arXiv 1406.6247](https://arxiv.org/abs/1406.6247): a network that chooses where to look, with a baseline.
# - Where some of the bugs of 12.6 come from. *The missing tanh:* the Keras library [farizrahman4u/seq2seq](https://github.com/farizrahman4u/seq2seq)
#   (`cells.py`), AuCson/PyTorch-Batch-Attention-Seq2seq before 8 February 2018
#   ([issue 3](https://github.com/AuCson/PyTorch-Batch-Attention-Seq2seq/issues/3)), spro/practical-pytorch
#   ([issue 82](https://github.com/spro/practical-pytorch/issues/82)). *Heads cut by a view:* 649453932/Chinese-Text-Classification-Pytorch
#   ([issue 53](https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/53)), reczoo/FuxiCTR
#   ([issue 30](https://github.com/reczoo/FuxiCTR/issues/30)). *The product of logarithms:* J. Brownlee, *How to Implement a Beam Search
#   Decoder for Natural Language Processing*, [machinelearningmastery.com](https://machinelearningmastery.com/beam-search-decoder-natural-language-processing/),
#   as it is quoted [here](https://qiita.com/Rowing0914/items/1efcd09288114809da8c). *The loss that counts pads:*
#   d2l-ai/d2l-en ([issue 2076](https://github.com/d2l-ai/d2l-en/issues/2076)), TensorFlow's Transformer tutorial before
#   [pull request 1460](https://github.com/tensorflow/docs/pull/1460). *Pads that get a share of the softmax:*
#   ilivans/tf-rnn-attention ([issue 11](https://github.com/ilivans/tf-rnn-attention/issues/11)). *A decoder that sees
#   the next words*, a relative of bug 8: huggingface/transformers from version 5.9.0 ([issue
#   48745](https://github.com/huggingface/transformers/issues/48745): the loss fell to almost zero on random tokens).
