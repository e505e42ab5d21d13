"""Verbs on a Kusto cluster: push a snapshot, show what a database holds, assess many tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from ztkit.cli.console import err, out, print_json
from ztkit.cli.tenant import services_named
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ztkit.assess.run import Plan
    from ztkit.content.library import Library
    from ztkit.engine.kusto import Database, KustoInventory, Outcome
    from ztkit.model.assessment import Interval, Stage

app = typer.Typer(
    no_args_is_help=True, help="Estates beyond one machine: snapshots and assessments on a Kusto cluster."
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
class Assessed:
    """An assessment of one tenant, in a line.

    Attributes:
        workspace: the tenant's folder; the assessment is in it.
        failing: checks that fail.
        unknown: checks that could not be run, or not on what they read.
    """

    workspace: str
    assessment: str
    snapshot: str
    taken: datetime
    stage: Stage
    index: Interval
    coverage: Fraction
    failing: int
    unknown: int


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
    out.print("Next: `ztkit kusto assess` runs the checks there.")


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
    epilog="Example: ztkit kusto assess -c https://contoso.westeurope.kusto.windows.net -d contoso -d fabrikam -o clients"
)
def assess(
    cluster: ClusterOption,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A folder of workspaces, one a tenant; made where there is none."
        ),
    ],
    database: Annotated[
        list[str] | None, typer.Option("--database", "-d", help="A tenant's database; any number of them.")
    ] = None,
    databases: Annotated[
        Path | None, typer.Option("--databases", help="A file with a database's name in each line.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave a service out, such as microsoft-graph; see `ztkit assess`."),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(help="Moment, in UTC, that ages and expiries count from; now by default."),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Tenants at once.")] = 4,
    minutes: MinutesOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Assess many tenants in one run; one that fails does not stop the others.

    Each gets a workspace of its database's name in the output folder. Responses and exceptions that are in it count,
    and it is one like any other: `ztkit report -w FOLDER/TENANT` renders its report.
    """
    from ztkit.assess.run import Plan
    from ztkit.content.library import shipped_library
    from ztkit.engine.kusto import KustoInventory, evaluate_many

    folders = _folders(output, _names(database or (), databases))
    moment = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    plan = Plan(moment, without=services_named(without or ()))
    library = shipped_library()
    timeout = timedelta(minutes=minutes)
    tenants = {
        name: partial(KustoInventory.open, _database(cluster, name), timeout=timeout) for name in folders
    }

    def work(tenant: str, inventory: KustoInventory) -> Assessed:
        return _assess(tenant, folders[tenant], inventory, library, plan)

    outcomes = evaluate_many(
        tenants,
        work,
        at_once=at_once,
        progress=lambda outcome, done: err.print(
            f"{done} of {len(tenants)}: {escape(outcome.tenant)} {'failed ' if outcome.error else ''}"
            f"in {outcome.seconds:.0f} s"
        ),
    )
    if as_json:
        print_json([_plain(outcome) for outcome in outcomes])
    else:
        _print(outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(3)


def _names(given: Sequence[str], file: Path | None) -> list[str]:
    """Databases that were named, on the command line and in a file, in order."""
    names = list(given)
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{file} cannot be read as text in UTF-8: {problem}") from problem
        names += [line.strip() for line in lines if line.strip()]
    if not names:
        raise UsageError("Name a database with -d, or a file of them with --databases.")
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise UsageError(f"Database {name!r} is named twice.")
        seen.add(name.lower())
    return names


def _folders(output: Path, names: Sequence[str]) -> dict[str, Path]:
    """Where each tenant's workspace is: a folder of its name, with what no file system takes written as %20 is."""
    found = {}
    for name in names:
        safe = quote(name, safe=" ")
        if safe != safe.strip(". "):  # is lost on Windows, or leads elsewhere
            safe = "".join(f"%{ord(letter):02X}" if letter in ". " else letter for letter in safe)
        found[name] = output / safe
    return found


def _assess(tenant: str, folder: Path, inventory: KustoInventory, library: Library, plan: Plan) -> Assessed:
    """Assess one tenant in its workspace, which is made if there is none."""
    from ztkit.assess.run import assess as run_assessment
    from ztkit.assess.sources import OnCluster
    from ztkit.model.engagement import Engagement
    from ztkit.workspace import Workspace

    if (folder / "ztkit.toml").is_file():
        space = Workspace(folder)
    else:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        space = Workspace.create(folder, Engagement(organisation=tenant))
    made = run_assessment(space, library, OnCluster(inventory), plan)
    manifest = inventory.manifest
    return Assessed(
        workspace=str(folder),
        assessment=made.id,
        snapshot=manifest.id,
        taken=manifest.taken,
        stage=made.overall.stage,
        index=made.overall.index,
        coverage=made.overall.coverage,
        failing=sum(check.failed > 0 for check in made.checks),
        unknown=sum(check.outcome != "ok" for check in made.checks),
    )


def _plain(outcome: Outcome[Assessed]) -> dict[str, Any]:
    """An outcome for other programs; exact numbers as text, as in result.json."""
    found = outcome.result
    result = None
    if found is not None:
        result = {
            **vars(found),
            "taken": found.taken.isoformat(),
            "stage": found.stage.model_dump(mode="json"),
            "index": found.index.model_dump(mode="json"),
        }
    return {**vars(outcome), "result": result}


def _print(outcomes: Sequence[Outcome[Assessed]]) -> None:
    from ztkit.cli.verdict import interval, percent, stage

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("tenant", "stage", "index", "known", "failing", "unknown"):
        table.add_column(title, justify="left" if title in ("tenant", "stage") else "right")
    for outcome in outcomes:
        found = outcome.result
        if found is not None:
            numbers = (interval(found.index), percent(found.coverage), str(found.failing), str(found.unknown))
            table.add_row(escape(outcome.tenant), stage(found.stage), *numbers)
    if table.row_count:
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
