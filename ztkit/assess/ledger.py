"""The ledger: one row a criterion, whose points add up to the index exactly. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ztkit.model.assessment import Assessment, CriterionResult


@dataclass(frozen=True)
class LedgerRow:
    """How one criterion came to its points.

    Attributes:
        lower, upper: the value as an interval; None where the criterion does not apply.
        share: share of the whole index that hangs on it: pillar × tier × objective × criterion.
        points: what it adds to the index: 100 × share × lower, or 0 while the gate is shut.
        banked: what it would add once the gate opens.
    """

    criterion: str
    pillar: str
    objective: str
    tier: str
    rule: str
    claim: str
    checks: tuple[str, ...]
    query_hashes: tuple[str, ...]
    weight: int
    lower: Fraction | None
    upper: Fraction | None
    share: Fraction
    points: Fraction
    banked: Fraction
    sentence: str


def ledger(assessment: Assessment) -> list[LedgerRow]:
    """The rows of an assessment, in the order of its criteria."""
    hashes = {check.id: check.query_hash for check in assessment.checks}
    return [
        LedgerRow(
            criterion=item.id,
            pillar=item.pillar,
            objective=item.objective,
            tier=item.tier,
            rule=item.rule,
            claim=item.claim.label or item.claim.kind if item.claim else "",
            checks=item.checks,
            query_hashes=tuple(hashes[check] for check in item.checks if check in hashes),
            weight=item.weight,
            lower=item.value.lower if item.value else None,
            upper=item.value.upper if item.value else None,
            share=_share(item, assessment),
            points=item.points,
            banked=item.banked,
            sentence=item.sentence,
        )
        for item in assessment.criteria
    ]


def _share(item: CriterionResult, assessment: Assessment) -> Fraction:
    """Weight of a criterion in the whole index, whatever its value and whether its gate is open."""
    if item.value is None:
        return Fraction(0)
    own = [
        other
        for other in assessment.objectives
        if other.pillar == item.pillar and other.state != "not-applicable"
    ]
    additional = item.tier == "additional"
    count = sum((other.tier == "additional") == additional for other in own)
    both = {other.tier == "additional" for other in own} == {True, False}
    first = assessment.parameters.share_of_initial
    tier = (1 - first if additional else first) if both else Fraction(1)
    weight = sum(
        other.weight for other in assessment.criteria if other.objective == item.objective and other.value
    )
    pillar = next(other.weight for other in assessment.pillars if other.id == item.pillar)
    return pillar * tier / count * Fraction(item.weight, weight)
