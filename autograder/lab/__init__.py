"""What the notebooks import: `expect` for checks, `plots` for pictures, `data` for stored results, `quiz`."""

from autograder.lab import data, plots, quiz
from autograder.lab.expect import ExpectationError, expect

__all__ = ["ExpectationError", "data", "expect", "plots", "quiz"]
