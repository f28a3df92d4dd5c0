"""Make a class of submissions from the answer catalogue: right, partly right, wrong, blank and broken."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.build.release import release, source_notebook
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage
from autograder.lab.markers import BEGIN_SOLUTION, END_SOLUTION
from autograder.proof.quizzes import wrong_answers
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_answers, read_stage

KINDS = (
    "solution",
    "right",
    "wrong",
    "partly",
    "wrong",
    "blank",
    "wrong",
    "broken file",
    "partly",
    "wrong",
    "broken code",
    "wrong",
)


@dataclass
class Made:
    """What one made-up submission holds: its kind, and the catalogue's answer used for each exercise."""

    kind: str
    answers: dict[str, str] = field(default_factory=dict)


def make_class(stage: Stage, students: int, seed: int, out: Path) -> dict[str, Made]:
    """Write `out/student_01.ipynb`, … and `out/class.json`, which says what each one is. Same seed, same class."""
    content = read_stage(stage)
    answers = read_answers(stage, content)
    blank = release(source_notebook(content))
    rng = random.Random(seed)
    wrong = [a for a in answers if not a.right]
    rng.shuffle(wrong)
    out.mkdir(parents=True, exist_ok=True)
    if list(out.glob("*.ipynb")) and not (out / "class.json").is_file():
        raise CourseError(
            Fault(str(out), "holds notebooks that are no sample class.", "Name an empty or a new folder.")
        )
    for old in out.glob("student_*.ipynb"):  # of an earlier, perhaps larger, sample class
        old.unlink()
    made: dict[str, Made] = {}
    width = max(2, len(str(students)))
    for n in range(students):
        kind = KINDS[n % len(KINDS)]
        name = f"student_{n + 1:0{width}}"
        chosen = _choose(kind, content, answers, wrong, rng)
        if kind not in ("blank", "partly"):
            chosen |= _quizzes(kind, content, name, random.Random(f"{seed} {name}"))
        notebook = nbformat.from_dict(blank)
        for cell in notebook.cells:
            if (exercise := cell.metadata.get("nbgrader", {}).get("grade_id")) in chosen:
                lines = chosen[exercise].source.split("\n")  # as a student writes them
                cell.source = "\n".join(line for line in lines if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION))
        text = nbformat.writes(notebook) + "\n"
        if kind == "broken file":
            text = text[: text.index(f'"id": "{content.exercises[0]}"')]  # no answer is left in it
        made[name] = Made(kind, {exercise: answer.name for exercise, answer in chosen.items()})
        (out / f"{name}.ipynb").write_text(text, encoding="utf-8")
    says = {name: {"kind": m.kind, "answers": m.answers} for name, m in made.items()}
    (out / "class.json").write_text(json.dumps(says, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def _choose(
    kind: str, content: Content, answers: list[Answer], wrong: list[Answer], rng: random.Random
) -> dict[str, Answer]:
    """An answer for each exercise that this student has done; exercises that are not named stay blank."""
    cells = [cell for cell in content.of_kind("exercise") if cell.id in content.written]
    chosen = {c.id: Answer(True, c.id, "solution", c.source) for c in cells}
    if kind == "blank":
        return {}
    if kind == "right":
        return {e: rng.choice([a for a in answers if a.right and a.exercise == e]) for e in chosen}
    if kind == "partly":  # the first exercises are done, the rest is blank
        done = rng.randint(1, len(chosen) - 1) if len(chosen) > 1 else 1
        return dict(list(chosen.items())[:done])
    if kind == "wrong" and wrong:
        answer = wrong.pop(0)
        wrong.append(answer)  # every wrong answer has its turn before one comes back
        return {**chosen, answer.exercise: answer}
    if kind == "broken code" and chosen:
        exercise = rng.choice(content.written)
        source = chosen[exercise].source + "\nreturn )"
        return {**chosen, exercise: Answer(False, exercise, "a line that is not Python", source)}
    return chosen


def _quizzes(kind: str, content: Content, student: str, rng: random.Random) -> dict[str, Answer]:
    """An answer to each question, over this student's own numbers; of some students one in three is wrong."""
    chosen = {}
    for quiz in content.quizzes:
        value, name = quiz.value_source(student), "right"
        if kind not in ("solution", "right") and rng.random() < 1 / 3:
            name = value = repr(rng.choice([answer for answer, *_ in wrong_answers(quiz, student)]))[:80]
        chosen[quiz.id] = Answer(name == "right", quiz.id, name, quiz.answer_cell(value, student))
    return chosen
