"""Keeps to a service's quota: as fast as its answers allow, and never faster.

Resource Graph counts the requests of one principal in a window (15 in 5 seconds by default) and says with every answer
how many are left (``x-ms-user-quota-remaining``) and when the window ends (``x-ms-user-quota-resets-after``). Nothing
about the quota is assumed: until the first answer, one request is sent at a time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from ztkit.errors import StoppedError

REMAINING = "x-ms-user-quota-remaining"
RESETS_AFTER = "x-ms-user-quota-resets-after"
_MARGIN_SECONDS = 0.02
_WINDOWS = 3
"""How many windows back the quickest answer is looked for; before there are two of them, none is known to be quick."""
_ALONE_SECONDS = 0.4
"""How long others wait at most for the first answer of a window; where even the quickest take longer, they do not wait."""
_SLACK_SECONDS = (0.25, 1.0)
"""What the first 429 in spite of all adds to a window, and the most that others make of it, each doubling it."""


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
    a window is taken from its beginning and the longest time ever told; a 429 in spite of that adds a little.

    A window begins when the service counts the first request of it: after that was sent, and before an answer came. What
    its first answer took longer than the quickest ones lately may have passed on the way there (a new connection, a network
    that was slow for a moment), so the window is taken to have begun that much later. Where answers are quick, the first
    request of a window goes alone, so that its answer does not wait for the work on others and tells the beginning well;
    where they are slow, the first of several answers tells it better.
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
        self._heard: float | None = None
        self._resets_by: float | None = None
        self._quickest: float | None = None
        self._is_connected = False
        self._quickest_lately: deque[float] = deque(maxlen=_WINDOWS)
        self._blocked_until = 0.0
        self._in_flight = 0
        self._stopped = threading.Event()

    def begin(self) -> float:
        """Wait until one more request is within the quota, and take it; returns when that was, for `end`.

        Raises:
            StoppedError: `stop` was called.
        """
        with self._changed:
            while (wait := self._seconds_to_wait()) != 0 and not self._stopped.is_set():
                self._clock.wait(self._changed, wait)
            if self._stopped.is_set():
                raise StoppedError("Interrupted.")
            now = self._clock.now()
            if self._began is None:
                self._began = now
            self._left -= 1
            self._in_flight += 1
            return now

    def end(
        self, begun: float, headers: Mapping[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        """Take note of an answer.

        Args:
            begun: what `begin` returned for the request.
            headers: of the answer; None where there was none.
            retry_after: seconds that the service asked to wait (429).
        """
        with self._changed:
            self._in_flight -= 1
            now = self._clock.now()
            if retry_after is not None:
                if now >= self._blocked_until:  # others that were sent with it are told the same
                    least, most = _SLACK_SECONDS
                    self._slack = min(most, max(least, 2 * self._slack))
                self._blocked_until = max(self._blocked_until, now + retry_after)
            told = _told(headers or {})
            if told is not None:
                self._learn(begun, now, *told)
            elif not self._period:
                self._left, self._began = 1, None  # a service that tells nothing: one after the other
            self._changed.notify_all()

    def rest(self, seconds: float) -> None:
        """Wait before another attempt, unless `stop` is called."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Let no request begin any more; what is on its way comes to its end."""
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()

    def _learn(self, begun: float, now: float, remaining: int, resets_after: float) -> None:
        if self._began is None or begun < self._began:
            return  # what it says is of the window before; should it be counted in this one, that was allowed for
        self._period = max(self._period, resets_after)
        self._quota = max(self._quota, remaining + 1)
        # answers come out of order, and requests on their way may be counted or not: the lowest view holds
        self._lowest = remaining if self._lowest is None else min(self._lowest, remaining)
        self._left = self._lowest - self._in_flight
        self._heard = now if self._heard is None else min(self._heard, now)
        if self._is_connected:  # the first answer of all waited for the connection too
            took = now - begun
            self._quickest = took if self._quickest is None else min(self._quickest, took)
        self._is_connected = True
        by = now + resets_after + 1
        self._resets_by = by if self._resets_by is None else min(self._resets_by, by)

    def _resets_at(self) -> float | None:
        """When the window ends; None where nothing was told of it yet."""
        if self._began is None or self._heard is None or self._resets_by is None:
            return None
        known = len(self._quickest_lately) > 1
        begins = max(self._began, self._heard - (min(self._quickest_lately) if known else 0.0))
        return min(begins + self._period + self._slack, self._resets_by) + _MARGIN_SECONDS

    def _close(self) -> None:
        """The window has ended, and none has begun."""
        if self._quickest is not None:
            self._quickest_lately.append(self._quickest)
        self._left = self._quota - self._in_flight
        self._lowest = None
        self._began = self._heard = self._resets_by = self._quickest = None

    def _seconds_to_wait(self) -> float | None:
        """0: go; None: until an answer comes; else seconds."""
        now = self._clock.now()
        if now < self._blocked_until:
            return self._blocked_until - now
        resets_at = self._resets_at()
        if resets_at is not None and now >= resets_at:
            self._close()
            resets_at = None
        if self._left > 0:
            return self._seconds_alone(now)
        if resets_at is None:
            return None if self._in_flight else 0
        return resets_at - now

    def _seconds_alone(self, now: float) -> float:
        """How long the first request of a window has still to itself."""
        if self._began is None or self._heard is not None or not self._in_flight:
            return 0
        if not self._quickest_lately or min(self._quickest_lately) > _ALONE_SECONDS:
            return 0
        return max(0, self._began + _ALONE_SECONDS - now)


def _told(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Requests left and seconds to the end of the window, where the headers say both."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        remaining = int(lower[REMAINING])
        hours, minutes, seconds = lower[RESETS_AFTER].split(":")
        return remaining, int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (KeyError, ValueError):
        return None
