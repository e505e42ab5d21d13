"""The rules that give one criterion its value, as the design states them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction as F
from typing import get_args

import pytest

from tests.builders import check, inputs, library, not_applicable, question, response, result
from ztkit.assess.criteria import criterion_results
from ztkit.assess.evidence import combine
from ztkit.assess.sentences import sentence
from ztkit.model.assessment import CriterionResult, Parameters, Rule

Q = "network.1.a-question"
C = check("network.a-check")


def scored(evidence: str | None, results=(), responses=(), accepted=(), **changes) -> CriterionResult:
    links = [{"check": C.id, "authority": evidence}] if evidence else []
    shelf = library([question(Q, evidence=links, **changes)], [C])
    return criterion_results(shelf, ["network"], inputs(results, responses, accepted), Parameters())[0]


def test_decisive_evidence_is_the_value_whatever_is_claimed():
    item = scored("decisive", [result(C, 3, 1)], [response(Q, "all")])
    assert item.rule == "decisive"
    assert item.value.lower == item.value.upper == F(3, 4)


def test_a_claim_is_capped_by_corroborating_evidence_and_never_lifted():
    low = scored("corroborating", [result(C, 1, 3)], [response(Q, "all")])
    high = scored("corroborating", [result(C, 4, 0)], [response(Q, "some")])
    assert (low.rule, low.value.lower) == ("corroborating", F(1, 4))
    assert (high.rule, high.value.lower) == ("corroborating", F(1, 2))


def test_without_evidence_the_claim_is_the_value():
    item = scored(None, [result(C, 1, 0)], [response(Q, "most")])
    assert (item.rule, item.value.lower, item.basis) == ("attested", F(4, 5), "attested")


def test_a_claim_that_names_a_document_is_a_better_basis():
    item = scored(None, [result(C, 1, 0)], [response(Q, "most", evidence=("policy.pdf",))])
    assert item.basis == "document"


def test_evidence_with_nothing_in_scope_leaves_the_claim():
    item = scored("decisive", [result(C)], [response(Q, "most")])
    assert (item.rule, item.evidence) == ("attested", None)


@pytest.mark.parametrize("outcome", ["error", "unreadable"])
def test_lost_evidence_makes_the_value_unknown_though_something_is_claimed(outcome):
    item = scored("decisive", [result(C, outcome=outcome)], [response(Q, "all")])
    assert (item.rule, item.known, item.value.lower, item.value.upper) == ("evidence-lost", False, 0, 1)


def test_evidence_counts_from_four_fifths_coverage():
    enough = scored("decisive", [result(C, 8, 0, unseen=2)])
    short = scored("decisive", [result(C, 8, 0, unseen=3)])
    assert (enough.known, enough.value.lower, enough.value.upper) == (True, F(8, 10), 1)
    assert (short.rule, short.known) == ("evidence-lost", False)


def test_unseen_units_may_all_fail_or_all_pass():
    item = scored("decisive", [result(C, 6, 2, unseen=2)])
    assert (item.value.lower, item.value.upper) == (F(6, 10), F(8, 10))


def test_interviews_only_take_claims_as_attested_although_checks_exist():
    item = scored("decisive", (), [response(Q, "most")])
    assert item.rule == "attested"


def test_nobody_answered_and_dont_know_are_unknown():
    assert scored(None).rule == "unanswered"
    assert scored(None, (), [response(Q, kind="dont-know")]).rule == "dont-know"


def test_not_applicable_needs_rationale_approver_and_an_expiry_ahead():
    assert scored(None, (), [not_applicable(Q)]).state == "not-applicable"
    for missing in ({"rationale": ""}, {"approver": ""}, {"expires": None}, {"expires": date(2026, 1, 14)}):
        item = scored(None, (), [not_applicable(Q, **missing)])
        assert (item.rule, item.state) == ("not-applicable-unproven", "unknown"), missing


def test_not_applicable_ends_the_day_after_its_expiry():
    assert scored(None, (), [not_applicable(Q, expires=date(2026, 1, 15))]).state == "not-applicable"


def test_evidence_in_scope_overrules_not_applicable_and_is_a_conflict():
    item = scored("decisive", [result(C, 1, 3)], [not_applicable(Q)])
    assert (item.value.lower, item.conflict) == (F(1, 4), True)


def test_corroborating_evidence_in_scope_says_that_not_applicable_cannot_be_right():
    item = scored("corroborating", [result(C, 1, 3)], [not_applicable(Q)])
    assert (item.known, item.conflict) == (False, True)
    assert item.sentence.startswith("Said not to apply, but the inventory has what it is about;")
    assert item.sentence.endswith("25 % of what is in scope passes.")


def test_the_newest_response_counts_and_the_earlier_ones_are_counted():
    item = scored(
        None,
        (),
        [response(Q, "none"), response(Q, "all"), response(Q, "some", at=datetime(2025, 1, 1, tzinfo=UTC))],
    )
    assert (item.claim.answer, item.claim.earlier) == ("all", 2)


def test_a_response_of_the_future_does_not_count():
    assert scored(None, (), [response(Q, "all", at=datetime(2026, 2, 1, tzinfo=UTC))]).claim is None


def test_an_old_response_still_counts_with_less_confidence():
    fresh = scored(None, (), [response(Q, "all")])
    old = scored(None, (), [response(Q, "all", at=datetime(2025, 7, 19, tzinfo=UTC))])
    assert old.value == fresh.value
    assert old.confidence == pytest.approx(fresh.confidence / 2, rel=0.01)
    assert not fresh.claim.stale


@pytest.mark.parametrize(
    ("claim", "passed", "failed", "conflict", "blocks"),
    [
        ("all", 4, 0, False, False),
        ("all", 3, 1, True, True),  # 1 and 3/4 lie on different sides of 4/5
        ("most", 9, 1, False, False),
        ("some", 10, 0, True, True),
        ("none", 1, 9, False, False),
        ("none", 5, 5, True, False),  # half apart, and both below
    ],
)
def test_conflicts(claim, passed, failed, conflict, blocks):
    item = scored("corroborating", [result(C, passed, failed)], [response(Q, claim)])
    assert (item.conflict, item.blocks) == (conflict, blocks)


def test_a_conflict_lowers_confidence():
    item = scored("decisive", [result(C, 0, 4)], [response(Q, "all")])
    assert (item.basis, item.confidence <= 0.3) == ("conflict", True)


def test_the_threshold_is_the_questions_then_its_decisive_checks_then_four_fifths():
    strict = check("network.a-check", threshold=1)
    shelf = library([question(Q, evidence=[{"check": C.id, "authority": "decisive"}])], [strict])
    item = criterion_results(shelf, ["network"], inputs([result(strict, 9, 1)]), Parameters())[0]
    assert (item.threshold, item.state) == (1, "not-met")
    assert scored("decisive", [result(C, 9, 1)], threshold="1/2").threshold == F(1, 2)
    assert scored(None).threshold == F(4, 5)


def test_an_exception_without_resources_takes_a_question_out():
    item = scored(None, (), [response(Q, "none")], accepted=[Q])
    assert (item.rule, item.state, item.conflict) == ("exception", "not-applicable", False)


def test_a_check_that_no_question_names_is_a_criterion_of_its_own():
    critical = check("network.alone", severity="critical")
    shelf = library([], [critical])
    item = criterion_results(shelf, ["network"], inputs([result(critical, 1, 1)]), Parameters())[0]
    assert (item.kind, item.weight, item.must, item.value.lower) == ("check", 5, True, F(1, 2))


def test_a_check_with_nothing_in_scope_does_not_apply():
    shelf = library([], [C])
    item = criterion_results(shelf, ["network"], inputs([result(C)]), Parameters())[0]
    assert (item.rule, item.state, item.value) == ("nothing-in-scope", "not-applicable", None)


def test_losing_one_of_two_checks_leaves_it_in_as_unknown():
    good, bad = check("network.good"), check("network.bad")
    links = [{"check": item.id, "authority": "decisive"} for item in (good, bad)]
    shelf = library([question(Q, evidence=links)], [good, bad])

    def lower(*results):
        return criterion_results(shelf, ["network"], inputs(results), Parameters())[0].value.lower

    assert lower(result(good, 4, 0), result(bad, 1, 4)) == F(3, 5)
    assert lower(result(good, 4, 0), result(bad, outcome="unreadable")) == 0


ACCEPTED = {"settles": "accept-evidence"}
DISPUTED = {"settles": "dispute-evidence", "dispute": "It counts retired machines."}


def test_accepting_decisive_evidence_settles_the_conflict_and_a_must_is_met():
    said = scored("decisive", [result(C, 9, 1)], [response(Q, "none")], must=True)
    settled = scored("decisive", [result(C, 9, 1)], [response(Q, "none", **ACCEPTED)], must=True)
    assert (said.conflict, said.blocks, said.basis) == (True, True, "conflict")
    assert (settled.conflict, settled.blocks, settled.basis) == (False, False, "verified")
    assert said.value == settled.value
    assert "withdrawn in favour of the evidence" in settled.sentence


@pytest.mark.parametrize(("passed", "value"), [(1, F(1, 4)), (4, F(1, 2))])
def test_accepting_corroborating_evidence_takes_it_downward_and_never_raises(passed, value):
    item = scored("corroborating", [result(C, passed, 4 - passed)], [response(Q, "some", **ACCEPTED)])
    assert (item.rule, item.value.lower, item.conflict) == ("corroborating", value, False)


def test_a_withdrawn_claim_does_not_come_back_where_its_evidence_is_left_out():
    item = scored("decisive", (), [response(Q, "all", **ACCEPTED)])
    assert (item.rule, item.known, item.value.lower, item.value.upper) == ("withdrawn", False, 0, 1)


def test_a_withdrawn_not_applicable_does_not_count():
    seen = scored("decisive", [result(C, 3, 1)], [not_applicable(Q, **ACCEPTED)])
    unseen = scored("decisive", (), [not_applicable(Q, **ACCEPTED)])
    assert (seen.rule, seen.conflict) == ("decisive", False)
    assert (unseen.rule, unseen.known) == ("withdrawn", False)


@pytest.mark.parametrize("authority", ["decisive", "corroborating"])
def test_disputing_the_evidence_changes_no_number_and_keeps_the_conflict(authority):
    said = scored(authority, [result(C, 1, 3)], [response(Q, "all")], must=True)
    disputed = scored(authority, [result(C, 1, 3)], [response(Q, "all", **DISPUTED)], must=True)
    assert disputed.claim.dispute == "It counts retired machines."
    assert "upheld against the evidence: It counts retired machines" in disputed.sentence
    for name in ("value", "known", "state", "conflict", "blocks", "basis", "confidence"):
        assert getattr(disputed, name) == getattr(said, name)


def test_a_later_answer_replaces_the_settlement_too():
    later = response(Q, "none", at=datetime(2026, 1, 14, 12, tzinfo=UTC))
    item = scored("decisive", [result(C, 9, 1)], [response(Q, "none", **ACCEPTED), later])
    assert item.conflict


G = "network.1.gate"
NEEDS = {"all": [{"question": G, "in": ["some", "most"]}]}


def gated(gate=None, own=None, passed=None, authority="corroborating"):
    """The criterion of a question that is asked where G was answered with some or most."""
    links = [{"check": C.id, "authority": authority}] if passed is not None else []
    shelf = library([question(G), question(Q, evidence=links, depends_on=NEEDS)], [C])
    said = [*([response(G, gate)] if gate else []), *([own] if own else [])]
    results = [result(C, passed, 4 - passed)] if passed is not None else []
    found = criterion_results(shelf, ["network"], inputs(results, said), Parameters())
    return next(item for item in found if item.id == Q)


def test_what_builds_on_something_missing_is_not_there():
    item = gated("none")
    assert (item.rule, item.known, item.value.lower, item.value.upper) == ("prerequisite-missing", True, 0, 0)
    assert (item.basis, item.state) == ("attested", "not-met")
    assert item.sentence.startswith("Not asked: “None” was said to “Text of network.1.gate?”")


def test_what_is_about_nothing_is_left_out():
    item = gated("all")
    assert (item.rule, item.value, item.state) == ("not-asked", None, "not-applicable")


def test_a_claim_counts_once_it_is_known_that_the_question_is_asked():
    own = response(Q, "all")
    assert gated("some", own).value.lower == 1
    assert (gated(None, own).rule, gated(None, own).known) == ("waiting", False)
    assert gated("none", own).rule == "prerequisite-missing"
    assert gated("all", own).rule == "not-asked"
    assert gated(None).rule == "unanswered"


def test_decisive_evidence_counts_whatever_is_asked():
    for gate in (None, "none", "all"):
        item = gated(gate, passed=3, authority="decisive")
        assert (item.rule, item.value.lower) == ("decisive", F(3, 4))


def test_corroborating_evidence_lifts_nothing_that_is_not_asked_and_failing_contradicts_its_absence():
    assert (gated("none", passed=4).value.lower, gated("none", passed=4).conflict) == (0, False)
    assert (gated("all", passed=4).value, gated("all", passed=4).conflict) == (None, False)
    assert (gated("all", passed=0).value, gated("all", passed=0).conflict) == (None, True)
    assert not gated("all", passed=0).blocks


def test_a_proven_not_applicable_outweighs_what_it_depends_on():
    for gate in (None, "none", "all"):
        assert gated(gate, not_applicable(Q)).rule == "not-applicable"


def test_the_claim_says_which_response_it_is_and_how_sure_the_respondent_is():
    said = response(Q, "most", confidence="low")
    claim = scored(None, (), [said]).claim
    assert (claim.id, claim.confidence) == (said.id, "low")


def test_every_rule_has_a_sentence():
    shown = combine([(result(C, 1, 1), "corroborating")], F(4, 5))
    for rule in get_args(Rule):
        assert sentence(rule, None, shown, F(4, 5), "closing").endswith(".")
