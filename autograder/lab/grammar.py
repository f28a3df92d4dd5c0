"""A small English and a small Chinese, made side by side, so that every word alignment is known.

`corpus()` gives the sentences, `batch(pairs)` their ids. `draw(rng)` gives one meaning, `render(meaning)` says it in
both languages. Everything is made from a seed: nothing is stored. The datasheet is `datasets/grammar.md`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

P, S, E = 0, 1, 2  # the ids of pad, start and end, in both languages

# What can be said. Kinds of nouns: person, animal, thing, land (a country or a town).
NOUNS = {  # word: (plural, Chinese, measure word, kind)
    "teacher": ("teachers", "老师", "个", "person"),
    "student": ("students", "学生", "个", "person"),
    "doctor": ("doctors", "医生", "个", "person"),
    "girl": ("girls", "女孩", "个", "person"),
    "boy": ("boys", "男孩", "个", "person"),
    "cat": ("cats", "猫", "只", "animal"),
    "dog": ("dogs", "狗", "只", "animal"),
    "bird": ("birds", "鸟", "只", "animal"),
    "mouse": ("mice", "老鼠", "只", "animal"),
    "book": ("books", "书", "本", "thing"),
    "letter": ("letters", "信", "封", "thing"),
    "apple": ("apples", "苹果", "个", "thing"),
}
NAMES = {  # word: (Chinese, kind)
    "Tom": ("汤姆", "animal"),
    "Jerry": ("杰瑞", "animal"),
    "Lily": ("莉莉", "person"),
    "China": ("中国", "land"),
    "Beijing": ("北京", "land"),
}
PRONOUNS = {  # as a subject: (as an object, Chinese)
    "I": ("me", "我"),
    "you": ("you", "你"),
    "he": ("him", "他"),
    "she": ("her", "她"),
    "we": ("us", "我们"),
    "they": ("them", "他们"),
}
PLURAL = {"you", "I", "we", "they", "two", "three", "many"}  # these go with "chase", all others with "chases"
DETERMINERS = {"the": "", "a": "一", "this": "这", "two": "两", "three": "三", "many": "很多"}
ADJECTIVES = {  # word: (Chinese, Chinese of things, may it be said of things?)
    "big": ("大", "大"),
    "small": ("小", "小"),
    "old": ("老", "旧"),  # one English word, two Chinese ones: people are 老, books are 旧
    "young": ("年轻 的", ""),
    "happy": ("快乐 的", ""),
    "beautiful": ("美丽 的", "美丽 的"),
}
VERBS = {  # word: (with he, past, Chinese, kinds of subjects, kinds of objects)
    "love": ("loves", "loved", "爱", ("person", "animal"), ("person", "animal", "land")),
    "like": ("likes", "liked", "喜欢", ("person", "animal"), ("person", "animal", "thing", "land")),
    "chase": ("chases", "chased", "追逐", ("person", "animal"), ("person", "animal")),
    "help": ("helps", "helped", "帮助", ("person", "animal"), ("person", "animal")),
    "see": ("sees", "saw", "看见", ("person", "animal"), ("person", "animal", "thing")),
    "find": ("finds", "found", "找到", ("person", "animal"), ("person", "animal", "thing")),
    "know": ("knows", "knew", "认识", ("person",), ("person", "animal")),
    "buy": ("buys", "bought", "买", ("person",), ("thing",)),
}
TIMES = {  # words: (Chinese, the words that it says, tense)
    "yesterday": ("昨天", "yesterday", "past"),
    "last week": ("上周", "last week", "past"),
    "every day": ("每天", "every day", "present"),
    "in the morning": ("早上", "morning", "present"),
    "tomorrow": ("明天", "tomorrow", "future"),
}
PLACES = {  # words: Chinese, the preposition first. =in: surely "in"; ?in: possibly "in"
    "in the park": "在=in 公园=park 里?in",
    "at school": "在=at 学校=school",
    "at home": "在=at 家=home 里?at",
    "under the tree": "在?under 树=tree 下=under",
    "by the river": "在?by 河=river 边=by",
    "behind the house": "在?behind 房子=house 后面=behind",
}


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
    verb = _choice(rng, list(VERBS))
    subjects, objects = VERBS[verb][3:]
    subject = _draw_noun(rng, subjects, richness, with_relative=True)
    time = _choice(rng, list(TIMES)) if rng.random() < richness else ""
    tense = TIMES[time][2] if time else _choice(rng, ["past", "present", "present", "future"])
    return Meaning(
        subject,
        verb,
        _draw_noun(rng, objects, richness, with_relative=True, other_than=subject.word),
        tense,
        negative=rng.random() < 0.4 * richness,
        time=time,
        time_first=bool(time) and rng.random() < 0.3,
        place=_choice(rng, list(PLACES)) if rng.random() < richness else "",
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
    word = _choice(rng, [w for w in (names if bare and names else nouns) if w != other_than])
    if word not in NOUNS:
        return Noun(word)
    thing = NOUNS[word][3] == "thing"
    adjectives = [a for a, chinese in ADJECTIVES.items() if chinese[thing]]
    noun = Noun(
        word,
        _choice(rng, ["the", "the", "the", *DETERMINERS]),
        _choice(rng, adjectives) if rng.random() < richness else "",
    )
    if not with_relative or rng.random() > 0.8 * richness:
        return noun
    return Noun(word, noun.determiner, noun.adjective, _draw_relative(rng, noun, richness))


def _draw_relative(rng: random.Random, noun: Noun, richness: float) -> Relative:
    as_subject = noun.kind != "thing" and rng.random() < 0.5
    side = 3 if as_subject else 4
    verb = _choice(rng, [v for v, entry in VERBS.items() if noun.kind in entry[side]])
    kinds = VERBS[verb][7 - side]
    other = _draw_noun(rng, kinds, richness, with_relative=False, other_than=noun.word)
    return Relative(verb, other, as_subject)


def _choice(rng: random.Random, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]  # the same in every version of Python


# The words of both languages. The id of a word is its place in the list.


def _english_words() -> Iterator[str]:
    for word, (plural, *_) in NOUNS.items():
        yield from (word, plural)
    yield from NAMES
    for word, (object_form, _) in PRONOUNS.items():
        yield from (word, object_form)
    yield from (*DETERMINERS, "an", *ADJECTIVES, "who", "that", "will", "not", "do", "does", "did")
    for word, (with_he, past, *_) in VERBS.items():
        yield from (word, with_he, past)
    for words in (*TIMES, *PLACES):
        yield from words.split()


def _chinese_words() -> Iterator[str]:
    for _, word, measure, _ in NOUNS.values():
        yield from (word, measure)
    yield from (word for word, _ in NAMES.values())
    yield from (word for _, word in PRONOUNS.values())
    yield from (word for word in DETERMINERS.values() if word)
    for words in ADJECTIVES.values():
        yield from " ".join(words).split()
    yield from (entry[2] for entry in VERBS.values())
    yield from (entry[0] for entry in TIMES.values())
    for items in PLACES.values():
        yield from (item.replace("?", "=").split("=")[0] for item in items.split())
    yield from ("不", "会", "没有", "了", "的")


ENGLISH = [*"PSE", *dict.fromkeys(_english_words())]
CHINESE = [*"PSE", *dict.fromkeys(_chinese_words())]
ENGLISH_IDS = {word: i for i, word in enumerate(ENGLISH)}
CHINESE_IDS = {word: i for i, word in enumerate(CHINESE)}
