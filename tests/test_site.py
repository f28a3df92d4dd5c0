"""`autograder site`: no secrets, links that lead somewhere, nothing from elsewhere, and forms for quizzes."""

from __future__ import annotations

import html
import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import snowballstemmer
from nbformat import NotebookNode

from autograder.build import write as builder
from autograder.build.agree import secret_lines
from autograder.build.release import source_notebook
from autograder.build.site import make, texts
from autograder.build.site.figures import Figures, keep_proof, kept_figures, read_figures
from autograder.build.site.make import LIST, publish, write_source
from autograder.build.site.pages import LONG, page, question_of
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.stage.read import read_answers, read_stage

from .conftest import ROOT, edit, run
from .test_browser import ARGUMENTS, CHROMIUM

FOLDED = "hide-input"
QUESTION = """
# %% [markdown] quiz="longer" kind="one" points=1 read="12.1"
# Which is longer?
#
# - [ ] A. The differences.
#   > canaryoptionq one: T numbers have T-1 differences.
# - [x] B. The sequence.
#   > canaryoptionq two: one number more.
"""


def released(*cells: NotebookNode) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 12 · A stage"), *cells])


def code(source: str, printed: str = "", **nbgrader: object) -> NotebookNode:
    cell = nbformat.v4.new_code_cell(source, id="same", metadata={"nbgrader": nbgrader} if nbgrader else {})
    if printed:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
    return cell


def shown(notebook: NotebookNode) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


# ---- a notebook's page --------------------------------------------------------------------------


@pytest.mark.parametrize("stage", Course(ROOT).stages(released=True), ids=lambda stage: stage.slug)
def test_each_question_of_the_course_becomes_a_form_and_its_two_cells_go(stage: Stage) -> None:
    notebook = nbformat.read(stage.released, as_version=4)
    asked = [cell.metadata.nbgrader.grade_id.split("-")[0] for cell in notebook.cells if "quiz.read(" in cell.source]
    made = page(notebook, None, "here")
    forms = [re.search(r'id="question-(\w+)"', cell.source) for cell in made.cells if 'class="quiz"' in cell.source]
    assert asked and [form and form[1] for form in forms] == asked
    assert not any("quiz.read(" in cell.source for cell in made.cells)
    assert not [name for name in asked if any(f"{name} = None" in cell.source for cell in made.cells)]


def test_a_question_tells_the_form_of_its_answer() -> None:
    call = (
        'quiz_answer = quiz.read("q", q, "match", options="AB", numbers="1 2", draw="I=8,16", student=lambda: student)'
    )
    question = question_of(f"from autograder.lab import quiz\n\n{call}")
    assert question is not None
    assert (question.name, question.kind, question.options, question.numbers) == ("q", "match", "AB", "1 2")
    assert 'data-letters="I"' in question.opening() and "&quot;A&quot;: 1" in question.opening()
    assert question_of("expect(1).equal(1)") is None


def test_outputs_come_from_demonstrations_alone() -> None:
    """A quiz's check prints the sentence of its right answer; an exercise may print anything."""
    demo, check = code("x", "plot"), code("x", "secret", grade=True, grade_id="f-a", points=1)
    for kind in (check, code("x", "secret", solution=True, grade_id="f"), code("x", "secret", grade_id="setup")):
        bare = nbformat.from_dict(kind)
        bare.outputs = []
        assert shown(page(released(bare), released(kind), "here")) == []
        assert shown(page(released(code("x")), released(kind), "here")) == []  # the same id and source
    assert [output.text for output in shown(page(released(code("x")), released(demo), "here"))] == ["plot"]
    assert shown(page(released(code("another x")), released(demo), "here")) == []
    assert shown(page(released(code("x")), None, "here")) == []


def test_of_outputs_only_text_and_png_are_shown() -> None:
    solved = code("x")
    data = {"text/html": "<script>1</script>", "text/plain": "<Figure>", "image/png": "iVBORw0KGgo="}
    solved.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="/home/me: warning"),
        nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["/home/me"]),
        nbformat.v4.new_output("display_data", data=data),
        nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg onload='1'/>"}),
        nbformat.v4.new_output("execute_result", data={"text/plain": "3"}, execution_count=1),
    ]
    found = shown(page(released(code("x")), released(solved), "here"))
    assert [output.data for output in found] == [{"image/png": "iVBORw0KGgo="}, {"text/plain": "3"}]


def test_checks_and_long_code_are_folded_and_an_exercise_has_its_points() -> None:
    checks = [code("c", grade=True, grade_id=f"f-{name}", points=points) for name, points in (("a", 2), ("b", 1))]
    long, short = code("\n".join("x" * (LONG + 1))), code("\n".join("x" * LONG))
    given = [code("def f(): ...", solution=True, grade_id="f"), *checks, long, short]
    for number, cell in enumerate(given):
        cell.id = str(number)
    made = page(released(*given), None, "here")
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    folded = [FOLDED in cell.metadata.get("tags", []) for cell in cells]
    assert folded == [False, True, True, True, False]
    assert cells[1].metadata.mystnb["code_prompt_show"] == "Check f-a · 2 points"
    assert "<code>f</code> · 3 points" in made.cells[2].source


def test_a_prediction_comes_before_what_comes_out() -> None:
    ask = nbformat.v4.new_markdown_cell("*Predict first:* how many?")
    made = page(released(ask, code("x")), released(ask, code("x", "7")), "here")
    assert "hide-output" in made.cells[-1].metadata.tags and FOLDED not in made.cells[-1].metadata.tags
    made = page(released(code("x")), released(code("x", "7")), "here")
    assert "tags" not in made.cells[-1].metadata


def test_a_plot_is_described_by_what_there_is_to_see() -> None:
    see = nbformat.v4.new_markdown_cell("*What to see:* the *blue* line rises to $T$. The other one falls.")
    made = page(released(code("x"), see), None, "here")
    assert made.cells[2].metadata.mystnb["image"]["alt"] == "the blue line rises to T."


# ---- the other pages ----------------------------------------------------------------------------


def test_a_line_of_code_is_no_heading() -> None:
    found = texts.sections("# T\nintro\n## A\n```\n## no heading\n```\nmore\n## B\n")
    assert list(found) == ["", "A", "B"] and "## no heading" in found["A"] and found["B"] == ""


def test_links_lead_to_pages_or_are_words() -> None:
    kept = {"index.md", "docs/hub.md", "notebooks/03/03.ipynb", "docs/pictures/a.png"}
    text = "[a](../notebooks/03/03.ipynb) [b](../CONTRIBUTING.md) [c](../README.md#start) [d](https://e.org/x) [e](#f)"
    assert texts.relinked(text, "docs/hub.md", kept) == (
        "[a](../notebooks/03/03.ipynb) b [c](../index.md) [d](https://e.org/x) [e](#f)"
    )
    assert texts.relinked("[a](docs/hub.md#x) ![p](docs/pictures/a.png)", "", kept) == (
        "[a](docs/hub.md#x) ![p](docs/pictures/a.png)"
    )
    fenced = "```\n[b](gone.md)\n```\n"
    assert texts.relinked(fenced, "", kept) == fenced


def test_what_an_attack_tries_is_words_and_no_markup() -> None:
    assert texts.plain("a lying __eq__ of <b> [1]") == r"a lying \_\_eq\_\_ of \<b\> \[1\]"


def test_the_front_page_has_each_stage_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    slugs = [stage.slug for stage in Course(ROOT).stages(released=True)]
    assert list(texts.described(texts.sections(readme)["The course"])) == slugs
    front = texts.front(readme, [f"notebooks/{slug}/{slug}" for slug in slugs], ["docs/hub"])
    assert all(f"\nnotebooks/{slug}/{slug}\n" in front for slug in slugs) and "\ndocs/hub\n" in front
    assert "How grading is kept fair" not in front


def test_figures_are_those_that_were_measured() -> None:
    wrong = {"total": 2571, "caught": 2570, "caught_by_visible": 1200, "diagnosed": 2000}
    stage = {
        "blank_score": 0,
        "solution_score": 29,
        "max_score": 29,
        "right": {"total": 18, "accepted": 17},
        "wrong": wrong,
    }
    text = texts.instructors(
        "", [], {"stages": {"03": stage}}, {"03": {"submissions": 24, "wall_ratio": 13.75}}, [], []
    )
    assert "| 03 | 0 | 29 of 29 | 17 of 18 | 2,570 of 2,571 | 1,200 of 2,571 | 2,000 of 2,571 |" in text
    assert "| submissions | 24 |" in text and "| stock's time over that of two workers | 13.75 |" in text
    assert "What `verify` measured" not in texts.instructors("", [], None, None, [], [])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stages": {"03": {}}}', '{"stages": 3}', '{"stages": {"03": [1]}}'])
def test_a_file_without_figures_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "proof.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="does not hold the figures"):
        read_figures(path, ("right",))


def test_figures_of_the_last_proof_are_kept_until_a_text_changes(mini: Stage) -> None:
    assert kept_figures(mini.course) == Figures()
    entry = {"exercises": 1, "right": {}, "wrong": {}, "blank_score": 0}
    keep_proof(mini.course, {mini.slug: entry})
    keep_proof(mini.course, {})  # of a stage whose cells did not run
    proof = kept_figures(mini.course).proof
    assert (
        proof is not None
        and proof["stages"].keys() == {mini.slug}
        and entry.items() <= proof["stages"][mini.slug].items()
    )
    (mini.course.work / "benchmark.json").write_text("{", encoding="utf-8")  # not whole
    edit(mini, "How much does a sequence change", "How much does it change")
    assert kept_figures(mini.course) == Figures()


# ---- what Sphinx reads --------------------------------------------------------------------------


def plant(stage: Stage) -> None:
    """Canaries in all that is secret, one in prose, and a solved notebook that has printed something in every cell."""
    edit(
        stage,
        "    return x[:, 1:] - x[:, :-1]",
        "    canarysolutionq = len('canarysolutionq')\n    return x[:, 1:] - x[:, :-1]",
    )
    edit(stage, "torch.manual_seed(0)\n", "torch.manual_seed(len('canaryhiddenq of a test'))\n")
    edit(stage, "How much does a sequence change", "canaryproseq 我爱中国. How much does a sequence change")
    stage.text.write_text(stage.text.read_text(encoding="utf-8") + QUESTION, encoding="utf-8")
    answers = stage.answers.read_text(encoding="utf-8")
    stage.answers.write_text(answers.replace('says="It is', 'says="canarysentenceq It is'), encoding="utf-8")
    builder.build(stage)
    write_solved(stage, "canaryshownq")


def write_solved(stage: Stage, printed: str) -> None:
    """A solved notebook whose demonstrations have printed this, and all other cells a canary."""
    solved = source_notebook(read_stage(stage))
    for cell in solved.cells:
        if cell.cell_type == "code":
            text = "canaryoutputq" if "nbgrader" in cell.metadata else printed
            errors = nbformat.v4.new_output("stream", name="stderr", text="canarystderrq\n")
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"{text}\n"), errors]
    nbformat.write(solved, stage.solved)


SECRET = ("canarysolutionq", "canaryhiddenq", "canarysentenceq", "canaryoptionq", "canaryoutputq", "canarystderrq")


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_with_another_key_sphinx_reads_the_same_bytes(mini: Stage, tmp_path: Path) -> None:
    plant(mini)
    write_source(mini.course, tmp_path / "a", Figures())
    edit(mini, "[ ] A.", "[x] A.")
    edit(mini, "[x] B.", "[ ] B.")
    builder.build(mini)
    write_solved(mini, "canaryshownq")
    write_source(mini.course, tmp_path / "b", Figures())
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        ("the code is\n    return x[:, 1:] - x[:, :-1]", "the solution of"),
        ("before, expected = x.clone(), torch.diff(x, dim=1)", "the hidden test"),
        ("What falls has d < 0; its size alone does not tell.", "the sentence about the answer"),
        ("It says: canaryoptionq two: one number more.", "a sentence about an option"),
    ],
)
def test_an_output_that_gives_something_away_stops_the_site(
    mini: Stage, tmp_path: Path, printed: str, what: str
) -> None:
    plant(mini)
    write_solved(mini, printed)
    with pytest.raises(CourseError, match=f"notebooks/12_my_stage/12_my_stage.ipynb: .*{what}"):
        write_source(mini.course, tmp_path / "source", Figures())
    assert not (tmp_path / "source").exists()


def test_a_document_that_gives_something_away_stops_the_site(mini: Stage, tmp_path: Path) -> None:
    builder.build(mini)
    (mini.course.root / "docs").mkdir()
    (mini.course.root / "docs" / "how.md").write_text("# How\n\n    return x[:, 1:] - x[:, :-1]\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"docs/how\.md: .*the solution of"):
        write_source(mini.course, tmp_path / "source", Figures())


def test_a_notebook_in_which_somebody_worked_is_no_page(mini: Stage, tmp_path: Path) -> None:
    builder.build(mini)
    work = mini.released.read_text(encoding="utf-8").replace("differences: not written yet", "my own words")
    mini.released.write_text(work, encoding="utf-8")
    with pytest.raises(CourseError, match="somebody has worked in it"):
        write_source(mini.course, tmp_path / "source", Figures())


def test_what_stays_the_same_keeps_its_time_and_what_is_gone_goes(mini: Stage, tmp_path: Path) -> None:
    builder.build(mini)
    source = tmp_path / "source"
    assert write_source(mini.course, source, Figures()) == 3
    (source / "docs").mkdir()
    (source / "docs" / "gone.md").touch()
    before = (source / "index.md").stat().st_mtime_ns
    write_source(mini.course, source, Figures())
    assert (source / "index.md").stat().st_mtime_ns == before
    assert not (source / "docs" / "gone.md").exists()


def test_without_solutions_there_is_a_site_all_the_same(mini: Stage, tmp_path: Path) -> None:
    builder.build(mini)
    shutil.rmtree(mini.course.root / "solutions")
    assert write_source(mini.course, tmp_path / "source", Figures()) == 3


def test_without_a_notebook_the_fix_is_said(mini: Stage) -> None:
    assert "python3 course.py build" in run("site", cwd=mini.course.root, ok=False).stderr


# ---- what is published --------------------------------------------------------------------------


def test_files_that_somebody_else_put_there_stay(tmp_path: Path) -> None:
    made, out = tmp_path / "html", tmp_path / "out"
    (made / "old").mkdir(parents=True)
    for name in ("index.html", "old/page.html"):
        (made / name).write_text(name, encoding="utf-8")
    publish(made, out)
    (out / "CNAME").write_text("course.example", encoding="utf-8")
    before = (out / "index.html").stat().st_mtime_ns
    shutil.rmtree(made / "old")
    publish(made, out)
    assert set(files_of(out)) == {"index.html", "CNAME", LIST}
    assert (out / "index.html").stat().st_mtime_ns == before


def test_a_list_of_files_reaches_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").touch()
    (tmp_path / "out" / LIST).write_text(f"../mine\n{tmp_path}/mine\n", encoding="utf-8")
    publish(tmp_path / "html", tmp_path / "out")
    assert (tmp_path / "mine").exists()


def test_a_folder_of_somebody_elses_is_refused(mini: Stage, tmp_path: Path) -> None:
    builder.build(mini)
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "index.html").write_text("mine", encoding="utf-8")
    said = run("site", "--out", str(out), cwd=mini.course.root, ok=False).stderr
    assert "holds other files" in said and files_of(out) == {"index.html": b"mine"}


def test_without_sphinx_it_says_how_to_get_it(mini: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "furo" else real(name, *more))
    with pytest.raises(CourseError, match=r"pip install -e \.\[site\]"):
        make.build_site(mini.course, tmp_path / "out", Figures())


def test_an_interrupted_build_leaves_the_old_site_and_no_half_pages(
    mini: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.build(mini)
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("old", encoding="utf-8")
    out = tmp_path / "out"
    publish(tmp_path / "html", out)
    before = files_of(out)

    def interrupted(course: Course, work: Path, *_: Any) -> None:
        (work / "html").mkdir(parents=True)
        (work / "html" / "index.html").write_text("ha", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "_sphinx", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make.build_site(mini.course, out, Figures())
    assert files_of(out) == before
    assert not (mini.course.work / "site-work").exists()


@pytest.mark.slow
def test_no_canary_is_in_any_file_and_only_what_changed_is_built_again(mini: Stage) -> None:
    plant(mini)
    root = mini.course.root
    site = root / ".course" / "site"
    (root / "docs").mkdir()
    text = "[The course](../README.md#start), [a page](../notebooks/12_my_stage/12_my_stage.ipynb), [x](../x.py)."
    (root / "docs" / "hub.md").write_text(f"# The hub\n\n{text}\n", encoding="utf-8")
    assert "4 pages" in run("site", cwd=root).stdout
    for name, data in files_of(site).items():
        found = [canary for canary in SECRET if canary.encode() in data.lower()]
        assert not found, name
    links = Links(site / "docs" / "hub.html").links
    assert "../index.html" in links and "../notebooks/12_my_stage/12_my_stage.html" in links
    assert not [link for link in links if link.endswith(("x.py", ".ipynb", ".md"))]
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for word in ("canaryproseq", "canaryshownq", json.dumps("中国")):  # so secrets would be found as well
        assert word in index
    porter = snowballstemmer.stemmer("porter")
    assert [porter.stemWord(word) for word in SECRET] == list(SECRET)  # the index has stems
    assert not [name for name in files_of(site) if name.endswith((".ipynb", ".md", ".py"))]
    notebook, other = site / "notebooks/12_my_stage/12_my_stage.html", site / "instructors.html"
    before = {path: path.stat().st_mtime_ns for path in (notebook, other)}
    edit(mini, "canaryproseq", "canarychangedq")
    builder.build(mini)
    run("site", cwd=root)
    assert "canarychangedq" in notebook.read_text(encoding="utf-8")
    assert notebook.stat().st_mtime_ns > before[notebook] and other.stat().st_mtime_ns == before[other]
    assert not (root / "jupyter_execute").exists() and not (root / ".course" / "jupyter_execute").exists()


@pytest.mark.slow
def test_a_warning_of_sphinx_names_the_file_and_fails(mini: Stage) -> None:
    edit(mini, "How much does a sequence change", "![no such drawing](drawings/gone.svg) How much does it change")
    builder.build(mini)
    said = run("site", cwd=mini.course.root, ok=False).stderr
    assert "notebooks/12_my_stage/12_my_stage.ipynb" in said and "drawings/gone.svg" in said


# ---- the course's own site, in a real browser ---------------------------------------------------


class Links(HTMLParser):
    """A page's links, its anchors and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links, self.anchors, self.said = list[str](), set[str](), list[str]()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.links += [told[name] for name in ("href", "src") if name in told]
        self.anchors |= {told[name] for name in ("id", "name") if told.get(name)}
        self.said += [told[name] for name in told if name.startswith("data-") or name in ("alt", "content", "title")]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.fixture(scope="module")
def course_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the course, built as `python3 course.py site` does, on a copy."""
    root = tmp_path_factory.mktemp("site") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py", "README.md", "notebooks", "solutions", "docs"):
        copy: Callable[..., Any] = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    (root / "tests" / "attacks").mkdir(parents=True)
    shutil.copy(ROOT / "tests/attacks/catalogue.py", root / "tests/attacks/catalogue.py")
    out = tmp_path_factory.mktemp("public") / "the site"
    run("site", "--out", str(out), cwd=root)  # which fails where Sphinx warns
    return out


@pytest.fixture(scope="module")
def pages(course_site: Path) -> dict[Path, Links]:
    return {path: Links(path) for path in sorted(course_site.rglob("*.html"))}


@pytest.mark.slow
def test_every_internal_link_and_anchor_leads_somewhere(course_site: Path, pages: dict[Path, Links]) -> None:
    checked = 0
    for path, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                assert parts.scheme in ("https", "mailto", "data"), f"{path.name}: {link}"
                continue
            checked += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file() and target.is_relative_to(course_site.resolve()), f"{path.name}: {link}"
            if parts.fragment and target.suffix == ".html":
                known = pages[course_site / target.relative_to(course_site.resolve())].anchors
                assert unquote(parts.fragment) in known, f"{path.name}: {link}"
    assert checked > 1000
    print(f"{len(pages)} pages, {checked} internal links")


@pytest.mark.slow
def test_no_secret_line_of_the_course_is_on_its_site(pages: dict[Path, Links]) -> None:
    stages = Course(ROOT).stages()
    cells = [cell for stage in stages for cell in nbformat.read(stage.released, as_version=4).cells]
    public = {line.strip() for cell in cells for line in cell.source.split("\n")}
    said = {path: "".join(found.said) for path, found in pages.items()}
    lines = {path: {line.strip() for line in text.split("\n")} for path, text in said.items()}
    some = 0
    for stage in stages:
        content = read_stage(stage)
        secret = {line for line in secret_lines(content) if line not in public}
        sentences = [answer.says for answer in read_answers(stage, content) if answer.says]
        sentences += [text for quiz in content.quizzes for text in quiz.says().values() if len(text) >= 24]
        some += len(secret) + len(sentences)
        for path, text in said.items():
            assert not secret & lines[path], path.name
            assert not [sentence for sentence in sentences if sentence in text], path.name
    assert some > 5000
    assert any(
        "def make_batch(pairs, seq_len=8):" in found for found in lines.values()
    )  # lines are found where they are


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


# What reaches beyond a phone's edge, and is inside nothing that scrolls. (The page's frame would scroll as a whole.)
WIDER = """() => [...document.querySelectorAll('article *')].filter(e => {
  if (e.getBoundingClientRect().right <= innerWidth + 1 || !e.getBoundingClientRect().width) return false;
  for (let p = e.parentElement; p.tagName !== 'ARTICLE'; p = p.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return false;
  return true;
}).map(e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`)"""

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_each_page_opens_without_a_word_to_anybody_and_fits_on_a_phone(course_site: Path, browser: Any) -> None:
    view = browser.new_page(viewport={"width": 390, "height": 800})
    elsewhere, complaints = list[str](), list[str]()
    view.route(
        lambda url: not url.startswith("file://"), lambda route: (elsewhere.append(route.request.url), route.abort())
    )
    view.on(
        "request", lambda request: elsewhere.append(request.url) if request.url[:5] not in ("file:", "data:") else None
    )
    view.on("requestfailed", lambda request: complaints.append(request.url))
    view.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    view.on("pageerror", lambda error: complaints.append(str(error)))
    for path in sorted(course_site.rglob("*.html")):
        view.goto(path.as_uri())
        if view.locator(".math").count():
            view.wait_for_function(
                "[...document.querySelectorAll('.math')].every(m => m.querySelector('mjx-container'))"
            )
        assert view.locator("mjx-merror, [data-mjx-error]").count() == 0, path.name
        view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for frame in ("html", ".content"):
            assert view.evaluate(f"document.querySelector('{frame}').scrollWidth") <= 390, path.name
        assert view.evaluate(WIDER) == [], path.name
        for picture in view.locator("article img:visible").all():  # in the place of some is a moving one
            picture.scroll_into_view_if_needed()
        broken = (
            "[...document.querySelectorAll('article img')].filter(i => i.offsetParent)"
            ".filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
        )
        assert view.evaluate(broken) == [], path.name
    assert elsewhere == [] and complaints == []


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize(("word", "page"), [("Bahdanau", "05_bahdanau_attention"), ("中国", "05_bahdanau_attention")])
def test_search_works_from_files(course_site: Path, browser: Any, word: str, page: str) -> None:
    view = browser.new_page()
    view.goto((course_site / "index.html").as_uri())
    view.locator("input[name=q]").first.fill(word)
    view.keyboard.press("Enter")
    view.locator(f"#search-results li a[href*='{page}.html']").first.click()
    view.wait_for_url(f"**/{page}.html*")
    assert word in view.locator("article").inner_text()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_question_tells_the_form_of_an_answer_and_no_more(course_site: Path, browser: Any) -> None:
    view = browser.new_page()
    view.goto((course_site / "notebooks/12_quizzes/12_quizzes.html").as_uri())

    def box(name: str) -> Any:
        return view.locator(f"#question-{name}")

    def says(name: str) -> str:
        return str(box(name).locator(".quiz-says").inner_text())

    for letter in "ABCD":  # each is answered alike
        box("why_attention").get_by_role("radio").nth("ABCD".index(letter)).check()
        written = f'why_attention = "{letter}"'
        told = f"An answer of the right form. In the notebook: {written}. Whether it is right, you learn there."
        assert says("why_attention") == told
    box("why_attention").get_by_role("button", name="Clear").click()
    assert says("why_attention") == "" and box("why_attention").locator(":checked").count() == 0
    several = box("score_forms").get_by_role("checkbox")
    several.nth(3).check()
    several.nth(0).check()
    assert 'score_forms = "AD"' in says("score_forms")
    selects = box("maps_translation").locator("select")
    selects.nth(0).select_option("2")
    assert says("maps_translation") == "There is no number for B, C, D, E yet."
    for number, select in enumerate(selects.all(), 1):
        select.select_option(str(number))
    assert 'maps_translation = {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}' in says("maps_translation")
    forms = {
        "edits": {"3": True, "3 * 4": True, "(2 + 1) ** 2": True, "-1.5e3": True, "three": False, "3 4": False,
                  "3 *": False, "(3": False, '"3"': False, "__import__": False, "math.sqrt(2)": True, "[3]": False,
                  "1,5": False, "1.2.3": False, "2 ** ** 3": False, "5/0": False, "5 % 0": False, "07": False,
                  "math.pi": True, "math.nothing": False, "max(2, 3) // 2": True, "toString": False, "-2 ** -1": True},
        "mask_shape": {"(3, 5)": True, "[3, 5]": True, "(2,)": True, "(2)": False, "3, 5": True, "()": False,
                       "(B, T)": True, "(Q, T)": False, "(3, )5": False, "16 * 7": False, "(16, 7, 2.5)": False,
                       "(2 * 3, 4)": True, "3,": True, "(1.5 * 2, 3)": False},
    }  # fmt: skip
    for name, values in forms.items():
        for value, fits in values.items():
            box(name).locator("input").fill(value)
            assert ("An answer of the right form" in says(name)) == fits, value
            assert ("problem" in (box(name).locator(".quiz-says").get_attribute("class") or "")) != fits, value
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Clear"


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_moving_picture_moves_and_without_scripts_it_is_still(
    course_site: Path, browser: Any, scheme: Literal["light", "dark"]
) -> None:
    places = {
        "temperature": "01_rnn_basics",
        "memory": "02_lstm_gru",
        "attention": "05_bahdanau_attention",
        "root": "07_self_attention",
    }
    for name, slug in places.items():
        view = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
        said, asked = list[str](), list[str]()
        view.on("pageerror", lambda error, said=said: said.append(str(error)))
        view.on("request", lambda request, asked=asked: asked.append(request.url))
        address = (course_site / "notebooks" / slug / f"{slug}.html").as_uri()
        view.goto(address)
        picture, still = view.locator(".play"), view.locator(f"img[src*=play_{name}]")
        assert picture.count() == 1 and not still.is_visible()
        before = picture.inner_text()
        picture.get_by_role("slider").first.focus()
        view.keyboard.press("ArrowRight")
        assert picture.inner_text() != before
        picture.get_by_role("button", name="Reset").click()
        assert picture.inner_text() == before
        assert view.evaluate("document.documentElement.scrollWidth") <= 390
        if folder := os.environ.get("SCREENSHOTS"):
            picture.screenshot(path=str(ROOT / folder / f"play-{name}-{scheme}.png"))
        assert said == [] and all(url.startswith("file:") for url in asked)
        view.close()
        plain = browser.new_context(java_script_enabled=False)
        view = plain.new_page()
        view.goto(address)
        assert view.locator(f"img[src*=play_{name}]").is_visible() and view.locator(".play").count() == 0
        plain.close()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_heatmap_tells_its_cells_and_without_scripts_it_is_a_picture(course_site: Path, browser: Any) -> None:
    address = (course_site / "notebooks/00_start_here/00_start_here.html").as_uri()
    view = browser.new_page(viewport={"width": 390, "height": 800}, has_touch=True)
    said, asked = list[str](), list[str]()
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(address)
    view.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    map = view.locator(".play-map").first
    image, heard = map.locator("img"), map.get_by_role("status")

    def middle(row: int, column: int) -> tuple[float, float]:
        text = view.locator('script[type="application/vnd.sequence-course.heatmap+json"]').first.text_content()
        left, top, width, height = json.loads(text)["maps"][0]["place"]
        image.scroll_into_view_if_needed()
        box = image.bounding_box()
        return (
            box["x"] + box["width"] * (left + width * (column + 0.5) / 5),
            box["y"] + box["height"] * (top + height * (row + 0.5) / 6),
        )

    view.mouse.move(*middle(3, 2))
    assert map.locator(".play-tip").inner_text() == "low → 2: 21\nword b → position t"
    view.mouse.move(*middle(1, 0))
    assert heard.inner_text() == "up → 0: 20"
    view.mouse.move(1, 1)
    assert heard.inner_text() == ""
    view.touchscreen.tap(*middle(5, 3))  # a tap tells, and does not open the picture
    assert heard.inner_text() == "girl → 3: 12" and view.url == address
    view.touchscreen.tap(5, 400)
    assert heard.inner_text() == ""
    map.get_by_role("application").focus()
    view.keyboard.press("ArrowUp")  # from where the finger was
    assert heard.inner_text() == "black → 3: 5"
    assert image.get_attribute("alt") == "each row is a word."
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    view.mouse.click(*middle(0, 0))
    view.wait_for_url(re.compile(r"_images/[^/]+\.png$"))  # a click opens it in full
    assert said == [] and all(url.startswith("file:") for url in asked)
    view.close()
    plain = browser.new_context(java_script_enabled=False)
    view = plain.new_page()
    view.goto(address)
    assert view.locator(".play-map").count() == 0 and view.locator(".cell_output > img").count() > 3
    assert "vnd.sequence-course" not in view.locator("article").inner_text()
    plain.close()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_the_dark_theme_is_dark_and_drawings_stay_on_white(course_site: Path, browser: Any) -> None:
    for scheme, dark in (("dark", True), ("light", False)):
        view = browser.new_page(color_scheme=scheme)
        view.goto((course_site / "notebooks/03_seq2seq/03_seq2seq.html").as_uri())
        color = "getComputedStyle({}).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
        assert (view.evaluate(color.format("document.body")) < 200) == dark
        assert view.evaluate(color.format("document.querySelector('article a.picture img')")) == 3 * 255
        formula = "getComputedStyle(document.querySelector('mjx-container svg')).color"
        view.wait_for_selector("mjx-container svg")
        assert (sum(map(int, re.findall(r"\d+", view.evaluate(formula))[:3])) > 400) == dark
        view.close()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_hints_and_checks_are_folded_and_a_picture_opens_in_full(course_site: Path, browser: Any) -> None:
    view = browser.new_page()
    view.goto((course_site / "notebooks/03_seq2seq/03_seq2seq.html").as_uri())
    hint = view.locator("details", has_text="Hint 1").first
    assert hint.locator("p").first.is_hidden()
    hint.locator("summary").click()
    assert hint.locator("p").first.is_visible()
    check = view.locator("details", has_text="Check make_batch-rows").first
    assert check.locator("pre").is_hidden()
    assert view.locator("#exercise-make_batch").inner_text() == "Exercise make_batch · 4 points"
    view.locator("article a.picture").first.click()
    assert re.search(r"_images/[^/]+\.(svg|png)$", view.url)


@pytest.mark.slow
def test_pages_have_a_title_a_description_an_icon_and_their_neighbours(course_site: Path) -> None:
    text = (course_site / "notebooks/03_seq2seq/03_seq2seq.html").read_text(encoding="utf-8")
    assert "<title>03 · Seq2seq: the antonym machine" in html.unescape(text)
    described = re.search(r'<meta name="description" content="([^"]+)"', text)
    assert described and "the antonym machine" in described[1]
    assert re.search(r'<link rel="(shortcut )?icon" href="../../_static/favicon.svg', text)
    assert "02_lstm_gru.html" in text and 'class="next-page" href="../04_decoding/04_decoding.html"' in text
    attacks = (course_site / "instructors.html").read_text(encoding="utf-8")
    assert "Return a subclass of int with a lying" in html.unescape(attacks) and "class Equal" not in attacks
    total = sum(len(read_answers(stage, read_stage(stage))) for stage in Course(ROOT).stages())
    shown_total = re.search(r"<strong>all</strong>.*?</tr>", attacks, re.DOTALL)
    assert shown_total
    numbers = [int(n.replace(",", "")) for n in re.findall(r">([\d,]+)<", shown_total[0])]
    assert sum(numbers[-2:]) == total


def test_the_quiz_script_is_small_and_asks_nobody() -> None:
    for path in sorted((ROOT / "autograder/build/site/static").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 15_000
        addresses = re.findall(r"https?://[^\"' )]+", text)
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, json.dumps(addresses)
        assert not re.search(r"\bfetch\(|XMLHttpRequest|\beval\(|new Function", text)
