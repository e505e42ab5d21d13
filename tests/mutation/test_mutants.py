"""Which mistakes are made in a query, and how they are called."""

from __future__ import annotations

import pytest

from tests.mutation.mutants import mutants
from ztkit.content.library import shipped_library

JOINED = """resources
| where type =~ 'a'
| join kind=leftouter (
    resources
    | where type =~ 'b' and (size > 1 or size == 0)
    | extend key = tolower(id)
  ) on key
| project id, status = iff(isempty(key), 'fail', 'pass')"""


def turned(condition: str) -> list[str]:
    """The query's last line, for each mutant that keeps it."""
    found = [mutant.query.splitlines()[-1] for mutant in mutants(f"resources\n| where {condition}")]
    return [line for line in found if line.startswith("|")]


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        ("a == 1", "a != 1"),
        ("a != 1", "a == 1"),
        ("a =~ 'x'", "a !~ 'x'"),
        ("a !~ 'x'", "a =~ 'x'"),
        ("a < 1", "a >= 1"),
        ("a >= 1", "a < 1"),
        ("a > 1", "a <= 1"),
        ("a <= 1", "a > 1"),
        ("a in ('x')", "a !in ('x')"),
        ("a !in ('x')", "a in ('x')"),
        ("a in~ ('x')", "a !in~ ('x')"),
        ("a !in~ ('x')", "a in~ ('x')"),
        ("a has 'x'", "a !has 'x'"),
        ("a !contains 'x'", "a contains 'x'"),
        ("a startswith 'x'", "a !startswith 'x'"),
        ("isempty(a)", "isnotempty(a)"),
        ("isnotnull(a)", "isnull(a)"),
    ],
)
def test_a_comparison_becomes_its_opposite(condition, opposite):
    assert turned(condition) == [f"| where {opposite}"]


def test_text_and_names_of_properties_stay_as_they_are():
    assert turned("tostring(properties.contains) == 'a == b, isempty(c)'") == [
        "| where tostring(properties.contains) != 'a == b, isempty(c)'"
    ]


def test_each_comparison_and_each_where_is_one_mistake():
    assert [mutant.change for mutant in mutants(JOINED)] == [
        "`type =~ 'a'` as !~",
        "`type =~ 'b'` as !~",
        "`size > 1` as <=",
        "`size == 0` as !=",
        "`isempty(key)` as isnotempty",
        "without where type =~ 'a'",
        "without where type =~ 'b' and (size > 1 or size == 0)",
    ]


def test_a_where_goes_up_to_the_next_pipe_of_its_depth():
    without_inner = mutants(JOINED)[-1].query
    assert "'b'" not in without_inner
    assert without_inner.replace(" ", "").replace("\n", "") == JOINED.replace(
        "| where type =~ 'b' and (size > 1 or size == 0)", ""
    ).replace(" ", "").replace("\n", "")


def test_two_mistakes_with_the_same_words_are_numbered():
    assert [mutant.change for mutant in mutants("resources | where a == 1 | where a == 1")] == [
        "`a == 1` as !=",
        "`a == 1` as != (2)",
        "without where a == 1",
        "without where a == 1 (2)",
    ]


def test_the_mistakes_of_a_check_have_names_of_their_own():
    for check in shipped_library().checks.values():
        found = mutants(check.query)
        assert len({mutant.change for mutant in found}) == len(found)
        assert check.query not in {mutant.query for mutant in found}
