"""What a course or a stage may set."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage

SHARES = {"full": 1.0, "half": 0.5, "none": 0.0}


@dataclass(frozen=True)
class Settings:
    """
    Attributes:
        error_carried_forward: how much of its points an exercise gets that is right but for one it builds on.
        references: are the solutions handed out, packed, for learners who are stuck? See `lab.reference`.
        late_days: days after the due date that cost nobody anything.
        late_penalty: what each started day after them costs, as a share of the maximum; 0 costs nothing.
        late_most: the most that lateness costs, as a share of the maximum.
    """

    error_carried_forward: str = "full"
    references: bool = False
    late_days: int = 0
    late_penalty: float = 0.0
    late_most: float = 1.0

    @property
    def carried_share(self) -> float:
        return SHARES[self.error_carried_forward]


def read_settings(stage: Stage) -> Settings:
    """From `settings.toml` beside the stage's text, else from the course's `solutions/settings.toml`.

    Raises:
        CourseError: for a name or a value that is none.
    """
    given: dict[str, object] = {}
    for path in (stage.folder.parent / "settings.toml", stage.folder / "settings.toml"):
        if not path.is_file():
            continue
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise CourseError(Fault(stage.place(path), f"is no valid TOML: {e}.", "Mend the line.")) from e
        for name, value in told.items():
            if not _fits(name, value):
                fix = f'It may say: error_carried_forward = "{" | ".join(SHARES)}", references = true | false, '
                fix += "late_days = a whole number, late_penalty and late_most = a number from 0 to 1."
                raise CourseError(Fault(stage.place(path), f"{name} = {value!r} is no setting.", fix))
        given |= told
    return Settings(**given)  # type: ignore[arg-type]


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return name == "references"
    if name == "late_days":
        return isinstance(value, int) and value >= 0
    if name in ("late_penalty", "late_most"):
        return isinstance(value, int | float) and 0 <= value <= 1
    return name == "error_carried_forward" and isinstance(value, str) and value in SHARES
