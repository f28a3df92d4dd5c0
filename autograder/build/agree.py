"""Does everything about a stage agree: ids, the built notebooks, and what students must not see?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.build import write
from autograder.build.release import as_bytes, release, source_notebook
from autograder.lab.markers import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_stage

SHORTEST = 24  # characters of a line that can give something away


def inconsistencies(content: Content, answers: list[Answer]) -> list[str]:
    """What does not agree, each with what to do about it."""
    own = release(source_notebook(content))
    return [*_ids(content), *_rebuilt(content, own), *_secrets(content, answers, own)]


def _ids(content: Content) -> Iterator[str]:
    """The stage's number and name, and every id, are spelled the same wherever they stand."""
    stage = content.stage
    place = stage.place(stage.text)
    number, title = stage.slug.split("_")[0], content.cells[0].source.split("\n")[0]
    if not re.match(rf"# {number}( |$)", title):
        yield f'{place}: the title is "{title}". Begin it with the number of the stage: "# {number} · …".'
    for cell in content.cells:
        for here in re.findall(r"""course_map\([^)]*here=["']([^"']*)["']""", cell.source):
            if here != stage.slug:
                yield f'{place}:{cell.line}: the map says here="{here}". Write here="{stage.slug}".'
    wanted = {(c.id, c.kind == "check", c.points) for c in content.of_kind("exercise", "check", "given")}
    for path in (stage.released, stage.solved):
        if not path.is_file():
            continue
        found = {
            (m["grade_id"], m["grade"], float(m.get("points", 0)))
            for cell in _read(path).cells
            if (m := cell.metadata.get("nbgrader"))
        }
        if different := sorted({name for name, *_ in found ^ wanted}):
            what = "ids or points differ from the text's"
            yield f"{stage.place(path)}: {what}: {', '.join(different)}. Run: python3 course.py build {stage.slug}"


def _rebuilt(content: Content, own: NotebookNode) -> Iterator[str]:
    """Building again gives the same bytes, and they are those in the folders. What was never built may be absent."""
    stage, built = content.stage, as_bytes(own)
    faults = write.check(stage)  # this builds it for the second time, and compares with the folders
    if stage.released.is_file() and not any(fault.place == stage.place(stage.released) for fault in faults):
        again = stage.released.read_bytes()
    else:
        again = as_bytes(release(source_notebook(read_stage(stage))))
    if built != again:
        yield f"{stage.place(stage.text)}: two builds differ. Look for what depends on time, on order or on chance."
    for fault in faults:
        if (stage.course.root / fault.place).exists():
            yield str(fault)


def _secrets(content: Content, answers: list[Answer], own: NotebookNode) -> Iterator[str]:
    """No line of a solution, a hidden test or the catalogue stands in what students get."""
    stage = content.stage
    texts = {stage.place(stage.released): strings(own)}
    others = {other.released for other in stage.course.stages()} - {stage.released}
    folder = stage.course.root / "notebooks"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        somebodys = ".ipynb_checkpoints" in path.parts or fnmatch(path.name, "*-kept-*.ipynb")
        if path.is_file() and path not in others and not somebodys:
            place = stage.place(path)  # the stage's own notebook: as it should be, and as it is
            texts[place] = "\n".join([texts.get(place, ""), _strings_of(path)])
    for place, told in leaks(texts, content, answers):
        yield f"{place}: {told}"


def leaks(texts: Mapping[str, str], content: Content, answers: list[Answer]) -> Iterator[tuple[str, str]]:
    """Where texts show something of a stage that students must not see: the place, and what it is.

    Args:
        texts: by their places.
    """
    secret = secret_lines(content)
    for place, text in texts.items():
        for marker in (BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN):
            if any(line.strip() == marker for line in text.split("\n")):
                yield place, f'holds "{marker}". Build it again, or take the file away.'
        for line in sorted({_bare(line) for line in text.split("\n")} & secret.keys()):
            yield place, f"shows a line of {secret[line]}: {line} Say it in other words, or take the file away."
        for answer in answers:
            if answer.says and answer.says in text:
                what = f'the sentence about the answer "{answer.name}" of "{answer.exercise}"'
                yield place, f"shows {what}. Take it out, or take the file away."
        for quiz in content.quizzes:
            if any(len(sentence) >= SHORTEST and sentence in text for sentence in quiz.says().values()):
                yield place, f'shows a sentence about an option of "{quiz.id}". Take it out, or take the file away.'


def secret_lines(content: Content) -> dict[str, str]:
    """Each line that would give something away, and where it is from."""
    secret: dict[str, str] = {}
    public: set[str] = set()
    for cell in content.cells:
        inside = ""
        for line in (raw.strip() for raw in cell.source.split("\n")):
            if line in (BEGIN_SOLUTION, BEGIN_HIDDEN):
                name = f'the solution of "{cell.id}"' if line == BEGIN_SOLUTION else f'the hidden test "{cell.id}"'
                inside = name
            elif line in (END_SOLUTION, END_HIDDEN):
                inside = ""
            elif inside:
                secret.setdefault(_bare(line), inside)
            elif cell.kind != "prose":  # code that everybody gets; in prose it would be a leak
                public.add(_bare(line))
    return {line: place for line, place in secret.items() if len(line) >= SHORTEST and line not in public}


def _bare(line: str) -> str:
    """Without spaces, comment, and what prose puts around code."""
    return re.sub(r"\s+#\s.*$", "", line.strip()).strip("`*>- ")


def _strings_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".ipynb":
        try:
            return strings(json.loads(text))
        except ValueError:
            return text
    return text


def strings(value: Any) -> str:
    """All texts in a notebook, one below the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(strings(item) for item in value.values())
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return "".join(value)  # a cell's source: its lines end with a line feed
        return "\n".join(strings(item) for item in value)
    return ""


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)
