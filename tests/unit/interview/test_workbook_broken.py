"""A corpus of broken workbooks: each is refused, and where a cell is to blame, that cell is named."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

import pytest
from openpyxl import Workbook

from tests.unit.interview.conftest import FOLLOWS, FREE, GATE
from tests.unit.interview.mail import AT, COLUMN, ID, LATER, Filled, exported, planned
from ztkit.errors import InputError
from ztkit.interview import workbook_file
from ztkit.interview.record import response_to, save
from ztkit.interview.workbook_file import open_book
from ztkit.interview.workbook_import import plan
from ztkit.interview.workbook_reader import read

NA = {"answer": "Does not apply", "rationale": "No sites", "approver": "CISO", "expires": date(2030, 1, 1)}
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504)


@pytest.fixture
def data(shelf, workspace, log):
    return exported(shelf, workspace, log)


@pytest.fixture
def book(data):
    return Filled(data)


def unchanged(_name, content):
    return content


def repacked(data, change=unchanged, more=()):
    """The zip with parts changed and added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in more:
            new.writestr(name, content)
    return target.getvalue()


def zipped(*names):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return target.getvalue()


def foreign():
    target = io.BytesIO()
    Workbook().save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no Excel workbook"),
        (b"Id,Answer\nx,y\n", "no Excel workbook"),
        (OLE, "old kind"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (zipped("a.txt"), "a zip file and no Excel workbook"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a zip file and no Excel workbook"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "damaged"),
    ],
)
def test_what_is_no_workbook_is_refused(content, told):
    with pytest.raises(InputError, match=told):
        open_book(content)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(data, share):
    with pytest.raises(InputError, match="cut off or damaged"):
        open_book(data[: int(len(data) * share)])


def test_a_part_with_other_bytes_than_its_checksum_is_refused(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        place = archive.getinfo("xl/sharedStrings.xml").header_offset + 200
    with pytest.raises(InputError, match="cut off or damaged"):
        open_book(data[:place] + bytes(8) + data[place + 8 :])


def test_a_zip_bomb_is_refused_before_anything_parses_it(data):
    bomb = repacked(data, more=[("xl/media/a.bin", bytes(workbook_file.MAX_UNPACKED + 1))])
    assert len(bomb) < 200_000
    with pytest.raises(InputError, match="at most 500 parts and 62,914,560 bytes"):
        open_book(bomb)


def test_too_many_parts_and_too_large_a_file_are_refused(data, monkeypatch):
    with pytest.raises(InputError, match="at most 500 parts"):
        open_book(repacked(data, more=[(f"xl/a{number}", b"") for number in range(500)]))
    monkeypatch.setattr(workbook_file, "MAX_FILE", 1000)
    with pytest.raises(InputError, match="has less than 1,000"):
        open_book(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused(data, encoding):
    lol = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'.encode(
        encoding
    )
    broken = repacked(data, lambda name, content: lol if name == "xl/sharedStrings.xml" else content)
    with pytest.raises(InputError, match="entities"):
        open_book(broken)


def test_a_part_that_comes_twice_is_refused(data):
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = repacked(data, more=[("xl/workbook.xml", b"<x/>")])
    with pytest.raises(InputError, match="twice"):
        open_book(twice)


def test_macros_are_refused(data):
    with pytest.raises(InputError, match="macros"):
        open_book(repacked(data, more=[("xl/vbaProject.bin", b"x")]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<sheetData>", b"<sheetData><row r='x'><c r='!!'/></row>"),
        (b"</worksheet>", b""),
        (b"<sheetData>", b"<sheetData>\x07"),
        (b't="s"><v>', b't="s"><v>999999'),
    ],
)
def test_damaged_xml_is_refused(data, old, new):
    broken = repacked(
        data, lambda name, content: content.replace(old, new) if name.startswith("xl/worksheets") else content
    )
    with pytest.raises(InputError, match="damaged"):
        open_book(broken)


def test_cells_far_away_and_merged_areas_without_end_cost_nothing(data, shelf, workspace, log):
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    far += b'<mergeCells count="1"><mergeCell ref="N2:XFD1048576"/></mergeCells>'

    def change(name, content):
        return content.replace(b"</sheetData>", far) if name.endswith("sheet2.xml") else content

    assert not planned(repacked(data, change), shelf, workspace, log).bad


def test_a_sheet_with_too_many_rows_is_refused(book, monkeypatch):
    monkeypatch.setattr(workbook_file, "MAX_ROWS", 20)
    book.book["Identity"].cell(21, 1).value = "x"
    with pytest.raises(InputError, match="'Identity' has more than 20 rows"):
        open_book(book.bytes())


@pytest.mark.parametrize("content", [foreign()])
def test_a_workbook_of_somebody_else_is_refused(content):
    with pytest.raises(InputError, match="not made by `ztkit interview export`"):
        read("x.xlsx", open_book(content))


def test_a_later_format_is_refused(book):
    book.book["ztkit"]["B1"].value = "2"
    with pytest.raises(InputError, match="another version of ztkit"):
        read("x.xlsx", open_book(book.bytes()))


def test_another_workspace_is_refused(shelf, workspace, log):
    data = Filled(exported(shelf, workspace, log, identifier="elsewhere")).fill(GATE, answer="Some").bytes()
    found = planned(data, shelf, workspace, log)
    assert not found.taken
    [bad] = found.bad
    assert str(bad).startswith(
        "back.xlsx: exported for Made up from another workspace, and this is the one of Made up"
    )


CELLS = [
    ("answer", "=1+1", "holds a formula; type the answer"),
    ("note", "=HYPERLINK(A1)", "holds a formula; type the text"),
    ("expires", "=TODAY()", "holds a formula"),
    ("answer", "#REF!", "holds the error #REF!"),
    ("note", True, "holds true or false"),
    ("note", datetime(2026, 1, 1), "holds a date"),
    ("note", time(12, 30), "holds a time"),
    (
        "answer",
        2,
        "'2' is not in the list; choose 'None', 'Some', 'Most', 'All', 'Don't know' or 'Does not apply'",
    ),
    ("answer", "Enforced for some", "'Enforced for some' is not in the list"),
    ("note", "a_x0007_b", "holds a control character at place 2"),
    ("note", "x" * 32_768, "holds 32,768 characters; at most 32,767"),
    ("confidence", "Rather", "'Rather' is not in the list; choose 'Low', 'Medium' or 'High'"),
    ("expires", 46_000, "holds 46000, which is no date"),
    ("expires", "01/02/2030", "more than one date"),
    ("expires", "20300102", "type the last day on which it holds as 2027-06-30"),
    ("expires", "2026-01-24", "2026-01-24 is over"),
    ("expires", date(2025, 1, 1), "2025-01-01 is over"),
    ("rationale", None, "empty, and 'Does not apply' needs it: why"),
    ("approver", None, "empty, and 'Does not apply' needs it: approved by"),
    ("expires", None, "empty, and 'Does not apply' needs it: until"),
]


@pytest.mark.parametrize(("key", "value", "told"), CELLS)
def test_a_bad_cell_is_named_and_the_others_are_right(book, shelf, workspace, log, key, value, told):
    filled = {**NA, key: value}
    book.fill(GATE, answer="All").fill(FREE, **filled)
    if isinstance(value, int):
        book.cell(FREE, key).number_format = "General"
    if isinstance(value, str) and len(value) > 32_767:  # openpyxl would cut it
        book.cell(FREE, key)._value = value
    found = planned(book.bytes(), shelf, workspace, log)
    [bad] = found.bad
    assert bad.where == f"Network!{'ABCDEFGHIJKL'[COLUMN[key] - 1]}5"
    assert told in bad.told
    assert [item.question for item in found.taken] == [GATE]


@pytest.mark.parametrize("value", [date(2030, 1, 2), datetime(2030, 1, 2), "2030-01-02", " 2030-01-02 "])
def test_dates_that_can_be_read_in_one_way_only_are_taken(book, shelf, workspace, log, value):
    [response] = planned(book.fill(FREE, **{**NA, "expires": value}).bytes(), shelf, workspace, log).taken
    assert response.expires == date(2030, 1, 2)


def test_a_number_in_a_text_is_taken_as_it_was_typed(book, shelf, workspace, log):
    [response] = planned(book.fill(FREE, answer="All", note=443).bytes(), shelf, workspace, log).taken
    assert response.note == "443"


def test_every_bad_cell_is_told_at_once(book, shelf, workspace, log):
    book.fill(GATE, answer="=1", note="=2").fill(FOLLOWS, answer="x", confidence="y").fill(FREE, note="n")
    wheres = [bad.where for bad in planned(book.bytes(), shelf, workspace, log).bad]
    assert sorted(wheres) == ["Identity!D5", "Identity!D6", "Identity!F5", "Identity!H6", "Network!D5"]


def test_a_cell_that_cannot_be_read_hides_no_other_of_its_row(book, shelf, workspace, log):
    book.fill(FREE, answer="Does not apply", expires="01/02/2030", confidence="x")
    wheres = [bad.where for bad in planned(book.bytes(), shelf, workspace, log).bad]
    assert sorted(wheres) == ["Network!H5", "Network!J5", "Network!K5", "Network!L5"]


def test_merged_cells_are_refused_where_they_reach(book, shelf, workspace, log):
    book.fill(GATE, answer="All").fill(FREE, answer="All")
    book.book["Identity"].merge_cells("D5:D6")
    found = planned(book.bytes(), shelf, workspace, log)
    assert [(bad.where, "unmerge" in bad.told) for bad in found.bad] == [
        ("Identity!D5", True),
        ("Identity!D6", True),
    ]
    assert [item.question for item in found.taken] == [FREE]


def test_a_missing_sheet_is_named_with_what_is_lost(book, shelf, workspace, log):
    del book.book["Identity"]
    [bad] = planned(book.bytes(), shelf, workspace, log).bad
    assert str(bad) == "back.xlsx: Identity: the sheet is missing, with 3 questions; have the file sent again"


def test_a_missing_row_is_named(book, shelf, workspace, log):
    book.book["Identity"].delete_rows(6)
    [bad] = planned(book.bytes(), shelf, workspace, log).bad
    assert (bad.where, bad.told) == (
        "Identity",
        f"the row of {FOLLOWS} is missing; have the file sent again",
    )


def test_a_missing_column_is_named(book, shelf, workspace, log):
    book.fill(GATE, answer="All").book["Identity"].delete_cols(1)
    found = planned(book.bytes(), shelf, workspace, log)
    assert found.bad[0].where == "Identity!A4"
    assert found.bad[0].told.startswith("the column Id is missing")
    assert not found.taken


def test_a_column_that_comes_twice_is_named(book, shelf, workspace, log):
    book.book["Identity"].cell(4, 20).value = "Answer"
    assert (
        planned(book.bytes(), shelf, workspace, log).bad[0].told.startswith("the column Answer comes twice")
    )


def test_a_row_without_its_id_is_named(book, shelf, workspace, log):
    book.fill(GATE, answer="All").cell(GATE, "id").value = None
    wheres = [bad.where for bad in planned(book.bytes(), shelf, workspace, log).bad]
    assert wheres == ["Identity!A5", "Identity"]


def test_a_question_that_comes_twice_is_named_and_neither_is_taken(book, shelf, workspace, log):
    book.fill(FREE, answer="All")
    sheet = book.book["Identity"]
    sheet.cell(9, 1).value, sheet.cell(9, 4).value = FREE, "None"
    found = planned(book.bytes(), shelf, workspace, log)
    [bad] = found.bad
    assert (bad.where, bad.told) == (
        "Network!A5",
        f"{FREE} comes twice, also in Identity!A9; remove one of them",
    )
    assert not found.taken


def test_a_question_that_is_no_more_is_named_when_it_was_answered(book, shelf, workspace, log):
    sheet = book.book["Identity"]
    sheet.cell(9, 1).value = "identity.1.gone"
    assert not planned(book.bytes(), shelf, workspace, log).bad
    sheet.cell(9, 4).value = "All"
    [bad] = planned(book.bytes(), shelf, workspace, log).bad
    assert bad.where == "Identity!A9"
    assert "there is no question 'identity.1.gone'" in bad.told


def test_a_pillar_that_went_out_of_scope_is_named(book, shelf, workspace, log):
    data = book.fill(FREE, answer="All").bytes()
    engagement = workspace.engagement().model_copy(update={"pillars": ("identity",)})
    found = plan([read("b.xlsx", open_book(data))], shelf, engagement, log, ID, LATER)
    assert "not in scope" in found.bad[0].told


def test_an_answer_that_was_emptied_takes_nothing_back(shelf, workspace, log):
    save(log, shelf, response_to(shelf.questions[FREE], AT, answer="all"), None)
    book = Filled(exported(shelf, workspace, log)).fill(FREE, answer=None)
    [bad] = planned(book.bytes(), shelf, workspace, log).bad
    assert (bad.where, "takes nothing back" in bad.told) == ("Network!D5", True)


def test_two_files_that_say_different_things_are_told(book, shelf, workspace, log):
    readings = [
        read(name, open_book(book.fill(FREE, answer=answer).bytes()))
        for name, answer in (("a.xlsx", "All"), ("b.xlsx", "None"))
    ]
    found = plan(readings, shelf, workspace.engagement(), log, ID, LATER)
    assert [item.answer for item in found.taken] == ["all"]
    assert (
        str(found.bad[0])
        == f"b.xlsx: Network!D5: {FREE} is answered otherwise in a.xlsx: Network!D5; import one of the two"
    )


def test_a_shared_formula_and_an_array_are_formulas(data, shelf, workspace, log):
    for formula in (
        b'<f t="shared" ref="D5:D6" si="0">A1</f><v>All</v>',
        b'<f t="array" ref="D5">A1:A2</f><v>All</v>',
    ):

        def change(name, content, formula=formula):
            cell = rb'<c r="D5"( s="\d+")/>'
            put = rb'<c r="D5"\1 t="str">' + formula + b"</c>"
            return re.sub(cell, put, content) if name.endswith("sheet3.xml") else content

        [bad] = planned(repacked(data, change), shelf, workspace, log).bad
        assert (bad.where, bad.told) == ("Network!D5", "holds a formula; type the answer")
