"""What people said and decided: responses and exceptions."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from ztkit.model.types import Model, Prose


class Response(Model):
    """What someone chose for a question. The newest one counts, all are kept.

    Attributes:
        question: id of the question.
        kind: an answer, an honest "don't know", or "not applicable".
        answer: id of the answer, for kind ``answer`` only.
        at: when it was said.
        rationale: why the question does not apply (with approver and expiry, else it is unknown).
    """

    question: Prose
    kind: Literal["answer", "dont-know", "not-applicable"] = "answer"
    answer: str | None = None
    note: str = ""
    evidence: tuple[Prose, ...] = ()
    respondent: str = ""
    role: str = ""
    at: AwareDatetime
    rationale: str = ""
    approver: str = ""
    expires: date | None = None

    @model_validator(mode="after")
    def _answer_where_one_is_due(self) -> Response:
        if (self.kind == "answer") != (self.answer is not None):
            raise ValueError("`answer` goes with kind 'answer', and with no other")
        return self


class RiskException(Model):
    """A risk that someone accepted, for a criterion or check, until a date.

    Attributes:
        criterion: id of a question or check.
        resources: ids of the resources that it holds for; none means all of them.
        compensating: what stands in for the missing control.
    """

    criterion: Prose
    resources: tuple[Prose, ...] = ()
    reason: Prose
    approver: Prose
    expires: date
    compensating: str = ""


class ExceptionsFile(Model):
    """The content of exceptions.yaml."""

    exceptions: tuple[RiskException, ...] = Field(default=())
