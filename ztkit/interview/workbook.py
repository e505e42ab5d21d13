"""Writes questions as a workbook that somebody fills in without ztkit: drop-downs, help, only the answers unlocked."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ztkit.content.library import Library
from ztkit.interview.session import Item
from ztkit.interview.workbook_layout import (
    COLUMNS,
    CONFIDENCE,
    FORMAT,
    INPUTS,
    LISTS,
    META,
    NAME_LABEL,
    READ_ME,
    VERSION,
    labels,
    plain,
    sheet_name,
    shown,
)
from ztkit.model.question import Question
from ztkit.workspace import Workspace, write_atomically

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HEADER_ROW = 3
"""Of a question sheet, counted from 0; the questions follow."""
_INK, _SOFT, _LINE, _WASH, _BLUE, _BLUE_WASH = (
    "#1D2730",
    "#51606D",
    "#C3CCD4",
    "#F4F6F8",
    "#1F5F8B",
    "#E7F0F7",
)
_LETTER = {column.key: number for number, column in enumerate(COLUMNS)}
_MESSAGE_LIMIT = 255
"""Characters of an input message, by Excel."""
_ROW_LIMIT = 400.0
"""Height of a row in points; Excel holds 409."""


@dataclass(frozen=True)
class Heading:
    """What a workbook says of itself.

    Attributes:
        organisation, assessor: from the engagement; the assessor gets the file back.
        audience: who it is for, in words.
        workspace: `workspace_id` of the workspace that it is exported from.
        at: the moment of the export.
    """

    organisation: str
    assessor: str
    audience: str
    workspace: str
    at: datetime


def workspace_id(workspace: Workspace) -> str:
    """A name by which a workbook finds its workspace again: random, made once, kept in ``.workspace-id``."""
    path = workspace.root / ".workspace-id"
    with workspace.lock():
        if not path.exists():
            write_atomically(path, secrets.token_hex(8) + "\n")
        return path.read_text(encoding="utf-8").strip()


def workbook(library: Library, items: Sequence[Item], heading: Heading) -> bytes:
    """An Excel workbook with a sheet a pillar: the same arguments give the same bytes.

    Texts are written as texts, so that nothing that a respondent or a questionnaire says becomes a formula or a link.

    Args:
        library: the content.
        items: the questions, in the order in which they are shown within their pillar.
        heading: what it says of itself.
    """
    from xlsxwriter import Workbook

    target = io.BytesIO()
    book = Workbook(
        target,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {
            "title": f"Zero trust interview: {heading.audience}",
            "company": plain(heading.organisation),
            "created": heading.at.astimezone(UTC).replace(tzinfo=None),
        }
    )
    book.set_size(2400, 1600)
    _Writer(book, library, heading).write(items)
    book.close()
    return target.getvalue()


class _Writer:
    """One workbook while it is written."""

    def __init__(self, book: Workbook, library: Library, heading: Heading) -> None:
        self.book, self.library, self.heading = book, library, heading
        self.formats = _formats(book)
        self.lists: dict[tuple[str, ...], str] = {}
        self.places: list[tuple[str, ...]] = []

    def write(self, items: Sequence[Item]) -> None:
        first = self.book.add_worksheet(READ_ME)
        by_pillar: dict[str, list[Item]] = {}
        for item in items:
            by_pillar.setdefault(item.question.pillar, []).append(item)
        taken = {READ_ME, LISTS, META}
        sheets = []
        for pillar in self.library.framework.pillars:
            if pillar.id in by_pillar:
                name = sheet_name(pillar.title, taken)
                taken.add(name)
                sheets.append((self.book.add_worksheet(name), name, by_pillar[pillar.id]))
        lists, meta = self.book.add_worksheet(LISTS), self.book.add_worksheet(META)
        self._lists(lists, [labels(item.question) for item in items])
        self._read_me(first, items)
        for sheet, name, own in sheets:
            self._questions(sheet, name, own)
        self._meta(meta)
        first.activate()

    def _lists(self, sheet: Worksheet, wanted: Sequence[Sequence[str]]) -> None:
        """The drop-downs' choices: as ranges, since a list within a cell ends at 255 characters and splits at commas."""
        for column, choices in enumerate([*dict.fromkeys(map(tuple, wanted)), tuple(CONFIDENCE)]):
            for row, label in enumerate(choices):
                sheet.write_string(row, column, plain(label))
            self.lists[choices] = _area(LISTS, column, len(choices))
        sheet.very_hidden()
        sheet.protect()

    def _read_me(self, sheet: Worksheet, items: Sequence[Item]) -> None:
        minutes = sum(item.question.ask.minutes for item in items)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 3)
        sheet.set_column(1, 1, 24)
        sheet.set_column(2, 2, 84)
        sheet.set_row(1, 30)
        sheet.write_string(
            1, 1, f"Zero trust interview: {plain(self.heading.organisation)}", self.formats["title"]
        )
        row = 3
        for label, text in _read_me_texts(self.heading, len(items), minutes):
            sheet.write_string(row, 1, label, self.formats["label"])
            kind = "input" if label == NAME_LABEL else "text"
            sheet.write_string(row, 2, plain(text), self.formats[kind])
            if label == NAME_LABEL:
                sheet.data_validation(
                    row, 2, row, 2, _message("Your name", "It is written beside each of your answers.")
                )
            sheet.set_row(row, 15.0 * _lines(text, 100) + 7)
            row += 1
        _print_setup(sheet, landscape=False)
        sheet.protect(options={"format_rows": True, "format_columns": True})

    def _questions(self, sheet: Worksheet, name: str, items: Sequence[Item]) -> None:
        sheet.hide_gridlines(2)
        minutes = sum(item.question.ask.minutes for item in items)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, f"{name}: {plain(self.heading.organisation)}", self.formats["title"])
        told = f"{_counted(len(items), 'question')}, about {minutes} minutes. Fill in the blue columns."
        sheet.write_string(1, 0, told, self.formats["remark"])
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, column.width)
            kind = "head-input" if column.hint else "head"
            sheet.write_string(HEADER_ROW, number, column.title, self.formats[kind])
        sheet.set_row(HEADER_ROW, 34)
        for row, item in enumerate(items, HEADER_ROW + 1):
            self._question(sheet, row, item)
            last = item.response.id if item.response else ""
            self.places.append((item.question.id, name, item.seen or "", last))
        sheet.freeze_panes(HEADER_ROW + 1, 2)
        _print_setup(sheet, landscape=True)
        sheet.repeat_rows(HEADER_ROW)
        sheet.print_area(0, 0, HEADER_ROW + len(items), len(COLUMNS) - 1)
        sheet.protect(options={"format_rows": True, "format_columns": True, "sort": False})

    def _question(self, sheet: Worksheet, row: int, item: Item) -> None:
        question = item.question
        title, rest = plain(question.text), plain(_explained(self.library, item))
        quality = "\n".join(f"\u2022 {plain(line)}" for line in question.quality)
        sheet.write_string(row, _LETTER["id"], question.id, self.formats["id"])
        sheet.write_rich_string(
            row,
            _LETTER["question"],
            self.formats["bold"],
            title,
            self.formats["small"],
            f"\n{rest}",
            self.formats["text"],
        )
        sheet.write_string(row, _LETTER["quality"], quality, self.formats["text"])
        sheet.write_string(row, _LETTER["on_file"], _on_file(item), self.formats["small-text"])
        cells = shown(question, item.response)
        for column in INPUTS:
            self._input(sheet, row, _LETTER[column.key], column.key, cells[column.key])
            sheet.data_validation(
                row,
                _LETTER[column.key],
                row,
                _LETTER[column.key],
                self._rule(column.key, column.hint, question),
            )
        heights = (_lines(title, 50) + _lines(rest, 62), _lines(quality, 40), _lines(cells["note"], 28))
        sheet.set_row(row, min(_ROW_LIMIT, 12.5 * max(heights) + 8))

    def _input(self, sheet: Worksheet, row: int, column: int, key: str, text: str) -> None:
        if key == "expires" and text:
            sheet.write_datetime(row, column, datetime.fromisoformat(text), self.formats["date"])
        elif text:
            sheet.write_string(row, column, text, self.formats["input"])
        else:
            sheet.write_blank(row, column, None, self.formats["date" if key == "expires" else "input"])

    def _rule(self, key: str, hint: str, question: Question) -> dict[str, Any]:
        if key == "answer":
            hint = f"{hint} To think about: {' '.join(map(plain, question.ask.probes))}"
            return {
                "validate": "list",
                "source": self.lists[tuple(labels(question))],
                "error_title": "Not in the list",
                "error_message": "Choose one of the answers in the list; say more under Note.",
                **_message("Answer", hint, rule=True),
            }
        if key == "confidence":
            return {
                "validate": "list",
                "source": self.lists[tuple(CONFIDENCE)],
                **_message("How sure", hint, rule=True),
            }
        if key == "expires":
            return {
                "validate": "date",
                "criteria": ">",
                "value": self.heading.at.date(),
                "error_title": "No date to come",
                "error_message": "Type a date in the future, such as 2027-06-30.",
                **_message("Until", hint, rule=True),
            }
        return _message(next(column.title for column in COLUMNS if column.key == key), hint)

    def _meta(self, sheet: Worksheet) -> None:
        told = [
            (FORMAT, str(VERSION)),
            ("organisation", plain(self.heading.organisation)),
            ("workspace", self.heading.workspace),
            ("content", self.library.hash),
            ("exported", self.heading.at.astimezone(UTC).isoformat(timespec="seconds")),
            *(("question", *place) for place in self.places),
        ]
        for row, values in enumerate(told):
            for column, value in enumerate(values):
                sheet.write_string(row, column, value)
        sheet.very_hidden()
        sheet.protect()


def _formats(book: Workbook) -> dict[str, Format]:
    base = {"font_name": "Calibri", "font_size": 10, "font_color": _INK, "valign": "top"}
    wrapped = {**base, "text_wrap": True}
    ruled = {**wrapped, "bottom": 1, "bottom_color": _LINE}
    entry = {**wrapped, "locked": False, "bg_color": _BLUE_WASH, "border": 1, "border_color": _LINE}
    head = {**wrapped, "bold": True, "valign": "vcenter", "border": 1, "border_color": _LINE}
    return {
        name: book.add_format(told)
        for name, told in {
            "title": {**base, "font_size": 16, "valign": "vcenter"},
            "remark": {**base, "font_color": _SOFT},
            "label": {**wrapped, "bold": True},
            "text": ruled,
            "id": {**ruled, "font_size": 7, "font_color": _SOFT},
            "small-text": {**ruled, "font_size": 9, "font_color": _SOFT},
            "bold": {"font_name": "Calibri", "font_size": 10.5, "font_color": _INK, "bold": True},
            "small": {"font_name": "Calibri", "font_size": 9, "font_color": _SOFT},
            # As text: what looks like a formula or a number stays what was typed.
            "input": {**entry, "num_format": "@"},
            "date": {**entry, "num_format": "yyyy-mm-dd", "align": "left"},
            "head": {**head, "bg_color": _WASH},
            "head-input": {**head, "bg_color": _BLUE, "font_color": "#FFFFFF"},
        }.items()
    }


def _read_me_texts(heading: Heading, count: int, minutes: int) -> list[tuple[str, str]]:
    back = heading.assessor or "whoever sent it to you"
    return [
        (NAME_LABEL, ""),
        ("For", heading.audience),
        (
            "How long it takes",
            f"{_counted(count, 'question')}, about {minutes} minutes in all. Stop and go on as you like.",
        ),
        (
            "How to fill it in",
            "There is a sheet for each pillar. Answer in the blue columns: choose the answer from its list, and say under "
            "Note what it rests on. Under each question stands why it matters; beside it, what must be true for the upper "
            "answers: if one of these does not hold, choose a lower answer. Everything else is locked, without a password.",
        ),
        (
            "Answers on file",
            "Some questions have been answered before: the answer is filled in, and On file says by whom and when. Change "
            "it where it is no longer so. Where it still holds, leave it, or write your name under Answered by to confirm it.",
        ),
        (
            "Don't know",
            "An honest answer, and better than a guess. The question stays open, and somebody else is asked.",
        ),
        (
            "Does not apply",
            "The question is about something that you do not have and do not need. It then needs three things: why, who "
            "approved leaving it out, and until when. Something that is missing is not this: choose the lowest answer.",
        ),
        (
            "In confidence",
            "This file holds answers about the security of your organisation. Send it as you send confidential documents, "
            "and delete it when it has been returned.",
        ),
        ("Return it to", f"{back}, as an Excel workbook (.xlsx), without a password on it."),
        ("Exported", f"{heading.at:%Y-%m-%d}"),
    ]


def _explained(library: Library, item: Item) -> str:
    """The help, and on what answers a question that depends on others is to be answered."""
    told = [item.question.help]
    condition = item.question.depends_on
    if condition is not None and item.state == "waiting":
        parts = []
        for needed in (*condition.all, *condition.any):
            other = library.questions.get(needed.question)
            if other is not None:
                wanted = " / ".join(answer.label for answer in other.answers if answer.id in needed.in_)
                parts.append(f"\u201c{other.text}\u201d is answered with: {wanted}")
        joined = "; and " if condition.all else "; or "
        told.append(f"Answer this only if {joined.join(parts)}.")
    return "\n".join(told)


def _on_file(item: Item) -> str:
    response = item.response
    if response is None:
        return ""
    lines = [f"{plain(response.respondent) or 'Nobody named'}, {response.at:%Y-%m-%d}"]
    if item.state == "stale":
        lines.append(f"Older than {item.question.ttl_days} days: does it still hold?")
    if item.lacks:
        lines.append(f"Does not count: it lacks {', '.join(item.lacks)}.")
    if response.withdrawn:
        lines.append("Withdrawn in favour of the evidence.")
    if item.differ:
        lines.append("Others answered otherwise.")
    return "\n".join(lines)[:1000]


def _message(title: str, text: str, *, rule: bool = False) -> dict[str, Any]:
    """The help that appears when a cell is chosen."""
    short = text if len(text) <= _MESSAGE_LIMIT else text[: _MESSAGE_LIMIT - 2].rsplit(" ", 1)[0] + " \u2026"
    told = {"input_title": title[:32], "input_message": short}
    return told if rule else {"validate": "any", **told}


def _print_setup(sheet: Worksheet, *, landscape: bool) -> None:
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&8&A, in confidence&R&8&P of &N")


def _area(sheet: str, column: int, rows: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return f"={sheet}!{xl_range_abs(0, column, rows - 1, column)}"


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column; words wrap a little before its edge."""
    return sum(1 + len(line) // max(1, width - 2) for line in text.split("\n"))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
