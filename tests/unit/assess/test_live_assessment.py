"""Assessments of a live tenant: the same as offline on the same data, and truthful whatever goes wrong."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest

from tests.emulator import Emulator, Fault
from ztkit.assess import tenant as tenant_module
from ztkit.assess.evidence import rate_of
from ztkit.assess.run import Plan, assess
from ztkit.assess.sources import SnapshotOf
from ztkit.assess.tenant import NOT_READ, LiveTenant
from ztkit.azure import wire
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.scope import Scope
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.content.library import shipped_library
from ztkit.errors import AccessError, ServiceError, StoppedError
from ztkit.model.assessment import Assessment
from ztkit.model.engagement import Engagement
from ztkit.model.response import RiskException
from ztkit.workspace import Workspace, read_model

LIBRARY = shipped_library()
RESOURCES = 1_200
AT = demo.DATES[3] + timedelta(hours=1)
BY_SOURCE = {
    source: [item for item in LIBRARY.checks.values() if item.source == source]
    for source in ("resource-graph", "microsoft-graph")
}
SOME = dataclasses.replace(
    LIBRARY,
    checks={
        item.id: item for item in (*BY_SOURCE["resource-graph"][::14], *BY_SOURCE["microsoft-graph"][::19])
    },
)
"""A part of the checks, for what is run again and again."""
PASSING = frozenset(
    {
        Fault.INTERNAL_ERROR,
        Fault.BAD_GATEWAY,
        Fault.UNAVAILABLE,
        Fault.GATEWAY_TIMEOUT,
        Fault.THROTTLED,
        Fault.TOKEN_EXPIRED,
        Fault.CLAIMS_CHALLENGE,
        Fault.DROP_CONNECTION,
        Fault.RESET_IN_BODY,
        Fault.CLOSE_IN_BODY,
        Fault.CUT_JSON,
        Fault.SLOW_BODY,
        Fault.MEANWHILE,
        Fault.UNSTABLE_PAGES,
    }
)
"""Faults that leave no trace once they have passed; pages are sorted, so that unstable ones do not harm either."""
OPTIONS = {Fault.SLOW_BODY: {"pause": 0.0005}, Fault.THROTTLED: {"retry_after": 0}}

pytestmark = pytest.mark.xdist_group("live-assessment")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(wire, "_FIRST_WAIT", 0)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A workspace with the demo organisation: its snapshot, what people said, and accepted risks."""
    space = Workspace.create(tmp_path_factory.mktemp("source") / "w", Engagement(organisation="Test"))
    with SnapshotWriter(space, demo.DATES[3], demo.DATES[3]) as writer:
        demo.write_estate(writer, resources=RESOURCES)
        writer.finish("demo", ["demo"], {})
    for quarter in range(4):
        space.add_responses(demo.responses(LIBRARY, seed=1, quarter=quarter))
    space.write_exceptions(demo.exceptions(LIBRARY, resources=RESOURCES, seed=1, quarter=3))
    return space


@pytest.fixture(scope="module")
def running(source):
    with Emulator(source.snapshot_folder(source.snapshots()[-1]), quota=1_000, window=0.5) as azure:
        yield azure


@pytest.fixture
def azure(running):
    running.reset()
    return running


@pytest.fixture
def space(tmp_path):
    """A workspace without anything in it."""
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


def live(azure, space, **options):
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=azure.url, graph=azure.url)
    connection = Connection(cloud, azure.credential, {"connection_verify": str(azure.ca_file)})
    part = options.pop("part", Scope())
    return LiveTenant(connection, part, demo.DATES[3], space.root, **options)


def made(azure, space, library=SOME, *, plan=None, **options):
    return assess(space, library, live(azure, space, **options), plan or Plan(AT))


def failing(space, assessment):
    """Failing findings by check and resource; a resource that comes twice for a check is an error."""
    path = space.assessment_folder(assessment.id) / "findings.parquet"
    rows = [row for row in pq.read_table(path).to_pylist() if row["status"] == "fail"]
    found = {(row["check"], row["id"].lower()): row for row in rows}
    assert len(found) == len(rows)
    return found


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- the same as offline


def test_a_live_assessment_is_the_same_as_one_of_a_snapshot(source, azure):
    """Every check of the library, with responses and exceptions for single resources."""
    offline = assess(source, LIBRARY, SnapshotOf(source, source.snapshots()[-1]), Plan(AT))
    asked = made(azure, source, LIBRARY)
    for name in ("overall", "pillars", "objectives", "criteria", "concerns", "checks", "exceptions", "scope"):
        assert getattr(asked, name) == getattr(offline, name), name
    assert any(item.state == "in-force" and item.exception.resources for item in asked.exceptions)
    assert failing(source, asked) == failing(source, offline)
    listed = pq.read_table(source.assessment_folder(asked.id) / "findings.parquet")["status"]
    assert set(listed.to_pylist()) == {"fail"}
    azure.recording.assert_reads_only()
    assert azure.quota.denied == 0

    known = {table.name: table for table in offline.snapshot.tables}
    assert (asked.snapshot.source, asked.snapshot.named, asked.snapshot.hash) == ("live", "failing", "")
    assert asked.snapshot.taken == offline.snapshot.taken
    for table in asked.snapshot.tables:
        assert (table.status, table.reason) == ("complete", "")
        assert table.rows <= known[table.name].rows if table.name in known else not table.rows
    assert asked.snapshot.rows == sum(table.rows for table in asked.snapshot.tables) > RESOURCES


def test_what_is_written_is_what_is_returned(azure, space):
    assessment = made(azure, space)
    folder = space.assessment_folder(assessment.id)
    assert read_model(folder / "result.json", Assessment) == assessment
    assert files(folder) == ["findings.parquet", "ledger.parquet", "result.json"]
    assert '"named": "failing"' in (folder / "result.json").read_text(encoding="utf-8")


def test_a_service_that_is_left_out_is_not_asked(azure, space):
    assessment = made(azure, space, plan=Plan(AT, without=frozenset({"microsoft-graph"})))
    assert all(
        item.is_for("/providers/microsoft.resourcegraph/resources") for item in azure.recording.requests
    )
    assert {LIBRARY.checks[item.id].source for item in assessment.checks} == {"resource-graph"}
    azure.reset()
    assessment = made(azure, space, plan=Plan(AT, without=frozenset({"resource-graph"})))
    assert azure.recording.queries == []
    assert {LIBRARY.checks[item.id].source for item in assessment.checks} == {"microsoft-graph"}
    assert assessment.scope.tenants


def test_a_part_of_the_tenant_is_asked_as_it_was_named(azure, space, source):
    every = source.manifest(source.snapshots()[-1]).scope.subscriptions
    assessment = made(azure, space, part=Scope(subscriptions=every[:2]))
    assert assessment.scope.subscriptions == every[:2]
    bodies = [item.json() for item in azure.recording.requests if item.path.endswith("/resources")]
    assert {tuple(body["subscriptions"]) for body in bodies} == {every[:2]}


def test_progress_is_told_of_tables_and_checks(azure, space):
    tables, runs = {}, []
    source = live(azure, space, progress=lambda table, rows: tables.update({table: rows}))
    assessment = assess(space, SOME, source, Plan(AT), runs.append)
    assert set(tables) == {table.name for table in assessment.snapshot.tables}
    assert sorted(run.check for run in runs) == sorted(SOME.checks)


# --- whatever goes wrong


@pytest.fixture(scope="module")
def undisturbed(running, tmp_path_factory):
    space = Workspace.create(tmp_path_factory.mktemp("undisturbed") / "w", Engagement(organisation="Test"))
    running.reset()
    assessment = made(running, space)
    found = failing(space, assessment)
    assert max(item.failed for item in assessment.checks) > 25  # several of the pages that the matrix reads
    return assessment, found


def assert_truthful(assessment, found, undisturbed):
    """Each check says what it would have said, or that it does not know; nothing is better than it is."""
    whole, all_found = undisturbed
    assert found.items() <= all_found.items()
    for mine, theirs in zip(assessment.checks, whole.checks, strict=True):
        rows = [row for row in found if row[0] == mine.id]
        assert len(rows) == mine.failed
        if mine != theirs:
            assert mine.reason, mine.id
            assert mine.outcome != "ok" or mine.unseen, mine.id
            interval, truth = rate_of(mine), rate_of(theirs)
            assert interval.lower <= (truth.lower if truth else 0)
            assert interval.upper >= (truth.upper if truth else 1)
    tables = {table.name: table for table in assessment.snapshot.tables}
    assert set(tables) == {table.name for table in whole.snapshot.tables}
    for theirs in whole.snapshot.tables:
        mine = tables[theirs.name]
        assert mine == theirs or (mine.status != "complete" and mine.reason)
    assert assessment.overall.index.lower <= whole.overall.index.lower
    assert assessment.overall.index.upper >= whole.overall.index.upper


@pytest.mark.parametrize("lasting", [False, True], ids=["passes", "lasts"])
@pytest.mark.parametrize("where", ["resource-graph", "microsoft-graph"])
@pytest.mark.parametrize("fault", Fault, ids=lambda item: item.name)
def test_a_fault_loses_no_row_and_repeats_none(azure, space, undisturbed, monkeypatch, fault, where, lasting):
    monkeypatch.setattr("ztkit.azure.resource_graph.PAGE_ROWS", 25)
    azure.inject(fault, at=None if lasting else [2, 5, 9], where=where, **OPTIONS.get(fault, {}))
    try:
        assessment = made(azure, space)
    except ServiceError as problem:
        assert lasting or fault not in PASSING, problem
        assert space.assessments() == []
    else:
        found = failing(space, assessment)
        assert_truthful(assessment, found, undisturbed)
        if fault in PASSING and not lasting:
            assert (assessment.checks, found) == (undisturbed[0].checks, undisturbed[1])
    assert not [path for path in files(space.root) if not path.startswith(("assessments/2", "ztkit.toml"))]


def test_a_table_that_may_not_be_read_leaves_its_checks_unknown(azure, space, undisturbed):
    azure.inject(Fault.FORBIDDEN, where="resourcecontainers")
    azure.inject(Fault.FORBIDDEN, where="application")
    assessment = made(azure, space)
    assert_truthful(assessment, failing(space, assessment), undisturbed)
    tables = {table.name: table for table in assessment.snapshot.tables}
    assert tables["resourcecontainers"].status == tables["application"].status == "unreadable"
    assert "HTTP 403" in tables["resourcecontainers"].reason
    assert "Application.Read.All" in tables["application"].reason
    unread = {item.id for item in assessment.checks if item.outcome == "unreadable"}
    reading = {
        item.id for item in assessment.checks if {"resourcecontainers", "application"} & set(item.tables)
    }
    assert unread == reading
    assert len(unread) < len(assessment.checks)
    assert assessment.scope.subscriptions == ()  # which there are is in the table that may not be read


def test_microsoft_graph_may_be_closed_altogether(azure, space, undisturbed):
    azure.inject(Fault.FORBIDDEN, where="microsoft-graph")
    assessment = made(azure, space)
    assert_truthful(assessment, failing(space, assessment), undisturbed)
    for item in assessment.checks:
        assert (item.outcome == "unreadable") == (LIBRARY.checks[item.id].source == "microsoft-graph")
        assert "HTTP 403" in item.reason or item.outcome == "ok"


def test_where_nothing_may_be_read_there_is_no_assessment(azure, space):
    azure.inject(Fault.FORBIDDEN)
    with pytest.raises(AccessError, match=r"Nothing may be read as this account. resources: HTTP 403"):
        made(azure, space)
    with pytest.raises(AccessError, match=r"resources: HTTP 403 AccessDenied\. `ztkit doctor`"):
        made(azure, space, counts_only=True)
    assert space.assessments() == []


def test_a_sign_in_that_is_taken_away_leaves_no_assessment(azure, space):
    other = azure.another_credential("leaver")
    source = live(azure, space)
    source = dataclasses.replace(source, connection=dataclasses.replace(source.connection, credential=other))
    other.revoke()
    with pytest.raises(AccessError, match="Signing in failed"):
        assess(space, SOME, source, Plan(AT))
    assert space.assessments() == []


# --- what is read of Microsoft Graph leaves no trace


def test_entities_are_in_a_private_folder_while_they_are_evaluated(azure, space, monkeypatch):
    seen, opened = [], tenant_module.open_snapshot

    def looking(private, identifier):
        (folder,) = space.root.glob(".live-*")
        seen.append((folder.stat().st_mode & 0o777, private.root.is_relative_to(folder), len(files(folder))))
        return opened(private, identifier)

    monkeypatch.setattr(tenant_module, "open_snapshot", looking)
    assessment = made(azure, space)
    ((mode, is_inside, count),) = seen
    assert (mode, is_inside) == (0o700, True)
    assert count > 3
    assert list(space.root.glob(".live-*")) == []
    assert space.snapshots() == []
    assert any(
        LIBRARY.checks[item.id].source == "microsoft-graph" and item.failed for item in assessment.checks
    )


@pytest.mark.parametrize("problem", [StoppedError("stopped"), KeyboardInterrupt(), OSError("full")])
def test_they_are_deleted_when_something_breaks(azure, space, monkeypatch, problem):
    def breaks(*_):
        assert list(space.root.glob(".live-*"))
        raise problem

    monkeypatch.setattr(tenant_module, "open_snapshot", breaks)
    with pytest.raises(type(problem)):
        made(azure, space)
    assert files(space.root) == ["ztkit.toml"]
    assert list(space.root.glob(".live-*")) == []


# --- counts only


def test_counts_alone_give_the_same_score_where_nothing_depends_on_names(azure, space):
    plan = Plan(AT, without=frozenset({"microsoft-graph"}))
    named, counted = (made(azure, space, plan=plan, counts_only=only) for only in (False, True))
    assert (counted.overall, counted.checks, counted.criteria) == (
        named.overall,
        named.checks,
        named.criteria,
    )
    assert counted.snapshot.named == "none"
    assert counted.scope.subscriptions == counted.scope.tenants == ()
    findings = pq.read_table(space.assessment_folder(counted.id) / "findings.parquet")
    assert (findings.num_rows, any(item.failed for item in counted.checks)) == (0, True)


def test_counts_alone_leave_microsoft_graph_unread_and_unknown(azure, space, undisturbed):
    counted = made(azure, space, counts_only=True)
    assert all(
        item.is_for("/providers/microsoft.resourcegraph/resources") for item in azure.recording.requests
    )
    for item in counted.checks:
        unread = LIBRARY.checks[item.id].source == "microsoft-graph"
        assert (item.outcome == "unreadable") == unread
        assert (NOT_READ in item.reason) == unread
    assert counted.overall.index.lower <= undisturbed[0].overall.index.lower
    assert counted.overall.index.upper >= undisturbed[0].overall.index.upper


def accepted(criterion, *resources):
    return RiskException(
        criterion=criterion, resources=resources, reason="r", approver="CISO", expires=date(2999, 1, 1)
    )


def test_exceptions_for_single_resources_do_nothing_where_only_counts_are_known(azure, space, undisturbed):
    whole, found = undisturbed
    checks = sorted({check for check, _ in found if LIBRARY.checks[check].source == "resource-graph"})
    first, second = checks[:2]
    names = [identifier for check, identifier in found if check == first][:2]
    space.write_exceptions((accepted(first, *names), accepted(second)))
    named, counted = (made(azure, space, SOME, counts_only=only) for only in (False, True))
    failed = {item.id: item.failed for item in whole.checks}
    results = {item.id: item for item in named.checks}
    assert (results[first].excepted, results[second].excepted) == (len(names), failed[second])
    results = {item.id: item for item in counted.checks}
    assert (results[first].excepted, results[first].failed) == (0, failed[first])
    assert "an exception names resources and takes nothing out" in results[first].reason
    assert (results[second].excepted, results[second].failed, results[second].reason) == (
        failed[second],
        0,
        "",
    )
    assert [(item.state, item.findings) for item in counted.exceptions] == [
        ("not-applied", 0),
        ("in-force", failed[second]),
    ]
    assert counted.exceptions[0].exception.resources == (f"{len(names)} named in exceptions.yaml",)
    assert counted.overall.index.lower <= named.overall.index.lower
