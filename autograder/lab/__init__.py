"""What the notebooks import: `expect` for checks, `plots` for pictures, `data` for stored results, `quiz`,
`guess` for what the reader expects, `reference` for a way past an exercise, `summary` for the last cell.

Each is imported when it is first asked for, so that who needs a question's form does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograder.lab import kernel

if TYPE_CHECKING:
    from autograder.lab import data, guess, plots, quiz, summary
    from autograder.lab.expectations import expect
    from autograder.lab.failures import ExpectationError
    from autograder.lab.references import reference

__all__ = ["ExpectationError", "data", "expect", "guess", "plots", "quiz", "reference", "summary"]
_FROM = {"expect": "expectations", "ExpectationError": "failures", "reference": "references"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_FROM.get(name, name)}")
    value = globals()[name] = getattr(module, name) if name in _FROM else module
    return value


kernel.listen()
