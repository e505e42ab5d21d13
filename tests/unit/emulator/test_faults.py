"""Each fault, as a client meets it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.rest import HttpRequest

from tests.emulator import Emulator, Fault
from tests.emulator.faults import numbers
from tests.unit.emulator.rows import ALL, ROWS, arm, estate, graph, page, pages, raw, resource, resource_graph

UNSORTED = "resources | project id"
BODY = {"query": ALL, "options": {"$top": 5}}


def ids(answers):
    return [row["id"] for answer in answers for row in answer.data]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.INTERNAL_ERROR, 500),
        (Fault.BAD_GATEWAY, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.GATEWAY_TIMEOUT, 504),
        (Fault.NOT_FOUND, 404),
        (Fault.FORBIDDEN, 403),
        (Fault.THROTTLED, 429),
    ],
)
def test_statuses(azure, fault, status):
    azure.inject(fault, at=[2])
    assert [raw(azure, BODY).status_code for _ in range(3)] == [200, status, 200]
    assert azure.script.applied == [(fault, 2)]
    with resource_graph(azure) as client, pytest.raises(HttpResponseError):
        azure.inject(fault)
        page(client)


def test_429_says_when_to_come_back(azure):
    azure.inject(Fault.THROTTLED, retry_after=0.25)
    assert raw(azure, BODY).headers["Retry-After"] == "0.250"
    azure.script.clear()
    azure.inject(Fault.THROTTLED, retry_after=None)
    assert "Retry-After" not in raw(azure, BODY).headers


def test_a_fault_is_about_one_table(azure):
    azure.inject(Fault.FORBIDDEN, where="policyResources")
    assert raw(azure, BODY).status_code == 200
    refused = raw(azure, {"query": "policyresources | project id"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AccessDenied")
    joined = "resources | join kind=leftouter (policyresources | project id, name) on id | project id"
    assert raw(azure, {"query": joined}).status_code == 403


def test_numbers_count_the_requests_that_are_meant_from_the_injection_on(azure):
    raw(azure, BODY)
    planned = azure.inject(Fault.UNAVAILABLE, at=1, where="policyresources")
    azure.inject(Fault.BAD_GATEWAY, at=range(2, 4), where="resource-graph")
    assert [raw(azure, BODY).status_code for _ in range(2)] == [200, 502]
    assert raw(azure, {"query": "policyresources | project id"}).status_code == 503
    assert raw(azure, {"query": "policyresources | project id"}).status_code == 200
    azure.script.remove(planned)
    assert numbers(None) is None
    with pytest.raises(ValueError, match="users"):
        azure.inject(Fault.UNAVAILABLE, where="users")


@pytest.mark.parametrize("fault", [Fault.RESET_IN_BODY, Fault.CLOSE_IN_BODY])
def test_a_connection_that_ends_in_the_body(azure, fault):
    azure.inject(fault, at=[1], where="resources")
    with resource_graph(azure) as client:
        with pytest.raises((IncompleteReadError, ServiceResponseError, ServiceRequestError)):
            page(client)
        assert page(client).count == 1000


def test_json_that_is_cut(azure):
    azure.inject(Fault.CUT_JSON, at=[1])
    answer = raw(azure, BODY)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text())
    with resource_graph(azure) as client:
        azure.inject(Fault.CUT_JSON, at=[1])
        with pytest.raises(HttpResponseError):
            page(client)


def test_a_body_that_trickles(azure):
    azure.inject(Fault.SLOW_BODY, pause=0.03, pieces=5)
    begun = time.monotonic()
    assert raw(azure, BODY).json()["count"] == 5
    assert time.monotonic() - begun >= 0.12  # four pauses
    with (
        resource_graph(azure, read_timeout=0.01) as client,
        pytest.raises((ServiceResponseError, ServiceRequestError), match="timed out"),
    ):
        page(client)


def test_a_connection_that_is_dropped(azure):
    azure.inject(Fault.DROP_CONNECTION, at=[1])
    with resource_graph(azure) as client:
        with pytest.raises((ServiceResponseError, ServiceRequestError)):
            page(client)
        assert page(client).count == 1000
    assert azure.recording.statuses == [0, 200]


def test_nobody_listens_for_a_while(azure):
    with resource_graph(azure) as client:
        assert page(client).count == 1000
        with azure.unreachable(), pytest.raises(ServiceRequestError, match="refused"):
            page(client)
        assert page(client).count == 1000
        azure.refuse_connections(0.6)
        with pytest.raises(ServiceRequestError, match="refused"):
            page(client)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:  # azure-core does not repeat a POST that was refused
            with suppress(ServiceRequestError):
                assert page(client).count == 1000
                break
            time.sleep(0.05)
        assert azure.recording.statuses == [200, 200, 200]


def test_unsorted_pages_repeat_rows_and_lack_others(azure):
    azure.inject(Fault.UNSTABLE_PAGES)
    with resource_graph(azure) as client:
        first = ids(pages(client, UNSORTED))
        again = ids(pages(client, UNSORTED))
        by_name = ids(pages(client, UNSORTED.replace("id", "id, name | order by name asc")))
        whole = ids(pages(client))
        undone = ids(pages(client, "resources | order by id asc | distinct id"))
    assert first == again
    for found in (first, by_name, undone):
        assert len(found) == ROWS
        assert len(set(found)) < ROWS - 20
    assert len(set(whole)) == ROWS


def test_rows_change_between_pages(azure):
    azure.inject(Fault.ROWS_CHANGE, at=[2, 3], where="resources")
    with resource_graph(azure) as client:
        found = pages(client)
    assert {answer.total_records for answer in found} == {ROWS - ROWS // 50}
    assert set(ids(found)) != {resource(n)["id"] for n in range(ROWS)}
    azure.reset()
    azure.inject(Fault.ROWS_CHANGE, at=[4])
    with resource_graph(azure) as client:
        before, after = ids(pages(client)), ids(pages(client))
        assert ids(pages(client)) == after
        assert len(set(before)) == len(before) == len(after)
        assert set(before) - set(after)
        assert set(after) - set(before)
    azure.reset()
    with resource_graph(azure) as client:
        assert len(set(ids(pages(client)))) == ROWS


def test_pages_hold_together_where_rows_changed_before_them(azure):
    azure.inject(Fault.ROWS_CHANGE, at=[1], share=0.3)
    with resource_graph(azure) as client:
        found = ids(pages(client, top=300))
    assert found == sorted(found)
    assert len(set(found)) == len(found) == ROWS - int(ROWS * 0.3)


def test_the_total_is_wrong(azure):
    azure.inject(Fault.WRONG_TOTAL, by=-3)
    with resource_graph(azure) as client:
        found = pages(client)
    assert {answer.total_records for answer in found} == {ROWS - 3}
    assert sum(answer.count for answer in found) == ROWS


def test_a_skip_token_has_expired(azure):
    azure.inject(Fault.SKIP_TOKEN_EXPIRED)
    with resource_graph(azure) as client:
        token = page(client).skip_token
        with pytest.raises(HttpResponseError, match="SkipTokenExpired"):
            page(client, skip_token=token)


def test_too_many_subscriptions(azure):
    azure.inject(Fault.SUBSCRIPTION_LIMIT, at=1)
    assert [raw(azure, BODY).headers.get("x-ms-tenant-subscription-limit-hit") for _ in range(2)] == [
        "true",
        None,
    ]


def test_a_token_expires_and_a_fresh_one_is_good(azure):
    azure.inject(Fault.TOKEN_EXPIRED, at=[2])
    with resource_graph(azure) as client:
        page(client)
        with pytest.raises(ClientAuthenticationError) as caught:
            page(client)
        assert 'error="invalid_token"' in caught.value.response.headers["WWW-Authenticate"]
        assert caught.value.error.code == "ExpiredAuthenticationToken"
        assert page(client).count == 1000  # azure-core threw the token away
    azure.credential.expire()
    assert raw(azure, BODY).status_code == 200


def test_a_challenge_for_claims_is_met_by_azure_core(azure):
    azure.inject(Fault.CLAIMS_CHALLENGE, at=[1])
    with graph(azure) as client:
        assert client.send_request(HttpRequest("GET", azure.url + "/v1.0/users")).status_code == 200
    assert "essential" in azure.credential.issued[-1].claims


def test_a_revoked_credential_stays_refused():
    with Emulator(estate(3)) as azure, resource_graph(azure) as client:
        page(client)
        azure.credential.revoke()
        for _ in range(2):
            with pytest.raises(ClientAuthenticationError):
                page(client)
        azure.credential.refuses = ClientAuthenticationError("AADSTS700082: the refresh token has expired")
        with pytest.raises(ClientAuthenticationError, match="AADSTS700082"):
            page(client)


def test_a_token_for_another_service_or_of_nobody_is_refused(azure):
    with graph(azure) as client:
        wrong = client.send_request(HttpRequest("GET", azure.url + "/subscriptions?api-version=2022-12-01"))
        assert wrong.status_code == 401
    with arm(azure) as client:
        assert client.send_request(HttpRequest("GET", azure.url + "/v1.0/users")).status_code == 401
        none = HttpRequest(
            "GET", azure.url + "/v1.0/users", headers={"Authorization": "Bearer SECRET-TOKEN-x"}
        )
        assert client.send_request(none).status_code == 401


@pytest.mark.parametrize("sent", [0, 0.5, 1])
def test_something_else_happens_meanwhile(azure, sent):
    happened = []
    azure.inject(Fault.MEANWHILE, at=[2], sent=sent, action=lambda: happened.append(azure.recording.statuses))
    assert [raw(azure, BODY).json()["count"] for _ in range(3)] == [5, 5, 5]
    assert happened == [[200, 200]]


def test_what_happens_meanwhile_can_be_that_it_goes_away():
    with Emulator(estate(3)) as azure, resource_graph(azure) as client:
        azure.inject(Fault.MEANWHILE, at=[2], action=azure.go_away)
        page(client)
        with pytest.raises((ServiceResponseError, IncompleteReadError)):
            page(client)
        azure.wait_until_gone()  # a connection that the kernel took meanwhile would be reset, and not refused
        with pytest.raises(ServiceRequestError, match="refused"):
            page(client)
        azure.come_back()
        assert page(client).count == 3


def test_pages_are_told_by_where_they_begin(azure):
    with resource_graph(azure) as client:
        first = page(client, top=2)
        page(client, top=3, skip_token=first.skip_token)
        page(client, top=4, skip=7)
    assert [(item.query, item.begin, item.top) for item in azure.pages] == [
        (ALL, 0, 2),
        (ALL, 2, 3),
        (ALL, 7, 4),
    ]


def test_no_thread_and_no_file_is_left():
    before = set(threading.enumerate())
    with Emulator(estate(3)) as azure, resource_graph(azure) as client:
        page(client)
        azure.inject(Fault.SLOW_BODY, pause=5)
        azure.refuse_connections(30)
        ca_file = azure.ca_file
    assert set(threading.enumerate()) <= before
    assert not ca_file.exists()
