"""Commands about who is in the class, where their marks are and where they go: roster, gradebook, export."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.console import print_table, progress_bar, say_encoding, steps, writable
from autograder.cli.group import main
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage, find_course


@main.group()
def roster() -> None:
    """Who is who: students.csv, in the course's folder.

    \b
    autograder roster import canvas.csv     students from a learning system's list
    autograder roster show                  who is in it
    """


@roster.command("import")
@click.argument("lists", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LIST…")
def import_(lists: tuple[Path, ...]) -> None:
    """Add students from Canvas's exported marks, Moodle's grading worksheet or participants, or nbgrader's list.

    Whoever is there already keeps every field; empty ones are filled in, and another number or address of the same
    person goes to their names. So import as many lists as you like: each adds what it knows. The same person has the
    same address or login, or a full name that nobody else has; where that does not decide, it is said.

    \b
    autograder roster import 2026-11-30_Grades.csv
    autograder roster import Grades-course-Stage_03.csv participants.csv
    """
    from autograder.intake.join import join
    from autograder.intake.roster import Roster, path_of, read_list, read_roster, write_roster

    course = find_course()
    known, found = read_roster(course) or Roster(), [(path, read_list(path)) for path in lists]
    say_encoding(*(path for path in (path_of(course), *lists) if path.is_file()))
    for path, people in found:
        told = list[str]()
        known, new, filled = join(known, people, told.append)
        for sentence in told:
            click.echo(f"{path.name}: {sentence}", err=True)
        click.echo(f"{path.name}: {len(people)} students, {new} of them new, {filled} with new fields")
    click.echo(f"roster      {course.place(write_roster(course, known))}, {len(known.people)} students")


@roster.command()
def show() -> None:
    """List the students, with what each learning system knows them by."""
    from autograder.intake.roster import read_roster

    known = read_roster(find_course())
    if known is None:
        raise CourseError(Fault("students.csv", "is not there.", "Make it: python3 course.py roster import LIST.csv"))
    heads = ["id", "name", "email", "number", "login", "group", "extra days", "other names"]
    rows: list[list[object]] = [
        [p.id, p.shown, p.email, p.lms_user_id, p.sis_login_id, p.group, p.extra_days, p.names] for p in known.people
    ]
    print_table(f"{len(rows)} students", heads, rows)


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option("--to", "form", required=True, type=click.Choice(["canvas", "moodle", "csv", "xlsx"]), help="For whom.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option(
    "--into",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fill in this file, as Canvas or Moodle exported it, and leave the rest of it as it is.",
)
@click.option(
    "--feedback",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a zip of the students' pages, too, as Moodle takes it.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="[STAGE=]TITLE",
    help="The column of --into that a stage goes into, where the titles do not say it surely. Again for another stage.",
)
@click.option("--scale", is_flag=True, help="With --into: marks times the maximum there, by the one here.")
@click.option("--anonymous", is_flag=True, help="Without names: an id of the course's own for each student.")
def export(
    stages: tuple[str, ...],
    form: str,
    out: Path,
    into: Path | None,
    feedback: Path | None,
    columns: tuple[str, ...],
    scale: bool,
    anonymous: bool,
) -> None:
    """Marks as Canvas, Moodle or a spreadsheet takes them; of all graded stages, or of those named.

    The marks are those that the gradebook has now. The same marks make the same bytes. What is ungraded stays empty,
    and is told.

    With --into a stage goes into the column that has its slug, its title or its number for a title ("Stage 3", "03");
    which one that was, and how many marks in it are new or changed, is printed.

    \b
    autograder export --to xlsx --out term.xlsx
    autograder export 03 04 --to canvas --into 2026-11-30_Grades.csv --out upload.csv
    autograder export 03 --to canvas --into grades.csv --column "Essay 3 (9)" --scale --out upload.csv
    autograder export 03 --to moodle --into Grades-03.csv --out upload.csv --feedback pages.zip
    autograder export --to csv --anonymous --out marks.csv
    """
    from autograder.course.files import write_whole
    from autograder.feedback import canvas, moodle
    from autograder.feedback import export as exporter
    from autograder.feedback.last_result import graded_stages

    course = find_course()
    chosen = list(dict.fromkeys(course.stages(stages))) if stages else graded_stages(course)
    say_encoding(*filter(None, [into]))
    if form == "moodle" and len(chosen) > 1:
        fix = f"Name one, for each upload: {', '.join(stage.slug for stage in chosen)}."
        raise CourseError(Fault("--to moodle", "takes one stage: each is an assignment of its own there.", fix))
    for given, option, forms in ((into, "--into", "canvas, moodle"), (feedback, "--feedback", "moodle")):
        if given and form not in forms.split(", "):
            raise CourseError(Fault(option, f"goes with --to {forms.replace(', ', ' or ')} only.", "Leave it out."))
    if anonymous and form in ("canvas", "moodle"):
        raise CourseError(Fault("--anonymous", f"{form} would not know whose marks they are.", "Use --to csv or xlsx."))
    for option in ["--column"] * bool(columns) + ["--scale"] * scale:
        if not into:
            raise CourseError(Fault(option, "is about a table that is filled in.", "Give that: --into FILE.csv."))
    titles = _titles(columns, chosen)
    writable(out)
    writable(feedback)
    term, upload = exporter.read_term(course, chosen), None
    if form == "xlsx":
        exporter.as_xlsx(term, out, anonymous)
    elif form == "csv":
        write_whole(out, exporter.as_csv(exporter.plain(term, anonymous), "\ufeff"))
    else:
        make, fill = (canvas.new, canvas.into) if form == "canvas" else (moodle.new, moodle.into)
        upload = fill(term, into, titles, scale) if into else make(term)
        write_whole(out, upload.text)
    click.echo(f"marks       {out}")
    for told in upload.told if upload else ():
        click.echo(f"column      {told}")
    if feedback and upload:
        count, without = moodle.feedback(term, feedback, upload.numbers)
        click.echo(f"pages       {feedback}, {count} of them")
        if without:
            click.echo(f"without a page, or a number in Moodle: {', '.join(without)}", err=True)
    for slug, student in term.ungraded:
        click.echo(f"{slug}: {student} is ungraded, and has no mark in it.", err=True)
    for slug, student in term.unreported:
        click.echo(
            f"{slug}: {student} has marks in the gradebook, and is not in the export: grade the class here.", err=True
        )
    for told in upload.warnings if upload else ():
        click.echo(told, err=True)
    if upload and upload.missing:
        click.echo(f"no mark here for: {', '.join(upload.missing)}", err=True)
    for stage in chosen:
        if not term.marks[stage.slug]:
            click.echo(f"{stage.slug}: nobody has a mark.", err=True)


def _titles(columns: tuple[str, ...], chosen: list[Stage]) -> dict[str, str]:
    """By slug: the column that was named for a stage."""
    titles: dict[str, str] = {}
    for told in columns:
        name, is_there, title = told.partition("=")
        found = [stage for stage in chosen if is_there and name.strip() in (stage.slug, stage.slug.partition("_")[0])]
        if not found and len(chosen) == 1:
            found, title = list(chosen), told
        if not found or found[0].slug in titles:
            fix = f'Write, once for each stage: --column {chosen[0].slug.partition("_")[0]}="TITLE".'
            raise CourseError(Fault(f'--column "{told}"', "does not say for which stage.", fix))
        titles[found[0].slug] = title.strip()
    return titles


@main.group()
def gradebook() -> None:
    """Where the marks are: a file in .course/, or a PostgreSQL server (docs/postgresql.md).

    \b
    autograder gradebook show                                                        where, and how many
    autograder gradebook copy .course/gradebook.db postgresql+psycopg://grader@db.example.edu/sequence
    """


@gradebook.command("show")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def show_gradebook(as_json: bool) -> None:
    """Say which gradebook `grade`, `report`, formgrader and nbgrader use here, and what is in it.

    \b
    autograder gradebook show
    """
    import json

    from autograder.gradebook.database import Database

    with Database(find_course()) as data:
        counts = data.counts()
        if as_json:
            click.echo(json.dumps({"gradebook": data.place, **counts}, ensure_ascii=False))
            return
        click.echo(f"gradebook   {data.place}")
        click.echo(", ".join(f"{name}: {count}" for name, count in counts.items()))


@gradebook.command("copy")
@click.argument("source")
@click.argument("target")
def copy_gradebook(source: str, target: str) -> None:
    """Copy a whole gradebook: from a file into a server, or back. Each is the path of a file, or a url.

    All of it, or nothing: marks, comments, marks by hand, due dates. The target must be empty; the source stays as it
    is. Let nobody grade meanwhile: what is written later is not in the copy.

    \b
    autograder gradebook copy .course/gradebook.db postgresql+psycopg://grader@db.example.edu/sequence
    autograder gradebook copy postgresql+psycopg://grader@db.example.edu/sequence backup.db
    """
    from autograder.gradebook.copy import copy

    with progress_bar() as progress:
        counts = copy(source, target, steps(progress, "copy"))
    print_table("copied, and counted in both", ["table", "rows"], [[name, count] for name, count in counts.items()])
