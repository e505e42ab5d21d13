"""Applications, their service principals, credentials and permissions, and the rules for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import governance
from ztkit.collect.demo.graph.objects import Object, guid
from ztkit.collect.demo.graph.register import (
    BOUGHT,
    FIRST_PARTY,
    FOR_CUSTOMERS,
    GRAPH,
    IDENTITIES,
    JOBS,
    NEVER,
    PERMISSIONS,
    PIPELINES,
    PORTALS,
    RETIRED,
    Job,
)
from ztkit.collect.demo.graph.roster import DOMAIN, size

Properties = dict[str, Any]
Quarters = tuple[float, float, float, float]

MICROSOFT: Final = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant that owns Microsoft's applications."""
_LISTED: Final = "WindowsAzureActiveDirectoryIntegratedApp"
_GITHUB: Final = "https://token.actions.githubusercontent.com"

_WRONG: Final[dict[str, Quarters]] = {
    "secret": (80, 66, 50, 34),
    "long": (75, 60, 42, 26),
    "ended": (52, 44, 30, 16),
    "plain": (22, 17, 12, 7),
    "implicit": (36, 26, 16, 8),
    "open": (72, 60, 46, 32),
    "own": (12, 9, 7, 4),
}
"""In how many of a hundred applications something is wrong, quarter by quarter."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of this area at the scene's date, roles and reviews included."""
    book = _Book(scene)
    for place, job in enumerate(JOBS):
        yield from _job(book, place, job)
    for place, name in enumerate(_portals(scene)):
        yield from _portal(book, len(JOBS) + place, name)
    for place, item in enumerate(PIPELINES):
        yield from _pipeline(book, place, *item)
    for place, bought in enumerate(BOUGHT):
        yield from _bought(book, place, *bought)
    yield from _of_microsoft(book)
    yield from _retired(book)
    yield from _policies(scene)
    yield from governance.objects(scene)


class _Book:
    """Makes objects of a scene's applications, and knows what is wrong with which."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.quarter = scene, scene.quarter
        self._draws: dict[str, Callable[[int], float]] = {
            name: scene.draw(f"graph/application/{name}") for name in (*_WRONG, "date")
        }

    def draw(self, place: int) -> float:
        """A number in [0, 1) for an application."""
        return self._draws["date"](place)

    def is_wrong(self, name: str, place: int) -> bool:
        """Whether an application has something wrong."""
        return self._draws[name](place) * 100 < _WRONG[name][self.quarter]

    def guid(self, *parts: object) -> str:
        """An id in this organisation."""
        return guid(self.scene.organisation.seed, *parts)

    def registration(self, name: str, properties: Properties) -> Object:
        """An application registration."""
        common = {
            "appId": self.guid("app-id", name),
            "createdDateTime": self.scene.founded(30 + len(name) * 37),
            "signInAudience": "AzureADMyOrg",
            "publisherDomain": DOMAIN,
        }
        return Object("application", self.guid("application", name), name, common | properties)

    def principal(self, name: str, properties: Properties, owner: str = "") -> Object:
        """A service principal; the tenant owns its application unless another owner is given."""
        common = {
            "appId": self.guid("app-id", name),
            "appDisplayName": name,
            "accountEnabled": True,
            "servicePrincipalType": "Application",
            "appOwnerOrganizationId": owner or self.scene.organisation.tenant,
            "appRoleAssignmentRequired": False,
        }
        return Object("servicePrincipal", self.guid("principal", name), name, common | properties)

    def roles(self, name: str, permissions: Sequence[tuple[str, int, int]]) -> Iterator[Object]:
        """The application permissions on Microsoft Graph that a service principal has now."""
        for permission, first, last in permissions:
            if first <= self.quarter <= last:
                given = {
                    "appRoleId": PERMISSIONS[permission],
                    "createdDateTime": self.scene.founded(200),
                    "principalDisplayName": name,
                    "principalId": self.guid("principal", name),
                    "principalType": "ServicePrincipal",
                    "resourceDisplayName": GRAPH,
                    "resourceId": self.guid("principal", GRAPH),
                }
                yield Object("appRoleAssignment", self.guid("grant", name, permission), "", given)

    def consent(self, name: str, scope: str, user: str = "") -> Iterator[Object]:
        """The delegated permissions that a service principal was given, by all or by one user."""
        if scope:
            given = {
                "clientId": self.guid("principal", name),
                "consentType": "Principal" if user else "AllPrincipals",
                "principalId": user or None,
                "resourceId": self.guid("principal", GRAPH),
                "scope": scope,
            }
            yield Object("oAuth2PermissionGrant", self.guid("consent", name, user), "", given)

    def credential(self, name: str, days: float, ago: float, **more: str) -> Properties:
        """A secret or certificate that was made some days ago, for so many days."""
        return {
            "keyId": self.guid("credential", name, days, ago),
            "displayName": name,
            "startDateTime": self.scene.moment(ago),
            "endDateTime": self.scene.moment(ago - days),
            **more,
        }

    def certificate(self, name: str, days: float, ago: float, usage: str = "Verify") -> Properties:
        """A certificate."""
        return self.credential(f"{name} {usage}", days, ago, usage=usage, type="AsymmetricX509Cert")


def _portals(scene: Scene) -> Iterator[str]:
    """Names of applications with pages: the known ones, and one a dozen people more."""
    yield from PORTALS
    for number in range(1, size(scene) // 24 + 1):
        yield f"Depot tool {number:03}"


def _ended(book: _Book, place: int) -> list[Properties]:
    """A secret that ended long ago and was never cleared away."""
    if not book.is_wrong("ended", place):
        return []
    return [book.credential("first secret", 365, 430 + 300 * book.draw(place))]


def _lifetime(book: _Book, place: int) -> tuple[float, float]:
    """For how many days a credential was made, and how many days ago."""
    days = 730 if book.is_wrong("long", place) else 180
    return days, days * 0.8 * book.draw(place)


def _job(book: _Book, place: int, job: Job) -> Iterator[Object]:
    days, ago = _lifetime(book, place)
    by_secret = book.quarter < job.secret_until
    yield book.registration(
        job.name,
        {
            "passwordCredentials": _ended(book, place) + [book.credential("secret", days, ago)] * by_secret,
            "keyCredentials": [book.certificate("client", days, ago)] * (not by_secret),
        },
    )
    yield book.principal(job.name, {"appRoleAssignmentRequired": place % 3 == 0})
    yield from book.roles(job.name, job.permissions)


def _portal(book: _Book, place: int, name: str) -> Iterator[Object]:
    host = f"{name.lower().replace(' ', '-')}.{DOMAIN}"
    days, ago = _lifetime(book, place)
    is_plain, locked = book.is_wrong("plain", place), FOR_CUSTOMERS.get(name, NEVER) <= book.quarter
    secrets = _ended(book, place) + [book.credential("web", days, ago)] * book.is_wrong("secret", place)
    addresses = [f"https://{host}/signin-oidc"] + [f"http://{host}/signin-oidc"] * is_plain
    properties: Properties = {
        "passwordCredentials": secrets,
        "keyCredentials": [book.certificate("web", days, ago)] * (place % 4 == 1),
        "web": {
            "redirectUris": addresses + ["http://localhost:5001/signin-oidc"] * (place % 5 == 0),
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": book.is_wrong("implicit", place),
                "enableIdTokenIssuance": place % 2 == 0,
            },
        },
        "spa": {"redirectUris": [f"https://{host}/spa"] * (place % 3 == 0)},
        "publicClient": {
            "redirectUris": [f"msauth.{name.lower().replace(' ', '.')}://auth"] * ("app" in name)
        },
    }
    if name in FOR_CUSTOMERS or (name == "Shift planner" and book.quarter < 2):
        properties["signInAudience"] = "AzureADMultipleOrgs"
        properties["servicePrincipalLockConfiguration"] = {"isEnabled": locked, "allProperties": locked}
    yield book.registration(name, properties)
    own = [book.credential("added later", 3650, 400)] * book.is_wrong("own", place)
    yield book.principal(
        name,
        {
            "tags": [_LISTED],
            "preferredSingleSignOnMode": "oidc" if place % 2 else None,
            "appRoleAssignmentRequired": not book.is_wrong("open", place),
            "passwordCredentials": own,
        },
    )
    yield from book.consent(name, "openid profile User.Read")


def _pipeline(book: _Book, place: int, name: str, subject: str, secret: int, pulls: int) -> Iterator[Object]:
    repository = f"repo:halden-moor/{name.removeprefix('Deploy ').replace(' ', '-')}"
    subjects = [f"{repository}:{subject}"] + [f"{repository}:pull_request"] * (book.quarter < pulls)
    trusts = [
        {
            "name": entry.rpartition(":")[2].replace("/", "-"),
            "issuer": _GITHUB,
            "subject": entry,
            "audiences": ["api://AzureADTokenExchange"],
        }
        for entry in subjects
    ]
    left = [book.credential("service connection", 730, 300 + 40 * place)] * (book.quarter < secret)
    yield book.registration(
        name, {"passwordCredentials": left, "keyCredentials": [], "federatedIdentityCredentials": trusts}
    )
    yield book.principal(name, {})


def _bought(
    book: _Book, place: int, name: str, verified: bool, mode: str, scope: str, required: int
) -> Iterator[Object]:
    signing = {
        "passwordCredentials": [book.credential("signing", 1095, 200)],
        "keyCredentials": [book.certificate("signing", 1095, 200, usage) for usage in ("Sign", "Verify")],
    }
    properties: Properties = {
        "tags": [_LISTED],
        "preferredSingleSignOnMode": mode or None,
        "appRoleAssignmentRequired": required <= book.quarter,
    }
    if verified:
        properties["verifiedPublisher"] = {
            "displayName": f"{name} GmbH",
            "verifiedPublisherId": str(4_700_000 + place),
            "addedDateTime": book.scene.founded(500),
        }
    owner = book.guid("publisher", name)
    yield book.principal(name, properties | (signing if mode == "saml" else {}), owner)
    yield from book.consent(name, scope)


def _of_microsoft(book: _Book) -> Iterator[Object]:
    """Microsoft's own applications, and managed identities."""
    for name, scope in FIRST_PARTY:
        hybrid = [book.certificate("hybrid", 1825, 900)] * ("Exchange" in name)
        properties = {"tags": [_LISTED] if name == GRAPH else [], "keyCredentials": hybrid}
        yield book.principal(name, properties, MICROSOFT)
        yield from book.consent(name, scope)
    for name, permissions in IDENTITIES:
        properties = {
            "servicePrincipalType": "ManagedIdentity",
            "keyCredentials": [book.certificate("managed", 90, 20)],
            "tags": [],
        }
        yield book.principal(name, properties)
        yield from book.roles(name, permissions)


def _retired(book: _Book) -> Iterator[Object]:
    for name, by_microsoft, scope, last in RETIRED:
        banned = {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}
        state = banned if by_microsoft else {"accountEnabled": False}
        yield book.principal(name, {"tags": [_LISTED], **state}, book.guid("publisher", name))
        if book.quarter <= last:
            yield from book.consent(name, scope)


def _policies(scene: Scene) -> Iterator[Object]:
    """The admin consent workflow, which is turned on early, and rules for secrets, which stay too generous."""
    is_on = scene.quarter >= 1
    reviewers = guid(scene.organisation.seed, "group", "consent reviewers")
    workflow = {
        "isEnabled": is_on,
        "notifyReviewers": True,
        "remindersEnabled": is_on,
        "requestDurationInDays": 30,
        "version": scene.quarter,
        "reviewers": [{"query": f"/groups/{reviewers}/transitiveMembers", "queryType": "MicrosoftGraph"}]
        * is_on,
    }
    yield Object("adminConsentRequestPolicy", "adminConsentRequestPolicy", "", workflow)
    rule = {
        "restrictionType": "passwordLifetime",
        "state": "enabled",
        "maxLifetime": "P2Y" if scene.quarter < 3 else "P365D",
        "restrictForAppsCreatedAfterDateTime": scene.founded(-120),
    }
    rules = {"passwordCredentials": [rule], "keyCredentials": []}
    policy = {
        "displayName": "Default app management tenant policy",
        "isEnabled": scene.quarter >= 2,
        "applicationRestrictions": rules,
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    }
    identifier = guid(scene.organisation.seed, "app management")
    yield Object("tenantAppManagementPolicy", identifier, "Default app management tenant policy", policy)
