"""A question of the interview, and the answers that one can choose from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ztkit.model.check import Remediation
from ztkit.model.framework import Mapping
from ztkit.model.types import (
    Authority,
    CheckId,
    ConcernId,
    Model,
    ObjectiveId,
    PillarId,
    Prose,
    QuestionId,
    Share,
    Slug,
    Version,
)

Role = Literal[
    "ciso",
    "identity-admin",
    "endpoint-admin",
    "network-admin",
    "data-owner",
    "cloud-platform",
    "security-operations",
    "application-owner",
    "ot-engineer",
]


class Answer(Model):
    """An option: what is the case, and how much of the question it fulfils (0 to 1)."""

    id: Slug
    label: Prose
    value: Share


class AnswerSet(Model):
    """Answers that several questions share, from the least to the most mature."""

    id: Slug
    title: Prose
    answers: tuple[Answer, ...] = Field(min_length=2)


class Ask(Model):
    """Who is asked, how long it takes, and what to ask when the answer comes too quickly."""

    role: Role
    minutes: int = Field(ge=1, le=30)
    probes: tuple[Prose, ...] = Field(min_length=1)


class CheckEvidence(Model):
    """A check that shows what the question claims.

    Attributes:
        authority: ``decisive`` where the check answers the question by itself; ``corroborating``
            where it can refute the claim and not replace it.
    """

    check: CheckId
    authority: Authority


class DocumentEvidence(Model):
    """A document that supports an answer."""

    document: Prose
    authority: Literal["corroborating"] = "corroborating"


class QuestionCondition(Model):
    """True when the newest response to a question is one of these answers."""

    question: QuestionId
    in_: tuple[Slug, ...] = Field(alias="in", min_length=1)


class DependsOn(Model):
    """When a question is asked: a closed form, no expressions."""

    all: tuple[QuestionCondition, ...] = ()
    any: tuple[QuestionCondition, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> DependsOn:
        if not (self.all or self.any):
            raise ValueError("expected `all` or `any` with at least one condition")
        return self


class Question(Model):
    """One question; its answer is a claim, and what `evidence` names can confirm or refute it.

    Attributes:
        answers: the answers to choose from (a shared set's name is resolved on loading).
        answer_set: name of the shared set, if it is one.
        quality: what must be true for the upper answers, so that two assessors agree.
        weight: weight of the criterion within its objective.
        threshold: the value from which the criterion is met; else its decisive checks' highest, else 0.8.
        must: the objective is not met while this criterion is below its threshold.
        ttl_days: age at which confidence in a response has halved.
    """

    id: QuestionId
    objective: ObjectiveId
    text: Prose
    help: Prose
    ask: Ask
    answers: tuple[Answer, ...]
    answer_set: Slug | None = None
    quality: tuple[Prose, ...] = Field(min_length=1)
    evidence: tuple[CheckEvidence | DocumentEvidence, ...] = ()
    depends_on: DependsOn | None = None
    weight: int = Field(ge=1, le=5)
    threshold: Share | None = None
    must: bool = False
    ttl_days: int = Field(default=180, ge=1)
    concerns: tuple[ConcernId, ...] = Field(min_length=1)
    technologies: tuple[Slug, ...] = ()
    maps: tuple[Mapping, ...] = Field(min_length=1)
    remediation: Remediation
    since: Version = "0.1.0"

    @property
    def pillar(self) -> PillarId:
        """The pillar that the question belongs to."""
        return self.id.split(".")[0]  # type: ignore[return-value]  # the pattern of QuestionId holds it

    @property
    def prerequisites(self) -> tuple[QuestionId, ...]:
        """The questions that it depends on, each once."""
        if self.depends_on is None:
            return ()
        return tuple(dict.fromkeys(item.question for item in (*self.depends_on.all, *self.depends_on.any)))

    @property
    def checks(self) -> tuple[CheckEvidence, ...]:
        """The checks that evidence the question."""
        return tuple(item for item in self.evidence if isinstance(item, CheckEvidence))
