"""All commands. To import them is what makes the group know them."""

from autograder.cli import authors, hub, people, reports, students, teachers
from autograder.cli.group import main

__all__ = ["authors", "hub", "main", "people", "reports", "students", "teachers"]
