"""The seam between a query and an inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from ztkit.model.snapshot import TableManifest


class InventorySource(Protocol):
    """An inventory that answers KQL."""

    def tables(self) -> Mapping[str, TableManifest]:
        """What is known of each table, by lower-case name; a table not named cannot be read."""

    def expect(self, queries: Sequence[str]) -> Sequence[int]:
        """Be told which queries will be run, so that what they share can be read once.

        Returns:
            How much each of them reads, in any unit: two that read much had better not run at once.
        """

    def run(self, query: str, now: datetime) -> pa.Table:
        """Run a query.

        Args:
            query: KQL as Resource Graph takes it.
            now: the moment that ``now()`` and ``ago()`` count from.

        Returns:
            All rows, with the query's own column names. Dynamic values are JSON, of the type `pyarrow.json_` where the engine
            tells them from texts.

        Raises:
            UnsupportedConstructError: the engine does not know a construct.
            TableUnreadableError: the query reads a table that the inventory does not hold.
            QueryError: the query is wrong, or failed on this data.
        """
