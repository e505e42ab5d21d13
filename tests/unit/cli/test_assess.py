"""`ztkit assess --live` as people use it, with names and with counts alone, against a tenant on loopback."""

from __future__ import annotations

import dataclasses
import html
import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.emulator import MARK, Emulator, Fault
from tests.unit.cli.test_cli import run
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.cli.assess import _beginning
from ztkit.content.library import shipped_library
from ztkit.content.tables import all_tables
from ztkit.engine import translation
from ztkit.model.response import RiskException
from ztkit.workspace import Workspace

pytestmark = pytest.mark.xdist_group("live-cli")

NAME = "N4ME"
"""Stands in every name, id and value of the tenant that could tell somebody what there is."""
LIBRARY = shipped_library()
NEEDED = (
    "data.storage-https-only",
    "network.nsg-no-management-ports-from-internet",
    "endpoint.machines-no-missing-security-updates",
    "infrastructure.deny-policies-bind",
)
TENANT = "00000000-0000-0000-0000-0000000000ff"
SUBSCRIPTION = f"00000000-0000-0000-0000-{NAME}0000000a"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{NAME}"


def resource(kind, name, **properties):
    return {
        "id": f"{GROUP}/providers/{kind}/{name}-{NAME}",
        "name": f"{name}-{NAME}",
        "type": kind.lower(),
        "resourceGroup": f"rg-{NAME}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "location": "westeurope",
        "tags": {"owner": NAME},
        "properties": properties,
    }


def storage(name, *, secure):
    return resource(
        "Microsoft.Storage/storageAccounts",
        name,
        supportsHttpsTrafficOnly=secure,
        minimumTlsVersion=f"TLS-{NAME}",
        primaryEndpoints={"blob": f"https://{NAME}.blob.core.windows.net"},
    )


@pytest.fixture(scope="module")
def rows():
    rows = {name: [] for name in all_tables()}
    rows["organization"] = [
        {"id": TENANT, "displayName": f"Org {NAME}", "type": "organization", "tenantId": TENANT}
    ]
    rows["user"] = [{"id": NAME, "displayName": NAME, "type": "user", "properties": {"accountEnabled": True}}]
    subscription = {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "name": f"sub-{NAME}",
        "type": "microsoft.resources/subscriptions",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "properties": {"displayName": NAME},
    }
    rows["resourcecontainers"] = [subscription]
    rows["resources"] = [
        *(storage(f"open{number}", secure=False) for number in range(3)),
        storage("closed", secure=True),
        resource(
            "Microsoft.Network/networkSecurityGroups",
            "nsg",
            securityRules=[
                {
                    "name": f"rule-{NAME}",
                    "properties": {
                        "access": "Allow",
                        "direction": "Inbound",
                        "protocol": "*",
                        "sourceAddressPrefix": "*",
                        "destinationPortRange": "22",
                        "priority": 100,
                    },
                }
            ],
        ),
    ]
    return rows


@pytest.fixture(scope="module")
def running(rows):
    with Emulator(rows, quota=1_000, window=0.5) as azure:
        yield azure


@pytest.fixture
def azure(running, monkeypatch):
    running.reset()
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=running.url, graph=running.url)
    made = Connection(cloud, running.credential, {"connection_verify": str(running.ca_file)})
    for module in ("assess", "collect"):
        monkeypatch.setattr(f"ztkit.cli.{module}.connect", lambda *_: made)
    monkeypatch.setattr("ztkit.azure.wire._FIRST_WAIT", 0)
    return running


@pytest.fixture(autouse=True)
def some_checks(monkeypatch):
    """A part of the library is enough for what these tests are about."""
    chosen = {*list(LIBRARY.checks)[::15], *NEEDED}
    checks = {name: item for name, item in LIBRARY.checks.items() if name in chosen}
    part = dataclasses.replace(LIBRARY, checks=checks)
    monkeypatch.setattr("ztkit.content.library.shipped_library", lambda: part)


@pytest.fixture
def engagement(tmp_path):
    run("init", tmp_path / "client", "--organisation", "Client")
    return tmp_path / "client"


def texts(folder):
    """What every file in a folder says; Parquet as its rows."""
    for path in Path(folder).rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            said = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else ""
            yield path, raw.decode("latin-1") + said


def test_live_names_what_fails_and_nothing_that_passes(azure, engagement):
    text = run("assess", "--live", "-w", engagement)
    assert "snapshot" not in text
    space = Workspace.open(engagement)
    assessment = space.assessment("latest")
    found = {item.id: item for item in assessment.checks}["data.storage-https-only"]
    assert (found.passed, found.failed) == (1, 3)
    assert assessment.scope.subscriptions == (SUBSCRIPTION,)
    assert assessment.scope.tenants == (TENANT,)
    whole = "".join(text for _, text in texts(engagement))
    assert f"open1-{NAME}" in whole
    assert f"closed-{NAME}" not in whole
    assert MARK not in whole
    assert f"open1-{NAME}" in run("explain", "data.storage-https-only", "-w", engagement)
    assert space.snapshots() == []
    azure.recording.assert_reads_only()


def test_live_and_a_collected_snapshot_give_the_same(azure, engagement):
    run("assess", "--live", "-w", engagement)
    run("collect", "-w", engagement)
    run("assess", "-w", engagement)
    space = Workspace.open(engagement)
    asked, collected = space.assessment("previous"), space.assessment("latest")
    assert (asked.overall, asked.checks, asked.criteria) == (
        collected.overall,
        collected.checks,
        collected.criteria,
    )
    assert {table.name: table.rows for table in asked.snapshot.tables} == {
        table.name: table.rows for table in collected.snapshot.tables
    }


def accept(engagement, rows):
    """An accepted risk for one storage account, by its name."""
    accepted = RiskException(
        criterion="data.storage-https-only",
        resources=(rows["resources"][0]["id"],),
        reason="Old scanner",
        approver="CISO",
        expires=date(2999, 1, 1),
    )
    Workspace.open(engagement).write_exceptions((accepted,))


def test_with_counts_only_no_name_is_written_or_printed(azure, engagement, rows, tmp_path, capfd):
    """Every file, and all that any verb prints, is searched for what the tenant's names have in common."""
    accept(engagement, rows)
    own = engagement / "exceptions.yaml"
    azure.inject(Fault.NOT_FOUND, where="patchassessmentresources", code=f"{NAME}-code")
    azure.inject(Fault.FORBIDDEN, where="policyresources", code=NAME)
    for _ in range(2):
        run("assess", "--live", "--counts-only", "-w", engagement)
    said = [
        run("assess", "--live", "--counts-only", "--json", "-w", engagement),
        run("explain", "data.storage-https-only", "-w", engagement),
        run("explain", "-w", engagement),
        run("status", "-w", engagement),
        run("compare", "-w", engagement),
        run("compare", "--json", "-w", engagement),
        run("crosswalk", "-w", engagement),
        run("report", "-w", engagement),
    ]
    printed = capfd.readouterr()
    said += [printed.out, printed.err]
    assert not [text for text in said if NAME in text]
    found = list(texts(engagement))
    assert not [path for path, text in found if NAME in text and path != own]
    assert {path.name for path, _ in found} >= {
        "result.json",
        "findings.parquet",
        "ledger.parquet",
        "comparison.json",
        "roadmap.html",
    }
    assert all(
        item.is_for("/providers/microsoft.resourcegraph/resources") for item in azure.recording.requests
    )

    assessment = Workspace.open(engagement).assessment("latest")
    checks = {item.id: item for item in assessment.checks}
    assert (checks["data.storage-https-only"].passed, checks["data.storage-https-only"].failed) == (1, 3)
    reasons = {table.name: table.reason for table in assessment.snapshot.tables if table.reason}
    assert (
        reasons["patchassessmentresources"] == reasons["policyresources"].replace("403", "404") == "HTTP 404"
    )


def test_what_is_said_of_counts_is_true(azure, engagement, rows):
    accept(engagement, rows)
    text = run("assess", "--live", "--counts-only", "-w", engagement)
    assert "nothing was read of Microsoft Graph" in text
    assert "1 exception(s) for single resources are not applied" in text
    assert "not read: " in text
    assert "snapshot" not in text
    explained = run("explain", "data.storage-https-only", "-w", engagement)
    assert "1 pass, 3 fail" in explained
    assert "were counted in the tenant and not named" in explained
    assert "an exception names resources and takes nothing out" in explained
    assert "ztkit report" in run("status", "-w", engagement)
    run("report", "-w", engagement)
    (page,) = (engagement / "reports").rglob("*.html")
    shown = html.unescape(page.read_text(encoding="utf-8"))
    assert "asked in the tenant on" in shown
    assert "no resource is named, here or in findings.parquet" in shown
    assert "It names resources, and failing ones were counted and not named." in shown
    assert "for counts alone" in shown
    assert "Snapshot hash" not in shown


def test_comparisons_claim_no_more_than_is_known(azure, engagement):
    """An import, then live, then counts: what is not listed is neither fixed nor gone."""
    run("collect", "-w", engagement)
    run("assess", "-w", engagement)
    azure.inject(Fault.FORBIDDEN, where="user")
    run("assess", "--live", "-w", engagement)
    text = run("compare", "-w", engagement)
    assert "names failing resources only" in text
    found = json.loads(run("compare", "--json", "-w", engagement))
    assert found["findings"] == "failing"
    moved = {item["id"]: item for item in found["checks"]}
    assert moved["data.storage-https-only"]["still_failing"] == 3
    assert all(item["gone"] == item["fixed"] == item["new"] == 0 for item in moved.values())
    run("assess", "--live", "--counts-only", "-w", engagement)
    text = run("compare", "-w", engagement)
    assert "are the least numbers" in text
    found = json.loads(run("compare", "--json", "-w", engagement))
    assert found["findings"] == "none"
    assert all(item["gone"] == item["fixed"] == item["new"] == 0 for item in found["checks"])
    run("report", "-w", engagement)
    (page,) = (engagement / "reports").rglob("*.html")
    assert "names none" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--live", "--snapshot", "latest"), "--live asks the tenant itself and --snapshot reads a snapshot"),
        (("--live", "--interview-only"), "--interview-only scores responses alone"),
        (("--counts-only",), "it goes with --live"),
        (("--subscription", "a"), "Options of sign-in and scope go with --live"),
        (("--sign-in", "cli"), "Options of sign-in and scope go with --live"),
        (("--live", "--cloud", "moon"), "There is no cloud 'moon'"),
        (("--live", "--sign-in", "magic"), "There is no way of signing in 'magic'"),
        (("--live", "--without", "entra"), "There is no service 'entra'"),
        (("--live", "--subscription", "a", "--management-group", "b"), "not both"),
    ],
)
def test_options_that_do_not_go_together_are_named(engagement, options, message):
    assert message in run("assess", *options, "-w", engagement, code=2)
    assert Workspace.open(engagement).assessments() == []


def test_more_subscriptions_than_a_query_sees_are_told_with_what_to_do(azure, engagement):
    named = [text for number in range(301) for text in ("--subscription", str(number))]
    text = run("assess", "--live", *named, "-w", engagement, code=2)
    assert "`ztkit collect` and assess the snapshot" in text
    assert azure.recording.requests == []


def test_a_service_that_does_not_answer_leaves_nothing_and_promises_nothing(azure, engagement):
    azure.inject(Fault.BAD_GATEWAY, where="microsoft-graph")
    text = run("assess", "--live", "-w", engagement, code=3)
    assert "did not answer after" in text
    assert "--resume" not in text
    assert Workspace.open(engagement).assessments() == []
    assert list(engagement.glob(".live-*")) == []


def test_a_live_assessment_can_be_held_to_a_threshold(azure, engagement):
    assert "lower than 99" in run("assess", "--live", "-w", engagement, "--fail-under", "99", code=1)
    found = json.loads(run("assess", "--live", "-w", engagement, "--json"))
    assert (found["snapshot"]["source"], found["snapshot"]["named"]) == ("live", "failing")


_HARNESS = """
    import sys, time
    from pathlib import Path
    from ztkit.assess import tenant
    from ztkit.cli import main
    from ztkit.cli import assess as verb
    from ztkit.azure.clouds import CLOUDS
    from ztkit.azure.connection import Connection

    class Nobody:
        pass

    def hangs(space, *_):
        (space.root / "personal.json").write_text("x")
        print("reading", flush=True)
        time.sleep(60)

    tenant.collect = hangs
    tenant.LiveTenant._ask = lambda *_: ([], [], tenant.Scope())
    verb.connect = lambda *_: Connection(CLOUDS["public"], Nobody())
    sys.argv = ["ztkit", "assess", "--live", "-w", {folder!r}]
    main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without telling it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda item: item.name)
def test_a_run_that_is_ended_deletes_what_was_read(engagement, number):
    code = textwrap.dedent(_HARNESS).format(folder=str(engagement))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"reading\n"
        assert list(engagement.glob(".live-*/**/personal.json"))
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, b"Error: Interrupted. Nothing " in told) == (3, True), told
    assert list(engagement.glob(".live-*")) == []
    assert Workspace.open(engagement).assessments() == []


def test_what_takes_time_before_the_first_check_is_said(tmp_path, monkeypatch):
    kept = set()
    monkeypatch.setattr(translation, "is_kept", lambda query: query in kept)
    assert _beginning(LIBRARY) == "Translating the checks' queries, once after an update"
    kept |= {item.query for item in LIBRARY.checks.values()}
    assert _beginning(LIBRARY) == "Checks"
