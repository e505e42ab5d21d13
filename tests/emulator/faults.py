"""What can go wrong on demand, and the script that says at which requests it does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """Something that goes wrong."""

    INTERNAL_ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    THROTTLED = "429 out of the blue, with Retry-After"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    LICENCE_MISSING = "the 400 or 403 of Microsoft Graph where the tenant lacks a licence"
    TOKEN_EXPIRED = "the token of this request has expired: 401 until a fresh one is used"  # noqa: S105
    CLAIMS_CHALLENGE = "401 that asks for a token with claims (continuous access evaluation)"
    DROP_CONNECTION = "the connection is closed with no answer"
    RESET_IN_BODY = "the connection is reset in the middle of the body"
    CLOSE_IN_BODY = "the connection is closed in the middle of the body, short of its Content-Length"
    CUT_JSON = "the JSON ends in the middle, and Content-Length says so"
    SLOW_BODY = "the body comes in small pieces, with pauses"
    MEANWHILE = "something else happens while the answer is on its way"
    UNSTABLE_PAGES = "pages after the first of an unsorted query repeat rows and so lack others"
    ROWS_CHANGE = "from this request on some rows of its query are gone and some are new"
    WRONG_TOTAL = "totalRecords is not the number of rows"
    SKIP_TOKEN_EXPIRED = "a $skipToken is refused: 400"  # noqa: S105
    SUBSCRIPTION_LIMIT = "header x-ms-tenant-subscription-limit-hit"


ERRORS = {
    Fault.INTERNAL_ERROR: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.UNAVAILABLE: 503,
    Fault.GATEWAY_TIMEOUT: 504,
}
"""Faults that are a status of a server or gateway."""
STATUS_FAULTS = frozenset({*ERRORS, Fault.THROTTLED, Fault.FORBIDDEN, Fault.NOT_FOUND, Fault.LICENCE_MISSING})
"""Faults that a part of a batch can have."""


@dataclass(frozen=True)
class Planned:
    """A fault in the script.

    Attributes:
        at: numbers of the requests that it hits, counted from 1 among those that `where` names and that came
            after the fault was injected; None hits all of them.
        where: what a request has to be about: a table, an entity of Microsoft Graph, a path, a service
            (``resource-graph``, ``microsoft-graph``, ``resource-manager``); None is any request.
        retry_after: seconds in Retry-After of THROTTLED; None leaves the header out.
        pause: seconds between two pieces of a SLOW_BODY.
        pieces: into how many pieces a SLOW_BODY falls.
        by: what WRONG_TOTAL adds.
        share: the part of the rows that ROWS_CHANGE hides at a time, and that UNSTABLE_PAGES repeats on a page.
        code: the error's code, in place of the usual one.
        status: the status of LICENCE_MISSING, in place of the usual one.
        sent: the part of the body that is on its way when it happens MEANWHILE; 0 is before all of the answer.
        action: what happens MEANWHILE; the rest of the answer is sent when it returns.
    """

    fault: Fault
    at: frozenset[int] | None = None
    where: str | None = None
    retry_after: float | None = 1
    pause: float = 0.02
    pieces: int = 20
    by: int = 7
    share: float = 0.02
    code: str = ""
    status: int = 0
    sent: float = 0.5
    action: Callable[[], object] = lambda: None


class Hits(tuple[Planned, ...]):
    """The faults that hit one request."""

    __slots__ = ()

    def of(self, *faults: Fault) -> Planned | None:
        """The first hit by one of some faults."""
        return next((item for item in self if item.fault in faults), None)


class Script:
    """Faults that are planned; safe in several threads.

    Attributes:
        applied: each fault that hit, with the number of the request.
    """

    def __init__(self) -> None:
        self.applied: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()
        self._planned: list[Planned] = []
        self._seen: dict[int, int] = {}

    def add(self, planned: Planned) -> Planned:
        """Plan a fault; it counts requests from now on."""
        with self._lock:
            self._planned.append(planned)
            self._seen[id(planned)] = 0
        return planned

    def remove(self, planned: Planned) -> None:
        """Take a fault out of the script."""
        with self._lock:
            self._planned = [item for item in self._planned if item is not planned]

    def clear(self) -> None:
        """Take all faults out of the script, and forget what hit."""
        with self._lock:
            self._planned.clear()
            self._seen.clear()
            self.applied.clear()

    def hits(self, number: int, labels: Collection[str], *, anywhere: bool = True) -> Hits:
        """Count a request, and say what hits it.

        Args:
            number: the request's number.
            labels: what it is about, in lower case.
            anywhere: whether faults that name no place are meant too.
        """
        found = []
        with self._lock:
            for planned in self._planned:
                if not _is_about(planned, labels, anywhere):
                    continue
                self._seen[id(planned)] += 1
                if planned.at is None or self._seen[id(planned)] in planned.at:
                    found.append(planned)
                    self.applied.append((planned.fault, number))
        return Hits(found)

    def plans(self, fault: Fault, labels: Collection[str]) -> Planned | None:
        """A fault that is planned for requests of this kind, whether it hits this one or not."""
        with self._lock:
            return next(
                (item for item in self._planned if item.fault is fault and _is_about(item, labels, True)),
                None,
            )


def _is_about(planned: Planned, labels: Collection[str], anywhere: bool) -> bool:
    return anywhere if planned.where is None else planned.where.lower() in labels


def numbers(at: int | Iterable[int] | None) -> frozenset[int] | None:
    """Request numbers from one, several or None."""
    if at is None:
        return None
    return frozenset({at} if isinstance(at, int) else at)
