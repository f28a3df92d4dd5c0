"""Marks and pages as Moodle takes them, of one assignment.

The sources, of moodle/moodle: `mod/assign/gradingtable.php` (a worksheet's columns), `mod/assign/lang/en/assign.php`
(its words), `mod/assign/feedback/offline/importgradeslib.php` and `locallib.php` (how it is read again), and
`mod/assign/feedback/file/importziplib.php` (pages). A participant's number belongs to one assignment: in the next one
the same person has another.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.feedback.export import FIXED, Table, Term, as_csv, harmless, in_points
from autograder.feedback.sheet import Column, Sheet, Upload, of_one_row, owner, read_sheet
from autograder.intake.roster import FULL, IDENTIFIER

# Moodle refuses a worksheet without its Identifier, Grade and Last modified (grade). Without a time in the last one it
# leaves a mark that it has already, if nobody ticks otherwise. An empty `Feedback comments` would clear a teacher's.
HEADS = [
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
    "Last modified (submission)", "Last modified (grade)",
]  # fmt: skip
# Moodle's headers are in the language of the site.
GRADE = ("grade", "bewertung", "calificación", "note", "成绩")
CAN_BE_CHANGED = ("grade can be changed", "bewertung kann geändert werden")
NO = ("no", "nein")


def new(term: Term) -> Upload:
    """A worksheet as Moodle takes it back ("Upload grading worksheet")."""
    stage = term.stages[0]
    numbers, warnings = _numbers(term)
    rows: Table = [list(HEADS)]
    for person in term.students:
        if person.id in numbers and (mark := term.mark(stage, person.id)):
            who = [f"Participant {numbers[person.id]}", person.shown, person.email, ""]
            rows.append([*map(harmless, who), mark, in_points(term.most[stage.slug]), "Yes", "-", "-"])
    return Upload(as_csv(rows), rows, warnings=warnings, numbers=numbers)


def _numbers(term: Term) -> tuple[dict[str, str], list[str]]:
    """By student: the number with which the stage's hand-in came, or else the roster's; and what to say of them."""
    told, result = term.stages[0].slug, term.classes.get(term.stages[0].slug)
    came = {name: student.number for name, student in result.students.items() if student.number} if result else {}
    marked = [person for person in term.students if person.id in term.marks[told]]
    numbers = {person.id: came.get(person.id) or person.lms_user_id for person in marked}
    several = Counter(numbers.values())
    warnings = [
        f"{told}: {number} is the number of {' and of '.join(s for s, n in numbers.items() if n == number)}, and none "
        "of them is in it. Mend students.csv, or give the assignment's worksheet: --into."
        for number, count in several.items()
        if number and count > 1
    ]
    guessed = [person.id for person in marked if person.lms_user_id and person.id not in came]
    if guessed:
        who = ", ".join(guessed[:5]) + f" and {len(guessed) - 5} more" * (len(guessed) > 5)
        warnings.append(
            f"{told}: the numbers of {who} are those in students.csv. Moodle has other ones in each assignment, and "
            "skips what it does not know: give this assignment's worksheet with --into, if these are not its own."
        )
    return {student: number for student, number in numbers.items() if number and several[number] == 1}, warnings


def into(term: Term, path: Path, titles: Mapping[str, str] | None = None, scale: bool = False) -> Upload:
    """The worksheet that was downloaded, with the marks filled in; all else stays.

    Args:
        titles: by slug, the column with the grade, where it is not the one that Moodle calls so.
        scale: to the maximum that Moodle has.

    Raises:
        CourseError: where it is no worksheet of Moodle.
    """
    sheet, stage = read_sheet(path), term.stages[0]
    heads = [head.strip().casefold() for head in sheet.rows[0]]
    wanted = ((titles or {}).get(stage.slug, "").strip().casefold(),) if titles else GRADE
    who = next((i for i, head in enumerate(heads) if head in IDENTIFIER), None)
    grade = next((i for i, head in enumerate(heads) if head in wanted and i != who), None)
    if who is None or grade is None:
        fact = f"has the columns {', '.join(sheet.rows[0])}: which one is the identifier, and which the grade?"
        fix = (
            "Give the worksheet that Moodle offers (Download grading worksheet), and name the grade's column: --column."
        )
        raise CourseError(Fault(str(path), fact, fix))
    full = next((i for i, head in enumerate(heads) if head in FULL), None)
    locked = next((i for i, head in enumerate(heads) if head in CAN_BE_CHANGED), None)
    column = Column(sheet, grade, _maximum(sheet, grade), term.most[stage.slug], scale)
    students = []
    for row in sheet.rows[1:]:
        found = re.search(r"(\d+)\s*$", row[who])
        number = found[1] if found else ""
        addresses = [cell for cell in row if re.fullmatch(r"[^@\s]+@[^@\s]+", cell.strip())]
        beside = row[full if full is not None else who + 1] if full is not None or who + 1 < grade else ""
        person = owner(term, number, row[full] if full is not None else "", *addresses, beside)
        students.append((row, f"{row[who]} {beside}".strip(), number, person))
    people, warnings = of_one_row(term, students)
    upload = Upload("", sheet.rows, warnings=warnings)
    too_high = []
    for row, name, number, _ in students:
        person = people.get(id(row))
        if person and number:
            upload.numbers[person.id] = number
        mark = term.marks[stage.slug].get(person.id) if person else None
        if mark is None:
            upload.missing.append(name)
        elif locked is not None and row[locked].strip().casefold() in NO:
            upload.missing.append(f"{name} (locked there)")
        elif column.put(row, mark) > (column.most or float("inf")) + 1e-9:
            too_high.append(name)
    upload.told.append(column.in_words(stage.slug))
    upload.warnings += column.other_maximum(stage.slug, "Moodle")
    if too_high:
        upload.warnings.append(f"Moodle skips a mark above its maximum: {', '.join(too_high)}")
    if column.most is None and len(sheet.rows) > 1:
        upload.warnings.append(
            f"{stage.slug}: {path.name} does not say the maximum in numbers: is the assignment's a scale?"
        )
    upload.text = sheet.text
    return upload


def _maximum(sheet: Sheet, grade: int) -> float | None:
    """It stands beside the grade, in any language."""
    found = {sheet.number(row[grade + 1]) for row in sheet.rows[1:] if grade + 1 < len(row)}
    return found.pop() if len(found) == 1 else None


def feedback(term: Term, path: Path, numbers: Mapping[str, str]) -> tuple[int, list[str]]:
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
            if not page.is_file() or person.id not in numbers:
                without.append(person.id)
                continue
            name = re.sub(r"[\\/_]", " ", person.shown)
            place = f"{name}_{numbers[person.id]}_assignfeedback_file_/{stage.slug}.html"
            archive.writestr(zipfile.ZipInfo(place, FIXED), page.read_bytes(), zipfile.ZIP_DEFLATED)
            count += 1
    write_whole(path, out.getvalue())
    return count, without
