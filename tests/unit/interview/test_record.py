"""Saving: checked, never over somebody else's answer unseen, and everything that was said stays on file."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.builders import AT, not_applicable, question, response
from tests.unit.interview.conftest import FOLLOWS, FREE, GATE
from ztkit.errors import ContentError, UsageError, ZtkitError
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import OvertakenError, response_to, review, save, save_all
from ztkit.interview.session import session


def at(minutes):
    return AT + timedelta(minutes=minutes)


def answers(workspace, name=FREE):
    return [item.answer for item in workspace.responses().get(name, [])]


def test_a_saved_response_is_on_disk_and_in_the_log(workspace, log, shelf):
    said = response(FREE, "most", note="Line\nbreak — «é»", respondent="Lead", confidence="low")
    saved = save(log, shelf, said, seen=None)
    assert (saved.response, saved.replaced, saved.counts, saved.lacks) == (said, None, True, ())
    assert workspace.responses() == {FREE: [said]}
    assert log.responses[FREE] == [said]
    assert log.find(said.id) == said


def test_a_later_response_replaces_an_earlier_one_and_both_stay(workspace, log, shelf):
    first, second = response(FREE, "some"), response(FREE, "all", at=at(1))
    save(log, shelf, first, seen=None)
    saved = save(log, shelf, second, seen=first.id)
    assert saved.replaced == first
    assert answers(workspace) == ["some", "all"]


def test_a_response_that_was_said_before_the_one_on_file_is_kept_and_does_not_count(workspace, log, shelf):
    newer = response(FREE, "all", at=at(5))
    save(log, shelf, newer, seen=None)
    saved = save(log, shelf, response(FREE, "none", at=at(1)), seen=newer.id)
    assert not saved.counts
    assert answers(workspace) == ["all", "none"]


def test_nobody_replaces_an_answer_that_they_have_not_seen(workspace, log, shelf):
    here, there = log, ResponseLog(workspace)
    first = response(FREE, "some", respondent="A")
    save(here, shelf, first, seen=None)
    mine = response(FREE, "all", at=at(2), respondent="B")
    with pytest.raises(OvertakenError, match=r"network\.1\.free by A at 2026-01-14 00:00") as told:
        save(there, shelf, mine, seen=None)
    assert told.value.since == {FREE: (first,)}
    assert answers(workspace) == ["some"]
    saved = save(there, shelf, mine, seen=told.value.since[FREE][-1].id)
    assert saved.replaced == first
    assert answers(workspace) == ["some", "all"]


def test_another_question_overtakes_nobody(workspace, log, shelf):
    other = ResponseLog(workspace)
    save(other, shelf, response(GATE, "some"), seen=None)
    save(log, shelf, response(FREE, "all"), seen=None)
    assert set(log.responses) == {GATE, FREE}


def test_what_came_in_between_is_told_in_order(workspace, log, shelf):
    said = [response(FREE, "some", at=at(number)) for number in range(4)]
    other = ResponseLog(workspace)
    for number, item in enumerate(said):
        save(other, shelf, item, seen=said[number - 1].id if number else None)
    log.refresh()
    assert log.since(FREE, said[1].id) == (said[2], said[3])
    assert log.since(FREE, None) == tuple(said)
    assert log.since(FREE, said[3].id) == ()


def test_what_a_session_shows_as_seen_lets_one_save_even_beside_a_response_from_the_future(
    workspace, log, shelf
):
    workspace.add_responses([response(FREE, "none", at=AT + timedelta(days=400))])
    log.refresh()
    item = session(shelf, workspace.engagement(), log.responses, AT).by_id[FREE]
    assert item.response is None
    saved = save(log, shelf, response(FREE, "all"), seen=item.seen)
    assert not saved.counts


def test_several_are_saved_all_or_none(workspace, log, shelf):
    with pytest.raises(UsageError, match="no answer 'never'"):
        save_all(log, shelf, [response(FREE, "all"), response(GATE, "never")])
    assert workspace.responses() == {}
    first = response(GATE, "some")
    save(ResponseLog(workspace), shelf, first, seen=None)
    with pytest.raises(OvertakenError):
        save_all(log, shelf, [response(FREE, "all"), response(GATE, "all", at=at(1))], {FREE: None})
    assert answers(workspace, FREE) == []
    saved = save_all(
        log, shelf, [response(FREE, "all"), response(GATE, "all", at=at(1))], {FREE: None, GATE: first.id}
    )
    assert [item.counts for item in saved] == [True, True]


def test_an_import_may_add_without_having_looked(workspace, log, shelf):
    workspace.add_responses([response(FREE, "none")])
    save_all(log, shelf, [response(FREE, "all", at=at(1)), response(FREE, "most", at=at(2))])
    assert answers(workspace) == ["none", "all", "most"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"answer": "sometimes"},
            r"network.1.free has no answer 'sometimes'; there are none, some, most, all",
        ),
        ({"kind": "dont-know", "answer": "all"}, "`answer` goes with kind 'answer'"),
        ({"answer": "all", "settles": "dispute-evidence"}, "`dispute` is the reason"),
        ({"answer": "all", "dispute": "Wrong"}, "`dispute` is the reason"),
        ({"kind": "dont-know", "settles": "accept-evidence"}, "claims nothing"),
        ({"answer": "all", "confidence": "very"}, "confidence"),
        ({"answer": "all", "notes": "misspelt"}, "notes: Extra inputs"),
        ({"answer": "all", "note": "\ud800"}, "note: .* unicode"),
    ],
)
def test_what_is_no_response_is_refused_with_what_to_change(shelf, said, message):
    with pytest.raises(UsageError, match=message):
        response_to(shelf.questions[FREE], AT, **said)


def test_a_response_has_a_time_zone(shelf):
    with pytest.raises(UsageError, match="timezone"):
        response_to(shelf.questions[FREE], AT.replace(tzinfo=None), answer="all")


def test_a_bare_not_applicable_is_recorded_with_what_it_lacks(log, shelf):
    saved = save(log, shelf, not_applicable(FREE, approver="", expires=None), seen=None)
    assert saved.lacks == ("an approver", "an expiry")
    assert save(log, shelf, not_applicable(GATE), seen=None).lacks == ()


def test_a_question_that_does_not_exist_is_refused(workspace, log, shelf):
    with pytest.raises(UsageError, match="There is no question"):
        save(log, shelf, response("network.1.nowhere", "all"), seen=None)
    assert not workspace.responses_path.exists()


def test_a_response_on_the_disk_that_is_full_is_not_taken_for_saved(workspace, log, shelf, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ztkit.journal.os.fsync", full)
        with pytest.raises(ZtkitError, match=r"No space left on device\): the answer is not saved"):
            save(log, shelf, response(FREE, "all"), seen=None)
    assert log.responses == {}
    assert workspace.responses_path.read_bytes() == b""
    save(log, shelf, response(FREE, "all"), seen=None)
    assert answers(workspace) == ["all"]


def test_a_reader_sees_what_others_append(workspace, log):
    assert log.refresh() == ()
    workspace.add_responses([response(FREE, "some")])
    workspace.add_responses([response(FREE, "all", at=at(1))])
    assert [item.answer for item in log.refresh()] == ["some", "all"]
    assert log.refresh() == ()
    assert log.last(FREE) == log.responses[FREE][-1].id


def test_a_file_that_was_restored_is_read_again(workspace, log, shelf):
    save(log, shelf, response(FREE, "some"), seen=None)
    backup = workspace.responses_path.read_bytes()
    save(log, shelf, response(GATE, "all"), seen=None)
    restored = workspace.root / "restored"
    restored.write_bytes(backup)
    restored.replace(workspace.responses_path)
    log.refresh()
    assert set(log.responses) == {FREE}
    assert log.last(GATE) is None


def test_a_line_that_nobody_can_read_is_named_and_nothing_is_taken_in(workspace, log, shelf):
    save(log, shelf, response(FREE, "some"), seen=None)
    with workspace.responses_path.open("a") as file:
        file.write('{"question": "x"}\n')
    with pytest.raises(ContentError, match=r"responses\.jsonl:2:"):
        log.refresh()
    assert set(log.responses) == {FREE}


def test_a_review_is_recorded_beside_the_responses(workspace, log, shelf):
    said = save(log, shelf, response(FREE, "all"), seen=None).response
    review(log, said.id, "returned", "Lead", at(1), note="Which sites?")
    review(log, said.id, "agreed", "Lead", at(2))
    assert log.reviews[said.id].verdict == "agreed"
    again = ResponseLog(workspace)
    assert again.reviews == log.reviews
    assert workspace.responses() == {FREE: [said]}
    save(log, shelf, response(FREE, "most", at=at(3)), seen=said.id)


@pytest.mark.parametrize(
    ("reviewer", "verdict", "message"),
    [("", "agreed", "reviewer"), ("Lead", "returned", "with a `note`"), ("Lead", "maybe", "verdict")],
)
def test_a_review_has_a_reviewer_and_a_returned_one_a_note(log, shelf, reviewer, verdict, message):
    said = save(log, shelf, response(FREE, "all"), seen=None).response
    with pytest.raises(UsageError, match=message):
        review(log, said.id, verdict, reviewer, at(1))


def test_only_what_was_said_can_be_reviewed(log):
    with pytest.raises(UsageError, match="no response 'abc'"):
        review(log, "abc", "agreed", "Lead", AT)


def test_the_answer_of_a_question_that_is_not_asked_can_be_recorded(log, shelf):
    save(log, shelf, response(GATE, "none"), seen=None)
    assert save(log, shelf, response(FOLLOWS, "all"), seen=None).counts


def test_the_date_of_an_expiry_is_held_against_the_day_of_the_response(log, shelf):
    late = not_applicable(FREE, expires=date(2026, 1, 13))
    assert save(log, shelf, late, seen=None).lacks == ("an expiry that is not over",)


def test_a_response_to_a_question_is_made_of_its_fields():
    made = response_to(question(FREE), AT, answer="most", respondent="Lead", evidence=("Plan.pdf",))
    assert (made.question, made.answer, made.evidence) == (FREE, "most", ("Plan.pdf",))
