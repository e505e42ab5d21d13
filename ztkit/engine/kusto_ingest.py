"""Ways of writing rows into a table of a Kusto cluster: as part of commands, or as files that are queued."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from ztkit.engine.kusto_manifest import quoted
from ztkit.engine.kusto_wire import Connection, Database, connection_string, package
from ztkit.errors import QueryError
from ztkit.private import PrivateFolder

COMMAND_LENGTH = 500_000
"""Characters of CSV in one inline command; a longer row goes alone."""
PART_ROWS = 250_000
"""Rows of one Parquet file for queued ingestion: between 100 MB and 1 GB before compression, as Kusto likes it."""
INLINE_ROWS = 100_000
"""Rows of a snapshot above which it is not pushed inline, which Kusto offers for small amounts only."""


class Ingestion(Protocol):
    """A way of writing rows into a table of a database."""

    @property
    def largest(self) -> int | None:
        """Rows of a snapshot that it takes; None for any number."""

    @property
    def wait(self) -> timedelta:
        """How long rows may take to appear after `write` has returned."""

    def write(self, connection: Connection, table: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Write rows; they may appear later."""


@dataclass(frozen=True)
class Inline:
    """Rows as part of commands: nothing to set up, at once, for up to some ten thousands of rows."""

    largest: int | None = INLINE_ROWS
    wait: timedelta = timedelta(seconds=30)

    def write(self, connection: Connection, table: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Write rows, a command after the other."""
        rows = (row for batch in batches for row in zip(*map(_texts, batch.columns), strict=True))
        ingest_inline(connection, table, rows)


@dataclass(frozen=True)
class Queued:
    """Rows as Parquet files by azure-kusto-ingest: for any size; they appear after a minute or some.

    Attributes:
        client: a client of azure-kusto-ingest; one for streaming does as well.
    """

    client: Any
    largest: int | None = None
    wait: timedelta = timedelta(minutes=30)

    @classmethod
    def at(cls, database: Database) -> Queued:
        """Use the ingestion endpoint that belongs to a database's cluster.

        Raises:
            UsageError: azure-kusto-ingest is not installed.
        """
        return cls(package("azure.kusto.ingest").QueuedIngestClient(connection_string(database)))

    def write(self, connection: Connection, table: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Upload rows, a file after the other, and queue them.

        Raises:
            QueryError: a file could not be handed over.
        """
        properties = package("azure.kusto.ingest").IngestionProperties(
            database=connection.database.name,
            table=table,
            data_format=package("azure.kusto.data").data_format.DataFormat.PARQUET,
            flush_immediately=True,  # or else the cluster waits 5 minutes for more
        )
        with PrivateFolder(Path(tempfile.gettempdir()), "ztkit-rows-") as folder:
            for number, part in enumerate(_parts(batches)):
                path = folder / f"{table}-{number}.parquet"
                pq.write_table(part, path, compression="snappy")
                try:
                    self.client.ingest_from_file(str(path), ingestion_properties=properties)
                except Exception as problem:
                    raise QueryError(
                        f"rows of {table} could not be queued for {connection.database}"
                        f" ({type(problem).__name__}: {problem}); this takes the role Database Ingestor"
                    ) from problem
                path.unlink()


def ingest_inline(connection: Connection, table: str, rows: Iterable[Iterable[str | None]]) -> None:
    """Write rows of text by commands; no text can end its field, its row or its command.

    Every value is quoted, quotes in it are doubled (RFC 4180), and Kusto takes what follows ``<|`` as data up to the end.
    """
    head = f'.ingest inline into table {quoted(table)} with (format="csv") <|\n'
    for chunk in _chunks(rows):
        connection.command(head + chunk, repeat=False)  # sent twice, rows could come twice


def _chunks(rows: Iterable[Iterable[str | None]]) -> Iterator[str]:
    """Rows as CSV, in pieces of whole rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in rows:
        start = text.tell()
        writer.writerow(row)
        if start and text.tell() > COMMAND_LENGTH:
            whole = text.getvalue()
            yield whole[:start]
            text.seek(0)
            text.truncate()
            text.write(whole[start:])
    if text.tell():
        yield text.getvalue()


def _texts(column: pa.Array) -> list[str | None]:
    values: list[str | None] = storage_of(column).to_pylist()
    return values


def storage_of(column: pa.Array) -> pa.Array:
    """A column's plain values, of a JSON column its text."""
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches gathered into tables of at most about `PART_ROWS` rows."""
    gathered: list[pa.RecordBatch] = []
    for batch in batches:
        gathered.append(batch)
        if sum(item.num_rows for item in gathered) >= PART_ROWS:
            yield pa.Table.from_batches(gathered)
            gathered = []
    if gathered:
        yield pa.Table.from_batches(gathered)
