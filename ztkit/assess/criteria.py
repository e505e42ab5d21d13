"""Gives every criterion its value from claim and evidence. Pure.

The rules are those of the design, with a value held as an interval: a point where it is known,
0 to 1 where it is not, and in between where part of the inventory could not be read. With everything
read, the formulas are the design's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from ztkit.assess.evidence import UNKNOWN, ZERO, Evidence, combine
from ztkit.content.library import Library
from ztkit.model.assessment import (
    Basis,
    CheckResult,
    Claim,
    CriterionResult,
    CriterionState,
    Interval,
    Parameters,
    Rule,
)
from ztkit.model.check import Check
from ztkit.model.question import Question
from ztkit.model.response import Response
from ztkit.model.types import SEVERITY_WEIGHT, Severity

DEFAULT_THRESHOLD = Fraction(4, 5)
CONFLICT_FROM = Fraction(1, 2)
_BASIS_CONFIDENCE: dict[Basis, float] = {
    "verified": 1.0,
    "corroborated": 0.9,
    "document": 0.7,
    "attested": 0.4,
    "conflict": 0.3,
    "none": 0.0,
}


@dataclass(frozen=True)
class Inputs:
    """What scoring starts from.

    Attributes:
        at: the moment that ages and expiries count from.
        checks: what came of each check, by id; empty for an assessment of interviews only.
        responses: every response by question, oldest first.
        accepted: criteria that an exception in force takes out as a whole.
        snapshot_age_days: how old the evidence is.
    """

    at: datetime
    checks: Mapping[str, CheckResult]
    responses: Mapping[str, Sequence[Response]]
    accepted: frozenset[str] = frozenset()
    snapshot_age_days: int = 0


@dataclass(frozen=True)
class _Value:
    rule: Rule
    value: Interval | None
    known: bool


def criterion_results(
    library: Library, pillars: Sequence[str], inputs: Inputs, parameters: Parameters
) -> list[CriterionResult]:
    """Every criterion of the pillars in scope, in the library's order; points are set later."""
    results = [
        _question_result(library, question, inputs, parameters)
        for question in library.questions.values()
        if question.pillar in pillars
    ]
    if inputs.checks:
        results += [
            _check_result(library, check, inputs, parameters)
            for check in library.checks.values()
            if check.pillar in pillars and check.id not in library.question_of and check.id in inputs.checks
        ]
    return results


def claim_of(question: Question, responses: Sequence[Response], at: datetime) -> Claim | None:
    """The newest response to a question as a claim; None where there is none."""
    said = [response for response in responses if response.at <= at]
    if not said:
        return None
    newest = max(enumerate(said), key=lambda pair: (pair[1].at, pair[0]))[1]
    answer = next((item for item in question.answers if item.id == newest.answer), None)
    age = max(0, (at - newest.at).days)
    return Claim(
        kind=newest.kind,
        answer=answer.id if answer else "",
        label=answer.label if answer else "",
        value=answer.value if answer else None,
        note=newest.note,
        evidence=newest.evidence,
        respondent=newest.respondent,
        at=newest.at,
        age_days=age,
        stale=age > question.ttl_days,
        rationale=newest.rationale,
        approver=newest.approver,
        expires=newest.expires.isoformat() if newest.expires else "",
        earlier=len(said) - 1,
    )


def is_proven_not_applicable(claim: Claim, at: datetime) -> bool:
    """Whether a "not applicable" counts: with a rationale, an approver and an expiry not yet reached."""
    in_force = bool(claim.expires) and claim.expires >= at.date().isoformat()
    return claim.kind == "not-applicable" and bool(claim.rationale and claim.approver) and in_force


def _question_result(
    library: Library, question: Question, inputs: Inputs, parameters: Parameters
) -> CriterionResult:
    claim = claim_of(question, inputs.responses.get(question.id, ()), inputs.at)
    linked = [
        (library.checks[link.check], link.authority)
        for link in question.checks
        if link.check in library.checks
    ]
    evidence = combine(
        [(inputs.checks[check.id], authority) for check, authority in linked if check.id in inputs.checks],
        parameters.coverage_that_counts,
    )
    decisive = [check.threshold for check, authority in linked if authority == "decisive"]
    threshold = (
        question.threshold if question.threshold is not None else max(decisive, default=DEFAULT_THRESHOLD)
    )
    accepted = question.id in inputs.accepted
    settled = _value(claim, evidence, accepted=accepted, at=inputs.at)
    conflict, blocks = _conflict(claim, evidence, threshold, inputs.at)
    basis = _basis(settled, claim, conflict=conflict)
    severity: Severity = "critical" if question.must else "high" if question.weight >= 3 else "medium"
    return CriterionResult(
        id=question.id,
        kind="question",
        pillar=question.pillar,
        objective=question.objective,
        tier=library.objectives[question.objective].tier,
        title=question.text,
        weight=question.weight,
        threshold=threshold,
        must=question.must,
        severity=severity,
        rule=settled.rule,
        authority=evidence.authority,
        claim=claim,
        evidence=evidence.rate,
        value=settled.value,
        known=settled.known,
        state=_state(settled.value, threshold),
        conflict=conflict and not accepted,
        blocks=blocks and not accepted,
        basis=basis,
        confidence=_confidence(basis, claim, evidence, question.ttl_days, inputs.snapshot_age_days),
        checks=tuple(check.id for check, _ in linked),
        concerns=question.concerns,
        technologies=question.technologies,
        effort=question.remediation.effort,
        user_impact=question.remediation.user_impact,
        points=ZERO,
        at_stake=ZERO,
        banked=ZERO,
        sentence=_sentence(settled, claim, evidence, threshold),
    )


def _check_result(library: Library, check: Check, inputs: Inputs, parameters: Parameters) -> CriterionResult:
    evidence = combine([(inputs.checks[check.id], "decisive")], parameters.coverage_that_counts)
    accepted = check.id in inputs.accepted and evidence.rate is None
    settled = _value(None, evidence, accepted=accepted, at=inputs.at)
    if settled.rule == "unanswered":
        rule: Rule = "exception" if inputs.checks[check.id].excepted else "nothing-in-scope"
        settled = _Value(rule, None, known=False)
    basis = _basis(settled, None, conflict=False)
    return CriterionResult(
        id=check.id,
        kind="check",
        pillar=check.pillar,
        objective=check.objective,
        tier=library.objectives[check.objective].tier,
        title=check.title,
        weight=SEVERITY_WEIGHT[check.severity],
        threshold=check.threshold,
        must=check.severity == "critical",
        severity=check.severity,
        rule=settled.rule,
        authority=evidence.authority,
        claim=None,
        evidence=evidence.rate,
        value=settled.value,
        known=settled.known,
        state=_state(settled.value, check.threshold),
        conflict=False,
        blocks=False,
        basis=basis,
        confidence=_confidence(basis, None, evidence, 180, inputs.snapshot_age_days),
        checks=(check.id,),
        concerns=check.concerns,
        technologies=check.technologies,
        effort=check.remediation.effort,
        user_impact=check.remediation.user_impact,
        points=ZERO,
        at_stake=ZERO,
        banked=ZERO,
        sentence=_sentence(settled, None, evidence, check.threshold),
    )


def _value(claim: Claim | None, evidence: Evidence, *, accepted: bool, at: datetime) -> _Value:
    """Apply the first rule that fits; see `Rule`. Evidence in scope overrules "not applicable"."""
    if accepted:
        return _Value("exception", None, known=False)
    if evidence.rate is not None:
        return _with_evidence(claim, evidence)
    if claim is None:
        return _Value("unanswered", UNKNOWN, known=False)
    if claim.kind == "dont-know":
        return _Value("dont-know", UNKNOWN, known=False)
    if claim.kind == "not-applicable":
        if is_proven_not_applicable(claim, at):
            return _Value("not-applicable", None, known=False)
        return _Value("not-applicable-unproven", UNKNOWN, known=False)
    if claim.value is None:  # an answer that the question no longer has
        return _Value("unanswered", UNKNOWN, known=False)
    return _Value("attested", Interval(lower=claim.value, upper=claim.value), known=True)


def _with_evidence(claim: Claim | None, evidence: Evidence) -> _Value:
    rate = evidence.rate
    if rate is None or not evidence.counts:
        return _Value("evidence-lost", UNKNOWN, known=False)
    if evidence.authority == "decisive":
        return _Value("decisive", rate, known=True)
    if claim is None or claim.value is None:
        return _Value(
            "dont-know" if claim and claim.kind == "dont-know" else "unanswered", UNKNOWN, known=False
        )
    value = Interval(lower=min(claim.value, rate.lower), upper=min(claim.value, rate.upper))
    return _Value("corroborating", value, known=True)


def _conflict(
    claim: Claim | None, evidence: Evidence, threshold: Fraction, at: datetime
) -> tuple[bool, bool]:
    """Whether claim and evidence disagree, and whether they do so across the threshold.

    Only the second kind leaves a must unsettled: two values on the same side of the threshold agree on
    whether it is met, and a rule that said otherwise would let a better answer lower a stage.
    """
    rate = evidence.rate
    if claim is None or rate is None or not evidence.counts:
        return False, False
    if claim.kind == "not-applicable":
        proven = is_proven_not_applicable(claim, at)
        return proven, False
    if claim.value is None:
        return False, False
    claimed = claim.value
    across = (claimed >= threshold and rate.upper < threshold) or (
        claimed < threshold and rate.lower >= threshold
    )
    apart = claimed - rate.upper >= CONFLICT_FROM or rate.lower - claimed >= CONFLICT_FROM
    return across or apart, across


def _state(value: Interval | None, threshold: Fraction) -> CriterionState:
    if value is None:
        return "not-applicable"
    if value.lower >= threshold:
        return "met"
    return "not-met" if value.upper < threshold else "unknown"


def _basis(settled: _Value, claim: Claim | None, *, conflict: bool) -> Basis:
    if not settled.known:
        return "none"
    if conflict:
        return "conflict"
    if settled.rule == "decisive":
        return "verified"
    if settled.rule == "corroborating":
        return "corroborated"
    return "document" if claim is not None and claim.evidence else "attested"


def _confidence(
    basis: Basis, claim: Claim | None, evidence: Evidence, ttl_days: int, snapshot_age: int
) -> float:
    """Confidence from 0 to 1: basis · ½^(age / ttl) · coverage; shown, never multiplied in."""
    age = snapshot_age if basis == "verified" or claim is None else claim.age_days
    freshness = float(0.5 ** (age / ttl_days))
    return round(_BASIS_CONFIDENCE[basis] * freshness * float(evidence.coverage), 4)


def _sentence(settled: _Value, claim: Claim | None, evidence: Evidence, threshold: Fraction) -> str:
    """Why the value is what it is, for a person."""
    needed = f"{_percent(threshold)} needed"
    said = f"“{claim.label}” was said ({_percent(claim.value)})" if claim and claim.value is not None else ""
    shown = _shown(evidence)
    match settled.rule:
        case "decisive":
            return f"{shown} The evidence decides; {needed}." + (f" {said}." if said else "")
        case "corroborating":
            return f"{said}; {shown[0].lower()}{shown[1:]} The lower one counts; {needed}."
        case "attested":
            return f"{said}, and no evidence was read; {needed}."
        case "evidence-lost":
            read = _percent(evidence.coverage)
            return f"The evidence could not be read ({read} of it was), so the value is unknown." + (
                f" {said}." if said else ""
            )
        case "unanswered":
            return "Nobody has answered yet." + (f" {shown}" if shown else "")
        case "dont-know":
            return "The answer was “don't know”." + (f" {shown}" if shown else "")
        case "not-applicable":
            return f"Does not apply: {claim.rationale if claim else ''} (approved by {claim.approver if claim else ''} until {claim.expires if claim else ''})."
        case "not-applicable-unproven":
            return "Said not to apply, without a rationale, an approver and an expiry in force: unknown."
        case "exception":
            return "An accepted risk takes it out of the score."
        case "nothing-in-scope":
            return "The inventory has nothing that this is about."


def _shown(evidence: Evidence) -> str:
    rate = evidence.rate
    if rate is None or not evidence.counts:
        return ""
    if rate.lower == rate.upper:
        return f"{_percent(rate.lower)} of what is in scope passes."
    return f"{_percent(rate.lower)} to {_percent(rate.upper)} of what is in scope passes."


def _percent(share: Fraction) -> str:
    number = f"{float(share) * 100:.1f}".removesuffix(".0")
    return f"{number} %"
