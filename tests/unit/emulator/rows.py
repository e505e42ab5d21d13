"""A small tenant, and clients for an emulator of it that do not try again by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions, QueryResponse

from tests.emulator import Emulator, FakeCredential

SUBSCRIPTIONS = [f"00000000-0000-0000-0000-00000000000{n}" for n in range(3)]
TENANT = "99999999-0000-0000-0000-000000000000"
ROWS = 2_500
ALL = "resources | project id, name, properties | order by id asc"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


def resource(number: int) -> dict[str, Any]:
    subscription = SUBSCRIPTIONS[number % 3]
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st{number:05}",
        "name": f"st{number:05}",
        "type": "microsoft.storage/storageaccounts",
        "tenantId": TENANT,
        "subscriptionId": subscription,
        "resourceGroup": "rg",
        "properties": {"number": number, "nested": {"list": [1, "zwölf", True]}, "half": number / 2},
    }


def assignment(name: str, scope: str, kind: str = "roleAssignments") -> dict[str, Any]:
    subscription = scope.split("/")[2] if scope.startswith("/subscriptions/") else ""
    return {
        "id": f"{scope.rstrip('/')}/providers/Microsoft.Authorization/{kind}/{name}",
        "name": name,
        "type": f"microsoft.authorization/{kind}",
        "tenantId": TENANT,
        "subscriptionId": subscription,
        "properties": {"scope": scope},
    }


def estate(rows: int = ROWS) -> dict[str, list[dict[str, Any]]]:
    """Tables of the tenant."""
    group = "/providers/Microsoft.Management/managementGroups/root"
    return {
        "resources": [resource(number) for number in range(rows)],
        "resourcecontainers": [
            {
                "id": f"/subscriptions/{item}",
                "name": f"Subscription {item[-1]}",
                "type": "microsoft.resources/subscriptions",
                "tenantId": TENANT,
                "subscriptionId": item,
                "properties": {"state": "Enabled"},
            }
            for item in SUBSCRIPTIONS
        ],
        "authorizationresources": [
            assignment("here", f"/subscriptions/{SUBSCRIPTIONS[0]}"),
            assignment("elsewhere", f"/subscriptions/{SUBSCRIPTIONS[1]}"),
            assignment("above", group),
            assignment("root", "/"),
            {
                "id": "/providers/Microsoft.Authorization/roleDefinitions/owner",
                "type": "microsoft.authorization/roledefinitions",
            },
        ],
        "policyresources": [assignment("inherited", group, "policyAssignments")],
        "user": [
            {
                "id": f"user-{number:03}",
                "displayName": f"User {number}",
                "type": "user",
                "properties": {
                    "accountEnabled": True,
                    "signInActivity": {"lastSignInDateTime": "2026-01-01T00:00:00Z"},
                },
            }
            for number in range(250)
        ],
        "namedLocation": [
            {
                "id": "nl-1",
                "displayName": "Office",
                "type": "ipNamedLocation",
                "properties": {"isTrusted": True},
            },
            {"id": "nl-2", "displayName": "Land", "type": "countryNamedLocation"},
        ],
        "authorizationPolicy": [
            {
                "id": "authorizationPolicy",
                "type": "authorizationPolicy",
                "properties": {"allowInvitesFrom": "everyone"},
            }
        ],
        "appRoleAssignment": [{"id": "ara-1", "type": "appRoleAssignment", "properties": {"appRoleId": "x"}}],
    }


@contextmanager
def resource_graph(
    azure: Emulator, credential: FakeCredential | None = None, **options: Any
) -> Iterator[ResourceGraphClient]:
    """The real client of Resource Graph."""
    settings = {"retry_total": 0, "connection_verify": str(azure.ca_file), **options}
    with ResourceGraphClient(credential or azure.credential, base_url=azure.url, **settings) as client:
        yield client


def page(client: ResourceGraphClient, query: str = ALL, **more: Any) -> QueryResponse:
    """One page; ``top``, ``skip``, ``skip_token`` and ``result_format`` are its options."""
    names = ("top", "skip", "skip_token", "result_format")
    options = QueryRequestOptions(**{name: more.pop(name) for name in names if name in more})
    return client.resources(QueryRequest(query=query, options=options, **more))


def pages(client: ResourceGraphClient, query: str = ALL, **more: Any) -> list[QueryResponse]:
    """All pages, one after the other by their tokens."""
    found = [page(client, query, **more)]
    while found[-1].skip_token:
        found.append(page(client, query, **more, skip_token=found[-1].skip_token))
    return found


def raw(azure: Emulator, body: Any, credential: FakeCredential | None = None, **options: Any) -> HttpResponse:
    """The answer to a query whose body is written by hand."""
    with arm(azure, credential) as client:
        url = f"{azure.url}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
        return client.send_request(HttpRequest("POST", url, json=body), **options)


@contextmanager
def _pipeline(azure: Emulator, scope: str, credential: FakeCredential | None) -> Iterator[PipelineClient]:
    policy = BearerTokenCredentialPolicy(credential or azure.credential, scope)
    with PipelineClient(azure.url, policies=[policy], connection_verify=str(azure.ca_file)) as client:
        yield client


def arm(azure: Emulator, credential: FakeCredential | None = None) -> Any:
    """A pipeline of azure-core with a token for Resource Manager."""
    return _pipeline(azure, "https://management.azure.com/.default", credential)


def graph(azure: Emulator, credential: FakeCredential | None = None) -> Any:
    """A pipeline of azure-core with a token for Microsoft Graph."""
    return _pipeline(azure, GRAPH_SCOPE, credential)


def get(client: PipelineClient, azure: Emulator, path: str) -> HttpResponse:
    """The answer to a GET below ``/v1.0``."""
    url = path if path.startswith("https:") else azure.url + "/v1.0" + path
    return client.send_request(HttpRequest("GET", url))


def batch(
    client: PipelineClient, azure: Emulator, *urls: str, method: str = "GET"
) -> dict[str, dict[str, Any]]:
    """The parts of a batch's answer by their ids, which are their numbers from 1."""
    parts = [{"id": str(number), "method": method, "url": url} for number, url in enumerate(urls, 1)]
    request = HttpRequest("POST", azure.url + "/v1.0/$batch", json={"requests": parts})
    return {part["id"]: part for part in client.send_request(request).json()["responses"]}
