"""What a collection has on disk before it is a snapshot: pages, and a journal of them that survives a kill.

A page counts once its line is in the journal, and its line is written after its file is whole; so whatever moment a
process dies at, the journal names only pages that are there, and going on asks for the next ones.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import AwareDatetime

from ztkit.azure.clouds import CloudName
from ztkit.azure.scope import Scope
from ztkit.engine.rows import to_arrow
from ztkit.errors import SnapshotError, UsageError
from ztkit.model.types import Model, SourceId
from ztkit.workspace import FILE_MODE, FOLDER_MODE, Workspace, read_model, write_model

_PREFIX = ".collecting-"
_ORDER = "order.json"


class TableOrder(Model):
    """A table of Resource Graph to collect; without types, all of it."""

    table: str
    types: tuple[str, ...] = ()


class Order(Model):
    """What was ordered: kept, so that going on collects the same.

    Attributes:
        taken: when it began; ``now()`` in queries gives this moment.
        tenant: id of the tenant that was asked for, where one was.
    """

    id: str
    taken: AwareDatetime
    cloud: CloudName
    sources: tuple[SourceId, ...]
    scope: Scope
    tables: tuple[TableOrder, ...]
    entities: tuple[str, ...]
    tenant: str = ""


@dataclass
class PartState:
    """How far one part has come.

    Attributes:
        files: pages, in order.
        rows: rows in them.
        totals: what the answers said the part has; several values where the tenant changed meanwhile.
        next: link to the next page, where the service gives one that lasts.
    """

    files: list[str] = field(default_factory=list)
    rows: int = 0
    totals: set[int] = field(default_factory=set)
    next: str = ""
    limited: bool = False
    done: bool = False


@dataclass
class TableState:
    """How far one table has come.

    Attributes:
        plans: the keys of the parts that each piece of the scope is read in.
        parts: how far each part has come, by its key.
        missing: rows that the service says there are and that did not come.
        reason: why it cannot be read, or not wholly.
    """

    plans: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, PartState] = field(default_factory=dict)
    status: Literal["open", "complete", "partial", "unreadable"] = "open"
    missing: int = 0
    reason: str = ""


class Journal:
    """A collection on disk. Use `begin` or `resume`; `add_page` and the rest may be called from several threads."""

    def __init__(self, folder: Path, order: Order) -> None:
        self.folder, self.order = folder, order
        self.tables: dict[str, TableState] = {}
        self._lock = threading.Lock()
        self._path = folder / "journal.jsonl"
        self._number = 0

    @classmethod
    def begin(cls, workspace: Workspace, order: Order) -> Journal:
        """Begin a collection."""
        parent = workspace.root / "snapshots"
        parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder, number = parent / f"{_PREFIX}{order.id}", 2
        while folder.exists():  # of a collection that was begun in the same minute and not finished
            folder, number = parent / f"{_PREFIX}{order.id}.{number}", number + 1
        folder.mkdir(mode=FOLDER_MODE)
        write_model(folder / _ORDER, order)
        return cls(folder, order)

    @classmethod
    def resume(cls, workspace: Workspace) -> Journal:
        """Open the newest unfinished collection.

        Raises:
            UsageError: there is none.
        """
        folders = unfinished(workspace)
        if not folders:
            raise UsageError("There is no unfinished collection to go on with; `ztkit collect` begins one.")
        journal = cls(folders[-1], read_model(folders[-1] / _ORDER, Order))
        journal._replay()
        return journal

    def table(self, name: str) -> TableState:
        """The state of a table."""
        with self._lock:
            return self.tables.setdefault(name, TableState())

    def part(self, table: str, key: str) -> PartState:
        """The state of a part; an empty one where nothing of it was read."""
        return self.table(table).parts.get(key, PartState())

    def add_page(
        self,
        table: str,
        part: str,
        rows: Iterable[Mapping[str, Any]],
        total: int | None,
        *,
        next_: str = "",
        limited: bool = False,
        last: bool,
    ) -> PartState:
        """Keep a page; when this returns it is on disk."""
        arrow = to_arrow(rows, table)
        with self._lock:
            self._number += 1
            name = f"page-{self._number:06}-{os.getpid()}.parquet"
        self._write(name, arrow)
        line = {
            "page": name,
            "table": table,
            "part": part,
            "rows": arrow.num_rows,
            "total": total,
            "next": next_,
            "limited": limited,
            "last": last,
        }
        return self._note(line)

    def plan(self, table: str, piece: str, keys: Sequence[str]) -> None:
        """Say in which parts a piece of the scope is read; pages of parts that are planned no more are forgotten."""
        self._note({"plan": list(keys), "table": table, "piece": piece})

    def close_table(
        self,
        table: str,
        status: Literal["complete", "partial", "unreadable"],
        missing: int = 0,
        reason: str = "",
    ) -> None:
        """A table is read, or cannot be."""
        self._note({"closed": status, "table": table, "missing": missing, "reason": reason})

    def pages(self, table: str) -> Iterator[pa.Table]:
        """The pages of a table, one at a time."""
        state = self.table(table)
        for key in (key for keys in state.plans.values() for key in keys):
            for name in state.parts.get(key, PartState()).files:
                yield self._read(name)

    def ids(self, table: str, part: str) -> int:
        """How many ids a part's rows have; letter case makes no difference."""
        pages = [self._read(name, ["id"])["id"] for name in self.part(table, part).files]
        chunks = [chunk for page in pages for chunk in page.chunks]
        return int(pc.count_distinct(pc.utf8_lower(pa.chunked_array(chunks, pa.string()))).as_py())

    def remove(self) -> None:
        """Remove all of it, once it is a snapshot; what says that it is there goes last, should this be interrupted."""
        for path in self.folder.iterdir():
            if path.name != _ORDER:
                path.unlink()
        shutil.rmtree(self.folder)

    def _read(self, name: str, columns: list[str] | None = None) -> pa.Table:
        with pq.ParquetFile(self.folder / name) as file:
            return file.read(columns, use_threads=False)

    def _write(self, name: str, arrow: pa.Table) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=".page-", dir=self.folder)
        with os.fdopen(descriptor, "wb") as file:
            pq.write_table(arrow, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self.folder / name)

    def _note(self, line: dict[str, Any]) -> PartState:
        with self._lock:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
            with os.fdopen(descriptor, "ab") as file:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            return self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> PartState:
        state = self.tables.setdefault(line["table"], TableState())
        if "closed" in line:
            state.status, state.missing, state.reason = line["closed"], line["missing"], line["reason"]
            return PartState()
        if "plan" in line:
            gone = set(state.plans.get(line["piece"], ())) - set(line["plan"])
            state.plans[line["piece"]] = list(line["plan"])
            for key in gone:
                state.parts.pop(key, None)
            return PartState()
        part = state.parts.setdefault(line["part"], PartState())
        part.files.append(line["page"])
        part.rows += line["rows"]
        if line["total"] is not None:
            part.totals.add(line["total"])
        part.next, part.done = line["next"], line["last"]
        part.limited |= line["limited"]
        return part

    def _replay(self) -> None:
        """Read the journal; a last line that a killed process did not finish is cut off."""
        data = self._path.read_bytes() if self._path.exists() else b""
        whole, _, torn = data.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError) as problem:
                raise SnapshotError(
                    f"{self._path}:{number} is damaged; remove the folder and collect again."
                ) from problem
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(len(data) - len(torn))
        self._number = whole.count(b'"page":')


def unfinished(workspace: Workspace) -> list[Path]:
    """Folders of collections that were begun and not finished, oldest first."""
    parent = workspace.root / "snapshots"
    found = parent.glob(f"{_PREFIX}*") if parent.is_dir() else ()
    return sorted(folder for folder in found if (folder / _ORDER).is_file())


def began(folder: Path) -> datetime:
    """When an unfinished collection was begun."""
    return read_model(folder / _ORDER, Order).taken
