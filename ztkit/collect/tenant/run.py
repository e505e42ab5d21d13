"""Collects a tenant into a snapshot: what the checks need, at the services' quota, to be gone on with at any point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from ztkit.azure.connection import Connection
from ztkit.azure.pace import Pace
from ztkit.azure.resource_graph import QueryClient
from ztkit.azure.scope import Scope
from ztkit.collect.snapshot import Completeness, SnapshotWriter
from ztkit.collect.tenant.entities import EntityCollector
from ztkit.collect.tenant.journal import Journal, Order, TableOrder
from ztkit.collect.tenant.needs import TableNeed, entities_needed, tables_needed
from ztkit.collect.tenant.tables import Progress, TableCollector
from ztkit.content.tables import entities
from ztkit.errors import AccessError, StoppedError
from ztkit.model.check import Check
from ztkit.model.snapshot import SnapshotManifest
from ztkit.model.types import ALL_SOURCES, SourceId
from ztkit.workspace import Workspace

_TABLES_AT_ONCE = 4
_PARTS_AT_ONCE = 8
_SERVICES: dict[SourceId, str] = {
    "resource-graph": "Azure Resource Graph",
    "microsoft-graph": "Microsoft Graph",
}


def order_for(
    workspace: Workspace,
    checks: Iterable[Check],
    at: datetime,
    scope: Scope,
    *,
    cloud: str = "public",
    sources: tuple[SourceId, ...] = ALL_SOURCES,
    everything: bool = False,
) -> Order:
    """What to collect for some checks.

    Args:
        workspace: where the snapshot goes.
        checks: whose tables, types and entities are needed.
        at: the moment of the snapshot.
        scope: which part of the tenant.
        cloud: name of the cloud.
        sources: which services.
        everything: every type of the tables, for checks that are not written yet.
    """
    wanted = [check for check in checks if check.source in sources]
    return Order(
        id=workspace.new_id("snapshots", at),
        taken=at,
        cloud=cloud,
        sources=sources,
        scope=scope,
        tables=tuple(
            TableOrder(table=need.table, types=() if everything else need.types)
            for need in tables_needed(wanted)
        ),
        entities=tuple(entity.id for entity in entities_needed(wanted)),
        tenant=workspace.engagement().tenant,
    )


def collect(
    workspace: Workspace,
    journal: Journal,
    connection: Connection,
    written: datetime,
    progress: Progress = lambda _table, _rows: None,
) -> SnapshotManifest:
    """Collect what a journal was begun for, from where it stands, and make it a snapshot.

    Args:
        workspace: where the snapshot goes.
        journal: see `Journal.begin` and `Journal.resume`.
        connection: where to read, and as whom.
        written: the moment at which the snapshot is finished.
        progress: told a table and how many rows of it came.

    Raises:
        AccessError: nobody is signed in (any more), or nothing at all may be read.
        ServiceError: a service does not answer.
        StoppedError: somebody pressed Ctrl-C. All three leave the journal to be gone on with.
    """
    if (finished := _finished(workspace, journal.order)) is not None:
        journal.remove()
        return finished
    try:
        return _collect(workspace, journal, connection, written, progress)
    except StoppedError:
        raise StoppedError(
            "Interrupted. What was collected is kept: `ztkit collect --resume` goes on."
        ) from None


def _finished(workspace: Workspace, order: Order) -> SnapshotManifest | None:
    """The snapshot of a collection that was killed after the snapshot was there and before its journal was gone."""
    found = workspace.manifest(order.id) if order.id in workspace.snapshots() else None
    return found if found is not None and (found.source, found.taken) == ("collect", order.taken) else None


def _collect(
    workspace: Workspace, journal: Journal, connection: Connection, written: datetime, progress: Progress
) -> SnapshotManifest:
    order = journal.order
    for table, state in journal.tables.items():
        progress(table, sum(part.rows for part in state.parts.values()))
    if "resource-graph" in order.sources:
        _collect_tables(journal, connection, progress)
    if "microsoft-graph" in order.sources:
        _collect_entities(journal, connection, progress)
    _refuse_nothing(journal)
    manifest = _finish(workspace, journal, written)
    journal.remove()
    return manifest


def _collect_tables(journal: Journal, connection: Connection, progress: Progress) -> None:
    bodies, pace = journal.order.scope.bodies(), Pace()
    with (
        connection.resource_graph() as client,
        ThreadPoolExecutor(_PARTS_AT_ONCE) as parts,
        ThreadPoolExecutor(_TABLES_AT_ONCE) as tables,
        _stopped_with(pace),
    ):
        collector = TableCollector(QueryClient(client, pace), journal, parts, progress)
        needs = [TableNeed(item.table, item.types) for item in journal.order.tables]
        _wait([tables.submit(collector.collect, need, bodies) for need in needs])


def _collect_entities(journal: Journal, connection: Connection, progress: Progress) -> None:
    wanted, pace = [entities()[name] for name in journal.order.entities if name in entities()], Pace()
    with (
        connection.microsoft_graph() as client,
        ThreadPoolExecutor(_TABLES_AT_ONCE) as pool,
        _stopped_with(pace),
    ):
        EntityCollector(client, journal, pace, progress).collect(wanted, pool)


@contextmanager
def _stopped_with(pace: Pace) -> Iterator[None]:
    """Have the other threads ask for nothing more once this one ends with an error, such as Ctrl-C."""
    try:
        yield
    except BaseException:
        pace.stop()
        raise


def _wait(jobs: Iterable[Future[None]]) -> None:
    """Wait for all; the first problem is raised when the others have come to their end."""
    problems = [problem for job in jobs if (problem := job.exception()) is not None]
    if problems:
        raise problems[0]


def _refuse_nothing(journal: Journal) -> None:
    states = list(journal.tables.items())
    if states and all(state.status == "unreadable" for _, state in states):
        table, state = states[0]
        raise AccessError(
            f"Nothing may be read as this account. {table}: {state.reason}. `ztkit doctor` says what is missing.",
            403,
            "",
        )


def _finish(workspace: Workspace, journal: Journal, written: datetime) -> SnapshotManifest:
    order = journal.order
    known: dict[str, Completeness] = {}
    with SnapshotWriter(workspace, order.taken, written) as writer:
        for name, state in journal.tables.items():
            status = "partial" if state.status == "open" else state.status
            known[name] = Completeness(status, state.reason)
            if status != "unreadable":
                table = writer.table(name)
                for page in journal.pages(name):
                    table.add_arrow(page)
                if state.missing:
                    known[name] = Completeness(status, state.reason, table.rows + state.missing)
        origin = [_SERVICES[name] for name in order.sources]
        scope = [f"management group {name}" for name in order.scope.management_groups]
        scope += (
            [f"{len(order.scope.subscriptions)} subscriptions named"] if order.scope.subscriptions else []
        )
        return writer.finish("collect", [*origin, *scope], known)
