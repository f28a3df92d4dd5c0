"""The global names that a cell defines, uses and imports."""

from __future__ import annotations

import symtable


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
