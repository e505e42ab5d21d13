"""Opens a workbook that came by mail: within limits, without macros, formulas as they are written and never computed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ztkit.errors import InputError

MAX_FILE = 10 * 2**20
"""Bytes of a workbook; one with every question of the library takes a hundredth of that."""
MAX_UNPACKED = 60 * 2**20
"""Bytes of all its parts, unpacked."""
MAX_PARTS = 500
MAX_SHEETS = 30
MAX_ROWS, MAX_COLUMNS = 3000, 40
"""What is read of a sheet; rows beyond it are refused, columns beyond it are not looked at."""
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3}[0-9]{1,7}(?::[A-Z]{1,3}[0-9]{1,7})?)\"")
_SAVE_AS = "open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)"

Value = str | int | float | bool | date | datetime | None


@dataclass(frozen=True)
class Cell:
    """What a cell holds.

    Attributes:
        kind: ``other`` for a time of day or a span of time.
        value: for a formula its text; nothing computes it.
    """

    kind: Literal["empty", "text", "number", "boolean", "date", "error", "formula", "other"]
    value: Value = None


EMPTY = Cell("empty")


@dataclass(frozen=True)
class Sheet:
    """A sheet's cells, by row from 1 and column from 1, and the areas that are merged, such as ``D7:D9``."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[str, ...] = ()


def open_book(data: bytes) -> tuple[Sheet, ...]:
    """The sheets of a workbook, hidden ones too.

    Nothing in it is computed, no link is followed, and no sheet is held in memory beyond the limits above.

    Args:
        data: the file.

    Raises:
        InputError: it is no workbook, a damaged one, or one that is beyond the limits; the message says what to do.
    """
    _check_kind(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise InputError(f"the file is cut off or damaged ({problem}); have it sent again") from problem
    if "[Content_Types].xml" not in parts or not any(name.startswith("xl/") for name in parts):
        raise InputError(f"this is a zip file and no Excel workbook; {_SAVE_AS}")
    if any(name.lower().endswith("vbaproject.bin") for name in parts):
        raise InputError(f"the workbook holds macros, which are not accepted; {_SAVE_AS}")
    try:
        return _sheets(data, parts)
    except InputError:
        raise
    except (
        Exception
    ) as problem:  # openpyxl raises whatever its parsers meet: KeyError, ValueError, ParseError, …
        told = f"{type(problem).__name__}: {str(problem)[:200]}"
        raise InputError(f"the workbook is damaged ({told}); have it sent again, or {_SAVE_AS}") from problem


def _check_kind(data: bytes) -> None:
    if len(data) > MAX_FILE:
        raise InputError(
            f"the file has {len(data):,} bytes; a workbook of an interview has less than {MAX_FILE:,}"
        )
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise InputError("the workbook is protected by a password; save it without one")
        raise InputError(f"this is a workbook of the old kind (.xls); {_SAVE_AS}")
    if not data.startswith(b"PK"):
        raise InputError(f"this is no Excel workbook (.xlsx), whatever its name says; {_SAVE_AS}")


def _parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every part, read within the limits: before anything parses it."""
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_PARTS or size > MAX_UNPACKED:
        raise InputError(
            f"unpacked, the file has {len(entries)} parts and {size:,} bytes; at most {MAX_PARTS} parts and "
            f"{MAX_UNPACKED:,} bytes are read"
        )
    parts: dict[str, bytes] = {}
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise InputError("the file is encrypted; save it without a password")
        if entry.filename in parts:
            raise InputError(f"the file is damaged: it holds {entry.filename!r} twice; have it sent again")
        parts[entry.filename] = content = archive.read(entry)  # never more than the size that was added up
        # Entities can blow up while they are parsed, and no spreadsheet program writes any. A part in UTF-16 has
        # a zero byte between the letters.
        if re.search(rb"<!(DOCTYPE|ENTITY)", content.replace(b"\0", b"")) and not entry.filename.endswith(
            ".bin"
        ):
            raise InputError(f"the part {entry.filename!r} defines XML entities, which no workbook needs")
    return parts


def _sheets(data: bytes, parts: dict[str, bytes]) -> tuple[Sheet, ...]:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions and styles that are not read
        # Read-only: cells are streamed, and neither merged areas nor dimensions are laid out in memory.
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            if len(book.worksheets) > MAX_SHEETS:
                raise InputError(
                    f"the workbook has {len(book.worksheets)} sheets; at most {MAX_SHEETS} are read"
                )
            found = []
            for sheet in book.worksheets:
                rows = tuple(
                    tuple(_cell(cell.data_type, cell.value) for cell in row)
                    for row in sheet.iter_rows(
                        min_row=1, max_row=MAX_ROWS + 1, min_col=1, max_col=MAX_COLUMNS
                    )
                )
                if any(cell.kind != "empty" for row in rows[MAX_ROWS:] for cell in row):
                    raise InputError(f"the sheet {sheet.title!r} has more than {MAX_ROWS} rows")
                raw = parts.get(sheet._worksheet_path.lstrip("/"), b"")
                merged = tuple(match.decode() for match in _MERGED.findall(raw))
                found.append(Sheet(sheet.title, rows[:MAX_ROWS], merged))
            return tuple(found)
        finally:
            book.close()


def _cell(data_type: str, value: object) -> Cell:
    if data_type == "f":
        return Cell("formula", str(getattr(value, "text", value)))
    if value is None:
        return EMPTY
    if data_type == "e":
        return Cell("error", str(value))
    if isinstance(value, bool):
        return Cell("boolean", value)
    if isinstance(value, int | float):
        return Cell("number", value)
    if isinstance(value, date):  # a datetime is one
        return Cell("date", value)
    if isinstance(value, str):
        return Cell("text", value) if value.strip() else EMPTY
    return Cell("other", str(value))
