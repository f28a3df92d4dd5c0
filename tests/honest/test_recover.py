"""Repair, whatever was done to a notebook: nothing of the stage is missing, doubled, or above what it needs."""

from __future__ import annotations

import copy
import gc
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.intake.python import parses
from autograder.intake.recover import recover

from .stage import ANSWERS, course, solved
from .stage import source as source_of


@cache
def notebooks() -> tuple[NotebookNode, NotebookNode]:
    """The stage's source, and a solved notebook of it."""
    with TemporaryDirectory() as folder:
        source = source_of(course(Path(folder)))
    return source, solved(source)


def _delete(nb: NotebookNode, at: int, other: int) -> None:
    del nb.cells[at]


def _duplicate(nb: NotebookNode, at: int, other: int) -> None:
    nb.cells.insert(other, copy.deepcopy(nb.cells[at]))


def _move(nb: NotebookNode, at: int, other: int) -> None:
    nb.cells.insert(other, nb.cells.pop(at))


def _strip(nb: NotebookNode, at: int, other: int) -> None:
    nb.cells[at].metadata = nbformat.from_dict({})
    if other % 2:
        nb.cells[at].pop("id", None)


def _split(nb: NotebookNode, at: int, other: int) -> None:
    cell, lines = nb.cells[at], nb.cells[at].source.split("\n")
    rest = copy.deepcopy(cell)
    rest.id = f"rest-{other}"
    cell.source, rest.source = "\n".join(lines[: other % len(lines)]), "\n".join(lines[other % len(lines) :])
    if other % 3 == 0:
        rest.metadata.pop("nbgrader", None)
    nb.cells.insert(at + 1, rest)


def _merge(nb: NotebookNode, at: int, other: int) -> None:
    if at + 1 < len(nb.cells):
        nb.cells[at].source += "\n\n" + nb.cells.pop(at + 1).source


def _retype(nb: NotebookNode, at: int, other: int) -> None:
    new = (nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell, nbformat.v4.new_raw_cell)[other % 3]
    nb.cells[at] = new(nb.cells[at].source, metadata=nb.cells[at].metadata)


def _relabel(nb: NotebookNode, at: int, other: int) -> None:
    """The cell says that it is another one, of this stage or of none."""
    name = [*ANSWERS, "setup", "roughest-index", "Roughness-value", "elsewhere", "", 3, None][other % 10]
    nb.cells[at].metadata["nbgrader"] = {"grade_id": name, "points": 1000, "locked": False}


def _rewrite(nb: NotebookNode, at: int, other: int) -> None:
    texts = [
        "",
        "def differences(x):\n    return (",
        "    return 3",
        'class Roughness: """',
        *ANSWERS.values(),
        "%magic",
    ]
    nb.cells[at].source = texts[other % len(texts)]


DAMAGES: list[Callable[[NotebookNode, int, int], None]] = [
    _delete, _duplicate, _move, _strip, _split, _merge, _retype, _relabel, _rewrite,
]  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(DAMAGES), st.integers(0, 60), st.integers(0, 60)), max_size=12)


@settings(max_examples=150, deadline=None)
@example([(_split, 4, 1), (_retype, 4, 1)])
@given(STEPS)
def test_any_damage_leaves_the_whole_stage_in_a_good_order(
    steps: list[tuple[Callable[[NotebookNode, int, int], None], int, int]],
) -> None:
    source, right = notebooks()
    notebook = copy.deepcopy(right)
    for damage, at, other in steps:
        if notebook.cells:
            damage(notebook, at % len(notebook.cells), other % (len(notebook.cells) + 1))
    recover(notebook, source)

    wanted = {c.metadata.nbgrader.grade_id: c for c in source.cells if "nbgrader" in c.metadata}
    place = {c.metadata.nbgrader.grade_id: i for i, c in enumerate(notebook.cells) if "nbgrader" in c.metadata}
    assert sorted(c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata) == sorted(wanted)
    for name, cell in wanted.items():
        own = notebook.cells[place[name]]
        assert (own.cell_type, own.metadata.nbgrader) == ("code", cell.metadata.nbgrader)
        assert own.source == cell.source or not cell.metadata.nbgrader.locked
        assert not cell.metadata.nbgrader.grade or place[name] > place[name.split("-")[0]]
        assert cell.metadata.nbgrader.locked or place["setup"] < place[name]
    nbformat.validate(notebook)

    again = copy.deepcopy(notebook)
    assert recover(again, source).notes == []
    assert again == notebook


@pytest.mark.parametrize("seen", [True, False])
def test_a_sound_notebook_is_left_as_it_is(seen: bool) -> None:
    source, right = notebooks()
    notebook = copy.deepcopy(right if seen else source)
    assert recover(notebook, source).notes == []
    assert [c.id for c in notebook.cells] == [c.id for c in source.cells]
    assert [c.source for c in notebook.cells if "nbgrader" not in c.metadata] == [
        c.source for c in source.cells if "nbgrader" not in c.metadata
    ]


def test_the_students_own_text_is_never_lost() -> None:
    """Merged in any way, each line of an answer is still there, once."""
    source, right = notebooks()
    code = [i for i, c in enumerate(right.cells) if c.cell_type == "code"]
    for first in code:
        for last in code:
            notebook = copy.deepcopy(right)
            notebook.cells = [c for c in notebook.cells if c.cell_type == "code"]
            a, b = code.index(first), code.index(last)
            if a < b:
                notebook.cells[a].source = "\n\n".join(c.source for c in notebook.cells[a : b + 1])
                notebook.cells[a : b + 1] = [notebook.cells[a]]
            recover(notebook, source)
            own = "\n".join(c.source for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("locked"))
            for name, answer in ANSWERS.items():
                assert own.count(answer) == 1, name
            assert "NotImplementedError" not in own


@pytest.mark.parametrize("rest", [
    ["    import a" + ".a" * 42_000] + ["    a"] * 1900,  # each cell was parsed with all before it
    [f"    a{i};" + "a;" * 22 for i in range(1900)],
    [f"def differences(x):\n    return {i}\nimport a" + ".a" * 49_900 for i in range(15)],  # gigabytes each
    ["\n".join(f"def {name}(x):\n    return {i}" for name in ANSWERS) for i in range(1800)],
], ids=["dots in a split cell", "split in 1900", "dots", "each exercise 1800 times"])  # fmt: skip
def test_no_notebook_takes_minutes(rest: list[str]) -> None:
    source, right = notebooks()
    notebook = copy.deepcopy(right)
    place = next(i for i, c in enumerate(notebook.cells) if c.source == ANSWERS["differences"])
    notebook.cells[place].source = "def differences(x):"
    notebook.cells[place + 1 : place + 1] = [
        nbformat.from_dict({"cell_type": "code", "metadata": {}, "source": text, "outputs": []}) for text in rest
    ]
    start = time.thread_time()
    recover(notebook, source)
    assert time.thread_time() - start < 15


def test_two_threads_may_look_at_notebooks_at_once() -> None:
    """Python 3.11 counts the depth of parsing for all threads together, and a garbage collection changes threads."""

    class Slow:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            time.sleep(0.0005)

    text = "x = [" + "[[[(1+(2+(3+4)))]]], " * 100 + "]\n"
    faults: list[BaseException] = []

    def look(thread: int) -> None:
        for i in range(40):
            for _ in range(20):
                Slow()
            try:
                assert parses(f"{text}# {thread} {i}")
            except SystemError as error:
                faults.append(error)

    before = gc.get_threshold()
    gc.set_threshold(200, 2, 2)
    try:
        threads = [threading.Thread(target=look, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*before)
    assert faults == []
