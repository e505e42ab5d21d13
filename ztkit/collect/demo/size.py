"""How many resources there are of each kind, so that the estate is as large as was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from ztkit.collect.demo.estate import Kind, Scene

SAMPLE: Final = 2_000
SHARE_OF_SPECIFIC: Final = 0.965
"""What share of the estate is planned; the rest is filled up when the true number of rows is known."""


def plan(scene: Scene, last: Scene, kinds: Sequence[Kind]) -> None:
    """Set the number of each kind that follows no other.

    Shares are of a thousand resources; kinds that need a few at least take them from the others. The number is
    the same at every date: it is found for the last one, when machines have most agents and stores most endpoints.

    Args:
        scene: the estate to be written.
        last: the same at the last date.
        kinds: all kinds but the one that fills up.
    """
    leaders = [kind for kind in kinds if kind.follows is None and kind.spread != "subscription"]
    last.count_of = {kind: _at_least(last, kind, kind.share * SAMPLE / 1_000) for kind in leaders}
    weights, fixed = _rows_beside(last, kinds)
    wanted = scene.resources * SHARE_OF_SPECIFIC - fixed
    low, high = 0.0, 4.0
    for _ in range(40):
        scale = (low + high) / 2
        total = sum(weights[kind] * _count(scene, kind, scale) for kind in leaders)
        low, high = (scale, high) if total < wanted else (low, scale)
    scene.count_of = {kind: _count(scene, kind, low) for kind in leaders}


def _count(scene: Scene, kind: Kind, scale: float) -> int:
    return _at_least(scene, kind, kind.share * scene.resources / 1_000 * scale)


def _at_least(scene: Scene, kind: Kind, wanted: float) -> int:
    least = max(kind.least, len(scene.organisation.own)) if kind.spread == "network" else kind.least
    return max(least, round(wanted))


def _rows_beside(scene: Scene, kinds: Sequence[Kind]) -> tuple[dict[Kind, float], int]:
    """Rows of the table ``resources`` for one of each kind that leads, and those that come with subscriptions."""
    rows: dict[Kind, int] = defaultdict(int)
    fixed = 0
    for kind in kinds:
        if kind.table != "resources":
            continue
        leader = kind
        while leader.follows is not None:
            leader = leader.follows
        number = sum(1 for _ in scene.all(kind))
        if leader.spread == "subscription":
            fixed += number
        else:
            rows[leader] += number
    return {kind: rows[kind] / count for kind, count in scene.count_of.items()}, fixed
