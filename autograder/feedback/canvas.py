"""Marks as Canvas takes them: `app/models/gradebook_importer.rb` and `lib/gradebook_exporter.rb` of its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.feedback.export import Table, Term, as_csv, harmless, in_points
from autograder.feedback.sheet import Column, Sheet, Upload, of_one_row, owner, read_sheet
from autograder.intake.roster import TEST_STUDENT, canvas_name

HEADS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
OTHERS = {*HEADS, "LastName", "FirstName", "Integration ID", "Root Account", "Notes"}  # no assignment's
EXCUSED = "EX"
POINTS_POSSIBLE = "    Points Possible"
READ_ONLY = "(read only)"


def table(term: Term) -> Table:
    """The table that Canvas imports. A person without a number there is found by login, SIS id, or name."""
    rows = [[*HEADS, *(stage.slug for stage in term.stages)]]
    rows.append([POINTS_POSSIBLE, "", "", "", "", *(in_points(term.most[stage.slug]) for stage in term.stages)])
    for person in term.students:
        name = ", ".join(filter(None, [person.last_name, person.first_name])) or person.id
        who = [name, person.lms_user_id, person.sis_user_id, person.sis_login_id, person.group]
        rows.append([*map(harmless, who), *(term.mark(stage, person.id) for stage in term.stages)])
    return rows


def new(term: Term) -> Upload:
    rows = table(term)
    return Upload(as_csv(rows), rows)


def into(term: Term, path: Path, titles: Mapping[str, str] | None = None, scale: bool = False) -> Upload:
    """The teacher's own export with the marks filled in; all else stays.

    Args:
        titles: by slug, the column that a stage goes into; of others it has to be sure from the titles.
        scale: to the maximum that Canvas has.

    Raises:
        CourseError: where it is no export of Canvas, or it is not sure which column is a stage's.
    """
    sheet = read_sheet(path)
    heads = sheet.rows[0]
    if "ID" not in heads or not {"Student", "LastName"} & set(heads):
        fact = f"has the columns {', '.join(heads[:6])}, and not Student and ID."
        raise CourseError(Fault(str(path), fact, "Give the file that Canvas exports (Grades, Export)."))
    named = [(row, dict(zip(heads, row, strict=False))) for row in sheet.rows[1:]]
    points = [row for row, cells in named if canvas_name(cells).strip().startswith("Points Possible")]
    columns = _columns(term, sheet, points, titles or {}, scale)
    students = []
    for row, cells in named:
        number, name = cells["ID"].strip(), canvas_name(cells)
        if number.isdigit() and name != TEST_STUDENT:  # others are nobody's
            person = owner(term, number, name, cells.get("SIS Login ID", ""), cells.get("SIS User ID", ""))
            students.append((row, name, number, person))
    people, warnings = of_one_row(term, students)
    upload = Upload("", sheet.rows, warnings=warnings)
    for row, name, _, _ in students:
        person, found = people.get(id(row)), False
        for slug, column in columns.items():
            mark = term.marks[slug].get(person.id) if person else None
            if mark is None:
                continue
            found = True
            if row[column.index].strip().upper() == EXCUSED:
                upload.missing.append(f"{name} (excused there)")
            else:
                column.put(row, mark)
        if not found:
            upload.missing.append(name)
    for slug, column in columns.items():
        for row in points:
            row[column.index] = row[column.index] or sheet.cell(column.ours)
        upload.told.append(column.in_words(slug))
        upload.warnings += column.other_maximum(slug, "Canvas")
    upload.text = sheet.text
    return upload


def _columns(
    term: Term, sheet: Sheet, points: list[list[str]], titles: Mapping[str, str], scale: bool
) -> dict[str, Column]:
    """By slug: the column that is the stage's, and no other stage's."""
    heads = sheet.rows[0]
    read_only = {i for row in points for i, cell in enumerate(row) if cell.strip() == READ_ONLY}
    open_to = [i for i, head in enumerate(heads) if head.strip() not in OTHERS and i not in read_only]
    known = ", ".join(f'"{heads[i]}"' for i in open_to) or "none for marks"
    columns, faults, taken = dict[str, Column](), list[Fault](), dict[int, str]()
    for stage in term.stages:
        slug, title = stage.slug, titles.get(stage.slug, "")
        if title:
            found = [i for i in open_to if heads[i] == title] or [i for i in open_to if _without_id(heads[i]) == title]
        else:
            found = [i for i in open_to if _is_of(heads[i], stage)]
        if len(found) != 1 or found[0] in taken:
            what = f'"{title}"' if title else f"a column of {slug}"
            if not found:
                fact = f"does not have {what} to write into."
            elif len(found) > 1:
                fact = f"has more than one: {', '.join(heads[i] for i in found)}."
            else:
                fact = f'has "{heads[found[0]]}" for {taken[found[0]]} already: {slug} cannot go into it, too.'
            number = slug.partition("_")[0]
            fix = f'Name it: --column {number}="TITLE". There are: {known}. A new assignment is made without --into.'
            faults.append(Fault(f"{sheet.path.name}, {slug}", fact, fix))
            continue
        taken[found[0]] = slug
        most = next((n for row in points if (n := sheet.number(row[found[0]])) is not None), None)
        columns[slug] = Column(sheet, found[0], most, term.most[slug], scale)
    if faults:
        raise CourseError(*faults)
    return columns


def _without_id(head: str) -> str:
    return re.sub(r"\s*\(\d+\)\s*$", "", head).strip()


def _is_of(head: str, stage: Stage) -> bool:
    """Is this surely the stage's? `03_seq2seq (101)`, `Stage 3`, `03`, `03 TITLE`, `TITLE`; not `Lab 3`.

    It says the slug or the title; or the number, with two digits or after the word Stage, and besides nothing but words
    of these.
    """
    words = _words(_without_id(head))
    slug, title = _words(stage.slug), _words(stage.title)
    if words in (slug, title, title[1:] if title[:1] == slug[:1] else title):
        return bool(words)
    number, rest = slug[:1], words[:1] == ["stage"]
    words = words[rest:]
    if not number or not number[0].isdigit() or not words or not words[0].isdecimal():
        return False
    says = int(words[0]) == int(number[0]) and (rest or words[0] == number[0])
    return says and set(words[1:]) <= {*slug[1:], *title[1:], "stage"}


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
