"""What a workspace says of itself: the content of ztkit.toml."""

from __future__ import annotations

from pydantic import Field

from ztkit.model.assessment import Parameters
from ztkit.model.types import ALL_SOURCES, Model, PillarId, Prose, SourceId

ALL_PILLARS: tuple[PillarId, ...] = ("identity", "endpoint", "network", "data", "infrastructure")


class Engagement(Model):
    """Who is assessed, by whom, and with what weights.

    Attributes:
        pillars: pillars in scope.
        sources: services whose evidence is in scope. Checks of a service left out are not part of the
            assessment, and what is said counts in their place; a service that is in scope and was not read
            leaves its checks unknown.
        scoring: weights and limits; the defaults are the method's own.
    """

    organisation: Prose
    assessor: str = ""
    tenant: str = ""
    pillars: tuple[PillarId, ...] = Field(default=ALL_PILLARS, min_length=1)
    sources: tuple[SourceId, ...] = Field(default=ALL_SOURCES)
    scoring: Parameters = Parameters()
