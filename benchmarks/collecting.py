"""Collects demo estates from a tenant on loopback, at the real service's quota: ``python -m benchmarks collect [ROWS …]``.

The tenant is the tests' emulator in a process of its own, over TLS, with the quota that Resource Graph gives by default: 15
queries in 5 seconds. The collector is another process. Printed for each size, without and with latency:

* queries sent and the time from the first to the last, and the least time in which the quota lets so many go: 15 at once, and
  15 more every 5 seconds. The mark is that the least is 95 % of what it took.
* queries that were denied (429). The mark is none.
* what the collector's memory grew by from before its first query to its peak. The mark is that it does not follow the size.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from math import ceil
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo

from benchmarks.library import make
from tests.emulator import Emulator
from ztkit.azure.clouds import CLOUDS
from ztkit.azure.connection import Connection
from ztkit.azure.scope import Scope
from ztkit.collect.tenant.journal import Journal
from ztkit.collect.tenant.run import collect, order_for
from ztkit.content.library import shipped_library
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

SIZES = (10_000, 40_000, 80_000)
LATENCIES = (0.0, 0.3)
QUOTA, WINDOW = 15, 5.0


class OneToken:
    """A credential that was signed in elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        """The token."""
        return AccessToken(self._token, int(time.time()) + 3600)

    def get_token_info(self, *_scopes: str, options: Any = None) -> AccessTokenInfo:  # noqa: ARG002 - the protocol
        """The token."""
        return AccessTokenInfo(self._token, int(time.time()) + 3600)


def serve(folder: Path, latency: float, pipe: Pipe) -> None:
    """Be a tenant with the newest snapshot of a workspace, until told to end; then say when queries were asked."""
    workspace = Workspace.open(folder)
    snapshot = workspace.snapshot_folder(workspace.snapshots()[-1])
    with Emulator(snapshot, quota=QUOTA, window=WINDOW, latency=latency) as tenant:
        pipe.send((tenant.url, str(tenant.ca_file), tenant.credential.get_token().token))
        pipe.recv()
        pipe.send([(asked.at, asked.allowed) for asked in tenant.quota.asked])


def read(url: str, ca_file: str, token: str, pipe: Pipe) -> None:
    """Collect a tenant; send rows, seconds, and memory in MiB before and at the peak."""
    cloud = dataclasses.replace(CLOUDS["public"], resource_manager=url, graph=url)
    connection = Connection(cloud, OneToken(token), {"connection_verify": ca_file})
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace.create(Path(temporary) / "w", Engagement(organisation="Benchmark"))
        at = datetime.now(UTC)
        order = order_for(workspace, shipped_library().checks.values(), at, Scope(), everything=True)
        before, started = _peak(), time.perf_counter()
        manifest = collect(workspace, Journal.begin(workspace, order), connection, at)
        seconds = time.perf_counter() - started
        if short := [table.name for table in manifest.tables if table.status != "complete"]:
            sys.exit(f"not complete: {', '.join(short)}")
        pipe.send((sum(table.rows for table in manifest.tables), seconds, before, _peak()))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, latency: float) -> None:
    """Collect one estate and print what it took."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    tenant = context.Process(target=serve, args=(folder, latency, there))
    tenant.start()
    address = here.recv()
    mine, its = context.Pipe()
    collector = context.Process(target=read, args=(*address, its))
    collector.start()
    its.close()
    try:
        rows, seconds, before, peak = mine.recv()
    except EOFError:
        sys.exit("collecting failed")
    finally:
        collector.join()
        here.send(None)
        asked = here.recv()
        tenant.join()
    lasted = asked[-1][0] - asked[0][0]
    least = (ceil(len(asked) / QUOTA) - 1) * WINDOW
    denied = sum(not was_allowed for _, was_allowed in asked)
    print(
        f"  {1000 * latency:3.0f} ms latency: {rows:,} rows in {seconds:.1f} s, {len(asked)} queries in {lasted:.1f} s"
        f" where the quota allows {least:.1f} s at the least ({least / lasted:.1%}), {denied} denied;"
        f" memory grew by {peak - before:,.0f} MiB to {peak:,.0f} MiB"
    )


def main(sizes: list[int]) -> None:
    """Measure each size."""
    context = multiprocessing.get_context("spawn")
    for size in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "estate"
            making = context.Process(target=make, args=(folder, size))
            making.start()
            making.join()
            print(f"{size:,} resources")
            for latency in LATENCIES:
                measure(folder, latency)
