"""Imports inventory files into a snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ztkit.collect.collected import Collected, InputFile, Statement, ZipPart
from ztkit.collect.inventory_files import InputRow, expand, read_rows, unpacked
from ztkit.collect.snapshot import Completeness, SnapshotWriter
from ztkit.content.tables import all_tables, entities, table_named
from ztkit.errors import InputError
from ztkit.model.snapshot import TABLES, SnapshotManifest, columns_of
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
    ("microsoft.managedservices/", "managedservicesresources"),
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
        if item.table:
            pass  # its page says how many there are
        elif item.total is None:
            self.untold[table][file] += 1
        else:
            self.totals[table].add(item.total)  # a set: all pages of one query tell the same total
        missing = columns_of(table).keys() - item.row.keys()
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


@dataclass
class _Tenants:
    """Gives objects of Microsoft Graph, which do not say it themselves, the tenant that they belong to."""

    known: set[str] = field(default_factory=set)
    waiting: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def add(self, table: str, row: Mapping[str, Any], writer: SnapshotWriter) -> None:
        if table == "organization":
            self.known.add(str(row["id"]))
        if table in TABLES or row.get("tenantId"):
            writer.table(table).add(row)
        elif table == "organization":
            writer.table(table).add({**row, "tenantId": row["id"]})
        else:
            self.waiting.append((table, row))

    def settle(self, tenant: str, writer: SnapshotWriter) -> None:
        """Write the objects that waited, once the tenant is known.

        Raises:
            InputError: nothing says whose they are, or more than one tenant may be meant.
        """
        if self.waiting and not tenant and len(self.known) != 1:
            raise InputError(
                f"Of which tenant are the objects of {self.waiting[0][0]}? Import its `organization` too, of one tenant "
                'at a time, or write `tenant = "<id>"` into ztkit.toml.'
            )
        owner = self.known.pop() if len(self.known) == 1 else tenant
        for table, row in self.waiting:
            writer.table(table).add({**row, "tenantId": owner})


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
        paths: files and folders, zip files too.
        taken: when the inventory was read from the tenant; `collected_at` knows it of collection scripts.
        written: the moment of the import.
        table: the table that all rows belong to; by default each row's ``table`` column, else its type.
        vouched_complete: the person importing says that nothing is missing.
        progress: called with the file and the number of characters read since the last call.

    Raises:
        InputError: with file, line and what was expected.
    """
    if table is not None and table_named(table) is None:
        raise InputError(f"There is no table {table!r}. There are: {', '.join(all_tables())}.")
    entity = next((name for name in entities() if name == table_named(table or "")), "")
    files = expand(list(paths))
    tally, tenants, collected = _Tally(), _Tenants(), Collected()
    with SnapshotWriter(workspace, taken, written) as writer:
        for path in files:
            for part in unpacked(path):
                for item in _rows(path, part, entity, collected, progress):
                    name = _table(part, item, table)
                    tenants.add(name, item.row, writer)
                    tally.add(name, part.name, item)
        tenants.settle(workspace.engagement().tenant or collected.tenant, writer)
        names = sorted({*tally.totals, *tally.untold})
        known = {name: Completeness() if vouched_complete else tally.completeness(name) for name in names}
        for name in collected.tables:
            if collected.was_read(name):
                writer.table(name)  # where it has no rows, that is known of it
            if collected.was_read(name) or name not in known:
                known[name] = collected.completeness(name)
        notes = [
            f"table {name}: not every row has the column {', '.join(sorted(missing))}; checks that read it see it as absent"
            for name, missing in sorted(tally.absent.items())
        ]
        return writer.finish("import", [path.name for path in files], known, collected.notes() + notes)


def _rows(
    path: Path,
    part: Path | ZipPart,
    entity: str,
    collected: Collected,
    progress: Callable[[Path, int], None],
) -> Iterator[InputRow]:
    """The rows of a file or of a part of a zip file; what it says beside them goes to `collected`."""

    def hear(statement: Statement) -> None:
        collected.add(str(path if isinstance(part, ZipPart) else path.parent), statement)

    if isinstance(part, ZipPart):
        yield from read_rows(part, entity=entity, hear=hear)
        progress(path, part.share)
    else:
        yield from read_rows(part, lambda count: progress(path, count), entity, hear)


def _table(path: InputFile, item: InputRow, table: str | None) -> str:
    """The table of a row; its page or its ``table`` column says it where there is one."""
    named = str(
        item.table or table or item.entity or item.row.get("table") or table_of(str(item.row["type"]))
    )
    name = table_named(named)
    if name is None:
        raise InputError(
            f"{path}:{item.line}: there is no table {named!r}. There are: {', '.join(all_tables())}."
        )
    return name
