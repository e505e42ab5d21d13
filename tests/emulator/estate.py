"""The rows that the emulator answers from: a snapshot, or tables, seen through the scope of a request."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ztkit.engine.offline import _QUIET, OfflineInventory, stored
from ztkit.engine.rows import from_values, schema_of, to_arrow
from ztkit.engine.translation import Translation, first_line
from ztkit.errors import QueryError
from ztkit.model.snapshot import TABLES, SnapshotManifest
from ztkit.workspace import read_model

Source = Path | OfflineInventory | Mapping[str, pa.Table | Iterable[Mapping[str, Any]]]
"""A snapshot's folder, an open inventory, or tables: Arrow as `to_arrow` makes it, or rows."""
TAKEN = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""The moment of ``now()`` where the source does not say one."""
_ASSIGNMENTS = ("microsoft.authorization/roleassignments", "microsoft.authorization/policyassignments")


@dataclass(frozen=True)
class Scope:
    """What part of the rows a query sees.

    Attributes:
        subscriptions: in lower case; rows of no subscription are seen with any of them. None is all.
        above: whether assignments from above the subscriptions are seen (``AtScopeAboveAndBelow``).
        partition: (n, k): only rows where ``hash(tolower(id)) % n`` is k.
    """

    subscriptions: frozenset[str] | None = None
    above: bool = False
    partition: tuple[int, int] | None = None

    def condition(self, table: str) -> str:
        """The scope as a condition on the rows of a table, in SQL; empty where it sees all."""
        parts = []
        if self.subscriptions is not None:
            listed = ", ".join("'" + item.replace("'", "''") + "'" for item in sorted(self.subscriptions))
            parts.append(f"list_contains(['', {listed}], lower(\"subscriptionId\"))")
        if self.partition is not None:
            parts.append("hash(lower(id)) % {} = {}".format(*self.partition))
        if not self.above and table in ("authorizationresources", "policyresources"):
            types = ", ".join(f"'{name}'" for name in _ASSIGNMENTS)
            place = "lower(coalesce(json_extract_string(properties, '$.scope'), id))"
            parts.append(f"NOT (type IN ({types}) AND NOT starts_with({place}, '/subscriptions/'))")
        return " AND ".join(parts)


@dataclass(frozen=True)
class Result:
    """All rows of a query.

    Attributes:
        dynamic: columns whose texts are JSON.
        null: columns of no type.
    """

    rows: pa.Table
    dynamic: frozenset[str]
    null: frozenset[str]


class _Inventory(OfflineInventory):
    """An offline inventory that knows its answers' column types, and can be narrowed to a scope."""

    def narrow(self, table: str, path: Path, condition: str) -> None:
        rows = self._connection.read_parquet(str(path.resolve())).filter(condition)
        rows.create_view(stored(table), replace=True)

    def answer(self, query: str, now: datetime) -> Result:
        rows = self.run(query, now)
        return Result(
            rows,
            frozenset(name for name, kind in self._kinds.items() if kind == "JSON"),
            frozenset(name for name, kind in self._kinds.items() if "NULL" in kind),
        )

    def _rows(self, translation: Translation, now: datetime) -> pa.Table:
        """As the engine, and note what the columns are: to ask for that by itself would plan each query twice."""
        try:
            found = self._connection.cursor().execute(translation.sql, translation.parameters(now) or None)
            self._kinds = {column[0]: str(column[1]) for column in found.description}
            with _QUIET, warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
                return found.to_arrow_table()
        except duckdb.Error as problem:
            raise QueryError(first_line(problem)) from problem


class Estate:
    """The rows, as Parquet files; safe in several threads.

    Args:
        source: where the rows come from.
        folder: for files that have to be written.
        taken: the moment of ``now()``; None takes the snapshot's.
        unreadable: ids of subscriptions that the caller cannot read.
    """

    def __init__(
        self, source: Source, folder: Path, taken: datetime | None, unreadable: Collection[str] = ()
    ) -> None:
        self.now = taken or TAKEN
        self._files: dict[str, Path] = {}
        self._folder = folder
        self._lock = threading.Lock()
        self._inventories: dict[Scope, _Inventory] = {}
        if isinstance(source, Path):
            manifest = read_model(source / "manifest.json", SnapshotManifest)
            self.now = taken or manifest.taken
            self._files = {
                item.name: source / f"{item.name}.parquet" for item in manifest.tables if item.sha256
            }
        elif isinstance(source, OfflineInventory):
            for name in source.tables():
                self._write(name, _typed(name, source.run(name, self.now)))
        else:
            for name, rows in source.items():
                self._write(name, rows if isinstance(rows, pa.Table) else to_arrow(rows, name))
        for name in set(TABLES) - set(self._files):
            self._write(name, schema_of(name).empty_table())
        self._subscriptions = self._list_subscriptions()
        hidden = {item.lower() for item in unreadable}
        self.hides = bool(hidden)
        self.readable = self._all_subscription_ids() - hidden

    def close(self) -> None:
        """Close every inventory."""
        with self._lock:
            for inventory in self._inventories.values():
                inventory.close()
            self._inventories.clear()

    def run(self, query: str, scope: Scope) -> Result:
        """All rows of a query in a scope; see `OfflineInventory.run` for what it raises."""
        return self._inventory(scope).answer(query, self.now)

    def graph_rows(self, entity: str) -> pa.Table:
        """The table of an entity of Microsoft Graph."""
        path = self._files.get(entity)
        return pq.read_table(path) if path else schema_of(entity).empty_table()

    def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions that can be read, as `GET /subscriptions` lists them."""
        return [item for item in self._subscriptions if item["subscriptionId"].lower() in self.readable]

    def tenants(self) -> list[dict[str, Any]]:
        """The tenants of those subscriptions."""
        ids = sorted({item["tenantId"] for item in self.subscriptions()})
        return [{"id": f"/tenants/{item}", "tenantId": item, "tenantCategory": "Home"} for item in ids]

    def _inventory(self, scope: Scope) -> _Inventory:
        with self._lock:
            if scope not in self._inventories:
                files = {name: self._files[name] for name in TABLES}
                inventory = _Inventory.from_files(files, {})
                assert isinstance(inventory, _Inventory)
                for name, path in files.items():
                    if condition := scope.condition(name):
                        inventory.narrow(name, path, condition)
                self._inventories[scope] = inventory
            return self._inventories[scope]

    def _write(self, name: str, rows: pa.Table) -> None:
        path = self._folder / f"{name}.parquet"
        pq.write_table(rows.select(schema_of(name).names), path)
        self._files[name] = path

    def _list_subscriptions(self) -> list[dict[str, Any]]:
        columns = ["id", "name", "tenantId", "subscriptionId", "properties"]
        rows = pq.read_table(
            self._files["resourcecontainers"],
            columns=[*columns, "type"],
            filters=[("type", "=", "microsoft.resources/subscriptions")],
        )
        return [
            {
                "id": row["id"],
                "subscriptionId": row["subscriptionId"],
                "displayName": row["name"],
                "state": json.loads(row["properties"] or "{}").get("state", "Enabled"),
                "tenantId": row["tenantId"],
            }
            for row in rows.select(columns).to_pylist()
        ]

    def _all_subscription_ids(self) -> frozenset[str]:
        found: set[str] = set()
        for name in TABLES:
            values = pq.read_table(self._files[name], columns=["subscriptionId"]).column(0).unique()
            found.update(value.lower() for value in values.to_pylist() if value)
        return frozenset(found)


def _typed(name: str, rows: pa.Table) -> pa.Table:
    """Rows that a query gave, in the types of their table."""
    schema = schema_of(name)
    return from_values(schema, (rows.column(column).to_pylist() for column in schema.names))
