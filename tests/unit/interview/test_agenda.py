"""The agenda of a meeting: what is on it, how it is split, and that nothing in it runs."""

from __future__ import annotations

import pytest

from tests.builders import AT, library, question
from ztkit.content.library import shipped_library
from ztkit.interview.agenda import agenda, as_html, as_markdown
from ztkit.interview.order import ROLES
from ztkit.interview.session import session
from ztkit.model.engagement import Engagement
from ztkit.model.response import Response

ENGAGEMENT = Engagement(organisation="<b>Made</b> *up*", assessor="A", pillars=("identity", "network"))


def asked(number, minutes=5, pillar="network", **changes):
    ask = {"role": "ciso", "minutes": minutes, "probes": ["Really?"]}
    return question(f"{pillar}.1.q{number}", ask=ask, **changes)


def made(questions, responses=(), *, everything=False, engagement=ENGAGEMENT):
    shelf = library(questions)
    by_question = {}
    for item in responses:
        by_question.setdefault(item.question, []).append(item)
    found = session(shelf, engagement, by_question, AT)
    return agenda(shelf, engagement, found, "ciso", everything=everything)


def numbers(found):
    return [[item.number for item in meeting.questions] for meeting in found.meetings]


def test_an_hour_is_one_meeting_and_more_is_split_evenly():
    one = made([asked(number) for number in range(12)])
    assert (one.minutes, one.count, len(one.meetings)) == (60, 12, 1)
    two = made([asked(number) for number in range(13)])
    assert [meeting.minutes for meeting in two.meetings] == [35, 30]
    assert numbers(two) == [[1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13]]


@pytest.mark.parametrize("minutes", [1, 7, 11, 23, 30])
def test_no_meeting_is_longer_than_an_hour_and_none_is_lost(minutes):
    found = made([asked(number, minutes) for number in range(40)])
    assert max(meeting.minutes for meeting in found.meetings) <= 60
    assert [number for own in numbers(found) for number in own] == list(range(1, 41))
    assert sum(meeting.minutes for meeting in found.meetings) == 40 * minutes


def test_documents_come_once_and_checks_are_none_of_them():
    both = [
        asked(1, evidence=[{"document": "List"}, {"document": "Plan"}]),
        asked(2, evidence=[{"document": "List"}]),
    ]
    [meeting] = made(both).meetings
    assert meeting.documents == ("List", "Plan")


def test_what_is_answered_or_pointless_is_not_asked_again():
    gate = asked(1)
    follows = asked(2, depends_on={"all": [{"question": "network.1.q1", "in": ["all"]}]})
    answered = Response(question="network.1.q1", answer="none", at=AT)
    assert made([gate, follows], [answered]) is None
    everything = made([gate, follows], [answered], everything=True)
    assert [item.text for item in everything.meetings[0].questions] == [gate.text]
    waiting = made([gate, follows])
    assert [item.follows for item in waiting.meetings[0].questions] == [False, True]


def test_pillars_head_their_questions_once_a_meeting():
    found = made([asked(1, pillar="identity"), asked(2, pillar="identity"), asked(3)])
    assert [item.pillar for item in found.meetings[0].questions] == ["Identity", "", "Network"]
    assert found.pillars == ("Identity", "Network")


def test_a_meeting_that_would_not_fit_on_a_page_is_split():
    long = [asked(number, 1, text=f"{number} " + "long " * 40) for number in range(40)]
    found = made(long)
    assert found.minutes == 40
    assert len(found.meetings) > 1
    assert [number for own in numbers(found) for number in own] == list(range(1, 41))


def test_hostile_texts_are_shown_as_they_are():
    found = made(
        [asked(1, text="<script>alert(1)</script> [x](javascript:1)", evidence=[{"document": "<i>`D`</i>"}])]
    )
    page = as_html(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;Made&lt;/b&gt;" in page
    assert "default-src 'none'" in page
    told = as_markdown(found)
    assert r"\<script\>alert(1)\</script\> \[x\](javascript:1)" in told
    assert r"\<b\>Made\</b\> \*up\*" in told


def test_it_says_how_long_why_and_what_happens_then():
    text = as_markdown(made([asked(number) for number in range(13)]))
    for part in ("## Meeting 1 of 2", "35 minutes", "**Purpose.**", "13. ", "What happens with the answers"):
        assert part in text


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_library_has_an_agenda(role):
    shelf, engagement = shipped_library(), Engagement(organisation="Made up")
    found = agenda(shelf, engagement, session(shelf, engagement, {}, AT), role)
    assert as_html(found).count('<section class="page">') == len(found.meetings)
