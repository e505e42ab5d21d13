"""Counts what became of findings between two assessments, check by check and resource by resource.

A resource under an exception that still fails is still failing here: an accepted risk is not a fix.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ztkit.model.assessment import Assessment, CheckChange

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


def movements(before: Path, after: Path, assessment: Assessment) -> list[CheckChange]:
    """Count moves of findings.

    Args:
        before: findings.parquet of the earlier assessment.
        after: findings.parquet of the later one.
        assessment: the later one; its checks that could not be read make earlier failures *unseen*.

    Returns:
        One change a check of the later assessment, in its order.
    """
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET enable_progress_bar = false")
        rows = connection.execute(_MOVED, [str(before), str(after)]).fetchall()
    finally:
        connection.close()
    moved: dict[str, dict[str, tuple[int, tuple[str, ...]]]] = {}
    for check, move, count, names in rows:
        moved.setdefault(check, {})[move] = (count, tuple(names))
    changes = []
    for check in assessment.checks:
        moves = moved.get(check.id, {})
        unreadable = check.outcome != "ok"
        gone = moves.get("gone", (0, ()))[0]
        changes.append(
            CheckChange(
                id=check.id,
                title=check.title,
                severity=check.severity,
                fixed=moves.get("fixed", (0, ()))[0],
                new=moves.get("new", (0, ()))[0],
                still_failing=moves.get("still", (0, ()))[0],
                gone=0 if unreadable else gone,
                unseen=gone if unreadable else 0,
                examples_new=moves.get("new", (0, ()))[1],
                examples_fixed=moves.get("fixed", (0, ()))[1],
            )
        )
    return changes
