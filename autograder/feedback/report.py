"""The class report: how the points are spread, which exercises are hard, which mistakes are common, what failed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import statistics
from datetime import datetime
from pathlib import Path

from autograder.course.files import write_whole
from autograder.course.layout import Stage
from autograder.feedback.export import harmless, in_points
from autograder.feedback.quiz_counts import option_counts
from autograder.feedback.render import render
from autograder.feedback.statistics import FEW, extra, histogram, items, mistakes, points, table
from autograder.gradebook.results import ClassResult, late_in_words
from autograder.stage.model import Content

MOST_MISTAKES, MOST_EXAMPLES = 15, 3
MOST_COLUMNS = 16  # of a table that is to fit on paper; a stage with more exercises has several


def write(stage: Stage, content: Content, result: ClassResult, folder: Path) -> tuple[Path, Path]:
    """Write the page and the table beside it; returns where they are. A page of the same result is not drawn again."""
    page, table = folder / f"{stage.slug}.html", folder / f"{stage.slug}.csv"
    mark = f"<!-- {_fingerprint(content, result)} -->\n"
    try:
        drawn = page.read_text(encoding="utf-8").endswith(mark)
    except (OSError, UnicodeDecodeError):
        drawn = False
    if not drawn:
        write_whole(page, render_page(content, result) + mark)
    write_whole(table, "\ufeff" + as_csv(content, result))  # with the mark by which spreadsheets know UTF-8
    return page, table


def _fingerprint(content: Content, result: ClassResult) -> str:
    """Of all that a page shows: the class, the stage, and the code that draws it."""
    files = [path for kind in ("*.py", "*.j2", "*.css") for path in Path(__file__).parent.rglob(kind)]
    code = [path.read_bytes() for path in sorted(files)]
    shown = json.dumps(
        [result, content.cells, content.quizzes], default=lambda x: sorted(x) if type(x) is set else vars(x)
    )
    return hashlib.sha256(b"".join([*code, shown.encode()])).hexdigest()


def as_csv(content: Content, result: ClassResult) -> str:
    """One line a student: status, score, points of each exercise, misconceptions, seconds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["student", "status", "score", "max", *content.exercises, "carried_forward", "misconceptions"]
    heads += ["seconds", "id_in_notebook", "reason", "sandbox", "days_late", "late_penalty"]
    writer.writerow(heads)
    for name, r in result.students.items():
        ungraded = r.status == "ungraded"
        own = ["" if ungraded else in_points(points(r, e)[0] + extra(r, e)[0]) for e in content.exercises]
        known = "; ".join(f"{exercise}: {mistake}" for exercise, mistake in r.misconceptions.items())
        score = "" if ungraded else in_points(r.score)
        row = [
            name,
            r.status,
            score,
            in_points(result.max_score),
            *own,
            "" if ungraded else in_points(r.carried),
            known,
        ]
        row += [f"{r.seconds:.2f}", "; ".join(r.claimed), r.reason, result.sandbox]
        row += [str(r.days_late), in_points(r.late_penalty)]
        writer.writerow([harmless(value) for value in row])
    return text.getvalue()


def render_page(content: Content, result: ClassResult) -> str:
    """The whole page."""
    graded = {name: r for name, r in result.students.items() if r.has_marks}
    scores = [r.score for r in graded.values()]
    ran = {name: r for name, r in result.students.items() if r.ran}
    seconds = sorted(r.seconds for r in ran.values())
    known, unknown = mistakes(content, result)
    counts = option_counts(content, result.students)
    more = [r.earned_extra for r in graded.values() if r.earned_extra]
    most = result.max_score + min(max(more, default=0), content.extra)
    extras = content.extras
    counted = [exercise for exercise in content.exercises if exercise not in extras]
    return render(
        "report.html.j2",
        result=result,
        graded=graded,
        failed={name: r for name, r in result.students.items() if not r.ran},
        repaired={name: r for name, r in graded.items() if r.status == "repaired"},
        mean=statistics.fmean(scores) if scores else 0,
        median=statistics.median(scores) if scores else 0,
        carried=[r.carried for r in graded.values() if r.carried],
        claimed={name: r.claimed for name, r in ran.items() if r.claimed},
        late=[(name, words) for name, r in result.students.items() if (words := late_in_words(r))],
        by_hand=[name for name, r in result.students.items() if r.by_hand],
        spread=statistics.pstdev(scores) if scores else 0,
        extra=more,
        columns=histogram(scores, most) if scores else [],
        items=items(result, counted),
        few=FEW,
        mistakes=known,
        most=MOST_MISTAKES,
        examples=MOST_EXAMPLES,
        unknown=unknown,
        quizzes=[(quiz, counts[quiz.id]) for quiz in content.quizzes],
        seconds=seconds,
        slowest=sorted(ran.items(), key=lambda pair: -pair[1].seconds)[:MOST_EXAMPLES],
        rows=table(graded, content.exercises),
        exercises=content.exercises,
        has_extra=content.extra > 0,
        most_columns=MOST_COLUMNS,
        when=f"{datetime.now():%Y-%m-%d %H:%M}",
    )
