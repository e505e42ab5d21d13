"""Keeping to a quota: never over it, and nothing of it left unused."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ztkit.azure.pace import Pace

QUOTA, WINDOW = 15, 5
TOLD = {"x-ms-user-quota-resets-after": "00:00:05"}


class ManualClock:
    """Time that passes only where somebody waits; what is due by then happens on the way."""

    def __init__(self):
        self.time = 100.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def now(self):
        return self.time

    def at(self, time, happens):
        heapq.heappush(self._due, (time, next(self._numbers), happens))

    def wait(self, _condition, seconds):
        assert seconds is not None or self._due, "waits for an answer that nobody is going to give"
        if self._due and (seconds is None or self._due[0][0] <= self.time + seconds):
            self.step()
        else:
            self.time += seconds

    def step(self):
        self.time, _, happens = heapq.heappop(self._due)
        happens()


class Service:
    """Counts requests in a window that begins with the first that arrives, and tells seconds rounded."""

    def __init__(self, clock, pace, quota=QUOTA, window=WINDOW, rounding=math.ceil):
        self.clock, self.pace = clock, pace
        self.quota, self.window, self.rounding = quota, window, rounding
        self.began, self.used, self.denied, self.served, self.in_flight = None, 0, 0, 0, 0

    def ask(self, there, back):
        """Send a request that takes some seconds to arrive, and its answer some to come back."""
        begun = self.pace.begin()
        self.in_flight += 1
        self.clock.at(begun + there, lambda: self._count(begun, back))

    def settle(self, in_flight=0):
        """Let time pass until no more than so many requests are on their way."""
        while self.in_flight > in_flight:
            self.clock.step()

    def _count(self, begun, back):
        now = self.clock.time
        if self.began is None or now >= self.began + self.window:
            self.began, self.used = now, 0
        self.used += 1
        left = self.rounding(round(self.began + self.window - now, 6))
        headers = {
            "x-ms-user-quota-remaining": str(max(0, self.quota - self.used)),
            "X-Ms-User-Quota-Resets-After": f"00:00:{left:02}",
        }
        denied = self.used > self.quota
        self.denied += denied
        self.served += not denied
        self.clock.at(now + back, lambda: self._answer(begun, headers, left if denied else None))

    def _answer(self, begun, headers, retry_after):
        self.in_flight -= 1
        self.pace.end(begun, headers, retry_after)


def service_of(**options):
    clock = ManualClock()
    return clock, Service(clock, Pace(clock), **options)


@settings(max_examples=60, deadline=None)
@given(
    quota=st.integers(2, 40),
    window=st.integers(1, 10),
    there=st.floats(0, 0.04),
    back=st.floats(0.001, 0.04),
    requests=st.integers(1, 200),
    at_once=st.integers(1, 8),
)
def test_a_service_that_rounds_up_never_denies(quota, window, there, back, requests, at_once):
    clock, service = service_of(quota=quota, window=window)
    for _ in range(requests):
        service.settle(at_once - 1)
        service.ask(there, back)
    service.settle()
    assert service.denied == 0
    windows, latency = math.ceil(requests / quota), there + back
    needed = (windows - 1) * window + quota * latency
    slowest = max(needed, requests * latency + windows * 0.05)
    assert clock.time - 100 <= slowest * 1.05 + window


@pytest.mark.parametrize(("quota", "window"), [(15, 5), (3, 2)])
def test_a_service_that_rounds_down_soon_denies_nothing_more(quota, window):
    _, service = service_of(quota=quota, window=window, rounding=math.floor)
    denied = []
    for _ in range(quota * 12):
        service.ask(0, 0.02)
        service.settle()
        denied.append(service.denied)
    assert denied[quota * 6] == denied[-1] <= 3


def test_a_slow_first_connection_is_no_reason_to_be_early():
    """The service hears of the first request long after it was sent, and of those of the next window at once."""
    clock, service = service_of()
    service.ask(1.2, 0.1)
    for _ in range(QUOTA * 3 - 1):
        service.settle(7)
        service.ask(0.1, 0.1)
    service.settle()
    assert service.denied == 0
    assert clock.time - 100 <= 1.3 + 2 * (WINDOW + 0.5)


@pytest.mark.parametrize("latency", [0.04, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_on_an_uneven_network_the_quota_is_used_and_kept(latency, seed):
    """Each way takes half the latency, give or take a quarter of that; eight requests are on their way at once."""
    clock, service = service_of()
    chance = random.Random(seed)  # noqa: S311 - has to be repeatable
    for _ in range(QUOTA * 20):
        service.settle(7)
        service.ask(*(latency / 2 * chance.uniform(0.75, 1.25) for _ in range(2)))
    allowed = QUOTA * (1 + (clock.time - 100) / WINDOW)
    assert service.denied == 0
    assert 0.95 * allowed <= QUOTA * 20


def test_an_answer_that_comes_after_its_window_says_nothing_of_the_next():
    clock, service = service_of()
    for number in range(QUOTA * 2 - 1):  # it may be counted in either of the two
        service.settle(7)
        service.ask(0.1, 5.3 if number == QUOTA - 1 else 0.1)
    service.settle()
    assert service.denied == 0
    assert clock.time - 100 <= WINDOW + 1


def test_without_headers_requests_go_one_after_the_other():
    pace = Pace(ManualClock())
    for _ in range(3):
        pace.end(pace.begin(), {})


def test_a_429_holds_everything_back():
    clock = ManualClock()
    pace = Pace(clock)
    pace.end(pace.begin(), {}, retry_after=7)
    pace.begin()
    assert clock.time == 107


def test_answers_out_of_order_do_not_raise_what_is_left():
    clock = ManualClock()
    pace = Pace(clock)
    pace.end(pace.begin(), {**TOLD, "x-ms-user-quota-remaining": "3"})
    begun = [pace.begin() for _ in range(3)]
    for moment, remaining in zip(begun, ("0", "1", "2"), strict=True):
        pace.end(moment, {**TOLD, "x-ms-user-quota-remaining": remaining})
    pace.begin()
    assert clock.time > 105
