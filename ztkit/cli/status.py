"""`ztkit status`: where an engagement stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.markup import escape

from ztkit.assess.criteria import claim_of
from ztkit.cli.console import out
from ztkit.content.library import Library
from ztkit.workspace import Workspace


def status_of(workspace: Workspace, library: Library, at: datetime) -> dict[str, Any]:
    """What a workspace holds, and what to do next."""
    engagement = workspace.engagement()
    responses = workspace.responses()
    questions = [item for item in library.questions.values() if item.pillar in engagement.pillars]
    claims = [claim for item in questions if (claim := claim_of(item, responses.get(item.id, ()), at))]
    exceptions = workspace.exceptions()
    snapshots, assessments = workspace.snapshots(), workspace.assessments()
    return {
        "organisation": engagement.organisation,
        "folder": str(workspace.root),
        "pillars": list(engagement.pillars),
        "snapshots": [
            {
                "id": item,
                "rows": sum(table.rows for table in manifest.tables),
                "incomplete": [table.name for table in manifest.tables if table.status != "complete"],
            }
            for item in snapshots
            for manifest in [workspace.manifest(item)]
        ],
        "questions": len(questions),
        "answered": sum(claim.kind == "answer" for claim in claims),
        "dont_know": sum(claim.kind == "dont-know" for claim in claims),
        "not_applicable": sum(claim.kind == "not-applicable" for claim in claims),
        "stale": sum(claim.stale for claim in claims),
        "exceptions": len(exceptions),
        "exceptions_expired": sum(item.expires < at.date() for item in exceptions),
        "assessments": assessments,
        "next": _next(workspace, snapshots, assessments),
    }


def print_status(found: dict[str, Any]) -> None:
    """Print it for a person."""
    out.print(f"[bold]{escape(found['organisation'])}[/]  {escape(found['folder'])}")
    out.print(f"Pillars: {', '.join(found['pillars'])}")
    out.print(f"Snapshots: {len(found['snapshots'])}")
    for item in found["snapshots"]:
        incomplete = f"; incomplete: {', '.join(item['incomplete'])}" if item["incomplete"] else ""
        out.print(f"  {item['id']}  {item['rows']:,} rows{incomplete}")
    out.print(
        f"Questions: {found['answered']} of {found['questions']} answered, {found['dont_know']} don't know, "
        f"{found['not_applicable']} not applicable, {found['stale']} answers are older than they should be"
    )
    out.print(f"Exceptions: {found['exceptions']}, of which {found['exceptions_expired']} expired")
    out.print(f"Assessments: {', '.join(found['assessments']) or 'none'}")
    out.print(f"Next: {found['next']}")


def _next(workspace: Workspace, snapshots: list[str], assessments: list[str]) -> str:
    if not snapshots and not (assessments and workspace.assessment(assessments[-1]).snapshot):
        return "`ztkit import FILES` brings in an inventory"
    if not assessments or (snapshots and assessments[-1] < snapshots[-1]):
        return "`ztkit assess` scores the newest snapshot"
    return "`ztkit report` renders the newest assessment, `ztkit explain` shows where a number comes from"
