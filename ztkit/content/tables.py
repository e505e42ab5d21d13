"""Which tables there are: those of Resource Graph, and one for each entity of Microsoft Graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ztkit.content import shipped
from ztkit.content.yamlfile import read
from ztkit.model.graph import Entity
from ztkit.model.snapshot import TABLES


@lru_cache(maxsize=1)
def entities() -> Mapping[str, Entity]:
    """Entities of Microsoft Graph that checks can read, by name."""
    listed = read(shipped.folder("framework") / "graph-entities.yaml").data
    return {entity.id: entity for entity in map(Entity.model_validate, listed)}


@lru_cache(maxsize=1)
def all_tables() -> tuple[str, ...]:
    """Names of all tables that a snapshot may hold."""
    return (*TABLES, *entities())


def table_named(word: str) -> str | None:
    """A table's own name from any letter case, or None where there is no such table."""
    return _by_lower().get(word.strip().lower())


@lru_cache(maxsize=1)
def _by_lower() -> Mapping[str, str]:
    return {name.lower(): name for name in all_tables()}
