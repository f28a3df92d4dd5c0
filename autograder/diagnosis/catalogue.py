"""The wrong answers of a stage, run as a student's would be, and the names they give to mistakes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from autograder.diagnosis.compare import Known, Misconception, recognize
from autograder.run.job import CheckResult, Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_answers


class Catalogue:
    """What came out for the wrong answers of a stage. They run when they are first asked for."""

    def __init__(self, content: Content, limits: Limits, run: Callable[[Job], Result]) -> None:
        """`run` runs a job, or takes its result from a store.

        Raises:
            CourseError: with every fault of the stage's answers.
        """
        self.content, self.limits, self.run = content, limits, run
        there = content.stage.answers.is_file()
        self.wrong = [a for a in read_answers(content.stage, content, complete=False) if not a.right] if there else []
        self._known: dict[str, Known] = {}
        self._locks = {exercise: threading.Lock() for exercise in content.exercises}

    def known(self, exercise: str) -> Known:
        with self._locks[exercise]:
            if exercise not in self._known:
                self._known[exercise] = self._run(exercise, [a for a in self.wrong if a.exercise == exercise])
            return self._known[exercise]

    def find(self, results: list[CheckResult]) -> dict[str, list[Misconception]]:
        """The misconceptions of each exercise that has some, the one that explains most first.

        An exercise that builds on one which lost points is left out: the mistake may be there.
        """
        checks = {check.id: check for check in results}
        failing = {check.id.partition("-")[0] for check in results if not check.passed}
        found = {}
        for cell in self.content.of_kind("exercise"):
            own = {c.id: checks[c.id] for c in self.content.checks(cell.id) if c.id in checks}
            if any(check.record for check in own.values()) and not failing & set(cell.builds_on):
                found[cell.id] = recognize(own, self.known(cell.id))
        return {exercise: misconceptions for exercise, misconceptions in found.items() if misconceptions}

    def name_mistakes(self, results: list[CheckResult]) -> dict[str, list[Misconception]]:
        """The same; and the checks have the sentences of the wrong answers from now on."""
        found = self.find(results)
        says = {check: m.says for misconceptions in found.values() for m in misconceptions for check in m.checks}
        for check in results:
            check.says = says.get(check.id, "")
        return found

    def _run(self, exercise: str, answers: list[Answer]) -> Known:
        """All answers in one process, one after the other; those of which the process died once more, alone."""
        if not answers:
            return []
        checks = [cell.id for cell in self.content.checks(exercise)]
        results = iter(self.run(self._job(exercise, answers)).checks)
        known = [(answer, {check: next(results) for check in checks}) for answer in answers]
        if len(answers) == 1:
            return known
        return [
            self._run(exercise, [answer])[0]
            if any(c.kind in ("dead", "internal") for c in own.values())
            else (answer, own)
            for answer, own in known
        ]

    def _job(self, exercise: str, answers: list[Answer]) -> Job:
        """The provided cells, the solutions of the other exercises, then each answer with its checks below it."""
        cells = []
        for cell in self.content.of_kind("given", "exercise"):
            if cell.id != exercise:
                cells.append(JobCell("given" if cell.kind == "given" else "student", cell.id, cell.source))
        for answer in answers:
            cells.append(JobCell("student", "none", f"if {exercise!r} in globals():\n    del {exercise}"))
            cells.append(JobCell("student", exercise, answer.source))
            cells += [JobCell("check", check.id, check.source) for check in self.content.checks(exercise)]
        many, limits = len(answers), self.limits
        limits = replace(
            limits,
            total_seconds=limits.total_seconds * many,
            cpu_seconds=limits.cpu_seconds * many,
            calls=limits.calls * many,
        )
        return Job(cells, self.content.exercises, limits)
