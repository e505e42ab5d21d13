"""Counts what became of findings between two assessments, check by check and resource by resource.

A resource under an exception that still fails is still failing here: an accepted risk is not a fix. What an assessment
does not name says nothing: a resource that a live assessment does not list may pass or be gone, and one that has counts
only lists none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from ztkit.assess.compare import followed
from ztkit.model.assessment import Assessment, CheckChange, CheckResult

_MOVED = """
WITH before AS (SELECT "check", lower(id) AS key, name FROM read_parquet(?) WHERE status = 'fail'),
     after AS (SELECT "check", lower(id) AS key, name, status FROM read_parquet(?)),
     moved AS (
       SELECT coalesce(b."check", a."check") AS "check", coalesce(a.name, b.name) AS name,
         CASE WHEN b.key IS NULL THEN 'new'
              WHEN a.status = 'fail' THEN 'still'
              WHEN a.status = 'pass' THEN 'fixed'
              ELSE 'gone' END AS move
       FROM before b FULL OUTER JOIN after a ON a."check" = b."check" AND a.key = b.key
       WHERE b.key IS NOT NULL OR a.status = 'fail')
SELECT "check", move, count(*), list_slice(list(name ORDER BY name), 1, 5) FROM moved GROUP BY ALL ORDER BY ALL
"""


def movements(before: Path, after: Path, earlier: Assessment, later: Assessment) -> list[CheckChange]:
    """Count moves of findings.

    Args:
        before: findings.parquet of the earlier assessment.
        after: findings.parquet of the later one.
        earlier: the earlier one; a check that it has not read cannot have *new* failures, they are *revealed*.
        later: the later one; a check that it could not read makes earlier failures *unseen*.

    Returns:
        One change a check of the later assessment, in its order.
    """
    old = {check.id: check for check in earlier.checks if check.outcome == "ok"}
    how = followed(earlier, later)
    if how == "none":
        return [_by_counts(old.get(check.id), check) for check in later.checks]
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET enable_progress_bar = false")
        rows = connection.execute(_MOVED, [str(before), str(after)]).fetchall()
    finally:
        connection.close()
    moved: dict[str, dict[str, tuple[int, tuple[str, ...]]]] = {}
    for check, move, count, names in rows:
        moved.setdefault(check, {})[move] = (count, tuple(names))
    return [
        _by_moves(check, moved.get(check.id, {}), read_before=check.id in old, names_passing=how == "all")
        for check in later.checks
    ]


def _by_moves(
    check: CheckResult,
    moves: Mapping[str, tuple[int, tuple[str, ...]]],
    *,
    read_before: bool,
    names_passing: bool,
) -> CheckChange:
    new, examples_new = moves.get("new", (0, ()))
    fixed, examples_fixed = moves.get("fixed", (0, ()))
    gone, _ = moves.get("gone", (0, ()))
    readable = check.outcome == "ok"
    return CheckChange(
        id=check.id,
        title=check.title,
        severity=check.severity,
        fixed=fixed,
        new=new if read_before else 0,
        still_failing=moves.get("still", (0, ()))[0],
        gone=gone if readable and names_passing else 0,
        unseen=0 if readable else gone,
        cleared=gone if readable and not names_passing else 0,
        revealed=0 if read_before else new,
        examples_new=examples_new if read_before else (),
        examples_fixed=examples_fixed,
    )


def _by_counts(old: CheckResult | None, check: CheckResult) -> CheckChange:
    """What moved at least, where one of the two assessments names no resource."""
    then = old.failed + old.excepted if old is not None else 0
    now = check.failed + check.excepted
    readable = check.outcome == "ok"
    return CheckChange(
        id=check.id,
        title=check.title,
        severity=check.severity,
        fixed=0,
        new=max(0, now - then) if old is not None else 0,
        still_failing=0,
        gone=0,
        unseen=0 if readable else then,
        cleared=max(0, then - now) if readable else 0,
        revealed=now if old is None else 0,
    )
