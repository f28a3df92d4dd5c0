"""All commands. To import them is what makes the group know them."""

from autograder.cli import authors, hub, people, students, teachers
from autograder.cli.group import main

__all__ = ["authors", "hub", "main", "people", "students", "teachers"]
