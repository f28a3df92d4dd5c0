"""Where bubblewrap is missing: a clear error with the fix, and a way that says what it is."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

from autograder.course.layout import Stage

from .conftest import run


def grade_without_bubblewrap(stage: Stage, *words: str) -> subprocess.CompletedProcess[str]:
    """`autograder grade` with nothing on PATH but this environment's own programs."""
    command = [sys.executable, "-m", "autograder.cli", "grade", "12", "--from", "class", *words]
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent)}
    return subprocess.run(command, cwd=stage.course.root, env=environment, capture_output=True, text=True)


def test_grading_refuses_says_what_is_missing_and_goes_on_only_when_told_to(mini: Stage) -> None:
    run("sample-class", "12", "--students", "2", "--out", "class", cwd=mini.course.root)
    refused = grade_without_bubblewrap(mini)
    assert refused.returncode == 1
    assert "bubblewrap is not installed. Install it: `apt install bubblewrap`" in refused.stderr
    assert "--sandbox none" in refused.stderr
    assert "Traceback" not in refused.stderr

    graded = grade_without_bubblewrap(mini, "--sandbox", "none")
    assert graded.returncode == 0, graded.stderr
    assert "could have forged its marks" in graded.stderr
    assert "(no sandbox)" in graded.stdout
    table = (mini.course.work / "report" / f"{mini.slug}.csv").read_text(encoding="utf-8")
    assert all(row["sandbox"] == "none" for row in csv.DictReader(table.lstrip("\ufeff").splitlines()))
    listed = grade_without_bubblewrap(mini, "--sandbox", "none", "--dry-run").stdout
    assert "(no sandbox)" in " ".join(listed.split())  # a small table breaks the line of its title
    pages = list((mini.course.work / "feedback").rglob("*.html"))
    assert len(pages) == 2
    assert all("Graded without a sandbox" in page.read_text(encoding="utf-8") for page in pages)
