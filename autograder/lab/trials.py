"""A student's project is trained, and tested on examples that nobody can know before; the leaderboard of this machine.

A project is `project(load, seed)`: it loads the examples of one task and gives a trained model.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.lab.failures import ExpectationError
from autograder.lab.projects import PROJECTS, Score, Task, make, number, score

__all__ = ["LEARN", "LOWER", "TEST", "UPPER", "Trial", "again", "chosen", "leaderboard", "made", "trial"]

LEARN, TEST = 2000, 300  # examples of a trial
LOWER = {"translate": 0.3, "hear": 0.3, "gist": 0.3, "caption": 0.5, "answer": 0.4}  # shares of rows that are right
UPPER = {"translate": 0.65, "hear": 0.65, "gist": 0.9, "caption": 0.7, "answer": 0.75}


class Trial(NamedTuple):
    """One training of a project, tested on examples that it has never seen."""

    name: str
    made_by: str  # the name of the project
    seed: int
    score: Score
    ids: Tensor  # int64 [N, T], what the model wrote for `test`
    maps: Tensor  # float [N, T, S]
    test: Task
    parameters: int
    seconds: float  # of processor time, of the training
    model: Any


def trial(project: Callable[[Callable[[str], Task], int], Any], seed: int, others: Sequence[Any] = ()) -> Trial:
    """Let a project load its examples and train, and test what it gives. The same project and seed are tried once.

    The words are shuffled by the seed. `again` tests the same model on examples that nobody can know before. After a
    change of the project, or of a function or class of the notebook that it uses, it is a new one.

    Args:
        project: `project(load, seed)` gives a model; `load(name)` gives the examples to learn from. It is called once.
        seed: of the examples. The project gets another number, which says nothing about it.
        others: projects that have to be about something else.

    Raises:
        ExpectationError: when the project does not load, or gives no model that can be tested, and says why.
    """
    parts = _parts(project)
    for known in _known:
        if known.parts == parts and known.standing[0] == standing[0] and known.trial.seed == seed:
            return known.trial
    name, model, seconds, test = _train(project, seed, others)
    ids, maps = _write(model, test)
    parameters = sum(p.numel() for p in model.parameters())
    made_by = str(getattr(project, "__name__", "project"))
    done = Trial(name, made_by, seed, score(test, ids, maps), ids, maps, test, parameters, seconds, model)
    _known.append(_Known(parts, standing, done, model))
    return done


# Where a program stands that runs somebody else's notebook: how many cells had run, after which a name may mean another
# project, and which check it is at, with which a model ends that lives in another process.
standing = (0, 0)


class _Same:
    """Equal to itself only, whatever the object that it keeps thinks of being equal."""

    def __init__(self, kept: Any) -> None:
        self.kept = kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.kept is self.kept

    __hash__ = object.__hash__


def _parts(project: Any) -> list[_Same]:
    """The project, and all that it and its helpers use of the notebook."""
    found, waiting = [project], [project]
    while waiting:
        one = waiting.pop()
        kinds = one.__mro__ if isinstance(one, type) else ()
        for function in (one, *itertools.chain.from_iterable(vars(kind).values() for kind in kinds)):
            if isinstance(function, types.FunctionType) and function.__module__ == project.__module__:
                for name in _names(function.__code__):
                    used = function.__globals__.get(name, project)
                    if not any(used is other for other in found):
                        found.append(used)
                        waiting.append(used)
    return [_Same(one) for one in found]


def _names(code: types.CodeType) -> list[str]:
    """What is looked up by name, also in functions and classes inside."""
    inside = (_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return [*code.co_names, *itertools.chain.from_iterable(inside)]


@functools.lru_cache(maxsize=8)
def _tasks(name: str, seed: int, draw: int = 0) -> tuple[Task, Task]:
    return make(name, LEARN, TEST, seed, shuffled=True, draw=draw)


@dataclass
class _Known:
    """A trial of this process, and its model as far as it can still be asked."""

    parts: list[_Same]
    standing: tuple[int, int]
    trial: Trial
    model: Any
    again: dict[tuple[int, bool], Score] = field(default_factory=dict)


_known: list[_Known] = []


def _train(project: Callable[..., Any], seed: int, others: Sequence[Any] = ()) -> tuple[str, Any, float, Task]:
    """The task's name, the model, the seconds of its training, and what to test it with."""
    loaded: list[tuple[Task, Task]] = []

    def load(name: str) -> Task:
        if loaded and loaded[0][0].name != name:
            raise ValueError(f"A project is about one task, and this one loads {loaded[0][0].name!r} and {name!r}.")
        if not loaded:
            loaded.append(_tasks(name, seed))
        learn = loaded[0][0]
        numbers = tuple(map(str, range(max(learn.inputs, learn.outputs))))  # in place of the words
        nothing = torch.zeros(0, dtype=torch.bool)
        return learn._replace(
            x=learn.x.clone(),
            mask=learn.mask.clone(),
            y=learn.y.clone(),
            links=nothing,
            source=numbers[: len(learn.source)],
            target=numbers[: learn.outputs],
            unknown=(),
        )

    taken = {chosen(other) for other in others} - {None}  # one that is blank takes nothing
    if taken and (name := chosen(project)) in taken:
        raise ExpectationError(f"{name!r} is the task of an earlier project. Choose another one.")
    start = time.process_time()
    model = project(load, number("project", seed, "") % 1000)
    seconds = time.process_time() - start
    if model is None:
        raise ExpectationError("The project gives None in place of a model. Is a return missing?")
    if not loaded:
        raise ExpectationError("The project loads no examples: call load, with one of " + ", ".join(PROJECTS) + ".")
    return loaded[0][1].name, model, seconds, loaded[0][1]


def again(trial: Trial, draw: int, blank: bool = False) -> Score:
    """The score of a trial's model on other examples of the same words, as `make` draws them.

    With `blank`, all its weights are 0 for this time: what it then writes was not learned.
    """
    known = next(known for known in _known if known.trial is trial)
    if (draw, blank) not in known.again:
        if known.standing != standing:  # its model has ended
            known.model, known.standing = _train(known.parts[0].kept, trial.seed)[1], standing
        known.again[draw, blank] = _again(known.model, _tasks(trial.name, trial.seed, draw)[1], blank)
    return known.again[draw, blank]


def _again(model: Any, test: Task, blank: bool) -> Score:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    if blank:
        model.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    try:
        return score(test, *_write(model, test))
    finally:
        if blank:
            model.load_state_dict(before)


def _write(model: Any, test: Task) -> tuple[Tensor, Tensor]:
    longest = test.y.shape[1] + 3
    ids, maps = model.generate(test.x, test.mask, longest)
    for what, value, dtypes, dims in (
        ("ids", ids, (torch.int64,), 2),
        ("maps", maps, (torch.float32, torch.float64), 3),
    ):
        if not isinstance(value, Tensor) or value.dtype not in dtypes or value.ndim != dims:
            got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ExpectationError(
                f"generate gives ids, int64 [N, T], and maps, float32 [N, T, S]. Here {what}: {got}."
            )
    if tuple(maps.shape) != (*ids.shape, test.x.shape[1]) or len(ids) != len(test.x) or ids.shape[1] > longest:
        raise ExpectationError(
            f"generate wrote ids {list(ids.shape)} and maps {list(maps.shape)} for x {list(test.x.shape)} and "
            f"max_len {longest}. Needed: ids [N, T], T at most max_len, and maps [N, T, S]."
        )
    return ids, maps


def made() -> list[Trial]:
    """All that were made since this process started, each once, in order."""
    return [known.trial for known in _known]


class _ChosenError(Exception):
    """Ends a project as soon as it has said what it is about."""


def chosen(project: Callable[..., Any]) -> str | None:
    """The task that a project loads, without any training; None where it loads none."""
    names: list[str] = []

    def load(name: str) -> Task:
        names.append(name)
        raise _ChosenError

    with contextlib.suppress(Exception):  # it may be blank, or broken: then it is about nothing
        project(load, 0)
    return names[0] if names else None


def leaderboard(path: str | Path = "leaderboard.json", tried: Sequence[tuple[str, Trial]] = ()) -> list[dict[str, Any]]:
    """All models that were tried on this machine, the best of each task first. `tried` (name, trial) are added.

    The file keeps what stands in it: entries are only added, and a file that cannot be read is left alone.

    Raises:
        ValueError: when the file holds something else.
    """
    path = Path(path)
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        fits = all(isinstance(row, dict) and set(row) == set(_ROW) for row in rows)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{path} holds no leaderboard. Move it away, or name another file: leaderboard('other.json').")
    for name, one in tried:
        values = (one.name, name, *(round(v, 4) for v in one.score[:2]), one.parameters, round(one.seconds, 1))
        row = dict(zip(_ROW, values, strict=True))
        if not any(row | {"seconds": known["seconds"]} == known for known in rows):  # the same model once more
            rows.append(row)
    if tried:
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        new.replace(path)
    return sorted(rows, key=lambda row: (PROJECTS.index(row["task"]), -row["exact"], row["seconds"]))


_ROW = ("task", "model", "exact", "pointing", "parameters", "seconds")
