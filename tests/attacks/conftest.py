"""A mini course with secrets in it, made once for all attacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.build.write import build
from autograder.course.layout import Course, Stage
from autograder.stage.new import make_stage

from ..conftest import ROOT, edit

# The first two stand in the hidden test only, the others in the environment and in a file of the teacher.
CANARY, INPUT, IN_ENVIRONMENT, IN_FILE = "canary_7341", "8675309", "environment_5512", "file_6623"
SECRETS = (CANARY, INPUT, "675309.0, 1.0", IN_ENVIRONMENT, IN_FILE)
_HIDDEN = f"""\
{CANARY} = torch.tensor([[{INPUT}.0, 1.0, 5.0]])
expect(differences({CANARY})).close(torch.tensor([[1.0 - {INPUT}, 4.0]]), hint="Numbers of any size.")
torch.manual_seed(0)
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The mini course's stage, built, with a secret input in its hidden test."""
    root = tmp_path_factory.mktemp("course")
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    stage = make_stage(Course(root), "12_my_stage")
    edit(stage, "torch.manual_seed(0)\n", _HIDDEN)
    build(stage)
    return stage


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """What is in a folder: sizes and times of all files."""
    paths = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in paths if p.is_file()}
