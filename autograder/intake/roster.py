"""Who is who: `students.csv`, the one place that says it, and the lists of learning systems that it is made from."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Course
from autograder.intake.attempts import counts_last, last, undecided
from autograder.intake.find import Submission
from autograder.intake.names import encoding_of_text, safe, stem

SEVERAL = ";"  # between several names of one person


@dataclass(frozen=True)
class Person:
    """One row. The first five columns are nbgrader's own (`nbgrader db student import`)."""

    id: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    lms_user_id: str = ""  # Canvas: ID; Moodle: of the participant, as in the names of handed in files
    sis_user_id: str = ""  # Canvas: SIS User ID
    sis_login_id: str = ""  # Canvas: SIS Login ID
    group: str = ""  # Canvas: Section
    extra_days: str = ""
    names: str = ""  # other names and numbers of the same person, with ; between them

    @property
    def full_names(self) -> list[str]:
        first, last = self.first_name, self.last_name
        return [name for name in (f"{first} {last}", f"{last} {first}", f"{last}, {first}") if name.strip(", ")]

    @property
    def shown(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.id


COLUMNS = [column.name for column in fields(Person)]
# What a column is called elsewhere. Moodle writes headers in the language of the site: these are English, German,
# Spanish, French and Chinese ones.
KNOWN_AS = {
    "id": ("id",),
    "last_name": (
        "last_name", "surname", "last name", "lastname", "nachname", "apellido(s)", "nom de famille", "nom", "姓氏",
    ),
    "first_name": ("first_name", "first name", "firstname", "vorname", "nombre", "prénom", "名字"),
    "email": (
        "email", "email address", "e-mail-adresse", "dirección de correo", "adresse de courriel", "电子邮件地址",
    ),
    "lms_user_id": ("lms_user_id",),
    "sis_user_id": ("sis_user_id", "sis user id", "id number", "id-nummer", "número de id", "学号"),
    "sis_login_id": ("sis_login_id", "sis login id", "username", "anmeldename"),
    "group": ("group", "section", "groups", "gruppe", "gruppen", "grupo", "groupe", "小组"),
    "extra_days": ("extra_days",),
    "names": ("names",),
}  # fmt: skip
FULL = ("full name", "vollständiger name", "nombre completo", "nom complet", "全名", "fullname")
# `recordid` of Moodle's language packs; in German and Japanese it is ID, beside the full name.
IDENTIFIER = ("identifier", "identificador", "identifiant", "identificatie", "编号", "識別碼", "id")
TEST_STUDENT = "Student, Test"
BLIND = {"anon", "participant", "teilnehmer/in", "participante", "参与者"}  # where a learning system hides the names
PARTICIPANT = re.compile(r"\D*(\d+)\s*$")  # `Participant 123`, whatever the language


@dataclass
class Roster:
    """The students of a course, found by any of their names. They stay as they are: another list is another roster."""

    people: list[Person] = field(default_factory=list)

    def find(self, *names: str) -> list[Person]:
        """Who has the first of these names that anybody has; more than one where a name is not enough."""
        told = [*(self._by_id.get(name, []) for name in names), *(self._by_name.get(plain(name), []) for name in names)]
        return next(filter(None, told), [])

    def identify(self, number: str, *names: str) -> list[Person]:
        """By the number that a learning system has for a person, or else by these names, as `find` does."""
        known = self._by_number.get(number, [])
        if len(known) > 1:  # of two systems
            known = [person for person in known if any(is_called(person, name) for name in names)]
        return known if len(known) == 1 else self.find(*filter(None, names))

    @cached_property
    def _by_id(self) -> dict[str, list[Person]]:
        return _index(self.people, lambda person: [person.id])

    @cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        return _index(self.people, _names)

    @cached_property
    def _by_number(self) -> dict[str, list[Person]]:
        return _index(self.people, numbers)


def _index(people: Iterable[Person], told: Callable[[Person], Iterable[str]]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for person in people:
        for name in told(person):
            found.setdefault(name, []).append(person)
    return found


def numbers(person: Person) -> set[str]:
    """Those that learning systems have for the person: Moodle has another one in each assignment."""
    told = {person.lms_user_id, *(name.strip() for name in person.names.split(SEVERAL))}
    return {number for number in told if number.isdigit()}


def _names(person: Person) -> set[str]:
    told = [person.id, person.email, person.lms_user_id, person.sis_user_id, person.sis_login_id]
    told += [*person.full_names, *person.names.split(SEVERAL), person.email.partition("@")[0]]
    return {plain(name) for name in told} - {""}


def plain(name: str) -> str:
    """Letters and digits only, as learning systems put names into names of files, and in any case."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def path_of(course: Course) -> Path:
    return course.root / "students.csv"


def read_roster(course: Course) -> Roster | None:
    """The course's roster; None where there is none, and every hand-in is its own student.

    Raises:
        CourseError: with every fault of the file.
    """
    path = path_of(course)
    if not path.is_file():
        return None
    people, faults, lines = [], list[Fault](), dict[str, int]()
    for line, row in _rows(path):
        person = Person(**{name: row.get(name, "").strip() for name in COLUMNS})
        place = f"{path.name}:{line}"
        if not person.id:
            faults.append(Fault(place, "has no id.", "Give each student one: it names folders and marks."))
        elif safe(person.id) != person.id or "/" in person.id:
            faults.append(Fault(place, f'the id "{person.id}" cannot name a folder.', "Use letters and digits."))
        elif person.id in lines:
            fact = f'the id "{person.id}" stands in line {lines[person.id]}, too.'
            faults.append(Fault(place, fact, "Give each student an id of their own."))
        elif not re.fullmatch(r"\d*", person.extra_days):
            faults.append(Fault(place, f'extra_days is "{person.extra_days}".', "Write a whole number of days."))
        lines.setdefault(person.id, line)
        people.append(person)
    if faults:
        raise CourseError(*faults)
    return Roster(people)


def write_roster(course: Course, roster: Roster) -> Path:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person in sorted(roster.people, key=lambda person: person.id):
        writer.writerow([getattr(person, name) for name in COLUMNS])
    write_whole(path_of(course), out.getvalue())
    return path_of(course)


def read_list(path: Path) -> list[Person]:
    """People from a list that was exported: Canvas's marks, Moodle's worksheet or participants, nbgrader's list.

    Raises:
        CourseError: where it is none of these.
    """
    found = []
    rows = list(_rows(path))
    header = [name.strip().casefold() for name in (rows[0][1] if rows else {})]
    canvas = "id" in header and ("student" in header or {"lastname", "sis login id"} <= set(header))
    moodle = any(name in header for name in (*FULL, *IDENTIFIER[:-1])) and not canvas
    if not canvas and not moodle and not {"id", "surname"} & set(header) and not {*KNOWN_AS["email"]} & set(header):
        known = "a list of Canvas (Student, ID, …), of Moodle (Full name, Email address, …) or of nbgrader (id, …)"
        raise CourseError(Fault(str(path), f"has the columns {', '.join(header[:8]) or '(none)'}.", f"Give {known}."))
    for line, told in rows:
        row = {name.strip().casefold(): value.strip() for name, value in told.items() if name}
        if canvas and (not row["id"].isdigit() or canvas_name(told) == TEST_STUDENT):
            continue  # `Points Possible`, and whom Canvas adds for trying
        found.append(_person(row, canvas, f"{path.name}:{line}"))
    return found


def canvas_name(row: Mapping[str, str]) -> str:
    """As Canvas sorts it; some teachers have it in two columns."""
    return row["Student"] if "Student" in row else f"{row.get('LastName', '')}, {row.get('FirstName', '')}".strip(", ")


def _person(row: dict[str, str], canvas: bool, place: str) -> Person:
    told = {name: next((row[one] for one in known if row.get(one)), "") for name, known in KNOWN_AS.items()}
    if canvas:
        told["lms_user_id"], told["id"] = row["id"], ""
        last, _, first = row["student"].partition(",") if "student" in row else (row["lastname"], "", row["firstname"])
        told["last_name"], told["first_name"] = last.strip(), first.strip()
    elif full := next((row[name] for name in FULL if row.get(name)), ""):
        told["id"] = ""
        first, _, last = full.rpartition(" ")
        told["first_name"], told["last_name"] = (first, last) if first else ("", full)
    number = PARTICIPANT.fullmatch(next((row[name] for name in IDENTIFIER if row.get(name) and not told["id"]), ""))
    told["lms_user_id"] = told["lms_user_id"] or (number[1] if number else "")
    login = told["sis_login_id"].partition("@")[0]
    told["id"] = told["id"] or login or told["email"].partition("@")[0] or told["sis_user_id"] or told["lms_user_id"]
    if not told["id"]:
        raise CourseError(Fault(place, "has neither an id nor an e-mail address nor a number.", "Add one of them."))
    return Person(**{**told, "id": safe(told["id"]).replace("/", "_")})


def read_text(path: Path) -> tuple[str, str]:
    """The text of a table that some program exported, and what stands between its columns.

    Raises:
        CourseError: when it is not there, or is no text.
    """
    text, _ = _decoded(path)
    first = text.partition("\n")[0]
    return text, max(",;\t", key=re.sub(r'"[^"]*("|$)', "", first).count)  # a title may have any of them


def _decoded(path: Path) -> tuple[str, str]:
    """Its text, and the encoding."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(Fault(str(path), f"cannot be read: {error.strerror}.", "Give a CSV file.")) from error
    try:
        encoding = _encoding(data)
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise CourseError(Fault(str(path), "is no text.", "Save it as CSV (UTF-8).")) from error


def _encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError:
        return encoding_of_text(data)


def assumed(path: Path) -> str:
    """How a table is read that does not say its encoding, as a sentence; nothing where there is no doubt."""
    text, encoding = _decoded(path)
    if encoding.startswith("utf"):
        return ""
    called = {"cp1252": "Windows-1252 (Western Europe)", "gb18030": "GB 18030 (Chinese)"}[encoding]
    sample = next((word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()), "")
    example = f", so that a word in it is {sample}" if sample else ""
    return f"{path.name} is no UTF-8. It was read as {called}{example}. Where that is wrong, save it as CSV UTF-8."


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    """Of a table: the line and what it says in each column."""
    text, delimiter = read_text(path)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    for row in reader:
        if any(isinstance(value, str) and value.strip() for value in row.values()):
            yield reader.line_num, {str(name): value or "" for name, value in row.items() if isinstance(value, str)}


def read_names(path: Path) -> dict[str, str]:
    """From a table with the columns file and student: of each file, without its ending, whose it is.

    Raises:
        CourseError: where it is no such table, or a file is said to be of two students.
    """
    found: dict[str, str] = {}
    for line, row in _rows(path):
        told = {name.strip().casefold(): value.strip() for name, value in row.items()}
        if not {"file", "student"} <= told.keys():
            raise CourseError(Fault(str(path), f"has the columns {', '.join(row)}.", "Give it: file,student."))
        name = stem(safe(told["file"].replace("\\", "/").rpartition("/")[2]))
        if told["student"] and found.setdefault(name, told["student"]) != told["student"]:
            fact = f"says that {told['file']} is of {told['student']}, and of {found[name]}."
            raise CourseError(Fault(f"{path.name}:{line}", fact, "Leave one of them."))
    return found


def assign(
    found: Sequence[Submission], roster: Roster | None, names: Mapping[str, str] = MappingProxyType({})
) -> list[Submission]:
    """The submissions under their students' ids. Where nobody or more than one is meant, `nobody` says so.

    What a group handed in is each member's. Of several of one student the last one counts. `names` says of some files
    whose they are. Without a roster each of the others is its own student.
    """
    mine: dict[str, list[Submission]] = {}
    assigned = []
    called = [one.name for one in found if one.number]
    blind = (len(called) > 1 and len(set(called)) == 1) or set(map(str.casefold, called)) <= BLIND
    for submission in found:
        people, why = _whose(submission, roster, names.get(submission.student, ""), blind)
        if why:
            submission.nobody = submission.nobody or why
            assigned.append(submission)
        group = f"Handed in by the group {submission.name}. " if _is_group(people, submission) else ""
        for person in people:
            mine.setdefault(person.id, []).append(replace(submission, note=(group + submission.note).strip()))
    for student, theirs in mine.items():
        first = _one_of(student, theirs)
        if first.student != student:
            first.note = first.note if first.number else f"Handed in as {first.student}. {first.note}".strip()
        first.student = student
        assigned.append(first)
    return sorted(assigned, key=lambda submission: submission.student)


def _one_of(student: str, theirs: Sequence[Submission]) -> Submission:
    """Of a student's hand-ins the last, or, where nothing says which it is, none of them. Those without a notebook are
    told of, and hide no other."""
    may_count = [one for one in theirs if one.path] or [one for one in theirs if not one.nobody] or [*theirs]
    beside = [
        f"Not looked at: {one.student}. {one.nobody or one.problem}".strip() for one in theirs if one not in may_count
    ]
    if len(may_count) == 1:
        (first,), how = may_count, ""
    elif chosen := last(may_count):
        first = chosen[0]
        how = counts_last(first.student, chosen[1], [one.student for one in may_count if one is not first])
    else:
        reasons = [one.nobody for one in may_count if one.nobody]
        names = [one.student for one in may_count]
        return Submission(student, None, nobody=" ".join([undecided(student, names), *reasons]))
    return replace(first, note=" ".join(filter(None, [first.note, how, *beside])))


def _whose(submission: Submission, roster: Roster | None, told: str, blind: bool) -> tuple[list[Person], str]:
    """Whose it is, several people only where it is a group's; or why nobody knows."""
    if roster is None:
        return [Person(safe(told).replace("/", "_") or submission.student)], ""
    number = "" if told else submission.number
    people = roster.identify(number, *([told] if told else [submission.student, submission.name]))
    group = [person for person in roster.people if not told and _is_group([person], submission)]
    if group and (len(people) != 1 or people[0] in group):
        return group, ""
    if number and len(people) == 1 and not blind and not is_called(people[0], submission.name):
        fact = f"The number {number} is that of {people[0].id}, and the name is not: {submission.name}."
        fix = "A group's name belongs into the group of each member in students.csv, a person's into their names."
        return [], f"{fact} {fix}"
    if len(people) == 1:
        return people, ""
    if people:
        fact = f"This name is that of {' and of '.join(person.id for person in people)}."
        return [], f"{fact} Add the name to one of them in students.csv, in the column names."
    if told:
        return [], f"Nobody in students.csv is called {told}, as --names says. Mend one of them."
    fix = f"Add the student, or add {submission.student} to somebody's names there; or give a table of files: --names."
    return [], f"Nobody in students.csv has this name. {fix}"


def _is_group(people: Sequence[Person], submission: Submission) -> bool:
    """Is it the hand-in of the group of these people, and not one's own?"""
    name = plain(submission.name)
    return bool(submission.number and name) and any(
        plain(person.group) == name and name not in _names(person) for person in people
    )


def own_number(submission: Submission, roster: Roster) -> str:
    """With which number it came, where that is the student's own: a group's is the group's, or one member's."""
    person = next((person for person in roster.people if person.id == submission.student), None)
    if person is None or submission.number in numbers(person):
        return submission.number
    return submission.number if is_called(person, submission.name) and not _is_group([person], submission) else ""


def is_called(person: Person, name: str) -> bool:
    """Does a part of the person's name stand in this one? Learning systems leave out letters and middle names."""
    own = [*map(plain, (person.first_name, person.last_name)), *_names(person)]
    return not person.full_names or any(part and part in plain(name) for part in own)
