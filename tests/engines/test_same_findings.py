"""Every check says the same live, offline and on a Kusto cluster, of a made-up estate and of a recorded one.

Each engine runs all checks once on each estate, by the real clients; what they say is then compared check by check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.shared import ESTATE, needs_reference
from tests.standins import cluster
from tests.unit.collect.collection import connection
from ztkit.assess.evaluate import CheckRun, evaluate
from ztkit.assess.live import evaluate_live
from ztkit.azure.scope import Scope
from ztkit.collect import demo
from ztkit.collect.importers import table_of
from ztkit.collect.snapshot import SnapshotWriter, open_snapshot
from ztkit.collect.tenant.needs import query_of, tables_needed
from ztkit.content.library import shipped_library
from ztkit.content.tables import all_tables
from ztkit.engine.kusto import KustoInventory
from ztkit.engine.kusto_push import push
from ztkit.engine.resource_graph import LiveInventory
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

AT = demo.DATES[3]
CHECKS = tuple(shipped_library().checks.values())
QUERIED = tuple(check for check in CHECKS if check.source == "resource-graph")
ESTATES = [
    pytest.param("demo", marks=pytest.mark.xdist_group("engines-demo")),
    pytest.param("recorded", marks=[pytest.mark.xdist_group("engines-recorded"), needs_reference]),
]


@dataclass(frozen=True)
class Said:
    """What an engine says of a check: its run without the time it took, and its findings by id."""

    run: CheckRun
    findings: dict[str, dict[str, Any]]


def write_demo(writer):
    """The smallest demo estate; it has resources for every check."""
    demo.write_estate(writer, resources=1)


def write_recorded(writer):
    """The recorded objects, as if they were all that a tenant has."""
    for name in all_tables():
        writer.table(name)
    for line in ESTATE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        writer.table(table_of(row["type"])).add(row)


@pytest.fixture(scope="module", params=ESTATES)
def estate(request, tmp_path_factory):
    """A workspace and the manifest of the snapshot in it."""
    space = Workspace.create(tmp_path_factory.mktemp("engines") / "w", Engagement(organisation="Test"))
    with SnapshotWriter(space, AT, AT) as writer:
        {"demo": write_demo, "recorded": write_recorded}[request.param](writer)
        manifest = writer.finish("import", [request.param], {})
    return space, manifest


def told(evaluated):
    """What is said of each check, by its id, by an evaluation that is given where to say it."""
    found = {}

    def observe(run, findings):
        rows = {row["id"].lower(): row for row in findings.to_pylist()}
        found[run.check] = Said(replace(run, seconds=0), rows)

    evaluated(observe)
    return found


@pytest.fixture(scope="module")
def offline(estate):
    space, manifest = estate
    with open_snapshot(space, manifest.id) as inventory:
        return told(lambda observe: evaluate(CHECKS, inventory, AT, observe))


@pytest.fixture(scope="module")
def live(estate):
    space, manifest = estate
    with (
        Emulator(space.snapshot_folder(manifest.id), quota=10_000, window=0.5) as azure,
        connection(azure).resource_graph() as client,
    ):
        inventory = LiveInventory(client, Scope())
        tables = {need.table: inventory.look(need.table, query_of(need)) for need in tables_needed(QUERIED)}
        found = told(lambda observe: evaluate_live(QUERIED, inventory, tables, observe))
        azure.recording.assert_reads_only()
        return found


@pytest.fixture(scope="session")
def server(tmp_path_factory, pytestconfig):
    with cluster.serving(tmp_path_factory.mktemp("cluster"), getattr(pytestconfig, "cache", None)) as running:
        yield running


@pytest.fixture(scope="module")
def kusto(estate, server):
    space, manifest = estate
    database = server.database_named("estate_of_" + manifest.origin[0])
    folder = space.snapshot_folder(manifest.id)
    files = {table.name: folder / f"{table.name}.parquet" for table in manifest.tables}
    push(manifest, files, database, at=AT, poll=0.01)
    with KustoInventory.open(database) as inventory:
        return told(lambda observe: evaluate(CHECKS, inventory, AT, observe))


@pytest.mark.parametrize("check", QUERIED, ids=lambda check: check.id)
def test_live_says_the_same_as_offline(check, live, offline):
    said = offline[check.id]
    failing = {key: row for key, row in said.findings.items() if row["status"] == "fail"}
    assert live[check.id] == Said(said.run, failing)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_cluster_says_the_same_as_offline(check, kusto, offline):
    assert kusto[check.id] == offline[check.id]


def test_there_is_something_to_say(estate, offline):
    _, manifest = estate
    judged = [check.id for check in QUERIED if offline[check.id].findings]
    failed = [check.id for check in QUERIED if offline[check.id].run.failed]
    assert {said.run.outcome for said in offline.values()} == {"ok"}
    if manifest.origin == ("demo",):
        assert len(judged) == len(QUERIED)
        assert len(failed) > len(QUERIED) * 0.95
    else:
        assert sum(table.rows for table in manifest.tables) == len(ESTATE.read_text().splitlines())
        assert len(judged) > 90
        assert len(failed) > 60
