"""The form's one hand: a message in, plain JSON out. It keeps nothing that the workspace does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from ztkit.assess.standing import Ground, ground
from ztkit.content.library import Library
from ztkit.errors import UsageError, ZtkitError
from ztkit.interview.exceptions import add
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import OvertakenError, Saved, response_to, save
from ztkit.interview.session import Item, Session, session
from ztkit.model.response import Response, RiskException
from ztkit.widgets.form import form
from ztkit.widgets.messages import Accept, Look, Place, Said, Say, Settle, message_of, told
from ztkit.widgets.view import Known, voice
from ztkit.workspace import Workspace

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Outcome:
    """What came of a message, next to the state."""

    saved: dict[str, Any] | None = None
    overtaken: dict[str, Any] | None = None
    problem: str | None = None


class Controller:
    """Answers the messages of any number of forms on one workspace.

    Whatever is shown is read from the workspace, and whatever was said is on disk before an answer says so. What
    is held between messages are copies of files, thrown away as soon as those change.

    Args:
        workspace: the engagement.
        library: the content.
        clock: the present moment, with a time zone.

    Raises:
        ContentError: a file of the workspace cannot be read.
    """

    def __init__(self, workspace: Workspace, library: Library, clock: Clock = now) -> None:
        self._workspace, self._library, self._clock = workspace, library, clock
        self._log = ResponseLog(workspace)
        self._ground: tuple[str, Ground] | None = None

    def state(self, place: Place | None = None) -> dict[str, Any]:
        """Everything that a form shows at a place, as plain JSON.

        Raises:
            ContentError: a file of the workspace cannot be read.
        """
        at = self._clock()
        self._log.refresh()
        return form(self._known(at), place or Place(), self._stamp(at))

    def handle(self, data: Any) -> dict[str, Any]:
        """Answer one message.

        Returns:
            ``state``, or None where nothing has changed since the stamp that came with a `Look`; ``saved`` with
            the moment of what is on disk now; ``overtaken`` with what somebody else answered in the meantime;
            ``problem`` with what is wrong, when nothing was saved.
        """
        try:
            message = message_of(data)
        except UsageError as problem:
            return _reply(None, _Outcome(problem=f"Nothing was saved. {problem}"))
        try:
            self._log.refresh()
            if isinstance(message, Look):
                unchanged = message.stamp != "" and message.stamp == self._stamp(self._clock())
                return _reply(None if unchanged else self.state(message.place), _Outcome())
            outcome = self._done(message)
            return _reply(self.state(message.place), outcome)
        except ZtkitError as problem:
            return _reply(None, _Outcome(problem=str(problem)))

    def _done(self, message: Say | Settle | Accept) -> _Outcome:
        try:
            match message:
                case Say():
                    return self._say(message)
                case Settle():
                    return self._settle(message)
                case Accept():
                    return self._accept(message)
        except OvertakenError as problem:
            since = problem.since[message.place.question]
            return _Outcome(overtaken=self._overtaken(since))
        except ZtkitError as problem:
            return _Outcome(problem=str(problem))

    def _say(self, message: Say) -> _Outcome:
        item, at = self._item(message.place), self._clock()
        before = item.response
        fields = {**_fields(message.said), **_by(message.place)}
        if before is not None and _claims_the_same(before, message.said, message.place):
            fields |= {"settles": before.settles, "dispute": before.dispute}
        response = response_to(item.question, at, **fields)
        grown_old = item.state == "stale" and message.confirm
        if before is not None and message.seen == item.seen and not grown_old and _same(before, response):
            return _Outcome(saved={"at": before.at.isoformat(), "already": True, "lacks": list(item.lacks)})
        return _saved(save(self._log, self._library, response, message.seen))

    def _settle(self, message: Settle) -> _Outcome:
        item, at = self._item(message.place), self._clock()
        if item.response is None:
            raise UsageError("Nobody has answered this question, so that there is no conflict to settle.")
        if message.settles == "dispute-evidence" and not message.dispute:
            raise UsageError("Say why the evidence is wrong; the report quotes the reason.")
        claimed = item.response.model_dump(exclude={"question", "at", "settles", "dispute"})
        if not _is_own(item.response, message.place):
            claimed["note"] = ""  # somebody else's words stay theirs; they are on file with the claim
        settled = {"settles": message.settles, "dispute": message.dispute, **_by(message.place)}
        response = response_to(item.question, at, **(claimed | settled))
        return _saved(save(self._log, self._library, response, message.seen))

    def _accept(self, message: Accept) -> _Outcome:
        question = self._library.question(message.place.question)
        if message.criterion not in (question.id, *(link.check for link in question.checks)):
            raise UsageError(f"{message.criterion!r} is neither this question nor one of its checks.")
        if message.expires is None:
            raise UsageError("An accepted risk needs the last day on which it holds.")
        try:
            exception = RiskException(**message.model_dump(exclude={"kind", "place"}))
        except ValidationError as problem:
            raise UsageError(f"The exception was not added: {told(problem)}.") from problem
        at = self._clock()
        add(self._workspace, self._library, exception, at.date())
        return _Outcome(saved={"at": at.isoformat(), "already": False, "lacks": []})

    def _overtaken(self, since: tuple[Response, ...]) -> dict[str, Any]:
        question = self._library.question(since[-1].question)
        return {"seen": since[-1].id, "voices": [voice(question, item) for item in since]}

    def _item(self, place: Place) -> Item:
        found = self._session(self._clock()).by_id.get(self._library.question(place.question).id)
        if found is None:
            raise UsageError(f"{place.question} is of a pillar that is not in scope.")
        return found

    def _session(self, at: datetime) -> Session:
        return session(
            self._library, self._grounded(at).engagement, self._log.responses, at, reviews=self._log.reviews
        )

    def _known(self, at: datetime) -> Known:
        grounded = self._grounded(at)
        return Known(
            self._library, grounded, self._log.responses, self._log.reviews, at, self._workspace.root.name
        )

    def _grounded(self, at: datetime) -> Ground:
        """What questions are scored on; read again when a file of it has changed, or the day."""
        stamp = self._files(at)
        if self._ground is None or self._ground[0] != stamp:
            self._ground = stamp, ground(self._workspace, self._library, at)
        return self._ground[1]

    def _files(self, at: datetime) -> str:
        files = (self._workspace.config_path, self._workspace.root / "exceptions.yaml")
        changed = [path.stat().st_mtime_ns if path.exists() else 0 for path in files]
        return f"{at.date()} {changed} {self._workspace.assessments()}"

    def _stamp(self, at: datetime) -> str:
        """What tells one state of the workspace from another, without anything of its content."""
        count = sum(map(len, self._log.responses.values()))
        text = f"{self._files(at)} {count} {len(self._log.reviews)} {sorted(self._log.reviews)[-1:]}"
        last = [given[-1].id for given in self._log.responses.values()]
        return hashlib.blake2b(f"{text} {last}".encode(), digest_size=8).hexdigest()


def _reply(state: dict[str, Any] | None, outcome: _Outcome) -> dict[str, Any]:
    return {
        "state": state,
        "saved": outcome.saved,
        "overtaken": outcome.overtaken,
        "problem": outcome.problem,
    }


def _saved(saved: Saved) -> _Outcome:
    response = saved.response
    return _Outcome(
        saved={"at": response.at.isoformat(), "already": False, "lacks": list(saved.lacks)},
        problem=None if saved.counts else "It is on file, and a response said later counts in its place.",
    )


def _by(place: Place) -> dict[str, str]:
    """Who speaks; in an interview by role, in that role."""
    return {"respondent": place.respondent, **({"role": place.group} if place.by == "role" else {})}


def _fields(said: Said) -> dict[str, Any]:
    """The fields of a response that go with its kind."""
    fields = said.model_dump()
    if said.kind != "answer":
        fields["answer"] = None
    if said.kind != "not-applicable":
        for name in ("rationale", "approver", "expires"):
            fields.pop(name)
    return fields


def _claims_the_same(before: Response, said: Said, place: Place) -> bool:
    """Whether somebody repeats their own claim, so that what they settled stays settled."""
    return _is_own(before, place) and (before.kind, before.answer) == (
        said.kind,
        said.answer if said.kind == "answer" else None,
    )


def _is_own(before: Response, place: Place) -> bool:
    return before.respondent.casefold() == place.respondent.casefold()


def _same(before: Response, response: Response) -> bool:
    """Whether a response says what is on file; in which role is no part of it."""
    return before.model_copy(update={"at": response.at, "role": response.role}) == response
