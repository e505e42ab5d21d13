"""Whether a request only reads: the rule that every request of ztkit is held to, wherever it was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.emulator.wire import BATCH_PATH, RESOURCES_PATH, Request
from ztkit.content.tables import all_tables
from ztkit.engine.kusto_manifest import MANIFEST

_QUERIES = ("/v1/rest/query", "/v2/rest/query")
_COMMANDS = "/v1/rest/mgmt"
_COMMAND = re.compile(
    r"""\.(?: show\ tables
            | cancel\ query\ "ztkit\.check;[^"]*"
            | create-merge\ table\ \['(?P<made>\w+)'\]\ \(\['[^\n]*\)
            | clear\ table\ \['(?P<emptied>\w+)'\]\ data
            | ingest\ inline\ into\ table\ \['(?P<filled>\w+)'\]\ with\ \(format="csv"\)\ <\|(?:\n.*)? )""",
    re.VERBOSE | re.DOTALL,
)
"""The commands of `ztkit kusto` on the user's own cluster: a query is read-only by itself, `push` fills tables of ours."""


def writes(request: Request) -> Iterator[str]:
    """What of a request to Azure is neither GET, nor the query POST, nor a batch of GETs."""
    if request.method == "GET" or (request.method == "POST" and request.is_for(RESOURCES_PATH)):
        return
    if request.method != "POST" or not request.is_for(BATCH_PATH):
        yield f"{request.method} {request.path}"
        return
    parts = parts_of(request)
    if parts is None:
        yield f"a batch that is none: {request.body[:80]!r}"
    for part in parts or ():
        if not isinstance(part, dict) or str(part.get("method", "GET")).upper() != "GET":
            yield f"in a batch: {part}"


def parts_of(request: Request) -> list[Any] | None:
    """The parts of a batch; None where it is no batch."""
    body = request.json()
    parts = body.get("requests") if isinstance(body, dict) else None
    return parts if isinstance(parts, list) else None


def harms(request: Request) -> Iterator[str]:
    """What of a request to a Kusto cluster is neither a query marked read-only nor a command that ztkit is for."""
    body = request.json()
    if request.method != "POST" or not isinstance(body, dict):
        yield f"{request.method} {request.path}"
        return
    text = str(body.get("csl"))
    if request.is_for(_COMMANDS):
        found = _COMMAND.fullmatch(text)
        tables = {name for name in found.groups() if name} if found else set()
        if found is None or not tables <= {*all_tables(), MANIFEST}:
            yield f"command {text[:80]!r}"
    elif not any(request.is_for(path) for path in _QUERIES):
        yield f"POST {request.path}"
    elif text.lstrip().startswith(".") or not _says_that_it_reads(body):
        yield f"a query that is not read-only: {text[:80]!r}"


def _says_that_it_reads(body: dict[str, Any]) -> bool:
    """Whether a query's properties, which come as text, have the cluster refuse whatever would not only read."""
    try:
        options = json.loads(body["properties"])["Options"]
    except (KeyError, TypeError, ValueError):
        return False
    return isinstance(options, dict) and options.get("request_readonly") is True
