# %% [markdown]
# # 00 · Start here
#
# In this course you build the models that read and write sequences: words, sentences, even pictures. You meet the first
# one in a minute. Then you write, in six short functions, what every model needs before it can read anything.
#
# **What you need to know:** Python with lists, dictionaries and loops. You have seen a tensor before; once is enough.
#
# **Points and time.** This page has 21 points. Plan about an hour: 15 minutes for 0.1 to 0.3, 35 for the six
# functions, 5 for the last model and 5 for the quiz. Boxes with a small triangle are optional: no exercise needs what is in
# them. (Hints are such boxes, too.)
#
# **How to run a cell:** click into it and press **Shift + Enter**. Start with the next one, and go on from top to bottom.
# (It loads PyTorch, which may take some seconds.)

# %% given="setup"
try:
    from autograder.lab import ExpectationError, expect, guess, plots
except ModuleNotFoundError:
    raise ImportError(
        "The course's package, sequence-course, is not in this kernel: in JupyterLab and VS Code choose the kernel of "
        "the course's .venv (`python3 course.py lab` makes it); in Colab and Kaggle upload the course's folder, copy "
        "it to /content or /kaggle/working, run `%pip install --no-deps -e FOLDER executing zhplot`, and restart the "
        "session (`pip install autograder` is another program)."
    ) from None

import random  # the checks use it

import torch

plots.use_style()

P, S, E = 0, 1, 2  # the ids of the three special tokens: pad, start, end
WORDS = ["man", "woman", "black", "white", "king", "queen", "girl", "boy", "up", "down", "high", "low"]

# %% [markdown]
# ## 0.1 Who is bitten?
#
# *Dog bites man* and *man bites dog* have the same three words. Two small models learn to say who is bitten:
#
# - the **bag** adds up what it knows of each word, in any order;
# - the **reader** takes one word after the other, and keeps a memory. (It is a *recurrent network*. You build one in
#   stage 01.)
#
# Both learn from 28 other sentences, such as *cat bites horse*. Then they are asked about our two, which they have never
# read. Guess first: write a letter between the quotation marks, and run the cell. Then run the next two. The first of them
# is folded: it holds the code of the two models, which you need not understand yet.

# %%
guess.ask(
    "bag",
    "How many of the two new sentences will the bag answer right?",
    A="none",
    B="one",
    C="both",
    mine="",
)

# %% tags=["hide-input"]
demo_animals = ["dog", "man", "cat", "bird", "horse", "girl"]
demo_new = [("dog", "man"), ("man", "dog")]  # who bites, who is bitten
demo_old = [(a, b) for a in demo_animals for b in demo_animals if a != b and (a, b) not in demo_new]


def demo_numbers(pairs):
    """For each sentence three rows, one for each word: seven numbers, with a 1 at the place of the word."""
    places = [[demo_animals.index(a), 6, demo_animals.index(b)] for a, b in pairs]  # 6 is "bites"
    return torch.eye(7)[torch.tensor(places)]


class DemoBag(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.answer = torch.nn.Linear(7, 6)

    def forward(self, sentences):
        return self.answer(sentences.sum(dim=1))  # the words added up: their order is lost


class DemoReader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = torch.nn.RNN(7, 16, batch_first=True)
        self.answer = torch.nn.Linear(16, 6)

    def forward(self, sentences):
        return self.answer(self.memory(sentences)[0][:, -1])  # the memory after the last word


def demo_train(model, sentences, bitten):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(model(sentences), bitten)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %%
torch.manual_seed(0)
demo_bitten = torch.tensor([demo_animals.index(b) for _, b in demo_old])
demo_right = {}
for name, model in (("bag", DemoBag()), ("reader", DemoReader())):
    demo_train(model, demo_numbers(demo_old), demo_bitten)
    learned = (model(demo_numbers(demo_old)).argmax(dim=1) == demo_bitten).sum()
    said = [demo_animals[i] for i in model(demo_numbers(demo_new)).argmax(dim=1)]
    demo_right[name] = sum(answer == b for answer, (_, b) in zip(said, demo_new, strict=True))
    print(f"{name}: {learned} right of the 28 that it learned from")
    for answer, (a, b) in zip(said, demo_new, strict=True):
        print(f"    {a} bites {b}: {answer} is bitten", "✓" if answer == b else "✗")

guess.compare("bag", "ABC"[demo_right["bag"]])

# %% [markdown]
# *What to see:* for the bag, the two sentences are the same sum, so it gives the same answer twice. It is no better on
# the sentences that it learned from: half of them. The reader knows the order, and is right about both.
# (This is one run. In all of 20 runs with other seeds the reader is right about both.)
#
# But look at what goes *in*. This reader knows seven words by number, and all its sentences have three, so that they fit
# into one tensor. Give it an old dog, and then leave the man out:

# %%
for demo_sentence in (["old", "dog", "bites", "man"], ["dog", "bites"]):
    try:
        demo_places = [[*demo_animals, "bites"].index(word) for word in demo_sentence]
        torch.tensor([[0, 6, 1], demo_places])  # beside "dog bites man", in one tensor
    except ValueError as error:
        print(" ".join(demo_sentence), "→ ValueError:", error)

# %% [markdown]
# *What to see:* a word without a number stops it. And two sentences of different lengths do not fit into one tensor, so they
# cannot be read together. On this page you mend both. At its end, in 0.11, a model reads sentences of several lengths, letter
# by letter, through **your** functions.
#
# ![Two words become ids, one padded tensor, one-hot vectors; the lengths become a mask for the model's answer](drawings/what_you_build.svg)
#
# What you build, each part with its section. V is the number of different ids.
#
# ### The map
#
# The course has thirteen stages. Each one is a notebook like this, in the folder `notebooks`.

# %%
ax = plots.course_map(here="00_start_here")

# %% [markdown]
# Two habits go through the whole course:
#
# - **Predict first.** Before a cell shows a result, guess it. A wrong guess is worth more than no guess.
# - **Measure.** Some sentences that many people repeat about these models are not true. You will test them, with numbers.
#
# B is always the batch; other letters change, and each page has a table of its own (here in 0.7).

# %% [markdown]
# ## 0.2 How exercises, checks and points work
#
# An **exercise** is one cell. It holds a function with a name, a description, and a line that raises
# `NotImplementedError`. You replace that line with your code. The description (the *docstring*) says what
# goes in, what comes out, and which errors to raise.
#
# Right below come its **checks**. Run them as often as you like, with **Shift + Enter**. Most of them are folded, since they
# hold hints: run one as it is, and read its message first; a click on the bar shows its code. There are four possible answers:
#
# | you see | it means |
# |---|---|
# | `✓ passed` | the visible part of this check is satisfied |
# | `✗` and a few lines | the code ran, but a result is not right: read the lines |
# | `…` and one line | there is nothing to check yet: the line names the exercise that is still blank |
# | a *traceback* that ends with the name of an error | the code stopped before it gave a result |
#
# **The course panel.** In this course's JupyterLab, *Check* in the notebook's toolbar opens a panel at the right: every exercise
# with its state, what its checks say, one hint at a time, and what to read again. From then on it checks after each save. It runs
# the saved notebook from an empty start and leaves your cells alone, so what stands below a cell is still from your own last run.
#
# **Visible and hidden.** Most checks have a second part that you cannot see. It runs when your notebook is
# graded, and asks the same question about other inputs: other sizes, other words, unusual cases. The
# docstring promises everything that it asks.
#
# **Points.** A check gives its points when both its parts pass. No exercise on this page needs your answer to another one,
# so an exercise that you leave out costs only its own points. (Some demonstrations need your functions: until they are
# written, they show a line with `…`, or an error.)
#
# **Cells.** *Exercise* cells are yours. The set-up cell and the *check* cells are restored before grading, so change
# nothing there. *All other code cells* are for playing. They are not run when you are graded, so an exercise must not need
# anything that you define there.
#
# **Before you submit,** choose *Run → Restart Kernel and Run All Cells…* once. Then you know that the notebook works from an
# empty start. (After a restart nothing is defined. Run the first code cell again, or all cells.) The run goes on past
# checks that fail, and the last cell of the page sums up: your points so far, what to mend, what
# comes next.
#
# <details><summary>Stuck in one exercise?</summary>
#
# Where your course hands out references, `from autograder.lab import reference` and `reference("pad_batch")` in a cell of your
# own define it, without points, and you can go on. If it does not, the cell tells you so.
# </details>
# <details><summary>Which reader are you: student, self-learner or instructor?</summary>
#
# | you are | do this |
# |---|---|
# | a **student** | Run `python3 course.py lab` in a terminal; JupyterLab opens. Open `notebooks/00_start_here/00_start_here.ipynb`, work through it, save it, and submit that one `.ipynb` file as your teacher asks. |
# | a **self-learner** | The same, and instead of submitting press *Check*: on your own machine it runs the hidden parts, too. Without JupyterLab, `python3 course.py check 00` in the course's folder does the same, and with `--watch` after every save. |
# | an **instructor** | Put the collected notebooks into one folder, as `STUDENT.ipynb`, and run `python3 course.py grade 00_start_here --from FOLDER`. `python3 course.py grade --help` says more. |
#
# </details>
# <details><summary>All the lines that a ✗ message can have</summary>
#
# | line | meaning |
# |---|---|
# | the first line | the **call** that was made, so that you can make it yourself in a new cell; or a name of the check cell and the call that it is from, as in `ids, from pad_batch(…)` |
# | `where … is from …` | how the check made a thing that the call uses (not always there) |
# | `got:` | what your function gave |
# | `expected:` | what it should give |
# | `first difference …`, `lengths differ …` or the like | where the two differ (not always there) |
# | `likely cause:` | a guess at the mistake, in one sentence (not always there) |
#
# </details>

# %% [markdown]
# ## 0.3 The loop, once together
#
# Every exercise goes the same way: **read – fill – run – read the message – mend**. We do one together. It gives no
# points.
#
# **Read.** The exercise looks like this:
#
# ```python
# def longest(words):
#     """The number of letters in the longest of `words`, a list of strings."""
#     # YOUR CODE HERE
#     raise NotImplementedError("longest: not written yet. Replace this line with your code.")
# ```
#
# **Fill and run.** Python has `max`, which finds the largest of many things. Below our first try is a check. (The lines
# around `expect` shorten the message. A real check cell does not have them.)


# %%
def longest(words):
    """The number of letters in the longest of `words`, a list of strings."""
    return max(words)


try:
    expect(longest(["low", "woman", "up"])).equal(5, hint="Return a number of letters, not a word.")
except ExpectationError as message:
    print("✗", message)

# %% [markdown]
# **Read the message:** the *call*, what we *got*, what was *expected*, and the *likely cause*. We returned the word.
#
# **Mend:** we take its length.


# %%
def longest(words):
    """The number of letters in the longest of `words`, a list of strings."""
    return len(max(words))


expect(longest(["low", "woman", "up"])).equal(5, hint="Return a number of letters, not a word.")

# %% [markdown]
# `✓ passed`. Are we done? *Predict first:* what does our function give for `["queen", "up"]`?

# %%
try:
    expect(longest(["queen", "up"])).equal(
        5, hint="`max` of strings takes the last one in the alphabet, not the longest one."
    )
except ExpectationError as message:
    print("✗", message)

# %% [markdown]
# In the first list, the longest word was also the last one in the alphabet. That was luck.
#
# **This is what hidden checks are for.** Their messages have the same lines, but show `longest(…)` instead of the inputs.
#
# **Mend** once more. Now you: change the line with `return` so that both checks below it pass.


# %%
def longest(words):
    """The number of letters in the longest of `words`, a list of strings."""
    return len(max(words))


try:
    expect(longest(["queen", "up"])).equal(5)
    expect(longest(["low", "woman", "up"])).equal(5)
except ExpectationError as message:
    print("✗", message)

# %% [markdown]
# <details><summary>The answer</summary>
#
# `return max(len(word) for word in words)` takes the largest of the *lengths*.
# </details>
#
# When both pass, you have gone the whole loop. From here on, the exercises are yours. Each one has hints, from a small push to
# almost the answer. (In the later ones, Hint 3 names the order of the steps and the trap.)

# %% [markdown]
# ## 0.4 A number for every character
#
# The reader of 0.1 stopped at a new word. A model of *letters* is harder to stop: a new word is made of letters that it
# knows. A network calculates with numbers, so every character gets one: its **id**. A **vocabulary** is the list
# of all characters that have an id. A character, or any other unit that gets an id, is called a **token**.
#
# Three tokens are not characters of any word. They are marks, and they always come first:
#
# | id | token | name | what it is for |
# |---|---|---|---|
# | 0 | `P` | pad | fills up a short word, so that all words in a batch are equally long |
# | 1 | `S` | start | tells a model that writes: begin |
# | 2 | `E` | end | the model writes it to say: I am finished |
#
# After them come the characters, each once. In which order? Python's `set` collects each character once, and
# `sorted` makes a sorted list of a set. The cell after the next one starts Python twice. Each time it prints the set of
# the characters of `queen`, and the sorted list. (You need not understand its code, which is folded.)

# %%
guess.ask(
    "order",
    "Which of the two looks the same at both starts?",
    A="both",
    B="only the set",
    C="neither",
    D="only the list",
    mine="",
)

# %% tags=["hide-input"]
import os
import subprocess
import sys

program = "print(list(set('queen')), sorted(set('queen')), sep=';')"
demo_sets, demo_lists = set(), set()
for start in ["1", "2"]:  # Python draws such a number at each start; here we choose it
    environment = {**os.environ, "PYTHONHASHSEED": start}
    python = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    as_set, as_list = python.stdout.strip().split(";")
    print(f"start {start}   a set: {as_set}   sorted: {as_list}")
    demo_sets.add(as_set)
    demo_lists.add(as_list)

demo_same = (len(demo_sets) == 1, len(demo_lists) == 1)  # the set, the list
guess.compare("order", {(True, True): "A", (True, False): "B", (False, False): "C", (False, True): "D"}[demo_same])

# %% [markdown]
# *What to see:* the set can have another order at each start. So the characters are **sorted**. This matters more than it
# seems. A trained model knows nothing but ids. If `a` has id 3 today and id 7 tomorrow, the model of today is useless
# tomorrow. Sorting is enough only for the *same* characters: one new word with an `f` moves all ids from `g` on. So whoever
# stores a model stores its vocabulary beside it.
#
# **By hand.** The words `up` and `on` have the characters u, p, o, n. Sorted: n, o, p, u. So the vocabulary
# is
#
# | id | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
# |---|---|---|---|---|---|---|---|
# | token | P | S | E | n | o | p | u |
#
# We keep it in two tables, one for each direction. `id_to_char` is a **list**: the id is the position.
# `char_to_id` is a **dictionary**.
#
# One danger remains: a word that itself contains a capital `P`, `S` or `E`. That letter and the mark could
# not be told apart, so such a word is refused.
#
# In the two tables the marks are *letters*: `"P"`, `"S"`, `"E"`. The names `P`, `S`, `E` of the set-up cell are their *ids*, the
# numbers 0, 1, 2. You will not need these names before 0.6.
#
# **Your turn: `build_vocabulary`.** Read its docstring below, then write it. The hints are here if you need them.
#
# <details><summary>Hint 1</summary>
#
# Build the list first. The dictionary is the same information, read the other way.
# </details>
# <details><summary>Hint 2</summary>
#
# Put all characters of all words into one `set`, so that each is there once. `sorted` makes a list of a
# set. Put `["P", "S", "E"]` in front.
# </details>
# <details><summary>Hint 3</summary>
#
# `enumerate` goes through the list and gives the position with each character: that is all that the
# dictionary needs. Before all this, look at every word: if one of the three marks is in it, raise a
# `ValueError` whose message contains the word.
# </details>


# %% exercise="build_vocabulary"
def build_vocabulary(words):
    """Two tables for the characters of `words`: from character to id, and back.

    The ids 0, 1, 2 belong to the special tokens "P", "S", "E", also when `words` is empty.
    Then come the characters that occur in `words`, each once, sorted as `sorted` does it
    (capital letters are characters of their own). So the order of the words plays no part.
    Any character may occur, also a digit, a hyphen or a space.

    Args:
        words: a list of strings. It is not changed.

    Returns:
        A tuple (char_to_id, id_to_char):
        char_to_id: a dict from character to id, for example {"P": 0, "S": 1, "E": 2, "a": 3}.
        id_to_char: a list, where id_to_char[i] is the character with id i, for example ["P", "S", "E", "a"].

    Raises:
        ValueError: if a word contains "P", "S" or "E". The message contains the word.
    """
    ### BEGIN SOLUTION
    for word in words:
        if any(mark in word for mark in "PSE"):
            raise ValueError(f"the word {word!r} contains P, S or E, which are special tokens")
    id_to_char = ["P", "S", "E", *sorted(set("".join(words)))]
    char_to_id = {char: i for i, char in enumerate(id_to_char)}
    return char_to_id, id_to_char
    ### END SOLUTION


# %% check="build_vocabulary-ids" points=1
expect(build_vocabulary(["ab", "abc"])).type(
    tuple, hint="Return two things with a comma between them: first char_to_id, then id_to_char."
)
char_to_id, id_to_char = build_vocabulary(["ab", "abc"])
expect(char_to_id).type(dict, hint="First char_to_id, a dictionary; then id_to_char, a list.")
expect(id_to_char).equal(
    ["P", "S", "E", "a", "b", "c"],
    hint="A list: P, S, E in this order, then every character of the words once, sorted.",
)
expect(char_to_id).equal(
    {"P": 0, "S": 1, "E": 2, "a": 3, "b": 4, "c": 5},
    hint="A dictionary from each character to its position in id_to_char.",
)
### BEGIN HIDDEN TESTS
char_to_id, id_to_char = build_vocabulary(["abbey", "bey", "y"])
expect(id_to_char).equal(
    ["P", "S", "E", "a", "b", "e", "y"], hint="Every character once, even if it occurs twice, and sorted."
)
expect(char_to_id).equal(
    {"P": 0, "S": 1, "E": 2, "a": 3, "b": 4, "e": 5, "y": 6},
    hint="The two tables must agree: char_to_id[id_to_char[i]] is i.",
)
char_to_id, id_to_char = build_vocabulary([])
expect(id_to_char).equal(["P", "S", "E"], hint="Without words there are still the three special tokens.")
expect(char_to_id).equal({"P": 0, "S": 1, "E": 2}, hint="Without words there are still the three special tokens.")
char_to_id, id_to_char = build_vocabulary(["Amy", "my"])
expect(id_to_char).equal(
    ["P", "S", "E", "A", "m", "y"],
    hint="Only the characters that occur, each as it is written: A and a are two characters.",
)
char_to_id, id_to_char = build_vocabulary(["中国", "国我", "我爱"])
expect(char_to_id).equal(
    {"P": 0, "S": 1, "E": 2, "中": 3, "国": 4, "我": 5, "爱": 6},
    hint="Any character may occur, not only a to z.",
)
char_to_id, id_to_char = build_vocabulary([" no", "well-done", "42 "])
expect(id_to_char).equal(
    ["P", "S", "E", *" -24delnow"], hint="Digits, hyphens and spaces are characters too, also at the end of a word."
)
char_to_id, id_to_char = build_vocabulary(["cafe\u0301", "aB"])  # the accent is a character of its own
expect(id_to_char).equal(
    ["P", "S", "E", *"Bacef\u0301"], hint="Take the characters as they are, and sort them as `sorted` does."
)
### END HIDDEN TESTS

# %% check="build_vocabulary-order" points=1
char_to_id, id_to_char = build_vocabulary(["night", "flow"])
expect(id_to_char).equal(
    ["P", "S", "E", "f", "g", "h", "i", "l", "n", "o", "t", "w"],
    hint="After P, S, E the characters are sorted.",
)
expect(build_vocabulary(["flow", "night"])[1]).equal(
    id_to_char, hint="Another order of the words must not change the ids."
)
### BEGIN HIDDEN TESTS
letters = list("qwertyuiopasdfghjklzxcvbnm")
for seed in range(3):
    random.Random(seed).shuffle(letters)
    words = ["".join(letters[:7]), "".join(letters[7:18]), "".join(letters[18:])]
    before = list(words)
    char_to_id, id_to_char = build_vocabulary(words)
    expect(id_to_char).equal(
        ["P", "S", "E", *"abcdefghijklmnopqrstuvwxyz"],
        hint="After P, S, E the characters are sorted. A set alone has no fixed order.",
    )
    expect(char_to_id["a"]).equal(3, hint="The first character after the special tokens has id 3.")
    expect(words).equal(before, hint="The list of words belongs to the caller: do not change it.")
### END HIDDEN TESTS

# %% check="build_vocabulary-special" points=1
expect(lambda: build_vocabulary(["low", "Paris"])).raises(
    ValueError,
    mention="Paris",
    hint="A word with P, S or E in it is refused, and the message says which word.",
)
### BEGIN HIDDEN TESTS
expect(lambda: build_vocabulary(["uS"])).raises(
    ValueError,
    mention="uS",
    hint="Look at every character of a word, not only at the first one, and at all three marks.",
)
expect(lambda: build_vocabulary(["up", "on", "cafE", "low"])).raises(
    ValueError,
    mention="cafE",
    hint="Look at every word and at all three marks; the message contains the word.",
)
char_to_id, id_to_char = build_vocabulary(["Tom", "space"])
expect(id_to_char).equal(
    ["P", "S", "E", "T", "a", "c", "e", "m", "o", "p", "s"],
    hint="Only capital P, S and E are refused; p, s and e are characters like all others.",
)
### END HIDDEN TESTS

# %% [markdown]
# Your function at work, on twelve words. (In stage 03 a model learns to answer `low` to `high`, and `queen`
# to `king`.)

# %%
demo_char_to_id, demo_id_to_char = build_vocabulary(WORDS)
print("characters: ", " ".join(f"{char:>2}" for char in demo_id_to_char))
print("ids:        ", " ".join(f"{i:>2}" for i in range(len(demo_id_to_char))))
print("not needed: ", " ".join(sorted(set("abcdefghijklmnopqrstuvwxyz") - set(demo_id_to_char))))

# %% [markdown]
# *What to see:* letters that do not occur in the words have no id.

# %% [markdown]
# ## 0.5 From a word to ids
#
# To **encode** a word is to look up each character.
#
# **By hand.** With the vocabulary of `up` and `on` (P S E n o p u), the word `pop` becomes `[5, 4, 5]`.
#
# Two decisions must be made, and the docstring writes them down:
#
# - *Does `encode` add an `E`?* No. Whoever wants an end writes one: `encode("popE", …)` gives
#   `[5, 4, 5, 2]`.
# - *What about a character without an id?* It raises an error that names the character. Dropped in silence, it would be a
#   bug that somebody searches for all evening.
#
# **Your turn: `encode`.** Its docstring is below the hints. Read it first, and open a hint only when you are stuck.
#
# <details><summary>Hint 1</summary>
#
# A string is a sequence: a loop over it gives one character after the other.
# </details>
# <details><summary>Hint 2</summary>
#
# Before you look a character up, ask whether it is in the dictionary. If not, raise a `ValueError`. An
# f-string puts the character into its message.
# </details>
# <details><summary>Hint 3</summary>
#
# Start with an empty list. For each character: if it is not a key of `char_to_id`, raise; otherwise append
# its id. After the loop return the list.
# </details>


# %% exercise="encode"
def encode(word, char_to_id):
    """The ids of the characters of `word`, in order.

    Nothing is added: no S in front, no E at the end. The characters "P", "S", "E" are looked up
    like all others, so encode("upE", …) ends with the id of E.

    Args:
        word: a string. The empty string gives an empty list.
        char_to_id: a dict from character to id, as `build_vocabulary` makes it, in any order. It is not changed.

    Returns:
        A list of int, as long as the word.

    Raises:
        ValueError: if a character is not in `char_to_id`. The message contains that character.
    """
    ### BEGIN SOLUTION
    for char in word:
        if char not in char_to_id:
            raise ValueError(f"the character {char!r} in {word!r} is not in the vocabulary")
    return [char_to_id[char] for char in word]
    ### END SOLUTION


# %% check="encode-ids" points=1
expect(encode("pop", {"P": 0, "S": 1, "E": 2, "n": 3, "o": 4, "p": 5, "u": 6})).type(
    list, hint="A list of numbers is asked for, not a tensor and not a string."
).equal([5, 4, 5], hint="One id for each character, as a list, in the order of the word; nothing is added.")
### BEGIN HIDDEN TESTS
table = {"P": 0, "S": 1, "E": 2, "中": 3, "国": 4, "我": 5, "爱": 6}
expect(encode("我爱中国", table)).equal(
    [5, 6, 3, 4], hint="Look the ids up in char_to_id; they do not follow from the alphabet."
)
table = {"P": 0, "S": 1, "E": 2, "A": 3, "a": 4, "l": 5, "n": 6}
expect(encode("Alan", table)).equal([3, 5, 4, 6], hint="A capital letter is a character of its own.")
expect(encode("allE", table)).equal([4, 5, 5, 2], hint="E in the word is looked up like any other character.")
expect(encode("lPS", table)).equal([5, 0, 1], hint="The id 0 is an id like all others: 0 is not the same as nothing.")
table = {"n": 6, "l": 5, "P": 0, "A": 3, "E": 2, "a": 4, "S": 1}
expect(encode("Alan", table)).equal(
    [3, 5, 4, 6], hint="The id is what the dict holds, not the place of the character in it."
)
table = {chr(200 + i): i for i in range(3, 400)}
expect(encode(chr(500) + chr(210), table)).equal([300, 10], hint="Ids may be larger than 255.")
expect(encode("", table)).equal([], hint="The empty word has no characters, so the list is empty.")
### END HIDDEN TESTS

# %% check="encode-unknown" points=1
expect(lambda: encode("café", {"P": 0, "S": 1, "E": 2, "a": 3, "c": 4, "e": 5, "f": 6})).raises(
    ValueError,
    mention="é",
    hint="A character that is not in char_to_id: raise a ValueError whose message contains the character.",
)
### BEGIN HIDDEN TESTS
table = {"P": 0, "S": 1, "E": 2, "o": 3, "p": 4, "u": 5}
expect(lambda: encode("up7", table)).raises(
    ValueError, mention="7", hint="An unknown character at the end of the word counts too."
)
expect(lambda: encode("国up", table)).raises(
    ValueError, mention="国", hint="An unknown character at the start of the word counts too."
)
expect(lambda: encode("Up", table)).raises(ValueError, mention="U", hint="A capital U is not the same character as u.")
expect(lambda: encode("up ", table)).raises(ValueError, hint="A space is a character too.")
expect(table).equal(
    {"P": 0, "S": 1, "E": 2, "o": 3, "p": 4, "u": 5}, hint="The dict belongs to the caller: `setdefault` adds to it."
)
### END HIDDEN TESTS

# %% [markdown]
# Three words for the vocabulary of our twelve words: `highh`, `wohin` and `jazz`.

# %%
guess.ask(
    "encode",
    "Which of the three can be encoded?",
    A="none: they are not among the twelve",
    B="highh and wohin",
    C="only highh",
    D="all three",
    mine="",
)

# %%
demo_encoded = []
for demo_word in ["highh", "wohin", "jazz"]:
    try:
        print(demo_word, "→", encode(demo_word, build_vocabulary(WORDS)[0]))
        demo_encoded.append(demo_word)
    except ValueError as error:
        print(demo_word, "→ ValueError:", error)
guess.compare("encode", {"": "A", "highh wohin": "B", "highh": "C", "highh wohin jazz": "D"}[" ".join(demo_encoded)])

# %% [markdown]
# *What to see:* a word has ids as soon as all its characters have. So `wohin` passes, which is not even English, and
# `jazz` fails at its first character.

# %% [markdown]
# ## 0.6 From ids to a word
#
# A model writes ids, one after the other. The word that you want may be followed by more:
#
# $$\underbrace{\texttt{l o w}}_{\text{the word}}\ \ \texttt{E}\ \ \underbrace{\texttt{w w P}}_{\text{noise}}$$
#
# The rule of **decode**: read from the left, and **stop at the first `E`**. What comes after it does not
# count, whatever it is. Before the `E`, `P` and `S` are marks and not characters of the word, so they are left
# out.
#
# **By hand.** With P S E n o p u, the ids `[1, 5, 4, 0, 5, 2, 6, 6]` are the tokens S p o P p E u u. Leave
# out S and P, stop at E: `pop`.
#
# Watch out: `id_to_char` is a list, and Python lists accept *negative* positions. `id_to_char[-1]` is the
# last character, without any complaint. An id of −1 is always a mistake, so `decode` must say so.
#
# **Your turn: `decode`.** Read its docstring below, then write it. It asks three things of each id, in order.
#
# <details><summary>Hint 1</summary>
#
# A `for` loop over the ids, with three questions in it: is it the end, is it a valid id, is it a mark to
# leave out?
# </details>
# <details><summary>Hint 2</summary>
#
# `break` leaves a loop for good. `continue` goes on to the next round. One is right for `E`, the other for
# `P` and `S`.
# </details>
# <details><summary>Hint 3</summary>
#
# Keep the order of the three questions. The end comes first: after it, even an invalid id does no harm. The
# trap is in the second one: a valid id has *two* bounds, and Python complains about one of them only. What
# passes all three is a character of the word.
# </details>


# %% exercise="decode"
def decode(ids, id_to_char):
    """The word that `ids` spell: the characters up to the first E, without any P or S.

    Reading stops at the first E (id 2), and nothing after it is looked at. E itself is not part of the word.
    Without an E all ids are read. P (id 0) and S (id 1) are left out, wherever they stand.

    Args:
        ids: a list of int. It is not changed.
        id_to_char: a list of characters, as `build_vocabulary` makes it; the id is the position. It is not changed.

    Returns:
        A string, perhaps empty.

    Raises:
        ValueError: if an id before the first E is not one of 0 … len(id_to_char) - 1.
            The message contains that id.
    """
    ### BEGIN SOLUTION
    word = ""
    for i in ids:
        if i == E:
            break
        if not 0 <= i < len(id_to_char):
            raise ValueError(f"the id {i} is not one of 0 … {len(id_to_char) - 1}")
        if i not in (P, S):
            word += id_to_char[i]
    return word
    ### END SOLUTION


# %% check="decode-stop" points=1
expect(decode([5, 4, 5, 2, 6, 6], ["P", "S", "E", "n", "o", "p", "u"])).type(
    str, hint="A string is asked for: join the characters."
).equal("pop", hint="Reading stops at the first E, and E itself is not part of the word.")
### BEGIN HIDDEN TESTS
table = ["P", "S", "E", "a", "b", "c", "d", "e"]
expect(decode([3, 2, 4, 2, 5], table)).equal("a", hint="Stop at the first E, not at the last one.")
expect(decode([2, 3, 4], table)).equal("", hint="With E in front the word is empty.")
expect(decode([6, 3, 6], table)).equal("dad", hint="Without an E the word goes to the end: no character may be lost.")
expect(decode([], table)).equal("", hint="No ids, no characters: the empty string.")
expect(decode([7, 5, 2, 99, -7], table)).equal(
    "ec", hint="Nothing after the first E is looked at, so an invalid id there does no harm."
)
ids = [5, 3, 4, 2, 6]
decode(ids, table)
expect(ids).equal([5, 3, 4, 2, 6], hint="The list of ids belongs to the caller: read it, and take nothing out of it.")
expect(table).equal(["P", "S", "E", "a", "b", "c", "d", "e"], hint="id_to_char belongs to the caller: only read it.")
expect(decode([3, 4, 4, 7, 7, 2], table)).equal("abbee", hint="A character may come twice in a row.")
table = [*"PSE", " ", *map(chr, range(204, 600))]
expect(decode([3, 300, 3, 260, 3, 2], table)).equal(
    f" {chr(500)} {chr(460)} ", hint="Every character is kept, also a space at the end, and ids may be larger than 255."
)
### END HIDDEN TESTS

# %% check="decode-marks" points=1
expect(decode([1, 5, 4, 0, 5], ["P", "S", "E", "n", "o", "p", "u"])).equal(
    "pop", hint="P and S are left out, and reading goes on after them."
)
### BEGIN HIDDEN TESTS
table = ["P", "S", "E", "中", "国", "我", "爱"]
expect(decode([0, 0, 5, 6, 0, 0], table)).equal(
    "我爱", hint="P is left out wherever it stands, also in front; it does not end the word."
)
expect(decode([3, 1, 4, 1], table)).equal("中国", hint="S is left out wherever it stands.")
expect(decode([1, 0, 0], table)).equal("", hint="Only marks: the word is empty.")
### END HIDDEN TESTS

# %% check="decode-range" points=1
expect(lambda: decode([5, 40], ["P", "S", "E", "n", "o", "p", "u"])).raises(
    ValueError,
    mention="40",
    hint="An id without a character: raise a ValueError whose message contains the id.",
)
### BEGIN HIDDEN TESTS
table = ["P", "S", "E", "a", "b", "c", "d", "e"]
expect(lambda: decode([3, 8, 3], table)).raises(
    ValueError, mention="8", hint="The list has positions 0 … len - 1; is your bound one too far?"
)
expect(lambda: decode([3, 4, -1], table)).raises(
    ValueError,
    mention="-1",
    hint="A negative position counts from the end of a Python list, so Python does not complain: you must.",
)
expect(decode([7], table)).equal("e", hint="The last character of the list is valid.")
for i in (-2, -8, -9):
    expect(lambda i=i: decode([3, i], table)).raises(
        ValueError, mention=str(i), hint="Every negative id is invalid, not only -1."
    )
### END HIDDEN TESTS

# %% [markdown]
# There and back again. *Predict first:* which of these four words come back as they went?

# %%
demo_char_to_id, demo_id_to_char = build_vocabulary(WORDS)
for demo_word in ["queen", "high", "lowE", "downEup"]:
    demo_ids = encode(demo_word, demo_char_to_id)
    print(f"{demo_word:8} → {demo_ids!s:32} → {decode(demo_ids, demo_id_to_char)}")

# %% [markdown]
# *What to see:* a word without marks comes back whole. A word with an `E` in it comes back up to the `E`.

# %% [markdown]
# ## 0.7 Tensors: shape, dtype, index
#
# (You know tensors? Run the three cells, and go on with 0.8.) A network reads many words at once, as one **tensor**:
# numbers of one kind, in a row, a rectangle or a box. In this stage, three letters name the sizes:
#
# | letter | meaning |
# |---|---|
# | `B` | batch: how many sequences are together |
# | `T` | time: the number of positions; in a padded batch, the length of the longest sequence |
# | `V` | vocabulary: how many different ids there are |
#
# A tensor has a **shape**, the sizes in order, and a **dtype**, the kind of its numbers. Three kinds matter
# here:
#
# | dtype | holds | used for |
# |---|---|---|
# | `torch.long` (the same as `torch.int64`) | whole numbers | ids, lengths |
# | `torch.float32` | numbers with decimals | everything that a network calculates |
# | `torch.bool` | `True` and `False` | masks |
#
# *Predict first:* shape and dtype of each line.

# %%
demo_x = torch.tensor([[13, 16, 22], [7, 9, 8]])
for name, tensor in {
    "torch.tensor([[13, 16, 22], [7, 9, 8]])": demo_x,
    "torch.zeros(2, 3)": torch.zeros(2, 3),
    "torch.full((2, 3), 9)": torch.full((2, 3), 9),
    "torch.arange(4)": torch.arange(4),
    "demo_x > 8": demo_x > 8,
}.items():
    print(f"{name:41} shape {tuple(tensor.shape)!s:8} {tensor.dtype}")

# %% [markdown]
# *What to see:* whole numbers give `torch.int64`, but `torch.zeros` gives floats, even though 0 is a whole
# number. A comparison gives bools. (`torch.zeros(2, 3, dtype=torch.long)` asks for whole numbers.)
#
# An **index** takes a part out. Rows come first, then columns. `:` means "all of them", `:2` means "the
# first two". *Predict first* again:

# %%
print(demo_x, "\n")
for name, part in {
    "demo_x[0]": demo_x[0],
    "demo_x[1, 2]": demo_x[1, 2],
    "demo_x[:, 0]": demo_x[:, 0],
    "demo_x[:, :2]": demo_x[:, :2],
}.items():
    print(f"{name:14} shape {tuple(part.shape)!s:7} as Python numbers: {part.tolist()}")

# %% [markdown]
# *What to see:* each number in the index takes one dimension away; a slice such as `:2` keeps it.
# `.tolist()` goes back to Python numbers.
#
# The same index can stand on the left of `=`. Then it says **where to write**:

# %%
demo_y = torch.full((2, 5), 9)
demo_y[0, :3] = torch.tensor([1, 2, 3])
print(demo_y)

# %% [markdown]
# ## 0.8 Words of different lengths in one tensor
#
# A tensor is a rectangle, but words are not equally long:

# %%
try:
    torch.tensor([[5, 4, 5], [6, 5]])
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# This was the second error of 0.1. So we fill the short ones up with the pad. This is **padding**. The pads go to the
# **right**, so that the first character of every word stands in column 0. We also keep the true **lengths**: later a
# model must know what was real.
#
# **By hand.** Two words, `[5, 4, 5]` and `[6, 5]`, with pad 0: the longest has 3 characters, so the shape
# is $[2, 3]$.
#
# $$\text{ids} = \begin{pmatrix} 5 & 4 & 5 \\ 6 & 5 & 0 \end{pmatrix} \qquad \text{lengths} = (3,\ 2)$$
#
# Two things to watch. The lists belong to the caller: if you append pads to them, the caller's data are
# spoiled. And the pad is an ordinary number. It could also stand *inside* a sequence, so counting what
# differs from the pad is not a safe way to find a length.
#
# **Your turn: `pad_batch`.** The docstring below says what goes in and what comes out. Then write it; the hints are
# here if you need them.
#
# <details><summary>Hint 1</summary>
#
# First all the lengths, then T. With B and T you know the size of the rectangle.
# </details>
# <details><summary>Hint 2</summary>
#
# One way: a tensor that is full of pads, into which you write each sequence (the last demonstration of
# 0.7). Another way: new lists, `sequence + [pad] * missing`, and one tensor at the end.
# </details>
# <details><summary>Hint 3</summary>
#
# The order: refuse the empty batch, measure, make the rectangle, write the rows. The refusal comes first, for
# nothing has no maximum. The trap is the kind of the numbers: a tensor made of an empty list holds floats. So
# say `torch.long` wherever you make a tensor.
# </details>


# %% exercise="pad_batch"
def pad_batch(sequences, pad):
    """All sequences in one tensor, with pads on the right, and their lengths.

    Args:
        sequences: a list of B lists of int. The ints are of any size, and any of the B lists may be empty.
            They are not changed.
        pad: the id that fills up a sequence, an int, perhaps negative. It may also stand inside a sequence.

    Returns:
        A tuple (ids, lengths):
        ids: torch.long [B, T], where T is the length of the longest sequence.
        lengths: torch.long [B], the number of ids that each sequence had.

    Raises:
        ValueError: with the words "empty batch", if there are no sequences.
    """
    ### BEGIN SOLUTION
    if len(sequences) == 0:
        raise ValueError("empty batch: there is no sequence to pad")
    lengths = torch.tensor([len(sequence) for sequence in sequences])  # [B]
    ids = torch.full((len(sequences), int(lengths.max())), pad, dtype=torch.long)  # [B, T]
    for b, sequence in enumerate(sequences):
        ids[b, : len(sequence)] = torch.tensor(sequence, dtype=torch.long)
    return ids, lengths
    ### END SOLUTION


# %% check="pad_batch-ids" points=1
expect(pad_batch([[5, 4, 5], [6, 5], [7], [8, 8]], 0)).type(
    tuple, hint="Return two things with a comma between them: `return ids, lengths`."
)
ids, lengths = pad_batch([[5, 4, 5], [6, 5], [7], [8, 8]], 0)
expect(ids).shape(4, 3, hint="B rows, and as many columns as the longest sequence has ids.").dtype(
    torch.long, hint="Ids are whole numbers: ask for dtype=torch.long."
)
expect(ids).equal(
    torch.tensor([[5, 4, 5], [6, 5, 0], [7, 0, 0], [8, 8, 0]]), hint="Row b is sequence b, with its pads on the right."
)
### BEGIN HIDDEN TESTS
ids, lengths = pad_batch([[3], [8, 9, 4, 6, 5], [7, 7], [4, 3, 5, 8]], 11)
expect(ids).shape(4, 5, hint="As many columns as the longest sequence has ids, wherever it stands in the list.")
expect(ids[:, 0]).equal(torch.tensor([3, 8, 7, 4]), hint="Row b belongs to sequence b: keep the order of the list.")
expect(ids).equal(
    torch.tensor([[3, 11, 11, 11, 11], [8, 9, 4, 6, 5], [7, 7, 11, 11, 11], [4, 3, 5, 8, 11]]),
    hint="Fill up with the argument `pad`, which need not be 0.",
)
ids, lengths = pad_batch([list(range(3, 16)), [20], [21, 22]], 2)
expect(ids).shape(3, 13, hint="T is the length of the longest sequence, not a fixed number.")
expect(ids[1:]).equal(
    torch.tensor([[20] + [2] * 12, [21, 22] + [2] * 11]), hint="The pads go to the right of each sequence."
)
ids, lengths = pad_batch([[6, 5, 4]], 0)
expect(ids).equal(torch.tensor([[6, 5, 4]]), hint="A batch of one sequence is a batch too: shape [1, T].")
ids, lengths = pad_batch([[], [9, 8], []], 0)
expect(ids).dtype(torch.long, hint="A tensor made of an empty list is float: say the dtype.").equal(
    torch.tensor([[0, 0], [9, 8], [0, 0]]), hint="An empty sequence becomes a row of pads."
)
ids, lengths = pad_batch([[0, 5, 0], [-1, 0], [7]], -100)
expect(ids).equal(
    torch.tensor([[0, 5, 0], [-1, 0, -100], [7, -100, -100]]),
    hint="Only what is behind a sequence is filled up: no number inside of it stands for `empty`.",
)
ids, lengths = pad_batch([[300, 70_000, 2**31 + 1], [2**53 + 1]], 999)
expect(ids).equal(
    torch.tensor([[300, 70_000, 2**31 + 1], [2**53 + 1, 999, 999]]),
    hint="Ids of any size: only torch.long holds them all, no smaller type on the way and no float.",
)
### END HIDDEN TESTS

# %% check="pad_batch-lengths" points=1
ids, lengths = pad_batch([[5, 4, 5], [6, 5], [7], [8, 8]], 0)
expect(lengths).shape(4, hint="One length for each sequence, in a tensor.").dtype(
    torch.long, hint="Lengths are whole numbers: torch.long."
)
expect(lengths).equal(torch.tensor([3, 2, 1, 2]), hint="The length of each sequence before it was filled up.")
### BEGIN HIDDEN TESTS
ids, lengths = pad_batch([[3, 0, 0], [0], [4, 0, 6, 0, 5], [0, 7]], 0)
expect(lengths).equal(
    torch.tensor([3, 1, 5, 2]),
    hint="The pad may stand inside a sequence: measure the list, do not count what differs from the pad.",
)
ids, lengths = pad_batch([[], [9, 8], [7]], 5)
expect(lengths).equal(torch.tensor([0, 2, 1]), hint="An empty sequence has length 0.")
### END HIDDEN TESTS

# %% check="pad_batch-unchanged" points=1
sequences = [[5, 4, 5], [6, 5], [7]]
pad_batch(sequences, 0)
expect(sequences).equal(
    [[5, 4, 5], [6, 5], [7]],
    hint="Your function changed the caller's lists: `append`, `extend` and `+=` do that. Make new lists.",
)
### BEGIN HIDDEN TESTS
sequences = [[3], [8, 9, 4, 6, 5], [7, 7], [4, 3, 5, 8]]
first = pad_batch(sequences, 11)
second = pad_batch(sequences, 11)
expect(sequences).equal(
    [[3], [8, 9, 4, 6, 5], [7, 7], [4, 3, 5, 8]],
    hint="The caller's lists, and their order, must stay as they were.",
)
expect(second[1]).equal(first[1], hint="The same call must give the same lengths the second time.")
### END HIDDEN TESTS

# %% check="pad_batch-empty" points=1
expect(lambda: pad_batch([], 0)).raises(
    ValueError,
    mention="empty batch",
    hint="For no sequences raise a ValueError that says so, before any other line can fail.",
)
### BEGIN HIDDEN TESTS
expect(lambda: pad_batch([], 7)).raises(
    ValueError, mention="empty batch", hint="For no sequences raise a ValueError that says so."
)
ids, lengths = pad_batch([[], [], []], 7)
expect(ids).shape(3, 0, hint="Three empty sequences are not an empty batch: B is 3 and T is 0.")
expect(lengths).equal(torch.tensor([0, 0, 0]), hint="Three empty sequences have three lengths.")
### END HIDDEN TESTS

# %% [markdown]
# Six words as one batch. *Predict first:* how many of the squares will be pads?

# %%
demo_words = ["woman", "up", "king", "low", "black", "girl"]
demo_char_to_id, demo_id_to_char = build_vocabulary(WORDS)
demo_ids, demo_lengths = pad_batch([encode(word, demo_char_to_id) for word in demo_words], P)
ax = plots.heatmap(
    demo_ids,
    demo_words,
    range(demo_ids.shape[1]),
    numbers=True,
    title="Six words, one tensor: shape [6, 5]",
    xlabel="position t",
    ylabel="word b",
)

# %% [markdown]
# *What to see:* each row is a word. The seven zeros are the pads, all at the right end. The colours show how large an id
# is. But id 20 is not "more" than id 10: an id is a name, not an amount. The next section takes this seriously.
# In JupyterLab and on the site each square tells its word, its position and its number where you point at it.

# %% [markdown]
# ## 0.9 One-hot: a vector for every id
#
# A network multiplies and adds its inputs. With plain ids, it would take `u` (id 20) for twice `i` (id 10).
# The remedy: every id becomes a vector of $V$ numbers. All are 0, except for one, at the position of the id:
#
# $$x_{b,t,v} = \begin{cases} 1 & \text{if } v = \text{ids}_{b,t} \\ 0 & \text{otherwise} \end{cases}$$
#
# **By hand.** With $V = 4$: id 2 is $(0, 0, 1, 0)$, and id 0 is $(1, 0, 0, 0)$. The pad has a 1 as well, in
# position 0. Ids of shape $[B, T]$ become a tensor of shape $[B, T, V]$: one more dimension, at the end.
#
# You know how to index with a number. A tensor of ids can be an index too. *Predict first:* what is the
# shape of `table[ids]`?

# %%
demo_table = torch.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [3.0, 3.5]])  # [4, 2]: four rows
demo_index = torch.tensor([[3, 0, 0], [1, 3, 2]])  # [2, 3]
print(demo_table[demo_index], demo_table[demo_index].shape)

# %% [markdown]
# *What to see:* every id is replaced by the row with that number. So the index $[2, 3]$ and rows of 2
# numbers give $[2, 3, 2]$.
#
# There is also **broadcasting**: where one tensor has size 1 in a dimension and the other has size $n$, the
# first is repeated $n$ times. With a column and a row, this makes a table:

# %%
demo_column = torch.tensor([[10], [20], [30]])  # [3, 1]
demo_row = torch.tensor([1, 2, 3, 4])  # [4], which counts as [1, 4]
print(demo_column + demo_row, (demo_column + demo_row).shape)
print(
    demo_column.flatten().unsqueeze(1).shape,
    "← unsqueeze(1) puts a dimension of size 1 at position 1 of the shape, so [3] becomes [3, 1]",
)

# %% [markdown]
# *What to see:* element $[i, j]$ of the table is `column[i] + row[j]`. It works in the same way for `==`,
# `<` and `*`.
#
# Either idea is enough for `one_hot`. What about an id that does not exist, such as $-1$ or $V$? Some ways
# of writing `one_hot` accept it in silence. Yours raises an error that names the id.
#
# **Your turn: `one_hot`.** Choose one of the two ideas, read the docstring below, and write it. The hints are for both.
#
# <details><summary>Hint 1</summary>
#
# With an index: which table has the vector of id 0 in row 0, the vector of id 1 in row 1, and so on? With
# broadcasting: read the formula above. Where does it compare?
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.eye(V)` is the table with ones on its diagonal. Or: `ids.unsqueeze(2)` has the shape [B, T, 1]; compared with
# `torch.arange(V)` it gives [B, T, V]. `.float()` makes floats of the bools.
# </details>
# <details><summary>Hint 3</summary>
#
# Ask for bad ids before you build the result. Two comparisons, one for each bound, give two bool tensors, and
# `|` joins them. `.any()` tells whether there is a True in it; as an index, it picks the bad ids out. The trap is
# −1: a table takes it in silence.
# </details>


# %% exercise="one_hot"
def one_hot(ids, V):
    """A vector of length V for every id: 1 at the position of the id, 0 everywhere else.

    Args:
        ids: torch.long [B, T], ids from 0 to V - 1. Not changed. The pad is an id like all others.
        V: the size of the vocabulary, an int. It may be larger than the ids that occur.

    Returns:
        torch.float32 [B, T, V].

    Raises:
        ValueError: if an id is below 0 or above V - 1. The message contains such an id.
    """
    ### BEGIN SOLUTION
    bad = (ids < 0) | (ids >= V)  # [B, T]
    if bad.any():
        raise ValueError(f"the id {int(ids[bad][0])} is not one of 0 … {V - 1}")
    return (ids.unsqueeze(2) == torch.arange(V)).float()  # [B, T, 1] == [V] gives [B, T, V]
    ### END SOLUTION


# %% check="one_hot-values" points=1
x = one_hot(torch.tensor([[2, 0, 3], [1, 1, 0]]), 4)
expect(x).shape(2, 3, 4, hint="One more dimension, of size V, at the end.").dtype(
    torch.float32, hint="A network calculates with floats: use .float()."
)
expect(x[0]).equal(
    torch.tensor([[0.0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
    hint="The 1 stands at the position of the id; the id 0 has its 1 at position 0.",
)
expect(x[1]).equal(
    torch.tensor([[0.0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]),
    hint="The 1 stands at the position of the id; the id 0 has its 1 at position 0.",
)
### BEGIN HIDDEN TESTS
expect(one_hot(torch.tensor([[0, 1], [1, 0], [0, 0]]), 5)).shape(
    3, 2, 5, hint="V is given: do not guess it from the largest id."
).equal(
    torch.tensor(
        [
            [[1.0, 0, 0, 0, 0], [0, 1, 0, 0, 0]],
            [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
            [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0]],
        ]
    ),
    hint="The pad (id 0) has a 1 at position 0, like every other id at its own.",
)
for seed, (B, T, V) in enumerate([(3, 5, 7), (5, 2, 29), (7, 3, 2)]):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, V, (B, T), generator=generator)
    expected = torch.zeros(B, T, V)
    for b in range(B):
        for t in range(T):
            expected[b, t, ids[b, t]] = 1
    before = ids.clone()
    expect(one_hot(ids, V)).equal(expected, hint="For every b and t: 1 at position ids[b, t] and 0 elsewhere.")
    expect(ids).equal(before, hint="Do not change the ids of the caller.")
    expect(one_hot(ids[:1, :1], V)).shape(
        1, 1, V, hint="One sequence of one id is a batch too: shape [1, 1, V]."
    ).equal(expected[:1, :1], hint="One sequence of one id is a batch too.")
x = one_hot(torch.tensor([[299, 43], [130, 0], [255, 256]]), 300)
expect(x.sum(dim=2)).equal(torch.ones(3, 2), hint="Also where V is larger than 255, each vector has a single 1.")
expect(x.argmax(dim=2)).equal(
    torch.tensor([[299, 43], [130, 0], [255, 256]]), hint="Also where V is larger than 255, the 1 stands at the id."
)
### END HIDDEN TESTS

# %% check="one_hot-range" points=1
expect(lambda: one_hot(torch.tensor([[2, 0], [1, 9]]), 4)).raises(
    ValueError,
    mention="9",
    hint="Ids go from 0 to V - 1. For any other, raise a ValueError whose message contains the id.",
)
### BEGIN HIDDEN TESTS
expect(lambda: one_hot(torch.tensor([[2, 0, 1], [1, 2, 5], [0, 0, 1]]), 5)).raises(
    ValueError, mention="5", hint="The largest valid id is V - 1, so V itself is too large."
)
expect(lambda: one_hot(torch.tensor([[2, 0, 1], [1, -1, 3], [0, 0, 1]]), 5)).raises(
    ValueError,
    mention="-1",
    hint="A negative id is invalid, but as an index it counts from the end without complaint.",
)
expect(one_hot(torch.tensor([[0, 4], [4, 0], [3, 4]]), 5)).shape(3, 2, 5, hint="The ids 0 and V - 1 are valid.")
### END HIDDEN TESTS

# %% [markdown]
# Any character can be a token. Here is 我爱中国 ("I love China"), followed by `E` and a pad. *Predict
# first:* the characters are sorted by their numbers in Unicode, which are 中 20013, 国 22269, 我 25105, 爱
# 29233. In which column will each of them have its 1?

# %%
demo_sentence = "我爱中国"
zh_char_to_id, zh_id_to_char = build_vocabulary([demo_sentence])
zh_ids = torch.tensor([encode(demo_sentence + "EP", zh_char_to_id)])  # [1, 6]
zh_x = one_hot(zh_ids, len(zh_id_to_char))  # [1, 6, 7]
ax = plots.heatmap(
    zh_x[0],
    list(demo_sentence + "EP"),
    [f"{v}\n{token}" for v, token in enumerate(zh_id_to_char)],
    numbers=True,
    title="One-hot vectors of 我爱中国",
    xlabel="position v in the vector (the id), and its token",
    ylabel="token at position t",
)

# %% [markdown]
# *What to see:* one light square in each row, because each token is one id. The pad has a vector, too: it is a token like
# the others.
#
# **What is it good for?** Let a matrix $W$ have one row for each id. A one-hot vector times $W$ picks out one row. So
# does `W[ids]`, with no multiplication at all.

# %%
guess.ask(
    "rows",
    "How far apart are `one_hot(ids, V) @ W` and `W[ids]`?",
    A="exactly equal",
    B="equal but for rounding, as sums of floats are",
    C="different numbers",
    mine="",
)

# %%
torch.manual_seed(0)
demo_W = torch.randn(7, 3)  # [V, D]: for every id a vector of D = 3 numbers
demo_ids = torch.tensor([[5, 6, 3, 4, 2, 0]])  # 我 爱 中 国 E P
demo_product = one_hot(demo_ids, 7) @ demo_W  # [1, 6, V] @ [V, D] gives [1, 6, D]
demo_apart = (demo_product - demo_W[demo_ids]).abs().max().item()
print("shape", tuple(demo_product.shape), "  largest difference:", demo_apart)
guess.compare("rows", "A" if demo_apart == 0 else "B" if demo_apart < 1e-5 else "C")

# %% [markdown]
# *What to see:* all the other products are 0, and adding 0 rounds nothing. This is all that an *embedding layer* does: it
# looks up rows of a matrix. The numbers in $W$ are then learned.

# %% [markdown]
# ## 0.10 Masks: what is real
#
# The pads are there for the rectangle only. No result should depend on them. So we need to know which
# positions are real. A **mask** answers this for every position. In this course every mask is a bool
# tensor, and **True means "is there"**:
#
# $$\text{mask}_{b,t} = (t < \text{length}_b), \qquad t = 0, \dots, T - 1$$
#
# **By hand.** Lengths $(3, 1)$ and $T = 4$. In row 0, the positions 0, 1 and 2 are below 3, and 3 is not.
# In row 1, only 0 is below 1.
#
# | | t = 0 | t = 1 | t = 2 | t = 3 |
# |---|---|---|---|---|
# | b = 0 | True | True | True | False |
# | b = 1 | True | False | False | False |
#
# Count: each row has as many True as its length says. Positions start at 0, so position 3 is the *fourth*.
#
# $T$ may be larger than the longest length. It cannot be smaller: then a part of a sequence would have no
# position.
#
# **Your turn: `padding_mask`.** One comparison does most of it. Read the docstring below, then write it, with a hint if
# you need one.
#
# <details><summary>Hint 1</summary>
#
# The formula compares each t with each length. That is a table of B rows and T columns, made of a column
# and a row: broadcasting, as in 0.9.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.arange(T)` holds all t. Which of the two must stand as a column, the lengths or the positions? Rows
# of the result belong to b.
# </details>
# <details><summary>Hint 3</summary>
#
# First the error: it looks at the *largest* length, wherever it stands in the batch. Then one comparison is
# enough, since it gives bools already. The traps: `<=` makes each row one too long, and the lengths must become
# a column (0.9 shows how), for as a row of B numbers they do not fit beside T positions (an error about sizes), or,
# if B equals T, each length is compared with the wrong position in silence.
# </details>


# %% exercise="padding_mask"
def padding_mask(lengths, T):
    """Which positions of a padded batch are real.

    Args:
        lengths: torch.long [B], the number of real tokens of each sequence, 0 or more. Not changed.
        T: the number of positions, an int, at least the largest length.

    Returns:
        torch.bool [B, T], True at the real tokens and False at the pads on their right.

    Raises:
        ValueError: if a sequence is longer than T. The message contains the largest length.
    """
    ### BEGIN SOLUTION
    longest = int(lengths.max())
    if longest > T:
        raise ValueError(f"a sequence of length {longest} does not fit into {T} positions")
    return torch.arange(T) < lengths.unsqueeze(1)  # [T] < [B, 1] gives [B, T]
    ### END SOLUTION


# %% check="padding_mask-values" points=1
mask = padding_mask(torch.tensor([3, 1]), 4)
expect(mask).shape(2, 4, hint="One row for each sequence, one column for each of the T positions.").dtype(
    torch.bool, hint="A mask holds True and False, not numbers."
)
expect(mask).equal(
    torch.tensor([[True, True, True, False], [True, False, False, False]]),
    hint="True where t < length, with t from 0: each row has as many True as its length says, on the left.",
)
### BEGIN HIDDEN TESTS
for seed, (B, T) in enumerate([(3, 7), (5, 11), (7, 2)]):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, T, (B,), generator=generator)
    lengths[1] = T
    expected = torch.tensor([[t < int(length) for t in range(T)] for length in lengths])
    before = lengths.clone()
    expect(padding_mask(lengths, T)).equal(
        expected,
        hint="True where t < length, with t from 0, also for length 0 (no True) and for length T (no False).",
    )
    expect(lengths).equal(before, hint="Do not change the lengths of the caller.")
expect(padding_mask(torch.tensor([2, 1, 2]), 5)).equal(
    torch.tensor(
        [
            [True, True, False, False, False],
            [True, False, False, False, False],
            [True, True, False, False, False],
        ]
    ),
    hint="T is given and may be larger than the longest length: the mask has T columns.",
)
expect(padding_mask(torch.tensor([2]), 3)).equal(
    torch.tensor([[True, True, False]]), hint="A batch of one sequence is a batch too: shape [1, T]."
)
for T in (300, 5003):
    lengths = torch.tensor([T - 1, 130, 257, T - 4])
    expect(padding_mask(lengths, T).sum(dim=1)).equal(
        lengths, hint="Also long sequences have as many True as they have tokens. Does a small type overflow or round?"
    )
### END HIDDEN TESTS

# %% check="padding_mask-range" points=1
expect(lambda: padding_mask(torch.tensor([6, 3, 1]), 4)).raises(
    ValueError,
    mention="6",
    hint="Length 6 does not fit into 4 positions: raise a ValueError whose message contains the length.",
)
### BEGIN HIDDEN TESTS
expect(lambda: padding_mask(torch.tensor([2, 1, 11, 3]), 7)).raises(
    ValueError, mention="11", hint="The longest sequence may stand anywhere in the batch."
)
expect(lambda: padding_mask(torch.tensor([8, 1, 23, 16]), 7)).raises(
    ValueError, mention="23", hint="The message contains the largest length, not the first one that is too large."
)
expect(lambda: padding_mask(torch.tensor([2, 1, 8, 3]), 7)).raises(
    ValueError, mention="8", hint="A sequence that is only one token longer than T does not fit either."
)
expect(padding_mask(torch.tensor([2, 7, 3]), 7)).shape(
    3, 7, hint="A sequence that fills all T positions is fine; only a longer one is not."
)
### END HIDDEN TESTS

# %% [markdown]
# Three sentences as one batch, each with its `E`, and their mask, with $T = 8$.

# %%
demo_sentences = ["我爱中国E", "你好E", "汤姆追逐杰瑞E"]
demo_lengths = torch.tensor([len(sentence) for sentence in demo_sentences])
demo_mask = padding_mask(demo_lengths, 8)
ax = plots.heatmap(
    demo_mask.float(),
    demo_sentences,
    range(8),
    title="The mask of three sentences, T = 8",
    xlabel="position t",
    ylabel="sentence b",
)
ax.images[0].colorbar.remove()  # there are only two values: light is True, dark is False
for b, sentence in enumerate(demo_sentences):
    for t, token in enumerate(sentence.ljust(8, "P")):
        ax.text(t, b, token, ha="center", va="center", color="black" if demo_mask[b, t] else "white")

# %% [markdown]
# *What to see:* light is True, dark is False. The border between real and pad follows the lengths 5, 3 and 7. The columns 0, 1 and 2 are True
# everywhere, and the last one is False everywhere. (你好 is "hello"; the third sentence is "Tom chases Jerry".)
#
# **Why it matters.** A model has made an error at every real token, and zeros stand at the pads. *Predict first:* the
# errors of the 7 real tokens add up to 16. By how much does the mean look better when the 5 pads are counted, too?

# %%
demo_errors = torch.tensor([[1.0, 3, 0, 0], [2, 2, 2, 2], [4, 0, 0, 0]])  # [B, T]
demo_real = padding_mask(torch.tensor([2, 4, 1]), 4)
print(f"mean over all positions:  {demo_errors.mean():.2f}   (16 / 12)")
print(f"mean over real positions: {demo_errors[demo_real].mean():.2f}   (16 / 7)")

# %% [markdown]
# *What to see:* the first mean looks better by almost 1, only because there are pads. `errors[mask]` picks the real positions out,
# and the mean over them is right. In stage 03 you write such a loss.
#
# **What padding costs.** Pads take time and memory as well. Here are 960 sequences with lengths from 2 to 20, cut into
# batches of size $B$, as they come and sorted by length.

# %%
guess.ask(
    "pads",
    "As they come, with B = 32: what share of all positions are pads?",
    A="less than 10 %",
    B="10 to 35 %",
    C="35 to 60 %",
    D="more than 60 %",
    mine="",
)


# %%
def demo_share_of_pads(lengths, B):
    masks = [padding_mask(batch, int(batch.max())) for batch in lengths.split(B)]
    real = sum(int(mask.sum()) for mask in masks)
    return 1 - real / sum(mask.numel() for mask in masks)


demo_lengths = torch.randint(2, 21, (960,), generator=torch.Generator().manual_seed(0))
demo_sizes = [1, 2, 4, 8, 16, 32, 64]
demo_shares = {
    "as they come": [demo_share_of_pads(demo_lengths, B) for B in demo_sizes],
    "sorted by length": [demo_share_of_pads(demo_lengths.sort().values, B) for B in demo_sizes],
}
ax = plots.lines(demo_shares, x=demo_sizes, title="Sorting saves pads", xlabel="batch size B", ylabel="share of pads")
ax.set_xscale("log", base=2)
ax.set_xticks(demo_sizes, demo_sizes)
for name, shares in demo_shares.items():
    print(f"{name:17} B = 32: {shares[demo_sizes.index(32)]:.0%}")
demo_as_they_come = demo_shares["as they come"][demo_sizes.index(32)]
guess.compare("pads", "ABCD"[sum(demo_as_they_come >= limit for limit in (0.1, 0.35, 0.6))])

# %% [markdown]
# *What to see:* one sequence alone needs no pads. The larger the batch, the more likely it holds a long sequence, and all
# others are filled up to it. Sorted, neighbours are almost equally long, and hardly any pads are needed. For training,
# shuffle the *batches*: else the model always sees the short ones first. One drawback stays: each batch holds about one
# length only, so it is not a random sample.

# %% [markdown]
# ## 0.11 Who is bitten? With your functions
#
# Back to the dog and the man. The sentences now have different lengths, with *old* and *wet* and in two forms:
#
# - `wet dog bites man` and `man is bitten by wet dog`.
#
# A reader gets them **letter by letter**, through all that you wrote: `build_vocabulary`, `encode`, `pad_batch`,
# `one_hot`. A state comes out for each letter, and the answer is made of the mean of the states at the **real**
# positions, by `padding_mask`. (The state in the last *column* would not do: in most rows it stands at a pad.) It learns
# from 480 sentences. Among the 60 that it never reads are our two. (It is a GRU, a recurrent network with gates. You build
# its step in stage 02.)

# %%
demo_texts, demo_victims = [], []
for a in demo_animals:
    for b in demo_animals:
        for x in ("", "old ", "wet "):
            for y in ("", "old ", "wet "):
                if a != b:
                    demo_texts += [f"{x}{a} bites {y}{b}", f"{y}{b} is bitten by {x}{a}"]
                    demo_victims += [b, b]

demo_sentence_char_to_id, demo_sentence_id_to_char = build_vocabulary(demo_texts)
demo_V = len(demo_sentence_id_to_char)
demo_sentence_ids, demo_sentence_lengths = pad_batch([encode(text, demo_sentence_char_to_id) for text in demo_texts], P)  # [540, T] and [540]
demo_answers = torch.tensor([demo_animals.index(b) for b in demo_victims])


# %%
class DemoLetterReader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = torch.nn.GRU(demo_V, 48, batch_first=True)
        self.answer = torch.nn.Linear(48, 6)

    def forward(self, ids, lengths):
        states, _ = self.memory(one_hot(ids, demo_V))  # [B, T, V] gives [B, T, 48]
        real = padding_mask(lengths, ids.shape[1]).unsqueeze(2)  # [B, T, 1]
        return self.answer((states * real).sum(dim=1) / lengths.unsqueeze(1))  # [B, 6]


# %%
torch.manual_seed(0)
demo_four = ("dog bites man", "man bites dog", "old dog bites man", "old dog is bitten by man")
demo_first = torch.tensor([demo_texts.index(text) for text in demo_four])
demo_order = torch.randperm(len(demo_texts))
demo_order = torch.cat([demo_first, demo_order[~torch.isin(demo_order, demo_first)]])  # the four come first
demo_unseen, demo_seen = demo_order[:60], demo_order[60:]  # 60 sentences that it never reads in training
demo_reader = DemoLetterReader()
optimizer = torch.optim.Adam(demo_reader.parameters(), lr=0.03)
for _ in range(100):
    some = demo_seen[torch.randint(len(demo_seen), (32,))]
    loss = torch.nn.functional.cross_entropy(demo_reader(demo_sentence_ids[some], demo_sentence_lengths[some]), demo_answers[some])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def demo_count_right(ids):
    """How many of the 60 new sentences are answered right."""
    with torch.no_grad():
        said = demo_reader(ids, demo_sentence_lengths[demo_unseen]).argmax(dim=1)
    return int((said == demo_answers[demo_unseen]).sum())


# %%
print("right answers on new sentences:", demo_count_right(demo_sentence_ids[demo_unseen]), "of 60")
with torch.no_grad():
    for text in demo_four:
        ids, lengths = pad_batch([encode(text, demo_sentence_char_to_id)], P)
        scores = demo_reader(ids, lengths)[0].softmax(dim=0)
        print(f"    {decode(ids[0].tolist(), demo_sentence_id_to_char)}: {demo_animals[scores.argmax()]} ({scores.max():.2f})")

# %% [markdown]
# *What to see:* sentences of several lengths and two forms go through one model. The four are among the 60 that it never
# read. (It did read others about the dog and the man, such as *wet dog bites man*.) The *last* word is not always the answer,
# so it has to read *is bitten by*, too. (In 16 of 20 runs with other seeds it gets all 60 right, in the other four 58 or
# 59.)
#
# *Why the mean?* The state at the last *real* position would also be possible: the lengths say where it is. With this
# training it did worse: 33 to 55 of 60 in six runs.
#
# Does an answer depend on how many pads stand behind the sentence? Put 30 more behind all of them. With your mask nothing
# can change. Then take the mask away from the *trained* model: the mean goes over all positions.

# %%
guess.ask(
    "mask",
    "30 more pads and no mask: how many of the 60 answers are still right?",
    A="about as many as before: a pad says nothing",
    B="fewer, but far more than by chance",
    C="about 10: one in six, as by chance",
    mine="",
)

# %%
demo_more = torch.nn.functional.pad(demo_sentence_ids[demo_unseen], (0, 30))  # pads have the id 0
demo_before, demo_with = demo_count_right(demo_sentence_ids[demo_unseen]), demo_count_right(demo_more)


def demo_count_unmasked(ids):
    """The same count, with the mean over all positions instead of the real ones."""
    with torch.no_grad():
        states, _ = demo_reader.memory(one_hot(ids, demo_V))
        said = demo_reader.answer(states.mean(dim=1)).argmax(dim=1)
    return int((said == demo_answers[demo_unseen]).sum())


demo_bare, demo_without = demo_count_unmasked(demo_sentence_ids[demo_unseen]), demo_count_unmasked(demo_more)
print(f"right of 60: {demo_before} before; {demo_with} with 30 more pads and the mask;")
print(
    f"    {demo_bare} without the mask and without the extra pads; {demo_without} without the mask, with 30 more pads"
)
guess.compare("mask", "C" if demo_without <= 18 else "B" if demo_without < demo_before - 2 else "A")

# %% [markdown]
# *What to see:* the network goes on reading at the pads, and its states there have a say in the mean. The pads that
# were there already do no harm in this run; 30 more do. (In 20 runs with other seeds: 54 to 60 right without the 30, 36 to
# 60 with them.) Nothing about the sentences has changed, and some answers have. An
# answer that depends on the filling is a bug, and you will meet it again in this course. (A model *trained* without a mask
# might learn to live with its usual pads. We have not measured that.)

# %% [markdown]
# ## 0.12 Quiz
#
# Five questions, one point each. In this course's JupyterLab you click your answer, or type it into its field, and need to run
# nothing. Elsewhere you write it into the cell below the question, in place of `None`, and run this cell and the next one, which
# tells you whether your answer can be read. Whether it is right, and why, you learn when your notebook is graded.
#
# One of the answer cells begins with `student = ""`. Write your id there, the name under which you hand in: some
# questions have other numbers for everybody, and your id decides which ones are yours. If you learn alone, write any
# word.

# %% [markdown] quiz="after_passed" kind="several" points=1 read="0.2"
# A check cell shows `✓ passed`. Which of these are true now?
#
# - [ ] A. The exercise is right, for all inputs that its docstring names.
#   > Not yet. The visible part passed. The hidden part asks about other inputs, and `longest` in 0.3 showed how luck can pass one example.
# - [x] B. The visible part of this check passed.
#   > Yes, exactly this.
# - [ ] C. The points of this check are already saved for you.
#   > No. Points are given when the notebook is graded. In JupyterLab a check only talks to you.
# - [x] D. It pays to compare the function with its docstring once more.
#   > Yes: errors, empty inputs, unusual sizes. The hidden part asks about other inputs, and about nothing that the docstring does not promise.

# %% [markdown] quiz="why_sorted" kind="one" points=1 read="0.4"
# Why are the characters of the vocabulary sorted?
#
# - [ ] A. Letters that stand near each other in the alphabet get similar ids, which helps the model.
#   > No. An id is only a name. After one-hot, every id is equally far from every other one.
# - [ ] B. `encode` becomes quicker, since a sorted list can be searched by halving it.
#   > We never search the list: `char_to_id` looks a character up directly.
# - [ ] C. The marks `P`, `S` and `E` get the first three ids, and sorting is what puts them there.
#   > They stand in front because we put them there. Sorting is for the characters behind them.
# - [x] D. A set may come in another order at each start; sorted, the same words give the same ids every time.
#   > Yes. A model that was trained yesterday can be used today, because its ids still mean the same characters.

# %% [markdown] quiz="one_hot_shape" kind="shape" points=1 read="0.9" draw="B=16,32,48 T=7,9,11"
# `ids` has the shape [{B}, {T}], and V = 29. What is the shape of `one_hot(ids, V)`?
#
# - [x] (B, T, 29)
#   > Yes: [B, T, V]. Every one of the {B} · {T} ids became a vector of 29 numbers.
# - [ ] (B, 29)
#   > No. That would be one vector for each word. There is one vector for each *position* of each word.
# - [ ] (B, 29, T)
#   > Close. All three sizes are there, but the new dimension comes last in this course.
# - [ ] else
#   > Begin with the shape of `ids`. Each id in it becomes a vector: which dimension does that add, and where?

# %% [markdown] quiz="mask_sum" kind="number" points=1 read="0.10" draw="a=4,6,7 b=2,3 T=12,13,14"
# Two words have the lengths {a} and {b}. Their mask has {T} columns. How many of its elements are True?
#
# - [x] a + b
#   > Yes: {a} + {b}. The sum of a padding mask is the sum of the lengths.
# - [ ] 2 * T - a - b
#   > That is the number of pads. Our masks are True where a token *is there*.
# - [ ] a + 1 + b + 1
#   > That is what `t <= length` gives. Positions start at 0, so the last real position is length − 1.
# - [ ] 2 * T
#   > That is the number of all positions. At a pad the mask is False.
# - [ ] else
#   > Draw the two rows of the mask: one box for each position, True where a token is there. Then count.

# %% [markdown] quiz="decode_stops" kind="one" points=1 read="0.6"
# A model wrote the tokens `S l P o w E u E`. What does `decode` return?
#
# - [x] A. `low`
#   > Yes. S and P are left out, reading stops at the first E, and E is not part of the word.
# - [ ] B. `lowu`
#   > This comes out if E is left out like P and S. But the first E means "finished": what follows does not count.
# - [ ] C. `lPow`
#   > Almost. The end is right, and S is gone. But a P is left out wherever it stands, also inside the word.
# - [ ] D. `SlPow`
#   > The end is right. But S and P before it are marks and no characters of the word.

# %% [markdown]
# ## How often were you right?
#
# A wrong guess shows you where your picture of a model differs from the model.

# %%
guess.summary()

# %% [markdown]
# ## Go further
#
# Not graded. Cells of your own are welcome anywhere.
#
# - ★ In 0.1, let the reader learn from fewer sentences: 20, 10, 5. From how many on are both new sentences right?
# - ★★ In 0.11, leave out every sentence in which the *horse* is bitten. What does the model answer to them afterwards, and
#   why can it not do better?
# - ★★★ Sort the 480 sentences by length, and train on batches of neighbours, each cut to its own longest sentence. How
#   much time does it save, and does it cost right answers?

# %% [markdown]
# <details><summary>For later: letters that change their meaning between the stages</summary>
#
# B is always the batch. Other letters change, since each stage stays near its papers.
#
# | letter | meaning, and the stages |
# |---|---|
# | T, S | the steps of a sequence (01, 02); the target's and the source's length (03 to 06, 11, 12); positions that ask and that are asked (07) |
# | H | hidden units (01 to 05, 11, 12); the hidden layer in a block (07); the height of a picture (09, 10) |
# | D | an embedding (04, 05); a state (06); the model's width (07, 08, 12); the numbers of a place (10, 11) |
# | V | the words or letters that there are (all stages but 07); the values (05, 07) |
# | K | the size of a context (04); the keys (05 to 07); patches of a glimpse, or places that are drawn (10) |
# | N | the length of a source (04); heads (07, 12); pictures (10.14) |
# | A | the hidden layer in a score (05, 06); actions (10) |
# | P, `E` | a pad and the end; in 08 and 10, P is also a number of words or of places |
# | L, p | a loss (01, 03, 08), links (06) or labels (09, 10, 12); a position (06), a probability (01, 03, 04, 08 to 10), a place (09, 10) |
# | the decoder's state | $d_t$ (03, 04), $s_t$ (05), $h_t$ (06) |
# | `encode` | characters to ids (00); a source to its states (04 to 07) |
# | `context` | one vector of all states (04); a weighted sum of values (05, 06) |
# | `padding_mask` | `[B, T]` (00); `[B, 1, 1, S]`, for the heads (07) |
# | `recall_batch` | one-hot vectors (01); ids (02) |
#
# </details>

# %% [markdown]
# ## What next
#
# You can now turn words of any length into one tensor of numbers and back, and keep the filling out of every result.
#
# In stage 01 you build a network that reads a sequence step by step and remembers.
#
# <details><summary>Papers: you need none of them today. They show that this page is how real systems begin.</summary>
#
# - I. Sutskever, O. Vinyals, Q. V. Le, *Sequence to Sequence Learning with Neural Networks*, 2014,
#   [arXiv:1409.3215](https://arxiv.org/abs/1409.3215). Section 2: every sentence ends with an end symbol,
#   so that a model can write sequences of any length. Section 3.4: batches of sentences of about the same
#   length.
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*,
#   2014, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473). Appendix A.2.1: the inputs are one-hot vectors
#   (called "1-of-K coded"), times an embedding matrix.
# - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin, *A Neural Probabilistic Language Model*, JMLR 3, 2003,
#   [jmlr.org](https://www.jmlr.org/papers/v3/bengio03a.html). Section 2: a matrix with one learned row for
#   each word.
#
# </details>
