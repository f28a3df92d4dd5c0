"""What lies in a class's folder or zip: each entry has a verdict under the right name, whatever it is called."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.intake.find import submissions
from autograder.intake.names import safe
from autograder.intake.read import read_notebook

from .stage import course, solved, source

SLUG = "12_my_stage"
N = f"{SLUG}.ipynb"
Files = dict[Any, bytes | None]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return course(tmp_path_factory.mktemp("door"))


@pytest.fixture(scope="module")
def good(stage: Stage) -> bytes:
    return nbformat.writes(solved(source(stage))).encode()


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # a name twice
        for name, inside in files:
            archive.writestr(zipfile.ZipInfo(name) if "\\" in name else name, inside, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def renamed(names: list[bytes], data: bytes) -> bytes:
    """A zip whose names are these bytes, and nothing says in which encoding."""
    told = [f"{i}".rjust(len(name), "x") for i, name in enumerate(names)]
    packed = zipped([(name, data) for name in told])
    for old, new in zip(told, names, strict=True):
        packed = packed.replace(old.encode(), new)
    return packed


def flagged(files: list[tuple[str, bytes]]) -> bytes:
    """A zip whose last member says that it is encrypted."""
    data = bytearray(zipped(files))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.rfind(mark) + place] |= 1
    return bytes(data)


def told(stage: Stage, path: Path) -> dict[str, str]:
    """By student: `ok` and the note, or what is wrong."""
    with submissions(stage, path) as found:
        says = {}
        for one in found:
            problem = one.nobody or one.problem or read_notebook(one.path or path)[2]
            says[one.student] = f"problem {problem}" if problem else f"ok {one.note}"
        assert len(says) == len(found)
        return says


def matches(says: dict[str, str], wanted: dict[str, str]) -> None:
    assert set(says) == set(wanted), says
    for student, phrase in wanted.items():
        for part in phrase.split("|"):
            assert part in says[student], says


# A class's folder: files by path (`None`: an empty folder), and what each student is told. GOOD is put in for b"good".
FOLDERS: dict[str, tuple[Files, dict[str, str]]] = {
    "other files beside notebooks": (
        {"ana.ipynb": b"good", "bob.py": b"", "eve.html": b"", "kim.pdf": b"", "lee.7z": b"", "max.tar.gz": b"",
         "noa.docx": b"", "oli": b"x", "Thumbs.db": b"", "desktop.ini": b"", ".DS_Store": b"", "__MACOSX/x.ipynb": b""},
        {"ana": "ok", "bob": f"problem bob.py (a Python script) was handed in. Hand in {N}.", "eve": "web page",
         "kim": "a PDF file", "lee": "archive", "max": "max.tar.gz (an archive)", "noa": "Word", "oli": "no notebook"},
    ),
    "a zip beside notebooks": ({"ana.ipynb": b"good", "bob.zip": b"zip"}, {"ana": "ok", "bob": "ok |out of bob.zip"}),
    "only zips": ({"ana.zip": b"zip", "bob.zip": b"zip"}, {"ana": "ok ", "bob": "ok "}),
    "one zip": ({"ana.zip": b"zip"}, {"ana": "ok "}),
    "a zip in a student's folder": (
        {"ana/hand-in.zip": b"zip", f"bob/{N}": b"good"}, {"ana": "ok |out of hand-in.zip", "bob": "ok"}),
    "a zip that is none": (
        {"ana.zip": b"none", "bob.ipynb": b"good"}, {"ana": "problem |cannot be unpacked", "bob": "ok"}),
    "a notebook and its print": (
        {"ana.ipynb": b"good", "ana.pdf": b"", "bob.ipynb": b"good"},
        {"ana": "ok Not looked at: ana.pdf.", "bob": "ok"}),
    "a folder without a notebook": (
        {"eve/report.pdf": b"", "kim": None, "ana.ipynb": b"good"},
        {"eve": "The folder holds no notebook, but report.pdf (a PDF file).", "kim": "The folder holds no notebook.",
         "ana": "ok"}),
    "one in nbgrader's folders": ({f"ana/{SLUG}/{N}": b"good"}, {"ana": "ok"}),
    "two in nbgrader's folders": ({f"ana/{SLUG}/{N}": b"good", f"bob/{SLUG}/{N}": b"good"}, {"ana": "ok", "bob": "ok"}),
    "one of gradescope": ({f"submission_1001/work/{N}": b"good"}, {"submission_1001": "ok"}),
    "one with a scratch notebook": (
        {"ana/homework.ipynb": b"good", "ana/Untitled.ipynb": b"{}"}, {"ana": "ok |homework.ipynb was graded"}),
    "one with data": ({"ana/homework.ipynb": b"good", "ana/data/x.csv": b""}, {"ana": "ok The file was called"}),
    "one without labels": (
        {"ana/homework.ipynb": b"bare", "ana/Untitled.ipynb": b"{}"}, {"ana": "ok |homework.ipynb was graded"}),
    "a class in a folder": ({"all/ana.ipynb": b"good", "all/bob.ipynb": b"good"}, {"ana": "ok", "bob": "ok"}),
    "a class of zips in a folder": ({"all/ana.zip": b"zip", "all/bob.zip": b"zip"}, {"ana": "ok", "bob": "ok"}),
    "a student without a notebook in a wrapped class": (
        {f"all/ana/{N}": b"good", "all/eve/x.html": b""}, {"ana": "ok", "eve": "x.html (a web page)"}),
    "the stage's folder is nobody": ({f"{SLUG}/{N}": b"good"}, {"class": "ok"}),
    "one's own notebook": ({N: b"good"}, {SLUG: "ok"}),
    "no UTF-8": ({b"m\xfcller.ipynb": b"good", "bob.ipynb": b"good"}, {"müller": "ok", "bob": "ok"}),
    "control characters": (
        {"mal\nlory.ipynb": b"good", "a\x1b[2Kb.ipynb": b"good", "\u202edlog.ipynb": b"good",
         "mal\tlory.ipynb": b"good"},
        {safe("mal\nlory"): "ok", safe("a\x1b[2Kb"): "ok", safe("\u202edlog"): "ok", safe("mal\tlory"): "ok"}),
    "composed and not": (
        {unicodedata.normalize("NFC", "Zoë.ipynb"): b"good", unicodedata.normalize("NFD", "Zoë.ipynb"): b"good"},
        {"Zoë": "ok Of 2 hand-ins Zoë.ipynb counts: all of them are the same. Not looked at: Zoë.ipynb."}),
    "nearly the same": (
        {"ana.ipynb": b"good", "Ana.ipynb": b"good", "ana .ipynb": b"good", "con.ipynb": b"good"},
        {"ana": "ok", "Ana": "ok", "ana ": "ok", "con": "ok"}),
    "odd, but names": (
        {"-rf.ipynb": b"good", "a b.ipynb": b"good", "Анна.ipynb": b"good", "😀.ipynb": b"good", "50%.ipynb": b"good",
         "x;y&z$HOME.ipynb": b"good", "a.b.c.ipynb": b"good", "007.ipynb": b"good", "7.ipynb": b"good"},
        dict.fromkeys([safe("-rf"), "a b", "Анна", "😀", "50%", "x;y&z$HOME", "a.b.c", "007", "7"], "ok")),
}  # fmt: skip


def filled(files: Files, good: bytes, stage: Stage) -> list[tuple[Any, bytes | None]]:
    bare = nbformat.reads(good.decode(), as_version=4)
    for cell in bare.cells:
        cell.metadata = nbformat.from_dict({})
    made = {b"good": good, b"zip": zipped([(N, good)]), b"bare": nbformat.writes(bare).encode()}
    return [(name, made.get(data, data) if data is not None else None) for name, data in files.items()]


@pytest.mark.parametrize("name", FOLDERS)
def test_each_entry_of_a_folder_has_a_verdict(stage: Stage, good: bytes, tmp_path: Path, name: str) -> None:
    files, wanted = FOLDERS[name]
    for place, data in filled(files, good, stage):
        path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path / "class"), os.fsencode(place))))
        (path if data is None else path.parent).mkdir(parents=True, exist_ok=True)
        if data is not None:
            path.write_bytes(data)
    matches(told(stage, tmp_path / "class"), wanted)


LONG = "作" * 100  # 300 bytes
ZIPS: dict[str, tuple[Callable[[bytes], bytes], dict[str, str]]] = {
    "of macOS": (
        lambda good: zipped([(f"class/ana/{N}", good), (f"__MACOSX/class/ana/._{N}", b"\0\5\26\7"),
                             ("class/.DS_Store", b""), (f"class/bob/{N}", good)]), {"ana": "ok", "bob": "ok"}),
    "with backslashes": (lambda good: zipped([(f"ana\\{N}", good), (f"bob\\{N}", good)]), {"ana": "ok", "bob": "ok"}),
    "names in GBK": (
        lambda good: renamed(["李雷.ipynb".encode("gbk"), "韩梅梅.ipynb".encode("gbk")], good),
        {"李雷": "ok", "韩梅梅": "ok"}),
    "names in cp437": (
        lambda good: renamed(["Müller.ipynb".encode("cp437"), "Groß.ipynb".encode("cp437")], good),
        {"Müller": "ok", "Groß": "ok"}),
    "names in UTF-8 that do not say so": (
        lambda good: renamed(["Jürgen.ipynb".encode(), "李雷.ipynb".encode()], good), {"Jürgen": "ok", "李雷": "ok"}),
    "names in cp866": (
        lambda good: renamed(["Анна.ipynb".encode("cp866"), b"bob.ipynb"], good), {"Анна": "ok", "bob": "ok"}),
    "names in cp1252": (lambda good: renamed([b"M\xfcller.ipynb", b"bob.ipynb"], good), {"Müller": "ok", "bob": "ok"}),
    "a name too long": (
        lambda good: zipped([(f"ana/{N}", good), (f"bob/{LONG}.ipynb", good), (f"{LONG}.ipynb", good)]),
        {"ana": "ok", "bob": "ok", safe(LONG): "ok"}),
    "a file that is a folder, too": (
        lambda good: zipped([("x.ipynb", good), (f"x.ipynb/{N}", good), ("bob.ipynb", good)]),
        {"x": "ok", "x.ipynb": "ok", "bob": "ok"}),
    "the same name twice": (
        lambda good: zipped([("bob.ipynb", good), ("ana.ipynb", good), ("bob.ipynb", b"{}")]),
        {"bob": "problem There is more than one submission of bob,|: bob.ipynb, bob.ipynb.", "ana": "ok"}),
    "composed and not": (
        lambda good: zipped([(unicodedata.normalize(form, f"Zoë/{N}"), good) for form in ("NFC", "NFD")]),
        {"Zoë": "problem There is more than one submission of Zoë,|: Zoë/, Zoë/."}),
    "an encrypted member": (
        lambda good: flagged([(f"ana/{N}", good), (f"bob/{N}", good)]), {"ana": "ok", "bob": "problem |is encrypted"}),
    "a damaged member": (
        lambda good: zipped([("ana.ipynb", good), ("bob.ipynb", b"")]).replace(b"bob.ipynb", b"b\xffb.ipynb", 1),
        {"ana": "ok", "bob": "problem |is damaged"}),
    "a member too large": (
        lambda good: zipped([("ana.ipynb", good), ("bob.ipynb", b" " * (101 << 20))]),
        {"ana": "ok", "bob": "problem |larger than 100 MB"}),
    "names of devices": (lambda good: zipped([("con.ipynb", good), (f"nul/{N}", good)]), {"con": "ok", "nul": "ok"}),
    "names of Windows": (
        lambda good: zipped([("a<b>|?*.ipynb", good), ("x:y.ipynb", good)]), {"a<b>|?*": "ok", "x:y": "ok"}),
    "other files": (
        lambda good: zipped([("ana.ipynb", good), ("bob.html", b""), ("eve.zip", zipped([(N, good)]))]),
        {"ana": "ok", "bob": "a web page", "eve": "ok |out of eve.zip"}),
    "of a zip of a zip": (
        lambda good: zipped([("ana.ipynb", good), ("bob.zip", zipped([("b.zip", zipped([(N, good)]))]))]),
        {"ana": "ok", "bob": "problem The zip holds no notebook, but b.zip (a zip file)."}),
    "one's bomb": (
        lambda good: zipped([
            ("ana.ipynb", good), ("bob.zip", zipped([(f"{i}.ipynb", b" " * (60 << 20)) for i in range(3)]))]),
        {"ana": "ok", "bob": "problem The zip bob.zip would unpack to 180 MB"}),
    "of one": (lambda good: zipped([(N, good)]), {"handed-in": "ok"}),
    "of one in a folder": (lambda good: zipped([(f"{SLUG}/{N}", good)]), {"handed-in": "ok"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ZIPS)
def test_each_member_of_a_zip_has_a_verdict(stage: Stage, good: bytes, tmp_path: Path, name: str) -> None:
    make, wanted = ZIPS[name]
    (tmp_path / "handed-in.zip").write_bytes(make(good))
    matches(told(stage, tmp_path / "handed-in.zip"), wanted)


def test_one_notebook_is_a_class(stage: Stage, good: bytes, tmp_path: Path) -> None:
    (tmp_path / "ana.ipynb").write_bytes(good)
    matches(told(stage, tmp_path / "ana.ipynb"), {"ana": "ok"})


def test_a_bomb_costs_one_error(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(zipped([(f"{i}.ipynb", b" " * (50 << 20)) for i in range(5)]))
    with pytest.raises(CourseError, match=r"class.zip: would unpack to 250 MB .*the largest file in it is 0.ipynb"):
        told(stage, path)


@pytest.mark.parametrize("unit", ['{"":{"":0}},', "{},", "[[]],", '"ab",'])
def test_a_file_of_many_values_is_not_parsed(tmp_path: Path, unit: str) -> None:
    """97 MB of them took 3.8 GB."""
    path = tmp_path / "a.ipynb"
    path.write_text('{"x":[' + unit * ((30 << 20) // len(unit)) + '0],"cells":[]}')
    tracemalloc.start()
    notebook, _, problem = read_notebook(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert notebook is None and "more than 2,000,000 values. Clear its outputs." in problem
    assert most < 200 << 20


@pytest.mark.parametrize("output", [
    {"output_type": "display_data", "data": {"image/png": "iVBOR/+abc" * 100_000}, "metadata": {}},
    {"output_type": "stream", "name": "stdout", "text": "{'a': [1, 2], 'b': \"x\"}\n" * 40_000},
])  # fmt: skip
def test_many_pictures_and_much_print_are_read(tmp_path: Path, output: Any) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": [output], "execution_count": 1}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell] * 60, "nbformat": 4}))
    assert (tmp_path / "a.ipynb").stat().st_size > 55 << 20
    assert read_notebook(tmp_path / "a.ipynb")[2] == ""


def test_no_name_reaches_a_terminal_as_a_command(stage: Stage) -> None:
    for name in ("a\x1b]0;x\x07", "a\nb", "a\r", "\u202ea", "\ufeffa", "a\x9b2J", "a\udcff", "\u2028"):
        assert safe(name).isprintable()
        assert safe(safe(name)) == safe(name)


def test_no_name_is_a_formula_in_a_spreadsheet() -> None:
    """nbgrader's own export writes names as they are."""
    for name in ("=HYPERLINK(1).ipynb", "+1", "-1.ipynb", "@SUM(1)", "＝1", "=" * 300):
        assert safe(name)[0] == "_" and safe(safe(name)) == safe(name)
    assert safe("=a") != safe("+a"), "none takes another's place"
