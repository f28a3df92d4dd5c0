"""Five small jobs for sequence models, on generated data with gold answers and gold places.

`make(name, train, test, seed)` gives two `Task`s: what to read, what to write, and where each written word comes from.
`score` counts what a model wrote; `trivial` does so for models that have learned nothing. Everything is made from the
seed: nothing is stored, nothing is downloaded. The datasheet is `datasets/projects.md`.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.lab import grammar, scenes
from autograder.lab.grammar import choice
from autograder.lab.lexicon import NAMES, NOUNS, PLACES, TIMES, VERBS

__all__ = [
    "PROJECTS",
    "START",
    "E",
    "P",
    "Score",
    "Task",
    "in_words",
    "make",
    "score",
    "trivial",
    "written",
]

PROJECTS = ("translate", "hear", "gist", "caption", "answer")

P, START, E = 0, 1, 2  # pad, start and end, on both sides of every task
SPECIALS = ("P", "S", "E")
LETTERS = "abcdefghijkl"
BANDS, LONGEST = 8, 24  # numbers in a frame of "hear", and frames at most
PATCH = 4  # pixels of a place of "caption", both ways
PHRASES = ("yellow sand", "high mountains", "blue sea", "red sun", "green trees")  # in the order of scenes.LABELS
_NAMES = [
    a + b
    for b in ("rb", "ra", "mo", "lin", "dek", "su")
    for a in ["Zo", "Ki", "Ru", "Bel", "Ta", "Vin", "Mo", "Sha", "Le", "Gu", "Fen", "Or", "Pi", "Dan"]
]
NEW_NAMES = {"learn": _NAMES[:42], "test": _NAMES[42:]}  # of "gist": who is named in a test was never heard of


class Task(NamedTuple):
    """N examples of one job. A row of `y` is what to write: ids, then E, then P to the end."""

    name: str
    x: Tensor  # what is read: ids, int64 [N, S], or numbers, float32 [N, S, inputs]
    mask: Tensor  # bool [N, S], True at real places; they come first
    y: Tensor  # int64 [N, T]
    links: Tensor  # bool [N, T, S], the gold places of each word of y; E and P have none
    inputs: int  # words that x may hold, or numbers at each place; names of "gist" have ids from this one on
    outputs: int  # ids that y may hold; names of "gist" have ids from this one on
    source: tuple[str, ...]  # the words of x by their ids; empty where x holds numbers
    target: tuple[str, ...]  # the words of y by their ids
    unknown: tuple[str, ...]  # of "gist", names that are in no vocabulary, with the ids inputs, inputs + 1, …


class Score(NamedTuple):
    """What a model wrote, counted. All three are shares from 0 to 1."""

    exact: float  # rows in which every word is right, E included
    pointing: float  # of the words of y that have a gold place: how many maps of their step have their maximum at one
    chance: float  # the same for maps that point anywhere in the row


class _Example(NamedTuple):
    source: list[str]
    target: list[str]
    links: list[set[int]]  # of each word of the target


def make(name: str, train: int, test: int, seed: int = 0, shuffled: bool = False, draw: int = 0) -> tuple[Task, Task]:
    """Examples to learn from, and others to be tested with. No source stands in both.

    With `shuffled`, which id means which word is drawn from the seed: what is known of the words before the training is
    then worth nothing. Another `draw` gives other examples to be tested with, for the same examples to learn from.

    Raises:
        ValueError: for a name that is not in `PROJECTS`, or a number below 1.
    """
    if name not in PROJECTS:
        raise ValueError(f"projects: there is no task {name!r}. There are: {', '.join(PROJECTS)}.")
    if min(train, test) < 1:
        raise ValueError(f"projects.make: {train} and {test} examples. One of each is the least.")
    known: set[tuple[str, ...]] = set()  # sources of texts
    made = []
    for part, n in (("learn", train), (f"test {draw}", test)):
        if name == "hear":
            made.append(_hear(n, seed, part))
        elif name == "caption":
            made.append(_caption(n, number("caption", seed, part)))
        else:
            made.append(_text(name, n, random.Random(f"{name} {seed} {part}"), part.split()[0], known))
    if shuffled:
        made = [_shuffle(task, torch.Generator().manual_seed(number(name, seed, "words"))) for task in made]
    return made[0], made[1]


def score(task: Task, ids: Tensor, maps: Tensor) -> Score:
    """Count what a model wrote.

    Args:
        task: the examples, N of them.
        ids: int64 [N, T], what it wrote: words, E, and anything behind the first E. Any T.
        maps: float [N, T, S], where it looked at each of these words.
    """
    width = max(ids.shape[1], task.y.shape[1])
    wrote, y = _ended(F.pad(ids, (0, width - ids.shape[1]))), F.pad(task.y, (0, width - task.y.shape[1]))
    exact = (wrote == y).all(dim=1).float().mean().item()
    steps = min(ids.shape[1], task.y.shape[1])
    looked = maps[:, :steps].masked_fill(~task.mask.unsqueeze(1), -1.0).argmax(dim=2, keepdim=True)
    hits = F.pad(task.links[:, :steps].gather(2, looked).squeeze(2), (0, task.y.shape[1] - steps))
    there = task.links.any(dim=2)
    chance = task.links.sum(dim=2) / task.mask.sum(dim=1, keepdim=True)
    return Score(exact, hits[there].float().mean().item(), chance[there].mean().item())


def written(ids: Tensor) -> Tensor:
    """bool [N, T]: True up to the first E of each row, E included; in a row without any E, everywhere."""
    ends = (ids == E).long()
    return ends.cumsum(dim=1) - ends == 0


def trivial(train: Task, test: Task) -> dict[str, float]:
    """The exact share of models that have learned nothing: what any score has to be compared with.

    The answer that is most frequent; at each place the word that is most frequent there; the answer of the example
    that is most alike; and where both sides have the same words, the source as it is, and its first words.
    """
    rows, counts = train.y.unique(dim=0, return_counts=True)
    answers = {
        "most frequent answer": rows[counts.argmax()].expand(len(test.y), -1),
        "most frequent words": train.y.mode(dim=0).values.expand(len(test.y), -1),
        "most similar example": train.y[torch.cdist(_bag(test), _bag(train)).argmin(dim=1)],
    }
    if train.name == "gist":
        ends = F.pad(test.x, (0, 1)).scatter(1, test.mask.sum(dim=1, keepdim=True), E)
        answers |= {"copy the input": ends, "first words": F.pad(test.x[:, :5], (0, 1), value=E)}
    if train.name == "answer":
        answers["last words"] = _spans(test.mask.sum(dim=1) - 3, test.mask.sum(dim=1) - 1)
    nowhere = torch.zeros(len(test.y), 1, test.x.shape[1])
    return {name: score(test, ids, nowhere.expand(-1, ids.shape[1], -1)).exact for name, ids in answers.items()}


def in_words(words: Sequence[str], ids: Sequence[int], unknown: Sequence[str] = ()) -> str:
    """Ids up to the first E or P, as a text. Ids beyond `words` are unknown names (see `Task`)."""
    ends = [i for i, word in enumerate(ids) if word in (P, E)]
    known = [*words, *unknown]
    return " ".join(known[i] if i < len(known) else "?" for i in ids[: ends[0] if ends else None])


# ---- the sentences


def _translate(rng: random.Random, part: str) -> _Example:
    """Chinese to English, from the grammar of stage 05."""
    pair = grammar.render(grammar.draw(rng, richness=0.45 * rng.random()))
    links = [{t for t, s in pair.possible if s == place} for place in range(len(pair.source))]
    return _Example(list(pair.target), list(pair.source), links)


def _gist(rng: random.Random, part: str) -> _Example:
    """A sentence, and its main clause in the present, without clauses, adjectives, place and time."""
    words: list[str] = []
    kept: list[tuple[str, int]] = []
    names = rng.sample(NEW_NAMES[part], 4)

    def say(*more: str, keep: bool = False, as_: str = "") -> None:
        for word in more:
            if keep:
                kept.append((as_ or word, len(words)))
            words.append(word)

    def noun(keep: bool, clause: float) -> None:
        if rng.random() < 0.5:
            say(names.pop(), keep=keep)
        else:
            say(choice(rng, ["the", "a", "this"]), keep=keep)
            if rng.random() < 0.3:
                say(choice(rng, ["big", "small", "young"]))
            say(choice(rng, [word for word, (*_, kind) in NOUNS.items() if kind != "thing"]), keep=keep)
        if rng.random() < clause:
            _, past, *_ = VERBS[choice(rng, _ACTIONS)]
            say("that")
            if rng.random() < 0.5:
                say(past)
                noun(False, 0)
            else:
                noun(False, 0)
                say(past)

    time = choice(rng, list(TIMES)).split() if rng.random() < 0.5 else []
    first = rng.random() < 0.5
    say(*(time if first else []))
    noun(True, 0.6)
    now, past, *_ = VERBS[verb := choice(rng, _ACTIONS)]
    tense = rng.randrange(3)
    say(*(["will"] if tense == 2 else []))
    say([now, past, verb][tense], keep=True, as_=now)
    noun(True, 0.4)
    if rng.random() < 0.5:
        say(*choice(rng, list(PLACES)).split())
    say(*([] if first else time))
    return _Example(words, [word for word, _ in kept], [{place} for _, place in kept])


def _answer(rng: random.Random, part: str) -> _Example:
    """A question and two clauses: the target is the first and the last place of the answer, as words of `_places`."""

    def noun(kinds: Sequence[str]) -> list[str]:
        if rng.random() < 0.3:
            return [choice(rng, [word for word, (_, kind) in NAMES.items() if kind in kinds])]
        adjective = [choice(rng, ["big", "small", "young"])] if rng.random() < 0.3 else []
        return ["the", *adjective, choice(rng, [word for word, (*_, kind) in NOUNS.items() if kind in kinds])]

    def clause() -> dict[str, list[str]]:
        parts = {"who": noun(("person", "animal")), "verb": [choice(rng, _ACTIONS)], "whom": noun(("person", "animal"))}
        return parts | {"where": choice(rng, list(PLACES)).split(), "when": choice(rng, _PAST).split()}

    one, two = clause(), clause()
    asked, about = choice(rng, ["who", "whom", "where", "when"]), rng.randrange(2)
    if one["verb"] == two["verb"] or any(one[part] == two[part] for part in ("who", "whom")):
        return _answer(rng, part)  # the question could be about both
    told = one, two
    here = told[about]
    past = VERBS[here["verb"][0]][1]
    question = {
        "who": ["who", past, *here["whom"]],
        "whom": ["whom", "did", *here["who"], *here["verb"]],
    }.get(asked, [asked, "did", *here["who"], *here["verb"], *here["whom"]])
    words = [*question, "?"]
    span = (0, 0)
    for i, parts in enumerate(told):
        order = ["who", "verb", "whom", *rng.sample(["where", "when"], 2)]
        words += ["and"] if i else []
        for part in order:
            if (i, part) == (about, asked):
                span = len(words), len(words) + len(parts[part]) - 1
            words += [VERBS[parts["verb"][0]][1]] if part == "verb" else parts[part]
    return _Example(words, [str(place) for place in span], [{place} for place in span])


_ACTIONS = ["love", "like", "chase", "help", "see", "find"]
_PAST = [time for time, (*_, tense) in TIMES.items() if tense == "past"] + ["every day", "in the morning"]
_PLACES = 40  # words of a question with its text, at most
_TEXTS: dict[str, Callable[[random.Random, str], _Example]] = {
    "translate": _translate,
    "gist": _gist,
    "answer": _answer,
}


def _words(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All words of a text's two sides. An unknown name is in neither."""
    if name == "translate":
        return tuple(grammar.CHINESE), tuple(grammar.ENGLISH)
    if name == "answer":
        more = ("who", "whom", "where", "when", "did", "?", "and")
        return (*SPECIALS, *dict.fromkeys([*more, *grammar.ENGLISH[3:]])), (*SPECIALS, *map(str, range(_PLACES)))
    return (tuple(grammar.ENGLISH),) * 2


def _text(name: str, n: int, rng: random.Random, part: str, known: set[tuple[str, ...]]) -> Task:
    """Sources that are not `known` yet; afterwards they are. `part`: "learn" or "test"."""
    examples: list[_Example] = []
    while len(examples) < n:
        example = _TEXTS[name](rng, part)
        if tuple(example.source) not in known:
            examples.append(example)
            known.add(tuple(example.source))
    source, target = _words(name)
    reads, writes = ({word: i for i, word in enumerate(words)} for words in (source, target))
    unknown = tuple(_NAMES) if name == "gist" else ()
    names = {word: len(source) + i for i, word in enumerate(unknown)}
    x = [torch.tensor([(reads | names)[word] for word in example.source]) for example in examples]
    y = [torch.tensor([*((writes | names)[word] for word in example.target), E]) for example in examples]
    ids, wanted = _padded(x), _padded(y)
    links = torch.zeros(n, wanted.shape[1], ids.shape[1], dtype=torch.bool)
    for row, example in enumerate(examples):
        for t, places in enumerate(example.links):
            links[row, t, list(places)] = True
    return Task(name, ids, ids != P, wanted, links, len(source), len(target), source, target, unknown)


# ---- sounds and pictures


def _hear(n: int, seed: int, part: str) -> Task:
    """Letters as frames: each letter has a sound, lasts two to four frames, and slides into its neighbours."""
    sounds = torch.randn(len(LETTERS), BANDS, generator=torch.Generator().manual_seed(number("hear", seed, "sounds")))
    rng, generator = random.Random(f"hear {seed} {part}"), torch.Generator().manual_seed(number("hear", seed, part))
    x, y, links = [], [], []
    for _ in range(n):
        word: list[int] = []
        length = rng.randint(3, 6)
        while len(word) < length:
            letter = rng.randrange(len(LETTERS))
            word += [letter] if [letter] != word[-1:] else []  # nobody hears whether a sound is one letter or two
        lasts = torch.tensor([rng.randint(2, 4) for _ in word])
        owner = torch.arange(length).repeat_interleave(lasts)
        clear = sounds[torch.tensor(word)[owner]]
        near = F.pad(clear.T.unsqueeze(0), (1, 1), mode="replicate")[0].T
        frames = 0.5 * clear + 0.25 * (near[:-2] + near[2:]) + 0.2 * torch.randn(BANDS, generator=generator)
        x.append(frames + 0.25 * torch.randn(frames.shape, generator=generator))
        y.append(torch.tensor([*(len(SPECIALS) + letter for letter in word), E]))
        links.append(owner == torch.arange(length).unsqueeze(1))
    frames, wanted = torch.stack([F.pad(row, (0, 0, 0, LONGEST - len(row))) for row in x]), _padded(y)
    mask = torch.arange(frames.shape[1]) < torch.tensor([len(row) for row in x]).unsqueeze(1)
    gold = torch.zeros(n, wanted.shape[1], frames.shape[1], dtype=torch.bool)
    for row, here in enumerate(links):
        gold[row, : here.shape[0], : here.shape[1]] = here
    return Task("hear", frames, mask, wanted, gold, BANDS, 3 + len(LETTERS), (), (*SPECIALS, *LETTERS), ())


def _caption(n: int, seed: int) -> Task:
    """The landscapes of stage 09 as 64 patches, row by row, and the phrases of what is on them."""
    found = scenes.make(n, seed)
    side = scenes.SIZE // PATCH
    x = F.unfold(found.images, PATCH, stride=PATCH).transpose(1, 2).contiguous()  # [n, 64, 48]
    target = (*SPECIALS, "and", *(word for phrase in PHRASES for word in phrase.split()))
    ids = {word: i for i, word in enumerate(target)}
    share = F.avg_pool2d(found.masks.float(), PATCH).flatten(2)  # [n, 5, 64]
    regions = (share >= 0.5) | (share == share.amax(dim=2, keepdim=True)) & (share > 0)
    y = []
    for row in found.labels.tolist():
        there = [phrase for phrase, is_there in zip(PHRASES, row, strict=True) if is_there]
        y.append(torch.tensor([*(ids[word] for word in " and ".join(there).split()), E]))
    wanted = _padded(y)
    links = torch.zeros(n, wanted.shape[1], side * side, dtype=torch.bool)
    for label, phrase in enumerate(PHRASES):
        for word in phrase.split():
            row, t = (wanted == ids[word]).nonzero(as_tuple=True)
            links[row, t] = regions[row, label]
    mask = torch.ones(n, side * side, dtype=torch.bool)
    return Task("caption", x, mask, wanted, links, 3 * PATCH * PATCH, len(target), (), target, ())


# ---- tensors


def number(name: str, seed: int, part: str) -> int:
    """A seed of its own for each part: what is drawn from one says nothing about another."""
    return int.from_bytes(hashlib.sha256(f"{name} {seed} {part}".encode()).digest()[:7], "big")


def _padded(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=P)


def _ended(ids: Tensor) -> Tensor:
    """P behind the first E of each row."""
    return ids.masked_fill(~written(ids), P)


def _spans(first: Tensor, last: Tensor) -> Tensor:
    return torch.stack([3 + first, 3 + last, torch.full_like(first, E)], dim=1)


def _bag(task: Task) -> Tensor:
    """Each source as numbers that can be compared: how often each word stands there, or its numbers in a row."""
    if task.x.is_floating_point():
        return task.x.flatten(1)
    return F.one_hot(task.x.clamp(max=task.inputs), task.inputs + 1)[:, :, 1:].sum(dim=1).float()


def _shuffle(task: Task, generator: torch.Generator) -> Task:
    def drawn(words: int) -> Tensor:  # the new id of each old one
        return torch.cat([torch.arange(3), 3 + torch.randperm(words - 3, generator=generator)])

    def renamed(ids: Tensor, new: Tensor) -> Tensor:
        return torch.where(ids < len(new), new[ids.clamp(max=len(new) - 1)], ids)

    x, y = task.x, task.y
    new = drawn(task.inputs if task.source else task.outputs)
    if task.source:
        x = renamed(x, new)
    other = drawn(task.outputs) if task.name == "translate" else new
    if task.name != "answer":  # there y holds places
        y = renamed(y, other)
    source = _moved(task.source, new) if task.source else ()
    return task._replace(
        x=x, y=y, source=source, target=task.target if task.name == "answer" else _moved(task.target, other)
    )


def _moved(words: tuple[str, ...], new: Tensor) -> tuple[str, ...]:
    """The words in the order of their new ids."""
    return tuple(words[i] for i in new.argsort().tolist())
