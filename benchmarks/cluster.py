"""Grading on a Dask cluster: what it costs to be many, and what it costs to be killed.

    .venv/bin/python benchmarks/cluster.py scale          2,000 submissions, 16 workers, 200 kills: one verdict each?
    .venv/bin/python benchmarks/cluster.py scale --real   the same with the real judge in each worker: some minutes more
    .venv/bin/python benchmarks/cluster.py kills          200 submissions, 20 kills of workers and of the command itself
    .venv/bin/python benchmarks/cluster.py kills --postgres  and PostgreSQL stopped 3 times, a teacher typing
    .venv/bin/python benchmarks/cluster.py speed 03       `--cluster local:1` over `--cluster local:2`
    .venv/bin/python benchmarks/cluster.py each           what one submission costs, by stage: for docs/cluster.md

`scale` starts a real scheduler and real workers, and kills a worker at random whenever ten more submissions are done.
The judge in the workers is simulated, unless `--real`: it takes 0.2 s of sleep, and says what can be foretold from the
submission. Reading, diagnosis, gradebook and pages are real. It prints
    last_over_first         seconds per submission in the last quarter over those in the first
    cpu_last_over_first     the same of the coordinator's processor time: a busy machine changes it less
    memory_growth           the coordinator's memory after the last quarter over that after the first

`kills` compares marks with those of a run on this machine's own workers that nobody disturbs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["scale", "kills", "speed", "each"])
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--submissions", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--real", action="store_true", help="scale: the real judge")
    parser.add_argument("--postgres", action="store_true", help="kills: the gradebook is in a PostgreSQL of its own")
    parser.add_argument("--sandbox", choices=["bwrap", "none"], default="bwrap")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        if given.what == "scale":
            count = given.submissions or 2000
            kills = count // 10 if given.kills is None else given.kills
            found = scale(root, count, given.workers or 16, kills, given.real, given.sandbox)
        elif given.what == "kills":
            kills = 20 if given.kills is None else given.kills
            words = given.submissions or 200, kills, given.workers or 2, given.sandbox
            found = on_postgres(root, *words) if given.postgres else disturbed(root, *words)
        elif given.what == "speed":
            found = speed(root, given.stages or ["03"], given.submissions or 48, given.sandbox)
        else:
            found = each(given.stages, given.submissions or 12, given.sandbox)
    print(json.dumps(found, indent=1))


def mini_class(root: Path, count: int) -> Any:
    """A course with a small stage, and a class of which no two submissions are the same."""
    from autograder.course.layout import Course
    from autograder.proof.sample import make_class
    from autograder.stage.new import make_stage

    root.mkdir(parents=True, exist_ok=True)
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    stage = make_stage(Course(root), "12_my_stage")
    make_class(stage, count, 0, root / "class")
    for number, path in enumerate(sorted((root / "class").glob("*.ipynb"))):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("def differences(x):\\n", f"number = {number}\\ndef differences(x):\\n"), "utf-8")
    return stage


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def dask(root: Path, workers: int, *words: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and workers on this machine, as docs/cluster.md starts them: the address, and the workers' parent."""
    file = root / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    log = (root / "dask.log").open("ab")
    told: dict[str, Any] = {"env": environment(), "stdout": log, "stderr": log, "cwd": root}
    local = ["--scheduler-file", str(file), "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    scheduler = subprocess.Popen([*dask, "scheduler", "--port", "0", *local], **told)
    number = ["--nthreads", "1", "--nworkers", str(workers), "--memory-limit", "0"]
    parent = subprocess.Popen([*dask, "worker", *number, *local, *words], **told)
    try:
        while not file.is_file():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], parent
    finally:
        for process in (parent, scheduler):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # a nanny that starts a worker at this moment waits for it
                process.kill()
                process.wait()
        log.close()


def kill_a_worker(parent: subprocess.Popen[bytes], rng: random.Random) -> list[Any]:
    """SIGKILL for one of the workers; its nanny starts another one. The killed one, and what ran below it.

    None where there is no worker at the moment.
    """
    import psutil

    below = psutil.Process(parent.pid).children(recursive=True)
    workers = [process for process in below if "multiprocessing.spawn" in " ".join(words(process))]
    if not workers:
        return []
    worker = rng.choice(workers)
    with contextlib.suppress(psutil.NoSuchProcess):
        hit = [worker, *worker.children(recursive=True)]
        worker.kill()
        return hit
    return []


def words(process: Any) -> list[str]:
    import psutil

    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


# ---- scale


def dask_setup(worker: Any) -> None:
    """`dask worker --preload` calls this: the judge of this worker is a simulated one."""
    from autograder.run.worker import cluster

    cluster.Worker = Simulated  # type: ignore[misc,assignment]


class Simulated:
    """Takes as long as a small job, and has an opinion that depends on the submission alone."""

    def __init__(self, sandbox: str) -> None:
        pass

    def run(self, job: Any) -> Any:
        from autograder.run.job import CellResult, CheckResult, Result

        time.sleep(0.2)
        digest = hashlib.sha256("".join(c.source for c in job.cells if c.kind == "student").encode()).digest()
        checks = [
            CheckResult(c.id, good := digest[0] % 2 == 0, "" if good else "It is odd.", kind="expectation")
            for c in job.cells
            if c.kind == "check"
        ]
        return Result([CellResult(c.id) for c in job.cells if c.kind != "check"], checks, "", 0.2, 0.01)


def scale(root: Path, count: int, workers: int, kills: int, real: bool, sandbox: str) -> dict[str, Any]:
    from autograder.run.worker.worker import choose_sandbox

    stage = mini_class(root / "course", count)
    sandbox = choose_sandbox(sandbox)
    preload = [] if real else ["--preload", str(Path(__file__).resolve())]
    log, killed, rng = root / "steps", 0, random.Random(1)
    with dask(root, workers, *preload) as (address, parent):
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import cluster; cluster.coordinator()"
        command = [sys.executable, "-c", code, str(stage.course.root), address, sandbox, str(log)]
        process = subprocess.Popen(command, env=environment())
        while process.poll() is None:
            time.sleep(0.02)
            done = len(log.read_text().splitlines()) if log.is_file() else 0
            if killed < kills and done >= (killed + 1) * count / (kills + 1):
                killed += bool(kill_a_worker(parent, rng))
        assert process.returncode == 0
    steps = [tuple(map(float, line.split())) for line in log.read_text().splitlines()]
    quarter = count // 4
    times = [(steps[(n + 1) * quarter - 1][0] - steps[n * quarter][0]) / (quarter - 1) for n in range(4)]
    cpu = [(steps[(n + 1) * quarter - 1][2] - steps[n * quarter][2]) / (quarter - 1) for n in range(4)]
    memory = [steps[(n + 1) * quarter - 1][1] for n in range(4)]
    marks, rows = gradebook(stage)
    wrong = 0 if real else sum(marks[name] != foretold(stage, name) for name in marks)
    return {
        "submissions": count,
        "workers": workers,
        "judge": "real" if real else "simulated",
        "kills_of_workers": killed,
        "students_with_marks": len(marks),
        "rows_per_student": rows / max(len(marks), 1),
        "wrong_marks": "see `kills`" if real else wrong,
        "seconds_each_by_quarter": [round(t, 4) for t in times],
        "last_over_first": round(times[3] / times[0], 3),
        "coordinator_mb_by_quarter": [round(m) for m in memory],
        "memory_growth": round(memory[3] / memory[0], 3),
        "coordinator_cpu_s_each_by_quarter": [round(c, 4) for c in cpu],
        "cpu_last_over_first": round(cpu[3] / cpu[0], 3),
    }


def coordinator() -> None:
    """Grade, and note for each submission: when, how much memory and processor time so far."""
    import gc

    import psutil

    from autograder.course.layout import Course
    from autograder.grading.grade import grade
    from autograder.run.worker.cluster import Cluster

    root, address, sandbox, log = sys.argv[1:]
    gc.set_threshold(100_000)  # as the command does
    own = psutil.Process()
    with open(log, "w") as file, Cluster(address, sandbox, lambda text: print(text, file=sys.stderr)) as workers:

        def step(done: int, total: int) -> None:
            if done:
                cpu = own.cpu_times()
                print(time.time(), own.memory_info().rss / (1 << 20), cpu.user + cpu.system, file=file, flush=True)

        course = Course(Path(root))
        result = grade(course.stages()[0], course.root / "class", sandbox, step=step, workers=workers)
    ungraded = [name for name, told in result.students.items() if told.status == "ungraded"]
    if ungraded:
        raise SystemExit(f"ungraded: {ungraded}")


def gradebook(stage: Any) -> tuple[dict[str, dict[str, float]], int]:
    """Every student's marks by check, and how many rows of marks there are in all."""
    from autograder.gradebook.database import Database

    with Database(stage.course) as book, book.open() as data:
        found = data.find_assignment(stage.slug).submissions
        marks = {s.student_id: {g.name: g.auto_score for n in s.notebooks for g in n.grades} for s in found}
        return marks, len(found)


def foretold(stage: Any, student: str) -> dict[str, float]:
    """The simulated judge's marks for a submission, found out here."""
    from autograder.intake.blueprint import Blueprint
    from autograder.intake.prepare import job, prepare
    from autograder.intake.read import read_notebook
    from autograder.stage.read import read_stage

    global _BLUEPRINT
    _BLUEPRINT = _BLUEPRINT or Blueprint(read_stage(stage))
    notebook, _, _ = read_notebook(stage.course.root / "class" / f"{student}.ipynb")
    if notebook is None or prepare(notebook, _BLUEPRINT).foreign:
        return {"differences-values": 0.0}
    work = job(notebook, _BLUEPRINT, student)
    digest = hashlib.sha256("".join(c.source for c in work.cells if c.kind == "student").encode()).digest()
    return {"differences-values": 2.0 if digest[0] % 2 == 0 else 0.0}


_BLUEPRINT: Any = None

# ---- kills


def on_postgres(root: Path, count: int, kills: int, workers: int, sandbox: str) -> dict[str, Any]:
    """The same with the gradebook in PostgreSQL, which is stopped as well, while a teacher gives marks by hand."""
    from autograder.gradebook.connection import VARIABLE
    from tests.test_postgres import Server

    with TemporaryDirectory(prefix="postgres-") as folder:
        server = Server(Path(folder))
        server.start()
        os.environ[VARIABLE] = server.new()
        try:
            return disturbed(root, count, kills, workers, sandbox, server)
        finally:
            del os.environ[VARIABLE]
            server.stop()


class Teacher(threading.Thread):
    """Gives every third student a mark by hand, and another one a second later: `given` has those that were taken."""

    def __init__(self, stage: Any) -> None:
        super().__init__()
        self.stage = stage
        self.given: dict[str, float] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        from nbgrader.api import MissingEntry

        from autograder.gradebook.database import Database

        names = sorted(path.stem for path in (self.stage.course.root / "class").glob("*.ipynb"))[::3]
        with Database(self.stage.course) as data:
            for points in itertools.cycle((0.25, 0.5, 1.25)):
                for name in names:
                    if self.ended.is_set():
                        return
                    with contextlib.suppress(MissingEntry):  # not graded yet
                        data.run(partial(self.give, name, points))
                        self.given[name] = points
                self.ended.wait(1)

    def give(self, name: str, points: float, book: Any) -> None:
        book.find_grade("differences-values", self.stage.slug, self.stage.slug, name).manual_score = points


def disturbed(root: Path, count: int, kills: int, workers: int, sandbox: str, server: Any = None) -> dict[str, Any]:
    """Grade on a cluster while workers and the command are killed at random moments; the same without, elsewhere."""
    import psutil

    from autograder.course.layout import Course, Stage
    from autograder.grading.grade import grade
    from autograder.run.worker.worker import choose_sandbox

    stage = mini_class(root / "course", count)
    sandbox = choose_sandbox(sandbox)
    rng = random.Random(7)
    killed = {"workers": 0, "coordinator": 0, "database": 0}
    teacher = Teacher(stage)
    seen: dict[Path, int] = {}
    again = 0
    below: list[Any] = []  # processes of workers that were killed
    begin = time.monotonic()
    with dask(root, workers) as (address, parent):
        command = [sys.executable, "-m", "autograder.cli", "grade", "12", "--from", "class"]
        command += ["--sandbox", sandbox, "--cluster", address]
        said = (root / "grade.log").open("ab")
        start = lambda: subprocess.Popen(  # noqa: E731
            command, env=environment(), cwd=stage.course.root, stdout=said, stderr=said
        )
        process = start()
        if server is not None:
            teacher.start()
        victims = (["workers", "coordinator"] * ((kills + 1) // 2))[:kills] + ["database"] * 3 * (server is not None)
        rng.shuffle(victims)
        for number, victim in enumerate(victims):
            wanted = (number + 1) * count * 0.85 // (len(victims) + 1)  # not all leave a verdict: some cannot be read
            while len(verdicts(stage)) < wanted and process.poll() is None:
                time.sleep(0.02)
            time.sleep(rng.uniform(0, 0.5))
            if victim == "database":
                server.stop()
                time.sleep(rng.uniform(1, 4))
                server.start()
                killed["database"] += 1
            elif victim == "coordinator":
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed["coordinator"] += 1
                process = start()
            else:
                while not (hit := kill_a_worker(parent, rng)):
                    time.sleep(0.1)
                below += hit
                killed["workers"] += 1
            now = verdicts(stage)
            again += sum(now.get(path) != written for path, written in seen.items())
            seen = now
        code = process.wait()
        teacher.ended.set()
        if server is not None:
            teacher.join()
        said.close()
        if code:
            raise SystemExit((root / "grade.log").read_text()[-3000:])
    now = verdicts(stage)
    again += sum(now.get(path) != written for path, written in seen.items())
    marks, rows = gradebook(stage)
    by_hand = given_by_hand(stage)
    seconds = time.monotonic() - begin
    calm = Stage(Course(stage.course.root, ".course/calm"), stage.slug)
    grade(calm, stage.course.root / "class", sandbox, 2)
    return {
        "submissions": count,
        "kills": killed,
        "seconds": round(seconds),
        "students_with_marks": len(marks),
        "rows_per_student": rows / max(len(marks), 1),
        "gradebook_equal": marks == gradebook(calm)[0],
        "verdicts_equal": {p.name for p in now} == {p.name for p in verdicts(calm)},
        "verdicts_written_twice": again,
        "marks_by_hand": len(by_hand),
        "marks_by_hand_equal": by_hand == teacher.given,
        "processes_left": len(psutil.wait_procs(below, timeout=20)[1]),
    }


def given_by_hand(stage: Any) -> dict[str, float | None]:
    from autograder.gradebook.database import Database

    with Database(stage.course) as book:
        return {name: mark for name, told in book.marks(stage.slug).items() for mark, _ in told.by_hand.values()}


def verdicts(stage: Any) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in stage.course.verdicts.glob("??/*.json")}


# ---- speed, and what one costs


def speed(root: Path, stages: list[str], count: int, sandbox: str) -> dict[str, Any]:
    """The whole command on one and on two workers, each in a fresh course folder; and the same less the start."""
    from autograder.course.layout import Course, find_course
    from autograder.proof.sample import make_class

    found = {}
    for stage in Course(find_course().root).stages(tuple(stages)):
        times = {}
        for workers in (1, 2):
            course = root / f"{stage.slug}-{workers}"
            course.mkdir()
            for name in ("course.py", "nbgrader_config.py"):
                shutil.copy(ROOT / name, course / name)
            shutil.copytree(stage.folder, course / "solutions" / stage.slug)
            make_class(Course(course).stages()[0], count, 0, course / "class")
            command = [sys.executable, "-m", "autograder.cli", "grade", stage.slug, "--from", "class"]
            command += ["--sandbox", sandbox, "--cluster", f"local:{workers}"]
            begin, first = time.perf_counter(), 0.0
            with subprocess.Popen(
                command, env=environment(), cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            ) as process:
                assert process.stderr is not None
                said = []
                for line in process.stderr:  # a line for each mark
                    first = first or time.perf_counter() - begin
                    said.append(line.decode())
            if process.returncode:
                raise SystemExit("".join(said[-20:]))
            times[workers] = time.perf_counter() - begin, first
        (one, one_first), (two, two_first) = times[1], times[2]
        found[stage.slug] = {
            "submissions": count,
            "one_worker_s": round(one, 1),
            "two_workers_s": round(two, 1),
            "ratio": round(one / two, 2),
            "ratio_after_the_first_mark": round((one - one_first) / (two - two_first), 2),
        }
    return found


def each(stages: list[str], count: int, sandbox: str) -> dict[str, Any]:
    """Processor seconds of one submission in worker and coordinator, and bytes of its job and result."""
    import pickle
    import resource

    from autograder.course.layout import Course, find_course
    from autograder.grading.grade import grade
    from autograder.proof.sample import make_class
    from autograder.run.job import Job, Result
    from autograder.run.worker.pool import workers_for

    found = {}
    for stage in Course(find_course().root).stages(tuple(stages)):
        with TemporaryDirectory() as folder:
            course = Path(folder)
            for name in ("course.py", "nbgrader_config.py"):
                shutil.copy(ROOT / name, course / name)
            shutil.copytree(stage.folder, course / "solutions" / stage.slug)
            own = Course(course).stages()[0]
            make_class(own, count, 0, course / "class")
            ran: list[tuple[Job, Result]] = []
            with workers_for(own, sandbox, 1) as workers:
                run = workers.run

                def noted(work: Job, run: Any = run, ran: list[tuple[Job, Result]] = ran) -> Result:
                    ran.append((work, run(work)))
                    return ran[-1][1]

                workers.run = noted  # type: ignore[method-assign]
                grade(own, course / "class", sandbox, workers=workers)  # the catalogue's answers run, too
                shutil.rmtree(own.course.verdicts)
                known = ran[:]
                ran.clear()
                before = resource.getrusage(resource.RUSAGE_SELF)
                begin = time.perf_counter()
                grade(own, course / "class", sandbox, workers=workers)
                wall = time.perf_counter() - begin
                after = resource.getrusage(resource.RUSAGE_SELF)
            once = [result.cpu_seconds for work, result in ran if any(cell.id == "none" for cell in work.cells)]
            cpu = sum(result.cpu_seconds for _, result in ran) - sum(once)
            found[stage.slug] = {
                "submissions": count,
                "worker_cpu_s_each": round(cpu / count, 3),
                "catalogue_cpu_s_once": round(sum(once), 1),
                "coordinator_cpu_s_each": round(
                    (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count, 4
                ),
                "jobs_each": round((len(ran) - len(once)) / count, 2),
                "job_kb": round(sum(len(pickle.dumps(work)) for work, _ in known) / len(known) / 1000),
                "result_kb": round(sum(len(pickle.dumps(result)) for _, result in known) / len(known) / 1000),
                "wall_s": round(wall, 1),
            }
            print(json.dumps({stage.slug: found[stage.slug]}), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
