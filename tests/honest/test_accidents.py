"""Honest students: whatever happened to the notebook, the mark is the one that it deserves, with a reason."""

from __future__ import annotations

import copy
import re
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.gradebook.results import ClassResult
from autograder.grading.grade import grade
from autograder.intake.find import submissions
from autograder.intake.read import read_notebook

from .accidents import ACCIDENTS, Accident
from .stage import FULL, course, solved, source


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> ClassResult:
    """All of them as one class: none may stop the others."""
    root = tmp_path_factory.mktemp("honest")
    stage = course(root)
    right = solved(source(stage))
    for accident in ACCIDENTS:
        notebook = copy.deepcopy(right)
        other = accident.damage(notebook)
        hand_in(root / "class" / accident.name, notebook if other is None else other)
    return grade(stage, root / "class", jobs=2)


def hand_in(place: Path, what: Any) -> None:
    if isinstance(what, dict) and not isinstance(what, NotebookNode):
        for name, inside in what.items():
            write(place / name, inside)
    else:
        write(place.with_name(place.name + ".ipynb"), what)


def write(path: Path, what: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(what) if isinstance(what, NotebookNode) else what
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def test_names_are_used_once() -> None:
    assert len(ACCIDENTS) >= 90
    assert len({accident.name for accident in ACCIDENTS}) == len(ACCIDENTS)


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: accident.name)
def test_the_mark_is_the_one_deserved(graded: ClassResult, accident: Accident) -> None:
    result = graded.students[accident.name]
    told = {name: check.message for name, check in result.checks.items() if check.lost}
    assert (result.score, result.status) == (accident.mark, accident.status), f"{result.reason}\n{told}"
    assert accident.reason in result.reason
    assert bool(result.reason) == (accident.status != "graded")
    for name, phrase in accident.says.items():
        assert phrase in told[name]
    assert sum(check.max for check in result.checks.values()) == (FULL if result.status != "ungraded" else 0)


def test_each_lost_point_is_explained(graded: ClassResult) -> None:
    for name, result in graded.students.items():
        for check in result.checks.values():
            assert not check.lost or check.message or result.status == "failed", name
        assert result.status != "failed" or re.search("[Hh]and|not the notebook", result.reason), name


def test_a_zip_is_read_as_the_folder_is_and_a_damaged_file_in_it_stops_nobody(tmp_path: Path) -> None:
    """Each student of the zip is told something, those without a notebook as well."""
    stage = course(tmp_path)
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("all/ana/12_my_stage.ipynb", '{"cells": []}')
        archive.writestr("all/bob/12_my_stage.ipynb", "the bytes of bob")
        archive.writestr("all/eve/12_my_stage.html", "<html>")
        archive.writestr("all/kim/12_my_stage/12_my_stage.ipynb", "{}")
        archive.writestr("all/lee.ipynb", "{}")
        archive.writestr("all/lee/12_my_stage.ipynb", "{}")
    path.write_bytes(path.read_bytes().replace(b"the bytes of bob", b"the bits of Bob!"))  # its checksum is wrong now
    with submissions(stage, path) as found:
        told = {s.student: s.nobody or s.problem or read_notebook(s.path or path)[2] for s in found}
    expected = {"ana": "no cells", "bob": "is damaged", "eve": "no notebook", "kim": "no valid", "lee": "more than one"}
    assert set(told) == set(expected)
    for name, phrase in expected.items():
        assert phrase in told[name]


def test_a_link_out_of_the_students_folder_is_not_followed(tmp_path: Path) -> None:
    stage = course(tmp_path)
    other = tmp_path / "class" / "ana"
    write(other / "12_my_stage.ipynb", "{}")
    (tmp_path / "class" / "bob").mkdir()
    (tmp_path / "class" / "bob" / "work").symlink_to(other)
    (tmp_path / "class" / "bob" / "12_my_stage.ipynb").symlink_to(other / "12_my_stage.ipynb")
    (tmp_path / "class" / "eve").symlink_to(other)
    with submissions(stage, tmp_path / "class") as found:
        told = {s.student: s.problem for s in found}
    assert told["ana"] == ""
    assert told["bob"].startswith("The folder holds no notebook")
    assert told["eve"].startswith("A link was handed in")


@pytest.mark.parametrize(("text", "phrase"), [
    ("[" * 200_000, "damaged"), ('{"cells": [' + "9" * 5000 + "]}", "damaged"), ("{\0}\0", "damaged"),
    ('{"cells": [1, null, "x"]}', "no cells"), ('{"worksheets": [{"cells": null}, 1]}', "no cells"),
    ("null", "no list"),
    ('{"cells": [' + '{"cell_type": "code"},' * 2500 + "{}]}", "more than 2000 cells"),
    ("%PDF-1.4", "a PDF file"), ("version https://git-lfs.github.com/spec/v1", "Git LFS"),
])  # fmt: skip
def test_strange_files_are_told_not_raised(tmp_path: Path, text: str, phrase: str) -> None:
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    notebook, _, problem = read_notebook(tmp_path / "a.ipynb")
    assert notebook is None
    assert phrase in problem
