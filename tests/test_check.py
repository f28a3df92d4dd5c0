"""The self-learner's commands: check, check --watch, progress."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import nbformat
import pytest

from autograder.build.write import build
from autograder.course.layout import Stage
from autograder.own.check import Known, examine
from autograder.own.paper import Desk, started
from autograder.own.state import overview
from autograder.run.job import CheckResult, Job, Result
from autograder.run.worker.worker import Worker
from autograder.stage.guide import guides

from .conftest import ROOT, edit, run

RIGHT = "def differences(x):\n    return x[:, 1:] - x[:, :-1]"
SWAPPED = "def differences(x):\n    return x[:, :-1] - x[:, 1:]"
CHECK = "differences-values"
ONLY_VISIBLE = "def differences(x):\n    return x[:, 1:] - x[:, :-1] if len(x) == 1 else x"

SECOND = '''\
# %% exercise="total" builds_on="differences"
def total(x):
    """The sum of all changes."""
    ### BEGIN SOLUTION
    return differences(x).sum()
    ### END SOLUTION

# %% check="total-value" points=1
expect(total(torch.tensor([[1.0, 4.0]]))).equal(torch.tensor(3.0))

# %% [markdown]
# ## What you can now do
'''


def write(stage: Stage, source: str, exercise: str = "differences") -> None:
    """Fill in an exercise of one's own notebook, as JupyterLab saves it."""
    notebook = nbformat.read(stage.released, as_version=4)
    next(c for c in notebook.cells if c.id == exercise).source = source
    part = stage.released.with_suffix(".part")
    nbformat.write(notebook, part)
    os.replace(part, stage.released)


def test_a_self_learner_sees_mark_message_misconception_hint_and_section(mini: Stage) -> None:
    root = mini.course.root
    build(mini)
    assert "Nothing is started yet" in run("check", cwd=root).stdout
    assert "never" in run("progress", cwd=root).stdout
    write(mini, SWAPPED)
    said = " ".join(run("check", "--json", "found.json", cwd=root, ok=False).stdout.split())
    assert "12_my_stage: 0 of 2 points" in said
    for words in (
        "✗",
        "differences(",
        "It is later minus earlier",
        "Hint 1 of 1: Two slices",
        "12.1 Differences in time",
    ):
        assert words in said
    found = json.loads((root / "found.json").read_text(encoding="utf-8"))["stages"]["12_my_stage"]
    assert found["hidden"] is True
    assert found["exercises"]["differences"]["state"] == "started"
    assert found["exercises"]["differences"]["section"] == "12.1 Differences in time"
    write(mini, RIGHT)
    assert "changed since" in run("progress", cwd=root).stdout
    assert "2 of 2 points" in run("check", "12", cwd=root).stdout
    glance = run("progress", cwd=root).stdout
    assert "2 of 2" in glance and "changed since" not in glance


def test_a_certificate_says_what_was_done_and_what_it_does_not_prove(mini: Stage) -> None:
    root = mini.course.root
    build(mini)
    nothing = run("progress", "--certificate", "mine.html", cwd=root, ok=False)
    assert "nothing has been checked yet" in nothing.stderr and not (root / "mine.html").exists()
    write(mini, RIGHT)
    run("check", cwd=root)
    name = "<b>Ana</b> 安娜"
    run("progress", "--certificate", "mine.html", "--name", name, "--json", "mine.json", cwd=root)
    page = (root / "mine.html").read_text(encoding="utf-8")
    assert "2 of 2 points" in page and "&lt;b&gt;Ana&lt;/b&gt; 安娜" in page and "<b>Ana" not in page
    assert "proves\nnothing to others" in page and str(root) not in page
    (told,) = json.loads((root / "mine.json").read_text(encoding="utf-8"))["stages"]
    assert (told["score"], told["points"], told["hidden"], told["changed"]) == (2, 2, True, False)
    write(mini, SWAPPED)
    run("progress", "--certificate", "mine.html", cwd=root)
    page = (root / "mine.html").read_text(encoding="utf-8")
    assert "not checked since a change" in page and "2 of 2 points" not in page


def test_without_solutions_only_the_visible_checks_run_and_the_verdict_says_so(mini: Stage) -> None:
    root = mini.course.root
    build(mini)
    write(mini, ONLY_VISIBLE)
    assert "0 of 2 points" in run("check", cwd=root, ok=False).stdout
    shutil.rmtree(root / "solutions")
    shutil.rmtree(mini.course.work)
    said = run("check", cwd=root).stdout
    assert "visible 1 of 1 checks; hidden checks run when you submit" in said
    assert "points" not in said
    assert "visible 1 of 1 checks" in run("progress", "--certificate", "mine.html", cwd=root).stdout
    page = (root / "mine.html").read_text(encoding="utf-8")
    assert "visible checks only: 1 of 1" in page and "no points are shown" in page
    write(mini, SWAPPED)
    assert "✗" in run("check", str(mini.released), cwd=root, ok=False).stdout


def _cell(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in told["cells"] if cell.get("id") == name)


DAMAGED: dict[str, Callable[[dict[str, Any]], bytes | None]] = {
    "a byte order mark": lambda told: b"\xef\xbb\xbf" + json.dumps(told).encode(),
    "UTF-16": lambda told: json.dumps(told).encode("utf-16"),
    "another code page": lambda told: json.dumps(told, ensure_ascii=False).encode("latin-1", "replace"),
    "half a character": lambda told: _cell(told, "differences").update(source=RIGHT + "  # \ud83d"),
    "a format of the future": lambda told: told.update(nbformat=7),
    "no metadata": lambda told: told.update(metadata=None),
    "metadata that are a list": lambda told: told["cells"][0].update(metadata=[]),
    "a cell without a source": lambda told: told["cells"][0].pop("source") and None,
    "a check without its name": lambda told: _cell(told, CHECK)["metadata"]["nbgrader"].pop("grade_id") and None,
    "points that are a word": lambda told: _cell(told, CHECK)["metadata"]["nbgrader"].update(points="many"),
    "an exercise made into text": lambda told: _cell(told, "differences").update(cell_type="markdown"),
    "a check made into text": lambda told: _cell(told, CHECK).update(cell_type="raw"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_without_solutions_too_a_file_is_read_as_grading_reads_it(
    mini: Stage, name: str, warm: Callable[[str], Worker]
) -> None:
    build(mini)
    write(mini, RIGHT + "  # na\u00efve")
    shutil.rmtree(mini.course.root / "solutions")
    told = json.loads(mini.released.read_text(encoding="utf-8"))
    data = DAMAGED[name](told)
    mini.released.write_bytes(data or json.dumps(told).encode())
    assert started(mini.released) and overview(mini.course)
    report = examine(Desk(mini, mini.released).read(), warm("none").run, {})
    assert [(f.exercise, f.state, f.passed, f.checks) for f in report.findings] == [("differences", "done", 1, 1)]


def test_without_solutions_an_exercise_that_is_gone_is_not_done(mini: Stage, warm: Callable[[str], Worker]) -> None:
    build(mini)
    shutil.rmtree(mini.course.root / "solutions")
    told = json.loads(mini.released.read_text(encoding="utf-8"))
    told["cells"].remove(_cell(told, "differences"))
    mini.released.write_text(json.dumps(told))
    (finding,) = examine(Desk(mini, mini.released).read(), warm("none").run, {}).findings
    assert (finding.state, finding.passed) == ("started", 0) and "differences is not defined" in finding.message


@pytest.mark.parametrize(
    ("words", "fact"),
    [(("99",), "no stage of this course"), (("gone.ipynb",), "is not there"), (("x.ipynb",), "which")],
)
def test_a_wrong_name_is_a_clear_error(mini: Stage, words: tuple[str], fact: str) -> None:
    build(mini)
    (mini.course.root / "x.ipynb").write_text("{}")
    assert fact in run("check", *words, cwd=mini.course.root, ok=False).stderr


class Judge:
    """In place of a worker: every check fails with the same words, and what was run is noted."""

    def __init__(self, *passing: str) -> None:
        self.ran: list[list[str]] = []
        self.passing = passing

    def __call__(self, job: Job) -> Result:
        checks = [c.id for c in job.cells if c.kind == "check"]
        self.ran.append(checks)
        return Result([], [CheckResult(c, c in self.passing, "wrong", kind="expectation") for c in checks])


def test_hints_come_one_by_one(mini: Stage) -> None:
    second = "# <details><summary>Hint 2</summary>\n# Like this:\n#\n# - `x[:, 1:]`\n# - `x[:, :-1]`\n# </details>"
    edit(mini, "all but the last one.</details>", f"all but the last one.</details>\n{second}")
    build(mini)
    assert guides(nbformat.read(mini.released, as_version=4).cells)["differences"].hints == (
        "Two slices of the same tensor: all but the first step, all but the last one.",
        "Like this:\n- `x[:, 1:]`\n- `x[:, :-1]`",
    )

    def hint(wanted: int | None = None) -> int:
        return examine(Desk(mini, mini.released).read(), Judge(), {}, wanted).findings[0].hint

    assert hint() == 0  # not started
    write(mini, "def differences(x):\n    return 1")
    assert [hint(), hint()] == [1, 1]  # the same try, looked at twice
    write(mini, "def differences(x):\n    return 2")
    assert hint() == 2  # another try that fails in the same way
    write(mini, "def differences(x):\n    return 3")
    assert hint() == 2  # there are no more
    assert hint(1) == 1


def test_only_what_changed_is_run_again_and_ones_own_exercise_first(mini: Stage) -> None:
    edit(mini, "# %% [markdown]\n# ## What you can now do\n", SECOND)
    build(mini)
    write(mini, RIGHT)
    write(mini, "def total(x):\n    return differences(x).sum()", "total")
    judge, known = Judge("differences-values", "total-value"), Known()
    desk = Desk(mini, mini.released)
    assert examine(desk.read(), judge, known).passes
    assert examine(desk.read(), judge, known, own_first=True).ran == []
    write(mini, "def total(x):\n    y = differences(x)\n    return y.sum()", "total")
    report = examine(desk.read(), judge, known, own_first=True)
    assert (report.ran, report.waiting) == (["total"], False)
    write(mini, RIGHT + "  # the same")
    report = examine(desk.read(), judge, known, own_first=True)
    assert (report.ran, report.waiting) == (["differences"], True)
    assert examine(desk.read(), judge, known, own_first=True).ran == ["total"]
    assert judge.ran == [
        ["differences-values", "total-value"],
        ["total-value"],
        ["differences-values"],
        ["total-value"],
    ]


def test_a_save_before_the_first_look_is_not_missed(mini: Stage) -> None:
    from autograder.own.watch import watch

    path, found = mini.course.root / "a.ipynb", list[int]()
    path.write_text("{}")
    saves = watch([(mini, path)])
    path.write_text("{ }")
    looking = threading.Thread(target=lambda: found.append(next(saves)), daemon=True)
    looking.start()
    looking.join(20)
    assert found == [0]


def test_watching_shows_each_save_and_ends_quietly(mini: Stage) -> None:
    build(mini)
    command = [sys.executable, "-m", "autograder.cli", "check", "12", "--watch"]
    root, errors = mini.course.root, mini.course.root / "errors"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open(errors, "w") as file:
        process = subprocess.Popen(
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=environment,
        )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda out: [lines.put(line) for line in out], args=(process.stdout,), daemon=True)
    reader.start()

    def wait(words: str) -> None:
        while words not in lines.get(timeout=120):
            pass

    try:
        wait("Waiting for the next save")
        write(mini, SWAPPED)
        wait("0 of 2 points")
        wait("probably: It is later minus earlier")
        mini.released.write_text("{", encoding="utf-8")  # in the middle of a save
        shutil.copy(ROOT / "LICENSE", mini.released)
        wait("damaged")
        build(mini)
        write(mini, RIGHT)
        wait("2 of 2 points")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
    assert errors.read_text() == ""


def test_hints_and_sections_of_the_course_are_all_found() -> None:
    for path in sorted(Path(ROOT, "notebooks").glob("*/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        written = {c.metadata.nbgrader.grade_id: c for c in cells if c.metadata.get("nbgrader", {}).get("solution")}
        for name, guide in guides(cells).items():
            if "NotImplementedError" in written[name].source:  # no question of a quiz
                assert guide.section.startswith(f"{int(path.stem[:2])}."), f"{path.stem}: {name} has no section"
                assert len(guide.hints) >= 2, f"{path.stem}: {name} has {len(guide.hints)} hints"
