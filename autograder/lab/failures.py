"""How a check says that it failed. No torch here: the builder and the grader import this, too."""

from __future__ import annotations

from decimal import Decimal


class ExpectationError(AssertionError):
    """A check failed. `str(error)` is the message for the student, ready to read.

    Args:
        facts: the call, what it gave, what was expected.
        hint: the likely cause, where the check names one.
        error: it was expected that the call raises an error.
    """

    def __init__(self, facts: str = "", hint: str = "", error: bool = False) -> None:
        super().__init__(f"{facts}\n  likely cause: {hint}" if hint else facts)
        self.facts, self.hint, self.error = facts, hint, error

    def _render_traceback_(self) -> list[str]:
        """IPython and JupyterLab show these lines instead of a traceback."""
        return ["\x1b[31m✗\x1b[0m " + str(self)]


class NoAnswer(NotImplementedError):
    """The question is still open."""

    def _render_traceback_(self) -> list[str]:
        """IPython and JupyterLab show this line instead of a traceback."""
        return ["\x1b[33m…\x1b[0m " + str(self)]


def number_text(value: int | float, digits: int = 6) -> str:
    """A number as people read it: a whole one in full, or as 1e+76 where it is long."""
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if value.bit_length() <= 100:
        return str(value)
    return f"{Decimal(value).normalize():.{digits}g}" if value.bit_length() <= 10_000 else "a very large number"
