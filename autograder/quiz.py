"""The source form of a quiz question, and the three cells that it becomes: the text, the answer, the check.

One markdown cell of `notebook.py` holds a question, its options, the right set and a sentence for every option
(CONTRIBUTING.md shows the form). In what students get, the text has no key and no sentence; these stand in the check's
hidden part.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.grade import StudentResult
    from autograder.stage import Content

KINDS = ("one", "several", "number", "shape", "match")
KEYS = {"quiz", "kind", "points", "read", "draw", "tolerance"}
SOLVER = "solution"  # whose numbers the solved notebook has
STUDENT = "student"  # the name by which a notebook with drawn numbers says whose it is
ASPECT = "answer"  # a quiz has one check, <id>-answer
MOST_DRAWS = 5_000  # combinations of drawn numbers that are tried for options of the same value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPTION = re.compile(r"- \[([^\]]*)\] ?(.*)")
_LISTED = re.compile(
    r"(?m)(?:^\s*|\|\s*|\(|\*\*)([1-9]\d?)(?=[.)]\s|\s*\||\)|[.)]?\*\*)"
)  # 1. or | 1 | or (1) or **1**
_SAYS = re.compile(r"\s*> ?(.*)")
Add = Callable[[int, str, str], None]  # notes a fault: line, fact, fix


@dataclass(frozen=True)
class Option:
    """One option: its letter, or the expression that gives its value; its text; its sentence for the student."""

    label: str
    text: str
    says: str
    mark: str  # what stands in its brackets: `x`, nothing, or of `match` a number
    line: int = 0


@dataclass(frozen=True)
class Quiz:
    """One question."""

    id: str
    kind: str
    question: str
    options: tuple[Option, ...]
    points: float
    read: str
    draw: str = ""
    tolerance: str = "0"
    asks_id: bool = False  # its answer cell has the line that says whose notebook it is
    line: int = 0

    @property
    def check(self) -> str:
        return f"{self.id}-{ASPECT}"

    @property
    def letters(self) -> str:
        return "".join(o.label for o in self.options) if self.kind not in ("number", "shape") else ""

    @property
    def numbers(self) -> str:
        """Of `match`, what a letter may belong to: the numbers that the question lists."""
        return " ".join(dict.fromkeys(_LISTED.findall(self.question))) if self.kind == "match" else ""

    @property
    def key(self) -> Any:
        """As `QuizAnswer.grade` takes it."""
        if self.kind == "match":
            return {o.label: int(o.mark) for o in self.options}
        right = [o.label for o in self.options if o.mark == "x"]
        return "".join(right) if self.kind == "several" else right[0]

    def is_right(self, option: str) -> bool:
        """Is an option, as `option_counts` names it, one of the right ones?"""
        if self.kind == "match":
            return option in [f"{o.label}{o.mark}" for o in self.options]
        return option in [o.label for o in self.options if o.mark == "x"]

    def says(self) -> dict[str, str]:
        return {o.label: o.says for o in self.options}

    def value(self, student: str = SOLVER) -> Any:
        """The right answer of this student."""
        if self.kind not in ("number", "shape"):
            return self.key
        from autograder.lab.quiz import evaluate

        return evaluate(self.key, self.drawn(student))

    def drawn(self, student: str) -> dict[str, int | float]:
        from autograder.lab.quiz import draw_numbers

        return draw_numbers(self.draw, student, self.id) if self.draw else {}

    # The three cells.

    def prose(self) -> str:
        """What the student reads: no key, no sentences."""
        number = f"{self.points:g} point{'' if self.points == 1 else 's'}"
        kind = {"one": "one letter", "several": "all the right letters", "number": "a number", "shape": "a shape"}
        question = self.question
        for variable in self._variables():
            question = question.replace("{" + variable + "}", variable)
        lines = [
            f"**Question `{self.id}`** · {number} · {kind.get(self.kind, 'a number for each letter')}",
            "",
            question,
        ]
        if self.letters:
            lines += ["", *(f"- **{o.label}.** {o.text}" for o in self.options)]
        if self.kind == "several":
            rule = "(right ones chosen − wrong ones chosen) / number of right ones, never below 0"
            lines += ["", f"*One or more are right. Share of the points: {rule}.*"]
        if self.draw:
            lines += [
                "",
                f"*Everybody has other numbers for {', '.join(self._variables())}. Run the check to see yours.*",
            ]
        return "\n".join(lines)

    def answer_cell(self, value: str | None = None, student: str = SOLVER) -> str:
        """The student's cell with this answer, by default the right one, between the markers of a solution."""
        from autograder.lab.quiz import how_to_answer

        right = self.value_source(student) if value is None else value
        how = how_to_answer(self.kind, self.letters, self.numbers)
        lines = [f"# In place of None: {how[0].lower()}{how[1:]}", "### BEGIN SOLUTION"]
        lines += [f"{STUDENT} = {student!r}"] if self.asks_id else []
        return "\n".join([*lines, f"{self.id} = {right}", "### END SOLUTION"])

    def value_source(self, student: str = SOLVER) -> str:
        """The right answer as code; of an expression with this student's numbers in it."""
        if self.kind not in ("number", "shape"):
            return repr(self.key).replace("'", '"')
        if "math." in self.key:  # whether a stage imports it, the answer cell cannot know
            return repr(self.value(student))
        return _with_numbers(self.key, self.drawn(student))

    def check_cell(self) -> str:
        """The check: the form of the answer for everybody, key and sentences in the hidden part."""
        words = [f'"{self.id}"', self.id, f'"{self.kind}"']
        words += [f'options="{self.letters}"'] if self.letters else []
        words += [f'numbers="{self.numbers}"'] if self.numbers else []
        words += [f'draw="{self.draw}"', f"{STUDENT}=lambda: {STUDENT}"] if self.draw else []
        lines = ["from autograder.lab import quiz", "", f"quiz_answer = quiz.read({', '.join(words)})"]
        lines += ["### BEGIN HIDDEN TESTS", "quiz_answer.grade(", f"    key={self.key!r},", "    says={"]
        lines += [f"        {label!r}: {text!r}," for label, text in self.says().items()]
        lines += ["    },", f"    read={self.read_in_words!r},"]
        lines += [f"    tolerance={self.tolerance!r},"] if self.kind == "number" else []
        return "\n".join([*lines, ")", "### END HIDDEN TESTS"])

    @property
    def read_in_words(self) -> str:
        return f"section {self.read}" if re.match(r"\d", self.read) else f'"{self.read}"'

    def _variables(self) -> list[str]:
        return [part.partition("=")[0] for part in self.draw.split()]


@dataclass
class Counts:
    """What a class answered to one question. `options`: of every option, by how many students it was chosen."""

    options: dict[str, int] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)  # the answers themselves, as short texts
    answered: int = 0
    blank: int = 0
    malformed: int = 0  # in a form that cannot be graded, or its cell did not run


def option_counts(content: Content, students: Mapping[str, StudentResult]) -> dict[str, Counts]:
    """For each question of a stage, how many students chose each option. Failed submissions are not counted.

    The options are named as in the source: letters; expressions and `else`; of `match`, letter and number as in `A2`.
    Options that nobody chose are there with 0.
    """
    found: dict[str, Counts] = {}
    for quiz in content.quizzes:
        labels = [o.label for o in quiz.options]
        if quiz.kind == "match":
            labels = [f"{label}{number}" for label in labels for number in quiz.numbers.split()]
        counts = found[quiz.id] = Counts(dict.fromkeys(labels, 0))
        for result in students.values():
            if result.status == "failed" or quiz.check not in result.checks:
                continue
            told = result.checks[quiz.check]
            if told.answer:
                counts.answered += 1
                counts.answers[told.answer] += 1
                for option in told.options:
                    counts.options[option] = counts.options.get(option, 0) + 1
            elif quiz.id in result.blank or "no answer yet" in told.message:
                counts.blank += 1
            else:
                counts.malformed += 1
    return found


def draws_numbers(source: str) -> bool:
    """Is this the check of a quiz with numbers of each student's own?"""
    return f"{STUDENT}=lambda: {STUDENT})" in source


def blank(source: str, name: str) -> str | None:
    """What stands in place of a solution's lines where they are a quiz's; None for any other exercise."""
    if not (found := re.search(r"(?ms)^### BEGIN SOLUTION\n(.*?)^### END SOLUTION", source)):
        return None
    lines = found[1].splitlines()
    if not lines or not re.match(rf"{re.escape(name)} = ", lines[-1]) or len(lines) > 2:
        return None
    student = [f'{STUDENT} = ""  # your id, the name under which you hand in'] if len(lines) == 2 else []
    return "\n".join([*student, f"{name} = None"])


def is_answer(source: str, name: str) -> bool:
    """Is this exercise cell of a stage's source a quiz's answer?"""
    return blank(source, name) is not None


def assignment(name: str) -> str:
    """A pattern for the line that gives the answer."""
    return rf"{re.escape(name)}[ \t]*(:[^=\n]+)?=(?!=)"


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


def _with_numbers(expression: str, numbers: Mapping[str, int | float]) -> str:
    """The expression with numbers in place of names."""
    tree = ast.parse(expression, mode="eval")

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(numbers[node.id]) if node.id in numbers else node

    return ast.unparse(Fill().visit(tree)) if numbers else expression


def sections(texts: Iterable[str]) -> list[str]:
    """The headings of prose: their whole texts."""
    return [h.strip() for text in texts for h in re.findall(r"(?m)^#{1,6}\s+(.+?)\s*$", text)]


def has_section(read: str, headings: list[str]) -> bool:
    """Does one of the headings have this number, as in `4.1`, or this title?"""
    return any(
        h == read or re.match(rf"{re.escape(read)}(?![\w.])[ .:·]?", h) or h.endswith(f" {read}") for h in headings
    )
