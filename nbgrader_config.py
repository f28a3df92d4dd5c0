"""nbgrader's own entry: `nbgrader …` and formgrader find this file and work on the course as it stands."""

from pathlib import Path

from autograder.course.layout import find_course
from autograder.nbgrader_steps import configure

configure(get_config(), find_course(Path(__file__).parent))  # noqa: F821  traitlets provides get_config
