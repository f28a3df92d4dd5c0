"""A submission's own text cells: what a student means stays, what could do something in a teacher's page does not."""

from __future__ import annotations

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.layout import Course, Stage
from autograder.intake.blueprint import Blueprint
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
    "$a<b$, $$x<y & z$$": "$a<b$, $$x<y & z$$",
    "\\begin{align}\na &< b \\\\\nc &> d\n\\end{align}": "\\begin{align}\na &< b \\\\\nc &> d\n\\end{align}",
    "[x](https://a.b/c?d=1&e=2)": "x",
    "# Head\n\n*a* **b** ~~c~~": "Head\na b c",
    "- [ ] open\n- [x] done": "[ ] open\n[x] done",
    "H<sub>2</sub>O<br>x": "H2Ox",
    "中文 <标签> ✓": "中文 <标签> ✓",
    "![](attachment:gone.png) a": "![](attachment:gone.png) a",
}
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
ATTRIBUTES = {"href", "src", "class", "style", "alt", "width", "height", "title", "start", "open", "colspan", "rowspan"}


def is_safe(html: str) -> None:
    """By another parser than the sanitizer's."""
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert tag.name in TAGS, tag
        assert set(tag.attrs) <= ATTRIBUTES, tag
        assert tag.get("href", "#").startswith(("http://", "https://", "mailto:", "#")), tag
        assert tag.get("src", "https://").startswith(("http://", "https://", "data:image/png;base64,")), tag
        assert tag.get("style", "text-align").startswith("text-align") and ";" not in tag.get("style", "")[:-1], tag
        assert tag.get("class", ["k"])[0] not in ("navbar-fixed-top", "x")


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_text_is_read_as_it_was_meant(source: str) -> None:
    for html in (safe_html(source), markdown(safe_text(source))):
        text = BeautifulSoup(html, "html.parser").get_text().strip()
        assert "".join(text.replace("¶", "").split()) == "".join(ORDINARY[source].split())


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
