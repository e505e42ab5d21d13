"""Collects one table of Resource Graph: whole, in parts where it is large, and again where it moved meanwhile.

A part is named ``<piece of the scope>/<modulus>/<remainder>`` of the hash of its rows' ids. Pages of a sorted part
are consistent unless the tenant changes between them; a part whose rows do not add up to what every answer said, or come
twice, is read again in parts so fine that each is one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from math import ceil
from typing import Any

from ztkit.azure.resource_graph import QueryClient
from ztkit.azure.scope import LIMITED
from ztkit.collect.tenant.journal import Journal, PartState
from ztkit.collect.tenant.needs import TableNeed, query_of
from ztkit.errors import AccessError, ServiceError

Progress = Callable[[str, int], None]
"""Told a table and how many rows of it came."""
PART_ROWS = 16_000
"""Rows a part of a large table: parts are read side by side."""
_ROUNDS = 3
_FINE_ROWS = 400
_REFUSALS = (400, 403, 404)
"""Answers that are about one table; anything else stops the collection, to be gone on with."""


class TableCollector:
    """Collects tables into a journal; several threads may collect different tables."""

    def __init__(self, reader: QueryClient, journal: Journal, pool: Executor, progress: Progress) -> None:
        self._reader, self._journal, self._pool, self._progress = reader, journal, pool, progress

    def collect(self, need: TableNeed, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Collect a table. One that may not be read is closed as unreadable, which is no error here.

        Raises:
            AccessError: nobody is signed in any more.
            ServiceError: the service does not answer.
        """
        if self._journal.table(need.table).status != "open":
            return
        try:
            missing = sum(self._piece(need, str(number), body) for number, body in enumerate(bodies))
        except (AccessError, ServiceError) as problem:
            if problem.status not in _REFUSALS:
                raise
            self._journal.close_table(need.table, "unreadable", reason=str(problem))
            return
        limited = any(part.limited for part in self._journal.table(need.table).parts.values())
        reason = LIMITED if limited else "the tenant changed while it was read" if missing else ""
        self._journal.close_table(need.table, "partial" if reason else "complete", missing, reason)

    def _piece(self, need: TableNeed, piece: str, body: Mapping[str, Any]) -> int:
        """Read one piece of the scope; returns how many rows it lacks of those that the service says it has."""
        keys = self._plan(need, piece, body)
        for _ in range(_ROUNDS):
            self._read(need, keys, body)
            unsound = [key for key in keys if not self._is_sound(need.table, key)]
            if not unsound:
                break
            finer = [part for key in unsound for part in self._finer(need.table, key)]
            keys = [key for key in keys if key not in unsound] + finer
            self._journal.plan(need.table, piece, keys)
        else:
            self._read(need, keys, body)
        # an id is in one part only, by its hash
        held = sum(self._journal.ids(need.table, key) for key in keys)
        if len(keys) == 1:
            total = max(self._journal.part(need.table, keys[0]).totals)
        else:
            total = self._reader.page(query_of(need), body, rows=1).total
        return max(0, total - held)

    def _plan(self, need: TableNeed, piece: str, body: Mapping[str, Any]) -> list[str]:
        """The parts of a piece: those that it is being read in, or what the size asks for, which the first page tells."""
        whole = f"{piece}/1/0"
        planned = self._journal.table(need.table).plans.get(piece, [])
        state = self._journal.part(need.table, whole)
        if planned and (planned != [whole] or len(state.files) > 1):
            return planned
        if not state.files:
            self._journal.plan(need.table, piece, [whole])
            state, _ = self._next(need, whole, body, "")
        total = max(state.totals)
        if state.done or total <= PART_ROWS:
            return [whole]
        parts = ceil(total / PART_ROWS)
        keys = [f"{piece}/{parts}/{part}" for part in range(parts)]
        self._journal.plan(need.table, piece, keys)
        return keys

    def _read(self, need: TableNeed, keys: Sequence[str], body: Mapping[str, Any]) -> None:
        """Read parts to their end, side by side; an error waits until the others came to theirs."""
        jobs = [self._pool.submit(self._part, need, key, body) for key in keys]
        problems = [problem for job in jobs if (problem := job.exception()) is not None]
        if problems:
            raise problems[0]

    def _part(self, need: TableNeed, key: str, body: Mapping[str, Any]) -> None:
        token = ""
        while not self._journal.part(need.table, key).done:
            _, token = self._next(need, key, body, token)

    def _next(self, need: TableNeed, key: str, body: Mapping[str, Any], token: str) -> tuple[PartState, str]:
        """Read the next page of a part: by the token of the one before, or by the number of rows read."""
        _, modulus, remainder = key.split("/")
        query, before = query_of(need, int(remainder), int(modulus)), self._journal.part(need.table, key)
        try:
            page = self._reader.page(query, body, skip=before.rows, token=token)
        except ServiceError as problem:
            if not token or problem.status != 400:
                raise
            page = self._reader.page(query, body, skip=before.rows)  # tokens do not last
        last = not page.rows or before.rows + len(page.rows) >= page.total
        state = self._journal.add_page(
            need.table, key, page.rows, page.total, limited=page.limited, last=last
        )
        self._progress(need.table, len(page.rows))
        return state, page.token

    def _is_sound(self, table: str, key: str) -> bool:
        """Whether a part has each of its rows once, and as many as every answer said."""
        state = self._journal.part(table, key)
        return state.totals == {state.rows} and self._journal.ids(table, key) == state.rows

    def _finer(self, table: str, key: str) -> list[str]:
        """The same rows in parts of which each fits into one answer."""
        piece, modulus, remainder = key.split("/")
        state = self._journal.part(table, key)
        cuts = max(2, ceil(max((*state.totals, state.rows)) / _FINE_ROWS))
        return [f"{piece}/{int(modulus) * cuts}/{int(remainder) + int(modulus) * cut}" for cut in range(cuts)]
