"""Run the course's own answers: one warm process defines the stages, and forks where an exercise begins.

The answers are the course's own, so they run without a sandbox. An answer costs its own checks and no more: what a
check computes with the solutions of earlier exercises, such as a trained model, is the same for every answer to a later
one, so it is computed once (`_Memo`).
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import io
import linecache
import multiprocessing
import os
import pickle
import random
import signal
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from autograder.build.release import blank_source
from autograder.course.faults import CourseError, Fault
from autograder.proof.memo import _Memo
from autograder.proof.tasks import (
    MEMORY,
    TIMES,
    Calls,
    Outcome,
    Outcomes,
    Recall,
    Seen,
    Step,
    Task,
    Trial,
    _Queue,
    message_of,
)
from autograder.proof.warm import fork, import_what_forks_need
from autograder.run.limits import read_limits
from autograder.run.memory import use_large_pages
from autograder.run.warm import forget_devices
from autograder.stage.model import Cell, Content
from autograder.stage.names import names

FORKS = 100  # then this process has written to so many of its large pages that they are put together again


def run_tasks(
    content: Content,
    tasks: Sequence[Task],
    jobs: int,
    step: Step = lambda done, total: None,
    recall: Recall | None = None,
) -> Iterator[tuple[Task, Outcomes]]:
    """Run these tasks of one stage; the results come as they are ready. `step` is told how many there are."""
    for done, (index, trial) in enumerate(run_all([(content, task) for task in tasks], jobs, recall=recall), 1):
        step(done, len(tasks))
        yield tasks[index], trial.outcomes


def run_all(
    work: Sequence[tuple[Content, Task]],
    jobs: int,
    until_failure: bool = False,
    seconds: float | None = None,
    recall: Recall | None = None,
    worlds: Mapping[str, World] | None = None,
) -> Iterator[tuple[int, Trial]]:
    """Run tasks of several stages, `jobs` at a time; yields (index into `work`, result) as each is ready.

    Tasks that probably take long start first, so that at the end no processor waits for another. How long an
    exercise takes is learned from its first task, which is a solution where there is one.

    Args:
        until_failure: leave out the checks after the first that fails.
        seconds: for one check, instead of `TIMES` the limit of its stage.
        recall: what is known from before and need not be run; what is found out is added.
        worlds: the stages, by slug, where they are run already.

    Raises:
        CourseError: when a stage's own cells do not run.
    """
    recall = {} if recall is None else recall
    if worlds is None:
        worlds = {slug: World(content, recall) for slug, content in {c.stage.slug: c for c, _ in work}.items()}
    limits = {slug: seconds or TIMES * read_limits(world.content.stage).check_seconds for slug, world in worlds.items()}
    queue = _Queue(work)
    running: dict[Connection, tuple[int, ForkProcess, float]] = {}
    forks = 0
    gc.collect()
    gc.freeze()  # or each child would copy every page that its garbage collector looks at
    try:
        while queue.waiting or running:
            while queue.waiting and len(running) < jobs:
                index = queue.take()
                content, task = work[index]
                if (trial := worlds[content.stage.slug].recalled(task)) is not None:
                    queue.learn(index, 0.0)
                    yield index, trial
                    continue
                if forks % FORKS == 0:
                    use_large_pages()
                forks += 1
                receive, send = multiprocessing.Pipe(duplex=False)
                limit = limits[content.stage.slug]
                arguments = (send, worlds[content.stage.slug], task, until_failure, limit)
                process = fork(_child, *arguments)
                send.close()
                running[receive] = (index, process, time.monotonic())
            ready = wait(running, timeout=5.0)
            for connection, (index, process, began) in list(running.items()):
                content, task = work[index]
                limit = limits[content.stage.slug]
                late = time.monotonic() - began > limit * len(content.checks(task.exercise)) + 60
                if connection not in ready and not late:
                    continue
                del running[connection]
                trial = _receive(connection, process, content, task)
                worlds[content.stage.slug].learn(task, trial)
                queue.learn(index, time.monotonic() - began)
                yield index, trial
    finally:
        for _, process, _ in running.values():
            process.kill()
            process.join()
        gc.unfreeze()


def _receive(connection: Connection, process: ForkProcess, content: Content, task: Task) -> Trial:
    """What a child says; where it says nothing, each check failed."""
    try:
        trial: Trial = pickle.loads(connection.recv_bytes()) if connection.poll() else Trial()
    except EOFError:
        trial = Trial()
    process.kill()  # it has told all that it has to tell
    process.join()
    connection.close()
    if not trial.outcomes:
        died = Outcome(False, "raised an error that ended the whole process", "SystemExit")
        trial.outcomes = {check.id: died for check in content.checks(task.exercise)}
    return trial


class World:
    """A stage with its given cells and solutions run, ready to be forked.

    Raises:
        CourseError: when one of these cells does not run.
    """

    def __init__(self, content: Content, recall: Recall) -> None:
        import matplotlib

        import_what_forks_need()
        matplotlib.use("agg")
        self.content = content
        self.cells = {cell.id: cell for cell in content.of_kind("exercise")}
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in content.of_kind("given", "exercise"):
                try:
                    _execute(cell.source, cell.id, self.namespace)
                except (Exception, SystemExit) as error:
                    place = f"{content.stage.place(content.stage.text)}:{cell.line}"
                    fact = f'the cell "{cell.id}" raised {type(error).__name__}: {error}.'
                    raise CourseError(Fault(place, fact, "Mend it; nothing below it could be run.")) from error
        self.known: Calls = {}
        self.recall = recall
        self.digest = hashlib.sha256(repr([c.source for c in content.of_kind("given", "exercise")]).encode()).digest()
        self.uses = {name: names(cell.source)[1] - {name} for name, cell in self.cells.items()}
        self.used = {name for cell in content.of_kind("given", "exercise") for name in names(cell.source)[1]}
        self.hashes = dict[str, str]()
        for check in content.of_kind("check"):
            self.hashes[check.id] = hashlib.sha256(repr((check.id, check.source)).encode()).hexdigest()
            self.uses[check.exercise] |= names(check.source)[1] - {check.exercise}
            if check.exercise in content.written:
                _prepare(check.source, check.id)

    def sees(self, changed: set[str], exercise: str) -> list[str]:
        """Exercises that use these changed names, but do not declare that they build on this exercise."""
        seen = _closure(changed, self.uses)
        built = _closure({exercise}, {name: set(cell.builds_on) for name, cell in self.cells.items()})
        return [name for name in self.cells if name in seen and name not in built]

    def source(self, task: Task) -> str:
        """What stands in place of the exercise."""
        if task.answer is not None:
            return task.answer.source
        source = self.cells[task.exercise].source
        return blank_source(source, task.exercise) if task.what == "blank" else source

    def key(self, task: Task) -> str:
        """Of all that a task depends on, but for the checks."""
        told = task.what, task.exercise, self.source(task), task.seed
        return hashlib.sha256(self.digest + repr(told).encode()).hexdigest()

    def learn(self, task: Task, trial: Trial) -> None:
        self.known.update(trial.learned)
        outcomes = {**trial.outcomes, **trial.elsewhere}
        others = [name for name in self.cells if any(c.id in trial.elsewhere for c in self.content.checks(name))]
        seen = self.recall.setdefault(self.key(task), Seen(trial.ran, trial.defines, others))
        seen.outcomes |= {self.hashes[check]: outcome for check, outcome in outcomes.items()}

    def recalled(self, task: Task) -> Trial | None:
        """What came of a task before, where all of it is known."""
        seen = self.recall.get(self.key(task))
        if seen is None:
            return None
        trial = Trial(ran=seen.ran, defines=seen.defines)
        told = [(trial.outcomes, task.exercise), *((trial.elsewhere, other) for other in seen.elsewhere)]
        for outcomes, exercise in told:
            for check in self.content.checks(exercise):
                if (outcome := seen.outcomes.get(self.hashes[check.id])) is None:
                    return None
                outcomes[check.id] = outcome
        return trial

    def try_out(self, task: Task, until_failure: bool, seconds: float) -> Trial:
        """Run a task here. The namespace is spoiled then."""
        reseed = _shifted(task.seed)
        reseed()
        cell = self.cells[task.exercise]
        signal.signal(signal.SIGALRM, lambda *_: _too_long(seconds))
        trial, before, broken = Trial(), dict(self.namespace), None
        self.namespace.pop(cell.id, None)  # or an answer that does not define it would pass with the solution's
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), _limit(seconds):
            try:
                _execute(self.source(task), cell.id, self.namespace)
            except BaseException as error:
                broken = Outcome(False, f"{type(error).__name__}: {error}", type(error).__name__)
        trial.ran, trial.defines = broken is None, cell.id in self.namespace
        changed = {name for name in {*before, *self.namespace} if self.namespace.get(name) is not before.get(name)}
        others = self.sees(changed, cell.id) if task.what == "answer" else []
        memo = _Memo(self.namespace, self.known, task)
        seen = self.recall.get(self.key(task))
        below = () if (changed - {cell.id}) & self.used else cell.builds_on
        for exercise, outcomes in [(cell.id, trial.outcomes), *((other, trial.elsewhere) for other in others)]:
            for check in self.content.checks(exercise):
                namespace = {**self.namespace, **memo.instead_of(below if exercise == cell.id else ())}
                reseed()
                known = (seen and seen.outcomes.get(self.hashes[check.id])) or broken
                outcomes[check.id] = known or run_check(check, namespace, seconds)
                if until_failure and not outcomes[check.id].passed:
                    return trial
        trial.learned = memo.learned
        return trial


def _child(send: Connection, world: World, task: Task, until_failure: bool, seconds: float) -> None:
    _bound_memory()
    warnings.simplefilter("ignore")  # as in a notebook, they fail no check, whatever the caller does with them
    try:
        send.send_bytes(pickle.dumps(world.try_out(task, until_failure, seconds)))
    finally:
        os._exit(0)  # without the parent's clean-up


def _closure(start: set[str], uses: dict[str, set[str]]) -> set[str]:
    """`start`, and all that uses something of it, directly or through others."""
    found = set(start)
    while more := {name for name, used in uses.items() if name not in found and used & found}:
        found |= more
    return found


def run_check(check: Cell, namespace: dict[str, Any], seconds: float) -> Outcome:
    """Run one check cell in this namespace."""
    from autograder.lab.markers import is_hidden

    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), _limit(seconds):
            _execute(check.source, check.id, namespace)
    except BaseException as error:
        line = next(
            (f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == _file(check.id)), 0
        )
        hidden = is_hidden(check.source.split("\n"), line)
        return Outcome(False, message_of(type(error).__name__, str(error), hidden), type(error).__name__, hidden)
    return Outcome(True)


def _bound_memory() -> None:
    """A loop that never ends must not take all memory before its time is over."""
    import resource

    size = Path("/proc/self/statm")
    if size.is_file():
        now = int(size.read_text().split()[0]) * resource.getpagesize()
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        bound = now + MEMORY if most == resource.RLIM_INFINITY else min(now + MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _file(name: str) -> str:
    return f"<{name}>"


def _execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    linecache.cache[_file(name)] = (len(source), None, source.splitlines(keepends=True), _file(name))
    exec(_compiled(source, name), namespace)


@functools.lru_cache(maxsize=4096)
def _compiled(source: str, name: str) -> types.CodeType:
    return compile(source, _file(name), "exec")


def _prepare(source: str, name: str) -> None:
    """Compile a check, and find its calls for `expect`: every answer would else do it again."""
    from executing import Source

    _compiled(source, name)
    linecache.cache[_file(name)] = (len(source), None, source.splitlines(keepends=True), _file(name))
    Source.for_filename(_file(name))


def _shifted(seed: int) -> Callable[[], None]:
    """Starts the random state afresh, which every check begins with; seed 1, 2, … shift `torch.manual_seed` as well."""
    import numpy
    import torch

    forget_devices()
    original = torch.manual_seed
    if seed:
        torch.manual_seed = lambda value: original(int(value) + 7919 * seed)  # type: ignore[assignment]

    def reseed() -> None:
        original(seed)
        random.seed(seed)
        numpy.random.seed(seed)

    return reseed


def _too_long(seconds: float) -> None:
    raise TimeoutError(f"took longer than {seconds:g} s")
