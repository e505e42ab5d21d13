"""Reading each dynamic column once: other columns, the same answer."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import duckdb_kql
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ztkit.content.library import shipped_library
from ztkit.engine.dialect import rewrite
from ztkit.engine.offline import GROUP_JSON, OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.engine.shredding import Part, shred, take_parts
from ztkit.engine.translation import translate
from ztkit.errors import QueryError
from ztkit.model.snapshot import COLUMNS, TableManifest

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ROWS = [
    {
        "id": "/a/b/c",
        "name": "One",
        "type": "t",
        "sku": {"name": "S1", "tier": "Standard"},
        "properties": {
            "s": "Text",
            "n": 3,
            "b": True,
            "o": {"k": "v", "@odata.type": "#x"},
            "l": [{"p": 1}, {"p": 2}],
            "dots.in": "a name",
            "none": [None, "y"],
        },
    },
    {
        "id": "/d/e/f",
        "name": "",
        "type": "u",
        "properties": {"s": "", "n": "4", "b": "true", "o": {}, "l": []},
    },
    {"id": "/g/h/i", "name": "Three", "type": "t", "properties": {}},
    {"id": "/j/k/l", "name": "Four", "type": "u"},
]
QUERIES = (
    "resources | where properties.s =~ 'text' | project id, x = tostring(properties.s)",
    "resources | extend x = tostring(properties.o.k), y = properties.o | project id, x, y = tostring(y)",
    "where isnotempty(properties.n) | project id, n = toint(properties.n), b = tobool(properties.b)",
    "| extend x = properties['dots.in'], y = properties.o['@odata.type'] | project id, x = tostring(x), y = tostring(y)",
    "resources | extend x = properties.l[0].p | project id, x = toint(x), tail = tostring(properties.l[-1].p)",
    "resources | mv-expand e = properties.l limit 10 | project id, p = toint(e.p), s = tostring(properties.s)",
    "resources | extend sku = tostring(sku.name) | extend z = strcat(sku, '!') | project id, sku, z",
    "resources | extend properties = properties.o | extend x = tostring(properties.k) | project id, x",
    "resources | mv-expand properties = properties.l limit 10 | project id, x = toint(properties.p)",
    "resources | project id, properties | extend x = tostring(properties.s) | project id, x",
    "resources | summarize n = count(), s = max(tostring(properties.s)) by type, k = tostring(sku.tier)",
    "resources | extend n = array_length(properties.l) | summarize total = sum(n) by type | where total > 0 | project type, total",
    "resources | where type =~ 't' | extend key = id | join kind=leftouter (resources | where type =~ 'u'"
    " | extend other = tostring(properties.n), key = '/a/b/c' | project key, other) on key | project id, other, s = tostring(properties.s)",
    "resources | where type =~ 't' | extend key = type | join kind=leftouter (resources | where type =~ 'u' | extend key = 't')"
    " on key | project id, left = tostring(properties.s), right = tostring(properties1.s)",
    "resources | where type =~ 't' | project id, s = tostring(properties.s) | union (resources | where type =~ 'u'"
    " | project id, s = tostring(properties.n)) | project id, s",
    "resources | where id has tostring(properties.n) | order by tostring(properties.s) asc, id asc | project id, whole = tostring(properties)",
    "resources | extend c = array_concat(properties.none, properties.l) | mv-expand c limit 9 | project id, c = tostring(c)",
    "resources | mv-expand e = properties.l limit 10 | where toint(e.p) > 0 | extend a = tostring(e.p), b = e.q, c = tostring(e.r.s)"
    " | mv-expand e = properties.l limit 10 | project id, a, b = tostring(b), c, d = toint(e.p)",
    "resources | mv-expand e = properties.l, f = properties.none | project id, a = tostring(e.p), b = tostring(e.q), c = e.r, d = e.p, f = tostring(f)",
    "resources | extend p = tostring(split(id, '/')[1]), q = tostring(split(id, '/')[-1]), r = tostring(split(id, '/')[9]) | project id, p, q, r",
    "resources | extend n = tolong(properties.n) | extend m = tolong(tostring(n)) | project id, n, m = m + 1",
)


def plain(query):
    """The answer of the translator alone, on tables as they are."""
    rewritten = rewrite(query)
    schema = {source.view: list(COLUMNS) for source in rewritten.sources}
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        for view in {source.view for source in rewritten.sources} - {"resources"}:
            opened._connection.table("resources").create_view(view)
        sql = str(duckdb_kql.to_sql(rewritten.kql, schema=schema))
        return in_order(opened._connection.cursor().execute(sql).to_arrow_table())


def in_order(table):
    return sorted(map(str, table.to_pylist()))


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
@pytest.mark.parametrize("query", [query for query in QUERIES if "array_concat" not in query])
def test_the_answer_is_that_of_the_query_as_it_stands(query):
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        assert in_order(opened.run(query, NOW)) == plain(query)


def test_an_array_with_an_absent_element_joins_like_any_other():
    """The translator alone ends in an error here that takes the whole connection with it."""
    query = next(query for query in QUERIES if "array_concat" in query)
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        found = [row["c"] for row in opened.run(query, NOW).to_pylist() if row["id"] == "/a/b/c"]
    assert found == ["", "y", '{"p":1}', '{"p":2}']


def run_alone(query):
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        return opened.run(query, NOW)


@pytest.fixture
def snapshot(tmp_path):
    """The rows in a file, and a place for what is held of them."""
    pq.write_table(to_arrow(ROWS), tmp_path / "resources.parquet")
    tables = {"resources": TableManifest(name="resources", rows=len(ROWS), status="complete")}
    with OfflineInventory.from_files(
        {"resources": tmp_path / "resources.parquet"}, tables, tmp_path
    ) as opened:
        yield opened


def held(folder):
    """Files with rows that several queries read."""
    return sorted(folder.glob(".spilled-*/*.parquet"))


@pytest.mark.parametrize("query", QUERIES)
def test_queries_that_share_their_rows_answer_as_each_alone(query, snapshot, tmp_path):
    expected = in_order(run_alone(query))
    assert len(snapshot.expect(QUERIES)) == len(QUERIES)
    found = {other: in_order(snapshot.run(other, NOW)) for other in QUERIES}
    assert found[query] == expected
    shared = list(snapshot._shared.values())
    assert shared
    assert all(item.made for item in shared)
    assert held(tmp_path) == sorted(item.file for item in shared)
    snapshot.close()
    assert held(tmp_path) == []


def test_queries_that_are_expected_later_share_what_they_need(snapshot):
    few, more = QUERIES[:6], QUERIES[6:]
    expected = [in_order(run_alone(query)) for query in QUERIES]
    snapshot.expect(few)
    found = [in_order(snapshot.run(query, NOW)) for query in few]
    snapshot.expect(more)
    assert [*found, *(in_order(snapshot.run(query, NOW)) for query in more)] == expected


def test_where_shared_rows_cannot_be_written_each_query_reads_anew(snapshot, tmp_path):
    expected = [in_order(run_alone(query)) for query in QUERIES]
    snapshot.expect(QUERIES)
    for shared in snapshot._shared.values():
        shared.file.mkdir()  # no file can be made there
    assert [in_order(snapshot.run(query, NOW)) for query in QUERIES] == expected
    assert all(shared.refused and not shared.made for shared in snapshot._shared.values())


def test_what_was_written_before_the_disk_was_full_is_deleted(snapshot, tmp_path, monkeypatch):
    expected = [in_order(run_alone(query)) for query in QUERIES]

    def fill(writer, *_, **__):
        writer.file_handle.write(b"x" * 1000)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", fill)
    snapshot.expect(QUERIES)
    assert [in_order(snapshot.run(query, NOW)) for query in QUERIES] == expected
    assert all(shared.refused for shared in snapshot._shared.values())
    assert held(tmp_path) == []


def test_shared_rows_with_long_json_lie_in_small_groups(tmp_path):
    """DuckDB works on a whole group at a time, and its functions on JSON take several times the bytes of it."""
    rows = [
        {"id": f"/{number:05}", "type": "t", "properties": {"s": f"{number}", "l": [{"p": "x" * 900}]}}
        for number in range(3_000)
    ]
    pq.write_table(to_arrow(rows), tmp_path / "resources.parquet")
    tables = {"resources": TableManifest(name="resources", rows=len(rows), status="complete")}
    query = "resources | where type == 't' | mv-expand e = properties.l | project id, s = toint(properties.s), p = strlen(e.p)"
    with OfflineInventory.from_files(
        {"resources": tmp_path / "resources.parquet"}, tables, tmp_path
    ) as opened:
        opened.expect([query, f"{query}, e"])
        found = opened.run(query, NOW).to_pylist()
        (file,) = held(tmp_path)
        groups = pq.ParquetFile(file).metadata
    assert sorted(found, key=repr) == [
        {"id": f"/{number:05}", "s": number, "p": 900} for number in range(3_000)
    ]
    sizes = [groups.row_group(number).total_byte_size for number in range(groups.num_row_groups)]
    assert len(sizes) > 8
    assert max(sizes) < 1.5 * GROUP_JSON


@pytest.mark.parametrize(
    "name", ["a [1]", "it's", "star*", "q?", "{x,y}", "ü ñ", "a%20b", "year=2026", 'q"uote']
)
def test_a_workspace_may_have_any_name(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    pq.write_table(to_arrow(ROWS), folder / "resources.parquet")
    tables = {"resources": TableManifest(name="resources", rows=len(ROWS), status="complete")}
    with OfflineInventory.from_files({"resources": folder / "resources.parquet"}, tables, folder) as opened:
        opened.expect(QUERIES[:6])
        found = [in_order(opened.run(query, NOW)) for query in QUERIES[:6]]
        assert all(shared.made for shared in opened._shared.values())
    assert found == [in_order(run_alone(query)) for query in QUERIES[:6]]


def test_rows_that_one_query_reads_are_not_written(snapshot, tmp_path):
    snapshot.expect(QUERIES[:1])
    snapshot.run(QUERIES[0], NOW)
    assert held(tmp_path) == []


def test_queries_that_run_at_once_share_their_rows(snapshot):
    expected = [in_order(run_alone(query)) for query in QUERIES]
    snapshot.expect(QUERIES)
    with ThreadPoolExecutor(4) as pool:
        assert [
            in_order(rows) for rows in pool.map(lambda query: snapshot.run(query, NOW), QUERIES)
        ] == expected


def test_what_a_query_reads_is_rows_times_values():
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        one = "resources | where type =~ 't' | project id, x = tostring(properties.s)"
        other = "resources | where type =~ 'no such type' | project id, x = tostring(properties.s)"
        sizes = opened.expect([one, other, "resources | nonsense", "securityresources | project id"])
    of_type = sum(row["type"] == "t" for row in ROWS)
    assert sizes == [2 * of_type, 0, 0, 0]


def test_expecting_a_query_that_is_wrong_is_no_error_until_it_runs():
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        opened.expect(["resources | nonsense", "resources | project id"])
        with pytest.raises(QueryError):
            opened.run("resources | nonsense", NOW)


def test_what_is_read_of_a_column_is_in_the_view_and_the_column_is_not():
    (view,) = translate("resources | where type =~ 't' | project id, x = tostring(properties.a.b)").views
    assert view.parts == (Part("properties", '$."a"."b"', text=True),)
    assert view.columns == ("id",)


def test_a_column_that_is_needed_whole_stays():
    (view,) = translate("resources | project id, x = tostring(properties.a), y = tostring(properties)").views
    assert "properties" in view.columns


@pytest.mark.parametrize(
    "query",
    [
        "resources | where properties.a == 1",
        "resources | extend properties = 1 | project x = properties.a",
    ],
)
def test_nothing_is_marked_where_columns_of_ours_would_show_or_the_column_is_another(query):
    assert not any(view.parts for view in translate(query).views)


def test_every_token_stays_on_its_line():
    marked = shred(
        "resources\n| where type =~ 't'\n| extend x = properties\n.a.b\n| project x, y = sku.name"
    ).kql
    assert [line[:9] for line in marked.splitlines()] == [
        "resources",
        "| where t",
        "| extend ",
        "",
        "| project",
    ]


def test_a_mark_that_the_translator_writes_otherwise_is_noticed():
    part = Part("properties", '$."a"', text=False)
    mark = f"ztkitPart_{part.name}"
    assert take_parts(f"""json_extract("properties", '$.{mark}')""", [part], []) == f'"{part.name}"'
    assert take_parts(f"""json_get("properties", '{mark}')""", [part], []) is None


def test_nearly_every_check_reads_parts():
    checks = shipped_library().checks.values()
    reading = [check for check in checks if "properties" in check.query]
    in_parts = [check for check in reading if any(view.parts for view in translate(check.query).views)]
    assert len(in_parts) > 0.95 * len(reading)


names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("xY é\"'\\", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=4))
def test_any_value_comes_out_as_it_would_without_parts(given_values):
    rows = [
        {"id": f"/{number}", "name": "n", "type": "t", "properties": {"a": value, "l": [value]}}
        for number, value in enumerate(given_values)
    ]
    takes = "x = tostring({0}.a), y = tostring({0}.a.b), z = tostring({0}.l[0]), w = isempty({0}.a.c)"
    in_parts = f"resources | project id, {takes.format('properties')}"
    whole = f"resources | extend other = properties | project id, {takes.format('other')}"
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as opened:
        assert in_order(opened.run(in_parts, NOW)) == in_order(opened.run(whole, NOW))
