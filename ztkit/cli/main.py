"""The entry point: groups the verbs, and turns errors into messages and exit codes."""

from __future__ import annotations

import signal
import sys
import traceback

import typer

from ztkit import __version__
from ztkit.cli import collect, content, crosswalk, doctor, exceptions, interview, kusto, workspace
from ztkit.cli.console import err, out
from ztkit.errors import StoppedError, ZtkitError

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
app.add_typer(collect.collect_app, name="collect")
app.add_typer(exceptions.exceptions_app, name="exceptions")
app.add_typer(interview.interview_app, name="interview")
app.add_typer(kusto.app, name="kusto")
workspace.register(app)
app.command("doctor", epilog="Example: ztkit doctor --sign-in cli")(doctor.doctor)
app.command("crosswalk", epilog="Example: ztkit crosswalk --framework cisa-ztmm -w contoso")(
    crosswalk.crosswalk
)


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
    for number in (signal.SIGINT, signal.SIGTERM):  # what is private and temporary goes in either case
        signal.signal(number, _interrupt)
    try:
        app()
    except ZtkitError as problem:
        err.print(f"[bold red]Error:[/] {_escaped(problem)}")
        sys.exit(problem.exit_code)
    except Exception as problem:  # the last resort: a defect of ours, told with its place
        err.print(f"[bold red]Defect:[/] {type(problem).__name__}: {_escaped(problem)}")
        err.print(_escaped_text(traceback.format_exc()))
        err.print(
            "Nothing half-done was kept. Please report the lines above, after reading whether they name anything of the tenant's."
        )
        sys.exit(ZtkitError.exit_code)


def _interrupt(_number: int, _frame: object) -> None:
    raise StoppedError("Interrupted. Nothing half-done was kept; run the same command again.")


def _escaped(problem: Exception) -> str:
    return _escaped_text(str(problem))


def _escaped_text(text: str) -> str:
    return text.replace("[", r"\[")
