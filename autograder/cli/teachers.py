"""Commands for who grades: grade, remove, sample-class, demo."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage, find_course

if TYPE_CHECKING:
    from autograder.gradebook.results import ClassResult, StudentResult
    from autograder.run.worker.cluster import Cluster
    from autograder.run.worker.pool import Workers
    from autograder.stage.model import Content
from autograder.cli.console import default_jobs, print_table, progress_bar, say_encoding, steps, writable
from autograder.cli.group import main
from autograder.cli.reports import write_report

EXCHANGE = "exchange"  # in place of a folder


@main.command()
@click.argument("stage")
@click.option(
    "--from",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder or zip of submissions; or the word `exchange`: nbgrader's.",
)
@click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table (file,student), where names of files do not say whose they are.",
)
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write marks here, too.")
@click.option("--jobs", default=default_jobs, show_default="processors", type=click.IntRange(1), help="Workers.")
@click.option(
    "--sandbox",
    type=click.Choice(["bwrap", "none"]),
    default="bwrap",
    show_default=True,
    help="`none` only for submissions of people you trust.",
    envvar="AUTOGRADER_SANDBOX",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Run submissions on the workers of this Dask scheduler; `local:4` starts one here with four.",
)
@click.option("--dry-run", is_flag=True, help="Write no mark and no page; list whose marks would change.")
@click.option("--student", "students", multiple=True, metavar="NAME", help="Run this one again, and nobody else.")
@click.option(
    "--exercise",
    "exercises",
    multiple=True,
    metavar="NAME",
    help="Mark this one again, and no other. Who has no marks yet gets them all.",
)
def grade(
    stage: str,
    path: Path,
    names: Path | None,
    json_path: Path | None,
    jobs: int,
    sandbox: str,
    cluster: str | None,
    dry_run: bool,
    students: tuple[str, ...],
    exercises: tuple[str, ...],
) -> None:
    """Grade a class. Exit code 0 only if every submission has a verdict, and its feedback page.

    Submissions are STUDENT.ipynb or STUDENT/NN_slug.ipynb, the zip of a learning system, nbgrader's folder `submitted`,
    or what `exchange` holds: collected into `submitted`, each student's last hand-in. An interrupted run goes on where
    it was; a second run only runs what changed. --student and --exercise run again in any case, and may be given more
    than once; all other marks stay, and so do those that you gave by hand.

    \b
    autograder grade 03_seq2seq --from submissions/
    autograder grade 03 --from class.zip --json marks.json --jobs 4
    autograder grade 03 --from exchange
    autograder grade 03 --from drive.zip --names names.csv
    autograder grade 03 --from submissions/ --dry-run
    autograder grade 03 --from submissions/ --student ana
    autograder grade 03 --from submissions/ --exercise make_batch --dry-run
    autograder grade 03 --from class.zip --cluster tcp://10.0.0.7:8786
    """
    course = find_course()
    writable(json_path)
    given = click.get_current_context().get_parameter_source("jobs")
    if cluster and given is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--jobs is for workers of this machine's own; a cluster has as many as were started.")
    if names:
        say_encoding(names)
    path, lost = _collected(course.stages((stage,))[0], path)
    result = _grade(
        course,
        stage,
        path,
        sandbox,
        jobs,
        cluster,
        dry_run=dry_run,
        students=students,
        exercises=exercises,
        lost=lost,
        names=names,
    )
    if json_path:
        result.write_json(json_path)
        click.echo(f"marks       {json_path}")
    if not result.complete:
        raise SystemExit(1)


def _collected(stage: Stage, path: Path) -> tuple[Path, dict[str, str]]:
    """Where the submissions are; those that could not be had, with the reason."""
    if str(path) != EXCHANGE:
        return path, {}
    if path.exists():
        click.echo(f"from        the folder {EXCHANGE}/ here; nbgrader's exchange is meant where there is none")
        return path, {}
    from autograder.gradebook.exchange import collect

    with progress_bar() as progress:
        found = collect(stage, steps(progress, f"collect {stage.slug}"))
    for warning in found.warnings:
        click.echo(warning, err=True)
    click.echo(f"from        nbgrader's exchange, collected into {stage.place(found.folder)}")
    return found.folder, found.lost


def _grade(
    course: Course, name: str, path: Path, sandbox: str, jobs: int, cluster: str | None = None, **chosen: Any
) -> ClassResult:
    """Grade with a progress bar, show each mark as it comes; then the table, the report, and where everything is.

    `chosen` goes to `grading.grade.grade` as it is.
    """
    gc.set_threshold(100_000)  # what is imported and read stays, so there is little to collect
    stage = course.stages((name,))[0]
    with _workers(stage, sandbox, jobs, cluster) as workers:  # they warm up while all else is imported and read
        from autograder.grading import grade as grader
        from autograder.stage.read import read_stage

        content = read_stage(stage)
        with progress_bar() as progress:

            def told(student: str, result: StudentResult) -> None:
                progress.console.print(f"{student}: {_score(result)}, {result.status}", markup=False, highlight=False)

            step = steps(progress, lambda: f"grade {stage.slug}, {_counted(workers.at_work, 'worker')}")
            result = grader.grade(
                stage, path, sandbox, jobs, step, content=content, workers=workers, told=told, **chosen
            )
        workers.hang_up()
        if result.sandbox == "none":
            click.secho("Graded without a sandbox: a submission could have forged its marks.", fg="yellow", err=True)
        (_show_changes if chosen.get("dry_run") else _show_marks)(stage, content, result)
    return result


def _workers(stage: Stage, sandbox: str, jobs: int, cluster: str | None) -> Workers | Cluster:
    from autograder.run.worker.pool import workers_for

    if cluster is None:
        return workers_for(stage, sandbox, jobs)
    from autograder.run.worker.cluster import cluster_for

    return cluster_for(stage, cluster, sandbox, lambda text: click.secho(text, fg="yellow", err=True))


def _show_changes(stage: Stage, content: Content, result: ClassResult) -> None:
    rows: list[list[object]] = [
        [student, "–" if old is None else f"{old:g}", f"{new:g}"] for student, (old, new) in result.changed.items()
    ]
    if rows:
        print_table(f"{stage.slug}: marks that would change{_unsafe(result)}", ["student", "now", "then"], rows)
    else:
        looked_at = f"{_counted(len(result.students), 'submission')} looked at"
        click.echo(f"{stage.slug}: no mark would change{_unsafe(result)}; {looked_at}.")
    for student, told in result.students.items():
        if told.status == "ungraded":
            click.echo(f"{student}: ungraded. {told.reason}")


def _show_marks(stage: Stage, content: Content, result: ClassResult) -> None:
    from autograder.feedback.last_result import keep
    from autograder.gradebook.database import Database

    rows: list[list[object]] = [
        [student, _score(r), r.status, _what_to_know(content, r)] for student, r in result.students.items()
    ]
    extra = f" and {content.extra:g} extra" if content.extra else ""
    title = f"{stage.slug}: marks, of {result.max_score:g}{extra}{_unsafe(result)}"
    print_table(title, ["student", "score", "status", "what to know"], rows)
    if result.missing:
        click.echo(f"not handed in  {', '.join(result.missing)}")
    work = stage.course.work
    page, _ = write_report(stage, content, keep(stage, result), work / "report")
    click.echo(f"gradebook   {Database(stage.course).place}")
    click.echo(f"feedback    {stage.place(work / 'feedback')}/STUDENT/{stage.slug}/{stage.slug}.html")
    click.echo(f"report      {stage.place(page)}")


def _counted(number: int, things: str) -> str:
    return f"{number} {things}{'s' if number != 1 else ''}"


def _unsafe(result: ClassResult) -> str:
    return " (no sandbox)" if result.sandbox == "none" else ""


def _what_to_know(content: Content, result: StudentResult) -> str:
    """The reason of a repair or failure, then a remark for each exercise that lost points."""
    from autograder.gradebook.results import broken_below, late_in_words, stopped_with

    late = late_in_words(result)
    by_hand = ", ".join(result.by_hand)
    marked = f"marked by hand: {by_hand}" if by_hand else ""
    claimed = f"its id in the notebook: {', '.join(result.claimed)}" if result.claimed else ""
    if not result.ran:
        return "\n".join(filter(None, [result.reason, late, marked]))
    blank, remarks = [], []
    for exercise in content.exercises:
        own = [result.checks[cell.id] for cell in content.checks(exercise)]
        if not any(mark.lost for mark in own):
            if exercise in result.misconceptions and any(mark.extra and not mark.full for mark in own):
                remarks.append(f"{exercise}, extra: {result.misconceptions[exercise]}")
            continue
        if exercise in result.blank:
            blank.append(exercise)
        elif below := broken_below(content, result, exercise):
            remarks.append(f"{exercise}: loses points, see {', '.join(below)}")
        elif error := stopped_with(result, exercise):
            remarks.append(f"{exercise}: its cell stopped with {error}")
        else:
            remarks.append(f"{exercise}: {result.misconceptions.get(exercise, 'loses points')}")
    if result.earned_extra:
        remarks.append(f"{result.earned_extra:g} extra")
    if result.carried:
        remarks.append(f"{result.carried:g} carried forward")
    if blank:
        everything = set(blank) == set(content.exercises) - content.extras
        remarks.append("blank" if everything else f"blank: {', '.join(blank)}")
    return "\n".join(filter(None, [result.reason, result.no_page, late, claimed, marked, *remarks]))


def _score(result: StudentResult) -> str:
    return "–" if result.status == "ungraded" else f"{result.score:g}"


@main.command()
@click.argument("students", nargs=-1, required=True, metavar="STUDENT…")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(students: tuple[str, ...], yes: bool) -> None:
    """Remove students who are gone: marks, hand-ins, feedback pages and rows of the reports, in all stages.

    The pages that `similar` and `report --all` made go, too: make them anew. It cannot be undone. The folder or zip
    that they handed in stays as it is.

    \b
    autograder remove ana
    autograder remove ana bob --yes
    """
    import contextlib

    from autograder.feedback.last_result import load, store
    from autograder.feedback.similar import PAGE as SIMILAR
    from autograder.feedback.term import NAME as TERM
    from autograder.gradebook.database import Database
    from autograder.stage.read import read_stage

    course = find_course()
    classes, work = {}, course.work
    for stage in course.stages():
        with contextlib.suppress(CourseError):  # not graded yet
            classes[stage] = load(stage)
    with Database(course) as data:
        known = data.students().union(*(result.students for result in classes.values()))
        fix = f"There are: {', '.join(sorted(known)) or 'none yet'}."
        if faults := [Fault(name, "is no student of this course.", fix) for name in students if name not in known]:
            raise CourseError(*faults)
        if not yes:
            click.confirm(f"Remove all that there is of {', '.join(students)}?", abort=True)
        for name in students:
            data.remove(name)
            click.echo(f"removed     {name}")
    pages = [*(work / "report").glob(f"*{SIMILAR}"), *(work / "report" / f"{TERM}.{kind}" for kind in ("html", "csv"))]
    for page in filter(Path.is_file, pages):
        page.unlink()
        click.echo(f"removed     {course.place(page)}")
    for stage, result in classes.items():
        if not result.students.keys() & set(students):
            continue
        result.students = {name: told for name, told in result.students.items() if name not in students}
        if result.students:
            store(stage, result)
            write_report(stage, read_stage(stage), result, work / "report")
        else:  # nobody is left
            for path in (work / "report").glob(f"{stage.slug}.*"):
                path.unlink()


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
    from autograder.proof.sample import make_class

    make_class(find_course().stages((stage,))[0], students, seed, out)
    click.echo(f"{students} submissions in {out}; class.json there says what each one is.")


@main.command()
def demo() -> None:
    """The main job from end to end: build, make a sample class of 12, grade it.

    It has a gradebook of its own, in .course/demo.
    """
    import shutil

    from autograder.build import write as builder
    from autograder.proof.sample import make_class

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
    from autograder.run.sandbox.bwrap import available

    works, reason = available()
    if not works:
        click.secho(
            f"There is no sandbox here, and this class is our own: graded without. {reason}", fg="yellow", err=True
        )
    _grade(own, "03", folder, "bwrap" if works else "none", default_jobs())
