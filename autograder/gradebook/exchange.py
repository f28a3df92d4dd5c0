"""Hand-ins out of nbgrader's exchange, by nbgrader's own collecting."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.exchange import ExchangeError
from traitlets import TraitError

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.gradebook.database import Database
from autograder.gradebook.settings import nbgrader_app


@dataclass
class Collected:
    """The folder `submitted`, with each student's last hand-in."""

    folder: Path
    lost: dict[str, str] = field(default_factory=dict)  # by student: why the last one was not taken
    warnings: list[str] = field(default_factory=list)


def collect(stage: Stage, step: Callable[[int, int], None] = lambda done, total: None) -> Collected:
    """Copy the last hand-in of each student from the exchange into `submitted`, as `nbgrader collect --update` does.

    What nbgrader_config.py says counts: the exchange and its root, `check_owner`, `before_duedate`; what is left in
    it, and why: `exchange_rules`. Where one hand-in cannot be copied, the others are.

    Args:
        step: is told how many are copied, of how many at most.

    Raises:
        CourseError: where there is no exchange, or it cannot be read.
    """
    app = nbgrader_app(stage.course)
    app.coursedir.assignment_id = stage.slug
    try:
        exchange = app.exchange.Collect(coursedir=app.coursedir, authenticator=app.authenticator, parent=app)
    except TraitError as error:
        raise CourseError(Fault("nbgrader_config.py", f"cannot be used: {error}", "Mend the line.")) from error
    exchange.update = True
    root = Path(getattr(exchange, "root", ""))
    if not os.path.isdir(root):  # also where it may not be looked for
        fix = "Name the folder in nbgrader_config.py: c.Exchange.root = …; or hand-ins that you have: --from FOLDER."
        raise CourseError(Fault(str(root), "is not there, so there is no exchange.", fix))
    found = Collected(Path(app.coursedir.root, app.coursedir.submitted_directory))
    exchange.do_copy = _Copy(exchange, found, step)
    log = _Warnings(found.warnings)
    exchange.log.handlers, handlers = [log], exchange.log.handlers
    try:
        stage.course.work.mkdir(parents=True, exist_ok=True)
        with Database(stage.course) as data, data.open():
            pass  # nbgrader asks it for the due date; it is made here where it is missing
        exchange.start()
    except ExchangeError as error:
        fix = "`nbgrader release_assignment` makes the course's folder there; its owner may collect."
        raise CourseError(Fault(str(root), f"nbgrader cannot collect: {error}.", fix)) from error
    except OSError as error:
        fix = "Mend its rights, and run the same command again: what was collected is kept."
        place = str(error.filename or root)
        raise CourseError(Fault(place, f"cannot be collected: {error.strerror or error}.", fix)) from error
    finally:
        exchange.log.handlers = handlers
    for student, (_, fact) in getattr(exchange, "refused", {}).items():
        found.lost.setdefault(student, fact)
    if not found.lost and not any(found.folder.glob(f"*/{stage.slug}")):
        fix = "Look with `nbgrader list --inbound`; hand-ins that you have: --from FOLDER."
        raise CourseError(Fault(str(root), f"holds no hand-in of {stage.slug}.", fix))
    found.folder.mkdir(parents=True, exist_ok=True)
    return found


class _Copy:
    """In place of `do_copy`: the same; one that fails does not stop the others."""

    def __init__(self, exchange: Any, found: Collected, step: Callable[[int, int], None]) -> None:
        self.copy, self.exchange, self.found, self.step, self.done = exchange.do_copy, exchange, found, step, 0

    def __call__(self, src: str, dest: str, log: Any = None) -> None:
        self.done += 1
        self.step(self.done, len(getattr(self.exchange, "src_records", ())))
        part = Path(dest).with_name(f".{Path(dest).name}.part")  # stopped in the middle, it would count as collected
        try:
            shutil.rmtree(part, ignore_errors=True)
            self.copy(src, str(part), log)
            os.replace(part, dest)
        except (OSError, RuntimeError) as error:  # RuntimeError: too large, by nbgrader's own limit
            shutil.rmtree(part, ignore_errors=True)
            why = getattr(error, "strerror", None) or error
            self._lose(dest, f"The hand-in could not be copied from the exchange: {why}.")
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _lose(self, dest: str, reason: str) -> None:
        shutil.rmtree(dest, ignore_errors=True)
        with contextlib.suppress(OSError):  # there are other stages in it
            Path(dest).parent.rmdir()
        self.found.lost[Path(dest).parent.name] = reason


class _Warnings(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.found = found

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.CRITICAL:  # those are raised, too
            self.found.append(" ".join(record.getMessage().split()))
