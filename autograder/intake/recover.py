"""Repair what editors and honest accidents do to a notebook: by id first, then by content.

The student's cells keep their order, so that a mark is what "Restart and run all" shows in JupyterLab; a check never
stands above what it needs.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from itertools import count

import nbformat
from nbformat import NotebookNode

from autograder.intake.python import parses
from autograder.intake.text_cells import code_of, unfenced, without_invisible
from autograder.lab.markers import visible
from autograder.stage.question import assignment, is_answer

MOST_PARTS = 9  # of an exercise that was cut: each more is parsed with all before it
Cells = dict[str, NotebookNode]  # of the stage, or the student's for these, by id and in order


@dataclass
class Repairs:
    """What was repaired, in words. `foreign`: the notebook had none of the stage's cells."""

    notes: list[str]
    foreign: bool = False


def recover(notebook: NotebookNode, source: NotebookNode) -> Repairs:
    """Give each cell of the stage its place and its metadata again, in place; returns what was repaired.

    Args:
        notebook: the submission.
        source: the stage's source notebook, with the ids as they should be.
    """
    stage: Cells = {_id(cell): cell for cell in source.cells if _id(cell)}
    read = _read_text(notebook, stage, {tuple(_plain(c.source)) for c in source.cells if c.cell_type != "code"})
    if not read and (found := _in_order(notebook, stage)) is not None:
        for own in notebook.cells:
            if not _id(own):
                own.metadata.pop("nbgrader", None)
        for name, cell in stage.items():
            _restore(name, found[name], cell)
        _give_ids(notebook, stage)
        return Repairs([])
    strange, bare = _claim(notebook, set(stage))
    notes = read + _take_apart(notebook, stage)
    found = {}
    for name in sorted(stage, key=lambda n: _kind(stage[n]) == "exercise"):  # it looks at where its checks are
        if (own := _locate(name, stage, notebook, found)) is not None:
            found[name] = own
    graded = [name for name in stage if _kind(stage[name]) != "given"]
    here = sum(name in found for name in graded)
    if here == 0 or (here < len(strange) and 2 * here < len(graded)):
        found = {}  # another stage's notebook; it may share an id or two with this one
    if unlabelled := [n for n in stage if n in found and (n in bare or not _id(found[n]))]:
        names = ", ".join(unlabelled)
        notes.append(f"These cells had lost their grading labels and were recognised all the same: {names}.")
    notes += _drop_copies(notebook, stage, found)
    lost = [name for name in stage if name not in found]
    notes += _gone(lost, stage) if lost != list(stage) else []
    place = 0
    for name, cell in stage.items():
        if name not in found:
            found[name] = _code(_blank(cell.source, name) if _kind(cell) == "exercise" else cell.source, name)
            notebook.cells.insert(place, found[name])
        notes += _restore(name, found[name], cell)
        place = _index(notebook, found[name]) + 1
    notes += _order(notebook, stage, found)
    exercises = [name for name in stage if _kind(stage[name]) == "exercise"]
    notes += [f"The two parts of the exercise {n} were joined." for n in exercises if _join(notebook, found[n])]
    _give_ids(notebook, stage)
    return Repairs(notes, foreign=lost == list(stage))


def _read_text(notebook: NotebookNode, stage: Cells, prose: set[tuple[str, ...]]) -> list[str]:
    """Make code again of answers in text cells, between fences, with invisible characters; `prose` is the stage's."""
    notes = dict[str, None]()
    for cell in notebook.cells:
        if (_id(cell) in stage or cell.cell_type == "code") and unfenced(cell):
            notes["The fences (```) around code were removed."] = None
        if without_invisible(cell):
            notes["Invisible characters in code were removed."] = None
    texts = [c for c in notebook.cells if c.cell_type != "code" and tuple(_plain(c.source)) not in prose]
    for name in [n for n in stage if texts and _kind(stage[n]) == "exercise" and not _sure(n, stage, notebook)]:
        place = partial(_definition, stage[name])
        written = [(cell, code) for cell in texts if (code := code_of(cell, place))]
        for cell, code in written[-MOST_PARTS:]:
            cell.cell_type, cell.source, cell.outputs, cell.execution_count = "code", code, [], None
            cell.pop("attachments", None)
            what = (
                f"cell {name} had been turned into text"
                if _id(cell) == name
                else f"answer of {name} stood in a text cell"
            )
            notes[f"The {what}; it is code again."] = None
        texts = [cell for cell in texts if cell.cell_type != "code"]
    return list(notes)


def _in_order(notebook: NotebookNode, stage: Cells) -> Cells | None:
    """The student's cells where nothing needs repair: each once and in order, and none that could be another's."""
    labelled = [cell for cell in notebook.cells if _id(cell)]
    if [_id(cell) for cell in labelled] != list(stage) or any(cell.cell_type != "code" for cell in labelled):
        return None
    found = dict(zip(stage, labelled, strict=True))
    own = [cell.source for cell in notebook.cells if not _id(cell) and cell.cell_type == "code"]
    if not all(map(parses, own)):  # it may be the rest of an exercise
        return None
    for name, cell in stage.items():
        text = found[name].source
        if _kind(cell) != "exercise":
            if _plain(text) not in (_plain(visible(cell.source)), _plain(cell.source)):
                return None
        elif not parses(text) or _definition(cell, text) < 0 or any(_definition(cell, other) >= 0 for other in own):
            return None
    return found


def _gone(names: list[str], stage: Cells) -> list[str]:
    """What is put back, in words."""
    blank = [name for name in names if _kind(stage[name]) == "exercise"]
    deleted = [name for name in names if name not in blank]
    notes = []
    if blank:
        what = f"exercise {blank[0]} was" if len(blank) == 1 else f"exercises {', '.join(blank)} were"
        notes.append(f"The {what} put back blank.")
    if deleted:
        what = f"cell {deleted[0]} was" if len(deleted) == 1 else f"cells {', '.join(deleted)} were"
        notes.append(f"The deleted {what} put back.")
    return notes


def _id(cell: NotebookNode) -> str:
    told = cell.metadata.get("nbgrader")
    name = told.get("grade_id") if isinstance(told, dict) else None
    return name if isinstance(name, str) else ""


def _kind(cell: NotebookNode) -> str:
    told = cell.metadata.nbgrader
    return "exercise" if told.solution else "check" if told.grade else "given"


def _claim(notebook: NotebookNode, ids: set[str]) -> tuple[set[str], set[str]]:
    """Leave the stage's ids and no others. Returns the others, and those that only nbformat's cell ids still tell."""
    claimed = {_id(cell) for cell in notebook.cells}
    lost = {cell.get("id") for cell in notebook.cells if not _id(cell)} & ids - claimed
    for cell in notebook.cells:
        name = _id(cell) if _id(cell) in ids else cell.get("id") if cell.get("id") in lost else ""
        cell.metadata.pop("nbgrader", None)
        if name:
            cell.metadata["nbgrader"] = nbformat.from_dict({"grade_id": name})
    return claimed - ids - {""}, lost


def _take_apart(notebook: NotebookNode, stage: Cells) -> list[str]:
    """Cut merged cells: where a provided text begins and ends, and where a missing exercise begins."""
    notes = []
    sure = {name: [id(c) for c in _sure(name, stage, notebook)] for name in stage}
    shared = Counter(place for places in sure.values() for place in places)
    missing = {name for name, places in sure.items() if all(shared[place] > 1 for place in places)}
    cells, notebook.cells = notebook.cells, []
    for cell in cells:
        notebook.cells.append(cell)
        if cell.cell_type != "code" and not _id(cell):
            continue
        name, text, cuts = _id(cell), cell.source, dict[int, str]()
        if name and _plain(text) == _plain(stage[name].source):
            continue  # a check with its hidden tests
        for other in [n for n in stage if n in missing or n == name]:
            if _kind(stage[other]) != "exercise":
                wanted = re.escape(visible(stage[other].source).strip())
                if begin := re.search(rf"^{wanted}[ \t]*$", text, re.MULTILINE):
                    cuts |= {begin.start(): other, begin.end(): ""}  # behind it, the student's own goes on
            elif other != name and (start := _definition(stage[other], text)) >= 0:
                cuts[start] = other
        if cuts and name and (start := _definition(stage[name], text)) > min(cuts):
            cuts[start] = name
        ends = [0, *sorted(cuts), len(text)]
        claims = ["" if name in cuts.values() else name, *(cuts[n] for n in sorted(cuts))]
        pieces = [
            (c, text[a:b].strip("\n")) for c, a, b in zip(claims, ends, ends[1:], strict=False) if text[a:b].strip()
        ]
        if len(pieces) < 2 and (not name or [claim for claim, _ in pieces] in ([], [name])):
            continue
        notebook.cells[-1:] = [_code(text, claim) for claim, text in pieces]
        several = [claim for claim, _ in pieces if claim]
        missing -= {n for n in several if _kind(stage[n]) != "exercise"}  # of an exercise a better copy may follow
        if len(several) > 1 or len(pieces) == 1:
            notes.append(f"Cells that had been merged or mixed up were taken apart: {', '.join(several)}.")
        elif _kind(stage[several[0]]) != "exercise":
            notes.append(f"What was added to the provided cell {several[0]} was given a cell of its own.")
    return notes


def _definition(cell: NotebookNode, text: str) -> int:
    """Where the exercise's function or class begins, decorators and all, or a quiz's answer; -1 where none does."""
    name = _id(cell)
    pattern = rf"(async[ \t]+def|def|class)[ \t]+{re.escape(name)}\b"
    found = re.search("^" + (assignment(name) if is_answer(cell.source, name) else pattern), text, re.MULTILINE)
    start = found.start() if found else -1
    while start > 0 and text[(above := text.rfind("\n", 0, start - 1) + 1)] == "@":
        start = above
    return start


def _sure(name: str, stage: Cells, notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that are this one of the stage without doubt: an exercise is written, and it is Python."""
    cells = [c for c in notebook.cells if _id(c) in (name, "")]
    if _kind(stage[name]) == "exercise":
        blank = _plain(_blank(stage[name].source, name))
        cells = [c for c in cells if c.cell_type == "code" and _definition(stage[name], c.source) >= 0]
        cells = [c for c in cells if _plain(c.source) != blank and parses(c.source)]
    else:
        wanted = _plain(visible(stage[name].source))
        cells = [c for c in cells if _id(c) or _plain(c.source) == wanted]
    return [c for c in cells if _id(c)] or cells


def _locate(name: str, stage: Cells, notebook: NotebookNode, found: Cells) -> NotebookNode | None:
    """The student's cell for this cell of the stage, or None."""
    taken = {id(c) for c in found.values()}
    sure = [c for c in _sure(name, stage, notebook) if id(c) not in taken]
    if _kind(stage[name]) != "exercise":
        return sure[0] if sure else None
    if not sure:  # blank, or no Python, or no function of this name
        blank = _plain(_blank(stage[name].source, name))
        same = [c for c in notebook.cells if _id(c) == name]
        free = [c for c in notebook.cells if not _id(c) and c.cell_type == "code" and id(c) not in taken]
        written = [c for c in same if _plain(c.source) != blank]
        sure = [c for c in written if _definition(stage[name], c.source) >= 0] or written or same  # cut: its head
        sure = sure or [c for c in free if _definition(stage[name], c.source) >= 0]
    places = {id(c): place for place, c in enumerate(notebook.cells)}
    first = min((places[id(c)] for n, c in found.items() if n.startswith(f"{name}-")), default=0)
    above = [c for c in sure if places[id(c)] < first]
    return next(reversed(above or sure), None)


def _drop_copies(notebook: NotebookNode, stage: Cells, found: Cells) -> list[str]:
    """A second cell with the same id is the student's own from now on; a blank copy of an exercise goes."""
    notes, copies = dict[str, None](), set[int]()
    blanks = [_plain(_blank(stage[n].source, n)) for n in found if _kind(stage[n]) == "exercise"]
    counted = {id(cell) for cell in found.values()}
    for cell in [c for c in notebook.cells if id(c) not in counted]:
        if (name := _id(cell)) in found:
            rule = "the last written one above its checks" if _kind(stage[name]) == "exercise" else "one of them"
            notes[f"The cell {name} was there more than once; {rule} counts. Delete the others."] = None
        cell.metadata.pop("nbgrader", None)
        if _plain(cell.source) in blanks:
            copies.add(id(cell))
    notebook.cells = [cell for cell in notebook.cells if id(cell) not in copies]
    return list(notes)


@cache
def _blank(source: str, name: str) -> str:
    from autograder.build.release import blank_source

    return blank_source(source, name)


def _code(source: str, name: str) -> NotebookNode:
    metadata = {"nbgrader": {"grade_id": name}} if name else {}
    cell = NotebookNode(cell_type="code", metadata=metadata, source=source, outputs=[], execution_count=None)
    return nbformat.from_dict(cell)  # nbformat's own function validates each


def _plain(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]


def _restore(name: str, own: NotebookNode, cell: NotebookNode) -> list[str]:
    """Type and metadata as in the stage, and the text of what was provided."""
    notes = []
    if own.cell_type != "code":
        own.cell_type, own.outputs, own.execution_count = "code", [], None
        own.pop("attachments", None)
        notes.append(f"The cell {name} had been turned into text; it is code again.")
    own.metadata["nbgrader"] = nbformat.from_dict(dict(cell.metadata.nbgrader))
    if _kind(cell) == "given" and _plain(own.source) != _plain(cell.source):
        notes.append(f"The provided cell {name} had been changed; it counts as it was handed out.")
    if _kind(cell) != "exercise":
        own.source = cell.source
    return notes


def _order(notebook: NotebookNode, stage: Cells, found: Cells) -> list[str]:
    """A provided cell stands above all that follows it in the stage, a check below all exercises up to its own."""
    notes, names, cells = [], list(stage), notebook.cells
    for i, name in enumerate(names):
        first = min((_index(notebook, found[n]) for n in names[i + 1 :]), default=len(cells))
        if _kind(stage[name]) == "given" and first < (place := _index(notebook, found[name])):
            cells.insert(first, cells.pop(place))
            notes.append(f"The provided cell {name} stood below a cell that needs it; it was moved up.")
    for i, name in reversed(list(enumerate(names))):
        last = max((_index(notebook, found[n]) for n in names[:i] if _kind(stage[n]) != "check"), default=0)
        if _kind(stage[name]) == "check" and (place := _index(notebook, found[name])) < last:
            cells.insert(last, cells.pop(place))
            notes.append(f"The check {name} stood above an exercise that it may need; it was moved down.")
    return notes


def _join(notebook: NotebookNode, own: NotebookNode) -> bool:
    """Join an exercise that was cut in the middle of its function or class; says whether it was."""
    joined, place = False, _index(notebook, own) + 1
    for after in notebook.cells[place : place + MOST_PARTS]:
        whole = own.source.rstrip("\n") + "\n" + after.source
        apart = parses(own.source) and parses(after.source)
        if after.cell_type != "code" or _id(after) or apart or not parses(whole):
            break
        own.source, joined = whole, True
        del notebook.cells[place]
    return joined


def _give_ids(notebook: NotebookNode, stage: Cells) -> None:
    """Each cell has an id of nbformat's, and no two the same."""
    ids = {name: cell.id for name, cell in stage.items()}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen = set(ids.values())
    for number, cell in enumerate(notebook.cells):
        if not _id(cell) and (not cell.get("id") or cell["id"] in seen):
            cell["id"] = next(i for n in count(number) if (i := f"own-{n}") not in seen)
        cell["id"] = ids.get(_id(cell)) or cell["id"]
        seen.add(cell["id"])


def _index(notebook: NotebookNode, cell: NotebookNode) -> int:
    return next(i for i, c in enumerate(notebook.cells) if c is cell)
