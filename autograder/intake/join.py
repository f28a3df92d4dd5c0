"""A roster and a list of the same people: who is who, and what the list adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from autograder.intake.roster import COLUMNS, SEVERAL, Person, Roster, is_called, numbers, plain

OWN = ("sis_user_id", "sis_login_id", "email")  # one person's alone, in each system
ALL_OF_THEM = ("lms_user_id", *OWN)  # of which a person may have more than one: the others are kept as names


def join(
    roster: Roster, others: Iterable[Person], told: Callable[[str], None] = lambda sentence: None
) -> tuple[Roster, int, int]:
    """The roster with what another list knows: new people are added, empty fields filled in, nothing is replaced.

    The same person has the same e-mail address, login or number at the university; or the same number in a learning
    system, and a name that is like it; or the same id. Another number is no proof of another person: each system has
    its own, and Moodle a new one in each assignment. Then the same full name counts, where it is nobody else's.
    What else the list calls a person is added to their `names`.

    Args:
        told: is told who was joined by the name alone, and whom nothing can be decided of: nobody is joined or added.

    Returns the roster, how many are new, and how many have new fields.
    """
    others, known = list(others), _Known(roster.people)
    called = _by_name(others)
    new, changed, by_name = 0, set[int](), list[str]()
    for other in others:
        place = known.find(other)
        if place is None and (alike := known.of_name(other)):
            shown = f"{other.shown} ({next(filter(None, (*(getattr(other, n) for n in ALL_OF_THEM), other.id)))})"
            ids = " and ".join(known.people[n].id for n in alike)
            if all(_is_another(known.people[n], other) for n in alike):
                told(f"{shown} is added beside {ids} of the same name: address, login or number are others. {ONE}")
            elif len(alike) > 1 or len(_of_name(called, other)) > 1:
                told(f"{shown} is left out: more than one person has this name, and here is {ids}. {WHOSE}")
                continue
            else:
                place = alike[0]
                by_name.append(f"{shown}: {ids}")
        if place is None:
            known.add(other)
            new += 1
        elif known.fill(place, other):
            changed.add(place)
    if by_name:
        told(f"Taken for the same person by the name alone: {', '.join(by_name)}.")
    return Roster(known.people), new, len(changed)


ONE = "Where they are one person, take out the new row, and add its address to the other's names in students.csv."
WHOSE = "Add the number or the address to the names of the one whose it is, in students.csv; or add a row."


class _Known:
    """People, found by what is theirs."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = list(people)
        self.at: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.named = _by_name(self.people)  # those of this list are never joined by their names
        for place in range(len(self.people)):
            self._note(place)

    def _note(self, place: int) -> None:
        for key in _keys(self.people[place]):
            if place not in self.at[key]:
                self.at[key].append(place)

    def of_name(self, other: Person) -> list[int]:
        return _of_name(self.named, other)

    def find(self, other: Person) -> int | None:
        for kind in OWN:
            value = getattr(other, kind).casefold()
            told = "address" if kind != "sis_user_id" else kind
            if value and (found := self.at.get((told, value))):
                return found[0]
        weak = [("number", other.lms_user_id), ("name", other.sis_login_id.casefold())]
        for place in (place for key in weak if key[1] for place in self.at.get(key, ())):
            if _alike(self.people[place], other):
                return place
        made = {part(getattr(other, name)) for name in ALL_OF_THEM}  # by us, and no id of the course's own
        for place in self.at.get(("id", other.id), ()):
            person = self.people[place]
            if not _is_another(person, other, ("sis_user_id", "email")):
                if other.id not in made or not (_words(person) and _words(other)):
                    return place
                if _words(person) <= _words(other) or _words(other) <= _words(person):
                    return place
        return None

    def add(self, other: Person) -> None:
        ids = (other.id, *(f"{other.id}-{number}" for number in range(2, 10_000)))
        self.people.append(replace(other, id=next(one for one in ids if ("id", one) not in self.at)))
        self._note(len(self.people) - 1)

    def fill(self, place: int, other: Person) -> bool:
        """Is there anything new?"""
        known = self.people[place]
        filled = {name: getattr(other, name) for name in COLUMNS if getattr(other, name) and not getattr(known, name)}
        names = [name for name in known.names.split(SEVERAL) if name.strip()]
        has = {name.strip().casefold() for name in (known.id, *names)}
        for name in ALL_OF_THEM:
            value = getattr(other, name)
            if value and name not in filled and value.casefold() not in {getattr(known, name).casefold(), *has}:
                names.append(value)
                filled["names"] = SEVERAL.join(names)
        self.people[place] = replace(known, **filled)
        self._note(place)
        return bool(filled)


def part(address: str) -> str:
    return address.partition("@")[0]


def _keys(person: Person) -> Iterator[tuple[str, str]]:
    yield "id", person.id
    for name in (person.email, person.sis_login_id):
        if name:
            yield "address", name.casefold()
    if person.sis_user_id:
        yield "sis_user_id", person.sis_user_id.casefold()
    for number in numbers(person):
        yield "number", number
    for name in person.names.split(SEVERAL):
        yield "address" if "@" in name else "name", name.strip().casefold()


def _by_name(people: Iterable[Person]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, person in enumerate(people):
        for name in {*map(plain, (*person.full_names, *person.names.split(SEVERAL)))} - {""}:
            found[name].append(place)
    return found


def _of_name(named: dict[str, list[int]], person: Person) -> list[int]:
    return sorted({place for name in map(plain, person.full_names) for place in named.get(name, ())})


def _words(person: Person) -> set[str]:
    return {*map(plain, f"{person.first_name} {person.last_name}".split())} - {""}


def _alike(person: Person, other: Person) -> bool:
    return not other.full_names or any(is_called(person, name) for name in other.full_names)


def _is_another(person: Person, other: Person, kinds: Iterable[str] = OWN) -> bool:
    """Does an address, a login or the university's number say so?"""
    names = {name.strip().casefold() for name in person.names.split(SEVERAL)}
    both = ((getattr(person, kind).casefold(), getattr(other, kind).casefold()) for kind in kinds)
    return any(one and two and one != two and two not in names for one, two in both)
