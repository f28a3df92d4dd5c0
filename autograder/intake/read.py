"""Read one submission's notebook, whatever state it is in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.intake.rescue import decoded, too_many_values, unpacked, what, what_else, whole_cells

MOST_MB = 100  # of a notebook, pictures and all
MOST_CELLS, MOST_CODE_MB = 2000, 2
MOST_VALUES = 2_000_000  # of its JSON: each takes up to 0.3 KB of memory, whatever the file's size
AGAIN = "Open your notebook in JupyterLab, save it, and hand in the .ipynb file again."
LABELS: dict[str, Any] = {
    "grade_id": str,
    "grade": bool,
    "solution": bool,
    "locked": bool,
    "points": (int, float),
    "checksum": str,
}


def read_notebook(path: Path, own: bool = False) -> tuple[NotebookNode | None, str, str]:
    """A submission's notebook or None; what was repaired; why it cannot be read.

    Only the cells are taken, and of a cell its type, text, id and name: outputs and all else are made anew. Of one's
    `own` notebook nbgrader's other labels are taken, too, since nothing else says what there is to run.
    """
    try:
        if not path.is_file():  # a folder, or a pipe that never ends
            return None, "", "This is no file. Hand in the .ipynb file itself."
        data, note = b"", ""
        if path.stat().st_size <= MOST_MB << 20:
            data, note = unpacked(path.read_bytes(), MOST_MB << 20)
        if path.stat().st_size > MOST_MB << 20 or len(data) > MOST_MB << 20:
            return None, "", f"The file is larger than {MOST_MB} MB. Clear its outputs, save it, and hand it in again."
    except OSError as e:
        return None, "", f"The file cannot be read: {e.strerror}."
    notes = [note]
    cells, problem = _parsed(data, notes)
    if cells is None:
        return None, "", f"{problem} {AGAIN}"
    if not cells:
        return None, "", f"The notebook is empty: it has no cells. {AGAIN}"
    if len(cells) > MOST_CELLS or sum(len(c["source"]) for c in cells if c["cell_type"] == "code") > MOST_CODE_MB << 20:
        most = f"more than {MOST_CELLS} cells or {MOST_CODE_MB} MB of code"
        return None, "", f"The notebook has {most}. Take out what is no answer, save it, and hand it in again."
    for cell in cells:
        _keep_labels(cell, own)
    note = " ".join(filter(None, notes))
    return nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), note, ""


def _parsed(data: bytes, notes: list[str]) -> tuple[list[dict[str, Any]] | None, str]:
    """The cells, or why there are none; adds to `notes` what was repaired."""
    text, note = decoded(data)
    notes.append(note)
    data = text.encode("utf-8", "replace") if note else data
    for _ in range(2):
        if too_many_values(data, MOST_VALUES):
            return None, f"The file has more than {MOST_VALUES:,} values. Clear its outputs."
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            found, note = whole_cells(text)
            if not found:
                return None, what(text)
            told = {"cells": found}
            notes.append(note)
        if not isinstance(told, str):
            break
        notes.append("The notebook was saved as one string of JSON.")
        text, data = told, told.encode("utf-8", "replace")
    cells = _cells(told)
    return (cells, "") if cells is not None else (None, what_else(told))


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
    clean: dict[str, Any] = {"cell_type": kind, "metadata": {"nbgrader": nbgrader}, "source": text}
    if isinstance(cell.get("id"), str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]):
        clean["id"] = cell["id"]
    return {**clean, "outputs": [], "execution_count": None} if kind == "code" else clean


def _keep_labels(cell: dict[str, Any], own: bool) -> None:
    told = cell["metadata"].pop("nbgrader")
    told = told if isinstance(told, dict) else {}
    kept = {name: told[name] for name, kind in LABELS.items() if isinstance(told.get(name), kind)}
    if own and kept:
        cell["metadata"]["nbgrader"] = {"grade_id": cell.get("id", ""), **kept}
    elif "grade_id" in kept:
        cell["metadata"]["nbgrader"] = {"grade_id": kept["grade_id"]}
