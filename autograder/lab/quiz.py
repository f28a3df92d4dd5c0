"""Quiz questions in a notebook: is this an answer, which numbers are yours, and, where the key is known, what it earns.

The visible part of a quiz check calls `read`: a malformed answer gets a message at once, any other one is acknowledged.
The key stands in the check's hidden part and nowhere in what students have; there `QuizAnswer.grade` compares.
"""

from __future__ import annotations

import copy
import hashlib
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.lab.failures import ExpectationError, NoAnswer, number_text

STUDENT = "student"  # the name by which a notebook with drawn numbers says whose it is
Numbers = dict[str, int | float]

# The id under which this notebook was handed in. None: it is not being graded. Empty: nobody knows it.
submitted_as: str | None = None

_MATH: dict[str, Any] = {"__builtins__": {}, "math": math, "sum": sum, "range": range, "len": len, "round": round}
_MATH |= {"min": min, "max": max, "abs": abs}


def read(
    name: str,
    value: Any,
    kind: str,
    options: str = "",
    numbers: str = "",
    draw: str = "",
    student: Callable[[], Any] = lambda: None,
) -> QuizAnswer:
    """Take the answer to a question, and say at once where it is none.

    Args:
        name: of the question.
        value: what the student wrote.
        kind: `one`, `several`, `number`, `shape` or `match`.
        options: the letters of the options, as in `"ABCD"`.
        numbers: of `match`, what a letter may belong to, as in `"1 2 3"`.
        draw: what each student's own numbers are drawn from, as in `"I=8,16 H=32,64"`.
        student: gives who the notebook says its student is.

    Raises:
        NoAnswer: while the answer is None.
        ExpectationError: where it has the wrong form.
    """
    value = copy.copy(value)  # when it is graded, this fetches it from the student's process
    answer = QuizAnswer(name, kind, options)
    if draw:
        _choose_numbers(answer, draw, student, blank=value is None)
    how = how_to_answer(kind, options, numbers)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise NoAnswer(f"{name}: no answer yet. {how}{answer.your_numbers}")
    answer.value, answer.text = one_form(name, value, kind, options, numbers)
    if answer.numbers:
        print(f"{answer.your_numbers.strip()} (drawn for {answer.student!r})")
    print(f"Your answer to {name} is {answer.text}. It is graded when you hand in.")
    return answer


def one_form(name: str, value: Any, kind: str, options: str = "", numbers: str = "") -> tuple[Any, str]:
    """An answer as it is graded, and on one line. The arguments are those of `read`.

    Raises:
        ExpectationError: where it has the wrong form.
    """
    formed = _READERS[kind](name, value, options, numbers)
    return formed, _text(formed)


def how_to_answer(kind: str, options: str = "", numbers: str = "") -> str:
    """How an answer is written, in one sentence. The examples are the same whatever the key is."""
    if kind == "one":
        return f'Write one letter of {", ".join(options)} in quotes, like "{options[1:2]}".'
    if kind == "several":
        return f'Write all the right letters of {", ".join(options)} in quotes, like "{options[:1]}{options[2:4]}".'
    if kind == "number":
        return "Write a number or a calculation, like 12 or 3 * 4."
    if kind == "shape":
        return "Write the sizes in brackets, like (2, 3); a single size as (2,)."
    first = numbers.split()[0] if numbers else "1"
    example = ", ".join(f'"{letter}": {first}' for letter in options[:2])
    return (
        f"Write one number of {', '.join(numbers.split())} for each letter of {', '.join(options)}, like {{{example}}}."
    )


def draw_numbers(draw: str, student: str, name: str) -> Numbers:
    """The numbers of this student for this question: a fixed choice by a hash of both names."""
    numbers: Numbers = {}
    for variable, choices in read_draw(draw).items():
        digest = hashlib.sha256("\0".join([_who(student), name, variable]).encode(errors="replace")).digest()
        numbers[variable] = choices[int.from_bytes(digest[:8], "big") % len(choices)]
    return numbers


def _who(student: str) -> str:
    """One form of an id, however it is typed."""
    return unicodedata.normalize("NFC", student).strip().casefold()


def read_draw(draw: str) -> dict[str, list[int | float]]:
    """`"I=8,16 H=32,64"` as a dict of lists.

    Raises:
        ValueError: where it has another form.
    """
    found: dict[str, list[int | float]] = {}
    for part in draw.split():
        variable, _, values = part.partition("=")
        if not variable.isidentifier() or variable in found:
            raise ValueError(f"{part!r}: a name, =, and numbers with commas between them")
        found[variable] = [float(v) if re.search(r"[.eE]", v) else int(v) for v in values.split(",")]
    return found


def evaluate(expression: str, numbers: Numbers) -> Any:
    """The value of an option that is written as an expression over the drawn numbers."""
    return eval(expression, dict(_MATH), dict(numbers))


def equal(value: Any, wanted: Any, tolerance: str = "0") -> bool:
    """Is this the wanted number or shape? `tolerance` is a number, or a share as in `"1%"`."""
    if isinstance(wanted, tuple) or isinstance(value, tuple):
        return bool(value == wanted)
    relative = tolerance.endswith("%")
    size = float(tolerance.rstrip("%")) / (100 if relative else 1)
    try:
        allowed = size * abs(wanted) if relative else size
        return bool(abs(value - wanted) <= allowed + 1e-9 * max(1.0, abs(wanted)) * (not _whole(value, wanted)))
    except OverflowError:
        return False


def _whole(*values: Any) -> bool:
    return all(isinstance(value, int) for value in values)


@dataclass
class QuizAnswer:
    """An answer of the right form. `grade` fills in its share of the points, the options chosen, and what to say."""

    name: str
    kind: str
    options: str
    value: Any = None
    text: str = ""
    numbers: Numbers = field(default_factory=dict)
    student: str = ""
    claimed: str = ""  # who the notebook says it is of, where it was handed in under another name
    share: float = 0.0
    chosen: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def your_numbers(self) -> str:
        return f" Your numbers: {_listed(self.numbers)}." if self.numbers else ""

    def grade(self, key: Any, says: dict[str, str], read: str, tolerance: str = "0") -> None:
        """Compare with the key.

        Args:
            key: a letter, letters, an expression, or a dict from letter to number.
            says: a sentence for each option; of numbers and shapes, for each expression and for `else`.
            read: where to read again.
            tolerance: of a number.

        Raises:
            ExpectationError: where the answer does not get all points.
        """
        says = {option: fill(sentence, self.numbers) for option, sentence in says.items()}
        self.chosen, lines = [], list[str]()
        if self.kind == "one":
            self.chosen, self.share = [self.value], float(self.value == key)
            lines = [says[self.value]]
        elif self.kind == "several":
            self.chosen = list(self.value)
            right, wrong = set(self.value) & set(key), sorted(set(self.value) - set(key))
            self.share = max(0.0, (len(right) - len(wrong)) / len(key))
            lines = [f"{letter}: {says[letter]}" for letter in (self.value if self.share == 1 else wrong)]
            lines += ["Something that is right is missing."] if set(key) - right else []
            lines += [f"This gives {self.share:.0%} of the points."] if self.share < 1 else []
        elif self.kind == "match":
            self.chosen = [f"{letter}{number}" for letter, number in self.value.items()]
            wrong = [letter for letter in key if self.value[letter] != key[letter]]
            self.share = float(not wrong)
            lines = [f"{letter}: {says[letter]}" for letter in wrong or key]
        else:
            option = _option(self.value, says, self.numbers, tolerance)
            self.chosen, self.share = [option], float(option == key)
            lines = [says[option]]
        self.said = "\n  ".join(lines)
        if self.share == 1:
            print("✓ " + self.said)
            return
        for_numbers = f", with {_listed(self.numbers)}" if self.numbers else ""
        lines = [f"{self.name}: your answer is {self.text}{for_numbers}.", *lines, f"Read {read} again."]
        self.said = "\n  ".join(lines)
        raise ExpectationError(self.said)


def fill(text: str, numbers: Numbers) -> str:
    """The text with the drawn numbers in it; no other braces are touched."""
    for variable, value in numbers.items():
        text = text.replace("{" + variable + "}", str(value))
    return text


def _listed(numbers: Numbers) -> str:
    return ", ".join(f"{variable} = {value}" for variable, value in numbers.items())


def _option(value: Any, says: dict[str, str], numbers: Numbers, tolerance: str) -> str:
    """The option that this number or shape is the value of."""
    for expression in says:
        if expression != "else" and equal(value, evaluate(expression, numbers), tolerance):
            return expression
    return "else"


def _choose_numbers(answer: QuizAnswer, draw: str, student: Callable[[], Any], blank: bool) -> None:
    """Whose numbers: of who the notebook says, since these were shown; else of who handed it in."""
    try:
        told = copy.copy(student())
    except Exception:  # the line was deleted
        told = None
    claimed = told.strip()[:60] if type(told) is str else ""
    answer.student = claimed or submitted_as or ""
    if not answer.student:
        fix = "It is the name under which you hand in; alone, any word. Then run that cell and these two again."
        where = 'in the line student = "" (the answer cell of the first question with numbers has it).'
        message = f"{answer.name}: everybody has other numbers. Write your id first, {where} {fix}"
        raise NoAnswer(message) if blank else ExpectationError(message)
    answer.numbers = draw_numbers(draw, answer.student, answer.name)
    if claimed and submitted_as and _who(claimed) != _who(submitted_as):
        answer.claimed = "".join(c if c.isprintable() else "?" for c in claimed)


# What an answer may look like. Each gives it in one form, or raises.


def _malformed(name: str, value: Any, fix: str) -> ExpectationError:
    kind = type(value).__name__
    shown = f"something of type {getattr(value, '_type', '') or kind}" if kind == "Proxy" else _text(value)
    return ExpectationError(f"{name}: {shown} cannot be graded.\n  {fix}")


def _text(value: Any) -> str:
    """A value on one short line."""
    if type(value) is dict:
        pairs = ((_text(k).strip("'"), _text(v)) for k, v in list(value.items())[:30])
        text = ", ".join(f"{k} {v}" for k, v in pairs)
    elif type(value) is str and re.fullmatch("[A-Z]{1,26}", value):
        text = value
    elif type(value) is int:
        text = number_text(value)
    elif type(value) is tuple:
        text = f"({', '.join(map(_text, value[:30]))}{',' if len(value) == 1 else ''})"
    elif type(value) in (str, float, bool, list, set, type(None)):
        try:
            text = repr(value)
        except (ValueError, RecursionError):  # an integer of thousands of digits
            text = "a very large number"
    else:
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= 80 else text[:79] + "…"


def _letters(value: Any) -> str | None:
    """The letters in `"b"`, `"A, C"`, `["A", "C"]`; None where it is something else."""
    if type(value) in (list, tuple, set, frozenset) and all(type(item) is str for item in value):
        value = " ".join(sorted(value))
    if type(value) is not str or len(value) > 200:
        return None
    letters = re.sub(r"\band\b|[\s.,;+&()]", "", value, flags=re.IGNORECASE).upper()
    return "".join(sorted(set(letters)))


def _one(name: str, value: Any, options: str, numbers: str) -> str:
    letters = _letters(value)
    if letters is None or len(letters) != 1 or letters not in options:
        raise _malformed(name, value, how_to_answer("one", options))
    return letters


def _several(name: str, value: Any, options: str, numbers: str) -> str:
    letters = _letters(value)
    if not letters or not set(letters) <= set(options):
        raise _malformed(name, value, how_to_answer("several", options))
    return letters


def _scalar(value: Any) -> Any:
    """A number out of a tensor or an array of one."""
    if type(value).__module__.partition(".")[0] in ("torch", "numpy") and getattr(value, "ndim", 1) == 0:
        return value.item()
    return value


def _number(name: str, value: Any, options: str, numbers: str) -> int | float:
    value = _scalar(value)
    if type(value) not in (int, float) or not (type(value) is int or math.isfinite(value)):
        fix = " Leave the quotes out." if type(value) is str else ""
        raise _malformed(name, value, how_to_answer("number") + fix)
    return value


def _shape(name: str, value: Any, options: str, numbers: str) -> tuple[int, ...]:
    sizes = list(value) if type(value).__name__ in ("tuple", "list", "Size") else None
    if sizes is None or len(sizes) > 20 or not all(type(size) is int for size in sizes):
        raise _malformed(name, value, how_to_answer("shape"))
    return tuple(sizes)


def _match(name: str, value: Any, options: str, numbers: str) -> dict[str, int]:
    fix = how_to_answer("match", options, numbers)
    if type(value) is not dict or len(value) > 100:
        raise _malformed(name, value, fix)
    found: dict[str, int] = {}
    for letter, number in value.items():
        key = letter.strip().upper() if type(letter) is str else ""
        number = int(number) if type(number) is str and re.fullmatch(r"\s*\d{1,3}\s*", number) else number
        if key not in list(options) or type(number) is not int or str(number) not in numbers.split():
            raise _malformed(name, value, fix)
        found[key] = number
    if missing := [letter for letter in options if letter not in found]:
        raise _malformed(name, value, f"There is no number for {', '.join(missing)}. {fix}")
    return {letter: found[letter] for letter in options}


_READERS: dict[str, Callable[[str, Any, str, str], Any]] = {
    "one": _one,
    "several": _several,
    "number": _number,
    "shape": _shape,
    "match": _match,
}
