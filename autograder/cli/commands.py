"""All commands. To import them is what makes the group know them."""

from autograder.cli import authors, people, students, teachers
from autograder.cli.group import main

__all__ = ["authors", "main", "people", "students", "teachers"]
