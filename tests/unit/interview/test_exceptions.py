"""Accepted risks: what may be accepted, how each stands, and that no writer loses another's."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from tests.builders import check, library, question
from ztkit.errors import ContentError, UsageError
from ztkit.interview.exceptions import EXPIRING_WITHIN, add, end, listed, state_of
from ztkit.interview.targets import set_target
from ztkit.model.response import RiskException

TODAY = date(2026, 1, 15)
C, Q = "network.a-check", "network.1.a-question"


@pytest.fixture
def shelf():
    linked = [{"check": C, "authority": "decisive"}]
    return library([question(Q, evidence=linked)], [check(C)])


def risk(criterion=C, expires=date(2026, 12, 31), **changes):
    return RiskException(
        **{"criterion": criterion, "reason": "Legacy", "approver": "CISO", "expires": expires, **changes}
    )


def test_what_was_added_is_on_file(workspace, shelf):
    first = add(workspace, shelf, risk(resources=("/a", "/b"), compensating="A fence"), TODAY)
    second = add(workspace, shelf, risk(Q), TODAY)
    assert workspace.exceptions() == (first, second)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"criterion": "network.nowhere"}, "no question or check 'network.nowhere'"),
        ({"expires": TODAY}, "is not in the future"),
        ({"criterion": Q, "resources": ("/a",)}, "its checks: network.a-check"),
    ],
)
def test_what_cannot_be_accepted_is_refused_with_the_reason(workspace, shelf, wrong, message):
    with pytest.raises(UsageError, match=message):
        add(workspace, shelf, risk(**wrong), TODAY)
    assert workspace.exceptions() == ()


def test_everything_that_is_wrong_is_told_at_once(workspace, shelf):
    with pytest.raises(UsageError, match=r"no question or check .*not in the future"):
        add(workspace, shelf, risk("network.nowhere", TODAY), TODAY)


def test_the_same_exception_is_not_added_twice_and_one_that_goes_on_is(workspace, shelf):
    add(workspace, shelf, risk(), TODAY)
    with pytest.raises(UsageError, match="there already"):
        add(workspace, shelf, risk(), TODAY)
    add(workspace, shelf, risk(expires=date(2027, 6, 30)), TODAY)
    assert len(workspace.exceptions()) == 2


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        (TODAY - timedelta(days=1), "expired"),
        (TODAY, "expiring"),
        (TODAY + EXPIRING_WITHIN - timedelta(days=1), "expiring"),
        (TODAY + EXPIRING_WITHIN, "in-force"),
    ],
)
def test_an_exception_holds_up_to_and_on_its_last_day(expires, state):
    assert state_of(risk(expires=expires), TODAY) == state


def test_one_that_takes_nothing_out_is_unused_until_it_expires():
    assert state_of(risk(), TODAY, unused=True) == "unused"
    assert state_of(risk(expires=date(2025, 1, 1)), TODAY, unused=True) == "expired"


def test_they_are_listed_by_expiry_with_what_the_newest_assessment_says():
    late, early, new = risk(expires=date(2027, 1, 1)), risk(expires=date(2026, 2, 1)), risk(Q)
    found = listed([late, early, new], TODAY, {late.id: 0, early.id: 3})
    assert [(item.exception, item.state, item.findings) for item in found] == [
        (early, "expiring", 3),
        (new, "in-force", None),
        (late, "unused", 0),
    ]


def test_one_that_is_ended_counts_again_today_and_stays_on_file(workspace, shelf):
    added = add(workspace, shelf, risk(), TODAY)
    other = add(workspace, shelf, risk(Q), TODAY)
    ended = end(workspace, added.id, TODAY)
    assert workspace.exceptions() == (ended, other)
    assert state_of(ended, TODAY) == "expired"
    assert (ended.criterion, ended.reason) == (added.criterion, added.reason)


def test_one_is_found_by_its_criterion_if_there_is_one_only(workspace, shelf):
    add(workspace, shelf, risk(), TODAY)
    second = add(workspace, shelf, risk(expires=date(2026, 6, 1)), TODAY)
    with pytest.raises(UsageError, match="several exceptions are in force"):
        end(workspace, C, TODAY)
    end(workspace, second.id, TODAY)
    end(workspace, C, TODAY)
    with pytest.raises(UsageError, match="no exception is in force of that name"):
        end(workspace, C, TODAY)


def test_writers_at_once_lose_none(workspace, shelf):
    threads = [
        threading.Thread(target=add, args=(workspace, shelf, risk(reason=f"Reason {number}"), TODAY))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {item.reason for item in workspace.exceptions()} == {f"Reason {number}" for number in range(12)}


def test_a_target_is_written_among_what_people_wrote(workspace, shelf):
    path = workspace.config_path
    path.write_text(path.read_text() + '\n# Ours.\n[scoring]\nmet_from = "3/4"  # agreed\n')
    set_target(workspace, shelf, "network.1", "9/10")
    set_target(workspace, shelf, "identity.1", 0.5)
    assert '# Ours.\n[scoring]\nmet_from = "3/4"  # agreed\n' in path.read_text()
    engagement = workspace.engagement()
    assert {name: str(share) for name, share in engagement.targets.items()} == {
        "network.1": "9/10",
        "identity.1": "1/2",
    }
    assert str(engagement.target("network.2")) == "3/4"
    set_target(workspace, shelf, "network.1", None)
    assert list(workspace.engagement().targets) == ["identity.1"]


def test_a_table_that_cannot_be_replaced_is_left_alone(workspace, shelf):
    path = workspace.config_path
    text = path.read_text().partition("\n[targets]")[0] + '\ntargets = {"network.1" = 0.5}\n'
    path.write_text(text)
    with pytest.raises(ContentError, match="edit it by hand"):
        set_target(workspace, shelf, "network.1", "9/10")
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("objective", "share", "message"),
    [
        ("network.9", "1/2", "no objective 'network.9'"),
        ("network.1", 2, "share from 0 to 1"),
        ("network.1", "much", "got 'much'"),
    ],
)
def test_a_target_is_a_share_of_an_objective(workspace, shelf, objective, share, message):
    with pytest.raises(UsageError, match=message):
        set_target(workspace, shelf, objective, share)
