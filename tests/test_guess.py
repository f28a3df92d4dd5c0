"""A guess is kept, and laid beside what came out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from autograder.build.release import source_notebook
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.lab import guess
from autograder.stage.model import Content
from autograder.stage.read import read_stage

from .conftest import ROOT, edit

CONTENTS = [read_stage(stage) for stage in Course(ROOT).stages()]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess, "_guesses", {})


def ask(mine: str, name: str = "slope") -> None:
    guess.ask(name, "Which one falls?", A="the RNN", B="the LSTM", mine=mine)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_guess_is_laid_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    ask("")
    assert "A  the RNN" in (text := said(capsys)) and 'mine=""' in text
    ask(" a ")
    assert "You guess A, the RNN." in said(capsys)
    guess.compare("slope", "B")
    assert said(capsys) == "You guessed A, the RNN. It came out B, the LSTM.\n"
    ask("A", "other")
    guess.compare("other", "A")
    assert said(capsys).endswith("As you guessed: A, the RNN.\n")
    guess.summary()
    assert said(capsys).startswith("1 of your 2 guesses came out.\n  Which one falls?\n    you: A, the RNN")


def test_a_guess_stays_once_the_result_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    for mine in ("A", "B"):
        ask(mine)
    guess.compare("slope", "A")
    for mine in ("A", "B", ""):
        ask(mine)
    assert said(capsys).count("Your guess stays B, the LSTM.") == 2
    guess.compare("slope", "A")
    assert "You guessed B, the LSTM." in said(capsys)


def test_without_a_guess_the_page_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    guess.compare("slope", "A")
    assert "was not run" in said(capsys)
    ask("C")
    assert 'mine="C" is none of the letters A, B.' in said(capsys)
    guess.compare("slope", "A")
    assert said(capsys) == "It came out A, the RNN. You made no guess.\n"
    ask("A")
    assert "You made none: restart the kernel to guess after all." in said(capsys)
    guess.summary()
    assert said(capsys) == "0 of your 0 guesses came out. 1 you did not make.\n"
    with pytest.raises(ValueError, match="has the options A, B"):
        guess.compare("slope", "D")


def calls(content: Content) -> Iterator[tuple[int, ast.Call]]:
    """Calls of `guess`, with the number of their cell."""
    for place, cell in enumerate(content.cells):
        if cell.kind != "prose" and "guess." in cell.source:
            assert cell.kind == "demo", f"{content.stage.slug}: {cell.source}"  # the reader writes into it
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("guess."):
                    yield place, node


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.stage.slug)
def test_each_question_has_its_result_in_a_later_cell(content: Content) -> None:
    asked: dict[str, tuple[int, set[str]]] = {}
    compared: dict[str, int] = {}
    for place, call in calls(content):
        if ast.unparse(call.func) == "guess.summary":
            assert set(asked) == set(compared)
            continue
        assert isinstance(call.args[0], ast.Constant)
        name = str(call.args[0].value)
        if ast.unparse(call.func) == "guess.ask":
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            assert isinstance(given["mine"], ast.Constant) and given["mine"].value == "", name
            letters = set(map(str, given)) - {"mine"}
            assert name not in asked and 2 <= len(letters) <= 5 and letters <= set("ABCDE"), name
            asked[name] = place, letters
        else:
            assert name not in compared and asked[name][0] < place, name
            assert not isinstance(call.args[1], ast.Constant), f"{name}: the result is computed, and not written down"
            compared[name] = place
    assert set(asked) == set(compared)


def test_a_picture_s_code_can_be_folded(mini: Stage) -> None:
    edit(mini, "# %%\nplots.", '# %% tags=["hide-input"]\nplots.')
    (cell,) = [cell for cell in source_notebook(read_stage(mini)).cells if cell.source.startswith("plots.lines")]
    assert cell.metadata == {
        "tags": ["hide-input", "raises-exception"],
        "jupyter": {"source_hidden": True},
    }
    edit(mini, '["hide-input"]', '["hidden"]')
    with pytest.raises(CourseError, match="have no meaning here"):
        read_stage(mini)
