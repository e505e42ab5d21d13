"""Every check's own cases, on the offline engine."""

from __future__ import annotations

import pytest

from tests.builders import check as build
from ztkit.assess.cases import problems
from ztkit.content.library import shipped_library

CHECKS = shipped_library().checks
CASES = [(check, case) for check in CHECKS.values() for case in check.cases]


@pytest.mark.parametrize(("check", "case"), CASES, ids=[f"{check.id}: {case.name}" for check, case in CASES])
def test_case(check, case):
    assert problems(check, case) == []


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda item: item.id)
def test_an_empty_inventory_gives_no_row_or_a_row_a_tenant(check):
    """Nothing in scope is no row, save for the one row of a tenant, which is there in every inventory."""
    nothing = check.cases[0].model_copy(update={"rows": (), "expect": {}, "reason": {}})
    found = problems(check, nothing)
    if check.source == "microsoft-graph" and check.unit == "tenants":
        assert len(found) == 1
        assert found[0].startswith("Tenant: returned as ")
    else:
        assert found == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expect": {"n": "fail"}}, "n: expected fail, got pass"),
        ({"expect": {}}, "n: returned as pass, but not expected"),
        ({"expect": {"n": "pass", "m": "pass"}}, "m: expected pass, but the query returns no such row"),
        ({"expect": {"n": "pass"}, "reason": {"n": "other"}}, "does not say 'other'"),
    ],
)
def test_a_wrong_expectation_is_noticed(changes, message):
    case = {"name": "c", "proves": "pass", "rows": [{"name": "n", "properties": {"ok": True}}], **changes}
    check = build(cases=[case])
    assert message in problems(check, check.cases[0])[0]
