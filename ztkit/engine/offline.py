"""The offline engine: KQL on a snapshot by duckdb-kql and DuckDB, embedded, one connection, read-only."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ztkit.content.kql import Source
from ztkit.engine.beforehand import cores, translate_beforehand
from ztkit.engine.sharing import Shared
from ztkit.engine.shredding import Part
from ztkit.engine.translation import Translation, View, first_line, macros_script, translate
from ztkit.errors import QueryError, TableUnreadableError
from ztkit.model.snapshot import TableManifest, columns_of
from ztkit.private import PrivateFolder

MEMORY_LIMIT = "1500MB"
"""What DuckDB may take; the rest of the 2 GiB goes to Python. What it cannot hold is spilled."""
AT_ONCE = 2
"""Queries that had best run at once, each on half of the cores: one is planned while another reads."""
BATCH_ROWS = 2_048
"""Rows of an answer that are taken from DuckDB at a time."""
MANY_ROWS = 20_000
"""Rows to be read from which on it is better to plan a query twice, as DuckDB then does, than to copy the answer once more."""
LARGE_ANSWER = 4_000_000
"""Bytes of an answer after which freed memory goes back to the system."""
SHARED_BATCH_ROWS = 8_192
"""Rows that are taken at a time to be written into a file of shared rows."""
GROUP_JSON = 300_000
"""Bytes of JSON that a group of rows in such a file holds: DuckDB works on one group at a time at the most, and each of its
functions on JSON takes several times the bytes that it is given. Smaller groups cost more than they save."""
SPILLED = ".spilled-"
"""How the name of a folder with shared and spilled rows begins."""

_QUIET = threading.Lock()
"""Held while warnings are filtered, which is not safe in several threads at once."""


class OfflineInventory:
    """A snapshot that answers KQL.

    One connection with file access limited to the snapshot's own files and a private folder, no extension
    loading, its configuration locked; only ``SELECT`` is executed. Several threads may run queries at once:
    planning a query takes one core, whatever the size of the inventory. Use as a context manager, or call
    `close`.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Mapping[str, TableManifest],
        readable: Iterable[str],
        spill: PrivateFolder | None = None,
    ) -> None:
        self._connection = connection
        self._spill = spill
        self._tables = dict(tables)
        self._readable = set(readable)
        self._views: set[str] = set(readable)
        self._offered: list[str] = []
        self._offering = threading.Lock()
        self._making = threading.Lock()
        self._shared: dict[str, Shared] = {}
        self._counts: dict[str, int] = {}
        self._numbers = count(1)

    @classmethod
    def from_files(
        cls, files: Mapping[str, Path], tables: Mapping[str, TableManifest], private: Path | None = None
    ) -> OfflineInventory:
        """Open Parquet files as tables.

        Args:
            files: the file of each table that can be read.
            tables: what is known of each table; one without a file is unreadable.
            private: where a folder of mode 0700 may be made for rows that several queries read, and for rows that memory
                cannot hold (`MEMORY_LIMIT`); it is gone when the inventory is closed. Without it, or where nothing can
                be written, each query reads anew, and one that needs more memory fails.
        """
        spill = _spill(private)
        connection = _connect(str(spill.path) if spill else "")
        allowed = [str(path.resolve()) for path in files.values()]
        connection.execute("SET allowed_paths = ?", [allowed])
        if spill:
            connection.execute("SET allowed_directories = ?", [[str(spill.path)]])
        _lock(connection)
        for name, path in files.items():
            connection.read_parquet(str(path.resolve())).create_view(stored(name))
            _show(connection, name)
        return cls(connection, tables, files, spill)

    @classmethod
    def from_tables(cls, tables: Mapping[str, pa.Table]) -> OfflineInventory:
        """Open Arrow tables with the columns of `COLUMNS`, dynamic ones as JSON text (cases, examples)."""
        connection = _connect("")
        _lock(connection)
        inventory = cls(connection, {}, ())
        inventory.refill(tables)
        return inventory

    def refill(self, tables: Mapping[str, pa.Table]) -> None:
        """Hold these Arrow tables and nothing else: cheaper than a new connection, where many follow each other."""
        for view in (*self._offered, *self._tables):
            self._connection.execute(f'DROP VIEW "{view}"')
        for name in self._tables:
            self._connection.execute(f'DROP TABLE "{stored(name)}"')
        self._offered, self._tables = [], {}
        for name, table in tables.items():
            self._connection.from_arrow(table).create(stored(name))
            _show(self._connection, name)
            self._tables[name] = TableManifest(name=name, rows=table.num_rows, status="complete")
        self._readable, self._views = set(tables), set(tables)

    def tables(self) -> Mapping[str, TableManifest]:
        """What is known of each table."""
        return self._tables

    def run(self, query: str, now: datetime) -> pa.Table:
        """Run a query; see `InventorySource.run`."""
        translation = translate(query)
        try:
            for view in translation.views:
                self._offer(view)
            rows = self._rows(translation, now)
        except (duckdb.Error, OSError) as problem:  # the latter is how a stream of rows passes on an error
            raise QueryError(first_line(problem)) from problem
        if rows.nbytes > LARGE_ANSWER:
            pa.system_memory_pool().release_unused()
        return rows

    def _rows(self, translation: Translation, now: datetime) -> pa.Table:
        """An answer, a batch at a time: whole, DuckDB would hold it three times over on its way."""
        cursor, parameters = self._connection.cursor(), translation.parameters(now) or None
        if sum(self._counts.get(view.source.view, 0) for view in translation.views) > MANY_ROWS:
            relation = cursor.sql(translation.sql, params=parameters)
            kinds = list(zip(relation.columns, relation.types, strict=True))
            reader: pa.RecordBatchReader = relation.to_arrow_reader(BATCH_ROWS)
        else:
            found = cursor.execute(translation.sql, parameters)
            kinds = [(name, kind) for name, kind, *_ in found.description or ()]
            with _QUIET, warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", message="Arrow output on a DB-API result makes an extra copy"
                )
                reader = found.to_arrow_reader(BATCH_ROWS)
        rows = pa.Table.from_batches(map(_fitted, reader), reader.schema)
        for number, (name, kind) in enumerate(kinds):
            if str(kind) == "JSON":
                rows = rows.set_column(number, name, rows.column(number).cast(pa.json_()))
        return rows

    def expect(self, queries: Sequence[str]) -> list[int]:
        """Be told which queries follow: rows that several of them read are then read and parsed once.

        Returns:
            How many values each query reads.
        """
        translate_beforehand(queries)
        views: list[tuple[View, ...]] = []
        for query in queries:
            views.append(())
            with suppress(QueryError):  # running it says what is wrong
                views[-1] = translate(query).views
        self._shared = self._shared_of(views, self._spill.path) if self._spill else {}
        self._counts = self._rows_of({view.source.view: view.source for seen in views for view in seen})
        return [sum(self._counts[view.source.view] * view.width for view in seen) for seen in views]

    def _shared_of(self, views: Iterable[Iterable[View]], folder: Path) -> dict[str, Shared]:
        """What is read more than once, by the name of its source."""
        shared: dict[str, Shared] = {}
        number = next(self._numbers)
        for view in (view for seen in views for view in seen if view.name != view.source.table):
            file = folder / f"{view.source.view}__shared{number}.parquet"
            shared.setdefault(view.source.view, Shared(file)).add(view)
        return {name: item for name, item in shared.items() if item.places > 1}

    def _rows_of(self, read: Mapping[str, Source]) -> dict[str, int]:
        """How many rows sources have."""
        by_type = {
            table: dict(self._connection.table(stored(table)).aggregate("type, count(*)").fetchall())
            for table in {source.table for source in read.values()} & self._readable
        }

        def rows(source: Source) -> int:
            of_table: dict[str, int] = by_type.get(source.table, {})
            return sum(of_table.get(name, 0) for name in (source.types or of_table))

        return {name: rows(source) for name, source in read.items()}

    def close(self) -> None:
        """Close the connection, and delete what was spilled."""
        self._connection.close()
        if self._spill:
            self._spill.close()

    def __enter__(self) -> OfflineInventory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _offer(self, view: View) -> None:
        """Make sure that a view that a query reads exists."""
        if view.name in self._views:
            return
        table = view.source.table
        if table not in self._readable:
            raise TableUnreadableError(f"line {view.source.line}: table {table} is not in this inventory")
        cursor = self._connection.cursor()
        shared = self._shared.get(view.source.view)
        if shared is not None and self._is_made(cursor, view.source, shared):
            columns = ", ".join(_from_held(view, shared.held))
            rows = f"SELECT {columns} FROM read_parquet({_text(str(shared.file))})"  # noqa: S608
        else:
            rows = _read(table, view.source.types, _columns(table, view.columns, view.parts))
        with self._offering:
            if view.name not in self._views:
                cursor.execute(f"CREATE VIEW {_name(view.name)} AS {rows}")
                self._views.add(view.name)
                self._offered.append(view.name)

    def _is_made(self, cursor: duckdb.DuckDBPyConnection, source: Source, shared: Shared) -> bool:
        """Whether there is a file with what several queries read, which is made when the first of them asks.

        In memory it would take several times as much, which the queries themselves need. Where it cannot be written, such
        as on a full disk, each query reads anew.
        """
        with self._making:
            if not shared.made and not shared.refused:
                columns = _columns(source.table, sorted(shared.columns), shared.held)
                rows = _read(source.table, source.types, columns)
                try:
                    _write(cursor.sql(rows), shared.file)
                    shared.made = True
                except OSError:  # if it is the rows that cannot be read, the queries themselves say so
                    shared.refused = True
                    with suppress(OSError):
                        shared.file.unlink()  # what there is of it may be what fills the disk
        return shared.made


def _write(rows: duckdb.DuckDBPyRelation, file: Path) -> None:
    """Write rows into a Parquet file of small groups, which DuckDB itself does not make.

    Raises:
        OSError: they cannot be read, or the file cannot be written.
    """
    reader: pa.RecordBatchReader = rows.to_arrow_reader(SHARED_BATCH_ROWS)
    dynamic = {name for name, kind in zip(rows.columns, rows.types, strict=True) if str(kind) == "JSON"}
    schema = pa.schema(
        (field.name, pa.json_() if field.name in dynamic else field.type) for field in reader.schema
    )
    repeated = [name for name in schema.names if name not in (*dynamic, "id", "name")]
    with pq.ParquetWriter(file, schema, compression="snappy", use_dictionary=repeated) as writer:
        for batch in reader:
            size = sum(batch.column(name).nbytes for name in dynamic)
            parts = max(1, size // GROUP_JSON)
            writer.write_batch(batch.cast(schema), row_group_size=batch.num_rows // parts + 1)


def _read(table: str, types: Collection[str] | None, columns: Iterable[str]) -> str:
    """The statement that reads columns of a table's rows, of these types only."""
    rows = f"SELECT {', '.join(columns)} FROM {_name(stored(table))}"  # noqa: S608 - each quoted
    return rows if types is None else f'{rows} WHERE "type" IN ({", ".join(map(_text, sorted(types)))})'


def stored(table: str) -> str:
    """The name of a table's rows as they are stored: dynamic columns are text."""
    return f"{table}__stored"


def _show(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Offer stored rows as the table that queries name."""
    rows = _read(table, None, _columns(table, columns_of(table), ()))
    connection.execute(f"CREATE VIEW {_name(table)} AS {rows}")


def _columns(table: str, columns: Iterable[str], wanted: Sequence[Part]) -> Iterator[str]:
    """Columns and parts; all parts of a dynamic column come from parsing it once as JSON and once as text.

    A dynamic column becomes JSON only where it is wanted whole, since DuckDB then reads each value to see that it is.
    """
    kinds = columns_of(table)
    for column in columns:
        name = _name(column)
        yield f"CAST({name} AS JSON) AS {name}" if kinds[column] == "dynamic" else name
    for text in (False, True):
        for column in dict.fromkeys(part.column for part in wanted if part.text == text):
            parts = [part for part in wanted if part.column == column and part.text == text]
            function = "json_extract_string" if text else "json_extract"
            found = f"{function}({_name(column)}, [{', '.join(_text(part.path) for part in parts)}])"
            for number, part in enumerate(parts, start=1):
                value = f"coalesce({found}[{number}], '')" if text else f"{found}[{number}]"
                yield f"{value} AS {_name(part.name)}"


def _from_held(view: View, held: Collection[Part]) -> Iterator[str]:
    """What a view offers of rows that are held."""
    yield from map(_name, view.columns)
    for part in view.parts:
        name = _name(part.name)
        if part in held:
            yield name
        else:
            yield f"coalesce(json_extract_string({_name(part.as_json.name)}, '$'), '') AS {name}"


def _name(name: str) -> str:
    """A name as it is written in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    """A text as it is written in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _spill(private: Path | None) -> PrivateFolder | None:
    if private is None or not os.access(private, os.W_OK):
        return None
    return PrivateFolder(private.resolve(), SPILLED)


def _fitted(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A copy of a batch that takes no more than its rows: DuckDB's own buffers have room for up to as much again."""
    return pa.ipc.read_record_batch(batch.serialize(), batch.schema)


def _connect(spill: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET temp_directory = ?", [spill])  # its default is a folder where the process runs
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"SET threads = {max(1, cores() // AT_ONCE)}")
    connection.execute("SET enable_progress_bar = false")  # it would write into standard output
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection to all but the files that are allowed; only then run what is kept in a file."""
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute("SET " + setting)
    connection.execute(macros_script())
