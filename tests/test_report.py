"""The student's feedback page and the instructor's report."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.build.write import build, build_source
from autograder.course.faults import CourseError
from autograder.course.layout import Stage, find_course
from autograder.feedback.last_result import keep, load
from autograder.feedback.page import Texts
from autograder.feedback.page import page as feedback_page
from autograder.feedback.render import render
from autograder.feedback.report import as_csv, render_page
from autograder.feedback.statistics import correlation, histogram, items, mistakes
from autograder.gradebook.results import ClassResult, Mark, Marks, StudentResult, stopped_with
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import prepare
from autograder.stage.read import read_stage

from .conftest import ROOT, edit, run
from .test_browser import ARGUMENTS, CHROMIUM

CANARY = "canary_7341"  # stands in the hidden test only
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 7, 5, 8, 2, 0, 0, 0) + bytes(40)
).decode()
SCRIPT = "<script>attack_4471()</script>"


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_harmless(text: str) -> bool:
    """No script, no handler, nothing that is asked for elsewhere; made for phones, paper and screen readers too."""
    for tag, attributes in Elements(text).found:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "form", "svg")
        assert not [name for name in attributes if name.startswith("on") and name != "open"]
        for name in ("src", "href", "srcset", "action", "data"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:image/png;base64,"))
        if tag == "img":
            assert attributes.get("alt")
    assert "url(" not in text and "@import" not in text
    assert '<meta name="viewport"' in text and "@media print" in text and "default-src 'none'" in text
    assert '<html lang="en">' in text
    return True


def styles(text: str) -> list[str]:
    """What stands in the `style` attributes of a page, in its order."""
    return [style for _, attributes in Elements(text).found if (style := attributes.get("style"))]


def graded(stage: Stage, source: str, outputs: list[NotebookNode], message: str, says: str = "") -> str:
    """The feedback page of a submission whose one check says this."""
    build(stage)
    blueprint = Blueprint(read_stage(stage))
    notebook = nbformat.read(stage.released, as_version=4)
    prepare(notebook, blueprint)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution"):
            cell.source, cell.outputs = source, outputs
        if mark.get("grade"):
            cell.metadata["autograder"] = {"kind": "expectation", "message": message, "says": says}
    notebook.metadata["autograder"] = {"sandbox": "bwrap"}
    marks = Marks(f"eve {SCRIPT}", 0, 2, scores={"differences-values": (0, 2)})
    return render("feedback.html.j2", page=feedback_page(notebook, marks, Texts(blueprint)))


def show(**data: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", data={key.replace("_", "/", 1): v for key, v in data.items()})


def test_a_feedback_page_names_the_mistake_the_section_and_what_to_try(mini: Stage) -> None:
    edit(mini, "torch.manual_seed(0)\n", f"torch.manual_seed(0)  # {CANARY}\n{CANARY} = 1\n")
    says = "It is later minus earlier: what rises has d > 0."
    source, message = "def differences(x):\n    return x", "differences(…)\n  got: 1"
    text = graded(mini, source, [show(image_png=PNG)], message, says)
    assert is_harmless(text)
    assert CANARY not in text
    assert '<p class="sentence">It is later minus earlier: what rises has d &gt; 0.</p>' in text
    assert "<pre>differences(…)\n  got: 1</pre>" in text
    assert "12.1 Differences in time" in text and "12_my_stage.ipynb" in text
    assert "Two slices of the same tensor" in text
    assert f'<img src="data:image/png;base64,{PNG}" alt="Plot 1 that your code for differences made">' in text
    assert "0 of 2" in text and "Graded without a sandbox" not in text


def test_nothing_of_a_submission_is_taken_as_html(mini: Stage) -> None:
    trace = nbformat.v4.new_output("error", ename=SCRIPT, evalue=SCRIPT, traceback=[f"\x1b[31m{SCRIPT}\x1b[0m"])
    outputs = [
        show(text_html=SCRIPT, text_plain=SCRIPT),
        show(**{"image_svg+xml": f"<svg onload='attack_4471()'>{SCRIPT}</svg>"}),
        show(text_markdown=f"![x](http://evil.example/x.png) {SCRIPT}"),
        show(image_png="bm8gcGljdHVyZQ=="),
        show(image_png='"><script>attack_4471()</script>'),
        show(application_javascript="attack_4471()"),
        nbformat.v4.new_output("stream", name="stdout", text=SCRIPT),
        trace,
    ]
    text = graded(mini, f"def differences(x):\n    '''{SCRIPT}'''", outputs, f"{SCRIPT}\x1b[31m", SCRIPT)
    assert is_harmless(text)
    assert SCRIPT not in text and "\x1b" not in text
    assert "&lt;script&gt;" in text
    assert not [attributes for tag, attributes in Elements(text).found if tag == "img"]


def test_pictures_and_texts_have_an_end(mini: Stage) -> None:
    huge = base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 60_000, 60_000) + bytes(40)
    ).decode()
    outputs = [show(image_png=huge), *[show(image_png=PNG)] * 50]
    outputs += [nbformat.v4.new_output("stream", name="stdout", text="word " * 100_000)] * 20
    text = graded(mini, "x = 1\n" * 5_000, outputs, "wrong")
    assert is_harmless(text)
    assert text.count("<img ") == 12
    assert huge not in text and len(text) < 100_000


def student(score: float, seconds: float = 1.0, **checks: float) -> StudentResult:
    marks = {f"{name}-values": Mark(points, 2) for name, points in {"differences": score, **checks}.items()}
    return StudentResult("graded", "", marks, seconds=seconds)


def a_class() -> ClassResult:
    """Five students; one of them failed, one is blank, two have the same misconception."""
    ana, bob, eve, li, dan = student(2, 0.5), student(0, 3.5), student(0), student(0), student(0)
    for wrong in (bob, eve):
        wrong.misconceptions, wrong.says = {"differences": "sign swapped"}, {"differences": f"Minus. {SCRIPT}"}
    li.blank = {"differences"}
    dan.status, dan.reason = "failed", "The file is damaged."
    return ClassResult("12_my_stage", 2, {"ana": ana, "=bob()": bob, f"eve {SCRIPT}": eve, "李雷": li, "dan": dan})


def test_a_report_counts_what_a_class_did(mini: Stage) -> None:
    content, result = read_stage(mini), a_class()
    item = items(result, ["differences"])[0]
    assert (item.share, item.discrimination) == (0.25, None)
    assert item.kinds == {"full": 0.25, "part": 0, "none": 0.5, "blank": 0.25}
    known, unknown = mistakes(content, result)
    assert [(m.name, m.students) for m in known] == [("sign swapped", ["=bob()", f"eve {SCRIPT}"])]
    assert unknown == []
    text = render_page(content, result)
    assert is_harmless(text) and SCRIPT not in text
    for words in ("4 graded", "The file is damaged.", "sign swapped", "Minus.", "3.5 s", "discrimination"):
        assert words in text
    spread = "Histogram of the points of 4 students: mean 0.5, median 0. 0 points: 3, 2 points: 1."
    shares = "all points 25 %, part 0 %, none 50 %, not started 25 %"
    labels = [attributes["aria-label"] for _, attributes in Elements(text).found if attributes.get("role") == "img"]
    assert labels == [spread, shares]
    assert styles(text) == [
        *("height: 100.0%", "height: 0.0%", "height: 33.3%"),
        *("width: 25.0%", "width: 50.0%", "width: 25.0%"),
        *("--light: 61%", "--light: 98%", "--light: 98%", "--light: 98%"),
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(content, result))))
    assert [row["student"] for row in rows] == ["ana", "'=bob()", f"eve {SCRIPT}", "李雷", "dan"]
    assert rows[1] | {"seconds": "3.50"} == rows[1]
    assert rows[1]["misconceptions"] == "differences: sign swapped"
    assert [row["score"] for row in rows] == ["2", "0", "0", "0", "0"]


def test_only_an_answer_that_ran_can_be_one_that_nobody_knows(mini: Stage) -> None:
    ran, stopped = student(0), student(0)
    stopped.checks["differences-values"] = replace(stopped.checks["differences-values"], stopped_with="SyntaxError")
    assert stopped_with(stopped, "differences") == "SyntaxError" and stopped_with(ran, "differences") == ""
    result = ClassResult("12_my_stage", 2, {"ana": ran, "bob": stopped})
    assert mistakes(read_stage(mini), result) == ([], [("differences", "ana")])


def test_difficulty_and_discrimination_are_what_they_are_called() -> None:
    marks = [(2, 2, 0), (2, 2, 0), (1, 0, 1), (0, 0, 2), (0, 1, 2)]
    students = {str(n): student(a, b=b, c=c) for n, (a, b, c) in enumerate(marks)}
    found = {item.name: item for item in items(ClassResult("x", 6, students), ["differences", "b", "c"])}
    assert found["differences"].share == pytest.approx(0.5)
    # By hand: a = 2 2 1 0 0, the rest b + c = 2 2 1 2 3; covariance −0.2, deviations √0.8 and √0.4.
    assert found["differences"].discrimination == pytest.approx(-0.2 / (0.8 * 0.4) ** 0.5)
    assert found["c"].remark == "who is good elsewhere loses points here: look at its checks"
    assert correlation([1, 1, 1], [1, 2, 3]) is None


def test_a_class_of_which_nothing_could_be_graded_has_a_report(mini: Stage) -> None:
    result = ClassResult("12_my_stage", 2, {"dan": a_class().students["dan"]})
    text = render_page(read_stage(mini), result)
    assert is_harmless(text)
    assert "No submission could be graded." in text and "The file is damaged." in text


def table(text: str) -> list[list[str]]:
    """The words of the table of all students, a list for each row."""
    _, _, found = text.partition('<table class="students">')
    rows = found.partition("</table>")[0].split("<tr>")[1:]
    return [[unescape(word) for word in re.findall(r">([^<>\n]+)</", row)] for row in rows]


def test_each_student_has_a_row_with_the_percent_of_each_exercise(mini: Stage) -> None:
    result = ClassResult("12_my_stage", 2, {"ana": student(0), "bob": student(2), "eve": student(1.34)})
    rows = table(render_page(read_stage(mini), result))
    assert rows == [
        ["student", "points", "differences"], ["bob", "2", "100"], ["eve", "1.34", "67"], ["ana", "0", "0"],
    ]  # fmt: skip


def test_of_many_exercises_there_are_some_tables_and_each_names_all_students() -> None:
    content = read_stage(find_course(ROOT).stages(("12",))[0])
    checks = {cell.id: Mark(cell.points, cell.points) for cell in content.of_kind("check")}
    text = render_page(
        content, ClassResult("12_quizzes", content.max_score, {"ana": StudentResult("graded", "", checks)})
    )
    assert text.count('<table class="students">') == text.count('<th scope="row" title="ana">ana</th>') == 7
    assert text.count('class="share"') == len(content.exercises) == 97


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://evil.example";"x")', '"><img src=x onerror=attack()>', "{{ 7 * 7 }}", "$x$", "a" * 300]
)
def test_a_students_name_stays_the_text_that_it_is(mini: Stage, name: str) -> None:
    text = render_page(read_stage(mini), ClassResult("12_my_stage", 2, {name: student(1)}))
    assert is_harmless(text)
    assert table(text)[1] == [name, "1", "50"]
    assert [attributes["title"] for tag, attributes in Elements(text).found if attributes.get("scope") == "row"] == [
        name
    ]
    assert styles(text) == ["height: 0.0%", "height: 100.0%", "height: 0.0%", "width: 100.0%", "--light: 80%"]


def test_a_large_class_has_no_row_for_each_student(mini: Stage) -> None:
    for size in (40, 41):
        result = ClassResult("12_my_stage", 2, {f"student_{n:03}": student(n % 3) for n in range(size)})
        text = render_page(read_stage(mini), result)
        assert text.count('<th scope="row"') == (size if size == 40 else 0)
        assert 'aria-label="all points 3' in text and "0 points: 14, 1 points: 1" in text


def test_a_column_is_a_point_or_some_points_and_no_student_is_left_out() -> None:
    columns = histogram([0, 0.4, 0.5, 3.49, 5], 5)
    assert [(c.points, c.count, c.height) for c in columns] == [
        ("0", 2, 100), ("1", 1, 50), ("2", 0, 0), ("3", 1, 50), ("4", 0, 0), ("5", 1, 50),
    ]  # fmt: skip
    assert [c.points for c in histogram([0], 40)][-2:] == ["38–39", "40"]
    for most in (0, 0.5, 1, 10.7, 29, 36, 37, 41, 81, 500):
        columns = histogram([0, most / 3, most / 2, most], most)
        assert sum(c.count for c in columns) == 4 and max(c.height for c in columns) == 100
        assert len(columns) <= 37 and columns[0].low == 0 and columns[-1].high == max(int(most), 1)
        assert all(a.high + 1 == b.low for a, b in pairwise(columns))


def test_who_grades_and_reports_never_waits_for_the_library_that_draws(mini: Stage) -> None:
    """To import it and to draw took longer than to grade a small class."""
    root = mini.course.root
    build(mini)
    (root / "class").mkdir()
    shutil.copy(mini.released, root / "class" / "ana.ipynb")
    code = (
        "import sys\nfrom autograder.cli.commands import main\n"
        "main(['grade', '12', '--from', 'class', '--sandbox', 'none', '--jobs', '1'], standalone_mode=False)\n"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
    assert is_harmless((mini.course.work / "report" / "12_my_stage.html").read_text(encoding="utf-8"))


def test_late_submissions_join_the_class_and_a_changed_stage_starts_anew(mini: Stage) -> None:
    keep(mini, a_class())
    assert load(mini) == ClassResult("12_my_stage", 2, dict(sorted(a_class().students.items())))
    late = ClassResult("12_my_stage", 2, {"zoe": student(2), "ana": student(1)}, "none")
    both = keep(mini, late)
    assert (len(both.students), both.students["ana"].score, both.sandbox) == (6, 1, "none")
    other = ClassResult("12_my_stage", 3, {"zoe": StudentResult("graded", "", {"differences-new": Mark(3, 3)})})
    assert list(keep(mini, other).students) == ["zoe"]


def test_the_report_of_a_stage_that_was_not_graded_is_an_error_with_its_fix(mini: Stage) -> None:
    with pytest.raises(CourseError, match=r"has not been graded yet.*course\.py grade 12_my_stage --from"):
        load(mini)
    (mini.course.work / "report").mkdir(parents=True)
    (mini.course.work / "report" / "12_my_stage.json").write_text("[]")
    with pytest.raises(CourseError, match="cannot be read"):
        load(mini)


def test_grade_writes_the_report_and_report_writes_it_again(mini: Stage) -> None:
    root = mini.course.root
    build_source(mini)
    run("sample-class", "12", "--students", "8", "--out", "class", cwd=root)
    run("grade", "12", "--from", "class", cwd=root)
    first = (root / ".course" / "report" / "12_my_stage.csv").read_text(encoding="utf-8")
    run("report", "12", "--out", "again", cwd=root)
    assert (root / "again" / "12_my_stage.csv").read_text(encoding="utf-8") == first
    text = (root / "again" / "12_my_stage.html").read_text(encoding="utf-8")
    assert is_harmless(text)
    assert "<strong>8</strong> submissions" in text and "along the batch" in text and "student_08" in text
    stored = json.loads((root / ".course" / "report" / "12_my_stage.json").read_text(encoding="utf-8"))
    assert all(told["seconds"] > 0 for told in stored["students"].values() if told["status"] != "failed")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
def test_both_pages_fit_a_phone_and_ask_for_nothing(mini: Stage, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    long = "a_very_long_line_without_a_space_" * 20
    feedback = graded(mini, f"x = '{long}'", [show(image_png=PNG)], f"differences(…)\n  got: {long}")
    pages = {"feedback": feedback, "report": render_page(read_stage(mini), a_class())}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, text in pages.items():
            (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
            for width in (390, 1280):
                page, asked, said = browser.new_page(viewport={"width": width, "height": 800}), [], []
                page.on("request", lambda request, asked=asked: asked.append(request.url[:5]))
                page.on("console", lambda message, said=said: said.append(message.text))
                page.goto((tmp_path / f"{name}.html").as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert set(asked) <= {"file:", "data:"} and asked.count("file:") == 1
                assert said == []
        browser.close()
