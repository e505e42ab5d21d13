"""Resource Graph: ``POST /providers/Microsoft.ResourceGraph/resources``."""

from __future__ import annotations

import json
import random
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from tests.emulator import refusals
from tests.emulator.estate import Estate, Result, Scope
from tests.emulator.faults import Fault, Hits, Planned, Script
from tests.emulator.rendering import columns_of, fitting, render_rows
from tests.emulator.tokens import PageTokens, TokenError
from tests.emulator.traits import Traits, traits_of
from tests.emulator.wire import RESOURCES_PATH, Request, Response, arm_error
from ztkit.errors import QueryError

SERVICE = "resource-graph"
MAX_ROWS = 1000
KEPT_BYTES = 512_000_000
"""Results are kept up to this size, the last one in any case."""
_FILTERS = ("AtScopeAndBelow", "AtScopeAndAbove", "AtScopeExact", "AtScopeAboveAndBelow")


class _RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True)
class _Asked:
    """A request that was understood."""

    traits: Traits
    scope: Scope
    top: int
    skip: int | None
    token: str
    as_objects: bool

    @property
    def subject(self) -> str:
        """What is paged; part of the token."""
        return f"{self.scope.condition('policyresources')}\0{self.traits.query}"


@dataclass(frozen=True)
class Page:
    """A page that was answered.

    Attributes:
        begin: how many of the query's rows come before it.
        top: how many rows it was asked for.
    """

    query: str
    begin: int
    top: int


@dataclass(frozen=True)
class _Rows:
    rows: list[bytes]
    total: int
    end: int


class ResourceGraph:
    """Answers queries from an estate; safe in several threads.

    Args:
        estate: the rows.
        script: faults that change pages.
        tokens: makes skip tokens.
        page_bytes: about how large an answer may be.
        token_life: for how many further queries a skip token is good; None is for ever.
        seed: decides which rows the faults choose.

    Attributes:
        pages: each that was answered.
    """

    def __init__(
        self,
        estate: Estate,
        script: Script,
        tokens: PageTokens,
        page_bytes: int,
        token_life: int | None,
        seed: int,
    ) -> None:
        self._estate, self._script, self._tokens = estate, script, tokens
        self._page_bytes, self._token_life, self._seed = page_bytes, token_life, seed
        self._running, self._keeping = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[tuple[str, Scope], Result] = OrderedDict()
        self._kept_bytes = 0
        self._changes: dict[str, int] = {}
        self._queries = 0
        self.pages: list[Page] = []

    def labels(self, request: Request) -> frozenset[str]:
        """The tables that a request reads, for the script of faults."""
        body = request.json()
        query = body.get("query") if isinstance(body, dict) else None
        try:
            return traits_of(query).tables if isinstance(query, str) else frozenset()
        except QueryError:
            return frozenset()

    def reset(self) -> None:
        """Forget which rows were changed."""
        with self._keeping:
            self._changes.clear()
            self.pages.clear()
            self._queries = 0

    def handle(self, request: Request, hits: Hits) -> Response:
        """Answer a query."""
        with self._keeping:
            self._queries += 1
            query_number = self._queries
        try:
            asked = self._understand(request)
            offset = self._offset(request, asked, hits, query_number)
            result = self._result(request, asked)
        except _RefusedError as refused:
            return refused.response
        page = self._page(asked, result, offset, hits)
        with self._keeping:
            self.pages.append(Page(request.json()["query"], offset, asked.top))
        return self._response(asked, result, page, hits, query_number)

    def _understand(self, request: Request) -> _Asked:
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise self._wrong(request, "InvalidRequest", "The request body has no query.")
        subscriptions, groups = body.get("subscriptions") or [], body.get("managementGroups") or []
        if subscriptions and groups:
            raise self._wrong(
                request, "InvalidRequest", "subscriptions and managementGroups exclude each other."
            )
        options = body.get("options") or {}
        top, skip = options.get("$top", MAX_ROWS), options.get("$skip")
        if not isinstance(top, int) or not 1 <= top <= MAX_ROWS:
            raise self._wrong(request, "InvalidRequest", f"$top is {top}; it must be from 1 to {MAX_ROWS}.")
        chosen = options.get("authorizationScopeFilter", _FILTERS[0])
        if chosen not in _FILTERS:
            raise self._wrong(request, "InvalidRequest", f"authorizationScopeFilter is {chosen!r}.")
        try:
            traits = traits_of(body["query"])
            problems = list(refusals.refused(body["query"]))
        except QueryError as problem:
            problems = [refusals.of_engine(problem)]
        if problems:
            raise _RefusedError(refusals.invalid_query(request.number, *problems))
        return _Asked(
            traits=traits,
            scope=Scope(self._readable(subscriptions), chosen == "AtScopeAboveAndBelow", traits.partition),
            top=top,
            skip=skip,
            token=options.get("$skipToken") or "",
            as_objects=str(options.get("resultFormat", "objectArray")).lower() != "table",
        )

    def _readable(self, subscriptions: list[str]) -> frozenset[str] | None:
        """The subscriptions that are read; those that cannot be are left out without a word."""
        known, wanted = self._estate.readable, frozenset(item.lower() for item in subscriptions)
        found = wanted & known if wanted else known if self._estate.hides else None
        if found is not None and not found:
            message = "The client does not have authorization to read the requested scope."
            raise _RefusedError(arm_error(403, "AccessDenied", message))
        return found

    def _offset(self, request: Request, asked: _Asked, hits: Hits, number: int) -> int:
        skip = 0 if asked.traits.limited else asked.skip
        if not asked.token:
            return skip or 0
        try:
            offset, issued = self._tokens.read(asked.token, asked.subject)
        except TokenError as problem:
            raise self._wrong(request, "InvalidSkipToken", str(problem)) from problem
        too_old = self._token_life is not None and number - issued > self._token_life
        if planned := hits.of(Fault.SKIP_TOKEN_EXPIRED) or too_old:
            code = planned.code if isinstance(planned, Planned) and planned.code else "SkipTokenExpired"
            raise self._wrong(request, code, "The skip token has expired.")
        return offset if skip is None else skip

    def _result(self, request: Request, asked: _Asked) -> Result:
        key = (asked.traits.query, asked.scope)
        if (kept := self._kept_result(key)) is not None:
            return kept
        with self._running:
            if (kept := self._kept_result(key)) is not None:
                return kept
            try:
                result = self._estate.run(asked.traits.query, asked.scope)
            except QueryError as problem:
                details = refusals.of_engine(problem)
                raise _RefusedError(refusals.invalid_query(request.number, details)) from problem
            with self._keeping:
                self._kept[key] = result
                self._kept_bytes += result.rows.nbytes
                while len(self._kept) > 1 and self._kept_bytes > KEPT_BYTES:
                    _, oldest = self._kept.popitem(last=False)
                    self._kept_bytes -= oldest.rows.nbytes
            return result

    def _kept_result(self, key: tuple[str, Scope]) -> Result | None:
        with self._keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _page(self, asked: _Asked, result: Result, offset: int, hits: Hits) -> _Rows:
        hidden = self._hidden(asked, result, hits)
        total = result.rows.num_rows - len(hidden)
        count = max(0, min(asked.top, total - offset))
        places = _places(result.rows.num_rows, hidden, offset, count)
        rows = _rendered(result, places, asked.as_objects)
        unstable = hits.of(Fault.UNSTABLE_PAGES)
        if unstable and rows and offset and not asked.traits.sorted:
            self._repeat(asked, result, offset, rows, unstable.share)
        rows = rows[: fitting(rows, self._page_bytes)]
        return _Rows(rows, total, offset + len(rows))

    def _hidden(self, asked: _Asked, result: Result, hits: Hits) -> list[int]:
        """Places of rows that are not there at the moment; each change hides others, and shows those again."""
        planned = self._script.plans(
            Fault.ROWS_CHANGE, asked.traits.tables | {SERVICE, RESOURCES_PATH.lower()}
        )
        total = result.rows.num_rows
        if planned is None or total < 5 or "id" not in result.rows.column_names:
            return []
        with self._keeping:
            change = self._changes.get(asked.subject, 0) + (hits.of(Fault.ROWS_CHANGE) is not None)
            self._changes[asked.subject] = change
        chance = random.Random(f"{self._seed}/{asked.subject}/{change}")  # noqa: S311 - has to be repeatable
        return sorted(chance.sample(range(total), max(1, int(total * planned.share))))

    def _repeat(self, asked: _Asked, result: Result, offset: int, rows: list[bytes], share: float) -> None:
        """Put rows of earlier pages in place of some rows of this one."""
        chance = random.Random(f"{self._seed}/{asked.subject}/{offset}")  # noqa: S311 - has to be repeatable
        for place in chance.sample(range(len(rows)), max(1, int(len(rows) * share))):
            earlier = chance.randrange(min(offset, result.rows.num_rows))
            rows[place] = render_rows(result, earlier, 1, as_objects=asked.as_objects)[0]

    def _response(self, asked: _Asked, result: Result, page: _Rows, hits: Hits, number: int) -> Response:
        more = page.end < page.total
        wrong = hits.of(Fault.WRONG_TOTAL)
        names = set(result.rows.column_names)
        can_page = not asked.traits.limited and not names <= result.dynamic | result.null
        head: dict[str, Any] = {
            "totalRecords": page.total + (wrong.by if wrong else 0),
            "count": len(page.rows),
            "facets": [],
            "resultTruncated": "true" if more and not can_page else "false",
        }
        if more and can_page:
            head["$skipToken"] = self._tokens.make(asked.subject, page.end, number)
        data = b"[" + b",".join(page.rows) + b"]"
        if not asked.as_objects:
            columns = json.dumps(columns_of(result), ensure_ascii=False).encode()
            data = b'{"columns":' + columns + b',"rows":' + data + b"}"
        text = json.dumps(head, separators=(",", ":"))[:-1].encode()
        headers = {"x-ms-tenant-subscription-limit-hit": "true"} if hits.of(Fault.SUBSCRIPTION_LIMIT) else {}
        return Response(200, text + b',"data":' + data + b"}", headers)

    def _wrong(self, request: Request, code: str, message: str) -> _RefusedError:
        return _RefusedError(refusals.bad_request(request.number, {"code": code, "message": message}))


def _places(total: int, hidden: list[int], offset: int, count: int) -> list[tuple[int, int]]:
    """Where the rows of a page lie, as runs of (begin, count): the rows between those that are hidden."""
    runs, position = [], 0
    skip, wanted = offset, count
    for gap in [*hidden, total]:
        length = gap - position
        used = min(length, skip)
        taken = min(length - used, wanted)
        if taken:
            runs.append((position + used, taken))
        skip, wanted, position = skip - used, wanted - taken, gap + 1
        if not wanted:
            break
    return runs


def _rendered(result: Result, places: list[tuple[int, int]], as_objects: bool) -> list[bytes]:
    if not places:
        return []
    begin, end = places[0][0], sum(places[-1])
    rows = render_rows(result, begin, end - begin, as_objects=as_objects)
    return [row for place, count in places for row in rows[place - begin : place - begin + count]]
