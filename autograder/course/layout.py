"""Where the parts of the course are, and the errors that every command shares."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course.faults import CourseError, Fault


@dataclass(frozen=True)
class Course:
    """A course folder; every path of the layout is spelled here and nowhere else."""

    root: Path
    folder: str = ".course"  # the demo has one of its own, so that it never touches real marks

    @property
    def work(self) -> Path:
        """nbgrader's own folders: source, submitted, autograded, feedback, gradebook.db. Never committed."""
        return self.root / self.folder

    @property
    def gradebook(self) -> Path:
        return self.work / "gradebook.db"

    @property
    def verdicts(self) -> Path:
        """Results by hash; they outlive a gradebook."""
        return self.work / "verdicts"

    def place(self, path: Path) -> str:
        """A path as messages show it: relative to the course."""
        return os.path.relpath(path, self.root)

    def stages(self, names: tuple[str, ...] = (), released: bool = False) -> list[Stage]:
        """The stages of the course in order, or those named: `03_seq2seq`, or its number `03`.

        With `released` those that have a notebook for students, whether `solutions/` is here or not.
        """
        texts, notebooks = self.root.glob("solutions/*/notebook.py"), self.root.glob("notebooks/*/*.ipynb")
        found = sorted(
            [p.stem for p in notebooks if p.stem == p.parent.name] if released else [p.parent.name for p in texts]
        )
        if not names:
            return [Stage(self, slug) for slug in found]
        chosen = []
        for name in names:
            slugs = [s for s in found if s == name.strip("/") or s.split("_")[0] == name]
            if not slugs:
                raise CourseError(
                    Fault(name, "is no stage of this course.", f"Choose one of: {', '.join(found) or '(none yet)'}.")
                )
            if len(slugs) > 1 and name not in slugs:
                raise CourseError(Fault(name, f"is more than one stage: {', '.join(slugs)}.", "Give the whole name."))
            chosen.append(Stage(self, name if name in slugs else slugs[0]))
        return chosen


@dataclass(frozen=True)
class Stage:
    """One stage, by its slug such as `03_seq2seq`."""

    course: Course
    slug: str

    @property
    def folder(self) -> Path:
        return self.course.root / "solutions" / self.slug

    @property
    def text(self) -> Path:
        """The only form that people edit."""
        return self.folder / "notebook.py"

    @property
    def title(self) -> str:
        """What its text has for a title; empty where there is none."""
        found = re.search(r"(?m)^# # (.+)$", self.text.read_text(encoding="utf-8")) if self.text.is_file() else None
        return found[1].strip() if found else ""

    @property
    def drawings(self) -> Path:
        """The stage's drawings as code; few stages have none."""
        return self.folder / "drawings.py"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.py"

    @property
    def solved(self) -> Path:
        """The solved stage with its plots, for people who read solutions."""
        return self.folder / f"{self.slug}.ipynb"

    @property
    def source(self) -> Path:
        """nbgrader's source notebook, with solutions and hidden tests."""
        return self.course.work / "source" / self.slug / f"{self.slug}.ipynb"

    @property
    def released(self) -> Path:
        """What students get."""
        return self.course.root / "notebooks" / self.slug / f"{self.slug}.ipynb"

    def kept(self, number: int) -> Path:
        """Where what somebody wrote goes when the notebook is built anew: beside it. Never committed."""
        return self.released.with_name(f"{self.slug}-kept-{number}.ipynb")

    def place(self, path: Path) -> str:
        return self.course.place(path)


def find_course(start: Path | None = None) -> Course:
    """The course around the current folder, or else the one that this package was installed from."""
    here = (start or Path.cwd()).resolve()
    home = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, home):
        if (folder / "nbgrader_config.py").is_file() and (folder / "course.py").is_file():
            return Course(folder)
    raise CourseError(Fault(str(here), "is not inside a course.", "Go to the folder that holds course.py."))


def command(words: str) -> str:
    """A command of the course as it can be typed here: in the course's folder, or in a terminal of JupyterLab."""
    return f"python3 course.py {words}" if Path("course.py").is_file() else f"autograder {words}"
