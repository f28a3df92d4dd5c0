"""A malformed stage: every fault is named, with place, fact and fix."""

from __future__ import annotations

import re

import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.stage.names import names
from autograder.stage.read import read_answers, read_stage

from .conftest import ROOT, edit

CHECK = '# %% check="differences-values" points=2\n'


def faults(stage: Stage) -> list[str]:
    with pytest.raises(CourseError) as caught:
        read_stage(stage)
    return [str(fault) for fault in caught.value.faults]


def test_a_new_stage_has_no_fault(mini: Stage) -> None:
    content = read_stage(mini)
    assert content.exercises == ["differences"]
    assert content.max_score == 2
    assert len(read_answers(mini, content)) == 8


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        (CHECK, '# %% check="other-values" points=2\n', 'check "other-values" belongs to no exercise'),
        (CHECK, '# %% check="differences" points=2\n', 'is no valid check id'),
        (CHECK, '# %% chek="differences-values" points=2\n', "unknown key 'chek'"),
        (CHECK, '# %% check="differences-values"\n', "has no points"),
        (CHECK, '# %% check="differences-values" points=0\n', "has points=0"),
        (CHECK, '# %% check="differences-values" points="two"\n', "has points='two'"),
        (CHECK, "# %%\n", 'exercise "differences" has no check'),
        (CHECK, CHECK + 'expect(differences(torch.zeros(1, 2))).shape(1, 1)\n\n' + CHECK, "is there twice"),
        (CHECK, '# %%\n\n' + CHECK, "the cell is empty"),
        ("### BEGIN SOLUTION\n", "", "### BEGIN SOLUTION and ### END SOLUTION are not in pairs"),
        ("    ### END SOLUTION\n", "", "are not in pairs"),
        ("### END HIDDEN TESTS\n", "", "are not in pairs"),
        ("### END HIDDEN TESTS\n", "### END HIDDEN TESTS\n\nexpect(1).equal(1)\n", "stands below the hidden test"),
        ("### END HIDDEN TESTS\n", "n = 1\nexpect(n).equal(1, hint=f'not {n}')\n### END HIDDEN TESTS\n",
         "a hint of the hidden test is made when it runs"),
        ("    ### BEGIN SOLUTION\n    return x[:, 1:] - x[:, :-1]  # [B, T-1]\n    ### END SOLUTION\n",
         "    return x\n", "has no solution"),
        ("plots.use_style()\n", "plots.use_style()\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\n",
         "hidden tests outside a check"),
        ("plots.use_style()\n", "plots.use_style()\n### BEGIN SOLUTION\n1\n### END SOLUTION\n",
         "a solution outside an exercise"),
        ("plots.use_style()\n", "plots.use_style(\n", "not valid Python"),
        ("plots.use_style()\n", "plots.use_style()\ndifferences\n", 'provided code uses the exercise "differences"'),
        ("def differences(x)", "def difference(x)", 'does not define differences'),
        ("torch.manual_seed(0)\n", "torch.manual_seed(start)\n", 'uses "start", which nothing above defines'),
        ('# %% exercise="differences"', '# %% exercise="differences" given="setup2"', "at once"),
        ('# %% exercise="differences"', '# %% exercise="differences" builds_on="nothing"', "which is no exercise"),
        ("expect(differences(torch.tensor([[1.0, 4.0, 6.0]]))).equal(torch.tensor([[3.0, 2.0]]), "
         'hint="Later minus earlier.")\n', "# only a comment\n", "is hidden as a whole"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_place_and_fix(mini: Stage, old: str, new: str, fact: str) -> None:
    edit(mini, old, new)
    found = faults(mini)
    assert any(fact in fault for fault in found), found
    for fault in found:
        place, _, rest = fault.partition(": ")
        assert place.startswith("solutions/12_my_stage/notebook.py:")
        assert rest.endswith(".")


def test_all_faults_are_named_at_once(mini: Stage) -> None:
    edit(mini, CHECK, '# %%\n\n# %% check="other-values"\n')
    edit(mini, "torch.manual_seed(0)", "torch.manual_seed(start)")
    found = " ".join(faults(mini))
    for fact in ("the cell is empty", "has no points", "belongs to no exercise", "has no check", 'uses "start"'):
        assert fact in found


@pytest.mark.parametrize("marker", ["### BEGIN HIDDEN TEST", "## BEGIN HIDDEN TESTS", "### Begin hidden tests"])
def test_a_marker_that_is_nearly_right_is_a_fault(mini: Stage, marker: str) -> None:
    """It would hand out the test that it should hide."""
    edit(mini, "### BEGIN HIDDEN TESTS", marker)
    assert any(f"{marker!r} is no marker" in fault for fault in faults(mini))


def test_a_check_may_not_define_anew_what_other_cells_use(mini: Stage) -> None:
    edit(mini, "plots.use_style()\n", "plots.use_style()\nx = 1\n")
    assert any('defines "x" anew' in fault for fault in faults(mini))


def test_a_marker_within_a_string_does_not_shift_the_line_numbers(mini: Stage) -> None:
    edit(mini, "plots.use_style()\n", 'plots.use_style()\ntext = """\n# %% no cell\n"""\n')
    edit(mini, "torch.manual_seed(0)", "torch.manual_seed(start)")
    line = next(n for n, line in enumerate(mini.text.read_text("utf-8").split("\n"), 1) if "check=" in line)
    assert any(f"notebook.py:{line}: uses" in fault for fault in faults(mini))


def test_a_byte_order_mark_does_no_harm(mini: Stage) -> None:
    mini.text.write_text(mini.text.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert read_stage(mini).cells[0].kind == "prose"


def test_a_later_cell_may_not_use_what_a_check_defines(mini: Stage) -> None:
    edit(mini, "# %% [markdown]\n# **Predict first:**", "# %%\nprint(x.shape)\n\n# %% [markdown]\n# **Predict first:**")
    assert 'uses "x", which check "differences-values"' in faults(mini)[0]


def test_the_graded_path_may_not_use_what_a_demonstration_defines(mini: Stage) -> None:
    edit(mini, '# %% exercise="differences"', '# %%\nnumbers = 3\n\n# %% exercise="differences"')
    edit(mini, "torch.manual_seed(0)", "torch.manual_seed(numbers)")
    assert 'uses "numbers", which the demonstration' in faults(mini)[0]


def test_using_another_exercise_must_be_declared(mini: Stage) -> None:
    second = (
        '# %% exercise="twice"\ndef twice(x):\n    ### BEGIN SOLUTION\n    return differences(differences(x))\n'
        '    ### END SOLUTION\n\n# %% check="twice-values" points=1\nexpect(twice(torch.zeros(1, 3))).shape(1, 1)\n'
    )
    mini.text.write_text(mini.text.read_text(encoding="utf-8") + "\n" + second, encoding="utf-8")
    assert '"twice" uses the exercise "differences". Declare it: builds_on="differences"' in faults(mini)[0]
    edit(mini, '# %% exercise="twice"', '# %% exercise="twice" builds_on="differences"')
    assert read_stage(mini).exercises == ["differences", "twice"]
    edit(mini, "return differences(differences(x))", "return x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]")
    told = faults(mini)[0]
    assert 'neither "twice" nor its checks use the exercise "differences". Take it out of builds_on.' in told


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        ('right="differences"', 'rigth="differences"', "neither a right nor a wrong answer"),
        ('right="differences"', 'right="difference"', 'there is no exercise "difference"'),
        (' name="torch.diff"', "", "has no name"),
        ('name="along the batch"', 'name="sign swapped"', "is there twice"),
        (' says="It is later minus earlier: what rises has d > 0."', "", "says nothing"),
        ('right="differences"', 'wrong="differences" says="No."', "has no right answer"),
    ],
)
def test_a_fault_of_the_catalogue_is_named(mini: Stage, old: str, new: str, fact: str) -> None:
    text = mini.answers.read_text(encoding="utf-8")
    assert old in text
    mini.answers.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        read_answers(mini, read_stage(mini))
    assert any(fact in str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize("stage", Course(ROOT).stages(), ids=lambda stage: stage.slug)
def test_running_an_earlier_section_again_changes_no_later_demonstration(stage: Stage) -> None:
    section, given, found = "", dict[str, set[str]](), set[str]()
    for cell in read_stage(stage).cells:
        if cell.kind == "prose":
            section = [section, *re.findall(r"(?m)^## (.+)", cell.source)][-1]
        elif cell.kind == "demo":
            defined, used = names(cell.source)
            found |= {name for name in used - defined if len(given.get(name, ())) > 1}
            for name in defined:
                given.setdefault(name, set()).add(section)
    assert {name for name in found if name.startswith("demo_")} == set()


def test_names_sees_through_functions_and_comprehensions() -> None:
    defined, used = names("import a.b\ndef f(x):\n    return [g(y) for y in x]\nclass C(D):\n    z = h\nk = 1")
    assert defined == {"a", "f", "C", "k"}
    assert {"g", "D", "h"} <= used
    assert not {"x", "y", "z"} & used
