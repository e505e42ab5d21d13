"""The tenant and its licences, named locations, authentication strengths, security defaults and terms of use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import conditional_access, roster
from ztkit.collect.demo.graph.objects import Object, guid
from ztkit.collect.demo.organisation import ACQUIRED_FROM, ORGANISATION

_PLANS: Final = {
    "EXCHANGE_S_ENTERPRISE": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "INTUNE_A": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
    "AAD_PREMIUM": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
    "AAD_PREMIUM_P2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
    "INSIDER_RISK": "d587c7a3-bda9-4f99-8776-9bcf59c84f75",
    "AAD_WRKLDID_P1": "84c289f0-efcb-486f-8581-07f44fc9efad",
    "AAD_WRKLDID_P2": "7dc0e92d-bf15-401d-907e-0884efe7c760",
}
"""Service plans that matter here, by name."""


@dataclass(frozen=True)
class _Licence:
    """A subscription to licences.

    Attributes:
        quarters: in which quarters the organisation has it.
        share: licences for each of a hundred accounts.
    """

    part: str
    sku: str
    plans: tuple[str, ...]
    quarters: tuple[int, ...]
    share: int


_LICENCES: Final = (
    _Licence(
        "SPE_E3",
        "05e9a617-0261-4cee-bb44-138d3ef5d965",
        ("EXCHANGE_S_ENTERPRISE", "INTUNE_A", "AAD_PREMIUM"),
        (0,),
        95,
    ),
    _Licence(
        "SPE_E5",
        "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
        ("EXCHANGE_S_ENTERPRISE", "INTUNE_A", "AAD_PREMIUM", "AAD_PREMIUM_P2", "INSIDER_RISK"),
        (1, 2, 3),
        95,
    ),
    _Licence("Workload_Identities_Premium_CN", "", ("AAD_WRKLDID_P1", "AAD_WRKLDID_P2"), (3,), 5),
)
"""What is licensed: the plan with risk detection comes in the second quarter."""

_ADDRESSES: Final[dict[str, tuple[bool, tuple[str, ...]]]] = {
    "Headquarters": (True, ("203.0.113.16/29", "2001:db8:10::/48")),
    "Depot North": (True, ("198.51.100.64/28",)),
    "Depot South": (True, ("198.51.100.96/28", "198.51.100.112/28")),
    "Terminal network": (True, ("192.0.2.0/25",)),
    "Cloud proxy": (True, ("203.0.112.0/20",)),
    "Partner portal": (False, ("192.0.0.0/16",)),
}
"""IP locations: whether they are trusted, and their ranges. Nobody has looked at the proxy's since it was rented."""
_COUNTRIES: Final[dict[str, tuple[tuple[str, ...], bool]]] = {
    "countries with depots": (("DE", "NL", "PL"), False),
    "countries on routes": (("BE", "CZ", "DK", "FR"), True),
    "sanctioned countries": (("KP",), True),
}
"""Country locations: which countries, and whether unknown ones belong to them."""

_FIDO: Final = ("windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor")
_PASSWORDLESS: Final = (*_FIDO, "deviceBasedPush")
_SECOND: Final = (
    *_PASSWORDLESS,
    "temporaryAccessPassOneTime",
    "password,microsoftAuthenticatorPush",
    "password,softwareOath",
    "password,sms",
)
_STRENGTHS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("00000000-0000-0000-0000-000000000002", "Multifactor authentication", _SECOND),
    ("00000000-0000-0000-0000-000000000003", "Passwordless MFA", _PASSWORDLESS),
    ("00000000-0000-0000-0000-000000000004", "Phishing-resistant MFA", _FIDO),
    ("", "Passkeys for finance", ("fido2", "windowsHelloForBusiness")),
    ("", "Phishing-resistant for depots", ("fido2", "password,softwareOath")),
)
"""Authentication strengths: id of the built-in ones, name, methods. The last promises more than it holds."""

_TERMS: Final = {"partners": "Terms for partners", "drivers": "Rules for driver telephones"}
"""Terms of use; no policy has ever asked for the second."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of this area at the scene's date."""
    yield _tenant(scene)
    yield from _licences(scene)
    yield from conditional_access.policies(scene)
    yield from _locations(scene)
    yield from _strengths(scene)
    yield _security_defaults()
    yield from _terms_of_use(scene)


def _tenant(scene: Scene) -> Object:
    domains = [roster.INITIAL_DOMAIN, roster.DOMAIN]
    if scene.quarter >= ACQUIRED_FROM:
        domains.append(roster.ACQUIRED_DOMAIN)
    properties = {
        "createdDateTime": scene.founded(2400),
        "countryLetterCode": "DE",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": scene.moment(0.01),
        "securityComplianceNotificationMails": [f"security@{roster.DOMAIN}"],
        "technicalNotificationMails": [f"it-operations@{roster.DOMAIN}"],
        "verifiedDomains": [
            {
                "name": name,
                "type": "Managed",
                "isInitial": name == roster.INITIAL_DOMAIN,
                "isDefault": name == roster.DOMAIN,
                "capabilities": "Email, OfficeCommunicationsOnline",
            }
            for name in domains
        ],
    }
    return Object("organization", scene.organisation.tenant, ORGANISATION, properties)


def _licences(scene: Scene) -> Iterator[Object]:
    accounts = roster.size(scene)
    for licence in _LICENCES:
        if scene.quarter not in licence.quarters:
            continue
        bought = accounts * licence.share // 100
        sku = licence.sku or guid("sku", licence.part)
        properties: dict[str, Any] = {
            "skuId": sku,
            "skuPartNumber": licence.part,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": bought - bought // 30,
            "prepaidUnits": {"enabled": bought, "suspended": 0, "warning": 0, "lockedOut": 0},
            "servicePlans": [
                {
                    "servicePlanId": _PLANS[plan],
                    "servicePlanName": plan,
                    "provisioningStatus": "Success",
                    "appliesTo": "User",
                }
                for plan in licence.plans
            ],
        }
        yield Object("subscribedSku", f"{scene.organisation.tenant}_{sku}", "", properties)


def _locations(scene: Scene) -> Iterator[Object]:
    seed = scene.organisation.seed
    for number, (name, (is_trusted, ranges)) in enumerate(_ADDRESSES.items()):
        dates = {"createdDateTime": scene.founded(1500 - 60 * number), "modifiedDateTime": scene.founded(90)}
        addresses = [
            {
                "@odata.type": f"#microsoft.graph.i{'Pv6' if ':' in cidr else 'Pv4'}CidrRange",
                "cidrAddress": cidr,
            }
            for cidr in ranges
        ]
        properties = {**dates, "isTrusted": is_trusted, "ipRanges": addresses}
        yield Object("namedLocation", guid(seed, "location", name), name, properties, "ipNamedLocation")
    for name, (countries, with_unknown) in _COUNTRIES.items():
        properties = {
            "createdDateTime": scene.founded(200),
            "countriesAndRegions": list(countries),
            "countryLookupMethod": "clientIpAddress",
            "includeUnknownCountriesAndRegions": with_unknown,
        }
        title = name.capitalize()
        yield Object("namedLocation", guid(seed, "location", name), title, properties, "countryNamedLocation")


def _strengths(scene: Scene) -> Iterator[Object]:
    for built_in, name, methods in _STRENGTHS:
        properties = {
            "createdDateTime": "2021-12-01T00:00:00Z" if built_in else scene.founded(150),
            "policyType": "builtIn" if built_in else "custom",
            "requirementsSatisfied": "mfa",
            "allowedCombinations": list(methods),
        }
        identifier = built_in or guid(scene.organisation.seed, "strength", name)
        yield Object("authenticationStrengthPolicy", identifier, name, properties)


def _security_defaults() -> Object:
    """Off, as Conditional Access requires."""
    return Object(
        "identitySecurityDefaultsEnforcementPolicy",
        "00000000-0000-0000-0000-000000000005",
        "Security Defaults",
        {"isEnabled": False},
    )


def _terms_of_use(scene: Scene) -> Iterator[Object]:
    for key, name in _TERMS.items():
        properties = {
            "isPerDeviceAcceptanceRequired": False,
            "isViewingBeforeAcceptanceRequired": True,
            "userReacceptRequiredFrequency": "P365D",
        }
        yield Object("agreement", guid(scene.organisation.seed, "terms", key), name, properties)
