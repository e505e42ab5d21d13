"""Puts rows in order on disk, holding one row group of them at a time, however many there are.

The order is found from types and ids alone. By it the rows are dealt into heaps, of which each is put in order by itself,
and the heaps one after the other are the rows in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 20_480
"""Rows a Parquet row group: small enough that a query on one type skips the others."""
_HEAP_ROWS = 2_048
_HEAPS = 64
"""Files that are open at a time at most; more rows make larger heaps."""
_PART_ROWS = 4_096
_PLACE = "place"


def sort_rows(connection: duckdb.DuckDBPyConnection, unsorted: Path, final: Path, schema: pa.Schema) -> int:
    """Write the rows of a Parquet file in order of type and id; of rows with one id, the last. Returns how many.

    Args:
        connection: to DuckDB, with a folder where it may put what is more than its memory.
        unsorted: the file; its heaps lie beside it for a while.
        final: the file to write.
        schema: of both.
    """
    kept = connection.execute(
        "SELECT file_row_number FROM read_parquet(?, file_row_number = true) "
        "QUALIFY row_number() OVER (PARTITION BY lower(id) ORDER BY file_row_number DESC) = 1 "
        "ORDER BY type, lower(id)",
        [str(unsorted)],
    ).fetchnumpy()["file_row_number"]
    with pq.ParquetFile(unsorted) as source, pq.ParquetWriter(final, schema, compression="zstd") as writer:
        places = np.full(source.metadata.num_rows, -1, np.int64)  # -1 is not kept
        places[kept] = np.arange(len(kept))
        size = max(_HEAP_ROWS, -(-len(kept) // _HEAPS))
        heaps = [unsorted.with_suffix(f".{number}") for number in range(-(-len(kept) // size))]
        _deal(source, places, size, heaps, schema)
        group = schema.empty_table()
        for heap in map(_ordered, heaps):
            group = pa.concat_tables([group, heap])
            while group.num_rows >= ROW_GROUP_ROWS:
                writer.write_table(group.slice(0, ROW_GROUP_ROWS))
                group = group.slice(ROW_GROUP_ROWS)
        writer.write_table(group)
    return len(kept)


def _deal(
    source: pq.ParquetFile, places: np.ndarray, size: int, heaps: list[Path], schema: pa.Schema
) -> None:
    """Deal rows into heaps of a size by their places."""
    placed = pa.schema([*schema, (_PLACE, pa.int64())])
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_file(str(path), placed, options=options)) for path in heaps]
        begin = 0
        for part in _parts(source):
            here = places[begin : begin + part.num_rows]
            begin += part.num_rows
            whole = pa.table([*part.columns, pa.array(here)], schema=placed)
            numbers = here // size
            for number in np.unique(numbers[here >= 0]):
                writers[number].write_table(whole.take(np.flatnonzero(numbers == number)))


def _parts(source: pq.ParquetFile) -> Iterator[pa.Table]:
    """The rows of a file, some row groups at a time: reading them as a stream would hold the file."""
    chosen: list[int] = []
    rows = 0
    for number in range(source.metadata.num_row_groups):
        chosen.append(number)
        rows += source.metadata.row_group(number).num_rows
        if rows >= _PART_ROWS:
            yield source.read_row_groups(chosen, use_threads=False)
            chosen, rows = [], 0
    if chosen:
        yield source.read_row_groups(chosen, use_threads=False)


def _ordered(heap: Path) -> pa.Table:
    """The rows of a heap in order; its file is removed."""
    with pa.OSFile(str(heap)) as file:
        rows = pa.ipc.open_file(file).read_all()
    heap.unlink()
    return rows.take(np.argsort(rows[_PLACE].to_numpy())).drop_columns(_PLACE)
