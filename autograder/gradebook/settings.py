"""How nbgrader finds this course's folders and database."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course
from autograder.gradebook.connection import VARIABLE, without_password

COURSE_ID = "sequence-models"
CONFIG = "nbgrader_config.py"

if TYPE_CHECKING:
    from nbgrader.apps.baseapp import NbGrader


def folders(c: Any, course: Course) -> None:
    """Write them into nbgrader's configuration `c`, and where the gradebook is.

    AUTOGRADER_DB in the environment counts before what `c` has already; without either it is a file in the course. A
    password goes into PGPASSWORD, where the database's own library looks for it, and stands in no url that is shown.
    """
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = COURSE_ID
    url = os.environ.get(VARIABLE) or c.CourseDirectory.get("db_url")
    if url and course.folder == Course.folder:  # the demo's marks go nowhere else
        c.CourseDirectory.db_url = without_password(url)


def configured(course: Course) -> Config:
    """The course's folders and database as nbgrader's own commands and formgrader have them: by its nbgrader_config.py.

    Raises:
        CourseError: where that file cannot be run.
    """
    config, url = Config(), None
    try:
        if course.folder == Course.folder and (course.root / CONFIG).is_file():
            loaded = PyFileConfigLoader(CONFIG, str(course.root)).load_config()
            url = loaded.CourseDirectory.get("db_url")
    except CourseError:
        raise
    except Exception as e:  # it is a program
        fact = f"cannot be run: {type(e).__name__}: {e}."
        raise CourseError(Fault(CONFIG, fact, "Mend it, or take the course's own again.")) from e
    folders(config, course)
    if url:  # it counts for nbgrader; AUTOGRADER_DB is in it, unless a line below `configure` says something else
        config.CourseDirectory.db_url = without_password(url)
    return config


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
