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
from autograder.course import Course, CourseError, Fault, find_course

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from autograder.grade import ClassResult, StudentResult
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
def verify(stages: tuple[str, ...], seeds: int, jobs: int, json_path: Path | None) -> None:
    """Prove the tests: blank 0, solution full, every right answer accepted, every wrong one caught.

    \b
    autograder verify                       the whole course
    autograder verify 03 --seeds 20         one stage, more seeds
    """
    import time

    from autograder.verify import Proof, prove

    chosen = find_course().stages(stages)
    if not chosen:
        raise CourseError(Fault("solutions", "holds no stage.", "Make one: python3 course.py new 12_my_stage"))
    proofs: list[Proof] = []
    start = time.perf_counter()
    with _progress() as progress:
        for stage in chosen:
            proofs.append(prove(stage, seeds, jobs, _bar(progress, f"verify {stage.slug}")))
    headings = ["stage", "exercises", "blank", "solution", "right accepted", "wrong caught", "by visible", "told apart"]
    rows: list[list[object]] = []
    for p in proofs:
        solution, right = f"{p.solution_score:g} of {p.max_score:g}", f"{p.accepted} of {p.right}"
        wrong = [f"{n} of {p.wrong}" for n in (p.caught, p.caught_by_visible, p.diagnosed)]
        rows.append([p.slug, p.exercises, f"{p.blank_score:g}", solution, right, *wrong])
    _table("Proof of the tests", headings, rows)
    for proof in proofs:
        for check in proof.redundant_checks:
            fact = f'{proof.slug}: check "{check}" is redundant: others catch every wrong answer that it catches.'
            click.echo(f"{fact} Add a wrong answer that only it catches, or drop it.")
        for problem in proof.problems:
            click.echo(problem)
    seconds = round(time.perf_counter() - start, 1)
    if json_path:
        result = {"stages": {p.slug: p.as_json() for p in proofs}, "seconds": seconds}
        json_path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if any(p.problems for p in proofs):
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
    from autograder.report import plot_class
    from autograder.stage import read_stage

    stage = course.stages((name,))[0]
    content = read_stage(stage)
    with _progress() as progress:
        result = grader.grade(stage, path, sandbox, jobs, _bar(progress, f"grade {stage.slug}"), dry_run)
        if not dry_run:
            grader.diagnose(stage, content, result.students)
            book, bar = Book(stage), _bar(progress, "feedback pages")
            graded = [student for student, r in result.students.items() if r.status != "failed"]
            bar(0, len(graded))
            for done, student in enumerate(graded, 1):
                if problem := book.feedback(student):
                    click.echo(f"{student}: no feedback page: {problem}", err=True)
                bar(done, len(graded))
    if result.sandbox == "none":
        click.secho("Graded without a sandbox: a submission could have forged its marks.", fg="yellow", err=True)
    if dry_run:
        rows: list[list[object]] = [
            [student, "–" if old is None else f"{old:g}", f"{new:g}"] for student, (old, new) in result.changed.items()
        ]
        _table(f"{stage.slug}: marks that would change", ["student", "now", "then"], rows)
        return result
    rows = [[student, f"{r.score:g}", r.status, _what_to_know(content, r)] for student, r in result.students.items()]
    title = f"{stage.slug}: marks, of {result.max_score:g}" + (" (no sandbox)" if result.sandbox == "none" else "")
    _table(title, ["student", "score", "status", "what to know"], rows)
    plot = course.work / "report" / f"{stage.slug}.png"
    plot_class(result, content.exercises, plot)
    click.echo(f"gradebook   {stage.place(course.gradebook)}")
    click.echo(f"feedback    {stage.place(course.work / 'feedback')}/STUDENT/{stage.slug}/{stage.slug}.html")
    click.echo(f"plot        {stage.place(plot)}")
    return result


def _what_to_know(content: Content, result: StudentResult) -> str:
    """The reason of a repair or failure, then a remark for each exercise that lost points."""
    from autograder.grade import broken_below

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
        else:
            remarks.append(f"{exercise}: {result.misconceptions.get(exercise, 'loses points')}")
    if blank:
        remarks.append("blank" if blank == content.exercises else f"blank: {', '.join(blank)}")
    return "\n".join(filter(None, [result.reason, *remarks]))


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
        table.add_column(heading, justify="left")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    _console().print(table, markup=False)


if __name__ == "__main__":
    main()
