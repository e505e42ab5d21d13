"""Runs the cases that a check carries: small inventories and the verdicts that are due on them."""

from __future__ import annotations

from typing import Any

from ztkit.assess.evaluate import findings_of
from ztkit.engine import dialect
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.errors import QueryError
from ztkit.model.check import Case, Check

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
"""Subscription of a case's row that names none."""


def problems(check: Check, case: Case) -> list[str]:
    """Run one case; empty when every verdict is as expected, else a sentence a difference."""
    rows = [complete(row, check) for row in case.rows]
    try:
        tables: dict[str, list[dict[str, Any]]] = {name: [] for name in dialect.rewrite(check.query).tables}
        for row in rows:
            tables.setdefault(row["table"].lower(), []).append(row)
        with OfflineInventory.from_tables(
            {name: to_arrow(items) for name, items in tables.items()}
        ) as inventory:
            findings = findings_of(check, inventory.run(check.query, case.at)).to_pylist()
    except QueryError as problem:
        return [str(problem)]
    names = {row["id"].lower(): row["name"] for row in rows}
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


def complete(row: dict[str, Any], check: Check) -> dict[str, Any]:
    """Fill in what a case's row leaves out."""
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


def _name(finding: dict[str, Any], names: dict[str, str], case: Case) -> str:
    """How the case calls a finding: by its id where the case does, else by the name of its row."""
    identifier: str = finding["id"]
    if identifier in case.expect:
        return identifier
    return names.get(identifier.lower()) or finding["name"] or identifier
