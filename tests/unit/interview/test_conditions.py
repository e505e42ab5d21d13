"""Which questions are asked, and what it means that one is not."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import AT, not_applicable, question, response
from ztkit.interview.conditions import gate, gates

A, B, C = "identity.1.a", "identity.1.b", "identity.1.c"
TODAY = AT.date()


def asked(depends_on, *said, others=(), **changes):
    """The gate of a question that depends on A, after some responses."""
    questions = [question(A, **changes), *others, question(C, depends_on=depends_on)]
    by_id = {item.id: item for item in questions}
    return gate(by_id[C], by_id, {item.question: item for item in said}, TODAY)


NEEDS = {"all": [{"question": A, "in": ["some", "most"]}]}


def test_a_question_without_condition_is_asked():
    assert asked(None).state == "asked"


@pytest.mark.parametrize("answer", ["some", "most"])
def test_an_answer_that_is_named_opens_it(answer):
    assert asked(NEEDS, response(A, answer)).state == "asked"


def test_an_answer_below_all_that_open_it_means_that_the_prerequisite_is_missing():
    found = asked(NEEDS, response(A, "none"))
    assert (found.state, found.closure) == ("not-asked", "prerequisite-missing")
    assert [(reason.question, reason.said) for reason in found.because] == [(A, "None")]


def test_an_answer_not_below_them_means_that_there_is_nothing_to_ask_about():
    found = asked(NEEDS, response(A, "all"))
    assert (found.state, found.closure) == ("not-asked", "absent")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((), ""),
        ((response(A, kind="dont-know"),), "don't know"),
        ((not_applicable(A, approver=""),), "not applicable"),
        ((not_applicable(A, expires=date(2020, 1, 1)),), "not applicable"),
        ((response(A, "retired-answer"),), ""),
    ],
)
def test_it_waits_while_what_it_depends_on_is_not_known(said, told):
    found = asked(NEEDS, *said)
    assert (found.state, found.closure) == ("waiting", None)
    assert [(reason.question, reason.said) for reason in found.because] == [(A, told)]


def test_a_proven_not_applicable_closes_it():
    found = asked(NEEDS, not_applicable(A))
    assert (found.state, found.closure) == ("not-asked", "absent")


def test_a_claim_that_was_withdrawn_closes_nothing():
    assert asked(NEEDS, response(A, "none", settles="accept-evidence")).state == "asked"
    assert asked(NEEDS, response(A, "none", settles="dispute-evidence", dispute="No")).state == "not-asked"


def test_a_question_that_is_not_in_scope_keeps_nobody_waiting():
    follows = question(C, depends_on=NEEDS)
    assert gate(follows, {C: follows}, {}, TODAY).state == "asked"


def test_all_needs_each_and_any_needs_one():
    both = [{"question": A, "in": ["some"]}, {"question": B, "in": ["some"]}]
    others = [question(B)]
    one, none = (response(A, "some"),), (response(A, "none"), response(B, "none"))
    assert asked({"all": both}, *one, others=others).state == "waiting"
    assert asked({"any": both}, *one, others=others).state == "asked"
    assert asked({"all": both}, response(A, "none"), others=others).state == "not-asked"
    assert asked({"any": both}, response(A, "none"), others=others).state == "waiting"
    assert asked({"any": both}, *none, others=others).state == "not-asked"
    assert len(asked({"any": both}, *none, others=others).because) == 2


def test_a_missing_prerequisite_outweighs_an_absent_subject():
    both = [{"question": A, "in": ["some"]}, {"question": B, "in": ["some"]}]
    found = asked({"any": both}, response(A, "all"), response(B, "none"), others=[question(B)])
    assert found.closure == "prerequisite-missing"


@pytest.mark.parametrize(
    ("said", "state", "closure"),
    [
        ("none", "not-asked", "prerequisite-missing"),
        ("all", "not-asked", "absent"),
        (None, "waiting", None),
        ("some", "waiting", None),
    ],
)
def test_a_question_shares_the_fate_of_the_one_it_depends_on(said, state, closure):
    chain = [
        question(A),
        question(B, depends_on=NEEDS),
        question(C, depends_on={"all": [{"question": B, "in": ["all"]}]}),
    ]
    by_id = {item.id: item for item in chain}
    known = {A: response(A, said)} if said else {}
    # An answer to B that was given before does not count while B is not asked.
    if state == "not-asked":
        known[B] = response(B, "all")
    found = gates(by_id, known, TODAY)[C]
    assert (found.state, found.closure) == (state, closure)


def test_questions_in_a_circle_do_not_hang():
    circle = [
        question(A, depends_on={"all": [{"question": B, "in": ["all"]}]}),
        question(B, depends_on={"all": [{"question": A, "in": ["all"]}]}),
    ]
    found = gates({item.id: item for item in circle}, {}, TODAY)
    assert {name: item.state for name, item in found.items()} == {A: "waiting", B: "waiting"}
