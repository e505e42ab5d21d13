"""Users, guests, authentication methods, risk, domains and synchronisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import risk, sign_in
from ztkit.collect.demo.graph.objects import Object
from ztkit.collect.demo.graph.roster import ADMINISTRATORS, EMERGENCY, Person, people

_WRONG: Final[dict[str, tuple[float, float, float, float]]] = {
    "unregistered": (24, 17, 10, 6),
    "phishable": (93, 86, 71, 54),
    "switched-off": (0, 0, 2, 2),
    "idle": (13, 11, 8, 3.5),
    "idle-guest": (46, 41, 30, 21),
    "open-leaver": (55, 40, 25, 12),
    "forgotten-invitation": (85, 70, 55, 35),
    "weak-password": (40, 40, 35, 35),
}
"""In how many of a hundred accounts something is wrong, quarter by quarter."""
_ADMINISTRATORS_WITH: Final[dict[str, tuple[int, int, int, int]]] = {
    "nothing": (3, 2, 1, 1),
    "passkey": (2, 4, 8, 11),
    "telephone": (11, 9, 6, 3),
    "unused": (4, 3, 2, 1),
}
"""How many of the administrators have something, quarter by quarter."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of this area at the scene's date."""
    chances = _Chances(scene)
    for item in people(scene):
        yield Object("user", item.id, item.name, _user(scene, item, chances))
        yield Object("userRegistrationDetails", item.id, "", _registration(scene, item, chances))
    yield from sign_in.objects(scene)
    yield from risk.objects(scene)


class _Chances:
    """What is wrong with which account at a date; an account that was put right stays right."""

    def __init__(self, scene: Scene) -> None:
        self._quarter = scene.quarter
        self._draws: dict[str, Callable[[int], float]] = {
            name: scene.draw(f"graph/{name}")
            for name in (*_WRONG, "date", "leaver", "invited", "new", "method")
        }

    def draw(self, name: str, person: Person) -> float:
        """A number in [0, 1) for an account."""
        return self._draws[name](person.number)

    def is_wrong(self, name: str, person: Person) -> bool:
        """Whether something is wrong with an account."""
        return self.draw(name, person) * 100 < _WRONG[name][self._quarter]

    def has(self, name: str, person: Person) -> bool:
        """Whether an administrator has something: the first ones do, and for passkeys the last ones."""
        count, place = _ADMINISTRATORS_WITH[name][self._quarter], person.number - EMERGENCY
        return place >= ADMINISTRATORS - count if name == "passkey" else place < count


def _user(scene: Scene, person: Person, chances: _Chances) -> dict[str, Any]:
    date = chances.draw("date", person)
    is_new = person.sort in ("member", "guest") and chances.draw("new", person) < 0.03
    user: dict[str, Any] = {
        "userPrincipalName": person.principal,
        "userType": "Guest" if person.sort == "guest" else "Member",
        "accountEnabled": True,
        "createdDateTime": scene.moment(5 + 40 * date) if is_new else scene.founded(60 + 1800 * date),
        "lastPasswordChangeDateTime": scene.founded(700 * date),
    }
    if person.sort == "member":
        user |= {"onPremisesSyncEnabled": True, "passwordPolicies": "DisablePasswordExpiration"}
        user |= _leaving(scene, person, chances)
    elif person.sort == "machine":
        is_weak = chances.is_wrong("weak-password", person)
        user["passwordPolicies"] = "DisablePasswordExpiration" + ", DisableStrongPassword" * is_weak
    elif person.sort == "guest":
        user |= _invitation(scene, person, chances)
    if not is_new and user.get("externalUserState") != "PendingAcceptance":
        user["signInActivity"] = _activity(scene, person, chances)
    return user


def _leaving(scene: Scene, person: Person, chances: _Chances) -> dict[str, Any]:
    """The leave date of the few who left, and whether somebody blocked them."""
    place = chances.draw("leaver", person)
    if place >= 0.05:
        return {}
    return {
        "employeeLeaveDateTime": scene.moment(4 + 4000 * place),
        "accountEnabled": chances.is_wrong("open-leaver", person),
    }


def _invitation(scene: Scene, person: Person, chances: _Chances) -> dict[str, Any]:
    place = chances.draw("invited", person)
    if place >= 0.14:
        return {"externalUserState": "Accepted", "externalUserStateChangeDateTime": scene.founded(50)}
    days = 60 + 300 * place if chances.is_wrong("forgotten-invitation", person) else 2 + 100 * place
    return {"externalUserState": "PendingAcceptance", "externalUserStateChangeDateTime": scene.moment(days)}


def _activity(scene: Scene, person: Person, chances: _Chances) -> dict[str, str]:
    date = chances.draw("date", person)
    if person.sort == "emergency":
        days = 40.0 + 30 * person.number
    elif person.sort == "administrator":
        days = 200 + 300 * date if chances.has("unused", person) else 6 * date
    elif chances.is_wrong("idle-guest" if person.sort == "guest" else "idle", person):
        days = 95 + 500 * date
    else:
        days = 30 * date**2
    seen = scene.moment(days)
    attempted = scene.moment(min(days, 12 * date)) if person.number % 5 == 0 else seen
    return {"lastSignInDateTime": attempted, "lastSuccessfulSignInDateTime": seen}


def _registration(scene: Scene, person: Person, chances: _Chances) -> dict[str, Any]:
    methods = _methods(person, chances)
    is_off = methods == ["mobilePhone"] and chances.is_wrong("switched-off", person)
    return {
        "userPrincipalName": person.principal,
        "userDisplayName": person.name,
        "userType": "guest" if person.sort == "guest" else "member",
        "isAdmin": person.is_administrator,
        "isMfaRegistered": bool(methods),
        "isMfaCapable": bool(methods) and not is_off,
        "isPasswordlessCapable": any(
            name.startswith(("passKey", "windowsHello", "fido2")) for name in methods
        ),
        "methodsRegistered": methods,
        "lastUpdatedDateTime": scene.moment(0.2),
    }


def _methods(person: Person, chances: _Chances) -> list[str]:
    """The methods that an account registered."""
    if person.sort == "emergency":
        return ["fido2"]
    if person.sort == "administrator":
        if chances.has("nothing", person):
            return []
        strong = (
            ["fido2", "windowsHelloForBusiness"]
            if chances.has("passkey", person)
            else ["microsoftAuthenticatorPush"]
        )
        return strong + ["mobilePhone"] * chances.has("telephone", person)
    if person.sort in ("machine", "guest") or chances.is_wrong("unregistered", person):
        return []
    if not chances.is_wrong("phishable", person):
        return [
            ("windowsHelloForBusiness", "passKeyDeviceBoundAuthenticator")[person.number % 2],
            "microsoftAuthenticatorPush",
        ]
    return (
        ["mobilePhone"]
        if chances.draw("method", person) < 0.3
        else ["microsoftAuthenticatorPush", "softwareOneTimePasscode"]
    )
