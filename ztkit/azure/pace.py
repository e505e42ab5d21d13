"""Keeps to a service's quota: as fast as its answers allow, and never faster.

Resource Graph counts the requests of one principal in a window (15 in 5 seconds by default) and says with every answer
how many are left (``x-ms-user-quota-remaining``) and when the window ends (``x-ms-user-quota-resets-after``). Nothing
about the quota is assumed: until the first answer, one request is sent at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol

REMAINING = "x-ms-user-quota-remaining"
RESETS_AFTER = "x-ms-user-quota-resets-after"
_MARGIN_SECONDS = 0.02


class Clock(Protocol):
    """Time that tests can make their own."""

    def now(self) -> float:
        """Seconds from some moment on."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that is held, at most so long."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that is held, at most so long."""
        condition.wait(seconds)


class Pace:
    """One service's quota, shared by all threads that ask it.

    A request begins with `begin` and ends with `end`, whatever came of it. The headers round to seconds, so the end of
    a window is taken from its first request and the longest time ever told; a 429 in spite of that adds a second.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._quota = 1
        self._period = 0.0
        self._slack = 0.0
        self._left = 1
        self._lowest: int | None = None
        self._began: float | None = None
        self._resets_at: float | None = None
        self._blocked_until = 0.0
        self._in_flight = 0

    def begin(self) -> None:
        """Wait until one more request is within the quota, and take it."""
        with self._changed:
            while (wait := self._seconds_to_wait()) != 0:
                self._clock.wait(self._changed, wait)
            if self._began is None:
                self._began = self._clock.now()
            self._left -= 1
            self._in_flight += 1

    def end(self, headers: Mapping[str, str] | None = None, retry_after: float | None = None) -> None:
        """Take note of an answer.

        Args:
            headers: of the answer; None where there was none.
            retry_after: seconds that the service asked to wait (429).
        """
        with self._changed:
            self._in_flight -= 1
            now = self._clock.now()
            if retry_after is not None:
                self._blocked_until = max(self._blocked_until, now + retry_after)
                self._slack = 1.0
            told = _told(headers or {})
            if told is not None:
                self._learn(now, *told)
            elif self._resets_at is None:
                self._left, self._began = 1, None  # a service that tells nothing: one after the other
            self._changed.notify_all()

    def _learn(self, now: float, remaining: int, resets_after: float) -> None:
        if self._began is None:
            self._began = now  # an answer to a request of the window before
        self._period = max(self._period, resets_after)
        self._quota = max(self._quota, remaining + 1)
        # answers come out of order, and requests on their way may be counted or not: the lowest view holds
        self._lowest = remaining if self._lowest is None else min(self._lowest, remaining)
        self._left = self._lowest - self._in_flight
        self._resets_at = min(self._began + self._period + self._slack, now + resets_after + 1)

    def _seconds_to_wait(self) -> float | None:
        """0: go; None: until an answer comes; else seconds."""
        now = self._clock.now()
        if now < self._blocked_until:
            return self._blocked_until - now
        if self._resets_at is not None and now >= self._resets_at + _MARGIN_SECONDS:
            self._left, self._lowest = self._quota - self._in_flight, None
            self._began = self._resets_at = None
        if self._left > 0:
            return 0
        if self._resets_at is None:
            return None if self._in_flight else 0
        return self._resets_at + _MARGIN_SECONDS - now


def _told(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Requests left and seconds to the end of the window, where the headers say both."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        remaining = int(lower[REMAINING])
        hours, minutes, seconds = lower[RESETS_AFTER].split(":")
        return remaining, int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (KeyError, ValueError):
        return None
