"""`ztkit crosswalk`: an assessment, or the content alone, seen from an outside framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ztkit.cli.console import err, out, print_json
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.assess.crosswalk import Bearing, ControlResult, Crosswalk
    from ztkit.model.assessment import Assessment

_MARKS = {
    "met": "[green]met[/]",
    "not-met": "[red]not met[/]",
    "undetermined": "[yellow]undetermined[/]",
    "not-applicable": "not applicable",
    "not-assessed": "[dim]not assessed[/]",
    "uncovered": "[dim]nothing covers it[/]",
}
_SHOWN = 4


def crosswalk(
    framework: Annotated[
        str, typer.Option("--framework", "-f", help="cisa-ztmm, nist-800-53, mcsb or cis-azure.")
    ] = "cisa-ztmm",
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="The engagement's folder; the current one by default.")
    ] = Path(),
    assessment: Annotated[
        str, typer.Option(help="Id of an assessment, latest, or none for the content alone.")
    ] = "latest",
    control: Annotated[
        str, typer.Option(help="Only this control, or this part of the framework, with all that bears on it.")
    ] = "",
    uncovered: Annotated[
        bool, typer.Option("--uncovered", help="Only controls that nothing covers.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")] = False,
) -> None:
    """Show, for each control of an outside framework, the criteria that bear on it and their state."""
    from ztkit.assess.crosswalk import crosswalk as crosswalk_of
    from ztkit.content.library import shipped_library

    found = crosswalk_of(shipped_library(), framework, _assessment(workspace, assessment))
    wanted = [
        item
        for item in found.controls
        if (not uncovered or item.state == "uncovered")
        and (not control or item.id == control or item.group.lower() == control.lower())
    ]
    if control and not wanted:
        raise UsageError(f"{found.title} {found.version} has no control {control!r}.")
    shown = found.model_copy(update={"controls": tuple(wanted)})
    if as_json:
        print_json(shown.model_dump(mode="json"))
        return
    _print(shown, everything=bool(control))
    counts = found.counts()
    covered = len(found.controls) - counts.get("uncovered", 0)
    states = ", ".join(f"{count} {state.replace('-', ' ')}" for state, count in counts.items())
    out.print(f"\n{covered} of {len(found.controls)} controls have criteria: {states}")
    err.print(
        "Criteria that are met do not make a control met: the relation says how far they reach (equal, subset, superset, "
        "intersects)."
    )


def _assessment(workspace: Path, name: str) -> Assessment | None:
    """The assessment whose states to show; the content alone where there is no workspace to take it from."""
    from ztkit.workspace import Workspace

    if name == "none":
        return None
    try:
        space = Workspace.open(workspace)
    except UsageError:
        if name != "latest" or workspace != Path():
            raise
        err.print("Note: this folder is no workspace, so no states are shown; name one with --workspace.")
        return None
    if name == "latest" and not space.assessments():
        err.print("Note: nothing was assessed yet, so no states are shown.")
        return None
    return space.assessment(name)


def _print(found: Crosswalk, *, everything: bool) -> None:
    out.print(f"[bold]{escape(found.title)} {escape(found.version)}[/]")
    group = ""
    for item in found.controls:
        if item.group != group:
            group = item.group
            out.print(f"\n[bold]{escape(group)}[/]")
        out.print(f"  {item.id:<8} {escape(item.title)}: {_MARKS[item.state]}{_tally(item)}")
        worst = sorted(item.bearings, key=_rank)
        for bearing in worst if everything else worst[:_SHOWN]:
            out.print(f"           {_line(bearing)}")
        if not everything and len(worst) > _SHOWN:
            out.print(f"           and {len(worst) - _SHOWN} more: --control {item.id}")


def _rank(bearing: Bearing) -> tuple[int, str]:
    order = ("not-met", "unknown", "met", "not-applicable", None)
    return order.index(bearing.state), bearing.id


def _tally(item: ControlResult) -> str:
    criteria = {bearing.criterion for bearing in item.bearings}
    return f" [dim]({len(criteria)} criteria)[/]" if criteria else ""


def _line(bearing: Bearing) -> str:
    state = bearing.state or "not assessed"
    failed = f", {bearing.failed:,} failing" if bearing.failed else ""
    scored = f" in {bearing.criterion}" if bearing.criterion != bearing.id else ""
    return f"{bearing.id}{scored}: {state.replace('-', ' ')}{failed} [dim]({bearing.relation})[/]"
