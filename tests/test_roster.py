"""Who is who, hand-ins as learning systems give them, and marks as they take them.

The names of files and columns are those of Canvas (`app/models/gradebook_importer.rb`, and `lib/content_zipper.rb` for
zips), of Moodle (`mod/assign/feedback/*`, its language packs, and `mod/assign/classes/downloader.php` for
zips) and of Google Drive.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.feedback import canvas, moodle
from autograder.feedback.export import Term, anonymous_id, as_csv, plain
from autograder.intake.find import submissions
from autograder.intake.join import join
from autograder.intake.roster import (
    Person,
    Roster,
    assign,
    assumed,
    read_list,
    read_names,
    read_roster,
    write_roster,
)

from .conftest import run
from .honest.stage import solved, source

N = "12_my_stage.ipynb"
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Stage 11 (100),Stage 12 (101),Current Score
    Points Possible,,,,,5,2,(read only)
"Müller, Jörg",1001,u77,jmueller,A,3,,60
"李, 伟",1002,u78,liwei,A,,,
"Smith-Jones, Mary Ann",1003,u79,msmith,B,4,,80
"Student, Test",1999,,0123abc,A,,,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments
Participant 501,Jörg Müller,jmueller@example.edu,Submitted for grading,,2.00,Yes,
Participant 502,伟 李,liwei@example.edu,No submission,,2.00,Yes,
Participant 503,Mary Ann Smith-Jones,msmith@example.edu,Submitted for grading,1.00,2.00,Yes,well done
"""


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "canvas.csv").write_text("\ufeff" + CANVAS, encoding="utf-8")
    (tmp_path / "moodle.csv").write_text(MOODLE, encoding="utf-8")
    return tmp_path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


# The roster


def test_lists_of_several_systems_make_one_roster(mini: Stage, lists: Path) -> None:
    root = mini.course.root
    said = run("roster", "import", str(lists / "canvas.csv"), str(lists / "moodle.csv"), cwd=root).stdout
    assert "canvas.csv: 3 students, 3 of them new" in said and "moodle.csv: 3 students, 0 of them new" in said
    known = read_roster(mini.course)
    assert known is not None and [person.id for person in known.people] == ["jmueller", "liwei", "msmith"]
    jörg = next(person for person in known.people if person.id == "jmueller")
    assert (jörg.last_name, jörg.first_name, jörg.group) == ("Müller", "Jörg", "A")
    assert (jörg.lms_user_id, jörg.sis_user_id, jörg.sis_login_id) == ("1001", "u77", "jmueller")
    assert (jörg.email, jörg.names) == ("jmueller@example.edu", "501")
    assert [known.identify(number) for number in ("1001", "501")] == [[jörg], [jörg]]
    before = (root / "students.csv").read_bytes()
    run("roster", "import", str(lists / "moodle.csv"), str(lists / "canvas.csv"), cwd=root)
    assert (root / "students.csv").read_bytes() == before  # nothing new
    assert "李" in run("roster", "show", cwd=root).stdout


def test_what_a_person_wrote_into_the_roster_stays(mini: Stage, lists: Path) -> None:
    write_roster(mini.course, Roster([Person("jörg", "M.", lms_user_id="1001", extra_days="3", names="JM")]))
    known, new, filled = join(read_roster(mini.course) or Roster(), read_list(lists / "canvas.csv"))
    assert (new, filled) == (2, 1)
    mine = next(person for person in known.people if person.id == "jörg")
    assert (mine.last_name, mine.first_name, mine.extra_days, mine.sis_login_id) == ("M.", "Jörg", "3", "jmueller")


def test_two_people_of_one_id_get_two(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "first name,surname,email address\nA,X,a@one.org\nB,Y,a@two.org\n", encoding="utf-8"
    )
    assert [person.id for person in join(Roster(), read_list(tmp_path / "list.csv"))[0].people] == ["a", "a-2"]


def joined(*lists: list[Person]) -> tuple[list[Person], list[str]]:
    roster, told = Roster(), list[str]()
    for people in lists:
        roster = join(roster, people, told.append)[0]
    return roster.people, told


def test_another_number_is_no_other_person(mini: Stage, tmp_path: Path) -> None:
    """Moodle gives new ones in each assignment, and without its e-mail column only the name is left."""
    sheets = []
    for first in (501, 801):
        path = tmp_path / f"{first}.csv"
        names = ["Ann Bee", "伟 李"]
        rows = [f"Participant {first + n},{name},,2.00" for n, name in enumerate(names)]
        path.write_text("\n".join(["Identifier,Full name,Grade,Maximum Grade", *rows]), encoding="utf-8")
        sheets.append(read_list(path))
    people, told = joined(*sheets, *sheets)
    assert [(p.id, p.shown, p.lms_user_id, p.names) for p in people] == [
        ("501", "Ann Bee", "501", "801"),
        ("502", "伟 李", "502", "802"),
    ]
    assert "by the name alone: Ann Bee (801): 501, 伟 李 (802): 502" in told[0]
    files = {f"Ann Bee_{number}_assignsubmission_file/{N}": b"{}" for number in (801,)}
    assert whose(mini, zipped(tmp_path / "m.zip", files), Roster(people)) == {"501": ""}


def test_two_people_of_one_name_are_never_made_one() -> None:
    jan = [Person("jn1", "Novák", "Jan", "jn1@x.cz", "1"), Person("jn2", "Novák", "Jan", "jn2@x.cz", "2")]
    sheet = [Person("7", "Novák", "Jan", lms_user_id="7"), Person("8", "Novák", "Jan", lms_user_id="8")]
    people, told = joined(jan, sheet)
    assert people == jan and len(told) == 2 and "Jan Novák (7) is left out" in told[0] and "jn1 and jn2" in told[0]
    people, told = joined(jan[:1], sheet)  # two there, one here
    assert people == jan[:1] and len(told) == 2
    people, told = joined(jan[:1], jan[1:])  # another address
    assert people == jan and "jn2@x.cz" not in people[0].names and "added beside jn1" in told[0]
    people, told = joined([replace(jan[0], names="7"), jan[1]], sheet[:1])  # a person said whose it is
    assert len(people) == 2 and not told
    assert joined(sheet)[0] == sheet  # in one list they are two


def test_the_same_number_in_two_systems_is_no_proof_either() -> None:
    people, _ = joined(
        [Person("jm", "Müller", "Jörg", lms_user_id="501")], [Person("ab", "Bee", "Ann", lms_user_id="501")]
    )
    assert [person.id for person in people] == ["jm", "ab"]
    roster = Roster(people)
    assert [p.id for p in roster.identify("501", "Ann Bee_501", "Ann Bee")] == ["ab"]
    assert [p.id for p in roster.identify("501", "müllerjörg")] == ["jm"]


def test_the_same_address_or_login_is_one_person_under_any_name() -> None:
    first = Person("am", "Müller", "Anna", "am@x.org", sis_login_id="anna")
    people, told = joined([first], [Person("meier", "Meier", "Anna", "AM@x.org", "9")])
    assert [(p.id, p.last_name, p.lms_user_id) for p in people] == [("am", "Müller", "9")] and not told
    people, told = joined([first], [Person("x", "", "", "other@x.org", sis_login_id="anna")])
    assert [(p.id, p.names) for p in people] == [("am", "other@x.org")]
    assert joined(people, [Person("y", "", "", "other@x.org")])[0] == people
    people, _ = joined([Person("amueller", "Müller", "Anna", sis_login_id="amueller")],
                       [Person("amueller", "Müller", "Andreas", "amueller@mail.org")])  # fmt: skip
    assert [person.id for person in people] == ["amueller", "amueller-2"]  # an id that was made of an address


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8", ";"), ("utf-16", "\t"), ("gb18030", ",")])
def test_a_list_may_be_saved_by_any_spreadsheet(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "id,last_name,first_name,email\nliwei,李,伟,l@x.cn\n".replace(",", delimiter)
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    assert read_list(tmp_path / "list.csv") == [Person("liwei", "李", "伟", "l@x.cn")]


# How Excel saves a list in Western Europe, and in China.
WESTERN = ["Müller,Jürgen", "Größe,Å", "Ñ,Å", "Übelhör,Zoë", "Groß,Ål", "MÜLLER,GRÖßE", "García,José", "Ñuñez,Ça"]
CHINESE = ["王,小明", "李,雷", "张,伟", "欧阳,娜娜", "王,堃", "李雷,A组"]


@pytest.mark.parametrize("encoding", ["cp1252", "gb18030"])
def test_a_list_that_does_not_say_its_encoding_is_read_as_it_was_written(tmp_path: Path, encoding: str) -> None:
    names, path = WESTERN if encoding == "cp1252" else CHINESE, tmp_path / "list.csv"
    for some in ([name] for name in names), (names, [*names, "Smith,Ann"], [names[0]] * 200):
        for people in some:
            for head in "id,last_name,first_name", "id,姓氏,名字" if encoding == "gb18030" else "id,surname,Vorname":
                lines = [head, *(f"p{n},{name}" for n, name in enumerate(people))]
                path.write_bytes("\r\n".join(lines).encode(encoding))
                assert [f"{p.last_name},{p.first_name}" for p in read_list(path)] == people
                assert {"cp1252": "Windows-1252", "gb18030": "GB 18030"}[encoding] in assumed(path)


def test_what_was_assumed_of_a_list_is_said(mini: Stage) -> None:
    root = mini.course.root
    (root / "list.csv").write_bytes("id,last_name\njm,Müller\n".encode("cp1252"))
    said = run("roster", "import", "list.csv", cwd=root).stderr
    assert "list.csv is no UTF-8. It was read as Windows-1252 (Western Europe), so that a word in it is Müller." in said
    assert "Müller" in (root / "students.csv").read_text(encoding="utf-8")
    assert run("roster", "import", "students.csv", cwd=root).stderr == ""  # it is UTF-8
    (root / "names.csv").write_bytes("file,student\nx.ipynb,Müller\n".encode("cp1252"))
    (root / "class").mkdir()
    words = ("grade", "12", "--from", "class", "--names", "names.csv")
    assert "names.csv is no UTF-8" in run(*words, cwd=root, ok=False).stderr
    words = ("export", "12", "--to", "moodle", "--into", "list.csv", "--out", "up.csv")
    assert "list.csv is no UTF-8" in run(*words, cwd=root, ok=False).stderr


def test_faults_of_the_roster_are_told_with_their_lines(mini: Stage) -> None:
    text = "id,last_name,extra_days\nana,A,\nana,B,\n,C,\na/b,D,\nbo,E,soon\n"
    (mini.course.root / "students.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as told:
        read_roster(mini.course)
    assert [fault.place for fault in told.value.faults] == [f"students.csv:{line}" for line in (3, 4, 5, 6)]


def test_a_list_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("city,country\nParis,France\n", encoding="utf-8")
    with pytest.raises(CourseError, match="has the columns city, country"):
        read_list(tmp_path / "list.csv")


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)
people = st.lists(
    st.builds(Person, st.from_regex(r"[a-z]{1,8}", fullmatch=True), text, text, text, names=text),
    unique_by=lambda person: person.id,
    max_size=6,
)


@given(people)
def test_a_roster_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, people: list[Person]) -> None:
    from autograder.course.layout import Course

    course = Course(tmp_path_factory.mktemp("roster"))
    write_roster(course, Roster(people))
    assert read_roster(course) == Roster(sorted(people, key=lambda person: person.id))


# Hand-ins


def found(stage: Stage, path: Path) -> dict[str, tuple[str, str, str]]:
    with submissions(stage, path) as all_of_them:
        return {s.student: (s.number, s.note, s.problem) for s in all_of_them}


def test_a_zip_of_canvas_has_one_hand_in_of_each_person(mini: Stage, tmp_path: Path) -> None:
    data = nbformat.writes(solved(source(mini))).encode()
    files = {
        f"müllerjörg_1001_9001_{N}": b"{}",
        "müllerjörg_1001_9004_12_my_stage-1.ipynb": data,  # the second attempt
        f"李伟_LATE_1002_9002_{N}": data,
        "smithjonesmaryann_1003_9003_report.pdf": b"%PDF",
        "doejane_1004_text.html": b"<p>see my repository</p>",
    }  # fmt: skip
    told = found(mini, zipped(tmp_path / "submissions.zip", files))
    assert set(told) == {"müllerjörg_1001", "李伟_1002", "smithjonesmaryann_1003", "doejane_1004"}
    number, note, problem = told["müllerjörg_1001"]
    assert (number, problem) == ("1001", "") and f"not looked at: {N}" in note
    assert told["李伟_1002"][1].startswith("Handed in late")
    assert "PDF" in told["smithjonesmaryann_1003"][2] and told["doejane_1004"][2].startswith("A text that was typed")


def test_an_anonymous_zip_of_canvas(mini: Stage, tmp_path: Path) -> None:
    files = {f"anon_aB3x_9001_{N}": b"{}", f"LATE_anon_Q9zz_9002_{N}": b"{}"}
    assert set(found(mini, zipped(tmp_path / "a.zip", files))) == {"anon_aB3x", "anon_Q9zz"}


@pytest.mark.parametrize("form", ["file/{file}", "file_/{file}", "file_{file}"])
def test_a_zip_of_moodle(mini: Stage, tmp_path: Path, form: str) -> None:
    form = "{name}_{number}_assignsubmission_" + form
    files = {
        form.format(name="Jörg Müller", number=501, file=N): b"{}",
        form.format(name="伟 李", number=502, file="Copy of my work.ipynb"): b"{}",
        "伟 李_502_assignsubmission_onlinetext/onlinetext.html": b"hello",
        "__MACOSX/._x": b"",
    }
    told = found(mini, zipped(tmp_path / "Stage 12.zip", files))
    assert {name: number for name, (number, _, _) in told.items()} == {"Jörg Müller_501": "501", "伟 李_502": "502"}
    assert not any(problem for _, _, problem in told.values())


def test_dates_in_names_are_no_numbers_of_people(mini: Stage, tmp_path: Path) -> None:
    files = {f"ana_2026_12_{N}": b"{}", f"bo_2026_12_{N}": b"{}"}
    assert len(found(mini, zipped(tmp_path / "a.zip", files))) == 2


def test_from_a_zip_to_the_tables(mini: Stage, lists: Path, one_worker: None) -> None:
    """Import, grade, export: everybody of the list has a row, and nobody's hand-in is dropped."""
    root = mini.course.root
    run("roster", "import", str(lists / "canvas.csv"), cwd=root)
    with open(root / "students.csv", "a", encoding="utf-8") as file:
        file.write("twin1,Twin,Tim,,,,,,,\ntwin2,Twin,Tim,,,,,,,\n")
    data = nbformat.writes(solved(source(mini))).encode()
    files = {
        f"müllerjörg_1001_9001_{N}": data,
        f"李伟_LATE_1002_9002_{N}": b"torn",
        f"twintim_77_9003_{N}": data,
        f"nobodyknown_78_9004_{N}": data,
    }
    zipped(root / "class.zip", files)
    said = run("grade", "12", "--from", "class.zip", "--json", "marks.json", cwd=root, ok=False).stdout
    marks = json.loads((root / "marks.json").read_text(encoding="utf-8"))
    status = {name: told["status"] for name, told in marks["students"].items()}
    assert status == {"jmueller": "graded", "liwei": "failed", "twintim_77": "ungraded", "nobodyknown_78": "ungraded"}
    assert "twin1 and of twin2" in marks["students"]["twintim_77"]["reason"]
    assert "Nobody in students.csv" in marks["students"]["nobodyknown_78"]["reason"]
    assert marks["missing"] == ["msmith", "twin1", "twin2"] and "not handed in" in said
    told = run("export", "12", "--to", "canvas", "--into", str(lists / "canvas.csv"), "--out", "up.csv", cwd=root)
    table = list(csv.reader(io.StringIO((root / "up.csv").read_text(encoding="utf-8"))))
    assert [row[6] for row in table] == ["Stage 12 (101)", "2", "2", "0", "", ""]
    assert [row[5] for row in table] == ["Stage 11 (100)", "5", "3", "", "4", ""]  # as it was
    assert "no mark here for: Smith-Jones, Mary Ann" in told.stderr
    assert "nobodyknown_78 is ungraded" in told.stderr
    first = (root / "up.csv").read_bytes()
    run("export", "12", "--to", "canvas", "--into", "up.csv", "--out", "up.csv", cwd=root)
    assert (root / "up.csv").read_bytes() == first  # what goes in comes out
    people = [person for person in (read_roster(mini.course) or Roster()).people if person.id == "nobody"]
    assert people == []
    text = (
        (root / "students.csv")
        .read_text(encoding="utf-8")
        .replace("twin1,Twin,Tim,,,,,,,", "twin1,Twin,Tim,,,,,,,twintim_77")
    )
    (root / "students.csv").write_text(text, encoding="utf-8")
    run("grade", "12", "--from", "class.zip", "--json", "marks.json", cwd=root, ok=False)
    marks = json.loads((root / "marks.json").read_text(encoding="utf-8"))
    assert marks["students"]["twin1"]["status"] == "graded" and marks["missing"] == ["msmith", "twin2"]
    pages = run("export", "12", "--to", "moodle", "--out", "m.csv", "--feedback", "pages.zip", cwd=root)
    with zipfile.ZipFile(root / "pages.zip") as archive:
        assert archive.namelist() == [
            "Jörg Müller_1001_assignfeedback_file_/12_my_stage.html",
            "伟 李_1002_assignfeedback_file_/12_my_stage.html",
            "Tim Twin_77_assignfeedback_file_/12_my_stage.html",  # students.csv has no number; it came with this one
        ]
    assert "nobodyknown_78 is ungraded" in pages.stderr and "twintim_77" not in pages.stderr  # by now it is twin1
    for name in ("term.xlsx", "again.xlsx"):
        run("export", "--to", "xlsx", "--out", name, cwd=root)
    assert (root / "term.xlsx").read_bytes() == (root / "again.xlsx").read_bytes()


def whose(stage: Stage, path: Path, roster: Roster | None, names: dict[str, str] | None = None) -> dict[str, str]:
    """Each hand-in under the id that it got: what is odd about it, or why nobody knows whose it is."""
    with submissions(stage, path) as handed:
        return {s.student: s.nobody or s.problem or s.note for s in assign(handed, roster, names or {})}


MOODLE_ZIP = {
    f"{name}_{number}_assignsubmission_file/{N}": b"{}" for name, number in (("Jörg Müller", 501), ("伟 李", 502))
}
CANVAS_ZIP = {f"müllerjörg_1001_9001_{N}": b"{}", f"李伟_LATE_1002_9002_{N}": b"{}"}


@pytest.mark.parametrize("form", [MOODLE_ZIP, CANVAS_ZIP, {f"müllerjörg_1001_9001_{N}": b"{}"}])
@pytest.mark.parametrize("folder", ["", "submissions/"])
def test_a_learning_systems_zip_in_a_zip(mini: Stage, tmp_path: Path, form: dict[str, bytes], folder: str) -> None:
    inner = {folder + name: data for name, data in form.items()} | {"__MACOSX/._x": b"", ".DS_Store": b""}
    data = zipped(tmp_path / "inner.zip", inner).read_bytes()
    wrapped = found(mini, zipped(tmp_path / "outer.zip", {"Stage 12.zip": data, "__MACOSX/._Stage 12.zip": b""}))
    assert wrapped == found(mini, zipped(tmp_path / "plain.zip", form))
    twice = zipped(tmp_path / "twice.zip", {"outer.zip": (tmp_path / "outer.zip").read_bytes()})
    assert found(mini, twice) == wrapped


def test_a_zip_that_holds_itself_over_and_over_ends(mini: Stage, tmp_path: Path) -> None:
    data = zipped(tmp_path / "0.zip", {"ana.ipynb": b"{}", "bob.ipynb": b"{}"}).read_bytes()
    for number in range(30):
        data = zipped(tmp_path / "next.zip", {f"{number}.zip": data}).read_bytes()
    (problem,) = [problem for _, _, problem in found(mini, tmp_path / "next.zip").values()]
    assert "no notebook" in problem


def test_a_students_own_zip_is_no_class(mini: Stage, tmp_path: Path) -> None:
    """Names in what somebody packed decide about nobody else."""
    own = zipped(tmp_path / "own.zip", {f"müllerjörg_1001_9001_{N}": b"{}"}).read_bytes()
    told = found(mini, zipped(tmp_path / "class.zip", {"eve.zip": own, "ana.zip": own}))
    assert set(told) == {"ana", "eve"}
    forged = {f"Eve E_503_assignsubmission_file_Jörg Müller_501_assignsubmission_file_{N}": b"{}"}
    assert {number for number, _, _ in found(mini, zipped(tmp_path / "flat.zip", forged)).values()} == {"503"}


def test_whatever_lies_beside_a_learning_systems_files_is_told(mini: Stage, tmp_path: Path) -> None:
    files = CANVAS_ZIP | {"solution.ipynb": b"{}", "readme.txt": b"", "doejane_1004_text.html": b"<p>"}
    files |= {f"doejane_1004_9006_{N}": b"{}"}
    told = found(mini, zipped(tmp_path / "a.zip", files))
    assert set(told) == {"müllerjörg_1001", "李伟_1002", "doejane_1004", "solution", "readme"}
    assert "a text file" in told["readme"][2] and "typed into the learning system" in told["doejane_1004"][1]


PEOPLE = Roster([
    Person("jm", "Müller", "Jörg", lms_user_id="501", group="Team Rocket"),
    Person("lw", "李", "伟", lms_user_id="502", group="Team Rocket"),
    Person("ms", "Smith-Jones", "Mary Ann", lms_user_id="503", group="数据 组"),
])  # fmt: skip


def test_a_teams_hand_in_is_each_members(mini: Stage, tmp_path: Path) -> None:
    files = {f"Team Rocket_77_assignsubmission_file/{N}": b"{}", f"数据 组_503_assignsubmission_file/{N}": b"{}"}
    files |= {f"Default group_assignsubmission_file/{N}": b"{}"}
    told = whose(mini, zipped(tmp_path / "teams.zip", files), PEOPLE)
    assert set(told) == {"jm", "lw", "ms", "Default group"} and "Nobody in students.csv" in told["Default group"]
    assert told["jm"] == told["lw"] == "Handed in by the group Team Rocket." and "数据 组" in told["ms"]
    canvas = {f"teamrocket_501_9001_{N}": b"{}", f"smithjonesmaryann_503_9002_{N}": b"{}"}
    told = whose(mini, zipped(tmp_path / "canvas.zip", canvas), PEOPLE)
    assert told == dict.fromkeys(("jm", "lw"), "Handed in by the group teamrocket.") | {"ms": ""}


def test_a_teams_number_is_nobodys(mini: Stage, tmp_path: Path) -> None:
    """Moodle numbers teams apart from participants, so the same number may be both."""
    files = {f"Team Blue_501_assignsubmission_file/{N}": b"{}", f"Team Rocket_503_assignsubmission_file/{N}": b"{}"}
    told = whose(mini, zipped(tmp_path / "teams.zip", files), PEOPLE)
    assert set(told) == {"Team Blue_501", "Team Rocket_503"}
    assert "The number 501 is that of jm, and the name is not: Team Blue." in told["Team Blue_501"]


def test_hidden_names_are_found_by_number(mini: Stage, tmp_path: Path) -> None:
    files = {f"Teilnehmer_{number}_assignsubmission_file/{N}": b"{}" for number in (501, 503)}
    assert set(whose(mini, zipped(tmp_path / "blind.zip", files), PEOPLE)) == {"jm", "ms"}


def test_who_hands_in_alone_and_with_a_group_has_two(mini: Stage, tmp_path: Path) -> None:
    files = {f"Team Rocket_77_assignsubmission_file/{N}": b"{}", f"Jörg Müller_501_assignsubmission_file/{N}": b"{ }"}
    told = whose(mini, zipped(tmp_path / "both.zip", files), PEOPLE)
    assert "more than one submission of jm" in told["jm"] and told["lw"].startswith("Handed in by the group")


DRIVE = [
    f"Jörg Müller - {N}", f"Copy of 伟 李 - {N}", "12_my_stage_ms.ipynb", f"Copy of {N}", f"Kopie von Copy of {N}",
    "12_my_stage (1).ipynb",
]  # fmt: skip


def test_a_folder_of_google_classroom(mini: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "Stage 12"
    folder.mkdir()
    for name in DRIVE:
        (folder / name).write_bytes(b"{}")
    people = Roster([*PEOPLE.people, Person("zoe", "Z", "Zoë"), Person("cy"), Person("di")])
    told = whose(mini, folder, people)
    nobody = ["12_my_stage (1)", "Copy of 12_my_stage", "Kopie von Copy of 12_my_stage"]
    assert sorted(told) == sorted(["jm", "lw", "ms", *nobody])
    assert all("--names" in told[name] for name in nobody)
    table = tmp_path / "names.csv"
    rows = [f"Copy of {N},Zoë Z", "Stage 12/12_my_stage (1).ipynb,cy", f"Kopie von Copy of {N},who", "other.ipynb,ms"]
    table.write_text("\n".join(["file,student", *rows]), encoding="utf-8")
    told = whose(mini, folder, people, read_names(table))
    assert told.keys() == {"jm", "lw", "ms", "zoe", "cy", "Kopie von Copy of 12_my_stage"}
    assert "Nobody in students.csv is called who" in told["Kopie von Copy of 12_my_stage"]
    assert {"Zoë Z", "cy", "who"} < whose(mini, folder, None, read_names(table)).keys()  # without a roster


def test_a_table_of_names_with_faults_is_told(tmp_path: Path) -> None:
    table = tmp_path / "names.csv"
    table.write_text("file,student\na.ipynb,ana\nx/a.ipynb,bob\n")
    with pytest.raises(CourseError, match=r"names.csv:3: says that x/a.ipynb is of bob, and of ana"):
        read_names(table)
    table.write_text("name,who\na,b\n")
    with pytest.raises(CourseError, match="has the columns name, who"):
        read_names(table)


# Marks


def term_of(mini: Stage, people: list[Person], marks: dict[str, float]) -> Term:
    return Term([mini], {mini.slug: 2.0}, {mini.slug: marks}, [], Roster(people))


def test_a_worksheet_of_moodle_is_filled_in(mini: Stage, lists: Path) -> None:
    people = [Person("jm", "Müller", "Jörg", lms_user_id="501"), Person("lw", email="liwei@example.edu")]
    upload = moodle.into(term_of(mini, people, {"jm": 1.5, "lw": 0.0}), lists / "moodle.csv")
    table, missing = upload.rows, upload.missing
    assert [row[4] for row in table] == ["Grade", "1.5", "0", "1.00"]
    assert [row[7] for row in table] == ["Feedback comments", "", "", "well done"]
    assert missing == ["Participant 503 Mary Ann Smith-Jones"]
    german = MOODLE.replace("Identifier,", "ID,").replace(",Grade,", ",Bewertung,")
    (lists / "moodle.csv").write_text(german, encoding="utf-8")
    assert moodle.into(term_of(mini, people, {"jm": 2.0}), lists / "moodle.csv").rows[1][4] == "2"


# As `lib/gradebook_exporter.rb` writes them: with a byte order mark, in a course with manual posting; in a language
# with decimal commas; with last and first names apart.
CANVAS_EXPORTS = {
    "totals": """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,Stage 12 (101),Assignments Current Score,\
Assignments Unposted Current Score,Assignments Final Score,Assignments Unposted Final Score,Current Score,\
Unposted Current Score,Final Score,Unposted Final Score
,,,,,,Manual Posting,,,,,,,,
    Points Possible,,,,,,2.00,(read only),(read only),(read only),(read only),(read only),(read only),\
(read only),(read only)
"Müller, Jörg",1001,u77,jmueller,A and B,,,85.00,85.00,85.00,85.00,85.00,85.00,85.00,85.00
"李, 伟",1002,u78,liwei,A,late,EX,,,,,,,,
"Student, Test",1999,,0123abc,A,,,,,,,,,,
""",
    "semicolons": """Student;ID;SIS User ID;SIS Login ID;Section;Stage 12 (101);Final Score
    Points Possible;;;;;2,00;(read only)
Müller, Jörg;1001;u77;jmueller;A;;85,50
李, 伟;1002;u78;liwei;A;EX;
Student, Test;1999;;0123abc;A;;
""",
    "two names": """LastName,FirstName,ID,SIS Login ID,Section,Stage 12 (101),Final Score
    Points Possible,,,,,2.00,(read only)
Müller,Jörg,1001,jmueller,A,,85.50
李,伟,1002,liwei,A,EX,
Student,Test,1999,0123abc,A,N/A,
""",
}


@pytest.mark.parametrize("form", CANVAS_EXPORTS)
def test_canvass_own_export_goes_in_and_out_and_in_again(mini: Stage, tmp_path: Path, form: str) -> None:
    path = tmp_path / "grades.csv"
    path.write_text(CANVAS_EXPORTS[form], encoding="utf-8")
    people = join(Roster(), read_list(path))[0].people
    assert [(p.id, p.last_name, p.first_name, p.lms_user_id) for p in people] == [
        ("jmueller", "Müller", "Jörg", "1001"),
        ("liwei", "李", "伟", "1002"),
    ]
    term = term_of(mini, people, {"jmueller": 1.5, "liwei": 1.0})
    upload = canvas.into(term, path)
    table = upload.rows
    assert upload.missing == ["李, 伟 (excused there)"]
    column = table[0].index("Stage 12 (101)")
    rows = {row[table[0].index("ID")]: row for row in table[1:]}
    assert [rows[number][column] for number in ("1001", "1002")] == [
        "1,5" if form == "semicolons" else "1.5",
        "EX",
    ]
    before = list(
        csv.reader(
            io.StringIO(CANVAS_EXPORTS[form].lstrip("\ufeff")), delimiter=";" if ";ID" in CANVAS_EXPORTS[form] else ","
        )
    )
    assert [row[:column] + row[column + 1 :] for row in table] == [row[:column] + row[column + 1 :] for row in before]
    path.write_text(upload.text, encoding="utf-8")
    again = canvas.into(term, path)
    assert (again.text, again.missing) == (upload.text, upload.missing) and join(Roster(people), read_list(path))[
        1:
    ] == (0, 0)


# Moodle's grading worksheet; ID, Teilnehmer/in and the German names of most columns are those of its `assign.php`.
MOODLE_EXPORTS = {
    "English": "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 501,Jörg Müller,jmueller@example.edu,Submitted for grading - 1 day late,,2.00,Yes,"
    '"Tuesday, 3 November 2026, 11:55 PM",-,\n'
    "Participant 502,伟 李,liwei@example.edu,No submission,,2.00,Yes,-,-,\n",
    "German": "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar\n"
    'Teilnehmer/in501,Jörg Müller,jmueller@example.edu,Zur Bewertung abgegeben,,"2,00",Ja,'
    '"Dienstag, 3. November 2026, 23:55",-,\n'
    'Teilnehmer/in502,伟 李,liwei@example.edu,Keine Abgabe,,"2,00",Ja,-,-,\n',
}


@pytest.mark.parametrize("form", MOODLE_EXPORTS)
def test_moodles_worksheet_goes_in_and_out_and_in_again(mini: Stage, tmp_path: Path, form: str) -> None:
    path = tmp_path / "worksheet.csv"
    path.write_text("\ufeff" + MOODLE_EXPORTS[form], encoding="utf-8")
    people = join(Roster(), read_list(path))[0].people
    assert [(p.id, p.shown, p.lms_user_id) for p in people] == [
        ("jmueller", "Jörg Müller", "501"),
        ("liwei", "伟 李", "502"),
    ]
    term = term_of(mini, people, {"jmueller": 1.5})
    upload = moodle.into(term, path)
    table = upload.rows
    assert [row[4] for row in table[1:]] == ["1,5" if form == "German" else "1.5", ""] and len(upload.missing) == 1
    before = list(csv.reader(io.StringIO(MOODLE_EXPORTS[form])))
    assert [row[:4] + row[5:] for row in table] == [row[:4] + row[5:] for row in before]
    path.write_text(upload.text, encoding="utf-8")
    again = moodle.into(term, path)
    assert (again.text, again.missing) == (upload.text, upload.missing) and join(Roster(people), read_list(path))[
        1:
    ] == (0, 0)


def test_text_that_a_spreadsheet_would_run_is_made_harmless(mini: Stage) -> None:
    people = [Person("jm", "=cmd()", "@x", "+1", "1001")]
    for table in (plain(term_of(mini, people, {"jm": 1.0})), canvas.table(term_of(mini, people, {"jm": 1.0}))):
        cells = next(csv.reader(io.StringIO(as_csv(table[-1:]))))
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def test_anonymous_marks_have_no_names_and_the_same_ids_each_time(mini: Stage) -> None:
    people = [Person("ana", "Alvarez", "Ana", "ana@example.edu"), Person("bo", "Berg", "Bo")]
    term = term_of(mini, people, {"ana": 2.0, "bo": 1.0})
    shown = as_csv(plain(term, anonymous=True))
    assert not any(name in shown for name in ("ana", "bo", "Alvarez", "Berg"))
    assert plain(term, anonymous=True) == plain(term, anonymous=True)
    assert anonymous_id(mini.course, "ana") in shown and anonymous_id(mini.course, "ana") != anonymous_id(
        mini.course, "bo"
    )
