"""What binds the networks together from above: branch gateways of the virtual WAN, the network manager and its rules."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind
from ztkit.collect.demo.perimeter import WAN_HUB
from ztkit.collect.demo.template import Feature, Made, Pick, Switch, Text

_HUBS: Final = ("connectivity",)
_POLICY: Final = {
    "saLifeTimeSeconds": 27000,
    "saDataSizeKilobytes": 102400000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA384",
    "dhGroup": "ECP384",
    "pfsGroup": "ECP384",
}


def _tunnel(site: str) -> dict[str, Any]:
    return {
        "name": site,
        "id": Text(f"{{r.id}}/vpnConnections/{site}"),
        "properties": {
            "connectionStatus": "Connected",
            "remoteVpnSite": {"id": Text(f"{{r.place.prefix}}Microsoft.Network/vpnSites/{site}")},
            "vpnLinkConnections": [
                {
                    "name": "link1",
                    "properties": {
                        "vpnConnectionProtocolType": "IKEv2",
                        "ipsecPolicies": Switch(Feature(f"wan.{site}", (84, 75, 66, 50)), [_POLICY], []),
                        "provisioningState": "Succeeded",
                    },
                }
            ],
            "provisioningState": "Succeeded",
        },
    }


BRANCH_GATEWAY: Final[Kind] = Kind(
    "Microsoft.Network/vpnGateways",
    "vpng-{r.place.region}-{r.number}",
    follows=WAN_HUB,
    properties={
        "virtualHub": {"id": Text("{r.leader.id}")},
        "vpnGatewayScaleUnit": 1,
        "connections": [_tunnel("depot-north"), _tunnel("depot-south")],
        "provisioningState": "Succeeded",
    },
)
MANAGER: Final[Kind] = Kind(
    "Microsoft.Network/networkManagers",
    "nm-{r.label}-{r.number}",
    least=1,
    sorts=_HUBS,
    properties={
        "description": "Rules above all landing zones",
        "networkManagerScopes": {
            "managementGroups": ["/providers/Microsoft.Management/managementGroups/hm-landingzones"],
            "subscriptions": [],
        },
        "networkManagerScopeAccesses": ["SecurityAdmin"],
        "provisioningState": "Succeeded",
    },
)
_NARROW: Final = Feature("admin-rule.narrow", (75, 66, 58, 50))
ADMIN_RULE: Final[Kind] = Kind(
    "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules",
    "rule-{r.index}",
    follows=MANAGER,
    each=6,
    table="networkresources",
    path="{r.leader.id}/securityAdminConfigurations/baseline/ruleCollections/all-networks/rules/{r.name}",
    location="",
    kind="Custom",
    properties={
        "access": Pick("admin-rule.access", ("AlwaysAllow", "Deny", "AlwaysAllow")),
        "direction": "Inbound",
        "protocol": "Tcp",
        "priority": Made(lambda _, item: str(100 + item.index)),
        "sources": Switch(
            _NARROW,
            [{"addressPrefix": "10.0.10.0/24", "addressPrefixType": "IPPrefix"}],
            [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        ),
        "sourcePortRanges": ["0-65535"],
        "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "destinationPortRanges": Pick("admin-rule.ports", (["443"], ["3389", "22"], ["8834"])),
        "provisioningState": "Succeeded",
    },
)

KINDS: Final = (BRANCH_GATEWAY, MANAGER, ADMIN_RULE)
