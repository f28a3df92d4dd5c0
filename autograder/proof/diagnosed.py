"""Are the catalogue's wrong answers diagnosed as themselves?"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.compare import SAME, Known, _fits, recognize
from autograder.run.store import Store
from autograder.stage.model import Content

SHARE = 0.95  # of a stage's wrong answers have to be diagnosed as themselves
Unclear = Mapping[tuple[str, str], Collection[str]]  # (slug, exercise) -> names of wrong answers


def prove_diagnosis(contents: Sequence[Content], jobs: int, unclear: Unclear) -> list[tuple[int, list[str]]]:
    """Of each stage: how many of these wrong answers are diagnosed as themselves, and which cannot be, in words.

    Those whose failures already read like no other's need not be asked about.
    """
    from autograder.intake.blueprint import read_limits
    from autograder.run.store import run_cached
    from autograder.run.worker.pool import Workers

    if not unclear:
        return [(0, []) for _ in contents]
    with Workers(min(jobs, len(unclear)), "none") as workers:  # the course's own answers
        pending = []
        for content in contents:
            store = Store(content.stage.course.verdicts, "none")
            run = functools.partial(run_cached, store=store, worker=workers)
            made = Catalogue(content, read_limits(content.stage), run)
            slug = content.stage.slug
            made.wrong = [a for a in made.wrong if a.name in unclear.get((slug, a.exercise), ())]
            exercises = dict.fromkeys(answer.exercise for answer in made.wrong)
            pending.append([(exercise, workers.threads.submit(made.known, exercise)) for exercise in exercises])
        told = [
            [_recognized(content, exercise, future.result()) for exercise, future in parts]
            for content, parts in zip(contents, pending, strict=True)
        ]
    return [(sum(count for count, _ in parts), [fact for _, facts in parts for fact in facts]) for parts in told]


def _recognized(content: Content, exercise: str, known: Known) -> tuple[int, list[str]]:
    """Of one exercise: how many wrong answers are diagnosed as themselves, and in words which ones cannot be."""
    count, facts = 0, []
    for answer, checks in known:
        place = f"{content.stage.place(content.stage.answers)}:{answer.line}"
        failed = {check for check, result in checks.items() if not result.passed}
        same = [
            a for part, _, far, a, _ in _fits(checks, failed, known) if not part and far <= SAME and a is not answer
        ]
        found = recognize(checks, known)
        count += bool(found) and found[0].answer is answer and not same
        for other in same:
            if answer.line < other.line:
                fact = (
                    f'the wrong answers "{answer.name}" and "{other.name}" of "{exercise}" give the same in every check'
                )
                fix = "Add a check that tells them apart, or make one answer of the two."
                facts.append(f"{place}: {fact}, as far as the first failure of each. {fix}")
        if failed and not found:
            kinds = ", ".join(sorted({checks[check].kind for check in failed}))
            fact = (
                f'the wrong answer "{answer.name}" of "{exercise}" cannot be recognized: its checks end with {kinds}.'
            )
            facts.append(f"{place}: {fact} Let it come to an expectation.")
    return count, facts
