"""A way past: a reference takes the place of an exercise, where the owner hands it out, and without points."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.build.write import build, check
from autograder.lab.references import FILE, reference
from autograder.stage.read import read_stage

from .conftest import run
from .honest.stage import FULL, course
from .test_carried import graded

USED = "differences", "Roughness"


def handed_out(tmp_path: Path, text: str = "references = true\n"):  # type: ignore[no-untyped-def]
    stage = course(tmp_path)
    (stage.folder.parent / "settings.toml").write_text(text)
    build(stage)
    return stage


def test_nothing_is_handed_out_unless_the_owner_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = handed_out(tmp_path, "")
    file = stage.released.parent / FILE
    assert not file.exists()
    monkeypatch.chdir(file.parent)
    with pytest.raises(LookupError, match="your course hands none out"):
        reference("differences")
    (stage.folder.parent / "settings.toml").write_text("references = true\n")
    assert [FILE in fault.place for fault in check(stage)].count(True) == 1
    build(stage)
    assert file.is_file() and not [fault for fault in check(stage) if FILE in fault.place]
    assert (stage.source.parent / FILE).read_bytes() == file.read_bytes()  # for nbgrader's own release
    assert "x[:, 1:]" not in file.read_text(encoding="utf-8")  # nobody reads it by accident
    (stage.folder / "settings.toml").write_text("references = false\n")
    assert [FILE in fault.place for fault in check(stage)].count(True) == 1
    build(stage)
    assert not file.exists() and not (stage.source.parent / FILE).exists()
    (stage.folder / "settings.toml").write_text('references = "yes"\n')
    said = run("build", cwd=tmp_path, ok=False).stderr
    assert "references = 'yes' is no setting" in said and "references = true | false" in said


def test_it_takes_the_place_of_an_exercise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = handed_out(tmp_path)
    monkeypatch.chdir(stage.released.parent)
    notebook = {"__name__": "__main__", "reference": reference}
    for cell in read_stage(stage).of_kind("given"):
        exec(cell.source, notebook)
    exec('reference("Roughness")', notebook)
    said = capsys.readouterr().out
    assert "It gives no points" in said and "It uses differences, not defined yet" in said
    exec('reference("differences")', notebook)
    assert "You can go on with Roughness" in capsys.readouterr().out
    exec("found = differences(torch.tensor([[1.0, 4.0, 9.0]]))", notebook)
    assert notebook["found"].tolist() == [[3.0, 5.0]]
    with pytest.raises(LookupError, match=r'there is no exercise "differnces"\. There are: differences'):
        reference("differnces")
    told = json.loads(Path(FILE).read_text(encoding="utf-8"))
    assert set(told) == set(read_stage(stage).written)
    for broken in (
        "{",
        "[]",
        '{"differences": {}}',
        '{"differences": {"source": "x", "needed_by": [], "builds_on": []}}',
    ):
        Path(FILE).write_text(broken)
        with pytest.raises(LookupError, match=r"cannot be read"):
            reference("differences")


def test_it_gives_no_points_and_what_builds_on_it_does(tmp_path: Path, one_worker: None) -> None:
    stage = handed_out(tmp_path)
    result = graded(stage, differences='from autograder.lab import reference\nreference("differences")')
    assert {name for name, mark in result.checks.items() if mark.score} == {
        name for name in result.checks if not name.startswith("differences")
    }
    assert result.score < FULL
