"""What the parts of a form have in common: what is known at one moment, and its words and numbers as plain JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from ztkit.assess.scoring import objective_result
from ztkit.assess.standing import Ground, conflict_of, criteria_now
from ztkit.content.library import Library
from ztkit.interview.session import Item, ItemState, Progress, Session, session
from ztkit.model.assessment import CriterionResult, ObjectiveResult
from ztkit.model.question import Question
from ztkit.model.response import Response, Review
from ztkit.report.words import OBJECTIVE_STATE

STATES: dict[ItemState, tuple[str, str]] = {
    "open": ("○", "Open"),
    "answered": ("✓", "Answered"),
    "stale": ("↻", "Confirm again"),
    "dont-know": ("?", "Don't know"),
    "not-applicable": ("–", "Not applicable"),
    "not-applicable-unproven": ("!", "Not applicable, incomplete"),
    "waiting": ("…", "Waits for another"),
    "not-asked": ("×", "Not asked"),
}
"""Sign and words of each state; neither is left to colour."""
_OPEN_CONFLICTS = ("across", "apart")


@dataclass(frozen=True)
class Known:
    """Everything that a view is made from, at one moment.

    Attributes:
        name: of the workspace.
    """

    library: Library
    ground: Ground
    responses: Mapping[str, Sequence[Response]]
    reviews: Mapping[str, Review]
    at: datetime
    name: str

    @cached_property
    def by_pillar(self) -> Session:
        """The interview by pillar."""
        return session(
            self.library, self.ground.engagement, self.responses, self.at, reviews=self.reviews, by="pillar"
        )

    @cached_property
    def by_role(self) -> Session:
        """The interview by role."""
        return session(
            self.library, self.ground.engagement, self.responses, self.at, reviews=self.reviews, by="role"
        )

    @cached_property
    def criteria(self) -> Mapping[str, CriterionResult]:
        """Every criterion as it would be scored now, by id."""
        found = criteria_now(self.library, self.ground, self.responses, None, self.at)
        return {item.id: item for item in found}

    def objective(self, identifier: str) -> ObjectiveResult:
        """An objective as it would be scored now."""
        of = [item for item in self.criteria.values() if item.objective == identifier]
        return objective_result(self.library.objectives[identifier], of, self.ground.engagement.scoring)

    def open_conflict(self, item: Item) -> bool:
        """Whether a question's claim and evidence contradict each other, and nobody has settled it."""
        return conflict_of(self.criteria[item.question.id]) in _OPEN_CONFLICTS


def progress(told: Progress) -> dict[str, Any]:
    """How far an interview has come; ``share`` is from 0 to 100."""
    return {
        "total": told.total,
        "said": told.said,
        "open": told.open,
        "waiting": told.waiting,
        "stale": told.stale,
        "minutes": told.minutes_left,
        "share": number(told.share),
    }


def objective_view(known: Known, result: ObjectiveResult) -> dict[str, Any]:
    """An objective: its interval, its marks and its state in words; numbers from 0 to 100."""
    engagement = known.ground.engagement
    sign, word = OBJECTIVE_STATE[result.state]
    target = engagement.target(result.id)
    return {
        "id": result.id,
        "title": known.library.objectives[result.id].title,
        "tier": result.tier,
        "pillar": pillar_title(known.library, result.pillar),
        "state": result.state,
        "sign": sign,
        "word": word,
        "lower": number(result.score.lower),
        "upper": number(result.score.upper),
        "met_from": number(engagement.scoring.met_from),
        "target": number(target),
        "lacks": number(max(Fraction(0), target - result.score.lower)),
        "musts": [known.criteria[name].title for name in result.failed_musts if name in known.criteria],
    }


def voice(question: Question, response: Response) -> dict[str, Any]:
    """What somebody said of a question and when."""
    return {
        "id": response.id,
        "who": response.respondent,
        "at": response.at.isoformat(),
        "what": said(question, response),
        "note": response.note,
        "evidence": list(response.evidence),
        "confidence": response.confidence,
        "settles": response.settles,
        "dispute": response.dispute,
    }


def said(question: Question, response: Response) -> str:
    """A response in a few words."""
    if response.kind == "dont-know":
        return "Don't know"
    if response.kind == "not-applicable":
        return f"Not applicable: {response.rationale}" if response.rationale else "Not applicable"
    labels = {answer.id: answer.label for answer in question.answers}
    return labels.get(response.answer or "", f"{response.answer} (an answer that is no longer offered)")


def number(share: Fraction) -> float:
    """A share as a number from 0 to 100, with one decimal."""
    return round(float(share) * 100, 1)


def part(listed: Sequence[Item], known: Known) -> Session:
    """The listed questions as a session of their own."""
    return Session(tuple(listed), known.at, known.by_pillar.targets)


def pillar_title(library: Library, name: str) -> str:
    """The title of a pillar."""
    return next(item.title for item in library.framework.pillars if item.id == name)
