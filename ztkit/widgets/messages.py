"""What a form may send: the boundary at which a message from a browser becomes a frozen model, or an error."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ztkit.errors import UsageError
from ztkit.model.response import Confidence
from ztkit.model.types import Model, Prose

By = Literal["pillar", "role", "due"]
Text = Annotated[str, Field(max_length=20_000)]
Line = Annotated[str, Field(max_length=500)]


class Place(Model):
    """Where a form is. It travels with each message, so that two tabs do not pull each other about.

    Attributes:
        by: what the questions are chosen by; ``due`` shows whatever somebody should be asked now.
        group: id of the pillar or role; empty for the one that fits the question.
        question: id of the question shown; empty for the one to go on with.
        respondent: whose words are entered.
    """

    by: By = "pillar"
    group: Line = ""
    question: Line = ""
    respondent: Line = ""


class Look(Model):
    """Show what there is.

    Attributes:
        stamp: of the state that the form shows; the answer is empty while that still holds.
    """

    kind: Literal["look"]
    place: Place = Place()
    stamp: Line = ""


class Said(Model):
    """What somebody says of a question, as it stands in the form."""

    kind: Literal["answer", "dont-know", "not-applicable"]
    answer: Line | None = None
    note: Text = ""
    evidence: Annotated[tuple[Prose, ...], Field(max_length=50)] = ()
    confidence: Confidence = ""
    rationale: Text = ""
    approver: Line = ""
    expires: date | None = None


class Say(Model):
    """Record a response to the question shown.

    Attributes:
        seen: id of the response that the form showed as recorded last; None for none.
        confirm: record it although it says what was said before, since that has grown old.
    """

    kind: Literal["say"]
    place: Place
    seen: Line | None
    said: Said
    confirm: bool = False


class Settle(Model):
    """Settle the conflict between the claim shown and its evidence; the claim itself stays as it was said."""

    kind: Literal["settle"]
    place: Place
    seen: Line | None
    settles: Literal["accept-evidence", "dispute-evidence"]
    dispute: Text = ""


class Accept(Model):
    """Accept the risk of the question shown, or of one of its checks."""

    kind: Literal["accept"]
    place: Place
    criterion: Line
    reason: Text
    approver: Line
    expires: date | None = None
    compensating: Text = ""


Message = Annotated[Look | Say | Settle | Accept, Field(discriminator="kind")]
_MESSAGE: TypeAdapter[Look | Say | Settle | Accept] = TypeAdapter(Message)


def message_of(data: Any) -> Look | Say | Settle | Accept:
    """A message from plain JSON.

    Raises:
        UsageError: it is none; the message names each field that is wrong.
    """
    try:
        return _MESSAGE.validate_python(data, strict=False)
    except ValidationError as problem:
        raise UsageError(told(problem)) from problem


def told(problem: ValidationError) -> str:
    """What is wrong with a record, field by field, in one line."""
    return "; ".join(
        f"{str(item['loc'][-1]) if item['loc'] else 'message'}: {item['msg']}" for item in problem.errors()
    )
