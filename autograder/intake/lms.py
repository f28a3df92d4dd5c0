"""Hand-ins as learning systems give them: whose a file is stands in its name, or in that of its folder.

Canvas (`Submissions::Downloader` of instructure/canvas-lms): flat files, the sortable name in small letters, `_LATE`,
the numbers of the person and of the file, the file's own name. Moodle (`mod/assign/locallib.php`): a folder for each
person, or flat files, the full name and the participant's number. The times of the files in a zip say when it was
made (Canvas: `get_output_stream` of `lib/content_zipper.rb`; Moodle: ZipStream in `core_files`), and the worksheet's
"Last modified (submission)" has no time zone, and is in the site's language: nothing here says when work came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.intake.tree import Node

FORMS = [  # in the order in which they are looked for
    re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL),
    re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<number>[^_]+)_(?P<order>\d+)_(?P<file>.+)", re.DOTALL),
    re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<order>\d+)_(?P<file>.+)", re.DOTALL),
]
LATE = "Handed in late, says the learning system; it does not say when, so nothing is taken off."
TEXT = "_text.html"  # Canvas: a text that was typed; `_link.html`, an address


@dataclass
class Handed:
    """What one person handed in, with the name and the number that the learning system has for them."""

    name: str
    number: str
    late: bool
    nodes: list[Node]  # the last attempt comes last

    @property
    def student(self) -> str:
        return f"{self.name}_{self.number}"


def hand_ins(entries: Sequence[Node]) -> list[Handed]:
    """The hand-ins of each person; none where these are no files of a learning system."""
    for form in FORMS:
        read = [(entry, form.fullmatch(entry.name)) for entry in entries]
        ours = [(entry, found) for entry, found in read if found is not None]
        others = [entry for entry, found in read if found is None]
        if not any(entry.may_be_graded for entry, _ in ours) or any(entry.may_be_graded for entry in others):
            continue
        people: dict[str, Handed] = {}
        for entry, found in sorted(ours, key=lambda one: int(one[1].groupdict().get("order") or 0)):
            told = found.groupdict()
            person = people.setdefault(told["number"], Handed(told["name"], told["number"], False, []))
            if person.name != told["name"]:
                return []  # no number of a person: `ana_2026_12_…`, `bo_2026_12_…`
            person.late = person.late or bool(told.get("late"))
            if told.get("kind", "file") != "file" or entry.name.endswith(TEXT):
                continue  # typed into the page, and no file
            person.nodes.append(entry if entry.inside is not None else _called(entry, told["file"] or entry.name))
        return sorted(people.values(), key=lambda person: person.student)
    return []


def _called(node: Node, name: str) -> Node:
    return Node(name, node.path, problem=node.problem)
