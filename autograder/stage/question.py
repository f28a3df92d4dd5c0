"""A quiz question, and the three cells that it becomes: the text, the answer, the check.

One markdown cell of `notebook.py` holds a question, its options, the right set and a sentence for every option
(CONTRIBUTING.md shows the form). In what students get, the text has no key and no sentence; these stand in the check's
hidden part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.lab.quiz import STUDENT

KINDS = ("one", "several", "number", "shape", "match")
KEYS = {"quiz", "kind", "points", "read", "draw", "tolerance"}
SOLVER = "solution"  # whose numbers the solved notebook has
DRAWN = "of your own. The check shows them"  # so a question tells of drawn numbers, in a paragraph above its text
ASPECT = "answer"  # a quiz has one check, <id>-answer

_LISTED = re.compile(
    r"(?m)(?:^\s*|\|\s*|\(|\*\*)([1-9]\d?)(?=[.)]\s|\s*\||\)|[.)]?\*\*)"
)  # 1. or | 1 | or (1) or **1**


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
            told = rf"(?<!\w)(\$?{variable}\$?) = {{{variable}}}"  # not "T = T"
            question = re.sub(told, r"\1", question).replace("{" + variable + "}", variable)
        lines = [f"**Question `{self.id}`** · {number} · {kind.get(self.kind, 'a number for each letter')}", ""]
        if self.draw:
            *others, last = self._variables()
            which = f"{', '.join(others)} and {last} are numbers" if others else f"{last} is a number"
            where = "below" if self.asks_id else "in the answer to the first question with such numbers"
            once = f"once your id is in the line `{STUDENT}`, {where}"
            lines += [f"*{which} {DRAWN}, {once}.*", ""]
        lines.append(question)
        if self.letters:
            lines += ["", *(f"- **{o.label}.** {o.text}" for o in self.options)]
        if self.kind == "several":
            rule = "(right ones chosen − wrong ones chosen) / number of right ones, never below 0"
            lines += ["", f"*One or more are right. Share of the points: {rule}.*"]
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


def _with_numbers(expression: str, numbers: Mapping[str, int | float]) -> str:
    """The expression with numbers in place of names."""
    tree = ast.parse(expression, mode="eval")

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(numbers[node.id]) if node.id in numbers else node

    return ast.unparse(Fill().visit(tree)) if numbers else expression
