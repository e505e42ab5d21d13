"""Saves what people say: checked against its question, never over somebody else's answer unseen, durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from ztkit.content.library import Library
from ztkit.errors import UsageError
from ztkit.interview.log import ResponseLog
from ztkit.model.question import Question
from ztkit.model.response import Response, Review, Verdict, newest


@dataclass(frozen=True)
class Saved:
    """A response that is on disk.

    Attributes:
        response: as it was recorded.
        replaced: the response that counted until now.
        counts: whether it is the one that counts; not where a later one is on file already.
        lacks: what a "not applicable" still needs so as to count.
    """

    response: Response
    replaced: Response | None
    counts: bool
    lacks: tuple[str, ...]


class OvertakenError(UsageError):
    """Somebody recorded a response since the caller last looked; nothing was saved.

    Attributes:
        since: by question id, what was recorded in between, oldest first. Saving again with `seen` set to
            the id of the last of them replaces it knowingly.
    """

    def __init__(self, since: Mapping[str, Sequence[Response]]) -> None:
        self.since = {name: tuple(given) for name, given in since.items()}
        told = "; ".join(
            f"{name} by {given[-1].respondent or 'somebody'} at {given[-1].at:%Y-%m-%d %H:%M}"
            for name, given in self.since.items()
        )
        super().__init__(
            f"Answered in the meantime: {told}. Nothing was saved. Look at that answer, and save again to replace it."
        )


def response_to(question: Question, at: datetime, **said: Any) -> Response:
    """A response to a question, checked.

    Args:
        question: the question.
        at: when it was said, with a time zone.
        said: fields of `Response`, such as ``answer``, ``kind``, ``note``, ``respondent``.

    Raises:
        UsageError: it is no response, or the question has no such answer; the message says what to change.
    """
    try:
        response = Response.model_validate({"question": question.id, "at": at, **said})
    except ValidationError as problem:
        told = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'response'}: {item['msg']}" for item in problem.errors()
        )
        raise UsageError(f"{question.id}: {told}") from problem
    if found := problems(question, response):
        raise UsageError("; ".join(found))
    return response


def problems(question: Question, response: Response) -> list[str]:
    """Why a response cannot be recorded for a question; empty where it can.

    A "not applicable" without rationale, approver or expiry can be: it is unknown until it has them.
    """
    found = []
    if response.question != question.id:
        found.append(f"{question.id}: the response is to {response.question}")
    known = [answer.id for answer in question.answers]
    if response.answer is not None and response.answer not in known:
        found.append(f"{question.id} has no answer {response.answer!r}; there are {', '.join(known)}")
    return found


def save(log: ResponseLog, library: Library, response: Response, seen: str | None) -> Saved:
    """Record one response durably: it is on disk when this returns.

    Args:
        log: the workspace's responses; brought up to date on the way.
        library: the content.
        response: what was said, such as `response_to` makes.
        seen: id of the response that the caller saw as the last recorded (`Item.seen`), None for none.

    Raises:
        OvertakenError: another one was recorded since; nothing was saved.
        UsageError: it is no response to its question; nothing was saved.
        ZtkitError: the disk did not take it; nothing was saved.
    """
    return save_all(log, library, [response], {response.question: seen})[0]


def save_all(
    log: ResponseLog,
    library: Library,
    responses: Sequence[Response],
    seen: Mapping[str, str | None] | None = None,
) -> tuple[Saved, ...]:
    """Record several responses at once, all or none: they are on disk when this returns.

    Args:
        log: the workspace's responses; brought up to date on the way.
        library: the content.
        responses: what was said, oldest first.
        seen: by question, the response that the caller saw as the last recorded; None to record them
            whatever came in between.

    Raises:
        OvertakenError: to one of these questions another response was recorded since; nothing was saved.
        UsageError: with everything that is wrong with any of them; nothing was saved.
        ZtkitError: the disk did not take them; nothing was saved.
    """
    if found := [text for item in responses for text in problems(library.question(item.question), item)]:
        raise UsageError("; ".join(found))
    with log.writing():
        if seen is not None:
            overtaken = {
                item.question: log.since(item.question, seen.get(item.question))
                for item in responses
                if log.last(item.question) != seen.get(item.question)
            }
            if overtaken:
                raise OvertakenError(overtaken)
        before = {item.question: newest(log.responses.get(item.question, ())) for item in responses}
        log.append(responses)
    return tuple(_saved(log, item, before[item.question]) for item in responses)


def _saved(log: ResponseLog, response: Response, before: Response | None) -> Saved:
    counts = newest(log.responses[response.question]) == response
    return Saved(response, before, counts, response.lacks(_day(response)))


def _day(response: Response) -> date:
    return response.at.date()


def review(
    log: ResponseLog, response_id: str, verdict: Verdict, reviewer: str, at: datetime, note: str = ""
) -> Review:
    """Record a review of a response durably.

    Raises:
        UsageError: there is no such response, nobody reviews, or one is returned without a note.
    """
    with log.writing():
        response = log.find(response_id)
        if response is None:
            raise UsageError(f"There is no response {response_id!r} to review.")
        try:
            made = Review(
                kind="review",
                question=response.question,
                response=response_id,
                verdict=verdict,
                reviewer=reviewer,
                at=at,
                note=note,
            )
        except ValidationError as problem:
            told = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'review'}: {item['msg']}" for item in problem.errors()
            )
            raise UsageError(f"{response.question}: {told}") from problem
        log.append([made])
    return made
