"""Pairs of English sentences: a premise p, and a hypothesis h that is true of it or not.

`restated` gives pairs to read, without labels: h says less than p, or the same in another order. `quadruples` gives
pairs with labels and without give-aways. Everything is made from a seed by `lab.grammar`: nothing is stored. The
datasheet is `datasets/entailment.md`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from autograder.lab import data, grammar
from autograder.lab.grammar import ENGLISH, ENGLISH_IDS, NAMES, NOUNS, PLACES, TIMES, VERBS, Meaning, Noun

if TYPE_CHECKING:
    from torch import Tensor

WORDS = [*ENGLISH, "[MASK]"]
MASK = WORDS.index("[MASK]")
SPECIALS = 3  # the ids 0 to 2 are P (pad), S (not used here) and E (end of a sentence)
PRETRAINED = data.FOLDER / "pretrained_encoder.pt"  # weights of stage 08's reader; its measure.py makes them
LONGEST = 9  # words of a sentence; its E comes after them


class Sentences(NamedTuple):
    """A premise and a hypothesis, as words."""

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    links: tuple[int, ...]  # for each word of the hypothesis, where the premise has it; -1 where it has it not


class Quadruple(NamedTuple):
    """`first` and `second` are true. With the hypotheses exchanged, both are false: one change made two of one."""

    first: Sentences
    second: Sentences
    change: str  # "words": another word; "order": the same words in another order


class Batch(NamedTuple):
    """T is the longest pair of the batch, with the E after each of its two sentences."""

    ids: Tensor  # int64 [B, T]: the premise, E, the hypothesis, E, pads
    segment: Tensor  # int64 [B, T]: 0 in the premise and its E, 1 after it
    mask: Tensor  # bool [B, T]: True where there is a word or an E, and no pad


def restated(number: int, seed: int = 0) -> list[Sentences]:
    """Pairs to read: everything in them is true, and nobody wrote a label."""
    rng = random.Random(seed)
    return [_pair(*_restate(rng, *_draw(rng))) for _ in range(number)]


def quadruples(number: int, seed: int = 0, order: float = 0.5) -> list[Quadruple]:
    """Pairs with labels. The share `order` of the changes leaves the words as they are, and changes their order."""
    rng = random.Random(f"quadruples {seed}")
    made: list[Quadruple] = []
    used: set[tuple[str, ...]] = set()
    while len(made) < number:
        change = "order" if rng.random() < order else "words"
        while True:
            premise, hypothesis = _restate(rng, *_draw(rng))
            other = _reorder(premise, hypothesis) if change == "order" else _reword(rng, premise, hypothesis)
            if other is None:
                continue
            first, second = _pair(premise, hypothesis), _pair(*other)
            if first.premise not in used and second.premise not in used:
                break
        used |= {first.premise, second.premise}
        made.append(Quadruple(first, second, change))
    return made


def examples(quadruples: Sequence[Quadruple]) -> tuple[list[Sentences], list[int]]:
    """Four pairs of each quadruple, with their labels: 1 where the premise says the hypothesis, else 0."""
    pairs, labels = [], []
    for first, second, _ in quadruples:
        for premise, hypothesis in ((first, first), (second, second), (first, second), (second, first)):
            true = premise is hypothesis
            links = hypothesis.links if true else _same_words(premise.premise, hypothesis)
            pairs.append(Sentences(premise.premise, hypothesis.hypothesis, links))
            labels.append(int(true))
    return pairs, labels


def batch(pairs: Sequence[Sentences]) -> Batch:
    """The ids of these pairs."""
    import torch

    rows = [[*_ids(pair.premise), *_ids(pair.hypothesis)] for pair in pairs]
    second = [len(pair.premise) + 1 for pair in pairs]
    length = max(map(len, rows))
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows], dtype=torch.long)
    segment = (torch.arange(length) >= torch.tensor(second)[:, None]).long()
    return Batch(ids, segment, ids != 0)


def means(states: Tensor, segment: Tensor, mask: Tensor) -> Tensor:
    """The mean states of both sentences, their distance and their product: [B, 4 D]."""
    import torch

    sides = []
    for which in (0, 1):
        share = (mask & (segment == which)).to(states.dtype)
        sides.append(torch.einsum("bt,btd->bd", share / share.sum(dim=1, keepdim=True), states))
    first, second = sides
    return torch.cat((first, second, torch.abs(first - second), first * second), dim=1)


def _ids(words: Sequence[str]) -> list[int]:
    return [*(ENGLISH_IDS[word] for word in words), grammar.E]


def _pair(premise: Meaning, hypothesis: Meaning) -> Sentences:
    places = {part: i for i, part in enumerate(_parts(premise))}
    links = tuple(places[part] for part in _parts(hypothesis))
    return Sentences(grammar.render(premise).source, grammar.render(hypothesis).source, links)


def _same_words(premise: tuple[str, ...], pair: Sentences) -> tuple[int, ...]:
    """Where a false pair's premise has the word; the first place, -1 where it is not there."""
    return tuple(premise.index(word) if word in premise else -1 for word in pair.hypothesis)


def _parts(meaning: Meaning) -> list[str]:
    """What each word of the English sentence is, such as "subject 1" or "place 0"."""
    bare = grammar.render(replace(meaning, time="", place="")).source
    subject, object_ = _size(meaning.subject), _size(meaning.object)
    verb = len(bare) - subject - object_
    core = [
        *_noun_parts("subject", meaning.subject),
        *(f"verb {verb - i}" for i in range(verb)),
        *_noun_parts("object", meaning.object),
    ]
    place = [f"place {i}" for i in range(len(meaning.place.split()))]
    time = [f"time {i}" for i in range(len(meaning.time.split()))]
    return [*time, *core, *place] if meaning.time_first else [*core, *place, *time]


def _noun_parts(role: str, noun: Noun) -> list[str]:
    if not noun.determiner:
        return [f"{role} noun"]
    adjective = [f"{role} adjective"] if noun.adjective else []
    clause = _size(noun) - 2 - len(adjective)
    return [f"{role} determiner", *adjective, f"{role} noun", *(f"{role} clause {i}" for i in range(clause))]


def _size(noun: Noun) -> int:
    """How many English words it has."""
    return len(grammar.render(Meaning(noun, "love", Noun("China"))).source) - 2


def _draw(rng: random.Random) -> tuple[Meaning, list[str]]:
    """A meaning of at most nine words from which something can be left out, and what."""
    while True:
        meaning = grammar.draw(rng, 0.1 + 0.6 * rng.random())
        if meaning.negative or len(grammar.render(meaning).source) > LONGEST:
            continue  # of "does not see the old dog", "does not see the dog" is not true
        if extra := _extra(meaning):
            return meaning, extra


def _extra(meaning: Meaning) -> list[str]:
    """What can be left out, so that the rest is still true."""
    nouns = (("subject", meaning.subject), ("object", meaning.object))
    return [
        *(name for name in ("time", "place") if getattr(meaning, name)),
        *(f"{role} adjective" for role, noun in nouns if noun.adjective),
        *(f"{role} relative" for role, noun in nouns if noun.relative),
    ]


def _restate(rng: random.Random, meaning: Meaning, extra: list[str]) -> tuple[Meaning, Meaning]:
    """The meaning, and one that is true where it is: some of the extra is left out, and the time may move."""
    gone = [part for part in extra if rng.random() < 0.5] or [grammar.choice(rng, extra)]
    less = meaning
    for part in gone:
        less = _without(less, part)
    if less.time and rng.random() < 0.5:
        less = replace(less, time_first=not less.time_first)
    return meaning, less


def _without(meaning: Meaning, part: str) -> Meaning:
    if part == "time":
        return replace(meaning, time="", time_first=False)
    if part == "place":
        return replace(meaning, place="")
    role, what = part.split()
    noun = meaning.subject if role == "subject" else meaning.object
    return _with(meaning, role, replace(noun, adjective="") if what == "adjective" else replace(noun, relative=None))


def _with(meaning: Meaning, role: str, noun: Noun) -> Meaning:
    return replace(meaning, subject=noun) if role == "subject" else replace(meaning, object=noun)


def _reword(rng: random.Random, premise: Meaning, hypothesis: Meaning) -> tuple[Meaning, Meaning] | None:
    """Both with another word in one place that the hypothesis kept; None where there is no such place."""
    kept = [part for part in ("time", "place") if getattr(hypothesis, part)]
    part = grammar.choice(rng, ["subject", "object", "verb", *kept])
    kinds = premise.subject.kind, premise.object.kind
    if part == "verb":
        verbs = [v for v, entry in VERBS.items() if kinds[0] in entry[3] and kinds[1] in entry[4] and v != premise.verb]
        verb = grammar.choice(rng, verbs)
        return replace(premise, verb=verb), replace(hypothesis, verb=verb)
    if part == "time":
        times = [t for t, entry in TIMES.items() if entry[2] == premise.tense and t != premise.time]
        if not times:
            return None
        time = grammar.choice(rng, times)
        return replace(premise, time=time), replace(hypothesis, time=time)
    if part == "place":
        place = grammar.choice(rng, [place for place in PLACES if place != premise.place])
        return replace(premise, place=place), replace(hypothesis, place=place)
    noun = premise.subject if part == "subject" else premise.object
    same = NOUNS if noun.word in NOUNS else NAMES if noun.word in NAMES else {}
    there = {premise.subject.word, premise.object.word}
    words = [word for word, entry in same.items() if entry[-1] == noun.kind and word not in there]
    if not words:
        return None
    word = grammar.choice(rng, words)
    kept_noun = hypothesis.subject if part == "subject" else hypothesis.object
    return _with(premise, part, replace(noun, word=word)), _with(hypothesis, part, replace(kept_noun, word=word))


def _reorder(premise: Meaning, hypothesis: Meaning) -> tuple[Meaning, Meaning] | None:
    """Both with their adjectives, or subject and object, exchanged; None where other words would be needed."""
    subject, object_ = premise.subject, premise.object
    exchanged = []
    both = hypothesis.subject.adjective and hypothesis.object.adjective
    if both and _fits(subject, object_.adjective) and _fits(object_, subject.adjective):
        exchanged.append([_exchange_adjectives(meaning) for meaning in (premise, hypothesis)])
    entry = VERBS[premise.verb]
    if object_.kind in entry[3] and subject.kind in entry[4]:
        exchanged.append([replace(m, subject=m.object, object=m.subject) for m in (premise, hypothesis)])
    for one, two in exchanged:
        if _same_words_moved(premise, one) and _same_words_moved(hypothesis, two):
            return one, two
    return None


def _exchange_adjectives(meaning: Meaning) -> Meaning:
    subject = replace(meaning.subject, adjective=meaning.object.adjective)
    return replace(meaning, subject=subject, object=replace(meaning.object, adjective=meaning.subject.adjective))


def _fits(noun: Noun, adjective: str) -> bool:
    return bool(grammar.ADJECTIVES[adjective][noun.kind == "thing"])


def _same_words_moved(one: Meaning, two: Meaning) -> bool:
    a, b = grammar.render(one).source, grammar.render(two).source
    return a != b and sorted(a) == sorted(b)


def masked_verbs(number: int, clause: bool, seed: int = 0) -> list[tuple[tuple[str, ...], int, int]]:
    """Sentences with the places of the subject's noun and of the verb; with `clause`, a clause stands between them."""
    rng = random.Random(f"verbs {seed} {clause}")
    made: list[tuple[tuple[str, ...], int, int]] = []
    while len(made) < number:
        meaning = grammar.draw(rng)
        words = grammar.render(meaning).source
        noun = meaning.subject
        plain = not meaning.negative and meaning.tense != "future"  # no "does" or "will" before the verb
        if noun.determiner and (noun.relative is not None) == clause and plain and len(words) <= LONGEST:
            parts = _parts(meaning)
            made.append((words, parts.index("subject noun"), parts.index("verb 1")))
    return made
