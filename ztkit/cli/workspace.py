"""Verbs on an engagement: init, import, report, explain, status, compare, demo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.assess import assess
from ztkit.cli.console import err, out, print_json, progress_bar
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.model.assessment import Assessment, Comparison
    from ztkit.model.snapshot import SnapshotManifest

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
