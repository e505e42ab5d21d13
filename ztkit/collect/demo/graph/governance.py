"""Directory roles: who holds them and by which rules, custom roles, and access reviews."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import Object, guid
from ztkit.collect.demo.graph.roster import ADMINISTRATORS, EMERGENCY, Person, people, person, size

Properties = dict[str, Any]

ROLES: Final = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Privileged Authentication Administrator": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
    "Authentication Administrator": "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    "Conditional Access Administrator": "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Hybrid Identity Administrator": "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
    "Domain Name Administrator": "8329153b-31d0-4727-b945-745eb3bc5f31",
    "External Identity Provider Administrator": "be2f45a1-457d-42af-a067-6ec1fa63bc45",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "Password Administrator": "966707d0-3269-4727-9be2-8c3a10f19b9d",
    "Intune Administrator": "3a2c62db-5318-420d-8d74-23affee5d9d5",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "SharePoint Administrator": "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "Reports Reader": "4a5d8f65-41da-4de4-8968-e035b65339cf",
}
"""Built-in directory roles by name, with their template ids."""

_NEVER: Final = 4
_HELD: Final = (
    # role, place of the administrator, quarter from which eligible (before: permanent), quarter in which it ends
    ("Global Administrator", 0, 1, _NEVER),
    ("Global Administrator", 1, 2, _NEVER),
    ("Global Administrator", 2, 2, _NEVER),
    ("Global Administrator", 3, 3, _NEVER),
    ("Global Administrator", 4, 3, _NEVER),
    ("Global Administrator", 5, 1, _NEVER),
    ("Global Administrator", 6, 0, _NEVER),
    ("Privileged Role Administrator", 0, 1, _NEVER),
    ("Privileged Authentication Administrator", 1, 2, _NEVER),
    ("Application Administrator", 2, 2, _NEVER),
    ("Cloud Application Administrator", 7, 3, _NEVER),
    ("Authentication Administrator", 8, 2, _NEVER),
    ("Conditional Access Administrator", 3, 1, _NEVER),
    ("Security Administrator", 4, 1, _NEVER),
    ("Security Administrator", 9, 2, _NEVER),
    ("Hybrid Identity Administrator", 10, _NEVER, _NEVER),
    ("User Administrator", 8, 2, _NEVER),
    ("User Administrator", 11, 3, _NEVER),
    ("Helpdesk Administrator", 12, 2, _NEVER),
    ("Helpdesk Administrator", 13, _NEVER, _NEVER),
    ("Intune Administrator", 11, 2, _NEVER),
    ("Exchange Administrator", 10, 2, _NEVER),
    ("SharePoint Administrator", 12, 3, _NEVER),
    ("Global Reader", 13, _NEVER, _NEVER),
)
_STRAY: Final = (
    # role, place among synchronised people (or guests, if is_guest), is_guest, quarter in which it ends
    ("Helpdesk Administrator", 1, False, _NEVER),
    ("User Administrator", 3, False, 2),
    ("Exchange Administrator", 5, False, 1),
    ("SharePoint Administrator", 0, True, _NEVER),
    ("Global Administrator", 1, True, 1),
    ("Application Administrator", 2, True, 2),
    ("Reports Reader", 3, True, _NEVER),
)
_APPLICATIONS: Final = (
    # role, application, quarter in which it ends
    ("User Administrator", "Joiner and leaver job", 2),
    ("Exchange Administrator", "Mail archive", _NEVER),
    ("Directory Readers", "Device inventory", _NEVER),
    ("Directory Readers", "id-user-sync", _NEVER),
)
_SORT: Final = "#microsoft.graph."
_UNENDING: Final = 5
"""One of so many eligible assignments has no end at the last date; earlier, more have none."""

_RULES: Final = {
    # role: quarters from which its activation asks for proof, a reason, approval; rules out permanence; hours by quarter
    "Global Administrator": (1, 0, 2, _NEVER, (24, 8, 4, 2)),
    "Privileged Role Administrator": (1, 0, 2, 2, (24, 8, 4, 4)),
    "Privileged Authentication Administrator": (2, 1, _NEVER, 3, (24, 24, 8, 8)),
    "Application Administrator": (2, 1, _NEVER, 3, (8, 8, 8, 8)),
    "Cloud Application Administrator": (3, 2, _NEVER, _NEVER, (8, 8, 8, 8)),
    "Conditional Access Administrator": (1, 0, _NEVER, 2, (8, 8, 4, 4)),
    "Security Administrator": (1, 0, _NEVER, 2, (8, 8, 8, 8)),
    "User Administrator": (2, 1, _NEVER, 2, (10, 10, 8, 8)),
    "Exchange Administrator": (2, 1, _NEVER, 3, (24, 24, 10, 10)),
    "Intune Administrator": (2, 2, _NEVER, 3, (8, 8, 8, 8)),
    "Helpdesk Administrator": (_NEVER, _NEVER, _NEVER, _NEVER, (24, 24, 24, 24)),
}
_USUAL: Final = (3, 1, _NEVER, _NEVER, (8, 8, 8, 8))
_CONTEXT: Final = {
    "Global Administrator": 2,
    "Privileged Role Administrator": 3,
    "Security Administrator": 3,
}
"""Roles whose activation asks for an authentication context, and since which quarter."""

_CUSTOM: Final = (
    # name, action beside harmless ones, quarter in which that action was taken away
    ("Application support", "microsoft.directory/applications/credentials/update", _NEVER),
    ("Depot front desk", "microsoft.directory/users/password/update", 2),
    ("Device auditor", "microsoft.directory/devices/standard/read", _NEVER),
)
_REVIEWED: Final = {
    "Global Administrator": 1,
    "Privileged Role Administrator": 1,
    "Privileged Authentication Administrator": 2,
    "Conditional Access Administrator": 2,
    "Security Administrator": 2,
    "Application Administrator": 3,
    "User Administrator": 3,
    "Exchange Administrator": 3,
}
"""Roles that are reviewed each quarter, and since when."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every role, assignment, rule and review at the scene's date."""
    yield from _definitions(scene)
    yield from _assignments(scene)
    for name, role in ROLES.items():
        yield _rules(scene, name, role)
    yield _activation_policy(scene)
    yield from _reviews(scene)


def _definitions(scene: Scene) -> Iterator[Object]:
    for name, role in ROLES.items():
        properties = {
            "isBuiltIn": True,
            "isEnabled": True,
            "templateId": role,
            "resourceScopes": ["/"],
            "version": "1",
        }
        yield Object("unifiedRoleDefinition", role, name, properties)
    for name, action, mended in _CUSTOM:
        role = guid(scene.organisation.seed, "role", name)
        actions = ["microsoft.directory/users/standard/read"] + [action] * (scene.quarter < mended)
        yield Object(
            "unifiedRoleDefinition",
            role,
            name,
            {
                "isBuiltIn": False,
                "isEnabled": True,
                "templateId": role,
                "rolePermissions": [{"allowedResourceActions": actions}],
            },
        )


def _assignments(scene: Scene) -> Iterator[Object]:
    """Who holds which role for good, who has activated one, and who could."""
    for number in range(EMERGENCY):
        yield from _active(scene, "Global Administrator", _whole(person(scene, number)))
    for place, (role, number, eligible_from, ends) in enumerate(_HELD):
        holder = _whole(person(scene, EMERGENCY + number % ADMINISTRATORS))
        if scene.quarter >= ends:
            continue
        if scene.quarter < eligible_from:
            yield from _active(scene, role, holder)
            continue
        yield _eligible(scene, role, holder, place)
        if place % 7 == 3:
            yield from _active(scene, role, holder, hours=3)
    guests = tuple(islice(people(scene), size(scene), size(scene) + 4))
    for role, number, is_guest, ends in _STRAY:
        if scene.quarter < ends:
            stray = guests[number] if is_guest else person(scene, EMERGENCY + ADMINISTRATORS + number)
            yield from _active(scene, role, _whole(stray))
    for role, name, ends in _APPLICATIONS:
        if scene.quarter < ends:
            identifier = guid(scene.organisation.seed, "principal", name)
            yield from _active(
                scene, role, (identifier, {"@odata.type": _SORT + "servicePrincipal", "displayName": name})
            )
    helpers = guid(scene.organisation.seed, "group", "directory helpers")
    team = {"@odata.type": _SORT + "group", "displayName": "Directory helpers"}
    yield from _active(scene, "Password Administrator", (helpers, team))


def _whole(holder: Person) -> tuple[str, Properties]:
    """A person's id, and the person as Microsoft Graph expands it."""
    named = {"displayName": holder.name, "userPrincipalName": holder.principal}
    return holder.id, {"@odata.type": _SORT + "user", **named}


def _active(scene: Scene, role: str, holder: tuple[str, Properties], hours: float = 0) -> Iterator[Object]:
    """An assignment in force: permanent, or activated that many hours ago."""
    identifier, principal = holder
    given: Properties = {
        "principalId": identifier,
        "principal": principal,
        "roleDefinitionId": ROLES[role],
        "directoryScopeId": "/",
    }
    key = guid(scene.organisation.seed, "active", role, identifier)
    yield Object("unifiedRoleAssignment", key, "", dict(given))
    given |= {
        "assignmentType": "Activated" if hours else "Assigned",
        "memberType": "Direct",
        "startDateTime": scene.moment(hours / 24) if hours else scene.founded(400),
        "endDateTime": scene.moment(hours / 24 - 1 / 3) if hours else None,
        "roleAssignmentOriginId": key,
    }
    yield Object("unifiedRoleAssignmentScheduleInstance", key, "", given)


def _eligible(scene: Scene, role: str, holder: tuple[str, Properties], place: int) -> Object:
    identifier, principal = holder
    is_unending = place % (scene.quarter + 2) == 0 and (scene.quarter < 3 or place % _UNENDING == 0)
    given = {
        "principalId": identifier,
        "principal": principal,
        "roleDefinitionId": ROLES[role],
        "directoryScopeId": "/",
        "memberType": "Direct",
        "startDateTime": scene.moment(60),
        "endDateTime": None if is_unending else scene.moment(-60 - 10 * place),
    }
    key = guid(scene.organisation.seed, "eligible", role, identifier)
    return Object("unifiedRoleEligibilityScheduleInstance", key, "", given)


def _rules(scene: Scene, name: str, role: str) -> Object:
    """What a role asks for, in the form of Privileged Identity Management's rules."""
    proof, reason, approval, lasting, hours = _RULES.get(name, _USUAL)
    quarter, context = scene.quarter, _CONTEXT.get(name, _NEVER)
    asked = ["MultiFactorAuthentication"] * (context > quarter >= proof) + ["Justification"] * (
        quarter >= reason
    )
    must_end = quarter >= lasting
    rules: list[Properties] = [
        _rule(
            "Expiration_EndUser_Assignment", isExpirationRequired=True, maximumDuration=f"PT{hours[quarter]}H"
        ),
        _rule("Enablement_EndUser_Assignment", enabledRules=asked),
        _rule("Approval_EndUser_Assignment", setting={"isApprovalRequired": quarter >= approval}),
        _rule(
            "AuthenticationContext_EndUser_Assignment",
            isEnabled=quarter >= context,
            claimValue="c1" if quarter >= context else None,
        ),
        _rule(
            "Expiration_Admin_Assignment",
            isExpirationRequired=must_end,
            maximumDuration="P15D" if must_end else "P180D",
        ),
        _rule("Expiration_Admin_Eligibility", isExpirationRequired=must_end, maximumDuration="P365D"),
        _rule("Enablement_Admin_Assignment", enabledRules=["MultiFactorAuthentication", "Justification"]),
    ]
    policy = f"DirectoryRole_{scene.organisation.tenant}_{guid(scene.organisation.seed, 'policy', role)}"
    given = {
        "policyId": policy,
        "roleDefinitionId": role,
        "scopeId": "/",
        "scopeType": "DirectoryRole",
        "policy": {"rules": rules},
    }
    return Object("unifiedRoleManagementPolicyAssignment", f"{policy}_{role}", "", given)


def _rule(name: str, **properties: Any) -> Properties:
    kind = {"Expiration": "Expiration", "Enablement": "Enablement", "Approval": "Approval"}.get(
        name.partition("_")[0], "AuthenticationContext"
    )
    return {"@odata.type": f"{_SORT}unifiedRoleManagementPolicy{kind}Rule", "id": name, **properties}


def _activation_policy(scene: Scene) -> Object:
    """The Conditional Access policy behind the authentication context of role activation: a trial at first."""
    return Object(
        "conditionalAccessPolicy",
        guid(scene.organisation.seed, "policy", "role activation"),
        "Activation of roles: passkey",
        {
            "state": "enabled" if scene.quarter >= 2 else "enabledForReportingButNotEnforced",
            "createdDateTime": scene.founded(10),
            "modifiedDateTime": scene.founded(-95) if scene.quarter >= 2 else scene.founded(10),
            "conditions": {
                "clientAppTypes": ["all"],
                "applications": {"includeAuthenticationContextClassReferences": ["c1"]},
                "users": {
                    "includeUsers": ["All"],
                    "excludeUsers": [person(scene, number).id for number in range(EMERGENCY)],
                },
            },
            "grantControls": {
                "operator": "OR",
                "builtInControls": [],
                "authenticationStrength": {
                    "id": "00000000-0000-0000-0000-000000000004",
                    "displayName": "Phishing-resistant MFA",
                },
            },
        },
    )


def _reviews(scene: Scene) -> Iterator[Object]:
    """Access reviews: of roles, which get better, of guests, whose results nobody applies, and others."""
    quarter = scene.quarter
    for name, since in _REVIEWED.items():
        if quarter >= since:
            target = {
                "query": f"/beta/roleManagement/directory/roleDefinitions/{ROLES[name]}",
                "queryType": "MicrosoftGraph",
            }
            everybody = {"query": "/v1.0/users", "queryType": "MicrosoftGraph"}
            scope = {"principalScopes": [everybody], "resourceScopes": [target]}
            yield _review(scene, f"Role review: {name}", scope, 3, applied=quarter >= 2)
    if quarter >= 1:
        scope = _query("./members/microsoft.graph.user/?$count=true&$filter=(userType eq 'Guest')")
        yield _review(scene, "Guests in all teams", scope, 6 if quarter >= 2 else 0, applied=False)
    yield _review(
        scene, "Customer files, members", _query("/groups/{id}/transitiveMembers"), 6, applied=quarter >= 1
    )
    yield _review(scene, "Finance applications", _query("/servicePrincipals/{id}"), 12, applied=False)


def _query(text: str) -> Properties:
    return {"query": text, "queryType": "MicrosoftGraph"}


def _review(scene: Scene, name: str, scope: Properties, months: int, *, applied: bool) -> Object:
    """A review that recurs after so many months (0: once), and whether its results are applied."""
    pattern = {"type": "absoluteMonthly", "interval": months, "dayOfMonth": 0} if months else None
    day = scene.founded(90)[:10]
    return Object(
        "accessReviewScheduleDefinition",
        guid(scene.organisation.seed, "review", name),
        name,
        {
            "status": "InProgress",
            "createdDateTime": scene.founded(90),
            "scope": scope,
            "settings": {
                "autoApplyDecisionsEnabled": applied,
                "defaultDecisionEnabled": applied,
                "defaultDecision": "Deny" if applied else "None",
                "instanceDurationInDays": 14,
                "mailNotificationsEnabled": True,
                "justificationRequiredOnApproval": True,
                "recurrence": {
                    "pattern": pattern,
                    "range": {"type": "noEnd" if months else "numbered", "startDate": day},
                },
            },
        },
    )
