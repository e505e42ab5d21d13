"""A tenant on loopback, how it is collected, and whether all of it came."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.scope import Scope
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter
from ztkit.collect.tenant.journal import Journal
from ztkit.collect.tenant.needs import entities_needed, tables_needed
from ztkit.collect.tenant.run import collect, order_for
from ztkit.content.library import shipped_library
from ztkit.engine.rows import schema_of
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

AT = datetime(2026, 10, 5, 9, tzinfo=UTC)
CHECKS = tuple(shipped_library().checks.values())
TABLES = {need.table: need for need in tables_needed(CHECKS)}
NEEDED = (*TABLES, *(entity.id for entity in entities_needed(CHECKS)))


def a_part_of_the_demo(folder, resources=600, others=40):
    """A snapshot with about so many rows of the demo estate: what the tenant has.

    Returns:
        Its folder and its manifest.
    """
    space = Workspace.create(folder / "w", Engagement(organisation="Test"))
    at = demo.DATES[3]
    with SnapshotWriter(space, at, at) as writer:
        demo.write_estate(writer, resources=1_200)
        whole = writer.finish("demo", ["demo"], {})
    with SnapshotWriter(space, at, at) as writer:
        for table in whole.tables:
            rows = pq.read_table(space.snapshot_folder(whole.id) / f"{table.name}.parquet")
            every = max(1, rows.num_rows // (resources if table.name == "resources" else others))
            part = rows.take(list(range(0, rows.num_rows, every)))
            writer.table(table.name).add_arrow(
                pa.Table.from_arrays(part.columns, schema=schema_of(table.name))
            )
        manifest = writer.finish("demo", ["a part of the demo"], {})
    return space.snapshot_folder(manifest.id), manifest


def connection(azure):
    """To an emulator, by the real clients."""
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=azure.url, graph=azure.url)
    return Connection(cloud, azure.credential, {"connection_verify": str(azure.ca_file)})


def begin(space, scope=None, **options):
    """Order what all checks need."""
    return Journal.begin(space, order_for(space, CHECKS, AT, scope or Scope(), **options))


def run(space, azure, journal=None):
    """Collect, from the beginning unless a journal says otherwise."""
    return collect(space, journal or begin(space), connection(azure), AT)


def ids(folder, table):
    """Ids of a table's rows."""
    return sorted(
        value.lower()
        for value in pq.read_table(folder / f"{table}.parquet", columns=["id"])["id"].to_pylist()
    )


def wanted_ids(folder, table):
    """Ids of those rows of the tenant's table that the checks read."""
    need = TABLES.get(table)
    rows = pq.read_table(folder / f"{table}.parquet", columns=["id", "type"]).to_pylist()
    return sorted(
        row["id"].lower() for row in rows if not need or not need.types or row["type"] in need.types
    )


def assert_whole(space, manifest, source, unreadable=()):
    """Every table that the checks need is there as it is in the source."""
    folder, there = source
    known = {table.name for table in there.tables}
    found = {table.name: table for table in manifest.tables}
    for need in NEEDED:
        if need not in known or need in unreadable:
            continue
        assert (found[need].status, found[need].reason) == ("complete", "")
        assert ids(space.snapshot_folder(manifest.id), need) == wanted_ids(folder, need)
