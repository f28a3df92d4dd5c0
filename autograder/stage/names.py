"""The global names that a cell defines, uses and imports."""

from __future__ import annotations

import symtable
from collections.abc import Collection, Mapping


def names(source: str) -> tuple[set[str], set[str]]:
    """The global names that a cell defines, and those that it uses."""
    table = symtable.symtable(source, "<cell>", "exec")
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        used |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        inner.extend(scope.get_children())
    return defined, used


def imported(source: str) -> set[str]:
    """The names that a cell imports."""
    return {s.get_name() for s in symtable.symtable(source, "<cell>", "exec").get_symbols() if s.is_imported()}


def reached(start: str, uses: Mapping[str, Collection[str]]) -> set[str]:
    """What `start` uses, directly or through others."""
    found, new = set[str](), set(uses.get(start, ()))
    while new := new - found:
        found |= new
        new = {name for one in new for name in uses.get(one, ())}
    return found
