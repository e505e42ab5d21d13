"""What a Kusto cluster answers: rows as Arrow, and errors in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa

from ztkit.content.tables import table_named
from ztkit.errors import QueryError, TableUnreadableError

BATCH_ROWS = 20_000
"""Rows of an answer that are Python objects at once; the rest is Arrow already, or still on the wire."""

_ARROW = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "real": pa.float64(),
    "datetime": pa.timestamp("us"),
}
"""Arrow types by those of Kusto; any other (dynamic, guid, timespan, decimal) comes as text."""
_UNRESOLVED = re.compile(r"[Ff]ailed to resolve [^']*'(\w+)'")
_CAUSES = (
    (
        "E_QUERY_RESULT_SET_TOO_LARGE",
        "the answer is larger than the cluster gives out, although `notruncation` was asked for; have its"
        " administrator raise the limit of the workload group",
    ),
    (
        "E_RUNAWAY_QUERY|E_LOW_MEMORY_CONDITION",
        "the cluster ran out of memory for it; scale the cluster up, or give this tenant a larger one",
    ),
    (
        r"timed out|Timeout expired|servertimeout|0x80131505",
        "the cluster did not finish it within {timeout}; allow more time, run fewer tenants at once, or scale the"
        " cluster up",
    ),
    (
        r"^401\.|403-Forbidden|Forbidden|[Nn]ot authorized|Unauthorized",
        "the cluster refused it; reading takes the role Database Viewer on {database}, pushing takes Database User",
    ),
    (
        "requested endpoint|EntityNotFound|could not be found",
        "{database} is not there, or this sign-in may not see it; check both names",
    ),
)
"""What is behind an error, by a pattern in its text; the first that fits is told."""


def to_arrow(columns: list[tuple[str, str]], rows: Iterable[list[Any]]) -> pa.Table:
    """Rows of an answer as Arrow, a batch at a time.

    Args:
        columns: name and Kusto type of each.
        rows: values as the wire has them.
    """
    schema = pa.schema([(name, _ARROW.get(kind, pa.string())) for name, kind in columns])
    batches = [
        pa.RecordBatch.from_arrays(
            [
                pa.array([_value(row[index], kind) for row in batch], _ARROW.get(kind, pa.string()))
                for index, (_, kind) in enumerate(columns)
            ],
            schema=schema,
        )
        for batch in _batches(iter(rows))
    ]
    return pa.Table.from_batches(batches, schema=schema)


def _batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def _value(value: Any, kind: str) -> Any:
    """A value of the wire as Arrow takes it."""
    if value is None:
        return None
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    if kind == "real":
        return float(value)  # not a number and infinity come as text
    if kind == "bool":
        return bool(value)
    if kind in _ARROW or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def may_pass(problem: Exception, kinds: Any) -> bool:
    """Whether the same request may succeed a little later.

    Args:
        problem: what the client raised.
        kinds: the module `azure.kusto.data.exceptions`.
    """
    if isinstance(problem, kinds.KustoApiError):
        return problem.error.permanent is False and not _fits("timed out|Timeout expired", problem)
    if isinstance(problem, kinds.KustoMultiApiError):
        return all(error.permanent is False for error in problem.errors)
    if isinstance(problem, kinds.KustoNetworkError):
        return not _ran_out(problem)
    if isinstance(problem, kinds.KustoThrottlingError):
        return True
    broke_off = isinstance(problem, kinds.KustoStreamingQueryError)
    return broke_off or not isinstance(problem, kinds.KustoError)


def worded(problem: Exception, database: object, timeout: timedelta, kinds: Any) -> QueryError:
    """An error of the client in our words: what happened, and what to do.

    Args:
        problem: what the client raised.
        database: which database it is about, as a person reads it.
        timeout: what a request was given.
        kinds: the module `azure.kusto.data.exceptions`.
    """
    text = _first_line(problem)
    if isinstance(problem, kinds.KustoThrottlingError):
        return QueryError(
            f"{database} is too busy and turned the request away; try later, or fewer tenants at once"
        )
    if isinstance(problem, kinds.KustoAuthenticationError):
        inner = problem.exception
        return QueryError(f"the sign-in to {database} failed: {_first_line(inner) or type(inner).__name__}")
    if isinstance(problem, kinds.KustoNetworkError):
        if _ran_out(problem):
            return QueryError(f"{database} did not answer within {timeout}; allow more time")
        return QueryError(
            f"{database} cannot be reached ({type(problem.__cause__).__name__}); check the address and the network"
        )
    unresolved = _UNRESOLVED.search(str(problem))
    if unresolved and table_named(unresolved[1]):
        return TableUnreadableError(f"table {unresolved[1]} is not in {database}; push the snapshot again")
    if not _fits("Semantic error|Syntax error", problem):
        for pattern, cause in _CAUSES:
            if _fits(pattern, problem):
                return QueryError(f"{cause.format(database=database, timeout=timeout)} ({text})")
    if isinstance(problem, kinds.KustoError) and not isinstance(problem, kinds.KustoStreamingQueryError):
        return QueryError(text or type(problem).__name__)
    return QueryError(
        f"the answer of {database} broke off or cannot be read ({type(problem).__name__}: {text})"
    )


def _ran_out(problem: Exception) -> bool:
    """Whether a request reached the cluster and no answer came in its time."""
    return type(problem.__cause__).__name__ == "ReadTimeout"


def _fits(pattern: str, problem: Exception) -> bool:
    return re.search(pattern, str(problem)) is not None


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).strip().splitlines()), "")
