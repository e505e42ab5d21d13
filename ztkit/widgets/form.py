"""A whole form as plain JSON: every word and number comes from here, so that the page decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ztkit.content.library import PILLARS
from ztkit.interview.order import ROLE_TITLES, ROLES
from ztkit.interview.session import DUE, Item, Progress
from ztkit.widgets import view
from ztkit.widgets.item import item_view
from ztkit.widgets.messages import Place
from ztkit.widgets.view import Known


def form(known: Known, place: Place, stamp: str) -> dict[str, Any]:
    """Everything that a form shows at a place.

    Args:
        known: what it is made from.
        place: where the form is; what it leaves open, or what does not exist, is chosen.
        stamp: what tells this state from others.
    """
    place, listed = _settled(known, place)
    found = known.by_pillar.by_id.get(place.question)
    return {
        "stamp": stamp,
        "workspace": {"name": known.name, "organisation": known.ground.engagement.organisation},
        "place": place.model_dump(),
        "progress": view.progress(known.by_pillar.progress),
        "listed": view.progress(view.part(listed, known).progress),
        "choices": {
            "pillar": [
                _choice(name, view.pillar_title(known.library, name), left)
                for name, left in sorted(
                    known.by_pillar.by_pillar.items(), key=lambda pair: PILLARS.index(pair[0])
                )
            ],
            "role": [
                _choice(name, ROLE_TITLES[name], left)
                for name in ROLES
                if (left := known.by_role.by_role.get(name)) is not None
            ],
            "due": sum(item.state in DUE for item in known.by_pillar.items),
            "conflicts": sum(known.open_conflict(item) for item in known.by_pillar.items),
        },
        "overview": _overview(known, listed),
        "item": item_view(known, found, place, listed) if found else None,
    }


def _settled(known: Known, place: Place) -> tuple[Place, Sequence[Item]]:
    """The place with what it leaves open chosen, and the questions that are listed there."""
    whole = known.by_pillar
    if place.by == "due":
        listed = tuple(item for item in whole.items if item.state in DUE)
        shown = place.question if place.question in whole.by_id else _first(listed)
        return place.model_copy(update={"group": "", "question": shown}), listed
    around = whole if place.by == "pillar" else known.by_role
    groups = around.by_pillar if place.by == "pillar" else around.by_role
    asked = around.by_id.get(place.question)
    group = place.group
    if group not in groups:
        start = asked or around.resume() or next(iter(around.items), None)
        group = _group(start, place) if start else ""
    part = around.only(**{place.by: group})
    if asked is not None:
        return place.model_copy(update={"group": group}), part.items
    due = part.resume()
    shown = due.question.id if due else _first(part.items)
    return place.model_copy(update={"group": group, "question": shown}), part.items


def _group(item: Item, place: Place) -> str:
    return item.question.ask.role if place.by == "role" else item.question.pillar


def _first(items: Sequence[Item]) -> str:
    return items[0].question.id if items else ""


def _overview(known: Known, listed: Sequence[Item]) -> list[dict[str, Any]]:
    groups: dict[str, list[Item]] = {}
    for item in listed:
        groups.setdefault(item.question.objective, []).append(item)
    return [
        {
            "objective": view.objective_view(known, known.objective(name)),
            "items": [
                {
                    "id": item.question.id,
                    "text": item.question.text,
                    "state": item.state,
                    "sign": view.STATES[item.state][0],
                    "word": view.STATES[item.state][1],
                    "must": item.question.must,
                    "minutes": item.question.ask.minutes,
                    "differ": item.differ,
                    "conflict": known.open_conflict(item),
                    "said": view.said(item.question, item.response) if item.response else "",
                }
                for item in items
            ],
        }
        for name, items in groups.items()
    ]


def _choice(name: str, title: str, told: Progress) -> dict[str, Any]:
    return {
        "id": name,
        "title": title,
        "open": told.open,
        "said": told.said,
        "total": told.total,
        "minutes": told.minutes_left,
    }
