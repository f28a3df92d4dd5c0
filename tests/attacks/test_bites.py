"""The attacks are real: on stock nbgrader, in a throwaway course, they raise marks and show the hidden test.

One run of `nbgrader autograde` grades them all, with nbgrader's own settings.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.layout import Stage

from .conftest import CANARY

pytestmark = pytest.mark.slow

NAME = "12_my_stage"
ANSWER = "def answer():\n    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION"
BLANK = "def answer():\n    raise NotImplementedError()\n"
CHECKS = {
    "answer-equal": f"### BEGIN HIDDEN TESTS\n{CANARY} = answer()\nassert {CANARY} == 42\n### END HIDDEN TESTS",
    "answer-close": "assert torch.allclose(torch.as_tensor(answer()), torch.tensor(42))",
}
FULL = 2.0 * len(CHECKS)
EQUAL = "class Equal(int):\n    __eq__ = lambda *_: True\n    __hash__ = None\ndef answer():\n    return Equal(1)\n"


@dataclass(frozen=True)
class Bite:
    """A submission without an answer, and the marks that stock nbgrader gives to it."""

    source: str = BLANK
    after: str = ""
    tags: tuple[str, ...] = ()
    score: float = FULL


BITES = {
    "blank": Bite(score=0),
    "right": Bite("def answer():\n    return 42\n"),
    "skip-execution": Bite(tags=("skip-execution",)),
    "displayhook": Bite("def answer():\n    import sys\n    sys.displayhook(2)\n    return 0\n"),
    "always-equal": Bite(EQUAL, score=2),
    "allclose": Bite("def answer():\n    return 0\ntorch.allclose = lambda *a, **k: True\n", score=2),
    "transformer": Bite(BLANK + "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n"),
    "tree": Bite(BLANK + "import ast\nclass Empty(ast.NodeTransformer):\n    def visit_Module(self, node):\n"
                 "        node.body = []\n        return node\nget_ipython().ast_transformers.append(Empty())\n"),
    "solution": Bite("import json\nfor cell in json.load(open('../../../source/@NAME@/@NAME@.ipynb'))['cells']:\n"
                     "    if 'BEGIN SOLUTION' in ''.join(cell['source']) and 'def answer' in ''.join(cell['source']):\n"
                     "        exec(''.join(cell['source']))\n".replace("@NAME@", NAME)),
    "gradebook": Bite(BLANK + "import sqlite3\ndb = sqlite3.connect('../../../gradebook.db')\n"
                      "db.execute('update grade set extra_credit = 2 where notebook_id in (select id from '\n"
                      "    'submitted_notebook where assignment_id in (select id from submitted_assignment '\n"
                      "    'where student_id = ?))', ['gradebook'])\ndb.commit()\n"),
    "history": Bite(after="print(In)", score=0),
    "script": Bite(after="from IPython.display import HTML\nHTML('<script>attack_4471</script>')", score=0),
    "daemon": Bite(after="import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 240; : outlive_8842'], "
                   "start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)", score=0),
    "resubmits": Bite("def answer():\n    return 42\n"),
}  # fmt: skip


@dataclass
class Stock:
    """A course of nbgrader's own kind, graded."""

    root: Path
    scores: dict[str, float]
    second: float = 0.0

    def graded(self, student: str) -> str:
        return (self.root / "autograded" / student / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")

    def outputs(self, student: str) -> str:
        cells = nbformat.reads(self.graded(student), as_version=4).cells
        return str([cell.outputs for cell in cells if cell.cell_type == "code"])

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / NAME / f"{NAME}.html").read_text(encoding="utf-8")


def source_notebook(stage: Stage) -> Any:
    """The mini stage's own notebook, with an exercise and checks as nbgrader's users write them."""
    notebook = nbformat.read(stage.source, as_version=4)
    setup = next(c for c in notebook.cells if c.id == "setup")
    told = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
    cells = [setup, nbformat.v4.new_code_cell(ANSWER, metadata={"nbgrader": told | {"grade_id": "answer"}})]
    for name, text in CHECKS.items():
        meta = told | {"grade_id": name, "grade": True, "solution": False, "locked": True, "points": 2}
        cells.append(nbformat.v4.new_code_cell(text, metadata={"nbgrader": meta}))
    notebook.cells = cells
    return notebook


def hand_in(root: Path, student: str, bite: Bite) -> None:
    notebook = nbformat.read(root / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        told = cell.metadata.get("nbgrader", {})
        if told.get("solution"):
            cell.source = bite.source
        if told.get("grade") and bite.tags:
            cell.metadata["tags"] = list(bite.tags)
    if bite.after:
        notebook.cells.append(nbformat.v4.new_code_cell(bite.after))
    folder = root / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")


@pytest.fixture(scope="module")
def stock(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    root = tmp_path_factory.mktemp("stock")
    (root / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(root)!r}\nc.CourseDirectory.course_id = 'stock'\n"
        "c.ExecutePreprocessor.timeout = 60\n"
    )
    (root / "source" / NAME).mkdir(parents=True)
    nbformat.write(source_notebook(stage), root / "source" / NAME / f"{NAME}.ipynb")
    nbgrader(root, "generate_assignment", NAME)
    for student, bite in BITES.items():
        hand_in(root, student, bite)
    nbgrader(root, "autograde", NAME)
    result = Stock(root, scores(root))
    # The same student hands in again: nothing is right any more, and there is no check that could say so.
    path = root / "submitted" / "resubmits" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [nbformat.v4.new_code_cell(BLANK)]
    nbformat.write(notebook, path)
    nbgrader(root, "autograde", NAME, "--student", "resubmits", "--force")
    result.second = scores(root)["resubmits"]
    nbgrader(root, "generate_feedback", NAME)
    yield result
    for process in daemons():
        os.kill(process, signal.SIGKILL)


def nbgrader(root: Path, *words: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def scores(root: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return {s.student_id: s.score for s in book.find_assignment(NAME).submissions}


def daemons() -> list[int]:
    """Processes that an attack left behind."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"outlive_8842" in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("student", BITES)
def test_stock_nbgrader_gives_marks_for_it(stock: Stock, student: str) -> None:
    assert stock.scores[student] == BITES[student].score


def test_stock_nbgrader_keeps_the_old_mark_when_the_checks_are_deleted(stock: Stock) -> None:
    assert stock.second == FULL


def test_stock_nbgrader_shows_the_hidden_test_to_the_submission(stock: Stock) -> None:
    assert CANARY in stock.outputs("history")
    assert CANARY in stock.feedback("blank")


def test_stock_nbgrader_shows_scripts_of_a_submission(stock: Stock) -> None:
    assert "<script>attack_4471" in stock.feedback("script")


def test_stock_nbgrader_leaves_processes_behind(stock: Stock) -> None:
    time.sleep(0.5)
    assert daemons()
