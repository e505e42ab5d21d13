"""Collecting a tenant, by the real clients over TLS: whatever goes wrong, no row is lost and none comes twice."""

from __future__ import annotations

import json
import logging

import pyarrow.parquet as pq
import pytest

from tests.emulator import MARK, Emulator, Fault
from tests.unit.collect.collection import (
    AT,
    CHECKS,
    TABLES,
    a_part_of_the_demo,
    assert_whole,
    begin,
    connection,
    ids,
    run,
    wanted_ids,
)
from ztkit.azure import wire
from ztkit.azure.scope import Scope
from ztkit.collect.tenant.journal import unfinished
from ztkit.collect.tenant.needs import entities_needed
from ztkit.content.tables import entities
from ztkit.errors import AccessError, ReadOnlyError
from ztkit.model.engagement import Engagement
from ztkit.model.snapshot import TABLES as ALL_TABLES
from ztkit.workspace import Workspace

PASSING = [
    Fault.INTERNAL_ERROR,
    Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE,
    Fault.GATEWAY_TIMEOUT,
    Fault.TOKEN_EXPIRED,
    Fault.CLAIMS_CHALLENGE,
    Fault.DROP_CONNECTION,
    Fault.RESET_IN_BODY,
    Fault.CLOSE_IN_BODY,
    Fault.CUT_JSON,
    Fault.SLOW_BODY,
]
"""Faults that pass: the collection is as if they had not been."""

pytestmark = pytest.mark.xdist_group("tenant")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return a_part_of_the_demo(tmp_path_factory.mktemp("source"))


@pytest.fixture
def azure(source):
    with Emulator(source[0], quota=1_000, window=0.5) as running:
        yield running


@pytest.fixture
def space(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(wire, "_FIRST_WAIT", 0)


def test_a_tenant_is_collected_as_it_is(space, azure, source):
    manifest = run(space, azure)
    assert_whole(space, manifest, source)
    assert (manifest.source, manifest.taken) == ("collect", AT)
    assert azure.quota.denied == 0
    assert unfinished(space) == []
    azure.recording.assert_reads_only()
    mine = pq.read_table(space.snapshot_folder(manifest.id) / "conditionalAccessPolicy.parquet").to_pylist()
    theirs = pq.read_table(source[0] / "conditionalAccessPolicy.parquet").to_pylist()
    assert [(row["id"], json.loads(row["properties"])) for row in mine] == [
        (row["id"], json.loads(row["properties"])) for row in theirs
    ]


@pytest.mark.parametrize("fault", PASSING, ids=lambda item: item.name)
@pytest.mark.parametrize("where", ["resource-graph", "microsoft-graph"])
def test_a_fault_that_passes_loses_nothing(space, azure, source, fault, where):
    azure.inject(fault, at=[2, 4], where=where, **({"pause": 0.001} if fault is Fault.SLOW_BODY else {}))
    assert_whole(space, run(space, azure), source)
    assert len(azure.script.applied) == 2


@pytest.fixture
def small_pages(monkeypatch):
    """Parts, skip tokens and going on in the middle are for large tables: make every table one."""
    monkeypatch.setattr("ztkit.collect.tenant.tables.PART_ROWS", 300)
    monkeypatch.setattr("ztkit.azure.resource_graph.PAGE_ROWS", 100)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("fault", [None, Fault.SKIP_TOKEN_EXPIRED])
def test_large_tables_are_read_in_parts_of_several_pages(space, azure, source, fault):
    if fault:
        azure.inject(fault, at=range(1, 10_000, 2), where="resources")
    assert_whole(space, run(space, azure), source)
    assert any("hash(tolower(id)) %" in query for query in azure.recording.queries)


def test_a_table_that_may_not_be_read_is_unreadable_and_nothing_else(space, azure, source):
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    azure.inject(Fault.FORBIDDEN, where="riskyUser")
    manifest = run(space, azure)
    found = {table.name: table for table in manifest.tables}
    assert found["securityresources"].status == "unreadable"
    assert "403" in found["securityresources"].reason
    assert found["riskyUser"].status == "unreadable"
    assert "IdentityRiskyUser.Read.All" in found["riskyUser"].reason
    assert_whole(space, manifest, source, unreadable=("securityresources", "riskyUser"))


def test_microsoft_graph_is_asked_for_all_members_of_enumerations(space, azure):
    """Without that it says `unknownFutureValue` for newer ones, such as the grant that Microsoft recommends."""
    run(space, azure)
    asked = [item for item in azure.recording.requests if item.path.startswith("/v1.0/")]
    parts = [part for item in asked if item.method == "POST" for part in item.json()["requests"]]
    alone = [item for item in asked if item.method == "GET"]
    assert len(parts) > 40
    assert alone
    assert {part["headers"]["Prefer"] for part in parts} == {"include-unknown-enum-members"}
    assert {item.headers.get("prefer") for item in alone} == {"include-unknown-enum-members"}


def test_a_missing_licence_is_named(space, azure):
    azure.inject(Fault.LICENCE_MISSING, where="managedDevice")
    found = {table.name: table for table in run(space, azure).tables}
    assert found["managedDevice"].status == "unreadable"
    assert "Microsoft Intune" in found["managedDevice"].reason


def test_where_nothing_may_be_read_there_is_no_snapshot(space, azure):
    azure.inject(Fault.FORBIDDEN)
    with pytest.raises(AccessError):
        run(space, azure)
    assert space.snapshots() == []


def test_rows_that_change_between_pages_are_read_again(space, azure, source, monkeypatch):
    monkeypatch.setattr("ztkit.collect.tenant.tables.PART_ROWS", 400)
    azure.inject(Fault.ROWS_CHANGE, at=[3], where="resources")
    manifest = run(space, azure)
    table = next(item for item in manifest.tables if item.name == "resources")
    held = ids(space.snapshot_folder(manifest.id), "resources")
    assert len(set(held)) == len(held) == table.rows
    wanted = wanted_ids(source[0], "resources")
    assert set(held) < set(wanted)  # the emulator hides a part of the rows, another one before and after
    assert len(held) > len(wanted) * 0.9
    if table.status == "partial":
        assert table.expected > table.rows


def test_more_subscriptions_than_the_service_looks_at_make_a_table_partial(space, azure):
    azure.inject(Fault.SUBSCRIPTION_LIMIT, where="resources")
    table = next(item for item in run(space, azure).tables if item.name == "resources")
    assert table.status == "partial"
    assert "10,000" in table.reason


def test_many_subscriptions_are_read_in_pieces(space, azure, source, monkeypatch):
    monkeypatch.setattr("ztkit.azure.scope.SUBSCRIPTIONS_A_REQUEST", 5)
    every = sorted(source[1].scope.subscriptions)
    manifest = run(space, azure, begin(space, Scope(subscriptions=tuple(every)), sources=("resource-graph",)))
    assert ids(space.snapshot_folder(manifest.id), "resources") == wanted_ids(source[0], "resources")
    assert all(table.status == "complete" for table in manifest.tables)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_nothing_but_reading_leaves(azure, method):
    from azure.core.rest import HttpRequest

    with connection(azure).microsoft_graph() as client, pytest.raises(ReadOnlyError):
        client.send_request(HttpRequest(method, f"{azure.url}/v1.0/users"))
    body = {"requests": [{"id": "1", "method": "DELETE", "url": "/users/1"}]}
    with connection(azure).microsoft_graph() as client, pytest.raises(ReadOnlyError):
        client.send_request(HttpRequest("POST", f"{azure.url}/v1.0/$batch", json=body))
    assert azure.recording.requests == []


def test_no_token_is_written_anywhere(space, azure, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        azure.inject(Fault.FORBIDDEN, where="resources")
        azure.inject(Fault.TOKEN_EXPIRED, at=[3], where="microsoft-graph")
        run(space, azure)
    printed = capfd.readouterr()
    texts = [caplog.text, printed.out, printed.err]
    texts += [path.read_bytes().decode("latin-1") for path in space.root.rglob("*") if path.is_file()]
    assert azure.credential.issued
    assert not any(MARK in text or "Bearer" in text for text in texts)


def test_needs_are_what_the_checks_read():
    assert set(TABLES) <= set(ALL_TABLES)
    read = {name for check in CHECKS if check.source == "microsoft-graph" for name in check.resource_types}
    assert {entity.id for entity in entities_needed(CHECKS)} == read == set(entities())
