"""The command that starts JupyterLab on this course."""

from __future__ import annotations

import json
import os
import sys

from autograder.course.layout import Course
from autograder.desk import options
from autograder.gradebook.settings import scripts_first

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
# Nor has its list of files what is not a student's; `--instructor` shows all.
HIDDEN = ["solutions", "autograder", "bootstrap", "tests", "benchmarks", "docs", "datasets", "deploy", "labextension"]
HIDDEN += ["course.py", "nbgrader_config.py", "pyproject.toml", "environment.yml", "*.egg-info", "CONTRIBUTING.md"]
HIDDEN += ["__pycache__", "*.pyc", "*~", ".DS_Store"]  # JupyterLab's own

# Docstrings are read beside the open panel: long lines of code go on below.
SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"codeCellConfig": {"lineNumbers": False, "lineWrap": True}}}

FOR_INSTRUCTORS = {"@jupyterlab/apputils-extension:announcements": True}


def command(course: Course, instructor: bool, arguments: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The words of the command, and its environment."""
    settings = course.work / "jupyter" / ("instructor" if instructor else "student")
    page = {"disabledExtensions": FOR_INSTRUCTORS if instructor else FOR_STUDENTS}
    (settings / "labconfig").mkdir(parents=True, exist_ok=True)
    for name, content in {"page_config": page, "default_setting_overrides": SETTINGS}.items():
        (settings / "labconfig" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(settings), os.environ.get("JUPYTER_CONFIG_PATH")]))
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}", *options()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")  # as in a container; JupyterLab would only refuse
    if instructor:
        words.append("--ContentsManager.allow_hidden=True")  # formgrader links to files in .course
    else:
        words += [f"--ContentsManager.hide_globs={name}" for name in HIDDEN]
    scripts_first()  # so that a terminal knows `autograder`, in any folder
    if os.name == "posix":  # no login shell, which may forget it
        shell = os.environ.get("SHELL") or "sh"
        words.append(f"--ServerApp.terminado_settings={json.dumps({'shell_command': [shell]})}")
    start = "notebooks/00_start_here/00_start_here.ipynb"
    if (course.root / start).is_file():
        words.append(f"--LabApp.default_url=/lab/tree/{start}")
    return [*words, *arguments], {**os.environ, "JUPYTER_CONFIG_PATH": path}
