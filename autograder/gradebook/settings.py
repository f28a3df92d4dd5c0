"""How nbgrader finds this course's folders and database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from autograder.course.layout import Course


def folders(c: Any, course: Course) -> None:
    """Write them into nbgrader's configuration `c`."""
    c.CourseDirectory.root = str(course.work)
    c.CourseDirectory.course_id = "sequence-models"


def scripts_first() -> None:
    """Programs of this environment come first: nbgrader calls `alembic` for a new gradebook."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
