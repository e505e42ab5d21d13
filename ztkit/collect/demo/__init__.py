"""A synthetic organisation to try everything on: the same for the same seed, as large as one likes.

It is a mid-size company half-way: four snapshots a quarter apart, in which most things get better, a few do not,
and an acquisition brings new problems. Its names are invented, and its people are roles.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ztkit.collect.demo import (
    accepted,
    applications,
    backbone,
    containers,
    entrances,
    findings,
    graph,
    machines,
    network,
    operations,
    perimeter,
    plans,
    policies,
    roles,
    security,
    servers,
    services,
    size,
    stores,
    upkeep,
)
from ztkit.collect.demo.estate import Kind, Scene
from ztkit.collect.demo.interview import Interviews
from ztkit.collect.demo.organisation import ORGANISATION, Organisation
from ztkit.collect.demo.output import Output
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.content.library import Library
from ztkit.model.response import Response, RiskException

__all__ = ["DATES", "ORGANISATION", "exceptions", "responses", "write_estate"]

DATES: Final = tuple(
    datetime(2026, month, day, 8, tzinfo=UTC) for month, day in ((1, 5), (4, 6), (7, 6), (10, 5))
)
"""When the four snapshots of the demo were taken."""

_FAMILIES: Final = (
    network,
    stores,
    machines,
    servers,
    perimeter,
    backbone,
    entrances,
    applications,
    services,
    plans,
    security,
    findings,
    operations,
    upkeep,
    roles,
    policies,
)
KINDS: Final[tuple[Kind, ...]] = tuple(kind for family in _FAMILIES for kind in family.KINDS)
IMAGE: Final[Kind] = Kind(
    "Microsoft.Compute/images",
    "img-{r.label}-{r.number}",
    properties={
        "hyperVGeneration": "V2",
        "storageProfile": {
            "osDisk": {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 64},
            "dataDisks": [],
        },
        "provisioningState": "Succeeded",
    },
)
"""Old machine images: what fills the table ``resources`` up to the number that was asked for."""


def write_estate(
    writer: SnapshotWriter,
    *,
    resources: int = 2_000,
    seed: int = 1,
    quarter: int = 3,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the organisation's inventory into a snapshot.

    Args:
        writer: a snapshot that was begun; the caller finishes it.
        resources: rows of the table ``resources``; below about 1,200, every kind of resource still has its few.
        seed: what all ids and choices are made from.
        quarter: 0 to 3, an index of `DATES`.
        progress: told the number of rows written so far.
    """
    scene = _scene(resources, seed, quarter)
    output = Output(writer, progress)
    output.add("resourcecontainers", containers.containers(scene))
    output.add("authorizationresources", roles.built_in_roles(scene))
    output.add("authorizationresources", roles.assignments_above(scene))
    output.add("policyresources", policies.assignments_above(scene))
    for kind in KINDS:
        output.add(kind.table, scene.rows(kind))
    for item in graph.objects(scene):
        output.add(item.table, (item.row(scene),))
    scene.count_of[IMAGE] = max(8, resources - output.rows["resources"])
    output.add("resources", scene.rows(IMAGE))
    output.close()


def responses(library: Library, *, seed: int = 1, quarter: int = 3) -> list[Response]:
    """The responses that are new at a date; those of earlier quarters stay, so a workspace adds all four in turn.

    Args:
        library: whose questions were asked.
        seed: what the answers are drawn from.
        quarter: 0 to 3, an index of `DATES`.
    """
    return Interviews(library, seed, DATES).held_before(quarter)


def exceptions(
    library: Library, *, resources: int = 2_000, seed: int = 1, quarter: int = 3
) -> tuple[RiskException, ...]:
    """All risks that are accepted at a date, one of them past its end at the last.

    Args:
        library: whose checks they are about.
        resources: the size that the estate was written with: the exceptions name some of its resources.
        seed: the seed that it was written with.
        quarter: 0 to 3, an index of `DATES`.
    """
    return accepted.accepted(library, _scene(resources, seed, quarter))


def _scene(resources: int, seed: int, quarter: int) -> Scene:
    """The estate at a date, with the number of each kind of resource set."""
    scene = Scene(Organisation(resources, seed, quarter), resources, DATES)
    size.plan(scene, Scene(Organisation(resources, seed, len(DATES) - 1), resources, DATES), KINDS)
    return scene
