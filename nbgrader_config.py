"""nbgrader's own entry: `nbgrader …` and formgrader find this file and work on the course as it stands."""

from pathlib import Path

from autograder.course.layout import find_course
from autograder.nbgrader_steps import configure

c = get_config()  # noqa: F821  traitlets provides it
# c.CourseDirectory.db_url = "postgresql+psycopg://grader@db.example.edu/sequence"  # docs/postgresql.md
configure(c, find_course(Path(__file__).parent))
