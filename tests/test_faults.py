"""Faults of the program around the judge: none becomes a student's mark, and none loses what a person did."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.build.write import build
from autograder.course.faults import CourseError
from autograder.course.layout import Stage
from autograder.feedback.last_result import keep, load
from autograder.gradebook.results import ClassResult, Mark, StudentResult, stopped_with
from autograder.grading import grade as grading
from autograder.grading.grade import grade
from autograder.intake.read import read_notebook
from autograder.nbgrader_steps import Execute, Session
from autograder.run import store
from autograder.run.job import Job, JobCell, machine_fault
from autograder.run.limits import Limits, read_limits
from autograder.run.worker import pool
from autograder.run.worker.pool import Workers
from autograder.run.worker.worker import Worker

from .conftest import edit, run

pytestmark = pytest.mark.usefixtures("one_worker")
RIGHT = "def differences(x):\n    return x[:, 1:] - x[:, :-1]"
TOTAL = (  # a second exercise, and what follows it
    '# %% exercise="total" builds_on="differences"\ndef total(x):\n    """The sum."""\n    ### BEGIN SOLUTION\n'
    "    return differences(x).sum()\n    ### END SOLUTION\n\n"
    '# %% check="total-value" points=1\nexpect(total(torch.tensor([[1.0, 4.0]]))).equal(torch.tensor(3.0))\n\n'
    "# %% [markdown]\n# ## What you can now do\n"
)


def hand_in(stage: Stage, name: str, source: str = RIGHT) -> Path:
    build(stage)
    notebook = nbformat.read(stage.released, as_version=4)
    next(c for c in notebook.cells if c.id == "differences").source = source
    folder = stage.course.root / "class"
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def mark(stage: Stage, student: str) -> float:
    with Gradebook(f"sqlite:///{stage.course.gradebook}") as gradebook:
        return float(gradebook.find_submission(stage.slug, student).score)


def killed_whenever_it_works(self: Worker, message: Job | None, seconds: float, tell: Any = None) -> Any:
    if message is not None and self.pid:
        os.kill(self.pid, signal.SIGKILL)
    return ASK(self, message, seconds, tell)


def no_start(self: Worker) -> None:
    raise RuntimeError("The grading worker did not start; its error stands above.")


ASK = Worker._ask


@pytest.mark.parametrize("fault", [{"_ask": killed_whenever_it_works}, {"start": no_start}], ids=["killed", "no start"])
def test_where_the_machine_fails_a_submission_is_ungraded_and_its_mark_stays(
    mini: Stage, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    monkeypatch.setattr(pool, "Worker", Worker)  # workers of its own
    folder = hand_in(mini, "ana")
    assert grade(mini, folder, "none").students["ana"].score == 2
    hand_in(mini, "ana", RIGHT + "\n# again")
    with monkeypatch.context() as patched:
        for name, value in fault.items():
            patched.setattr(Worker, name, value)
        result = grade(mini, folder, "none")
        keep(mini, result)
    ana = result.students["ana"]
    assert ana.status == "ungraded" and "worker" in ana.reason and not result.complete
    assert result.as_json()["students"]["ana"]["score"] is None
    assert mark(mini, "ana") == 2
    again = grade(mini, folder, "none")
    assert (again.students["ana"].status, again.complete) == ("graded", True)


def test_where_the_machine_fails_in_what_is_carried_forward_no_point_is_lost(
    mini: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(mini, "# %% [markdown]\n# ## What you can now do\n", TOTAL)
    folder = hand_in(mini, "ana", "def differences(x):\n    return x[:, :-1] - x[:, 1:]")
    notebook = nbformat.read(folder / "ana.ipynb", as_version=4)
    next(c for c in notebook.cells if c.id == "total").source = "def total(x):\n    return differences(x).sum()"
    nbformat.write(notebook, folder / "ana.ipynb")
    run = Worker.run
    with monkeypatch.context() as patched:
        gone = lambda self, job: machine_fault(job, "The worker ended.") if job.unseen else run(self, job)  # noqa: E731
        patched.setattr(Worker, "run", gone)
        ana = grade(mini, folder, "none").students["ana"]
        monkeypatch.setenv("AUTOGRADER_SANDBOX", "none")
        told = {"nbgrader": {"student": "ana", "notebook": mini.slug, "assignment": mini.slug}}
        with pytest.raises(RuntimeError, match="an earlier mark stays"):  # nbgrader's own command
            Execute(session=Session(mini.course)).preprocess(nbformat.from_dict(notebook), told)
    assert ana.status == "ungraded" and "The worker ended. It was tried more than once." in ana.reason
    assert grade(mini, folder, "none").students["ana"].score == 1, "carried forward"


def test_an_ungraded_submission_is_in_the_table_and_in_the_exit_code(mini: Stage, tmp_path: Path) -> None:
    hand_in(mini, "ana")
    # A grader that stumbles over every notebook, in a process of its own.
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import autograder.grading.grade as g\ndef prepare(*a):\n    raise KeyError('a mistake of ours')\n"
        "g.prepare = prepare\n"
    )
    os.environ["PYTHONPATH"], before = str(broken), os.environ.get("PYTHONPATH")
    try:
        done = run("grade", "12", "--from", "class", "--sandbox", "none", cwd=mini.course.root, ok=False)
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)
    assert "ungraded" in done.stdout and "errors.log" in done.stdout
    log = (mini.course.work / "errors.log").read_text(encoding="utf-8")
    assert "Traceback" in log and "a mistake of ours" in log and "ana" in log


def test_a_page_that_fails_is_told_and_its_traceback_kept(mini: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def page(*_: Any) -> Any:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(grading, "page", page)
    result = grade(mini, hand_in(mini, "ana"), "none")
    assert result.students["ana"].score == 2 and "errors.log" in result.students["ana"].no_page
    assert not result.complete
    assert "a mistake of ours" in (mini.course.work / "errors.log").read_text(encoding="utf-8")


def test_from_another_folder_every_page_is_there(mini: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = hand_in(mini, "ana")
    monkeypatch.chdir(tmp_path)
    assert grade(mini, folder, "none").complete
    assert (mini.course.work / "feedback" / "ana" / mini.slug / f"{mini.slug}.html").is_file()


def test_a_dry_run_writes_no_gradebook_and_no_points(mini: Stage) -> None:
    folder = hand_in(mini, "ana")
    for path in sorted(mini.course.work.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert grade(mini, folder, "none", dry_run=True).changed == {"ana": (None, 2)}
    written = {path.relative_to(mini.course.work).parts[0] for path in mini.course.work.rglob("*")}
    assert written <= {"verdicts"}, "what was run is kept, so that grading after it is quick; nothing else"
    grade(mini, folder, "none")
    edit(mini, "points=2", "points=5")
    assert grade(mini, folder, "none", dry_run=True).changed == {"ana": (2, 5)}
    with Gradebook(f"sqlite:///{mini.course.gradebook}") as gradebook:
        assert gradebook.find_submission(mini.slug, "ana").max_score == 2


def test_what_somebody_wrote_is_kept_beside_the_notebook_when_it_is_built_anew(mini: Stage) -> None:
    build(mini)
    edit(mini, "Two slices of the same tensor", "Two slices of one tensor")
    assert build(mini) == (True, None), "nobody had worked in it"
    for work in ("an hour of thought", "notes of a week", "my own answer"):
        notebook = nbformat.read(mini.released, as_version=4)
        cell = next(c for c in notebook.cells if c.id == "differences")
        if work == "an hour of thought":
            cell.source = cell.source.replace("    # YOUR CODE HERE", f"    # YOUR CODE HERE\n    # {work}")
            assert "raise NotImplementedError" in cell.source
        elif work == "notes of a week":
            notebook.cells.append(nbformat.v4.new_markdown_cell(work))
        else:
            notebook.cells[-1].source += f"\n{work}"
        nbformat.write(notebook, mini.released)
        changed, kept = build(mini)
        assert changed and kept is not None and kept.parent == mini.released.parent
        assert work in kept.read_text(encoding="utf-8")
        assert work not in mini.released.read_text(encoding="utf-8")


def test_a_report_after_a_check_was_added_says_so_and_is_written(mini: Stage) -> None:
    edit(
        mini,
        "# %% [markdown]\n# ## What you can now do\n",
        TOTAL,
    )
    folder = hand_in(mini, "ana")
    notebook = nbformat.read(folder / "ana.ipynb", as_version=4)
    next(c for c in notebook.cells if c.id == "total").source = "def total(x):\n    return 7"
    nbformat.write(notebook, folder / "ana.ipynb")
    run("grade", "12", "--from", "class", "--sandbox", "none", cwd=mini.course.root)
    edit(
        mini,
        "# %% [markdown]\n# **Predict first:**",
        '# %% check="differences-more" points=1\n'
        "expect(differences(torch.tensor([[1.0, 2.0]]))).equal(torch.tensor([[1.0]]))\n\n"
        "# %% [markdown]\n# **Predict first:**",
    )
    assert "Grade it again" in run("report", "12", cwd=mini.course.root).stderr


def test_no_sandbox_is_said_of_a_report_as_long_as_it_is_true_of_somebody(mini: Stage) -> None:
    def graded(sandbox: str, *students: str) -> ClassResult:
        marks = {"differences-values": Mark(2, 2)}
        return ClassResult(mini.slug, 2, {name: StudentResult("graded", "", marks) for name in students}, sandbox)

    keep(mini, graded("none", "ana", "bob"))
    assert keep(mini, graded("bwrap", "ana")).sandbox == "none", "bob is still graded without"
    assert keep(mini, graded("bwrap", "bob")).sandbox == "bwrap"
    assert load(mini).students["ana"].sandbox == "bwrap"


@pytest.mark.parametrize(
    ("line", "error"),
    [("raise Mine('x')", "Mine"), ("import json\njson.loads('{')", "JSONDecodeError"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_cell_that_stops_says_with_which_error(mini: Stage, line: str, error: str) -> None:
    source = f"class Mine(Exception): pass\n{line}\n{RIGHT}"
    result = grade(mini, hand_in(mini, "ana", source), "none").students["ana"]
    assert stopped_with(result, "differences").startswith(f"{error} in line ")
    assert f"its cell stopped with {error}" in result.checks["differences-values"].message


def test_a_limit_that_is_none_is_an_error_with_its_place(mini: Stage) -> None:
    for line in ("cpu_seconds = 0.5", "check_seconds = nan", "check_seconds = inf", "memory_mb = -1", "calls = true"):
        (mini.folder / "limits.toml").write_text(line + "\n")
        with pytest.raises(CourseError, match=r"limits\.toml: .* is no limit"):
            read_limits(mini)
    (mini.folder / "limits.toml").write_text("cpu_seconds = 20.0\ncheck_seconds = 0.5\n")
    assert (read_limits(mini).cpu_seconds, read_limits(mini).check_seconds) == (20, 0.5)


def test_the_size_of_the_scratch_folder_is_the_stages() -> None:
    works, reason = pool_sandbox()
    if not works:
        pytest.skip(reason)
    write = JobCell(
        "student", "f", "with open('big', 'wb') as file:\n    file.write(bytes(20 << 20))\ndef f(): return 1"
    )
    check = JobCell("check", "f-1", "assert f() == 1")
    with Worker() as worker:
        for megabytes, passed in ((4, []), (64, ["f-1"])):
            result = worker.run(Job([write, check], ["f"], Limits(scratch_mb=megabytes)))
            assert result.passed == passed
            told = "".join(o.get("text", "") for o in result.cells[0].outputs)
            assert ("all files together (4 MB)" in told) == (megabytes == 4)


def pool_sandbox() -> tuple[bool, str]:
    from autograder.run.sandbox.bwrap import available

    return available()


@pytest.mark.parametrize("sheets", ["5", "[]", '[{"cells": 5}]', "[5]", '[{"cells": [5]}]'])
def test_worksheets_that_are_none_are_told_and_not_raised(tmp_path: Path, sheets: str) -> None:
    (tmp_path / "w.ipynb").write_text(f'{{"worksheets": {sheets}}}')
    notebook, _, problem = read_notebook(tmp_path / "w.ipynb")
    assert notebook is None and problem


def test_that_a_result_cannot_be_written_is_found_out_before_the_work(mini: Stage) -> None:
    for words in (["verify"], ["grade", "12", "--from", "class"], ["check"]):
        hand_in(mini, "ana")
        done = run(*words, "--json", "nowhere/x.json", cwd=mini.course.root, ok=False)
        assert "cannot be written" in done.stderr and "All proven" not in done.stdout
        assert not mini.course.gradebook.exists()


def test_ctrl_c_reaches_a_worker_that_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends by itself, since its caller hung up; nobody has to kill it, and nothing is started again."""
    monkeypatch.setattr(pool, "Worker", Worker)
    began, ended = threading.Event(), []
    with pytest.raises(KeyboardInterrupt), Workers(1, "none") as workers:
        worker = workers.all[0]
        worker.start()
        ask = workers.forkserver.ask
        monkeypatch.setattr(workers.forkserver, "ask", lambda *words: ended.append(ask(*words)) or ended[-1])

        def work() -> Any:
            began.set()
            return worker.run(Job([JobCell("student", "f", "import time\ntime.sleep(1000)")], ["f"]))

        waiting = workers.threads.submit(work)
        began.wait()
        raise KeyboardInterrupt
    assert "ended in the middle" in waiting.result().error
    assert ended[-1] == {"status": 0} and all(told == {"running": True} for told in ended[:-1])
    assert worker.pid == 0


def test_workers_are_as_many_as_processors_may_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    for quota, count in (("max 100000", 8), ("250000 100000", 3), ("50000 100000", 1)):
        (tmp_path / "cpu.max").write_text(quota)
        monkeypatch.setattr(pool, "CGROUP", tmp_path)
        assert pool.processors() == count


def test_a_changed_report_runs_no_class_again_and_a_changed_judge_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    package = tmp_path / "autograder"
    shutil.copytree(store.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "PACKAGE", package)

    def key() -> str:
        store.fingerprint.cache_clear()
        return store.fingerprint()

    before = key()
    with open(package / "feedback" / "report.py", "a") as file:
        file.write("# another word\n")
    assert key() == before
    with open(package / "run" / "judge" / "judge.py", "a") as file:
        file.write("# another word\n")
    assert key() != before
    store.fingerprint.cache_clear()


def test_other_data_run_a_class_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "DATA", tmp_path)
    (tmp_path / "runs.json").write_text("[1]", encoding="utf-8")

    def key() -> str:
        return store.Store(tmp_path, "none").key(Job([], []))

    before = key()
    assert key() == before
    (tmp_path / "runs.json").write_text("[2]", encoding="utf-8")
    assert key() != before


def test_a_verdict_is_data_in_the_stored_result_and_in_the_notebook(mini: Stage) -> None:
    wrong = "def differences(x):\n    return x[:, :-1] - x[:, 1:]"
    result = grade(mini, hand_in(mini, "ana", wrong), "none")
    told = result.students["ana"].checks["differences-values"]
    assert (told.kind, told.says) == ("expectation", "It is later minus earlier: what rises has d > 0.")
    assert told.hint == "Later minus earlier." and "likely cause" not in told.message
    path = mini.course.work / "autograded" / "ana" / mini.slug / f"{mini.slug}.ipynb"
    cell = next(c for c in nbformat.read(path, as_version=4).cells if c.id == "differences-values")
    assert dict(cell.metadata.autograder) == {
        "kind": told.kind, "message": told.message, "hint": told.hint, "says": told.says, "stopped_with": "",
        "answer": "", "carried_from": [],
    }  # fmt: skip
    stored = [json.loads(p.read_text(encoding="utf-8")) for p in mini.course.verdicts.rglob("*.json")]
    checks = [check for one in stored for check in one["checks"]]
    assert any(check["hint"] == told.hint and check["kind"] == "expectation" for check in checks)
