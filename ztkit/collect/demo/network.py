"""Virtual networks and what belongs to each: security groups, routes, flow logs; hubs and spokes."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind, Resource, Scene, having, lacking
from ztkit.collect.demo.template import ABSENT, Feature, Id, If, Made, Pick, Switch, Text

SUBNETS: Final = ("snet-app", "snet-data", "snet-mgmt")
FLOW_LOG: Final = Feature("vnet.flow-log", (70, 55, 32, 12))
_OLD_FLOW_LOG = Feature("vnet.nsg-flow-log", (40, 34, 22, 14))
_WITHOUT_NSG = {name: Feature(f"subnet.nsg/{name}", (30, 24, 16, 9)) for name in SUBNETS}
_DDOS = Feature("vnet.ddos", (76, 70, 60, 50))


def is_hub(_: Scene, item: Resource) -> bool:
    """Whether a virtual network is a hub: those of the connectivity subscription are."""
    return item.place.subscription.sort == "connectivity"


def is_spoke(scene: Scene, item: Resource) -> bool:
    """Whether a virtual network is a spoke, joined to the hub."""
    return not is_hub(scene, item) and item.place.subscription.sort not in ("forgotten", "acquired")


def hub_id(scene: Scene, _: Resource | None = None) -> str:
    """The id of the first hub network."""
    return Resource(VNET, 0, scene.organisation.places(scene.organisation.own[0])[0]).id


def subnet_of(name: str) -> Made:
    """The id of a subnet of the network that a resource is joined to."""
    return Made(lambda scene, item: f'"{scene.network_of(VNET, item).id}/subnets/{name}"')


def _address(third: int, size: int = 24) -> Made:
    return Made(lambda _, item: f'"10.{item.ordinal % 250}.{third}.0/{size}"')


def _subnet(index: int, name: str) -> dict[str, Any]:
    return {
        "id": Text(f"{{r.id}}/subnets/{name}"),
        "name": name,
        "properties": {
            "addressPrefix": _address(index + 1),
            "networkSecurityGroup": Switch(_WITHOUT_NSG[name], {"id": Id(lambda: NSG, index)}, ABSENT),
            "routeTable": Switch(
                Feature(f"subnet.route/{name}", (58, 50, 41, 33)), {"id": Id(lambda: ROUTES)}, ABSENT
            ),
            "defaultOutboundAccess": Switch(
                Feature(f"subnet.outbound/{name}", (92, 86, 77, 64)), False, ABSENT
            ),
            "privateEndpointNetworkPolicies": Switch(
                Feature(f"subnet.pe-policies/{name}", (76, 70, 62, 54)), "Enabled", "Disabled"
            ),
            "serviceEndpoints": [],
            "delegations": [],
            "provisioningState": "Succeeded",
        },
    }


def _gateway_subnet(third: int, name: str) -> If:
    subnet = {
        "id": Text(f"{{r.id}}/subnets/{name}"),
        "name": name,
        "properties": {"addressPrefix": _address(third, 26), "provisioningState": "Succeeded"},
    }
    return If(is_hub, subnet)


_PEERING: Final = {
    "id": Text("{r.id}/virtualNetworkPeerings/peer-hub"),
    "name": "peer-hub",
    "properties": {
        "peeringState": "Connected",
        "remoteVirtualNetwork": {"id": Made(lambda scene, item: f'"{hub_id(scene, item)}"')},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": Switch(Feature("peering.forwarded", (60, 55, 48, 40)), False, True),
        "allowGatewayTransit": False,
        "useRemoteGateways": True,
        "provisioningState": "Succeeded",
    },
}
_SIDEWAYS: Final = {
    "id": Text("{r.id}/virtualNetworkPeerings/peer-neighbour"),
    "name": "peer-neighbour",
    "properties": {
        "peeringState": "Connected",
        "remoteVirtualNetwork": {"id": Made(lambda scene, item: f'"{_neighbour(scene, item).id}"')},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": Switch(Feature("peering.sideways", (84, 84, 80, 75)), False, True),
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
        "provisioningState": "Succeeded",
    },
}


def _neighbour(scene: Scene, item: Resource) -> Resource:
    """The spoke that an application team peered with directly, past the hub."""
    own = scene.organisation.own
    other = own[(item.ordinal + 3) % len(own)]
    return scene.network_of(VNET, Resource(VNET, item.ordinal, scene.organisation.places(other)[0]))


def _sideways(scene: Scene, item: Resource) -> bool:
    return is_spoke(scene, item) and scene.fails(Feature("vnet.sideways", (30, 30, 38, 34)), item)


VNET: Final[Kind] = Kind(
    "Microsoft.Network/virtualNetworks",
    "vnet-{r.label}-{r.number}",
    share=9,
    least=25,
    spread="network",
    properties={
        "addressSpace": {"addressPrefixes": [_address(0, 16)]},
        "subnets": [
            *(_subnet(index, name) for index, name in enumerate(SUBNETS)),
            _gateway_subnet(10, "GatewaySubnet"),
            _gateway_subnet(11, "AzureFirewallSubnet"),
            _gateway_subnet(12, "AzureBastionSubnet"),
        ],
        "virtualNetworkPeerings": [If(is_spoke, _PEERING), If(_sideways, _SIDEWAYS)],
        "enableDdosProtection": Switch(_DDOS, True, False),
        "ddosProtectionPlan": Switch(_DDOS, {"id": Made(lambda scene, _: f'"{_ddos_plan(scene)}"')}, ABSENT),
        "encryption": Switch(
            Feature("vnet.encryption", (92, 88, 80, 70)),
            {"enabled": True, "enforcement": "AllowUnencrypted"},
            ABSENT,
        ),
        "dhcpOptions": {"dnsServers": Switch(Feature("vnet.dns", (46, 42, 38, 34)), ["10.0.11.4"], [])},
        "provisioningState": "Succeeded",
    },
)
DDOS_PLAN: Final[Kind] = Kind(
    "Microsoft.Network/ddosProtectionPlans",
    "ddos-{r.label}-{r.number}",
    least=1,
    sorts=("connectivity",),
    properties={"provisioningState": "Succeeded"},
)


def _ddos_plan(scene: Scene) -> str:
    return scene.nth(DDOS_PLAN, 0).id


def _rule(
    name: str, priority: int, ports: str, source: str, access: str = "Allow", protocol: str = "Tcp"
) -> dict[str, Any]:
    return {
        "id": Text(f"{{r.id}}/securityRules/{name}"),
        "name": name,
        "type": "Microsoft.Network/networkSecurityGroups/securityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": protocol,
            "sourcePortRange": "*",
            "destinationPortRange": ports,
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": "*",
            "access": access,
            "priority": priority,
            "direction": "Inbound",
            "sourcePortRanges": [],
            "destinationPortRanges": [],
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        },
    }


def _default(
    name: str, priority: int, source: str, target: str, access: str, direction: str
) -> dict[str, Any]:
    rule = _rule(name, priority, "*", source, access, "*")
    rule["id"] = Text(f"{{r.id}}/defaultSecurityRules/{name}")
    rule["type"] = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"
    rule["properties"] |= {"destinationAddressPrefix": target, "direction": direction}
    return rule


ASG: Final[Kind] = Kind(
    "Microsoft.Network/applicationSecurityGroups",
    "asg-{r.label}-{r.number}",
    follows=VNET,
    properties={"provisioningState": "Succeeded"},
)


def _rule_for_group() -> dict[str, Any]:
    rule = _rule("allow-app-to-group", 310, "8443", "VirtualNetwork")
    rule["properties"] |= {
        "destinationAddressPrefix": "",
        "destinationApplicationSecurityGroups": [
            {"id": Made(lambda scene, item: f'"{scene.follower(ASG, item.leader or item).id}"')}
        ],
    }
    return rule


_DEFAULTS: Final = [
    _default("AllowVnetInBound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow", "Inbound"),
    _default("AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", "*", "Allow", "Inbound"),
    _default("DenyAllInBound", 65500, "*", "*", "Deny", "Inbound"),
    _default("AllowVnetOutBound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound"),
    _default("AllowInternetOutBound", 65001, "*", "Internet", "Allow", "Outbound"),
    _default("DenyAllOutBound", 65500, "*", "*", "Deny", "Outbound"),
]
_OPENINGS: Final = (
    _rule("allow-rdp-temp", 100, "3389", "*"),
    _rule("AllowSSH", 110, "22", "Internet"),
    _rule("default-allow-ssh", 1000, "22", "*"),
    _rule("vendor-remote-support", 200, "3000-4000", "0.0.0.0/0"),
)


def _attached(scene: Scene, item: Resource) -> bool:
    leader = item.leader
    return leader is not None and not scene.fails(_WITHOUT_NSG[SUBNETS[item.index]], leader)


NSG: Final[Kind] = Kind(
    "Microsoft.Network/networkSecurityGroups",
    "nsg-{r.label}-{r.number}",
    follows=VNET,
    each=3,
    properties={
        "securityRules": [
            _rule("allow-https-from-gateway", 300, "443", "10.0.0.0/8"),
            If(lambda _, item: item.index == 0, _rule_for_group()),
            Switch(Feature("nsg.management", (22, 16, 13, 6)), ABSENT, Pick("nsg.opening", _OPENINGS)),
            Switch(
                Feature("nsg.anything", (6, 5, 4, 2)), ABSENT, _rule("test-any", 120, "*", "*", protocol="*")
            ),
            Switch(
                Feature("nsg.database", (9, 8, 6, 4)),
                ABSENT,
                _rule("sql-from-partner", 130, "1433", "Internet"),
            ),
            Switch(
                Feature("nsg.deny", (70, 62, 50, 38)),
                _rule("deny-all-inbound", 4096, "*", "*", "Deny", "*"),
                ABSENT,
            ),
        ],
        "defaultSecurityRules": _DEFAULTS,
        "subnets": If(
            _attached,
            [{"id": Made(lambda _, item: f'"{(item.leader or item).id}/subnets/{SUBNETS[item.index]}"')}],
            [],
        ),
        "provisioningState": "Succeeded",
    },
)
ROUTES: Final[Kind] = Kind(
    "Microsoft.Network/routeTables",
    "rt-{r.label}-{r.number}",
    follows=VNET,
    properties={
        "disableBgpRoutePropagation": Switch(Feature("routes.bgp", (50, 45, 40, 35)), True, False),
        "routes": Switch(
            Feature("routes.firewall", (28, 22, 16, 12)),
            [
                {
                    "id": Text("{r.id}/routes/default"),
                    "name": "default",
                    "properties": {
                        "addressPrefix": "0.0.0.0/0",
                        "nextHopType": "VirtualAppliance",
                        "nextHopIpAddress": "10.0.11.4",
                        "provisioningState": "Succeeded",
                    },
                }
            ],
            [
                {
                    "id": Text("{r.id}/routes/internet"),
                    "name": "internet",
                    "properties": {
                        "addressPrefix": "0.0.0.0/0",
                        "nextHopType": "Internet",
                        "provisioningState": "Succeeded",
                    },
                }
            ],
        ),
        "provisioningState": "Succeeded",
    },
)

WATCHER: Final[Kind] = Kind(
    "Microsoft.Network/networkWatchers",
    "NetworkWatcher_westeurope",
    spread="subscription",
    when=having(Feature("subscription.watcher", (34, 26, 18, 14))),
    properties={"provisioningState": "Succeeded"},
)
_ANALYTICS: Final = {
    "networkWatcherFlowAnalyticsConfiguration": {
        "enabled": True,
        "workspaceRegion": "westeurope",
        "trafficAnalyticsInterval": 10,
    }
}


def _flow_log(name: str, target: Text | Made, when: Any, days: int) -> Kind:
    return Kind(
        "Microsoft.Network/networkWatchers/flowLogs",
        name,
        follows=VNET,
        when=when,
        path="{r.place.prefix}Microsoft.Network/networkWatchers/NetworkWatcher_{r.place.location}/flowLogs/{r.name}",
        properties={
            "targetResourceId": target,
            "storageId": Text("{r.place.prefix}Microsoft.Storage/storageAccounts/stflow{r.plain}"),
            "enabled": Switch(Feature(f"{name[:8]}.enabled", (16, 12, 8, 8)), True, False),
            "flowAnalyticsConfiguration": Switch(
                Feature(f"{name[:8]}.analytics", (60, 48, 38, 30)), _ANALYTICS, {}
            ),
            "retentionPolicy": {
                "days": Switch(Feature(f"{name[:8]}.days", (48, 40, 30, 24)), 90, days),
                "enabled": True,
            },
            "format": {"type": "JSON", "version": 2},
            "provisioningState": "Succeeded",
        },
    )


def _first_nsg(scene: Scene, item: Resource) -> str:
    return f'"{scene.follower(NSG, item.leader or item).id}"'


VNET_FLOW_LOG: Final[Kind] = _flow_log("fl-vnet-{r.leader.name}", Text("{r.leader.id}"), having(FLOW_LOG), 30)
NSG_FLOW_LOG: Final[Kind] = _flow_log("fl-nsg-{r.leader.name}", Made(_first_nsg), lacking(_OLD_FLOW_LOG), 7)


CLASSIC_NETWORK: Final[Kind] = Kind(
    "Microsoft.ClassicNetwork/virtualNetworks",
    "Group test vnet-{r.number}",
    least=2,
    sorts=("forgotten", "legacy"),
    properties={"provisioningState": "Succeeded", "status": "Created", "inUse": True},
)
CLASSIC_STORE: Final[Kind] = Kind(
    "Microsoft.ClassicStorage/storageAccounts",
    "portalvhds{r.number}",
    least=3,
    sorts=("forgotten", "legacy"),
    properties={"provisioningState": "Succeeded", "status": "Created", "geoPrimaryRegion": "West Europe"},
)

KINDS: Final = (
    VNET,
    DDOS_PLAN,
    ASG,
    NSG,
    ROUTES,
    WATCHER,
    VNET_FLOW_LOG,
    NSG_FLOW_LOG,
    CLASSIC_NETWORK,
    CLASSIC_STORE,
)
