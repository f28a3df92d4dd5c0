"""Five small jobs for sequence models, on generated data with gold answers and gold places.

`make(name, train, test, seed)` gives two `Task`s: what to read, what to write, and where each written word comes from.
`score` counts what a model wrote; `trivial` does so for models that have learned nothing. Everything is made from the
seed: nothing is stored, nothing is downloaded. The datasheet is `datasets/projects.md`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.lab import grammar, scenes
from autograder.lab.failures import ExpectationError
from autograder.lab.grammar import choice
from autograder.lab.lexicon import NAMES, NOUNS, PLACES, TIMES, VERBS

__all__ = [
    "PROJECTS",
    "START",
    "E",
    "P",
    "Score",
    "Task",
    "again",
    "chosen",
    "in_words",
    "leaderboard",
    "make",
    "score",
    "trial",
    "trials",
    "trivial",
    "written",
]

PROJECTS = ("translate", "hear", "gist", "caption", "answer")
LEARN, TEST = 2000, 300  # examples of a trial
LOWER = {"translate": 0.3, "hear": 0.3, "gist": 0.3, "caption": 0.5, "answer": 0.3}  # shares of rows that are right
UPPER = {"translate": 0.6, "hear": 0.55, "gist": 0.8, "caption": 0.65, "answer": 0.75}

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
            made.append(_caption(n, _number("caption", seed, part)))
        else:
            made.append(_text(name, n, random.Random(f"{name} {seed} {part}"), part.split()[0], known))
    if shuffled:
        made = [_shuffle(task, torch.Generator().manual_seed(_number(name, seed, "words"))) for task in made]
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


# ---- a project of a student's own


class Trial(NamedTuple):
    """One training of a project, tested on examples that it has never seen."""

    name: str
    seed: int
    score: Score
    ids: Tensor  # int64 [N, T], what the model wrote for `test`
    maps: Tensor  # float [N, T, S]
    test: Task
    parameters: int
    seconds: float  # of processor time, of the training
    model: Any


def trial(project: Callable[[Callable[[str], Task], int], Any], seed: int, others: Sequence[Any] = ()) -> Trial:
    """Let a project load its examples and train, and test what it gives. The same project and seed are tried once.

    The words are shuffled by the seed. `again` tests the same model on examples that nobody can know before.

    Args:
        project: `project(load, seed)` gives a model; `load(name)` gives the examples to learn from. It is called once.
        seed: of the examples. The project gets another number, which says nothing about it.
        others: projects that have to be about something else.

    Raises:
        ExpectationError: when the project does not load, or gives no model that can be tested, and says why.
    """
    for known, before in _trials:
        if known is project and before.seed == seed:
            return before
    name, model, seconds, test = _train(project, seed, others)
    ids, maps = _write(model, test)
    parameters = sum(p.numel() for p in model.parameters())
    done = Trial(name, seed, score(test, ids, maps), ids, maps, test, parameters, seconds, model)
    _trials.append((project, done))
    return done


_trials: list[tuple[Any, Trial]] = []  # all of this process, with their projects
_again: list[tuple[Trial, tuple[int, bool], Score]] = []


def _train(project: Callable[..., Any], seed: int, others: Sequence[Any] = ()) -> tuple[str, Any, float, Task]:
    """The task's name, the model, the seconds of its training, and what to test it with."""
    loaded: list[tuple[Task, Task]] = []

    def load(name: str) -> Task:
        if loaded and loaded[0][0].name != name:
            raise ValueError(f"A project is about one task, and this one loads {loaded[0][0].name!r} and {name!r}.")
        if not loaded:
            loaded.append(make(name, LEARN, TEST, seed, shuffled=True))
        learn = loaded[0][0]
        numbers = tuple(map(str, range(max(learn.inputs, learn.outputs))))  # in place of the words
        nothing = torch.zeros(0, dtype=torch.bool)
        return learn._replace(
            links=nothing, source=numbers[: len(learn.source)], target=numbers[: learn.outputs], unknown=()
        )

    taken = {chosen(other) for other in others}
    if taken and (name := chosen(project)) in taken:
        raise ExpectationError(f"{name!r} is the task of an earlier project. Choose another one.")
    start = time.process_time()
    model = project(load, _number("project", seed, "") % 1000)
    seconds = time.process_time() - start
    if not loaded:
        raise ExpectationError("The project loads no examples: call load, with one of " + ", ".join(PROJECTS) + ".")
    return loaded[0][1].name, model, seconds, loaded[0][1]


def again(trial: Trial, draw: int, blank: bool = False) -> Score:
    """The score of a trial's model on other examples of the same words, as `make` draws them (once for each draw).

    With `blank`, all its weights are 0 for this time: what it then writes was not learned. Where the model is gone (a
    check of the grader has ended that made it), it is trained once more.
    """
    for known, key, found in _again:
        if known is trial and key == (draw, blank):
            return found
    model = trial.model
    try:
        before = {name: value.clone() for name, value in model.state_dict().items()}
    except Exception:
        model = _train(next(project for project, known in _trials if known is trial), trial.seed)[1]
        before = {name: value.clone() for name, value in model.state_dict().items()}
    _, test = make(trial.name, LEARN, TEST, trial.seed, shuffled=True, draw=draw)
    if blank:
        model.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    try:
        found = score(test, *_write(model, test))
    finally:
        if blank:
            model.load_state_dict(before)
    _again.append((trial, (draw, blank), found))
    return found


def _write(model: Any, test: Task) -> tuple[Tensor, Tensor]:
    longest = test.y.shape[1] + 3
    ids, maps = model.generate(test.x, test.mask, longest)
    for what, value, dtypes, dims in (
        ("ids", ids, (torch.int64,), 2),
        ("maps", maps, (torch.float32, torch.float64), 3),
    ):
        if not isinstance(value, Tensor) or value.dtype not in dtypes or value.ndim != dims:
            got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ExpectationError(
                f"generate gives ids, int64 [N, T], and maps, float32 [N, T, S]. Here {what}: {got}."
            )
    if tuple(maps.shape) != (*ids.shape, test.x.shape[1]) or len(ids) != len(test.x) or ids.shape[1] > longest:
        raise ExpectationError(
            f"generate wrote ids {list(ids.shape)} and maps {list(maps.shape)} for x {list(test.x.shape)} and "
            f"max_len {longest}. Needed: ids [N, T], T at most max_len, and maps [N, T, S]."
        )
    return ids, maps


def trials() -> list[Trial]:
    """All that were made since this process started, each once, in order."""
    return [done for _, done in _trials]


class _ChosenError(Exception):
    """Ends a project as soon as it has said what it is about."""


def chosen(project: Callable[..., Any]) -> str | None:
    """The task that a project loads, without any training; None where it loads none."""
    names: list[str] = []

    def load(name: str) -> Task:
        names.append(name)
        raise _ChosenError

    with contextlib.suppress(Exception):  # it may be blank, or broken: then it is about nothing
        project(load, 0)
    return names[0] if names else None


def leaderboard(
    path: str | Path = "leaderboard.json", trials: Sequence[tuple[str, Trial]] = ()
) -> list[dict[str, Any]]:
    """All models that were tried on this machine, the best of each task first. `trials` (name, trial) are added.

    The file keeps what stands in it: entries are only added, and a file that cannot be read is left alone.

    Raises:
        ValueError: when the file holds something else.
    """
    path = Path(path)
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        fits = all(isinstance(row, dict) and set(row) == set(_ROW) for row in rows)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{path} holds no leaderboard. Move it away, or name another file: leaderboard('other.json').")
    for name, one in trials:
        values = (one.name, name, *(round(v, 4) for v in one.score[:2]), one.parameters, round(one.seconds, 1))
        row = dict(zip(_ROW, values, strict=True))
        rows += [row] if row not in rows else []
    if trials:
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        new.replace(path)
    return sorted(rows, key=lambda row: (PROJECTS.index(row["task"]), -row["exact"], row["seconds"]))


_ROW = ("task", "model", "exact", "pointing", "parameters", "seconds")


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
    sounds = torch.randn(len(LETTERS), BANDS, generator=torch.Generator().manual_seed(_number("hear", seed, "sounds")))
    rng, generator = random.Random(f"hear {seed} {part}"), torch.Generator().manual_seed(_number("hear", seed, part))
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


def _number(name: str, seed: int, part: str) -> int:
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
