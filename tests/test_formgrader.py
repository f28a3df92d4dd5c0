"""A hostile submission in formgrader, in a real browser: nothing of it runs; the teacher reads it and gives marks."""

# ruff: noqa: E501
from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.layout import Course, Stage
from autograder.run.sandbox.bwrap import available
from autograder.stage.new import make_stage

from .conftest import ROOT, generate_feedback, run, wait
from .test_browser import ARGUMENTS, CHROMIUM, lab, pytestmark
from .test_text import HOSTILE

pytestmark = [*pytestmark, pytest.mark.skipif(not available()[0], reason=available()[1])]

# What a script of a submission would do in formgrader: say that it ran, give itself a mark, and start a kernel.
RUNS = (
    "window.attack_4471=1;document.title='attack_4471';"
    "h={headers:{'X-XSRFToken':(document.cookie.match(/_xsrf=([^;]+)/)||[])[1],'Content-Type':'application/json'}};"
    "fetch('/formgrader/api/grades?submission_id='+location.pathname.split('/')[3]).then(r=>r.json()).then(g=>g.forEach("
    "x=>fetch('/formgrader/api/grade/'+x.id,{method:'PUT',body:JSON.stringify({manual_score:2,extra_credit:9}),...h})));"
    "fetch('/api/kernels',{method:'POST',body:'{}',...h})"
)
SCRIPT = f"<script>{RUNS}</script>"
TEXTS = [
    *(source.replace("alert(1)", "window.attack_4471=1") for source in HOSTILE),
    f"Hello teacher\n\n{SCRIPT}",
    f'"><img src=x onerror="{RUNS}">',
    f"<svg><script>{RUNS}</script><animate onbegin='window.attack_4471=1' attributeName=x dur=1s /></svg>",
    f"```mermaid\n<img src=x onerror=\"{RUNS}\">\n```",
    f"<script type='text/x-mathjax-config'>{RUNS}</script>",
    "[click](javascript:window.attack_4471=1) <a href='javascript:window.attack_4471=1'>click</a>",
    "<iframe src='javascript:parent.attack_4471=1'></iframe><iframe srcdoc='<script>parent.attack_4471=1</script>'></iframe>",
    "$\\href{javascript:window.attack_4471=1}{click}$ $\\unicode{<img src=x onerror=window.attack_4471=1>}$ "
    "$\\require{../../../../x}$ $\\style{position:fixed;top:0}{x}$ $\\class{navbar-fixed-top}{x}$ $\\cssId{differences}{x}$",
    "# differences\n\n# differences-values\n\n<p id='differences-values'>here</p>",
    "<meta http-equiv=refresh content='0;url=/lab'> <base href='http://127.0.0.1:9/'>",
    "<form action='/formgrader/api/x' method=post><input name=y autofocus onfocus=window.attack_4471=1></form>",
    "<div style='position:fixed;inset:0;z-index:99999;background:white'>covered</div><style>nav{display:none}</style>",
    "![beacon](http://127.0.0.1:9/beacon.png) ![get](/formgrader?path=/tmp/attack_4471)",
    "</div></div></div></div></div></body></html>",
    "<!-- and all that follows",
    "<textarea><plaintext>",
]  # fmt: skip
GOOD = [
    "Formulas: $a<b$ and $$\\sum_i x_i$$\n\n\\begin{align}\ny &= x^2 \\\\\nz &< 1\n\\end{align}",
    "| left | right |\n|---|--:|\n| table_4471 | $x$ |\n\n```python\nif a < b: pass  # fence_4471\n```",
    "[a link](https://example.org/link_4471) and a < b, x<y, List<int>",
]
SHOWS = f"""
import base64, io, sys
from IPython.display import display
import matplotlib.pyplot as plt
S, I = {SCRIPT!r}, '"><img src=x onerror=window.attack_4471=1>'
def d(data, **metadata): display(data, raw=True, metadata=metadata)
file = io.BytesIO(); fig = plt.figure(figsize=(2, 1)); plt.plot([1, 2]); fig.savefig(file, metadata={{"Comment": S}}); plt.close(fig)
png = base64.b64encode(file.getvalue()).decode()
say = {{"width": "1 onload=window.attack_4471=1", "height": I, "alt": I, "unconfined": I}}
d({{"image/png": png, "text/plain": "picture"}}, **{{"image/png": say, **say, "filenames": {{"image/png": I}}}})
d({{"image/png": png[:-8] + "' onerror='window.attack_4471=1"}}, **{{"image/png": say}})
d({{"image/jpeg": 'AAAA" onerror="window.attack_4471=1'}}, **{{"image/jpeg": say}})
for mime in ("text/html", "text/markdown", "text/latex", "image/svg+xml", "text/vnd.mermaid", "application/pdf", "text/plain"):
    d({{mime: S + I + "<svg onload=window.attack_4471=1></svg><style>nav{{display:none}}</style><!--"}}, **{{mime: {{"isolated": True}}}})
d({{"application/javascript": {RUNS!r}}})
d({{"application/vnd.jupyter.widget-view+json": {{"model_id": "</script>" + S + I, "version_major": 2}}}})
d({{"application/vnd.jupyter.widget-state+json": {{"state": "</script>" + S}}, "application/json": {{"a": S}}}})
print(S, I, "\\x1b[31mred_4471\\x1b[0m \\x1b]8;;javascript:window.attack_4471=1\\x07link\\x1b]8;;\\x07 \\x1b[38;2;1;2;3\\"onclick=x mlast")
print(S, I, file=sys.stderr)
raise ValueError(S + I)
"""


def submission(stage: Stage) -> Any:
    """With text and outputs of every kind, and an answer that deserves nothing."""
    notebook = nbformat.read(stage.released, as_version=4)
    answer = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "differences")
    answer.source = f"# {SCRIPT}\ndef differences(x):\n    raise ValueError({SCRIPT!r})\n"
    texts = [nbformat.v4.new_markdown_cell(source) for source in [*GOOD, *TEXTS, *GOOD]]
    texts[5].attachments = {"x.svg": {"image/svg+xml": SCRIPT}}
    raw = [
        nbformat.v4.new_raw_cell(SCRIPT, metadata={"format": mime, "raw_mimetype": mime}) for mime in ("text/html", "")
    ]
    notebook.cells[1:1] = [*texts, *raw]
    notebook.cells.append(
        nbformat.v4.new_code_cell(SHOWS, metadata={"tags": ['"><script>window.attack_4471=1</script>']})
    )
    notebook.metadata["title"] = "</title>" + SCRIPT
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": "</script>" + SCRIPT}}
    return notebook


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two hostile students: `mallory` is graded by `autograder grade`, `trudy` by `nbgrader autograde`."""
    root = tmp_path_factory.mktemp("taught") / "我的 course"
    root.mkdir()
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    stage = make_stage(Course(root), "12_my_stage")
    run("build", cwd=root)
    (root / "class").mkdir()
    nbformat.write(submission(stage), root / "class" / "mallory.ipynb")
    run("grade", "12", "--from", "class", cwd=root)
    submitted = stage.course.work / "submitted" / "trudy" / stage.slug
    submitted.mkdir(parents=True)
    nbformat.write(submission(stage), submitted / f"{stage.slug}.ipynb")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", "autograde", stage.slug, "--student", "trudy"]
    done = subprocess.run(command, cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    generate_feedback(stage, "trudy")
    return stage


class Watched:
    """A browser's page, and what is asked for in it: what changes something, or goes to a stranger."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.changes: list[str] = []
        self.refused: list[str] = []
        page.on("request", lambda request: self.asked(request) if request.method != "GET" else None)
        page.on("requestfinished", self.asked)
        page.on("requestfailed", lambda request: self.asked(request) if request.failure != "csp" else None)
        page.on("console", lambda message: self.refused.append(message.text))
        page.on("dialog", lambda dialog: self.changes.append(dialog.message))
        page.context.on("page", lambda other: self.changes.append(other.url))

    def asked(self, request: Any) -> None:
        ours = request.url.startswith((self.address, "data:", "file:"))
        if request.method != "GET" or not ours or "path=" in request.url:
            self.changes.append(f"{request.method} {request.url}")

    def nothing_ran(self) -> None:
        assert self.page.evaluate("window.attack_4471") is None
        assert "attack_4471" not in self.page.title()
        assert self.changes == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def asked(address: str, path: str) -> Any:
    request = urllib.request.Request(address + path, headers={"Authorization": "token test"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def scores(stage: Stage) -> dict[str, float]:
    with Gradebook(f"sqlite:///{stage.course.gradebook}") as book:
        return {s.student_id: s.score for s in book.find_assignment(stage.slug).submissions}


def opened(browser: Any, address: str, stage: Stage, student: str) -> Watched:
    """The submission's page in formgrader, as a teacher who is logged in sees it."""
    watched = Watched(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), address)
    watched.page.goto(f"{address}/formgrader?token=test")
    assert watched.page.locator("#warning-exchange").count() == 0, "nobody has set one up"
    listed = asked(address, f"/formgrader/api/submitted_notebooks/{stage.slug}/{stage.slug}")
    name = next(found["id"] for found in listed if found["student"] == student)
    watched.page.goto(f"{address}/formgrader/submissions/{name}/?index=0")
    watched.page.wait_for_function("() => window.formgrader && formgrader.grades && formgrader.grades.loaded")
    watched.page.wait_for_timeout(4000)
    return watched


@pytest.fixture(scope="module")
def server(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lab(stage.course.root, tmp_path_factory.mktemp("home"), "--instructor") as address:
        yield address


HANDLERS = """() => [...document.querySelectorAll("*")]
    .filter(element => [...element.attributes].some(attribute => attribute.name.startsWith("on")))
    .map(element => element.closest("nav") ? "nav" : element.outerHTML)"""


@pytest.mark.parametrize("student", ["mallory", "trudy"])
def test_a_hostile_submission_does_nothing_and_can_be_read_and_marked(
    browser: Any, server: str, stage: Stage, student: str
) -> None:
    assert scores(stage)[student] == 0
    watched = opened(browser, server, stage, student)
    page = watched.page
    watched.nothing_ran()
    refused = [text for text in watched.refused if "violates" in text and "img-src" not in text]
    # Of the page's own navigation, whose work our page does by itself. Some browsers tell of its two handlers, too.
    scripts = [text for text in refused if "inline script" in text]
    assert len(scripts) == 1 and len(refused) - 1 <= page.locator("nav [onclick]").count() == 2
    assert page.evaluate(HANDLERS) == ["nav", "nav"]

    # Who marks reads no name until asking for it.
    assert "Submission #" in page.locator("nav").inner_text() and student not in page.locator("nav").inner_text()

    # What the student meant is there to be read.
    text = page.locator("#notebook").first.inner_text()
    assert page.locator("#notebook math", has=page.locator("mfrac, munder, mtable, msup, mi")).count() >= 8
    total, index = (page.locator(f"#notebook munder > {it}").first.bounding_box() for it in ("mo", "mi"))
    assert index["y"] > total["y"] + 5 and abs(index["x"] - total["x"]) < 10, "drawn: the index is below the sum"
    assert "$a<b$" not in text and "\\begin{align}" not in text
    assert page.locator("#notebook table td", has_text="table_4471").count() == 2
    assert page.locator("#notebook .highlight", has_text="fence_4471").locator(".k").first.inner_text() == "if"
    assert page.locator("#notebook a[href='https://example.org/link_4471']").count() == 2
    assert "a < b, x<y, List<int>" in text and "red_4471" in text and "Hello teacher" in text
    sizes = page.eval_on_selector_all(
        ".output_png img", "found => found.map(i => [i.naturalWidth, i.attributes.length])"
    )
    assert len(sizes) == 1 and sizes[0][0] > 100 and sizes[0][1] <= 3  # src, alt, and no more of the student's

    # Nothing covers the page or breaks its frame.
    assert page.locator("#notebook-container .nbgrader_cell").count() == 2
    assert page.locator("body > .help, body > #statusmessage").count() == 2
    foreign = "script, style, iframe, form, input:not(.score, .extra-credit), base, meta, object, embed, svg, link"
    assert page.locator(f"#notebook :is({foreign})").count() == 0
    assert page.evaluate("""() => { const box = document.querySelector('li.next a').getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).matches('li.next a') }""")

    # Its links lead to the web or nowhere: the others are clicked.
    links = page.locator("#notebook-container a")
    for link in links.all():
        if not (link.get_attribute("href") or "").startswith(("http", "mailto")):
            link.dispatch_event("click")
    page.wait_for_timeout(500)
    watched.nothing_ran()
    assert page.url.startswith(f"{server}/formgrader/submissions/")
    assert asked(server, "/api/kernels") == [] == asked(server, "/api/sessions")
    assert scores(stage)[student] == 0

    # A mark by hand, and the name of who handed it in.
    assert not page.get_by_text(student, exact=True).is_visible()
    page.locator("nav .glyphicon.name-hidden").click()
    assert page.locator("nav .name-shown", has_text=student).is_visible()
    page.locator("#differences-values").fill("1.5")
    page.locator("#differences-values").press("Tab")
    wait(lambda: scores(stage)[student] == 1.5)
    said = run("report", "12", cwd=stage.course.root).stderr
    assert "in the gradebook, and not in the report: trudy." in said  # whom nbgrader's own command graded
    with open(stage.course.work / "report" / f"{stage.slug}.csv", encoding="utf-8-sig") as file:
        assert [float(row["score"]) for row in csv.DictReader(file)] == [scores(stage)["mallory"]]
    page.context.close()


def test_the_policy_alone_lets_no_script_run(
    browser: Any, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where all that is hostile stands in the graded notebook as it was handed in, and nothing is taken out of the page."""
    root = tmp_path_factory.mktemp("open") / "course"
    shutil.copytree(stage.course.root, root, ignore=shutil.ignore_patterns("lab.log"))
    bare = Stage(Course(root), stage.slug)
    with open(root / "nbgrader_config.py", "a") as file:
        file.write("c = get_config()\nc.HTMLExporter.filters = {}\nc.HTMLExporter.sanitize_html = False\n")
    path = bare.course.work / "autograded" / "mallory" / bare.slug / f"{bare.slug}.ipynb"
    graded = nbformat.read(path, as_version=4)
    swallow = ("<!--", "<textarea>", "attachment:", "refresh", "plaintext", "<noscript", "<style", "</div></div>")
    texts = [nbformat.v4.new_markdown_cell(t) for t in TEXTS if not any(s in t for s in swallow)]
    shown = [
        nbformat.v4.new_output("display_data", data={mime: SCRIPT if mime != "application/javascript" else RUNS})
        for mime in ("text/html", "text/markdown", "application/javascript")
    ]
    png = nbformat.v4.new_output("display_data", data={"image/png": "AAAA"})
    png.metadata["image/png"] = {"width": "1 onerror=window.attack_4471=1"}
    graded.cells[1:1] = [*texts, nbformat.v4.new_code_cell("1", outputs=[*shown, png])]
    nbformat.write(graded, path)
    before = scores(bare)
    with lab(root, tmp_path_factory.mktemp("home"), "--instructor") as address:
        watched = opened(browser, address, bare, "mallory")
        assert watched.page.locator("#notebook script").count() > 3, "it is there"
        for link in watched.page.locator("#notebook-container a[href^='javascript']").all():
            link.dispatch_event("click")
        watched.page.wait_for_timeout(500)
        assert watched.page.evaluate("window.attack_4471") is None
        assert [change for change in watched.changes if not change.startswith("GET")] == []
        assert len([text for text in watched.refused if "violates" in text and "script" in text]) > 20
        assert asked(address, "/api/kernels") == []
        watched.page.context.close()
    assert scores(bare) == before


def test_nothing_runs_in_the_feedback_page(browser: Any, stage: Stage) -> None:
    for student in ("mallory", "trudy"):
        watched = Watched(browser.new_page(), "file:")
        path = stage.course.work / "feedback" / student / stage.slug / f"{stage.slug}.html"
        watched.page.goto(path.as_uri())
        watched.page.wait_for_timeout(1000)
        for link in watched.page.locator("a").all():
            link.dispatch_event("click")
        watched.nothing_ran()
        assert watched.page.locator("main .card").count() == 1
        watched.page.close()
