"""The command line as people use it: what it prints, what it returns, what it says when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from tests.builders import response
from ztkit.cli.main import app
from ztkit.content.library import shipped_library
from ztkit.errors import ZtkitError
from ztkit.workspace import Workspace

LIBRARY = shipped_library()


def run(*args, code=0):
    """Run a verb in this process; an error of ours is printed as the entry point prints it."""
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    if isinstance(done.exception, ZtkitError):
        assert done.exception.exit_code == code, done.exception
        return str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


ROW = {
    "id": "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st-a",
    "name": "st-[bold]a[/]",
    "type": "Microsoft.Storage/storageAccounts",
    "subscriptionId": "00000000-0000-0000-0000-00000000000a",
    "properties": {"supportsHttpsTrafficOnly": False},
}


@pytest.fixture
def engagement(tmp_path):
    folder = tmp_path / "client"
    run("init", folder, "--organisation", "Client [x] Ltd")
    source = tmp_path / "rows.json"
    source.write_text(json.dumps([ROW]))
    run("import", source, "-w", folder)
    return folder


def test_help_shows_every_verb_with_an_example():
    text = run("--help")
    for verb in (
        "init",
        "import",
        "assess",
        "report",
        "explain",
        "status",
        "compare",
        "demo",
        "checks",
        "questions",
    ):
        assert verb in text
        assert verb in ("checks", "questions") or "Example: ztkit" in run(verb, "--help")


def test_the_whole_job_without_the_report(engagement):
    text = run("assess", "-w", engagement)
    assert "Client [x] Ltd" in text
    assert "Stage:" in text
    assert "checks are unknown" in text
    explained = run("explain", "data.storage-https-only", "-w", engagement)
    assert "0 pass, 1 fail" in explained
    assert "st-[bold]a[/]" in explained
    assert "of the index hangs on it" in explained


@pytest.mark.parametrize("what", ["", "data", "data.2", "data.storage-https-only", "data.1.labels"])
def test_explain_leads_down_step_by_step(engagement, what):
    if what == "data.1.labels":
        what = next(item.id for item in LIBRARY.questions.values() if item.objective == "data.1")
    run("assess", "-w", engagement)
    assert run("explain", *([what] if what else []), "-w", engagement).strip()


def test_explain_of_nothing_known_says_so(engagement):
    run("assess", "-w", engagement)
    assert "is no pillar, objective, question or check" in run("explain", "cloud", "-w", engagement, code=2)


def test_status_says_what_is_next(tmp_path, engagement):
    fresh = tmp_path / "fresh"
    run("init", fresh)
    assert "`ztkit import FILES` brings in an inventory; `ztkit interview`" in " ".join(
        run("status", "-w", fresh).split()
    )
    first = next(iter(LIBRARY.questions.values()))
    Workspace.open(fresh).add_responses([response(first.id, first.answers[-1].id)])
    assert (
        "`ztkit assess --interview-only` scores" in json.loads(run("status", "-w", fresh, "--json"))["next"]
    )
    assert "`ztkit assess` scores the newest snapshot" in run("status", "-w", engagement)
    run("assess", "-w", engagement)
    assert "`ztkit interview` goes on with" in run("status", "-w", engagement)
    found = json.loads(run("status", "-w", engagement, "--json"))
    assert (found["organisation"], len(found["snapshots"]), len(found["assessments"])) == (
        "Client [x] Ltd",
        1,
        1,
    )


def test_status_counts_the_questions_that_are_asked_and_sees_answers_that_no_assessment_has(engagement):
    space = Workspace.open(engagement)
    run("assess", "-w", engagement)
    before = json.loads(run("status", "-w", engagement, "--json"))
    assert before["open"] + before["waiting"] + before["answered"] == before["questions"]
    gate, depends = next(
        (LIBRARY.questions[item.question], question)
        for question in LIBRARY.questions.values()
        if question.depends_on is not None
        and len(question.depends_on.all) == 1
        and not question.depends_on.any
        for item in question.depends_on.all
        if LIBRARY.questions[item.question].depends_on is None
    )
    closing = next(answer for answer in gate.answers if answer.id not in depends.depends_on.all[0].in_)
    space.add_responses([response(gate.id, closing.id, at=datetime.now(UTC))])
    after = json.loads(run("status", "-w", engagement, "--json"))
    assert after["answered"] == before["answered"] + 1
    assert after["not_asked"] > before["not_asked"] == 0
    assert after["questions"] == before["questions"] - after["not_asked"]
    assert "`ztkit assess` scores what was said since the newest assessment" in after["next"]
    assert "not asked, since another answer settles them" in " ".join(run("status", "-w", engagement).split())


def test_a_threshold_that_is_not_reached_exits_with_1(engagement):
    text = run("assess", "-w", engagement, "--fail-under", "99", code=1)
    assert "lower than 99" in text
    run("assess", "-w", engagement, "--fail-under", "0")


def test_wrong_usage_exits_with_2(tmp_path, engagement):
    assert "no workspace" in run("status", "-w", tmp_path, code=2)
    assert "no snapshot" in run("assess", "-w", engagement, "--snapshot", "2020-01-01T0000Z", code=2)
    assert "cloud" in run("init", tmp_path / "x", "--pillars", "cloud", code=2)
    assert "cannot be compared with itself" in _twice(engagement)
    run("assess", "--nonsense", code=2)


def _twice(engagement):
    run("assess", "-w", engagement)
    return run("compare", "latest", "latest", "-w", engagement, code=2)


def test_without_a_snapshot_interviews_alone_have_to_be_asked_for(tmp_path):
    folder = tmp_path / "interviews"
    run("init", folder)
    assert "--interview-only" in run("assess", "-w", folder, code=2)
    first = next(iter(LIBRARY.questions.values()))
    Workspace.open(folder).add_responses([response(first.id, first.answers[-1].id)])
    result = json.loads(run("assess", "-w", folder, "--interview-only", "--json"))
    assert result["snapshot"] is None
    scored = next(item for item in result["criteria"] if item["id"] == first.id)
    assert (scored["rule"], scored["basis"]) == ("attested", "attested")


def test_a_response_to_nothing_is_refused_with_its_name(engagement):
    Workspace.open(engagement).add_responses([response("data.1.nowhere")])
    assert "there is no question 'data.1.nowhere'" in run("assess", "-w", engagement, code=2)
    assert Workspace.open(engagement).assessments() == []


def test_compare_shows_what_was_fixed(tmp_path, engagement):
    run("assess", "-w", engagement)
    source = tmp_path / "later.json"
    source.write_text(json.dumps([{**ROW, "properties": {"supportsHttpsTrafficOnly": True}}]))
    run("import", source, "-w", engagement)
    run("assess", "-w", engagement)
    found = json.loads(run("compare", "-w", engagement, "--json"))
    moved = next(item for item in found["checks"] if item["id"] == "data.storage-https-only")
    assert (moved["fixed"], moved["new"], moved["still_failing"]) == (1, 0, 0)
    assert "data.storage-https-only" in run("compare", "-w", engagement)


def test_an_exception_takes_a_failing_resource_out_and_is_listed(engagement):
    from datetime import date

    from ztkit.model.response import RiskException

    accepted = RiskException(
        criterion="data.storage-https-only",
        resources=(ROW["id"].upper(),),
        reason="Legacy scanner",
        approver="CISO",
        expires=date(2999, 1, 1),
    )
    Workspace.open(engagement).write_exceptions((accepted,))
    result = json.loads(run("assess", "-w", engagement, "--json"))
    check = next(item for item in result["checks"] if item["id"] == "data.storage-https-only")
    assert (check["failed"], check["excepted"], check["rate"]) == (0, 1, None)
    assert [(item["state"], item["findings"]) for item in result["exceptions"]] == [("in-force", 1)]


def test_an_exception_that_expired_counts_again(engagement):
    from datetime import date

    from ztkit.model.response import RiskException

    old = RiskException(
        criterion="data.storage-https-only", reason="Old", approver="CISO", expires=date(2020, 1, 1)
    )
    Workspace.open(engagement).write_exceptions((old,))
    result = json.loads(run("assess", "-w", engagement, "--json"))
    check = next(item for item in result["checks"] if item["id"] == "data.storage-https-only")
    assert (check["failed"], check["excepted"]) == (1, 0)
    assert result["exceptions"][0]["state"] == "expired"


def test_the_same_inputs_and_clock_give_the_same_bytes(engagement):
    paths = []
    for _ in range(2):
        run("assess", "-w", engagement, "--at", "2026-11-22T09:30:00")
        paths.append(
            Workspace.open(engagement).assessment_folder(Workspace.open(engagement).assessments()[-1])
        )
    first, second = (json.loads((path / "result.json").read_text()) for path in paths)
    assert first.pop("id") != second.pop("id")
    assert first == second
    for name in ("findings.parquet", "ledger.parquet"):
        assert (paths[0] / name).read_bytes() == (paths[1] / name).read_bytes()


def test_checks_and_questions_can_be_listed_and_shown():
    assert len(json.loads(run("checks", "list", "--json"))) == len(LIBRARY.checks)
    assert "data.storage-https-only" in run("checks", "list", "--pillar", "data")
    assert (
        run("checks", "show", "data.storage-https-only", "--kql").strip()
        == LIBRARY.checks["data.storage-https-only"].query.strip()
    )
    assert "Remedy" in run("checks", "show", "data.storage-https-only")
    first = next(iter(LIBRARY.questions))
    assert "A good answer" in run("questions", "show", first)
    assert len(json.loads(run("questions", "list", "--json"))) == len(LIBRARY.questions)
    assert "no problems" in run("checks", "lint")
    assert "all as expected" in run("checks", "test", "data.storage-https-only")
    assert "Did you mean" in run("checks", "show", "data.storage-http-only", code=2)


def test_the_crosswalk_shows_states_in_a_workspace_and_the_content_elsewhere(
    engagement, tmp_path, monkeypatch
):
    run("assess", "-w", engagement)
    text = run("crosswalk", "-f", "cisa-ztmm", "-w", engagement)
    assert "37 controls have criteria" in text
    assert "1 failing" in run("crosswalk", "-w", engagement, "--control", "5.5")
    only = json.loads(run("crosswalk", "-w", engagement, "--control", "5.5", "--json"))
    assert [item["id"] for item in only["controls"]] == ["5.5"]
    assert any(
        item["id"] == "data.storage-https-only" and item["failed"] for item in only["controls"][0]["bearings"]
    )
    monkeypatch.chdir(tmp_path)
    assert "no states are shown" in run("crosswalk")
    assert "has no control '9.9'" in run("crosswalk", "--control", "9.9", code=2)
    assert "There is no framework" in run("crosswalk", "-f", "iso", code=2)


def test_a_service_that_nobody_may_read_is_left_out_by_name(engagement):
    space = Workspace.open(engagement)
    asked = next(
        question
        for question in LIBRARY.questions.values()
        if question.checks
        and question.depends_on is None
        and all(LIBRARY.checks[link.check].source == "microsoft-graph" for link in question.checks)
    )
    best = asked.answers[-1]
    space.add_responses([response(asked.id, best.id)])
    text = run("assess", "-w", engagement)
    assert "the snapshot has nothing of Microsoft Graph" in text
    with_it = space.assessment("latest")
    run("assess", "-w", engagement, "--without", "microsoft-graph")
    without = space.assessment("latest")
    value = {item.id: item.rule for item in with_it.criteria}
    assert value[asked.id] == "evidence-lost"
    assert {item.id: item.rule for item in without.criteria}[asked.id] == "attested"
    assert without.sources == ("resource-graph",)
    assert not any(LIBRARY.checks[item.id].source == "microsoft-graph" for item in without.checks)
    run("report", "-w", engagement)
    (page,) = (space.root / "reports").rglob("*.html")
    assert "Microsoft Graph left out" in page.read_text(encoding="utf-8")
    assert "There is no service 'entra'" in run("assess", "-w", engagement, "--without", "entra", code=2)


def test_the_pages_and_the_coverage_of_the_content(tmp_path):
    run("checks", "docs", tmp_path / "pages")
    assert (tmp_path / "pages" / "README.md").is_file()
    found = json.loads(run("checks", "coverage", "--json"))
    assert [item["objective"] for item in found] == list(LIBRARY.objectives)
    assert "identity.1" in run("checks", "coverage")


def test_the_entry_point_turns_an_error_into_a_message_and_a_code(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ztkit", "status", "-w", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_what_cannot_run_exits_with_3(engagement):
    space = Workspace.open(engagement)
    (space.snapshot_folder(space.snapshots()[-1]) / "resources.parquet").unlink()
    assert "is missing; take or import the snapshot again" in run("assess", "-w", engagement, code=3)


_HARNESS = """
import os, signal, sys
from ztkit.cli import main, status
def act(*_):
    {act}
status.status_of = act
sys.argv = ["ztkit", "status", "-w", {folder!r}]
main()
"""


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("raise ValueError('[bold]odd')", "Defect: ValueError: [bold]odd"),
        ("os.kill(os.getpid(), signal.SIGINT)", "Error: Interrupted."),
    ],
)
def test_a_defect_and_ctrl_c_exit_with_3_and_say_so(engagement, act, message):
    code = _HARNESS.format(act=act, folder=str(engagement))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith(message)
