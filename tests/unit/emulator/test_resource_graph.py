"""Resource Graph as the real client of it sees the emulator."""

from __future__ import annotations

import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.rest import HttpRequest

from tests.emulator import Emulator
from tests.unit.emulator.rows import (
    ALL,
    ROWS,
    SUBSCRIPTIONS,
    TENANT,
    arm,
    estate,
    page,
    pages,
    raw,
    resource,
    resource_graph,
)
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter, open_snapshot
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import from_values, schema_of, to_arrow
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

QUERIES = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
ASSIGNMENTS = "authorizationresources | project id, name, type | order by id asc"


def details(problem: HttpResponseError) -> list[str]:
    return [item["code"] for item in json.loads(problem.response.text())["error"]["details"]]


def test_pages_hold_every_row_once_and_in_order(azure):
    with resource_graph(azure) as client:
        found = pages(client)
    assert [answer.count for answer in found] == [1000, 1000, 500]
    assert {answer.total_records for answer in found} == {ROWS}
    assert [row["name"] for answer in found for row in answer.data] == sorted(
        (f"st{n:05}" for n in range(ROWS)), key=lambda name: (int(name[2:]) % 3, name)
    )


def test_a_result_that_goes_on_is_not_truncated_but_has_a_token(azure):
    with resource_graph(azure) as client:
        first, *_, last = pages(client)
    assert (first.result_truncated, last.result_truncated) == ("false", "false")
    assert first.skip_token
    assert last.skip_token is None


@pytest.mark.parametrize("operator", ["limit", "take"])
def test_a_query_with_a_limit_is_truncated_without_a_token(azure, operator):
    with resource_graph(azure) as client:
        found = page(client, f"resources | project id | {operator} 1500")
    assert (found.count, found.total_records, found.result_truncated, found.skip_token) == (
        1000,
        1500,
        "true",
        None,
    )


def test_a_query_of_dynamic_columns_only_has_no_token(azure):
    with resource_graph(azure) as client:
        found = page(client, "resources | project properties, none = dynamic(null)")
    assert (found.count, found.result_truncated, found.skip_token) == (1000, "true", None)


def test_values_come_in_their_types(azure):
    query = """resources
    | where name == 'st00003'
    | project id, properties, part = properties.nested.list, half = todouble(properties.half), yes = 1 == 1,
        word = tostring(properties.nested), at = now(), since = now() - ago(1d), kind"""
    with resource_graph(azure) as client:
        row = page(client, query).data[0]
    assert row == {
        "id": resource(3)["id"],
        "properties": resource(3)["properties"],
        "part": [1, "zwölf", True],
        "half": 1.5,
        "yes": True,
        "word": '{"list":[1,"zwölf",true]}',
        "at": "2026-01-15T12:00:00.0000000Z",
        "since": "1.00:00:00",
        "kind": "",
    }


def test_a_table_names_its_columns(azure):
    query = (
        "resources | where name == 'st00003' | project name, number = toint(properties.number), properties"
    )
    with resource_graph(azure) as client:
        found = page(client, query, result_format="table").data
    assert found["columns"] == [
        {"name": "name", "type": "string"},
        {"name": "number", "type": "integer"},
        {"name": "properties", "type": "object"},
    ]
    assert found["rows"] == [["st00003", 3, resource(3)["properties"]]]


def test_top_and_skip(azure):
    with resource_graph(azure) as client:
        found = page(client, top=2, skip=1)
        assert [row["name"] for row in found.data] == ["st00003", "st00006"]
        following = page(client, top=2, skip_token=found.skip_token)
        assert [row["name"] for row in following.data] == ["st00009", "st00012"]
        assert page(client, "resources | take 5 | project id", skip=3).count == 5
        assert page(client, skip=ROWS + 5).count == 0
        for wrong in (0, 1001):
            with pytest.raises(HttpResponseError, match="top") as caught:
                page(client, top=wrong)
            assert caught.value.status_code == 400


def test_a_large_answer_has_fewer_rows():
    with Emulator(estate(50), page_bytes=2_000) as azure, resource_graph(azure) as client:
        found = pages(client)
    assert [row["name"] for answer in found for row in answer.data] == [
        f"st{n:05}" for r in range(3) for n in range(r, 50, 3)
    ]
    assert all(1 <= answer.count < 15 for answer in found)


def test_subscriptions_narrow_what_is_read(azure):
    with resource_graph(azure) as client:
        found = pages(client, subscriptions=[SUBSCRIPTIONS[0].upper(), SUBSCRIPTIONS[2]])
        grouped = page(
            client, "resources | summarize n = count() by subscriptionId", management_groups=["root"]
        )
    assert {row["id"].split("/")[2] for answer in found for row in answer.data} == {
        SUBSCRIPTIONS[0],
        SUBSCRIPTIONS[2],
    }
    assert {row["subscriptionId"] for row in grouped.data} == set(SUBSCRIPTIONS)


def test_scopes_exclude_each_other_and_what_cannot_be_read_is_403(azure):
    with resource_graph(azure) as client:
        with pytest.raises(HttpResponseError) as caught:
            page(client, subscriptions=SUBSCRIPTIONS, management_groups=["root"])
        assert caught.value.status_code == 400
        with pytest.raises(HttpResponseError) as caught:
            page(client, subscriptions=[TENANT])
        assert caught.value.status_code == 403


def test_unreadable_subscriptions_are_left_out_without_a_word():
    with Emulator(estate(9), unreadable=SUBSCRIPTIONS[:1]) as azure, resource_graph(azure) as client:
        found = page(client, subscriptions=SUBSCRIPTIONS)
        assert {row["id"].split("/")[2] for row in found.data} == set(SUBSCRIPTIONS[1:])
        assert page(client).count == 6
        with pytest.raises(HttpResponseError) as caught:
            page(client, subscriptions=SUBSCRIPTIONS[:1])
        assert caught.value.status_code == 403


def test_assignments_from_above_come_only_when_asked_for(azure):
    body = {"query": ASSIGNMENTS, "subscriptions": SUBSCRIPTIONS[:1]}
    below = raw(azure, body).json()["data"]
    body["options"] = {"authorizationScopeFilter": "AtScopeAboveAndBelow"}
    both = raw(azure, body).json()["data"]
    assert {row["name"] for row in below} == {"here", ""}  # the role definition has no name here
    assert {row["name"] for row in both} == {"here", "", "above", "root"}
    body["query"] = "policyresources | project id, name"
    assert [row["name"] for row in raw(azure, body).json()["data"]] == ["inherited"]
    assert raw(azure, {"query": body["query"]}).json()["data"] == []


@pytest.mark.parametrize("shape", ["hash(tolower(id)) % 4 == {}", "hash(tolower(id), 4) == {}"])
def test_partitions_are_disjoint_and_whole(azure, shape):
    ids: list[str] = []
    with resource_graph(azure) as client:
        for number in range(4):
            query = f"resources | where type =~ 'microsoft.storage/storageaccounts' and {shape.format(number)} | project id | order by id asc"
            part = [row["id"] for answer in pages(client, query) for row in answer.data]
            assert 400 < len(part) < 850
            ids += part
    assert sorted(ids) == sorted(resource(n)["id"] for n in range(ROWS))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resources | where (", "ParserFailure"),
        ("resources | where name == 'a", "ParserFailure"),
        ("resources | project noSuchFunction(id)", "UnknownFunction"),
        ("resources | project nosuch", "InvalidQuery"),
        ("nosuchtable | project id", "DisallowedLogicalTableName"),
        ("let a = 1; resources | project id", "DisallowedLogicalOperator"),
        ("resources | join kind=leftanti (resources | project id) on id", "DisallowedLogicalOperator"),
        ("resources" + " | join kind=inner (resources | project id) on id" * 4, "ToomanyJoins"),
        (
            "resources | join kind=inner (policyresources | project id) on id | join kind=inner (securityresources) on id",
            "ToomanyJoins",
        ),
        ("user | project id", "InvalidQuery"),
    ],
)
def test_a_wrong_query_is_refused_in_the_services_shape(azure, query, code):
    with resource_graph(azure) as client, pytest.raises(HttpResponseError) as caught:
        page(client, query)
    error = caught.value
    assert error.status_code == 400
    assert error.error.code == "BadRequest"
    assert "correlationId" in error.error.message
    assert details(error)[0] == "InvalidQuery"
    assert details(error)[-1] == code


def test_a_table_that_the_snapshot_lacks_is_empty(azure):
    with resource_graph(azure) as client:
        found = page(client, "MaintenanceResources | project id")
    assert (found.total_records, found.data) == (0, [])


def test_a_token_belongs_to_its_query(azure):
    with resource_graph(azure) as client:
        token = page(client).skip_token
        for query, wrong in ((ALL + " ", token), (ALL, "nonsense"), (ALL, token[:-4] + "AAAA")):
            with pytest.raises(HttpResponseError) as caught:
                page(client, query, skip_token=wrong)
            assert (caught.value.status_code, details(caught.value)) == (400, ["InvalidSkipToken"])


def test_tokens_that_live_for_some_queries_only():
    with Emulator(estate(), token_life=2) as azure, resource_graph(azure) as client:
        token = page(client).skip_token
        assert page(client, skip_token=token).count == 1000
        page(client, "resources | summarize count()")
        with pytest.raises(HttpResponseError) as caught:
            page(client, skip_token=token)
    assert details(caught.value) == ["SkipTokenExpired"]


def test_a_page_of_a_large_table_takes_well_under_a_tenth_of_a_second():
    schema = schema_of("resources")
    columns = {name: [""] * 100_000 for name in schema.names}
    columns["id"] = [f"/subscriptions/s/resourceGroups/rg/providers/x/{n:06}" for n in range(100_000)]
    columns["properties"] = [json.dumps(resource(1)["properties"] | {"text": "t" * 1_000})] * 100_000
    rows = from_values(schema, columns.values())
    query = "resources | project id, name, type, subscriptionId, properties | order by id asc"
    with Emulator({"resources": rows}) as azure, arm(azure) as client:
        times = []
        for number in range(8):  # the first runs the query
            body = {"query": query, "options": {"$skip": number * 1000}}
            begun = time.perf_counter()
            answer = client.send_request(_request("POST", azure.url + QUERIES, json=body))
            times.append(time.perf_counter() - begun)
    assert answer.json()["count"] == 1000
    assert min(times) < 0.1


def test_many_threads_page_at_once(azure):
    def collect(number: int) -> list[str]:
        query = f"resources | where hash(tolower(id)) % 8 == {number} | project id | order by id asc"
        with resource_graph(azure) as client:
            return [row["id"] for answer in pages(client, query, top=100) for row in answer.data]

    with ThreadPoolExecutor(8) as pool:
        found = [item for part in pool.map(collect, range(8)) for item in part]
    assert sorted(found) == sorted(resource(n)["id"] for n in range(ROWS))
    assert [request.number for request in azure.recording.requests] == list(
        range(1, len(azure.recording.requests) + 1)
    )
    assert azure.quota.allowed == len(azure.recording.requests)


def test_the_version_of_the_interface_has_to_be_said(azure):
    with arm(azure) as client:
        for query, code in (
            ("", "MissingApiVersionParameter"),
            ("?api-version=one", "InvalidApiVersionParameter"),
        ):
            answer = client.send_request(_request("GET", f"{azure.url}/subscriptions{query}"))
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_subscriptions_and_tenants_are_listed():
    with Emulator(estate(9), unreadable=SUBSCRIPTIONS[:1]) as azure, arm(azure) as client:
        listed = client.send_request(
            _request("GET", f"{azure.url}/subscriptions?api-version=2022-12-01")
        ).json()
        tenants = client.send_request(_request("GET", f"{azure.url}/tenants?api-version=2022-12-01")).json()
        wrong = client.send_request(_request("GET", f"{azure.url}/locations?api-version=2022-12-01"))
    assert [item["subscriptionId"] for item in listed["value"]] == SUBSCRIPTIONS[1:]
    assert listed["value"][0]["state"] == "Enabled"
    assert [item["tenantId"] for item in tenants["value"]] == [TENANT]
    assert wrong.status_code == 404


def test_a_client_without_the_authority_refuses_the_server(azure):
    with (
        resource_graph(azure, connection_verify=True) as client,
        pytest.raises(ServiceRequestError, match="certificate"),
    ):
        page(client)


def test_the_certificate_is_strictly_valid_for_localhost_too(azure):
    context = ssl.create_default_context(cafile=azure.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("127.0.0.1", "localhost"):
        port = int(azure.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname=name) as tls,
        ):
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    workspace = Workspace.create(
        tmp_path_factory.mktemp("demo") / "w", Engagement(organisation=demo.ORGANISATION)
    )
    with SnapshotWriter(workspace, demo.DATES[3], demo.DATES[3]) as writer:
        demo.write_estate(writer, resources=1_300)
        manifest = writer.finish("demo", ("demo",), {})
    return workspace, manifest


def test_it_answers_from_a_snapshot_as_the_engine_does(snapshot):
    workspace, manifest = snapshot
    query = "resources | summarize n = count() by type, at = now() | order by type asc"
    with open_snapshot(workspace, manifest.id) as inventory:
        expected = inventory.run(query, manifest.taken).to_pylist()
    with Emulator(workspace.snapshot_folder(manifest.id)) as azure, resource_graph(azure) as client:
        found = [row for answer in pages(client, query) for row in answer.data]
        everything = sum(
            page(client, f"{item.name} | project id").total_records
            for item in manifest.tables
            if item.name == "resources"
        )
    assert [(row["type"], row["n"]) for row in found] == [(row["type"], row["n"]) for row in expected]
    assert {row["at"] for row in found} == {"2026-10-05T08:00:00.0000000Z"}
    assert everything == sum(row["n"] for row in expected)


def test_it_answers_from_an_open_inventory():
    with OfflineInventory.from_tables({"resources": to_arrow(map(resource, range(7)))}) as inventory:
        taken = datetime(2026, 3, 1, tzinfo=UTC)
        with Emulator(inventory, taken=taken) as azure, resource_graph(azure) as client:
            found = page(client, "resources | project id, properties, at = now() | order by id asc")
    assert found.count == 7
    assert found.data[0]["properties"]["nested"] == {"list": [1, "zwölf", True]}
    assert found.data[0]["at"] == "2026-03-01T00:00:00.0000000Z"


def _request(method, url, **more):
    return HttpRequest(method, url, **more)
