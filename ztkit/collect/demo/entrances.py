"""How users and other networks come in: web gateways with their WAF, load balancers, private endpoints."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind, having, lacking
from ztkit.collect.demo.machines import public_address
from ztkit.collect.demo.perimeter import hub_subnet
from ztkit.collect.demo.stores import CLOSED_STORES
from ztkit.collect.demo.template import ABSENT, Feature, Id, Made, Pick, Switch, Text

_WAF = Feature("gateway.waf", (60, 55, 48, 40))
_PLAIN = Feature("gateway.plain", (50, 40, 30, 20))


def _routing(listener: str) -> dict[str, Any]:
    return {
        "name": listener,
        "id": Text(f"{{r.id}}/requestRoutingRules/{listener}"),
        "properties": {
            "ruleType": "Basic",
            "priority": 100,
            "httpListener": {"id": Text(f"{{r.id}}/httpListeners/{listener}")},
            "provisioningState": "Succeeded",
        },
    }


_PUBLIC_FRONT = {
    "name": "public",
    "id": Text("{r.id}/frontendIPConfigurations/public"),
    "properties": {
        "publicIPAddress": {"id": Id(lambda: GATEWAY_ADDRESS)},
        "privateIPAllocationMethod": "Dynamic",
    },
}
GATEWAY: Final[Kind] = Kind(
    "Microsoft.Network/applicationGateways",
    "agw-{r.label}-{r.number}",
    share=2,
    least=10,
    sorts=("webshop", "erp", "telematics", "nonprod"),
    properties={
        "sku": Switch(
            _WAF,
            {"name": "WAF_v2", "tier": "WAF_v2"},
            Pick(
                "gateway.sku",
                (
                    {"name": "Standard_v2", "tier": "Standard_v2"},
                    {"name": "WAF_v2", "tier": "WAF_v2"},
                    {"name": "WAF_Medium", "tier": "WAF", "capacity": 2},
                ),
            ),
        ),
        "firewallPolicy": Switch(_WAF, {"id": Id(lambda: GATEWAY_WAF)}, ABSENT),
        "webApplicationFirewallConfiguration": Switch(
            _WAF,
            ABSENT,
            Pick(
                "gateway.old-waf",
                (
                    ABSENT,
                    {
                        "enabled": True,
                        "firewallMode": "Detection",
                        "ruleSetType": "OWASP",
                        "ruleSetVersion": "3.0",
                    },
                ),
            ),
        ),
        "sslPolicy": Switch(
            Feature("gateway.tls", (50, 40, 30, 20)),
            {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"},
            Pick(
                "gateway.old-tls",
                ({"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}, ABSENT),
            ),
        ),
        "enableHttp2": True,
        "frontendIPConfigurations": [_PUBLIC_FRONT],
        "httpListeners": [
            {
                "name": "https",
                "id": Text("{r.id}/httpListeners/https"),
                "properties": {
                    "protocol": "Https",
                    "hostName": Text("{r.place.workload}.haldenmoor.example"),
                    "requireServerNameIndication": True,
                },
            },
            Switch(
                _PLAIN,
                ABSENT,
                {"name": "http", "id": Text("{r.id}/httpListeners/http"), "properties": {"protocol": "Http"}},
            ),
        ],
        "gatewayIPConfigurations": [
            {
                "name": "default",
                "id": Text("{r.id}/gatewayIPConfigurations/default"),
                "properties": {"subnet": {"id": hub_subnet("snet-app")}},
            }
        ],
        "backendHttpSettingsCollection": [
            {
                "name": "backend",
                "id": Text("{r.id}/backendHttpSettingsCollection/backend"),
                "properties": {
                    "protocol": Switch(Feature("gateway.backend", (60, 50, 40, 30)), "Https", "Http"),
                    "port": 443,
                },
            }
        ],
        "requestRoutingRules": [_routing("https"), Switch(_PLAIN, ABSENT, _routing("http"))],
        "operationalState": "Running",
        "provisioningState": "Succeeded",
    },
)
GATEWAY_ADDRESS: Final[Kind] = public_address(GATEWAY, "frontendIPConfigurations/public")


CLASSIC_FRONT_DOOR: Final[Kind] = Kind(
    "Microsoft.Network/frontDoors",
    "fd-{r.place.workload}-{r.number}",
    least=3,
    sorts=("webshop", "nonprod"),
    location="global",
    when=having(Feature("front-door.retired", (0, 10, 20, 35))),
    properties={
        "enabledState": "Enabled",
        "friendlyName": Text("{r.name}"),
        "frontendEndpoints": [
            {
                "name": "default",
                "id": Text("{r.id}/frontendEndpoints/default"),
                "properties": {
                    "hostName": Text("{r.name}.azurefd.net"),
                    "sessionAffinityEnabledState": "Disabled",
                },
            }
        ],
        "routingRules": [],
        "resourceState": "Enabled",
        "provisioningState": "Succeeded",
    },
)


def _managed_rules(of: str, base: str, base_version: str) -> dict[str, Any]:
    bots = {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1"}
    return {
        "managedRuleSets": [
            {"ruleSetType": base, "ruleSetVersion": base_version},
            Switch(Feature(f"{of}.bots", (60, 50, 38, 25)), bots, ABSENT),
        ]
    }


_DETECTION = Feature("waf.prevention", (60, 50, 38, 25))
GATEWAY_WAF: Final[Kind] = Kind(
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
    "waf-{r.label}-{r.number}",
    follows=GATEWAY,
    when=having(_WAF),
    properties={
        "policySettings": {
            "state": Switch(Feature("waf.state", (20, 12, 12, 12)), "Enabled", "Disabled"),
            "mode": Switch(_DETECTION, "Prevention", "Detection"),
            "requestBodyCheck": Switch(Feature("waf.body", (60, 50, 42, 34)), True, False),
            "maxRequestBodySizeInKb": 128,
        },
        "managedRules": _managed_rules("waf", "OWASP", "3.2"),
        "customRules": Switch(
            Feature("waf.rate-limit", (90, 80, 70, 60)),
            [
                {
                    "name": "rate",
                    "priority": 10,
                    "ruleType": "RateLimitRule",
                    "action": "Block",
                    "rateLimitDuration": "OneMin",
                    "rateLimitThreshold": 500,
                    "matchConditions": [],
                }
            ],
            [],
        ),
        "applicationGateways": [{"id": Text("{r.leader.id}")}],
        "resourceState": "Enabled",
        "provisioningState": "Succeeded",
    },
)
FRONT_DOOR: Final[Kind] = Kind(
    "Microsoft.Cdn/profiles",
    "afd-{r.place.workload}-{r.place.environment}-{r.number}",
    least=6,
    share=0.3,
    sorts=("webshop", "telematics", "nonprod"),
    kind="frontdoor",
    location="global",
    sku={"name": Pick("afd.sku", ("Premium_AzureFrontDoor", "Standard_AzureFrontDoor"))},
    identity=Switch(Feature("afd.identity", (67, 50, 50, 34)), {"type": "SystemAssigned"}, ABSENT),
    properties={
        "frontDoorId": Text("{r.guid}"),
        "originResponseTimeoutSeconds": 60,
        "resourceState": "Active",
        "provisioningState": "Succeeded",
    },
)
_AFD_WAF = Feature("afd.waf", (50, 50, 34, 17))
FRONT_DOOR_WAF: Final[Kind] = Kind(
    "Microsoft.Network/frontDoorWebApplicationFirewallPolicies",
    "wafafd{r.plain}{r.number}",
    follows=FRONT_DOOR,
    when=having(_AFD_WAF),
    location="global",
    sku={"name": "Premium_AzureFrontDoor"},
    properties={
        "policySettings": {
            "enabledState": "Enabled",
            "mode": Switch(Feature("afd.prevention", (67, 50, 34, 34)), "Prevention", "Detection"),
            "requestBodyCheck": Switch(Feature("afd.body", (67, 50, 50, 34)), "Enabled", "Disabled"),
        },
        "managedRules": _managed_rules("afd", "Microsoft_DefaultRuleSet", "2.1"),
        "customRules": {"rules": []},
        "frontendEndpointLinks": [],
        "securityPolicyLinks": [{"id": Text("{r.leader.id}/securityPolicies/default")}],
        "resourceState": "Enabled",
        "provisioningState": "Succeeded",
    },
)

_FACES_INTERNET = Feature("lb.internal", (30, 28, 25, 25))
LOAD_BALANCER: Final[Kind] = Kind(
    "Microsoft.Network/loadBalancers",
    "lb-{r.label}-{r.number}",
    share=6,
    least=8,
    sku=Switch(
        Feature("lb.basic", (40, 32, 24, 18)),
        {"name": "Standard", "tier": "Regional"},
        {"name": "Basic", "tier": "Regional"},
    ),
    properties={
        "frontendIPConfigurations": [
            {
                "name": "front",
                "id": Text("{r.id}/frontendIPConfigurations/front"),
                "properties": Switch(
                    _FACES_INTERNET,
                    {"privateIPAddress": "10.1.1.10", "privateIPAllocationMethod": "Static"},
                    {
                        "publicIPAddress": {"id": Id(lambda: LB_ADDRESS)},
                        "privateIPAllocationMethod": "Dynamic",
                    },
                ),
            }
        ],
        "backendAddressPools": [],
        "loadBalancingRules": [],
        "inboundNatRules": Switch(
            Feature("lb.nat-management", (16, 12, 10, 7)),
            [],
            [
                {
                    "name": "rdp",
                    "id": Text("{r.id}/inboundNatRules/rdp"),
                    "properties": {
                        "protocol": "Tcp",
                        "frontendPort": 50001,
                        "backendPort": 3389,
                        "enableFloatingIP": False,
                    },
                }
            ],
        ),
        "provisioningState": "Succeeded",
    },
)
LB_ADDRESS: Final[Kind] = public_address(
    LOAD_BALANCER, "frontendIPConfigurations/front", lacking(_FACES_INTERNET)
)


def _unused(name: str) -> Kind:
    return Kind(
        "Microsoft.Network/publicIPAddresses",
        name,
        share=4,
        least=5,
        sku=Switch(
            Feature("pip.basic", (30, 22, 14, 6)),
            {"name": "Standard", "tier": "Regional"},
            {"name": "Basic", "tier": "Regional"},
        ),
        properties={
            "ipAddress": Made(lambda _, item: f'"192.0.2.{item.ordinal % 250 + 1}"'),
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
            "provisioningState": "Succeeded",
        },
    )


def endpoints() -> tuple[Kind, ...]:
    """Private endpoints: one for each store whose public door is shut."""
    return tuple(
        Kind(
            "Microsoft.Network/privateEndpoints",
            "pep-{r.leader.name}",
            follows=store,
            when=having(closed),
            properties={
                "privateLinkServiceConnections": [
                    {
                        "name": Text("{r.name}"),
                        "id": Text("{r.id}/privateLinkServiceConnections/{r.name}"),
                        "properties": {
                            "privateLinkServiceId": Text("{r.leader.id}"),
                            "groupIds": [group],
                            "privateLinkServiceConnectionState": {
                                "status": Switch(
                                    Feature("endpoint.approved", (6, 5, 4, 3)),
                                    "Approved",
                                    Pick("endpoint.state", ("Disconnected", "Pending")),
                                ),
                                "actionsRequired": "None",
                            },
                            "provisioningState": "Succeeded",
                        },
                    }
                ],
                "manualPrivateLinkServiceConnections": [],
                "customDnsConfigs": [],
                "provisioningState": "Succeeded",
            },
        )
        for store, closed, group in CLOSED_STORES
    )


KINDS: Final = (
    GATEWAY,
    GATEWAY_ADDRESS,
    GATEWAY_WAF,
    FRONT_DOOR,
    CLASSIC_FRONT_DOOR,
    FRONT_DOOR_WAF,
    LOAD_BALANCER,
    LB_ADDRESS,
    _unused("pip-{r.label}-unused-{r.number}"),
    *endpoints(),
)
