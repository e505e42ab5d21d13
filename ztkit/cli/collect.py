"""`ztkit collect`: from a live tenant into a snapshot, and the script for where nobody here may sign in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err, out, progress_bar
from ztkit.cli.tenant import (
    CertificateOption,
    ClientOption,
    CloudOption,
    ManagementGroupOption,
    SignInOption,
    SubscriptionOption,
    TenantOption,
    cloud_named,
    connect,
    scope_named,
    services_named,
)
from ztkit.cli.workspace import WorkspaceOption, print_snapshot
from ztkit.errors import ServiceError, UsageError
from ztkit.model.types import ALL_SOURCES

collect_app = typer.Typer(
    invoke_without_command=True,
    help="Collect a live tenant into a snapshot, read-only.",
    epilog="Example: ztkit collect -w contoso --sign-in cli",
)


@collect_app.callback(invoke_without_command=True)
def collect(
    context: typer.Context,
    workspace: WorkspaceOption = Path(),
    sign_in: SignInOption = "default",
    tenant: TenantOption = "",
    client: ClientOption = "",
    certificate: CertificateOption = None,
    cloud: CloudOption = "public",
    subscription: SubscriptionOption = None,
    management_group: ManagementGroupOption = None,
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
        scope = scope_named(subscription, management_group)
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

        try:
            manifest = run_collection(space, journal, connection, datetime.now(UTC), show)
        except ServiceError as problem:
            if problem.status not in (None, 401):
                raise
            kept = "What was collected is kept: `ztkit collect --resume` goes on."
            text = f"{str(problem).rstrip('.')}. {kept}"
            raise type(problem)(text, problem.status, problem.code) from problem
    print_snapshot(manifest)
    out.print("Next: `ztkit assess`.")


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
