"""Labels for sensitivity and retention, and the secure score of the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import roster
from ztkit.collect.demo.graph.objects import Object, guid

_LABELS: Final[tuple[tuple[str, int, int, str, str], ...]] = (
    # name, since when it is enabled, since when it protects, what it is for, what it tells the user
    ("Public", 1, 9, "file,email", "May be read by anybody, such as timetables and price lists for all."),
    ("Internal", 0, 9, "file,email,site,unifiedGroup", "For everybody who works here, such as duty rosters."),
    (
        "Confidential",
        0,
        9,
        "file,email,site,unifiedGroup",
        "For those who need it, such as freight contracts.",
    ),
    ("Strictly confidential", 1, 2, "file,email", "For named people, such as salaries and customs cases."),
    ("Trial with customers", 9, 9, "file", "Not in use."),
)
_RETENTION: Final[tuple[tuple[str, int, str], ...]] = (
    # name, since when it is in use, what happens at the end
    ("Freight documents 10 years", 0, "none"),
    ("Applications 6 months", 2, "delete"),
    ("Contracts 6 years after their end", 1, "startDispositionReview"),
    ("Customs files", 0, "none"),
    ("Tachograph data 1 year", 3, "delete"),
    ("Legal hold 2019", 9, "none"),
)
_Action = tuple[str, str, str, str, float, tuple[float, float, float, float], str]
_ACTIONS: Final[tuple[_Action, ...]] = (
    # id, title, category, service; points to gain; points reached quarter by quarter; what was decided
    (
        "AdminMFAV2",
        "Ensure multifactor authentication is enabled for all users in administrative roles",
        "Identity",
        "AzureAD",
        10,
        (6, 8, 9.5, 9.5),
        "",
    ),
    (
        "MFARegistrationV2",
        "Ensure multifactor authentication is enabled for all users",
        "Identity",
        "AzureAD",
        9,
        (5.5, 6.5, 7.5, 8.5),
        "",
    ),
    (
        "BlockLegacyAuthentication",
        "Enable Conditional Access policies to block legacy authentication",
        "Identity",
        "AzureAD",
        8,
        (0, 0, 8, 8),
        "",
    ),
    ("SigninRiskPolicy", "Enable sign-in risk policies", "Identity", "AzureAD", 7, (0, 0, 0, 0), ""),
    ("UserRiskPolicy", "Enable user risk policies", "Identity", "AzureAD", 7, (0, 0, 0, 0), ""),
    (
        "IntegratedApps",
        "Ensure user consent to apps accessing company data on their behalf is not allowed",
        "Identity",
        "AzureAD",
        4,
        (0, 4, 4, 4),
        "",
    ),
    (
        "PWAgePolicyNew",
        "Ensure that passwords are set to never expire",
        "Identity",
        "AzureAD",
        8,
        (8, 8, 8, 8),
        "",
    ),
    (
        "mdo_safeattachments",
        "Turn on Safe Attachments in block mode",
        "Apps",
        "MDO",
        8,
        (0, 8, 8, 8),
        "",
    ),
    (
        "mdo_safelinksforemail",
        "Create Safe Links policies for email messages",
        "Apps",
        "MDO",
        9,
        (0, 0, 9, 9),
        "",
    ),
    (
        "mdo_blockmailforward",
        "Ensure that mails are not forwarded automatically to outsiders",
        "Apps",
        "MDO",
        6,
        (0, 0, 0, 0),
        "ThirdParty",
    ),
    ("dlp_datalossprevention", "Publish data loss prevention policies", "Data", "MIP", 5, (0, 0, 0, 0), ""),
    (
        "mip_sensitivitylabelspolicies",
        "Publish sensitivity label data classification policies",
        "Data",
        "MIP",
        5,
        (0, 5, 5, 5),
        "",
    ),
    (
        "scid_2010",
        "Turn on Microsoft Defender Antivirus real-time protection",
        "Device",
        "MDATP",
        10,
        (7.5, 8.5, 9, 10),
        "",
    ),
    ("scid_2003", "Turn on tamper protection", "Device", "MDATP", 9, (3, 5, 7, 9), ""),
    (
        "scid_2501",
        "Block credential stealing from the Windows local security authority subsystem",
        "Device",
        "MDATP",
        9,
        (1, 1, 1, 2),
        "Ignored",
    ),
    (
        "scid_84",
        "Block abuse of exploited vulnerable signed drivers",
        "Device",
        "MDATP",
        9,
        (0, 0, 1, 2),
        "",
    ),
    (
        "meeting_anonymousjoin",
        "Restrict who can join meetings anonymously",
        "Apps",
        "MS Teams",
        2,
        (0, 0, 2, 2),
        "",
    ),
)


def objects(scene: Scene) -> Iterator[Object]:
    """Labels, and the secure score with the actions behind it."""
    for name, enabled, protecting, scope, tip in _LABELS:
        properties: dict[str, Any] = {
            "name": name,
            "toolTip": tip,
            "priority": [label[0] for label in _LABELS].index(name),
            "isEnabled": scene.quarter >= enabled,
            "isDefault": False,
            "isScopedToUser": False,
            "hasProtection": scene.quarter >= protecting,
            "applicableTo": scope,
            "actionSource": "manual",
        }
        yield Object("sensitivityLabel", guid(scene.organisation.seed, "sensitivity", name), name, properties)
    for name, used, action in _RETENTION:
        properties = {
            "isInUse": scene.quarter >= used,
            "actionAfterRetentionPeriod": action,
            "behaviorDuringRetentionPeriod": "retain",
            "retentionTrigger": "dateCreated",
            "defaultRecordBehavior": "startLocked",
            "createdDateTime": scene.founded(200),
        }
        yield Object("retentionLabel", guid(scene.organisation.seed, "retention", name), name, properties)
    yield from _secure_score(scene)


def _secure_score(scene: Scene) -> Iterator[Object]:
    """The score of the day before, and every improvement action."""
    tenant = scene.organisation.tenant
    day = scene.moment(1)[:10]
    vendor = {"provider": "SecureScore", "vendor": "Microsoft"}
    scores = []
    for rank, (action, title, category, service, best, reached, decision) in enumerate(_ACTIONS, start=1):
        points = reached[scene.quarter]
        scores.append({"controlName": action, "controlCategory": category, "score": points})
        properties: dict[str, Any] = {
            "azureTenantId": tenant,
            "title": title,
            "controlCategory": category,
            "service": service,
            "actionType": "Config",
            "maxScore": best,
            "rank": rank,
            "deprecated": False,
            "tier": "Core",
            "userImpact": "Low",
            "implementationCost": "Low",
            "vendorInformation": vendor,
        }
        if decision:
            update = {
                "state": decision,
                "updatedDateTime": scene.founded(30),
                "comment": "Decided by the CISO",
            }
            properties["controlStateUpdates"] = [update]
        yield Object("secureScoreControlProfile", action, "", properties)
    total = {
        "azureTenantId": tenant,
        "createdDateTime": f"{day}T00:00:00Z",
        "currentScore": sum(entry["score"] for entry in scores if isinstance(entry["score"], int | float)),
        "maxScore": sum(item[4] for item in _ACTIONS),
        "licensedUserCount": roster.size(scene),
        "activeUserCount": round(roster.size(scene) * 0.95),
        "controlScores": scores,
        "averageComparativeScores": [{"basis": "AllTenants", "averageScore": 46.1}],
        "vendorInformation": vendor,
    }
    yield Object("secureScore", f"{tenant}_{day}", "", total)
