"""Attacks by the notebook as a file: its metadata, cells and outputs, and what lies beside it. Graded as a class is."""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.course.layout import Stage
from autograder.feedback.report import write
from autograder.gradebook.results import ClassResult
from autograder.grading.grade import grade
from autograder.intake.read import read_notebook
from autograder.run.sandbox.bwrap import available
from autograder.stage.read import read_stage

from .catalogue import RIGHT, WRONG
from .conftest import CANARY, SECRETS

WORKS, REASON = available()
pytestmark = pytest.mark.skipif(not WORKS, reason=REASON)

Notebook = dict[str, Any]
SCRIPT = "<script>alert('attack_4471')</script>"
BREAK = "\"><img src=x onerror=alert('attack_4471')>"


@dataclass(frozen=True)
class Attack:
    """What is done to a submission whose answer is wrong, or right. `score` and `status` are what it deserves."""

    name: str
    tries: str
    change: Callable[[Notebook], Any]
    source: str = WRONG
    score: float = 0
    status: tuple[str, ...] = ("graded", "repaired")


def cell(notebook: Notebook, name: str) -> Notebook:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def code(source: str, **metadata: Any) -> Notebook:
    return {"cell_type": "code", "id": "extra", "metadata": metadata, "source": source, "outputs": [],
            "execution_count": None}  # fmt: skip


def told(notebook: Notebook, name: str = "differences-values") -> Notebook:
    return dict(cell(notebook, name)["metadata"]["nbgrader"])


def drop(notebook: Notebook, *names: str) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") not in names]


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def forged_outputs(notebook: Notebook) -> None:
    for c in notebook["cells"]:
        if c["cell_type"] == "code":
            c["execution_count"] = 1
            c["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
                             "data": {"text/plain": "2"}}]  # fmt: skip


def check_first(notebook: Notebook) -> None:
    check = cell(notebook, "differences-values")
    notebook["cells"].remove(check)
    notebook["cells"].insert(0, check)


def twice(notebook: Notebook, first: bool) -> None:
    """A second check of the same id, with nothing in it."""
    check = cell(notebook, "differences-values")
    copy = code("pass", nbgrader=told(notebook))
    notebook["cells"].insert(notebook["cells"].index(check) + (0 if first else 1), copy)


def renamed(notebook: Notebook) -> None:
    """The exercise poses as the check, and the check as the exercise."""
    exercise, check = cell(notebook, "differences"), cell(notebook, "differences-values")
    exercise["metadata"], check["metadata"] = check["metadata"], exercise["metadata"]


def set_meta(name: str, **changes: Any) -> Callable[[Notebook], None]:
    return lambda notebook: cell(notebook, name)["metadata"]["nbgrader"].update(changes)


def odd(value: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"].append(code("1", nbgrader=value))


SHOWS = f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
for data in ({{"text/html": {SCRIPT!r}}}, {{"image/svg+xml": "<svg onload=alert('attack_4471')>" + {SCRIPT!r} + "</svg>"}},
             {{"application/javascript": "alert('attack_4471')"}}, {{"text/markdown": {SCRIPT!r}}},
             {{"text/latex": "$" + {BREAK!r} + "$"}}, {{"image/png": {BREAK!r}}}, {{"image/jpeg": {BREAK!r}}},
             {{"text/plain": {SCRIPT!r}}}, {{"application/vnd.jupyter.widget-view+json": {{"model_id": {BREAK!r}}}}}):
    display(data, raw=True, metadata={{name: {{"width": {BREAK!r}, "height": {BREAK!r}, "alt": {BREAK!r}}} for name in data}})
print({SCRIPT!r}, {BREAK!r})
raise ValueError({SCRIPT!r} + {BREAK!r})
"""

ATTACKS = [
    Attack("execution skipped", "Tag every cell so that nbgrader does not run it.",
           lambda n: [c["metadata"].update(tags=["skip-execution", "raises-exception"]) for c in n["cells"]]),
    Attack("points changed", "Make the check worth a million.", set_meta("differences-values", points=1e6)),
    Attack("points of a right answer changed", "Make the check worth more, where it passes.",
           set_meta("differences-values", points=1e6), RIGHT, 2),
    Attack("check no longer graded", "Say that the check is no check.", set_meta("differences-values", grade=False)),
    Attack("check that may be edited", "Say that the check is the student's own.",
           set_meta("differences-values", locked=False, solution=True, task=True)),
    Attack("check edited", "Empty the check.", lambda n: cell(n, "differences-values").update(source="pass")),
    Attack("check deleted", "Hand in without the check.", lambda n: drop(n, "differences-values")),
    Attack("all of the stage deleted", "Hand in without any of the stage's cells.",
           lambda n: drop(n, "setup", "differences", "differences-values"), status=("failed",)),
    Attack("check before its exercise", "Run the check where nothing is defined yet.", check_first),
    Attack("check twice", "Add an empty check of the same id behind it.", lambda n: twice(n, False)),
    Attack("check twice, the false one first", "Add an empty check of the same id before it.", lambda n: twice(n, True)),
    Attack("check turned into text", "Make the check a cell that is not run.",
           lambda n: cell(n, "differences-values").update(cell_type="raw")),
    Attack("ids exchanged", "Let the exercise pose as the check.", renamed),
    Attack("checks of one's own", "Add checks of other names that pass.",
           lambda n: n["cells"].append(code("pass", nbgrader=told(n) | {"grade_id": "differences-extra", "points": 99}))),
    Attack("given cell edited", "Patch the given cell: its expect holds for everything.",
           lambda n: cell(n, "setup").update(source="class E:\n    def __getattr__(self, n): return lambda *a, **k: self\n"
                                                    "expect = lambda *a: E()\nimport torch\nplots = E()")),
    Attack("outputs forged", "Hand in outputs that say 2 points.", forged_outputs),
    Attack("outputs forged in a blank one", "The same, with nothing written.", forged_outputs,
           "def differences(x):\n    raise NotImplementedError\n"),
    Attack("a kernel of one's own", "Name a kernel, and a language, that run another program.",
           lambda n: n["metadata"].update(kernelspec={"name": "evil", "display_name": "x", "argv": ["/bin/true"]},
                                          language_info={"name": "bash"}, autograder={"sandbox": "none", "score": 9})),
    Attack("attachments", "Attach a file that is no picture.",
           lambda n: n["cells"][0].update(attachments={"../../x.html": {"text/html": SCRIPT}})),
    Attack("enormous metadata", "Add 5 MB of metadata.", lambda n: n["metadata"].update(x="x" * 5_000_000), RIGHT, 2),
    Attack("deep metadata", "Nest metadata 900 times.", lambda n: n["metadata"].update(x=nested(900)), RIGHT, 2,
           ("graded", "repaired", "failed")),
    Attack("cells without number", "Add 3,000 cells.",
           lambda n: n["cells"].extend({**code(""), "id": f"x{i}"} for i in range(3000)), RIGHT, 2,
           ("graded", "repaired", "failed")),
    Attack("metadata of another type", "Make nbgrader's metadata a number.", odd(5), RIGHT, 2),
    Attack("metadata that is null", "Make nbgrader's metadata null.", odd(None), RIGHT, 2),
    Attack("an id of another type", "Make an id a list.", odd({"grade_id": ["x"]}), RIGHT, 2),
    Attack("an id with a path", "Make an id a path.", odd({"grade_id": "../../../x", "grade": True, "points": 9}), RIGHT, 2),
    Attack("a version from the future", "Say that the metadata is of a later nbgrader.",
           set_meta("differences-values", schema_version=99)),
    Attack("text that is no Unicode", "Write half a character into a cell.",
           lambda n: n["cells"].append(code("x = '\ud800'")), RIGHT, 2, ("graded", "repaired", "failed")),
    Attack("an error that is no Unicode", "Raise an error with half a character.", lambda n: None,
           "def differences(x):\n    raise ValueError('\\ud800')\n"),
    Attack("output that is no Unicode", "Print and show half a character.",
           lambda n: None, "print('\\ud800')\n" + RIGHT + "'\\ud800'", 2),
    Attack("a name that is no Unicode", "Hide half a character in metadata.", lambda n: n["metadata"].update(x="\ud800"),
           RIGHT, 2),
    Attack("outputs nested without bottom", "Display JSON that is nested 400 times.", lambda n: None,
           RIGHT + "from IPython.display import display\nv = []\nfor _ in range(400): v = [v]\n"
           "display({'application/json': v}, raw=True)", 2),
    Attack("scripts", "Show scripts in every kind of output.", lambda n: n["cells"].append(code(SHOWS)), RIGHT, 2),
    Attack("scripts in a message", "Let a check's message hold a script, and break the table.", lambda n: None,
           f"def differences(x):\n    raise ValueError({SCRIPT!r} + '| 2 of 2 | passed |\\\\|\\n\\n# x' + {BREAK!r})\n"),
    Attack("scripts in text", "Write scripts into a text cell and an id.",
           lambda n: n["cells"].extend([{"cell_type": "markdown", "id": "x", "metadata": {}, "source": SCRIPT},
                                        code(SCRIPT, nbgrader={"grade_id": SCRIPT})]), RIGHT, 2),
    Attack("no notebook", "Hand in something else that is JSON.", lambda n: (n.clear(), n.update(cells="x")), RIGHT, 0,
           ("failed",)),
    Attack("nothing", "Hand in an empty object.", lambda n: n.clear(), RIGHT, 0, ("failed",)),
    Attack("the hidden test asked for", "Print the notebook that is graded, its folder, and the gradebook.",
           lambda n: n["cells"].append(code("import autograder, glob\nplace = autograder.__path__[0]\n!cat *.ipynb ../*.ipynb $place/../*/*\nprint(glob.glob('/**/*.ipynb'))\n"
                                            "print(In)")), RIGHT, 2),
]  # fmt: skip


def handed_in(stage: Stage, source: str) -> Notebook:
    notebook: Notebook = json.loads(stage.released.read_text(encoding="utf-8"))
    cell(notebook, "differences")["source"] = source
    return notebook


def a_class(stage: Stage, folder: Path) -> Path:
    """Two students who do no harm."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "bob.ipynb").write_text(json.dumps(handed_in(stage, RIGHT)))
    shutil.copy(stage.released, folder / "eve.ipynb")
    return folder


def others_are_well(stage: Stage, result: ClassResult) -> None:
    assert (result.students["bob"].score, result.students["bob"].status) == (2, "graded")
    assert (result.students["eve"].score, result.students["eve"].status) == (0, "graded")
    assert all(0 <= r.score <= 2 for r in result.students.values())
    with Gradebook(f"sqlite:///{stage.course.gradebook}") as book:
        scores = {s.student_id: s.score for s in book.find_assignment(stage.slug).submissions}
    graded = {name: told.score for name, told in result.students.items() if told.status != "ungraded"}
    assert scores.items() >= graded.items()


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
@pytest.mark.filterwarnings("ignore:Your element with mimetype")
@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
def test_a_notebook_gains_nothing(stage: Stage, tmp_path: Path, attack: Attack) -> None:
    folder = a_class(stage, tmp_path / "class")
    notebook = handed_in(stage, attack.source)
    attack.change(notebook)
    (folder / "mallory.ipynb").write_text(json.dumps(notebook))
    result = grade(stage, folder)
    others_are_well(stage, result)
    mallory = result.students["mallory"]
    assert mallory.status in attack.status, mallory.reason
    assert mallory.score == (0 if mallory.status == "failed" else attack.score), mallory
    page = stage.course.work / "feedback" / "mallory" / stage.slug / f"{stage.slug}.html"
    assert not mallory.no_page
    text = page.read_text(encoding="utf-8")
    if mallory.status == "failed":
        assert mallory.reason and "could not be graded" in text
    assert [secret for secret in SECRETS if secret in text] == []
    assert "<script>alert" not in text and "<img src=x onerror" not in text and "<svg onload" not in text
    assert text.count("attack_4471") < 100 and page.stat().st_size < 5 << 20
    assert [s for s in SECRETS if s in json.dumps(mallory.as_json())] == []


@pytest.mark.usefixtures("one_worker")
def test_checks_deleted_on_resubmission_keep_no_mark(stage: Stage, tmp_path: Path) -> None:
    folder = a_class(stage, tmp_path / "class")
    (folder / "mallory.ipynb").write_text(json.dumps(handed_in(stage, RIGHT)))
    assert grade(stage, folder).students["mallory"].score == 2
    for change in (lambda n: drop(n, "differences-values"), lambda n: drop(n, "differences"), lambda n: n.clear()):
        notebook = handed_in(stage, WRONG)
        change(notebook)
        (folder / "mallory.ipynb").write_text(json.dumps(notebook))
        result = grade(stage, folder)
        others_are_well(stage, result)
        assert result.students["mallory"].score == 0


@pytest.mark.usefixtures("one_worker")
def test_what_lies_beside_a_notebook_is_not_read(stage: Stage, tmp_path: Path) -> None:
    """Settings, start-up files, modules, a time stamp: none is run, and none is believed."""
    folder = a_class(stage, tmp_path / "class")
    own = folder / "mallory"
    own.mkdir()
    touch = f"open({str(tmp_path / 'reached')!r}, 'w').close()\n"
    for name in (
        "nbgrader_config.py",
        "torch.py",
        "sitecustomize.py",
        "ipython_config.py",
        "autograder.py",
        "conftest.py",
    ):
        (own / name).write_text(touch)
    (own / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")
    (own / ".ipython").mkdir()
    (own / f"{stage.slug}.ipynb").write_text(json.dumps(handed_in(stage, WRONG)))
    result = grade(stage, folder)
    others_are_well(stage, result)
    assert result.students["mallory"].score == 0
    assert not (tmp_path / "reached").exists()
    submitted = stage.course.work / "submitted" / "mallory" / stage.slug
    assert [p.name for p in submitted.iterdir()] == [f"{stage.slug}.ipynb"]


@pytest.mark.usefixtures("one_worker")
def test_links_are_not_followed(stage: Stage, tmp_path: Path) -> None:
    folder = a_class(stage, tmp_path / "class")
    (folder / "mallory.ipynb").symlink_to(stage.source)
    (folder / "trudy").mkdir()
    (folder / "trudy" / f"{stage.slug}.ipynb").symlink_to(stage.source)
    (folder / "oscar").symlink_to(stage.source.parent)
    (folder / "peggy.ipynb").mkdir()
    result = grade(stage, folder)
    others_are_well(stage, result)
    for name in ("mallory", "trudy", "oscar"):
        assert (result.students[name].score, result.students[name].status) == (0, "failed")
        assert result.students[name].reason
    for path in (stage.course.work / "submitted").rglob("*.ipynb"):
        assert not path.is_symlink() and CANARY not in path.read_text(encoding="utf-8")


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "mallory.ipynb"
    os.mkfifo(pipe)
    told: list[Any] = []
    reader = threading.Thread(target=lambda: told.extend(read_notebook(pipe)), daemon=True)
    reader.start()
    reader.join(3)
    ended = not reader.is_alive()
    if not ended:
        pipe.write_text("{}")  # let it go
    assert ended
    assert told[0] is None and told[2]


@pytest.mark.usefixtures("one_worker")
def test_names_in_a_zip_stay_in_their_folder(stage: Stage, tmp_path: Path) -> None:
    names = ["../evil.ipynb", "/tmp/evil_4471.ipynb", "a/../../evil.ipynb", "..\\evil.ipynb", "mallory.ipynb",
             "-rf.ipynb", "a b;c&d.ipynb", "%s{0}[ab]*.ipynb", "$\\frac{x.ipynb", "[red]x.ipynb", "' or 1=1 --.ipynb",
             f"{'x' * 200}.ipynb"]  # fmt: skip
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), json.dumps(handed_in(stage, WRONG)))
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(stage.source))
        for name in ("bob", "eve"):
            archive.write(a_class(stage, tmp_path / "class") / f"{name}.ipynb", f"{name}.ipynb")
    before = {p for p in tmp_path.parent.rglob("*evil*")}
    result = grade(stage, tmp_path / "class.zip")
    others_are_well(stage, result)
    assert result.students["mallory"].score == 0
    assert result.students["link"].status == "failed"
    assert {p for p in tmp_path.parent.rglob("*evil*")} == before
    assert not Path("/tmp/evil_4471.ipynb").exists()
    inside = stage.course.work.resolve()
    assert all(p.resolve().is_relative_to(inside) for p in inside.rglob("*.ipynb"))
    outside = {name for name, told in result.students.items() if told.status == "ungraded"}
    assert outside == {name for name in result.students if "evil" in name} and len(outside) == 3, "no mark, and told"
    assert not any(told.no_page for told in result.students.values()), "each other one has its page"
    assert all(path.is_file() for path in write(stage, read_stage(stage), result, tmp_path / "report"))


@pytest.mark.usefixtures("one_worker")
def test_a_zip_that_is_a_bomb_is_not_unpacked(stage: Stage, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("mallory.ipynb", "w", force_zip64=True) as file:
            for _ in range(150):
                file.write(bytes(1 << 20))
        for name in ("bob", "eve"):
            archive.write(a_class(stage, tmp_path / "class") / f"{name}.ipynb", f"{name}.ipynb")
    result = grade(stage, tmp_path / "class.zip")
    others_are_well(stage, result)
    assert result.students["mallory"].status == "failed"
    assert "larger" in result.students["mallory"].reason


@pytest.mark.usefixtures("one_worker")
def test_the_secret_is_in_the_source_and_in_nothing_that_students_get(stage: Stage) -> None:
    assert CANARY in stage.source.read_text(encoding="utf-8")
    assert CANARY not in stage.released.read_text(encoding="utf-8")
