"""What is found without being asked: Advisor's recommendations, and the weekly scan of SQL databases."""

from __future__ import annotations

from typing import Final

from ztkit.collect.demo.estate import Kind, having
from ztkit.collect.demo.stores import SQL_DATABASE
from ztkit.collect.demo.template import Ago, Feature, If, Made, Pick, Switch, Text

ADVICE: Final[Kind] = Kind(
    "Microsoft.Advisor/recommendations",
    "{r.guid}",
    share=12,
    least=36,
    table="advisorresources",
    path="{r.place.subscription.path}/resourceGroups/{r.place.group}/providers/Microsoft.Advisor/recommendations/{r.name}",
    location="",
    properties={
        "category": Pick("advice.category", ("Security", "Cost", "HighAvailability", "Security")),
        "impact": Switch(
            Feature("advice.high", (60, 52, 40, 26)), Pick("advice.lower", ("Medium", "Low")), "High"
        ),
        "impactedField": "Microsoft.Compute/virtualMachines",
        "impactedValue": Text("vm-{r.label}-{r.number}"),
        "lastUpdated": Ago(0.5),
        "recommendationTypeId": Text("{r.guid}"),
        "suppressionIds": Switch(Feature("advice.dismissed", (10, 12, 14, 16)), [], [Text("{r.guid}")]),
        "shortDescription": {"problem": "A setting deserves attention", "solution": "Look at the setting"},
    },
)


def _rule(identifier: str) -> Made:
    """The rule that a finding is of: each database has one on columns and one on permissions."""
    return Made(lambda _, item: f'"{"VA1288" if item.index == 0 else identifier}"')


SQL_FINDING: Final[Kind] = Kind(
    "Microsoft.Security/assessments/subAssessments",
    "{r.guid}",
    key="sql",
    follows=SQL_DATABASE,
    each=2,
    when=having(Feature("sqldb.scanned", (66, 50, 34, 17))),
    table="securityresources",
    path="{r.leader.id}/providers/Microsoft.Security/assessments/82e20e14-edc5-4373-bfc4-f13121257c37/subassessments/{r.name}",
    location="",
    properties={
        "id": _rule("VA2109"),
        "displayName": Made(
            lambda _, item: (
                '"Sensitive data columns should be classified"'
                if item.index == 0
                else '"Minimal set of principals should be members of fixed database roles"'
            )
        ),
        "category": "Data Protection",
        "status": {
            "code": Switch(Feature("sqldb.finding", (60, 52, 42, 32)), "Healthy", "Unhealthy"),
            "severity": If(lambda _, item: item.index == 0, "Medium", "High"),
        },
        "timeGenerated": Ago(3),
        "resourceDetails": {"source": "Azure", "id": Text("{r.leader.id}")},
        "additionalData": {"assessedResourceType": "SqlServerVulnerability"},
    },
)

KINDS: Final = (ADVICE, SQL_FINDING)
