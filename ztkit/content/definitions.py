"""Holds what queries read against the public definitions of Azure Resource Manager and Microsoft Graph.

The definitions are tables that lie outside of ztkit, in one folder: ``arm/<namespace>.tsv`` with the columns type,
api_version, path and kind, and ``microsoft-graph-v1.0.tsv`` with entity, path and kind. What they cannot say is
listed with its reason: for Azure in ``framework/definition-exceptions.yaml``, for Microsoft Graph in the ``beyond`` of
``framework/graph-entities.yaml``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ztkit.content import shipped
from ztkit.content.kql import tokenize
from ztkit.content.kql_paths import paths_read
from ztkit.content.tables import entities
from ztkit.content.yamlfile import read
from ztkit.errors import UsageError
from ztkit.model.check import Check
from ztkit.model.types import Model, Prose

_GRAPH_FILE = "microsoft-graph-v1.0.tsv"


class DefinitionException(Model):
    """Properties of a type that its public definition lacks; ``path`` is a regular expression over the whole path."""

    type: Prose
    path: Prose
    reason: Prose


@lru_cache(maxsize=1)
def exceptions() -> tuple[DefinitionException, ...]:
    """Every exception for types of Azure Resource Manager."""
    listed = read(shipped.folder("framework") / "definition-exceptions.yaml").data
    return tuple(DefinitionException.model_validate(item) for item in listed)


@dataclass(frozen=True)
class Definitions:
    """The public definitions, read where they lie.

    Attributes:
        folder: has ``arm/`` and ``microsoft-graph-v1.0.tsv``.
    """

    folder: Path

    def __post_init__(self) -> None:
        if not (self.folder / "arm").is_dir() or not (self.folder / _GRAPH_FILE).is_file():
            raise UsageError(f"{self.folder}: there is no folder arm and no file {_GRAPH_FILE} in it")

    def problems(self, check: Check) -> Iterator[str]:
        """Every property that a check reads and nothing defines, and every one that comes from no column."""
        for item in paths_read(tokenize(check.query)):
            if not item.candidates:
                yield f"line {item.line}: {item.text} starts from a name that is made from no column"
            elif not any(
                self.is_known(check, kind, path) for path in item.candidates for kind in check.resource_types
            ):
                paths = " or ".join(sorted(item.candidates))
                yield f"line {item.line}: no definition has {item.text}, read as {paths}"

    def is_known(self, check: Check, kind: str, path: str) -> bool:
        """Whether a type or entity that the check reads has a path, by definition or by exception."""
        if check.source == "microsoft-graph":
            return self.knows_entity_path(kind, path)
        return self.is_defined_in_arm(kind, path) or is_excepted(kind, path)

    def knows_entity_path(self, name: str, path: str) -> bool:
        """Whether an entity of Microsoft Graph has a path below ``properties``, by definition or by exception."""
        return self.is_defined_in_graph(name, path) or _is_beyond(name, path)

    def is_defined_in_arm(self, kind: str, path: str) -> bool:
        """Whether a resource type has a path, directly or below a free-form object."""
        return path.startswith("tags") or _is_defined(self._namespace(kind.split("/")[0]).get(kind, {}), path)

    def is_defined_in_graph(self, name: str, path: str) -> bool:
        """Whether an entity, or one derived from it, has a path below ``properties``."""
        below = path.removeprefix("properties.")
        entity = entities().get(name)
        names = (name, *(entity.derived if entity else ()))
        return path == "properties" or any(_is_defined(self._graph.get(item, {}), below) for item in names)

    @cached_property
    def _graph(self) -> Mapping[str, Mapping[str, str]]:
        return _read(self.folder / _GRAPH_FILE, "entity")

    def _namespace(self, name: str) -> Mapping[str, Mapping[str, str]]:
        return _read(self.folder / "arm" / f"{name}.tsv", "type")


@lru_cache(maxsize=256)
def _read(path: Path, key: str) -> Mapping[str, Mapping[str, str]]:
    """Paths and kinds by type or entity; types in lower case, as Resource Graph has them."""
    found: dict[str, dict[str, str]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                name = row[key].lower() if key == "type" else row[key]
                found.setdefault(name, {})[row["path"]] = row["kind"]
    return found


def _is_defined(known: Mapping[str, str], path: str) -> bool:
    if path in known or path + "[]" in known:
        return True
    parts = re.findall(r"\[\]|\.?[^.\[]+", path)
    for length in range(1, len(parts)):
        prefix = "".join(parts[:length])
        if known.get(prefix) == "any" or f"{prefix}.*" in known or known.get(prefix + "[]") == "any":
            return True
    return False


def is_excepted(kind: str, path: str) -> bool:
    """Whether an exception for a resource type covers a path."""
    return any(item.type == kind and re.fullmatch(item.path, path) for item in exceptions())


def _is_beyond(name: str, path: str) -> bool:
    entity = entities().get(name)
    below = path.removeprefix("properties.")
    return entity is not None and any(re.fullmatch(item.path, below) for item in entity.beyond)
