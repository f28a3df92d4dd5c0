"""Error carried forward: one mistake costs its own points and no others; nothing of a reference comes out."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.diagnosis.carried import built_on, carry_forward
from autograder.gradebook.results import StudentResult
from autograder.grading.grade import grade
from autograder.intake.blueprint import Blueprint
from autograder.run.job import Job, JobCell
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker
from autograder.stage.read import read_answers, read_stage
from autograder.stage.settings import read_settings

from .conftest import ROOT, run
from .honest.stage import FULL, course, solved, source

WRONG = "def differences(x):\n    return x[:, 1:] * 0 + 7"
SANDBOX = "bwrap" if available()[0] else "none"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return course(tmp_path)


def hand_in(stage: Stage, student: str, **answers: str) -> Path:
    notebook = solved(source(stage))
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = textwrap.dedent(answers.get(name, cell.source))
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{student}.ipynb")
    return folder


def graded(stage: Stage, **answers: str) -> StudentResult:
    return grade(stage, hand_in(stage, "ana", **answers), SANDBOX).students["ana"]


def page(stage: Stage) -> str:
    return (stage.course.work / f"feedback/ana/{stage.slug}/{stage.slug}.html").read_text(encoding="utf-8")


def test_one_mistake_costs_once(stage: Stage, one_worker: None) -> None:
    result = graded(stage, differences=WRONG)
    assert (result.score, result.carried) == (FULL - 2, 3)  # differences-batch passes, and so does a shape further up
    assert {name for name, mark in result.checks.items() if mark.lost} == {"differences-values"}
    assert result.as_json()["carried_forward"] == 3
    assert "Right: with a right differences all its checks pass." in page(stage)
    assert "Right: with a right Roughness and differences all its checks pass." in page(stage)


@pytest.mark.parametrize(("share", "score"), [("full", 6), ("half", 4.5), ("none", 3)])
def test_how_much_it_gives_is_a_setting(stage: Stage, one_worker: None, share: str, score: float) -> None:
    (stage.folder / "settings.toml").write_text(f'error_carried_forward = "{share}"\n')
    assert graded(stage, differences=WRONG).score == score
    with_course = stage.folder.parent / "settings.toml"
    with_course.write_text('error_carried_forward = "half"\n')
    assert read_settings(stage).error_carried_forward == share, "the stage's own goes before the course's"
    (stage.folder / "settings.toml").unlink()
    assert read_settings(stage).error_carried_forward == "half"


@pytest.mark.parametrize("text", ['error_carried_forward = "some"', "error_carried_forward = 1", "other = 1", "= 3"])
def test_a_setting_that_is_none_is_told(stage: Stage, text: str) -> None:
    (stage.folder / "settings.toml").write_text(text + "\n")
    with pytest.raises(CourseError, match=r"settings\.toml"):
        read_settings(stage)


def test_an_exercise_that_is_wrong_itself_gets_nothing(stage: Stage, one_worker: None) -> None:
    own = """\
        class Roughness(torch.nn.Module):
            def forward(self, x):
                return 3 * scaled(differences(x).abs().mean(dim=1))"""
    result = graded(stage, differences=WRONG, Roughness=own)
    assert result.checks["Roughness-value"].score == 0
    assert result.checks["roughest-index"].score == 1, "it is judged with both in their place"
    blank = "class Roughness(torch.nn.Module):\n    def forward(self, x):\n        raise NotImplementedError"
    assert graded(stage, differences=WRONG, Roughness=blank).checks["Roughness-value"].score == 0


def test_nothing_of_the_reference_comes_out(stage: Stage, one_worker: None) -> None:
    """Its source is in no message, page, file of marks, stored result or notebook; nor is it left for the next run."""
    spy = """\
        import inspect
        class Roughness(torch.nn.Module):
            def forward(self, x):
                text = str(getattr(differences, '__code__', None) and inspect.getsource(differences))
                print(text)
                open('left', 'a').write(text)
                raise ValueError(text)
        import os
        print(os.listdir())"""
    for _ in range(2):
        result = graded(stage, differences=WRONG, Roughness=spy)
        assert result.checks["Roughness-value"].score == 0
        secret = "return x[:, 1:] - x[:, :-1]"
        assert secret in stage.text.read_text(encoding="utf-8")
        told = [json.dumps(result.as_json()), page(stage)]
        told += [p.read_text(encoding="utf-8") for p in stage.course.work.rglob("*.json")]
        told += [p.read_text(encoding="utf-8") for p in (stage.course.work / "autograded").rglob("*.ipynb")]
        assert [text for text in told if secret in text] == []
        hand_in(stage, "ana", differences=WRONG + "\n")  # as another text, so that it is run again


def test_check_and_the_table_show_it(stage: Stage) -> None:
    folder = hand_in(stage, "ana", differences=WRONG)
    done = run("grade", "12", "--from", "class", "--sandbox", "none", cwd=stage.course.root)
    assert "3 carried forward" in done.stdout
    table = (stage.course.work / f"report/{stage.slug}.csv").read_text(encoding="utf-8-sig").splitlines()
    assert dict(zip(table[0].split(","), table[1].split(","), strict=True))["carried_forward"] == "3"
    assert "3 points of 1 student are errors carried" in (stage.course.work / f"report/{stage.slug}.html").read_text()
    stage.released.parent.mkdir(parents=True, exist_ok=True)
    (folder / "ana.ipynb").rename(stage.released)
    checked = run("check", "12", "--json", "out.json", cwd=stage.course.root, ok=False)
    found = json.loads((stage.course.root / "out.json").read_text())["stages"][stage.slug]
    assert found["score"] == FULL - 2 and found["exercises"]["Roughness"]["carried_forward"] == 2
    assert "Carried forward" in checked.stdout


def test_what_builds_on_what() -> None:
    (stage,) = Course(ROOT).stages(("03",))
    content = read_stage(stage)
    assert built_on("train", content) >= {"make_batch", "Seq2Seq", "masked_cross_entropy", "greedy_decode", "typo"}
    assert "train" not in built_on("train", content)


PAIRS = [
    (stage.slug, base)
    for stage in Course(ROOT).stages()
    for content in [read_stage(stage)]
    for base in content.written
    if any(base in cell.builds_on for cell in content.of_kind("exercise"))
]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(SANDBOX) as worker:
        yield worker


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "base"), PAIRS)
def test_in_the_course_a_wrong_answer_costs_its_own_points_and_no_others(slug: str, base: str, worker: Worker) -> None:
    (stage,) = Course(ROOT).stages((slug,))
    content = read_stage(stage)
    blueprint = Blueprint(content)
    above = [name for name in content.written if base in built_on(name, content)]
    assert above
    for answer in [a for a in read_answers(stage, content) if a.exercise == base and not a.right][:3]:
        cells = []
        for cell in content.of_kind("given", "exercise", "check"):
            kind = {"given": "given", "exercise": "student", "check": "check"}[cell.kind]
            if cell.kind != "check" or cell.exercise in (base, *above):
                cells.append(JobCell(kind, cell.id, answer.source if cell.id == base else cell.source))  # type: ignore[arg-type]
        work = Job(cells, content.exercises, blueprint.limits)
        result = worker.run(work)
        assert any(check.credit < 1 for check in result.checks if check.id.startswith(f"{base}-"))
        carry_forward(work, result.checks, content, worker.run, 1.0)
        lost = {check.id for check in result.checks if check.credit < 1 and not check.id.startswith(f"{base}-")}
        assert not lost, (answer.name, lost)
