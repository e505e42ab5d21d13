"""What is known of a query without running it."""

from __future__ import annotations

import pytest

from ztkit.content.kql import sources, tokenize
from ztkit.content.kql_paths import paths_read
from ztkit.content.lint import microsoft_graph_tables, query_problems, resource_graph_limits

END = "| project id, status, reason"


def tables(query):
    return [(item.table, sorted(item.types) if item.types else None) for item in sources(tokenize(query))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("resources | take 1", [("resources", None)]),
        ("where name == 'x'", [("resources", None)]),
        ("resources | where type =~ 'A/B' | take 1", [("resources", ["a/b"])]),
        ("resources | where type in~ ('a/b', 'C/d') and name == 'x'", [("resources", ["a/b", "c/d"])]),
        ("resources | where type =~ 'a/b' or name == 'x'", [("resources", None)]),
        ("resources | where type =~ 'a/b' or type =~ 'c/d' and name == 'x'", [("resources", None)]),
        ("resources | where type !~ 'a/b'", [("resources", None)]),
        ("resources | where type =~ name", [("resources", None)]),
        ("SecurityResources | where type == 'a/b'", [("securityresources", ["a/b"])]),
        (
            "resources | join kind=inner (policyresources | take 1) on id",
            [("resources", None), ("policyresources", None)],
        ),
        ("union resources, resourcecontainers", [("resources", None), ("resourcecontainers", None)]),
        ("union kind=outer resources, (advisorresources)", [("resources", None), ("advisorresources", None)]),
        ("resources | extend n = properties.resources", [("resources", None)]),
        ("resources | where name == 'policyresources'", [("resources", None)]),
        ("resources // join (policyresources)\n| take 1", [("resources", None)]),
    ],
)
def test_tables_and_types_that_a_query_reads(query, expected):
    assert tables(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("resources | where tobool(properties.a.b)", ["properties.a.b"]),
        (
            "resources | mv-expand r = properties.rules limit 400 | where r.x == 1",
            ["properties.rules", "properties.rules[].x"],
        ),
        ("resources | extend p = properties.a | extend q = p.b.c", ["properties.a", "properties.a.b.c"]),
        ("resources | extend v = properties['a b'][0].c", ["properties.a b[].c"]),
        ("resources | project n = strcat(sku.name, tags.owner)", ["sku.name", "tags.owner"]),
    ],
)
def test_properties_that_a_query_reads(query, expected):
    assert [path for read in paths_read(tokenize(query)) for path in sorted(read.candidates)] == expected


def test_a_name_made_from_two_paths_may_mean_either():
    reads = paths_read(
        tokenize("resources | extend o = coalesce(properties.a, properties.b) | where o.x == 1")
    )
    assert reads[-1].candidates == {"properties.a.x", "properties.b.x"}


def test_a_name_from_nowhere_has_no_candidate():
    assert paths_read(tokenize("resources | where other.x == 1"))[0].candidates == frozenset()


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("let x = 1; resources " + END, "`let`"),
        ("resources | evaluate bag_unpack(tags) " + END, "`evaluate`"),
        ("resources | join kind=leftanti (resources) on id " + END, "leftanti"),
        ("resources " + "| join kind=inner (resources) on id " * 4 + END, "4 × join"),
        ("resources " + "| mv-expand a = tags limit 4 " * 4 + END, "4 × mv-expand"),
        ("resources | mv-expand a = properties.b " + END, "no `limit`"),
        ("securityresources | join (resources) on id | join (resources) on id " + END, "2 joins across"),
        (
            "| join (resources | join (patchassessmentresources | where id != '') on id) on id | join (advisorresources) on id "
            + END,
            "2 joins across advisorresources, patchassessmentresources, resources",
        ),
        ("resources | union (resources) | union (resources) | union (resources) " + END, "union legs"),
        ("resources | project id, status", "project of reason"),
        ("resources", "project of id"),
    ],
)
def test_what_resource_graph_would_refuse_is_a_problem(query, problem):
    tokens = tokenize(query)
    assert any(problem in found for found in (*query_problems(tokens), *resource_graph_limits(tokens)))


@pytest.mark.parametrize(
    "query",
    [
        "resources | mv-expand a = tags limit 400 | join kind=leftouter (resourcecontainers) on subscriptionId ",
        "resources | join (resources | where (type =~ 'a')) on id | join (advisorresources) on id | join (resources) on id ",
        "| join (resources | join (resources) on id) on id | join kind=inner (securityresources) on id ",
        "securityresources | join (securityresources | join (resources) on id) on id | join (securityresources) on id ",
        "resources" + " | join (resourcecontainers) on subscriptionId" * 3 + " ",
    ],
)
def test_a_query_within_the_limits_has_no_problem(query):
    tokens = tokenize(query + END)
    assert [*query_problems(tokens), *resource_graph_limits(tokens)] == []


def test_a_check_reads_one_of_the_two_services():
    assert list(microsoft_graph_tables(tokenize("CONDITIONALACCESSPOLICY | where id != ''"))) == []
    assert "reads resources" in next(microsoft_graph_tables(tokenize("domain | join (resources) on id")))
    assert "conditionalAccessPolicy, of Microsoft Graph" in next(
        resource_graph_limits(tokenize("conditionalaccesspolicy | take 1"))
    )


def test_a_union_across_other_tables_is_refused():
    query = "securityresources | union resources | project id, status, reason"
    assert any(
        "a union over resources, securityresources" in found
        for found in resource_graph_limits(tokenize(query))
    )
