"""The feedback page: marks, what went wrong and why, what to read again and what to try. It works offline.

What comes from a submission is shown as text, or as a picture that is one. The template escapes all the rest, and the
page forbids itself scripts and every request.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from functools import cache
from typing import Any

from markupsafe import Markup, escape
from nbconvert.exporters import Exporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

from autograder.course import CourseError
from autograder.execute import Blueprint, untouched
from autograder.guide import Guide, guides
from autograder.stage import read_answers, read_stage
from autograder.verdict import said

MOST_PICTURES, MOST_MB, MOST_PIXELS = 12, 4, 4000  # of a page; of one side of a picture
MOST_LINES, MOST_CHARACTERS, MOST_OUTPUTS = 30, 2000, 3  # of one text output; of an exercise
NO_RESPONSE = "No response."  # nbgrader's own comment on what was not started: the page says that already
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Texts:
    """What the stage says to every student."""

    def __init__(self, blueprint: Blueprint) -> None:
        content = read_stage(blueprint.stage)
        self.blueprint = blueprint
        self.guides: dict[str, Guide] = guides(blueprint.source.cells)
        self.quizzes = {quiz.id for quiz in content.quizzes}
        self.builds_on = {cell.id: cell.builds_on for cell in content.of_kind("exercise")}
        try:
            self.sayings = {a.says for a in read_answers(blueprint.stage, content, complete=False) if not a.right}
        except CourseError:  # an author is working on it
            self.sayings = set()
        first = next((c.source for c in blueprint.source.cells if c.cell_type == "markdown"), "")
        title = re.match(r"# +(.+)", first)
        self.title = title[1].strip() if title else blueprint.stage.slug
        self.questions: dict[str, str] = {}
        above = ""
        for cell in blueprint.source.cells:
            if cell.cell_type == "markdown":
                above = cell.source
            elif (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in self.quizzes:
                self.questions[name] = above.partition("\n")[2].strip()  # without the line that names it


def page(nb: NotebookNode, told: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """What the template shows, from a graded notebook with its marks. `told` is nbgrader's: student, score, …"""
    exercises = {name: _exercise(name, texts) for name in texts.guides}
    blank = untouched(nb)
    pictures = _Pictures()
    current: dict[str, Any] | None = None
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader", {})
        name = mark.get("grade_id", "")
        if mark.get("grade"):
            exercise = exercises.get(name.partition("-")[0])
            if exercise is not None:
                exercise["checks"].append(_check(cell, texts))
        elif mark.get("solution") and name in exercises:
            current = exercises[name]
            comment = mark.get("comment") or ""
            current["blank"], current["comment"] = name in blank, comment if comment != NO_RESPONSE else ""
            current["code"] = _highlight(cell.source)
            _show(cell, current, pictures)
        elif not mark and cell.cell_type == "code" and cell.source not in texts.blueprint.demos and current:
            _show(cell, current, pictures)
    for exercise in exercises.values():
        exercise["score"] = sum(check["score"] for check in exercise["checks"])
        exercise["max"] = sum(check["max"] for check in exercise["checks"])
        lost = exercise["score"] < exercise["max"]
        exercise["state"] = (
            "full" if not lost else "blank" if exercise["blank"] else "part" if exercise["score"] else "none"
        )
    for exercise in exercises.values():
        names = texts.builds_on.get(exercise["name"], ())
        exercise["below"] = [n for n in names if n in exercises and exercises[n]["state"] != "full"]
    lost_first = [e for e in exercises.values() if e["state"] in ("part", "none") and not e["below"]]
    return {
        "title": texts.title,
        "slug": texts.blueprint.stage.slug,
        "student": told.get("student", ""),
        "score": told.get("score", 0),
        "max": told.get("max_score", 0),
        "late": told.get("late_penalty") or 0,
        "sandboxed": nb.metadata.get("autograder", {}).get("sandbox") == "bwrap",
        "exercises": list(exercises.values()),
        "start": lost_first[0]["name"] if lost_first else "",
    }


def _exercise(name: str, texts: Texts) -> dict[str, Any]:
    guide = texts.guides[name]
    return {
        "name": name,
        "quiz": name in texts.quizzes,
        "question": _markdown(texts.questions.get(name, "")),
        "section": "" if name in texts.quizzes else guide.section,
        "hints": [_markdown(hint) for hint in guide.hints],
        "checks": [],
        "code": "",
        "comment": "",
        "blank": True,
        "pictures": [],
        "outputs": [],
    }


def _check(cell: NotebookNode, texts: Texts) -> dict[str, Any]:
    """A check's mark, its message, and the sentence before it where the mistake is a known one."""
    mark = cell.metadata.nbgrader
    score, most = float(mark.get("score") or 0), float(mark.get("points") or 0)
    message = said(cell)
    first, _, rest = message.partition("\n")
    known = first in texts.sayings
    return {
        "aspect": mark.grade_id.partition("-")[2],
        "score": score,
        "max": most,
        "sentence": first if known else "",
        "message": "" if message == "passed" else _plain(rest if known else message),
    }


class _Pictures:
    """Takes a page's pictures, as long as there is room."""

    def __init__(self) -> None:
        self.count, self.room = 0, MOST_MB << 20

    def take(self, data: Any) -> str:
        """A picture as the address of an `img`, or nothing where it is none or too large."""
        text = "".join(data) if isinstance(data, list) else data
        if not isinstance(text, str) or len(text) > self.room or self.count >= MOST_PICTURES:
            return ""
        try:
            raw = base64.b64decode("".join(text.split()), validate=True)
            width, height = struct.unpack(">II", raw[16:24])
        except (binascii.Error, ValueError, struct.error):
            return ""
        if not raw.startswith(b"\x89PNG\r\n\x1a\n") or not 0 < width <= MOST_PIXELS or not 0 < height <= MOST_PIXELS:
            return ""
        self.count, self.room = self.count + 1, self.room - len(text)
        return "data:image/png;base64," + base64.b64encode(raw).decode()


def _show(cell: NotebookNode, exercise: dict[str, Any], pictures: _Pictures) -> None:
    """Take over a cell's plots and what it printed."""
    for output in cell.get("outputs", []):
        if picture := pictures.take(output.get("data", {}).get("image/png")):
            exercise["pictures"].append(picture)
        elif len(exercise["outputs"]) < MOST_OUTPUTS and (text := _text(output)):
            exercise["outputs"].append(text)


def _text(output: NotebookNode) -> str:
    if output.output_type == "error":
        trace = _plain("\n".join(output.get("traceback", [])))
        return _cut(trace or f"{output.get('ename')}: {output.get('evalue')}", end=True)
    text = output.get("text", "") if output.output_type == "stream" else output.get("data", {}).get("text/plain", "")
    return _cut(_plain(text if isinstance(text, str) else "".join(map(str, text))))


def _plain(text: str) -> str:
    return CONTROL.sub("", ANSI.sub("", text))


def _cut(text: str, end: bool = False, times: int = 1) -> str:
    """The beginning of a long text, or its end; `times` as much of it as usual."""
    lines, most_lines, most = text.strip("\n").split("\n"), times * MOST_LINES, times * MOST_CHARACTERS
    if len(lines) > most_lines:
        lines = ["…", *lines[-most_lines:]] if end else [*lines[:most_lines], "…"]
    text = "\n".join(lines)
    if len(text) <= most:
        return text
    return "… " + text[-most:] if end else text[:most] + " …"


def _highlight(source: str) -> Markup:
    """Escaped, with the words of Python marked."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(_cut(_plain(source), times=5), PythonLexer(), HtmlFormatter(nowrap=True)))


def _markdown(text: str) -> Markup:
    """The course's own text; nothing of a submission comes here."""
    return Markup(markdown2html_mistune(text)) if text else Markup()


def _words(sentence: str) -> Markup:
    """A sentence of the catalogue, escaped, with its `code` as such."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


class FeedbackExporter(Exporter):
    """In place of nbgrader's HTML: the page that a preprocessor has put into `resources`."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> Any:
        nb, resources = super().from_notebook_node(nb, resources, **kw)  # runs the preprocessors
        return render("feedback.html.j2", page=resources["page"]), resources


def render(template: str, **values: Any) -> str:
    """Fill in one of the package's templates; what is not marked as HTML is escaped."""
    return str(_templates().get_template(template).render(**values))


@cache
def _templates() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["points"] = lambda value: f"{value:.3g}"
    environment.filters["words"] = _words
    return environment
