"""A live tenant as a source of evidence: Resource Graph is asked in place, Microsoft Graph is read, evaluated and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ztkit.assess.evaluate import CheckRun, Observe, evaluate
from ztkit.assess.live import AT_ONCE, evaluate_live
from ztkit.assess.sources import Reading, table_reads
from ztkit.azure.connection import Connection
from ztkit.azure.scope import Scope as Part
from ztkit.collect.snapshot import open_snapshot
from ztkit.collect.tenant.journal import Journal
from ztkit.collect.tenant.needs import TableNeed, entities_needed, query_of, tables_needed
from ztkit.collect.tenant.run import collect, order_for
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.resource_graph import LiveInventory
from ztkit.errors import AccessError, QueryError, ServiceError, StoppedError
from ztkit.model.assessment import SnapshotRef
from ztkit.model.check import Check
from ztkit.model.engagement import Engagement
from ztkit.model.snapshot import Scope, TableManifest
from ztkit.private import PrivateFolder
from ztkit.workspace import Workspace

LIVE = "live"
NOT_READ = "it is not read where resources are counted and not named: its entities are people, devices and applications"
_PRIVATE = ".live-"
_REFUSALS = (400, 403, 404)
_SUBSCRIPTIONS = (
    "resourcecontainers\n| where type =~ 'microsoft.resources/subscriptions'\n"
    "| project id, subscriptionId, tenantId\n| order by id asc"
)


@dataclass(frozen=True)
class LiveTenant:
    """A tenant that is asked now.

    Attributes:
        connection: where to read, and as whom.
        part: which part of the tenant.
        taken: now; what is read of Microsoft Graph counts ages from it, Resource Graph from its own clock.
        folder: where a private folder for the entities of Microsoft Graph may be made; it is gone when they are evaluated.
        counts_only: count failing resources and name none. No row is asked for, Microsoft Graph is not read, and errors
            do not repeat the service's words.
        progress: told a table and how many rows of it there are, or came.
    """

    connection: Connection
    part: Part
    taken: datetime
    folder: Path
    counts_only: bool = False
    progress: Callable[[str, int], None] = lambda _table, _rows: None

    def read(self, checks: Sequence[Check], observe: Observe) -> Reading:
        """Run checks of both services.

        Raises:
            UsageError: more subscriptions are named than a query can see at once.
            AccessError: nobody is signed in, or nothing at all may be read.
            ServiceError: a service does not answer.
        """
        queried = [check for check in checks if check.source == "resource-graph"]
        read = [check for check in checks if check.source == "microsoft-graph"]
        runs, tables, scope = self._ask(queried, observe)
        more_runs, entities, tenants = self._read(read, observe)
        known = (*tables, *entities)
        _refuse_nothing(known)
        by_id = {run.check: run for run in (*runs, *more_runs)}
        moment = self.taken.astimezone(UTC)
        return Reading(
            runs=[by_id[check.id] for check in checks],
            snapshot=SnapshotRef(
                id=f"{moment:%Y-%m-%dT%H%MZ}",
                taken=moment,
                source=LIVE,
                hash="",
                rows=sum(table.rows for table in known),
                tables=table_reads(known),
                named="none" if self.counts_only else "failing",
            ),
            scope=scope.model_copy(update={"tenants": tuple(sorted({*scope.tenants, *tenants}))}),
        )

    def _ask(
        self, checks: Sequence[Check], observe: Observe
    ) -> tuple[list[CheckRun], list[TableManifest], Scope]:
        """Run checks in Resource Graph."""
        named = Scope(subscriptions=self.part.subscriptions, management_groups=self.part.management_groups)
        if not checks:
            return [], [], named
        with self.connection.resource_graph() as client:
            inventory = LiveInventory(client, self.part, repeat=not self.counts_only)

            def look(need: TableNeed) -> TableManifest:
                table = inventory.look(need.table, query_of(need))
                self.progress(table.name, table.rows)
                return table

            with inventory.at_once(AT_ONCE) as pool:
                tables = list(pool.map(look, tables_needed(checks)))
            known = {table.name: table for table in tables}
            runs = evaluate_live(checks, inventory, known, observe, counts_only=self.counts_only)
            return runs, tables, named if self.counts_only else _scope_of(inventory, named)

    def _read(
        self, checks: Sequence[Check], observe: Observe
    ) -> tuple[list[CheckRun], Sequence[TableManifest], tuple[str, ...]]:
        """Run checks on what Microsoft Graph has, which leaves no trace; of the findings those that fail are kept."""
        if not checks:
            return [], (), ()
        if self.counts_only:
            return self._unread(checks, {}, NOT_READ, observe)

        def failing(run: CheckRun, findings: pa.Table) -> None:
            observe(run, findings.filter(pc.equal(findings["status"], "fail")))

        with PrivateFolder(self.folder, _PRIVATE) as private:
            space = Workspace.create(private / "entities", Engagement(organisation=LIVE))
            order = order_for(
                space,
                checks,
                self.taken,
                self.part,
                cloud=self.connection.cloud.name,
                sources=("microsoft-graph",),
            )
            journal = Journal.begin(space, order)
            try:
                manifest = collect(space, journal, self.connection, self.taken, self.progress)
            except StoppedError:
                raise StoppedError("Interrupted. Nothing was kept; run the same command again.") from None
            except ServiceError as problem:
                if problem.status not in _REFUSALS:
                    raise
                told = {name: state.reason for name, state in journal.tables.items() if state.reason}
                return self._unread(checks, told, str(problem), observe)
            with open_snapshot(space, manifest.id) as inventory:
                runs = evaluate(checks, inventory, manifest.taken, failing)
        return runs, manifest.tables, manifest.scope.tenants

    def _unread(
        self, checks: Sequence[Check], told: dict[str, str], reason: str, observe: Observe
    ) -> tuple[list[CheckRun], Sequence[TableManifest], tuple[str, ...]]:
        """Checks on entities none of which is read."""
        tables = [
            TableManifest(name=entity.id, rows=0, status="unreadable", reason=told.get(entity.id, reason))
            for entity in entities_needed(checks)
        ]
        with OfflineInventory.from_files({}, {table.name: table for table in tables}) as nothing:
            return evaluate(checks, nothing, self.taken, observe), tables, ()


def _scope_of(inventory: LiveInventory, named: Scope) -> Scope:
    """The subscriptions that can be read, and their tenants; what was named, where they cannot be listed."""
    try:
        rows = inventory.rows(_SUBSCRIPTIONS).rows
    except QueryError:  # the status of the table says why
        return named
    tenants = sorted({str(row.get("tenantId") or "") for row in rows} - {""})
    subscriptions = sorted({str(row.get("subscriptionId") or "") for row in rows} - {""})
    return named.model_copy(update={"tenants": tuple(tenants), "subscriptions": tuple(subscriptions)})


def _refuse_nothing(tables: Sequence[TableManifest]) -> None:
    """An assessment of what nobody may read is no assessment."""
    asked = [table for table in tables if table.reason != NOT_READ]
    if asked and all(table.status == "unreadable" for table in asked):
        raise AccessError(
            f"Nothing may be read as this account. {asked[0].name}: {asked[0].reason}. `ztkit doctor` says what is missing.",
            403,
            "",
        )
