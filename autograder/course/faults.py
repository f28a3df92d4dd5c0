"""The errors that every command shares: place, fact, fix."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """Something wrong that a person can mend: where, what, and how."""

    place: str
    fact: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.fact} {self.fix}"


class CourseError(Exception):
    """One or more faults. The command line prints them and exits with 1; there is no traceback."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass
class FileFaults:
    """Collects faults of one file, so that an author sees all of them at once."""

    place: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, line: int, fact: str, fix: str) -> None:
        self.faults.append(Fault(f"{self.place}:{line}", fact, fix))
