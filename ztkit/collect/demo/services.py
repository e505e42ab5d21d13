"""Services of the platform: integration, analytics, AI, IoT, managed domains."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.applications import (
    OPEN,
    SYSTEM_ASSIGNED,
    managed_identity,
    minimum_tls,
    public_access,
)
from ztkit.collect.demo.estate import Kind, having
from ztkit.collect.demo.stores import classification, private_endpoint
from ztkit.collect.demo.template import ABSENT, Feature, Pick, Rates, Switch, Text

_KEYS: Final[Rates] = (86, 76, 60, 42)


def _service(kind: str, name: str, of: str, columns: dict[str, Any], **properties: Any) -> Kind:
    """A service of the platform: whether it is open to the internet, and whether keys work."""
    common = {
        "provisioningState": "Succeeded",
        "publicNetworkAccess": public_access(of),
        "privateEndpointConnections": private_endpoint(Feature(f"{of}.public", OPEN)),
        "disableLocalAuth": Switch(
            Feature(f"{of}.keys", _KEYS), True, Pick(f"{of}.keys-how", (False, ABSENT))
        ),
    }
    kept = {key: value for key, value in (common | properties).items() if value is not None}
    return Kind(kind, name, properties=kept, **columns)


_INTEGRATION: Final = ("webshop", "erp", "data", "telematics", "aks", "nonprod", "forgotten")
EVENT_HUB: Final[Kind] = _service(
    "Microsoft.EventHub/namespaces",
    "evhns-{r.label}-{r.number}",
    "eventhub",
    {
        "share": 4,
        "least": 8,
        "sorts": _INTEGRATION,
        "sku": {"name": "Standard", "tier": "Standard", "capacity": 1},
    },
    minimumTlsVersion=minimum_tls("eventhub"),
    kafkaEnabled=True,
    zoneRedundant=True,
    status="Active",
)
SERVICE_BUS: Final[Kind] = _service(
    "Microsoft.ServiceBus/namespaces",
    "sbns-{r.label}-{r.number}",
    "servicebus",
    {
        "share": 4,
        "least": 8,
        "sorts": _INTEGRATION,
        "sku": {"name": "Premium", "tier": "Premium", "capacity": 1},
    },
    minimumTlsVersion=minimum_tls("servicebus"),
    zoneRedundant=True,
    status="Active",
)
EVENT_GRID: Final[Kind] = _service(
    "Microsoft.EventGrid/topics",
    "evgt-{r.label}-{r.number}",
    "eventgrid",
    {"share": 2, "least": 6, "sorts": _INTEGRATION, "identity": managed_identity("eventgrid")},
    minimumTlsVersionAllowed=minimum_tls("eventgrid"),
    inboundIpRules=[],
    inputSchema="EventGridSchema",
)
SIGNALR: Final[Kind] = _service(
    "Microsoft.SignalRService/signalR",
    "sigr-{r.label}-{r.number}",
    "signalr",
    {
        "least": 4,
        "share": 0.4,
        "sorts": ("webshop", "telematics"),
        "kind": "SignalR",
        "sku": {"name": "Premium_P1", "tier": "Premium", "capacity": 1},
    },
    networkACLs={
        "defaultAction": Switch(Feature("signalr.acl", (75, 75, 50, 50)), "Deny", "Allow"),
        "publicNetwork": {
            "allow": Switch(
                Feature("signalr.acl", (75, 75, 50, 50)), [], ["ServerConnection", "ClientConnection"]
            )
        },
    },
    tls={"clientCertEnabled": False},
)
APP_CONFIGURATION: Final[Kind] = _service(
    "Microsoft.AppConfiguration/configurationStores",
    "appcs-{r.label}-{r.number}",
    "appconfig",
    {"share": 2, "least": 6, "sorts": _INTEGRATION, "sku": {"name": "standard"}},
    enablePurgeProtection=Switch(Feature("appconfig.purge", (67, 60, 50, 34)), True, False),
    softDeleteRetentionInDays=7,
)
API_MANAGEMENT: Final[Kind] = Kind(
    "Microsoft.ApiManagement/service",
    "apim-{r.label}-{r.number}",
    least=5,
    share=0.3,
    sorts=("webshop", "erp", "telematics", "nonprod"),
    sku={"name": "Premium", "capacity": 1},
    identity=managed_identity("apim"),
    properties={
        "provisioningState": "Succeeded",
        "publisherName": "Halden & Moor Logistics",
        "publisherEmail": "api@haldenmoor.example",
        "gatewayUrl": Text("https://{r.name}.azure-api.net"),
        "platformVersion": Switch(Feature("apim.platform", (60, 60, 40, 20)), "stv2.1", "stv1"),
        "publicNetworkAccess": public_access("apim"),
        "virtualNetworkType": Switch(Feature("apim.vnet", (60, 60, 40, 40)), "Internal", "None"),
        "developerPortalStatus": "Enabled",
        "legacyPortalStatus": Switch(Feature("apim.portal", (40, 40, 20, 20)), "Disabled", "Enabled"),
        "disableGateway": False,
        "customProperties": Switch(
            Feature("apim.tls", (60, 40, 40, 20)),
            {
                "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10": "False",
                "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls11": "False",
            },
            {
                "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10": "True",
                "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls11": "True",
            },
        ),
    },
)
LOGIC_APP: Final[Kind] = Kind(
    "Microsoft.Logic/workflows",
    "logic-{r.label}-{r.number}",
    share=10,
    least=10,
    identity=managed_identity("logic"),
    properties={
        "provisioningState": "Succeeded",
        "state": "Enabled",
        "version": "08585000000000000000",
        "accessControl": Switch(
            Feature("logic.access", (84, 78, 70, 62)),
            {"triggers": {"allowedCallerIpAddresses": [{"addressRange": "203.0.113.0/28"}]}},
            ABSENT,
        ),
        "definition": {"contentVersion": "1.0.0.0", "triggers": {}, "actions": {}},
    },
)
AUTOMATION: Final[Kind] = _service(
    "Microsoft.Automation/automationAccounts",
    "aa-{r.label}-{r.number}",
    "automation",
    {"share": 1.5, "least": 8, "identity": managed_identity("automation")},
    provisioningState=None,
    publicNetworkAccess=public_access("automation", False, True),
    state="Ok",
)

_ANALYTICS: Final = ("data", "telematics", "nonprod", "sandbox")
SYNAPSE: Final[Kind] = _service(
    "Microsoft.Synapse/workspaces",
    "synw-{r.label}-{r.number}",
    "synapse",
    {"least": 5, "share": 0.4, "sorts": _ANALYTICS, "identity": SYSTEM_ASSIGNED},
    disableLocalAuth=None,
    azureADOnlyAuthentication=Switch(Feature("synapse.entra-only", (80, 60, 60, 40)), True, False),
    managedVirtualNetwork="default",
    managedVirtualNetworkSettings={
        "preventDataExfiltration": Switch(Feature("synapse.exfiltration", (80, 60, 60, 40)), True, False),
        "allowedAadTenantIdsForLinking": [],
    },
    trustedServiceBypassEnabled=False,
)
KUSTO: Final[Kind] = _service(
    "Microsoft.Kusto/clusters",
    "dec{r.plain}{r.number}",
    "kusto",
    {
        "least": 4,
        "share": 0.3,
        "sorts": _ANALYTICS,
        "sku": {"name": "Standard_E8ads_v5", "tier": "Standard", "capacity": 2},
        "identity": SYSTEM_ASSIGNED,
    },
    disableLocalAuth=None,
    state="Running",
    restrictOutboundNetworkAccess=Switch(Feature("kusto.outbound", (75, 75, 50, 50)), "Enabled", "Disabled"),
    allowedFqdnList=Switch(Feature("kusto.outbound", (75, 75, 50, 50)), ["sthub.blob.core.windows.net"], []),
    enableDiskEncryption=Switch(Feature("kusto.disk", (50, 50, 25, 25)), True, False),
    enableDoubleEncryption=False,
)
DATA_FACTORY: Final[Kind] = _service(
    "Microsoft.DataFactory/factories",
    "adf-{r.label}-{r.number}",
    "datafactory",
    {"share": 1, "least": 6, "sorts": _ANALYTICS, "identity": SYSTEM_ASSIGNED},
    disableLocalAuth=None,
    privateEndpointConnections=None,
)
DATABRICKS: Final[Kind] = _service(
    "Microsoft.Databricks/workspaces",
    "dbw-{r.label}-{r.number}",
    "databricks",
    {"least": 5, "share": 0.4, "sorts": _ANALYTICS, "sku": {"name": "premium"}},
    disableLocalAuth=None,
    requiredNsgRules=Switch(
        Feature("databricks.nsg", (60, 60, 40, 40)), "NoAzureDatabricksRules", "AllRules"
    ),
    parameters={
        "enableNoPublicIp": {
            "value": Switch(Feature("databricks.no-public-ip", (60, 40, 40, 20)), True, False)
        },
        "requireInfrastructureEncryption": {"value": False},
    },
    managedResourceGroupId=Text("{r.place.subscription.path}/resourceGroups/databricks-rg-{r.name}"),
)
MACHINE_LEARNING: Final[Kind] = _service(
    "Microsoft.MachineLearningServices/workspaces",
    "mlw-{r.label}-{r.number}",
    "ml",
    {"least": 5, "share": 0.5, "sorts": _ANALYTICS, "kind": "Default", "identity": SYSTEM_ASSIGNED},
    disableLocalAuth=None,
    hbiWorkspace=Switch(Feature("ml.hbi", (80, 80, 60, 60)), True, False),
    managedNetwork={
        "isolationMode": Switch(
            Feature("ml.isolation", (80, 60, 60, 40)), "AllowOnlyApprovedOutbound", "Disabled"
        )
    },
)
AI: Final[Kind] = _service(
    "Microsoft.CognitiveServices/accounts",
    "ai-{r.label}-{r.number}",
    "ai",
    {
        "share": 4,
        "least": 12,
        "kind": Pick("ai.kind", ("OpenAI", "AIServices", "FormRecognizer", "OpenAI")),
        "sku": {"name": "S0"},
        "identity": managed_identity("ai"),
        "tags": classification("ai"),
    },
    networkAcls={
        "defaultAction": Switch(Feature("ai.open", (67, 60, 50, 42)), "Deny", "Allow"),
        "ipRules": [],
        "virtualNetworkRules": [],
    },
    restrictOutboundNetworkAccess=Switch(Feature("ai.outbound", (92, 84, 80, 75)), True, False),
    customSubDomainName=Text("{r.name}"),
)
SEARCH: Final[Kind] = _service(
    "Microsoft.Search/searchServices",
    "srch-{r.label}-{r.number}",
    "search",
    {
        "share": 1,
        "least": 6,
        "sorts": ("webshop", "data", "nonprod", "sandbox"),
        "sku": {"name": "standard"},
        "identity": managed_identity("search"),
    },
    provisioningState="succeeded",
    replicaCount=2,
    partitionCount=1,
    status="running",
    networkRuleSet={"ipRules": []},
)
PURVIEW: Final[Kind] = _service(
    "Microsoft.Purview/accounts",
    "pview-{r.label}-{r.number}",
    "purview",
    {
        "least": 1,
        "sorts": ("data",),
        "sku": {"name": "Standard", "capacity": 1},
        "identity": SYSTEM_ASSIGNED,
        "when": having(Feature("purview.there", (100, 100, 0, 0))),
    },
    disableLocalAuth=None,
    publicNetworkAccess="Disabled",
    managedResourceGroupName="purview-managed",
)
BATCH: Final[Kind] = _service(
    "Microsoft.Batch/batchAccounts",
    "ba{r.plain}{r.number}",
    "batch",
    {"least": 4, "share": 0.2, "sorts": ("data", "erp", "forgotten")},
    disableLocalAuth=None,
    poolAllocationMode="BatchService",
    allowedAuthenticationModes=Switch(
        Feature("batch.keys", _KEYS), ["AAD"], ["SharedKey", "AAD", "TaskAuthenticationToken"]
    ),
)

IOT_HUB: Final[Kind] = _service(
    "Microsoft.Devices/IotHubs",
    "iot-{r.label}-{r.number}",
    "iothub",
    {
        "least": 6,
        "share": 0.3,
        "sorts": ("telematics", "nonprod"),
        "sku": {"name": "S1", "tier": "Standard", "capacity": 2},
        "identity": managed_identity("iothub"),
    },
    provisioningState=None,
    state="Active",
    hostName=Text("{r.name}.azure-devices.net"),
    minTlsVersion=Switch(Feature("iothub.tls", (50, 34, 34, 17)), "1.2", ABSENT),
    disableDeviceSAS=Switch(Feature("iothub.device-keys", (84, 67, 67, 50)), True, False),
    disableModuleSAS=Switch(Feature("iothub.device-keys", (84, 67, 67, 50)), True, False),
    networkRuleSets={
        "defaultAction": Switch(Feature("iothub.open", (67, 50, 50, 34)), "Deny", "Allow"),
        "applyToBuiltInEventHubEndpoint": True,
        "ipRules": [],
    },
    ipFilterRules=[],
)
PROVISIONING: Final[Kind] = Kind(
    "Microsoft.Devices/provisioningServices",
    "provs-{r.label}-{r.number}",
    least=3,
    share=0.1,
    sorts=("telematics",),
    sku={"name": "S1", "tier": "Standard", "capacity": 1},
    properties={
        "provisioningState": "Succeeded",
        "state": "Active",
        "publicNetworkAccess": public_access("dps"),
        "allocationPolicy": "Hashed",
        "ipFilterRules": [],
    },
)
DOMAIN_SERVICES: Final[Kind] = Kind(
    "Microsoft.AAD/domainServices",
    "corp{r.number}.haldenmoor.example",
    least=2,
    sorts=("identity",),
    properties={
        "domainName": Text("{r.name}"),
        "deploymentId": Text("{r.guid}"),
        "provisioningState": "Succeeded",
        "sku": "Enterprise",
        "filteredSync": "Disabled",
        "domainSecuritySettings": {
            "ntlmV1": Switch(Feature("domain.ntlm", (100, 100, 75, 75)), "Disabled", "Enabled"),
            "tlsV1": Switch(Feature("domain.tls", (75, 50, 50, 0)), "Disabled", "Enabled"),
            "kerberosRc4Encryption": Switch(Feature("domain.rc4", (100, 100, 75, 75)), "Disabled", "Enabled"),
            "syncNtlmPasswords": "Enabled",
        },
        "ldapsSettings": {
            "ldaps": "Enabled",
            "externalAccess": Switch(Feature("domain.ldaps", (75, 75, 50, 50)), "Disabled", "Enabled"),
        },
    },
)

KINDS: Final = (
    EVENT_HUB,
    SERVICE_BUS,
    EVENT_GRID,
    SIGNALR,
    APP_CONFIGURATION,
    API_MANAGEMENT,
    LOGIC_APP,
    AUTOMATION,
    SYNAPSE,
    KUSTO,
    DATA_FACTORY,
    DATABRICKS,
    MACHINE_LEARNING,
    AI,
    SEARCH,
    PURVIEW,
    BATCH,
    IOT_HUB,
    PROVISIONING,
    DOMAIN_SERVICES,
)
