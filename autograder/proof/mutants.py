"""Wrong answers made by machine, and those that no check catches."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.proof.mutant_rules import Mutant, mutants_of
from autograder.proof.tasks import Task
from autograder.proof.trials import run_all
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_stage

SECONDS = 10.0  # for one check: a loop that never ends costs so much
ALL = ""  # in place of a line: whatever is changed, it is another right answer


@dataclass
class Survey:
    """What came of the mutants of a stage."""

    slug: str
    total: int = 0
    caught: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        shown = [{"exercise": m.exercise, "line": m.line, "before": m.before, "after": m.after} for m in self.survivors]
        return {"total": self.total, "caught": self.caught, "equivalent": self.equivalent, "survivors": shown}


def survey(
    stages: Sequence[Stage],
    jobs: int = 2,
    step: Callable[[int, int], None] = lambda done, total: None,
    only: Sequence[str] = (),
    listed_too: bool = True,
) -> list[Survey]:
    """Run the checks on the mutants of these stages, each one up to the first check that catches it.

    Args:
        only: these exercises.
        listed_too: run those, too, that are listed as right all the same, and note which of them is caught here.

    Raises:
        CourseError: where a stage, or its list of equivalent mutants, cannot be read.
    """
    contents = [read_stage(stage) for stage in stages]
    listed = [_read_equivalent(stage, content) for stage, content in zip(stages, contents, strict=True)]
    work: list[tuple[Content, Task]] = []
    taken = {content.stage.slug: list[Mutant]() for content in contents}  # as right all the same, without a run
    made: list[Mutant | None] = []  # None: the solution itself, which tells what is slow
    for content, equivalent in zip(contents, listed, strict=True):
        for cell in content.of_kind("exercise"):
            if cell.id in content.written and (not only or cell.id in only):
                mutants = [] if (cell.id, ALL) in equivalent else mutants_of(cell)
                if not listed_too:
                    taken[content.stage.slug] += [m for m in mutants if (m.exercise, m.after) in equivalent]
                    mutants = [m for m in mutants if (m.exercise, m.after) not in equivalent]
                if not mutants:
                    continue
                work += [(content, Task("solution", cell.id))]
                answers = [Answer(False, cell.id, m.after, m.source) for m in mutants]
                work += [(content, Task("answer", cell.id, answer)) for answer in answers]
                made += [None, *mutants]
    caught: dict[int, bool] = {}
    for done, (index, trial) in enumerate(run_all(work, jobs, until_failure=True, seconds=SECONDS), 1):
        failed = [o for o in trial.outcomes.values() if not o.passed]
        if made[index] is not None and not any(o.error == "Inapplicable" for o in failed):
            caught[index] = bool(failed)
        step(done, len(work))
    surveys = []
    for stage, content, equivalent in zip(stages, contents, listed, strict=True):
        own = [(m, caught[i]) for i, m in enumerate(made) if i in caught and m is not None and work[i][0] is content]
        own += [(m, False) for m in taken[stage.slug]]
        surveys.append(_judge(stage, own, equivalent, only))
    return surveys


Equivalent = dict[tuple[str, str], str]  # (exercise, changed line) -> reason


def _judge(stage: Stage, own: list[tuple[Mutant, bool]], equivalent: Equivalent, only: Sequence[str]) -> Survey:
    result = Survey(stage.slug, len(own), sum(caught for _, caught in own))
    alive = set()
    for mutant, caught in own:
        if caught:
            continue
        alive.add((mutant.exercise, mutant.after))
        if (mutant.exercise, mutant.after) in equivalent:
            result.equivalent += 1
            continue
        result.survivors.append(mutant)
        result.problems.append(
            f'{stage.place(stage.text)}:{mutant.line}: the checks of "{mutant.exercise}" let this change pass:\n'
            f"  - {mutant.before}\n  + {mutant.after}\n"
            f"  Add a check that it fails; or, if it is right all the same, list it in {_place(stage)} with the reason."
        )
    made = {(mutant.exercise, mutant.after) for mutant, _ in own}
    for exercise, line in equivalent:
        if line == ALL or (only and exercise not in only):
            continue
        if (exercise, line) not in made:
            fact = f'the line "{line}" of "{exercise}" is no longer made.'
            result.problems.append(f"{_place(stage)}: {fact} Take it off the list.")
        elif (exercise, line) not in alive:  # a training may come out otherwise on another machine
            result.notes.append(
                f'{_place(stage)}: the line "{line}" of "{exercise}" is caught here. Is it wrong after all?'
            )
    return result


def _place(stage: Stage) -> str:
    return stage.place(stage.folder / "equivalent.toml")


def _read_equivalent(stage: Stage, content: Content) -> Equivalent:
    """The mutants that are right all the same: `[[mutant]]` with exercise, lines and reason.

    Without lines, no mutants are made of the exercise: its checks ask for a result and leave the way to it open.
    """
    path = stage.folder / "equivalent.toml"
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(Fault(_place(stage), f"cannot be read: {error}.", "Mend it.")) from error
    faults = []
    for entry in entries:
        lines = entry.setdefault("lines", [ALL])
        if set(entry) != {"exercise", "lines", "reason"} or not isinstance(lines, list) or not entry["reason"]:
            faults.append(Fault(_place(stage), f"{entry} is no entry.", "Give it exercise, lines and reason."))
        elif entry["exercise"] not in content.exercises:
            fix = f"Exercises are: {', '.join(content.exercises)}."
            faults.append(Fault(_place(stage), f'there is no exercise "{entry["exercise"]}".', fix))
    if faults:
        raise CourseError(*faults)
    return {(entry["exercise"], line.strip()): entry["reason"] for entry in entries for line in entry["lines"]}
