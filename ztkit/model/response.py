"""What people said and decided: responses, reviews of them, and exceptions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Discriminator, Field, Tag, model_validator

from ztkit.model.types import Model, Prose

Confidence = Literal["", "low", "medium", "high"]
"""How sure a respondent is, in their own words; empty where nobody asked."""
Settlement = Literal["", "accept-evidence", "dispute-evidence"]
"""What a response does about evidence that contradicts it.

``accept-evidence`` withdraws the claim in favour of the evidence; ``dispute-evidence`` upholds it against
the evidence, with a reason, and leaves the conflict open.
"""
Verdict = Literal["agreed", "returned"]


class Response(Model):
    """What someone chose for a question. The newest one counts, all are kept.

    Attributes:
        question: id of the question.
        kind: an answer, an honest "don't know", or "not applicable".
        answer: id of the answer, for kind ``answer`` only.
        evidence: documents that the respondent refers to.
        confidence: how sure the respondent is; shown, and no part of the arithmetic.
        at: when it was said.
        rationale: why the question does not apply (with approver and expiry, else it is unknown).
        settles: what it does about contradicting evidence.
        dispute: why the evidence is disputed, for ``dispute-evidence`` only.
    """

    question: Prose
    kind: Literal["answer", "dont-know", "not-applicable"] = "answer"
    answer: str | None = None
    note: str = ""
    evidence: tuple[Prose, ...] = ()
    respondent: str = ""
    role: str = ""
    confidence: Confidence = ""
    at: AwareDatetime
    rationale: str = ""
    approver: str = ""
    expires: date | None = None
    settles: Settlement = ""
    dispute: str = ""

    @model_validator(mode="after")
    def _answer_where_one_is_due(self) -> Response:
        if (self.kind == "answer") != (self.answer is not None):
            raise ValueError("`answer` goes with kind 'answer', and with no other")
        return self

    @model_validator(mode="after")
    def _settles_with_a_claim_and_a_reason(self) -> Response:
        if self.settles and self.kind == "dont-know":
            raise ValueError('a "don\'t know" claims nothing, so `settles` does not go with it')
        if (self.settles == "dispute-evidence") != bool(self.dispute):
            raise ValueError(
                "`dispute` is the reason for `settles: dispute-evidence`, and goes with no other"
            )
        return self

    @property
    def id(self) -> str:
        """The response's name: made from its content, so that old files have names too and none can drift."""
        text = self.model_dump_json(exclude_defaults=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @property
    def withdrawn(self) -> bool:
        """Whether the claim was given up in favour of the evidence."""
        return self.settles == "accept-evidence"

    def lacks(self, on: date) -> tuple[str, ...]:
        """What a "not applicable" needs on a day so as to count; empty for any other response."""
        if self.kind != "not-applicable":
            return ()
        if self.expires is None:
            until = "an expiry"
        else:
            until = "an expiry that is not over" if self.expires < on else ""
        missing = ("" if self.rationale else "a rationale", "" if self.approver else "an approver", until)
        return tuple(item for item in missing if item)


class Review(Model):
    """Somebody's word on one response. The newest on a response counts, all are kept.

    A response that is replaced takes its review with it: what replaces it has not been reviewed.

    Attributes:
        kind: what tells a review from a response in the same file.
        question: id of the question, for readers of the file.
        response: id of the response.
        verdict: ``agreed``, or ``returned`` to the respondent with a note.
    """

    kind: Literal["review"]
    question: Prose
    response: Prose
    verdict: Verdict
    reviewer: Prose
    at: AwareDatetime
    note: str = ""

    @model_validator(mode="after")
    def _returned_with_a_note(self) -> Review:
        if self.verdict == "returned" and not self.note:
            raise ValueError("a response is returned with a `note` on what is to be done")
        return self


def _kind_of_line(line: Any) -> str:
    kind = line.get("kind") if isinstance(line, dict) else getattr(line, "kind", None)
    return "review" if kind == "review" else "response"


LogLine = Annotated[
    Annotated[Response, Tag("response")] | Annotated[Review, Tag("review")], Discriminator(_kind_of_line)
]
"""A line of responses.jsonl."""


def newest(responses: Sequence[Response], at: datetime | None = None) -> Response | None:
    """The response that counts: the latest said, of two said at once the one recorded later.

    Args:
        responses: of one question, in the order in which they were recorded.
        at: leaves out what was said after this moment.
    """
    said = [response for response in responses if at is None or response.at <= at]
    return max(enumerate(said), key=lambda pair: (pair[1].at, pair[0]))[1] if said else None


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

    @property
    def id(self) -> str:
        """The exception's name, made from its content."""
        text = self.model_dump_json(exclude_defaults=True)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


class ExceptionsFile(Model):
    """The content of exceptions.yaml."""

    exceptions: tuple[RiskException, ...] = Field(default=())
