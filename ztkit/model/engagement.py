"""What a workspace says of itself: the content of ztkit.toml."""

from __future__ import annotations

from pydantic import Field

from ztkit.model.assessment import Parameters
from ztkit.model.types import Model, PillarId, Prose

ALL_PILLARS: tuple[PillarId, ...] = ("identity", "endpoint", "network", "data", "infrastructure")


class Engagement(Model):
    """Who is assessed, by whom, and with what weights.

    Attributes:
        pillars: pillars in scope.
        scoring: weights and limits; the defaults are the method's own.
    """

    organisation: Prose
    assessor: str = ""
    tenant: str = ""
    pillars: tuple[PillarId, ...] = Field(default=ALL_PILLARS, min_length=1)
    scoring: Parameters = Parameters()
