"""The last cell of a notebook: what its checks gave so far, what to mend, what is next, and how to hand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.lab import kernel

MOST = 8  # names in one list


def show(
    notebook: str,
    exercises: Mapping[str, tuple[str, Mapping[str, float]]],
    questions: Sequence[str] = (),
    extra: Sequence[str] = (),
    after: str = "",
) -> None:
    """Print what the checks of this notebook gave, as they were last run in this kernel.

    Args:
        notebook: the stage, and the file's name without `.ipynb`.
        exercises: of each exercise and question its section, and by each check's digest its points.
        questions: those of them that are questions of a quiz.
        extra: those of them that give points beyond the maximum only.
        after: the next stage.
    """
    states = {name: _state(name, checks) for name, (_, checks) in exercises.items()}
    written = [name for name in exercises if name not in questions]
    points = {digest: p for name in written for digest, p in exercises[name][1].items()}
    passed = sum(p for digest, p in points.items() if kernel.given.get(digest) == "passed")
    if not any(digest in kernel.given for _, checks in exercises.values() for digest in checks):
        print("No check was run since the kernel started. Choose Run > Run All Cells, then look here again.")
        return
    if written:
        print(f"Points whose visible checks pass: {passed:g} of {sum(points.values()):g}.", end=" ")
        print("The hidden checks run when the notebook is graded.")
    if questions:
        answered = sum(states[name] == "passed" for name in questions)
        print(f"Questions with an answer: {answered} of {len(questions)}.", end=" ")
        print("Whether it is right, you learn when the notebook is graded.")
    groups = {"failed": "To mend", "open": "Not written yet", "unrun": "Check not run yet"}
    todo = [name for name in written if states[name] != "passed" and (name not in extra or states[name] == "failed")]
    waits = {name: states[name] for name in todo if states[name] not in ("failed", "open", "unrun")}
    width = max(map(len, todo), default=0)
    for state, title in groups.items():
        if names := [name for name in todo if states[name] == state]:
            print(f"\n{title}:")
            print("\n".join(f"  {name:{width}}  in {exercises[name][0]}" for name in names))
    if waits:
        print("\nWritten, and waiting for another exercise:")
        print("\n".join(f"  {name:{width}}  needs {other}" for name, other in waits.items()))
    malformed = [name for name in questions if states[name] == "failed"]
    open_ones = [name for name in questions if states[name] not in ("passed", "failed")]
    if malformed:
        print(f"\nAnswers that cannot be read: {_some(malformed)}.")
    if open_ones:
        print(f"\nQuestions without an answer: {_some(open_ones)}.")
    step = _next(todo, waits, states, exercises, malformed or open_ones, notebook, after)
    print(f"\nNext: {step}{'' if step.endswith('?') else '.'}")
    print(f"To hand in: save (Ctrl+S) and hand in the one file {notebook}.ipynb, as your teacher asks.")
    terminal = f"`autograder check {notebook.split('_')[0]}` in a terminal"
    hidden = any((folder / "solutions").is_dir() for folder in Path.cwd().parents)
    more = "runs hidden checks, too" if hidden else "says what each check found"
    print(f"Learning alone: Check in JupyterLab's toolbar, or {terminal}, {more}.")


def _state(name: str, checks: Mapping[str, float]) -> str:
    """`passed`, `failed`, `open`, `unrun`, or the name of another exercise that it needs and that is not written."""
    found = [kernel.given.get(digest, "unrun") for digest in checks]
    for state, ends in (("failed", "failed"), (name, "open"), ("unrun", "unrun")):
        if state == "unrun" and (others := [s for s in found if s not in ("passed", "unrun")]):
            return others[0]
        if state in found:
            return ends
    return "passed"


def _next(
    todo: Sequence[str],
    waits: Mapping[str, str],
    states: Mapping[str, str],
    exercises: Mapping[str, Any],
    questions: Sequence[str],
    notebook: str,
    after: str,
) -> str:
    ready = sorted((name for name in todo if name not in waits), key=lambda name: states[name] != "failed")
    if ready:
        verb = {"failed": "mend", "open": "write"}.get(states[ready[0]], "run the check of")
        return f"{verb} {ready[0]}, in {exercises[ready[0]][0]}"
    if questions:
        return f"answer {questions[0]}, in {exercises[questions[0]][0]}"
    return f"hand in {notebook}.ipynb" + (f", then open {after}" if after else "")


def _some(names: Sequence[str]) -> str:
    rest = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {rest} more" if rest > 0 else "")
