"""The course panel in JupyterLab, in a real browser.

With SCREENSHOTS=docs/pictures in the environment the pictures of the panel are made anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.build.write import build
from autograder.course.layout import Stage

from .conftest import ROOT
from .test_browser import ARGUMENTS, CHROMIUM, Notebook, lab, solutions
from .test_check import SWAPPED, write

SLUG = "00_start_here"
WRONG = """def build_vocabulary(pairs):
    characters = {c for word in pairs for c in word}
    id_to_char = ["P", "S", "E", *characters]
    return {c: i for i, c in enumerate(id_to_char)}, id_to_char
"""
# Of what one sees in the panel: the text's colour against what is behind it, as WCAG counts it.
CONTRAST = """() => {
    const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = rgb => {
        const [r, g, b] = rgb.slice(0, 3).map(v => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = node => {
        for (; node; node = node.parentElement) {
            const colour = parse(getComputedStyle(node).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll('.sc-Panel *')]
        .filter(node => [...node.childNodes].some(it => it.nodeType === 3 && it.textContent.trim()))
        .filter(node => !node.closest('.sc-spoken') && node.getClientRects().length)
        .map(node => {
            const [ground, ink] = [behind(node), parse(getComputedStyle(node).color)];
            const mixed = ground.slice(0, 3).map((v, i) => v + (ink[i] - v) * (ink[3] ?? 1));
            const [a, b] = [light(mixed), light(ground)];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [Math.round(ratio * 10) / 10, node.className + ': ' + node.textContent.slice(0, 30)];
        });
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


def copy_course(root: Path) -> Path:
    """Stage 00, with its solutions."""
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    for folder in ("notebooks", "solutions"):
        shutil.copytree(ROOT / folder / SLUG, root / folder / SLUG)
    return root


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = copy_course(tmp_path_factory.mktemp("panel") / "我的 course")
    with lab(root, tmp_path_factory.mktemp("home")) as address:
        yield root, address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own; whatever the browser's console complains of is a failure."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(f"{told.text} {told.location}") if told.type == "error" else None)
    yield page
    page.close()
    assert said == []


@pytest.fixture
def notebook(course: tuple[Path, str], page: Any) -> tuple[Path, Notebook]:
    """A fresh copy of the stage, open; nothing was ever checked."""
    root, address = course
    path = root / "notebooks" / SLUG / f"{SLUG}.ipynb"
    shutil.copy(ROOT / path.relative_to(root), path)
    shutil.rmtree(root / ".course" / "check", ignore_errors=True)
    return path, Notebook(page, address, SLUG)


def save(page: Any) -> None:
    page.keyboard.press("Control+s")


def exercise(page: Any, name: str, state: str | None = None) -> Any:
    """An exercise in the panel, as soon as it has this state."""
    found = page.locator(f"li[data-exercise={name}]" + (f"[data-state={state}]" if state else ""))
    found.wait_for()
    return found


def quiet(page: Any) -> None:
    """No check runs any more."""
    page.locator(".sc-exercises").wait_for()
    page.wait_for_selector(".sc-running", state="detached")


def theme(page: Any, name: str) -> None:
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
    page.wait_for_function("dark => (document.body.dataset.jpThemeLight === 'false') === dark", arg="Dark" in name)


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        left = "() => window.jupyterapp.commands.execute('application:toggle-left-area')"
        page.evaluate(left)
        page.set_viewport_size({"width": 1100, "height": 700})
        page.wait_for_timeout(1000)
        page.screenshot(path=str(ROOT / folder / f"{name}.png"))
        page.set_viewport_size({"width": 1280, "height": 800})
        page.evaluate(left)


def test_a_whole_exercise(notebook: tuple[Path, Notebook], page: Any) -> None:
    path, book = notebook
    before = path.read_bytes()
    toolbar = page.locator(".jp-NotebookPanel-toolbar")
    assert toolbar.get_by_text("Validate").count() == 0
    asked = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('/autograder/'))"
    )
    assert all(name.partition("?")[0].endswith("/autograder/quiz") for name in asked)  # the questions' forms

    # Not started. Looking, checking and clicking change no byte.
    toolbar.get_by_text("Check").click()
    told = exercise(page, "build_vocabulary", "blank")
    quiet(page)
    panel = page.locator(".sc-Panel")
    assert "0 of 21 points" in panel.inner_text() and "00 · Start here" in panel.inner_text()
    told.locator(".sc-go").click()
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source
            .startsWith('def build_vocabulary(')"""
    )
    panel.get_by_role("button", name="Check", exact=True).click()
    quiet(page)
    assert path.read_bytes() == before

    # Fails: what was called, what came back, which mistake it is, where to read again.
    book.write("def build_vocabulary(", WRONG)
    save(page)
    told = exercise(page, "build_vocabulary", "failed")
    quiet(page)
    assert "expected:" in told.locator("pre").inner_text()
    assert "build_vocabulary: fails" in page.locator(".sc-spoken").inner_text()
    saved = path.read_bytes()
    for _ in range(2):
        told.get_by_role("button", name="Next hint").click()
        page.wait_for_function("n => document.querySelectorAll('.sc-hint').length === n", arg=2 + _)
    assert told.get_by_role("button", name="Next hint").count() == 0
    picture(page, "panel-light")
    told.get_by_role("button", name="Read again: 0.4").click()
    heading = page.locator("h2", has_text="0.4 A number for every character")
    page.wait_for_function(
        "() => { const at = [...document.querySelectorAll('h2')].find(h => h.textContent.startsWith('0.4 '))"
        "?.getBoundingClientRect(); return at && at.top > 0 && at.bottom < innerHeight; }"
    )
    assert heading.is_visible()

    # The solution: what it costs is said before, and one can leave it.
    told.get_by_role("button", name="Show me the solution").click()
    dialog = page.locator(".jp-Dialog")
    assert "costs the 3 points" in dialog.inner_text()
    dialog.get_by_role("button", name="Cancel").click()
    assert told.locator(".sc-solution").count() == 0
    assert path.read_bytes() == saved

    # Passes.
    book.write("def build_vocabulary(", solutions(SLUG)["build_vocabulary"])
    save(page)
    exercise(page, "build_vocabulary", "done")
    quiet(page)
    assert "3 of 21 points" in panel.inner_text()
    page.wait_for_function("() => document.querySelector('.sc-stages .sc-points').textContent.startsWith('3/21')")

    # Given up: its text, no points.
    book.write("def encode(", "def encode(word, char_to_id):\n    return []\n")
    save(page)
    told = exercise(page, "encode", "failed")
    quiet(page)
    told.get_by_role("button", name="Show me the solution").click()
    dialog.get_by_role("button", name="Show it").click()
    text = told.locator(".sc-solution pre").inner_text()
    assert (
        text.strip()
        == solutions(SLUG)["encode"].replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION", "").strip()
    )
    book.write("def encode(", text)
    save(page)
    told = exercise(page, "encode", "done")
    quiet(page)
    assert "solution shown, no points" in told.inner_text() and "3 of 21 points" in panel.inner_text()


def test_with_the_keyboard_alone(notebook: tuple[Path, Notebook], page: Any) -> None:
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("Course Panel")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Course Panel").wait_for()
    page.keyboard.press("Enter")
    exercise(page, "build_vocabulary", "blank")
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("Course Panel")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Course Panel").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement?.textContent === 'Check'")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sc-running")
    quiet(page)
    names = []
    for _ in range(4):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("() => document.activeElement.getAttribute('aria-label') || document.activeElement.type")
        )
    assert names[0] == "checkbox"
    assert names[1:] == [
        "build_vocabulary: not started, 0/3. Go to its cell",
        "encode: not started, 0/2. Go to its cell",
        "decode: not started, 0/3. Go to its cell",
    ]
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_function(
        """() => {
            const content = window.jupyterapp.shell.currentWidget.content;
            return content.activeCell.model.sharedModel.source.startsWith('def decode(')
                && content.node.contains(document.activeElement);
        }"""
    )
    # Each thing that can be pressed has a name.
    unnamed = "[...document.querySelectorAll('.sc-Panel button')].filter(b => !b.ariaLabel && !b.textContent).length"
    assert page.evaluate(unnamed) == 0


def test_it_can_be_read_in_both_themes_and_when_narrow(notebook: tuple[Path, Notebook], page: Any) -> None:
    _, book = notebook
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    exercise(page, "build_vocabulary", "blank")
    book.write("def build_vocabulary(", WRONG)
    save(page)
    exercise(page, "build_vocabulary", "failed")
    quiet(page)
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        theme(page, name)
        page.wait_for_timeout(300)  # transitions of colours
        seen = page.evaluate(CONTRAST)
        assert len(seen) > 30
        least = {"sc-mark": 3}  # a sign, whose meaning stands beside it in words
        assert [it for it in seen if it[0] < least.get(it[1].partition(":")[0], 4.5)] == []
        if "Dark" in name:
            picture(page, "panel-dark")
    wider = """() => [...document.querySelectorAll('.sc-Panel, .sc-Panel *')]
        .filter(n => n.scrollWidth > n.clientWidth + 1 && !['inline', 'none'].includes(getComputedStyle(n).display))
        .filter(n => !n.closest('.sc-spoken, pre')).map(n => n.className)"""
    assert page.evaluate(wider) == []


def test_stop_while_something_takes_long(notebook: tuple[Path, Notebook], page: Any) -> None:
    _, book = notebook
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    exercise(page, "build_vocabulary", "blank")
    quiet(page)
    book.write("def build_vocabulary(", "import time\n\ndef build_vocabulary(pairs):\n    time.sleep(100)\n")
    save(page)
    page.wait_for_function("() => document.querySelector('.sc-running')?.textContent.includes('build_vocabulary-')")
    assert float(page.locator(".sc-running progress").get_attribute("value")) >= 1
    page.get_by_role("button", name="Stop", exact=True).click()
    quiet(page)
    exercise(page, "build_vocabulary", "changed")
    book.write("def build_vocabulary(", solutions(SLUG)["build_vocabulary"])
    save(page)
    exercise(page, "build_vocabulary", "done")


def test_check_after_each_save_can_be_switched_off(notebook: tuple[Path, Notebook], page: Any) -> None:
    _, book = notebook
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    exercise(page, "build_vocabulary", "blank")
    quiet(page)
    box = page.get_by_label("after each save")
    box.uncheck()
    try:
        book.write("def build_vocabulary(", WRONG)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "autograder/check" in request.url else None)
        with page.expect_response(lambda answer: "/api/contents/" in answer.url and answer.request.method == "PUT"):
            save(page)
        page.locator(".sc-Panel").get_by_role("button", name="Check", exact=True).click()
        exercise(page, "build_vocabulary", "failed")
        assert len(asked) == 1
    finally:
        box.check()


def test_what_is_no_notebook_of_the_course_is_told(course: tuple[Path, str], page: Any) -> None:
    root, address = course
    folder = root / "notebooks" / SLUG
    shutil.copy(folder / f"{SLUG}.ipynb", folder / "mine.ipynb")
    page.goto(f"{address}/lab/tree/notebooks/{SLUG}/mine.ipynb?token=test&reset")
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    page.get_by_role("alert").filter(has_text="does not say which stage it is of").wait_for()
    page.locator("li[data-stage='00_start_here'] button").click()  # the course is there all the same
    exercise(page, "build_vocabulary")


@pytest.fixture
def exchange(mini: Stage, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """nbgrader's exchange, from which the stage was fetched; and the address of the lab."""
    build(mini)
    write(mini, SWAPPED)
    folder = tmp_path / "exchange" / "seq"
    for name in ("inbound", "outbound"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(mini.released.parent, folder / "outbound" / mini.slug)
    (folder / "inbound").chmod(0o2733)
    lines = ["c = get_config()", f"c.Exchange.root = {str(folder.parent)!r}", 'c.CourseDirectory.course_id = "seq"']
    lines += [f"c.Exchange.assignment_dir = {str(mini.released.parents[1])!r}", 'c.CourseDirectory.student_id = "ana"']
    (tmp_path / "jupyter").mkdir()  # nbgrader's assignment list looks there, as in a hub
    (tmp_path / "jupyter" / "nbgrader_config.py").write_text("\n".join(lines), encoding="utf-8")
    with lab(mini.course.root, tmp_path) as address:
        yield folder, address


def test_hand_in_where_an_exchange_is(exchange: tuple[Path, str], mini: Stage, page: Any) -> None:
    folder, address = exchange
    Notebook(page, address, mini.slug)
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    page.get_by_role("button", name="Hand in").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Hand in").click()
    page.locator(".sc-handin").get_by_text("Handed in:").wait_for()
    (handed,) = (folder / "inbound").iterdir()
    assert (handed / f"{mini.slug}.ipynb").read_bytes() == mini.released.read_bytes()
