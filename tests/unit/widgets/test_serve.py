"""The page's server: its own page with its own token, from this machine, and nobody else."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager

import pytest

from tests.unit.widgets.engagement import PLAIN, assessed, shelf
from ztkit.errors import UsageError
from ztkit.widgets.controller import Controller
from ztkit.widgets.serve import HOST, LARGEST, FormServer

LOOK = json.dumps({"kind": "look", "place": {}})


@contextmanager
def serving(workspace):
    with FormServer(Controller(workspace, shelf()), "mark") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def workspace(tmp_path):
    return assessed(tmp_path / "w", shelf())


@pytest.fixture
def server(workspace):
    with serving(workspace) as started:
        yield started


def ask(server, method, path, body=None, **headers):
    """One request by hand; a header of None is left out."""
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    body = body.encode() if body is not None else None
    given = {
        "Host": f"{HOST}:{server.server_port}",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    if body is not None:
        given.setdefault("Content-Length", str(len(body)))
    for name, text in given.items():
        if text is not None:
            connection.putheader(name, text)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def own(server, **changes):
    """The headers that the form's own page sends."""
    return {
        "Cookie": f"{server.cookie}={server.token}",
        "Origin": f"http://{HOST}:{server.server_port}",
        "Content-Type": "application/json",
        **changes,
    }


def test_the_token_opens_the_page_and_becomes_a_cookie(server):
    status, headers, page = ask(server, "GET", f"/?token={server.token}")
    assert (status, "form.css" in page, 'data-workspace="mark"' in page) == (200, True, True)
    assert server.token not in page
    cookie = headers["Set-Cookie"]
    assert cookie == f"{server.cookie}={server.token}; HttpOnly; SameSite=Strict; Path=/"


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/?token=é", "/form.js", "/message", "/../serve.py"]
)
def test_without_the_token_nothing_is_shown(server, path):
    status, headers, text = ask(server, "GET", path.replace("é", "%C3%A9"))
    assert (status, "Set-Cookie" in headers) == (403, False)
    assert "ztkit interview serve" in text


def test_who_has_the_cookie_gets_the_forms_files_and_no_others(server):
    known = {"Cookie": f"{server.cookie}={server.token}"}
    assert ask(server, "GET", "/form.js", **known)[0] == 200
    assert ask(server, "GET", "/", **known)[0] == 200
    for path in ("/index.html", "/../serve.py", "/%2e%2e/serve.py", "/responses.jsonl"):
        assert ask(server, "GET", path, **known)[0] == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}", None]
)
def test_a_name_that_somebody_pointed_here_is_refused(server, host):
    named = host and host.format(port=server.server_port)
    assert ask(server, "GET", f"/?token={server.token}", Host=named)[0] == 421
    assert ask(server, "POST", "/message", LOOK, **own(server, Host=named))[0] == 421


def test_a_message_of_the_own_page_is_answered_and_saved(server, workspace):
    said = {
        "kind": "say",
        "place": {"question": PLAIN},
        "seen": None,
        "said": {"kind": "answer", "answer": "all"},
    }
    status, headers, text = ask(server, "POST", "/message", json.dumps(said), **own(server))
    assert (status, json.loads(text)["saved"]["already"]) == (200, False)
    assert headers["Cache-Control"] == "no-store"
    assert workspace.responses()[PLAIN][0].answer == "all"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Cookie": None}, 403),
        ({"Cookie": "ztkit=wrong"}, 403),
        ({"Cookie": "\x01=;;="}, 403),
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": "-1"}, 413),
        ({"Content-Length": str(LARGEST + 1)}, 413),
        ({"Content-Length": "many"}, 413),
    ],
)
def test_any_other_message_is_refused_unread(server, workspace, changes, status):
    assert ask(server, "POST", "/message", LOOK, **own(server, **changes))[0] == status


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(server, body):
    assert ask(server, "POST", "/message", body, **own(server))[0] == 400


def test_json_that_is_no_message_is_answered_with_what_is_wrong(server):
    status, _, text = ask(server, "POST", "/message", "[1]", **own(server))
    assert (status, bool(json.loads(text)["problem"])) == (200, True)


def test_messages_go_to_their_own_address_only(server):
    assert ask(server, "POST", "/", LOOK, **own(server))[0] == 404
    assert ask(server, "PUT", "/message", LOOK, **own(server))[0] == 501


def test_the_page_may_load_nothing_from_elsewhere(server):
    policy = ask(server, "GET", f"/?token={server.token}")[1]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_port_that_is_taken_is_named(server, workspace):
    with pytest.raises(UsageError, match="Leave --port out"):
        FormServer(Controller(workspace, shelf()), "mark", server.server_port)


def test_two_servers_have_two_tokens(server, workspace):
    with serving(workspace) as other:
        assert other.token != server.token
        assert ask(other, "GET", f"/?token={server.token}")[0] == 403
