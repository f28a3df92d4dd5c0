"""Make a new stage to start from: one exercise, its checks and its catalogue; it builds and verifies."""

from __future__ import annotations

import re

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage

NOTEBOOK = '''\
# %% [markdown]
# # {number} · {title}
#
# **You know** … **You will be able to** …
#
# Letters: B batch, T time.

# %% given="setup"
try:
    from autograder.lab import expect, plots
except ModuleNotFoundError:
    raise ImportError(
        "The course's package, sequence-course, is not in this kernel: in JupyterLab and VS Code choose the kernel of "
        "the course's .venv (`python3 course.py lab` makes it); in Colab and Kaggle upload the course's folder, copy "
        "it to /content or /kaggle/working, run `%pip install --no-deps -e FOLDER executing zhplot`, and restart the "
        "session (`pip install autograder` is another program)."
    ) from None

import torch

plots.use_style()

# %% [markdown]
# ## {number}.1 Differences in time
#
# How much does a sequence change from one step to the next? For $x = (1, 4, 6)$ the changes are $(3, 2)$.
#
# $$d_t = x_{{t+1}} - x_t$$
#
# <details><summary>Hint 1</summary>
# Two slices of the same tensor: all but the first step, all but the last one.</details>

# %% exercise="differences"
def differences(x):
    """How much x changes at each step.

    Args:
        x: [B, T] float.

    Returns:
        [B, T-1] float: d_t = x_(t+1) - x_t.
    """
    ### BEGIN SOLUTION
    return x[:, 1:] - x[:, :-1]  # [B, T-1]
    ### END SOLUTION

# %% check="differences-values" points=2
expect(differences(torch.tensor([[1.0, 4.0, 6.0]]))).equal(torch.tensor([[3.0, 2.0]]), hint="Later minus earlier.")
### BEGIN HIDDEN TESTS
torch.manual_seed(0)
x = torch.randn(3, 7)
before, expected = x.clone(), torch.diff(x, dim=1)  # before the call: a function could change its argument
expect(differences(x)).shape(3, 6).close(expected, hint="Time is the second axis.")
expect(x).equal(before, hint="Do not change the caller's x.")
x.requires_grad_()
differences(x).square().sum().backward()
expect(x).gradient(hint="Compute with tensors from x to the result, or no gradient flows.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict first:** what are the differences of a straight line?

# %%
plots.lines({{"x": [0, 2, 4, 6], "d": differences(torch.tensor([[0.0, 2.0, 4.0, 6.0]]))[0].tolist()}},
            title="A line and its differences", xlabel="step", ylabel="value");

# %% [markdown]
# ## What you can now do
#
# - slice a sequence along its time axis
'''


ANSWERS = """\
# %% right="differences" name="torch.diff"
def differences(x):
    return torch.diff(x, dim=1)

# %% right="differences" name="step by step"
def differences(x):
    return torch.stack([x[:, t + 1] - x[:, t] for t in range(x.shape[1] - 1)], dim=1)

# %% wrong="differences" name="sign swapped" says="It is later minus earlier: what rises has d > 0."
def differences(x):
    return x[:, :-1] - x[:, 1:]

# %% wrong="differences" name="along the batch" says="Time is axis 1; axis 0 is the batch."
def differences(x):
    return torch.diff(x, dim=0) if len(x) > 1 else torch.diff(x, dim=1)

# %% wrong="differences" name="as long as x" says="The first step has none before it: T numbers have T-1 differences."
def differences(x):
    return torch.diff(x, dim=1, prepend=x[:, :1])

# %% wrong="differences" name="without the sign" says="What falls has d < 0; its size alone does not tell."
def differences(x):
    return torch.diff(x, dim=1).abs()

# %% wrong="differences" name="two steps apart" says="Neighbours are one step apart; this skips one."
def differences(x):
    return x[:, 2:] - x[:, :-2]

# %% wrong="differences" name="detached" says="`detach` cuts the result off from x, and no gradient flows."
def differences(x):
    return torch.diff(x, dim=1).detach()
"""


def make_stage(course: Course, slug: str) -> Stage:
    """Write the two texts of a new stage.

    Raises:
        CourseError: when the slug has the wrong form, or the stage is there already.
    """
    if not re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)*", slug):
        raise CourseError(Fault(slug, "is no name for a stage.", "Use two digits and words, such as 13_my_stage."))
    stage = Stage(course, slug)
    taken = [other.slug for other in course.stages() if other.slug.split("_")[0] == slug.split("_")[0]]
    if taken and not stage.folder.exists():
        raise CourseError(Fault(slug, f"has the number of {taken[0]}.", "Choose a number that is free."))
    if stage.folder.exists():
        raise CourseError(
            Fault(stage.place(stage.folder), "is there already.", "Choose another name, or edit that stage.")
        )
    number, _, words = slug.partition("_")
    stage.folder.mkdir(parents=True)
    title = words.replace("_", " ").capitalize()
    stage.text.write_text(NOTEBOOK.format(number=number, title=title), encoding="utf-8")
    stage.answers.write_text(ANSWERS, encoding="utf-8")
    return stage
