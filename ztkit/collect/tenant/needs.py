"""What the checks need of a tenant: which tables of Resource Graph and which types in them, which entities. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ztkit.content.kql import sources, tokenize
from ztkit.content.tables import entities
from ztkit.model.check import Check
from ztkit.model.graph import Entity
from ztkit.model.snapshot import TABLES


@dataclass(frozen=True)
class TableNeed:
    """A table of Resource Graph.

    Attributes:
        types: the types that checks read, in lower case; empty where a check reads the table whole.
    """

    table: str
    types: tuple[str, ...] = ()


def tables_needed(checks: Iterable[Check]) -> tuple[TableNeed, ...]:
    """Tables of Resource Graph that the checks read, in the order of `TABLES`."""
    types: dict[str, set[str]] = {}
    whole: set[str] = set()
    for check in checks:
        for source in sources(tokenize(check.query)) if check.source == "resource-graph" else ():
            types.setdefault(source.table, set()).update(source.types or ())
            if source.types is None:
                whole.add(source.table)
    return tuple(
        TableNeed(name, () if name in whole else tuple(sorted(types[name])))
        for name in TABLES
        if name in types
    )


def entities_needed(checks: Iterable[Check]) -> tuple[Entity, ...]:
    """Entities of Microsoft Graph that the checks read, in the order of graph-entities.yaml."""
    read = {name for check in checks if check.source == "microsoft-graph" for name in check.resource_types}
    return tuple(entity for entity in entities().values() if entity.id in read)


def query_of(need: TableNeed, part: int = 0, parts: int = 1) -> str:
    """The query for a table or a part of it, sorted by the only column that is unique."""
    lines = [need.table]
    if need.types:
        lines.append("where type in~ (" + ", ".join(f"'{name}'" for name in need.types) + ")")
    if parts > 1:
        lines.append(f"where hash(tolower(id)) % {parts} == {part}")
    lines.append("order by id asc")
    return "\n| ".join(lines)
