"""How many planted copies `autograder similar` finds, and how many false alarms it gives, over several classes.

    .venv/bin/python benchmarks/similar.py                          stage 03, classes of 20, 30 and 200, five seeds each
    .venv/bin/python benchmarks/similar.py 07 --students 30 --seeds 10
    .venv/bin/python benchmarks/similar.py --json result.json

A class is drawn from the answer catalogue: each student takes for each exercise an answer that nobody has yet, as long
as there are some; a right one in `RIGHT` of the cases. So most wrong answers are used once in a small class. Of right
ones the catalogue has few, so many students have the same text there, which is what happens with short exercises. Two
who drew the same answers in half of the exercises are no false alarm: they did hand in the same.

Classes as `autograder sample-class` makes them are measured apart: there most of every hand-in is the solution, and a
copy has in common with its source what it has in common with everybody.

Then copies are planted, one of each kind in `KINDS`: all of somebody's exercises, changed by `change`, or only one of
them. A copy is found where the pair of both is shown.

What a check gets to see is real: each answer that is drawn or changed runs in the judge once, with the reference in
place of the other exercises, and its results are stored in the course as those of the catalogue are.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import os
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import nbformat

from autograder.course.layout import Stage, find_course
from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.compare import Checks
from autograder.feedback.similar import HandIn, compare, whole_copies
from autograder.intake.blueprint import Blueprint
from autograder.lab.markers import BEGIN_SOLUTION, END_SOLUTION
from autograder.proof.sample import make_class
from autograder.run.store import Store, run_cached
from autograder.run.worker.pool import workers_for
from autograder.stage.model import Answer
from autograder.stage.read import read_answers, read_stage

RIGHT = 0.6  # of the answers of a class, where the catalogue has enough right ones
WHOLE = ("same", "comments", "renamed", "reformatted", "reordered", "all of these")
KINDS = (*WHOLE, "one exercise", "one mistake")
Drawn = dict[str, Answer]  # a student's answers, by exercise


# Changing a text so that it does the same


def change(source: str, kind: str, rng: random.Random) -> str:
    """The same program with other comments, names, layout or order."""
    if kind == "same":
        return source
    if kind in ("renamed", "all of these", "one exercise", "one mistake"):
        source = _renamed(source)
    if kind in ("reordered", "all of these"):
        source = _reordered(source)
    if kind in ("reformatted", "all of these"):
        lines = ast.unparse(ast.parse(source)).split("\n")
        indents = [len(line) - len(line.lstrip()) for line in lines]
        source = "\n".join(" " * (n // 2) + line.lstrip() for n, line in zip(indents, lines, strict=True))
    if kind in ("comments", "all of these"):
        source = "\n".join(
            f"{line}  # {rng.choice(['now', 'as said', 'see above'])} {n}"
            if line.rstrip().endswith((")", ":"))
            else line
            for n, line in enumerate(source.split("\n"))
        )
        ast.parse(source)
    return source


def _renamed(source: str) -> str:
    """Other names for what a function assigns; parameters and attributes are part of what a check may use."""
    places: set[tuple[int, int, str]] = set()
    for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)):
        inside = list(ast.walk(function))
        names = [node for node in inside if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)} - {"__class__"}
        own -= {node.arg for node in inside if isinstance(node, ast.arg)}
        own -= {name for node in inside if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
        places |= {(node.lineno, node.col_offset, node.id) for node in names if node.id in own}
    lines = [line.encode() for line in source.split("\n")]
    for number, column, _ in sorted(places, reverse=True):  # from the end, so that the other places stay
        line = lines[number - 1]
        lines[number - 1] = line[:column] + b"my_" + line[column:]
    renamed = b"\n".join(lines).decode()
    ast.parse(renamed)
    return renamed


def _reordered(source: str) -> str:
    """Methods in another order, and neighbouring assignments swapped where neither uses a name of the other."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        if isinstance(node, ast.ClassDef):
            methods = [n for n in body if isinstance(n, ast.FunctionDef)]
            others = [n for n in body if not isinstance(n, ast.FunctionDef)]
            node.body = [*others, *reversed(methods)]
            continue
        i = 0
        while i + 1 < len(body):
            if _independent(body[i], body[i + 1]):
                body[i], body[i + 1] = body[i + 1], body[i]
                i += 1
            i += 1
    return ast.unparse(tree)


def _independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Assignments of numbers, names and arithmetic to different names: no call, so that no random number moves."""
    told = []
    for statement in (one, other):
        if not isinstance(statement, ast.Assign) or any(
            isinstance(n, ast.Call | ast.Attribute | ast.Subscript) for n in ast.walk(statement.targets[0])
        ):
            return False
        names = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
        stores = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        calls = any(isinstance(n, ast.Call | ast.NamedExpr | ast.Await) for n in ast.walk(statement.value))
        told.append((stores, {n.id for n in names} - stores, calls))
    (stores, uses, calls), (others, other_uses, other_calls) = told
    return not (stores & (others | other_uses) or others & uses or (calls and other_calls))


# A class


class Pool:
    """The answers of a stage, and what came out for each of them."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.content = stage, read_stage(stage)
        self.blueprint = Blueprint(self.content)
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        for cell in self.content.of_kind("exercise"):
            if cell.id in self.content.written:
                self.answers[cell.id].append(_plain(Answer(True, cell.id, "solution", cell.source)))
        for answer in read_answers(stage, self.content):
            self.answers[answer.exercise].append(_plain(answer))
        self.known = {exercise: [a.source for a in answers] for exercise, answers in self.answers.items()}
        given = [cell.source for cell in self.content.of_kind("given")]
        self.provided = [*self.blueprint.blank.values(), *given]

    def draw(self, students: int, rng: random.Random) -> list[Drawn]:
        left: dict[tuple[str, bool], list[Answer]] = {}
        drawn = []
        for _ in range(students):
            own = {}
            for exercise, answers in self.answers.items():
                right = rng.random() < RIGHT
                there = [answer for answer in answers if answer.right == right] or answers
                if not left.get((exercise, right)):
                    left[exercise, right] = rng.sample(there, len(there))
                own[exercise] = left[exercise, right].pop()
            drawn.append(own)
        return drawn

    def copied(self, source: Drawn, own: Drawn, kind: str, rng: random.Random) -> Drawn:
        taken = list(source)
        if kind in ("one exercise", "one mistake"):
            some = [e for e in source if source[e].right == (kind == "one exercise")] or taken
            taken = [max(some, key=lambda e: len(source[e].source))]
        changed = {e: Answer(source[e].right, e, source[e].name, change(source[e].source, kind, rng)) for e in taken}
        return {**own, **changed}


def _plain(answer: Answer) -> Answer:
    """As a student writes it."""
    lines = [line for line in answer.source.split("\n") if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION)]
    return Answer(answer.right, answer.exercise, answer.name, "\n".join(lines), answer.says)


@dataclass
class Class:
    """What was planted: pairs by kind; `same` are those who drew the same answers in half of the exercises."""

    drawn: list[Drawn]
    planted: dict[str, tuple[int, int]] = field(default_factory=dict)
    same: set[tuple[int, int]] = field(default_factory=set)

    def drew_the_same(self, i: int, j: int, exercise: str) -> bool:
        return self.drawn[i][exercise].name == self.drawn[j][exercise].name


def make(pool: Pool, students: int, seed: int) -> Class:
    rng = random.Random(seed)
    drawn = pool.draw(students, rng)
    made = Class(drawn)
    places = rng.sample(range(students), 2 * len(KINDS))
    for kind, i, j in zip(KINDS, places[::2], places[1::2], strict=True):
        drawn[j] = pool.copied(drawn[i], drawn[j], kind, rng)
        made.planted[kind] = min(i, j), max(i, j)
    for i in range(students):
        for j in range(i + 1, students):
            equal = sum(made.drew_the_same(i, j, exercise) for exercise in drawn[i])
            if 2 * equal >= len(drawn[i]) and (i, j) not in made.planted.values():
                made.same.add((i, j))
    return made


def write_class(pool: Pool, made: Class, folder: Path) -> None:
    """As notebooks that can be graded."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, own in enumerate(made.drawn):
        notebook = nbformat.from_dict(pool.blueprint.released)
        for cell in notebook.cells:
            if (exercise := cell.metadata.get("nbgrader", {}).get("grade_id")) in own:
                cell.source = own[exercise].source
        nbformat.write(notebook, folder / f"student_{number:03}.ipynb")


def outcomes(pool: Pool, made: list[Class], run: Callable[[Any], Any]) -> dict[tuple[str, str], Checks]:
    """What came out for each wrong text of these classes."""
    wrong = {(a.exercise, a.source): a for one in made for own in one.drawn for a in own.values() if not a.right}
    catalogue = Catalogue(pool.content, pool.blueprint.limits, run)
    catalogue.wrong = list(wrong.values())
    return {(e, a.source): checks for e in pool.answers for a, checks in catalogue.known(e)}


def hand_ins(pool: Pool, made: Class, came_out: dict[tuple[str, str], Checks]) -> list[HandIn]:
    found = []
    for number, own in enumerate(made.drawn):
        one = HandIn(f"student_{number:03}", f"student_{number:03}", {e: a.source for e, a in own.items()})
        for cell in pool.content.of_kind("exercise"):
            if cell.id in own and not own[cell.id].right and all(own[e].right for e in cell.builds_on if e in own):
                one.failed[cell.id] = came_out[cell.id, own[cell.id].source]
                one.mistakes[cell.id] = own[cell.id].name
        found.append(one)
    return found


def measure(pool: Pool, made: Class, came_out: dict[tuple[str, str], Checks]) -> dict[str, Any]:
    begin = time.perf_counter()
    ins = hand_ins(pool, made, came_out)
    alike, in_one = (
        {(int(p.one.student[-3:]), int(p.other.student[-3:])): p for p in pairs}
        for pairs in compare(ins, pool.known, pool.provided)
    )
    planted = set(made.planted.values())
    drew = [pair for pair, p in in_one.items() if all(made.drew_the_same(*pair, s.exercise) for s in p.shared)]
    return {
        "found": {kind: pair in alike for kind, pair in made.planted.items()},
        "in_one": {kind: pair in in_one for kind, pair in made.planted.items()},
        "false": len(alike.keys() - planted - made.same),
        "false_in_one": len(in_one.keys() - planted - set(drew)),
        "same": len(made.same),
        "seconds": time.perf_counter() - begin,
    }


# A class as `autograder sample-class` makes it: most answers are the solution, so most of a copy is everybody's


def sampled(pool: Pool, students: int, seed: int) -> tuple[list[Drawn], list[str]]:
    """What those hand in who wrote something, and which kind of student each is."""
    with tempfile.TemporaryDirectory() as folder:
        all_of_them = make_class(pool.stage, students, seed, Path(folder)).values()
    made = [one for one in all_of_them if one.answers and one.kind != "broken file"]
    by_name = {(a.exercise, a.name): a for answers in pool.answers.values() for a in answers}
    drawn = []
    for one in made:
        told = {e: name for e, name in one.answers.items() if e in pool.answers}
        broken = "a line that is not Python"
        drawn.append({
            e: by_name.get((e, name))
            or Answer(False, e, broken, by_name[e, "solution"].source + "\nreturn )")
            for e, name in told.items()
        })  # fmt: skip
    return drawn, [one.kind for one in made]


def measure_sampled(pool: Pool, students: int, seeds: int) -> dict[str, dict[str, int]]:
    """Each student's copy, of each kind in turn, added to the class: how many are found, by kind of student.

    By the texts alone: nothing is run. Found is what any part of the page shows. `false` counts the pairs of a class
    without a copy that are shown as more alike than chance, or with the same text in one exercise.
    """
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for seed in range(seeds):
        drawn, kinds = sampled(pool, students, seed)
        made = [HandIn(f"s{n}", f"s{n}", {e: a.source for e, a in own.items()}) for n, own in enumerate(drawn)]
        found["class"]["false"] += sum(map(len, compare(made, pool.known, pool.provided)))
        found["class"]["pairs"] += math.comb(len(made), 2)
        for one, own, of in zip(made, drawn, kinds, strict=True):
            for kind in WHOLE:
                try:
                    texts = {e: change(a.source, kind, random.Random(seed)) for e, a in own.items()}
                except SyntaxError:  # a broken one can only be copied as it is
                    continue
                class_ = [*made, HandIn("copy", "copy", texts)]
                pairs = [pair for some in compare(class_, pool.known, pool.provided) for pair in some]
                shown = any({p.one.student, p.other.student} == {one.student, "copy"} for p in pairs)
                whole = any({one.student, "copy"} <= {h.student for h in group} for group in whole_copies(class_))
                found[of][f"{kind}: of"] += 1
                found[of][kind] += shown or whole
    return {kind: dict(told) for kind, told in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", nargs="?", default="03")
    parser.add_argument("--students", type=int, nargs="+", default=[20, 30, 200])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    stage = find_course().stages((told.stage,))[0]
    pool = Pool(stage)
    classes = {n: [make(pool, n, seed) for seed in range(told.seeds)] for n in told.students}
    with workers_for(stage, "bwrap", told.jobs) as workers:
        store = Store(stage.course.verdicts, "bwrap")
        came_out = outcomes(pool, [c for of in classes.values() for c in of], lambda w: run_cached(w, store, workers))
    result: dict[Any, Any] = {}
    for n, of in classes.items():
        all_of = [measure(pool, made, came_out) for made in of]
        count = len(all_of)
        result[n] = {
            "classes": count,
            "found": {kind: sum(one["found"][kind] for one in all_of) for kind in KINDS},
            "same_text_in_one_exercise": {kind: sum(one["in_one"][kind] for one in all_of) for kind in KINDS},
            "false": sum(one["false"] for one in all_of),
            "false_in_one": sum(one["false_in_one"] for one in all_of),
            "pairs": math.comb(n, 2) * count,
            "drew_the_same": sum(one["same"] for one in all_of),
            "seconds": statistics.median(one["seconds"] for one in all_of),
        }
        print(
            f"\n{stage.slug}, {count} classes of {n}: found as more alike than chance, as the same text in one exercise"
        )
        for kind in KINDS:
            print(f"  {kind:14} {result[n]['found'][kind]:5} {result[n]['same_text_in_one_exercise'][kind]:5}")
        print(
            f"  false alarms   {result[n]['false']:5} {result[n]['false_in_one']:5}   of {result[n]['pairs']:,} pairs"
        )
        print(f"  drew the same answers in half of the exercises: {result[n]['drew_the_same']} pairs")
        print(f"  {result[n]['seconds']:.1f} s a class", flush=True)
    result["sample-class"] = of_sample = measure_sampled(pool, 30, min(told.seeds, 3))
    print(f"\n{stage.slug}, classes of 30 as `sample-class` makes them, and a copy of each student in turn: found")
    for of, numbers in of_sample.items():
        if of != "class":
            shown = ", ".join(f"{kind} {numbers[kind]}/{numbers[f'{kind}: of']}" for kind in WHOLE if kind in numbers)
            print(f"  {of:14} {shown}")
    print(f"  shown without a copy: {of_sample['class']['false']} of {of_sample['class']['pairs']:,} pairs")
    if told.json:
        told.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
