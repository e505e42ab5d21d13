"""The cases of the checks notice mistakes in their queries: each comparison turned round, each ``where`` left out.

``make mutants`` tries all checks; the usual run every eighth, which takes about a minute.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.builders import check as build
from tests.mutation.mutants import mutants, survivors
from ztkit.content.library import shipped_library

CHECKS = shipped_library().checks
NOT_NOTICED = yaml.safe_load((Path(__file__).parent / "not-noticed.yaml").read_text(encoding="utf-8"))
EVERY = 1 if os.environ.get("ZTKIT_MUTANTS") == "all" else 8


@pytest.mark.parametrize("check", list(CHECKS.values())[::EVERY], ids=lambda item: item.id)
def test_every_mistake_is_noticed(check):
    assert mutants(check.query)
    assert survivors(check, NOT_NOTICED.get(check.id, ())) == []


def test_nine_of_ten_checks_notice_every_mistake():
    assert set(NOT_NOTICED) <= set(CHECKS)
    assert len(NOT_NOTICED) <= len(CHECKS) / 10


@pytest.mark.parametrize("name", NOT_NOTICED)
def test_what_is_not_noticed_is_a_mistake_of_its_query(name):
    known = {mutant.change for mutant in mutants(CHECKS[name].query)}
    assert set(NOT_NOTICED[name]) <= known


def test_a_case_that_says_nothing_lets_mistakes_through():
    silent = build(cases=[{"name": "c", "proves": "pass", "rows": [], "expect": {}}])
    assert "without where type =~ 'microsoft.network/networksecuritygroups'" in survivors(silent)
