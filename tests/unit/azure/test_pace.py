"""Keeping to a quota: never over it, and nothing of it left unused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ztkit.azure.pace import Pace


class ManualClock:
    """Time that passes only where somebody waits, or where a test says so."""

    def __init__(self):
        self.time = 100.0

    def now(self):
        return self.time

    def wait(self, _condition, seconds):
        assert seconds is not None, "waits for an answer that nobody is going to give"
        self.time += seconds


class Service:
    """Counts requests in a window that begins with the first of them, and tells seconds rounded."""

    def __init__(self, clock, quota, window, rounding):
        self.clock, self.quota, self.window, self.rounding = clock, quota, window, rounding
        self.began, self.used, self.denied, self.served = None, 0, 0, 0

    def ask(self, pace, latency):
        pace.begin()
        now = self.clock.time
        if self.began is None or now >= self.began + self.window:
            self.began, self.used = now, 0
        self.used += 1
        allowed = self.used <= self.quota
        left = self.rounding(round(self.began + self.window - now, 6))
        headers = {
            "x-ms-user-quota-remaining": str(max(0, self.quota - self.used)),
            "X-Ms-User-Quota-Resets-After": f"00:00:{left:02}",
        }
        self.clock.time += latency
        if allowed:
            self.served += 1
            pace.end(headers)
        else:
            self.denied += 1
            pace.end(headers, retry_after=left)


@settings(max_examples=60, deadline=None)
@given(
    quota=st.integers(2, 40),
    window=st.integers(1, 10),
    latency=st.floats(0.001, 0.08),
    requests=st.integers(1, 200),
)
def test_a_service_that_rounds_up_never_denies(quota, window, latency, requests):
    clock = ManualClock()
    pace, service = Pace(clock), Service(clock, quota, window, math.ceil)
    for _ in range(requests):
        service.ask(pace, latency)
    assert service.denied == 0
    windows = math.ceil(requests / quota)
    needed = max((windows - 1) * window, 0) + quota * latency
    slowest = max(needed, requests * latency + windows * 0.05)
    assert clock.time - 100 <= slowest * 1.05 + window


@pytest.mark.parametrize(("quota", "window"), [(15, 5), (3, 2)])
def test_a_service_that_rounds_down_denies_once_at_most(quota, window):
    clock = ManualClock()
    pace, service = Pace(clock), Service(clock, quota, window, math.floor)
    for _ in range(quota * 8):
        service.ask(pace, 0.02)
    assert service.denied <= 1


def test_without_headers_requests_go_one_after_the_other():
    pace = Pace(ManualClock())
    for _ in range(3):
        pace.begin()
        pace.end({})


def test_a_429_holds_everything_back():
    clock = ManualClock()
    pace = Pace(clock)
    pace.begin()
    pace.end({}, retry_after=7)
    pace.begin()
    assert clock.time == 107


def test_answers_out_of_order_do_not_raise_what_is_left():
    clock = ManualClock()
    pace = Pace(clock)
    told = {"x-ms-user-quota-resets-after": "00:00:05"}
    pace.begin()
    pace.end({**told, "x-ms-user-quota-remaining": "3"})
    for _ in range(3):
        pace.begin()
    for remaining in ("0", "1", "2"):
        pace.end({**told, "x-ms-user-quota-remaining": remaining})
    pace.begin()
    assert clock.time > 105
