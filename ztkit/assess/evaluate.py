"""Runs checks on an inventory and turns their rows into findings."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from ztkit.engine import dialect
from ztkit.engine.source import InventorySource
from ztkit.errors import QueryError, TableUnreadableError
from ztkit.model.check import Check
from ztkit.model.snapshot import TableManifest

FINDING_COLUMNS = ("id", "name", "type", "resourceGroup", "subscriptionId", "location", "status", "reason")
"""What a query returns a row; all but id, status and reason may be left out."""
FINDINGS = pa.schema([("check", pa.string()), *((name, pa.string()) for name in FINDING_COLUMNS)])
"""Arrow schema of findings: one row a check and resource."""
_STATUSES = pa.array(["pass", "fail", "skip"])
Observe = Callable[["CheckRun", pa.Table], None]
"""Told of each check that was run: the run and its findings (schema `FINDINGS`), for writing them and for progress."""


@dataclass(frozen=True)
class CheckRun:
    """What came of one check.

    Attributes:
        outcome: ``ok``; ``unreadable`` when a table could not be read; ``error`` when the query failed.
        passed, failed, skipped: findings by status.
        unseen: units that may exist and were not read (a partial table).
        reason: why it is not ``ok``, or what is missing.
        query_hash: SHA-256 of the query text, first 16 digits.
        seconds: wall-clock time of the query.
    """

    check: str
    outcome: Literal["ok", "unreadable", "error"]
    passed: int
    failed: int
    skipped: int
    unseen: int
    reason: str
    tables: tuple[str, ...]
    query_hash: str
    seconds: float


def query_hash(query: str) -> str:
    """The first 16 digits of the SHA-256 of a query, to tell one version of it from another."""
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def evaluate(
    checks: Iterable[Check],
    source: InventorySource,
    now: datetime,
    observe: Observe,
) -> list[CheckRun]:
    """Run every check on an inventory.

    Args:
        checks: what to run.
        source: the inventory.
        now: the moment that the queries' ``now()`` gives: when the inventory was taken.
        observe: called after each check, in the order in which they end.

    Returns:
        One run a check, in the order given. A check that cannot be run is in it too.
    """
    wanted = list(checks)
    sizes = source.expect([check.query for check in wanted])
    waiting = deque(sorted(range(len(wanted)), key=sizes.__getitem__))
    runs: dict[int, CheckRun] = {}
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: dict[Future[tuple[CheckRun, pa.Table]], tuple[int, Callable[[], int]]] = {}

        def start(take: Callable[[], int]) -> None:
            if waiting:
                position = take()
                running[pool.submit(run_check, wanted[position], source, now)] = position, take

        # from both ends, so that of two that run at once only one needs much memory, and both cores are busy to the end
        start(waiting.popleft)
        start(waiting.pop)
        while running:
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                position, take = running.pop(ended)
                runs[position], findings = ended.result()
                del ended
                start(take)
                observe(runs[position], findings)
                del findings
    return [runs[position] for position in range(len(wanted))]


def run_check(check: Check, source: InventorySource, now: datetime) -> tuple[CheckRun, pa.Table]:
    """Run one check; an error becomes part of the result, never a pass or a fail."""
    started = time.perf_counter()
    outcome: Literal["ok", "unreadable", "error"] = "ok"
    reason = ""
    findings = FINDINGS.empty_table()
    tables: tuple[str, ...] = ()
    try:
        tables = dialect.rewrite(check.query, narrowed=True).tables  # as the engine does, which rewrites once
        refuse_unreadable(tables, source.tables())
        findings = findings_of(check, source.run(check.query, now))
    except TableUnreadableError as problem:
        outcome, reason = "unreadable", str(problem)
    except QueryError as problem:
        outcome, reason = "error", f"check {check.id}: {problem}"
    counts = {item["values"]: item["counts"] for item in pc.value_counts(findings["status"]).to_pylist()}
    unseen, missing = unseen_rows(tables, source.tables()) if outcome == "ok" else (0, "")
    run = CheckRun(
        check=check.id,
        outcome=outcome,
        passed=counts.get("pass", 0),
        failed=counts.get("fail", 0),
        skipped=counts.get("skip", 0),
        unseen=unseen,
        reason=reason or missing,
        tables=tables,
        query_hash=query_hash(check.query),
        seconds=time.perf_counter() - started,
    )
    return run, findings


def findings_of(check: Check, rows: pa.Table) -> pa.Table:
    """Hold a query's rows to the row contract and give them the form of findings.

    Raises:
        QueryError: a column is missing, a status is unknown, an id is empty or comes twice.
    """
    missing = [name for name in ("id", "status", "reason") if name not in rows.column_names]
    if missing:
        raise QueryError(f"the query does not return {', '.join(missing)}; it ends in {rows.column_names}")
    columns = {name: _text(rows, name) for name in FINDING_COLUMNS}
    unknown = pc.invert(pc.is_in(columns["status"], value_set=_STATUSES))
    if pc.any(unknown).as_py():
        value = columns["status"].filter(unknown)[0].as_py()
        raise QueryError(f"status is {value!r}, expected pass, fail or skip")
    if pc.any(pc.equal(columns["id"], "")).as_py():
        raise QueryError("a row has no id")
    if not _all_distinct(columns["id"]):
        counts = pc.value_counts(_lower(columns["id"])).to_pylist()
        twice = [item["values"] for item in counts if item["counts"] > 1]
        if twice:
            raise QueryError(f"the row of {twice[0]} comes more than once; every resource has one row")
    check_column = pa.repeat(pa.scalar(check.id), rows.num_rows)
    arrays = [check_column, *(columns[name] for name in FINDING_COLUMNS)]
    return pa.Table.from_arrays(arrays, schema=FINDINGS)


def _all_distinct(ids: pa.ChunkedArray) -> bool:
    """Whether surely no id comes twice, in whatever letter case.

    Many come in order, as a snapshot holds them, which is seen soonest. Else their hashes tell: a table of the ids would take
    as much memory again as the answer.
    """
    if _ascending(ids):
        return True
    hashes = [pa.array(map(hash, _lower(chunk).to_pylist()), pa.int64()) for chunk in ids.chunks]
    return bool(pc.count_distinct(pa.chunked_array(hashes)).as_py() == len(ids))


def _ascending(ids: pa.ChunkedArray) -> bool:
    before = ""
    for chunk in (_lower(chunk) for chunk in ids.chunks if len(chunk)):
        if not (before < chunk[0].as_py() and pc.all(pc.less(chunk[:-1], chunk[1:])).as_py()):
            return False
        before = chunk[-1].as_py()
    return True


def _lower(ids: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    plain = pc.all(pc.string_is_ascii(ids)).as_py()
    return pc.ascii_lower(ids) if plain else pc.utf8_lower(ids)  # much faster, the same


def _text(rows: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in rows.column_names:
        return pa.chunked_array([pa.repeat(pa.scalar(""), rows.num_rows)])
    column = rows[name]
    if isinstance(column.type, pa.BaseExtensionType):
        column = _text_of_json(column.cast(pa.string()))
    elif pa.types.is_nested(column.type):
        column = _texts(map(_as_json, column.to_pylist()))
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _text_of_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """What ``tostring`` gives for dynamic values: a text without its quotes, nothing for null, and else JSON."""
    if not pc.any(pc.match_substring_regex(column, '^(?:"|null$)')).as_py():
        return column

    def text(value: str | None) -> str | None:
        if value is None or value == "null":
            return None
        return str(json.loads(value)) if value.startswith('"') else value

    return _texts(map(text, column.to_pylist()))


def _as_json(value: object) -> str | None:
    """What ``tostring`` gives for an array that the engine made itself."""
    return (
        None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def _texts(values: Iterable[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


def refuse_unreadable(tables: Iterable[str], known: Mapping[str, TableManifest]) -> None:
    """Hold the tables that a query reads against what is known of each.

    Raises:
        TableUnreadableError: one is not there, or could not be read.
    """
    for name in tables:
        if name not in known:
            raise TableUnreadableError(f"table {name} is not in this inventory")
        if known[name].status == "unreadable":
            raise TableUnreadableError(f"table {name} could not be read: {known[name].reason}")


def unseen_rows(tables: Iterable[str], known: Mapping[str, TableManifest]) -> tuple[int, str]:
    """Rows missing from partial tables, any of which may be a unit that fails, and why they are missing.

    A partial table that does not say how many rows are missing counts as missing as many as it has
    and one, which leaves every check on it below the coverage that counts.
    """
    unseen = 0
    reasons = []
    for name in tables:
        table = known[name]
        if table.status == "partial":
            told = table.expected is not None and table.expected > table.rows
            unseen += (table.expected or 0) - table.rows if told else table.rows + 1
            reasons.append(f"table {name} is partial: {table.reason}")
    return unseen, "; ".join(reasons)
