"""Sorts the rows of a table on disk: however many there are, one group of them is in memory at a time.

Groups are ranges of the order, cut by a sample of the rows so that they are about the same size. Rows are read once to
sample them and once to be put into the files of their groups; then each group is sorted by itself and written behind the
one before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUP_ROWS = 10_240
"""Rows of a group: DuckDB reads, and skips by type, whole groups; large ones would hold their JSON in memory at once."""
_BATCH_ROWS = 8_192
_SAMPLES = 64
"""Sampled rows a group."""
_MOST_GROUPS = 200
"""Files that are open at once at the most; very large tables have larger groups."""
_Key = tuple[str, str]


@dataclass
class Contents:
    """What a sorted table holds.

    Attributes:
        types: rows by resource type.
    """

    types: dict[str, int] = field(default_factory=dict)
    tenants: set[str] = field(default_factory=set)
    subscriptions: set[str] = field(default_factory=set)

    def add(self, rows: pa.Table) -> None:
        """Note a group of rows."""
        for item in pc.value_counts(rows["type"]).to_pylist():
            self.types[item["values"]] = self.types.get(item["values"], 0) + item["counts"]
        for name, found in (("tenantId", self.tenants), ("subscriptionId", self.subscriptions)):
            if name in rows.column_names:
                found.update(filter(None, pc.unique(rows[name]).to_pylist()))


def sort_rows(unsorted: Path, final: Path) -> Contents:
    """Order the rows of a Parquet file by type and id, each id of a type once: of several rows the last one is kept.

    Args:
        unsorted: a file of an inventory table; temporary files are made beside it.
        final: the file to write.
    """
    contents = Contents()
    with (
        pq.ParquetFile(unsorted) as file,
        pq.ParquetWriter(final, file.schema_arrow, compression="zstd") as writer,
    ):
        for group in _groups(file, unsorted.parent):
            rows = _sorted(group)
            contents.add(rows)
            writer.write_table(rows, row_group_size=GROUP_ROWS)
            pa.default_memory_pool().release_unused()
    return contents


def _groups(file: pq.ParquetFile, folder: Path) -> Iterator[pa.Table]:
    """The rows in groups that follow each other in the order; within each as they were written."""
    bounds = _bounds(file)
    if not bounds:
        yield file.read()
        return
    with TemporaryDirectory(dir=folder) as temporary:
        paths = [Path(temporary) / str(number) for number in range(len(bounds) + 1)]
        _split(file, bounds, paths)
        for path in paths:
            with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as reader:
                yield reader.read_all()
            path.unlink()


def _bounds(file: pq.ParquetFile) -> list[_Key]:
    """The first key of every group but the first."""
    rows = file.metadata.num_rows
    count = min(_MOST_GROUPS, ceil(rows / GROUP_ROWS))
    if count < 2:
        return []
    every = max(1, rows // (count * _SAMPLES))
    sample = sorted(key for batch in _batches(file, ["type", "id"]) for key in _keys(batch)[::every])
    return [sample[number * len(sample) // count] for number in range(1, count)]


def _split(file: pq.ParquetFile, bounds: Sequence[_Key], paths: Sequence[Path]) -> None:
    """Write each row to the file of its group."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers = [
            stack.enter_context(pa.ipc.new_stream(str(path), file.schema_arrow, options=options))
            for path in paths
        ]
        for batch in _batches(file):
            numbers = np.array([bisect_right(bounds, key) for key in _keys(batch)])
            order = np.argsort(numbers, kind="stable")
            rows, ends = batch.take(pa.array(order)), np.searchsorted(numbers[order], range(len(paths) + 1))
            for writer, (start, end) in zip(writers, pairwise(ends), strict=True):
                if start < end:
                    writer.write_batch(rows.slice(start, end - start))


def _batches(file: pq.ParquetFile, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a file, some row groups at a time: pyarrow's own iterator reads far ahead."""
    pending: list[int] = []
    rows = 0
    for number in range(file.num_row_groups):
        pending.append(number)
        rows += file.metadata.row_group(number).num_rows
        if rows >= _BATCH_ROWS or number == file.num_row_groups - 1:
            yield from file.read_row_groups(pending, columns=columns).combine_chunks().to_batches(_BATCH_ROWS)
            pending, rows = [], 0


def _keys(batch: pa.RecordBatch) -> list[_Key]:
    return list(zip(batch["type"].to_pylist(), pc.utf8_lower(batch["id"]).to_pylist(), strict=True))


def _sorted(rows: pa.Table) -> pa.Table:
    """A group in order, without rows that a later one replaces."""
    keys: Any = pa.table({"type": rows["type"], "id": pc.utf8_lower(rows["id"])})
    order = pc.sort_indices(keys, [("type", "ascending"), ("id", "ascending")])
    keys = keys.take(order)
    ahead, behind = keys.slice(0, max(0, keys.num_rows - 1)), keys.slice(1)
    replaced = pc.and_(pc.equal(ahead["type"], behind["type"]), pc.equal(ahead["id"], behind["id"]))
    last = pa.array([False] * min(1, keys.num_rows), pa.bool_())
    return rows.take(order.filter(pc.invert(pa.concat_arrays([*replaced.chunks, last]))))
