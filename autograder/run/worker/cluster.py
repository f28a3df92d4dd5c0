"""A Dask cluster in place of this machine's workers: each Dask worker has a warm judge and sandbox of its own.

Dask finds the workers, carries jobs and results, and starts a worker again that has died. Which worker gets which job
is decided here: one job at a time for each, none for a worker whose verdicts might differ.
"""

from __future__ import annotations

import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import resource_tracker
from typing import Any, TypeVar
from urllib.parse import urlsplit

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.run.job import Job, Result, machine_fault
from autograder.run.sandbox import bwrap
from autograder.run.store import LIBRARIES, PACKAGE, data_sets, fingerprint
from autograder.run.worker.pool import in_turn, out_of_reach
from autograder.run.worker.worker import Worker

T = TypeVar("T")
R = TypeVar("R")
_LOOK_SECONDS = 0.5  # between two looks at who is there
_CONNECT_SECONDS = 15.0
_GATHER_SECONDS = 60.0  # until a result has travelled
_PATIENCE = 60.0  # seconds without any worker that fits, before that is an error
_MARGIN = 300.0  # seconds beyond a job's own limit: a sandbox starts, a result travels
_FAULTS = 3  # in a row, and a worker gets no more jobs
_UNSEEN = "127.0.0.1:0"  # Dask's pages about a cluster: on a port that nobody is told
_UPDATE = "Give it the same version as this machine, and start it again."
_THREADS = 1024  # at most; as many start as there are jobs on their way

_warm: dict[str, Worker] = {}  # in a Dask worker's process, by kind of sandbox
_starting = threading.Lock()


def versions() -> dict[str, str]:
    """All that a verdict depends on and that a job does not bring along."""
    return {**_installed(), "data sets": data_sets(), "the course's code": fingerprint()}


@cache
def _installed() -> dict[str, str]:
    return {"Python": sys.version, **{name: version(name) for name in LIBRARIES}}


def unfit(wanted: dict[str, str], sandbox: str) -> str:
    """Why this process must not run jobs of who has these versions, and what to do; nothing where it may."""
    own = versions()
    differ = [name for name, value in wanted.items() if own.get(name) != value]
    if known := [name for name in differ if name in _installed()]:
        here = ", ".join(f"{name} {own[name]} and not {wanted[name]}" for name in known)
        return f"It is out of date: it has {here}. {_UPDATE}"
    if differ:
        return f"It is out of date: it has another version of {' and of '.join(differ)}. {_UPDATE}"
    return _no_sandbox() if sandbox == "bwrap" else ""


@cache
def _no_sandbox() -> str:
    """Why bubblewrap would not confine a submission here; nothing where it does."""
    works, reason = bwrap.available()
    if not works:
        return reason
    try:
        if (PACKAGE.parent / "solutions").is_dir():
            out_of_reach(PACKAGE.parent)
    except CourseError as error:
        return str(error)
    return ""


def judge(job: Job, wanted: dict[str, str], sandbox: str) -> Result | str:
    """Run a job in a Dask worker's process; or say why it must not, and run nothing."""
    if why := unfit(wanted, sandbox):
        return why
    with _starting:
        if sandbox not in _warm:
            _warm[sandbox] = Worker(sandbox)
    return _warm[sandbox].run(job)


@dataclass(eq=False)
class _Member:
    """A Dask worker. `asked` is the future of its first answer: whether it fits; `why` not."""

    address: str
    asked: Any = None
    fits: bool = False
    why: str = ""
    busy: bool = False
    gone: bool = False
    faults: int = 0

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or self.address


class Cluster:
    """The workers of a Dask scheduler, with the methods of `pool.Workers`.

    Workers may come and go at any time. What a worker does not finish is tried on another one, as often as Dask's
    setting `distributed.scheduler.allowed-failures` says; then the result is a machine fault.
    """

    def __init__(self, where: str, sandbox: str, tell: Callable[[str], None] = lambda text: None) -> None:
        """Connect to a scheduler, or start one here with its workers.

        Args:
            where: its address, as `tcp://HOST:PORT`; or `local:4` for four workers of this machine.
            tell: is told of each worker that gets no work, and why.

        Raises:
            CourseError: where it is no address, nobody answers, or Dask is not installed.
        """
        self.sandbox, self.where, self.tell = sandbox, where, tell
        self.changed = threading.Condition()
        self.members: dict[str, _Member] = {}
        self.reserved: set[str] = set()  # hosts on which one job runs alone
        self.ended = threading.Event()
        self.fault: Fault | None = None  # nothing can be run any more
        self.last_fit = time.monotonic()
        self.wanted = versions()
        self.threads = ThreadPoolExecutor(_THREADS)
        self.ends = ExitStack()
        connecting = self.threads.submit(_connect, where, self.ends)
        try:
            self.client = connecting.result()
        except BaseException:  # Ctrl-C, too
            wait([connecting])
            self.ends.close()
            raise
        import dask

        self.tries = 1 + int(dask.config.get("distributed.scheduler.allowed-failures"))
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # Ctrl-C or an error: nobody waits for what is still running
            self.threads.shutdown(wait=False, cancel_futures=True)
        self.hang_up()
        self.threads.shutdown()
        self.watcher.join()
        self.ends.close()

    def hang_up(self) -> None:
        """Nothing more will be run. Returns at once."""
        with self.changed:
            self.ended.set()
            self.changed.notify_all()

    @property
    def at_work(self) -> int:
        """How many workers there are that fit."""
        return sum(member.fits for member in list(self.members.values()))

    def each(self, function: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
        """The results, as soon as each is there. Few are on their way at any time, however many things there are."""
        return in_turn(self.threads, lambda: 2 * self.at_work + 2, function, things)

    def run(self, work: Job) -> Result:
        """Run a job on a free worker; once more, alone on its host, where it reached a limit while others had the
        processors.

        Raises:
            CourseError: where no worker is left, or the scheduler has gone.
        """
        result = self._run(work, alone=False)
        return self._run(work, alone=True) if result.crowded else result

    def _run(self, work: Job, alone: bool) -> Result:
        tried = set[str]()
        result = None
        for _ in range(self.tries):
            member = self._take(tried, alone)
            if member is None:
                return machine_fault(work, "The grading workers were closed.")
            told = self._ask(member, work)
            result = told if isinstance(told, Result) else machine_fault(work, f"{member.address}: {told}")
            self._give_back(member, alone, result)
            if not result.machine_failed or self.ended.is_set():
                return result
            tried.add(member.address)
        assert result is not None
        return result

    def _take(self, tried: set[str], alone: bool) -> _Member | None:
        """A free worker for one job; rather one that has not tried it. Nobody, where all is to end."""
        with self.changed:
            while not self.ended.is_set():
                if self.fault is not None:
                    raise CourseError(self.fault)
                fit = [m for m in self.members.values() if m.fits and m.host not in self.reserved]
                others = [m for m in fit if m.address not in tried]
                member = next((m for m in others or fit if not m.busy), None)
                if member is not None:
                    member.busy = True
                    if not alone:
                        return member
                    self.reserved.add(member.host)
                    while not self.ended.is_set() and any(
                        m.busy and m.host == member.host and m is not member for m in self.members.values()
                    ):
                        self.changed.wait()
                    return member
                self.changed.wait()
        return None

    def _give_back(self, member: _Member, alone: bool, result: Result) -> None:
        with self.changed:
            member.busy = False
            member.faults = member.faults + 1 if result.machine_failed else 0
            if alone:
                self.reserved.discard(member.host)
            if member.faults >= _FAULTS and member.fits:
                self._refuse(member, f"It failed {_FAULTS} times in a row, at last so: {result.error}")
            self.changed.notify_all()

    def _refuse(self, member: _Member, why: str) -> None:
        member.fits, member.why = False, why
        self.tell(f"{member.address} gets no work. {why}")

    def _ask(self, member: _Member, work: Job) -> Result | str:
        """Its result; or why there is none."""
        future = self._submit(member, judge, work)
        seconds = work.limits.total_seconds + _MARGIN
        end = time.monotonic() + seconds
        try:
            while not self.ended.is_set():
                told = self._answer(future)
                if told is not None:
                    return told
                if member.gone:
                    return "The worker was lost in the middle of this submission."
                if time.monotonic() > end:
                    with self.changed:
                        self._refuse(member, f"It gave no answer in {seconds:.0f} s. Look at it, or restart it.")
                    return f"The worker gave no answer in {seconds:.0f} s."
        except Exception as error:  # whatever Dask or the worker raised, another worker may do better
            return f"{type(error).__name__}: {error}"
        finally:
            future.release()
        return "The grading workers were closed."

    def _submit(self, member: _Member, function: Callable[..., Any], *words: Any) -> Any:
        words = (*words, self.wanted, self.sandbox)
        return self.client.submit(function, *words, workers=[member.address], pure=False)

    def _watch(self) -> None:
        """See who comes, who fits and who goes, until the end."""
        looked = time.monotonic()
        while not self.ended.wait(_LOOK_SECONDS):
            try:
                self._look()
                looked = time.monotonic()
            except Exception as error:
                if self.client.status != "closed" and time.monotonic() - looked < _PATIENCE:
                    continue  # the client is trying to connect again
                fact = f"the Dask scheduler has gone ({type(error).__name__}: {error})."
                fix = "Start it and its workers, and run the same command again: what was graded so far is kept."
                with self.changed:
                    self.fault = Fault(self.where, fact, fix)
                    self.changed.notify_all()

    def _look(self) -> None:
        there = set(self.client.sync(self.client.scheduler.ncores, workers=None, callback_timeout=_PATIENCE))
        answers = [(member, self._fitness(member)) for member in self.members.values() if member.asked is not None]
        with self.changed:
            for address in self.members.keys() - there:
                member = self.members.pop(address)
                member.gone, member.fits = True, False
            for address in there - self.members.keys():
                self.members[address] = member = _Member(address)
                member.asked = self._submit(member, unfit)
            for member, why in answers:
                if why is not None and not member.gone:
                    member.asked, member.fits = None, not why
                    if why:
                        self._refuse(member, why)
            self._look_for_hope()
            self.changed.notify_all()

    def _fitness(self, member: _Member) -> str | None:
        """Why a worker does not fit, nothing where it does; None where it has not answered yet."""
        if member.asked.cancelled():  # the connection was lost for a moment
            member.asked = self._submit(member, unfit)
        if not member.asked.done():
            return None
        try:
            return self._answer(member.asked)
        except Exception as error:
            return f"It cannot run this course ({type(error).__name__}: {error}). {_UPDATE}"

    def _answer(self, future: Any) -> Any:
        """What a task gave, or None where it is not there within half a second. What it raised is raised.

        Not by `future.result(timeout=…)`: one that times out breaks those of other threads, which share its request.
        """
        from distributed import wait as wait_for

        try:
            with self.client.as_current():
                wait_for(future, timeout=_LOOK_SECONDS)
        except TimeoutError:
            return None
        if future.status == "error":
            return future.result()
        gather = self.client.scheduler.gather
        told = self.client.sync(gather, keys=[future.key], callback_timeout=_GATHER_SECONDS)
        if told["status"] != "OK":  # the worker has gone in between
            self.ended.wait(_LOOK_SECONDS)
            return None
        return told["data"][future.key]

    def _look_for_hope(self) -> None:
        """Where there is no worker for long that fits, or may do so, nobody waits any longer."""
        if any(member.fits or member.asked is not None for member in self.members.values()):
            self.last_fit = time.monotonic()
        elif time.monotonic() - self.last_fit > _PATIENCE and self.fault is None:
            refused = [f"{member.address}: {member.why}" for member in self.members.values()]
            fact = "\n".join(["has no worker that can grade.", *refused])
            fix = "Start some with: dask worker ADDRESS --nthreads 1 (docs/cluster.md). What was graded so far is kept."
            self.fault = Fault(self.where, fact, fix)


def cluster_for(stage: Stage, where: str, sandbox: str, tell: Callable[[str], None]) -> Cluster:
    """A cluster for a stage's submissions. Whether there is such a sandbox, each worker finds out for itself.

    Raises:
        CourseError: as `Cluster` does; and where submissions on this machine could read the course.
    """
    if sandbox == "bwrap":
        out_of_reach(stage.course.root)
    return Cluster(where, sandbox, tell)


def _connect(where: str, ends: ExitStack) -> Any:
    """A Dask client; `ends` closes it, and the scheduler with its workers where they were started here.

    To be called in a thread of its own, which does not end before they do.
    """
    local = re.fullmatch(r"local:([1-9]\d*)", where)
    if local is None and not re.fullmatch(r"\w+://\S+", where):
        fix = "Write its address, as in tcp://HOST:8786, or local:4 for four workers of this machine."
        raise CourseError(Fault(f"--cluster {where}", "is no Dask scheduler.", fix))
    try:
        import dask

        if not dask.config.get("logging", None):  # what counts is told here, each thing once
            dask.config.set({"logging": dict.fromkeys(("distributed", "distributed.client"), "critical")})
        from distributed import Client, LocalCluster, Security

        dask.config.set({"distributed.admin.low-level-log-length": 0})  # it keeps 1,000 messages: a class's answers
        secret = Security.temporary() if local else Security()  # other users of this machine could connect
    except ImportError as error:
        fix = "Install what a big class needs: pip install -e '.[classroom]' in the course's folder."
        raise CourseError(Fault("--cluster", f"needs Dask, which is not here: {error}.", fix)) from error
    if where.startswith("tls:") and secret.get_connection_args("client")["ssl_context"] is None:
        fix = "Name a certificate and an authority in Dask's settings (docs/cluster.md, Security)."
        raise CourseError(Fault(where, "wants a certificate, and there is none.", fix))
    resource_tracker.ensure_running()  # or it would take back the next line when it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what this thread starts does not hear Ctrl-C
    try:
        if local is None:
            return ends.enter_context(Client(where, security=secret, set_as_default=False, timeout=_CONNECT_SECONDS))
        cluster = LocalCluster(
            n_workers=int(local[1]),
            threads_per_worker=1,
            memory_limit=0,  # a job has limits of its own
            dashboard_address=_UNSEEN,
            worker_dashboard_address=_UNSEEN,
            security=secret,
            silence_logs=logging.CRITICAL,
        )
        return ends.enter_context(Client(ends.enter_context(cluster), set_as_default=False))
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        fix = "Is it running (`dask scheduler`), and is this its address? docs/cluster.md says more."
        raise CourseError(Fault(where, f"no Dask scheduler answers: {error}.", fix)) from error
