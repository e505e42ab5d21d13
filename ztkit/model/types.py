"""The small types that every other model is made of."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints

PillarId = Literal["identity", "endpoint", "network", "data", "infrastructure"]
Tier = Literal["baseline", "initial", "additional"]
ConcernId = Literal[
    "network-breach", "identity-compromise", "data-exfiltration", "internet-exposure", "vm-attack"
]
Severity = Literal["critical", "high", "medium", "low"]
Status = Literal["pass", "fail", "skip"]
Authority = Literal["decisive", "corroborating"]
Effort = Literal["S", "M", "L"]
Impact = Literal["none", "low", "medium", "high"]
SourceId = Literal["resource-graph", "microsoft-graph"]

ALL_SOURCES: tuple[SourceId, ...] = ("resource-graph", "microsoft-graph")
SOURCE_TITLES: dict[SourceId, str] = {
    "resource-graph": "Azure Resource Graph",
    "microsoft-graph": "Microsoft Graph",
}

SEVERITY_WEIGHT: dict[Severity, int] = {"critical": 5, "high": 3, "medium": 2, "low": 1}
"""The weight of a check that is a criterion of its own (design: severity is the weight)."""

STAGES = ("Traditional", "Advanced", "Optimal")
"""Maturity stages by number; the names follow the CISA Zero Trust Maturity Model 2.0, less *Initial*."""


class Model(BaseModel):
    """A frozen record; an unknown field is an error, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _to_fraction(value: Any) -> Fraction:
    """Read an exact number: an int, a decimal as written, or a text such as ``7/8``.

    Raises:
        ValueError: the value is not a finite number.
    """
    if isinstance(value, bool):
        raise ValueError("expected a number")
    if isinstance(value, int | float | str | Fraction):
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError) as problem:
            raise ValueError(f"expected a number, got {value!r}") from problem
    raise ValueError("expected a number")


def _to_share(value: Any) -> Fraction:
    number = _to_fraction(value)
    if not 0 <= number <= 1:
        raise ValueError("expected a number from 0 to 1")
    return number


Exact = Annotated[Fraction, BeforeValidator(_to_fraction), PlainSerializer(str, return_type=str)]
"""An exact number; in JSON a text such as ``"7/8"``, so that nothing is rounded on the way."""
Share = Annotated[Fraction, BeforeValidator(_to_share), PlainSerializer(str, return_type=str)]
"""An exact number from 0 to 1."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
CheckId = Annotated[
    str,
    StringConstraints(pattern=r"^(identity|endpoint|network|data|infrastructure)\.[a-z0-9]+(-[a-z0-9]+)*$"),
]
ObjectiveId = Annotated[
    str, StringConstraints(pattern=r"^(identity|endpoint|network|data|infrastructure)\.[0-9]$")
]
QuestionId = Annotated[
    str,
    StringConstraints(
        pattern=r"^(identity|endpoint|network|data|infrastructure)\.[0-9]\.[a-z0-9]+(-[a-z0-9]+)*$"
    ),
]
Prose = Annotated[str, StringConstraints(min_length=1)]
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
PolicyGuid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]

__all__ = [
    "ALL_SOURCES",
    "SEVERITY_WEIGHT",
    "SOURCE_TITLES",
    "STAGES",
    "Authority",
    "CheckId",
    "ConcernId",
    "Effort",
    "Exact",
    "HttpsUrl",
    "Impact",
    "Model",
    "ObjectiveId",
    "PillarId",
    "PolicyGuid",
    "Prose",
    "QuestionId",
    "Severity",
    "Share",
    "Slug",
    "SourceId",
    "Status",
    "Tier",
    "Version",
]
