"""Quiz questions to click in JupyterLab, in a real browser: chosen, saved, opened again, graded.

With SCREENSHOTS=docs/pictures in the environment the picture of them is made anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from autograder.build.write import build
from autograder.course.layout import Course, Stage
from autograder.grading.grade import grade
from autograder.lab import quiz
from autograder.stage.new import make_stage

from .conftest import ROOT
from .test_browser import CHROMIUM, Notebook, lab
from .test_panel import CONTRAST, browser, page, picture, theme  # noqa: F401
from .test_quiz import QUIZ, questions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]
REAL = "02_lstm_gru"
REFUSED = {"refused": {"place": "course", "fact": "no course is here.", "fix": ""}}
CELL = "window.jupyterapp.shell.currentWidget.content.widgets.find(cell => cell.model.id === {!r})"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    """The mini course with a question of each kind; and the address of the lab."""
    root = tmp_path_factory.mktemp("quiz") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    stage = make_stage(Course(root), "12_my_stage")
    stage.text.write_text(stage.text.read_text(encoding="utf-8") + QUIZ, encoding="utf-8")
    build(stage)
    shutil.copytree(ROOT / "notebooks" / REAL, root / "notebooks" / REAL)
    shutil.copy(stage.released, stage.course.root / "blank.ipynb")
    with lab(stage.course.root, tmp_path_factory.mktemp("home")) as address:
        yield stage, address


class Questions(Notebook):
    """A fresh notebook whose questions are forms."""

    def __init__(self, page: Any, address: str, stage: Stage, fresh: bool = True) -> None:  # noqa: F811
        self.path = stage.released
        if fresh:
            shutil.copy(stage.course.root / "blank.ipynb", self.path)
        super().__init__(page, address, stage.slug)
        self.form("maps").wait_for()

    def form(self, name: str) -> Any:
        return self.page.locator("fieldset.sc-Quiz").filter(
            has=self.page.locator("legend code", has_text=re.compile(f"^{name}$"))
        )

    def option(self, name: str, letter: str) -> Any:
        return self.form(name).locator(f"input[value={letter}]")

    def source(self, name: str) -> str:
        return self.page.evaluate(CELL.format(name) + ".model.sharedModel.source")

    def says(self, name: str, line: str) -> None:
        """Wait until the answer cell ends so."""
        self.page.wait_for_function(f"line => {CELL.format(name)}?.model.sharedModel.source.endsWith(line)", arg=line)

    def type_into_cell(self, name: str, source: str) -> None:
        self.write(f"{name} = ", source)

    def told(self, name: str, text: str, state: str | None = None) -> None:
        found = self.form(name).locator(".sc-quiz-said" + (f"[data-state={state}]" if state else ""))
        found.filter(has_text=text).wait_for()

    def save(self) -> Any:
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty && "
            "!window.jupyterapp.shell.currentWidget.title.className.includes('dirty')"
        )
        return nbformat.read(self.path, as_version=4)


@pytest.fixture
def book(course: tuple[Stage, str], page: Any) -> Questions:  # noqa: F811
    stage, address = course
    return Questions(page, address, stage)


def test_every_kind_is_clicked_saved_opened_again_and_graded(
    course: tuple[Stage, str],
    book: Questions,
    page: Any,  # noqa: F811
) -> None:
    stage, address = course
    blank = nbformat.read(stage.course.root / "blank.ipynb", as_version=4)
    page.wait_for_timeout(1000)
    assert book.path.read_bytes() == (stage.course.root / "blank.ipynb").read_bytes()
    asked = questions(stage)

    # One: a click on the text.
    book.form("state").get_by_text("The state after the word's own last letter.").click()
    book.says("state", '\nstate = "B"')
    book.told("state", "Your answer is B. It is graded when you hand in.", "good")
    # Several.
    for letter in "CDAB":
        book.option("forms", letter).click()
    book.option("forms", "D").click()
    book.says("forms", '\nforms = "ABC"')
    # A number, of this student's own.
    assert book.form("hot").get_by_label("Your id").count() == 0
    book.form("hot").get_by_text("Yours show when your id is at question count.").wait_for()
    book.form("count").get_by_label("Your id").press_sequentially("Jörg 李")
    for name in ("count", "hot"):
        numbers = quiz.draw_numbers(asked[name].draw, "Jörg 李", name)
        shown = ", ".join(f"{k} = {v}" for k, v in numbers.items())
        book.form(name).get_by_text(f"Your numbers: {shown}", exact=True).wait_for()
    assert 'student = "Jörg 李"  # your id' in book.source("count")
    numbers = quiz.draw_numbers(asked["count"].draw, "Jörg 李", "count")
    right = f"4 * {numbers['H']} * ({numbers['I']} + {numbers['H']} + 2)"
    book.form("count").get_by_label("A number").press_sequentially(right)
    book.says("count", f"\ncount = {right}")
    book.told("count", f"Your answer is {4 * numbers['H'] * (numbers['I'] + numbers['H'] + 2)}.", "good")
    # A shape.
    sizes = ", ".join(map(str, asked["hot"].value("Jörg 李")))
    book.form("hot").get_by_label("The sizes").press_sequentially(sizes)
    book.says("hot", f"\nhot = ({sizes})")
    # A match.
    for letter, number in asked["maps"].key.items():
        book.form("maps").get_by_label(f"{letter}.").select_option(str(number))
    book.says("maps", '\nmaps = {"A": 2, "B": 1, "C": 3}')
    book.told("maps", "Your answer is A 2, B 1, C 3.", "good")

    saved = book.save()
    answers = {"state", "forms", "count", "hot", "maps"}
    for before, after in zip(blank.cells, saved.cells, strict=True):
        assert (before.id, before.cell_type) == (after.id, after.cell_type)
        assert {k: v for k, v in after.metadata.items() if k != "trusted"} == before.metadata
        assert (before.source == after.source) == (before.id not in answers)

    again = Questions(page, address, stage, fresh=False)
    for name, letters in (("state", "B"), ("forms", "ABC")):
        for letter in asked[name].letters:
            assert again.option(name, letter).is_checked() == (letter in letters)
    assert again.form("count").get_by_label("A number").input_value() == right
    assert again.form("count").get_by_label("Your id").input_value() == "Jörg 李"
    assert again.form("hot").get_by_label("The sizes").input_value() == sizes
    assert [again.form("maps").get_by_label(f"{x}.").input_value() for x in "ABC"] == ["2", "1", "3"]

    # The kernel says what the form said; the check is behind its line.
    again.form("state").locator("input:checked").focus()
    folder = stage.course.root / "class"
    folder.mkdir()
    shutil.copy(book.path, folder / "someone.ipynb")
    result = grade(stage, folder).students["someone"]
    assert {name: result.checks[f"{name}-answer"].score for name in answers} == {
        name: asked[name].points for name in answers
    }
    assert result.score == sum(asked[name].points for name in answers)


def test_each_click_is_a_step_that_can_be_undone(book: Questions, page: Any) -> None:  # noqa: F811
    first = book.source("forms")
    for letter in "AC":
        book.option("forms", letter).click()
    book.says("forms", '"AC"')
    page.keyboard.press("Control+z")
    book.says("forms", '"A"')
    page.wait_for_function("() => document.querySelectorAll('.sc-Quiz input:checked').length === 1")
    assert book.option("forms", "A").is_checked()
    page.keyboard.press("Control+z")
    book.says("forms", "= None")
    assert book.source("forms") == first
    page.wait_for_function("() => !document.querySelector('.sc-Quiz input:checked')")
    page.keyboard.press("Control+Shift+z")
    book.says("forms", '"A"')
    # In the cell, too.
    book.enter("forms = ")
    page.keyboard.press("Control+z")
    book.says("forms", "= None")


def test_what_is_typed_into_the_cell_shows_in_the_form(book: Questions, page: Any) -> None:  # noqa: F811
    book.type_into_cell("forms", "forms = (  # mine\n    'bd')")
    book.told("forms", "Your answer is BD.", "good")
    assert [book.option("forms", x).is_checked() for x in "ABCD"] == [False, True, False, True]
    book.option("forms", "A").click()
    book.says("forms", 'forms = (  # mine\n    "ABD")')
    book.type_into_cell("forms", "forms = B, D")
    book.told("forms", "B, D: letters stand in quotes.", "wrong")
    book.type_into_cell("count", "student = 'ana'\ncount = 3 * 4  # boxes")
    field = book.form("count").get_by_label("A number")
    book.told("count", "Your answer is 12.", "good")
    assert field.input_value() == "3 * 4"
    field.press("End")
    field.press_sequentially(" +")
    book.told("count", "this is no Python", "wrong")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "3 * 4 +"
    field.press_sequentially(" 1")
    book.told("count", "Your answer is 13.", "good")
    book.says("count", "count = 3 * 4 + 1  # boxes")
    book.type_into_cell("state", "state = 'A'\nif x")
    book.told("state", "this cell is no Python", "wrong")
    assert book.option("state", "A").is_disabled()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+z")
    book.told("state", "", "open")
    assert book.option("state", "A").is_enabled()


def test_what_is_typed_becomes_python(book: Questions, page: Any) -> None:  # noqa: F811
    sizes = book.form("hot").get_by_label("The sizes")
    for typed, code, state in [
        ("5", "(5,)", "good"), ("2, 3,", "(2, 3)", "good"), (" 2 ,3 ", "(2, 3)", "good"), ("(2, 3)", "(2, 3)", "good"),
        ("[4, 5]", "[4, 5]", "good"), ("2 3", "(2 3,)", "wrong"), ("B, T", "B, T", "wrong"),
        ("2.5, 1", "2.5, 1", "wrong"), ("2 * 3, 4", "2 * 3, 4", "good"), ("", "None", "open"),
    ]:  # fmt: skip
        sizes.fill(typed)
        book.says("hot", f"hot = {code}")
        book.told("hot", "", state)
        assert sizes.input_value() == typed
    for typed, code in [('a"b', '"a\\"b"'), ("a\\", '"a\\\\"'), (" 李 😀", '" 李 😀"'), ("", '""')]:
        book.form("count").get_by_label("Your id").fill(typed)
        page.wait_for_function(
            f"line => {CELL.format('count')}.model.sharedModel.source.includes(line)",
            arg=f"student = {code}  # your id",
        )
        if typed:
            book.form("count").get_by_text("Your numbers: ").wait_for()
        assert book.form("count").get_by_label("Your id").input_value() == typed


def test_nothing_is_lost_where_the_server_is_slow(book: Questions, page: Any) -> None:  # noqa: F811
    def late(route: Any) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/autograder/quiz*", late)
    book.form("count").get_by_label("Your id").press_sequentially("ana")
    book.form("count").get_by_label("A number").press_sequentially("12 * 34 + 5")
    for letter in "ABD":
        book.option("forms", letter).click()
    book.says("count", "count = 12 * 34 + 5")
    book.says("forms", 'forms = "ABD"')
    book.told("forms", "Your answer is ABD.", "good")
    assert 'student = "ana"  # your id' in book.source("count")
    assert book.form("count").get_by_label("A number").input_value() == "12 * 34 + 5"
    # The cell changes, and before the server has read it there is a click: what is shown then is what is meant.
    page.evaluate(CELL.format("forms") + ".model.sharedModel.setSource('# mine\\nforms = None  # yes')")
    book.option("forms", "C").click()
    page.locator(".cm-content", has_text="# mine").filter(has_text='forms = "ABCD"  # yes').wait_for()
    page.unroute_all(behavior="wait")


def test_with_the_keyboard_alone(book: Questions, page: Any) -> None:  # noqa: F811
    cells = len(nbformat.read(book.path, as_version=4).cells)
    book.option("state", "A").focus()
    page.keyboard.press("Space")
    book.says("state", '"A"')
    page.keyboard.press("ArrowDown")
    book.says("state", '"B"')
    for key in "bamydd":  # commands of JupyterLab elsewhere
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")
    book.says("state", '"A"')
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    focused = "() => document.activeElement.closest('.sc-Quiz')?.querySelector('legend').textContent"
    book.option("forms", "A").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    book.says("forms", '"BD"')
    assert page.evaluate(focused) == "forms · Choose all that are right"
    book.form("maps").get_by_label("A.").focus()
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    book.says("maps", '{"A": 2, "B": 3}')
    book.told("maps", "There is no number for C.", "wrong")
    saved = book.save()
    assert len(saved.cells) == cells
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.classList.contains('jp-Cell')")

    tree = page.locator(".jp-Notebook").aria_snapshot()
    assert 'group "state · Choose one"' in tree
    assert re.search(r'radio "A\. The state after the last column\." \[checked\]', tree)
    assert re.search(r'checkbox "B\. weighted" \[checked\]', tree)
    assert re.search(r'combobox "A\. stripes"', tree)
    assert re.search(r'textbox "A number, or a calculation', tree)


def test_the_check_is_behind_one_line(book: Questions, page: Any) -> None:  # noqa: F811
    fold = page.get_by_role("button", name="Check of state")
    check = page.locator(".jp-CodeCell").filter(has=fold)
    assert fold.get_attribute("aria-expanded") == "false"
    assert not check.locator(".jp-Cell-inputWrapper").is_visible()
    fold.press("Enter")
    check.locator(".cm-content", has_text="quiz.read").wait_for()
    assert fold.get_attribute("aria-expanded") == "true"
    book.option("state", "B").click()
    for _ in range(2):  # the answer, and its check
        page.keyboard.press("Shift+Enter")
    check.get_by_text("Your answer to state is B. It is graded when you hand in.").wait_for()


def test_both_views_of_a_notebook_are_forms(book: Questions, page: Any) -> None:  # noqa: F811
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:clone')")
    book.form("state").nth(1).wait_for()
    book.form("state").nth(0).locator("input[value=B]").click()
    page.wait_for_function("() => document.querySelectorAll('.sc-Quiz input[value=B]:checked').length === 2")
    book.form("state").nth(1).locator("input[value=A]").click()
    page.wait_for_function("() => document.querySelectorAll('.sc-Quiz input[value=A]:checked').length === 2")
    book.says("state", 'state = "A"')


def test_cells_that_change(book: Questions, page: Any) -> None:  # noqa: F811
    run = "command => window.jupyterapp.commands.execute('notebook:' + command)"
    listed = page.locator(".jp-RenderedMarkdown li", has_text="The state after the last column.")
    assert not listed.is_visible()
    book.go_to("state = None")
    page.evaluate(run, "change-cell-to-markdown")
    book.form("state").wait_for(state="detached")
    listed.wait_for()
    assert page.get_by_role("button", name="Check of state").count() == 0
    page.locator(".cm-content", has_text='quiz.read("state"').wait_for()
    page.evaluate(run, "change-cell-to-code")
    book.form("state").wait_for()
    # Split before the assignment.
    book.enter("forms = None")
    page.keyboard.press("Control+End")
    page.keyboard.press("Home")
    page.keyboard.press("Control+Shift+-")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.some("
        "cell => cell.model.sharedModel.source === 'forms = None')"
    )
    book.option("forms", "A").click()
    page.locator(".cm-content", has_text='forms = "A"').wait_for()
    assert book.form("forms").count() == 1
    # Deleted, as far as JupyterLab lets one: from the model.
    page.evaluate(
        """() => {
            const content = window.jupyterapp.shell.currentWidget.content;
            const at = content.widgets.findIndex(cell => cell.model.id === 'maps');
            content.model.sharedModel.deleteCell(at);
        }"""
    )
    book.form("maps").wait_for(state="detached")
    book.form("count").wait_for()


def test_a_notebook_that_is_read_only(book: Questions, page: Any) -> None:  # noqa: F811
    source = book.source("state")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.context.model.readOnly = true; }")
    page.wait_for_function("() => document.querySelector('fieldset.sc-Quiz').disabled")
    book.form("state").get_by_text("A.").click(force=True)
    page.wait_for_timeout(300)
    assert book.source("state") == source


def test_without_its_server_a_notebook_looks_as_it_is(course: tuple[Stage, str], page: Any) -> None:  # noqa: F811
    stage, address = course
    shutil.copy(stage.course.root / "blank.ipynb", stage.released)
    page.route("**/autograder/quiz*", lambda route: route.fulfill(status=200, json=REFUSED))
    book = Notebook(page, address, stage.slug)
    book.go_to("state = None")
    page.locator(".jp-RenderedMarkdown li", has_text="The state after the last column.").wait_for()
    page.locator(".cm-content", has_text='quiz.read("state"').wait_for()
    assert page.locator(".sc-Quiz, .sc-quiz-fold").count() == 0


def test_it_can_be_read_in_both_themes(book: Questions, page: Any) -> None:  # noqa: F811
    book.option("state", "A").click()
    book.type_into_cell("forms", "forms = B, D")
    book.told("forms", "letters stand in quotes", "wrong")
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        theme(page, name)
        page.wait_for_timeout(300)  # transitions of colours
        seen = page.evaluate(CONTRAST.replace(".sc-Panel *", ".sc-Quiz *, .sc-quiz-fold"))
        assert len(seen) > 30
        assert [it for it in seen if it[0] < 4.5] == []
    wider = """() => [...document.querySelectorAll('.sc-Quiz')].filter(n => n.scrollWidth > n.clientWidth + 1).length"""
    page.set_viewport_size({"width": 620, "height": 800})
    assert page.evaluate(wider) == 0


def test_formulas_and_code_in_options_are_drawn(course: tuple[Stage, str], page: Any) -> None:  # noqa: F811
    """In a notebook of the course; the README shows it."""
    _, address = course
    book = Notebook(page, address, REAL)
    book.go_to("gate_roles = None")
    form = page.locator("fieldset.sc-Quiz", has=page.locator("code", has_text="gate_roles"))
    form.locator("mjx-container").nth(3).wait_for()
    for letter, number in zip("ABCD", "1234", strict=True):
        form.get_by_label(f"{letter}.").select_option(number)
    form.get_by_text("Your answer is A 1, B 2, C 3, D 4.").wait_for()
    page.locator("fieldset.sc-Quiz", has_text="bigru_count").get_by_label("Your id").fill("ana")
    page.locator(".sc-quiz-numbers", has_text="Your numbers: I = ").first.wait_for()
    page.evaluate("document.querySelectorAll('fieldset.sc-Quiz')[1].scrollIntoView({block: 'center'})")
    picture(page, "quiz")
