"""What a stage has to keep to: ids, markers, names, quizzes. Every fault is told at once."""

from __future__ import annotations

import ast
import builtins
import re

from autograder.course.faults import FileFaults
from autograder.course.layout import Stage
from autograder.lab.markers import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION, only_hidden, without_hidden
from autograder.lab.quiz import STUDENT
from autograder.stage.guide import has_heading, headings
from autograder.stage.model import CHECK_ID, ID, KINDS, Cell, Content
from autograder.stage.names import imported, names, reached


def _check_quizzes(content: Content, report: FileFaults) -> None:
    """The section to read again is there, and nothing else is called as the line that says whose notebook it is."""
    own = headings(cell.source for cell in content.cells if cell.kind == "prose")
    for quiz in content.quizzes:
        if not has_heading(quiz.read, own) and not has_heading(quiz.read, _sections_of(content.stage, quiz.read)):
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
    return headings(re.sub(r"(?m)^# ?", "", path.read_text(encoding="utf-8")) for path in texts)


def _check_ids(content: Content, report: FileFaults) -> None:
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


def _check_markers(content: Content, report: FileFaults) -> None:
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
            visible = without_hidden(cell.source)
            if not [line for line in visible.split("\n") if line.strip() and not line.strip().startswith("#")]:
                report.add(
                    cell.line, f'check "{cell.id}" is hidden as a whole.', "Leave at least one visible line to run."
                )
            below = cell.source.rpartition(END_HIDDEN)[2]
            if END_HIDDEN in cell.source and below.strip():
                line_number = cell.source[: -len(below.lstrip())].count("\n") + 1
                report.add(
                    cell.line + line_number, "stands below the hidden test.", "Move it above: that part comes last."
                )
            for line_number in _hints_made_late(only_hidden(cell.source)):
                what = "a hint of the hidden test is made when it runs, so nobody may read it."
                report.add(cell.line + line_number, what, "Write it as it is, without f and names in braces.")
        for line_number, line in enumerate(cell.source.split("\n"), 1):
            if (BEGIN_HIDDEN in line or END_HIDDEN in line) and line != line.lstrip():
                report.add(
                    cell.line + line_number, "the hidden test is indented.", "Its markers start in the first column."
                )


def _hints_made_late(hidden: str) -> list[int]:
    """The lines of these hints: what a hidden test says must be fixed before it has seen an answer."""
    try:
        nodes = list(ast.walk(ast.parse(hidden)))
    except SyntaxError:
        return []  # told elsewhere
    calls = [word for node in nodes if isinstance(node, ast.Call) for word in node.keywords if word.arg == "hint"]
    return sorted(word.value.lineno for word in calls if isinstance(word.value, ast.JoinedStr | ast.BinOp))


def _check_names(content: Content, report: FileFaults) -> None:
    """Every cell of the graded path uses only what the graded path provides."""
    given: set[str] = set()  # what provided cells define, but for modules: importing one again does no harm
    provided: set[str] = set(dir(builtins)) | {"__name__", "get_ipython", "display"}
    defined_by: dict[str, Cell] = {}  # names of demonstrations and checks, for a better message
    uses = {name: set[str]() for name in content.exercises}  # of an exercise, with its checks
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
            uses[cell.id] |= later
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
        if cell.kind == "check" and cell.exercise in uses:
            uses[cell.exercise] |= used & set(content.exercises)
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
    _check_builds_on(content, uses, report)


def _check_builds_on(content: Content, uses: dict[str, set[str]], report: FileFaults) -> None:
    """A mistake below is carried forward to what builds on it: so nothing may be declared that is not used."""
    for cell in content.of_kind("exercise"):
        found = reached(cell.id, uses)
        if idle := [name for name in cell.builds_on if name in content.exercises and name not in found]:
            fix = "Take it out of builds_on. What a used exercise builds on need not be named either."
            report.add(cell.line, f'neither "{cell.id}" nor its checks use the exercise "{idle[0]}".', fix)


def _an(word: str) -> str:
    return ("an " if word[0] in "aeiou" else "a ") + word
