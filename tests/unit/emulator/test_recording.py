"""The recording: what was asked, without the token, and whether it only reads."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from tests.emulator import MARK, Emulator
from tests.unit.emulator.rows import ALL, arm, batch, estate, get, graph, page, resource_graph


def test_every_request_is_held_without_its_token(azure):
    with resource_graph(azure) as client:
        page(client, top=3)
    with graph(azure) as client:
        get(client, azure, "/users?$select=id,displayName&$filter=a eq 'b c'")
    query, listed = azure.recording.requests
    assert (query.number, query.method, query.path) == (
        1,
        "POST",
        "/providers/Microsoft.ResourceGraph/resources",
    )
    assert query.options["api-version"]
    assert query.json()["query"] == ALL
    assert query.json()["options"]["$top"] == 3
    assert query.headers["authorization"] == "***"
    assert "azsdk-python" in query.headers["user-agent"]
    assert listed.options == {"$select": "id,displayName", "$filter": "a eq 'b c'"}
    assert MARK not in repr(azure.recording.requests)
    assert azure.recording.statuses == [200, 200]
    assert azure.recording.queries == [ALL]
    assert MARK in azure.credential.get_token("https://management.azure.com/.default").token
    assert MARK in azure.credential.get_token_info("https://management.azure.com/.default").token


def test_reading_is_held_to_be_reading(azure):
    with resource_graph(azure) as client:
        page(client)
    with graph(azure) as client:
        get(client, azure, "/users")
        batch(client, azure, "/users", "/domains")
        azure.recording.assert_reads_only()
        batch(client, azure, "/users", method="DELETE")
        client.send_request(HttpRequest("POST", azure.url + "/v1.0/$batch", content=b"{"))
        client.send_request(HttpRequest("PATCH", azure.url + "/v1.0/users", json={}))
    with arm(azure) as client:
        client.send_request(
            HttpRequest("PUT", azure.url + "/subscriptions/x?api-version=2024-01-01", json={})
        )
        client.send_request(HttpRequest("HEAD", azure.url + "/subscriptions?api-version=2024-01-01"))
    with pytest.raises(AssertionError) as caught:
        azure.recording.assert_reads_only()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == ["4", "5", "6", "7", "8"]


def test_a_failure_of_the_emulator_itself_is_told():
    with pytest.raises(AssertionError, match="ZeroDivisionError"), Emulator(estate(3)) as azure:
        azure.quota.take = lambda _: 1 / 0
        with resource_graph(azure) as client, pytest.raises(HttpResponseError, match="EmulatorFailed"):
            page(client)
