"""The settings around people: authentication methods, default permissions, cross-tenant access, domains, synchronisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import Object, guid
from ztkit.collect.demo.graph.roster import ACQUIRED_DOMAIN, DOMAIN, INITIAL_DOMAIN
from ztkit.collect.demo.organisation import ACQUIRED_FROM

_ALL: Final = {"id": "all_users", "targetType": "group"}
_NEVER: Final = 2_147_483_647
_GUEST, _RESTRICTED_GUEST = "10dae51f-b6af-4016-8d66-8c2a99b929b3", "2af84b1e-32c8-42b7-82bc-daa82404023b"
_SINCE: Final[dict[str, int]] = {
    "context": 1,
    "campaign": 1,
    "hashes": 1,
    "never-expire": 1,
    "consent": 1,
    "inviters": 1,
    "passkeys": 2,
    "pass": 2,
    "guests": 2,
    "applications": 2,
    "moor-managed": 2,
    "migrated": 3,
    "hard-match": 3,
    "tenants": 3,
    "no-calls": 3,
}
"""The quarter from which on a setting is right; a setting that is not listed does not change."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of these settings at the scene's date."""
    yield Object(
        "authenticationMethodsPolicy",
        "authenticationMethodsPolicy",
        "Authentication Methods Policy",
        _policy(scene),
    )
    for name, kind, properties in _methods(scene):
        yield Object("authenticationMethodConfiguration", name, "", properties, kind)
    yield Object("authorizationPolicy", "authorizationPolicy", "Authorization Policy", _authorization(scene))
    yield Object("crossTenantAccessPolicyConfigurationDefault", "default", "", _cross_tenant())
    for name, properties in _domains(scene):
        yield Object("domain", name, "", properties)
    yield Object(
        "onPremisesDirectorySynchronization",
        guid(scene.organisation.seed, "synchronisation"),
        "",
        _synchronisation(scene),
    )


def _is_right(scene: Scene, name: str) -> bool:
    return scene.quarter >= _SINCE[name]


def _policy(scene: Scene) -> dict[str, Any]:
    return {
        "description": "Which methods of authentication are allowed, and for whom.",
        "policyVersion": "1.5",
        "policyMigrationState": "migrationComplete"
        if _is_right(scene, "migrated")
        else "migrationInProgress",
        "registrationEnforcement": {
            "authenticationMethodsRegistrationCampaign": {
                "state": "enabled" if _is_right(scene, "campaign") else "disabled",
                "snoozeDurationInDays": 1,
                "includeTargets": [{**_ALL, "targetedAuthenticationMethod": "microsoftAuthenticator"}],
                "excludeTargets": [],
            }
        },
    }


def _methods(scene: Scene) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Methods by id, with the derived entity and what is set."""
    pilot = {"id": guid(scene.organisation.seed, "group", "passkey pilot"), "targetType": "group"}
    shown = {"state": "enabled", "includeTarget": {"id": "all_users", "targetType": "group"}}
    yield (
        "Fido2",
        "fido2AuthenticationMethodConfiguration",
        {
            "state": "enabled",
            "isSelfServiceRegistrationAllowed": True,
            "isAttestationEnforced": False,
            "keyRestrictions": {"isEnforced": False, "enforcementType": "allow", "aaGuids": []},
            "includeTargets": [_ALL if _is_right(scene, "passkeys") else pilot],
        },
    )
    yield (
        "MicrosoftAuthenticator",
        "microsoftAuthenticatorAuthenticationMethodConfiguration",
        {
            "state": "enabled",
            "isSoftwareOathEnabled": True,
            "featureSettings": {
                "displayAppInformationRequiredState": shown
                if _is_right(scene, "context")
                else {**shown, "state": "default"},
                "displayLocationInformationRequiredState": {**shown, "state": "default"},
            },
            "includeTargets": [_ALL],
        },
    )
    yield "Sms", "smsAuthenticationMethodConfiguration", {"state": "enabled", "includeTargets": [_ALL]}
    yield (
        "Voice",
        "voiceAuthenticationMethodConfiguration",
        {
            "state": "disabled" if _is_right(scene, "no-calls") else "enabled",
            "isOfficePhoneAllowed": False,
            "includeTargets": [_ALL],
        },
    )
    yield (
        "TemporaryAccessPass",
        "",
        {"state": "enabled" if _is_right(scene, "pass") else "disabled", "includeTargets": [_ALL]},
    )
    yield "SoftwareOath", "", {"state": "enabled", "includeTargets": [_ALL]}


def _authorization(scene: Scene) -> dict[str, Any]:
    consent = "low" if _is_right(scene, "consent") else "legacy"
    return {
        "allowInvitesFrom": "adminsAndGuestInviters" if _is_right(scene, "inviters") else "everyone",
        "allowEmailVerifiedUsersToJoinOrganization": True,
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowUserConsentForRiskyApps": False,
        "blockMsolPowerShell": False,
        "guestUserRoleId": _RESTRICTED_GUEST if _is_right(scene, "guests") else _GUEST,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": not _is_right(scene, "applications"),
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": not _is_right(scene, "tenants"),
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": [
                f"ManagePermissionGrantsForSelf.microsoft-user-default-{consent}"
            ],
        },
    }


def _cross_tenant() -> dict[str, Any]:
    """Everything as the service has it, but for the trust in foreign factors that somebody ticked."""
    return {
        "isServiceDefault": False,
        "inboundTrust": {
            "isMfaAccepted": True,
            "isCompliantDeviceAccepted": False,
            "isHybridAzureADJoinedDeviceAccepted": False,
        },
        "b2bCollaborationInbound": _access("allowed"),
        "b2bCollaborationOutbound": _access("allowed"),
        "b2bDirectConnectInbound": _access("blocked"),
        "b2bDirectConnectOutbound": _access("blocked"),
    }


def _access(kind: str) -> dict[str, Any]:
    return {
        "usersAndGroups": {"accessType": kind, "targets": [{"target": "AllUsers", "targetType": "user"}]},
        "applications": {
            "accessType": kind,
            "targets": [{"target": "AllApplications", "targetType": "application"}],
        },
    }


def _domains(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    validity = _NEVER if _is_right(scene, "never-expire") else 90
    yield INITIAL_DOMAIN, _domain("Managed", validity, isInitial=True)
    yield DOMAIN, _domain("Managed", validity, isDefault=True)
    yield f"depots.{DOMAIN}", _domain("Managed", None, isRoot=False)
    yield "hm-drivers.example", _domain("Managed", 90)
    yield (
        "moor-freight.example",
        _domain("Managed" if _is_right(scene, "moor-managed") else "Federated", validity),
    )
    yield "hm-planned.example", _domain("Managed", None, isVerified=False, isRoot=False)
    if scene.quarter >= ACQUIRED_FROM:
        yield ACQUIRED_DOMAIN, _domain("Federated", None)


def _domain(way: str, validity: int | None, **more: bool) -> dict[str, Any]:
    return {
        "authenticationType": way,
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": True,
        "passwordValidityPeriodInDays": validity,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        **more,
    }


def _synchronisation(scene: Scene) -> dict[str, Any]:
    return {
        "configuration": {
            "accidentalDeletionPrevention": {
                "synchronizationPreventionType": "enabledForCount",
                "alertThreshold": 500,
            }
        },
        "features": {
            "passwordSyncEnabled": _is_right(scene, "hashes"),
            "blockSoftMatchEnabled": False,
            "blockCloudObjectTakeoverThroughHardMatchEnabled": _is_right(scene, "hard-match"),
            "softMatchOnUpnEnabled": True,
            "synchronizeUpnForManagedUsersEnabled": True,
            "deviceWritebackEnabled": False,
        },
    }
