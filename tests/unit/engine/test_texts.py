"""A text is a text, whatever it reads like; and a value that is no array ends no query."""

from datetime import UTC, datetime

import pytest

from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.errors import QueryError

NOW = datetime(2026, 1, 15, tzinfo=UTC)
TEXTS = [
    *(
        "[]",
        "[1]",
        '["a"]',
        "[[1],[2]]",
        "{}",
        '{"a":1}',
        "null",
        "true",
        "3",
        '"x"',
        "'x'",
        "[a",
        "\\",
        "é\n",
        "",
    ),
    *("TRY_CAST(x AS JSON[])", "json_type(TRY_CAST('' AS JSON)) = 'ARRAY'", "$kqlnow", "%s", "{0}"),
]
ROWS = [
    {
        "id": f"/{number}",
        "type": "t",
        "name": text,
        "properties": {"text": text, "array": [text], "object": {"text": text}},
    }
    for number, text in enumerate(TEXTS)
]
EACH = "| mv-expand one = all limit 1000 | project id = tostring(one)"
QUERIES = [
    f"resources | summarize all = make_set(name) by type {EACH}",
    f"resources | summarize all = make_list(name) by type {EACH}",
    f"resources | extend text = tostring(properties.text) | summarize all = make_set(text) by type {EACH}",
    f"resources | summarize all = make_set(properties.text) by type {EACH}",
    f"resources | summarize all = make_set(properties.array) by type {EACH}",
    f"resources | summarize all = make_list(properties.text) by type {EACH}",
    f"resources | summarize all = make_set(iff(id != '', name, '')) by type {EACH}",
    f"resources | summarize all = make_set(strcat(name, '')) by type {EACH}",
    f"resources | extend all = properties.array {EACH}",
    "resources | project id = tostring(properties.array[0])",
    "resources | project id = tostring(properties.object.text)",
    "resources | extend p = bag_pack('a', name) | project id = tostring(p.a)",
    "resources | extend p = pack_array(name) | project id = tostring(p[0])",
    "resources | extend p = array_concat(pack_array(name), dynamic([])) | project id = tostring(p[0])",
    "resources | project id = tostring(split(name, '§')[0])",
    "resources | project id = coalesce(tostring(properties.nothing), name)",
    "resources | summarize all = make_set(name) by id | project id = strcat_array(array_sort_asc(all), ',')",
    "resources | summarize all = make_list(name) by id | project id = strcat_array(array_sort_asc(all), ',')",
    "resources | summarize all = make_set(name) by id, name | where set_has_element(all, name) | project id = name",
    "resources | summarize arg_max(id, name) by key = id | project id = name",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_text_stays_what_it_is(query):
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as inventory:
        assert sorted(inventory.run(query, NOW)["id"].to_pylist()) == sorted(TEXTS)


@pytest.mark.parametrize("odd", [None, 0, 3.5, True, "x", "[1]", {}, {"a": 1}, [None], [[1]]], ids=repr)
@pytest.mark.parametrize(
    "query",
    [
        "resources | mv-expand one = properties.items limit 100 | summarize c = count() by id | project id",
        "resources | extend all = array_concat(properties.items, dynamic([1])) | project id",
        "resources | project id, sorted = strcat_array(array_sort_asc(properties.items), ',')",
        "resources | extend all = array_concat(coalesce(properties.items, dynamic([])), coalesce(properties.more, dynamic([])))"
        " | mv-expand one = all limit 100 | summarize c = countif(isnotnull(one)) by id | project id",
        "resources | summarize all = make_set(properties.items) by id | project id",
        "resources | project id, l = array_length(properties.items), h = set_has_element(properties.items, 'a')",
        "resources | where tostring(properties.items[0].name) != 'none' | project id",
    ],
)
def test_a_value_that_is_no_array_ends_no_query(query, odd):
    rows = [
        {"id": "/odd", "type": "t", "properties": {"items": odd}},
        {"id": "/plain", "type": "t", "properties": {"items": ["a", "b"]}},
    ]
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as inventory:
        assert "/plain" in inventory.run(query, NOW)["id"].to_pylist()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("tostring(split(name, ','))", '["a","b"]'),
        ("strcat('x', split(name, ','))", 'x["a","b"]'),
        ("tostring(properties.items)", '["c",1,null]'),
        ("strcat(properties.items, '.')", '["c",1,null].'),
        ("tostring(pack_array(name, 1))", '["a,b",1]'),
        ("tostring(extract_all('([a-z])', name))", '["a","b"]'),
        ("tostring(array_sort_desc(split(name, ',')))", '["b","a"]'),
        ("tostring(array_concat(split(name, ','), properties.items))", '["a","b","c",1,null]'),
    ],
)
def test_the_text_of_an_array_is_json(value, text):
    rows = [{"id": "/a", "type": "t", "name": "a,b", "properties": {"items": ["c", 1, None]}}]
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as inventory:
        assert inventory.run(f"resources | project v = {value}", NOW)["v"].to_pylist() == [text]
        query = f"resources | extend v = {value} | summarize n = count() by v | project v"
        assert inventory.run(query, NOW)["v"].to_pylist() == [text]


@pytest.mark.parametrize("summary", ["make_list(name)", "make_set(name)", "make_list(properties.text)"])
@pytest.mark.parametrize("tail", ["", " | extend v = tostring(v)", " | extend v = strcat('', v)"])
def test_the_text_of_a_summary_is_json(summary, tail):
    rows = [{"id": "/a", "type": "t", "name": "a, 'b'", "properties": {"text": "a, 'b'"}}]
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as inventory:
        inner = summary if tail else f"tostring({summary})"
        found = inventory.run(f"resources | summarize v = {inner}{tail}", NOW)
    assert found["v"].to_pylist() == ["[\"a, 'b'\"]"]


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("v = make_set(name, 2)", {"v": '["n0","n1"]'}),
        ("v = makeset(iff(name == 'n0', '', name),\n 3)", {"v": '["","n1","n2"]'}),
        ("v = make_set(tolower(name), 2), n = count()", {"v": '["n0","n1"]', "n": 9}),
        ("make_set(name, 2), make_list(name, 1)", {"set_name": '["n0","n1"]', "list_name": '["n0"]'}),
        ("n = count(), make_set(toupper(name), 1)", {"n": 9, "set_": '["N0"]'}),
        ("v = tostring(make_list(name, 2))", {"v": '["n0","n1"]'}),
        (
            "v = make_list(name, 100)",
            {"v": str([f"n{number}" for number in range(9)]).replace("'", '"').replace(" ", "")},
        ),
    ],
)
def test_a_set_or_list_is_cut_at_its_number(summary, expected):
    rows = [{"id": f"/{number}", "type": "t", "name": f"n{number}"} for number in range(9)]
    with OfflineInventory.from_tables({"resources": to_arrow(rows)}) as inventory:
        assert inventory.run(f"resources | summarize {summary}", NOW).to_pylist() == [expected]


def test_an_error_after_a_set_that_is_cut_names_its_line():
    query = "resources\n| summarize v = make_set(name\n, 2)\n| extend w = bag_keys(v)"
    with (
        OfflineInventory.from_tables({"resources": to_arrow([])}) as inventory,
        pytest.raises(QueryError, match="line 4"),
    ):
        inventory.run(query, NOW)
