"""`verify` proves a stage, and says what to do where it cannot."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.build.write import build
from autograder.course.layout import Course, Stage
from autograder.proof.recall import Kept
from autograder.proof.tasks import Recall
from autograder.proof.verify import prove
from autograder.proof.warm import fork
from autograder.stage.read import read_stage

from .conftest import ROOT, edit, run, wait


def test_a_new_stage_is_proven(mini: Stage) -> None:
    path = mini.course.root / "proof.json"
    assert "All proven" in run("verify", "--json", str(path), cwd=mini.course.root).stdout
    result = json.loads(path.read_text(encoding="utf-8"))
    assert 0 < result.pop("seconds") < 600
    proof = {
        "exercises": 1,
        "blank_score": 0,
        "solution_score": 2,
        "max_score": 2,
        "right": {"total": 2, "accepted": 2},
        "wrong": {"total": 6, "caught": 6, "caught_by_visible": 3, "diagnosed": 6},
        "redundant_checks": [],
        "too_few_answers": [],
    }
    assert result == {"stages": {"12_my_stage": proof}}


@pytest.mark.parametrize("name", ["step by step", "detached"])
def test_with_fewer_answers_than_the_rule_asks_for_a_stage_is_not_proven(mini: Stage, name: str) -> None:
    head, cell, rest = re.split(
        rf'(?ms)^(# %% \w+="differences" name="{name}".*?(?=^# %%|\Z))', mini.answers.read_text()
    )
    assert "def differences" in cell
    mini.answers.write_text(head + rest)
    path = mini.course.root / "proof.json"
    said = run("verify", "--seeds", "1", "--json", str(path), cwd=mini.course.root, ok=False).stdout
    assert "All proven" not in said
    assert '"differences" has too few answers to be proven. Add some, until 2 right ones and 6 wrong ones' in said
    proof = json.loads(path.read_text(encoding="utf-8"))["stages"]["12_my_stage"]
    assert proof["too_few_answers"] == ["differences"] and proof["wrong"]["caught"] == proof["wrong"]["total"]


def test_a_weakened_check_is_found(mini: Stage) -> None:
    edit(mini, "expect(differences(x)).shape(3, 6).close(expected, hint=", "differences(x), dict(hint=")
    said = run("verify", cwd=mini.course.root, ok=False).stdout
    assert 'the wrong answer "along the batch" of "differences" passes every check' in said


def test_a_check_that_rejects_a_right_answer_is_found(mini: Stage) -> None:
    edit(mini, ".shape(3, 6)", ".shape(3, 5)")
    proof = prove(mini, seeds=1)
    assert proof.accepted == 0
    assert proof.solution_score == 0
    assert any('the right answer "torch.diff" fails "differences-values"' in p for p in proof.problems)
    assert any('the solution fails "differences-values" with seed 0' in p for p in proof.problems)


def test_a_check_that_never_calls_the_exercise_is_found(mini: Stage) -> None:
    extra = '# %% check="differences-empty" points=1\nexpect(1).equal(1)\n\n'
    edit(mini, "# %% [markdown]\n# **Predict", extra + "# %% [markdown]\n# **Predict")
    proof = prove(mini, seeds=1)
    assert proof.blank_score == 1
    assert any('a blank "differences" passes in the check "differences-empty"' in p for p in proof.problems)
    assert proof.redundant_checks == ["differences-empty"]


def test_an_answer_that_never_ends_is_stopped(mini: Stage, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("autograder.proof.trials.TIMES", 0.05)
    loop = '\n# %% wrong="differences" name="loop" says="It never ends."\ndef differences(x):\n'
    loop += "    while True:\n        pass\n"
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + loop, encoding="utf-8")
    assert prove(mini, seeds=1, only=["differences"]).caught == 7


# What is known from an earlier proof


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that are run from now on, as `what exercise name`."""
    ran: list[str] = []

    def noted(target, send, world, task, *rest):  # type: ignore[no-untyped-def]
        ran.append(" ".join([task.what, task.exercise, task.answer.name if task.answer else ""]).strip())
        return fork(target, send, world, task, *rest)

    monkeypatch.setattr("autograder.proof.trials.fork", noted)
    return ran


def test_what_is_known_from_an_earlier_proof_is_not_run_again(mini: Stage, runs: list[str]) -> None:
    first = prove(mini)
    assert len(runs) == 1 + 2 + first.right + first.wrong
    runs.clear()
    assert prove(mini) == first and runs == []
    assert prove(mini, recall={}) == first and len(runs) == 1 + 2 + first.right + first.wrong
    runs.clear()
    text = mini.answers.read_text(encoding="utf-8")
    mini.answers.write_text(text.replace("return torch.diff(x", "return +torch.diff(x", 1), encoding="utf-8")
    assert prove(mini) == first and runs == ["answer differences torch.diff"]


def test_a_changed_check_is_run_with_every_answer_and_the_others_with_none(mini: Stage, runs: list[str]) -> None:
    first = prove(mini, seeds=1)
    edit(mini, ".shape(3, 6)", ".shape(3, 5)")
    runs.clear()
    second = prove(mini, seeds=1)
    assert (second.accepted, second.solution_score) == (0, 0) and len(runs) == 2 + first.right + first.wrong
    edit(mini, ".shape(3, 5)", ".shape(3, 6)")
    runs.clear()
    assert prove(mini, seeds=1) == first and runs == []


@pytest.mark.parametrize("what", ["program", "data", "damaged"])
def test_with_another_program_or_other_data_nothing_is_known(mini: Stage, monkeypatch, what: str) -> None:  # type: ignore[no-untyped-def]
    data = mini.course.root / "datasets"
    data.mkdir()
    monkeypatch.setattr("autograder.run.store.DATA", data)
    kept = Kept(mini.course, mini.slug)
    prove(mini, seeds=1)
    assert kept.read() == Kept(mini.course, mini.slug).read() != {}
    if what == "program":
        monkeypatch.setattr("autograder.proof.recall.fingerprint", lambda rooms: "another one")
    elif what == "data":
        (data / "new.json").write_text("{}", encoding="utf-8")
    else:
        kept.path.write_text(kept.path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert Kept(mini.course, mini.slug).read() == {}


def test_what_a_busy_machine_did_is_not_kept(mini: Stage, runs: list[str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("autograder.proof.trials.TIMES", 0.05)
    loop = '\n# %% wrong="differences" name="loop" says="It never ends."\ndef differences(x):\n'
    loop += "    while True:\n        pass\n"
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + loop, encoding="utf-8")
    first = prove(mini, seeds=1, only=["differences"])  # the judge, too, would wait for the loop's end
    runs.clear()
    assert prove(mini, seeds=1, only=["differences"]) == first and runs == ["answer differences loop"]


# No check can be weakened unseen


def copied(stage: Stage, tmp_path: Path) -> Stage:
    """The same stage in a course of its own, to be changed; quizzes send their readers to the others."""
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(stage.folder, tmp_path / "solutions" / stage.slug)
    for other in Course(ROOT).stages():
        if other.slug != stage.slug:
            (tmp_path / "solutions" / other.slug).symlink_to(other.folder)
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    return Stage(Course(tmp_path), stage.slug)


QUICK = ("00_start_here",)
CONTENTS = {stage.slug: read_stage(stage) for stage in Course(ROOT).stages()}
WEAKENED = [
    pytest.param(slug, k, id=f"{slug}: {k}", marks=[] if slug in QUICK else pytest.mark.slow)
    for slug, content in CONTENTS.items()
    for k in range(max(len(content.checks(exercise)) for exercise in content.written))
]


@functools.cache
def known_of(slug: str) -> Recall:
    """Of the last proof of the course, and of these tests: the other checks of an exercise run once for all of them."""
    return Kept(CONTENTS[slug].stage.course, slug).read()


@pytest.mark.parametrize(("slug", "k"), WEAKENED)
def test_no_check_can_be_weakened_unseen(slug: str, k: int, tmp_path: Path) -> None:
    """Where check number k of an exercise does nothing, the proof names the wrong answers that nobody catches now.

    It still names what the exercise builds on, as a check may be the only one that does. Checks of one exercise catch
    the wrong answers of this one only, so one proof shows it for all exercises.
    """
    content = CONTENTS[slug]
    stage = copied(content.stage, tmp_path)
    weakened = [checks[k] for exercise in content.written if len(checks := content.checks(exercise)) > k]
    text = stage.text.read_text(encoding="utf-8")
    for cell in weakened:
        assert text.count(cell.source) == 1
        exercise = next(other for other in content.of_kind("exercise") if other.id == cell.exercise)
        text = text.replace(cell.source, ", ".join(exercise.builds_on) or "pass")
    stage.text.write_text(text, encoding="utf-8")
    proof = prove(stage, seeds=1, only=[cell.exercise for cell in weakened], recall=known_of(slug))
    for cell in weakened:
        assert [p for p in proof.problems if f'of "{cell.exercise}" passes every check. Add a check' in p], cell.id
        blank = [p for p in proof.problems if f'a blank "{cell.exercise}" passes in the check "{cell.id}"' in p]
        assert len(blank) == 1
    assert proof.blank_score == sum(cell.points + cell.extra for cell in weakened)
    assert len(proof.problems) == len(weakened) + proof.wrong - proof.caught  # nothing else is said


# What concerns a stage as a whole


def test_an_answer_that_changes_what_others_use_is_found(mini: Stage) -> None:
    """It loses points on an exercise that does not build on it."""
    second = """# %% exercise="last"
def last(x):
    \"\"\"The last step of x [B, T].\"\"\"
    ### BEGIN SOLUTION
    return torch.flip(x, [1])[:, 0]
    ### END SOLUTION

# %% check="last-values" points=1
expect(last(torch.tensor([[1.0, 4.0]]))).equal(torch.tensor([4.0]))

# %% [markdown]
# **Predict"""
    edit(mini, "# %% [markdown]\n# **Predict", second)
    answers = """
# %% right="last" name="index"
def last(x):
    return x[:, -1]

# %% wrong="last" name="first" says="It is the first."
def last(x):
    return x[:, 0]

# %% wrong="differences" name="shadow" says="It hides torch."
class torch:
    float32 = "f"

def differences(x):
    return x[:, 1:]
"""
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + answers, encoding="utf-8")
    (problem,) = prove(mini, seeds=1).problems
    assert 'the answer "shadow" of "differences" also fails "last-values"' in problem


def test_what_students_get_holds_nothing_secret_and_is_up_to_date(mini: Stage) -> None:
    build(mini)
    assert prove(mini, seeds=1).problems == []
    (mini.released.parent / "answers.py").write_text(mini.answers.read_text(encoding="utf-8"), encoding="utf-8")
    problems = prove(mini, seeds=1).problems
    assert any('answers.py: shows the sentence about the answer "sign swapped" of "differences"' in p for p in problems)
    (mini.released.parent / "answers.py").unlink()
    edit(mini, "# - slice a sequence along its time axis", "# - `return x[:, 1:] - x[:, :-1]`")
    problems = prove(mini, seeds=1).problems
    assert any("12_my_stage.ipynb: is not what solutions/12_my_stage/notebook.py says" in p for p in problems)
    assert any('shows a line of the solution of "differences"' in p for p in problems)


def test_a_wrong_number_or_map_is_found(mini: Stage) -> None:
    edit(mini, "# # 12 · My stage", "# # 11 · My stage")
    edit(mini, "plots.lines(", 'plots.course_map(here="11_my_stage"); plots.lines(')
    problems = prove(mini, seeds=1).problems
    assert any('Begin it with the number of the stage: "# 12 · …"' in p for p in problems)
    assert any('Write here="12_my_stage"' in p for p in problems)


def test_an_answer_that_ends_its_process_fails_and_hangs_nobody(mini: Stage) -> None:
    dies = (
        '\n# %% wrong="differences" name="dies" says="It dies."\ndef differences(x):\n    import os\n    os._exit(3)\n'
    )
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + dies, encoding="utf-8")
    proof = prove(mini, seeds=1)
    assert (proof.wrong, proof.caught) == (7, 7)


# One broken stage, and Ctrl-C


def beside(mini: Stage, slug: str, old: str, new: str) -> Stage:
    """A second stage, the same but for one change."""
    other = Stage(mini.course, slug)
    shutil.copytree(mini.folder, other.folder)
    text = mini.text.read_text(encoding="utf-8").replace("# # 12 ", f"# # {slug[:2]} ")
    other.text.write_text(text, encoding="utf-8")
    edit(other, old, new)
    return other


def test_a_broken_stage_does_not_stop_the_others(mini: Stage) -> None:
    beside(mini, "13_text", "### END SOLUTION", "### END")
    beside(mini, "14_given", "plots.use_style()", "plots.use_stile()")
    beside(mini, "15_built", "time axis", "time-axis").released.parent.mkdir(parents=True)
    (mini.course.root / "notebooks" / "15_built" / "15_built.ipynb").write_text("no notebook", encoding="utf-8")
    path = mini.course.root / "proof.json"
    said = run("verify", "--json", str(path), "--seeds", "1", "--mutants", cwd=mini.course.root, ok=False)
    assert "13_text/notebook.py" in said.stderr and "are not in pairs" in said.stderr
    assert re.search(r'14_given/notebook.py:\d+: the cell "setup" raised AttributeError', said.stdout)
    assert "solutions/15_built: could not be proven to the end: NotJSONError" in said.stdout
    stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
    assert {slug: proof["solution_score"] for slug, proof in stages.items()} == {
        "12_my_stage": 2,
        "14_given": 0,
        "15_built": 2,
    }
    assert stages["12_my_stage"]["wrong"]["caught"] == 6 and stages["12_my_stage"]["mutants"]["survivors"] == []


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_it_at_once_with_one_line(mini: Stage, tmp_path: Path, whole_group: bool) -> None:
    """Pressed in a terminal it reaches every process; sent to the command alone, the others end with it."""
    pids = tmp_path / "pids"
    waits = f"""
# %% wrong="differences" name="waits" says="It waits."
def differences(x):
    import os, time
    with open({str(pids)!r}, "a") as file:
        print(os.getpid(), file=file)
    time.sleep(600)
"""
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + waits, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "verify"],
        cwd=mini.course.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait(pids.exists)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)  # long before that answer would end
    assert process.returncode == 1
    assert "Traceback" not in said and said.strip().endswith("Aborted!")
    wait(lambda: not any(Path("/proc", pid).exists() for pid in pids.read_text().split()))
