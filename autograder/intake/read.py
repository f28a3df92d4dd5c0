"""Read one submission's notebook, whatever state it is in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

MOST_MB = 100  # of a notebook, pictures and all
MOST_CELLS, MOST_CODE_MB = 2000, 2
AGAIN = "Open your notebook in JupyterLab, save it, and hand in the .ipynb file again."


STARTS = {  # what people hand in by mistake, by its first bytes
    b"PK\x03\x04": "a zip file",
    b"%PDF": "a PDF file",
    b"<": "a web page (HTML)",  # saved from the browser
    b"version https://git-lfs": "a pointer of Git LFS",
}


def read_notebook(path: Path) -> tuple[NotebookNode | None, str, str]:
    """A submission's notebook or None; what was repaired; why it cannot be read.

    Only the cells are taken, and of a cell its type, text, id and metadata: outputs and all else are made anew.
    """
    try:
        if not path.is_file():  # a folder, or a pipe that never ends
            return None, "", "This is no file. Hand in the .ipynb file itself."
        if path.stat().st_size > MOST_MB << 20:
            return None, "", f"The file is larger than {MOST_MB} MB. Clear its outputs, save it, and hand it in again."
        data = path.read_bytes()
    except OSError as e:
        return None, "", f"The file cannot be read: {e.strerror}."
    text, note = _decode(data)
    try:
        cells = _cells(json.loads(text))
    except (ValueError, RecursionError):
        return None, "", f"{_what(data, text)} {AGAIN}"
    if cells is None:
        return None, "", f"The file is no valid notebook: it has no list of cells. {AGAIN}"
    if not cells:
        return None, "", f"The notebook is empty: it has no cells. {AGAIN}"
    if len(cells) > MOST_CELLS or sum(len(c["source"]) for c in cells if c["cell_type"] == "code") > MOST_CODE_MB << 20:
        most = f"more than {MOST_CELLS} cells or {MOST_CODE_MB} MB of code"
        return None, "", f"The notebook has {most}. Take out what is no answer, save it, and hand it in again."
    return nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), note, ""


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig", "replace"), "A byte order mark was removed."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "The file was saved as UTF-16 and not as UTF-8; it was read as such."
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "The file was not saved as UTF-8; letters with accents may have changed."


def _what(data: bytes, text: str) -> str:
    """Why this is no JSON, in words."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.search(r"^<<<<<<< ", text, re.MULTILINE):
        return "The file is damaged: it has the marks of a merge conflict (<<<<<<<)."
    for begin, kind in STARTS.items():
        if start.startswith(begin):
            return f"The file is {kind}, not a notebook."
    if not start:
        return "The file is empty."
    if start.startswith((b"{", b"[")):
        return "The file is damaged: it ends too early, or something in it was changed."
    return "The file is damaged, or it is no notebook at all (perhaps a Python script)."


def _cells(notebook: Any) -> list[dict[str, Any]] | None:
    """The cells of any version of the format."""
    if not isinstance(notebook, dict):
        return None
    found = notebook.get("cells")
    if found is None and isinstance(sheets := notebook.get("worksheets"), list):  # before version 4
        inside = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        found = [cell for cells in inside if isinstance(cells, list) for cell in cells]
    return [_cell(c) for c in found if isinstance(c, dict)] if isinstance(found, list) else None


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", cell.get("input", ""))
    source = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else source
    text = source if isinstance(source, str) else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()  # no half characters
    kind = {"code": "code", "raw": "raw"}.get(str(cell.get("cell_type")), "markdown")
    told = cell.get("metadata")
    nbgrader = told.get("nbgrader") if isinstance(told, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    clean: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text}
    if isinstance(name, str):
        clean["metadata"] = {"nbgrader": {"grade_id": name}}
    if isinstance(cell.get("id"), str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]):
        clean["id"] = cell["id"]
    return {**clean, "outputs": [], "execution_count": None} if kind == "code" else clean
