"""Where the evidence of an assessment comes from: a snapshot, a database on a cluster, a live tenant, or nowhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from ztkit.assess.evaluate import CheckRun, Observe, evaluate
from ztkit.collect.snapshot import open_snapshot
from ztkit.errors import StoppedError
from ztkit.model.assessment import SnapshotRef, TableRead
from ztkit.model.check import Check
from ztkit.model.snapshot import Scope, SnapshotManifest, TableManifest
from ztkit.workspace import Workspace

if TYPE_CHECKING:
    from ztkit.engine.kusto import KustoInventory


@dataclass(frozen=True)
class Reading:
    """What a source showed.

    Attributes:
        runs: one a check, in the order in which they were asked for; none where there is no inventory.
        snapshot: what they stand on; None where there is no inventory.
        scope: what it covers.
    """

    runs: Sequence[CheckRun]
    snapshot: SnapshotRef | None
    scope: Scope


class EvidenceSource(Protocol):
    """An inventory that checks can be run on; `ztkit.assess.tenant.LiveTenant` is one too."""

    def read(self, checks: Sequence[Check], observe: Observe) -> Reading:
        """Run checks.

        Args:
            checks: what to run.
            observe: told of each check, once, in any order. Its findings have those that fail among them, or none where
                they were counted only.

        Raises:
            ZtkitError: the inventory cannot be read at all; the error says why.
        """


@dataclass(frozen=True)
class NoInventory:
    """Interviews only."""

    def read(self, checks: Sequence[Check], observe: Observe) -> Reading:  # noqa: ARG002 - see the protocol
        """Nothing."""
        return Reading((), None, Scope())


@dataclass(frozen=True)
class SnapshotOf:
    """A snapshot of a workspace.

    Attributes:
        id: of the snapshot.
    """

    workspace: Workspace
    id: str

    def read(self, checks: Sequence[Check], observe: Observe) -> Reading:
        """Run checks offline.

        Raises:
            UsageError: there is no such snapshot.
            SnapshotError: it is damaged.
        """
        manifest = self.workspace.manifest(self.id)
        with open_snapshot(self.workspace, self.id) as inventory:
            runs = evaluate(checks, inventory, manifest.taken, observe)
        return Reading(runs, reference(manifest), manifest.scope)


@dataclass(frozen=True)
class OnCluster:
    """A snapshot that was pushed to a Kusto database."""

    inventory: KustoInventory

    def read(self, checks: Sequence[Check], observe: Observe) -> Reading:
        """Run checks on the cluster.

        Raises:
            StoppedError: somebody cancelled it.
        """

        def unless_stopped(run: CheckRun, findings: pa.Table) -> None:
            if (
                self.inventory.cancelled
            ):  # what is not asked any more would look like checks that failed to run
                raise StoppedError("stopped")
            observe(run, findings)

        manifest = self.inventory.manifest
        runs = evaluate(checks, self.inventory, manifest.taken, unless_stopped)
        return Reading(runs, reference(manifest), manifest.scope)


def reference(manifest: SnapshotManifest) -> SnapshotRef:
    """A snapshot as an assessment names it."""
    return SnapshotRef(
        id=manifest.id,
        taken=manifest.taken,
        source=manifest.source,
        hash=hashlib.sha256(json.dumps([table.sha256 for table in manifest.tables]).encode()).hexdigest(),
        rows=sum(table.rows for table in manifest.tables),
        tables=table_reads(manifest.tables),
    )


def table_reads(tables: Sequence[TableManifest]) -> tuple[TableRead, ...]:
    """Tables as an assessment names them."""
    return tuple(
        TableRead(name=table.name, rows=table.rows, status=table.status, reason=table.reason)
        for table in tables
    )
