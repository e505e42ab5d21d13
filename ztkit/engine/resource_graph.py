"""The live engine: checks run in Azure Resource Graph itself.

A check costs one request for its counts, or a share of one, and where something fails its failing rows; a table costs one
for its size. What passes stays in the tenant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ztkit.azure.pace import Pace
from ztkit.azure.resource_graph import Page, QueryClient
from ztkit.azure.scope import LIMITED, SUBSCRIPTIONS_A_REQUEST, Scope
from ztkit.content.kql import Token, begins_with_operator, tokenize
from ztkit.content.lint import resource_graph_limits
from ztkit.errors import AccessError, QueryError, ServiceError, TableUnreadableError, UsageError
from ztkit.model.snapshot import TableManifest

if TYPE_CHECKING:
    from azure.core import PipelineClient

_JOINS = 3
"""Joins that a query may have. Joining summaries takes one less than there are, so four are the most."""
_JOINED, _ON = "\n| join kind=inner (\n", "\n) on together"
_COUNTED = ("passed", "failed", "skipped", "other")


@dataclass(frozen=True)
class Counts:
    """Rows of a check by status.

    Attributes:
        other: rows that break the row contract: without an id, or with another status.
        limited: the scope has more subscriptions than the service looked at.
    """

    passed: int
    failed: int
    skipped: int
    other: int
    limited: bool = False


@dataclass(frozen=True)
class Listing:
    """The rows of a query, read page by page.

    Attributes:
        total: how many there are, as the service says; the most where it says several things.
        settled: every page told one number, and so many rows came.
    """

    rows: list[dict[str, Any]]
    total: int
    settled: bool


class LiveInventory:
    """A tenant that answers KQL itself; several threads may ask it.

    Args:
        client: for Azure Resource Manager; see `Connection.resource_graph`.
        scope: which part of the tenant. Every query sees all of it at once, as it would offline: a scope that takes
            several requests would judge a resource without those that it depends on.
        repeat: whether errors may repeat the service's own words, which can name what is in the tenant; if not, they
            have its status and code alone.

    Raises:
        UsageError: the scope takes more than one request.
    """

    def __init__(self, client: PipelineClient[Any, Any], scope: Scope, *, repeat: bool = True) -> None:
        bodies = scope.bodies()
        if len(bodies) > 1:
            raise UsageError(
                f"{len(scope.subscriptions)} subscriptions are named, and a query sees {SUBSCRIPTIONS_A_REQUEST} at most. "
                "Name a management group, or none for all that may be read; or `ztkit collect` and assess the snapshot."
            )
        self._pace = Pace()
        self._client, self._body, self._repeat = QueryClient(client, self._pace), bodies[0], repeat

    @contextmanager
    def at_once(self, threads: int) -> Iterator[ThreadPoolExecutor]:
        """Threads to ask in; when the block ends with an error, such as Ctrl-C, they ask for nothing more."""
        with ThreadPoolExecutor(threads) as pool:
            try:
                yield pool
            except BaseException:
                self._pace.stop()
                raise

    def look(self, table: str, query: str) -> TableManifest:
        """Find out whether a table may be read, and how many rows it has.

        Args:
            table: its name.
            query: its rows, or those of them that matter.
        """
        try:
            page = self._page(f"{query}\n| count")
            row = page.rows[0] if page.rows else {}
            rows = next((int(value) for name, value in row.items() if name.lower() == "count"), None)
        except QueryError as problem:
            return TableManifest(name=table, rows=0, status="unreadable", reason=str(problem))
        if rows is None:
            return TableManifest(name=table, rows=0, status="unreadable", reason="its rows were not counted")
        status, reason = ("partial", LIMITED) if page.limited else ("complete", "")
        return TableManifest(name=table, rows=rows, status=status, reason=reason)

    def counts(self, queries: Sequence[str]) -> list[Counts]:
        """Counts of the rows of some queries, in one request.

        Args:
            queries: of checks; what `groups` put together.

        Raises:
            TableUnreadableError: a table may not be read.
            QueryError: the service refuses the query, or does not answer with counts.
        """
        page = self._page(together(queries))
        try:
            (row,) = page.rows
            return [_counts_of(row, number, page) for number in range(len(queries))]
        except (ValueError, KeyError, TypeError) as problem:
            raise QueryError("Resource Graph did not answer with counts") from problem

    def failing(self, query: str) -> Listing:
        """The failing rows of a query.

        Raises:
            TableUnreadableError: a table may not be read.
            QueryError: the service refuses the query.
        """
        return self.rows(f"{_named(query)}\n| where status == 'fail'\n| order by id asc")

    def rows(self, query: str) -> Listing:
        """The rows of a query that is sorted by ``id``, page by page; raises as `failing` does."""
        rows: list[dict[str, Any]] = []
        totals: set[int] = set()
        token = ""
        while True:
            page = self._next(query, len(rows), token)
            rows += page.rows
            totals.add(page.total)
            token = page.token
            if not page.rows or len(rows) >= page.total:
                return Listing(rows, max(totals), settled=totals == {len(rows)})

    def _next(self, query: str, read: int, token: str) -> Page:
        try:
            return self._page(query, skip=read, token=token)
        except QueryError as problem:
            if not token or isinstance(problem, TableUnreadableError):
                raise
            return self._page(query, skip=read)  # tokens do not last

    def _page(self, query: str, skip: int = 0, token: str = "") -> Page:
        try:
            return self._client.page(query, self._body, skip=skip, token=token)
        except ServiceError as problem:
            if problem.status in (None, 401):  # no answer, or nobody is signed in: our words
                raise
            text = str(problem) if self._repeat else _without_words(problem)
            if problem.status == 400:
                raise QueryError(text) from None
            if isinstance(problem, AccessError):
                raise TableUnreadableError(text) from None
            raise ServiceError(text, problem.status, problem.code) from None


def _counts_of(row: Mapping[str, Any], number: int, page: Page) -> Counts:
    passed, failed, skipped, other = (int(row[f"{name}{number}"]) for name in _COUNTED)
    return Counts(passed, failed, skipped, other, page.limited)


def _without_words(problem: ServiceError) -> str:
    """An error without the service's explanation: its status and its code, if that is one."""
    code = f" {problem.code}" if re.fullmatch(r"[A-Za-z/]{1,100}", problem.code) else ""
    return f"HTTP {problem.status}{code}"


def groups(queries: Mapping[str, str]) -> list[list[str]]:
    """Put queries together whose summaries fit into one request, within the language's limits.

    Args:
        queries: by id of their check, in order.

    Returns:
        Ids, each once, a list for each request.
    """
    summaries = {name: tokenize(_summary(query, 0)) for name, query in queries.items()}
    joins = {name: sum(token.lower == "join" for token in tokens) for name, tokens in summaries.items()}
    found: list[list[str]] = []
    for name in queries:
        for group in reversed(found):
            enough = sum(joins[other] for other in group) + joins[name] + len(group) > _JOINS
            if not enough and _fits([*(summaries[other] for other in group), summaries[name]]):
                group.append(name)
                break
        else:
            found.append([name])
    return found


def _fits(summaries: Sequence[tuple[Token, ...]]) -> bool:
    """Whether summaries fit into one query; their tokens are joined as `together` joins their texts."""
    first, *others = summaries
    before, after = tokenize(_JOINED), tokenize(_ON)
    return not any(resource_graph_limits(sum(((*before, *other, *after) for other in others), first)))


def together(queries: Sequence[str]) -> str:
    """One query whose single row has the counts of all."""
    first, *others = (_summary(query, number) for number, query in enumerate(queries))
    joined = "".join(f"{_JOINED}{other}{_ON}" for other in others)
    return f"{first}{joined}\n| project-away together" if others else first


def _summary(query: str, number: int) -> str:
    return (
        f"{_named(query)}\n"
        f"| summarize passed{number} = countif(status == 'pass'), failed{number} = countif(status == 'fail'), "
        f"skipped{number} = countif(status == 'skip'), "
        f"other{number} = countif(status !in ('pass', 'fail', 'skip') or isempty(id))\n"
        "| extend together = 1"
    )


def _named(query: str) -> str:
    """The query with its table named, as a joined one has to have it."""
    tokens = tokenize(query)
    text = query.strip()
    if not begins_with_operator(tokens):
        return text
    return f"resources\n{text}" if text.startswith("|") else f"resources\n| {text}"
