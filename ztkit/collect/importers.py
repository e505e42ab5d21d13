"""Imports inventory files into a snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ztkit.collect.inventory_files import InputRow, expand, read_rows
from ztkit.collect.snapshot import Completeness, SnapshotWriter
from ztkit.errors import InputError
from ztkit.model.snapshot import COLUMNS, TABLES, SnapshotManifest
from ztkit.workspace import Workspace

PAGE_SIZES = (100, 1000)
"""Row counts at which `Search-AzGraph`, `az graph query` and the REST interface stop unless told to go on."""

_BY_PREFIX = (
    ("microsoft.resources/subscriptions", "resourcecontainers"),
    ("microsoft.management/managementgroups", "resourcecontainers"),
    ("microsoft.resources/deploymentstacks", "deploymentresources"),
    ("microsoft.security/automations", "resources"),
    ("microsoft.security/securityconnectors", "resources"),
    ("microsoft.security/iotsecuritysolutions", "resources"),
    ("microsoft.security/", "securityresources"),
    ("microsoft.authorization/policy", "policyresources"),
    ("microsoft.policyinsights/", "policyresources"),
    ("microsoft.authorization/role", "authorizationresources"),
    ("microsoft.authorization/classicadministrators", "authorizationresources"),
    ("microsoft.guestconfiguration/", "guestconfigurationresources"),
    ("microsoft.advisor/", "advisorresources"),
    ("microsoft.alertsmanagement/alerts", "alertsmanagementresources"),
    ("microsoft.web/sites/config", "appserviceresources"),
    ("microsoft.web/sites/slots/config", "appserviceresources"),
    ("microsoft.network/firewallpolicies/rulecollectiongroups", "networkresources"),
    ("microsoft.network/networkmanagers/", "networkresources"),
    ("microsoft.insights/datacollectionruleassociations", "insightsresources"),
    ("microsoft.managedservices/", "managedserviceresources"),
    ("microsoft.iotsecurity/", "iotsecurityresources"),
    ("microsoft.maintenance/configurationassignments", "maintenanceresources"),
    ("microsoft.maintenance/applyupdates", "maintenanceresources"),
    ("microsoft.recoveryservices/vaults/", "recoveryservicesresources"),
    ("microsoft.dataprotection/backupvaults/", "recoveryservicesresources"),
)


def table_of(resource_type: str) -> str:
    """The Resource Graph table in which a resource type is found."""
    kind = resource_type.strip().lower()
    if kind.endswith(("/patchassessmentresults", "/patchassessmentresults/softwarepatches")):
        return "patchassessmentresources"
    return next((table for prefix, table in _BY_PREFIX if kind.startswith(prefix)), "resources")


@dataclass
class _Tally:
    """What is learnt of completeness while rows go by."""

    totals: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    untold: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    absent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, table: str, file: str, item: InputRow) -> None:
        if item.total is None:
            self.untold[table][file] += 1
        else:
            self.totals[table].add(item.total)  # a set: all pages of one query tell the same total
        missing = COLUMNS.keys() - item.row.keys()
        if missing:
            self.absent[table] |= missing

    def completeness(self, table: str) -> Completeness:
        expected = sum(self.totals[table]) or None
        if expected is not None:
            expected += sum(self.untold[table].values())
        cut = [file for file, rows in self.untold[table].items() if rows in PAGE_SIZES]
        if cut:
            rows = self.untold[table][cut[0]]
            return Completeness(
                "partial",
                f"{cut[0]} has exactly {rows} rows, where exports stop unless told to go on; if that is all "
                "there is, import again with --complete",
            )
        return Completeness(expected=expected)


def import_files(
    workspace: Workspace,
    paths: Iterable[Path],
    *,
    taken: datetime,
    written: datetime,
    table: str | None = None,
    vouched_complete: bool = False,
    progress: Callable[[Path, int], None] = lambda _path, _characters: None,
) -> SnapshotManifest:
    """Import inventory files as one snapshot; nothing is kept if any of them is bad.

    Args:
        workspace: where the snapshot goes.
        paths: files and folders.
        taken: when the inventory was read from the tenant.
        written: the moment of the import.
        table: the table that all rows belong to; by default each row's ``table`` column, else its type.
        vouched_complete: the person importing says that nothing is missing.
        progress: called with the file and the number of characters read since the last call.

    Raises:
        InputError: with file, line and what was expected.
    """
    if table is not None and table.lower() not in TABLES:
        raise InputError(f"There is no table {table!r}. There are: {', '.join(TABLES)}.")
    files = expand(list(paths))
    tally = _Tally()
    with SnapshotWriter(workspace, taken, written) as writer:
        for path in files:
            for item in read_rows(path, lambda count, path=path: progress(path, count)):  # type: ignore[misc]  # bound early
                name = _table(path, item, table)
                writer.table(name).add(item.row)
                tally.add(name, path.name, item)
        names = sorted({*tally.totals, *tally.untold})
        known = {name: Completeness() if vouched_complete else tally.completeness(name) for name in names}
        notes = [
            f"table {name}: not every row has the column {', '.join(sorted(missing))}; checks that read it see it as absent"
            for name, missing in sorted(tally.absent.items())
        ]
        return writer.finish("import", [path.name for path in files], known, notes)


def _table(path: Path, item: InputRow, table: str | None) -> str:
    """The table of a row; its ``table`` column says it where there is one."""
    named = table or item.row.get("table") or table_of(str(item.row["type"]))
    name = str(named).strip().lower()
    if name not in TABLES:
        raise InputError(f"{path}:{item.line}: there is no table {name!r}. There are: {', '.join(TABLES)}.")
    return name
