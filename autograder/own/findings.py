"""What came out for each exercise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.own.paper import Paper
from autograder.run.job import CheckResult, in_words


@dataclass
class Finding:
    """What came out for one exercise. `state` is `done`, `started` (something fails) or `blank`."""

    exercise: str
    state: str
    passed: int
    checks: int
    score: float
    max: float
    message: str = ""
    more: list[str] = field(default_factory=list)  # further checks that fail
    below: list[str] = field(default_factory=list)  # exercises that this one uses and that fail
    misconception: str = ""
    hint: int = 0
    hints: tuple[str, ...] = ()
    section: str = ""
    quiz: bool = False
    kind: str = ""  # of the first check that fails (`run.job.CheckResult`)
    likely_cause: str = ""  # as that check names it
    carried_forward: float = (
        0.0  # points of the score that it has since its checks pass with others in place of those below
    )
    extra: float = 0.0  # points beyond `max`, which `score` does not hold
    extra_max: float = 0.0
    solution_shown: bool = False  # in the panel: it gives no points then

    @property
    def optional(self) -> bool:
        """Is all that it gives extra? Then it is not missing where it is not done."""
        return not self.max

    def as_json(self) -> dict[str, Any]:
        message = in_words(self.message, self.likely_cause, "")
        return asdict(self) | {"message": message, "hints": self.hints[: self.hint]}


@dataclass
class Report:
    """A checked notebook. `ran` are the exercises whose checks were run now; the other verdicts stood already."""

    paper: Paper
    findings: list[Finding]
    checks: list[CheckResult]
    ran: list[str]
    waiting: bool  # others use what changed; the next call runs these
    seconds: float

    @property
    def hidden(self) -> bool:
        return self.paper.content is not None

    @property
    def extra(self) -> float:
        return sum(finding.extra for finding in self.findings)

    @property
    def passes(self) -> bool:
        return all(finding.state != "started" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "hidden": self.hidden,
            "score": sum(f.score for f in self.findings) if self.hidden else None,
            "max_score": sum(f.max for f in self.findings),
            **({"extra": self.extra} if self.extra else {}),
            "exercises": {f.exercise: f.as_json() for f in self.findings},
        }


def finding_of(paper: Paper, exercise: str, checks: list[CheckResult]) -> Finding:
    failed = [check for check in checks if not check.passed]
    most = sum(paper.points[check.id] for check in checks)
    counted = [check for check in failed if paper.points[check.id] or not most]  # beside points, extra may be left out
    state = "blank" if exercise in paper.blank else "started" if counted else "done"
    more = {check.id: paper.extra.get(check.id, 0.0) for check in checks}
    carried = sum((paper.points[c.id] + more[c.id]) * (c.credit - c.share) for c in failed if c.carried)
    score = sum(paper.points[check.id] * check.credit for check in checks)
    finding = Finding(exercise, state, len(checks) - len(failed), len(checks), score, most)
    finding.carried_forward = carried
    finding.extra, finding.extra_max = sum(more[c.id] * c.credit for c in checks), sum(more.values())
    finding.quiz = exercise in paper.quizzes  # its message names the section itself
    finding.section, finding.hints = (
        "" if finding.quiz else paper.guides[exercise].section,
        paper.guides[exercise].hints,
    )
    if failed and state != "blank":
        first = (counted or failed)[0]
        finding.message, finding.likely_cause, finding.kind = first.message, first.hint, first.kind
        finding.more = [check.id for check in failed if check is not first]
    return finding


@dataclass
class Verdict:
    """What the checks of an exercise said, for which source of its own, and of all on which that depends."""

    own: str
    all: str
    checks: list[CheckResult]


Known = dict[str, Verdict]  # by exercise
