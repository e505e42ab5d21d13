"""Says why a criterion's value is what it is, for a person. Pure."""

from __future__ import annotations

from fractions import Fraction

from ztkit.assess.evidence import Evidence
from ztkit.model.assessment import Claim, Rule

_SAME_FOR_ALL: dict[Rule, str] = {
    "not-applicable-unproven": "Said not to apply, without a rationale, an approver and an expiry in force: unknown.",
    "exception": "An accepted risk takes it out of the score.",
    "nothing-in-scope": "The inventory has nothing that this is about.",
}


def sentence(
    rule: Rule, claim: Claim | None, evidence: Evidence, threshold: Fraction, closing: str = ""
) -> str:
    """Why the value is what it is.

    Args:
        rule: the rule that gave the value.
        claim: what was said.
        evidence: what the inventory shows.
        threshold: the value from which the criterion is met.
        closing: what was said to the questions that keep this one from being asked.
    """
    said, shown = _said(claim), _shown(evidence)
    needed = f"{percent(threshold)} needed"
    match rule:
        case "decisive":
            return _joined(f"{shown} The evidence decides; {needed}.", f"{said}." if said else "")
        case "corroborating":
            return f"{said}; {shown[0].lower()}{shown[1:]} The lower one counts; {needed}."
        case "attested":
            return f"{said}, and no evidence was read; {needed}."
        case "evidence-lost":
            read = f"The evidence could not be read ({percent(evidence.coverage)} of it was), so the value is unknown."
            return _joined(read, f"{said}." if said else "")
        case "withdrawn":
            return (
                f"{said or 'What was said is withdrawn'}; no evidence was read this time, so it is unknown."
            )
        case "waiting":
            return f"{said}. It counts once it is known that the question applies: {closing}."
        case "prerequisite-missing":
            return f"Not asked: {closing}. What it asks about cannot be there without that."
        case "not-asked":
            return f"Not asked, and left out: {closing}."
        case "unanswered":
            return _joined(_unanswered(claim), shown)
        case "dont-know":
            return _joined("The answer was “don't know”.", shown)
        case "not-applicable":
            return _does_not_apply(claim)
        case _:
            return _SAME_FOR_ALL[rule]


def _unanswered(claim: Claim | None) -> str:
    if claim is not None and claim.kind == "not-applicable":
        return (
            "Said not to apply, but the inventory has what it is about; nobody has said how far it is done."
        )
    return "Nobody has answered yet."


def _does_not_apply(claim: Claim | None) -> str:
    if claim is None:
        return "Does not apply."
    return f"Does not apply: {claim.rationale} (approved by {claim.approver} until {claim.expires})."


def _joined(*sentences: str) -> str:
    return " ".join(text for text in sentences if text)


def percent(share: Fraction) -> str:
    """A share as a percentage with one decimal at most."""
    number = f"{float(share) * 100:.1f}".removesuffix(".0")
    return f"{number} %"


def _said(claim: Claim | None) -> str:
    if claim is None or claim.value is None:
        return ""
    said = f"“{claim.label}” was said ({percent(claim.value)})"
    if claim.settles == "accept-evidence":
        return f"{said} and withdrawn in favour of the evidence"
    if claim.settles == "dispute-evidence":
        return f"{said} and is upheld against the evidence: {claim.dispute.rstrip('.')}"
    return said


def _shown(evidence: Evidence) -> str:
    rate = evidence.rate
    if rate is None or not evidence.counts:
        return ""
    if rate.lower == rate.upper:
        return f"{percent(rate.lower)} of what is in scope passes."
    return f"{percent(rate.lower)} to {percent(rate.upper)} of what is in scope passes."
