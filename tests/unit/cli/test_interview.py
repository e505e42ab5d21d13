"""`ztkit interview`: by mail, in a meeting and in the terminal, as people use it."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from rich.console import Console

from tests.unit.cli.test_cli import ROW, run
from tests.unit.interview.mail import Filled
from ztkit.cli.interview_terminal import TerminalInterview
from ztkit.content.library import shipped_library
from ztkit.errors import UsageError
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import response_to, save
from ztkit.workspace import Workspace

Q1, Q2 = "network.1.segments-by-workload", "network.1.rules-between-workloads"
HTTPS = "data.2.secure-transfer"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engagement(tmp_path):
    folder = tmp_path / "client"
    run("init", folder, "--organisation", "Client [x] Ltd")
    return folder


@pytest.fixture
def exported(engagement, tmp_path):
    """A workbook of the network administrator, and how to send it back filled in."""
    path = tmp_path / "network.xlsx"
    run("interview", "export", path, "--role", "network", "--xlsx", "-w", engagement)

    def fill(name="back.xlsx", **answers):
        book = Filled(path.read_bytes())
        for question, values in answers.items():
            book.fill(question.replace("__", ".").replace("_", "-"), **values)
        back = tmp_path / name
        back.write_bytes(book.bytes())
        return back

    return fill


def on_file(folder):
    return {
        name: [item.answer for item in given] for name, given in Workspace.open(folder).responses().items()
    }


GOOD = {"network__1__segments_by_workload": {"answer": "About half", "note": "[b]n[/]"}}
BAD = {"network__1__rules_between_workloads": {"answer": "=1+1", "note": "=2"}}


def test_a_file_for_each_role_private_and_told_with_its_length(engagement):
    text = run("interview", "export", "-w", engagement)
    files = sorted((engagement / "interviews").iterdir())
    assert len(files) == 9
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    [network] = [line for line in text.splitlines() if "network-admin" in line]
    assert "questions, about" in network
    again = run("interview", "export", "--role", "network-admin", "--pillar", "network", "-w", engagement)
    assert "interview-network-admin-network-" in again
    run("interview", "export", "--role", "network", "-w", engagement)
    assert len(list((engagement / "interviews").glob("interview-network-admin-20*-2.xlsx"))) == 1


def test_a_file_that_may_have_been_filled_in_is_not_written_over(engagement, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"filled in")
    assert "is there already" in run("interview", "export", path, "-w", engagement, code=2)
    assert path.read_bytes() == b"filled in"


@pytest.mark.parametrize("role", ["e", "Endpoint", "endpoint-admin"])
def test_roles_have_short_names(engagement, role):
    assert "interview-endpoint-admin" in run("interview", "export", "--role", role, "-w", engagement)


@pytest.mark.parametrize(
    ("role", "told"),
    [("c", "could be ciso or cloud-platform"), ("nobody", "is none of ciso"), ("", "is none of")],
)
def test_a_role_that_is_none_or_several_is_refused(engagement, role, told):
    assert told in run("interview", "export", "--role", role, "-w", engagement, code=2)


def test_a_pillar_out_of_scope_is_refused(engagement):
    assert "is none of those in scope" in run(
        "interview", "export", "--pillar", "cloud", "-w", engagement, code=2
    )


def test_what_comes_back_is_recorded(engagement, exported):
    text = run("interview", "import", exported(**GOOD), "--respondent", "The lead", "-w", engagement)
    assert "1 answer recorded; 0 as on file, 19 left empty." in text
    [response] = Workspace.open(engagement).responses()[Q1]
    assert (response.answer, response.note, response.respondent, response.role) == (
        "half",
        "[b]n[/]",
        "The lead",
        "network-admin",
    )


def test_with_a_bad_cell_nothing_is_taken_and_each_is_named(engagement, exported):
    text = run("interview", "import", exported(**GOOD, **BAD), "-w", engagement, code=2)
    assert text.splitlines() == [
        "Nothing was taken. Mend these cells, or take the rest with --partly:",
        "back.xlsx: Network!D6: holds a formula; type the answer",
        "back.xlsx: Network!F6: holds a formula; type the text",
    ]
    assert on_file(engagement) == {}


def test_partly_takes_the_rest_and_still_names_each_bad_cell(engagement, exported):
    text = run("interview", "import", exported(**GOOD, **BAD), "--partly", "-w", engagement, code=2)
    assert text.startswith("These were not taken:\nback.xlsx: Network!D6")
    assert on_file(engagement) == {Q1: ["half"]}


def test_a_dry_run_records_nothing(engagement, exported):
    text = run("interview", "import", exported(**GOOD), "--dry-run", "-w", engagement)
    assert "1 answer would be recorded" in text
    assert on_file(engagement) == {}


def test_an_answer_given_since_is_replaced_only_when_asked_to(engagement, exported):
    back = exported(**GOOD)
    library, log = shipped_library(), ResponseLog(Workspace.open(engagement))
    save(log, library, response_to(library.questions[Q1], AT, answer="all", respondent="Col\x1b[2Jl"), None)
    text = run("interview", "import", back, "-w", engagement, code=2)
    assert (
        "Network!D5: answered since the export with 'All; every exclusion is approved and reviewed' by Col[2Jl"
        in text
    )
    assert "the file says 'About half'" in text
    text = run("interview", "import", back, "--replace", "-w", engagement)
    assert "Replaces: back.xlsx: Network!D5" in text
    assert on_file(engagement) == {Q1: ["all", "half"]}


def test_files_that_are_none_are_named(engagement, tmp_path):
    other = tmp_path / "x.xlsx"
    other.write_text("Id,Answer")
    text = run("interview", "import", other, tmp_path / "none.xlsx", "-w", engagement, code=2)
    assert "x.xlsx: this is no Excel workbook" in text
    assert "none.xlsx: cannot be read: No such file" in text


def test_a_workbook_of_another_workspace_is_refused(engagement, exported, tmp_path):
    back = exported(**GOOD)
    run("init", tmp_path / "other", "--organisation", "Other")
    text = run("interview", "import", back, "-w", tmp_path / "other", code=2)
    assert "exported for Client [x] Ltd from another workspace" in text


def test_due_leaves_out_what_is_answered(engagement, exported, tmp_path):
    run("interview", "import", exported(**GOOD), "-w", engagement)
    path = tmp_path / "due.xlsx"
    assert "19 questions" in run("interview", "export", path, "--role", "network", "--due", "-w", engagement)
    with path.open("rb") as file:
        ids = {row[0].value for sheet in load_workbook(file).worksheets for row in sheet.iter_rows(max_col=1)}
    assert Q1 not in ids
    assert Q2 in ids


def test_agendas_are_written_for_whoever_is_asked(engagement, tmp_path):
    text = run("interview", "agenda", "--role", "network", "-o", tmp_path / "a", "-w", engagement)
    assert "agenda-network-admin.html: 20 questions, 67 minutes in 2 meetings" in text
    assert "Client [x] Ltd" in (tmp_path / "a" / "agenda-network-admin.html").read_text()
    run("interview", "agenda", "--format", "md", "-o", tmp_path / "a", "-w", engagement)
    assert len(list((tmp_path / "a").glob("*.md"))) == 9


def test_without_a_terminal_it_says_what_else_there_is(engagement):
    text = run("interview", "-w", engagement, code=2)
    assert "No terminal is attached" in text
    assert "ztkit interview export" in text


def asked(folder, *lines, role="network", **options):
    """The terminal interview with these lines typed; what it showed, prompts and all."""
    shown, typed = io.StringIO(), iter(lines)

    def read(prompt):
        shown.write(prompt)
        line = next(typed, None)
        if line is None:
            raise EOFError
        shown.write(f"{line}\n")
        return line

    console = Console(file=shown, width=100, highlight=False)
    interview = TerminalInterview(Workspace.open(folder), console, read, lambda: AT)
    interview.run(role, "", "The lead", **options)
    assert next(typed, None) is None, "lines were left that nobody read"
    return shown.getvalue()


def test_answers_by_number_are_on_disk_at_once(engagement):
    text = asked(engagement, "3", "a [b]note[/]", "d", "", "q")
    assert "Does every workload live in a network segment of its own" in text
    assert "0 of 20 answered" in text
    assert "2 answers saved" in text
    given = Workspace.open(engagement).responses()
    assert (given[Q1][0].answer, given[Q1][0].note, given[Q1][0].respondent) == (
        "half",
        "a [b]note[/]",
        "The lead",
    )
    assert given[Q2][0].kind == "dont-know"


def test_it_goes_on_where_it_stopped_and_all_asks_again(engagement):
    asked(engagement, "3", "", "q")
    assert "Does every workload live" not in asked(engagement, "q")
    assert "On file: About half, The lead, 2026-03-01" in asked(engagement, "q", everything=True)


def test_the_end_of_input_saves_no_half_an_answer(engagement):
    text = asked(engagement, "n", "Since", "CISO")
    assert "0 answers saved" in text
    assert on_file(engagement) == {}


def test_not_applicable_asks_for_what_it_needs(engagement):
    text = asked(engagement, "n", "", "Since", "CISO", "soon", "2020-01-01", "2030-01-01", "", "q")
    for part in ("It is needed", "Type a day as 2027-06-30", "2020-01-01 is over"):
        assert part in text
    [response] = Workspace.open(engagement).responses()[Q1]
    assert not response.lacks(AT.date())


def test_help_skip_back_and_wrong_keys(engagement):
    text = asked(engagement, "?", "9", "s", "b", "1", "", "q")
    assert "Which two applications share a segment today" in text
    assert "Segmentation design with date and owner" in text
    assert "Type a number from 1 to 5" in text
    assert on_file(engagement) == {Q1: ["none"]}


def test_what_somebody_else_said_in_the_meantime_is_shown_and_kept(engagement, monkeypatch):
    library = shipped_library()
    inputs = iter(["5", None, "s", "q"])

    def read(_prompt):
        line = next(inputs)
        if line is None:  # the note: meanwhile a colleague answers
            log = ResponseLog(Workspace.open(engagement))
            save(
                log,
                library,
                response_to(library.questions[Q1], AT, answer="none", respondent="Colleague"),
                None,
            )
            return ""
        return line

    shown = io.StringIO()
    TerminalInterview(Workspace.open(engagement), Console(file=shown, width=300), read, lambda: AT).run(
        "network", "", "Me"
    )
    assert "Answered in the meantime" in shown.getvalue()
    assert "On file: Not in place, Colleague" in shown.getvalue()
    assert on_file(engagement) == {Q1: ["none"]}


def test_a_conflict_with_the_evidence_is_shown_and_settled(engagement, tmp_path):
    source = tmp_path / "rows.json"
    source.write_text(f"[{ROW}]".replace("'", '"').replace("False", "false"))
    run("import", source, "-w", engagement)
    run("assess", "-w", engagement)
    role = shipped_library().questions[HTTPS].ask.role
    place = next(number for number, item in enumerate(due(engagement, role)) if item == HTTPS)
    before = ["s"] * place
    text = asked(engagement, *before, "5", "", "x", "u", "The account is a honeypot", "q", role=role)
    assert "✗ fail" in text
    assert "The evidence says otherwise." in text
    first, second = Workspace.open(engagement).responses()[HTTPS]
    assert (first.settles, second.settles, second.dispute) == (
        "",
        "dispute-evidence",
        "The account is a honeypot",
    )
    assert second.answer == first.answer


def due(folder, role):
    from ztkit.interview.session import session

    space = Workspace.open(folder)
    items = session(shipped_library(), space.engagement(), space.responses(), AT).only(role=role).items
    return [item.question.id for item in items if item.state == "open"]


def test_a_role_or_pillar_is_chosen_from_a_list(engagement):
    text = asked(engagement, "x", "4", "q", role="")
    assert "Type a number from 1 to" in text
    assert "  4  Network administrator (" in text
    assert "Pillar: Network (" in text
    assert "Does every workload live" in text


def test_an_unknown_role_is_refused(engagement):
    with pytest.raises(UsageError, match="'nobody' is none of"):
        asked(engagement, role="nobody")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_in_a_real_terminal(engagement):
    mine, its = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "ztkit",
        "interview",
        "--role",
        "network",
        "--respondent",
        "Me",
        "-w",
        str(engagement),
    ]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, close_fds=True)
    os.close(its)
    os.write(mine, b"2\n\nq\n")
    shown = b""
    try:
        while part := os.read(mine, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(mine)
    assert process.wait(60) == 0
    assert "1 answer saved" in shown.decode()
    assert on_file(engagement) == {Q1: ["pilot"]}
