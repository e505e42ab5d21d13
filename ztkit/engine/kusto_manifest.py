"""The manifest of a snapshot on a cluster: a table that says what the database holds, written last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from ztkit.content.tables import all_tables
from ztkit.engine.kusto_wire import Connection, iso
from ztkit.errors import SnapshotError
from ztkit.model.snapshot import SnapshotManifest, TableManifest

MANIFEST = "ztkit_manifest"
"""Its name; it has a row for each table of the snapshot."""
MANIFEST_COLUMNS = {
    "snapshot": "string",
    "taken": "datetime",
    "pushed": "datetime",
    "tables": "long",
    "position": "long",
    "name": "string",
    "rows": "long",
    "expected": "long",
    "status": "string",
    "reason": "string",
    "sha256": "string",
    "types": "dynamic",
    "manifest": "string",
}
"""Its columns and their KQL types. Those up to ``tables``, which is how many rows there are, and ``manifest`` (the snapshot's,
without its tables, as JSON) say the same in each row; ``position`` counts the tables; the others are those of `TableManifest`."""


def quoted(name: str) -> str:
    """One of our tables as KQL and commands name it.

    Raises:
        SnapshotError: it is none; no other name becomes part of a statement.
    """
    if name != MANIFEST and name not in all_tables():
        raise SnapshotError(f"{name!r} is no table that a snapshot may hold.")
    return f"['{name}']"


def tables_there(connection: Connection) -> frozenset[str]:
    """Names of all tables of a database, ours and others."""
    return frozenset(str(row[0]) for row in connection.command(".show tables"))


def count_rows(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """Rows of tables that are there, by name."""
    if not names:
        return {}
    found = connection.query(
        f"union withsource=ztkit_table {', '.join(map(quoted, names))} | summarize ztkit_rows = count() by ztkit_table"
    )
    counted = {row["ztkit_table"]: row["ztkit_rows"] for row in found.to_pylist()}
    return {name: counted.get(name, 0) for name in names}


def manifest_rows(manifest: SnapshotManifest, pushed: datetime) -> list[list[str]]:
    """The rows of the manifest table as text, in the order of `MANIFEST_COLUMNS`."""
    whole = manifest.model_copy(update={"tables": ()}).model_dump_json()
    first = [manifest.id, iso(manifest.taken), iso(pushed), str(len(manifest.tables))]
    return [
        [
            *first,
            str(position),
            table.name,
            str(table.rows),
            "" if table.expected is None else str(table.expected),
            table.status,
            table.reason,
            table.sha256,
            json.dumps(table.types),
            whole,
        ]
        for position, table in enumerate(manifest.tables)
    ]


def read_manifest(connection: Connection) -> SnapshotManifest:
    """What a database holds, its rows counted: a table that has not those that were pushed is unreadable.

    Raises:
        SnapshotError: it says nothing, or not all of it.
        QueryError: the cluster cannot be reached, or refuses.
    """
    database = connection.database
    again = "`ztkit kusto push` writes one."
    there = tables_there(connection)
    if MANIFEST not in there:
        raise SnapshotError(f"There is no snapshot in {database}; {again}")
    rows = connection.query(MANIFEST).to_pylist()
    if not rows or any(row["tables"] != len(rows) for row in rows):
        raise SnapshotError(f"A push to {database} was begun and not finished; {again}")
    try:
        tables = [_table(row) for row in sorted(rows, key=lambda row: row["position"])]
        whole = SnapshotManifest.model_validate({**json.loads(rows[0]["manifest"]), "tables": ()})
    except (ValidationError, ValueError, TypeError, KeyError) as problem:
        raise SnapshotError(
            f"{MANIFEST} in {database} was altered, or is another version's; {again}"
        ) from problem
    if unknown := {table.name for table in tables} - set(all_tables()):
        raise SnapshotError(
            f"{MANIFEST} in {database} names {min(unknown)!r}, which is no table of ours; {again}"
        )
    counted = count_rows(connection, [table.name for table in tables if table.sha256 and table.name in there])
    return whole.model_copy(update={"tables": tuple(_as_counted(table, counted) for table in tables)})


def _table(row: dict[str, object]) -> TableManifest:
    values = {name: row[name] for name in ("name", "rows", "expected", "status")}
    texts = {name: row[name] or "" for name in ("reason", "sha256")}
    return TableManifest.model_validate({**values, **texts, "types": json.loads(str(row["types"] or "{}"))})


def _as_counted(table: TableManifest, counted: dict[str, int]) -> TableManifest:
    """A table as it is on the cluster now."""
    if not table.sha256 or counted.get(table.name) == table.rows:
        return table
    held = f"holds {counted[table.name]:,} rows of it" if table.name in counted else "does not hold it"
    reason = f"{table.rows:,} rows were pushed and the cluster {held}; push the snapshot again"
    return table.model_copy(update={"status": "unreadable", "reason": reason})
