"""Are the catalogue's wrong answers diagnosed as themselves?"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Collection, Sequence

from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.compare import SAME, Known, _fits, _general, recognize
from autograder.proof.tasks import Trial
from autograder.run.store import Store
from autograder.stage.model import Content

SHARE = 0.95  # of a stage's wrong answers have to be diagnosed as themselves
UNNAMED = ("NotImplementedError", "NameError", "TimeoutError", "MemoryError", "RecursionError", "SystemExit")
Diagnosed = tuple[int, list[str]]  # how many wrong answers are diagnosed as themselves; which cannot be, in words


def unclear(tried: Sequence[tuple[str, Trial]]) -> list[str]:
    """Of an exercise's wrong answers (by name) the caught ones of which only the judge knows whether it names them.

    The others fail as no other one does, and with errors that a student would hear the answer's sentence for.
    """
    told = {name: _failures(trial) for name, trial in tried if any(not o.passed for o in trial.outcomes.values())}
    failures = list(told.values())
    return [name for name, own in told.items() if not own or failures.count(own) > 1]


def _failures(trial: Trial) -> dict[str, str]:
    """The messages of the failed checks; nothing where another one may come in the judge, or no diagnosis."""
    failed = {check: o for check, o in trial.outcomes.items() if not o.passed}
    if not trial.ran or not trial.defines or any(o.error in UNNAMED for o in failed.values()):
        return {}
    return {check: _general(o.message) for check, o in failed.items()}


class Recognition:
    """The judge, asked about wrong answers. It starts at once, or when it is first asked."""

    def __init__(self, contents: Sequence[Content], at_once: bool) -> None:
        from autograder.run.worker.worker import Worker

        self.contents = {content.stage.slug: content for content in contents}
        self.worker = Worker("none")  # the course's own answers
        self.start = threading.Thread(target=self._start, daemon=True)
        self.at_once = at_once

    def _start(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # its first job tells what is wrong
            self.worker.start()

    def __enter__(self) -> Recognition:
        if self.at_once:
            self.start.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.worker.close()

    def of(self, slug: str, exercise: str, names: Collection[str]) -> Diagnosed:
        """How many of these wrong answers of an exercise are diagnosed as themselves, and which cannot be."""
        if self.at_once:
            self.start.join()
        catalogue = self._catalogue(slug)
        every = catalogue.wrong
        catalogue.wrong = [a for a in every if a.exercise == exercise and a.name in names]
        try:
            return _recognized(catalogue.content, exercise, catalogue.known(exercise))
        finally:
            catalogue.wrong = every

    @functools.cache  # noqa: B019 - it lives as long as its process
    def _catalogue(self, slug: str) -> Catalogue:
        from autograder.run.limits import read_limits
        from autograder.run.store import run_cached

        content = self.contents[slug]
        store = Store(content.stage.course.verdicts, "none")
        run = functools.partial(run_cached, store=store, worker=self.worker)
        return Catalogue(content, read_limits(content.stage), run)


def _recognized(content: Content, exercise: str, known: Known) -> Diagnosed:
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
