"""The command line's own errors, and the group that holds its commands."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from autograder import __version__
from autograder.course.faults import CourseError

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
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "autograder":
                raise
            click.secho(f"{error.name}: ", nl=False, bold=True, err=True)
            again = f"python3 course.py {ctx.invoked_subcommand}"
            click.echo(f"is not installed here. In the course's folder, {again} installs all that it needs.", err=True)
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
