"""`ztkit interview`: asked in the terminal, by mail as workbooks, or in a meeting with an agenda."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ztkit.cli import interview_mail
from ztkit.cli.console import out
from ztkit.cli.workspace import WorkspaceOption
from ztkit.errors import StoppedError

interview_app = typer.Typer(
    help="Ask people: in the terminal, by mail as workbooks, in a meeting with an agenda.",
    epilog="Example: ztkit interview --role network -w contoso",
)
interview_mail.register(interview_app)


@interview_app.callback(invoke_without_command=True)
def interview(
    context: typer.Context,
    role: Annotated[
        str, typer.Option(help="Whom to ask: a role such as network-admin, or network for short.")
    ] = "",
    pillar: Annotated[str, typer.Option(help="Ask about one pillar, whoever it is for.")] = "",
    respondent: Annotated[str, typer.Option(help="Who answers; asked for without it.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what has been answered and is not too old.")
    ] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Ask one question at a time in the terminal; each answer is on disk before the next question."""
    if context.invoked_subcommand is not None:
        return
    from ztkit.cli.interview_terminal import ask_in_terminal

    ask_in_terminal(workspace, role=role, pillar=pillar, respondent=respondent, everything=everything)


@interview_app.command("serve", epilog="Example: ztkit interview serve -w contoso --open")
def serve(
    workspace: WorkspaceOption = Path(),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of this machine; a free one without it.")
    ] = 0,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Show the form as a page on this machine, for whoever has the address; Ctrl-C ends it."""
    from ztkit.content.library import shipped_library
    from ztkit.widgets.controller import Controller
    from ztkit.widgets.interview import mark
    from ztkit.widgets.serve import FormServer
    from ztkit.workspace import Workspace

    space = Workspace.open(workspace)
    with FormServer(Controller(space, shipped_library()), mark(space), port) as server:
        out.print(f"The form: {escape(server.url)}")
        out.print(
            "Whoever has this address can read and answer. Ctrl-C ends it; every answer is saved at once."
        )
        if open_it:
            typer.launch(server.url)
        try:
            server.serve_forever()
        except StoppedError:
            out.print("Ended. Every answer that the form called saved is on disk.")
