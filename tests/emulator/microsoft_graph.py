"""Microsoft Graph v1.0: lists, single objects and batches, from the snapshot's tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pyarrow as pa

from tests.emulator.estate import Estate
from tests.emulator.faults import STATUS_FAULTS, Fault, Hits, Planned, Script
from tests.emulator.status_faults import graph_status
from tests.emulator.tokens import PageTokens, TokenError
from tests.emulator.wire import BATCH_PATH, Request, Response, graph_error, json_response
from ztkit.content.tables import entities
from ztkit.model.graph import Entity

SERVICE = "microsoft-graph"
ROOT = "/v1.0"
MAX_BATCH = 20
MAX_TOP = 999
_OPTIONS = frozenset({"$select", "$expand", "$filter", "$top", "$skiptoken", "$orderby", "$count", "$search"})
_LATE_MEMBER = (b'"riskRemediation"', b'"unknownFutureValue"')
"""A member of an enumeration that is told only to those who ask for all members, and what the others are told."""


class MicrosoftGraph:
    """Answers from an estate; safe in several threads.

    Args:
        estate: the rows.
        script: faults, for the parts of batches.
        tokens: makes skip tokens.
        base_url: where the emulator listens, for links to the next page.
        page_rows: objects a page where the request does not say ``$top``.
    """

    def __init__(
        self, estate: Estate, script: Script, tokens: PageTokens, base_url: str, page_rows: int
    ) -> None:
        self._estate, self._script, self._tokens = estate, script, tokens
        self._base, self._page_rows = base_url + ROOT, page_rows
        self._rows: Callable[[str], pa.Table] = lru_cache(estate.graph_rows)

    def labels(self, request: Request) -> frozenset[str]:
        """The entity and path that a request is about, for the script of faults."""
        return _labels(request.path)

    def handle(self, request: Request, hits: Hits) -> Response:
        """Answer a request."""
        if request.is_for(BATCH_PATH):
            return self._batch(request)
        if request.method != "GET":
            return graph_error(
                405, "Request_BadRequest", f"Specified HTTP method {request.method} is not allowed."
            )
        return self._read(request.path, request.options, hits, request.headers)

    def failed(self, request: Request, planned: Planned) -> Response:
        """The answer where a fault is a status."""
        return graph_status(planned, _entity(request.path))

    def _read(
        self, path: str, options: Mapping[str, str], hits: Hits, headers: Mapping[str, str]
    ) -> Response:
        entity = _entity(path)
        if entity is None:
            segment = path.rstrip("/").rpartition("/")[2]
            return graph_error(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        if unknown := sorted(
            name for name in options if name.startswith("$") and name.lower() not in _OPTIONS
        ):
            return graph_error(400, "BadRequest", f"The query option '{unknown[0]}' is not known.")
        options = {name.lower(): value for name, value in options.items()}
        found = self._single(entity, options) if entity.singleton else self._list(entity, path, options, hits)
        if "include-unknown-enum-members" in headers.get("prefer", ""):
            return found
        return Response(found.status, found.body.replace(*_LATE_MEMBER), found.headers)

    def _single(self, entity: Entity, options: Mapping[str, str]) -> Response:
        rows = self._rows(entity.id)
        if not rows.num_rows:
            return graph_error(404, "ResourceNotFound", f"There is no {entity.title} in this tenant.")
        found = _object(entity, rows.slice(0, 1).to_pylist()[0], options)
        return json_response(200, {"@odata.context": self._context(entity, options) + "/$entity", **found})

    def _list(self, entity: Entity, path: str, options: Mapping[str, str], hits: Hits) -> Response:
        top = options.get("$top", str(self._page_rows))
        if not top.isdigit() or not 1 <= int(top) <= MAX_TOP:
            message = f"Invalid page size specified: '{top}'. Must be between 1 and {MAX_TOP} inclusive."
            return graph_error(400, "Request_UnsupportedQuery", message)
        offset, token = 0, options.get("$skiptoken")
        if token is not None:
            try:
                offset, _ = self._tokens.read(token, entity.id)
            except TokenError as problem:
                return graph_error(400, "Request_BadRequest", str(problem))
            if expired := hits.of(Fault.SKIP_TOKEN_EXPIRED):
                code = expired.code or "Directory_ExpiredPageToken"
                return graph_error(400, code, "The specified page token value has expired.")
        rows = self._rows(entity.id)
        end = min(offset + int(top), rows.num_rows)
        answer: dict[str, Any] = {"@odata.context": self._context(entity, options)}
        if end < rows.num_rows:
            kept = {name: value for name, value in options.items() if name != "$skiptoken"}
            kept["$skiptoken"] = self._tokens.make(entity.id, end, 0)
            text = urlencode(kept, safe="$,()", quote_via=quote)
            place = quote(path.removeprefix(ROOT), safe="/()=',")
            answer["@odata.nextLink"] = f"{self._base}{place}?{text}"
        answer["value"] = [
            _object(entity, row, options) for row in rows.slice(offset, end - offset).to_pylist()
        ]
        return json_response(200, answer)

    def _context(self, entity: Entity, options: Mapping[str, str]) -> str:
        chosen = f"({options['$select']})" if options.get("$select") else ""
        return f"{self._base}/$metadata#{_plain(entity).strip('/')}{chosen}"

    def _batch(self, request: Request) -> Response:
        body = request.json()
        parts = body.get("requests") if isinstance(body, dict) else None
        if request.method != "POST" or not isinstance(parts, list) or not parts:
            return graph_error(400, "BadRequest", "Invalid batch payload format.")
        if len(parts) > MAX_BATCH:
            message = f"Number of batch request steps exceeds the maximum value of {MAX_BATCH}."
            return graph_error(400, "BadRequest", message)
        ids = [part.get("id") for part in parts]
        if len(set(ids)) != len(ids) or not all(isinstance(item, str) and item for item in ids):
            return graph_error(400, "BadRequest", "Every part of a batch needs an id of its own.")
        answers = [self._part(request, part) for part in parts]
        return json_response(200, {"responses": answers[::-1]})  # the order is not that of the requests

    def _part(self, request: Request, part: Mapping[str, Any]) -> dict[str, Any]:
        path, _, text = str(part.get("url", "")).partition("?")
        path = ROOT + "/" + unquote(path).strip("/")
        hits = self._script.hits(request.number, _labels(path) - {SERVICE}, anywhere=False)
        if str(part.get("method", "")).upper() != "GET":
            response = graph_error(405, "Request_BadRequest", "Only GET is read here.")
        elif planned := hits.of(*STATUS_FAULTS):
            response = graph_status(planned, _entity(path))
        else:
            headers = {name.lower(): value for name, value in part.get("headers", {}).items()}
            response = self._read(path, dict(parse_qsl(text, keep_blank_values=True)), hits, headers)
        return {
            "id": part["id"],
            "status": response.status,
            "headers": {"Content-Type": "application/json", **response.headers},
            "body": json.loads(response.body),
        }


def _object(entity: Entity, row: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, Any]:
    """A row as the object that it was."""
    found: dict[str, Any] = {}
    if row["type"].lower() != entity.id.lower():
        names = {name.lower(): name for name in entity.derived}
        found["@odata.type"] = "#microsoft.graph." + names.get(row["type"].lower(), row["type"])
    if not entity.singleton or row["id"] != entity.id:
        found["id"] = row["id"]
    if row["displayName"]:
        found["displayName"] = row["displayName"]
    found.update(json.loads(row["properties"] or "{}"))
    if not options.get("$select"):
        return found
    chosen = [name.strip() for name in options["$select"].split(",")]
    kept = {name: value for name, value in found.items() if name.startswith("@")}
    return kept | {name: found.get(name) for name in chosen}


def _plain(entity: Entity) -> str:
    return entity.path.split("?")[0]


@lru_cache(maxsize=1)
def _by_path() -> Mapping[str, Entity]:
    return {(ROOT + _plain(entity)).lower(): entity for entity in entities().values()}


def _entity(path: str) -> Entity | None:
    return _by_path().get(path.rstrip("/").lower())


def _labels(path: str) -> frozenset[str]:
    """What a fault can name: the entity, the path with or without ``/v1.0``."""
    whole = path.rstrip("/").lower()
    entity = _entity(path)
    names = {SERVICE, whole, whole.removeprefix(ROOT)}
    return frozenset(names | ({entity.id.lower()} if entity else set()))
