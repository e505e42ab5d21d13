"""The entry point: groups the verbs, and turns errors into messages and exit codes."""

from __future__ import annotations

import sys

import typer

from ztkit import __version__
from ztkit.cli import content, workspace
from ztkit.cli.console import err, out
from ztkit.errors import ZtkitError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="How mature is a zero trust deployment? Joins what the inventory shows with what people say.",
    epilog="Begin with:  ztkit demo my-demo   Exit codes: 0 done, 1 below a threshold that was asked for, "
    "2 wrong usage or content, 3 could not run.",
)
app.add_typer(content.checks_app, name="checks")
app.add_typer(content.questions_app, name="questions")
workspace.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"ztkit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """How mature is a zero trust deployment? Joins what the inventory shows with what people say."""


def main() -> None:
    """Run the command line; an error of ours becomes one message and its exit code."""
    try:
        app()
    except ZtkitError as problem:
        err.print(f"[bold red]Error:[/] {_escaped(problem)}")
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        err.print("Interrupted; nothing half-done was kept.")
        sys.exit(3)


def _escaped(problem: Exception) -> str:
    return str(problem).replace("[", r"\[")
