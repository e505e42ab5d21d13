"""What a workspace says of itself: the content of ztkit.toml, and its text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

from pydantic import Field

from ztkit.model.assessment import Parameters
from ztkit.model.types import ALL_SOURCES, Model, ObjectiveId, PillarId, Prose, Share, SourceId

ALL_PILLARS: tuple[PillarId, ...] = ("identity", "endpoint", "network", "data", "infrastructure")


class Engagement(Model):
    """Who is assessed, by whom, and with what weights.

    Attributes:
        pillars: pillars in scope.
        sources: services whose evidence is in scope. Checks of a service left out are not part of the
            assessment, and what is said counts in their place; a service that is in scope and was not read
            leaves its checks unknown.
        targets: the share of each objective that the organisation wants to reach; where none is named, the
            share from which an objective is met.
        scoring: weights and limits; the defaults are the method's own.
    """

    organisation: Prose
    assessor: str = ""
    tenant: str = ""
    pillars: tuple[PillarId, ...] = Field(default=ALL_PILLARS, min_length=1)
    sources: tuple[SourceId, ...] = Field(default=ALL_SOURCES)
    targets: dict[ObjectiveId, Share] = {}
    scoring: Parameters = Parameters()

    def target(self, objective: ObjectiveId) -> Fraction:
        """The share of an objective that is wanted."""
        return self.targets.get(objective, self.scoring.met_from)


def as_toml(engagement: Engagement) -> str:
    """ztkit.toml with its explanations.

    TOML strings are escaped as JSON strings are.
    """
    lines = [
        "# An engagement: who is assessed, and with what weights. `ztkit status` shows where it stands.",
        f"organisation = {json.dumps(engagement.organisation, ensure_ascii=False)}",
        f"assessor = {json.dumps(engagement.assessor, ensure_ascii=False)}",
        f"tenant = {json.dumps(engagement.tenant, ensure_ascii=False)}",
        f"pillars = {json.dumps(list(engagement.pillars))}",
        f"sources = {json.dumps(list(engagement.sources))}",
        *_scoring(engagement.scoring),
        *_targets(engagement),
        "",
    ]
    return "\n".join(lines)


def with_targets(text: str, engagement: Engagement) -> str:
    """The text of a ztkit.toml with the targets of an engagement in place of its own; comments stay."""
    return "\n".join([*_without_table(text.splitlines(), "targets"), *_targets(engagement), ""])


def _scoring(scoring: Parameters) -> list[str]:
    usual = Parameters().model_dump(mode="json")
    chosen = {name: value for name, value in scoring.model_dump(mode="json").items() if value != usual[name]}
    if not chosen:
        return [
            "",
            "# [scoring]                       # the method's defaults; change them only with a reason",
            '# share_of_initial = "3/5"        # weight of baseline and initial objectives in a pillar',
            "# [scoring.pillar_weights]        # weight of a pillar in the index, 1 unless set",
            "# identity = 2",
        ]
    weights = chosen.pop("pillar_weights", {})
    shares = [f"{name} = {json.dumps(value)}" for name, value in chosen.items()]
    weighted = [f"{name} = {json.dumps(value)}" for name, value in weights.items()]
    return ["", "[scoring]", *shares, *(["[scoring.pillar_weights]", *weighted] if weights else [])]


def _targets(engagement: Engagement) -> list[str]:
    values = [f'"{name}" = "{share}"' for name, share in sorted(engagement.targets.items())]
    return ["", "[targets]  # share of an objective to reach, 4/5 unless set", *values]


def _without_table(lines: Sequence[str], name: str) -> list[str]:
    """The lines without one table; comments in it stay, since they may be about what follows."""
    kept: list[str] = []
    inside = False
    for line in lines:
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            inside = text == f"[{name}]"
        if not inside or (not text and (line.strip() or (kept and kept[-1].strip()))):
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept
