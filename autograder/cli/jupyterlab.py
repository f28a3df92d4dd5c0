"""The command that starts JupyterLab on this course."""

from __future__ import annotations

import json
import os
import sys

from autograder.course.layout import Course
from autograder.desk import options

# A student's JupyterLab asks no question about news and shows none of the instructor's panels. In place of nbgrader's
# Validate, which answers with tracebacks, is the Check of the course's own panel.
FOR_STUDENTS = {
    "@jupyterlab/apputils-extension:announcements": True,
    "@jupyter/nbgrader:create-assignment": True,
    "@jupyter/nbgrader:formgrader": True,
    "@jupyter/nbgrader:course-list": True,
    "@jupyter/nbgrader:assignment-list": True,
    "@jupyter/nbgrader:menu": True,
    "@jupyter/nbgrader:validate-assignment": True,
}


FOR_INSTRUCTORS = {"@jupyterlab/apputils-extension:announcements": True}


def command(course: Course, instructor: bool, arguments: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The words of the command, and its environment."""
    settings = course.work / "jupyter" / ("instructor" if instructor else "student")
    page = settings / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        json.dumps({"disabledExtensions": FOR_INSTRUCTORS if instructor else FOR_STUDENTS}), encoding="utf-8"
    )
    path = os.pathsep.join(filter(None, [str(settings), os.environ.get("JUPYTER_CONFIG_PATH")]))
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}", *options()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")  # as in a container; JupyterLab would only refuse
    if instructor:
        words.append("--ContentsManager.allow_hidden=True")  # formgrader links to files in .course
    start = "notebooks/00_start_here/00_start_here.ipynb"
    if (course.root / start).is_file():
        words.append(f"--LabApp.default_url=/lab/tree/{start}")
    return [*words, *arguments], {**os.environ, "JUPYTER_CONFIG_PATH": path}
