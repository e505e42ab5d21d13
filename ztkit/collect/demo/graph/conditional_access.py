"""Conditional Access policies of the demo organisation: what each demands, of whom, and since which quarter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import Object, guid

_QUARTER: Final = 91
_STATES: Final = {"x": "disabled", "r": "enabledForReportingButNotEnforced", "o": "enabled"}
_REFERENCES: Final = ("group", "location", "terms")

EXCHANGE: Final = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT: Final = "00000003-0000-0ff1-ce00-000000000000"
ENROLMENT: Final = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
AZURE: Final = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
ROLES: Final = (
    "62e90394-69f5-4237-9190-012177145e10",  # Global Administrator
    "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
    "194ae4cb-b126-40b2-bd5b-6091b380977d",  # Security Administrator
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",  # Conditional Access Administrator
    "29232cdf-9323-42fd-ade2-1d097af3e4de",  # Exchange Administrator
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",  # SharePoint Administrator
    "fe930be7-5e62-47db-91af-98c3a49a38b1",  # User Administrator
    "729827e3-9c14-49f7-bb1b-9608f156bbb8",  # Helpdesk Administrator
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",  # Privileged Authentication Administrator
    "c4e39bd9-1100-46d3-8c65-fb160da0071f",  # Authentication Administrator
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
    "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
    "966707d0-3269-4727-9be2-8c3a10f19b9d",  # Password Administrator
    "b0f54661-2d74-4c50-afa3-1ec803f12efe",  # Billing Administrator
)
"""Directory roles that the policies for administrators name; at first somebody thought of eight only."""


@dataclass(frozen=True)
class _By:
    """A value that changes from quarter to quarter."""

    values: tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class _Policy:
    """A policy.

    Attributes:
        states: a letter a quarter: not made yet (``-``), off (``x``), report-only (``r``), on (``o``).
        users, applications: as in the policy's conditions; text such as ``group:emergency`` becomes an id.
        more: further conditions.
        made: days before the first snapshot, for a policy that was there then.
    """

    name: str
    states: str
    users: Mapping[str, Any]
    applications: Mapping[str, Any]
    grant: Mapping[str, Any] | None = None
    session: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    clients: Sequence[str] = ("all",)
    made: int = 300


def _everybody(*spared: str) -> dict[str, Any]:
    return {"includeUsers": ["All"], "excludeGroups": ["group:emergency", *spared]}


def _administrators(named: Any) -> dict[str, Any]:
    return {"includeUsers": [], "includeRoles": named, "excludeGroups": ["group:emergency"]}


def _on(*applications: str, **more: Any) -> dict[str, Any]:
    return {"includeApplications": list(applications), **more}


def _grant(*controls: str, operator: str = "OR", **more: Any) -> dict[str, Any]:
    return {
        "operator": operator,
        "builtInControls": list(controls),
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        **more,
    }


_MFA: Final = {
    "id": "00000000-0000-0000-0000-000000000002",
    "displayName": "Multifactor authentication",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["windowsHelloForBusiness", "fido2", "password,microsoftAuthenticatorPush"],
}
_RESISTANT: Final = {
    "id": "00000000-0000-0000-0000-000000000004",
    "displayName": "Phishing-resistant MFA",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"],
}
_KNOWN_ROLES: Final = _By((list(ROLES[:8]), list(ROLES[:8]), list(ROLES), list(ROLES)))
_GROWN: Final = [f"group:exception {number}" for number in range(1, 9)]
_LEGACY: Final = ["exchangeActiveSync", "other"]
_OFFICE: Final = {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
_PHONES: Final = {"platforms": {"includePlatforms": ["android", "iOS"], "excludePlatforms": []}}
_COMPUTERS: Final = {"platforms": {"includePlatforms": ["windows", "macOS"], "excludePlatforms": []}}

_POLICIES: Final = (
    _Policy(
        "CA001 Everybody: second factor",
        "rooo",
        {
            "includeUsers": ["All"],
            "excludeGroups": _By(
                (
                    ["group:emergency", *_GROWN],
                    ["group:emergency", *_GROWN],
                    ["group:emergency", *_GROWN[:6]],
                    ["group:emergency", *_GROWN[:2]],
                )
            ),
            "excludeGuestsOrExternalUsers": _By(
                (
                    {"guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember"},
                    {"guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember"},
                    {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
                    None,
                )
            ),
        },
        _on("All", excludeApplications=[ENROLMENT, SHAREPOINT]),
        _grant(authenticationStrength=_MFA),
        made=40,
    ),
    _Policy(
        "CA002 Administrators: second factor",
        "oooo",
        _administrators(_KNOWN_ROLES),
        _on("All"),
        _grant("mfa"),
        made=900,
    ),
    _Policy(
        "CA003 Administrators: passkey",
        "--ro",
        _administrators(list(ROLES[:8])),
        _on("All"),
        _grant(authenticationStrength=_RESISTANT),
    ),
    _Policy(
        "CA004 Block legacy authentication",
        "oooo",
        _everybody("group:scanners"),
        _on("All"),
        _grant("block"),
        more={"clientAppTypes": _By((["other"], ["other"], _LEGACY, _LEGACY))},
        made=1300,
    ),
    _Policy(
        "CA005 Block device codes",
        "-roo",
        _everybody("group:meeting rooms"),
        _on("All"),
        _grant("block"),
        more={"authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
    ),
    _Policy(
        "CA006 Security information: office or second factor",
        "--rr",
        _everybody(),
        {"includeApplications": [], "includeUserActions": ["urn:user:registersecurityinfo"]},
        _grant("mfa"),
        more={"locations": _OFFICE},
    ),
    _Policy(
        "CA007 Azure: second factor outside the office",
        "oooo",
        {"includeUsers": ["All"], "excludeGroups": _By(([], [], ["group:emergency"], ["group:emergency"]))},
        _on(AZURE),
        _grant("mfa"),
        more={"locations": _OFFICE},
        made=1100,
    ),
    _Policy(
        "CA008 Block countries without staff",
        "rooo",
        _everybody("group:travellers"),
        _on("All"),
        _grant("block"),
        more={
            "locations": {
                "includeLocations": ["All"],
                "excludeLocations": ["location:countries with depots", "location:countries on routes"],
            }
        },
        made=60,
    ),
    _Policy(
        "CA009 Risky sign-ins: second factor",
        "-ooo",
        _everybody(),
        _on("All"),
        _grant("mfa"),
        {"signInFrequency": {"isEnabled": True, "frequencyInterval": "everyTime"}},
        {"signInRiskLevels": _By((["high"], ["high"], ["high"], ["high", "medium"]))},
    ),
    _Policy(
        "CA010 Users at risk: new password",
        "-roo",
        _everybody(),
        _on("All"),
        _grant("mfa", "passwordChange", operator="AND"),
        more={"userRiskLevels": ["high"]},
    ),
    _Policy(
        "CA011 Unmanaged devices: limited sessions",
        "-roo",
        _everybody(),
        _on("Office365"),
        session={"applicationEnforcedRestrictions": {"isEnabled": True}},
        clients=("browser",),
    ),
    _Policy(
        "CA012 Administrators: short sessions",
        "oooo",
        _administrators(_KNOWN_ROLES),
        _on("All"),
        session={
            "signInFrequency": {
                "isEnabled": True,
                "type": _By(("days", "days", "hours", "hours")),
                "value": _By((7, 7, 12, 12)),
                "frequencyInterval": "timeBased",
            },
            "persistentBrowser": _By((None, None, None, {"isEnabled": True, "mode": "never"})),
        },
        made=500,
    ),
    _Policy(
        "CA013 Token protection, pilot",
        "---o",
        {"includeUsers": [], "includeGroups": ["group:token pilot"], "excludeGroups": ["group:emergency"]},
        _on(EXCHANGE, SHAREPOINT),
        session={"secureSignInSession": {"isEnabled": True}},
        more={"platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}},
        clients=("mobileAppsAndDesktopClients",),
    ),
    _Policy(
        "CA014 Service principals: known networks",
        "---r",
        {},
        _on("All"),
        _grant("block"),
        more={
            "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
            "locations": _OFFICE,
        },
    ),
    _Policy(
        "CA020 Computers: compliant",
        "-roo",
        _everybody(),
        _on("All", excludeApplications=[ENROLMENT]),
        _grant("compliantDevice", "domainJoinedDevice"),
        more=_COMPUTERS,
    ),
    _Policy(
        "CA021 Phones: enrolled or protected application",
        "rooo",
        _everybody(),
        _on("All", excludeApplications=[ENROLMENT]),
        _grant("compliantDevice", "compliantApplication"),
        more=_PHONES,
        made=30,
    ),
    _Policy(
        "CA022 Phones: approved applications (2019)",
        "oooo",
        {"includeUsers": ["All"], "excludeGroups": ["group:exception 1"]},
        _on(EXCHANGE),
        _grant("approvedApplication"),
        more=_PHONES,
        made=2300,
    ),
    _Policy(
        "CA023 Block other platforms",
        "---r",
        _everybody(),
        _on("All"),
        _grant("block"),
        more={
            "platforms": {
                "includePlatforms": ["all"],
                "excludePlatforms": ["android", "iOS", "windows", "macOS"],
            }
        },
    ),
    _Policy(
        "CA030 Partners: terms of use",
        "oooo",
        {
            "includeUsers": [],
            "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember",
                "externalTenants": {"membershipKind": "all"},
            },
            "excludeGroups": [],
        },
        _on("Office365"),
        _grant("mfa", operator="AND", termsOfUse=["terms:partners"]),
        made=700,
    ),
    _Policy(
        "Pilot Windows Hello",
        "oooo",
        {"includeUsers": ["None"]},
        _on("Office365"),
        _grant("mfa"),
        made=1000,
    ),
    _Policy(
        "TEST block Outlook on the web",
        "xxxx",
        {"includeUsers": [], "includeGroups": ["group:it"]},
        _on(EXCHANGE),
        _grant("block"),
        made=1200,
    ),
    _Policy(
        "Crane operators: second factor in the yard",
        "ooox",
        {"includeUsers": [], "includeGroups": ["group:cranes"], "excludeGroups": ["group:emergency"]},
        _on("All"),
        _grant("mfa"),
        made=200,
    ),
)


def policies(scene: Scene) -> Iterator[Object]:
    """Every policy that exists at the scene's date."""
    for policy in _POLICIES:
        if policy.states[scene.quarter] != "-":
            yield _object(scene, policy)


def _object(scene: Scene, policy: _Policy) -> Object:
    quarter = scene.quarter
    state = policy.states[quarter]
    since = max(
        (number for number in range(1, quarter + 1) if policy.states[number - 1] != policy.states[number]),
        default=None,
    )
    first = len(policy.states) - len(policy.states.lstrip("-"))
    made = scene.founded(policy.made) if first == 0 else scene.moment(_days(quarter, first) + 20)
    properties = {
        "state": _STATES[state],
        "createdDateTime": made,
        "modifiedDateTime": scene.moment(_days(quarter, since)) if since and since != first else None,
        "conditions": {
            "clientAppTypes": list(policy.clients),
            "users": dict(policy.users),
            "applications": dict(policy.applications),
            **policy.more,
        },
        "grantControls": policy.grant,
        "sessionControls": policy.session,
    }
    return Object(
        "conditionalAccessPolicy",
        guid(scene.organisation.seed, "policy", policy.name),
        policy.name,
        _resolved(scene, properties),
    )


def _days(quarter: int, since: int) -> int:
    """Days from the middle of the month before a quarter's snapshot to the scene's date."""
    return _QUARTER * (quarter - since) + 20


def _resolved(scene: Scene, value: Any) -> Any:
    """A value with what holds in this quarter, and ids in place of references."""
    if isinstance(value, _By):
        return _resolved(scene, value.values[scene.quarter])
    if isinstance(value, Mapping):
        found = {name: _resolved(scene, item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not None}
    if isinstance(value, list):
        return [_resolved(scene, item) for item in value]
    if isinstance(value, str) and value.partition(":")[0] in _REFERENCES:
        sort, _, name = value.partition(":")
        return guid(scene.organisation.seed, sort, name)
    return value
