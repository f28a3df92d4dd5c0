"""What checks said in earlier proofs, kept beside the verdicts, so that a proof runs what changed and no more."""

from __future__ import annotations

import json
from dataclasses import astuple

from autograder.course.files import keep_whole
from autograder.course.layout import Course
from autograder.proof.tasks import Outcome, Recall, Seen
from autograder.run.store import data_sets, fingerprint

ROOMS = ("run", "lab", "proof", "stage", "build")  # of this package: what an outcome depends on
MACHINE = ("TimeoutError", "MemoryError", "SystemExit")  # they say how busy the machine was


class Kept:
    """What is known of one stage's tasks, in one file. The keys hold all of the stage that it depends on."""

    def __init__(self, course: Course, slug: str) -> None:
        self.program, self.path = fingerprint(ROOMS) + data_sets(), course.work / "proofs" / f"{slug}.json"

    def read(self) -> Recall:
        """Nothing, where the course's programs or data changed, or the file is damaged."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["program"] == self.program:
                return {
                    key: Seen(ran, defines, elsewhere, {check: Outcome(*said) for check, said in outcomes.items()})
                    for key, (ran, defines, elsewhere, outcomes) in kept["tasks"].items()
                }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass
        return {}

    def write(self, recall: Recall) -> None:
        """Keep these: what was read, and what was found out since.

        Raises:
            CourseError: where the file cannot be written.
        """
        tasks = {
            key: astuple(seen)
            for key, seen in recall.items()
            if not any(outcome.error in MACHINE for outcome in seen.outcomes.values())
        }
        keep_whole(self.path, json.dumps({"program": self.program, "tasks": tasks}))
