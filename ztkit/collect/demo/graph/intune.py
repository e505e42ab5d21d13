"""Intune's settings and policies: compliance, updates, protection of endpoints and apps, enrolment, connectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import Object, guid

DEFENDER: Final = "fc780465-2017-40d4-a0c5-307022471b92"
"""The connector of Microsoft Defender for Endpoint, the same in every tenant."""
Properties = dict[str, Any]
Policy = tuple[int, str, str, str, Properties]
"""Since which quarter, its name, its derived entity, whom it reaches, and its settings."""
_EVERYONE: Final = "allLicensedUsers"
_DEVICES: Final = "allDevices"
_NOBODY: Final = ""

_COMPLIANCE: Final[tuple[tuple[Policy, tuple[int, ...], int], ...]] = (
    # the policy, the hours after which a device is marked as not compliant, and the quarter from which users are told
    (
        (
            0,
            "Windows office",
            "windows10CompliancePolicy",
            _EVERYONE,
            {
                "bitLockerEnabled": True,
                "secureBootEnabled": False,
                "codeIntegrityEnabled": False,
                "osMinimumVersion": "10.0.22631.5000",
                "passwordRequired": True,
                "passwordMinimumLength": 8,
            },
        ),
        (720, 720, 168, 72),
        1,
    ),
    (
        (
            1,
            "Windows terminals",
            "windows10CompliancePolicy",
            "g-terminals",
            {
                "bitLockerEnabled": False,
                "secureBootEnabled": False,
                "osMinimumVersion": "",
                "passwordRequired": False,
            },
        ),
        (720, 720, 720, 720),
        4,
    ),
    (
        (
            0,
            "iOS",
            "iosCompliancePolicy",
            _EVERYONE,
            {
                "securityBlockJailbrokenDevices": True,
                "osMinimumVersion": "17.0",
                "passcodeRequired": True,
                "passcodeMinimumLength": 6,
                "deviceThreatProtectionEnabled": False,
                "deviceThreatProtectionRequiredSecurityLevel": "notSet",
            },
        ),
        (240, 168, 0, 0),
        0,
    ),
    (
        (
            1,
            "Android drivers",
            "androidCompliancePolicy",
            "g-drivers",
            {
                "storageRequireEncryption": False,
                "passwordRequired": True,
                "passwordMinimumLength": 4,
                "osMinimumVersion": "",
                "deviceThreatProtectionEnabled": False,
            },
        ),
        (336, 336, 336, 336),
        4,
    ),
    (
        (
            1,
            "Android private",
            "androidCompliancePolicy",
            "g-private-phones",
            {
                "storageRequireEncryption": True,
                "securityBlockJailbrokenDevices": True,
                "passwordRequired": True,
                "passwordMinimumLength": 6,
                "osMinimumVersion": "13.0",
                "deviceThreatProtectionEnabled": False,
            },
        ),
        (0, 0, 0, 0),
        2,
    ),
    (
        (
            2,
            "macOS draft",
            "macOSCompliancePolicy",
            _NOBODY,
            {
                "storageRequireEncryption": True,
                "systemIntegrityProtectionEnabled": True,
                "firewallEnabled": True,
            },
        ),
        (0, 0, 0, 0),
        4,
    ),
)
_RINGS: Final[tuple[tuple[int, str, str, tuple[int, int | None, int], bool, str], ...]] = (
    # since, name, target; deferral, deadline and grace in days; paused; whether users may pause
    (0, "Ring 0 test", "g-test", (0, 2, 1), False, "disabled"),
    (0, "Ring 1 pilot", "g-pilot", (3, 5, 2), False, "disabled"),
    (1, "Ring 2 office", _EVERYONE, (7, 5, 2), False, "notConfigured"),
    (0, "Ring 3 warehouse terminals", "g-terminals", (21, None, 0), False, "enabled"),
    (1, "Ring 4 control room", "g-control-room", (14, 7, 3), True, "notConfigured"),
)
_FIREWALL: Final = ("firewallProfileDomain", "firewallProfilePrivate", "firewallProfilePublic")
_PROTECTION: Final[tuple[tuple[int, str, str, tuple[str, str, str], bool, tuple[str, ...]], ...]] = (
    # since, name, target; firewall in domain, private, public networks; whether it is strict; exclusions
    (
        1,
        "Endpoint protection office",
        _DEVICES,
        ("allowed", "allowed", "allowed"),
        True,
        ("C:\\Program Files\\Dispatch\\dispatch.exe",),
    ),
    (
        0,
        "Endpoint protection terminals",
        "g-terminals",
        ("blocked", "allowed", "allowed"),
        False,
        ("C:\\Scanner", "D:\\"),
    ),
    (2, "Endpoint protection test", _NOBODY, ("notConfigured", "notConfigured", "notConfigured"), False, ()),
)
_STRICT_APP: Final[Properties] = {
    "allowedOutboundDataTransferDestinations": "managedApps",
    "allowedInboundDataTransferSources": "managedApps",
    "allowedOutboundClipboardSharingLevel": "managedAppsWithPasteIn",
    "saveAsBlocked": True,
    "allowedDataStorageLocations": ["oneDriveForBusiness", "sharePoint"],
    "dataBackupBlocked": True,
    "pinRequired": True,
    "minimumPinLength": 6,
    "maximumPinRetries": 5,
    "deviceComplianceRequired": True,
}
_LOOSE_APP: Final[Properties] = {
    "allowedOutboundDataTransferDestinations": "allApps",
    "allowedInboundDataTransferSources": "allApps",
    "allowedOutboundClipboardSharingLevel": "allApps",
    "saveAsBlocked": False,
    "allowedDataStorageLocations": [],
    "dataBackupBlocked": False,
    "pinRequired": False,
    "minimumPinLength": 4,
    "maximumPinRetries": 5,
}
_APPS: Final[tuple[tuple[str, str, int, int, Properties], ...]] = (
    # table, name, since when it is assigned, since when it is strict, what its platform has of its own
    ("iosManagedAppProtection", "iOS office", 0, 1, {"appDataEncryptionType": "whenDeviceLocked"}),
    ("iosManagedAppProtection", "iOS partners", 2, 3, {"appDataEncryptionType": "afterDeviceRestart"}),
    ("iosManagedAppProtection", "iOS draft", 4, 4, {"appDataEncryptionType": "useDeviceSettings"}),
    ("androidManagedAppProtection", "Android office", 1, 2, {"encryptAppData": True}),
    ("androidManagedAppProtection", "Android drivers", 1, 4, {"encryptAppData": False}),
)


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of Intune but the devices."""
    yield from _settings(scene)
    for (since, name, kind, target, settings), hours, told in _COMPLIANCE:
        if scene.quarter >= since:
            properties = _asking(scene, kind, settings)
            properties |= {"assignments": _assigned(scene, target), "version": 1 + scene.quarter}
            properties["scheduledActionsForRule"] = [_rule(hours[scene.quarter], scene.quarter >= told)]
            yield _policy(scene, "deviceCompliancePolicy", name, kind, properties)
    yield from _rings(scene)
    yield from _profiles(scene)
    yield from _apps(scene)
    yield from _enrolment(scene)
    yield from _connectors(scene)


def _policy(scene: Scene, table: str, name: str, kind: str, properties: Properties) -> Object:
    dates = {"createdDateTime": scene.founded(300), "lastModifiedDateTime": scene.moment(20)}
    return Object(table, guid(scene.organisation.seed, table, name), name, dates | properties, kind)


def _assigned(scene: Scene, target: str) -> list[Properties]:
    """The assignments of a policy: to everyone, to a group, or to nobody."""
    if not target:
        return []
    is_group = target.startswith("g-")
    kind = "group" if is_group else target
    reached: Properties = {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget"}
    if is_group:
        reached["groupId"] = guid(scene.organisation.seed, "group", target)
    return [{"id": guid(scene.organisation.seed, "assignment", target), "target": reached}]


def _rule(hours: int, tells: bool) -> Properties:
    """What happens to a device that fails, and when."""
    steps: list[Properties] = [{"actionType": "block", "gracePeriodHours": hours}]
    if tells:
        steps.append({"actionType": "notification", "gracePeriodHours": 0})
    return {"scheduledActionConfigurations": steps}


def _asking(scene: Scene, kind: str, settings: Properties) -> Properties:
    """The settings of a compliance policy; the threat level of phones counts from the third quarter on."""
    if kind == "iosCompliancePolicy" and scene.quarter >= 2:
        level = {
            "deviceThreatProtectionEnabled": True,
            "deviceThreatProtectionRequiredSecurityLevel": "medium",
        }
        return settings | level
    return dict(settings)


def _settings(scene: Scene) -> Iterator[Object]:
    """What holds for all devices, those without a policy too."""
    quarter = scene.quarter
    strict: Properties = {
        "secureByDefault": quarter >= 2,
        "deviceComplianceCheckinThresholdDays": 90 if quarter < 2 else 30,
    }
    yield Object("deviceManagement", "deviceManagement", "", strict)


def _rings(scene: Scene) -> Iterator[Object]:
    """Update rings."""
    for since, name, target, (deferral, deadline, grace), paused, pausing in _RINGS:
        if scene.quarter >= since:
            properties: Properties = {
                "assignments": _assigned(scene, target),
                "qualityUpdatesDeferralPeriodInDays": deferral,
                "featureUpdatesDeferralPeriodInDays": 2 * deferral,
                "qualityUpdatesPaused": paused,
                "qualityUpdatesPauseExpiryDateTime": scene.moment(-20) if paused else "0001-01-01T00:00:00Z",
                "userPauseAccess": pausing,
                "automaticUpdateMode": "autoInstallAtMaintenanceTime",
            }
            if deadline is not None:
                properties |= {
                    "deadlineForQualityUpdatesInDays": deadline,
                    "deadlineGracePeriodInDays": grace,
                }
            kind = "windowsUpdateForBusinessConfiguration"
            yield _policy(scene, "deviceConfiguration", name, kind, properties)


def _profiles(scene: Scene) -> Iterator[Object]:
    """Profiles for the protection of Windows computers."""
    for since, name, target, firewall, is_strict, exclusions in _PROTECTION:
        if scene.quarter >= since:
            properties: Properties = {
                "assignments": _assigned(scene, target),
                "bitLockerEncryptDevice": target != _NOBODY,
                "bitLockerRemovableDrivePolicy": {"requireEncryptionForWriteAccess": is_strict},
                "smartScreenEnableInShell": True,
                "smartScreenBlockOverrideForFiles": is_strict,
                "defenderAttackSurfaceReductionExcludedPaths": list(exclusions),
            }
            for network, state in zip(_FIREWALL, firewall, strict=True):
                properties[network] = {"firewallEnabled": state}
            kind = "windows10EndpointProtectionConfiguration"
            yield _policy(scene, "deviceConfiguration", name, kind, properties)


def _apps(scene: Scene) -> Iterator[Object]:
    """Protection of applications on phones."""
    for table, name, assigned, strict, own in _APPS:
        is_assigned, is_strict = scene.quarter >= assigned, scene.quarter >= strict
        lowest = "17.0" if table.startswith("ios") else "13.0"
        properties = (_STRICT_APP if is_strict else _LOOSE_APP) | own
        properties |= {
            "isAssigned": is_assigned,
            "deployedAppCount": 14,
            "minimumRequiredOsVersion": lowest if is_strict else "",
        }
        yield _policy(scene, table, name, table, properties)


def _enrolment(scene: Scene) -> Iterator[Object]:
    """What may be enrolled by default, how often, and whether people sign in with Windows Hello."""
    seed, quarter = scene.organisation.seed, scene.quarter
    account = guid(seed, "intune account")
    open_, closed = {"personalDeviceEnrollmentBlocked": False}, {"personalDeviceEnrollmentBlocked": True}
    platforms = {
        "windowsRestriction": {"platformBlocked": False} | (closed if quarter else open_),
        "macOSRestriction": {"platformBlocked": False} | open_,
        "iosRestriction": {"platformBlocked": False} | open_,
        "androidRestriction": {"platformBlocked": quarter >= 2} | open_,
    }
    hello = {
        "state": "enabled" if quarter >= 2 else "notConfigured",
        "securityDeviceRequired": quarter >= 3,
        "pinMinimumLength": 6,
        "pinMaximumLength": 127,
        "unlockWithBiometricsEnabled": True,
        "remotePassportEnabled": True,
    }
    for suffix, kind, properties in (
        ("DefaultPlatformRestrictions", "", platforms),
        ("DefaultWindowsHelloForBusiness", "deviceEnrollmentWindowsHelloForBusinessConfiguration", hello),
        ("DefaultLimit", "", {}),
    ):
        everyone = {"priority": 0}
        name = "All users and all devices"
        yield Object(
            "deviceEnrollmentConfiguration", f"{account}_{suffix}", name, everyone | properties, kind
        )


def _connectors(scene: Scene) -> Iterator[Object]:
    """Defender for Endpoint from the second quarter on, and an older partner for Android that fell silent."""
    if scene.quarter >= 1:
        defender = {
            "partnerState": "enabled",
            "lastHeartbeatDateTime": scene.moment(0.1),
            "partnerUnresponsivenessThresholdInDays": 7,
            "windowsEnabled": True,
            "windowsDeviceBlockedOnMissingPartnerData": scene.quarter >= 3,
            "iosEnabled": scene.quarter >= 2,
            "iosDeviceBlockedOnMissingPartnerData": scene.quarter >= 3,
            "androidEnabled": False,
            "microsoftDefenderForEndpointAttachEnabled": True,
        }
        yield Object("mobileThreatDefenseConnector", DEFENDER, "", defender)
    partner = {
        "partnerState": "enabled" if scene.quarter == 0 else "unresponsive",
        "lastHeartbeatDateTime": scene.founded(1),
        "partnerUnresponsivenessThresholdInDays": 7,
        "windowsEnabled": False,
        "iosEnabled": False,
        "androidEnabled": True,
        "androidDeviceBlockedOnMissingPartnerData": False,
    }
    yield Object("mobileThreatDefenseConnector", guid(scene.organisation.seed, "mtd partner"), "", partner)
