"""The quota of Resource Graph: so many requests of a principal in a window that begins with the first of them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ruling:
    """What the quota says of one request.

    Attributes:
        resets_after: seconds until the window ends.
    """

    allowed: bool
    remaining: int
    resets_after: float


@dataclass(frozen=True)
class Asked:
    """A request that was counted: when, by whom, and whether it was allowed."""

    at: float
    principal: str
    allowed: bool


class Quota:
    """Counts requests; safe in several threads.

    Attributes:
        asked: every request that was counted, in order.
    """

    def __init__(self, limit: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.window = limit, window
        self.asked: list[Asked] = []
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    @property
    def allowed(self) -> int:
        """How many requests were allowed."""
        return sum(item.allowed for item in self.asked)

    @property
    def denied(self) -> int:
        """How many requests were over the quota."""
        return len(self.asked) - self.allowed

    def take(self, principal: str) -> Ruling:
        """Count a request of a principal; one that is denied does not make the wait longer."""
        with self._lock:
            now = self._clock()
            begun, used = self._windows.get(principal, (now, 0))
            if now - begun >= self.window:
                begun, used = now, 0
            allowed = used < self.limit
            used += allowed
            self._windows[principal] = (begun, used)
            self.asked.append(Asked(now, principal, allowed))
            return Ruling(allowed, self.limit - used, begun + self.window - now)

    def reset(self) -> None:
        """Forget all requests."""
        with self._lock:
            self.asked.clear()
            self._windows.clear()

    def headers(self, ruling: Ruling) -> dict[str, str]:
        """The headers of an answer: whole seconds, rounded up, unless the window is shorter than one."""
        seconds = ruling.resets_after if self.window < 1 else math.ceil(ruling.resets_after)
        headers = {
            "x-ms-user-quota-remaining": str(ruling.remaining),
            "x-ms-user-quota-resets-after": timespan(seconds),
        }
        if not ruling.allowed:
            headers["Retry-After"] = seconds_text(seconds)
        return headers


def timespan(seconds: float) -> str:
    """``hh:mm:ss``, with seven digits of a second where there is a fraction."""
    ticks = math.ceil(round(seconds * 10**7, 3))
    whole, fraction = divmod(max(ticks, 0), 10**7)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{fraction:07}" if fraction else text


def seconds_text(seconds: float) -> str:
    """A value of Retry-After: whole where it can be, and never too short."""
    return str(int(seconds)) if seconds == int(seconds) else f"{math.ceil(seconds * 1000) / 1000:.3f}"
