"""The cluster engine: KQL on a snapshot that was pushed to a Kusto database (Azure Data Explorer, Fabric).

The same checks, the same answers as `ztkit.engine.offline`, for estates beyond one machine and for many tenants at once:
one database a tenant. `ztkit.engine.kusto_push` fills the database; this module only reads it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

import pyarrow as pa

from ztkit.content.kql import tokenize
from ztkit.engine.dialect import Rewritten, rewrite
from ztkit.engine.kusto_manifest import read_manifest
from ztkit.engine.kusto_wire import PAUSES, TIMEOUT, Connection, Database
from ztkit.errors import (
    QueryError,
    StoppedError,
    TableUnreadableError,
    UnsupportedConstructError,
    ZtkitError,
)
from ztkit.model.snapshot import SnapshotManifest, TableManifest

__all__ = ["Database", "KustoInventory", "Outcome", "evaluate_many"]

AT_ONCE = 4
"""Tenants that are evaluated at once."""

_ELSEWHERE = frozenset({"cluster", "database", "externaldata", "external_table", "workspace", "adx", "arg"})
"""Functions that would read another database than the tenant's own."""
S = TypeVar("S")
T = TypeVar("T")


class KustoInventory:
    """A snapshot on a cluster that answers KQL; an `InventorySource`.

    It reads and never writes: management commands are refused, and each query is marked read-only. Several threads may
    run queries at once. Use as a context manager, or call `close`.

    Attributes:
        manifest: what was pushed; its tables as they are on the cluster now.
        cancelled: whether `cancel` was called; queries that fail from then on say nothing of the tenant.
    """

    def __init__(self, connection: Connection, manifest: SnapshotManifest) -> None:
        self._connection = connection
        self.manifest = manifest
        self.cancelled = False
        self._tables = {table.name: table for table in manifest.tables}

    @classmethod
    def open(
        cls, database: Database, *, timeout: timedelta = TIMEOUT, pauses: tuple[float, ...] = PAUSES
    ) -> KustoInventory:
        """Open the snapshot that a database holds.

        Every table's rows are counted: what was lost or came twice makes the table unreadable.

        Args:
            database: where it is.
            timeout: what the cluster gives a query; at most an hour.
            pauses: seconds before each further attempt at what may pass.

        Raises:
            SnapshotError: there is no snapshot, or it was not pushed to its end.
            QueryError: the cluster cannot be reached, or refuses.
        """
        connection = Connection(database, timeout=timeout, pauses=pauses)
        try:
            manifest = read_manifest(connection)
            connection.hold_clock(manifest.taken)
            return cls(connection, manifest)
        except BaseException:
            connection.close()
            raise

    def tables(self) -> Mapping[str, TableManifest]:
        """What is known of each table."""
        return self._tables

    def expect(self, queries: Sequence[str]) -> Sequence[int]:
        """Nothing is gained from knowing: the cluster keeps what it read; see `InventorySource.expect`."""
        return [0] * len(queries)

    def run(self, query: str, now: datetime) -> pa.Table:
        """Run a query; see `InventorySource.run`."""
        translated = for_cluster(query)
        for source in translated.sources:
            table = self._tables.get(source.table)
            if table is None:
                raise TableUnreadableError(
                    f"line {source.line}: table {source.table} is not in this inventory"
                )
            if table.status == "unreadable":
                raise TableUnreadableError(
                    f"line {source.line}: table {source.table} could not be read: {table.reason}"
                )
        return self._connection.query(translated.kql, now)

    def cancel(self) -> None:
        """Ask the cluster to stop what runs, and run nothing more."""
        self.cancelled = True
        self._connection.cancel()

    def close(self) -> None:
        """Stop what runs and close the connection."""
        self._connection.close()

    def __enter__(self) -> KustoInventory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@lru_cache(maxsize=4096)
def for_cluster(query: str) -> Rewritten:
    """Rewrite a query as Resource Graph takes it for a cluster; every token keeps its line.

    What differs: a query that names no table reads ``resources``; names of tables have their own letter case;
    ``mvexpand`` stops at 128 values on a cluster and ``mv-expand`` does not. ``dynamic_to_json`` becomes ``tostring``, and
    words of the language that name columns are quoted, as for the offline engine.

    Raises:
        QueryError: it is no single query, reads another database, or has what Resource Graph does not take.
    """
    try:
        rewritten = rewrite(query)
    except UnsupportedConstructError as problem:
        raise QueryError(f"line {problem.line}: {problem.construct} is not run on a cluster") from problem
    own = {source.view: source.table for source in rewritten.sources}
    tokens = tokenize(rewritten.kql)
    kql = rewritten.kql
    for index, token in reversed(list(enumerate(tokens))):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == ";":
            raise QueryError(f"line {token.line}: several statements; a check is one query")
        if token.kind != "word":
            continue
        if (after == "(" and token.lower in _ELSEWHERE) or (before == "|" and token.lower == "evaluate"):
            raise QueryError(
                f"line {token.line}: {token.text} is not run on a cluster: it can reach other data"
            )
        text = own.get(token.text, token.text)
        if before == "|" and token.text == "mvexpand":
            text = "mv-expand"
        if text != token.text:
            kql = kql[: token.start] + text + kql[token.start + len(token.text) :]
    return Rewritten(kql, rewritten.sources)


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came of one tenant.

    Attributes:
        result: what the work returned, or None if it failed.
        error: why it failed, or empty.
        seconds: wall-clock time.
    """

    tenant: str
    result: T | None
    error: str
    seconds: float


def evaluate_many(
    tenants: Mapping[str, Callable[[], AbstractContextManager[S]]],
    work: Callable[[str, S], T],
    *,
    at_once: int = AT_ONCE,
    progress: Callable[[Outcome[T], int], None] = lambda _outcome, _done: None,
) -> list[Outcome[T]]:
    """Do the same work on many tenants, some at once; one that fails does not stop the others.

    Args:
        tenants: how to open each one's inventory, by name: a database on a cluster, or a snapshot of a workspace. It is
            opened when its turn comes and closed after its work.
        work: what to do with a tenant's name and inventory, such as `ztkit.assess.evaluate.evaluate`; it runs in
            several threads.
        at_once: how many at once.
        progress: called in this thread with each outcome, as they come, and the number that is done.

    Returns:
        One outcome a tenant, in the order given.
    """
    opened: dict[str, Any] = {}
    guard, stopping = threading.Lock(), threading.Event()

    def one(tenant: str) -> Outcome[T]:
        started = time.perf_counter()
        result, error = None, ""
        try:
            with tenants[tenant]() as inventory:
                with guard:
                    opened[tenant] = inventory
                if stopping.is_set():
                    raise StoppedError("stopped")
                try:
                    result = work(tenant, inventory)
                finally:
                    with guard:
                        opened.pop(tenant)
        except ZtkitError as problem:
            error = str(problem)
        except Exception as problem:  # the others go on; the caller sees what it was
            error = f"defect: {type(problem).__name__}: {problem}"
        return Outcome(tenant, result, error, time.perf_counter() - started)

    pool = ThreadPoolExecutor(max_workers=at_once)
    try:
        futures = {pool.submit(one, tenant): tenant for tenant in tenants}
        done = {}
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            progress(done[futures[future]], len(done))
        return [done[tenant] for tenant in tenants]
    except BaseException:
        stopping.set()
        pool.shutdown(wait=False, cancel_futures=True)
        with guard:
            running = tuple(opened.values())
        for inventory in running:
            getattr(inventory, "cancel", lambda: None)()
        raise
    finally:
        pool.shutdown()
