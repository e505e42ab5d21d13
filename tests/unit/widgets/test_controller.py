"""The form's one hand: every message, said twice, said by two, said with hostile intent."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta

import pytest

from tests.builders import AT, response
from tests.unit.widgets.engagement import CHECK, CLAIM, GATED, HOSTILE, PLAIN, assessed, shelf
from ztkit.model.response import Review
from ztkit.widgets.controller import Controller
from ztkit.workspace import Workspace


class Clock:
    """A moment that goes on by a second whenever somebody looks."""

    def __init__(self):
        self.at = AT

    def __call__(self):
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def workspace(tmp_path):
    return assessed(tmp_path / "w", shelf())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def controller(workspace, clock):
    return Controller(workspace, shelf(), clock)


def place(question=PLAIN, respondent="Network lead", **more):
    return {"question": question, "respondent": respondent, **more}


def say(answer="most", *, at=None, seen=None, kind="answer", confirm=False, **said):
    answer = answer if kind == "answer" else None
    return {
        "kind": "say",
        "place": at or place(),
        "seen": seen,
        "said": {"kind": kind, "answer": answer, **said},
        "confirm": confirm,
    }


def look(**where):
    return {"kind": "look", "place": where}


def recorded(workspace, question=PLAIN):
    return Workspace.open(workspace.root).responses().get(question, [])


def test_a_form_opens_where_there_is_something_to_do(controller):
    state = controller.handle(look())["state"]
    assert state["item"]["id"] == PLAIN
    assert (state["progress"]["total"], state["progress"]["said"], state["progress"]["waiting"]) == (3, 0, 1)
    assert [group["objective"]["id"] for group in state["overview"]] == ["network.1", "network.2"]


def test_what_python_says_is_plain_json(controller):
    text = json.dumps(controller.handle(look(question=CLAIM)), allow_nan=False)
    assert json.loads(text)["state"]["item"]["id"] == CLAIM


def test_an_answer_is_on_disk_before_the_form_is_told(controller, workspace, clock):
    reply = controller.handle(say("most", note="As planned", evidence=["Plan.pdf"], confidence="high"))
    (found,) = recorded(workspace)
    assert (found.answer, found.note, found.evidence) == ("most", "As planned", ("Plan.pdf",))
    assert (found.respondent, found.confidence) == ("Network lead", "high")
    assert reply["saved"] == {"at": found.at.isoformat(), "already": False, "lacks": []}
    assert reply["state"]["item"]["seen"] == found.id
    assert reply["state"]["item"]["draft"]["note"] == "As planned"


def test_the_same_said_twice_is_recorded_once(controller, workspace):
    first = controller.handle(say("most", note="Yes"))
    seen = first["state"]["item"]["seen"]
    again = controller.handle(say("most", note="Yes", seen=seen))
    assert again["saved"] == {**first["saved"], "already": True}
    assert len(recorded(workspace)) == 1
    controller.handle(say("most", note="Yes, all of it", seen=seen))
    assert [item.note for item in recorded(workspace)] == ["Yes", "Yes, all of it"]


def test_what_has_grown_old_is_recorded_again_when_it_is_confirmed(controller, workspace, clock):
    seen = controller.handle(say())["state"]["item"]["seen"]
    clock.at += timedelta(days=400)
    assert controller.handle(look(question=PLAIN))["state"]["item"]["state"] == "stale"
    assert controller.handle(say(seen=seen))["saved"]["already"]
    reply = controller.handle(say(seen=seen, confirm=True))
    assert (len(recorded(workspace)), reply["state"]["item"]["state"]) == (2, "answered")


def test_another_persons_answer_is_another_voice_with_words_of_its_own(controller):
    seen = controller.handle(say("most", note="Mine"))["state"]["item"]["seen"]
    other = place(respondent="Auditor")
    shown = controller.handle({"kind": "look", "place": other})["state"]["item"]["draft"]
    assert (shown["answer"], shown["own"], shown["note"]) == ("most", False, "")
    item = controller.handle(say("none", at=other, seen=seen))["state"]["item"]
    assert [(voice["who"], voice["what"]) for voice in item["voices"]] == [
        ("Auditor", "None"),
        ("Network lead", "Most"),
    ]
    assert item["differ"]
    own = controller.handle(look(**place(respondent="auditor")))["state"]["item"]["draft"]
    assert own["own"]


def test_nobody_answers_over_an_answer_that_they_have_not_seen(controller, workspace, clock):
    tab = Controller(workspace, shelf(), clock)
    tab.handle(say("some", at=place(respondent="Colleague"), note="Half of it"))
    reply = controller.handle(say("all"))
    assert reply["saved"] is None
    assert [(one["who"], one["what"], one["note"]) for one in reply["overtaken"]["voices"]] == [
        ("Colleague", "Some", "Half of it")
    ]
    assert [item.answer for item in recorded(workspace)] == ["some"]
    assert reply["state"]["item"]["draft"]["answer"] == "some"
    replaced = controller.handle(say("all", seen=reply["overtaken"]["seen"]))
    assert (replaced["overtaken"], replaced["state"]["item"]["draft"]["answer"]) == (None, "all")


def test_the_same_said_by_two_who_did_not_see_each_other_is_not_passed_off_as_saved(
    controller, workspace, clock
):
    Controller(workspace, shelf(), clock).handle(say("most"))
    assert controller.handle(say("most"))["overtaken"] is not None


def test_not_applicable_says_what_it_lacks_until_it_has_it(controller):
    first = controller.handle(say(kind="not-applicable"))
    assert first["saved"]["lacks"] == ["a rationale", "an approver", "an expiry"]
    assert first["state"]["item"]["state"] == "not-applicable-unproven"
    whole = {"rationale": "There is no network", "approver": "CISO", "expires": "2026-12-31"}
    second = controller.handle(say(kind="not-applicable", seen=first["state"]["item"]["seen"], **whole))
    assert (second["saved"]["lacks"], second["state"]["item"]["state"]) == ([], "not-applicable")
    assert second["state"]["item"]["left_out"]
    third = controller.handle(say("some", seen=second["state"]["item"]["seen"], **whole))
    assert third["state"]["item"]["draft"]["rationale"] == ""


def test_an_answer_shows_what_the_inventory_says_at_once(controller):
    item = controller.handle(say("all", at=place(CLAIM)))["state"]["item"]
    (check,) = item["evidence"]["checks"]
    assert (check["passed"], check["counted"], check["share"], check["state"]) == (14, 20, 70.0, "fail")
    assert (len(check["failing"]), check["left"]) == (5, 1)
    assert (item["conflict"]["kind"], item["conflict"]["open"], item["conflict"]["claim"]) == (
        "across",
        True,
        "All",
    )
    assert [each["id"] for each in item["conflict"]["criteria"]] == [CLAIM, CHECK]
    assert item["evidence"]["age_days"] == 6


def settle(settles, seen, *, dispute="", respondent="Network lead"):
    return {
        "kind": "settle",
        "place": place(CLAIM, respondent),
        "seen": seen,
        "settles": settles,
        "dispute": dispute,
    }


@pytest.mark.parametrize(
    ("settles", "dispute", "kind"),
    [("accept-evidence", "", "accepted"), ("dispute-evidence", "Six were retired", "disputed")],
)
def test_a_conflict_is_settled_and_stays_settled_while_the_claim_stays(
    controller, workspace, settles, dispute, kind
):
    seen = controller.handle(say("all", at=place(CLAIM), evidence=["Plan.pdf"]))["state"]["item"]["seen"]
    item = controller.handle(settle(settles, seen, dispute=dispute))["state"]["item"]
    assert (item["conflict"]["kind"], item["conflict"]["open"]) == (kind, False)
    assert recorded(workspace, CLAIM)[-1].evidence == ("Plan.pdf",)
    noted = controller.handle(say("all", at=place(CLAIM), note="Later", seen=item["seen"]))["state"]["item"]
    assert noted["conflict"]["kind"] == kind
    changed = controller.handle(say("most", at=place(CLAIM), seen=noted["seen"]))["state"]["item"]
    assert changed["conflict"]["kind"] == "across"


def test_who_settles_for_another_does_not_take_their_words(controller, workspace):
    seen = controller.handle(say("all", at=place(CLAIM), note="My words"))["state"]["item"]["seen"]
    controller.handle(settle("accept-evidence", seen, respondent="Assessor"))
    found = recorded(workspace, CLAIM)[-1]
    assert (found.answer, found.respondent, found.note) == ("all", "Assessor", "")


def test_evidence_is_disputed_with_a_reason_only(controller, workspace):
    seen = controller.handle(say("all", at=place(CLAIM)))["state"]["item"]["seen"]
    reply = controller.handle(settle("dispute-evidence", seen))
    assert "why the evidence is wrong" in reply["problem"]
    assert (reply["saved"], len(recorded(workspace, CLAIM))) == (None, 1)


def test_what_nobody_answered_cannot_be_settled(controller):
    assert "no conflict to settle" in controller.handle(settle("accept-evidence", None))["problem"]


def accept(criterion, **changes):
    said = {"reason": "Legacy", "approver": "CISO", "expires": "2026-06-30", "compensating": "Watched"}
    return {"kind": "accept", "place": place(CLAIM), "criterion": criterion, **said, **changes}


def test_an_accepted_risk_takes_the_question_out_of_the_score(controller, workspace):
    controller.handle(say("all", at=place(CLAIM)))
    reply = controller.handle(accept(CLAIM))
    assert (reply["saved"]["already"], reply["problem"]) == (False, None)
    assert reply["state"]["item"]["evidence"]["accepted"]
    (found,) = workspace.exceptions()
    assert (found.criterion, found.expires, found.compensating) == (CLAIM, date(2026, 6, 30), "Watched")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"criterion": PLAIN}, "neither this question nor one of its checks"),
        ({"reason": ""}, "reason"),
        ({"approver": " "}, "approver"),
        ({"expires": None}, "the last day"),
        ({"expires": "2025-01-01"}, "not in the future"),
        ({"expires": "soon"}, "expires"),
    ],
)
def test_a_risk_that_lacks_something_is_not_accepted(controller, workspace, changes, told):
    reply = controller.handle({**accept(CLAIM), **changes})
    assert told in reply["problem"]
    assert (reply["saved"], workspace.exceptions()) == (None, ())


def test_what_is_shown_before_an_answer_is_what_comes_of_it(controller):
    before = controller.handle(look(question=PLAIN))["state"]["item"]
    after = controller.handle(say("some"))["state"]["item"]
    assert before["effects"]["some"] == after["objective"]
    assert before["objective"] != after["objective"]
    assert set(before["effects"]) == {"none", "some", "most", "all", "?"}


def test_a_question_that_waits_says_for_which(controller):
    item = controller.handle(look(question=GATED))["state"]["item"]
    assert (item["gate"]["state"], item["gate"]["because"]) == (
        "waiting",
        [{"question": PLAIN, "text": f"Text of {PLAIN}?", "said": ""}],
    )
    controller.handle(say("none"))
    closed = controller.handle(look(question=GATED))["state"]["item"]["gate"]
    assert (closed["state"], closed["because"][0]["said"]) == ("not-asked", "None")


def test_one_sees_what_another_tab_saved_and_nothing_when_nothing_happened(controller, workspace, clock):
    stamp = controller.handle(look())["state"]["stamp"]
    poll = {"kind": "look", "place": {}, "stamp": stamp}
    assert controller.handle(poll)["state"] is None
    Controller(workspace, shelf(), clock).handle(say("some"))
    shown = controller.handle(poll)["state"]
    assert shown["progress"]["said"] == 1
    workspace.append_to_log(
        [
            Review(
                kind="review",
                question=PLAIN,
                response=recorded(workspace)[0].id,
                verdict="agreed",
                reviewer="Lead",
                at=AT,
            )
        ]
    )
    reviewed = controller.handle({**poll, "place": place(), "stamp": shown["stamp"]})["state"]
    assert reviewed["item"]["review"]["by"] == "Lead"


def test_a_new_exception_is_seen_as_well(controller, workspace):
    controller.handle(say("all", at=place(CLAIM)))
    other = Controller(workspace, shelf(), Clock())
    stamp = other.handle(look(question=CLAIM))["state"]["stamp"]
    controller.handle(accept(CLAIM))
    seen = other.handle({"kind": "look", "place": {"question": CLAIM}, "stamp": stamp})["state"]
    assert seen["item"]["evidence"]["accepted"]


def test_by_role_and_by_what_is_due(controller):
    by_role = controller.handle(look(by="role", group="network-admin"))["state"]
    assert [item["id"] for group in by_role["overview"] for item in group["items"]] == [GATED]
    due = controller.handle(look(by="due"))["state"]
    assert [item["id"] for group in due["overview"] for item in group["items"]] == [PLAIN, CLAIM]
    answered = controller.handle(say("some", at=place(by="due")))["state"]
    assert answered["item"]["id"] == PLAIN
    assert answered["item"]["moves"]["due"] == CLAIM
    assert answered["item"]["moves"]["next"] == CLAIM


def test_what_is_said_in_an_interview_by_role_has_that_role(controller, workspace):
    controller.handle(say("some", at=place(by="role", group="ciso")))
    assert recorded(workspace)[0].role == "ciso"


def test_a_place_that_does_not_exist_is_another_one(controller):
    state = controller.handle(look(by="pillar", group="nowhere", question="network.9.gone"))["state"]
    assert (state["place"]["group"], state["item"]["id"]) == ("network", PLAIN)


def test_an_empty_workspace_has_a_form_too(tmp_path):
    from tests.builders import library
    from ztkit.model.engagement import Engagement

    space = Workspace.create(tmp_path / "e", Engagement(organisation="Made up", pillars=("network",)))
    state = Controller(space, library([]), Clock()).state()
    assert (state["item"], state["overview"], state["progress"]["share"]) == (None, [], 100)


def test_without_an_assessment_the_evidence_says_so(tmp_path):
    from ztkit.model.engagement import Engagement

    space = Workspace.create(tmp_path / "n", Engagement(organisation="Made up", pillars=("network",)))
    evidence = Controller(space, shelf(), Clock()).handle(look(question=CLAIM))["state"]["item"]["evidence"]
    assert evidence["assessment"] == ""
    assert [(check["state"], check["run"]) for check in evidence["checks"]] == [("unknown", False)]


def test_hostile_text_comes_back_as_the_text_it_is(controller, workspace):
    hostile = place(respondent=HOSTILE)
    item = controller.handle(say("most", at=hostile, note=HOSTILE, evidence=[HOSTILE]))["state"]["item"]
    assert (item["counts"]["who"], item["counts"]["note"], item["counts"]["evidence"]) == (
        HOSTILE,
        HOSTILE,
        [HOSTILE],
    )
    assert recorded(workspace)[0].note == HOSTILE


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "look",
        {},
        {"kind": "delete"},
        {"kind": "say"},
        {"kind": "look", "place": {"by": "name"}},
        {"kind": "look", "place": {}, "extra": 1},
        {**say(), "said": {"kind": "answer", "answer": {"$ne": ""}}},
        {**say(), "said": {"kind": "answer", "answer": "most", "settles": "accept-evidence"}},
        say("most", note="x" * 20_001),
        say("most", evidence=["x"] * 51),
        say("most", confidence="certain"),
        say("most", confidence=math.nan),
        say("no-such-answer"),
        say(at=place("network.1.gone")),
        say(at=place("identity.1.other-pillar")),
    ],
)
def test_a_message_that_is_none_changes_nothing_and_says_why(controller, workspace, message):
    reply = controller.handle(message)
    assert reply["problem"]
    assert reply["saved"] is None
    assert recorded(workspace) == []


def test_a_log_that_somebody_broke_is_told_and_nothing_is_lost(controller, workspace):
    controller.handle(say())
    with workspace.responses_path.open("a") as file:
        file.write("{}\n")
    reply = controller.handle(say("all"))
    assert "responses.jsonl:2" in reply["problem"]
    assert reply["saved"] is None


def test_a_response_said_later_counts_and_the_form_says_so(controller, workspace, clock):
    workspace.add_responses([response(PLAIN, "none", at=AT + timedelta(days=3))])
    seen = recorded(workspace)[0].id
    reply = controller.handle(say("all", seen=seen))
    assert "said later counts" in reply["problem"]
    assert len(recorded(workspace)) == 2
