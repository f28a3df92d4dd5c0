"""What happens to honest notebooks: each accident, the mark it deserves, and what the student is told.

An accident damages a solved notebook. It returns nothing, or what is handed in in its place: a text, bytes, or a folder
of such things by file name. The class folder holds `accident.ipynb` or the folder `accident/`.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from .stage import ANSWERS, FULL

Damage = Callable[[NotebookNode], Any]
LOST = "had lost their grading labels"
BLANK = "raise NotImplementedError("
TWICE = "was there more than once"


@dataclass
class Accident:
    name: str
    damage: Damage
    mark: float
    status: str
    reason: str
    says: dict[str, str] = field(default_factory=dict)  # a phrase of the message, by check that fails


ACCIDENTS: list[Accident] = []


def accident(mark: float = FULL, status: str = "graded", reason: str = "", **says: str) -> Callable[[Damage], Damage]:
    """The verdict that the accident deserves. `says`: part of a failing check's message, `-` written as `__`."""

    def keep(damage: Damage) -> Damage:
        messages = {name.replace("__", "-"): phrase for name, phrase in says.items()}
        ACCIDENTS.append(Accident(damage.__name__.strip("_"), damage, mark, status, reason, messages))
        return damage

    return keep


def repaired(reason: str, mark: float = FULL, **says: str) -> Callable[[Damage], Damage]:
    return accident(mark, "repaired", reason, **says)


def failed(reason: str) -> Callable[[Damage], Damage]:
    return accident(0, "failed", reason)


def at(nb: NotebookNode, name: str) -> int:
    return next(i for i, c in enumerate(nb.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def the(nb: NotebookNode, name: str) -> NotebookNode:
    return nb.cells[at(nb, name)]


def put(nb: NotebookNode, place: int, source: str) -> None:
    nb.cells.insert(place, nbformat.v4.new_code_cell(source))


def checks(nb: NotebookNode) -> list[NotebookNode]:
    return [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]


def copied(nb: NotebookNode, name: str, source: str) -> NotebookNode:
    """A copy as JupyterLab pastes it: the same metadata, a new cell id."""
    cell = copy.deepcopy(the(nb, name))
    cell.id, cell.source = f"{cell.id}-copy", source
    return cell


def merge(nb: NotebookNode, first: int, last: int) -> None:
    """As JupyterLab does it: the first cell's metadata, the sources with an empty line between."""
    cell = nb.cells[first]
    cell.source = "\n\n".join(c.source for c in nb.cells[first : last + 1])
    nb.cells[first : last + 1] = [cell]


def strip(nb: NotebookNode, ids: bool = True) -> None:
    """As other editors do: no cell metadata, and perhaps no cell ids."""
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({})
        if ids:
            cell.pop("id", None)


def text(nb: NotebookNode, minor: int = 5) -> str:
    nb.nbformat_minor = minor
    return json.dumps(nb, ensure_ascii=False, indent=1)


# Nothing at all


@accident()
def nothing_happened(nb): ...


# Cells deleted, copied, moved


@repaired("The deleted cell differences-values was put back.")
def a_check_deleted(nb):
    del nb.cells[at(nb, "differences-values")]


@repaired(
    "The deleted cells differences-values, differences-batch, Roughness-value, Roughness-batch, roughest-index, "
    "roughest-type were put back."
)
def all_checks_deleted(nb):
    nb.cells = [c for c in nb.cells if c not in checks(nb)]


@repaired("The deleted cell setup was put back.")
def the_first_provided_cell_deleted(nb):
    del nb.cells[at(nb, "setup")]


@repaired("The deleted cell scale was put back.")
def a_provided_cell_deleted(nb):
    del nb.cells[at(nb, "scale")]


@repaired("The exercise Roughness was put back blank.", mark=3, Roughness__value="Roughness: not written yet")
def an_exercise_deleted(nb):
    del nb.cells[at(nb, "Roughness")]


@accident()
def all_text_cells_deleted(nb):
    nb.cells = [c for c in nb.cells if c.cell_type == "code"]


@accident()
def cell_ids_duplicated(nb):
    for cell in nb.cells:
        cell.id = "same"
    return text(nb)


@repaired(f"Roughness {TWICE}")
def an_exercise_pasted_again(nb):
    nb.cells.insert(at(nb, "Roughness"), copied(nb, "Roughness", ANSWERS["Roughness"]))


@repaired(f"Roughness {TWICE}")
def an_exercise_copied_with_its_cell_id(nb):
    nb.cells.insert(at(nb, "Roughness"), copy.deepcopy(the(nb, "Roughness")))
    return text(nb)


@repaired(f"differences {TWICE}; the last written one above its checks counts. Delete the others.")
def an_exercise_copied_the_good_one_last(nb):
    nb.cells.insert(at(nb, "differences"), copied(nb, "differences", "def differences(x):\n    return x[1:]"))


@repaired(f"differences {TWICE}; the last written one above its checks counts. Delete the others.", mark=5)
def an_exercise_copied_the_good_one_first(nb):
    # Run from top to bottom, JupyterLab shows the same; see below for a wrong copy that stands below the checks.
    # What builds on it is right (error carried forward).
    bad = copied(nb, "differences", "def differences(x):\n    return -x")
    nb.cells.insert(at(nb, "differences") + 1, bad)


@repaired(f"roughest {TWICE}")
def an_exercise_tried_again_below_checks_that_pass(nb):
    nb.cells.append(copied(nb, "roughest", "def roughest(x):\n    return 'a trial'"))


@repaired(f"roughest {TWICE}")
def an_exercise_copied_and_the_copy_left_blank(nb):
    blank = f'def roughest(x):\n    """The row of x that is the roughest."""\n    # YOUR CODE HERE\n    {BLANK}'
    blank += '"roughest: not written yet. Replace this line with your code.")'
    nb.cells.insert(at(nb, "roughest") + 1, copied(nb, "roughest", blank))


@repaired(f"roughest {TWICE}")
def an_exercise_copied_and_the_copy_is_no_python(nb):
    nb.cells.insert(at(nb, "roughest") + 1, copied(nb, "roughest", "def roughest(x):\n    return (("))


@repaired(f"roughest {TWICE}")
def a_broken_exercise_solved_below_its_checks(nb):
    nb.cells.append(copied(nb, "roughest", ANSWERS["roughest"]))
    the(nb, "roughest").source = "def roughest(x):\n    return (("


@repaired(LOST)
def solved_in_a_new_cell_and_the_blank_one_left_below(nb):
    put(nb, at(nb, "roughest"), ANSWERS["roughest"])
    the(nb, "roughest").source = (
        'def roughest(x):\n    """The row of x that is the roughest."""\n    # YOUR CODE HERE\n'
        '    raise NotImplementedError("roughest: not written yet. Replace this line with your code.")'
    )


@repaired(f"Roughness-value {TWICE}; one of them counts.")
def a_check_pasted_twice(nb):
    nb.cells.append(copied(nb, "Roughness-value", the(nb, "Roughness-value").source))


@repaired("The check differences-values stood above an exercise")
def a_check_moved_above_its_exercise(nb):
    check = nb.cells.pop(at(nb, "differences-values"))
    nb.cells.insert(at(nb, "differences"), check)


@repaired("stood above an exercise that it may need; it was moved down.")
def the_first_exercise_moved_to_the_end(nb):
    nb.cells.append(nb.cells.pop(at(nb, "differences")))


@accident()
def all_checks_moved_to_the_end(nb):
    last = checks(nb)
    nb.cells = [c for c in nb.cells if c not in last] + last


@repaired("The provided cell setup stood below a cell that needs it")
def all_cells_in_reverse_order(nb):
    nb.cells.reverse()


@repaired("The provided cell setup stood below a cell that needs it")
def a_provided_cell_moved_to_the_end(nb):
    nb.cells.append(nb.cells.pop(at(nb, "setup")))


# Cells split and merged


@repaired("The two parts of the exercise Roughness were joined.")
def an_exercise_split_between_its_methods(nb):
    own = the(nb, "Roughness")
    head, tail = own.source.split("    def forward")
    own.source = head.rstrip()
    put(nb, at(nb, "Roughness") + 1, "    def forward" + tail)


@repaired("The two parts of the exercise roughest were joined.")
def an_exercise_split_in_its_body_with_both_parts_labelled(nb):
    head, tail = ANSWERS["roughest"].rsplit("\n", 1)
    the(nb, "roughest").source = head
    nb.cells.insert(at(nb, "roughest") + 1, copied(nb, "roughest", tail))


@repaired("The two parts of the exercise differences were joined.")
def an_exercise_split_in_its_first_line(nb):
    the(nb, "differences").source = "def differences("
    put(nb, at(nb, "differences") + 1, "        x):\n    return torch.diff(x, dim=1)")


@repaired(LOST)
def an_exercise_split_above_its_function(nb):
    own = the(nb, "differences")
    own.source = "import math\nLAST = math.inf"
    put(nb, at(nb, "differences") + 1, ANSWERS["differences"])


@repaired("taken apart: roughest, roughest-index")
def an_exercise_and_its_check_merged(nb):
    merge(nb, at(nb, "roughest"), at(nb, "roughest-index"))


@repaired("taken apart: differences, differences-values")
def an_exercise_and_its_check_merged_with_the_label_of_the_check(nb):
    label = the(nb, "differences-values").metadata
    first = at(nb, "differences")
    merge(nb, first, first + 1)
    nb.cells[first].metadata = label


@repaired("taken apart: differences, Roughness")
def two_exercises_merged(nb):
    the(nb, "differences").source += "\n\n" + nb.cells.pop(at(nb, "Roughness")).source


@repaired("taken apart: differences, Roughness")
def two_exercises_merged_and_labels_lost(nb):
    two_exercises_merged(nb)
    strip(nb)
    return text(nb, 4)


@repaired("taken apart: scale, differences")
def a_provided_cell_and_an_exercise_merged(nb):
    nb.cells = [c for c in nb.cells if c.cell_type == "code"]
    merge(nb, at(nb, "scale"), at(nb, "differences"))


@repaired("taken apart: setup, scale, differences, differences-values, differences-batch, Roughness")
def all_code_merged_into_one_cell(nb):
    nb.cells = [c for c in nb.cells if c.cell_type == "code"]
    merge(nb, 0, len(nb.cells) - 1)


@repaired("were taken apart", mark=5, Roughness__value="Roughness is not defined")
def all_code_merged_and_one_exercise_broken(nb):
    the(nb, "Roughness").source += "\n    )"
    the(nb, "roughest").source = "def roughest(x):\n    return int(differences(x).abs().mean(dim=1).argmax())"
    nb.cells = [c for c in nb.cells if c.cell_type == "code"]
    merge(nb, 0, len(nb.cells) - 1)


# Cells changed


@repaired("The cell roughest had been turned into text; it is code again.")
def an_exercise_turned_into_markdown(nb):
    nb.cells[at(nb, "roughest")] = nbformat.v4.new_markdown_cell(
        ANSWERS["roughest"], metadata=the(nb, "roughest").metadata
    )


@repaired("The cell roughest-index had been turned into text; it is code again.")
def a_check_turned_into_raw(nb):
    nb.cells[at(nb, "roughest-index")] = nbformat.v4.new_raw_cell(
        the(nb, "roughest-index").source, metadata=the(nb, "roughest-index").metadata
    )


@accident()
def a_check_changed(nb):
    the(nb, "differences-values").source = "expect(differences(x)).equal(0)v"


@accident()
def a_check_emptied(nb):
    the(nb, "differences-values").source = ""


@accident()
def points_changed(nb):
    the(nb, "differences-values").metadata.nbgrader.points = 100
    the(nb, "differences-batch").metadata.nbgrader.points = "many"


@repaired("The provided cell scale had been changed; it counts as it was handed out.")
def a_provided_cell_changed(nb):
    the(nb, "scale").source = the(nb, "scale").source.replace("2.0", "3.0")


@repaired("The provided cell scale had been changed; it counts as it was handed out.")
def a_provided_cell_that_is_no_python_now(nb):
    the(nb, "scale").source += "v"


@repaired("What was added to the provided cell setup was given a cell of its own.")
def imports_added_to_the_first_provided_cell(nb):
    the(nb, "setup").source += "\nimport math\nfrom collections import Counter"
    the(nb, "roughest").source = (
        "def roughest(x):\n    values = Roughness()(x).tolist()\n"
        "    return Counter(dict(enumerate(values))).most_common(1)[math.floor(0.5)][0]"
    )


@repaired("What was added to the provided cell differences-values was given a cell of its own.")
def a_print_added_to_a_check(nb):
    the(nb, "differences-values").source += "\nprint(differences(torch.zeros(1, 2)))"


@accident()
def white_space_added(nb):
    for cell in nb.cells:
        cell.source = "\n\n" + cell.source.replace("\n", "  \t\n") + " \n\n\t"


@repaired(LOST)
def white_space_added_and_labels_lost(nb):
    white_space_added(nb)
    strip(nb)
    return text(nb, 4)


# Labels


@repaired(LOST)
def metadata_stripped(nb):
    strip(nb)
    return text(nb, 4)


@repaired(LOST)
def only_nbgraders_metadata_stripped(nb):
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)


@repaired(LOST)
def grade_ids_lost(nb):
    for cell in nb.cells:
        cell.metadata.get("nbgrader", {}).pop("grade_id", None)
        cell.id = f"new-{cell.id}"


@accident()
def metadata_that_is_no_metadata(nb):
    nb.cells[0].metadata = []
    nb.cells[3].metadata = {"nbgrader": "yes"}
    return json.dumps({**nb, "metadata": None})


@repaired(LOST, mark=6, roughest__index="roughest: not written yet")
def metadata_stripped_with_a_blank_exercise(nb):
    solved_in_a_new_cell_and_the_blank_one_left_below(nb)
    del nb.cells[at(nb, "roughest") - 1]
    strip(nb)
    return text(nb, 4)


# Outputs


@accident()
def outputs_gone(nb):
    for cell in nb.cells:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    return text(nb)


@accident()
def outputs_of_30_mb(nb):
    nb.cells[-1].outputs = [nbformat.v4.new_output("stream", text="0123456789 " * 2_800_000)]


@accident()
def outputs_that_are_none(nb):
    nb.cells[-1].outputs = [{"output_type": "picture"}, 3, {"output_type": "stream", "text": {"a": 1}}]
    nb.cells[-2].outputs = "none"
    return text(nb)


# Formats


@accident()
def nbformat_3(nb):
    cells = [
        {"cell_type": "code", "input": c.source, "language": "python", "outputs": [], "metadata": c.metadata}
        if c.cell_type == "code"
        else {"cell_type": "heading", "level": 2, "source": c.source, "metadata": {}}
        for c in nb.cells
    ]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]})


def _older(minor: int) -> Damage:
    def nbformat_4(nb):
        for cell in nb.cells:
            del cell["id"]
        return text(nb, minor)

    nbformat_4.__name__ = f"nbformat_4_{minor}_without_cell_ids"
    return nbformat_4


for _minor in range(5):
    accident()(_older(_minor))


@accident()
def nbformat_from_the_future(nb):
    for cell in nb.cells:
        cell.author = "new in version 7"
    nb.nbformat = 7
    return text(nb, 99)


@accident()
def sources_as_lists_of_lines(nb):
    return nbformat.writes(nb)


@repaired("A byte order mark was removed.")
def byte_order_mark(nb):
    return b"\xef\xbb\xbf" + text(nb).encode()


@accident()
def windows_line_ends(nb):
    for cell in nb.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    return text(nb).replace("\n", "\r\n").encode()


@repaired("The file was saved as UTF-16")
def utf_16(nb):
    return text(nb).encode("utf-16")


@repaired("The file was not saved as UTF-8")
def latin_1(nb):
    the(nb, "differences").source += "  # für jede Übung"
    return text(nb).replace("·", "-").replace("→", ">").replace("…", "...").encode("latin-1")


@accident()
def half_a_character(nb):
    the(nb, "differences").source += "  # \ud83d"
    return json.dumps(nb)


@repaired(LOST)
def saved_by_colab(nb):
    for n, cell in enumerate(nb.cells):
        cell.pop("id")
        cell.metadata = {"id": f"x{n}Yz", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "1-2"}
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "execute_result", "data": {"text/plain": ["1"]}, "metadata": {}}]
    nb.metadata = {"colab": {"provenance": []}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
    return text(nb, 0)


@repaired(LOST)
def saved_by_vs_code(nb):
    strip(nb)
    for cell in nb.cells:
        cell.metadata = {"vscode": {"languageId": "python"}}
    nb.metadata = {"language_info": {"name": "python", "version": "3.11.9"}, "orig_nbformat": 4}
    return text(nb, 2)


@repaired(LOST)
def saved_by_colab_with_the_cells_ids(nb):
    for n, cell in enumerate(nb.cells):
        user = {"displayName": "Ana", "userId": "0"}
        told = {"elapsed": 12, "status": "ok", "timestamp": 1700000000000, "user": user, "user_tz": -60}
        cell.metadata = {"id": cell.id, "executionInfo": told, "outputId": f"{n}", "cellView": "form"}
    nb.metadata = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    return text(nb, 0)


@repaired(LOST)
def saved_by_kaggle(nb):
    for n, cell in enumerate(nb.cells):
        cell.pop("id")
        cell.metadata = {
            "_uuid": f"8f2839f25d086af736a60e9eeb907d3b93b{n}",
            "_cell_guid": f"b1076dfc-b9ad-4769-8c92-{n}",
            "_kg_hide-input": False,
            "execution": {
                "iopub.execute_input": "2026-03-01T10:00:00.0Z",
                "shell.execute_reply": "2026-03-01T10:00:01Z",
            },
            "papermill": {"duration": 0.01, "exception": False, "status": "completed"},
            "trusted": True,
        }
    told = {"accelerator": "none", "dataSources": [], "isInternetEnabled": True, "sourceType": "notebook"}
    nb.metadata = {"kaggle": told, "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return text(nb, 4)


@accident()
def saved_by_vs_code_that_keeps_the_labels(nb):
    for cell in nb.cells:
        for name in ("deletable", "editable", "tags", "jupyter"):
            cell.metadata.pop(name, None)
        cell.metadata["vscode"] = {"languageId": "python"}
    nb.metadata.language_info = {"name": "python", "version": "3.12.4", "pygments_lexer": "ipython3"}
    return text(nb, 2)


@accident()
def through_jupytext_and_back(nb):
    return nbformat.writes(jupytext.reads(jupytext.writes(nb, "py:percent"), "py:percent"))


@repaired(LOST)
def through_a_bare_script_and_back(nb):
    strip(nb)
    return nbformat.writes(jupytext.reads(jupytext.writes(nb, "py:percent"), "py:percent"))


@accident()
def kernel_of_another_name(nb):
    nb.metadata.kernelspec = {"name": "torch-env", "display_name": "My env", "language": "python"}


@accident()
def kernelspec_missing(nb):
    nb.metadata = nbformat.from_dict({})


@accident()
def language_of_r(nb):
    nb.metadata.language_info = {"name": "R", "file_extension": ".r"}


# Formats that JupyterLab does not write


@repaired("Zeros at the end of the file were removed.")
def zeros_at_the_end(nb):
    return text(nb).encode() + b"\0" * 4096


@failed("The file is empty.")
def only_zeros(nb):
    return b"\0" * 4096


@repaired("The file was saved as UTF-16")
def utf_16_without_a_mark(nb):
    return text(nb).encode("utf-16-le")


@repaired("The notebook was saved as one string of JSON.")
def json_in_a_json_string(nb):
    return json.dumps(text(nb))


@repaired("The file was compressed (gzip).")
def compressed(nb):
    return gzip.compress(text(nb).encode())


@repaired("all cells could be read")
def a_trailing_comma(nb):
    return text(nb).replace("\n ]", ",\n ]", 1)


@repaired("all cells could be read")
def an_old_tail_behind_the_end(nb):
    return text(nb) + '\n  "nbformat": 4\n }\n}'


@repaired("The file is damaged: it ends too early. Its first", mark=6, roughest__index="roughest: not written yet")
def cut_in_the_last_exercise(nb):
    whole = text(nb)
    return whole[: whole.index("def roughest") + 20]


@repaired("all cells could be read")
def cut_behind_the_last_cell(nb):
    return text(nb).rpartition("]")[0] + "],"


@failed("The file is damaged: it ends too early, or something in it was changed.")
def a_quote_lost_in_the_middle(nb):
    return text(nb).replace('"cell_type": "code"', '"cell_type: "code"', 1)


@failed("The file is a shortcut of Google Drive")
def a_shortcut_of_google_drive(nb):
    return json.dumps({"url": "https://colab.research.google.com/drive/1", "doc_id": "1", "email": "a@b"})


@failed("The file is a web page of GitHub")
def a_page_of_github(nb):
    return "\n\n<!DOCTYPE html><html><head><link href='https://github.com/x'></head>" + text(nb)


@failed("The file holds a list of cells, not a notebook.")
def only_the_list_of_cells(nb):
    return json.dumps(nb.cells)


@failed("The file is GitHub's description of a file")
def an_answer_of_githubs_api(nb):
    return json.dumps({"name": "x.ipynb", "content": "e30=", "encoding": "base64"})


@repaired("Invisible characters in code were removed.")
def a_mark_at_the_start_of_a_cell(nb):
    the(nb, "differences").source = "\ufeff" + ANSWERS["differences"]


@repaired("Invisible characters in code were removed.")
def a_zero_width_space_in_a_cell(nb):
    the(nb, "roughest").source = ANSWERS["roughest"].replace("    return", "\u200b    return")


@accident()
def a_zero_width_space_in_a_string(nb):
    the(nb, "roughest").source = ANSWERS["roughest"] + "\nNAME = 'a\u200bb'\nassert len(NAME) == 3"


# Answers in text cells


def _as(kind: str, source: str) -> NotebookNode:
    return {"raw": nbformat.v4.new_raw_cell, "markdown": nbformat.v4.new_markdown_cell}[kind](source)


def _in_text(kind: str, form: str) -> Damage:
    def in_text(nb):
        nb.cells[at(nb, "roughest")] = _as(kind, form.format(ANSWERS["roughest"]))
        strip(nb)
        return text(nb, 4)

    return in_text


for _name, _kind, _form in (
    ("an_answer_as_raw_and_labels_lost", "raw", "{}"),
    ("an_answer_as_markdown_and_labels_lost", "markdown", "{}"),
    ("an_answer_fenced_in_markdown_and_labels_lost", "markdown", "My answer:\n\n```python\n{}\n```\nIt works."),
):
    _damage = _in_text(_kind, _form)
    _damage.__name__ = _name
    repaired("The answer of roughest stood in a text cell; it is code again.")(_damage)


@repaired("The cell roughest had been turned into text; it is code again.")
def an_answer_fenced_in_markdown_with_its_label(nb):
    cell = _as("markdown", f"```python\n{ANSWERS['roughest']}\n```")
    cell.metadata = the(nb, "roughest").metadata
    nb.cells[at(nb, "roughest")] = cell


@repaired("The fences (```) around code were removed.")
def an_answer_fenced_in_its_code_cell(nb):
    the(nb, "roughest").source = f"```python\n{ANSWERS['roughest']}\n```"


@repaired("The answer of roughest stood in a text cell; it is code again.")
def an_answer_fenced_below_the_blank_cell(nb):
    solved_in_a_new_cell_and_the_blank_one_left_below(nb)
    place = at(nb, "roughest")
    nb.cells[place - 1 : place + 1] = [nb.cells[place], _as("markdown", f"~~~\n{ANSWERS['roughest']}\n~~~")]


@accident()
def a_first_try_in_a_text_cell(nb):
    nb.cells.append(_as("markdown", "My first try:\n```python\ndef roughest(x):\n    return 7\n```"))


@repaired("The answer of roughest", mark=6, roughest__index="roughest is not defined")
def an_answer_as_markdown_that_is_no_python(nb):
    nb.cells[at(nb, "roughest")] = _as("markdown", "def roughest(x):\n    return ((")
    strip(nb)
    return text(nb, 4)


@repaired("")
def another_stage_in_the_same_file(nb):
    for n in range(40):
        label = {"grade_id": f"other-{n}", "grade": True, "points": 1}
        nb.cells.append(nbformat.v4.new_code_cell(f"other = {n}", metadata={"nbgrader": label}))
    del nb.cells[at(nb, "setup")]


# Files


@repaired("The file was called Untitled (1).ipynb.")
def a_file_of_another_name(nb):
    return {"Untitled (1).ipynb": text(nb)}


@repaired("The file was called 12_my_stage.ipynb.txt.")
def a_file_with_an_ending_of_the_browser(nb):
    return {"12_my_stage.ipynb.txt": text(nb)}


@accident()
def a_checkpoint_folder(nb):
    return {"12_my_stage.ipynb": text(nb), ".ipynb_checkpoints/12_my_stage-checkpoint.ipynb": "old"}


@repaired("Of 2 notebooks in the folder 12_my_stage.ipynb was graded.")
def a_copy_beside(nb):
    return {"12_my_stage.ipynb": text(nb), "12_my_stage-Copy1.ipynb": "old"}


@repaired("Of 2 notebooks in the folder 12_my_stage-Copy1.ipynb was graded.")
def only_a_copy_and_some_other_notebook(nb):
    return {"12_my_stage-Copy1.ipynb": text(nb), "Untitled.ipynb": "old", "._Untitled.ipynb": "of macOS"}


@accident()
def in_a_folder_within(nb):
    return {"week 3/12_my_stage/12_my_stage.ipynb": text(nb), "week 3/12_my_stage/data.csv": "1"}


@accident(0, "ungraded", "There is more than one submission of two_notebooks_of_other_names")
def two_notebooks_of_other_names(nb):
    return {"a.ipynb": text(nb), "b.ipynb": text(nb) + "\n"}


@repaired("Of 2 notebooks in the folder a.ipynb was graded: all of them are the same.")
def one_notebook_under_two_other_names(nb):
    return {"a.ipynb": text(nb), "b.ipynb": text(nb)}


@repaired("Of 2 notebooks in the folder Stage (2).ipynb was graded: the last by the number in its name (2).")
def two_attempts_with_numbers(nb):
    last = text(nb)
    the(nb, "differences").source = "raise ValueError"
    return {"Stage (1).ipynb": text(nb), "Stage (2).ipynb": last}


@failed("The folder holds no notebook, but 12_my_stage.html (a web page). Hand in one 12_my_stage.ipynb.")
def a_folder_without_a_notebook(nb):
    return {"12_my_stage.html": "<html>"}


@failed("This is not the notebook of 12_my_stage")
def the_notebook_of_another_stage(nb):
    for cell in nb.cells:
        told = cell.metadata.get("nbgrader", {})
        if told and told["grade_id"] != "setup":  # this id all stages have
            told["grade_id"] = cell.id = "other_" + told["grade_id"]
        cell.source = (
            cell.source if told.get("grade_id") == "setup" else re.sub("ough|ifferences", "other", cell.source)
        )


@failed("The notebook is empty: it has no cells.")
def an_empty_notebook(nb):
    nb.cells = []


@failed("The file is empty. Open your notebook in JupyterLab")
def an_empty_file(nb):
    return ""


@repaired("The file is damaged: it ends too early. Its first 5 cells", mark=3, Roughness__value="not written yet")
def cut_in_the_middle(nb):
    return text(nb)[:2000]


@failed(
    "The file is damaged: it ends too early. Its first 4 cells could be read; what followed is lost. "
    "No exercise and no check of 12_my_stage could be read in it. Hand in 12_my_stage.ipynb."
)
def cut_in_the_first_exercise(nb):
    whole = text(nb)
    return whole[: whole.index("def differences") + 20]


@failed("The file is damaged: it has the marks of a merge conflict")
def a_merge_conflict(nb):
    return text(nb).replace("{\n", "{\n<<<<<<< HEAD\n", 1)


@failed("perhaps a Python script")
def a_script_renamed(nb):
    return jupytext.writes(nb, "py:percent").replace("# ---", "#")


@failed("The file is a web page (HTML), not a notebook.")
def a_web_page_renamed(nb):
    return "\n<!DOCTYPE html>\n<html><body>12</body></html>"


@failed("The file is a zip file, not a notebook.")
def a_zip_renamed(nb):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("12_my_stage.ipynb", text(nb))
    return data.getvalue()


@failed("The file is no valid notebook: it has no list of cells.")
def json_that_is_no_notebook(nb):
    return '{"cells": {"a": 1}}'


@failed("The file is larger than 100 MB.")
def a_file_of_101_mb(nb):
    return b" " * (101 << 20)


# Code


@accident(mark=6, roughest__index="roughest is not defined")
def a_syntax_error_in_the_last_exercise(nb):
    the(nb, "roughest").source = "def roughest(x)\n    return 0"


@accident(mark=6, roughest__index="it ended itself (exit code 1)")
def a_crash_in_the_last_exercise(nb):
    the(nb, "roughest").source = "import os\ndef roughest(x):\n    os._exit(1)"


@accident(mark=6, roughest__index="time limit", roughest__type="time limit")
def an_endless_loop_in_the_last_exercise(nb):
    the(nb, "roughest").source = "def roughest(x):\n    while True: pass"


@accident()
def an_endless_loop_in_a_cell_of_ones_own(nb):
    put(nb, at(nb, "Roughness"), "import time\nwhile True:\n    time.sleep(0.1)")


@accident(mark=5, differences__values="raised NameError", differences__batch="raised NameError")
def an_error_in_the_first_exercise_alone(nb):
    the(nb, "differences").source = "def differences(x):\n    return y"
    the(nb, "Roughness").source = ANSWERS["Roughness"].replace("differences(x)", "torch.diff(x, dim=1)")


@accident()
def a_warning_and_stderr(nb):
    the(nb, "differences").source = (
        "import sys, warnings\ndef differences(x):\n    warnings.warn('careful')\n    print('no', file=sys.stderr)\n"
        "    return torch.diff(x, dim=1)"
    )


@accident()
def an_escape_that_python_warns_about(nb):
    the(nb, "differences").source += '\nPATTERN = "\\d+ \\" \\w"'
    nb.cells.insert(at(nb, "differences"), nbformat.v4.new_code_cell("1 is 1"))


@accident()
def a_cell_with_input(nb):
    put(nb, at(nb, "Roughness"), "name = input('Your name? ')")


@repaired("The deleted cell scale was put back.")
def a_provided_cell_rewritten_as_ones_own(nb):
    del nb.cells[at(nb, "scale")]
    put(nb, at(nb, "differences"), "def scaled_by_me(x):\n    return 2 * x")
    the(nb, "Roughness").source = ANSWERS["Roughness"].replace("scaled(", "scaled_by_me(")


@accident()
def helper_cells_of_ones_own(nb):
    put(nb, at(nb, "roughest"), "def best(values):\n    return int(values.argmax())")
    the(nb, "roughest").source = "def roughest(x):\n    return best(Roughness()(x))"


@accident()
def a_helper_in_the_cell_of_its_exercise(nb):
    the(
        nb, "roughest"
    ).source = "def best(v):\n    return int(v.argmax())\n\n\ndef roughest(x):\n    return best(Roughness()(x))"


@accident()
def another_module_imported(nb):
    the(nb, "differences").source = "import numpy as np\n" + ANSWERS["differences"].replace(
        "torch.diff(x, dim=1)", "torch.from_numpy(np.diff(x.numpy(), axis=1))"
    )


@accident()
def torch_and_a_provided_name_overwritten_after_use(nb):
    nb.cells.append(nbformat.v4.new_code_cell("torch = 3\nscaled = None\nexpect = print"))


@accident(mark=5, Roughness__value="'NoneType' object is not callable")
def a_provided_name_overwritten_before_use(nb):
    put(nb, at(nb, "Roughness"), "scaled = None")
    the(nb, "roughest").source = "def roughest(x):\n    return int(differences(x).abs().mean(dim=1).argmax())"


@accident()
def a_leftover_cell_that_raises(nb):
    put(nb, at(nb, "Roughness"), "1 / 0")
    put(nb, at(nb, "setup"), "differences(3)")


@accident()
def top_level_await(nb):
    put(nb, at(nb, "Roughness"), "import asyncio\nawait asyncio.sleep(0)")
    the(nb, "roughest").source += "\nawait asyncio.sleep(0)"


@accident()
def magics(nb):
    the(nb, "differences").source = "%time 1\n!true\n" + ANSWERS["differences"] + "\n%matplotlib inline"
    put(nb, at(nb, "Roughness"), "%%time\ndifferences(torch.zeros(2, 2))")
    put(nb, at(nb, "Roughness"), "torch.diff?")


@accident()
def settings_of_the_whole_process(nb):
    put(nb, at(nb, "differences"), "torch.set_num_threads(2)\ntorch.set_default_dtype(torch.float64)")
    the(nb, "Roughness").source = "torch.set_num_interop_threads(2)\n" + ANSWERS["Roughness"]


@accident()
def a_model_that_is_compiled_and_checkpointed(nb):
    the(nb, "differences").source = (
        "from torch.utils.checkpoint import checkpoint\n"
        "@torch.compile\ndef steps(x):\n    return torch.diff(x, dim=1)\n"
        "def differences(x):\n    return checkpoint(steps, x, use_reentrant=False)"
    )


@accident()
def names_of_the_kernel(nb):
    the(nb, "differences").source = (
        "import asyncio, faulthandler, sys\nfaulthandler.enable()\nsys.stdout.fileno()\n"
        "_, __, In, Out\nasyncio.get_running_loop()\n" + ANSWERS["differences"]
    )


@accident(mark=3, Roughness__value="Take out the line that ends it", roughest__index="SIGKILL")
def a_restart_as_in_colab(nb):
    put(nb, at(nb, "Roughness"), "import os\nos.kill(os.getpid(), 9)")


@accident()
def half_a_character_printed(nb):
    put(nb, at(nb, "Roughness"), "print('\\ud83d')\n'\\ud83d'")
    put(nb, at(nb, "Roughness"), "raise ValueError('\\ud83d')")


@accident()
def a_null_character(nb):
    put(nb, at(nb, "Roughness"), "x = '\0'")


@accident()
def an_html_table_and_a_picture(nb):
    put(nb, at(nb, "Roughness"), "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    put(nb, at(nb, "Roughness"), "from IPython.display import HTML\nHTML('<table><script>1</script></table>')")


@accident()
def a_solution_with_the_markers_of_the_teacher(nb):
    the(nb, "roughest").source = (
        ANSWERS["roughest"].replace("    return", "    ### BEGIN SOLUTION\n    return") + "\n    ### END SOLUTION"
    )


@accident()
def two_classes_of_one_name(nb):
    the(nb, "Roughness").source = "class Roughness:\n    pass\n\n\n" + ANSWERS["Roughness"]


@repaired("The deleted cell differences-values was put back.", mark=7, roughest__index="got:       0")
def a_wrong_answer_among_the_damage(nb):
    del nb.cells[at(nb, "differences-values")]
    the(nb, "roughest").source = "def roughest(x):\n    return 0"


ACCIDENTS.append(Accident("Zoë O'Brien, 李雷 [2nd try] 100%", nothing_happened, FULL, "graded", ""))
