"""The pages that are no notebook: the front page and the one for instructors, from the README and from figures."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

Row = Sequence[object]
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
_MEASURED = {  # by benchmarks/grading.py, which has more; warm where nothing else is said
    "submissions": "submissions",
    "stock_wall_s": "stock nbgrader: seconds for one",
    "one_worker_wall_s": "one worker here: seconds for one",
    "ours_wall_s": "two workers here: seconds for one",
    "wall_ratio": "stock's time over that of two workers",
    "wall_ratio_one_worker": "stock's time over that of one worker",
    "cpu_ratio": "stock's processor time over ours",
    "command_each_s": "`autograder grade`, with diagnosis, gradebook and pages: seconds for one more",
    "command_each_ratio": "stock's time, without pages, over that",
    "whole_command_ratio": "the whole class from a cold start: stock's time over that of `autograder grade`",
    "first_mark_s": "seconds until its first mark is on the screen",
}


def sections(markdown: str) -> dict[str, str]:
    """The text of each `##` section by its heading; what stands above the first one is under the empty name."""
    found, name = {"": ""}, ""
    for part in _FENCE.split(markdown):
        for line in [part] if part.startswith("```") else part.splitlines(keepends=True):
            if line.startswith("## "):
                name = line[3:].strip()
                found[name] = ""
            else:
                found[name] += line
    return {name: text.strip() for name, text in found.items()}


def described(course_section: str) -> dict[str, str]:
    """By its slug, what a student builds in each stage, from the table of the README."""
    return dict(re.findall(r"(?m)^\| \[[^\]]*\]\(notebooks/([^/]+)/[^)]*\) \| (.*?) \|", course_section))


def relinked(markdown: str, here: str, kept: Collection[str]) -> str:
    """The text as a page at `here`: links to the README go to the front page, those to files outside the site go.

    Args:
        here: the page's file, relative to the root, as `docs/hub.md`.
        kept: the files of the site, spelled alike.
    """

    def one(found: re.Match[str]) -> str:
        words, target = found.groups()
        path, mark, anchor = target.partition("#")
        if ":" in path or not path:
            return found[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        if place == "README.md":
            place, mark, anchor = "index.md", "", ""
        if place not in kept:
            return words
        return f"[{words}]({posixpath.relpath(place, posixpath.dirname(here) or '.')}{mark}{anchor})"

    return "".join(part if part.startswith("```") else _LINK.sub(one, part) for part in _FENCE.split(markdown))


def front(readme: str, stages: Sequence[str], documents: Sequence[str]) -> str:
    """The front page.

    Args:
        readme: the README's text.
        stages: the pages of the stages in order, as `notebooks/03_seq2seq/03_seq2seq`.
        documents: the pages for instructors, as `docs/hub`.
    """
    parts = sections(readme)
    title, _, intro = parts[""].partition("\n")
    first, _, intro = intro.strip().partition("\n\n")
    text = [title, "", first, ""]
    if stages:
        buttons = [(f"{stages[0]}.html", "Start reading"), ("#start", "Work on it"), ("instructors.html", "Teach it")]
        text += ['<p class="start">' + " ".join(f'<a href="{to}">{words}</a>' for to, words in buttons) + "</p>", ""]
    text += [intro, ""]
    for name in ("The course", "Three journeys", "Start", "Licence"):
        if name in parts:
            text += [f"## {name}", "", parts[name], ""]
    text += _contents("The course", stages) + _contents("For instructors", ["instructors", *documents])
    return "\n".join(text)


def _contents(caption: str, pages: Iterable[str]) -> list[str]:
    return ["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""]


def instructors(
    readme: str,
    catalogue: Sequence[Row],
    proof: dict[str, Any] | None,
    benchmark: dict[str, Any] | None,
    attacks: Sequence[Row],
    documents: Sequence[str],
) -> str:
    """The page for instructors.

    Args:
        readme: the README's text; its section on fair grading is shown.
        catalogue: of each stage: name, exercises, questions, points, right and wrong answers. Empty where there are no
            solutions.
        proof: what `verify` found.
        benchmark: what `benchmarks/grading.py` found.
        attacks: what is attacked, a name, and what it tries.
        documents: the pages for instructors, as `docs/hub`.
    """
    text = [
        "# For instructors",
        "",
        "How to grade a class is on the [front page](index.md), under *Three journeys*.",
        "",
    ]
    if documents:
        text += ["To set things up:", "", *(f"- {{doc}}`{page}`" for page in documents), ""]
    text += ["## Are the tests proven?", ""]
    text += [
        "Each exercise has a catalogue of answers: right ones that look different, and wrong ones that students really "
        "give. `verify` runs the blank notebook, the solution and all of them against the checks.",
        "",
    ]
    if catalogue:
        total = ["**all**", *(sum(row[i] for row in catalogue) for i in range(1, 6))]  # type: ignore[misc]
        headings = ["stage", "exercises", "questions", "points", "right answers", "wrong answers"]
        text += [*table(headings, [*catalogue, total]), ""]
    if proof:
        text += ["What `verify` measured:", "", *_proof_table(proof), ""]
    text += ["```", "python3 course.py verify && python3 course.py site       # measure it on your machine", "```", ""]
    text += ["## What does grading cost?", ""]
    text += ["`benchmarks/grading.py` grades the same submissions with stock nbgrader and here, in one run.", ""]
    if benchmark:
        text += [*_benchmark_table(benchmark), ""]
    text += ["```", ".venv/bin/python benchmarks/grading.py && python3 course.py site", "```", ""]
    if attacks:
        text += ["## Which attacks are tried?", ""]
        text += [
            f"Each of these {len(attacks)} kinds of submission is graded by a test, and earns no point by its attack.",
            "",
            '<details class="long">',
            "<summary>What they try</summary>",
            "",
            *table(["attacked", "attack", "what it tries"], attacks),
            "",
            "</details>",
            "",
        ]
    if fair := sections(readme).get("How grading is kept fair"):
        text += ["## How grading is kept fair", "", fair, ""]
    return "\n".join(text)


def table(headings: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """A table as Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return ["| " + " | ".join(_cell(value) for value in line) + " |" for line in lines]


def plain(text: str) -> str:
    """Words in which Markdown finds nothing of its own."""
    return re.sub(r"([\\`*_\[\]<>&])", r"\\\1", text)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")


def _proof_table(proof: dict[str, Any]) -> list[str]:
    headings = ["stage", "blank", "solution", "right accepted", "wrong caught", "by visible checks", "diagnosed"]
    rows = []
    for slug, it in proof["stages"].items():
        right, wrong = it["right"], it["wrong"]
        parts = [f"{wrong[key]:,} of {wrong['total']:,}" for key in ("caught", "caught_by_visible", "diagnosed")]
        solution = f"{it['solution_score']} of {it['max_score']}"
        rows.append([slug, it["blank_score"], solution, f"{right['accepted']} of {right['total']}", *parts])
    return table(headings, rows)


def _benchmark_table(benchmark: dict[str, Any]) -> list[str]:
    """Each stage's figures, one a row; benchmarks/grading.py has more."""
    rows = [[said, *(it.get(name, "") for it in benchmark.values())] for name, said in _MEASURED.items()]
    return table(["figure", *benchmark], [row for row in rows if any(row[1:])])
