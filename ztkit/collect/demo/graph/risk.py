"""Risk that Microsoft Entra ID Protection saw, and incidents of Defender XDR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import Object, guid
from ztkit.collect.demo.graph.roster import ADMINISTRATORS, EMERGENCY, Person, person, size

_OPEN: Final = (55, 40, 25, 14)
"""In how many of a hundred cases nobody gave a verdict, quarter by quarter."""
_UNOWNED: Final = (60, 45, 25, 15)
_EVENTS: Final = (
    "unfamiliarFeatures",
    "passwordSpray",
    "leakedCredentials",
    "anonymizedIPAddress",
    "anomalousToken",
    "unlikelyTravel",
)
_VERDICTS: Final = ("remediated", "remediated", "dismissed", "confirmedSafe")
_INCIDENTS: Final = (
    ("Password spray followed by a sign-in", "high"),
    ("Session of a dispatcher used from two continents", "high"),
    ("Credential theft on a warehouse terminal", "high"),
    ("Mail rule that forwards invoices", "medium"),
    ("Mass download by a user who is leaving", "medium"),
    ("Consent to an unknown mail application", "medium"),
    ("Phishing mail reported by several depots", "low"),
)


_FORGOTTEN: Final = 9
"""An incident of high severity that nobody ever looks at."""


def objects(scene: Scene) -> Iterator[Object]:
    """Every object of this area at the scene's date."""
    yield from _users(scene)
    yield from _detections(scene)
    yield from _incidents(scene)


def _at_risk(scene: Scene, every: int) -> Iterator[Person]:
    """The accounts to which something happened, one of so many."""
    for number in range(EMERGENCY + ADMINISTRATORS + 3, size(scene), every):
        found = person(scene, number)
        if found.sort == "member":
            yield found


def _users(scene: Scene) -> Iterator[Object]:
    draw, when = scene.draw("graph/risky"), scene.draw("graph/risky-date")
    for place, found in enumerate(_at_risk(scene, 11)):
        is_open = draw(found.number) * 100 < _OPEN[scene.quarter]
        level = ("high", "high", "medium", "low")[place % 4]
        if place % 9 == 4:
            state, level, days = (
                "confirmedCompromised",
                "high",
                3 + 20 * when(found.number) if is_open else 0.4,
            )
        elif is_open:
            state, days = "atRisk", 60 * when(found.number)
        else:
            state, level, days = _VERDICTS[place % len(_VERDICTS)], "none", 80 * when(found.number)
        yield Object("riskyUser", found.id, "", _risky(scene, found, state, level, days))


def _risky(scene: Scene, found: Person, state: str, level: str, days: float) -> dict[str, Any]:
    return {
        "userPrincipalName": found.principal,
        "userDisplayName": found.name,
        "isDeleted": False,
        "isProcessing": False,
        "riskState": state,
        "riskLevel": level,
        "riskDetail": "adminConfirmedUserCompromised" if state == "confirmedCompromised" else "none",
        "riskLastUpdatedDateTime": scene.moment(days),
    }


def _detections(scene: Scene) -> Iterator[Object]:
    draw, when = scene.draw("graph/detection"), scene.draw("graph/detection-date")
    for place, found in enumerate(_at_risk(scene, 5)):
        is_open = draw(found.number) * 100 < _OPEN[scene.quarter]
        moment = scene.moment(85 * when(found.number))
        properties = {
            "userId": found.id,
            "userPrincipalName": found.principal,
            "userDisplayName": found.name,
            "riskEventType": _EVENTS[place % len(_EVENTS)],
            "riskLevel": ("medium", "high", "low")[place % 3],
            "riskState": "atRisk" if is_open else _VERDICTS[place % len(_VERDICTS)],
            "riskDetail": "none",
            "detectionTimingType": "offline" if place % 2 else "realtime",
            "activity": "signin",
            "source": "IdentityProtection",
            "tokenIssuerType": "AzureAD",
            "activityDateTime": moment,
            "detectedDateTime": moment,
            "lastUpdatedDateTime": moment,
        }
        yield Object(
            "riskDetection", guid(scene.organisation.seed, "detection", scene.quarter, place), "", properties
        )


def _incidents(scene: Scene) -> Iterator[Object]:
    draw, when = scene.draw("graph/incident"), scene.draw("graph/incident-date")
    for number in range(max(14, size(scene) // 30)):
        name, severity = _INCIDENTS[number % len(_INCIDENTS)]
        is_unowned = draw(number) * 100 < _UNOWNED[scene.quarter]
        days = 0.2 + 50 * when(number) ** 2
        if number == _FORGOTTEN:
            is_unowned, days = True, 44.0
        yield Object(
            "incident",
            str(1000 * (scene.quarter + 1) + number),
            name,
            {
                "severity": severity,
                "status": "active" if is_unowned else "inProgress",
                "classification": "unknown",
                "determination": "unknown",
                "assignedTo": None if is_unowned else f"analyst-{number % 3 + 1}@haldenmoor.example",
                "createdDateTime": scene.moment(days),
                "lastUpdateDateTime": scene.moment(days if is_unowned else days / 4),
            },
        )
