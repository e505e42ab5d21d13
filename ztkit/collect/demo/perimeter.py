"""Where traffic enters and leaves: firewalls, VPN and ExpressRoute, virtual WAN, Bastion."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind
from ztkit.collect.demo.machines import public_address
from ztkit.collect.demo.network import hub_id
from ztkit.collect.demo.template import ABSENT, Feature, Id, Made, Pick, Switch, Text

_HUBS: Final = ("connectivity",)
_PREMIUM = Feature("firewall.premium", (75, 75, 50, 50))
_CLASSIC = Feature("firewall.policy", (75, 75, 64, 50))


def hub_subnet(name: str) -> Made:
    """The id of a subnet of the hub."""
    return Made(lambda scene, _: f'"{hub_id(scene)}/subnets/{name}"')


def _configuration(name: str, subnet: str, address: Any) -> dict[str, Any]:
    return {
        "id": Text(f"{{r.id}}/{name}s/default"),
        "name": "default",
        "properties": {
            "subnet": {"id": hub_subnet(subnet)},
            "publicIPAddress": {"id": address},
            "provisioningState": "Succeeded",
        },
    }


FIREWALL: Final[Kind] = Kind(
    "Microsoft.Network/azureFirewalls",
    "afw-{r.label}-{r.number}",
    least=5,
    share=0.05,
    sorts=_HUBS,
    zones=["1", "2", "3"],
    properties={
        "sku": {"name": "AZFW_VNet", "tier": Switch(_PREMIUM, "Premium", "Standard")},
        "threatIntelMode": Switch(_CLASSIC, ABSENT, "Alert"),
        "firewallPolicy": Switch(_CLASSIC, {"id": Id(lambda: FIREWALL_POLICY)}, ABSENT),
        "networkRuleCollections": [],
        "applicationRuleCollections": [],
        "natRuleCollections": [],
        "ipConfigurations": [
            _configuration(
                "azureFirewallIpConfiguration", "AzureFirewallSubnet", Id(lambda: FIREWALL_ADDRESS)
            )
        ],
        "provisioningState": "Succeeded",
    },
)
FIREWALL_ADDRESS: Final[Kind] = public_address(FIREWALL, "azureFirewallIpConfigurations/default")
FIREWALL_POLICY: Final[Kind] = Kind(
    "Microsoft.Network/firewallPolicies",
    "afwp-{r.label}-{r.number}",
    follows=FIREWALL,
    properties={
        "sku": {"tier": Switch(_PREMIUM, "Premium", "Standard")},
        "threatIntelMode": Switch(Feature("firewall.threat-intel", (75, 75, 50, 25)), "Deny", "Alert"),
        "intrusionDetection": Switch(
            _PREMIUM, {"mode": Switch(Feature("firewall.idps", (80, 80, 50, 50)), "Deny", "Alert")}, ABSENT
        ),
        "transportSecurity": Switch(
            Feature("firewall.tls", (90, 90, 75, 75)),
            {
                "certificateAuthority": {
                    "name": "hm-inspection",
                    "keyVaultSecretId": "https://kv-hub.vault.azure.net/secrets/hm-inspection",
                }
            },
            ABSENT,
        ),
        "dnsSettings": {
            "enableProxy": Switch(Feature("firewall.dns", (90, 80, 70, 64)), True, False),
            "servers": [],
        },
        "firewalls": Switch(_CLASSIC, [{"id": Text("{r.leader.id}")}], []),
        "ruleCollectionGroups": [],
        "provisioningState": "Succeeded",
    },
)
RULE_GROUP: Final[Kind] = Kind(
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
    "rcg-{r.place.workload}-{r.number}",
    follows=FIREWALL_POLICY,
    each=2,
    path="{r.leader.id}/ruleCollectionGroups/{r.name}",
    table="networkresources",
    properties={
        "priority": 200,
        "ruleCollections": [
            {
                "name": "web",
                "priority": 210,
                "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                "action": {"type": "Allow"},
                "rules": [
                    {
                        "name": "updates",
                        "ruleType": "ApplicationRule",
                        "sourceAddresses": Switch(
                            Feature("firewall.any-rule", (70, 60, 50, 37)), ["10.0.0.0/8"], ["*"]
                        ),
                        "targetFqdns": Switch(
                            Feature("firewall.any-rule", (70, 60, 50, 37)), ["*.ubuntu.com"], ["*"]
                        ),
                        "protocols": [{"protocolType": "Https", "port": 443}],
                    }
                ],
            }
        ],
        "provisioningState": "Succeeded",
    },
)

VPN_GATEWAY: Final[Kind] = Kind(
    "Microsoft.Network/virtualNetworkGateways",
    "vpng-{r.label}-{r.number}",
    least=6,
    share=0.1,
    sorts=_HUBS,
    properties={
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "vpnGatewayGeneration": "Generation2",
        "sku": Switch(
            Feature("vpn.basic", (50, 34, 17, 17)),
            {"name": "VpnGw2AZ", "tier": "VpnGw2AZ", "capacity": 2},
            {"name": "Basic", "tier": "Basic", "capacity": 2},
        ),
        "activeActive": Switch(Feature("vpn.active-active", (67, 67, 50, 50)), True, False),
        "enableBgp": True,
        "vpnClientConfiguration": {
            "vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]},
            "vpnClientProtocols": ["OpenVPN"],
            "vpnAuthenticationTypes": Switch(
                Feature("vpn.entra", (84, 67, 50, 34)),
                ["AAD"],
                Pick("vpn.how", (["Certificate"], ["AAD", "Certificate"])),
            ),
        },
        "ipConfigurations": [_configuration("ipConfiguration", "GatewaySubnet", Id(lambda: VPN_ADDRESS))],
        "provisioningState": "Succeeded",
    },
)
VPN_ADDRESS: Final[Kind] = public_address(VPN_GATEWAY, "ipConfigurations/default")
_STRONG: Final = {"ipsecEncryption": "GCMAES256", "ipsecIntegrity": "GCMAES256", "ikeEncryption": "AES256"}
_WEAK: Final = {"ipsecEncryption": "DES3", "ipsecIntegrity": "SHA1", "ikeEncryption": "DES3"}
BRANCH: Final[Kind] = Kind(
    "Microsoft.Network/connections",
    "cn-depot-{r.number}",
    follows=VPN_GATEWAY,
    each=4,
    properties={
        "connectionType": "IPsec",
        "connectionProtocol": Switch(Feature("branch.ikev1", (34, 30, 25, 20)), "IKEv2", "IKEv1"),
        "connectionStatus": "Connected",
        "virtualNetworkGateway1": {"id": Text("{r.leader.id}")},
        "localNetworkGateway2": {
            "id": Text("{r.place.prefix}Microsoft.Network/localNetworkGateways/lgw-depot-{r.number}")
        },
        "ipsecPolicies": Switch(
            Feature("branch.policy", (62, 50, 38, 25)),
            [
                _STRONG
                | {
                    "ikeIntegrity": "SHA384",
                    "dhGroup": "DHGroup14",
                    "pfsGroup": "PFS2048",
                    "saLifeTimeSeconds": 27000,
                    "saDataSizeKilobytes": 102400000,
                }
            ],
            Pick(
                "branch.weak",
                (
                    [],
                    [
                        _WEAK
                        | {
                            "ikeIntegrity": "SHA1",
                            "dhGroup": "DHGroup2",
                            "pfsGroup": "PFS2",
                            "saLifeTimeSeconds": 27000,
                            "saDataSizeKilobytes": 102400000,
                        }
                    ],
                ),
            ),
        ),
        "enableBgp": True,
        "provisioningState": "Succeeded",
    },
)
DEPOT: Final[Kind] = Kind(
    "Microsoft.Network/localNetworkGateways",
    "lgw-depot-{r.number}",
    follows=VPN_GATEWAY,
    each=4,
    properties={
        "gatewayIpAddress": Made(lambda _, item: f'"198.51.100.{item.ordinal % 250 + 1}"'),
        "localNetworkAddressSpace": {
            "addressPrefixes": [Made(lambda _, item: f'"192.168.{item.ordinal % 250}.0/24"')]
        },
        "provisioningState": "Succeeded",
    },
)


def _link(name: str) -> dict[str, Any]:
    keys = {
        "cipher": "GcmAes256",
        "cknSecretIdentifier": f"https://kv-hub.vault.azure.net/secrets/{name}-ckn",
        "cakSecretIdentifier": f"https://kv-hub.vault.azure.net/secrets/{name}-cak",
    }
    return {
        "name": name,
        "properties": {
            "adminState": "Enabled",
            "macSecConfig": Switch(Feature("port.macsec", (90, 90, 80, 72)), keys, ABSENT),
        },
    }


EXPRESSROUTE: Final[Kind] = Kind(
    "Microsoft.Network/expressRouteCircuits",
    "erc-{r.label}-{r.number}",
    least=4,
    sorts=_HUBS,
    sku={"name": "Premium_MeteredData", "tier": "Premium", "family": "MeteredData"},
    properties={
        "serviceProviderProperties": {
            "serviceProviderName": "Colocation exchange",
            "peeringLocation": "Amsterdam",
            "bandwidthInMbps": 500,
        },
        "circuitProvisioningState": "Enabled",
        "serviceProviderProvisioningState": "Provisioned",
        "allowClassicOperations": Switch(Feature("circuit.classic", (75, 75, 67, 60)), False, True),
        "peerings": [],
        "authorizations": [],
        "provisioningState": "Succeeded",
    },
)
EXPRESSROUTE_PORT: Final[Kind] = Kind(
    "Microsoft.Network/expressRoutePorts",
    "erp-{r.label}-{r.number}",
    least=4,
    sorts=_HUBS,
    properties={
        "peeringLocation": "Amsterdam",
        "bandwidthInGbps": 10,
        "encapsulation": "Dot1Q",
        "links": [_link("link1"), _link("link2")],
        "provisioningState": "Succeeded",
    },
)
WAN: Final[Kind] = Kind(
    "Microsoft.Network/virtualWans",
    "vwan-{r.label}-{r.number}",
    least=1,
    sorts=_HUBS,
    properties={
        "type": "Standard",
        "allowBranchToBranchTraffic": True,
        "disableVpnEncryption": False,
        "provisioningState": "Succeeded",
    },
)
WAN_HUB: Final[Kind] = Kind(
    "Microsoft.Network/virtualHubs",
    "vhub-{r.place.region}-{r.number}",
    least=4,
    sorts=_HUBS,
    properties={
        "virtualWan": {"id": Made(lambda scene, _: f'"{scene.nth(WAN, 0).id}"')},
        "addressPrefix": Made(lambda _, item: f'"10.25{item.ordinal % 6}.0.0/23"'),
        "sku": "Standard",
        "azureFirewall": Switch(
            Feature("wan.firewall", (75, 50, 50, 50)),
            {"id": Made(lambda scene, _: f'"{scene.nth(FIREWALL, 0).id}"')},
            ABSENT,
        ),
        "provisioningState": "Succeeded",
        "routingState": "Provisioned",
    },
)
BASTION: Final[Kind] = Kind(
    "Microsoft.Network/bastionHosts",
    "bas-{r.label}-{r.number}",
    least=4,
    share=0.1,
    sorts=("connectivity", "legacy"),
    sku={"name": Pick("bastion.sku", ("Standard", "Basic"))},
    properties={
        "disableCopyPaste": Switch(Feature("bastion.copy", (75, 75, 50, 50)), True, False),
        "enableShareableLink": Switch(Feature("bastion.link", (25, 25, 25, 25)), False, True),
        "enableTunneling": Switch(Feature("bastion.tunnel", (50, 50, 50, 50)), False, True),
        "enableFileCopy": Switch(Feature("bastion.files", (50, 50, 50, 50)), False, True),
        "ipConfigurations": [
            _configuration("bastionHostIpConfiguration", "AzureBastionSubnet", Id(lambda: BASTION_ADDRESS))
        ],
        "provisioningState": "Succeeded",
    },
)
BASTION_ADDRESS: Final[Kind] = public_address(BASTION, "bastionHostIpConfigurations/default")
NAT: Final[Kind] = Kind(
    "Microsoft.Network/natGateways",
    "ng-{r.label}-{r.number}",
    least=4,
    share=0.4,
    sku={"name": "Standard"},
    properties={"idleTimeoutInMinutes": 4, "publicIpAddresses": [], "provisioningState": "Succeeded"},
)

KINDS: Final = (
    FIREWALL,
    FIREWALL_ADDRESS,
    FIREWALL_POLICY,
    RULE_GROUP,
    VPN_GATEWAY,
    VPN_ADDRESS,
    BRANCH,
    DEPOT,
    EXPRESSROUTE,
    EXPRESSROUTE_PORT,
    WAN,
    WAN_HUB,
    BASTION,
    BASTION_ADDRESS,
    NAT,
)
