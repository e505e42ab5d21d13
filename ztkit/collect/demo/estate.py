"""How the estate is made: kinds of resources, how many there are of each, where they lie, and their rows."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, Literal

from ztkit.collect.demo.organisation import Organisation, Place, Subscription
from ztkit.collect.demo.template import Feature, Part, compile_template, run

Row = tuple[str | None, ...]
"""A row of an inventory table in its canonical form, in the order of `ztkit.model.snapshot.COLUMNS`."""

ACQUIRED_SHARE = 0.04
_ACQUIRED_BASE = 5_000_000
_NAMESPACE = uuid.UUID("0d6f5b0a-6a55-5f0e-8a3e-5f1f7c9b2e44")
_MASK = 0xFFFFFFFF
_ORDERS = tuple(permutations(range(4)))


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of resource: what its objects look like, how many there are, and where.

    Attributes:
        type: as Azure Resource Manager spells it.
        name: pattern of names; ``{r.number}`` tells resources apart.
        share: resources of this kind in a thousand.
        least: how many there are at least.
        sorts: sorts of subscriptions that have it; none means all.
        spread: over resource groups, over the subscriptions' networks, or one in each subscription.
        follows: a kind of which each resource has one of these (or ``each`` of these) beside it.
        when: whether the resource that it follows has it (without one: whether it is there at all).
        path: pattern of ids, where they do not lie in a resource group.
        key: tells kinds of one type apart, where their names do not.
    """

    type: str
    name: str
    properties: Any = field(default_factory=dict)
    share: float = 0
    least: int = 0
    sorts: tuple[str, ...] = ()
    spread: Literal["group", "network", "subscription"] = "group"
    follows: Kind | None = None
    each: int = 1
    when: Callable[[Scene, Resource], bool] | None = None
    path: str = "{r.place.prefix}{r.kind.type}/{r.name}"
    key: str = ""
    table: str = "resources"
    kind: Any = ""
    location: str = "{r.place.location}"
    managed_by: Any = ""
    sku: Any = None
    plan: Any = None
    tags: Any = None
    identity: Any = None
    zones: Any = None


def having(feature: Feature) -> Callable[[Scene, Resource], bool]:
    """For `Kind.when`: where the feature is right."""
    return lambda scene, resource: not scene.fails(feature, resource)


def lacking(feature: Feature) -> Callable[[Scene, Resource], bool]:
    """For `Kind.when`: where the feature is wrong."""
    return lambda scene, resource: scene.fails(feature, resource)


class Resource:
    """One resource, as far as templates need it."""

    __slots__ = ("id", "index", "kind", "leader", "name", "ordinal", "place")

    def __init__(
        self, kind: Kind, ordinal: int, place: Place, leader: Resource | None = None, index: int = 0
    ) -> None:
        self.kind, self.ordinal, self.place, self.leader, self.index = kind, ordinal, place, leader, index
        self.name = kind.name.format(r=self)
        self.id = kind.path.format(r=self)

    @property
    def number(self) -> str:
        """What tells it from others of its kind."""
        return f"{self.ordinal % _ACQUIRED_BASE + 1:03}"

    @property
    def guid(self) -> str:
        """A GUID of its own."""
        kind = self.kind
        return str(uuid.uuid5(_NAMESPACE, f"{self.place.prefix}{kind.type}{kind.key}/{self.ordinal}"))

    @property
    def plain(self) -> str:
        """Workload, environment and region in letters and digits only, for names that allow no others."""
        place = self.place
        return f"{place.workload.replace('-', '')[:10]}{place.environment}{place.region}"

    @property
    def label(self) -> str:
        """Workload, environment and region, for names."""
        place = self.place
        return f"{place.workload}-{place.environment}-{place.region}"


class Scene:
    """The estate at one of its dates: chances, moments, and where things lie.

    Args:
        organisation: whose estate it is.
        resources: how many rows the table ``resources`` is to have.
        dates: the demo's dates.
    """

    def __init__(self, organisation: Organisation, resources: int, dates: Sequence[datetime]) -> None:
        self.organisation, self.resources = organisation, resources
        self.quarter = organisation.quarter
        self._earliest, self._now = dates[0], dates[organisation.quarter]
        self.count_of: dict[Kind, int] = {}
        self._where: dict[tuple[str, ...], tuple[Place, ...]] = {}
        self._tests: dict[str, Callable[[Resource], bool]] = {}
        self._draws: dict[str, Callable[[int], float]] = {}

    def moment(self, days: float) -> str:
        """The moment that many days before the snapshot."""
        return (self._now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def founded(self, days: float) -> str:
        """The moment that many days before the first snapshot."""
        return (self._earliest - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def draw(self, key: str) -> Callable[[int], float]:
        """A function from an ordinal to a number in [0, 1), stable for this seed and key.

        Numbers of successive ordinals are spread evenly, so that a share of 30 % is a share of 30 % among ten
        resources too.
        """
        digest = hashlib.blake2b(f"{self.organisation.seed}/{key}".encode(), digest_size=4).digest()
        return _spread(int.from_bytes(digest, "big"))

    def test(self, feature: Feature) -> Callable[[Resource], bool]:
        """A function that tells whether a resource has a feature wrong at this date."""
        draw, rate = self.draw(feature.name), feature.rates[self.quarter] / 100
        limits: dict[float, float] = {}

        def fails(resource: Resource) -> bool:
            care = resource.place.care
            limit = limits.get(care)
            if limit is None:
                limit = limits[care] = 1 - (1 - rate) ** care
            return draw(resource.ordinal) < limit

        return fails

    def fails(self, feature: Feature, resource: Resource) -> bool:
        """Whether a resource has a feature wrong at this date."""
        test = self._tests.get(feature.name)
        if test is None:
            test = self._tests[feature.name] = self.test(feature)
        return test(resource)

    def all(self, kind: Kind) -> Iterator[Resource]:
        """Every resource of a kind."""
        when = kind.when
        if kind.follows is None:
            for resource in self._leaders(kind):
                if when is None or when(self, resource):
                    yield resource
            return
        for leader in self.all(kind.follows):
            if when is None or when(self, leader):
                for index in range(kind.each):
                    yield self.follower(kind, leader, index)

    def follower(self, kind: Kind, leader: Resource, index: int = 0) -> Resource:
        """The resource of a kind that lies beside another one."""
        return Resource(kind, leader.ordinal * kind.each + index, leader.place, leader, index)

    def network_of(self, kind: Kind, resource: Resource) -> Resource:
        """The virtual network that a resource is joined to: one of its subscription's."""
        subscription = resource.place.subscription
        if subscription.sort == "acquired":
            return Resource(kind, _ACQUIRED_BASE, self._place(kind, _ACQUIRED_BASE))
        across = len(self.organisation.own)
        turns = (self.count_of[kind] - subscription.ordinal - 1) // across + 1
        ordinal = subscription.ordinal + across * (resource.ordinal % turns)
        return Resource(kind, ordinal, self._place(kind, ordinal))

    def rows(self, kind: Kind) -> Iterator[Row]:
        """The rows of every resource of a kind."""
        return self.written(kind, self.all(kind))

    def written(self, kind: Kind, resources: Iterable[Resource]) -> Iterator[Row]:
        """The rows of resources of a kind."""
        part = {
            name: compile_template(getattr(kind, name), self)
            for name in ("sku", "plan", "properties", "identity", "zones", "kind", "managed_by")
        }
        tags = _tags(compile_template(kind.tags, self)) if kind.tags is not None else None
        inherited = _group_tags if kind.table == "resources" else _no_tags
        kind_type, tenant = kind.type.lower(), self.organisation.tenant
        for item in resources:
            place = item.place
            yield (
                item.id,
                item.name,
                kind_type,
                tenant,
                run(part["kind"], item)[1:-1],
                kind.location.format(r=item) if kind.location else "",
                place.group.lower() if "/resourceGroups/" in item.id else "",
                place.subscription.id,
                run(part["managed_by"], item)[1:-1],
                _dynamic(run(part["sku"], item)),
                _dynamic(run(part["plan"], item)),
                _dynamic(run(part["properties"], item)),
                tags(item) if tags else inherited(place),
                _dynamic(run(part["identity"], item)),
                _dynamic(run(part["zones"], item)),
                None,
            )

    def nth(self, kind: Kind, number: int) -> Resource:
        """One resource of a kind that is spread over resource groups, counted from 0."""
        ordinal = self._first(kind) + number
        return Resource(kind, ordinal, self._place(kind, ordinal))

    def _first(self, kind: Kind) -> int:
        """The oldest resource that still exists: some go and as many come in each quarter."""
        return 0 if kind.spread == "network" else self.quarter * (self.count_of[kind] // 40)

    def _leaders(self, kind: Kind) -> Iterator[Resource]:
        if kind.spread == "subscription":
            for subscription in self.organisation.subscriptions:
                if not kind.sorts or subscription.sort in kind.sorts:
                    yield Resource(kind, subscription.ordinal, self._first_place(subscription))
            return
        count = self.count_of[kind]
        bought = self._bought(kind, count)
        first = self._first(kind)
        own = count if kind.spread == "network" else count - bought
        for ordinal in range(first, first + own):
            yield Resource(kind, ordinal, self._place(kind, ordinal))
        for ordinal in range(_ACQUIRED_BASE, _ACQUIRED_BASE + bought):
            yield Resource(kind, ordinal, self._place(kind, ordinal))

    def _bought(self, kind: Kind, count: int) -> int:
        """How many of a kind came with the acquired company."""
        if not self.organisation.acquired or kind.sorts:
            return 0
        return 1 if kind.spread == "network" else int(count * ACQUIRED_SHARE)

    def _place(self, kind: Kind, ordinal: int) -> Place:
        organisation = self.organisation
        if kind.spread == "network":
            acquired = ordinal >= _ACQUIRED_BASE
            own = organisation.own
            return self._first_place(organisation.acquired[0] if acquired else own[ordinal % len(own)])
        sorts = ("acquired",) if ordinal >= _ACQUIRED_BASE else kind.sorts
        places = self._where.get(sorts)
        if places is None:
            places = self._where[sorts] = organisation.all_places(sorts)
        return places[int(self._draw_place(kind)(ordinal) * len(places))]

    def _draw_place(self, kind: Kind) -> Callable[[int], float]:
        if kind.type not in self._draws:
            self._draws[kind.type] = self.draw(f"place/{kind.type}")
        return self._draws[kind.type]

    def _first_place(self, subscription: Subscription) -> Place:
        return self.organisation.places(subscription)[0]


def _spread(salt: int) -> Callable[[int], float]:
    """Numbers in [0, 1) by ordinal: four in a row fall into four quarters, sixteen into sixteen parts.

    The order within each four is a permutation of its own, so that two features go wrong independently.
    """

    def draw(ordinal: int) -> float:
        block = ordinal >> 2
        quarter = _ORDERS[_mixed(salt ^ block * 0x9E3779B1) % 24][ordinal & 3]
        part = _ORDERS[_mixed(salt + (block >> 2) * 0x85EBCA6B + quarter * 0xC2B2AE35) % 24][block & 3]
        return (quarter + (part + _mixed(salt ^ ordinal * 0x27D4EB2F) / 4_294_967_296) / 4) / 4

    return draw


def _mixed(number: int) -> int:
    """A 32-bit hash of a number."""
    number &= _MASK
    number = (number ^ number >> 16) * 0x21F0AAAD & _MASK
    number = (number ^ number >> 15) * 0x735A2D97 & _MASK
    return number ^ number >> 15


def _group_tags(place: Place) -> str | None:
    return place.tags or None


def _no_tags(_: Place) -> str | None:
    return None


def _dynamic(text: str) -> str | None:
    """A dynamic column: absent where there is no text, or where the template is null."""
    return None if text in ("", "null") else text


def _tags(part: Part) -> Callable[[Resource], str | None]:
    """The tags of a resource group with those of a kind added."""

    def tags(resource: Resource) -> str | None:
        own, inherited = run(part, resource), resource.place.tags
        if own == "{}" or not inherited:
            return inherited or (None if own == "{}" else own)
        return f"{inherited[:-1]},{own[1:]}"

    return tags
