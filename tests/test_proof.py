"""What a proof of a stage's tests counts, and what it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.course.layout import Stage
from autograder.proof.diagnosed import unclear
from autograder.proof.memo import _Memo
from autograder.proof.tasks import Outcome, Task, Trial
from autograder.proof.verify import prove
from autograder.proof.warm import fork
from autograder.run.memory import use_large_pages


def add(stage: Stage, answer: str) -> None:
    with stage.answers.open("a", encoding="utf-8") as file:
        file.write(f"\n{answer}\n")


def test_a_right_answer_that_does_not_define_the_exercise_is_a_problem(mini: Stage) -> None:
    """The solution's function must not pass in its place."""
    add(mini, '# %% right="differences" name="a slip"\ndifference = "not the name"')
    proof = prove(mini, seeds=1, only=["differences"])
    assert (proof.right, proof.accepted) == (3, 2)
    (problem,) = proof.problems
    assert 'the right answer "a slip" does not define "differences". Define that name' in problem


def test_a_wrong_answer_runs_without_the_solution_in_place(mini: Stage) -> None:
    add(mini, '# %% wrong="differences" name="a slip" says="It has another name."\ndifference = "not the name"')
    add(mini, '# %% wrong="differences" name="calls it" says="It calls itself."\nanother = differences')
    proof = prove(mini, seeds=1, only=["differences"])
    assert (proof.wrong, proof.caught, proof.problems) == (8, 8, [])


def test_only_what_the_judge_recognizes_counts_as_diagnosed(mini: Stage) -> None:
    """`grade` names no mistake where an answer is not there, or says that it is not written yet."""
    left = 'def differences(x):\n    raise NotImplementedError("todo")'
    add(mini, f'# %% wrong="differences" name="left to do" says="You left an error of your own in."\n{left}')
    other = "def difference(x):\n    return torch.diff(x, dim=1)"
    add(mini, f'# %% wrong="differences" name="another name" says="The function has another name."\n{other}')
    proof = prove(mini, seeds=1)
    assert (proof.wrong, proof.caught, proof.diagnosed) == (8, 8, 6)
    facts = "\n".join(proof.alike)
    assert 'the wrong answer "left to do" of "differences" cannot be recognized: its checks end with not_im' in facts
    assert 'the wrong answer "another name" of "differences" cannot be recognized: its checks end with missing' in facts
    assert set(proof.alike) <= set(proof.problems)  # it is less than 95 %


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        (Trial({"f-a": Outcome(False, "got 1", "ExpectationError")}), None, []),
        (Trial({"f-a": Outcome(False, "got 1.0001", "ExpectationError")}), "got 1.0002", ["one", "other"]),
        (Trial({"f-a": Outcome(False, "todo", "NotImplementedError")}), None, ["one"]),
        (Trial({"f-a": Outcome(False, "no f", "NameError")}), None, ["one"]),
        (Trial({"f-a": Outcome(False, "late", "TimeoutError")}), None, ["one"]),
        (Trial({"f-a": Outcome(False, "bad cell", "ValueError")}, ran=False), None, ["one"]),
        (Trial({"f-a": Outcome(True)}), None, []),
    ],
)
def test_the_judge_is_asked_where_a_failure_says_too_little(one: Trial, other: str | None, asked: list[str]) -> None:
    told = Trial({"f-a": Outcome(False, other or "got 9", "ExpectationError")})
    assert unclear([("one", one), ("other", told)]) == asked


@pytest.mark.parametrize("seed", [0, 255, 256, 70_000])
def test_slow_calls_are_made_once_whatever_the_seed(seed: int) -> None:
    made: list[int] = []

    def slow(x: int) -> int:
        made.append(x)
        return x + 1

    scout = _Memo({"slow": slow}, {}, Task("solution", "f", None, seed))
    scout.scout, scout.SLOW = True, -1.0  # type: ignore[misc]
    assert scout.call("slow", 3) == 4 and len(scout.learned) == 1
    assert _Memo({"slow": slow}, scout.learned, Task("solution", "f", None, seed)).call("slow", 3) == 4
    _Memo({"slow": slow}, scout.learned, Task("solution", "f", None, seed + 1)).call("slow", 3)
    assert made == [3, 3]  # another seed is another call


def test_a_fork_from_large_pages_has_the_same_memory(tmp_path: Path) -> None:
    numbers = list(range(300_000))
    path = tmp_path / "sum"

    def work() -> None:
        path.write_text(str(sum(numbers)), encoding="utf-8")
        os._exit(0)

    use_large_pages()
    fork(work).join(30)
    assert path.read_text(encoding="utf-8") == str(sum(numbers))
