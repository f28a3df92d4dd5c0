"""Stock `nbgrader autograde` and this course's grading on the same submissions, in one run on one machine.

    .venv/bin/python benchmarks/grading.py                          stages 00 and 03, 24 submissions each
    .venv/bin/python benchmarks/grading.py 00 --submissions 8       a quick look
    .venv/bin/python benchmarks/grading.py --json result.json
    .venv/bin/python benchmarks/grading.py --many 2000              tiny submissions in a row: time and memory

Per stage it prints medians and these ratios:
    wall_ratio, cpu_ratio   stock over ours, per submission, once everything is warm
    floor_ratio             ours on one worker over a bare fork of a warm process: no sandbox, no judge
    overhead_s              ours on one worker: wall time less the student's own cells and checks
    two_workers             one worker's time over two workers' time
    command_each_ratio      stock over the whole of `autograder grade`, per further submission: with the diagnosis, the
                            gradebook and the feedback pages, which stock makes with another command
    whole_command_ratio     stock over the whole command in a fresh course folder: nothing stored, start included
    first_mark_s            from the start of that command until the first mark is on the screen
    second_run_cpu_s        processor time of the same command once more, when all verdicts are stored

Both sides get notebooks without the demonstrations (stock would run them as well), and one thread. What is paid once
a run is left out on both sides and shown apart: stock's by timing two submissions and all of them, ours by timing
from the first result on.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import linecache
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Before torch is imported: several threads on a loaded machine are up to ten times slower than one.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import nbformat
import psutil

from autograder.build.release import source_notebook
from autograder.build.site.figures import keep_benchmark
from autograder.build.write import build
from autograder.course.layout import Course, Stage, find_course
from autograder.intake.blueprint import Blueprint
from autograder.intake.prepare import job, prepare
from autograder.proof.sample import make_class
from autograder.run.job import Job, JobCell
from autograder.run.worker.worker import Worker
from autograder.stage.model import Content
from autograder.stage.read import read_stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", default=["00", "03"])
    parser.add_argument("--submissions", type=int, default=24)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-stock", action="store_true", help="only our side")
    parser.add_argument("--many", type=int, help="only this many tiny submissions on one worker, one after the other")
    arguments = parser.parse_args()
    if arguments.many:
        many(arguments.many)
        return
    found = {}
    with TemporaryDirectory() as folder:
        course = Course(find_course().root)
        for stage in course.stages(tuple(arguments.stages)):
            found[stage.slug] = measure(stage, Path(folder) / stage.slug, arguments.submissions, arguments.skip_stock)
            print_stage(stage.slug, found[stage.slug])
    if not arguments.skip_stock:
        keep_benchmark(course, found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(stage: Stage, folder: Path, count: int, skip_stock: bool) -> dict[str, Any]:
    build(stage)
    content = read_stage(stage)
    blueprint = Blueprint(content)
    notebooks = submissions(stage, folder / "class", count)
    jobs = []
    for notebook in notebooks.values():
        prepare(notebook, blueprint)
        jobs.append(job(notebook, blueprint))
    one, own = ours(jobs, 1)
    two, _ = ours(jobs, 2)
    floor = bare_forks(jobs)
    first, second, few = [], [], []
    for i in range(3):  # each time in a fresh course folder; a difference of two single runs would be mostly noise
        first.append(our_command(stage, folder / f"all{i}", notebooks))
        second.append(our_command(stage, folder / f"all{i}", {}))
        few.append(our_command(stage, folder / f"few{i}", dict(list(notebooks.items())[:2])))
    command, first_mark, _ = (statistics.median(figures) for figures in zip(*first, strict=True))
    second_cpu = statistics.median(cpu for _, _, cpu in second)
    command_each = (command - statistics.median(wall for wall, _, _ in few)) / (count - 2)
    result: dict[str, Any] = {
        "submissions": count,
        "ours_wall_s": two["wall"],
        "ours_cpu_s": one["cpu"],
        "one_worker_wall_s": one["wall"],
        "floor_wall_s": floor,
        "floor_ratio": one["wall"] / floor,
        "overhead_s": statistics.median(w - o for w, o in zip(one["each"], own, strict=True)),
        "two_workers": one["wall"] / two["wall"],
        "start_s": one["start"],
        "command_s": command,
        "command_each_s": command_each,
        "first_mark_s": first_mark,
        "second_run_cpu_s": second_cpu,
    }
    if not skip_stock:
        stock_wall, stock_cpu, stock_start = stock(content, folder, notebooks)
        result |= {
            "stock_wall_s": stock_wall,
            "stock_cpu_s": stock_cpu,
            "stock_start_s": stock_start,
            "wall_ratio": stock_wall / two["wall"],
            "wall_ratio_one_worker": stock_wall / one["wall"],
            "cpu_ratio": stock_cpu / one["cpu"],
            "command_each_ratio": stock_wall / command_each,
            "whole_command_ratio": (stock_start + count * stock_wall) / command,
        }
    return result


def submissions(stage: Stage, folder: Path, count: int) -> dict[str, Any]:
    """`count` readable notebooks of a sample class, without the demonstrations."""
    made = make_class(stage, 2 * count, 0, folder)
    names = [name for name, m in made.items() if m.kind != "broken file"][:count]
    notebooks = {}
    for name in names:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        notebook.cells = [c for c in notebook.cells if c.cell_type != "code" or "nbgrader" in c.metadata]
        notebooks[name] = notebook
    return notebooks


def ours(jobs: list[Job], workers: int) -> tuple[dict[str, Any], list[float]]:
    """Wall and CPU seconds per submission, sandbox on; and the seconds of each one's own cells and checks."""
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    free: SimpleQueue[Worker] = SimpleQueue()
    start = time.perf_counter()
    everyone = [Worker("bwrap") for _ in range(workers)]
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda worker: worker.start(), everyone))
        started = time.perf_counter() - start
        for worker in everyone:
            free.put(worker)

        def run(work: Job) -> tuple[float, float, float]:
            worker = free.get()
            begin = time.perf_counter()
            result = worker.run(work)
            wall = time.perf_counter() - begin
            free.put(worker)
            own = sum(c.seconds for c in result.cells) + sum(c.seconds for c in result.checks)
            return wall, own, result.cpu_seconds

        list(threads.map(run, jobs[:workers]))  # the first run of a worker is not counted
        warm = [process for worker in everyone for process in processes(worker)]
        rounds = []
        for _ in range(3):
            begin, before = time.perf_counter(), own_seconds(warm)
            told = list(threads.map(run, jobs))
            wall = time.perf_counter() - begin
            rounds.append((wall, told, own_seconds(warm) - before + sum(cpu for _, _, cpu in told)))
    for worker in everyone:
        worker.close()
    wall = statistics.median(seconds for seconds, _, _ in rounds) / len(jobs)
    each = [statistics.median(told[i][0] for _, told, _ in rounds) for i in range(len(jobs))]
    own = [statistics.median(told[i][1] for _, told, _ in rounds) for i in range(len(jobs))]
    cpu = statistics.median(seconds for _, _, seconds in rounds) / len(jobs)
    return {"wall": wall, "cpu": cpu, "each": each, "start": started}, own


def processes(worker: Worker) -> list[psutil.Process]:
    """A worker's warm processes. What they fork is gone when a job ends, and `Result.cpu_seconds` has it."""
    first = psutil.Process(worker.forkserver.pid)
    return [first, *first.children(recursive=True)]


def own_seconds(warm: list[psutil.Process]) -> float:
    """Processor time of these processes themselves."""
    times = [process.cpu_times() for process in warm]
    return float(sum(t.user + t.system for t in times))


def many(count: int) -> None:
    """One worker, tiny submissions: milliseconds each and its private memory, quarter by quarter."""
    given, cell = JobCell("given", "setup", "from autograder.lab import expect"), "def f(x):\n    return x + {}"
    check = JobCell("check", "f-value", "expect(f(1)).equal(2)")
    with Worker("bwrap") as worker:
        for quarter in range(4):
            begin = time.perf_counter()
            for i in range(count // 4):
                worker.run(Job([given, JobCell("student", "f", cell.format(i % 3)), check], ["f"]))
            each = (time.perf_counter() - begin) / (count // 4)
            print(f"to {(quarter + 1) * (count // 4):5}   {each * 1e3:.1f} ms each   {private_mb():.0f} MB", flush=True)


def private_mb() -> float:
    """What the processes below this one hold for themselves; files that they map are shared by all workers."""
    below = psutil.Process().children(recursive=True)
    return float(sum(process.memory_full_info().uss for process in below)) / (1 << 20)


def bare_forks(jobs: list[Job]) -> float:
    """Wall seconds per submission in forks of a warm process: no kernel, no sandbox, no judge, checks and all."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import grading; grading.bare_main()"
    data = json.dumps([[[cell.kind, cell.source] for cell in work.cells] for work in jobs])
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def bare_main() -> None:
    """Fork, run the student's cells in IPython's shell and the checks with `exec`, end."""
    from autograder.run.sandbox import shell, zygote

    zygote.warm_up()
    zygote.load_compiler()
    ipython = shell.make_shell()
    jobs = json.load(sys.stdin)

    def run(cells: list[tuple[str, str]]) -> None:
        for i, (kind, source) in enumerate(cells):
            if kind != "check":
                ipython.run(f"cell {i}", source, 1 << 20)
                continue
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                lines = source.splitlines(keepends=True)
                linecache.cache[f"<cell {i}>"] = (len(source), None, lines, f"<cell {i}>")  # for `expect`
                exec(compile(source, f"<cell {i}>", "exec"), ipython.user_ns)

    def round_() -> float:
        begin = time.perf_counter()
        for cells in jobs:
            pid = os.fork()
            if pid == 0:
                run(cells)
                os._exit(0)
            os.waitpid(pid, 0)
        return (time.perf_counter() - begin) / len(jobs)

    round_()
    print(statistics.median(round_() for _ in range(3)))


def our_command(stage: Stage, root: Path, notebooks: dict[str, Any]) -> tuple[float, float, float]:
    """Of the whole of `autograder grade`, gradebook, diagnosis and feedback pages included: wall seconds, those until
    the first mark is on the screen, and processor seconds. Without notebooks, those of the last call once more.
    """
    handed_in = root / "in"
    handed_in.mkdir(parents=True, exist_ok=True)
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(stage.course.root / name, root / name)
    shutil.copytree(stage.folder, root / "solutions" / stage.slug, dirs_exist_ok=True)
    for name, notebook in notebooks.items():
        nbformat.write(notebook, handed_in / f"{name}.ipynb")
    words = [sys.executable, "-m", "autograder.cli", "grade", stage.slug, "--from", "in", "--jobs", "2"]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(
        words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        first_mark = time.perf_counter() - begin
        process.communicate()
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise RuntimeError("autograder grade failed")
    return wall, first_mark, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stock(content: Content, folder: Path, notebooks: dict[str, Any]) -> tuple[float, float, float]:
    """Wall and CPU seconds per submission of `nbgrader autograde` as it comes, and what it costs to start."""
    root, slug = folder / "stock", content.stage.slug
    source = source_notebook(content)
    source.cells = [c for c in source.cells if c.cell_type != "code" or "nbgrader" in c.metadata]
    (root / "source" / slug).mkdir(parents=True)
    nbformat.write(source, root / "source" / slug / f"{slug}.ipynb")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 120\n")
    subprocess.run(
        ["nbgrader", "generate_assignment", slug], cwd=root, check=True, capture_output=True, env=environment()
    )
    for name, notebook in notebooks.items():
        (root / "submitted" / name / slug).mkdir(parents=True)
        nbformat.write(notebook, root / "submitted" / name / slug / f"{slug}.ipynb")

    def timed(*words: str) -> tuple[float, float]:
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = ["nbgrader", "autograde", slug, "--force", *words]
        subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment())
        wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    first = next(iter(notebooks))
    one_wall, one_cpu = timed(f"--student={first}")
    all_wall, all_cpu = timed()
    wall, cpu = (all_wall - one_wall) / (len(notebooks) - 1), (all_cpu - one_cpu) / (len(notebooks) - 1)
    return wall, cpu, one_wall - wall


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    package = str(Path(__file__).resolve().parent.parent)
    return {**os.environ, "PATH": path, "PYTHONPATH": package}


def print_stage(slug: str, found: dict[str, Any]) -> None:
    print(slug)
    for name, value in found.items():
        print(f"  {name:24} {value:.3f}" if isinstance(value, float) else f"  {name:24} {value}", flush=True)


if __name__ == "__main__":
    main()
