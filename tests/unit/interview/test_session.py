"""The interview as a view: where each question stands, what is left, where to go on."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction as F

import pytest

from tests.builders import AT, not_applicable, response
from tests.unit.interview.conftest import FOLLOWS, FREE, GATE, LATER
from ztkit.interview.session import session
from ztkit.model.engagement import Engagement
from ztkit.model.response import Review

ENGAGEMENT = Engagement(organisation="Made up", pillars=("identity", "network"))


def viewed(shelf, *said, reviews=(), engagement=ENGAGEMENT, by="pillar"):
    grouped = {}
    for item in said:
        grouped.setdefault(item.question, []).append(item)
    known = {item.response: item for item in reviews}
    return session(shelf, engagement, grouped, AT, reviews=known, by=by)


def states(found):
    return {item.question.id: item.state for item in found.items}


def days_ago(days, name, answer="all", **changes):
    return response(name, answer, at=AT - timedelta(days=days), **changes)


def test_at_the_start_what_depends_on_nothing_is_open_and_the_rest_waits(shelf):
    found = viewed(shelf)
    assert states(found) == {GATE: "open", FOLLOWS: "waiting", LATER: "waiting", FREE: "open"}
    progress = found.progress
    assert (progress.total, progress.said, progress.open, progress.waiting) == (4, 0, 2, 2)
    assert (progress.minutes_left, progress.minutes_waiting) == (7, 2)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (days_ago(1, FREE), "answered"),
        (days_ago(30, FREE), "answered"),
        (days_ago(31, FREE), "stale"),
        (days_ago(1, FREE, None, kind="dont-know"), "dont-know"),
        (not_applicable(FREE), "not-applicable"),
        (not_applicable(FREE, expires=AT.date()), "not-applicable"),
        (not_applicable(FREE, expires=AT.date() - timedelta(days=1)), "not-applicable-unproven"),
        (not_applicable(FREE, rationale=""), "not-applicable-unproven"),
        (days_ago(1, FREE, "an-answer-of-old"), "open"),
        (days_ago(-1, FREE), "open"),
    ],
)
def test_a_question_stands_where_its_newest_response_puts_it(shelf, said, state):
    assert viewed(shelf, said).by_id[FREE].state == state


def test_what_a_not_applicable_lacks_is_named(shelf):
    found = viewed(shelf, not_applicable(FREE, rationale="", approver="", expires=None))
    assert found.by_id[FREE].lacks == ("a rationale", "an approver", "an expiry")
    over = viewed(shelf, not_applicable(FREE, expires=AT.date() - timedelta(days=1)))
    assert over.by_id[FREE].lacks == ("an expiry that is not over",)


def test_an_answer_that_closes_the_next_questions_takes_them_out_of_the_count(shelf):
    found = viewed(shelf, days_ago(1, GATE, "none"), days_ago(2, FOLLOWS, "all"))
    assert states(found) == {GATE: "answered", FOLLOWS: "not-asked", LATER: "not-asked", FREE: "open"}
    assert (found.progress.total, found.progress.not_asked) == (2, 2)
    assert found.by_id[FOLLOWS].response.answer == "all"
    assert found.by_id[FOLLOWS].gate.because[0].question == GATE


def test_progress_adds_up_over_pillars_and_roles(shelf):
    found = viewed(shelf, days_ago(1, GATE, "most"), days_ago(1, FOLLOWS, None, kind="dont-know"))
    assert {name: (part.said, part.total) for name, part in found.by_pillar.items()} == {
        "identity": (2, 3),
        "network": (0, 1),
    }
    assert {name: part.minutes_left for name, part in found.by_role.items()} == {
        "identity-admin": 0,
        "ciso": 0,
        "network-admin": 5,
    }
    assert {name: part.total for name, part in found.by_objective.items()} == {
        "identity.1": 2,
        "identity.2": 1,
        "network.1": 1,
    }
    assert found.progress.share == F(2, 4)
    assert (found.progress.dont_know, found.progress.waiting) == (1, 1)


def test_an_empty_part_is_done(shelf):
    assert viewed(shelf).only(pillar="data").progress.share == 1


def test_parts_can_be_chosen_by_what_they_are(shelf):
    found = viewed(shelf)
    assert [item.question.id for item in found.only(role="ciso").items] == [FOLLOWS, LATER]
    assert [item.question.id for item in found.only(pillar="identity", state="open").items] == [GATE]


def test_next_and_previous_go_round_and_end_when_nothing_is_due(shelf):
    found = viewed(shelf)
    assert found.next().question.id == GATE
    assert found.next(after=GATE).question.id == FREE
    assert found.next(after=FREE).question.id == GATE
    assert found.previous(before=GATE).question.id == FREE
    assert found.previous(before=FREE).question.id == GATE
    assert found.next(after=GATE, states=["waiting"]).question.id == FOLLOWS
    done = viewed(shelf, days_ago(1, GATE, "none"), days_ago(1, FREE))
    assert done.next() is None
    assert done.resume() is None


def test_one_goes_on_behind_what_was_answered_last(shelf):
    found = viewed(shelf, days_ago(3, GATE, "most"), days_ago(2, FOLLOWS, "most"))
    assert found.resume().question.id == LATER
    assert viewed(shelf, days_ago(1, FREE)).resume().question.id == GATE
    assert viewed(shelf).resume().question.id == GATE


def test_stale_answers_are_due_again(shelf):
    found = viewed(shelf, days_ago(1, GATE, "none"), days_ago(99, FREE))
    assert found.next().question.id == FREE


def test_several_respondents_are_heard_and_the_newest_counts(shelf):
    found = viewed(
        shelf,
        days_ago(5, FREE, "none", respondent="Network lead"),
        days_ago(4, FREE, "all", respondent="CISO"),
        days_ago(3, FREE, "some", respondent="network LEAD"),
    ).by_id[FREE]
    assert found.response.answer == "some"
    assert [(item.respondent, item.answer) for item in found.voices] == [
        ("network LEAD", "some"),
        ("CISO", "all"),
    ]
    assert found.differ
    assert found.earlier == 2


@pytest.mark.parametrize(
    "other",
    [days_ago(1, FREE, "some", respondent="B"), days_ago(1, FREE, None, kind="dont-know", respondent="B")],
)
def test_who_says_the_same_or_does_not_know_differs_from_nobody(shelf, other):
    found = viewed(shelf, days_ago(2, FREE, "some", respondent="A"), other)
    assert not found.by_id[FREE].differ
    assert found.contested == ()


def test_a_review_holds_for_the_response_it_was_made_of(shelf):
    first = days_ago(3, FREE, "some")
    review = Review(kind="review", question=FREE, response=first.id, verdict="agreed", reviewer="Lead", at=AT)
    assert viewed(shelf, first).by_id[FREE].reviewed == "none"
    agreed = viewed(shelf, first, reviews=[review]).by_id[FREE]
    assert (agreed.reviewed, agreed.review) == ("agreed", review)
    replaced = viewed(shelf, first, days_ago(1, FREE, "all"), reviews=[review]).by_id[FREE]
    assert (replaced.reviewed, replaced.review) == ("outdated", None)


def test_pillars_out_of_scope_are_left_out_and_nobody_waits_for_them(shelf):
    found = viewed(shelf, engagement=Engagement(organisation="x", pillars=("network",)))
    assert list(states(found)) == [FREE]


def test_targets_are_those_that_were_set_and_else_the_share_from_which_an_objective_is_met(shelf):
    wanted = Engagement(organisation="x", pillars=("identity",), targets={"identity.2": "9/10"})
    found = viewed(shelf, engagement=wanted)
    assert found.targets == {"identity.1": F(4, 5), "identity.2": F(9, 10), "identity.3": F(4, 5)}
