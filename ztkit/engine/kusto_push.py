"""Pushes a snapshot to a Kusto database, so that `ztkit.engine.kusto` can read it there.

A push begins by emptying the manifest table and ends by filling it: a database in between, or after a push that was
killed, says that it holds nothing. Names in commands are ours only; what comes from a tenant travels as CSV or Parquet.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ztkit.content.tables import all_tables
from ztkit.engine.kusto_ingest import Ingestion, Inline, Queued, ingest_inline, storage_of
from ztkit.engine.kusto_manifest import (
    MANIFEST,
    MANIFEST_COLUMNS,
    count_rows,
    manifest_rows,
    quoted,
    tables_there,
)
from ztkit.engine.kusto_wire import TIMEOUT, Connection, Database
from ztkit.errors import SnapshotError, UsageError
from ztkit.model.snapshot import SnapshotManifest, TableManifest, columns_of

LARGEST_VALUE = 2**20
"""Bytes of a text or dynamic value that Kusto keeps; what is longer it would cut or drop."""
BATCH_ROWS = 5_000
"""Rows in memory at once."""
INLINE = Inline()
"""The way of writing that needs nothing set up."""

__all__ = ["INLINE", "Inline", "Queued", "push"]


def push(
    manifest: SnapshotManifest,
    files: Mapping[str, Path],
    database: Database,
    how: Ingestion = INLINE,
    *,
    at: datetime,
    timeout: timedelta = TIMEOUT,
    poll: float = 5.0,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
) -> SnapshotManifest:
    """Push a snapshot; what the database held of ztkit before goes.

    Args:
        manifest: the snapshot's.
        files: its Parquet files by table.
        database: where to; one a tenant, made beforehand.
        how: a way of writing.
        at: the moment of the push, for the manifest.
        timeout: what the cluster gives a command; at most an hour.
        poll: seconds between two looks at whether the rows are there.
        progress: called with a table and the rows of it that were sent, a batch at a time.

    Returns:
        The manifest as pushed: a table with a row that Kusto would cut is partial, without that row.

    Raises:
        UsageError: the database has tables of somebody else's with our names, or the snapshot is too large to go inline.
        SnapshotError: a file is missing or altered, or not all rows arrived; the database then holds no snapshot.
        QueryError: the cluster cannot be reached, or refuses.
    """
    _refuse_damaged(manifest, files)
    total = sum(table.rows for table in manifest.tables)
    if how.largest is not None and total > how.largest:
        raise UsageError(
            f"The snapshot has {total:,} rows and inline ingestion is for {how.largest:,}; queue them (`--queued`)."
        )
    with Connection(database, timeout=timeout) as connection:
        _prepare(connection, [table.name for table in manifest.tables if table.sha256])
        sent = []
        for table in manifest.tables:
            if table.sha256:
                kept = _Kept(files[table.name], lambda rows, name=table.name: progress(name, rows))  # type: ignore[misc]
                how.write(connection, table.name, kept)
                sent.append(kept.account(table))
            else:
                sent.append(table)
        pushed = manifest.model_copy(update={"tables": tuple(sent)})
        _await(connection, {table.name: table.rows for table in sent if table.sha256}, how.wait, poll)
        ingest_inline(connection, MANIFEST, manifest_rows(pushed, at))
    return pushed


class _Kept:
    """The rows of a file that Kusto keeps whole; iterate once, then ask what was left out."""

    def __init__(self, path: Path, progress: Callable[[int], None]) -> None:
        self._path = path
        self._progress = progress
        self._left_out: list[str] = []

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                small = pa.array([True] * batch.num_rows)
                for column in batch.columns:
                    length = pc.fill_null(pc.binary_length(storage_of(column)), 0)
                    small = pc.and_(small, pc.less_equal(length, LARGEST_VALUE))
                self._left_out += batch.filter(pc.invert(small))["id"].to_pylist()
                kept = batch.filter(small)
                if kept.num_rows:
                    yield kept
                self._progress(batch.num_rows)

    def account(self, table: TableManifest) -> TableManifest:
        """The table as it was sent."""
        if not self._left_out:
            return table
        count = len(self._left_out)
        reason = f"{count} rows are larger than Kusto keeps and were not pushed, such as {self._left_out[0]}"
        return table.model_copy(
            update={
                "rows": table.rows - count,
                "expected": max(table.expected or 0, table.rows),
                "status": "partial",
                "reason": "; ".join(filter(None, [table.reason, reason])),
            }
        )


def _refuse_damaged(manifest: SnapshotManifest, files: Mapping[str, Path]) -> None:
    for table in manifest.tables:
        quoted(table.name)
        if not table.sha256:
            continue
        path = files.get(table.name)
        if path is None or not path.is_file():
            raise SnapshotError(
                f"The file of table {table.name} is missing; take or import the snapshot again."
            )
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != table.sha256:
                raise SnapshotError(f"{path} is not what its manifest says: it was altered.")


def _prepare(connection: Connection, names: Iterable[str]) -> None:
    """Make the tables, and empty all of ours, the manifest first."""
    there = tables_there(connection)
    ours = there & set(all_tables())
    if ours and MANIFEST not in there:
        raise UsageError(
            f"{connection.database} has a table {min(ours)!r} that ztkit did not make. Push into a database of its own."
        )
    for name, columns in [(MANIFEST, MANIFEST_COLUMNS), *((name, columns_of(name)) for name in names)]:
        listed = ", ".join(f"['{column}']:{kind}" for column, kind in columns.items())
        connection.command(f".create-merge table {quoted(name)} ({listed})")
        if name == MANIFEST:
            for old in (MANIFEST, *sorted(ours)):
                connection.command(f".clear table {quoted(old)} data")


def _await(connection: Connection, expected: Mapping[str, int], wait: timedelta, poll: float) -> None:
    """Wait until all rows are there.

    Raises:
        SnapshotError: they were not in time, or there are more than were sent.
    """
    until = time.monotonic() + wait.total_seconds()
    while True:
        found = count_rows(connection, list(expected))
        wrong = [name for name, rows in expected.items() if found[name] != rows]
        if not wrong:
            return
        if time.monotonic() >= until or any(found[name] > expected[name] for name in wrong):
            name = wrong[0]
            raise SnapshotError(
                f"{connection.database} holds {found[name]:,} rows of table {name}, and {expected[name]:,} were sent. It"
                " counts as holding no snapshot. `.show ingestion failures` there says more; push again, and nothing else"
                " at the same time."
            )
        time.sleep(poll)
