"""What an account may read, and what stays unknown without the rest."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from tests.emulator import Emulator, Fault
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.scope import Scope
from ztkit.collect.tenant.doctor import diagnose
from ztkit.content.library import shipped_library
from ztkit.content.tables import all_tables

CHECKS = tuple(shipped_library().checks.values())
TENANT = "00000000-0000-0000-0000-0000000000ff"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("ztkit.azure.wire._FIRST_WAIT", 0)


@pytest.fixture
def azure():
    rows = {name: [] for name in all_tables()}
    rows["organization"] = [{"id": TENANT, "displayName": "Test", "type": "organization", "tenantId": TENANT}]
    with Emulator(rows, quota=1_000, window=0.5) as running:
        yield running


def look(azure):
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=azure.url, graph=azure.url)
    connection = Connection(cloud, azure.credential, {"connection_verify": str(azure.ca_file)})
    return diagnose(connection, CHECKS, Scope(), datetime.now(UTC))


def test_what_is_missing_is_named_with_what_it_leaves_unknown(azure):
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    azure.inject(Fault.FORBIDDEN, where="riskyUser")
    found = look(azure)
    by_name = {item.name: item for item in found.tables}
    assert found.account is not None
    assert abs(found.clock_seconds) < 60
    assert by_name["resources"].readable
    assert not by_name["securityresources"].readable
    assert any(name.startswith("infrastructure.defender") for name in by_name["securityresources"].checks)
    risky = by_name["riskyUser"]
    assert not risky.readable
    assert "IdentityRiskyUser.Read.All" in risky.needs
    assert risky.checks
    assert risky.objectives
    azure.recording.assert_reads_only()


def test_without_a_sign_in_it_says_so(azure):
    look(azure)
    azure.credential.revoke()
    found = look(azure)
    assert found.account is None
    assert "Signing in failed" in found.problem
    assert found.tables == ()
