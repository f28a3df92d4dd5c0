"""The marks of a term; as plain CSV, and as Excel. As learning systems take them: `canvas`, `moodle`, `sheet`."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.course.files import write_whole
from autograder.course.layout import Course, Stage
from autograder.feedback.last_result import as_in_gradebook, load
from autograder.gradebook.results import ClassResult
from autograder.intake.names import FORMULA
from autograder.intake.roster import Person, Roster, read_roster

# Where a cell begins that a spreadsheet would run: at the beginning of a text, or after what may be taken for an end of
# a cell, quoted or not. A comma is none of these ends: such a text is quoted for it.
RUNS = re.compile(rf'(?:^|(?<=[;\t\r\n]))(?=[\s"]*[{re.escape(FORMULA)}]|[\t\r])')
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
    """A spreadsheet would take a name such as `=cmd()` for a formula, and run it; `da Silva;=1+1`, too, in a country
    where it divides cells by semicolons."""
    return RUNS.sub("'", value)


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
