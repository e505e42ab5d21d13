"""KQL as Resource Graph takes it, on rows in memory and on a snapshot."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from ztkit.engine import offline
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.engine.translation import Translation
from ztkit.errors import QueryError, TableUnreadableError, UnsupportedConstructError

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ROWS = [
    {
        "id": "/a",
        "name": "a",
        "type": "Microsoft.Storage/storageAccounts",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "secure": True,
            "none": None,
            "kind": "inner",
            "title": "T",
            "rules": [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}],
            "created": "2026-01-10T00:00:00.1234567Z",
        },
    },
    {"id": "/b", "name": "b", "type": "microsoft.keyvault/vaults", "properties": {}},
    {
        "id": "/c",
        "name": "c",
        "type": "microsoft.storage/storageaccounts",
        "properties": {"secure": "false", "rules": []},
    },
]


@pytest.fixture(scope="module")
def inventory():
    with OfflineInventory.from_tables(
        {"resources": to_arrow(ROWS), "resourcecontainers": to_arrow([])}
    ) as opened:
        yield opened


def ids(inventory, query):
    return [row["id"] for row in inventory.run(query, NOW).to_pylist()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("resources | where type =~ 'Microsoft.KeyVault/vaults' | project id", ["/b"]),
        ("Resources | where type == 'microsoft.keyvault/vaults' | project id", ["/b"]),
        ("RESOURCES\n| where type in~ ('MICROSOFT.KEYVAULT/vaults') | project id", ["/b"]),
        ("where type =~ 'microsoft.keyvault/vaults' | project id", ["/b"]),
        ("| where type =~ 'microsoft.keyvault/vaults' | project id", ["/b"]),
        ("project id, type | where type has 'vaults'", ["/b"]),
        ("resources | where kind =~ 'storagev2' | project id", ["/a"]),
        ("resources | extend kind = tolower(kind) | where kind == 'storagev2' | project id, kind", ["/a"]),
        ("resources | where properties.kind == 'inner' | project id", ["/a"]),
        ("resources | where ['kind'] == 'StorageV2' | project id", ["/a"]),
        ("resources | where tostring(properties.title) == 'T' | project id", ["/a"]),
        ("resources | where isnull(properties.none) | order by id asc | project id", ["/a", "/b", "/c"]),
        ("resources | where tobool(properties.secure) == false | project id", ["/c"]),
        ("resources | mvexpand rule = properties.rules | where rule.value == '5.6.7.8' | project id", ["/a"]),
        (
            "resources | mv-expand rule = properties.rules limit 400 | where rule.value has '1.2.3.4' | project id",
            ["/a"],
        ),
        ("resources | where todatetime(properties.created) > ago(6d) | project id", ["/a"]),
        ("resources | where todatetime(properties.created) > ago(4d) | project id", []),
        ("resources | where type =~ 'x' or type =~ 'microsoft.keyvault/vaults' | project id", ["/b"]),
        (
            "resources | where type =~ 'microsoft.keyvault/vaults' or name == 'a' | order by id asc | project id",
            ["/a", "/b"],
        ),
        (
            "resources | where type =~ 'x' or type =~ 'microsoft.keyvault/vaults' and name == 'b' | project id",
            ["/b"],
        ),
        ("resources // where type =~ 'x'\n| where name == 'a' | project id", ["/a"]),
        ("resources | where name == 'where type =~' or name == \"b\" | project id", ["/b"]),
        (
            "resources | where name == 'b' | join kind=leftouter (Resources | where type =~ 'microsoft.keyvault/vaults'"
            " | summarize kinds = dcount(kind) by id) on id | project id, kinds",
            ["/b"],
        ),
        (
            "resources | where name == 'a' | union (resources | where name == 'b') | order by id asc | project id",
            ["/a", "/b"],
        ),
        ("union resources, (resources | where name == 'zz') | where name == 'c' | project id", ["/c"]),
        ("resources | where dynamic_to_json(properties) has 'inner' | project id", ["/a"]),
    ],
)
def test_what_resource_graph_accepts(inventory, query, expected):
    assert ids(inventory, query) == expected


@pytest.mark.parametrize(
    ("query", "construct", "line"),
    [
        ("resources\n| extend x = bag_keys(properties)\n| project id", "bag_keys", 2),
        ("resources\n\n| extend x = replace('a', 'b', name)", "replace()", 3),
        ("resources | extend x = row_number()", "row_number()", 1),
    ],
)
def test_an_unsupported_construct_is_named_with_its_line(inventory, query, construct, line):
    with pytest.raises(UnsupportedConstructError) as problem:
        inventory.run(query, NOW)
    assert construct in str(problem.value)
    assert problem.value.line == line
    assert f"line {line}" in str(problem.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "the query is empty"),
        ("// nothing", "the query is empty"),
        ("resources\n| where name == 'x", "line 2: a string is not closed"),
        ("resources\n| wherever name", "line 2"),
        ("resources | project nothere", "nothere"),
        ("elsewhere", "line 1: there is no table elsewhere; there are resources, "),
        ("resourcez | take 1", "line 1: there is no table resourcez; did you mean resources"),
        (
            "resources\n| join kind=inner (healthresources | project id) on id",
            "line 2: there is no table healthresources; there are .*, and the entities of Microsoft Graph",
        ),
        ("resources | union (Device | take 1), (devise | take 1)", "no table devise; did you mean device"),
        (".drop table resources", "a command"),
        (".set-or-replace resources <| resources", "a command"),
        (".show tables", "a command"),
        ("resources | take 1; resources", "multi-statement"),
    ],
)
def test_a_wrong_query_gives_an_error_and_not_rows(inventory, query, message):
    with pytest.raises(QueryError, match=message):
        inventory.run(query, NOW)


def test_a_table_that_is_not_there_is_named(inventory):
    with pytest.raises(TableUnreadableError, match="line 2: table securityresources"):
        inventory.run("resources\n| join kind=inner (securityresources | project id) on id", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY resources TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
    ],
)
def test_the_connection_reaches_nothing_outside(inventory, statement, tmp_path):
    with pytest.raises(duckdb.Error):
        inventory._connection.execute(statement.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "statement", ["COPY (SELECT 1) TO '{folder}/out.csv'", "SELECT * FROM '{folder}/other.csv'"]
)
def test_a_private_folder_opens_no_other(statement, tmp_path):
    private, outside = tmp_path / "private", tmp_path / "outside"
    private.mkdir()
    outside.mkdir()
    (outside / "other.csv").write_text("a,b\n1,2\n")
    with OfflineInventory.from_files({}, {}, private) as opened:
        (inside,) = private.iterdir()
        for folder in (outside, private, f"{inside}/../../outside"):
            with pytest.raises(duckdb.PermissionException):
                opened._connection.execute(statement.format(folder=folder))
    assert [path.name for path in outside.iterdir()] == ["other.csv"]
    assert list(private.iterdir()) == []


def test_text_from_the_tenant_is_never_part_of_a_statement():
    hostile = "x'; DROP TABLE resources; --"
    rows = [{"id": "/h", "name": hostile, "type": hostile, "properties": {hostile: hostile}}]
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as opened:
        assert ids(opened, "resources | where name has 'DROP' | project id, name") == ["/h"]
        quoted = hostile.replace("'", "\\'")
        assert ids(opened, f"resources | where type =~ '{quoted}' | project id") == ["/h"]
        property_of = f"properties['{quoted}']"
        assert ids(opened, f"resources | where tostring({property_of}) != '' | project id") == ["/h"]
        assert ids(opened, f"resources | mv-expand x = {property_of} | project id, x") == ["/h"]


@pytest.mark.parametrize("many", [20_000, -1])
def test_an_error_that_comes_with_the_rows_is_told_in_a_line(inventory, monkeypatch, many):
    sql = "SELECT CASE i WHEN 50000 THEN error('this row') ELSE 'x' END AS id FROM range(100000) t(i)"
    monkeypatch.setattr(offline, "translate", lambda _: Translation(sql, (), ()))
    monkeypatch.setattr(offline, "MANY_ROWS", many)
    with pytest.raises(QueryError, match=r"^Invalid Input Error: this row$"):
        inventory.run("resources", NOW)
    monkeypatch.undo()
    assert ids(inventory, "resources | project id")


LARGE = (
    "CREATE TABLE large AS SELECT i, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS s FROM range(2000000) t(i)"
)
"""A statement whose rows take more than the memory of the tests below, as shared rows of a large inventory can."""


@pytest.fixture
def little_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(offline, "MEMORY_LIMIT", "80MB")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return elsewhere


def test_rows_that_memory_cannot_hold_go_to_a_private_folder_that_closing_deletes(little_memory, tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    with OfflineInventory.from_files({}, {}, private) as opened:
        opened._connection.execute(LARGE)
        (folder,) = private.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert sum(file.stat().st_size for file in folder.iterdir()) > 10_000_000
        assert opened._connection.execute("SELECT count(DISTINCT s) FROM large").fetchone() == (2_000_000,)
    assert list(private.iterdir()) == []
    assert list(little_memory.iterdir()) == []


@pytest.mark.parametrize("writable", [None, False])
def test_without_a_private_folder_nothing_is_spilled(little_memory, tmp_path, monkeypatch, writable):
    private = None if writable is None else tmp_path
    monkeypatch.setattr(offline.os, "access", lambda *_: False)
    with (
        OfflineInventory.from_files({}, {}, private) as opened,
        pytest.raises(duckdb.Error, match=r"(?i)memory|temp"),
    ):
        opened._connection.execute(LARGE)
    assert list(tmp_path.iterdir()) == [little_memory]
    assert list(little_memory.iterdir()) == []
