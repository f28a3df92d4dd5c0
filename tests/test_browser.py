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

from .conftest import ROOT, wait

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def new_page() -> Iterator[Any]:
    """A page in a browser of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page
        browser.close()


@contextmanager
def lab(root: Path, home: Path, *words: str) -> Iterator[str]:
    """JupyterLab as `autograder lab` starts it on the course in `root`; its address. The token is `test`."""
    port = free_port()
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
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what students get."""
    root = tmp_path_factory.mktemp("lab") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    return root


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab as `python3 course.py lab` starts it, on a copy of the course."""
    with lab(root, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def page(server: str) -> Iterator[Any]:
    with new_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        yield page


COUNT = "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.executionCount"


class Notebook:
    """A notebook that is open in the page: cells are found by what they say, and used with mouse and keyboard."""

    def __init__(self, page: Any, address: str = "", slug: str = "") -> None:
        """Of the course that is at this address; without one, the notebook that is being opened."""
        self.page = page
        if address:
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
        self.page.wait_for_selector(".jp-Cell.jp-mod-active .cm-content, .jp-Cell.jp-mod-active .jp-Placeholder")

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
        """Run that cell with Ctrl+Enter, folded or not; its output as text."""
        self.go_to(text)
        if self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCell.inputHidden"):
            self.page.evaluate(  # a click on it would unfold it
                """() => {
                    const notebook = window.jupyterapp.shell.currentWidget.content;
                    notebook.mode = 'command';
                    notebook.activate();
                }"""
            )
        else:
            self.enter(text)
        before = self.page.evaluate(COUNT)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            f"(before) => {{ const now = ({COUNT})(); return now && now !== before; }}", arg=before
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
    said = notebook.run("= make_batch([[")
    assert said.strip() == "… make_batch: not written yet. Replace this line with your code."

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
    assert "pads in y_out" in notebook.run("demo_batch_x, demo_y_in, demo_y_out = make_batch(PAIRS)")
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


DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"


def test_opening_and_saving_a_notebook_changes_no_byte_of_it(page: Any, server: str, root: Path) -> None:
    path = root / "notebooks" / "05_bahdanau_attention" / "05_bahdanau_attention.ipynb"
    before = path.read_bytes()
    Notebook(page, server, "05_bahdanau_attention")
    page.wait_for_function(  # JupyterLab has heard from the kernel which Python it is
        "() => window.jupyterapp.shell.currentWidget.context.model.getMetadata('language_info').version"
    )
    assert page.evaluate(DIRTY) is False  # so nothing is saved by itself, and nobody is asked to when it is closed
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    assert path.read_bytes() == before
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:insert-cell-below'); }")
    page.wait_for_function(DIRTY)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    after = path.read_text(encoding="utf-8")
    assert '"version"' not in after  # of this machine's Python
    assert len(after.splitlines()) - len(before.decode().splitlines()) < 10  # the new cell, and nothing else


def test_a_blank_notebook_runs_to_its_end_and_the_last_cell_sums_up(page: Any, server: str) -> None:
    notebook = Notebook(page, server, "00_start_here")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    last = "window.jupyterapp.shell.currentWidget.content.widgets.at(-1)"
    page.wait_for_function(f"() => {last}.model.outputs.length > 0")
    said = page.evaluate(f"() => {last}.model.outputs.toJSON().map((o) => [].concat(o.text).join('')).join('')")
    assert "Points whose visible checks pass: 0 of 16." in said
    assert "Next: write build_vocabulary, in 0.4" in said
    page.get_by_text("Next: write build_vocabulary, in 0.4").wait_for()
    notebook.picture("summary")


def test_a_students_files_are_the_notebooks_and_a_terminal_beside_one_knows_the_courses_commands(
    page: Any, server: str, root: Path
) -> None:
    for name in ("solutions", "tests"):
        (root / name).mkdir()
    Notebook(page, server, "00_start_here")
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:go-to-path', { path: '/' })")
    names = page.locator(".jp-DirListing-itemText")
    names.get_by_text("notebooks", exact=True).wait_for()
    assert set(names.all_inner_texts()) <= {"notebooks", "lab.log"}
    folder = "notebooks/00_start_here"
    page.evaluate(
        """async (cwd) => {
            const terminal = await window.jupyterapp.commands.execute('terminal:create-new', { cwd });
            const session = terminal.content.session;
            session.send({ type: 'stdin', content: ['autograder progress --json seen.json\\r'] });
        }""",
        folder,
    )
    wait((root / folder / "seen.json").is_file)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
