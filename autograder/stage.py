"""A stage as text: read `solutions/NN_slug/notebook.py` and `answers.py`, and find every fault in them."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course import CourseError, Fault, Stage
from autograder.quiz import STUDENT, Quiz, has_section, parse, sections

KINDS = ("exercise", "check", "given")
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CHECK_ID = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)-[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Cell:
    """One cell: prose, given (provided code), exercise, check, or demo (a plain code cell)."""

    kind: str
    id: str  # empty for prose and demo
    source: str
    line: int  # of its `# %%` marker
    points: float = 0
    builds_on: tuple[str, ...] = ()

    @property
    def exercise(self) -> str:
        """The exercise that a check belongs to."""
        return self.id.split("-")[0]


@dataclass(frozen=True)
class Content:
    """What a stage's text holds."""

    stage: Stage
    cells: tuple[Cell, ...]
    quizzes: tuple[Quiz, ...] = ()  # each is three of the cells: its text, its answer (an exercise), its check

    def of_kind(self, *kinds: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind in kinds]

    @property
    def exercises(self) -> list[str]:
        return [cell.id for cell in self.of_kind("exercise")]

    @property
    def written(self) -> list[str]:
        """The exercises but for quizzes: those that the answer catalogue is about."""
        return [name for name in self.exercises if name not in {quiz.id for quiz in self.quizzes}]

    @property
    def max_score(self) -> float:
        return sum(cell.points for cell in self.cells)

    def checks(self, exercise: str) -> list[Cell]:
        return [cell for cell in self.of_kind("check") if cell.exercise == exercise]


@dataclass(frozen=True)
class Answer:
    """One answer of the catalogue: an exercise cell written anew."""

    right: bool
    exercise: str
    name: str
    source: str
    says: str = ""
    line: int = 0


@dataclass
class _Report:
    """Collects faults of one file, so that an author sees all of them at once."""

    place: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, line: int, fact: str, fix: str) -> None:
        self.faults.append(Fault(f"{self.place}:{line}", fact, fix))


def read_stage(stage: Stage) -> Content:
    """Read and check a stage.

    Raises:
        CourseError: with every fault of the file.
    """
    report = _Report(stage.place(stage.text))
    cells: list[Cell] = []
    quizzes: list[Quiz] = []
    for metadata, kind, source, line in _raw(stage.text, report):
        if "quiz" not in metadata:
            cells.append(_cell(metadata, kind, source, line, report))
        elif quiz := _quiz(metadata, kind, source, line, report):
            first_drawn = bool(quiz.draw) and not any(q.draw for q in quizzes)
            quizzes.append(replace(quiz, asks_id=first_drawn))
            cells += _expanded(quizzes[-1])
    content = Content(stage, tuple(cells), tuple(quizzes))
    if not content.exercises and not report.faults:
        report.add(1, "there is no exercise.", 'Add a cell `# %% exercise="name"`.')
    _check_ids(content, report)
    _check_markers(content, report)
    _check_names(content, report)
    _check_quizzes(content, report)
    if report.faults:
        raise CourseError(*report.faults)
    return content


def read_answers(stage: Stage, content: Content, complete: bool = True) -> list[Answer]:
    """Read the answer catalogue of a stage. `complete`: each exercise must have a right and a wrong answer.

    Raises:
        CourseError: with every fault of the file.
    """
    report = _Report(stage.place(stage.answers))
    if not stage.answers.is_file() and not content.written:
        return []  # a stage of quizzes needs none
    if not stage.answers.is_file():
        report.add(1, "there is no answer catalogue.", "Write at least one right and one wrong answer per exercise.")
        raise CourseError(*report.faults)
    answers: list[Answer] = []
    for metadata, kind, source, line in _raw(stage.answers, report):
        if kind == "markdown":
            continue
        right, wrong = metadata.get("right", ""), metadata.get("wrong", "")
        exercise = str(right or wrong)
        answer = Answer(
            bool(right), exercise, str(metadata.get("name", "")), source, str(metadata.get("says", "")), line
        )
        if bool(right) == bool(wrong):
            report.add(
                line,
                "the cell is neither a right nor a wrong answer.",
                'Write `# %% wrong="exercise" name="…" says="…"`.',
            )
        elif exercise not in content.written:
            report.add(line, f'there is no exercise "{exercise}".', f"Exercises are: {', '.join(content.written)}.")
        elif not answer.name:
            report.add(line, "the answer has no name.", 'Add name="…", a few words that tell it from the others.')
        elif any((a.exercise, a.name) == (exercise, answer.name) for a in answers):
            report.add(
                line, f'the name "{answer.name}" is there twice.', "Give each answer of an exercise its own name."
            )
        elif wrong and not answer.says:
            report.add(
                line, f'the wrong answer "{answer.name}" says nothing.', 'Add says="…", one sentence for the student.'
            )
        if unknown := set(metadata) - {"right", "wrong", "name", "says"}:
            report.add(line, f"unknown key {sorted(unknown)[0]!r}.", "An answer has right= or wrong=, name= and says=.")
        _parse(source, line, report)
        answers.append(answer)
    for exercise in content.written if complete else []:
        for right in (True, False):
            if not any(a.exercise == exercise and a.right == right for a in answers):
                kind = "right" if right else "wrong"
                report.add(1, f'"{exercise}" has no {kind} answer.', f"Add at least one {kind} answer for it.")
    if report.faults:
        raise CourseError(*report.faults)
    return answers


def code_cells(path: Path, metadata_key: str) -> dict[str, str]:
    """The sources of the cells that carry this metadata key, by its value. For scripts beside a stage."""
    report = _Report(path.name)
    return {str(m[metadata_key]): source for m, _, source, _ in _raw(path, report) if metadata_key in m}


def _raw(path: Path, report: _Report) -> list[tuple[dict[str, object], str, str, int]]:
    """(metadata, cell type, source, line) of each cell of a py:percent file."""
    import jupytext  # 0.3 s, so only where a file is read

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as e:
        raise CourseError(Fault(report.place, f"is not UTF-8 text ({e.reason}).", "Save it as UTF-8.")) from e
    except OSError as e:
        raise CourseError(Fault(report.place, f"cannot be read: {e.strerror}.", "Check the file.")) from e
    cells = jupytext.reads(text, fmt="py:percent").cells
    for cell in cells:
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's note to itself about blank lines
    return [(dict(c.metadata), c.cell_type, c.source, n) for c, n in zip(cells, _lines(text, cells), strict=True)]


def _lines(text: str, cells: list[Any]) -> list[int]:
    """The line of each cell's marker. A `# %%` within a string is none: then the cell's first line tells."""
    lines = text.split("\n")
    markers = [n for n, line in enumerate(lines, 1) if re.match(r"# %%( |$)", line)]
    found, at = [], 0
    for cell in cells:
        first = cell.source.split("\n")[0].strip()
        for index in range(at, len(markers)):
            below = next((line for line in lines[markers[index] :] if line.strip(" #")), "")
            if not first or first in below:
                at = index + 1
                break
        found.append(markers[at - 1] if at else 1)
    return found


def _cell(metadata: dict[str, object], cell_type: str, source: str, line: int, report: _Report) -> Cell:
    kinds = [kind for kind in KINDS if kind in metadata]
    kind = kinds[0] if kinds else "prose" if cell_type == "markdown" else "demo"
    if cell_type not in ("code", "markdown"):
        report.add(line, f"a {cell_type} cell has no meaning here.", "Make it code or [markdown].")
    if "incorrectly_encoded_metadata" in metadata:
        words = metadata["incorrectly_encoded_metadata"]
        report.add(line, f"cannot read {words!r}.", 'Put values in quotes: exercise="f".')
        metadata = {}
    known = {"exercise": {"exercise", "builds_on"}, "check": {"check", "points"}, "given": {"given"}}.get(
        kind, {"tags"}
    )
    if len(kinds) > 1:
        report.add(line, f"the cell is {' and '.join(kinds)} at once.", "Keep one of them.")
    elif unknown := set(metadata) - known:
        report.add(
            line, f"unknown key {sorted(unknown)[0]!r}.", f"A cell of this kind may have: {', '.join(sorted(known))}."
        )
    if not source.strip():
        report.add(line, "the cell is empty.", "Delete it, or write something in it.")
    if kind not in ("prose", "demo"):
        if cell_type != "code":
            report.add(line, f"{kind} cells hold code, this one holds {cell_type}.", "Remove [markdown].")
        else:
            _parse(source, line, report)
    points = metadata.get("points", 0)
    if kind == "check" and not (isinstance(points, int | float) and not isinstance(points, bool) and points > 0):
        fact = "has no points" if "points" not in metadata else f"has points={points!r}"
        report.add(line, f'check "{metadata["check"]}" {fact}.', "Give it points=1 or more.")
        points = 0
    builds_on = tuple(name.strip() for name in str(metadata.get("builds_on", "")).split(",") if name.strip())
    number = float(points) if isinstance(points, int | float) else 0.0
    return Cell(kind, str(metadata.get(kind, "")), source, line, number, builds_on)


def _quiz(metadata: dict[str, object], cell_type: str, source: str, line: int, report: _Report) -> Quiz | None:
    if cell_type != "markdown":
        report.add(line, f"a quiz is text, and this cell holds {cell_type}.", "Write # %% [markdown] quiz=….")
        return None
    if kinds := [kind for kind in KINDS if kind in metadata]:
        report.add(line, f"the cell is a quiz and {kinds[0]} at once.", "Keep one of them.")
        return None
    return parse(metadata, source, line, report.add)


def _expanded(quiz: Quiz) -> list[Cell]:
    """A quiz as the cells that the notebook has: the text, the answer, the check."""
    return [
        Cell("prose", "", quiz.prose(), quiz.line),
        Cell("exercise", quiz.id, quiz.answer_cell(), quiz.line),
        Cell("check", quiz.check, quiz.check_cell(), quiz.line, quiz.points),
    ]


def _check_quizzes(content: Content, report: _Report) -> None:
    """The section to read again is there, and nothing else is called as the line that says whose notebook it is."""
    own = sections(cell.source for cell in content.cells if cell.kind == "prose")
    for quiz in content.quizzes:
        if not has_section(quiz.read, own) and not has_section(quiz.read, _sections_of(content.stage, quiz.read)):
            fix = 'Name a heading of this stage, or of a stage that is there: read="4.1".'
            report.add(quiz.line, f'quiz "{quiz.id}": there is no section "{quiz.read}" to read again.', fix)
    if any(quiz.draw for quiz in content.quizzes):
        ours = {quiz.id for quiz in content.quizzes}
        for cell in content.of_kind("given", "exercise", "demo"):
            try:
                taken = cell.id not in ours and STUDENT in names(cell.source)[0]
            except SyntaxError:  # a demonstration with magics
                continue
            if taken:
                report.add(cell.line, f'defines "{STUDENT}", by which a quiz asks whose notebook it is.', "Rename it.")


def _sections_of(stage: Stage, read: str) -> list[str]:
    """The headings of the stage that a number such as 5.3 belongs to; none where it is not written yet."""
    number = re.match(r"\d+(?=\.)", read)
    if number is None:
        return []
    texts = stage.course.root.glob(f"solutions/{int(number[0]):02}_*/notebook.py")
    return sections(re.sub(r"(?m)^# ?", "", path.read_text(encoding="utf-8")) for path in texts)


def _parse(source: str, line: int, report: _Report) -> None:
    try:
        compile(source, report.place, "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as e:
        report.add(line + (e.lineno or 0), f"not valid Python: {e.msg}.", "Mend the line.")


def _check_ids(content: Content, report: _Report) -> None:
    seen: dict[str, int] = {}
    for cell in content.of_kind(*KINDS):
        pattern = CHECK_ID if cell.kind == "check" else ID
        if cell.kind == "check" and cell.exercise not in content.exercises:
            fix = f"Rename it to <exercise>-<aspect>; exercises are: {', '.join(content.exercises) or 'none'}."
            report.add(cell.line, f'check "{cell.id}" belongs to no exercise.', fix)
        elif not pattern.fullmatch(cell.id):
            form = "<exercise>-<aspect>" if cell.kind == "check" else "letters, digits and _"
            report.add(cell.line, f'"{cell.id}" is no valid {cell.kind} id.', f"Use the form: {form}.")
        if cell.id in seen:
            report.add(
                cell.line,
                f'the id "{cell.id}" is there twice; first in line {seen[cell.id]}.',
                "Rename one of the two.",
            )
        seen.setdefault(cell.id, cell.line)
        for name in cell.builds_on:
            if name not in content.exercises:
                report.add(cell.line, f'"{cell.id}" builds on "{name}", which is no exercise.', "Correct builds_on.")
    for cell in content.of_kind("exercise"):
        for check in content.checks(cell.id):
            if check.line < cell.line:
                report.add(check.line, f'check "{check.id}" stands before its exercise.', "Move it below the exercise.")
        if not content.checks(cell.id):
            report.add(
                cell.line, f'exercise "{cell.id}" has no check.', f'Add a cell `# %% check="{cell.id}-…" points=1`.'
            )


MARKER = re.compile(r"\s*#+\s*(begin|end)\s+(solutions?|hidden\s*tests?|mark\s*scheme)\b.*", re.IGNORECASE)


def _check_markers(content: Content, report: _Report) -> None:
    for cell in content.cells:
        for number, line in enumerate(cell.source.split("\n"), 1):
            # One that is nearly right would hand out what it should hide.
            if MARKER.fullmatch(line) and line.strip() not in (BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN):
                fix = f"Write exactly one of: {BEGIN_SOLUTION}, {END_SOLUTION}, {BEGIN_HIDDEN}, {END_HIDDEN}."
                report.add(cell.line + number, f"{line.strip()!r} is no marker.", fix)
        for begin, end, home in ((BEGIN_SOLUTION, END_SOLUTION, "exercise"), (BEGIN_HIDDEN, END_HIDDEN, "check")):
            marks = [
                (n, begin in line) for n, line in enumerate(cell.source.split("\n"), 1) if begin in line or end in line
            ]
            if cell.kind != home:
                if marks:
                    what = "a solution" if home == "exercise" else "hidden tests"
                    report.add(
                        cell.line + marks[0][0], f"{what} outside {_an(home)}.", f"Move it into {_an(home)} cell."
                    )
            elif not marks and home == "exercise":
                report.add(cell.line, f'exercise "{cell.id}" has no solution.', f"Put it between {begin} and {end}.")
            elif any(is_begin != (i % 2 == 0) for i, (_, is_begin) in enumerate(marks)) or len(marks) % 2:
                report.add(cell.line + marks[0][0], f"{begin} and {end} are not in pairs.", "Each BEGIN needs its END.")
            elif home == "check" and len(marks) > 2:
                report.add(cell.line + marks[2][0], "two hidden tests in one cell.", "Join them, or make two checks.")
        if cell.kind == "check":
            visible = re.sub(rf"(?ms)^{BEGIN_HIDDEN}.*?^{END_HIDDEN}", "", cell.source)
            if not [line for line in visible.split("\n") if line.strip() and not line.strip().startswith("#")]:
                report.add(
                    cell.line, f'check "{cell.id}" is hidden as a whole.', "Leave at least one visible line to run."
                )
        for line_number, line in enumerate(cell.source.split("\n"), 1):
            if (BEGIN_HIDDEN in line or END_HIDDEN in line) and line != line.lstrip():
                report.add(
                    cell.line + line_number, "the hidden test is indented.", "Its markers start in the first column."
                )


def _check_names(content: Content, report: _Report) -> None:
    """Every cell of the graded path uses only what the graded path provides."""
    given: set[str] = set()  # what provided cells define, but for modules: importing one again does no harm
    provided: set[str] = set(dir(builtins)) | {"__name__", "get_ipython", "display"}
    defined_by: dict[str, Cell] = {}  # names of demonstrations and checks, for a better message
    graph: dict[str, set[str]] = {}
    for cell in content.cells:
        if cell.kind == "prose":
            continue
        try:
            defined, used = names(cell.source)
        except SyntaxError:
            continue  # a demonstration with magics
        if cell.kind == "exercise":
            if cell.id not in defined:
                report.add(
                    cell.line,
                    f'exercise "{cell.id}" does not define {cell.id}.',
                    "The id is the name of its function or class.",
                )
            later = {name for name in used if name in content.exercises} - {cell.id}
            graph[cell.id] = later
            if undeclared := sorted(later - set(cell.builds_on)):
                fix = f'Declare it: builds_on="{",".join(sorted(later))}".'
                report.add(cell.line, f'"{cell.id}" uses the exercise "{undeclared[0]}".', fix)
            used -= set(content.exercises)
        if cell.kind == "given" and (wrong := sorted(used & set(content.exercises))):
            fix = "Make it a plain code cell (a demonstration), or part of an exercise."
            report.add(cell.line, f'provided code uses the exercise "{wrong[0]}".', fix)
        if cell.kind == "check" and (taken := sorted(defined & (given | set(content.exercises)))):
            fix = "Choose another name: in JupyterLab the cells below would see this one."
            report.add(cell.line, f'check "{cell.id}" defines "{taken[0]}" anew.', fix)
        if cell.kind == "check" and (wrong := sorted((used & set(content.exercises)) - {cell.exercise})):
            allowed = next((c.builds_on for c in content.of_kind("exercise") if c.id == cell.exercise), ())
            if undeclared := [name for name in wrong if name not in allowed]:
                fix = f'Make the check independent, or declare builds_on="{undeclared[0]}" at the exercise.'
                report.add(cell.line, f'check "{cell.id}" needs the exercise "{undeclared[0]}".', fix)
        if cell.kind != "demo":
            for name in sorted(used - provided - defined - set(content.exercises)):
                if name in defined_by:
                    other = defined_by[name]
                    what = f'check "{other.id}"' if other.kind == "check" else "the demonstration"
                    fix = "Define it in a given cell; neither checks nor demonstrations run where this cell is graded."
                    report.add(cell.line, f'uses "{name}", which {what} in line {other.line} defines.', fix)
                else:
                    report.add(
                        cell.line,
                        f'uses "{name}", which nothing above defines.',
                        "Define or import it in a given cell.",
                    )
        elif used_from_checks := sorted(
            n for n in used - provided - defined if n in defined_by and defined_by[n].kind == "check"
        ):
            other = defined_by[used_from_checks[0]]
            fix = "Define it in the demonstration itself."
            report.add(
                cell.line, f'uses "{used_from_checks[0]}", which check "{other.id}" in line {other.line} defines.', fix
            )
        if cell.kind == "given":
            given |= defined - imported(cell.source)
        if cell.kind in ("given", "exercise"):
            provided |= defined
        else:
            for name in defined:
                if cell.kind == "demo" and name in defined_by and defined_by[name].kind == "check":
                    defined_by[name] = cell  # the demonstration's own name hides the check's
                defined_by.setdefault(name, cell)


def names(source: str) -> tuple[set[str], set[str]]:
    """The global names that a cell defines, and those that it uses."""
    table = symtable.symtable(source, "<cell>", "exec")
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        used |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        inner.extend(scope.get_children())
    return defined, used


def visible(source: str) -> str:
    """A check cell as students get it: without its hidden test."""
    lines, keep = [], True
    for line in source.split("\n"):
        if BEGIN_HIDDEN in line:
            keep = False
        elif END_HIDDEN in line:
            keep = True
        elif keep:
            lines.append(line)
    return "\n".join(lines)


def imported(source: str) -> set[str]:
    """The names that a cell imports."""
    return {s.get_name() for s in symtable.symtable(source, "<cell>", "exec").get_symbols() if s.is_imported()}


def _an(word: str) -> str:
    return ("an " if word[0] in "aeiou" else "a ") + word
