"""The form in a notebook: drawn where a person can answer, and nothing of a workspace in what a notebook saves."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.unit.widgets.engagement import PLAIN, assessed, shelf
from ztkit.errors import UsageError
from ztkit.widgets import interview as module
from ztkit.widgets.interview import SWITCH, interview, somebody_is_there, static


@pytest.fixture
def workspace(tmp_path):
    return assessed(tmp_path / "w", shelf(), organisation="Made up & Sons")


def in_a_kernel(monkeypatch, **content):
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": content} if channel == "shell" else {})
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: SimpleNamespace(kernel=kernel))


def test_without_a_person_progress_is_printed(workspace, capsys):
    assert interview(workspace.root, library=shelf(), interactive=False) is None
    assert capsys.readouterr().out == (
        "         questions  answered  minutes left\n"
        "Network          3         0             2\n"
        "All              3         0             2\n"
    )


@pytest.mark.parametrize("content", [{"allow_stdin": False}, {}])
def test_a_front_end_that_cannot_ask_has_nobody_before_it(monkeypatch, content):
    monkeypatch.delenv(SWITCH, raising=False)
    in_a_kernel(monkeypatch, **content)
    assert not somebody_is_there()


def test_a_front_end_that_can_ask_has_somebody_before_it_unless_it_is_said_otherwise(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    in_a_kernel(monkeypatch, allow_stdin=True)
    assert somebody_is_there()
    monkeypatch.setenv(SWITCH, "0")
    assert not somebody_is_there()


def test_outside_a_notebook_there_is_nobody_unless_it_is_said(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    assert not somebody_is_there()
    monkeypatch.setenv(SWITCH, "1")
    assert somebody_is_there()


def test_the_widget_answers_messages_and_its_saved_state_holds_nothing_of_the_workspace(
    workspace, monkeypatch
):
    form = interview(workspace.root, library=shelf(), interactive=True)
    sent = []
    monkeypatch.setattr(type(form), "send", lambda _form, content: sent.append(content))
    said = {"kind": "answer", "answer": "most"}
    message = {"kind": "say", "place": {"question": PLAIN}, "seen": None, "said": said}
    form._handle_custom_msg({"id": "1", "message": message}, [])
    form._handle_custom_msg({"id": "2"}, [])
    assert [(item["id"], bool(item["reply"]["saved"])) for item in sent] == [("1", True), ("2", False)]
    assert workspace.responses()[PLAIN][0].answer == "most"
    kept = json.dumps(
        {name: str(value) for name, value in form.get_state().items() if name not in ("_esm", "_css")}
    )
    assert not [text for text in ("Made up", str(workspace.root), PLAIN) if text in kept]


def test_a_folder_that_is_no_workspace_is_named(tmp_path):
    with pytest.raises(UsageError, match="is no workspace"):
        interview(tmp_path, interactive=False)


@pytest.mark.parametrize("name", ["form.js", "page.js", "form.css", "index.html"])
def test_the_forms_files_ask_nobody_else_for_anything(name):
    text = static(name)
    assert "http://" not in text
    assert "https://" not in text
    assert not [
        way
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        if way in text
    ]


def test_two_workspaces_are_told_apart_without_their_names(tmp_path):
    one, two = (assessed(tmp_path / name, shelf()) for name in ("client-a", "client-b"))
    assert module.mark(one) != module.mark(two)
    assert "client" not in module.mark(one)
