# ruff: noqa: S608 - the names in the statements are ours
"""A Kusto cluster, by Microsoft's client against a stand-in on loopback; that checks find the same there: `tests.engines`."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.builders import check
from tests.standins import cluster as cluster_standin
from ztkit.assess.evaluate import evaluate, run_check
from ztkit.assess.run import Plan, assess
from ztkit.assess.sources import OnCluster, SnapshotOf
from ztkit.cli.kusto import _folders, app
from ztkit.collect.demo import responses, write_estate
from ztkit.collect.snapshot import Completeness, SnapshotWriter, open_snapshot
from ztkit.content.library import shipped_library
from ztkit.engine import kusto_answers, kusto_ingest, kusto_push, kusto_wire
from ztkit.engine.kusto import Database, KustoInventory, evaluate_many, for_cluster
from ztkit.engine.kusto_push import Inline, Queued, push
from ztkit.errors import QueryError, SnapshotError, StoppedError, TableUnreadableError, UsageError
from ztkit.model.engagement import Engagement
from ztkit.model.response import RiskException
from ztkit.workspace import Workspace

NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
LIBRARY = shipped_library()
QUICK = {"pauses": (0.01, 0.01)}
HOSTILE = (
    "x'; DROP TABLE resources; --",
    'a"b""c"',
    "line\nbreak\r\nand\ttab",
    ",;|\x1f",
    '"\n.drop table resources',
    "<| .clear table ['user'] data",
    "['resources'] | take 1 // comment",
    "\u202eright to left \u2713 \U0001d54a",
    "  spaces  ",
    "\\",
    '\\"',
    "'",
    '"',
    "=cmd|' /C calc'!A0",
    "%s {0} $x ${x}",
    '{"json": [1]}',
    "null",
    "@'verbatim'",
    "```",
    "[",
    "",
)


@pytest.fixture(scope="session")
def standin(tmp_path_factory, pytestconfig):
    with cluster_standin.serving(
        tmp_path_factory.mktemp("standin"), getattr(pytestconfig, "cache", None)
    ) as running:
        yield running


@pytest.fixture(scope="session")
def estate(tmp_path_factory):
    """A workspace with the demo organisation, the id of its snapshot and the manifest."""
    workspace = Workspace.create(tmp_path_factory.mktemp("estate") / "w", Engagement(organisation="Demo"))
    with SnapshotWriter(workspace, taken=NOW, written=NOW) as writer:
        write_estate(writer, resources=1_200)
        writer.finish("demo", ["seed 1"], {"advisorresources": Completeness("unreadable", "no permission")})
    return workspace


def files_of(workspace, manifest):
    folder = workspace.snapshot_folder(manifest.id)
    return {table.name: folder / f"{table.name}.parquet" for table in manifest.tables if table.sha256}


def pushed(workspace, database, *how, **options):
    manifest = workspace.manifest(workspace.snapshots()[-1])
    return push(manifest, files_of(workspace, manifest), database, *how, at=NOW, poll=0.01, **options)


@pytest.fixture(scope="session")
def demo(standin, estate):
    database = standin.database_named("demo")
    pushed(estate, database)
    return database


@pytest.fixture(scope="session")
def both(demo, estate):
    with (
        open_snapshot(estate, estate.snapshots()[-1]) as offline,
        KustoInventory.open(demo) as cluster,
    ):
        yield offline, cluster


def test_the_cluster_knows_of_each_table_what_the_snapshot_knows(both):
    offline, cluster = both
    assert cluster.tables() == offline.tables()
    assert cluster.tables()["advisorresources"].reason == "no permission"
    assert cluster.manifest.scope.subscriptions
    assert cluster.manifest.taken == NOW


# --- what a query may be, and what a cluster is sent


@pytest.fixture
def attentive(standin):
    """The cluster as it is by itself, before a test and after it: others may be the first to need it."""

    def reset():
        standin.answers, standin.hears_properties, standin.deaf = [], True, False

    reset()
    yield
    reset()


@pytest.fixture
def tenant(standin, attentive, tmp_path, request):
    """A small snapshot with hostile text, and a database of its own on the cluster; not pushed yet."""
    workspace = Workspace.create(tmp_path / "w", Engagement(organisation="Hostile"))
    with SnapshotWriter(workspace, taken=NOW, written=NOW) as writer:
        for number, text in enumerate(HOSTILE):
            writer.table("resources").add(
                {
                    "id": f"/h/{number:02}",
                    "name": text,
                    "type": "Microsoft.Storage/storageAccounts"
                    if number % 2
                    else "microsoft.keyvault/vaults",
                    "kind": "StorageV2",
                    "properties": {text: text, "list": [text, 1, 1.5, True], "kind": "inner", "title": "T"},
                    "tags": {text: text},
                }
            )
        writer.table("user").add({"id": "u", "displayName": HOSTILE[0], "properties": {"mail": HOSTILE[1]}})
        writer.table("policyresources")
        known = {
            "policyresources": Completeness("complete"),
            "resources": Completeness("partial", "some '|\n rows", expected=100),
            "advisorresources": Completeness("unreadable", "no permission"),
        }
        writer.finish("import", ["rows"], known)
    name = f"t{abs(hash(request.node.nodeid)):x}"
    return SimpleNamespace(workspace=workspace, database=standin.database_named(name), name=name)


@pytest.fixture
def cluster(tenant):
    pushed(tenant.workspace, tenant.database)
    with KustoInventory.open(tenant.database, **QUICK) as inventory:
        yield inventory


def plain(table):
    """Rows with dynamic values parsed."""
    rows = table.to_pylist()
    for row in rows:
        for name in ("properties", "tags"):
            if name in row:
                row[name] = json.loads(row[name])
    return sorted(rows, key=lambda row: row["id"])


@pytest.mark.parametrize(
    "query",
    [
        "resources | project id, name, type, properties, tags",
        "USER | project id, displayName, properties",
        "where type =~ 'Microsoft.KeyVault/vaults' | project id",
        "| where type =~ 'microsoft.keyvault/vaults' | project id",
        "RESOURCES\n| where type in~ ('MICROSOFT.KEYVAULT/vaults') | project id",
        "resources | where kind =~ 'storagev2' and properties.kind == 'inner' | project id, kind",
        "resources | where tostring(properties.title) == 'T' | project id",
        "resources | mvexpand item = properties.list | summarize n = count() by id",
        "resources | mv-expand item = properties.list limit 2 | summarize n = count() by id",
        "resources | project id | join kind=leftouter (User | project id, displayName) on id",
        "resources | where id == '/h/01' | union (Resources | where id == '/h/02') | project id",
        "resources | where dynamic_to_json(properties) has 'inner' | project id",
        "resources | where name has 'DROP' // ; .drop table resources\n| project id, name",
        "resources | project id, at = now(), before = ago(1d), whole = 1, part = 1.5, yes = true, none = real(null)",
    ],
)
def test_a_query_gives_what_it_gives_offline(tenant, cluster, query):
    with open_snapshot(tenant.workspace, tenant.workspace.snapshots()[-1]) as offline:
        assert plain(cluster.run(query, NOW)) == plain(offline.run(query, NOW))


def test_every_query_asks_for_all_rows_and_for_nothing_else(standin, cluster):
    standin.requests.clear()
    cluster.run("resources | where todatetime('2026-10-05T08:00:00Z') == now() | project id", NOW)
    (request,) = standin.requests
    assert request["properties"]["Options"] == {
        "servertimeout": "0:10:00",
        "query_now": "2026-10-05T08:00:00.000000Z",
        "notruncation": True,
        "request_readonly": True,
        "request_callout_disabled": True,
        "request_external_data_disabled": True,
        "request_remote_entities_disabled": True,
    }


def test_tables_have_their_own_letter_case_and_one_view_of_all_types():
    rewritten = for_cluster(
        "where type =~ 'x'\n| join (CONDITIONALACCESSPOLICY | where type =~ 'y') on id\n| mvexpand a"
    )
    assert rewritten.kql == (
        "resources | where type =~ 'x'\n| join (conditionalAccessPolicy | where type =~ 'y') on id\n| mv-expand a"
    )
    assert rewritten.tables == ("resources", "conditionalAccessPolicy")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "the query is empty"),
        (".drop table resources", "line 1: a command"),
        ("\n.show tables", "line 2: a command"),
        ("resources | take 1; resources", "several statements"),
        ("set query_now = datetime(2020-01-01); resources", "several statements"),
        ("resources\n| union (database('other').resources)", "line 2: database is not run"),
        ("cluster('c').database('d').resources", "database is not run|cluster is not run"),
        ("externaldata (x:string) ['https://example.org']", "externaldata is not run"),
        ("resources | evaluate http_request('https://example.org')", "evaluate is not run"),
        ("resources | extend x = replace('a', 'b', name)", "line 1: replace()"),
        ("resources | where name == 'x", "a string is not closed"),
        ("resources | project nothere", "nothere"),
    ],
)
def test_anything_but_one_query_on_this_database_is_refused(cluster, query, message):
    with pytest.raises(QueryError, match=message):
        cluster.run(query, NOW)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "resources\n| join (SecurityResources) on id",
            "line 2: table securityresources is not in this inventory",
        ),
        ("advisorresources", "line 1: table advisorresources could not be read: no permission"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(cluster, query, message):
    with pytest.raises(TableUnreadableError, match=message):
        cluster.run(query, NOW)


def test_a_server_that_takes_no_properties_is_told_the_moment_in_the_text(standin, tenant):
    pushed(tenant.workspace, tenant.database)
    standin.hears_properties = False  # as the server of duckdb-kql does, to which clients send them as text
    query = "resources | where now() == datetime(2026-10-05T08:00:00Z) | count"
    with KustoInventory.open(tenant.database) as inventory:
        assert inventory.run(query, NOW)["Count"].to_pylist() == [len(HOSTILE)]
    assert standin.requests[-1]["csl"].startswith(
        "set query_now = datetime(2026-10-05T08:00:00.000000Z); resources"
    )


def test_a_server_that_keeps_its_own_clock_is_not_used(tenant, monkeypatch):
    monkeypatch.setattr(
        kusto_wire.Connection, "query", lambda *_: pa.table({"moment": [datetime(2020, 1, 1)]})
    )
    connection = kusto_wire.Connection(tenant.database)
    with connection, pytest.raises(QueryError, match="counts ages from today"):
        connection.hold_clock(NOW)


def test_values_come_in_types_of_their_own():
    columns = "string bool int long real datetime timespan guid decimal dynamic dynamic".split()
    row = [
        "x",
        1,
        2,
        3,
        "NaN",
        "2026-01-15T12:00:00.1234567Z",
        "1.00:00:00",
        "74be27de",
        "1.5",
        {"a": [1]},
        "b",
    ]
    answer = kusto_answers.to_arrow(list(enumerate_names(columns)), [row, [None] * len(columns)])
    assert [str(field.type) for field in answer.schema] == (
        "string bool int32 int64 double timestamp[us] string string string string string".split()
    )
    first, second = (list(row.values()) for row in answer.to_pylist())
    assert first[:4] == ["x", True, 2, 3]
    assert first[4] != first[4]
    assert first[5:] == [
        datetime(2026, 1, 15, 12, 0, 0, 123456),
        "1.00:00:00",
        "74be27de",
        "1.5",
        '{"a":[1]}',
        "b",
    ]
    assert second == [None] * len(columns)
    assert kusto_answers.to_arrow([("id", "string")], []).schema == pa.schema([("id", pa.string())])


def enumerate_names(kinds):
    return ((f"c{number}", kind) for number, kind in enumerate(kinds))


# --- pushing


def test_what_a_database_holds_is_the_manifest(tenant, cluster):
    tables = cluster.tables()
    assert list(tables) == ["policyresources", "resources", "user", "advisorresources"]
    assert (tables["resources"].status, tables["resources"].expected) == ("partial", 100)
    assert tables["resources"].reason == "some '|\n rows"
    assert tables["resources"].types == {
        "microsoft.keyvault/vaults": (len(HOSTILE) + 1) // 2,
        "microsoft.storage/storageaccounts": len(HOSTILE) // 2,
    }
    assert (tables["policyresources"].status, tables["policyresources"].rows) == ("complete", 0)
    assert tables["advisorresources"].status == "unreadable"
    assert cluster.manifest == tenant.workspace.manifest(cluster.manifest.id)


def test_pushing_again_replaces(standin, tenant, cluster):
    standin.sql(f'CREATE TABLE {tenant.name}."device" (id VARCHAR)')
    standin.sql(f"INSERT INTO {tenant.name}.device VALUES ('of an earlier snapshot')")
    pushed(tenant.workspace, tenant.database)
    with KustoInventory.open(tenant.database) as inventory:
        assert inventory.tables() == cluster.tables()
        assert inventory.run("resources | count", NOW)["Count"].to_pylist() == [len(HOSTILE)]
    assert standin.sql(f"SELECT count(*) FROM {tenant.name}.device") == [(0,)]


def test_a_database_without_a_snapshot_says_so(standin, tenant):
    with pytest.raises(SnapshotError, match="There is no snapshot in database"):
        KustoInventory.open(tenant.database)
    with pytest.raises(QueryError, match=r"nowhere on http://127.0.0.1:.* is not there"):
        KustoInventory.open(Database(standin.url, "nowhere"))


def test_a_push_that_was_killed_leaves_no_snapshot(tenant, cluster, monkeypatch):
    write, calls = Inline.write, []

    def breaks(self, connection, table, batches):
        calls.append(table)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(self, connection, table, batches)

    monkeypatch.setattr(Inline, "write", breaks)
    with pytest.raises(KeyboardInterrupt):
        pushed(tenant.workspace, tenant.database)
    with pytest.raises(SnapshotError, match="was begun and not finished"):
        KustoInventory.open(tenant.database)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM {}.ztkit_manifest WHERE name = 'user'", "was begun and not finished"),
        ("UPDATE {}.ztkit_manifest SET status = 'fine'", "was altered"),
        ("UPDATE {}.ztkit_manifest SET manifest = '[]'", "was altered"),
        (
            "UPDATE {}.ztkit_manifest SET name = 'x; y' WHERE name = 'user'",
            "'x; y', which is no table of ours",
        ),
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(standin, tenant, cluster, statement, message):
    standin.sql(statement.format(tenant.name))
    with pytest.raises(SnapshotError, match=message):
        KustoInventory.open(tenant.database)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM {}.resources WHERE id = '/h/01'", "rows were pushed and the cluster holds"),
        ("INSERT INTO {0}.resources FROM {0}.resources LIMIT 1", "rows were pushed and the cluster holds"),
        ("DROP TABLE {}.resources", "rows were pushed and the cluster does not hold it"),
    ],
)
def test_rows_that_were_lost_or_came_twice_make_a_table_unreadable(
    standin, tenant, cluster, statement, message
):
    standin.sql(statement.format(tenant.name))
    with KustoInventory.open(tenant.database) as inventory:
        assert inventory.tables()["resources"].status == "unreadable"
        with pytest.raises(TableUnreadableError, match=message):
            inventory.run("resources", NOW)
        assert inventory.tables()["user"].status == "complete"


def test_a_table_that_goes_while_it_is_read_is_named(standin, cluster):
    standin.answers = [
        (
            400,
            api_error(
                "Semantic error: SEM0100: 'where' operator: Failed to resolve table or column expression named 'resources'"
            ),
        )
    ]
    with pytest.raises(TableUnreadableError, match="table resources is not in database"):
        cluster.run("resources", NOW)


def test_somebody_elses_tables_are_not_touched(standin, tenant):
    standin.sql(f"CREATE TABLE {tenant.name}.user AS SELECT 'precious' AS id")
    with pytest.raises(UsageError, match="has a table 'user' that ztkit did not make"):
        pushed(tenant.workspace, tenant.database)
    assert standin.sql(f"SELECT id FROM {tenant.name}.user") == [("precious",)]


def test_a_row_larger_than_kusto_keeps_is_left_out_and_counted(tenant, monkeypatch):
    monkeypatch.setattr(kusto_push, "LARGEST_VALUE", len(json.dumps({"list": max(HOSTILE, key=len)})) + 60)
    sent = {table.name: table for table in pushed(tenant.workspace, tenant.database).tables}["resources"]
    left_out = len(HOSTILE) - sent.rows
    assert 0 < left_out < len(HOSTILE)
    assert (sent.status, sent.expected) == ("partial", 100)
    assert f"{left_out} rows are larger than Kusto keeps" in sent.reason
    with KustoInventory.open(tenant.database) as inventory:
        assert inventory.tables()["resources"] == sent


def test_rows_go_in_commands_of_a_bounded_length(standin, tenant, monkeypatch):
    monkeypatch.setattr(kusto_ingest, "COMMAND_LENGTH", 1_000)
    standin.requests.clear()
    pushed(tenant.workspace, tenant.database)
    sent = [
        item["csl"]
        for item in standin.requests
        if item["csl"].startswith(".ingest inline into table ['resources']")
    ]
    assert 1 < len(sent) < len(HOSTILE)
    assert max(map(len, sent)) < 1_300
    with KustoInventory.open(tenant.database) as inventory:
        assert inventory.run("resources | count", NOW)["Count"].to_pylist() == [len(HOSTILE)]


def test_a_snapshot_that_was_altered_is_not_pushed(standin, tenant):
    manifest = tenant.workspace.manifest(tenant.workspace.snapshots()[-1])
    files = files_of(tenant.workspace, manifest)
    for change, message in (
        (lambda path: path.write_bytes(path.read_bytes() + b" "), "it was altered"),
        (lambda path: path.unlink(), "table user is missing"),
    ):
        change(files["user"])
        standin.requests.clear()
        with pytest.raises(SnapshotError, match=message):
            push(manifest, files, tenant.database, at=NOW)
        assert standin.requests == []


def test_a_large_snapshot_is_not_pushed_inline(tenant):
    with pytest.raises(UsageError, match=r"inline ingestion is for 3; queue them \(`--queued`\)"):
        pushed(tenant.workspace, tenant.database, Inline(largest=3))


def test_a_name_that_is_not_ours_is_never_part_of_a_statement(tenant):
    manifest = tenant.workspace.manifest(tenant.workspace.snapshots()[-1])
    table = manifest.tables[0].model_copy(update={"name": "x'] data //"})
    with pytest.raises(SnapshotError, match="is no table that a snapshot may hold"):
        push(manifest.model_copy(update={"tables": (table,)}), {}, tenant.database, at=NOW)


class Late:
    """An ingestion client whose rows appear a little later, and not all of them if told so."""

    def __init__(self, standin, share=1.0):
        self.standin, self.share, self.properties = standin, share, []

    def ingest_from_file(self, path, ingestion_properties):
        self.properties.append(ingestion_properties)
        rows = pq.read_table(path)
        columns = [
            item.storage if isinstance(item, pa.ExtensionArray) else item
            for item in rows.combine_chunks().columns
        ]
        columns = [
            item.cast(pa.string()) if isinstance(item.type, pa.BaseExtensionType) else item
            for item in rows.columns
        ]
        plain_rows = pa.table(columns, names=rows.column_names).slice(0, int(rows.num_rows * self.share))
        copy = self.standin.folder / f"late-{time.monotonic_ns()}.parquet"
        pq.write_table(plain_rows, copy)
        name = f'{ingestion_properties.database}."{ingestion_properties.table}"'
        threading.Timer(
            0.05, self.standin.sql, (f"INSERT INTO {name} SELECT * FROM read_parquet(?)", str(copy))
        ).start()


@pytest.fixture
def ingest_package(monkeypatch):
    """Stands for azure-kusto-ingest, which only a queued push needs."""
    made = SimpleNamespace(
        IngestionProperties=lambda **values: SimpleNamespace(**values),
        QueuedIngestClient=lambda connection: ("client of", connection.data_source),
    )
    monkeypatch.setitem(sys.modules, "azure.kusto.ingest", made)


def test_rows_that_are_queued_are_waited_for(standin, tenant, ingest_package):
    client = Late(standin)
    pushed(tenant.workspace, tenant.database, Queued(client, wait=timedelta(seconds=20)))
    assert {item.data_format.kusto_value for item in client.properties} == {"parquet"}
    assert all(item.flush_immediately for item in client.properties)
    with (
        KustoInventory.open(tenant.database) as inventory,
        open_snapshot(tenant.workspace, tenant.workspace.snapshots()[-1]) as offline,
    ):
        assert plain(inventory.run("resources", NOW)) == plain(offline.run("resources", NOW))
    assert Queued.at(tenant.database).client == ("client of", tenant.database.cluster)


def test_rows_that_do_not_come_leave_no_snapshot(standin, tenant, ingest_package):
    with pytest.raises(SnapshotError, match=r"holds .* rows of table resources, and .* were sent"):
        pushed(tenant.workspace, tenant.database, Queued(Late(standin, 0.5), wait=timedelta(seconds=0.3)))
    with pytest.raises(SnapshotError, match="was begun and not finished"):
        KustoInventory.open(tenant.database)


def test_rows_that_cannot_be_queued_are_told(tenant, ingest_package):
    def refuses(*_, **__):
        raise RuntimeError("no container")

    with pytest.raises(QueryError, match=r"rows of .* could not be queued .*no container.*Database Ingestor"):
        pushed(tenant.workspace, tenant.database, Queued(SimpleNamespace(ingest_from_file=refuses)))


# --- what goes wrong


def api_error(message, *, permanent=True, code="General_BadRequest"):
    return {
        "error": {
            "code": code,
            "message": "Request is invalid.",
            "@message": message,
            "@permanent": permanent,
        }
    }


def frames(rows):
    """An answer of version 2 with these rows."""
    table = {
        "FrameType": "DataTable",
        "TableId": 1,
        "TableKind": "PrimaryResult",
        "TableName": "PrimaryResult",
        "Columns": [{"ColumnName": "id", "ColumnType": "string"}],
        "Rows": rows,
    }
    header = {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"}
    return [header, table, {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False}]


def in_data(message, *, permanent=True):
    return {"OneApiErrors": [api_error(message, permanent=permanent)]}


TOO_LARGE = (
    "Query result set has exceeded the internal record count limit 500000 (E_QUERY_RESULT_SET_TOO_LARGE)."
)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (400, api_error("Syntax error: SYN0002: A recognition error occurred.\nmore")),
            "^Syntax error: SYN0002",
        ),
        ((400, api_error("Semantic error: SEM0100: no column named 'Timeout expired'")), "^Semantic error"),
        ((401, {}), "refused it; reading takes the role Database Viewer on database .* \\(401"),
        ((403, api_error("Principal 'x' is not authorized (403-Forbidden)")), "the cluster refused it"),
        (
            (400, api_error("Entity ID 'd' of kind 'Database' could not be found: EntityNotFound")),
            "is not there",
        ),
        (
            (504, api_error("Request timed out (0x80131505)", permanent=False)),
            "did not finish it within 0:10:00",
        ),
        ((200, frames([["a"], in_data(TOO_LARGE)])), "larger than the cluster gives out"),
        ((200, frames([in_data("Runaway query (E_RUNAWAY_QUERY)")])), "ran out of memory"),
        ((200, [{"FrameType": "DataSetHeader", "IsProgressive": True, "Version": "v2.0"}]), "Progressive"),
    ],
)
def test_what_a_cluster_refuses_is_told_once_and_with_what_to_do(standin, cluster, answer, message):
    standin.answers = [answer]
    standin.requests.clear()
    with pytest.raises(QueryError, match=message):
        cluster.run("resources", NOW)
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((429, {}), "too busy and turned the request away"),
        ((503, api_error("The node is busy", permanent=False)), "The node is busy"),
        ((200, frames([["a"], in_data("A node went away", permanent=False)])), "A node went away"),
        ((200, []), "broke off or cannot be read"),
        ((500, "<html>"), "broke off or cannot be read"),
    ],
)
def test_what_may_pass_is_tried_again(standin, cluster, answer, message):
    standin.answers = [answer, answer]
    assert cluster.run("resources | count", NOW)["Count"].to_pylist() == [len(HOSTILE)]
    standin.answers = [answer] * 3
    with pytest.raises(QueryError, match=message):
        cluster.run("resources | count", NOW)
    assert standin.answers == []


def test_rows_are_never_sent_twice(standin, tenant):
    write = kusto_wire.Connection.command
    with kusto_wire.Connection(tenant.database, **QUICK) as connection:
        standin.answers = [(503, api_error("The node is busy", permanent=False))]
        with pytest.raises(QueryError, match="busy"):
            write(connection, ".ingest inline into table ['user'] with (format=\"csv\") <|\n", repeat=False)
        standin.answers = [(429, {})]  # was turned away at the door
        write(connection, ".create-merge table ['user'] (['id']:string)", repeat=False)


def test_a_query_that_takes_too_long_is_ended(standin, tenant, cluster):
    with KustoInventory.open(tenant.database, timeout=timedelta(seconds=20), **QUICK) as inventory:
        inventory._connection._timeout = timedelta(milliseconds=1)
        with pytest.raises(QueryError, match=r"timed out|within 0:00:00.001|time"):
            inventory.run(
                " | ".join(["resources", *["join kind=inner (resources) on type"] * 3, "count"]), NOW
            )


def test_a_cluster_that_is_not_there_is_told(standin, tenant):
    with pytest.raises(QueryError, match=r"cannot be reached .ConnectionError.; check the address"):
        KustoInventory.open(Database("http://127.0.0.1:9", "x"), **QUICK)
    standin.deaf = True
    with pytest.raises(QueryError, match="cannot be reached"):
        KustoInventory.open(tenant.database, **QUICK)


def test_cancelling_asks_the_cluster_to_stop_what_runs_and_runs_no_more(standin, cluster):
    connection = cluster._connection
    connection._running.add("ztkit.check;1")
    cluster.cancel()
    assert standin.requests[-1]["csl"] == '.cancel query "ztkit.check;1"'
    connection._running.clear()
    standin.requests.clear()
    with pytest.raises(QueryError, match="stopped before"):
        cluster.run("resources", NOW)
    assert standin.requests == []


def test_a_sign_in_that_fails_is_told_without_the_token():
    class Denied:
        def get_token(self, *_, **__):
            raise RuntimeError("AADSTS700016: no such application\ntrace")

    database = Database("https://contoso.westeurope.kusto.windows.net", "d", Denied())
    assert "Denied" not in repr(database)
    kinds = kusto_wire.package("azure.kusto.data").exceptions
    problem = kinds.KustoAuthenticationError(
        "credential",
        RuntimeError("AADSTS700016: no such\ntrace"),
        token="SECRET",  # noqa: S106
    )
    told = str(kusto_answers.worded(problem, database, timedelta(minutes=1), kinds))
    assert told == f"the sign-in to {database} failed: AADSTS700016: no such"


@pytest.mark.parametrize(
    ("cluster_uri", "credential", "message"),
    [
        ("contoso", object(), "is no cluster"),
        ("ftp://contoso", object(), "is no cluster"),
        ("https://contoso.kusto.windows.net;Fed=false", object(), "is no cluster"),
        ("https://contoso.kusto.windows.net", None, "needs https and a sign-in"),
        ("http://contoso.kusto.windows.net", object(), "needs https and a sign-in"),
        ("http://127.0.0.1:1", object(), "not encrypted"),
        ("https://localhost", None, "reached with http"),
    ],
)
def test_an_address_that_would_leak_or_fail_is_refused(cluster_uri, credential, message):
    with pytest.raises(UsageError, match=message):
        Database(cluster_uri, "d", credential)
    with pytest.raises(UsageError, match="Name a database"):
        Database("http://localhost:1", "")


def test_the_sign_in_goes_to_microsofts_client():
    credential = object()
    built = kusto_wire.connection_string(Database("https://contoso.kusto.windows.net", "d", credential))
    assert built.azure_credential is credential
    assert built.aad_federated_security


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.kusto.ingest", None)
    with pytest.raises(UsageError, match=r"needs azure-kusto-ingest.*pip install 'ztkit\[kusto\]'"):
        Queued.at(Database("http://127.0.0.1:1", "d"))


# --- many tenants

VAULTS = "resources | where type =~ 'microsoft.keyvault/vaults' | project id, status = 'pass', reason = 'r'"


def test_many_tenants_are_evaluated_and_one_that_fails_stops_none(standin, estate, demo, tenant):
    pushed(tenant.workspace, tenant.database)
    where = {name: standin.database_named(name) for name in ("demo", tenant.name, "empty")}
    where["lost"] = Database(standin.url, "lost")
    subjects = [check(query=VAULTS)]
    told = []
    outcomes = evaluate_many(
        {name: partial(KustoInventory.open, database, **QUICK) for name, database in where.items()},
        lambda name, inventory: (name, evaluate(subjects, inventory, NOW, lambda *_: None)[0].passed),
        at_once=2,
        progress=lambda outcome, done: told.append((outcome.tenant, done)),
    )
    assert [outcome.tenant for outcome in outcomes] == list(where)
    assert outcomes[1].result == (tenant.name, (len(HOSTILE) + 1) // 2)
    assert outcomes[0].result[1] > 1
    assert not outcomes[0].error
    assert "There is no snapshot in database empty" in outcomes[2].error
    assert "lost on http" in outcomes[3].error
    assert sorted(name for name, _ in told) == sorted(where)
    assert [done for _, done in told] == [1, 2, 3, 4]


def test_a_defect_is_told_and_only_so_many_run_at_once():
    running, most, guard = [], [], threading.Lock()

    @contextmanager
    def opening():
        yield object()

    def work(name, _inventory):
        with guard:
            running.append(name)
            most.append(len(running))
        time.sleep(0.01)
        with guard:
            running.remove(name)
        return 1 // (name != "t3")

    outcomes = evaluate_many({f"t{n}": opening for n in range(9)}, work, at_once=3)
    assert max(most) <= 3
    assert [outcome.result for outcome in outcomes] == [1, 1, 1, None, 1, 1, 1, 1, 1]
    assert outcomes[3].error.startswith("defect: ZeroDivisionError")


def test_an_interruption_stops_what_runs_and_what_waits():
    began, stopped = [], threading.Event()

    @contextmanager
    def opening():
        yield SimpleNamespace(cancel=stopped.set)

    def work(name, _inventory):
        began.append(name)
        if name == "t0":
            return
        assert stopped.wait(20)
        return

    def interrupts(_outcome, _done):
        while len(began) < 2:
            time.sleep(0.001)
        raise StoppedError("Interrupted.")

    with pytest.raises(StoppedError):
        evaluate_many({f"t{n}": opening for n in range(5)}, work, at_once=1 + 1, progress=interrupts)
    assert stopped.is_set()
    assert len(began) < 5


# --- the verbs


def findings(root, assessment):
    """Findings of an assessment, in an order of their own."""
    rows = pq.read_table(root / "assessments" / assessment.id / "findings.parquet").to_pylist()
    return sorted(rows, key=lambda row: (row["check"], row["id"]))


def exceptions_on(library, workspace, of):
    """Accept every other failing resource of one check of a tenant, in a workspace."""
    with open_snapshot(of, of.snapshots()[-1]) as inventory:
        for subject in library.checks.values():
            _, found = run_check(subject, inventory, NOW)
            failing = [row["id"] for row in found.to_pylist() if row["status"] == "fail"]
            if len(failing) > 3:
                break
    accepted = RiskException(
        criterion=subject.id,
        resources=tuple(failing[::2]),
        reason="r",
        approver="CISO",
        expires=date(2999, 1, 1),
    )
    workspace.write_exceptions((accepted,))


def verb(*args, code=0):
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if "--json" in args else done.output


@pytest.fixture
def two_checks(monkeypatch):
    """A library of a check that can be run on the hostile tenant, and of one that cannot."""
    chosen = {"data.a": check("data.a", query=VAULTS), "data.b": check("data.b", query="advisorresources")}
    part = replace(LIBRARY, checks=chosen)
    monkeypatch.setattr("ztkit.content.library.shipped_library", lambda: part)
    return part


def test_the_verbs_push_and_show(standin, tenant):
    at = ("-c", standin.url, "-d", tenant.name)
    said = verb("push", *at, "-w", tenant.workspace.root)
    assert "Note: table resources is partial" in said
    assert "Next: `ztkit kusto assess`" in said
    assert "partial  some '|" in verb("show", *at)
    assert verb("show", *at, "--json")["taken"] == "2026-10-05T08:00:00Z"


def test_tenants_are_assessed_in_workspaces_of_their_own(standin, tenant, tmp_path, two_checks):
    pushed(tenant.workspace, tenant.database)
    folder = tmp_path / "clients"
    called = ("assess", "-c", standin.url, "-d", tenant.name, "-d", "lost", "-o", folder)
    said = verb(*called, code=3)
    assert f"of 2: {tenant.name} in" in said
    assert "of 2: lost failed in" in said
    assert "lost: database lost on http" in said
    assert "tenant" in said.splitlines()[2]
    space = Workspace.open(folder / tenant.name)
    assert [path.name for path in folder.iterdir()] == [tenant.name]
    assert folder.stat().st_mode & 0o077 == space.root.stat().st_mode & 0o077 == 0
    assert space.engagement().organisation == tenant.name
    (identifier,) = space.assessments()
    assessment = space.assessment(identifier)
    assert [(item.id, item.outcome) for item in assessment.checks] == [
        ("data.a", "ok"),
        ("data.b", "unreadable"),
    ]
    assert (assessment.snapshot.source, assessment.snapshot.taken) == ("import", NOW)
    told, lost = verb(*called, "--json", code=3)
    assert (told["tenant"], told["error"], lost["result"]) == (tenant.name, "", None)
    found = told["result"]
    assert found["workspace"] == str(space.root)
    assert (found["assessment"], found["taken"]) == (space.assessments()[-1], "2026-10-05T08:00:00+00:00")
    assert (found["failing"], found["unknown"]) == (0, 1)
    assert found["index"] == assessment.overall.index.model_dump(mode="json")


def test_tenants_are_assessed_as_their_snapshots_are(standin, estate, demo, tenant, tmp_path, monkeypatch):
    """Three tenants in one run, one of them with responses and exceptions of its own, by the checks of the library."""
    part = replace(LIBRARY, checks=dict(list(LIBRARY.checks.items())[::8]))
    monkeypatch.setattr("ztkit.content.library.shipped_library", lambda: part)
    third = Workspace.create(tmp_path / "third", Engagement(organisation="Third"))
    with SnapshotWriter(third, taken=NOW, written=NOW) as writer:
        write_estate(writer, resources=600, seed=7)
        writer.finish("demo", ["seed 7"], {})
    offline = {"demo": estate, tenant.name: tenant.workspace, "third": third}
    pushed(tenant.workspace, tenant.database)
    pushed(third, standin.database_named("third"))
    names = tmp_path / "names.txt"
    names.write_text(f"\ufeff{tenant.name}\r\n\r\n third \r\n", encoding="utf-8")

    folder = tmp_path / "clients"
    own = Workspace.create(folder / "third", Engagement(organisation="Third Ltd", assessor="A"))
    for workspace in (own, third):
        workspace.add_responses(responses(LIBRARY, seed=1, quarter=3))
        exceptions_on(part, workspace, third)
    moment = ("--at", "2026-10-05T09:00:00")
    called = ("assess", "-c", standin.url, "-d", "demo", "--databases", names, "-o", folder, "--at-once", 3)
    told = verb(*called, *moment, "--json")
    assert [item["tenant"] for item in told] == ["demo", tenant.name, "third"]
    for name, workspace in offline.items():
        source = SnapshotOf(workspace, workspace.snapshots()[-1])
        expected = assess(workspace, part, source, Plan(datetime(2026, 10, 5, 9, tzinfo=UTC)))
        made = Workspace.open(folder / name).assessment("latest")
        change = {"id": made.id, "organisation": made.organisation, "assessor": made.assessor}
        assert made == expected.model_copy(update=change)
        assert findings(folder / name, made) == findings(workspace.root, expected)
    assert own.engagement().organisation == "Third Ltd"
    assert [item.state for item in made.exceptions] == ["in-force"]
    assert any(item.rule == "attested" for item in made.criteria)


def test_a_run_that_is_stopped_writes_no_assessment_of_what_it_did_not_ask(
    tenant, cluster, two_checks, tmp_path
):
    space = Workspace.create(tmp_path / "x", Engagement(organisation="x"))
    with pytest.raises(StoppedError):
        assess(space, two_checks, OnCluster(cluster), Plan(NOW), lambda _: cluster.cancel())
    assert space.assessments() == []


def test_a_databases_name_leads_nowhere_but_into_the_folder(tmp_path):
    names = ["a.b", "..", ".hidden", "with space", "a/../../b", "C:\\x", "end.", "ü"]
    folders = _folders(tmp_path, names)
    assert [folders[name].name for name in names[:4]] == ["a.b", "%2E%2E", "%2Ehidden", "with space"]
    assert len({folder.name.lower() for folder in folders.values()}) == len(names)
    for folder in folders.values():
        assert folder.resolve().parent == tmp_path.resolve()
        assert not folder.name.endswith((".", " "))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("assess", "-c", "http://127.0.0.1:1", "-d", "a", "-d", "A", "-o", "x"), "'A' is named twice"),
        (("assess", "-c", "http://127.0.0.1:1", "-o", "x"), "Name a database with -d"),
        (
            ("assess", "-c", "http://127.0.0.1:1", "-o", "x", "--databases", "nowhere.txt"),
            "nowhere.txt cannot be read",
        ),
        (("assess", "-c", "http://127.0.0.1:1", "-d", "a", "-o", "x", "--without", "y"), "no service 'y'"),
        (("push", "-c", "http://127.0.0.1:1", "-d", "a"), "no snapshot"),
    ],
)
def test_a_wrong_call_is_told(tmp_path, args, message):
    workspace = Workspace.create(tmp_path / "w", Engagement(organisation="x"))
    with pytest.raises(UsageError, match=message):
        verb(*args, *(("-w", workspace.root) if args[0] == "push" else ()))
