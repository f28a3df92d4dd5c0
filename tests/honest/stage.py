"""A small stage of three exercises, each building on the one before, and a student who solved it."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.build.release import release, source_notebook
from autograder.course.layout import Course, Stage
from autograder.stage.new import make_stage
from autograder.stage.read import read_stage

from ..conftest import ROOT

FULL = 8
TEXT = '''\
# %% [markdown]
# # 12 · My stage

# %% given="setup"
import torch
from autograder.lab import expect

# %% given="scale"
SCALE = 2.0


def scaled(x):
    return SCALE * x

# %% [markdown]
# ## 12.1 Differences in time

# %% exercise="differences"
def differences(x):
    """How much x changes at each step: [B, T] to [B, T-1]."""
    ### BEGIN SOLUTION
    return x[:, 1:] - x[:, :-1]
    ### END SOLUTION

# %% check="differences-values" points=2
expect(differences(torch.tensor([[1.0, 4.0, 6.0]]))).equal(torch.tensor([[3.0, 2.0]]), hint="Later minus earlier.")
### BEGIN HIDDEN TESTS
x = torch.tensor([[5.0, 1.0, 1.0, 2.0]])
expect(differences(x)).equal(torch.tensor([[-4.0, 0.0, 1.0]]), hint="Later minus earlier.")
### END HIDDEN TESTS

# %% check="differences-batch" points=1
expect(differences(torch.zeros(3, 7))).shape(3, 6)

# %% [markdown]
# ## 12.2 How rough is a sequence?

# %%
differences(torch.tensor([[0.0, 2.0, 4.0, 6.0]]))

# %% exercise="Roughness" builds_on="differences"
class Roughness(torch.nn.Module):
    """The mean size of the differences, times SCALE: [B, T] to [B]."""

    def forward(self, x):
        ### BEGIN SOLUTION
        return scaled(differences(x).abs().mean(dim=1))
        ### END SOLUTION

# %% check="Roughness-value" points=2
expect(Roughness()(torch.tensor([[0.0, 1.0, -1.0]]))).close(torch.tensor([3.0]))

# %% check="Roughness-batch" points=1
expect(Roughness()(torch.zeros(4, 5))).shape(4)

# %% exercise="roughest" builds_on="differences,Roughness"
def roughest(x):
    """The row of x that is the roughest."""
    ### BEGIN SOLUTION
    return int(Roughness()(x).argmax())
    ### END SOLUTION

# %% check="roughest-index" points=1
expect(roughest(torch.tensor([[0.0, 0.0], [0.0, 5.0], [1.0, 2.0]]))).equal(1)

# %% check="roughest-type" points=1
expect(roughest(torch.tensor([[0.0, 3.0]]))).type(int)
'''
LIMITS = "cell_seconds = 4\ncheck_seconds = 3\n"
ANSWERS = {
    "differences": "def differences(x):\n    return torch.diff(x, dim=1)",
    "Roughness": """\
class Roughness(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        size = differences(x).abs()
        return scaled(size.mean(dim=1))""",
    "roughest": "def roughest(x):\n    values = Roughness()(x)\n    return int(values.argmax())",
}


def course(root: Path) -> Stage:
    """A course of this stage alone."""
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    stage = make_stage(Course(root), "12_my_stage")
    stage.text.write_text(TEXT, encoding="utf-8")
    (stage.folder / "limits.toml").write_text(LIMITS, encoding="utf-8")
    return stage


def source(stage: Stage) -> NotebookNode:
    return source_notebook(read_stage(stage))


def solved(source: NotebookNode) -> NotebookNode:
    """The notebook as it was handed out, with right answers."""
    notebook = release(source)
    for cell in notebook.cells:
        if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in ANSWERS:
            cell.source = ANSWERS[name]
    return nbformat.from_dict(notebook)
