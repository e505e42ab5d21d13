"""`ztkit collect`: from a live tenant into a snapshot, and the script for where nobody here may sign in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err, out, progress_bar
from ztkit.cli.workspace import print_snapshot, services_named
from ztkit.errors import UsageError
from ztkit.model.types import ALL_SOURCES

if TYPE_CHECKING:
    from ztkit.azure.clouds import CloudName
    from ztkit.azure.connection import Connection

collect_app = typer.Typer(
    invoke_without_command=True,
    help="Collect a live tenant into a snapshot, read-only.",
    epilog="Example: ztkit collect -w contoso --sign-in cli",
)

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="The engagement's folder; the current one by default.")
]
SignInOption = Annotated[
    str,
    typer.Option(
        "--sign-in",
        help="default, cli, device-code, browser, managed-identity, workload-identity or certificate.",
    ),
]
CloudOption = Annotated[str, typer.Option(help="public, us-government or china.")]
TenantOption = Annotated[str, typer.Option(help="Id or domain of the tenant; the account's own by default.")]
ClientOption = Annotated[str, typer.Option(help="Id of the application or managed identity to sign in as.")]
CertificateOption = Annotated[
    Path | None, typer.Option(help="PEM or PFX file with certificate and key, for --sign-in certificate.")
]


@collect_app.callback(invoke_without_command=True)
def collect(
    context: typer.Context,
    workspace: WorkspaceOption = Path(),
    sign_in: SignInOption = "default",
    tenant: TenantOption = "",
    client: ClientOption = "",
    certificate: CertificateOption = None,
    cloud: CloudOption = "public",
    subscription: Annotated[
        list[str] | None, typer.Option(help="Only this subscription; may be given several times.")
    ] = None,
    management_group: Annotated[
        list[str] | None, typer.Option(help="Only below this management group; may be given several times.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A service not to read: resource-graph or microsoft-graph.")
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Every type of the tables, not only those that checks read today."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest collection that was interrupted.")
    ] = False,
) -> None:
    """Collect a live tenant into a snapshot.

    Needs Reader and Security Reader on what is to be read, and the permissions on Microsoft Graph that
    `ztkit doctor` lists; it sends nothing but queries. Interrupted at any point, it goes on with --resume.
    """
    if context.invoked_subcommand is not None:
        return
    from ztkit.azure.scope import Scope
    from ztkit.collect.tenant.journal import Journal, unfinished
    from ztkit.collect.tenant.run import collect as run_collection
    from ztkit.collect.tenant.run import order_for
    from ztkit.content.library import shipped_library
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    now = datetime.now(UTC)
    if resume:
        journal = Journal.resume(space)
    else:
        if left := unfinished(space):
            err.print(
                f"Note: {len(left)} unfinished collection(s) in {escape(str(left[0].parent))}; "
                "--resume goes on with the newest."
            )
        if subscription and management_group:
            raise UsageError("Name subscriptions or management groups, not both.")
        scope = Scope(
            subscriptions=tuple(subscription or ()), management_groups=tuple(management_group or ())
        )
        left_out = services_named(without or ())
        sources = tuple(name for name in ALL_SOURCES if name not in left_out)
        order = order_for(
            space,
            shipped_library().checks.values(),
            now,
            scope,
            cloud=cloud_named(cloud),
            sources=sources,
            everything=everything,
        )
        journal = Journal.begin(space, order)
    connection = connect(sign_in, journal.order.cloud, tenant or journal.order.tenant, client, certificate)
    with progress_bar() as bar:
        task = bar.add_task("Collecting", total=None)
        came: dict[str, int] = {}

        def show(table: str, rows: int) -> None:
            came[table] = came.get(table, 0) + rows
            bar.update(task, completed=sum(came.values()), description=f"{table} {came[table]:,}")

        manifest = run_collection(space, journal, connection, datetime.now(UTC), show)
    print_snapshot(manifest)
    out.print("Next: `ztkit assess`.")


def connect(way: str, cloud: str, tenant: str, client: str, certificate: Path | None) -> Connection:
    """A connection as the options say; tests put their own in its place."""
    from ztkit.azure.clouds import CLOUDS
    from ztkit.azure.connection import Connection
    from ztkit.azure.sign_in import credential

    chosen = CLOUDS[cloud_named(cloud)]
    made = credential(
        way,
        chosen,
        tenant=tenant,
        client=client,
        certificate=str(certificate or ""),
        prompt=lambda text: err.print(escape(text)),
    )
    return Connection(chosen, made)


def cloud_named(name: str) -> CloudName:
    """A cloud by name.

    Raises:
        UsageError: there is none.
    """
    from ztkit.azure.clouds import CLOUDS

    for known in CLOUDS:
        if known == name:
            return known
    raise UsageError(f"There is no cloud {name!r}. There are: {', '.join(CLOUDS)}.")


@collect_app.command("script", epilog="Example: ztkit collect script --shell bash > ztkit-collect.sh")
def script(
    shell: Annotated[str, typer.Option(help="bash or powershell.")] = "bash",
    with_graph: Annotated[
        bool, typer.Option("--graph/--no-graph", help="Read Microsoft Graph too, as far as the account may.")
    ] = True,
) -> None:
    """Print a short script that the client's own administrator runs in Cloud Shell; `ztkit import` takes its zip."""
    from ztkit.collect.scripts import script as script_of
    from ztkit.collect.tenant.needs import entities_needed, tables_needed
    from ztkit.content.library import shipped_library

    checks = tuple(shipped_library().checks.values())
    needs = [(need.table, need.types) for need in tables_needed(checks)]
    if shell == "bash":
        text = script_of(needs, entities_needed(checks), "bash", with_graph=with_graph)
    elif shell == "powershell":
        text = script_of(needs, entities_needed(checks), "powershell", with_graph=with_graph)
    else:
        raise UsageError(f"There is no script for {shell!r}. There are: bash, powershell.")
    out.file.write(text)
