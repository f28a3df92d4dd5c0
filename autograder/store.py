"""Verdicts by the hash of all that they depend on, so that nothing is run twice."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from autograder.course import CourseError, Fault
from autograder.judge.job import Job, Result, result_from_json, to_json

PACKAGE = Path(__file__).resolve().parent


class Store:
    """A folder of results. A file is there whole or not at all, so a run may be ended at any moment."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        self.folder, self.sandbox = folder, sandbox

    def key(self, job: Job) -> str:
        """The student's cells, the checks, the limits, the sandbox, and the program that runs them."""
        data = to_json([job, self.sandbox, fingerprint()])
        return hashlib.sha256(data.encode()).hexdigest()

    def get(self, job: Job) -> Result | None:
        try:
            return result_from_json(json.loads(self._path(job).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # not there, or not readable: it is run again

    def put(self, job: Job, result: Result) -> None:
        path = self._path(job)
        try:
            write_whole(path, to_json(result))
        except OSError as e:
            raise cannot_write(str(path.parent), e) from e

    def _path(self, job: Job) -> Path:
        key = self.key(job)
        return self.folder / key[:2] / f"{key}.json"


def cannot_write(place: str, error: OSError) -> CourseError:
    """A full disk or a missing right in the middle of grading."""
    fix = "Mend that and run the same command again: what was graded so far is kept."
    return CourseError(Fault(place, f"cannot be written: {error.strerror}.", fix))


def write_whole(path: Path, data: str | bytes) -> None:
    """Write a file so that it is there whole or not at all, whenever this is interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        os.chmod(name, 0o644)  # as any new file; mkstemp keeps it to the owner
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


@cache
def fingerprint() -> str:
    """Of this package's code and of what runs below it."""
    from importlib.metadata import version

    versions = [sys.version, *map(version, ("torch", "numpy", "matplotlib", "ipython"))]
    digest = hashlib.sha256("\n".join(versions).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
