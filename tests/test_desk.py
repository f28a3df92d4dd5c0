"""The panel's server side, and the bundle of its browser side."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build.write import build
from autograder.cli.jupyterlab import FOR_STUDENTS, command
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.desk import bundle, checker, options
from autograder.desk.session import Session
from autograder.own.state import glance
from autograder.run.job import Job, JobCell
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker

from .conftest import ROOT, edit, run, wait
from .test_check import ONLY_VISIBLE, RIGHT, SECOND, SWAPPED, write

PLACE = "notebooks/12_my_stage/12_my_stage.ipynb"
ENDLESS = "import time\n\ndef differences(x):\n    time.sleep(1000)"


def checked(session: Session, place: str = PLACE) -> dict[str, Any]:
    """The notebook after a check."""
    session.check(place)
    wait(lambda: session.look(place)["running"] is None)
    return session.look(place)


def only(view: dict[str, Any]) -> dict[str, Any]:
    (exercise,) = view["exercises"]
    return exercise


@pytest.fixture
def session(mini: Stage, warm: Callable[[str], Worker], monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Of a server on the mini course; its worker is the one that other tests use."""
    build(mini)

    def worker(sandbox: str, **_: Any) -> Worker:
        shared = warm("bwrap" if available()[0] else "none")
        for end in ("close", "hang_up"):
            monkeypatch.setattr(shared, end, lambda: None, raising=False)
        return shared

    monkeypatch.setattr(checker, "Worker", worker)
    session = Session(mini.course.root)
    yield session
    session.close()


def test_an_exercise_from_blank_to_all_passed(mini: Stage, session: Session) -> None:
    view = session.look(PLACE)
    assert (only(view)["state"], view["hidden"], view["next"], view["max"]) == ("blank", True, "differences", 2)
    write(mini, SWAPPED)
    assert only(session.look(PLACE))["state"] == "changed"
    bytes_before = mini.released.read_bytes()
    told = only(checked(session))
    assert told["state"] == "failed" and told["section"] == "12.1 Differences in time"
    assert "expected:" in told["message"] and "differences(" in told["message"]
    assert told["misconception"] == "It is later minus earlier: what rises has d > 0." and told["likely_cause"] == ""
    assert told["hints"] == ["Two slices of the same tensor: all but the first step, all but the last one."]
    assert mini.released.read_bytes() == bytes_before
    write(mini, ONLY_VISIBLE)  # the hidden part finds it, and says nothing of it but the author's hint
    told = only(checked(session))
    assert told["state"] == "failed" and "torch.randn" not in json.dumps(told)
    write(mini, RIGHT)
    view = checked(session)
    assert (only(view)["state"], view["score"], view["next"]) == ("done", 2, "")
    (stage,) = session.overview()["stages"]
    assert (stage["done"], stage["score"], stage["path"], stage["title"]) == (1, 2, PLACE, "12 · My stage")


def test_what_was_found_is_there_again_in_the_next_server(mini: Stage, session: Session) -> None:
    write(mini, SWAPPED)
    checked(session)
    again = Session(mini.course.root)
    told = only(again.look(PLACE))
    assert told["state"] == "failed" and len(told["hints"]) == 1 and told["message"] == ""
    write(mini, RIGHT)
    assert only(again.look(PLACE))["state"] == "changed"
    again.close()


def test_without_solutions_the_words_are_honest_and_nothing_can_be_shown(mini: Stage, session: Session) -> None:
    shutil.rmtree(mini.folder.parent)
    write(mini, ONLY_VISIBLE)
    view = checked(session)
    assert (only(view)["state"], view["hidden"], view["passed"], view["checks"]) == ("visible", False, 1, 1)
    write(mini, SWAPPED)
    told = only(checked(session))
    assert (told["state"], told["way_past"], told["misconception"]) == ("failed", "", "")
    with pytest.raises(CourseError, match="no solution that can be shown"):
        session.solution(PLACE, "differences")


def test_hints_come_one_at_a_time_and_after_a_try(mini: Stage, session: Session) -> None:
    edit(mini, "one.</details>", "one.</details>\n# <details><summary>Hint 2</summary>\n# Minus.</details>")
    build(mini)
    with pytest.raises(CourseError, match="no check that failed yet"):
        session.hint(PLACE, "differences")
    write(mini, SWAPPED)
    told = only(checked(session))
    assert (len(told["hints"]), told["more_hints"]) == (1, 1)
    told = only(session.hint(PLACE, "differences"))
    assert (told["hints"][1], told["more_hints"]) == ("Minus.", 0)
    assert len(only(session.hint(PLACE, "differences"))["hints"]) == 2
    with pytest.raises(CourseError, match="is no exercise of"):
        session.hint(PLACE, "sums")


def test_the_solution_comes_after_a_try_and_costs_the_points(mini: Stage, session: Session) -> None:
    with pytest.raises(CourseError, match="no check that failed yet"):
        session.solution(PLACE, "differences")
    write(mini, SWAPPED)
    assert only(checked(session))["way_past"] == "solution"
    view = session.solution(PLACE, "differences")
    assert "return x[:, 1:] - x[:, :-1]" in view["solution"]["text"] and "###" not in view["solution"]["text"]
    assert only(view)["solution_shown"] and not view["solution"]["cell"]
    write(mini, RIGHT)
    view = checked(session)
    assert (only(view)["state"], view["score"], only(view)["solution_shown"]) == ("done", 0, True)
    (stage,) = glance(mini.course)
    assert (stage.done, stage.score, stage.points) == (1, 0, 2)
    assert "no points" in " ".join(run("check", cwd=mini.course.root).stdout.split())  # and so says the command


def test_where_references_are_handed_out_a_cell_takes_one(mini: Stage, session: Session) -> None:
    (mini.folder.parent / "settings.toml").write_text("references = true\n")
    build(mini)
    shutil.rmtree(mini.folder.parent)
    write(mini, SWAPPED)
    assert only(checked(session))["way_past"] == "reference"
    before = mini.released.read_bytes()
    told = session.solution(PLACE, "differences")["solution"]
    assert 'reference("differences")' in told["cell"] and not told["text"]
    assert mini.released.read_bytes() == before
    code = f"import os; os.chdir({str(mini.released.parent)!r})\n{told['cell']}\nassert callable(differences)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_mistake_keeps_its_name_while_another_exercise_is_written(mini: Stage, session: Session) -> None:
    edit(mini, "# %% [markdown]\n# ## What you can now do\n", SECOND)
    build(mini)
    write(mini, SWAPPED)
    checked(session)
    write(mini, "def total(x):\n    return x.sum()", "total")
    first, second = checked(session)["exercises"]
    assert first["misconception"] == "It is later minus earlier: what rises has d > 0."
    assert (second["state"], second["mend_first"]) == ("failed", [])
    write(mini, "def total(x):\n    return differences(x).sum()", "total")
    second = checked(session)["exercises"][1]
    assert second["mend_first"] == ["differences"]


@pytest.mark.parametrize(
    ("place", "fact"),
    [
        ("../elsewhere.ipynb", "is not in the folder of the course"),
        ("/../../etc/passwd", "is not in the folder of the course"),
        ("notebooks/link.ipynb", "is not in the folder of the course"),
        ("notebooks/gone.ipynb", "is not there"),
        ("notebooks/mine.ipynb", "does not say which stage it is of"),
        ("", "is more than one stage|is no stage"),
        ("course.py", "is no stage"),
    ],
)
def test_what_is_no_notebook_of_the_course_is_refused(mini: Stage, session: Session, place: str, fact: str) -> None:
    outside = mini.course.root.parent / "elsewhere.ipynb"
    shutil.copy(mini.released, outside)
    (mini.course.root / "notebooks" / "link.ipynb").symlink_to(outside)
    shutil.copy(mini.released, mini.course.root / "notebooks" / "mine.ipynb")
    for do in (session.look, session.check, session.stop):
        with pytest.raises(CourseError, match=fact) as error:
            do(place)
        assert str(mini.course.root) not in str(error.value)


def test_a_torn_file_is_told_and_loses_nothing(mini: Stage, session: Session) -> None:
    write(mini, SWAPPED)
    whole = only(checked(session))
    data = mini.released.read_bytes()
    mini.released.write_bytes(data[: len(data) // 2])
    with pytest.raises(CourseError):
        session.look(PLACE)
    with pytest.raises(CourseError):
        session.check(PLACE)
    mini.released.write_bytes(data)
    wait(lambda: session.look(PLACE)["running"] is None)
    assert only(session.look(PLACE)) == whole


def test_a_notebook_without_labels_is_told(mini: Stage, session: Session) -> None:
    shutil.rmtree(mini.folder.parent)
    notebook = nbformat.read(mini.released, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    nbformat.write(notebook, mini.released)
    with pytest.raises(CourseError, match="has lost its grading labels"):
        session.look(PLACE)


def test_a_save_during_a_check_is_checked_too(mini: Stage, session: Session) -> None:
    write(mini, "import time\n\ndef differences(x):\n    time.sleep(0.3)\n    return x")
    session.check(PLACE)
    wait(lambda: (session.look(PLACE)["running"] or {}).get("doing") == "checking")
    write(mini, RIGHT)
    session.check(PLACE)  # another tab asks for the same
    wait(lambda: session.look(PLACE)["running"] is None)
    assert only(session.look(PLACE))["state"] == "done"


def test_a_change_of_the_stage_is_seen(mini: Stage, session: Session) -> None:
    write(mini, RIGHT)
    assert checked(session)["max"] == 2
    edit(mini, "points=2", "points=3")
    assert checked(session)["max"] == 3


def test_without_a_sandbox_a_notebook_from_elsewhere_is_not_run(
    mini: Stage, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "available", lambda: (False, "not installed"))
    other = mini.course.root / "12_my_stage.ipynb"
    shutil.copy(mini.released, other)
    with pytest.raises(CourseError, match="no sandbox here"):
        session.check(other.name)
    write(mini, RIGHT)
    assert only(checked(session))["state"] == "done"  # one's own


def test_what_was_fetched_from_an_exchange_into_a_bare_home_is_checked(
    mini: Stage, session: Session, tmp_path: Path
) -> None:
    write(mini, SWAPPED)
    home = tmp_path / "home"
    shutil.copytree(mini.released.parent, home / mini.slug)
    bare = Session(home)
    try:
        view = checked(bare, "12_my_stage/12_my_stage.ipynb")
        assert (only(view)["state"], view["hidden"]) == ("failed", False)
        assert bare.overview() == {"stages": [], "next": ""}
        with pytest.raises(CourseError, match="not in the folder"):
            bare.look(f"../{mini.course.root.name}/{PLACE}")
    finally:
        bare.close()


def test_a_worker_tells_how_far_it_is(warm: Callable[[str], Worker]) -> None:
    cells = [JobCell("student", "one", "x = 1"), JobCell("student", "two", "y = 2"), JobCell("check", "x-is", "x")]
    told: list[int] = []
    result = warm("bwrap" if available()[0] else "none").run(Job(cells, ["x"]), told.append)
    assert told == sorted(told) and told[-1] == 3 and len(result.cells) == 2


@pytest.mark.slow
def test_stop_ends_the_check_and_the_next_one_works(mini: Stage) -> None:
    build(mini)
    session = Session(mini.course.root)
    try:
        write(mini, SWAPPED)
        before = only(checked(session))
        write(mini, ENDLESS)
        session.check(PLACE)
        running = wait(lambda: (it := session.look(PLACE)["running"]) and it["at"] == "differences-values" and it)
        assert running["total"] > running["done"] > 0
        forkserver = session.checker.pid
        session.stop(PLACE)
        wait(lambda: session.look(PLACE)["running"] is None, 15)
        assert only(session.look(PLACE))["state"] == "changed"
        assert "was stopped in differences-values, after" in session.look(PLACE)["fault"]["fact"]
        write(mini, SWAPPED)  # what was known stays known
        assert only(session.look(PLACE)) == before
        write(mini, RIGHT)
        assert only(checked(session))["state"] == "done"
        assert session.checker.pid == forkserver  # torch was not imported again
    finally:
        session.close()
    assert not Path(f"/proc/{forkserver}").exists() or sys.platform != "linux"


# Over HTTP.


@contextlib.contextmanager
def serve(root: Path, home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Jupyter server with the extension and no other. The token is `test`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}", "--IdentityProvider.token=test"]
    words += ["--ServerApp.open_browser=False", "--allow-root", *options()]
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_NO_CONFIG": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *words], env=environment, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/api/status?token=test", timeout=5).close()
            return True
        return False

    try:
        wait(up)
        yield address, process
    finally:
        process.terminate()
        process.wait(40)


def ask(address: str, body: Any = None, token: str = "test", **headers: str) -> tuple[int, dict[str, Any]]:
    told = {"Authorization": f"token {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, told | headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {}


def test_over_http_for_whoever_may_use_the_server_and_its_processes_end_with_it(mini: Stage, tmp_path: Path) -> None:
    build(mini)
    write(mini, SWAPPED)
    with serve(mini.course.root, tmp_path) as (address, process):
        notebook = f"{address}/autograder/notebook?path={PLACE}"
        assert ask(notebook, token="")[0] == 403
        assert ask(f"{address}/autograder/check", {"path": PLACE}, token="")[0] == 403
        assert ask(f"{address}/autograder/check", {"path": PLACE}, token="wrong")[0] == 403
        # A page elsewhere has the user's cookies and not the token against forgery.
        with urllib.request.urlopen(f"{address}/login?token=test") as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
        assert ask(f"{address}/autograder/check", {"path": PLACE}, token="", Cookie=cookie)[0] == 403

        assert children(process.pid) == set()  # nothing is started before somebody opens the panel
        status, view = ask(notebook)
        assert status == 200 and only(view)["state"] == "changed" and children(process.pid) == set()
        assert ask(f"{address}/autograder/check", {"path": 3})[0] == 400
        assert ask(f"{address}/autograder/check", ["path"])[0] == 400
        status, told = ask(f"{address}/autograder/check", {"path": "../x.ipynb"})
        assert status == 200 and told["refused"]["fact"] == "is not in the folder of the course."
        assert ask(f"{address}/autograder/remove", {"path": PLACE})[0] == 404

        assert ask(f"{address}/autograder/course")[1]["next"] == "12_my_stage"
        started = wait(lambda: children(process.pid))
        assert ask(f"{address}/autograder/check", {"path": PLACE})[0] == 200
        wait(lambda: ask(notebook)[1]["running"] is None)
        assert only(ask(notebook)[1])["state"] == "failed"
        assert only(ask(f"{address}/autograder/hint", {"path": PLACE, "exercise": "differences"})[1])["hints"]
        status, told = ask(f"{address}/autograder/solution", {"path": PLACE, "exercise": "differences"})
        assert status == 200 and "return" in told["solution"]["text"]
    wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), 10)


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_no_process(mini: Stage, tmp_path: Path) -> None:
    build(mini)
    write(mini, ENDLESS)
    with serve(mini.course.root, tmp_path) as (address, process):
        ask(f"{address}/autograder/check", {"path": PLACE})
        wait(lambda: (ask(f"{address}/autograder/notebook?path={PLACE}")[1]["running"] or {}).get("at"))
        started = children(process.pid)
        assert started
        process.send_signal(signal.SIGKILL)
        wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), 15)


def children(pid: int) -> set[int]:
    """All processes below one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {pid}
    while new := {child for child, parent in parents.items() if parent in new}:
        found |= new
    return found


def test_the_extension_is_loaded_without_what_checks_need() -> None:
    code = (
        "import sys, autograder.desk.server, autograder.desk\n"
        "loaded = {m for m in sys.modules if m.startswith(('autograder.', 'nbgrader', 'torch', 'nbconvert'))}\n"
        "print(sorted(loaded - {'autograder.desk', 'autograder.desk.server', 'autograder.course'"
        ", 'autograder.course.faults'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The lab, and the bundle.


def test_long_lines_of_code_are_wrapped_beside_the_panel(mini: Stage) -> None:
    _, environment = command(mini.course, False, ())
    folder = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0]) / "labconfig"
    ((name, told),) = json.loads((folder / "default_setting_overrides.json").read_text()).items()
    package, _, schema = name.rpartition(":")
    known = json.loads((Path(sys.prefix) / "share/jupyter/lab/schemas" / package / f"{schema}.json").read_text())
    default = known["properties"]["codeCellConfig"]["default"]
    assert told["codeCellConfig"] == default | {"lineWrap": True} != default  # JupyterLab takes it in place of its own


def test_a_student_sees_check_in_place_of_nbgraders_validate(mini: Stage) -> None:
    page = mini.course.work / "jupyter" / "student" / "labconfig" / "page_config.json"
    words, _ = command(mini.course, False, ())
    assert set(options()) < set(words)
    disabled = json.loads(page.read_text())["disabledExtensions"]
    assert disabled["@jupyter/nbgrader:validate-assignment"] is True
    scripts = Path(sys.prefix, "share/jupyter/labextensions/@jupyter/nbgrader/static").glob("*.js")
    theirs = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    for name in FOR_STUDENTS:  # each is the name of a plugin that there is
        if name.startswith("@jupyter/nbgrader:"):
            assert f'"{name}"' in theirs, name


def test_the_bundle_is_small_whole_and_of_these_sources() -> None:
    assert bundle.fault(ROOT / "labextension") is None
    assert sum(path.stat().st_size for path in bundle.BUNDLE.rglob("*") if path.is_file()) < 300_000
    told = json.loads((bundle.BUNDLE / "package.json").read_text())
    pins = {**told["dependencies"], **told["devDependencies"]}
    assert all(version[0].isdigit() for version in pins.values())
    lock = (ROOT / "labextension" / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock and '"integrity"' in lock


@pytest.mark.parametrize(
    "file", ["src/panel/view.tsx", "style/panel.css", "schema/panel.json", "site.js", "package-lock.json"]
)
def test_a_bundle_of_other_sources_is_found_without_node(tmp_path: Path, file: str) -> None:
    sources = tmp_path / "labextension"
    shutil.copytree(ROOT / "labextension", sources, ignore=shutil.ignore_patterns("node_modules", "lib"))
    assert bundle.fault(sources) is None
    text = (sources / file).read_bytes()
    (sources / file).write_bytes(text.replace(b"\n", b"\r\n"))  # as Git gives it on Windows
    assert bundle.fault(sources) is None
    (sources / file).write_bytes(text + b" ")
    assert "not made of these sources" in str(bundle.fault(sources))
    (sources / file).unlink()
    assert bundle.fault(sources) is not None


def test_build_check_tells_of_the_bundle(mini: Stage) -> None:
    root = mini.course.root
    assert "labextension" not in run("build", "--check", cwd=root, ok=False).stderr  # a course without sources of it
    (root / "labextension" / "src").mkdir(parents=True)
    said = run("build", "--check", cwd=root, ok=False).stderr
    assert "labextension: the bundle is not made of these sources" in said and "desk.bundle" in said


def test_a_bundle_that_lost_a_file_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle.BUNDLE, copy)
    assert bundle.fault(ROOT / "labextension", copy) is None
    for path in (copy / "static").glob("remoteEntry*"):
        path.unlink()
    assert bundle.fault(ROOT / "labextension", copy) is not None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_bundle_built_anew_is_the_same_bytes(tmp_path: Path) -> None:
    sources = tmp_path / "labextension"
    shutil.copytree(ROOT / "labextension", sources, ignore=shutil.ignore_patterns("node_modules", "lib"))
    bundle.make(sources)
    made = tmp_path / "autograder" / "desk" / "labextension" / "sequence-course"

    def files(folder: Path) -> dict[str, bytes]:
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    assert files(made) == files(bundle.BUNDLE)
    for name in bundle.FOR_THE_SITE:
        made_for_the_site = tmp_path / "autograder" / "build" / "site" / "static" / name
        assert made_for_the_site.read_bytes() == (bundle.SITE / name).read_bytes()


def test_a_course_that_is_served_from_within_is_found(mini: Stage) -> None:
    build(mini)
    inside = Session(mini.course.root / "notebooks")
    assert inside.course.root == mini.course.root
    assert inside.look("12_my_stage/12_my_stage.ipynb")["stage"] == mini.slug
    assert Session(ROOT).course == Course(ROOT)
