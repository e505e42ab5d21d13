"""Verbs on an engagement: init, import, assess, report, explain, status, compare, demo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err, out, print_json, progress_bar
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.assess.evaluate import CheckRun
    from ztkit.model.assessment import Assessment, Comparison
    from ztkit.model.snapshot import SnapshotManifest
    from ztkit.model.types import SourceId

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="The engagement's folder; the current one by default.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command("init", epilog='Example: ztkit init contoso --organisation "Contoso Ltd"')(init)
    app.command("import", epilog="Example: ztkit import resources.json policies.csv -w contoso")(import_)
    app.command("assess", epilog="Example: ztkit assess -w contoso --fail-under 60")(assess)
    app.command("report", epilog="Example: ztkit report -w contoso --open")(report)
    app.command("explain", epilog="Example: ztkit explain network -w contoso")(explain)
    app.command("status", epilog="Example: ztkit status -w contoso")(status)
    app.command("compare", epilog="Example: ztkit compare previous latest -w contoso")(compare)
    app.command("demo", epilog="Example: ztkit demo my-demo --resources 2000")(demo)


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    organisation: Annotated[
        str, typer.Option("--organisation", "-o", help="Who is assessed; the folder's name by default.")
    ] = "",
    assessor: Annotated[str, typer.Option(help="Who assesses; printed in the report.")] = "",
    pillars: Annotated[
        str, typer.Option(help="Pillars in scope, separated by commas.")
    ] = "identity,endpoint,network,data,infrastructure",
) -> None:
    """Make a workspace for a new engagement."""
    from pydantic import ValidationError

    from ztkit.model.engagement import Engagement
    from ztkit.workspace import Workspace

    try:
        engagement = Engagement(
            organisation=organisation or folder.resolve().name,
            assessor=assessor,
            pillars=tuple(name.strip() for name in pillars.split(",")),
        )
    except ValidationError as problem:
        raise UsageError(
            "; ".join(f"{item['input']!r}: {item['msg']}" for item in problem.errors())
        ) from problem
    workspace = Workspace.create(folder, engagement)
    out.print(f"Made the workspace {escape(str(workspace.root))} for {escape(engagement.organisation)}.")
    out.print("Next: `ztkit import FILES` brings in an inventory, `ztkit assess` scores it.")


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files and folders: JSON, JSON lines, CSV.")],
    workspace: WorkspaceOption = Path(),
    table: Annotated[
        str | None,
        typer.Option(help="Table that all rows belong to; else each row's own table or type says it."),
    ] = None,
    taken: Annotated[
        datetime | None, typer.Option(help="When the inventory was exported, in UTC; now by default.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Vouch that the files hold every row there is.")
    ] = False,
) -> None:
    """Import inventory files as a snapshot: what people can export without ztkit.

    Takes `az graph query -o json`, `Search-AzGraph | ConvertTo-Json -Depth 100`, JSON lines, JSON arrays and the
    CSV of Resource Graph Explorer. Run the queries without a `project`, one a table, such as `resources`,
    `resourcecontainers`, `securityresources`, `policyresources`, `authorizationresources`. Of Microsoft Graph it takes
    answers as they come, such as those saved from Graph Explorer; `organization` says whose they are.
    """
    from ztkit.collect.importers import import_files
    from ztkit.collect.inventory_files import expand
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    now = datetime.now(UTC)
    sources = expand(files)
    with progress_bar() as progress:
        task = progress.add_task("Reading", total=sum(path.stat().st_size for path in sources))
        manifest = import_files(
            space,
            files,
            taken=taken.replace(tzinfo=UTC) if taken else now,
            written=now,
            table=table,
            vouched_complete=complete,
            progress=lambda _path, count: progress.advance(task, count),
        )
    print_snapshot(manifest)
    if taken is None:
        err.print("Note: ages are counted from now; if the files were exported earlier, say so with --taken.")
    out.print("Next: `ztkit assess`.")


def print_snapshot(manifest: SnapshotManifest) -> None:
    """Print what a snapshot holds, and what is missing."""
    rows = sum(item.rows for item in manifest.tables)
    out.print(f"Snapshot {manifest.id}: {rows:,} rows in {len(manifest.tables)} tables")
    for item in manifest.tables:
        reason = f"  {item.reason}" if item.reason else ""
        out.print(f"  {item.name:<42} {item.rows:>9,}  {item.status}{escape(reason)}")
    for note in manifest.notes:
        err.print(f"Note: {escape(note)}")


def assess(
    workspace: WorkspaceOption = Path(),
    snapshot: Annotated[str, typer.Option(help="Id of a snapshot; the newest by default.")] = "latest",
    interview_only: Annotated[
        bool, typer.Option("--interview-only", help="Score responses alone, without a snapshot.")
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
    as_json: JsonOption = False,
) -> None:
    """Score a snapshot and the responses, and write the assessment."""
    from ztkit.assess.run import Plan
    from ztkit.assess.run import assess as run_assessment
    from ztkit.content.library import shipped_library
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    snapshot_id = None if interview_only else _snapshot(space.snapshots(), snapshot)
    moment = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    library = shipped_library()
    with progress_bar() as progress:
        task = progress.add_task("Checks", total=len(library.checks) if snapshot_id else 0)

        def show(run: CheckRun) -> None:
            progress.update(task, advance=1, description=run.check)
            if run.outcome == "error":
                progress.console.print(f"Could not run {escape(run.reason)}")

        plan = Plan(snapshot_id, moment, without=services_named(without or ()))
        assessment = run_assessment(space, library, plan, show)
    if as_json:
        print_json(assessment.model_dump(mode="json"))
    else:
        from ztkit.cli.verdict import print_verdict

        print_verdict(assessment)
        _hint_at_services_not_read(assessment)
        out.print("Next: `ztkit report` renders it, `ztkit explain` shows where a number comes from.")
    if fail_under is not None and assessment.overall.index.lower < fail_under:
        err.print(f"The index is {float(assessment.overall.index.lower):.1f}, lower than {fail_under:g}.")
        raise typer.Exit(1)


def services_named(names: Sequence[str]) -> frozenset[SourceId]:
    """Services by name.

    Raises:
        UsageError: there is no such service.
    """
    from ztkit.model.types import SOURCE_TITLES

    if unknown := [name for name in names if name not in SOURCE_TITLES]:
        raise UsageError(f"There is no service {unknown[0]!r}. There are: {', '.join(SOURCE_TITLES)}.")
    return frozenset(name for name in SOURCE_TITLES if name in names)


def _hint_at_services_not_read(assessment: Assessment) -> None:
    """Say what to do about a service in scope of which the snapshot has no table at all."""
    from ztkit.content.library import shipped_library
    from ztkit.content.tables import entities

    if assessment.snapshot is None or "microsoft-graph" not in assessment.sources:
        return
    if not any(table.name in entities() for table in assessment.snapshot.tables):
        library = shipped_library()
        unread = sum(library.checks[item.id].source == "microsoft-graph" for item in assessment.checks)
        err.print(
            f"Note: the snapshot has nothing of Microsoft Graph: {unread} checks and the questions that they bear on "
            "are unknown. Where nobody may read it, `ztkit assess --without microsoft-graph` counts what is said."
        )


def report(
    workspace: WorkspaceOption = Path(),
    assessment: Annotated[str, typer.Option(help="Id of an assessment, or latest.")] = "latest",
    compared_with: Annotated[
        str,
        typer.Option("--compared-with", help="An earlier assessment, `none`, or the one before by default."),
    ] = "",
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
) -> None:
    """Render the report of an assessment: one HTML file that can be mailed."""
    from ztkit.report.publish import publish
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    with progress_bar() as progress:
        progress.add_task("Rendering the report", total=None)
        path = publish(space, assessment, compared_with)
    out.print(f"Report: {escape(str(path.resolve()))}")
    if open_it:
        typer.launch(path.resolve().as_uri())


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="[CRITERION|OBJECTIVE|PILLAR]",
            help="An id such as network, network.1 or a check; the index without it.",
        ),
    ] = "",
    workspace: WorkspaceOption = Path(),
    assessment: Annotated[str, typer.Option(help="Id of an assessment, or latest.")] = "latest",
    rows: Annotated[int, typer.Option(help="How many failing resources to show.")] = 10,
) -> None:
    """Show the way from the index down to the rows that a query returned."""
    from ztkit.cli.explain import print_explanation
    from ztkit.content.library import shipped_library
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    result = space.assessment(assessment)
    findings = space.assessment_folder(result.id) / "findings.parquet"
    print_explanation(result, shipped_library(), findings, what, rows)


def status(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Show where an engagement stands: snapshots, answers, assessments, what to do next."""
    from ztkit.cli.status import print_status, status_of
    from ztkit.content.library import shipped_library
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    found = status_of(space, shipped_library(), datetime.now(UTC))
    if as_json:
        print_json(found)
    else:
        print_status(found)


def compare(
    before: Annotated[str, typer.Argument(help="The earlier assessment: an id, or previous.")] = "previous",
    after: Annotated[str, typer.Argument(help="The later assessment: an id, or latest.")] = "latest",
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show what moved between two assessments: index, stages, objectives, findings."""
    from ztkit.report.publish import comparison_of
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    comparison = comparison_of(space, before, after)
    if as_json:
        print_json(comparison.model_dump(mode="json"))
    else:
        from ztkit.cli.verdict import print_comparison

        print_comparison(comparison)


def demo(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")] = Path("demo"),
    resources: Annotated[int, typer.Option(min=500, help="Size of the estate.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same organisation.")] = 1,
    quarters: Annotated[
        int, typer.Option(min=1, max=4, help="How many dates, a quarter apart, to assess.")
    ] = 4,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove an earlier demo in that folder first.")
    ] = False,
) -> None:
    """Run the whole job on a made-up organisation: snapshots, responses, assessments, report."""
    from ztkit.demo import run_demo

    with progress_bar() as progress:
        task = progress.add_task("Making the organisation", total=None)

        def show(step: str) -> None:
            progress.update(task, description=step)

        path, assessment, comparison = run_demo(
            folder, resources=resources, seed=seed, quarters=quarters, replace=replace, show=show
        )
    _print_demo(folder, path, assessment, comparison)


def _print_demo(folder: Path, path: Path, assessment: Assessment, comparison: Comparison | None) -> None:
    from ztkit.cli.verdict import print_verdict

    print_verdict(assessment)
    if comparison is not None:
        fixed, new = (
            sum(item.fixed for item in comparison.checks),
            sum(item.new for item in comparison.checks),
        )
        out.print(
            f"Since the assessment before: {fixed} findings fixed, {new} new. `ztkit compare -w {folder}` shows them."
        )
    out.print(f"\nReport: {escape(str(path.resolve()))}")


def _snapshot(known: list[str], wanted: str) -> str:
    if not known:
        raise UsageError(
            "This workspace has no snapshot. `ztkit import FILES` makes one; "
            "`ztkit assess --interview-only` scores the responses alone."
        )
    if wanted == "latest":
        return known[-1]
    if wanted not in known:
        raise UsageError(f"There is no snapshot {wanted!r}. There are: {', '.join(known)}.")
    return wanted
