"""From criteria to objectives, pillars and the index: exact, pure, in the order of the design.

Source of every formula: the scoring section of docs/scoring.md. All numbers are fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ztkit.assess.criteria import Inputs, criterion_results
from ztkit.assess.evidence import ONE, UNKNOWN, ZERO
from ztkit.content.library import Library
from ztkit.model.assessment import (
    ConcernResult,
    CriterionResult,
    Interval,
    ObjectiveResult,
    ObjectiveState,
    Overall,
    Parameters,
    PillarResult,
    Stage,
)
from ztkit.model.framework import Objective
from ztkit.model.types import PillarId

NOTHING = Interval(lower=ZERO, upper=ZERO)


@dataclass(frozen=True)
class Score:
    """Everything that scoring computes; `Assessment` takes it over unchanged."""

    overall: Overall
    pillars: tuple[PillarResult, ...]
    objectives: tuple[ObjectiveResult, ...]
    criteria: tuple[CriterionResult, ...]
    concerns: tuple[ConcernResult, ...]


def score(library: Library, pillars: Sequence[PillarId], inputs: Inputs, parameters: Parameters) -> Score:
    """Score an assessment.

    Args:
        library: the content.
        pillars: ids of the pillars in scope.
        inputs: check results, responses, exceptions, the moment.
        parameters: weights and limits.
    """
    criteria = criterion_results(library, pillars, inputs, parameters)
    return score_criteria(library, pillars, criteria, parameters)


def score_criteria(
    library: Library, pillars: Sequence[PillarId], criteria: Sequence[CriterionResult], parameters: Parameters
) -> Score:
    """Score criteria whose values are known; the planner uses it for projected maturity."""
    objectives = [
        objective_result(objective, [item for item in criteria if item.objective == objective.id], parameters)
        for objective in library.framework.objectives
        if objective.pillar in pillars
    ]
    unverified = [item.model_copy(update=_as_unknown(item)) for item in criteria]
    verified = [
        objective_result(
            objective, [item for item in unverified if item.objective == objective.id], parameters
        )
        for objective in library.framework.objectives
        if objective.pillar in pillars
    ]
    weights = _pillar_weights(pillars, objectives, parameters)
    results = [
        pillar_result(
            pillar.id,
            pillar.title,
            [item for item in objectives if item.pillar == pillar.id],
            [item for item in verified if item.pillar == pillar.id],
            [item for item in criteria if item.pillar == pillar.id],
            weights.get(pillar.id, ZERO),
            parameters,
        )
        for pillar in library.framework.pillars
        if pillar.id in pillars
    ]
    pointed = _with_points(criteria, objectives, results, parameters)
    return Score(
        overall=_overall(results, criteria, parameters),
        pillars=tuple(results),
        objectives=tuple(objectives),
        criteria=tuple(pointed),
        concerns=tuple(_concerns(library, criteria)),
    )


def objective_result(
    objective: Objective, criteria: Sequence[CriterionResult], parameters: Parameters
) -> ObjectiveResult:
    """Score one objective: weight-mean of its applicable criteria, as an interval, and its state."""
    applicable = [item for item in criteria if item.value is not None]
    interval, coverage = _weighted(applicable)
    musts = [item for item in applicable if item.must]
    failed = tuple(item.id for item in musts if item.state == "not-met")
    state: ObjectiveState
    if not applicable:
        state = "not-applicable"
    elif interval.upper < parameters.met_from or failed:
        state = "not-met"
    elif interval.lower >= parameters.met_from and all(
        item.state == "met" and not item.blocks for item in musts
    ):
        state = "met"
    else:
        state = "undetermined"
    return ObjectiveResult(
        id=objective.id,
        pillar=objective.pillar,
        tier=objective.tier,
        title=objective.title,
        state=state,
        score=interval,
        coverage=coverage,
        criteria=tuple(item.id for item in criteria),
        conflicts=sum(item.conflict for item in criteria),
        failed_musts=failed,
    )


def pillar_result(
    pillar: PillarId,
    title: str,
    objectives: Sequence[ObjectiveResult],
    verified: Sequence[ObjectiveResult],
    criteria: Sequence[CriterionResult],
    weight: Fraction,
    parameters: Parameters,
) -> PillarResult:
    """Score one pillar: stage range, index with the gate, and what the gate holds back."""
    applicable = any(item.state != "not-applicable" for item in objectives)
    lower, upper = stage_range(objectives)
    index, banked = _index(objectives, parameters)
    _, coverage = _weighted([item for item in criteria if item.value is not None])
    return PillarResult(
        id=pillar,
        title=title,
        applicable=applicable,
        stage=Stage(
            lower=lower,
            upper=upper,
            insufficient=applicable and lower != upper and coverage < parameters.coverage_to_decide,
        ),
        index=index,
        verified=_index(verified, parameters)[0],
        coverage=coverage,
        banked=banked,
        weight=weight,
    )


def stage_range(objectives: Sequence[ObjectiveResult]) -> tuple[int, int]:
    """The stage as a range: undetermined objectives count as not met below, as met above.

    Objectives that do not apply are left out; a pillar without any is at stage 0.
    """
    applicable = [item for item in objectives if item.state != "not-applicable"]
    if not applicable:
        return 0, 0
    first = [item.state for item in applicable if item.tier != "additional"]
    then = [item.state for item in applicable if item.tier == "additional"]

    def stage(met: frozenset[str]) -> int:
        if not all(state in met for state in first):
            return 0
        return 2 if all(state in met for state in then) else 1

    return stage(frozenset({"met"})), stage(frozenset({"met", "undetermined"}))


def shares(
    objectives: Sequence[ObjectiveResult], parameters: Parameters
) -> tuple[Fraction, Fraction, int, int]:
    """What the initial and the additional objectives weigh in a pillar, and how many of each apply.

    A tier without an applicable objective gives its weight to the other.
    """
    applicable = [item for item in objectives if item.state != "not-applicable"]
    first = sum(item.tier != "additional" for item in applicable)
    then = len(applicable) - first
    if not then:
        return ONE, ZERO, first, then
    if not first:
        return ZERO, ONE, first, then
    return parameters.share_of_initial, 1 - parameters.share_of_initial, first, then


def _index(objectives: Sequence[ObjectiveResult], parameters: Parameters) -> tuple[Interval, Fraction]:
    """P = 100 · [λ · mean(L of initial) + (1 − λ) · g · mean(L of additional)], and what g holds back."""
    share_first, share_then, count_first, count_then = shares(objectives, parameters)
    gate_lower, gate_upper = (int(stage >= 1) for stage in stage_range(objectives))
    applicable = [item for item in objectives if item.state != "not-applicable"]

    def mean(values: Sequence[Fraction], count: int) -> Fraction:
        return sum(values, ZERO) / count if count else ZERO

    first = [item.score for item in applicable if item.tier != "additional"]
    then = [item.score for item in applicable if item.tier == "additional"]
    lower_then = 100 * share_then * mean([item.lower for item in then], count_then)
    upper_then = 100 * share_then * mean([item.upper for item in then], count_then)
    interval = Interval(
        lower=100 * share_first * mean([item.lower for item in first], count_first) + gate_lower * lower_then,
        upper=100 * share_first * mean([item.upper for item in first], count_first) + gate_upper * upper_then,
    )
    return interval, (1 - gate_lower) * lower_then


def _weighted(criteria: Sequence[CriterionResult]) -> tuple[Interval, Fraction]:
    """L, U and coverage over applicable criteria; nothing is 0 to 0, fully covered."""
    total = sum(item.weight for item in criteria)
    if not total:
        return NOTHING, ONE
    values = [(item.weight, item.value or UNKNOWN, item.known) for item in criteria]
    lower = sum((weight * value.lower for weight, value, _ in values), ZERO) / total
    upper = sum((weight * value.upper for weight, value, _ in values), ZERO) / total
    known = Fraction(sum(weight for weight, _, is_known in values if is_known), total)
    return Interval(lower=lower, upper=upper), known


def _pillar_weights(
    pillars: Sequence[PillarId], objectives: Sequence[ObjectiveResult], parameters: Parameters
) -> dict[PillarId, Fraction]:
    """Weight of each pillar that applies, adding up to 1."""
    applicable = [
        pillar
        for pillar in pillars
        if any(item.pillar == pillar and item.state != "not-applicable" for item in objectives)
    ]
    raw = {pillar: parameters.pillar_weights.get(pillar, ONE) for pillar in applicable}
    total = sum(raw.values(), ZERO)
    return {pillar: weight / total for pillar, weight in raw.items()} if total else {}


def _overall(
    pillars: Sequence[PillarResult], criteria: Sequence[CriterionResult], parameters: Parameters
) -> Overall:
    applicable = [pillar for pillar in pillars if pillar.applicable]
    lower = min((pillar.stage.lower for pillar in applicable), default=0)
    upper = min((pillar.stage.upper for pillar in applicable), default=0)
    weakest = min(((pillar.stage.lower, pillar.index.lower) for pillar in applicable), default=(0, ZERO))
    _, coverage = _weighted([item for item in criteria if item.value is not None])

    def total(values: Sequence[tuple[PillarResult, Fraction]]) -> Fraction:
        return sum((pillar.weight * value for pillar, value in values), ZERO)

    return Overall(
        stage=Stage(
            lower=lower, upper=upper, insufficient=lower != upper and coverage < parameters.coverage_to_decide
        ),
        floor=tuple(
            pillar.id for pillar in applicable if (pillar.stage.lower, pillar.index.lower) == weakest
        ),
        index=Interval(
            lower=total([(pillar, pillar.index.lower) for pillar in applicable]),
            upper=total([(pillar, pillar.index.upper) for pillar in applicable]),
        ),
        verified=Interval(
            lower=total([(pillar, pillar.verified.lower) for pillar in applicable]),
            upper=total([(pillar, pillar.verified.upper) for pillar in applicable]),
        ),
        coverage=coverage,
        banked=total([(pillar, pillar.banked) for pillar in applicable]),
    )


def _as_unknown(item: CriterionResult) -> dict[str, object]:
    """The change that takes a value out that rests on what was said alone."""
    if item.rule not in ("attested", "prerequisite-missing"):
        return {}
    return {"value": UNKNOWN, "known": False, "state": "unknown"}


def _with_points(
    criteria: Sequence[CriterionResult],
    objectives: Sequence[ObjectiveResult],
    pillars: Sequence[PillarResult],
    parameters: Parameters,
) -> list[CriterionResult]:
    """Give every criterion its points: weight path × value, so that they add up to the index exactly."""
    by_objective = {item.id: item for item in objectives}
    by_pillar = {item.id: item for item in pillars}
    weights: dict[str, int] = {}
    for item in criteria:
        if item.value is not None:
            weights[item.objective] = weights.get(item.objective, 0) + item.weight
    path: dict[str, Fraction] = {}
    for pillar in pillars:
        own = [item for item in objectives if item.pillar == pillar.id]
        share_first, share_then, count_first, count_then = shares(own, parameters)
        for objective in own:
            additional = objective.tier == "additional"
            share, count = (share_then, count_then) if additional else (share_first, count_first)
            path[objective.id] = 100 * pillar.weight * share / count if count else ZERO
    pointed = []
    for item in criteria:
        if item.value is None:
            pointed.append(item)
            continue
        unit = path[item.objective] * Fraction(item.weight, weights[item.objective])
        additional = by_objective[item.objective].tier == "additional"
        shut = additional and by_pillar[item.pillar].stage.lower < 1
        lower = item.value.lower
        update = {
            "points": ZERO if shut else unit * lower,
            "at_stake": ZERO if shut else unit * (1 - lower),
            "banked": unit * lower if shut else ZERO,
        }
        pointed.append(item.model_copy(update=update))
    return pointed


def _concerns(library: Library, criteria: Sequence[CriterionResult]) -> list[ConcernResult]:
    results = []
    for concern in library.framework.concerns:
        named = [item for item in criteria if concern.id in item.concerns and item.value is not None]
        interval, coverage = _weighted(named)
        results.append(
            ConcernResult(
                id=concern.id,
                title=concern.title,
                score=interval,
                coverage=coverage,
                criteria=len(named),
                not_met=sum(item.state == "not-met" for item in named),
                unknown=sum(item.state == "unknown" for item in named),
            )
        )
    return results
