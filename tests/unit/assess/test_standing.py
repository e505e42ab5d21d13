"""A question while it is being answered: its claim beside its evidence, and what an answer would do."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction as F

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import AT, check, inputs, library, question, response, result
from ztkit.assess.evaluate import FINDINGS
from ztkit.assess.exceptions import exception_results, take_out
from ztkit.assess.run import check_result
from ztkit.assess.scoring import score
from ztkit.assess.standing import Ground, effect, failing, ground, objective_now, standing
from ztkit.errors import UsageError
from ztkit.model.assessment import Assessment, SnapshotRef
from ztkit.model.engagement import Engagement
from ztkit.model.response import RiskException
from ztkit.model.snapshot import Scope
from ztkit.workspace import Workspace, write_model

Q, OTHER, C, D = "network.1.a-question", "network.1.other", "network.a-check", "network.b-check"
ENGAGEMENT = Engagement(organisation="Made up", pillars=("network",))


@pytest.fixture
def checks():
    return {C: check(C), D: check(D)}


@pytest.fixture
def shelf(checks):
    links = [{"check": C, "authority": "decisive"}]
    return library([question(Q, evidence=links, must=True), question(OTHER)], checks.values())


def on(checks, passed=1, failed=3):
    """Ground on which C has come to something and D has not been run."""
    return Ground(ENGAGEMENT, checks={C: result(checks[C], passed, failed)}, assessment="a")


def stands(shelf, ground_, *said):
    return standing(shelf, ground_, {Q: list(said)} if said else {}, Q, AT)


def test_what_a_check_says_is_shown_beside_the_claim(shelf, checks):
    found = stands(shelf, on(checks), response(Q, "all"))
    assert [(item.id, item.state, item.result.failed) for item in found.checks] == [(C, "fail", 3)]
    assert (found.criterion.claim.answer, found.criterion.evidence.lower) == ("all", F(1, 4))
    assert found.conflict == "across"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"passed": 4, "failed": 0}, "pass"),
        ({"passed": 0, "failed": 0}, "nothing"),
        ({"passed": 0, "failed": 0, "unseen": 3}, "unknown"),
        ({"passed": 4, "failed": 0, "unseen": 2}, "unknown"),
        ({"outcome": "error"}, "unknown"),
    ],
)
def test_each_check_stands_where_its_result_puts_it(shelf, checks, changes, state):
    known = Ground(ENGAGEMENT, checks={C: result(checks[C], **changes)})
    assert [item.state for item in stands(shelf, known).checks] == [state]


def test_without_an_assessment_a_claim_stands_alone(shelf):
    found = stands(shelf, Ground(ENGAGEMENT), response(Q, "all"))
    assert [(item.state, item.result) for item in found.checks] == [("unknown", None)]
    assert (found.conflict, found.criterion.rule) == ("none", "attested")


@pytest.mark.parametrize(
    ("said", "conflict"),
    [
        ({"answer": "some"}, "none"),
        ({"answer": "most"}, "across"),
        ({"answer": "most", "settles": "dispute-evidence", "dispute": "It counts too much."}, "disputed"),
        ({"answer": "most", "settles": "accept-evidence"}, "accepted"),
        ({"answer": None, "kind": "dont-know"}, "none"),
    ],
)
def test_a_conflict_is_open_disputed_or_accepted(shelf, checks, said, conflict):
    assert stands(shelf, on(checks), response(Q, **said)).conflict == conflict


def test_far_apart_on_one_side_of_the_threshold_is_another_conflict(checks):
    shelf = library(
        [question(Q, evidence=[{"check": C, "authority": "decisive"}], threshold="1/10")], checks.values()
    )
    assert stands(shelf, on(checks), response(Q, "all")).conflict == "apart"


def test_what_is_not_asked_is_in_conflict_with_evidence_of_it_whatever_was_said_before(checks):
    gate = {"all": [{"question": OTHER, "in": ["none", "some"]}]}
    links = [{"check": C, "authority": "corroborating"}]
    shelf = library([question(OTHER), question(Q, evidence=links, depends_on=gate)], checks.values())
    said = {OTHER: [response(OTHER, "all")], Q: [response(Q, "all", settles="accept-evidence")]}
    found = standing(shelf, on(checks), said, Q, AT)
    assert (found.criterion.rule, found.conflict) == ("not-asked", "apart")


def test_an_answer_shows_what_it_does_before_it_is_recorded(shelf, checks):
    ground_ = Ground(ENGAGEMENT.model_copy(update={"targets": {"network.1": F(9, 10)}}))
    found = effect(shelf, ground_, {}, response(Q, "most"), AT)
    assert (found.now.score.lower, found.now.score.upper, found.now.state) == (0, 1, "undetermined")
    assert (found.then.score.lower, found.then.score.upper) == (F(2, 5), F(9, 10))
    assert (found.criterion_now.rule, found.criterion_then.rule) == ("unanswered", "attested")
    assert found.distance == F(9, 10) - F(2, 5)


def test_the_response_looked_at_is_the_one_that_would_count(shelf):
    recorded = {Q: [response(Q, "all", at=AT), response(Q, "none", at=AT + timedelta(days=3))]}
    early = response(Q, "some", at=AT - timedelta(days=9))
    found = effect(shelf, Ground(ENGAGEMENT), recorded, early, AT)
    assert (found.criterion_now.claim.answer, found.criterion_then.claim.answer) == ("all", "some")


def test_what_is_shown_is_what_scoring_gives(shelf, checks):
    said = {Q: [response(Q, "all")], OTHER: [response(OTHER, "some")]}
    results = [result(checks[C], 9, 1), result(checks[D], 1, 3)]
    scored = score(shelf, ["network"], inputs(results, [*said[Q], *said[OTHER]]), ENGAGEMENT.scoring)
    ground_ = Ground(ENGAGEMENT, checks={item.id: item for item in results})
    assert objective_now(shelf, ground_, said, "network.1", AT) == scored.objectives[0]


def test_a_question_that_does_not_exist_is_named(shelf):
    with pytest.raises(UsageError, match="There is no question"):
        standing(shelf, Ground(ENGAGEMENT), {}, "network.1.nowhere", AT)


ROWS = [("/b", "beta", "pass"), ("/C", "gamma", "fail"), ("/a", "alpha", "fail"), ("/d", "delta", "fail")]


@pytest.fixture
def workspace(tmp_path, shelf, checks):
    """A workspace with an assessment in which one of four resources passes C, and a later one of interviews only."""
    space = Workspace.create(tmp_path / "w", ENGAGEMENT)
    space.write_exceptions((risk(resources=("/c",)),))
    _assessed(space, shelf, checks, "2026-01-10T0900Z", with_snapshot=True)
    _assessed(space, shelf, checks, "2026-01-12T0900Z", with_snapshot=False)
    return space


def risk(**changes):
    return RiskException(
        **{"criterion": C, "reason": "Legacy", "approver": "CISO", "expires": date(2026, 12, 31), **changes}
    )


def _assessed(space, shelf, checks, identifier, *, with_snapshot):
    from ztkit.assess.evaluate import CheckRun

    findings = pa.table(
        {
            name: [C] * 4
            if name == "check"
            else [row[("id", "name", "status").index(name)] for row in ROWS]
            if name in ("id", "name", "status")
            else [f"{name} of {row[1]}" for row in ROWS]
            for name in FINDINGS.names
        },
        schema=FINDINGS,
    )
    run = CheckRun(C, "ok", 1, 3, 0, 0, "", ("resources",), "0" * 16, 0.0)
    taken = {C: take_out(run, findings, space.exceptions(), AT)}
    results = [check_result(checks[C], run, taken[C])] if with_snapshot else []
    scored = score(shelf, ["network"], inputs(results), ENGAGEMENT.scoring)
    snapshot = SnapshotRef(
        id="2026-01-09T0900Z", taken=AT - timedelta(days=6), source="import", hash="h", rows=4, tables=()
    )
    made = Assessment(
        id=identifier,
        organisation="Made up",
        at=AT,
        tool="ztkit",
        content_hash="another",
        scope=Scope(),
        pillars_in_scope=("network",),
        snapshot=snapshot if with_snapshot else None,
        parameters=ENGAGEMENT.scoring,
        overall=scored.overall,
        pillars=scored.pillars,
        objectives=scored.objectives,
        criteria=scored.criteria,
        concerns=scored.concerns,
        checks=tuple(results),
        exceptions=tuple(
            exception_results(space.exceptions(), taken if with_snapshot else {}, checks, AT, named=True)
        ),
    )
    with space.building("assessments", identifier) as folder:
        pq.write_table(findings if with_snapshot else FINDINGS.empty_table(), folder / "findings.parquet")
        write_model(folder / "result.json", made)


def test_the_ground_is_the_newest_assessment_that_read_an_inventory(workspace, shelf):
    found = ground(workspace, shelf, AT)
    assert (found.assessment, found.snapshot_age_days, found.same_content) == ("2026-01-10T0900Z", 6, False)
    assert (found.checks[C].failed, found.checks[C].excepted, found.checks[C].rate) == (2, 1, F(1, 3))


def test_a_workspace_without_assessments_is_ground_too(tmp_path, shelf):
    found = ground(Workspace.create(tmp_path / "new", ENGAGEMENT), shelf, AT)
    assert (found.assessment, dict(found.checks), found.findings) == ("", {}, None)
    assert failing(found, C) == ()


def test_the_first_failing_resources_are_named_without_those_under_an_exception(workspace, shelf):
    found = failing(ground(workspace, shelf, AT), C)
    assert [(item.id, item.name, item.reason) for item in found] == [
        ("/a", "alpha", "reason of alpha"),
        ("/d", "delta", "reason of delta"),
    ]
    assert [item.name for item in failing(ground(workspace, shelf, AT), C, limit=1)] == ["alpha"]


@pytest.mark.parametrize(
    ("exceptions", "failed", "excepted", "named"),
    [
        ((), 3, 0, ["alpha", "delta", "gamma"]),
        ((risk(resources=("/A", "/c")),), 1, 2, ["delta"]),
        ((risk(resources=("/c",)), risk(resources=("/d",))), 1, 2, ["alpha"]),
        ((risk(),), 0, 3, []),
        ((risk(resources=("/c",), expires=date(2026, 1, 14)),), 3, 0, ["alpha", "delta", "gamma"]),
    ],
)
def test_the_exceptions_of_today_count_and_not_those_of_the_assessment(
    workspace, shelf, exceptions, failed, excepted, named
):
    workspace.write_exceptions(exceptions)
    found = ground(workspace, shelf, AT)
    assert (found.checks[C].failed, found.checks[C].excepted) == (failed, excepted)
    assert [item.name for item in failing(found, C)] == named


def test_an_accepted_question_is_out_of_the_score(workspace, shelf):
    workspace.write_exceptions((risk(criterion=Q),))
    found = standing(shelf, ground(workspace, shelf, AT), {Q: [response(Q, "all")]}, Q, AT)
    assert (found.criterion.rule, found.conflict) == ("exception", "none")
