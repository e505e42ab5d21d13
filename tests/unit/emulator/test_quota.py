"""The quota: by itself with a clock of the test's, and over the wire."""

from __future__ import annotations

import time

import pytest
from azure.core.exceptions import HttpResponseError

from tests.emulator import Emulator
from tests.emulator.quota import Quota, timespan
from tests.unit.emulator.rows import estate, page, raw, resource_graph

BODY = {"query": "resources | project id | order by id asc", "options": {"$top": 1}}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_window_begins_with_its_first_request():
    clock = Clock()
    quota = Quota(2, 5, clock)
    assert quota.take("a").remaining == 1
    clock.now += 4.9
    assert quota.take("a").allowed
    assert not quota.take("a").allowed
    clock.now += 0.2  # 5.1 seconds after the first, 0.2 after the second
    assert [quota.take("a").allowed for _ in range(3)] == [True, True, False]
    assert (quota.allowed, quota.denied) == (4, 2)
    assert [item.at for item in quota.asked] == pytest.approx([100, 104.9, 104.9, 105.1, 105.1, 105.1])


def test_every_principal_has_his_own():
    quota = Quota(1, 5, Clock())
    assert quota.take("a").allowed
    assert quota.take("b").allowed
    assert not quota.take("a").allowed


def test_headers_round_up_to_seconds():
    clock = Clock()
    quota = Quota(1, 5, clock)
    first = quota.take("a")
    clock.now += 1.5
    assert quota.headers(first) == {
        "x-ms-user-quota-remaining": "0",
        "x-ms-user-quota-resets-after": "00:00:05",
    }
    assert quota.headers(quota.take("a")) == {
        "x-ms-user-quota-remaining": "0",
        "x-ms-user-quota-resets-after": "00:00:04",
        "Retry-After": "4",
    }


def test_windows_under_a_second_are_told_exactly():
    clock = Clock()
    quota = Quota(1, 0.5, clock)
    quota.take("a")
    clock.now += 0.25
    assert quota.headers(quota.take("a")) == {
        "x-ms-user-quota-remaining": "0",
        "x-ms-user-quota-resets-after": "00:00:00.2500000",
        "Retry-After": "0.250",
    }
    assert timespan(3725.5) == "01:02:05.5000000"


def test_over_the_quota_is_429_until_the_window_ends():
    clock = Clock()
    with Emulator(estate(3), quota=3, window=0.5, clock=clock) as azure:
        answers = [raw(azure, BODY) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["x-ms-user-quota-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert answers[3].json()["error"]["code"] == "RateLimiting"
        assert answers[3].headers["x-ms-user-quota-resets-after"] == "00:00:00.5000000"
        assert raw(azure, BODY, azure.another_credential("someone else")).status_code == 200
        clock.now += float(answers[3].headers["Retry-After"])
        assert raw(azure, BODY).status_code == 200
        assert (azure.quota.allowed, azure.quota.denied) == (5, 1)


def test_a_fresh_token_gives_no_fresh_quota():
    with Emulator(estate(3), quota=1, window=60) as azure:
        assert raw(azure, BODY).status_code == 200
        azure.credential.expire()
        assert raw(azure, BODY).status_code == 429
        assert len(azure.credential.issued) == 2


def test_the_clients_own_retries_wait_as_they_are_told():
    class Ticking(Clock):
        def __call__(self) -> float:
            self.now += 0.15
            return self.now

    with (
        Emulator(estate(3), quota=1, window=0.4, clock=Ticking()) as azure,
        resource_graph(azure, retry_total=3) as client,
    ):
        page(client)
        begun = time.monotonic()
        assert page(client).count == 3
        assert time.monotonic() - begun >= 0.25 + 0.1
        assert azure.recording.statuses == [200, 429, 429, 200]


def test_reset_gives_the_quota_back():
    with Emulator(estate(3), quota=1, window=60) as azure, resource_graph(azure) as client:
        page(client)
        with pytest.raises(HttpResponseError):
            page(client)
        azure.reset()
        assert page(client).count == 3
        assert azure.quota.denied == 0
