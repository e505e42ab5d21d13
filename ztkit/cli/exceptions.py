"""`ztkit exceptions`: accepted risks, listed, added and ended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ztkit.cli.console import out, print_json
from ztkit.cli.workspace import JsonOption, WorkspaceOption
from ztkit.errors import UsageError

if TYPE_CHECKING:
    from ztkit.interview.exceptions import Listed
    from ztkit.workspace import Workspace

exceptions_app = typer.Typer(
    no_args_is_help=True, help="Accepted risks: what they take out of the score, and until when."
)
_STATES = {
    "in-force": "in force",
    "expiring": "expires soon",
    "expired": "expired, counts again",
    "unused": "takes nothing out",
    "not-applied": "not applied",
}


@exceptions_app.command("list", epilog="Example: ztkit exceptions list -w contoso")
def exceptions_list(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the exceptions, the one that expires next first.

    How much each takes out is as of the newest assessment. An exception that has expired is listed and counts no more.
    """
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    found = _listed(space, _today())
    if as_json:
        print_json([_as_data(item) for item in found])
        return
    for item in found:
        risk = item.exception
        out.print(
            f"[bold]{risk.id}[/]  {risk.expires}  {_STATES[item.state]:<21}  {escape(risk.criterion)}{_extent(item)}"
        )
        out.print(f"          {escape(risk.approver)}: {escape(risk.reason)}")
        if risk.compensating:
            out.print(f"          Instead: {escape(risk.compensating)}")
    out.print(f"{len(found)} exceptions" if len(found) != 1 else "1 exception")


@exceptions_app.command(
    "add",
    epilog="Example: ztkit exceptions add data.storage-https-only --resource /subscriptions/…/storageAccounts/scans "
    '--reason "The scanner speaks HTTP only" --approver "CISO" --expires 2027-06-30 -w contoso',
)
def exceptions_add(
    criterion: Annotated[str, typer.Argument(help="Id of a check or a question.")],
    reason: Annotated[str, typer.Option(help="Why the risk is accepted.")],
    approver: Annotated[str, typer.Option(help="Who accepts it.")],
    expires: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The last day on which it holds, such as 2027-06-30."),
    ],
    resource: Annotated[
        list[str] | None,
        typer.Option(
            help="Id of a resource that it holds for, of a check; give it again for more. All without."
        ),
    ] = None,
    compensating: Annotated[str, typer.Option(help="What stands in for the missing control.")] = "",
    workspace: WorkspaceOption = Path(),
) -> None:
    """Accept a risk: while it holds, it counts neither as passed nor as failed, and the report lists it."""
    from pydantic import ValidationError

    from ztkit.content.library import shipped_library
    from ztkit.interview.exceptions import add
    from ztkit.model.response import RiskException
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    try:
        wanted = RiskException(
            criterion=criterion,
            resources=tuple(resource or ()),
            reason=reason,
            approver=approver,
            expires=expires.date(),
            compensating=compensating,
        )
    except ValidationError as problem:
        told = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in problem.errors())
        raise UsageError(f"The exception was not added: {told}.") from problem
    added = add(space, shipped_library(), wanted, _today())
    out.print(f"Added {added.id}: {escape(added.criterion)} is accepted until {added.expires}.")
    out.print("Next: `ztkit assess` takes it into account.")


@exceptions_app.command("end", epilog="Example: ztkit exceptions end 1f0c2a9b -w contoso")
def exceptions_end(
    exception: Annotated[
        str,
        typer.Argument(metavar="ID", help="As in `ztkit exceptions list`; or the criterion, if it has one."),
    ],
    workspace: WorkspaceOption = Path(),
) -> None:
    """End an exception before its expiry: what it took out counts again from today. It stays on file."""
    from ztkit.interview.exceptions import end
    from ztkit.workspace import Workspace

    ended = end(Workspace.open(workspace), exception, _today())
    out.print(
        f"Ended: {escape(ended.criterion)} counts again. It is kept as {ended.id}, expired {ended.expires}."
    )
    out.print("Next: `ztkit assess` takes it into account.")


def _extent(item: Listed) -> str:
    named = len(item.exception.resources)
    parts = [f"{named} resources named" if named != 1 else "1 resource named"] if named else []
    if item.findings is not None:
        parts.append(f"{item.findings} findings" if item.findings != 1 else "1 finding")
    return f" ({', '.join(parts)})" if parts else ""


def _listed(space: Workspace, today: date) -> tuple[Listed, ...]:
    """The exceptions, with what the newest assessment says of each."""
    from ztkit.interview.exceptions import listed

    findings: dict[str, int] = {}
    if space.assessments():
        assessment = space.assessment("latest")
        checks = {item.id for item in assessment.checks}
        findings = {
            item.exception.id: item.findings
            for item in assessment.exceptions
            if item.exception.criterion in checks and item.state != "not-applied"
        }
    return listed(space.exceptions(), today, findings)


def _as_data(item: Listed) -> dict[str, Any]:
    return {
        "id": item.exception.id,
        "state": item.state,
        "findings": item.findings,
        **item.exception.model_dump(mode="json"),
    }


def _today() -> date:
    return datetime.now(UTC).date()
