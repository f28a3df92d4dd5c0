"""How much one submission may use."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage

MB = 1 << 20
# For whatever computes, before it is loaded. Several threads on a loaded machine are up to ten times slower than one,
# and a fork of a process with threads hangs. A submission may ask for more: these then wait without burning the
# processor that the others need.
COMPUTING = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "OMP_THREAD_LIMIT": "16",
}


@dataclass(frozen=True)
class Limits:
    """Hitting one is a message to the student: which limit, in which cell."""

    cell_seconds: float = 60.0  # wall time of one cell
    check_seconds: float = 20.0  # wall time of one check
    total_seconds: float = 300.0  # wall time of the whole submission
    cpu_seconds: int = 300  # processor time of one of its processes
    memory_mb: int = 2048  # beyond the warm process: each process, and where the kernel can, all together
    processes: int = 64
    open_files: int = 256
    file_mb: int = 64  # one file
    scratch_mb: int = 256  # all files
    output_mb: float = 1.0  # text and pictures of one cell
    all_output_mb: float = 10.0  # of all cells together
    value_mb: int = 64  # one argument list or result
    calls: int = 100_000
    handles: int = 50_000

    def in_words(self, name: str) -> str:
        """One of `LIMITS_REACHED`, as a message says it."""
        return {
            "processes": f"processes and threads ({self.processes})",
            "open_files": f"open files ({self.open_files})",
            "file_mb": f"the size of a file ({self.file_mb} MB)",
            "scratch_mb": f"all files together ({self.scratch_mb} MB)",
            "memory_mb": f"memory ({self.memory_mb} MB)",
        }[name]


LIMITS_REACHED = ("processes", "open_files", "file_mb", "scratch_mb", "memory_mb")  # that an error can tell of


def read_limits(stage: Stage) -> Limits:
    """The stage's own limits, from `limits.toml` beside its text; what is not named there keeps its default.

    Raises:
        CourseError: for a name or a value that is none.
    """
    import tomllib

    path = stage.folder / "limits.toml"
    if not path.is_file():
        return Limits()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CourseError(Fault(stage.place(path), f"is no valid TOML: {e}.", "Mend the line.")) from e
    known = vars(Limits())
    faults = [
        Fault(stage.place(path), f"{name} = {value!r} is no limit.", _what_it_may_be(name, known))
        for name, value in given.items()
        if name not in known or not _is_limit(value, whole=type(known[name]) is int)
    ]
    if faults:
        raise CourseError(*faults)
    return Limits(**{name: type(known[name])(value) for name, value in given.items()})


def _is_limit(value: object, whole: bool) -> bool:
    if type(value) is float:
        return math.isfinite(value) and value > 0 and (not whole or value.is_integer())
    return type(value) is int and value > 0


def _what_it_may_be(name: str, known: dict[str, object]) -> str:
    if name not in known:
        return f"Limits are: {', '.join(known)}."
    return f"Write a {'whole ' if type(known[name]) is int else ''}number above 0."
