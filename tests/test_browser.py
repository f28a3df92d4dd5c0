"""A student in JupyterLab, in a real browser: a stub's error, an exercise filled in, a check that passes, a plot.

With SCREENSHOTS=docs/pictures in the environment the pictures of the README are made anew.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course, Stage
from autograder.stage.read import read_stage

from .conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


@contextmanager
def lab(root: Path, home: Path, *words: str) -> Iterator[str]:
    """JupyterLab as `autograder lab` starts it on the course in `root`; its address. The token is `test`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--no-browser", "--IdentityProvider.token=test", "--expose-app-in-browser"]
    command = [sys.executable, "-m", "autograder.cli", "lab", *words, "--", *options]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # No setting of the person who runs the test.
    environment = {**os.environ, "PATH": path, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "jupyter")}
    environment["OMP_NUM_THREADS"] = "1"  # other tests run beside this one
    with open(root / "lab.log", "w") as log:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/api/status?token=test", timeout=5).close()
                break
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                assert process.poll() is None, (root / "lab.log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab as `python3 course.py lab` starts it, on a copy of the course."""
    root = tmp_path_factory.mktemp("lab") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    with lab(root, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def page(server: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        yield page
        browser.close()


class Notebook:
    """A notebook that is open in the page: cells are found by what they say, and used with mouse and keyboard."""

    def __init__(self, page: Any, address: str, slug: str) -> None:
        self.page = page
        page.goto(f"{address}/lab/tree/notebooks/{slug}/{slug}.ipynb?token=test&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.isReady")
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        page.wait_for_function(  # the indicator says so, too, before there is a kernel: a cell would not run then
            """() => {
                const context = window.jupyterapp.shell.currentWidget.context.sessionContext;
                const kernel = context.isReady && context.session?.kernel;
                return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
            }"""
        )

    def go_to(self, text: str) -> None:
        """Make the first code cell that holds `text` the active one, and show it."""
        found = self.page.evaluate(
            """async (text) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const at = notebook.widgets.findIndex(w => w.model.type === 'code'
                    && w.model.sharedModel.source.includes(text));
                if (at < 0) return false;
                notebook.activeCellIndex = at;
                notebook.deselectAll();
                await notebook.scrollToItem(at, 'center');
                return true;
            }""",
            text,
        )
        assert found, f"no cell holds {text!r}"
        self.page.wait_for_selector(".jp-Cell.jp-mod-active .cm-content")

    def enter(self, text: str) -> None:
        """Click into that cell."""
        self.go_to(text)
        self.page.locator(".jp-Cell.jp-mod-active .cm-content").click()
        self.page.wait_for_function(
            """(text) => {
                const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
                return cell.model.sharedModel.source.includes(text) && cell.node.contains(document.activeElement);
            }""",
            arg=text,
        )

    def run(self, text: str) -> str:
        """Run that cell with Ctrl+Enter; its output as text."""
        self.enter(text)
        prompt = self.page.locator(".jp-Cell.jp-mod-active .jp-InputPrompt")
        before = prompt.inner_text()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            r"""(before) => {
                const now = window.jupyterapp.shell.currentWidget.content.activeCell.promptNode.textContent;
                return now !== before && /\[\d+\]/.test(now);
            }""",
            arg=before,
        )
        outputs = self.page.locator(".jp-Cell.jp-mod-active .jp-Cell-outputArea")
        return "\n".join(outputs.all_inner_texts())

    def write(self, text: str, source: str) -> None:
        """Replace what stands in that cell, as a student would."""
        self.enter(text)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Escape")

    def picture(self, name: str) -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.screenshot(path=str(ROOT / folder / f"{name}.png"))


def solutions(slug: str) -> dict[str, str]:
    return {cell.id: cell.source for cell in read_stage(Stage(Course(ROOT), slug)).of_kind("exercise")}


def test_a_student_opens_fails_fills_in_and_passes(page: Any, server: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    notebook = Notebook(page, server, "03_seq2seq")
    assert page.locator(".jp-Dialog").count() == 0  # no question about the kernel
    assert page.get_by_text("Would you like to").count() == 0  # nor about news
    notebook.run("plots.use_style()")

    # The stub names itself.
    notebook.run("def make_batch(")
    assert "NotImplementedError: make_batch: not written yet" in notebook.run("= make_batch([[")

    # A wrong answer gets a message in place of a traceback.
    wrong = solutions("03_seq2seq")["make_batch"].replace('"S" + target', "target")
    notebook.write("def make_batch(", wrong)
    notebook.run("def make_batch(")
    said = notebook.run("= make_batch([[")
    assert "Traceback" not in said
    assert "got:       'lowPPPPP'" in said
    assert "expected:  'SlowPPPP'" in said
    assert "where y_in is from make_batch(" in said
    assert "likely cause: y_in is S, then the target" in said
    notebook.picture("message")

    # The right one passes.
    notebook.write("def make_batch(", solutions("03_seq2seq")["make_batch"])
    notebook.run("def make_batch(")
    assert "✓ passed" in notebook.run("= make_batch([[")

    # And the picture that uses it appears.
    assert "pads in y_out" in notebook.run("demo_x, demo_y_in, demo_y_out = make_batch(PAIRS)")
    for _ in range(2):  # this cell once more, then the next one, whose code is folded
        page.keyboard.press("Shift+Enter")
    page.locator(".jp-Cell", has_text="figure, axes = plots.plt.subplots(1, 3").locator("img").first.wait_for()
    assert errors == []


def test_a_student_sees_the_map_with_chinese_glyphs_at_hand(page: Any, server: str) -> None:
    notebook = Notebook(page, server, "00_start_here")
    notebook.run("plots.use_style()")
    said = notebook.run("plots.course_map(")
    assert "findfont" not in said
    picture = page.locator(".jp-Cell.jp-mod-active .jp-OutputArea img").first
    picture.wait_for()
    width = picture.bounding_box()["width"]
    assert 600 < width < 900  # as wide as the text


def test_a_student_sees_none_of_the_instructors_panels(page: Any, server: str) -> None:
    Notebook(page, server, "00_start_here")
    page.get_by_role("menuitem", name="View").first.click()
    assert page.get_by_text("Create Assignment").count() == 0
    assert page.get_by_role("menuitem", name="Nbgrader").count() == 0
    assert page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").count() == 0  # test_panel.py: our Check
