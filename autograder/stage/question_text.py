"""Read a quiz question from its markdown cell, and find every fault in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from autograder.stage.question import KEYS, KINDS, Option, Quiz

MOST_DRAWS = 5_000  # combinations of drawn numbers that are tried for options of the same value
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPTION = re.compile(r"- \[([^\]]*)\] ?(.*)")


_SAYS = re.compile(r"\s*> ?(.*)")
Add = Callable[[int, str, str], None]  # notes a fault: line, fact, fix


# Reading the source form.


def parse(metadata: dict[str, object], source: str, line: int, add: Add) -> Quiz | None:
    """A question from its markdown cell; `add` is told every fault. None where nothing can be made of it."""
    name, kind = str(metadata.get("quiz", "")), str(metadata.get("kind", ""))
    faults = 0

    def fault(at: int, fact: str, fix: str) -> None:
        nonlocal faults
        faults += 1
        add(at, fact, fix)

    if not _NAME.fullmatch(name):
        fault(line, f'"{name}" is no valid quiz id.', "Use letters, digits and _.")
    if kind not in KINDS:
        fault(line, f'quiz "{name}" has kind={kind!r}.', f"Choose one of: {', '.join(KINDS)}.")
        return None
    if unknown := set(metadata) - KEYS:
        fault(line, f"unknown key {sorted(unknown)[0]!r}.", f"A quiz may have: {', '.join(sorted(KEYS))}.")
    points = metadata.get("points")
    if not isinstance(points, int | float) or isinstance(points, bool) or points <= 0:
        fact = "has no points" if "points" not in metadata else f"has points={points!r}"
        fault(line, f'quiz "{name}" {fact}.', "Give it points=1 or more.")
        points = 1
    for key, kinds in (("draw", ("number", "shape")), ("tolerance", ("number",))):
        if key in metadata and kind not in kinds:
            fault(
                line, f'quiz "{name}" has {key}=, and it is of kind {kind}.', f"Only {' and '.join(kinds)} may have it."
            )
    if not str(metadata.get("read", "")).strip():
        fault(line, f'quiz "{name}" names no section to read again.', 'Add read="4.1".')
    question, options = _split(source, line, kind, fault)
    if not question:
        fault(line, f'quiz "{name}" asks nothing.', "Write the question above the options.")
    _check_options(name, kind, options, line, fault)
    draw, tolerance = str(metadata.get("draw", "")), str(metadata.get("tolerance", "0"))
    quiz = Quiz(name, kind, question, tuple(options), float(points), str(metadata.get("read", "")), draw, tolerance)
    quiz = Quiz(**{**vars(quiz), "line": line})
    for option in quiz.options:
        if kind == "match" and not faults and option.mark not in quiz.numbers.split():
            fault(option.line, f"the question lists no number {option.mark}.", "List what there is: `1. …`, `2. …`.")
    if kind in ("number", "shape") and not faults:
        _check_values(quiz, fault)
    return None if faults else quiz


def _split(source: str, line: int, kind: str, fault: Add) -> tuple[str, list[Option]]:
    """The question, and the options with their sentences."""
    question: list[str] = []
    found: list[dict[str, Any]] = []
    for number, text in enumerate(source.split("\n"), line + 1):
        if option := _OPTION.match(text):
            found.append({"mark": option[1].strip().lower(), "text": [option[2]], "says": [], "line": number})
        elif not found:
            question.append(text)
        elif said := _SAYS.match(text):
            found[-1]["says"].append(said[1])
        elif text.startswith(" ") and not found[-1]["says"]:
            found[-1]["text"].append(text.strip())
        elif text.strip():
            fix = "After the first option come only options, and their sentences, each line with > before it."
            fault(number, f"{text.strip()[:40]!r} belongs to no option.", fix)
    options = []
    for each in found:
        text = " ".join(part.strip() for part in each["text"]).strip()
        label = text
        if kind not in ("number", "shape"):
            letter = re.match(r"([A-Z])[.)]\s+", text)
            label, text = (letter[1], text[letter.end() :]) if letter else ("", text)
        says = " ".join(part.strip() for part in each["says"]).strip()
        options.append(Option(label, text, says, each["mark"], each["line"]))
    return "\n".join(question).strip(), options


def _check_options(name: str, kind: str, options: list[Option], line: int, fault: Add) -> None:
    values = kind in ("number", "shape")
    if len(options) < 2:
        fault(line, f'quiz "{name}" has {len(options)} options.', "Give it at least two: `- [x] A. text`.")
    for number, option in enumerate(options):
        wanted = chr(ord("A") + number)
        if not values and option.label != wanted:
            fault(option.line, f"this option has no letter {wanted}.", f"Begin it as `- [ ] {wanted}. text`.")
        if values and not option.text:
            fault(option.line, "this option is empty.", "Write an expression, or else.")
        if not option.says:
            fact = f'option "{option.label or option.text}" of quiz "{name}" has no sentence.'
            fault(option.line, fact, "Add a line below it: `  > why it is right, or what is wrong with it`.")
        if kind == "match" and not re.fullmatch(r"[1-9]\d?", option.mark):
            fault(
                option.line, f"[{option.mark}] is no number.", "Write the number that it belongs to: `- [2] A. text`."
            )
        if kind != "match" and option.mark not in ("", "x"):
            fault(option.line, f"[{option.mark}] is neither right nor wrong.", "Write [x] or [ ].")
    right = [o for o in options if o.mark == "x"]
    if kind != "match" and not right:
        fault(line, f'quiz "{name}" has no right option.', "Mark it with [x].")
    if kind in ("one", "number", "shape") and len(right) > 1:
        fault(right[1].line, f'quiz "{name}" has {len(right)} right options.', 'Keep one, or make it kind="several".')
    labels = [o.label for o in options]
    if values and options and (labels[-1] != "else" or labels.count("else") != 1 or options[-1].mark == "x"):
        fault(
            options[-1].line, f'the last option of quiz "{name}" is not else.', "End with `- [ ] else` and a sentence."
        )
    if values and right and options[0].mark != "x":
        fault(options[0].line, "the first option is not the right one.", "Put the right expression first.")
    for label in {label for label in labels if label and labels.count(label) > 1}:
        fault(line, f'quiz "{name}" has the option "{label}" twice.', "Remove one.")


def draws(draw: str) -> Iterator[dict[str, int | float]]:
    """All numbers that a student may get."""
    from autograder.lab.quiz import read_draw

    found = read_draw(draw)
    for values in itertools.product(*found.values()):
        yield dict(zip(found, values, strict=True))


def _check_values(quiz: Quiz, fault: Add) -> None:
    """Every expression has a value, of the right form, and no two options have the same one."""
    from autograder.lab.quiz import equal, evaluate

    try:
        combinations = list(itertools.islice(draws(quiz.draw), MOST_DRAWS))
    except ValueError as error:
        fault(quiz.line, f"cannot read draw={quiz.draw!r}: {error}.", 'Write draw="I=8,16 H=32,64".')
        return
    if not re.fullmatch(r"\d+(\.\d+)?%?", quiz.tolerance):
        fault(quiz.line, f"tolerance={quiz.tolerance!r} is no number.", 'Write tolerance="0.01", or "1%".')
        return
    options = [o for o in quiz.options if o.label != "else"]
    told: set[str] = set()
    for numbers in combinations:
        given = f" with {', '.join(f'{k} = {v}' for k, v in numbers.items())}" if numbers else ""
        values: dict[str, Any] = {}
        for option in options:
            try:
                values[option.label] = value = evaluate(option.label, numbers)
            except Exception as error:
                if option.label not in told:
                    fix = f"It may use: {', '.join([*numbers, 'math', 'min', 'max', 'sum'])}."
                    fault(option.line, f"cannot calculate {option.label!r}: {error}.", fix)
                told.add(option.label)
                continue
            ok = type(value) in (int, float) if quiz.kind == "number" else _is_shape(value)
            if not ok and option.label not in told:
                form = "a number" if quiz.kind == "number" else "a shape, a tuple of whole numbers such as `(B, T)`"
                fault(option.line, f"{option.label!r} gives {value!r}{given}.", f"It should be {form}.")
                told.add(option.label)
        for one, other in itertools.combinations([o for o in options if o.label not in told and o.label in values], 2):
            if equal(values[other.label], values[one.label], quiz.tolerance) and other.label not in told:
                fact = f'"{other.label}" has the same value as "{one.label}"{given}.'
                fault(other.line, fact, "Draw other numbers, or drop one of the two.")
                told.add(other.label)


def _is_shape(value: Any) -> bool:
    return type(value) is tuple and all(type(size) is int for size in value)
