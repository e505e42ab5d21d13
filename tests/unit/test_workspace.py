"""An engagement on disk: nothing half-done, nothing readable by others, nothing lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.builders import response
from ztkit.errors import ContentError, UsageError, ZtkitError
from ztkit.model.engagement import Engagement
from ztkit.model.response import RiskException
from ztkit.workspace import Workspace, write_atomically


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation='Quotes " and \\ and é', assessor="A"))


def test_what_is_written_is_read_back(workspace):
    assert workspace.engagement().organisation == 'Quotes " and \\ and é'
    assert Workspace.open(workspace.root) == workspace
    (workspace.root / "deep" / "er").mkdir(parents=True)
    assert Workspace.open(workspace.root / "deep" / "er").root == workspace.root.resolve()


def test_a_folder_that_is_taken_is_refused(workspace, tmp_path):
    with pytest.raises(UsageError, match="is a workspace already"):
        Workspace.create(workspace.root, Engagement(organisation="X"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(UsageError, match="not empty"):
        Workspace.create(tmp_path / "full", Engagement(organisation="X"))


def test_a_folder_that_is_none_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match="ztkit init"):
        Workspace.open(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX ones")
def test_only_the_owner_can_read_it(workspace):
    workspace.add_responses([response()])
    workspace.write_exceptions(())
    with workspace.building("snapshots", "2026-01-01T0000Z") as folder:
        (folder / "manifest.json").write_text("{}")
    modes = {path: path.stat().st_mode & 0o777 for path in (workspace.root, *workspace.root.rglob("*"))}
    assert {path.name: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("organisation = ", "not valid TOML"),
        ('organisation = "X"\npilars = ["data"]', "pilars: Extra inputs"),
        ('organisation = "X"\npillars = ["cloud"]', "pillars.0"),
        ('organisation = "X"\n[scoring]\nshare_of_initial = 2', "from 0 to 1"),
    ],
)
def test_a_bad_configuration_is_named(workspace, text, message):
    workspace.config_path.write_text(text)
    with pytest.raises(ContentError, match=message):
        workspace.engagement()


def test_exact_weights_can_be_written_as_decimals_or_fractions(workspace):
    workspace.config_path.write_text(
        'organisation = "X"\n[scoring]\nshare_of_initial = 0.7\n[scoring.pillar_weights]\ndata = "1/3"'
    )
    scoring = workspace.engagement().scoring
    assert (str(scoring.share_of_initial), str(scoring.pillar_weights["data"])) == ("7/10", "1/3")


def test_every_response_is_kept_in_order(workspace):
    workspace.add_responses([response(answer="none"), response("network.1.b", "all")])
    workspace.add_responses([response(answer="all", note="line\nbreak")])
    found = workspace.responses()
    assert [item.answer for item in found["network.1.a-question"]] == ["none", "all"]
    assert len(workspace.responses_path.read_text().splitlines()) == 3


def test_a_line_that_was_cut_off_by_a_crash_loses_nothing_that_was_acknowledged(workspace):
    workspace.add_responses([response(answer="none")])
    with workspace.responses_path.open("a") as file:
        file.write('{"question": "network.1.a-qu')
    assert [item.answer for item in workspace.responses()["network.1.a-question"]] == ["none"]
    workspace.add_responses([response(answer="all")])
    assert [item.answer for item in workspace.responses()["network.1.a-question"]] == ["none", "all"]


def test_a_last_line_that_only_lacks_its_end_is_kept(workspace):
    workspace.responses_path.write_text(response(answer="none").model_dump_json())
    workspace.add_responses([response(answer="all")])
    assert [item.answer for item in workspace.responses()["network.1.a-question"]] == ["none", "all"]


def test_bad_lines_are_all_named(workspace):
    workspace.responses_path.write_text('{"question": "q"}\nno json\n' + response().model_dump_json() + "\n")
    with pytest.raises(ContentError) as problem:
        workspace.responses()
    assert {text.split(":")[1] for text in problem.value.problems} == {"1", "2"}


def test_exceptions_are_read_back_and_bad_ones_named(workspace):
    accepted = RiskException(
        criterion="network.a", reason="Legacy", approver="CISO", expires=date(2026, 5, 1)
    )
    workspace.write_exceptions((accepted,))
    assert workspace.exceptions() == (accepted,)
    (workspace.root / "exceptions.yaml").write_text("exceptions:\n- criterion: network.a\n  reason: none\n")
    with pytest.raises(ContentError, match="approver"):
        workspace.exceptions()
    (workspace.root / "exceptions.yaml").write_text("a: [")
    with pytest.raises(ContentError, match="not valid YAML"):
        workspace.exceptions()


def test_something_begun_and_not_ended_is_not_there(workspace):
    with pytest.raises(RuntimeError), workspace.building("assessments", "2026-01-01T0000Z") as folder:
        (folder / "result.json").write_text("{}")
        raise RuntimeError
    assert workspace.assessments() == []
    assert list((workspace.root / "assessments").iterdir()) == []


def test_ids_are_utc_minutes_and_numbered_when_taken(workspace):
    at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    names = []
    for _ in range(11):
        names.append(workspace.new_id("snapshots", at))
        with workspace.building("snapshots", names[-1]) as folder:
            (folder / "manifest.json").touch()
    assert names[:3] == ["2026-11-22T0930Z", "2026-11-22T0930Z-2", "2026-11-22T0930Z-3"]
    assert workspace.snapshots() == names


@pytest.mark.parametrize("name", ["../../etc", "latest/../..", "", "2026-11-22T0930Z/../x"])
def test_an_id_never_leaves_the_workspace(workspace, name):
    with pytest.raises(UsageError):
        workspace.snapshot_folder(name)
    with pytest.raises(UsageError):
        workspace.assessment(name)


def test_an_unknown_assessment_names_those_there_are(workspace):
    with pytest.raises(UsageError, match="There are: none"):
        workspace.find_assessment("latest")


def test_a_damaged_result_is_named(workspace):
    with workspace.building("assessments", "2026-01-01T0000Z") as folder:
        (folder / "result.json").write_text('{"schema_version": 9}')
    with pytest.raises(ZtkitError, match="damaged or was written by another version"):
        workspace.assessment("latest")


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "f.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["f.json"]


def _append(root, writer, count):
    space = Workspace.open(root)
    for number in range(count):
        space.add_responses([response(answer="all", note=f"{writer}-{number}")])


def test_two_writers_at_once_lose_nothing(workspace):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(workspace.root, name, 40)) for name in ("a", "b")]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    notes = {item.note for item in workspace.responses()["network.1.a-question"]}
    assert notes == {f"{name}-{number}" for name in ("a", "b") for number in range(40)}


_WRITER = """
import sys
from pathlib import Path
from tests.builders import response
from ztkit.workspace import Workspace
space = Workspace.open(Path(sys.argv[1]))
for number in range(100_000):
    space.add_responses([response(answer="all", note=str(number))])
    print(number, flush=True)
"""


def test_a_killed_writer_loses_no_acknowledged_response(workspace):
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(workspace.root)], stdout=subprocess.PIPE, cwd=root, text=True
    )
    first = process.stdout.readline()
    time.sleep(0.2)
    process.kill()
    acknowledged = [first, *process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    kept = {item.note for item in workspace.responses()["network.1.a-question"]}
    assert {text.strip() for text in acknowledged} <= kept
    assert json.dumps(sorted(kept))
