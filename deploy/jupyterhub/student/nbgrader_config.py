"""nbgrader in a student's server: whose hand-in it is, and that it holds the notebook that was asked for."""

import os

c = get_config()  # noqa: F821  traitlets provides it

c.CourseDirectory.course_id = "sequence-models"
c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
c.ExchangeSubmit.strict = True
# Copies are not handed in: nbgrader offers the feedback only where every notebook of a hand-in has a page.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]  # nbgrader's own
c.CourseDirectory.ignore += ["*-Copy*.ipynb", "Untitled*.ipynb"]
