"""What filled-in workbooks would change in a workspace, and taking it: together or in part, never over others unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ztkit.content.library import Library
from ztkit.errors import UsageError
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import Saved, response_to, save_all
from ztkit.interview.workbook_layout import CONFIDENCE, INPUTS, chosen, folded, labels, plain, shown
from ztkit.interview.workbook_reader import Bad, Reading, Row
from ztkit.model.engagement import Engagement
from ztkit.model.question import Question
from ztkit.model.response import Response, newest

_TITLES = {column.key: column.title for column in INPUTS}


@dataclass(frozen=True)
class Conflict:
    """A response that would replace one that its respondent has not seen.

    Attributes:
        where: the answer's cell, such as ``Network!D7``.
        response: what the workbook says.
        on_file: what counts now.
    """

    file: str
    where: str
    response: Response
    on_file: Response | None


@dataclass(frozen=True)
class Plan:
    """What workbooks would change.

    Attributes:
        taken: responses that can be recorded.
        conflicts: those that were overtaken by others.
        bad: what cannot be taken, cell by cell.
        unchanged: rows that say what is on file.
        empty: questions that were left empty.
        seen: by question, what was recorded last when this was planned.
    """

    taken: tuple[Response, ...]
    conflicts: tuple[Conflict, ...]
    bad: tuple[Bad, ...]
    unchanged: int
    empty: int
    seen: Mapping[str, str | None]


@dataclass
class _Found:
    """A plan while it is made."""

    said: dict[str, tuple[Response, str]] = field(default_factory=dict)
    taken: list[Response] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    unchanged: int = 0
    empty: int = 0


@dataclass(frozen=True)
class _Against:
    """What rows are held against."""

    library: Library
    engagement: Engagement
    log: ResponseLog
    at: datetime
    respondent: str


def plan(
    readings: Sequence[Reading],
    library: Library,
    engagement: Engagement,
    log: ResponseLog,
    workspace: str,
    at: datetime,
    respondent: str = "",
) -> Plan:
    """What workbooks would change; nothing is recorded.

    Args:
        readings: the workbooks.
        library: the content of today.
        engagement: which pillars are in scope.
        log: the responses on file, up to date.
        workspace: its id, as `workbook.workspace_id` gives it.
        at: the moment of the import, at which the responses count as said.
        respondent: who answered, where the workbook names nobody.
    """
    found = _Found()
    against = _Against(library, engagement, log, at, respondent)
    for reading in readings:
        if reading.workspace != workspace:
            told = f"exported for {reading.organisation or 'another organisation'} from another workspace"
            found.bad.append(
                Bad(
                    reading.file,
                    "",
                    f"{told}, and this is the one of {engagement.organisation}; open that one with -w",
                )
            )
            continue
        found.bad += reading.bad
        for row in reading.rows:
            _plan_row(found, reading, row, against)
    return Plan(
        taken=tuple(found.taken),
        conflicts=tuple(found.conflicts),
        bad=tuple(found.bad),
        unchanged=found.unchanged,
        empty=found.empty,
        seen={name: log.last(name) for name in library.questions},
    )


def take(plan: Plan, library: Library, log: ResponseLog, *, replace: bool = False) -> tuple[Saved, ...]:
    """Record what a plan says can be recorded, all of it or nothing.

    Args:
        plan: as `plan` gives it.
        library: the content.
        log: the responses on file.
        replace: record the conflicts too.

    Raises:
        OvertakenError: somebody recorded a response since the plan was made; nothing was saved.
        ZtkitError: the disk did not take them; nothing was saved.
    """
    overtaking = [item.response for item in plan.conflicts] if replace else []
    responses = [*plan.taken, *overtaking]
    return save_all(log, library, responses, plan.seen) if responses else ()


def _plan_row(found: _Found, reading: Reading, row: Row, against: _Against) -> None:
    place = reading.places.get(row.question)
    question = against.library.questions.get(row.question)
    found.bad += row.bad
    if question is None or place is None or question.pillar not in against.engagement.pillars:
        if not row.empty and not row.bad:
            found.bad.append(
                Bad(reading.file, row.at["id"], _no_question(row.question, question, reading, against))
            )
        return
    before = against.log.find(place.shown) if place.shown else None
    filled = shown(question, before)
    if row.cells == filled:
        found.empty += before is None and not row.bad
        found.unchanged += before is not None and not row.bad
        return
    unreadable = {item.where for item in row.bad}
    bad = [(row.at[key], told) for key, told in _problems(question, row, filled, against.at.date())]
    found.bad += [Bad(reading.file, where, told) for where, told in bad if where not in unreadable]
    if bad or unreadable:
        return
    if not row.cells["answer"]:  # a name or a confidence alone says nothing
        found.empty += 1
        return
    try:
        response = response_to(question, against.at, **_said(question, row, filled, before, reading, against))
    except UsageError as problem:
        found.bad.append(Bad(reading.file, row.at["answer"], str(problem)))
        return
    _add(found, reading.file, row, response, place.seen, against.log)


def _add(found: _Found, file: str, row: Row, response: Response, seen: str | None, log: ResponseLog) -> None:
    name, where = response.question, row.at["answer"]
    if name in found.said:
        other, place = found.said[name]
        if not _same(other, response):
            found.bad.append(
                Bad(file, where, f"{name} is answered otherwise in {place}; import one of the two")
            )
        return
    found.said[name] = (response, f"{file}: {where}")
    on_file = newest(log.responses.get(name, ()))
    if log.last(name) == seen:
        found.taken.append(response)
    elif on_file is not None and _same(on_file, response):
        found.unchanged += 1
    else:
        found.conflicts.append(Conflict(file, where, response, on_file))


def _no_question(name: str, question: Question | None, reading: Reading, against: _Against) -> str:
    if question is None:
        older = (
            " the workbook was made with other content, and"
            if reading.content != against.library.hash
            else ""
        )
        return f"there is no question {name[:80]!r} any more or yet:{older} this answer cannot be taken"
    if question.pillar not in against.engagement.pillars:
        return f"{name} is of the pillar {question.pillar}, which is not in scope (pillars in ztkit.toml)"
    return f"{name} was not among the questions of this workbook; export it, and answer it there"


def _problems(question: Question, row: Row, filled: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    """What is wrong with the texts of a row that was changed, by column."""
    cells = row.cells
    found = []
    kind = chosen(question, cells["answer"])
    if cells["confidence"] and folded(cells["confidence"]) not in map(folded, CONFIDENCE):
        found.append(
            ("confidence", f"{cells['confidence'][:60]!r} is not in the list; choose {_one_of(CONFIDENCE)}")
        )
    if not cells["answer"]:
        if filled["answer"]:
            told = "the answer on file was removed, and an empty cell takes nothing back; choose one, or Don't know"
            found.append(("answer", told))
        elif any(cells[key] for key in ("note", "evidence", "rationale", "approver", "expires")):
            found.append(
                ("answer", f"no answer, but something beside it; choose {_one_of(labels(question))}")
            )
    elif kind is None:
        told = f"{cells['answer'][:80]!r} is not in the list; choose {_one_of(labels(question))}"
        found.append(("answer", told))
    elif kind[0] == "not-applicable":
        found += _unproven(cells, today)
    else:
        changed = [
            key for key in ("rationale", "approver", "expires") if cells[key] and cells[key] != filled[key]
        ]
        found += [
            (
                key,
                f"filled in, but the answer is not 'Does not apply'; empty it, or choose that in {row.at['answer']}",
            )
            for key in changed
        ]
    return found


def _unproven(cells: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    found = [
        (key, f"empty, and 'Does not apply' needs it: {_TITLES[key].partition(': ')[2]}")
        for key in ("rationale", "approver", "expires")
        if not cells[key]
    ]
    if cells["expires"] and date.fromisoformat(cells["expires"]) <= today:
        found.append(("expires", f"{cells['expires']} is over; type a day after {today}"))
    return found


def _said(
    question: Question,
    row: Row,
    filled: Mapping[str, str],
    before: Response | None,
    reading: Reading,
    against: _Against,
) -> dict[str, Any]:
    """The fields of a response; what was left as it was filled in is taken over as it is on file, uncut."""
    cells = row.cells
    kind, answer = chosen(question, cells["answer"]) or ("answer", None)

    def kept(key: str, new: Any) -> Any:
        return getattr(before, key) if before is not None and cells[key] == filled[key] else new

    said: dict[str, Any] = {
        "kind": kind,
        "answer": answer,
        "note": kept("note", cells["note"]),
        "evidence": kept(
            "evidence", tuple(line.strip() for line in cells["evidence"].split("\n") if line.strip())
        ),
        "confidence": kept("confidence", folded(cells["confidence"])),
        "respondent": cells["respondent"] or reading.name or plain(against.respondent),
        "role": question.ask.role,
    }
    if kind == "not-applicable":
        said |= {key: kept(key, cells[key]) for key in ("rationale", "approver")}
        said["expires"] = date.fromisoformat(cells["expires"])
    return said


def _same(one: Response, other: Response) -> bool:
    """Whether two responses say the same, whenever and by whomever."""
    said = ("kind", "answer", "note", "evidence", "confidence", "rationale", "approver", "expires", "settles")
    return all(getattr(one, key) == getattr(other, key) for key in said)


def _one_of(choices: Sequence[str] | Mapping[str, Any]) -> str:
    *first, last = (f"'{choice}'" for choice in choices)
    return f"{', '.join(first)} or {last}"
