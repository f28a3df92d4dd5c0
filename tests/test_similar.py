"""Which hand-ins are more alike than chance, and how the page shows them."""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.cli.commands import main
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage, find_course
from autograder.feedback import similar, term
from autograder.feedback.export import read_term
from autograder.feedback.last_result import keep
from autograder.feedback.similar import HandIn, Pair, compare, find_similar, write_page
from autograder.grading.grade import grade
from autograder.intake.blueprint import Blueprint
from autograder.intake.roster import Person, Roster, write_roster
from autograder.run.sandbox.bwrap import available
from autograder.stage.read import read_stage

from .conftest import ROOT, run
from .honest.stage import course, solved, source
from .test_report import SCRIPT, is_harmless

SANDBOX = "bwrap" if available()[0] else "none"
WHOLE = ("same", "comments", "renamed", "reformatted", "reordered", "all of these")
COMMON = "def differences(x):\n    return x"
RARE = "def differences(x):\n    return 3 * x[:, 1:] - x[:, :-1]"
# The same outputs, written in another way.
RARE_TOO = "def differences(x):\n    later, earlier = x[:, 1:], x[:, :-1]\n    return later + 2 * later - earlier"
OTHER = "def differences(x):\n    return x[:, :-1] - x[:, 1:] - 1"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.chdir(tmp_path)
    return course(tmp_path)


@pytest.fixture(scope="module")
def bench() -> Any:
    """The benchmark: it knows how to plant copies."""
    spec = importlib.util.spec_from_file_location("benchmark_similar", ROOT / "benchmarks" / "similar.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for it there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pool(bench: Any) -> Any:
    return bench.Pool(find_course(ROOT).stages(("03",))[0])


def hand_in(stage: Stage, **students: dict[str, str]) -> Path:
    """A class: of each student the answers that differ from the right ones."""
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    for student, answers in students.items():
        notebook = solved(source(stage))
        for cell in notebook.cells:
            cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        nbformat.write(notebook, folder / f"{student}.ipynb")
    return folder


def graded(stage: Stage, **students: dict[str, str]) -> None:
    """Grade this class, as the command does."""
    keep(stage, grade(stage, hand_in(stage, **students), SANDBOX))


def command(*words: str, ok: bool = True) -> Result:
    """Run `autograder …` in this process and in this folder."""
    done = CliRunner().invoke(main, words)
    assert (done.exit_code == 0) == ok, done.output
    return done


def wrong(**students: str) -> dict[str, dict[str, str]]:
    return {student: {"differences": answer} for student, answer in students.items()}


def pairs_of(pairs: list[Pair]) -> dict[tuple[str, str], Pair]:
    return {(pair.one.student, pair.other.student): pair for pair in pairs}


# Planted copies


def test_whole_copies_are_found_however_they_were_changed_and_there_are_no_false_alarms(bench: Any, pool: Any) -> None:
    found, false, of = 0, 0, 0
    for seed in range(3):
        made = bench.make(pool, 20, seed)
        told = bench.measure(pool, made, defaultdict(dict))  # by the texts alone: no check was run
        found += sum(told["found"][kind] for kind in WHOLE)
        of, false = of + len(WHOLE), false + told["false"]
    assert of == 18 and found >= 15
    assert false <= 1  # of 570 pairs


def test_a_class_that_has_the_same_short_answers_gives_no_alarm(bench: Any, pool: Any) -> None:
    """Everybody has the solution, or one of two other answers: that is how short exercises are solved."""
    names = [{e: answers[n % 3].source for e, answers in pool.answers.items()} for n in range(12)]
    ins = [HandIn(f"s{n:02}", f"s{n:02}", texts) for n, texts in enumerate(names)]
    alike, same = compare(ins, pool.known, pool.provided)
    assert alike == [] and same == []


def test_a_change_of_names_order_or_layout_does_the_same(bench: Any, pool: Any) -> None:
    """What is planted has to be a copy: it compiles, and other names are in it."""
    answer = next(a for a in pool.answers["typo"] if a.right)
    texts = {kind: bench.change(answer.source, kind, bench.random.Random(0)) for kind in bench.KINDS}
    assert texts["same"] == answer.source
    assert all(texts[kind] != answer.source for kind in ("comments", "renamed", "reformatted", "all of these"))
    import random

    for text in texts.values():
        space: dict[str, Any] = {"LETTERS": "abc"}
        exec(text, space)
        assert [space["typo"]("abca", random.Random(n)) for n in range(20)] == [
            _typo(answer.source)("abca", random.Random(n)) for n in range(20)
        ]


def _typo(text: str) -> Any:
    space: dict[str, Any] = {"LETTERS": "abc"}
    exec(text, space)
    return space["typo"]


@pytest.mark.slow
def test_copies_are_found_in_a_class_that_was_graded(bench: Any, tmp_path: Path) -> None:
    """From notebooks to pairs, with what the judge saw: the commands that a teacher runs."""
    root, n = tmp_path / "course", 20
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "solutions" / "00_start_here", root / "solutions" / "00_start_here")
    stage = Course(root).stages(("00",))[0]
    pool = bench.Pool(stage)
    made = bench.make(pool, n, 0)
    bench.write_class(pool, made, root / "class")
    run("grade", "00", "--from", "class", "--sandbox", SANDBOX, cwd=root)
    said = run("similar", "00", "--json", "pairs.json", cwd=root)
    told = json.loads((root / "pairs.json").read_text(encoding="utf-8"))
    found = {tuple(int(name[-3:]) for name in pair["students"]) for pair in told["pairs"]}
    planted = {kind: pair in found for kind, pair in made.planted.items()}
    assert sum(planted[kind] for kind in WHOLE) >= 5
    assert len(found - set(made.planted.values()) - made.same) <= 1
    shared = [e for pair in told["pairs"] for e in pair["exercises"]]
    assert [e for e in shared if e.get("same_mistake")], "what the judge saw counts"
    assert f"{n} hand-ins" in said.stdout and "stored any more" not in said.stderr
    assert is_harmless((stage.course.work / "report" / "00_start_here.similar.html").read_text(encoding="utf-8"))


def test_who_has_the_same_in_every_exercise_is_shown_however_common_it_is(stage: Stage, one_worker: None) -> None:
    """All others have the solution, so that nothing in a copy is rare; and so have two who copied nothing."""
    note = {"differences": "def differences(x):\n    # mine\n\n    return x[:, 1:] - x[:, :-1]"}
    other = {"differences": note["differences"].replace("# mine\n\n", "# mine\n")}  # a blank line less
    content = read_stage(stage)
    blank = {e: Blueprint(content).blank[e] for e in content.written}
    graded(stage, ana=note, bo=note, cem={}, dana={}, eva=other, finn=blank, gil=blank)
    write_roster(stage.course, Roster([Person("ana", "Müller", "Anna")]))
    found = find_similar(stage, content)
    assert [[one.student for one in group] for group in found.whole] == [["ana", "bo"], ["cem", "dana"]]
    assert found.as_json()["same_hand_in"] == [["ana", "bo"], ["cem", "dana"]]
    assert "Word for word the same in every exercise: Anna Müller (ana), bo." in command("similar", "12").stdout
    text = write_page(found, stage.course.root).read_text(encoding="utf-8")
    assert is_harmless(text) and "Word for word the same" in text and "# mine" in text


def test_a_copy_in_a_sample_class_is_found_word_for_word(bench: Any, pool: Any) -> None:
    drawn, _ = bench.sampled(pool, 14, 0)
    made = [HandIn(f"s{n}", f"s{n}", {e: a.source for e, a in own.items()}) for n, own in enumerate(drawn)]
    for one in made:
        (group,) = [g for g in similar.whole_copies([*made, HandIn("copy", "copy", dict(one.texts))]) if one in g]
        assert "copy" in [hand_in.student for hand_in in group]


def test_a_disguised_copy_with_one_rare_answer_among_common_ones_is_shown(bench: Any, pool: Any) -> None:
    """All of it but one mistake is everybody's: no two of the others share that much."""
    drawn, kinds = bench.sampled(pool, 14, 0)
    made = [HandIn(f"s{n:02}", f"s{n:02}", {e: a.source for e, a in own.items()}) for n, own in enumerate(drawn)]
    before = {(p.one.student, p.other.student) for some in compare(made, pool.known, pool.provided) for p in some}
    wrong = kinds.index("wrong")
    texts = {e: bench.change(a.source, "comments", bench.random.Random(0)) for e, a in drawn[wrong].items()}
    assert texts != made[wrong].texts
    alike, same = compare([*made, HandIn("copy", "copy", texts)], pool.known, pool.provided)
    found = {(p.one.student, p.other.student): p for p in alike + same}
    assert found.keys() - before == {(made[wrong].student, "copy")}
    (shared,) = found[made[wrong].student, "copy"].shared
    assert not drawn[wrong][shared.exercise].right


# What two have in common


def test_the_same_rare_wrong_outputs_count_and_a_common_mistake_hardly_does(
    stage: Stage, one_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similar, "BY_CHANCE", math.inf)
    answers = wrong(ana=RARE, bo=RARE_TOO, cem=COMMON, dana=COMMON, eva=COMMON, finn=COMMON, gil=OTHER)
    answers |= {"hal": {}, "ida": {"roughest": "def roughest(x):\n    return 0"}}
    graded(stage, **answers)
    found = find_similar(stage, read_stage(stage))
    pairs = pairs_of(found.pairs)
    rare = pairs["ana", "bo"].shared[0]
    assert (rare.exercise, rare.shows, rare.mistake) == ("differences", 2, "")
    common = next(s for s in pairs["cem", "dana"].shared if s.exercise == "differences")
    assert common.shows == 4
    assert pairs["ana", "bo"].by_chance < pairs["cem", "dana"].by_chance / 1.5
    for one, other in combinations(sorted(answers), 2):
        if {one, other} not in ({"ana", "bo"}, *({*pair} for pair in combinations(("cem", "dana", "eva", "finn"), 2))):
            assert not [s for s in getattr(pairs.get((one, other)), "shared", ()) if s.shows], (one, other)
    assert not [s for pair in found.pairs for s in pair.shared if s.shows and s.exercise != "differences"], (
        "what builds on a wrong exercise fails with it, and says nothing more"
    )
    assert found.unknown == []


def test_without_what_the_judge_saw_the_names_of_mistakes_are_compared(stage: Stage, one_worker: None) -> None:
    graded(stage, **wrong(ana=COMMON, bo=COMMON, cem=RARE, dana=RARE_TOO), eva={})
    shutil.rmtree(stage.course.verdicts)
    said = command("similar", "12")
    assert "Of 5 hand-ins it is not stored any more what the checks got to see" in said.stderr
    text = (stage.course.work / "report" / "12_my_stage.similar.html").read_text(encoding="utf-8")
    assert "Of 5 hand-ins it is not stored any more" in text


def test_a_mistake_weighs_by_how_rare_it_is() -> None:
    ins = [HandIn(f"s{n}", f"s{n}", mistakes={"f": "rare" if n < 2 else "common"}, stored=False) for n in range(20)]
    told = similar._Behaviour("f", ins)
    assert told.shows.tolist() == [2, 2] + [18] * 18
    assert told.weighs([0, 2, 0], [1, 3, 2]).tolist() == pytest.approx([math.log(21 / 3), math.log(21 / 19), 0])


def test_joined_ranks_are_as_likely_as_they_say() -> None:
    """Fisher's method, against what is drawn."""
    count = np.full(20_000, 5)
    joined = similar._joined(np.random.default_rng(0).exponential(size=(20_000, 5)).sum(axis=1), count)
    for share in (0.5, 0.1, 0.01):
        assert np.mean(joined >= -math.log(share)) == pytest.approx(share, abs=0.01)
    assert similar._joined(np.zeros(3), np.array([0, 1, 7])).tolist() == [0, 0, 0]
    assert np.isfinite(similar._joined(np.full(1, 300.0), np.full(1, 20))).all()


LONG = (
    "def f(x):\n"
    + "".join(f"    a{n} = g{n}(x[{n}], {n}) + {n} * h(a, {n % 7})\n" for n in range(12))
    + "    return x\n"
)


def test_the_same_long_text_in_one_exercise_is_shown_apart_and_what_many_have_is_not() -> None:
    others = [LONG.replace("+", op).replace("12", str(n)) for n, op in enumerate(["-", "*", "/", "@", "|", "&"])]
    texts = [LONG, LONG.replace("a", "my").replace("# ", ""), *others]
    ins = [HandIn(f"s{n}", f"s{n}", {"f": text}) for n, text in enumerate(texts)]
    alike, same = compare(ins, {"f": []}, ["def f(x):\n    raise NotImplementedError\n"])
    assert alike == []  # one exercise is not enough
    assert [(pair.one.student, pair.other.student) for pair in same] == [("s0", "s1")]
    marked = "".join(part for level, part in same[0].shared[0].texts[0] if level == 2)
    assert "return x" in marked and len(marked) > 0.8 * len(LONG)
    everybody = [HandIn(f"s{n}", f"s{n}", {"f": LONG}) for n in range(8)]
    assert compare(everybody, {"f": []}, [""]) == ([], [])


written = st.text(st.characters(exclude_categories=("Cs",)), max_size=300) | st.lists(
    st.sampled_from(["class A:\n", "  def f(self, x):\n", "  return x[:, 1:]\n", "'''", "# 我\n", '"a', "\t", "\0"]),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(written, written)
def test_whatever_somebody_wrote_the_page_has_it_letter_by_letter(one: str, other: str) -> None:
    ins = [HandIn("a", "a", {"f": one}), HandIn("b", "b", {"f": other}), HandIn("c", "c", {"f": other + one})]
    text = similar._Text("f", ins, [one], None)
    for i, j in combinations(range(3), 2):
        left, right = text.side_by_side(i, j)
        assert "".join(part for _, part in left) == ins[i].texts["f"]
        assert "".join(part for _, part in right) == ins[j].texts["f"]


# The page and the command


def test_the_page_is_harmless_careful_and_has_the_names_of_the_roster(
    stage: Stage, one_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similar, "BY_CHANCE", math.inf)
    write_roster(stage.course, Roster([Person("ana", "Müller", "Anna"), Person("bo", "<script>", "李")]))
    evil = f"{RARE}  # {SCRIPT}</pre>\x1b[31m {{{{ 7 * 7 }}}}\n# {SCRIPT}"
    graded(stage, **wrong(ana=evil, bo=RARE_TOO))
    text = write_page(find_similar(stage, read_stage(stage)), stage.course.root).read_text(encoding="utf-8")
    assert is_harmless(text)
    assert "attack_4471" in text and SCRIPT not in text and "{{ 7 * 7 }}" in text and "\x1b" not in text
    assert "Anna Müller" in text and "李 &lt;script&gt;" in text
    assert "it accuses nobody" in text and "Look at both texts yourself" in text
    assert "prefers-color-scheme: dark" in text


def test_the_command_writes_page_and_json_and_touches_no_mark_and_no_feedback(stage: Stage, one_worker: None) -> None:
    graded(stage, **wrong(ana=RARE, bo=RARE_TOO, cem=COMMON), dana={})
    root, work = stage.course.root, stage.course.work
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    said = command("similar", "12", "--json", "pairs.json", "--out", "look")
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
    assert "4 hand-ins, 0 of 6 pairs are more alike than chance." in said.stdout
    assert "Look at both texts yourself" in said.stdout
    assert (root / "look" / "12_my_stage.similar.html").is_file()
    told = json.loads((root / "pairs.json").read_text(encoding="utf-8"))
    assert (told["hand_ins"], told["compared"], told["pairs"], told["same_text"]) == (4, 6, [], [])
    for page in (work / "feedback").rglob("*.html"):
        assert "alike" not in page.read_text(encoding="utf-8")


def test_whoever_is_removed_is_on_no_page_any_more(stage: Stage, one_worker: None) -> None:
    graded(stage, **wrong(ana=RARE, bo=RARE_TOO, cem=COMMON))
    folder = stage.course.work / "report"
    pages = [write_page(find_similar(stage, read_stage(stage)), folder)]
    pages += term.write(term.whole(read_term(stage.course, [stage])), folder)
    assert all("ana" in page.read_text(encoding="utf-8") for page in pages[1:])
    command("remove", "ana", "--yes")
    assert not any(page.exists() for page in pages)
    assert [one.student for one in find_similar(stage, read_stage(stage)).hand_ins] == ["bo", "cem"]


def test_what_cannot_be_compared_is_told(stage: Stage, one_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CourseError, match="has not been graded yet"):
        find_similar(stage, read_stage(stage))
    graded(stage, ana={})
    assert "less than two graded hand-ins" in command("similar", "12", ok=False).stderr
    graded(stage, ana={}, bo={})
    path = stage.course.work / "autograded" / "bo" / stage.slug / f"{stage.slug}.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CourseError, match=r"bo/12_my_stage/12_my_stage\.ipynb: cannot be read"):
        find_similar(stage, read_stage(stage))
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(CourseError, match="needs the package copydetect"):
        find_similar(stage, read_stage(stage))
