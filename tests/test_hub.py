"""A JupyterHub as `autograder hub` starts it: from a student's first login to the feedback, in a real browser."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from traitlets.config import Config, PyFileConfigLoader

from autograder.cli import hub as command
from autograder.course.layout import Stage
from autograder.nbgrader_steps import configure
from autograder.run.sandbox.bwrap import available

from .conftest import ROOT
from .test_browser import ARGUMENTS, CHROMIUM, Notebook, free_port, solutions

DEPLOY = ROOT / "deploy" / "jupyterhub"
SLUG = "00_start_here"
EXERCISE = "build_vocabulary"


class Hub:
    """The hub that runs, by what it tells on the screen."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        words = [sys.executable, "-m", "autograder.cli", "hub", "--port", str(free_port())]
        environment = {**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"}
        with open(folder / "errors.log", "w") as log:
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        self.said, self.lines = "", self.process.stdout
        for line in self.lines:
            self.said += line
            if line.startswith("Ctrl-C"):
                break
        else:
            pytest.fail((folder / "errors.log").read_text())
        told = dict(re.findall(r"(?m)^(\w+) {2,}(\S+?),?(?: .*)?$", self.said))
        self.address, self.password = told["address"], told["password"]
        (self.folder,) = self.temporary.glob("course-hub-*")

    def log_in(self, browser: Any, user: str) -> Any:
        """JupyterLab of this user, in a window of their own."""
        settings = self.folder / "home" / user / ".jupyter" / "jupyter_lab_config.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}), encoding="utf-8")
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(120_000)
        page.goto(self.address)
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.address}/user/{user}/lab*")
        page.wait_for_function("() => window.jupyterapp")
        page.evaluate("() => window.jupyterapp.restored")
        return page


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    running = Hub(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(120)
    running.lines.close()


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


PANELS = {
    "Assignment List": "nbgrader:open-assignment-list",
    "Course List": "nbgrader:open-course-list",
    "Create Assignment": "nbgrader:open-create-assignment",
    "Formgrader": "nbgrader:open-formgrader",
}


def panels(page: Any) -> list[str]:
    """What nbgrader's menu offers."""
    has = "command => window.jupyterapp.commands.hasCommand(command)"
    return [name for name, command in PANELS.items() if page.evaluate(has, command)]


def open_panel(page: Any, name: str) -> None:
    page.evaluate("command => window.jupyterapp.commands.execute(command)", PANELS[name])


def press(page: Any, name: str) -> Any:
    """A button of the assignment list."""
    open_panel(page, "Assignment List")
    page.locator("#nbgrader-assignment-list").get_by_role("button", name=name, exact=True).click()
    return page.locator("#nbgrader-assignment-list")


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(ROOT / folder / f"{name}.png"))


def solve(page: Any) -> None:
    """Open the fetched notebook out of the list, run what comes before, write the answer, see it pass, save."""
    row = page.locator("#fetched_assignments_list")
    row.get_by_role("button", name=SLUG).click()
    row.locator(".nested_list_item").get_by_text(SLUG).click()
    notebook = Notebook(page)
    notebook.run("plots.use_style()")
    notebook.write(f"def {EXERCISE}(", solutions(SLUG)[EXERCISE])
    notebook.run(f"def {EXERCISE}(")
    assert "✓ passed" in notebook.run(f'expect({EXERCISE}(["ab", "abc"])).type(')
    page.keyboard.press("Control+s")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


def in_terminal(page: Any, line: str, folder: Path) -> None:
    """A command in a terminal of JupyterLab that has to end well; in `folder` is what it said."""
    said, ended = folder / "said", folder / "ended"
    ended.unlink(missing_ok=True)
    page.evaluate(
        """async (line) => {
            const session = (await window.jupyterapp.commands.execute('terminal:create-new')).content.session;
            while (session.connectionStatus !== 'connected') await new Promise(go => setTimeout(go, 50));
            session.send({type: 'stdin', content: [line]});
        }""",
        f"{line} > {said} 2>&1; echo $? > {ended}.part; mv {ended}.part {ended}\r",
    )
    deadline = time.monotonic() + 300
    while not ended.exists():
        assert time.monotonic() < deadline, said.read_text() if said.exists() else "the terminal does nothing"
        page.wait_for_timeout(100)
    assert ended.read_text() == "0\n", said.read_text()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
@pytest.mark.skipif(not available()[0], reason=available()[1])
def test_from_the_first_login_to_the_feedback_and_the_end(hub: Hub, browser: Any) -> None:
    ana = hub.log_in(browser, "ana")
    errors: list[str] = []
    ana.on("pageerror", lambda error: errors.append(str(error)))
    assert panels(ana) == ["Assignment List"]
    assert ana.evaluate("() => window.jupyterapp.hasPlugin('sequence-course:panel')")
    assert ana.request.get(f"{hub.address}/user/ana/formgrader").status == 404
    press(ana, "Fetch").get_by_role("button", name="Submit", exact=True).wait_for()
    solve(ana)
    press(ana, "Submit")
    ana.locator("#submitted_assignments_list").get_by_text(SLUG).wait_for()

    instructor = hub.log_in(browser, "instructor")
    in_terminal(instructor, "autograder grade 00 --from exchange --json marks.json", hub.folder)
    marks = json.loads((hub.folder / "course" / "marks.json").read_text(encoding="utf-8"))["students"]
    assert list(marks) == ["ana"] and marks["ana"]["status"] == "graded" and marks["ana"]["score"] > 0
    open_panel(instructor, "Formgrader")
    formgrader = instructor.frame_locator("iframe[src*=formgrader]")
    formgrader.locator("tr", has_text=SLUG).locator(".release-feedback a").click()
    formgrader.get_by_text("Successfully released feedback").wait_for()

    press(ana, "Fetch Feedback")
    ana.locator("#submitted_assignments_list").get_by_text("(view feedback)").click()
    ana.locator(".jp-DirListing-item", has_text=f"{SLUG}.html").dblclick()
    page = ana.frame_locator(".jp-HTMLViewer iframe, iframe.jp-IFrame-iframe").first
    page.get_by_text(EXERCISE).first.wait_for()
    picture(ana, "hub")
    assert errors == []

    in_terminal(ana, "setsid sleep 4000 < /dev/null > /dev/null 2>&1 & true", hub.folder)
    family = psutil.Process(hub.process.pid).children(recursive=True)
    names = set()
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            names.add(one.name())
    assert {"node", "bash", "sleep"} <= names
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(60) == 0
    assert not [one for one in family if one.is_running()]
    assert list(hub.temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_is_a_ctrl_c(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), command._signals_end():
        signal.raise_signal(number)


def fault(mini: Stage, *words: str, path: str = os.environ["PATH"]) -> str:
    """What `autograder hub` says, and does not start."""
    told = mini.course.root / "deploy" / "jupyterhub"
    shutil.copytree(DEPLOY, told, dirs_exist_ok=True)
    words = ("-m", "autograder.cli", "hub", *words)
    done = subprocess.run([sys.executable, *words], cwd=mini.course.root, env={**os.environ, "PATH": path},
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr
    return done.stderr


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_without_node_or_with_an_old_one_it_says_which_is_needed(mini: Stage, tmp_path: Path) -> None:
    bin = tmp_path / "bin"
    program(bin, "npm", "exit 1")
    assert f"needs Node.js; node is missing. Install Node.js {command.NODE}" in fault(mini, "12", path=str(bin))
    program(bin, "node", "echo v18.19.0")
    assert "v18.19.0" in fault(mini, "12", path=str(bin))
    program(bin, "node", f"echo v{command.NODE}.1.0")
    program(bin, "npm", "echo no such host >&2; exit 1")
    assert "could not be fetched. npm says: no such host" in fault(mini, "12", path=str(bin))
    assert [path.name for path in mini.course.work.iterdir()] == []


def test_a_port_in_use_and_a_stage_that_is_none_are_told(mini: Stage) -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = used.getsockname()[1]
        assert f"port {port}: Address already in use. Name another" in fault(mini, "12", "--port", str(port))
    assert "13: is no stage of this course" in fault(mini, "13")


def test_a_hub_does_not_start_while_others_may_look_into_the_course(
    mini: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(course: Path) -> Config:
        monkeypatch.setenv("COURSE", str(course))
        return PyFileConfigLoader("jupyterhub_config.py", str(DEPLOY)).load_config()

    for mode in (0o750, 0o701):
        mini.course.root.chmod(mode)
        with pytest.raises(SystemExit, match=f"Run: chmod 700 {mini.course.root}"):
            start(mini.course.root)
    with pytest.raises(SystemExit, match="nowhere: is no course with solutions/"):
        start(mini.course.root / "nowhere")
    mini.course.root.chmod(0o700)
    assert start(mini.course.root).PAMAuthenticator.allowed_groups == {"students"}


def test_students_and_instructor_are_set_up_for_the_same_course(mini: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config()
    monkeypatch.setenv("JUPYTERHUB_USER", "ana")
    theirs = PyFileConfigLoader("nbgrader_config.py", str(DEPLOY / "student")).load_config()
    configure(config, mini.course)
    assert theirs.CourseDirectory.course_id == config.CourseDirectory.course_id
    assert theirs.CourseDirectory.student_id == "ana"
