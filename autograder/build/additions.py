"""What `build` adds to a stage's text: the points of each exercise, and the two cells at the end."""

from __future__ import annotations

import json

from autograder.lab.kernel import digest
from autograder.stage.guide import Guide
from autograder.stage.model import Cell, Content


def points_line(content: Content, exercise: str) -> str:
    """What stands above an exercise: its name and what it gives."""
    checks = content.checks(exercise)
    points, extra = sum(check.points for check in checks), sum(check.extra for check in checks)
    words = [f"{points:g} point{'' if points == 1 else 's'}"] if points else []
    words += [f"{extra:g} extra point{'' if extra == 1 else 's'}"] if extra else []
    return f"**Exercise `{exercise}`** · {' and '.join(words)}"


def last_cells(content: Content, guides: dict[str, Guide]) -> list[Cell]:
    """How to hand in and where to go on; and the cell that sums up, which is a demonstration for whoever grades."""
    slug = content.stage.slug
    later = next((stage for stage in content.stage.course.stages() if stage.slug > slug), None)
    text = [
        "## Hand in",
        "",
        "Choose *Run → Restart Kernel and Run All Cells…* once. It goes on past checks that fail, and the cell below",
        "sums up. Then save (**Ctrl + S**) and hand in the one file",
        f"`{slug}.ipynb`, as your teacher asks. If you learn alone, press *Check* in the notebook's toolbar, or run",
        f"`autograder check {slug.partition('_')[0]}` in a terminal: where the course has its folder `solutions`,",
        "it runs the hidden checks, too.",
    ]
    if later is not None:
        text += ["", f"**Next:** [{later.title or later.slug}](../{later.slug}/{later.slug}.ipynb)"]
    code = ["from autograder.lab import summary", "", "summary.show(", f"    {_text(slug)},", "    {"]
    for name in content.exercises:
        points = {digest(check.source): check.points for check in content.checks(name)}
        worth = ", ".join(f"{_text(check)}: {value:g}" for check, value in points.items())
        code.append(f"        {_text(name)}: ({_text(guides[name].section)}, {{{worth}}}),")
    code.append("    },")
    questions, extra = [quiz.id for quiz in content.quizzes], sorted(content.extras)
    code += [f"    {word}={_text(names)}," for word, names in (("questions", questions), ("extra", extra)) if names]
    code += [f"    after={_text(later.slug)},"] if later is not None else []
    return [Cell("prose", "", "\n".join(text), 0), Cell("demo", "", "\n".join([*code, ")"]), 0, folded=True)]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
