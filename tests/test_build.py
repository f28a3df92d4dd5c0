"""Text becomes notebooks: the same bytes each time, no secrets, and nothing forgotten."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.build.draw import read_drawings
from autograder.build.release import release, source_notebook
from autograder.build.write import build, check
from autograder.course.layout import Course, Stage
from autograder.stage.read import read_stage

from .conftest import ROOT, edit, run

STAGES = [pytest.param(stage, id=stage.slug) for stage in Course(ROOT).stages()]


def test_building_twice_gives_the_same_bytes(mini: Stage) -> None:
    assert build(mini) == (True, None)
    first = mini.released.read_bytes()
    mini.released.unlink()
    assert build(mini) == (True, None)
    assert mini.released.read_bytes() == first
    assert build(mini) == (False, None)


def test_building_keeps_the_work_that_somebody_did_in_the_notebook(mini: Stage) -> None:
    build(mini)
    work = mini.released.read_text(encoding="utf-8").replace("differences: not written yet", "my own words")
    mini.released.write_text(work, encoding="utf-8")
    changed, kept = build(mini)
    assert changed
    assert kept is not None
    assert kept.read_text(encoding="utf-8") == work


def test_a_blank_exercise_raises_an_error_that_names_it(mini: Stage) -> None:
    source = next(c.source for c in release(source_notebook(read_stage(mini))).cells if c.id == "differences")
    namespace: dict[str, object] = {}
    exec(source, namespace)
    with pytest.raises(NotImplementedError, match=r"^differences: not written yet"):
        namespace["differences"](None)  # type: ignore[operator]


def test_a_changed_word_makes_the_check_fail_and_say_what_to_run(mini: Stage) -> None:
    run("build", "--execute", cwd=mini.course.root)
    assert "1 stages are what" in run("build", "--check", cwd=mini.course.root).stdout
    edit(mini, "How much does a sequence change", "How far does a sequence change")
    said = run("build", "--check", cwd=mini.course.root, ok=False).stderr
    assert "notebooks/12_my_stage/12_my_stage.ipynb: is not what solutions/12_my_stage/notebook.py says" in said
    assert "python3 course.py build 12_my_stage --execute" in said


def test_a_broken_stage_does_not_stop_the_others(mini: Stage) -> None:
    broken = mini.course.root / "solutions" / "13_broken"
    broken.mkdir()
    (broken / "notebook.py").write_text('# %% exercise="f"\nx = 1\n', encoding="utf-8")
    said = run("build", cwd=mini.course.root, ok=False)
    assert "built notebooks/12_my_stage" in said.stdout
    assert 'exercise "f" has no check' in said.stderr


def test_the_solved_notebook_has_its_plots(mini: Stage) -> None:
    run("build", "--execute", cwd=mini.course.root)
    outputs = [o for c in nbformat.read(mini.solved, as_version=4).cells for o in c.get("outputs", [])]
    assert any("image/png" in o.get("data", {}) for o in outputs)
    assert any("✓ passed" in o.get("text", "") for o in outputs)


@pytest.mark.parametrize("stage", STAGES)
def test_the_committed_notebooks_are_what_the_texts_say(stage: Stage) -> None:
    assert check(stage) == []


def told_elsewhere(stage: Stage, *path: Path) -> str:
    """The last line of the error of a notebook's first code cell, in a Python that has nothing but `path`."""
    source = next(c.source for c in nbformat.read(stage.released, as_version=4).cells if c.cell_type == "code")
    code = f"import sys\nsys.path[:0] = {list(map(str, path))}\nexec({source!r})"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def says_where_to_open_it(line: str) -> bool:
    """In one sentence, with the package's right name."""
    told = ("sequence-course", "`python3 course.py lab`", "/content", "`pip install autograder` is another program")
    return line.startswith("ImportError: ") and ". " not in line and all(words in line for words in told)


def test_a_drawing_is_made_beside_both_notebooks_and_one_that_nobody_makes_goes(mini: Stage) -> None:
    mini.drawings.write_text(
        "from autograder.build.draw import Sheet\n\n\n"
        "def cell():\n    sheet = Sheet()\n    sheet.box((0, 0), '$h_t$')\n    return sheet\n",
        encoding="utf-8",
    )
    assert [fault.place for fault in check(mini) if "is not what solutions/" in fault.fact and "drawings" in fault.fact]
    assert build(mini) == (True, None)
    files = [path.parent / "drawings" / "cell.svg" for path in (mini.released, mini.solved, mini.source)]
    assert all(path.read_bytes().startswith(b"<svg ") for path in files)
    stray = files[0].with_name("old.svg")
    stray.write_bytes(files[0].read_bytes())
    assert [fault.place for fault in check(mini) if "is no drawing of" in fault.fact] == [mini.place(stray)]
    build(mini)
    assert not stray.exists()
    assert not [fault for fault in check(mini) if "drawing" in fault.fact]


GREEK = {"α": "alpha", "σ": "sigma", "√": "sqrt", "Σ": "sum", "×": "times", "·": "cdot", "β": "beta"}


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage.values[0].drawings.is_file()])
def test_a_drawing_stands_once_in_its_page_and_has_the_letters_of_its_section(stage: Stage) -> None:
    page = "\n".join(cell.source for cell in nbformat.read(stage.released, as_version=4).cells)
    sections = page.split("\n## ")
    drawings = read_drawings(stage.drawings)
    assert sorted(re.findall(r"\]\(drawings/(\w+)\.svg\)", page)) == sorted(drawings)
    assert all("http" not in sheet.image().decode().replace("http://www.w3.org/", "") for sheet in drawings.values())
    for name, sheet in drawings.items():
        section = next(text for text in sections if f"(drawings/{name}.svg)" in text)
        for sign, word in GREEK.items():
            section = section.replace(sign, f" {word} ")
        assert {letter.lstrip("\\") for letter in sheet.letters()} <= set(re.findall(r"[A-Za-z]+", section)), name


@pytest.mark.parametrize("stage", STAGES)
def test_without_the_package_the_first_cell_says_where_to_open_the_notebook(stage: Stage, tmp_path: Path) -> None:
    assert says_where_to_open_it(told_elsewhere(stage))
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder" / "__init__.py").touch()  # what `pip install autograder` brings is not the course's
    assert says_where_to_open_it(told_elsewhere(stage, tmp_path))


def test_a_new_stage_says_it_too(mini: Stage) -> None:
    build(mini)
    assert says_where_to_open_it(told_elsewhere(mini))


@pytest.mark.parametrize("stage", STAGES)
def test_the_solved_notebook_shows_no_error(stage: Stage) -> None:
    for cell in nbformat.read(stage.solved, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


def lines(stage: Stage) -> tuple[set[str], set[str]]:
    """The lines of a stage that students may see, and those that they may not."""
    seen, secret = set[str](), set[str]()
    for cell in read_stage(stage).cells:
        inside = False
        for line in cell.source.split("\n"):
            inside = (inside or "### BEGIN" in line) and "### END" not in line
            (secret if inside else seen).add(line.strip())
    return seen, {line for line in secret - seen if len(line) > 12}


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_secret_is_in_what_students_get(stage: Stage) -> None:
    """No line of a solution or of a hidden test is in the released notebook; a long one not even within a line."""
    text = stage.released.read_text(encoding="utf-8")
    sources = "\n".join(cell.source for cell in nbformat.read(stage.released, as_version=4).cells)
    seen, secret = lines(stage)
    assert len(secret) > 10
    released = {line.strip() for line in sources.split("\n")}
    assert secret & released == set()
    long = [line for line in secret if len(line) > 40 and not any(line in shown for shown in seen)]
    assert [line for line in long if line in sources] == []
    assert all(line in sources for line in seen if "###" not in line)
    assert "BEGIN SOLUTION" not in text
    assert "HIDDEN" not in text


def test_nothing_of_the_solutions_is_imported_by_the_package() -> None:
    """Students may have the package as it is: it names the folder, and holds none of its content."""
    secrets = {line for param in STAGES for line in lines(param.values[0])[1] if len(line) > 25}  # type: ignore[arg-type]
    for path in (ROOT / "autograder").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert [line for line in secrets if line in text] == [], path


@pytest.mark.parametrize("stage", STAGES)
def test_a_released_notebook_opens_without_questions(stage: Stage) -> None:
    notebook = json.loads(stage.released.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert not any(cell.get("outputs") for cell in notebook["cells"])


def test_no_old_name_of_a_stage_is_left() -> None:
    """The quizzes were the tenth stage once."""
    old = "10_" + "quizzes"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.splitlines()]
    assert [f for f in files if old in str(f)] == []
    assert [f for f in files if f.is_file() and old.encode() in f.read_bytes()] == []
