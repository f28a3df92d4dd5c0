"""Quizzes: from the source form to the mark, and nothing of the key in what students get."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from autograder.build.release import blank_source, release, source_notebook
from autograder.build.write import build
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.feedback.quiz_counts import option_counts
from autograder.gradebook.database import Database
from autograder.gradebook.results import ClassResult
from autograder.grading.grade import grade
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job, prepare
from autograder.intake.recover import recover
from autograder.lab import ExpectationError, quiz
from autograder.proof.quizzes import prove_quizzes, wrong_answers
from autograder.proof.sample import make_class
from autograder.proof.verify import prove
from autograder.run.store import Store
from autograder.stage.question import Quiz
from autograder.stage.read import read_answers, read_stage

from .conftest import ROOT, edit, generate_feedback, run

CANARY = "canary_9917"  # stands in every sentence
QUIZ = f"""
# %% [markdown]
# ## 12.9 Quiz

# %% [markdown] quiz="state" kind="one" points=1 read="12.9"
# Which state goes to the decoder?
#
# - [ ] A. The state after the last column.
#   > {CANARY} That column may be a pad.
# - [x] B. The state after
#   the word's own last letter.
#   > {CANARY} Yes: it has read
#   > only real letters.

# %% [markdown] quiz="forms" kind="several" points=3 read="12.9"
# Which are forms of the score?
#
# - [x] A. dot product
#   > {CANARY} Yes, dot.
# - [x] B. weighted
#   > {CANARY} Yes, weighted.
# - [x] C. additive
#   > {CANARY} Yes, additive.
# - [ ] D. derivative
#   > {CANARY} Nothing is derived.

# %% [markdown] quiz="count" kind="number" points=1 read="12.9" draw="I=8,16,24 H=32,48,64"
# An LSTM has {{I}} inputs and {{H}} hidden units: $4\\,H^{{2}}$ weights and more. How many parameters?
#
# - [x] 4 * H * (I + H + 2)
#   > {CANARY} Four gates.
# - [ ] 4 * H * (I + H + 1)
#   > {CANARY} One bias is missing; {{H}} units have two.
# - [ ] else
#   > {CANARY} Count one gate first.

# %% [markdown] quiz="hot" kind="shape" points=1 read="Quiz" draw="B=3,5 T=7,9"
# `ids` is [{{B}}, {{T}}]. What is the shape of `one_hot(ids, 29)`?
#
# - [x] (B, T, 29)
#   > {CANARY} Yes.
# - [ ] (B, 29, T)
#   > {CANARY} The new dimension comes last.
# - [ ] else
#   > {CANARY} One vector for each position.

# %% [markdown] quiz="maps" kind="match" points=1 read="12.9"
# Which heatmap belongs to which model?
#
# 1. LSTM
# 2. RNN
# 3. GRU
#
# - [2] A. stripes
#   > {CANARY} Look at the stripes.
# - [1] B. dots
#   > {CANARY} Look at the dots.
# - [3] C. waves
#   > {CANARY} Look at the waves.
"""
STAGES = [pytest.param(stage, id=stage.slug) for stage in Course(ROOT).stages()]


@pytest.fixture
def stage(mini: Stage) -> Stage:
    """The mini course's stage with a question of each kind."""
    mini.text.write_text(mini.text.read_text(encoding="utf-8") + QUIZ, encoding="utf-8")
    return mini


def questions(stage: Stage) -> dict[str, Quiz]:
    return {q.id: q for q in read_stage(stage).quizzes}


def released(stage: Stage) -> Any:
    return release(source_notebook(read_stage(stage)))


def faults(stage: Stage) -> list[str]:
    with pytest.raises(CourseError) as caught:
        read_stage(stage)
    return [str(fault) for fault in caught.value.faults]


# The source form


def test_a_question_becomes_text_answer_and_check(stage: Stage) -> None:
    content = read_stage(stage)
    assert content.exercises == ["differences", "state", "forms", "count", "hot", "maps"]
    assert content.written == ["differences"]
    assert content.max_score == 2 + 7
    cells = {c.id: c.source for c in released(stage).cells}
    assert cells["state"] == '# In place of None: write one letter of A, B in quotes, like "B".\nstate = None'
    assert cells["state-answer"].endswith('quiz_answer = quiz.read("state", state, "one", options="AB")')
    assert 'student = ""' in cells["count"]
    assert "student =" not in cells["hot"], "a stage asks for the id once"
    texts = [c.source for c in released(stage).cells if c.cell_type == "markdown"]
    state, forms, count, *_ = [text for text in texts if text.startswith("**Question")]
    assert "- **B.** The state after the word's own last letter." in state
    assert "(right ones chosen − wrong ones chosen) / number of right ones" in forms
    assert "An LSTM has I inputs and H hidden units: $4\\,H^{2}$ weights" in count


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        ('quiz="state"', 'quiz="my-state"', '"my-state" is no valid quiz id'),
        ('quiz="state"', 'quiz="forms"', 'the id "forms" is there twice'),
        ('quiz="state"', 'quiz="differences"', 'the id "differences" is there twice'),
        ('quiz="state" kind="one"', 'quiz="state" kind="any"', "has kind='any'"),
        ('kind="one" points=1', 'kind="one"', "has no points"),
        ('kind="one" points=1', 'kind="one" points=0', "has points=0"),
        ('kind="one" points=1', 'kind="one" point=1 points=1', "unknown key 'point'"),
        ('points=1 read="12.9"\n# Which state', 'points=1\n# Which state', "names no section"),
        ('points=1 read="12.9"\n# Which state', 'points=1 read="12.8"\n# Which state', 'no section "12.8"'),
        ('points=1 read="12.9"\n# Which state', 'points=1 read="03.1"\n# Which state', 'no section "03.1"'),
        ("# Which state goes to the decoder?\n", "", "asks nothing"),
        ("- [x] B. The", "- [ ] B. The", "has no right option"),
        ("- [ ] A. The", "- [x] A. The", "has 2 right options"),
        ("- [ ] A. The", "- [?] A. The", "[?] is neither right nor wrong"),
        ("- [ ] A. The", "- [ ] The", "has no letter A"),
        (f"#   > {CANARY} That column may be a pad.\n", "", 'option "A" of quiz "state" has no sentence'),
        (f"#   > {CANARY} Count one gate first.\n", "", 'option "else" of quiz "count" has no sentence'),
        ("#   > only real letters.\n", "#   > only\n# and so on\n", "'and so on' belongs to no option"),
        ("4 * H * (I + H + 1)", "4 * H * (I + H + J)", "cannot calculate '4 * H * (I + H + J)'"),
        ("4 * H * (I + H + 1)", "4 * H * (I + H) + 8 * H", "has the same value as"),
        ("(B, 29, T)", "B * T", "It should be a shape"),
        (f"- [ ] else\n#   > {CANARY} Count", f"- [ ] 7\n#   > {CANARY} Count", "is not else"),
        ('draw="I=8,16,24 H=32,48,64"', 'draw="I=8,x"', "cannot read draw="),
        ('kind="one" points=1', 'kind="one" draw="I=1,2" points=1', "Only number and shape may have it"),
        ('draw="I=8', 'tolerance="tiny" draw="I=8', "tolerance='tiny' is no number"),
        ("- [3] C. waves", "- [4] C. waves", "the question lists no number 4"),
        ("- [3] C. waves", "- [x] C. waves", "[x] is no number"),
        ("plots.use_style()\n", "plots.use_style()\nstudent = 1\n", 'defines "student"'),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_place_and_fix(stage: Stage, old: str, new: str, fact: str) -> None:
    edit(stage, old, new)
    found = faults(stage)
    assert any(fact in fault for fault in found), found
    for fault in found:
        place, _, rest = fault.partition(": ")
        assert re.fullmatch(r"solutions/12_my_stage/notebook.py:\d+", place)
        assert rest.endswith((".", "`"))


def test_a_fault_names_the_line_of_the_option(stage: Stage) -> None:
    edit(stage, "- [3] C. waves", "- [x] C. waves")
    lines = stage.text.read_text(encoding="utf-8").split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "C. waves" in line)
    assert f"notebook.py:{number}:" in faults(stage)[0]


def test_a_section_of_another_stage_may_be_named(stage: Stage) -> None:
    other = stage.course.root / "solutions" / "05_other"
    other.mkdir()
    (other / "notebook.py").write_text("# %% [markdown]\n# ## 5.3 Scores\n", encoding="utf-8")
    edit(stage, 'points=1 read="12.9"\n# Which state', 'points=1 read="5.3"\n# Which state')
    assert questions(stage)["state"].read == "5.3"


# Nothing of the key in what students get


def test_the_released_notebook_does_not_depend_on_the_key(stage: Stage) -> None:
    """Another key, other sentences, other expressions: the same bytes, metadata and checksums and all."""
    build(stage)
    before = stage.released.read_bytes()
    for old, new in {
        "- [ ] A. The state": "- [x] A. The state", "- [x] B. The state": "- [ ] B. The state",
        "- [x] B. weighted": "- [ ] B. weighted", "- [ ] D. derivative": "- [x] D. derivative",
        "- [x] 4 * H * (I + H + 2)": "- [x] 3 * H * (I + H + 2)", "- [x] (B, T, 29)": "- [x] (T, B, 29)",
        "- [2] A. stripes": "- [3] A. stripes", "- [3] C. waves": "- [2] C. waves", CANARY: "Something else.",
    }.items():  # fmt: skip
        edit(stage, old, new)
    assert questions(stage)["forms"].key == "ACD"
    build(stage)
    assert stage.released.read_bytes() == before


@pytest.mark.parametrize("stage", STAGES)
def test_no_key_and_no_sentence_is_in_the_notebooks_or_in_the_package(stage: Stage) -> None:
    content = read_stage(stage)
    if not content.quizzes:
        return
    notebook = nbformat.read(stage.released, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    everything = json.loads(stage.released.read_text(encoding="utf-8"))
    texts = [*_texts(everything), *(p.read_text("utf-8") for p in (ROOT / "autograder").rglob("*.py"))]
    for question in content.quizzes:
        for option in question.options:
            assert not any(option.says in text for text in texts), option
            if question.kind in ("number", "shape") and len(option.label) > 12:
                assert not any(option.label in text for text in texts), option
        answer, check = cells[question.id], cells[question.check]
        assert answer.source.endswith(f"\n{question.id} = None")
        assert not any(re.search(rf"\b{question.id}\s*=\s*(?!None\b)\S", text) for text in _texts(everything))
        assert "[x]" not in everything and "grade(" not in check.source
        for cell in (answer, check):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell), "the checksum is of what is visible"
            assert set(cell.metadata) == {"nbgrader", "deletable", "tags"} | ({"editable"} if cell is check else set())
            assert cell.outputs == []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        joined = ["".join(value)] if value and all(isinstance(item, str) for item in value) else []
        return joined + [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


# In JupyterLab: the form of an answer


def read(stage: Stage, name: str, answer: Any, student: str = "ana") -> str:
    """What the visible part of a check says to this answer."""
    source = next(c.source for c in released(stage).cells if c.id == f"{name}-answer")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(source, {name: answer, "student": student})
    return said.getvalue().strip()


@pytest.mark.parametrize(
    ("name", "answer", "text"),
    [
        ("state", "B", "B"), ("state", " b. ", "B"), ("state", "A", "A"),
        ("forms", "ACD", "ACD"), ("forms", "d, a and c", "ACD"), ("forms", ["B", "a"], "AB"), ("forms", {"C"}, "C"),
        ("count", 48, "48"), ("count", 48.5, "48.5"), ("hot", [3, 7, 29], "(3, 7, 29)"), ("hot", (), "()"),
        ("maps", {"C": 3, "a": 2, "B": "1"}, "A 2, B 1, C 3"),
    ],
)  # fmt: skip
def test_an_answer_is_read_in_each_form_that_is_clear(stage: Stage, name: str, answer: Any, text: str) -> None:
    said = read(stage, name, answer)
    assert said.endswith(f"Your answer to {name} is {text}. It is graded when you hand in.")
    assert "✓" not in said


def test_numbers_out_of_tensors_and_arrays_are_read() -> None:
    import numpy as np
    import torch

    for value in (torch.tensor(48), np.int64(48), np.float64(48)):
        with contextlib.redirect_stdout(io.StringIO()):
            assert quiz.read("count", value, "number").value == 48
    with contextlib.redirect_stdout(io.StringIO()):
        assert quiz.read("hot", torch.zeros(2, 3).shape, "shape").value == (2, 3)


@pytest.mark.parametrize(
    ("name", "answer", "fix"),
    [
        ("state", "C", "Write one letter of A, B"), ("state", "AB", "Write one letter"), ("state", 2, "one letter"),
        ("forms", "AX", "Write all the right letters of A, B, C, D"), ("forms", [1], "all the right letters"),
        ("count", "48", "Leave the quotes out"), ("count", True, "Write a number"), ("count", float("inf"), "a number"),
        ("count", lambda: 48, "a number"), ("hot", 3, "a single size as (2,)"), ("hot", (3, 2.0), "the sizes"),
        ("maps", {"A": 1, "B": 2}, "There is no number for C"), ("maps", {"A": 1, "B": 2, "C": 9}, "one number of"),
        ("maps", "A1", "like {"),
    ],
)  # fmt: skip
def test_a_malformed_answer_gets_place_fact_and_fix_at_once(stage: Stage, name: str, answer: Any, fix: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        read(stage, name, answer)
    fact, _, told = str(caught.value).partition("\n  ")
    assert fact.startswith(f"{name}: ")
    assert fact.endswith("cannot be graded.")
    assert fix in told


@pytest.mark.parametrize("name", ["state", "forms", "count", "hot", "maps"])
def test_a_blank_answer_is_no_answer_yet(stage: Stage, name: str) -> None:
    source = next(c.source for c in released(stage).cells if c.id == name)
    given: dict[str, Any] = {}
    exec(source, given)
    with pytest.raises(NotImplementedError, match=rf"^{name}: no answer yet\. Write ") as caught:
        read(stage, name, given[name])
    assert len(caught.value._render_traceback_()) == 1, "one line in JupyterLab, no traceback"


# Numbers of each student's own


def test_a_large_number_is_shown_as_a_number(stage: Stage) -> None:
    for value, shown in ((10**76, "1e+76"), (-(10**90), "-1e+90"), (10**9000, "a very large number")):
        assert f"Your answer to count is {shown}. It" in read(stage, "count", value)
        assert f"Your answer to hot is ({shown}, 2). It" in read(stage, "hot", (value, 2))


def test_the_numbers_of_a_student_stay_the_same() -> None:
    """They are pinned: a change would give everybody other numbers in the middle of a term."""
    draw = "I=8,16,24 H=32,48,64"
    told = {who: tuple(quiz.draw_numbers(draw, who, "count").values()) for who in ("ana", "bob", "李雷", "zoe")}
    assert told == {"ana": (8, 32), "bob": (8, 32), "李雷": (16, 64), "zoe": (8, 48)}
    assert quiz.draw_numbers(draw, " Ana ", "count") == quiz.draw_numbers(draw, "ana", "count")
    many = {tuple(quiz.draw_numbers(draw, f"s{n}", "count").values()) for n in range(200)}
    assert len(many) == 9


def test_the_check_says_which_numbers_are_yours_and_asks_who_you_are(stage: Stage) -> None:
    numbers = questions(stage)["count"].drawn("ana")
    assert f"Your numbers: I = {numbers['I']}, H = {numbers['H']}" in read(stage, "count", 3)
    with pytest.raises(NotImplementedError, match=r"Your numbers: I = \d+, H = \d+"):
        read(stage, "count", None)
    with pytest.raises(NotImplementedError, match="Write your id first"):
        read(stage, "count", None, student="")
    with pytest.raises(ExpectationError, match="Write your id first"):
        read(stage, "count", 3, student="")


def test_a_result_depends_on_the_student_only_where_numbers_are_drawn(stage: Stage, tmp_path: Path) -> None:
    def keys() -> set[str]:
        build(stage)
        blueprint, notebook = Blueprint(read_stage(stage)), nbformat.read(stage.released, as_version=4)
        prepare(notebook, blueprint)
        store = Store(tmp_path, "bwrap")
        return {store.key(job(notebook, blueprint, student)) for student in ("ana", "bob")}

    assert len(keys()) == 2
    text = stage.text.read_text(encoding="utf-8")
    drawn = text[text.index('# %% [markdown] quiz="count"') : text.index('# %% [markdown] quiz="maps"')]
    edit(stage, drawn, "")
    assert len(keys()) == 1


# The whole way of a mark


def hand_in(stage: Stage, student: str, **answers: str) -> Path:
    """A blank notebook but for these answer cells."""
    notebook = released(stage)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{student}.ipynb")
    return folder


def solved(stage: Stage, student: str) -> dict[str, str]:
    return {name: q.answer_cell(student=student) for name, q in questions(stage).items()}


def test_every_kind_from_the_notebook_to_gradebook_feedback_and_counts(stage: Stage) -> None:
    hand_in(stage, "ana", **solved(stage, "ana"))
    hand_in(stage, "zoe")
    other = next(
        s for n in range(99) if questions(stage)["hot"].value(s := f"s{n}") != questions(stage)["hot"].value("ana")
    )
    hand_in(stage, other, **solved(stage, "ana"))
    count = questions(stage)["count"].drawn("bob")
    wrong = 4 * count["H"] * (count["I"] + count["H"] + 1)
    folder = hand_in(
        stage, "bob",
        state='state = "A"', forms='forms = "ABD"', count=f"count = {wrong}", hot="hot = (1, 2)",
        maps='maps = {"A": 1, "B": 2, "C": 3}',
    )  # fmt: skip
    hand_in(stage, "eve", state="state = 7", forms='forms = "AC"', count='count = "x"', maps="maps = None\n1 / 0")
    result = grade(stage, folder)
    of = {name: student.checks for name, student in result.students.items()}
    assert result.students["ana"].score == 7
    assert [check.message for check in of["ana"].values()][1:] == [""] * 5
    assert result.students["zoe"].score == 0
    assert all(c.message.startswith(f"{name.split('-')[0]}: ") for name, c in of["zoe"].items())
    bob = of["bob"]
    assert bob["state-answer"].message == (
        f"state: your answer is A.\n  {CANARY} That column may be a pad.\n  Read section 12.9 again."
    )
    assert bob["forms-answer"].score == pytest.approx(1)  # (2 − 1) / 3 of three points
    assert "D: " + CANARY + " Nothing is derived." in bob["forms-answer"].message
    assert "Something that is right is missing." in bob["forms-answer"].message
    assert f"One bias is missing; {count['H']} units have two." in bob["count-answer"].message
    assert f"with I = {count['I']}, H = {count['H']}" in bob["count-answer"].message
    assert "One vector for each position." in bob["hot-answer"].message
    assert 'Read "Quiz" again' in bob["hot-answer"].message
    assert "Look at the stripes" in bob["maps-answer"].message
    assert "Look at the waves" not in bob["maps-answer"].message
    assert result.students["bob"].score == pytest.approx(1)
    eve = of["eve"]
    assert eve["state-answer"].message.startswith("state: 7 cannot be graded.\n  Write one letter")
    assert eve["forms-answer"].score == pytest.approx(2)
    assert result.students["eve"].score == pytest.approx(2)
    assert (result.students[other].score, result.students[other].claimed) == (7, ["ana"]), "the numbers it showed"
    assert [name for name, told in result.students.items() if told.claimed] == [other]

    counts = option_counts(read_stage(stage), result.students)
    assert counts["state"].options == {"A": 1, "B": 2}
    assert (counts["state"].answered, counts["state"].blank, counts["state"].malformed) == (3, 1, 1)
    assert counts["forms"].options == {"A": 4, "B": 3, "C": 3, "D": 1}
    assert counts["count"].options["4 * H * (I + H + 1)"] == 1
    assert counts["maps"].options["A1"] == 1
    assert counts["maps"].options["C1"] == 0
    marks = result.as_json()["students"]["bob"]["checks"]["forms-answer"]
    assert (marks["answer"], marks["options"]) == ("ABD", ["A", "B", "D"])

    assert score(stage, "eve") == pytest.approx(2)
    page = (stage.course.work / "feedback" / "eve" / stage.slug / f"{stage.slug}.html").read_text("utf-8")
    assert "2 of 3" in page
    assert "Yes, weighted" not in page, "what was not chosen is not told"
    assert "BEGIN HIDDEN" not in page
    page = (stage.course.work / "feedback" / "ana" / stage.slug / f"{stage.slug}.html").read_text("utf-8")
    assert "only real letters" in page, "a right answer hears its sentence, too"
    again = {name: student.score for name, student in grade(stage, folder).students.items()}
    assert again == {name: student.score for name, student in result.students.items()}


def test_nobody_loses_points_over_the_name_of_a_file(stage: Stage) -> None:
    """Learning platforms rename what is handed in; the numbers are those that the student saw."""
    hot = questions(stage)["hot"]
    name = next(n for n in range(99) if hot.value(f"doejane_{n}_88001_{stage.slug}-1") != hot.value("doejane"))
    files = {
        f"doejane_{name}_88001_{stage.slug}-1": "doejane",
        "Jane Doe_1234567_assignsubmission_file": "doejane",
        "doejane": " DoeJane ",
        "mallory": "\x1b[31m\u202e\ud800[bold]",
        "bob": "",
    }
    for file, student in files.items():
        answers = solved(stage, student or file)
        if not student:  # who has not written an id has answered the numbers of some word; nobody knows which
            answers["count"] = answers["count"].replace(repr(file), "''")
        hand_in(stage, file, **answers)
    said = run("grade", "12", "--from", "class", "--json", "marks.json", cwd=stage.course.root).stdout
    told = json.loads((stage.course.root / "marks.json").read_text(encoding="utf-8"))["students"]
    assert {file: told[file]["score"] for file in files} == dict.fromkeys(files, 7)
    assert {file: told[file].get("claimed") for file in files} == {
        **{file: ["doejane"] for file in list(files)[:2]}, "doejane": None, "mallory": ["?[31m??[bold]"], "bob": None,
    }  # fmt: skip
    assert said.count("its id in the notebook: doejane") == 2 and "\x1b[31m" not in said
    page = (stage.course.work / "report" / f"{stage.slug}.html").read_text(encoding="utf-8")
    assert "<td>Jane Doe_1234567_assignsubmission_file</td><td>doejane</td>" in page


def score(stage: Stage, student: str) -> float:
    """What the gradebook says."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{stage.course.gradebook}") as gradebook:
        return float(gradebook.find_submission(stage.slug, student).score)


def test_nbgraders_own_autograde_gives_the_same_marks(stage: Stage) -> None:
    """Partial credit, too: its step takes it from the output of the check."""
    import os
    import subprocess
    import sys

    root = stage.course.root
    run("build", cwd=root)
    folder = hand_in(stage, "bob", **{**solved(stage, "bob"), "forms": 'forms = "AB"'})
    submitted = root / ".course" / "submitted" / "bob" / stage.slug / f"{stage.slug}.ipynb"
    submitted.parent.mkdir(parents=True)
    submitted.write_bytes((folder / "bob.ipynb").read_bytes())
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for words in (["generate_assignment", stage.slug], ["autograde", stage.slug]):
        command = [sys.executable, "-m", "nbgrader", *words]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert score(stage, "bob") == pytest.approx(6)


def test_ones_own_notebook_is_graded_with_the_numbers_that_it_shows(stage: Stage) -> None:
    """The self-learner's way: the file has the name of the stage, and the notebook says who it is."""
    folder = hand_in(stage, stage.slug, **solved(stage, "anybody"))
    edit_in(folder / f"{stage.slug}.ipynb", "solution", "anybody")
    assert grade(stage, folder).students[stage.slug].score == 7


def edit_in(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(f"'{old}'", f"'{new}'"), encoding="utf-8")


def test_a_sample_class_answers_the_questions(stage: Stage) -> None:
    made = make_class(stage, 6, 0, stage.course.root / "class")
    result: ClassResult = grade(stage, stage.course.root / "class")
    for name, student in result.students.items():
        told = made[name]
        for question in read_stage(stage).quizzes:
            check = student.checks[question.check]
            if question.id not in told.answers:
                assert check.score == 0
            else:
                assert (check.score == check.max) == (told.answers[question.id] == "right"), (name, question.id)


# Repair


def test_answers_survive_lost_labels_merged_cells_and_a_deleted_line(stage: Stage) -> None:
    content = read_stage(stage)
    source = source_notebook(content)
    for cell in source.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["cell_type"] = cell.cell_type

    def repaired(damage: Any) -> tuple[dict[str, str], list[str]]:
        notebook = released(stage)
        by_id = {c.id: c for c in notebook.cells}
        by_id["state"].source = 'state = "A"'
        by_id["forms"].source = (
            by_id["forms"].source.replace("None", '"AB"', 2).replace('place of "AB"', "place of None")
        )
        damage(notebook, by_id)
        notes = recover(notebook, source).notes
        return {c.metadata.nbgrader.grade_id: c.source for c in notebook.cells if "nbgrader" in c.metadata}, notes

    def labels(notebook: Any, by_id: Any) -> None:
        for n, cell in enumerate(notebook.cells):
            cell.metadata, cell["id"] = nbformat.from_dict({}), f"x{n}"

    def merged(notebook: Any, by_id: Any) -> None:
        by_id["state"].source += "\n" + by_id["state-answer"].source
        notebook.cells.remove(by_id["state-answer"])

    def both_answers(notebook: Any, by_id: Any) -> None:
        by_id["state"].source += "\n" + by_id["forms"].source
        notebook.cells.remove(by_id["forms"])

    def deleted(notebook: Any, by_id: Any) -> None:
        notebook.cells.remove(by_id["hot"])
        notebook.cells.remove(by_id["maps-answer"])

    def elsewhere(notebook: Any, by_id: Any) -> None:
        by_id["state"].source = "# I moved it"
        notebook.cells.insert(3, nbformat.v4.new_code_cell('state: str = "A"'))
        notebook.cells.remove(by_id["state"])

    for damage in (labels, merged, both_answers, deleted, elsewhere):
        cells, notes = repaired(damage)
        assert re.search(r'^state(: str)? = "A"$', cells["state"], re.MULTILINE), damage
        assert cells["forms"].endswith('forms = "AB"'), damage
        assert cells["hot"].endswith("hot = None"), damage
        assert set(cells) >= set(content.exercises) | {q.check for q in content.quizzes}
        assert notes


def test_an_unworked_notebook_is_not_kept_when_the_text_changes(stage: Stage) -> None:
    build(stage)
    edit(stage, "Which heatmap belongs", "Which picture belongs")
    assert build(stage) == (True, None)
    work = stage.released.read_text(encoding="utf-8").replace("state = None", "state = 'A'")
    stage.released.write_text(work, encoding="utf-8")
    assert build(stage)[1] is not None


@pytest.mark.parametrize("by_nbgrader", [False, True])
def test_until_the_due_date_a_wrong_answer_hears_no_more_than_that(stage: Stage, by_nbgrader: bool) -> None:
    folder = hand_in(stage, "eve", state='state = "A"', forms="forms = 7")
    grade(stage, folder)
    place = stage.course.work / "feedback" / "eve" / stage.slug / f"{stage.slug}.html"

    def shown(due: datetime | None, extension: timedelta | None = None) -> str:
        with Database(stage.course) as data, data.open() as gradebook:
            submission = gradebook.find_submission(stage.slug, "eve")
            submission.assignment.duedate, submission.extension = due, extension
        if by_nbgrader:
            generate_feedback(stage, "eve")
        else:
            grade(stage, folder)
        return place.read_text(encoding="utf-8")

    later, earlier = datetime.now() + timedelta(days=2), datetime.now() - timedelta(days=2)
    assert CANARY in shown(None) and CANARY in shown(earlier)
    for page in (shown(later), shown(earlier, extension=timedelta(days=4))):
        assert CANARY not in page and "Not right yet. Why is told after the due date" in page
        assert "forms: 7 cannot be graded" in page, "how to write an answer is told at once"


# Attacks


SPY = """
import gc, glob, linecache, os, sys
NEEDLE = "canary" + "_" + "9917"
def look():
    found = [text for text in gc.get_objects() if type(text) is str and NEEDLE in text]
    for thing in gc.get_objects():
        if type(thing) in (dict, list, tuple):
            values = thing.values() if type(thing) is dict else thing
            found += [v for v in list(values) if type(v) is str and NEEDLE in v]
    lines = [line for entry in linecache.cache.values() if len(entry) > 2 for line in entry[2]]
    found += [line for line in lines if NEEDLE in line]
    for folder in ("/", os.getcwd()):
        for place, folders, files in os.walk(folder):
            if place.startswith(("/proc", "/sys", "/usr", "/lib", "/dev")) or "site-packages" in place:
                folders.clear()
                continue
            for name in files:
                try:
                    path = os.path.join(place, name)
                    if os.path.getsize(path) < 5_000_000 and NEEDLE.encode() in open(path, "rb").read():
                        found.append(path)
                except OSError:
                    pass
    for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
        for name in ("cmdline", "environ"):
            try:
                if NEEDLE.encode() in open(f"/proc/{pid}/{name}", "rb").read():
                    found.append(pid)
            except OSError:
                pass
    frame = sys._getframe()
    while frame is not None:
        found += [str(v)[:99] for v in frame.f_locals.values() if type(v) is str and v.startswith(NEEDLE)]
        frame = frame.f_back
    return [f for f in found if f != NEEDLE and "NEEDLE" not in f]
SEEN = []
class Spy(str):
    def __copy__(self):
        SEEN.extend(look())
        return "A" if SEEN else "B" * 0 + "D"
    __deepcopy__ = lambda self, memo: self.__copy__()
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
"""


def test_a_submission_that_looks_for_the_key_finds_nothing(stage: Stage) -> None:
    """It searches memory, files, processes and frames, also while its answer is being fetched."""
    equal = "class Equal(str):\n    __eq__ = lambda *_: True\n    __hash__ = str.__hash__\nforms = Equal('A')"
    folder = hand_in(
        stage, "eve",
        state=SPY + "state = Spy('A')\nprint('found:', look())",
        forms=equal,
        count="class N(int):\n    __sub__ = __rsub__ = lambda *_: 0\n    __eq__ = lambda *_: True\ncount = N(3)",
        hot="class S(tuple):\n    __eq__ = lambda *_: True\n    __len__ = lambda _: 3\nhot = S((1,))",
        maps="print('found:', look(), SEEN)\nclass D(dict):\n    __getitem__ = lambda *_: 1\nmaps = D(A=1, B=1, C=1)",
    )  # fmt: skip
    result = grade(stage, folder).students["eve"]
    assert result.score == 0, result.checks
    graded = nbformat.read(stage.course.work / "autograded" / "eve" / stage.slug / f"{stage.slug}.ipynb", as_version=4)
    said = [o.get("text", "") for c in graded.cells for o in c.get("outputs", []) if o.output_type == "stream"]
    assert [text.strip() for text in said if text.startswith("found:")] == ["found: []", "found: [] []"]


# Proof


def test_verify_asks_every_question_with_every_answer(stage: Stage) -> None:
    proof = prove(stage, seeds=1)
    assert proof.problems == []
    assert (proof.blank_score, proof.solution_score, proof.max_score) == (0, 9, 9)
    assert proof.quizzes == 5
    assert proof.quiz_answers > 100
    asked = {name: len(list(wrong_answers(q))) for name, q in questions(stage).items()}
    assert asked["state"] == 1
    assert asked["forms"] == 14  # all subsets but none and the key
    assert asked["maps"] == 3 + 6 + 1
    assert len(read_answers(stage, read_stage(stage))) == 8, "quizzes need no entry in the catalogue"


def test_verify_finds_a_grader_that_is_too_kind(stage: Stage, monkeypatch: Any) -> None:
    def kind(self: quiz.QuizAnswer, *_: Any, **__: Any) -> None:
        self.share = 1.0

    monkeypatch.setattr(quiz.QuizAnswer, "grade", kind)
    problems = prove_quizzes(read_stage(stage)).problems
    assert any("quiz \"state\": the wrong answer 'A' scores full" in problem for problem in problems)
    assert len(problems) > 30


def test_verify_finds_a_sentence_that_is_not_heard(stage: Stage, monkeypatch: Any) -> None:
    def silent(self: quiz.QuizAnswer, *_: Any, **__: Any) -> None:
        raise ExpectationError("No.")

    monkeypatch.setattr(quiz.QuizAnswer, "grade", silent)
    problems = prove_quizzes(read_stage(stage)).problems
    assert any("does not hear" in problem for problem in problems)


def test_a_solution_cell_is_blank_in_one_way_only(stage: Stage) -> None:
    """What recover, build and verify take for blank is what students get."""
    for cell in read_stage(stage).of_kind("exercise"):
        own = next(c.source for c in released(stage).cells if c.id == cell.id)
        assert blank_source(cell.source, cell.id) == own


# What the look of the options tells: with four options, a guess is right in a quarter of the questions


@functools.cache
def choices(part: str) -> dict[str, list[Quiz]]:
    """The course's questions with one right letter, by stage. Verdicts have the same four options each time."""
    found: dict[str, list[Quiz]] = {}
    for stage in Course(ROOT).stages():
        ones = [q for q in read_stage(stage).quizzes if q.kind == "one"]
        if part == "whole course" or stage.slug.startswith("12") == (part == "last page"):
            found[stage.slug] = [q for q in ones if part == "whole course" or not q.id.endswith("_verdict")]
    return {slug: ones for slug, ones in found.items() if ones}


def lengths(question: Quiz) -> list[int]:
    """How long the options are to read, the longest one first; and the right one at last."""
    right = next(len(option.text) for option in question.options if option.label == question.key)
    return [*sorted((len(option.text) for option in question.options), reverse=True), right]


@pytest.mark.parametrize("part", ["ends of the stages", "last page", "whole course"])
def test_a_letter_that_is_always_chosen_earns_no_more_than_a_guess(part: str) -> None:
    stages = choices(part)
    keys = Counter(q.key for ones in stages.values() for q in ones)
    share = {letter: keys[letter] / keys.total() for letter in "ABCD"}
    assert max(share.values()) <= 0.4 and min(share.values()) >= 0.1, share
    alike = [slug for slug, ones in stages.items() if len(ones) > 1 and len({q.key for q in ones}) == 1]
    assert alike == [], "All right options of a stage have one letter."


@pytest.mark.parametrize("part", ["ends of the stages", "last page"])
def test_the_longest_and_the_shortest_option_earn_no_more_than_a_guess(part: str) -> None:
    ones = [q for of_stage in choices(part).values() for q in of_stage]
    longest = [q.id for q in ones if lengths(q)[-1] == lengths(q)[0]]
    shortest = [q.id for q in ones if lengths(q)[-1] == lengths(q)[-2]]
    assert len(longest) <= 0.35 * len(ones), f"{len(longest)} of {len(ones)}: {longest}"
    assert len(shortest) <= 0.35 * len(ones), f"{len(shortest)} of {len(ones)}: {shortest}"


def test_no_option_stands_out_by_its_length() -> None:
    ones = [q for of_stage in choices("whole course").values() for q in of_stage]
    too_long = {q.id: lengths(q)[:2] for q in ones if lengths(q)[0] > 1.6 * lengths(q)[1]}
    assert too_long == {}, too_long


def test_of_several_right_options_the_longest_is_not_always_one() -> None:
    """Where half of the options are right, so is the longest one in half of the questions."""
    several = [q for stage in Course(ROOT).stages() for q in read_stage(stage).quizzes if q.kind == "several"]
    longest = [q.id for q in several if max(q.options, key=lambda option: len(option.text)).mark == "x"]
    right = sum(len(q.key) / len(q.options) for q in several)
    assert len(longest) <= 1.2 * right, f"{len(longest)} of {len(several)}, by chance {right:.1f}: {longest}"
