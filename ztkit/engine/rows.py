"""Inventory rows in their one form: as they are written to a snapshot and as queries read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from ztkit.model.snapshot import COLUMNS, columns_of

DYNAMIC = tuple(name for name, kind in COLUMNS.items() if kind == "dynamic")
_LOWER = ("type", "location", "resourceGroup")


@lru_cache(maxsize=256)
def schema_of(table: str) -> pa.Schema:
    """Arrow schema of an inventory table; dynamic columns are JSON text.

    They are not marked as JSON: readers hold every value that is to its grammar, which costs more than reading it.
    """
    return pa.schema([(name, pa.string()) for name in columns_of(table)])


def canonical(row: Mapping[str, Any], table: str = "resources") -> dict[str, str | None]:
    """Bring a row into its one form.

    ``type``, ``location`` and ``resourceGroup`` become lower case, as Resource Graph gives them in
    ``resources``. A missing text becomes empty. In dynamic columns ``null`` members are left out: KQL
    does not tell a null member from an absent one, and DuckDB's JSON does.

    Args:
        row: values by column name; columns that the table does not have are ignored.
        table: the table that the row belongs to.
    """
    result: dict[str, str | None] = {}
    for name, kind in columns_of(table).items():
        value = row.get(name)
        if kind == "dynamic":
            value = _without_nulls(value)
            result[name] = (
                None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            )
        else:
            text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
            result[name] = text.lower() if name in _LOWER else text
    return result


def to_arrow(rows: Iterable[Mapping[str, Any]], table: str = "resources") -> pa.Table:
    """Rows as an Arrow table, each in its canonical form; see `schema_of`."""
    schema = schema_of(table)
    forms = [canonical(row, table) for row in rows]
    return from_values(schema, ([form[name] for form in forms] for name in schema.names))


def from_values(schema: pa.Schema, columns: Iterable[Sequence[str | None]]) -> pa.Table:
    """An Arrow table from canonical values, a sequence a column."""
    arrays = [pa.array(values, pa.string()) for values in columns]
    return pa.Table.from_arrays(arrays, schema=schema)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
