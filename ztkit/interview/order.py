"""The order of an interview: grouped by who is asked or what about, and never a question before its gate. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Literal, get_args

from ztkit.content.library import PILLARS, Library
from ztkit.model.question import Question, Role

Grouping = Literal["role", "pillar", "tier"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_TITLES: dict[Role, str] = {
    "ciso": "Security lead",
    "identity-admin": "Identity administrator",
    "endpoint-admin": "Endpoint administrator",
    "network-admin": "Network administrator",
    "data-owner": "Data owner",
    "cloud-platform": "Cloud platform team",
    "security-operations": "Security operations",
    "application-owner": "Application owner",
    "ot-engineer": "OT engineer",
}
_TIERS = ("baseline", "initial", "additional")


def ordered(library: Library, questions: Iterable[Question], by: Grouping = "pillar") -> tuple[Question, ...]:
    """Questions in the order in which they are asked.

    They are grouped ``by`` role (then pillar, objective), by pillar (then objective), or by tier (baseline and
    initial first, then pillar, objective); within an objective they keep the order of the questionnaire. A question
    comes after those among them that it depends on, even where that takes it out of its group.

    Args:
        library: the content; its order breaks ties.
        questions: those to order, each once.
        by: what they are grouped by.
    """
    position = {identifier: number for number, identifier in enumerate(library.questions)}
    key = _key(library, position, by)
    chosen = {question.id: question for question in questions}
    before = {
        identifier: {name for name in question.prerequisites if name in chosen and name != identifier}
        for identifier, question in chosen.items()
    }
    after: dict[str, list[str]] = {}
    for identifier, names in before.items():
        for name in names:
            after.setdefault(name, []).append(identifier)
    ready = [(key(chosen[identifier]), identifier) for identifier, names in before.items() if not names]
    heapq.heapify(ready)
    result: list[Question] = []
    while ready:
        _, identifier = heapq.heappop(ready)
        result.append(chosen.pop(identifier))
        for name in after.get(identifier, ()):
            before[name].discard(identifier)
            if not before[name]:
                heapq.heappush(ready, (key(chosen[name]), name))
    # What is left depends on itself in a circle, which content lint refuses; it is asked all the same.
    return (*result, *sorted(chosen.values(), key=key))


def _key(
    library: Library, position: dict[str, int], by: Grouping
) -> Callable[[Question], tuple[int | str, ...]]:
    def key(question: Question) -> tuple[int | str, ...]:
        tier = _TIERS.index(library.objectives[question.objective].tier)
        group = {
            "role": (ROLES.index(question.ask.role), PILLARS.index(question.pillar)),
            "pillar": (PILLARS.index(question.pillar),),
            "tier": (int(tier == _TIERS.index("additional")), PILLARS.index(question.pillar)),
        }[by]
        return (*group, tier, question.objective, position[question.id])

    return key
