"""The live engine: checks run in Azure Resource Graph itself.

A check costs one request for its counts, or a share of one, and where something fails its failing rows. What passes stays
in the tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ztkit.azure.resource_graph import QueryClient
from ztkit.content.kql import begins_with_operator, tokenize
from ztkit.content.lint import resource_graph_limits
from ztkit.errors import AccessError, QueryError, ServiceError, TableUnreadableError

_TOGETHER = 4
"""Summaries that one request may join: the first and three joined to it."""


@dataclass(frozen=True)
class Counts:
    """Rows of a check by status; ``other`` are rows that break the row contract."""

    passed: int
    failed: int
    skipped: int
    other: int


class LiveInventory:
    """A tenant that answers KQL itself.

    Args:
        client: asks Resource Graph within its quota.
        bodies: the scope as request bodies; see `ztkit.azure.scope.Scope.bodies`.
    """

    def __init__(self, client: QueryClient, bodies: Sequence[Mapping[str, Any]]) -> None:
        self._client, self._bodies = client, bodies

    def counts(self, queries: Sequence[str]) -> list[Counts]:
        """Counts of the rows of some queries, in one request for each piece of the scope.

        Args:
            queries: of checks; what `groups` put together.

        Raises:
            TableUnreadableError: a table may not be read.
            QueryError: the service refuses the query.
        """
        totals = [[0] * 4 for _ in queries]
        for body in self._bodies:
            rows = self._page(together(queries), body).rows
            row = rows[0] if rows else {}
            for number, total in enumerate(totals):
                for at, name in enumerate(("passed", "failed", "skipped", "other")):
                    total[at] += int(row.get(f"{name}{number}") or 0)
        return [Counts(*total) for total in totals]

    def failing(self, query: str) -> Iterator[dict[str, Any]]:
        """The failing rows of a query, page by page, each id once.

        Raises:
            TableUnreadableError: a table may not be read.
            QueryError: the service refuses the query.
        """
        wanted = f"{_named(query)}\n| where status == 'fail'\n| order by id asc"
        seen: set[str] = set()
        for body in self._bodies:
            read = 0
            while True:
                page = self._page(wanted, body, skip=read)
                read += len(page.rows)
                for row in page.rows:
                    if str(row.get("id")).lower() not in seen:
                        seen.add(str(row.get("id")).lower())
                        yield row
                if not page.rows or read >= page.total:
                    break

    def _page(self, query: str, body: Mapping[str, Any], skip: int = 0) -> Any:
        try:
            return self._client.page(query, body, skip=skip)
        except AccessError as problem:
            if problem.status == 401:
                raise
            raise TableUnreadableError(str(problem)) from problem
        except ServiceError as problem:
            if problem.status != 400:
                raise
            raise QueryError(str(problem)) from problem


def groups(queries: Mapping[str, str]) -> list[list[str]]:
    """Put queries together whose summaries fit into one request, within the language's limits.

    Args:
        queries: by id of their check, in order.

    Returns:
        Ids, each once, a list for each request.
    """
    found: list[list[str]] = []
    for name, query in queries.items():
        for group in reversed(found):
            if len(group) < _TOGETHER and _fits([*(queries[other] for other in group), query]):
                group.append(name)
                break
        else:
            found.append([name])
    return found


def _fits(queries: Sequence[str]) -> bool:
    return not any(resource_graph_limits(tokenize(together(queries))))


def together(queries: Sequence[str]) -> str:
    """One query whose single row has the counts of all."""
    first, *others = (_summary(query, number) for number, query in enumerate(queries))
    joins = "".join(f"\n| join kind=inner (\n{other}\n) on together" for other in others)
    return f"{first}{joins}\n| project-away together" if others else first


def _summary(query: str, number: int) -> str:
    return (
        f"{_named(query)}\n"
        f"| summarize passed{number} = countif(status == 'pass'), failed{number} = countif(status == 'fail'), "
        f"skipped{number} = countif(status == 'skip'), "
        f"other{number} = countif(status !in ('pass', 'fail', 'skip'))\n"
        "| extend together = 1"
    )


def _named(query: str) -> str:
    """The query with its table named, as a joined one has to have it."""
    tokens = tokenize(query)
    text = query.strip()
    if not begins_with_operator(tokens):
        return text
    return f"resources\n{text}" if text.startswith("|") else f"resources\n| {text}"
