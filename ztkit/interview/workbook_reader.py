"""Reads a filled-in workbook: which question each row answers, and every cell that is not what it should be. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from ztkit.errors import InputError
from ztkit.interview.workbook_file import EMPTY, Cell, Sheet
from ztkit.interview.workbook_layout import (
    CELL_LIMIT,
    COLUMNS,
    FORMAT,
    INPUTS,
    LISTS,
    META,
    NAME_LABEL,
    READ_ME,
    VERSION,
    folded,
    plain,
)

_TITLES = {folded(column.title): column.key for column in COLUMNS}
_HEADER_WITHIN = 30
"""Rows of a sheet among which its headings are looked for."""
_CONTROL = re.compile(r"_x00(?:0[0-8BCEF]|1[0-9A-F]|7F)_|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", re.IGNORECASE)
"""Control characters, as they are and as Excel writes them."""
_NOUNS = {"boolean": "true or false", "date": "a date", "other": "a time"}


@dataclass(frozen=True)
class Bad:
    """Something in a workbook that cannot be taken as it is.

    Attributes:
        file: name of the file.
        where: the sheet and cell, such as ``Network!D7``; empty for the whole file.
        told: what is wrong, and what is expected.
    """

    file: str
    where: str
    told: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.told}" if self.where else f"{self.file}: {self.told}"


@dataclass(frozen=True)
class Place:
    """What the export noted of a question.

    Attributes:
        sheet: the sheet that it stood on.
        seen: id of the response recorded last at that time; None for none.
        shown: id of the response that was filled in; None for none.
    """

    sheet: str
    seen: str | None
    shown: str | None


@dataclass(frozen=True)
class Row:
    """A question's row as it came back.

    Attributes:
        cells: what is filled in, as text by column, dates as ISO; empty texts included.
        at: where each column is, such as ``Network!D7``.
        bad: what is wrong with single cells; such a row says nothing else.
    """

    question: str
    cells: Mapping[str, str]
    at: Mapping[str, str]
    bad: tuple[Bad, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is filled in."""
        return not any(self.cells.values())


@dataclass(frozen=True)
class Reading:
    """A workbook as it came back.

    Attributes:
        name: what the respondent wrote as their name on the first sheet.
        places: what the export noted, by question.
        bad: what is wrong outside the rows: missing sheets, rows and columns, rows that come twice.
    """

    file: str
    organisation: str
    workspace: str
    content: str
    name: str
    places: Mapping[str, Place]
    rows: tuple[Row, ...]
    bad: tuple[Bad, ...]


def read(file: str, sheets: Sequence[Sheet]) -> Reading:
    """Read a workbook's sheets. Rows may be in any order, on any sheet, hidden or not; columns are found by heading.

    Args:
        file: its name, for messages.
        sheets: as `workbook_file.open_book` gives them.

    Raises:
        InputError: it was not made by `ztkit interview export`, or by a later version.
    """
    facts, places = _meta(next((sheet for sheet in sheets if sheet.name == META), None))
    bad: list[Bad] = []
    found: list[Row] = []
    for sheet in sheets:
        if sheet.name not in (READ_ME, LISTS, META):
            rows, wrong = _rows(file, sheet)
            found += rows
            bad += wrong
    once, twice = _once(file, found)
    bad += twice
    lost = {key: place for key, place in places.items() if key not in {row.question for row in found}}
    bad += _missing(file, {sheet.name for sheet in sheets}, places, lost)
    return Reading(
        file=file,
        organisation=facts["organisation"],
        workspace=facts["workspace"],
        content=facts["content"],
        name=_name(sheets),
        places=places,
        rows=once,
        bad=tuple(bad),
    )


def _meta(sheet: Sheet | None) -> tuple[dict[str, str], dict[str, Place]]:
    lines = [[_text(cell) for cell in row[:5]] for row in sheet.rows] if sheet else []
    if not lines or lines[0][0] != FORMAT:
        raise InputError(
            "this workbook was not made by `ztkit interview export`, or its hidden sheets are gone; export it again"
        )
    if lines[0][1] != str(VERSION):
        raise InputError(
            f"the workbook was made by another version of ztkit (format {lines[0][1]!r}); export it again"
        )
    facts = {"organisation": "", "workspace": "", "content": ""}
    facts |= {line[0]: line[1] for line in lines if line[0] in facts}
    places = {
        line[1]: Place(line[2], line[3] or None, line[4] or None) for line in lines if line[0] == "question"
    }
    return facts, places


def _name(sheets: Sequence[Sheet]) -> str:
    for sheet in sheets:
        if sheet.name == READ_ME:
            for row in sheet.rows:
                for cell, beside in pairwise(row):
                    if _text(cell) == NAME_LABEL and beside.kind == "text":
                        return plain(str(beside.value))
    return ""


def _rows(file: str, sheet: Sheet) -> tuple[list[Row], list[Bad]]:
    """The question rows of a sheet; none where it has no headings of ours and nothing that looks like them."""
    head = next(
        (number for number, row in enumerate(sheet.rows[:_HEADER_WITHIN]) if len(_headings(row)) > 2), None
    )
    if head is None:
        return [], []
    columns: dict[str, int] = {}
    bad = []
    for key, number in _headings(sheet.rows[head]):
        if key in columns:
            title = plain(str(sheet.rows[head][number].value))
            bad.append(
                Bad(file, _where(sheet, head, number), f"the column {title} comes twice; remove one of them")
            )
        columns.setdefault(key, number)
    missing = [
        column.title
        for column in COLUMNS
        if column.key not in columns and (column.hint or column.key == "id")
    ]
    if missing:
        told = (
            f"the column {', '.join(missing)} is missing; take a fresh export, and copy the answers into it"
        )
        bad.append(Bad(file, _where(sheet, head, 0), told))
    if bad:
        return [], bad
    inputs = {column.key: columns[column.key] for column in INPUTS}
    rows = []
    for number, cells in enumerate(sheet.rows[head + 1 :], head + 1):
        row = _row(file, sheet, number, cells, columns["id"], inputs)
        if row.question:
            rows.append(row)
        elif not row.empty or row.bad:
            where = _where(sheet, number, columns["id"])
            bad.append(
                Bad(file, where, "answers in a row without the id of a question; copy the id back into it")
            )
    return rows, bad


def _headings(row: Sequence[Cell]) -> list[tuple[str, int]]:
    folds = [(folded(_text(cell)), number) for number, cell in enumerate(row)]
    return [(_TITLES[title], number) for title, number in folds if title in _TITLES]


def _row(
    file: str, sheet: Sheet, number: int, cells: Sequence[Cell], name: int, inputs: Mapping[str, int]
) -> Row:
    at = {key: _where(sheet, number, column) for key, column in inputs.items()}
    merged = [area for area in map(_area, sheet.merged) if area[0] <= number <= area[2]]
    values: dict[str, str] = {}
    bad = []
    for key, column in inputs.items():
        cell = cells[column] if column < len(cells) else EMPTY
        told = _wrong(key, cell)
        if any(area[1] <= column <= area[3] for area in merged):
            told = "part of merged cells; unmerge them, and answer each question in its own row"
        if told:
            bad.append(Bad(file, at[key], told))
        values[key] = "" if told else _value(cell)
    question = plain(_text(cells[name])) if name < len(cells) else ""
    return Row(question, values, {**at, "id": _where(sheet, number, name)}, tuple(bad))


def _wrong(key: str, cell: Cell) -> str:
    """Why a cell cannot be read at all; empty where it can."""
    if cell.kind == "formula":
        return "holds a formula; type the answer" if key == "answer" else "holds a formula; type the text"
    if cell.kind == "error":
        return f"holds the error {cell.value}; type what is meant"
    if key == "expires":
        return _wrong_date(cell)
    if cell.kind in _NOUNS:
        return f"holds {_NOUNS[cell.kind]}; type it as text (with an apostrophe in front)"
    text = str(cell.value or "")
    if found := _CONTROL.search(text):
        return f"holds a control character at place {found.start() + 1}; type the text again"
    if len(text) > CELL_LIMIT:
        return (
            f"holds {len(text):,} characters; at most {CELL_LIMIT:,} are taken. Refer to a document instead"
        )
    return ""


def _wrong_date(cell: Cell) -> str:
    expected = "type the last day on which it holds as 2027-06-30"
    if cell.kind == "text":
        try:
            date.fromisoformat(plain(str(cell.value)))
        except ValueError:
            return (
                f"{plain(str(cell.value))[:40]!r} can be read as more than one date, or as none; {expected}"
            )
        return "" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", plain(str(cell.value))) else expected
    return "" if cell.kind in ("empty", "date") else f"holds {cell.value!r}, which is no date; {expected}"


def _value(cell: Cell) -> str:
    if isinstance(cell.value, datetime):
        return cell.value.date().isoformat()
    if isinstance(cell.value, date):
        return cell.value.isoformat()
    return _text(cell)


def _text(cell: Cell) -> str:
    if cell.kind == "number":
        return f"{cell.value:.15g}"
    return plain(str(cell.value)) if cell.kind == "text" else ""


def _once(file: str, rows: Sequence[Row]) -> tuple[tuple[Row, ...], list[Bad]]:
    """The rows of questions that come once, and the others, each named with the first."""
    first: dict[str, Row] = {}
    bad = []
    for row in rows:
        if row.question in first:
            told = f"{row.question} comes twice, also in {first[row.question].at['id']}; remove one of them"
            bad.append(Bad(file, row.at["id"], told))
        first.setdefault(row.question, row)
    many = {row.question for row in rows if row is not first[row.question]}
    return tuple(row for row in rows if row.question not in many), bad


def _missing(file: str, names: set[str], places: Mapping[str, Place], lost: Mapping[str, Place]) -> list[Bad]:
    """Questions of the export that came back nowhere: by sheet where none of a sheet is left, else by row."""
    bad = []
    for name in dict.fromkeys(place.sheet for place in lost.values()):
        own = [key for key, place in lost.items() if place.sheet == name]
        if len(own) < sum(place.sheet == name for place in places.values()):
            bad += [Bad(file, name, f"the row of {key} is missing; have the file sent again") for key in own]
        elif name not in names:
            bad.append(
                Bad(file, name, f"the sheet is missing, with {len(own)} questions; have the file sent again")
            )
        else:
            bad.append(
                Bad(file, name, f"none of its {len(own)} questions can be found; have the file sent again")
            )
    return bad


def _where(sheet: Sheet, row: int, column: int) -> str:
    return f"{sheet.name}!{_letters(column)}{row + 1}"


def _letters(column: int) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _area(reference: str) -> tuple[int, int, int, int]:
    """First row, first column, last row, last column of an area, counted from 0."""
    found = re.findall(r"([A-Z]+)([0-9]+)", reference)
    (first, top), (last, bottom) = found[0], found[-1]
    return int(top) - 1, _number(first), int(bottom) - 1, _number(last)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
