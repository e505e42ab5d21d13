"""Writes and opens snapshots: Parquet tables and a manifest that says what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ztkit import __version__
from ztkit.collect.sorting import Contents, sort_rows
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import schema_of, to_arrow
from ztkit.errors import SnapshotError
from ztkit.model.snapshot import Scope, SnapshotManifest, TableManifest, TableStatus
from ztkit.workspace import Workspace, write_model

BATCH_ROWS = 20_000


@dataclass(frozen=True)
class Completeness:
    """What is known of a table beyond its rows."""

    status: TableStatus = "complete"
    reason: str = ""
    expected: int | None = None


class TableWriter:
    """Streams rows of one table to disk; memory stays at one batch."""

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        self._rows: list[Mapping[str, Any]] = []
        self._writer = pq.ParquetWriter(path, schema_of(name), compression="zstd")
        self.rows = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row in whatever form; see `ztkit.engine.rows.canonical`."""
        self._rows.append(row)
        self.rows += 1
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def add_arrow(self, table: pa.Table) -> None:
        """Add rows that are in their canonical form already."""
        self._flush()
        self._writer.write_table(table)
        self.rows += table.num_rows

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(to_arrow(self._rows, self._name))
            self._rows = []


class SnapshotWriter:
    """Collects rows into a snapshot that appears whole when the block ends well, and not at all otherwise."""

    def __init__(self, workspace: Workspace, taken: datetime, written: datetime) -> None:
        self._workspace = workspace
        self._taken = taken
        self._written = written
        self.id = workspace.new_id("snapshots", taken)
        self._building = workspace.building("snapshots", self.id)
        self._tables: dict[str, TableWriter] = {}
        self.manifest: SnapshotManifest | None = None

    def __enter__(self) -> SnapshotWriter:
        self._folder = self._building.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.manifest is None:
            kind, value = SnapshotError, SnapshotError("a snapshot was begun and never finished")
        for writer in self._tables.values():
            writer.close()
        self._building.__exit__(kind, value, trace)

    def table(self, name: str) -> TableWriter:
        """The writer of a table, made on first use: an empty table is one too."""
        if name not in self._tables:
            self._tables[name] = TableWriter(self._folder / f".{name}.parquet", name)
        return self._tables[name]

    def finish(
        self,
        source: Literal["import", "collect", "demo"],
        origin: Iterable[str],
        known: Mapping[str, Completeness],
        notes: Iterable[str] = (),
    ) -> SnapshotManifest:
        """Sort and de-duplicate every table, and write the manifest.

        Args:
            source: how the rows came here.
            origin: names of files or services.
            known: what is known of each table's completeness; complete where nothing is said. A table
                that is named here and has no rows is in the manifest too.
            notes: what a reader of the manifest should know.
        """
        tables: list[TableManifest] = []
        tenants: set[str] = set()
        subscriptions: set[str] = set()
        notes = list(notes)
        for name, writer in sorted(self._tables.items()):
            writer.close()
            table, contents = self._finish_table(name, known.get(name, Completeness()))
            tables.append(table)
            tenants |= contents.tenants
            subscriptions |= contents.subscriptions
            if doubled := writer.rows - table.rows:
                notes.append(
                    f"table {name}: {doubled} rows had the id of another row; the last one read was kept"
                )
        for name, state in sorted(known.items()):
            if name not in self._tables:
                tables.append(
                    TableManifest(
                        name=name, rows=0, expected=state.expected, status=state.status, reason=state.reason
                    )
                )
        self.manifest = SnapshotManifest(
            id=self.id,
            taken=self._taken,
            written=self._written,
            tool=f"ztkit {__version__}",
            source=source,
            origin=tuple(origin),
            scope=Scope(tenants=tuple(sorted(tenants)), subscriptions=tuple(sorted(subscriptions))),
            tables=tuple(tables),
            notes=tuple(notes),
        )
        write_model(self._folder / "manifest.json", self.manifest)
        return self.manifest

    def _finish_table(self, name: str, state: Completeness) -> tuple[TableManifest, Contents]:
        unsorted, final = self._folder / f".{name}.parquet", self._folder / f"{name}.parquet"
        contents = sort_rows(unsorted, final)
        unsorted.unlink()
        rows = sum(contents.types.values())
        status, reason = state.status, state.reason
        if status == "complete" and state.expected is not None and rows < state.expected:
            status, reason = "partial", f"{rows} of {state.expected} rows"
        manifest = TableManifest(
            name=name,
            rows=rows,
            expected=state.expected,
            sha256=sha256(final),
            status=status,
            reason=reason,
            types=contents.types,
        )
        return manifest, contents


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_snapshot(workspace: Workspace, snapshot_id: str, *, verify: bool = True) -> OfflineInventory:
    """Open a snapshot for queries.

    Args:
        workspace: where it lies.
        snapshot_id: its id.
        verify: hold every file against the hash in the manifest.

    Raises:
        UsageError: there is no such snapshot.
        SnapshotError: a file is missing or was altered.
    """
    manifest = workspace.manifest(snapshot_id)
    folder = workspace.snapshot_folder(snapshot_id)
    files: dict[str, Path] = {}
    for table in manifest.tables:
        if not table.sha256:
            continue
        path = folder / f"{table.name}.parquet"
        if not path.is_file():
            raise SnapshotError(f"{path} is missing; take or import the snapshot again.")
        if verify and sha256(path) != table.sha256:
            raise SnapshotError(
                f"{path} is not what its manifest says: it was altered. Import the snapshot again."
            )
        files[table.name] = path
    tables = {table.name: table for table in manifest.tables}
    return OfflineInventory.from_files(files, tables, private=workspace.root)
