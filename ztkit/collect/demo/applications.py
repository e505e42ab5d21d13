"""What applications run on: App Service, Kubernetes, registries, container apps."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind, having
from ztkit.collect.demo.network import subnet_of
from ztkit.collect.demo.stores import private_endpoint, tenant_of
from ztkit.collect.demo.template import ABSENT, Feature, Made, Pick, Rates, Switch, Text

SYSTEM_ASSIGNED: Final = {"type": "SystemAssigned"}
OPEN: Final[Rates] = (66, 58, 48, 38)


def managed_identity(of: str, rates: Rates = (52, 42, 30, 20)) -> Switch:
    """A managed identity, or none."""
    return Switch(Feature(f"{of}.identity", rates), SYSTEM_ASSIGNED, ABSENT)


def public_access(of: str, right: Any = "Disabled", wrong: Any = "Enabled") -> Switch:
    """Whether a service can be reached from the internet."""
    return Switch(Feature(f"{of}.public", OPEN), right, wrong)


def minimum_tls(of: str, right: Any = "1.2", wrong: Any = "1.0") -> Switch:
    """The oldest version of TLS that a service accepts."""
    return Switch(Feature(f"{of}.tls", (32, 24, 15, 8)), right, wrong)


def image_source(of: str, rates: Rates) -> Switch:
    """The registry that images come from, read with an identity or with a password."""
    return Switch(
        Feature(f"{of}.registry", rates),
        {"server": "crhub.azurecr.io", "identity": "system"},
        {"server": "crhub.azurecr.io", "username": "crhub", "passwordSecretRef": "registry-password"},
    )


PLAN: Final[Kind] = Kind(
    "Microsoft.Web/serverfarms",
    "asp-{r.label}-{r.number}",
    share=8,
    least=14,
    sku=Pick(
        "plan.sku",
        (
            {"name": "P1v3", "tier": "PremiumV3", "size": "P1v3", "family": "Pv3", "capacity": 2},
            {"name": "S1", "tier": "Standard", "size": "S1", "family": "S", "capacity": 1},
        ),
    ),
    properties={
        "status": "Ready",
        "reserved": True,
        "zoneRedundant": Switch(Feature("plan.zones", (80, 70, 62, 55)), True, False),
    },
)
SITE: Final[Kind] = Kind(
    "Microsoft.Web/sites",
    "app-{r.leader.place.workload}-{r.place.environment}-{r.number}",
    follows=PLAN,
    each=4,
    kind=Pick("site.kind", ("app,linux", "app,linux", "functionapp,linux", "app")),
    identity=managed_identity("site"),
    properties={
        "state": "Running",
        "enabled": True,
        "serverFarmId": Text("{r.leader.id}"),
        "hostNames": [Text("{r.name}.azurewebsites.net")],
        "defaultHostName": Text("{r.name}.azurewebsites.net"),
        "httpsOnly": Switch(Feature("site.https", (28, 20, 11, 5)), True, False),
        "publicNetworkAccess": Switch(
            Feature("site.public", (78, 72, 64, 52)), "Disabled", Pick("site.public-how", ("Enabled", ABSENT))
        ),
        "virtualNetworkSubnetId": Switch(
            Feature("site.vnet", (62, 54, 44, 33)), subnet_of("snet-app"), ABSENT
        ),
        "vnetRouteAllEnabled": Switch(Feature("site.route-all", (56, 48, 38, 30)), True, False),
        "outboundVnetRouting": {
            "allTraffic": Switch(Feature("site.route-all", (56, 48, 38, 30)), True, False)
        },
        "clientCertEnabled": Switch(Feature("site.client-cert", (92, 90, 88, 85)), True, False),
        "clientCertMode": "Required",
        "endToEndEncryptionEnabled": Switch(Feature("site.end-to-end", (94, 90, 84, 76)), True, False),
        "keyVaultReferenceIdentity": "SystemAssigned",
        "siteConfig": {
            "minTlsVersion": minimum_tls("site"),
            "ftpsState": Switch(
                Feature("site.ftp", (48, 38, 26, 16)),
                "Disabled",
                Pick("site.ftp-how", ("AllAllowed", "FtpsOnly")),
            ),
            "http20Enabled": True,
            "alwaysOn": True,
        },
        "siteProperties": {"properties": [{"name": "LinuxFxVersion", "value": "DOTNETCORE|8.0"}]},
    },
)
SITE_CONFIG: Final[Kind] = Kind(
    "Microsoft.Web/sites/config",
    "web",
    follows=SITE,
    table="appserviceresources",
    path="{r.leader.id}/config/web",
    properties={
        "MinTlsVersion": minimum_tls("site"),
        "minTlsVersion": ABSENT,
        "FtpsState": Switch(
            Feature("site.ftp", (48, 38, 26, 16)),
            "Disabled",
            Pick("site.ftp-how", ("AllAllowed", "FtpsOnly")),
        ),
        "Http20Enabled": True,
        "RemoteDebuggingEnabled": Switch(Feature("site.debugging", (12, 10, 6, 4)), False, True),
        "ScmMinTlsVersion": minimum_tls("site.scm"),
    },
)
SLOT: Final[Kind] = Kind(
    "Microsoft.Web/sites/slots",
    "{r.leader.name}/staging",
    follows=SITE,
    when=having(Feature("site.slot", (84, 80, 76, 72))),
    path="{r.leader.id}/slots/staging",
    kind="app,linux",
    identity=managed_identity("slot"),
    properties={
        "state": "Running",
        "enabled": True,
        "defaultHostName": Text("{r.leader.name}-staging.azurewebsites.net"),
        "httpsOnly": Switch(Feature("slot.https", (56, 48, 40, 32)), True, False),
        "publicNetworkAccess": Switch(Feature("slot.public", (92, 88, 84, 76)), "Disabled", "Enabled"),
        "virtualNetworkSubnetId": Switch(
            Feature("slot.vnet", (80, 72, 64, 56)), subnet_of("snet-app"), ABSENT
        ),
        "outboundVnetRouting": {
            "allTraffic": Switch(Feature("slot.route-all", (56, 48, 38, 30)), True, False)
        },
    },
)
SLOT_CONFIG: Final[Kind] = Kind(
    "Microsoft.Web/sites/slots/config",
    "web",
    follows=SLOT,
    table="appserviceresources",
    path="{r.leader.id}/config/web",
    properties={"MinTlsVersion": minimum_tls("slot")},
)

AKS: Final[Kind] = Kind(
    "Microsoft.ContainerService/managedClusters",
    "aks-{r.label}-{r.number}",
    share=5,
    least=12,
    sorts=("aks", "webshop", "telematics", "nonprod", "data"),
    sku={"name": "Base", "tier": Switch(Feature("aks.tier", (50, 45, 40, 35)), "Standard", "Free")},
    identity=SYSTEM_ASSIGNED,
    properties={
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": Switch(Feature("aks.version", (40, 34, 30, 25)), "1.33.2", "1.29.9"),
        "dnsPrefix": Text("{r.name}"),
        "nodeResourceGroup": Text("mc-{r.name}"),
        "enableRBAC": Switch(Feature("aks.rbac", (16, 12, 8, 8)), True, False),
        "disableLocalAccounts": Switch(Feature("aks.local-accounts", (75, 62, 50, 34)), True, False),
        "aadProfile": Switch(
            Feature("aks.entra", (34, 25, 16, 8)),
            {
                "managed": True,
                "enableAzureRBAC": Switch(Feature("aks.azure-rbac", (60, 50, 40, 30)), True, False),
                "tenantID": Made(tenant_of),
            },
            ABSENT,
        ),
        "servicePrincipalProfile": {
            "clientId": Switch(
                Feature("aks.service-principal", (30, 25, 16, 8)),
                "msi",
                "0a6b35f2-5f0f-5d2c-8c63-3d5c8e0d5a11",
            )
        },
        "oidcIssuerProfile": {"enabled": Switch(Feature("aks.oidc", (66, 50, 34, 25)), True, False)},
        "securityProfile": {
            "workloadIdentity": {
                "enabled": Switch(Feature("aks.workload-identity", (75, 66, 50, 40)), True, False)
            },
            "defender": {
                "securityMonitoring": {
                    "enabled": Switch(Feature("aks.defender", (58, 42, 25, 16)), True, False)
                }
            },
            "imageCleaner": {
                "enabled": Switch(Feature("aks.cleaner", (80, 70, 60, 50)), True, False),
                "intervalHours": 168,
            },
            "azureKeyVaultKms": Switch(Feature("aks.kms", (90, 85, 80, 75)), {"enabled": True}, ABSENT),
        },
        "apiServerAccessProfile": Switch(
            Feature("aks.private", (66, 58, 50, 42)),
            {
                "enablePrivateCluster": True,
                "disableRunCommand": Switch(Feature("aks.run-command", (80, 70, 60, 50)), True, False),
            },
            Pick(
                "aks.public-how",
                (ABSENT, {"enablePrivateCluster": False, "authorizedIPRanges": ["203.0.113.0/28"]}, ABSENT),
            ),
        ),
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPolicy": Switch(
                Feature("aks.network-policy", (50, 42, 34, 25)),
                Pick("aks.policy", ("cilium", "calico")),
                ABSENT,
            ),
            "loadBalancerSku": "standard",
            "outboundType": Switch(
                Feature("aks.outbound", (66, 60, 50, 42)), "userDefinedRouting", "loadBalancer"
            ),
        },
        "addonProfiles": {
            "azurepolicy": {"enabled": Switch(Feature("aks.policy-addon", (58, 50, 34, 25)), True, False)},
            "azureKeyvaultSecretsProvider": {
                "enabled": Switch(Feature("aks.secrets", (58, 50, 42, 34)), True, False)
            },
            "omsagent": {"enabled": Switch(Feature("aks.monitor", (50, 42, 25, 16)), True, False)},
        },
        "autoUpgradeProfile": {
            "upgradeChannel": Switch(Feature("aks.upgrade", (66, 58, 50, 34)), "patch", "none"),
            "nodeOSUpgradeChannel": Switch(
                Feature("aks.node-upgrade", (50, 42, 34, 25)), "NodeImage", "None"
            ),
        },
        "agentPoolProfiles": [
            {
                "name": "system",
                "count": 3,
                "vmSize": "Standard_D4s_v5",
                "mode": "System",
                "osType": "Linux",
                "type": "VirtualMachineScaleSets",
                "enableAutoScaling": Switch(Feature("aks.autoscale", (50, 42, 34, 25)), True, False),
                "enableEncryptionAtHost": Switch(
                    Feature("aks.encryption-at-host", (75, 66, 58, 50)), True, False
                ),
                "enableNodePublicIP": False,
                "availabilityZones": ["1", "2", "3"],
            }
        ],
    },
)
REGISTRY: Final[Kind] = Kind(
    "Microsoft.ContainerRegistry/registries",
    "cr{r.plain}{r.number}",
    share=4,
    least=12,
    sku={"name": "Premium", "tier": "Premium"},
    properties={
        "provisioningState": "Succeeded",
        "loginServer": Text("{r.name}.azurecr.io"),
        "adminUserEnabled": Switch(Feature("registry.admin", (58, 46, 34, 20)), False, True),
        "anonymousPullEnabled": Switch(Feature("registry.anonymous", (24, 20, 18, 14)), False, True),
        "publicNetworkAccess": public_access("registry"),
        "networkRuleSet": {
            "defaultAction": Switch(Feature("registry.open", (50, 42, 34, 25)), "Deny", "Allow"),
            "ipRules": [],
        },
        "privateEndpointConnections": private_endpoint(Feature("registry.public", OPEN)),
        "policies": {
            "azureADAuthenticationAsArmPolicy": {
                "status": Switch(Feature("registry.arm", (92, 84, 75, 62)), "disabled", "enabled")
            },
            "exportPolicy": {
                "status": Switch(Feature("registry.export", (92, 84, 75, 66)), "disabled", "enabled")
            },
            "quarantinePolicy": {"status": "disabled"},
            "trustPolicy": {
                "type": "Notary",
                "status": Switch(Feature("registry.trust", (92, 90, 84, 80)), "enabled", "disabled"),
            },
        },
        "encryption": {"status": "disabled"},
        "zoneRedundancy": "Enabled",
    },
)
CONTAINER_ENVIRONMENT: Final[Kind] = Kind(
    "Microsoft.App/managedEnvironments",
    "cae-{r.label}-{r.number}",
    share=1.5,
    least=6,
    sorts=("webshop", "aks", "telematics", "nonprod"),
    properties={
        "provisioningState": "Succeeded",
        "zoneRedundant": False,
        "vnetConfiguration": Switch(
            Feature("cae.vnet", (67, 50, 50, 34)),
            {"internal": True, "infrastructureSubnetId": subnet_of("snet-app")},
            ABSENT,
        ),
        "publicNetworkAccess": public_access("cae"),
        "peerTrafficConfiguration": {
            "encryption": {"enabled": Switch(Feature("cae.mtls", (84, 67, 50, 50)), True, False)}
        },
    },
)
CONTAINER_APP: Final[Kind] = Kind(
    "Microsoft.App/containerApps",
    "ca-{r.place.workload}-{r.number}",
    follows=CONTAINER_ENVIRONMENT,
    each=3,
    identity=managed_identity("container-app"),
    properties={
        "provisioningState": "Succeeded",
        "runningStatus": "Running",
        "managedEnvironmentId": Text("{r.leader.id}"),
        "configuration": {
            "activeRevisionsMode": "Single",
            "registries": [image_source("container-app", (70, 60, 45, 34))],
            "ingress": {
                "external": Switch(Feature("container-app.external", (60, 54, 45, 38)), False, True),
                "allowInsecure": Switch(Feature("container-app.insecure", (24, 18, 12, 8)), False, True),
                "targetPort": 8080,
                "transport": "auto",
            },
        },
    },
)
CONTAINER_JOB: Final[Kind] = Kind(
    "Microsoft.App/jobs",
    "caj-{r.place.workload}-{r.number}",
    follows=CONTAINER_ENVIRONMENT,
    identity=managed_identity("container-job"),
    properties={
        "provisioningState": "Succeeded",
        "environmentId": Text("{r.leader.id}"),
        "configuration": {
            "triggerType": "Schedule",
            "scheduleTriggerConfig": {"cronExpression": "0 2 * * *"},
            "replicaTimeout": 1800,
            "registries": [image_source("container-job", (84, 76, 67, 50))],
        },
    },
)

KINDS: Final = (
    PLAN,
    SITE,
    SITE_CONFIG,
    SLOT,
    SLOT_CONFIG,
    AKS,
    REGISTRY,
    CONTAINER_ENVIRONMENT,
    CONTAINER_APP,
    CONTAINER_JOB,
)
