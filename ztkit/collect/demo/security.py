"""What Defender for Cloud says: assessments of machines, stores and accounts, alerts, scores."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind, Resource, Scene, having
from ztkit.collect.demo.machines import VM
from ztkit.collect.demo.servers import ARC
from ztkit.collect.demo.stores import SQL_DATABASE, SQL_SERVER
from ztkit.collect.demo.template import Feature, Made, Pick, Switch, Text

_SUBSCRIPTION: Final = "{r.place.subscription.path}/providers/Microsoft.Security/"


def assessment(
    key: str, about: str, feature: Feature, severity: str, follows: Kind | None = None, **columns: Any
) -> Kind:
    """A recommendation of Defender for Cloud: Healthy where a feature is right."""
    target = "{r.leader.id}" if follows else "{r.place.subscription.path}"
    return Kind(
        "Microsoft.Security/assessments",
        key,
        follows=follows,
        spread="group" if follows else "subscription",
        table="securityresources",
        path=target + "/providers/Microsoft.Security/assessments/{r.name}",
        location="",
        properties={
            "resourceDetails": {"Source": "Azure", "Id": Text(target)},
            "displayName": about,
            "status": Switch(
                feature,
                {"code": "Healthy", "cause": "", "description": ""},
                {"code": "Unhealthy", "cause": "", "description": ""},
            ),
            "metadata": {"displayName": about, "assessmentType": "BuiltIn", "severity": severity},
            "additionalData": {},
        },
        **columns,
    )


_UNSEEN = Feature("defender.unseen", (30, 20, 12, 6))
_FINDINGS = Feature("machine.findings", (58, 52, 60, 36))
_ON_MACHINES: Final = (
    (
        "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c",
        "EDR solution should be installed on Virtual Machines",
        (30, 20, 11, 4),
        "High",
    ),
    (
        "dc5357d0-3858-4d17-a1a3-072840bff5be",
        "EDR configuration issues should be resolved on virtual machines",
        (24, 20, 14, 8),
        "High",
    ),
    (
        "ffff0522-1e88-47fc-8382-2a80ba848f5d",
        "Machines should have a vulnerability assessment solution",
        (34, 22, 13, 7),
        "Medium",
    ),
    (
        "483f12ed-ae23-447e-a2de-a67a10db4353",
        "Internet-facing virtual machines should be protected with network security groups",
        (20, 16, 10, 7),
        "High",
    ),
    (
        "805651bc-6ecd-4c73-9b55-97a19d0582d0",
        "Management ports of virtual machines should be protected with just-in-time network access control",
        (78, 70, 58, 44),
        "High",
    ),
)


def _machine_assessments(machine: Kind, of: str) -> tuple[Kind, ...]:
    seen = having(_UNSEEN)
    return (
        *(
            assessment(key, about, Feature(f"{of}.{key[:8]}", rates), severity, machine, when=seen)
            for key, about, rates, severity in (_ON_MACHINES if machine is VM else _ON_MACHINES[:3])
        ),
        assessment(
            "1195afff-c881-495e-9bc5-1486211ae03f",
            "Machines should have vulnerability findings resolved",
            _FINDINGS,
            "Low",
            machine,
            when=seen,
        ),
    )


def _has_findings(scene: Scene, item: Resource) -> bool:
    return scene.fails(_FINDINGS, item)


_FINDING: Final[Kind] = Kind(
    "Microsoft.Security/assessments/subAssessments",
    "{r.index}f6a5c1e-2b7d-5e0f-9a43-7c1d0e5b8a9{r.index}",
    follows=VM,
    each=2,
    when=lambda scene, item: not scene.fails(_UNSEEN, item) and _has_findings(scene, item),
    table="securityresources",
    path="{r.leader.id}/providers/Microsoft.Security/assessments/1195afff-c881-495e-9bc5-1486211ae03f/subassessments/{r.name}",
    location="",
    properties={
        "id": Pick("finding.cve", ("CVE-2025-21333", "CVE-2025-29824", "CVE-2024-38063", "CVE-2024-6387")),
        "displayName": "Update of an installed package is missing",
        "category": "Vulnerability",
        "status": {
            "code": "Unhealthy",
            "severity": Switch(
                Feature("finding.high", (60, 55, 62, 48)),
                "Medium",
                Pick("finding.severity", ("High", "Critical")),
            ),
        },
        "timeGenerated": Made(lambda scene, _: f'"{scene.moment(1)}"'),
        "resourceDetails": {"source": "Azure", "id": Text("{r.leader.id}")},
        "additionalData": {"assessedResourceType": "ServerVulnerability"},
    },
)
_ON_STORES: Final = (
    assessment(
        "651967bf-044e-4bde-8376-3e08e0600105",
        "Transparent Data Encryption on SQL databases should be enabled",
        Feature("sqldb.tde", (8, 6, 4, 2)),
        "Low",
        SQL_DATABASE,
    ),
    assessment(
        "94208a8b-16e8-4e5b-abbd-4e81c9d02bee",
        "Auditing on SQL server should be enabled",
        Feature("sql.auditing", (58, 46, 34, 22)),
        "Low",
        SQL_SERVER,
    ),
    assessment(
        "f7010359-8d21-4598-a9f2-c3e81a17141e",
        "SQL servers should have vulnerability assessment configured",
        Feature("sql.va", (66, 58, 42, 30)),
        "High",
        SQL_SERVER,
    ),
)
_ON_ACCOUNTS: Final = tuple(
    assessment(key, about, Feature(f"accounts.{key[:8]}", rates), "High")
    for key, about, rates in (
        (
            "20606e75-05c4-48c0-9d97-add6daa2109a",
            "Guest accounts with owner permissions on Azure resources should be removed",
            (34, 25, 25, 9),
        ),
        (
            "0354476c-a12a-4fcc-a79d-f0ab7ffffdbb",
            "Guest accounts with write permissions on Azure resources should be removed",
            (50, 42, 34, 16),
        ),
        (
            "fde1c0c9-0fd2-4ecc-87b5-98956cbc1095",
            "Guest accounts with read permissions on Azure resources should be removed",
            (66, 66, 58, 50),
        ),
        (
            "050ac097-3dda-4d24-ab6d-82568e7a50cf",
            "Blocked accounts with owner permissions on Azure resources should be removed",
            (25, 16, 9, 5),
        ),
        (
            "1ff0b4c9-ed56-4de6-be9c-d7ab39645926",
            "Blocked accounts with read and write permissions on Azure resources should be removed",
            (42, 34, 16, 9),
        ),
    )
)

_SCORE: Final = (38, 44, 52, 61)


def _score(scene: Scene, item: Resource) -> str:
    """A subscription's secure score: better where it is kept well, and rising over the quarters."""
    care = item.place.care
    share = min(
        0.92,
        max(
            0.12, (_SCORE[scene.quarter] + (1 - care) * 34 + scene.draw("score")(item.ordinal) * 16 - 4) / 100
        ),
    )
    most = 40 + item.ordinal % 18
    return f'{{"max":{most},"current":{round(most * share, 2)},"percentage":{round(share, 4)}}}'


SECURE_SCORE: Final[Kind] = Kind(
    "Microsoft.Security/secureScores",
    "ascScore",
    spread="subscription",
    table="securityresources",
    path=_SUBSCRIPTION + "secureScores/ascScore",
    location="",
    properties={
        "displayName": "ASC score",
        "score": Made(_score),
        "weight": Made(lambda _, item: str(20 + item.ordinal * 7 % 90)),
    },
)
_CONTROLS: Final = ("NS-1", "IM-1", "DP-3", "LT-1", "PV-6", "ES-1", "BR-1", "DS-6")
STANDARD: Final[Kind] = Kind(
    "Microsoft.Security/regulatoryComplianceStandards",
    "Microsoft-cloud-security-benchmark",
    spread="subscription",
    table="securityresources",
    path=_SUBSCRIPTION + "regulatoryComplianceStandards/{r.name}",
    location="",
    properties={
        "state": "Failed",
        "passedControls": 24,
        "failedControls": 18,
        "skippedControls": 2,
        "unsupportedControls": 1,
    },
)


def _control(name: str) -> Kind:
    passed = Feature(f"benchmark.{name}", (58, 50, 42, 32))
    return Kind(
        "Microsoft.Security/regulatoryComplianceStandards/regulatoryComplianceControls",
        name,
        follows=STANDARD,
        table="securityresources",
        path="{r.leader.id}/regulatoryComplianceControls/{r.name}",
        location="",
        properties={
            "description": "A control of the Microsoft cloud security benchmark",
            "state": Switch(passed, "Passed", "Failed"),
            "passedAssessments": 6,
            "failedAssessments": Switch(passed, 0, 3),
        },
    )


ALERT: Final[Kind] = Kind(
    "Microsoft.Security/locations/alerts",
    "25{r.number}_6f0c2d0e-52a4-4d3c-9a0f-0d9b7f4f3c11",
    share=7,
    least=16,
    table="securityresources",
    path=_SUBSCRIPTION + "locations/westeurope/alerts/{r.name}",
    location="",
    properties={
        "AlertDisplayName": Pick(
            "alert.what",
            (
                "Suspicious authentication activity",
                "Unusual amount of data extracted from a storage account",
                "Access from a suspicious IP address to a key vault",
                "Possible credential dumping detected",
            ),
        ),
        "AlertType": Pick(
            "alert.what",
            (
                "VM_LoginBruteForce",
                "Storage.Blob_DataExfiltration",
                "KV_SuspiciousIPAccess",
                "VM_CredentialDumping",
            ),
        ),
        "Severity": Pick("alert.severity", ("High", "Medium", "High", "Low")),
        "Status": Switch(
            Feature("alert.handled", (48, 40, 38, 22)),
            Pick("alert.done", ("Resolved", "Dismissed")),
            "Active",
        ),
        "Intent": "InitialAccess",
        "CompromisedEntity": Text("{r.place.workload}"),
        "TimeGeneratedUtc": Made(
            lambda scene, item: f'"{scene.moment(1 + 80 * scene.draw("alert.age")(item.ordinal))}"'
        ),
        "StartTimeUtc": Made(
            lambda scene, item: f'"{scene.moment(1 + 80 * scene.draw("alert.age")(item.ordinal))}"'
        ),
        "ProductName": "Microsoft Defender for Cloud",
        "VendorName": "Microsoft",
        "IsIncident": False,
    },
)
ATTACK_PATH: Final[Kind] = Kind(
    "Microsoft.Security/attackPaths",
    "path-{r.number}",
    share=1,
    least=8,
    table="securityresources",
    path=_SUBSCRIPTION + "attackPaths/{r.name}",
    location="",
    properties={
        "displayName": Pick(
            "path.what",
            (
                "Internet exposed VM with high severity vulnerabilities has read permission to a storage account with sensitive data",
                "Internet exposed Kubernetes pod is running a container with vulnerabilities",
                "VM with high severity vulnerabilities has permission to a key vault",
            ),
        ),
        "riskLevel": Switch(
            Feature("path.risk", (66, 60, 55, 40)),
            Pick("path.low", ("Low", "Medium")),
            Pick("path.high", ("High", "Critical")),
        ),
        "riskFactors": Pick(
            "path.factors",
            (["Internet exposure", "Sensitive data"], ["Lateral movement"], ["Internet exposure"]),
        ),
        "attackStory": "",
        "potentialImpact": "Sensitive data disclosure",
    },
)
_EXPORT: Final = Feature("subscription.export", (75, 58, 42, 25))
AUTOMATION: Final[Kind] = Kind(
    "Microsoft.Security/automations",
    "exportToWorkspace",
    spread="subscription",
    when=having(_EXPORT),
    properties={
        "isEnabled": Switch(Feature("subscription.export-on", (16, 16, 9, 9)), True, False),
        "scopes": [{"scopePath": Text("{r.place.subscription.path}")}],
        "sources": [
            {"eventSource": "Alerts", "ruleSets": []},
            {"eventSource": "Assessments", "ruleSets": []},
        ],
        "actions": [
            {
                "actionType": "Workspace",
                "workspaceResourceId": Text(
                    "{r.place.prefix}Microsoft.OperationalInsights/workspaces/log-security"
                ),
            }
        ],
    },
)
_CSPM: Final = Feature("connector.cspm", (92, 92, 84, 76))
CONNECTOR: Final[Kind] = Kind(
    "Microsoft.Security/securityConnectors",
    "sc-{r.label}-{r.number}",
    least=4,
    sorts=("management", "telematics"),
    properties={
        "environmentName": Pick("connector.cloud", ("AWS", "GCP", "AzureDevOps", "AWS")),
        "hierarchyIdentifier": Made(lambda _, item: f'"0000{item.ordinal:08}"'),
        "environmentData": {
            "environmentType": Pick(
                "connector.cloud", ("AwsAccount", "GcpProject", "AzureDevOpsScope", "AwsAccount")
            )
        },
        "offerings": Switch(
            _CSPM,
            [
                {
                    "offeringType": Pick(
                        "connector.cloud",
                        ("CspmMonitorAws", "CspmMonitorGcp", "CspmMonitorAzureDevOps", "CspmMonitorAws"),
                    )
                }
            ],
            [],
        ),
    },
)

KINDS: Final = (
    *_machine_assessments(VM, "vm"),
    *_machine_assessments(ARC, "arc"),
    _FINDING,
    *_ON_STORES,
    *_ON_ACCOUNTS,
    SECURE_SCORE,
    STANDARD,
    *(_control(name) for name in _CONTROLS),
    ALERT,
    ATTACK_PATH,
    AUTOMATION,
    CONNECTOR,
)
