"""Pictures that move: their numbers are those of torch, and in JupyterLab a slider changes them and no file."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
import torch

from autograder.build.draw import read_drawings
from autograder.course.layout import Course, Stage
from autograder.desk import bundle
from autograder.lab import grammar
from autograder.stage.read import read_stage

from .conftest import ROOT
from .test_browser import CHROMIUM, Notebook, lab, new_page

SCRIPT = bundle.SITE / "play.js"
PLACES = {  # of each moving picture
    "temperature": "01_rnn_basics",
    "memory": "02_lstm_gru",
    "attention": "05_bahdanau_attention",
    "root": "07_self_attention",
}
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def computed() -> dict[str, Any]:
    """What the script of the site holds and computes, without a page."""
    asked = """
    const taus = [0, 0.05, 0.5, 1, 2, 3];
    const shares = taus.map(tau => play.softmax(play.LOGITS, tau));
    const cases = [[0.8, 0.5, 0.6, 0.5, 2, 10], [1, 1, -1, 1, 2, 10], [0, 0.35, 0.9, 0.05, -3, 4]];
    const steps = cases.map(it => play.memory(...it));
    console.log(JSON.stringify({...play, taus, shares, cases, steps, huge: play.softmax([900, -900, 899], 1)}));
    """
    text = SCRIPT.read_text(encoding="utf-8") + asked
    done = subprocess.run(["node", "-"], input=text, capture_output=True, text=True, encoding="utf-8", check=True)
    return dict(json.loads(done.stdout))


def drawn(name: str) -> list[str]:
    return read_drawings(Stage(Course(ROOT), PLACES[name]).drawings)[f"play_{name}"].texts


@needs_node
def test_the_temperature_is_that_of_torch(computed: dict[str, Any]) -> None:
    z = torch.tensor(computed["LOGITS"], dtype=torch.float64)
    for tau, shares in zip(computed["taus"], computed["shares"], strict=True):
        expected = (z / tau).softmax(0) if tau else torch.eye(6, dtype=torch.float64)[z.argmax()]
        torch.testing.assert_close(torch.tensor(shares, dtype=torch.float64), expected)
    huge = torch.tensor([900.0, -900.0, 899.0], dtype=torch.float64).softmax(0)
    torch.testing.assert_close(torch.tensor(computed["huge"], dtype=torch.float64), huge)


@needs_node
def test_the_memory_is_that_of_an_lstm_cell_whose_weights_are_zero(computed: dict[str, Any]) -> None:
    def logit(share: float) -> float:
        return math.log(share / (1 - share)) if 0 < share < 1 else math.copysign(100, share - 0.5)

    for (f, i, g, o, c, count), steps in zip(computed["cases"], computed["steps"], strict=True):
        cell = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
        for p in cell.parameters():
            torch.nn.init.zeros_(p)
        proposal = math.atanh(g) if abs(g) < 1 else math.copysign(100, g)
        cell.bias_ih.data = torch.tensor([logit(i), logit(f), proposal, logit(o)], dtype=torch.float64)
        state = torch.zeros(1, 1).double(), torch.full((1, 1), c, dtype=torch.float64)
        assert len(steps) == count
        for step in steps:
            state = cell(torch.zeros(1, 1).double(), state)
            assert [step["h"], step["c"]] == pytest.approx([state[0].item(), state[1].item()])
            assert step["kept"] + step["added"] == pytest.approx(step["c"])


@needs_node
def test_the_scores_are_dot_products_of_torchs_random_numbers(computed: dict[str, Any]) -> None:
    assert computed["SIZES"] == [2**k for k in range(10)]
    for seed, scores in enumerate(computed["SCORES"]):
        generator = torch.Generator().manual_seed(seed)
        q, K = torch.randn(512, generator=generator), torch.randn(6, 512, generator=generator)
        expected = torch.stack([K[:, :d] @ q[:d] for d in computed["SIZES"]])
        torch.testing.assert_close(torch.tensor(scores), expected, atol=0.0051, rtol=0)


@needs_node
def test_the_attention_has_a_row_for_each_word_that_is_written(computed: dict[str, Any]) -> None:
    pair = grammar.render(grammar.Meaning(grammar.Noun("Tom"), "help", grammar.Noun("Jerry"), time="every day"))
    assert (computed["SOURCE"], computed["TARGET"]) == ([*pair.source, "E"], [*pair.target, "E"])
    weights = torch.tensor(computed["WEIGHTS"])
    assert weights.shape == (len(computed["TARGET"]), len(computed["SOURCE"])) and len(computed["GLOSS"]) == 5
    torch.testing.assert_close(weights.sum(1), torch.ones(5), atol=3e-4, rtol=0)


@needs_node
def test_the_still_pictures_show_the_same_numbers(computed: dict[str, Any]) -> None:
    texts = drawn("temperature")
    assert [text for text in texts if len(text) == 1 and text != "$"] == computed["LETTERS"]
    shares = {tau: row for tau, row in zip(computed["taus"], computed["shares"], strict=True) if tau in (0.5, 1, 2)}
    expected = [f"{p:.2f}" for row in shares.values() for p in row]
    assert [text for text in texts if re.fullmatch(r"0\.\d\d", text)] == expected
    assert [text for text in texts if re.fullmatch(r"−?\d\.\d", text)] == [
        f"{z:.1f}".replace("-", "−") for z in computed["LOGITS"]
    ]
    weights = [re.findall(r"= (0\.\d\d)\$", text) for text in drawn("attention") if text.startswith(r"$\alpha")]
    assert weights == [[f"{weight:.2f}"] for weight in computed["WEIGHTS"][1]]
    largest = [text[-4:] for text in drawn("root") if text.startswith("largest")]
    scores = {d: torch.tensor(computed["SCORES"][2][computed["SIZES"].index(d)]).double() for d in (1, 64, 512)}
    most = [(s / by).softmax(0).max().item() for d, s in scores.items() for by in (1, math.sqrt(d))]
    assert largest == [f"{weight:.2f}" for weight in most]


def test_each_moving_picture_has_its_drawing_in_a_text_and_the_script_is_small_and_asks_nobody() -> None:
    found = {
        (name, stage.slug)
        for stage in Course(ROOT).stages()
        for name in re.findall(r"\]\(drawings/play_(\w+)\.svg\)", stage.released.read_text(encoding="utf-8"))
    }
    assert found == set(PLACES.items())
    text = SCRIPT.read_text(encoding="utf-8")
    assert all(f"{name}:" in text or f"{name}()" in text for name in PLACES) and len(text.encode()) < 40_000
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|eval\(|innerHTML", text)


def test_a_script_of_the_site_that_is_lost_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in bundle.FOR_THE_SITE:
        shutil.copy(bundle.SITE / name, tmp_path / name)
    monkeypatch.setattr(bundle, "SITE", tmp_path)
    assert bundle.fault(ROOT / "labextension") is None
    (tmp_path / "play.css").unlink()
    assert "not made of these sources" in str(bundle.fault(ROOT / "labextension"))


@pytest.mark.slow
@needs_node
def test_the_weights_are_those_of_the_translator_of_the_solution(computed: dict[str, Any]) -> None:
    """Trains it as 5.8 does."""
    names: dict[str, Any] = {"__name__": "stage"}
    for cell in read_stage(Stage(Course(ROOT), PLACES["attention"])).cells:
        if cell.kind in ("given", "exercise"):
            exec(cell.source, names)
    model = names["train_translator"](grammar.corpus().train, seed=0)
    pair = grammar.render(grammar.Meaning(grammar.Noun("Tom"), "help", grammar.Noun("Jerry"), time="every day"))
    source, y_in, _ = grammar.batch([pair])
    weights = model(source, y_in)[1][0].detach()
    torch.testing.assert_close(weights, torch.tensor(computed["WEIGHTS"]), atol=0.02, rtol=0)


# ---- in JupyterLab ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("play") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    for slug in PLACES.values():
        shutil.copytree(ROOT / "notebooks" / slug, root / "notebooks" / slug)
    with lab(root, tmp_path_factory.mktemp("home")) as address:
        yield root, address


@pytest.fixture
def page() -> Iterator[Any]:
    with new_page() as page:
        yield page


def show(page: Any, name: str) -> Any:
    """Scroll to the text of this picture; the picture that moves."""
    page.evaluate(
        """async (name) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const at = notebook.widgets.findIndex(w => w.model.sharedModel.source.includes(`play_${name}.svg`));
            notebook.activeCellIndex = at;
            await notebook.scrollToItem(at, 'center');
        }""",
        name,
    )
    found = page.locator(".jp-Notebook .play")
    found.wait_for()
    found.scroll_into_view_if_needed()
    return found


ACTIVE = """() => {
    const { content, context } = window.jupyterapp.shell.currentWidget;
    return [content.activeCellIndex, content.mode, context.model.dirty, content.activeCell.rendered];
}"""


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("name", PLACES)
def test_in_jupyterlab_a_slider_moves_the_picture_and_no_byte_of_the_notebook(
    course: tuple[Path, str], page: Any, name: str
) -> None:
    root, address = course
    path = root / "notebooks" / PLACES[name] / f"{PLACES[name]}.ipynb"
    before, said, asked = path.read_bytes(), list[str](), set[str]()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    Notebook(page, address, PLACES[name])
    picture = show(page, name)
    assert picture.get_attribute("aria-label") and not page.locator("img.play-still").is_visible()
    state, slider = page.evaluate(ACTIVE), picture.get_by_role("slider").first

    def seen() -> str:
        return str(picture.locator(".play-says").inner_text())

    start = seen()
    slider.focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowLeft"):  # JupyterLab would go to another cell with them
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.type") == "range", key
    assert seen() != start
    picture.get_by_role("button", name="Reset").click()
    assert seen() == start
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    assert seen() != start
    picture.get_by_role("button", name="Reset").dblclick()  # a double click on a text opens it to be edited
    assert seen() == start
    page.keyboard.press("Tab")
    assert page.evaluate(ACTIVE) == state
    page.keyboard.press("Escape")
    if name == "memory" and (folder := os.environ.get("SCREENSHOTS")):  # the README's
        page.set_viewport_size({"width": 1100, "height": 700})
        page.wait_for_timeout(1000)
        picture.evaluate("it => it.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(500)
        page.screenshot(path=str(ROOT / folder / "moving.png"))
    assert path.read_bytes() == before and said == [] and asked == {urlsplit(address).netloc}


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_the_steps_of_the_attention_by_button(course: tuple[Path, str], page: Any) -> None:
    Notebook(page, course[1], PLACES["attention"])
    picture = show(page, "attention")

    def press(name: str) -> str:
        picture.get_by_role("button", name=name, exact=True).click()
        return str(picture.locator(".play-formula").inner_text())

    assert picture.get_by_role("button", name="Back").is_disabled()
    assert press("Next") == "c₂ = Σ α v = 0.03 v₁ + 0.12 v₂ + 0.01 v₃ + 0.79 v₄ + 0.05 v₅"
    assert press("Back").startswith("c₁ = Σ α v = 0.97 v₁")
    press("Play")
    page.wait_for_function("document.querySelector('.play-formula').textContent.startsWith('c₅')")
    assert picture.get_by_role("button", name="Next").is_disabled()
    picture.get_by_role("button", name="Play", exact=True).wait_for()  # it has stopped by itself
    page.emulate_media(reduced_motion="reduce")
    assert picture.get_by_text("Play").is_hidden()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_text_that_is_edited_and_shown_again_moves_again(course: tuple[Path, str], page: Any) -> None:
    Notebook(page, course[1], PLACES["temperature"])
    show(page, "temperature")
    for rendered in (False, True):
        page.evaluate("on => { window.jupyterapp.shell.currentWidget.content.activeCell.rendered = on; }", rendered)
        if not rendered:
            page.locator(".jp-Notebook .play").wait_for(state="detached")
    page.locator(".jp-Notebook .play").wait_for()
    assert page.locator(".jp-Notebook .play").count() == 1


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_without_the_extension_and_on_paper_the_still_picture_is_there(course: tuple[Path, str], page: Any) -> None:
    Notebook(page, course[1], PLACES["temperature"])
    picture = show(page, "temperature")
    page.emulate_media(media="print")
    assert page.locator("img.play-still").is_visible() and not picture.is_visible()
    page.emulate_media(media="screen")
    page.route("**/lab/extensions/sequence-course/**", lambda route: route.abort())
    Notebook(page, course[1], PLACES["temperature"])
    page.evaluate(
        """async () => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const at = notebook.widgets.findIndex(w => w.model.sharedModel.source.includes('play_temperature.svg'));
            await notebook.scrollToItem(at, 'center');
        }"""
    )
    image = page.locator("img[src*=play_temperature]")
    image.wait_for()
    assert image.is_visible() and image.evaluate("it => it.decode().then(() => it.naturalWidth)") > 300
    assert page.locator(".play").count() == 0


def test_the_texts_hold_ordinary_pictures() -> None:
    for name, slug in PLACES.items():
        cells = nbformat.read(Stage(Course(ROOT), slug).released, as_version=4).cells
        (cell,) = [cell for cell in cells if f"play_{name}" in cell.source]
        assert re.search(rf"^!\[[^]\n]+\]\(drawings/play_{name}\.svg\)$", cell.source, re.M)
        assert (Stage(Course(ROOT), slug).released.parent / "drawings" / f"play_{name}.svg").is_file()
