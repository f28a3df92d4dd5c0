"""Hand-ins as learning systems give them: whose a file is stands in its name, or in that of its folder.

Canvas (`lib/content_zipper.rb` of instructure/canvas-lms): flat files, the sortable name in small letters, `_LATE`, the
numbers of the person and of the file, the file's own name; of a group its name, and the number of one of its members;
a text or a link in place of a file is `NAME_NUMBER_text.html` or `…_link.html`.
Moodle (`mod/assign/classes/downloader.php`): a folder for each person, or flat files, the full name and the
participant's number; of a team its name and number; no number for all who are in no team. Google Drive: flat files,
often copies, and a name only where Classroom made a copy for each student (`NAME - FILE`).

Nothing here says when work came: the times of the files in a zip are those of its download (Canvas's
`get_output_stream`, Moodle's ZipStream), and "Last modified (submission)" in Moodle's worksheet has no time zone, and
is in the language of the site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.intake.tree import Node

CANVAS = r"(?:(?P<order>\d+)_(?P<file>.+)|(?P<kind>text|link)\.html)"
FORMS = [  # in the order in which they are looked for
    re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL),
    re.compile(rf"(?P<late>LATE_)?(?P<name>anon)_(?P<number>[^_]+)_{CANVAS}", re.DOTALL),
    re.compile(rf"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_{CANVAS}", re.DOTALL),
]
COPY = re.compile(r"^(?:Copy of|Kopie von|Copie de|Copia de|Copia di|Cópia de|Kopia|Копия) |\s*\(\d+\)$", re.IGNORECASE)
TYPED = {  # in place of a file, by its kind in the name of what it is saved as
    "text": "a text that was typed into the learning system", "link": "a link",
}  # fmt: skip
LATE = "Handed in late, says the learning system; it does not say when, so nothing is taken off."


@dataclass
class Handed:
    """What one person handed in, with the name and the number that the learning system has for them."""

    name: str
    number: str
    late: bool
    nodes: list[Node]  # the last attempt comes last
    typed: list[str] = field(default_factory=list)  # what is there beside files, in words
    ordered: bool = False  # does each file say which attempt it is?

    @property
    def student(self) -> str:
        return f"{self.name}_{self.number}".rstrip("_")


def hand_ins(entries: Sequence[Node]) -> tuple[list[Handed], list[Node]]:
    """The hand-ins of each person, none where these are no files of a learning system; and what else is there."""
    for form in FORMS:
        read = [(entry, None if entry.outside else form.fullmatch(entry.name)) for entry in entries]
        ours = [(entry, found) for entry, found in read if found is not None]
        others = [entry for entry, found in read if found is None]
        theirs = sum(entry.may_be_graded for entry in others)
        count = sum(entry.may_be_graded or found["kind"] in TYPED for entry, found in ours)
        if count <= (0 if form is FORMS[0] else theirs):
            continue
        people: dict[str, Handed] = {}
        for entry, found in sorted(ours, key=lambda one: int(one[1].groupdict().get("order") or 0)):
            told = found.groupdict()
            number = told["number"] or ""
            ordered = "order" in told
            person = people.setdefault(number or told["name"], Handed(told["name"], number, False, [], [], ordered))
            if person.name != told["name"]:
                return [], list(entries)  # no number of a person: `ana_2026_12_…`, `bo_2026_12_…`
            person.late = person.late or bool(told.get("late"))
            if (kind := told["kind"] or "file") != "file":
                what = TYPED.get(kind, TYPED["text"])
                person.typed += [what] if what not in person.typed else []
                continue
            person.nodes.append(entry if entry.inside is not None else _called(entry, told["file"] or entry.name))
        return sorted(people.values(), key=lambda person: person.student), others
    return [], list(entries)


def name_in(stem: str, slug: str) -> str:
    """Whose name is in that of a file of Google Drive: `Copy of Ana Alvarez - 03_seq2seq (1)`; nothing if nobody's."""
    parts = []
    for part in stem.split(" - "):
        before = None
        while before != part:  # a copy of a copy
            before, part = part, COPY.sub("", part).strip()
        parts.append(re.sub(re.escape(slug), "", part, flags=re.IGNORECASE).strip(" _-–"))
    return next(filter(None, parts), "")


def _called(node: Node, name: str) -> Node:
    return Node(name, node.path, problem=node.problem, time=node.time)
