"""Tables that learning systems gave, filled in: into which column, with whose numbers, and what is told of it.

The forms are those of Canvas's `lib/gradebook_exporter.rb` and Moodle's `mod/assign/gradingtable.php`. How Moodle reads
a worksheet is in `mod/assign/feedback/offline/importgradeslib.php`, and pages in `…/file/importziplib.php`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from autograder.cli.commands import main
from autograder.course.faults import CourseError
from autograder.course.layout import Course, Stage
from autograder.feedback import canvas, moodle
from autograder.feedback.export import Term, as_csv, harmless, plain
from autograder.feedback.last_result import load
from autograder.intake.find import submissions
from autograder.intake.names import FORMULA, safe
from autograder.intake.roster import Person, Roster, assign, own_number, read_list, read_roster, write_roster

from .honest.stage import solved, source

N = "12_my_stage.ipynb"
JM, LW = (
    Person("jm", "Müller", "Jörg", "jm@example.edu", "1001"),
    Person("lw", "李", "伟", "lw@example.edu", "1002"),
)


def term_of(people: list[Person], marks: dict[str, dict[str, float]], most: float = 21.0) -> Term:
    stages = [Stage(Course(Path("/nowhere")), slug) for slug in marks]
    return Term(stages, dict.fromkeys(marks, most), marks, [], Roster(people))


def canvas_file(folder: Path, *titles: str, points: str = "21", rows: tuple[str, ...] = ()) -> Path:
    blank = "," * (len(titles) - 1)
    lines = [f"Student,ID,SIS User ID,SIS Login ID,Section,{','.join(titles)}"]
    lines += [f"    Points Possible,,,,,{','.join([points] * len(titles))}"]
    lines += rows or (f'"Müller, Jörg",1001,,,A,{blank}', f'"李, 伟",1002,,,A,{blank}')
    path = folder / "grades.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# Which column


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Essay 3 (9)", "03_seq2seq"),
        ("Lab 3 (9)", "03_seq2seq"),
        ("Midterm 3.11. (1)", "03_seq2seq"),
        ("Midterm 3.11. (1)", "11_bert"),
        ("03.11. Midterm (1)", "03_seq2seq"),
        ("03/11 (1)", "03_seq2seq"),
        ("Final Project (v2)", "02_lstm_gru"),
        ("Exam of 0.5 hours", "00_start_here"),
        ("Lab 0 of 3 (9)", "00_start_here"),
        ("Lab 0 of 3 (9)", "03_seq2seq"),
        ("Stage 0 of 3 (9)", "00_start_here"),
        ("Stage 3 quiz (9)", "03_seq2seq"),
        ("Stage 30 (9)", "03_seq2seq"),
        ("303 (9)", "03_seq2seq"),
        ("3 (9)", "03_seq2seq"),
        ("Seq (9)", "03_seq2seq"),
        ("(03)", "03_seq2seq"),
        ("Section", "03_seq2seq"),
    ],
)
def test_a_column_that_is_not_surely_the_stages_is_refused_and_all_are_listed(
    tmp_path: Path, title: str, slug: str
) -> None:
    path = canvas_file(tmp_path, title, "Homework (77)")
    before = path.read_bytes()
    with pytest.raises(CourseError) as told:
        canvas.into(term_of([JM], {slug: {"jm": 20.0}}), path)
    fault = told.value.faults[0]
    assert slug in fault.place and '"Homework (77)"' in fault.fix and f"--column {slug[:2]}=" in fault.fix
    assert (f'"{title}"' in fault.fix) == (title != "Section") and path.read_bytes() == before


SURE = [
    "03_seq2seq (101)",
    "03_seq2seq",
    "Stage 3 (1)",
    "stage 03",
    "03",
    "03 (1)",
    "03: Seq2Seq (5)",
    "Stage 3 - seq2seq",
]


@pytest.mark.parametrize("title", SURE)
def test_a_column_that_says_slug_or_number_is_filled_in_and_named(tmp_path: Path, title: str) -> None:
    path = canvas_file(tmp_path, "Essay 3 (9)", title, "Stage 13 (7)", "Stage 30 (8)")
    upload = canvas.into(term_of([JM, LW], {"03_seq2seq": {"jm": 20.0, "lw": 7.5}}), path)
    assert [row[5:] for row in upload.rows[2:]] == [["", "20", "", ""], ["", "7.5", "", ""]]
    assert upload.told == [f"03_seq2seq in {title}; marks: 2 new, 0 changed, 0 as they were"]
    assert upload.warnings == upload.missing == []


def test_a_column_may_have_the_stages_title(mini: Stage, tmp_path: Path) -> None:
    text = mini.text.read_text(encoding="utf-8")
    heading = next(line for line in text.splitlines() if line.startswith("# # "))
    mini.text.write_text(text.replace(heading, "# # 12 · Lines, and their differences"), encoding="utf-8")
    term = Term([mini], {mini.slug: 21.0}, {mini.slug: {"jm": 3.0}}, [], Roster([JM]))
    for title in ("Lines and their differences (5)", "12 Lines, and their differences (5)"):
        path = canvas_file(tmp_path, "Lines (4)", title.replace(",", ""))
        assert canvas.into(term, path).rows[2][5:] == ["", "3"]


def test_two_columns_that_both_fit_are_told(tmp_path: Path) -> None:
    path = canvas_file(tmp_path, "Stage 3 (1)", "03_seq2seq (2)")
    with pytest.raises(CourseError, match=r"Stage 3 \(1\), 03_seq2seq \(2\)"):
        canvas.into(term_of([JM], {"03_seq2seq": {"jm": 1.0}}), path)


def test_two_stages_never_share_a_column(tmp_path: Path) -> None:
    path = canvas_file(tmp_path, "Lab 0 of 3 (9)", "Stage 3 (8)")
    term = term_of([JM], {"00_start_here": {"jm": 1.0}, "03_seq2seq": {"jm": 2.0}})
    with pytest.raises(CourseError, match="for 00_start_here already"):
        canvas.into(term, path, {"00_start_here": "Stage 3 (8)"})
    upload = canvas.into(term, path, {"00_start_here": "Lab 0 of 3"})
    assert upload.rows[2][5:] == ["1", "2"]


def test_a_named_column_must_be_there_and_open_to_marks(tmp_path: Path) -> None:
    path = canvas_file(tmp_path, "Stage 3 (8)", "Essay (9)")
    text = path.read_text(encoding="utf-8").replace(",21,21\n", ",(read only),21\n")
    path.write_text(text, encoding="utf-8")
    term = term_of([JM], {"03_seq2seq": {"jm": 2.0}})
    for titles in ({}, {"03_seq2seq": "Stage 3 (8)"}, {"03_seq2seq": "ID"}, {"03_seq2seq": "Esay"}):
        with pytest.raises(CourseError, match="does not have") as told:
            canvas.into(term, path, titles)
        assert 'There are: "Essay (9)".' in told.value.faults[0].fix
    assert canvas.into(term, path, {"03_seq2seq": "Essay (9)"}).rows[2][5:] == ["", "2"]


def test_marks_that_change_are_counted_and_those_that_are_the_same_stay_as_they_are_written(tmp_path: Path) -> None:
    rows = ('"Müller, Jörg",1001,,,A,20.00', '"李, 伟",1002,,,A,9.33', '"Bee, Ann",1003,,,A,4', '"Cee, Al",1004,,,A,')
    people = [JM, LW, Person("ann", lms_user_id="1003"), Person("al", lms_user_id="1004")]
    term = term_of(people, {"03_seq2seq": {"jm": 20.0, "lw": 28 / 3, "ann": 5.0, "al": 6.0}})
    upload = canvas.into(term, canvas_file(tmp_path, "Stage 3 (8)", rows=rows))
    assert upload.told == ["03_seq2seq in Stage 3 (8); marks: 1 new, 1 changed, 2 as they were"]
    assert [row[5] for row in upload.rows[2:]] == ["20.00", "9.333333333", "5", "6"]


# Whose row


def test_a_number_that_is_another_persons_elsewhere_moves_no_mark(tmp_path: Path) -> None:
    """Canvas's user 501 is in students.csv; in Moodle's worksheet 501 is somebody else."""
    ann, jim = Person("ann", "Bee", "Ann", lms_user_id="501"), Person("jim", "Poe", "Jim", "jim@example.edu")
    path = tmp_path / "ws.csv"
    text = "Identifier,Full name,Email address,Grade,Maximum Grade\nParticipant 501,Jim Poe,{},,21.00\n"
    for address in ("jim@example.edu", ""):
        path.write_text(text.format(address), encoding="utf-8")
        upload = moodle.into(term_of([ann, jim], {"03_seq2seq": {"ann": 3.0, "jim": 20.0}}), path)
        assert upload.rows[1][3] == "20" and upload.numbers == {"jim": "501"}
        assert "no row in this table, but a mark here: ann" in upload.warnings
    path.write_text(text.replace("Jim Poe", "Zoe Nobody").format(""), encoding="utf-8")
    upload = moodle.into(term_of([ann, jim], {"03_seq2seq": {"ann": 3.0, "jim": 20.0}}), path)
    assert upload.rows[1][3] == "" and upload.missing == ["Participant 501 Zoe Nobody"]


def test_a_worksheet_with_hidden_names_goes_by_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "ws.csv"
    path.write_text("Identifier,Status,Grade,Maximum Grade\nParticipant 1001,Submitted,,21.00\n", encoding="utf-8")
    upload = moodle.into(term_of([JM], {"03_seq2seq": {"jm": 3.0}}), path)
    assert upload.rows[1][2] == "3" and upload.numbers == {"jm": "1001"}


def test_of_two_rows_with_one_name_the_one_with_the_known_number_is_filled_in(tmp_path: Path) -> None:
    rows = ('"Müller, Jörg",1001,,,A,4', '"Müller, Jörg",7777,,,B,5', '"李, 伟",1002,,,A,')
    marks = {"03_seq2seq": {"jm": 20.0, "lw": 7.0}}
    upload = canvas.into(term_of([JM, LW], marks), canvas_file(tmp_path, "Stage 3 (8)", rows=rows))
    assert [row[5] for row in upload.rows[2:]] == ["20", "5", "7"]
    assert upload.missing == ["Müller, Jörg"] and upload.warnings == []
    people = [Person("jm", "Müller", "Jörg"), LW]  # and where neither is known, none
    upload = canvas.into(term_of(people, marks), canvas_file(tmp_path, "Stage 3 (8)", rows=rows))
    assert [row[5] for row in upload.rows[2:]] == ["4", "5", "7"]
    assert upload.warnings[0].startswith(
        "jm: several rows may be this student's, and none was filled in: Müller, Jörg, 1001;"
    )
    rows = ('"Müller, Jörg",1001,,,A,4', '"Müller, Jörg",1001,,,B,')  # in two sections
    upload = canvas.into(term_of([JM], {"03_seq2seq": {"jm": 20.0}}), canvas_file(tmp_path, "Stage 3 (8)", rows=rows))
    assert [row[5] for row in upload.rows[2:]] == ["20", "20"]


@pytest.mark.parametrize("cell", ["EX", "ex"])
def test_who_is_excused_stays_so(tmp_path: Path, cell: str) -> None:
    path = canvas_file(tmp_path, "Stage 3 (8)", rows=(f'"Müller, Jörg",1001,,,A,{cell}',))
    upload = canvas.into(term_of([JM], {"03_seq2seq": {"jm": 20.0}}), path)
    assert upload.rows[2][5] == cell and upload.missing == ["Müller, Jörg (excused there)"]


def test_words_in_a_cell_are_no_mark_that_stays(tmp_path: Path) -> None:
    for cell in ("nan", "2_0", "N/A", "B+"):
        path = canvas_file(tmp_path, "Stage 3 (8)", rows=(f'"Müller, Jörg",1001,,,A,{cell}',))
        upload = canvas.into(term_of([JM], {"03_seq2seq": {"jm": 20.0}}), path)
        assert upload.rows[2][5] == "20" and "1 changed" in upload.told[0]


def test_a_person_is_found_by_an_id_of_marks_alone_and_by_any_number() -> None:
    people = Roster([Person("_"), Person("bo", "Berg", "Bo", lms_user_id="7", names="Bobo;4207"), Person("4207")])
    assert [person.id for person in people.find("nobody", "_")] == ["_"]
    assert [person.id for person in people.identify("4207", "Berg")] == ["bo"]
    assert [person.id for person in people.find("", "BOBO")] == ["bo"] and people.find("", "-") == []


def test_two_people_of_one_number_are_told_and_not_written(tmp_path: Path) -> None:
    twin = Person("jo", "Mill", "Jo", lms_user_id="1001")
    upload = moodle.new(term_of([JM, LW, twin], {"03_seq2seq": {"jm": 20.0, "lw": 7.0, "jo": 1.0}}))
    assert [row[0] for row in upload.rows[1:]] == ["Participant 1002"] and set(upload.numbers) == {"lw"}
    assert "1001 is the number of jm and of jo" in upload.warnings[0]


# Maxima


@pytest.mark.parametrize("scale", [False, True])
def test_another_maximum_is_told_or_scaled_to(tmp_path: Path, scale: bool) -> None:
    term = term_of([JM, LW], {"03_seq2seq": {"jm": 21.0, "lw": 10.0}})
    upload = canvas.into(term, canvas_file(tmp_path, "Stage 3 (8)", points="100"), scale=scale)
    assert [row[5] for row in upload.rows[1:]] == (["100", "100", "47.61905"] if scale else ["100", "21", "10"])
    worksheet = tmp_path / "ws.csv"
    worksheet.write_text(
        'ID;Vollständiger Name;Bewertung;Bestwertung\nTeilnehmer/in1001;Jörg Müller;-;"100,00"\n', encoding="utf-8"
    )
    other = moodle.into(term, worksheet, scale=scale)
    assert other.rows[1][2] == ("100" if scale else "21")
    for told, where in ((upload.warnings, "Canvas"), (other.warnings[1:], "Moodle")):
        assert bool(told) != scale
        assert scale or (
            f"has 100 points in {where}, and 21 here" in told[0]
            and "a perfect student has 21 of 100. Set the maximum there to 21, or give --scale" in told[0]
        )
    assert not scale or upload.told[0].endswith("times 100/21")


def test_without_a_maximum_there_is_nothing_to_scale_to(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="does not say its maximum"):
        canvas.into(term_of([JM], {"03": {"jm": 1.0}}), canvas_file(tmp_path, "03", points=""), scale=True)


def test_what_moodle_will_skip_is_told(tmp_path: Path) -> None:
    """A mark above its maximum, and one that is locked."""
    path = tmp_path / "ws.csv"
    path.write_text(
        "Identifier,Full name,Grade,Maximum Grade,Grade can be changed\n"
        "Participant 1001,Jörg Müller,,21.00,Yes\nParticipant 1002,伟 李,1.00,21.00,No\n",
        encoding="utf-8",
    )
    upload = moodle.into(term_of([JM, LW], {"03_seq2seq": {"jm": 22.0, "lw": 7.0}}), path)
    assert upload.warnings == ["Moodle skips a mark above its maximum: Participant 1001 Jörg Müller"]
    assert upload.missing == ["Participant 1002 伟 李 (locked there)"] and upload.rows[2][2] == "1.00"
    scale = 'Identifier,Full name,Grade,Scale\nParticipant 1001,Jörg Müller,,"Poor, Good"\n'
    path.write_text(scale, encoding="utf-8")
    assert "a scale?" in moodle.into(term_of([JM], {"03_seq2seq": {"jm": 1.0}}), path).warnings[-1]


# A worksheet of our own


def as_moodle_reads(text: str) -> dict[str, tuple[str, str]]:
    """What `assignfeedback_offline_grade_importer::init` and `next` do: by number, the grade and its time."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(rows[0]), "invalidgradeimport"
    places = [rows[0].index(name) for name in ("Identifier", "Grade", "Last modified (grade)")]
    cells = [[row[place] for place in places] for row in rows[1:]]
    return {cell[0][len("Participant ") :]: (cell[1], cell[2]) for cell in cells}


# `assign_grading_table`, as it is downloaded: an assignment with files handed in, without blind or workflow marking.
WORKSHEET = [
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
    "Last modified (submission)", "Last modified (grade)", "Feedback comments",
]  # fmt: skip


def test_a_worksheet_of_our_own_is_one_that_moodle_takes(tmp_path: Path) -> None:
    term = term_of([JM, LW, Person("al")], {"03_seq2seq": {"jm": 20.5, "lw": 0.0, "al": 3.0}})
    upload = moodle.new(term)
    assert as_moodle_reads(upload.text) == {"1001": ("20.5", "-"), "1002": ("0", "-")}
    assert upload.rows[0] == WORKSHEET[:-1]  # an empty Feedback comments would clear those that a teacher wrote
    assert upload.rows[1] == ["Participant 1001", "Jörg Müller", "jm@example.edu", "", "20.5", "21", "Yes", "-", "-"]
    path = tmp_path / "ours.csv"
    path.write_text(upload.text, encoding="utf-8")
    again = moodle.into(term, path)
    assert again.told == ["03_seq2seq in Grade; marks: 0 new, 0 changed, 2 as they were"]
    assert again.text == upload.text


# Participants' numbers: each assignment has its own

PEOPLE = [("Jan Novák", "jan1@example.edu"), ("Jan Novák", "jan2@example.edu"), ("Zoë Übelhör", "zoe@example.edu")]


def worksheet(path: Path, first: int) -> Path:
    rows = [f"Participant {first + i},{name},{mail},-,,2.00,Yes,-,-," for i, (name, mail) in enumerate(PEOPLE)]
    path.write_text("\ufeff" + "\n".join([",".join(WORKSHEET), *rows]) + "\n", encoding="utf-8")
    return path


def moodles_zip(path: Path, first: int, data: bytes = b"{}") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for i, (name, _) in enumerate(PEOPLE):
            archive.writestr(f"{name}_{first + i}_assignsubmission_file/{N}", data)
    return path


def test_a_second_worksheet_adds_its_numbers_and_both_assignments_are_matched(
    mini: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mini.course.root)
    said("roster", "import", worksheet(tmp_path / "ws00.csv", 3101))
    done = said("roster", "import", worksheet(tmp_path / "ws01.csv", 4207))
    assert "3 students, 0 of them new, 3 with new fields" in done.stdout
    before = (mini.course.root / "students.csv").read_bytes()
    said("roster", "import", tmp_path / "ws00.csv", tmp_path / "ws01.csv")
    assert (mini.course.root / "students.csv").read_bytes() == before
    known = read_roster(mini.course)
    for first in (3101, 4207):
        with submissions(mini, moodles_zip(tmp_path / "class.zip", first)) as found:
            assigned = {one.student: (one.number, one.nobody) for one in assign(found, known)}
        assert assigned == {s: (str(first + i), "") for i, s in enumerate(("jan1", "jan2", "zoe"))}


def test_marks_and_pages_have_the_numbers_of_the_assignment(
    mini: Stage, tmp_path: Path, one_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = mini.course.root
    monkeypatch.chdir(root)
    said("roster", "import", worksheet(tmp_path / "ws00.csv", 3101))
    data = nbformat.writes(solved(source(mini))).encode()
    said("roster", "import", worksheet(tmp_path / "ws12.csv", 4207))
    said("grade", "12", "--from", moodles_zip(root / "class.zip", 4207, data))
    assert {name: told.number for name, told in load(mini).students.items()} == {
        "jan1": "4207", "jan2": "4208", "zoe": "4209"
    }  # fmt: skip

    def exported(*words: str) -> tuple[dict[str, tuple[str, str]], list[str], str]:
        done = said("export", "12", "--to", "moodle", "--out", "up.csv", "--feedback", "p.zip", *words)
        with zipfile.ZipFile(root / "p.zip") as archive:
            names = [name.partition("_assign")[0] for name in archive.namelist()]
        return as_moodle_reads((root / "up.csv").read_text(encoding="utf-8")), names, done.stderr

    marks = {str(number): ("2", "-") for number in (4207, 4208, 4209)}
    pages = ["Jan Novák_4207", "Jan Novák_4208", "Zoë Übelhör_4209"]
    assert exported("--into", str(tmp_path / "ws12.csv")) == (marks, pages, "")
    assert exported() == (marks, pages, "")  # by which they came in
    later = worksheet(tmp_path / "later.csv", 5500)  # of whom nobody was told
    assert exported("--into", str(later))[1] == ["Jan Novák_5500", "Jan Novák_5501", "Zoë Übelhör_5502"]
    part = tmp_path / "part.csv"
    part.write_text("".join(later.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert "without a page, or a number in Moodle: zoe" in exported("--into", str(part))[2]
    folder = root / "folder"
    for student in ("jan1", "jan2", "zoe"):
        folder.mkdir(exist_ok=True)
        (folder / f"{student}.ipynb").write_bytes(data)
    said("grade", "12", "--from", "folder")
    assert exported()[1] == pages  # a later hand-in without a number takes none away


def test_numbers_of_the_roster_are_told_to_be_guesses() -> None:
    upload = moodle.new(term_of([JM], {"03_seq2seq": {"jm": 1.0}}))
    assert len(upload.warnings) == 1 and "the numbers of jm are those in students.csv" in upload.warnings[0]
    assert "--into" in upload.warnings[0]


def test_a_teams_number_is_not_kept_as_its_members(mini: Stage, tmp_path: Path) -> None:
    people = Roster([Person("jm", "Müller", "Jörg", group="Team Rocket"), Person("lw", "李", "伟")])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"Team Rocket_77_assignsubmission_file/{N}", b"{}")
        archive.writestr(f"伟 李_502_assignsubmission_file/{N}", b"{}")
    with submissions(mini, tmp_path / "a.zip") as found:
        assert {one.student: own_number(one, people) for one in assign(found, people)} == {"jm": "", "lw": "502"}


# As the table came


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_goes_back_in_the_dialect_it_came_in(tmp_path: Path, delimiter: str, mark: str, ending: str) -> None:
    comma = delimiter == ";"
    point = "," if comma else "."
    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Stage 3 (8)", "Essay; b, c\tand d (9)"]
    rows = [heads, ["    Points Possible", "", "", "", "", f"21{point}00", f"9{point}50"]]
    rows += [
        ["Müller; Jörg", "1001", "", "", "A", "", f"9{point}5"],
        ["=cmd|' /C calc'!A0, Eve", "1002", "", "", "", "", ""],
    ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    path = tmp_path / "grades.csv"
    path.write_bytes((mark + text.getvalue()).encode())
    term = term_of([Person("jm", lms_user_id="1001"), Person("eve", lms_user_id="1002")], {"03_seq2seq": {"jm": 16.5}})
    upload = canvas.into(term, path)
    rows[2][5] = f"16{point}5"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    # The name that a spreadsheet would run is as Canvas gave it: Canvas has to find its own person again.
    assert upload.text == mark + text.getvalue()


def test_a_table_that_is_quoted_throughout_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text('"Student","ID","Stage 3"\n"Müller, Jörg","1001",""\n', encoding="utf-8")
    assert canvas.into(term_of([JM], {"03_seq2seq": {"jm": 2.0}}), path).text == (
        '"Student","ID","Stage 3"\n"Müller, Jörg","1001","2"\n'
    )


def test_delimiters_inside_of_titles_do_not_count(tmp_path: Path) -> None:
    path = canvas_file(tmp_path, '"One; two; three; four; five; six; seven; eight (1)"', "Stage 3 (8)")
    upload = canvas.into(term_of([JM], {"03_seq2seq": {"jm": 2.0}}), path)
    assert upload.rows[2][5:] == ["", "2"] and len(upload.rows[0]) == 7
    assert [person.lms_user_id for person in read_list(path)] == ["1001", "1002"]


def test_another_encoding_goes_back_as_utf_8_with_its_mark(tmp_path: Path) -> None:
    path = canvas_file(tmp_path, "Stage 3 (8)")
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    upload = canvas.into(term_of([JM], {"03_seq2seq": {"jm": 2.0}}), path)
    assert upload.text.startswith("\ufeffStudent,") and "Müller" in upload.text


# Formulas


def runs(cell: str) -> bool:
    return len(cell) > 1 and cell.strip(' \t\r\n"')[:1] in tuple(FORMULA)


@pytest.mark.parametrize("c", FORMULA)
@pytest.mark.parametrize("form", ["{}1+1", "Silva;{}1", 'Silva;"{}1"', "Silva\t{}1", "a\n{}1", " {}1", "\t{}1", '"{}1'])
def test_nothing_in_a_table_of_ours_is_a_formula_whatever_divides_its_cells(c: str, form: str) -> None:
    name = form.format(c)
    term = term_of([Person("jm", name, name, name, "1001", group=name)], {"03_seq2seq": {"jm": 1.0}})
    for table in (plain(term), canvas.table(term), moodle.new(term).rows):
        text = as_csv(table[1:])
        for delimiter in ",;\t":
            for row in csv.reader(io.StringIO(text), delimiter=delimiter):
                assert not any(map(runs, row))
        for line in text.splitlines():  # a quote inside of a cell need not be one for the spreadsheet
            assert not any(map(runs, re.split("[;\t]", line)))
    assert safe(f"{c}1")[0] == "_"  # one set of characters for both


def test_names_that_are_no_formulas_stay() -> None:
    for name in ("Smith-Jones", "O'Brien", "a+b@example.edu", "Müller, Jörg", "李", "x = y", "", "A; B"):
        assert harmless(name) == name


# The command


def said(*words: object, ok: bool = True) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert (done.exit_code == 0) == ok, done.output
    return done


def test_the_command_names_the_column_and_the_maximum(
    mini: Stage, tmp_path: Path, one_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = mini.course.root
    monkeypatch.chdir(root)
    (root / "class").mkdir()
    (root / "class" / "jm.ipynb").write_bytes(nbformat.writes(solved(source(mini))).encode())
    write_roster(mini.course, Roster([JM, LW]))
    said("grade", "12", "--from", "class")
    path = canvas_file(tmp_path, "Essay 12 (9)", points="100")
    words = ("export", "12", "--to", "canvas", "--into", path, "--out", "up.csv")
    refused = said(*words, ok=False)
    assert '"Essay 12 (9)"' in refused.output and not (root / "up.csv").exists()
    done = said(*words, "--column", "Essay 12 (9)")
    assert "column      12_my_stage in Essay 12 (9); marks: 1 new, 0 changed, 0 as they were" in done.stdout
    assert "has 100 points in Canvas, and 2 here" in done.stderr and "no mark here for: 李, 伟" in done.stderr
    done = said(*words, "--column", "12=Essay 12", "--scale")
    assert "1001,,,A,100" in (root / "up.csv").read_text(encoding="utf-8")
    assert "points in Canvas" not in done.stderr
    for titles in (("a", "b"), ("12=a", "12=b")):
        more = [word for title in titles for word in ("--column", title)]
        assert "for which stage" in said(*words, *more, ok=False).output
    for option in (["--scale"], ["--column", "x"]):
        assert "--into" in said("export", "--to", "canvas", "--out", "n.csv", *option, ok=False).output
    said("export", "12", "12_my_stage", "--to", "csv", "--out", "once.csv")
    assert "12_my_stage,sum,max" in (root / "once.csv").read_text(encoding="utf-8")
    said("remove", "jm", "--yes")
    (root / "class" / "jm.ipynb").rename(root / "class" / "a stranger.ipynb")
    said("grade", "12", "--from", "class", ok=False)
    for form in ("csv", "xlsx", "canvas", "moodle"):
        assert "12_my_stage: nobody has a mark." in said("export", "12", "--to", form, "--out", "n").stderr
