"""Evaluates the whole check library on demo estates of growing size: ``python -m benchmarks [SIZE …]``.

Prints, for each size, the seconds to make the snapshot and to evaluate the library, evaluations (findings) a second, the
slowest checks, the peak memory of the process that evaluated, and how time and memory grew from the size before. Each size
runs in a process of its own, so that peaks are its own. Queries are translated before the clock runs, and what that took is printed too: it happens once a version of
ztkit, whose user keeps the translations.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from ztkit.assess.evaluate import CheckRun, evaluate
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter, open_snapshot
from ztkit.content.library import shipped_library
from ztkit.engine.beforehand import translate_beforehand
from ztkit.engine.translation import translate
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

SIZES = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Cost:
    """What an evaluation of the library took.

    Attributes:
        findings: evaluations.
        seconds: wall-clock time.
        peak: most memory of the process, in bytes.
    """

    findings: int
    seconds: float
    peak: int


def make(folder: Path, size: int) -> None:
    """Make the estate of the last quarter."""
    workspace = Workspace.create(folder, Engagement(organisation=demo.ORGANISATION))
    with SnapshotWriter(workspace, demo.DATES[-1], demo.DATES[-1]) as writer:
        demo.write_estate(writer, resources=size, seed=7, quarter=3)
        writer.finish("demo", ["benchmark"], {})


def measure(folder: Path, told: Connection) -> None:
    """Evaluate the library, print what it took, and tell it."""
    workspace, library = Workspace.open(folder), shipped_library()
    snapshot = workspace.snapshots()[-1]
    started = time.perf_counter()
    queries = [check.query for check in library.checks.values()]
    translate_beforehand(queries)
    for query in queries:
        translate(query)
    print(
        f"  translated {len(library.checks)} queries, or read them, in {time.perf_counter() - started:.1f} s"
    )
    started = time.perf_counter()
    with open_snapshot(workspace, snapshot) as inventory:
        runs: list[CheckRun] = evaluate(
            library.checks.values(), inventory, demo.DATES[-1], lambda _run, _findings: None
        )
    seconds = time.perf_counter() - started
    findings = sum(run.passed + run.failed + run.skipped for run in runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"  evaluated {len(runs)} checks in {seconds:.1f} s: {findings:,} evaluations, {findings / seconds:,.0f} a second"
    )
    print(
        f"  {seconds / len(runs):.3f} s a check, {1e6 * seconds / max(1, findings):.1f} µs and "
        f"{peak / 1000 / max(1, findings):.2f} KB an evaluation, peak {peak / 2**20:,.0f} MiB"
    )
    told.send(Cost(findings, seconds, peak))
    for run in sorted(runs, key=lambda run: -run.seconds)[:5]:
        print(f"    {run.seconds:6.2f} s  {run.check}")
    for run in runs:
        if run.outcome == "error":
            print(f"    error: {run.reason}")


def growth(before: Cost, after: Cost) -> str:
    """How the cost grew from one size to the next."""
    more = after.findings - before.findings
    return (
        f"  {after.findings / before.findings:.1f} times the evaluations: {after.seconds / before.seconds:.1f} times the time, "
        f"{after.peak / before.peak:.1f} times the memory; {1e6 * (after.seconds - before.seconds) / more:.1f} µs and "
        f"{(after.peak - before.peak) / 1000 / more:.2f} KB for each one more"
    )


def main(sizes: list[int]) -> None:
    """Measure each size."""
    context = multiprocessing.get_context("spawn")
    before: Cost | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "estate"
            print(f"{size:,} resources")
            started = time.perf_counter()
            receiving, sending = context.Pipe(duplex=False)
            for step, arguments in ((make, (folder, size)), (measure, (folder, sending))):
                process = context.Process(target=step, args=arguments)
                process.start()
                process.join()
                if step is make:
                    print(f"  made in {time.perf_counter() - started:.1f} s")
                if process.exitcode:
                    sys.exit(f"{step.__name__} failed")
            cost: Cost = receiving.recv()
            if before:
                print(growth(before, cost))
            before = cost
