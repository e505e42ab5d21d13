"""What policy holds, and for how many: assignments, exemptions, states, deployment stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.applications import REGISTRY
from ztkit.collect.demo.containers import group_id, row
from ztkit.collect.demo.estate import Kind, Row, Scene, having
from ztkit.collect.demo.machines import VM
from ztkit.collect.demo.stores import SQL_SERVER, STORAGE, VAULT
from ztkit.collect.demo.template import ABSENT, Ago, Feature, Made, Pick, Rates, Switch, Text

_SUBSCRIPTION: Final = "{r.place.subscription.path}"
BENCHMARK: Final = (
    "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
)
_DEFINITION: Final = "/providers/Microsoft.Authorization/policyDefinitions/"
_AT_GROUPS: Final[tuple[tuple[str, str, str, str, int, dict[str, Any], int], ...]] = (
    # name, title, management group, definition, first quarter, parameters, quarter from which it is enforced
    ("hm-benchmark", "Microsoft cloud security benchmark", "hm-landingzones", BENCHMARK, 0, {}, 0),
    ("hm-benchmark-platform", "Microsoft cloud security benchmark", "hm-platform", BENCHMARK, 1, {}, 1),
    (
        "hm-locations",
        "Allowed locations",
        "hm",
        _DEFINITION + "e56962a6-4747-49cd-b67b-bf8b01975c4c",
        0,
        {"listOfAllowedLocations": ["westeurope", "northeurope"]},
        1,
    ),
    (
        "hm-types",
        "Not allowed resource types",
        "hm-corp",
        _DEFINITION + "6c112d4e-5bc7-47ae-a041-ea2d9dccd749",
        1,
        {"listOfResourceTypesNotAllowed": ["microsoft.classiccompute/virtualmachines"]},
        2,
    ),
    (
        "hm-no-public-ip",
        "Network interfaces should not have public IPs",
        "hm-corp",
        _DEFINITION + "83a86a26-fd1f-447c-b59d-e51f44264114",
        2,
        {"effect": "Deny"},
        9,
    ),
    (
        "hm-tls",
        "Secure transfer to storage accounts should be enabled",
        "hm",
        _DEFINITION + "404c3081-a854-4457-ae30-26a93ef643f9",
        1,
        {"effect": "Deny"},
        2,
    ),
    (
        "hm-keys-expire",
        "Key Vault keys should have an expiration date",
        "hm-landingzones",
        _DEFINITION + "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0",
        0,
        {"effect": "Audit"},
        0,
    ),
    (
        "hm-secrets-expire",
        "Key Vault secrets should have an expiration date",
        "hm-landingzones",
        _DEFINITION + "98728c90-32c7-4049-8429-847dc0f4fe37",
        0,
        {"effect": "Audit"},
        0,
    ),
    (
        "hm-tags",
        "Require a tag on resource groups",
        "hm-landingzones",
        _DEFINITION + "96670d01-0a4d-4649-9c89-2d3abc0a5025",
        0,
        {"tagName": "workload"},
        9,
    ),
    (
        "hm-mfa-write",
        "Users must authenticate with multi-factor authentication to create or update resources",
        "hm-online",
        _DEFINITION + "4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b",
        1,
        {"effect": "Deny"},
        2,
    ),
    (
        "hm-mfa-delete",
        "Users must authenticate with multi-factor authentication to delete resources",
        "hm-online",
        _DEFINITION + "db4a9d17-db75-4f46-9fcb-9f9526604417",
        1,
        {"effect": "DenyAction"},
        2,
    ),
    (
        "hm-mfa-write-corp",
        "Users must authenticate with multi-factor authentication to create or update resources",
        "hm-corp",
        _DEFINITION + "4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b",
        2,
        {"effect": "Audit"},
        2,
    ),
)
_AT_SUBSCRIPTION: Final[Kind] = Kind(
    "Microsoft.Authorization/policyAssignments",
    "SecurityCenterBuiltIn",
    spread="subscription",
    when=having(Feature("subscription.benchmark", (66, 58, 42, 25))),
    table="policyresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.Authorization/policyAssignments/{r.name}",
    location="",
    properties={
        "displayName": "ASC Default",
        "policyDefinitionId": BENCHMARK,
        "scope": Text(_SUBSCRIPTION),
        "enforcementMode": Switch(
            Feature("subscription.benchmark-on", (25, 16, 16, 9)), "Default", "DoNotEnforce"
        ),
        "notScopes": [],
        "parameters": {},
    },
)
EXEMPTION: Final[Kind] = Kind(
    "Microsoft.Authorization/policyExemptions",
    "exemption-{r.number}",
    share=2,
    least=12,
    table="policyresources",
    path=_SUBSCRIPTION + "/providers/Microsoft.Authorization/policyExemptions/{r.name}",
    location="",
    properties={
        "displayName": Text("Exemption for {r.place.workload}"),
        "exemptionCategory": Pick("exemption.category", ("Waiver", "Mitigated")),
        "policyAssignmentId": "/providers/Microsoft.Management/managementGroups/hm-landingzones/providers/Microsoft.Authorization/policyAssignments/hm-benchmark",
        "expiresOn": Switch(
            Feature("exemption.ends", (66, 58, 42, 34)),
            Made(lambda scene, _: f'"{scene.moment(-120)}"'),
            Pick("exemption.how", (ABSENT, "2030-12-31T00:00:00Z", Ago(40))),
        ),
        "policyDefinitionReferenceIds": [],
    },
)


def _states(kind: Kind, of: str, definition: str, rates: Rates) -> Kind:
    return Kind(
        "Microsoft.PolicyInsights/policyStates",
        "{r.guid}",
        key=of,
        follows=kind,
        when=lambda _, item: item.place.subscription.sort not in ("forgotten", "acquired"),
        table="policyresources",
        path="{r.leader.id}/providers/Microsoft.PolicyInsights/policyStates/{r.name}",
        location="",
        properties={
            "resourceId": Text("{r.leader.id}"),
            "complianceState": Switch(
                Feature(f"policy.{of}", rates),
                Pick(f"policy.{of}.kind", ("Compliant",) * 9 + ("Exempt",)),
                "NonCompliant",
            ),
            "policyAssignmentId": "/providers/Microsoft.Management/managementGroups/hm/providers/Microsoft.Authorization/policyAssignments/hm-tls",
            "policyDefinitionId": _DEFINITION + definition,
            "policyAssignmentScope": "/providers/Microsoft.Management/managementGroups/hm",
            "policyDefinitionAction": "audit",
            "resourceType": kind.type,
            "timestamp": Ago(0.4),
        },
    )


POLICY_STATES: Final = (
    _states(STORAGE, "storage", "404c3081-a854-4457-ae30-26a93ef643f9", (34, 28, 20, 12)),
    _states(VAULT, "vault", "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", (46, 38, 24, 14)),
    _states(VM, "vm", "cccc23c7-8427-4f53-ad12-b6a63eb452b3", (34, 30, 22, 15)),
    _states(SQL_SERVER, "sql", "1b8ca024-1d5c-4dec-8995-b1a932b41780", (48, 40, 31, 21)),
    _states(REGISTRY, "registry", "dc921057-6b28-4fbe-9b83-f7bec05db6c2", (58, 46, 34, 20)),
)


def _component(of: str, definition: str, rates: Rates) -> Kind:
    """Keys and secrets of vaults, as policy sees them: some never expire, some have long expired."""
    return Kind(
        "Microsoft.PolicyInsights/componentPolicyStates",
        "{r.guid}",
        key=of,
        follows=VAULT,
        each=2,
        table="policyresources",
        path="{r.leader.id}/providers/Microsoft.PolicyInsights/componentPolicyStates/{r.name}",
        location="",
        properties={
            "resourceId": Text("{r.leader.id}"),
            "componentId": Text(
                f"https://{{r.leader.name}}.vault.azure.net/{of}/{{r.place.workload}}-{{r.index}}"
            ),
            "componentType": f"Microsoft.KeyVault.Data/vaults/{of}",
            "complianceState": Switch(Feature(f"component.{of}", rates), "Compliant", "NonCompliant"),
            "policyAssignmentId": f"/providers/Microsoft.Management/managementGroups/hm-landingzones/providers/Microsoft.Authorization/policyAssignments/hm-{of}-expire",
            "policyDefinitionId": _DEFINITION + definition,
            "timestamp": Ago(0.4),
        },
    )


COMPONENT_STATES: Final = (
    _component("keys", "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0", (62, 54, 42, 30)),
    _component("secrets", "98728c90-32c7-4049-8429-847dc0f4fe37", (70, 62, 66, 48)),
)
_STACK_FAILED: Final = Feature("stack.failed", (50, 42, 34, 25))
STACK: Final[Kind] = Kind(
    "Microsoft.Resources/deploymentStacks",
    "stack-{r.label}-{r.number}",
    share=1,
    least=8,
    table="deploymentresources",
    properties={
        "provisioningState": Switch(_STACK_FAILED, "succeeded", "failed"),
        "failedResources": Switch(
            _STACK_FAILED,
            [],
            [
                {
                    "id": Text("{r.place.prefix}Microsoft.Storage/storageAccounts/stold{r.number}"),
                    "error": {
                        "code": "ScopeLocked",
                        "message": "The scope has a lock and cannot be deleted.",
                    },
                }
            ],
        ),
        "actionOnUnmanage": {"resources": "detach", "resourceGroups": "detach", "managementGroups": "detach"},
        "denySettings": {
            "mode": Switch(
                Feature("stack.deny", (84, 75, 58, 42)),
                Pick("stack.mode", ("denyDelete", "denyWriteAndDelete")),
                "none",
            ),
            "applyToChildScopes": Switch(Feature("stack.children", (75, 66, 58, 50)), True, False),
        },
        "deploymentScope": Text("{r.place.subscription.path}/resourceGroups/{r.place.group}"),
    },
)

KINDS: Final = (_AT_SUBSCRIPTION, EXEMPTION, *POLICY_STATES, *COMPONENT_STATES, STACK)


def assignments_above(scene: Scene) -> Iterator[Row]:
    """Policy assignments at management groups."""
    sandboxes = [item.path for item in scene.organisation.own if item.sort == "sandbox"]
    for name, title, group, definition, since, parameters, enforced in _AT_GROUPS:
        if scene.quarter >= since:
            scope = group_id(group)
            yield row(
                scene,
                f"{scope}/providers/Microsoft.Authorization/policyAssignments/{name}",
                name,
                "microsoft.authorization/policyassignments",
                displayName=title,
                scope=scope,
                policyDefinitionId=definition,
                enforcementMode="Default" if scene.quarter >= enforced else "DoNotEnforce",
                parameters={key: {"value": value} for key, value in parameters.items()},
                notScopes=sandboxes if name == "hm-locations" else [],
            )
