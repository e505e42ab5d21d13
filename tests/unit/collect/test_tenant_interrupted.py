"""Whatever ends a collection, whenever it does: going on asks for what is missing only, and the snapshot is the same."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.emulator import Emulator, Fault
from tests.unit.collect import collecting
from tests.unit.collect.collection import (
    AT,
    TABLES,
    a_part_of_the_demo,
    assert_whole,
    begin,
    connection,
    run,
)
from ztkit.azure import wire
from ztkit.azure.pace import Pace
from ztkit.cli.main import app
from ztkit.collect.snapshot import open_snapshot
from ztkit.collect.tenant.journal import Journal, unfinished
from ztkit.collect.tenant.needs import query_of
from ztkit.collect.tenant.run import collect
from ztkit.content.tables import entities
from ztkit.errors import AccessError, ServiceError, UsageError, ZtkitError
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
PAGE_ROWS, PART_ROWS = 40, 120
"""Parts, skip tokens and going on in the middle are for large tables: with these every table is one."""
MOMENTS = [
    ("resource-graph", 1, 0.5),
    ("resource-graph", 4, 1),
    ("resource-graph", 9, 0.5),
    ("resource-graph", 15, 0),
    ("resource-graph", 21, 1),
    ("microsoft-graph", 2, 0.5),
    ("microsoft-graph", 7, 1),
]
"""Requests of a service, and how much of the answer has left when the process is killed."""
DEATHS = [
    collecting.before_a_page,
    collecting.before_its_line,
    collecting.in_its_line,
    collecting.before_the_snapshot,
]

pytestmark = pytest.mark.xdist_group("tenant-interrupted")
needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return a_part_of_the_demo(tmp_path_factory.mktemp("source"), resources=400, others=30)


@pytest.fixture(scope="module")
def emulator(source):
    with Emulator(source[0], quota=1_000, window=0.5, graph_page=12) as running:
        yield running


@pytest.fixture
def azure(emulator):
    emulator.reset()
    return emulator


@pytest.fixture(scope="module", autouse=True)
def small_pages_at_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ztkit.collect.tenant.tables.PART_ROWS", PART_ROWS)
        patch.setattr("ztkit.azure.resource_graph.PAGE_ROWS", PAGE_ROWS)
        patch.setattr(wire, "_FIRST_WAIT", 0)
        yield


@pytest.fixture(scope="module")
def undisturbed(emulator, source, tmp_path_factory, small_pages_at_once):
    """The snapshot's manifest where nothing happened, and what was asked for it."""
    emulator.reset()
    space = Workspace.create(tmp_path_factory.mktemp("undisturbed") / "w", Engagement(organisation="Test"))
    manifest = run(space, emulator)
    assert_whole(space, manifest, source)
    asked = asked_for(emulator)
    assert set(asked.values()) == {1}
    assert sum("hash(" in page for page in asked) > 8
    assert sum("skiptoken" in page for page in asked) > 2
    return manifest, set(asked)


@pytest.fixture
def space(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


@pytest.fixture
def impatient(monkeypatch):
    """A fault that is there twice does not pass."""
    monkeypatch.setattr(wire.send, "__kwdefaults__", {**wire.send.__kwdefaults__, "attempts": 2})


@pytest.fixture
def broken_handshakes():
    """Python 3.11 does not close a connection that is reset between connecting and the handshake: collect it here."""
    yield
    gc.collect()


def asked_for(azure):
    """Each page that was asked for, and how often: those of Resource Graph that were answered, all of Microsoft Graph."""
    pages = Counter(f"{page.query}\nfrom {page.begin}" for page in azure.pages if page.top == PAGE_ROWS)
    for request in azure.recording.requests:
        if request.path == "/v1.0/$batch":
            pages.update("/v1.0" + part["url"] for part in request.json()["requests"])
        elif request.method == "GET" and request.query != "$select=id":  # whose tenant it is, each time
            pages[f"{request.path}?{request.query}"] += 1
    return pages


def acknowledged(folder):
    """The same, of what is in the journal."""
    path, pages, rows, following = folder / "journal.jsonl", set(), Counter(), {}
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    for line in (item for item in map(json.loads, lines) if "page" in item):
        name, part = line["table"], (line["table"], line["part"])
        if name in TABLES:
            _, modulus, remainder = line["part"].split("/")
            query = query_of(TABLES[name], int(remainder), int(modulus))
            pages.add(f"{query}\nfrom {rows[part]}")
        else:
            pages.add(following.get(name, "/v1.0" + entities()[name].path))
        rows[part] += line["rows"]
        following[name] = line["next"]
    return pages


def assert_no_snapshot(space):
    """What was not finished passes for nothing."""
    (folder,) = unfinished(space)
    assert space.snapshots() == []
    with pytest.raises(UsageError, match="no snapshot"):
        open_snapshot(space, Journal.resume(space).order.id)
    refused = CliRunner().invoke(app, ["assess", "-w", str(space.root)])
    assert isinstance(refused.exception, UsageError)
    return folder


def assert_goes_on(space, azure, undisturbed):
    """Going on asks for each page that is missing, once, and ends in the snapshot that it would have been."""
    wanted, pages = undisturbed
    held = acknowledged(assert_no_snapshot(space))
    azure.reset()
    manifest = collect(space, Journal.resume(space), connection(azure), AT)
    asked = asked_for(azure)
    assert held.isdisjoint(asked)
    assert set(asked.values()) <= {1}
    assert held | set(asked) == pages
    assert_same(space, manifest, wanted)


def assert_same(space, manifest, wanted):
    assert space.snapshots() == [manifest.id]
    assert unfinished(space) == []
    assert manifest.tables == wanted.tables  # with the rows, the hash and the completeness of each
    assert manifest.scope == wanted.scope
    open_snapshot(space, manifest.id).close()  # holds each file against its hash


# A process that is killed


class Process:
    """`ztkit collect` as a process of its own."""

    def __init__(self, space, azure, *arguments, dies=""):
        given = {
            "url": azure.url,
            "ca_file": str(azure.ca_file),
            "management": azure.credential.get_token("https://management.azure.com/.default").token,
            "graph": azure.credential.get_token("https://graph.microsoft.com/.default").token,
            "page_rows": PAGE_ROWS,
            "part_rows": PART_ROWS,
            "dies": dies,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", collecting.__name__, "collect", "-w", space.root, *arguments],
            cwd=ROOT,
            env={**os.environ, "COLLECTING": json.dumps(given)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self):
        self._process.kill()
        self._process.wait()

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)

    def end(self, code=-signal.SIGKILL):
        """Wait for how it ends; returns what it said."""
        _, said = self._process.communicate(timeout=120)
        assert self._process.returncode == code, said
        return said


@needs_kill
@pytest.mark.parametrize(("service", "number", "sent"), MOMENTS)
def test_killed_at_a_request(space, azure, undisturbed, service, number, sent):
    begin(space)
    running = []
    azure.inject(Fault.MEANWHILE, at=[number], where=service, sent=sent, action=lambda: running[0].kill())
    running.append(Process(space, azure, "--resume"))
    running[0].end()
    assert_goes_on(space, azure, undisturbed)


@needs_kill
@pytest.mark.parametrize("moment", DEATHS, ids=lambda item: item.__name__)
def test_killed_between_two_requests(space, azure, undisturbed, moment):
    begin(space)
    Process(space, azure, "--resume", dies=moment.__name__).end()
    assert_goes_on(space, azure, undisturbed)


@needs_kill
@pytest.mark.parametrize(
    "moment", [collecting.after_the_snapshot, collecting.in_removing], ids=lambda item: item.__name__
)
def test_killed_when_the_snapshot_is_there(space, azure, undisturbed, moment):
    begin(space)
    Process(space, azure, "--resume", dies=moment.__name__).end()
    assert len(space.snapshots()) == len(unfinished(space)) == 1
    azure.reset()
    assert_same(space, collect(space, Journal.resume(space), connection(azure), AT), undisturbed[0])
    assert azure.recording.requests == []


@needs_kill
def test_killed_and_killed_again(space, azure, undisturbed):
    for number in (3, 6):
        running = []
        azure.inject(
            Fault.MEANWHILE, at=[number], where="resource-graph", action=lambda by=running: by[0].kill()
        )
        running.append(Process(space, azure, *(["--resume"] if unfinished(space) else [])))
        running[0].end()
        azure.script.clear()
    assert_goes_on(space, azure, undisturbed)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C of another process is a signal of POSIX")
def test_ctrl_c_ends_after_the_requests_on_their_way(space, azure, undisturbed):
    begin(space)
    running = []
    azure.inject(Fault.MEANWHILE, at=[6], where="resource-graph", action=lambda: running[0].interrupt())
    running.append(Process(space, azure, "--resume"))
    assert "`ztkit collect --resume` goes on" in running[0].end(ZtkitError.exit_code)
    assert len(azure.pages) < 6 + 12  # of those that read at once each may have one on its way
    assert_goes_on(space, azure, undisturbed)


# A tenant, or a network, that stops answering


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "fault", [Fault.BAD_GATEWAY, Fault.TOKEN_EXPIRED, Fault.DROP_CONNECTION, Fault.UNAVAILABLE]
)
def test_a_fault_that_stays(space, azure, undisturbed, fault):
    azure.inject(fault, at=range(12, 10_000), where="resource-graph")
    with pytest.raises((ServiceError, AccessError)):
        run(space, azure)
    assert len(acknowledged(assert_no_snapshot(space))) >= 8
    assert_goes_on(space, azure, undisturbed)


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.usefixtures("impatient", "broken_handshakes")
@pytest.mark.parametrize(("service", "number"), [("resource-graph", 10), ("microsoft-graph", 5)])
def test_a_network_that_is_gone(space, azure, undisturbed, service, number):
    azure.inject(Fault.MEANWHILE, at=[number], where=service, action=azure.go_away)
    with pytest.raises(ServiceError, match="did not answer after 2 attempts"):
        run(space, azure)
    with pytest.raises(ServiceError):
        collect(space, Journal.resume(space), connection(azure), AT)
    azure.come_back()
    assert_goes_on(space, azure, undisturbed)


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.usefixtures("broken_handshakes")
def test_a_network_that_comes_back(space, azure, undisturbed, monkeypatch):
    """The first that waits for its next attempt sees it come back."""
    waiting, lock = [], threading.Lock()

    def rest(_pace, _seconds):
        with lock:
            if not waiting:
                azure.come_back()
            waiting.append(None)

    monkeypatch.setattr(Pace, "rest", rest)
    azure.inject(Fault.MEANWHILE, at=[10], where="resource-graph", action=azure.go_away)
    assert_same(space, run(space, azure), undisturbed[0])
    assert waiting


def test_tokens_that_expire_in_the_middle(space, azure, undisturbed):
    azure.inject(Fault.MEANWHILE, at=[10], where="resource-graph", action=azure.credential.expire)
    azure.inject(Fault.MEANWHILE, at=[4], where="microsoft-graph", action=azure.credential.expire)
    issued = len(azure.credential.issued)
    assert_same(space, run(space, azure), undisturbed[0])
    assert 401 in azure.recording.statuses
    assert len(azure.credential.issued) >= issued + 4  # one for each service, and one after each expiry
    assert set(Counter(azure.pages).values()) == {1}


# The journal


def test_a_line_that_is_torn(space, azure, undisturbed, impatient):
    azure.inject(Fault.BAD_GATEWAY, at=range(6, 10_000), where="resource-graph")
    with pytest.raises(ServiceError):
        run(space, azure)
    (folder,) = unfinished(space)
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"page": "page-9')
    assert_goes_on(space, azure, undisturbed)


def test_another_collection_may_begin_in_the_same_minute(space, azure, undisturbed):
    begin(space)
    manifest = run(space, azure)
    assert manifest.tables == undisturbed[0].tables
    assert len(unfinished(space)) == 1


def test_there_is_nothing_to_go_on_with(space):
    with pytest.raises(UsageError, match="no unfinished collection"):
        Journal.resume(space)
