"""The rooms of the package: no circle, no arrow upward, no file that is more than one idea."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import ROOT

LINES = 400


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rooms")
    shutil.copytree(ROOT / "autograder", root / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_no_circle_and_no_arrow_upward(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0 and "3 kept, 0 broken" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("stage/names.py", "from autograder.intake.find import Submission", "No arrow upward, and no circle of rooms"),
        ("run/wire/plain.py", "from autograder.run.judge.policy import check", "No arrow upward where submissions run"),
        ("gradebook/results.py", "from autograder.gradebook.book import Book", "No circle of files"),
    ],
)
def test_an_arrow_that_is_added_by_hand_is_found(copy: Path, file: str, line: str, broken: str) -> None:
    path = copy / "autograder" / file
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{text}\n\ndef added() -> None:\n    {line}\n", encoding="utf-8")
        done = lint_imports(copy)
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.returncode == 1 and f"{broken} BROKEN" in done.stdout


def test_the_contract_reads_like_the_table() -> None:
    """The rooms of CONTRIBUTING.md, from the ground up, are the layers of pyproject.toml, from the roof down."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are")[2].partition("Inside `run`")[0]
    rows = re.findall(r"(?m)^\| ([`a-z_, ]+) \|", table)
    rooms = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [re.findall(r"\w+", layer) for layer in reversed(settings["contracts"][0]["layers"])]
    for layer in layers:
        assert set(rooms[: len(layer)]) == set(layer)
        del rooms[: len(layer)]
    assert not rooms


def test_each_file_is_one_idea() -> None:
    code = [ROOT / "course.py", *(ROOT / "autograder").rglob("*.py"), *(ROOT / "bootstrap").rglob("*.py")]
    long = {path.name: n for path in code if (n := len(path.read_text(encoding="utf-8").splitlines())) > LINES}
    assert long == {}


def test_torch_is_imported_only_where_torch_is_used() -> None:
    """Reading stages, grading, the pages: all of it runs in a process that never waits for torch."""
    code = (
        "import sys\n"
        "import autograder.grading.grade, autograder.feedback.report, autograder.lab.plots, autograder.nbgrader_steps\n"
        "from autograder.course.layout import find_course\nfrom autograder.intake.blueprint import Blueprint\n"
        "from autograder.stage.read import read_stage\n"
        "stages = [Blueprint(read_stage(stage)) for stage in find_course().stages(('00', '12'))]\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
