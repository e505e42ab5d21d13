"""Devices, as the directory and as Intune know them; Intune's policies, labels and the secure score beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import intune, posture, roster
from ztkit.collect.demo.graph.objects import Object, guid


@dataclass(frozen=True)
class _Sort:
    """A sort of devices.

    Attributes:
        share: devices for each account of the organisation.
        directory: the operating system as the directory spells it.
        managed: the same, as Intune spells it.
        versions: of old devices first, of current ones last.
    """

    name: str
    prefix: str
    share: float
    directory: str
    managed: str
    versions: tuple[str, ...]
    maker: str
    model: str


_SORTS: Final = (
    _Sort(
        "computer",
        "LT",
        0.62,
        "Windows",
        "Windows",
        ("10.0.19045.6456", "10.0.22631.6060", "10.0.26100.6899", "10.0.26200.6899"),
        "Fabrikam",
        "Notebook 14",
    ),
    _Sort("mac", "MB", 0.05, "MacMDM", "macOS", ("13.7.8", "15.7.1", "26.0.1"), "Apple", "MacBook Air"),
    _Sort("phone", "PH", 0.30, "IPhone", "iOS", ("16.7.12", "18.7.1", "26.0.1"), "Apple", "iPhone"),
    _Sort("tablet", "TB", 0.04, "IPad", "iPadOS", ("16.7.12", "18.7.1", "26.0.1"), "Apple", "iPad"),
    _Sort("scanner", "DR", 0.28, "AndroidEnterprise", "Android", ("10", "13", "15"), "Contoso", "Rugged 5"),
)
_SERVERS: Final = ("SRV-AD-01", "SRV-AD-02", "SRV-FILE-01", "SRV-PRINT-01", "SRV-TMS-01", "SRV-TMS-02")
_RATES: Final[dict[str, tuple[float, float, float, float]]] = {
    "unmanaged": (18, 12, 8, 5),
    "registered": (9, 7, 6, 5),
    "stale": (16, 14, 9, 6),
    "ownerless": (20, 12, 6, 3),
    "failing": (24, 18, 12, 8),
    "clear": (14, 9, 5, 3),
    "old": (45, 30, 18, 9),
    "silent": (12, 10, 8, 6),
    "threatened": (3, 3, 2, 1.5),
    "broken": (2, 1.5, 1, 0.8),
}
"""In how many of a hundred devices something is wrong, quarter by quarter."""
_FAILURES: Final = ("noncompliant", "noncompliant", "inGracePeriod", "error", "unknown")
_REGISTRATION: Final[tuple[dict[str, Any], ...]] = (
    {"multiFactorAuthConfiguration": "notRequired", "join": "all", "laps": False},
    {"multiFactorAuthConfiguration": "required", "join": "all", "laps": True},
    {"multiFactorAuthConfiguration": "required", "join": "enumerated", "laps": True},
    {"multiFactorAuthConfiguration": "required", "join": "enumerated", "laps": True},
)
"""The settings for registering and joining devices, quarter by quarter."""


@dataclass(frozen=True)
class _Device:
    """One device; ``number`` counts all of them, ``place`` those of its sort."""

    sort: _Sort
    number: int
    place: int

    @property
    def name(self) -> str:
        return f"{self.sort.prefix}-{self.place + 1:04}"

    @property
    def is_computer(self) -> bool:
        return self.sort.name == "computer"


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of this area at the scene's date."""
    yield _registration(scene)
    yield from _servers(scene)
    state = _State(scene)
    for device in _devices(scene):
        yield state.in_directory(device)
        if not state.is_wrong("unmanaged", device):
            yield state.in_intune(device)
    yield from intune.objects(scene)
    yield from posture.objects(scene)


def _devices(scene: Scene) -> Iterator[_Device]:
    accounts = roster.size(scene)
    number = 0
    for sort in _SORTS:
        for place in range(round(accounts * sort.share)):
            yield _Device(sort, number, place)
            number += 1


class _State:
    """What is wrong with which device at a date; a device that was put right stays right."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._draws: dict[str, Callable[[int], float]] = {
            name: scene.draw(f"graph/device/{name}") for name in (*_RATES, "date", "hybrid", "private")
        }

    def draw(self, name: str, device: _Device) -> float:
        """A number in [0, 1) for a device."""
        return self._draws[name](device.number)

    def is_wrong(self, name: str, device: _Device) -> bool:
        """Whether something is wrong with a device."""
        return self.draw(name, device) * 100 < _RATES[name][self._scene.quarter]

    def is_private(self, device: _Device) -> bool:
        """Whether a phone belongs to the person who carries it."""
        return device.sort.name == "phone" and self.draw("private", device) < 0.3

    def id(self, device: _Device, register: str) -> str:
        """The device's id in one of the two registers."""
        return guid(self._scene.organisation.seed, register, device.name)

    def in_directory(self, device: _Device) -> Object:
        """The device as Entra ID has it."""
        date, is_stale = self.draw("date", device), self.is_wrong("stale", device)
        was_put_away = not is_stale and self.draw("stale", device) < _RATES["stale"][0] / 100
        is_managed = not self.is_wrong("unmanaged", device)
        days = 100 + 500 * date if is_stale or was_put_away else 80 * date**2
        properties = {
            "accountEnabled": not was_put_away,
            "approximateLastSignInDateTime": self._scene.moment(days),
            "deviceId": self.id(device, "entra"),
            "deviceOwnership": "Personal" if self.is_private(device) else "Company",
            "isManaged": is_managed,
            "isCompliant": is_managed and not self.is_wrong("failing", device),
            "managementType": "MDM" if is_managed else None,
            "operatingSystem": device.sort.directory,
            "operatingSystemVersion": self._version(device),
            "profileType": "RegisteredDevice",
            "registrationDateTime": self._scene.founded(30 + 1500 * date),
            "trustType": self._trust(device),
        }
        return Object("device", self.id(device, "directory"), device.name, properties)

    def in_intune(self, device: _Device) -> Object:
        """The device as Intune has it."""
        date = self.draw("date", device)
        is_silent = self.is_wrong("silent", device)
        properties = {
            "deviceName": device.name,
            "azureADDeviceId": self.id(device, "entra"),
            "azureADRegistered": True,
            "enrolledDateTime": self._scene.founded(20 + 900 * date),
            "lastSyncDateTime": self._scene.moment(32 + 200 * date if is_silent else 6 * date),
            "managedDeviceOwnerType": self._owner(device),
            "managementAgent": "mdm",
            "managementState": "wipePending" if is_silent and date > 0.9 else "managed",
            "complianceState": self._compliance(device),
            "isEncrypted": not (device.sort.name in ("computer", "mac") and self.is_wrong("clear", device)),
            "jailBroken": self._jail(device),
            "partnerReportedThreatState": self._threat(device),
            "operatingSystem": device.sort.managed,
            "osVersion": self._version(device),
            "manufacturer": device.sort.maker,
            "model": device.sort.model,
        }
        return Object("managedDevice", self.id(device, "intune"), "", properties)

    def _version(self, device: _Device) -> str:
        versions = device.sort.versions
        if self.is_wrong("old", device):
            return versions[0]
        return versions[1 + int(self.draw("date", device) * (len(versions) - 1))]

    def _trust(self, device: _Device) -> str:
        if not device.is_computer or self.is_wrong("registered", device):
            return "Workplace"
        return "ServerAd" if self.draw("hybrid", device) < 0.4 else "AzureAd"

    def _owner(self, device: _Device) -> str:
        if self.is_wrong("ownerless", device):
            return "unknown"
        return "personal" if self.is_private(device) else "company"

    def _compliance(self, device: _Device) -> str:
        if not self.is_wrong("failing", device):
            return "compliant"
        return _FAILURES[int(self.draw("date", device) * len(_FAILURES))]

    def _jail(self, device: _Device) -> str:
        if device.is_computer or device.sort.name == "mac":
            return "Unknown"
        return str(self.is_wrong("broken", device))

    def _threat(self, device: _Device) -> str:
        if self._scene.quarter == 0 or device.sort.name in ("mac", "scanner"):
            return "unknown"
        if not self.is_wrong("threatened", device):
            return "secured"
        return ("mediumSeverity", "unresponsive", "lowSeverity")[int(self.draw("date", device) * 3)]


def _servers(scene: Scene) -> Iterator[Object]:
    """Servers of the head office, which are in the directory by hybrid join and not under Intune."""
    for place, name in enumerate(_SERVERS):
        properties = {
            "accountEnabled": True,
            "approximateLastSignInDateTime": scene.moment(1 + place),
            "deviceId": guid(scene.organisation.seed, "entra", name),
            "isManaged": False,
            "operatingSystem": "Windows Server 2019 Standard"
            if place % 2
            else "Windows Server 2022 Standard",
            "operatingSystemVersion": "10.0.17763.7678" if place % 2 else "10.0.20348.4171",
            "registrationDateTime": scene.founded(700 + 90 * place),
            "trustType": "ServerAd",
        }
        yield Object("device", guid(scene.organisation.seed, "directory", name), name, properties)


def _registration(scene: Scene) -> Object:
    """The policy for registering and joining devices."""
    now = _REGISTRATION[scene.quarter]
    everyone = {"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}
    joining = {"@odata.type": f"#microsoft.graph.{now['join']}DeviceRegistrationMembership"}
    properties = {
        "description": "Tenant-wide policy that manages initial provisioning controls.",
        "userDeviceQuota": 50,
        "multiFactorAuthConfiguration": now["multiFactorAuthConfiguration"],
        "azureADRegistration": {"isAdminConfigurable": False, "allowedToRegister": everyone},
        "azureADJoin": {
            "isAdminConfigurable": True,
            "allowedToJoin": joining,
            "localAdmins": {"enableGlobalAdmins": True, "registeringUsers": everyone},
        },
        "localAdminPassword": {"isEnabled": now["laps"]},
    }
    return Object(
        "deviceRegistrationPolicy", "deviceRegistrationPolicy", "Device Registration Policy", properties
    )
