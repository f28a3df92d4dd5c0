"""The feedback page: marks, what went wrong and why, what to read again and what to try. It works offline.

What comes from a submission is shown as text, or as a picture that is one. The template escapes all the rest, and the
page forbids itself scripts and every request.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

from autograder.gradebook.book import NO_RESPONSE
from autograder.gradebook.notebook import verdict_of
from autograder.gradebook.results import Marks, late_in_words
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import untouched
from autograder.run.job import in_words
from autograder.stage.guide import Guide, guides

MOST_PICTURES, MOST_MB, MOST_PIXELS = 12, 4, 4000  # of a page; of one side of a picture
MOST_LINES, MOST_CHARACTERS, MOST_OUTPUTS = 30, 2000, 3  # of one text output; of an exercise
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Texts:
    """What the stage says to every student. Made into HTML once."""

    def __init__(self, blueprint: Blueprint) -> None:
        content = blueprint.content
        self.blueprint = blueprint
        self.guides: dict[str, Guide] = guides(blueprint.source.cells)
        self.hints = {name: [_markdown(hint) for hint in guide.hints] for name, guide in self.guides.items()}
        self.quizzes = {quiz.id for quiz in content.quizzes}
        self.builds_on = {cell.id: cell.builds_on for cell in content.of_kind("exercise")}
        first = next((c.source for c in blueprint.source.cells if c.cell_type == "markdown"), "")
        title = re.match(r"# +(.+)", first)
        self.title = title[1].strip() if title else blueprint.stage.slug
        self.questions: dict[str, Markup] = {}
        above = ""
        for cell in blueprint.source.cells:
            if cell.cell_type == "markdown":
                above = cell.source
            elif (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in self.quizzes:
                self.questions[name] = _markdown(above.partition("\n")[2].strip())  # without the line that names it


def page(nb: NotebookNode, marks: Marks, texts: Texts) -> dict[str, Any]:
    """What the template shows, from a graded notebook and what the gradebook says of it."""
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
                exercise["checks"].append(_check(cell, marks, exercise["quiz"], texts.blueprint.extra.get(name, 0.0)))
        elif mark.get("solution") and name in exercises:
            current = exercises[name]
            comment = marks.comments.get(name, "")
            current["blank"], current["comment"] = name in blank, comment if comment != NO_RESPONSE else ""
            current["code"] = _highlight(cell.source)
            _show(cell, current, pictures)
        elif not mark and cell.cell_type == "code" and cell.source not in texts.blueprint.demos and current:
            _show(cell, current, pictures)
    for exercise in exercises.values():
        exercise["score"] = sum(check["score"] for check in exercise["checks"])
        exercise["max"] = sum(check["max"] for check in exercise["checks"])
        exercise["extra"] = sum(check["extra"] for check in exercise["checks"])
        # Where there are points, an extra check that is left out costs none of them.
        counted = [check for check in exercise["checks"] if not (exercise["max"] and check["extra"])]
        lost = sum(check["score"] for check in counted) < (exercise["max"] or exercise["extra"])
        exercise["carried_from"] = sorted({name for c in exercise["checks"] for name in c["carried_from"]})
        exercise["all_carried"] = all(c["kind"] == "passed" or c["carried_from"] for c in exercise["checks"])
        exercise["state"] = (
            "full" if not lost else "blank" if exercise["blank"] else "part" if exercise["score"] else "none"
        )
    for exercise in exercises.values():
        names = texts.builds_on.get(exercise["name"], ())
        exercise["below"] = [n for n in names if n in exercises and exercises[n]["state"] != "full"]
    lost_first = [e for e in exercises.values() if e["state"] in ("part", "none") and not e["below"]]
    lost_first.sort(key=lambda e: not e["max"])  # what is extra comes last
    return {
        **_head(marks, texts),
        "sandboxed": nb.metadata.get("autograder", {}).get("sandbox") == "bwrap",
        "exercises": list(exercises.values()),
        "start": lost_first[0]["name"] if lost_first else "",
    }


def failed_page(problem: str, marks: Marks, texts: Texts) -> dict[str, Any]:
    """What the template shows of a submission that could not be run: why, and what a teacher gave all the same."""
    written = [comment for comment in marks.comments.values() if comment and comment != NO_RESPONSE]
    return {**_head(marks, texts), "problem": _plain(problem), "comments": written}


def _head(marks: Marks, texts: Texts) -> dict[str, Any]:
    return {
        "title": texts.title,
        "slug": texts.blueprint.stage.slug,
        "student": marks.student,
        "score": marks.score,
        "max": marks.max_score,
        "extra": sum(marks.scores[name][0] for name in texts.blueprint.extra if name in marks.scores),
        "late": late_in_words(marks),
        "sandboxed": True,
        "exercises": [],
        "start": "",
        "problem": "",
        "comments": [],
    }


def _exercise(name: str, texts: Texts) -> dict[str, Any]:
    guide = texts.guides[name]
    return {
        "name": name,
        "quiz": name in texts.quizzes,
        "question": texts.questions.get(name, Markup()),
        "section": "" if name in texts.quizzes else guide.section,
        "hints": texts.hints[name],
        "checks": [],
        "code": "",
        "comment": "",
        "blank": True,
        "pictures": [],
        "outputs": [],
    }


def _check(cell: NotebookNode, marks: Marks, quiz: bool, extra: float) -> dict[str, Any]:
    """A check's mark, its message, and the sentence before it where the mistake is a known one.

    Until the due date a wrong answer to a question gets no sentence of its own: by handing in again and again, the
    sentences would lead to the key.
    """
    name = cell.metadata.nbgrader.grade_id
    score, most = marks.scores.get(name, (0.0, 0.0))
    verdict = verdict_of(cell)
    message = in_words(verdict["message"], verdict["hint"] if not verdict["says"] else "", "")
    if quiz and verdict["kind"] == "expectation" and verdict["answer"] and marks.due and marks.due > _now():
        message = f"Not right yet. Why is told after the due date ({marks.due:%d %B %Y, %H:%M} UTC)."
    if message and verdict["kind"] == "passed":  # a right answer to a question
        message = "✓ " + message
    return {
        "aspect": name.partition("-")[2],
        "score": score,
        "max": most,
        "extra": extra,
        "sentence": verdict["says"],
        "kind": verdict["kind"],
        "carried_from": verdict["carried_from"],
        "message": _plain(message),
    }


def _now() -> datetime:
    """In UTC and without a zone, as nbgrader keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


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


@lru_cache(512)  # a class shares its skeletons, and many an answer
def _highlight(source: str) -> Markup:
    """Escaped, with the words of Python marked."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(_cut(_plain(source), times=5), PythonLexer(), HtmlFormatter(nowrap=True)))


def _markdown(text: str) -> Markup:
    """The course's own text; nothing of a submission comes here."""
    return Markup(markdown2html_mistune(text)) if text else Markup()
