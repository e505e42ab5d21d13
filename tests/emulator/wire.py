"""Requests and answers as plain values, and the shapes in which the two services say what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

RESOURCES_PATH = "/providers/Microsoft.ResourceGraph/resources"
BATCH_PATH = "/v1.0/$batch"


@dataclass(frozen=True)
class Request:
    """A request as it came, without the secret in its Authorization header.

    Attributes:
        number: counts all requests from 1, in the order in which they came.
        at: when it came, on the clock of ``time.monotonic``.
        path: decoded, without the query string.
        query: the query string as it was sent.
        options: the same, decoded.
        headers: names in lower case; the value of Authorization is replaced by ``***``.
    """

    number: int
    at: float
    method: str
    path: str
    query: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body read as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def is_for(self, path: str) -> bool:
        """Whether the request is for a path, in any letter case."""
        return self.path.rstrip("/").lower() == path.lower()


@dataclass(frozen=True)
class Response:
    """An answer; one without a body is sent with an empty one."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, data: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, headers or {})


def arm_error(
    status: int,
    code: str,
    message: str,
    details: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as Azure Resource Manager and Resource Graph write it."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = list(details)
    return json_response(status, {"error": error}, headers)


def graph_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as Microsoft Graph writes it."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    error = {
        "code": code,
        "message": message,
        "innerError": {"date": moment, "request-id": "", "client-request-id": ""},
    }
    return json_response(status, {"error": error}, headers)
