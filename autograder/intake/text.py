"""A submission's text cells: Markdown as HTML in which nothing runs, loads, covers the page or asks for input.

bleach decides what is left. It works on the HTML that Markdown becomes: before that, `a < b` and a fence with `<tag>`
would look like tags. A tag that is not allowed is shown as text.
"""

from __future__ import annotations

from html import escape

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

from autograder.intake.formulas import Formulas

MOST_CHARACTERS = 20_000  # of a text cell: there are texts for which the time grows with the square
TAGS = bleach.ALLOWED_TAGS | {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "pre", "div", "span", "del", "s", "u", "kbd", "sub", "sup",
    "small", "img", "details", "summary", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
CLASSES = {"highlight", *STANDARD_TYPES.values()}  # of highlighted code
PROTOCOLS = {"http", "https", "mailto", "data"}
LINKS = ("http://", "https://", "mailto:", "#")  # none to this server, whose addresses may do something
PICTURES = ("http://", "https://", "data:image/png;base64,")


class _Markdown(MarkdownWithMath):
    DEFAULT_PLUGINS = tuple(  # type: ignore[assignment]
        name for name in MarkdownWithMath.DEFAULT_PLUGINS if name != "task_lists"
    )


def safe_html(source: str) -> str:
    """Markdown of a stranger as HTML that may stand in a teacher's page, with its formulas as MathML."""
    return _both(_cut(source), Formulas)[1]


def safe_text(source: str) -> str:
    """The Markdown itself where its HTML is safe, or else the safe HTML, as Markdown that comes to the same."""
    source = _cut(source)
    html, safe = _both(source)
    return source if html == safe else _block(f"<div>{safe.strip()}</div>")


def plain_text(source: str) -> str:
    """What is to be shown as it is written, as Markdown."""
    return _block(_plain(_cut(source)))


def _both(source: str, *filters: type[Formulas]) -> tuple[str, str]:
    """The HTML that formgrader would make of it, and what is safe of it."""
    try:
        html = markdown(source)
        css = CSSSanitizer(["text-align"])
        return html, bleach.Cleaner(TAGS, _allowed, PROTOCOLS, filters=filters, css_sanitizer=css).clean(html)
    except Exception:  # an attachment that is not there; nested without bottom
        return "", _plain(source)


def markdown(source: str) -> str:
    """As formgrader makes it into HTML, but for boxes to tick, which are forms, and ids."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return _Markdown(renderer).render(source)


def _cut(source: str) -> str:
    return source if len(source) <= MOST_CHARACTERS else source[: MOST_CHARACTERS - 2] + " …"


def _plain(source: str) -> str:
    return f"<pre>{escape(source, quote=False)}</pre>"


def _block(html: str) -> str:
    """As one block of HTML in Markdown: such a block ends at an empty line."""
    return "\n".join(line if line.strip() else "&#32;" for line in html.split("\n"))


def _allowed(tag: str, name: str, value: str) -> bool:
    """May this attribute stay? No `id`: formgrader finds its fields by theirs."""
    match name:
        case "href":
            return tag == "a" and value.startswith(LINKS)
        case "src":
            return tag == "img" and value.startswith(PICTURES)
        case "class":
            return tag in ("div", "span") and value in CLASSES
        case "style":
            return tag in ("th", "td")
        case "alt" | "width" | "height":
            return tag == "img"
    return name in ("title", "start", "open", "colspan", "rowspan")
