"""`verify --mutants`: wrong answers made by machine, and what it says where the checks let one pass."""

from __future__ import annotations

import json

import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.proof.mutant_rules import mutants_of
from autograder.proof.mutants import survey
from autograder.stage.model import Cell

from .conftest import ROOT, edit, run


def changes(body: str, arguments: str = "x, y") -> set[str]:
    """The changed lines of all mutants of a function with this body."""
    source = f"def f({arguments}):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION\n"
    return {mutant.after for mutant in mutants_of(Cell("exercise", "f", source, 1))}


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("return x.transpose(1, 2)", "return x.transpose(2, 1)"),
        ("return x.transpose(1, 2)", "return x"),
        ("return x.T", "return x"),
        ("return x.sum(dim=1)", "return x.sum(dim=2)"),
        ("return x.softmax(dim=-1)", "return x.softmax(dim=-2)"),
        ("return x.masked_fill(y, 0.0)", "return x"),
        ("return x[y]", "return x"),
        ("return x * y", "return x"),
        ("return x[1:]", "return x[2:]"),
        ("return x[:y]", "return x[:y + 1]"),
        ("return list(range(y))", "return list(range(y - 1))"),
        ("return x < y", "return x <= y"),
        ("return x + y", "return x - y"),
        ("return x @ y", "return y @ x"),
        ("x.sort()", "pass  # x.sort()"),
        ("return x", "return zeros(x)"),
        ("return x", '@detaches("f")'),
        ("return x", '@spoils("f", "y")'),
        ("return not x", "return x"),
        ("return torch.where(x, y, 0)", "return torch.where(y, x, 0)"),
        ("return x.sum(keepdim=True)", "return x.sum()"),
        ("return x.sum(keepdim=True)", "return x.sum(keepdim=False)"),
        ("return x or y", "return (x and y)"),
        ("return (x + 1) * y", "return (x + 2) * y"),
        ("return x, y", "return y, x"),
        ('raise ValueError("no")', "raise ValueError()"),
        ("return x.masked_fill(~y, 0.0)", "return (x * y)"),
        ("return x.masked_fill(y, 0.0)", "return (x * ~y)"),
        ("return x.masked_fill(y, -math.inf)", "return x.masked_fill(y, -10000.0)"),
        ("return torch.where(x, y, 0.0)", "return (x * y)"),
        ("return torch.where(x < 1, y, x)", "return ((x < 1) * y + ~(x < 1) * x)"),
        ("return x.unsqueeze(1)", "return x.unsqueeze_(1)"),
        ("x = x + y", "x += y"),
    ],
)
def test_a_change_that_students_make(line: str, change: str) -> None:
    assert change in changes(line)


def test_only_an_argument_is_changed_in_place() -> None:
    """What the function made itself is its own."""
    assert changes("z = y.clone().unsqueeze(1)") & {"z = y.clone().unsqueeze_(1)"} == set()
    assert not any("masked_fill_" in change for change in changes("return torch.tanh(x).masked_fill(y, 0.0)"))


def test_only_the_solution_is_changed() -> None:
    source = "def f(x, n=3):\n    y = 7\n    ### BEGIN SOLUTION\n    y = 8\n    ### END SOLUTION\n    return y + 1\n"
    mutants = mutants_of(Cell("exercise", "f", source, 1))
    assert {m.after for m in mutants if not m.after.startswith("@")} == {"y = 9", "y = 7", "pass  # y = 8"}
    assert all("return y + 1" in m.source and "n=3" in m.source for m in mutants)


def test_a_survivor_is_shown_and_can_be_listed(mini: Stage) -> None:
    """The checks of the new stage are strong; without the hidden part, some changes pass."""
    assert survey([mini])[0].problems == []
    edit(mini, "x = torch.randn(3, 7)", "x = torch.tensor([[1.0, 4.0, 6.0], [1.0, 4.0, 6.0], [1.0, 4.0, 6.0]])")
    edit(mini, ".shape(3, 6)", ".shape(3, 2)")
    edit(mini, "def differences(x):", "def differences(x, axis=1):")
    edit(mini, "return x[:, 1:] - x[:, :-1]  # [B, T-1]", "return torch.diff(x, 1, axis)")
    path = mini.course.root / "proof.json"
    said = run("verify", "--mutants", "--json", str(path), cwd=mini.course.root, ok=False).stdout
    assert 'the checks of "differences" let this change pass:\n  - return torch.diff(x, 1, axis)\n  + return' in said
    (shown, *_) = json.loads(path.read_text(encoding="utf-8"))["stages"]["12_my_stage"]["mutants"]["survivors"]
    listed = mini.folder / "equivalent.toml"
    survivors = survey([mini])[0].survivors
    assert {m.after for m in survivors} == {"return torch.diff(x, axis, 1)", "return torch.diff(x, 1)"}
    assert shown["after"] in {m.after for m in survivors}
    lines = json.dumps([m.after for m in survivors])
    listed.write_text(f'[[mutant]]\nexercise = "differences"\nreason = "so"\nlines = {lines}\n', encoding="utf-8")
    found = survey([mini])[0]
    assert (found.problems, found.equivalent) == ([], len(survivors))
    lines = '["return 5", "return zeros(torch.diff(x, 1, axis))"]'
    gone = f'[[mutant]]\nexercise = "differences"\nreason = "so"\nlines = {lines}\n'
    listed.write_text(listed.read_text(encoding="utf-8") + gone, encoding="utf-8")
    found = survey([mini])[0]
    assert ['the line "return 5" of "differences" is no longer made' in p for p in found.problems] == [True]
    assert ["is caught here. Is it wrong after all?" in note for note in found.notes] == [True]
    left = survey([mini], listed_too=False)[0]
    assert (left.total, left.equivalent, left.notes) == (found.total, found.equivalent + 1, [])
    listed.write_text("[[mutant]]\nexercise = 'differences'\nreason = 'any way is right'\n", encoding="utf-8")
    assert (survey([mini])[0].total, survey([mini])[0].problems) == (0, [])
    listed.write_text("[[mutant]]\nexercise = 'nobody'\nreason = 'so'\nlines = []\n", encoding="utf-8")
    with pytest.raises(CourseError, match='there is no exercise "nobody"'):
        survey([mini])


def test_a_function_that_spoils_its_argument_is_found(mini: Stage) -> None:
    """The result is right, but the tensor that was passed holds zeros afterwards."""
    edit(mini, 'expect(x).equal(before, hint="Do not change the caller\'s x.")\n', "")
    edit(mini, 'expect(x).gradient(hint="Compute with tensors from x to the result, or no gradient flows.")\n', "")
    assert [mutant.after for mutant in survey([mini])[0].survivors] == ['@spoils("differences", "x")']


def test_a_result_without_gradient_is_found(mini: Stage) -> None:
    edit(mini, 'expect(x).gradient(hint="Compute with tensors from x to the result, or no gradient flows.")\n', "")
    edit(mini, "differences(x).square().sum().backward()\n", "")
    assert [mutant.after for mutant in survey([mini])[0].survivors] == ['@detaches("differences")']


@pytest.mark.slow
@pytest.mark.parametrize("stage", Course(ROOT).stages(), ids=lambda stage: stage.slug)
def test_no_generated_wrong_answer_passes(stage: Stage) -> None:
    """Each one is caught by a check, or stands in the stage's equivalent.toml with the reason."""
    assert survey([stage], listed_too=False)[0].problems == []
