"""Verbs on content: ``ztkit checks …`` and ``ztkit questions …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress import track
from rich.syntax import Syntax
from rich.table import Table

from ztkit.cli.console import err, out, print_json

checks_app = typer.Typer(no_args_is_help=True, help="The automated checks: list, show, lint, test.")
questions_app = typer.Typer(no_args_is_help=True, help="The interview questions: list, show.")

PillarOption = Annotated[
    str | None, typer.Option("--pillar", "-p", help="Only this pillar, such as network.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Plain JSON, for other programs.")]


@checks_app.command("list", epilog="Example: ztkit checks list --pillar network")
def checks_list(pillar: PillarOption = None, as_json: JsonOption = False) -> None:
    """List the checks."""
    from ztkit.content.library import shipped_library

    checks = [item for item in shipped_library().checks.values() if pillar in (None, item.pillar)]
    if as_json:
        print_json([item.model_dump(mode="json", exclude={"cases"}) for item in checks])
        return
    table = _table("id", "severity", "objective", "title")
    for item in checks:
        table.add_row(item.id, item.severity, item.objective, escape(item.title))
    out.print(table)
    out.print(f"{len(checks)} checks")


@checks_app.command("show", epilog="Example: ztkit checks show data.storage-https-only --kql | clip")
def checks_show(
    check_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the check, as in `ztkit checks list`.")
    ],
    kql: Annotated[
        bool, typer.Option("--kql", help="Only the query, ready for Resource Graph Explorer.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a check: what it means, its query, how to close the gap."""
    from ztkit.content.library import shipped_library

    check = shipped_library().check(check_id)
    if kql:
        out.file.write(check.query.rstrip() + "\n")
        return
    if as_json:
        print_json(check.model_dump(mode="json"))
        return
    out.print(
        f"[bold]{escape(check.title)}[/]\n{check.id} · {check.severity} · objective {check.objective}\n"
    )
    out.print(escape(check.rationale) + "\n")
    out.print(Syntax(check.query.rstrip(), "text", background_color="default"))
    _print_remediation(check.remediation)
    if check.notes:
        out.print(f"\n[bold]Notes[/] {escape(check.notes)}")
    out.print(f"\nPasses from {_percent(check.threshold)} of {check.unit}. Maps to {_maps(check)}.")


@checks_app.command("lint", epilog="Example: ztkit checks lint --definitions ../shared/reference")
def checks_lint(
    definitions: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the public definitions (arm/*.tsv and microsoft-graph-v1.0.tsv), to hold every "
            "property path against."
        ),
    ] = None,
) -> None:
    """Hold all content to its rules; every problem is one line: path:line: message."""
    from ztkit.content.definitions import Definitions
    from ztkit.content.library import shipped_library
    from ztkit.content.lint import lint

    problems = lint()
    if definitions is not None and not problems:
        library, defined = shipped_library(), Definitions(definitions)
        problems = [
            f"{library.places[check.id]}: query: {problem}"
            for check in library.checks.values()
            for problem in defined.problems(check)
        ]
    for problem in problems:
        out.print(escape(problem))
    if problems:
        err.print(f"{len(problems)} problems")
        raise typer.Exit(2)
    library = shipped_library()
    out.print(f"{len(library.checks)} checks and {len(library.questions)} questions: no problems")


@checks_app.command("docs", epilog="Example: ztkit checks docs docs/checks")
def checks_docs(
    folder: Annotated[Path, typer.Argument(help="Where the pages go; pages of an earlier run are replaced.")],
) -> None:
    """Write the reference of all checks as Markdown pages."""
    from ztkit.content.library import shipped_library
    from ztkit.content.reference import pages

    folder.mkdir(parents=True, exist_ok=True)
    written = pages(shipped_library())
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    out.print(f"{len(written)} pages in {escape(str(folder))}")


@checks_app.command("coverage", epilog="Example: ztkit checks coverage")
def checks_coverage(as_json: JsonOption = False) -> None:
    """Show what evidences each objective: checks by source, and questions."""
    from ztkit.content.library import shipped_library
    from ztkit.content.reference import coverage
    from ztkit.model.types import SOURCE_TITLES

    found = coverage(shipped_library())
    if as_json:
        print_json([item.model_dump(mode="json") for item in found])
        return
    table = _table("objective", "tier", *SOURCE_TITLES, "questions")
    for item in found:
        numbers = [str(item.checks[source]) for source in SOURCE_TITLES]
        table.add_row(item.objective, item.tier, *numbers, str(item.questions))
    out.print(table)
    for item in found:
        if item.unreadable:
            out.print(f"{item.objective}: {escape(item.unreadable)}")


@checks_app.command("test", epilog="Example: ztkit checks test network.subnets-have-nsg")
def checks_test(
    check_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One check; all without it.")] = None,
) -> None:
    """Run the cases that checks carry, on the offline engine."""
    from ztkit.assess import cases
    from ztkit.content.library import ContentPaths, load_with_problems

    library, _ = load_with_problems(ContentPaths())
    checks = [library.check(check_id)] if check_id else list(library.checks.values())
    failed = count = 0
    for check in track(checks, "Running cases", console=err, transient=True):
        for case in check.cases:
            count += 1
            for problem in cases.problems(check, case):
                failed += 1
                out.print(escape(f"{library.places[check.id]}: case {case.name!r}: {problem}"))
    out.print(
        f"{count} cases of {len(checks)} checks: "
        + (f"{failed} differences" if failed else "all as expected")
    )
    if failed:
        raise typer.Exit(2)


@questions_app.command("list", epilog="Example: ztkit questions list --pillar data")
def questions_list(pillar: PillarOption = None, as_json: JsonOption = False) -> None:
    """List the interview questions."""
    from ztkit.content.library import shipped_library

    questions = [item for item in shipped_library().questions.values() if pillar in (None, item.pillar)]
    if as_json:
        print_json([item.model_dump(mode="json", by_alias=True) for item in questions])
        return
    table = _table("id", "role", "min", "question")
    for item in questions:
        table.add_row(item.id, item.ask.role, str(item.ask.minutes), escape(item.text))
    out.print(table)
    out.print(f"{len(questions)} questions, {sum(item.ask.minutes for item in questions)} minutes")


@questions_app.command("show", epilog="Example: ztkit questions show identity.2.mfa-all-users")
def questions_show(
    question_id: Annotated[str, typer.Argument(metavar="ID", help="Id, as in `ztkit questions list`.")],
    as_json: JsonOption = False,
) -> None:
    """Show a question as an assessor needs it: help, answers, what makes an answer a good one."""
    from ztkit.content.library import shipped_library

    question = shipped_library().question(question_id)
    if as_json:
        print_json(question.model_dump(mode="json", by_alias=True))
        return
    out.print(
        f"[bold]{escape(question.text)}[/]\n{question.id} · ask: {question.ask.role}, {question.ask.minutes} min\n"
    )
    out.print(escape(question.help) + "\n")
    for answer in question.answers:
        out.print(f"  {_percent(answer.value):>5}  {escape(answer.label)} ({answer.id})")
    out.print(Markdown("\n".join(["", "**A good answer**", *(f"- {item}" for item in question.quality)])))
    out.print(Markdown("\n".join(["**Then ask**", *(f"- {item}" for item in question.ask.probes)])))
    for link in question.checks:
        out.print(f"Evidence: check {link.check} ({link.authority})")
    _print_remediation(question.remediation)


def _print_remediation(remediation: Any) -> None:
    out.print(f"\n[bold]Remedy[/] {escape(remediation.summary)} (effort {remediation.effort})")
    for number, step in enumerate(remediation.steps, start=1):
        out.print(f"  {number}. {escape(step)}")
    out.print(f"  {remediation.docs}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _percent(share: Any) -> str:
    return f"{float(share) * 100:.0f} %"


def _maps(check: Any) -> str:
    return ", ".join(f"{item.framework} {item.id}" for item in check.maps)
