"""The words of the small English and the small Chinese of `grammar`: what can be said, and each word's id."""

from __future__ import annotations

from collections.abc import Iterator

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


# What to write beside a Chinese word for readers without Chinese. In brackets: a word that English does not have.


def _glosses() -> Iterator[tuple[str, str]]:
    yield from zip("PSE", ("pad", "start", "end"), strict=True)
    yield from ((entry[1], word) for word, entry in NOUNS.items())
    yield from ((entry[2], "(piece)") for entry in NOUNS.values())
    yield from ((entry[0], word) for word, entry in NAMES.items())
    yield from ((entry[1], word) for word, entry in PRONOUNS.items())
    yield from ((chinese, word) for word, chinese in DETERMINERS.items())
    for word, chinese in ADJECTIVES.items():
        yield from ((of_kind.split()[0], word) for of_kind in chinese if of_kind)
    yield from ((entry[2], word) for word, entry in VERBS.items())
    yield from ((entry[0], entry[1]) for entry in TIMES.values())
    yield from (("在", "at"), ("公园", "park"), ("里", "inside"), ("学校", "school"), ("家", "home"), ("树", "tree"))
    yield from (("下", "under"), ("河", "river"), ("边", "by"), ("房子", "house"), ("后面", "behind"))
    yield from (("不", "not"), ("会", "will"), ("没有", "did not"), ("了", "(done)"), ("的", "(that)"))


GLOSS = {chinese: english for chinese, english in _glosses() if chinese}
