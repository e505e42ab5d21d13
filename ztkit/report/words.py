"""How numbers, stages, states and dates are said: one place, so that two sections never say one thing differently."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from ztkit.model.assessment import (
    Assessment,
    CriterionState,
    IndexChange,
    Interval,
    ObjectiveState,
    Rule,
    Stage,
)
from ztkit.model.types import STAGES, Effort, Impact, PillarId, Tier

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "\u2013"

MONTHS = ("January February March April May June July August September October November December").split()

OBJECTIVE_STATE: dict[ObjectiveState, tuple[str, str]] = {
    "met": ("✓", "Met"),
    "not-met": ("✕", "Not met"),
    "undetermined": ("?", "Not yet known"),
    "not-applicable": (DASH, "Does not apply"),
}
"""Symbol and name of an objective's state."""

CRITERION_STATE: dict[CriterionState, tuple[str, str]] = {
    "met": ("✓", "Met"),
    "not-met": ("✕", "Not met"),
    "unknown": ("?", "Not known"),
    "not-applicable": (DASH, "Does not apply"),
}
"""Symbol and name of a criterion's state."""

RULE: dict[Rule, str] = {
    "decisive": "Evidence decides",
    "corroborating": "Lower of claim and evidence",
    "attested": "Claim alone",
    "unanswered": "Not answered",
    "dont-know": "Answered “don't know”",
    "not-applicable": "Does not apply",
    "not-applicable-unproven": "Said not to apply, unproven",
    "evidence-lost": "Evidence unreadable",
    "withdrawn": "Claim withdrawn",
    "waiting": "Depends on an open question",
    "prerequisite-missing": "What it builds on is missing",
    "not-asked": "Not asked",
    "nothing-in-scope": "Nothing in scope",
    "exception": "Accepted risk",
}
"""How a criterion got its value, in a few words."""

EXCEPTION_STATE: dict[str, tuple[str, str]] = {
    "in-force": ("✓", "In force"),
    "expiring": ("!", "Expires soon"),
    "expired": ("✕", "Expired"),
    "unused": (DASH, "Not needed"),
    "not-applied": ("?", "Not applied"),
}
"""Symbol and name of an exception's state."""

EFFORT: dict[Effort, str] = {"S": "hours", "M": "days", "L": "weeks"}
IMPACT: dict[Impact, str] = {
    "none": "nobody notices",
    "low": "few people notice",
    "medium": "many people notice",
    "high": "changes how people work",
}
TIER: dict[Tier, str] = {"baseline": "Baseline", "initial": "Initial", "additional": "Additional"}


def rounded(value: Fraction, digits: int = 0) -> str:
    """A number rounded half away from zero, with a true minus sign and no negative zero."""
    scale = 10**digits
    whole = int(abs(value) * scale + Fraction(1, 2))
    text = f"{whole // scale:,}" + (f".{whole % scale:0{digits}d}" if digits else "")
    return f"{MINUS}{text}" if value < 0 and whole else text


def interval(value: Interval, digits: int = 0) -> str:
    """An interval such as ``41–57``; one number where it is a point; a digit more where rounding would hide it."""
    if value.lower == value.upper:
        return rounded(value.lower, digits)
    lower, upper = rounded(value.lower, digits), rounded(value.upper, digits)
    if lower == upper:
        return f"{lower}" if digits else interval(value, digits=1)
    return f"{lower}{DASH}{upper}"


def points(value: Fraction) -> str:
    """Index points with one digit; a dash for none, and never 0.0 for some."""
    if not value:
        return DASH
    return rounded(value, 1) if value >= Fraction(1, 20) else "<0.1"


def percent(share: Fraction) -> str:
    """A share in percent; never 100 % or 0 % unless it is exactly that."""
    if 0 < share < Fraction(1, 100):
        return f"<1{NBSP}%"
    if Fraction(99, 100) < share < 1:
        return f">99{NBSP}%"
    return f"{rounded(100 * share)}{NBSP}%"


def percent_interval(value: Interval) -> str:
    """An interval of shares in percent."""
    if value.lower == value.upper:
        return percent(value.lower)
    return f"{interval(Interval(lower=100 * value.lower, upper=100 * value.upper))}{NBSP}%"


def day(moment: date) -> str:
    """A date in words, such as 22 November 2026."""
    return f"{moment.day}{NBSP}{MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """A moment to the minute, in UTC as it is stored."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def stage(value: Stage) -> str:
    """A stage by name; a range where it is not settled; "insufficient evidence" where too little is known."""
    if value.insufficient:
        return "Insufficient evidence"
    if value.lower == value.upper:
        return STAGES[value.lower]
    return f"{STAGES[value.lower]} to {STAGES[value.upper]}"


def stage_range(value: Stage) -> str:
    """A stage range by name, also where evidence is insufficient."""
    return stage(value.model_copy(update={"insufficient": False}))


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun, in the singular or plural."""
    return f"{number:,}{NBSP}{one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a person would list them."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def pillar_titles(assessment: Assessment) -> dict[PillarId, str]:
    """Titles of the pillars in scope, by id."""
    return {pillar.id: pillar.title for pillar in assessment.pillars}


def movement(change: IndexChange) -> tuple[str, str]:
    """What became of an index: a symbol and a few words.

    A lower bound that fell while the upper one rose is lost sight, not a decline; the other way round,
    more is known and nothing else can be said.
    """
    low = change.after.lower - change.before.lower
    high = change.after.upper - change.before.upper
    if not low and not high:
        return "=", "unchanged"
    if low <= 0 <= high:
        return "?", "less is known than before"
    if low >= 0 >= high:
        return "●", "more is known than before"
    return ("▲", f"up {_step(low)}") if low > 0 else ("▼", f"down {_step(-low)}")


def _step(value: Fraction) -> str:
    return rounded(value, 0 if value >= 1 else 1) if value >= Fraction(1, 20) else "under 0.1"
