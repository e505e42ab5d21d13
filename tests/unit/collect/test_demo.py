"""The demo organisation: the same for the same seed, as large as asked, believable, and it shows progress."""

from __future__ import annotations

import json
import re
from collections import Counter

import pyarrow.parquet as pq
import pytest

from ztkit.collect import demo
from ztkit.collect.demo import output
from ztkit.collect.demo.estate import Kind, Resource, Scene
from ztkit.collect.demo.organisation import SORTS, Organisation
from ztkit.collect.demo.stores import STORAGE
from ztkit.collect.demo.template import ABSENT, Feature, If, Pick, Switch, Text, compile_template, run
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.content.tables import all_tables
from ztkit.engine.rows import DYNAMIC, canonical
from ztkit.model.engagement import Engagement
from ztkit.model.snapshot import columns_of
from ztkit.workspace import Workspace

SIZE = 1_500
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def written(root, *, resources=SIZE, seed=1, quarter=3, progress=lambda _: None):
    """A workspace with one snapshot, and its manifest."""
    workspace = Workspace.create(root, Engagement(organisation=demo.ORGANISATION))
    at = demo.DATES[quarter]
    with SnapshotWriter(workspace, at, at) as writer:
        demo.write_estate(writer, resources=resources, seed=seed, quarter=quarter, progress=progress)
        manifest = writer.finish(source="demo", origin=("demo",), known={})
    return workspace, manifest


def rows_of(workspace, manifest, table):
    path = workspace.snapshot_folder(manifest.id) / f"{table}.parquet"
    return pq.read_table(path).to_pylist()


@pytest.fixture(scope="module")
def estates(tmp_path_factory):
    """The estate at each of the four dates: its rows by table."""
    result = []
    for quarter in range(4):
        workspace, manifest = written(tmp_path_factory.mktemp("demo") / "w", quarter=quarter)
        result.append(
            {table.name: rows_of(workspace, manifest, table.name) for table in manifest.tables}
            | {"manifest": manifest}
        )
    return result


def test_dates_lie_a_quarter_apart_at_eight_utc():
    assert [date.isoformat() for date in demo.DATES] == [
        "2026-01-05T08:00:00+00:00",
        "2026-04-06T08:00:00+00:00",
        "2026-07-06T08:00:00+00:00",
        "2026-10-05T08:00:00+00:00",
    ]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first = written(tmp_path / "a")[1]
    second = written(tmp_path / "b")[1]
    assert first == second


def test_another_seed_gives_other_ids_and_other_rows(tmp_path, estates):
    workspace, manifest = written(tmp_path / "a", seed=2)
    ours = {row["id"] for row in rows_of(workspace, manifest, "resources")}
    theirs = {row["id"] for row in estates[3]["resources"]}
    assert not ours & theirs
    assert not {t.sha256 for t in manifest.tables} & {t.sha256 for t in estates[3]["manifest"].tables}


@pytest.mark.parametrize("quarter", range(4))
def test_resources_are_as_many_as_asked(estates, quarter):
    assert len(estates[quarter]["resources"]) == pytest.approx(SIZE, rel=0.02)


@pytest.mark.parametrize("quarter", range(4))
def test_no_id_comes_twice_and_tables_are_known(estates, quarter):
    manifest = estates[quarter]["manifest"]
    assert manifest.notes == ()
    assert {table.name for table in manifest.tables} <= set(all_tables())


def test_a_small_estate_has_every_kind_all_the_same(tmp_path, estates):
    _, manifest = written(tmp_path / "a", resources=100)
    small = {name for table in manifest.tables for name in table.types}
    large = {name for table in estates[3]["manifest"].tables for name in table.types}
    assert small == large


def test_subscriptions_grow_slowly_with_size():
    sizes = {size: len(Organisation(size, 1, 0).subscriptions) for size in (2_000, 100_000, 1_000_000)}
    assert sizes[2_000] == 12
    assert 30 <= sizes[100_000] <= 60
    assert 200 <= sizes[1_000_000] <= 500


@pytest.mark.parametrize("quarter", range(4))
def test_rows_are_in_their_canonical_form(estates, quarter):
    for table, rows in estates[quarter].items():
        if table == "manifest":
            continue
        for row in rows:
            columns = {
                name: json.loads(value) if name in DYNAMIC and value else value for name, value in row.items()
            }
            assert canonical(columns, table) == {name: row[name] for name in columns_of(table)}, row["id"]


def test_every_reference_to_a_subscription_is_one_of_the_estate(estates):
    known = {row["subscriptionId"] for row in estates[3]["resourcecontainers"] if row["subscriptionId"]}
    for table in ("resources", "securityresources", "authorizationresources"):
        for row in estates[3][table]:
            found = re.findall(r"/subscriptions/([^/\"]+)", row["id"] + (row["properties"] or ""))
            assert set(found) <= known, row["id"]


def test_identifiers_are_guids_made_from_the_seed(estates):
    tenants = {row["tenantId"] for row in estates[0]["resources"]}
    assert tenants == {Organisation(SIZE, 1, 0).tenant}
    assert all(GUID.fullmatch(tenant) for tenant in tenants)
    assert Organisation(SIZE, 2, 0).tenant not in tenants


def test_machines_disks_and_interfaces_name_each_other(estates):
    by_id = {row["id"].lower(): row for row in estates[3]["resources"]}
    machines = [row for row in by_id.values() if row["type"] == "microsoft.compute/virtualmachines"]
    assert machines
    for machine in machines:
        properties = json.loads(machine["properties"])
        disk = by_id[properties["storageProfile"]["osDisk"]["managedDisk"]["id"].lower()]
        assert disk["managedBy"] == machine["id"]
        interface = by_id[properties["networkProfile"]["networkInterfaces"][0]["id"].lower()]
        configuration = json.loads(interface["properties"])["ipConfigurations"][0]["properties"]
        assert configuration["subnet"]["id"].rpartition("/subnets/")[0].lower() in by_id


def test_networks_name_groups_routes_and_hubs_that_exist(estates):
    by_id = {row["id"].lower() for row in estates[3]["resources"]}
    networks = [row for row in estates[3]["resources"] if row["type"] == "microsoft.network/virtualnetworks"]
    for network in networks:
        named = re.findall(
            r'"id":"([^"]+/(?:networkSecurityGroups|routeTables|virtualNetworks)/[^"/]+)"',
            network["properties"],
        )
        assert {item.lower() for item in named} <= by_id, network["id"]


def test_the_forgotten_subscription_is_outside_the_landing_zones_and_kept_worst(estates):
    containers = {row["name"]: row for row in estates[3]["resourcecontainers"]}
    forgotten = containers["Test Subscription 2019"]
    assert len(json.loads(forgotten["properties"])["managementGroupAncestorsChain"]) == 1
    assert SORTS["forgotten"].care == max(sort.care for sort in SORTS.values())


def test_an_acquired_subscription_comes_in_the_third_quarter_and_moves_in_the_fourth(estates):
    def chain(quarter):
        rows = [
            row for row in estates[quarter]["resourcecontainers"] if row["name"] == "Brackwater Production"
        ]
        return len(json.loads(rows[0]["properties"])["managementGroupAncestorsChain"]) if rows else 0

    assert [chain(quarter) for quarter in range(4)] == [0, 0, 1, 4]


def test_what_fails_stays_the_same_resource_until_it_is_mended(estates):
    def failing(quarter):
        return {
            row["id"]
            for row in estates[quarter]["resources"]
            if row["type"] == STORAGE.type.lower() and '"supportsHttpsTrafficOnly":false' in row["properties"]
        }

    acquired = Organisation(SIZE, 1, 3).acquired[0].id
    for quarter in range(3):
        new = {item for item in failing(quarter + 1) - failing(quarter) if acquired not in item}
        before = {row["id"] for row in estates[quarter]["resources"]}
        assert not new & before
    assert len(failing(3)) < len(failing(0))


def test_resources_come_and_go(estates):
    ids = [{row["id"] for row in estates[quarter]["resources"]} for quarter in range(4)]
    assert all(ids[quarter] - ids[quarter + 1] and ids[quarter + 1] - ids[quarter] for quarter in range(3))


def test_progress_counts_up_to_all_rows(tmp_path):
    told = []
    _, manifest = written(tmp_path / "a", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == sum(table.rows for table in manifest.tables)


def scene(quarter=0, seed=1):
    result = Scene(Organisation(2_000, seed, quarter), 2_000, demo.DATES)
    result.count_of = {STORAGE: 100}
    return result


def item(ordinal=0):
    organisation = Organisation(2_000, 1, 0)
    return Resource(STORAGE, ordinal, organisation.places(organisation.own[0])[1])


def test_a_share_is_met_in_small_numbers_and_features_go_wrong_independently():
    one, other = scene().draw("one"), scene().draw("other")
    for start in range(0, 64, 16):
        assert Counter(int(one(ordinal) * 16) for ordinal in range(start, start + 16)) == dict.fromkeys(
            range(16), 1
        )
    both = sum(one(ordinal) < 0.5 and other(ordinal) < 0.5 for ordinal in range(4_000))
    assert both / 4_000 == pytest.approx(0.25, abs=0.03)


def test_a_better_rate_only_mends():
    feature = Feature("test", (60, 40, 20, 10))
    failing = [{n for n in range(200) if scene(quarter).fails(feature, item(n))} for quarter in range(4)]
    assert failing[0] > failing[1] > failing[2] > failing[3]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ({"a": 1, "b": [True, None]}, '{"a":1,"b":[true,null]}'),
        ({"a": ABSENT, "b": 1}, '{"b":1}'),
        ({"a": Switch(Feature("x", (0, 0, 0, 0)), 1, 2)}, '{"a":1}'),
        ({"a": Switch(Feature("x", (100, 100, 100, 100)), 1, ABSENT), "b": 2}, '{"b":2}'),
        ([If(lambda *_: False, 1), 2], "[2]"),
        (Pick("k", ("only",)), '"only"'),
        (Text('{r.place.environment} "quoted"'), '"prd \\"quoted\\""'),
        ({}, "{}"),
    ],
)
def test_templates_write_compact_json(template, text):
    assert run(compile_template(template, scene()), item()) == text


def test_an_empty_batch_writes_nothing(tmp_path):
    workspace = Workspace.create(tmp_path / "w", Engagement(organisation="x"))
    with SnapshotWriter(workspace, demo.DATES[0], demo.DATES[0]) as writer:
        sink = output.Output(writer, lambda _: None)
        sink.add("resources", ())
        sink.close()
        manifest = writer.finish(source="demo", origin=(), known={})
    assert manifest.tables == ()


def test_kinds_are_told_apart_by_identity():
    assert Kind("a/b", "c") != Kind("a/b", "c")
