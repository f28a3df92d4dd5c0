"""Heatmaps that tell their cells: the places are those of the PNG, it stays as it was, and other programs show it."""

from __future__ import annotations

import base64
import gc
import io
import json
import math
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import matplotlib
import nbformat
import numpy as np
import pytest

from autograder.build.site.pages import outputs
from autograder.course.layout import Stage
from autograder.grading.grade import grade
from autograder.lab import plots
from autograder.lab.kernel import HEATMAPS, show_heatmaps
from autograder.run.judge.outputs import clean_outputs

from .conftest import ROOT
from .test_browser import CHROMIUM, Notebook, lab, new_page
from .test_grade import hand_in, solved

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
plt = plots.plt
EDGE = 3  # pixels from a cell's edge; the lines of the axes are one pixel wide
HOSTILE = "</script><img src=x onerror=document.title=1>"


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    plt.close("all")
    with matplotlib.rc_context():
        matplotlib.use("agg")
        plots.use_style()
        yield
    plt.close("all")


def inline(*formats: str, **options: Any) -> Any:
    """IPython's display of figures, set up as the inline backend does it, after the course, as in a notebook."""
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.pylabtools import select_figure_formats

    display = DisplayFormatter()
    show_heatmaps(display)
    select_figure_formats(SimpleNamespace(display_formatter=display), formats or ["png"], **options)
    return display


def shown(figure: Any, *formats: str, **options: Any) -> dict[str, Any]:
    data, _ = inline(*formats, **({"bbox_inches": "tight"} | options)).format(figure)
    return dict(data)


def raw(data: dict[str, Any]) -> bytes:
    png = data["image/png"]
    return base64.b64decode(png) if isinstance(png, str) else bytes(png)


def pixels(data: dict[str, Any]) -> Any:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(raw(data))).convert("RGB")).astype(int)


def matrix(rows: int, columns: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).permutation(rows * columns).reshape(rows, columns) / (rows * columns)


def one(**more: Any) -> Any:
    return plots.heatmap(matrix(3, 5), ["we", "like", "tea"], range(5), title="one", **more).figure


def long_labels() -> Any:
    rows, columns = ["a very long label of a row", "我爱中国", ""], [f"{n}\nbelow" for n in range(4)]
    labels = {"title": "much\n\n\n", "xlabel": "the columns", "ylabel": "the rows"}
    return plots.heatmap(matrix(3, 4), rows, columns, **labels, numbers=True).figure  # type: ignore[arg-type]


def several() -> Any:
    figure, axes = plt.subplots(2, 2, figsize=(7, 5))
    figure.suptitle("three of four")
    for n, ax in enumerate(axes.flat[:3]):
        plots.heatmap(matrix(n + 2, 6 - n, n), range(n + 2), range(6 - n), title=f"map {n}", ylabel="long " * n, ax=ax)
    plots.lines({"no map": [1, 2, 3]}, ax=axes.flat[3])
    return figure


def in_a_subfigure() -> Any:
    left, right = plt.figure(figsize=(7, 3)).subfigures(1, 2)
    plots.heatmap(matrix(4, 4), range(4), range(4), ax=left.subplots())
    plots.heatmap(matrix(2, 3), range(2), range(3), ax=right.subplots())
    return plt.gcf()


def turned() -> Any:
    ax = plots.heatmap(matrix(3, 4), range(3), range(4))
    ax.invert_xaxis()
    ax.invert_yaxis()
    return ax.figure


def words_beside() -> Any:
    ax = plots.heatmap(matrix(4, 7), range(4), range(7))
    ax.text(-4, 1, "far to the left", clip_on=False)  # what is drawn there makes the picture wider
    ax.text(8, 5, "and below", clip_on=False)
    return ax.figure


def without_layout() -> Any:
    return plots.heatmap(matrix(6, 2), range(6), range(2), ax=plt.subplots(layout="none")[1]).figure


def many() -> Any:
    return plots.heatmap(matrix(30, 60), range(30), range(60)).figure


def agree(data: dict[str, Any]) -> int:
    """In each cell, close to its four corners, the picture has the colour of its value; how many cells there are."""
    picture, count = pixels(data), 0
    height, width = picture.shape[:2]
    colors = matplotlib.colormaps["cividis"]
    for told in data[HEATMAPS]["maps"]:
        values = np.array([[float(value) for value in row.split()] for row in told["values"]])
        assert values.shape == (len(told["rows"]), len(told["columns"]))
        scale = matplotlib.colors.Normalize(values.min(), values.max())
        left, top, across, down = told["place"]
        for (i, j), value in np.ndenumerate(values):
            expected = np.array(colors(scale(value))[:3]) * 255
            for y, x in product((0, 1), (0, 1)):
                column = (left + across * (j + x) / values.shape[1]) * width + math.copysign(EDGE, across * (0.5 - x))
                row = (top + down * (i + y) / values.shape[0]) * height + math.copysign(EDGE, down * (0.5 - y))
                found = picture[int(row), int(column)]
                assert abs(found - expected).max() <= 3, (told["title"], i, j, found, expected)
            count += 1
    return count


DRAWN = {
    one: 15, long_labels: 12, several: 12 + 15 + 16, in_a_subfigure: 22, turned: 12, words_beside: 28,
    without_layout: 12, many: 1800,
}  # fmt: skip


@pytest.mark.parametrize(("draw", "cells"), DRAWN.items(), ids=[draw.__name__ for draw in DRAWN])
def test_where_a_cell_is_told_the_picture_has_the_colour_of_its_value(draw: Any, cells: int) -> None:
    assert agree(shown(draw())) == cells


def test_the_places_are_those_of_the_picture_with_any_settings() -> None:
    assert agree(shown(several(), "retina")) == 43  # twice as many pixels
    assert agree(shown(several(), bbox_inches=None)) == 43  # nothing cut off
    plt.rcParams["savefig.pad_inches"] = 1.5
    figure = words_beside()
    first = shown(figure)
    assert agree(first) == 28
    figure.set_size_inches(9, 5)
    second = shown(figure)  # the same figure once more
    assert agree(second) == 28 and first[HEATMAPS] != second[HEATMAPS]


@pytest.mark.parametrize("draw", [one, several, words_beside])
def test_the_png_is_the_same_byte_for_byte(draw: Any) -> None:
    figure, plain = draw(), draw()
    for told in list(plain.canvas.callbacks.callbacks["draw_event"]):
        plain.canvas.mpl_disconnect(told)
    without = shown(plain)
    assert HEATMAPS not in without and raw(shown(figure)) == raw(without)


def cleared() -> Any:
    figure = one()
    figure.axes[0].clear()
    return figure


def zoomed() -> Any:
    figure = one()
    figure.axes[0].set_xlim(0, 2)
    return figure


def hidden() -> Any:
    figure = one()
    figure.axes[0].set_visible(False)
    return figure


def with_other_data() -> Any:
    figure = one()
    figure.axes[0].images[0].set_data(matrix(2, 2))
    return figure


def no_map() -> Any:
    return plots.bars({"a": 1.0}).figure


def of_plain_matplotlib() -> Any:
    figure, ax = plt.subplots()
    ax.imshow(matrix(2, 2))
    return figure


def too_large() -> Any:
    return plots.heatmap(matrix(60, 80), range(60), range(80)).figure


@pytest.mark.parametrize("draw", [cleared, zoomed, hidden, with_other_data, no_map, of_plain_matplotlib, too_large])
def test_a_figure_without_a_heatmap_to_tell_has_only_its_picture(draw: Any) -> None:
    assert set(shown(draw())) == {"text/plain", "image/png"}


def test_data_changed_since_is_told_as_it_is_drawn() -> None:
    figure = one()
    figure.axes[0].images[0].set_data(matrix(3, 5)[::-1])
    figure.axes[0].set_xlabel("said later")
    data = shown(figure)
    assert agree(data) == 15 and data[HEATMAPS]["maps"][0]["column"] == "said later"


def test_what_is_said_at_one_of_two_maps_with_the_same_words_holds_for_both() -> None:
    figure, axes = plt.subplots(1, 3)
    plots.heatmap(matrix(2, 2), "ab", "cd", xlabel="key", ylabel="query", ax=axes[0])
    plots.heatmap(matrix(2, 2), "ab", "xy", ax=axes[1])
    plots.heatmap(matrix(2, 2), "uv", "cd", ylabel="own", ax=axes[2])
    maps = shown(figure)[HEATMAPS]["maps"]
    assert [(told["row"], told["column"]) for told in maps] == [("query", "key"), ("query", ""), ("own", "key")]


def test_the_largest_data_that_is_kept_is_small_in_the_file() -> None:
    told = shown(many())[HEATMAPS]
    assert len(json.dumps(told).encode()) < plots.MOST_BYTES
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()])
    empty = len(nbformat.writes(notebook))
    notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", data={HEATMAPS: told})]
    nbformat.validate(notebook)
    assert len(nbformat.writes(notebook)) - empty < plots.MOST_BYTES + 2_000


def test_only_where_there_is_a_png_are_there_data_for_it() -> None:
    figure = one()
    shown(figure)  # its places are known now
    assert set(shown(figure, "svg")) == {"text/plain", "image/svg+xml"}
    assert set(shown(one(), "svg", "png")) == {"text/plain", "image/svg+xml", "image/png", HEATMAPS}
    assert set(shown(one(), "pdf", "png", "jpeg")) >= {"image/png", HEATMAPS}
    data, _ = inline().format({"a": 1})
    assert set(data) == {"text/plain"}


def test_labels_are_one_line_and_numbers_are_short() -> None:
    values = [[1.0, -0.00001, 123.45678], [float("nan"), float("inf"), -2 / 3]]
    ax = plots.heatmap(values, [" ", "a\n b"], ["", HOSTILE, 3], title="x\n\n", ylabel="rows ")
    ax.figure.canvas.draw()
    (told,) = (plots.heatmaps(ax.figure) or {})["maps"]
    assert told["rows"] == ["␣", "a b"] and told["columns"] == ["", HOSTILE, "3"]
    assert (told["title"], told["row"], told["column"]) == ("x", "rows", "")
    assert told["values"] == ["1.000 0.000 123.457", "nan inf -0.667"]
    assert plots._plain("a\ud800b") == "a?b"
    assert plots._rounded(np.array([[0.0, 1e-5], [2e-5, -3.14159e-5]])) == [
        "0.0000000 0.0000100",
        "0.0000200 -0.0000314",
    ]
    assert plots._rounded(np.array([[3.0, 0.0, -20.0]])) == ["3 0 -20"]
    assert plots._rounded(np.array([[np.nan, np.inf]])) == ["nan inf"]
    assert plots._rounded(np.zeros((1, 2))) == ["0 0"]


def test_a_figure_that_is_closed_is_forgotten() -> None:
    figure = one()
    shown(figure)
    image, gone = weakref.ref(figure.axes[0].images[0]), weakref.ref(figure)
    plt.close(figure)
    del figure
    gc.collect()
    assert gone() is None and image() is None


def test_outside_a_kernel_ipython_learns_of_no_type() -> None:
    """As in the grader, whose shell has no kernel."""
    text = """
    from IPython.core.interactiveshell import InteractiveShell
    import sys
    shell = InteractiveShell.instance()
    import autograder.lab
    assert autograder.lab.kernel.HEATMAPS not in shell.display_formatter.formatters
    assert "matplotlib" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", "if True:" + text], check=True, cwd=ROOT)


def test_other_programs_take_the_png() -> None:
    """nbconvert stands for those that choose among the types they know."""
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("…")])
    data = {"image/png": base64.b64encode(raw(shown(one()))).decode(), "text/plain": "<Figure>"}
    pages = []
    for more in ({}, {HEATMAPS: shown(one())[HEATMAPS]}):
        notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", data=data | more)]
        nbformat.validate(notebook)
        pages.append(HTMLExporter().from_notebook_node(notebook)[0])
    assert data["image/png"] in pages[0] and pages[0] == pages[1]


def saved(label: str = HOSTILE) -> nbformat.NotebookNode:
    """An output as a student's notebook may hold it."""
    figure = plots.heatmap(matrix(2, 2), ["a", label], ["c", "d"], title=label).figure
    data = shown(figure)
    data["image/png"] = base64.b64encode(raw(data)).decode()
    return nbformat.v4.new_output("display_data", data=data)


def test_the_judge_keeps_png_and_text_of_a_heatmap() -> None:
    (kept,) = clean_outputs([json.loads(json.dumps(saved()))], 1_000_000)
    assert set(kept["data"]) == {"text/plain", "image/png"} and kept["metadata"] == {}


@pytest.mark.usefixtures("one_worker")
def test_a_hand_in_with_such_outputs_is_graded_and_its_page_shows_no_word_of_them(mini: Stage) -> None:
    notebook = solved(mini)
    canary = "canary8812"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = [saved(canary)]
    code[0].outputs[0].data[HEATMAPS] = {"maps": [{"rows": 3, "place": "x" * 1000}], "rows": [canary]}
    draws = f"""
from autograder.lab import plots
from IPython.display import display
display({{"text/plain": "shown by hand", {HEATMAPS!r}: {{"maps": ["canary" + str(8812)]}}}}, raw=True)
ax = plots.heatmap([[1.0, 2.0]], ["canary" + str(8812)], "ab")
"""
    (exercise,) = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("solution")]
    exercise.source += draws
    result = grade(mini, hand_in(mini, "ana", notebook))
    assert (result.students["ana"].score, result.students["ana"].status) == (2, "graded")
    page = mini.course.work / "feedback" / "ana" / mini.slug / f"{mini.slug}.html"
    text = page.read_text(encoding="utf-8")
    assert "data:image/png" in text and "shown by hand" in text  # the cell was run, and its picture is on the page
    for path in [page, *(mini.course.work / "autograded").rglob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        assert '"values"' not in text and canary not in text, path


def test_the_site_holds_the_data_as_data() -> None:
    cell = nbformat.v4.new_code_cell("…", id="same", outputs=[saved()])
    picture, data = outputs(nbformat.v4.new_notebook(cells=[cell]))["same", "…"]
    assert set(picture.data) == {"image/png"} and set(data.data) == {"text/html"}
    tag = data.data["text/html"]
    assert tag.count("<") == 2 and tag.startswith(f'<script type="{HEATMAPS}">{{') and tag.endswith("</script>")
    assert json.loads(tag.partition(">")[2].removesuffix("</script>")) == cell.outputs[0].data[HEATMAPS]


# ---- in JupyterLab ------------------------------------------------------------------------------

SLUG = "00_maps"
ONE = """ax = plots.heatmap([[0.25, 0.83], [1, -0.5]], ["I", "like"], ["我", "爱"],
                   title="Weights", xlabel="key of", ylabel="query of")"""
TWO = f"""figure, axes = plots.plt.subplots(1, 2, figsize=(20, 3))
plots.heatmap([[1, 2, 3]], ["only"], "abc", title="left", ax=axes[0])
ax = plots.heatmap([[4], [5]], ["up", {HOSTILE!r}], "d", title="right", ax=axes[1])"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("maps") / "我的 course"
    (root / "notebooks" / SLUG).mkdir(parents=True)
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    with lab(root, tmp_path_factory.mktemp("home")) as address:
        yield root, address


@pytest.fixture
def course(server: tuple[Path, str]) -> tuple[Path, str]:
    """A notebook that is new in each test, and the address of the server."""
    root, address = server
    start = "from autograder.lab import plots\nplots.use_style()"
    cells = [nbformat.v4.new_code_cell(source) for source in (start, ONE, TWO, "print('the last cell')")]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    path = root / "notebooks" / SLUG / f"{SLUG}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path, address


@pytest.fixture
def page() -> Iterator[Any]:
    with new_page() as page:
        yield page


def point(picture: Any, told: dict[str, Any], row: int, column: int) -> str:
    """Move the pointer to the middle of a cell; what is said there."""
    image = picture.locator("img")
    image.evaluate("it => it.decode()")  # from now on it has its size
    box, (left, top, width, height) = image.bounding_box(), told["place"]
    x = box["width"] * (left + width * (column + 0.5) / len(told["columns"]))
    y = box["height"] * (top + height * (row + 0.5) / len(told["rows"]))
    image.hover(position={"x": x, "y": y})  # when it does not move any more
    picture.locator(".play-cell").wait_for()
    box, frame = image.bounding_box(), picture.locator(".play-cell").bounding_box()
    assert frame["x"] < box["x"] + x < frame["x"] + frame["width"]
    assert frame["y"] < box["y"] + y < frame["y"] + frame["height"]
    assert frame["width"] == pytest.approx(box["width"] * width / len(told["columns"]), abs=1)
    tip = picture.locator(".play-tip").bounding_box()
    assert tip["x"] >= box["x"] - 1 and tip["x"] + tip["width"] <= box["x"] + box["width"] + 1
    return str(picture.locator(".play-tip").inner_text())


DATA = """at => window.jupyterapp.shell.currentWidget.content.widgets[at].model.outputs.toJSON()[0].data"""
ACTIVE = """() => {
    const { content, context } = window.jupyterapp.shell.currentWidget;
    return [content.activeCellIndex, content.mode, context.model.dirty];
}"""


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_in_jupyterlab_a_cell_is_told_to_pointer_and_keyboard_and_after_saving(
    course: tuple[Path, str], page: Any
) -> None:
    path, address = course
    said, asked = list[str](), set[str]()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    notebook = Notebook(page, address, SLUG)
    notebook.run("use_style()")
    notebook.run('title="Weights"')
    picture = page.locator(".jp-Notebook .play-map")
    picture.wait_for()
    (told,) = page.evaluate(DATA, 1)[HEATMAPS]["maps"]
    assert point(picture, told, 0, 1) == "I → 爱: 0.830\nquery of → key of"
    assert point(picture, told, 1, 1) == "like → 爱: −0.500\nquery of → key of"
    assert point(picture, told, 0, 0) == "I → 我: 0.250\nquery of → key of"
    tip = picture.locator(".play-tip")
    page.mouse.move(5, 5)
    assert tip.inner_text() == "" and picture.locator(".play-cell").is_hidden()

    # Keys: JupyterLab's own for the notebook's cells stay away from arrows, and do what they did with others.
    assert picture.locator("img").get_attribute("alt") == "Weights: 2 rows (query of), 2 columns (key of)"
    keys = picture.get_by_role("application", name="Weights: 2 rows")
    keys.focus()
    state = page.evaluate(ACTIVE)
    heard = picture.get_by_role("status")
    assert heard.inner_text() == "I → 我: 0.250"
    moves = {
        "ArrowDown": "like → 我: 1.000", "ArrowRight": "like → 爱: −0.500", "ArrowUp": "I → 爱: 0.830",
        "ArrowLeft": "I → 我: 0.250", "End": "I → 爱: 0.830", "Home": "I → 我: 0.250",
    }  # fmt: skip
    for key, expected in moves.items():
        page.keyboard.press(key)
        assert heard.inner_text() == expected and page.evaluate(ACTIVE) == state, key
    for key in ("ArrowUp", "ArrowLeft"):  # at the edge
        page.keyboard.press(key)
        assert heard.inner_text() == "I → 我: 0.250" and page.evaluate(ACTIVE) == state, key
    page.keyboard.press("Escape")
    assert heard.inner_text() == "" and page.evaluate(ACTIVE)[0] == state[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert heard.inner_text() == ""
    keys.focus()
    page.keyboard.press("Shift+Enter")  # runs the cell, as with the focus anywhere else in it
    page.wait_for_function(f"before => ({ACTIVE})()[0] === before + 1", arg=state[0])
    page.wait_for_function(
        "() => { const { model } = window.jupyterapp.shell.currentWidget.content.widgets[1];"
        " return model.executionState === 'idle' && model.executionCount === 3 && model.outputs.length; }"
    )

    # Saved and opened again, from the file alone.
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    before = path.read_bytes()
    assert HEATMAPS.encode() in before
    Notebook(page, address, SLUG)
    picture = page.locator(".jp-Notebook .play-map")
    picture.wait_for()
    assert point(picture, told, 1, 0) == "like → 我: 1.000\nquery of → key of"
    assert page.evaluate(ACTIVE)[2] is False and path.read_bytes() == before
    assert said == [] and asked == {urlsplit(address).netloc}


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_in_jupyterlab_the_picture_is_shown_as_ever(course: tuple[Path, str], page: Any) -> None:
    """Beside the same output without the data: size, a double click for the full size, and no label becomes a tag."""
    _, address = course
    notebook = Notebook(page, address, SLUG)
    notebook.run("use_style()")
    notebook.run("figsize=(20, 3)")
    page.locator(".jp-Notebook .play-map").wait_for()
    left, right = page.evaluate(DATA, 2)[HEATMAPS]["maps"]
    picture = page.locator(".jp-Notebook .play-map")
    assert point(picture, right, 1, 0).startswith("</script><img src=x")
    assert page.title() != "1" and picture.locator("img").count() == 1 and picture.locator("script").count() == 0
    assert point(picture, left, 0, 1) == "only → b: 2"
    picture.get_by_role("application").focus()  # goes on from there
    for key, expected in {"End": "only → c: 3", "ArrowRight": "up → d: 4", "ArrowLeft": "only → c: 3"}.items():
        page.keyboard.press(key)
        assert picture.get_by_role("status").inner_text() == expected, key

    size = """() => {
        const image = document.querySelector('.jp-Notebook .jp-RenderedImage img');
        const [own, all] = [image, image.closest('.jp-OutputArea')].map(it => it.getBoundingClientRect());
        return [own.width, own.height, own.left - all.left, own.top - all.top, all.height];
    }"""

    def sizes() -> list[Any]:
        found = [page.evaluate(size)]
        image = page.locator(".jp-Notebook .jp-RenderedImage img")
        for _ in range(2):
            image.dblclick(position={"x": 3, "y": 3})
            found.append(page.evaluate(size))
        return found

    with_data = sizes()
    assert with_data[1][0] > with_data[0][0]  # it was wider than the page
    page.evaluate(
        """async type => {
            const { outputs } = window.jupyterapp.shell.currentWidget.content.widgets[2].model;
            const output = outputs.toJSON()[0];
            delete output.data[type];
            outputs.clear();
            outputs.add(output);
        }""",
        HEATMAPS,
    )
    page.locator(".jp-Notebook .play-map").wait_for(state="detached")
    page.locator(".jp-Notebook .jp-RenderedImage img").wait_for()
    assert sizes() == with_data


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_in_jupyterlab_data_that_do_not_fit_leave_the_picture(course: tuple[Path, str], page: Any, theme: str) -> None:
    _, address = course
    said = list[str]()
    page.on("pageerror", lambda error: said.append(str(error)))
    notebook = Notebook(page, address, SLUG)
    notebook.run("use_style()")
    notebook.run('title="Weights"')
    page.locator(".jp-Notebook .play-map").wait_for()
    good = page.evaluate(DATA, 1)
    change = """([data, theme]) => {
        const outputs = window.jupyterapp.shell.currentWidget.content.widgets[1].model.outputs;
        outputs.clear();
        outputs.add({ output_type: 'display_data', metadata: {}, data });
        return window.jupyterapp.commands.execute('apputils:change-theme', { theme });
    }"""
    (told,) = good[HEATMAPS]["maps"]
    bad: list[Any] = [
        {}, {"maps": None}, {"maps": [None, 3, "x"]}, {"maps": [told | {"values": ["1 2"]}]},
        {"maps": [told | {"values": ["1", "2"]}]}, {"maps": [told | {"place": ["0", 0, 1, 1]}]},
        {"maps": [told | {"rows": [{"a": 1}, "b"]}]}, {"maps": [told | {"columns": "我爱"}]},
    ]  # fmt: skip
    for data in bad:
        page.evaluate(change, [good | {HEATMAPS: data}, theme])
        page.wait_for_function(
            "() => document.querySelector('.jp-Notebook .jp-RenderedImage img') && !document.querySelector('.play-map')"
        )
    page.evaluate(change, [{"text/plain": "no picture", HEATMAPS: good[HEATMAPS]}, theme])
    page.get_by_text("no picture").wait_for()
    page.evaluate(change, [good, theme])
    page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
    picture = page.locator(".jp-Notebook .play-map")
    picture.wait_for()
    assert point(picture, told, 0, 0).startswith("I → 我: 0.250")
    colors = picture.locator(".play-tip").evaluate(
        "it => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]"
    )
    assert colors == ["rgb(27, 27, 27)", "rgb(255, 255, 255)"]  # it is on the picture, and that is white in each theme
    assert said == []
