"""The framework: pillars, tiers, objectives, concerns, technologies, and the outside frameworks mapped to."""

from __future__ import annotations

from collections.abc import Mapping as PythonMapping
from functools import cached_property
from typing import Literal

from ztkit.model.types import (
    ConcernId,
    HttpsUrl,
    Model,
    ObjectiveId,
    PillarId,
    Prose,
    Slug,
    Tier,
)


class TierInfo(Model):
    """What a tier means and which comes first."""

    id: Tier
    title: Prose
    description: Prose


class Pillar(Model):
    """One of the five pillars.

    Attributes:
        source: the public guide that the pillar's objectives come from.
    """

    id: PillarId
    title: Prose
    description: Prose
    source: HttpsUrl


class Objective(Model):
    """A deployment objective of a pillar.

    Attributes:
        title: the guide's own title.
        description: what it asks for, in our words.
        business: the same for an executive: what the organisation gains, or risks without it.
        requirements: what it is made of, where its source enumerates that (the tenant baseline).
        unreadable: why no inventory can evidence it, where that is so.
    """

    id: ObjectiveId
    pillar: PillarId
    tier: Tier
    title: Prose
    description: Prose
    business: Prose
    source: HttpsUrl
    requirements: tuple[Prose, ...] = ()
    unreadable: str = ""


class Concern(Model):
    """What an executive worries about: a second way to cut every report."""

    id: ConcernId
    title: Prose
    description: Prose
    source: Prose


class Technology(Model):
    """A technology that the source documents name."""

    id: Slug
    title: Prose
    description: Prose
    bears_on: tuple[str, ...]
    source: Prose


class Control(Model):
    """A requirement of an outside framework, by the framework's own id and title.

    Attributes:
        group: the pillar, family, domain or section that it stands in.
    """

    id: Prose
    title: Prose
    group: Prose


class ControlFramework(Model):
    """An outside framework that checks and questions map to; its requirements are *controls*.

    Attributes:
        pattern: the form of a control's id, as a regular expression.
        controls: all of its controls, in its own order (``framework/controls/<id>.yaml``).
    """

    id: Slug
    title: Prose
    version: Prose
    pattern: Prose
    source: HttpsUrl
    controls: tuple[Control, ...] = ()

    @cached_property
    def by_id(self) -> PythonMapping[str, Control]:
        """Controls by id."""
        return {item.id: item for item in self.controls}


class Mapping(Model):
    """How a check or question relates to a control.

    Attributes:
        relation: our statement seen from the control, in the terms of NIST IR 8477.
    """

    framework: Slug
    version: Prose
    id: Prose
    relation: Literal["equal", "subset", "superset", "intersects"]


class Framework(Model):
    """All of it, in order."""

    tiers: tuple[TierInfo, ...]
    pillars: tuple[Pillar, ...]
    objectives: tuple[Objective, ...]
    concerns: tuple[Concern, ...]
    technologies: tuple[Technology, ...]
    control_frameworks: tuple[ControlFramework, ...]
