"""Who has an account in the demo organisation: people by their job, administrators, machines and guests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph.objects import guid
from ztkit.collect.demo.organisation import ACQUIRED_FROM

Sort = Literal["emergency", "administrator", "member", "machine", "guest"]

DOMAIN: Final = "haldenmoor.example"
INITIAL_DOMAIN: Final = "haldenmoor.onmicrosoft.example"
ACQUIRED_DOMAIN: Final = "coldstore.example"
ADMINISTRATORS: Final = 14
EMERGENCY: Final = 2

_LEAST, _MOST = 420, 20_000
_JOBS: Final = (
    *("Driver",) * 6,
    *("Dispatcher",) * 4,
    *("Warehouse operator",) * 5,
    *("Customs clerk",) * 2,
    *("Fleet technician",) * 2,
    "Planner",
    "Accountant",
    "Sales representative",
    "Payroll clerk",
    "IT technician",
)
_MACHINES: Final = ("Scanner", "Meeting room", "Label printer", "Telematics import")
_PARTNERS: Final = ("haulier.example", "portagent.example", "auditfirm.example", "trailers.example")


@dataclass(frozen=True)
class Person:
    """An account.

    Attributes:
        number: counts accounts of all sorts from 0; what chances are drawn by.
        principal: its user principal name.
    """

    sort: Sort
    number: int
    id: str
    name: str
    principal: str

    @property
    def is_administrator(self) -> bool:
        """Whether it holds a directory role."""
        return self.sort in ("emergency", "administrator")


def size(scene: Scene) -> int:
    """How many accounts there are, guests not counted."""
    return min(_MOST, max(_LEAST, scene.resources // 20))


def people(scene: Scene) -> Iterator[Person]:
    """Every account; the first ones are those of emergencies and of administrators, the last ones guests."""
    count = size(scene)
    for number in range(count):
        yield person(scene, number)
    for number in range(count, count + count // 7):
        yield _guest(scene, number)


def person(scene: Scene, number: int) -> Person:
    """One account that is no guest's, counted from 0."""
    if number < EMERGENCY:
        return _made(
            scene,
            "emergency",
            number,
            f"Emergency access {number + 1}",
            f"emergency-{number + 1}@{INITIAL_DOMAIN}",
        )
    if number < EMERGENCY + ADMINISTRATORS:
        name = f"Cloud administrator {number - EMERGENCY + 1:02}"
        return _made(
            scene, "administrator", number, name, f"adm-{number - EMERGENCY + 1:02}@{INITIAL_DOMAIN}"
        )
    if number % 29 == 0:
        kind = _MACHINES[number // 29 % len(_MACHINES)]
        return _made(scene, "machine", number, f"{kind} {number:05}", f"svc-{number:05}@{DOMAIN}")
    job = _JOBS[int(scene.draw("graph/job")(number) * len(_JOBS))]
    domain = ACQUIRED_DOMAIN if scene.quarter >= ACQUIRED_FROM and number % 25 == 7 else DOMAIN
    return _made(scene, "member", number, f"{job} {number:05}", f"user-{number:05}@{domain}")


def _guest(scene: Scene, number: int) -> Person:
    partner = _PARTNERS[number % len(_PARTNERS)]
    principal = f"partner-{number:05}_{partner}#EXT#@{INITIAL_DOMAIN}"
    return _made(scene, "guest", number, f"Partner {number:05} ({partner})", principal)


def _made(scene: Scene, sort: Sort, number: int, name: str, principal: str) -> Person:
    return Person(sort, number, guid(scene.organisation.seed, "user", number), name, principal)
