"""Verdicts by the hash of all that they depend on, so that nothing is run twice."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Protocol

from autograder.course.files import keep_whole
from autograder.run.job import Job, Result, result_from_json, to_json

PACKAGE = Path(__file__).resolve().parents[1]
DATA = PACKAGE.parent / "datasets"
ROOMS = ("run", "lab")  # of this package; what goes into them is in the job
LIBRARIES = ("torch", "numpy", "matplotlib", "ipython")


class Runs(Protocol):
    """A worker, or several of them."""

    def run(self, work: Job, /) -> Result: ...


class Store:
    """A folder of results. A file is there whole or not at all, so a run may be ended at any moment."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        self.folder, self.sandbox, self.data = folder, sandbox, data_sets()

    def key(self, job: Job) -> str:
        """The student's cells, the checks, the limits, the sandbox, the program that runs them, and the stored data."""
        data = to_json([job, self.sandbox, fingerprint(), self.data])
        return hashlib.sha256(data.encode()).hexdigest()

    def path(self, job: Job) -> Path:
        """Where the result of a job belongs."""
        key = self.key(job)
        return self.folder / key[:2] / f"{key}.json"

    def get(self, path: Path) -> Result | None:
        try:
            return result_from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # not there, or not readable: it is run again

    def put(self, path: Path, result: Result) -> None:
        keep_whole(path, to_json(result))


@cache
def fingerprint(rooms: tuple[str, ...] = ROOMS) -> str:
    """Of the code that a verdict depends on: what runs submissions, what checks import, and what is below."""
    from importlib.metadata import version

    versions = [sys.version, *map(version, LIBRARIES)]
    digest = hashlib.sha256("\n".join(versions).encode())
    for path in sorted(path for room in rooms for path in (PACKAGE / room).rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def data_sets() -> str:
    """Of the stored data that cells and checks read, as it is now: a server may have run for days."""
    digest = hashlib.sha256()
    for path in sorted(DATA.glob("*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def run_cached(work: Job, store: Store, worker: Runs, again: bool = False) -> Result:
    """The stored result, or a new one, which is made in any case with `again`.

    What the machine and not the submission did wrong is not kept.
    """
    path = store.path(work)
    found = None if again else store.get(path)
    if found is None:
        found = worker.run(work)
        if not found.machine_failed:
            store.put(path, found)
    return found
