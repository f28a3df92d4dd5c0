"""Grade a class: find the submissions, run each through nbgrader's pipeline, collect marks, messages and pages."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.build import build
from autograder.course import CourseError, Fault, Stage
from autograder.pipeline import configure
from autograder.recover import recover
from autograder.stage import Content, read_stage
from autograder.verdict import failure
from autograder.verify import Outcome, Outcomes, catalogue, signature


@dataclass
class CheckResult:
    score: float
    max: float
    message: str = ""


@dataclass
class StudentResult:
    """One submission's verdict: `graded`, `repaired` (with what was repaired) or `failed` (with the reason)."""

    status: str
    reason: str = ""
    checks: dict[str, CheckResult] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(check.score for check in self.checks.values())


@dataclass
class ClassResult:
    stage: str
    max_score: float
    students: dict[str, StudentResult]

    def as_json(self) -> dict[str, Any]:
        def student(r: StudentResult) -> dict[str, Any]:
            return {
                "score": _number(r.score),
                "status": r.status,
                "reason": r.reason,
                "checks": {
                    name: {"score": _number(c.score), "max": _number(c.max), "message": c.message}
                    for name, c in r.checks.items()
                },
                "misconceptions": r.misconceptions,
            }

        return {
            "stage": self.stage,
            "max_score": _number(self.max_score),
            "students": {name: student(result) for name, result in sorted(self.students.items())},
        }


@dataclass
class Submission:
    """A notebook as it was handed in; `note` says what is odd about it, `problem` why it cannot be graded."""

    student: str
    path: Path | None
    note: str = ""
    problem: str = ""


@contextmanager
def submissions(stage: Stage, path: Path) -> Iterator[list[Submission]]:
    """The submissions in a folder of `STUDENT.ipynb` or `STUDENT/NN_slug.ipynb`, or in a zip of either.

    Raises:
        CourseError: when there is none.
    """
    with TemporaryDirectory() as unpacked:
        folder = path
        if path.is_file():
            folder = Path(unpacked)
            _unzip(path, folder)
        elif not path.is_dir():
            raise CourseError(Fault(str(path), "is not there.", "Give a folder or a zip file with --from."))
        found = _find(stage, folder)
        if not found:
            fix = f"It should hold STUDENT.ipynb, or STUDENT/{stage.slug}.ipynb."
            raise CourseError(Fault(str(path), "holds no submission.", fix))
        yield found


def grade(stage: Stage, path: Path, step: Callable[[int, int], None] = lambda done, total: None) -> ClassResult:
    """Grade every submission in `path`. `step` is told how many are done, of how many."""
    content = read_stage(stage)
    build(stage)
    grader = _Nbgrader(stage)
    grader.register()
    results: dict[str, StudentResult] = {}
    with submissions(stage, path) as found:
        for done, submission in enumerate(found):
            step(done, len(found))
            results[submission.student] = _grade_one(grader, content, submission)
        step(len(found), len(found))
    _diagnose(stage, content, results)
    return ClassResult(stage.slug, content.max_score, results)


def _grade_one(grader: _Nbgrader, content: Content, submission: Submission) -> StudentResult:
    """A verdict for one submission, whatever it holds."""
    nothing = {c.id: CheckResult(0, c.points) for c in content.of_kind("check")}
    if submission.path is not None and not submission.problem:
        submission.problem, note = grader.accept(submission.student, submission.path)
        submission.note = " ".join(filter(None, [submission.note, note]))
    if submission.problem:
        grader.forget(submission.student)
        return StudentResult("failed", submission.problem, nothing)
    problem = grader.run(submission.student)
    if problem:
        grader.forget(submission.student)
        return StudentResult("failed", problem, nothing)
    checks = grader.marks(submission.student)
    return StudentResult("repaired" if submission.note else "graded", submission.note, checks)


class _Nbgrader:
    """nbgrader's converters and gradebook, for one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.config = Config()
        configure(self.config, stage.course)
        self.coursedir = CourseDirectory(config=self.config)
        self.coursedir.assignment_id = stage.slug
        self.log: list[str] = []

    def register(self) -> None:
        """Tell the gradebook about the stage's checks.

        Raises:
            CourseError: when the gradebook has marks for other checks, or cannot be written.
        """
        problem = self._convert(GenerateAssignment, student=".")
        if "there are submissions associated" in problem:
            command = f"nbgrader db assignment remove {self.stage.slug} --force"
            fix = f"Keep a copy of it if you need the old marks, then run: {command}"
            raise CourseError(Fault(str(self.stage.course.gradebook), "has marks for other checks of this stage.", fix))
        if problem:
            raise CourseError(Fault(self.stage.slug, f"nbgrader says: {problem}", "Mend that, then grade again."))

    def accept(self, student: str, path: Path) -> tuple[str, str]:
        """Read the submission and put it where nbgrader looks for it; (why that failed, what was repaired)."""
        note = ""
        try:
            data = path.read_bytes()
            text = data.decode("utf-8-sig")
            if data.startswith(b"\xef\xbb\xbf"):
                note = "A byte order mark was removed."
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
        except UnicodeDecodeError:
            return "The file is not text. Save the notebook in JupyterLab and hand in the .ipynb file.", ""
        except Exception as e:  # whatever nbformat finds wrong
            cut = isinstance(e, nbformat.reader.NotJSONError)
            what = "is damaged: it ends too early, or it is no notebook at all" if cut else "is no valid notebook"
            return f"The file {what}. Open it in JupyterLab, save it, and hand it in again.", ""
        source = nbformat.read(self.stage.source, as_version=4)
        wanted = [cell for cell in source.cells if "nbgrader" in cell.metadata]
        notes = recover(nbformat.from_dict(notebook), source)  # a copy: what was handed in stays as it is
        if len([note for note in notes if "put back" in note]) == len(wanted):
            return f"This is not the notebook of {self.stage.slug}: it has none of its cells.", ""
        note = " ".join(filter(None, [note, *notes]))
        target = self.coursedir.root + f"/submitted/{student}/{self.stage.slug}/{self.stage.slug}.ipynb"
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(nbformat.writes(notebook), encoding="utf-8")
        return "", note

    def run(self, student: str) -> str:
        """Autograde one student's notebook and make the feedback page; what went wrong, or nothing."""
        return self._convert(Autograde, student) or self._convert(GenerateFeedback, student)

    def marks(self, student: str) -> dict[str, CheckResult]:
        slug = self.stage.slug
        path = f"{self.coursedir.root}/autograded/{student}/{slug}/{slug}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        messages = {
            c.metadata.nbgrader.grade_id: failure(c) for c in cells if c.metadata.get("nbgrader", {}).get("grade")
        }
        with Gradebook(self.coursedir.db_url) as gradebook:
            grades = gradebook.find_submission_notebook(slug, slug, student).grades
            return {g.name: CheckResult(g.score, g.max_score, messages.get(g.name) or "") for g in grades}

    def forget(self, student: str) -> None:
        """A submission that could not be graded keeps no mark and no page from an earlier one."""
        with warnings.catch_warnings(), Gradebook(self.coursedir.db_url) as gradebook:
            warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
            try:
                gradebook.remove_submission(self.stage.slug, student)
            except MissingEntry:
                gradebook.update_or_create_student(student)
            for grade in gradebook.update_or_create_submission(self.stage.slug, student).notebooks[0].grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
            gradebook.db.commit()
        for step in ("submitted", "autograded", "feedback"):
            shutil.rmtree(f"{self.coursedir.root}/{step}/{student}/{self.stage.slug}", ignore_errors=True)

    def _convert(self, converter: type[BaseConverter], student: str) -> str:
        """Run one of nbgrader's converters; the error that stopped it, or nothing."""
        self.coursedir.student_id = student
        self.log.clear()
        logger = logging.Logger(converter.__name__)
        handler = _Keep(self.log)
        logger.addHandler(handler)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader's own, on each new submission
                converter(coursedir=self.coursedir, config=self.config, force=True, log=logger).start()
        except (Exception, SystemExit) as e:  # nbgrader raises many kinds; each is one submission's problem
            told = [text for text in self.log if "Traceback" in text] or self.log or [f"{type(e).__name__}: {e}"]
            return told[0].strip().split("\n")[-1]
        return ""


class _Keep(logging.Handler):
    """Keeps what nbgrader says about errors."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _diagnose(stage: Stage, content: Content, results: dict[str, StudentResult]) -> None:
    """Name the catalogue's wrong answer that fails the same checks with the same messages."""
    wrong = {
        exercise
        for result in results.values()
        for exercise in content.exercises
        if result.status != "failed" and any(_failed(result, c.id) for c in content.checks(exercise))
    }
    known = catalogue(stage, content, sorted(wrong)) if wrong else {}
    for result in results.values():
        for exercise, answers in known.items():
            outcomes: Outcomes = {
                c.id: Outcome(not _failed(result, c.id), result.checks[c.id].message) for c in content.checks(exercise)
            }
            if all(o.passed for o in outcomes.values()) or result.status == "failed":
                continue
            if broken_below(content, result, exercise):
                continue  # the mistake may be in the exercise that this one uses
            same = [answer.name for answer, expected in answers if signature(expected) == signature(outcomes)]
            if same:
                result.misconceptions[exercise] = same[0]


def broken_below(content: Content, result: StudentResult, exercise: str) -> list[str]:
    """The exercises that this one builds on and that lost points."""
    below = next(cell.builds_on for cell in content.of_kind("exercise") if cell.id == exercise)
    return [name for name in below if any(_failed(result, c.id) for c in content.checks(name))]


def _failed(result: StudentResult, check: str) -> bool:
    return result.checks[check].score < result.checks[check].max


def _find(stage: Stage, folder: Path) -> list[Submission]:
    found: dict[str, Submission] = {}
    entries = _entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and _holds_a_class(stage, entries[0]):
        entries = _entries(entries[0])  # a zip of a folder
    for entry in entries:
        if entry.is_symlink():
            found[entry.stem] = Submission(entry.stem, None, problem="A link was handed in, not a notebook.")
        elif entry.suffix == ".ipynb":
            found[entry.stem] = Submission(entry.stem, entry)
        elif entry.is_dir():
            found[entry.name] = _in_folder(stage, entry)
    return [found[name] for name in sorted(found)]


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "__")))


def _holds_a_class(stage: Stage, folder: Path) -> bool:
    """Is this folder a class, and not one student's?"""
    inside = _entries(folder)
    notebooks = [p.name for p in inside if p.suffix == ".ipynb"]
    return f"{stage.slug}.ipynb" not in notebooks and (len(notebooks) > 1 or any(p.is_dir() for p in inside))


def _in_folder(stage: Stage, folder: Path) -> Submission:
    right = folder / f"{stage.slug}.ipynb"
    notebooks = sorted(p for p in folder.glob("*.ipynb") if not p.is_symlink())
    if right in notebooks:
        return Submission(folder.name, right)
    if len(notebooks) == 1:
        return Submission(folder.name, notebooks[0], note=f"The file was called {notebooks[0].name}.")
    what = "no notebook" if not notebooks else f"{len(notebooks)} notebooks, none of them called {right.name}"
    return Submission(folder.name, None, problem=f"The folder holds {what}. Hand in {right.name}.")


def _unzip(path: Path, folder: Path) -> None:
    """Unpack a zip's notebooks; nothing in it can land outside `folder`, and links stay plain files."""
    try:
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                name = PurePosixPath(item.filename)
                if name.suffix == ".ipynb" and ".." not in name.parts and not name.is_absolute():
                    archive.extract(item, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as e:
        raise CourseError(
            Fault(str(path), f"cannot be unpacked: {e}.", "Give a folder, or a zip file that opens.")
        ) from e


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def write_json(result: ClassResult, path: Path) -> None:
    path.write_text(json.dumps(result.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
