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


def encoding_of_text(data: bytes) -> str:
    """How a table that does not say it, and is no UTF-8, was most likely written: in Windows-1252 or in GB 18030.

    Nearly every Western text can be read as GB 18030, too: of `Müller` it makes a rare hanzi between two letters. So
    it is taken for Chinese only where most of what is not ASCII are common hanzi, in runs or apart from Latin letters.
    (Of 19 short lists of students charset-normalizer 3.5.3 read 7 as they were written, and no Chinese one.)

    Raises:
        UnicodeDecodeError: where it is neither.
    """
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        data.decode("cp1252")
        return "cp1252"
    common = others = 0
    for run in re.finditer(r"[^\x00-\x7f]+", text):
        beside = text[max(0, run.start() - 1) : run.start()] + text[run.end() : run.end() + 1]
        in_word = any(c.isalpha() for c in beside)
        found = 0 if in_word and len(run[0]) == 1 else sum(map(_is_common, run[0]))
        common += found
        others += len(run[0]) - found if in_word else 0  # a rare hanzi apart says nothing: it may be in a name
    if common <= others:
        try:
            data.decode("cp1252")
            return "cp1252"
        except UnicodeDecodeError:
            pass
    return "gb18030"


def _is_common(c: str) -> bool:
    """Is it a Chinese mark, or one of the 3755 hanzi of the first level of GB 2312?"""
    code = c.encode("gb18030")
    return len(code) == 2 and code[1] > 0xA0 and (code[0] in (0xA1, 0xA3) or 0xB0 <= code[0] <= 0xD7)
