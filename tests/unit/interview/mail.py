"""A workbook by mail: exported, filled in by another program, read back, planned."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from openpyxl import load_workbook

from ztkit.interview.session import session
from ztkit.interview.workbook import HEADER_ROW, Heading, workbook
from ztkit.interview.workbook_file import open_book
from ztkit.interview.workbook_import import plan
from ztkit.interview.workbook_layout import COLUMNS
from ztkit.interview.workbook_reader import read

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
LATER = AT + timedelta(days=9)
COLUMN = {column.key: number for number, column in enumerate(COLUMNS, 1)}
ID = "workspace-a"


def exported(shelf, workspace, log, *, at=AT, identifier=ID):
    items = [
        item
        for item in session(shelf, workspace.engagement(), log.responses, at).items
        if item.state != "not-asked"
    ]
    heading = Heading(workspace.engagement().organisation, "", "Everybody", identifier, at)
    return workbook(shelf, items, heading)


class Filled:
    """A workbook in another spreadsheet program: cells are set by question and column."""

    def __init__(self, data):
        self.book = load_workbook(io.BytesIO(data))

    def cell(self, question, key="answer"):
        for sheet in self.book.worksheets:
            for row in sheet.iter_rows(min_row=HEADER_ROW + 2, max_col=len(COLUMNS)):
                if row[0].value == question:
                    return sheet.cell(row[0].row, COLUMN[key])
        raise AssertionError(question)

    def fill(self, question, **values):
        for key, value in values.items():
            self.cell(question, key).value = value
        return self

    def bytes(self):
        target = io.BytesIO()
        self.book.save(target)
        return target.getvalue()


def planned(data, shelf, workspace, log, *, at=LATER, respondent="", identifier=ID):
    reading = read("back.xlsx", open_book(data))
    return plan([reading], shelf, workspace.engagement(), log, identifier, at, respondent)
