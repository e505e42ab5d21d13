"""The recording of a whole run, and that nothing but reading passes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator.whole_run import judge, note
from tests.emulator.wire import BATCH_PATH, RESOURCES_PATH, Request
from tests.shared import REQUESTS
from ztkit.engine.kusto_wire import OPTIONS

ROOT = Path(__file__).resolve().parents[3]
SENDS = """
import contextlib, http.client, ssl
from tests.emulator import Emulator

def send(azure, method, path, body=None):
    context = ssl.create_default_context(cafile=azure.ca_file)
    connection = http.client.HTTPSConnection(azure.url.removeprefix("https://"), context=context)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request(method, path, body, {"Authorization": "Bearer x"})
        connection.getresponse().read()

def test_reads():
    with Emulator({}) as azure:
        send(azure, "GET", "/v1.0/users")
        send(azure, "POST", "/providers/Microsoft.ResourceGraph/resources", "{}")

def test_deletes():
    with Emulator({}) as azure:
        send(azure, "DELETE", "/v1.0/users/1")

def test_writes_without_saying_how_much():
    with Emulator({}) as azure:
        send(azure, "PUT", "/subscriptions/1", iter([b"{}"]))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "requests").mkdir()
    return tmp_path / "requests"


def noted(folder, service, sent, test="tests/unit/x/test_x.py"):
    """Note a request as another test would, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REQUESTS, str(folder))
        patch.setenv("PYTEST_CURRENT_TEST", f"{test}::test_it (call)")
        note(service, sent)


def request(method, path, body=""):
    data = body if isinstance(body, str) else json.dumps(body)
    return Request(1, 0.0, method, path, body=data.encode())


def batch(*methods):
    parts = [{"id": str(number), "method": method, "url": "/users"} for number, method in enumerate(methods)]
    return {"requests": parts}


def command(text):
    return request("POST", "/v1/rest/mgmt", {"db": "d", "csl": text, "properties": "{}"})


def query(text, path="/v2/rest/query", **options):
    properties = json.dumps({"Options": {**OPTIONS, **options}})
    return request("POST", path, {"db": "d", "csl": text, "properties": properties})


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (request("DELETE", "/v1.0/users/1"), "DELETE /v1.0/users/1"),
        (request("PUT", RESOURCES_PATH), f"PUT {RESOURCES_PATH}"),
        (request("HEAD", "/subscriptions"), "HEAD /subscriptions"),
        (request("POST", "/v1.0/users", "{}"), "POST /v1.0/users"),
        (request("POST", RESOURCES_PATH + "/../x"), "resources/../x"),
        (request("POST", BATCH_PATH, batch("GET", "PATCH")), "in a batch: {'id': '1', 'method': 'PATCH'"),
        (request("POST", BATCH_PATH, "{"), "a batch that is none"),
        (request("POST", BATCH_PATH, {"requests": ["x"]}), "in a batch: x"),
    ],
)
def test_azure_is_only_read(folder, sent, message):
    noted(folder, "azure", sent)
    (problem,) = judge(folder).problems
    assert message in problem
    assert problem.endswith("(tests/unit/x/test_x.py::test_it)")


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (command(".drop table resources"), "command '.drop table resources'"),
        (command(".create-merge table ['theirs'] (['id']:string)"), "theirs"),
        (command(".clear table ['user'] data; .drop table x"), ".clear table"),
        (command(".show tables | x"), ".show tables | x"),
        (command('.cancel query "somebody"'), ".cancel query"),
        (query("resources", request_readonly=False), "not read-only: 'resources'"),
        (query(" .show tables"), "not read-only"),
        (query("resources", "/v1/rest/ingest"), "POST /v1/rest/ingest"),
        (request("PUT", "/v2/rest/query", {}), "PUT /v2/rest/query"),
        (request("POST", "/v2/rest/query", "["), "POST /v2/rest/query"),
    ],
)
def test_a_cluster_gets_queries_and_the_commands_of_a_push(folder, sent, message):
    noted(folder, "kusto", sent)
    (problem,) = judge(folder).problems
    assert message in problem


def test_what_only_reads_is_counted(folder):
    noted(folder, "azure", request("GET", "/v1.0/users"))
    noted(folder, "azure", request("POST", RESOURCES_PATH.lower(), {"query": "resources"}))
    noted(folder, "azure", request("POST", BATCH_PATH, batch("GET", "get")))
    noted(folder, "kusto", query("resources | count"))
    for text in (
        ".show tables",
        '.cancel query "ztkit.check;1"',
        ".create-merge table ['ztkit_manifest'] (['id']:string)",
        ".clear table ['user'] data",
        ".ingest inline into table ['resources'] with (format=\"csv\") <|\n.drop table resources\nx",
    ):
        noted(folder, "kusto", command(text))
    noted(folder, "azure", request("DELETE", "/"), "tests/unit/emulator/test_x.py")
    verdict = judge(folder)
    assert verdict.problems == ()
    assert str(verdict) == (
        "requests judged: GET 1, GET in batches 2, batches 1, commands to Kusto 5, queries 1, queries to Kusto 1; "
        "of the emulator's own tests, not judged: 1"
    )
    texts = "".join(path.read_text() for path in folder.iterdir())
    assert "resources | count" in texts
    assert '{"query' not in texts


def test_without_a_run_nothing_is_recorded(folder, monkeypatch):
    monkeypatch.delenv(REQUESTS)
    note("azure", request("DELETE", "/"))
    assert not any(folder.iterdir())


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-k", "reads"], pytest.ExitCode.OK, ["requests judged: GET 1, queries 1"]),
        (
            ["-p", "xdist", "-n", "2"],
            pytest.ExitCode.TESTS_FAILED,
            [
                "3 passed",
                "azure: DELETE /v1.0/users/1 (test_sent.py::test_deletes)",
                "azure: PUT /subscriptions/1 (test_sent.py::test_writes_without_saying_how_much)",
            ],
        ),
    ],
)
def test_a_run_that_writes_fails_and_says_where(tmp_path, options, code, said):
    (tmp_path / "test_sent.py").write_text(SENDS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert [line for line in said if line not in done.stdout] == [], done.stdout
