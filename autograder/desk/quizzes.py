"""The questions of a notebook as forms: what is asked, what is answered so far, and where the answer stands.

The cells are read as text. Nothing of a notebook is run, so opening one is safe whoever wrote it.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.lab import ExpectationError, quiz
from autograder.stage.question import DRAWN, KINDS, assignment

_QUIZ_MARK = "quiz.read("
# What quiz.read may be told, beside the name, the answer and the kind.
_WORDS = {"options", "numbers", "draw", quiz.STUDENT}
_UNREADABLE = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Cell:
    """A cell as the browser has it: nbgrader's name of it, and whether students write in it."""

    id: str
    type: str
    source: str
    name: str
    solution: bool


@dataclass(frozen=True)
class Place:
    """Where a value stands in a cell, in UTF-16 units as JavaScript counts, and what has to stand around it."""

    cell: str
    start: int
    end: int
    before: str = ""
    after: str = ""


@dataclass
class Form:
    """One question.

    `place` is None where the answer cell cannot be read; `said` says why. `state` is of the answer's form only: `open`
    (no answer yet), `good`, `calculated` (nobody knows before it runs), `wrong`.
    """

    name: str
    kind: str
    letters: str
    numbers: list[str]
    options: list[str]  # the texts, by letter; empty where the question's cell does not show them
    text: str  # the ids of the three cells
    answer: str
    check: str
    how: str
    draw: str = ""
    draw_told: bool = False  # the second paragraph of the question's cell tells of it
    place: Place | None = None
    code: str = ""  # the right side of the assignment
    typed: str = ""  # of a number or a shape, as one line
    chosen: dict[str, str] = field(default_factory=dict)  # letter to number; of `one` and `several` to nothing
    state: Literal["open", "good", "calculated", "wrong"] = "open"
    said: str = ""
    drawn: str = ""  # this student's numbers,
    undrawn: str = ""  # or why nobody knows them
    asks: Place | None = None  # where the id is written, at the question that asks for it
    student: str = ""


def cells(told: Any) -> list[Cell]:
    """The cells of a request.

    Raises:
        ValueError: where it has another form.
    """
    kinds = {"id": str, "type": str, "source": str, "name": str, "solution": bool}
    given = told.get("cells") if isinstance(told, dict) else None
    if not isinstance(given, list) or not all(
        isinstance(cell, dict) and set(cell) == set(kinds) and all(type(cell[k]) is t for k, t in kinds.items())
        for cell in given
    ):
        raise ValueError(f"The request must have cells, each with {', '.join(kinds)}.")
    return [Cell(**cell) for cell in given]


def forms(given: list[Cell]) -> list[Form]:
    """The questions of a notebook that have their three cells, in order."""
    found: dict[str, Form] = {}
    for index, cell in enumerate(given):
        if cell.type == "code" and _QUIZ_MARK in cell.source and (asked := _asked(cell.source)):
            name = asked["name"]
            answer = _answer_cell(given, name, index)
            if name in found or answer is None:
                continue
            found[name] = _form(asked, cell, answer, _text_cell(given[:index], name))
    _whose(given, list(found.values()))
    return list(found.values())


def _asked(source: str) -> dict[str, str] | None:
    """What a check asks for: `quiz.read("name", name, "one", options="ABCD")`, and nothing that only looks like it."""
    try:
        body = ast.parse(source).body
    except _UNREADABLE:
        return None
    for line in body:
        match line:
            case ast.Assign(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="quiz"), attr="read"),
                    args=[ast.Constant(value=str(name)), ast.Name(id=other), ast.Constant(value=str(kind))],
                    keywords=words,
                )
            ) if name == other and kind in KINDS and {word.arg for word in words} <= _WORDS:
                told = {w.arg: w.value.value for w in words if w.arg and isinstance(w.value, ast.Constant)}
                options, numbers, draw = (str(told.get(word, "")) for word in ("options", "numbers", "draw"))
                lettered = kind not in ("number", "shape")
                if not re.fullmatch("[A-Z]+" if lettered else "", options) or (kind == "match" and not numbers.split()):
                    return None
                try:
                    quiz.read_draw(draw)
                except ValueError:
                    return None
                return {"name": name, "kind": kind, "options": options, "numbers": numbers, "draw": draw}
    return None


def _answer_cell(given: list[Cell], name: str, check: int) -> Cell | None:
    """Of the cells that are nbgrader's answer (a split one is there twice), the last that has the assignment.

    Where a program has dropped nbgrader's names: the last one above the check that has it.
    """
    code = [cell for cell in given if cell.type == "code"]
    named = [cell for cell in code if cell.solution and cell.name == name]
    line = re.compile(rf"(?m)^{assignment(name)}")
    above = [cell for cell in given[:check] if cell.type == "code" and not cell.name]
    with_line = [cell for cell in named or above if line.search(cell.source)]
    return with_line[-1] if with_line else named[0] if named else None


def _text_cell(above: list[Cell], name: str) -> Cell | None:
    texts = [cell for cell in above if cell.type == "markdown" and f"**Question `{name}`**" in cell.source]
    return texts[-1] if texts else None


def _form(asked: dict[str, str], check: Cell, answer: Cell, text: Cell | None) -> Form:
    name, kind, letters, numbers = asked["name"], asked["kind"], asked["options"], asked["numbers"]
    # The options of the question's last list, which the form shows in its place.
    lists = re.findall(r"(?m)^(?:- \*\*[A-Z]\.\*\* .+(?:\n|\Z))+", text.source) if text else []
    others = re.search(r"(?m)^\s*[-*+] ", text.source.rpartition(lists[-1])[2]) if text and lists else None
    shown = dict(re.findall(r"(?m)^- \*\*([A-Z])\.\*\* (.+)$", lists[-1])) if lists and not others else {}
    options = [shown[letter] for letter in letters] if list(letters) == list(shown) else []
    how = quiz.how_to_answer(kind, letters, numbers)
    ids = (text.id if text else "", answer.id, check.id)
    form = Form(name, kind, letters, numbers.split(), options, *ids, how, asked["draw"])
    form.draw_told = bool(text and re.match(rf".*\n\n\*[^*\n]+ {re.escape(DRAWN)}[^*\n]+\*\n\n", text.source))
    source = answer.source
    place = _place(answer, name)
    if isinstance(place, str):
        form.state, form.said = "wrong", place
        return form
    form.place = place
    form.code = _cut(source, place.start, place.end)
    _read(form, source)
    return form


def _read(form: Form, source: str) -> None:
    """What is answered, and what is to say about its form."""
    code = form.code.strip()
    form.typed = " ".join(code.split())
    if code in ("", "None"):
        form.typed = ""
        return
    try:
        node = ast.parse(f"({code}\n)" if "\n" in code else code.replace("\r", " "), mode="eval").body
    except _UNREADABLE:
        _wrong(form, f"{form.name}: this is no Python. {form.how}")
        return
    if form.kind == "shape" and isinstance(node, ast.Tuple) and code.startswith("("):
        form.typed = form.typed[1:-1].strip().removesuffix(",").rstrip()
    try:
        value = ast.literal_eval(node)
    except _UNREADABLE:
        _read_calculation(form, node, source)
        return
    if value is None or (isinstance(value, str) and not value.strip()):
        return
    _read_value(form, value)


def _read_value(form: Form, value: Any) -> None:
    """Has it the form that is asked for?"""
    try:
        formed, text = quiz.one_form(form.name, value, form.kind, form.letters, " ".join(form.numbers))
    except ExpectationError as error:
        form.chosen = _chosen(form, value)
        _wrong(form, str(error))
        return
    form.chosen = _chosen(form, formed)
    form.state, form.said = "good", f"Your answer is {text}. It is graded when you hand in."


def _read_calculation(form: Form, node: ast.expr, source: str) -> None:
    """Of what is no plain value: is it one that Python can work out?"""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    unknown = sorted(name for name in names if not re.search(rf"(?m)^\s*{assignment(name)}", source))
    letters = [name for name in unknown if set(name.upper()) <= set(form.letters)]
    if form.letters and letters:
        _wrong(form, f"{form.name}: {', '.join(letters)}: letters stand in quotes.\n  {form.how}")
    elif not form.letters and (own := [name for name in unknown if name in quiz.read_draw(form.draw)]):
        _wrong(form, f"{form.name}: Python does not know {', '.join(own)}: write your number in its place.")
    elif unknown and not form.letters and not any(isinstance(it, ast.Call | ast.Attribute) for it in ast.walk(node)):
        yours = f"Where {', '.join(unknown)} is a name of yours, run this cell and the check below."
        form.state, form.said = "calculated", f"Write numbers in digits. {yours}"
    else:
        try:
            _read_value(form, _worked_out(node))
        except ArithmeticError as error:
            _wrong(form, f"{form.name}: Python cannot work it out: {error}. {form.how}")
        except _UNREADABLE:
            form.state, form.said = "calculated", "A calculation: run this cell and the check below to see its form."


_CALCULATE: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip


def _worked_out(node: ast.expr) -> Any:
    """The value of what consists of numbers alone.

    Raises:
        ValueError: where there is more in it, or it may take long.
        ArithmeticError: where it has no value.
    """
    match node:
        case ast.Constant(int() | float() as value) if type(value) is not bool:
            return value
        case ast.Tuple(parts) | ast.List(parts):
            return tuple(map(_worked_out, parts))
        case ast.UnaryOp(op, one) if type(op) in _CALCULATE:
            return _CALCULATE[type(op)](_worked_out(one))
        case ast.BinOp(left, op, right) if type(op) in _CALCULATE:
            one, two = _worked_out(left), _worked_out(right)
            if not (type(op) is ast.Pow and (abs(two) > 64 or abs(one) > 1e6)):
                return _CALCULATE[type(op)](one, two)
    raise ValueError


def _wrong(form: Form, said: str) -> None:
    form.state, form.said = "wrong", said


def _chosen(form: Form, value: Any) -> dict[str, str]:
    """The letters of an answer; of a match also where it is not whole yet."""
    if form.kind in ("one", "several"):
        return dict.fromkeys(value, "") if type(value) is str and set(value) <= set(form.letters) else {}
    if form.kind == "match" and type(value) is dict:
        pairs = {str(letter).strip().upper(): str(number).strip() for letter, number in value.items()}
        return {letter: n for letter, n in pairs.items() if letter in form.letters and n in form.numbers}
    return {}


def _whose(given: list[Cell], found: list[Form]) -> None:
    """Each student's own numbers, and the question that asks whose notebook it is."""
    drawing = [form for form in found if form.draw]
    if not drawing:
        return
    lines = [(cell, place) for cell in given if cell.type == "code" and (place := _student_line(cell))]
    asks, student = drawing[0], ""
    undrawn = "Everybody has other numbers. Yours show when your id is "
    if lines:
        cell, place = lines[-1]
        try:
            value = ast.literal_eval(_cut(cell.source, place.start, place.end))
        except _UNREADABLE:
            value = None
        asks = next((form for form in drawing if form.answer == cell.id), asks)
        if type(value) is str:
            asks.asks, asks.student, student = place, value, value.strip()[:60]
        else:
            undrawn = f"Your id is no text in quotes, in the line {quiz.STUDENT} = "
    elif line := asks.place:
        answer = next(cell for cell in given if cell.id == asks.answer)
        before = _cut(answer.source, 0, line.start)
        at = _size(before[: max(before.rfind("\n"), before.rfind("\r")) + 1])
        above = Place(line.cell, at, at, f"{quiz.STUDENT} = ", "\n")
        asks.asks = _end(answer, quiz.STUDENT) if line == _end(answer, asks.name) else above
    for form in drawing:
        if student:
            numbers = quiz.draw_numbers(form.draw, student, form.name)
            form.drawn = ", ".join(f"{variable} = {value}" for variable, value in numbers.items())
        else:
            form.undrawn = undrawn + ("here." if form is asks else f"at question {asks.name}.")


def _student_line(cell: Cell) -> Place | None:
    if not re.search(rf"(?m)^{assignment(quiz.STUDENT)}", cell.source):
        return None
    place = _place(cell, quiz.STUDENT)
    return place if isinstance(place, Place) and not place.before else None


def _place(cell: Cell, name: str) -> Place | str:
    """Where the value of the last `name = …` stands; a new line at the end where there is none. Or why nobody knows."""
    source = cell.source
    try:
        found = _values(ast.parse(source), name)
    except _UNREADABLE as error:
        return _line(cell, name, error)
    if not found:
        return _end(cell, name)
    value = found[-1]
    ends = (value.end_lineno or value.lineno, value.end_col_offset or value.col_offset)
    return Place(cell.id, _unit(source, value.lineno, value.col_offset), _unit(source, *ends))


def _end(cell: Cell, name: str) -> Place:
    """Where a new line `name = …` goes."""
    end = _size(cell.source)
    return Place(cell.id, end, end, ("" if not cell.source or cell.source.endswith("\n") else "\n") + f"{name} = ")


def _values(tree: ast.Module, name: str) -> list[ast.expr]:
    """The right sides of the assignments to this name."""
    found: list[ast.expr] = []
    for line in tree.body:
        targets = (
            line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
            found += [value] if value else []
    return found


def _line(cell: Cell, name: str, error: BaseException) -> Place | str:
    """The same in a cell that is no Python, where it would be one with another value."""
    # Magics and lines for the shell count as comments.
    python = re.sub(r"(?m)^([ \t]*)[%!]", r"\1#", cell.source)
    lines = list(re.finditer(rf"(?m)^{assignment(name)}[ \t]*(?P<value>[^#\n]*?)[ \t]*(?:#.*)?$", python))
    if lines:
        start, end = lines[-1].span("value")
        try:
            ast.parse(python[:start] + " None " + python[end:])
        except _UNREADABLE:
            pass
        else:
            before = " " if python[start - 1] == "=" else ""
            start, end = (_size(cell.source[:at]) for at in (start, end))
            return Place(cell.id, start, end, before)
    at = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    return f"{name}: this cell is no Python{at}. Mend it, or undo what was typed last."


def _size(text: str) -> int:
    """How long a text is for JavaScript."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[start * 2 : end * 2].decode("utf-16-le", "surrogatepass")


def _unit(source: str, line: int, column: int) -> int:
    """The UTF-16 unit of a line and a column of `ast`, which counts bytes of UTF-8."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", source)
    before = "".join(lines[: line - 1])
    within = lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass")
    return _size(before + within)
