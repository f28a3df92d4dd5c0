"""From a released notebook to the notebook that Sphinx makes a page of."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.lab.kernel import HEATMAPS
from autograder.lab.quiz import how_to_answer, read_draw
from autograder.stage.model import FOLD

LONG = 25  # lines of code; more come folded
FOLD_OUTPUT = "hide-output"  # the tag of a cell whose output is folded
_QUESTION = re.compile(r"\*\*Question `(\w+)`\*\*")
_PREDICT = re.compile(r"\*Predict\b")
_SEEN = re.compile(r"\A\*What to see:\*\s*(?:[-*] )?(.*?)(?:(?<=[.:!?])\s|\n\s*\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """What the visible check of a quiz tells: the form of its answer, and no more."""

    name: str
    kind: str
    options: str = ""
    numbers: str = ""
    draw: str = ""

    def opening(self) -> str:
        """The tag around the question; static/quiz.js makes the fields from it."""
        data = {
            "name": self.name,
            "kind": self.kind,
            "options": self.options,
            "numbers": self.numbers,
            "letters": " ".join(read_draw(self.draw)),
            "how": how_to_answer(self.kind, self.options, self.numbers),
        }
        words = " ".join(f'data-{key}="{escape(value)}"' for key, value in data.items() if value)
        return f'<div class="quiz" id="question-{self.name}" role="group" aria-label="Question {self.name}" {words}>'


def question_of(source: str) -> Question | None:
    """The question that a cell of a released notebook checks; None where it is no quiz's check."""
    if "quiz.read(" not in source:
        return None
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "quiz.read":
            name, _, kind = node.args[:3]
            told = {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
            words = {key: str(told.get(key, "")) for key in ("options", "numbers", "draw")}
            return Question(ast.literal_eval(name), ast.literal_eval(kind), **words)
    return None


def page(released: NotebookNode, solved: NotebookNode | None, place: str) -> NotebookNode:
    """The notebook for Sphinx.

    Quizzes become forms, checks and long code are folded, and a demonstration shows what it gave in the solved
    notebook. Of that one nothing else is taken.

    Args:
        released: what students get.
        solved: of the same stage; without it, no outputs are shown.
        place: of the released notebook in the course, for the sentence that says where to work on it.
    """
    checks = [cell for cell in released.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    questions = {found.name: found for cell in checks if (found := question_of(cell.source))}
    points: dict[str, float] = {}
    for cell in checks:
        name = cell.metadata.nbgrader.grade_id.split("-")[0]
        points[name] = points.get(name, 0) + cell.metadata.nbgrader.points
    known = outputs(solved) if solved is not None else {}
    cells = list[NotebookNode]()
    for index, cell in enumerate(released.cells):
        before = cells[-1].source if cells and cells[-1].cell_type == "markdown" else ""
        after = released.cells[index + 1].source if index + 1 < len(released.cells) else ""
        cells += _page_cells(cell, questions, points, known.get((cell.get("id", ""), cell.source), []), before, after)
    cells.insert(1, nbformat.v4.new_markdown_cell(_how_to_work(place)))
    for number, cell in enumerate(cells):
        cell["id"] = f"c{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def _page_cells(
    cell: NotebookNode,
    questions: dict[str, Question],
    points: dict[str, float],
    shown: list[NotebookNode],
    before: str,
    after: str,
) -> Iterator[NotebookNode]:
    """One cell as the page has it: itself, with a heading, or nothing."""
    if cell.cell_type == "markdown":
        asked = _QUESTION.match(cell.source)
        question = questions.get(asked[1]) if asked else None
        text = f"{question.opening()}\n\n{cell.source}\n\n</div>" if question else cell.source
        yield nbformat.v4.new_markdown_cell(text)
        return
    told = cell.metadata.get("nbgrader", {})
    name = told.get("grade_id", "")
    if name.split("-")[0] in questions:
        return
    code = nbformat.v4.new_code_cell(cell.source)
    lines = cell.source.count("\n") + 1
    if told.get("solution"):
        worth = f" · {_points(points[name])}" if points.get(name) else ""
        heading = f'<p class="exercise" id="exercise-{name}"><b>Exercise</b> <code>{name}</code>{worth}</p>'
        yield nbformat.v4.new_markdown_cell(heading)
        code.metadata["tags"] = ["exercise"]
        yield code
        return
    if told.get("grade"):
        worth = f" · {_points(told['points'])}" if told["points"] else " · extra"
        code.metadata |= _folded(f"Check {name}{worth}")
    elif FOLD in cell.metadata.get("tags", []):
        code.metadata |= _folded("The code of this picture")
    elif lines > LONG:
        code.metadata |= _folded(f"{lines} lines of code")
    if not told:
        code.outputs = shown
    if shown and _PREDICT.search(before):
        words = "Show the {type}" if code.metadata.get("tags") else "Show what comes out, after your prediction"
        code.metadata |= _folded(words, FOLD_OUTPUT, *code.metadata.get("tags", []))
    if seen := _SEEN.match(after):
        code.metadata.setdefault("mystnb", {})["image"] = {"alt": _plain(seen[1])}
    yield code


def outputs(solved: NotebookNode) -> dict[tuple[str, str], list[NotebookNode]]:
    """What each demonstration of a solved notebook printed and drew, by its id and source.

    Exercises, checks and provided cells have no entry: a quiz's check prints the sentence of its right answer.
    """
    found = {}
    for cell in solved.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            found[cell.get("id", ""), cell.source] = [shown for output in cell.outputs for shown in _output(output)]
    return found


def _output(output: NotebookNode) -> Iterator[NotebookNode]:
    """Printed text, pictures and results; nothing of a machine (errors, warnings) and nothing that runs.

    After a picture with heatmaps comes what their cells hold, as data that static/play.js reads.
    """
    if output.output_type == "stream" and output.name == "stdout":
        yield nbformat.v4.new_output("stream", name="stdout", text=output.text)
    data: dict[str, Any] = output.get("data", {})
    for kind in ("image/png", "text/plain"):
        if kind in data:
            yield nbformat.v4.new_output("display_data", data={kind: data[kind]})
            break
    if "image/png" in data and HEATMAPS in data:
        text = json.dumps(data[HEATMAPS], ensure_ascii=False).replace("<", "\\u003c")  # no word ends the tag
        tag = f'<script type="{HEATMAPS}">{text}</script>'
        yield nbformat.v4.new_output("display_data", data={"text/html": tag})


def _folded(prompt: str, *tags: str) -> dict[str, Any]:
    return {"tags": [*tags] or [FOLD], "mystnb": {"code_prompt_show": prompt, "code_prompt_hide": prompt}}


def _points(number: float) -> str:
    return f"{number:g} point{'' if number == 1 else 's'}"


def _plain(markdown: str) -> str:
    """A sentence without what Markdown puts around words."""
    return re.sub(r"[*`$\\]|<[^>]*>", "", " ".join(markdown.split())).rstrip(":")


def _how_to_work(place: str) -> str:
    return (
        '<p class="work">This page is for reading. To do its exercises and have them checked, run '
        f"<code>python3 course.py lab</code> and open <code>{escape(place)}</code>.</p>"
    )
