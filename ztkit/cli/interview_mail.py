"""`ztkit interview export`, `import` and `agenda`: workbooks and agendas that leave the workspace, and come back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from ztkit.cli.console import out
from ztkit.cli.workspace import WorkspaceOption
from ztkit.errors import InputError, UsageError

if TYPE_CHECKING:
    from ztkit.interview.agenda import Agenda
    from ztkit.interview.session import Item, Session
    from ztkit.interview.workbook_import import Conflict, Plan
    from ztkit.interview.workbook_reader import Bad, Reading
    from ztkit.model.question import Role
    from ztkit.model.response import Response
    from ztkit.model.types import PillarId
    from ztkit.workspace import Workspace

RolesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role", help="A role such as network-admin, or network for short; again for more. All without."
    ),
]
PillarsOption = Annotated[
    list[str] | None, typer.Option("--pillar", help="Only this pillar; again for more. All without.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for the files; interviews in the workspace without it."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs to `ztkit interview`."""
    app.command("export", epilog="Example: ztkit interview export --role network --xlsx -w contoso")(export)
    app.command("import", epilog="Example: ztkit interview import interview-network-admin.xlsx -w contoso")(
        import_
    )
    app.command("agenda", epilog="Example: ztkit interview agenda --role network -w contoso")(agenda)


def roles_named(wanted: Sequence[str]) -> tuple[Role, ...]:
    """Roles by their ids or the beginning of one, such as ``network``.

    Raises:
        UsageError: there is no such role, or there are several.
    """
    from ztkit.interview.order import ROLES

    found: dict[Role, None] = {}
    for name in wanted:
        low = name.strip().lower()
        matching = [role for role in ROLES if role == low] or [
            role for role in ROLES if low and role.startswith(low)
        ]
        if len(matching) != 1:
            told = f"could be {' or '.join(matching)}" if matching else f"is none of {', '.join(ROLES)}"
            raise UsageError(f"The role {name!r} {told}.")
        found[matching[0]] = None
    return tuple(found)


def pillars_named(wanted: Sequence[str], scope: Sequence[PillarId]) -> tuple[PillarId, ...]:
    """Pillars by their ids.

    Raises:
        UsageError: one is not in scope, or there is none of that name.
    """
    for name in wanted:
        if name not in scope:
            raise UsageError(f"The pillar {name!r} is none of those in scope: {', '.join(scope)}.")
    return tuple(pillar for pillar in scope if pillar in wanted)


def export(
    file: Annotated[
        Path | None, typer.Argument(help="One workbook for all of it; one for each role without it.")
    ] = None,
    role: RolesOption = None,
    pillar: PillarsOption = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only what is open, too old, or lacks something so as to count.")
    ] = False,
    _xlsx: Annotated[
        bool,
        typer.Option("--xlsx", help="As Excel workbooks; there is no other kind, and so it may be left out."),
    ] = True,
    folder: FolderOption = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write workbooks for people to fill in and send back; answers on file are filled in for them to confirm."""
    from ztkit.interview.order import ROLE_TITLES, ROLES
    from ztkit.workspace import Workspace

    if file is not None and folder is not None:
        raise UsageError("Name either a file for all of it, or a folder with -o for a file each.")
    space = Workspace.open(workspace)
    wanted, at = roles_named(role or ()), datetime.now(UTC)
    session = _session(space, at)
    pillars = pillars_named(pillar or (), space.engagement().pillars)
    by_role = {name: _asked(session, name, pillars, due=due) for name in wanted or ROLES}
    by_role = {name: items for name, items in by_role.items() if items}
    if not by_role:
        out.print(
            "Nothing to ask: every question of that kind is answered or not asked. No file was written."
        )
        return
    if file is not None:
        items = [item for own in by_role.values() for item in own]
        titles = ", ".join(ROLE_TITLES[name] for name in by_role)
        _export(space, items, titles, _with_ending(file, ".xlsx"), at)
        return
    target = _folder(space, folder)
    for name, items in by_role.items():
        parts = "-".join((name, *pillars))
        path = _free(target / f"interview-{parts}-{at:%Y-%m-%d}.xlsx")
        _export(space, items, ROLE_TITLES[name], path, at)
    out.print("Next: send them, and `ztkit interview import FILE` takes what comes back.")


def import_(
    files: Annotated[list[Path], typer.Argument(help="Workbooks that were filled in.")],
    partly: Annotated[
        bool,
        typer.Option("--partly", help="Take what is right, and list the rest; else all of it or nothing."),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also replace answers that were given since the export.")
    ] = False,
    respondent: Annotated[str, typer.Option(help="Who answered, where the workbook names nobody.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")
    ] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Record the answers of workbooks. What cannot be taken is listed cell by cell; formulas are never computed."""
    from ztkit.content.library import shipped_library
    from ztkit.interview.log import ResponseLog
    from ztkit.interview.workbook import workspace_id
    from ztkit.interview.workbook_import import plan, take
    from ztkit.workspace import Workspace

    space, library = Workspace.open(workspace), shipped_library()
    log, at = ResponseLog(space), datetime.now(UTC)
    readings, unreadable = _read(files)
    found = plan(readings, library, space.engagement(), log, workspace_id(space), at, respondent)
    left = [*map(str, (*unreadable, *found.bad))]
    left += [] if replace else [_conflict(item) for item in found.conflicts]
    if replace:
        for item in found.conflicts:
            out.print(f"Replaces: {escape(_conflict(item))}")
    if left and not partly:
        raise InputError(_told(left, "Nothing was taken. Mend these cells, or take the rest with --partly:"))
    taken = len(found.taken) + (len(found.conflicts) if replace else 0)
    if not dry_run:
        taken = len(take(found, library, log, replace=replace))
    _print_taken(taken, found, dry_run)
    if left:
        raise InputError(_told(left, "These were not taken:"))


def agenda(
    role: RolesOption = None,
    folder: FolderOption = None,
    form: Annotated[
        Literal["html", "md"], typer.Option("--format", help="A page to print, or Markdown to paste.")
    ] = "html",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what has been answered and is not too old.")
    ] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write a stakeholder's agenda: purpose, questions, documents to bring, minutes; a page for each meeting."""
    from ztkit.content.library import shipped_library
    from ztkit.interview.agenda import agenda as agenda_of
    from ztkit.interview.agenda import as_html, as_markdown
    from ztkit.interview.order import ROLES
    from ztkit.workspace import Workspace

    space, library, at = Workspace.open(workspace), shipped_library(), datetime.now(UTC)
    session, engagement = _session(space, at), space.engagement()
    agendas = [
        found
        for name in roles_named(role or ()) or ROLES
        if (found := agenda_of(library, engagement, session, name, everything=everything)) is not None
    ]
    if not agendas:
        out.print(
            "Nothing to ask: every question is answered or not asked. --all makes an agenda all the same."
        )
        return
    target = _folder(space, folder)
    for found in agendas:
        path = target / f"agenda-{found.role}.{form}"
        _write(path, (as_html(found) if form == "html" else as_markdown(found)).encode())
        out.print(f"{escape(str(path))}: {_extent(found)}")


def _session(space: Workspace, at: datetime) -> Session:
    from ztkit.content.library import shipped_library
    from ztkit.interview.log import ResponseLog
    from ztkit.interview.session import session

    log = ResponseLog(space)
    return session(shipped_library(), space.engagement(), log.responses, at, reviews=log.reviews)


def _asked(session: Session, role: Role, pillars: Sequence[PillarId], *, due: bool) -> list[Item]:
    """What a workbook asks: with what may follow from the answers in it, without what has become pointless."""
    from ztkit.interview.session import DUE

    return [
        item
        for item in session.only(role=role).items
        if item.state != "not-asked"
        and (not pillars or item.question.pillar in pillars)
        and (not due or item.state in (*DUE, "waiting"))
    ]


def _export(space: Workspace, items: Sequence[Item], audience: str, path: Path, at: datetime) -> None:
    from ztkit.content.library import shipped_library
    from ztkit.interview.workbook import Heading, workbook, workspace_id

    if path.exists():  # it may be one that somebody has filled in
        raise UsageError(f"{path} is there already; name another file, or move it away.")
    engagement = space.engagement()
    heading = Heading(engagement.organisation, engagement.assessor, audience, workspace_id(space), at)
    _write(path, workbook(shipped_library(), items, heading))
    minutes = sum(item.question.ask.minutes for item in items)
    out.print(f"{escape(str(path))}: {_counted(len(items), 'question')}, about {minutes} minutes")


def _read(files: Sequence[Path]) -> tuple[list[Reading], list[Bad]]:
    from ztkit.interview.workbook_file import MAX_FILE, open_book
    from ztkit.interview.workbook_reader import Bad, read

    readings, bad = [], []
    for path in dict.fromkeys(files):
        try:
            with path.open("rb") as file:
                readings.append(read(path.name, open_book(file.read(MAX_FILE + 1))))
        except OSError as problem:
            bad.append(Bad(str(path), "", f"cannot be read: {problem.strerror}"))
        except InputError as problem:
            bad.append(Bad(path.name, "", str(problem)))
    return readings, bad


def _conflict(item: Conflict) -> str:
    from ztkit.interview.workbook_layout import plain

    on_file = item.on_file
    if on_file is None:
        told = "what was on file at the export is there no more"
    else:
        told = (
            f"answered since the export with {_short(on_file)} by {plain(on_file.respondent) or 'somebody'} "
        )
        told += f"on {on_file.at:%Y-%m-%d %H:%M}"
    return f"{item.file}: {item.where}: {told}; the file says {_short(item.response)}. --replace takes the file's"


def _short(response: Response) -> str:
    from ztkit.content.library import shipped_library
    from ztkit.interview.workbook_layout import shown

    question = shipped_library().questions.get(response.question)
    label = shown(question, response)["answer"] if question is not None else ""
    return f"'{label or response.answer or response.kind}'"


def _told(lines: Sequence[str], headline: str) -> str:
    return "\n".join([headline, *lines])


def _print_taken(taken: int, found: Plan, dry_run: bool) -> None:
    verb = "would be recorded" if dry_run else "recorded"
    rest = f"{found.unchanged} as on file, {found.empty} left empty"
    out.print(f"{_counted(taken, 'answer')} {verb}; {rest}.")
    if taken and not dry_run:
        out.print("Next: `ztkit assess` takes them into account.")


def _extent(found: Agenda) -> str:
    meetings = f" in {len(found.meetings)} meetings" if len(found.meetings) > 1 else ""
    return f"{_counted(found.count, 'question')}, {found.minutes} minutes{meetings}"


def _folder(space: Workspace, folder: Path | None) -> Path:
    from ztkit.workspace import FOLDER_MODE

    target = folder or space.root / "interviews"
    try:
        target.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(
            f"{target} cannot be made: {problem.strerror}. Name another folder with -o."
        ) from problem
    return target


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, readable by its owner only: it holds answers in confidence."""
    from ztkit.workspace import FILE_MODE

    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {problem.strerror}.") from problem


def _with_ending(path: Path, ending: str) -> Path:
    return path if path.suffix.lower() == ending else path.with_name(path.name + ending)


def _free(path: Path) -> Path:
    """The path, numbered where it is taken: a workbook there may be one that was filled in."""
    candidate, number = path, 2
    while candidate.exists():
        candidate, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return candidate


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
