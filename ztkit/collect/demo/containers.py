"""Management groups, subscriptions and resource groups, as inventory rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ztkit.collect.demo.estate import Row, Scene
from ztkit.collect.demo.organisation import MANAGEMENT_GROUPS, Subscription
from ztkit.engine.rows import canonical
from ztkit.model.snapshot import COLUMNS


def containers(scene: Scene) -> Iterator[Row]:
    """Management groups, subscriptions and resource groups."""
    organisation = scene.organisation
    yield row(
        scene,
        group_id(organisation.tenant),
        organisation.tenant,
        "microsoft.management/managementgroups",
        displayName="Tenant Root Group",
        tenantId=organisation.tenant,
        details={"managementGroupAncestorsChain": []},
    )
    for group in MANAGEMENT_GROUPS:
        chain = _chain(organisation.ancestors_of_group(group.name))
        details = {
            "parent": {"id": group_id(chain[0]["name"]), "name": chain[0]["name"]},
            "managementGroupAncestorsChain": chain,
        }
        yield row(
            scene,
            group_id(group.name),
            group.name,
            "microsoft.management/managementgroups",
            displayName=group.title,
            tenantId=organisation.tenant,
            details=details,
        )
    for subscription in (*organisation.subscriptions, organisation.closed):
        yield _subscription(scene, subscription)
    for subscription in organisation.subscriptions:
        for place in organisation.places(subscription):
            yield values(
                {
                    "id": f"{subscription.path}/resourceGroups/{place.group}",
                    "name": place.group,
                    "type": "microsoft.resources/subscriptions/resourcegroups",
                    "tenantId": organisation.tenant,
                    "location": place.location,
                    "resourceGroup": place.group,
                    "subscriptionId": subscription.id,
                    "properties": {"provisioningState": "Succeeded"},
                },
                place.tags,
            )


def _subscription(scene: Scene, subscription: Subscription) -> Row:
    tidy = subscription.sort not in ("forgotten", "acquired")
    return values(
        {
            "id": subscription.path,
            "name": subscription.name,
            "type": "microsoft.resources/subscriptions",
            "tenantId": scene.organisation.tenant,
            "subscriptionId": subscription.id,
            "properties": {
                "state": subscription.state,
                "managementGroupAncestorsChain": _chain(subscription.ancestors),
                "subscriptionPolicies": {"quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
                "managedByTenants": [],
            },
            "tags": {"owner": f"team-{subscription.sort}", "costCenter": "CC4100"} if tidy else None,
        }
    )


def _chain(ancestors: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "displayName": title} for name, title in ancestors]


def group_id(name: str) -> str:
    """The id of a management group."""
    return f"/providers/Microsoft.Management/managementGroups/{name}"


def row(scene: Scene, path: str, name: str, kind: str, **properties: Any) -> Row:
    """A row with properties, of something that lies in no subscription."""
    return values(
        {
            "id": path,
            "name": name,
            "type": kind,
            "tenantId": scene.organisation.tenant,
            "properties": properties,
        }
    )


def values(columns: dict[str, Any], tags: str = "") -> Row:
    """A row in its canonical form; tags may come as JSON text."""
    form = canonical(columns)
    if tags:
        form["tags"] = tags
    return tuple(form[name] for name in COLUMNS)
