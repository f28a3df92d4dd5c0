"""Files that JupyterLab would not write: what of a notebook can be read in them, and what else they are."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

CONFLICT = "The file is damaged: it has the marks of a merge conflict (<<<<<<<)."
TORN = "The file is damaged: it ends too early."
MARKS = (b",", b"[", b"{")  # each value of JSON has one before it
BETWEEN = re.compile(r"[\s,]*")
STARTS = {  # what people hand in by mistake, by its first bytes
    "PK\x03\x04": "a zip file",
    "%PDF": "a PDF file",
    "<": "a web page (HTML)",  # saved from the browser
    "version https://git-lfs": "a pointer of Git LFS",
}


def unpacked(data: bytes, most: int) -> tuple[bytes, str]:
    """The bytes in a gzip, up to one more than `most`; and what was done."""
    if not data.startswith(b"\x1f\x8b"):
        return data, ""
    try:
        return zlib.decompressobj(31).decompress(data, most + 1), "The file was compressed (gzip)."
    except zlib.error:
        return data, ""


def decoded(data: bytes) -> tuple[str, str]:
    """The text; and what was done."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig", "replace"), "A byte order mark was removed."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "The file was saved as UTF-16 and not as UTF-8; it was read as such."
    if len(data) > 99 and data[:99].count(0) > 40 and data.strip(b"\0"):  # no mark
        order = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return data.decode(order, "replace"), "The file was saved as UTF-16 and not as UTF-8; it was read as such."
    whole = data.rstrip(b"\0")
    note = "Zeros at the end of the file were removed." if len(whole) < len(data) else ""
    try:
        return whole.decode("utf-8"), note
    except UnicodeDecodeError:
        return whole.decode("latin-1"), "The file was not saved as UTF-8; letters with accents may have changed."


def too_many_values(data: bytes, most: int) -> bool:
    """Would its JSON make more values in memory? What stands in strings makes none, however large they are."""
    if sum(map(data.count, MARKS)) <= most:
        return False
    data, inside, found = data.replace(rb"\\", b"").replace(rb"\"", b""), 0, 0
    for start in range(0, len(data), 1 << 20):
        pieces = data[start : start + (1 << 20)].split(b'"')
        found += sum(piece.count(mark) for piece in pieces[inside::2] for mark in MARKS)
        if found > most:
            return True
        inside = (inside + len(pieces) - 1) % 2
    return False


def whole_cells(text: str) -> tuple[list[Any], str]:
    """The cells of a file that ends too early, or has a fault outside of its cells; and what was done."""
    begin = re.search(r'(?<!\\)"cells"\s*:\s*\[', text)
    if begin is None or not text.lstrip("\ufeff \t\r\n").startswith("{") or _conflict(text):
        return [], ""
    cells, place, decoder = [], begin.end(), json.JSONDecoder()
    while (place := _next(text, place)) < len(text) and text[place] != "]":
        try:
            cell, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - 6:
                break
            return [], ""  # something in it was changed
        except (ValueError, RecursionError):
            return [], ""
        cells.append(cell)
    if text[place : place + 1] == "]":
        return cells, "The file was damaged outside of its cells; all cells could be read."
    return cells, f"{TORN} Its first {len(cells)} cells could be read; what followed is lost."


def _next(text: str, place: int) -> int:
    """Where something stands again behind white space and commas."""
    found = BETWEEN.match(text, place)
    return found.end() if found else place


def what(text: str) -> str:
    """Why this is no JSON, in words."""
    start = text.lstrip("\ufeff \t\r\n")
    if _conflict(text):
        return CONFLICT
    if start.startswith("<") and "github.com" in start[:200_000].lower():
        return "The file is a web page of GitHub, not the notebook: there, use the button “Download raw file”."
    for begin, kind in STARTS.items():
        if start.startswith(begin):
            return f"The file is {kind}, not a notebook."
    if not start.strip("\0"):
        return "The file is empty."
    if start.startswith(("{", "[")):
        return "The file is damaged: it ends too early, or something in it was changed."
    return "The file is damaged, or it is no notebook at all (perhaps a Python script)."


def what_else(told: Any) -> str:
    """What JSON without cells is, in words."""
    if isinstance(told, list) and any(isinstance(cell, dict) and "cell_type" in cell for cell in told):
        return "The file holds a list of cells, not a notebook."
    if isinstance(told, dict) and ("doc_id" in told or "url" in told) and "worksheets" not in told:
        return (
            "The file is a shortcut of Google Drive, not the notebook: in Colab, use File > Download > Download .ipynb."
        )
    if isinstance(told, dict) and {"content", "encoding"} <= set(told):
        return "The file is GitHub's description of a file, not the notebook: use the button “Download raw file”."
    return "The file is no valid notebook: it has no list of cells."


def _conflict(text: str) -> bool:
    return re.search(r"^<<<<<<< ", text, re.MULTILINE) is not None
