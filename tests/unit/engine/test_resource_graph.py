"""The live engine: the same verdicts as offline, at the cost of few requests."""

from __future__ import annotations

import dataclasses

import pytest

from tests.emulator import Emulator, Fault
from ztkit.assess.evaluate import evaluate
from ztkit.assess.live import evaluate_live
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.pace import Pace
from ztkit.azure.resource_graph import QueryClient
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter, open_snapshot
from ztkit.content.kql import tokenize
from ztkit.content.library import shipped_library
from ztkit.content.lint import resource_graph_limits
from ztkit.engine.resource_graph import LiveInventory, groups, together
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

CHECKS = [check for check in shipped_library().checks.values() if check.source == "resource-graph"]
SAMPLE = CHECKS[::7]

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture(scope="module")
def tenant(tmp_path_factory):
    space = Workspace.create(tmp_path_factory.mktemp("live") / "w", Engagement(organisation="Test"))
    at = demo.DATES[3]
    with SnapshotWriter(space, at, at) as writer:
        demo.write_estate(writer, resources=1_200)
        manifest = writer.finish("demo", ["demo"], {})
    with Emulator(space.snapshot_folder(manifest.id), quota=1_000, window=0.5) as azure:
        yield space, manifest, azure


@pytest.fixture
def live(tenant):
    azure = tenant[2]
    azure.reset()
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=azure.url, graph=azure.url)
    connection = Connection(cloud, azure.credential, {"connection_verify": str(azure.ca_file)})
    with connection.resource_graph() as client:
        yield LiveInventory(QueryClient(client, Pace()), ({},))


def kept(runs, found):
    return lambda run, table: (runs.__setitem__(run.check, run), found.__setitem__(run.check, table))


def test_live_and_offline_give_the_same(tenant, live):
    space, manifest, azure = tenant
    runs, found = {}, {}
    evaluate_live(SAMPLE, live, kept(runs, found))
    with open_snapshot(space, manifest.id) as inventory:
        for run in evaluate(SAMPLE, inventory, manifest.taken, kept(offline := {}, rows := {})):
            mine = runs[run.check]
            assert (mine.outcome, mine.passed, mine.failed, mine.skipped) == (
                run.outcome,
                run.passed,
                run.failed,
                run.skipped,
            ), run.check
            failing = [row for row in rows[run.check].to_pylist() if row["status"] == "fail"]
            order = lambda row: row["id"].lower()  # noqa: E731
            assert sorted(found[run.check].to_pylist(), key=order) == sorted(failing, key=order), run.check
    assert set(offline) == set(runs)
    azure.recording.assert_reads_only()


def test_counts_only_asks_for_no_row(tenant, live):
    _, _, azure = tenant
    runs = {run.check: run for run in evaluate_live(SAMPLE, live, lambda *_: None, counts_only=True)}
    assert len(azure.recording.queries) == len(groups({check.id: check.query for check in SAMPLE}))
    assert all("summarize passed0" in query for query in azure.recording.queries)
    assert any(run.failed for run in runs.values())


def test_a_table_that_may_not_be_read_takes_no_other_check_with_it(tenant, live):
    _, _, azure = tenant
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    runs = evaluate_live(SAMPLE, live, lambda *_: None, counts_only=True)
    for run in runs:
        assert (run.outcome == "unreadable") == ("securityresources" in run.tables), run


def test_every_check_is_in_one_group_within_the_limits():
    queries = {check.id: check.query for check in CHECKS}
    found = groups(queries)
    assert sorted(name for group in found for name in group) == sorted(queries)
    assert len(found) < len(queries) * 0.7
    for group in found:
        assert not list(resource_graph_limits(tokenize(together([queries[name] for name in group]))))
