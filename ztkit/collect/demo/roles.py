"""Who may do what: role assignments and definitions, classic administrators, delegations to partners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.containers import group_id, row
from ztkit.collect.demo.estate import Kind, Row, Scene, having, lacking
from ztkit.collect.demo.template import ABSENT, Feature, Made, Pick, Rates, Since, Switch, Text

ROLES: Final = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Security Reader": "39bc4728-0917-49c7-9d2c-d95423bc2b4c",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Virtual Machine Administrator Login": "1c0163c0-47e6-4577-8991-ea5c82e286e4",
}
_BOUNDED: Final = (
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/"
    "roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))"
)
_SUBSCRIPTION: Final = "{r.place.subscription.path}"
_GROUP: Final = "{r.place.subscription.path}/resourceGroups/{r.place.group}"


def _role(
    key: str, role: Any, holder: Any, scope: str = _SUBSCRIPTION, condition: Any = ABSENT, **columns: Any
) -> Kind:
    """Role assignments: in each subscription once, or spread over resource groups if `share` is given."""
    columns.setdefault("spread", "group" if "share" in columns else "subscription")
    return Kind(
        "Microsoft.Authorization/roleAssignments",
        "{r.guid}",
        key=key,
        table="authorizationresources",
        path=scope + "/providers/Microsoft.Authorization/roleAssignments/{r.name}",
        location="",
        properties={
            "roleDefinitionId": role,
            "principalId": Made(
                lambda scene, item: f'"{scene.organisation.guid(f"principal/{key}/{item.ordinal}")}"'
            ),
            "principalType": holder,
            "scope": Text(scope),
            "condition": condition,
            "conditionVersion": ABSENT if condition is ABSENT else "2.0",
            "createdOn": Since(f"role.{key}", 20, 1500),
            "updatedOn": Since(f"role.{key}", 20, 1500),
        },
        **columns,
    )


def _id(role: str) -> Text:
    return Text(f"{_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}")


def _ids(*roles: str) -> Pick:
    return Pick("role." + roles[0], tuple(_id(role) for role in roles))


def _person(key: str, rates: Rates) -> Switch:
    return Switch(Feature(f"role.{key}.person", rates), "Group", "User")


_OWNERS: Final = Feature("subscription.owners", (50, 42, 30, 16))
ROLE_KINDS: Final = (
    _role("owner-group", _id("Owner"), "Group"),
    _role(
        "owner-second",
        _id("Owner"),
        _person("owner-second", (58, 50, 42, 25)),
        when=having(Feature("role.second", (42, 34, 25, 16))),
    ),
    _role("owner-person", _id("Owner"), "User", when=lacking(_OWNERS)),
    _role("owner-leaver", _id("Owner"), "User", when=lacking(_OWNERS)),
    _role("owner-vendor", _id("Owner"), "User", when=lacking(Feature("role.vendor", (34, 34, 25, 9)))),
    _role(
        "owner-pipeline",
        Switch(Feature("role.pipeline", (75, 66, 58, 42)), _id("Contributor"), _id("Owner")),
        "ServicePrincipal",
    ),
    _role(
        "delegate",
        _ids("User Access Administrator", "Role Based Access Control Administrator"),
        _person("delegate", (42, 34, 25, 16)),
        when=having(Feature("role.delegate", (40, 40, 40, 40))),
    ),
    _role(
        "delegate-bounded",
        _id("Role Based Access Control Administrator"),
        "Group",
        condition=_BOUNDED,
        when=having(Feature("role.bounded", (92, 80, 66, 50))),
    ),
    _role("contributors", _id("Contributor"), _person("contributors", (66, 58, 42, 25))),
    _role(
        "partner",
        _ids("Reader", "Contributor", "Owner", "Reader"),
        "ForeignGroup",
        when=having(Feature("role.partner", (50, 50, 50, 50))),
    ),
    _role(
        "data-wide",
        _ids("Storage Blob Data Owner", "Key Vault Administrator"),
        _person("data-wide", (60, 50, 40, 30)),
        when=lacking(Feature("role.data-wide", (66, 58, 42, 25))),
    ),
    _role(
        "group-readers", _id("Reader"), _person("group-readers", (42, 36, 30, 20)), _GROUP, share=16, least=24
    ),
    _role(
        "group-contributors",
        _id("Contributor"),
        _person("group-contributors", (48, 42, 34, 24)),
        _GROUP,
        share=16,
        least=24,
    ),
    _role("group-pipelines", _id("Contributor"), "ServicePrincipal", _GROUP, share=8, least=10),
    _role(
        "group-data",
        _ids("Storage Blob Data Contributor", "Key Vault Administrator"),
        _person("group-data", (30, 25, 20, 16)),
        _GROUP,
        share=10,
        least=16,
    ),
    _role(
        "group-logins",
        _id("Virtual Machine Administrator Login"),
        _person("group-logins", (60, 50, 40, 30)),
        _GROUP,
        share=6,
        least=10,
    ),
)
CUSTOM_ROLE: Final[Kind] = Kind(
    "Microsoft.Authorization/roleDefinitions",
    "{r.guid}",
    share=1,
    least=10,
    table="authorizationresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.Authorization/roleDefinitions/{r.name}",
    location="",
    properties={
        "roleName": Text("HM {r.place.workload} operator {r.number}"),
        "type": "CustomRole",
        "description": "For a team's daily work",
        "assignableScopes": [Text(_SUBSCRIPTION)],
        "permissions": [
            {
                "actions": Switch(
                    Feature("custom-role.narrow", (40, 34, 28, 20)),
                    [
                        "Microsoft.Compute/virtualMachines/read",
                        "Microsoft.Compute/virtualMachines/restart/action",
                    ],
                    Pick("custom-role.wide", (["*"], ["*/read", "Microsoft.Authorization/*"])),
                ),
                "notActions": [],
                "dataActions": [],
                "notDataActions": [],
            }
        ],
        "createdOn": Since("custom-role.made", 100, 1500),
    },
)
CLASSIC: Final[Kind] = Kind(
    "Microsoft.Authorization/classicAdministrators",
    "{r.guid}",
    spread="subscription",
    when=lacking(Feature("subscription.classic", (34, 25, 16, 7))),
    table="authorizationresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.Authorization/classicAdministrators/{r.name}",
    location="",
    properties={
        "emailAddress": "cloud-admins@haldenmoor.example",
        "role": Pick("classic.role", ("CoAdministrator", "ServiceAdministrator;AccountAdministrator")),
    },
)

DELEGATION: Final[Kind] = Kind(
    "Microsoft.ManagedServices/registrationDefinitions",
    "{r.guid}",
    least=4,
    share=0.1,
    table="managedservicesresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.ManagedServices/registrationDefinitions/{r.name}",
    location="",
    properties={
        "registrationDefinitionName": "Managed network operations",
        "managedByTenantId": Text("{r.guid}"),
        "managedByTenantName": "Service provider",
        "provisioningState": "Succeeded",
        "authorizations": [
            {
                "principalId": Text("{r.guid}"),
                "principalIdDisplayName": "Service desk",
                "roleDefinitionId": Switch(
                    Feature("delegation.role", (50, 50, 50, 25)), ROLES["Reader"], ROLES["Contributor"]
                ),
            }
        ],
        "eligibleAuthorizations": [],
    },
)
DELEGATED: Final[Kind] = Kind(
    "Microsoft.ManagedServices/registrationAssignments",
    "{r.guid}",
    follows=DELEGATION,
    table="managedservicesresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.ManagedServices/registrationAssignments/{r.name}",
    location="",
    properties={"registrationDefinitionId": Text("{r.leader.id}"), "provisioningState": "Succeeded"},
)

KINDS: Final = (*ROLE_KINDS, CUSTOM_ROLE, CLASSIC, DELEGATION, DELEGATED)

_ABOVE: Final = (
    # key, role, scope, holder, first and last quarter
    ("elevated", "User Access Administrator", "/", "User", 0, 2),
    ("platform-owners", "Owner", "hm", "Group", 0, 3),
    ("founder", "Owner", "hm", "User", 0, 1),
    ("security-readers", "Security Reader", "hm-platform", "Group", 0, 3),
    ("security-readers-landing-zones", "Security Reader", "hm-landingzones", "Group", 1, 3),
    ("auditor", "Security Reader", "hm-sandbox", "User", 1, 3),
    ("pipeline", "Contributor", "hm-landingzones", "ServicePrincipal", 0, 3),
    ("pipeline-old", "Owner", "hm-landingzones", "ServicePrincipal", 0, 3),
    ("policy-remediation", "Contributor", "hm", "ServicePrincipal", 1, 3),
)


def assignments_above(scene: Scene) -> Iterator[Row]:
    """Role assignments at management groups and at the root."""
    for key, role, scope, holder, first, last in _ABOVE:
        if first <= scene.quarter <= last:
            name = scene.organisation.guid(f"role/{key}")
            path = "/" if scope == "/" else group_id(scope)
            yield row(
                scene,
                f"{'' if path == '/' else path}/providers/Microsoft.Authorization/roleAssignments/{name}",
                name,
                "microsoft.authorization/roleassignments",
                roleDefinitionId=f"/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}",
                principalId=scene.organisation.guid(f"principal/{key}"),
                principalType=holder,
                scope=path,
                createdOn=scene.founded(500),
                updatedOn=scene.founded(500),
            )


def built_in_roles(scene: Scene) -> Iterator[Row]:
    """Definitions of the built-in roles that are assigned."""
    for name, key in ROLES.items():
        yield row(
            scene,
            f"/providers/Microsoft.Authorization/RoleDefinitions/{key}",
            key,
            "microsoft.authorization/roledefinitions",
            roleName=name,
            type="BuiltInRole",
            assignableScopes=["/"],
            permissions=[
                {
                    "actions": ["*"] if name == "Owner" else ["*/read"],
                    "notActions": [],
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
        )
