"""What the inventory says of a criterion: pass rates as intervals, from counted findings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ztkit.model.assessment import CheckResult, Interval
from ztkit.model.types import SEVERITY_WEIGHT, Authority

ZERO, ONE = Fraction(0), Fraction(1)
UNKNOWN = Interval(lower=ZERO, upper=ONE)
"""What an unknown value is: anything."""


@dataclass(frozen=True)
class Evidence:
    """What the checks of a criterion show together.

    Attributes:
        rate: interval of the pass rate; None where nothing is in scope.
        point: pass / (pass + fail), weighted; None where nothing could be read.
        coverage: share of the units that was read.
        counts: whether the coverage is enough.
        authority: of the strongest check that has, or may have, something in scope.
    """

    rate: Interval | None
    point: Fraction | None
    coverage: Fraction
    counts: bool
    authority: Authority | None


def rate_of(result: CheckResult) -> Interval | None:
    """The pass rate of one check as an interval: every unit that was not read may pass or fail.

    With everything read it is the point pass / (pass + fail). A check that could not be run at all
    may be anything; one with nothing in scope is None.
    """
    if result.outcome != "ok":
        return UNKNOWN
    units = result.passed + result.failed + result.unseen
    if not units:
        return None
    return Interval(
        lower=Fraction(result.passed, units), upper=Fraction(result.passed + result.unseen, units)
    )


def coverage_of(result: CheckResult) -> Fraction:
    """Units read / units in scope; 0 for a check that could not be run, 1 for one with nothing in scope."""
    if result.outcome != "ok":
        return ZERO
    read = result.passed + result.failed
    return Fraction(read, read + result.unseen) if read + result.unseen else ONE


def combine(results: Sequence[tuple[CheckResult, Authority]], coverage_that_counts: Fraction) -> Evidence:
    """Join the checks of one criterion by the weight of their severity.

    Checks with nothing in scope drop out. A check that could not be read stays in, as unknown, so that
    losing access to it can never raise the rate.
    """
    bearing = [(item, authority, rate) for item, authority in results if (rate := rate_of(item)) is not None]
    if not bearing:
        return Evidence(None, None, ONE, counts=True, authority=None)
    weights = [SEVERITY_WEIGHT[item.severity] for item, _, _ in bearing]
    total = sum(weights)

    def mean(values: Sequence[Fraction]) -> Fraction:
        return sum((weight * value for weight, value in zip(weights, values, strict=True)), ZERO) / total

    coverage = mean([coverage_of(item) for item, _, _ in bearing])
    counts = coverage >= coverage_that_counts
    read = [item.rate for item, _, _ in bearing if item.rate is not None]
    point = (
        mean([item.rate for item, _, _ in bearing if item.rate is not None])
        if len(read) == len(bearing)
        else None
    )
    return Evidence(
        rate=Interval(
            lower=mean([rate.lower for _, _, rate in bearing]),
            upper=mean([rate.upper for _, _, rate in bearing]),
        )
        if counts
        else UNKNOWN,
        point=point if counts else None,
        coverage=coverage,
        counts=counts,
        authority="decisive"
        if any(authority == "decisive" for _, authority, _ in bearing)
        else "corroborating",
    )
