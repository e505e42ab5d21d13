"""The interview as a view: every question with what was said of it, what is left, and where to go on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Literal

from ztkit.content.library import Library
from ztkit.interview.conditions import Gate, gates
from ztkit.interview.order import Grouping, ordered
from ztkit.model.engagement import Engagement
from ztkit.model.question import Question
from ztkit.model.response import Response, Review, newest
from ztkit.model.types import Tier

ItemState = Literal[
    "open",
    "answered",
    "stale",
    "dont-know",
    "not-applicable",
    "not-applicable-unproven",
    "waiting",
    "not-asked",
]
"""Where a question stands.

``open``: asked and nothing was said. ``stale``: answered longer ago than its ttl; it counts, and wants to be
confirmed. ``not-applicable-unproven``: said not to apply without what that needs, or for longer than was
approved. ``waiting``: another question has to be answered first. ``not-asked``: an answer to another question
makes it pointless; what was said before is kept and does not count.
"""
ReviewState = Literal["none", "agreed", "returned", "outdated"]
"""``outdated``: an earlier response was reviewed, and the one that counts now was not."""
DUE: tuple[ItemState, ...] = ("open", "stale", "not-applicable-unproven")
"""States of a question that somebody should be asked now."""
_SAID: tuple[ItemState, ...] = (
    "answered",
    "stale",
    "dont-know",
    "not-applicable",
    "not-applicable-unproven",
)


@dataclass(frozen=True)
class Item:
    """A question and what was said of it.

    Attributes:
        response: the response that counts; of a question that is waiting or not asked, the one on file.
        seen: id of the response recorded last, to be handed to `record.save`; None where there is none.
        gate: whether it is asked, and why not.
        age_days: whole days since the response that counts.
        earlier: how many responses it replaced.
        voices: the newest response of each respondent, newest first.
        review: of the response that counts.
        reviewed: where its review stands.
        lacks: what a "not applicable" still needs so as to count.
    """

    question: Question
    tier: Tier
    state: ItemState
    response: Response | None
    seen: str | None
    gate: Gate
    age_days: int | None
    earlier: int
    voices: tuple[Response, ...]
    review: Review | None
    reviewed: ReviewState
    lacks: tuple[str, ...]

    @property
    def differ(self) -> bool:
        """Whether respondents said different things; "don't know" contradicts nobody."""
        return len({(item.kind, item.answer) for item in self.voices if item.kind != "dont-know"}) > 1


@dataclass(frozen=True)
class Progress:
    """How far an interview has come, in questions and minutes.

    Attributes:
        total: questions that are asked, or will be once another is answered.
        said: those with any response that is in force or wants to be confirmed.
        open: those without one.
        waiting: those that depend on one without an answer; part of neither.
        not_asked: questions that an answer has made pointless; not in `total`.
        minutes_left: for what is open.
        minutes_waiting: for what may follow.
    """

    total: int
    said: int
    open: int
    waiting: int
    stale: int
    dont_know: int
    not_applicable: int
    unproven: int
    not_asked: int
    minutes_left: int
    minutes_waiting: int

    @property
    def share(self) -> Fraction:
        """Share of the questions asked that somebody has responded to; 1 where there are none."""
        return Fraction(self.said, self.total) if self.total else Fraction(1)


@dataclass(frozen=True)
class Session:
    """The items of an interview, in the order in which they are asked, at one moment."""

    items: tuple[Item, ...]
    at: datetime
    targets: Mapping[str, Fraction]

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Items by question id."""
        return {item.question.id: item for item in self.items}

    @property
    def progress(self) -> Progress:
        """Over all items."""
        return _progress(self.items)

    @property
    def by_role(self) -> Mapping[str, Progress]:
        """By the role that is asked, in the order of the items."""
        return self._by(lambda item: item.question.ask.role)

    @property
    def by_pillar(self) -> Mapping[str, Progress]:
        """By pillar, in the order of the items."""
        return self._by(lambda item: item.question.pillar)

    @property
    def by_objective(self) -> Mapping[str, Progress]:
        """By objective, in the order of the items."""
        return self._by(lambda item: item.question.objective)

    @property
    def contested(self) -> tuple[Item, ...]:
        """Questions on which respondents differ."""
        return tuple(item for item in self.items if item.differ)

    def only(self, **wanted: str) -> Session:
        """The part of the session with these properties: ``role``, ``pillar``, ``objective``, ``tier``, ``state``."""
        read: dict[str, Callable[[Item], str]] = {
            "role": lambda item: item.question.ask.role,
            "pillar": lambda item: item.question.pillar,
            "objective": lambda item: item.question.objective,
            "tier": lambda item: item.tier,
            "state": lambda item: item.state,
        }
        items = tuple(
            item for item in self.items if all(read[name](item) == value for name, value in wanted.items())
        )
        return Session(items, self.at, self.targets)

    def next(self, after: str | None = None, states: Iterable[ItemState] = DUE) -> Item | None:
        """The first item in one of these states behind a question; going on from the start, None where none is left."""
        return self._found(after, states, self.items)

    def previous(self, before: str | None = None, states: Iterable[ItemState] = DUE) -> Item | None:
        """The last item in one of these states before a question; going on from the end, None where none is left."""
        return self._found(before, states, self.items[::-1])

    def resume(self) -> Item | None:
        """Where to go on: the item due next behind the one that was answered last; None when nothing is due."""
        last = newest([item.response for item in self.items if item.response is not None])
        return self.next(after=last.question if last else None)

    def _found(self, start: str | None, states: Iterable[ItemState], items: Sequence[Item]) -> Item | None:
        wanted = frozenset(states)
        place = next((number for number, item in enumerate(items, 1) if item.question.id == start), 0)
        around = (*items[place:], *items[:place])
        return next((item for item in around if item.state in wanted and item.question.id != start), None)

    def _by(self, key: Callable[[Item], str]) -> Mapping[str, Progress]:
        groups: dict[str, list[Item]] = {}
        for item in self.items:
            groups.setdefault(key(item), []).append(item)
        return {name: _progress(items) for name, items in groups.items()}


def session(
    library: Library,
    engagement: Engagement,
    responses: Mapping[str, Sequence[Response]],
    at: datetime,
    *,
    reviews: Mapping[str, Review] | None = None,
    by: Grouping = "pillar",
) -> Session:
    """The interview of an engagement at one moment.

    Args:
        library: the content.
        engagement: which pillars are in scope, and its targets.
        responses: every response by question, in the order in which they were recorded.
        at: what ages and expiries count from; what was said later is left out.
        reviews: the newest review of each response, by its id.
        by: what the questions are grouped by.
    """
    questions = {item.id: item for item in library.questions.values() if item.pillar in engagement.pillars}
    told = {name: _told(responses.get(name, ()), at) for name in questions}
    counting = {name: found.counts for name, found in told.items() if found.counts is not None}
    closed = gates(questions, counting, at.date())
    given = _Reviews(reviews or {}, frozenset(item.question for item in (reviews or {}).values()))
    items = tuple(
        _item(library, question, closed[question.id], told[question.id], given, at)
        for question in ordered(library, questions.values(), by)
    )
    targets = {
        objective.id: engagement.target(objective.id)
        for objective in library.framework.objectives
        if objective.pillar in engagement.pillars
    }
    return Session(items, at, targets)


@dataclass(frozen=True)
class _Told:
    """What was said of one question up to a moment, and what was recorded last at all."""

    said: Sequence[Response]
    counts: Response | None
    last: Response | None


def _told(given: Sequence[Response], at: datetime) -> _Told:
    said = [response for response in given if response.at <= at]
    return _Told(said, newest(said), given[-1] if given else None)


@dataclass(frozen=True)
class _Reviews:
    by_response: Mapping[str, Review]
    questions: frozenset[str]


def _item(
    library: Library, question: Question, gate: Gate, told: _Told, reviews: _Reviews, at: datetime
) -> Item:
    response = told.counts
    age = max(0, (at - response.at).days) if response else None
    lacks = response.lacks(at.date()) if response else ()
    review = reviews.by_response.get(response.id) if response and reviews.by_response else None
    reviewed: ReviewState = "outdated" if question.id in reviews.questions else "none"
    return Item(
        question=question,
        tier=library.objectives[question.objective].tier,
        state=_state(question, gate, response, age, lacks),
        response=response,
        seen=told.last.id if told.last else None,
        gate=gate,
        age_days=age,
        earlier=max(0, len(told.said) - 1),
        voices=_voices(told.said),
        review=review,
        reviewed=review.verdict if review else reviewed,
        lacks=lacks,
    )


def _state(
    question: Question, gate: Gate, response: Response | None, age: int | None, lacks: tuple[str, ...]
) -> ItemState:
    if gate.state != "asked" and not _is_proven(response, lacks):
        return gate.state
    if response is None or age is None:
        return "open"
    if response.kind == "dont-know":
        return "dont-know"
    if response.kind == "not-applicable":
        if response.withdrawn:
            return "open"
        return "not-applicable-unproven" if lacks else "not-applicable"
    if response.answer not in {answer.id for answer in question.answers}:
        return "open"
    return "stale" if age > question.ttl_days else "answered"


def _is_proven(response: Response | None, lacks: tuple[str, ...]) -> bool:
    """Whether it was argued and approved that the question does not apply, which no other answer changes."""
    return response is not None and response.kind == "not-applicable" and not lacks and not response.withdrawn


def _voices(said: Sequence[Response]) -> tuple[Response, ...]:
    """The newest response of each respondent, newest first; names are compared without case."""
    by_name: dict[str, list[Response]] = {}
    for response in said:
        by_name.setdefault(response.respondent.casefold(), []).append(response)
    found = [voice for given in by_name.values() if (voice := newest(given)) is not None]
    return tuple(sorted(found, key=lambda response: response.at, reverse=True))


def _progress(items: Sequence[Item]) -> Progress:
    def count(*states: ItemState) -> int:
        return sum(item.state in states for item in items)

    def minutes(state: ItemState) -> int:
        return sum(item.question.ask.minutes for item in items if item.state == state)

    return Progress(
        total=len(items) - count("not-asked"),
        said=count(*_SAID),
        open=count("open"),
        waiting=count("waiting"),
        stale=count("stale"),
        dont_know=count("dont-know"),
        not_applicable=count("not-applicable"),
        unproven=count("not-applicable-unproven"),
        not_asked=count("not-asked"),
        minutes_left=minutes("open"),
        minutes_waiting=minutes("waiting"),
    )
