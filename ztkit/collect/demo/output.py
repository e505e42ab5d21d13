"""Streams rows into the tables of a snapshot, a batch at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice

from ztkit.collect.demo.estate import Row
from ztkit.collect.snapshot import BATCH_ROWS, SnapshotWriter
from ztkit.engine.rows import from_values, schema_of


class Output:
    """Rows on their way into a snapshot; memory stays at one batch a table."""

    def __init__(self, writer: SnapshotWriter, progress: Callable[[int], None]) -> None:
        self._writer, self._progress = writer, progress
        self._waiting: dict[str, list[Row]] = defaultdict(list)
        self.rows: Counter[str] = Counter()

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows in their canonical form to a table."""
        waiting, source = self._waiting[table], iter(rows)
        while batch := list(islice(source, BATCH_ROWS - len(waiting))):
            waiting += batch
            self.rows[table] += len(batch)
            if len(waiting) >= BATCH_ROWS:
                self._write(table)

    def close(self) -> None:
        """Write what is left."""
        for table, waiting in self._waiting.items():
            if waiting:
                self._write(table)

    def _write(self, table: str) -> None:
        waiting = self._waiting[table]
        columns = zip(*waiting, strict=True)
        self._writer.table(table).add_arrow(from_values(schema_of(table), columns))
        waiting.clear()
        self._progress(self.rows.total())
