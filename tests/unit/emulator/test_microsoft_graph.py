"""Microsoft Graph as a pipeline of azure-core sees the emulator."""

from __future__ import annotations

import pytest
from azure.core.rest import HttpRequest

from tests.emulator import Emulator, Fault
from tests.unit.emulator.rows import batch, estate, get, graph
from ztkit.collect.inventory_files import entity_of_context
from ztkit.content.tables import entities


@pytest.fixture
def client(azure):
    with graph(azure) as found:
        yield found


def objects(client, azure, path):
    """All objects of a list, page by page, and how many pages there were."""
    found, link, count = [], path, 0
    while link:
        answer = get(client, azure, link).json()
        found += answer["value"]
        link, count = answer.get("@odata.nextLink"), count + 1
    return found, count


@pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.id)
def test_every_entity_is_answered_at_its_path(azure, client, entity):
    answer = get(client, azure, entity.path)
    if entity.singleton and entity.id != "authorizationPolicy":
        assert answer.status_code == 404
        return
    assert answer.status_code == 200
    assert entity_of_context(answer.json()["@odata.context"]) == entity.id


def test_lists_come_in_pages(azure, client):
    found, count = objects(client, azure, "/users")
    assert [item["id"] for item in found] == [f"user-{n:03}" for n in range(250)]
    assert count == 3
    assert found[0] == {
        "id": "user-000",
        "displayName": "User 0",
        "accountEnabled": True,
        "signInActivity": {"lastSignInDateTime": "2026-01-01T00:00:00Z"},
    }
    assert objects(client, azure, "/users?$top=60")[1] == 5
    assert objects(client, azure, entities()["user"].path)[1] == 1
    assert get(client, azure, "/users?$top=1000").status_code == 400


def test_the_size_of_pages_can_be_set():
    with Emulator(estate(3), graph_page=7) as azure, graph(azure) as client:
        assert objects(client, azure, "/users")[1] == 36


def test_the_next_link_keeps_the_options_and_works_as_it_is(azure, client):
    path = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')/appRoleAssignedTo"
    assert get(client, azure, path).json()["value"][0]["id"] == "ara-1"
    answer = get(
        client, azure, "/users?$select=id,accountEnabled&$filter=accountEnabled eq true&$top=200"
    ).json()
    link = answer["@odata.nextLink"]
    assert " " not in link
    assert "$select=id,accountEnabled" in link
    rest = get(client, azure, link).json()
    assert rest["value"][-1] == {"id": "user-249", "accountEnabled": True}
    assert "@odata.nextLink" not in rest


def test_select_gives_null_for_what_an_object_lacks(azure, client):
    answer = get(client, azure, "/users?$select=displayName,employeeLeaveDateTime&$top=1").json()
    assert answer["value"] == [{"displayName": "User 0", "employeeLeaveDateTime": None}]
    assert answer["@odata.context"].endswith("#users(displayName,employeeLeaveDateTime)")


def test_derived_types_are_named(azure, client):
    found, _ = objects(client, azure, "/identity/conditionalAccess/namedLocations")
    assert {item["@odata.type"]: item["displayName"] for item in found} == {
        "#microsoft.graph.ipNamedLocation": "Office",
        "#microsoft.graph.countryNamedLocation": "Land",
    }


def test_a_new_member_of_an_enumeration_is_told_to_who_asks_for_it():
    policy = {"id": "p", "displayName": "P", "type": "conditionalAccessPolicy", "tenantId": "t"}
    policy["properties"] = {"grantControls": {"builtInControls": ["mfa", "riskRemediation"]}}
    path = "/identity/conditionalAccess/policies"
    with Emulator({**estate(1), "conditionalAccessPolicy": [policy]}) as azure, graph(azure) as client:
        wanted = HttpRequest(
            "GET", azure.url + "/v1.0" + path, headers={"Prefer": "include-unknown-enum-members"}
        )
        controls = [
            answer.json()["value"][0]["grantControls"]["builtInControls"]
            for answer in (get(client, azure, path), client.send_request(wanted))
        ]
    assert controls == [["mfa", "unknownFutureValue"], ["mfa", "riskRemediation"]]


def test_a_singleton_is_an_object(azure, client):
    answer = get(client, azure, "/policies/authorizationPolicy").json()
    assert answer.pop("@odata.context").endswith("$metadata#policies/authorizationPolicy/$entity")
    assert answer == {"allowInvitesFrom": "everyone"}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nonsense", "BadRequest"),
        ("/users?$nonsense=1", "BadRequest"),
        ("/users?$skiptoken=x", "Request_BadRequest"),
    ],
)
def test_what_is_not_known_is_refused(azure, client, path, code):
    answer = get(client, azure, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("fault", "entity", "status", "code"),
    [
        (Fault.FORBIDDEN, "user", 403, "Authorization_RequestDenied"),
        (Fault.FORBIDDEN, "managedDevice", 403, "Forbidden"),
        (Fault.THROTTLED, "user", 429, "TooManyRequests"),
        (Fault.NOT_FOUND, "user", 404, "Request_ResourceNotFound"),
        (Fault.UNAVAILABLE, "user", 503, "ServiceUnavailable"),
        (Fault.LICENCE_MISSING, "user", 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
        (Fault.LICENCE_MISSING, "managedDevice", 400, "BadRequest"),
        (Fault.LICENCE_MISSING, "unifiedRoleEligibilityScheduleInstance", 400, "AadPremiumLicenseRequired"),
        (Fault.LICENCE_MISSING, "riskyUser", 403, "Forbidden"),
    ],
)
def test_an_entity_that_cannot_be_read(azure, client, fault, entity, status, code):
    azure.inject(fault, where=entity)
    path = entities()[entity].path
    answer = get(client, azure, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert get(client, azure, "/domains").status_code == 200
    part = batch(client, azure, path, "/domains")
    assert (part["1"]["status"], part["1"]["body"]["error"]["code"]) == (status, code)
    assert part["2"]["status"] == 200
    if fault is Fault.THROTTLED:
        assert answer.headers["Retry-After"] == part["1"]["headers"]["Retry-After"] == "1"


def test_codes_and_statuses_can_be_chosen(azure, client):
    azure.inject(Fault.LICENCE_MISSING, where="/users", code="Other", status=400)
    answer = get(client, azure, "/users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Other")


def test_pages_of_a_batch_go_on_by_their_links(azure, client):
    part = batch(
        client, azure, "/users?$top=200", "users?$select=id", "/identity/conditionalAccess/namedLocations"
    )
    assert len(part["1"]["body"]["value"]) == 200
    assert len(get(client, azure, part["1"]["body"]["@odata.nextLink"]).json()["value"]) == 50
    assert part["2"]["body"]["value"][0] == {"id": "user-000"}
    assert len(part["3"]["body"]["value"]) == 2
    assert azure.recording.requests[0].path == "/v1.0/$batch"


def test_a_batch_counts_its_parts_for_the_faults(azure, client):
    azure.inject(Fault.THROTTLED, at=[2], where="user")
    part = batch(client, azure, "/users", "/domains", "/users")
    assert sorted(item["status"] for item in part.values()) == [200, 200, 429]
    azure.inject(Fault.UNAVAILABLE, at=[1])
    with pytest.raises(KeyError):
        batch(client, azure, "/users")


def test_a_batch_is_held_to_its_form(azure, client):
    with pytest.raises(KeyError, match="responses"):
        batch(client, azure, *["/users"] * 21)
    assert batch(client, azure, "/users", method="DELETE")["1"]["status"] == 405
    for body in (
        {},
        {"requests": []},
        {"requests": [{"id": "1", "url": "/users"}, {"id": "1", "url": "/users"}]},
    ):
        answer = client.send_request(HttpRequest("POST", azure.url + "/v1.0/$batch", json=body))
        assert answer.status_code == 400
    assert client.send_request(HttpRequest("DELETE", azure.url + "/v1.0/users")).status_code == 405


def test_a_page_token_expires(azure, client):
    azure.inject(Fault.SKIP_TOKEN_EXPIRED, where="user")
    link = get(client, azure, "/users").json()["@odata.nextLink"]
    answer = get(client, azure, link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Directory_ExpiredPageToken")


def test_an_expired_token(azure, client):
    azure.inject(Fault.TOKEN_EXPIRED, at=[1], where="microsoft-graph")
    refused = get(client, azure, "/users")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert get(client, azure, "/users").status_code == 200
