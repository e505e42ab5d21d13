"""An assessment: what `result.json` holds, and the one source of every report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, Field, SerializerFunctionWrapHandler, model_serializer

from ztkit.model.response import Confidence, RiskException, Settlement
from ztkit.model.snapshot import Scope, TableStatus
from ztkit.model.types import (
    ALL_SOURCES,
    Authority,
    ConcernId,
    Effort,
    Exact,
    Impact,
    Model,
    ObjectiveId,
    PillarId,
    Severity,
    Share,
    SourceId,
    Tier,
)

Rule = Literal[
    "decisive",
    "corroborating",
    "attested",
    "unanswered",
    "dont-know",
    "not-applicable",
    "not-applicable-unproven",
    "evidence-lost",
    "withdrawn",
    "waiting",
    "prerequisite-missing",
    "not-asked",
    "nothing-in-scope",
    "exception",
]
"""How a criterion got its value.

``decisive``: the evidence is the value. ``corroborating``: the lesser of claim and evidence.
``attested``: the claim alone, where no evidence exists. ``evidence-lost``: evidence exists and could
not be read, so the value is unknown, whatever was claimed. ``withdrawn``: the claim was given up for evidence
that this assessment does not have. ``waiting``: answered, and what it depends on was not. ``prerequisite-missing``:
0, since nothing can be built on what is not there. ``not-asked``: there is nothing that it could be about. The
rest explain a criterion without value.
"""
CriterionState = Literal["met", "not-met", "unknown", "not-applicable"]
ObjectiveState = Literal["met", "not-met", "undetermined", "not-applicable"]
Basis = Literal["verified", "corroborated", "document", "attested", "conflict", "none"]
ExceptionState = Literal["in-force", "expiring", "expired", "unused", "not-applied"]
"""How an exception stands.

``not-applied``: it names resources, and the assessment has counts only, so that what fails has no name that it could be
held against and all of it counts as failing.
"""


Named = Literal["all", "failing", "none"]
"""Which findings have a name: all; those that fail, where what passes stayed in the tenant; or none, where failing
resources were counted and not named."""


class Interval(Model):
    """What a number is at least and at most, given what is unknown."""

    lower: Exact
    upper: Exact


class Parameters(Model):
    """What scoring can be told: all of it is kept with the result.

    Attributes:
        share_of_initial: weight of baseline and initial objectives in a pillar's index (lambda).
        met_from: lower bound from which an objective is met.
        coverage_that_counts: share of units read from which evidence counts.
        coverage_to_decide: share of weight known below which a stage range is not printed.
        pillar_weights: weight of each pillar in the index; 1 where not given.
    """

    share_of_initial: Share = Field(default="3/5", validate_default=True)
    met_from: Share = Field(default="4/5", validate_default=True)
    coverage_that_counts: Share = Field(default="4/5", validate_default=True)
    coverage_to_decide: Share = Field(default="7/10", validate_default=True)
    pillar_weights: dict[PillarId, Exact] = {}


class Claim(Model):
    """The newest response to a question, as scored.

    Attributes:
        value: value of the answer; None for "don't know" and "not applicable".
        age_days: whole days between the response and the assessment.
        stale: older than the question's ttl.
        earlier: how many responses it replaced.
        id: of the response; empty in results of earlier versions.
        confidence: how sure the respondent is, in their own words.
        settles: what the respondent did about evidence that contradicts the claim.
        dispute: why the respondent holds the evidence to be wrong.
    """

    kind: Literal["answer", "dont-know", "not-applicable"]
    answer: str = ""
    label: str = ""
    value: Exact | None = None
    note: str = ""
    evidence: tuple[str, ...] = ()
    respondent: str = ""
    at: AwareDatetime
    age_days: int
    stale: bool
    rationale: str = ""
    approver: str = ""
    expires: str = ""
    earlier: int = 0
    id: str = ""
    confidence: Confidence = ""
    settles: Settlement = ""
    dispute: str = ""


class CheckResult(Model):
    """What came of one check: counts of findings, after exceptions.

    Attributes:
        excepted: failing resources that an exception in force takes out.
        unseen: units that may exist and could not be read.
        rate: pass / (pass + fail), or None where nothing is in scope or readable.
        coverage: share of the units that was read.
    """

    id: str
    title: str
    objective: ObjectiveId
    severity: Severity
    unit: str
    outcome: Literal["ok", "unreadable", "error"]
    passed: int
    failed: int
    skipped: int
    excepted: int
    unseen: int
    rate: Exact | None
    coverage: Exact
    reason: str
    tables: tuple[str, ...]
    query_hash: str


class CriterionResult(Model):
    """One scored statement.

    Attributes:
        value: its value as an interval; a point where it is known; None where it does not apply.
        evidence: what the inventory shows, or None.
        blocks: the conflict lies across the threshold, so a must is not settled.
        points: what it adds to the index (lower bound).
        at_stake: what it would add if its value were 1, beyond `points`, with today's gates.
        banked: what it would add once the pillar's gate opens.
    """

    id: str
    kind: Literal["question", "check"]
    pillar: PillarId
    objective: ObjectiveId
    tier: Tier
    title: str
    weight: int
    threshold: Exact
    must: bool
    severity: Severity
    rule: Rule
    authority: Authority | None
    claim: Claim | None
    evidence: Interval | None
    value: Interval | None
    known: bool
    state: CriterionState
    conflict: bool
    blocks: bool
    basis: Basis
    confidence: float
    checks: tuple[str, ...]
    concerns: tuple[ConcernId, ...]
    technologies: tuple[str, ...]
    effort: Effort
    user_impact: Impact
    points: Exact
    at_stake: Exact
    banked: Exact
    sentence: str


class ObjectiveResult(Model):
    """An objective, over its applicable criteria."""

    id: ObjectiveId
    pillar: PillarId
    tier: Tier
    title: str
    state: ObjectiveState
    score: Interval
    coverage: Exact
    criteria: tuple[str, ...]
    conflicts: int
    failed_musts: tuple[str, ...]


class Stage(Model):
    """A stage as a range of numbers (0 Traditional, 1 Advanced, 2 Optimal)."""

    lower: int
    upper: int
    insufficient: bool = False


class PillarResult(Model):
    """A pillar: its stage and its index from 0 to 100.

    Attributes:
        verified: the index with every attested-only value taken out as unknown.
        banked: points of the additional objectives that count once the initial ones are met.
        weight: share of the overall index.
    """

    id: PillarId
    title: str
    applicable: bool
    stage: Stage
    index: Interval
    verified: Interval
    coverage: Exact
    banked: Exact
    weight: Exact


class ConcernResult(Model):
    """One of the five concerns, over every criterion that names it."""

    id: ConcernId
    title: str
    score: Interval
    coverage: Exact
    criteria: int
    not_met: int
    unknown: int


class Overall(Model):
    """The headline: the stage of the weakest pillar, and the index beside it."""

    stage: Stage
    floor: tuple[PillarId, ...]
    index: Interval
    verified: Interval
    coverage: Exact
    banked: Exact


class ExceptionResult(Model):
    """An exception, and what it did in this assessment.

    Attributes:
        findings: failing resources that it takes out.
    """

    exception: RiskException
    state: ExceptionState
    findings: int


class TableRead(Model):
    """A table of the inventory, as the assessment found it."""

    name: str
    rows: int
    status: TableStatus
    reason: str = ""


class SnapshotRef(Model):
    """The inventory that an assessment stands on: a snapshot, or a tenant that was asked itself.

    Attributes:
        id: of the snapshot; the moment where the tenant was asked.
        source: how the inventory came here: ``import``, ``collect``, ``demo``, or ``live`` where it stayed in the tenant.
        hash: of the snapshot's tables; empty where the tenant was asked, since nothing was kept.
        named: which findings are in findings.parquet.
    """

    id: str
    taken: AwareDatetime
    source: str
    hash: str
    rows: int
    tables: tuple[TableRead, ...]
    named: Named = "all"

    @model_serializer(mode="wrap")
    def _say_what_is_unusual(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out that all findings are named: results of snapshots stay as they are, byte for byte."""
        written: dict[str, Any] = dump(self)
        if self.named == "all":
            written.pop("named", None)
        return written


class Assessment(Model):
    """A scored assessment, complete: a report can be rendered from it alone.

    Attributes:
        at: the moment that responses' ages and exceptions' expiries count from.
        sources: services whose evidence was in scope.
        snapshot: None for an assessment of interviews only.
        overall: None when no pillar has anything to assess.
    """

    schema_version: Literal[1] = 1
    id: str
    organisation: str
    at: AwareDatetime
    assessor: str = ""
    tool: str
    content_hash: str
    scope: Scope
    pillars_in_scope: tuple[PillarId, ...]
    sources: tuple[SourceId, ...] = ALL_SOURCES
    snapshot: SnapshotRef | None
    parameters: Parameters
    overall: Overall
    pillars: tuple[PillarResult, ...]
    objectives: tuple[ObjectiveResult, ...]
    criteria: tuple[CriterionResult, ...]
    concerns: tuple[ConcernResult, ...]
    checks: tuple[CheckResult, ...]
    exceptions: tuple[ExceptionResult, ...]


class IndexChange(Model):
    """A number before and after."""

    before: Interval
    after: Interval


class PillarChange(Model):
    """A pillar before and after."""

    id: PillarId
    title: str
    stage_before: Stage
    stage_after: Stage
    index: IndexChange


class ObjectiveChange(Model):
    """An objective whose state or score moved."""

    id: ObjectiveId
    title: str
    state_before: ObjectiveState
    state_after: ObjectiveState
    score: IndexChange


class CheckChange(Model):
    """What became of a check's findings.

    Attributes:
        fixed: failed before, passes now.
        new: fails now and did not before.
        still_failing: failed before and fails now.
        gone: failed before and is not in the inventory or not in scope now.
        cleared: failed before and fails no more; whether it passes or is gone is not known, since the later
            assessment names failing resources only, or none.
        revealed: fails now and could not be read before, or was not looked at.
        unseen: failed before and could not be read now.
        examples_new, examples_fixed: up to five names of each.
    """

    id: str
    title: str
    severity: Severity
    fixed: int
    new: int
    still_failing: int
    gone: int
    unseen: int
    cleared: int = 0
    revealed: int = 0
    examples_new: tuple[str, ...] = ()
    examples_fixed: tuple[str, ...] = ()


class Comparison(Model):
    """What moved between two assessments.

    Attributes:
        findings: how findings could be followed. ``all``: resource by resource. ``failing``: so too, but the later
            assessment names failing resources only, so that what fails no more is `cleared`. ``none``: one of the two
            names no resource; what is new and what is cleared is then the least that moved, by the counts.
    """

    before: str
    after: str
    before_at: AwareDatetime
    after_at: AwareDatetime
    same_content: bool
    findings: Named = "all"
    overall: IndexChange
    stage_before: Stage
    stage_after: Stage
    pillars: tuple[PillarChange, ...]
    objectives: tuple[ObjectiveChange, ...]
    checks: tuple[CheckChange, ...]
