"""How nbgrader finds this course's folders and database."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course

if TYPE_CHECKING:
    from nbgrader.apps.baseapp import NbGrader


def folders(c: Any, course: Course) -> None:
    """Write them into nbgrader's configuration `c`."""
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = "sequence-models"


def scripts_first() -> None:
    """Programs of this environment come first: nbgrader calls `alembic` for a new gradebook."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])


def nbgrader_app(course: Course) -> NbGrader:
    """nbgrader as its own commands find it in the course's folder: with nbgrader_config.py, and the machine's settings.

    Raises:
        CourseError: when nbgrader_config.py cannot be run.
    """
    from nbgrader.apps.baseapp import NbGrader

    class App(NbGrader):
        raise_config_file_errors = True

        def init_syspath(self) -> None:
            """The course's folder has a course.py, which should not be found by chance."""

    app = App(log_level=logging.WARNING)
    try:
        with contextlib.chdir(course.root):
            app.initialize([])
            NbGrader.start(app)
    except CourseError:
        raise
    except (Exception, SystemExit) as error:  # it is the instructor's own code; nbgrader exits at a wrong value
        fix = "Mend the line; nbgrader's own commands stop there, too."
        raise CourseError(Fault("nbgrader_config.py", f"cannot be used: {error}.", fix)) from error
    return app
