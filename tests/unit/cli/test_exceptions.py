"""`ztkit exceptions`: accepted risks on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.cli.test_cli import ROW, run
from ztkit.workspace import Workspace

CHECK = "data.storage-https-only"
SAID = ("--reason", "Scanner [b]x[/]", "--approver", "CISO")


@pytest.fixture
def engagement(tmp_path):
    folder = tmp_path / "client"
    run("init", folder)
    return folder


def added(folder, *more, expires="2999-01-01"):
    return run("exceptions", "add", CHECK, *SAID, "--expires", expires, *more, "-w", folder)


def test_one_that_was_added_is_listed_as_it_was_typed(engagement):
    added(engagement, "--resource", ROW["id"], "--compensating", "A fence")
    text = run("exceptions", "list", "-w", engagement)
    for part in (
        "2999-01-01",
        "in force",
        f"{CHECK} (1 resource named)",
        "Scanner [b]x[/]",
        "Instead: A fence",
    ):
        assert part in text
    assert text.endswith("1 exception\n")


def test_the_list_says_what_each_takes_out_and_when_it_ends(engagement, tmp_path):
    source = tmp_path / "rows.json"
    source.write_text(json.dumps([ROW]))
    run("import", source, "-w", engagement)
    added(engagement, "--resource", ROW["id"])
    added(engagement, "--resource", "/elsewhere")
    soon = (datetime.now(UTC).date() + timedelta(days=3)).isoformat()
    run("exceptions", "add", "data.2.secure-transfer", *SAID, "--expires", soon, "-w", engagement)
    run("assess", "-w", engagement)
    found = json.loads(run("exceptions", "list", "--json", "-w", engagement))
    assert [(item["criterion"], item["state"], item["findings"]) for item in found] == [
        ("data.2.secure-transfer", "expiring", None),
        (CHECK, "in-force", 1),
        (CHECK, "unused", 0),
    ]


def test_one_that_was_ended_counts_again_and_stays_on_file(engagement):
    added(engagement)
    assert f"{CHECK} counts again" in run("exceptions", "end", CHECK, "-w", engagement)
    (kept,) = Workspace.open(engagement).exceptions()
    assert kept.expires < datetime.now(UTC).date()
    assert "expired, counts again" in run("exceptions", "list", "-w", engagement)


def test_what_is_wrong_is_said_and_nothing_is_added(engagement):
    assert "not in the future" in run(
        "exceptions", "add", CHECK, *SAID, "--expires", "2020-01-01", "-w", engagement, code=2
    )
    assert "no question or check" in run(
        "exceptions", "add", "data.nothing", *SAID, "--expires", "2999-01-01", "-w", engagement, code=2
    )
    bare = ("--reason", " ", "--approver", "CISO", "--expires", "2999-01-01")
    assert "reason: " in run("exceptions", "add", CHECK, *bare, "-w", engagement, code=2)
    assert Workspace.open(engagement).exceptions() == ()


def test_ending_what_is_not_there_names_what_is(engagement):
    added(engagement)
    (there,) = Workspace.open(engagement).exceptions()
    assert there.id in run("exceptions", "end", "data.nothing", "-w", engagement, code=2)


def test_an_expiry_is_a_date(engagement):
    assert "does not match" in run(
        "exceptions", "add", CHECK, *SAID, "--expires", "soon", "-w", engagement, code=2
    )
    assert Workspace.open(engagement).exceptions() == ()


@pytest.mark.parametrize("verb", ["list", "add", "end"])
def test_each_verb_has_an_example(verb):
    assert f"Example: ztkit exceptions {verb}" in " ".join(run("exceptions", verb, "--help").split())
