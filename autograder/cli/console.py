"""Tables and progress bars."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.faults import CourseError, Fault

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def progress_bar() -> Progress:
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


def steps(progress: Progress, name: Callable[[], str] | str) -> Callable[[int, int], None]:
    """A bar that is told how many steps are done, of how many. Its name may change from step to step."""
    told = name if callable(name) else lambda: name
    task = progress.add_task(told(), total=None)
    return lambda done, total: progress.update(task, completed=done, total=total, description=told())


def print_table(title: str, headings: list[str], rows: list[list[object]]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    console().print(table, markup=False)


def writable(path: Path | None) -> None:
    """Find out before the work, and not after it, that a result cannot be written.

    Raises:
        CourseError: when it cannot.
    """
    if path is not None and not os.access(path.resolve().parent, os.W_OK):
        raise CourseError(Fault(str(path), "cannot be written.", "Name a file in a folder that you can write to."))


def say_encoding(*paths: Path) -> None:
    """Of tables that do not say how they were written: how they are read."""
    import click

    from autograder.intake.roster import assumed

    for sentence in filter(None, map(assumed, paths)):
        click.echo(sentence, err=True)


def default_jobs() -> int:
    """As many workers as processors may be used."""
    from autograder.run.worker.pool import processors

    return processors()
