"""Orders open criteria by priority. Pure.

Initial objectives come before additional ones, musts before the rest, and then whatever gains the most
points for its effort. A gap of an additional objective gains nothing while its pillar's gate is shut,
so it comes later whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ztkit.model.assessment import Assessment, CriterionResult
from ztkit.model.types import Effort

Wave = Literal["now", "next", "later"]

EFFORT_DAYS: dict[Effort, int] = {"S": 1, "M": 5, "L": 15}
"""Person-days that an effort stands for when gains are compared."""
_WAVES: tuple[Wave, ...] = ("now", "next", "later")


@dataclass(frozen=True)
class Item:
    """A criterion to close.

    Attributes:
        rank: place in the whole roadmap, from 1.
        wave: ``now`` (musts of the initial objectives, and quick wins there), ``next`` (the rest of the
            initial objectives), ``later`` (additional objectives).
        reason: why it stands where it does.
        quick_win: effort S, and people at work notice little or nothing.
    """

    rank: int
    criterion: CriterionResult
    wave: Wave
    reason: str
    quick_win: bool


def prioritise(assessment: Assessment) -> tuple[Item, ...]:
    """Every criterion that is not met, in the order in which to close it."""
    gates = {item.id: item.stage.lower >= 1 for item in assessment.pillars}
    failing = [item for item in assessment.criteria if item.state == "not-met"]
    ordered = sorted(
        failing,
        key=lambda item: (
            _WAVES.index(_wave(item, gate_open=gates[item.pillar])),
            not item.must,
            -_gain_a_day(item),
            -item.weight,
            item.id,
        ),
    )
    return tuple(
        Item(
            rank=rank,
            criterion=item,
            wave=_wave(item, gate_open=gates[item.pillar]),
            reason=_reason(item, gate_open=gates[item.pillar]),
            quick_win=is_quick_win(item),
        )
        for rank, item in enumerate(ordered, start=1)
    )


def is_quick_win(item: CriterionResult) -> bool:
    """Effort S and no or low user impact."""
    return item.state == "not-met" and item.effort == "S" and item.user_impact in ("none", "low")


def _wave(item: CriterionResult, *, gate_open: bool) -> Wave:
    if item.tier == "additional" and not gate_open:
        return "later"
    if item.must or is_quick_win(item):
        return "now"
    return "next"


def _gain_a_day(item: CriterionResult) -> Fraction:
    return item.at_stake / EFFORT_DAYS[item.effort]


def _reason(item: CriterionResult, *, gate_open: bool) -> str:
    if item.tier == "additional" and not gate_open:
        return "Counts once the pillar's initial objectives are met"
    gain = f"worth up to {float(item.at_stake):.1f} points"
    if item.must:
        return f"Its objective cannot be met without it; {gain}"
    return f"Quick win; {gain}" if is_quick_win(item) else gain[0].upper() + gain[1:]
