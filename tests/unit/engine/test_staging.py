"""Nested calls computed first: another text, the same answer, in SQL that does not grow by a power."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb_kql
import pytest

from ztkit.content.kql import sources, tokenize
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.engine.simplify import macros
from ztkit.engine.staging import PREFIX, stage
from ztkit.engine.translation import columns_used, translate
from ztkit.model.snapshot import COLUMNS

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ROWS = [
    {
        "id": "/a/b",
        "name": "One",
        "type": "t",
        "properties": {"n": 3, "b": True, "s": "Text", "l": ["x", "Y"], "o": {"k": "v"}},
    },
    {
        "id": "/c/d",
        "name": "",
        "type": "t",
        "properties": {"n": "4", "b": "false", "s": None, "l": [], "o": {}},
    },
    {"id": "/e/f", "name": "Three", "type": "t", "properties": {}},
]
SCHEMA = {"resources": list(COLUMNS)}
EXPRESSIONS = (
    "tolower(tostring(properties.s))",
    "strcat('a', tostring(properties.n), '-', tolower(name))",
    "strcat('a', iff(tobool(properties.b), strcat('b', tostring(properties.n)), 'c'), 'd')",
    "iff(tobool(tostring(properties.b)), strcat('yes ', tolower(name)), coalesce(tostring(properties.s), 'no'))",
    "coalesce(tostring(properties.o.k), strcat('n', tostring(properties.n)))",
    "tostring(array_length(split(tostring(properties.l), ',')))",
    "strcat_array(split(tolower(id), '/'), '|')",
    "tostring(isempty(tostring(properties.s)))",
    "case(isempty(name), 'none', toint(tostring(properties.n)) > 3, strcat('many ', tostring(toint(properties.n))), 'few')",
    "tostring(split(id, '/')[1])",
    "substring(strcat(tolower(name), 'abcdef'), 1, toint(tostring(properties.n)))",
    "tostring(coalesce(toint(properties.n), toint(substring('12', 0, 1))) + 1)",
)


@pytest.fixture(scope="module")
def inventory():
    with OfflineInventory.from_tables({"resources": to_arrow(ROWS)}) as opened:
        yield opened


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_answer_is_that_of_the_unstaged_query(inventory, expression):
    query = f"resources | extend x = tostring({expression}) | where isnotempty(strcat('a', x)) | order by id asc | project id, x"
    plain = str(duckdb_kql.to_sql(query, schema=SCHEMA))
    assert PREFIX in stage(query)
    assert (
        inventory.run(query, NOW).to_pylist() == inventory._connection.sql(plain).to_arrow_table().to_pylist()
    )


def test_no_column_of_ours_is_left_over(inventory):
    query = "resources | extend x = strcat('a', tostring(array_length(properties.l))) | where tolower(tostring(x)) has 'a'"
    assert PREFIX in stage(query)
    assert inventory.run(query, NOW).column_names == [*COLUMNS, "x"]


def test_every_token_stays_on_its_line():
    query = "resources\n| extend x = strcat('a',\n  iff(tobool(properties.b),\n    'b', 'c'))\n| where bad_function(x)\n| project id"
    staged = stage(query)
    assert PREFIX in staged
    assert staged.splitlines()[4].startswith("| where bad_function")


def test_what_has_no_nested_call_is_left_alone():
    query = "resources | where type =~ 'a' | extend x = tostring(properties.a) | project id, x"
    assert stage(query) == query


def test_calls_in_sub_queries_and_text_in_strings_and_comments():
    query = "resources | join kind=inner (resources | extend k = tolower(tostring(name)) | project id, k) on id // strcat(tostring(1))"
    staged = stage(query)
    assert "| extend _staged0 = tostring(name) | extend k = tolower(_staged0)" in staged
    assert staged.endswith("// strcat(tostring(1))")
    assert stage("resources | extend x = strcat('tostring(a(b))', 'c')").count(PREFIX) == 0


def test_deep_nesting_stays_small():
    expression = "name"
    for _ in range(6):
        expression = f"strcat('x', tolower({expression}))"
    assert len(translate(f"resources | extend y = {expression} | project id, y").sql) < 60_000


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("resources | where name == 'a'", list(COLUMNS)),
        ("resources | where name == 'a' | project id, kind", ["id", "name", "kind"]),
        ("resources | summarize count() by location", ["id", "location"]),
        ("resources | join (resources) on id | project id, name1", ["id", "name"]),
        ("resources | where ['kind'] == 'x' | project id", ["id", "kind"]),
        ("resources | summarize arg_max(name, *) by type | project id", list(COLUMNS)),
        ("resources | project-away name", list(COLUMNS)),
        ("resources | join (resources | project id, name) on id", list(COLUMNS)),
        ("resources | where type =~ 'a/b' | project id", ["id"]),
        ("resources | where type == 'A/b' | project id", ["id", "type"]),
        ("resources | where type =~ 'a/b' and name == 'x' | project id", ["id", "name"]),
        ("resources | join kind=inner (resources | project id) on id | project id", ["id"]),
    ],
)
def test_columns_that_a_query_can_need(query, columns):
    assert columns_used(query, sources(tokenize(query))[0]) == columns


@pytest.mark.parametrize(
    ("inner", "columns"),
    [
        ("resources | summarize count() by key = name", ["id", "name"]),
        ("resources | where type =~ 'a/b' | project key = name", ["id", "name"]),
        ("resources | where type =~ 'a/b' | extend key = name", ["id", "name", "type", "location"]),
        ("resources | where type =~ 'a/b' | extend kind = 1 | project key = name", ["id", "name", "kind"]),
    ],
)
def test_a_query_within_needs_what_it_names_where_it_says_what_comes_out(inner, columns):
    query = f"resources | join kind=inner ({inner}) on $left.name == $right.key | project id, type, location1"
    assert columns_used(query, sources(tokenize(query))[1]) == columns


def test_every_conversion_that_the_translator_writes_is_known():
    """A new version of the translator that writes them otherwise is noticed here, not by its slowness."""
    assert len(macros()) == 6
    for expression in ("tobool(name)", "toint(name)", "toint(properties.n)"):
        assert "ztkit_" in translate(f"resources | project x = {expression}").sql
    assert "concat('a', coalesce(\"name\", ''))" in translate("resources | project x = strcat('a', name)").sql
    assert "typeof" not in translate("resources | project x = tobool(properties.b), y = strcat('a', 'b')").sql
