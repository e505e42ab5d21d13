"""Plans of Defender for Cloud, in each subscription."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind
from ztkit.collect.demo.template import ABSENT, Feature, Pick, Rates, Switch

_SUBSCRIPTION: Final = "{r.place.subscription.path}/providers/Microsoft.Security/"


def _extension(name: str, feature: Feature) -> dict[str, Any]:
    return {"name": name, "isEnabled": Switch(feature, "True", "False")}


def _plan(name: str, rates: Rates, sub_plan: Any = ABSENT, extensions: Any = ABSENT, **more: Any) -> Kind:
    on = Feature(f"plan.{name}", rates)
    return Kind(
        "Microsoft.Security/pricings",
        name,
        spread="subscription",
        table="securityresources",
        path=_SUBSCRIPTION + "pricings/{r.name}",
        location="",
        properties={
            "pricingTier": Switch(on, "Standard", "Free"),
            "subPlan": Switch(on, sub_plan, ABSENT),
            "extensions": Switch(on, extensions, ABSENT),
            "freeTrialRemainingTime": "PT0S",
            "resourcesCoverageStatus": Switch(on, "FullyCovered", ABSENT),
            **more,
        },
    )


_AGENTLESS = Feature("plan.agentless", (40, 30, 20, 16))
PLANS: Final = (
    _plan(
        "VirtualMachines",
        (42, 28, 18, 9),
        Pick("plan.servers", ("P2", "P2", "P1")),
        [
            _extension("AgentlessVmScanning", _AGENTLESS),
            _extension("MdeDesignatedSubscription", Feature("plan.mde", (50, 40, 30, 25))),
        ],
    ),
    _plan(
        "CloudPosture",
        (76, 66, 50, 34),
        extensions=[
            _extension("SensitiveDataDiscovery", Feature("plan.discovery", (60, 50, 40, 25))),
            _extension("AgentlessVmScanning", _AGENTLESS),
            _extension(
                "ContainerRegistriesVulnerabilityAssessments", Feature("plan.registry-scan", (50, 42, 34, 25))
            ),
            _extension("AgentlessDiscoveryForKubernetes", Feature("plan.k8s", (50, 42, 34, 25))),
        ],
    ),
    _plan(
        "StorageAccounts",
        (66, 50, 34, 16),
        Switch(Feature("plan.storage-v2", (30, 24, 16, 9)), "DefenderForStorageV2", "PerTransaction"),
        [
            _extension("OnUploadMalwareScanning", Feature("plan.malware", (70, 58, 42, 34))),
            _extension("SensitiveDataDiscovery", Feature("plan.storage-discovery", (66, 58, 50, 42))),
        ],
    ),
    _plan("SqlServers", (50, 42, 30, 20)),
    _plan("SqlServerVirtualMachines", (66, 58, 50, 42)),
    _plan("OpenSourceRelationalDatabases", (84, 75, 58, 42)),
    _plan("CosmosDbs", (84, 75, 66, 50)),
    _plan("AppServices", (75, 66, 50, 34)),
    _plan(
        "Containers",
        (66, 50, 42, 25),
        extensions=[_extension("ContainerSensor", Feature("plan.sensor", (60, 50, 40, 30)))],
    ),
    _plan("KeyVaults", (58, 42, 25, 16)),
    _plan("Arm", (50, 34, 25, 9), "PerSubscription"),
    _plan("Api", (92, 84, 75, 58)),
    _plan("AI", (100, 92, 75, 50)),
    _plan("Dns", (100, 100, 100, 100), deprecated=True),
)

KINDS: Final = PLANS
