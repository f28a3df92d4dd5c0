"""Read `solutions/NN_slug/notebook.py` and `answers.py`: from their texts to cells and answers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.course.faults import CourseError, Fault, FileFaults
from autograder.course.layout import Stage
from autograder.stage.model import FOLD, KINDS, Answer, Cell, Content
from autograder.stage.question import Quiz
from autograder.stage.question_text import parse
from autograder.stage.rules import _check_ids, _check_markers, _check_names, _check_quizzes


def read_stage(stage: Stage) -> Content:
    """Read and check a stage.

    Raises:
        CourseError: with every fault of the file.
    """
    report = FileFaults(stage.place(stage.text))
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
    report = FileFaults(stage.place(stage.answers))
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
    report = FileFaults(path.name)
    return {str(m[metadata_key]): source for m, _, source, _ in _raw(path, report) if metadata_key in m}


def _raw(path: Path, report: FileFaults) -> list[tuple[dict[str, object], str, str, int]]:
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


def _cell(metadata: dict[str, object], cell_type: str, source: str, line: int, report: FileFaults) -> Cell:
    kinds = [kind for kind in KINDS if kind in metadata]
    kind = kinds[0] if kinds else "prose" if cell_type == "markdown" else "demo"
    if cell_type not in ("code", "markdown"):
        report.add(line, f"a {cell_type} cell has no meaning here.", "Make it code or [markdown].")
    if "incorrectly_encoded_metadata" in metadata:
        words = metadata["incorrectly_encoded_metadata"]
        report.add(line, f"cannot read {words!r}.", 'Put values in quotes: exercise="f".')
        metadata = {}
    known = {
        "exercise": {"exercise", "builds_on"},
        "check": {"check", "points", "extra"},
        "given": {"given", "tags"},
    }.get(kind, {"tags"})
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
    tags = metadata.get("tags", [])
    if tags not in ([], [FOLD]):
        report.add(line, f"the tags {tags} have no meaning here.", f'Write tags=["{FOLD}"], or none.')
    worth = _worth(metadata, line, report) if kind == "check" else {}
    builds_on = tuple(name.strip() for name in str(metadata.get("builds_on", "")).split(",") if name.strip())
    folded = tags == [FOLD]
    return Cell(kind, str(metadata.get(kind, "")), source, line, builds_on=builds_on, folded=folded, **worth)


def _worth(metadata: dict[str, object], line: int, report: FileFaults) -> dict[str, float]:
    """What a check gives: points, or extra ones."""
    given = [key for key in ("points", "extra") if key in metadata]
    if len(given) == 1:
        value = metadata[given[0]]
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return {given[0]: float(value)}
        fact, fix = f"has {given[0]}={value!r}", f"Give it {given[0]}=1 or more."
    elif given:
        fact, fix = "has points and extra at once", "Keep one of them: the maximum holds points, and no extra ones."
    else:
        fact, fix = "has no points and no extra ones", "Give it points=1 or more; or extra=1, beyond the maximum."
    report.add(line, f'check "{metadata["check"]}" {fact}.', fix)
    return {}


def _quiz(metadata: dict[str, object], cell_type: str, source: str, line: int, report: FileFaults) -> Quiz | None:
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


def _parse(source: str, line: int, report: FileFaults) -> None:
    try:
        compile(source, report.place, "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as e:
        report.add(line + (e.lineno or 0), f"not valid Python: {e.msg}.", "Mend the line.")
