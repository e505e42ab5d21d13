"""What is missing and what to do about it: top gaps, quick wins, the order of work, blind spots. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

from ztkit.model.assessment import Assessment, CheckResult, CriterionResult, ObjectiveResult
from ztkit.model.types import SEVERITY_WEIGHT
from ztkit.report import words
from ztkit.report.wording import Wording

Wave = Literal["now", "next", "later"]


class Prioritised(Protocol):
    """A criterion in its place in the order of work, as `ztkit.roadmap.priority` gives it."""

    @property
    def rank(self) -> int:
        """Place in the order, from 1."""

    @property
    def criterion(self) -> CriterionResult:
        """What is to be met."""

    @property
    def wave(self) -> Wave:
        """When."""

    @property
    def reason(self) -> str:
        """Why it stands there."""

    @property
    def quick_win(self) -> bool:
        """Little effort, and hardly anyone notices."""


@dataclass(frozen=True)
class Shortfall:
    """One criterion that is not met.

    Attributes:
        found: what inventory and answers show, as a sentence.
        remedy: what to do.
        failing: resources that fail its checks.
    """

    criterion: CriterionResult
    found: str
    remedy: str
    failing: int


@dataclass(frozen=True)
class Gap:
    """An objective that criteria fall short of, said in business words.

    Attributes:
        business: what the organisation risks.
        at_stake: index points that all its shortfalls hold back.
        shortfalls: worst first.
    """

    objective: ObjectiveResult
    business: str
    at_stake: Fraction
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True)
class Action:
    """One step of the order of work.

    Attributes:
        text: what to do.
        closes: title of the criterion that it meets.
    """

    rank: int
    criterion: CriterionResult
    wave: Wave
    text: str
    closes: str
    reason: str
    quick_win: bool


def gaps(assessment: Assessment, wording: Wording) -> list[Gap]:
    """Every objective with criteria that are not met, the one that holds back most first."""
    checks = {item.id: item for item in assessment.checks}
    result = []
    for objective in assessment.objectives:
        missed = [
            shortfall(item, checks, wording)
            for item in assessment.criteria
            if item.objective == objective.id and item.state == "not-met"
        ]
        if missed:
            missed.sort(key=_weight)
            stake = sum((item.criterion.at_stake for item in missed), Fraction(0))
            result.append(Gap(objective, wording.business.get(objective.id, ""), stake, tuple(missed)))
    return sorted(result, key=lambda gap: (-gap.at_stake, _weight(gap.shortfalls[0]), gap.objective.id))


def shortfall(criterion: CriterionResult, checks: Mapping[str, CheckResult], wording: Wording) -> Shortfall:
    """A criterion that is not met, with what was found and what to do."""
    own = [checks[name] for name in criterion.checks if name in checks]
    worst = max(own, key=lambda check: check.failed, default=None)
    remedy = wording.remedy(criterion.id, wording.remedy(worst.id, "") if worst and worst.failed else "")
    return Shortfall(criterion, found_in_words(criterion, own), remedy, sum(check.failed for check in own))


def found_in_words(criterion: CriterionResult, checks: Sequence[CheckResult]) -> str:
    """What inventory and answers show of a criterion, as one sentence."""
    failing = sorted((check for check in checks if check.failed), key=lambda check: -check.failed)
    parts = []
    for check in failing[:2]:
        about = f" “{check.title}”" if criterion.kind == "question" else ""
        counted = check.passed + check.failed
        parts.append(
            f"{check.failed:,} of {counted:,} {check.unit} fail{about}"
            if counted > 1
            else f"this is not the case{about and ':' + about}"
        )
    if len(failing) > 2:
        parts.append(f"{words.count(len(failing) - 2, 'further check')} fail")
    if criterion.claim is not None and criterion.claim.label:
        parts.append(f"the answer given was “{criterion.claim.label}”")
    if not parts:
        return criterion.sentence
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def actions(items: Sequence[Prioritised], wording: Wording) -> list[Action]:
    """The order of work, in words."""
    return [
        Action(
            rank=item.rank,
            criterion=item.criterion,
            wave=item.wave,
            text=_remedy(item.criterion, wording),
            closes=item.criterion.title,
            reason=item.reason,
            quick_win=item.quick_win,
        )
        for item in sorted(items, key=lambda item: item.rank)
    ]


def first_steps(
    data_actions: Sequence[Action], unknown: Sequence[CriterionResult], limit: int
) -> list[tuple[str, CriterionResult]]:
    """What to do first: the first actions, and where there are too few of them, what to find out."""
    steps = [(action.text, action.criterion) for action in data_actions[:limit]]
    return steps + [(f"Find out: {item.title}", item) for item in unknown[: limit - len(steps)]]


def blind_spots(assessment: Assessment) -> list[CriterionResult]:
    """Criteria whose value is unknown, the ones that could move the index most first."""
    unknown = [item for item in assessment.criteria if item.value is not None and not item.known]
    return sorted(unknown, key=lambda item: (-item.at_stake, not item.must, -item.weight, item.id))


def _remedy(criterion: CriterionResult, wording: Wording) -> str:
    for name in (criterion.id, *criterion.checks):
        if name in wording.remedies:
            return wording.remedies[name].summary
    return criterion.title


def _weight(item: Shortfall) -> tuple[Fraction, bool, int, int, str]:
    criterion = item.criterion
    return (
        -criterion.at_stake,
        not criterion.must,
        -SEVERITY_WEIGHT[criterion.severity],
        -item.failing,
        criterion.id,
    )
