"""The demo's interviews: nearly all questions, honest gaps, words that a person could have said."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from ztkit.collect import demo
from ztkit.collect.demo import said
from ztkit.content.library import shipped_library

LIBRARY = shipped_library()


@pytest.fixture(scope="module")
def rounds():
    """The responses of each quarter."""
    return [demo.responses(LIBRARY, seed=1, quarter=quarter) for quarter in range(4)]


@pytest.fixture(scope="module")
def newest(rounds):
    """What counts at the last date, by question."""
    return {response.question: response for responses in rounds for response in responses}


def test_the_same_seed_gives_the_same_responses_and_another_gives_others(rounds):
    assert demo.responses(LIBRARY, seed=1, quarter=3) == rounds[3]
    assert demo.responses(LIBRARY, seed=2, quarter=3) != rounds[3]


@pytest.mark.parametrize("quarter", range(4))
def test_each_is_an_answer_of_its_question(rounds, quarter):
    for response in rounds[quarter]:
        question = LIBRARY.questions[response.question]
        assert response.kind != "answer" or response.answer in {answer.id for answer in question.answers}
        assert response.role == question.ask.role


@pytest.mark.parametrize("quarter", range(4))
def test_each_is_given_on_a_working_day_of_the_week_before(rounds, quarter):
    for response in rounds[quarter]:
        before = demo.DATES[quarter] - response.at
        assert timedelta(days=2) < before < timedelta(days=7)
        assert response.at.weekday() < 5
        assert 9 <= response.at.hour < 18


def test_nearly_all_questions_are_answered_and_some_are_not(newest):
    assert 0.9 <= len(newest) / len(LIBRARY.questions) < 1


def test_some_say_that_they_do_not_know(newest):
    share = Counter(response.kind for response in newest.values())["dont-know"] / len(newest)
    assert 0.02 <= share <= 0.1


def test_one_not_applicable_is_argued_for_and_one_is_bare(newest):
    found = [response for response in newest.values() if response.kind == "not-applicable"]
    assert any(response.rationale and response.approver and response.expires for response in found)
    assert any(not response.rationale for response in found)


def test_later_rounds_replace_some_and_leave_some_stale(rounds):
    asked = [{response.question for response in responses} for responses in rounds]
    assert len(asked[0]) > 0.85 * len(LIBRARY.questions)
    for later in asked[1:]:
        assert 0.1 * len(asked[0]) < len(later & asked[0]) < 0.7 * len(asked[0])
    assert asked[0] - asked[1] - asked[2] - asked[3]


def test_maturity_rises_in_every_pillar(rounds):
    def mean(pillar, until):
        told = {r.question: r for responses in rounds[:until] for r in responses if r.kind == "answer"}
        values = [
            float(answer.value)
            for name, response in told.items()
            if LIBRARY.questions[name].pillar == pillar
            for answer in LIBRARY.questions[name].answers
            if answer.id == response.answer
        ]
        return sum(values) / len(values)

    for pillar in ("identity", "endpoint", "network", "data", "infrastructure"):
        assert mean(pillar, 1) < mean(pillar, 2) < mean(pillar, 4)


def test_a_question_is_asked_only_where_its_condition_holds(rounds):
    told = {}
    for responses in rounds:
        told |= {response.question: response.answer for response in responses}
        for response in responses:
            condition = LIBRARY.questions[response.question].depends_on
            if condition is None:
                continue
            assert all(told.get(item.question) in item.in_ for item in condition.all)
            assert not condition.any or any(told.get(item.question) in item.in_ for item in condition.any)


def test_what_was_written_down_is_of_this_library():
    for name, entries in said.SAID.items():
        answers = {answer.id for answer in LIBRARY.question(name).answers}
        assert {answer for _, answer, _ in entries} <= answers, name
        assert [quarter for quarter, _, _ in entries] == sorted({quarter for quarter, _, _ in entries}), name
    assert {*said.NOT_APPLICABLE, *said.UNANSWERED_UNTIL} <= set(LIBRARY.questions)


def test_what_was_written_down_is_said(rounds):
    notes = {response.note for responses in rounds for response in responses}
    written = {note for entries in said.SAID.values() for _, _, note in entries}
    assert written <= notes


def test_respondents_are_roles():
    assert set(said.RESPONDENTS) == {question.ask.role for question in LIBRARY.questions.values()}


def test_exceptions_name_checks_and_resources_that_fail(tmp_path):
    found = demo.exceptions(LIBRARY, quarter=3)
    assert {item.criterion for item in found} <= set(LIBRARY.checks)
    assert any(item.resources for item in found)
    assert any(item.compensating for item in found)
    assert all(item.reason and item.approver for item in found)


def test_one_exception_has_expired_by_the_last_date_and_all_are_in_force_when_made():
    def expired(quarter):
        return sum(
            item.expires < demo.DATES[quarter].date() for item in demo.exceptions(LIBRARY, quarter=quarter)
        )

    assert [expired(quarter) for quarter in range(4)] == [0, 0, 0, 1]
    assert [len(demo.exceptions(LIBRARY, quarter=quarter)) for quarter in range(4)] == [1, 3, 4, 4]
