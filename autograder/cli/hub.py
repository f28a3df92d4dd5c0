"""The command that tries the course on a JupyterHub: deploy/jupyterhub in a folder that goes with it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from autograder.cli.console import progress_bar, steps
from autograder.cli.group import main
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Course, Stage, find_course

STUDENTS, INSTRUCTOR = ("ana", "bob", "wei"), "instructor"
PROXY, NODE = "configurable-http-proxy@5.3.0", 20  # the oldest Node.js that it takes
HERE = "127.0.0.1"
START_SECONDS = 60


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Where it is to be found.")
def hub(stages: tuple[str, ...], port: int) -> None:
    """Try the course on a JupyterHub of its own: three students and an instructor, on this machine only.

    Stage 00 is released in nbgrader's exchange, or those that you name. All is in a new folder, with a copy of the
    course and an empty gradebook; Ctrl-C ends it and removes that folder. The first call fetches the hub's proxy with
    npm. How a class is served: deploy/jupyterhub/README.md.

    \b
    autograder hub
    autograder hub 00 03 --port 8080
    """
    if os.name != "posix":
        raise CourseError(Fault("hub", "JupyterHub does not run on Windows.", "It runs in WSL."))
    course = find_course()
    chosen = course.stages(stages or ("00",))
    config = course.root / "deploy" / "jupyterhub" / "trying_config.py"
    if not config.is_file():
        raise CourseError(Fault(course.place(config), "is not there.", "Get the whole course again."))
    addresses = [f"http://{HERE}:{number}" for number in (_checked(port), *_free(2))]
    with _signals_end(), progress_bar() as progress, contextlib.ExitStack() as ending:
        step, steps_done, total = steps(progress, "hub"), 0, 4 + len(chosen)

        def done() -> None:
            nonlocal steps_done
            step(steps_done, total)
            steps_done += 1

        done()
        proxy = _proxy(course)
        done()
        folder = Path(ending.enter_context(TemporaryDirectory(prefix="course-hub-")))
        copy = _copy(course, folder)
        done()
        for stage in chosen:
            _release(Stage(copy, stage.slug), folder)
            done()
        password = secrets.token_urlsafe(9)
        told = {"password": password, "logins": [*STUDENTS, INSTRUCTOR], "addresses": addresses, "proxy": proxy}
        (folder / "trying.json").write_text(json.dumps(told), encoding="utf-8")
        process = ending.enter_context(_running(config, folder, addresses[0]))
        done()
        progress.stop()
        _tell(addresses[0], password, chosen)
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
            raise CourseError(_ended(folder))
        click.echo()


def _tell(address: str, password: str, stages: list[Stage]) -> None:
    click.echo(f"address     {address}")
    click.echo(f"students    {', '.join(STUDENTS)}")
    click.echo(f"instructor  {INSTRUCTOR}")
    click.echo(f"password    {password}, of each of them")
    click.echo(f"released    {', '.join(stage.slug for stage in stages)}")
    click.echo("A student   Nbgrader > Assignment List: fetch, open, solve, save, submit; later fetch the feedback.")
    number = stages[0].slug.partition("_")[0]
    click.echo(f"Instructor  File > New > Terminal: autograder grade {number} --from exchange")
    click.echo(f"            nbgrader release_feedback {stages[0].slug}, or in Nbgrader > Formgrader")
    click.secho(
        "For trying only: all four servers run as you, without limits of memory or processors. A student's can read "
        "the solutions, and all files of yours. For a class: deploy/jupyterhub/README.md.",
        fg="yellow",
    )
    click.echo("Ctrl-C ends it, and removes what was made here.")


def _checked(port: int) -> int:
    with socket.socket() as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            there.bind((HERE, port))
        except OSError as error:
            raise CourseError(Fault(f"port {port}", f"{error.strerror}.", "Name another: --port 8080.")) from error
    return port


def _free(count: int) -> list[int]:
    """Ports for the hub's own parts."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HERE, 0))
        return [one.getsockname()[1] for one in sockets]


def _proxy(course: Course) -> list[str]:
    """The command of JupyterHub's proxy; npm fetches it once into the course's working folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    fix = f"Install Node.js {NODE} or later, with npm: https://nodejs.org, or your system's packages nodejs and npm."
    if not node or not npm:
        raise CourseError(
            Fault("hub", f"JupyterHub's proxy needs Node.js; {'npm' if node else 'node'} is missing.", fix)
        )
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if int("".join(filter(str.isdigit, version.partition(".")[0])) or 0) < NODE:
        raise CourseError(Fault("hub", f"JupyterHub's proxy needs Node.js {NODE}; {node} is {version}.", fix))
    folder = course.work / PROXY.replace("@", "-")
    start = folder / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    if not start.is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix="npm-") as new:
            words = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", new, PROXY]
            done = subprocess.run(words, cwd=new, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                fact = f"could not be fetched. npm says: {' '.join(done.stderr.split())[-600:]}"
                raise CourseError(Fault(PROXY, fact, "Mend that (the network?), and run the same command again."))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(new, folder, symlinks=True)
    return [node, str(start)]


def _copy(course: Course, folder: Path) -> Course:
    """The course as an instructor has it, without anybody's marks and names; beside it what nbgrader is told."""
    root, exchange = folder / "course", folder / "exchange"
    root.mkdir(mode=0o700)
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(course.root / name, root)
    shutil.copytree(course.root / "solutions", root / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    exchange.mkdir()
    exchange.chmod(0o777)
    (folder / "tmp").mkdir()
    settings = folder / "settings" / "nbgrader_config.py"
    settings.parent.mkdir()
    settings.write_text(
        "c = get_config()\n"
        f"c.Exchange.root = {str(exchange)!r}\n"
        "c.ExchangeCollect.check_owner = False  # all files are of the one person who tries it\n",
        encoding="utf-8",
    )
    return Course(root)


def _release(stage: Stage, folder: Path) -> None:
    """With nbgrader's own commands, as an instructor would."""
    from autograder.build.write import build_source

    build_source(stage)
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "settings")}  # and no settings of the person
    for command in ("generate_assignment", "release_assignment"):
        words = [sys.executable, "-m", "nbgrader", command, stage.slug]
        done = subprocess.run(words, cwd=stage.course.root, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise CourseError(Fault(stage.slug, f"nbgrader {command} failed: {done.stderr.strip()}", "Mend that."))


@contextmanager
def _running(config: Path, folder: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """The hub from its first answer on; in the end nothing of it is left, whatever its servers have started."""
    from autograder.run.sandbox.confine import adopt_orphans

    if sys.platform == "linux":
        adopt_orphans()
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    with open(folder / "hub.log", "wb") as log:
        # Its own session: Ctrl-C is for this process, which ends the hub.
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_for(process, address, folder)
            yield process
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # nothing is left half-ended
            _end(process)


@contextmanager
def _signals_end() -> Iterator[None]:
    """A closed terminal, or a polite kill, is a Ctrl-C."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for(process: subprocess.Popen[bytes], address: str, folder: Path) -> None:
    import time
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/hub/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise CourseError(_ended(folder))


def _ended(folder: Path) -> Fault:
    lines = (folder / "hub.log").read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    return Fault("hub", "JupyterHub has ended, or did not start. It said:\n" + "\n".join(lines), "\nMend that.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """At once: its folder goes, so there is nothing to save. Also what a student's server has started, in any way."""
    import psutil

    process.kill()
    while left := psutil.Process().children(recursive=True):
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=5)
