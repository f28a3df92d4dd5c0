"""What handing in late costs: the same by our command and by nbgrader's, and shown wherever a mark is."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autograder.build.write import build_source
from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.feedback.export import plain, read_term
from autograder.feedback.last_result import keep
from autograder.gradebook.database import Database
from autograder.gradebook.results import StudentResult
from autograder.grading.grade import grade
from autograder.intake.find import submissions
from autograder.intake.roster import Person, Roster, write_roster
from autograder.stage.settings import read_settings

from .conftest import generate_feedback, run
from .test_exchange import configure, notebook
from .test_marks import nbgrader
from .test_roster import zipped

pytestmark = pytest.mark.usefixtures("one_worker")
N = "12_my_stage.ipynb"
DUE = datetime(2026, 11, 2, 22, 59)  # 23:59 in Berlin


@pytest.fixture
def due(mini: Stage) -> Stage:
    """A stage that is due, where a started day costs a tenth of two points."""
    mini.course.work.mkdir()
    with Database(mini.course) as data, data.open() as gradebook:  # as `nbgrader db assignment add`
        gradebook.update_or_create_assignment(mini.slug, duedate="2026-11-02 23:59:00 Europe/Berlin")
    (mini.folder / "settings.toml").write_text("late_penalty = 0.1\nlate_days = 1\n")
    return mini


def handed_in(stage: Stage, **late: timedelta | str) -> Path:
    """nbgrader's folder: of each student how long after the due date it came, or what the file says."""
    folder = stage.course.root / "handed"
    for student, when in late.items():
        own = folder / student / stage.slug
        own.mkdir(parents=True, exist_ok=True)
        (own / N).write_bytes(notebook(stage))
        told = when if isinstance(when, str) else f"{DUE + when:%Y-%m-%d %H:%M:%S.%f} UTC"
        (own / "timestamp.txt").write_text(told)
    return folder


def told(result: StudentResult) -> tuple[float, float, int, int]:
    return result.score, round(result.late_penalty, 9), result.days_late, result.free_days


def test_each_started_day_after_the_free_ones_costs_its_share(due: Stage) -> None:
    write_roster(due.course, Roster([Person("dot", extra_days="2"), *map(Person, ("ana", "bob", "cy", "eve"))]))
    second, day = timedelta(seconds=1), timedelta(days=1)
    folder = handed_in(due, ana=timedelta(), bob=day, cy=day + second, dot=4 * day - second, eve=20 * day)
    result = grade(due, folder)
    assert {name: told(r) for name, r in result.students.items()} == {
        "ana": (2, 0, 0, 0),
        "bob": (2, 0, 1, 1),
        "cy": (1.8, 0.2, 2, 1),
        "dot": (1.8, 0.2, 4, 3),
        "eve": (0, 2, 20, 1),
    }
    (due.folder / "settings.toml").write_text("late_penalty = 0.1\nlate_days = 1\nlate_most = 0.5\n")
    assert told(grade(due, folder).students["eve"]) == (1, 1, 20, 1)


@pytest.mark.slow
def test_a_due_date_may_be_given_before_all_else(mini: Stage) -> None:
    nbgrader(mini, "db", "assignment", "add", mini.slug, "--duedate=2026-11-02 23:59:00 Europe/Berlin")
    (mini.folder / "settings.toml").write_text("late_penalty = 0.5\n")
    assert told(grade(mini, handed_in(mini, ana=timedelta(hours=1))).students["ana"]) == (1, 1, 1, 0)


@pytest.mark.slow
def test_nbgraders_command_takes_off_the_same(due: Stage) -> None:
    write_roster(due.course, Roster([Person("dot", extra_days="1"), Person("eve")]))
    ours = grade(due, handed_in(due, dot=timedelta(days=3), eve=timedelta(days=4))).students
    assert [round(r.late_penalty, 9) for r in ours.values()] == [0.2, 0.6]
    with Database(due.course) as data, data.open() as gradebook:
        for student in ours:
            gradebook.remove_submission(due.slug, student)
    shutil.rmtree(due.course.work / "autograded")
    build_source(due)
    nbgrader(due, "autograde", due.slug)
    with Database(due.course) as data:
        assert {name: told.score for name, told in data.marks(due.slug).items()} == {"dot": 1.8, "eve": 1.4}


def test_the_days_are_in_table_json_page_report_and_export(due: Stage) -> None:
    root = due.course.root
    handed_in(due, ana=timedelta(days=2), bob=timedelta())
    said = run("grade", "12", "--from", "handed", "--json", "m.json", "--sandbox", "none", cwd=root).stdout
    assert "2 days late, 1 free: 0.2 points off" in said
    ana = json.loads((root / "m.json").read_text(encoding="utf-8"))["students"]["ana"]
    assert (ana["score"], ana["late_penalty"], ana["days_late"], ana["free_days"]) == (1.8, 0.2, 2, 1)
    assert "days_late" not in json.loads((root / "m.json").read_text(encoding="utf-8"))["students"]["bob"]
    page = due.course.work / "feedback" / "ana" / due.slug / f"{due.slug}.html"
    ours = page.read_text(encoding="utf-8")
    assert "<strong>1.8 of 2 points</strong> (2 days late, 1 free: 0.2 points off)" in ours
    generate_feedback(due, "ana")
    assert page.read_text(encoding="utf-8") == ours
    report = (due.course.work / "report" / f"{due.slug}.html").read_text(encoding="utf-8")
    assert "Handed in late: ana (2 days late, 1 free: 0.2 points off)." in report
    table = (due.course.work / "report" / f"{due.slug}.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = {row["student"]: (row["days_late"], row["late_penalty"]) for row in csv.DictReader(table)}
    assert rows == {"ana": ("2", "0.2"), "bob": ("0", "0")}
    exported = plain(read_term(due.course, [due]))
    assert [row[-1] for row in exported] == ["late_penalty", "0.2", "0"]
    assert [row[5] for row in exported[1:]] == ["1.8", "2"]


def test_an_extension_of_ones_own_counts_at_the_next_grading(due: Stage) -> None:
    folder = handed_in(due, ana=timedelta(days=3))
    assert grade(due, folder).students["ana"].score == 1.6
    with Database(due.course) as data, data.open() as gradebook:
        gradebook.grant_extension(due.slug, "ana", days=1)
    assert grade(due, folder, dry_run=True).changed == {"ana": (1.6, 1.8)}
    assert told(grade(due, folder).students["ana"]) == (1.8, 0.2, 2, 1)
    with Database(due.course) as data, data.open() as gradebook:
        gradebook.grant_extension(due.slug, "ana", weeks=1)
    assert told(grade(due, folder).students["ana"]) == (2, 0, 0, 0)
    with Database(due.course) as data, data.open() as gradebook:
        gradebook.find_assignment(due.slug).duedate = None  # an extension, and no date
    assert told(grade(due, folder).students["ana"]) == (2, 0, 0, 0)


def test_without_a_setting_nothing_is_taken_off_and_lateness_is_told(due: Stage) -> None:
    (due.folder / "settings.toml").unlink()
    result = grade(due, handed_in(due, ana=timedelta(days=3))).students["ana"]
    assert told(result) == (2, 0, 3, 0)
    assert keep(due, grade(due, due.course.root / "handed")).students["ana"].days_late == 3


def test_the_instructors_own_plugin_goes_before(due: Stage) -> None:
    folder = handed_in(due, ana=timedelta(days=3))
    (due.course.root / "ours.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\nclass Ours(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 4 if total_seconds_late == 3 * 86400 else None\n"
    )
    path = f"import sys; sys.path.insert(0, {str(due.course.root)!r})"
    configure(due, path, "from ours import Ours", "c.AssignLatePenalties.plugin_class = Ours")
    assert grade(due, folder).students["ana"].score == 1.5
    configure(due, "del sys.modules['ours']")


def test_nbgraders_own_way_may_be_chosen(due: Stage) -> None:
    configure(due, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    assert grade(due, handed_in(due, ana=timedelta(minutes=1))).students["ana"].score == 0


@pytest.mark.parametrize(("lines", "said"), [
    (["c.AssignLatePenalties.plugin_class = 'no.such.plugin'"], "cannot be used"),
    (["import nbgrader.plugins", "c.AssignLatePenalties.plugin_class = nbgrader.plugins.BasePlugin"], "AttributeError"),
])  # fmt: skip
def test_a_plugin_that_does_not_work_is_told(due: Stage, lines: list[str], said: str) -> None:
    folder = handed_in(due, ana=timedelta(days=3))
    configure(due, *lines)
    with pytest.raises(CourseError, match=said):
        grade(due, folder)


def test_where_nobody_knows_when_nothing_is_taken_off(due: Stage) -> None:
    folder = handed_in(due, ana="", bob="soon", cy=timedelta(days=3))
    result = grade(due, folder).students
    assert [told(result[name]) for name in ("ana", "bob")] == [(2, 0, 0, 0)] * 2
    assert "nobody knows when" in result["bob"].reason
    stamp = due.course.work / "submitted" / "cy" / due.slug / "timestamp.txt"
    assert result["cy"].late_penalty and stamp.is_file()
    files = {f"cy_LATE_1001_9001_{N}": notebook(due), f"bo_1002_9002_{N}": notebook(due)}
    write_roster(due.course, Roster([Person("cy", lms_user_id="1001")]))
    later = grade(due, zipped(due.course.root / "canvas.zip", files)).students["cy"]
    assert told(later) == (2, 0, 0, 0) and "nothing is taken off" in later.reason
    assert not stamp.exists()  # nbgrader's own command would believe it


def test_a_time_that_a_student_packed_is_no_proof(due: Stage, tmp_path: Path) -> None:
    files = {f"{due.slug}/{N}": notebook(due), f"{due.slug}/timestamp.txt": b"2020-01-01 00:00:00 UTC"}
    own = zipped(tmp_path / "ana.zip", files).read_bytes()
    moodle = {f"Ana A_501_assignsubmission_file/{name}": data for name, data in files.items()}
    canvas = {"ana_1_2_work.zip": own, "bob_2_3_work.zip": own}
    for name, packed in ("m.zip", moodle), ("c.zip", canvas), ("z.zip", {"ana.zip": own, "bob.zip": own}):
        with submissions(due, zipped(tmp_path / name, packed)) as found:
            assert found and all(one.handed_in is None and not one.problem for one in found), name


def test_a_zip_of_nbgraders_folder_keeps_the_times(due: Stage, tmp_path: Path) -> None:
    handed_in(due, ana=timedelta(days=3), bob=timedelta(days=1))
    path = shutil.make_archive(str(tmp_path / "submitted"), "zip", due.course.root / "handed")
    with submissions(due, Path(path)) as found:
        assert [one.handed_in for one in found] == [DUE + timedelta(days=3), DUE + timedelta(days=1)]


@pytest.mark.parametrize("line", ["late_days = -1", "late_days = true", "late_penalty = 10", "late_most = 'all'"])
def test_a_setting_that_is_none_is_told(mini: Stage, line: str) -> None:
    (mini.folder / "settings.toml").write_text(line + "\n")
    with pytest.raises(CourseError, match="is no setting"):
        read_settings(mini)
