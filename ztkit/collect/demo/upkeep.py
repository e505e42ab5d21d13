"""What keeps machines in order: backup, patching, in-guest policies; sensors of the depots."""

from __future__ import annotations

from typing import Final

from ztkit.collect.demo.estate import Kind, having
from ztkit.collect.demo.machines import VM, by_system
from ztkit.collect.demo.servers import ARC
from ztkit.collect.demo.template import ABSENT, Ago, Feature, Made, Pick, Switch, Text

VAULT: Final[Kind] = Kind(
    "Microsoft.RecoveryServices/vaults",
    "rsv-{r.label}-{r.number}",
    share=2,
    least=12,
    sku={"name": "RS0", "tier": "Standard"},
    identity=Switch(Feature("rsv.identity", (60, 50, 40, 30)), {"type": "SystemAssigned"}, ABSENT),
    properties={
        "provisioningState": "Succeeded",
        "publicNetworkAccess": Switch(Feature("rsv.public", (84, 75, 66, 58)), "Disabled", "Enabled"),
        "redundancySettings": {
            "standardTierStorageRedundancy": Switch(
                Feature("rsv.geo", (42, 38, 34, 30)), "GeoRedundant", "LocallyRedundant"
            ),
            "crossRegionRestore": Switch(
                Feature("rsv.cross-region", (66, 60, 50, 42)), "Enabled", "Disabled"
            ),
        },
        "securitySettings": {
            "immutabilitySettings": {
                "state": Switch(
                    Feature("rsv.immutable", (92, 75, 58, 42)),
                    Pick("rsv.lock", ("Locked", "Unlocked", "Locked")),
                    "Disabled",
                )
            },
            "softDeleteSettings": {
                "softDeleteState": Switch(
                    Feature("rsv.soft-delete", (16, 9, 9, 5)),
                    Pick("rsv.soft", ("AlwaysON", "Enabled")),
                    "Disabled",
                ),
                "softDeleteRetentionPeriodInDays": 14,
            },
            "multiUserAuthorization": Switch(
                Feature("rsv.two-people", (92, 84, 75, 66)), "Enabled", "Disabled"
            ),
        },
        "restoreSettings": {
            "crossSubscriptionRestoreSettings": {
                "crossSubscriptionRestoreState": Switch(
                    Feature("rsv.cross-subscription", (84, 75, 66, 50)), "Disabled", "Enabled"
                )
            }
        },
        "privateEndpointConnections": [],
    },
)
BACKED_UP: Final = Feature("vm.backup", (44, 36, 28, 19))
_BACKUP_STATE: Final = Feature("vm.backup-state", (26, 22, 20, 17))
_BACKUP_STALE: Final = Feature("vm.backup-stale", (30, 24, 18, 12))
_LAST_POINT: Final = Switch(
    _BACKUP_STATE,
    Switch(_BACKUP_STALE, Ago(0.5), Ago(10, 45, "backup.stale")),
    Ago(60, 700, "backup.last"),
)
PROTECTED_ITEM: Final[Kind] = Kind(
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
    "VM;iaasvmcontainerv2;{r.leader.place.group};{r.leader.name}",
    follows=VM,
    when=having(BACKED_UP),
    table="recoveryservicesresources",
    path="{r.place.prefix}Microsoft.RecoveryServices/vaults/rsv-{r.label}-001/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;{r.leader.place.group};{r.leader.name}/protectedItems/{r.name}",
    properties={
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "friendlyName": Text("{r.leader.name}"),
        "sourceResourceId": Text("{r.leader.id}"),
        "virtualMachineId": Text("{r.leader.id}"),
        "protectionState": Switch(_BACKUP_STATE, "Protected", "ProtectionStopped"),
        "protectionStatus": "Healthy",
        "lastBackupStatus": Switch(_BACKUP_STALE, "Completed", "Failed"),
        "lastBackupTime": _LAST_POINT,
        "lastRecoveryPoint": _LAST_POINT,
        "isScheduledForDeferredDelete": False,
    },
)
BACKUP_VAULT: Final[Kind] = Kind(
    "Microsoft.DataProtection/backupVaults",
    "bvault-{r.label}-{r.number}",
    share=1,
    least=6,
    identity={"type": "SystemAssigned"},
    properties={
        "provisioningState": "Succeeded",
        "isVaultProtectedByResourceGuard": Switch(Feature("bv.guard", (84, 84, 67, 67)), True, False),
        "securitySettings": {
            "immutabilitySettings": {
                "state": Switch(Feature("bv.immutable", (84, 67, 67, 50)), "Locked", "Disabled")
            },
            "softDeleteSettings": {
                "state": Switch(Feature("bv.soft-delete", (34, 34, 17, 17)), "On", "Off"),
                "retentionDurationInDays": 14,
            },
        },
        "storageSettings": [{"datastoreType": "VaultStore", "type": "LocallyRedundant"}],
    },
)
RESOURCE_GUARD: Final[Kind] = Kind(
    "Microsoft.DataProtection/resourceGuards",
    "rguard-{r.label}-{r.number}",
    share=0.1,
    least=5,
    sorts=("identity", "management"),
    properties={
        "provisioningState": "Succeeded",
        "description": "Asks the security team before backups lose their protection",
        "vaultCriticalOperationExclusionList": Switch(
            Feature("guard.whole", (75, 66, 58, 50)),
            [],
            ["Microsoft.RecoveryServices/vaults/backupPolicies/write"],
        ),
        "resourceGuardOperations": [
            {
                "vaultCriticalOperation": "Microsoft.RecoveryServices/vaults/backupconfig/write",
                "requestResourceType": "Microsoft.DataProtection/resourceGuards/updateBackupSecurityPINRequests",
            }
        ],
    },
)

SCHEDULE: Final[Kind] = Kind(
    "Microsoft.Maintenance/maintenanceConfigurations",
    "mc-{r.label}-{r.number}",
    share=0.5,
    least=4,
    sorts=("management",),
    properties={
        "maintenanceScope": "InGuestPatch",
        "visibility": "Custom",
        "installPatches": {
            "rebootSetting": "IfRequired",
            "windowsParameters": {"classificationsToInclude": ["Critical", "Security", "UpdateRollup"]},
            "linuxParameters": {
                "classificationsToInclude": Switch(
                    Feature("schedule.classes", (60, 50, 40, 30)), ["Critical", "Security"], ["Other"]
                )
            },
        },
        "maintenanceWindow": {
            "startDateTime": "2025-10-05 02:00",
            "duration": "03:55",
            "timeZone": "W. Europe Standard Time",
            "recurEvery": Switch(
                Feature("schedule.rare", (90, 84, 75, 66)), "1Week Sunday", "3Months Third Sunday"
            ),
        },
    },
)


def _assignment(machine: Kind, of: str) -> Kind:
    return Kind(
        "Microsoft.Maintenance/configurationAssignments",
        "weekly",
        follows=machine,
        when=having(Feature(f"{of}.schedule", (70, 58, 46, 34))),
        table="maintenanceresources",
        path="{r.leader.id}/providers/Microsoft.Maintenance/configurationAssignments/{r.name}",
        properties={
            "maintenanceConfigurationId": Made(lambda scene, _: f'"{scene.nth(SCHEDULE, 0).id}"'),
            "resourceId": Text("{r.leader.id}"),
        },
    )


def _patches(machine: Kind, of: str) -> Kind:
    missing = Feature(f"{of}.patches", (42, 32, 44, 18))
    return Kind(
        f"{machine.type}/patchAssessmentResults",
        "latest",
        follows=machine,
        when=having(Feature(f"{of}.assessed", (26, 20, 12, 6))),
        table="patchassessmentresources",
        path="{r.leader.id}/patchAssessmentResults/latest",
        properties={
            "status": Switch(Feature(f"{of}.patch-run", (8, 6, 5, 4)), "Succeeded", "Failed"),
            "lastModifiedDateTime": Switch(
                Feature(f"{of}.patch-fresh", (10, 8, 6, 4)),
                Ago(1, 5, f"{of}.patch-age"),
                Ago(8, 20, f"{of}.patch-age"),
            ),
            "startDateTime": Ago(1, 5, f"{of}.patch-age"),
            "osType": by_system("Linux", "Windows"),
            "rebootPending": Pick(f"{of}.reboot", (False, False, True)),
            "startedBy": "Platform",
            "availablePatchCountByClassification": Switch(
                missing,
                {"critical": 0, "security": 0, "other": 3},
                Pick(
                    f"{of}.patch-count",
                    ({"critical": 0, "security": 4, "other": 9}, {"critical": 2, "security": 11, "other": 5}),
                ),
            ),
        },
    )


def _guest(machine: Kind, of: str) -> Kind:
    return Kind(
        "Microsoft.GuestConfiguration/guestConfigurationAssignments",
        "hm-baseline",
        follows=machine,
        when=having(Feature(f"{of}.guest-baseline", (54, 40, 26, 14))),
        table="guestconfigurationresources",
        path="{r.leader.id}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/{r.name}",
        properties={
            "complianceStatus": Switch(
                Feature(f"{of}.baseline", (76, 70, 58, 44)),
                "Compliant",
                Pick(f"{of}.baseline-how", ("NonCompliant", "NonCompliant", "Pending")),
            ),
            "targetResourceId": Text("{r.leader.id}"),
            "guestConfiguration": {
                "name": by_system("AzureLinuxBaseline", "AzureWindowsBaseline"),
                "version": "1.*",
            },
            "lastComplianceStatusChecked": Ago(0.5, 2, f"{of}.baseline-age"),
            "provisioningState": "Succeeded",
        },
    )


SENSOR: Final[Kind] = Kind(
    "Microsoft.IoTSecurity/locations/sites/sensors",
    "sensor-depot-{r.number}",
    least=8,
    share=0.1,
    sorts=("telematics",),
    table="iotsecurityresources",
    path="{r.place.subscription.path}/providers/Microsoft.IoTSecurity/locations/westeurope/sites/depots/sensors/{r.name}",
    properties={
        "sensorStatus": Switch(
            Feature("sensor.status", (38, 38, 25, 25)), "Ok", Pick("sensor.how", ("Disconnected", "Unstable"))
        ),
        "sensorVersion": Switch(Feature("sensor.version", (50, 50, 38, 25)), "24.1.8", "22.3.10"),
        "connectivityTime": Switch(
            Feature("sensor.status", (38, 38, 25, 25)), Ago(0.1), Ago(3, 90, "sensor.seen")
        ),
        "sensorType": "Ot",
        "zone": "default",
    },
)

KINDS: Final = (
    VAULT,
    PROTECTED_ITEM,
    BACKUP_VAULT,
    RESOURCE_GUARD,
    SCHEDULE,
    _assignment(VM, "vm"),
    _assignment(ARC, "arc"),
    _patches(VM, "vm"),
    _patches(ARC, "arc"),
    _guest(VM, "vm"),
    _guest(ARC, "arc"),
    SENSOR,
)
