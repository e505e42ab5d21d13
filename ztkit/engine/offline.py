"""The offline engine: KQL on a snapshot by duckdb-kql and DuckDB, embedded, one connection, read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import duckdb_kql
import pyarrow as pa
from duckdb_kql.errors import KqlError, KqlSyntaxError, KqlUnsupportedError

from ztkit.content.kql import Source, tokenize
from ztkit.engine import dialect
from ztkit.errors import QueryError, TableUnreadableError, UnsupportedConstructError
from ztkit.model.snapshot import COLUMNS, TableManifest

MEMORY_LIMIT = "1500MB"
"""What DuckDB may take; the rest of the 2 GiB goes to Python."""


class OfflineInventory:
    """A snapshot that answers KQL.

    One connection with file access limited to the snapshot's own files, no extension loading, its
    configuration locked; only ``SELECT`` is executed. Use as a context manager, or call `close`.
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
        manifests: dict[str, TableManifest] = {}
        for name, table in tables.items():
            connection.from_arrow(table).create(name)
            manifests[name] = TableManifest(name=name, rows=table.num_rows, status="complete")
        _lock(connection)
        return cls(connection, manifests, tables)

    def tables(self) -> Mapping[str, TableManifest]:
        """What is known of each table."""
        return self._tables

    def run(self, query: str, now: datetime) -> pa.Table:
        """Run a query; see `InventorySource.run`."""
        rewritten = dialect.rewrite(query)
        for source in rewritten.sources:
            self._offer(source)
        sql, parameters = _to_sql(query, now)
        try:
            return self._connection.sql(sql, params=parameters or None).to_arrow_table()
        except duckdb.Error as problem:
            raise QueryError(_first_line(problem)) from problem

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


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute("SET " + setting)


@lru_cache(maxsize=4096)
def _to_sql(query: str, now: datetime) -> tuple[str, dict[str, object]]:
    """Translate; cached, because parsing costs more than running on a small inventory."""
    rewritten = dialect.rewrite(query)
    columns = list(COLUMNS)
    schema = {source.view: columns for source in rewritten.sources}
    try:
        translated = duckdb_kql.to_sql(rewritten.kql, schema=schema, allow_write=False, query_now=now)
    except KqlUnsupportedError as problem:
        line = problem.span.line if problem.span else _line_of(query, problem.construct)
        hint = f" ({problem.hint})" if problem.hint and "wave" not in problem.hint else ""
        raise UnsupportedConstructError(f"'{problem.construct}'{hint}", line) from problem
    except KqlSyntaxError as problem:
        raise QueryError(_syntax(problem)) from problem
    except KqlError as problem:
        raise QueryError(_first_line(problem)) from problem
    sql = str(translated)
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("only a query can be run here, not a command")
    return sql, dict(translated.parameters)


def _line_of(query: str, construct: str) -> int | None:
    """The first line that names a construct such as ``function:bag_keys``."""
    name = construct.rpartition(":")[2].lower()
    return next((token.line for token in tokenize(query) if token.lower == name), None)


def _syntax(problem: KqlSyntaxError) -> str:
    if problem.diagnostics:
        first = problem.diagnostics[0]
        return (
            f"line {first.span.line}, column {first.span.column + 1}: {first.message.split(' expecting ')[0]}"
        )
    return _first_line(problem).split(" expecting ")[0]


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0]
