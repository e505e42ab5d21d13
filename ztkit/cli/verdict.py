"""Prints an assessment's verdict and a comparison to a terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ztkit.assess.compare import MOVES
from ztkit.cli.console import out
from ztkit.model.assessment import (
    Assessment,
    Comparison,
    IndexChange,
    Interval,
    Named,
    PillarResult,
    Stage,
)
from ztkit.model.types import STAGES

_FOLLOWED: dict[Named, str] = {
    "failing": "The later assessment names failing resources only: what is cleared was fixed, or is gone with its resource.",
    "none": "One of the two counts failing resources and names none: what is new and what is cleared are the least numbers.",
}
"""How the numbers of a comparison are to be read."""


def print_verdict(assessment: Assessment) -> None:
    """The headline and one line a pillar."""
    overall = assessment.overall
    titles = {item.id: item.title for item in assessment.pillars}
    floor = ", ".join(titles[item] for item in overall.floor)
    out.print(f"\n[bold]{escape(assessment.organisation)}[/]  assessment {assessment.id}")
    out.print(f"Stage: [bold]{stage(overall.stage)}[/], held by {escape(floor)}")
    out.print(f"Index: {interval(overall.index)} of 100, {percent(overall.coverage)} of the weight is known")
    out.print(f"Verified by evidence alone: {interval(overall.verified)}\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (
        ("pillar", "left"),
        ("stage", "left"),
        ("index", "right"),
        ("known", "right"),
        ("banked", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # a literal in both
    for item in assessment.pillars:
        table.add_row(
            item.title,
            _pillar_stage(item),
            interval(item.index),
            percent(item.coverage),
            f"{float(item.banked):.0f}",
        )
    out.print(table)
    errors = [item for item in assessment.checks if item.outcome == "error"]
    unread = [item for item in assessment.checks if item.outcome == "unreadable"]
    if errors:
        out.print(f"\n{len(errors)} checks could not be run:")
        for check in errors:
            out.print(f"  {escape(check.reason)}")
    if unread:
        tables = sorted(
            {table for check in unread for table in check.tables if _is_missing(assessment, table)}
        )
        where = "not in the snapshot" if _is_offline(assessment) else "not read"
        out.print(f"\n{len(unread)} checks are unknown: {where}: {', '.join(tables) or 'their tables'}")
    out.print("")


def print_comparison(comparison: Comparison) -> None:
    """Index, stages, objectives and findings that moved."""
    out.print(f"From {comparison.before} to {comparison.after}")
    if not comparison.same_content:
        out.print(
            "The content changed in between: part of any difference comes from other checks and questions."
        )
    out.print(
        f"Index: {_moved(comparison.overall)}; stage {stage(comparison.stage_before)} to {stage(comparison.stage_after)}"
    )
    for pillar in comparison.pillars:
        stages = f"{stage(pillar.stage_before)} to {stage(pillar.stage_after)}"
        out.print(f"  {pillar.title:<16} {_moved(pillar.index)}, {stages}")
    moved = [item for item in comparison.objectives if item.state_before != item.state_after]
    if moved:
        out.print("\n[bold]Objectives[/]")
    for objective in moved:
        out.print(
            f"  {objective.id:<18} {objective.state_before} to {objective.state_after}  {escape(objective.title)}"
        )
    if comparison.findings != "all":
        out.print(f"\n{_FOLLOWED[comparison.findings]}")
    table = Table(box=None, pad_edge=False, header_style="bold", title="\nFindings", title_justify="left")
    table.add_column("check")
    names = [
        name
        for name in MOVES[comparison.findings]
        if name != "revealed" or any(check.revealed for check in comparison.checks)
    ]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for check in comparison.checks:
        table.add_row(check.id, *(str(getattr(check, name) or "") for name in names))
    out.print(table)


def stage(value: Stage) -> str:
    """A stage's name, or its range."""
    if value.insufficient:
        return "insufficient evidence"
    if value.lower == value.upper:
        return STAGES[value.lower]
    return f"{STAGES[value.lower]} to {STAGES[value.upper]}"


def interval(value: Interval) -> str:
    """An interval of index points, rounded for reading."""
    low, high = f"{float(value.lower):.0f}", f"{float(value.upper):.0f}"
    return low if low == high else f"{low} to {high}"


def percent(share: object) -> str:
    """A share as a percentage, rounded for reading."""
    return f"{float(share) * 100:.0f} %"  # type: ignore[arg-type]  # any number


def _pillar_stage(pillar: PillarResult) -> str:
    return stage(pillar.stage) if pillar.applicable else "not applicable"


def _moved(change: IndexChange) -> str:
    difference = float(change.after.lower - change.before.lower)
    return f"{interval(change.before)} to {interval(change.after)} ({difference:+.1f})"


def _is_offline(assessment: Assessment) -> bool:
    return assessment.snapshot is None or assessment.snapshot.named == "all"


def _is_missing(assessment: Assessment, table: str) -> bool:
    known = (
        {item.name for item in assessment.snapshot.tables if item.status != "unreadable"}
        if assessment.snapshot
        else set()
    )
    return table not in known
