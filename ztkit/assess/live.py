"""Runs checks in Resource Graph itself: counts first, several checks a request, then the rows that fail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from ztkit.assess.evaluate import (
    FINDINGS,
    CheckRun,
    Observe,
    findings_of,
    query_hash,
    refuse_unreadable,
    unseen_rows,
)
from ztkit.azure.scope import LIMITED
from ztkit.engine import dialect
from ztkit.engine.resource_graph import Counts, Listing, LiveInventory, groups
from ztkit.errors import QueryError, TableUnreadableError
from ztkit.model.check import Check
from ztkit.model.snapshot import TableManifest

AT_ONCE = 4
"""Requests on their way at once; how many leave in a second is up to the quota."""
_ROUNDS = 3
"""How often counts and rows are asked for while they do not agree."""


def evaluate_live(
    checks: Sequence[Check],
    inventory: LiveInventory,
    tables: Mapping[str, TableManifest],
    observe: Observe,
    *,
    counts_only: bool = False,
) -> list[CheckRun]:
    """Run checks of Resource Graph on a tenant.

    Args:
        checks: what to run; all of ``source: resource-graph``.
        inventory: the tenant.
        tables: what is known of each table, by name; see `LiveInventory.look`. A check on one that cannot be read
            is not asked for.
        observe: called after each check with its run and its failing findings; without findings for `counts_only`.
        counts_only: ask for no row, so that no name of a resource leaves the tenant.

    Returns:
        One run a check, in the order given.

    Raises:
        AccessError: nobody is signed in.
        ServiceError: the service does not answer.
    """
    by_id = {check.id: check for check in checks}
    asked, runs = {}, {}
    for check in checks:
        try:
            refuse_unreadable(dialect.rewrite(check.query).tables, tables)
            asked[check.id] = check.query
        except QueryError as problem:
            runs[check.id] = _run_of(check, _Found.failed(check, problem), 0)
            observe(runs[check.id], FINDINGS.empty_table())

    def work(group: Sequence[str]) -> list[tuple[CheckRun, pa.Table]]:
        return [
            _run(by_id[name], told, inventory, tables, counts_only=counts_only)
            for name, told in _counted(group, by_id, inventory)
        ]

    with inventory.at_once(AT_ONCE) as pool:
        for group in pool.map(work, groups(asked)):
            for run, findings in group:
                observe(run, findings)
                runs[run.check] = run
    return [runs[check.id] for check in checks]


_NOTHING = Counts(0, 0, 0, 0)


@dataclass(frozen=True)
class _Found:
    """What came of a check, before it is a run."""

    counts: Counts = _NOTHING
    unseen: int = 0
    reason: str = ""
    outcome: Literal["ok", "unreadable", "error"] = "ok"

    @classmethod
    def failed(cls, check: Check, problem: QueryError) -> _Found:
        if isinstance(problem, TableUnreadableError):
            return cls(reason=str(problem), outcome="unreadable")
        return cls(reason=f"check {check.id}: {problem}", outcome="error")


def _counted(
    group: Sequence[str], by_id: Mapping[str, Check], inventory: LiveInventory
) -> Iterator[tuple[str, Counts | QueryError]]:
    """Counts of a group; what one request cannot give is asked for check by check, so that one takes no other with it."""
    try:
        counts = inventory.counts([by_id[name].query for name in group])
    except QueryError as problem:
        if len(group) == 1:
            yield group[0], problem
            return
        for name in group:
            yield from _counted([name], by_id, inventory)
    else:
        yield from zip(group, counts, strict=True)


def _run(
    check: Check,
    told: Counts | QueryError,
    inventory: LiveInventory,
    tables: Mapping[str, TableManifest],
    *,
    counts_only: bool,
) -> tuple[CheckRun, pa.Table]:
    started = time.perf_counter()
    findings = FINDINGS.empty_table()
    try:
        if isinstance(told, QueryError):
            raise told
        found = _Found(told)
        if told.failed and not counts_only:
            found, rows = _settled(check, told, inventory)
            findings = _findings(check, rows)
        if found.counts.other:
            raise QueryError(
                f"{found.counts.other} rows have no id, or a status other than pass, fail or skip"
            )
        found = _with_unseen(found, _tables_of(check), tables)
    except QueryError as problem:
        found, findings = _Found.failed(check, problem), FINDINGS.empty_table()
    return _run_of(check, found, time.perf_counter() - started), findings


def _settled(check: Check, counts: Counts, inventory: LiveInventory) -> tuple[_Found, list[dict[str, Any]]]:
    """The failing rows of a check, as many as were counted.

    Where the tenant changes meanwhile, both are asked for again; where they still do not agree, each row that is there
    fails, and what they differ by is unseen: it may pass or fail.
    """
    listing = Listing([], 0, settled=False)
    for _ in range(_ROUNDS):
        listing = inventory.failing(check.query)
        if listing.settled and len(listing.rows) == counts.failed:
            return _Found(counts), listing.rows
        counts = inventory.counts([check.query])[0]
        if listing.settled and len(listing.rows) == counts.failed:
            return _Found(counts), listing.rows
    rows = list({str(row.get("id")).lower(): row for row in listing.rows}.values())
    surplus = max(0, len(rows) - counts.failed)
    told = max(counts.failed, listing.total)
    reason = f"the tenant changed while it was read: {told} failing rows were counted, and {len(rows)} came"
    settled = replace(counts, passed=max(0, counts.passed - surplus), failed=len(rows))
    return _Found(settled, max(1, max(0, told - len(rows)) + surplus), reason), rows


def _with_unseen(found: _Found, names: Sequence[str], tables: Mapping[str, TableManifest]) -> _Found:
    """Add what partial tables lack, as offline."""
    unseen, reason = unseen_rows(names, tables)
    if found.counts.limited and not unseen:
        unseen, reason = found.counts.passed + found.counts.failed + 1, LIMITED
    return _Found(found.counts, found.unseen + unseen, "; ".join(filter(None, [found.reason, reason])))


def _run_of(check: Check, found: _Found, seconds: float) -> CheckRun:
    return CheckRun(
        check=check.id,
        outcome=found.outcome,
        passed=found.counts.passed,
        failed=found.counts.failed,
        skipped=found.counts.skipped,
        unseen=found.unseen,
        reason=found.reason,
        tables=_tables_of(check),
        query_hash=query_hash(check.query),
        seconds=seconds,
    )


def _tables_of(check: Check) -> tuple[str, ...]:
    """The tables that a check reads; none where its query cannot be read at all."""
    try:
        return dialect.rewrite(check.query).tables
    except QueryError:  # is the check's outcome already
        return ()


def _findings(check: Check, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in names}
    return findings_of(check, pa.table(columns)) if rows else FINDINGS.empty_table()
