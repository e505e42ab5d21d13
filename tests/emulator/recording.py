"""What was asked of the emulator, and whether all of it only reads."""

from __future__ import annotations

import threading

from tests.emulator.judge import writes
from tests.emulator.whole_run import note
from tests.emulator.wire import RESOURCES_PATH, Request


class Recording:
    """Every request in the order in which it came; safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._statuses: dict[int, int] = {}
        self._count = 0

    def next_number(self) -> int:
        """The number of a request that just came."""
        with self._lock:
            self._count += 1
            return self._count

    def add(self, request: Request) -> None:
        """Remember a request, in the recording of the whole run too."""
        note("azure", request)
        with self._lock:
            self._requests.append(request)

    def answered(self, request: Request, status: int) -> None:
        """Remember how it was answered; 0 is a connection that was dropped."""
        with self._lock:
            self._statuses[request.number] = status

    def reset(self) -> None:
        """Forget everything; numbers begin at 1 again."""
        with self._lock:
            self._requests.clear()
            self._statuses.clear()
            self._count = 0

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        with self._lock:
            return sorted(self._requests, key=lambda request: request.number)

    def status(self, request: Request) -> int | None:
        """How a request was answered; 0 where the connection was dropped, None while it is being answered."""
        with self._lock:
            return self._statuses.get(request.number)

    @property
    def statuses(self) -> list[int | None]:
        """How each request was answered."""
        return [self.status(request) for request in self.requests]

    @property
    def queries(self) -> list[str]:
        """The KQL of every query, repeated pages included."""
        asked = [request.json() for request in self.requests if request.is_for(RESOURCES_PATH)]
        return [body["query"] for body in asked if isinstance(body, dict) and "query" in body]

    def assert_reads_only(self) -> None:
        """Hold the recording to GET, the query POST, and batches of GETs.

        Raises:
            AssertionError: with every other request.
        """
        if others := [f"{item.number}: {problem}" for item in self.requests for problem in writes(item)]:
            raise AssertionError("requests that do not only read:\n" + "\n".join(others))
