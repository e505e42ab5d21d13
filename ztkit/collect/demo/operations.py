"""What watches over the estate: workspaces, Sentinel, alert rules, data collection."""

from __future__ import annotations

from typing import Final

from ztkit.collect.demo.estate import Kind, Resource, Scene, having
from ztkit.collect.demo.machines import VM
from ztkit.collect.demo.servers import ARC, MONITORED
from ztkit.collect.demo.template import ABSENT, Ago, Feature, Made, Pick, Switch, Text

WORKSPACE: Final[Kind] = Kind(
    "Microsoft.OperationalInsights/workspaces",
    "log-{r.label}-{r.number}",
    share=3,
    least=16,
    properties={
        "customerId": Text("{r.guid}"),
        "sku": {"name": "PerGB2018"},
        "retentionInDays": Switch(
            Feature("workspace.retention", (75, 66, 34, 13)), Pick("workspace.days", (90, 180, 365)), 30
        ),
        "workspaceCapping": {
            "dailyQuotaGb": Switch(Feature("workspace.cap", (58, 50, 34, 22)), -1, 5),
            "dataIngestionStatus": "RespectQuota",
        },
        "features": {
            "disableLocalAuth": Switch(Feature("workspace.keys", (92, 84, 66, 34)), True, ABSENT),
            "enableLogAccessUsingOnlyResourcePermissions": True,
        },
        "publicNetworkAccessForIngestion": Switch(
            Feature("workspace.ingestion", (84, 80, 75, 66)), "Disabled", "Enabled"
        ),
        "publicNetworkAccessForQuery": Switch(
            Feature("workspace.query", (92, 88, 84, 80)), "Disabled", "Enabled"
        ),
        "provisioningState": "Succeeded",
    },
)
SENTINEL: Final[Kind] = Kind(
    "Microsoft.OperationsManagement/solutions",
    "SecurityInsights({r.leader.name})",
    follows=WORKSPACE,
    when=lambda scene, item: (
        item.ordinal % 2 == 0
        and scene.quarter > 0
        and item.place.subscription.sort not in ("forgotten", "acquired")
    ),
    plan={
        "name": "SecurityInsights",
        "publisher": "Microsoft",
        "product": "OMSGallery/SecurityInsights",
        "promotionCode": "",
    },
    properties={
        "workspaceResourceId": Text("{r.leader.id}"),
        "provisioningState": "Succeeded",
        "creationTime": "2025-11-03T09:12:44Z",
    },
)
ACTION_GROUP: Final[Kind] = Kind(
    "Microsoft.Insights/actionGroups",
    "ag-{r.place.workload}-{r.number}",
    share=3,
    least=10,
    location="global",
    properties={
        "groupShortName": "hm-ops",
        "enabled": Switch(Feature("action-group.on", (16, 12, 9, 9)), True, False),
        "emailReceivers": Switch(
            Feature("action-group.receivers", (30, 25, 16, 9)),
            [
                {
                    "name": "operations",
                    "emailAddress": "operations@haldenmoor.example",
                    "useCommonAlertSchema": True,
                    "status": "Enabled",
                }
            ],
            [],
        ),
        "smsReceivers": [],
        "webhookReceivers": [],
        "armRoleReceivers": [],
        "logicAppReceivers": [],
    },
)


def _group(scene: Scene, item: Resource) -> str:
    """The action group that an alert rule names: one of the first few."""
    return scene.nth(ACTION_GROUP, item.ordinal % 9).id


_GROUPS: Final = {
    "actionGroups": [
        {"actionGroupId": Made(lambda scene, item: f'"{_group(scene, item)}"'), "webhookProperties": {}}
    ]
}
_SILENT: Final = Feature("alert.silent", (34, 28, 20, 14))


def _operation(name: str, operation: str, rates: tuple[float, float, float, float]) -> Kind:
    return Kind(
        "Microsoft.Insights/activityLogAlerts",
        f"ala-{name}",
        spread="subscription",
        when=having(Feature(f"activity-alert.{name}", rates)),
        location="global",
        properties={
            "enabled": Switch(Feature(f"activity-alert.{name}.on", (9, 9, 5, 5)), True, False),
            "scopes": [Text("{r.place.subscription.path}")],
            "condition": {
                "allOf": [
                    {
                        "field": "category",
                        "equals": "Security"
                        if operation.startswith("Microsoft.Security")
                        else "Administrative",
                    },
                    {"field": "operationName", "equals": operation},
                ]
            },
            "actions": Switch(_SILENT, _GROUPS, {"actionGroups": []}),
            "description": "",
        },
    )


_NEW = (70, 58, 42, 24)
ACTIVITY_ALERTS: Final = (
    _operation("role-assignments", "Microsoft.Authorization/roleAssignments/write", (66, 50, 34, 16)),
    _operation("policy-write", "Microsoft.Authorization/policyAssignments/write", _NEW),
    _operation("policy-delete", "Microsoft.Authorization/policyAssignments/delete", _NEW),
    _operation("nsg-write", "Microsoft.Network/networkSecurityGroups/write", _NEW),
    _operation("nsg-delete", "Microsoft.Network/networkSecurityGroups/delete", _NEW),
    _operation("nsg-rule-write", "Microsoft.Network/networkSecurityGroups/securityRules/write", _NEW),
    _operation("nsg-rule-delete", "Microsoft.Network/networkSecurityGroups/securityRules/delete", _NEW),
    _operation("security-write", "Microsoft.Security/securitySolutions/write", _NEW),
    _operation("security-delete", "Microsoft.Security/securitySolutions/delete", _NEW),
    _operation("policy-exemptions", "Microsoft.Authorization/policyExemptions/write", _NEW),
    _operation("policy-denials", "Microsoft.Authorization/policies/deny/action", (84, 75, 66, 50)),
    _operation("sql-firewall", "Microsoft.Sql/servers/firewallRules/write", _NEW),
    _operation("vault-delete", "Microsoft.KeyVault/vaults/delete", _NEW),
    _operation("deployments", "Microsoft.Resources/deployments/write", _NEW),
)
METRIC_ALERT: Final[Kind] = Kind(
    "Microsoft.Insights/metricAlerts",
    "ma-{r.label}-{r.number}",
    share=10,
    least=14,
    location="global",
    properties={
        "severity": 2,
        "enabled": Switch(Feature("metric-alert.on", (12, 12, 9, 9)), True, False),
        "scopes": [Text("{r.place.subscription.path}/resourceGroups/{r.place.group}")],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "actions": Switch(
            _SILENT, [{"actionGroupId": Made(lambda scene, item: f'"{_group(scene, item)}"')}], []
        ),
    },
)
QUERY_RULE: Final[Kind] = Kind(
    "Microsoft.Insights/scheduledQueryRules",
    "sqr-{r.label}-{r.number}",
    share=2,
    least=8,
    kind="LogAlert",
    properties={
        "displayName": Text("{r.name}"),
        "severity": 1,
        "enabled": True,
        "evaluationFrequency": "PT10M",
        "scopes": [Text("{r.place.subscription.path}")],
        "criteria": {
            "allOf": [
                {
                    "query": "SigninLogs | where ResultType != 0",
                    "timeAggregation": "Count",
                    "operator": "GreaterThan",
                    "threshold": 10,
                }
            ]
        },
        "actions": Switch(
            _SILENT,
            {"actionGroups": [Made(lambda scene, item: f'"{_group(scene, item)}"')]},
            {"actionGroups": []},
        ),
    },
)
_TAKEN_UP: Final = Feature("monitor-alert.taken-up", (75, 66, 56, 44))
FIRED_ALERT: Final[Kind] = Kind(
    "Microsoft.AlertsManagement/alerts",
    "{r.guid}",
    share=6,
    least=24,
    table="alertsmanagementresources",
    path="{r.place.subscription.path}/providers/Microsoft.AlertsManagement/alerts/{r.name}",
    location="",
    properties={
        "essentials": {
            "severity": Pick("monitor-alert.severity", ("Sev1", "Sev2", "Sev0", "Sev3")),
            "signalType": Pick("monitor-alert.signal", ("Metric", "Log", "Log")),
            "alertState": Switch(
                _TAKEN_UP, Pick("monitor-alert.state", ("Acknowledged", "Closed", "Closed")), "New"
            ),
            "monitorCondition": Pick("monitor-alert.condition", ("Fired", "Fired", "Resolved", "Fired")),
            "monitorService": Pick(
                "monitor-alert.service", ("Platform", "Log Analytics", "ActivityLog Administrative")
            ),
            "alertRule": Text("{r.place.subscription.path}/providers/Microsoft.Insights/metricAlerts/ma"),
            "targetResourceType": "microsoft.compute/virtualmachines",
            "startDateTime": Ago(0.2, 29, "monitor-alert.age"),
            "lastModifiedUserName": "System",
        }
    },
)
PROCESSING_RULE: Final[Kind] = Kind(
    "Microsoft.AlertsManagement/actionRules",
    "apr-{r.label}-{r.number}",
    share=0.3,
    least=8,
    location="global",
    properties={
        "enabled": True,
        "scopes": [Text("{r.place.subscription.path}/resourceGroups/{r.place.group}")],
        "actions": [{"actionType": "RemoveAllActionGroups"}],
        "schedule": Switch(
            Feature("processing-rule.ends", (50, 42, 34, 25)),
            {
                "timeZone": "W. Europe Standard Time",
                "recurrences": [
                    {
                        "recurrenceType": "Weekly",
                        "daysOfWeek": ["Sunday"],
                        "startTime": "02:00:00",
                        "endTime": "06:00:00",
                    }
                ],
            },
            ABSENT,
        ),
        "description": "Maintenance",
    },
)
COLLECTION_RULE: Final[Kind] = Kind(
    "Microsoft.Insights/dataCollectionRules",
    "dcr-{r.label}-{r.number}",
    share=1,
    least=6,
    sorts=("management",),
    kind="Linux",
    properties={
        "provisioningState": "Succeeded",
        "dataFlows": [
            {
                "streams": Switch(
                    Feature("rule.events", (84, 75, 60, 50)),
                    ["Microsoft-Perf", "Microsoft-Syslog", "Microsoft-Event"],
                    ["Microsoft-Perf", "Microsoft-InsightsMetrics"],
                ),
                "destinations": ["log-security"],
            }
        ],
        "description": "Performance and security events",
    },
)


def _association(machine: Kind) -> Kind:
    return Kind(
        "Microsoft.Insights/dataCollectionRuleAssociations",
        "dcra-default",
        follows=machine,
        when=having(MONITORED),
        table="insightsresources",
        path="{r.leader.id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{r.name}",
        location="",
        properties={
            "dataCollectionRuleId": Made(
                lambda scene, item: f'"{scene.nth(COLLECTION_RULE, item.ordinal % 6).id}"'
            ),
            "provisioningState": "Succeeded",
        },
    )


KINDS: Final = (
    WORKSPACE,
    SENTINEL,
    ACTION_GROUP,
    *ACTIVITY_ALERTS,
    METRIC_ALERT,
    QUERY_RULE,
    FIRED_ALERT,
    PROCESSING_RULE,
    COLLECTION_RULE,
    _association(VM),
    _association(ARC),
)
