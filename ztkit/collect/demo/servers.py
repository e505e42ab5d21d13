"""What runs on machines, and machines of other sorts: agents, scale sets, Arc servers, desktops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ztkit.collect.demo.estate import Kind, Resource, Scene, having
from ztkit.collect.demo.machines import PATCH_SETTINGS, UBUNTU, VM, WINDOWS_PATCHING, by_system, system_of
from ztkit.collect.demo.network import subnet_of
from ztkit.collect.demo.template import ABSENT, Feature, Made, Pick, Rates, Since, Switch, Text


def extension(
    follows: Kind, name: str, feature: Feature, publisher: Any, kind: Any, settings: Any = ABSENT
) -> Kind:
    """An extension that machines have where a feature is right; its deployment fails on a few."""
    return Kind(
        f"{follows.type}/extensions",
        name,
        follows=follows,
        when=having(feature),
        path="{r.leader.id}/extensions/{r.name}",
        properties={
            "publisher": publisher,
            "type": kind,
            "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": True,
            "enableAutomaticUpgrade": True,
            "settings": settings,
            "provisioningState": Switch(
                Feature(f"{feature.name}.failed", (7, 5, 4, 3)), "Succeeded", "Failed"
            ),
        },
    )


def _agents(follows: Kind, of: str, rates: tuple[Rates, ...]) -> tuple[Kind, ...]:
    """The agents that machines should have; Arc servers have the same ones as Azure's."""
    monitor, defender = (
        Feature(f"{of}.{what}", rate) for what, rate in zip(("monitor", "defender"), rates, strict=True)
    )
    return (
        extension(
            follows,
            "AzureMonitorAgent",
            monitor,
            "Microsoft.Azure.Monitor",
            by_system("AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent"),
        ),
        extension(
            follows,
            "MDE",
            defender,
            "Microsoft.Azure.AzureDefenderForServers",
            by_system("MDE.Linux", "MDE.Windows"),
        ),
    )


MONITORED: Final = Feature("vm.monitor", (58, 44, 30, 18))
_ENTRA_SIGN_IN = extension(
    VM,
    "EntraLogin",
    Feature("vm.entra-sign-in", (66, 52, 40, 24)),
    "Microsoft.Azure.ActiveDirectory",
    by_system("AADSSHLoginForLinux", "AADLoginForWindows"),
    by_system(
        ABSENT,
        ABSENT,
        Switch(Feature("vm.mdm", (80, 70, 55, 42)), {"mdmId": "0000000a-0000-0000-c000-000000000000"}, {}),
    ),
)
_GUEST = extension(
    VM,
    "AzurePolicyGuest",
    Feature("vm.guest-configuration", (54, 40, 26, 14)),
    "Microsoft.GuestConfiguration",
    by_system("ConfigurationForLinux", "ConfigurationforWindows"),
)
_DOMAIN = replace(
    extension(
        VM, "joindomain", Feature("vm.domain", (60, 62, 64, 66)), "Microsoft.Compute", "JsonADDomainExtension"
    ),
    when=lambda scene, item: (
        system_of(scene, item) in "wc" and not scene.fails(Feature("vm.domain", (60, 62, 64, 66)), item)
    ),
)

SCALE_SET: Final[Kind] = Kind(
    "Microsoft.Compute/virtualMachineScaleSets",
    "vmss-{r.label}-{r.number}",
    share=4,
    least=8,
    sku={"name": "Standard_D4s_v5", "tier": "Standard", "capacity": 3},
    identity=Switch(Feature("vmss.identity", (46, 40, 30, 20)), {"type": "UserAssigned"}, ABSENT),
    properties={
        "orchestrationMode": "Uniform",
        "upgradePolicy": {
            "mode": Switch(Feature("vmss.upgrade", (60, 50, 40, 35)), "Rolling", "Manual"),
            "automaticOSUpgradePolicy": {
                "enableAutomaticOSUpgrade": Switch(Feature("vmss.os-upgrade", (62, 54, 44, 36)), True, False)
            },
        },
        "virtualMachineProfile": {
            "osProfile": {
                "computerNamePrefix": "hmss",
                "adminUsername": "hmadmin",
                "linuxConfiguration": {
                    "disablePasswordAuthentication": Switch(
                        Feature("vmss.passwords", (30, 20, 14, 12)), True, False
                    )
                },
            },
            "storageProfile": {
                "imageReference": UBUNTU,
                "osDisk": {"createOption": "FromImage", "osType": "Linux"},
            },
            "securityProfile": {
                "securityType": Switch(
                    Feature("vmss.trusted-launch", (66, 60, 50, 40)), "TrustedLaunch", ABSENT
                ),
                "encryptionAtHost": Switch(
                    Feature("vmss.encryption-at-host", (80, 74, 66, 56)), True, ABSENT
                ),
            },
            "networkProfile": {
                "networkInterfaceConfigurations": [
                    {
                        "name": "nic",
                        "properties": {
                            "primary": True,
                            "ipConfigurations": [
                                {"name": "ipconfig1", "properties": {"subnet": {"id": subnet_of("snet-app")}}}
                            ],
                        },
                    }
                ]
            },
        },
        "zoneBalance": False,
        "provisioningState": "Succeeded",
    },
)
_SCALING: Final = Switch(
    Feature("vmss.by-metric", (40, 34, 25, 25)),
    [
        {
            "metricTrigger": {
                "metricName": "Percentage CPU",
                "metricResourceUri": Text("{r.leader.id}"),
                "operator": "GreaterThan",
                "statistic": "Average",
                "threshold": 70,
                "timeAggregation": "Average",
                "timeGrain": "PT1M",
                "timeWindow": "PT10M",
            },
            "scaleAction": {"direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
        }
    ],
    [],
)
AUTOSCALE: Final[Kind] = Kind(
    "Microsoft.Insights/autoscaleSettings",
    "as-{r.leader.name}",
    follows=SCALE_SET,
    when=having(Feature("vmss.autoscale", (62, 54, 44, 34))),
    properties={
        "enabled": Switch(Feature("vmss.autoscale-on", (12, 10, 10, 8)), True, False),
        "targetResourceUri": Text("{r.leader.id}"),
        "profiles": [
            {
                "name": "default",
                "capacity": {"minimum": "2", "maximum": "8", "default": "3"},
                "rules": _SCALING,
            }
        ],
    },
)

EXTENDED_UPDATES: Final = Feature("arc.esu", (62, 50, 40, 30))
_SERVER_VERSIONS: Final = (
    "Windows Server 2019 Datacenter",
    "Windows Server 2012 R2 Standard",
    "Windows Server 2022 Standard",
)


def is_old_server(scene: Scene, item: Resource) -> bool:
    """Whether a server outside Azure runs a system past its end of support."""
    version = _SERVER_VERSIONS[int(scene.draw("arc.windows")(item.ordinal) * len(_SERVER_VERSIONS))]
    return system_of(scene, item) in "wc" and "2012" in version


ARC: Final[Kind] = Kind(
    "Microsoft.HybridCompute/machines",
    "hm-srv-{r.number}",
    share=18,
    least=20,
    sorts=("management", "legacy"),
    identity={"type": "SystemAssigned"},
    properties={
        "displayName": Text("{r.name}"),
        "osType": by_system("linux", "windows"),
        "osName": by_system("linux", "windows"),
        "osSku": by_system(
            "Ubuntu 22.04.4 LTS",
            Pick("arc.windows", _SERVER_VERSIONS),
        ),
        "status": Switch(
            Feature("arc.connected", (14, 11, 9, 6)),
            "Connected",
            Pick("arc.lost", ("Disconnected", "Disconnected", "Error")),
        ),
        "lastStatusChange": Since("arc.seen", 1, 200),
        "agentVersion": Switch(Feature("arc.agent", (46, 40, 28, 20)), "1.56.03167", "1.39.02628"),
        "agentConfiguration": {
            "configMode": Switch(Feature("arc.monitor-mode", (12, 10, 9, 8)), "full", "monitor"),
            "guestConfigurationEnabled": Switch(
                Feature("arc.guest-configuration", (18, 14, 10, 7)), "true", "false"
            ),
            "extensionsEnabled": "true",
            "extensionsAllowList": [],
            "extensionsBlockList": [],
            "incomingConnectionsPorts": [],
        },
        "licenseProfile": {
            "esuProfile": {"licenseAssignmentState": Switch(EXTENDED_UPDATES, "Assigned", "NotAssigned")}
        },
        "osProfile": {
            "computerName": Text("{r.name}"),
            "linuxConfiguration": by_system(
                {"patchSettings": PATCH_SETTINGS}, ABSENT, ABSENT, {"patchSettings": PATCH_SETTINGS}
            ),
            "windowsConfiguration": by_system(ABSENT, {"patchSettings": WINDOWS_PATCHING}, None, ABSENT),
        },
        "privateLinkScopeResourceId": ABSENT,
        "provisioningState": "Succeeded",
        "vmId": Text("{r.guid}"),
    },
)
ARC_CLUSTER: Final[Kind] = Kind(
    "Microsoft.Kubernetes/connectedClusters",
    "arck8s-depot-{r.number}",
    least=5,
    share=0.5,
    sorts=("management", "telematics"),
    identity={"type": "SystemAssigned"},
    properties={
        "connectivityStatus": Switch(Feature("arck8s.connected", (40, 40, 20, 20)), "Connected", "Offline"),
        "lastConnectivityTime": Made(lambda scene, _: f'"{scene.moment(0.1)}"'),
        "distribution": "k3s",
        "kubernetesVersion": "1.30.4",
        "agentVersion": "1.21.10",
        "provisioningState": "Succeeded",
    },
)

HOST_POOL: Final[Kind] = Kind(
    "Microsoft.DesktopVirtualization/hostPools",
    "vdpool-{r.label}-{r.number}",
    least=6,
    share=0.8,
    sorts=("legacy", "nonprod", "erp"),
    properties={
        "hostPoolType": "Pooled",
        "loadBalancerType": "BreadthFirst",
        "maxSessionLimit": 12,
        "preferredAppGroupType": "Desktop",
        "validationEnvironment": False,
        "startVMOnConnect": True,
        "publicNetworkAccess": Switch(Feature("avd.public", (80, 70, 60, 50)), "Disabled", "Enabled"),
        "customRdpProperty": Made(lambda scene, item: f'"{_rdp(scene, item)}"'),
    },
)
_RDP: Final = (
    (Feature("avd.single-sign-on", (66, 50, 50, 34)), "enablerdsaadauth:i:1;", ""),
    (Feature("avd.clipboard", (84, 67, 50, 34)), "redirectclipboard:i:0;", "redirectclipboard:i:1;"),
    (Feature("avd.drives", (67, 50, 34, 34)), "drivestoredirect:s:;", "drivestoredirect:s:*;"),
)


def _rdp(scene: Scene, item: Resource) -> str:
    return "audiomode:i:0;" + "".join(
        wrong if scene.fails(feature, item) else right for feature, right, wrong in _RDP
    )


KINDS: Final = (
    *_agents(VM, "vm", (MONITORED.rates, (52, 36, 20, 7))),
    _ENTRA_SIGN_IN,
    _GUEST,
    _DOMAIN,
    SCALE_SET,
    AUTOSCALE,
    ARC,
    *_agents(ARC, "arc", ((64, 52, 38, 26), (58, 44, 28, 14))),
    ARC_CLUSTER,
    HOST_POOL,
)
