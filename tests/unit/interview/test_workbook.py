"""Workbooks by mail: what they look like, and that what is filled in comes back as it was meant."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.builders import library, question
from tests.unit.interview.conftest import FOLLOWS, FREE, GATE
from tests.unit.interview.conftest import LATER as LAST
from tests.unit.interview.mail import AT, COLUMN, LATER, Filled, exported, planned
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import OvertakenError, response_to, save
from ztkit.interview.workbook_import import take
from ztkit.interview.workbook_layout import CELL_LIMIT, INPUTS, sheet_name
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace


def said(log, shelf, name, at=AT, **fields):
    """Something on file."""
    return save(log, shelf, response_to(shelf.questions[name], at, **fields), log.last(name)).response


def test_the_same_input_gives_the_same_bytes(shelf, workspace, log):
    assert exported(shelf, workspace, log) == exported(shelf, workspace, log)


def test_a_sheet_a_pillar_and_only_what_is_filled_in_is_unlocked(shelf, workspace, log):
    book = load_workbook(io.BytesIO(exported(shelf, workspace, log)))
    assert [(sheet.title, sheet.sheet_state) for sheet in book.worksheets] == [
        ("Read me", "visible"),
        ("Identity", "visible"),
        ("Network", "visible"),
        ("Lists", "veryHidden"),
        ("ztkit", "veryHidden"),
    ]
    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in book.worksheets)
    sheet = book["Identity"]
    open_columns = {cell.column for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert open_columns == {COLUMN[column.key] for column in INPUTS}
    assert sheet.freeze_panes == "C5"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.print_title_rows) == (
        9,
        "landscape",
        "$4:$4",
    )


def test_the_list_offers_the_questions_answers_and_the_two_that_are_always_offered(shelf, workspace, log):
    book = load_workbook(io.BytesIO(exported(shelf, workspace, log)))
    rule = next(item for item in book["Network"].data_validations.dataValidation if "D5" in str(item.sqref))
    area = rule.formula1.removeprefix("Lists!").replace("$", "")
    assert [row[0].value for row in book["Lists"][area]] == [
        "None",
        "Some",
        "Most",
        "All",
        "Don't know",
        "Does not apply",
    ]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1", "https://example.org/x", "12"])
def test_hostile_texts_stay_texts(shelf, workspace, log, text):
    said(log, shelf, FREE, answer="all", note=text, respondent=text)
    hostile = Workspace.create(
        workspace.root / "h", Engagement(organisation=text, pillars=("identity", "network"))
    )
    book = load_workbook(io.BytesIO(exported(shelf, hostile, log)))
    assert {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row} <= {
        "s",
        "n",
    }
    assert not [
        cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.hyperlink
    ]
    assert Filled(exported(shelf, hostile, log)).cell(FREE, "note").value == text


def test_what_is_on_file_is_filled_in_with_who_and_when_and_taken_as_unchanged(shelf, workspace, log):
    said(
        log,
        shelf,
        FREE,
        kind="not-applicable",
        rationale="No sites\r\nat all",
        approver="CISO",
        expires=date(2026, 1, 20),
        note="  n ",
        evidence=["A", "B"],
        confidence="low",
        respondent="The network lead",
    )
    book = Filled(exported(shelf, workspace, log))
    assert book.cell(FREE).value == "Does not apply"
    assert book.cell(FREE, "evidence").value == "A\nB"
    assert book.cell(FREE, "expires").value == datetime(2026, 1, 20)
    assert book.cell(FREE, "on_file").value == "The network lead, 2026-01-15"
    found = planned(
        book.bytes(), shelf, workspace, log
    )  # nine days later the expiry is over, and nobody touched it
    assert (found.taken, found.bad, found.conflicts, found.unchanged) == ((), (), (), 1)


def test_a_name_beside_an_answer_on_file_confirms_it(shelf, workspace, log):
    said(log, shelf, FREE, answer="all", note="n", evidence=["A"], respondent="Before")
    book = Filled(exported(shelf, workspace, log)).fill(FREE, respondent="Now")
    [response] = planned(book.bytes(), shelf, workspace, log).taken
    assert (response.answer, response.note, response.evidence, response.respondent, response.at) == (
        "all",
        "n",
        ("A",),
        "Now",
        LATER,
    )


def test_a_text_that_no_cell_holds_is_cut_and_stays_whole_on_file(shelf, workspace, log):
    said(log, shelf, FREE, answer="all", note="x" * 50_000)
    book = Filled(exported(shelf, workspace, log))
    assert len(book.cell(FREE, "note").value) <= CELL_LIMIT
    assert planned(book.bytes(), shelf, workspace, log).unchanged == 1
    [response] = planned(book.fill(FREE, answer="Some").bytes(), shelf, workspace, log).taken
    assert response.note == "x" * 50_000


def test_names_come_from_the_row_then_the_first_sheet_then_the_option(shelf, workspace, log):
    book = Filled(exported(shelf, workspace, log)).fill(GATE, answer="Some")
    assert planned(book.bytes(), shelf, workspace, log, respondent="Option").taken[0].respondent == "Option"
    read_me = book.book["Read me"]
    label = next(cell for row in read_me.iter_rows() for cell in row if cell.value == "Your name")
    read_me.cell(label.row, label.column + 1).value = "Signed"
    assert planned(book.bytes(), shelf, workspace, log, respondent="Option").taken[0].respondent == "Signed"
    book.fill(GATE, respondent="Row")
    assert planned(book.bytes(), shelf, workspace, log, respondent="Option").taken[0].respondent == "Row"


def test_an_answer_given_since_the_export_is_a_conflict(shelf, workspace, log):
    book = Filled(exported(shelf, workspace, log)).fill(FREE, answer="Some").fill(GATE, answer="All")
    since = said(log, shelf, FREE, answer="all", respondent="Colleague")
    found = planned(book.bytes(), shelf, workspace, log)
    assert [(item.where, item.response.answer, item.on_file) for item in found.conflicts] == [
        ("Network!D5", "some", since)
    ]
    take(found, shelf, log)
    assert [log.responses[name][-1].answer for name in (FREE, GATE)] == ["all", "all"]
    take(planned(book.bytes(), shelf, workspace, log), shelf, log, replace=True)
    assert log.responses[FREE][-1].answer == "some"


def test_the_same_file_twice_records_once(shelf, workspace, log):
    data = Filled(exported(shelf, workspace, log)).fill(FREE, answer="Some", note="n").bytes()
    take(planned(data, shelf, workspace, log), shelf, log)
    again = planned(data, shelf, workspace, log)
    assert (again.taken, again.conflicts, again.unchanged) == ((), (), 1)


def test_an_answer_recorded_between_plan_and_taking_stops_all_of_it(shelf, workspace, log):
    book = Filled(exported(shelf, workspace, log)).fill(FREE, answer="Some").fill(GATE, answer="All")
    found = planned(book.bytes(), shelf, workspace, log)
    said(ResponseLog(workspace), shelf, FREE, answer="all")
    with pytest.raises(OvertakenError):
        take(found, shelf, log)
    assert GATE not in log.responses


def test_rows_may_be_shuffled_columns_moved_and_the_sheet_renamed(shelf, workspace, log):
    book = Filled(exported(shelf, workspace, log)).fill(GATE, answer="Some").fill(FOLLOWS, answer="all")
    sheet = book.book["Identity"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    for number, values in enumerate([rows[0], *reversed(rows[1:])], 4):
        for column, value in enumerate(reversed(values), 1):
            sheet.cell(number, column).value = value
    sheet.title = "Copy of it"
    found = planned(book.bytes(), shelf, workspace, log)
    assert {item.question: item.answer for item in found.taken} == {GATE: "some", FOLLOWS: "all"}
    assert not found.bad


def test_hidden_rows_are_read(shelf, workspace, log):
    book = Filled(exported(shelf, workspace, log)).fill(GATE, answer="Some")
    book.book["Identity"].row_dimensions[book.cell(GATE).row].hidden = True
    assert planned(book.bytes(), shelf, workspace, log).taken[0].answer == "some"


@pytest.mark.parametrize("label", ["some", "  SOME ", "Some\n", "don\u2019t KNOW"])
def test_labels_are_read_without_regard_to_case_and_spacing(shelf, workspace, log, label):
    book = Filled(exported(shelf, workspace, log)).fill(GATE, answer=label)
    [response] = planned(book.bytes(), shelf, workspace, log).taken
    assert response.answer == "some" or response.kind == "dont-know"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Net/work: [a]*?", "Net work   a"),
        ("'quoted'", "quoted"),
        ("x" * 40, "x" * 31),
        ("History", "History of"),
        ("", "Questions"),
        ("read ME", "read ME 2"),
    ],
)
def test_sheets_have_names_that_excel_accepts(title, expected):
    assert sheet_name(title, {"Read me"}) == expected


def test_long_texts_of_the_content_fit_what_excel_holds(workspace, log):
    long = question(
        GATE,
        answers=[
            {"id": "a", "label": "a, b; c" * 60, "value": 0},
            {"id": "b", "label": '=1"', "value": 1},
        ],
        ask={"role": "ciso", "minutes": 2, "probes": ["why " * 200]},
    )
    shelf = library([long])
    data = exported(shelf, workspace, log)
    book = Filled(data).fill(GATE, answer='=1"')
    book.cell(GATE).data_type = "s"
    assert planned(book.bytes(), shelf, workspace, log).taken[0].answer == "b"
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet2.xml").decode()
    prompts = [part.split('"')[0] for part in sheet.split(' prompt="')[1:]]
    assert prompts
    assert max(map(len, prompts)) <= 255 + 20  # written with entities, such as &apos;


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    max_size=40,
).map(lambda text: " ".join(text.split()))
FIELDS = {"note": TEXT, "respondent": TEXT, "confidence": st.sampled_from(["", "low", "medium", "high"])}
RESPONSES = st.one_of(
    st.fixed_dictionaries({"answer": st.sampled_from(["none", "some", "most", "all"]), **FIELDS}),
    st.fixed_dictionaries({"kind": st.just("dont-know"), **FIELDS}),
    st.fixed_dictionaries(
        {
            "kind": st.just("not-applicable"),
            "rationale": TEXT.filter(bool),
            "approver": TEXT.filter(bool),
            "expires": st.dates(date(2026, 2, 1), date(2100, 1, 1)),
            **FIELDS,
        }
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.dictionaries(st.sampled_from([GATE, FOLLOWS, LAST, FREE]), RESPONSES),
    documents=st.lists(TEXT.filter(bool), max_size=3),
)
def test_export_fill_import_gives_back_the_same_responses(shelf, tmp_path_factory, told, documents):
    workspace = Workspace.create(
        tmp_path_factory.mktemp("w") / "w",
        Engagement(organisation="Made up", pillars=("identity", "network")),
    )
    log = ResponseLog(workspace)
    book = Filled(exported(shelf, workspace, log))
    meant = {}
    for name, fields in told.items():
        meant[name] = response_to(
            shelf.questions[name], LATER, role=shelf.questions[name].ask.role, evidence=documents, **fields
        )
        labels = {answer.id: answer.label for answer in shelf.questions[name].answers}
        kind = {"dont-know": "Don't know", "not-applicable": "Does not apply"}
        cells = {key: value for key, value in fields.items() if key not in ("kind", "answer")}
        cells["answer"] = labels.get(fields.get("answer")) or kind[fields["kind"]]
        cells["confidence"] = cells["confidence"].title()
        for key, value in {**cells, "evidence": "\n".join(documents)}.items():
            cell = book.cell(name, key)
            cell.value = value or None
            if isinstance(value, str) and value:
                cell.data_type = "s"  # typed into a cell of the kind Text
    found = planned(book.bytes(), shelf, workspace, log)
    assert not found.bad
    assert {item.response.question: item.response for item in take(found, shelf, log)} == meant
    again = planned(exported(shelf, workspace, log, at=LATER), shelf, workspace, log)
    assert (again.taken, again.bad, again.conflicts) == ((), (), ())
