"""The agenda of a meeting with a stakeholder: why, what is asked, what to bring, how long; one page each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ztkit.content.library import Library
from ztkit.content.shipped import folder
from ztkit.interview.order import ROLE_TITLES
from ztkit.interview.session import DUE, Item, Session
from ztkit.model.engagement import Engagement
from ztkit.model.question import DocumentEvidence, Question, Role

MEETING_MINUTES = 60
"""The longest meeting that anybody is asked to; a longer interview is split."""
_PAGE_LINES, _LINE_SIGNS = 47.0, 102
"""Lines of questions and documents on an A4 page of `reports/template/agenda.html.j2`, and characters in one."""
_HEADING, _GAP = 1.5, 0.25
"""Lines that a heading takes, and the space behind a question or a document."""


@dataclass(frozen=True)
class Asked:
    """A question of a meeting.

    Attributes:
        number: counted through all meetings with a stakeholder.
        pillar: title of its pillar; empty where it is that of the question before.
        follows: whether it is asked only after certain answers to others.
    """

    number: int
    text: str
    minutes: int
    pillar: str
    follows: bool


@dataclass(frozen=True)
class Meeting:
    """An hour at most, and what fits on a printed page."""

    number: int
    minutes: int
    questions: tuple[Asked, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class Agenda:
    """The meetings with one stakeholder.

    Attributes:
        title: the role, in words.
        pillars: titles of the pillars that are talked about.
    """

    role: Role
    title: str
    organisation: str
    assessor: str
    pillars: tuple[str, ...]
    minutes: int
    count: int
    meetings: tuple[Meeting, ...]


def agenda(
    library: Library, engagement: Engagement, session: Session, role: Role, *, everything: bool = False
) -> Agenda | None:
    """The agenda for a role; None where there is nothing to ask.

    Args:
        library: the content.
        engagement: who is assessed, by whom.
        session: the interview as it stands.
        role: who is asked.
        everything: ask again what has been answered, too.
    """
    states = (*DUE, "waiting")
    items = [
        item
        for item in session.only(role=role).items
        if item.state != "not-asked" and (everything or item.state in states)
    ]
    if not items:
        return None
    chosen = {item.question.pillar for item in items}
    return Agenda(
        role=role,
        title=ROLE_TITLES[role],
        organisation=engagement.organisation,
        assessor=engagement.assessor,
        pillars=tuple(pillar.title for pillar in library.framework.pillars if pillar.id in chosen),
        minutes=sum(item.question.ask.minutes for item in items),
        count=len(items),
        meetings=tuple(_meetings(library, items)),
    )


def as_html(found: Agenda) -> str:
    """The agenda as one HTML file that loads nothing else and prints on A4."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder("reports") / "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("agenda.html.j2").render(
        agenda=found, purpose=purpose(found), afterwards=AFTERWARDS
    )


def as_markdown(found: Agenda) -> str:
    """The agenda as Markdown, to paste into an invitation."""
    told = _escaped
    lines = [f"# Zero trust interview: {told(found.title)}, {told(found.organisation)}", ""]
    for meeting in found.meetings:
        if len(found.meetings) > 1:
            lines += [f"## Meeting {meeting.number} of {len(found.meetings)}", ""]
        lines += [
            f"Date and time: ______ · Place: ______ · {meeting.minutes} minutes",
            "",
            f"**Purpose.** {told(purpose(found))}",
            "",
            "**Questions**",
            "",
        ]
        lines += [
            f"{item.number}. {told(item.text)} ({item.minutes} min{', if it applies' if item.follows else ''})"
            for item in meeting.questions
        ]
        if meeting.documents:
            lines += ["", "**Please bring, or name where it can be seen**", ""]
            lines += [f"- {told(name)}" for name in meeting.documents]
        lines += ["", f"**What happens with the answers.** {told(AFTERWARDS)}", ""]
    return "\n".join(lines)


AFTERWARDS = (
    "Each answer is recorded with your name and date, and held against what the systems show where they can be read. "
    "You can correct it at any time; earlier answers stay on file. Answers are treated in confidence and appear in the "
    "assessment as the state of the organisation. An honest \u201cdon\u2019t know\u201d is better than a guess."
)


def purpose(found: Agenda) -> str:
    """Why the meeting takes place, in two sentences."""
    *first, last = found.pillars
    about = f"{', '.join(first)} and {last}" if first else last
    return (
        f"To learn how far zero trust has come at {found.organisation} in what you are responsible for: {about.lower()}. "
        "It is the practice that is assessed, not a person."
    )


def _meetings(library: Library, items: Sequence[Item]) -> list[Meeting]:
    """As few as an hour and a page each allow."""
    questions = [item.question for item in items]
    titles: dict[str, str] = {pillar.id: pillar.title for pillar in library.framework.pillars}
    fewest = -(-sum(question.ask.minutes for question in questions) // MEETING_MINUTES)
    found: list[Meeting] = []
    for count in range(fewest, len(questions) + 1):
        found = list(_numbered(_split(questions, count), titles))
        if all(_lines_of(meeting) <= _PAGE_LINES for meeting in found):
            break
    return found


def _split(questions: Sequence[Question], count: int) -> list[list[Question]]:
    """Questions by meeting: so many if that can be, about as long as each other, none longer than an hour."""
    even = sum(question.ask.minutes for question in questions) / count
    meetings: list[list[Question]] = [[]]
    minutes = 0
    for question in questions:
        if meetings[-1] and (minutes >= even or minutes + question.ask.minutes > MEETING_MINUTES):
            meetings.append([])
            minutes = 0
        meetings[-1].append(question)
        minutes += question.ask.minutes
    return meetings


def _numbered(split: Sequence[Sequence[Question]], titles: Mapping[str, str]) -> Iterator[Meeting]:
    number = 1
    for place, own in enumerate(split, 1):
        asked, before = [], ""
        for question in own:
            title = titles[question.pillar]
            shown = "" if title == before else title
            asked.append(Asked(number, question.text, question.ask.minutes, shown, bool(question.depends_on)))
            number, before = number + 1, title
        documents = dict.fromkeys(
            item.document
            for question in own
            for item in question.evidence
            if isinstance(item, DocumentEvidence)
        )
        yield Meeting(place, sum(question.ask.minutes for question in own), tuple(asked), tuple(documents))


def _lines_of(meeting: Meeting) -> float:
    """Lines that a meeting's questions and documents take on paper."""
    questions = sum(
        _lines(item.text, _LINE_SIGNS) + _GAP + (_HEADING if item.pillar else 0) for item in meeting.questions
    )
    return questions + sum(_half(name) for name in meeting.documents)


def _half(document: str) -> float:
    """Lines that a document takes of a page, in one of its two columns."""
    return (_lines(document, _LINE_SIGNS // 2 - 2) + _GAP) / 2


def _lines(text: str, signs: int) -> int:
    return -(-len(text) // signs)


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>#|!])", r"\\\1", " ".join(text.split()))
