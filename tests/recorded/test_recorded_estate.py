"""Real objects, recorded from live Azure: imported, assessed, and judged a second time in plain Python."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.shared import ESTATE, needs_reference
from ztkit.cli.main import app
from ztkit.workspace import Workspace

pytestmark = needs_reference
Row = dict[str, Any]
MANAGEMENT = (22, 3389, 5985, 5986)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """A new workspace with the recorded estate, assessed, all through the command line."""
    folder = tmp_path_factory.mktemp("recorded") / "estate"
    runner = CliRunner()
    for call in (
        ["init", str(folder), "--organisation", "Recorded estate"],
        ["import", str(ESTATE), "-w", str(folder)],
        ["assess", "-w", str(folder)],
    ):
        done = runner.invoke(app, call, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return Workspace.open(folder)


@pytest.fixture(scope="module")
def objects() -> list[Row]:
    """The recorded rows as they stand in the file."""
    return [json.loads(line) for line in ESTATE.read_text(encoding="utf-8").splitlines()]


def test_every_row_is_in_the_snapshot(workspace, objects):
    manifest = workspace.manifest(workspace.snapshots()[-1])
    assert (
        sum(table.rows for table in manifest.tables)
        == len({row["id"].lower() for row in objects})
        == len(objects)
    )


def test_no_check_is_in_error(workspace):
    result = workspace.assessment("latest")
    assert [check.reason for check in result.checks if check.outcome == "error"] == []
    assert sum(check.outcome == "ok" for check in result.checks) >= 50


def https_only(row: Row) -> str:
    return "fail" if row["properties"].get("supportsHttpsTrafficOnly") is False else "pass"


def purge_protection(row: Row) -> str:
    properties = row["properties"]
    return (
        "pass"
        if properties.get("enablePurgeProtection") and properties.get("enableSoftDelete") is not False
        else "fail"
    )


def sql_not_public(row: Row) -> str:
    if "analytics" in (row["kind"] or ""):
        return "skip"
    access = row["properties"].get("publicNetworkAccess") or "Enabled"
    return "pass" if access.lower() in ("disabled", "securedbyperimeter") else "fail"


def local_auth_off(row: Row) -> str:
    return "pass" if row["properties"].get("disableLocalAuth") is True else "fail"


def no_public_export(row: Row) -> str:
    properties = row["properties"]
    closed = (properties.get("networkAccessPolicy") or "").lower() in ("denyall", "allowprivate")
    return "pass" if closed or (properties.get("publicNetworkAccess") or "").lower() == "disabled" else "fail"


def no_anonymous_blobs(row: Row) -> str:
    return "pass" if row["properties"].get("allowBlobPublicAccess") is False else "fail"


def management_ports_closed(row: Row) -> str:
    """The effective rules of a group, port by port, for an IPv4 or IPv6 client anywhere on the internet."""
    rules = [rule["properties"] for rule in row["properties"].get("securityRules") or []]
    inbound = sorted(
        (rule for rule in rules if rule["direction"].lower() == "inbound"), key=lambda rule: rule["priority"]
    )
    for port in MANAGEMENT:
        for version in (4, 6):
            for rule in inbound:
                if (
                    rule["protocol"].lower() not in ("*", "tcp")
                    or not _has_port(rule, port)
                    or not _from_internet(rule, version)
                ):
                    continue
                if rule["access"].lower() == "allow":
                    return "fail"
                break  # denied before any later rule is read
    return "pass"


def _has_port(rule: Row, port: int) -> bool:
    ranges = [rule.get("destinationPortRange"), *(rule.get("destinationPortRanges") or [])]
    for text in filter(None, ranges):
        low, _, high = ("0-65535" if text == "*" else text).partition("-")
        if int(low) <= port <= int(high or low):
            return True
    return False


def _from_internet(rule: Row, version: int) -> bool:
    for text in filter(None, [rule.get("sourceAddressPrefix"), *(rule.get("sourceAddressPrefixes") or [])]):
        if text.lower() in ("*", "internet", "any"):
            return True
        if re.fullmatch(r"[0-9a-fA-F.:]+/\d+", text):
            network = ipaddress.ip_network(text, strict=False)
            if network.version == version and network.prefixlen <= (7 if version == 4 else 6):
                return True
    return False


ORACLES: dict[str, tuple[tuple[str, ...], Callable[[Row], str]]] = {
    "data.storage-https-only": (("microsoft.storage/storageaccounts",), https_only),
    "data.storage-no-anonymous-access": (("microsoft.storage/storageaccounts",), no_anonymous_blobs),
    "data.keyvault-purge-protection": (("microsoft.keyvault/vaults",), purge_protection),
    "data.sql-no-public-access": (
        ("microsoft.sql/servers", "microsoft.sql/managedinstances"),
        sql_not_public,
    ),
    "data.disks-no-public-export": (
        ("microsoft.compute/disks", "microsoft.compute/snapshots"),
        no_public_export,
    ),
    "identity.messaging-keys-off": (
        (
            "microsoft.eventhub/namespaces",
            "microsoft.servicebus/namespaces",
            "microsoft.eventgrid/topics",
            "microsoft.eventgrid/domains",
            "microsoft.signalrservice/signalr",
            "microsoft.signalrservice/webpubsub",
        ),
        local_auth_off,
    ),
    "network.nsg-no-management-ports-from-internet": (
        ("microsoft.network/networksecuritygroups",),
        management_ports_closed,
    ),
}


@pytest.mark.parametrize("check", ORACLES)
def test_findings_agree_with_plain_python_for_every_resource(check, workspace, objects):
    types, verdict = ORACLES[check]
    expected = {row["id"].lower(): verdict(row) for row in objects if row["type"].lower() in types}
    path = workspace.assessment_folder(workspace.find_assessment("latest")) / "findings.parquet"
    found = pq.read_table(path, filters=[("check", "=", check)]).to_pylist()
    assert {row["id"].lower(): row["status"] for row in found} == expected
    assert expected, f"the recorded estate has nothing for {check}"


def test_the_index_is_the_sum_of_the_ledger(workspace):
    from fractions import Fraction

    result = workspace.assessment("latest")
    path = workspace.assessment_folder(result.id) / "ledger.parquet"
    points = pq.read_table(path, columns=["points"]).to_pydict()["points"]
    assert sum(map(Fraction, points), Fraction(0)) == result.overall.index.lower
