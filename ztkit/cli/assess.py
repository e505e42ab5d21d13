"""`ztkit assess`: an assessment of a snapshot, of a live tenant, or of interviews alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err, out, print_json, progress_bar
from ztkit.cli.tenant import (
    CertificateOption,
    ClientOption,
    CloudOption,
    ManagementGroupOption,
    SignInOption,
    SubscriptionOption,
    TenantOption,
    connect,
    scope_named,
    services_named,
)
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.assess.evaluate import CheckRun
    from ztkit.assess.sources import EvidenceSource
    from ztkit.content.library import Library
    from ztkit.model.assessment import Assessment
    from ztkit.workspace import Workspace


def assess(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="The engagement's folder; the current one by default.")
    ] = Path(),
    snapshot: Annotated[
        str | None, typer.Option(help="Id of a snapshot, or latest, as without this option.")
    ] = None,
    interview_only: Annotated[
        bool, typer.Option("--interview-only", help="Score responses alone, without a snapshot.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Run the checks in Resource Graph itself, without a snapshot: counts leave the tenant, and the "
            "resources that fail. Microsoft Graph is read into a private folder, evaluated and deleted.",
        ),
    ] = False,
    counts_only: Annotated[
        bool,
        typer.Option(
            "--counts-only",
            help="With --live: counts alone leave the tenant, no name of a resource, no reason. Microsoft Graph is not "
            "read and its checks are unknown, and exceptions for single resources are not applied.",
        ),
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave a service out, such as microsoft-graph where nobody may read it: what is said counts "
            "in its place, and the report says so. Without this its checks are unknown."
        ),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(help="Moment, in UTC, that ages and expiries count from; now by default."),
    ] = None,
    fail_under: Annotated[
        float | None, typer.Option(help="Exit with 1 when the index is lower than this (0 to 100).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")] = False,
    sign_in: SignInOption = "default",
    tenant: TenantOption = "",
    client: ClientOption = "",
    certificate: CertificateOption = None,
    cloud: CloudOption = "public",
    subscription: SubscriptionOption = None,
    management_group: ManagementGroupOption = None,
) -> None:
    """Score a snapshot, or a live tenant, and the responses, and write the assessment.

    With --live it takes the sign-in and scope of `ztkit collect`; `ztkit doctor` says what the account may read.
    """
    from ztkit.assess.run import Plan
    from ztkit.assess.run import assess as run_assessment
    from ztkit.assess.sources import NoInventory
    from ztkit.content.library import shipped_library
    from ztkit.workspace import Workspace

    asks_tenant = (sign_in, cloud) != ("default", "public") or any(
        (tenant, client, certificate, subscription, management_group)
    )
    _refuse_contradictions(live, counts_only, snapshot, interview_only, asks_tenant=asks_tenant)
    space, now = Workspace.open(workspace), datetime.now(UTC)
    plan = Plan(at.replace(tzinfo=UTC) if at else now, without=services_named(without or ()))
    library = shipped_library()
    with progress_bar() as bar:
        begin = "Checks" if live or interview_only else _beginning(library)
        task = bar.add_task(begin, total=0 if interview_only else len(library.checks))

        def show(run: CheckRun) -> None:
            bar.update(task, advance=1, description=run.check)
            if run.outcome == "error":
                bar.console.print(f"Could not run {escape(run.reason)}")

        source: EvidenceSource
        if live:
            from ztkit.assess.tenant import LiveTenant

            part = scope_named(subscription, management_group)
            connection = connect(sign_in, cloud, tenant or space.engagement().tenant, client, certificate)
            source = LiveTenant(
                connection,
                part,
                now,
                space.root,
                counts_only=counts_only,
                progress=lambda table, rows: bar.update(task, description=f"{table} {rows:,}"),
            )
        else:
            source = NoInventory() if interview_only else _snapshot(space, snapshot or "latest")
        assessment = run_assessment(space, library, source, plan, show)
    if as_json:
        print_json(assessment.model_dump(mode="json"))
    else:
        _print(assessment)
    if fail_under is not None and assessment.overall.index.lower < fail_under:
        err.print(f"The index is {float(assessment.overall.index.lower):.1f}, lower than {fail_under:g}.")
        raise typer.Exit(1)


def _beginning(library: Library) -> str:
    """What happens until the first check is run, which may be half a minute."""
    from ztkit.engine.translation import is_kept

    kept = all(is_kept(check.query) for check in library.checks.values())
    return "Checks" if kept else "Translating the checks' queries, once after an update"


def _refuse_contradictions(
    live: bool, counts_only: bool, snapshot: str | None, interview_only: bool, *, asks_tenant: bool
) -> None:
    if live and snapshot is not None:
        raise UsageError("--live asks the tenant itself and --snapshot reads a snapshot; name one of them.")
    if live and interview_only:
        raise UsageError(
            "--live asks the tenant and --interview-only scores responses alone; name one of them."
        )
    if counts_only and not live:
        raise UsageError("--counts-only is about what leaves the tenant; it goes with --live.")
    if asks_tenant and not live:
        raise UsageError("Options of sign-in and scope go with --live; a snapshot has its own scope.")


def _snapshot(space: Workspace, wanted: str) -> EvidenceSource:
    from ztkit.assess.sources import SnapshotOf

    known = space.snapshots()
    if not known:
        raise UsageError(
            "This workspace has no snapshot. `ztkit collect` or `ztkit import FILES` makes one; `ztkit assess --live` "
            "asks a tenant without one, `ztkit assess --interview-only` scores the responses alone."
        )
    if wanted == "latest":
        return SnapshotOf(space, known[-1])
    if wanted not in known:
        raise UsageError(f"There is no snapshot {wanted!r}. There are: {', '.join(known)}.")
    return SnapshotOf(space, wanted)


def _print(assessment: Assessment) -> None:
    from ztkit.cli.verdict import print_verdict

    print_verdict(assessment)
    _hint_at_services_not_read(assessment)
    unnamed = [item for item in assessment.exceptions if item.state == "not-applied"]
    if unnamed:
        err.print(
            f"Note: {len(unnamed)} exception(s) for single resources are not applied: what fails was counted and not "
            "named, and all of it counts."
        )
    out.print("Next: `ztkit report` renders it, `ztkit explain` shows where a number comes from.")


def _hint_at_services_not_read(assessment: Assessment) -> None:
    """Say what to do about a service in scope of which nothing at all was read."""
    from ztkit.content.library import shipped_library
    from ztkit.content.tables import entities

    if assessment.snapshot is None or "microsoft-graph" not in assessment.sources:
        return
    if not any(
        table.name in entities() and table.status != "unreadable" for table in assessment.snapshot.tables
    ):
        library = shipped_library()
        unread = sum(library.checks[item.id].source == "microsoft-graph" for item in assessment.checks)
        what = "the snapshot has nothing" if assessment.snapshot.source != "live" else "nothing was read"
        err.print(
            f"Note: {what} of Microsoft Graph: {unread} checks and the questions that they bear on "
            "are unknown. Where nobody may read it, `ztkit assess --without microsoft-graph` counts what is said."
        )
