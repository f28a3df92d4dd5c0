"""A small English and a small Chinese, made side by side, so that every word alignment is known.

`corpus()` gives the sentences, `batch(pairs)` their ids. `draw(rng)` gives one meaning, `render(meaning)` says it in
both languages. Everything is made from a seed: nothing is stored. The datasheet is `datasets/grammar.md`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from autograder.lab.lexicon import (
    ADJECTIVES,
    CHINESE,
    CHINESE_IDS,
    DETERMINERS,
    ENGLISH,
    ENGLISH_IDS,
    GLOSS,
    NAMES,
    NOUNS,
    PLACES,
    PLURAL,
    PRONOUNS,
    TIMES,
    VERBS,
    E,
    P,
    S,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "ADJECTIVES",
    "CHINESE",
    "CHINESE_IDS",
    "DETERMINERS",
    "ENGLISH",
    "ENGLISH_IDS",
    "GLOSS",
    "LENGTHS",
    "NAMES",
    "NOUNS",
    "PLACES",
    "PLURAL",
    "PRONOUNS",
    "TIMES",
    "VERBS",
    "Batch",
    "Corpus",
    "E",
    "Meaning",
    "Noun",
    "P",
    "Pair",
    "Relative",
    "S",
    "batch",
    "choice",
    "corpus",
    "draw",
    "error_rate",
    "is_monotone",
    "render",
]


@dataclass(frozen=True)
class Noun:
    """Who or what: "the old dog", "two books", "Tom", "I". Pronouns and names have nothing but `word`."""

    word: str  # the singular, or a name, or a pronoun as a subject
    determiner: str = ""
    adjective: str = ""
    relative: Relative | None = None

    @property
    def kind(self) -> str:
        return NOUNS[self.word][3] if self.word in NOUNS else NAMES.get(self.word, ("", "person"))[1]


@dataclass(frozen=True)
class Relative:
    """ "that chases the cat": the noun is the subject. "that the cat chases": it is the object."""

    verb: str
    other: Noun
    noun_is_subject: bool


@dataclass(frozen=True)
class Meaning:
    """What one sentence says. `dataclasses.replace(meaning, place="")` says less."""

    subject: Noun
    verb: str
    object: Noun
    tense: str = "present"  # past, present or future
    negative: bool = False
    time: str = ""
    time_first: bool = False  # "yesterday Tom …" or "Tom … yesterday"
    place: str = ""


class Pair(NamedTuple):
    """One sentence in both languages. Links are (position in the target, position in the source), from 0."""

    source: tuple[str, ...]  # English
    target: tuple[str, ...]  # Chinese
    sure: frozenset[tuple[int, int]]  # links that nobody would doubt
    possible: frozenset[tuple[int, int]]  # all sure links, and those that one may draw or leave out


class Corpus(NamedTuple):
    """No sentence stands in two of them."""

    train: list[Pair]
    test: list[Pair]  # drawn as `train` is; "I love China" and "Tom chases Jerry" come first
    by_length: dict[int, list[Pair]]  # length of the English sentence -> sentences


class Batch(NamedTuple):
    """Ids, torch.long, with pads on the right. S source length, T target length, both with the end symbol."""

    source: Tensor  # [B, S]: the words, E, pads
    y_in: Tensor  # [B, T]: S, the words, pads
    y_out: Tensor  # [B, T]: the words, E, pads


LENGTHS = range(3, 23)  # of the English sentences in `by_length`


@cache
def corpus(seed: int = 0, train: int = 4000, test: int = 300, each_length: int = 20) -> Corpus:
    """Sentences for training and two test sets: as in training, and the same number of every length in `LENGTHS`."""
    rng = random.Random(seed)
    examples = [render(Meaning(Noun("I"), "love", Noun("China"))), render(Meaning(Noun("Tom"), "chase", Noun("Jerry")))]
    by_length: dict[int, list[Pair]] = {length: [] for length in LENGTHS}
    used = {pair.source for pair in examples}
    while any(len(pairs) < each_length for pairs in by_length.values()):
        pair = render(draw(rng, richness=rng.random()))
        if pair.source not in used and len(by_length.get(len(pair.source), [pair] * each_length)) < each_length:
            by_length[len(pair.source)].append(pair)
            used.add(pair.source)
    drawn: list[Pair] = []
    while len(drawn) < train + test - len(examples):
        pair = render(draw(rng, richness=0.22 + 0.68 * rng.random()))
        if pair.source not in used:
            drawn.append(pair)
            used.add(pair.source)
    return Corpus(drawn[:train], examples + drawn[train:], by_length)


def draw(rng: random.Random, richness: float = 0.5) -> Meaning:
    """A random meaning. `richness` from 0 (three words, mostly) to 1 (twenty and more)."""
    verb = choice(rng, list(VERBS))
    subjects, objects = VERBS[verb][3:]
    subject = _draw_noun(rng, subjects, richness, with_relative=True)
    time = choice(rng, list(TIMES)) if rng.random() < richness else ""
    tense = TIMES[time][2] if time else choice(rng, ["past", "present", "present", "future"])
    return Meaning(
        subject,
        verb,
        _draw_noun(rng, objects, richness, with_relative=True, other_than=subject.word),
        tense,
        negative=rng.random() < 0.4 * richness,
        time=time,
        time_first=bool(time) and rng.random() < 0.3,
        place=choice(rng, list(PLACES)) if rng.random() < richness else "",
    )


def render(meaning: Meaning) -> Pair:
    """The sentence in both languages, with its links."""
    english, chinese = _sentence(meaning)
    place_of = {id(word): i for i, word in enumerate(english)}
    sure = {(t, place_of[id(word)]) for t, said in enumerate(chinese) for word in said.sure}
    possible = {(t, place_of[id(word)]) for t, said in enumerate(chinese) for word in said.possible}
    texts = tuple(word.text for word in english), tuple(word.text for word in chinese)
    return Pair(*texts, frozenset(sure), frozenset(sure | possible))


def is_monotone(pair: Pair) -> bool:
    """Can the sentence be translated from left to right? True if no two sure links cross."""
    return all((t - u) * (s - r) >= 0 for (t, s), (u, r) in combinations(pair.sure, 2))


def error_rate(links: Collection[tuple[int, int]], pair: Pair) -> float:
    """The alignment error rate of these links: 0 is best, 1 is worst. Source: Och and Ney 2003."""
    drawn = set(links)
    return 1 - (len(drawn & pair.sure) + len(drawn & pair.possible)) / (len(drawn) + len(pair.sure))


def batch(pairs: Sequence[Pair]) -> Batch:
    """The ids of these sentences."""
    return Batch(
        _ids((ENGLISH_IDS[word] for word in pair.source) for pair in pairs),
        _ids(((CHINESE_IDS[word] for word in pair.target) for pair in pairs), start=True),
        _ids((CHINESE_IDS[word] for word in pair.target) for pair in pairs),
    )


def _ids(rows: Iterable[Iterable[int]], start: bool = False) -> Tensor:
    import torch

    lists = [[S, *row] if start else [*row, E] for row in rows]
    longest = max(len(row) for row in lists)
    return torch.tensor([row + [P] * (longest - len(row)) for row in lists], dtype=torch.long)


# How it is said. A phrase is two lists of words: the same thing in English and in Chinese.


class _English:
    """One English word of one sentence. It is itself: "the" may stand in a sentence twice."""

    def __init__(self, text: str) -> None:
        self.text = text


class _Chinese:
    """One Chinese word, with the English words that it surely or possibly stands for."""

    def __init__(self, text: str, sure: Sequence[_English] = (), possible: Sequence[_English] = ()) -> None:
        self.text, self.sure, self.possible = text, tuple(sure), tuple(possible)


_Phrase = tuple[list[_English], list[_Chinese]]


def _sentence(meaning: Meaning) -> _Phrase:
    subject, chinese_subject = _noun(meaning.subject, as_object=False)
    object_, chinese_object = _noun(meaning.object, as_object=True)
    time, chinese_time = _time(meaning.time)
    place, chinese_place = _place(meaning.place)
    before, verb, chinese_before, chinese_verb = _verb(meaning)
    english = [*subject, *before, *verb, *object_, *place]
    english = [*time, *english] if meaning.time_first else [*english, *time]
    chinese = [*chinese_before, *chinese_place, *chinese_verb, *chinese_object]
    if meaning.time_first:
        return english, [*chinese_time, *chinese_subject, *chinese]
    return english, [*chinese_subject, *chinese_time, *chinese]


def _verb(meaning: Meaning) -> tuple[list[_English], list[_English], list[_Chinese], list[_Chinese]]:
    """What comes before the verb, and the verb, in both languages."""
    with_he, past, chinese, *_ = VERBS[meaning.verb]
    many = _is_plural(meaning.subject)
    present = meaning.verb if many else with_he
    if meaning.tense == "future":
        will, verb = _English("will"), _English(meaning.verb)
        if meaning.negative:
            no = _English("not")
            return [will, no], [verb], [_Chinese("不", [no]), _Chinese("会", [will])], [_Chinese(chinese, [verb])]
        return [will], [verb], [_Chinese("会", [will])], [_Chinese(chinese, [verb])]
    if meaning.negative:
        do = _English("did" if meaning.tense == "past" else "do" if many else "does")
        no, verb = _English("not"), _English(meaning.verb)
        word = _Chinese("没有", [no], [do]) if meaning.tense == "past" else _Chinese("不", [no])
        return [do, no], [verb], [word], [_Chinese(chinese, [verb])]
    verb = _English(past if meaning.tense == "past" else present)
    ending = [_Chinese("了", possible=[verb])] if meaning.tense == "past" else []
    return [], [verb], [], [_Chinese(chinese, [verb]), *ending]


def _noun(noun: Noun, as_object: bool) -> _Phrase:
    if noun.word in PRONOUNS:
        object_form, chinese = PRONOUNS[noun.word]
        pronoun = _English(object_form if as_object else noun.word)
        return [pronoun], [_Chinese(chinese, [pronoun])]
    if noun.word in NAMES:
        name = _English(noun.word)
        return [name], [_Chinese(NAMES[noun.word][0], [name])]
    plural, chinese, measure, kind = NOUNS[noun.word]
    head = _English(plural if _is_plural(noun) else noun.word)
    determiner = _English(noun.determiner)
    english, count = [determiner], list[_Chinese]()
    if counted := DETERMINERS[noun.determiner]:
        count.append(_Chinese(counted, [determiner]))
        if noun.determiner != "many":
            count.append(_Chinese(measure, possible=[determiner, head]))
    quality = list[_Chinese]()
    if noun.adjective:
        adjective = _English(noun.adjective)
        english.append(adjective)
        word, *of = ADJECTIVES[noun.adjective][kind == "thing"].split()
        quality = [_Chinese(word, [adjective]), *(_Chinese(text) for text in of)]  # this 的 stands for nothing
    if noun.determiner == "a" and (noun.adjective or head.text)[0] in "aeiou":
        determiner.text = "an"
    english.append(head)
    clause = list[_Chinese]()
    if noun.relative:
        relative, clause = _relative(noun, noun.relative)
        english += relative
    return english, [*clause, *count, *quality, _Chinese(chinese, [head])]


def _relative(noun: Noun, relative: Relative) -> _Phrase:
    """English says it after the noun, Chinese before: "dogs that chase cats" is "chase cats 的 dogs"."""
    that = _English("who" if noun.kind == "person" else "that")
    of = _Chinese("的", possible=[that])
    other, chinese_other = _noun(relative.other, as_object=relative.noun_is_subject)
    many = _is_plural(noun if relative.noun_is_subject else relative.other)
    verb = _English(relative.verb if many else VERBS[relative.verb][0])
    chinese_verb = _Chinese(VERBS[relative.verb][2], [verb])
    if relative.noun_is_subject:
        return [that, verb, *other], [chinese_verb, *chinese_other, of]
    return [that, *other, verb], [*chinese_other, chinese_verb, of]


def _time(time: str) -> _Phrase:
    if not time:
        return [], []
    chinese, said, _ = TIMES[time]
    english = [_English(word) for word in time.split()]
    sure = [word for word in english if word.text in said.split()]
    return english, [_Chinese(chinese, sure, english)]


def _place(place: str) -> _Phrase:
    english = [_English(word) for word in place.split()]
    chinese = []
    for item in PLACES[place].split() if place else []:
        text, mark, said = item.partition("=") if "=" in item else item.partition("?")
        words = [word for word in english if word.text == said]
        chinese.append(_Chinese(text, words) if mark == "=" else _Chinese(text, possible=words))
    return english, chinese


def _is_plural(noun: Noun) -> bool:
    return noun.word in PLURAL or noun.determiner in PLURAL


# How it is drawn.


def _draw_noun(
    rng: random.Random, kinds: Sequence[str], richness: float, with_relative: bool, other_than: str = ""
) -> Noun:
    """A noun of one of these kinds, but not this word again."""
    bare = rng.random() > 0.25 + 0.75 * richness
    names = [*(n for n, (_, kind) in NAMES.items() if kind in kinds), *(PRONOUNS if "person" in kinds else ())]
    nouns = [n for n, (*_, kind) in NOUNS.items() if kind in kinds]
    word = choice(rng, [w for w in (names if bare and names else nouns) if w != other_than])
    if word not in NOUNS:
        return Noun(word)
    thing = NOUNS[word][3] == "thing"
    adjectives = [a for a, chinese in ADJECTIVES.items() if chinese[thing]]
    noun = Noun(
        word,
        choice(rng, ["the", "the", "the", *DETERMINERS]),
        choice(rng, adjectives) if rng.random() < richness else "",
    )
    if not with_relative or rng.random() > 0.8 * richness:
        return noun
    return Noun(word, noun.determiner, noun.adjective, _draw_relative(rng, noun, richness))


def _draw_relative(rng: random.Random, noun: Noun, richness: float) -> Relative:
    as_subject = noun.kind != "thing" and rng.random() < 0.5
    side = 3 if as_subject else 4
    verb = choice(rng, [v for v, entry in VERBS.items() if noun.kind in entry[side]])
    kinds = VERBS[verb][7 - side]
    other = _draw_noun(rng, kinds, richness, with_relative=False, other_than=noun.word)
    return Relative(verb, other, as_subject)


def choice(rng: random.Random, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]  # the same in every version of Python
