"""Runs checks in Resource Graph itself: counts first, several checks a request, then the rows that fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import pyarrow as pa

from ztkit.assess.evaluate import FINDINGS, CheckRun, findings_of, query_hash
from ztkit.engine import dialect
from ztkit.engine.resource_graph import Counts, LiveInventory, groups
from ztkit.errors import QueryError, TableUnreadableError
from ztkit.model.check import Check


def evaluate_live(
    checks: Sequence[Check],
    inventory: LiveInventory,
    observe: Callable[[CheckRun, pa.Table], None],
    *,
    counts_only: bool = False,
) -> list[CheckRun]:
    """Run checks of Resource Graph on a tenant.

    Args:
        checks: what to run; all of ``source: resource-graph``.
        inventory: the tenant.
        observe: called after each check with its run and its failing findings (schema `FINDINGS`).
        counts_only: ask for no row, so that no name of a resource leaves the tenant.

    Returns:
        One run a check, in the order given.

    Raises:
        AccessError: nobody is signed in.
        ServiceError: the service does not answer.
    """
    by_id = {check.id: check for check in checks}
    runs: dict[str, CheckRun] = {}
    for group in groups({check.id: check.query for check in checks}):
        for name, told in _counted(group, by_id, inventory):
            run, findings = _run(by_id[name], told, inventory, counts_only=counts_only)
            observe(run, findings)
            runs[name] = run
    return [runs[check.id] for check in checks]


def _counted(
    group: Sequence[str], by_id: Mapping[str, Check], inventory: LiveInventory
) -> Iterator[tuple[str, Counts | QueryError]]:
    """Counts of a group; what one request cannot give is asked for check by check, so that one takes no other with it."""
    try:
        yield from zip(group, inventory.counts([by_id[name].query for name in group]), strict=True)
    except QueryError as problem:
        if len(group) == 1:
            yield group[0], problem
            return
        for name in group:
            yield from _counted([name], by_id, inventory)


def _run(
    check: Check, told: Counts | QueryError, inventory: LiveInventory, *, counts_only: bool
) -> tuple[CheckRun, pa.Table]:
    started = time.perf_counter()
    findings = FINDINGS.empty_table()
    outcome: Literal["ok", "unreadable", "error"] = "ok"
    counts, reason = Counts(0, 0, 0, 0), ""
    try:
        if isinstance(told, QueryError):
            raise told
        counts = told
        if counts.other:
            raise QueryError(f"{counts.other} rows have a status other than pass, fail or skip")
        if counts.failed and not counts_only:
            findings = _failing(check, inventory)
    except TableUnreadableError as problem:
        outcome, reason, counts = "unreadable", str(problem), Counts(0, 0, 0, 0)
    except QueryError as problem:
        outcome, reason, counts = "error", f"check {check.id}: {problem}", Counts(0, 0, 0, 0)
    run = CheckRun(
        check=check.id,
        outcome=outcome,
        passed=counts.passed,
        failed=findings.num_rows if findings.num_rows else counts.failed,
        skipped=counts.skipped,
        unseen=0,
        reason=reason,
        tables=dialect.rewrite(check.query).tables,
        query_hash=query_hash(check.query),
        seconds=time.perf_counter() - started,
    )
    return run, findings


def _failing(check: Check, inventory: LiveInventory) -> pa.Table:
    rows = list(inventory.failing(check.query))
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in names}
    return findings_of(check, pa.table(columns)) if rows else FINDINGS.empty_table()
