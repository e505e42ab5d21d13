"""`ztkit collect` and `ztkit doctor` as people use them, against a tenant on loopback."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.emulator import MARK, Emulator, Fault
from tests.unit.cli.test_cli import run
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.content.tables import all_tables
from ztkit.workspace import Workspace

TENANT = "00000000-0000-0000-0000-0000000000ff"
SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
STORAGE = {
    "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st-a",
    "name": "st-a",
    "type": "microsoft.storage/storageaccounts",
    "subscriptionId": SUBSCRIPTION,
    "tenantId": TENANT,
    "properties": {"supportsHttpsTrafficOnly": False},
}


@pytest.fixture
def azure(monkeypatch):
    rows = {name: [] for name in all_tables()}
    rows["organization"] = [{"id": TENANT, "displayName": "Test", "type": "organization", "tenantId": TENANT}]
    rows["resources"] = [STORAGE]
    monkeypatch.setattr("ztkit.azure.wire._FIRST_WAIT", 0)
    with Emulator(rows, quota=1_000, window=0.5) as running:
        cloud = dataclasses.replace(CLOUDS["public"], resource_manager=running.url, graph=running.url)
        made = Connection(cloud, running.credential, {"connection_verify": str(running.ca_file)})
        monkeypatch.setattr("ztkit.cli.collect.connect", lambda *_: made)
        monkeypatch.setattr("ztkit.cli.doctor.connect", lambda *_: made)
        yield running


@pytest.fixture
def engagement(tmp_path):
    run("init", tmp_path / "client", "--organisation", "Client")
    return tmp_path / "client"


def test_collect_then_assess(azure, engagement):
    text = run("collect", "-w", engagement)
    assert "resources" in text
    assert "Next: `ztkit assess`" in text
    run("assess", "-w", engagement)
    space = Workspace.open(engagement)
    found = {item.id: item for item in space.assessment("latest").checks}
    assert found["data.storage-https-only"].failed == 1
    assert all(item.outcome != "error" for item in found.values())


def test_interrupted_and_gone_on_with(azure, engagement):
    planned = azure.inject(Fault.BAD_GATEWAY, at=range(3, 10_000), where="resource-graph")
    assert "`ztkit collect --resume` goes on" in run("collect", "-w", engagement, code=3)
    azure.script.remove(planned)
    assert "Snapshot" in run("collect", "-w", engagement, "--resume")
    assert "no unfinished collection" in run("collect", "-w", engagement, "--resume", code=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cloud", "moon"), "There is no cloud 'moon'"),
        (("--without", "entra"), "There is no service 'entra'"),
        (("--subscription", "a", "--management-group", "b"), "not both"),
    ],
)
def test_wrong_options_are_named(azure, engagement, options, message):
    assert message in run("collect", "-w", engagement, *options, code=2)
    assert azure.recording.requests == []


def test_the_scripts_are_printed():
    assert run("collect", "script").startswith("#!/usr/bin/env bash")
    assert "Invoke-AzRestMethod" in run("collect", "script", "--shell", "powershell")
    assert "There is no script for 'fish'" in run("collect", "script", "--shell", "fish", code=2)


def test_doctor_as_text_and_as_json(azure):
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    text = run("doctor")
    assert "securityresources" in text
    assert "Needs Reader, or Security Reader" in text
    found = json.loads(run("doctor", "--json"))
    assert found["machine"]["ztkit"]
    assert MARK not in json.dumps(found)
    assert json.loads(run("doctor", "--offline", "--json"))["tenant"] is None
