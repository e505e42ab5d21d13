"""One question as a form shows it: what is asked, what was said, what the evidence says, and what an answer would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ztkit.assess.sentences import percent
from ztkit.assess.standing import CheckShown, Conflict, Standing, effect, failing, standing
from ztkit.interview.conditions import Gate
from ztkit.interview.order import ROLE_TITLES
from ztkit.interview.session import Item
from ztkit.model.question import DocumentEvidence, Question
from ztkit.model.response import Response
from ztkit.widgets import view
from ztkit.widgets.messages import Place
from ztkit.widgets.view import Known

_CHECK_STATES = {
    "pass": ("✓", "Passes"),
    "fail": ("✕", "Fails"),
    "nothing": ("–", "Nothing in scope"),
    "unknown": ("?", "Not known"),
}
_CONFLICTS: dict[Conflict, str] = {
    "none": "",
    "across": "What was said and what the inventory shows lie on different sides of what is needed.",
    "apart": "What was said is far from what the inventory shows.",
    "disputed": "The evidence is disputed. The conflict stays visible in the report, with the reason.",
    "accepted": "The claim was given up; the evidence counts.",
}


def item_view(known: Known, item: Item, place: Place, listed: Sequence[Item]) -> dict[str, Any]:
    """One question, everything about it.

    Args:
        known: what the view is made from.
        item: the question and what was said of it.
        place: whose words are entered.
        listed: the questions among which one moves.
    """
    question = item.question
    stands = standing(known.library, known.ground, known.responses, question.id, known.at)
    threshold = stands.criterion.threshold
    sign, word = view.STATES[item.state]
    return {
        "id": question.id,
        "text": question.text,
        "help": question.help,
        "role": ROLE_TITLES[question.ask.role],
        "minutes": question.ask.minutes,
        "must": question.must,
        "probes": list(question.ask.probes),
        "quality": list(question.quality),
        "answers": [
            {
                "id": answer.id,
                "label": answer.label,
                "value": view.number(answer.value),
                "upper": answer.value >= threshold,
            }
            for answer in question.answers
        ],
        "state": item.state,
        "sign": sign,
        "word": word,
        "seen": item.seen,
        "age_days": item.age_days,
        "lacks": list(item.lacks),
        "left_out": stands.criterion.rule == "not-applicable",
        "draft": _draft(item, place),
        "counts": view.voice(question, item.response) if item.response else None,
        "voices": [view.voice(question, voice) for voice in item.voices],
        "history": _history(known, question),
        "differ": item.differ,
        "review": _review(item),
        "gate": _gate(known, item.gate),
        "evidence": _evidence(known, question, stands),
        "conflict": _conflict(item, stands),
        "objective": view.objective_view(known, known.objective(question.objective)),
        "effects": _effects(known, question),
        "moves": _moves(known, item, listed),
    }


def _draft(item: Item, place: Place) -> dict[str, Any]:
    """What the fields hold: the respondent's own words, or nothing where somebody else's count."""
    response = item.response
    own = response is not None and response.respondent.casefold() == place.respondent.casefold()
    shown = response if own else None
    return {
        "kind": response.kind if response else "",
        "answer": response.answer if response else None,
        "own": own,
        "note": shown.note if shown else "",
        "evidence": list(shown.evidence) if shown else [],
        "confidence": shown.confidence if shown else "",
        "rationale": shown.rationale if shown else "",
        "approver": shown.approver if shown else "",
        "expires": shown.expires.isoformat() if shown and shown.expires else "",
    }


def _history(known: Known, question: Question) -> list[dict[str, Any]]:
    """The ten responses recorded last, newest first."""
    given = [item for item in known.responses.get(question.id, ()) if item.at <= known.at]
    return [view.voice(question, item) for item in sorted(given, key=lambda item: item.at)[::-1][:10]]


def _review(item: Item) -> dict[str, Any] | None:
    if item.review is None:
        return None
    return {"verdict": item.review.verdict, "by": item.review.reviewer, "note": item.review.note}


def _gate(known: Known, gate: Gate) -> dict[str, Any]:
    return {
        "state": gate.state,
        "because": [
            {
                "question": reason.question,
                "text": known.library.questions[reason.question].text,
                "said": reason.said,
            }
            for reason in gate.because
        ],
    }


def _evidence(known: Known, question: Question, stands: Standing) -> dict[str, Any]:
    ground = known.ground
    return {
        "assessment": ground.assessment,
        "age_days": ground.snapshot_age_days,
        "same_content": ground.same_content,
        "sentence": stands.criterion.sentence,
        "accepted": stands.criterion.rule == "exception",
        "needed": percent(stands.criterion.threshold),
        "checks": [_check(known, item) for item in stands.checks],
        "documents": [item.document for item in question.evidence if isinstance(item, DocumentEvidence)],
    }


def _check(known: Known, shown: CheckShown) -> dict[str, Any]:
    sign, word = _CHECK_STATES[shown.state]
    result = shown.result
    counted = result.passed + result.failed if result else 0
    return {
        "id": shown.id,
        "title": shown.title,
        "decisive": shown.authority == "decisive",
        "state": shown.state,
        "sign": sign,
        "word": word,
        "needed": percent(shown.threshold),
        "threshold": view.number(shown.threshold),
        "passed": result.passed if result else 0,
        "counted": counted,
        "share": view.number(result.rate) if result and result.rate is not None else None,
        "unit": result.unit if result else known.library.checks[shown.id].unit,
        "unseen": result.unseen if result else 0,
        "excepted": result.excepted if result else 0,
        "reason": result.reason if result else "",
        "run": result is not None,
        "failing": _failing(known, shown),
        "left": max(0, (result.failed if result else 0) - _NAMED),
    }


_NAMED = 5
"""How many failing resources are named."""


def _failing(known: Known, shown: CheckShown) -> list[dict[str, str]]:
    if shown.result is None or not shown.result.failed:
        return []
    found = failing(known.ground, shown.id, _NAMED)
    return [{"name": item.name, "id": item.id, "reason": item.reason} for item in found]


def _conflict(item: Item, stands: Standing) -> dict[str, Any]:
    """How claim and evidence stand to each other, and what can be done about it."""
    response = item.response
    asked = item.gate.state == "asked"
    return {
        "kind": stands.conflict,
        "open": stands.conflict in ("across", "apart"),
        "told": _CONFLICTS[stands.conflict]
        if asked
        else "It is not asked, and the inventory shows something.",
        "claim": view.said(item.question, response) if response else "",
        "who": response.respondent if response else "",
        "shown": _shown(stands),
        "dispute": response.dispute if response else "",
        "settles": asked and response is not None and response.kind != "dont-know",
        "criteria": [
            {"id": item.question.id, "title": "This question as a whole"},
            *(
                {"id": check.id, "title": f"Check: {check.title}"}
                for check in stands.checks
                if check.result is not None and check.result.failed
            ),
        ],
    }


def _shown(stands: Standing) -> str:
    """What the evidence comes to, of all checks together."""
    rate = stands.criterion.evidence
    if rate is None:
        return ""
    share = (
        percent(rate.lower) if rate.lower == rate.upper else f"{percent(rate.lower)} to {percent(rate.upper)}"
    )
    return f"{share} of what is in scope passes; {percent(stands.criterion.threshold)} needed"


def _effects(known: Known, question: Question) -> Mapping[str, dict[str, Any]]:
    """The objective as it would be with each answer, by the answer's id, and with a "don't know"."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        *((answer.id, {"answer": answer.id}) for answer in question.answers),
        ("?", {"kind": "dont-know"}),
    ]
    found = {}
    for name, fields in kinds:
        response = Response(question=question.id, at=known.at, **fields)
        then = effect(known.library, known.ground, known.responses, response, known.at).then
        found[name] = view.objective_view(known, then)
    return found


def _moves(known: Known, item: Item, listed: Sequence[Item]) -> dict[str, Any]:
    """Where one can go from here, by id; empty where there is nothing."""
    ids = [other.question.id for other in listed]
    here = item.question.id
    place = ids.index(here) if here in ids else -1
    part = view.part(listed, known)
    due = part.next(after=here) or known.by_pillar.next(after=here)
    if place < 0:  # it has just been answered, and is no longer due
        order = [other.question.id for other in known.by_pillar.items]
        before = [name for name in order[: order.index(here)] if name in ids]
        behind = [name for name in order[order.index(here) :] if name in ids]
    else:
        before, behind = ids[:place], ids[place + 1 :]
    return {
        "number": place + 1,
        "of": len(ids),
        "previous": before[-1] if before else "",
        "next": behind[0] if behind else "",
        "due": due.question.id if due else "",
    }
