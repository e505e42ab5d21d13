"""Reads tables of Azure Resource Graph, page by page, so that no row is lost or comes twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest

from ztkit.azure.pace import Pace
from ztkit.azure.scope import SUBSCRIPTION_LIMIT
from ztkit.azure.wire import send
from ztkit.errors import ServiceError

if TYPE_CHECKING:
    from azure.core import PipelineClient

API_VERSION = "2024-04-01"
_PATH = "/providers/Microsoft.ResourceGraph/resources"
PAGE_ROWS = 1_000
ABOVE_AND_BELOW = "AtScopeAboveAndBelow"
"""With it assignments inherited from above the scope are among the rows."""


@dataclass(frozen=True)
class Page:
    """One answer.

    Attributes:
        total: rows that the whole query has, as this answer says.
        limited: the scope has more subscriptions than the service looks at.
    """

    rows: list[dict[str, Any]]
    total: int
    token: str
    limited: bool


class QueryClient:
    """Asks Resource Graph, within its quota."""

    def __init__(self, client: PipelineClient[Any, Any], pace: Pace) -> None:
        self._client, self._pace = client, pace

    def page(
        self, query: str, scope: Mapping[str, Any], *, skip: int = 0, token: str = "", rows: int | None = None
    ) -> Page:
        """One page of a query.

        Args:
            query: sorted by ``id``.
            scope: see `Scope.bodies`.
            skip: rows already read, where there is no token (any more).
            token: what the page before gave.
            rows: how many at most; `PAGE_ROWS` unless said.

        Raises:
            AccessError: the table may not be read.
            ServiceError: the query is refused, or the service does not answer.
        """
        options: dict[str, Any] = {
            "resultFormat": "objectArray",
            "$top": rows or PAGE_ROWS,
            "authorizationScopeFilter": ABOVE_AND_BELOW,
        }
        if token:
            options["$skipToken"] = token
        elif skip:
            options["$skip"] = skip
        if not scope or "managementGroups" in scope:
            options["allowPartialScopes"] = True
        request = HttpRequest(
            "POST",
            _PATH,
            params={"api-version": API_VERSION},
            json={"query": query, **scope, "options": options},
        )
        answer = send(self._client, request, self._pace)
        data = answer.data
        if not isinstance(data, dict) or not isinstance(data.get("data"), list):
            raise ServiceError("Resource Graph answered something that is no list of rows.", None, "")
        return Page(
            rows=data["data"],
            total=int(data.get("totalRecords", len(data["data"]))),
            token=str(data.get("$skipToken") or ""),
            limited=_header(answer.headers, SUBSCRIPTION_LIMIT).lower() == "true",
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
