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
from ztkit.assess.sentences import sentence
from ztkit.content.library import Library
from ztkit.interview.conditions import ASKED, Gate, gate, with_prerequisites
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
from ztkit.model.response import Response, newest
from ztkit.model.types import SEVERITY_WEIGHT, Severity

DEFAULT_THRESHOLD = Fraction(4, 5)
CONFLICT_FROM = Fraction(1, 2)
NOTHING = Interval(lower=ZERO, upper=ZERO)
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
    library: Library,
    pillars: Sequence[str],
    inputs: Inputs,
    parameters: Parameters,
    objective: str | None = None,
) -> list[CriterionResult]:
    """Every criterion of the pillars in scope, in the library's order; points are set later.

    Args:
        library: the content.
        pillars: ids of the pillars in scope.
        inputs: check results, responses, exceptions, the moment.
        parameters: weights and limits.
        objective: only the criteria of this one.
    """
    asked = {item.id: item for item in library.questions.values() if item.pillar in pillars}
    scored = [question for question in asked.values() if objective in (None, question.objective)]
    said = {
        name: found
        for name in with_prerequisites(scored, asked)
        if (found := newest(inputs.responses.get(name, ()), inputs.at)) is not None
    }
    results = [
        _question_result(library, question, gate(question, asked, said, inputs.at.date()), inputs, parameters)
        for question in scored
    ]
    if inputs.checks:
        results += [
            _check_result(library, check, inputs, parameters)
            for check in library.checks.values()
            if check.pillar in pillars
            and objective in (None, check.objective)
            and check.id not in library.question_of
            and check.id in inputs.checks
        ]
    return results


def claim_of(question: Question, responses: Sequence[Response], at: datetime) -> Claim | None:
    """The newest response to a question as a claim; None where there is none."""
    said = newest(responses, at)
    if said is None:
        return None
    answer = next((item for item in question.answers if item.id == said.answer), None)
    age = max(0, (at - said.at).days)
    return Claim(
        kind=said.kind,
        answer=answer.id if answer else "",
        label=answer.label if answer else "",
        value=answer.value if answer else None,
        note=said.note,
        evidence=said.evidence,
        respondent=said.respondent,
        at=said.at,
        age_days=age,
        stale=age > question.ttl_days,
        rationale=said.rationale,
        approver=said.approver,
        expires=said.expires.isoformat() if said.expires else "",
        earlier=sum(response.at <= at for response in responses) - 1,
        id=said.id,
        confidence=said.confidence,
        settles=said.settles,
        dispute=said.dispute,
    )


def is_proven_not_applicable(claim: Claim, at: datetime) -> bool:
    """Whether a "not applicable" counts: upheld, with a rationale, an approver and an expiry not yet reached."""
    if _is_withdrawn(claim):
        return False
    in_force = bool(claim.expires) and claim.expires >= at.date().isoformat()
    return claim.kind == "not-applicable" and bool(claim.rationale and claim.approver) and in_force


def _is_withdrawn(claim: Claim) -> bool:
    return claim.settles == "accept-evidence"


def _question_result(
    library: Library, question: Question, gate: Gate, inputs: Inputs, parameters: Parameters
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
    settled = _value(claim, evidence, gate, accepted=accepted, at=inputs.at)
    conflict, blocks = _conflict(claim, evidence, gate, threshold, inputs.at)
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
        sentence=sentence(settled.rule, claim, evidence, threshold, _closing(library, gate)),
    )


def _closing(library: Library, gate: Gate) -> str:
    """What keeps a question from being asked, in the words of the question that it depends on."""
    return "; ".join(
        f"“{reason.said or 'nothing'}” was said to “{library.questions[reason.question].text}”"
        for reason in gate.because
    )


def _check_result(library: Library, check: Check, inputs: Inputs, parameters: Parameters) -> CriterionResult:
    evidence = combine([(inputs.checks[check.id], "decisive")], parameters.coverage_that_counts)
    accepted = check.id in inputs.accepted and evidence.rate is None
    settled = _value(None, evidence, ASKED, accepted=accepted, at=inputs.at)
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
        sentence=sentence(settled.rule, None, evidence, check.threshold),
    )


def _value(claim: Claim | None, evidence: Evidence, gate: Gate, *, accepted: bool, at: datetime) -> _Value:
    """Apply the first rule that fits; see `Rule`.

    Decisive evidence overrules whatever was said, here and where it is decided what is asked. Evidence in scope of
    either kind overrules "not applicable".
    """
    if accepted:
        return _Value("exception", None, known=False)
    if evidence.authority == "decisive":
        return _with_evidence(claim, evidence)
    if evidence.rate is None and claim is not None and is_proven_not_applicable(claim, at):
        return _Value("not-applicable", None, known=False)
    if gate.closure == "absent":
        return _Value("not-asked", None, known=False)
    if gate.closure == "prerequisite-missing":
        return _Value("prerequisite-missing", NOTHING, known=True)
    if gate.state == "waiting" and claim is not None and claim.kind == "answer":
        return _Value("waiting", UNKNOWN, known=False)
    return _with_evidence(claim, evidence) if evidence.rate is not None else _claimed(claim)


def _claimed(claim: Claim | None) -> _Value:
    """The value of a claim without evidence."""
    if claim is None:
        return _Value("unanswered", UNKNOWN, known=False)
    if claim.kind == "dont-know":
        return _Value("dont-know", UNKNOWN, known=False)
    if _is_withdrawn(claim):
        return _Value("withdrawn", UNKNOWN, known=False)
    if claim.kind == "not-applicable":
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
    claim: Claim | None, evidence: Evidence, gate: Gate, threshold: Fraction, at: datetime
) -> tuple[bool, bool]:
    """Whether claim and evidence disagree, and whether they do so across the threshold.

    A claim that was given up for the evidence disagrees with nothing; one that is upheld against it goes on to.
    Where nothing was asked, since there should be nothing that it could be about, evidence that fails disagrees.
    Only a conflict across the threshold leaves a must unsettled: two values on the same side of it agree on whether
    it is met, and a rule that said otherwise would let a better answer lower a stage.
    """
    rate = evidence.rate
    if rate is None or not evidence.counts:
        return False, False
    if gate.closure and evidence.authority != "decisive":
        return gate.closure == "absent" and rate.upper < threshold, False
    if claim is None or _is_withdrawn(claim):
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
    return "document" if settled.rule == "attested" and claim and claim.evidence else "attested"


def _confidence(
    basis: Basis, claim: Claim | None, evidence: Evidence, ttl_days: int, snapshot_age: int
) -> float:
    """Confidence from 0 to 1: basis · ½^(age / ttl) · coverage; shown, never multiplied in."""
    age = snapshot_age if basis == "verified" or claim is None else claim.age_days
    freshness = float(0.5 ** (age / ttl_days))
    return round(_BASIS_CONFIDENCE[basis] * freshness * float(evidence.coverage), 4)
