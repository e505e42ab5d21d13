"""Virtual machines with their disks, network interfaces and addresses."""

from __future__ import annotations

from typing import Any, Final

from ztkit.collect.demo.estate import Kind, Resource, Scene, lacking
from ztkit.collect.demo.network import ASG, NSG, VNET, subnet_of
from ztkit.collect.demo.stores import classification, own_key
from ztkit.collect.demo.template import ABSENT, Feature, Id, Made, Pick, Since, Switch, Text

_SYSTEMS: Final = "lwwlwclwwlwlwcwlwlaw"
"""Operating systems of twenty machines: Linux, Windows server, Windows client, appliance."""


def by_system(linux: Any, windows: Any, client: Any = None, appliance: Any = None) -> Pick:
    """A template by the operating system of a machine, the same for all that belongs to the machine."""
    options = {"l": linux, "w": windows, "c": client or windows, "a": appliance or linux}
    return Pick("vm.system", tuple(options[letter] for letter in _SYSTEMS))


def system_of(scene: Scene, item: Resource) -> str:
    """The letter of a machine's operating system."""
    return _SYSTEMS[int(scene.draw("vm.system")(item.ordinal) * len(_SYSTEMS))]


def _image(publisher: str, offer: str, sku: str) -> dict[str, str]:
    return {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"}


UBUNTU = _image("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2")
_WINDOWS = _image("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2")
_IMAGE: Final = by_system(
    UBUNTU,
    Switch(
        Feature("vm.old-windows", (34, 30, 26, 22)),
        _WINDOWS,
        _image("MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"),
    ),
    _image("MicrosoftWindowsDesktop", "windows-11", "win11-24h2-avd"),
    _image("fortinet", "fortinet_fortigate-vm_v5", "fortinet_fg-vm"),
)
_ASSESSMENT = Feature("machine.assessment-mode", (62, 46, 28, 14))
_PATCHING = Feature("machine.patch-mode", (66, 54, 40, 30))
PATCH_SETTINGS: Final = {
    "patchMode": Switch(_PATCHING, "AutomaticByPlatform", "ImageDefault"),
    "assessmentMode": Switch(_ASSESSMENT, "AutomaticByPlatform", "ImageDefault"),
}
WINDOWS_PATCHING: Final = {
    "patchMode": Switch(_PATCHING, "AutomaticByPlatform", "AutomaticByOS"),
    "assessmentMode": Switch(_ASSESSMENT, "AutomaticByPlatform", "ImageDefault"),
}
_LINUX_PROFILE: Final = {
    "computerName": Text("{r.name}"),
    "adminUsername": "hmadmin",
    "linuxConfiguration": {
        "disablePasswordAuthentication": Switch(Feature("vm.passwords", (34, 24, 14, 7)), True, False),
        "provisionVMAgent": True,
        "patchSettings": PATCH_SETTINGS,
    },
    "secrets": [],
    "allowExtensionOperations": True,
}
_WINDOWS_PROFILE: Final = {
    "computerName": Text("{r.name}"),
    "adminUsername": "hmadmin",
    "windowsConfiguration": {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": True,
        "patchSettings": WINDOWS_PATCHING,
    },
    "secrets": [],
    "allowExtensionOperations": True,
}
_SECURITY_PROFILE: Final = {
    "securityType": Switch(Feature("vm.trusted-launch", (72, 63, 52, 41)), "TrustedLaunch", ABSENT),
    "uefiSettings": Switch(
        Feature("vm.trusted-launch", (72, 63, 52, 41)),
        {
            "secureBootEnabled": Switch(Feature("vm.secure-boot", (22, 16, 10, 6)), True, False),
            "vTpmEnabled": True,
        },
        ABSENT,
    ),
    "encryptionAtHost": Switch(Feature("vm.encryption-at-host", (86, 78, 66, 54)), True, ABSENT),
}
PUBLIC_IP: Final = Feature("vm.public-ip", (24, 19, 15, 8))
VM_IDENTITY: Final = Feature("vm.identity", (48, 38, 26, 16))

USER_IDENTITY: Final[Kind] = Kind(
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "id-{r.label}-{r.number}",
    share=6,
    least=14,
    properties={"principalId": Text("{r.guid}"), "clientId": Text("{r.guid}"), "isolationScope": "None"},
)


def _both(scene: Scene, item: Resource) -> str:
    """An identity of its own and one that it may share with others."""
    shared = scene.nth(USER_IDENTITY, item.ordinal * 5 % scene.count_of[USER_IDENTITY])
    return f'{{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{{"{shared.id}":{{}}}}}}'


VM: Final[Kind] = Kind(
    "Microsoft.Compute/virtualMachines",
    "vm-{r.label}-{r.number}",
    share=62,
    least=60,
    identity=Switch(
        VM_IDENTITY,
        Pick(
            "vm.identity-kind",
            ({"type": "SystemAssigned"},) * 3 + (Made(lambda scene, item: _both(scene, item)),),
        ),
        ABSENT,
    ),
    zones=Switch(Feature("vm.zones", (60, 56, 52, 48)), Pick("vm.zone", (["1"], ["2"], ["3"])), ABSENT),
    properties={
        "vmId": Text("{r.guid}"),
        "hardwareProfile": {
            "vmSize": Pick(
                "vm.size", ("Standard_D4s_v5", "Standard_D2s_v5", "Standard_E8s_v5", "Standard_B2ms")
            )
        },
        "licenseType": by_system(ABSENT, "Windows_Server", "Windows_Client", ABSENT),
        "storageProfile": {
            "imageReference": _IMAGE,
            "osDisk": {
                "osType": by_system("Linux", "Windows"),
                "name": Text("{r.name}-osdisk"),
                "createOption": "FromImage",
                "caching": "ReadWrite",
                "managedDisk": {"id": Id(lambda: OS_DISK), "storageAccountType": "Premium_LRS"},
                "deleteOption": "Delete",
            },
            "dataDisks": Pick(
                "vm.data-disk",
                (
                    [
                        {
                            "lun": 0,
                            "name": Text("{r.name}-data"),
                            "createOption": "Attach",
                            "managedDisk": {"id": Id(lambda: DATA_DISK)},
                        }
                    ],
                    [],
                ),
            ),
        },
        "osProfile": by_system(_LINUX_PROFILE, _WINDOWS_PROFILE),
        "securityProfile": _SECURITY_PROFILE,
        "networkProfile": {"networkInterfaces": [{"id": Id(lambda: NIC), "properties": {"primary": True}}]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "provisioningState": "Succeeded",
        "timeCreated": Since("vm.made", 40, 1900),
        "extended": {
            "instanceView": {"powerState": {"code": "PowerState/running", "displayStatus": "VM running"}}
        },
    },
)

_EXPORTABLE = Feature("disk.exportable", (82, 74, 62, 49))
_DISK: Final[dict[str, Any]] = {
    "creationData": {"createOption": "FromImage"},
    "diskSizeGB": 128,
    "encryption": {
        "type": own_key("disk", "EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformKey"),
    },
    "encryptionSettingsCollection": Switch(
        Feature("disk.guest-encryption", (92, 91, 90, 90)),
        {"enabled": True, "encryptionSettingsVersion": "1.1"},
        ABSENT,
    ),
    "networkAccessPolicy": Switch(
        _EXPORTABLE, "DenyAll", Pick("disk.exportable-how", ("AllowAll", "AllowAll", ABSENT))
    ),
    "publicNetworkAccess": Switch(_EXPORTABLE, "Disabled", "Enabled"),
    "dataAccessAuthMode": Switch(
        Feature("disk.entra-export", (95, 92, 88, 82)), "AzureActiveDirectory", ABSENT
    ),
    "diskState": "Attached",
    "timeCreated": Since("disk.made", 40, 1900),
    "provisioningState": "Succeeded",
}
_PREMIUM: Final = {"name": "Premium_LRS", "tier": "Premium"}
OS_DISK: Final[Kind] = Kind(
    "Microsoft.Compute/disks",
    "{r.leader.name}-osdisk",
    follows=VM,
    managed_by=Text("{r.leader.id}"),
    sku=_PREMIUM,
    tags=classification("disk"),
    properties={"osType": by_system("Linux", "Windows"), **_DISK},
)


def _has_data_disk(scene: Scene, item: Resource) -> bool:
    return scene.draw("vm.data-disk")(item.ordinal) < 0.5


DATA_DISK: Final[Kind] = Kind(
    "Microsoft.Compute/disks",
    "{r.leader.name}-data",
    follows=VM,
    when=_has_data_disk,
    managed_by=Text("{r.leader.id}"),
    sku=_PREMIUM,
    tags=classification("datadisk"),
    properties=_DISK | {"creationData": {"createOption": "Empty"}, "diskSizeGB": 512},
)
LOOSE_DISK: Final[Kind] = Kind(
    "Microsoft.Compute/disks",
    "disk-{r.label}-old-{r.number}",
    share=7,
    least=8,
    sku=_PREMIUM,
    properties=_DISK | {"diskState": Switch(Feature("disk.export", (7, 7, 8, 8)), "Unattached", "ActiveSAS")},
)
SNAPSHOT: Final[Kind] = Kind(
    "Microsoft.Compute/snapshots",
    "snap-{r.label}-{r.number}",
    share=8,
    least=10,
    sku={"name": "Standard_LRS", "tier": "Standard"},
    properties={
        "creationData": {"createOption": "Copy"},
        "diskSizeGB": 128,
        "incremental": Pick("snapshot.incremental", (True, False)),
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": Switch(
            Feature("snapshot.exportable", (84, 76, 66, 54)), "DenyAll", "AllowAll"
        ),
        "publicNetworkAccess": Switch(
            Feature("snapshot.exportable", (84, 76, 66, 54)), "Disabled", "Enabled"
        ),
        "diskState": Switch(Feature("snapshot.export", (8, 8, 9, 8)), "Unattached", "ActiveSAS"),
        "timeCreated": Made(lambda scene, item: f'"{_snapshot_taken(scene, item)}"'),
        "provisioningState": "Succeeded",
    },
)


def _snapshot_taken(scene: Scene, item: Resource) -> str:
    """Old snapshots stay; those that somebody looks after are a few weeks old at every date."""
    spread = scene.draw("snapshot.age")(item.ordinal)
    forgotten = scene.fails(Feature("snapshot.forgotten", (70, 60, 48, 38)), item)
    return scene.founded(120 + 700 * spread) if forgotten else scene.moment(2 + 60 * spread)


_NIC_ADDRESS: Final = {
    "privateIPAddress": Made(lambda _, item: f'"10.{item.ordinal % 250}.1.{item.ordinal // 250 % 250 + 4}"'),
    "privateIPAllocationMethod": "Dynamic",
    "privateIPAddressVersion": "IPv4",
    "subnet": {"id": subnet_of("snet-app")},
    "publicIPAddress": Switch(PUBLIC_IP, ABSENT, {"id": Id(lambda: VM_ADDRESS)}),
    "applicationSecurityGroups": Switch(
        Feature("nic.application-group", (96, 88, 76, 62)),
        [{"id": Made(lambda scene, item: f'"{scene.follower(ASG, scene.network_of(VNET, item)).id}"')}],
        ABSENT,
    ),
    "primary": True,
    "provisioningState": "Succeeded",
}
NIC: Final[Kind] = Kind(
    "Microsoft.Network/networkInterfaces",
    "nic-{r.leader.name}",
    follows=VM,
    properties={
        "ipConfigurations": [
            {"id": Text("{r.id}/ipConfigurations/ipconfig1"), "name": "ipconfig1", "properties": _NIC_ADDRESS}
        ],
        "networkSecurityGroup": Switch(
            Feature("nic.nsg", (40, 38, 36, 34)),
            ABSENT,
            {"id": Made(lambda scene, item: f'"{_first_nsg(scene, item)}"')},
        ),
        "virtualMachine": {"id": Text("{r.leader.id}")},
        "enableIPForwarding": by_system(
            Switch(Feature("nic.forwarding", (5, 5, 4, 4)), False, True), False, False, True
        ),
        "enableAcceleratedNetworking": True,
        "nicType": "Standard",
        "primary": True,
        "provisioningState": "Succeeded",
    },
)


def _first_nsg(scene: Scene, item: Resource) -> str:
    return scene.follower(NSG, scene.network_of(VNET, item)).id


def public_address(
    follows: Kind, configuration: str, when: Any = None, name: str = "pip-{r.leader.name}"
) -> Kind:
    """Public IP addresses of another kind of resource."""
    return Kind(
        "Microsoft.Network/publicIPAddresses",
        name,
        follows=follows,
        when=when,
        sku=Switch(
            Feature("pip.basic", (30, 22, 14, 6)),
            {"name": "Standard", "tier": "Regional"},
            {"name": "Basic", "tier": "Regional"},
        ),
        properties={
            "ipAddress": Made(lambda _, item: f'"203.0.113.{item.ordinal % 250 + 1}"'),
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ddosSettings": {
                "protectionMode": Switch(
                    Feature(f"pip.ddos/{configuration}", (80, 74, 64, 52)),
                    "Enabled",
                    "VirtualNetworkInherited",
                )
            },
            "ipConfiguration": {"id": Text(f"{{r.leader.id}}/{configuration}")},
            "provisioningState": "Succeeded",
        },
    )


VM_ADDRESS: Final[Kind] = public_address(NIC, "ipConfigurations/ipconfig1", lacking(PUBLIC_IP))

KINDS: Final = (USER_IDENTITY, VM, OS_DISK, DATA_DISK, LOOSE_DISK, SNAPSHOT, NIC, VM_ADDRESS)
