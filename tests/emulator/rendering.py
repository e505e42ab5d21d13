"""Rows of an answer as JSON, as Resource Graph writes them: dynamic columns as values, not as text."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from tests.emulator.estate import Result

_TICKS_A_DAY = 864_000_000_000


def render_rows(result: Result, offset: int, count: int, *, as_objects: bool) -> list[bytes]:
    """Some rows, each as the JSON of an object or of an array."""
    page = result.rows.slice(offset, count)
    columns = [
        [_text(value) for value in column.to_pylist()]
        if name not in result.dynamic
        else [value or "null" for value in column.to_pylist()]
        for name, column in zip(page.column_names, page.columns, strict=True)
    ]
    if not as_objects:
        return [f"[{','.join(values)}]".encode() for values in zip(*columns, strict=True)]
    keys = [json.dumps(name, ensure_ascii=False) + ":" for name in page.column_names]
    return [
        ("{" + ",".join(key + value for key, value in zip(keys, values, strict=True)) + "}").encode()
        for values in zip(*columns, strict=True)
    ]


def fitting(rows: Sequence[bytes], limit: int) -> int:
    """How many of the rows fit into an answer of so many bytes; one always does."""
    size = 0
    for number, row in enumerate(rows):
        size += len(row) + 1
        if size > limit and number:
            return number
    return len(rows)


def columns_of(result: Result) -> list[dict[str, str]]:
    """The columns as the result format ``table`` lists them."""
    return [
        {"name": field.name, "type": "object" if field.name in result.dynamic else _kind(field.type)}
        for field in result.rows.schema
    ]


def _kind(kind: pa.DataType) -> str:
    tests: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
    )
    return next((name for test, name in tests if test(kind)), "string")


def _text(value: Any) -> str:
    """A value that is not dynamic, as JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "null"
    if isinstance(value, datetime):
        return f'"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond * 10:07}Z"'
    if isinstance(value, pa.MonthDayNano):
        return f'"{_timespan(value)}"'
    return json.dumps(value, default=str)


def _timespan(value: pa.MonthDayNano) -> str:
    ticks: int = (value.months * 30 + value.days) * _TICKS_A_DAY + value.nanoseconds // 100
    sign, ticks = "-" * (ticks < 0), abs(ticks)
    days, rest = divmod(ticks, _TICKS_A_DAY)
    seconds, fraction = divmod(rest, 10**7)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return sign + (f"{days}." if days else "") + text + (f".{fraction:07}" if fraction else "")
