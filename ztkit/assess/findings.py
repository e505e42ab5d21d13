"""Writes findings.parquet: check by check in the order that was asked for, whatever the order in which they end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from ztkit.assess.evaluate import FINDINGS


class FindingsFile:
    """A file of findings that is being written; use as a context manager.

    Findings wait on disk, beside the file, until all checks have been told of: the same evidence gives the same file, and
    memory holds one check at a time.

    Args:
        path: the file, which is there when the context ends.
        checks: the order in which it is to hold them.
    """

    def __init__(self, path: Path, checks: Iterable[str]) -> None:
        self._path, self._checks = path, list(checks)
        self._waiting = path.with_suffix(".waiting")
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_file(str(self._waiting), FINDINGS, options=options)
        self._batches: dict[str, range] = {}
        self._count = 0

    def add(self, check: str, findings: pa.Table) -> None:
        """Take the findings of a check (schema `FINDINGS`); they are put in the order of their ids."""
        batches = findings.sort_by("id").to_batches()  # the engine's own order varies
        for batch in batches:
            self._writer.write_batch(batch)
        self._batches[check] = range(self._count, self._count + len(batches))
        self._count += len(batches)

    def __enter__(self) -> FindingsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            with (
                pa.OSFile(str(self._waiting)) as file,
                pa.ipc.open_file(file) as waiting,
                pq.ParquetWriter(self._path, FINDINGS, compression="zstd") as writer,
            ):
                for check in self._checks:
                    batches = [waiting.get_batch(number) for number in self._batches.get(check, ())]
                    if any(batch.num_rows for batch in batches):
                        writer.write_table(pa.Table.from_batches(batches))
        self._waiting.unlink()
