"""What a student's commands say next, where they work, and what JupyterLab writes into a notebook."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click
import nbformat
import pytest
from click.testing import CliRunner

from autograder.build.write import build
from autograder.cli import jupyterlab
from autograder.cli.group import Commands
from autograder.course.layout import Course, Stage, command
from autograder.desk.contents import ON_DISK, Contents
from autograder.own.state import next_step, state_file

from .conftest import ROOT, run

BLANK, MEND, DONE = ({"state": state, "max": 2} for state in ("blank", "started", "done"))
QUIZ, EXTRA = {**BLANK, "quiz": True}, {**MEND, "max": 0}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for slug in ("01_a", "02_b", "03_c"):
        path = Stage(Course(tmp_path), slug).released
        path.parent.mkdir(parents=True)
        path.touch()
    return Course(tmp_path)


@pytest.mark.parametrize(
    ("known", "checked", "words"),
    [
        ({}, (), "open notebooks/01_a/01_a.ipynb"),
        ({"01_a": {"f": BLANK, "g": {**MEND, "section": "1.2 G"}}}, (), "mend g in 01_a, section 1.2 G"),
        ({"01_a": {"f": DONE, "g": BLANK}}, (), "write g in 01_a"),
        ({"01_a": {"f": DONE, "q": QUIZ}}, (), "answer q in 01_a"),
        ({"01_a": {"f": DONE, "x": EXTRA}}, (), "hand in 01_a.ipynb, then open notebooks/02_b/02_b.ipynb"),
        ({"01_a": {"f": BLANK}, "02_b": {"g": BLANK}}, ("02_b",), "write g in 02_b"),
        ({"01_a": {"f": MEND}, "02_b": {"g": DONE}}, ("02_b",), "mend f in 01_a"),
        ({slug: {"f": DONE} for slug in ("01_a", "02_b", "03_c")}, (), "hand in 03_c.ipynb"),
    ],
)
def test_what_is_next(course: Course, known: dict[str, Any], checked: tuple[str, ...], words: str) -> None:
    for slug, exercises in known.items():
        path = state_file(Stage(course, slug))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"when": "2026", "exercises": exercises}))
    assert next_step(course, checked) == f"Next: {words}."


def test_the_commands_work_beside_the_notebook_and_say_what_can_be_typed_there(
    mini: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(mini)
    beside = mini.released.parent
    assert "Open the course: autograder lab" in run("check", cwd=beside).stdout
    assert "Next: open notebooks/12_my_stage/12_my_stage.ipynb." in run("progress", cwd=beside).stdout
    monkeypatch.chdir(mini.course.root)
    assert command("check") == "python3 course.py check"


def test_a_command_whose_packages_are_not_here_says_how_to_get_them() -> None:
    @click.group(cls=Commands)
    def main() -> None: ...

    @main.command()
    def similar() -> None:
        import no_such_package_anywhere  # noqa: F401

    said = CliRunner().invoke(main, ["similar"])
    assert said.exit_code == 1
    assert said.stderr.startswith("no_such_package_anywhere: is not installed here.")
    assert "python3 course.py similar installs all that it needs" in said.stderr


# JupyterLab tells a notebook which Python its kernel has.


def opened(contents: Contents, path: str) -> dict[str, Any]:
    return asyncio.run(contents.get(path, type="notebook"))


def test_what_jupyterlab_adds_when_it_opens_a_notebook_is_there_already_and_never_in_the_file(mini: Stage) -> None:
    build(mini)
    before, path = mini.released.read_bytes(), "notebooks/12_my_stage/12_my_stage.ipynb"
    contents = Contents(root_dir=str(mini.course.root))
    model = opened(contents, path)
    assert model["content"]["metadata"]["language_info"]["version"].startswith("3.")
    asyncio.run(contents.save({"type": "notebook", "content": model["content"]}, path))
    assert mini.released.read_bytes() == before


def test_another_language_and_other_files_stay_as_they_are(tmp_path: Path) -> None:
    contents = Contents(root_dir=str(tmp_path))
    julia = nbformat.v4.new_notebook(metadata={"language_info": {"name": "julia", "version": "1.9"}})
    for name, notebook in (("julia", julia), ("none", nbformat.v4.new_notebook())):
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        before = (tmp_path / f"{name}.ipynb").read_bytes()
        model = opened(contents, f"{name}.ipynb")
        asyncio.run(contents.save({"type": "notebook", "content": model["content"]}, f"{name}.ipynb"))
        assert (tmp_path / f"{name}.ipynb").read_bytes() == before
    asyncio.run(contents.save({"type": "file", "format": "text", "content": "a"}, "a.txt"))
    assert asyncio.run(contents.get("a.txt"))["content"] == "a"
    assert asyncio.run(contents.get(""))["type"] == "directory"


def test_every_released_notebook_is_as_jupyterlab_keeps_it() -> None:
    for stage in Course(ROOT).stages():
        metadata = json.loads(stage.released.read_bytes())["metadata"]
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        assert metadata == {"kernelspec": kernel, "language_info": ON_DISK}


def test_only_a_student_sees_less_than_there_is(mini: Stage) -> None:
    assert "--ContentsManager.hide_globs=solutions" in jupyterlab.command(mini.course, False, ())[0]
    assert not [word for word in jupyterlab.command(mini.course, True, ())[0] if "hide_globs" in word]
