"""Commands that look at a graded class, or at all of a term: report, similar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.console import print_table, progress_bar, steps, writable
from autograder.cli.group import main
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage, find_course

if TYPE_CHECKING:
    from autograder.feedback.similar import Shared
    from autograder.gradebook.results import ClassResult
    from autograder.stage.model import Content

MOST_SHARED = 3  # exercises of a pair in the terminal


def write_report(stage: Stage, content: Content, result: ClassResult, folder: Path) -> tuple[Path, Path]:
    """With the marks that the gradebook has now; says whom the report cannot tell of."""
    from autograder.feedback.last_result import as_in_gradebook
    from autograder.feedback.report import write

    result, others = as_in_gradebook(stage, result)
    if others:
        fact = f"{stage.slug}: in the gradebook, and not in the report: {', '.join(others)}."
        click.echo(f"{fact} Grade them with `grade`, or remove them with `remove`.", err=True)
    return write(stage, content, result, folder)


@main.command()
@click.argument("stage", required=False)
@click.option("--all", "whole_term", is_flag=True, help="On all graded stages together.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for it, in place of the usual.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="With --all: write it, too.")
def report(stage: str | None, whole_term: bool, out: Path | None, json_path: Path | None) -> None:
    """Report on a graded class: points, difficulty, misconceptions, time, failures. A page and a table (CSV).

    `grade` writes the same; nothing is run again. The marks are those that the gradebook has now, so what you gave by
    hand in formgrader is in them. With --all it is on the term: each student in each stage, who falls behind, what cost
    the class most.

    \b
    autograder report 03
    autograder report 03 --out to_print/
    autograder report --all --json term.json
    """
    course = find_course()
    if (stage is None) != whole_term:
        fix = "Name a stage, or give --all: autograder report 03, autograder report --all."
        raise CourseError(Fault("report", "is on one stage or on all of them.", fix))
    if stage is None:
        _report_on_term(course, out, json_path)
        return
    if json_path:
        fix = f"For one stage: autograder grade {stage} --from … --json {json_path}"
        raise CourseError(Fault("--json", "goes with --all.", fix))
    from autograder.feedback.last_result import load
    from autograder.stage.read import read_stage

    course = find_course()
    chosen = course.stages((stage,))[0]
    content, result = read_stage(chosen), load(chosen)
    now = {cell.id for cell in content.of_kind("check")}
    if any(r.ran and set(r.checks) != now for r in result.students.values()):
        click.echo(f"{chosen.slug}: its checks have changed since this class was graded. Grade it again.", err=True)
    for path in write_report(chosen, content, result, out or course.work / "report"):
        click.echo(f"report      {chosen.place(path) if out is None else path}")


def _report_on_term(course: Course, out: Path | None, json_path: Path | None) -> None:
    from autograder.feedback import term
    from autograder.feedback.export import read_term
    from autograder.feedback.last_result import graded_stages

    writable(json_path)
    told = term.whole(read_term(course, graded_stages(course)))
    behind = [one.person.shown for one in told.students if one.behind]
    for path in term.write(told, out or course.work / "report"):
        click.echo(f"report      {course.place(path) if out is None else path}")
    if json_path:
        term.write_json(told, json_path)
        click.echo(f"term        {json_path}")
    click.echo(f"{len(behind)} of {len(told.students)} students fall behind{': ' * bool(behind)}{', '.join(behind)}")
    for slug, student in told.term.ungraded:
        click.echo(f"{slug}: {student} is ungraded.", err=True)


@main.command()
@click.argument("stage")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the pairs here, too.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for it, in place of the usual.")
def similar(stage: str, json_path: Path | None, out: Path | None) -> None:
    """Show the pairs of a graded class that are more alike than chance. It accuses nobody: look yourself.

    Two who went wrong in the same rare way say more than two with the same right answer. What was graded last is
    compared, and nothing is run again. The page has both texts side by side. Marks and feedback know nothing of it.

    \b
    autograder similar 03
    autograder similar 03 --json pairs.json --out to_look_at/
    """
    from autograder.feedback import similar as similarity
    from autograder.stage.read import read_stage

    course = find_course()
    chosen = course.stages((stage,))[0]
    writable(json_path)
    with progress_bar() as progress:
        found = similarity.find_similar(chosen, read_stage(chosen), steps(progress, f"similar {chosen.slug}"))
    page = similarity.write_page(found, out or course.work / "report")
    rows: list[list[object]] = [
        [pair.one.shown, pair.other.shown, _what_is_shared(pair.shared)]
        for pair in found.pairs[: similarity.MOST_PAIRS]
    ]
    if rows:
        print_table(f"{chosen.slug}: more alike than chance", ["student", "student", "in"], rows)
    click.echo(
        f"{len(found.hand_ins)} hand-ins, {len(found.pairs)} of {found.compared:,} pairs are more alike than chance."
    )
    for group in found.whole[: similarity.MOST_PAIRS]:
        click.echo(f"Word for word the same in every exercise: {', '.join(one.shown for one in group)}.")
    if found.same:
        click.echo(f"The same text in one exercise, and else as others: {len(found.same)} pairs, on the page.")
    if found.unknown:
        fact = f"Of {len(found.unknown)} hand-ins it is not stored any more what the checks got to see:"
        click.echo(
            f"{fact} only texts and the names of mistakes were compared. Grade the class again for the rest.", err=True
        )
    click.echo("Look at both texts yourself: students who learn together write alike.")
    click.echo(f"page        {chosen.place(page) if out is None else page}")
    if json_path:
        similarity.write_json(found, json_path)
        click.echo(f"pairs       {json_path}")


def _what_is_shared(shared: list[Shared]) -> str:
    """What says most, in a few lines."""
    most = shared[:MOST_SHARED]
    told = [f"{s.exercise}: {_how_rare(s)}" for s in most]
    return "\n".join(told + [f"and {len(shared) - len(most)} more"] * (len(shared) > len(most)))


def _how_rare(shared: Shared) -> str:
    wrong = f"the same mistake, as {shared.shows} have" if shared.shows else ""
    return wrong or f"so much of the text as one pair in {shared.one_in:,.0f}"
