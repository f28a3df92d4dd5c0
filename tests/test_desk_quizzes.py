"""The server side of quizzes to click: what is read in a notebook's cells, and where an answer stands in them."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, replace
from typing import Any

import nbformat
import pytest

from autograder.course.layout import Course, Stage
from autograder.desk.quizzes import Cell, Form, cells, forms
from autograder.lab import quiz
from autograder.stage.read import read_stage

from .conftest import ROOT
from .test_quiz import STAGES, released, stage  # noqa: F401

NAMES = ["李伟", "Jörg", "Jo\u0308rg", "STRASSE", "Straße", "İpek", "ipek", "ΣΊΣΥΦΟΣ", "ﬁ", "ana", " ana ", "😀"]


def notebook_cells(notebook: Any) -> list[Cell]:
    """As the browser sends them."""
    found = []
    for cell in notebook.cells:
        label = cell.metadata.get("nbgrader", {})
        found.append(
            Cell(cell.id, cell.cell_type, cell.source, label.get("grade_id", ""), label.get("solution", False))
        )
    return found


@pytest.fixture
def given(stage: Stage) -> list[Cell]:  # noqa: F811
    return notebook_cells(released(stage))


def by_name(given: list[Cell]) -> dict[str, Form]:
    return {form.name: form for form in forms(given)}


def answered(given: list[Cell], name: str, source: str) -> Form:
    """The form of this question where its answer cell says this."""
    return by_name([replace(cell, source=source) if cell.name == name else cell for cell in given])[name]


def written(source: str, place: Any, code: str) -> str:
    """The source after the browser has written there; JavaScript counts UTF-16 units."""
    units = source.encode("utf-16-le")
    new = (place.before + code + place.after).encode("utf-16-le")
    return (units[: place.start * 2] + new + units[place.end * 2 :]).decode("utf-16-le")


@pytest.mark.parametrize("stage", STAGES)
def test_every_question_of_the_course_is_a_form(stage: Stage) -> None:  # noqa: F811
    notebook = nbformat.read(stage.released, as_version=4)
    found = by_name(notebook_cells(notebook))
    ids = {cell.id: cell for cell in notebook.cells}
    quizzes = {q.id: q for q in read_stage(stage).quizzes}
    assert set(found) == set(quizzes)
    for name, form in found.items():
        asked = quizzes[name]
        assert (form.kind, form.letters, form.draw) == (asked.kind, asked.letters, asked.draw)
        assert form.options == ([option.text for option in asked.options] if asked.letters else [])
        assert form.numbers == asked.numbers.split()
        assert (form.state, form.code, form.said, form.chosen) == ("open", "None", "", {})
        source = ids[form.answer].source
        right = asked.value_source("李伟")
        assert written(source, form.place, right) == source.removesuffix("None") + right
        assert f"**Question `{name}`**" in ids[form.text].source
    asking = [form for form in found.values() if form.asks]
    assert len(asking) == any(form.draw for form in found.values())


def test_the_key_is_not_told_to_the_browser(stage: Stage, given: list[Cell]) -> None:  # noqa: F811
    told = json.dumps([asdict(form) for form in forms(given)])
    for question in read_stage(stage).quizzes:
        assert not any(option.says in told for option in question.options)
        assert question.letters or question.key not in told


@pytest.mark.parametrize(
    ("name", "code", "state", "chosen", "said"),
    [
        ("state", '"B"', "good", {"B": ""}, "Your answer is B."),
        ("state", "'b'", "good", {"B": ""}, "Your answer is B."),
        ("state", '"C"', "wrong", {}, "Write one letter of A, B"),
        ("state", "B", "wrong", {}, "B: letters stand in quotes."),
        ("state", '"B', "wrong", {}, "this is no Python"),
        ("state", 'input("?")', "calculated", {}, "run this cell"),
        ("forms", "B, D", "wrong", {}, "B, D: letters stand in quotes."),
        ("forms", "ACD", "wrong", {}, "ACD: letters stand in quotes."),
        ("forms", '"d, a and c"', "good", dict.fromkeys("ACD", ""), "Your answer is ACD."),
        ("forms", '["A", "B"]', "good", dict.fromkeys("AB", ""), "Your answer is AB."),
        ("forms", '""', "open", {}, ""),
        ("count", "3 * 4", "good", {}, "Your answer is 12."),
        ("count", "2 * (5 - -3) // 3 % 4", "good", {}, "Your answer is 1."),
        ("count", "5 / 0", "wrong", {}, "Python cannot work it out: division by zero. Write a number"),
        ("count", "1,5 * 2", "wrong", {}, "Write a number or a calculation"),
        ("count", "2 < 3", "calculated", {}, "run this cell"),
        ("count", "True + 1", "calculated", {}, "run this cell"),
        ("count", "six", "calculated", {}, "Write numbers in digits. Where six is a name of yours"),
        ("count", "-1.5e3", "good", {}, "Your answer is -1500"),
        ("count", "3,5", "wrong", {}, "Write a number or a calculation"),
        ("count", '"48"', "wrong", {}, "Leave the quotes out."),
        ("count", "3 *", "wrong", {}, "this is no Python"),
        ("count", "4 * H", "wrong", {}, "Python does not know H"),
        ("count", "math.pi", "calculated", {}, "run this cell"),
        ("count", "9**9**9**9", "calculated", {}, "run this cell"),  # and nobody waits for it
        ("hot", "(2, 3)", "good", {}, "Your answer is (2, 3)."),
        ("hot", "[2, 3]", "good", {}, "Your answer is (2, 3)."),
        ("hot", "(2 * 3, 4)", "good", {}, "Your answer is (6, 4)."),
        ("hot", "16 * 7", "wrong", {}, "a single size as (2,)"),
        ("hot", "(1.5 * 2, 3)", "wrong", {}, "a single size as (2,)"),
        ("hot", "(16, x)", "calculated", {}, "Write numbers in digits. Where x is a name of yours"),
        ("hot", "3", "wrong", {}, "a single size as (2,)"),
        ("maps", '{"A": 1}', "wrong", {"A": "1"}, "There is no number for B, C."),
        ("maps", '{"A": 1, "b": "2", "C": 3}', "good", {"A": "1", "B": "2", "C": "3"}, "Your answer is A 1, B 2, C 3."),
        ("maps", "{A: 1}", "wrong", {}, "A: letters stand in quotes."),
        ("maps", '{"A": 9, "B": 1}', "wrong", {"B": "1"}, "Write one number of 1, 2, 3"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_the_check_reads_it(
    given: list[Cell], name: str, code: str, state: str, chosen: dict[str, str], said: str
) -> None:
    source = f"# 计算 😀: {name} = None\n{name} = {code}  # {name} = 7"
    if code == '"B':
        source = f"# 😀\n{name} = {code}"
    form = answered(given, name, source)
    assert (form.state, form.chosen) == (state, chosen)
    assert said in form.said
    assert form.code == code
    assert written(source, form.place, "None") == source.replace(f"{name} = {code}", f"{name} = None")


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("count = None", "count = 7"),
        ("count=None", "count=7"),
        ("count: int = None # 😀", "count: int = 7 # 😀"),
        ("count = 1\ncount = (  # four\n    3 *\n    4)\nprint()", "count = 1\ncount = (  # four\n    7)\nprint()"),
        ("count = 1; x = 2", "count = 7; x = 2"),
        ("é = '😀'; count = 1", "é = '😀'; count = 7"),
        ("x = count = 3", "x = count = 7"),
        ("", "count = 7"),
        ("# nothing", "# nothing\ncount = 7"),
        ("if True:\n    count = 3", "if True:\n    count = 3\ncount = 7"),
        ("count == 3\n", "count == 3\ncount = 7"),
        ("%time x = 1\n!ls\ncount = 3  # mine", "%time x = 1\n!ls\ncount = 7  # mine"),
        ("count = (7\n % 3)", "count = (7)"),
        ("count = \n", "count = 7\n"),
        ("count =", "count = 7"),
        ("count = 3 +# plus", "count = 7# plus"),
        ("x = 1\r\ncount = 3\r\n", "x = 1\r\ncount = 7\r\n"),
        ('"""\ncount = 2\n"""\ncount = 3', '"""\ncount = 2\n"""\ncount = 7'),
        ("student = 'a'\ncount = 3\n\n\n", "student = 'a'\ncount = 7\n\n\n"),
    ],
)  # fmt: skip
def test_only_the_right_side_is_replaced(given: list[Cell], source: str, after: str) -> None:
    assert written(source, answered(given, "count", source).place, "7") == after


@pytest.mark.parametrize("source", ["count = {\n'a': 1,\n", "count = 3\nif x", "count = 3\n)", "'''\ncount = 3"])
def test_a_cell_that_cannot_be_read_is_not_written_to(given: list[Cell], source: str) -> None:
    form = answered(given, "count", source)
    assert form.place is None
    assert form.state == "wrong"
    assert "this cell is no Python" in form.said


def test_nothing_of_a_notebook_is_run(given: list[Cell], tmp_path: Any) -> None:
    mark = tmp_path / "ran"
    source = f"count = open({str(mark)!r}, 'w').write('x')"
    assert answered(given, "count", source).state == "calculated"
    assert answered(given, "hot", f"hot = (__import__('os').mkdir({str(mark)!r}),)").state == "calculated"
    assert not mark.exists()


def test_what_only_looks_like_a_question_is_none(given: list[Cell]) -> None:
    (check,) = (cell for cell in given if cell.name == "state-answer")
    for old, new in [
        ('"state", state', '"state", other'),
        ('"one"', "kind"),
        ('"one"', '"any"'),
        ('options="AB"', 'options="<b>"'),
        ('options="AB"', "options=letters"),
        ('options="AB"', 'options="AB", more=1'),
        ("quiz_answer = quiz.read", "if 1: quiz_answer = quiz.read"),
        ("quiz.read(", "quiz.read(("),
    ]:
        assert old in check.source
        other = replace(check, source=check.source.replace(old, new))
        assert "state" not in by_name([other if cell is check else cell for cell in given]), new
    assert "count" in by_name(given)


def test_a_form_goes_where_the_answer_is(given: list[Cell]) -> None:
    (index,) = (i for i, cell in enumerate(given) if cell.name == "state" and cell.solution)
    cell = given[index]
    deleted = [*given[:index], *given[index + 1 :]]
    assert "state" not in by_name(deleted)
    as_text = [*given[:index], replace(cell, type="markdown"), *given[index + 1 :]]
    assert "state" not in by_name(as_text)
    # Split: both halves have nbgrader's name.
    halves = [replace(cell, id="one", source="# In place"), replace(cell, id="two", source="state = None")]
    assert by_name([*given[:index], *halves, *given[index + 1 :]])["state"].answer == "two"
    # nbgrader's names are lost.
    bare = [replace(cell, name="", solution=False) for cell in given]
    assert {name: form.answer for name, form in by_name(bare).items()} == {
        name: form.answer for name, form in by_name(given).items()
    }
    # A copy of the check changes nothing.
    assert forms([*given, given[index + 1]]) == forms(given)


def test_options_that_a_person_has_changed_are_not_shown_twice(given: list[Cell]) -> None:
    (text,) = (cell for cell in given if "**Question `state`**" in cell.source)
    other = replace(text, source=text.source.replace("- **B.** ", "- B: "))
    form = by_name([other if cell is text else cell for cell in given])["state"]
    assert (form.options, form.letters) == ([], "AB")


def test_what_a_person_wrote_below_a_question_stays_in_sight(given: list[Cell]) -> None:
    found = by_name(given)
    assert found["count"].draw_told and found["state"].options and not found["state"].draw_told
    for note in ("\n\nMy note.", "\n\n*Mine.*", "\n\n- mine", " mine"):
        changed = by_name(
            [replace(cell, source=cell.source + note) if cell.type == "markdown" else cell for cell in given]
        )
        assert changed["count"].draw_told == found["count"].draw_told
        if "- " in note:
            assert not changed["state"].options
    own = [replace(cell, source=cell.source.replace("of your own.", "*mine*.")) for cell in given]
    assert not by_name(own)["count"].draw_told


# Numbers of each student's own


def test_the_numbers_are_those_of_the_check(given: list[Cell]) -> None:
    """For thousands of names, as they may be typed."""
    draw = random.Random(1)
    letters = [chr(c) for c in range(32, sys.maxunicode) if chr(c).isprintable()]
    names = NAMES + ["".join(draw.choices(letters, k=draw.randint(1, 8))) for _ in range(1000)]
    given = [cell for cell in given if cell.name.startswith(("count", "hot"))]
    for name in names:
        source = f"student = {name!r}\ncount = 1"
        found = by_name([replace(cell, source=source) if cell.name == "count" else cell for cell in given])
        for question in ("count", "hot"):
            if not name.strip():
                continue
            numbers = quiz.draw_numbers(found[question].draw, name.strip()[:60], question)
            assert found[question].drawn == ", ".join(f"{k} = {v}" for k, v in numbers.items())
        assert found["count"].student == name


def test_the_id_is_asked_for_once_and_written_to_its_line(given: list[Cell]) -> None:
    found = by_name(given)
    count, hot = found["count"], found["hot"]
    assert count.asks and not hot.asks
    assert count.undrawn.endswith("when your id is here.")
    assert hot.undrawn.endswith("when your id is at question count.")
    source = next(cell.source for cell in given if cell.id == count.answer)
    assert written(source, count.asks, '"李"') == source.replace('student = ""', 'student = "李"')


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("# how\ncount = None", '# how\nstudent = "x"\ncount = None'),
        ("count = None", 'student = "x"\ncount = None'),
        ("# how", '# how\nstudent = "x"\ncount = None'),
    ],
)
def test_a_line_for_the_id_that_is_gone_is_made_again(given: list[Cell], source: str, after: str) -> None:
    form = answered(given, "count", source)
    assert form.asks is not None
    now = written(source, form.asks, '"x"')
    again = answered(given, "count", now)
    assert again.student == "x" and again.drawn
    assert (now if "count" in now else written(now, again.place, "None")) == after


def test_an_id_that_is_worked_out_is_left_alone(given: list[Cell]) -> None:
    found = by_name(
        [replace(cell, source="student = getuser()\ncount = 1") if cell.name == "count" else cell for cell in given]
    )
    assert not any(form.asks or form.drawn for form in found.values())
    assert "no text in quotes" in found["hot"].undrawn


@pytest.mark.parametrize("told", [None, [], {}, {"cells": 1}, {"cells": [1]}, {"cells": [{"id": "a"}]}])
def test_a_request_of_another_form_is_refused(told: Any) -> None:
    with pytest.raises(ValueError, match="must have cells"):
        cells(told)


def test_ninety_questions_are_read_at_once() -> None:
    """The largest page of the course, with its answers."""
    last = Stage(Course(ROOT), "12_quizzes")
    assert len(forms(notebook_cells(nbformat.read(last.released, as_version=4)))) > 70
