"""Measured figures for the instructors' page: what `verify` and `benchmarks/grading.py` found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.course.files import keep_whole
from autograder.course.layout import Course, Stage

PROOF = ("exercises", "right", "wrong", "blank_score")  # what an entry of the file holds
BENCHMARK = ("submissions",)


@dataclass(frozen=True)
class Figures:
    """What `verify --json` and `benchmarks/grading.py --json` wrote; None where it was not measured."""

    proof: dict[str, Any] | None = None
    benchmark: dict[str, Any] | None = None


def read_figures(path: Path, needed: tuple[str, ...]) -> dict[str, Any]:
    """Such a file; `needed` are names that each entry has.

    Raises:
        CourseError: where it is no such file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        entries = found.get("stages", found)
        if entries and all(set(needed) <= set(entry) for entry in entries.values()):
            return dict(found)
    except (OSError, ValueError, AttributeError, TypeError):
        pass
    fix = "Name what `autograder verify --json FILE` or `.venv/bin/python benchmarks/grading.py --json FILE` wrote."
    raise CourseError(Fault(str(path), "does not hold the figures of this option.", fix))


def keep_proof(course: Course, figures: dict[str, Any]) -> None:
    """Keep what was found of each stage, by its slug, beside what is known of the others.

    Raises:
        CourseError: where the file cannot be written.
    """
    found = {s.slug: figures[s.slug] | {"of": _texts(s)} for s in course.stages() if s.slug in figures}
    known = dict(sorted({**_proven(course), **found}.items()))
    keep_whole(course.work / "proof.json", json.dumps({"stages": known}, indent=1) + "\n")


def keep_benchmark(course: Course, figures: dict[str, Any]) -> None:
    """Keep what benchmarks/grading.py found.

    Raises:
        CourseError: where the file cannot be written.
    """
    keep_whole(course.work / "benchmark.json", json.dumps(figures, indent=1) + "\n")


def kept_figures(course: Course) -> Figures:
    """What was measured last in this folder, of the stages whose text and catalogue are still the same."""
    proven = _proven(course)
    fits = {s.slug: proven[s.slug] for s in course.stages() if proven.get(s.slug, {}).get("of") == _texts(s)}
    return Figures({"stages": fits} if fits else None, _kept(course.work / "benchmark.json", BENCHMARK) or None)


def _proven(course: Course) -> dict[str, Any]:
    return dict(_kept(course.work / "proof.json", PROOF).get("stages", {}))


def _kept(path: Path, needed: tuple[str, ...]) -> dict[str, Any]:
    try:
        return read_figures(path, needed)
    except CourseError:  # not there, or not whole: it is measured again
        return {}


def _texts(stage: Stage) -> str:
    paths = [path for path in (stage.text, stage.answers) if path.is_file()]  # a stage of quizzes needs no answers
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
