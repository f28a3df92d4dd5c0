"""A table that a learning system exported, and that goes back to it: as it came, but for the marks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.faults import CourseError, Fault
from autograder.feedback.export import Term, in_points
from autograder.intake.roster import Person, Roster, is_called, numbers, read_text

NOTHING = ("", "-")
HUNDREDTH = 0.00501  # learning systems show marks with two digits, and keep more
NUMBER = r"-?\d+{}\d+"


@dataclass
class Sheet:
    """Rows of text, and the dialect in which they came.

    What is in them stays, also names that a spreadsheet would run (`=cmd`): the learning system has to know its own
    people again, and its file has these names already. So nothing here is made harmless, as `export.harmless` does for
    tables that are made new.
    """

    path: Path
    rows: list[list[str]]
    delimiter: str = ","
    ending: str = "\r\n"
    mark: str = ""  # by which spreadsheets know UTF-8
    quoted: bool = False  # every cell, and not those only that need it
    comma: bool = False  # in numbers: 9,5

    @property
    def text(self) -> str:
        out = io.StringIO(newline="")
        write = csv.writer(
            out,
            delimiter=self.delimiter,
            lineterminator=self.ending,
            quoting=csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL,
        )
        write.writerows(self.rows)
        return self.mark + out.getvalue()

    def number(self, cell: str) -> float | None:
        """None where it is none."""
        cell = cell.strip().replace(",", ".") if self.comma else cell.strip()
        return float(cell) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell) else None

    def cell(self, value: float) -> str:
        return in_points(value).replace(".", ",") if self.comma else in_points(value)


@dataclass
class Upload:
    """A table for a learning system, and what is to be said of it."""

    text: str
    rows: list[list[str]]
    told: list[str] = field(default_factory=list)  # of each column: its title, and how many marks are in it
    missing: list[str] = field(default_factory=list)  # who of it has no mark here
    warnings: list[str] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)  # by student: the participant's number in Moodle


def read_sheet(path: Path) -> Sheet:
    """The table, with as many cells in each row as in the first.

    Raises:
        CourseError: where it is not there, is no text, or empty.
    """
    text, delimiter = read_text(path)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if not rows:
        raise CourseError(Fault(str(path), "is empty.", "Export it again."))
    for row in rows[1:]:
        row += [""] * (len(rows[0]) - len(row))
    head = text.partition("\n")[0]
    cells = [cell for row in rows[1:] for cell in row]
    return Sheet(
        path,
        rows,
        delimiter,
        "\r\n" if "\r\n" in text else "\n",
        "" if path.read_bytes() == text.encode() else "\ufeff",  # also where it was no UTF-8: it is by now
        head.count('"') >= 2 * len(rows[0]) and head.startswith('"'),
        not any(re.fullmatch(NUMBER.format(r"\."), c) for c in cells)
        and any(re.fullmatch(NUMBER.format(","), c) for c in cells),
    )


def owner(term: Term, number: str, name: str, *others: str) -> Person | None:
    """Whose row this is: by the number, where it does not speak against the name; else by the others, or the name."""
    roster = term.people or Roster(term.students)
    names = [told.strip() for told in (*others, name)]
    found = roster.identify(number.strip(), *names)
    if len(found) == 1 and name and not is_called(found[0], name):
        found = roster.find(*filter(None, names))  # the number is another list's, and there another person's
    return found[0] if len(found) == 1 else None


def of_one_row(
    term: Term, rows: Iterable[tuple[list[str], str, str, Person | None]]
) -> tuple[dict[int, Person], list[str]]:
    """By the row (its `id`): whose it is; and warnings.

    Where rows of several numbers are one person's, those count whose number is known to be. Where that does not tell,
    none does. Who has marks and no row, is told.

    Args:
        rows: each with what it is called, its number, and who that may be.
    """
    mine: dict[str, list[tuple[list[str], str, str, Person]]] = {}
    for row, name, number, person in rows:
        if person:
            mine.setdefault(person.id, []).append((row, name, number, person))
    people, warnings = dict[int, Person](), list[str]()
    for student, found in mine.items():
        if len({number for _, _, number, _ in found}) > 1:
            known = [one for one in found if one[2] in numbers(one[3])]
            if len({number for _, _, number, _ in known}) != 1:
                called = "; ".join(f"{name}, {number}" for _, name, number, _ in found)
                fix = "Tell these people apart in students.csv, where names has the numbers of each."
                warnings.append(
                    f"{student}: several rows may be this student's, and none was filled in: {called}. {fix}"
                )
                continue
            found = known
        people |= {id(row): person for row, _, _, person in found}
    if others := sorted({student for marks in term.marks.values() for student in marks} - mine.keys()):
        warnings.append(f"no row in this table, but a mark here: {', '.join(others)}")
    return people, warnings


@dataclass
class Column:
    """A column of marks, while it is filled in."""

    sheet: Sheet
    index: int
    most: float | None  # what the learning system takes for the maximum; None where it does not say
    ours: float
    scale: bool = False
    new: int = 0
    changed: int = 0
    same: int = 0

    @property
    def title(self) -> str:
        return self.sheet.rows[0][self.index]

    def __post_init__(self) -> None:
        if self.scale and not (self.most and self.ours):
            fact = f"the column {self.title} does not say its maximum: there is nothing to scale to."
            raise CourseError(Fault(str(self.sheet.path), fact, "Leave out --scale, or set the maximum there first."))

    def put(self, row: list[str], mark: float) -> float:
        """Write a mark, where not the same stands there; returns it as it is there now."""
        mark = round(mark * self.most / self.ours, 5) if self.scale and self.most else mark
        before = row[self.index].strip()
        now = self.sheet.number(before)
        if now is not None and abs(now - mark) < HUNDREDTH:
            self.same += 1
        else:
            self.new += before in NOTHING
            self.changed += before not in NOTHING
        if now is None or abs(now - mark) > 1e-9:
            row[self.index] = self.sheet.cell(mark)
        return mark

    def in_words(self, slug: str) -> str:
        told = f"{slug} in {self.title}; marks: {self.new} new, {self.changed} changed, {self.same} as they were"
        return told + (f"; times {in_points(self.most)}/{in_points(self.ours)}" if self.scale else "")

    def other_maximum(self, slug: str, where: str) -> list[str]:
        """A warning, where a perfect student would not have all points."""
        if self.scale or self.most is None or abs(self.most - self.ours) < 1e-9:
            return []
        ours, most = in_points(self.ours), in_points(self.most)
        scale = f", or give --scale: all marks times {most}/{ours}" if self.most > 0 else ""
        return [
            f"{slug}: {self.title} has {most} points in {where}, and {ours} here: a perfect student has {ours} of "
            f"{most}. Set the maximum there to {ours}{scale}."
        ]
