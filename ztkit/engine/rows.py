"""Inventory rows in their one form: as they are written to a snapshot and as queries read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from ztkit.model.snapshot import COLUMNS

DYNAMIC = tuple(name for name, kind in COLUMNS.items() if kind == "dynamic")
STRINGS = tuple(name for name, kind in COLUMNS.items() if kind == "string")
_LOWER = ("type", "location", "resourceGroup")
_JSON = pa.json_(pa.string())

SCHEMA = pa.schema([(name, _JSON if kind == "dynamic" else pa.string()) for name, kind in COLUMNS.items()])
"""Arrow schema of every inventory table; dynamic columns are JSON text."""


def canonical(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Bring a row into its one form.

    ``type``, ``location`` and ``resourceGroup`` become lower case, as Resource Graph gives them in
    ``resources``. A missing text becomes empty. In dynamic columns ``null`` members are left out: KQL
    does not tell a null member from an absent one, and DuckDB's JSON does.

    Args:
        row: values by column name; columns that no table has are ignored.
    """
    result: dict[str, str | None] = {}
    for name in STRINGS:
        value = row.get(name)
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        result[name] = text.lower() if name in _LOWER else text
    for name in DYNAMIC:
        value = _without_nulls(row.get(name))
        result[name] = None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return result


def to_arrow(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of `SCHEMA`, each in its canonical form."""
    forms = [canonical(row) for row in rows]
    columns = []
    for field in SCHEMA:
        values = [form[field.name] for form in forms]
        if field.type == _JSON:
            columns.append(pa.ExtensionArray.from_storage(_JSON, pa.array(values, pa.string())))
        else:
            columns.append(pa.array(values, pa.string()))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
