"""Where one question stands while it is being answered: claim, evidence, conflict, and what an answer would do.

`ground` reads once what does not change while people talk; the rest is pure and takes milliseconds, since it scores
one objective by the scoring function itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ztkit.assess.criteria import Inputs, criterion_results
from ztkit.assess.evaluate import CheckRun
from ztkit.assess.evidence import coverage_of
from ztkit.assess.exceptions import in_force, take_out
from ztkit.assess.scoring import objective_result
from ztkit.content.library import Library
from ztkit.model.assessment import Assessment, CheckResult, CriterionResult, ObjectiveResult
from ztkit.model.engagement import Engagement
from ztkit.model.response import Response, RiskException
from ztkit.model.types import Authority, ObjectiveId
from ztkit.workspace import Workspace

Conflict = Literal["none", "apart", "across", "disputed", "accepted"]
"""How claim and evidence stand to each other.

``across``: they lie on different sides of the threshold. ``apart``: far from each other on one side of it.
``disputed``: in conflict, and the claim is upheld with a reason. ``accepted``: the claim was withdrawn in favour of
the evidence.
"""


@dataclass(frozen=True)
class Ground:
    """What a question is scored on, apart from responses.

    Attributes:
        checks: what came of each check in the newest assessment that read an inventory, with the exceptions of
            today; empty where there is none.
        accepted: criteria that an exception in force takes out as a whole.
        excepted: resources that an exception in force takes out, in lower case, by check.
        assessment: id of that assessment; empty where there is none.
        snapshot_age_days: age of its snapshot.
        same_content: whether it was made with the content at hand.
        findings: its findings; None where there are none.
    """

    engagement: Engagement
    checks: Mapping[str, CheckResult] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    excepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assessment: str = ""
    snapshot_age_days: int = 0
    same_content: bool = True
    findings: Path | None = None


@dataclass(frozen=True)
class FailingResource:
    """A resource that fails a check."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True)
class CheckShown:
    """What a check says of a question.

    Attributes:
        threshold: the share of units that has to pass.
        result: what came of it; None where the newest assessment does not have it.
        state: ``nothing`` where there is nothing in scope; ``unknown`` where it could not be read in full (the
            result's ``reason`` says why) or was not run.
    """

    id: str
    title: str
    authority: Authority
    threshold: Fraction
    result: CheckResult | None
    state: Literal["pass", "fail", "nothing", "unknown"]


@dataclass(frozen=True)
class Standing:
    """A question with its claim beside its evidence.

    Attributes:
        criterion: as it is scored: claim, evidence, value, rule, sentence, whether it blocks its objective.
        checks: what each check that evidences it says.
        conflict: how claim and evidence stand to each other.
    """

    criterion: CriterionResult
    checks: tuple[CheckShown, ...]
    conflict: Conflict


@dataclass(frozen=True)
class Effect:
    """An objective now, and as it would be.

    Attributes:
        now, then: the objective before and after.
        criterion_now, criterion_then: the question's criterion before and after.
        target: the share of the objective that is wanted.
    """

    now: ObjectiveResult
    then: ObjectiveResult
    criterion_now: CriterionResult
    criterion_then: CriterionResult
    target: Fraction

    @property
    def distance(self) -> Fraction:
        """What the lower bound would still lack of the target; 0 where it is reached."""
        return max(Fraction(0), self.target - self.then.score.lower)


def ground(workspace: Workspace, library: Library, at: datetime) -> Ground:
    """Read what questions are scored on: the newest assessment with an inventory, and the exceptions of today.

    Args:
        workspace: the engagement.
        library: the content.
        at: the moment that ages and expiries count from.

    Raises:
        ContentError: ztkit.toml or exceptions.yaml cannot be read.
        ZtkitError: a result cannot be read.
    """
    current = in_force(workspace.exceptions(), at)
    bare = Ground(
        engagement=workspace.engagement(),
        accepted=frozenset(item.criterion for item in current if not item.resources),
        excepted=_resources(current),
    )
    for identifier in reversed(workspace.assessments()):
        assessment = workspace.assessment(identifier)
        if assessment.snapshot is not None:
            findings = workspace.assessment_folder(identifier) / "findings.parquet"
            return replace(
                bare,
                checks=_with_exceptions(assessment, current, findings, at),
                assessment=assessment.id,
                snapshot_age_days=max(0, (at - assessment.snapshot.taken).days),
                same_content=assessment.content_hash == library.hash,
                findings=findings if findings.is_file() else None,
            )
    return bare


def standing(
    library: Library,
    ground: Ground,
    responses: Mapping[str, Sequence[Response]],
    question_id: str,
    at: datetime,
) -> Standing:
    """A question's claim beside its evidence.

    Args:
        library: the content.
        ground: what it is scored on.
        responses: every response by question, oldest first.
        question_id: id of the question; its pillar is in scope.
        at: the moment that ages and expiries count from.

    Raises:
        UsageError: there is no such question.
    """
    question = library.question(question_id)
    criteria = criteria_now(library, ground, responses, question.objective, at)
    criterion = next(item for item in criteria if item.id == question_id)
    shown = tuple(
        _shown(library, ground, link.check, link.authority)
        for link in question.checks
        if link.check in library.checks
    )
    return Standing(criterion, shown, conflict_of(criterion))


def effect(
    library: Library,
    ground: Ground,
    responses: Mapping[str, Sequence[Response]],
    said: Response,
    at: datetime,
) -> Effect:
    """What a response would do to its objective, were it recorded.

    Args:
        library: the content.
        ground: what it is scored on.
        responses: every response by question, oldest first.
        said: the response; nothing is recorded. It counts as the newest, said at ``at``.
        at: the moment that ages and expiries count from.

    Raises:
        UsageError: there is no such question.
    """
    objective = library.objectives[library.question(said.question).objective]
    given = [item for item in responses.get(said.question, ()) if item.at <= at]
    hypothetical = {**responses, said.question: [*given, said.model_copy(update={"at": at})]}
    parameters = ground.engagement.scoring
    before, after = (
        criteria_now(library, ground, known, objective.id, at) for known in (responses, hypothetical)
    )
    return Effect(
        now=objective_result(objective, before, parameters),
        then=objective_result(objective, after, parameters),
        criterion_now=next(item for item in before if item.id == said.question),
        criterion_then=next(item for item in after if item.id == said.question),
        target=ground.engagement.target(objective.id),
    )


def criteria_now(
    library: Library,
    ground: Ground,
    responses: Mapping[str, Sequence[Response]],
    objective: ObjectiveId | None,
    at: datetime,
) -> list[CriterionResult]:
    """Criteria as they would be scored at this moment, on the evidence of the newest assessment: of one objective, or all."""
    inputs = Inputs(
        at=at,
        checks=ground.checks,
        responses=responses,
        accepted=ground.accepted,
        snapshot_age_days=ground.snapshot_age_days,
    )
    engagement = ground.engagement
    return criterion_results(library, engagement.pillars, inputs, engagement.scoring, objective)


def objective_now(
    library: Library,
    ground: Ground,
    responses: Mapping[str, Sequence[Response]],
    objective: ObjectiveId,
    at: datetime,
) -> ObjectiveResult:
    """An objective as it would be scored at this moment, on the evidence of the newest assessment."""
    criteria = criteria_now(library, ground, responses, objective, at)
    return objective_result(library.objectives[objective], criteria, ground.engagement.scoring)


def failing(ground: Ground, check: str, limit: int = 5) -> tuple[FailingResource, ...]:
    """The first resources that fail a check, by name; those under an exception in force are left out."""
    if ground.findings is None or check in ground.accepted:
        return ()
    rows = pq.read_table(
        ground.findings,
        columns=["id", "name", "reason"],
        filters=[("check", "=", check), ("status", "=", "fail")],
    )
    if excepted := ground.excepted.get(check):
        named = pa.array(sorted(excepted), pa.string())
        rows = rows.filter(pc.invert(pc.is_in(pc.utf8_lower(rows["id"]), value_set=named)))
    first = rows.sort_by([("name", "ascending"), ("id", "ascending")]).slice(0, limit)
    return tuple(FailingResource(**row) for row in first.to_pylist())


def conflict_of(criterion: CriterionResult) -> Conflict:
    """How the claim and the evidence of a criterion stand to each other."""
    settles = criterion.claim.settles if criterion.claim and criterion.rule != "not-asked" else ""
    if not criterion.conflict:
        meets = criterion.rule in ("decisive", "corroborating")
        return "accepted" if meets and settles == "accept-evidence" else "none"
    if settles == "dispute-evidence":
        return "disputed"
    return "across" if criterion.blocks else "apart"


def _shown(library: Library, ground: Ground, identifier: str, authority: Authority) -> CheckShown:
    check, result = library.checks[identifier], ground.checks.get(identifier)
    state: Literal["pass", "fail", "nothing", "unknown"]
    if result is None or result.outcome != "ok":
        state = "unknown"
    elif result.rate is None:
        state = "unknown" if result.unseen else "nothing"
    elif result.coverage < ground.engagement.scoring.coverage_that_counts:
        state = "unknown"
    else:
        state = "pass" if result.rate >= check.threshold else "fail"
    return CheckShown(identifier, check.title, authority, check.threshold, result, state)


def _with_exceptions(
    assessment: Assessment, current: Sequence[RiskException], findings: Path, at: datetime
) -> dict[str, CheckResult]:
    """The check results of an assessment, with today's exceptions in the place of those of its day."""
    then = {item.exception.id: item.exception for item in assessment.exceptions if item.state != "expired"}
    now = {item.id: item for item in current}
    changed = {(then | now)[identifier].criterion for identifier in then.keys() ^ now.keys()}
    results = {item.id: item for item in assessment.checks}
    for identifier in sorted(changed & results.keys()):
        rows = pq.read_table(
            findings, columns=["id", "status"], filters=[("check", "=", identifier), ("status", "=", "fail")]
        )
        own = [item for item in current if item.criterion == identifier]
        result = results[identifier]
        excepted = take_out(_run_of(result), rows, own, at).count
        results[identifier] = _excepting(result, excepted)
    return results


def _run_of(result: CheckResult) -> CheckRun:
    """The run that a result was made from, before exceptions."""
    return CheckRun(
        check=result.id,
        outcome=result.outcome,
        passed=result.passed,
        failed=result.failed + result.excepted,
        skipped=result.skipped,
        unseen=result.unseen,
        reason=result.reason,
        tables=result.tables,
        query_hash=result.query_hash,
        seconds=0.0,
    )


def _excepting(result: CheckResult, excepted: int) -> CheckResult:
    """A check's result with another number of failures taken out."""
    failed = result.failed + result.excepted - excepted
    counted = result.passed + failed
    rate = Fraction(result.passed, counted) if counted else None
    changed = result.model_copy(update={"failed": failed, "excepted": excepted, "rate": rate})
    return changed.model_copy(update={"coverage": coverage_of(changed)})


def _resources(exceptions: Sequence[RiskException]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for item in exceptions:
        ids = frozenset(name.lower() for name in item.resources)
        found[item.criterion] = found.get(item.criterion, frozenset()) | ids
    return found
