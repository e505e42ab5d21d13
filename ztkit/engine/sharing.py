"""Rows that several queries read: what is held of them, and the order of the queries that holds least. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from ztkit.engine.shredding import Part
from ztkit.engine.translation import View


@dataclass
class Shared:
    """Rows that several queries to come read, and what they need of them.

    Attributes:
        columns, parts: what any of them reads.
        views: under which they read it.
        uses: queries to come.
        places: how often they read it.
        made: whether it is held now.
    """

    columns: set[str] = field(default_factory=set)
    parts: set[Part] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    uses: int = 0
    places: int = 0
    made: bool = False

    def add(self, view: View) -> None:
        """Note that one more query reads them."""
        self.columns |= set(view.columns)
        self.parts |= set(view.parts)
        self.uses += 1
        self.places += view.places

    @property
    def held(self) -> list[Part]:
        """The parts that are held; the text of one that is held as JSON is taken from that."""
        return sorted(part for part in self.parts if not part.text or part.as_json not in self.parts)

    def width(self) -> int:
        """How many values of a row are held."""
        return len(self.columns) + len(self.held)


def order_of_least(reads: Sequence[Set[str]], sizes: Mapping[str, int]) -> list[int]:
    """Order queries so that little is held at a time.

    Each thing that queries read is held from the first query that reads it to the last. The next query is always the one
    after which least is held; of several, the one that has least to bring in, and then the one named first. To find the
    best order of all is NP-hard (minimum cut linear arrangement, Garey and Johnson 1979, GT44).

    Args:
        reads: what each query reads that is held.
        sizes: how much each of these takes, in any unit.

    Returns:
        Positions of the queries.
    """
    waiting: dict[str, set[int]] = {}
    for position, names in enumerate(reads):
        for name in names:
            waiting.setdefault(name, set()).add(position)
    held: set[str] = set()

    def cost(position: int) -> tuple[int, int, int]:
        brought = sum(sizes[name] for name in reads[position] - held)
        gone = sum(sizes[name] for name in reads[position] if len(waiting[name]) == 1)
        return brought - gone, brought, position

    costs = {position: cost(position) for position in range(len(reads))}
    order = []
    while costs:
        position = min(costs.values())[2]
        order.append(position)
        del costs[position]
        held |= reads[position]
        for name in reads[position]:
            waiting[name].discard(position)
        changed = {other for name in reads[position] for other in waiting[name]}
        costs |= {other: cost(other) for other in changed}
    return order
