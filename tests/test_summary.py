"""The whole notebook at once: it goes on past what fails, and its last cell sums up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import compute_checksum

from autograder.build.release import release, source_notebook
from autograder.build.write import build, execute
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job, prepare
from autograder.lab import kernel, summary
from autograder.lab.failures import ExpectationError, NoAnswer
from autograder.stage.model import Content
from autograder.stage.read import read_stage

from .conftest import ROOT, edit

CONTENTS = [read_stage(stage) for stage in Course(ROOT).stages()]
QUIZ = """# %% [markdown] quiz="which_one" kind="several" points=1 read="12.1"
# Which ones rise?
#
# - [x] A. 1, 2
#   > Yes.
# - [ ] B. 2, 1
#   > No.

# %% [markdown]
# ## What you can now do"""


def solution(source: str) -> str:
    return re.sub(r"### (BEGIN|END) SOLUTION", "", source)


LATER = """# %%
import math
demo_parts = {}
demo_parts["zero"] = 0
demo_rises = differences(torch.ones(1, 2)) > 0
demo_count = 1

# %%
demo_part = demo_parts["one"]

# %%
print(demo_part)

# %%
print(math.no_such_name)

# %%
demo_more = [demo_rises.sum() for _ in range(2)]

# %%
print(demo_more)

# %%
print(no_such_name)

# %% [markdown]
# ## What you can now do"""


@pytest.fixture
def notebook(mini: Stage) -> Any:
    edit(mini, "# %% [markdown]\n# ## What you can now do", LATER)
    edit(mini, "# %% [markdown]\n# ## What you can now do", QUIZ)
    build(mini)
    return nbformat.read(mini.released, as_version=4)


def run_all(notebook: Any, **answers: str) -> tuple[dict[str, str], str]:
    """Run all cells in a real kernel that hears no cell ids. The errors by cell, and the last output."""
    for cell in notebook.cells:
        cell.source = answers.get(cell.id.replace("-", "_"), cell.source)
    client = NotebookClient(notebook, timeout=120)
    client.extra_arguments = ["--IPKernelApp.log_level=40"]
    client.execute()
    errors = {
        cell.id: re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }
    return errors, "".join(output.get("text", "") for output in notebook.cells[-1].outputs)


def test_a_blank_notebook_runs_to_its_end_and_says_what_is_missing_in_one_line_each(notebook: Any) -> None:
    sources = {cell.id: cell.source for cell in notebook.cells}
    errors, said = run_all(notebook)
    later = [line for name, line in errors.items() if sources[name] in LATER]
    assert later[0].startswith("… differences: not written yet.")
    waits = "… This needs differences, which is not written yet."
    assert later[1:3] == later[4:6] == [waits] * 2, "not finished, not defined"
    assert "has no attribute 'no_such_name'" in later[3]
    assert "name 'no_such_name' is not defined" in later[6] and len(later) == 7
    assert errors["differences-values"] == "… differences: not written yet. Replace this line with your code."
    assert errors["which_one-answer"].startswith("… which_one: no answer yet.")
    assert "Points whose visible checks pass: 0 of 2." in said
    assert "Not written yet:\n  differences  in 12.1 Differences in time\n" in said
    assert "Questions without an answer: which_one." in said
    assert "Next: write differences, in 12.1 Differences in time." in said
    assert "hand in the one file 12_my_stage.ipynb" in said and "autograder check 12" in said


@pytest.mark.slow
@pytest.mark.parametrize("stage", Course(ROOT).stages(), ids=lambda stage: stage.slug)
def test_a_blank_stage_shows_no_traceback(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stage.released.parent)
    errors, said = run_all(nbformat.read(stage.released, as_version=4))
    assert errors and "Points whose visible checks pass: 0 of" in said
    assert {name: text for name, text in errors.items() if not text.startswith("… ")} == {}


def test_a_mistake_is_to_be_mended_and_letters_without_quotes_are_told(notebook: Any) -> None:
    asks = next(cell.source for cell in notebook.cells if cell.id == "which_one")
    short = nbformat.from_dict(notebook)
    assert run_all(short, which_one="which_one = B, D")[0]["which_one"].startswith("… Put the letters in quotes")
    answers = {"differences": "def differences(x):\n    return x", "which_one": asks.replace("None\n", "") + "\n"}
    answers["which_one"] = asks.replace("which_one = None", "which_one = A, B")
    errors, said = run_all(notebook, **answers)
    assert errors["which_one"] == '… Put the letters in quotes: which_one = "AB"'
    assert errors["which_one-answer"] == "… which_one: no answer yet. Run the cell above first."
    assert errors["differences-values"].startswith("✗ differences(")
    assert "To mend:\n  differences  in 12.1" in said and "Next: mend differences" in said


def test_a_solved_notebook_is_to_be_handed_in(notebook: Any, mini: Stage) -> None:
    written = next(c.source for c in read_stage(mini).cells if c.id == "differences")
    errors, said = run_all(notebook, differences=solution(written), which_one='which_one = "A"')
    last = [text.splitlines()[-1] for text in errors.values()]
    assert [text.partition(":")[0] for text in last] == ["KeyError", "NameError", "AttributeError", "NameError"]
    assert "Points whose visible checks pass: 2 of 2." in said and "Questions with an answer: 1 of 1." in said
    assert "Next: hand in 12_my_stage.ipynb." in said


def test_an_error_of_a_library_keeps_its_traceback(notebook: Any) -> None:
    body = "def differences(x):\n    return torch.nn.Module()(x)"
    errors, said = run_all(notebook, differences=body)
    assert "Traceback (most recent call last)" in errors["differences-values"]
    assert "To mend:\n  differences" in said


def test_the_solved_stage_must_still_run_without_an_error(mini: Stage) -> None:
    edit(mini, 'title="A line and its differences"', "no_such_name")
    with pytest.raises(CourseError, match="no_such_name"):
        execute(mini)


# What the cell says, for each way in which checks may end.

EXERCISES = {"f": ("1.1 F", {"f1": 1.0, "f2": 2.0}), "g": ("1.2 Why G?", {"g1": 3.0}), "q": ("1.3 Quiz", {"q1": 1.0})}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    known: dict[str, str] = {}
    monkeypatch.setattr(kernel, "given", known)
    yield known


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ({}, "No check was run since the kernel started."),
        ({"f1": "passed"}, "Check not run yet:\n  f  in 1.1 F\n  g  in 1.2 Why G?\n"),
        ({"f1": "passed", "f2": "failed"}, "Next: mend f, in 1.1 F."),
        ({"f1": "passed", "f2": "passed", "g1": "f"}, "waiting for another exercise:\n  g  needs f\n"),
        ({"f1": "f", "f2": "f", "g1": "f"}, "Next: write f, in 1.1 F."),
        ({"f1": "passed", "f2": "passed", "g1": "passed"}, "Next: answer q, in 1.3 Quiz."),
        ({"f1": "passed", "f2": "passed", "g1": "passed", "q1": "an answer"}, "Questions without an answer: q."),
        ({"f1": "passed", "f2": "passed", "g1": "passed", "q1": "failed"}, "Answers that cannot be read: q."),
        ({"f1": "passed", "f2": "passed", "g1": "passed", "q1": "passed"}, "hand in 01_x.ipynb, then open 02_y."),
        ({"f1": "passed", "f2": "passed", "g1": "g"}, "Next: write g, in 1.2 Why G?\n"),
        ({"f2": "passed"}, "Points whose visible checks pass: 2 of 6."),
    ],
)
def test_the_summary_says_what_is_known(
    ends: dict[str, str], words: str, given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given.update(ends)
    summary.show("01_x", EXERCISES, questions=["q"], after="02_y")
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "in_exec", "ends"),
    [
        (None, None, "passed"),
        (SyntaxError("x"), None, "failed"),
        (None, ExpectationError("x"), "failed"),
        (None, NoAnswer("x"), "an answer"),
        (None, NotImplementedError("of a library"), "failed"),
        (None, KeyboardInterrupt(), None),
    ],
)
def test_how_a_cell_ended_is_kept(
    before: BaseException | None, in_exec: BaseException | None, ends: str | None, given: dict[str, str]
) -> None:
    given[kernel.digest("f(1)")] = "passed"
    info = SimpleNamespace(raw_cell="f(1)  \n### BEGIN HIDDEN TESTS\nf(2)\n### END HIDDEN TESTS\n")
    kernel._keep(SimpleNamespace(info=info, error_before_exec=before, error_in_exec=in_exec))
    assert given == ({kernel.digest("f(1)"): ends} if ends else {})
    kernel._keep(None)


def test_extra_work_is_missing_nowhere(given: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    given["f1"] = given["f2"] = "passed"
    summary.show("01_x", {"f": EXERCISES["f"], "g": ("1.2 G", {"g1": 0.0})}, extra=["g"])
    assert "Next: hand in" in capsys.readouterr().out
    given["g1"] = "failed"
    summary.show("01_x", {"f": EXERCISES["f"], "g": ("1.2 G", {"g1": 0.0})}, extra=["g"])
    assert "Next: mend g" in capsys.readouterr().out


# What is built.


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.stage.slug)
def test_points_stand_at_each_exercise_and_each_check_is_known_by_its_text(content: Content) -> None:
    cells = release(source_notebook(content)).cells
    found = [kernel.digest(cell.source) for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(set(found)) == len(found)
    assert all(f'"{digest}": ' in cells[-1].source for digest in found)
    for exercise in content.written:
        above = cells[next(i for i, cell in enumerate(cells) if cell.id == exercise) - 1]
        points, extra = (sum(getattr(c, kind) for c in content.checks(exercise)) for kind in ("points", "extra"))
        words = [f"{points:g} point"] * bool(points) + [f"{extra:g} extra point"] * bool(extra)
        line = above.source.splitlines()[-1]
        assert line.startswith(f"**Exercise `{exercise}`** · ") and all(word in line for word in words)


def test_each_stage_links_to_the_next_one() -> None:
    for content, after in zip(CONTENTS, [*CONTENTS[1:], None], strict=True):
        links = re.findall(r"\*\*Next:\*\* \[(.+)\]\((.+)\)", content and source_notebook(content).cells[-2].source)
        if after is None:
            assert links == []
        else:
            ((title, link),) = links
            assert title == after.cells[0].source.split("\n")[0].removeprefix("# ")
            assert (content.stage.released.parent / link).resolve() == after.stage.released


def test_a_run_goes_on_past_all_cells_but_the_provided_ones_and_grading_sees_no_difference(mini: Stage) -> None:
    built = release(source_notebook(read_stage(mini)))
    for cell in [cell for cell in built.cells if cell.cell_type == "code"]:
        assert ("raises-exception" in cell.metadata.get("tags", [])) == (cell.id != "setup")
        bare = nbformat.from_dict(cell)
        bare.metadata.pop("tags", None)
        if "nbgrader" in cell.metadata:
            assert compute_checksum(bare) == compute_checksum(cell) == cell.metadata.nbgrader.checksum


def test_the_last_cell_is_not_run_when_the_notebook_is_graded(mini: Stage) -> None:
    blueprint = Blueprint(read_stage(mini))
    handed_in = nbformat.from_dict(blueprint.released)
    prepare(handed_in, blueprint)
    assert not [cell for cell in job(handed_in, blueprint).cells if "summary.show(" in cell.source]


def test_building_twice_keeps_nothing_as_if_somebody_had_worked_in_it(mini: Stage, tmp_path: Path) -> None:
    build(mini)
    edit(mini, "points=2", "points=3")
    assert build(mini) == (True, None)
