"""What the panel shows: the course at a glance, and the exercises of a notebook, as plain data.

Nothing here writes into a notebook. The file as it was saved is what is checked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage, find_course
from autograder.desk.checker import Checker, Progress, Stopped
from autograder.lab.markers import BEGIN_SOLUTION, END_SOLUTION
from autograder.lab.references import FILE
from autograder.own.check import examine, name_misconceptions
from autograder.own.findings import Finding, Known, Report
from autograder.own.paper import Desk, Paper, find
from autograder.own.state import give_up, glance, next_hint, read_state, state_file
from autograder.own.watch import stamp


@dataclass
class Opened:
    """A notebook that the panel has asked for, and what is known of it."""

    stage: Stage
    path: Path
    desk: Desk
    text: tuple[int, int] | None  # the stage's text when it was read
    known: Known = field(default_factory=dict)
    report: Report | None = None
    mistakes: dict[str, str] = field(default_factory=dict)  # by exercise: the sentence of the catalogue
    progress: Progress | None = None
    again: bool = False  # it was saved while a check was running
    fault: Fault | None = None  # why the last check came to nothing
    changes: int = 0  # of report and mistakes
    shown: tuple[Any, dict[str, Any]] = (None, {})


class Session:
    """The panel's data for one Jupyter server. `root` is the folder that it serves; `exchange`: can one hand in?"""

    def __init__(self, root: Path, exchange: bool = False) -> None:
        self.root, self.exchange = root.resolve(), exchange
        course = find_course(self.root)
        inside = self.root.is_relative_to(course.root) or course.root.is_relative_to(self.root)
        # In a hub a student's home has `notebooks/` and nothing else of the course.
        self.course = course if inside else Course(self.root)
        self.checker = Checker(self.course.verdicts)
        self._opened: dict[Path, Opened] = {}
        self._lock = threading.Lock()

    def overview(self) -> dict[str, Any]:
        """The course at a glance. Whoever asks has opened the panel: the worker is started."""
        self.checker.warm()
        stages = [asdict(it) | {"path": self._place(it.stage)} for it in glance(self.course)]
        unfinished = [it["stage"] for it in stages if it["done"] < it["exercises"] or it["changed"]]
        return {"stages": stages, "next": next(iter(unfinished), "")}

    def look(self, path: str) -> dict[str, Any]:
        """A notebook's exercises. Nothing is run.

        Raises:
            CourseError: when it is none of the course's, or cannot be read.
        """
        opened = self._open(path)
        shown = stamp(opened.path), stamp(state_file(opened.stage)), opened.changes
        if opened.shown[0] != shown:
            opened.shown = shown, self._show(opened)
        now = {"path": path, "running": _running(opened.progress), "fault": _fault(opened.fault)}
        return opened.shown[1] | now | {"exchange": self.exchange}

    def check(self, path: str) -> dict[str, Any]:
        """Begin to check a notebook; where a check of it runs already, it is checked once more after that.

        Raises:
            CourseError: as `look`, and where its code must not run here.
        """
        opened = self._open(path)
        notebooks = self.course.root.resolve() / "notebooks"
        if self.checker.sandbox == "none" and not opened.path.resolve().is_relative_to(notebooks):
            fact = "there is no sandbox here, so the code in it would run with all your rights."
            raise CourseError(Fault(path, fact, "If you trust whoever wrote it, move it into notebooks/."))
        with self._lock:
            opened.fault = None
            if opened.progress is not None and not opened.progress.stopped:
                opened.again = True
            else:
                opened.progress = Progress("waiting" if self.checker.pid else "starting")
                self.checker.submit(partial(self._check, opened, opened.progress))
        return self.look(path)

    def stop(self, path: str) -> dict[str, Any]:
        """End the check of a notebook. What was known before stays known."""
        opened = self._open(path)
        with self._lock:
            if opened.progress is not None:
                opened.again = False
                self.checker.stop(opened.progress)
        return self.look(path)

    def hint(self, path: str, exercise: str) -> dict[str, Any]:
        """Show one hint more.

        Raises:
            CourseError: as `look`; for no exercise of this notebook, and one that was not tried.
        """
        opened, paper = self._exercise(path, exercise)
        next_hint(opened.stage, exercise, len(paper.guides[exercise].hints))
        return self.look(path)

    def solution(self, path: str, exercise: str) -> dict[str, Any]:
        """A way past an exercise that was tried: it gives no points from now on.

        `text` is the solution, where `solutions/` is; `cell` is what to run in the notebook, where the course hands
        references out.

        Raises:
            CourseError: as `hint`, and where there is no solution here.
        """
        opened, paper = self._exercise(path, exercise)
        way = _way_past(opened, paper, exercise)
        if not way:
            fix = "A question says itself what to read again." if exercise in paper.quizzes else "Ask your course."
            raise CourseError(Fault(exercise, "has no solution that can be shown here.", fix))
        give_up(opened.stage, exercise)
        told = {"text": "", "cell": ""}
        if way == "reference":
            told["cell"] = f'from autograder.lab import reference\n\nreference("{exercise}")'
        elif paper.content is not None:
            source = next(cell.source for cell in paper.content.of_kind("exercise") if cell.id == exercise)
            lines = [line for line in source.split("\n") if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION)]
            told["text"] = "\n".join(lines)
        return self.look(path) | {"solution": told}

    def close(self) -> None:
        self.checker.close()

    def _place(self, slug: str) -> str:
        """A stage's notebook as Jupyter names it."""
        return Path(os.path.relpath(Stage(self.course, slug).released, self.root)).as_posix()

    def _open(self, place: str) -> Opened:
        path = (self.root / place.lstrip("/")).resolve()
        if not path.is_relative_to(self.course.root.resolve()):
            raise CourseError(Fault(place, "is not in the folder of the course.", "Open a notebook in notebooks/."))
        try:
            stage, path = find(self.course, (str(path),))[0]
        except CourseError as error:
            if self.course.stages(released=True) or path.stem != path.parent.name:
                raise CourseError(*(Fault(place, fault.fact, fault.fix) for fault in error.faults)) from error
            stage = Stage(self.course, path.stem)  # fetched from an exchange, and nothing else of the course is here
        text = stamp(stage.text)
        with self._lock:
            opened = self._opened.get(path)
        if opened is None or opened.text != text:  # an author is working on it
            new = Opened(stage, path, Desk(stage, path), text)
            with self._lock:  # another request may have been quicker
                now = self._opened.get(path)
                opened = self._opened[path] = new if now is None or now.text != text else now
        return opened

    def _exercise(self, path: str, exercise: str) -> tuple[Opened, Paper]:
        opened = self._open(path)
        paper = opened.desk.read()
        if exercise not in paper.exercises:
            raise CourseError(Fault(exercise, f"is no exercise of {path}.", "Reload the page."))
        return opened, paper

    def _check(self, opened: Opened, progress: Progress) -> None:
        """In the checker's thread."""
        try:
            while True:
                opened.again = False
                self._examine(opened, progress)
                with self._lock:
                    if not opened.again:
                        break
        except Stopped:
            where = f" in {progress.at}" if progress.at else ""
            fact = f"was stopped{where}, after {time.monotonic() - progress.began:.0f} s. What was known before stays."
            opened.fault = Fault("check", fact, "Press Check to start it again.")
        except CourseError as error:
            opened.fault = error.faults[0]
        except Exception as error:  # the thread lives on, and the panel says so
            logging.getLogger(__name__).exception("The check of %s failed", opened.path)
            fact = f"the check itself failed: {type(error).__name__}: {error}."
            opened.fault = Fault("check", fact, "The server's log has more.")
        finally:
            with self._lock:
                if opened.progress is progress:
                    opened.progress = None

    def _examine(self, opened: Opened, progress: Progress) -> None:
        # As `check --watch` does: a stored result will do the first time, and after a save what changed is run.
        stored = partial(self.checker.run_cached, progress=progress)
        run = partial(self.checker.run, progress=progress) if opened.known else stored
        waiting = True
        while waiting:
            report = examine(opened.desk.read(), run, opened.known, own_first=True)
            for exercise in report.ran:
                opened.mistakes.pop(exercise, None)
            opened.report, waiting = report, report.waiting
            opened.changes += 1
            progress.doing, progress.at = "naming", ""
            if name_misconceptions(report, stored):
                opened.mistakes |= {f.exercise: f.misconception for f in report.findings if f.misconception}
                opened.changes += 1
            progress.doing = "checking"

    def _show(self, opened: Opened) -> dict[str, Any]:
        paper, state = opened.desk.read(), read_state(opened.stage)
        findings = {f.exercise: f for f in opened.report.findings} if opened.report is not None else {}
        remembered = state.get("exercises", {})
        exercises = [
            _exercise(paper, name, remembered.get(name, {}), findings.get(name), opened) for name in paper.exercises
        ]
        needed = [it for it in exercises if it["max"]]
        return {
            "stage": opened.stage.slug,
            "hidden": paper.content is not None,
            "when": str(state.get("when", "")).replace("T", " ")[:16],
            "exercises": exercises,
            "score": sum(it["score"] for it in exercises),
            "max": sum(it["max"] for it in exercises),
            "extra": sum(it["extra"] for it in exercises),
            "passed": sum(it["passed"] for it in needed),
            "checks": sum(it["checks"] for it in needed),
            "next": next((it["name"] for it in needed if it["state"] not in ("done", "visible")), ""),
        }


def _exercise(
    paper: Paper, name: str, remembered: dict[str, Any], finding: Finding | None, opened: Opened
) -> dict[str, Any]:
    """One exercise. `state` is blank, changed (since its last check), failed, visible (passes what is here) or done."""
    changed = remembered.get("source") != paper.sources.get(name, "")
    if name in paper.blank:
        state = "blank"
    elif changed:
        state = "changed"
    else:
        done = "done" if paper.content is not None else "visible"
        state = {"done": done, "started": "failed"}.get(str(remembered.get("state")), "changed")
    checks, hints = paper.checks(name), paper.guides[name].hints
    hint = int(remembered.get("hint", 0)) if state == "failed" else 0
    told = finding if finding is not None and state in ("failed", "done", "visible", "changed") else None
    mistake = opened.mistakes.get(name, "") if told is not None else ""
    return {
        "name": name,
        "state": state,
        "quiz": name in paper.quizzes,
        "score": remembered.get("score", 0) if state != "blank" else 0,
        "max": sum(paper.points[check.id] for check in checks),
        "extra": remembered.get("extra", 0) if state != "blank" else 0,
        "extra_max": sum(paper.extra.get(check.id, 0.0) for check in checks),
        "passed": remembered.get("passed", 0) if state != "blank" else 0,
        "checks": len(checks),
        "message": told.message if told else "",
        "likely_cause": told.likely_cause if told and not mistake else "",
        "misconception": mistake,
        "also_failing": told.more if told else [],
        "mend_first": told.below if told else [],
        "carried_forward": told.carried_forward if told else 0,
        "hints": list(hints[:hint]),
        "more_hints": len(hints) - hint if state == "failed" else 0,
        "section": paper.guides[name].section,
        "way_past": _way_past(opened, paper, name) if state == "failed" else "",
        "solution_shown": bool(remembered.get("solution_shown")),
    }


def _way_past(opened: Opened, paper: Paper, name: str) -> str:
    """`reference`, where the course hands them out; `solution`, where it can be shown; else nothing."""
    if name in paper.quizzes:
        return ""
    if (opened.path.parent / FILE).is_file():
        return "reference"
    return "solution" if paper.content is not None else ""


def _running(progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    told = {name: getattr(progress, name) for name in ("doing", "at", "done", "total", "stopped")}
    return told | {"seconds": round(time.monotonic() - progress.began, 1)}


def _fault(fault: Fault | None) -> dict[str, str] | None:
    return asdict(fault) if fault is not None else None
