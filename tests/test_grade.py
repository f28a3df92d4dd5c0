"""Grading a class with nbgrader's pipeline."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.gradebook.database import Database
from autograder.grading.grade import grade
from autograder.intake.find import submissions

from .conftest import edit, generate_feedback, run

pytestmark = pytest.mark.usefixtures("one_worker")
CANARY = "canary_7341"  # stands in the hidden test only


def test_a_sample_class_gets_the_marks_it_deserves(mini: Stage) -> None:
    """Solution full, blank 0, wrong answers named, a broken file failed; feedback shows no hidden test."""
    edit(mini, "torch.manual_seed(0)\n", f"torch.manual_seed(0)  # {CANARY}\n{CANARY} = 1\n")
    root = mini.course.root
    run("sample-class", "12", "--students", "12", "--out", "class", cwd=root)
    said = run("grade", "12_my_stage", "--from", "class", "--json", "marks.json", cwd=root)
    assert "student_12" in said.stdout
    marks = json.loads((root / "marks.json").read_text(encoding="utf-8"))
    made = json.loads((root / "class" / "class.json").read_text(encoding="utf-8"))
    assert marks["stage"] == "12_my_stage"
    assert marks["max_score"] == 2
    assert set(marks["students"]) == set(made)
    assert not [path for path in (root / "class").glob("*.ipynb") if "### " in path.read_text(encoding="utf-8")]
    for name, student in marks["students"].items():
        kind, answers = made[name]["kind"], made[name]["answers"]
        check = student["checks"]["differences-values"]
        assert check["max"] == 2
        if kind in ("solution", "right", "partly"):
            assert (student["score"], student["status"], check["message"]) == (2, "graded", "")
        elif kind == "wrong":
            assert (student["score"], student["misconceptions"]) == (0, {"differences": answers["differences"]})
        elif kind == "blank":
            assert (student["score"], student["misconceptions"]) == (0, {})
            assert check["message"].startswith("differences: not written yet")
        elif kind == "broken file":
            assert (student["score"], student["status"]) == (0, "failed")
            assert "damaged" in student["reason"]
        else:
            assert (student["score"], student["status"]) == (0, "graded")
    pages = list((root / ".course" / "feedback").rglob("*.html"))
    assert len(pages) == 12
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert CANARY not in text
        assert "hidden checks of the same kind" in text or "Your hand-in could not be graded." in text
    assert (root / ".course" / "report" / "12_my_stage.html").stat().st_size > 5000


def solved(stage: Stage) -> Any:
    """A submission with full marks."""
    folder = stage.course.root / "one"
    run("sample-class", "12", "--students", "1", "--out", str(folder), cwd=stage.course.root)
    return nbformat.read(folder / "student_01.ipynb", as_version=4)


def hand_in(stage: Stage, name: str, notebook: Any) -> Path:
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
    (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return folder


def test_damaged_and_dishonest_notebooks_each_get_their_verdict(mini: Stage) -> None:
    lost = solved(mini)
    lost.cells = [c for c in lost.cells if c.id != "differences-values"]
    warns = solved(mini)
    exercise = next(c for c in warns.cells if c.id == "differences")
    exercise.source += "\nimport warnings, sys\nwarnings.warn('careful')\nprint('careful', file=sys.stderr)"
    tagged = solved(mini)
    next(c for c in tagged.cells if c.id == "differences").source = "def differences(x):\n    return None"
    next(c for c in tagged.cells if c.id == "differences-values").metadata["tags"] = ["skip-execution"]
    edited = solved(mini)
    next(c for c in edited.cells if c.id == "differences-values").source = "pass"
    next(c for c in edited.cells if c.id == "differences").source = "def differences(x):\n    return None"
    dies = solved(mini)
    next(c for c in dies.cells if c.id == "differences").source += "\nimport os\nos._exit(1)"
    demo = solved(mini)
    demo.cells[-2].source += "\nraise RuntimeError('a demonstration is no part of the mark')"
    for name, notebook in {
        "bom": "\ufeff" + nbformat.writes(solved(mini)), "demo": demo, "dies": dies, "edited": edited, "empty": "",
        "lost": lost, "tagged": tagged, "warns": warns, "other": nbformat.writes(nbformat.v4.new_notebook()),
    }.items():  # fmt: skip
        folder = hand_in(mini, name, notebook)
    result = grade(mini, folder)
    told = {name: (r.score, r.status) for name, r in result.students.items()}
    assert told == {
        "bom": (2, "repaired"), "demo": (2, "graded"), "dies": (0, "graded"), "edited": (0, "graded"),
        "empty": (0, "failed"), "lost": (2, "repaired"), "tagged": (0, "graded"), "warns": (2, "graded"),
        "other": (0, "failed"),
    }  # fmt: skip
    assert "The deleted cell differences-values was put back." in result.students["lost"].reason
    assert "it ended itself (exit code 1)" in result.students["dies"].checks["differences-values"].message


def test_a_failed_resubmission_keeps_no_old_mark(mini: Stage) -> None:
    folder = hand_in(mini, "ana", solved(mini))
    assert grade(mini, folder).students["ana"].score == 2
    page = mini.course.work / "feedback" / "ana" / mini.slug / f"{mini.slug}.html"
    assert page.is_file()
    hand_in(mini, "ana", "{")
    assert grade(mini, folder).students["ana"].status == "failed"
    told = page.read_text(encoding="utf-8")
    assert "<strong>0 of 2 points</strong>" in told and "Your hand-in could not be graded.</strong> The file is" in told
    assert "differences" not in told, "nothing of the earlier page"
    run("grade", "12", "--from", "class", "--json", "marks.json", cwd=mini.course.root)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{mini.course.gradebook}") as gradebook:
        assert gradebook.find_submission(mini.slug, "ana").score == 0


def test_only_what_a_teacher_wrote_is_shown_as_a_teachers_words(mini: Stage) -> None:
    from nbgrader.api import Gradebook

    run("build", "12", cwd=mini.course.root)
    grade(mini, hand_in(mini, "ana", mini.released.read_text(encoding="utf-8")))
    page = mini.course.work / "feedback" / "ana" / mini.slug / f"{mini.slug}.html"
    ours = page.read_bytes()
    generate_feedback(mini)
    assert page.read_bytes() == ours, "nbgrader's own command makes the same page"
    assert "not started" in page.read_text(encoding="utf-8")
    assert "From your teacher" not in page.read_text(encoding="utf-8")  # nbgrader's own comment: "No response."
    with Gradebook(f"sqlite:///{mini.course.gradebook}") as gradebook:
        assert gradebook.find_comment("differences", mini.slug, mini.slug, "ana").comment == "No response."
        gradebook.find_comment("differences", mini.slug, mini.slug, "ana").manual_comment = "Come and see me."
        gradebook.db.commit()
    generate_feedback(mini)
    assert "From your teacher:</strong> Come and see me." in page.read_text(encoding="utf-8")


def test_folders_and_zips_are_read_in_either_form(mini: Stage, tmp_path: Path) -> None:
    source = tmp_path / "src"
    (source / "ana").mkdir(parents=True)
    (source / "ana" / "12_my_stage.ipynb").write_text("{}")
    (source / "bob").mkdir()
    (source / "bob" / "final (2).ipynb").write_text("{}")
    (source / "eve").mkdir()
    (source / "李雷.ipynb").write_text("{}")
    (source / ".hidden").mkdir()
    (source / "notes.txt").write_text("no submission")
    expected = [("ana", "", ""), ("bob", "The file was called final (2).ipynb.", ""), ("李雷", "", "")]
    with submissions(mini, source) as found:
        told = {s.student: (s.note, s.problem) for s in found}
    assert told["eve"][1].startswith("The folder holds no notebook")
    assert [(n, *told[n]) for n in ("ana", "bob", "李雷")] == expected
    for inside in ("", "all/"):
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
            for path in sorted(source.rglob("*.ipynb")):
                archive.write(path, inside + path.relative_to(source).as_posix())
            archive.writestr("../evil.ipynb", "{}")
        with submissions(mini, tmp_path / "class.zip") as found:
            assert sorted((s.student, s.note, s.problem) for s in found if not s.nobody) == expected
            assert ["../evil.ipynb" in s.nobody for s in found if s.nobody] == [True]
    assert not (tmp_path / "evil.ipynb").exists()


@pytest.mark.parametrize(("make", "fact"), [
    (lambda p: None, "is not there"),
    (lambda p: p.mkdir(), "holds no submission"),
    (lambda p: p.write_bytes(b"no zip"), "cannot be unpacked"),
])  # fmt: skip
def test_a_wrong_path_is_a_clear_error(mini: Stage, tmp_path: Path, make: Any, fact: str) -> None:
    path = tmp_path / "handed-in"
    make(path)
    with pytest.raises(CourseError, match=fact), submissions(mini, path):
        pass


def test_marks_for_other_checks_are_not_thrown_away(mini: Stage) -> None:
    folder = hand_in(mini, "ana", solved(mini))
    grade(mini, folder)
    edit(mini, 'check="differences-values"', 'check="differences-all"')
    with pytest.raises(CourseError, match=r"has marks for other checks of this stage.*nbgrader db assignment remove"):
        grade(mini, folder)


def test_grading_ones_own_notebook_leaves_it_as_it_is(mini: Stage) -> None:
    """The README's way for self-learners: the submission is the released notebook itself."""
    run("build", cwd=mini.course.root)
    nbformat.write(solved(mini), mini.released)
    before = mini.released.read_bytes()
    assert grade(mini, mini.released.parent).students["12_my_stage"].score == 2
    assert mini.released.read_bytes() == before


def test_a_locked_gradebook_is_a_clear_error_and_loses_nothing(mini: Stage) -> None:
    import sqlite3

    folder = hand_in(mini, "ana", solved(mini))
    assert grade(mini, folder).students["ana"].score == 2
    with sqlite3.connect(mini.course.gradebook) as other:
        other.execute("BEGIN EXCLUSIVE")
        hand_in(mini, "bob", solved(mini))
        with pytest.raises(CourseError, match=r"gradebook.db: .*locked.*run the same command again"):
            grade(mini, folder)
        other.rollback()
    assert {name: r.score for name, r in grade(mini, folder).students.items()} == {"ana": 2, "bob": 2}


def test_a_full_disk_stops_the_run_and_loses_no_mark(mini: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    from autograder.course import files

    folder = hand_in(mini, "ana", solved(mini))
    grade(mini, folder)
    changed = solved(mini)
    next(c for c in changed.cells if c.id == "differences").source += "\n# again"

    def full(path: Path, data: str | bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(files, "write_whole", full)  # of the verdicts
    with pytest.raises(CourseError, match=r"No space left on device.*run the same command again"):
        grade(mini, hand_in(mini, "ana", changed))
    assert Database(mini.course).marks(mini.slug)["ana"].score == 2


def test_a_dry_run_lists_whose_marks_would_change_and_writes_nothing(mini: Stage) -> None:
    folder = hand_in(mini, "ana", solved(mini))
    hand_in(mini, "bob", solved(mini))
    grade(mini, folder)
    worse = solved(mini)
    next(c for c in worse.cells if c.id == "differences").source = "def differences(x):\n    return None"
    hand_in(mini, "bob", worse)
    assert grade(mini, folder, dry_run=True).changed == {"bob": (2, 0)}
    assert grade(mini, folder, dry_run=True).changed == {"bob": (2, 0)}
    grade(mini, folder)
    assert grade(mini, folder, dry_run=True).changed == {}
    hand_in(mini, "bob", solved(mini))
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{mini.course.gradebook}") as gradebook:
        mark = gradebook.find_submission(mini.slug, "bob").notebooks[0].grades[0]
        mark.extra_credit = 1
        gradebook.db.commit()
    assert grade(mini, folder, dry_run=True).changed == {"bob": (1, 3)}  # the extra credit stays
    with Gradebook(f"sqlite:///{mini.course.gradebook}") as gradebook:
        gradebook.find_submission(mini.slug, "bob").notebooks[0].grades[0].manual_score = 1.5
        gradebook.db.commit()
    assert grade(mini, folder, dry_run=True).changed == {}  # and so does what a teacher gave by hand


def test_nbgraders_own_commands_work_on_the_course(mini: Stage) -> None:
    """generate_assignment, autograde, generate_feedback, export and validate, as they stand."""
    import os
    import subprocess
    import sys

    root = mini.course.root
    run("build", cwd=root)
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}

    def nbgrader(*words: str) -> str:
        command = [sys.executable, "-m", "nbgrader", *words]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    nbgrader("generate_assignment", mini.slug)
    released = root / ".course" / "release" / mini.slug / f"{mini.slug}.ipynb"
    assert nbformat.read(released, as_version=4) == nbformat.read(mini.released, as_version=4)
    submitted = root / ".course" / "submitted" / "ana" / mini.slug / f"{mini.slug}.ipynb"
    submitted.parent.mkdir(parents=True)
    nbformat.write(solved(mini), submitted)
    nbgrader("autograde", mini.slug)
    nbgrader("generate_feedback", mini.slug)
    assert "not in source" not in (root / ".course" / "feedback" / "ana" / mini.slug / f"{mini.slug}.html").read_text(
        "utf-8"
    )
    nbgrader("export")
    assert "ana" in (root / "grades.csv").read_text(encoding="utf-8")
    assert "Success" in nbgrader("validate", str(submitted))
    shutil.copy(mini.released, root / "blank.ipynb")
    assert "not written yet" in nbgrader("validate", str(root / "blank.ipynb"))
