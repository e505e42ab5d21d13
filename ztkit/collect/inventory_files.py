"""Reads inventory rows out of files that people can get without this tool, each with its line.

Understood, by content and not by file name: JSON lines; a JSON array; the object of ``az graph query
-o json`` and of the REST interface (``data`` with ``total_records``, object array or table); several such
values one after the other; ``Search-AzGraph | ConvertTo-Json``; the CSV of Resource Graph Explorer, with
dynamic columns as JSON text. Of Microsoft Graph: its answers as they come (``value``, whose ``@odata.context`` says what
they are), and objects one a line or in an array, with the entity's name given beside them. What collection scripts write
(`ztkit.collect.collected`). Files as they are or in zip files. UTF-8 and UTF-16, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ztkit.collect.collected import InputFile, Statement, ZipPart, parts_of, statement_in
from ztkit.content.tables import entities, table_named
from ztkit.engine.rows import DYNAMIC
from ztkit.errors import InputError
from ztkit.model.snapshot import COLUMNS

EXPECTED = "expected rows with the columns id, name, type and properties: run the query without a `project`"
_BY_LOWER = {name.lower(): name for name in COLUMNS}
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".txt")
_ZIP = ".zip"
_POWERSHELL = (
    "System.Object[]",
    "System.Collections.Hashtable",
    "System.Management.Automation.PSCustomObject",
)
_EXCEL_CELL = 32_767


@dataclass(frozen=True)
class InputRow:
    """A row, where it stood, what its document said of how many there are, and of which entity they are.

    Attributes:
        table: the table that the page of a collection script is of; `Statement` says how complete it is.
    """

    row: Mapping[str, Any]
    line: int
    document: int
    total: int | None
    entity: str = ""
    table: str = ""


def expand(paths: list[Path]) -> list[Path]:
    """Files to read: a folder stands for its JSON, CSV and zip files, in order of name.

    Raises:
        InputError: a path does not exist, or a folder has nothing to read.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                item
                for item in path.rglob("*")
                if item.is_file() and item.suffix.lower() in (*_SUFFIXES, _ZIP)
            )
            if not inside:
                raise InputError(f"{path}: no file in it ends in {', '.join(_SUFFIXES)}")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(f"{path}: there is no such file")
    return files


def unpacked(path: Path) -> list[Path | ZipPart]:
    """A file, or the files in it.

    Raises:
        InputError: it is a zip file in name only, or with nothing to read.
    """
    return [*parts_of(path, _SUFFIXES)] if path.suffix.lower() == _ZIP else [path]


def read_rows(
    path: InputFile,
    progress: Callable[[int], None] = lambda _: None,
    entity: str = "",
    hear: Callable[[Statement], None] = lambda _: None,
) -> Iterator[InputRow]:
    """Read the rows of a file.

    Args:
        path: the file.
        progress: called now and then with the number of characters read since the last call.
        entity: the entity of Microsoft Graph that the file's objects are, where it is known.
        hear: told what documents of a collection script say beside their rows.

    Raises:
        InputError: with file, line and what was expected.
    """
    text = _decode(path)
    start = text.lstrip()[:1]
    if not start:
        raise InputError(f"{path}:1: the file is empty; {EXPECTED}")
    documents = _json_values(path, text, progress, hear) if start in "[{" else _csv_rows(path, text, progress)
    for item in documents:
        name = item.entity if item.table else entity or item.entity or _entity_of(item.row)
        row = graph_row(path, item, name) if name else _row(path, item)
        yield InputRow(row, item.line, item.document, item.total, name, item.table)


def _decode(path: InputFile) -> str:
    data = path.read_bytes()
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not text in UTF-8 or UTF-16; export it again as UTF-8") from problem


def _json_values(
    path: InputFile, text: str, progress: Callable[[int], None], hear: Callable[[Statement], None]
) -> Iterator[InputRow]:
    """Rows of every JSON value in a text, one after the other."""
    decoder = json.JSONDecoder()
    cursor = _Cursor(path, text, decoder, progress)
    document = 0
    while cursor.more():
        document += 1
        if text[cursor.position] == "[":
            for line, value in cursor.items():
                yield from _rows_of(path, line, document, value)
        else:
            line, value = cursor.value()
            statement = statement_in(f"{path}:{line}", value) if isinstance(value, dict) else None
            if statement is None:
                yield from _rows_of(path, line, document, value)
            else:
                hear(statement)
                yield from _page_rows(path, line, document, statement, value) if statement.page else ()


def _page_rows(
    path: InputFile, line: int, document: int, page: Statement, value: Mapping[str, Any]
) -> Iterator[InputRow]:
    """The rows on a page of a collection script, which says what they are."""
    answer, entity = value["answer"], entities().get(page.table)
    rows = answer.get("value" if entity else "data")
    if entity and entity.singleton and not isinstance(rows, list):
        rows = [answer]
    if not isinstance(rows, list):
        raise InputError(f"{path}:{line}: the answer holds {_kind(rows)} where its rows are expected")
    for row in rows:
        if not isinstance(row, dict):
            raise InputError(f"{path}:{line}: found {_kind(row)} in the answer; {EXPECTED}")
        yield InputRow(row, line, document, None, entity.id if entity else "", page.table)


def _rows_of(path: InputFile, line: int, document: int, value: Any) -> Iterator[InputRow]:
    """The rows in one value: itself, or what its ``data`` holds."""
    if not isinstance(value, dict):
        raise InputError(f"{path}:{line}: found {_kind(value)}; {EXPECTED}")
    by_lower = {key.lower(): item for key, item in value.items()}
    if "@odata.context" in by_lower and "id" not in by_lower:
        yield from _graph_answer(path, line, document, value)
        return
    data = by_lower.get("data")
    if data is None or "id" in by_lower:
        yield InputRow(value, line, document, None)
        return
    total = by_lower.get("total_records", by_lower.get("totalrecords"))
    more = by_lower.get("skip_token") or by_lower.get("$skiptoken") or by_lower.get("skiptoken")
    rows = _table_rows(data) if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise InputError(f"{path}:{line}: `data` is {_kind(rows)}, expected a list of rows")
    known = total if isinstance(total, int) else len(rows) + 1 if more else None
    for row in rows:
        if not isinstance(row, dict):
            raise InputError(f"{path}:{line}: found {_kind(row)} in `data`; {EXPECTED}")
        yield InputRow(row, line, document, known)


def _table_rows(data: Mapping[str, Any]) -> Any:
    """Rows of the REST interface's ``table`` format: columns and values apart."""
    columns, rows = data.get("columns"), data.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return data
    names = [column.get("name", "") if isinstance(column, dict) else "" for column in columns]
    return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows]


class _Cursor:
    """Decodes JSON values from a text one at a time, and knows the line of each."""

    def __init__(
        self, path: InputFile, text: str, decoder: json.JSONDecoder, progress: Callable[[int], None]
    ) -> None:
        self.position, self._line, self._counted, self._reported = 0, 1, 0, 0
        self._path, self._text, self._decoder, self._progress = path, text, decoder, progress

    def more(self) -> bool:
        """Move to the next value; False at the end."""
        text, end = self._text, len(self._text)
        while self.position < end and text[self.position] in " \t\r\n,":
            self.position += 1
        return self.position < end

    def value(self) -> tuple[int, Any]:
        """Decode the value at the cursor."""
        line = self._line_here()
        try:
            value, self.position = self._decoder.raw_decode(self._text, self.position)
        except json.JSONDecodeError as problem:
            line = self._text.count("\n", 0, problem.pos) + 1
            raise InputError(f"{self._path}:{line}: not valid JSON: {problem.msg}; {EXPECTED}") from problem
        if self.position - self._reported > 1_000_000:
            self._progress(self.position - self._reported)
            self._reported = self.position
        return line, value

    def items(self) -> Iterator[tuple[int, Any]]:
        """Decode the items of the array at the cursor."""
        opened = self._line_here()
        self.position += 1
        while True:
            if not self.more():
                raise InputError(
                    f"{self._path}:{opened}: the list that begins here is not closed: the file is cut off"
                )
            if self._text[self.position] == "]":
                self.position += 1
                return
            yield self.value()

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line


def _csv_rows(path: InputFile, text: str, progress: Callable[[int], None]) -> Iterator[InputRow]:
    """Rows of a CSV; the separator is a comma or a semicolon, as Excel writes it in some countries."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(
        StringIO(text, newline=""),
        delimiter=";" if header.count(";") > header.count(",") else ",",
        strict=True,
    )
    line = 1
    try:
        names = {name.strip().lower() for name in reader.fieldnames or ()}
        if not names & {"id", "resourceid"} or "type" not in names:
            raise InputError(
                f"{path}:{line}: neither JSON nor a CSV whose first line names its columns; {EXPECTED}"
            )
        line = 2
        for row in reader:
            if None in row or None in row.values():
                raise InputError(
                    f"{path}:{line}: the row has another number of values than the first line has columns"
                )
            yield InputRow(row, line, 1, None)
            progress(sum(len(value or "") for value in row.values()))
            line = reader.line_num + 1
    except csv.Error as problem:
        raise InputError(f"{path}:{line}: not valid CSV: {problem}") from problem


def _graph_answer(path: InputFile, line: int, document: int, answer: Mapping[str, Any]) -> Iterator[InputRow]:
    """The objects of an answer of Microsoft Graph; one with a link to the next page is not all there is."""
    context, objects = str(answer["@odata.context"]), answer.get("value")
    entity = entity_of_context(context)
    if not entity:
        raise InputError(f"{path}:{line}: {context!r} is nothing that a check reads; leave the file out")
    if objects is None and entities()[entity].singleton:
        objects = [{key: item for key, item in answer.items() if not key.startswith("@")}]
    if not isinstance(objects, list):
        raise InputError(f"{path}:{line}: `value` is {_kind(objects)}, expected a list of objects")
    known = len(objects) + 1 if answer.get("@odata.nextLink") else None
    for item in objects:
        if not isinstance(item, dict):
            raise InputError(f"{path}:{line}: found {_kind(item)} in `value`, expected an object")
        yield InputRow(item, line, document, known, entity)


def entity_of_context(context: str) -> str:
    """The entity whose list an ``@odata.context`` names, or nothing."""
    named = _plain_path(context.partition("$metadata#")[2].removesuffix("/$entity"))
    return next(
        (item.id for item in entities().values() if _plain_path(item.path.split("?")[0]) == named), ""
    )


def _plain_path(path: str) -> str:
    """A path without its keys and selections, which stand in brackets, in lower case."""
    while (shorter := re.sub(r"\([^()]*\)", "", path)) != path:
        path = shorter
    return path.strip("/").lower()


def _entity_of(row: Mapping[str, Any]) -> str:
    """The entity that a row's ``table`` column or its own ``@odata.context`` names, or nothing."""
    named = table_named(str(row.get("table") or ""))
    if named in entities():
        return named or ""
    return entity_of_context(str(row.get("@odata.context") or ""))


def graph_row(path: InputFile, item: InputRow, entity: str) -> dict[str, Any]:
    """An object of Microsoft Graph as a row: what is no column of its own goes to ``properties``.

    Raises:
        InputError: it has no id, though it is one of a list.
    """
    given = item.row.get("properties")
    inside = dict(given) if isinstance(given, dict) else {}
    whole = {key: value for key, value in item.row.items() if not key.startswith("@") and key != "table"}
    derived = str(item.row.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    identifier = whole.pop("id", None) or (entity if entities()[entity].singleton else None)
    if not isinstance(identifier, str):
        raise InputError(f"{path}:{item.line}: the object has no `id`; export {entity} without a `$select`")
    row: dict[str, Any] = {"id": identifier, "displayName": whole.pop("displayName", None)}
    row["tenantId"] = whole.pop("tenantId", "") if given is not None else ""
    row["type"] = (whole.pop("type", "") if given is not None else "") or derived or entity
    row["properties"] = inside if given is not None else whole
    if cut := _cut_off_by_powershell(row["properties"]):
        raise InputError(
            f"{path}:{item.line}: the object holds {cut[:40]!r}: PowerShell cut it off. "
            "Export again with `ConvertTo-Json -Depth 100`"
        )
    return row


def _row(path: InputFile, item: InputRow) -> dict[str, Any]:
    """A row by the columns' own names, with dynamic columns as values, held to what a row must have."""
    row: dict[str, Any] = {}
    for key, value in item.row.items():
        name = _BY_LOWER.get(key.strip().lower().replace(" ", ""))
        if name is not None:
            row[name] = value
        elif key.lower() in ("table", "resourceid"):
            row[key.lower()] = value
    if not row.get("id"):
        row["id"] = row.get("resourceid")
    for name in ("id", "type"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise InputError(f"{path}:{item.line}: the row has no `{name}`; {EXPECTED}")
    if "properties" not in row:
        raise InputError(
            f"{path}:{item.line}: the row has no `properties`, without which every setting would look "
            f"like its default; {EXPECTED}"
        )
    for name in DYNAMIC:
        if name in row:
            row[name] = _dynamic(path, item.line, name, row[name])
    return row


def _dynamic(path: InputFile, line: int, name: str, value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        if text in ("", "null"):
            return None
        if text[0] in "{[":
            value = _json_cell(path, line, name, text)
    cut = _cut_off_by_powershell(value)
    if cut:
        raise InputError(
            f"{path}:{line}: `{name}` holds {cut[:40]!r}: PowerShell cut it off. "
            "Export again with `ConvertTo-Json -Depth 100`"
        )
    if name == "properties" and value is not None and not isinstance(value, dict):
        raise InputError(f"{path}:{line}: `properties` is {_kind(value)}, expected an object")
    return value


def _json_cell(path: InputFile, line: int, name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        excel = (
            " (cut at 32,767 characters: a spreadsheet saved this file)"
            if len(text) >= _EXCEL_CELL - 1
            else ""
        )
        raise InputError(f"{path}:{line}: `{name}` is not valid JSON: {problem.msg}{excel}") from problem


def _cut_off_by_powershell(value: Any) -> str:
    """What ConvertTo-Json writes in place of a value deeper than its ``-Depth``, if it is in here."""
    if isinstance(value, str):
        is_cut = value in _POWERSHELL or (value.startswith("@{") and value.endswith("}") and "=" in value)
        return value if is_cut else ""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return next((found for item in value if (found := _cut_off_by_powershell(item))), "")
    return ""


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
