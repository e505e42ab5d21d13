"""Responses and reviews: their names, what goes together, and that old files stay readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from tests.builders import response
from ztkit.model.engagement import Engagement
from ztkit.model.response import Response, Review, newest
from ztkit.workspace import Workspace

Q = "network.1.a-question"
OLD_LINE = '{"question":"network.1.a-question","answer":"all","at":"2026-01-14T00:00:00Z"}'


def test_a_line_of_an_earlier_version_is_a_response_with_a_name():
    old = Response.model_validate_json(OLD_LINE)
    assert (old.confidence, old.settles, old.kind) == ("", "", "answer")
    assert old == response(Q, "all")
    assert old.id == "b97ac6a2e1fd3839"


def test_a_response_keeps_its_name_through_the_file(tmp_path):
    space = Workspace.create(tmp_path / "w", Engagement(organisation="x"))
    said = response(Q, "all", note="é\n", at=datetime(2026, 1, 14, 9, 30, 0, 123456, tzinfo=UTC))
    space.add_responses([said])
    assert [item.id for item in space.responses()[Q]] == [said.id]


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "most"},
        {"note": "n"},
        {"respondent": "A"},
        {"confidence": "low"},
        {"at": datetime(2026, 1, 14, 1, tzinfo=UTC)},
    ],
)
def test_whatever_differs_has_another_name(change):
    assert response(Q, **{"answer": "all", **change}).id != response(Q, "all").id


def test_the_newest_is_the_one_said_last_and_of_two_the_one_recorded_later():
    at = datetime(2026, 1, 14, tzinfo=UTC)
    first, second = response(Q, "some", at=at), response(Q, "most", at=at)
    before = response(Q, "all", at=at - timedelta(days=1))
    assert newest([first, second, before]) == second
    assert newest([first, second, before], at - timedelta(hours=1)) == before
    assert newest([first], at - timedelta(hours=1)) is None
    assert newest([]) is None


def test_a_line_is_a_review_or_a_response(tmp_path):
    space = Workspace.create(tmp_path / "w", Engagement(organisation="x"))
    review = {
        "kind": "review",
        "question": Q,
        "response": "abc",
        "verdict": "agreed",
        "reviewer": "Lead",
        "at": "2026-01-15T00:00:00Z",
    }
    space.responses_path.write_text(OLD_LINE + "\n" + json.dumps(review) + "\n")
    part = space.read_log()
    assert part.responses == (response(Q, "all"),)
    assert part.reviews == (Review.model_validate(review),)


def test_a_review_that_returns_says_why():
    with pytest.raises(ValidationError, match="with a `note`"):
        Review(
            kind="review",
            question=Q,
            response="abc",
            verdict="returned",
            reviewer="Lead",
            at=datetime.now(UTC),
        )
