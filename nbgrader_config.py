"""nbgrader's own entry: `nbgrader …` and formgrader find this file and work on the course as it stands."""

from autograder.course import find_course
from autograder.pipeline import configure

configure(get_config(), find_course())  # noqa: F821  traitlets provides get_config
