"""The cases of the checks notice mistakes in their queries: each comparison turned round, each ``where`` left out.

``make mutants`` tries all checks; the usual run every eighth, which takes about a minute.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs
import pytest
import yaml

from tests.builders import check as build
from tests.mutation.mutants import mutants, survivors
from ztkit.content.library import shipped_library

CHECKS = shipped_library().checks
FOLDER = Path(__file__).parent
EQUIVALENT = yaml.safe_load((FOLDER / "equivalent.yaml").read_text(encoding="utf-8"))
NOT_NOTICED = yaml.safe_load((FOLDER / "not-noticed.yaml").read_text(encoding="utf-8")) or {}
EVERY = 1 if os.environ.get("ZTKIT_MUTANTS") == "all" else 8


@pytest.fixture(autouse=True)
def _keep_translations_apart(monkeypatch, pytestconfig, tmp_path_factory):
    """Thousands of mutants would fill the user's own cache; pytest's makes the next run quick as well."""
    cache = getattr(pytestconfig, "cache", None)
    folder = cache.mkdir("mutants") if cache else tmp_path_factory.getbasetemp()
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _name: str(folder))


@pytest.mark.parametrize("check", list(CHECKS.values())[::EVERY], ids=lambda item: item.id)
def test_every_mistake_is_noticed(check):
    equivalent = [entry["mutant"] for entry in EQUIVALENT if entry["check"] == check.id]
    assert sorted(survivors(check)) == sorted((*equivalent, *NOT_NOTICED.get(check.id, ())))


def test_nine_of_ten_checks_notice_every_mistake():
    share = 1 - len(NOT_NOTICED) / len(CHECKS)
    others = ", ".join(NOT_NOTICED) or "none"
    sys.stdout.write(f"{share:.1%} of {len(CHECKS)} checks notice every mistake; the others: {others}\n")
    assert share >= 0.9


def test_what_is_not_noticed_is_a_mistake_of_its_query():
    listed = [(entry["check"], entry["mutant"]) for entry in EQUIVALENT]
    listed += [(name, change) for name, changes in NOT_NOTICED.items() for change in changes]
    assert len(set(listed)) == len(listed)
    for name, change in listed:
        assert change in {mutant.change for mutant in mutants(CHECKS[name].query)}


def test_a_mistake_that_changes_nothing_has_a_reason():
    assert all(entry["reason"].strip() for entry in EQUIVALENT)


def test_a_case_that_says_nothing_lets_mistakes_through():
    silent = build(cases=[{"name": "c", "proves": "pass", "rows": [], "expect": {}}])
    assert "without where type =~ 'microsoft.network/networksecuritygroups'" in survivors(silent)
