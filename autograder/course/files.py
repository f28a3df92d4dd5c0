"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.course.faults import CourseError, Fault


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


def keep_whole(path: Path, data: str | bytes) -> None:
    """The same for what a command keeps for itself.

    Raises:
        CourseError: where it cannot be written.
    """
    try:
        write_whole(path, data)
    except OSError as e:
        raise cannot_write(str(path.parent), e) from e


def as_number(value: float) -> int | float:
    """A whole number without its `.0`, as JSON and tables show points."""
    return int(value) if abs(value) < 2**53 and value == int(value) else value  # above, not all digits are known
