"""The live engine: few requests, and the truth of a tenant that changes; that it says the same as offline: `tests.engines`."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import check
from tests.emulator import Emulator, Fault
from ztkit.assess.live import evaluate_live
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.scope import LIMITED, Scope
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.collect.tenant.needs import query_of, tables_needed
from ztkit.content.kql import tokenize
from ztkit.content.library import shipped_library
from ztkit.content.lint import resource_graph_limits
from ztkit.engine.resource_graph import LiveInventory, groups, together
from ztkit.errors import StoppedError, UsageError
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

CHECKS = [check for check in shipped_library().checks.values() if check.source == "resource-graph"]
SAMPLE = CHECKS[::7]

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture(scope="module")
def tenant(tmp_path_factory):
    space = Workspace.create(tmp_path_factory.mktemp("live") / "w", Engagement(organisation="Test"))
    at = demo.DATES[3]
    with SnapshotWriter(space, at, at) as writer:
        demo.write_estate(writer, resources=1_200)
        manifest = writer.finish("demo", ["demo"], {})
    with Emulator(space.snapshot_folder(manifest.id), quota=1_000, window=0.5) as azure:
        yield space, manifest, azure


@pytest.fixture
def live(tenant):
    azure = tenant[2]
    azure.reset()
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=azure.url, graph=azure.url)
    connection = Connection(cloud, azure.credential, {"connection_verify": str(azure.ca_file)})
    with connection.resource_graph() as client:
        yield LiveInventory(client, Scope())


def evaluated(live, observe=lambda *_: None, checks=SAMPLE, **options):
    tables = {need.table: live.look(need.table, query_of(need)) for need in tables_needed(checks)}
    return evaluate_live(checks, live, tables, observe, **options)


def test_counts_only_asks_for_no_row(tenant, live):
    _, _, azure = tenant
    runs = {run.check: run for run in evaluated(live, counts_only=True)}
    summaries = [query for query in azure.recording.queries if "summarize passed0" in query]
    others = [query for query in azure.recording.queries if query not in summaries]
    assert len(summaries) == len(groups({check.id: check.query for check in SAMPLE}))
    assert len(others) == len(tables_needed(SAMPLE))
    assert all(query.endswith("| count") for query in others)
    assert any(run.failed for run in runs.values())


def test_a_table_that_may_not_be_read_takes_no_other_check_with_it(tenant, live):
    _, _, azure = tenant
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    for run in evaluated(live, counts_only=True):
        assert (run.outcome == "unreadable") == ("securityresources" in run.tables), run
        assert ("table securityresources could not be read: HTTP 403" in run.reason) == (run.outcome != "ok")


def test_every_check_is_in_one_group_within_the_limits():
    queries = {check.id: check.query for check in CHECKS}
    found = groups(queries)
    assert sorted(name for group in found for name in group) == sorted(queries)
    assert len(found) < len(queries) * 0.7
    for group in found:
        assert not list(resource_graph_limits(tokenize(together([queries[name] for name in group]))))


NSG = "microsoft.network/networksecuritygroups"
PASSES = f"resources\n| where type =~ '{NSG}'\n| extend status = 'pass', reason = 'r'"
FAILS = PASSES.replace("'pass'", "'fail'")
END = "\n| project id, name, status, reason"


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("ztkit.azure.resource_graph.PAGE_ROWS", 5)


def one(live, query, **options):
    """The run of one check, and its findings."""
    found = []
    evaluated(live, lambda *told: found.append(told), [check(query=query + END)], **options)
    ((run, findings),) = found
    return run, findings


def test_failing_rows_come_page_by_page_each_once(tenant, live, small_pages):
    azure = tenant[2]
    run, findings = one(live, FAILS)
    assert run.failed == findings.num_rows == len(set(findings["id"].to_pylist())) > 10
    asked = [
        item.json() for item in azure.recording.requests if "where status == 'fail'" in item.json()["query"]
    ]
    assert len(asked) == -(-run.failed // 5)
    assert all("$skipToken" in item["options"] for item in asked[1:])


def test_a_page_token_that_is_refused_is_done_without(tenant, live, small_pages):
    whole, _ = one(live, FAILS)
    tenant[2].inject(Fault.SKIP_TOKEN_EXPIRED, where="resources")
    assert one(live, FAILS)[0].failed == whole.failed


def test_a_tenant_that_changes_once_is_read_again(tenant, live, small_pages):
    azure = tenant[2]
    whole, _ = one(live, FAILS)
    azure.reset()
    planned = azure.inject(Fault.ROWS_CHANGE, at=[4], where="resources", share=0.3)
    # the first listing meets another tenant on its second page; from then on it is as it was counted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(azure.script, "plans", lambda *_: planned if len(azure.recording.queries) < 6 else None)
        run, findings = one(live, FAILS)
    assert (run.failed, run.unseen, run.reason) == (whole.failed, 0, "")
    assert findings.num_rows == whole.failed


def test_what_does_not_settle_is_unseen_and_never_passes(tenant, live, small_pages):
    whole, _ = one(live, FAILS)
    tenant[2].inject(Fault.ROWS_CHANGE, where="resources", share=0.3)
    run, findings = one(live, FAILS)
    ids = findings["id"].to_pylist()
    assert len(ids) == len(set(ids)) == run.failed < whole.failed
    assert run.failed + run.unseen >= whole.failed
    assert run.passed == 0
    assert "the tenant changed while it was read" in run.reason


def test_more_failing_rows_than_were_counted_take_passing_ones_back(live, monkeypatch):
    truth, _ = one(live, FAILS)
    told = live.counts
    monkeypatch.setattr(
        live,
        "counts",
        lambda queries: [
            dataclasses.replace(item, failed=item.failed - 2, passed=3) for item in told(queries)
        ],
    )
    run, _ = one(live, FAILS)
    assert (run.failed, run.passed, run.unseen) == (truth.failed, 1, 2)


def test_a_total_that_is_wrong_does_not_hide_rows(tenant, live):
    whole, _ = one(live, FAILS)
    tenant[2].inject(Fault.WRONG_TOTAL, where="resources", by=7)
    run, findings = one(live, FAILS)
    assert findings.num_rows == run.failed == whole.failed
    assert run.unseen == 7


@pytest.mark.parametrize("query", [PASSES, FAILS])
def test_a_scope_that_is_cut_leaves_too_little_coverage_to_count(tenant, live, query):
    tenant[2].inject(Fault.SUBSCRIPTION_LIMIT, where="resources")
    run, _ = one(live, query)
    assert run.unseen > run.passed + run.failed
    assert LIMITED in run.reason


def test_a_scope_that_is_cut_meanwhile_does_so_too(tenant, live):
    tenant[2].inject(
        Fault.SUBSCRIPTION_LIMIT, at=[2], where="resources"
    )  # the first one asks for the table's size
    run, _ = one(live, PASSES)
    assert run.unseen == run.passed + 1
    assert run.reason == LIMITED


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (PASSES.replace("'pass'", "'ok'"), "have no id, or a status other than"),
        (PASSES + "\n| extend id = ''", "have no id, or a status other than"),
        (FAILS + "\n| extend id = 'same'", "comes more than once"),
        (PASSES + "\n| where nothere == 1", "HTTP 400"),
        ("resources\n| extend status = bag_keys(tags)", "bag_keys"),
    ],
)
def test_a_check_that_breaks_the_row_contract_is_an_error_and_counts_nothing(live, query, message):
    run, findings = one(live, query)
    assert (run.outcome, run.passed, run.failed, findings.num_rows) == ("error", 0, 0, 0)
    assert message in run.reason


def test_an_answer_without_counts_is_an_error_and_not_nothing_in_scope(live, monkeypatch):
    page = live._client.page
    monkeypatch.setattr(
        live._client,
        "page",
        lambda query, *args, **options: (
            dataclasses.replace(page(query, *args, **options), rows=[])
            if "summarize" in query
            else page(query, *args, **options)
        ),
    )
    run, _ = one(live, PASSES)
    assert (run.outcome, run.reason.endswith("did not answer with counts")) == ("error", True)


def test_errors_do_not_repeat_the_services_words_where_names_stay_in_the_tenant(tenant, live):
    quiet = LiveInventory(live._client._client, Scope(), repeat=False)
    for told, said in ((live, "was not found"), (quiet, "")):
        tenant[2].reset()
        tenant[2].inject(Fault.NOT_FOUND, where="resources", code="Vault-Secret" if told is quiet else "")
        run, _ = one(told, PASSES, counts_only=True)
        assert run.outcome == "unreadable"
        assert said in run.reason
    assert run.reason == "table resources could not be read: HTTP 404"
    tenant[2].reset()
    run, _ = one(quiet, PASSES + "\n| where nothere == 1", counts_only=True)
    assert run.reason == "check network.a-check: HTTP 400 BadRequest/InvalidQuery/InvalidQuery"


def test_more_subscriptions_than_one_query_sees_are_refused(live):
    many = Scope(subscriptions=tuple(str(number) for number in range(301)))
    with pytest.raises(
        UsageError, match=r"301 subscriptions are named, and a query sees 300 at most.*ztkit collect"
    ):
        LiveInventory(live._client._client, many)
    LiveInventory(live._client._client, Scope(management_groups=("mg",)))


def test_an_interruption_lets_no_further_request_begin(tenant, live):
    azure = tenant[2]

    def interrupts(*_):
        raise StoppedError("Interrupted.")

    everything = {check.id: check.query for check in CHECKS}
    with pytest.raises(StoppedError):
        evaluated(live, interrupts, CHECKS, counts_only=True)
    summaries = [query for query in azure.recording.queries if "summarize passed0" in query]
    assert len(summaries) < len(groups(everything)) / 4
    with pytest.raises(StoppedError):
        live.look("resources", "resources")
