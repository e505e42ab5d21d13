"""A statement for the types of its columns answers as the translator's own; an array read in one pass as one element after the other."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb_kql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ztkit.engine import offline
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.engine.specialise import specialise
from ztkit.engine.translation import translate
from ztkit.model.snapshot import COLUMNS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SCHEMA = {"resources": list(COLUMNS)}
ROWS = [
    {
        "id": "/a",
        "name": "One",
        "type": "t",
        "tags": {"k": "v"},
        "properties": {
            "n": 3,
            "m": 0,
            "b": True,
            "s": "A/b/C",
            "l": [{"p": 1, "q": "x"}, {"p": "2"}, 7],
            "w": "2026-11-01T00:00:00Z",
        },
    },
    {
        "id": "/B",
        "name": "two",
        "type": "u",
        "properties": {"n": "4", "b": "false", "s": "", "l": [], "o": {"k": [1, 2]}},
    },
    {
        "id": "/c",
        "name": "",
        "type": "t",
        "properties": {"l": {"p": 5, "q": {"z": 1}}, "s": "null", "n": 2.5},
    },
    {"id": "/d", "name": "two", "type": "u"},
]
QUERIES = (
    "resources | extend x = tostring(properties.s) | project id, y = iff(x =~ 'null', 'n', strcat(x, '!')), z = isempty(x)",
    "resources | extend n = toint(properties.n) | project id, n, t = strcat('n', n), c = coalesce(n, 0), e = isnotempty(tostring(n))",
    "resources | extend p = split(tostring(properties.s), '/') | project id, a = tostring(p[0]), b = tolower(tostring(p[2])), n = array_length(p)",
    "resources | project id, a = tostring(split(id, '/')[1]), b = isempty(split(id, '/')[1])",
    "resources | extend q = split(id, '/')[1] | project id, q, t = tostring(q)",
    "resources | summarize n = count(), names = make_set(name), most = max(toint(properties.n)) by type | project type, n, s = strcat_array(array_sort_asc(names), ','), most",
    "resources | extend k = tolower(name), unread = tostring(properties.s) | distinct k | order by k asc",
    "resources | extend k = tolower(name), m = tostring(properties.m) | project k, m, id | where m == '' | order by id asc",
    "resources | extend k = type | join kind=leftouter (resources | summarize n = count(), big = countif(toint(properties.n) > 2) by k = type) on k | project id, n, big, c = coalesce(big, 0) + 1",
    "resources | extend k = 'x' | join kind=inner (resources | extend k = 'x', other = tostring(properties.b) | project k, other, name) on k | project id, other, name1",
    "resources | where type =~ 't' | project id, a = 1 | union (resources | where type =~ 'u' | project id, a = 2) | project id, a",
    "resources | mv-expand e = properties.l | project id, a = tostring(e.p), b = e.q, c = tostring(e.q.z)",
    "resources | mv-expand e = properties.l | where tostring(e.p) != '' | extend d = toint(e.p) | project id, d, q = tostring(e.q), z = e.q.z",
    "resources | mv-expand e = properties.l | project id, a = tostring(e.p), b = tostring(e.q), c = tostring(e.q.z), whole = tostring(e)",
    "resources | mv-expand e = properties.l | summarize n = count(), p = make_set(tostring(e.p)), q = make_set(tostring(e.q)), z = make_set(tostring(e.x)) by id | project id, n, p = strcat_array(array_sort_asc(p), ','), q = strcat_array(array_sort_asc(q), ',')",
    "resources | extend w = todatetime(properties.w) | project id, old = w < ago(30d), t = iff(isnull(w), 'never', 'once')",
    "resources | project id, t = case(tobool(properties.b), 'yes', toint(properties.n) > 3, 'many', 'no'), k = tags.k =~ 'V'",
    "resources | where properties.s has 'b' or name in~ ('TWO', 'x') | project id, r = replace_string(name, 'o', '0')",
    "resources | extend n = todouble(properties.n) | project id, d = n / 2, i = toint(n), s = strcat(round(n, 1), '')",
    "resources | project id, b = coalesce(tobool(properties.b), true), c = coalesce(tobool(tags.k), tobool(properties.b))",
    "resources | extend n = todouble(properties.n), i = toint(properties.n) | project id, a = coalesce(n, i), b = coalesce(i, 7)",
    "resources | extend w = todatetime(properties.w), v = now() | project id, d = coalesce(w, v), s = coalesce(tostring(properties.s), name)",
)
"""Queries in which types differ from stage to stage, and columns are read late, under another name, or never."""


def in_order(rows):
    return sorted(rows.to_pylist(), key=repr)


def plainly(inventory, query):
    """What the translator's own statement answers, with none of our modules but the views."""
    translated = duckdb_kql.to_sql(query, schema=SCHEMA, query_now=NOW)
    found = inventory._connection.execute(str(translated), dict(translated.parameters) or None)
    return found.to_arrow_table()


@pytest.fixture(scope="module")
def inventory():
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        yield opened


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
@pytest.mark.parametrize("query", QUERIES)
def test_the_answer_is_that_of_the_translators_own_statement(inventory, query):
    assert in_order(inventory.run(query, NOW)) == in_order(plainly(inventory, query))


@pytest.mark.parametrize("query", QUERIES)
def test_the_answer_is_the_same_where_much_is_read(inventory, query, monkeypatch):
    expected = inventory.run(query, NOW)
    monkeypatch.setattr(offline, "MANY_ROWS", -1)
    found = inventory.run(query, NOW)
    assert in_order(found) == in_order(expected)
    assert found.schema == expected.schema


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
@pytest.mark.parametrize(
    "text",
    [
        'ztkit_text("name")',
        "CASE WHEN TRUE THEN 1 END ",
        "(WITH _s0 AS (SELECT * FROM x",
        'CAST(to_json("name") AS JSON[])',
        "TRUE AND FALSE THEN ",
        "\N{SECTION SIGN}0",
        "SELECT DISTINCT * UNION",
    ],
)
def test_text_that_looks_like_a_statement_stays_text(inventory, text):
    literal = "'" + text + "'"
    query = f"resources | extend z = strcat(name, {literal}) | where z !~ {literal} | project id, z, y = tolower({literal})"
    assert in_order(inventory.run(query, NOW)) == in_order(plainly(inventory, query))
    assert set(inventory.run(query, NOW)["y"].to_pylist()) == {text.lower()}


def test_what_is_written_for_other_types_goes():
    query = "resources | extend x = tolower(tostring(properties.s)) | project id, y = iff(x =~ 'A', strcat(x, 'b'), 'c')"
    sql = translate(query).sql
    assert "typeof" not in sql
    assert "ztkit_" not in sql
    assert "CASE WHEN coalesce" in sql or "CASE WHEN (coalesce" in sql


def test_a_column_goes_with_the_last_stage_that_reads_it():
    sql = translate(
        "resources | extend a = tostring(properties.a) | extend b = strcat(a, kind) | extend c = 1 | project id, b, c"
    ).sql
    after = sql[sql.index('AS "b"') :]
    assert '"kind"' not in after
    assert '"b"' in after


@pytest.mark.parametrize("ending", ["| where id != ''", "| take 5"])
def test_no_column_goes_where_all_come_out(inventory, ending):
    query = f"resources | extend a = name, b = tolower(type) {ending}"
    assert set(inventory.run(query, NOW).column_names) == {*COLUMNS, "a", "b"}


def test_a_statement_that_is_not_the_translators_stays_as_it_is():
    for sql in ("SELECT 1", "WITH _s0 AS (SELECT nonsense FROM nowhere) SELECT * FROM _s0", "no SQL at all"):
        assert specialise(sql, {}) == sql


def test_an_array_is_read_in_one_pass_only_where_nothing_reads_its_elements_whole():
    taken = "a = tostring(e.p), b = tostring(e.q), c = tostring(e.r.z)"
    assert "json_transform" in translate(f"resources | mv-expand e = properties.l | project id, {taken}").sql
    for other in (
        "whole = e",
        "whole = tostring(e)",
        "other = isnull(e)",
        "either = tostring(e.P)",
        "both = e.p",
        "under = tostring(e.q.z)",
    ):
        query = f"resources | mv-expand e = properties.l | project id, {taken}, {other}"
        assert "json_transform" not in translate(query).sql


names = st.sampled_from(["p", "q", "z"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(-9, 9).map(lambda x: round(x, 2))
    | st.text("xY é\"'\\,", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=4))
def test_any_element_comes_out_as_the_translators_own_statement_gives_it(arrays):
    rows = [
        {"id": f"/{number}", "type": "t", "properties": {"l": array}} for number, array in enumerate(arrays)
    ]
    query = "resources | mv-expand e = properties.l | project id, a = tostring(e.p), b = tostring(e.q.z), c = tostring(e.z), d = tostring(e.q.p)"
    assert "json_transform" in translate(query).sql
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as opened:
        assert in_order(opened.run(query, NOW)) == in_order(plainly(opened, query))


DATES = {
    "2026-01-02T03:04:05.6789012Z": "2026-01-02 03:04:05.678901",
    "2026-01-02T03:04:05+02:00": "2026-01-02 01:04:05",
    "2026-01-02": "2026-01-02 00:00:00",
    "01-02-2026": "2026-01-02 00:00:00",
    "1/2/2026": "2026-01-02 00:00:00",
    "01/02/2026 03:04:05": "2026-01-02 03:04:05",
    "2 Jan 2026": "2026-01-02 00:00:00",
    "Jan 2, 2026": "2026-01-02 00:00:00",
    "Fri, 02 Jan 2026 03:04:05 GMT": "2026-01-02 03:04:05",
    "20260102": "2026-01-02 00:00:00",
    "0001-01-01T00:00:00Z": "0001-01-01 00:00:00",
    "": None,
    "null": None,
    "never": None,
    "[]": None,
}


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
def test_a_date_is_read_however_it_is_written_and_else_absent():
    values = [*DATES, None, 20260102, 3.5, True, [], {}, ["2026-01-02"]]
    rows = [
        {"id": f"/{number}", "type": "t", "name": str(value), "properties": {"w": value}}
        for number, value in enumerate(values)
    ]
    query = "resources | project id, name, w = todatetime(properties.w), n = todatetime(name)"
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as opened:
        found = in_order(opened.run(query, NOW))
        assert found == in_order(plainly(opened, query))
    assert {row["name"]: row["n"] and str(row["n"]) for row in found if row["name"] in DATES} == DATES
