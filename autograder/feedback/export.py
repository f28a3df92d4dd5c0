"""Marks as learning systems take them: Canvas's and Moodle's tables, Moodle's feedback files, plain CSV, Excel.

The sources of the forms: `app/models/gradebook_importer.rb` of instructure/canvas-lms for Canvas, and of moodle/moodle
`mod/assign/feedback/offline/importgradeslib.php` (marks) and `mod/assign/feedback/file/importziplib.php` (pages).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Course, Stage
from autograder.feedback.last_result import as_in_gradebook, load
from autograder.gradebook.results import ClassResult
from autograder.intake.roster import IDENTIFIER, TEST_STUDENT, Person, Roster, canvas_name, read_roster, read_text

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
EXCUSED = "EX"
POINTS_POSSIBLE = "    Points Possible"
GRADE = ("grade", "bewertung", "calificación", "note", "成绩")  # Moodle's headers are in the language of the site
MOODLE = ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade"]
FIXED = (1980, 1, 1, 0, 0, 0)  # the time of each file in a zip, so that the same marks make the same bytes
Table = list[list[str]]


@dataclass
class Term:
    """The marks of some stages. A student who has none for a stage is not in its dict."""

    stages: list[Stage]
    most: dict[str, float]  # by slug
    marks: dict[str, dict[str, float]]  # by slug, by student
    ungraded: list[tuple[str, str]] = field(default_factory=list)  # slug, student
    people: Roster | None = None
    classes: dict[str, ClassResult] = field(default_factory=dict)  # by slug
    unreported: list[tuple[str, str]] = field(default_factory=list)  # slug, student: graded on another machine

    @property
    def students(self) -> list[Person]:
        """All of the roster, and whoever else has marks."""
        known = {person.id: person for person in (self.people.people if self.people else [])}
        others = {name for marks in self.marks.values() for name in marks} - known.keys()
        return sorted([*known.values(), *map(Person, others)], key=lambda person: person.id)

    @property
    def late(self) -> dict[str, float]:
        """What lateness has cost each student, in all of the stages."""
        costs: dict[str, float] = {}
        for result in self.classes.values():
            for name, student in result.students.items():
                if student.late_penalty:
                    costs[name] = costs.get(name, 0.0) + student.late_penalty
        return costs

    def mark(self, stage: Stage, student: str) -> str:
        return in_points(self.marks[stage.slug].get(student))


def read_term(course: Course, stages: Sequence[Stage]) -> Term:
    """The marks that the gradebook has now.

    Raises:
        CourseError: where a stage was not graded, or the roster has faults.
    """
    term = Term(list(stages), {}, {}, people=read_roster(course))
    for stage in stages:
        result, others = as_in_gradebook(stage, load(stage))
        term.classes[stage.slug], term.most[stage.slug] = result, result.max_score
        term.marks[stage.slug] = {name: r.score for name, r in result.students.items() if r.status != "ungraded"}
        term.unreported += [(stage.slug, name) for name in others]
        term.ungraded += [(stage.slug, name) for name, r in result.students.items() if r.status == "ungraded"]
    return term


def in_points(value: float | None) -> str:
    """As in a cell of a table; nothing where there is no mark."""
    return "" if value is None else f"{value:.10g}"


def harmless(value: str) -> str:
    """A spreadsheet would take a name such as `=cmd()` for a formula."""
    return "'" + value if value[:1] and value[:1] in "=+-@\t\r" else value


def as_csv(table: Table, mark: str = "") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(table)
    return mark + text.getvalue()


# Plain CSV, and Excel


def plain(term: Term, anonymous: bool = False) -> Table:
    """A row for each student, a column for each stage, and the sum; and what was taken off in it for lateness."""
    heads = ["student"] if anonymous else ["student", "last_name", "first_name", "email", "group"]
    late = ["late_penalty"] if term.late else []
    table = [[*heads, *(stage.slug for stage in term.stages), "sum", "max", *late]]
    most = sum(term.most.values())
    for person in term.students:
        name = anonymous_id(term.stages[0].course, person.id) if anonymous else person.id
        who = [name] if anonymous else [name, person.last_name, person.first_name, person.email, person.group]
        own = [term.marks[stage.slug].get(person.id) for stage in term.stages]
        total = sum(mark for mark in own if mark is not None) if any(mark is not None for mark in own) else None
        table.append([*map(harmless, who), *map(in_points, own), in_points(total), in_points(most)])
        table[-1] += [in_points(term.late.get(person.id, 0.0)) for _ in late]
    return [table[0], *sorted(table[1:])] if anonymous else table


def as_xlsx(term: Term, path: Path, anonymous: bool = False) -> None:
    """One sheet; numbers are numbers, and whatever a person is called is text."""
    import xlsxwriter

    table = plain(term, anonymous)
    heads = table[0].index(term.stages[0].slug)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(*FIXED)})
        sheet = book.add_worksheet("marks")
        bold = book.add_format({"bold": True})
        for y, row in enumerate(table):
            for x, value in enumerate(row):
                if y and x >= heads and value:
                    sheet.write_number(y, x, float(value))
                else:
                    sheet.write_string(y, x, value, bold if y == 0 else None)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
    write_whole(path, out.getvalue())


def anonymous_id(course: Course, student: str) -> str:
    """The same for a student whenever it is asked; nobody without the course's key can find out whose it is."""
    path = course.work / "anonymous.key"
    if not path.is_file():
        write_whole(path, secrets.token_hex(16) + "\n")
        path.chmod(0o600)
    key = path.read_text(encoding="utf-8").strip()
    return hashlib.blake2b(student.encode(), key=key.encode(), digest_size=5).hexdigest()


# Canvas


def canvas(term: Term) -> Table:
    """The table that Canvas imports. A person without a number there is found by login, SIS id, or name."""
    table = [[*CANVAS, *(stage.slug for stage in term.stages)]]
    table.append([POINTS_POSSIBLE, "", "", "", "", *(in_points(term.most[stage.slug]) for stage in term.stages)])
    for person in term.students:
        name = ", ".join(filter(None, [person.last_name, person.first_name])) or person.id
        who = [name, person.lms_user_id, person.sis_user_id, person.sis_login_id, person.group]
        table.append([*map(harmless, who), *(term.mark(stage, person.id) for stage in term.stages)])
    return table


def into_canvas(term: Term, path: Path) -> tuple[Table, list[str]]:
    """The teacher's own export with the marks filled in; all else stays. And who of it has no mark here."""
    table = _read_table(path)
    heads = table[0]
    if "ID" not in heads or not {"Student", "LastName"} & set(heads):
        fact = f"has the columns {', '.join(heads[:6])}, and not Student and ID."
        raise CourseError(Fault(str(path), fact, "Give the file that Canvas exports (Grades, Export)."))
    titles, columns, missing = list(heads), dict[str, int](), list[str]()
    for stage in term.stages:
        if (column := _column(titles, stage)) is None:
            column = len(heads)
            heads.append(stage.slug)
        columns[stage.slug] = column
    for row in table[1:]:
        row += [""] * (len(heads) - len(row))
        cells = dict(zip(heads, row, strict=False))
        name = canvas_name(cells)
        if name.strip().startswith("Points Possible"):
            for stage in term.stages:
                row[columns[stage.slug]] = row[columns[stage.slug]] or in_points(term.most[stage.slug])
            continue
        if not cells.get("ID", "").strip().isdigit() or name == TEST_STUDENT:
            continue  # rows that are nobody's
        person = _find(term, cells.get("ID", ""), cells.get("SIS Login ID", ""), name)
        marks = {stage.slug: mark for stage in term.stages if person and (mark := term.mark(stage, person.id))}
        for slug, mark in marks.items():
            if row[columns[slug]] == EXCUSED:
                missing.append(f"{name} (excused there)")
            else:
                row[columns[slug]] = mark
        if not marks:
            missing.append(name)
    return table, missing


def _column(heads: Sequence[str], stage: Stage) -> int | None:
    """`Stage 03 (101)`, `03_seq2seq (101)`: the one whose title names the stage's slug, or its number."""
    number = stage.slug.partition("_")[0]
    titles = [re.sub(r"\s*\(\d+\)\s*$", "", head) for head in heads]
    for pattern in (rf"{re.escape(stage.slug)}", rf"(?:.*\D)?0*{int(number)}(?:\D.*)?" if number.isdigit() else "$^"):
        found = [i for i, title in enumerate(titles) if i >= len(CANVAS) - 1 and re.fullmatch(pattern, title)]
        if len(found) == 1:
            return found[0]
    return None


def _find(term: Term, number: str, *names: str) -> Person | None:
    roster = term.people or Roster(term.students)
    found = roster.identify(number.strip(), *[name.strip() for name in names])
    return found[0] if len(found) == 1 else None


# Moodle


def moodle(term: Term) -> Table:
    """A worksheet as Moodle takes it back ("Upload grading worksheet"), for one stage."""
    stage = term.stages[0]
    table = [list(MOODLE)]
    for person in term.students:
        if person.lms_user_id and (mark := term.mark(stage, person.id)):
            who = [f"Participant {person.lms_user_id}", person.shown, person.email]
            table.append([*map(harmless, who), mark, in_points(term.most[stage.slug])])
    return table


def into_moodle(term: Term, path: Path) -> tuple[Table, list[str]]:
    """The worksheet that was downloaded, with the marks filled in; all else stays. And who of it has no mark here."""
    table, stage = _read_table(path), term.stages[0]
    heads = [head.strip().casefold() for head in table[0]]
    who = next((i for i, head in enumerate(heads) if head in IDENTIFIER), None)
    grade = next((i for i, head in enumerate(heads) if head in GRADE), None)
    if who is None or grade is None:
        fact = f"has the columns {', '.join(table[0][:6])}: which one is the identifier, and which the grade?"
        fix = "Give the worksheet that Moodle offers (Download grading worksheet), in English if nothing else helps."
        raise CourseError(Fault(str(path), fact, fix))
    missing = []
    for row in table[1:]:
        row += [""] * (len(heads) - len(row))
        number = re.search(r"(\d+)\s*$", row[who])
        others = [value for i, value in enumerate(row) if i in range(who + 1, who + 3)]  # full name, address
        person = _find(term, number[1] if number else "", *reversed(others))
        mark = term.mark(stage, person.id) if person else ""
        row[grade] = mark or row[grade]
        if not mark:
            missing.append(" ".join(row[who : who + 2]))
    return table, missing


def moodle_feedback(term: Term, path: Path) -> tuple[int, list[str]]:
    """Each student's page in a folder that says whose it is ("Upload multiple feedback files in a zip").

    How many there are, and who has none for want of a page or of a number in Moodle.
    """
    stage, count, without = term.stages[0], 0, []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for person in term.students:
            if person.id not in term.marks[stage.slug]:
                continue
            page = stage.course.work / "feedback" / person.id / stage.slug / f"{stage.slug}.html"
            if not page.is_file() or not person.lms_user_id:
                without.append(person.id)
                continue
            name = re.sub(r"[\\/_]", " ", person.shown)
            place = f"{name}_{person.lms_user_id}_assignfeedback_file_/{stage.slug}.html"
            archive.writestr(zipfile.ZipInfo(place, FIXED), page.read_bytes(), zipfile.ZIP_DEFLATED)
            count += 1
    write_whole(path, out.getvalue())
    return count, without


def _read_table(path: Path) -> Table:
    text, delimiter = read_text(path)
    table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if not table:
        raise CourseError(Fault(str(path), "is empty.", "Export it again."))
    return table
