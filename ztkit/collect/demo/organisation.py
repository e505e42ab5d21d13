"""The demo organisation: its management groups, subscriptions, resource groups, and how well each is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ztkit.collect.demo.template import dumps

ORGANISATION: Final = "Halden & Moor Logistics"
ACQUIRED_FROM: Final = 2
"""The quarter (from 0) in which an acquired company's subscription joins the tenant."""

_GROUPS_A_RESOURCE: Final = 1 / 24
_NAMESPACE: Final = uuid.UUID("6f0c2d0e-52a4-5d3c-9a0f-0d9b7f4f3c11")


@dataclass(frozen=True)
class ManagementGroup:
    """A management group; ``parent`` is empty for the tenant's root."""

    name: str
    title: str
    parent: str


MANAGEMENT_GROUPS: Final = (
    ManagementGroup("hm", "Halden & Moor", "root"),
    ManagementGroup("hm-platform", "Platform", "hm"),
    ManagementGroup("hm-connectivity", "Connectivity", "hm-platform"),
    ManagementGroup("hm-management", "Management", "hm-platform"),
    ManagementGroup("hm-identity", "Identity", "hm-platform"),
    ManagementGroup("hm-landingzones", "Landing zones", "hm"),
    ManagementGroup("hm-corp", "Corp", "hm-landingzones"),
    ManagementGroup("hm-online", "Online", "hm-landingzones"),
    ManagementGroup("hm-sandbox", "Sandbox", "hm"),
    ManagementGroup("hm-decommissioned", "Decommissioned", "hm"),
)


@dataclass(frozen=True)
class Estate:
    """What runs in a subscription of one sort.

    Attributes:
        workloads: what its resource groups are named after.
        care: how badly it is kept: 1 is average, above it more goes wrong.
    """

    group: str
    workloads: tuple[str, ...]
    care: float
    environment: str = "prd"


SORTS: Final[dict[str, Estate]] = {
    "connectivity": Estate("hm-connectivity", ("hub", "dns", "branches"), 0.5),
    "management": Estate("hm-management", ("logging", "automation", "backup"), 0.5),
    "identity": Estate("hm-identity", ("domaincontrollers", "directory"), 0.4),
    "erp": Estate("hm-corp", ("erp-app", "erp-db", "erp-interfaces", "erp-reporting"), 0.8),
    "data": Estate("hm-corp", ("lake", "ingest", "bi", "ml"), 1.0),
    "webshop": Estate("hm-online", ("shop-web", "shop-api", "shop-search", "shop-payments"), 0.7),
    "aks": Estate("hm-online", ("aks-shared", "aks-tools", "aks-partners"), 0.8),
    "telematics": Estate("hm-online", ("telematics", "telematics-stream", "track-trace"), 1.1),
    "legacy": Estate("hm-corp", ("dispatch", "payroll", "fileshares", "customs"), 1.7),
    "nonprod": Estate("hm-corp", ("erp-app", "shop-web", "lake", "telematics"), 1.5, "tst"),
    "sandbox": Estate("hm-sandbox", ("poc-ai", "training", "hackathon"), 1.8, "dev"),
    "forgotten": Estate("root", ("test", "demo2019", "migration", "rg1"), 20.0, "tst"),
    "acquired": Estate("root", ("booking", "coldstore", "fleet"), 3.0),
    "closed": Estate("hm-decommissioned", ("archive",), 1.0),
}
_FIRST: Final = (
    ("connectivity", "sub-platform-connectivity"),
    ("management", "sub-platform-management"),
    ("identity", "sub-platform-identity"),
    ("erp", "sub-erp-prd"),
    ("data", "sub-dataplatform-prd"),
    ("webshop", "sub-webshop-prd"),
    ("aks", "sub-aks-platform-prd"),
    ("telematics", "sub-telematics-prd"),
    ("legacy", "sub-legacy-prd"),
    ("nonprod", "sub-workloads-nonprod"),
    ("sandbox", "sub-sandbox-01"),
    ("forgotten", "Test Subscription 2019"),
)
_MORE: Final = (
    "erp",
    "webshop",
    "data",
    "aks",
    "legacy",
    "telematics",
    "nonprod",
    "webshop",
    "erp",
    "sandbox",
)
_TESTS_IN_PRODUCTION: Final = ("legacy", "telematics")
_REGIONS: Final = (("westeurope", "weu"), ("northeurope", "neu"))


@dataclass(frozen=True)
class Subscription:
    """A subscription; ``ordinal`` counts them all, ``ancestors`` leads from its management group to the root."""

    ordinal: int
    id: str
    name: str
    sort: str
    ancestors: tuple[tuple[str, str], ...]
    state: str = "Enabled"

    @property
    def care(self) -> float:
        """How badly it is kept."""
        return SORTS[self.sort].care

    @property
    def path(self) -> str:
        """Its resource id."""
        return f"/subscriptions/{self.id}"


@dataclass(frozen=True)
class Place:
    """A resource group, with what its resources take from it.

    Attributes:
        prefix: what the ids of its resources begin with.
        tags: JSON text, empty where nobody tagged anything.
    """

    subscription: Subscription
    group: str
    workload: str
    environment: str
    location: str
    region: str
    care: float
    tags: str
    prefix: str


class Organisation:
    """The organisation at one of the demo's dates, in a given size.

    Args:
        resources: how many resources it has in all.
        seed: what its ids are made from.
        quarter: 0 to 3.
    """

    def __init__(self, resources: int, seed: int, quarter: int) -> None:
        self.seed, self.quarter = seed, quarter
        self.tenant = self.guid("tenant")
        self.subscriptions = tuple(self._subscriptions(resources))
        self.closed = Subscription(
            90_000,
            self.guid("subscription/closed"),
            "sub-archive-2021",
            "closed",
            self._chain("closed"),
            "Disabled",
        )
        own = sum(subscription.sort != "acquired" for subscription in self.subscriptions)
        groups = max(5, round(resources * _GROUPS_A_RESOURCE / own))
        self._places = {
            subscription.ordinal: tuple(self._places_of(subscription, groups))
            for subscription in self.subscriptions
        }

    def guid(self, name: str) -> str:
        """A GUID that belongs to a name, for this seed."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.seed}/{name}"))

    @cached_property
    def own(self) -> tuple[Subscription, ...]:
        """Subscriptions that were there from the beginning."""
        return tuple(item for item in self.subscriptions if item.sort != "acquired")

    @cached_property
    def acquired(self) -> tuple[Subscription, ...]:
        """Subscriptions that came with the acquired company, once they have."""
        return tuple(item for item in self.subscriptions if item.sort == "acquired")

    def places(self, subscription: Subscription) -> tuple[Place, ...]:
        """The resource groups of a subscription; the first is the one for its network."""
        return self._places[subscription.ordinal]

    def all_places(self, sorts: tuple[str, ...] = ()) -> tuple[Place, ...]:
        """Resource groups for workloads, of subscriptions of these sorts, or of all that were there from the start."""
        wanted = [
            item for item in self.subscriptions if (item.sort in sorts if sorts else item.sort != "acquired")
        ]
        return tuple(place for item in wanted for place in self._places[item.ordinal][1:])

    def ancestors_of_group(self, name: str) -> tuple[tuple[str, str], ...]:
        """Name and title of the management groups above one, up to the root."""
        by_name = {group.name: group for group in MANAGEMENT_GROUPS}
        above = []
        while name != "root":
            name = by_name[name].parent
            above.append(
                (self.tenant, "Tenant Root Group") if name == "root" else (name, by_name[name].title)
            )
        return tuple(above)

    def _chain(self, sort: str) -> tuple[tuple[str, str], ...]:
        group = SORTS[sort].group
        if sort == "acquired" and self.quarter > ACQUIRED_FROM:
            group = "hm-corp"
        if group == "root":
            return ((self.tenant, "Tenant Root Group"),)
        title = next(item.title for item in MANAGEMENT_GROUPS if item.name == group)
        return ((group, title), *self.ancestors_of_group(group))

    def _subscriptions(self, resources: int) -> Iterator[Subscription]:
        for ordinal, (sort, name) in enumerate(_FIRST):
            yield Subscription(ordinal, self.guid(f"subscription/{name}"), name, sort, self._chain(sort))
        more = round((max(resources, 1) / 2_000) ** 0.92) - 1
        for number in range(max(0, more)):
            sort = "forgotten" if number % 40 == 39 else _MORE[number % len(_MORE)]
            name = f"sub-{sort}-{number + 2:03}-{SORTS[sort].environment}"
            yield Subscription(
                len(_FIRST) + number, self.guid(f"subscription/{name}"), name, sort, self._chain(sort)
            )
        if self.quarter >= ACQUIRED_FROM:
            name = "Brackwater Production"
            yield Subscription(
                80_000, self.guid(f"subscription/{name}"), name, "acquired", self._chain("acquired")
            )

    def _places_of(self, subscription: Subscription, groups: int) -> Iterator[Place]:
        sort = SORTS[subscription.sort]
        unit = f"-{subscription.ordinal:03}" if subscription.ordinal in range(len(_FIRST), 80_000) else ""
        network = "network" if subscription.sort != "forgotten" else "net"
        names = [network, *(sort.workloads[number % len(sort.workloads)] for number in range(groups - 1))]
        for number, workload in enumerate(names):
            location, region = _REGIONS[int(number % 5 == 4)]
            turn = (number - 1) // len(sort.workloads) if number else 0
            suffix = f"-{turn + 1:02}" if turn > 0 else ""
            yield self._place(subscription, f"{workload}{unit}", suffix, (location, region))
        if subscription.sort in _TESTS_IN_PRODUCTION:
            yield self._place(subscription, f"{names[1]}-new{unit}", "", _REGIONS[0], "tst")

    def _place(
        self, subscription: Subscription, workload: str, suffix: str, region: tuple[str, str], stage: str = ""
    ) -> Place:
        sort = SORTS[subscription.sort]
        environment = stage or sort.environment
        tidy = subscription.sort not in ("forgotten", "acquired")
        group = f"rg-{workload}-{environment}-{region[1]}{suffix}" if tidy else f"{workload}{suffix or '-rg'}"
        tags = {
            "environment": environment,
            "workload": workload,
            "owner": f"team-{subscription.sort}",
            "costCenter": f"CC{4100 + len(group) * 7}",
        }
        if len(group) % 5 > 5 - sort.care * (1 - self.quarter / 5):  # teams that nobody has chased yet
            del tags["owner"]
        return Place(
            subscription=subscription,
            group=group,
            workload=workload,
            environment=environment,
            location=region[0],
            region=region[1],
            care=subscription.care,
            tags=dumps(tags) if tidy else "",
            prefix=f"{subscription.path}/resourceGroups/{group}/providers/",
        )
