"""The five jobs of stage 11: gold is gold, no test example was seen before, no lazy rival reaches a bar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autograder.lab import projects, trials
from autograder.lab.failures import ExpectationError
from autograder.lab.lexicon import VERBS
from autograder.lab.projects import PROJECTS, E, P, Task


def rows(task: Task) -> list[tuple[str, str]]:
    found = []
    for x, y in zip(task.x.tolist(), task.y.tolist(), strict=True):
        read = projects.in_words(task.source, x, task.unknown) if task.source else ""
        found.append((read, projects.in_words(task.target, y, task.unknown)))
    return found


@pytest.mark.parametrize("name", PROJECTS)
def test_a_task_has_the_form_that_it_promises(name: str) -> None:
    learn, test = projects.make(name, 30, 11, seed=3)
    for task, n in ((learn, 30), (test, 11)):
        S, T = task.x.shape[1], task.y.shape[1]
        assert task.x.shape[0] == task.y.shape[0] == n
        assert task.mask.shape == (n, S)
        assert task.links.shape == (n, T, S)
        assert not (task.mask.int().diff(dim=1) > 0).any()  # real places come first
        assert not (task.links & ~task.mask.unsqueeze(1)).any()
        assert ((task.y == E).sum(dim=1) == 1).all()
        assert (task.y[~projects.written(task.y)] == P).all()
        assert (projects.written(task.y).sum(dim=1) == 1 + (task.y > E).sum(dim=1)).all()


@pytest.mark.parametrize("name", PROJECTS)
def test_the_same_seed_gives_the_same_and_no_test_example_was_there_to_learn_from(name: str) -> None:
    learn, test = projects.make(name, 300, 100, seed=1)
    again = projects.make(name, 300, 100, seed=1)
    assert (
        torch.equal(learn.x, again[0].x) and torch.equal(test.x, again[1].x) and torch.equal(test.links, again[1].links)
    )
    assert not torch.equal(learn.x[:50, :6], projects.make(name, 300, 100, seed=2)[0].x[:50, :6])
    seen = {tuple(x.flatten().tolist()) for x in learn.x}
    width = learn.x.shape[1]
    assert not seen & {
        tuple(x[:width].flatten().tolist())
        for x in torch.nn.functional.pad(test.x, (0, 0) * (test.x.ndim - 2) + (0, width))
    }


@pytest.mark.parametrize("name", ["gist", "answer"])
def test_gold_places_hold_the_words(name: str) -> None:
    forms = {now: (verb, past) for verb, (now, past, *_) in VERBS.items()}
    task, _ = projects.make(name, 300, 1, seed=0)
    for row, (read, write) in enumerate(rows(task)):
        words = read.split()
        for t, word in enumerate(write.split()):
            (place,) = task.links[row, t].nonzero().flatten().tolist()
            if name == "answer":
                assert place == int(word)
            else:  # the verb may stand there in another tense
                assert words[place] == word or words[place] in forms[word], (read, write)


def test_an_answer_answers() -> None:
    task, _ = projects.make("answer", 400, 1, seed=0)
    for read, write in rows(task):
        first, last = map(int, write.split())
        words = read.split()
        question, answer = words[: words.index("?")], words[first : last + 1]
        assert words.index("?") < first <= last
        if question[0] == "when":
            assert " ".join(answer) in {"yesterday", "last week", "every day", "in the morning"}
        if question[0] == "where":
            assert answer[0] in {"in", "at", "under", "by", "behind"}
        if question[0] in ("who", "whom"):
            assert answer[0] == "the" or len(answer) == 1
            assert "and" not in answer


def test_letters_sound_in_their_frames() -> None:
    """The mean frame of each letter at its gold places finds the letter again."""
    learn, test = projects.make("hear", 400, 100, seed=0)
    sounds = torch.stack(
        [learn.x[(learn.links & (learn.y == i).unsqueeze(2)).any(dim=1)].mean(dim=0) for i in range(3, 15)]
    )
    hits = []
    for row in range(100):
        for t in range(int((test.y[row] > E).sum())):
            frame = test.x[row][test.links[row, t]].mean(dim=0)
            hits.append(int(torch.cdist(frame.unsqueeze(0), sounds).argmin()) + 3 == test.y[row, t])
    assert sum(hits) / len(hits) > 0.8


def test_no_name_of_a_test_was_heard_before() -> None:
    learn, test = projects.make("gist", 300, 300, seed=0)
    heard, asked = (set(task.x[task.x >= task.inputs].tolist()) for task in (learn, test))
    assert len(heard) > 30 and len(asked) > 30 and not heard & asked
    assert max(heard | asked) < learn.inputs + len(learn.unknown)
    assert (learn.y >= learn.outputs).any(dim=1).float().mean() > 0.5


def test_shuffled_words_keep_their_meaning() -> None:
    for name in ("translate", "gist", "answer", "hear", "caption"):
        plain, mixed = (projects.make(name, 50, 20, seed=4, shuffled=s)[1] for s in (False, True))
        assert rows(plain) == rows(mixed)
        assert torch.equal(plain.links, mixed.links)
        assert not torch.equal(plain.x, mixed.x) or not torch.equal(plain.y, mixed.y)


@pytest.mark.parametrize("name", PROJECTS)
def test_no_lazy_rival_reaches_a_bar(name: str) -> None:
    for seed in range(3):
        best = max(projects.trivial(*projects.make(name, trials.LEARN, trials.TEST, seed)).values())
        assert best < trials.LOWER[name] - 0.05, (name, seed)
    assert trials.LOWER[name] < trials.UPPER[name] < 1


def test_a_score_counts_rows_and_maps() -> None:
    _, test = projects.make("gist", 1, 40, seed=0)
    gold = test.links.float()
    assert projects.score(test, test.y, gold)[:2] == (1.0, 1.0)
    late = torch.nn.functional.pad(test.y, (0, 2), value=7)  # what stands behind E does not count
    assert projects.score(test, late, torch.nn.functional.pad(gold, (0, 0, 0, 2))).exact == 1.0
    wrong = test.y.clone()
    wrong[:10, 0] = 3
    assert projects.score(test, wrong, gold).exact == pytest.approx(0.75)
    assert projects.score(test, test.y.masked_fill(test.y == E, 5), gold).exact == 0.0
    assert projects.score(test, test.y[:, :2], gold[:, :2]).exact == 0.0
    nowhere = projects.score(test, test.y, torch.zeros_like(gold))
    assert nowhere.pointing < 0.6 and 0 < nowhere.chance < 0.3


class Knows(nn.Module):
    """Writes what it is told, and looks at one place."""

    def __init__(self, ids: Any = None) -> None:
        super().__init__()
        self.weight, self.ids = nn.Parameter(torch.zeros(3)), ids

    def generate(self, x: Any, mask: Any, max_len: int) -> Any:
        maps = torch.zeros(len(x), max_len, x.shape[1])
        maps[:, :, 0] = 1
        return torch.full((len(x), max_len), E) if self.ids is None else self.ids, maps


def test_a_trial_tests_on_what_the_project_never_got() -> None:
    got: list[Task] = []

    def project(load: Any, seed: int) -> Any:
        got.append(load("gist"))
        assert load("gist") is got[-1] or torch.equal(load("gist").x, got[-1].x)
        assert seed != 17
        return Knows()

    one = trials.trial(project, 17)
    assert (one.name, one.parameters, one.score.exact) == ("gist", 3, 0.0)
    assert len(got[0].x) == trials.LEARN and len(one.test.x) == trials.TEST
    assert not got[0].links.numel() and not got[0].unknown and got[0].source[5] == "5"
    sources = {tuple(x.tolist()) for x in got[0].x}
    assert not sources & {tuple(x.tolist()) for x in one.test.x}
    assert trials.trial(project, 17) is one and len(got) == 1  # not trained twice
    assert trials.made()[-1] is one
    assert trials.trial(project, 18) is not one


def test_a_project_is_trained_anew_when_something_that_it_uses_is_another_one() -> None:
    """As in a notebook, where a helper or a number stands in a cell of its own."""
    notebook: dict[str, Any] = {"__name__": "__main__", "Knows": Knows}
    exec("class Base(Knows):\n    def generate(self, *all):\n        return wrote(super().generate(*all))", notebook)
    exec("class Model(Base):\n    pass", notebook)
    exec("def wrote(both):\n    return both", notebook)
    exec("SIZE = 1000\ndef project(load, seed):\n    load('gist')\n    return [Model() for _ in [SIZE]][0]", notebook)
    before = trials.trial(notebook["project"], 19)
    for change in ("def wrote(both):\n    return both", "SIZE = 1001"):
        assert trials.trial(notebook["project"], 19) is before
        exec(change, notebook)
        now = trials.trial(notebook["project"], 19)
        assert now is not before, change
        before = now


@pytest.mark.parametrize(
    ("wrote", "words"),
    [(torch.zeros(300, 4), "int64"), (torch.zeros(300, 2, dtype=torch.int64), "max_len"), ([1, 2], "list")],
)
def test_a_trial_says_what_does_not_fit(wrote: Any, words: str) -> None:
    with pytest.raises(ExpectationError, match=words):
        trials.trial(lambda load, seed: load("gist") and Knows(wrote), 3)


def test_a_project_is_about_one_task_and_another_one_than_those_before() -> None:
    def gist(load: Any, seed: int) -> Any:
        load("gist")
        raise AssertionError("the training is not needed to know this")

    def blank(load: Any, seed: int) -> Any:
        raise NotImplementedError

    def two(load: Any, seed: int) -> Any:
        load("gist")
        load("hear")

    assert trials.chosen(gist) == "gist"
    assert trials.chosen(lambda load, seed: None) is None
    with pytest.raises(ExpectationError, match="earlier project"):
        trials.trial(lambda load, seed: load("gist") and Knows(), 5, (gist,))
    with pytest.raises(NotImplementedError):  # two that are blank are not about the same
        trials.trial(blank, 5, (blank,))
    with pytest.raises(ValueError, match="one task"):
        trials.trial(two, 5)
    with pytest.raises(ExpectationError, match="loads no examples"):
        trials.trial(lambda load, seed: Knows(), 5)
    with pytest.raises(ValueError, match="no task 'sing'"):
        trials.trial(lambda load, seed: load("sing"), 5)


def test_the_leaderboard_keeps_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    assert trials.leaderboard(path) == [] and not path.exists()
    one = trials.trial(lambda load, seed: load("hear") and Knows(), 5)
    assert [row["model"] for row in trials.leaderboard(path, [("a", one)])] == ["a"]
    board = trials.leaderboard(path, [("a", one), ("b", one)])
    assert [row["model"] for row in board] == ["a", "b"] and board == trials.leaderboard(path)
    for text in ("{", '{"a": 1}', '[{"task": "hear"}]', '"x"'):
        path.write_text(text)
        with pytest.raises(ValueError, match="holds no leaderboard"):
            trials.leaderboard(path, [("c", one)])
        assert path.read_text() == text
    assert json.dumps(board)
