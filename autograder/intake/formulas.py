"""Formulas of a text as MathML, which a browser draws by itself: no script, no network.

latex2mathml translates. What a student wrote is a stranger's: of its result only what draws is kept. What it cannot
translate stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element

from bleach.html5lib_shim import Filter

MOST_CHARACTERS = 2_000  # of a formula: there are some for which the time grows with the square
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$"
    r"|(?<![\\$])\$(?P<inline>[^$]+?)(?<!\\)\$"
    r"|\\\((?P<round>.+?)\\\)"
    r"|\\\[(?P<square>.+?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>\w+\*?)\}.*?\\end\{(?P=name)\})",
    re.DOTALL,
)
MACROS = re.compile(r"\\(newcommand|newenvironment|def)\b")  # they may double what they double
TAGS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "msqrt", "mroot",
    "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mstyle", "mpadded",
    "mphantom",
}  # fmt: skip
VALUE = re.compile(
    r"true|false|inline|block|left|right|center|normal|monospace|prefix|infix|postfix"
    r"|-?\d{1,2}|-?\d(\.\d{1,3})?em"
)
ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "form", "accent", "movablelimits", "separator", "minsize", "maxsize",
    "columnalign", "displaystyle", "scriptlevel", "width", "height", "depth", "lspace", "rspace", "linethickness",
}  # fmt: skip
Token = dict[str, Any]


class Formulas(Filter):
    """One of bleach's filters, behind its own: text between dollars becomes MathML, but in code."""

    def __iter__(self) -> Iterator[Token]:
        held: list[Token] = []  # a text comes in pieces: an entity is one of its own
        code = 0
        for token in self.source:
            if not code and token["type"] in ("Characters", "SpaceCharacters", "Entity"):
                held.append(token)
                continue
            yield from _with_mathml(held)
            held.clear()
            code += (token.get("name") in ("code", "pre")) * {"StartTag": 1, "EndTag": -1}.get(token["type"], 0)
            yield token
        yield from _with_mathml(held)


def _with_mathml(pieces: list[Token]) -> Iterator[Token]:
    text = "".join(unescape(f"&{it['name']};") if it["type"] == "Entity" else it["data"] for it in pieces)
    made = [(found.span(), mathml) for found in FORMULA.finditer(text) if (mathml := _mathml(found)) is not None]
    if not made:
        yield from pieces
        return
    done = 0
    for (start, end), mathml in made:
        yield _characters(text[done:start])
        yield from _tokens(mathml)
        done = end
    yield _characters(text[done:])


def _mathml(found: re.Match[str]) -> Element | None:
    from latex2mathml.converter import Converter

    latex = next(found[kind] for kind in ("block", "inline", "round", "square", "environment") if found[kind])
    display = "inline" if found["inline"] or found["round"] else "block"
    if len(latex) > MOST_CHARACTERS or MACROS.search(latex):
        return None
    try:
        return Converter(display=display).convert_to_element(latex)
    except Exception:  # latex2mathml has an error of its own for each fault, and falls over some
        return None


def _tokens(element: Element) -> Iterator[Token]:
    """Its tags and texts; of what does not draw, the inside."""
    kept = element.tag in TAGS
    data = {
        (None, name): value for name, value in element.attrib.items() if name in ATTRIBUTES and VALUE.fullmatch(value)
    }
    if kept:
        yield {"type": "StartTag", "namespace": None, "name": element.tag, "data": data}
    if element.text:
        yield _characters(re.sub(r"\\([_%#&$])", r"\1", unescape(element.text)))
    for child in element:
        yield from _tokens(child)
        if child.tail:
            yield _characters(unescape(child.tail))
    if kept:
        yield {"type": "EndTag", "namespace": None, "name": element.tag, "data": {}}


def _characters(text: str) -> Token:
    return {"type": "Characters", "data": text}
