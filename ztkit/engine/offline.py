"""The offline engine: KQL on a snapshot by duckdb-kql and DuckDB, embedded, one connection, read-only."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from ztkit.content.kql import Source
from ztkit.engine.simplify import macros
from ztkit.engine.translation import first_line, translate
from ztkit.errors import QueryError, TableUnreadableError
from ztkit.model.snapshot import TableManifest

MEMORY_LIMIT = "1500MB"
"""What DuckDB may take; the rest of the 2 GiB goes to Python."""


_QUIET = threading.Lock()
"""Held while warnings are filtered, which is not safe in several threads at once."""


class OfflineInventory:
    """A snapshot that answers KQL.

    One connection with file access limited to the snapshot's own files, no extension loading, its
    configuration locked; only ``SELECT`` is executed. Several threads may run queries at once: planning a
    query takes one core, whatever the size of the inventory. Use as a context manager, or call `close`.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Mapping[str, TableManifest],
        readable: Iterable[str],
    ) -> None:
        self._connection = connection
        self._tables = dict(tables)
        self._views = set(readable)
        self._offered: list[str] = []
        self._offering = threading.Lock()

    @classmethod
    def from_files(cls, files: Mapping[str, Path], tables: Mapping[str, TableManifest]) -> OfflineInventory:
        """Open Parquet files as tables.

        Args:
            files: the file of each table that can be read.
            tables: what is known of each table; one without a file is unreadable.
        """
        connection = _connect()
        allowed = [str(path.resolve()) for path in files.values()]
        connection.execute("SET allowed_paths = ?", [allowed])
        _lock(connection)
        for name, path in files.items():
            connection.read_parquet(str(path.resolve())).create_view(name)
        return cls(connection, tables, files)

    @classmethod
    def from_tables(cls, tables: Mapping[str, pa.Table]) -> OfflineInventory:
        """Open Arrow tables with the columns of `COLUMNS`, dynamic ones as JSON (cases, examples)."""
        connection = _connect()
        _lock(connection)
        inventory = cls(connection, {}, ())
        inventory.refill(tables)
        return inventory

    def refill(self, tables: Mapping[str, pa.Table]) -> None:
        """Hold these Arrow tables and nothing else: cheaper than a new connection, where many follow each other."""
        for view in self._offered:
            self._connection.execute(f'DROP VIEW "{view}"')
        for name in self._tables:
            self._connection.execute(f'DROP TABLE "{name}"')
        self._offered, self._tables = [], {}
        for name, table in tables.items():
            self._connection.from_arrow(table).create(name)
            self._tables[name] = TableManifest(name=name, rows=table.num_rows, status="complete")
        self._views = set(tables)

    def tables(self) -> Mapping[str, TableManifest]:
        """What is known of each table."""
        return self._tables

    def run(self, query: str, now: datetime) -> pa.Table:
        """Run a query; see `InventorySource.run`."""
        translation = translate(query)
        with self._offering:
            for source in translation.rewritten.sources:
                self._offer(source)
        try:
            found = self._connection.cursor().execute(translation.sql, translation.parameters(now) or None)
            with _QUIET, warnings.catch_warnings():
                # the way that saves this copy plans each query twice, which costs more
                warnings.filterwarnings(
                    "ignore", message="Arrow output on a DB-API result makes an extra copy"
                )
                return found.to_arrow_table()
        except duckdb.Error as problem:
            raise QueryError(first_line(problem)) from problem

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> OfflineInventory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _offer(self, source: Source) -> None:
        """Make sure that the view a query reads exists."""
        if source.view in self._views:
            return
        if source.table not in self._views:
            raise TableUnreadableError(f"line {source.line}: table {source.table} is not in this inventory")
        types = [duckdb.ConstantExpression(name) for name in sorted(source.types or ())]
        rows = self._connection.table(source.table).filter(duckdb.ColumnExpression("type").isin(*types))
        rows.create_view(source.view)
        self._views.add(source.view)
        self._offered.append(source.view)


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute("SET enable_progress_bar = false")  # it would write into standard output
    for macro in macros():
        connection.execute(macro)
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute("SET " + setting)
