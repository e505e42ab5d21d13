"""Verbs on a Kusto cluster: push a snapshot, show what a database holds, run the checks on many tenants."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ztkit.cli.console import err, out, print_json
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ztkit.engine.kusto import Database, KustoInventory, Outcome
    from ztkit.model.check import Check

app = typer.Typer(
    no_args_is_help=True, help="Estates beyond one machine: snapshots and checks on a Kusto cluster."
)

ClusterOption = Annotated[
    str,
    typer.Option("--cluster", "-c", help="Query URI, such as https://contoso.westeurope.kusto.windows.net."),
]
MinutesOption = Annotated[
    float, typer.Option("--minutes", min=0.01, max=60, help="What the cluster gives a query.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")]


@dataclass(frozen=True)
class Tally:
    """What the checks came to on one tenant: checks by outcome, findings by status."""

    snapshot: str
    taken: datetime
    ok: int
    unreadable: int
    error: int
    passed: int
    failed: int
    skipped: int


@app.command(
    epilog="Example: ztkit kusto push -c https://contoso.westeurope.kusto.windows.net -d contoso -w contoso"
)
def push(
    cluster: ClusterOption,
    database: Annotated[str, typer.Option("--database", "-d", help="Made beforehand; one a tenant.")],
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="The engagement's folder; the current one by default.")
    ] = Path(),
    snapshot: Annotated[str, typer.Option(help="Id of a snapshot; the newest by default.")] = "latest",
    queued: Annotated[
        bool, typer.Option("--queued", help="By azure-kusto-ingest, for any size; inline otherwise.")
    ] = False,
    minutes: MinutesOption = 10,
) -> None:
    """Push a snapshot to a database; what it held of ztkit before goes."""
    from ztkit.engine.kusto_push import INLINE, Queued
    from ztkit.engine.kusto_push import push as push_snapshot
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    known = space.snapshots()
    if snapshot == "latest" and not known:
        raise UsageError("This workspace has no snapshot. `ztkit import FILES` makes one.")
    manifest = space.manifest(known[-1] if snapshot == "latest" else snapshot)
    folder = space.snapshot_folder(manifest.id)
    where = _database(cluster, database)
    pushed = push_snapshot(
        manifest,
        {table.name: folder / f"{table.name}.parquet" for table in manifest.tables if table.sha256},
        where,
        Queued.at(where) if queued else INLINE,
        at=datetime.now(UTC),
        timeout=timedelta(minutes=minutes),
    )
    rows = sum(table.rows for table in pushed.tables)
    out.print(
        f"Pushed snapshot {pushed.id}: {rows:,} rows in {len(pushed.tables)} tables to {escape(str(where))}."
    )
    for table in pushed.tables:
        if table.status != "complete":
            err.print(f"Note: table {table.name} is {table.status}: {escape(table.reason)}")
    out.print("Next: `ztkit kusto check` runs the checks there.")


@app.command(epilog="Example: ztkit kusto show -c https://contoso.westeurope.kusto.windows.net -d contoso")
def show(
    cluster: ClusterOption,
    database: Annotated[str, typer.Option("--database", "-d", help="A tenant's database.")],
    as_json: JsonOption = False,
) -> None:
    """Show the snapshot that a database holds, and whether all of its rows are there."""
    from ztkit.engine.kusto import KustoInventory

    with KustoInventory.open(_database(cluster, database)) as inventory:
        manifest = inventory.manifest
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    out.print(f"Snapshot {manifest.id}, taken {manifest.taken:%Y-%m-%d %H:%M} UTC")
    for table in manifest.tables:
        reason = f"  {table.reason}" if table.reason else ""
        out.print(f"  {table.name:<42} {table.rows:>9,}  {table.status}{escape(reason)}")


@app.command(
    epilog="Example: ztkit kusto check -c https://contoso.westeurope.kusto.windows.net -d contoso -d fabrikam -o findings"
)
def check(
    cluster: ClusterOption,
    database: Annotated[
        list[str], typer.Option("--database", "-d", help="A tenant's database; any number of them.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for findings: a Parquet file a tenant.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Tenants at once.")] = 4,
    minutes: MinutesOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Run every check on one or many tenants; one that fails does not stop the others."""
    from ztkit.content.library import shipped_library
    from ztkit.engine.kusto import KustoInventory, evaluate_many

    if len(set(map(str.lower, database))) != len(database):
        raise UsageError("A database is named twice.")
    checks = list(shipped_library().checks.values())
    if output is not None:
        output.mkdir(parents=True, exist_ok=True, mode=0o700)

    def work(tenant: str, inventory: KustoInventory) -> Tally:
        return _tally(tenant, inventory, checks, output)

    timeout = timedelta(minutes=minutes)
    tenants = {
        name: partial(KustoInventory.open, _database(cluster, name), timeout=timeout) for name in database
    }
    outcomes = evaluate_many(
        tenants,
        work,
        at_once=at_once,
        progress=lambda outcome, done: err.print(
            f"{done} of {len(tenants)}: {escape(outcome.tenant)} in {outcome.seconds:.0f} s"
        ),
    )
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        _print(outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(3)


def _tally(tenant: str, inventory: KustoInventory, checks: list[Check], output: Path | None) -> Tally:
    """Run the checks on one tenant and write its findings."""
    from collections import Counter
    from contextlib import ExitStack
    from urllib.parse import quote

    import pyarrow.parquet as pq

    from ztkit.assess.evaluate import FINDINGS, evaluate

    manifest = inventory.manifest
    path = output / f"{quote(tenant, safe=' ')}.parquet" if output else None
    try:
        with ExitStack() as stack:
            writer = None
            if path is not None:
                path.touch(mode=0o600)
                writer = stack.enter_context(pq.ParquetWriter(path, FINDINGS, compression="zstd"))
            runs = evaluate(
                checks,
                inventory,
                manifest.taken,
                lambda _run, findings: writer.write_table(findings) if writer and findings.num_rows else None,
            )
    except BaseException:
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    outcomes = Counter(run.outcome for run in runs)
    return Tally(
        snapshot=manifest.id,
        taken=manifest.taken,
        ok=outcomes["ok"],
        unreadable=outcomes["unreadable"],
        error=outcomes["error"],
        passed=sum(run.passed for run in runs),
        failed=sum(run.failed for run in runs),
        skipped=sum(run.skipped for run in runs),
    )


def _print(outcomes: list[Outcome[Tally]]) -> None:
    table = Table(box=None, header_style="bold")
    for title in ("tenant", "snapshot", "checks", "unreadable", "errors", "pass", "fail", "skip"):
        table.add_column(title, justify="left" if title in ("tenant", "snapshot") else "right")
    for outcome in outcomes:
        tally = outcome.result
        if tally is not None:
            counts = (tally.ok, tally.unreadable, tally.error, tally.passed, tally.failed, tally.skipped)
            table.add_row(escape(outcome.tenant), tally.snapshot, *(f"{count:,}" for count in counts))
    out.print(table)
    for outcome in outcomes:
        if outcome.error:
            err.print(f"[bold red]{escape(outcome.tenant)}:[/] {escape(outcome.error)}")


def _database(cluster: str, name: str) -> Database:
    """A database, with the sign-in that this machine has; a cluster on this machine asks for none."""
    from urllib.parse import urlsplit

    from ztkit.engine.kusto import Database

    local = urlsplit(cluster).hostname in ("127.0.0.1", "localhost", "::1")
    return Database(cluster, name, None if local else _sign_in())


@lru_cache(maxsize=1)
def _sign_in() -> TokenCredential:
    """One for all databases: environment variables, a managed identity, or whoever uses the Azure CLI."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()
