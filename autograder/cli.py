"""The command line. Each command imports what it needs, so that `autograder --help` is quick."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder import __version__
from autograder.course import Course, CourseError, Fault, Stage, find_course

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from autograder.grade import ClassResult, StudentResult
    from autograder.judge.job import Job, Result
    from autograder.stage import Content

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Turns the course's own errors into messages, and Ctrl-C into one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CourseError as error:
            for fault in error.faults:
                click.secho(f"{fault.place}: ", nl=False, bold=True, err=True)
                click.echo(f"{fault.fact} {fault.fix}", err=True)
            ctx.exit(1)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `autograder … | head`
                ctx.exit(0)
            click.secho(f"{error.filename or 'a file'}: ", nl=False, bold=True, err=True)
            click.echo(f"{error.strerror or error}. Check the path, its rights and the free space.", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="autograder")
def main() -> None:
    """Build, verify and grade a course of notebooks.

    \b
    autograder demo                                  see the whole job once
    autograder lab                                   open the course in JupyterLab
    autograder check 03 --watch                      check your own notebook
    autograder build 03_seq2seq                      make the students' notebook
    autograder verify 03                             prove its tests
    autograder grade 03 --from submissions/          grade a class
    """


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option("--check", is_flag=True, help="Write nothing; fail where a notebook is not what its text says.")
@click.option("--execute", is_flag=True, help="Also run the solved stage and save it with its plots.")
def build(stages: tuple[str, ...], check: bool, execute: bool) -> None:
    """Make the notebooks from solutions/NN_slug/notebook.py.

    \b
    autograder build                  all stages
    autograder build 03 --execute     one stage, and its solved notebook with plots
    autograder build --check          is what is committed up to date?
    """
    import autograder.build as builder

    chosen = find_course().stages(stages)
    if not chosen:
        raise CourseError(Fault("solutions", "holds no stage.", "Make one: python3 course.py new 12_my_stage"))
    faults: list[Fault] = []
    for stage in chosen:
        try:
            if check:
                faults += builder.check(stage)
                continue
            changed, kept = builder.build(stage)
        except CourseError as error:  # the other stages are built all the same
            faults += error.faults
            continue
        click.echo(f"{stage.slug}: {'built ' + stage.place(stage.released) if changed else 'nothing to do'}")
        if kept:
            click.echo(f"{stage.slug}: somebody had worked in it; that notebook is now {stage.place(kept)}")
        if execute:
            with _progress() as progress:
                seconds = builder.execute(stage, _bar(progress, f"run {stage.slug}"))
            click.echo(f"{stage.slug}: ran in {seconds:.0f} s, saved {stage.place(stage.solved)}")
    if faults:
        raise CourseError(*faults)
    if check:
        click.echo(f"{len(chosen)} stages are what their text says.")


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option(
    "--seeds", default=3, show_default=True, help="Run the solution this many times, each with other random numbers."
)
@click.option("--jobs", default=os.cpu_count() or 2, show_default="cores", help="Processes to run.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result here, too."
)
@click.option(
    "--mutants", is_flag=True, help="Also change the solutions mechanically, and report what no check catches."
)
def verify(stages: tuple[str, ...], seeds: int, jobs: int, json_path: Path | None, mutants: bool) -> None:
    """Prove the tests: blank 0, solution full, every right answer accepted, every wrong one caught.

    \b
    autograder verify                       the whole course
    autograder verify 03 --seeds 20         one stage, more seeds
    autograder verify 03 --mutants          wrong answers made by machine, too
    """
    import time

    from autograder.mutants import survey
    from autograder.verify import Read, prove_all, read_texts

    chosen, texts, faults = list[Stage](), list[Read](), list[Fault]()
    for stage in find_course().stages(stages):
        try:
            texts.append(read_texts(stage))
            chosen.append(stage)
        except CourseError as error:  # the other stages are proven all the same
            faults += error.faults
    if not chosen and not faults:
        raise CourseError(Fault("solutions", "holds no stage.", "Make one: python3 course.py new 12_my_stage"))
    start = time.perf_counter()
    with _progress() as progress:
        proofs = prove_all(chosen, seeds, jobs, _bar(progress, "verify"), read=texts)
        runs = [stage for stage, proof in zip(chosen, proofs, strict=True) if not proof.broken]
        surveys = survey(runs, jobs, _bar(progress, "generated wrong answers")) if mutants else []
    headings = ["stage", "exercises", "blank", "solution", "right", "wrong caught", "by visible", "diagnosed"]
    rows: list[list[object]] = []
    for p in proofs:
        solution, right = f"{p.solution_score:g} of {p.max_score:g}", f"{p.accepted} of {p.right}"
        wrong = [f"{n} of {p.wrong} {n / max(p.wrong, 1):.0%}" for n in (p.caught, p.caught_by_visible, p.diagnosed)]
        rows.append([p.slug, p.exercises, f"{p.blank_score:g}", solution, right, *wrong])
    _table("Proof of the tests", headings, rows)
    if surveys:
        counts: list[list[object]] = [[s.slug, s.total, s.caught, s.equivalent, len(s.survivors)] for s in surveys]
        _table("Generated wrong answers", ["stage", "made", "caught", "right all the same", "survive"], counts)
    for proof in proofs:
        for check in proof.redundant_checks:
            fact = f'{proof.slug}: check "{check}" is redundant: others catch every wrong answer that it catches.'
            click.echo(f"{fact} Add a wrong answer that only it catches, or drop it.")
        for fact in proof.alike:
            if fact not in proof.problems:
                click.echo(fact)
        for problem in proof.problems:
            click.echo(problem)
    for found in surveys:
        for fact in [*found.notes, *found.problems]:
            click.echo(fact)
    seconds = round(time.perf_counter() - start, 1)
    if json_path:
        shown = {p.slug: p.as_json() for p in proofs}
        for found in surveys:
            shown[found.slug]["mutants"] = found.as_json()
        result = {"stages": shown, "seconds": seconds}
        json_path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if faults:
        raise CourseError(*faults)
    if any(p.problems for p in proofs) or any(s.problems for s in surveys):
        raise SystemExit(1)
    click.echo(f"All proven in {seconds} s.")


@main.command()
@click.argument("stage")
@click.option("--from", "path", required=True, type=click.Path(path_type=Path), help="Folder or zip of submissions.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write marks here, too.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default="cores", type=click.IntRange(1), help="Workers.")
@click.option(
    "--sandbox",
    type=click.Choice(["bwrap", "none"]),
    default="bwrap",
    show_default=True,
    help="`none` only for submissions of people you trust.",
    envvar="AUTOGRADER_SANDBOX",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; list whose marks would change.")
def grade(stage: str, path: Path, json_path: Path | None, jobs: int, sandbox: str, dry_run: bool) -> None:
    """Grade a class. Exit code 0 only if every submission has a verdict.

    Submissions are STUDENT.ipynb or STUDENT/NN_slug.ipynb. An interrupted run goes on where it was; a second run
    only runs what changed.

    \b
    autograder grade 03_seq2seq --from submissions/
    autograder grade 03 --from class.zip --json marks.json --jobs 4
    autograder grade 03 --from submissions/ --dry-run
    """
    course = find_course()
    if json_path and not os.access(json_path.resolve().parent, os.W_OK):
        raise CourseError(Fault(str(json_path), "cannot be written.", "Name a file in a folder that you can write to."))
    result = _grade(course, stage, path, sandbox, jobs, dry_run)
    if json_path:
        result.write_json(json_path)
        click.echo(f"marks       {json_path}")


def _grade(course: Course, name: str, path: Path, sandbox: str, jobs: int, dry_run: bool = False) -> ClassResult:
    """Grade with a progress bar, print the table, say where everything is."""
    from autograder import grade as grader
    from autograder.gradebook import Book
    from autograder.report import keep, write
    from autograder.stage import read_stage

    stage = course.stages((name,))[0]
    content = read_stage(stage)
    with _progress() as progress:
        result = grader.grade(stage, path, sandbox, jobs, _bar(progress, f"grade {stage.slug}"), dry_run)
        if not dry_run:
            book, bar = Book(stage), _bar(progress, "feedback pages")
            graded = [student for student, r in result.students.items() if r.status != "failed"]
            bar(0, len(graded))
            for done, student in enumerate(graded, 1):
                if problem := book.feedback(student):
                    click.echo(f"{student}: no feedback page: {problem}", err=True)
                bar(done, len(graded))
    if result.sandbox == "none":
        click.secho("Graded without a sandbox: a submission could have forged its marks.", fg="yellow", err=True)
    unsafe = " (no sandbox)" if result.sandbox == "none" else ""
    if dry_run:
        rows: list[list[object]] = [
            [student, "–" if old is None else f"{old:g}", f"{new:g}"] for student, (old, new) in result.changed.items()
        ]
        _table(f"{stage.slug}: marks that would change{unsafe}", ["student", "now", "then"], rows)
        return result
    rows = [[student, f"{r.score:g}", r.status, _what_to_know(content, r)] for student, r in result.students.items()]
    title = f"{stage.slug}: marks, of {result.max_score:g}{unsafe}"
    _table(title, ["student", "score", "status", "what to know"], rows)
    page, _ = write(stage, content, keep(stage, result), course.work / "report")
    click.echo(f"gradebook   {stage.place(course.gradebook)}")
    click.echo(f"feedback    {stage.place(course.work / 'feedback')}/STUDENT/{stage.slug}/{stage.slug}.html")
    click.echo(f"report      {stage.place(page)}")
    return result


def _what_to_know(content: Content, result: StudentResult) -> str:
    """The reason of a repair or failure, then a remark for each exercise that lost points."""
    from autograder.grade import broken_below, stopped_with

    if result.status == "failed":
        return result.reason
    blank, remarks = [], []
    for exercise in content.exercises:
        if not any(result.checks[cell.id].lost for cell in content.checks(exercise)):
            continue
        if exercise in result.blank:
            blank.append(exercise)
        elif below := broken_below(content, result, exercise):
            remarks.append(f"{exercise}: loses points, see {', '.join(below)}")
        elif error := stopped_with(result, exercise):
            remarks.append(f"{exercise}: its cell stopped with {error}")
        else:
            remarks.append(f"{exercise}: {result.misconceptions.get(exercise, 'loses points')}")
    if blank:
        remarks.append("blank" if blank == content.exercises else f"blank: {', '.join(blank)}")
    return "\n".join(filter(None, [result.reason, *remarks]))


@main.command()
@click.argument("names", nargs=-1, metavar="[STAGE|NOTEBOOK]…")
@click.option("--hint", type=click.IntRange(1), help="Show this hint of each exercise that fails.")
@click.option("--watch", is_flag=True, help="Go on: check what changed, as often as you save. Ctrl-C ends it.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result, too.")
def check(names: tuple[str, ...], hint: int | None, watch: bool, json_path: Path | None) -> None:
    """Check your own notebook: what passes, what to mend, the next hint, what to read again.

    Without a name, all notebooks in notebooks/ that you have started. Where solutions/ is, the hidden tests run too.
    Exit code 0 if everything that you started passes.

    \b
    autograder check                  what you have started
    autograder check 03 --hint 2      one stage, with the second hint
    autograder check 03 --watch       again after each save
    """
    from contextlib import closing

    from autograder import check as checker
    from autograder.execute import run_cached
    from autograder.sandbox import Worker, available
    from autograder.sandbox.worker import SandboxMissing
    from autograder.store import Store

    course = find_course()
    papers = checker.find(course, names)
    if not papers:
        raise CourseError(Fault("notebooks", "holds no notebook.", "Go to the folder of the course."))
    begun = [i for i, (_, path) in enumerate(papers) if names or checker.started(path)]
    if not begun and not watch:
        click.echo("Nothing is started yet. Open the course: python3 course.py lab")
        return
    sandbox = "bwrap" if available()[0] else "none"  # one's own code: either will do
    try:
        worker = Worker(sandbox)
    except SandboxMissing as error:
        raise CourseError(Fault("check", str(error), "Or run the check cells in JupyterLab.")) from error
    desks: dict[int, checker.Desk] = {}
    known: list[checker.Known] = [{} for _ in papers]
    reports: dict[int, checker.Report] = {}
    with closing(worker):
        try:
            store = Store(course.verdicts, sandbox)

            def run(work: Job) -> Result:
                return run_cached(work, store, worker)

            saves = checker.watch(papers)  # from here on, so that a save during the first check counts too
            with _progress() as progress:
                bar = _bar(progress, "check")
                for done, i in enumerate(begun):
                    bar(done, len(begun))
                    desks[i] = checker.Desk(*papers[i])
                    paper = desks[i].read()
                    reports[i] = checker.examine(paper, run, known[i], hint)
                    checker.name_misconceptions(reports[i], run)
                    bar(done + 1, len(begun))
            for report in reports.values():
                _console().print(checker.table(report))
            if watch:
                worker.start()
                click.echo("Waiting for the next save. Ctrl-C ends this.")
                for i in saves:
                    desk = desks.get(i) or desks.setdefault(i, checker.Desk(*papers[i]))
                    while (again := checker.once_more(desk, worker.run, known[i], hint)) is not None:
                        reports[i] = again
                        checker.show_again(again, _console(), run)
                        if not again.waiting:
                            break
        except KeyboardInterrupt:
            if not watch:
                raise
            click.echo()
        if json_path:
            stages = {report.paper.stage.slug: report.as_json() for report in reports.values()}
            json_path.write_text(json.dumps({"stages": stages}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not all(report.passes for report in reports.values()):
        raise SystemExit(1)


@main.command()
def progress() -> None:
    """The course at a glance: what you have done and started, from your last checks.

    \b
    autograder check && autograder progress
    """
    from autograder.check import overview

    _table("Your course", ["stage", "done", "started", "exercises", "points", "last checked"], overview(find_course()))


@main.command()
@click.argument("stage")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for it, in place of the usual.")
def report(stage: str, out: Path | None) -> None:
    """Report on a graded class: points, difficulty, misconceptions, time, failures. A page and a table (CSV).

    `grade` writes the same; nothing is run again.

    \b
    autograder report 03
    autograder report 03 --out to_print/
    """
    from autograder.report import load, write
    from autograder.stage import read_stage

    course = find_course()
    chosen = course.stages((stage,))[0]
    for path in write(chosen, read_stage(chosen), load(chosen), out or course.work / "report"):
        click.echo(f"report      {chosen.place(path) if out is None else path}")


@main.command("sample-class")
@click.argument("stage")
@click.option("--students", default=12, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same class.")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the submissions."
)
def sample_class(stage: str, students: int, seed: int, out: Path) -> None:
    """Make submissions from the answer catalogue: right, partly right, wrong, blank and broken.

    \b
    autograder sample-class 03 --students 30 --out /tmp/class
    """
    from autograder.sample import make_class

    make_class(find_course().stages((stage,))[0], students, seed, out)
    click.echo(f"{students} submissions in {out}; class.json there says what each one is.")


@main.command()
def demo() -> None:
    """The main job from end to end: build, make a sample class of 12, grade it.

    It has a gradebook of its own, in .course/demo.
    """
    import shutil

    import autograder.build as builder
    from autograder.sample import make_class

    course = find_course()
    for stage in course.stages():
        _, kept = builder.build(stage)
        click.echo(f"built       {stage.place(stage.released)}")
        if kept:
            click.echo(f"kept        {stage.place(kept)}, in which somebody had worked")
    own = Course(course.root, ".course/demo")
    shutil.rmtree(own.work, ignore_errors=True)
    folder = own.work / "class"
    make_class(own.stages(("03",))[0], 12, 0, folder)
    click.echo(f"class       {folder.relative_to(course.root)}, 12 submissions made from the answer catalogue")
    from autograder.sandbox import available

    works, reason = available()
    if not works:
        click.secho(
            f"There is no sandbox here, and this class is our own: graded without. {reason}", fg="yellow", err=True
        )
    _grade(own, "03", folder, "bwrap" if works else "none", os.cpu_count() or 1)


@main.command()
@click.argument("slug")
def new(slug: str) -> None:
    """Make a new stage that builds and verifies, to start from.

    \b
    autograder new 12_my_stage
    """
    from autograder.new import make_stage

    stage = make_stage(find_course(), slug)
    click.echo(f"made        {stage.place(stage.text)}, {stage.place(stage.answers)}")
    click.echo(f"next        python3 course.py build {slug} --execute && python3 course.py verify {slug}")


@main.command()
@click.option("--instructor", is_flag=True, help="With formgrader and nbgrader's other panels.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(instructor: bool, arguments: tuple[str, ...]) -> None:
    """Open the course in JupyterLab. Further arguments go to JupyterLab.

    \b
    autograder lab
    autograder lab --instructor
    autograder lab -- --no-browser --port 8899
    """
    from autograder.lab_server import command

    course = find_course()
    words, environment = command(course, instructor, arguments)
    os.chdir(course.root)  # nbgrader's extensions look for nbgrader_config.py here
    if os.name == "posix":
        os.execvpe(words[0], words, environment)
    import subprocess

    raise SystemExit(subprocess.call(words, env=environment))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests of the course and of its tools. Further arguments go to pytest.

    \b
    autograder test
    autograder test -k build
    autograder test -m slow
    """
    import subprocess

    raise SystemExit(subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=find_course().root))


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def _progress() -> Progress:
    """A bar with an estimate on a terminal; elsewhere nothing, so that logs stay readable."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _bar(progress: Progress, name: str) -> Callable[[int, int], None]:
    """A bar that is told how many steps are done, of how many."""
    task = progress.add_task(name, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def _table(title: str, headings: list[str], rows: list[list[object]]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    _console().print(table, markup=False)


if __name__ == "__main__":
    main()
