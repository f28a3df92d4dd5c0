"""Commands for who learns: check, progress, lab; and test."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import command, find_course

if TYPE_CHECKING:
    from autograder.run.job import Job, Result
from autograder.cli.console import console, print_table, progress_bar, steps, writable
from autograder.cli.group import main


@main.command()
@click.argument("names", nargs=-1, metavar="[STAGE|NOTEBOOK]…")
@click.option("--hint", type=click.IntRange(1), help="Show this hint of each exercise that fails.")
@click.option("--watch", is_flag=True, help="Go on: check what changed, as often as you save. Ctrl-C ends it.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result, too.")
@click.option(
    "--sandbox",
    type=click.Choice(["bwrap", "none"]),
    show_default="bwrap where there is one",
    help="`none` runs a notebook from elsewhere without asking.",
    envvar="AUTOGRADER_SANDBOX",
)
def check(names: tuple[str, ...], hint: int | None, watch: bool, json_path: Path | None, sandbox: str | None) -> None:
    """Check your own notebook: what passes, what to mend, the next hint, what to read again.

    Without a name, all notebooks in notebooks/ that you have started. Where solutions/ is, the hidden tests run too.
    Exit code 0 if everything that you started passes.

    \b
    autograder check                  what you have started
    autograder check 03 --hint 2      one stage, with the second hint
    autograder check 03 --watch       again after each save
    """
    from contextlib import closing

    writable(json_path)
    from autograder.own.check import examine, name_misconceptions, once_more
    from autograder.own.findings import Known, Report
    from autograder.own.paper import Desk, find, started
    from autograder.own.show import show_again, table
    from autograder.own.state import next_step
    from autograder.own.watch import watch as saves_of
    from autograder.run.sandbox.bwrap import available
    from autograder.run.store import Store, run_cached
    from autograder.run.worker.worker import SandboxMissing, Worker

    course = find_course()
    papers = find(course, names)
    if not papers:
        raise CourseError(Fault("notebooks", "holds no notebook.", "Go to the folder of the course."))
    begun = [i for i, (_, path) in enumerate(papers) if names or started(path)]
    if not begun and not watch:
        click.echo(f"Nothing is started yet. Open the course: {command('lab')}")
        return
    if sandbox != "none":
        works, reason = available()
        others = [path for _, path in papers if not path.resolve().is_relative_to(course.root / "notebooks")]
        if not works and (others or sandbox):
            _ask_to_trust(others, reason)
        sandbox = "bwrap" if works else "none"  # one's own code: either will do
    try:
        worker = Worker(sandbox)
    except SandboxMissing as error:
        raise CourseError(Fault("check", str(error), "Or run the check cells in JupyterLab.")) from error
    desks: dict[int, Desk] = {}
    known: list[Known] = [{} for _ in papers]
    reports: dict[int, Report] = {}
    with closing(worker):
        try:
            store = Store(course.verdicts, sandbox)

            def run(work: Job) -> Result:
                return run_cached(work, store, worker)

            saves = saves_of(papers)  # from here on, so that a save during the first check counts too
            with progress_bar() as progress:
                step = steps(progress, "check")
                for done, i in enumerate(begun):
                    step(done, len(begun))
                    desks[i] = Desk(*papers[i])
                    paper = desks[i].read()
                    reports[i] = examine(paper, run, known[i], hint)
                    name_misconceptions(reports[i], run)
                    step(done + 1, len(begun))
            for report in reports.values():
                console().print(table(report))
            if reports:
                click.echo(next_step(course, [papers[i][0].slug for i in reports]))
            if watch:
                worker.start()
                click.echo("Waiting for the next save. Ctrl-C ends this.")
                for i in saves:
                    desk = desks.get(i) or desks.setdefault(i, Desk(*papers[i]))
                    while (again := once_more(desk, worker.run, known[i], hint)) is not None:
                        reports[i] = again
                        show_again(again, console(), run)
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


def _ask_to_trust(others: list[Path], reason: str) -> None:
    """Without a sandbox a notebook's code can do all that its reader can. Is it theirs?"""
    place = str(others[0]) if others else "check"
    fact = f"there is no sandbox here, so the code in it would run with all your rights. {reason}"
    if not others or not sys.stdin.isatty():
        raise CourseError(Fault(place, fact, "If you trust whoever wrote it: --sandbox none."))
    click.confirm(f"{place}: {fact}\nDid you write it, or do you trust whoever did?", abort=True, err=True)


@main.command()
@click.option(
    "--certificate", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write a page (HTML) for yourself."
)
@click.option("--name", default="", help="The name that stands on it.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the table, too.")
def progress(path: Path | None, name: str, json_path: Path | None) -> None:
    """The course at a glance: what you have done and started, from your last checks.

    \b
    autograder check && autograder progress
    autograder progress --certificate my-course.html --name "Ana"
    """
    from autograder.own.state import certificate, glance, next_step, overview

    writable(json_path)
    writable(path)
    course = find_course()
    print_table("Your course", ["stage", "done", "started", "exercises", "points", "last checked"], overview(course))
    click.echo(next_step(course))
    if json_path:
        stages = [asdict(stage) for stage in glance(course)]
        json_path.write_text(json.dumps({"stages": stages}, indent=1) + "\n", encoding="utf-8")
    if path:
        path.write_text(certificate(course, name), encoding="utf-8")
        click.echo(f"Written: {path}")


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
    from autograder.cli import jupyterlab

    course = find_course()
    words, environment = jupyterlab.command(course, instructor, arguments)
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
    from importlib.util import find_spec

    if find_spec("pytest") is None:  # a student's install has none
        raise ModuleNotFoundError(name="pytest")
    raise SystemExit(subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=find_course().root))
