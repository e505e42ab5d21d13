"""The collection scripts: what they say and ask, and, run for real, that what they leave is the tenant again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.emulator import MARK, Emulator, Fault
from tests.standins import az
from ztkit.collect import demo
from ztkit.collect.collected import collected_at
from ztkit.collect.importers import import_files, table_of
from ztkit.collect.inventory_files import expand
from ztkit.collect.scripts import script
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.content.library import shipped_library
from ztkit.content.tables import entities
from ztkit.engine.rows import DYNAMIC
from ztkit.model.engagement import Engagement
from ztkit.model.snapshot import TABLES
from ztkit.workspace import Workspace

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
RESOURCES = 1_200
STANDINS = Path(az.__file__).parent
NEEDS = (
    ("resources", ("microsoft.compute/virtualmachines", "microsoft.storage/storageaccounts")),
    ("advisorresources", ()),
)
SOME = tuple(entities()[name] for name in ("organization", "conditionalAccessPolicy", "authorizationPolicy"))
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="bash is not on this machine")
needs_pwsh = pytest.mark.skipif(not shutil.which("pwsh"), reason="PowerShell (pwsh) is not on this machine")


def shipped_needs():
    """Every table and type, and every entity, that a shipped check reads."""
    types: dict[str, set[str]] = {}
    for check in shipped_library().checks.values():
        for kind in check.resource_types if check.source == "resource-graph" else ():
            types.setdefault(table_of(kind), set()).add(kind)
    read = {name for check in shipped_library().checks.values() for name in check.resource_types}
    return (
        [(table, sorted(kinds)) for table, kinds in types.items()],
        [item for item in entities().values() if item.id in read],
    )


# What they say


@pytest.mark.parametrize("shell", ["bash", "powershell"])
def test_every_table_type_and_entity_is_asked_for_exactly_once(shell):
    needs, wanted = shipped_needs()
    text = script(needs, wanted, shell)
    listed = text[text.index("# What is read of Azure Resource Graph") :]
    words = re.findall(r"(?<![\w/.])microsoft\.[a-z0-9./_-]+", listed)
    assert sorted(words) == sorted(kind for _, kinds in needs for kind in kinds)
    pattern = {"bash": r"^table (\w+)", "powershell": r"^    Read-Table '(\w+)'"}[shell]
    assert re.findall(pattern, listed, re.M) == [table for table, _ in needs]
    pattern = {"bash": r"^entity (\w+) '(.*)'$", "powershell": r"^    Read-Entity '(\w+)' '(.*)'$"}[shell]
    found = dict(re.findall(pattern, listed, re.M))
    assert list(found) == [item.id for item in wanted]
    assert all(path.startswith("/") and "'" not in path and " " not in path for path in found.values())


@pytest.mark.parametrize("shell", ["bash", "powershell"])
@pytest.mark.parametrize("with_graph", [True, False])
def test_the_text_is_short_plain_and_says_what_it_does(shell, with_graph):
    text = script(NEEDS, SOME, shell, with_graph=with_graph)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 140
    assert not re.search(r"@[A-Z]+@|^#@", text, re.M)
    head = text[: text.index("set -euo pipefail" if shell == "bash" else "#>")]
    for said in (
        "only reads",
        "Reader and Security Reader",
        "ztkit-<time in UTC>.zip",
        "send the zip file back",
    ):
        assert said in head
    assert ("Global Reader" in head) is with_graph
    assert ("/v1.0" in text) is with_graph
    reading = text[len(head) :].partition("# What is read of Azure Resource Graph")[0]
    code = [line for line in reading.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(code) <= {"bash": 74, "powershell": 100}[shell]


def test_microsoft_graph_is_left_out_where_nothing_is_wanted_of_it():
    assert script(NEEDS, (), "bash") == script(NEEDS, SOME, "bash", with_graph=False)


@pytest.mark.parametrize("word", ["resources; rm -rf /", "$(id)", "a'b", "", "Two Words"])
@pytest.mark.parametrize("place", ["table", "type"])
def test_nothing_but_names_comes_into_a_script(word, place):
    needs = [(word, ())] if place == "table" else [("resources", (word,))]
    with pytest.raises(ValueError, match="no name of a table or type"):
        script(needs, (), "bash")


def test_the_bash_script_has_one_command_that_asks_and_it_only_reads():
    text = script(*shipped_needs(), "bash")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert sorted(re.findall(r"\baz \w+(?: \w+)?", code)) == [
        "az account show",
        "az cloud show",
        "az cloud show",
        "az rest",
    ]
    assert re.findall(r"--method (\w+) --url \"([^\"]+)", code) == [
        ("post", "${arm%/}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"),
        ("get", "$next"),
    ]
    assert not re.search(r"\b(curl|wget|nc|ssh|eval|sudo|get-access-token)\b", code)


def test_the_powershell_script_uses_cmdlets_that_only_read_and_no_aliases():
    text = script(*shipped_needs(), "powershell")
    code = re.sub(r"<#.*?#>", "", text, flags=re.S)
    code = "\n".join(
        line.partition(" # ")[0] for line in code.splitlines() if not line.lstrip().startswith("#")
    )
    own = set(re.findall(r"^function ([\w-]+)", code, re.M))
    without_text = re.sub(
        r"\"[^\"\n]*\"|'[^'\n]*'", lambda found: found[0] if found[0][0] == '"' else "''", code
    )
    used = set(re.findall(r"(?<![\w./-])[A-Z][A-Za-z]+-[A-Z]\w+", without_text)) - own
    assert used == {
        *("Get-AzContext", "Get-MgContext", "Invoke-AzRestMethod", "Invoke-MgGraphRequest"),
        *("Get-Command", "Get-Location", "Get-ChildItem", "Join-Path", "Test-Path", "ConvertTo-Json"),
        *("Add-Type", "Start-Sleep", "Write-Host"),
        *("New-Item", "Compress-Archive", "Move-Item", "Remove-Item"),  # all of them on $work, below
    }
    assert re.findall(r"-Method (\w+)", code) == ["POST", "GET", "GET"]
    for line in code.splitlines():
        if re.search(r"New-Item|Move-Item|Remove-Item|Compress-Archive", line):
            assert "$work" in line or "$zip" in line
    aliases = r"(?<![-\w$.'])(gci|ls|dir|cat|echo|rm|del|cp|mv|iwr|irm|curl|wget|sleep|select|where|foreach-object|%|\?)\s"
    assert not re.search(aliases, re.sub(r"\"[^\"\n]*\"", "", without_text))
    assert "$ErrorActionPreference = 'Stop'" in code
    assert "#Requires -Version 5.1" in text
    newer = r"\?\?|\?\.|&&|\|\||-Parallel|-AsHashtable|::new\(|\bclean\s*\{"
    assert not re.search(newer, without_text), "Windows PowerShell 5.1 does not know it"


def test_permissions_that_connect_mggraph_may_be_given_only_read():
    scopes = re.search(r"# Connect-MgGraph -NoWelcome -Scopes (.*)", script(*shipped_needs(), "powershell"))[
        1
    ]
    assert {"Policy.Read.All", "User.Read.All", "AuditLog.Read.All"} <= set(scopes.split(", "))
    assert all(".Read." in name and "Write" not in name for name in scopes.split(", "))


@needs_bash
@pytest.mark.parametrize("with_graph", [True, False])
def test_shellcheck_finds_nothing(tmp_path, with_graph):
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not on this machine (apt-get install shellcheck)")
    path = tmp_path / "ztkit-collect.sh"
    path.write_text(script(*shipped_needs(), "bash", with_graph=with_graph))
    found = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


# What they do: run with stand-ins, against the emulator


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The demo organisation: its workspace and manifest."""
    workspace = Workspace.create(tmp_path_factory.mktemp("source") / "w", Engagement(organisation="Demo"))
    with SnapshotWriter(workspace, demo.DATES[3], demo.DATES[3]) as writer:
        demo.write_estate(writer, resources=RESOURCES, seed=1, quarter=3)
        manifest = writer.finish(source="demo", origin=("demo",), known={})
    return workspace, manifest


@pytest.fixture(scope="module")
def emulator(source):
    workspace, manifest = source
    with Emulator(workspace.snapshot_folder(manifest.id), quota=10_000, graph_page=100) as azure:
        yield azure


@pytest.fixture
def azure(emulator):
    emulator.reset()
    yield emulator
    emulator.recording.assert_reads_only()


class Desk:
    """Where the administrator sits: a folder, a PATH with stand-ins, and an account."""

    def __init__(self, root, azure, tenant="00000000-0000-0000-0000-0000000000aa"):
        self.folder, self.programs = root / "here", root / "bin"
        self.calls, self.sleeps = root / "calls.jsonl", root / "sleeps.txt"
        for folder in (self.folder, self.programs):
            folder.mkdir()
        for file in (self.calls, self.sleeps):
            file.touch()
        self.program("az", f'exec "{sys.executable}" "{STANDINS / "az.py"}" "$@"')
        self.program("sleep", f'echo "$1" >>"{self.sleeps}"')
        account = {
            "url": azure.url,
            "ca_file": str(azure.ca_file),
            "management": azure.credential.get_token("https://management.azure.com/.default").token,
            "graph": azure.credential.get_token("https://graph.microsoft.com/.default").token,
            "tenant": tenant,
            "log": str(self.calls),
            "sleeps": str(self.sleeps),
        }
        self.environment = {
            **os.environ,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "STANDIN_AZURE": json.dumps(account),
        }

    def program(self, name, line):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def begin(self, text, *arguments, **options):
        path = self.folder.parent / "ztkit-collect.sh"
        path.write_text(text)
        return subprocess.Popen(
            ["bash", path, *arguments], cwd=self.folder, env=self.environment, text=True, **options
        )

    def run(self, text, *arguments, code=0):
        with self.begin(text, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output, errors = process.communicate(timeout=300)
        assert process.returncode == code, errors
        return output, errors

    @property
    def waited(self):
        return [int(line) for line in self.sleeps.read_text().split() if line != "0"]

    @property
    def left(self):
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def zip(self):
        (name,) = self.left
        assert re.fullmatch(r"ztkit-\d{4}-\d\d-\d\dT\d{6}Z\.zip", name)
        return self.folder / name


@pytest.fixture
def desk(tmp_path, azure):
    return Desk(tmp_path, azure)


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


def load(workspace, *paths):
    manifest = import_files(workspace, paths, taken=NOW, written=NOW)
    return manifest, {table.name: table for table in manifest.tables}


def rows_of(workspace, manifest, table):
    """Rows by id, dynamic columns as values."""
    path = workspace.snapshot_folder(manifest.id) / f"{table}.parquet"
    rows = [
        {key: json.loads(value or "null") if key in DYNAMIC else value for key, value in row.items()}
        for row in pq.read_table(path).to_pylist()
    ]
    for row in rows if table in entities() else ():
        row["properties"].pop("displayName", None)  # a column of its own; the demo has it here too
    chosen = re.search(r"[$]select=([^&]*)", entities()[table].path) if table in entities() else None
    for row in rows if chosen else ():
        row["properties"] = {
            key: value for key, value in row["properties"].items() if key in chosen[1].split(",")
        }
    return sorted(rows, key=lambda row: row["id"].lower())


def everything(manifest):
    """What to ask for so that nothing of a snapshot is missing."""
    needs = [(table.name, sorted(table.types)) for table in manifest.tables if table.name in TABLES]
    return needs, list(entities().values())


def documents(path):
    with zipfile.ZipFile(path) as archive:
        return {
            Path(name).name: json.loads(archive.read(name)) for name in archive.namelist() if name[-1] != "/"
        }


def assert_same(source, workspace, manifest, tables):
    """Hold what was imported against the source: every row of every table, whole."""
    for table in source[1].tables:
        assert tables[table.name].status == "complete", tables[table.name]
        assert tables[table.name].reason == ""
        assert tables[table.name].rows == table.rows
        assert rows_of(workspace, manifest, table.name) == rows_of(*source, table.name), table.name


@pytest.fixture(scope="module")
def collected(source, emulator, tmp_path_factory):
    """The whole of the demo organisation as the bash script brings it."""
    if not shutil.which("bash"):
        pytest.skip("bash is not on this machine")
    emulator.reset()
    desk = Desk(tmp_path_factory.mktemp("desk"), emulator)
    output, errors = desk.run(script(*everything(source[1]), "bash"))
    return desk, output, errors, list(emulator.recording.requests)


def test_what_comes_back_is_the_tenant_again(source, collected, workspace):
    desk, output, errors, _ = collected
    manifest, tables = load(workspace, desk.zip)
    assert_same(source, workspace, manifest, tables)
    empty = set(tables) - {table.name for table in source[1].tables}
    assert {tables[name].rows for name in empty} <= {0}
    # an entity of one object, which this tenant does not have, is refused with 404; every other is there, if empty
    assert {name for name in empty if tables[name].status != "complete"} == {
        name for name in empty if entities()[name].singleton
    }
    assert tables["resources"].expected == tables["resources"].rows > 1000
    assert manifest.origin == (desk.zip.name,)
    assert "all that the account could read" in manifest.notes[0]
    assert desk.waited == []
    assert f"Send back {desk.zip}" in output
    assert ("could not be read" in errors) is any(tables[name].status != "complete" for name in empty)


def test_only_queries_and_gets_were_sent_sorted_whole_pages_with_what_is_assigned_above(collected):
    requests = collected[3]
    bodies = [request.json() for request in requests if request.method == "POST"]
    assert {request.method for request in requests} == {"GET", "POST"}
    assert {request.path for request in requests if request.method == "POST"} == {
        "/providers/Microsoft.ResourceGraph/resources"
    }
    for body in bodies:
        assert body.keys() == {"query", "options"}
        assert body["query"].endswith(" | order by id asc")
        options = body["options"]
        assert (options["$top"], options["allowPartialScopes"]) == (1000, True)
        assert options["authorizationScopeFilter"] == "AtScopeAboveAndBelow"
    assert any("$skipToken" in body["options"] for body in bodies)


def test_only_the_owner_may_read_it_and_it_holds_no_token(collected):
    desk, output, errors, _ = collected
    assert stat.S_IMODE(desk.zip.stat().st_mode) == 0o600
    with zipfile.ZipFile(desk.zip) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist()]
    assert not any(MARK in text for text in (*texts, output, errors))


def test_it_says_when_what_and_where_it_was_collected(collected, workspace):
    zipped = collected[0].zip
    about = documents(zipped)["collection.json"]["collection"]
    assert about["tenant"] == "00000000-0000-0000-0000-0000000000aa"
    moment = collected_at(expand([zipped.parent]))
    assert moment is not None
    assert f"ztkit-{moment:%Y-%m-%dT%H%M%SZ}.zip" == zipped.name
    assert {"resources", "conditionalAccessPolicy"} <= set(about["tables"])


def test_a_folder_that_it_was_unpacked_into_is_the_same(source, collected, workspace, tmp_path):
    with zipfile.ZipFile(collected[0].zip) as archive:
        archive.extractall(tmp_path / "unpacked")
    manifest, tables = load(workspace, tmp_path / "unpacked")
    assert_same(source, workspace, manifest, tables)
    assert collected_at(expand([tmp_path / "unpacked"])) == collected_at([collected[0].zip])


@pytest.mark.parametrize(
    ("gone", "table", "status", "reason"),
    [
        ("resources-1.json", "resources", "partial", "page 1 is missing"),
        ("resources-2.json", "resources", "partial", "the pages after 1 are missing"),
        ("userRegistrationDetails-2.json", "userRegistrationDetails", "partial", "page 2 is missing"),
        ("organization-1.json", "organization", "unreadable", "what was sent has nothing on it"),
    ],
)
def test_a_part_that_somebody_took_out_is_missed(collected, workspace, tmp_path, gone, table, status, reason):
    with zipfile.ZipFile(collected[0].zip) as archive:
        archive.extractall(tmp_path / "unpacked")
    next((tmp_path / "unpacked").rglob(gone)).unlink()
    _, tables = load(workspace, tmp_path / "unpacked")
    assert tables[table].status == status
    assert reason in tables[table].reason


@needs_bash
def test_a_table_that_may_not_be_read_is_unreadable_with_the_reason_and_the_others_come(
    desk, azure, workspace
):
    azure.inject(Fault.FORBIDDEN, where="securityresources")
    azure.inject(Fault.FORBIDDEN, where="conditionalAccessPolicy")
    needs = [("securityresources", ("microsoft.security/pricings",)), ("policyresources", ())]
    output, errors = desk.run(script(needs, SOME, "bash"))
    _, tables = load(workspace, desk.zip)
    for name, code in (("securityresources", "AccessDenied"), ("conditionalAccessPolicy", "Forbidden")):
        assert (tables[name].status, tables[name].rows) == ("unreadable", 0)
        assert "Forbidden(" in tables[name].reason
        assert code in tables[name].reason
        assert f"{name}: could not be read" in errors
    assert tables["policyresources"].status == tables["organization"].status == "complete"
    assert tables["authorizationPolicy"].status == "complete"
    assert desk.waited == []
    assert output.splitlines()[-1].endswith("with the reason in it: 2")


@needs_bash
@pytest.mark.parametrize(
    "fault",
    [
        Fault.THROTTLED,
        Fault.BAD_GATEWAY,
        Fault.CLOSE_IN_BODY,
        Fault.CUT_JSON,
    ],
)
def test_what_passes_is_waited_out(desk, azure, workspace, source, fault):
    azure.inject(fault, at=[1, 3], where="resources")
    azure.inject(fault, at=[2], where="userRegistrationDetails")
    whole, _ = everything(source[1])
    needs = [need for need in whole if need[0] == "resources"]
    desk.run(script(needs, [entities()["organization"], entities()["userRegistrationDetails"]], "bash"))
    _, tables = load(workspace, desk.zip)
    assert {table.status for table in tables.values()} == {"complete"}
    assert tables["resources"].rows == next(
        item.rows for item in source[1].tables if item.name == "resources"
    )
    assert desk.waited == [5, 5, 5]


@needs_bash
def test_what_does_not_pass_is_given_up_after_four_tries(desk, azure, workspace):
    azure.inject(Fault.THROTTLED, where="resources")
    desk.run(script([("resources", ()), ("advisorresources", ())], (), "bash"))
    _, tables = load(workspace, desk.zip)
    assert tables["resources"].status == "unreadable"
    assert "Too Many Requests" in tables["resources"].reason
    assert tables["advisorresources"].status == "complete"
    assert desk.waited == [5, 20, 60]


@needs_bash
def test_a_table_that_fails_on_its_way_is_partial_with_the_reason(desk, azure, workspace):
    azure.inject(Fault.SKIP_TOKEN_EXPIRED, where="resources")
    desk.run(script([("resources", ())], (), "bash"))
    _, tables = load(workspace, desk.zip)
    assert (tables["resources"].status, tables["resources"].rows) == ("partial", 1000)
    assert "read to page 1, then: ERROR: Bad Request(" in tables["resources"].reason


@needs_bash
def test_rows_that_the_service_counted_and_did_not_give_are_missed(desk, azure, workspace):
    azure.inject(Fault.WRONG_TOTAL, where="advisorresources", by=7)
    desk.run(script([("advisorresources", ())], (), "bash"))
    _, tables = load(workspace, desk.zip)
    table = tables["advisorresources"]
    assert (table.status, table.expected) == ("partial", table.rows + 7)


@needs_bash
@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        (
            ("--management-groups", "mg-platform", "mg_land(1).x"),
            {"managementGroups": ["mg-platform", "mg_land(1).x"]},
        ),
        (
            ("--subscriptions", "00000000-0000-0000-0000-00000000000a"),
            {"subscriptions": ["00000000-0000-0000-0000-00000000000a"]},
        ),
    ],
)
def test_the_scope_may_be_named(desk, azure, workspace, arguments, scope):
    desk.run(script([("resources", ("microsoft.compute/disks",))], (), "bash"), *arguments)
    (body,) = [request.json() for request in azure.recording.requests]
    ((kind, names),) = scope.items()
    assert body[kind] == names
    assert body["options"]["allowPartialScopes"] is (kind == "managementGroups")
    manifest, _ = load(workspace, desk.zip)
    assert f"only in {', '.join(names)}" in manifest.notes[0]


@needs_bash
@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--management-groups",),
        ("--subscriptions", 'a"],"x":["'),
        ("--subscriptions", "$(id)"),
        ("mg",),
        ("--management-groups", ""),
    ],
)
def test_anything_else_is_answered_with_its_usage(desk, azure, arguments):
    _, errors = desk.run(script(NEEDS, (), "bash"), *arguments, code=2)
    assert errors.startswith("Usage: bash ")
    assert desk.left == []
    assert desk.calls.read_text() == ""


@needs_bash
def test_where_nobody_is_signed_in_it_ends_at_once(tmp_path, azure):
    desk = Desk(tmp_path, azure, tenant="")
    _, errors = desk.run(script(NEEDS, SOME, "bash"), code=1)
    assert "az login" in errors
    assert desk.left == []
    assert azure.recording.requests == []


@needs_bash
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_cut_short_it_leaves_no_zip_file(desk, azure, end):
    azure.inject(Fault.SLOW_BODY, where="advisorresources", pause=0.2, pieces=15)
    before = signal.getsignal(end)
    if before == signal.SIG_IGN:  # as under nohup, which what is started would inherit
        signal.signal(end, signal.SIG_DFL)
    process = desk.begin(
        script([("resources", ()), ("advisorresources", ())], (), "bash"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if before == signal.SIG_IGN:
        signal.signal(end, before)
    while '"advisorresources' not in desk.calls.read_text().replace("\\", ""):
        assert process.poll() is None
        time.sleep(0.02)
    assert list(desk.folder.rglob("resources-1.json"))
    os.killpg(process.pid, end)  # as a terminal does: the script and the program that it waits for
    process.wait(timeout=30)
    assert process.returncode != 0
    assert list(desk.folder.rglob("*.zip")) == []
    if end is not signal.SIGKILL:
        assert desk.left == []


@needs_bash
def test_a_disk_that_is_full_ends_it_without_a_zip_file(desk, azure):
    desk.program("cat", "echo 'cat: write error: No space left on device' >&2; exit 1")
    desk.run(script(NEEDS, (), "bash"), code=1)
    assert desk.left == []


HOSTILE = (
    '"; rm -rf / #',
    "$(touch pwned)",
    "`touch pwned`",
    "'; drop table x; --",
    '"}],"$skipToken":"stolen","x":[{"',
    "line\nbreak\ttab \u2028 \x00 \x1b[31m",
    "@/etc/passwd",
    "-rf",
    "../../etc/passwd",
    "é 漢字 😀 %s %d \\n \\",
)


@needs_bash
def test_names_that_mean_harm_are_only_text(tmp_path, workspace):
    rows = [
        {
            "id": f"/subscriptions/s/resourceGroups/g/providers/a/b/{number}{name}",
            "name": name,
            "type": "a/b",
            "tenantId": "t",
            "subscriptionId": "s",
            "resourceGroup": "g",
            "properties": {"value": name, name: 1},
            "tags": {
                "$skipToken": "stolen",
                "@odata.nextLink": "https://stolen.invalid/",
                "answer": name,
                name: name,
            },
        }
        for number, name in enumerate(HOSTILE)
    ]
    with Emulator({"resources": rows}) as azure:
        desk = Desk(tmp_path, azure)
        desk.run(script([("resources", ("a/b",))], (), "bash"))
        assert len(azure.recording.requests) == 1
    manifest, tables = load(workspace, desk.zip)
    assert (tables["resources"].status, tables["resources"].rows) == ("complete", len(HOSTILE))
    found = {row["name"]: row["properties"] for row in rows_of(workspace, manifest, "resources")}
    assert found == {name: {"value": name, name: 1} for name in HOSTILE}


@needs_bash
def test_a_next_page_elsewhere_is_not_asked_for(desk, azure, workspace):
    elsewhere = (
        '{"@odata.context":"x","@odata.nextLink":"https://stolen.invalid/v1.0/x","value":[{"id":"u-1"}]}'
    )
    real = f'"{sys.executable}" "{STANDINS / "az.py"}"'
    desk.program(
        "az",
        f"""case "$*" in *users*) printf %s '{elsewhere}' >"$4"; echo "$@" >>"{desk.calls}" ;; *) exec {real} "$@" ;; esac""",
    )
    desk.run(script((), [entities()["organization"], entities()["user"]], "bash"))
    assert "stolen" not in desk.calls.read_text()
    _, tables = load(workspace, desk.zip)
    assert (tables["user"].status, tables["user"].reason) == ("partial", "the pages after 1 are missing")


@needs_pwsh
def test_the_powershell_script_brings_the_same(desk, azure, source, workspace):
    azure.inject(Fault.THROTTLED, at=[1], where="resources")
    azure.inject(Fault.FORBIDDEN, where="agreement")
    path = desk.folder.parent / "ztkit-collect.ps1"
    path.write_text(script(*everything(source[1]), "powershell"))
    command = f"Import-Module '{STANDINS / 'Azure.psm1'}'; & '{path}'"
    subprocess.run(
        ["pwsh", "-NoProfile", "-NonInteractive", "-Command", command],
        cwd=desk.folder,
        env=desk.environment,
        check=True,
        timeout=300,
    )
    manifest, tables = load(workspace, desk.zip)
    assert tables["agreement"].status == "unreadable"
    assert desk.waited == [5]
    assert stat.S_IMODE(desk.zip.stat().st_mode) == 0o600
    tables["agreement"] = next(item for item in source[1].tables if item.name == "agreement")
    for table in source[1].tables:
        assert tables[table.name].status == "complete"
        if table.name != "agreement":
            assert rows_of(workspace, manifest, table.name) == rows_of(*source, table.name)
