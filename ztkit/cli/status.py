"""`ztkit status`: where an engagement stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.markup import escape

from ztkit.cli.console import out
from ztkit.content.library import Library
from ztkit.interview.session import Progress, session
from ztkit.model.response import newest
from ztkit.workspace import Workspace


def status_of(workspace: Workspace, library: Library, at: datetime) -> dict[str, Any]:
    """What a workspace holds, and what to do next."""
    engagement = workspace.engagement()
    responses = workspace.responses()
    asked = session(library, engagement, responses, at).progress
    last = newest([response for said in responses.values() for response in said])
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
        "questions": asked.total,
        "answered": asked.said - asked.dont_know - asked.not_applicable - asked.unproven,
        "dont_know": asked.dont_know,
        "not_applicable": asked.not_applicable + asked.unproven,
        "stale": asked.stale,
        "open": asked.open,
        "minutes_left": asked.minutes_left,
        "waiting": asked.waiting,
        "not_asked": asked.not_asked,
        "exceptions": len(exceptions),
        "exceptions_expired": sum(item.expires < at.date() for item in exceptions),
        "assessments": assessments,
        "next": _next(workspace, snapshots, assessments, asked, last.at if last else None),
    }


def print_status(found: dict[str, Any]) -> None:
    """Print it for a person."""
    out.print(f"[bold]{escape(found['organisation'])}[/]  {escape(found['folder'])}")
    out.print(f"Pillars: {', '.join(found['pillars'])}")
    out.print(f"Snapshots: {len(found['snapshots'])}")
    for item in found["snapshots"]:
        incomplete = f"; incomplete: {', '.join(item['incomplete'])}" if item["incomplete"] else ""
        out.print(f"  {item['id']}  {item['rows']:,} rows{incomplete}")
    out.print(f"Questions: {', '.join(_questions(found))}")
    out.print(f"Exceptions: {found['exceptions']}, of which {found['exceptions_expired']} expired")
    out.print(f"Assessments: {', '.join(found['assessments']) or 'none'}")
    out.print(f"Next: {found['next']}")


def _questions(found: dict[str, Any]) -> list[str]:
    parts = {
        "don't know": found["dont_know"],
        "not applicable": found["not_applicable"],
        f"open ({found['minutes_left']} minutes)": found["open"],
        "waiting for another answer": found["waiting"],
        "older than they should be": found["stale"],
        "not asked, since another answer settles them": found["not_asked"],
    }
    counts = [f"{count} {what}" for what, count in parts.items() if count]
    return [f"{found['answered']} of {found['questions']} answered", *counts]


def _next(
    workspace: Workspace, snapshots: list[str], assessments: list[str], asked: Progress, last: datetime | None
) -> str:
    assessed = workspace.assessment(assessments[-1]) if assessments else None
    seen = bool(snapshots) or (assessed is not None and assessed.snapshot is not None)
    if not seen and last is None:
        return "`ztkit collect` or `ztkit import FILES` brings in an inventory; `ztkit interview` asks the questions, also without one"
    if snapshots and (assessed is None or assessments[-1] < snapshots[-1]):
        return "`ztkit assess` scores the newest snapshot"
    if last is not None and (assessed is None or assessed.at < last):
        if seen:
            return "`ztkit assess` scores what was said since the newest assessment"
        return "`ztkit import FILES` brings in an inventory; `ztkit assess --interview-only` scores what was said without one"
    if asked.open:
        return f"`ztkit interview` goes on with {asked.open} open questions; `ztkit report` renders the newest assessment"
    return "`ztkit report` renders the newest assessment, `ztkit explain` shows where a number comes from"
