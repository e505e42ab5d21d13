"""Collects entities of Microsoft Graph into a journal: first pages in batches, the rest page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.rest import HttpRequest

from ztkit.azure.pace import Pace
from ztkit.azure.wire import Answer, send
from ztkit.collect.graph_objects import columns_of_object
from ztkit.collect.tenant.journal import Journal
from ztkit.collect.tenant.tables import Progress
from ztkit.errors import AccessError, ServiceError
from ztkit.model.graph import Entity

if TYPE_CHECKING:
    from azure.core import PipelineClient

BATCH = 20
"""Requests that one batch takes."""
_WHOLE = "all"
_ALL_MEMBERS = {"Prefer": "include-unknown-enum-members"}
"""Without it Microsoft Graph says `unknownFutureValue` for newer members of an enumeration, such as `riskRemediation`;
https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations."""
_REFUSALS = (400, 403, 404)


@dataclass(frozen=True)
class _Part:
    """One answer out of a batch, or of its own."""

    status: int
    body: Any


class EntityCollector:
    """Collects entities; several threads may go on with different ones."""

    def __init__(
        self, client: PipelineClient[Any, Any], journal: Journal, pace: Pace, progress: Progress
    ) -> None:
        self._client, self._journal, self._pace, self._progress = client, journal, pace, progress
        self._tenant = journal.order.tenant

    def collect(self, wanted: Sequence[Entity], pool: Executor) -> None:
        """Collect entities. One that may not be read is closed as unreadable, which is no error here.

        Raises:
            AccessError: nobody is signed in any more.
            ServiceError: the service does not answer.
        """
        self._tenant = self._find_tenant()
        open_ones = [item for item in wanted if self._journal.table(item.id).status == "open"]
        begun = [item for item in open_ones if self._journal.part(item.id, _WHOLE).files]
        fresh = [item for item in open_ones if item not in begun]
        for chunk in _chunks(fresh, BATCH):
            for entity, part in self._first_pages(chunk):
                self._take(entity, part)
        jobs = [pool.submit(self._rest, entity) for entity in open_ones]
        problems = [problem for job in jobs if (problem := job.exception()) is not None]
        if problems:
            raise problems[0]

    def _find_tenant(self) -> str:
        """The tenant that the account is in: every row says it, and the service's objects do not."""
        answer = self._get("/v1.0/organization?$select=id")
        found = (answer.data or {}).get("value") or [{}]
        return str(found[0].get("id") or self._journal.order.tenant)

    def _first_pages(self, chunk: Sequence[Entity]) -> Iterator[tuple[Entity, _Part]]:
        requests = [
            {"id": str(number), "method": "GET", "url": entity.path, "headers": _ALL_MEMBERS}
            for number, entity in enumerate(chunk)
        ]
        waiting = {str(number): entity for number, entity in enumerate(chunk)}
        batch = HttpRequest("POST", "/v1.0/$batch", json={"requests": requests})
        answer = send(self._client, batch, self._pace)
        for part in (answer.data or {}).get("responses", ()):
            entity = waiting.pop(str(part.get("id")), None)
            if entity is None:
                continue
            status = int(part.get("status", 0))
            if status == 429 or status >= 500:
                waiting[str(part.get("id"))] = entity  # asked again, by itself, with its own patience
            else:
                yield entity, _Part(status, part.get("body"))
        for entity in waiting.values():
            yield entity, self._single(f"/v1.0{entity.path}")

    def _single(self, path: str) -> _Part:
        try:
            return _Part(200, self._get(path).data)
        except (AccessError, ServiceError) as problem:
            if problem.status not in _REFUSALS:
                raise
            return _Part(problem.status, {"error": {"code": "", "message": str(problem)}})

    def _take(self, entity: Entity, part: _Part) -> None:
        if part.status != 200:
            self._journal.close_table(entity.id, "unreadable", reason=_refused(entity, part))
            return
        if not self._journal.table(entity.id).plans:
            self._journal.plan(entity.id, "0", [_WHOLE])
        body = part.body if isinstance(part.body, dict) else {}
        objects = [body] if entity.singleton else body.get("value")
        if not isinstance(objects, list):
            raise ServiceError(
                f"Microsoft Graph answered something that is no list of {entity.id}.", None, ""
            )
        following = "" if entity.first_page else _path_of(str(body.get("@odata.nextLink") or ""))
        rows = [columns_of_object(thing, entity, self._tenant) for thing in objects]
        self._journal.add_page(entity.id, _WHOLE, rows, None, next_=following, last=not following)
        self._progress(entity.id, len(rows))

    def _rest(self, entity: Entity) -> None:
        """Read from where an entity stands to its end."""
        while self._journal.table(entity.id).status == "open":
            state = self._journal.part(entity.id, _WHOLE)
            if state.done:
                self._journal.close_table(entity.id, "complete")
            else:
                self._take(entity, self._single(state.next))

    def _get(self, path: str) -> Answer:
        return send(self._client, HttpRequest("GET", path, headers=_ALL_MEMBERS), self._pace)


def _path_of(link: str) -> str:
    """A link to the next page without its host: wherever it points, it is asked of the service that gave it."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if link else ""


def _refused(entity: Entity, part: _Part) -> str:
    """Why an entity cannot be read, with what it needs by name."""
    error = part.body.get("error", {}) if isinstance(part.body, dict) else {}
    said = " ".join(filter(None, (str(error.get("code", "")), str(error.get("message", "")))))[:300]
    licence = f" and the licence {entity.licence}" if entity.licence else ""
    return f"{said} (it needs the permission {entity.permission}{licence})"


def _chunks(items: Sequence[Entity], size: int) -> Iterable[Sequence[Entity]]:
    return (items[at : at + size] for at in range(0, len(items), size))
