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
from collections import Counter
from collections.abc import Callable
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
        return {"students": [self.one.student, self.other.student], "by_chance": self.by_chance, "exercises": told}


@dataclass
class Similar:
    """A class: all `pairs` that are more alike than chance, the most alike first.

    And of the others those with the `same` text in one exercise, which is long and which hardly anyone else has. By
    chance alone some pair is the most alike in each exercise, so how often that happens cannot be said.
    """

    stage: str
    hand_ins: list[HandIn]
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
    return Similar(stage.slug, hand_ins, alike, same)


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
    texts, behaviours = dict[str, _Text](), dict[str, dict[tuple[int, int], tuple[int, float]]]()
    for number, (exercise, answers) in enumerate(known.items(), 1):
        texts[exercise] = _Text(exercise, hand_ins, answers, provided)
        behaviours[exercise] = _behaviour(exercise, hand_ins)
        step(number)
    pairs = list(combinations(range(len(hand_ins)), 2))
    mistaken = len({pair for own in behaviours.values() for pair in own}) / len(pairs)  # so many share a mistake
    found: list[tuple[float, int, int, list[Shared]]] = []
    for i, j in pairs:
        shared, ranks, rare = [], list[float](), 0.0
        for exercise, text in texts.items():
            one_in = text.one_in(i, j)
            shows, weight = behaviours[exercise].get((i, j), (0, 0.0))
            if one_in is not None:
                ranks.append(math.log(one_in))
            rare += weight
            shared.append(Shared(exercise, one_in or 1.0, shows))
        both = _joined(ranks) + rare
        found.append((both - math.log(1 + mistaken * both), i, j, shared))
    tenth = float(np.quantile([weight for weight, *_ in found], 0.9, method="lower"))
    scale = max(1.0, tenth / math.log(10))
    alike, same = list[Pair](), list[Pair]()
    for weight, i, j, shared in sorted(found, key=lambda one: -one[0]):
        by_chance = len(pairs) * math.exp(-weight / scale)
        if by_chance <= BY_CHANCE:
            some = [s for s in shared if s.shows or s.one_in >= 10]
        else:
            some = [s for s in shared if texts[s.exercise].same(i, j)]
        if some:
            for s in some:
                s.texts = texts[s.exercise].side_by_side(i, j)
                mistakes = {hand_ins[n].mistakes.get(s.exercise, "") for n in (i, j)}
                s.mistake = mistakes.pop() if len(mistakes) == 1 else ""
            some.sort(key=lambda s: (-bool(s.shows), -s.one_in))
            (alike if by_chance <= BY_CHANCE else same).append(Pair(hand_ins[i], hand_ins[j], by_chance, some))
    return alike, same


def _joined(weights: list[float]) -> float:
    """Fisher's method, in natural logarithms: how unlikely is such a sum, where each has the distribution Exp(1)?"""
    total, count = sum(weights), len(weights)
    terms = [i * math.log(total) - math.lgamma(i + 1) for i in range(count)] if total > 0 else []
    if not terms:
        return 0.0
    most = max(terms)
    return max(0.0, total - most - math.log(sum(math.exp(term - most) for term in terms)))


class _Text:
    """The texts of one exercise: how much that is rare two of them share."""

    def __init__(self, exercise: str, hand_ins: list[HandIn], answers: list[str], provided: list[str]) -> None:
        given = np.unique([piece for source in provided for piece in _pieces(source).hashes] or [0])
        self.prints = [_pieces(one.texts.get(exercise, ""), given) for one in hand_ins]
        texts = [frozenset(one.hashes) for one in self.prints]
        others = {frozenset(_pieces(source, given).hashes) for source in answers}
        self.written = Counter([*texts, *others])  # how many people wrote just this
        people = [*texts, *sorted(others - set(texts), key=sorted)]
        self.have = Counter(piece for pieces in people for piece in pieces)
        holders: dict[int, list[int]] = {}
        for number, pieces in enumerate(people):
            for piece in pieces:
                holders.setdefault(piece, []).append(number)
        self.rare = np.zeros((len(people), len(people)))
        for same, count in Counter(map(tuple, holders.values())).items():
            if len(same) > 1:
                self.rare[np.ix_(same, same)] += count / (len(same) - 1)
        wrote = [number for number, pieces in enumerate(people) if pieces]
        self.rare = self.rare.round(6)
        self.ranked = np.sort([self.rare[i, j] for i, j in combinations(wrote, 2)])

    def one_in(self, i: int, j: int) -> float | None:
        """Of so many pairs one shares as much as these two; None where one of them wrote nothing to be compared."""
        if not self.prints[i].hashes or not self.prints[j].hashes:
            return None
        more = len(self.ranked) - int(np.searchsorted(self.ranked, self.rare[i, j]))
        return len(self.ranked) / more

    def same(self, i: int, j: int) -> bool:
        """Is it the same text, a long one, and hardly anybody else's?"""
        one, other = (frozenset(self.prints[n].hashes) for n in (i, j))
        return one == other and len(one) >= LONG and self.written[one] <= FEW

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
    parts = groupby(zip(levels, text, strict=True), key=lambda pair: int(pair[0]))
    return [(level, "".join(character for _, character in part)) for level, part in parts]


def _pieces(source: str, given: Any = None) -> Any:
    """All pieces of a text, without those of what was given: `hashes`, `raw_code` and what `compare_files` needs."""
    from copydetect import CodeFingerprint

    return CodeFingerprint("cell.py", PIECE, 1, given, language="python", fp=io.StringIO(source))


def _behaviour(exercise: str, hand_ins: list[HandIn]) -> dict[tuple[int, int], tuple[int, float]]:
    """The pairs who went wrong in the same way: how many of the class did, and what it weighs."""
    groups: list[list[int]] = []
    for number, one in enumerate(hand_ins):
        if exercise not in (one.mistakes if not one.stored else one.failed):
            continue
        for group in groups:
            if _alike(exercise, hand_ins[group[0]], one):
                group.append(number)
                break
        else:
            groups.append([number])
    found = {}
    for group in groups:
        known = exercise in hand_ins[group[0]].mistakes  # the catalogue is one more who makes it
        weight = -math.log((len(group) + known) / (len(hand_ins) + known))
        found.update(dict.fromkeys(combinations(group, 2), (len(group), weight)))
    return found


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
