"""Which hand-ins of a stage are more alike than chance? What two share counts by how rare it is in this class.

Two things are compared, exercise by exercise. The text: copydetect takes a cell apart into all its pieces of `PIECE`
characters, without names, comments, layout and what the skeleton has. A piece that m people have counts 1 / (m - 1);
the catalogue's answers are people, too, who wrote without knowing the class. How alike a pair is, is then a rank among
all pairs. And the behaviour: two who went wrong in the same way (`diagnosis.compare.same_mistake`), which weighs -ln of
the share of the class that shows it. A mistake that half the class makes says next to nothing.

Ranks of several exercises are joined by Fisher's method, and then with the behaviour, which most pairs share none of:
the sum of two numbers with the distribution Exp(1), of which the second is there for a part q of the pairs, is above x
in a part (1 + q x) exp(-x). Students who think alike write alike in every exercise, which no formula knows: so where
more than one pair in ten comes out as one in ten, all are scaled until it does not.
"""

from __future__ import annotations

import copy
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Stage
from autograder.diagnosis.compare import Checks, same_mistake
from autograder.feedback.last_result import load
from autograder.feedback.page import CONTROL
from autograder.feedback.render import render
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job
from autograder.intake.roster import Roster, read_roster
from autograder.run.store import Store
from autograder.stage.model import Content
from autograder.stage.read import read_answers

PAGE = ".similar.html"  # of a stage; it shows what students wrote
PIECE = 25  # characters: copydetect's noise threshold. Every piece counts, so that two runs find the same
FEW = 3  # so many people have it: then a piece of text is marked as rare
TELLING = 10  # of so many pairs one: then an exercise of a pair is shown
LONG = 100  # pieces, which is five lines or so: then the same text in one exercise alone is shown
BY_CHANCE = 0.1  # so many pairs of a class may be shown that are alike by chance
MOST_PAIRS = 30  # on a page, of each kind
MOST_TEXT = 20_000  # characters of a cell
Step = Callable[[int, int], None]
Spans = list[tuple[int, str]]  # a text in parts: 0 is one's own, 1 both have it and others too, 2 hardly anyone else


@dataclass
class HandIn:
    """What one student wrote, and what came out where it failed; by exercise, without what is blank."""

    student: str
    name: str  # as in the roster
    texts: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Checks] = field(default_factory=dict)
    mistakes: dict[str, str] = field(default_factory=dict)  # their names, where the catalogue knows them
    stored: bool = True  # is there what the checks got to see?

    @property
    def shown(self) -> str:
        return self.name if self.name == self.student else f"{self.name} ({self.student})"


@dataclass
class Shared:
    """One exercise of a pair."""

    exercise: str
    one_in: float  # of so many pairs one is as alike in the text; 1: all of them
    shows: int = 0  # so many of the class went wrong in this way; 0: these two did not
    mistake: str = ""  # its name, where the catalogue knows it
    texts: tuple[Spans, Spans] = ((), ())  # type: ignore[assignment]


@dataclass
class Pair:
    """Two hand-ins. `by_chance`: so many pairs of a class like this one would be as alike without any cause."""

    one: HandIn
    other: HandIn
    by_chance: float
    shared: list[Shared]  # the exercises that say something, the one that says most first

    def as_json(self) -> dict[str, Any]:
        told = [
            {"exercise": s.exercise, "text_one_pair_in": round(s.one_in, 1)}
            | ({"same_mistake": s.shows, "mistake": s.mistake} if s.shows else {})
            for s in self.shared
        ]
        return {
            "students": [self.one.student, self.other.student],
            "by_chance": float(f"{self.by_chance:.2g}"),
            "exercises": told,
        }


@dataclass
class Similar:
    """A class: whose `whole` hand-ins are the same; all `pairs` more alike than chance, the most alike first.

    And of the others those with the `same` text in one exercise, which hardly anyone else has, where it is long or all
    other exercises are the same, too. By chance alone some pair is the most alike in each exercise, so how often that
    happens cannot be said.
    """

    stage: str
    hand_ins: list[HandIn]
    whole: list[list[HandIn]]  # two or more each, word for word the same in every exercise
    pairs: list[Pair]
    same: list[Pair]

    @property
    def compared(self) -> int:
        return math.comb(len(self.hand_ins), 2)

    @property
    def unknown(self) -> list[str]:
        """Whose results are not stored any more: only their texts and the names of their mistakes were compared."""
        return [one.student for one in self.hand_ins if not one.stored]

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "hand_ins": len(self.hand_ins),
            "compared": self.compared,
            "shown_below": BY_CHANCE,
            "same_hand_in": [[one.student for one in group] for group in self.whole],
            "pairs": [pair.as_json() for pair in self.pairs],
            "same_text": [pair.as_json() for pair in self.same],
        }


def find_similar(stage: Stage, content: Content, step: Step = lambda done, total: None) -> Similar:
    """Compare what was graded last.

    Raises:
        CourseError: where nothing was graded, there are less than two hand-ins, or copydetect is not installed.
    """
    try:
        import copydetect  # noqa: F401
    except ImportError as error:
        fix = 'Install what a class needs: pip install -e ".[classroom]"'
        raise CourseError(Fault("similar", "needs the package copydetect.", fix)) from error
    blueprint = Blueprint(content)
    paths = sorted(stage.course.work.glob(f"autograded/*/{stage.slug}/{stage.slug}.ipynb"))
    total = len(paths) + len(content.written)
    hand_ins = read_hand_ins(paths, blueprint, lambda done: step(done, total))
    answers = read_answers(stage, content, complete=False) if stage.answers.is_file() else []
    known: dict[str, list[str]] = {c.id: [c.source] for c in content.of_kind("exercise") if c.id in content.written}
    for answer in answers:
        known[answer.exercise].append(answer.source)
    provided = [*blueprint.blank.values(), *(cell.source for cell in content.of_kind("given"))]
    alike, same = compare(hand_ins, known, provided, lambda done: step(len(paths) + done, total))
    return Similar(stage.slug, hand_ins, whole_copies(hand_ins), alike, same)


def read_hand_ins(paths: list[Path], blueprint: Blueprint, step: Callable[[int], None]) -> list[HandIn]:
    """Of the notebooks as they were graded."""
    stage = blueprint.stage
    told, roster = load(stage).students, read_roster(stage.course) or Roster()
    names = {person.id: person.shown for person in roster.people}
    slug, content = stage.slug, blueprint.content
    found = []
    for number, path in enumerate(paths):
        step(number)
        student = path.parent.parent.name
        if student not in told or not told[student].ran:
            continue
        try:
            notebook = nbformat.read(path, as_version=4)
        except (OSError, ValueError) as error:
            fix = f"Grade it again: python3 course.py grade {slug} --from … --student {student}"
            raise CourseError(Fault(stage.place(path), "cannot be read.", fix)) from error
        one = HandIn(student, names.get(student, student), mistakes=told[student].misconceptions)
        sources = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in notebook.cells}
        for exercise in content.written:
            source = sources.get(exercise, "")
            if source.strip() and source != blueprint.blank[exercise]:
                one.texts[exercise] = CONTROL.sub("", source).strip("\n")[:MOST_TEXT]
        store = Store(stage.course.verdicts, told[student].sandbox)
        result = store.get(store.path(job(notebook, blueprint, student)))
        one.stored = result is not None
        checks = {check.id: check for check in result.checks} if result else {}
        lost = {name.partition("-")[0] for name, check in checks.items() if not check.passed}
        for cell in content.of_kind("exercise"):  # one mistake counts once: not where it may stand in another exercise
            if cell.id in lost & one.texts.keys() and not lost & set(cell.builds_on):
                one.failed[cell.id] = {c.id: checks[c.id] for c in content.checks(cell.id) if c.id in checks}
        found.append(one)
    if len(found) < 2:
        raise CourseError(Fault(slug, "has less than two graded hand-ins.", "Grade a class first."))
    return found


def whole_copies(hand_ins: list[HandIn]) -> list[list[HandIn]]:
    """Who has the same in every exercise, comments and blank lines too, and not all of it as it was handed out.

    However common each answer is: where most of the class has the same ones, this is all that a copy shows.
    """
    groups: dict[tuple[tuple[str, str], ...], list[HandIn]] = {}
    for one in hand_ins:
        if one.texts:
            groups.setdefault(tuple(sorted(one.texts.items())), []).append(one)
    return sorted((group for group in groups.values() if len(group) > 1), key=len)


def compare(
    hand_ins: list[HandIn],
    known: dict[str, list[str]],
    provided: list[str],
    step: Callable[[int], None] = lambda done: None,
) -> tuple[list[Pair], list[Pair]]:
    """The pairs that are more alike than chance, and of the others those with the same text in one exercise.

    Args:
        known: answers of people outside the class, by exercise.
        provided: what everybody was given, and nobody has to write.
    """
    given = np.unique([piece for source in provided for piece in _pieces(source).hashes] or [0])
    i, j = np.triu_indices(len(hand_ins), 1)  # all pairs
    ranks, count, rare = np.zeros(len(i)), np.zeros(len(i), dtype=int), np.zeros(len(i))
    texts, behaviours = dict[str, _Text](), dict[str, _Behaviour]()
    for number, (exercise, answers) in enumerate(known.items(), 1):
        texts[exercise] = _Text(exercise, hand_ins, answers, given)
        behaviours[exercise] = _Behaviour(exercise, hand_ins)
        both, one_in = texts[exercise].one_in(i, j)
        ranks, count = ranks + np.log(one_in), count + both
        rare += behaviours[exercise].weighs(i, j)
        step(number)
    weight = _joined(ranks, count) + rare
    weight -= np.log(1 + (rare > 0).mean() * weight)
    scale = max(1.0, float(np.quantile(weight, 0.9, method="lower")) / math.log(10))
    by_chance = len(i) * np.exp(-weight / scale)

    def pair(n: int, exercises: Iterable[str]) -> Pair:
        one, other = int(i[n]), int(j[n])
        shared = [_shared(e, texts[e], behaviours[e], hand_ins, one, other) for e in exercises]
        shared.sort(key=lambda s: (-bool(s.shows), -s.one_in))
        return Pair(hand_ins[one], hand_ins[other], float(by_chance[n]), shared)

    order = np.argsort(-weight, kind="stable")
    alike = [pair(n, texts) for n in order[by_chance[order] <= BY_CHANCE].tolist()]
    for found in alike:
        found.shared = [s for s in found.shared if s.shows or s.one_in >= TELLING]
    same: dict[int, list[str]] = {}
    all_of_it = [tuple(text.texts[n] for text in texts.values()) for n in range(len(hand_ins))]
    for exercise, text in texts.items():
        for one, other in text.same(all_of_it):
            n = one * len(hand_ins) - one * (one + 1) // 2 + other - one - 1  # its place among all pairs
            if by_chance[n] > BY_CHANCE:
                same.setdefault(n, []).append(exercise)
    return alike, [pair(n, same[n]) for n in sorted(same, key=lambda n: by_chance[n])]


def _joined(total: Any, count: Any) -> Any:
    """Fisher's method, in natural logarithms, for each pair.

    How unlikely is it that so many numbers, each with the distribution Exp(1), have such a sum?
    """
    term, terms = np.ones(len(total)), np.ones(len(total))
    for k in range(1, int(count.max(initial=0))):
        term = term * total / k
        terms += np.where(k < count, term, 0)
    return np.maximum(0.0, total - np.log(terms))


def _shared(exercise: str, text: _Text, behaviour: _Behaviour, hand_ins: list[HandIn], i: int, j: int) -> Shared:
    _, one_in = text.one_in(np.array([i]), np.array([j]))
    shows = int(behaviour.shows[i]) if behaviour.group[i] == behaviour.group[j] else 0
    mistakes = {hand_ins[n].mistakes.get(exercise, "") for n in (i, j)}
    mistake = mistakes.pop() if shows and len(mistakes) == 1 else ""
    return Shared(exercise, float(one_in[0]), shows, mistake, text.side_by_side(i, j))


class _Text:
    """The texts of one exercise: how much that is rare two of them share."""

    def __init__(self, exercise: str, hand_ins: list[HandIn], answers: list[str], given: Any) -> None:
        prints = {source: _pieces(source, given) for source in {one.texts.get(exercise, "") for one in hand_ins}}
        self.prints = [prints[one.texts.get(exercise, "")] for one in hand_ins]
        self.texts = [frozenset(one.hashes) for one in self.prints]
        others = {frozenset(_pieces(source, given).hashes) for source in answers}
        self.written = Counter([*self.texts, *others])  # how many people wrote just this
        people = [*self.texts, *sorted(others - set(self.texts), key=sorted)]
        self.have = Counter(piece for pieces in people for piece in pieces)
        holders: dict[int, list[int]] = {}
        for number, pieces in enumerate(people):
            for piece in pieces:
                holders.setdefault(piece, []).append(number)
        groups = Counter(tuple(same) for same in holders.values() if len(same) > 1)
        member = np.zeros((len(people), len(groups)))
        for column, same in enumerate(groups):
            member[list(same), column] = 1
        weights = np.array([count / (len(same) - 1) for same, count in groups.items()])
        self.rare = ((member * weights) @ member.T).round(6)
        self.wrote = np.array([bool(pieces) for pieces in self.texts])
        some = np.flatnonzero([bool(pieces) for pieces in people])
        self.ranked = np.sort(self.rare[np.ix_(some, some)][np.triu_indices(len(some), 1)])

    def one_in(self, i: Any, j: Any) -> tuple[Any, Any]:
        """Did both of these pairs write something, and of how many pairs shares one as much? Else it is 1."""
        both = self.wrote[i] & self.wrote[j]
        more = len(self.ranked) - np.searchsorted(self.ranked, self.rare[i, j])
        return both, np.where(both, len(self.ranked) / np.maximum(more, 1), 1.0)

    def same(self, all_of_it: list[tuple[frozenset[int], ...]]) -> Iterator[tuple[int, int]]:
        """The pairs with the same text, hardly anybody else's: a long one, or both have the same in all exercises."""
        wrote: dict[frozenset[int], list[int]] = {}
        for number, text in enumerate(self.texts):
            wrote.setdefault(text, []).append(number)
        for text, numbers in wrote.items():
            if text and self.written[text] <= FEW:
                pairs = combinations(numbers, 2)
                yield from ((i, j) for i, j in pairs if len(text) >= LONG or all_of_it[i] == all_of_it[j])

    def side_by_side(self, i: int, j: int) -> tuple[Spans, Spans]:
        from copydetect import compare_files

        one, other = self.prints[i], self.prints[j]
        levels = [np.zeros(len(p.raw_code), dtype=int) for p in (one, other)]
        for level in (1, 2):
            few = copy.copy(one)
            few.hashes = {piece for piece in one.hashes if level == 1 or self.have[piece] <= FEW}
            _, _, slices = compare_files(few, other)
            for own, found in zip(levels, slices, strict=True):
                for start, end in np.transpose(found) if len(found) else ():
                    own[int(start) : int(end)] = level
        return _spans(one.raw_code, levels[0]), _spans(other.raw_code, levels[1])


def _spans(text: str, levels: Any) -> Spans:
    """The parts of a text; how far a line is indented is nobody's."""
    for space in re.finditer(r"^[ \t]+|\n", text, re.MULTILINE):
        levels[space.start() : space.end()] = 0
    parts = groupby(zip(levels, text, strict=True), key=lambda pair: int(pair[0]))
    return [(level, "".join(character for _, character in part)) for level, part in parts]


def _pieces(source: str, given: Any = None) -> Any:
    """All pieces of a text, without those of what was given: `hashes`, `raw_code` and what `compare_files` needs."""
    from copydetect import CodeFingerprint

    return CodeFingerprint("cell.py", PIECE, 1, given, language="python", fp=io.StringIO(source))


class _Behaviour:
    """Who went wrong in the same way in one exercise.

    Of each student: the number of the group, one's own where one went wrong alone or not at all; how many are in it;
    and what it weighs that two of them are.
    """

    def __init__(self, exercise: str, hand_ins: list[HandIn]) -> None:
        groups: list[list[int]] = []
        for number, one in enumerate(hand_ins):
            if exercise not in (one.failed if one.stored else one.mistakes):
                continue
            same = (group for group in groups if _alike(exercise, hand_ins[group[0]], one))
            if (group := next(same, None)) is not None:
                group.append(number)
            else:
                groups.append([number])
        self.group = -1 - np.arange(len(hand_ins))
        self.shows, self.weight = np.zeros(len(hand_ins), dtype=int), np.zeros(len(hand_ins))
        for number, group in enumerate(groups):
            known = exercise in hand_ins[group[0]].mistakes  # the catalogue is one more who makes it
            self.group[group], self.shows[group] = number, len(group)
            self.weight[group] = -math.log((len(group) + known) / (len(hand_ins) + known))

    def weighs(self, i: Any, j: Any) -> Any:
        return np.where(self.group[i] == self.group[j], self.weight[i], 0.0)


def _alike(exercise: str, one: HandIn, other: HandIn) -> bool:
    if one.stored and other.stored:
        return same_mistake(one.failed[exercise], other.failed[exercise])
    name = one.mistakes.get(exercise)
    return name is not None and name == other.mistakes.get(exercise)


def write_page(similar: Similar, folder: Path) -> Path:
    page = folder / f"{similar.stage}{PAGE}"
    told = {"most": MOST_PAIRS, "by_chance": BY_CHANCE, "long": LONG, "when": f"{datetime.now():%Y-%m-%d %H:%M}"}
    write_whole(page, render("similar.html.j2", similar=similar, **told))
    return page


def write_json(similar: Similar, path: Path) -> None:
    write_whole(path, json.dumps(similar.as_json(), indent=1, ensure_ascii=False) + "\n")
