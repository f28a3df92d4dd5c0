"""`verify` proves a stage, and says what to do where it cannot."""

from __future__ import annotations

import json

from autograder.course import Stage
from autograder.verify import prove

from .conftest import edit, run


def test_a_new_stage_is_proven(mini: Stage) -> None:
    path = mini.course.root / "proof.json"
    assert "All proven" in run("verify", "--json", str(path), cwd=mini.course.root).stdout
    proof = json.loads(path.read_text(encoding="utf-8"))["stages"]["12_my_stage"]
    assert (proof["blank_score"], proof["solution_score"], proof["max_score"]) == (0, 2, 2)
    assert proof["right"] == {"total": 1, "accepted": 1}
    assert proof["wrong"] == {"total": 2, "caught": 2, "caught_by_visible": 1, "diagnosed": 2}
    assert proof["redundant_checks"] == []


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
    monkeypatch.setattr("autograder.trials.SECONDS", 1)
    loop = '\n# %% wrong="differences" name="loop" says="It never ends."\ndef differences(x):\n'
    loop += "    while True:\n        pass\n"
    mini.answers.write_text(mini.answers.read_text(encoding="utf-8") + loop, encoding="utf-8")
    assert prove(mini, seeds=1).caught == 3
