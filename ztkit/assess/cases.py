"""Runs the cases that a check carries: small inventories and the verdicts that are due on them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from ztkit.assess.evaluate import findings_of
from ztkit.content.tables import table_named
from ztkit.engine import dialect
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.errors import QueryError
from ztkit.model.check import Case, Check

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
"""Subscription of a case's row that names none."""
TENANT = "00000000-0000-0000-0000-0000000000ff"
"""Tenant of every row of Microsoft Graph in a case."""


def problems(check: Check, case: Case) -> list[str]:
    """Run one case; empty when every verdict is as expected, else a sentence a difference."""
    try:
        read = dialect.rewrite(check.query).tables
        rows = inventory_of(check, case, read)
        tables: dict[str, list[dict[str, Any]]] = {name: [] for name in read}
        for row in rows:
            tables.setdefault(table_named(row["table"]) or row["table"], []).append(row)
        inventory = _inventory()
        inventory.refill({name: to_arrow(items, name) for name, items in tables.items()})
        findings = findings_of(check, inventory.run(check.query, case.at)).to_pylist()
    except QueryError as problem:
        return [str(problem)]
    names = {row["id"].lower(): row["name"] or row.get("displayName", "") for row in rows}
    found = {_name(finding, names, case): finding for finding in findings}
    result = []
    for name, status in case.expect.items():
        if name not in found:
            result.append(f"{name}: expected {status}, but the query returns no such row")
        elif found[name]["status"] != status:
            result.append(f"{name}: expected {status}, got {found[name]['status']} ({found[name]['reason']})")
    result += [
        f"{name}: returned as {item['status']}, but not expected"
        for name, item in found.items()
        if name not in case.expect
    ]
    for name, text in case.reason.items():
        if name in found and text.lower() not in found[name]["reason"].lower():
            result.append(f"{name}: reason {found[name]['reason']!r} does not say {text!r}")
    result += [f"{name}: has no reason" for name, item in found.items() if not item["reason"].strip()]
    return result


_OWN = threading.local()


def _inventory() -> OfflineInventory:
    """One inventory a thread, filled anew for each case."""
    if not hasattr(_OWN, "inventory"):
        _OWN.inventory = OfflineInventory.from_tables({})
    found: OfflineInventory = _OWN.inventory
    return found


def inventory_of(check: Check, case: Case, tables: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a case, whole; a check on Microsoft Graph sees a tenant named ``Tenant`` unless the case has one."""
    rows = [complete(row, check) for row in case.rows]
    if "organization" in tables and not any(row["table"] == "organization" for row in rows):
        tenant = {"table": "organization", "id": TENANT, "displayName": "Tenant", "properties": {}}
        rows.append(complete_graph(tenant, check))
    return rows


def complete(row: dict[str, Any], check: Check) -> dict[str, Any]:
    """Fill in what a case's row leaves out."""
    if check.source == "microsoft-graph":
        return complete_graph(row, check)
    kind = row.get("type", check.resource_types[0])
    name = row.get("name", "unnamed")
    subscription = row.get("subscriptionId", SUBSCRIPTION)
    group = row.get("resourceGroup", "rg-case")
    return {
        "table": "resources",
        "type": kind,
        "name": name,
        "subscriptionId": subscription,
        "resourceGroup": group,
        "location": "westeurope",
        "id": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}",
        **row,
    }


def complete_graph(row: dict[str, Any], check: Check) -> dict[str, Any]:
    """Fill in what a case's row of Microsoft Graph leaves out; its id may be its displayName."""
    others = [name for name in check.resource_types if name != "organization"]
    table = row.get("table", others[0] if others else "organization")
    name = row.get("displayName", "")
    return {
        "table": table,
        "type": row.get("type", table),
        "id": name or "unnamed",
        "displayName": name,
        "name": name,
        "tenantId": TENANT,
        **row,
    }


def _name(finding: dict[str, Any], names: dict[str, str], case: Case) -> str:
    """How the case calls a finding: by its id where the case does, else by the name of its row."""
    identifier: str = finding["id"]
    if identifier in case.expect:
        return identifier
    return names.get(identifier.lower()) or finding["name"] or identifier
