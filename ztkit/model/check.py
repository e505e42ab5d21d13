"""A check: one KQL query with its meaning, its remedy and its proof."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from ztkit.model.framework import Mapping
from ztkit.model.types import (
    CheckId,
    ConcernId,
    Effort,
    HttpsUrl,
    Impact,
    Model,
    ObjectiveId,
    PillarId,
    PolicyGuid,
    Prose,
    Severity,
    Share,
    Slug,
    SourceId,
    Status,
    Version,
)


class Remediation(Model):
    """How to close a gap.

    Attributes:
        effort: S hours, M days, L weeks, for one team.
        user_impact: what people at work notice of the change.
        policy: id of the built-in Azure Policy that holds it, where one exists.
    """

    summary: Prose
    steps: tuple[Prose, ...] = Field(min_length=1)
    effort: Effort
    user_impact: Impact
    policy: PolicyGuid | None = None
    docs: HttpsUrl


class Case(Model):
    """A small inventory and the verdicts that the query must give on it.

    Attributes:
        proves: what the case is there for; every check has at least pass, fail and absent.
        rows: inventory rows. ``table`` (default ``resources``), ``type`` (default: the check's first),
            ``name``, ``subscriptionId``, ``resourceGroup``, ``location`` and ``id`` may be left out.
        expect: verdict by the ``name`` (or ``id``) of each row that the query returns, all of them.
        reason: text that the ``reason`` of a row has to contain, by the same names.
        at: the moment that ``now()`` gives.
    """

    name: Prose
    proves: Literal["pass", "fail", "absent", "letter-case", "out-of-scope", "trap"]
    rows: tuple[dict[str, Any], ...]
    expect: dict[str, Status]
    reason: dict[str, str] = {}
    at: datetime = datetime(2026, 1, 15, tzinfo=UTC)


class Check(Model):
    """An automated test of the inventory; see CONTRIBUTING for how to write one.

    Attributes:
        resource_types: the types that the query reads, in lower case.
        unit: what is counted, in the plural.
        threshold: the share of units that must pass.
        query: KQL that returns every unit in scope, one row each, with ``status`` and ``reason``.
        rationale: what an attacker does with the gap.
        notes: defaults that the query assumes, and what it cannot see.
    """

    id: CheckId
    title: Prose
    objective: ObjectiveId
    concerns: tuple[ConcernId, ...] = Field(min_length=1)
    technologies: tuple[Slug, ...] = ()
    severity: Severity
    source: SourceId = "resource-graph"
    resource_types: tuple[str, ...] = Field(min_length=1)
    unit: Prose
    threshold: Share = Field(default="4/5", validate_default=True)
    query: Prose
    rationale: Prose
    remediation: Remediation
    maps: tuple[Mapping, ...] = Field(min_length=1)
    notes: str = ""
    since: Version = "0.1.0"
    cases: tuple[Case, ...] = Field(min_length=1)

    @property
    def pillar(self) -> PillarId:
        """The pillar that the check belongs to."""
        return self.id.split(".")[0]  # type: ignore[return-value]  # the pattern of CheckId holds it
