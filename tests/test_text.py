"""A submission's own text cells: what a student means stays, what could do something in a teacher's page does not."""

from __future__ import annotations

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.layout import Course, Stage
from autograder.intake.blueprint import Blueprint
from autograder.intake.formulas import ATTRIBUTES as MATHML_ATTRIBUTES
from autograder.intake.formulas import TAGS as MATHML
from autograder.intake.prepare import MOST_TEXT, prepare
from autograder.intake.text import MOST_CHARACTERS, TAGS, markdown, plain_text, safe_html, safe_text
from autograder.stage.read import read_stage

from .conftest import ROOT

ORDINARY = {  # what is written, and what is read
    "a < b and x<y, x > 1": "a < b and x<y, x > 1",
    "if x<y and z>w then": "if x<y and z>w then",
    "x <= y >= z <> w, a --> b <- c": "x <= y >= z <> w, a --> b <- c",
    "AT&T &amp; \"q\" 'q' &copy; R&D": "AT&T & \"q\" 'q' © R&D",
    "List<int> and Dict<K, V>": "List<int> and Dict<K, V>",
    "`<tag>` & `a && b`": "<tag> & a && b",
    "```python\nif a < b & c:\n    print('<script>')\n```": "if a < b & c:\n    print('<script>')",
    "```\n<div>\n\n&lt;\n```": "<div>\n\n&lt;",
    "    <indented>": "<indented>",
    "[x](https://a.b/c?d=1&e=2)": "x",
    "# Head\n\n*a* **b** ~~c~~": "Head\na b c",
    "- [ ] open\n- [x] done": "[ ] open\n[x] done",
    "H<sub>2</sub>O<br>x": "H2Ox",
    "中文 <标签> ✓": "中文 <标签> ✓",
    "![](attachment:gone.png) a": "![](attachment:gone.png) a",
}
FORMULAS = {  # what is written, and what is drawn
    "$a<b$, $$x<y, z$$": "a<b, x<y,z",
    "so $\\alpha_{ij}$ is \\\\(b\\\\) and \\\\[c\\\\]": "so αij is b and c",
    "\\begin{cases}\na &< b \\\\\nc &> d\n\\end{cases}": "{a<bc>d",
    "<div>$a_1$ &amp; $b$ &lt; $c &lt; d$</div>": "a1 & b < c<d",
    "| $x$ | b |\n|---|---|\n| $\\text{log\\_p}$ | $\\mathbb{R}$ |": "x b log_p ℝ",
}
AS_WRITTEN = [
    "`$a$` and $5",
    "```\n$a$ $$b$$\n```",
    "costs \\\\$5 and \\\\$6",
    "$\\newcommand{\\a}{xx} \\a$",
    "$\\frac$",
    f"${'x' * 2_001}$",
]
HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT\n>alert(1)</SCRIPT\n>",
    "<img src=x onerror=alert(1)>",
    "<img src='/formgrader?path=/tmp'> ![x](/formgrader?path=/tmp) [x](/formgrader?path=/tmp)",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "[x](javascript:alert(1)) [y](JaVa&#115;cript:alert(1)) [z](data:text/html,x) [v](vbscript:x)",
    '<a href="java\tscript:alert(1)">x</a> <a href=" javascript:alert(1)">x</a>',
    "![x](javascript:alert(1)) ![y](data:image/svg+xml;base64,AAAA)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe> <object data=x></object> <embed src=x>",
    "<style>body{display:none}</style> <link rel=stylesheet href=x>",
    "<div style='position:fixed;inset:0'>x</div> <p class='navbar-fixed-top' id='differences-values'>",
    "<meta http-equiv=refresh content='0;url=https://a.b'> <base href='https://a.b'>",
    "<form action=/x><input name=y><button formaction=/x>z</button></form> <textarea>",
    "<!-- open",
    "</div></div></body></html>",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "```x\" onload=\"alert(1)\n<b>\n```",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<details open ontoggle=alert(1)>x</details>",
    "<script type='text/x-mathjax-config'>alert(1)</script>",
    "# a <img src=x onerror=alert(1)>",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <script>alert(1)</script> |",
    "$<img src=x onerror=alert(1)>$ \\begin{a}<script>\\end{a}",
    "$\\text{<script>alert(2)</script>}$ $\\text{&lt;img src=x onerror=alert(1)&gt;}$",
    "$\\unicode{<b onclick=alert(1)>}$ $\\cssId{x}{x}$ $\\require{../x}$",
    "$\\href{javascript:alert(1)}{x}$ $\\style{position:fixed;inset:0}{x}$ $\\class{navbar-fixed-top}{x}$",
    "$\\hspace{9999999em}$ $\\rule{9999em}{9999em}$ $\\kern 99999em$ $\\color{red}{x}$",
    '![a](https://x.y "onerror=\'alert(1)\'\\" onerror=alert(1) x=\\"")',
]  # fmt: skip
assert not TAGS & {
    "script",
    "style",
    "iframe",
    "form",
    "input",
    "button",
    "svg",
    "math",
    "meta",
    "base",
    "link",
    "object",
}
assert not MATHML & {"annotation-xml", "maction", "semantics", "mglyph", "malignmark", "annotation", "merror"}
assert not MATHML_ATTRIBUTES & {"href", "style", "class", "id", "src", "actiontype", "mathcolor", "mathbackground"}
ATTRIBUTES = {"href", "src", "class", "style", "alt", "width", "height", "title", "start", "open", "colspan", "rowspan"}


def is_safe(html: str) -> None:
    """By another parser than the sanitizer's."""
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name in TAGS | MATHML, tag
        assert set(tag.attrs) <= (ATTRIBUTES if tag.name in TAGS else MATHML_ATTRIBUTES), tag
        if tag.name in MATHML:
            assert all(len(value) < 10 and not set(value) & set(":;/()") for value in tag.attrs.values()), tag
            continue
        assert tag.get("href", "#").startswith(("http://", "https://", "mailto:", "#")), tag
        assert tag.get("src", "https://").startswith(("http://", "https://", "data:image/png;base64,")), tag
        assert tag.get("style", "text-align").startswith("text-align") and ";" not in tag.get("style", "")[:-1], tag
        assert tag.get("class", ["k"])[0] not in ("navbar-fixed-top", "x")


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_text_is_read_as_it_was_meant(source: str) -> None:
    for html in (safe_html(source), markdown(safe_text(source))):
        text = BeautifulSoup(html, "html.parser").get_text().strip()
        assert "".join(text.replace("¶", "").split()) == "".join(ORDINARY[source].split())


@pytest.mark.parametrize("source", FORMULAS)
def test_formulas_are_drawn_without_a_script(source: str) -> None:
    drawn = BeautifulSoup(safe_html(source), "html.parser")
    assert drawn.find("math")
    assert "".join(drawn.get_text().split()) == "".join(FORMULAS[source].split())
    assert "<math" not in safe_text(source), "the notebook keeps them as they were written"


@pytest.mark.parametrize("source", AS_WRITTEN)
def test_what_is_no_formula_or_cannot_be_drawn_stays_as_it_is_written(source: str) -> None:
    assert safe_html(source) == markdown(source)


def test_all_formulas_of_the_course_are_drawn() -> None:
    for stage in Course(ROOT).stages():
        for cell in nbformat.read(stage.released, as_version=4).cells:
            if cell.cell_type == "markdown" and "$" in cell.source:
                page = BeautifulSoup(safe_html(cell.source), "html.parser")
                for code in page.find_all(["code", "pre"]):
                    code.decompose()
                assert not set("$\\") & set(page.get_text()), (stage.slug, cell.source)


def test_links_tables_pictures_and_fences_are_what_they_were() -> None:
    source = "| a | b |\n|--:|:--|\n| [x](https://a.b) | ![p](https://a.b/c.png) |\n\n```python\nif x: y\n```\n"
    for html in (safe_html(source), markdown(safe_text(source))):
        page = BeautifulSoup(html, "html.parser")
        assert page.select_one("td a")["href"] == "https://a.b"
        assert (page.select_one("td img")["src"], page.select_one("td img")["alt"]) == ("https://a.b/c.png", "p")
        assert page.select_one("th")["style"].startswith("text-align:right")
        assert page.select_one("div.highlight pre span.k").get_text() == "if"


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_hostile_is_left(source: str) -> None:
    is_safe(safe_html(source))
    is_safe(markdown(safe_text(source)))
    is_safe(markdown(safe_text(f"- x\n\n{source}\n\n> {source}\n\n    {source}\n\n$$ {source} $$")))
    is_safe(markdown(plain_text(source)))


PIECES = st.sampled_from(
    ["\n", "\n\n", " ", "<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?", "&", "&#60;", '"', "'", "`", "```",
     "$", "$$", "\\", "\\begin{a}", "\\end{a}", "[", "](", ")", "!", "#", "|", "---", "- ", "> ", "script", "style",
     "pre", "div", "img", "svg", "math", "textarea", "title", "table", "a", " src=", " href=", " onerror=", "x",
     "javascript:", "mermaid", "\t", "\x0b", "\x0c", "\u2424", "\u2028", "\x00", "\\\\[", "\\\\]"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_mixture_of_markup_gets_through(source: str) -> None:
    is_safe(safe_html(source))
    is_safe(markdown(safe_text(source)))
    is_safe(markdown(plain_text(source)))
    assert safe_html(safe_text(safe_text(source))) is not None


def test_the_stages_own_text_stays_and_the_students_is_made_safe() -> None:
    blueprint = Blueprint(read_stage(Stage(Course(ROOT), "00_start_here")))
    notebook = nbformat.from_dict(blueprint.released)
    told = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    own = ["*mine* $a<b$", *HOSTILE, "x " * MOST_CHARACTERS + HOSTILE[0], *["&" * MOST_CHARACTERS] * 9]
    for number, source in enumerate(own):
        notebook.cells.insert(2 * number, nbformat.v4.new_markdown_cell(source))
    notebook.cells.append(
        nbformat.v4.new_raw_cell("<script>alert(1)</script>\n\n<b>", metadata={"format": "text/html"})
    )
    prepare(notebook, blueprint)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert [source for source in sources if source in told] == told
    assert own[0] in sources
    assert {cell.cell_type for cell in notebook.cells} == {"code", "markdown"}
    assert sum(map(len, sources)) < sum(map(len, told)) + 8 * MOST_TEXT
    for source in sources:
        if source not in told:
            is_safe(markdown(source))
            assert HOSTILE[0] not in source
    prepare(notebook, blueprint)  # nbgrader's steps do it twice
    assert [cell.source for cell in notebook.cells if cell.cell_type == "markdown"][:40] == sources[:40]
