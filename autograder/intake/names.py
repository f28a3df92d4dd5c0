"""Names of files as they come in, made safe once: what a student is called is shown, and is the name of a folder."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

MOST_BYTES = 200  # of a name but for its ending; file systems allow 255
MOST_LETTERS = 128  # nbgrader's column for a student's id; SQLite would take more, PostgreSQL does not
ENDING = re.compile(r"(?:\.(?:ipynb|tar))?\.[A-Za-z0-9_]{1,8}~?$", re.IGNORECASE)
SHOWN_NOWHERE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks of direction, halves of characters, ends of lines
FORMULA = "=+-@＝＋－＠"  # how one begins in a spreadsheet, where nbgrader's export is opened
JOINERS = "\u200c\u200d"  # of Persian words and of pictures (emoji): they are part of a name
GUESSES = [  # encodings of names that do not say theirs, and how the names of their characters begin
    ("utf-8", ("",)), ("cp437", ("LATIN",)), ("gb2312", ("CJK", "FULLWIDTH", "IDEOGRAPHIC")), ("cp866", ("CYRILLIC",)),
    ("cp850", ("LATIN",)), ("cp1252", ("LATIN",)), ("gbk", ("CJK", "FULLWIDTH", "IDEOGRAPHIC")),
]  # fmt: skip


def safe(name: str) -> str:
    """The name composed (NFC), readable and short. What had to be changed gets a mark of its own, so none is lost."""
    if any("\ud800" <= c <= "\udfff" for c in name):  # bytes that are no UTF-8
        raw = name.encode("utf-8", "surrogateescape") if os.name == "posix" else name.encode("utf-8", "replace")
        name = raw.decode(encoding_of([raw]), "replace")
    name = unicodedata.normalize("NFC", name)
    ending = found[0] if (found := ENDING.search(name)) else ""
    stem = name.removesuffix(ending)
    clean = "".join("_" if unicodedata.category(c) in SHOWN_NOWHERE and c not in JOINERS else c for c in stem)
    clean = "_" + clean[1:] if clean[:1] in FORMULA and clean else clean
    if len(clean.encode()) > MOST_BYTES or len(clean) > MOST_LETTERS:
        room = len(_mark(stem))
        clean = clean[: MOST_LETTERS - room].encode()[: MOST_BYTES - room].decode(errors="ignore")
    if clean == stem:
        return name
    return clean + _mark(stem) + ending


def _mark(stem: str) -> str:
    return f"-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"


def stem(name: str) -> str:
    """The name without its ending: `ana` of `ana.ipynb`, `ana.ipynb.txt` and `ana.tar.gz`."""
    return ENDING.sub("", name) or name


def encoding_of(names: list[bytes]) -> str:
    """How these names were most likely written: the first encoding that makes letters of one script of them."""
    for encoding, scripts in GUESSES:
        try:
            text = "".join(name.decode(encoding) for name in names)
        except UnicodeDecodeError:
            continue
        if all(c.isascii() or unicodedata.name(c, "").startswith(scripts) for c in text):
            return encoding
    return "cp437"  # as the format says
